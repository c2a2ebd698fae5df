"""The sweep: many seeds at once, each one short run at exponentially growing rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.range_test.recording import rates_to_the_end
from course_lib.training import Workload, train
from course_lib.validation import check_count, check_real


@dataclass(frozen=True)
class Sweep:
    """The losses of S range tests at the same T rates.

    Attributes:
        name: name of the model in figures and tables.
        rates: learning rates, (T,), rising.
        losses: (S, T), loss of the batch of step t *before* the update with `rates[t]`; NaN from
            the step at which a run diverged or was stopped.
        diverged_at: (S,) int, first step whose loss is not finite; -1 if there is none.
        steps_run: (S,) int, T, or fewer where a run was stopped because its loss had grown too
            far. A diverged run counts as run to the end. No tool stops on NaN, so the tools' rules
            read such runs as well.
        seeds: (S,) int, one a run.
        group_ratios: (G,), rate of each parameter group divided by `rates`.
        notes: sentences about the runs that their reader should know; empty if there are none.

    >>> rates, losses = np.array([0.01, 0.1, 1.0]), np.array([[1.1, 0.9, 7.0]])
    >>> found = Sweep("spirals", rates, losses, np.array([-1]), np.array([2]), np.array([0]))
    >>> len(found), found.recorded(0).tolist()
    (1, [1.1, 0.9])
    """

    name: str
    rates: np.ndarray
    losses: np.ndarray
    diverged_at: np.ndarray
    steps_run: np.ndarray
    seeds: np.ndarray
    group_ratios: tuple[float, ...] = (1.0,)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of range tests, S."""
        return len(self.losses)

    def recorded(self, run: int) -> np.ndarray:
        """Return the losses of one run for as long as it ran, (n,), n <= T."""
        return self.losses[run, : self.steps_run[run]]


def sweep_rates(lowest_rate: float, highest_rate: float, steps: int) -> np.ndarray:
    """Return `steps` rates from the lowest to the highest, at equal ratios, (T,).

    Raises:
        ValueError, TypeError: not 0 < lowest_rate < highest_rate, or fewer than two steps.
    """
    low = check_real("lowest_rate", lowest_rate, low_open=True)
    high = check_real("highest_rate", highest_rate, low=low, low_open=True)
    return rates_to_the_end(low, high, check_count("steps", steps, low=2))


def sweep(
    workload: Workload,
    seeds: np.ndarray | Sequence[int],
    *,
    lowest_rate: float = 1e-7,
    highest_rate: float = 10.0,
    steps: int = 100,
    **execution: object,
) -> Sweep:
    """Run one range test a seed: lr[t] = lowest * (highest / lowest)^(t / (steps - 1)).

    A run stops at the first loss that is not finite. It does not stop at a large loss: each rule
    applies its own limit to the whole curve.

    Args:
        workload: data, model, optimizer and batch size.
        seeds: one seed a run, (S,); it fixes the initial weights and the batches.
        lowest_rate: rate of the first update, > 0.
        highest_rate: rate of the last update, > lowest_rate.
        steps: number of updates T, >= 2.
        execution: `jobs`, `executor`, `cache` and `progress` of `training.train`.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.

    Source: Smith (2015), arXiv:1506.01186, sec. 3.3, there with linearly growing rates.

    >>> from course_lib import problems, training
    >>> workload = training.Workload(problems.spirals(per_class=20), training.Mlp((16,)))
    >>> found = sweep(workload, seeds=[0, 1], lowest_rate=1e-3, steps=5, cache=False)
    >>> found.rates.round(4).tolist()
    [0.001, 0.01, 0.1, 1.0, 10.0]
    """
    return sweep_at(workload, seeds, sweep_rates(lowest_rate, highest_rate, steps), **execution)


def sweep_at(
    workload: Workload,
    seeds: np.ndarray | Sequence[int],
    rates: np.ndarray,
    **execution: object,
) -> Sweep:
    """Run one range test a seed at the given rates, as `RULES[name].rates()` returns them.

    Args:
        workload: data, model, optimizer and batch size.
        seeds: one seed a run, (S,).
        rates: learning rates, (T,), > 0 and never falling.
        execution: `jobs`, `executor`, `cache` and `progress` of `training.train`.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.

    >>> from course_lib import problems, training
    >>> workload = training.Workload(problems.spirals(per_class=20), training.Mlp((16,)))
    >>> sweep_at(workload, seeds=[0, 1], rates=[0.01, 0.1, 1.0], cache=False).losses.shape
    (2, 3)
    """
    rates, seeds = np.asarray(rates, dtype=np.float64), np.asarray(seeds)
    if rates.ndim != 1 or len(rates) < 2 or rates[0] <= 0 or not (np.diff(rates) >= 0).all():
        raise ValueError(f"rates must have shape (T,), T >= 2, be > 0 and not fall, got {rates}")
    if seeds.ndim != 1 or len(seeds) == 0:
        raise ValueError(f"seeds must have shape (S,), S >= 1, got shape {seeds.shape}")
    runs = train(workload, np.tile(rates, (len(seeds), 1)), seeds, **execution)
    inside = runs.diverged_at < len(rates)  # a run may also diverge with its last update
    return Sweep(
        name=workload.name,
        rates=rates,
        losses=runs.losses,
        diverged_at=np.where(inside, runs.diverged_at, -1),
        steps_run=np.full(len(seeds), len(rates)),
        seeds=seeds,
    )
