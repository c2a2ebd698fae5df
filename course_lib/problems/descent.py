"""Gradient descent over a landscape, with and without noise, many runs at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from course_lib.validation import check_real, check_seeds, check_table


class Landscape(Protocol):
    """A landscape, as far as `descend` and `walk` need it.

    Any object with these two methods will do:

    >>> class Bowl:
    ...     def loss(self, w):
    ...         return 0.5 * (w * w).sum(axis=-1)
    ...
    ...     def gradient(self, w):
    ...         return w
    >>> descend(Bowl(), rates=[[0.5, 0.5]], start=[1.0, 2.0])[0, -1]
    array([0.25, 0.5 ])
    """

    def loss(self, w: np.ndarray) -> np.ndarray:
        """Return the loss at points of shape (…, n), shape (…)."""

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the slope of the loss at points of shape (…, n), shape (…, n)."""


def descend(landscape: Landscape, rates: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the paths of gradient descent without noise: w[t + 1] = w[t] - rates[t] * ∇L(w[t]).

    Args:
        landscape: landscape to descend.
        rates: learning rates, shape (R, T), finite and >= 0: one row a path.
        start: starting point w[0], shape (n,) for all paths or (R, n).

    Returns:
        Positions, shape (R, T + 1, n). A path is NaN from where its loss is no longer finite.

    Raises:
        ValueError: the shapes do not fit, a rate is negative or a number is not finite.

    The first rate is below the stability limit of 2 / 20, the second is above it:

    >>> from course_lib.problems import Ravine
    >>> ravine = Ravine(curvatures=(1.0, 20.0))
    >>> paths = descend(ravine, rates=np.full((2, 50), [[0.09], [0.11]]), start=ravine.start)
    >>> [f"{loss:.2g}" for loss in ravine.loss(paths[:, -1])]
    ['4e-05', '4.1e+07']
    """
    table = check_table("rates", rates)
    origin = _check_start(start, len(table))
    return _paths(landscape, table, origin, noise=None)


def walk(
    landscape: Landscape,
    rates: np.ndarray,
    start: np.ndarray,
    noise_std: float,
    seeds: np.ndarray | Sequence[int],
) -> np.ndarray:
    """Return the paths of gradient descent with a noisy gradient.

    w[t + 1] = w[t] - rates[t] * (∇L(w[t]) + noise_std * ξ[t]), with ξ ~ N(0, 1) drawn afresh for
    every step and coordinate. A path depends on its own rates, start and seed only; more steps
    extend it, they do not change it.

    Args:
        landscape: landscape to walk on.
        rates: learning rates, shape (R, T), finite and >= 0: one row a run.
        start: starting point w[0], shape (n,) for all runs or (R, n).
        noise_std: standard deviation of the noise of each coordinate of the gradient, >= 0.
        seeds: seeds of `numpy.random.default_rng`, one a run, shape (R,).

    Returns:
        Positions, shape (R, T + 1, n). A run is NaN from where its loss is no longer finite.

    Raises:
        ValueError, TypeError: the shapes do not fit, or an argument is out of its range.

    A fifth of the rate leaves less noise in the loss, on average over 200 runs:

    >>> from course_lib.problems import Ravine
    >>> ravine, rates = Ravine(curvatures=(1.0,)), np.full((200, 100), 0.5)
    >>> for table in (rates, rates / 5):
    ...     paths = walk(ravine, table, ravine.start, noise_std=1.0, seeds=range(200))
    ...     print(f"{ravine.loss(paths[:, -1]).mean():.3f}")
    0.175
    0.027
    """
    table = check_table("rates", rates)
    origin = _check_start(start, len(table))
    sigma = check_real("noise_std", noise_std)
    numbers = check_seeds(seeds, len(table))
    shape = (table.shape[1], origin.shape[1])
    draws = [np.random.default_rng(seed).standard_normal(shape) for seed in numbers]
    return _paths(landscape, table, origin, noise=sigma * np.stack(draws))


def _paths(
    landscape: Landscape, rates: np.ndarray, start: np.ndarray, noise: np.ndarray | None
) -> np.ndarray:
    runs, steps = rates.shape
    paths = np.empty((runs, steps + 1, start.shape[1]))
    paths[:, 0] = w = start
    with np.errstate(all="ignore"):  # a run that overflows is marked, not warned of
        for t in range(steps):
            slope = landscape.gradient(w)
            if noise is not None:
                slope = slope + noise[:, t]
            w = w - rates[:, t, None] * slope
            w[~np.isfinite(landscape.loss(w))] = np.nan
            paths[:, t + 1] = w
    return paths


def _check_start(start: np.ndarray, runs: int) -> np.ndarray:
    point = np.asarray(start, dtype=np.float64)
    if point.ndim not in (1, 2) or (point.ndim == 2 and len(point) != runs):
        raise ValueError(f"start must have shape (n,) or ({runs}, n), got {point.shape}")
    if not np.isfinite(point).all():
        raise ValueError("start must be finite, got NaN or infinity in it")
    return np.broadcast_to(point, (runs, point.shape[-1]))
