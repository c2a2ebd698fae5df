"""Exercise 2, solved in other ways."""

import math

import numpy as np

from course_lib import schedules


def multi_step_rate(step, peak_lr, milestones, drop):
    rate = peak_lr
    for milestone in milestones:
        rate = rate if step < milestone else rate * drop
    return rate


def exponential_rates(steps, peak_lr, gamma, every):
    return (
        [exponential_rates(t, peak_lr, gamma, every) for t in steps]
        if np.ndim(steps)
        else (peak_lr * math.exp(math.log(gamma) * steps / every))
    )


def inverse_sqrt_rate(step, peak_lr, warmup_steps):
    return schedules.inverse_sqrt(peak_lr, warmup_steps)(step)


def polynomial_rates(steps, peak_lr, total_steps, power, floor):
    return schedules.polynomial(peak_lr, total_steps, power, floor)(steps)


def plateau_lr(losses, peak_lr, factor, patience, threshold):
    return schedules.plateau_rates(schedules.plateau(peak_lr, factor, patience, threshold), losses)


def milestones_in_updates(epochs, examples, batch_size, drop_last):
    rest = examples % batch_size
    used = examples - rest if drop_last or not rest else examples + batch_size - rest
    return np.array(epochs) * (used // batch_size)


OTHER = {
    f.__name__: f
    for f in (
        multi_step_rate,
        exponential_rates,
        inverse_sqrt_rate,
        polynomial_rates,
        plateau_lr,
        milestones_in_updates,
    )
}
EQUIVALENT = {
    "plateau_lr": {
        "0 to 0.0, column 47 of `rate, best, since, rates = peak_lr, losses[0], 0, []`": "0.0 is 0",
    },
    "milestones_in_updates": {
        "minus drop_last, column 34 of "
        "`whole = int(np.floor(batches)) if drop_last else int(np.ceil(batches))`": (
            "-True counts as true, and -False as false"
        ),
    },
}
