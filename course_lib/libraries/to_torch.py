"""A schedule as PyTorch code: torch's own schedulers where they agree, else a LambdaLR."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from course_lib.libraries.to_common import (
    boundaries,
    common_drop,
    ends_itself,
    length,
    rate,
    rate_function,
    set_rate,
    whole,
)
from course_lib.schedules import Phase, Schedule
from course_lib.schedules import shapes as sh

_HEADER = """\
# Needs `optimizer`. Call scheduler.step() once after each optimizer.step(): steps are updates,
# not epochs. Every parameter group gets this rate.
"""


@dataclass(frozen=True)
class ShareOfPeak:
    """A factor of a scheduler: the rate that it leads to, as a share of the peak."""

    rate: float


@dataclass(frozen=True)
class TorchCall:
    """One of torch's own schedulers: its class, and its arguments but the optimizer."""

    name: str
    arguments: dict[str, Any]

    def text(self) -> str:
        """Return the call as source text."""
        given = (f"{key}={_source(value)}" for key, value in self.arguments.items())
        return f"{self.name}(optimizer, {', '.join(given)})"


@dataclass(frozen=True)
class TorchCode:
    """The parts of the code for torch.

    Attributes:
        imports: import statements.
        function: function that the scheduler calls, or "".
        lines: statements that set the rate of `optimizer` and define `scheduler`.
    """

    imports: str
    function: str
    lines: str


def _source(value: Any) -> str:
    if isinstance(value, ShareOfPeak):
        return f"{rate(value.rate)} / PEAK_LR"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def torch_code(schedule: Schedule) -> str:
    """Return code that defines `scheduler`; every schedule can be written for torch."""
    code = torch_parts(schedule)
    if not code.function:
        return f"{code.imports}\n{_HEADER}{code.lines}"
    return f"{code.imports}\n\n{code.function}\n\n\n{_HEADER}{code.lines}"


def torch_parts(schedule: Schedule) -> TorchCode:
    """Return the parts of `torch_code`, without its comment."""
    peak = schedule_peak(schedule)
    native = native_calls(schedule)
    if native is None:
        return _lambda_code(schedule, peak if peak > 0.0 else 1.0)
    parts = [part.text() if isinstance(part, TorchCall) else part for part in native]
    names = [part.split("(")[0] for part in parts]
    if names == ["CyclicLR"]:
        lines = ["scheduler = CyclicLR(", "    optimizer,"]
        lines += [f"    {key}={_source(value)}," for key, value in native[0].arguments.items()]
        return _assemble(names, [*lines, ")"])
    if len(parts) == 1:
        lines = [f"scheduler = {parts[0]}"]
    else:
        firsts = boundaries(schedule)
        if len(firsts) < len(parts) - 1:
            firsts.append(int(schedule.total_steps))
        names.append("SequentialLR")
        lines = ["scheduler = SequentialLR(", "    optimizer,", "    ["]
        lines += [f"        {part}," for part in parts]
        lines += ["    ],", f"    milestones={firsts},", ")"]
    return _assemble(names, lines, peak)


def schedule_peak(schedule: Schedule) -> float:
    """Return the largest rate at which a phase starts or to which one leads."""
    return max(max(phase.start, phase.end) for phase in schedule.phases)


def _assemble(names: list[str], lines: list[str], peak: float | None = None) -> TorchCode:
    imports = f"from torch.optim.lr_scheduler import {', '.join(sorted(set(names)))}\n"
    first = "" if peak is None else set_rate(peak)
    return TorchCode(imports, "", first + "\n".join(lines) + "\n")


def _lambda_code(schedule: Schedule, peak: float) -> TorchCode:
    function = rate_function(schedule, "torch")
    imports = "from torch.optim.lr_scheduler import LambdaLR\n"
    if "math." in function:
        imports = "import math\n\n" + imports
    last = "scheduler = LambdaLR(optimizer, lambda step: rate_at(step) / PEAK_LR)\n"
    return TorchCode(imports, function, set_rate(peak) + last)


def native_calls(schedule: Schedule) -> list[TorchCall | str] | None:
    """Return the phases as torch's own schedulers, or None where one of them has none.

    CyclicLR sets the rate itself; the others need an optimizer at `schedule_peak`. What holds a
    rate after a cosine is source text, for torch has a LambdaLR for that and no scheduler.
    """
    cyclic = _cyclic(schedule)
    if cyclic is not None:
        return [cyclic]
    peak = schedule_peak(schedule)
    if peak <= 0.0:
        return None
    staircase = _multi_step(schedule)
    if staircase is not None:
        return [staircase]
    *before, last = schedule.phases
    parts = [_scheduler(phase, peak) for phase in before]
    # An open shape that stops must hold its rate from there on, which no scheduler of torch's does.
    parts.append(_scheduler(last, peak) if ends_itself(last) else None)
    if None in parts:
        return None
    if last.shape == sh.Cosine() and last.steps < math.inf:
        # torch's cosine would climb again past its end.
        parts.append(_held(last.end, peak))
    return parts


