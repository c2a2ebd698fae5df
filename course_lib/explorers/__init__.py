"""Interactive panels, each one call in a lesson; where no kernel runs they show a figure."""

from course_lib.explorers.constant_rate import (
    constant_rate,
    constant_rate_view,
    describe_constant_rate,
)
from course_lib.explorers.frame import Explorer, View
from course_lib.explorers.noisy_quadratic import noisy_quadratic, noisy_quadratic_view
from course_lib.explorers.range_test import range_test, range_test_view
from course_lib.explorers.schedule_view import ChosenPreset, schedules_view
from course_lib.explorers.schedules import schedules
from course_lib.explorers.training import training
from course_lib.explorers.training_view import training_view

__all__ = [
    "ChosenPreset",
    "Explorer",
    "View",
    "constant_rate",
    "constant_rate_view",
    "describe_constant_rate",
    "noisy_quadratic",
    "noisy_quadratic_view",
    "range_test",
    "range_test_view",
    "schedules",
    "schedules_view",
    "training",
    "training_view",
]
