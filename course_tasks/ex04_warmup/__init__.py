"""Exercise 4: warmup and cosine, a warmup before any schedule, Adam's first updates, libraries."""

from course_tasks.ex04_warmup import (
    adam_update,
    library_rates,
    lr_at_step,
    warmup_cosine_rates,
    with_warmup,
)

TASKS = (
    lr_at_step.TASK,
    warmup_cosine_rates.TASK,
    with_warmup.TASK,
    adam_update.TASK,
    library_rates.TASK,
)
