"""The longer computations of lesson 4: runs with and without a warmup, and their first updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from course_lib import problems, training
from course_lib.experiments.language_runs import usable_peak
from course_lib.problems import Classification


def final_losses(
    workload: training.Workload, rates: Mapping[str, np.ndarray], runs: int
) -> dict[str, np.ndarray]:
    """Train every schedule with the same seeds, and return the held-out losses at the end.

    Args:
        workload: data with held-out examples, model, optimizer and batch size.
        rates: name -> rates, shape (T,); the lengths T may differ.
        runs: seeds 0 … runs - 1, >= 1.

    Returns:
        name -> losses, shape (runs,).

    >>> work = training.Workload(problems.noisy_spirals(), training.Mlp((8,)), batch_size=64)
    >>> final_losses(work, {"short": np.full(5, 0.1), "long": np.full(9, 0.1)}, 2)["long"].shape
    (2,)
    """
    seeds = np.arange(runs)
    return {
        name: training.train(workload, np.tile(row, (runs, 1)), seeds).held_out_loss[:, -1]
        for name, row in rates.items()
    }


@dataclass(frozen=True)
class FirstUpdates:
    """The first updates that move a weight, means over the runs.

    Attributes:
        moves: root mean square of the weights' moves over the peak rate, update by update, (K,).
        losses: loss on all training examples after 0, 1 and K updates.
        distance: root mean square of how far the weights are from their start after K updates.
    """

    moves: np.ndarray
    losses: tuple[float, float, float]
    distance: float


def first_updates(
    workload: training.Workload, rates: Mapping[str, np.ndarray], runs: int, updates: int
) -> dict[str, FirstUpdates]:
    """Return what the first updates that move a weight do, schedule by schedule.

    Updates at rate 0 at the start of a schedule, which only fill the optimizer's averages, are
    passed over.

    Args:
        workload: data, model, optimizer and batch size.
        rates: name -> rates, shape (T,); the largest is called the peak.
        runs: seeds 0 … runs - 1, >= 1.
        updates: number K of moving updates to look at, >= 1.
    """
    import torch  # slow to import, and the rest of this module does without

    loss = training.loss_function(workload)
    found = {}
    for name, row in rates.items():
        start = int(np.flatnonzero(row)[0])
        seen = np.tile(row[: start + updates], (runs, 1))
        kept = training.train(
            workload, seen, np.arange(runs), keep_at=range(start, start + updates + 1)
        ).weights
        found[name] = FirstUpdates(
            _root_mean_square(np.diff(kept, axis=1)) / row.max(),
            tuple(float(loss(torch.tensor(kept[:, k])).mean()) for k in (0, 1, updates)),
            float(_root_mean_square(kept[:, -1:] - kept[:, :1])[0]),
        )
    return found


def _root_mean_square(weights: np.ndarray) -> np.ndarray:
    """Return the root mean square over the weights, mean over the runs: (runs, K, P) -> (K,)."""
    return np.sqrt((weights.astype(np.float64) ** 2).mean(axis=2)).mean(axis=0)


def digits_as_stored(factor: float = 16.0) -> Classification:
    """Return the handwritten digits with pixels 0 … `factor`: with 16, as their file has them.

    `problems.digits` divides by 16. Nothing else differs, not even the split.

    >>> digits_as_stored().inputs.max().item()
    16.0
    """
    scaled = problems.digits()
    held_out = scaled.held_out
    assert held_out is not None
    return replace(
        scaled,
        inputs=factor * scaled.inputs,
        name="digits as stored",
        held_out=replace(held_out, inputs=factor * held_out.inputs),
    )


def ramped_batch_updates(
    tokens: float, ramp: float, *, first: float = 32e3, last: float = 3.2e6
) -> float:
    """Return the updates that it takes to read so many tokens while the batch still grows.

    The batch grows linearly with the tokens read, b(x) = first + (last - first) x / ramp. So the
    updates are the integral of dx / b(x) from 0 to `tokens`, which is
    ramp / (last - first) · log(b(tokens) / first).

    Args:
        tokens: tokens read, 0 <= tokens <= ramp.
        ramp: tokens over which the batch grows, > 0.
        first: tokens in the first batch, > 0.
        last: tokens in the last batch, > first.

    Source: Brown et al. (2020), arXiv:2005.14165, appendix B, for the defaults.

    >>> round(ramped_batch_updates(375e6, 4e9)), round(ramped_batch_updates(375e6, 12e9))
    (2942, 5339)
    """
    at_end = first + (last - first) * tokens / ramp
    return float(ramp / (last - first) * np.log(at_end / first))


def usable_peaks(schedules: Sequence[str], updates: int) -> dict[str, tuple[float, float]]:
    """Return the usable peaks of the language model without a warmup and with one, by schedule.

    Usable is a peak whose loss is within a tenth of the schedule's lowest.

    >>> usable_peaks(["linear"], 320)
    {'linear': (0.004, 0.016)}
    """
    return {
        name: (usable_peak(name, updates, warmup_steps=0), usable_peak(name, updates))
        for name in schedules
    }
