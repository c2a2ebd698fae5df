"""Learning-rate schedules: pure functions from the step to the rate.

t counts the optimizer updates already done and starts at 0; every length is in updates, never in
epochs; a floor is an absolute rate; the end value is reached at t = total_steps and held.
"""

from course_lib.schedules import library_shapes, recursion  # noqa: F401  so that JSON may name them
from course_lib.schedules.combine import join, repeat, scale
from course_lib.schedules.counting import total_updates
from course_lib.schedules.cyclical import (
    cosine_restarts,
    one_cycle,
    one_cycle_momentum,
    triangular,
)
from course_lib.schedules.phases import Phase, Schedule
from course_lib.schedules.plateau import Plateau, plateau, plateau_rates
from course_lib.schedules.presets import (
    constant,
    cosine,
    exponential,
    inverse_sqrt,
    inverse_time,
    linear,
    multi_step,
    polynomial,
    step_decay,
    transformer,
    warmup,
    warmup_cosine,
    warmup_linear,
    wsd,
)

__all__ = [
    "Phase",
    "Plateau",
    "Schedule",
    "constant",
    "cosine",
    "cosine_restarts",
    "exponential",
    "inverse_sqrt",
    "inverse_time",
    "join",
    "linear",
    "multi_step",
    "one_cycle",
    "one_cycle_momentum",
    "plateau",
    "plateau_rates",
    "polynomial",
    "repeat",
    "scale",
    "step_decay",
    "total_updates",
    "transformer",
    "triangular",
    "warmup",
    "warmup_cosine",
    "warmup_linear",
    "wsd",
]
