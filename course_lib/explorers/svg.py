"""A chart as SVG text: what a running explorer shows, since a browser draws it fastest.

Every chart stands on the light card of the course's figures, so it reads the same in both themes.
"""

from __future__ import annotations

import base64
import html
import io
from functools import singledispatch

import numpy as np
from PIL import Image

from course_lib.explorers.chart import (
    Axis,
    Band,
    Chart,
    Field,
    Level,
    Line,
    Points,
    Stretch,
    key,
)
from course_lib.plots.base import CARD, INK

WIDTH, WIDE, HEIGHT = 380, 560, 250  # of a chart, in its own units: pixels where there is room
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 26, 40
_GRID = "#dcdcd6"
_FAR = 9.0  # chart widths: a browser has trouble with larger coordinates
_MOST_POINTS = 800
_FONT = "font-family:'DejaVu Sans',Verdana,sans-serif"


def charts_html(charts: tuple[Chart, ...]) -> str:
    """Return all charts in rows that wrap where the page is narrow, and below them their key."""
    pictures = "".join(_sized(chart) for chart in charts)
    return (
        f'<div style="background:{CARD};color:{INK};padding:4px;overflow-x:auto">'
        f'<div style="display:flex;flex-wrap:wrap;gap:8px">{pictures}</div>'
        f"{_key_html(charts)}</div>"
    )


def chart_svg(chart: Chart) -> str:
    """Return one chart as an `<svg>` element, named by its title."""
    width, left = WIDE if chart.wide else WIDTH, _LEFT + chart.margin
    inner = (width - left - _RIGHT, HEIGHT - _TOP - _BOTTOM)
    marks = "".join(_mark(mark, _Frame(chart.x, chart.y, *inner)) for mark in chart.marks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" role="img" '
        f'aria-label="{_safe(chart.title)}" style="width:100%;display:block;{_FONT}" '
        f'font-size="11" fill="{INK}"><rect width="{width}" height="{HEIGHT}" fill="{CARD}"/>'
        f'<text x="{left}" y="17" font-size="12" font-weight="bold">'
        f"{_safe(chart.title)}</text>{_axes(chart, *inner)}"
        # A nested <svg> clips what leaves it, and needs no id that could meet another on the page.
        f'<svg x="{left}" y="{_TOP}" width="{inner[0]}" height="{inner[1]}">{marks}</svg></svg>'
    )


def _sized(chart: Chart) -> str:
    # Below its least width a chart scrolls in the card: smaller, its text could not be read.
    basis, least, most = (100, 440, WIDE * 1.35) if chart.wide else (46, 300, WIDTH * 1.3)
    return (
        f'<div style="flex:1 1 {basis}%;min-width:{least}px;max-width:{most:.0f}px">'
        f"{chart_svg(chart)}</div>"
    )


def _axes(chart: Chart, width: float, height: float) -> str:
    left, bottom, parts = _LEFT + chart.margin, _TOP + height, []
    for value, share in zip(*_ticks(chart.x), strict=True):
        x = left + width * share
        parts.append(f'<path d="M{x:.1f} {_TOP}V{bottom}" stroke="{_GRID}" stroke-width=".6"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{value}</text>')
    for value, share in zip(*_ticks(chart.y), strict=True):
        y = bottom - height * share
        right = left + width
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="{_GRID}" stroke-width=".6"/>')
        parts.append(f'<text x="{left - 5}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    middle = (left + width / 2, _TOP + height / 2)
    return (
        f"{''.join(parts)}"
        f'<path d="M{left} {_TOP}V{bottom}H{left + width}" fill="none" stroke="{INK}"/>'
        f'<text x="{middle[0]:.0f}" y="{HEIGHT - 8}" text-anchor="middle">'
        f"{_safe(chart.x.label)}</text>"
        f'<text transform="translate({left - 44} {middle[1]:.0f}) rotate(-90)" '
        'text-anchor="middle">'
        f"{_safe(chart.y.label)}</text>"
    )


def _ticks(axis: Axis) -> tuple[list[str], np.ndarray]:
    return [_safe(text) for text in axis.tick_texts()], axis.share(axis.ticks())


class _Frame:
    """Turns values into pixels of the area between the axes."""

    def __init__(self, x: Axis, y: Axis, width: float, height: float) -> None:
        self.axes, self.width, self.height = (x, y), width, height

    def x(self, values: np.ndarray) -> np.ndarray:
        return self.width * np.clip(self.axes[0].share(values), -_FAR, _FAR)

    def y(self, values: np.ndarray) -> np.ndarray:
        return self.height * (1 - np.clip(self.axes[1].share(values), -_FAR, _FAR))


@singledispatch
def _mark(mark: object, frame: _Frame) -> str:
    raise TypeError(f"a chart has no mark of the type {type(mark).__name__}")


@_mark.register
def _(mark: Line, frame: _Frame) -> str:
    path = _path(frame.x(mark.x), frame.y(mark.y))
    return f'<path d="{path}" {_stroke(mark)}/>'


@_mark.register
def _(mark: Band, frame: _Frame) -> str:
    x, low, high = frame.x(mark.x), frame.y(mark.low), frame.y(mark.high)
    parts = []
    for run in _finite_runs(x + low + high):
        there = _pairs(x[run], high[run])
        back = _pairs(x[run][::-1], low[run][::-1])
        parts.append(f"M{'L'.join([*there, *back])}Z")
    return f'<path d="{"".join(parts)}" fill="{mark.colour}" fill-opacity=".18"/>'


@_mark.register
def _(mark: Points, frame: _Frame) -> str:
    x, y = np.atleast_1d(frame.x(mark.x)), np.atleast_1d(frame.y(mark.y))
    seen = np.isfinite(x + y)
    return "".join(_point(mark, a, b) for a, b in zip(x[seen], y[seen], strict=True))


@_mark.register
def _(mark: Stretch, frame: _Frame) -> str:
    left, right = np.clip(frame.x(np.array([mark.start, mark.end])), 0, frame.width)
    text = ""
    if mark.text:
        middle = f"{(left + right) / 2:.1f}"
        text = f'<text x="{middle}" y="12" text-anchor="middle">{_safe(mark.text)}</text>'
    return (
        f'<rect x="{left:.1f}" width="{max(right - left, 0):.1f}" height="{frame.height}" '
        f'fill="{mark.colour}" fill-opacity=".16"/>{text}'
    )


@_mark.register
def _(mark: Level, frame: _Frame) -> str:
    if mark.across == "x":
        at = float(frame.x(np.array(mark.at)))
        path, near = f"M{at:.1f} 0V{frame.height}", at > frame.width * 0.7
        place = f'x="{at + (-4 if near else 4):.1f}" y="{frame.height - 5}"'
    else:
        at = float(frame.y(np.array(mark.at)))
        path, near = f"M0 {at:.1f}H{frame.width}", True
        below = at < 16 or frame.height / 2 < at < frame.height - 14
        place = f'x="{frame.width - 3}" y="{at + (12 if below else -4):.1f}"'
    anchor = "end" if near else "start"
    return (
        f'<path d="{path}" stroke="{mark.colour}" stroke-dasharray="{_numbers(mark.dash)}"/>'
        f'<text {place} text-anchor="{anchor}" fill="{mark.colour}">{_safe(mark.text)}</text>'
    )


@_mark.register
def _(mark: Field, frame: _Frame) -> str:
    buffer = io.BytesIO()
    Image.fromarray(mark.colours).save(buffer, format="png")
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<image width="{frame.width}" height="{frame.height}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{data}"/>'
    )


