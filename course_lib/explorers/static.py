"""The charts of an explorer as a figure for pages without a kernel, such as a printed one."""

from __future__ import annotations

from functools import singledispatch

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

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
from course_lib.plots.base import CARD, styled

_WIDTH, _ROW = 7.4, 2.75  # inches
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.66, 0.18, 0.48, 0.3  # margins of one chart
_KEY_ROW, _KEY_COLUMNS = 0.22, 3
_PIXELS = 104  # of a running explorer to an inch here
_MARKERS = {"o": "o", "ring": "o", "x": "x", "s": "s", "^": "^"}


@styled
def figure(charts: tuple[Chart, ...]) -> Figure:
    """Return a figure of all charts, two in a row, and below them their key."""
    rows = _rows(charts)
    labelled = key(charts)
    key_height = _KEY_ROW * -(-len(labelled) // _KEY_COLUMNS)
    height = _ROW * len(rows) + key_height
    drawn = Figure(figsize=(_WIDTH, height))
    for number, row in enumerate(rows):
        bottom = height - _ROW * (number + 1) + _BOTTOM
        width = _WIDTH / len(row)
        for column, chart in enumerate(row):
            left = _LEFT + chart.margin / _PIXELS
            inches = (
                width * column + left,
                bottom,
                width - left - _RIGHT,
                _ROW - _BOTTOM - _TOP,
            )
            ax = drawn.add_axes(np.divide(inches, (_WIDTH, height, _WIDTH, height)))
            _draw(chart, ax)
    handles = {}
    for ax in drawn.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    if handles:
        drawn.legend(
            handles.values(), handles.keys(), loc="lower center", ncols=_KEY_COLUMNS, fontsize=8.5
        )
    return drawn


def _rows(charts: tuple[Chart, ...]) -> list[list[Chart]]:
    rows: list[list[Chart]] = []
    for chart in charts:
        if rows and not chart.wide and not rows[-1][-1].wide and len(rows[-1]) < 2:
            rows[-1].append(chart)
        else:
            rows.append([chart])
    return rows


def _draw(chart: Chart, ax: Axes) -> None:
    ax.set_title(chart.title)
    ax.tick_params(labelsize=8)
    for axis, target, scale in (
        (chart.x, ax.xaxis, ax.set_xscale),
        (chart.y, ax.yaxis, ax.set_yscale),
    ):
        if axis.log:
            scale("log")
        target.set_label_text(axis.label)
        target.set_ticks(axis.ticks(), axis.tick_texts())
        target.set_minor_formatter(NullFormatter())
    for order, mark in enumerate(chart.marks):
        _mark(mark, ax, chart, order + 2)
    ax.set(xlim=_ends(chart.x), ylim=_ends(chart.y))


def _ends(axis: Axis) -> tuple[float, float]:
    return axis.low, axis.high


def _finite(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


@singledispatch
def _mark(mark: object, ax: Axes, chart: Chart, order: int) -> None:
    raise TypeError(f"a chart has no mark of the type {type(mark).__name__}")


@_mark.register
def _(mark: Line, ax: Axes, chart: Chart, order: int) -> None:
    style = (0, mark.dash) if mark.dash else "-"
    ax.plot(
        _finite(mark.x),
        _finite(mark.y),
        color=mark.colour,
        linewidth=0.8 * mark.width,
        linestyle=style,
        label=mark.label or None,
        zorder=order,
    )


@_mark.register
def _(mark: Band, ax: Axes, chart: Chart, order: int) -> None:
    ax.fill_between(
        _finite(mark.x),
        _finite(mark.low),
        _finite(mark.high),
        color=mark.colour,
        alpha=0.18,
        linewidth=0,
        label=mark.label or None,
        zorder=order,
    )


@_mark.register
def _(mark: Points, ax: Axes, chart: Chart, order: int) -> None:
    ax.plot(
        np.atleast_1d(_finite(mark.x)),
        np.atleast_1d(_finite(mark.y)),
        linestyle="",
        marker=_MARKERS[mark.marker],
        markersize=1.6 * mark.size,
        color=mark.colour,
        markerfacecolor=CARD if mark.marker == "ring" else mark.colour,
        label=mark.label or None,
        zorder=order,
    )


@_mark.register
def _(mark: Stretch, ax: Axes, chart: Chart, order: int) -> None:
    left, right = np.clip([mark.start, mark.end], chart.x.low, chart.x.high)
    ax.axvspan(left, right, color=mark.colour, alpha=0.16, linewidth=0, zorder=order)
    if mark.text and right > left:
        middle = chart.x.share(np.array([left, right])).mean()
        ax.text(middle, 0.97, mark.text, transform=ax.transAxes, ha="center", va="top", fontsize=8)


@_mark.register
def _(mark: Level, ax: Axes, chart: Chart, order: int) -> None:
    line, axis = (ax.axvline, chart.x) if mark.across == "x" else (ax.axhline, chart.y)
    line(mark.at, color=mark.colour, linestyle=(0, mark.dash), linewidth=0.9, zorder=order)
    share = float(axis.share(np.array(mark.at)))
    if not (mark.text and 0 <= share <= 1):
        return
    if mark.across == "x":
        near = share > 0.7
        place = {
            "x": share + (-0.01 if near else 0.01),
            "y": 0.02,
            "ha": "right" if near else "left",
        }
        place["va"] = "bottom"
    else:
        below = share > 0.92 or 0.08 < share < 0.5
        place = {"x": 0.99, "y": share, "ha": "right", "va": "top" if below else "bottom"}
    ax.text(s=mark.text, color=mark.colour, transform=ax.transAxes, fontsize=8, **place)


@_mark.register
def _(mark: Field, ax: Axes, chart: Chart, order: int) -> None:
    ax.imshow(mark.colours, extent=(*_ends(chart.x), *_ends(chart.y)), aspect="auto", zorder=order)
