"""A quick run of a lesson, and whether it still comes to the same conclusions.

A lesson that takes long has the parameter ``FAST``; with it true, the lesson trains fewer runs. The
cells tagged ``conclusion`` print what a reader is to take away, and must print it all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

from course_lib.outcomes import MIME, from_data
from course_tools.authoring.notebook_execution import authors_cells
from course_tools.authoring.parameters import parameters_of
from course_tools.authoring.sources import tags
from course_tools.authoring.templates import Finding

FAST = "FAST"
CONCLUSION = "conclusion"


def fast_parameters(nb: NotebookNode) -> dict[str, Any]:
    """The parameters of a quick run: FAST, where the notebook has it."""
    return {FAST: True} if FAST in parameters_of(nb) else {}


def fast_findings(nb: NotebookNode) -> Iterator[Finding]:
    """Faults in the conclusions of an executed notebook, as rule and message."""
    for number, cell in enumerate(nb.cells, start=1):
        if CONCLUSION in tags(cell) and not _printed(cell):
            yield "conclusion", f"cell {number} is tagged {CONCLUSION} and prints nothing"
    if fast_parameters(nb) and not any(CONCLUSION in tags(cell) for cell in nb.cells):
        yield "conclusion", f"has the parameter {FAST}, but no cell is tagged {CONCLUSION}"


def differing_conclusions(stored: NotebookNode, executed: NotebookNode) -> list[str]:
    """A message for each conclusion that is not the stored one.

    Args:
        stored: the notebook as it was.
        executed: the same notebook after an execution.
    """
    messages = []
    pairs = zip(stored.cells, authors_cells(executed), strict=True)
    for number, (old, new) in enumerate(pairs, start=1):
        if CONCLUSION in tags(old) and _printed(old) != _printed(new):
            messages.append(
                f"the conclusion of cell {number} differs from the stored one:\n"
                f"stored:\n{_printed(old)}\nnow:\n{_printed(new)}"
            )
    return messages


def _printed(cell: NotebookNode) -> str:
    texts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        # A quick run has other numbers, and perhaps its rows in another order. It must come to the
        # same outcomes.
        if MIME in data:
            texts.append("\n".join(sorted(map(str, from_data(data[MIME])))))
            continue
        texts.append(output.get("text", data.get("text/markdown", data.get("text/plain", ""))))
    return "".join(texts).strip()
