"""Exercise 7: the sweep, its average and its stop, two rules, and the peak of an unknown model."""

from course_tasks.ex07_range_test import (
    choose_peak,
    debiased_average,
    range_test_losses,
    range_test_rates,
    steepest_rate,
    stop_index,
    tenth_of_minimum,
)

TASKS = (
    range_test_rates.TASK,
    range_test_losses.TASK,
    debiased_average.TASK,
    stop_index.TASK,
    tenth_of_minimum.TASK,
    steepest_rate.TASK,
    choose_peak.TASK,
)
