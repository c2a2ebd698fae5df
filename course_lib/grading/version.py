"""A name for all of the course's code that decides what a submission is worth."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import course_lib
from course_lib import tasks

_LIBRARY = Path(course_lib.__file__).resolve().parent
#: Rooms and modules that no mark depends on.
_WITHOUT_MARKS = (
    *("authoring", "checks.py", "cli.py", "doctor.py", "explorers", "lint.py", "lint_rules.py"),
    *("plots", "progress.py", "reference", "server.py"),
)
#: What the grader does with its reports.
_AFTER_MARKS = (
    *("batch", "cells", "curve_svg", "exports", "feedback", "files", "gradebook", "sample_class"),
    *("command", "summary", "templates", "visible_text", "version", "pages"),
)


@cache
def version_of(exercise: str) -> str:
    """Return a name that changes when the marks of an exercise may: of its tasks and all below.

    Another exercise's tasks, figures, panels and pages do not count.

    Args:
        exercise: a name of `tasks.EXERCISES`; "" for files that belong to none.
    """
    found = hashlib.sha256()
    for path in sorted([*_LIBRARY.rglob("*.py"), *_LIBRARY.rglob("*.json")]):
        name = path.relative_to(_LIBRARY)
        if _counts(name, exercise):
            content = path.read_bytes()
            found.update(f"{name.as_posix()} {len(content)} ".encode() + content)
    # They say which code a learner was given, and what of a library a solution may use.
    for folder in ("exercises", "solutions"):
        path = _LIBRARY.parent / folder / f"{exercise}.ipynb"
        if path.is_file():
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _counts(name: Path, exercise: str) -> bool:
    first, stem = name.parts[0], name.stem.lstrip("_")
    if first in _WITHOUT_MARKS:
        return False
    if first == "grading":
        return not any(stem.startswith(part) for part in _AFTER_MARKS)
    if first == "tasks":
        own = exercise.partition("_")[0] or "none"  # _ex04_many.py belongs to ex04_warmup
        belongs = [one.partition("_")[0] for one in tasks.EXERCISES]
        return stem.partition("_")[0] not in belongs or stem.partition("_")[0] == own
    return True
