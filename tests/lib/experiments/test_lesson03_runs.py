"""The computations of lesson 3, against what theory says by another way."""

import numpy as np
import pytest

from course_lib import schedules, theory
from course_lib.experiments.lesson03_runs import (
    constant,
    restarts,
    scaled_bound,
    tuned,
    with_floor,
)
from course_lib.problems import power_law_quadratic


@pytest.fixture
def quadratic():
    return power_law_quadratic(dimensions=5)


def test_a_tuned_schedule_is_the_one_at_the_best_peak(quadratic):
    found = tuned(quadratic, {"cosine": schedules.cosine, "constant": constant}, 80)["cosine"]
    peak = theory.best_peak(quadratic, lambda p: schedules.cosine(p, 80), 80)
    assert found.rates[0] == pytest.approx(peak, rel=1e-3)
    best = theory.optimal_rates(quadratic, 80)
    least = theory.expected_losses(quadratic, best)[-1]
    assert found.regret == pytest.approx(found.losses[-1] / least - 1)
    assert found.regret > 0


def test_the_fall_below_a_share_is_that_of_the_losses(quadratic):
    found = tuned(quadratic, {"linear": schedules.linear}, 80)["linear"]
    assert found.fall_below(0.105) == pytest.approx(1 - found.losses[80] / found.losses[72])
    assert found.fall_below(0.01) < found.fall_below(0.1)
    never = tuned(quadratic, {"floor": with_floor(schedules.linear, 0.5)}, 80)["floor"]
    assert never.fall_below(0.1) == 0


@pytest.mark.parametrize(("cycles", "starts"), [(1, [0]), (2, [0, 100]), (3, [0, 43, 129])])
def test_restarts_begin_where_the_cycle_before_ends(cycles, starts):
    rates = restarts(cycles)(1.0, 300)(np.arange(300))
    assert np.flatnonzero(rates == 1.0).tolist() == starts


def test_the_bound_does_not_depend_on_the_scale():
    shape = 1 - np.arange(50) / 50
    assert scaled_bound(shape) == pytest.approx(scaled_bound(7 * shape))
