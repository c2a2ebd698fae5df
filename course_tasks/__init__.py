"""The graded tasks: a folder for each exercise, a module for each task."""

import importlib
import pkgutil
from types import ModuleType

from course_tasks.causes import Raised, answers_of
from course_tasks.comparison import Difference, as_numbers
from course_tasks.judging import JudgedPart, Judgement, judge
from course_tasks.task import (
    Case,
    Given,
    Hint,
    Misconception,
    Score,
    Section,
    Stateful,
    Task,
    built,
)

_FOLDERS = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]


def _tasks_in(exercise: str) -> tuple[Task, ...]:
    """Return the tasks of a folder's modules, in the order of their numbers."""
    folder = importlib.import_module(f"{__name__}.{exercise}")
    names = [f"{folder.__name__}.{module.name}" for module in pkgutil.iter_modules(folder.__path__)]
    modules = [importlib.import_module(name) for name in names]
    found = [task for module in modules for task in _tasks_of(module)]
    return tuple(sorted(found, key=lambda task: task.number))


def _tasks_of(module: ModuleType) -> tuple[Task, ...]:
    return (module.TASK,) if hasattr(module, "TASK") else getattr(module, "TASKS", ())


#: The tasks of every exercise, by the name of its notebook.
EXERCISES: dict[str, tuple[Task, ...]] = {
    name: _tasks_in(name) for name in sorted(_FOLDERS, key=lambda name: (name == "capstone", name))
}
ALL: dict[str, Task] = {task.name: task for group in EXERCISES.values() for task in group}

__all__ = [
    "ALL",
    "EXERCISES",
    "Case",
    "Difference",
    "Given",
    "Hint",
    "JudgedPart",
    "Judgement",
    "Misconception",
    "Raised",
    "Score",
    "Section",
    "Stateful",
    "Task",
    "answers_of",
    "as_numbers",
    "built",
    "judge",
]
