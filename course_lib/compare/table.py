"""Numbers, intervals and tables as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.intervals import Interval


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
