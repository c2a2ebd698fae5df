"""Random models of scikit-learn, and scikit-learn itself."""

from __future__ import annotations

from tests.lib.libraries.random_torch import rate

_SGD = ("SGDClassifier", "SGDRegressor", "SGDOneClassSVM")


def _network(random):
    given = {
        "n_samples": random.randint(2, 90),
        "solver": "sgd",
        "learning_rate": random.choice(["constant", "invscaling", "invscaling"]),
        "learning_rate_init": rate(random) / 10,
        "power_t": random.choice([0.0, 0.25, 0.5, 1.0, random.uniform(0, 3)]),
    }
    return given | random.choice([{}, {"batch_size": random.choice([1, 7, 10, 33, 200])}])


def _linear(random, name):
    usual = "invscaling" if name == "SGDRegressor" else "optimal"
    kind = random.choice([usual, "optimal", "constant", "invscaling", "adaptive"])
    given = {"learning_rate": kind, "partial_fit": kind == "adaptive" or random.random() < 0.5}
    if kind == "optimal":
        return given | {"nu" if name == "SGDOneClassSVM" else "alpha": 10 ** random.uniform(-7, 0)}
    return given | {"eta0": rate(random), "power_t": random.choice([0.0, 0.25, 0.5, 1.0, 2.5])}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    name = random.choice([*_SGD, "Perceptron", "MLPClassifier", "MLPRegressor"])
    if name == "Perceptron":
        return "sklearn.Perceptron", {"eta0": rate(random)}, 60
    given = _linear(random, name) if name in _SGD else _network(random)
    return f"sklearn.{name}", given, 60


def real(name, arguments, updates):
    """Return the rates that a model has learned with."""
    from records.drivers.of_sklearn import rates

    return rates(name.split(".")[1], dict(arguments), updates)


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
