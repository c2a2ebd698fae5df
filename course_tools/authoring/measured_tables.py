"""Compares tables of measured numbers with the stored ones, each within its own uncertainty."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any

from nbformat import NotebookNode

from course_lib import outcomes
from course_lib.intervals import Interval
from course_lib.measured import MIME, SHARE, tolerance
from course_tools.authoring.figures import VARIES

# As SHARE, in cells tagged `varies`, and in rows with another choice. Near the edge of stability
# another processor draws a run as if from another seed. Two independent means differ with a
# standard deviation of √2 standard errors, and three of these are about two half-widths of an
# interval of 95 %. The half-width, too, is another one, and the larger of the two counts, up to
# twice the stored one. Measured: a mean moved by 1.5 and an end by 2.5 of the stored (lesson 13).
SHARE_WHERE_IT_VARIES = 2.0
_RENDERINGS = ("text/html", "text/plain", MIME)


def differing_cells(
    stored: Mapping[str, Any], new: Mapping[str, Any], varies: bool = False
) -> Iterator[str]:
    """Yield a message for each cell of a table that is not the stored one.

    Args:
        stored: the table's unrounded cells, as `show_table` left them in the notebook.
        new: the cells of another execution.
        varies: whether the measured numbers may differ more, as they may in a row where the runs
            made another choice that they may as well have made.
    """
    if stored["header"] != new["header"]:
        yield f"columns are {new['header']}, stored are {stored['header']}"
        return
    if len(stored["rows"]) != len(new["rows"]):
        yield f"{len(new['rows'])} rows, stored are {len(stored['rows'])}"
        return
    for number, old_row, new_row in _paired_rows(stored["rows"], new["rows"]):
        pairs = list(zip(old_row, new_row, strict=True))
        chose_another = any(_text(old) != _text(now) and _may_be(old, now) for old, now in pairs)
        for name, (old, now) in zip(stored["header"], pairs, strict=True):
            problem = _difference(old, now, varies or chose_another)
            if problem:
                yield f"row {number}, {name}: {problem}"


def split_tables(outputs: Sequence[Any]) -> tuple[list[Any], list[Mapping[str, Any]]]:
    """Return the outputs without what depends on the measured numbers, and the tables.

    A table's renderings give way to one constant, so that its place among the other outputs is
    compared as these are. What it recorded is in the order of its rows, which may be measured too,
    and is sorted.
    """
    rest, tables = [], []
    for output in outputs:
        data = output.get("data", {})
        if MIME in data:
            tables.append(data[MIME])
            kept = {kind: part for kind, part in data.items() if kind not in _RENDERINGS}
            if outcomes.MIME in kept:
                kept[outcomes.MIME] = sorted(kept[outcomes.MIME], key=str)
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
    pairs = zip(split_tables(stored)[1], split_tables(new)[1], strict=False)
    return [message for old, now in pairs for message in differing_cells(old, now, varies)]


def _paired_rows(stored: list[list[Any]], new: list[list[Any]]) -> Iterator[tuple[int, Any, Any]]:
    """Yield number, stored and new row.

    A table may be sorted by what it measured, and two of its rows change places on another machine.
    So rows belong together by the first columns, if these name each row: those that hold a text in
    every row of both tables. A choice is a text where nothing else may have been chosen.
    """
    columns = zip(*stored, *new, strict=True)
    texts = takewhile(lambda cells: all(isinstance(cell, str) for cell in cells), columns)
    width = sum(1 for _ in texts)
    named = [{tuple(row[:width]): row for row in rows} for rows in (stored, new)]
    by_name = named[0].keys() == named[1].keys() and len(named[0]) == len(stored)
    for number, (old, now) in enumerate(zip(stored, new, strict=True), 1):
        yield number, old, named[1][tuple(old[:width])] if by_name else now


def _text(cell: Any) -> Any:
    """Return what a cell shows; of a choice, without what may have been chosen instead."""
    return cell["chosen"] if isinstance(cell, dict) else cell


def _may_be(old: Any, new: Any) -> bool:
    """Return whether one is a choice that the runs of the other may as well have made."""
    pairs = ((old, new), (new, old))
    return any(isinstance(one, dict) and _text(other) in one["others"] for one, other in pairs)


def _difference(old: Any, new: Any, varies: bool) -> str:
    if not (isinstance(old, list) and isinstance(new, list)):
        same = _text(old) == _text(new) and type(_text(old)) is type(_text(new))
        return "" if same or _may_be(old, new) else f"{_text(new)!r}, stored is {_text(old)!r}"
    stored, now = _interval(old), _interval(new)
    share = SHARE_WHERE_IT_VARIES if varies else SHARE
    allowed = tolerance(stored, share)
    if varies:
        allowed = max(allowed, min(tolerance(now, share), 2 * allowed))
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
