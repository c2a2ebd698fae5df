"""Records a range test as the tools do: their rates, their smoothed loss, where they stop.

Each function follows one tool to the last bit, quirks included; the tests compare them with values
recorded from the tools.
"""

from __future__ import annotations

import numpy as np


def rates_to_the_end(lowest_rate: float, highest_rate: float, steps: int) -> np.ndarray:
    """Return lowest * (highest / lowest)^(t / (steps - 1)), (T,): the last rate is the highest."""
    return lowest_rate * (highest_rate / lowest_rate) ** (np.arange(steps) / (steps - 1))


def rates_short_of_the_end(lowest_rate: float, highest_rate: float, steps: int) -> np.ndarray:
    """Return lowest * (highest / lowest)^(t / steps), (T,): the highest is never reached."""
    return lowest_rate * (highest_rate / lowest_rate) ** (np.arange(steps) / steps)


def rates_of_lightning(lowest_rate: float, highest_rate: float, steps: int) -> np.ndarray:
    """Return the rates with exponents 0, 2/n, 3/n, …, 1: Lightning leaves out 1/n."""
    exponents = np.arange(1, steps + 1) / steps
    exponents[0] = 0.0
    return lowest_rate * (highest_rate / lowest_rate) ** exponents


def rates_of_ignite(lowest_rate: float, highest_rate: float, steps: int) -> np.ndarray:
    """Return the rates with exponents 1/n, 1/n, 2/n, …, 1, (n + 1,).

    ignite uses its first rate twice, never the lowest itself, and makes one step more than asked.
    """
    exponents = np.maximum(np.arange(steps + 1), 1) / steps
    return lowest_rate * (highest_rate / lowest_rate) ** exponents


def unbiased_average(losses: np.ndarray, beta: float) -> np.ndarray:
    """Return v[t] / (1 - beta^(t + 1)) with v[t] = beta * v[t - 1] + (1 - beta) * losses[t]."""
    count = np.arange(1, len(losses) + 1)
    return _moving_average(losses, beta) / (1.0 - beta**count)


def smooth_as_article(losses: np.ndarray) -> np.ndarray:
    """Return the unbiased moving average with beta = 0.9."""
    return unbiased_average(losses, 0.9)


def smooth_as_fastai(losses: np.ndarray) -> np.ndarray:
    """Return the unbiased moving average with beta = 0.98, in float32 as fastai computes it."""
    averages = np.empty(len(losses), dtype=np.float32)
    average, share = np.float32(0.0), float(np.float32(1.0) - np.float32(0.98))
    for t, loss in enumerate(losses.astype(np.float32)):
        # One rounding a step, as torch.lerp's fused multiply-add: where the loss is flat the
        # valley's search depends on the last bit.
        average = np.float32(float(average) - float(average - loss) * share)
        averages[t] = average / np.float32(1.0 - 0.98 ** (t + 1))
    return averages


def smooth_as_lightning(losses: np.ndarray) -> np.ndarray:
    """Return the moving average with beta = 0.98, divided by 1 - beta^(t + 2).

    The unbiased one would divide by 1 - beta^(t + 1). So the first value is 0.505 of the first
    loss, the second 0.67 of the mean of two: a curve that rises at the start where the loss is
    flat.
    """
    count = np.arange(2, len(losses) + 2)
    return _moving_average(losses, 0.98) / (1.0 - 0.98**count)


def smooth_from_first(losses: np.ndarray) -> np.ndarray:
    """Return v[t] = 0.95 * v[t - 1] + 0.05 * losses[t] with v[0] = losses[0]."""
    averages = np.array(losses, dtype=np.float64)
    for t in range(1, len(averages)):
        averages[t] = 0.05 * averages[t] + (1 - 0.05) * averages[t - 1]
    return averages


def steps_until_stop(watched: np.ndarray, stop_factor: float) -> int:
    """Return the number of steps until a tool stops, the first with loss > stop_factor * best so
    far.

    That step is counted. NaN compares as false, so no tool stops on it, and it is never the best.
    """
    best = np.fmin.accumulate(watched)
    stops = np.flatnonzero(watched > stop_factor * best)
    return int(stops[0]) + 1 if len(stops) else len(watched)


def _moving_average(losses: np.ndarray, beta: float) -> np.ndarray:
    averages, average = np.empty(len(losses)), 0.0
    for t, loss in enumerate(losses):
        average = beta * average + (1 - beta) * loss
        averages[t] = average
    return averages
