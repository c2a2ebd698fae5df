"""Converts the schedules of NeMo that hold the peak (read and run with nemo_toolkit 3.0.0).

The warmup and the end are those of `course_lib.libraries.from_nemo`. H = W + hold_steps is the end
of the hold, hold_steps or int(hold_ratio * max_steps); without either it is 0, and not W.
"""

from __future__ import annotations

import math

from course_lib.libraries.nemo_policies import (
    cut_off,
    first_after,
    hold_policy,
    joined,
    no_division_by_zero,
)
from course_lib.libraries.pieces import Phases, hold, stretch
from course_lib.libraries.registry import converter
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Floored, Part, StretchedPolynomial
from course_lib.schedules.shapes import InverseTime, OneMinusSqrt, Polynomial
from course_lib.validation import check_real


@converter("nemo.WarmupHoldPolicy")
def warmup_hold_policy(
    *,
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    hold_steps: int | None = None,
    hold_ratio: float | None = None,
    min_lr: float = 0.0,
) -> Phases:
    """`nemo.WarmupPolicy`, whose base_lr is held for hold_steps even where max_steps comes first.

    (The library's default for max_steps is None, with which it raises after the hold.)
    """
    base, floor, total, _, _, up = hold_policy(
        base_lr, max_steps, warmup_steps, warmup_ratio, hold_steps, hold_ratio, min_lr
    )
    return joined(up, hold(base), total, floor)


@converter("nemo.WarmupHoldAnnealOneMinusSquareRoot")
def warmup_hold_anneal_one_minus_square_root(
    *,
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    hold_steps: int | None = None,
    hold_ratio: float | None = None,
    min_lr: float = 0.0,
) -> Phases:
    """Warmup, hold, then base_lr * (1 - sqrt(u)), not below min_lr.

    u = (t - H) / (max_steps - H), H the end of warmup and hold. Without hold_steps H is 0, though
    there is a warmup: the decay has begun at t = 0, and the rate drops right after the warmup.
    hold_steps=0 makes H = W, and there is no drop.
    """
    base, floor, total, _, end, up = hold_policy(
        base_lr, max_steps, warmup_steps, warmup_ratio, hold_steps, hold_ratio, min_lr
    )
    down = cut_off(base, floor, OneMinusSqrt(), end, total, up)
    return joined(up, down, total, floor)


@converter("nemo.WarmupHoldAnnealLinear")
def warmup_hold_anneal_linear(
    *,
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    hold_steps: int | None = None,
    hold_ratio: float | None = None,
    min_lr: float = 0.0,
) -> Phases:
    """Warmup, hold, then a line from base_lr to min_lr at t = max_steps.

    The line is drawn from t = H, as in `nemo.WarmupHoldAnnealOneMinusSquareRoot`: without
    hold_steps from t = 0, and the rate drops right after the warmup.
    """
    base, floor, total, _, end, up = hold_policy(
        base_lr, max_steps, warmup_steps, warmup_ratio, hold_steps, hold_ratio, min_lr
    )
    first = first_after(up)
    no_division_by_zero(first, end, total)
    down = stretch(total - first, base, floor, Polynomial(), first - end, total - end)
    return up + down + hold(floor)


@converter("nemo.NoamHoldAnnealing")
def noam_hold_annealing(
    *,
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    hold_steps: int | None = None,
    hold_ratio: float | None = None,
    decay_rate: float = 0.5,
    min_lr: float = 0.0,
) -> Phases:
    """Warmup, hold, then base_lr * (W / (t - hold)) ** decay_rate, not below min_lr.

    max_steps is no length of the decay: it only cuts it off, so that the rate drops to min_lr.
    """
    base, floor, total, warmup, end, up = hold_policy(
        base_lr, max_steps, warmup_steps, warmup_ratio, hold_steps, hold_ratio, min_lr
    )
    power = check_real("decay_rate", decay_rate)
    first = first_after(up)
    if not warmup and first <= total:
        raise ValueError("warmup_steps must be >= 1 for nemo.NoamHoldAnnealing, got 0")
    rest: Phases = hold(max(base, floor))
    if power and floor < base and warmup:
        begin = max(end, warmup)
        decay = Floored(Part(InverseTime(1 / warmup, power), float(first - begin)), floor / base)
        rest = (*hold(base, first), Phase(math.inf, base, 0.0, decay))
    return joined(up, rest, total, floor)


@converter("nemo.PolynomialHoldDecayAnnealing")
def polynomial_hold_decay_annealing(
    *,
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    hold_steps: int | None = None,
    hold_ratio: float | None = None,
    min_lr: float = 0.0,
    power: float = 1.0,
    cycle: bool = False,
) -> Phases:
    """Warmup, hold until t = H, then `nemo.PolynomialDecayAnnealing` from there to max_steps.

    Without hold_steps the decay takes max_steps - W and counts from t = 0: the rate drops right
    after the warmup, and is at min_lr W updates before the end. Only then does cycle have an
    effect: the polynomial is stretched to twice its length there.
    """
    base, floor, total, warmup, end, up = hold_policy(
        base_lr, max_steps, warmup_steps, warmup_ratio, hold_steps, hold_ratio, min_lr
    )
    exponent = check_real("power", power, low_open=True)
    first = first_after(up)
    length = total - max(warmup, end)
    if first > total:
        return up + hold(floor)
    no_division_by_zero(first, max(warmup, end), total)
    if cycle:
        shape = Part(StretchedPolynomial(length, exponent), float(first - end))
        return joined(up, (*hold(base, first), Phase(math.inf, base, floor, shape)), total, floor)
    down = stretch(end + length - first, base, floor, Polynomial(exponent), first - end, length)
    return up + down + hold(floor)
