"""Exercise 2: four decays from their formulas, a plateau rule, milestones in updates."""

from course_tasks.ex02_classic_decay import (
    exponential_rates,
    inverse_sqrt_rate,
    milestones_in_updates,
    multi_step_rate,
    plateau_lr,
    polynomial_rates,
)

TASKS = (
    multi_step_rate.TASK,
    exponential_rates.TASK,
    inverse_sqrt_rate.TASK,
    polynomial_rates.TASK,
    plateau_lr.TASK,
    milestones_in_updates.TASK,
)
