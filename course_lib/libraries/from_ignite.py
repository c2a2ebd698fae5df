"""Converts ignite's parameter schedulers."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

from course_lib.libraries.from_torch import COSINE
from course_lib.libraries.from_torch_composite import constructed_rate, stepped_anew
from course_lib.libraries.pieces import (
    Phases,
    hold,
    ramp,
    wave,
    window,
)
from course_lib.libraries.registry import (
    check_pairs,
    check_steps,
    check_whole,
    convert,
    converter,
)
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.shapes import (
    Cosine,
    Restarts,
    Triangle,
)
from course_lib.validation import check_count, check_real

# ignite: parameter schedulers attached to ITERATION_STARTED; the event index is our step.


@converter("ignite.LinearCyclicalScheduler")
def linear_cyclical(
    *,
    start_value: float,
    end_value: float,
    cycle_size: int,
    cycle_mult: float = 1.0,
    start_value_mult: float = 1.0,
    end_value_mult: float = 1.0,
    warmup_duration: int = 0,
    monotonic: bool = False,
) -> Phases:
    """A line from start to end at cycle_size / 2 and back, for ever; monotonic: to end, and a jump.

    Only cycles that repeat unchanged (all mults 1, no warmup_duration) are converted.
    """
    _plain_cycles(cycle_mult, start_value_mult, end_value_mult, warmup_duration)
    start, end = check_real("start_value", start_value), check_real("end_value", end_value)
    size = check_count("cycle_size", cycle_size, low=2)
    if monotonic:
        raise ValueError("monotonic must be False, got True: the course has no sawtooth shape")
    return (Phase(math.inf, start, end, Triangle(size)),)


def _plain_cycles(mult: float, start_mult: float, end_mult: float, warmup: int) -> None:
    given = {"cycle_mult": mult, "start_value_mult": start_mult, "end_value_mult": end_mult}
    for name, value in given.items():
        if check_real(name, value) != 1.0:
            raise ValueError(f"{name} must be 1 here, got {value!r}")
    if check_count("warmup_duration", warmup, low=0):
        raise ValueError(f"warmup_duration must be 0 here, got {warmup!r}")


@converter("ignite.CosineAnnealingScheduler")
def ignite_cosine(
    *,
    start_value: float,
    end_value: float,
    cycle_size: int,
    cycle_mult: float = 1.0,
    start_value_mult: float = 1.0,
    end_value_mult: float = 1.0,
    warmup_duration: int = 0,
) -> Phases:
    """Half-cosines of length cycle_size * cycle_mult**i from start to end, for ever.

    It is cyclic: the end value is never reached, the next cycle begins instead. start_value is
    multiplied by start_value_mult each cycle; lengths are rounded down, so only whole cycle_mult
    are converted, and start_value_mult other than 1 only where the cycles grow.
    """
    _plain_cycles(1.0, 1.0, end_value_mult, warmup_duration)
    start, end = check_real("start_value", start_value), check_real("end_value", end_value)
    size = check_count("cycle_size", cycle_size, low=2)
    mult = check_whole("cycle_mult", cycle_mult)
    if check_real("start_value_mult", start_value_mult) == 1.0:
        return (Phase(math.inf, start, end, Restarts(size, mult)),)
    if mult == 1:
        raise ValueError(f"start_value_mult must be 1 where cycle_mult is, got {start_value_mult}")
    phases: Phases = ()
    for cycle in range(64):  # 2**64 cycles' worth of updates: more than anyone counts
        phases += ramp(size * mult**cycle, start * start_value_mult**cycle, end, Cosine())
    return phases


@converter("ignite.PiecewiseLinear")
def piecewise_linear(*, milestones_values: Sequence[tuple[int, float]]) -> Phases:
    """Lines through the points (step, rate); the first and the last rate are held outside."""
    if not isinstance(milestones_values, list | tuple) or not milestones_values:
        raise TypeError(f"milestones_values must be a list of pairs, got {milestones_values!r}")
    steps = check_steps("milestones_values' step", [step for step, _ in milestones_values])
    rates = [check_real("milestones_values' rate", rate) for _, rate in milestones_values]
    phases = hold(rates[0], steps[0])
    points = list(zip(steps, rates, strict=True))
    for (begin, before), (end, after) in itertools.pairwise(points):
        phases += ramp(end - begin, before, after)
    return phases + hold(rates[-1])


@converter("ignite.create_lr_scheduler_with_warmup")
def create_lr_scheduler_with_warmup(
    *,
    lr_scheduler: tuple[str, dict[str, Any]],
    warmup_start_value: float,
    warmup_duration: int,
    warmup_end_value: float,
) -> Phases:
    """A line to warmup_end_value at t = warmup_duration - 1, where the scheduler takes over.

    `lr_scheduler` is a (name, arguments) pair, torch's or ignite's; its step 0 is at t =
    warmup_duration - 1 where it begins at warmup_end_value, and one update later otherwise.
    """
    [(name, arguments)] = check_pairs("lr_scheduler", [lr_scheduler])
    inner = convert(name, arguments)
    if name == "torch.SWALR":
        inner = _never_counted(inner)
    steps = check_count("warmup_duration", warmup_duration, low=2)
    top = check_real("warmup_end_value", warmup_end_value)
    up = ramp(steps - 1, check_real("warmup_start_value", warmup_start_value), top)
    torch = name.startswith("torch.")
    first = constructed_rate(name, arguments) if torch else Schedule(inner)(0)
    return up + (inner if first == top else hold(top, 1) + inner)


@converter("ignite.LRScheduler")
def ignite_lr_scheduler(*, lr_scheduler: tuple[str, dict[str, Any]]) -> Phases:
    """The torch scheduler inside, a (name, arguments) pair, with another first rate.

    ignite 0.5.5 calls `get_lr()` at step 0 once more, after torch's constructor has. So with torch
    2.13 a scheduler that multiplies the rate that it finds does so twice at t = 0, and its curve is
    too low (ExponentialLR, LinearLR, ConstantLR, PolynomialLR, MultiStepLR with a milestone at 0).
    CosineAnnealingLR begins above base_lr, by (base_lr - eta_min) * (2 / (1 + cos(pi / T_max)) -
    1), and is right from t = 1 on; CosineAnnealingWarmRestarts is one update ahead throughout;
    SWALR never moves. A SequentialLR or ChainedScheduler raises there.
    """
    [(name, arguments)] = check_pairs("lr_scheduler", [lr_scheduler])
    phases = convert(name, arguments)
    if name == "torch.SWALR":
        return _never_counted(phases)
    if name == "torch.CosineAnnealingWarmRestarts":
        return window(phases, 1, math.inf)
    again = stepped_anew(name, arguments)
    if name != COSINE:
        return again
    base, floor, half = phases[0].start, phases[0].end, phases[0].shape.half_period
    return hold(Schedule(again)(0), 1) + wave(base, floor, half, offset=1)


def _never_counted(swa: Phases) -> Phases:
    """Return the first rate of SWALR for ever: it counts calls of step(), and ignite makes none."""
    return hold(Schedule(swa)(0))
