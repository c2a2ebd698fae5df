"""Exercise 5: the step size in updates, two triangles, and when to take a snapshot."""

from course_tasks.ex05_cyclical import (
    snapshot_steps,
    step_size_in_updates,
    triangular2_lr,
    triangular_lr,
)

TASKS = (step_size_in_updates.TASK, triangular_lr.TASK, triangular2_lr.TASK, snapshot_steps.TASK)
