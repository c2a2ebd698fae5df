"""Exercise 3, solved in other ways."""

import math

from course_lib import schedules


def cosine_rate(step, peak_lr, total_steps, floor):
    if step >= total_steps:
        return floor
    share = math.cos(math.pi / 2 * step / total_steps) ** 2  # half-angle formula
    return share * peak_lr + (1 - share) * floor


def restart_rate(step, peak_lr, first, mult, floor):
    return schedules.cosine_restarts(peak_lr, first, mult=mult, floor=floor)(step)


def resumed_rates(done, updates, peak_lr, total_steps, floor):
    return [cosine_rate(t, peak_lr, total_steps, floor) for t in range(done, done + updates)]


OTHER = {f.__name__: f for f in (cosine_rate, restart_rate, resumed_rates)}
EQUIVALENT = {
    "restart_rate": {
        "step Add 1, column 15 of "
        "`for _ in range(step):  # there are never more cycles than updates`": (
            "once the cycle is found, another round changes nothing"
        ),
    },
}
