"""The phases that the libraries' schedules are made of, and how they are cut and joined."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from course_lib.schedules import Phase, Schedule
from course_lib.schedules.library_shapes import Clocked, Part
from course_lib.schedules.shapes import Constant, Cosine, CosineWave, Exponential, Polynomial, Shape

Phases = tuple[Phase, ...]

# The two ways between two rates that many libraries offer, by the name most of them use.
ANNEALED: dict[str, Shape] = {"cos": Cosine(), "linear": Polynomial()}


def hold(rate: float, steps: float = math.inf) -> Phases:
    """Return `steps` updates (for ever by default) at one rate; no phase for no step."""
    return (Phase(steps, rate, rate, Constant()),) if steps > 0 else ()


def ramp(steps: int, start: float, end: float, shape: Shape | None = None) -> Phases:
    """Return `steps` updates from `start` towards `end`, in a straight line unless told.

    No phase for no step: a ramp of length zero is over before it begins.
    """
    return (Phase(steps, start, end, shape or Polynomial()),) if steps > 0 else ()


def stretch(
    steps: float, start: float, end: float, shape: Shape, offset: float, length: float
) -> Phases:
    """Return `steps` updates out of a phase of `length` from start to end, `offset` into it.

    `length` and `offset` need not be whole, and the stretch may run past the length.
    """
    if steps <= 0:
        return ()
    if offset == 0 and length == steps:
        return (Phase(steps, start, end, shape),)
    if offset == 0 and length > steps:
        return (Phase(steps, start, end, shape, length),)
    return (Phase(steps, start, end, Part(shape, float(offset), float(length))),)


def wave(start: float, end: float, half_period: float, offset: float = 0) -> Phases:
    """Return a cosine between `start` and `end` that nobody stops, `offset` steps into it."""
    shape: Shape = CosineWave(half_period)
    return (Phase(math.inf, start, end, Part(shape, float(offset)) if offset else shape),)


def exponential(start: float, gamma: float) -> Phases:
    """Return start * gamma**k for ever."""
    return (Phase(math.inf, start, 0.0, Exponential(gamma)),)


def window(phases: Sequence[Phase], begin: int, steps: float) -> Phases:
    """Return the phases that are in force in the `steps` updates from `begin` on.

    What the last phase reaches is held, as `Schedule` does, if the window goes beyond it.
    """
    pieces: list[Phase] = []
    at = 0.0
    for phase in endless(phases):
        low = max(begin - at, 0)
        high = min(begin + steps - at, phase.steps)
        if low < high:
            pieces.append(_cut(phase, low, high))
        at += phase.steps
    return tuple(pieces)


def _cut(phase: Phase, low: float, high: float) -> Phase:
    steps = high - low if high == math.inf else int(high - low)
    if isinstance(phase.shape, Constant) or (low == 0 and steps == phase.steps):
        return replace(phase, steps=steps)
    length = (phase.length or phase.steps) if phase.shape.closing else None
    if low == 0:
        return replace(phase, steps=steps, length=length)
    return Phase(steps, phase.start, phase.end, Part(phase.shape, float(low), length))


def endless(phases: Sequence[Phase]) -> Phases:
    """Return the phases with the rate that the last one reaches held for ever."""
    schedule = Schedule(tuple(phases))
    if schedule.total_steps == math.inf:
        return schedule.phases
    return (*schedule.phases, *hold(schedule(int(schedule.total_steps))))


def one_after_another(parts: Sequence[Sequence[Phase]], boundaries: Sequence[int]) -> Phases:
    """Return part i in force from boundaries[i - 1] to boundaries[i], counting steps from 0 anew.

    `boundaries` must be sorted and has one entry fewer than `parts`.
    """
    begins = [0, *(max(boundary, 0) for boundary in boundaries)]
    lengths = [after - before for before, after in itertools.pairwise(begins)]
    pieces: Phases = ()
    for part, steps in zip(parts, [*lengths, math.inf], strict=True):
        pieces += window(part, 0, steps)
    return pieces


def by_epoch(phases: Sequence[Phase], updates: int) -> Phases:
    """Return the phases with each of their steps taking `updates` updates, at one rate."""
    return tuple(_slowed(phase, updates) for phase in phases) if updates > 1 else tuple(phases)


def _slowed(phase: Phase, updates: int) -> Phase:
    if isinstance(phase.shape, Constant):
        return replace(phase, steps=phase.steps * updates, length=None)
    shape = phase.shape
    if shape.closing:
        shape = Part(shape, length=float(phase.length or phase.steps))
    return Phase(phase.steps * updates, phase.start, phase.end, Clocked(shape, updates))


def first_rate(phases: Sequence[Phase]) -> float:
    """Return the rate of the first update."""
    return float(phases[0](np.zeros(1))[0])


def until(passed: Callable[[int], bool], guess: float) -> float:
    """Return the first whole step at which `passed` is true, `guess` being off by a rounding.

    `passed` must be false before some step and true from it on; a guess of inf stays inf.
    """
    if guess == math.inf:
        return math.inf
    step = max(round(guess), 0)
    while not passed(step):
        step += 1
    while step > 0 and passed(step - 1):
        step -= 1
    return step
