"""Exercise 6: one cycle in two and in three phases, its momentum, and its arguments read back."""

from course_tasks.ex06_one_cycle import (
    cycled_momentum,
    one_cycle_arguments,
    one_cycle_lr,
    three_phase_lr,
)

TASKS = (one_cycle_lr.TASK, three_phase_lr.TASK, cycled_momentum.TASK, one_cycle_arguments.TASK)
