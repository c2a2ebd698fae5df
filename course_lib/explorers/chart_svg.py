"""A chart as SVG text: what a running explorer shows, since a browser draws it fastest.

Every chart stands on the light card of the course's figures, so it reads the same in both themes.
"""

from __future__ import annotations

import base64
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
from course_lib.svg import Area, band, path, safe, tenths, text_element

WIDTH, WIDE, HEIGHT = 380, 560, 250  # of a chart, in its own units: pixels where there is room
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 26, 40
_GRID = "#dcdcd6"
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
    width = WIDE if chart.wide else WIDTH
    area = Area(_LEFT + chart.margin, _TOP, width - _RIGHT, HEIGHT - _BOTTOM)
    frame = _Frame(chart.x, chart.y, Area(0, 0, area.width, area.height))
    marks = "".join(_mark(mark, frame) for mark in chart.marks)
    title = text_element(chart.title, x=area.left, y=17, font_size=12, font_weight="bold")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" role="img" '
        f'aria-label="{safe(chart.title)}" style="width:100%;display:block;{_FONT}" '
        f'font-size="11" fill="{INK}"><rect width="{width}" height="{HEIGHT}" fill="{CARD}"/>'
        f"{title}{_axes(chart, area)}"
        # A nested <svg> clips what leaves it, and needs no id that could meet another on the page.
        f'<svg x="{area.left}" y="{area.top}" width="{area.width}" height="{area.height}">{marks}'
        "</svg></svg>"
    )


def _sized(chart: Chart) -> str:
    # Below its least width a chart scrolls in the card: smaller, its text could not be read.
    basis, least, most = (100, 440, WIDE * 1.35) if chart.wide else (46, 300, WIDTH * 1.3)
    return (
        f'<div style="flex:1 1 {basis}%;min-width:{least}px;max-width:{most:.0f}px">'
        f"{chart_svg(chart)}</div>"
    )


def _axes(chart: Chart, area: Area) -> str:
    parts = []
    for tick in area.x_ticks(chart.x.share(chart.x.ticks()), chart.x.tick_texts()):
        parts.append(_grid_line(area.upright(tick.at)))
        parts.append(_centred(tick.text, x=tick.at, y=area.bottom + 14))
    for tick in area.y_ticks(chart.y.share(chart.y.ticks()), chart.y.tick_texts()):
        place = {"x": area.left - 5, "y": tenths(tick.at + 4)}
        parts.append(_grid_line(area.across(tick.at)))
        parts.append(text_element(tick.text, **place, text_anchor="end"))
    middle = (area.left + area.width / 2, area.top + area.height / 2)
    turned = f"translate({area.left - 44} {middle[1]:.0f}) rotate(-90)"
    return (
        f"{''.join(parts)}"
        f'<path d="{area.axes()}" fill="none" stroke="{INK}"/>'
        f"{_centred(chart.x.label, x=f'{middle[0]:.0f}', y=HEIGHT - 8)}"
        f"{_centred(chart.y.label, transform=turned)}"
    )


def _grid_line(path: str) -> str:
    return f'<path d="{path}" stroke="{_GRID}" stroke-width=".6"/>'


def _centred(words: str, **place: object) -> str:
    return text_element(words, **place, text_anchor="middle")


class _Frame:
    """Turns values into coordinates of the area between the axes."""

    def __init__(self, x: Axis, y: Axis, area: Area) -> None:
        self.axes, self.area = (x, y), area

    def x(self, values: np.ndarray) -> np.ndarray:
        return self.area.x(self.axes[0].share(values))

    def y(self, values: np.ndarray) -> np.ndarray:
        return self.area.y(self.axes[1].share(values))


@singledispatch
def _mark(mark: object, frame: _Frame) -> str:
    raise TypeError(f"a chart has no mark of the type {type(mark).__name__}")


@_mark.register
def _(mark: Line, frame: _Frame) -> str:
    return f'<path d="{path(frame.x(mark.x), frame.y(mark.y))}" {_stroke(mark)}/>'


@_mark.register
def _(mark: Band, frame: _Frame) -> str:
    shape = band(frame.x(mark.x), frame.y(mark.low), frame.y(mark.high))
    return f'<path d="{shape}" fill="{mark.colour}" fill-opacity=".18"/>'


@_mark.register
def _(mark: Points, frame: _Frame) -> str:
    x, y = np.atleast_1d(frame.x(mark.x)), np.atleast_1d(frame.y(mark.y))
    seen = np.isfinite(x + y)
    return "".join(_point(mark, a, b) for a, b in zip(x[seen], y[seen], strict=True))


@_mark.register
def _(mark: Stretch, frame: _Frame) -> str:
    left, right = np.clip(frame.x(np.array([mark.start, mark.end])), 0, frame.area.width)
    text = ""
    if mark.text:
        text = _centred(mark.text, x=tenths((left + right) / 2), y=12)
    return (
        f'<rect x="{left:.1f}" width="{max(right - left, 0):.1f}" height="{frame.area.height}" '
        f'fill="{mark.colour}" fill-opacity=".16"/>{text}'
    )


@_mark.register
def _(mark: Level, frame: _Frame) -> str:
    area = frame.area
    if mark.across == "x":
        at = float(frame.x(np.array(mark.at)))
        line, near = area.upright(at), at > area.width * 0.7
        place = {"x": tenths(at + (-4 if near else 4)), "y": area.height - 5}
    else:
        at = float(frame.y(np.array(mark.at)))
        line, near = area.across(at), True
        below = at < 16 or area.height / 2 < at < area.height - 14
        place = {"x": area.width - 3, "y": tenths(at + (12 if below else -4))}
    anchor = "end" if near else "start"
    return (
        f'<path d="{line}" stroke="{mark.colour}" stroke-dasharray="{_numbers(mark.dash)}"/>'
        f"{text_element(mark.text, **place, text_anchor=anchor, fill=mark.colour)}"
    )


@_mark.register
def _(mark: Field, frame: _Frame) -> str:
    buffer = io.BytesIO()
    Image.fromarray(mark.colours).save(buffer, format="png")
    data = base64.b64encode(buffer.getvalue()).decode()
    size = f'width="{frame.area.width}" height="{frame.area.height}"'
    return f'<image {size} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'


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


def _numbers(dash: tuple[float, ...]) -> str:
    return " ".join(f"{number:g}" for number in dash)


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
            f'aria-hidden="true">{sample}</svg> {safe(label)}</span>'
        )
    return f'<div style="line-height:1.6">{"".join(entries)}</div>' if entries else ""
