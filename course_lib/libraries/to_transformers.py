"""A schedule as a call of one of transformers' get_…_schedule functions, where one is exact."""

from __future__ import annotations

import math

from course_lib.libraries.to_common import (
    CannotExpress,
    WarmedUp,
    ends_itself,
    number,
    rate,
    set_rate,
    split_warmup,
    whole,
)
from course_lib.schedules import Schedule
from course_lib.schedules import shapes as sh

_HEADER = """\
# Needs `optimizer`. Call scheduler.step() once after each optimizer.step(): steps are updates,
# not epochs. Some of these functions read the peak from optimizer.defaults.
"""
_CLIMBS = "# Stop at num_training_steps: past it the rate climbs again.\n"
_ELSEWHERE = 'to_library(schedule, "torch") fits the same loop'
_DECAYS = {sh.Polynomial(): "linear", sh.Cosine(): "cosine", sh.OneMinusSqrt(): "1-sqrt"}


def transformers_code(schedule: Schedule) -> str:
    """Return code that defines `scheduler`, exact on the run and, unless it says so, past it.

    Raises:
        CannotExpress: no function of transformers gives these rates.
    """
    parts = split_warmup(schedule)
    if parts.peak <= 0.0:
        raise CannotExpress("transformers", "its functions scale a positive rate")
    call = _call(parts)
    name = call.split("(")[0]
    note = _CLIMBS if name in _CLIMBING else ""
    return (
        f"from transformers.optimization import {name}\n\n{_HEADER}"
        f"{set_rate(parts.peak, defaults=True)}{note}scheduler = {call}\n"
    )


_CLIMBING = (
    "get_cosine_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup",
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
)


def _call(parts: WarmedUp) -> str:
    *_, last = parts.rest
    if not ends_itself(last):
        raise CannotExpress("transformers", f"it stops before its shape ends; {_ELSEWHERE}")
    call = _after_zero(parts) if parts.from_zero else None
    call = call or _wsd(parts) or _cosine_from_above_zero(parts)
    if call:
        return call
    if not parts.from_zero and _after_zero(WarmedUp(parts.warmup, 0.0, parts.rest)):
        raise CannotExpress(
            "transformers",
            f"its warmup starts at 0 and this one at {parts.start:g}: use warmup(..., start=0), or "
            f"{_ELSEWHERE}",
        )
    shapes = ", ".join(repr(phase.shape) for phase in parts.rest)
    raise CannotExpress(
        "transformers", f"it has no function for {shapes} with these rates; {_ELSEWHERE}"
    )


def _after_zero(parts: WarmedUp) -> str | None:
    """The call for the phases after a warmup from 0, or without a warmup; None if there is none."""
    cycles = _hard_restarts(parts)
    if cycles or len(parts.rest) > 1:
        return cycles
    (phase,) = parts.rest
    w, peak, end = parts.warmup, parts.peak, phase.end
    total = "" if phase.steps == math.inf else number(w + phase.steps)
    match phase.shape:
        case sh.Constant() if w == 0:
            return "get_constant_schedule(optimizer)"
        case sh.Constant():
            return f"get_constant_schedule_with_warmup(optimizer, num_warmup_steps={w})"
        case sh.Polynomial(power=1.0) if end == 0.0:
            return _with_warmup("linear_schedule_with_warmup", w, total)
        case sh.Polynomial() if end < peak:
            options = f", lr_end={rate(end)}, power={rate(phase.shape.power)}"
            return _with_warmup("polynomial_decay_schedule_with_warmup", w, total, options)
        case sh.InverseTime(power=0.5) if end == 0.0 and phase.shape.rate > 0.0:
            scale = 1.0 / phase.shape.rate
            exact = math.isclose(scale, round(scale), rel_tol=1e-14)
            timescale = number(round(scale)) if exact else rate(scale)
            return (
                f"get_inverse_sqrt_schedule(optimizer, num_warmup_steps={w}, timescale={timescale})"
            )
        case sh.CosineWave() if whole(phase.shape.half_period) and end == 0.0:
            total = number(w + phase.shape.half_period)
            return _with_warmup("cosine_schedule_with_warmup", w, total)
        case sh.Cosine(exponent=1.0, warp=1.0) if w > 0 and 0.0 < end < peak:
            options = f", min_lr_rate={rate(end / peak)}"
            return _with_warmup("cosine_with_min_lr_schedule_with_warmup", w, total, options)
    return None


def _with_warmup(name: str, warmup: int, total: str, options: str = "") -> str:
    return f"get_{name}(optimizer, num_warmup_steps={warmup}, num_training_steps={total}{options})"


def _hard_restarts(parts: WarmedUp) -> str | None:
    """One cosine to 0 or several equal ones: unlike the plain cosine, this one stays at 0."""
    cosines = equal_cosines(parts)
    if cosines is None:
        return None
    count, total = cosines
    name = "cosine_with_hard_restarts_schedule_with_warmup"
    return _with_warmup(name, parts.warmup, number(parts.warmup + total), f", num_cycles={count}")


def equal_cosines(parts: WarmedUp) -> tuple[int, int] | None:
    """Return number and updates of equal half-cosines to 0, which are all that follows the warmup.

    None where a restart of transformers, and of diffusers, would come late by a rounding.
    """
    first, count = parts.rest[0], len(parts.rest)
    if first.shape != sh.Cosine() or first.end != 0.0 or set(parts.rest) != {first}:
        return None
    if not ends_itself(first):
        return None
    total = count * int(first.steps)
    # They take count * (step / total) % 1: rounding may put a restart one update late.
    if any(count * (i * first.steps / total) % 1.0 for i in range(count)):
        return None
    return count, total


def _wsd(parts: WarmedUp) -> str | None:
    """Warmup, stable, decay: transformers' warmup starts at the floor."""
    *stable, decay = parts.rest
    floor_first = parts.warmup == 0 or parts.start == decay.end
    fits = len(stable) <= 1 and all(p.shape == sh.Constant() for p in stable)
    if not fits or decay.shape not in _DECAYS or decay.start != parts.peak or not floor_first:
        return None
    if not 0.0 <= decay.end <= parts.peak:
        return None
    hold = int(stable[0].steps) if stable else 0
    floor = "" if decay.end == 0.0 else f", min_lr_ratio={rate(decay.end / parts.peak)}"
    return (
        f"get_wsd_schedule(optimizer, num_warmup_steps={parts.warmup}, num_stable_steps={hold}, "
        f'num_decay_steps={decay.steps}, decay_type="{_DECAYS[decay.shape]}"{floor})'
    )


def _cosine_from_above_zero(parts: WarmedUp) -> str | None:
    """The one function whose warmup may start above 0; it counts one update more than are done."""
    decay = parts.rest[0]
    if len(parts.rest) > 1 or decay.shape != sh.Cosine() or not parts.warmup:
        return None
    if not 0.0 <= decay.end <= parts.peak:
        return None
    warmup = parts.warmup + 1
    options = f", min_lr_rate={rate(decay.end / parts.peak)}"
    options += f", warmup_lr_rate={rate(parts.start / parts.peak)}"
    name = "cosine_with_min_lr_schedule_with_warmup_lr_rate"
    return _with_warmup(name, warmup, number(warmup + decay.steps), options)
