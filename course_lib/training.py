"""Many training runs of a small ReLU network at once, each with its own rates and seed.

The input is an array of rates, runs × steps: nothing here knows what a schedule is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from course_lib.problems import Classification
from course_lib.validation import check_count

# A block of runs is sized so that its activations stay in a core's second-level cache.
_BLOCK_BYTES = 2**20

Order = Literal["simultaneous", "layer_by_layer"]


@dataclass(frozen=True)
class Runs:
    """What R runs of T steps gave.

    Attributes:
        losses: (R, T) float64, loss of the batch at step t *before* the update of step t; NaN
            from the step at which a run diverged.
        final_loss: (R,) float64, loss on all examples after the last update; NaN where diverged.
        diverged_at: (R,) int, first step whose loss is not finite; -1 where there is none.
    """

    losses: np.ndarray
    final_loss: np.ndarray
    diverged_at: np.ndarray

    @property
    def diverged(self) -> np.ndarray:
        """Which runs diverged, (R,) bool."""
        return self.diverged_at >= 0


def init_mlp(sizes: Sequence[int], seed: int) -> list[np.ndarray]:
    """Return [W1, b1, W2, b2, …] with He's initialisation.

    W has shape (fan_in, fan_out) and entries N(0, 2 / fan_in); b is zero.

    Args:
        sizes: width of every layer, input and output included.
        seed: seed of `numpy.random.RandomState`.

    Source: He et al. (2015), arXiv:1502.01852, eq. 10.
    """
    rng = np.random.RandomState(seed)
    parameters = []
    for fan_in, fan_out in pairwise(sizes):
        parameters.append(rng.randn(fan_in, fan_out) * np.sqrt(2.0 / fan_in))
        parameters.append(np.zeros(fan_out))
    return parameters


def train(
    data: Classification,
    rates: np.ndarray,
    seeds: np.ndarray | Sequence[int],
    *,
    hidden: Sequence[int] = (64, 64),
    batch_size: int | None = None,
    dtype: type[np.floating] = np.float64,
    order: Order = "simultaneous",
) -> Runs:
    """Train R networks by SGD and return their losses.

    Network: ReLU layers of the widths `hidden`, softmax output, cross-entropy
    -mean(log(p_label + 1e-12)). Update: w <- w - rates[r, t] * gradient. A run whose loss stops
    being finite is frozen and marked; the others go on undisturbed, and in float64 a run's
    numbers do not depend, to the bit, on which runs share the call.

    Args:
        data: the examples.
        rates: learning rates, shape (R, T), finite and >= 0.
        seeds: one seed a run, shape (R,); it fixes the initial weights and the batches.
        hidden: widths of the hidden layers.
        batch_size: examples in a batch, drawn without replacement, reshuffled every epoch;
            None takes all examples at every step.
        dtype: numpy.float64, or numpy.float32 for about half the time.
        order: "simultaneous" is gradient descent. "layer_by_layer" updates each layer, from the
            last to the first, *before* the error passes through it. That is not the gradient; it
            is a mistake of hand-written loops, kept so that what it does can be measured.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong shape or type.
    """
    rates = _check_rates(rates)
    seeds = _check_seeds(seeds, len(rates))
    examples = len(data.labels)
    if batch_size is not None and check_count("batch_size", batch_size) > examples:
        raise ValueError(f"batch_size must be <= the {examples} examples, got {batch_size}")
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"dtype must be numpy.float32 or numpy.float64, got {dtype!r}")
    if order not in ("simultaneous", "layer_by_layer"):
        raise ValueError(f"order must be 'simultaneous' or 'layer_by_layer', got {order!r}")
    sizes = [data.inputs.shape[1], *(check_count("hidden", h) for h in hidden), data.classes]
    inputs = np.ascontiguousarray(data.inputs.T, dtype=dtype)
    targets = np.eye(data.classes, dtype=dtype)[:, data.labels]
    run_bytes = 2 * inputs.itemsize * (batch_size or examples) * sum(sizes)
    block = max(1, _BLOCK_BYTES // run_bytes)
    parts = []
    with threadpool_limits(limits=1, user_api="blas"):  # these products are too small for two
        for first in range(0, len(rates), block):
            some = slice(first, first + block)
            networks = [init_mlp(sizes, seed) for seed in seeds[some]]
            batches = [_batches(seed, examples, batch_size) for seed in seeds[some]]
            parameters = [np.stack(arrays).astype(dtype) for arrays in zip(*networks, strict=True)]
            parts.append(_train_block(inputs, targets, rates[some], parameters, batches, order))
    return Runs(
        losses=np.concatenate([part.losses for part in parts]),
        final_loss=np.concatenate([part.final_loss for part in parts]),
        diverged_at=np.concatenate([part.diverged_at for part in parts]),
    )


def _check_rates(rates: np.ndarray) -> np.ndarray:
    table = np.asarray(rates, dtype=np.float64)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"rates must have shape (runs, steps), got {table.shape}")
    if not np.isfinite(table).all() or table.min() < 0:
        raise ValueError(f"rates must be finite and >= 0, got {table.min()} … {table.max()}")
    return table


def _check_seeds(seeds: np.ndarray | Sequence[int], runs: int) -> list[int]:
    numbers = [check_count("seeds", seed, low=0) for seed in np.asarray(seeds).ravel()]
    if len(numbers) != runs:
        raise ValueError(f"seeds must hold one seed a run: {runs} expected, got {len(numbers)}")
    return numbers


def _batches(seed: int, examples: int, batch_size: int | None) -> Iterator[np.ndarray]:
    """Yield the examples of one run's batches: shuffled epochs, end to end."""
    rng = np.random.default_rng([seed, examples])
    rows = np.empty(0, dtype=np.intp)
    while batch_size is not None:
        while len(rows) < batch_size:
            rows = np.concatenate([rows, rng.permutation(examples)])
        yield rows[:batch_size]
        rows = rows[batch_size:]