def _point(mark: Points, x: float, y: float) -> str:
    r, colour = mark.size, mark.colour
    if mark.marker == "o":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{colour}"/>'
    if mark.marker == "ring":
        return (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{CARD}" stroke="{colour}" '
            'stroke-width="2"/>'
        )
    place = f'transform="translate({x:.1f} {y:.1f})"'
    if mark.marker == "x":
        cross = f"M{-r} {-r}L{r} {r}M{-r} {r}L{r} {-r}"
        return f'<path {place} d="{cross}" stroke="{colour}" stroke-width="2"/>'
    shapes = {"s": f"M{-r} {-r}H{r}V{r}H{-r}Z", "^": f"M0 {-r}L{r} {r}H{-r}Z"}
    return f'<path {place} d="{shapes[mark.marker]}" fill="{colour}"/>'


def _stroke(mark: Line) -> str:
    dash = f' stroke-dasharray="{_numbers(mark.dash)}"' if mark.dash else ""
    return (
        f'fill="none" stroke="{mark.colour}" stroke-width="{mark.width:g}" '
        f'stroke-linejoin="round"{dash}'
    )


def _path(x: np.ndarray, y: np.ndarray) -> str:
    return "".join(
        f"M{'L'.join(_pairs(x[run], y[run]))}" + ("h.01" if run.stop - run.start == 1 else "")
        for run in _finite_runs(x + y)
    )


def _pairs(x: np.ndarray, y: np.ndarray) -> list[str]:
    """Return "x y" of every point, of some where there are more than a screen can tell apart."""
    every = -(-len(x) // _MOST_POINTS)
    return [
        f"{a:.1f} {b:.1f}" for a, b in zip(x[::every].tolist(), y[::every].tolist(), strict=True)
    ]


def _finite_runs(values: np.ndarray) -> list[slice]:
    """Return where stretches of finite numbers begin and end."""
    edges = np.flatnonzero(np.diff(np.isfinite(values), prepend=False, append=False))
    return [slice(a, b) for a, b in edges.reshape(-1, 2).tolist()]


def _numbers(dash: tuple[float, ...]) -> str:
    return " ".join(f"{number:g}" for number in dash)


def _safe(text: str) -> str:
    return html.escape(text)


def _key_html(charts: tuple[Chart, ...]) -> str:
    entries = []
    for label, mark in key(charts).items():
        if isinstance(mark, Line):
            sample = f'<path d="M1 6H25" {_stroke(mark)}/>'
        elif isinstance(mark, Band):
            sample = f'<rect width="26" height="12" fill="{mark.colour}" fill-opacity=".4"/>'
        else:
            sample = _point(mark, 13, 6)
        entries.append(
            '<span style="display:inline-block;margin-right:16px"><svg width="26" height="12" '
            f'aria-hidden="true">{sample}</svg> {_safe(label)}</span>'
        )
    return f'<div style="line-height:1.6">{"".join(entries)}</div>' if entries else ""
