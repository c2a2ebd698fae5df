"""A schedule as the JSON of DeepSpeed's configuration, where one of its schedulers is exact."""

from __future__ import annotations

import json
import math
from typing import Any

from course_lib.libraries.to_common import CannotExpress, ends_itself, without_held_end
from course_lib.libraries.to_torch import (
    ShareOfPeak,
    TorchCall,
    native_calls,
    schedule_peak,
)
from course_lib.schedules import Phase, Schedule
from course_lib.schedules import shapes as sh


def deepspeed_code(schedule: Schedule) -> str:
    """Return the "scheduler" of a ds_config as JSON, and the optimizer's rate where it matters.

    DeepSpeed's own schedulers set the rate themselves. torch's, which it takes by their names,
    start from the rate of the "optimizer", for which AdamW stands here.

    Raises:
        CannotExpress: no scheduler that a configuration can name gives these rates.
    """
    phases = without_held_end(schedule)
    own = _own(phases)
    if own is not None:
        return _text({"scheduler": own})
    calls = native_calls(Schedule(phases)) or []
    if len(calls) != 1 or not isinstance(calls[0], TorchCall):
        raise CannotExpress("deepspeed", _reason(phases))
    peak = float(schedule_peak(schedule))
    params = {key: _number(value, peak) for key, value in calls[0].arguments.items()}
    scheduler = {"type": calls[0].name, "params": params}
    return _text({"optimizer": {"type": "AdamW", "params": {"lr": peak}}, "scheduler": scheduler})


def _text(config: dict[str, Any]) -> str:
    return json.dumps(config, indent=4) + "\n"


def _number(value: Any, peak: float) -> Any:
    return value.rate / peak if isinstance(value, ShareOfPeak) else value


def _reason(phases: tuple[Phase, ...]) -> str:
    shapes = ", ".join(repr(phase.shape) for phase in phases)
    why = f"a configuration names one scheduler and none gives {shapes} with these rates"
    if len(phases) > 1 and phases[-1].shape == sh.Cosine():
        why += "; WarmupCosineLR never reaches its peak and has rate 0 in the first update"
    return (
        f"{why}. Give deepspeed.initialize(lr_scheduler=...) the scheduler of to_library(schedule, "
        '"torch")'
    )


def _own(phases: tuple[Phase, ...]) -> dict[str, Any] | None:
    """DeepSpeed's own scheduler for the phases, or None."""
    if not ends_itself(phases[-1]):
        return None
    return _warmup(phases) or _one_cycle(phases)


def _warmup(phases: tuple[Phase, ...]) -> dict[str, Any] | None:
    """An update at the least rate, a line up from it, perhaps a line back down to it."""
    if len(phases) not in (2, 3) or phases[0].shape != sh.Constant() or phases[0].steps != 1:
        return None
    low, up, *down = phases
    if not _line(up, low.start, up.end) or up.steps < 2 or low.start < 0.0 or up.end < low.start:
        return None  # DeepSpeed's warmups take two updates at least
    params = {
        "warmup_min_lr": float(low.start),
        "warmup_max_lr": float(up.end),
        "warmup_num_steps": int(up.steps),
        "warmup_type": "linear",
    }
    if not down:
        return {"type": "WarmupLR", "params": params}
    if not _line(down[0], up.end, low.start):
        return None
    total = int(up.steps + down[0].steps)
    return {"type": "WarmupDecayLR", "params": {"total_num_steps": total, **params}}


def _one_cycle(phases: tuple[Phase, ...]) -> dict[str, Any] | None:
    """A line up, a line back down to the same rate, then that rate or an inverse-time decay."""
    if len(phases) not in (2, 3):
        return None
    up, down, *after = phases
    low, peak = up.start, up.end
    if not _line(up, low, peak) or not _line(down, peak, low) or not 0.0 <= low <= peak:
        return None
    params = {
        "cycle_min_lr": float(low),
        "cycle_max_lr": float(peak),
        "cycle_first_step_size": int(up.steps),
        "cycle_second_step_size": int(down.steps),
        "cycle_momentum": False,
    }
    if after:
        (decay,) = after
        shape = decay.shape
        if not isinstance(shape, sh.InverseTime) or shape.power != 1.0:
            return None
        if (decay.start, decay.end) != (low, 0.0) or decay.steps < math.inf:
            return None
        params |= {"decay_step_size": 1, "decay_lr_rate": float(shape.rate)}
    return {"type": "OneCycle", "params": params}


def _line(phase: Phase, start: float, end: float) -> bool:
    return (
        phase.shape == sh.Polynomial()
        and ends_itself(phase)
        and (phase.start, phase.end) == (start, end)
    )
