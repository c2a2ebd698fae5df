"""Newton's method for the best rates against passes; many best peaks against each alone."""

import numpy as np
import pytest

from course_lib import schedules, theory
from course_lib.problems import NoisyQuadratic, power_law_quadratic
from course_lib.theory import newton, optimal


def terms(problem):
    return newton.Terms(*optimal._terms(problem))


@pytest.mark.parametrize("steps", [1, 2, 13, 40])
def test_the_derivatives_agree_with_finite_differences(steps):
    problem = power_law_quadratic(7, noise_std=0.5)
    rates = np.random.default_rng(0).uniform(0.1, 1.5, steps)
    rates[steps // 2] = 1.0  # 1 - η h is exactly 0 in the steepest coordinate
    path = newton._path(terms(problem), rates)
    assert path.loss == pytest.approx(theory.expected_losses(problem, rates)[-1], rel=1e-12)
    slope, bend, mixed = newton._derivatives(terms(problem), rates, path)
    assert slope == pytest.approx(rates * optimal._final_loss_and_slope(problem, rates)[1])
    size = 1e-5
    for t in range(steps):
        nudge = size * rates[t] * np.eye(steps)[t]
        up, down = (optimal._final_loss_and_slope(problem, rates + s * nudge)[1] for s in (1, -1))
        column = rates * (up - down) / (2 * size)  # ∂²/∂η_s ∂η_t times η_s η_t
        assert bend[t] == pytest.approx(column[t], rel=1e-6)
        assert mixed[t + 1 :, t] == pytest.approx(column[t + 1 :], rel=1e-5, abs=1e-8)
        assert (mixed[:t, t] == 0).all()


# What the lesson's explorer can be set to: noise of a batch from 0.5 to 40, see its sliders.
SETTINGS = [
    (dimensions, exponent, noise_std, noise_exponent)
    for dimensions in (2, 12, 50)
    for exponent in (0.0, 1.0, 2.0)
    for noise_std in (0.5, 4.0, 40.0)
    for noise_exponent in (0.0, 1.0)
]


@pytest.mark.parametrize("steps", [20, 60, 150])
def test_newton_finds_what_passes_find(steps):
    for setting in SETTINGS:
        problem = power_law_quadratic(*setting)
        found = newton.newton(terms(problem), theory.greedy_rates(problem, steps))
        assert found.slope < 1e-6, setting
        assert found.loss == pytest.approx(theory.expected_losses(problem, found.rates)[-1])
        passes = optimal._settle(problem, theory.greedy_rates(problem, steps))
        least = theory.expected_losses(problem, passes)[-1]
        best = theory.expected_losses(problem, theory.optimal_rates(problem, steps))[-1]
        assert best <= least * (1 + 1e-9), setting
        assert found.loss <= best * (1 + 1e-6), setting


def test_newton_finds_it_in_long_runs_with_little_noise():
    for setting in ((50, 2.0, 0.5, 1.0), (50, 1.0, 0.5, 0.0), (12, 1.5, 0.5, 1.0)):
        problem = power_law_quadratic(*setting)
        rates = theory.optimal_rates(problem, 500)
        best = theory.expected_losses(problem, rates)[-1]
        passes = optimal._settle(problem, np.geomspace(1.0, 0.01, 500))
        assert best <= theory.expected_losses(problem, passes)[-1] * (1 + 1e-9)
        slope = optimal._final_loss_and_slope(problem, rates)[1]
        assert np.abs(slope * rates).max() < 1e-7 * best


def test_newton_from_a_hopeless_start_gives_it_back():
    start = np.full(400, 1e3)
    with np.errstate(all="ignore"):
        found = newton.newton(terms(power_law_quadratic(3)), start)
    assert found.rates is start
    assert not found.slope < 1.0


def shapes(steps):
    """Schedules with odd floors, warmups and falls, from their peaks."""
    rise, fall = steps // 7, steps // 4
    return [
        schedules.constant,
        lambda peak: schedules.exponential(peak, 0.01 ** (1 / steps)),
        lambda peak: schedules.linear(peak, steps),
        lambda peak: schedules.warmup_cosine(peak, rise, steps, 0.3 * peak),
        lambda peak: schedules.cosine_restarts(peak, -(-steps // 3), 2),
        lambda peak: schedules.wsd(peak, rise, steps, fall, "1-sqrt"),
        lambda peak: schedules.one_cycle(peak, steps),
    ]


@pytest.mark.parametrize("steps", [20, 47, 200])
@pytest.mark.parametrize("too_high", [0.02, 1.0, 30.0])
def test_best_peaks_are_the_best_peak_of_each(steps, too_high):
    t = np.arange(steps)
    table = np.array([shape(1.0)(t) for shape in shapes(steps)])
    for setting in SETTINGS[:: 7 if too_high == 1.0 else 19]:
        problem = power_law_quadratic(*setting)
        guesses = too_high * theory.optimal_rates(problem, steps).sum() / table.sum(axis=1)
        peaks = theory.best_peaks(problem, table, guesses)
        losses = theory.expected_losses(problem, peaks[:, None] * table)[:, -1]
        for shape, loss in zip(shapes(steps), losses, strict=True):
            rates = shape(theory.best_peak(problem, shape, steps))(t)
            assert loss <= theory.expected_losses(problem, rates)[-1] * (1 + 1e-6), setting


def test_many_shapes_are_tuned_as_each_alone():
    problem, steps = power_law_quadratic(), 60
    table = np.random.default_rng(0).uniform(0.1, 1.0, (40, steps))
    peaks = theory.best_peaks(problem, table, np.full(40, 0.3))
    for row in (0, 17, 39):
        alone = theory.best_peaks(problem, table[[row]], [0.3])
        assert peaks[row] == pytest.approx(alone[0], rel=1e-6)


_ONE = NoisyQuadratic([1.0], [1.0], [1.0])


@pytest.mark.parametrize(
    ("shapes", "guesses", "message"),
    [
        ([1.0, 1.0], [1.0], "shapes must have shape"),
        ([[1.0, 1.0]], [1.0, 2.0], "shapes must have shape"),
        ([[1.0, -1.0]], [1.0], "finite and >= 0"),
        ([[0.0, 0.0]], [1.0], "each with a rate > 0"),
        ([[1.0, np.inf]], [1.0], "finite and >= 0"),
        ([[1.0, 1.0]], [0.0], "guesses must be finite and > 0"),
        ([[1.0, 1.0]], [1e-40], "guesses must be near a best factor"),
    ],
)
def test_bad_shapes_and_guesses_are_named(shapes, guesses, message):
    with pytest.raises(ValueError, match=message):
        theory.best_peaks(_ONE, shapes, guesses)


def test_no_step_of_newton_raises_the_loss():
    for setting in ((50, 1.5, 0.3), (10, 1.0, 0.1), (50, 2.0, 0.3)):
        problem = power_law_quadratic(*setting)
        start = theory.greedy_rates(problem, 20)
        losses = [newton.newton(terms(problem), start, steps).loss for steps in range(1, 16)]
        assert losses[0] < theory.expected_losses(problem, start)[-1]
        assert np.all(np.diff(losses) <= 1e-12 * losses[-1]), setting
