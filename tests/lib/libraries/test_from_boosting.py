"""Boosted trees: XGBoost's rates come one tree late, LightGBM's do not."""

import pytest

from course_lib.libraries import from_library

X, L = "xgboost.LearningRateScheduler", "lightgbm.reset_parameter"
HALVES = [0.1, 0.05, 0.025, 0.0125]


def test_xgboost_is_one_tree_late_and_keeps_the_last_rate():
    assert from_library(X, learning_rates=HALVES)(range(6)).tolist() == [0.3, *HALVES, 0.0125]


def test_lightgbm_begins_with_the_first_rate():
    assert from_library(L, learning_rate=HALVES)(range(5)).tolist() == [*HALVES, 0.0125]
    assert from_library(L, learning_rate=HALVES, boosting="rf")(2) == 1.0


def test_a_function_is_named_as_a_schedule():
    inner = ("torch.StepLR", {"base_lr": 0.2, "step_size": 2, "gamma": 0.5})
    assert from_library(X, learning_rates=inner)(range(5)).tolist() == [0.3, 0.2, 0.2, 0.1, 0.1]


@pytest.mark.parametrize(
    ("name", "given", "error", "said"),
    [
        (X, {"learning_rates": abs}, ValueError, "a function has no closed form"),
        (X, {"learning_rates": []}, TypeError, "learning_rates must be a list of rates"),
        (X, {"learning_rates": 0.1}, TypeError, "learning_rates must be a list of rates"),
        (L, {"learning_rate": [0.0]}, ValueError, "learning_rate must be finite, > 0"),
        (L, {"learning_rate": HALVES, "boosting": "dart"}, ValueError, "earlier trees"),
    ],
)
def test_bad_arguments_are_named(name, given, error, said):
    with pytest.raises(error, match=said):
        from_library(name, **given)