def _train_block(
    inputs: np.ndarray,
    targets: np.ndarray,
    rates: np.ndarray,
    parameters: list[np.ndarray],
    batches: list[Iterator[np.ndarray]],
    order: Order,
) -> Runs:
    """Train a few runs together; a diverged run leaves the block, so it costs nothing more."""
    runs, steps = rates.shape
    losses = np.full((runs, steps), np.nan)
    final_loss = np.full(runs, np.nan)
    diverged_at = np.full(runs, -1)
    alive = np.arange(runs)
    # Overflow is how a run diverges; it is caught by its loss below, not by a warning.
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps + 1):
            x, y = (inputs, targets) if t == steps else _gather(inputs, targets, batches, alive)
            activations = _forward(parameters, x)
            loss = _cross_entropy(activations[-1], y)
            finite = np.isfinite(loss)
            if not finite.all():
                diverged_at[alive[~finite]] = t
                alive = alive[finite]
                parameters = [array[finite] for array in parameters]
                if not len(alive):
                    break
                loss = loss[finite]
                x, y, *activations = (
                    array[finite] if array.ndim == 3 else array for array in (x, y, *activations)
                )
            if t == steps:
                final_loss[alive] = loss
            else:
                losses[alive, t] = loss
                _sgd_step(parameters, activations, y, rates[alive, t], order)
    return Runs(losses, final_loss, diverged_at)


def _gather(
    inputs: np.ndarray,
    targets: np.ndarray,
    batches: list[Iterator[np.ndarray]],
    alive: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the next batch of every run still alive, or all examples where there are none."""
    columns = [next(batches[run], None) for run in alive]
    if columns[0] is None:
        return inputs, targets
    stacked = np.stack(columns)
    return inputs[:, stacked].swapaxes(0, 1), targets[:, stacked].swapaxes(0, 1)


def _forward(parameters: list[np.ndarray], x: np.ndarray) -> list[np.ndarray]:
    """Return the input of every layer and, last, the class probabilities.

    Examples are the last axis, (R, units, B): sums over a few classes then run along whole rows.
    """
    activations = [x]
    for weight, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        z = np.swapaxes(weight, -1, -2) @ activations[-1]
        z += bias[..., None]
        activations.append(np.maximum(z, 0.0, out=z))
    z = np.swapaxes(parameters[-2], -1, -2) @ activations[-1]
    z += parameters[-1][..., None]
    z -= z.max(axis=-2, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=-2, keepdims=True)
    return [*activations, z]


def _cross_entropy(probabilities: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return -mean(log(p_label + 1e-12)) for each run, (R,)."""
    p_label = (probabilities * targets).sum(axis=-2, dtype=np.float64)
    return -np.log(p_label + 1e-12).mean(axis=-1)


def _sgd_step(
    parameters: list[np.ndarray],
    activations: list[np.ndarray],
    targets: np.ndarray,
    rates: np.ndarray,
    order: Order,
) -> None:
    """Back-propagate and update `parameters` in place, each run at its own rate."""
    rate = rates.astype(parameters[0].dtype)[:, None, None]
    error = activations[-1] - targets
    error /= error.shape[-1]
    for layer in range(len(parameters) // 2 - 1, -1, -1):
        weight, bias = parameters[2 * layer], parameters[2 * layer + 1]
        layer_input = activations[layer]
        weight_step = layer_input @ np.swapaxes(error, -1, -2)
        weight_step *= rate
        bias_step = rate[:, 0] * error.sum(axis=-1)
        if order == "layer_by_layer":
            weight -= weight_step
        if layer:
            error = weight @ error
            error *= layer_input > 0
        if order == "simultaneous":
            weight -= weight_step
        bias -= bias_step
