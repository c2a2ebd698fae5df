"""The figure of lesson 11: how far every measured claim lies from making no difference."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from course_lib.intervals import Interval
from course_lib.plots.base import BLUE, GREEN, INK, ORANGE, RED, panels, styled, ticks_at

_LOOKS = {"for": (GREEN, "o"), "against": (RED, "s"), "open": (ORANGE, "D")}
_WORDS = {"for": "speaks for the claim", "against": "speaks against it", "open": "cannot tell"}
_LOWEST, _HIGHEST = 0.05, 20.0


@styled
def claims_forest(
    groups: Sequence[tuple[str, Sequence[tuple[str, Sequence[tuple[Interval | float, str]]]]]],
) -> Figure:
    """Draw the effect of each case of each claim on a log axis, grouped by verdict.

    An effect is a ratio that is large where the claim is right. One beyond the axis is drawn as an
    arrowhead at its end.

    Args:
        groups: (verdict, [(claim, [(effect, outcome), …]), …]), top to bottom; outcomes are "for",
            "against" or "open". An effect without interval is a number.
    """
    lines = sum(len(claims) for _, claims in groups) + 1.4 * len(groups)
    height = 0.225 * lines + 0.95
    figure, (ax,) = panels(1, width=8.6, height=height)
    ax.set_position([0.46, 0.48 / height, 0.52, 1 - 0.95 / height])
    ax.axvline(1.0, color=INK, lw=0.9)
    y, at, labels, seen = 0.0, [], [], set()
    for verdict, claims in groups:
        y -= 0.4
        ax.text(-0.87, y, verdict, transform=ax.get_yaxis_transform(), weight="bold", va="center")
        ax.axhline(y + 0.55, color=BLUE, lw=0.5, alpha=0.5)
        for claim, effects in claims:
            y -= 1.0
            at.append(y)
            labels.append(claim)
            for i, (effect, outcome) in enumerate(effects):
                _mark(ax, effect, y + 0.22 * ((len(effects) - 1) / 2 - i), outcome, seen)
        y -= 1.0
    ticks_at(ax.xaxis, (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20))
    ax.set(xlim=(_LOWEST / 1.15, _HIGHEST * 1.15), ylim=(y + 0.3, 0.3))
    ax.set_yticks(at, labels)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("effect: a ratio, above 1 where the claim is right")
    ax.legend(loc="lower center", bbox_to_anchor=(0.3, 1.0), ncol=3, handletextpad=0.2)
    return figure


def _mark(ax, effect, y, outcome, seen) -> None:
    colour, marker = _LOOKS[outcome]
    low, mid, high = (
        (effect.low, effect.mean, effect.high)
        if isinstance(effect, Interval)
        else (effect, effect, effect)
    )
    if mid > _HIGHEST or mid < _LOWEST:
        mid, marker = (_HIGHEST, ">") if mid > 1 else (_LOWEST, "<")
    label = None if outcome in seen else _WORDS[outcome]
    seen.add(outcome)
    ends = [min(max(end, _LOWEST / 1.1), _HIGHEST * 1.1) for end in (low, high)]
    ax.plot(ends, [y, y], color=colour, lw=1.4)
    ax.plot([mid], [y], marker, color=colour, markersize=5, ls="", label=label)
