"""A schedule as one of timm's schedulers, where one is exact; its warmup comes before all else."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import Any

from course_lib.libraries.to_common import (
    CannotExpress,
    WarmedUp,
    common_drop,
    ends_itself,
    set_rate,
    short_factor,
    split_warmup,
)
from course_lib.schedules import Phase, Schedule
from course_lib.schedules import shapes as sh

_HEADER = """\
# Needs `optimizer`. Call scheduler.step_update(num_updates) after each optimizer.step(), with the
# updates done so far: the counts are updates, not epochs. Every parameter group gets this rate.
"""
_ELSEWHERE = 'to_library(schedule, "torch") can: call its step() in place of step_update()'
_WSD_DECAYS = {sh.Polynomial(): "linear", sh.Cosine(): "cosine", sh.OneMinusSqrt(): "1-sqrt"}


def timm_code(schedule: Schedule) -> str:
    """Return code that defines `scheduler`, exact on the run and past it.

    Raises:
        CannotExpress: no scheduler of timm gives these rates.
    """
    parts = split_warmup(schedule)
    name, arguments = _call(parts)
    if parts.warmup:
        arguments |= {"warmup_t": parts.warmup, "warmup_lr_init": float(parts.start)}
        if name != "WSDLRScheduler":  # which has no other way
            arguments["warmup_prefix"] = True
    arguments["t_in_epochs"] = False
    lines = "".join(f"    {key}={_source(value)},\n" for key, value in arguments.items())
    return (
        f"from timm.scheduler import {name}\n\n{_HEADER}{set_rate(parts.peak)}"
        f"scheduler = {name}(\n    optimizer,\n{lines})\n"
    )


def _source(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _call(parts: WarmedUp) -> tuple[str, dict[str, Any]]:
    """Return the class and its arguments for the phases after the warmup."""
    *_, last = parts.rest
    if min(min(phase.start, phase.end) for phase in parts.rest) < 0.0:
        raise CannotExpress("timm", f"a rate is negative; {_ELSEWHERE}")
    found = _drops(parts.rest)
    if found is None and not ends_itself(last):
        raise CannotExpress("timm", f"it stops before its shape ends; {_ELSEWHERE}")
    found = found or _cycles(parts.rest) or _wsd(parts.rest)
    if found:
        return found
    if isinstance(last.shape, sh.Restarts):
        raise CannotExpress(
            "timm",
            "its cycles go on for ever and timm counts them (cycle_limit): join() as many cosines "
            "as the run has cycles",
        )
    shapes = ", ".join(repr(phase.shape) for phase in parts.rest)
    raise CannotExpress("timm", f"it has no scheduler for {shapes} with these rates; {_ELSEWHERE}")


def _drops(phases: tuple[Phase, ...]) -> tuple[str, dict[str, Any]] | None:
    """Constant rates, equal drops and exponential decay."""
    schedule = Schedule(phases)
    gamma = common_drop(schedule)
    if gamma is not None:
        # timm compares a mark with the updates done and the next one: it acts one update early.
        marks = [int(mark) + 1 for mark in accumulate(phase.steps for phase in phases[:-1])]
        return "MultiStepLRScheduler", {"decay_t": marks, "decay_rate": gamma}
    if len(phases) > 1 or not ends_itself(phases[0]):
        return None
    every, drop = 1, 1.0
    match phases[0].shape:
        case sh.Constant():
            pass
        case sh.Drops() as shape if phases[0].end == 0.0:
            every, drop = int(shape.every), shape.drop
        case sh.Exponential() as shape if phases[0].end == 0.0:
            drop = shape.gamma
        case _:
            return None
    return "StepLRScheduler", {"decay_t": every, "decay_rate": float(drop)}


def _holds(phase: Phase, value: float) -> bool:
    return phase.shape == sh.Constant() and phase.start == value


def _cycles(phases: tuple[Phase, ...]) -> tuple[str, dict[str, Any]] | None:
    """One cosine or polynomial curve, or cycles of it whose lengths and tops grow by a factor."""
    first = phases[0]
    if any(phase.shape != first.shape or phase.end != first.end for phase in phases):
        return None
    if not all(ends_itself(phase) for phase in phases):
        return None
    own: dict[str, Any] = {}
    match first.shape:
        case sh.Cosine(exponent=1.0) as shape:
            name = "CosineLRScheduler"
            own = {} if shape.warp == 1.0 else {"k_decay": float(shape.warp)}
        case sh.Polynomial() as shape:
            name, own = "PolyLRScheduler", {"power": float(shape.power)}
        case _:
            return None
    length = int(first.steps)
    arguments = {"t_initial": length, "lr_min": float(first.end), **own}
    if len(phases) == 1:
        return name, arguments
    mult = phases[1].steps / length
    decay = short_factor(phases[1].start / first.start) if first.start else 0.0
    for i, phase in enumerate(phases):
        if phase.steps != length * mult**i or not math.isclose(
            phase.start, first.start * decay**i, rel_tol=1e-14 * (i + 1)
        ):
            return None
    if not _begins_in_time(length, mult, len(phases)):
        return None
    growth = {} if mult == 1.0 else {"cycle_mul": mult}
    growth |= {} if decay == 1.0 else {"cycle_decay": decay}
    return name, {**arguments, **growth, "cycle_limit": len(phases)}


def _begins_in_time(length: int, mult: float, cycles: int) -> bool:
    """Whether no rounding of timm's logarithm puts a cycle's first update into the one before."""
    if mult == 1.0:
        return True
    begins = accumulate(int(length * mult**i) for i in range(cycles))
    return all(
        math.floor(math.log(1 - t / length * (1 - mult), mult)) == cycle
        for cycle, t in enumerate(begins, 1)
    )


def _wsd(phases: tuple[Phase, ...]) -> tuple[str, dict[str, Any]] | None:
    """A constant rate or none, then one of the decays of timm's WSD."""
    *stable, decay = phases
    if len(stable) > 1 or not all(_holds(phase, decay.start) for phase in stable):
        return None
    if not ends_itself(decay) or decay.end > decay.start:
        return None
    if isinstance(decay.shape, sh.Geometric):
        fall = {"decay_fn": "exp", "decay_ratio": float(decay.shape.ratio)}
    elif decay.shape in _WSD_DECAYS:
        fall = {"decay_fn": _WSD_DECAYS[decay.shape]}
    else:
        return None
    steps = int(decay.steps) + sum(int(phase.steps) for phase in stable)
    lengths = {"t_initial": steps, "decay_t": int(decay.steps)}
    return "WSDLRScheduler", {**lengths, "lr_min": float(decay.end), **fall}
