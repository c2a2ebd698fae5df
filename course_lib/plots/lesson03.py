"""The figures of lesson 3, on cosine and restarts."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.plots.base import BLUE, DASHES, GREEN, INK, ORANGE, axes_or_new, styled
from course_lib.schedules import cosine, linear


@styled
def half_cosine(peak_lr: float, floor: float, total_steps: int, ax: Axes | None = None) -> Figure:
    """Draw the half-cosine beside linear decay: flat ends shaded, the middle and mean marked.

    Args:
        peak_lr: rate at step 0.
        floor: rate at `total_steps`.
        total_steps: T, >= 10.
        ax: axes to draw in; None makes a figure.
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
    ax.plot(steps, line, color=ORANGE, ls=DASHES[1], lw=1.4, label="linear decay")
    ax.axhline(mean, color=INK, ls=":", lw=1.2)
    ax.plot(total_steps / 2, mean, "o", color=BLUE, markersize=7)
    ax.annotate(
        "half time: the mean rate,\nthe steepest slope",
        (total_steps / 2, mean),
        xytext=(14, 12),
        textcoords="offset points",
        va="bottom",
    )
    ax.set(xlabel="updates", ylabel="learning rate", ylim=(0, 1.05 * peak_lr))
    ax.set(xlim=(0, 1.02 * total_steps))
    ax.legend(loc="lower left", bbox_to_anchor=(0.12, 0.04))
    return ax.figure
