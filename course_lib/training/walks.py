"""The engine's optimizers over a landscape of a few parameters, many runs at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.problems import Landscape
from course_lib.training.numpy_optimizers import new_state
from course_lib.training.settings import Adam, Sgd
from course_lib.validation import check_real, check_seeds, check_table


def walk(
    landscape: Landscape,
    optimizer: Sgd | Adam,
    rates: np.ndarray,
    start: np.ndarray,
    noise_std: float,
    seeds: np.ndarray | Sequence[int],
) -> np.ndarray:
    """Return the paths of an optimizer that sees the landscape's gradient with noise.

    With `Sgd()` these are the paths of `problems.walk`: the same updates and the same noise.

    Args:
        landscape: landscape to walk on.
        optimizer: its settings.
        rates: learning rates, shape (R, T), finite and >= 0: one row a run.
        start: w[0], shape (n,), finite; the same for all runs.
        noise_std: standard deviation of the noise of each coordinate of the gradient, >= 0.
        seeds: seeds of `numpy.random.default_rng`, one a run, shape (R,).

    Returns:
        Positions, shape (R, T + 1, n). A run is NaN from where its loss is no longer finite.

    Raises:
        ValueError, TypeError: the shapes do not fit, or an argument is out of its range.

    >>> from course_lib.problems import RiverValley
    >>> valley, rates = RiverValley(), np.full((3, 20), 0.01)
    >>> paths = walk(valley, Adam(), rates, valley.start, noise_std=1.0, seeds=[0, 1, 2])
    >>> paths.shape
    (3, 21, 2)
    """
    table, sigma = check_table("rates", rates), check_real("noise_std", noise_std)
    origin = np.asarray(start, dtype=np.float64)
    if origin.ndim != 1 or not np.isfinite(origin).all():
        raise ValueError(f"start must be finite and have shape (n,), got {start!r}")
    runs, steps = table.shape
    shape = (steps, len(origin))
    noise = [
        sigma * np.random.default_rng(seed).standard_normal(shape)
        for seed in check_seeds(seeds, runs)
    ]
    noise = np.stack(noise, axis=1)
    paths = np.empty((runs, steps + 1, len(origin)))
    paths[:, 0] = w = np.tile(origin, (runs, 1))
    state = new_state(optimizer, w, has_momenta=False)
    with np.errstate(all="ignore"):  # a run that overflows is marked, not warned of
        for t in range(steps):
            state.update(w, landscape.gradient(w) + noise[t], table[:, t, None], None)
            w[~np.isfinite(landscape.loss(w))] = np.nan
            paths[:, t + 1] = w
    return paths
