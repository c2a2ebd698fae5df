"""The runs of lesson 1: a network trained at many constant rates, and where its runs end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.experiments.plans import train_plans
from course_lib.training import Workload
from course_lib.validation import check_count

#: A run of lesson 1 that ends above this training loss is lost; guessing costs log 3, about 1.1.
LOST = 0.4


@dataclass(frozen=True)
class RateSweep:
    """The same seeds trained at K constant rates.

    Attributes:
        rates: constant learning rates, (K,).
        losses: loss before each of the T updates, (K, seeds, T); nan from where a run diverged.
        final: loss after the last update, (K, seeds); nan where a run diverged.
    """

    rates: np.ndarray
    losses: np.ndarray
    final: np.ndarray

    def final_at(self, rate: float) -> np.ndarray:
        """Return the final losses at one of the rates, (seeds,)."""
        return self.final[self._row(rate)]

    def losses_at(self, rate: float) -> np.ndarray:
        """Return the losses before each update at one of the rates, (seeds, T)."""
        return self.losses[self._row(rate)]

    def lost_at(self, rate: float) -> np.ndarray:
        """Return which runs at one of the rates end above `LOST` or diverged, (seeds,) bool."""
        return ~(self.final_at(rate) <= LOST)  # nan is not <= either

    def rose_at(self, rate: float, updates: int = 20) -> np.ndarray:
        """Return which runs have a loss above their first one within so many updates, (seeds,)."""
        losses = self.losses_at(rate)
        return ~(losses[:, 1 : updates + 1].max(axis=1) <= losses[:, 0])

    def _row(self, rate: float) -> int:
        rows = np.flatnonzero(self.rates == rate)
        if not len(rows):
            raise ValueError(f"rate must be one of {self.rates.tolist()}, got {rate!r}")
        return int(rows[0])


def sweep_rates(workload: Workload, rates: Sequence[float], seeds: int, steps: int) -> RateSweep:
    """Train a workload at every rate with the seeds 0 … seeds - 1.

    Args:
        workload: data, model, optimizer and batch size.
        rates: constant learning rates, finite and >= 0, shape (K,).
        seeds: number of seeds, >= 1.
        steps: updates in every run, >= 1.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.

    >>> from course_lib import problems, training
    >>> workload = training.Workload(problems.spirals(per_class=6), training.Mlp((5,)))
    >>> sweep = sweep_rates(workload, rates=[0.01, 0.1], seeds=3, steps=20)
    >>> sweep.losses.shape, sweep.final_at(0.1).shape
    ((2, 3, 20), (3,))
    """
    table = np.asarray(rates, dtype=np.float64)
    if table.ndim != 1 or not len(table):
        raise ValueError(f"rates must have shape (K,), K >= 1, got {table.shape}")
    check_count("seeds", seeds)
    plans = np.repeat(table[:, None], check_count("steps", steps), axis=1)
    runs = train_plans(workload, plans, range(seeds))
    shape = (len(table), seeds)
    return RateSweep(table, runs.losses.reshape(*shape, -1), runs.final_loss.reshape(shape))


def where_most_end(final: np.ndarray, levels: Sequence[float] = (0.004, LOST)) -> str:
    """Return in words where more than half of the runs end.

    Near the edge of stability a run amplifies its rounding, so its digits and the number of
    runs that are lost differ from one processor to the next. Where most of them end does not.

    Args:
        final: final losses, one a seed; nan counts as above every level.
        levels: a low and a high level.

    >>> where_most_end(np.array([0.002, 0.003, 0.9]))
    'more than half of 3 runs below 0.004'
    """
    low, high = levels
    n = len(final)
    if (final < low).sum() > n / 2:
        return f"more than half of {n} runs below {low:g}"
    if (~(final <= high)).sum() > n / 2:
        return f"more than half of {n} runs above {high:g}"
    return f"fewer than half of {n} runs below {low:g}, and fewer than half above {high:g}"
