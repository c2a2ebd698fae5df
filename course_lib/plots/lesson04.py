"""The figure of lesson 4, on warmup: scores over the peak, in one panel."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.compare.result import Comparison
from course_lib.plots.base import COLOURS, DASHES, MARKERS, axes_or_new, styled, ticks_at


@styled
def scores_over_peak(comparison: Comparison, ax: Axes | None = None, *, title: str = "") -> Figure:
    """Draw the tuning runs' scores over the peak: every run, and each schedule's mean.

    Schedules are set apart sideways by a few per cent, so that their points do not hide each other.

    Args:
        comparison: comparison of up to six schedules, none of whose runs diverged.
        ax: axes to draw in; None makes a figure.
        title: title of the axes.

    >>> from course_lib import compare, problems, schedules
    >>> kinds = {"linear": schedules.linear, "cosine": schedules.cosine}
    >>> quadratic = problems.power_law_quadratic(4)
    >>> found = compare.compare(quadratic, kinds, peaks=[0.3, 1.0], total_steps=50, seeds=4)
    >>> [label.get_text() for label in scores_over_peak(found).axes[0].get_xticklabels()]
    ['0.3', '1']
    """
    ax = axes_or_new(ax, height=3.7)
    for i, (name, scores) in enumerate(zip(comparison.names, comparison.validation, strict=True)):
        peaks = comparison.peaks * 1.03 ** (i - (len(comparison.names) - 1) / 2)
        spread = np.broadcast_to(peaks[:, None], scores.shape)
        ax.plot(
            spread.ravel(), scores.ravel(), MARKERS[i], color=COLOURS[i], alpha=0.4, markersize=4
        )
        ax.plot(peaks, scores.mean(axis=1), color=COLOURS[i], ls=DASHES[i], label=name)
    ax.set(xlabel="peak learning rate", ylabel=comparison.metric, title=title)
    if comparison.validation.max() > 10 * comparison.validation.min() > 0:
        ax.set_yscale("log")
    ticks_at(ax.xaxis, comparison.peaks)
    ax.legend()
    return ax.figure
