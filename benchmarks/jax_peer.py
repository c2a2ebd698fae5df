"""The same training runs in JAX, float32: a peer for tests and timing.

A run is a scan over its steps, a group of runs is that under vmap, and the groups are mapped one
after another, so that a group stays in the cache. On its one default device XLA's CPU client
computes products as small as these on one core, however many there are. To use them all, the runs
are split by hand over as many host devices as there are cores. Each device has a Python thread:
two shares started from one thread took as long as one after the other, from two threads as long
as one alone (measured on two cores with JAX 0.10.2).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from joblib import cpu_count

from course_lib.problems import Classification
from course_lib.training import init_mlp
from course_lib.training.batches import batch_rows


def use_all_cores() -> None:
    """Make JAX see one device a core; JAX must not have computed anything yet."""
    flag = f"--xla_force_host_platform_device_count={cpu_count()}"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}".strip()


def place_runs(
    data: Classification, rates: np.ndarray, seeds: np.ndarray, batch_size: int, devices: list
) -> list[tuple]:
    """Return (weights [W1, b1, …], rates, batches) of R runs, a share of the runs on each device.

    Args:
        data: the examples.
        rates: learning rates, shape (R, T).
        seeds: shape (R,); a run's seed fixes its initial weights and its batches.
        batch_size: examples in a batch.
        devices: the devices of `jax.devices()` to use.
    """
    import jax

    sizes = [data.inputs.shape[1], 64, 64, data.classes]
    shares = []
    for device, share in zip(
        devices, np.array_split(np.arange(len(seeds)), len(devices)), strict=True
    ):
        names = seeds[share].tolist()
        weights = [init_mlp(sizes, seed) for seed in names]
        layers = [np.stack(layer).astype(np.float32) for layer in zip(*weights, strict=True)]
        batches = [batch_rows(seed, len(data), batch_size, rates.shape[1]) for seed in names]
        arrays = layers, rates[share].astype(np.float32), np.stack(batches).astype(np.int32)
        shares.append(jax.device_put(arrays, device))
    return shares


def make_train(data: Classification, group: int) -> Callable[[list[tuple]], np.ndarray]:
    """Return a function that trains what `place_runs` returned.

    It gives the losses before each update, shape (R, T). Its first call compiles.

    Args:
        data: the examples.
        group: runs under one vmap.
    """
    import jax
    import jax.numpy as jnp

    inputs = jnp.asarray(data.inputs, jnp.float32)
    targets = jax.nn.one_hot(data.labels, data.classes, dtype=jnp.float32)

    def loss_of(weights, x, y):
        for layer in (0, 2):
            x = jax.nn.relu(x @ weights[layer] + weights[layer + 1])
        return -(jax.nn.log_softmax(x @ weights[4] + weights[5]) * y).sum(axis=1).mean()

    def step(weights, rate_and_batch):
        rate, batch = rate_and_batch
        loss, slopes = jax.value_and_grad(loss_of)(weights, inputs[batch], targets[batch])
        return [w - rate * slope for w, slope in zip(weights, slopes, strict=True)], loss

    def train_run(run):
        weights, rates, batches = run
        weights, losses = jax.lax.scan(step, weights, (rates, batches))
        return losses, weights

    @jax.jit
    def train_share(weights, rates, batches):
        return jax.lax.map(train_run, (weights, rates, batches), batch_size=group)

    def train_one_share(share):
        return np.asarray(train_share(*share)[0])  # on the device of its arguments

    def train(shares):
        with ThreadPoolExecutor(len(shares)) as threads:
            return np.concatenate(list(threads.map(train_one_share, shares)))

    return train
