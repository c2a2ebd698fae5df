"""The schedules inside training code: Megatron-LM, torchtitan, nanoGPT, schedule-free."""

import math
from typing import Any

from course_lib.libraries.pieces import (
    Phases,
    hold,
    ramp,
    until,
    window,
)
from course_lib.libraries.registry import (
    check_choice,
    converter,
    refuse,
)
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Part
from course_lib.schedules.shapes import (
    Cosine,
    CosineWave,
    Geometric,
    InverseTime,
    OneMinusSqrt,
    Polynomial,
    Shape,
)
from course_lib.validation import check_count, check_real

refuse(
    "schedulefree.RAdamScheduleFree",
    "its rate is RAdam's rectification, which comes from beta2 and has none of our shapes",
)


@converter("megatron.OptimizerParamScheduler")
def optimizer_param_scheduler(
    *,
    init_lr: float,
    max_lr: float,
    min_lr: float,
    lr_warmup_steps: int,
    lr_decay_steps: int,
    lr_decay_style: str,
    start_wd: float = 0.0,
    end_wd: float = 0.0,
    wd_incr_steps: int = 0,
    wd_incr_style: str = "constant",
    wsd_decay_steps: int | None = None,
    lr_wsd_decay_style: str | None = None,
) -> Phases:
    """A line from init_lr to max_lr at t = warmup, then the style down to min_lr at decay_steps.

    lr_decay_steps includes the warmup. Styles: "constant", "linear", "cosine",
    "inverse-square-root" (max_lr * sqrt(warmup / t), not below min_lr, min_lr after decay_steps),
    "WSD" (max_lr, then wsd_decay_steps of "linear", "cosine", "exponential" = 2 * 0.5**u - 1, or
    "minus_sqrt" = 1 - sqrt(u)). min_lr is held; "constant" holds max_lr. The weight-decay
    arguments do not change the rate. Megatron counts samples: give steps in updates.
    """
    peak, floor = check_real("max_lr", max_lr), check_real("min_lr", min_lr, high=max_lr)
    init = check_real("init_lr", init_lr, high=peak)
    total = check_count("lr_decay_steps", lr_decay_steps)
    warmup = check_count("lr_warmup_steps", lr_warmup_steps, low=0)
    if warmup >= total:
        raise ValueError(f"lr_warmup_steps must be < lr_decay_steps = {total}, got {warmup}")
    styles = ["constant", "linear", "cosine", "inverse-square-root", "WSD"]
    check_choice("lr_decay_style", lr_decay_style, styles)
    up = ramp(warmup, init, peak)
    if lr_decay_style == "constant":
        return up + hold(peak)
    if lr_decay_style == "inverse-square-root":
        return up + _megatron_inverse_sqrt(peak, floor, warmup, total)
    if lr_decay_style == "WSD":
        return up + _megatron_wsd(peak, floor, warmup, total, wsd_decay_steps, lr_wsd_decay_style)
    shape = Cosine() if lr_decay_style == "cosine" else Polynomial()
    return up + ramp(total - warmup, peak, floor, shape)


def _megatron_inverse_sqrt(peak: float, floor: float, warmup: int, total: int) -> Phases:
    first = max(warmup, 1)

    def beyond(k: int) -> bool:
        return peak * math.sqrt(first / max(k + warmup, 1)) <= floor

    meets = until(beyond, first * (peak / floor) ** 2 - warmup) if floor else math.inf
    down: Phases = hold(peak, first - warmup)
    down += (Phase(math.inf, peak, 0.0, InverseTime(1 / first, 0.5)),)
    return window(window(down, 0, meets) + hold(floor), 0, total + 1 - warmup) + hold(floor)


def _megatron_wsd(
    peak: float, floor: float, warmup: int, total: int, decay_steps: int | None, style: str | None
) -> Phases:
    shapes: dict[Any, Shape] = {
        "linear": Polynomial(),
        "cosine": Cosine(),
        "exponential": Geometric(0.5),
        "minus_sqrt": OneMinusSqrt(),
    }
    check_choice("lr_wsd_decay_style", style, list(shapes))
    if decay_steps is None:
        raise TypeError("megatron.OptimizerParamScheduler needs wsd_decay_steps for WSD")
    decay = check_count("wsd_decay_steps", decay_steps)
    if decay > total - warmup:
        raise ValueError(
            f"wsd_decay_steps must be <= lr_decay_steps - lr_warmup_steps = {total - warmup}, "
            f"got {decay}"
        )
    return hold(peak, total - warmup - decay) + ramp(decay, peak, floor, shapes[style])


