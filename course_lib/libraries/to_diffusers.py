"""A schedule as a call of diffusers' `get_scheduler`, or of the function behind it."""

from __future__ import annotations

import math
from typing import Any

from course_lib.libraries.to_common import (
    CannotExpress,
    WarmedUp,
    boundaries,
    ends_itself,
    is_staircase,
    set_rate,
    short_factor,
    split_warmup,
    whole,
)
from course_lib.libraries.to_transformers import equal_cosines
from course_lib.schedules import Schedule
from course_lib.schedules import shapes as sh

_HEADER = """\
# Needs `optimizer`. Call scheduler.step() once after each optimizer.step(): steps are updates,
# not epochs. num_training_steps includes the warmup; the polynomial reads the peak from
# optimizer.defaults.
"""
_ELSEWHERE = 'to_library(schedule, "torch") fits the same loop'
_LR_END = 1e-7  # what get_scheduler's "polynomial" ends at; it takes no other


def diffusers_code(schedule: Schedule) -> str:
    """Return code that defines `scheduler`, exact on the run and past it.

    Raises:
        CannotExpress: no function of diffusers gives these rates.
    """
    parts = split_warmup(schedule)
    call = _call(parts)
    function = call.split("(")[0]
    return (
        f"from diffusers.optimization import {function}\n\n{_HEADER}"
        f"{set_rate(parts.peak, defaults=True)}scheduler = {call}\n"
    )


def _call(parts: WarmedUp) -> str:
    *_, last = parts.rest
    if parts.peak <= 0.0:
        raise CannotExpress("diffusers", "its functions scale a positive rate")
    if not parts.warmup and len(parts.rest) > 1 and is_staircase(Schedule(parts.rest)):
        return _named("piecewise_constant", step_rules=_step_rules(parts))
    if not ends_itself(last):
        raise CannotExpress("diffusers", f"it stops before its shape ends; {_ELSEWHERE}")
    call = _warmed(parts)
    if call is None:
        shapes = ", ".join(repr(phase.shape) for phase in parts.rest)
        raise CannotExpress(
            "diffusers", f"it has no function for {shapes} with these rates; {_ELSEWHERE}"
        )
    if not parts.from_zero:
        raise CannotExpress(
            "diffusers",
            f"its warmup starts at 0 and this one at {parts.start:g}: use warmup(..., start=0), or "
            f"{_ELSEWHERE}",
        )
    return call


def _named(name: str, **arguments: Any) -> str:
    given = "".join(f", {key}={_source(value)}" for key, value in arguments.items())
    return f'get_scheduler("{name}", optimizer{given})'


def _source(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _step_rules(parts: WarmedUp) -> str:
    """Factors of the first rate, each with the step at which it ends; the last for ever."""
    factors = [repr(short_factor(phase.start / parts.peak)) for phase in parts.rest]
    ends = boundaries(Schedule(parts.rest))
    rules = [f"{factor}:{end}" for factor, end in zip(factors, ends, strict=False)]
    return ",".join([*rules, factors[-1]])


def _warmed(parts: WarmedUp) -> str | None:
    """The call for what follows a warmup from 0, or no warmup; None if there is none."""
    cosines = equal_cosines(parts)
    if cosines:
        cycles, total = cosines
        own = {} if cycles == 1 else {"num_cycles": cycles}
        return _named("cosine_with_restarts", **_lengths(parts, total), **own)
    if len(parts.rest) > 1:
        return None
    (phase,) = parts.rest
    end, shape = phase.end, phase.shape
    match shape:
        case sh.Constant() if parts.warmup == 0:
            return _named("constant")
        case sh.Constant():
            return _named("constant_with_warmup", num_warmup_steps=parts.warmup)
        case sh.CosineWave() if whole(shape.half_period) and end == 0.0:
            return _named("cosine", **_lengths(parts, shape.half_period))
        case sh.Polynomial(power=1.0) if end == 0.0:
            return _named("linear", **_lengths(parts, phase.steps))
        case sh.Polynomial() if end == _LR_END < parts.peak:
            return _named("polynomial", **_lengths(parts, phase.steps), power=float(shape.power))
        case sh.Polynomial() if end < parts.peak:
            own = {"lr_end": float(end), "power": float(shape.power)}
            given = {**_lengths(parts, phase.steps), **own}
            text = ", ".join(f"{key}={value!r}" for key, value in given.items())
            return f"get_polynomial_decay_schedule_with_warmup(optimizer, {text})"
    return None


def _lengths(parts: WarmedUp, steps: float) -> dict[str, int]:
    """Return the warmup's updates and those of the whole."""
    return {
        "num_warmup_steps": parts.warmup,
        "num_training_steps": parts.warmup + math.floor(steps),
    }
