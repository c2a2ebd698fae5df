"""The figures of lesson 5, on cyclical rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from course_lib.intervals import Interval
from course_lib.plots.base import (
    BLUE,
    COLOURS,
    GREEN,
    INK,
    MARKERS,
    RED,
    panels,
    share_ylabel,
    styled,
    ticks_at,
)
from course_lib.plots.stability import sharpness_panel
from course_lib.problems import SeveralMinima


@styled
def sharpness_panels(
    groups: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]],
) -> Figure:
    """Draw held-out loss over sharpness, one panel a data set, one colour and marker a schedule.

    Args:
        groups: title of the panel -> schedule -> sharpness and held-out loss of its runs, (R,).
            Schedules share their colour by the first word of their name, and are filled where the
            name ends in the largest rate of that word.
    """
    figure, axes = panels(len(groups), width=8.6, height=3.5, right=1.5)
    for ax, (title, group) in zip(axes, groups.items(), strict=True):
        kinds = list(dict.fromkeys(name.split()[0] for name in group))
        seen = dict.fromkeys(kinds, 0)
        for name, (sharpness, loss) in group.items():
            i = kinds.index(name.split()[0])
            face = ("none", COLOURS[i], INK)[seen[kinds[i]]]
            seen[kinds[i]] += 1
            style = {"color": COLOURS[i], "mfc": face, "markersize": 5, "ls": "none"}
            ax.plot(sharpness, loss, MARKERS[i], label=name, **style)
        ax.set(xlabel="sharpness after the anneal", title=title)
        ticks_at(ax.xaxis, (1, 2, 5, 10))
    axes[0].set_ylabel("held-out loss")
    axes[-1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
    return figure


@styled
def edge_panels(
    at: Sequence[int],
    groups: Mapping[str, Mapping[str, np.ndarray]],
    rates: Mapping[str, float],
) -> Figure:
    """Draw sharpness along the run and 2 / rate, one panel a group, on one scale.

    Args:
        at: updates at which sharpness was measured, (K,).
        groups: title of the panel -> name of the rate -> sharpness, (runs, K).
        rates: name of the rate -> rate.
    """
    figure, axes = panels(len(groups), width=8.6, height=3.5, gap=0.2, right=1.25)
    for ax, (title, group) in zip(axes, groups.items(), strict=True):
        sharpness_panel(at, group, rates, ax=ax, title=title)
        ax.set_ylim(1, 50)
        ax.get_legend().remove()
    share_ylabel(axes, "sharpness")
    axes[-1].set_ylabel("")
    handles, names = axes[-1].get_legend_handles_labels()
    dashed = Line2D([], [], color=INK, ls="--", lw=1.4)
    axes[-1].legend(
        [*handles, dashed], [*names, "2 / rate"], loc="upper left", bbox_to_anchor=(1.0, 1.02)
    )
    return figure


@styled
def wells(
    landscape: SeveralMinima, start: Sequence[float], ends: Mapping[str, np.ndarray]
) -> Figure:
    """Draw where walks end over the contours of the landscape, one panel a schedule.

    Args:
        landscape: the landscape that they walked over.
        start: point at which they all started, (2,).
        ends: title of the panel -> last positions, (R, 2).
    """
    figure, axes = panels(len(ends), width=8.6, height=2.9, gap=0.2)
    x, y = np.meshgrid(np.linspace(-2.9, 2.3, 150), np.linspace(-2.2, 2.2, 130))
    loss = landscape.loss(np.stack([x, y], axis=-1))
    for ax, (title, points) in zip(axes, ends.items(), strict=True):
        ax.contour(x, y, loss, levels=14, colors="#b9b9b2", linewidths=0.8)
        ax.plot(*points.T, "o", color=BLUE, markersize=3, alpha=0.5, label="end")
        ax.plot(*landscape.minimum, "*", color=GREEN, markersize=12, label="lowest")
        ax.plot(*start, "o", color=RED, markersize=6, label="start")
        ax.set(xlim=(-2.9, 2.3), ylim=(-2.2, 2.2), xlabel="w₁", title=title)
        ax.grid(False)
    share_ylabel(axes, "w₂")
    axes[0].legend(loc="upper left", ncols=1, fontsize=8.5, handletextpad=0.2)
    return figure


@styled
def method_intervals(
    groups: Mapping[str, Mapping[str, Interval]], xlabel: str = "held-out loss"
) -> Figure:
    """Draw a mean and its interval for every method, one panel a data set, on one scale.

    Args:
        groups: title of the panel -> method -> interval; the same methods in every panel.
        xlabel: name of the quantity.
    """
    figure, axes = panels(len(groups), width=8.6, height=2.5, gap=0.3)
    names = list(next(iter(groups.values())))
    ends = [end for rows in groups.values() for row in rows.values() for end in (row.low, row.high)]
    room = 0.08 * (max(ends) - min(ends))
    shift = 1.25 / 8.6
    for k, ax in enumerate(axes):
        box = ax.get_position()
        narrower = box.width - shift / len(axes)
        left = box.x0 + shift - k * shift / len(axes)
        ax.set_position((left, box.y0, narrower, box.height))
    for ax, (title, rows) in zip(axes, groups.items(), strict=True):
        for y, name in enumerate(reversed(names)):
            row = rows[name]
            ax.plot([row.low, row.high], [y, y], color=BLUE, lw=2.6, solid_capstyle="butt")
            ax.plot(row.mean, y, "o", color=BLUE, markersize=6)
        ax.set_yticks(range(len(names)), names[::-1] if ax is axes[0] else [])
        ax.set(xlabel=xlabel, title=title, ylim=(-0.6, len(names) - 0.4))
        ax.set_xlim(min(ends) - room, max(ends) + room)
        ax.tick_params(axis="y", length=0)
    return figure
