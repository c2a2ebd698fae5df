"""The computations of lesson 2, against what can be said of them without computing again."""

import numpy as np
import pytest

from course_lib import schedules
from course_lib.experiments.lesson02_runs import (
    decay_families,
    scheduled_runs,
    watched_runs,
)
from course_lib.problems import power_law_quadratic


@pytest.fixture
def quadratic():
    return power_law_quadratic(dimensions=5)


def test_every_shape_of_every_family_peaks_at_its_peak():
    for name, family in decay_families().items():
        for shape, maker in (family if isinstance(family, dict) else {"": family}).items():
            rates = maker(0.2, 300)(np.arange(300))
            assert rates.max() == pytest.approx(0.2, rel=0.01), (name, shape)


def test_a_rule_that_never_cuts_is_a_constant_rate(quadratic):
    ends, cuts = watched_runs(quadratic, peak_lr=0.3, patience=40, seeds=2)
    assert cuts == []
    np.testing.assert_array_equal(ends, scheduled_runs(quadratic, schedules.constant(0.3), 2))


def test_without_patience_the_first_cut_comes_no_later(quadratic):
    _, soon = watched_runs(quadratic, peak_lr=0.3, patience=0, seeds=2)
    _, later = watched_runs(quadratic, peak_lr=0.3, patience=4, seeds=2)
    assert all(a < b for a, b in zip(soon, later, strict=True))
