"""Rules for the stored outputs of an executed notebook."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat import NotebookNode
from nbval.plugin import find_comment_markers, find_metadata_tags

from course_tools.authoring.cleaning import WIDGET_VIEW, error_outputs
from course_tools.authoring.templates import Finding

IMAGE_TAG = re.compile(r"<img\b[^>]*>", re.S | re.I)
ALT_TEXT = re.compile(r"\balt\s*=\s*(\"[^\"]*\S[^\"]*\"|'[^']*\S[^']*')", re.I)
ANY_TAG = re.compile(r"<[^<>]*>")
FIGURE_REPR = re.compile(r"<Figure size [^>]*>")
REBUILD = "rebuild with `make build`"
USAGE_ERROR = re.compile(r"^UsageError: ", re.M)  # IPython's, which is no error output
VOLATILE = re.compile(r"ipykernel_\d+|\bat 0x[0-9a-fA-F]{6,}")


def output_findings(nb: NotebookNode) -> Iterator[Finding]:
    """Faults in the outputs of an executed notebook, as rule and message."""
    yield from _execution(nb)
    for number, cell in enumerate(nb.cells, start=1):
        if cell.cell_type == "code":
            where = f"cell {number}"
            yield from _alternative_text(cell, where)
            yield from _compared(cell, where)
            if any(WIDGET_VIEW in output.get("data", {}) for output in cell.outputs):
                message = f"{where} shows a widget, and nothing where no kernel runs: add text/html"
                yield "widget", message
            volatile = VOLATILE.search(_text(cell))
            if volatile:
                message = f"{where} shows {volatile[0]!r}, which differs at every execution"
                yield "volatile", message


def _execution(nb: NotebookNode) -> Iterator[Finding]:
    code = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    counts = [cell.execution_count for cell in code]
    if counts != list(range(1, len(code) + 1)):
        yield "stale", f"not executed once from top to bottom; {REBUILD}"
    for number, cell in enumerate(nb.cells, start=1):
        outputs = cell.get("outputs", [])
        for error in error_outputs(outputs):
            yield "error", f"cell {number} has the error {error}"
        if any(USAGE_ERROR.search(o.text) for o in outputs if o.get("name") == "stderr"):
            yield "error", f"cell {number} calls a magic that is not there or is called wrongly"
        if outputs and cell.execution_count is None:
            yield "stale", f"cell {number} has outputs and no execution count; {REBUILD}"


def _alternative_text(cell: NotebookNode, where: str) -> Iterator[Finding]:
    for output in cell.outputs:
        data = output.get("data", {})
        images = IMAGE_TAG.findall(data.get("text/html", ""))
        if any(not ALT_TEXT.search(image) for image in images):
            yield "alt", f"{where} shows an <img> without alternative text (alt=...)"
        kinds = [kind for kind in data if kind.startswith("image/")]
        if any(not _alt_in(output.get("metadata", {}), kind) for kind in kinds) and not images:
            yield "alt", f"{where} shows a picture without alternative text in its metadata (alt)"


def _alt_in(metadata: dict, kind: str) -> bool:
    values = [metadata.get("alt"), metadata.get(kind, {}).get("alt")]
    return any(isinstance(value, str) and value.strip() for value in values)


def _compared(cell: NotebookNode, where: str) -> Iterator[Finding]:
    marks = dict([*find_comment_markers(cell.source), *find_metadata_tags(cell.metadata)])
    if marks.get("check_exception"):
        yield "nbval", f"{where} is marked to raise an exception; catch it and print it instead"
    left_out = marks.get("skip") or marks.get("check") is False
    if left_out and re.search(r"\d", _text(cell)):
        yield "nbval", f"{where} shows numbers that nbval is told not to compare"


def _text(cell: NotebookNode) -> str:
    """What a reader sees as text; the size of a figure and the inside of HTML tags are not."""
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        parts.append(output.get("text", ""))
        parts.append(FIGURE_REPR.sub("", data.get("text/plain", "")))
        parts.append(data.get("text/markdown", ""))
        parts.append(ANY_TAG.sub("", data.get("text/html", "")))
    return "\n".join(parts)
