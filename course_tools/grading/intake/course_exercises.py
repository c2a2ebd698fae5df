"""The exercises as the course hands them out: the cells around the tasks, and the solutions."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import course_lib
import course_tasks
from course_tools.grading.intake.code_structure import unpacked
from course_tools.grading.intake.name_bindings import imported
from course_tools.grading.intake.used_names import NotebookNames

_COURSE = Path(course_lib.__file__).resolve().parent.parent
_OURS = {"check", "progress", "solution", "parameters"}


@cache
def given_cells(exercise: str) -> tuple[str, ...]:
    """Return the code of an exercise's cells that are neither a task's nor a check.

    Raises:
        FileNotFoundError: the course's folder has no such notebook.
    """
    return tuple(code for code, tags in _code_cells("exercises", exercise) if not _OURS & tags)


@cache
def solved_cells(exercise: str) -> tuple[str, ...]:
    """Return the code of the shipped solution, without checks.

    Raises:
        FileNotFoundError: the course's folder has no such notebook.
    """
    return tuple(code for code, tags in _code_cells("solutions", exercise) if "check" not in tags)


@cache
def names_of_solution(exercise: str) -> frozenset[str]:
    """Return what the shipped solution of an exercise uses, as `NotebookNames.used_by` does."""
    names = NotebookNames((), solved_cells(exercise))
    tasks = course_tasks.EXERCISES[exercise]
    return frozenset(name for task in tasks for name in names.used_by(task.name))


@cache
def structure_of_solution(exercise: str) -> frozenset[int]:
    """Return the fingerprints of the functions of an exercise's shipped solution."""
    return _structure(exercise, solved_cells(exercise))


@cache
def structure_given(exercise: str) -> frozenset[int]:
    """Return the fingerprints of an exercise's functions as they were handed out."""
    return _structure(exercise, [code for code, _ in _code_cells("exercises", exercise)])


def _structure(exercise: str, cells: Sequence[str]) -> frozenset[int]:
    given = given_cells(exercise)
    names = NotebookNames(given, [code for code in cells if code not in given])
    tasks = [task.name for task in course_tasks.EXERCISES[exercise]]
    return frozenset(unpacked(names.structure_of(tasks)))


@cache
def constants_given(exercise: str) -> frozenset[str]:
    """Return the course's constants that an exercise's own cells import by name.

    >>> sorted(constants_given("ex07_range_test"))
    ['course_lib.range_test.models.BUDGET']
    """
    nodes = (node for code in given_cells(exercise) for node in ast.walk(ast.parse(code)))
    return frozenset(
        origin
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for name, origin in imported(node)
        if name.isupper()
    )


def _code_cells(folder: str, exercise: str) -> Iterator[tuple[str, set[str]]]:
    path = _COURSE / folder / f"{exercise}.ipynb"
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"]), _tags(cell)


def _tags(cell: Mapping) -> set[str]:
    return set(cell["metadata"].get("tags", ()))
