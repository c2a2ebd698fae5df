"""Learning-rate schedules: pure functions from the step to the rate.

t counts the optimizer updates already done and starts at 0; every length is in updates, never in
epochs; a floor is an absolute rate; the end value is reached at t = total_steps and held.
"""

from course_lib.schedules.phases import Phase, Schedule
from course_lib.schedules.presets import constant, cosine, step_decay

__all__ = ["Phase", "Schedule", "constant", "cosine", "step_decay"]
