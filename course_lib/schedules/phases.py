"""The phase model: a schedule is a sequence of half-open phases over the step t = 0, 1, 2, …"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from course_lib.schedules.shapes import Shape
from course_lib.validation import check_count, check_real

_LARGEST_STEP = 2**1000  # the largest power of two that is surely a float64


@dataclass(frozen=True)
class Phase:
    """`steps` updates over which the rate goes from `start` to `end` along `shape`.

    Attributes:
        steps: number of updates, >= 1; `math.inf` for a phase that never ends.
        start: rate of the phase's first update, >= 0.
        end: rate that the shape approaches; for a closing shape, the rate right after the phase.
        shape: one of `course_lib.schedules.shapes`.

    Raises:
        ValueError, TypeError: a negative or non-finite rate; fewer than one step; a closing shape
            without a finite length, or an open one with it.
    """

    steps: float
    start: float
    end: float
    shape: Shape

    def __post_init__(self) -> None:
        """Check every field."""
        if self.steps != math.inf:
            check_count("steps", self.steps)
        check_real("start", self.start)
        check_real("end", self.end)
        endless = self.steps == math.inf
        if self.shape.closing and endless:
            raise ValueError(f"steps must be finite for the shape {self.shape!r}, got inf")
        if not self.shape.closing and not endless and self.start != self.end:
            raise ValueError(
                f"the shape {self.shape!r} never reaches end={self.end!r}: "
                "give steps=math.inf or a closing shape"
            )

    def __call__(self, k: np.ndarray) -> np.ndarray:
        """Return the rates `k` steps after the phase began (float64, shape of `k`)."""
        s = self.shape(k, self.steps)
        return self.start * s + self.end * (1.0 - s)


@dataclass(frozen=True)
class Schedule:
    """A pure function from the step to the learning rate.

    t counts the optimizer updates already done, so `schedule(0)` is the rate of the first update.
    Phases are half-open, [first, first + steps): the step at a boundary belongs to the later one.
    From `total_steps` on the last phase's `end` is held.

    Attributes:
        phases: the phases in order; only the last may be endless.
        name: what plots and tables call it; not part of what makes two schedules equal.
    """

    phases: tuple[Phase, ...]
    name: str = "schedule"

    def __post_init__(self) -> None:
        """Check that there is a phase and that only the last is endless."""
        object.__setattr__(self, "phases", tuple(self.phases))
        if not self.phases:
            raise ValueError("phases must hold at least one phase, got none")
        if any(phase.steps == math.inf for phase in self.phases[:-1]):
            raise ValueError("phases: only the last phase may have steps=math.inf")

    def __eq__(self, other: object) -> bool:
        """Two schedules are equal when their phases are."""
        return isinstance(other, Schedule) and self.phases == other.phases

    def __hash__(self) -> int:
        """Return a hash of the phases."""
        return hash(self.phases)

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
        rates = np.full(np.shape(t), self.phases[-1].end)
        first = 0.0
        for phase in self.phases:
            inside = (t >= first) & (t < first + phase.steps)
            rates[inside] = phase(t[inside] - first)
            first += phase.steps
        return rates
