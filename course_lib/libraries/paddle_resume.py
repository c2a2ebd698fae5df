"""The rates of a scheduler of paddle that is built with `last_epoch`, to go on at a later step.

Closed forms go on as they should. Recursions start from the base rate, which they did not have at
that step, and come out wrong; so they do here.
"""

from __future__ import annotations

import math

from course_lib.libraries.pieces import Phases, hold, ramp, stretch, wave, window
from course_lib.schedules import Phase
from course_lib.schedules.shapes import Cosine, Restarts
from course_lib.validation import check_count


def resumed(phases: Phases, last_epoch: int) -> Phases:
    """Return the phases from step last_epoch + 1 on: all of them for paddle's default, -1."""
    if check_count("last_epoch", last_epoch, low=-1) == -1:
        return phases
    return window(phases, last_epoch + 1, math.inf)


def linear_from(base: float, start: float, end: float, steps: int, last: int) -> Phases:
    """Return LinearLR from step last + 1 on: the line, as if its rate at step `last` were base."""
    if last >= steps:
        return hold(base)
    found = start + (end - start) * last / steps
    line = ramp(steps, base * start / found, base * end / found)
    return window(line, last + 1, math.inf)


def cosine_from(base: float, floor: float, half: int, last: int) -> Phases:
    """Return CosineAnnealingDecay from step last + 1 on.

    Up to the next odd multiple of `half` the height is wrong by a factor; there it is 0, and what
    follows is right. A run that goes on from such a multiple adds to base instead, and what it has
    then is multiplied by up to 2 / (1 - cos(pi / half)).
    """

    def height(t: int) -> float:
        return 1 + math.cos(math.pi * t / half)

    first = last + 1
    zero = half + 2 * half * max(0, -(-(first - half) // (2 * half)))
    if first == zero:
        wrong = hold(floor, 1)
    else:
        above = (
            (base - floor) * height(first) / height(last)
            if (last - half) % (2 * half)
            else (base - floor + (base - floor) * (1 - math.cos(math.pi / half)) / 2)
        )
        top = floor + 2 * above / height(first)
        wrong = window(wave(top, floor, half, first), 0, zero + 1 - first)
    return wrong + wave(base, floor, half, zero + 1)


def warm_restarts_from(base: float, floor: float, period: int, mult: int, last: int) -> Phases:
    """Return CosineAnnealingWarmRestarts from step last + 1 on.

    Every step takes at most one cycle off the place in the run, so that a later cycle is found
    only after as many updates.
    """
    place, length = last, period
    phases: Phases = ()
    while True:
        place += 1
        if place >= length:
            place -= length
            length *= mult
        if place < length:
            break
        rate = floor + (base - floor) * (1 + math.cos(math.pi * place / length)) / 2
        if length == mult == 1:  # a step forward, a cycle back: the place stays
            return hold(rate)
        phases += hold(rate, 1)
    rest = (Phase(math.inf, base, floor, Restarts(length * mult, mult)),)
    return phases + stretch(length - place, base, floor, Cosine(), place, length) + rest
