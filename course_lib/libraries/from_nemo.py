"""Converts NeMo's `nemo.core.optim.lr_scheduler` (read and run with nemo_toolkit 3.0.0).

float64, one `scheduler.step()` after each update; `base_lr` is the optimizer's rate. The schedules
share their warmup, W = warmup_steps or int(warmup_ratio * max_steps): base_lr * (t + 1) / (W + 1),
so the peak is at t = W. max_steps includes it; the formula holds up to t = max_steps, and from
max_steps + 1 on the rate is min_lr, a rate and not a share, whatever the formula has reached.
"""

from __future__ import annotations

import math

from course_lib.libraries.nemo_policies import (
    base_and_floor,
    counted,
    cut_off,
    first_after,
    joined,
    policy,
    warmed,
)
from course_lib.libraries.pieces import Phases, hold, ramp, stretch, window
from course_lib.libraries.registry import converter, refuse
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Floored, Part
from course_lib.schedules.shapes import Cosine, InverseTime, Polynomial, Shape
from course_lib.validation import check_count, check_real

refuse("nemo.ReduceLROnPlateau", "it is torch's, follows a metric, and is stepped once an epoch")


@converter("nemo.WarmupPolicy")
def warmup_policy(
    *,
    base_lr: float,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    max_steps: int | None = None,
    min_lr: float = 0.0,
) -> Phases:
    """The warmup, then base_lr up to t = max_steps, then min_lr; without max_steps, for ever."""
    base, floor = base_and_floor(base_lr, min_lr)
    up = warmed(base, counted("warmup", warmup_steps, warmup_ratio, max_steps) or 0)
    if max_steps is None:
        return up + hold(base)
    return joined(up, hold(base), check_count("max_steps", max_steps), floor)


@converter("nemo.SquareAnnealing")
def square_annealing(
    *,
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    min_lr: float = 1e-5,
) -> Phases:
    """Warmup, then base_lr * (1 - u)**2, not below min_lr; u = (t - W) / (max_steps - W).

    min_lr is 1e-5 unless given (the other schedules have 0).
    """
    base, floor, total, warmup = policy(base_lr, max_steps, warmup_steps, warmup_ratio, min_lr)
    up = warmed(base, warmup)
    return joined(up, cut_off(base, floor, Polynomial(2.0), warmup, total, up), total, floor)


@converter("nemo.SquareRootAnnealing")
def square_root_annealing(
    *,
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    min_lr: float = 0.0,
) -> Phases:
    """Warmup, then base_lr * sqrt(1 - t / max_steps), not below min_lr.

    The root counts from t = 0 and not from the warmup's end, so the rate drops there.
    """
    base, floor, total, warmup = policy(base_lr, max_steps, warmup_steps, warmup_ratio, min_lr)
    up = warmed(base, warmup)
    return joined(up, cut_off(base, floor, Polynomial(0.5), 0, total, up), total, floor)


@converter("nemo.CosineAnnealing")
def cosine_annealing(
    *,
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    constant_steps: int | None = None,
    constant_ratio: float | None = None,
    min_lr: float = 0.0,
) -> Phases:
    """Warmup, then a half-cosine from base_lr to min_lr at t = max_steps, held.

    With constant_steps > 0 it ends that much earlier, min_lr is held for the rest, and the warmup
    is another: base_lr * t / W, so that the first update is at rate 0. (Then all parameter groups
    also follow the first one's rate.)
    """
    base, floor, total, warmup = policy(base_lr, max_steps, warmup_steps, warmup_ratio, min_lr)
    constant = counted("constant", constant_steps, constant_ratio, total) or 0
    reached = constant or warmup < total  # a cosine that is not reached may have any floor
    if (floor > base and reached) or (constant and floor == base):
        sign = "<" if constant else "<="
        raise ValueError(f"min_lr must be {sign} base_lr = {base:g}, got {floor!r}")
    up = warmed(base, warmup)
    if constant:
        up = ramp(warmup, 0.0, base) + (hold(base, 1) if warmup else ())
    end = total - constant
    if end == 0 and not warmup:
        raise ValueError(f"constant_steps must not equal max_steps = {total}: NeMo divides by zero")
    first = first_after(up)
    down: Phases = ()
    if end > warmup:
        down = stretch(end - first, base, floor, Cosine(), first - warmup, end - warmup)
    return up + down + hold(floor)


