"""Exercise 10: ten broken training loops; the right rates are computed here without torch."""

from course_tasks.ex10_frameworks import (
    repaired_accumulation,
    repaired_end,
    repaired_epochs,
    repaired_factor,
    repaired_one_cycle,
    repaired_order,
    repaired_plateau,
    repaired_restarts,
    repaired_resume,
    repaired_skips,
)

TASKS = (
    repaired_order.TASK,
    repaired_skips.TASK,
    repaired_epochs.TASK,
    repaired_accumulation.TASK,
    repaired_end.TASK,
    repaired_one_cycle.TASK,
    repaired_resume.TASK,
    repaired_factor.TASK,
    repaired_restarts.TASK,
    repaired_plateau.TASK,
)
