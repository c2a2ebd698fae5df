"""Converts thinc's schedules, which spaCy's configs name (read and run with thinc 9.1.1).

They are functions of the optimizer's step, 0 at the first update; float64. Release 8.3, which spaCy
3 uses, has generators of the same names: the second schedule of `constant_then` begins at its own
step 0 there, and `compounding` ignores t.
"""

from __future__ import annotations

import math
from typing import Any

from course_lib.libraries.pieces import Phases, hold, ramp, stretch, until, window
from course_lib.libraries.registry import check_pairs, convert, converter, refuse
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Part
from course_lib.schedules.shapes import Exponential, InverseTime, Polynomial, Shape, Triangle
from course_lib.validation import check_count, check_real

refuse("thinc.plateau", "it follows the score of the evaluations")


@converter("thinc.constant")
def thinc_constant(*, rate: float) -> Phases:
    """The rate for ever."""
    return hold(check_real("rate", rate))


@converter("thinc.constant_then")
def thinc_constant_then(*, rate: float, steps: int, schedule: tuple[str, dict[str, Any]]) -> Phases:
    """The rate for `steps` updates, then the schedule as it is at step `steps`, not at its own 0.

    `schedule` is a (name, arguments) pair, such as ("thinc.decaying", {…}). The beginning of the
    inner schedule, a warmup perhaps, is never used. (In thinc 8.3 it begins at its own step 0.)
    """
    [(name, given)] = check_pairs("schedule", [schedule])
    until_then = check_count("steps", steps, low=0)
    first = hold(check_real("rate", rate), until_then)
    return first + window(convert(name, given), until_then, math.inf)


@converter("thinc.decaying")
def thinc_decaying(*, base_rate: float, decay: float, t: float = 0.0) -> Phases:
    """base_rate / (1 + decay * (step + t)), for ever; the first update has t = 0 by default."""
    base = check_real("base_rate", base_rate)
    shape = InverseTime(check_real("decay", decay))
    return (Phase(math.inf, base, 0.0, _later(shape, check_real("t", t))),)


def _later(shape: Shape, offset: float) -> Shape:
    return Part(shape, offset) if offset else shape


@converter("thinc.compounding")
def thinc_compounding(*, start: float, stop: float, compound: float, t: float = 0.0) -> Phases:
    """start * compound ** (step + t) until it is past `stop`, which is held.

    Where it leads away from `stop`, as with 0.9 from 0.001 to 0.1, it goes on for ever.
    """
    first, last = check_real("start", start, low_open=True), check_real("stop", stop)
    factor, offset = check_real("compound", compound, low_open=True), check_real("t", t)
    if factor == 1.0:
        return hold(first)
    curve: Phases = (Phase(math.inf, first, 0.0, _later(Exponential(factor), offset)),)
    down = first > last
    if last == 0.0 or (factor > 1.0) == down or (factor < 1.0 and first == last):
        return curve

    def past(step: int) -> bool:
        value = first * factor ** (step + offset)
        return value <= last if down else value >= last

    meets = until(past, math.log(last / first) / math.log(factor) - offset)
    return window(curve, 0, meets) + hold(last)


@converter("thinc.slanted_triangular")
def thinc_slanted_triangular(
    *, max_rate: float, num_steps: int, cut_frac: float = 0.1, ratio: int = 32, t: float = 0.0
) -> Phases:
    """A line from max_rate / ratio to max_rate at t = cut - 1, and one back that is not stopped.

    cut = int(num_steps * cut_frac). With s = step + t + 1 the rate is max_rate * (1 + p * (ratio -
    1)) / ratio, p = s / cut up and p = 1 - (s - cut) / (cut * (1 / cut_frac - 1)) down. The first
    update is one step up the line. Where cut is rounded down, the way down is too short, and rates
    below 0 are used inside num_steps. Past the end it falls on below 0.
    """
    peak = check_real("max_rate", max_rate)
    share = check_real("cut_frac", cut_frac, low_open=True)
    if share >= 1.0:
        raise ValueError(f"cut_frac must be > 0 and < 1, got {cut_frac!r}")
    low = peak * (1 / check_real("ratio", ratio, low_open=True))
    cut = int(check_count("num_steps", num_steps) * share)
    if cut == 0:
        raise ValueError(
            f"num_steps must be >= 1 / cut_frac = {1 / share:g}, got {num_steps}: "
            "thinc divides by zero"
        )
    offset = check_real("t", t) + 1.0
    rising = max(math.ceil(cut - offset), 0)
    way = Part(Polynomial(), rising + offset - cut, cut * (1 / share - 1))
    up = stretch(rising, low, peak, Polynomial(), offset, cut)
    return (*up, Phase(math.inf, peak, low, way))


@converter("thinc.warmup_linear")
def thinc_warmup_linear(*, initial_rate: float, warmup_steps: int, total_steps: int) -> Phases:
    """A line from 0 to initial_rate at t = warmup_steps, and one to 0 at total_steps, held.

    total_steps includes the warmup; the first update has the rate 0.
    """
    peak = check_real("initial_rate", initial_rate)
    warmup = check_count("warmup_steps", warmup_steps, low=0)
    total = check_count("total_steps", total_steps, low=0)
    return ramp(warmup, 0.0, peak) + ramp(total - warmup, peak, 0.0) + hold(0.0)


@converter("thinc.cyclic_triangular")
def thinc_cyclic_triangular(*, min_lr: float, max_lr: float, period: int) -> Phases:
    """Lines from min_lr to max_lr and back, `period` updates each, for ever.

    It begins one step up the line: max_lr is at t = period - 1, and min_lr at t = 2 period - 1.
    """
    low, high = check_real("min_lr", min_lr), check_real("max_lr", max_lr)
    triangle = Triangle(2 * check_count("period", period))
    return (Phase(math.inf, low, high, Part(triangle, 1.0)),)
