"""Places every element of the feedback pages' pictures; the templates draw them as SVG.

All texts in here are made from numbers. What somebody else wrote enters a picture only through the
templates, which escape it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.svg import Area, Tick, path, short_number
from course_tools.grading.report import Curve

WIDTH, HEIGHT = 380.0, 220.0  # of a curve's picture, in its own units
_AREA = Area(50.0, 10.0, WIDTH - 14.0, HEIGHT - 38.0)
# Sums and quotients of numbers between these are still finite; smaller ones count as 0.
_SMALLEST, _LARGEST = 1e-150, 1e150
_BEYOND = 1.5  # heights of the expected curve that are shown above and below it
_FEWEST_OF_A_LINE = 25  # of fewer steps, the lines between them are no part of the answer

BARS_WIDTH, BARS_HEIGHT = 320.0, 132.0  # of a histogram's picture
_BARS_AREA = Area(0.0, 18.0, BARS_WIDTH, BARS_HEIGHT - 22.0)
_GAP = 3.0


@dataclass(frozen=True)
class Drawing:
    """Two curves as SVG paths.

    Attributes:
        area: the area between the axes.
        got: path of the answer, broken where it is no finite number.
        expected: path of the reference.
        is_sparse: whether the steps are so few that the values are drawn as dots.
        dots: (x, y) of every value of the answer where these are few.
        expected_dots: dots of the reference.
        x_ticks: at the lower axis.
        y_ticks: at the left axis.
        mark: (x, y) of the first difference; None where the curves agree.
        mark_text: the step of the first difference; "" where the curves agree.
        is_cut: whether the answer leaves the picture.
        has_gaps: whether the answer is no finite number somewhere.
    """

    area: Area
    got: str
    expected: str
    is_sparse: bool
    dots: tuple[tuple[float, float], ...]
    expected_dots: tuple[tuple[float, float], ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    mark: tuple[float, float] | None
    mark_text: str
    is_cut: bool
    has_gaps: bool


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram: its rectangle, and the middle of it for its texts."""

    x: float
    y: float
    width: float
    height: float
    middle: float


def drawing(curve: Curve) -> Drawing | None:
    """Return the picture of two curves; None where there is not a single number to show.

    The picture is as high as the expected curve needs, and higher for an answer that leaves it,
    but never so high that the expected curve could not be seen any more.

    Args:
        curve: both answers, as long as its steps.

    Raises:
        ValueError: the curves are not as long as the steps.
    """
    sizes = (len(curve.steps), len(curve.got), len(curve.expected))
    if len(set(sizes)) != 1:
        raise ValueError(f"curve must have as many steps as values, got {sizes}")
    steps, got, expected = map(_array, (curve.steps, curve.got, curve.expected))
    placed = np.isfinite(steps)
    steps, got, expected = steps[placed], got[placed], expected[placed]
    if not np.isfinite([got, expected]).any():
        return None
    x_low, x_high = _limits(steps)
    y_low, y_high = _seen(got, expected)
    x = _AREA.x((steps - x_low) / (x_high - x_low))
    y_got, y_expected = (_AREA.y((values - y_low) / (y_high - y_low)) for values in (got, expected))
    first = _first_difference(got, expected)
    mark, text = None, ""
    if first is not None:
        at = y_expected if np.isnan(y_got[first]) else y_got
        mark = (_rounded(x[first]), _rounded(np.clip(at[first], _AREA.top, _AREA.bottom)))
        text = f"{steps[first]:.6g}"
    few = len(steps) < _FEWEST_OF_A_LINE
    return Drawing(
        area=_AREA,
        got=path(x, y_got),
        expected=path(x, y_expected),
        is_sparse=few,
        dots=_dots(x, y_got) if few else (),
        expected_dots=_dots(x, y_expected) if few else (),
        x_ticks=_AREA.x_ticks(*_ticks(x_low, x_high)),
        y_ticks=_AREA.y_ticks(*_ticks(y_low, y_high)),
        mark=mark,
        mark_text=text,
        is_cut=bool(((got < y_low) | (got > y_high)).any()),
        has_gaps=bool(np.isnan(got).any()),
    )


def bars(counts: Sequence[int]) -> tuple[Bar, ...]:
    """Return the bars of a histogram, as wide as each other and as high as their counts.

    Args:
        counts: one a bar, >= 0.
    """
    if not counts:
        return ()
    most, number = max(1, *counts), len(counts)
    made = []
    for i, count in enumerate(counts):
        left, right = _BARS_AREA.x(i / number), _BARS_AREA.x((i + 1) / number)
        top = _BARS_AREA.y(count / most)
        corners = (left + _GAP / 2, top, right - left - _GAP, _BARS_AREA.bottom - top)
        made.append(Bar(*map(_rounded, (*corners, (left + right) / 2))))
    return tuple(made)


def _array(values: Iterable[float | None]) -> np.ndarray:
    found = np.array([math.nan if value is None else value for value in values], dtype=np.float64)
    found[~np.isfinite(found)] = math.nan
    found[np.abs(found) < _SMALLEST] = 0.0
    return np.clip(found, -_LARGEST, _LARGEST)


def _limits(values: np.ndarray) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = max(abs(low), abs(high)) * 1e-9
    return (low, high) if high - low > room else (low - (abs(low) or 1), high + (abs(high) or 1))


def _seen(got: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """Return the lowest and the highest value of the picture."""
    base = expected if np.isfinite(expected).any() else got
    low, high = _limits(base)
    beyond = _BEYOND * (high - low)
    everything = np.concatenate([got, expected])
    low, high = (
        max(low - beyond, min(low, float(np.nanmin(everything)))),
        min(high + beyond, max(high, float(np.nanmax(everything)))),
    )
    margin = 0.05 * (high - low)
    return low - margin, high + margin


def _first_difference(got: np.ndarray, expected: np.ndarray) -> int | None:
    scale = float(np.max(np.abs(expected[np.isfinite(expected)]), initial=0.0))
    differs = ~np.isclose(got, expected, rtol=1e-5, atol=1e-6 * scale, equal_nan=True)
    return int(np.argmax(differs)) if differs.any() else None


def _ticks(low: float, high: float) -> tuple[list[float], list[str]]:
    """Return round values between two numbers: their shares of the way, and their texts."""
    values = _round_values(low, high)
    shares = (values - low) / (high - low)
    inside = np.abs(shares - 0.5) <= 0.5 + 1e-9
    span = values[-1] - values[0]
    return shares[inside].tolist(), [_tick_text(value, span) for value in values[inside].tolist()]


def _round_values(low: float, high: float) -> np.ndarray:
    """Return five multiples, or fewer, of a round number that begin and end beside two numbers."""
    least = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(least))
    step = next(one * power for one in (1, 2, 5, 10) if one * power >= least * (1 - 1e-9))
    return step * np.arange(math.floor(low / step), math.ceil(high / step) + 1)


def _tick_text(value: float, span: float) -> str:
    """Return a number in few characters; what is nothing beside the others is 0."""
    if abs(value) < 1e-9 * span:
        return "0"
    return short_number(f"{value:.4g}")


def _dots(x: np.ndarray, y: np.ndarray) -> tuple[tuple[float, float], ...]:
    finite = np.isfinite(x + y)
    return tuple(zip(map(_rounded, x[finite]), map(_rounded, y[finite]), strict=True))


def _rounded(value: float) -> float:
    return round(float(value), 1)
