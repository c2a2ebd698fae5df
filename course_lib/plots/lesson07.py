"""The figures of lesson 7, on the range test: lines over the rate, suggestions, full runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.plots.base import (
    BLUE,
    COLOURS,
    DASHES,
    INK,
    MARKERS,
    axes_or_new,
    styled,
    ticks_at,
)


@styled
def lines_over_rate(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    ax: Axes | None = None,
    title: str = "",
    ylabel: str = "loss",
    top: float | None = None,
) -> Figure:
    """Draw losses over the rate of the step, one line a label.

    Args:
        curves: label -> (rates, losses), both (T,); losses that are not finite are left out.
        ax: axes to draw in; None makes a figure.
        title: title of the axes.
        ylabel: label of the vertical axis.
        top: upper end of the loss axis; None leaves it to the data.
    """
    ax = axes_or_new(ax)
    for i, (label, (rates, losses)) in enumerate(curves.items()):
        shown = np.where(np.isfinite(losses), losses, np.nan)
        ax.plot(rates, shown, color=COLOURS[i], ls=DASHES[i], label=label)
    ax.set(xscale="log", xlabel="learning rate", ylabel=ylabel, title=title)
    ax.set_ylim(0, top)
    ax.legend(loc="lower left")
    return ax.figure


@styled
def full_run_scores(
    rates: np.ndarray,
    losses: np.ndarray,
    good: tuple[float, float],
    cliff: float,
    ax: Axes | None = None,
    title: str = "",
) -> Figure:
    """Draw held-out losses of whole runs over their constant rate, with what they show.

    Args:
        rates: (K,), rising.
        losses: (K, S), infinite where a run diverged.
        good: first and last rate of the good range, shaded.
        cliff: first rate at which most runs fail, a vertical line.
        ax: axes to draw in; None makes a figure.
        title: title of the axes.
    """
    ax = axes_or_new(ax)
    low, middle, high = np.quantile(losses, (0.25, 0.5, 0.75), axis=1, method="nearest")
    ceiling = 4.0
    ax.axvspan(*good, color=BLUE, alpha=0.12, lw=0, label="good")
    band = (np.minimum(low, ceiling), np.minimum(high, ceiling))
    ax.fill_between(rates, *band, color=BLUE, alpha=0.3, lw=0, label="middle half")
    ax.plot(rates, np.minimum(middle, ceiling), color=BLUE, marker="o", ms=4, label="median")
    ax.axvline(cliff, color=INK, ls=":", lw=1.4, label="cliff")
    ax.set(xscale="log", xlabel="constant rate", ylabel="held-out loss", title=title)
    ticks_at(ax.yaxis, (0.1, 0.3, 1, 3))
    ax.set_ylim(0.07, 4)
    return ax.figure


@styled
def suggestions_over(
    values: Sequence[float],
    found: Mapping[str, np.ndarray],
    xlabel: str,
    good: tuple[float, float],
    ax: Axes | None = None,
    title: str = "",
) -> Figure:
    """Draw the median of each rule's suggestions and its quartiles over a setting of the test.

    Args:
        values: the settings, (V,), > 0.
        found: rule -> (V, S), suggested rates.
        xlabel: name of the setting.
        good: first and last rate of the good range, shaded.
        ax: axes to draw in; None makes a figure.
        title: title of the axes.
    """
    ax = axes_or_new(ax)
    ax.axhspan(*good, color=BLUE, alpha=0.12, lw=0)
    for i, (label, rates) in enumerate(found.items()):
        at = np.asarray(values) * 1.04 ** (i - (len(found) - 1) / 2)
        low, middle, high = np.nanquantile(rates, (0.25, 0.5, 0.75), axis=1)
        ax.vlines(at, low, high, color=COLOURS[i], lw=2.5, alpha=0.5)
        ax.plot(at, middle, color=COLOURS[i], ls=DASHES[i], marker=MARKERS[i], ms=5, label=label)
    ax.set(yscale="log", xlabel=xlabel, ylabel="suggested rate", title=title)
    ticks_at(ax.xaxis, values)
    return ax.figure
