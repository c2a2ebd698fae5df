#!/bin/sh
# Surprise: set_params with another rate between two calls of partial_fit, scikit-learn's only way to a
# schedule of one's own, works in half of its models. MLPClassifier and MLPRegressor ignore
# learning_rate_init, without a word: the first call makes the optimizer, and later calls keep it with
# the rate that it was made with. SGDClassifier, whose default is learning_rate="optimal", ignores eta0.
# With learning_rate="constant", the same call changes the rate of SGDClassifier and SGDRegressor.
#
# One would expect what set_params sets to hold from the next call on, as it does in all of these with
# fit, and as get_params says it does.
#
# A network takes a new rate in fit with warm_start=True, which makes a new optimizer and so also
# forgets momentum and Adam's moments.
#
# Source: sklearn/neural_network/_multilayer_perceptron.py (_fit_stochastic makes an optimizer unless
# there is one) and linear_model/_sgd_fast.pyx.tp ("optimal" computes its rate from alpha alone).
# Somebody's online training at 1e-10 that went on at .01:
# https://github.com/scikit-learn/scikit-learn/issues/8149
#
# Seen: scikit-learn 1.9.1, NumPy 2.4.6, Python 3.11, 2026-12-01.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-learn==1.9.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'CODE'
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor

warnings.simplefilter("ignore", ConvergenceWarning)
rng = np.random.default_rng(0)
X, y = rng.normal(size=(20, 3)), np.arange(20) % 2
LOW, HIGH = 1e-4, 1e-2
NETWORK = {"hidden_layer_sizes": (), "random_state": 0}
PLAIN = {**NETWORK, "solver": "sgd", "momentum": 0.0, "nesterovs_momentum": False}
SGD = {"random_state": 0}


def weights(model):
    return np.ravel(np.array(getattr(model, "coefs_", None) or model.coef_))


def moved(kind, given, name, rate):
    """Return how far the third call moves the weights, where the first two had the rate LOW."""
    model = kind(**given, **{name: LOW})
    is_classifier = kind in (MLPClassifier, SGDClassifier)
    for number in range(3):
        before = weights(model) if number else None
        if number == 2:
            model.set_params(**{name: rate})
        if given.get("warm_start"):
            model.fit(X, y)
        else:
            model.partial_fit(X, y, **({"classes": [0, 1]} if is_classifier else {}))
    assert model.get_params()[name] == rate
    return np.linalg.norm(weights(model) - before)


ROWS = (
    (MLPClassifier, NETWORK, "learning_rate_init", "nothing"),  # Adam, the default
    (MLPClassifier, PLAIN, "learning_rate_init", "nothing"),
    (MLPRegressor, PLAIN, "learning_rate_init", "nothing"),
    (SGDClassifier, SGD, "eta0", "nothing"),  # "optimal", the default
    (SGDClassifier, {**SGD, "learning_rate": "constant"}, "eta0", "much"),
    (SGDRegressor, {**SGD, "learning_rate": "constant"}, "eta0", "much"),
    (SGDRegressor, SGD, "eta0", "much"),  # "invscaling", the default
    (MLPRegressor, {**PLAIN, "warm_start": True, "max_iter": 1}, "learning_rate_init", "much"),
)
print(f"how many times as far a call moves the weights at {HIGH} as at {LOW}")
for kind, given, name, changes in ROWS:
    times = moved(kind, given, name, HIGH) / moved(kind, given, name, LOW)
    call = "fit, warm_start" if given.get("warm_start") else "partial_fit"
    told = given.get("solver") or given.get("learning_rate") or "default"
    print(f"{kind.__name__:14} {told:9} {call:16} {times:7.2f}")
    assert times == 1 if changes == "nothing" else times > 50
CODE
