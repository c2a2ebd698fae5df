"""Makes of a notebook one whose outputs nbval can compare with those of another run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import nbformat
from nbformat.v4.rwbase import rejoin_lines

from course_tools.grading.intake.notebook import document_of, is_check
from course_tools.grading.intake.places import UnreadableError

_DEEPEST = 100  # levels of lists and objects


@dataclass(frozen=True)
class ComparableNotebook:
    """A notebook that nbval can run.

    Attributes:
        text: the file.
        compared: number of cells whose outputs are compared.
        left_out: number of cells with outputs that marks in the notebook hide from nbval.
        numbers: nbval's name of a code cell -> Jupyter's.
    """

    text: str
    compared: int
    left_out: int
    numbers: Mapping[str, str]


def comparable(content: bytes) -> ComparableNotebook:
    """Return a notebook without its checks, and without what would hide outputs.

    Args:
        content: the bytes of the file.

    Raises:
        UnreadableError: it is no well-formed notebook.
    """
    try:
        document = document_of(content)
        _check_depth(document)
        nb = nbformat.from_dict(document)
        nbformat.validate(nb)
        rejoin_lines(nb)  # Jupyter saves a source as a list of lines
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableError("it is no well-formed notebook") from error
    compared, left_out = _prepare(nb)
    # Half of a surrogate pair, as a comment may hold, is no text that a file can.
    text = nbformat.writes(nb).encode("utf-8", "replace").decode()
    return ComparableNotebook(text, compared, left_out, _numbers(nb))


def _check_depth(document: object) -> None:
    """Refuse what is nested so deeply that nbval cannot copy it."""
    floor = [document]
    for _ in range(_DEEPEST):
        floor = [
            part
            for one in floor
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
    if floor:
        raise UnreadableError(f"it is nested more than {_DEEPEST} levels deep")


def _numbers(nb: nbformat.NotebookNode) -> dict[str, str]:
    """Return, by nbval's name of a code cell, Jupyter's after `restart and run all`."""
    names, number = {}, 0
    for position, cell in enumerate(cell for cell in nb.cells if cell.cell_type == "code"):
        number += bool(cell.source.strip())  # Jupyter does not count an empty cell
        names[f"Cell {position}"] = f"In [{number}]"
    return names


def _prepare(nb: nbformat.NotebookNode) -> tuple[int, int]:
    """Leave the checks out; return how many cells with outputs are compared, and how many not.

    A learner may have marked cells as nbval's to be skipped, or not compared. Such tags are taken
    away; a comment is not, as the code may print itself.
    """
    from nbval.plugin import find_comment_markers, find_metadata_tags  # imports all of pytest

    compared = marked = 0
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        if is_check(cell):  # its output is the grader's business
            cell.metadata.tags = [*cell.metadata.tags, "nbval-skip"]
            continue
        cell.metadata.tags = [
            tag
            for tag in cell.metadata.get("tags", [])
            if not _hides(find_metadata_tags({"tags": [tag]}))
        ]
        if not cell.get("outputs"):
            continue
        if _hides(find_comment_markers(cell.source)):
            marked += 1
        else:
            compared += 1
            # nbval takes a cell without a number for one that was never run.
            cell.execution_count = cell.get("execution_count") or 1
    return compared, marked


def _hides(marks: Iterable[tuple[str, bool]]) -> bool:
    found = dict(marks)
    return bool(found.get("skip")) or found.get("check") is False