def _held(value: float, peak: float) -> TorchCall | str:
    if value == peak:
        return TorchCall("ConstantLR", {"factor": 1.0, "total_iters": 0})
    return f"LambdaLR(optimizer, lambda _: {rate(value)} / PEAK_LR)"


def _multi_step(schedule: Schedule) -> TorchCall | None:
    """MultiStepLR when every phase is constant and each drop the same."""
    gamma = common_drop(schedule)
    if gamma is None or gamma > 1.0:
        return None
    return TorchCall("MultiStepLR", {"milestones": boundaries(schedule), "gamma": gamma})


def _scheduler(phase: Phase, peak: float) -> TorchCall | str | None:
    """Torch's scheduler for the phase, from a base rate of `peak`, or None."""
    shape, n = phase.shape, _plain(length(phase))
    if shape == sh.Constant():
        return _held(phase.start, peak)
    if shape == sh.Polynomial() and _linear_lr_can(phase, peak):
        factors = {"start_factor": phase.start, "end_factor": phase.end}
        shares = {key: _factor(value, peak) for key, value in factors.items()}
        return TorchCall("LinearLR", {**shares, "total_iters": n})
    if phase.start != peak:
        return None
    floor = {} if phase.end == 0.0 else {"eta_min": float(phase.end)}
    match shape:
        case sh.Cosine(exponent=1.0, warp=1.0):
            return TorchCall("CosineAnnealingLR", {"T_max": n, **floor})
        case sh.CosineWave() if whole(shape.half_period):
            return TorchCall("CosineAnnealingLR", {"T_max": _plain(shape.half_period), **floor})
        case sh.Restarts(scale=1.0) if whole(shape.period, shape.mult):
            cycles = {"T_0": _plain(shape.period), "T_mult": _plain(shape.mult)}
            return TorchCall("CosineAnnealingWarmRestarts", {**cycles, **floor})
    if phase.end != 0.0:
        return None
    match shape:
        case sh.Polynomial() if isinstance(n, int):
            return TorchCall("PolynomialLR", {"total_iters": n, "power": float(shape.power)})
        case sh.Drops():
            return TorchCall("StepLR", {"step_size": int(shape.every), "gamma": float(shape.drop)})
        case sh.Exponential():
            return TorchCall("ExponentialLR", {"gamma": float(shape.gamma)})
    return None


def _plain(value: float) -> float:
    """Return a whole number as an int, any other as it is."""
    return int(value) if whole(value) else float(value)


def _linear_lr_can(phase: Phase, peak: float) -> bool:
    """LinearLR refuses factors outside (0, 1], and comes down to 0 exactly only from 1.

    It goes from step to step by quotients, so the start must not be so small that they are inf.
    """
    exact_end = phase.end > 0.0 or phase.start == peak
    return 0.0 < 1e-290 * peak <= phase.start <= peak and 0.0 <= phase.end <= peak and exact_end


def _factor(value: float, peak: float) -> ShareOfPeak | float:
    return float(value / peak) if value in (0.0, peak) else ShareOfPeak(value)


def _cyclic(schedule: Schedule) -> TorchCall | None:
    """CyclicLR for a triangle alone: it sets the rate itself, so nothing may precede it."""
    phase = schedule.phases[0]
    shape = phase.shape
    if len(schedule.phases) > 1 or not isinstance(shape, sh.Triangle) or phase.steps < math.inf:
        return None
    up = shape.rise * shape.period
    mode = _CYCLIC_MODES.get((shape.scale, shape.gamma == 1.0))
    if mode is None or not whole(up, shape.period):
        return None
    arguments = {
        "base_lr": float(phase.start),
        "max_lr": float(phase.end),
        "step_size_up": _plain(up),
        "step_size_down": _plain(shape.period - up),
        "mode": mode,
    }
    gamma = {"gamma": float(shape.gamma)} if mode == "exp_range" else {}
    return TorchCall("CyclicLR", {**arguments, **gamma, "cycle_momentum": False})


_CYCLIC_MODES = {
    (1.0, True): "triangular",
    (0.5, True): "triangular2",
    (1.0, False): "exp_range",
}
