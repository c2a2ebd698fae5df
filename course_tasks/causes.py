"""The likely cause of a wrong answer: a known mistake, or what its values show."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_tasks.comparison import (
    Agrees,
    Difference,
    as_numbers,
    same_kind,
    same_shape,
    same_values,
    texts,
)
from course_tasks.task import Case, Misconception, Task, built

#: What an answer must be, by the kind of the dtype of the reference's answer.
_KIND_NAMES = {"f": "floating-point numbers", "i": "whole numbers", "b": "True or False"}


@dataclass(frozen=True)
class Raised:
    """Stands for an answer where a function raised an error.

    Attributes:
        kind: the error's class, by name.
        message: its text.
        line: the learner's own line in which it happened, "" if there is none.
    """

    kind: str
    message: str
    line: str = ""


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


def known_mistake(
    task: Task, cases: Sequence[Case], answers: Sequence[Any], *, values_are_right: bool = False
) -> Misconception | None:
    """Return the known mistake that gives these answers; preferably one with the same shapes.

    Args:
        task: the task.
        cases: the arguments of every call.
        answers: the answers.
        values_are_right: whether only the shape or the kind of number differs from the reference.
    """
    other_form = None
    for known in task.misconceptions:
        wrong = answers_of(known.function, cases)
        if not all(_each(task, cases, answers, wrong, _equal)):
            continue
        if all(_each(task, cases, answers, wrong, _alike)):
            return known
        if not values_are_right:  # otherwise the form is the mistake, and must be the same
            other_form = other_form or known
    return other_form


def _each(
    task: Task,
    cases: Sequence[Case],
    answers: Sequence[Any],
    others: Sequence[Any],
    agrees: Agrees,
) -> list[bool]:
    return [agrees(task, *pair) for pair in zip(cases, answers, others, strict=True)]


def _equal(task: Task, case: Case, got: Any, wrong: Any) -> bool:
    if isinstance(got, Raised) or isinstance(wrong, Raised):
        return isinstance(got, Raised) and isinstance(wrong, Raised) and got.kind == wrong.kind
    a, b = as_numbers(got), as_numbers(wrong)
    if a is None or b is None:
        return a is b and texts(got) is not None and texts(got) == texts(wrong)
    a, b = a.ravel(), b.ravel()
    finite = np.isfinite(a)
    odd_alike = np.array_equal(np.where(finite, 0, a), np.where(np.isfinite(b), 0, b), True)
    return odd_alike and same_values(task, case, a[finite], b[finite])


def _alike(task: Task, case: Case, got: Any, wrong: Any) -> bool:
    return same_shape(task, case, got, wrong) and (
        isinstance(got, Raised) or same_kind(task, case, got, wrong)
    )


def symptom(
    task: Task, answers: Sequence[Any], expected: Sequence[Any], difference: Difference
) -> str:
    """Return a sentence on what is wrong with an answer that fits no known mistake; "" if unknown.

    Args:
        task: the task.
        answers: all answers.
        expected: answers of the reference.
        difference: the first case in which they differ.
    """
    got, want = difference.got, np.asarray(difference.expected)
    if all(answer is None for answer in answers):
        return "The function returns None. Is there a `return`?"
    if isinstance(got, Raised):
        return ""
    if want.dtype.kind == "U":
        return "" if texts(got) is not None else f"The task asks for {_text_kind(want)}."
    numbers = as_numbers(got)
    if numbers is None:
        return "The function has to return numbers: a float or an array of floats."
    if numbers.size != want.size:
        return f"The answer is {_size(numbers)}; {_size(want)} is expected."
    if not np.isfinite(numbers).all():
        return "The answer holds NaN or infinity."
    if not same_values(task, difference.case, got, want):
        return _constant_factor(task, answers, expected) or _fractions(numbers, want)
    if numbers.shape != want.shape:
        return (
            f"The values are right, but the answer is {_size(numbers)}; {_size(want)} is expected."
        )
    wanted = _KIND_NAMES[want.dtype.kind]
    return f"The values are right, but they are {type_name(got)}; the task asks for {wanted}."


def _fractions(numbers: np.ndarray, want: np.ndarray) -> str:
    if want.dtype.kind == "i" and (numbers % 1).any():
        return "The task asks for whole numbers, and not all of these are whole."
    return ""


def _text_kind(want: np.ndarray) -> str:
    return "a list of texts" if want.ndim else "a text"


def _size(array: np.ndarray) -> str:
    return f"an array of shape {array.shape}" if array.ndim else "a single number"


def type_name(answer: Any) -> str:
    """Return the type of an answer in a word or two: float64, a list of float."""
    if hasattr(answer, "dtype"):
        return str(answer.dtype)
    if isinstance(answer, list | tuple) and len(answer):
        return f"a {type(answer).__name__} of {type(answer[0]).__name__}"
    return type(answer).__name__


def _constant_factor(task: Task, answers: Sequence[Any], expected: Sequence[Any]) -> str:
    arrays = [as_numbers(answer) for answer in answers]
    wanted = [np.asarray(want, dtype=np.float64) for want in expected]
    pairs = list(zip(arrays, wanted, strict=True))
    if any(array is None or array.size != want.size for array, want in pairs):
        return ""
    got, want = (np.concatenate([np.ravel(one) for one in side]) for side in (arrays, wanted))
    where = np.abs(want) > 1e-9
    if not where.any():
        return ""
    with np.errstate(over="ignore", invalid="ignore"):  # an answer may be the largest float
        factor = float(np.median(got[where] / want[where]))
        is_factor = np.allclose(got, factor * want, rtol=task.rtol, atol=1e-9)
    if is_factor and factor not in (0.0, 1.0):
        return f"Every answer is {factor:.4g} times the expected one."
    return ""
