"""The NumPy engine: a block of runs of an MLP, trained together.

Where the time goes: products of 64 × 64 matrices take two thirds of a step and are too small for
BLAS's own threads, so a block uses one thread and blocks go to processes. The rest is passes over
memory and the calls themselves: buffers are reused, and a block is small enough for the caches and
large enough that calls hardly count (measured: 2 and 4 MB differ by 5 % at most).
"""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterator
from itertools import pairwise

import numpy as np
from threadpoolctl import threadpool_limits

from course_lib.problems import Classification
from course_lib.training.batches import batch_table
from course_lib.training.network import Gradient, Networks, init_row, with_ones
from course_lib.training.numpy_optimizers import new_state
from course_lib.training.runs import RunBlock, Runs, empty_runs
from course_lib.training.settings import Workload

_BLOCK_BYTES = 2**22
_SCORE_BYTES = 2**20
_EPS = 1e-12  # inside the logarithm of the loss: a sure mistake costs 27.6, not infinity


def layer_sizes(workload: Workload) -> tuple[int, ...]:
    """Return the widths of all layers, input and output included."""
    return (workload.data.inputs.shape[1], *workload.model.hidden, workload.data.classes)


def block_size(workload: Workload) -> int:
    """Return how many runs touch about 4 MB in a step."""
    sizes = layer_sizes(workload)
    numbers = 2 * sum(a * b + b for a, b in pairwise(sizes))
    numbers += 2 * sum(sizes) * (workload.batch_size or len(workload.data))
    return max(1, _BLOCK_BYTES // (numbers * np.dtype(workload.model.dtype).itemsize))


def train_block(block: RunBlock) -> Runs:
    """Train the runs of one block; a diverged run leaves it and costs nothing more."""
    with _one_thread_and_no_warnings():
        ((_, runs),) = _stages(block)
    return runs


def train_in_stages(block: RunBlock, stops: Container[int]) -> Iterator[tuple[int, Runs]]:
    """Train the runs of one block, and pause after the updates in `stops` and after the last.

    Yields the updates done and the block's results, which go on being filled: the same object
    every time.
    """
    stages = _stages(block, stops)
    while True:
        with _one_thread_and_no_warnings():  # not while somebody else has the word
            stage = next(stages, None)
        if stage is None:
            return
        yield stage


@contextlib.contextmanager
def _one_thread_and_no_warnings() -> Iterator[None]:
    # Overflow is how a run diverges: it is caught by its loss, not by a warning.
    with threadpool_limits(1, user_api="blas"), np.errstate(over="ignore", invalid="ignore"):
        yield


def _stages(block: RunBlock, stops: Container[int] = ()) -> Iterator[tuple[int, Runs]]:
    workload = block.workload
    data, sizes = workload.data, layer_sizes(workload)
    runs, steps = block.rates.shape
    dtype = np.dtype(workload.model.dtype)
    weights = np.stack([init_row(sizes, seed) for seed in block.seeds]).astype(dtype)
    inputs = with_ones(data.inputs, dtype)
    rates = block.rates.astype(dtype)
    momenta = None if block.momenta is None else block.momenta.astype(dtype)
    rows, row_of_run = batch_table(block.seeds, len(data), workload.batch_size, steps)
    size = rows.shape[-1]
    layer_by_layer = workload.model.order == "layer_by_layer"
    plain = layer_by_layer or (momenta is None and workload.optimizer.plain)

    result = empty_runs(block, weights.shape[1], dtype)
    alive = np.arange(runs)
    networks = Networks(weights, sizes, size)
    gradient = Gradient(networks)
    optimizer = new_state(workload.optimizer, weights, momenta is not None)
    for t in range(steps):
        _record(t, alive, networks, block, result)
        if t in stops:
            yield t, result
        while True:
            x, labels = inputs.T, data.labels
            if workload.batch_size:  # of every seed, then of every run, which copies long rows
                x = inputs.take(rows[:, t], axis=0).take(row_of_run[alive], axis=0).swapaxes(1, 2)
                labels = labels.take(rows[:, t]).take(row_of_run[alive], axis=0)
            probabilities = networks.forward(x)
            at_label = _at_label(probabilities, labels)
            loss = _mean_loss(probabilities.ravel()[at_label])
            finite = np.isfinite(loss)
            if finite.all():
                break
            result.diverged_at[alive[~finite]] = t
            alive = alive[finite]
            if not len(alive):
                yield steps, result
                return
            networks = Networks(networks.weights[finite], sizes, size, buffers_of=networks)
            gradient = Gradient(networks)
            optimizer.keep(finite)
        result.losses[alive, t] = loss
        error = probabilities
        error.ravel()[at_label] -= 1
        rate = rates[alive, t, None]
        if plain:  # the rate goes into the errors, which are far fewer than the parameters
            error *= rate / size
            gradient.backward(x, error, layer_by_layer=layer_by_layer)
            if not layer_by_layer:
                networks.weights -= gradient.rows
        else:
            error /= size
            gradient.backward(x, error)
            momentum = None if momenta is None else momenta[alive, t, None]
            optimizer.update(networks.weights, gradient.rows, rate, momentum)
    _record(steps, alive, networks, block, result)
    loss, _ = _score(networks, data)
    result.final_loss[alive] = loss  # NaN where the last update broke the run
    result.diverged_at[alive[~np.isfinite(loss)]] = steps
    yield steps, result


def _at_label(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return where the label's probability lies in the flat (classes, R, batch), (R, batch)."""
    _, runs, batch = probabilities.shape
    return labels * (runs * batch) + np.arange(runs * batch).reshape(runs, batch)


def _mean_loss(p_label: np.ndarray) -> np.ndarray:
    return -np.log(p_label + _EPS).mean(axis=1, dtype=np.float64)


def _score(networks: Networks, data: Classification) -> tuple[np.ndarray, np.ndarray]:
    """Return loss and accuracy on all of `data`, each (R,), a few networks at a time."""
    weights, sizes = networks.weights, networks.sizes
    few = max(1, _SCORE_BYTES // (weights.itemsize * len(data) * sum(sizes)))
    inputs = with_ones(data.inputs, weights.dtype)
    losses, accuracies, scorers = [], [], None
    for first in range(0, len(weights), few):
        some = weights[first : first + few]
        scorers = Networks(some, sizes, len(data), buffers_of=scorers)
        p = scorers.forward(inputs.T)
        losses.append(_mean_loss(p.ravel()[_at_label(p, data.labels)]))
        accuracies.append((p.argmax(axis=0) == data.labels).mean(axis=1))
    return np.concatenate(losses), np.concatenate(accuracies)


def _record(
    updates: int, alive: np.ndarray, networks: Networks, block: RunBlock, result: Runs
) -> None:
    """Score and keep the weights where that was asked for after so many updates."""
    if updates in block.keep_at:
        result.weights[alive, block.keep_at.index(updates)] = networks.weights
    if updates in block.scored_at:
        column = block.scored_at.index(updates)
        loss, accuracy = _score(networks, block.workload.data.held_out)
        result.held_out_loss[alive, column] = loss
        result.held_out_accuracy[alive, column] = np.where(np.isfinite(loss), accuracy, np.nan)
