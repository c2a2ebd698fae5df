"""The capstone solved in other ways: problem a exactly, b and c by what the search has found."""

import numpy as np

from course_lib import capstone, theory
from course_tasks.capstone.my_schedules import best_rates


def my_schedule_a(step):
    rates = theory.optimal_rates(capstone.QUADRATIC, capstone.PROBLEMS["a"].total_steps)
    return [rates[t] for t in step]


def my_schedule_b(step):
    return np.float32(best_rates("b"))[step]


def my_schedule_c(step):
    return np.float32(best_rates("c"))[step]


OTHER = {f.__name__: f for f in (my_schedule_a, my_schedule_b, my_schedule_c)}
EQUIVALENT = {}
