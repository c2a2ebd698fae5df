"""The runs of lesson 6: what each argument of OneCycleLR does, and what a 1-cycle saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch.optim.lr_scheduler import OneCycleLR

from course_lib.compare import Comparison
from course_lib.intervals import Interval
from course_lib.libraries.simulate import Loop, LoopResult, Resume, simulate_loop

_VALUES: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "max_lr": {"0.1": {}, "0.05": {"max_lr": 0.05}},
    "total_steps": {"100": {}, "60": {"total_steps": 60}},
    "pct_start": {"0.3": {}, "0.1": {"pct_start": 0.1}, "0.6": {"pct_start": 0.6}},
    "anneal_strategy": {"cos": {}, "linear": {"anneal_strategy": "linear"}},
    "div_factor": {"25": {}, "4": {"div_factor": 4}},
    "final_div_factor (log)": {"10000": {}, "10": {"final_div_factor": 10}},
    "three_phase": {"False": {}, "True": {"three_phase": True}},
}


def by_torch(updates: int = 1000, **arguments: object) -> LoopResult:
    """Return what the real OneCycleLR gives SGD with momentum 0.9, update by update.

    Args:
        updates: updates that the loop makes, >= 1.
        arguments: arguments of OneCycleLR; max_lr is 0.1 and total_steps 1000 unless given.

    >>> float(by_torch(10, total_steps=10).rates[0])
    0.004
    """
    arguments = {"max_lr": 0.1, "total_steps": 1000} | arguments
    return simulate_loop(
        lambda optimizer: OneCycleLR(optimizer, **arguments),
        Loop(updates),
        optimizer_factory=partial(torch.optim.SGD, momentum=0.9),
    )


def resumed(stop: int, total_steps: int, **arguments: object) -> np.ndarray:
    """Return the rates, (T,), of a run that stops and goes on with a scheduler built anew.

    The optimizer's state is loaded, the scheduler's is not.

    Args:
        stop: updates done before the stop.
        total_steps: length of the run.
        arguments: arguments of the new OneCycleLR, such as last_epoch.
    """
    make = partial(OneCycleLR, max_lr=0.1, total_steps=total_steps)
    again = Resume(stop, ("load_optimizer", "build"), lambda o: make(o, **arguments))
    return simulate_loop(make, Loop(total_steps, resume=again)).rates


def argument_curves() -> dict[str, dict[str, np.ndarray]]:
    """Return argument -> value in words -> rates or momenta of a run of 100 updates, by PyTorch.

    >>> sorted(argument_curves())[:3]
    ['anneal_strategy', 'cycle_, base_, max_momentum', 'div_factor']
    """
    base = {"total_steps": 100}
    curves = {
        name: {
            word: by_torch(**{"updates": (base | given)["total_steps"]} | base | given).rates
            for word, given in options.items()
        }
        for name, options in _VALUES.items()
    }
    curves["cycle_, base_, max_momentum"] = {
        ".85, .95": by_torch(100, **base).momentum,
        ".8, .9": by_torch(100, base_momentum=0.8, max_momentum=0.9, **base).momentum,
        "False": by_torch(100, cycle_momentum=False, **base).momentum,
    }
    curves["last_epoch, after a stop at 50"] = {
        "49": resumed(50, 100, last_epoch=49),
        "-1": resumed(50, 100),
    }
    return curves


def updates_needed(
    tables: Mapping[str, tuple[Sequence[int], np.ndarray]],
    target: float,
    reference: str,
    level: float = 0.99,
    draws: int = 2000,
) -> dict[str, tuple[Interval, Interval]]:
    """Return the length at which each schedule's mean accuracy reaches a target, and the ratio.

    Between two lengths the mean accuracy is taken to be linear in log(length). The intervals are
    quantiles over seeds drawn with replacement, the same draws for all schedules, since scores are
    paired by seed.

    Args:
        tables: schedule -> (lengths (B,), accuracies (B, runs)), the same seeds for all.
        target: accuracy to reach.
        reference: the schedule that the ratios are taken to.
        level: confidence level of the intervals.
        draws: resamples.

    >>> rising = np.repeat([[0.8], [0.9], [1.0]], 4, axis=1)
    >>> found = updates_needed(
    ...     {"a": ((10, 20, 40), rising), "b": ((20, 40, 80), rising)}, 0.9, "a", draws=10
    ... )
    >>> round(found["b"][0].mean), round(found["b"][1].mean)
    (40, 2)
    """
    runs = tables[reference][1].shape[1]
    rows = np.random.default_rng(0).integers(0, runs, (draws, runs))
    needed = {
        name: np.array(
            [np.exp(np.interp(target, table[:, d].mean(axis=1), np.log(lengths))) for d in rows]
        )
        for name, (lengths, table) in tables.items()
    }

    def interval(values: np.ndarray) -> Interval:
        low, middle, high = np.quantile(values, ((1 - level) / 2, 0.5, (1 + level) / 2))
        return Interval(float(middle), float(low), float(high))

    return {
        name: (interval(values), interval(values / needed[reference]))
        for name, values in needed.items()
    }


def usable_peak(comparison: Comparison, name: str, limit: float) -> float:
    """Return the largest peak of the grid at which the mean tuning loss is below a limit.

    Args:
        comparison: the comparison whose tuning runs are read.
        name: the schedule.
        limit: the loss.

    Raises:
        ValueError: no peak is usable.
    """
    usable = comparison.validation_means[comparison.names.index(name)] < limit
    if not usable.any():
        raise ValueError(f"no peak of {name} has a mean loss below {limit:g}")
    return float(comparison.peaks[usable].max())
