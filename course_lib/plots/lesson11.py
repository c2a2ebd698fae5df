"""The figure of lesson 11: how far every measured claim lies from making no difference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.intervals import Interval
from course_lib.plots.base import GREEN, INK, ORANGE, RED, panels, styled

_LOOKS = {"for": (GREEN, "o"), "against": (RED, "s"), "open": (ORANGE, "D")}
_WORDS = {"for": "speaks for the claim", "against": "speaks against it", "open": "stays open"}
_FURTHEST = 100.0  # margins; what lies further out is an arrowhead
_TICKS = (-100, -10, -1, 0, 1, 10, 100)


@styled
def claims_forest(
    groups: Sequence[tuple[str, Sequence[tuple[str, Sequence[tuple[Interval, str]]]]]],
) -> Figure:
    """Draw the effect of each case of each claim in units of its margin, grouped by verdict.

    The axis is linear between -1 and 1, the band in which ours and theirs are equal, and
    logarithmic outside. An effect beyond the axis is drawn as an arrowhead at its end.

    Args:
        groups: (verdict, [(claim, [(effect, side), …]), …]), top to bottom; effects are theirs -
            ours in margins, sides "for", "against" or "open".
    """
    groups = [(verdict, claims) for verdict, claims in groups if claims]
    lines = sum(len(claims) for _, claims in groups) + 1.5 * len(groups)
    height = 0.16 * lines + 1.0
    figure, (ax,) = panels(1, width=6.8, height=height)
    ax.set_position([0.48, 0.5 / height, 0.5, 1 - 1.0 / height])
    ax.axvspan(-1, 1, color=INK, alpha=0.1, lw=0)
    ax.axvline(0.0, color=INK, lw=0.7)
    y, at, labels, marks = 0.0, [], [], []
    for verdict, claims in groups:
        y -= 0.9
        ax.text(-0.94, y, verdict, transform=ax.get_yaxis_transform(), weight="bold", va="center")
        for name, effects in claims:
            y -= 1.0
            at.append(y)
            labels.append(name)
            for i, (effect, side) in enumerate(effects):
                marks.append((effect, y + 0.22 * ((len(effects) - 1) / 2 - i), side))
        y -= 0.6
    _draw(ax, marks)
    ax.set_xscale("symlog", linthresh=1.0, linscale=0.6)
    ax.set(xlim=(-1.3 * _FURTHEST, 1.3 * _FURTHEST), ylim=(y + 0.1, 0.0))
    ax.set_xticks(_TICKS, [f"{tick:d}" for tick in _TICKS])
    ax.minorticks_off()
    ax.set_yticks(at, labels)
    ax.tick_params(axis="y", length=0)
    ax.grid(False)
    ax.set_xlabel("theirs − ours, in margins (log outside ±1)")
    ax.legend(loc="lower center", bbox_to_anchor=(0.2, 1.0), ncol=3, handletextpad=0.2)
    return figure


def _draw(ax: Axes, marks: Sequence[tuple[Interval, float, str]]) -> None:
    """Draw the intervals and means of all cases, (effect, height, side), one call a side."""
    for side, (colour, marker) in _LOOKS.items():
        drawn = [(effect, y) for effect, y, word in marks if word == side]
        low, mid, high = (
            np.array([getattr(effect, end) for effect, _ in drawn])
            for end in ("low", "mean", "high")
        )
        heights = np.array([y for _, y in drawn])
        wide = 1.2 * _FURTHEST
        ax.hlines(heights, low.clip(-wide, wide), high.clip(-wide, wide), color=colour, lw=1.2)
        inside = np.abs(mid) <= _FURTHEST
        for shown, shape in ((inside, marker), (mid > _FURTHEST, ">"), (mid < -_FURTHEST, "<")):
            ax.plot(
                mid[shown].clip(-_FURTHEST, _FURTHEST),
                heights[shown],
                shape,
                color=colour,
                markersize=2.8,
                label=_WORDS[side] if shape == marker else None,
            )
