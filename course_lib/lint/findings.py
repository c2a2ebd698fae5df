"""The two ends of a rule of the linter: the run that it examines, and a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_lib.lint.turning_points import turning_points

# Differences below a millionth of the peak are rounding: libraries compute in float32 (6e-8).
NOISE = 1e-6
# A ramp to or from 0 changes by any factor at its foot; below 1 % of the peak no factor counts.
FOOT = 0.01
# Codes of findings that many healthy runs have: how trainers log or count, matters of taste, and
# what would only happen past the end. Every other code says that the run is not as it should be.
ADVICE = frozenset(
    {
        "first-update-zero",  # a warmup of transformers or optax begins so
        "warmup-too-short",  # a run may do without; and a log may have few rows of a warmup
        "warmup-too-long",  # one-cycle rises for 30 % of the run, and some let it rise for longer
        "rises-after-end",  # torch's cosine does, but a loop of the right length never sees it
    }
)


@dataclass(frozen=True)
class Finding:
    """One suspicious part of a schedule.

    Attributes:
        code: name of the rule that found it, such as "dead-tail".
        first_step: first step it concerns; a step counts the updates already done.
        last_step: last step it concerns (inclusive).
        message: one sentence with the numbers.
        fix: one sentence that says what to do.
        group: parameter groups that it concerns, such as "head, body (x 0.1)"; "" where `lint`
            was given one schedule.
        severity: "problem", or "advice" where the code is one of `ADVICE`.

    >>> from course_lib.lint import lint
    >>> finding = lint([0.1, 0.1, 0.0001, 0.0001], total_steps=4)[0]
    >>> print(finding.severity, finding.code, (finding.first_step, finding.last_step))
    problem jump (1, 2)
    >>> print(finding.fix)
    Check that each phase starts at the rate where the one before it ends.
    """

    code: str
    first_step: int
    last_step: int
    message: str
    fix: str
    group: str = ""

    @property
    def severity(self) -> str:
        """Whether the run is not as it should be ("problem"), or healthy runs do so ("advice")."""
        return "advice" if self.code in ADVICE else "problem"

    def __str__(self) -> str:
        """Return the finding as one line."""
        where = f"step {self.first_step}"
        if self.last_step != self.first_step:
            where = f"steps {self.first_step}-{self.last_step}"
        if self.group:
            where = f"{self.group}; {where}"
        return f"{self.severity}: {self.code} ({where}): {self.message} {self.fix}"


@dataclass(frozen=True)
class Run:
    """The rates that a rule examines, and what they are meant to be."""

    known: np.ndarray  # rates at t = 0, 1, 2, … as far as they are known, finite or not
    total_steps: int
    loop_steps: int
    own_end: float  # where the schedule itself says that it ends; inf when it does not say
    peak_lr: float | None
    floor: float | None
    max_jump: float
    milestones: tuple[int, ...] = ()  # steps at which the schedule says that a staircase drops

    @cached_property
    def rates(self) -> np.ndarray:
        """The rates of the updates that the loop makes."""
        return self.known[: self.loop_steps]

    @cached_property
    def planned(self) -> np.ndarray:
        """The rates of the updates that the loop makes before the planned end."""
        return self.known[: min(self.loop_steps, self.total_steps)]

    @cached_property
    def reached(self) -> np.ndarray:
        """The same and, if known, the rate right after, because an end is reached at t = total."""
        return self.known[: self.loop_steps + 1]

    @cached_property
    def top(self) -> float:
        """The largest rate of the loop."""
        return float(self.rates.max())

    @cached_property
    def levels(self) -> np.ndarray:
        """The rates, none below the foot, so that their ratios mean something."""
        return np.maximum(self.rates, FOOT * self.top)

    @cached_property
    def changes(self) -> np.ndarray:
        """The change of the rate from each update to the next."""
        return np.diff(self.rates)

    @cached_property
    def turns(self) -> list[int]:
        """The steps where the planned rates turn from falling to rising or back, ends included."""
        return turning_points(self.planned, NOISE * self.top)

    @cached_property
    def warmup_steps(self) -> int:
        """Updates before the first rise is over; 0 without one."""
        noise = NOISE * self.top
        falls = np.flatnonzero(self.changes < -noise)
        rising = self.rates[: int(falls[0]) + 1] if falls.size else self.rates
        return int(np.argmax(rising >= rising.max() - noise))


Rule = Callable[[Run], Iterator[Finding]]


def count(number: int, one: str, many: str) -> str:
    """Return the number with the right word after it."""
    return f"{number} {one if number == 1 else many}"
