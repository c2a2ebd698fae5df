"""Charts of the explorers as data: axes and marks. `chart_svg` and `static` draw them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator

from course_lib.plots.base import BLUE, INK
from course_lib.svg import short_number

MUTED = "#9a9a94"


@dataclass(frozen=True)
class Axis:
    """One direction of a chart.

    Attributes:
        label: the quantity, with its unit.
        low: value at the left or the bottom; > 0 where `log`.
        high: value at the right or the top, > low.
        log: whether equal distances are equal ratios.
        names: names of the values 0, 1, 2 …, written at the ticks instead of numbers.
    """

    label: str
    low: float
    high: float
    log: bool = False
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the limits."""
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(f"axis {self.label!r} needs low < high, got {self.low}, {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"axis {self.label!r} needs low > 0 for a log scale, got {self.low}")

    def share(self, values: np.ndarray) -> np.ndarray:
        """Return positions of values, 0 at low and 1 at high; NaN where a log scale has none."""
        values, ends = np.asarray(values, dtype=np.float64), np.array([self.low, self.high])
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                values, ends = np.log(values), np.log(ends)
        return (values - ends[0]) / (ends[1] - ends[0])

    def ticks(self) -> np.ndarray:
        """Return round values inside the axis, shape (n,), where a tick and a number belong."""
        if self.names:
            return np.arange(len(self.names), dtype=np.float64)
        locator = MaxNLocator(5, steps=(1, 2, 5, 10))
        if self.log and self.high / self.low >= 100:
            locator = LogLocator(numticks=6)
        elif self.log and self.high / self.low >= 4:
            locator = LogLocator(subs=(1, 2, 5))
        found = locator.tick_values(self.low, self.high)
        return found[np.abs(self.share(found) - 0.5) <= 0.5 + 1e-9]

    def tick_texts(self) -> list[str]:
        """Return the text at each tick."""
        return list(self.names) or [tick_text(value) for value in self.ticks()]


@dataclass(frozen=True)
class Line:
    """A curve through points, broken where a number is not finite.

    Attributes:
        x: shape (n,).
        y: shape (n,).
        colour: a CSS colour.
        label: its name in the key; "" keeps it out.
        dash: lengths of strokes and gaps, in pixels; () is solid.
        width: width in pixels.
    """

    x: np.ndarray
    y: np.ndarray
    colour: str = BLUE
    label: str = ""
    dash: tuple[float, ...] = ()
    width: float = 1.8


@dataclass(frozen=True)
class Band:
    """The area between two lines over the same x, shapes (n,); broken as `Line` is."""

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray
    colour: str = BLUE
    label: str = ""


@dataclass(frozen=True)
class Points:
    """Single points, shapes (n,): "o" filled, "ring" hollow, "x" crossed, "s" square, "^" up."""

    x: np.ndarray
    y: np.ndarray
    colour: str = BLUE
    label: str = ""
    marker: Literal["o", "ring", "x", "s", "^"] = "o"
    size: float = 3.5


@dataclass(frozen=True)
class Stretch:
    """A shaded range of x, from the bottom to the top, with its name at the top."""

    start: float
    end: float
    colour: str = MUTED
    text: str = ""


@dataclass(frozen=True)
class Level:
    """A thin line across the chart at one value of x or y, with its name beside it."""

    at: float
    across: Literal["x", "y"]
    text: str = ""
    colour: str = INK
    dash: tuple[float, ...] = (2, 3)


@dataclass(frozen=True, eq=False)
class Field:
    """A coloured picture behind the marks that fills the chart.

    Attributes:
        colours: uint8, shape (rows, columns, 3); the first row is the top.
    """

    colours: np.ndarray


Mark = Line | Band | Points | Stretch | Level | Field


@dataclass(frozen=True)
class Chart:
    """Axes and the marks between them, in drawing order.

    Attributes:
        title: a few words; also the chart's name for a screen reader.
        x: the horizontal axis.
        y: the vertical axis.
        marks: the first is at the back.
        wide: whether it fills a row; others stand two in a row.
        margin: more room on the left, in pixels: for long names, or for axes that line up.
    """

    title: str
    x: Axis
    y: Axis
    marks: tuple[Mark, ...] = field(default=())
    wide: bool = False
    margin: int = 0


def key(charts: tuple[Chart, ...]) -> dict[str, Line | Band | Points]:
    """Return the marks that have a label, the first of each label, for the key below the charts."""
    found: dict[str, Line | Band | Points] = {}
    for chart in charts:
        for mark in chart.marks:
            if isinstance(mark, Line | Band | Points) and mark.label:
                found.setdefault(mark.label, mark)
    return found


def tick_text(value: float) -> str:
    """Return a tick's number in few characters: 1e-4, not 0.0001 or 1e-04."""
    short = f"{value:.6g}"
    if len(short) > 5 and "e" not in short:
        short = f"{value:.2e}"
    return short_number(short)


def limits(*arrays: np.ndarray, margin: float = 0.05) -> tuple[float, float]:
    """Return limits that hold all finite numbers, with a margin; 0 … 1 if there is none."""
    values = np.concatenate([np.ravel(array) for array in arrays])
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    room = margin * (high - low) or 0.5 * abs(high) or 0.5
    return low - room, high + room
