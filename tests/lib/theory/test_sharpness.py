"""Sharpness against exact eigenvalues: quadratics, and small networks with all of their Hessian."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import theory
from course_lib.problems import noisy_spirals
from course_lib.training import Mlp, Workload, init_mlp, loss_function, train

SMALL = Workload(noisy_spirals(per_class=8), Mlp((5, 4)), batch_size=8)
CURVES = st.lists(st.floats(-50, 50), min_size=2, max_size=9)


def quadratic(matrix):
    tensor = torch.tensor(matrix)
    return lambda w: 0.5 * ((w @ tensor) * w).sum(dim=1)


def rotated(curvatures, seed):
    size = len(curvatures)
    basis, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((size, size)))
    matrix = basis @ np.diag(curvatures) @ basis.T
    return (matrix + matrix.T) / 2


def full_hessians(losses_of, weights):
    """Return the Hessian at every row, written out."""
    rows = torch.tensor(weights)
    return np.array(
        [
            torch.autograd.functional.hessian(lambda w: losses_of(w[None])[0], row).numpy()
            for row in rows
        ]
    )


@given(CURVES, st.integers(0, 100))
@settings(deadline=None, max_examples=50)
def test_of_a_quadratic_it_is_the_largest_eigenvalue_wherever_the_weights_are(curvatures, seed):
    weights = np.random.default_rng(seed).standard_normal((3, len(curvatures)))
    found = theory.sharpness(quadratic(rotated(curvatures, seed)), weights, tolerance=1e-6)
    assert found == pytest.approx(max(curvatures), abs=1e-5 * max(1e-9, *np.abs(curvatures)))


@given(st.floats(0.1, 10), st.floats(0.01, 100), st.integers(0, 100))
@settings(deadline=None, max_examples=25)
def test_it_scales_as_the_loss_and_against_the_square_of_the_weights(factor, stretch, seed):
    matrix = rotated([3.0, -8.0, 1.0, 0.5], seed)
    weights = np.ones((1, 4))
    base = theory.sharpness(quadratic(matrix), weights, tolerance=1e-6)
    scaled = theory.sharpness(quadratic(factor * matrix), weights, tolerance=1e-6)
    assert scaled == pytest.approx(factor * base, rel=1e-4)
    loss = quadratic(matrix)
    narrow = theory.sharpness(lambda w: loss(w * stretch), weights, tolerance=1e-6)
    assert narrow == pytest.approx(stretch**2 * base, rel=1e-4)


@given(
    st.lists(st.floats(0.1, 50), min_size=3, max_size=3),
    st.lists(st.floats(0.01, 10), min_size=3, max_size=3),
    st.integers(0, 100),
)
@settings(deadline=None, max_examples=25)
def test_a_preconditioner_divides_the_hessian(curvatures, diagonal, seed):
    matrix = rotated(curvatures, seed)
    exact = np.linalg.eigvals(matrix / np.array(diagonal)[:, None]).real.max()
    found = theory.sharpness(
        quadratic(matrix), np.ones((2, 3)), preconditioner=diagonal, tolerance=1e-6
    )
    assert found == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("updates", [0, 60])
def test_of_a_network_it_is_the_largest_eigenvalue_of_all_of_its_hessian(updates):
    weights = train(SMALL, np.full((3, 60), 0.3), range(3), keep_at=(updates,)).weights[:, 0]
    losses_of = loss_function(SMALL)
    exact = np.linalg.eigvalsh(full_hessians(losses_of, weights))
    assert theory.sharpness(losses_of, weights) == pytest.approx(exact[:, -1], rel=1e-3)
    fine = theory.sharpness(losses_of, weights, tolerance=1e-8)
    assert fine == pytest.approx(exact[:, -1], rel=1e-9)
    rough = theory.sharpness(losses_of, weights.astype(np.float32))
    assert rough == pytest.approx(exact[:, -1], rel=1e-3)


def test_a_larger_negative_eigenvalue_does_not_hide_it():
    losses_of = loss_function(SMALL)
    weights = np.concatenate([a.ravel() for a in init_mlp((2, 5, 4, 3), seed=0)])[None]
    exact = np.linalg.eigvalsh(full_hessians(lambda w: -losses_of(w), weights))[0]
    assert exact[-1] < 0.5 * -exact[0]
    found = theory.sharpness(lambda w: -losses_of(w), weights, tolerance=1e-6)
    assert found == pytest.approx(exact[-1], rel=1e-4)


def test_a_row_does_not_depend_on_the_rows_beside_it():
    weights = train(SMALL, np.full((5, 9), 0.3), range(5), keep_at=(3, 9)).weights
    losses_of = loss_function(SMALL)
    together = theory.sharpness(losses_of, weights)
    assert together.shape == (5, 2)
    assert theory.sharpness(losses_of, weights, at_once=3) == pytest.approx(together, rel=1e-12)
    assert theory.sharpness(losses_of, weights[3:4, 1]) == pytest.approx(together[3, 1], rel=1e-12)


def test_runs_that_diverged_are_nan_and_disturb_nobody():
    losses_of = quadratic(np.diag([2.0, 5.0]))
    weights = np.array([[1.0, np.nan], [1.0, 1.0], [np.inf, 0.0], [1e300, 1.0]])
    assert theory.sharpness(losses_of, weights).round(9).tolist()[1] == 5.0
    assert np.isnan(theory.sharpness(losses_of, weights)).tolist() == [True, False, True, True]
    diagonal = np.where(np.isfinite(weights), 2.0, np.nan)
    assert theory.sharpness(losses_of, weights, preconditioner=diagonal)[1] == pytest.approx(2.5)
    assert np.isnan(theory.sharpness(losses_of, weights[:1])).all()


def test_a_flat_loss_has_no_curvature():
    assert theory.sharpness(lambda w: 3 * w.sum(dim=1), np.ones((2, 3))).tolist() == [0, 0]
    assert theory.sharpness(quadratic(np.zeros((3, 3))), np.ones((2, 3))).tolist() == [0, 0]


def test_what_has_not_converged_is_an_error_and_says_how_far_it_is():
    losses_of = quadratic(np.diag(np.linspace(1.0, 1.01, 200)))
    with pytest.raises(RuntimeError, match=r"2 of 2 rows after 3 products.*1e-06 was asked for"):
        theory.sharpness(losses_of, np.ones((2, 200)), tolerance=1e-6, most_products=3)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"weights": np.ones(3)}, ValueError, r"weights must have shape \(\.\.\., parameters\)"),
        ({"weights": np.ones((0, 3))}, ValueError, r"got \(0, 3\)"),
        ({"weights": np.ones((2, 3), int)}, TypeError, "float32 or float64, got int64"),
        ({"losses_of": lambda w: w.sum()}, ValueError, r"one loss a row, shape \(2,\), got \(\)"),
        ({"losses_of": lambda w: 1.0}, ValueError, "got float"),
        ({"tolerance": 0}, ValueError, "tolerance must be finite, > 0, got 0"),
        ({"tolerance": 1.0}, ValueError, "tolerance must be < 1"),
        ({"most_products": 0}, ValueError, "most_products must be >= 1"),
        ({"at_once": 2.5}, TypeError, "at_once must be a whole number"),
        ({"preconditioner": np.ones(2)}, ValueError, r"shape \(3,\) or \(2, 3\), got \(2,\)"),
        ({"preconditioner": np.array([1.0, 0.0, 1.0])}, ValueError, "finite and > 0"),
    ],
)
def test_bad_input_is_refused_by_name(change, error, message):
    arguments = {"losses_of": quadratic(np.eye(3)), "weights": np.ones((2, 3))} | change
    with pytest.raises(error, match=message):
        theory.sharpness(**arguments)
