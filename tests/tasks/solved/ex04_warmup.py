"""Exercise 4, solved in other ways."""

import math

import numpy as np

from course_lib import schedules
from course_lib.libraries import from_library


def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    t, warmup, total = (math.floor(x) for x in (step, warmup_steps, total_steps))
    cosine = schedules.cosine(peak_lr, total - warmup)
    plan = schedules.warmup(cosine, warmup, start=0.0) if warmup else cosine
    return [plan(t)]


def warmup_cosine_rates(steps, peak_lr, warmup_steps, total_steps):
    t = np.asarray(steps, dtype=float)
    rise = np.ones_like(t) if warmup_steps == 0 else t / warmup_steps
    share = np.clip((t - warmup_steps) / (total_steps - warmup_steps), 0, 1)
    return peak_lr * np.where(t < warmup_steps, rise, np.cos(np.pi / 2 * share) ** 2)


def with_warmup(step, schedule, warmup_steps):
    return (
        schedules.warmup(schedule, warmup_steps, start=0.0)(step)
        if warmup_steps
        else (schedule(step))
    )


def adam_update(gradients, rate, beta1, beta2, eps):
    n = len(gradients)
    age = np.arange(n)[::-1]  # weights of old gradients, written out
    first, second = beta1 ** age.astype(float), beta2 ** age.astype(float)
    m = first @ gradients / first.sum()
    v = second @ gradients**2 / second.sum()
    return -rate * m / (np.sqrt(v) + eps)


def library_rates(library, peak_lr, warmup_steps, total_steps, floor):
    t, warmup = np.arange(total_steps), warmup_steps
    if library == "nanogpt":
        plan = from_library(
            "nanogpt.get_lr",
            learning_rate=peak_lr,
            warmup_iters=warmup,
            lr_decay_iters=total_steps,
            min_lr=floor,
        )
        return plan(t)
    if library == "torchtitan":
        plan = from_library(
            "torchtitan.lr_scheduler",
            base_lr=peak_lr,
            training_steps=total_steps,
            warmup_steps=warmup,
            decay_type="cosine",
            min_lr_factor=floor / peak_lr,
        )
        return plan(t)
    start = 0.0 if library == "transformers" else peak_lr / warmup
    return schedules.warmup(
        schedules.cosine(peak_lr, total_steps - warmup, floor), warmup, start=start
    )(t)


OTHER = {
    f.__name__: f
    for f in (lr_at_step, warmup_cosine_rates, with_warmup, adam_update, library_rates)
}
EQUIVALENT = {
    "adam_update": {
        "0.0 to 0, column 15 of `mean, square = 0.0, 0.0`": "0 is 0.0",
        "0.0 to 0, column 20 of `mean, square = 0.0, 0.0`": "0 is 0.0",
    },
}
