"""The figures of the lesson on cosine and restarts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.plots.base import BLUE, COLOURS, DASHES, GREEN, INK, ORANGE, axes_or_new, styled
from course_lib.schedules import cosine, linear


@styled
def half_cosine(peak_lr: float, floor: float, total_steps: int, ax: Axes | None = None) -> Figure:
    """Draw the half-cosine beside the straight line: flat ends shaded, the middle and mean marked.

    Args:
        peak_lr: rate at step 0.
        floor: rate at `total_steps`.
        total_steps: T, >= 10.
        ax: where to draw; None makes a figure.
    """
    ax = axes_or_new(ax)
    steps = np.arange(total_steps + 1)
    mean, edge = (peak_lr + floor) / 2, total_steps / 10
    for first, words, height in ((0, "flat start", 0.3), (total_steps - edge, "flat end", 0.75)):
        ax.axvspan(first, first + edge, color=GREEN, alpha=0.15, lw=0)
        at = (first + edge / 2, height)
        place = {"xycoords": ("data", "axes fraction"), "ha": "center", "va": "center"}
        ax.annotate(words, at, rotation=90, color=INK, **place)
    ax.plot(steps, cosine(peak_lr, total_steps, floor)(steps), color=BLUE, label="half-cosine")
    line = linear(peak_lr, total_steps, floor)(steps)
    ax.plot(steps, line, color=ORANGE, ls=DASHES[1], lw=1.4, label="straight line")
    ax.axhline(mean, color=INK, ls=":", lw=1.2)
    ax.plot(total_steps / 2, mean, "o", color=BLUE, markersize=7)
    ax.annotate(
        "half time: the mean rate,\nthe steepest slope",
        (total_steps / 2, mean),
        xytext=(14, 12),
        textcoords="offset points",
        va="bottom",
    )
    ax.set(xlabel="step", ylabel="learning rate", ylim=(0, 1.05 * peak_lr))
    ax.set(xlim=(0, 1.02 * total_steps))
    ax.legend(loc="lower left", bbox_to_anchor=(0.12, 0.04))
    return ax.figure


@styled
def held_out_curves(
    updates: np.ndarray,
    losses: Mapping[str, np.ndarray],
    ax: Axes | None = None,
    marks: Sequence[float] = (),
    top: float | None = None,
) -> Figure:
    """Draw held-out losses over the updates done: the median run, and a band over the runs.

    The band goes from the lower to the upper quartile.

    Args:
        updates: at which the losses were taken, shape (K,).
        losses: label -> losses, shape (runs, K).
        ax: where to draw; None makes a figure.
        marks: updates to mark by a dotted line.
        top: end of the loss axis; None fits it.
    """
    ax = axes_or_new(ax)
    for i, (label, table) in enumerate(losses.items()):
        low, middle, high = np.quantile(table, (0.25, 0.5, 0.75), axis=0)
        ax.fill_between(updates, low, high, color=COLOURS[i], alpha=0.2, lw=0)
        ax.plot(updates, middle, color=COLOURS[i], ls=DASHES[i], label=label)
    for mark in marks:
        ax.axvline(mark, ymax=0.66, color=INK, ls=":", lw=1.2)
    ax.set(xlabel="updates", ylabel="held-out loss", ylim=(None, top))
    ax.legend()
    return ax.figure
