"""Calls, values and curves in the form in which a learner sees them."""

from __future__ import annotations

from typing import Any

import numpy as np

from course_tasks.comparison import Difference, as_array, as_numbers
from course_tasks.task import Case, Given

WIDTH = 88  # of a printed line
_SHORTEST_CURVE = 6  # values; fewer are a handful of numbers


def show_call(name: str, case: Case) -> str:
    """Return a call as a line of text."""
    arguments = ", ".join(f"{key}={show(value)}" for key, value in case.items())
    return f"{name}({arguments})"


def show(value: Any, other: Any = None) -> str:
    """Return a value as a line of text; of a long array, the part around the first difference."""
    if isinstance(value, Given):
        return repr(value)
    if isinstance(value, np.ndarray | list | tuple):
        array = as_array(value)
        start = _where_they_part(value, other)
        if array is not None and array.ndim == 1 and array.size > 8:
            low = max(0, min(start - 2, array.size - 8))
            part = ", ".join(_number(x) for x in array[low : low + 8].tolist())
            shown = f"{'…, ' * (low > 0)}{part}{', …' * (low + 8 < array.size)}"
            where = f", shown from index {low}" if low else ""
            return f"array([{shown}])  ({array.size} values{where})"
        if isinstance(value, np.ndarray):
            text = np.array2string(
                value,
                separator=", ",
                threshold=40,
                formatter={"float_kind": lambda number: _number(float(number))},
            )
            return f"array({' '.join(text.split())})"
        inside = ", ".join(show(one) for one in value)
        text = f"[{inside}]" if isinstance(value, list) else f"({inside})"
    elif isinstance(value, dict):
        text = "{" + ", ".join(f"{key!r}: {show(one)}" for key, one in value.items()) + "}"
    else:
        text = _number(value)
    return text if len(text) <= 4 * WIDTH else f"{text[: 4 * WIDTH]}…"


def _where_they_part(value: Any, other: Any) -> int:
    a, b = as_numbers(value), as_numbers(other)
    if a is None or b is None or a.shape != b.shape or a.ndim != 1:
        return 0
    unequal = ~np.isclose(a, b, rtol=1e-5, atol=0)
    return int(np.argmax(unequal)) if unequal.any() else 0


def _number(value: Any) -> str:
    if not isinstance(value, float | np.floating):
        return repr(value.item() if isinstance(value, np.generic) else value)
    text = f"{value + 0.0:.7g}"  # never -0
    return f"{text}.0" if text.lstrip("-").isdigit() else text  # 58.0 is not the whole number 58


def same_rest(one: Case, other: Case, name: str) -> bool:
    """Return whether two cases are the same except for one argument."""
    return all(repr(one[key]) == repr(other[key]) for key in one if key != name)


def _as_long_as(values: np.ndarray, size: int) -> np.ndarray:
    """Return the values as a line of `size` points; NaN if there is none."""
    line = np.full(size, np.nan)
    line[: values.size] = values.ravel()[:size]
    return line


def answer_curve(difference: Difference) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return places, answer and expected answer as a curve; None if the answer is no curve."""
    got, want = as_numbers(difference.got), np.asarray(difference.expected)
    if want.ndim != 1 or want.size < _SHORTEST_CURVE or want.dtype.kind not in "fi" or got is None:
        return None
    return np.arange(want.size), _as_long_as(got, want.size), want.astype(np.float64)
