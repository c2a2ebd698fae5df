"""Reads the files of notebooks: the course's own, and those that learners have saved somewhere."""

from __future__ import annotations

import codecs
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.warnings import MissingIDFieldWarning

from course_tools.authoring.errors import CourseError

_BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, nbformat.ValidationError)


@dataclass(frozen=True)
class LearnersCell:
    """A code cell of a learner.

    Attributes:
        source: its code.
        task: the task that its metadata name; "" for none.
        may_raise: whether it has Jupyter's tag raises-exception.
    """

    source: str
    task: str = ""
    may_raise: bool = False


def read_notebook(path: Path) -> NotebookNode:
    """Return the notebook in a file, brought to nbformat 4.

    Raises:
        CourseError: there is no such file, or it is not a notebook that Jupyter would open.
    """
    document = _document(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingIDFieldWarning)  # nbformat adds them
            nb = nbformat.reads(json.dumps(document), as_version=4)
            nbformat.validate(nb)
            nb = nbformat.from_dict(nb)  # from nbformat 3 it is a node of another class
    except _BROKEN as error:
        raise _no_notebook(path, _reason(error)) from error
    return nb


def read_code(path: Path) -> list[LearnersCell]:
    """Return the code cells of a notebook, also where Jupyter would miss parts of the file.

    Only cells and their code have to be there. Outputs and marks that hide cells from a tool are
    not read.

    Raises:
        CourseError: there is no such file, or it is not a notebook.
    """
    document = _document(path)
    if document.get("nbformat") != 4:
        document = read_notebook(path)
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise _no_notebook(path, "it has no list of cells")
    code = [one for one in cells if isinstance(one, Mapping) and one.get("cell_type") == "code"]
    return [LearnersCell(_source(cell), *_task_and_tag(cell.get("metadata"))) for cell in code]


def _document(path: Path) -> dict[str, Any]:
    """Return the object in a file of JSON, in whichever form of Unicode it is written."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise CourseError(f"there is no notebook {path}") from error
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from error
    if not content.strip():
        raise _no_notebook(path, "the file is empty")
    begins = content.removeprefix(codecs.BOM_UTF8).lstrip()
    if begins.startswith(b"<") and not begins.startswith(b"<<"):
        raise _no_notebook(path, "it is a web page; download the notebook's file itself")
    try:
        document = json.loads(content)
    except RecursionError as error:
        raise _no_notebook(path, "its JSON is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise _no_notebook(path, "it is not text") from error
    except ValueError as error:
        if re.search(rb"^<<<<<<< ", content, re.M):
            reason = "Git left two versions of some lines in it, between <<<<<<< and >>>>>>>"
            raise _no_notebook(path, reason) from error
        raise _no_notebook(path, f"it is not JSON ({_reason(error)})") from error
    if not isinstance(document, dict) or "nbformat" not in document:
        raise _no_notebook(path, "it is JSON, but names no nbformat")
    return document


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source.replace("\r\n", "\n") if isinstance(source, str) else ""


def _task_and_tag(metadata: Any) -> tuple[str, bool]:
    if not isinstance(metadata, Mapping):
        return "", False
    task, tags = metadata.get("task"), metadata.get("tags")
    return (
        task if isinstance(task, str) else "",
        isinstance(tags, list) and "raises-exception" in tags,
    )


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _no_notebook(path: Path, reason: str) -> CourseError:
    return CourseError(f"{path} is not a notebook: {reason}")
