"""A schedule as PyTorch code: torch's own schedulers where they agree, else a LambdaLR."""

from __future__ import annotations

import math

from course_lib.libraries.to_common import (
    Dialect,
    boundaries,
    ends_itself,
    formula,
    is_staircase,
    length,
    number,
    rate,
    whole,
)
from course_lib.schedules import Phase, Schedule
from course_lib.schedules import shapes as sh

_MATH = Dialect("torch", "math.", "math.pi", single=False, choose="{1} if {0} else {2}".format)
_HEADER = """\
# Needs `optimizer`. Call scheduler.step() once after each optimizer.step(): steps are updates,
# not epochs. Every parameter group gets this rate.
"""
_SET_RATE = """\
PEAK_LR = {peak}
for group in optimizer.param_groups:
    group["lr"] = group["initial_lr"] = PEAK_LR
"""
_CLOSE = 1e-14  # relative; two ways to round the same rate


def torch_code(schedule: Schedule) -> str:
    """Return code that defines `scheduler`; every schedule can be written for torch."""
    cyclic = _cyclic(schedule)
    if cyclic is not None:
        return _assemble(["CyclicLR"], [f"scheduler = {cyclic}"])
    peak = max(max(phase.start, phase.end) for phase in schedule.phases)
    native = _native(schedule, peak) if peak > 0.0 else None
    if native is None:
        return _lambda_code(schedule, peak if peak > 0.0 else 1.0)
    names = [part.split("(")[0] for part in native]
    if len(native) == 1:
        lines = [f"scheduler = {native[0]}"]
    else:
        firsts = boundaries(schedule)
        if len(firsts) < len(native) - 1:
            firsts.append(int(schedule.total_steps))
        names.append("SequentialLR")
        lines = ["scheduler = SequentialLR(", "    optimizer,", "    ["]
        lines += [f"        {part}," for part in native]
        lines += ["    ],", f"    milestones={firsts},", ")"]
    return _assemble(names, lines, peak)


def _assemble(names: list[str], lines: list[str], peak: float | None = None) -> str:
    imports = f"from torch.optim.lr_scheduler import {', '.join(sorted(set(names)))}\n"
    set_rate = "" if peak is None else _SET_RATE.format(peak=rate(peak))
    return "\n".join([imports, _HEADER + set_rate + "\n".join(lines) + "\n"])


def _lambda_code(schedule: Schedule, peak: float) -> str:
    lines = ["def rate_at(step):", '    """The learning rate once `step` updates are done."""']
    first = 0
    for phase in schedule.phases:
        body = [f"k = step - {first}" if first else "k = step", *formula(phase, _MATH)]
        body = body[1:] if phase.shape == sh.Constant() else body
        body = [*body[:-1], body[-1].replace("rate = ", "return ", 1)]
        if phase.steps == math.inf:
            lines += [f"    {line}" for line in body]
            break
        first += int(phase.steps)
        lines += [f"    if step < {first}:", *(f"        {line}" for line in body)]
    else:
        lines.append(f"    return {rate(schedule(first))}  # held for ever")
    function = "\n".join(lines)
    imports = "from torch.optim.lr_scheduler import LambdaLR\n"
    if "math." in function:
        imports = "import math\n\n" + imports
    last = "scheduler = LambdaLR(optimizer, lambda step: rate_at(step) / PEAK_LR)\n"
    return f"{imports}\n\n{function}\n\n\n{_HEADER}{_SET_RATE.format(peak=rate(peak))}{last}"


def _native(schedule: Schedule, peak: float) -> list[str] | None:
    """The phases as torch's own schedulers, or None where one of them has none."""
    staircase = _multi_step(schedule)
    if staircase is not None:
        return [staircase]
    *before, last = schedule.phases
    parts = [_scheduler(phase, peak) for phase in before]
    # An open shape that stops must hold its rate from there on, which no scheduler of torch's does.
    parts.append(_scheduler(last, peak) if ends_itself(last) else None)
    if None in parts:
        return None
    if parts[-1].startswith("CosineAnnealingLR(") and last.steps < math.inf:
        # torch's cosine would climb again past its end.
        parts.append(_held(last.end, peak))
    return parts


def _held(value: float, peak: float) -> str:
    if value == peak:
        return "ConstantLR(optimizer, factor=1.0, total_iters=0)"
    return f"LambdaLR(optimizer, lambda _: {rate(value)} / PEAK_LR)"


