"""Converts torch's SequentialLR and ChainedScheduler with the schedulers that they hold."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from course_lib.libraries.from_torch import COSINE
from course_lib.libraries.pieces import (
    Phases,
    endless,
    hold,
    one_after_another,
    wave,
    window,
)
from course_lib.libraries.registry import (
    check_choice,
    check_pairs,
    check_steps,
    convert,
    converter,
)
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.library_shapes import Part, Product
from course_lib.schedules.shapes import Constant
from course_lib.validation import check_real

# A chain with a cosine has no formula while its other members move: those steps are computed one
# by one, and this many are enough for any warmup.
_MOST_CHAINED_STEPS = 10_000

# Schedulers that only ever multiply the rate they find: f(t) / f(t - 1) at every step.
_FACTORS = ("ConstantLR", "LinearLR", "StepLR", "MultiStepLR", "ExponentialLR", "PolynomialLR")
FACTOR_ONLY = tuple(f"torch.{name}" for name in _FACTORS)


@converter("torch.SequentialLR")
def sequential_lr(*, base_lr: float, schedulers: Any, milestones: Sequence[int]) -> Phases:
    """Scheduler i from milestones[i - 1] to milestones[i], each counting from 0 at its turn.

    `schedulers` is a list of (name, arguments) pairs without base_lr, in the order in which they
    are constructed: CyclicLR and OneCycleLR overwrite the rate that the others start from, as they
    do in torch. The last one runs on; what it does past its end, this does.
    """
    base = check_real("base_lr", base_lr)
    pairs = check_pairs("schedulers", schedulers)
    marks = check_steps("milestones", milestones)
    if len(marks) != len(pairs) - 1:
        raise ValueError(
            "milestones must have one entry fewer than schedulers, "
            f"got {len(marks)} and {len(pairs)}"
        )
    bases, first = _base_rates(base, pairs)
    parts = [_sequential_part(*pairs[0], bases[0], first)]
    for (name, arguments), own in zip(pairs[1:], bases[1:], strict=True):
        _refuse_zero_length(name, arguments)
        if name == "torch.ConstantLR" and arguments.get("total_iters") == 0:
            # Entered by its closed form, where the factor ends at once, not by the recursion.
            parts.append(hold(own))
        else:
            parts.append(convert(name, _with_base(name, arguments, own)))
    return one_after_another(parts, marks)


def _base_rates(
    base_lr: float, pairs: list[tuple[str, dict[str, Any]]]
) -> tuple[list[float], float]:
    """Return the `initial_lr` that each scheduler finds when constructed, and the last one left."""
    initial: float | None = None
    found = []
    for name, arguments in pairs:
        if name == "torch.OneCycleLR":
            initial = convert(name, arguments)[0].start
        elif initial is None:
            initial = arguments.get("base_lr", base_lr) if name == "torch.CyclicLR" else base_lr
        found.append(initial)
    return found, found[-1]


def _sequential_part(name: str, arguments: dict[str, Any], own: float, first: float) -> Phases:
    """Return the first scheduler's phases: its recursion starts from the rate that was left."""
    if name in FACTOR_ONLY:
        return convert(name, _with_base(name, arguments, first))
    if name == COSINE and own != first:
        raise ValueError(
            "schedulers: CosineAnnealingLR first and OneCycleLR after it is not supported: its "
            "recursion starts from one rate and goes on from another"
        )
    return convert(name, _with_base(name, arguments, own))


def _with_base(name: str, arguments: dict[str, Any], base_lr: float) -> dict[str, Any]:
    if name in ("torch.SequentialLR", "torch.ChainedScheduler", "torch.SWALR"):
        raise ValueError(f"schedulers must not hold {name}: nested schedulers are not supported")
    if not name.startswith("torch."):
        raise ValueError(f"schedulers must be torch's, got {name!r}")
    return arguments if name == "torch.CyclicLR" else {"base_lr": base_lr, **arguments}


def _refuse_zero_length(name: str, arguments: dict[str, Any]) -> None:
    if name in ("torch.LinearLR", "torch.PolynomialLR") and arguments.get("total_iters") == 0:
        raise ValueError(
            f"total_iters must be >= 1 for {name} after a milestone, got 0: torch divides by it"
        )


