"""The figures of lesson 12: published runs of a language model, and the convex bound beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_lib.forecast import LossCurve, Prediction
from course_lib.intervals import Interval
from course_lib.plots.base import (
    BLUE,
    COLOURS,
    DASHES,
    INK,
    MARKERS,
    ORANGE,
    panels,
    styled,
    ticks_at,
)


@styled
def peak_curves(curves: Mapping[str, Mapping[float, float]], top: float) -> Figure:
    """Draw the final loss over the peak, a line a schedule, with a ring at its lowest point.

    Args:
        curves: label -> {peak: final loss}, peaks increasing, at most 6.
        top: highest loss drawn; runs above it are left out.
    """
    figure, (ax,) = panels(1, width=6.6, height=3.6, top=0.12)
    for i, (label, curve) in enumerate(curves.items()):
        peaks, losses = (np.array(list(part)) for part in (curve.keys(), curve.values()))
        inside = losses <= top
        look = {"color": COLOURS[i], "ls": DASHES[i], "marker": MARKERS[i], "markersize": 4.5}
        ax.plot(peaks[inside], losses[inside], label=label, **look)
        best = int(losses.argmin())
        ax.plot(peaks[best], losses[best], "o", color=COLOURS[i], mfc="none", markersize=10)
    ax.set(xlabel="peak learning rate (ring: lowest loss)", ylabel="held-out loss at the end")
    shown = {peak for curve in curves.values() for peak in curve if curve[peak] <= top}
    ticks_at(ax.xaxis, sorted(shown))
    ax.legend(loc="upper left", bbox_to_anchor=(0.14, 1.0))
    return figure


@styled
def share_curves(
    shares: Sequence[float],
    by_length: Mapping[str, Sequence[float]],
    by_peak: Mapping[str, Sequence[float]],
) -> Figure:
    """Draw the loss over the share of the cooldown, above the lowest loss of each line.

    Args:
        shares: shares of the run, (K,), increasing.
        by_length: label of a length -> loss at the best peak for each share, (K,).
        by_peak: label of a peak -> loss at that peak for each share, (K,).
    """
    figure, axes = panels(2, width=8.0, height=3.4, gap=0.3)
    parts = (by_length, by_peak)
    titles = ("each share at its best peak", "50,000 updates, one peak")
    for ax, lines, title in zip(axes, parts, titles, strict=True):
        for i, (label, losses) in enumerate(lines.items()):
            above = np.asarray(losses) - min(losses)
            look = {"color": COLOURS[i], "ls": DASHES[i], "marker": MARKERS[i], "markersize": 4}
            ax.plot(shares, above, label=label, **look)
            best = int(above.argmin())
            ax.plot(shares[best], above[best], "o", color=COLOURS[i], mfc="none", markersize=10)
        ax.set(xlabel="share of the cooldown", title=title, ylim=(-0.003, 0.072), xlim=(0.05, 0.95))
        ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        ax.legend(loc="upper center")
    axes[0].set_ylabel("loss above the line's lowest")
    axes[1].tick_params(labelleft=False)
    return figure


@styled
def bound_figure(
    losses: Mapping[str, tuple[float, float]], peaks: Mapping[str, tuple[float, float]]
) -> Figure:
    """Draw what the bound predicts, rings, beside what was measured, dots, a row a schedule.

    Args:
        losses: name -> (predicted, measured) difference of loss from the reference.
        peaks: name -> (predicted, measured) best peak as a share of the reference's; the same
            names.
    """
    figure, axes = panels(2, width=8.2, height=0.24 * len(losses) + 0.9, gap=0.2)
    for ax, width, start in zip(axes, (0.4, 0.35), (0.2, 0.63), strict=True):
        place = ax.get_position()
        ax.set_position((start, place.y0, width, place.height))
    rows = np.arange(len(losses))[::-1]
    for ax, points, colour in zip(axes, (losses, peaks), (BLUE, ORANGE), strict=True):
        predicted, measured = np.array([points[name] for name in losses]).T
        ax.hlines(rows, predicted, measured, color=colour, lw=1.0, alpha=0.6)
        look = {"color": colour, "markersize": 7}
        ax.plot(predicted, rows, "o", mfc="none", label="the bound", **look)
        ax.plot(measured, rows, "o", label="the runs", **look | {"markersize": 5})
        ax.set_yticks(rows, losses)
        ax.set_ylim(-0.6, len(losses) - 0.4)
    axes[0].set(xlabel="difference from linear's", title="loss")
    axes[0].xaxis.set_major_locator(MaxNLocator(4))
    axes[0].legend(loc="upper right")
    axes[1].set(xlabel="share of linear's", title="best peak", xlim=(0.3, 1.08))
    axes[1].tick_params(labelleft=False)
    return figure


@styled
def gap_figure(
    lengths: Sequence[int], gaps: Mapping[str, Sequence[Interval]], against: str
) -> Figure:
    """Draw the difference of the final loss from one schedule's over the length of the run.

    Args:
        lengths: updates of the runs, (K,), increasing.
        gaps: schedule -> difference and its interval at every length, (K,), at most 6.
        against: name of the schedule that they are compared with.
    """
    figure, (ax,) = panels(1, width=7.6, height=3.4, right=1.35)
    x = np.log2(lengths)
    for i, (name, found) in enumerate(gaps.items()):
        shift = 0.05 * (i - (len(gaps) - 1) / 2)  # so that bars do not hide each other
        middle = np.array([one.mean for one in found])
        bars = np.array([[one.mean - one.low, one.high - one.mean] for one in found]).T
        look = {"color": COLOURS[i], "ls": DASHES[i], "marker": MARKERS[i], "markersize": 5}
        ax.errorbar(x + shift, middle, bars, label=name, capsize=2, **look)
    ax.axhline(0, color=INK, lw=1)
    ax.set_xticks(x, [f"{n:,}" for n in lengths])
    ax.set(xlabel="updates", title=f"loss above or below the {against}'s")
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return figure


@styled
def forecast_figure(
    recorded: Mapping[str, LossCurve],
    predicted: Mapping[str, Sequence[Prediction]],
    labels: Sequence[str],
) -> Figure:
    """Draw recorded loss curves and what was predicted of them, a panel a schedule.

    Args:
        recorded: schedule -> its recorded curve, at most 3.
        predicted: schedule -> predictions of it, in the order of `labels`, at most 3.
        labels: names of the predictions; the last has its band drawn.
    """
    figure, axes = panels(len(recorded), width=8.4, height=3.2, gap=0.12)
    for ax, (name, curve) in zip(axes, recorded.items(), strict=True):
        ax.plot(curve.updates, curve.losses, color=INK, lw=2, label="recorded")
        for i, (label, one) in enumerate(zip(labels, predicted[name], strict=True)):
            look = {"color": COLOURS[i], "ls": DASHES[i + 1]}
            ax.plot(one.updates, one.losses, label=label, **look)
        ax.fill_between(one.updates, one.low, one.high, color=COLOURS[i], alpha=0.15, lw=0)
        ax.set(title=name, xlabel="updates", ylim=(0.3, 1.2))
    axes[0].set_ylabel("held-out loss")
    axes[0].legend(loc="upper right")
    for ax in axes[1:]:
        ax.tick_params(labelleft=False)
    return figure
