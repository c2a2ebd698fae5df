"""The work in a notebook file, and what its code says about itself."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import course_tasks
from course_tools.grading.intake.course_exercises import given_cells
from course_tools.grading.intake.notebook import SubmittedNotebook, parse
from course_tools.grading.intake.used_names import NotebookNames


@dataclass(frozen=True)
class Work(SubmittedNotebook):
    """A notebook that was handed in, with what its code says about itself.

    Attributes:
        used: task -> names that its function uses, as `NotebookNames.used_by` gives them.
        structure: fingerprints of all tasks' functions, as `NotebookNames.structure_of` gives them.
    """

    used: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    structure: str = ""


def work_in(content: bytes, exercise: str = "") -> Work:
    """Return the work in a notebook file; nothing of it is executed or imported.

    Args:
        content: the bytes of the file.
        exercise: the exercise whose work is wanted; by default the one that it belongs to.

    Raises:
        UnreadableError: it is no notebook, or holds no task of the course.
    """
    found = parse(content, exercise)
    given = given_cells(found.exercise)
    there = {source.strip() for source in given}
    is_own = [cell.source.strip() not in there for cell in found.cells]
    own = [cell.source for cell in itertools.compress(found.cells, is_own)]
    names = NotebookNames(given, own)
    tasks = [task.name for task in course_tasks.EXERCISES[found.exercise]]
    places = list(zip(itertools.accumulate(is_own), found.cells, strict=True))
    asked = {task: [n - 1 for n, cell in places if task in cell.asks] for task in tasks}
    used = {task: names.used_by(task, asked[task]) for task in tasks}
    structure = names.structure_of(tasks)
    return Work(found.exercise, found.cells, found.notes, found.others, used, structure)
