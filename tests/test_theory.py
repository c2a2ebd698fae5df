"""The exact formulas against simulation, and the interval against its coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import theory
from course_lib.intervals import mean_interval


@given(
    curvatures=st.lists(st.floats(0.1, 50), min_size=1, max_size=5),
    share=st.floats(0.05, 1.95),
    seed=st.integers(0, 1000),
)
def test_descent_converges_below_the_limit_and_not_above(curvatures, share, seed):
    basis, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(curvatures),) * 2))
    hessian = basis @ np.diag(curvatures) @ basis.T
    limit = theory.stability_limit((hessian + hessian.T) / 2)
    assert limit == pytest.approx(2 / max(curvatures), rel=1e-9)
    steepest = theory.descend([max(curvatures)], [1.0], np.full(400, share * limit / 2))[:, 0]
    assert abs(steepest[-1]) < 1e-6
    above = theory.descend([max(curvatures)], [1.0], np.full(400, 1.05 * limit))[:, 0]
    assert abs(above[-1]) > 1e6


def test_descend_is_gradient_descent():
    curvatures, rates = np.array([1.0, 7.0]), np.array([0.1, 0.2, 0.05])
    w = np.array([2.0, -1.0])
    for t, rate in enumerate(rates):
        assert theory.descend(curvatures, [2.0, -1.0], rates)[t] == pytest.approx(w)
        w = w - rate * curvatures * w


def test_expected_loss_and_floor_agree_with_simulation():
    curvature, noise_std, start = 1.5, 0.8, 3.0
    rates = np.concatenate([np.full(60, 0.9), np.full(60, 0.1), np.full(200, 0.3)])
    rng = np.random.default_rng(7)
    w = np.full(40_000, start)
    expected = theory.expected_loss(rates, curvature, noise_std, start)
    for t, rate in enumerate(rates):
        w = w - rate * (curvature * w + noise_std * rng.standard_normal(w.size))
        if t % 40 == 39:
            losses = 0.5 * curvature * w**2
            error = losses.std(ddof=1) / np.sqrt(w.size)
            assert abs(losses.mean() - expected[t + 1]) < 4 * error
    assert expected[-1] == pytest.approx(theory.noise_floor(0.3, curvature, noise_std))


@given(st.floats(0.01, 1.99), st.floats(0.01, 100), st.floats(0, 10))
def test_the_floor_is_the_fixed_point(share, curvature, noise_std):
    rate = share / curvature
    floor = theory.noise_floor(rate, curvature, noise_std)
    start = np.sqrt(2 * floor / curvature)
    after = theory.expected_loss([rate], curvature, noise_std, start)[1]
    assert after == pytest.approx(floor, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.stability_limit(np.ones((2, 3))), r"square matrix, got shape \(2, 3\)"),
        (lambda: theory.stability_limit([[1.0, 2.0], [0.0, 1.0]]), "symmetric"),
        (lambda: theory.stability_limit([[np.nan]]), "finite"),
        (lambda: theory.stability_limit(-np.eye(2)), "positive eigenvalue, the largest is -1"),
        (lambda: theory.descend([1.0, 2.0], [1.0], [0.1]), "curvatures and start"),
        (lambda: theory.noise_floor(2.0, 1.0, 1.0), "rate must be < 2 / curvature = 2, got 2.0"),
        (lambda: theory.noise_floor(0.1, -1.0, 1.0), "curvature"),
        (lambda: theory.expected_loss([0.1], 1.0, -1.0, 0.0), "noise_std"),
        (lambda: mean_interval([1.0]), "at least two"),
        (lambda: mean_interval([1.0, np.nan]), "finite"),
        (lambda: mean_interval([1.0, 2.0], level=1.5), "level"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(2000):
        interval = mean_interval(rng.normal(5.0, 2.0, size=8), level=0.9)
        hits += interval.low <= 5.0 <= interval.high
    assert 0.88 < hits / 2000 < 0.92  # standard error 0.0067


def test_the_interval_of_a_known_sample():
    interval = mean_interval([1.0, 2.0, 3.0, 4.0])
    half = 3.182446305 * np.std([1, 2, 3, 4], ddof=1) / 2  # t quantile, 3 degrees of freedom
    assert (interval.low, interval.high) == pytest.approx((2.5 - half, 2.5 + half))
    assert f"{interval:.2f}" == f"2.50 [{2.5 - half:.2f}, {2.5 + half:.2f}]"
