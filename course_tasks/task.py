"""A graded task: a function to write, its reference, its cases, and known mistakes."""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: The arguments of one call, by name: numbers, text, arrays, lists and dicts of them, and `Given`s.
Case = Mapping[str, Any]

#: The points of a task for the shape and for the kind of number; the rest is for the values.
SHAPE_POINTS = DTYPE_POINTS = 0.25


class Given:
    """An argument that is more than data: an object of course_lib, made anew for every call.

    It travels by name, so that no code has to: `Given("schedules.cosine", peak_lr=0.1,
    total_steps=100)` stands for `course_lib.schedules.cosine(peak_lr=0.1, total_steps=100)`.
    """

    def __init__(self, path: str, /, **arguments: Any) -> None:
        """Name what is given.

        Args:
            path: module and function or class, below course_lib.
            arguments: arguments of the call, as data.
        """
        self.path, self.arguments = path, arguments

    def build(self) -> Any:
        """Return what it stands for, fresh."""
        module, _, name = self.path.rpartition(".")
        make = getattr(importlib.import_module(f"course_lib.{module}"), name)
        return make(**copy.deepcopy(self.arguments))

    def __repr__(self) -> str:
        """Return the call that makes it."""
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.path.rpartition('.')[2]}({arguments})"


class Stateful(Given):
    """A `Given` whose calls change it: it counts them, or takes the next batch.

    The grader keeps such an object in a process of its own, which a learner's code cannot copy,
    reset or look into. Its class has a method `_next`, which gets the arguments of a call, once
    they are checked, and does all that needs the state.
    """


def built(case: Case) -> dict[str, Any]:
    """Return the arguments of a call: copies, so that no call can spoil another's."""
    return {
        name: value.build() if isinstance(value, Given) else copy.deepcopy(value)
        for name, value in case.items()
    }


@dataclass(frozen=True)
class Hint:
    """Help that is folded until the learner opens it.

    Attributes:
        symptom: an observation or a thought of the learner: "My curve ends too high".
        text: a push in the right direction, in Markdown; never the answer.
    """

    symptom: str
    text: str


@dataclass(frozen=True)
class Misconception:
    """A known wrong implementation, and what a teacher would say about it.

    Attributes:
        name: a short name for statistics over a class.
        function: takes the same arguments as the reference.
        sentence: said to a learner whose answers equal those of `function` on every case.
    """

    name: str
    function: Callable[..., Any]
    sentence: str


@dataclass(frozen=True)
class Section:
    """The part of a lesson to read again.

    Attributes:
        lesson: the lesson's notebook, by name: "04_warmup".
        heading: heading of the part.
    """

    lesson: str
    heading: str


@dataclass(frozen=True)
class Score:
    """The score of an answer that is better or worse rather than right or wrong.

    Attributes:
        fraction: share of the points, 0 to 1.
        sentence: reason for the score, with its numbers.
    """

    fraction: float
    sentence: str


def largest(case: Case, expected: np.ndarray) -> float:
    """Return the largest size among the expected values of a case: the default of `Task.scale`."""
    return float(np.max(np.abs(expected), initial=0.0))


@dataclass(frozen=True)
class Task:
    """One function a learner writes.

    Attributes:
        name: the function's name.
        points: points of the task; `SHAPE_POINTS` of them for the shape of the answer and
            `DTYPE_POINTS` for the kind of number, once the values are right.
        reference: the right answer, as a function with the learner's arguments.
        make_cases: takes a `numpy.random.Generator`, returns the arguments of every call: edges
            first, then random ones.
        hints: hints that start from the symptom; they stand folded in the notebook.
        misconceptions: known wrong implementations.
        rtol: relative tolerance of a value; single precision passes.
        scale: case and expected values -> the size to which `rtol` / 10 is the absolute tolerance;
            of a curve that ends at 0 that is its peak, not its end.
        curve: name of the argument along which single answers make a curve, as "step"; None where
            an answer is a curve itself, or nothing is.
        score: None where an answer is right or wrong. Otherwise case and answer, numbers of the
            expected shape -> its worth; the reference is then an answer that earns all points.
        number: the task's place in its exercise, from 1.
        section: the part of a lesson that the task is about.
    """

    name: str
    points: int
    reference: Callable[..., Any]
    make_cases: Callable[[np.random.Generator], Sequence[Case]]
    hints: tuple[Hint, ...]
    misconceptions: tuple[Misconception, ...]
    rtol: float = 1e-5
    scale: Callable[[Case, np.ndarray], float] = largest
    curve: str | None = None
    score: Callable[[Case, np.ndarray], Score] | None = None
    number: int = 1
    section: Section | None = None

    def cases(self, seed: int = 0) -> list[Case]:
        """Return the arguments of every call; the same seed gives the same cases."""
        return list(self.make_cases(np.random.default_rng(seed)))

    @property
    def signature(self) -> str:
        """The line a learner's function begins with, without `def`."""
        return f"{self.name}({', '.join(inspect.signature(self.reference).parameters)})"
