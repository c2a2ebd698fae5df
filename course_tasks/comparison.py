"""Compares an answer with the expected one: values, shape, kind of number."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_tasks.task import Case, Task

#: Task, case, answer, expected -> whether they agree.
Agrees = Callable[[Task, Case, Any, Any], bool]


@dataclass(frozen=True)
class Difference:
    """The first case in which an answer is not the expected one.

    Attributes:
        number: number of the case, from 1.
        case: its arguments.
        got: the answer, or `Raised`.
        expected: the reference's answer.
    """

    number: int
    case: Case
    got: Any
    expected: Any


def first_difference(
    task: Task,
    asked: Sequence[tuple[Case, Any, Any]],
    agrees: Agrees,
) -> Difference | None:
    """Return the first of (case, answer, expected) that does not agree."""
    for number, (case, got, want) in enumerate(asked, 1):
        if not agrees(task, case, got, want):
            return Difference(number, case, got, want)
    return None


def same_values(task: Task, case: Case, got: Any, want: Any) -> bool:
    """Return whether an answer has the expected values, as `judge` says."""
    want = np.asarray(want)
    if want.dtype.kind == "U":
        return texts(got) == want.tolist()
    value = as_numbers(got)
    if value is None or value.size != want.size:
        return False
    want = want.astype(np.float64)
    allowed = task.rtol * (np.abs(want) + 0.1 * task.scale(case, want)) + 1e-12
    return bool(np.all(np.abs(value.ravel() - want.ravel()) <= allowed.ravel()))


def texts(answer: Any) -> Any:
    """Return a text answer as a text or a list of texts; None if it is something else."""
    array = as_array(answer)
    return array.tolist() if array is not None and array.dtype.kind == "U" else None


def same_shape(task: Task, case: Case, got: Any, want: Any) -> bool:
    """Return whether an answer has the expected shape."""
    return np.shape(got) == np.shape(want)


def same_kind(task: Task, case: Case, got: Any, want: Any) -> bool:
    """Return whether an answer has the expected kind of number; Python's own for single numbers."""
    wanted, kind = np.asarray(want).dtype.kind, as_array(got).dtype.kind
    if wanted == "f" and kind in "iu":
        # Python converts its own whole numbers where needed; an array of them cuts fractions off.
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
    """Return an answer, such as a list or another library's array, as a NumPy array, or None.

    Complex numbers without an imaginary part count as real: from NumPy 2.5 on
    `numpy.linalg.eigvals` returns nothing else.
    """
    with contextlib.suppress(Exception):  # ragged lists, and whatever an odd class may raise
        array = np.asarray(answer)
        return array.real if array.dtype.kind == "c" and not np.any(array.imag) else array
    return None
