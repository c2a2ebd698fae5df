"""Numbers, intervals and tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_lib.intervals import Interval

if TYPE_CHECKING:
    from course_lib.compare.result import Comparison, Row


def number(value: float) -> str:
    """Write a number with three digits, trailing zeros included; "–" if there is none."""
    return f"{value:#.3g}".rstrip(".") if np.isfinite(value) else "–"


def interval_text(interval: Interval) -> str:
    """Write `mean [low, high]`."""
    return f"{number(interval.mean)} {ends_text(interval)}" if np.isfinite(interval.mean) else "–"


def ends_text(interval: Interval) -> str:
    """Write `[low, high]`."""
    return f"[{number(interval.low)}, {number(interval.high)}]" if interval.low <= np.inf else "–"


def table_lines(columns: dict[str, Sequence[str]]) -> list[str]:
    """Write a table in Markdown, its columns aligned, one text a line."""
    widths = [max(len(cell) for cell in (head, *cells)) for head, cells in columns.items()]
    lines = [list(columns), ["-" * width for width in widths], *zip(*columns.values(), strict=True)]
    return [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]


def comparison_markdown(comparison: Comparison) -> str:
    """Return the table, lowest mean first, in aligned Markdown, with a note on how it was made."""
    rows = comparison.as_table()
    columns = {
        "schedule": [row.schedule for row in rows],
        "beaten by": [str(row.beaten_by) for row in rows],
        **({"shape": [row.shape for row in rows]} if any(comparison.shapes) else {}),
        "peak": [f"{row.peak_lr:.2g}" + " (edge)" * row.at_edge for row in rows],
        "good peaks": [str(row.good_range) for row in rows],
        comparison.metric: [interval_text(row.score) for row in rows],
        f"minus {comparison.reference}": [_difference(row, comparison) for row in rows],
        "all pairs at once": [
            "" if row.schedule == comparison.reference else ends_text(row.simultaneous)
            for row in rows
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
    return "\n".join([*table_lines(columns), "", *_notes(comparison)])


def _difference(row: Row, comparison: Comparison) -> str:
    return "" if row.schedule == comparison.reference else interval_text(row.difference)


def _notes(comparison: Comparison) -> list[str]:
    seeds = comparison.seeds
    tuning, scoring = comparison.tuning_updates, comparison.scoring_updates
    pairs = len(comparison.names) * (len(comparison.names) - 1) // 2
    percent = f"{100 * comparison.level:.4g} %"
    steps, level = f"{comparison.total_steps:,} updates", f"{comparison.ranking.pair_level:.3%}"
    most, fewest = comparison.shapes_tried.max(), comparison.shapes_tried.min()
    choice, tried = "Peak", str(len(comparison.peaks))
    if most > 1:
        choice, tried = "Shape and peak", f"{fewest} to {most} shapes × {tried} peaks"
    lines = [
        f"{comparison.problem}, {comparison.metric} after {steps}, lower is better: mean over "
        f"{len(seeds.fresh)} fresh seeds with a {percent} bootstrap interval.",
        f"{choice}: chosen for each schedule among {tried} on {len(seeds.validation)} "
        f"other seeds; good peaks have a mean there within {comparison.within:.0%} of the best.",
        f"Beaten by: the number of schedules that are better, by paired t intervals, "
        f"{percent} for all {pairs} pairs at once ({level} each).",
        f"Cost: {tuning:,} updates to tune, {scoring:,} to score.",
    ]
    edge = [name for name, at in zip(comparison.names, comparison.at_edge, strict=True) if at]
    if edge:
        lines.append(
            f"At the edge of the grid, so a better peak may lie outside: {', '.join(edge)}."
        )
    return lines
