"""Runs scikit-learn's linear models and networks, and reads the rates off what they learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import sklearn
from sklearn import linear_model, neural_network
from sklearn.neural_network import _multilayer_perceptron

from records.drivers.driving import drive

PINS = ("scikit-learn==1.9.1", "scipy==1.17.1", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates that a model has learned with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged, and that a value is deprecated
        if name.startswith("MLP"):
            return _network(name, arguments, updates)
        if name == "SGDOneClassSVM":
            return _one_class(arguments, updates)
        return _linear(name, arguments, updates)


def _linear(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates: each sample has a feature of its own, whose weight is then rate * slope."""
    in_parts = arguments.pop("partial_fit", False)
    if name != "Perceptron":
        classifies = name == "SGDClassifier"
        arguments["loss"] = "hinge" if classifies else "squared_error"
    if not in_parts:
        arguments |= {"max_iter": 1, "tol": None}
    model = getattr(linear_model, name)(
        penalty=None, fit_intercept=False, shuffle=False, **arguments
    )
    samples, targets = np.eye(updates), np.where(np.arange(updates) % 3, 1.0, -1.0)
    if in_parts:
        more = {} if name == "SGDRegressor" else {"classes": [-1.0, 1.0]}
        for begin in range(0, updates, 10):
            part = slice(begin, begin + 10)
            model.partial_fit(samples[part], targets[part], **more)
    else:
        model.fit(samples, targets)
    return list(np.ravel(model.coef_) * targets)


def _one_class(arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates, read after every sample, since later ones shrink its weight."""
    arguments.pop("partial_fit", None)
    model = linear_model.SGDOneClassSVM(fit_intercept=False, shuffle=False, **arguments)
    seen = []
    for t, sample in enumerate(np.eye(updates)):
        model.partial_fit(sample[None])
        seen.append(float(model.coef_[t]))
    return seen


def _network(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rate that the optimizer has at each of its updates."""
    seen: list[float] = []
    kind = _multilayer_perceptron.SGDOptimizer
    usual = kind.update_params

    def noting(self: Any, params: Any, grads: Any) -> None:
        seen.append(float(self.learning_rate))
        usual(self, params, grads)

    samples = arguments.pop("n_samples")
    never = {"max_iter": updates, "tol": 0.0, "n_iter_no_change": updates + 1, "random_state": 0}
    model = getattr(neural_network, name)(hidden_layer_sizes=(1,), **never, **arguments)
    inputs = np.linspace(-1, 1, samples)[:, None] * 1e-3
    kind.update_params = noting
    try:
        model.fit(inputs, np.arange(samples) % 2)
    finally:
        kind.update_params = usual
    return seen[:updates]


if __name__ == "__main__":
    drive(rates, sklearn.__version__)
