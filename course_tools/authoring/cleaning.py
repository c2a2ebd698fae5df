"""Makes the outputs of an executed notebook the same at every execution."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import nbformat
from nbformat import NotebookNode

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def clean(nb: NotebookNode) -> NotebookNode:
    """A copy of an executed notebook without what changes from one execution to the next.

    Papermill's metadata and the times go; neighbouring outputs of one stream become one; of the
    language only its name stays, as its version would differ between two patch releases. Of a
    widget its picture stays, which every page can show; its state, which needs a kernel, goes. A
    cell tagged progress is stored without output.
    """
    nb = copy.deepcopy(nb)
    for key in ("papermill", "widgets"):
        nb.metadata.pop(key, None)
    nb.metadata.language_info = nbformat.from_dict({"name": "python"})
    for cell in nb.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags"):  # papermill gives every cell a list of tags
            cell.metadata.pop("tags", None)
        if cell.cell_type == "code" and "progress" in cell.metadata.get("tags", []):
            cell.outputs = []  # the learner's own, on this machine
        elif cell.cell_type == "code":
            cell.outputs = merged_streams(cell.outputs)
            for output in cell.outputs:
                if "text/html" in output.get("data", {}):
                    output.data.pop(WIDGET_VIEW, None)
    return nb


def error_outputs(tree: Any) -> Iterator[str]:
    """Name and message of every error output anywhere in a part of a notebook."""
    if isinstance(tree, dict):
        if tree.get("output_type") == "error":
            yield f"{tree.get('ename')}: {tree.get('evalue')}"
        if "application/vnd.jupyter.error" in tree:
            yield str(tree["application/vnd.jupyter.error"])
        for value in tree.values():
            yield from error_outputs(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from error_outputs(value)


def merged_streams(outputs: Sequence[NotebookNode]) -> list[NotebookNode]:
    """The outputs, with neighbouring pieces of one stream put together."""
    merged: list[NotebookNode] = []
    for output in copy.deepcopy(list(outputs)):
        same = (
            merged
            and output.output_type == merged[-1].output_type == "stream"
            and output.name == merged[-1].name
        )
        if same:
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged
