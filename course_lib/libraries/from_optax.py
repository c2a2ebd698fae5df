"""Converts `optax.schedules` (read and run with optax 0.2.8; float32).

An optax schedule is a function of the count of updates done: no base_lr, and `count` is our step.
"""

from __future__ import annotations

import math
from typing import Any

from course_lib.libraries.pieces import (
    ANNEALED,
    Phases,
    exponential,
    hold,
    one_after_another,
    ramp,
    until,
    window,
)
from course_lib.libraries.registry import (
    check_choice,
    check_pairs,
    check_steps,
    convert,
    converter,
)
from course_lib.schedules import Phase
from course_lib.schedules.shapes import Cosine, Drops, Polynomial
from course_lib.validation import check_count, check_real


@converter("optax.constant_schedule")
def constant_schedule(*, value: float) -> Phases:
    """`value`, for ever."""
    return hold(check_real("value", value))


@converter("optax.polynomial_schedule")
def polynomial_schedule(
    *,
    init_value: float,
    end_value: float,
    power: float,
    transition_steps: int,
    transition_begin: int = 0,
) -> Phases:
    """end + (init - end) * (1 - (t - begin) / transition_steps) ** power, clamped on both sides.

    The end is held. transition_steps <= 0 means init_value for ever (not end_value); a negative
    transition_begin means 0.
    """
    init, end = check_real("init_value", init_value), check_real("end_value", end_value)
    check_real("power", power, low_open=True)
    steps = check_count("transition_steps", transition_steps, low=-(2**62))
    begin = max(check_count("transition_begin", transition_begin, low=-(2**62)), 0)
    if steps <= 0:
        return hold(init)
    return hold(init, begin) + ramp(steps, init, end, Polynomial(power))


@converter("optax.linear_schedule")
def linear_schedule(
    *, init_value: float, end_value: float, transition_steps: int, transition_begin: int = 0
) -> Phases:
    """`optax.polynomial_schedule` with power 1: a straight line, its end held."""
    return polynomial_schedule(
        init_value=init_value,
        end_value=end_value,
        power=1.0,
        transition_steps=transition_steps,
        transition_begin=transition_begin,
    )


@converter("optax.piecewise_constant_schedule")
def piecewise_constant_schedule(
    *, init_value: float, boundaries_and_scales: dict[int, float] | None = None
) -> Phases:
    """init_value times all scales whose boundary is <= t; the last rate is held."""
    rate = check_real("init_value", init_value)
    phases: Phases = ()
    at = 0
    for boundary, scale in _boundaries(boundaries_and_scales):
        phases += hold(rate, boundary - at)
        at, rate = boundary, rate * scale
    return phases + hold(rate)


def _boundaries(given: dict[int, float] | None) -> list[tuple[int, float]]:
    if given is None:
        return []
    if not isinstance(given, dict):
        raise TypeError(f"boundaries_and_scales must be a dictionary, got {given!r}")
    return sorted(
        (
            check_count("boundaries_and_scales' boundary", boundary, low=0),
            check_real("boundaries_and_scales' scale", scale),
        )
        for boundary, scale in given.items()
    )


@converter("optax.piecewise_interpolate_schedule")
def piecewise_interpolate_schedule(
    *,
    interpolate_type: str,
    init_value: float,
    boundaries_and_scales: dict[int, float] | None = None,
) -> Phases:
    """From boundary to boundary along a line or a half-cosine; each scale multiplies the last rate.

    The rate at a boundary is init_value times all scales up to it; the last one is held.
    """
    check_choice("interpolate_type", interpolate_type, ["linear", "cosine"])
    shape = ANNEALED["cos" if interpolate_type == "cosine" else "linear"]
    rate = check_real("init_value", init_value)
    phases: Phases = ()
    at = 0
    for boundary, scale in _boundaries(boundaries_and_scales):
        phases += ramp(boundary - at, rate, rate * scale, shape)
        at, rate = boundary, rate * scale
    return phases + hold(rate)


