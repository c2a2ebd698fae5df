"""The graded tasks, one module an exercise."""

from course_lib.tasks import ex01_constant_lr
from course_lib.tasks.task import Case, Difference, Misconception, Task, compare

ALL = {task.name: task for task in ex01_constant_lr.TASKS}

__all__ = ["ALL", "Case", "Difference", "Misconception", "Task", "compare"]
