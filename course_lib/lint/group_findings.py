"""Findings on several parameter groups: one report for groups that follow one curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.lint.findings import NOISE, Finding, Run
from course_lib.schedules import Schedule

# A group that rests while another one changes by less than this may well be meant to.
_CHANGES = 2.0


@dataclass(frozen=True)
class Bundle:
    """Groups whose rates are those of the first, each times its ratio."""

    run: Run
    ratios: dict[str, float]

    def __str__(self) -> str:
        """Return the names, with the ratios that are not 1."""
        return ", ".join(
            name if abs(ratio - 1) <= NOISE else f"{name} (x {ratio:.3g})"
            for name, ratio in self.ratios.items()
        )


def named_groups(schedule: object) -> dict[str, object] | None:
    """Return the schedule of every group by its name; None where it is one schedule.

    Args:
        schedule: anything that `lint` takes.

    Raises:
        ValueError: no groups, or an array that is neither (steps,) nor (groups, steps).
    """
    if isinstance(schedule, Mapping):
        groups = {str(name): one for name, one in schedule.items()}
    elif isinstance(schedule, np.ndarray) and schedule.ndim != 1:
        if schedule.ndim != 2:
            raise ValueError(
                "schedule must have the shape (steps,) or (groups, steps), got an array of shape "
                f"{schedule.shape}"
            )
        groups = {f"group {g}": row for g, row in enumerate(schedule)}
    elif _is_list_of_groups(schedule):
        groups = {f"group {g}": one for g, one in enumerate(schedule)}
    else:
        return None
    if not groups:
        raise ValueError("schedule must hold at least one group, got none")
    return groups


def _is_list_of_groups(schedule: object) -> bool:
    if not isinstance(schedule, list | tuple) or not schedule:
        return False
    first = schedule[0]
    is_rates = isinstance(first, list | tuple) or (isinstance(first, np.ndarray) and first.ndim)
    return isinstance(first, Schedule) or callable(first) or bool(is_rates)


def for_groups(name: str, value: object, groups: Sequence[str]) -> list[object]:
    """Return one value for each group, from one for all, one each in order, or one by name.

    Args:
        name: argument, for the message.
        value: one value, a sequence or a mapping.
        groups: names of the groups.

    Raises:
        ValueError: not one value for each group.
    """
    if isinstance(value, Mapping):
        if set(value) != set(groups):
            raise ValueError(f"{name} must name the groups {list(groups)}, got {list(value)}")
        return [value[group] for group in groups]
    if isinstance(value, list | tuple | np.ndarray) and np.ndim(value):
        if len(value) != len(groups):
            raise ValueError(f"{name} must hold {len(groups)} values, got {len(value)}")
        return list(value)
    return [value] * len(groups)


def bundled(runs: Mapping[str, Run]) -> list[Bundle]:
    """Return the runs of the groups, those together that differ by a constant ratio only."""
    bundles: list[Bundle] = []
    for name, run in runs.items():
        for bundle in bundles:
            ratio = _ratio(bundle.run, run)
            if ratio is not None:
                bundle.ratios[name] = ratio
                break
        else:
            bundles.append(Bundle(run, {name: 1.0}))
    return bundles


def _ratio(first: Run, other: Run) -> float | None:
    """Return the constant ratio of two runs and of what they are meant to be; None without one."""
    if first.known.shape != other.known.shape or first.milestones != other.milestones:
        return None
    if first.own_end != other.own_end:
        return None
    if np.array_equal(first.known, other.known, equal_nan=True):
        ratio = 1.0
    elif not np.isfinite(first.known).all() or not first.top > 0 or not other.top > 0:
        return None
    else:
        ratio = other.top / first.top
        with np.errstate(over="ignore", invalid="ignore"):
            apart = np.abs(other.known - ratio * first.known)
        if not apart.max() <= NOISE * other.top:
            return None
        # A rate of 0 or below is a finding however small it is.
        if not np.array_equal(np.sign(first.known), np.sign(other.known)):
            return None
    for a, b in ((first.peak_lr, other.peak_lr), (first.floor, other.floor)):
        if (a is None) != (b is None):
            return None
        if a is not None and b is not None and abs(b - ratio * a) > NOISE * other.top:
            return None
    return ratio


def standing_still(bundles: Sequence[Bundle]) -> Iterator[Finding]:
    """Yield a finding for each group whose rate rests while that of another changes."""
    moving = next((one for one in bundles if _most(one.run) > _CHANGES * _least(one.run)), None)
    if moving is None:
        return
    for bundle in bundles:
        top = _most(bundle.run)
        if top > 0 and top - _least(bundle.run) <= NOISE * top:
            yield Finding(
                "group-stands-still",
                0,
                bundle.run.rates.size - 1,
                f"the rate stays at {top:.4g} in all {bundle.run.rates.size} updates, while that "
                f"of {next(iter(moving.ratios))} is between {_least(moving.run):.4g} and "
                f"{_most(moving.run):.4g}.",
                "If it is meant to change too, check which groups the scheduler was given.",
                str(bundle),
            )


def _most(run: Run) -> float:
    return float(run.rates.max())


def _least(run: Run) -> float:
    return float(run.rates.min())