@converter("optax.exponential_decay")
def exponential_decay(
    *,
    init_value: float,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Phases:
    """init * decay_rate ** p, p = (t - begin) / transition_steps, floored with `staircase`.

    end_value bounds it, from below when decay_rate < 1 and from above otherwise; without it the
    decay goes on for ever. transition_steps <= 0 or decay_rate = 0 mean init_value for ever.
    """
    init = check_real("init_value", init_value)
    check_real("decay_rate", decay_rate)
    steps = check_count("transition_steps", transition_steps, low=-(2**62))
    begin = max(check_count("transition_begin", transition_begin, low=-(2**62)), 0)
    if steps <= 0 or decay_rate == 0:
        return hold(init)
    if staircase:
        decay: Phases = (Phase(math.inf, init, 0.0, Drops(decay_rate, steps)),)
    else:
        decay = exponential(init, decay_rate ** (1 / steps))
    phases = hold(init, begin) + decay
    if end_value is None:
        return phases
    return _bounded(phases, begin, init, decay_rate, steps, check_real("end_value", end_value))


def _bounded(
    phases: Phases, begin: int, init: float, rate: float, steps: int, bound: float
) -> Phases:
    """Return the decay until it meets the bound, and the bound from there on."""
    falling = rate < 1.0
    if (init <= bound) if falling else (init >= bound):
        return hold(bound)
    if bound == 0.0 or rate == 1.0 or init == 0.0:
        return phases
    staircase = isinstance(phases[-1].shape, Drops)

    def beyond(k: int) -> bool:
        value = init * rate ** (k // steps if staircase else k / steps)
        return value <= bound if falling else value >= bound

    meets = begin + until(beyond, steps * math.log(bound / init) / math.log(rate))
    return window(phases, 0, meets) + hold(bound)


@converter("optax.cosine_decay_schedule")
def cosine_decay_schedule(
    *, init_value: float, decay_steps: int, alpha: float = 0.0, exponent: float = 1.0
) -> Phases:
    """init * (alpha + (1 - alpha) * ((1 + cos(pi t / decay_steps)) / 2) ** exponent), then held.

    decay_steps is the cosine alone here; `alpha` is the end as a share of init_value.
    """
    init = check_real("init_value", init_value)
    check_real("alpha", alpha)
    steps = check_count("decay_steps", decay_steps)
    return ramp(steps, init, alpha * init, Cosine(check_real("exponent", exponent, low_open=True)))


@converter("optax.linear_onecycle_schedule")
def linear_onecycle_schedule(
    *,
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    pct_final: float = 0.85,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Phases:
    """Up to the peak, down to peak / div_factor at pct_final, down to the end; lines, end held.

    The end is peak / div_factor / final_div_factor. The boundaries are rounded down to whole
    steps.
    """
    steps, peak = _onecycle(transition_steps, peak_value, pct_start, div_factor, final_div_factor)
    check_real("pct_final", pct_final, high=1.0)
    return piecewise_interpolate_schedule(
        interpolate_type="linear",
        init_value=peak / div_factor,
        boundaries_and_scales={
            int(pct_start * steps): div_factor,
            int(pct_final * steps): 1.0 / div_factor,
            steps: 1.0 / final_div_factor,
        },
    )


@converter("optax.cosine_onecycle_schedule")
def cosine_onecycle_schedule(
    *,
    transition_steps: int,
    peak_value: float,
    pct_start: float = 0.3,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
) -> Phases:
    """A half-cosine up to the peak at int(pct_start * steps) and one down to the end, held.

    The end is peak / div_factor / final_div_factor.
    """
    steps, peak = _onecycle(transition_steps, peak_value, pct_start, div_factor, final_div_factor)
    return piecewise_interpolate_schedule(
        interpolate_type="cosine",
        init_value=peak / div_factor,
        boundaries_and_scales={
            int(pct_start * steps): div_factor,
            steps: 1.0 / (div_factor * final_div_factor),
        },
    )


def _onecycle(
    steps: int, peak: float, pct_start: float, div_factor: float, final_div_factor: float
) -> tuple[int, float]:
    check_real("pct_start", pct_start, high=1.0)
    check_real("div_factor", div_factor, low_open=True)
    check_real("final_div_factor", final_div_factor, low_open=True)
    return check_count("transition_steps", steps), check_real("peak_value", peak)


@converter("optax.warmup_constant_schedule")
def warmup_constant_schedule(*, init_value: float, peak_value: float, warmup_steps: int) -> Phases:
    """A line from init_value to peak_value, then held; init_value for ever if warmup_steps = 0."""
    check_count("warmup_steps", warmup_steps, low=0)
    check_real("peak_value", peak_value)
    return linear_schedule(
        init_value=init_value, end_value=peak_value, transition_steps=warmup_steps
    )


@converter("optax.warmup_cosine_decay_schedule")
def warmup_cosine_decay_schedule(
    *,
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    decay_steps: int,
    end_value: float = 0.0,
    exponent: float = 1.0,
) -> Phases:
    """A line to peak_value at t = warmup_steps, a cosine to end_value at t = decay_steps, held.

    decay_steps INCLUDES the warmup (that of `optax.cosine_decay_schedule` has none to include):
    it is the total. Giving total - warmup trains the last warmup_steps updates at end_value.
    """
    init, peak = check_real("init_value", init_value), check_real("peak_value", peak_value)
    warmup = check_count("warmup_steps", warmup_steps, low=0)
    if check_count("decay_steps", decay_steps) <= warmup:
        raise ValueError(
            f"decay_steps must be > warmup_steps = {warmup}, which it includes, got {decay_steps}"
        )
    decay = decay_steps - warmup
    # A peak of 0 makes optax put 0 for the share end / peak, whatever end_value is.
    end = check_real("end_value", end_value) if peak else 0.0
    down = Cosine(check_real("exponent", exponent, low_open=True))
    return ramp(warmup, init, peak) + ramp(decay, peak, end, down)


@converter("optax.warmup_exponential_decay_schedule")
def warmup_exponential_decay_schedule(
    *,
    init_value: float,
    peak_value: float,
    warmup_steps: int,
    transition_steps: int,
    decay_rate: float,
    transition_begin: int = 0,
    staircase: bool = False,
    end_value: float | None = None,
) -> Phases:
    """A line to peak_value, then `optax.exponential_decay` from it, its steps counted from 0."""
    init = check_real("init_value", init_value)
    warmup = check_count("warmup_steps", warmup_steps, low=0)
    decay = exponential_decay(
        init_value=check_real("peak_value", peak_value),
        transition_steps=transition_steps,
        decay_rate=decay_rate,
        transition_begin=transition_begin,
        staircase=staircase,
        end_value=end_value,
    )
    return ramp(warmup, init, peak_value) + decay


@converter("optax.sgdr_schedule")
def sgdr_schedule(*, cosine_kwargs: Any) -> Phases:
    """One `optax.warmup_cosine_decay_schedule` after another, each for its own decay_steps.

    `cosine_kwargs` is a list of their arguments. The last one's end is held.
    """
    name = "optax.warmup_cosine_decay_schedule"
    if not isinstance(cosine_kwargs, list | tuple):
        raise TypeError(f"cosine_kwargs must be a list of dictionaries, got {cosine_kwargs!r}")
    pairs = check_pairs("cosine_kwargs", [(name, arguments) for arguments in cosine_kwargs])
    parts = [convert(name, arguments) for name, arguments in pairs]
    boundaries, total = [], 0
    for _, arguments in pairs:
        total += arguments["decay_steps"]
        boundaries.append(total)
    return one_after_another(parts, boundaries[:-1])


@converter("optax.join_schedules")
def join_schedules(*, schedules: Any, boundaries: list[int]) -> Phases:
    """Schedule i from boundaries[i - 1] to boundaries[i], each counting from 0 at its turn.

    `schedules` is a list of (name, arguments) pairs. The last one runs on.
    """
    pairs = check_pairs("schedules", schedules)
    marks = check_steps("boundaries", boundaries)
    if len(marks) != len(pairs) - 1:
        raise ValueError(
            "boundaries must have one entry fewer than schedules, "
            f"got {len(marks)} and {len(pairs)}"
        )
    return one_after_another([convert(name, arguments) for name, arguments in pairs], marks)
