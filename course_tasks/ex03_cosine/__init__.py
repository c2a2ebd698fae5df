"""Exercise 3: a cosine with a floor, warm restarts, and a run that is resumed past its end."""

from course_tasks.ex03_cosine import cosine_rate, restart_rate, resumed_rates

TASKS = (cosine_rate.TASK, restart_rate.TASK, resumed_rates.TASK)
