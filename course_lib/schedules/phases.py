"""The phase model: a schedule is a sequence of half-open phases over the step t = 0, 1, 2, …"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from course_lib.schedules.shapes import (
    Constant,
    Cosine,
    Geometric,
    OneMinusSqrt,
    Polynomial,
    Shape,
    shape_from_dict,
)
from course_lib.validation import check_count, check_real

_LARGEST_STEP = 2**1000  # the largest power of two that is surely a float64


@dataclass(frozen=True)
class Phase:
    """`steps` updates over which the rate goes from `start` towards `end` along `shape`.

    rate(k) = start * s + end * (1 - s), s = shape(k, length), for 0 <= k < steps.

    Attributes:
        steps: number of updates, >= 1; `math.inf` for a phase that never ends.
        start: rate of the phase's first update.
        end: rate at s = 0; for a closing shape, the rate right after the phase.
        shape: one of `course_lib.schedules.shapes`.
        length: steps that a closing shape takes, >= `steps`; more than `steps` where a phase was
            cut short. None means `steps`.

    Raises:
        ValueError, TypeError: a rate that is not finite; fewer than one step; a closing shape
            without a finite length.

    >>> from course_lib.schedules import Schedule
    >>> from course_lib.schedules.shapes import Cosine, Polynomial
    >>> rise, fall = Phase(2, 0.0, 0.1, Polynomial()), Phase(4, 0.1, 0.0, Cosine())
    >>> Schedule((rise, fall))(range(7)).round(3)
    array([0.   , 0.05 , 0.1  , 0.085, 0.05 , 0.015, 0.   ])
    """

    steps: float
    start: float
    end: float
    shape: Shape
    length: float | None = None

    def __post_init__(self) -> None:
        """Check every field."""
        if self.steps != math.inf:
            check_count("steps", self.steps)
        check_real("start", self.start, low=-math.inf)
        check_real("end", self.end, low=-math.inf)
        if not isinstance(self.shape, Shape):
            raise TypeError(f"shape must be a Shape, got {self.shape!r}")
        if self.length is not None:
            check_real("length", self.length, low=self.steps)
        if self.shape.closing and (self.length or self.steps) == math.inf:
            raise ValueError(f"steps must be finite for the shape {self.shape!r}, got inf")

    def __repr__(self) -> str:
        """Return the call that makes this phase, without what it leaves out."""
        length = "" if self.length is None else f", length={self.length}"
        return f"Phase({self.steps}, {self.start:g}, {self.end:g}, {self.shape!r}{length})"

    def __call__(self, k: np.ndarray) -> np.ndarray:
        """Return the rates `k` steps after the phase began (float64, shape of `k`)."""
        # NumPy 1 makes objects of whole numbers past 64 bits: as a float a length is never one.
        s = self.shape(k, float(self.length or self.steps))
        return self.start * s + self.end * (1.0 - s)


@dataclass(frozen=True)
class Schedule:
    """A pure function from the step to the learning rate.

    t counts the optimizer updates already done, so `schedule(0)` is the rate of the first update.
    Phases are half-open, [first, first + steps): the step at a boundary belongs to the later one.
    From `total_steps` on the value that the last phase has reached is held.

    Attributes:
        phases: the phases in order; only the last may be endless.
        name: name in plots and tables; two schedules may be equal with different names.

    >>> from course_lib.schedules import warmup_cosine
    >>> schedule = warmup_cosine(0.1, warmup_steps=10, total_steps=100)
    >>> schedule(0), schedule(10), schedule.total_steps
    (0.01, 0.1, 100)
    >>> schedule([10, 55, 100]).round(3)
    array([0.1 , 0.05, 0.  ])
    """

    phases: tuple[Phase, ...]
    name: str = field(default="schedule", compare=False)

    def __post_init__(self) -> None:
        """Check that there is a phase and that only the last is endless."""
        object.__setattr__(self, "phases", tuple(self.phases))
        if not self.phases:
            raise ValueError("phases must hold at least one phase, got none")
        if any(phase.steps == math.inf for phase in self.phases[:-1]):
            raise ValueError("phases: only the last phase may have steps=math.inf")

    @property
    def total_steps(self) -> float:
        """Number of updates in all phases together; `math.inf` for an endless schedule."""
        return sum(phase.steps for phase in self.phases)

    def __call__(self, step: int | np.ndarray) -> float | np.ndarray:
        """Return the rate in force at `step`.

        Args:
            step: a whole number >= 0, or an array (or nested sequence) of them.

        Returns:
            A float for one step; for an array, float64 rates of the same shape.

        Raises:
            TypeError: a step that is not a whole number (a float, a bool).
            ValueError: a negative step.
        """
        if np.ndim(step) == 0:
            t = check_count("step", np.asarray(step).item(), low=0)
            return float(self._rates(np.array([float(min(t, _LARGEST_STEP))]))[0])
        steps = np.asarray(step)
        if steps.size == 0:
            return np.zeros(steps.shape)
        if steps.dtype.kind not in "iu":
            raise TypeError(f"step must hold whole numbers, got an array of {steps.dtype}")
        if steps.min() < 0:
            raise ValueError(f"step must be >= 0, got {steps.min()}")
        return self._rates(steps.astype(np.float64))

    def _rates(self, t: np.ndarray) -> np.ndarray:
        rates = np.empty_like(t)
        first = 0.0
        for phase in self.phases:
            inside = (t >= first) & (t < first + phase.steps)
            rates[inside] = phase(t[inside] - first)
            first += phase.steps
        if first < math.inf:
            rates[t >= first] = self.phases[-1](np.array([self.phases[-1].steps], dtype=float))
        return rates

    def take(self, steps: int) -> Schedule:
        """Return the schedule of the first `steps` updates; the rate it reaches there is held.

        Args:
            steps: updates to keep, >= 1 and at most `total_steps`.

        Raises:
            ValueError, TypeError: `steps` is out of its range or not a whole number.
        """
        left = check_count("steps", steps)
        if left > self.total_steps:
            raise ValueError(f"steps must be <= total_steps = {self.total_steps}, got {steps}")
        phases = []
        for phase in self.phases:
            if left < phase.steps:
                length = (phase.length or phase.steps) if phase.shape.closing else None
                phase = replace(phase, steps=left, length=length)
            phases.append(phase)
            left -= phase.steps
            if left <= 0:
                break
        return Schedule(tuple(phases), self.name)

    def branch(
        self, at_step: int, decay_steps: int, shape: str = "linear", floor: float = 0.0
    ) -> Schedule:
        """Return this schedule up to `at_step`, then a decay from the rate there to `floor`.

        From one long run at a constant rate, this gives a finished model at any budget
        `at_step + decay_steps` (Hu et al., 2024, MiniCPM, arXiv:2404.06395).

        Args:
            at_step: updates before the decay, >= 1 and at most `total_steps`.
            decay_steps: updates of the decay, >= 1.
            shape: curve of the decay: "linear", "1-sqrt", "cosine" or "exp" (which needs a
                floor above 0).
            floor: rate at the end, absolute, 0 <= floor <= the rate at `at_step`.

        Raises:
            ValueError, TypeError: an argument is out of its range or of the wrong type.
        """
        kept = self.take(check_count("at_step", at_step))
        decay = decay_phase(decay_steps, float(kept(at_step)), floor, shape)
        return Schedule((*kept.phases, decay), self.name)

    def to_json(self) -> str:
        """Return the schedule as JSON text; `from_json` reads it back."""
        phases = [
            {
                "steps": None if phase.steps == math.inf else phase.steps,
                "start": phase.start,
                "end": phase.end,
                "shape": phase.shape.to_dict(),
                "length": phase.length,
            }
            for phase in self.phases
        ]
        return json.dumps({"name": self.name, "phases": phases})

    @staticmethod
    def from_json(text: str) -> Schedule:
        """Return the schedule that `to_json` wrote.

        Raises:
            ValueError, TypeError: the text is not JSON, or not a schedule; the message says where.
        """
        data: Any = json.loads(text)
        if not isinstance(data, dict) or not isinstance(data.get("phases"), list):
            raise ValueError(f"text must be a JSON object with phases, got {text[:60]!r}")
        return Schedule(
            tuple(_phase_from_dict(number, item) for number, item in enumerate(data["phases"], 1)),
            str(data.get("name", "schedule")),
        )


def _phase_from_dict(number: int, item: Any) -> Phase:
    needed = {"steps", "start", "end", "shape"}
    if not isinstance(item, dict) or not needed <= item.keys() <= needed | {"length"}:
        raise ValueError(f"phase {number} must have {sorted(needed)} (and length), got {item!r}")
    steps = math.inf if item["steps"] is None else item["steps"]
    shape = shape_from_dict(item["shape"])
    return Phase(steps, item["start"], item["end"], shape, item.get("length"))


def decay_phase(steps: int, start: float, floor: float, shape: str) -> Phase:
    """Return a phase that falls from `start` to `floor` along a shape given by its name.

    Args:
        steps: updates, >= 1.
        start: rate at its beginning.
        floor: rate at its end, absolute, 0 <= floor <= start.
        shape: curve of the decay: "linear", "1-sqrt", "cosine" or "exp" (which needs a
            floor above 0).

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.
    """
    check_count("decay_steps", steps)
    check_real("floor", floor, high=start)
    if shape == "exp":
        if not 0.0 < floor < start:
            raise ValueError(f"floor must be > 0 and < {start:g} for the shape exp, got {floor!r}")
        return Phase(steps, start, floor, Geometric(floor / start))
    named = {"linear": Polynomial(), "1-sqrt": OneMinusSqrt(), "cosine": Cosine()}
    if shape not in named:
        raise ValueError(f"shape must be one of {[*named, 'exp']}, got {shape!r}")
    return Phase(steps, start, float(floor), named[shape])


def constant_phase(steps: float, rate: float) -> Phase:
    """Return a phase of `steps` updates (`math.inf` for ever) at one rate."""
    return Phase(steps, rate, rate, Constant())
