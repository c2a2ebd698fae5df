"""The figure of a learning-rate range test: losses, zones, and what every rule suggests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from course_lib.plots.base import BLUE, GREEN, INK, ORANGE, RED, panels, styled
from course_lib.range_test import RULES, Rule, Summary, Sweep, Zones, summary, zones

_GREY = "#8a8a84"
_LEFT, _RIGHT, _BOTTOM, _TOP = 1.55, 0.15, 0.75, 0.55  # margins, inches
_ROW, _LOSS, _GAP = 0.25, 2.3, 0.14
_LABEL_SPACE = 0.13  # of the width of the axes, between the centres of two zone labels


@styled
def range_test_figure(
    sweep: Sweep,
    rules: Mapping[str, Rule] = RULES,
    marks: Mapping[str, float] | None = None,
    width: float = 7.4,
) -> Figure:
    """Draw the loss against the rate, above one row a rule: its suggestions over the seeds.

    Above: the median of the batch losses over seeds, a band from the lower to the upper quartile,
    and the zones of `range_test.zones`. A seed that has diverged counts as infinite. Below: a
    thick bar from the lower to the upper quartile, a thin line from the lowest to the highest, a
    mark at the median. "7/10" after a rule's name: it suggests something for 7 seeds of 10.

    Args:
        sweep: sweep of at least 20 steps.
        rules: rule name -> rule.
        marks: label -> a rate to compare with, such as the best one found by full runs; it gets a
            row of its own and a dotted line through the figure.
        width: width of the figure, in inches.

    >>> from course_lib import problems, training
    >>> from course_lib.range_test import sweep
    >>> workload = training.Workload(problems.spirals(), training.Mlp((16,)))
    >>> found = sweep(workload, seeds=[0, 1], lowest_rate=1e-3, cache=False)
    >>> figure = range_test_figure(found)
    >>> figure.axes[0].get_title(loc="left")
    'spirals, 2 seeds'
    """
    marks = marks or {}
    height = _TOP + _LOSS + _GAP + _ROW * (len(rules) + len(marks)) + 0.1 + _BOTTOM
    figure, (losses,) = panels(width=width, height=height)
    wide = (width - _LEFT - _RIGHT) / width
    below = (height - _TOP - _LOSS - _GAP - _BOTTOM) / height
    rows = figure.add_axes((_LEFT / width, _BOTTOM / height, wide, below))
    losses.set_position((_LEFT / width, 1 - (_TOP + _LOSS) / height, wide, _LOSS / height))
    limits = (sweep.rates[0] / 1.3, sweep.rates[-1] * 1.3)
    for ax in (losses, rows):
        ax.set(xscale="log", xlim=limits)
    found = zones(sweep)
    _draw_losses(losses, sweep, found)
    _draw_rules(rows, summary(sweep, rules), marks)
    for ax in (losses, rows):
        _shade(ax, found, limits)
        for rate in marks.values():
            ax.axvline(rate, color=INK, linestyle=":", linewidth=1.2)
    _label_zones(losses, found, limits)
    figure.legend(
        handles=_key(),
        loc="lower center",
        bbox_to_anchor=(_LEFT / width + wide / 2, 0.0),
        ncols=3,
        fontsize=8.5,
    )
    return figure


def _key() -> list[Line2D]:
    """Return what the marks of a row stand for."""
    return [
        Line2D([], [], color=INK, marker="|", ls="", ms=11, mew=2, label="median of the seeds"),
        Line2D([], [], color=ORANGE, lw=7, solid_capstyle="butt", label="middle half"),
        Line2D([], [], color=INK, lw=1, label="lowest to highest"),
    ]


def _draw_losses(ax: Axes, sweep: Sweep, found: Zones) -> None:
    losses = np.where(np.isfinite(sweep.losses), sweep.losses, np.inf)
    with np.errstate(invalid="ignore"):  # between two infinite losses
        low, middle, high = np.quantile(losses, (0.25, 0.5, 0.75), axis=0, method="nearest")
    fall = max(found.start_loss - found.best_loss, 0.1 * abs(found.start_loss))
    bottom, top = found.best_loss - 0.6 * fall, found.start_loss + 1.2 * fall
    if found.best_loss >= 0:
        bottom = max(0.0, bottom)
    limit = top + 9 * abs(top)  # far outside
    ax.fill_between(sweep.rates, low, np.minimum(high, limit), color=BLUE, alpha=0.25, lw=0)
    ax.plot(sweep.rates, np.where(np.isfinite(middle), middle, np.nan), color=BLUE)
    ax.set(ylabel="batch loss", ylim=(bottom, top))
    ax.tick_params(labelbottom=False)
    seeds = "1 seed" if len(sweep) == 1 else f"{len(sweep)} seeds"
    ax.set_title(f"{sweep.name}, {seeds}", pad=17)


def _draw_rules(ax: Axes, table: Summary, marks: Mapping[str, float]) -> None:
    names = []
    for y, row in enumerate(table.rows):
        names.append(row.rule if row.found == row.seeds else f"{row.rule} {row.found}/{row.seeds}")
        if row.found:
            ax.plot((row.lowest, row.highest), (y, y), color=INK, linewidth=1)
            quartiles = (row.lower_quartile, row.upper_quartile)
            ax.plot(quartiles, (y, y), color=ORANGE, linewidth=7, solid_capstyle="butt")
            ax.plot(row.median, y, "|", color=INK, markersize=11, markeredgewidth=2)
    for y, (label, rate) in enumerate(marks.items(), start=len(names)):
        ax.plot(rate, y, "*", color=INK, markersize=9)
        names.append(label)
    ax.set(xlabel="learning rate", ylim=(len(names) - 0.4, -0.6), yticks=range(len(names)))
    ax.set_yticklabels(names)
    ax.tick_params(axis="y", length=0)


def zone_ends(found: Zones, limits: tuple[float, float]) -> list[tuple[str, str, float, float]]:
    """Return (label, colour, first rate, last rate) of the zones between two rates."""
    low, high = limits
    unstable = high if np.isnan(found.unstable_from) else found.unstable_from
    falls = unstable if np.isnan(found.falls_from) else found.falls_from
    ends = [
        ("too low", _GREY, low, falls),
        ("falling", GREEN, falls, unstable),
        ("unstable", RED, unstable, high),
    ]
    return [zone for zone in ends if zone[2] < zone[3]]


def _shade(ax: Axes, found: Zones, limits: tuple[float, float]) -> None:
    for _, colour, low, high in zone_ends(found, limits):
        ax.axvspan(low, high, color=colour, alpha=0.1, linewidth=0, zorder=0)


def _label_zones(ax: Axes, found: Zones, limits: tuple[float, float]) -> None:
    """Write each zone's name above its middle, moved aside where two would touch."""
    ends = zone_ends(found, limits)
    start, end = np.log(limits)
    at = [(np.log(low * high) / 2 - start) / (end - start) for *_, low, high in ends]
    for i in range(len(at)):
        least = 0.06 if i == 0 else at[i - 1] + _LABEL_SPACE
        at[i] = max(at[i], least)
    for i in reversed(range(len(at))):
        most = 0.94 if i == len(at) - 1 else at[i + 1] - _LABEL_SPACE
        at[i] = min(at[i], most)
    for x, (label, colour, *_) in zip(at, ends, strict=True):
        place = {"xycoords": "axes fraction", "ha": "center", "va": "bottom"}
        ax.annotate(label, (x, 1.015), color=INK if colour == _GREY else colour, **place)
