"""Curves over the share of a run that is done, as fvcore has them, and their phases over updates.

`where` is that share: 0 in the first update, 1 at the end. A curve in a part of the run is asked at
a share of its own: (t - offset) / length, which need not be 0 at an update.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_lib.libraries.pieces import Phases, hold, stretch, until
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Part
from course_lib.schedules.shapes import CosineWave, Exponential, Shape
from course_lib.validation import check_count

EPSILON = 1e-6  # fvcore adds it to `where` before it compares


@dataclass(frozen=True)
class Stage:
    """The updates in which a curve is in force.

    Attributes:
        begin: its first update.
        end: update after its last; `math.inf` where it goes on for ever.
        offset: update, perhaps not whole, at which where is 0.
        length: updates, perhaps not whole, from there to where = 1.
        where: the share at an update, rounded as the library rounds it.
    """

    begin: int
    end: float
    offset: float
    length: float
    where: Callable[[int], float]

    def first(self, passed: Callable[[float], bool], share: float) -> float:
        """Return the first update here whose share has `passed`, which is about at `share`."""
        guess = self.offset + share * self.length
        step = until(lambda t: passed(self.where(t)), guess)
        return min(max(step, self.begin), self.end)


class ShareCurve:
    """A function of the share that is done."""

    def value(self, where: float) -> float:
        """Return the value at a share."""
        raise NotImplementedError

    def pieces(self, stage: Stage) -> Phases:
        """Return the phases of a stage."""
        raise NotImplementedError

    def phases(self, total_steps: int) -> Phases:
        """Return the phases of a run, and of what comes after it."""
        total = check_count("total_steps", total_steps)
        return self.pieces(Stage(0, math.inf, 0.0, float(total), lambda t: t / total))


@dataclass(frozen=True)
class SmoothCurve(ShareCurve):
    """start * s + end * (1 - s), s = shape(where).

    Attributes:
        start: value at where = 0.
        end: value at s = 0.
        shape: a closing shape, or an open one with its scale given for a length of 1.
        endless: whether it goes on past where = 1; if not, `end` is held there.
    """

    start: float
    end: float
    shape: Shape
    endless: bool = True

    def value(self, where: float) -> float:
        """Return the value at a share."""
        if where > 1.0 and not self.endless:
            return self.end
        s = float(self.shape(np.array(where), 1.0))
        return self.start * s + self.end * (1.0 - s)

    def pieces(self, stage: Stage) -> Phases:
        """Return the phases of a stage."""
        over = stage.end
        if not self.endless:
            over = min(max(math.ceil(stage.offset + stage.length), stage.begin), stage.end)
        shape, into = _over(self.shape, stage.length), stage.begin - stage.offset
        rest = hold(self.end, stage.end - over)
        if over == math.inf:
            return (Phase(math.inf, self.start, self.end, Part(shape, into, stage.length)),)
        part = stretch(over - stage.begin, self.start, self.end, shape, into, stage.length)
        return part + rest


def _over(shape: Shape, length: float) -> Shape:
    """Return a shape that takes `length` where the one given has its scale for a length of 1."""
    if isinstance(shape, CosineWave):
        return CosineWave(shape.half_period * length)
    if isinstance(shape, Exponential):
        return Exponential(shape.gamma ** (1.0 / length))
    return shape


@dataclass(frozen=True)
class StepCurve(ShareCurve):
    """values[index(where)]; the last one is held, also where the library raises.

    Attributes:
        values: the values.
        index: gives the number of the value from the share; it does not fall.
    """

    values: tuple[float, ...]
    index: Callable[[float], int]

    def value(self, where: float) -> float:
        """Return the value at a share."""
        number = self.index(where)
        if number >= len(self.values):
            raise ValueError(
                f"where must be < 1 for a scheduler of {len(self.values)} constant values, got "
                f"{where:g} (at the end of a warmup): the library raises there"
            )
        return self.values[number]

    def pieces(self, stage: Stage) -> Phases:
        """Return the phases of a stage."""
        begin: float = stage.begin
        phases: Phases = ()
        for number, value in enumerate(self.values[:-1]):
            end = self._end(stage, number)
            phases += hold(value, end - begin)
            begin = end
        return phases + hold(self.values[-1], stage.end - begin)

    def _end(self, stage: Stage, number: int) -> float:
        """Return the update at which value `number` is over, found by halving the run."""
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2.0
            low, high = (low, middle) if self.index(middle) > number else (middle, high)
        return stage.first(lambda where: self.index(where) > number, high)


@dataclass(frozen=True)
class CompositeCurve(ShareCurve):
    """Curves one after another, each over its share of the run.

    Attributes:
        curves: the curves.
        shares: share of the run that each takes; together 1.
        rescaled: true for one that runs its whole course there; false for one asked at
            `where` itself.
    """

    curves: tuple[ShareCurve, ...]
    shares: tuple[float, ...]
    rescaled: tuple[bool, ...]

    def value(self, where: float) -> float:
        """Return the value at a share."""
        number, total = 0, self.shares[0]
        while where + EPSILON > total and number < len(self.curves) - 1:
            number += 1
            total += self.shares[number]
        if self.rescaled[number]:
            where = (where - (total - self.shares[number])) / self.shares[number]
        return self.curves[number].value(where)

    def pieces(self, stage: Stage) -> Phases:
        """Return the phases of a stage."""
        phases: Phases = ()
        begin, total = stage.begin, 0.0
        for number, (curve, share) in enumerate(zip(self.curves, self.shares, strict=True)):
            total = total + share if number else share
            end = stage.end
            if number < len(self.curves) - 1:
                end = int(max(stage.first(_beyond(total), total), begin))
            if begin < end and share == 0.0 and self.rescaled[number]:
                phases += _held(phases, end - begin)  # the library divides by zero here
            elif begin < end:
                phases += curve.pieces(self._part(stage, number, begin, end, total - share))
            begin = end
        return phases

    def _part(self, stage: Stage, number: int, begin: int, end: float, start: float) -> Stage:
        share = self.shares[number]
        if not self.rescaled[number]:
            return Stage(begin, end, stage.offset, stage.length, stage.where)
        return Stage(
            begin,
            end,
            stage.offset + start * stage.length,
            share * stage.length,
            lambda t: (stage.where(t) - start) / share,
        )


def _beyond(total: float) -> Callable[[float], bool]:
    return lambda where: where + EPSILON > total


def _held(phases: Phases, steps: float) -> Phases:
    """Return the last rate of some phases, held."""
    if not phases:
        raise ValueError("lengths must be > 0 for a rescaled scheduler: the library divides by it")
    last = phases[-1]
    return hold(float(last(np.array([last.steps - 1.0]))[0]), steps)