@converter("torch.ChainedScheduler")
def chained_scheduler(*, base_lr: float, schedulers: Any) -> Phases:
    """All schedulers step at once, each changing the rate that it finds.

    Schedulers that only multiply (ConstantLR, LinearLR, StepLR, MultiStepLR, ExponentialLR,
    PolynomialLR) give the product of their factors. One CosineAnnealingLR among them does not
    commute with the factors when eta_min > 0: its steps are computed one by one, a phase each,
    until the factors have come to rest; from there it is a cosine again, and past T_max the same
    as alone, since torch then adds to the rate.

    Raises:
        ValueError: any other scheduler, or a cosine beside a factor that never comes to rest:
            there is no closed form.
    """
    base = check_real("base_lr", base_lr)
    pairs = check_pairs("schedulers", schedulers)
    cosines = [number for number, (name, _) in enumerate(pairs) if name == COSINE]
    allowed = [*FACTOR_ONLY, COSINE]
    for name, _ in pairs:
        check_choice("schedulers", name, allowed)
    if len(cosines) > 1:
        raise ValueError("schedulers must hold at most one CosineAnnealingLR: two have no formula")
    factors = [convert(name, {"base_lr": 1.0, **args}) for name, args in pairs if name != COSINE]
    if not cosines:
        return _product(base, factors)
    cut = cosines[0]
    cosine = Schedule(convert(COSINE, {"base_lr": base, **pairs[cut][1]}))
    return _chained_cosine(cosine, factors[:cut], factors[cut:])


def _product(base: float, factors: list[Phases]) -> Phases:
    """Return base times the product of the factors, cut where any of them has a boundary."""
    runs = [endless(phases) for phases in factors]
    edges = {0, math.inf}
    for run in runs:
        at = 0
        for phase in run[:-1]:
            at += phase.steps
            edges.add(at)
    marks = sorted(edges)
    pieces: Phases = ()
    for begin, end in itertools.pairwise(marks):
        pieces += _multiplied(base, [window(run, begin, end - begin)[0] for run in runs])
    return pieces


def _multiplied(base: float, phases: list[Phase]) -> Phases:
    """Return one phase: base times the product of phases of the same length."""
    rate = base
    moving = []
    for phase in phases:
        if isinstance(phase.shape, Constant):
            rate *= phase.start
        else:
            moving.append(phase)
    steps = phases[0].steps
    if not moving:
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


def _chained_cosine(cosine: Schedule, before: list[Phases], after: list[Phases]) -> Phases:
    """Return a cosine whose rate is multiplied by factors before and after its own step."""
    wave_phase = cosine.phases[0]
    floor, half = wave_phase.end, int(wave_phase.shape.half_period)
    schedules = [Schedule(endless(phases)) for phases in (*before, *after)]
    rest = [sum(phase.steps for phase in schedule.phases[:-1]) for schedule in schedules]
    resting = all(isinstance(schedule.phases[-1].shape, Constant) for schedule in schedules)
    settled = int(max(rest, default=0))
    if not resting or settled > min(half, _MOST_CHAINED_STEPS):
        raise ValueError(
            "schedulers: beside CosineAnnealingLR every other one must come to rest within T_max "
            f"= {half} updates (and {_MOST_CHAINED_STEPS}); there is no closed form otherwise"
        )
    ahead, behind = schedules[: len(before)], schedules[len(before) :]
    rate = wave_phase.start
    for schedule in schedules:
        rate *= schedule(0)
    phases: Phases = ()
    for t in range(1, settled + 1):
        phases += hold(rate, 1)
        found = rate * math.prod(schedule(t) / schedule(t - 1) for schedule in ahead)
        share = (1 + math.cos(math.pi * t / half)) / (1 + math.cos(math.pi * (t - 1) / half))
        rate = floor + (found - floor) * share
        rate *= math.prod(schedule(t) / schedule(t - 1) for schedule in behind)
    top = floor + (rate - floor) / _share(settled, half) if settled < half else floor
    phases += window(wave(top, floor, half), settled, half - settled)
    return phases + wave(wave_phase.start, floor, half, offset=half)


def _share(t: int, half: int) -> float:
    """Return (1 + cos(pi t / half)) / 2."""
    return 0.5 * (1 + math.cos(math.pi * t / half))
