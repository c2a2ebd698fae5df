"""The bound on the last iterate of any convex Lipschitz problem, and weight decay's equilibrium."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import theory
from course_lib.schedules import constant, cosine, linear, wsd
from course_lib.training import AdamW
from course_lib.training.numpy_optimizers import AdamState

RATES = st.lists(st.floats(1e-3, 2.0), min_size=1, max_size=30)


def bound_by_sums(rates, distance, norm):
    """The theorem as it is printed, sum by sum; rates η_1 … η_T, the last > 0."""
    eta, total = np.concatenate([[np.nan], rates]), len(rates)  # 1-based
    bound = (distance**2 + norm**2 * np.sum(eta[1:] ** 2)) / (2 * np.sum(eta[1:]))
    for k in range(1, total):
        after = sum(eta[t] for t in range(k + 1, total + 1))
        here = sum(eta[t] for t in range(k, total + 1))
        squares = sum(eta[t] ** 2 * norm**2 for t in range(k, total + 1))
        bound += 0.5 * eta[k] / after * squares / here
    return bound


@given(RATES, st.floats(0.1, 5), st.floats(0.1, 5))
@settings(deadline=None)
def test_the_bound_is_the_theorem(rates, distance, norm):
    expected = bound_by_sums(rates, distance, norm)
    assert theory.last_iterate_bound(rates, distance, norm) == pytest.approx(expected, rel=1e-9)


@given(
    seed=st.integers(0, 10**6),
    dimensions=st.integers(1, 4),
    pieces=st.integers(1, 6),
    scale=st.floats(0.02, 2.0),
    zeros=st.integers(0, 3),
)
@settings(max_examples=150, deadline=None)
def test_no_subgradient_descent_exceeds_the_bound(seed, dimensions, pieces, scale, zeros):
    """f(x) = max_i |a_i · (x - x*)|: its subgradients are no longer than the longest a_i."""
    rng = np.random.default_rng(seed)
    slopes = rng.standard_normal((pieces, dimensions))
    norm = np.linalg.norm(slopes, axis=1).max()
    optimum = rng.standard_normal(dimensions)
    x = np.zeros(dimensions)
    rates = scale * rng.uniform(0, 1, rng.integers(1, 25)) ** rng.choice([0, 1, 4])
    rates[-1] += 1e-3
    rates = np.append(rates, np.zeros(zeros))
    for rate in rates[:-1]:  # the last weights are those that the last rate meets
        sides = slopes @ (x - optimum)
        steepest = np.argmax(np.abs(sides))
        x = x - rate * np.sign(sides[steepest]) * slopes[steepest]
    left = np.abs(slopes @ (x - optimum)).max()
    assert left <= theory.last_iterate_bound(rates, np.linalg.norm(optimum), norm) * (1 + 1e-9)


def test_the_bound_holds_where_it_is_tight():
    """One rate, f = G |x|, nothing moved yet: f(x_1) = G D, the bound's smallest value."""
    assert theory.last_iterate_bound([2.0 / 3.0], 2.0, 3.0) == pytest.approx(6.0)


@given(RATES, st.integers(1, 4))
@settings(deadline=None)
def test_zeros_at_the_end_leave_the_weights_of_the_last_move(rates, zeros):
    moved = theory.last_iterate_bound([*rates, rates[-1]])  # one update more than `rates` meets
    assert theory.last_iterate_bound([*rates, *[0.0] * zeros]) == pytest.approx(moved)


@given(RATES, st.integers(0, 3))
@settings(deadline=None)
def test_zeros_before_the_end_change_nothing(rates, zeros):
    gap = [*rates[:-1], *[0.0] * zeros, rates[-1]]
    assert theory.last_iterate_bound([0.0, *gap]) == pytest.approx(theory.last_iterate_bound(rates))


@given(RATES, st.floats(0.1, 5), st.floats(0.1, 5))
@settings(deadline=None)
def test_the_best_scale_is_best(rates, distance, norm):
    gamma = theory.best_scale(rates, distance, norm)
    at = [
        theory.last_iterate_bound(f * gamma * np.array(rates), distance, norm)
        for f in (1, 0.99, 1.01)
    ]
    assert at[0] < min(at[1:])
    assert theory.best_scale(gamma * np.array(rates), distance, norm) == pytest.approx(1.0)
    assert at[0] == pytest.approx(
        distance * norm * theory.last_iterate_bound(theory.best_scale(rates) * np.array(rates))
    )


@pytest.mark.parametrize(
    ("schedule", "bound", "peak"),
    [
        (linear(1.0, 4000), 2.002, 0.999),
        (cosine(1.0, 4000), 2.061, 0.970),
        (wsd(1.0, 0, 4000, 800, "1-sqrt"), 2.129, 0.542),
        (wsd(1.0, 0, 4000, 800), 2.164, 0.513),
        (constant(1.0), 3.142, 0.318),
    ],
    ids=["linear", "cosine", "wsd 1-sqrt", "wsd linear", "constant"],
)
def test_the_measured_bounds_of_schedules(schedule, bound, peak):
    rates = schedule(np.arange(4000))
    scale = theory.best_scale(rates)
    assert theory.last_iterate_bound(scale * rates) * 4000**0.5 == pytest.approx(bound, abs=5e-4)
    assert scale * 4000**0.5 == pytest.approx(peak, abs=5e-4)


