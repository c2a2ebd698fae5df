"""Exercise 1, solved in other ways."""

import numpy as np


def gradient_step(w, gradient, rate):
    return [a - rate * b for a, b in zip(w, gradient, strict=True)]


def largest_stable_rate(hessian):
    w = np.ones(len(hessian))
    for _ in range(20_000):  # power iteration
        w = hessian @ w
        w = w / np.linalg.norm(w)
    return 2 / (w @ hessian @ w)


def steady_state_loss(rate, curvature, noise_std):
    m = 0.0
    for _ in range(20_000):
        m = (1 - rate * curvature) ** 2 * m + rate**2 * noise_std**2
    return curvature * m / 2


OTHER = {f.__name__: f for f in (gradient_step, largest_stable_rate, steady_state_loss)}
EQUIVALENT = {
    "steady_state_loss": {
        "minus noise_std, column 14 of "
        "`return rate * noise_std**2 / (2.0 * (2.0 - rate * curvature))`": "it is squared",
    },
}
