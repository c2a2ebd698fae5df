"""The phases of a stretch over which the same schedulers of torch step together.

A stretch begins in a known state: the rate in force and each scheduler's counters. Most have a
formula from there, the phases of the scheduler alone, cut and scaled. The others are `Replay`s.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

from course_lib.libraries.pieces import (
    ANNEALED,
    Phases,
    endless,
    exponential,
    hold,
    ramp,
    wave,
    window,
)
from course_lib.libraries.registry import convert
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.library_shapes import Part, Product
from course_lib.schedules.recursion import GroupValues, Leaf, replay, swa_share
from course_lib.schedules.shapes import Constant

# They multiply the rate that they find, by the quotient of two values of a formula.
_FACTORS = (
    *("StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "MultiplicativeLR"),
    "PolynomialLR",
)
# They give a rate whatever rate they find.
_SETTERS = ("LambdaLR", "CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR")


def stretch_of(leaves: list[Leaf], group: GroupValues, steps: float) -> Phases:
    """Return phases for the `steps` updates from the one in force on, or for fewer of them.

    Args:
        leaves: the schedulers that step after each of these updates, in their order.
        group: the values of the parameter group before the first of those steps.
        steps: number of updates, >= 1, or inf.
    """
    if steps == 1:
        return hold(group.lr, 1)
    moving = _after_last_setter([leaf for leaf in leaves if _settles_in(leaf) > 0])
    if not moving:
        return hold(group.lr, steps)
    if len(moving) == 1:
        return _alone(moving[0], group, steps)
    if all(leaf.kind in _FACTORS for leaf in moving):
        return _product(moving, group.lr, steps)
    until = min(min(_settles_in(leaf) for leaf in moving) + 1, steps)
    return (Phase(until, 1.0, 0.0, replay(moving, group)),)


def _after_last_setter(leaves: list[Leaf]) -> list[Leaf]:
    last = max((i for i, leaf in enumerate(leaves) if leaf.kind in _SETTERS), default=0)
    return leaves[last:]


def _settles_in(leaf: Leaf) -> float:
    """Return the number of steps after which a scheduler lets every rate be; inf for never."""
    if leaf.kind in ("ConstantLR", "LinearLR", "PolynomialLR"):
        return max(leaf.given["total_iters"] - leaf.epoch, 0)
    if leaf.kind == "MultiStepLR":
        return max(max(leaf.given["milestones"], default=0) - leaf.epoch, 0)
    return math.inf


def _alone(leaf: Leaf, group: GroupValues, steps: float) -> Phases:
    if leaf.kind in ("ExponentialLR", "MultiplicativeLR"):
        gamma = leaf.given["gamma" if leaf.kind == "ExponentialLR" else "lr_lambda"]
        return window(exponential(group.lr, gamma), 0, steps)
    if leaf.kind in _FACTORS:
        return _product([leaf], group.lr, steps)
    if leaf.kind in _SETTERS:
        return _set(leaf, group, steps)
    return (_cosine if leaf.kind == "CosineAnnealingLR" else _swa)(leaf, group, steps)


def _set(leaf: Leaf, group: GroupValues, steps: float) -> Phases:
    """Return the scheduler's own curve, after one update at the rate in force if that differs."""
    begin = leaf.epoch
    given = {"base_lr": leaf.base, **leaf.given}
    if leaf.kind == "CosineAnnealingWarmRestarts":
        begin = leaf.current
    if leaf.kind == "OneCycleLR":
        curve = one_cycle_curve(leaf, group)
        steps = min(steps, leaf.given["total_steps"] + 1 - begin)
    else:
        curve = convert(f"torch.{leaf.kind}", given)
    return _joined(curve, begin, group.lr, steps)


def one_cycle_curve(leaf: Leaf, group: GroupValues) -> Phases:
    """Return OneCycleLR's phases between the rates that the group has, the last one's."""
    from course_lib.libraries.from_torch import one_cycle_phases

    keys = ("total_steps", "pct_start", "anneal_strategy", "three_phase")
    rates = (float(group.initial_lr or 0.0), group.max_lr, group.min_lr)
    return one_cycle_phases(*rates, *(leaf.given[key] for key in keys))


