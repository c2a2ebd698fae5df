"""Recognises the course's own notebooks, which are nobody's work: solutions, exercises, lessons."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import course_lib
import course_tasks
from course_tools.grading.intake.notebook import document_of, exercise_named
from course_tools.grading.intake.places import UnreadableError

_COURSE = Path(course_lib.__file__).resolve().parent.parent

CourseFileKind = Literal["", "solution", "exercise", "lesson"]
THEIRS: CourseFileKind = ""  # somebody's work, as far as anyone can tell
SOLUTION: CourseFileKind = "solution"
EXERCISE: CourseFileKind = "exercise"  # as it was given out, with nothing written
LESSON: CourseFileKind = "lesson"


@dataclass(frozen=True)
class Glance:
    """A notebook at first sight: nothing of its code is parsed.

    Attributes:
        exercise: its exercise, "" where it is not known.
        kind: whether it is one of the course's own files.
    """

    exercise: str = ""
    kind: CourseFileKind = THEIRS


def glance(content: bytes) -> Glance:
    """Return what a notebook file is. Blank lines and outputs do not count, comments do.

    A solution is a notebook whose functions are all those of the shipped solution, letter for
    letter; an exercise one in which no function was written.

    Args:
        content: the bytes of the file; of one that is no notebook, nothing is known.
    """
    try:
        document = json.loads(content)
        if isinstance(document, dict) and document.get("nbformat") in (2, 3):
            document = document_of(content)
    except (ValueError, RecursionError):
        return Glance()
    code = list(_code(document))
    if code and "\n".join(text for _, text in code) in _lessons():
        return Glance(kind=LESSON)
    metadata = document.get("metadata") if isinstance(document, dict) else None
    try:
        tasks = [task for task, _ in code if task]
        exercise = exercise_named(metadata if isinstance(metadata, dict) else {}, tasks)
    except UnreadableError:
        return Glance()
    return Glance(exercise, _kind(exercise, code))


def _kind(exercise: str, code: Sequence[tuple[str, str]]) -> CourseFileKind:
    unsolved, solved = _shipped("exercises", exercise), _shipped("solutions", exercise)
    if unsolved and {text for _, text in code if text} == {text for _, text in unsolved if text}:
        return EXERCISE
    stubs, answers = dict(unsolved), dict(solved)
    for task in course_tasks.EXERCISES[exercise]:
        texts = {text for name, text in code if name == task.name} - {stubs.get(task.name)}
        if texts != {answers.get(task.name)}:
            return THEIRS
    return SOLUTION


def _code(document: object) -> Iterator[tuple[str, str]]:
    """Yield the task and the text of each code cell, without blank lines."""
    cells = document.get("cells") if isinstance(document, dict) else None
    for cell in cells if isinstance(cells, list) else []:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source")
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        if not isinstance(source, str):
            continue
        lines = (line.rstrip() for line in source.splitlines())
        yield _task(cell, source), "\n".join(line for line in lines if line)


def _task(cell: Mapping, source: str) -> str:
    metadata = cell.get("metadata")
    marked = metadata.get("task") if isinstance(metadata, dict) else None
    names = [name for name in re.findall(r"^def (\w+)\(", source, re.M) if name in course_tasks.ALL]
    if isinstance(marked, str) and marked in course_tasks.ALL and (marked in names or not names):
        return marked
    return names[-1] if names else ""


@cache
def _shipped(folder: str, exercise: str) -> tuple[tuple[str, str], ...]:
    """Return the task and the text of each code cell in one of the course's own notebooks."""
    path = _COURSE / folder / f"{exercise}.ipynb"
    if not path.is_file():
        return ()
    return tuple(_code(json.loads(path.read_text(encoding="utf-8"))))


@cache
def _lessons() -> frozenset[str]:
    """Return the code of each lesson."""
    paths = (_COURSE / "notebooks").glob("*.ipynb")
    documents = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
    return frozenset("\n".join(text for _, text in _code(one)) for one in documents)
