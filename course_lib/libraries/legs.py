"""Schedulers that each change the rate they find, put on one timeline: curves where one is at work.

A scheduler counts ticks, every update or every epoch, from its begin on. It is a list of legs: in a
leg it does one thing to the rate, which may be carried out tick by tick (where several are at work
at once, since they act on each other's rates), or written as phases (where it is alone).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from course_lib.libraries.pieces import Phases, hold, window
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.library_shapes import Part, Staircase
from course_lib.schedules.shapes import Constant, CosineWave, Drops, Exponential, Shape

# Where several schedulers are at work, the rate is computed update by update, this many at most.
_MOST_STEPS = 10_000


@dataclass(frozen=True)
class Leg:
    """Ticks first <= k < stop of a scheduler.

    Attributes:
        first: tick at which it begins.
        stop: tick after its last; `math.inf` where it never ends.
        change: gives the rate after tick k from k and the rate found.
        curve: gives phases, in ticks, from k and the rate after tick k; the rate is there first.
            None where there is no formula.
    """

    first: int
    stop: float
    change: Callable[[int, float], float]
    curve: Callable[[int, float], Phases | None]


def point(tick: int, change: Callable[[float], float]) -> Leg:
    """Return a leg of one tick."""
    return Leg(tick, tick + 1, lambda k, rate: change(rate), lambda k, rate: hold(rate))


@dataclass(frozen=True)
class Scheduler:
    """The legs of one scheduler and its clock.

    Attributes:
        legs: legs in order; between them the scheduler leaves the rate alone.
        begin: its tick 0, counted in units of `every` updates.
        every: updates from one tick to the next.
        by_epoch: whether it acts after those that count updates.
    """

    legs: Sequence[Leg]
    begin: int
    every: int = 1
    by_epoch: bool = False

    def at_work(self, update: int) -> Leg | None:
        """Return the leg that update t is in; one of a single tick is over after one update."""
        tick, since = divmod(update, self.every)
        tick -= self.begin
        leg = next((leg for leg in self.legs if leg.first <= tick < leg.stop), None)
        return None if leg is not None and since and leg.stop == leg.first + 1 else leg

    def boundaries(self) -> set[float]:
        """Return the updates at which a leg begins or is over."""
        ends = {end for leg in self.legs for end in (leg.first, leg.stop)}
        marks = {(self.begin + end) * self.every for end in ends}
        single = {leg.first for leg in self.legs if leg.stop == leg.first + 1}
        return marks | {(self.begin + tick) * self.every + 1 for tick in single}


def timeline(base_lr: float, schedulers: Sequence[Scheduler]) -> Phases:
    """Return the phases of an optimizer's rate that several schedulers change.

    At t = 0 they act in their order; later those that count updates act before those that count
    epochs.

    Args:
        base_lr: the optimizer's rate before.
        schedulers: the schedulers, in order.

    Raises:
        ValueError: for more than 10,000 updates two are at work at once, or one without a formula.
    """
    ordered = sorted(schedulers, key=lambda scheduler: scheduler.by_epoch)
    marks = sorted({0, math.inf}.union(*(one.boundaries() for one in schedulers)))
    rate = base_lr
    phases: Phases = ()
    for begin, end in pairwise(marks):
        order = schedulers if begin == 0 else ordered
        working = [(one, leg) for one in order if (leg := one.at_work(int(begin)))]
        piece: Phases | None = None
        if not working:
            piece = hold(rate, end - begin)
        elif len(working) == 1:
            piece = _alone(*working[0], rate, int(begin), end - begin)
        if piece is None:
            piece = _step_by_step(schedulers, ordered, rate, int(begin), end)
        if end < math.inf:
            rate = float(Schedule(piece)(int(end - begin) - 1))
        phases += piece
    return phases


def _alone(scheduler: Scheduler, leg: Leg, rate: float, begin: int, steps: float) -> Phases | None:
    tick, since = divmod(begin, scheduler.every)
    waiting = min(scheduler.every - since, steps) if since else 0
    if waiting == steps:
        return hold(rate, steps)
    tick += (since > 0) - scheduler.begin
    phases = leg.curve(tick, leg.change(tick, rate))
    if phases is None:
        return None
    if scheduler.every > 1:
        phases = tuple(_slower(phase, scheduler.every) for phase in phases)
    return hold(rate, waiting) + window(phases, 0, steps - waiting)


def _slower(phase: Phase, every: int) -> Phase:
    """Return a phase whose steps are `every` updates each."""
    steps = phase.steps * every
    if isinstance(phase.shape, Constant):
        return replace(phase, steps=steps)
    length = (phase.length or phase.steps) if phase.shape.closing else None
    shape = _slower_shape(phase.shape, every, length)
    return Phase(steps, phase.start, phase.end, Staircase(shape, every))


def _slower_shape(shape: Shape, every: int, length: float | None) -> Shape:
    """Return an open shape that is after k * every steps where `shape` is after k."""
    if isinstance(shape, Part):
        length = None if shape.length is None else shape.length * every
        inner = shape.shape if shape.shape.closing else _slower_shape(shape.shape, every, None)
        return Part(inner, shape.offset * every, length, shape.low)
    if length is not None:
        return Part(shape, 0.0, length * every)
    if isinstance(shape, Exponential):
        return Drops(shape.gamma, every)
    if isinstance(shape, Drops):
        return Drops(shape.drop, shape.every * every)
    if isinstance(shape, CosineWave):
        return CosineWave(shape.half_period * every)
    raise TypeError(f"shape must have a slower one, got {shape!r}")


def _step_by_step(
    first: Sequence[Scheduler],
    later: Sequence[Scheduler],
    rate: float,
    begin: int,
    end: float,
) -> Phases:
    """Return an update a phase; the schedulers act in the order `later`, at t = 0 in `first`."""
    if end - begin > _MOST_STEPS:
        raise ValueError(
            f"at most {_MOST_STEPS} updates may have two schedulers at work (or a cosine past its "
            f"T_max whose rate was changed), got {end - begin} from t = {begin} on: each acts on "
            "the other's rate, and there is no formula"
        )
    rates = []
    for update in range(begin, int(end)):
        for one in first if update == 0 else later:
            leg = one.at_work(update)
            if leg is not None and update % one.every == 0:
                rate = leg.change(update // one.every - one.begin, rate)
        rates.append(rate)
    return tuple(Phase(1, rate, rate, Constant()) for rate in rates)
