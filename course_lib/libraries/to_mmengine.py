"""A schedule as MMEngine's `param_scheduler`, a list of dictionaries that act one after another."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from course_lib.libraries.to_common import (
    CannotExpress,
    ends_itself,
    length,
    rate,
    short_factor,
    whole,
    without_held_end,
)
from course_lib.schedules import Phase, Schedule
from course_lib.schedules import shapes as sh
from course_lib.schedules.phases import constant_phase

_HEADER = """\
# For a config of MMEngine. Give base_lr to the optimizer, optim_wrapper = dict(optimizer=dict(
# lr=base_lr, ...), ...). Counts are iterations, not epochs: updates, without accumulative_counts.
"""
_ELSEWHERE = "a hook of yours can set the rate of every update"
_LARGEST_RISE = 100.0  # factor of a jump; a larger one would bring out the rounding of a small rate


def mmengine_code(schedule: Schedule) -> str:
    """Return code that defines `base_lr` and `param_scheduler`.

    Most schedulers of MMEngine multiply the rate that they find, as torch's do, so that roundings
    add up over a long run.

    Raises:
        CannotExpress: the schedulers of MMEngine cannot give these rates.
    """
    phases = _cycles_apart(without_held_end(schedule))
    if min(min(phase.start, phase.end) for phase in phases) < 0.0:
        raise CannotExpress("mmengine", f"a rate is negative; {_ELSEWHERE}")
    base = _base(phases)
    config = _Config(base, rate=base)
    for number, phase in enumerate(phases, 1):
        after = phases[number] if number < len(phases) else None
        config.add(phase, after)
    lines = "".join(f"    {_dictionary(one)},\n" for one in config.schedulers)
    brackets = f"[\n{lines}]" if lines else "[]"
    return f"{_HEADER}base_lr = {rate(config.base)}\nparam_scheduler = {brackets}\n"


def _base(phases: Sequence[Phase]) -> float:
    """Return the optimizer's rate: the peak of a warmup, else the first rate that is not 0."""
    first = phases[0]
    if first.shape == sh.Polynomial() and ends_itself(first) and first.start < first.end:
        return float(first.end)
    ends = (end for phase in phases for end in (phase.start, phase.end))
    return float(next((end for end in ends if end > 0.0), 0.0))


def _dictionary(given: dict[str, Any]) -> str:
    return f"dict({', '.join(f'{key}={_source(value)}' for key, value in given.items())})"


