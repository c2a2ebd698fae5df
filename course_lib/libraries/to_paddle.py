"""A schedule as PaddlePaddle code: paddle's own schedulers where they agree, else a LambdaDecay."""

from __future__ import annotations

from typing import Any

from course_lib.libraries.to_common import (
    boundaries,
    common_drop,
    ends_itself,
    is_staircase,
    rate_function,
    split_warmup,
    whole,
)
from course_lib.schedules import Phase, Schedule
from course_lib.schedules import shapes as sh

_HEADER = """\
# Give it to an optimizer as its learning_rate and call scheduler.step() once after each
# optimizer.step(): steps are updates, not epochs.
"""


def paddle_code(schedule: Schedule) -> str:
    """Return code that defines `scheduler`; every schedule can be written for paddle."""
    call = _own(schedule)
    imports = "from paddle.optimizer import lr\n"
    if call is not None:
        return f"{imports}\n{_HEADER}scheduler = {call}\n"
    function = rate_function(schedule, "paddle")
    if "math." in function:
        imports = f"import math\n\n{imports}"
    last = "scheduler = lr.LambdaDecay(1.0, lr_lambda=rate_at)\n"
    return f"{imports}\n\n{function}\n\n\n{_HEADER}{last}"


def _own(schedule: Schedule) -> str | None:
    """paddle's own call for the schedule, or None."""
    parts = split_warmup(schedule)
    *_, last = parts.rest
    if not ends_itself(last):
        return None
    after = _after_warmup(parts.rest, warm=parts.warmup > 0)
    if parts.warmup == 0 or after is None:
        return after
    return (
        f"lr.LinearWarmup(\n    {after},\n    warmup_steps={parts.warmup},\n"
        f"    start_lr={float(parts.start)!r},\n    end_lr={float(parts.peak)!r},\n)"
    )


def _after_warmup(phases: tuple[Phase, ...], warm: bool) -> str | None:
    first = phases[0]
    if len(phases) > 1:
        if not is_staircase(Schedule(phases)):
            return None
        marks, drop = boundaries(Schedule(phases)), common_drop(Schedule(phases))
        if drop is not None and drop < 1.0:
            return _call("MultiStepDecay", float(first.start), milestones=marks, gamma=drop)
        values = [float(phase.start) for phase in phases]
        return f"lr.PiecewiseDecay(boundaries={marks}, values={values})"
    start = float(first.start)
    match first.shape:
        case sh.Constant() if warm:  # alone, a constant rate is no scheduler of paddle's
            return repr(start)
        case sh.Polynomial() as shape if first.steps >= 1:
            options = {"decay_steps": int(first.steps), "end_lr": float(first.end)}
            return _call("PolynomialDecay", start, **options, power=float(shape.power))
        case sh.CosineWave() as shape if whole(shape.half_period):
            floor = _floor(first)
            return _call("CosineAnnealingDecay", start, T_max=int(shape.half_period), **floor)
        # Inside LinearWarmup paddle finds the cycle by a logarithm, and may be an update late.
        case sh.Restarts(scale=1.0) as shape if whole(shape.period, shape.mult) and (
            shape.mult == 1.0 or not warm
        ):
            cycles = {"T_0": int(shape.period), "T_mult": int(shape.mult)}
            return _call("CosineAnnealingWarmRestarts", start, **cycles, **_floor(first))
    if first.end != 0.0:
        return None
    match first.shape:
        case sh.Drops() as shape if shape.drop < 1.0:
            return _call("StepDecay", start, step_size=int(shape.every), gamma=float(shape.drop))
        case sh.Exponential() as shape if shape.gamma < 1.0:
            return _call("ExponentialDecay", start, gamma=float(shape.gamma))
        case sh.InverseTime(power=1.0) as shape:
            return _call("InverseTimeDecay", start, gamma=float(shape.rate))
    return None


def _floor(phase: Phase) -> dict[str, float]:
    return {} if phase.end == 0.0 else {"eta_min": float(phase.end)}


def _call(name: str, start: float, **arguments: Any) -> str:
    given = "".join(f", {key}={value!r}" for key, value in arguments.items())
    return f"lr.{name}({start!r}{given})"
