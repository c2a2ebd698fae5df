"""Finds suspicious parts of a schedule, each with its steps and a way to fix it.

The rules look at rates, not at names, so they work on a `Schedule`, on any function from the step
to a rate and on rates recorded from a real run. A finding is a reason to look, not a proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from course_lib.lint.findings import Finding, Run
from course_lib.lint.rules_of_breaks import RULES_OF_BREAKS
from course_lib.lint.rules_of_the_run import RULES, RULES_THAT_COMPARE
from course_lib.lint.rules_of_the_shape import RULES_OF_THE_SHAPE
from course_lib.schedules import Schedule
from course_lib.schedules.shapes import Triangle
from course_lib.validation import check_count, check_real

__all__ = ["Finding", "lint"]

# Steps past the end are read too: torch's cosine needs a tenth of its run to climb back to
# 2.5 % of the peak, and an unclamped linear decay is negative at once.
_PROBE_SHARE, _PROBE_LEAST = 10, 10


def lint(
    schedule: Schedule | Callable[[int], float] | Sequence[float],
    total_steps: int,
    *,
    peak_lr: float | None = None,
    floor: float | None = None,
    loop_steps: int | None = None,
    max_jump: float = 20.0,
) -> list[Finding]:
    """Return the suspicious parts of a schedule, ordered by the step where each begins.

    Args:
        schedule: a `Schedule`, any function from a step (int) to a rate, or the rates of a run
            that were recorded, one for each update.
        total_steps: updates the schedule is meant for, warmup included, >= 1.
        peak_lr: rate it is meant to reach, > 0; a `Schedule` says so itself.
        floor: rate it is meant to come down to, >= 0; with None this is not checked.
        loop_steps: updates the training loop really makes, >= 1 (after accumulation, over all
            epochs); None means total_steps. The linter judges the rates of these updates.
        max_jump: factor between two updates from which a change counts as a jump, > 1. The
            default lies between the drops by 10 of a staircase and the 25 by which a one-cycle
            behind another scheduler leaves its warmup too low.

    Raises:
        ValueError, TypeError: an argument out of its range, no rates, or a rate that is not a
            number (a rate of nan or inf is a finding).

    The schedule ends after 100 updates, but the loop makes 120:

    >>> from course_lib.schedules import linear
    >>> for finding in lint(linear(0.1, total_steps=100), total_steps=100, loop_steps=120):
    ...     print(finding.code, finding.first_step, finding.last_step)
    dead-tail 100 119
    horizon-mismatch 100 119
    """
    total = check_count("total_steps", total_steps)
    loop = total if loop_steps is None else check_count("loop_steps", loop_steps)
    if peak_lr is not None:
        check_real("peak_lr", peak_lr, low_open=True)
    if floor is not None:
        check_real("floor", floor)
    check_real("max_jump", max_jump, low=1.0, low_open=True)
    run = Run(
        known=_known_rates(schedule, total, loop),
        total_steps=total,
        loop_steps=loop,
        own_end=_own_end(schedule),
        peak_lr=_own_peak(schedule) if peak_lr is None else float(peak_lr),
        floor=floor,
        max_jump=max_jump,
    )
    rules = [*RULES]
    if np.isfinite(run.known).all() and run.top > 0:
        rules += [*RULES_THAT_COMPARE, *RULES_OF_THE_SHAPE, *RULES_OF_BREAKS]
    # Differences and ratios of any finite floats may overflow; inf compares as it should.
    with np.errstate(over="ignore", invalid="ignore"):
        findings = [finding for rule in rules for finding in rule(run)]
    return sorted(findings, key=lambda f: (f.first_step, f.last_step, f.code))


def _known_rates(schedule: object, total: int, loop: int) -> np.ndarray:
    longest = max(total, loop)
    probed = longest + max(_PROBE_LEAST, longest // _PROBE_SHARE)
    if isinstance(schedule, Schedule):
        return schedule(np.arange(probed))
    if callable(schedule):
        return _asked(schedule, longest, probed)
    if isinstance(schedule, str | bytes) or not isinstance(schedule, Sequence | np.ndarray):
        raise TypeError(
            "schedule must be a Schedule, a function from the step to a rate, or a sequence of "
            f"rates, got {type(schedule).__name__}"
        )
    if len(schedule) == 0:
        raise ValueError("schedule must hold at least one rate, got an empty sequence")
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


def _own_end(schedule: object) -> float:
    """Return where the schedule ends; the end of a constant last phase cannot be seen."""
    if not isinstance(schedule, Schedule):
        return math.inf
    last = schedule.phases[-1]
    return math.inf if last.start == last.end else schedule.total_steps


def _own_peak(schedule: object) -> float | None:
    if not isinstance(schedule, Schedule):
        return None
    # A triangle's top may fall between two steps, or shrink from the start.
    phases = [phase for phase in schedule.phases if not isinstance(phase.shape, Triangle)]
    return max((max(phase.start, phase.end) for phase in phases), default=None)
