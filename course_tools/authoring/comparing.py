"""Compares an executed notebook with the stored one, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from course_tools.authoring.cleaning import WIDGET_VIEW, merged_streams
from course_tools.authoring.conclusions import CONCLUSION
from course_tools.authoring.figures import differing_pictures, without_pictures
from course_tools.authoring.measured_tables import differing_tables, split_tables
from course_tools.authoring.notebook_execution import authors_cells
from course_tools.authoring.sources import tags

# Kinds of changes. All but ROUNDED are failures.
CONCLUSION_CHANGED = "conclusion"  # a cell tagged conclusion says something else
TEXT_CHANGED = "text"  # other text, or outputs of another number or kind
TABLE_CHANGED = "table"  # a measured number lies outside its tolerance
FIGURE_CHANGED = "figure"  # a picture looks different
ROUNDED = "rounded"  # measured numbers are shown with other digits, within their tolerance


@dataclass(frozen=True)
class CellChange:
    """A difference in one cell.

    Attributes:
        cell: number of the cell, from 1.
        kind: one of the kinds above.
        message: the difference in words.
    """

    cell: int
    kind: str
    message: str


def changes(stored: NotebookNode, executed: NotebookNode) -> list[CellChange]:
    """Return every difference between the outputs of two executions of a notebook.

    Args:
        stored: the notebook as it was; cells without an execution count are passed over.
        executed: the same notebook after an execution; papermill's own cells are ignored.
    """
    found = []
    pairs = zip(stored.cells, authors_cells(executed), strict=True)
    for number, (old, new) in enumerate(pairs, start=1):
        if old.get("execution_count") is not None and "progress" not in tags(old):
            found += [
                CellChange(number, kind, message) for kind, message in _cell_changes(old, new)
            ]
    return found


def failures(stored: NotebookNode, executed: NotebookNode) -> list[str]:
    """Return a message for each change that is not within a measured number's tolerance."""
    return [
        f"cell {change.cell}, {change.kind}: {change.message}"
        for change in changes(stored, executed)
        if change.kind != ROUNDED
    ]


def _cell_changes(old: NotebookNode, new: NotebookNode) -> Iterator[tuple[str, str]]:
    before, after = (split_tables(merged_streams(cell.outputs))[0] for cell in (old, new))
    if _texts(before) != _texts(after):
        kind = CONCLUSION_CHANGED if CONCLUSION in tags(old) else TEXT_CHANGED
        yield kind, _first_difference(_texts(before), _texts(after))
    outside = differing_tables(old, old.outputs, new.outputs)
    for message in outside:
        yield TABLE_CHANGED, message
    shown = [_tables_as_shown(cell) for cell in (old, new)]
    if not outside and len(shown[0]) == len(shown[1]) and shown[0] != shown[1]:
        yield ROUNDED, "measured numbers differ within their tolerance"
    picture = differing_pictures(old, old.outputs, new.outputs)
    if picture:
        yield FIGURE_CHANGED, picture


def _texts(outputs: Sequence[Any]) -> list[tuple[str, str]]:
    """Return kind and text of all that is compared exactly."""
    found = []
    for output in outputs:
        if output.output_type == "stream":
            found.append((output.name, output.text))
        for kind, part in sorted(output.get("data", {}).items()):
            if kind != WIDGET_VIEW and not kind.startswith("image/"):
                found.append((kind, without_pictures(str(part))))
    return found


def _first_difference(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> str:
    if [kind for kind, _ in before] != [kind for kind, _ in after]:
        return f"outputs are {[k for k, _ in after]}, stored are {[k for k, _ in before]}"
    for (_, old), (_, new) in zip(before, after, strict=True):
        old_lines, new_lines = old.splitlines(), new.splitlines()
        if len(old_lines) != len(new_lines):
            return f"{len(new_lines)} lines, stored are {len(old_lines)}"
        for old_line, new_line in zip(old_lines, new_lines, strict=True):
            if old_line != new_line:
                return f"{new_line.strip()!r}, stored is {old_line.strip()!r}"
    return "line ends differ"


def _tables_as_shown(cell: NotebookNode) -> list[str]:
    tables = [o for o in cell.outputs if split_tables([o])[1]]
    return [str(table.data.get("text/plain")) for table in tables]
