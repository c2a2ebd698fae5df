"""Runs of lesson 9: rates tuned exactly, networks whose weights are averaged, a river valley."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from course_lib.problems import Classification, NoisyQuadratic, RiverValley, walk
from course_lib.schedules import Schedule
from course_lib.theory import best_peak, expected_losses
from course_lib.training.batches import batch_table
from course_lib.training.network import Gradient, Networks, init_row, predict, with_ones


def tuned(
    problem: NoisyQuadratic, make: Callable[[float, int], Schedule], updates: int
) -> tuple[float, float]:
    """Return the best peak of a schedule on a quadratic, and its expected loss at the end.

    >>> from course_lib.problems import power_law_quadratic
    >>> from course_lib.schedules import linear
    >>> peak, loss = tuned(power_law_quadratic(), linear, 300)
    >>> round(peak, 2), round(loss, 3)
    (0.36, 0.114)
    """
    peak = best_peak(problem, lambda p: make(p, updates), updates)
    losses = expected_losses(problem, make(peak, updates)(np.arange(updates)))
    return peak, float(losses[-1])


def initial_weights(sizes: tuple[int, ...], seeds: Sequence[int]) -> np.ndarray:
    """Return the engine's initial weights, a row of float32 for each seed, shape (R, P).

    >>> initial_weights((2, 4, 3), [0, 1]).shape
    (2, 27)
    """
    return np.stack([init_row(sizes, int(seed)) for seed in seeds]).astype(np.float32)


def averaged_sgd(
    start: np.ndarray,
    sizes: tuple[int, ...],
    data: Classification,
    rates: np.ndarray,
    seeds: Sequence[int],
    batch_size: int,
    *,
    mix: float = 0.0,
    shares: Sequence[np.ndarray] = (),
    keep_at: Sequence[int] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """Train networks with SGD while averages x of their weights z are kept.

    y = (1 - mix) z + mix x;  z -= rate * gradient at y;  x += share[t] * (z - x)

    With mix = 0 the averages do not change the run, and there may be several; shares of 1 are the
    last weights. With mix = 0.9 and shares 1 / t it is schedule-free SGD.

    Args:
        start: initial weights, a row a run, shape (R, P); not written to.
        sizes: width of every layer, input and output included.
        data: the examples.
        rates: the rate of every update, shape (T,).
        seeds: seeds of the batches, one a run.
        batch_size: examples in an update.
        mix: weight of the first average at the point y where the gradient is taken, 0 to 1.
        shares: weight of the newest z in each average, shape (T,) each; without any, one average
            whose weights are 1.
        keep_at: updates after which the averages are kept; without any, the last.

    Returns:
        The averages, shape (kept, averages, R, P); and z after the last update, shape (R, P).

    Source: Defazio et al. (2024), The road less scheduled, arXiv:2405.15682.
    """
    table = np.array(shares if len(shares) else [np.ones(len(rates))], dtype=start.dtype)
    z, x, kept = start.copy(), np.repeat(start[None], len(table), axis=0), []
    rows, line = batch_table(list(seeds), len(data), batch_size, len(rates))
    inputs = with_ones(data.inputs, start.dtype)
    one_hot = np.eye(data.classes, dtype=start.dtype)
    net = Networks(start.copy(), sizes, batch_size)
    gradient = Gradient(net)
    with threadpool_limits(1, user_api="blas"), np.errstate(over="ignore", invalid="ignore"):
        for t, rate in enumerate(np.asarray(rates).astype(start.dtype)):
            net.weights[:] = (1 - mix) * z + mix * x[0] if mix else z
            batch = rows[line, t]
            seen = inputs[batch].swapaxes(1, 2)
            error = net.forward(seen)
            error -= np.moveaxis(one_hot[data.labels[batch]], 2, 0)
            error /= batch_size
            gradient.backward(seen, error)
            z -= rate * gradient.rows
            x += table[:, t, None, None] * (z - x)
            if t + 1 in keep_at:
                kept.append(x.copy())
    return np.array(kept or [x]), z


def losses_on(weights: np.ndarray, sizes: tuple[int, ...], data: Classification) -> np.ndarray:
    """Return the mean loss of each network on the examples, shape (R,); inf where it is nan."""
    with threadpool_limits(1, user_api="blas"):
        chances = predict(weights, data.inputs, sizes)[:, data.labels, np.arange(len(data))]
    return np.nan_to_num(-np.log(chances + 1e-12).mean(axis=1), nan=np.inf)


def valley_walks(
    valley: RiverValley, rates: np.ndarray, seeds: Sequence[int], noise_std: float
) -> np.ndarray:
    """Return noisy descents in a valley, shape (K, seeds, T + 1, 2).

    Args:
        valley: the landscape.
        rates: K rows of rates, shape (K, T).
        seeds: seeds of the noise, the same for every row.
        noise_std: standard deviation of the gradient's noise.
    """
    table = np.atleast_2d(rates)
    each = np.repeat(table, len(seeds), axis=0)
    paths = walk(valley, each, valley.start, noise_std, np.tile(seeds, len(table)))
    return paths.reshape(len(table), len(seeds), table.shape[1] + 1, 2)
