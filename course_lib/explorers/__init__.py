"""Interactive panels, each one call in a lesson; where no kernel runs they show a figure."""

from course_lib.explorers.constant_rate import (
    constant_rate,
    constant_rate_view,
    describe_constant_rate,
)
from course_lib.explorers.frame import Explorer, View
from course_lib.explorers.schedule_view import Plan, schedules_view
from course_lib.explorers.schedules import schedules

__all__ = [
    "Explorer",
    "Plan",
    "View",
    "constant_rate",
    "constant_rate_view",
    "describe_constant_rate",
    "schedules",
    "schedules_view",
]
