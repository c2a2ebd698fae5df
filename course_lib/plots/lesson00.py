"""The figures of lesson 0: the parts of a schedule, many at a glance, and loss over the peak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.compare import Comparison
from course_lib.plots.base import (
    BLUE,
    COLOURS,
    DASHES,
    INK,
    MARKERS,
    axes_or_new,
    styled,
    ticks_at,
    with_intervals,
)
from course_lib.schedules import Schedule, cosine, warmup

_ACROSS = 4  # small multiples in a row


@styled
def schedule_parts(
    peak_lr: float, floor: float, warmup_steps: int, total_steps: int, ax: Axes | None = None
) -> Figure:
    """Draw a warmup from 0 and a cosine to the floor, one dot an update, with the parts named."""
    ax = axes_or_new(ax, height=3.2, right=0.75, top=0.12)
    schedule = warmup(cosine(peak_lr, total_steps - warmup_steps, floor), warmup_steps, start=0.0)
    after = np.arange(total_steps, round(1.25 * total_steps) + 1)
    ax.axvspan(0, warmup_steps, color=COLOURS[1], alpha=0.15, lw=0)
    ax.plot(after, schedule(after), "o", color=BLUE, mfc="none", markersize=4.5)
    steps = np.arange(total_steps)
    ax.plot(steps, schedule(steps), "o", color=BLUE, markersize=5)
    ax.axvline(total_steps, color=INK, linestyle=":", linewidth=1.2)
    for level, name in ((peak_lr, "peak"), (floor, "floor")):
        ax.axhline(level, color=INK, linestyle=":", linewidth=1.2, zorder=0)
        ax.text(1.01, level, name, transform=ax.get_yaxis_transform(), va="center")
    top = 1.13 * peak_lr
    ax.text(warmup_steps / 2, top, "warmup", ha="center", va="center")
    ax.text((warmup_steps + total_steps) / 2, top, "decay", ha="center", va="center")
    ax.text(total_steps, top, " horizon", ha="left", va="center")
    ax.set(xlabel="t = updates already done", ylabel="learning rate")
    ax.set(xlim=(-0.6, after[-1] + 0.6), ylim=(-0.05 * peak_lr, 1.25 * peak_lr))
    return ax.figure


@styled
def gallery(schedules: Mapping[str, Schedule], total_steps: int) -> Figure:
    """Draw every schedule over the steps 0 … total_steps - 1 in a small panel of its own.

    Args:
        schedules: title of the panel -> schedule.
        total_steps: updates to draw, >= 1.
    """
    down = -(-len(schedules) // _ACROSS)
    width, height = 7.6, 1.25 * down + 0.25
    figure = Figure(figsize=(width, height))
    wide, high = (width - 0.6) / _ACROSS - 0.15, 0.85
    steps = np.arange(total_steps)
    top = 1.08 * max(schedule(steps).max() for schedule in schedules.values())
    for i, (name, schedule) in enumerate(schedules.items()):
        row, column = divmod(i, _ACROSS)
        left, bottom = 0.5 + column * (wide + 0.15), height - 0.3 - high - 1.25 * row
        ax = figure.add_axes((left / width, bottom / height, wide / width, high / height))
        rates = schedule(steps)
        ax.fill_between(steps, 0, rates, color=BLUE, alpha=0.15, lw=0, step="post")
        ax.plot(steps, rates, color=BLUE, drawstyle="steps-post")
        ax.set(ylim=(0, top), xticks=[], yticks=[])
        ax.set_title(name, fontsize=9.5)
    figure.text(0.5 / width, 0.06 / height, "step →", va="bottom")
    figure.text(0.14 / width, 0.5, "learning rate →", rotation=90, va="center")
    return figure


@styled
def loss_over_peak(comparison: Comparison, names: Sequence[str], ax: Axes | None = None) -> Figure:
    """Draw the validation score of some schedules over the peak: the mean and its 95 % interval.

    A peak at which a run diverged has no mean and is left out.

    Args:
        comparison: comparison with two validation seeds or more.
        names: names of the schedules to draw.
        ax: axes to draw in; None makes a figure.
    """
    ax = axes_or_new(ax, height=3.4, top=0.12)
    for i, name in enumerate(names):
        row = comparison.names.index(name)
        whole = np.flatnonzero(np.isfinite(comparison.validation_means[row]))
        with_intervals(
            ax,
            comparison.peaks[whole],
            [comparison.validation_intervals[row][k] for k in whole],
            color=COLOURS[i],
            linestyle=DASHES[i],
            marker=MARKERS[i],
            markersize=5,
            linewidth=1.5,
            capsize=3,
            label=name,
        )
    ax.set(xlabel="peak learning rate", ylabel=comparison.metric)
    ticks_at(ax.xaxis, comparison.peaks)
    ax.legend()
    return ax.figure
