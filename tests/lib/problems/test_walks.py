"""Optimizers over landscapes: the same as plain descent, and as their formulas."""

import numpy as np
import pytest

from course_lib import problems, training

RATES = np.random.default_rng(0).uniform(0, 0.1, (3, 40))
SEEDS = [4, 5, 6]


@pytest.mark.parametrize(
    "landscape", [problems.Ravine(), problems.Rosenbrock(1.0), problems.SeveralMinima()]
)
def test_sgd_walks_as_plain_descent_does(landscape):
    ours = training.walk(landscape, training.Sgd(), RATES, landscape.start, 0.3, SEEDS)
    theirs = problems.walk(landscape, RATES, landscape.start, 0.3, SEEDS)
    np.testing.assert_array_equal(ours, theirs)


def test_momentum_is_its_formula():
    bowl = problems.Ravine((1.0, 3.0))
    path = training.walk(bowl, training.Sgd(momentum=0.8), RATES[:1], [1.0, -1.0], 0.0, [0])[0]
    w, v = np.array([1.0, -1.0]), np.zeros(2)
    for t in range(40):
        v = 0.8 * v + np.array([1.0, 3.0]) * w
        w = w - RATES[0, t] * v
        np.testing.assert_allclose(path[t + 1], w, rtol=1e-12)


def test_a_run_that_overflows_is_nan_from_there_and_leaves_others_alone():
    rates = np.stack([np.full(60, 1e9), np.full(60, 0.001)])
    paths = training.walk(problems.Rosenbrock(), training.Sgd(), rates, [-1.2, 1.0], 0.0, [0, 1])
    lost = np.isnan(paths[0]).any(axis=1)
    assert not lost[0]
    assert lost[-1]
    assert (np.diff(lost.astype(int)) >= 0).all()
    assert np.isfinite(paths[1]).all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"start": [[0.0, 1.0]]}, r"start must be finite and have shape \(n,\)"),
        ({"start": [np.nan, 1.0]}, "start must be finite"),
        ({"noise_std": -1.0}, "noise_std must be"),
        ({"rates": -RATES}, "rates must be"),
        ({"seeds": [1]}, "seeds must"),
    ],
)
def test_wrong_arguments_are_refused(changed, message):
    good = {"rates": RATES, "start": [1.0, 1.0], "noise_std": 0.1, "seeds": SEEDS}
    with pytest.raises(ValueError, match=message):
        training.walk(problems.Ravine(), training.Sgd(), **good | changed)