@converter("nemo.NoamAnnealing")
def noam_annealing(
    *,
    base_lr: float,
    d_model: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    max_steps: int | None = None,
    min_lr: float = 0.0,
) -> Phases:
    """base_lr / sqrt(d_model) * min(n ** -0.5, n * W ** -1.5), n = max(1, t), for ever.

    base_lr is a factor and not the peak, which is base_lr / sqrt(d_model * W) at t = W. After it
    the rate is not below min_lr. The first two updates have the same rate; max_steps counts only
    for warmup_ratio.
    """
    base, floor = base_and_floor(base_lr, min_lr)
    if floor > base:
        raise ValueError(f"min_lr must be <= base_lr = {base:g}, got {floor!r}")
    warmup = counted("warmup", warmup_steps, warmup_ratio, max_steps) or 0
    scale = base / math.sqrt(check_count("d_model", d_model))
    rest = max(warmup, 1)
    peak = scale / math.sqrt(rest)
    up = ramp(rest, 0.0, peak)
    up = (*hold(peak / rest if warmup else max(peak, floor), 1), *window(up, 1, rest - 1))
    if warmup:
        up += hold(peak, 1)
    if floor >= peak:
        return up + hold(floor)
    decay: Shape = Part(InverseTime(1 / rest, 0.5), float(first_after(up) - rest))
    if floor:
        decay = Floored(decay, floor / peak)
    return (*up, Phase(math.inf, peak, 0.0, decay))


@converter("nemo.WarmupAnnealing")
def warmup_annealing(
    *,
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    min_lr: float = 0.0,
) -> Phases:
    """Warmup, then a line from base_lr at t = W to min_lr at t = max_steps, held.

    After the warmup all parameter groups follow the first one's rate.
    """
    base, floor, total, warmup = policy(base_lr, max_steps, warmup_steps, warmup_ratio, min_lr)
    up = warmed(base, warmup)
    first = first_after(up)
    down = stretch(total - first, base, floor, Polynomial(), first - warmup, total - warmup)
    return up + down + hold(floor)


@converter("nemo.InverseSquareRootAnnealing")
def inverse_square_root_annealing(
    *,
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    min_lr: float = 0.0,
) -> Phases:
    """Warmup, then base_lr * sqrt((W + 1) / (t + 1)); at t = max_steps + 1 it drops to min_lr."""
    base, floor, total, warmup = policy(base_lr, max_steps, warmup_steps, warmup_ratio, min_lr)
    decay = Phase(math.inf, base, 0.0, InverseTime(1 / (warmup + 1), 0.5))
    return joined(warmed(base, warmup), (*hold(base, warmup), decay), total, floor)


@converter("nemo.T5InverseSquareRootAnnealing")
def t5_inverse_square_root_annealing(
    *,
    max_steps: int,
    constant_steps: int,
    constant_ratio: None = None,
    min_lr: float = 0.0,
    base_lr: float | None = None,
) -> Phases:
    """1 / sqrt(max(constant_steps, t)), whatever the optimizer's rate; min_lr after max_steps.

    constant_ratio raises TypeError in NeMo 3.0.0, with whatever it is given.
    """
    if constant_ratio is not None:
        raise ValueError(
            f"constant_ratio must be None, got {constant_ratio!r}: NeMo 3.0.0 raises TypeError "
            "with it; give constant_steps"
        )
    if base_lr is not None:
        check_real("base_lr", base_lr)
    total, steps = (
        check_count("max_steps", max_steps),
        check_count("constant_steps", constant_steps),
    )
    floor, rate = check_real("min_lr", min_lr), 1 / math.sqrt(steps)
    up = hold(rate, steps + 1)
    decay = Phase(math.inf, rate, 0.0, InverseTime(1 / steps, 0.5))
    return joined(up, (*hold(rate, steps), decay), total, floor)


@converter("nemo.PolynomialDecayAnnealing")
def polynomial_decay_annealing(
    *,
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None = None,
    warmup_ratio: float | None = None,
    min_lr: float = 0.0,
    power: float = 1.0,
    cycle: bool = False,
) -> Phases:
    """Warmup, then min_lr + (base_lr - min_lr) * (1 - u) ** power, u = (t - W) / (max_steps - W).

    cycle has no effect: min_lr is held after max_steps all the same.
    """
    base, floor, total, warmup = policy(base_lr, max_steps, warmup_steps, warmup_ratio, min_lr)
    shape = Polynomial(check_real("power", power, low_open=True))
    up = warmed(base, warmup)
    first = first_after(up)
    down = stretch(total - first, base, floor, shape, first - warmup, total - warmup)
    return up + down + hold(floor)
