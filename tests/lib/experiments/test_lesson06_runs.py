"""The runs of lesson 6."""

import numpy as np
import pytest

from course_lib import compare, problems, schedules
from course_lib.experiments.lesson06_runs import (
    argument_curves,
    by_torch,
    resumed,
    updates_needed,
    usable_peak,
)


def test_every_panel_of_the_arguments_shows_at_least_two_different_curves():
    for argument, curves in argument_curves().items():
        lines = [np.asarray(curve) for curve in curves.values()]
        assert len(lines) >= 2, argument
        assert any(len(a) != len(lines[0]) or not np.allclose(a, lines[0]) for a in lines[1:])


def test_a_scheduler_built_anew_starts_over_unless_it_is_told_the_epoch():
    whole = by_torch(20, total_steps=20).rates
    assert np.allclose(resumed(10, 20, last_epoch=9), whole)
    assert np.allclose(resumed(10, 20)[10:], whole[:10])


def test_twice_the_length_at_every_accuracy_is_a_ratio_of_two():
    rng = np.random.default_rng(0)
    accuracy = np.array([[0.8], [0.9], [0.98]]) + 0.01 * rng.standard_normal((3, 12))
    found = updates_needed(
        {"a": ((40, 80, 160), accuracy), "b": ((80, 160, 320), accuracy)}, 0.9, "a", draws=50
    )
    own, ratio = found["b"]
    assert own.low <= own.mean <= own.high
    assert (ratio.low, ratio.high) == pytest.approx((2, 2))


def test_the_largest_usable_peak_is_read_from_the_tuning_runs():
    found = compare.compare(
        problems.power_law_quadratic(4),
        {"linear": schedules.linear},
        peaks=[0.1, 0.5, 1.0],
        total_steps=20,
        seeds=4,
    )
    limit = float(found.validation_means[0].max())
    assert usable_peak(found, "linear", limit * 1.01) == 1.0
    with pytest.raises(ValueError, match="no peak of linear"):
        usable_peak(found, "linear", 0.0)
