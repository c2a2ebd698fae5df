"""The runs of a comparison: the seeds, and the rates of every schedule at every peak."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from course_lib.schedules import Schedule
from course_lib.validation import check_count

#: (peak_lr, total_steps) -> the rate, or the rate and the momentum
Maker: TypeAlias = Callable[[float, int], Schedule | tuple[Schedule, Schedule]]
#: One maker, or the shapes of a family, by name: "drop 0.3" -> maker
Family: TypeAlias = Maker | Mapping[str, Maker]

_ROUNDING = 1e-9  # how far a rate may exceed its peak by rounding alone, as a share


@dataclass(frozen=True)
class Seeds:
    """The seeds that choose the peaks, and the different ones that score the schedules.

    A peak is chosen because it did well on the validation seeds, partly by their luck. The fresh
    seeds play no part in the choice, so that luck does not enter the score. One dependence remains:
    both kinds of run are scored on the same held-out examples.

    Attributes:
        validation: seeds that choose the peaks, at least one.
        fresh: seeds that score, at least two, none of them among `validation`.

    >>> Seeds.numbered(3)
    Seeds(validation=(0, 2, 4), fresh=(1, 3, 5))
    >>> Seeds(validation=[0, 1], fresh=[1, 2])
    Traceback (most recent call last):
    ValueError: fresh seeds must not be among the validation seeds, got [1]
    """

    validation: tuple[int, ...]
    fresh: tuple[int, ...]

    def __post_init__(self) -> None:
        """Check that the seeds are whole, distinct and disjoint; any sequence becomes a tuple."""
        for name, least in (("validation", 1), ("fresh", 2)):
            values = tuple(check_count(f"{name} seeds", s, low=0) for s in getattr(self, name))
            if len(values) < least:
                raise ValueError(f"{name} seeds must be at least {least}, got {list(values)}")
            if len(set(values)) < len(values):
                raise ValueError(f"{name} seeds must differ from each other, got {list(values)}")
            object.__setattr__(self, name, values)
        shared = sorted(set(self.validation) & set(self.fresh))
        if shared:
            raise ValueError(f"fresh seeds must not be among the validation seeds, got {shared}")

    @staticmethod
    def numbered(count: int) -> Seeds:
        """Return `count` seeds of each kind: even numbers validate, odd numbers are fresh.

        More seeds extend both lists and no seed ever changes its part.
        """
        number = check_count("seeds", count, low=2)
        return Seeds(range(0, 2 * number, 2), range(1, 2 * number, 2))


@dataclass(frozen=True)
class Plan:
    """The rates of S schedules at K peaks, each in one shape or in several: M members in all.

    Attributes:
        names: names of the schedules, (S,).
        families: index of the schedule that each member belongs to, (M,), increasing.
        shapes: name of each member's shape, (M,); empty where a schedule has one shape.
        peaks: (K,) float64, increasing.
        rates: (M, K, T) float64.
        momenta: (M, K, T) float64, NaN where a schedule leaves it to the optimizer; None where
            all do.
    """

    names: tuple[str, ...]
    families: np.ndarray
    shapes: tuple[str, ...]
    peaks: np.ndarray
    rates: np.ndarray
    momenta: np.ndarray | None


def check_peaks(peaks: Sequence[float]) -> np.ndarray:
    """Return the peaks as an array (K,); they must be finite, > 0 and strictly increasing."""
    grid = np.asarray(peaks, dtype=np.float64)
    if grid.ndim != 1 or not grid.size:
        raise ValueError(f"peaks must be a list of rates, at least one, got {peaks!r}")
    if not np.isfinite(grid).all() or grid.min() <= 0 or (np.diff(grid) <= 0).any():
        raise ValueError(f"peaks must be finite, > 0 and strictly increasing, got {grid.tolist()}")
    return grid


def make_plan(schedules: Mapping[str, Family], peaks: Sequence[float], total_steps: int) -> Plan:
    """Return the rates, and the momenta where there are any, of every schedule at every peak.

    If a schedule is a mapping from shapes to functions, every shape of it is a member.

    Raises:
        ValueError, TypeError: no schedule; one that cannot be made, exceeds the peak it was
            given, ignores it, or has a rate or momentum out of range: the message names it.
    """
    if not isinstance(schedules, Mapping):
        raise TypeError(f"schedules must map names to functions, got {type(schedules).__name__}")
    if not schedules:
        raise ValueError("schedules must hold at least one schedule, got none")
    grid, steps = check_peaks(peaks), check_count("total_steps", total_steps)
    members = [
        (index, shape, f"{name}, {shape}" if shape else name, maker)
        for index, (name, family) in enumerate(schedules.items())
        for shape, maker in shapes_of(name, family).items()
    ]
    size = (len(members), len(grid), steps)
    rates, momenta = np.empty(size), np.full(size, np.nan)
    for m, (_, _, name, maker) in enumerate(members):
        for k, peak in enumerate(grid.tolist()):
            rate, momentum = _make(name, maker, peak, steps)
            rates[m, k] = _values(name, "rate", rate, steps, highest=peak * (1 + _ROUNDING))
            if momentum is not None:
                below_one = np.nextafter(1.0, 0.0)
                momenta[m, k] = _values(name, "momentum", momentum, steps, highest=below_one)
        if len(grid) > 1 and (rates[m, 0] == rates[m, -1]).all():
            raise ValueError(
                f"schedules: {name!r} ignores its peak: the same rates at peak_lr = {grid[0]:g} "
                f"and {grid[-1]:g}"
            )
    return Plan(
        tuple(schedules),
        np.array([index for index, *_ in members]),
        tuple(shape for _, shape, *_ in members),
        grid,
        rates,
        None if np.isnan(momenta).all() else momenta,
    )


def shapes_of(name: str, family: Family) -> Mapping[str, Maker]:
    """Return the makers of a family by the names of their shapes; one maker has the name "".

    Raises:
        ValueError: a mapping is empty or has a name that is no text.
    """
    if not isinstance(family, Mapping):
        return {"": family}
    if not family or not all(isinstance(shape, str) and shape for shape in family):
        raise ValueError(
            f"schedules: {name!r} must be a function or map names of shapes to functions, "
            f"got {family!r}"
        )
    return family


def _make(
    name: str, maker: Maker, peak_lr: float, total_steps: int
) -> tuple[Schedule, Schedule | None]:
    if not callable(maker) or isinstance(maker, Schedule):
        raise TypeError(
            f"schedules: {name!r} must be a function (peak_lr, total_steps) -> Schedule, "
            f"got {maker!r}"
        )
    try:
        made = maker(peak_lr, total_steps)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"schedules: {name!r} failed at peak_lr = {peak_lr:g}, total_steps = {total_steps}: "
            f"{error}"
        ) from error
    parts = made if isinstance(made, tuple) else (made,)
    if len(parts) > 2 or not parts or not all(isinstance(part, Schedule) for part in parts):
        raise TypeError(
            f"schedules: {name!r} must return a Schedule, or a pair (rate, momentum) of them, "
            f"got {made!r}"
        )
    return parts[0], (parts[1] if len(parts) == 2 else None)


def _values(name: str, what: str, schedule: Schedule, steps: int, highest: float) -> np.ndarray:
    values = schedule(np.arange(steps))
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > highest:
        raise ValueError(
            f"schedules: the {what} of {name!r} must be finite, >= 0 and <= {highest:.6g}, got "
            f"{values.min():.6g} … {values.max():.6g}"
        )
    return values
