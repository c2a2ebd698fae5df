"""The figures of lesson 4, on warmup: scores over the peak."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.compare.result import Comparison
from course_lib.plots.base import (
    COLOURS,
    DASHES,
    MARKERS,
    axes_or_new,
    panels,
    styled,
    ticks_at,
)


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


@styled
def with_and_without(
    titles: Mapping[str, Mapping[str, tuple[Mapping[float, float], Mapping[float, float]]]],
) -> Figure:
    """Draw losses over the peak with a warmup, lines, and without, dashes and rings, in panels.

    Args:
        titles: title of a panel -> {schedule: ({peak: loss without}, {peak: loss with})}, up to six
            schedules.

    >>> curve = {0.1: 2.0, 0.2: 1.5}
    >>> figure = with_and_without({"320 updates": {"linear": (curve, curve)}})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['linear, no warmup', 'linear']
    """
    figure, axes = panels(len(titles), width=8.2, height=3.5, gap=0.5)
    for ax, (title, curves) in zip(axes, titles.items(), strict=True):
        for i, (name, pair) in enumerate(curves.items()):
            look = {"color": COLOURS[i], "marker": MARKERS[i], "markersize": 5}
            bare = look | {"ls": (0, (4, 1.5)), "mfc": "none"}
            labels = (f"{name}, no warmup", name)
            for curve, style, label in zip(pair, (bare, look), labels, strict=True):
                ax.plot(list(curve), list(curve.values()), label=label, **style)
        ax.set(xlabel="peak learning rate", title=title)
        ticks_at(ax.xaxis, list(curve))
    axes[0].set_ylabel("held-out loss at the end")
    axes[-1].legend()
    return figure
