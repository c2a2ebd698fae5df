"""The figures of lesson 2: the classic decays together, and the loss over a drop's time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.intervals import mean_interval
from course_lib.plots.base import (
    BLUE,
    COLOURS,
    DASHES,
    INK,
    MARKERS,
    axes_or_new,
    panels,
    styled,
    with_intervals,
)
from course_lib.schedules import Schedule

_WIDTHS = (1.8, 1.8, 1.8, 1.8, 1.8, 1.8, 1.0, 1.0)


@styled
def decay_families(schedules: Mapping[str, Schedule], total_steps: int) -> Figure:
    """Draw the rates over the steps 0 … total_steps twice: on a linear and on a log axis.

    Args:
        schedules: label -> schedule, at most 8.
        total_steps: last step drawn, >= 1. A rate of 0 leaves the log axis at its lower end.
    """
    figure, (left, right) = panels(2, width=8.6, height=3.4, gap=0.65, right=1.55)
    steps = np.arange(total_steps + 1)
    for i, (label, schedule) in enumerate(schedules.items()):
        rates = schedule(steps)
        colour = (*COLOURS, INK, "#7a7a74")[i]
        look = {"color": colour, "ls": DASHES[i % len(DASHES)], "lw": _WIDTHS[i], "label": label}
        left.plot(steps, rates, **look)
        right.plot(steps, np.where(rates > 0, rates, np.nan), **look)
    peak = max(float(schedule(steps).max()) for schedule in schedules.values())
    left.set(xlabel="updates", ylabel="learning rate", ylim=(0, 1.05 * peak), title="linear axis")
    right.set(xlabel="updates", yscale="log", ylim=(peak / 400, 1.3 * peak), title="log axis")
    right.legend(loc="upper left", bbox_to_anchor=(1.0, 1.03), fontsize=9)
    return figure


@styled
def loss_over_drop_time(
    times: Sequence[int],
    curves: Mapping[str, np.ndarray],
    ax: Axes | None = None,
    title: str = "",
) -> Figure:
    """Draw the final loss against the step at which the rate was dropped, one curve a label.

    Args:
        times: steps of the drop, (D,), increasing.
        curves: label -> final losses: (D,) for exact values, whose least one gets a ring; or
            (D, seeds) for measured ones: dots, and their mean with its 95 % interval.
        ax: axes to draw in; None makes a figure.
        title: title of the axes.
    """
    ax = axes_or_new(ax)
    for i, (label, losses) in enumerate(curves.items()):
        colour = COLOURS[i % len(COLOURS)]
        if losses.ndim == 1:
            ax.plot(times, losses, color=colour, ls=DASHES[i % len(DASHES)], label=label)
            best = int(losses.argmin())
            ax.plot(times[best], losses[best], "o", color=colour, mfc="none", markersize=8)
            continue
        spread = np.broadcast_to(np.asarray(times)[:, None], losses.shape)
        ax.plot(spread.ravel(), losses.ravel(), MARKERS[i], color=BLUE, alpha=0.25, markersize=3.5)
        means = [mean_interval(row) for row in losses]
        with_intervals(ax, times, means, color=colour, capsize=3, lw=1.5, label=label)
    ax.set(xlabel="update of the drop", ylabel="loss at the end", title=title)
    ax.legend()
    return ax.figure
