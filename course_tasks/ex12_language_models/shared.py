"""The multi-power law of exercise 12, and parameters to draw cases with."""

from __future__ import annotations

import numpy as np

#: Parameters of the law and the ranges they are drawn from: about those that Luo et al. 2025 find
#: for models of 25 to 400 million parameters.
RANGES = {
    "L0": (2.2, 3.2),
    "A": (0.4, 0.8),
    "alpha": (0.35, 0.6),
    "B": (200.0, 600.0),
    "C": (1.0, 4.0),
    "beta": (0.3, 0.8),
    "gamma": (0.4, 0.8),
}

#: The model of 100 million parameters of Luo et al. 2025, arXiv:2503.12811, as their code gives it.
PUBLISHED = {
    "L0": 2.651,
    "A": 0.601,
    "alpha": 0.453,
    "B": 437.946,
    "C": 2.132,
    "beta": 0.598,
    "gamma": 0.655,
}


def drawn(rng: np.random.Generator) -> dict[str, float]:
    """Return parameters of the law, drawn from their ranges."""
    return {name: float(rng.uniform(*ends)) for name, ends in RANGES.items()}


def later_sums(rates: np.ndarray) -> np.ndarray:
    """Return the sum of the rates from each update to the end, shape (T,)."""
    return np.cumsum(rates[::-1])[::-1]


def law(parameters, rates, *, changes, spans, bases, gain=None):
    """Return the loss at the end of a run: each part of the sum over the changes can be replaced.

    Args:
        parameters: parameters by name.
        rates: rate of every update.
        changes: the falls of the rate, shape (T - 1,).
        spans: sum of rates that each fall has acted over, shape (T - 1,).
        bases: rates of which the power -gamma is taken, shape (T - 1,).
        gain: takes the share that is left of a fall; None: one less this share.
    """
    p = parameters
    left = (1 + p["C"] * bases ** -p["gamma"] * spans) ** -p["beta"]
    gained = 1 - left if gain is None else gain(left)
    return p["L0"] + p["A"] * np.sum(rates) ** -p["alpha"] - p["B"] * np.sum(changes * gained)
