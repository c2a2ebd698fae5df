"""The course's figures: one function a figure, each returning a matplotlib Figure.

What several lessons draw is here by its subject; what one lesson draws is in the module of its
number, `course_lib.plots.lesson08`.
"""

from course_lib.plots.base import (
    BLUE,
    CARD,
    COLOURS,
    DASHES,
    GREEN,
    INK,
    MARKERS,
    ORANGE,
    PINK,
    RED,
    SKY,
    img_tag,
    panels,
    png,
    show,
    styled,
)
from course_lib.plots.compare import forest_plot, peak_sensitivity
from course_lib.plots.curves import (
    descent_paths,
    held_out_curves,
    labelled_points,
    loss_curves,
    rate_lines,
    rate_sweep,
    ravine_paths,
    schedule_curve,
)
from course_lib.plots.range_test import range_test_figure
from course_lib.plots.stability import sharpness_panel

__all__ = [
    "BLUE",
    "CARD",
    "COLOURS",
    "DASHES",
    "GREEN",
    "INK",
    "MARKERS",
    "ORANGE",
    "PINK",
    "RED",
    "SKY",
    "descent_paths",
    "forest_plot",
    "held_out_curves",
    "img_tag",
    "labelled_points",
    "loss_curves",
    "panels",
    "peak_sensitivity",
    "png",
    "range_test_figure",
    "rate_lines",
    "rate_sweep",
    "ravine_paths",
    "schedule_curve",
    "sharpness_panel",
    "show",
    "styled",
]
