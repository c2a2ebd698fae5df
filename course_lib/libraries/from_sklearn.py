"""Converts the rates of scikit-learn's SGD models and networks (read and run with 1.9.1).

Linear models make an update for every sample, and t counts samples: through the epochs of `fit`,
which begins anew, and through calls of `partial_fit`, which go on. Everything is float64.
"""

from __future__ import annotations

import math

from course_lib.libraries.pieces import Phases, hold
from course_lib.libraries.registry import check_choice, converter, refuse
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Staircase
from course_lib.schedules.shapes import InverseTime
from course_lib.validation import check_count, check_real

_AGGRESSIVE = "its step is computed from the loss and the length of every sample"
for _name in ("PassiveAggressiveClassifier", "PassiveAggressiveRegressor"):
    refuse(f"sklearn.{_name}", f"{_AGGRESSIVE}; it goes in release 1.10")

_ETA0 = 0.01
_KINDS = ("constant", "optimal", "invscaling", "adaptive", "pa1", "pa2")


@converter("sklearn.SGDClassifier")
def sgd_classifier(
    *,
    learning_rate: str = "optimal",
    eta0: float = _ETA0,
    power_t: float = 0.5,
    alpha: float = 1e-4,
    partial_fit: bool = False,
) -> Phases:
    """One update a sample, of which t are done: "optimal", "constant" or "invscaling".

    "optimal", the default, is 1 / (alpha * (t0 + t)) with t0 = 1 / (alpha * s), s = alpha ** -1/4:
    the first update has the rate s, 10 with the default alpha, and eta0 is not used. "constant" is
    eta0 for ever; "invscaling" is eta0 / (t + 1) ** power_t. All go on for ever: `max_iter` epochs
    end the training and change no rate.

    "adaptive" divides the rate by 5 when the loss no longer falls, and is refused; with
    partial_fit=True it is eta0 for ever, since no call looks back. "pa1" and "pa2" are refused.

    For a schedule of one's own, set_params(eta0=...) before each call of partial_fit holds with
    learning_rate="constant", and changes nothing with "optimal".
    """
    return _sgd(learning_rate, eta0, power_t, alpha, partial_fit)


@converter("sklearn.SGDRegressor")
def sgd_regressor(
    *,
    learning_rate: str = "invscaling",
    eta0: float = _ETA0,
    power_t: float = 0.25,
    alpha: float = 1e-4,
    partial_fit: bool = False,
) -> Phases:
    """The same as `sklearn.SGDClassifier` with other defaults: eta0 / (t + 1) ** 0.25."""
    return _sgd(learning_rate, eta0, power_t, alpha, partial_fit)


@converter("sklearn.SGDOneClassSVM")
def sgd_one_class_svm(
    *,
    nu: float = 0.5,
    learning_rate: str = "optimal",
    eta0: float = _ETA0,
    power_t: float = 0.5,
    partial_fit: bool = False,
) -> Phases:
    """The same as `sklearn.SGDClassifier` with nu for alpha: the first rate is nu ** -1/4."""
    return _sgd(learning_rate, eta0, power_t, check_real("nu", nu, high=1.0), partial_fit)


@converter("sklearn.Perceptron")
def perceptron(*, eta0: float = 1.0) -> Phases:
    """eta0 for ever, 1 by default and not the 0.01 of `sklearn.SGDClassifier`."""
    return hold(check_real("eta0", eta0, low_open=True))


def _sgd(kind: str, eta0: float, power_t: float, alpha: float, partial_fit: bool) -> Phases:
    check_choice("learning_rate", kind, _KINDS)
    base = check_real("eta0", eta0, low_open=True)
    if kind in ("pa1", "pa2"):
        raise ValueError(f"learning_rate must not be {kind!r}: {_AGGRESSIVE}")
    if kind == "adaptive" and not partial_fit:
        raise ValueError("learning_rate must not be 'adaptive': it follows the loss")
    if kind == "optimal":
        if base != _ETA0:
            raise ValueError(
                f"eta0 must be left out with learning_rate='optimal', got {eta0!r}: the rate "
                "comes from alpha alone"
            )
        first = check_real("alpha", alpha, low_open=True) ** -0.25
        return (Phase(math.inf, first, 0.0, InverseTime(first * alpha)),)
    if kind == "invscaling":
        return _inverse(base, 1.0, _power(power_t))
    return hold(base)


