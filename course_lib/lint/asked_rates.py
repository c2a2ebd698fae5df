"""The rates of whatever the linter is given: a schedule, a function, a record."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from course_lib.schedules import Schedule
from course_lib.schedules.phases import Phase
from course_lib.schedules.shapes import Constant, Drops, Triangle

# Steps past the end are read too: torch's cosine needs a tenth of its run to climb back to
# 2.5 % of the peak, and an unclamped linear decay is negative at once.
_PROBE_SHARE, _PROBE_LEAST = 10, 10
# A cosine of seven updates climbs by 4.95 % of its height in the first one past its foot.
_PAST_FOOT = 0.05


def known_rates(schedule: object, total_steps: int, loop_steps: int) -> np.ndarray:
    """Return the rates at t = 0, 1, 2, … (float64), a little past the end where they are known.

    Args:
        schedule: a `Schedule`, a function from a step to a rate, or recorded rates.
        total_steps: updates that it is meant for.
        loop_steps: updates that the loop makes.

    Raises:
        ValueError, TypeError: no rates, or something that is no rate.
    """
    longest = max(total_steps, loop_steps)
    probed = longest + max(_PROBE_LEAST, longest // _PROBE_SHARE)
    if isinstance(schedule, Schedule):
        return schedule(np.arange(probed))
    if callable(schedule):
        return _asked(schedule, longest, probed)
    if isinstance(schedule, str | bytes) or not isinstance(schedule, Sequence | np.ndarray):
        raise TypeError(
            "schedule must be a Schedule, a function from the step to a rate, a sequence of "
            f"rates, or several of these, one for each group; got {type(schedule).__name__}"
        )
    if len(schedule) == 0:
        raise ValueError("schedule must hold at least one rate, got an empty sequence")
    if isinstance(schedule, np.ndarray) and schedule.ndim == 1 and schedule.dtype.kind in "fiu":
        return schedule.astype(float)
    if set(map(type, schedule)) <= {float, int}:
        return np.array(schedule, dtype=float)
    return np.array([_number(rate, f"rate {t}") for t, rate in enumerate(schedule)])


def _asked(schedule: Callable[[int], float], longest: int, probed: int) -> np.ndarray:
    rates = [_number(schedule(t), f"schedule({t})") for t in range(longest)]
    for t in range(longest, probed):
        try:
            rate = schedule(t)
        except (ValueError, IndexError, ZeroDivisionError):  # a schedule may refuse such steps
            break
        rates.append(_number(rate, f"schedule({t})"))
    return np.array(rates)


def _number(value: object, what: str) -> float:
    if isinstance(value, str | bytes | bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{what} must be a number, got {value!r}")
    return float(value)


def own_end(schedule: object) -> float:
    """Return where the schedule ends; the end of a constant last phase cannot be seen.

    Where that phase lies a little above the end of a decay, it is the update that torch's
    OneCycleLR allows after its last one, beyond the foot of its cosine.
    """
    if not isinstance(schedule, Schedule):
        return math.inf
    *_, before, last = (None, *schedule.phases)
    if last.start != last.end:
        return schedule.total_steps
    if before and 0 < last.start - before.end < _PAST_FOOT * (before.start - before.end):
        return schedule.total_steps - last.steps
    return math.inf


def own_peak(schedule: object) -> float | None:
    """Return the largest rate that a `Schedule` says it reaches; None where it says none."""
    if not isinstance(schedule, Schedule):
        return None
    # A triangle's top may fall between two steps, or shrink from the start.
    phases = [phase for phase in schedule.phases if not isinstance(phase.shape, Triangle)]
    return max((max(phase.start, phase.end) for phase in phases), default=None)


def milestones(schedule: object) -> tuple[int, ...]:
    """Return the steps at which a `Schedule` goes from one level to another.

    Of a staircase that drops for ever, only the first drop is given.

    >>> from course_lib.schedules import multi_step
    >>> milestones(multi_step(0.1, [30, 60]))
    (30, 60)
    """
    if not isinstance(schedule, Schedule):
        return ()
    steps, first, before = [], 0.0, None
    for phase in schedule.phases:
        level = _level(phase)
        if before is not None and level is not None and level != before:
            steps.append(int(first))
        shape = phase.shape
        if isinstance(shape, Drops) and shape.drop != 1 and phase.steps > shape.every:
            steps.append(int(first) + shape.every)
        first, before = first + phase.steps, level
    return tuple(steps)


def _level(phase: Phase) -> float | None:
    still = isinstance(phase.shape, Constant) or phase.start == phase.end
    return phase.start if still else None
