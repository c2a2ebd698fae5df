"""Compares answers with a task's reference: points, the first difference, the likely cause."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.tasks.task import (
    DTYPE_POINTS,
    SHAPE_POINTS,
    Case,
    Misconception,
    Score,
    Task,
    built,
)

#: Kinds of NumPy dtypes: what an answer must be, by the kind of the reference's answer.
_KIND_NAMES = {"f": "floating-point numbers", "i": "whole numbers", "b": "True or False"}


@dataclass(frozen=True)
class Raised:
    """What stands for an answer where a function raised an error.

    Attributes:
        kind: the error's class, by name.
        message: its text.
        line: the learner's own line in which it happened, "" where there is none.
    """

    kind: str
    message: str
    line: str = ""


@dataclass(frozen=True)
class Part:
    """A part of a task's points: of the values, of the shape, of the kind of number."""

    name: str
    points: float
    possible: float


@dataclass(frozen=True)
class Difference:
    """The first case in which an answer is not the expected one.

    Attributes:
        number: of the case, from 1.
        case: its arguments.
        got: the answer, or `Raised`.
        expected: the reference's answer.
    """

    number: int
    case: Case
    got: Any
    expected: Any


@dataclass(frozen=True)
class Verdict:
    """What answers to a task are worth, and why not more.

    Attributes:
        parts: points part by part.
        difference: the first case that costs points; None where there is none.
        misconception: name of the known mistake whose answers these are, "" for none.
        cause: what probably went wrong, in a sentence; "" when nothing known fits.
        scores: of a task that is scored, the worth of the answer to every case.
    """

    parts: tuple[Part, ...]
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


def answers_of(function: Callable[..., Any], cases: Sequence[Case]) -> list[Any]:
    """Return what a trusted function answers to every case; `Raised` where it raises."""
    answers: list[Any] = []
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mistake may well divide by zero
        for case in cases:
            try:
                answers.append(function(**built(case)))
            except Exception as error:
                answers.append(Raised(type(error).__name__, str(error)))
    return answers


def judge(task: Task, cases: Sequence[Case], answers: Sequence[Any]) -> Verdict:
    """Return what answers are worth.

    Values are right when they are as many as the reference's and each is within
    rtol |expected| + rtol / 10 scale; NaN never is. Shape and kind of number count once all values
    are right. Text is right when it is the same.

    Args:
        task: the task.
        cases: the arguments of every call.
        answers: what the learner's function returned, one a case; `Raised` where it raised.

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
    difference = _first(task, asked, _same_values)
    # Shape and kind of number count once the values are right.
    other_shape = difference or _first(task, asked, _same_shape)
    other_kind = difference or _first(task, asked, _same_kind)
    found = [("values", values, difference), ("shape", shape, other_shape)]
    found.append(("kind of number", kind, other_kind))
    parts = tuple(Part(name, 0.0 if wrong else p, p) for name, p, wrong in found if p)
    difference = other_shape or other_kind
    if difference is None:
        return Verdict(parts, None)
    known = _known(task, cases, answers, expected)
    cause = known.sentence if known else _cause(task, asked, answers, expected)
    return Verdict(parts, difference, known.name if known else "", cause)


def _worth(task: Task, expected: Any) -> tuple[float, float, float]:
    if np.asarray(expected).dtype.kind == "U":
        return float(task.points), 0.0, 0.0
    return task.points - SHAPE_POINTS - DTYPE_POINTS, SHAPE_POINTS, DTYPE_POINTS


def _first(
    task: Task,
    asked: Sequence[tuple[Case, Any, Any]],
    agrees: Callable[[Task, Case, Any, Any], bool],
) -> Difference | None:
    for number, (case, got, want) in enumerate(asked, 1):
        if not agrees(task, case, got, want):
            return Difference(number, case, got, want)
    return None


def _same_values(task: Task, case: Case, got: Any, want: Any) -> bool:
    want = np.asarray(want)
    if want.dtype.kind == "U":
        return _texts(got) == want.tolist()
    value = as_numbers(got)
    if value is None or value.size != want.size:
        return False
    want = want.astype(np.float64)
    allowed = task.rtol * (np.abs(want) + 0.1 * task.scale(case, want)) + 1e-12
    return bool(np.all(np.abs(value.ravel() - want.ravel()) <= allowed.ravel()))


def _texts(answer: Any) -> Any:
    array = as_array(answer)
    return array.tolist() if array is not None and array.dtype.kind == "U" else None


def _same_shape(task: Task, case: Case, got: Any, want: Any) -> bool:
    return np.shape(got) == np.shape(want)


def _same_kind(task: Task, case: Case, got: Any, want: Any) -> bool:
    wanted, kind = np.asarray(want).dtype.kind, as_array(got).dtype.kind
    if wanted == "f" and kind in "iu":
        # Python's own whole numbers turn into others by themselves; an array of them cuts off.
        return not hasattr(got, "dtype")
    return {"u": "i", "V": "f"}.get(kind, kind) == wanted  # V: bfloat16 and the like


def as_numbers(answer: Any) -> np.ndarray | None:
    """Return an answer as float64, or None where it is not real numbers."""
    array = as_array(answer)
    if array is None or array.dtype.kind in "USOcmM" or np.ma.isMaskedArray(answer):
        return None
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError):
        return None


def as_array(answer: Any) -> np.ndarray | None:
    """Return what NumPy makes of an answer, a list or another library's array; None: nothing."""
    with contextlib.suppress(Exception):  # ragged lists, and whatever an odd class may raise
        return np.asarray(answer)
    return None


