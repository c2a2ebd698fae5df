"""Exercise 1: one gradient step, the largest stable rate, the loss at which noise holds a run."""

from course_tasks.ex01_constant_lr import gradient_step, largest_stable_rate, steady_state_loss

TASKS = (gradient_step.TASK, largest_stable_rate.TASK, steady_state_loss.TASK)
