"""thinc's schedules where they surprise: joined curves, and lines that nobody stops."""

import numpy as np
import pytest

from course_lib.libraries import from_library


def test_the_second_schedule_is_asked_at_the_outer_step():
    inner = ("thinc.decaying", {"base_rate": 0.1, "decay": 0.1})
    found = from_library("thinc.constant_then", rate=0.1, steps=50, schedule=inner)
    np.testing.assert_allclose(found([49, 50, 51]), [0.1, 0.1 / 6, 0.1 / 6.1])


def test_the_slanted_triangle_is_negative_inside_its_length():
    found = from_library("thinc.slanted_triangular", max_rate=0.1, num_steps=109)
    seen = found(np.arange(109))
    assert seen.min() == seen[108] == pytest.approx(-0.0065625)
    assert np.flatnonzero(seen < 0)[0] == 102
    assert from_library("thinc.slanted_triangular", max_rate=0.1, num_steps=100)(130) < -0.03


def test_compounding_stops_or_runs_away():
    up = {"start": 0.001, "stop": 0.1}
    assert from_library("thinc.compounding", compound=1.5, **up)(40) == 0.1
    assert from_library("thinc.compounding", compound=0.9, **up)(40) < 0.0001


@pytest.mark.parametrize(
    ("name", "given", "error", "said"),
    [
        ("slanted_triangular", {"max_rate": 1.0, "num_steps": 9}, ValueError, "divides by zero"),
        ("slanted_triangular", {"max_rate": 1.0, "num_steps": 9, "decay": 1}, TypeError, "'decay'"),
        ("constant_then", {"rate": 1.0, "steps": 3, "schedule": 4}, TypeError, "pairs"),
        ("plateau", {}, ValueError, "not a function of the step alone"),
    ],
)
def test_bad_arguments_are_named(name, given, error, said):
    with pytest.raises(error, match=said):
        from_library(f"thinc.{name}", **given)
