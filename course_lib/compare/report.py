"""A comparison in words: its table in Markdown, and how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.intervals import Interval

if TYPE_CHECKING:
    from course_lib.compare.result import Comparison, Row


def markdown(comparison: Comparison) -> str:
    """Return the table, lowest mean first, in aligned Markdown, and below it how it was made."""
    rows = comparison.as_table()
    columns = {
        "rank": [str(row.rank) for row in rows],
        "schedule": [row.schedule for row in rows],
        "peak": [f"{row.peak_lr:.2g}" + " (edge)" * row.at_edge for row in rows],
        "good peaks": [str(row.good_range) for row in rows],
        comparison.metric: [_interval(row.score) for row in rows],
        f"minus {comparison.reference}": [_difference(row, comparison) for row in rows],
        "all pairs at once": [
            "" if row.schedule == comparison.reference else _ends(row.simultaneous) for row in rows
        ],
    }
    if np.isfinite(comparison.accuracy).any():
        columns["accuracy"] = [f"{row.accuracy:.1%}" for row in rows]
    if len(comparison.scored_at) > 1:
        columns["best on the way"] = [number(row.best) for row in rows]
    if comparison.threshold is not None:
        columns[f"updates to {number(comparison.threshold)}"] = [
            f"{row.steps_to_reach:.0f} ({row.reached}/{len(comparison.seeds.fresh)})"
            if np.isfinite(row.steps_to_reach)
            else f"– ({row.reached}/{len(comparison.seeds.fresh)})"
            for row in rows
        ]
    if any(row.diverged for row in rows):
        columns["diverged"] = [f"{row.diverged}/{len(comparison.seeds.fresh)}" for row in rows]
    columns["tied with"] = [_tied(row, len(rows)) for row in rows]
    return "\n".join([*_table(columns), "", *_notes(comparison)])


def number(value: float) -> str:
    """Write a number with three digits, trailing zeros included; "–" where there is none."""
    return f"{value:#.3g}".rstrip(".") if np.isfinite(value) else "–"


def _interval(interval: Interval) -> str:
    return f"{number(interval.mean)} {_ends(interval)}" if np.isfinite(interval.mean) else "–"


def _ends(interval: Interval) -> str:
    return f"[{number(interval.low)}, {number(interval.high)}]" if interval.low <= np.inf else "–"


def _difference(row: Row, comparison: Comparison) -> str:
    return "" if row.schedule == comparison.reference else _interval(row.difference)


def _tied(row: Row, schedules: int) -> str:
    if len(row.tied_with) == schedules - 1 and schedules > 2:
        return "all"
    return ", ".join(row.tied_with)


def _table(columns: dict[str, Sequence[str]]) -> list[str]:
    widths = [max(len(cell) for cell in (head, *cells)) for head, cells in columns.items()]
    lines = [list(columns), ["-" * width for width in widths], *zip(*columns.values(), strict=True)]
    return [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]


def _notes(comparison: Comparison) -> list[str]:
    seeds = comparison.seeds
    tuning, scoring = comparison.tuning_updates, comparison.scoring_updates
    pairs = len(comparison.names) * (len(comparison.names) - 1) // 2
    percent = f"{100 * comparison.level:.4g} %"
    steps, level = f"{comparison.total_steps:,} updates", f"{comparison.ranking.pair_level:.3%}"
    lines = [
        f"{comparison.problem}, {comparison.metric} after {steps}, lower is better: mean over "
        f"{len(seeds.fresh)} fresh seeds with a {percent} bootstrap interval.",
        f"Peak: chosen for each schedule among {len(comparison.peaks)} on {len(seeds.validation)} "
        f"other seeds; good peaks have a mean there within {comparison.within:.0%} of the best.",
        f"Rank: 1 + the schedules that are clearly better, by paired t intervals, "
        f"{percent} for all {pairs} pairs at once ({level} each).",
        f"Cost: {tuning:,} updates to tune, {scoring:,} to score.",
    ]
    edge = [name for name, at in zip(comparison.names, comparison.at_edge, strict=True) if at]
    if edge:
        lines.append(
            f"At the edge of the grid, so a better peak may lie outside: {', '.join(edge)}."
        )
    return lines
