"""What a graded task is, and how answers to it are compared with its reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Case = Mapping[str, Any]


@dataclass(frozen=True)
class Misconception:
    """A known wrong implementation and what a teacher would say to it.

    Attributes:
        name: a short name for statistics over a class.
        function: takes the same arguments as the reference.
        sentence: said to a learner whose answers equal those of `function` on every case.
    """

    name: str
    function: Callable[..., Any]
    sentence: str


@dataclass(frozen=True)
class Task:
    """One function a learner writes.

    Attributes:
        name: the function's name.
        points: what it is worth.
        reference: the right answer, as a function.
        make_cases: takes a `numpy.random.Generator`, returns the arguments of every call: edges
            first, then random ones.
        misconceptions: known wrong implementations.
        rtol: relative tolerance of a value.
        atol: absolute tolerance of a value.
    """

    name: str
    points: int
    reference: Callable[..., Any]
    make_cases: Callable[[np.random.Generator], Sequence[Case]]
    misconceptions: tuple[Misconception, ...]
    rtol: float = 1e-6
    atol: float = 1e-9

    def cases(self, seed: int = 0) -> list[Case]:
        """Return the arguments of every call; the same seed gives the same cases."""
        return list(self.make_cases(np.random.default_rng(seed)))


@dataclass(frozen=True)
class Difference:
    """The first case in which an answer is not the expected one.

    Attributes:
        number: of the case, from 1.
        case: its arguments.
        got: the answer.
        expected: the reference's answer.
        cause: what probably went wrong, in a sentence; "" when nothing known fits.
    """

    number: int
    case: Case
    got: Any
    expected: Any
    cause: str


def compare(task: Task, cases: Sequence[Case], answers: Sequence[Any]) -> Difference | None:
    """Return the first difference between `answers` and the reference's, or None.

    An answer is right when it converts to float64 with the reference's shape and every value is
    within atol + rtol * |expected|; NaN never is.

    Args:
        task: the task.
        cases: the arguments of every call.
        answers: what the learner's function returned, one a case.
    """
    expected = [task.reference(**case) for case in cases]
    for number, (case, got, want) in enumerate(zip(cases, answers, expected, strict=True), 1):
        if not _agrees(task, got, want):
            return Difference(number, case, got, want, _cause(task, cases, answers, expected))
    return None


def _agrees(task: Task, got: Any, want: Any) -> bool:
    value = _as_array(got)
    want = np.asarray(want, dtype=np.float64)
    return (
        value is not None
        and value.shape == want.shape
        and bool(np.allclose(value, want, rtol=task.rtol, atol=task.atol))
    )


def _as_array(answer: Any) -> np.ndarray | None:
    """Return an answer as float64, or None where it is not numbers."""
    try:
        return np.asarray(answer, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def _cause(
    task: Task, cases: Sequence[Case], answers: Sequence[Any], expected: Sequence[Any]
) -> str:
    for known in task.misconceptions:
        with np.errstate(all="ignore"):  # a wrong answer may well divide by zero
            wrong = [known.function(**case) for case in cases]
        pairs = zip(answers, wrong, strict=True)
        if all(_agrees(task, got, value) for got, value in pairs):
            return known.sentence
    if all(answer is None for answer in answers):
        return "The function returns None: is there a `return`?"
    arrays = [_as_array(answer) for answer in answers]
    if any(array is None for array in arrays):
        return "The function has to return numbers: a float or an array of floats."
    for array, want in zip(arrays, expected, strict=True):
        if array.shape != np.shape(want):
            return f"The answer has shape {array.shape}; {np.shape(want)} is expected."
        if not np.isfinite(array).all():
            return "The answer holds NaN or infinity."
    return _constant_factor(task, arrays, expected)


def _constant_factor(task: Task, arrays: Sequence[np.ndarray], expected: Sequence[Any]) -> str:
    got = np.concatenate([array.ravel() for array in arrays])
    want = np.concatenate([np.ravel(value) for value in expected])
    where = np.abs(want) > task.atol
    factor = np.median(got[where] / want[where])
    if factor != 0 and np.allclose(got, factor * want, rtol=task.rtol, atol=task.atol):
        return f"Every answer is {factor:.4g} times the expected one."
    return ""
