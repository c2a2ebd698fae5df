"""Compares answers with a task's reference: points, the first difference, the likely cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_tasks.causes import Raised, known_mistake, symptom, type_name
from course_tasks.comparison import (
    Difference,
    as_numbers,
    first_difference,
    same_kind,
    same_shape,
    same_values,
)
from course_tasks.task import DTYPE_POINTS, SHAPE_POINTS, Case, Score, Task, built


@dataclass(frozen=True)
class JudgedPart:
    """A part of a task's points: of the values, of the shape, of the kind of number."""

    name: str
    points: float
    possible: float


@dataclass(frozen=True)
class Judgement:
    """The points for the answers to a task, and the reason for missing points.

    Attributes:
        parts: points part by part.
        difference: the first case that costs points; None if there is none.
        misconception: name of the known mistake whose answers these are, "" for none.
        cause: the likely cause, in a sentence; "" when nothing known fits.
        scores: score of the answer to every case, for a task that is scored.
    """

    parts: tuple[JudgedPart, ...]
    difference: Difference | None
    misconception: str = ""
    cause: str = ""
    scores: tuple[Score, ...] = ()

    @property
    def points(self) -> float:
        """Points reached."""
        return sum(part.points for part in self.parts)

    @property
    def possible(self) -> float:
        """Points that the task is worth."""
        return sum(part.possible for part in self.parts)

    @property
    def is_right(self) -> bool:
        """Whether nothing is missing."""
        return self.difference is None


def judge(task: Task, cases: Sequence[Case], answers: Sequence[Any]) -> Judgement:
    """Return the points for the answers.

    Values are right when there are as many as in the reference and each is within
    rtol |expected| + rtol / 10 scale; NaN never is. Shape and kind of number count once all values
    are right. Text is right when it is the same.

    Args:
        task: the task.
        cases: the arguments of every call.
        answers: results of the learner's function, one a case; `Raised` where it raised.

    Raises:
        ValueError: there are not as many answers as cases.
    """
    if len(cases) != len(answers):
        raise ValueError(f"answers must be one a case, {len(cases)}, got {len(answers)}")
    if task.score is not None:
        return _scored(task, cases, answers)
    expected = [task.reference(**built(case)) for case in cases]
    asked = list(zip(cases, answers, expected, strict=True))
    values, shape, kind = _worth(task, expected[0])
    difference = first_difference(task, asked, same_values)
    # Shape and kind of number count once the values are right.
    other_shape = difference or first_difference(task, asked, same_shape)
    other_kind = difference or first_difference(task, asked, same_kind)
    found = [("values", values, difference), ("shape", shape, other_shape)]
    found.append(("kind of number", kind, other_kind))
    parts = tuple(JudgedPart(name, 0.0 if wrong else p, p) for name, p, wrong in found if p)
    first = other_shape or other_kind
    if first is None:
        return Judgement(parts, None)
    known = known_mistake(task, cases, answers, values_are_right=difference is None)
    cause = known.sentence if known else symptom(task, answers, expected, first)
    return Judgement(parts, first, known.name if known else "", cause)


def _worth(task: Task, expected: Any) -> tuple[float, float, float]:
    if np.asarray(expected).dtype.kind == "U":
        return float(task.points), 0.0, 0.0
    return task.points - SHAPE_POINTS - DTYPE_POINTS, SHAPE_POINTS, DTYPE_POINTS


def _scored(task: Task, cases: Sequence[Case], answers: Sequence[Any]) -> Judgement:
    expected = [np.asarray(task.reference(**built(case))) for case in cases]
    asked = list(zip(cases, answers, expected, strict=True))
    scores = tuple(_score(task, *one) for one in asked)
    fractions = [score.fraction for score in scores]
    points = task.points * float(np.mean(fractions))
    parts = (JudgedPart("score", points, float(task.points)),)
    wrong = [number for number, fraction in enumerate(fractions) if fraction < 1]
    if not wrong:
        return Judgement(parts, None, scores=scores)
    difference = Difference(wrong[0] + 1, *asked[wrong[0]])
    readable = all(isinstance(got, Raised) or _is_scorable(got, want) for _, got, want in asked)
    known = known_mistake(task, cases, answers) if readable else None
    name, cause = (known.name, known.sentence) if known else ("", "")
    return Judgement(parts, difference, name, cause, scores)


def _score(task: Task, case: Case, got: Any, want: np.ndarray) -> Score:
    if isinstance(got, Raised):
        where = f", in your line `{got.line}`" if got.line else ""
        return Score(0.0, f"{task.name} raised {got.kind}: {got.message}{where}")
    if not _is_scorable(got, want):
        needed = f"finite numbers of shape {want.shape}" if want.ndim else "one finite number"
        shown = repr(got) if isinstance(got, float) else type_name(got)
        return Score(0.0, f"{task.name} has to return {needed}; it returned {shown}")
    return task.score(case, as_numbers(got))


def _is_scorable(got: Any, want: np.ndarray) -> bool:
    value = as_numbers(got)
    return value is not None and value.shape == want.shape and bool(np.isfinite(value).all())
