"""Makes the outputs of an executed notebook the same at every execution."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import nbformat
from nbformat import NotebookNode

WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def clean(nb: NotebookNode) -> NotebookNode:
    """A copy of an executed notebook without what changes from one execution to the next.

    Papermill's metadata and the times go; widget model ids are numbered in the order in which
    the widgets were made; neighbouring outputs of one stream become one; of the language only
    its name stays, as its version would differ between two patch releases.
    """
    nb = _with_stable_widget_ids(nb)
    nb.metadata.pop("papermill", None)
    nb.metadata.language_info = nbformat.from_dict({"name": "python"})
    for cell in nb.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags"):  # papermill gives every cell a list of tags
            cell.metadata.pop("tags", None)
        if cell.cell_type == "code":
            cell.outputs = _merged_streams(cell.outputs)
    return nb


def widget_models(nb: NotebookNode) -> dict[str, Any]:
    """The stored state of every widget, by model id, in the order of their making."""
    return nb.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})


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


def _with_stable_widget_ids(nb: NotebookNode) -> NotebookNode:
    # Ids are made from the name of the source too: two notebooks shown on one page must not
    # share an id. They stand in states, views and references, so the text is the place to
    # replace them.
    seed = nb.metadata.get("course", {}).get("source", "")
    text = json.dumps(nb)
    for number, model_id in enumerate(_model_ids(nb)):
        stable = hashlib.sha256(f"{seed}#{number}".encode()).hexdigest()[:32]
        text = text.replace(model_id, stable)
    return nbformat.from_dict(json.loads(text))


def _model_ids(nb: NotebookNode) -> list[str]:
    ids = dict.fromkeys(widget_models(nb))
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            view = output.get("data", {}).get(WIDGET_VIEW)
            if view:
                ids[view["model_id"]] = None
    return list(ids)


def _merged_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    merged: list[NotebookNode] = []
    for output in outputs:
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
