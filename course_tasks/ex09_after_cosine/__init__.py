"""Exercise 9: a line to zero, a branch of a long run, a new batch size, schedule-free SGD."""

from course_tasks.ex09_after_cosine import (
    branch_rates,
    scaled_run,
    schedule_free_weights,
    straight_to_zero,
)

TASKS = (straight_to_zero.TASK, branch_rates.TASK, scaled_run.TASK, schedule_free_weights.TASK)
