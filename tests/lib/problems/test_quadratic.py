"""The noisy quadratic: its checks and its simulation."""

import warnings

import numpy as np
import pytest

from course_lib.problems import NoisyQuadratic, power_law_quadratic, simulate


def test_the_power_law_is_what_it_says():
    problem = power_law_quadratic(4, exponent=2.0, noise_std=3.0, batch_size=9, start=-2.0)
    assert problem.curvatures == pytest.approx([1, 1 / 4, 1 / 9, 1 / 16])
    assert problem.noise_std**2 == pytest.approx(problem.curvatures)  # 3² / 9 times the Hessian
    assert problem.start.tolist() == [-2.0] * 4
    flat = power_law_quadratic(3, noise_std=3.0, noise_exponent=0.0, batch_size=4)
    assert flat.noise_std == pytest.approx([1.5] * 3)
    assert (len(problem), len(power_law_quadratic())) == (4, 50)


def test_one_step_of_a_simulation_is_the_update():
    problem = NoisyQuadratic([2.0, 0.5], [0.3, 0.0], [1.0, -4.0])
    losses = simulate(problem, [[0.1, 0.4]], [5])[0]
    noise = np.random.default_rng(5).standard_normal((2, 2))
    w = np.array([1.0, -4.0])
    for t, rate in enumerate([0.1, 0.4]):
        assert losses[t] == pytest.approx(0.5 * (2.0 * w[0] ** 2 + 0.5 * w[1] ** 2))
        w -= rate * (np.array([2.0, 0.5]) * w + np.array([0.3, 0.0]) * noise[t])
    assert losses[2] == pytest.approx(0.5 * (2.0 * w[0] ** 2 + 0.5 * w[1] ** 2))


def test_a_run_does_not_depend_on_its_company():
    problem = power_law_quadratic(7)
    rates = np.random.default_rng(0).uniform(0, 2.5, (9, 40))
    seeds = np.arange(9) % 4
    together = simulate(problem, rates, seeds)
    for rows in ([0], [3, 8], [5, 1, 0, 7]):
        assert np.array_equal(simulate(problem, rates[rows], seeds[rows]), together[rows])
    many = np.arange(4500) % 9  # 7 * 40 numbers of noise each: more than are drawn at once
    assert np.array_equal(simulate(problem, rates[many], seeds[many]), together[many])
    assert not np.array_equal(together[0], together[1])


def test_a_diverged_run_is_nan_from_there_on_and_says_nothing():
    problem = NoisyQuadratic([1.0], [0.0], [1.0])
    rates = np.array([[1e100, 1e100, 1.0, 1.0], [0.5, 0.5, 0.5, 0.5]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        losses = simulate(problem, rates, [0, 1])
    assert np.isfinite(losses[0, :2]).all()
    assert np.isnan(losses[0, 2:]).all()  # a rate of 1 brings w back to 0: still diverged
    assert losses[1] == pytest.approx(0.5 * 0.25 ** np.arange(5))


def test_a_problem_cannot_be_changed():
    curvatures = np.ones(2)
    problem = NoisyQuadratic(curvatures, [1, 1], [1, 1])
    curvatures[0] = 5.0
    assert problem.curvatures.tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="read-only"):
        problem.start[0] = 2.0


_ONE = NoisyQuadratic([1.0], [1.0], [1.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NoisyQuadratic([1.0, 2.0], [1.0], [1.0, 1.0]), r"got \(2,\), \(1,\) and \(2,\)"),
        (lambda: NoisyQuadratic([], [], []), "n >= 1"),
        (lambda: NoisyQuadratic(1.0, 1.0, 1.0), r"shape \(n,\)"),
        (lambda: NoisyQuadratic([0.0], [1.0], [1.0]), "curvatures must be > 0, got 0.0"),
        (lambda: NoisyQuadratic([1.0], [-1.0], [1.0]), "noise_std must be >= 0, got -1.0"),
        (lambda: NoisyQuadratic([1.0], [1.0], [np.inf]), "start must be finite"),
        (lambda: NoisyQuadratic([np.nan], [1.0], [1.0]), "curvatures must be finite"),
        (lambda: power_law_quadratic(0), "dimensions must be >= 1, got 0"),
        (lambda: power_law_quadratic(exponent=-1.0), "exponent"),
        (lambda: power_law_quadratic(noise_std=-1.0), "noise_std"),
        (lambda: power_law_quadratic(noise_exponent=-0.5), "noise_exponent"),
        (lambda: power_law_quadratic(batch_size=0), "batch_size must be >= 1, got 0"),
        (lambda: power_law_quadratic(start=np.nan), "start"),
        (lambda: simulate(_ONE, [0.1], [0]), r"rates must be finite and have shape"),
        (lambda: simulate(_ONE, [[np.nan]], [0]), "rates must be finite"),
        (lambda: simulate(_ONE, [[0.1]], [0, 1]), "one seed a run: 1 expected, got 2"),
        (lambda: simulate(_ONE, [[0.1]], [-1]), "seeds must be >= 0, got -1"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
