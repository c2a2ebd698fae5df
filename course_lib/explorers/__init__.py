"""Interactive panels, each one call in a lesson; where no kernel runs they show a figure."""

from course_lib.explorers.constant_rate import (
    constant_rate,
    constant_rate_view,
    describe_constant_rate,
)
from course_lib.explorers.frame import Explorer, View

__all__ = [
    "Explorer",
    "View",
    "constant_rate",
    "constant_rate_view",
    "describe_constant_rate",
]
