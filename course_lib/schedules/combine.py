"""Schedules made of schedules: one after another, scaled, repeated."""

from __future__ import annotations

import math
from dataclasses import replace

from course_lib.schedules.phases import Schedule
from course_lib.validation import check_count, check_real


def join(*schedules: Schedule) -> Schedule:
    """Return the schedules one after another; all but the last must have an end.

    `schedule.take(steps)` gives an endless one an end. `join` of the parts into which a schedule
    was cut is that schedule.

    Raises:
        ValueError: no schedule, or an endless one before the last.

    >>> from course_lib.schedules import constant, linear
    >>> decay = linear(0.1, total_steps=4, floor=0.02)
    >>> join(constant(0.1).take(3), decay)(range(8)).round(2)
    array([0.1 , 0.1 , 0.1 , 0.1 , 0.08, 0.06, 0.04, 0.02])
    """
    if not schedules:
        raise ValueError("schedules must hold at least one schedule, got none")
    for number, schedule in enumerate(schedules[:-1], 1):
        if schedule.total_steps == math.inf:
            raise ValueError(
                f"schedule {number} ({schedule.name}) is endless: cut it with .take(steps)"
            )
    phases = tuple(phase for schedule in schedules for phase in schedule.phases)
    return Schedule(phases, name=" + ".join(schedule.name for schedule in schedules))


def scale(schedule: Schedule, factor: float) -> Schedule:
    """Return the schedule with every rate multiplied by `factor`, >= 0.

    Raises:
        ValueError, TypeError: `factor` is negative, not finite or not a number.

    By the linear scaling rule, a batch four times as large takes four times the rate:

    >>> from course_lib.schedules import cosine
    >>> scale(cosine(0.1, total_steps=100), factor=4)([0, 50, 100]).round(2)
    array([0.4, 0.2, 0. ])
    """
    times = check_real("factor", factor)
    phases = (replace(p, start=p.start * times, end=p.end * times) for p in schedule.phases)
    return Schedule(tuple(phases), name=schedule.name)


def repeat(schedule: Schedule, times: int) -> Schedule:
    """Return the schedule `times` times in a row, >= 1.

    Raises:
        ValueError, TypeError: the schedule is endless and `times` > 1, or `times` is out of range.

    >>> from course_lib.schedules import linear
    >>> repeat(linear(0.1, total_steps=2), times=3)(range(6))
    array([0.1 , 0.05, 0.1 , 0.05, 0.1 , 0.05])
    """
    count = check_count("times", times)
    if count > 1 and schedule.total_steps == math.inf:
        raise ValueError(f"schedule ({schedule.name}) is endless: cut it with .take(steps)")
    return Schedule(schedule.phases * count, name=schedule.name)
