"""The schedules people use, by their names in the field."""

from __future__ import annotations

import math

from course_lib.schedules.phases import Phase, Schedule
from course_lib.schedules.shapes import Constant, Cosine, Drops
from course_lib.validation import check_count, check_floor, check_real


def constant(peak_lr: float) -> Schedule:
    """Return the schedule rate(t) = peak_lr.

    Args:
        peak_lr: the learning rate, >= 0.

    Raises:
        ValueError, TypeError: `peak_lr` is negative, not finite or not a number.
    """
    rate = check_real("peak_lr", peak_lr)
    return Schedule((Phase(math.inf, rate, rate, Constant()),), name="constant")


def step_decay(peak_lr: float, drop: float = 0.5, every: int = 100) -> Schedule:
    """Return the staircase rate(t) = peak_lr * drop ** floor(t / every).

    Args:
        peak_lr: rate of the first `every` updates, >= 0.
        drop: factor at each drop, 0 < drop <= 1.
        every: updates between two drops, >= 1.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.
    """
    rate = check_real("peak_lr", peak_lr)
    shape = Drops(
        drop=check_real("drop", drop, low=0.0, low_open=True, high=1.0),
        every=check_count("every", every),
    )
    return Schedule((Phase(math.inf, rate, 0.0, shape),), name="step decay")


def cosine(peak_lr: float, total_steps: int, floor: float = 0.0) -> Schedule:
    """Return rate(t) = floor + (peak_lr - floor) * (1 + cos(pi t / total_steps)) / 2.

    The floor is reached at t = total_steps and held; the last update of a run of `total_steps`
    updates is at t = total_steps - 1, a little above it.

    Args:
        peak_lr: rate of the first update, >= 0.
        total_steps: updates in the run, >= 1.
        floor: rate at the end, absolute, 0 <= floor <= peak_lr.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.

    Source: Loshchilov & Hutter (2017), SGDR, arXiv:1608.03983, eq. 5, without restarts.
    """
    rate = check_real("peak_lr", peak_lr)
    end = check_floor(floor, rate)
    steps = check_count("total_steps", total_steps)
    return Schedule((Phase(steps, rate, end, Cosine()),), name="cosine")