def rest(rate, weight_decay, momentum, seed=0, size=40_000):
    """Squares of weights long after the start, under exact random updates."""
    rng = np.random.default_rng(seed)
    w, u = np.zeros(size), np.zeros(size)
    for _ in range(int(6 / (rate * weight_decay)) + 100):
        u = momentum * u + (1 - momentum) * rng.standard_normal(size)
        w = (1 - rate * weight_decay) * w - rate * u
    return w**2


@pytest.mark.parametrize(
    ("rate", "weight_decay", "momentum"),
    [(0.1, 0.2, 0.0), (2.0, 0.3, 0.0), (3.0, 0.5, 0.5), (0.2, 0.1, 0.9), (1.0, 0.2, 0.9)],
)
def test_weight_decay_holds_random_weights_at_the_equilibrium(rate, weight_decay, momentum):
    squares = rest(rate, weight_decay, momentum)
    expected = theory.weight_decay_equilibrium(rate, weight_decay, momentum) ** 2
    error = squares.std(ddof=1) / np.sqrt(squares.size)
    assert abs(squares.mean() - expected) < 4 * error


def test_the_equilibrium_of_small_rates_is_the_simple_formula():
    for momentum in (0.0, 0.9):
        rms = theory.weight_decay_equilibrium(1e-4, 0.1, momentum)
        assert rms == pytest.approx(np.sqrt(1e-4 / (2 * 0.1)), rel=1e-3)


def adamw_on_noise(beta2, rate=0.05, weight_decay=0.2, size=20_000):
    weights = np.zeros((1, size))
    state = AdamState(AdamW(beta2=beta2, weight_decay=weight_decay), weights)
    rng = np.random.default_rng(0)
    sizes, updates = [], []
    for t in range(1000):
        before = weights.copy()
        state.update(weights, rng.standard_normal((1, size)), np.array([[rate]]), None)
        if t >= 800:
            sizes.append(np.mean(weights**2))
            updates.append(np.mean(((1 - rate * weight_decay) * before - weights) ** 2) / rate**2)
    return np.sqrt(np.mean(sizes)), np.sqrt(np.mean(updates)), np.std(weights**2) / np.sqrt(size)


def test_adamw_on_noise_rests_near_the_equilibrium():
    expected = theory.weight_decay_equilibrium(0.05, 0.2, momentum=0.9)
    assert expected == pytest.approx(0.3387, abs=5e-5)
    rms, update, error = adamw_on_noise(beta2=0.999)
    assert abs(rms**2 - expected**2) < 4 * error
    assert abs(rms**2 - 0.05 / (2 * 0.2)) > 4 * error  # momentum is visible at this η λ
    assert update == pytest.approx(np.sqrt(0.1 / 1.9), rel=0.005)
    assert (rms, update) == (pytest.approx(0.3377, abs=5e-5), pytest.approx(0.2291, abs=5e-5))


def test_scale_invariant_weights_rest_at_their_norm():
    rate, weight_decay, norm = 0.1, 0.05, 3.0
    rng = np.random.default_rng(1)
    w = rng.standard_normal(50)
    for _ in range(3000):
        before = w
        gradient = rng.standard_normal(50)
        gradient -= w * (w @ gradient) / (w @ w)
        gradient *= norm / np.linalg.norm(gradient) / np.linalg.norm(w)
        w = (1 - rate * weight_decay) * w - rate * gradient
    size = np.linalg.norm(w)
    assert size == pytest.approx(theory.scale_invariant_norm(rate, weight_decay, norm), rel=1e-6)
    turn = np.arccos(w @ before / size / np.linalg.norm(before))
    assert turn == pytest.approx(np.sqrt(2 * rate * weight_decay), rel=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: theory.last_iterate_bound([[0.1]]), r"rates must have shape \(steps,\)"),
        (lambda: theory.last_iterate_bound([0.1, -0.1]), "rates must be finite and >= 0"),
        (lambda: theory.last_iterate_bound([np.inf]), "rates must be finite and >= 0"),
        (lambda: theory.last_iterate_bound([0.0, 0.0]), "rates must hold a rate > 0, got 2"),
        (lambda: theory.last_iterate_bound([]), "rates must hold a rate > 0, got 0"),
        (lambda: theory.last_iterate_bound([0.1], distance=0.0), "distance must be finite, > 0"),
        (lambda: theory.best_scale([0.1], gradient_norm=-1.0), "gradient_norm must be finite"),
        (lambda: theory.weight_decay_equilibrium(0.0, 0.1), "rate must be finite, > 0"),
        (lambda: theory.weight_decay_equilibrium(0.1, 0.0), "weight_decay must be finite, > 0"),
        (lambda: theory.weight_decay_equilibrium(2.0, 1.0), r"weight_decay must be < 2, got 2.0"),
        (lambda: theory.weight_decay_equilibrium(0.1, 0.1, 1.0), "momentum must be < 1, got 1.0"),
        (lambda: theory.scale_invariant_norm(1.0, 1.0, 1.0), "weight_decay must be < 1, got 1.0"),
        (lambda: theory.scale_invariant_norm(0.1, 0.1, 0.0), "gradient_norm must be finite, > 0"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