def _power(power_t: float) -> float:
    if check_real("power_t", power_t, low=-math.inf) < 0:
        raise ValueError(
            f"power_t must be >= 0, got {power_t!r}: the rate would rise, which scikit-learn "
            "deprecates since 1.8"
        )
    return float(power_t)


def _inverse(base: float, rate: float, power: float, every: int = 1) -> Phases:
    if power == 0:
        return hold(base)
    shape = InverseTime(rate, power)
    return (Phase(math.inf, base, 0.0, shape if every == 1 else Staircase(shape, every)),)


@converter("sklearn.MLPClassifier")
def mlp_classifier(
    *,
    n_samples: int,
    solver: str = "adam",
    learning_rate: str = "constant",
    learning_rate_init: float = 0.001,
    power_t: float = 0.5,
    batch_size: int | str = "auto",
) -> Phases:
    """learning_rate_init; with solver="sgd" and "invscaling" over (n_samples * e + 1) ** power_t.

    e is the number of whole epochs done: the rate changes when an epoch ends, by the number of
    *samples* seen, so 10,000 samples divide it by 100 after one epoch. n_samples is the number of
    samples trained on (without those that early_stopping keeps), and an epoch takes
    ceil(n_samples / batch_size) updates, batch_size min(200, n_samples) by default.

    solver="adam", the default, uses no other `learning_rate` than "constant". "adaptive" divides
    by 5 when the loss no longer falls, and is refused.

    A network takes no schedule of one's own: between calls of partial_fit, set_params with another
    learning_rate_init changes nothing (scikit-learn issue 8149). fit with warm_start=True takes
    the new rate, and forgets momentum and Adam's moments.
    """
    check_choice("solver", solver, ["adam", "sgd", "lbfgs"])
    check_choice("learning_rate", learning_rate, ["constant", "invscaling", "adaptive"])
    base = check_real("learning_rate_init", learning_rate_init, low_open=True)
    samples = check_count("n_samples", n_samples)
    if solver == "lbfgs":
        raise ValueError("solver must be 'sgd' or 'adam', got 'lbfgs': it has no learning rate")
    if solver == "adam" and learning_rate != "constant":
        raise ValueError(
            f"learning_rate must be 'constant' with solver='adam', the default, got "
            f"{learning_rate!r}: only solver='sgd' uses another"
        )
    if learning_rate == "adaptive":
        raise ValueError("learning_rate must not be 'adaptive': it follows the loss")
    size = 200 if batch_size == "auto" else check_count("batch_size", batch_size)
    per_epoch = math.ceil(samples / min(size, samples))
    power = check_real("power_t", power_t)
    return hold(base) if learning_rate == "constant" else _epochs(base, samples, power, per_epoch)


def _epochs(base: float, samples: int, power: float, per_epoch: int) -> Phases:
    return _inverse(base, samples / per_epoch, power, per_epoch)


@converter("sklearn.MLPRegressor")
def mlp_regressor(
    *,
    n_samples: int,
    solver: str = "adam",
    learning_rate: str = "constant",
    learning_rate_init: float = 0.001,
    power_t: float = 0.5,
    batch_size: int | str = "auto",
) -> Phases:
    """The same as `sklearn.MLPClassifier`."""
    return mlp_classifier(
        n_samples=n_samples,
        solver=solver,
        learning_rate=learning_rate,
        learning_rate_init=learning_rate_init,
        power_t=power_t,
        batch_size=batch_size,
    )
