"""The graded tasks, one module an exercise, named as its notebook."""

import importlib
import pkgutil

from course_tasks.causes import Raised, answers_of
from course_tasks.comparison import Difference, as_numbers
from course_tasks.judging import Part, Verdict, judge
from course_tasks.task import Case, Given, Hint, Misconception, Score, Task, built

_MODULES = [
    module.name
    for module in pkgutil.iter_modules(__path__)
    if module.name.startswith("ex") or module.name == "capstone"
]
#: The tasks of every exercise, by the name of its notebook.
EXERCISES: dict[str, tuple[Task, ...]] = {
    name: importlib.import_module(f"{__name__}.{name}").TASKS
    for name in sorted(_MODULES, key=lambda name: (name == "capstone", name))
}
ALL: dict[str, Task] = {task.name: task for group in EXERCISES.values() for task in group}

__all__ = [
    "ALL",
    "EXERCISES",
    "Case",
    "Difference",
    "Given",
    "Hint",
    "Misconception",
    "Part",
    "Raised",
    "Score",
    "Task",
    "Verdict",
    "answers_of",
    "as_numbers",
    "built",
    "judge",
]
