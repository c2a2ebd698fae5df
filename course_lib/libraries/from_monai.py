"""Converts `monai.optimizers` (read and run with MONAI 1.6.1).

float64, one `scheduler.step()` after each update; `base_lr` is the optimizer's rate.
"""

from __future__ import annotations

import math

from course_lib.libraries.pieces import Phases, exponential, hold, ramp, wave
from course_lib.libraries.registry import converter
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Floored, Part
from course_lib.schedules.shapes import CosineWave, Polynomial
from course_lib.validation import check_count, check_real


@converter("monai.LinearLR")
def linear_lr(*, base_lr: float, end_lr: float, num_iter: int) -> Phases:
    """base_lr + (end_lr - base_lr) * t / (num_iter - 1): a range test, up and on for ever.

    The line reaches end_lr with update num_iter, t = num_iter - 1, and does not stop. (torch's
    LinearLR of the same name has factors for ends, and holds.)
    """
    base, end = check_real("base_lr", base_lr), check_real("end_lr", end_lr)
    steps = _last(num_iter)
    return (Phase(math.inf, base, end, Part(Polynomial(), length=steps)),)


@converter("monai.ExponentialLR")
def exponential_lr(*, base_lr: float, end_lr: float, num_iter: int) -> Phases:
    """base_lr * (end_lr / base_lr) ** (t / (num_iter - 1)): a range test, on beyond end_lr.

    (torch's ExponentialLR of the same name takes gamma, a factor an update.)
    """
    base = check_real("base_lr", base_lr, low_open=True)
    steps = _last(num_iter)
    if check_real("end_lr", end_lr) == 0.0:
        return hold(base, 1) + hold(0.0)
    return exponential(base, (end_lr / base) ** (1 / steps))


def _last(num_iter: int) -> int:
    if check_count("num_iter", num_iter) == 1:
        raise ValueError("num_iter must be >= 2, got 1: MONAI divides by num_iter - 1")
    return num_iter - 1


@converter("monai.WarmupCosineSchedule")
def warmup_cosine_schedule(
    *,
    base_lr: float,
    warmup_steps: int,
    t_total: int,
    end_lr: float = 0.0,
    cycles: float = 0.5,
    warmup_multiplier: float = 0,
) -> Phases:
    """A line from warmup_multiplier * base_lr to base_lr, then a cosine to 0, not below end_lr.

    base_lr * (1 + cos(2 pi cycles u)) / 2 with u = (t - W) / (t_total - W), or end_lr where that is
    more: the floor cuts the cosine off and is no end to which it is stretched. It is a rate and not
    a share, so a parameter group with a base_lr below it runs at end_lr from the warmup's end on.
    t_total includes the warmup W = min(warmup_steps, t_total); past it the cosine rises again.
    """
    base = check_real("base_lr", base_lr)
    total = check_count("t_total", t_total)
    warmup = min(check_count("warmup_steps", warmup_steps, low=0), total)
    floor = check_real("end_lr", end_lr)
    start = base * check_real("warmup_multiplier", warmup_multiplier, high=1.0)
    up = ramp(warmup, start, base)
    if check_real("cycles", cycles) == 0.0 or floor >= base:
        return up + hold(max(base, floor))
    half = max(1, total - warmup) / (2 * cycles)
    if floor == 0.0:
        return up + wave(base, 0.0, half)
    return (*up, Phase(math.inf, base, 0.0, Floored(CosineWave(half), floor / base)))
