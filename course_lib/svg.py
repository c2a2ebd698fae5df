"""Helpers for every SVG picture: coordinates in an area, paths with gaps, ticks, and texts.

It imports only NumPy, so a feedback page does not wait for matplotlib.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_FAR = 9.0  # sizes of the area: a browser's arithmetic goes astray with larger coordinates
_MOST_POINTS = 800  # of a line; a screen cannot show more


@dataclass(frozen=True)
class Tick:
    """A number at an axis, and the coordinate at which it stands."""

    at: float
    text: str


@dataclass(frozen=True)
class Area:
    """The rectangle between the axes of a picture, in the picture's own units.

    Attributes:
        left: x of its left edge.
        top: y of its upper edge; y grows downwards.
        right: x of its right edge.
        bottom: y of its lower edge.
    """

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """The distance from the left edge to the right edge."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """The distance from the upper edge to the lower edge."""
        return self.bottom - self.top

    def x(self, share: np.ndarray) -> np.ndarray:
        """Return the x of shares of the width, 0 at the left; far outside they are clipped."""
        return self.left + self.width * np.clip(share, -_FAR, _FAR)

    def y(self, share: np.ndarray) -> np.ndarray:
        """Return the y of shares of the height, 0 at the bottom; far outside they are clipped."""
        return self.bottom - self.height * np.clip(share, -_FAR, _FAR)

    def x_ticks(self, shares: Iterable[float], texts: Iterable[str]) -> tuple[Tick, ...]:
        """Return ticks of the lower axis at shares of the width."""
        return _ticks(map(self.x, shares), texts)

    def y_ticks(self, shares: Iterable[float], texts: Iterable[str]) -> tuple[Tick, ...]:
        """Return ticks of the left axis at shares of the height."""
        return _ticks(map(self.y, shares), texts)

    def upright(self, x: float) -> str:
        """Return the path of a line at `x` from the upper edge to the lower edge."""
        return f"M{tenths(x)},{self.top:g}V{self.bottom:g}"

    def across(self, y: float) -> str:
        """Return the path of a line at `y` from the left edge to the right edge."""
        return f"M{self.left:g},{tenths(y)}H{self.right:g}"

    def axes(self) -> str:
        """Return the path of the left axis and the lower axis."""
        return f"M{self.left:g},{self.top:g}V{self.bottom:g}H{self.right:g}"


def tenths(value: float) -> str:
    """Return a coordinate as text, to a tenth of a unit."""
    return f"{value:.1f}"


def short_number(text: str) -> str:
    """Return a formatted number without the zeros of its exponent: "1e-7", not "1.00e-07"."""
    mantissa, e, power = text.partition("e")
    if not e:
        return text
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(power)}"


def safe(text: str) -> str:
    """Return a text, escaped for an element or a quoted attribute."""
    return html.escape(text)


def text_element(words: str, **attributes: object) -> str:
    """Return a <text> element; its words and its attributes are escaped.

    Args:
        words: any text.
        **attributes: the element's; `_` in a name stands for `-`.
    """
    named = "".join(f' {k.replace("_", "-")}="{safe(str(v))}"' for k, v in attributes.items())
    return f"<text{named}>{safe(words)}</text>"


def points(x: np.ndarray, y: np.ndarray) -> list[str]:
    """Return "x,y" of every point; of very many, those that a screen can tell apart.

    Args:
        x: finite coordinates, shape (n,).
        y: finite coordinates, shape (n,).
    """
    kept = _kept(y)
    return [
        f"{tenths(a)},{tenths(b)}" for a, b in zip(x[kept].tolist(), y[kept].tolist(), strict=True)
    ]


def path(x: np.ndarray, y: np.ndarray) -> str:
    """Return the path of a line, broken where a number is not finite; a single value is a dot.

    Args:
        x: coordinates, shape (n,).
        y: coordinates, shape (n,).
    """
    return "".join(
        f"M{'L'.join(points(x[run], y[run]))}" + ("h.01" if run.stop - run.start == 1 else "")
        for run in finite_runs(x + y)
    )


def band(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> str:
    """Return the path of the area between two lines, broken where a number is not finite.

    Args:
        x: coordinates, shape (n,).
        low: y of one line, shape (n,).
        high: y of the other line, shape (n,).
    """
    return "".join(
        f"M{'L'.join([*points(x[run], high[run]), *points(x[run], low[run])[::-1]])}Z"
        for run in finite_runs(x + low + high)
    )


def finite_runs(values: np.ndarray) -> list[slice]:
    """Return where stretches of finite numbers begin and end."""
    edges = np.flatnonzero(np.diff(np.isfinite(values), prepend=False, append=False))
    return [slice(a, b) for a, b in edges.reshape(-1, 2).tolist()]


def _kept(y: np.ndarray) -> np.ndarray:
    """Return which points are drawn: all, or of every small stretch the lowest and the highest."""
    if y.size <= _MOST_POINTS:
        return np.arange(y.size)
    stretches = np.array_split(np.arange(y.size), _MOST_POINTS // 2)
    ends = [(s[np.argmin(y[s])], s[np.argmax(y[s])]) for s in stretches]
    return np.unique(np.concatenate([[0, y.size - 1], np.ravel(ends)]).astype(int))


def _ticks(places: Iterable[float], texts: Iterable[str]) -> tuple[Tick, ...]:
    return tuple(Tick(round(float(at), 1), text) for at, text in zip(places, texts, strict=True))
