"""The figures of lesson 6, on the 1-cycle policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from course_lib.compare.result import Comparison
from course_lib.intervals import mean_interval
from course_lib.plots.base import (
    BLUE,
    COLOURS,
    DASHES,
    INK,
    MARKERS,
    ORANGE,
    axes_or_new,
    panels,
    styled,
    ticks_at,
    with_intervals,
)


@styled
def argument_grid(
    groups: Mapping[str, Mapping[str, np.ndarray]], log: Sequence[str] = ()
) -> Figure:
    """Draw what each argument does: one small panel an argument, three in a row.

    Args:
        groups: argument -> value in words -> rates or momenta from step 0 on, NaN where there is
            none.
        log: titles of the panels with a logarithmic axis.
    """
    rows, width, height = -(-len(groups) // 3), 8.6, 1.75
    figure = Figure(figsize=(width, rows * height + 0.25))
    for i, (title, curves) in enumerate(groups.items()):
        row, column = divmod(i, 3)
        bottom = (rows - 1 - row) * height + 0.5
        place = (0.5 + column * 2.75, bottom, 2.25, height - 0.72)
        box = (np.array(place) / np.tile(figure.get_size_inches(), 2)).tolist()
        ax = figure.add_axes(box)
        top = max(np.nanmax(values) for values in curves.values())
        for k, (label, values) in enumerate(curves.items()):
            ax.plot(np.arange(len(values)), values, color=COLOURS[k], ls=DASHES[k], label=label)
        ax.set_title(title, fontsize=9.5)
        ax.tick_params(labelsize=8)
        if title in log:
            ax.set(yscale="log", ylim=(1e-7, 5))
        elif "momentum" in title:
            ax.set_ylim(0.78, 1.04)
        else:
            ax.set_ylim(0, 1.55 * top)
        ax.legend(
            fontsize=8,
            loc="upper right",
            ncols=len(curves),
            columnspacing=0.9,
            handlelength=1.5,
            handletextpad=0.4,
            borderaxespad=0.1,
        )
        if row == rows - 1:
            ax.set_xlabel("updates", fontsize=8.5)
    return figure


@styled
def opposite_cycles(rates: np.ndarray, momenta: np.ndarray, fixed: float) -> Figure:
    """Draw a rate, its momentum, and what the two make together, rate / (1 - momentum).

    Args:
        rates: shape (T,).
        momenta: shape (T,).
        fixed: a momentum that stays, drawn beside for comparison.
    """
    figure, axes = panels(3, width=8.6, height=2.7, gap=0.6)
    step = np.arange(len(rates))
    axes[0].plot(step, rates, color=BLUE)
    axes[1].plot(step, momenta, color=BLUE)
    axes[1].axhline(fixed, color=ORANGE, ls=DASHES[1])
    axes[2].plot(step, rates / (1 - momenta), color=BLUE, label="momentum cycled")
    axes[2].plot(step, rates / (1 - fixed), color=ORANGE, ls=DASHES[1], label=f"always {fixed:g}")
    axes[2].legend(loc="upper right", fontsize=8.5, borderaxespad=0.1)
    axes[2].set_ylim(0, 1.45 * (rates / (1 - fixed)).max())
    for ax, title in zip(axes, ("rate", "momentum", "rate / (1 − momentum)"), strict=True):
        ax.set(xlabel="updates", title=title)
    return figure


@styled
def over_budget(
    budgets: Sequence[int],
    scores: Mapping[str, np.ndarray],
    target: float,
    lengths: Mapping[str, Sequence[int]],
) -> Figure:
    """Draw mean accuracy, with its 95 % interval, over the updates that a run was planned for.

    Args:
        budgets: marks of the axis, increasing.
        scores: schedule -> accuracies, (B, runs).
        target: an accuracy to mark by a line.
        lengths: schedule -> the B lengths of its runs.
    """
    ax = axes_or_new(None, height=3.5)
    for i, (name, table) in enumerate(scores.items()):
        x = np.array(lengths[name]) * 1.012 ** (i - (len(scores) - 1) / 2)
        style = {"color": COLOURS[i], "ls": DASHES[i], "marker": MARKERS[i], "markersize": 4.5}
        means = [mean_interval(row) for row in table]
        with_intervals(ax, x, means, label=name, capsize=2.5, lw=1.4, **style)
    ax.axhline(target, color=INK, ls=":", lw=1.2)
    ax.set(xlabel="updates that the run was planned for", ylabel="held-out accuracy")
    ticks_at(ax.xaxis, budgets)
    ax.legend(loc="lower right")
    return ax.figure


@styled
def peaks_side_by_side(comparisons: Mapping[str, Comparison], names: Sequence[str]) -> Figure:
    """Draw mean tuning scores over the peak, one panel a comparison, log axes.

    Args:
        comparisons: title of the panel -> comparison.
        names: the schedules to draw, up to six.
    """
    figure, axes = panels(len(comparisons), width=8.6, height=3.3, gap=0.5)
    grids = np.concatenate([comparison.peaks for comparison in comparisons.values()])
    lowest, highest = grids.min(), grids.max()
    for ax, (title, comparison) in zip(axes, comparisons.items(), strict=True):
        for i, name in enumerate(names):
            if name in comparison.names:
                means = comparison.validation_means[comparison.names.index(name)]
                seen = np.isfinite(means)
                style = {"color": COLOURS[i], "ls": DASHES[i], "marker": MARKERS[i]}
                ax.plot(comparison.peaks[seen], means[seen], label=name, markersize=4.5, **style)
        ticks_at(ax.xaxis, comparison.peaks)
        ticks_at(ax.yaxis, (0.1, 0.2, 0.5, 1, 2))
        ax.set(ylim=(0.1, 3), xlim=(0.9 * lowest, 1.1 * highest), xlabel="peak rate", title=title)
    axes[0].set_ylabel("held-out loss")
    axes[-1].legend(loc="upper left", fontsize=8.5)
    return figure