def _joined(curve: Phases, begin: int, rate: float, steps: float) -> Phases:
    if _same(Schedule(curve)(begin), rate, rate):
        return window(curve, begin, steps)
    return hold(rate, 1) + window(curve, begin + 1, steps - 1)


def _same(a: float, b: float, scale: float) -> bool:
    """Whether two rates differ by roundings alone."""
    return abs(a - b) <= 1e-14 * abs(scale)


def _product(leaves: list[Leaf], rate: float, steps: float) -> Phases:
    """Return the product of the schedulers' factors, scaled so that it begins at `rate`."""
    if rate == 0.0:
        return hold(0.0, steps)
    factors = [convert(f"torch.{leaf.kind}", {"base_lr": 1.0, **leaf.given}) for leaf in leaves]
    now = math.prod(
        Schedule(phases)(leaf.epoch) for phases, leaf in zip(factors, leaves, strict=True)
    )
    base = leaves[0].base
    if not _same(base * now, rate, rate):
        base = rate / now
    runs = [
        endless(window(phases, leaf.epoch, math.inf))
        for phases, leaf in zip(factors, leaves, strict=True)
    ]
    return window(_multiplied_runs(base, runs), 0, steps)


def _multiplied_runs(base: float, runs: list[Phases]) -> Phases:
    """Return base times the product of endless runs, cut where any of them has a boundary."""
    if len(runs) == 1:
        return tuple(replace(p, start=base * p.start, end=base * p.end) for p in runs[0])
    edges = {0.0, math.inf}
    for run in runs:
        edges.update(itertools.accumulate(phase.steps for phase in run[:-1]))
    pieces: Phases = ()
    for begin, end in itertools.pairwise(sorted(edges)):
        pieces += _multiplied(base, [window(run, int(begin), end - begin)[0] for run in runs])
    return pieces


def _multiplied(base: float, phases: list[Phase]) -> Phases:
    """Return one phase: base times the product of phases of the same length."""
    rate = base
    moving = []
    for phase in phases:
        if isinstance(phase.shape, Constant) or phase.start == 0.0:
            rate *= phase.start
        else:
            moving.append(phase)
    steps = phases[0].steps
    if not moving or rate == 0.0:
        return hold(rate, steps)
    if len(moving) == 1:
        only = moving[0]
        return (Phase(steps, rate * only.start, rate * only.end, only.shape, only.length),)
    parts = []
    for phase in moving:
        length = (phase.length or phase.steps) if phase.shape.closing else None
        parts.append(Part(phase.shape, 0.0, length, low=phase.end / phase.start))
        rate *= phase.start
    return (Phase(steps, rate, 0.0, Product(tuple(parts))),)


def _cosine(leaf: Leaf, group: GroupValues, steps: float) -> Phases:
    """Return a wave of the height that the rate in force gives, up to the next minimum.

    After it torch adds to the rate that it finds there, so the height is another one, unless the
    wave has the height that it has alone: then it goes on for ever.
    """
    half, floor, t = leaf.given["T_max"], leaf.given["eta_min"], leaf.epoch
    share = 0.5 * (1 + math.cos(math.pi * t / half))
    alone = leaf.base - floor
    largest = max(abs(leaf.base), abs(floor), abs(group.lr))
    if _same(floor + alone * share, group.lr, largest):
        return window(wave(leaf.base, floor, half, offset=t), 0, steps)
    left = (half - t) % (2 * half)
    if left == 0:
        return hold(group.lr, 1)
    height = (group.lr - floor) / share
    return window(wave(floor + height, floor, half, offset=t), 0, min(left + 1, steps))


def _swa(leaf: Leaf, group: GroupValues, steps: float) -> Phases:
    end, done, anneal = group.swa_lr, leaf.count - 1, leaf.given["anneal_epochs"]
    gone = swa_share(leaf.given, done)
    if gone == 1 or anneal == 0:
        return _joined(hold(end), 0, group.lr, steps)
    start = (group.lr - gone * end) / (1 - gone)
    if _same(end * gone + leaf.base * (1 - gone), group.lr, max(end, leaf.base)):
        start = leaf.base
    curve = ramp(anneal, start, end, ANNEALED[leaf.given["anneal_strategy"]])
    return window(curve, done, steps)
