"""Sharpness against the largest curvature at which a learning rate is stable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from course_lib.plots.base import COLOURS, INK, MARKERS, axes_or_new, styled


@styled
def sharpness_panel(
    updates: np.ndarray | Sequence[int],
    sharpness: Mapping[str, np.ndarray],
    rates: Mapping[str, np.ndarray | float] | np.ndarray | float,
    ax: Axes | None = None,
    *,
    numerator: float = 2.0,
    log: bool = True,
    title: str = "",
) -> Figure:
    """Draw sharpness over the updates done, and 2 / η, above which gradient descent cannot rest.

    Of several runs, the median is drawn, and a band from the least to the most. The limit is
    dashed, in the colour of its runs, or in black where one limit holds for all.

    Args:
        updates: updates done when the sharpness was measured, shape (K,).
        sharpness: label -> sharpness, shape (K,) or (runs, K); NaN from where a run diverged.
        rates: learning rates η: a number or rates from step 0 on, shape (T,), for all curves, or
            one a label. Where η = 0 there is no limit.
        ax: axes to draw in; None makes a figure.
        numerator: number that is divided by η: 2 for gradient descent, 2 (1 + μ) with momentum μ,
            and (2 + 2 β₁) / (1 − β₁), which is 38 for β₁ = 0.9, for Adam's preconditioned
            sharpness.
        log: whether the vertical axis is logarithmic; sharpness <= 0 is then left out.
        title: title of the axes.

    Raises:
        ValueError: a label of `rates` has no curve, or a curve has not one value an update.

    >>> figure = sharpness_panel([0, 10, 20], {"rate 0.5": np.array([2.0, 3.9, 4.1])}, 0.5)
    >>> [line.get_ydata()[0].item() for line in figure.axes[0].lines]
    [2.0, 4.0]
    """
    ax = axes_or_new(ax)
    updates = np.asarray(updates)
    by_label = isinstance(rates, Mapping)
    if by_label and not set(rates) <= set(sharpness):
        raise ValueError(f"rates must be of {list(sharpness)}, got {list(rates)}")
    for i, (label, values) in enumerate(sharpness.items()):
        table = np.atleast_2d(np.asarray(values, dtype=np.float64))
        if table.shape[1] != len(updates):
            raise ValueError(
                f"sharpness of {label!r} must have one value for each of the {len(updates)} "
                f"updates, got shape {np.shape(values)}"
            )
        there = np.isfinite(table).any(axis=0)
        x, table = updates[there], table[:, there]
        look = {"color": COLOURS[i], "marker": MARKERS[i], "markersize": 3, "linewidth": 1.5}
        ax.plot(x, np.nanmedian(table, axis=0), label=label, **look)
        if len(table) > 1:
            low, high = np.nanmin(table, axis=0), np.nanmax(table, axis=0)
            ax.fill_between(x, low, high, color=COLOURS[i], alpha=0.2, lw=0)
    colours = dict(zip(sharpness, COLOURS, strict=False)) if by_label else {"": INK}
    for label, values in rates.items() if by_label else {"": rates}.items():
        _limit(ax, values, numerator, updates, colours[label])
    if log:
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.minorticks_off()
    ax.set(xlabel="updates", ylabel="sharpness", title=title)
    handles = [*ax.get_legend_handles_labels()[0]]
    dashed = Line2D([], [], color=INK, ls="--", lw=1.4, label=f"{numerator:g} / rate")
    ax.legend(handles=[*handles, dashed])
    return ax.figure


def _limit(
    ax: Axes, rates: np.ndarray | float, numerator: float, updates: np.ndarray, colour: str
) -> None:
    rates = np.asarray(rates, dtype=np.float64)
    if not rates.ndim:
        rates = np.full(int(updates.max()) + 1, rates)
    with np.errstate(divide="ignore"):
        limit = numerator / rates
    # As the rate goes to 0 the limit leaves every axis; the curves are what has to be seen.
    top = max((line.get_ydata().max(initial=0.0) for line in ax.lines), default=0.0)
    limit[limit > max(10 * top, 3 * limit.min())] = np.nan
    ax.plot(np.arange(len(limit)), limit, color=colour, ls="--", lw=1.4)
