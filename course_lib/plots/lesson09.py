"""The figures of lesson 9, on what came after cosine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.plots.base import (
    BLUE,
    COLOURS,
    DASHES,
    GREEN,
    INK,
    MARKERS,
    ORANGE,
    axes_or_new,
    panels,
    styled,
    ticks_at,
)
from course_lib.schedules import Schedule


@styled
def branch_figure(
    trunk: Schedule,
    branches: Mapping[int, Schedule],
    scored_at: np.ndarray,
    trunk_loss: np.ndarray,
    branch_loss: Mapping[int, float],
    cosine_loss: Mapping[int, float],
) -> Figure:
    """Draw one long run with its cooldowns, and the held-out loss before and after each of them.

    Args:
        trunk: the rate without a cooldown.
        branches: budget -> schedule with its cooldown at the end.
        scored_at: updates at which the trunk was scored, shape (K,).
        trunk_loss: mean held-out loss of the trunk, shape (K,).
        branch_loss: budget -> mean held-out loss at the end of its cooldown.
        cosine_loss: budget -> the same for a cosine of that length.
    """
    figure, (left, right) = panels(2, height=3.3)
    longest = max(branches)
    steps = np.arange(longest + 1)
    left.plot(steps, trunk(steps), color=BLUE, label="one run, constant")
    for number, (budget, schedule) in enumerate(branches.items()):
        t = np.arange(budget + 1)
        falls = t[schedule(t) < trunk(0)]
        label = "" if number else "cooldowns"
        first = np.concatenate([[falls[0] - 1], falls])
        left.plot(first, schedule(first), color=ORANGE, ls=DASHES[1], label=label)
    left.set(xlabel="updates", ylabel="learning rate", ylim=(0, 1.3 * trunk(0)))
    left.legend(loc="upper left", ncols=2)
    right.plot(scored_at, trunk_loss, color=BLUE, label="on the way, no cooldown")
    for losses, colour, marker, label in (
        (branch_loss, ORANGE, "s", "after its cooldown"),
        (cosine_loss, GREEN, "^", "cosine of that length"),
    ):
        place = (list(losses), list(losses.values()))
        right.plot(*place, marker, color=colour, mfc="none", markersize=8, mew=1.6, label=label)
    right.set(xlabel="updates", ylabel="held-out loss")
    right.legend()
    return figure


@styled
def valley_figure(
    rates: Mapping[str, np.ndarray],
    losses: Mapping[str, np.ndarray],
    rivers: Mapping[str, np.ndarray],
) -> Figure:
    """Draw rates, and the loss of each run with the loss of the river below it, block by block.

    Args:
        rates: label -> rates, shape (T,).
        losses: label -> mean loss, shape (T + 1,).
        rivers: label -> mean loss of the river at the same place, shape (T + 1,).
    """
    figure, (left, right) = panels(2, height=3.2)
    for i, (label, values) in enumerate(rates.items()):
        style = {"color": COLOURS[i], "ls": DASHES[i]}
        # The first rates lie under others for most of the run: wide and pale, they are still seen.
        left.plot(values, label=label, **style | ({} if i else {"lw": 7, "alpha": 0.35}))
        at, smooth = _blocks(losses[label])
        right.plot(at, smooth, label=f"{label}: loss", **style)
        right.plot(*_blocks(rivers[label]), ":", color=COLOURS[i], lw=1.4)
    right.plot([], [], ":", color=INK, lw=1.4, label="its river")
    left.set(xlabel="updates", ylabel="learning rate", ylim=(0, None))
    left.locator_params(axis="y", nbins=4)
    left.legend(loc="lower left")
    right.set(xlabel="updates", ylabel="mean loss", ylim=(0, None))
    right.legend()
    return figure


def _blocks(values: np.ndarray, size: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """Return the middles of blocks of steps and the means over them, and the last value."""
    last = len(values) - 1
    table = values[: last // size * size].reshape(-1, size)
    middles = np.arange(len(table)) * size + size / 2
    return np.append(middles, last), np.append(table.mean(axis=1), values[-1])


@styled
def lines_over(
    x: Sequence[float],
    curves: Mapping[str, np.ndarray],
    xlabel: str,
    ylabel: str,
    ax: Axes | None = None,
    title: str = "",
    top: float | None = None,
) -> Figure:
    """Draw lines with markers over a logarithmic axis with a tick at each point; lowest ringed.

    Args:
        x: shape (K,), > 0.
        curves: label -> y, shape (K,).
        xlabel: label of the horizontal axis.
        ylabel: label of the vertical axis.
        ax: axes to draw in; None makes a figure.
        title: title of the axes.
        top: end of the vertical axis, which then begins at 0; None fits it.
    """
    ax = axes_or_new(ax)
    for i, (label, y) in enumerate(curves.items()):
        style = {"color": COLOURS[i], "ls": DASHES[i], "marker": MARKERS[i]}
        ax.plot(x, y, markersize=5, label=label, **style)
        if top is not None:
            at = int(np.argmin(y))
            ax.plot(x[at], y[at], "o", color=INK, mfc="none", markersize=12, mew=1.4)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ticks_at(ax.xaxis, x, fontsize=8)
    if top is not None:
        ax.set_ylim(0, top)
    ax.legend()
    return ax.figure


@styled
def peak_panels(titles: Mapping[str, Mapping[str, Mapping[float, float]]]) -> Figure:
    """Draw losses over the peak, a panel a length, with a ring at the lowest of every schedule.

    Args:
        titles: title of a panel -> {schedule: {peak: loss}}, the same schedules in each, up to six.

    >>> figure = peak_panels({"320 updates": {"cosine": {0.1: 2.0, 0.2: 1.5}}})
    >>> figure.axes[0].lines[-1].get_xdata().tolist()
    [0.2]
    """
    figure, axes = panels(len(titles), width=8.4, height=3.0, gap=0.45)
    for ax, (title, curves) in zip(axes, titles.items(), strict=True):
        for i, (name, curve) in enumerate(curves.items()):
            peaks, losses = (np.array(list(part)) for part in (curve.keys(), curve.values()))
            look = {"color": COLOURS[i], "ls": DASHES[i], "marker": MARKERS[i], "markersize": 5}
            ax.plot(peaks, losses, label=name, **look)
            best = [int(np.nanargmin(losses))]
            ax.plot(peaks[best], losses[best], "o", color=COLOURS[i], mfc="none", markersize=11)
        ax.set(xlabel="peak learning rate", title=title)
        ticks_at(ax.xaxis, peaks, fontsize=8)
    axes[0].set_ylabel("held-out loss at the end")
    axes[-1].legend()
    return figure
