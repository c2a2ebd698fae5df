"""A name for all of the course's code that decides what a submission is worth."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import course_lib
import course_tasks

_COURSE = Path(course_lib.__file__).resolve().parent.parent
#: What a submission can call, what is right, and how it is run. Not how marks are kept and shown.
_DECIDING = (
    *("course_lib", "course_tasks"),
    *(f"course_tools/grading/{room}" for room in ("intake", "box", "run")),
    *(f"course_tools/grading/{module}.py" for module in ("report", "settings")),
)


@cache
def version_of(exercise: str, course: Path = _COURSE) -> str:
    """Return a name that changes when the marks of an exercise may: of its tasks and all below.

    Another exercise's tasks do not count, nor do the gradebook, its tables and its pages.

    Args:
        exercise: a name of `course_tasks.EXERCISES`; "" for files that belong to none.
        course: the folder with the three packages.
    """
    found = hashlib.sha256()
    for room in _DECIDING:
        for path in sorted([course / room, *(course / room).rglob("*")]):
            if path.suffix not in (".py", ".json") or _is_anothers(path, course, exercise):
                continue
            content = path.read_bytes()
            name = path.relative_to(course).as_posix()
            found.update(f"{name} {len(content)} ".encode() + content)
    # They say which code a learner was given, and what of a library a solution may use.
    for folder in ("exercises", "solutions"):
        path = course / folder / f"{exercise}.ipynb"
        if path.is_file():
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _is_anothers(path: Path, course: Path, exercise: str) -> bool:
    tasks = course / "course_tasks"
    owner = path.relative_to(tasks).parts[0] if path.is_relative_to(tasks) else ""
    return owner.partition(".")[0] in course_tasks.EXERCISES and owner != exercise