@converter("torchtitan.lr_scheduler")
def torchtitan_lr_scheduler(
    *,
    base_lr: float,
    training_steps: int,
    warmup_steps: int = 200,
    decay_ratio: float | None = None,
    decay_type: str = "linear",
    min_lr_factor: float = 0.0,
) -> Phases:
    """base_lr * (t + 1) / W, base_lr, then the decay with u = (t + 1 - W - stable) / decay_steps.

    decay_steps is training_steps - W, or round(training_steps * decay_ratio), and never more than
    what the warmup leaves; stable = training_steps + 1 - W - decay_steps. So the peak is at t =
    W - 1 and W, and the floor base_lr * min_lr_factor at t = training_steps. u is not clamped: past
    the end "linear" and "sqrt" run on below the floor, to negative rates, and "cosine" rises.
    """
    base = check_real("base_lr", base_lr)
    total = check_count("training_steps", training_steps)
    warmup = min(check_count("warmup_steps", warmup_steps, low=0), total)
    decay = total - warmup
    if decay_ratio is not None:
        share = check_real("decay_ratio", decay_ratio, high=1.0)
        decay = min(round(total * share), total - warmup)
    shapes = {"linear": Polynomial(), "sqrt": OneMinusSqrt(), "cosine": CosineWave(max(decay, 1))}
    check_choice("decay_type", decay_type, list(shapes))
    floor = base * check_real("min_lr_factor", min_lr_factor, high=1.0)
    phases = ramp(warmup - 1, base / max(warmup, 1), base)
    # Peak from t = W - 1 (t = 0 without warmup) up to u = 0, the step before the decay's first.
    phases += hold(base, total - decay - max(warmup - 1, 0))
    if decay == 0:
        return phases + hold(base)
    shape = shapes[decay_type]
    if shape.closing:
        shape = Part(shape, length=decay)
    return (*phases, Phase(math.inf, base, floor, shape))


@converter("nanogpt.get_lr")
def get_lr(
    *,
    learning_rate: float = 6e-4,
    warmup_iters: int = 2000,
    lr_decay_iters: int = 600_000,
    min_lr: float = 6e-5,
) -> Phases:
    """learning_rate * (t + 1) / (W + 1), then a half-cosine to min_lr at lr_decay_iters, held.

    lr_decay_iters includes the warmup. The training loop runs t = 0 ... max_iters, one update more
    than max_iters.
    """
    peak, floor = check_real("learning_rate", learning_rate), check_real("min_lr", min_lr)
    warmup = check_count("warmup_iters", warmup_iters, low=0)
    decay = check_count("lr_decay_iters", lr_decay_iters, low=warmup + 1) - warmup
    return ramp(warmup, peak / (warmup + 1), peak) + ramp(decay, peak, floor, Cosine())


@converter("schedulefree.SGDScheduleFree")
def sgd_schedule_free(
    *, lr: float = 1.0, warmup_steps: int = 0, r: float = 0.0, weight_lr_power: float = 2.0
) -> Phases:
    """lr * (t + 1) / warmup_steps, then lr for ever; the averaging replaces the decay.

    `r` and weight_lr_power weight the average and do not change the rate.
    """
    rate = check_real("lr", lr)
    warmup = check_count("warmup_steps", warmup_steps, low=0)
    return ramp(warmup - 1, rate / max(warmup, 1), rate) + hold(rate)


@converter("schedulefree.AdamWScheduleFree")
def adamw_schedule_free(
    *, lr: float = 0.0025, warmup_steps: int = 0, r: float = 0.0, weight_lr_power: float = 2.0
) -> Phases:
    """The same as `schedulefree.SGDScheduleFree`, with AdamW's default rate."""
    return sgd_schedule_free(lr=lr, warmup_steps=warmup_steps, r=r, weight_lr_power=weight_lr_power)
