"""The figures of lesson 8, on fair comparisons: losses, regrets, places, settling, differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from course_lib.compare import Comparison, Contrast
from course_lib.plots.base import BLUE, COLOURS, DASHES, INK, MARKERS, ORANGE, panels, styled

_GREY = "#a9a9a2"


@styled
def loss_over_mean_rate(
    constants: Mapping[float, float],
    schedules: Mapping[str, tuple[float, float]],
    peak_lr: float,
) -> Figure:
    """Draw the final loss over the mean rate of the run: constants as a line, schedules as points.

    Args:
        constants: rate -> final loss.
        schedules: label -> (mean rate, final loss); labels are set beside their points.
        peak_lr: peak of all the schedules.
    """
    figure, (ax,) = panels(1, width=7.0, height=3.5)
    rates = np.array(sorted(constants))
    ax.plot(rates, [constants[rate] for rate in rates], "o-", color=BLUE, label="constant rates")
    spots = np.array(list(schedules.values()))
    words = f"schedules with peak {peak_lr:g}"
    ax.plot(*spots.T, "s", color=ORANGE, markersize=7, ls="", label=words)
    top, gap = max(constants.values()), (max(constants.values()) - min(constants.values())) / 9
    order = sorted(schedules.items(), key=lambda item: -item[1][1])
    for i, (label, spot) in enumerate(order):  # beside the line, in the empty upper right
        ax.annotate(
            label,
            spot,
            xytext=(0.72 * rates[-1], top - i * gap),
            va="center",
            arrowprops={"arrowstyle": "-", "color": _GREY, "lw": 0.8, "shrinkA": 1, "shrinkB": 4},
        )
    ax.set(xlabel="mean rate of the run", ylabel="final training loss", xlim=(0, None))
    ax.legend(loc="lower left")
    return figure


@styled
def regret_dots(names: Sequence[str], excess: Mapping[int, Sequence[float]]) -> Figure:
    """Draw the share by which each schedule exceeds the least possible loss, on a log axis.

    Args:
        names: names of the schedules, top to bottom.
        excess: horizon -> one share a schedule, > 0, in the order of `names`.
    """
    figure, (ax,) = panels(1, width=7.4, height=0.25 * len(names) + 0.95)
    ax.set_position([0.19, 0.5 / figure.get_figheight(), 0.62, 1 - 0.75 / figure.get_figheight()])
    at = np.arange(len(names))[::-1]
    for i, (horizon, shares) in enumerate(excess.items()):
        look = {"color": COLOURS[i], "marker": MARKERS[i], "ls": "", "markersize": 6.5}
        ax.plot(shares, at, label=f"{horizon} updates", **look)
    ax.set(xscale="log", xlabel="loss above the least possible, as a share of it")
    every = np.array([0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0])
    low = min(min(shares) for shares in excess.values())
    ticks = every[np.searchsorted(every, 0.8 * low) :]
    ax.set_xticks(ticks, [f"{100 * tick:g}%" for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_yticks(at, names)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
    return figure


@styled
def places_over_peak(comparison: Comparison, highlight: Sequence[str]) -> Figure:
    """Draw each schedule's place, 1 the best, when all are run at one shared peak.

    Args:
        comparison: its validation scores are used.
        highlight: up to six schedules in colour; the others stay grey.
    """
    figure, (ax,) = panels(1, width=7.4, height=3.6, right=1.45)
    places = 1 + comparison.validation_means.argsort(axis=0).argsort(axis=0)
    at = np.arange(len(comparison.peaks))
    for s, name in enumerate(comparison.names):
        if name not in highlight:
            ax.plot(at, places[s], "o-", color=_GREY, lw=1.0, markersize=3.5, alpha=0.7)
    for i, name in enumerate(highlight):
        row, look = places[comparison.names.index(name)], {"color": COLOURS[i], "ls": DASHES[i]}
        ax.plot(at, row, marker=MARKERS[i], markersize=7, lw=2.2, **look)
        ax.text(at[-1] + 0.12, row[-1], name, va="center", color=INK)
    ax.set_xticks(at, [f"{peak:g}" for peak in comparison.peaks])
    ax.set_yticks([1, *range(3, len(places) + 1, 2)])
    ax.set(xlabel="peak shared by all", ylabel="place, 1 is best", ylim=(len(places) + 0.5, 0.5))
    return figure


@styled
def settling_dots(names: Sequence[str], updates: Mapping[str, Sequence[float]]) -> Figure:
    """Draw when each schedule gets somewhere, one marker a rule.

    Args:
        names: names of the schedules, top to bottom.
        updates: rule -> updates, one a schedule, in the order of `names`.
    """
    figure, (ax,) = panels(1, width=7.4, height=0.25 * len(names) + 0.95)
    ax.set_position([0.19, 0.5 / figure.get_figheight(), 0.56, 1 - 0.75 / figure.get_figheight()])
    at = np.arange(len(names))[::-1]
    for i, (rule, row) in enumerate(updates.items()):
        size = 10 - 4.5 * i  # the later one inside the earlier
        face = "none" if i == 0 else COLOURS[i]
        ax.plot(row, at, "o", color=COLOURS[i], mfc=face, mew=1.6, markersize=size, label=rule)
    ax.set(xlabel="updates, median of the seeds", ylim=(-0.6, len(names) - 0.4))
    ax.set_yticks(at, names)
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
    return figure


@styled
def difference_dots(found: Mapping[str, Sequence[Contrast]]) -> Figure:
    """Draw differences from one schedule with their intervals, a row a schedule, a marker a length.

    Args:
        found: length -> contrasts with the same schedule, in the same order for each length, up to
            six lengths.
    """
    first = next(iter(found.values()))
    figure, (ax,) = panels(1, width=7.4, height=0.34 * len(first) + 0.95)
    ax.set_position([0.19, 0.5 / figure.get_figheight(), 0.6, 1 - 0.75 / figure.get_figheight()])
    rows = np.arange(len(first))[::-1]
    for i, (length, contrasts) in enumerate(found.items()):
        at = rows + 0.22 * ((len(found) - 1) / 2 - i)
        look = {"color": COLOURS[i], "marker": MARKERS[i], "ls": "", "markersize": 5}
        for y, one in zip(at, contrasts, strict=True):
            ax.plot((one.difference.low, one.difference.high), (y, y), color=COLOURS[i], lw=1.4)
        ax.plot([one.difference.mean for one in contrasts], at, label=length, **look)
    ax.axvline(0, color=INK, lw=0.9)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.set(xlabel=f"held-out loss minus that of {first[0].theirs}", ylim=(-0.6, len(first) - 0.4))
    ax.set_yticks(rows, [one.ours for one in first])
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02))
    return figure
