"""Compares tables of measured numbers with the stored ones, each within its own uncertainty."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nbformat import NotebookNode

from course_lib.intervals import Interval
from course_lib.measured import MIME, SHARE, tolerance
from course_tools.authoring.figures import VARIES

# As SHARE, in cells tagged `varies`: they show runs near the edge of stability, whose mean another
# processor moved by up to 0.8 of the half-width of its interval (lessons 4 and 11).
SHARE_WHERE_IT_VARIES = 1.0
_RENDERINGS = ("text/html", "text/plain", MIME)


def differing_cells(
    stored: Mapping[str, Any], new: Mapping[str, Any], share: float = SHARE
) -> Iterator[str]:
    """Yield a message for each cell of a table that is not the stored one.

    Args:
        stored: the table's unrounded cells, as `show_table` left them in the notebook.
        new: the cells of another execution.
        share: part of the half-width of an interval by which its mean and ends may differ.
    """
    if stored["header"] != new["header"]:
        yield f"columns are {new['header']}, stored are {stored['header']}"
        return
    if len(stored["rows"]) != len(new["rows"]):
        yield f"{len(new['rows'])} rows, stored are {len(stored['rows'])}"
        return
    for number, (old_row, new_row) in enumerate(zip(stored["rows"], new["rows"], strict=True), 1):
        for name, old, now in zip(stored["header"], old_row, new_row, strict=True):
            problem = _difference(old, now, share)
            if problem:
                yield f"row {number}, {name}: {problem}"


def split_tables(outputs: Sequence[Any]) -> tuple[list[Any], list[Mapping[str, Any]]]:
    """Return the outputs without what depends on the measured numbers, and the tables.

    A table's renderings give way to one constant, so that its place among the other outputs is
    compared as these are.
    """
    rest, tables = [], []
    for output in outputs:
        data = output.get("data", {})
        if MIME in data:
            tables.append(data[MIME])
            kept = {kind: part for kind, part in data.items() if kind not in _RENDERINGS}
            output = type(output)({**output, "data": {**kept, MIME: "compared by its numbers"}})
        rest.append(output)
    return rest, tables


def differing_tables(cell: NotebookNode, stored: Sequence[Any], new: Sequence[Any]) -> list[str]:
    """Return a message for each cell of the tables in a cell's outputs that is not the stored one.

    How many tables there are is not looked at: outputs are compared beside this.

    Args:
        cell: the cell; tagged `varies`, its measured numbers may differ more.
        stored: its stored outputs.
        new: its outputs in another execution.
    """
    varies = VARIES in cell.metadata.get("tags", [])
    share = SHARE_WHERE_IT_VARIES if varies else SHARE
    pairs = zip(split_tables(stored)[1], split_tables(new)[1], strict=False)
    return [message for old, now in pairs for message in differing_cells(old, now, share)]


def _difference(old: Any, new: Any, share: float) -> str:
    if not (isinstance(old, list) and isinstance(new, list)):
        return "" if old == new and type(old) is type(new) else f"{new!r}, stored is {old!r}"
    stored, now = _interval(old), _interval(new)
    allowed = tolerance(stored, share)
    for end in ("mean", "low", "high"):
        before, after = getattr(stored, end), getattr(now, end)
        if math.isnan(before) and math.isnan(after):
            continue
        if not abs(after - before) <= (0.0 if math.isnan(allowed) else allowed):
            return (
                f"{end} {after:.6g}, stored is {before:.6g}; they may differ by {allowed:.2g}, "
                f"{share:g} of the half-width of the interval"
            )
    return ""


def _interval(raw: Sequence[float | None]) -> Interval:
    return Interval(*(math.nan if end is None else end for end in raw))
