"""The figures of a comparison: scores with their differences, and scores over the peak."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from course_lib.compare.result import Comparison, Row
from course_lib.compare.table import number
from course_lib.plots.base import BLUE, CARD, GREEN, INK, RED, styled

_PALE = "#b9b9b2"
_ACROSS = 4  # panels in a row
_CLIP = 12.0  # differences beyond so many times the usual leave the frame and are written out


@styled
def forest_plot(comparison: Comparison, *, margin: float) -> Figure:
    """Draw every schedule's score, and its paired difference to the reference, lowest mean on top.

    Left: mean on the fresh seeds with its interval. Right: mean paired difference; the thick line
    is its own interval, the thin one holds for all pairs at once. A marker is filled where the
    thin line crosses 0, so that the sign of the difference is not known. A schedule that diverged
    has no mean and says so.

    Args:
        comparison: the comparison.
        margin: difference too small to matter, see `course_lib.compare.margin`; for the counts of
            the schedules that are better.

    >>> from course_lib import compare, problems, schedules
    >>> kinds = {"linear": schedules.linear, "cosine": schedules.cosine}
    >>> quadratic = problems.power_law_quadratic(4)
    >>> found = compare.compare(quadratic, kinds, peaks=[0.3, 1.0], total_steps=50, seeds=4)
    >>> figure = forest_plot(found, margin=0.001)
    >>> sorted(label.get_text() for label in figure.axes[0].get_yticklabels())
    ['cosine', 'linear']
    """
    rows = comparison.as_table()
    frame = _Frame(width=8.6, height=0.27 * len(rows) + 1.25)
    names = 0.25 + 0.078 * max(len(row.schedule) for row in rows)
    half = (8.6 - names - 0.6 - 1.1) / 2
    left = frame.axes(names, 0.72, half, frame.height - 1.05)
    right = frame.axes(names + half + 0.6, 0.72, half, frame.height - 1.05)
    at, beaten = np.arange(len(rows))[::-1], comparison.beaten_by(margin)
    for y, row in zip(at, rows, strict=True):
        face = BLUE if _like_reference(row, comparison) else CARD
        _score(left, y, row, face)
        _edge_words(right, y, f"beaten by {beaten[row.schedule]}")
    _differences(right, at, rows, comparison)
    left.set_yticks(at, [row.schedule for row in rows])
    right.set_yticks(at, [])
    for ax in (left, right):
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.tick_params(axis="y", length=0)
    if _spans_decades(np.array([row.score.mean for row in rows])):
        left.set_xscale("log")
    percent = f"{100 * comparison.level:.4g} %"
    left.set(xlabel=comparison.metric, title=comparison.problem)
    right.set(xlabel=f"minus {comparison.reference}, same seeds", title="paired difference")
    frame.words(
        f"{len(comparison.seeds.fresh)} fresh seeds. Thick: {percent} interval; thin: for all "
        "pairs at once. Filled: the thin line crosses 0."
    )
    return frame.figure


@styled
def peak_sensitivity(comparison: Comparison) -> Figure:
    """Draw the validation score over the peak, one panel a schedule, the others in grey behind.

    The band goes from the least to the most of the validation seeds; the ring is the chosen peak;
    the bar at the foot spans the good peaks; a cross at the top is a peak at which a run diverged.

    >>> from course_lib import compare, problems, schedules
    >>> kinds = {"linear": schedules.linear, "cosine": schedules.cosine}
    >>> quadratic = problems.power_law_quadratic(4)
    >>> found = compare.compare(quadratic, kinds, peaks=[0.3, 1.0], total_steps=50, seeds=4)
    >>> [ax.get_title(loc="left") for ax in peak_sensitivity(found).axes]
    ['linear', 'cosine']
    """
    names, means = comparison.names, comparison.validation_means
    across = min(_ACROSS, len(names))
    down = -(-len(names) // across)
    frame = _Frame(width=max(5.3, 0.9 + 1.95 * across), height=0.62 + 1.55 * down)
    wide, high = (frame.width - 0.8) / across - 0.12, 1.2
    log = _spans_decades(means)
    limits = _limits(means, log)
    for s, name in enumerate(names):
        row, column = divmod(s, across)
        bottom = frame.height - 0.3 - high - 1.55 * row
        ax = frame.axes(0.68 + column * (wide + 0.12), bottom, wide, high)
        for other in np.delete(means, s, axis=0):
            ax.plot(
                comparison.peaks, np.where(np.isfinite(other), other, np.nan), color=_PALE, lw=0.8
            )
        ax.set(xscale="log", yscale="log" if log else "linear", ylim=limits)
        _panel(ax, comparison, s)
        ax.set_title(name, fontsize=9.5)
        ax.tick_params(labelsize=8)
        ax.minorticks_off()
        if column:
            ax.tick_params(labelleft=False)
        if s + across < len(names):
            ax.tick_params(labelbottom=False)
        else:
            ax.set_xlabel("peak learning rate", fontsize=8.5)
    frame.figure.text(0.012, 0.5 + 0.15 / frame.height, comparison.metric, rotation=90, va="center")
    frame.words(
        f"band: {len(comparison.seeds.validation)} seeds   ○ chosen peak   "
        f"bar: mean within {comparison.within:.0%} of the best   × a run diverged"
    )
    return frame.figure


class _Frame:
    """A figure whose axes are placed in inches from its lower left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width, height))

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        w, h = self.width, self.height
        return self.figure.add_axes((left / w, bottom / h, width / w, height / h))

    def words(self, text: str) -> None:
        self.figure.text(0.012, 0.08 / self.height, text, fontsize=8.5, va="bottom")