def _multi_step(schedule: Schedule) -> str | None:
    """MultiStepLR when every phase is constant and each drop the same."""
    rates = [phase.start for phase in schedule.phases]
    if len(rates) < 2 or not is_staircase(schedule) or min(rates) <= 0.0:
        return None
    gamma = rates[1] / rates[0]
    short = float(f"{gamma:.12g}")  # 0.1 rather than 0.09999999999999999
    gamma = short if math.isclose(short, gamma, rel_tol=_CLOSE) else gamma
    same = all(
        math.isclose(rates[0] * gamma**i, r, rel_tol=_CLOSE * (i + 1)) for i, r in enumerate(rates)
    )
    if not same or rates[0] != max(rates):
        return None
    return f"MultiStepLR(optimizer, milestones={boundaries(schedule)}, gamma={rate(gamma)})"


def _scheduler(phase: Phase, peak: float) -> str | None:
    """Torch's scheduler for the phase, from a base rate of `peak`, or None."""
    shape, n = phase.shape, number(length(phase)) if length(phase) < math.inf else ""
    if shape == sh.Constant():
        return _held(phase.start, peak)
    if shape == sh.Polynomial() and _linear_lr_can(phase, peak):
        return (
            f"LinearLR(optimizer, start_factor={_factor(phase.start, peak)}, "
            f"end_factor={_factor(phase.end, peak)}, total_iters={n})"
        )
    if phase.start != peak:
        return None
    floor = "" if phase.end == 0.0 else f", eta_min={rate(phase.end)}"
    match shape:
        case sh.Cosine(exponent=1.0, warp=1.0):
            return f"CosineAnnealingLR(optimizer, T_max={n}{floor})"
        case sh.CosineWave() if whole(shape.half_period):
            return f"CosineAnnealingLR(optimizer, T_max={number(shape.half_period)}{floor})"
        case sh.Restarts(scale=1.0) if whole(shape.period, shape.mult):
            cycles = f"T_0={number(shape.period)}, T_mult={number(shape.mult)}"
            return f"CosineAnnealingWarmRestarts(optimizer, {cycles}{floor})"
    if phase.end != 0.0:
        return None
    match shape:
        case sh.Polynomial() if n.isdigit():
            return f"PolynomialLR(optimizer, total_iters={n}, power={rate(shape.power)})"
        case sh.Drops():
            return f"StepLR(optimizer, step_size={shape.every}, gamma={rate(shape.drop)})"
        case sh.Exponential():
            return f"ExponentialLR(optimizer, gamma={rate(shape.gamma)})"
    return None


def _linear_lr_can(phase: Phase, peak: float) -> bool:
    """LinearLR refuses factors outside (0, 1], and comes down to 0 exactly only from 1.

    It goes from step to step by quotients, so the start must not be so small that they are inf.
    """
    exact_end = phase.end > 0.0 or phase.start == peak
    return 0.0 < 1e-290 * peak <= phase.start <= peak and 0.0 <= phase.end <= peak and exact_end


def _factor(value: float, peak: float) -> str:
    return rate(value / peak) if value in (0.0, peak) else f"{rate(value)} / PEAK_LR"


def _cyclic(schedule: Schedule) -> str | None:
    """CyclicLR for a triangle alone: it sets the rate itself, so nothing may precede it."""
    phase = schedule.phases[0]
    shape = phase.shape
    if len(schedule.phases) > 1 or not isinstance(shape, sh.Triangle) or phase.steps < math.inf:
        return None
    up = shape.rise * shape.period
    mode = _CYCLIC_MODES.get((shape.scale, shape.gamma == 1.0))
    if mode is None or not whole(up, shape.period):
        return None
    gamma = f", gamma={rate(shape.gamma)}" if mode == "exp_range" else ""
    return (
        f"CyclicLR(\n    optimizer,\n    base_lr={rate(phase.start)},\n    "
        f"max_lr={rate(phase.end)},\n    step_size_up={number(up)},\n    "
        f'step_size_down={number(shape.period - up)},\n    mode="{mode}"{gamma},\n    '
        "cycle_momentum=False,\n)"
    )


_CYCLIC_MODES = {
    (1.0, True): "triangular",
    (0.5, True): "triangular2",
    (1.0, False): "exp_range",
}
