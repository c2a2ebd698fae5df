"""The exact formulas against simulation, and the interval against its coverage."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from course_lib import theory
from course_lib.intervals import mean_interval
from course_lib.problems import NoisyQuadratic, power_law_quadratic, simulate
from course_lib.schedules import constant, cosine, exponential, linear, warmup_cosine, wsd
from course_lib.theory import optimal


@given(
    curvatures=st.lists(st.floats(0.1, 50), min_size=1, max_size=5),
    share=st.floats(0.05, 1.95),
    seed=st.integers(0, 1000),
)
@settings(deadline=None)
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
@settings(deadline=None)
def test_the_floor_is_the_fixed_point(share, curvature, noise_std):
    rate = share / curvature
    floor = theory.noise_floor(rate, curvature, noise_std)
    start = np.sqrt(2 * floor / curvature)
    after = theory.expected_loss([rate], curvature, noise_std, start)[1]
    assert after == pytest.approx(floor, rel=1e-9, abs=1e-12)


@given(st.lists(st.floats(0.1, 10), min_size=1, max_size=3), st.floats(0, 0.95))
@settings(deadline=None)
def test_momentum_moves_the_limit_as_it_says(curvatures, momentum):
    limit = theory.momentum_stability_limit(np.diag(curvatures), momentum)
    for share, stable in ((0.99, True), (1.01, False)):
        product = share * limit * max(curvatures)
        # w and v of one coordinate, as the two updates in the docstring make them
        step = np.array([[1 - product, -share * limit * momentum], [max(curvatures), momentum]])
        assert (np.abs(np.linalg.eigvals(step)).max() < 1) == stable


def loop_losses(problem, rates):
    """The recursion as it stands in the docstring, one step after another."""
    h, m = problem.curvatures, problem.start**2
    losses = [0.5 * np.sum(h * m)]
    for eta in rates:
        m = (1 - eta * h) ** 2 * m + eta**2 * problem.noise_std**2
        losses.append(0.5 * np.sum(h * m))
    return losses


@given(
    seed=st.integers(0, 10_000),
    dimensions=st.sampled_from([1, 2, 50, 5000]),
    runs=st.integers(1, 5),
    steps=st.sampled_from([1, 2, 3, 17, 100]),
)
@settings(deadline=None)
def test_expected_losses_are_the_recursion(seed, dimensions, runs, steps):
    rng = np.random.default_rng(seed)
    problem = NoisyQuadratic(*rng.uniform(0.1, 1.0, (3, dimensions)))
    rates = rng.uniform(-0.2, 2.2, (runs, steps))
    losses = theory.expected_losses(problem, rates)
    assert losses.shape == (runs, steps + 1)
    for row, expected in zip(losses, rates, strict=True):
        assert row == pytest.approx(loop_losses(problem, expected), rel=1e-11)
    assert theory.expected_losses(problem, rates[0]) == pytest.approx(losses[0], rel=1e-12)


def test_many_schedules_at_once_are_the_same_as_one_by_one():
    problem = power_law_quadratic()
    rates = np.random.default_rng(0).uniform(0, 1.0, (150, 60))  # more than one call holds
    losses = theory.expected_losses(problem, rates)
    for row in (0, 63, 64, 149):
        assert losses[row] == pytest.approx(loop_losses(problem, rates[row]), rel=1e-11)


def test_expected_losses_agree_with_simulation():
    problem = power_law_quadratic(6, exponent=1.5, noise_std=0.7)
    runs, steps = 2000, 120
    rates = warmup_cosine(1.5, 20, steps)(np.arange(steps))
    losses = simulate(problem, np.tile(rates, (runs, 1)), np.arange(runs))
    expected = theory.expected_losses(problem, rates)
    at = np.array([1, 5, 20, 40, 60, 80, 100, 120])
    error = losses[:, at].std(axis=0, ddof=1) / np.sqrt(runs)
    scores = (losses[:, at].mean(axis=0) - expected[at]) / error
    assert np.abs(scores).max() < 4
    assert (error / expected[at] < 0.03).all()  # small enough for the scores to mean something


def test_expected_losses_beyond_float64_are_inf_without_warnings():
    problem = NoisyQuadratic([1.0, 0.1], [1.0, 0.0], [0.0, 0.0])
    rates = np.r_[np.full(500, 10.0), np.ones(20)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses = theory.expected_losses(problem, rates)
    first = int(np.argmax(np.isinf(losses)))
    assert 100 < first < 400
    assert np.isfinite(losses[:first]).all()
    assert np.isinf(losses[first:]).all()
    problem = NoisyQuadratic([1.0], [0.0], [1e100])  # a rate of 1 would bring it back to 0
    losses = theory.expected_losses(problem, [1e25, 1e25, 1e25, 1.0, *[0.5] * 12])
    assert np.isfinite(losses).tolist() == [True] * 3 + [False] * 14


def test_greedy_rates_in_one_dimension_are_one_over_t_plus_two():
    problem = NoisyQuadratic([1.0], [1.0], [1.0])
    assert theory.greedy_rates(problem, 200) == pytest.approx(1 / (np.arange(200) + 2))
    h, sigma = 3.0, 0.5
    rates = theory.greedy_rates(NoisyQuadratic([h], [sigma], [2.0]), 10)
    m = 2.0 * theory.expected_loss(rates, h, sigma, 2.0)[:-1] / h
    assert rates == pytest.approx(h * m / (h**2 * m + sigma**2))


@given(st.floats(0.2, 5), st.floats(0.1, 3), st.floats(0.1, 4), st.integers(1, 6))
@settings(max_examples=15, deadline=None)
def test_in_one_dimension_greed_is_optimal(h, sigma, start, steps):
    problem = NoisyQuadratic([h], [sigma], [start])
    greedy = theory.greedy_rates(problem, steps)
    best = theory.expected_losses(problem, greedy)[-1]
    found = minimize(
        lambda rates: theory.expected_losses(problem, rates)[-1] / best,
        np.full(steps, 0.3 / h),
        method="L-BFGS-B",
        bounds=[(0, 2 / h)] * steps,
    )
    assert 1 - 1e-9 <= found.fun < 1 + 1e-4
    assert theory.optimal_rates(problem, steps) == pytest.approx(greedy, rel=1e-6)
    assert theory.regret(problem, greedy) == pytest.approx(0, abs=1e-12 * best)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_each_greedy_rate_is_best_for_the_next_step(seed):
    rng = np.random.default_rng(seed)
    problem = NoisyQuadratic(*rng.uniform(0.1, 2.0, (3, 4)))
    rates = theory.greedy_rates(problem, 6)
    for t in range(6):
        others = np.tile(rates[: t + 1], (3, 1))
        others[:, t] *= [0.99, 1.0, 1.01]
        low, best, high = theory.expected_losses(problem, others)[:, -1]
        assert best < min(low, high)


def test_the_slope_agrees_with_finite_differences():
    problem = power_law_quadratic(8, noise_std=0.5)
    rates = np.random.default_rng(0).uniform(0.05, 1.5, 12)
    loss, slope = optimal._final_loss_and_slope(problem, rates)
    assert loss == pytest.approx(theory.expected_losses(problem, rates)[-1])
    nudges = 1e-6 * np.eye(12)
    up, down = (theory.expected_losses(problem, rates + s * nudges)[:, -1] for s in (1, -1))
    assert slope == pytest.approx((up - down) / 2e-6, rel=1e-6)


SCHEDULES = {
    "constant": lambda steps: constant,
    "linear": lambda steps: lambda peak: linear(peak, steps),
    "cosine": lambda steps: lambda peak: cosine(peak, steps),
    "warmup": lambda steps: lambda peak: warmup_cosine(peak, steps // 10, steps),
    "WSD": lambda steps: lambda peak: wsd(peak, 0, steps, steps // 5, "1-sqrt"),
    "exponential": lambda steps: lambda peak: exponential(peak, 0.015 ** (1 / steps)),
}


@pytest.mark.parametrize(
    "problem",
    [
        power_law_quadratic(),
        power_law_quadratic(noise_std=0.3),
        power_law_quadratic(noise_exponent=0.0, noise_std=0.3),
        power_law_quadratic(5, exponent=2.0),
    ],
    ids=["default", "less noise", "white noise", "steep"],
)
def test_nothing_beats_the_optimal_rates(problem):
    steps = 60
    rates = theory.optimal_rates(problem, steps)
    best = theory.expected_losses(problem, rates)[-1]
    assert np.array_equal(rates, theory.optimal_rates(problem, steps))
    assert rates.min() >= 0
    slope = optimal._final_loss_and_slope(problem, rates)[1]
    assert np.abs(slope * rates).max() < 1e-7 * best
    rng = np.random.default_rng(0)
    for size in (1e-4, 1e-2, 0.3):
        nudged = rates * np.exp(size * rng.standard_normal((100, steps)))
        assert (theory.expected_losses(problem, nudged)[:, -1] >= best * (1 - 1e-12)).all()
    assert theory.expected_losses(problem, theory.greedy_rates(problem, steps))[-1] > best
    for name, shape in SCHEDULES.items():
        peak = theory.best_peak(problem, shape(steps), steps)
        tuned = shape(steps)(peak)(np.arange(steps))
        assert theory.expected_losses(problem, tuned)[-1] > best, name


def test_more_than_one_start_finds_what_greed_misses():
    problem = power_law_quadratic(10, noise_std=0.1)
    greedy = optimal._settle(problem, theory.greedy_rates(problem, 3))
    assert theory.expected_losses(problem, greedy)[-1] == pytest.approx(0.06018, abs=1e-5)
    best = theory.expected_losses(problem, theory.optimal_rates(problem, 3))[-1]
    assert best == pytest.approx(0.04122, abs=1e-5)
    problem = power_law_quadratic(5, exponent=1.5, noise_std=0.1)  # sorting does not help here
    greedy = optimal._settle(problem, theory.greedy_rates(problem, 5))
    again = optimal._settle(problem, np.sort(greedy)[::-1])
    assert theory.expected_losses(problem, [greedy, again])[:, -1].min() > 0.0102
    best = theory.expected_losses(problem, theory.optimal_rates(problem, 5))[-1]
    assert best == pytest.approx(0.008597, abs=1e-6)


def test_the_measured_comparison_of_schedules():
    problem, steps = power_law_quadratic(), 1000
    t = np.arange(steps)

    def left(shape):
        return theory.expected_losses(problem, shape(theory.best_peak(problem, shape, steps))(t))[
            -1
        ]

    optimum = theory.expected_losses(problem, theory.optimal_rates(problem, steps))[-1]
    assert optimum == pytest.approx(0.0341, abs=5e-5)
    greedy = theory.expected_losses(problem, theory.greedy_rates(problem, steps))[-1]
    assert greedy == pytest.approx(0.1201, abs=5e-5)
    assert left(SCHEDULES["exponential"](steps)) == pytest.approx(0.0349, abs=5e-5)
    assert left(SCHEDULES["linear"](steps)) == pytest.approx(0.0405, abs=5e-5)
    assert left(SCHEDULES["cosine"](steps)) == pytest.approx(0.0418, abs=6e-5)
    assert left(constant) == pytest.approx(0.0809, abs=5e-5)


def test_little_noise_starts_above_the_stability_limit():
    problem = power_law_quadratic(noise_std=0.1**0.5)
    rates = theory.optimal_rates(problem, 300)
    assert rates[0] == pytest.approx(8.1, abs=0.1)
    assert rates[0] > 4 * theory.stability_limit(np.diag(problem.curvatures))


def test_the_best_peak_is_best_and_regret_takes_many_schedules():
    problem, steps = power_law_quadratic(), 80
    peak = theory.best_peak(problem, SCHEDULES["cosine"](steps), steps)
    rates = np.array([cosine(f * peak, steps)(np.arange(steps)) for f in (1 - 1e-5, 1.0, 1 + 1e-5)])
    low, best, high = theory.regret(problem, rates)
    assert 0 < best < min(low, high)
    assert theory.regret(problem, rates[1]) == pytest.approx(best)


def test_a_float64_cannot_follow_so_little_noise():
    with pytest.raises(ArithmeticError, match="50-dimensional quadratic and 60 steps"):
        theory.optimal_rates(power_law_quadratic(exponent=0.5, noise_std=0.0), 60)
    assert theory.optimal_rates(NoisyQuadratic([2.0], [0.0], [1.0]), 3).tolist() == [0.5, 0, 0]


_ONE = NoisyQuadratic([1.0], [1.0], [1.0])


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
        (lambda: theory.momentum_stability_limit(1.0, 1.0), "momentum must be < 1, got 1.0"),
        (lambda: theory.expected_losses(_ONE, 0.1), r"rates must have shape"),
        (lambda: theory.expected_losses(_ONE, [np.nan]), "rates must be finite"),
        (lambda: theory.greedy_rates(_ONE, 0), "steps must be >= 1, got 0"),
        (lambda: theory.optimal_rates(_ONE, 0), "steps must be >= 1, got 0"),
        (lambda: theory.regret(_ONE, [[np.inf]]), "rates must be finite"),
        (lambda: theory.best_peak(_ONE, constant, 0), "steps must be >= 1, got 0"),
        (lambda: theory.best_peak(_ONE, lambda p: constant(1e-9 * p), 9), "schedule_at_peak must"),
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
