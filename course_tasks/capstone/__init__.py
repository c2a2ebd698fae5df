"""The capstone: a schedule for each of three unknown problems, scored by its regret."""

from course_tasks.capstone.my_schedules import TASKS

__all__ = ["TASKS"]
