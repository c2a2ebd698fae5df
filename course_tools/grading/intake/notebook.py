"""Takes a learner's code out of a notebook file that may hold anything."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nbformat

import course_tasks
from course_tools.grading.intake.places import UnreadableError
from course_tools.grading.report import NOT_CODE, Note

_MOST_CELLS = 2_000
_OLDEST = 2  # nbformat's oldest form that can be brought up to date
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign)
_OURS = {"check", "progress"}  # cells that are left out: checks are the grader's


@dataclass(frozen=True)
class Cell:
    """A code cell of the learner.

    Attributes:
        source: its code.
        task: the task whose cell it is, or whose function it defines; "" for a cell of their own.
    """

    source: str
    task: str = ""


@dataclass(frozen=True)
class SubmittedNotebook:
    """The cells that a learner has written.

    Attributes:
        exercise: the exercise it belongs to, a name of `course_tasks.EXERCISES`.
        cells: code cells in their order, without checks.
        notes: oddities of the file.
    """

    exercise: str
    cells: tuple[Cell, ...]
    notes: tuple[Note, ...] = ()


def parse(content: bytes) -> SubmittedNotebook:
    """Return the work in a notebook file.

    Nothing of it is executed or imported. The exercise is the one that the notebook's metadata
    name, else the one to which most of its task cells belong; the name of the file does not count.

    Args:
        content: the bytes of the file.

    Raises:
        UnreadableError: it is no notebook, or holds no task of the course.
    """
    cells, metadata = _cells_and_metadata(document_of(content))
    if len(cells) > _MOST_CELLS:
        raise UnreadableError(f"{len(cells)} cells are more than the {_MOST_CELLS} allowed")
    named = [(cell, _task_of(cell)) for cell in cells]
    exercise = exercise_named(metadata, [task for _, task in named if task])
    members = {task.name for task in course_tasks.EXERCISES[exercise]}
    notes = []
    kept = []
    for cell, task in named:
        if cell.get("cell_type") != "code":
            if task in members:
                notes.append(Note(NOT_CODE, task))
        elif not is_check(cell):
            kept.append(Cell(_source(cell), task if task in members else ""))
    return SubmittedNotebook(exercise, tuple(kept), tuple(notes))


def document_of(content: bytes) -> dict[str, Any]:
    """Return a notebook file's document in nbformat 4.

    Raises:
        UnreadableError: it is no notebook.
    """
    document = _document(content)
    version = document.get("nbformat")
    if not isinstance(version, int) or isinstance(version, bool) or version < _OLDEST:
        raise UnreadableError("it is JSON, but not a notebook: it names no nbformat")
    if version == 4:
        return document
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return nbformat.convert(nbformat.from_dict(document), 4)
    except Exception as error:  # the converters take well-formed files for granted
        raise UnreadableError(f"nbformat {version} cannot be read: {error}") from error


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableError("the file is not UTF-8 text, so it is not a notebook") from error
    except RecursionError as error:
        raise UnreadableError("its JSON is nested too deeply") from error
    except ValueError as error:
        raise UnreadableError(f"it is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise UnreadableError("it is JSON, but no notebook")
    return document


def _cells_and_metadata(document: dict[str, Any]) -> tuple[list[Mapping], Mapping]:
    cells, metadata = document.get("cells"), document.get("metadata")
    if not isinstance(cells, list) or not all(isinstance(cell, Mapping) for cell in cells):
        raise UnreadableError("it is a notebook without a list of cells")
    return cells, metadata if isinstance(metadata, Mapping) else {}


def _metadata(cell: Mapping) -> Mapping:
    metadata = cell.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _tags(cell: Mapping) -> list[str]:
    found = _metadata(cell).get("tags")
    return [tag for tag in found if isinstance(tag, str)] if isinstance(found, list) else []


def _source(cell: Mapping) -> str:
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source.replace("\r\n", "\n") if isinstance(source, str) else ""


def is_check(cell: Mapping) -> bool:
    """Return whether a cell is one of the exercise's checks, and nothing was written into it."""
    if not _OURS & set(_tags(cell)):
        return False
    return not any(isinstance(node, _DEFINITIONS) for node in _statements(cell))


def _task_of(cell: Mapping) -> str:
    """Return the task that a cell is marked with, else the last one whose function it defines."""
    marked = _metadata(cell).get("task")
    if isinstance(marked, str) and marked in course_tasks.ALL:
        return marked
    if cell.get("cell_type") != "code":
        return ""
    names = [node.name for node in _statements(cell) if isinstance(node, ast.FunctionDef)]
    return next((name for name in reversed(names) if name in course_tasks.ALL), "")


def _statements(cell: Mapping) -> list[ast.stmt]:
    """Return a cell's statements; of one that is no Python, none: it shows when it is run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a learner's odd escape sequences
            return ast.parse(_source(cell)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return []


def exercise_named(metadata: Mapping, found: Sequence[str]) -> str:
    """Return the exercise that a notebook belongs to.

    Args:
        metadata: the notebook's metadata, which count first.
        found: the tasks of its cells.

    Raises:
        UnreadableError: there is no task of the course.
    """
    course = metadata.get("course")
    source = course.get("source") if isinstance(course, Mapping) else None
    if isinstance(source, str):
        stem = source.rpartition("/")[2].removesuffix(".py")
        if stem in course_tasks.EXERCISES:
            return stem
    counts = {
        name: sum(task in {member.name for member in members} for task in found)
        for name, members in course_tasks.EXERCISES.items()
    }
    best = max(counts, key=counts.__getitem__)
    if not counts[best]:
        raise UnreadableError("it holds no task of the course")
    return best