def _like_reference(row: Row, comparison: Comparison) -> bool:
    return comparison.reference in (row.schedule, *row.undecided_with)


def _spans_decades(values: np.ndarray) -> bool:
    seen = values[np.isfinite(values)]
    return bool(seen.size and seen.min() > 0 and seen.max() > 10 * seen.min())


def _limits(means: np.ndarray, log: bool) -> tuple[float, float]:
    """Return the ends of the score axis, with room below for the bar of good peaks."""
    seen = means[np.isfinite(means)]
    low, high = (np.log(seen.min()), np.log(seen.max())) if log else (seen.min(), seen.max())
    span = (high - low) or 1.0
    ends = (low - 0.2 * span, high + 0.1 * span)
    return tuple(np.exp(ends)) if log else ends


def _score(ax: Axes, y: int, row: Row, face: str) -> None:
    if not np.isfinite(row.score.mean):
        words = f"{row.diverged} diverged"
        ax.text(0.98, y, words, transform=ax.get_yaxis_transform(), ha="right", va="center")
        return
    ax.plot([row.score.low, row.score.high], [y, y], color=BLUE, lw=2.2, solid_capstyle="butt")
    ax.plot(row.score.mean, y, "o", color=BLUE, mfc=face, markersize=6)


def _differences(ax: Axes, at: np.ndarray, rows: list[Row], comparison: Comparison) -> None:
    wide = [row.simultaneous for row in rows if row.schedule != comparison.reference]
    reach = [size for one in wide if (size := max(-one.low, one.high)) > 0]  # not NaN
    edge = _CLIP * np.quantile(reach, 0.5, method="lower") if reach else np.inf
    ax.axvline(0, color=INK, lw=1.0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4))  # "−0.050" and "−0.025" would touch
    for y, row in zip(at, rows, strict=True):
        mean = row.difference.mean
        if row.schedule == comparison.reference:
            ax.plot(0, y, "D", color=BLUE, markersize=6)
        elif abs(mean) > edge:
            side, where = ("right", 0.98) if mean > 0 else ("left", 0.02)
            words = f"{number(mean)} →" if mean > 0 else f"← {number(mean)}"
            ax.text(where, y, words, transform=ax.get_yaxis_transform(), ha=side, va="center")
        elif np.isfinite(mean):
            wide, own = row.simultaneous, row.difference
            ax.plot([wide.low, wide.high], [y, y], color=INK, lw=0.9)
            ax.plot([own.low, own.high], [y, y], color=BLUE, lw=3.2, solid_capstyle="butt")
            face = BLUE if _like_reference(row, comparison) else CARD
            ax.plot(mean, y, "o", color=BLUE, mfc=face, markersize=6)


def _edge_words(ax: Axes, y: int, words: str) -> None:
    ax.text(1.03, y, words, transform=ax.get_yaxis_transform(), va="center")


def _panel(ax: Axes, comparison: Comparison, s: int) -> None:
    peaks, runs, means = comparison.peaks, comparison.validation[s], comparison.validation_means[s]
    whole = np.isfinite(means)
    least, most = (np.where(whole, edge(runs, axis=1), np.nan) for edge in (np.min, np.max))
    ax.fill_between(peaks, least, most, color=BLUE, alpha=0.22, lw=0)
    ax.plot(peaks, np.where(whole, means, np.nan), color=BLUE, marker=".", markersize=4)
    foot = blended_transform_factory(ax.transData, ax.transAxes)
    good, k = comparison.good_ranges[s], comparison.chosen[s]
    bar = {"transform": foot, "color": GREEN, "lw": 4, "solid_capstyle": "butt"}
    ax.plot([good.low, good.high], [0.04, 0.04], **bar)
    lost = peaks[~whole]
    if lost.size:
        ax.plot(lost, np.full(lost.size, 0.95), "x", transform=foot, color=RED, clip_on=False)
    ax.plot(peaks[k], means[k], "o", color=RED, mfc="none", markersize=9, mew=1.6)
