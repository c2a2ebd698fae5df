"""scikit-learn's rates: what counts, which argument is used, what follows the loss."""

import numpy as np
import pytest

from course_lib.libraries import from_library


def test_optimal_begins_at_ten_by_default_and_ignores_eta0():
    assert from_library("sklearn.SGDClassifier")(0) == pytest.approx(10.0)
    assert from_library("sklearn.SGDOneClassSVM", nu=0.0625)(0) == pytest.approx(2.0)
    assert from_library("sklearn.SGDRegressor")(15) == pytest.approx(0.005)


def test_a_network_divides_by_the_samples_seen_at_the_end_of_an_epoch():
    given = {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1}
    found = from_library("sklearn.MLPRegressor", n_samples=10_000, batch_size=5000, **given)
    np.testing.assert_allclose(found(range(4)), [0.1, 0.1, 0.1 / 10_001**0.5, 0.1 / 10_001**0.5])


def test_adaptive_is_constant_where_no_call_looks_back():
    given = {"learning_rate": "adaptive", "eta0": 0.3, "partial_fit": True}
    assert from_library("sklearn.SGDClassifier", **given)(1000) == 0.3


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("SGDClassifier", {"learning_rate": "adaptive"}, "it follows the loss"),
        ("SGDClassifier", {"learning_rate": "pa1"}, "the loss and the length of every sample"),
        ("SGDClassifier", {"eta0": 0.1}, "eta0 must be left out with learning_rate='optimal'"),
        ("SGDClassifier", {"alpha": 0.0}, "alpha must be finite, > 0"),
        ("SGDRegressor", {"power_t": -0.5}, "deprecates since 1.8"),
        ("MLPClassifier", {"learning_rate": "invscaling"}, "only solver='sgd' uses another"),
        ("MLPClassifier", {"learning_rate": "adaptive", "solver": "sgd"}, "follows the loss"),
        ("MLPClassifier", {"solver": "lbfgs"}, "it has no learning rate"),
        ("PassiveAggressiveClassifier", {}, "not a function of the step alone"),
    ],
)
def test_what_is_refused(name, given, said):
    needed = {"n_samples": 100} if name.startswith("MLP") else {}
    with pytest.raises(ValueError, match=said):
        from_library(f"sklearn.{name}", **needed, **given)