def _source(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _cycles_apart(phases: Sequence[Phase]) -> list[Phase]:
    """Return the phases with every finite run of restarts as its cosines."""
    apart: list[Phase] = []
    for phase in phases:
        if not isinstance(phase.shape, sh.Restarts) or phase.steps == math.inf:
            apart.append(phase)
            continue
        shape, left = phase.shape, phase.steps
        steps, top = shape.period, phase.start
        while left > 0:
            if not whole(steps):
                raise CannotExpress("mmengine", f"a cycle takes {steps:g} updates, not whole ones")
            cut = None if steps <= left else steps
            apart.append(Phase(int(min(steps, left)), top, phase.end, sh.Cosine(), cut))
            left -= steps
            steps, top = steps * shape.mult, phase.end + (top - phase.end) * shape.scale
        if left == 0 and phase is phases[-1]:
            # Stopped where a cycle would begin, at its first rate.
            apart.append(constant_phase(math.inf, top))
    return apart


@dataclass
class _Config:
    """The schedulers written so far, the update that they lead to, and the rate that they leave."""

    base: float
    rate: float
    at: int = 0
    schedulers: list[dict[str, Any]] = field(default_factory=list)

    def add(self, phase: Phase, after: Phase | None) -> None:
        """Add the schedulers of a phase; `after` is the next one."""
        if phase.steps == math.inf:
            self._enter(phase, math.inf)
            return
        reaches = _rate_at(phase, phase.steps)
        breaks = after is not None and after.start != reaches
        end = self.at + int(phase.steps)
        if _is_cosine(phase) and self._begins_anew(phase, after if breaks else None):
            self._restart(phase, end)
            self.at, self.rate = end, _rate_at(phase, phase.steps - 1)
            if not breaks and self.rate != reaches:
                self._jump(reaches)
        else:
            self._enter(phase, end + 1)
            self.at, self.rate = end, reaches

    def _enter(self, phase: Phase, end: float) -> None:
        """Add a phase's own scheduler from here to `end`, and what brings the rate to its start."""
        own = self._own(phase)
        if phase.start != self.rate and not (own and own["type"] == "LinearLR"):
            self._jump(phase.start)
        if own:
            span = {"begin": self.at} if end == math.inf else {"begin": self.at, "end": end}
            self.schedulers.append({**own, "by_epoch": False, **span})

    def _jump(self, value: float) -> None:
        """Bring the rate to a value at the update that has been reached."""
        span = {"by_epoch": False, "begin": self.at, "end": self.at + 1}
        if value == 0.0 or (self.at == 0 and value < self.rate):
            factor = short_factor(value / self.rate)
            self.schedulers.append({"type": "ConstantLR", "factor": factor, **span})
            return
        if value > _LARGEST_RISE * self.rate:
            # A cycle of one update: unlike the others it starts from base_lr, whatever the rate.
            weight = short_factor(value / self.base)
            cycle = {"periods": [1], "restart_weights": [weight], "eta_min": 0.0}
            self.schedulers.append({"type": "CosineRestartLR", **cycle, **span})
            return
        gamma = short_factor(value / self.rate)
        before = self.schedulers[-1] if self.schedulers else {}
        same = before.get("type") == "MultiStepLR" and math.isclose(
            before["gamma"], gamma, rel_tol=1e-14
        )
        if same:
            before["milestones"].append(self.at)
        else:
            marks = {"milestones": [self.at], "gamma": gamma}
            self.schedulers.append({"type": "MultiStepLR", **marks, "by_epoch": False})

    def _begins_anew(self, phase: Phase, jumps_to: Phase | None) -> bool:
        """Whether a cosine is one of several cycles: CosineRestartLR sets where each begins."""
        return phase.start != self.rate or (jumps_to is not None and _is_cosine(jumps_to))

    def _restart(self, phase: Phase, end: int) -> None:
        """Add a cycle. The last one ends an update short of its floor."""
        period, weight = int(length(phase)), short_factor(phase.start / self.base)
        before = self.schedulers[-1] if self.schedulers else {}
        goes_on = before.get("type") == "CosineRestartLR" and before["eta_min"] == phase.end
        # MMEngine counts whole cycles: none follows in the same list after one that is cut short.
        if goes_on and before["begin"] + sum(before["periods"]) == self.at:
            before["periods"].append(period)
            before["restart_weights"].append(weight)
            before["end"] = end
            return
        cycles = {"periods": [period], "restart_weights": [weight], "eta_min": float(phase.end)}
        span = {"by_epoch": False, "begin": self.at, "end": end}
        self.schedulers.append({"type": "CosineRestartLR", **cycles, **span})

    def _warms_up(self, phase: Phase) -> bool:
        """Whether a line is first and leads to base_lr from above 0: by LinearLR's factor."""
        line = phase.shape == sh.Polynomial() and self.at == 0
        return line and 0.0 < phase.start < phase.end == self.base

    def _own(self, phase: Phase) -> dict[str, Any] | None:
        """MMEngine's scheduler for the phase; None for a constant rate, which needs none."""
        shape, end = phase.shape, float(phase.end)
        complete = ends_itself(phase)
        match shape:
            case sh.Constant():
                return None
            case sh.Polynomial() if complete and self._warms_up(phase):
                return {"type": "LinearLR", "start_factor": short_factor(phase.start / self.rate)}
            case sh.Polynomial(power=1.0):
                return {"type": "PolyLR", "eta_min": _rate_at(phase, phase.steps)}
            case sh.Polynomial() if complete:
                return {"type": "PolyLR", "eta_min": end, "power": float(shape.power)}
            case sh.Cosine() if _is_cosine(phase):
                return {"type": "CosineAnnealingLR", "T_max": int(length(phase)), "eta_min": end}
            # Past each of its bottoms it starts from base_lr.
            case sh.CosineWave() if whole(shape.half_period) and phase.start == self.base:
                half = int(shape.half_period)
                return {"type": "CosineAnnealingLR", "T_max": half, "eta_min": end}
            case sh.Geometric() if complete and math.isclose(end, phase.start * shape.ratio):
                return {"type": "ExponentialLR", "gamma": float(shape.ratio ** (1 / phase.steps))}
            case sh.Drops() if end == 0.0:
                return {"type": "StepLR", "step_size": int(shape.every), "gamma": float(shape.drop)}
            case sh.Exponential() if end == 0.0:
                return {"type": "ExponentialLR", "gamma": float(shape.gamma)}
            case sh.Restarts():
                raise CannotExpress(
                    "mmengine",
                    "its cycles go on for ever and CosineRestartLR takes a list of them: take() "
                    "the updates of the run",
                )
        raise CannotExpress(
            "mmengine", f"it has no scheduler for {shape!r} with these rates; {_ELSEWHERE}"
        )


def _is_cosine(phase: Phase) -> bool:
    return phase.shape == sh.Cosine() and whole(length(phase))


def _rate_at(phase: Phase, step: float) -> float:
    return float(Schedule((phase,))(int(step)))
