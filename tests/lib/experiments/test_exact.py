"""Families tuned exactly: the best shape at its best peak, and what it leaves."""

import numpy as np
import pytest

from course_lib import problems, schedules, theory
from course_lib.experiments.exact import at_best_peaks, tune_exactly
from course_lib.experiments.lesson02_runs import decay_families


@pytest.fixture
def quadratic():
    return problems.power_law_quadratic(dimensions=5)


def test_the_exact_losses_are_those_at_the_best_peak(quadratic):
    found = tune_exactly(quadratic, decay_families(), total_steps=120)
    linear = found["linear"]
    peak = theory.best_peak(quadratic, lambda p: schedules.linear(p, 120), 120)
    assert linear.peak == pytest.approx(peak, rel=1e-3)
    at_peak = schedules.linear(peak, 120)(np.arange(120))
    assert linear.loss == pytest.approx(theory.expected_losses(quadratic, at_peak)[-1], rel=1e-6)


def test_the_best_shape_of_a_family_counts(quadratic):
    row = tune_exactly(quadratic, decay_families(), total_steps=120)["multi-step"]
    assert row.loss == min(row.loss_of.values()) == row.loss_of[row.shape]


def test_rates_and_losses_are_those_of_the_best_shape(quadratic):
    row = tune_exactly(quadratic, decay_families(), total_steps=120)["multi-step"]
    maker = decay_families()["multi-step"][row.shape]
    np.testing.assert_allclose(row.rates, maker(row.peak, 120)(np.arange(120)))
    np.testing.assert_array_equal(row.losses, theory.expected_losses(quadratic, row.rates))


def test_a_shape_alone_has_the_same_best_peak(quadratic):
    shape = schedules.cosine(1.0, 120)(np.arange(120))
    (peak,), (losses,) = at_best_peaks(quadratic, shape[None])
    row = tune_exactly(quadratic, {"cosine": schedules.cosine}, 120)["cosine"]
    assert (peak, losses[-1]) == (row.peak, row.loss)