def _known(
    task: Task, cases: Sequence[Case], answers: Sequence[Any], expected: Sequence[Any]
) -> Misconception | None:
    """Return the mistake whose answers these are; rather one with the same shapes as well."""
    same_values = None
    right = all(_each(task, cases, answers, expected, _same_values))
    for known in task.misconceptions:
        wrong = answers_of(known.function, cases)
        if not all(_each(task, cases, answers, wrong, _equal)):
            continue
        if all(_each(task, cases, answers, wrong, _alike)):
            return known
        if not right:  # else only the form differs, and so the form must be the same
            same_values = same_values or known
    return same_values


def _each(
    task: Task,
    cases: Sequence[Case],
    answers: Sequence[Any],
    others: Sequence[Any],
    agrees: Callable[[Task, Case, Any, Any], bool],
) -> list[bool]:
    return [agrees(task, *pair) for pair in zip(cases, answers, others, strict=True)]


def _equal(task: Task, case: Case, got: Any, wrong: Any) -> bool:
    if isinstance(got, Raised) or isinstance(wrong, Raised):
        return isinstance(got, Raised) and isinstance(wrong, Raised) and got.kind == wrong.kind
    a, b = as_numbers(got), as_numbers(wrong)
    if a is None or b is None:
        return a is b and _texts(got) is not None and _texts(got) == _texts(wrong)
    both_finite = np.isfinite(a).all() and np.isfinite(b).all()
    if a.size != b.size or not both_finite:
        return bool(np.array_equal(a.ravel(), b.ravel(), equal_nan=True))
    return _same_values(task, case, got, wrong)


def _alike(task: Task, case: Case, got: Any, wrong: Any) -> bool:
    return _same_shape(task, case, got, wrong) and (
        isinstance(got, Raised) or _same_kind(task, case, got, wrong)
    )


def _cause(
    task: Task,
    asked: Sequence[tuple[Case, Any, Any]],
    answers: Sequence[Any],
    expected: Sequence[Any],
) -> str:
    if any(isinstance(answer, Raised) for answer in answers):
        return ""
    if all(answer is None for answer in answers):
        return "The function returns None: is there a `return`?"
    if np.asarray(expected[0]).dtype.kind == "U":
        return ""
    arrays = [as_numbers(answer) for answer in answers]
    if any(array is None for array in arrays):
        return "The function has to return numbers: a float or an array of floats."
    for array, want in zip(arrays, expected, strict=True):
        if array.size != np.size(want):
            return f"The answer is {_size(array)}; {_size(np.asarray(want))} is expected."
        if not np.isfinite(array).all():
            return "The answer holds NaN or infinity."
    if factor := _constant_factor(task, arrays, expected):
        return factor
    if _first(task, asked, _same_values):
        whole = np.asarray(expected[0]).dtype.kind == "i"
        broken = whole and any((array % 1).any() for array in arrays)
        return "Whole numbers are asked for, and some of these are not." if broken else ""
    for array, want in zip(arrays, expected, strict=True):
        if array.shape != np.shape(want):
            return (
                f"The values are right, but the answer is {_size(array)}; "
                f"{_size(np.asarray(want))} is expected."
            )
    for answer, want in zip(answers, expected, strict=True):
        if not _same_kind(task, {}, answer, want):
            wanted = _KIND_NAMES[np.asarray(want).dtype.kind]
            return (
                f"The values are right, but their type is {_type(answer)}; {wanted} are asked for."
            )
    return ""


def _size(array: np.ndarray) -> str:
    return f"an array of shape {array.shape}" if array.ndim else "a single number"


def _type(answer: Any) -> str:
    if hasattr(answer, "dtype"):
        return str(answer.dtype)
    if isinstance(answer, list | tuple) and len(answer):
        return f"a {type(answer).__name__} of {type(answer[0]).__name__}"
    return type(answer).__name__


def _constant_factor(task: Task, arrays: Sequence[np.ndarray], expected: Sequence[Any]) -> str:
    got = np.concatenate([array.ravel() for array in arrays])
    want = np.concatenate([np.ravel(value).astype(np.float64) for value in expected])
    where = np.abs(want) > 1e-9
    if not where.any():
        return ""
    factor = float(np.median(got[where] / want[where]))
    if factor not in (0.0, 1.0) and np.allclose(got, factor * want, rtol=task.rtol, atol=1e-9):
        return f"Every answer is {factor:.4g} times the expected one."
    return ""


def _scored(task: Task, cases: Sequence[Case], answers: Sequence[Any]) -> Verdict:
    scores, difference, is_readable = [], None, True
    for number, (case, got) in enumerate(zip(cases, answers, strict=True), 1):
        want = np.asarray(task.reference(**built(case)))
        value = as_numbers(got)
        if isinstance(got, Raised):
            where = f", in your line `{got.line}`" if got.line else ""
            score = Score(0.0, f"{task.name} raised {got.kind}: {got.message}{where}")
        elif value is None or value.shape != want.shape or not np.isfinite(value).all():
            is_readable = False
            needed = f"finite numbers of shape {want.shape}" if want.ndim else "one finite number"
            score = Score(0.0, f"{task.name} has to return {needed}; it returned {_type(got)}")
        else:
            score = task.score(case, value)
        scores.append(score)
        if score.fraction < 1 and difference is None:
            difference = Difference(number, case, got, want)
    points = task.points * float(np.mean([score.fraction for score in scores]))
    parts = (Part("score", points, float(task.points)),)
    if difference is None:
        return Verdict(parts, None, scores=tuple(scores))
    expected = [task.reference(**built(case)) for case in cases]
    known = _known(task, cases, answers, expected) if is_readable else None
    cause = known.sentence if known else ""
    return Verdict(parts, difference, known.name if known else "", cause, tuple(scores))
