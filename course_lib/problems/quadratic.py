"""A quadratic with gradient noise: the problem on which schedules can be computed exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from course_lib.validation import check_count, check_real, check_seeds

_NUMBERS_AT_ONCE = 2**20  # of noise: 8 MB


@dataclass(frozen=True, eq=False)
class NoisyQuadratic:
    """L(w) = ½ Σ h_i w_i², whose gradient is seen as h_i w_i + σ_i ξ_i, ξ_i ~ N(0, 1).

    The noise is drawn afresh for every step and coordinate. The lowest loss is 0, at w = 0. Any
    quadratic takes this form in the eigenbasis of its Hessian when its noise is uncorrelated there.

    Attributes:
        curvatures: curvatures h, shape (n,), > 0; n >= 1.
        noise_std: standard deviations σ of the gradient's noise, shape (n,), >= 0.
        start: starting point w_0, shape (n,). A random start of mean square `start`² has the
            same expected losses.
        name: name in plots and tables.

    Raises:
        ValueError: a shape does not fit, or a number is out of its range.

    The first direction is ten times as steep as the second, and it alone has noise:

    >>> problem = NoisyQuadratic(curvatures=[10.0, 1.0], noise_std=[1.0, 0.0], start=[1.0, 1.0])
    >>> simulate(problem, rates=[[0.1, 0.1, 0.1]], seeds=[0]).round(2)
    array([[5.5 , 0.41, 0.35, 0.28]])
    """

    curvatures: np.ndarray
    noise_std: np.ndarray
    start: np.ndarray
    name: str = "noisy quadratic"

    def __post_init__(self) -> None:
        """Keep float64 copies that cannot be written to, and check them."""
        for field in fields(self)[:3]:
            values = np.array(getattr(self, field.name), dtype=np.float64)
            values.flags.writeable = False
            object.__setattr__(self, field.name, values)
            if values.ndim != 1 or values.shape != self.curvatures.shape or values.size == 0:
                raise ValueError(
                    "curvatures, noise_std and start must have the same shape (n,), n >= 1, got "
                    f"{np.shape(self.curvatures)}, {np.shape(self.noise_std)} and "
                    f"{np.shape(self.start)}"
                )
            if not np.isfinite(values).all():
                raise ValueError(f"{field.name} must be finite, got {values.tolist()}")
        if self.curvatures.min() <= 0:
            raise ValueError(f"curvatures must be > 0, got {self.curvatures.min()} among them")
        if self.noise_std.min() < 0:
            raise ValueError(f"noise_std must be >= 0, got {self.noise_std.min()} among them")

    def __len__(self) -> int:
        """Return the number of coordinates n."""
        return len(self.curvatures)


def power_law_quadratic(
    dimensions: int = 50,
    exponent: float = 1.0,
    noise_std: float = 1.0,
    noise_exponent: float = 1.0,
    batch_size: int = 1,
    start: float = 1.0,
) -> NoisyQuadratic:
    """Return the quadratic with h_i = i^-exponent and σ_i² = noise_std² h_i^noise_exponent / B.

    With the default noise_exponent = 1 the noise's covariance is proportional to the Hessian, the
    paper's choice; 0 gives every coordinate the same noise.

    Args:
        dimensions: number of dimensions n, >= 1.
        exponent: power with which the curvatures fall, >= 0; the largest is 1, so the stability
            limit is 2.
        noise_std: noise of one example along the steepest coordinate, >= 0.
        noise_exponent: power with which the noise follows the curvature, >= 0.
        batch_size: examples averaged in a gradient, B >= 1; it divides the noise's variance.
        start: starting point w_0 of every coordinate.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.

    Source: Zhang et al. (2019), Which algorithmic choices matter at which batch sizes?,
    arXiv:1907.04164.

    >>> problem = power_law_quadratic(dimensions=4)
    >>> problem.curvatures.round(3)
    array([1.   , 0.5  , 0.333, 0.25 ])
    >>> problem.noise_std.round(3)
    array([1.   , 0.707, 0.577, 0.5  ])
    """
    count = check_count("dimensions", dimensions)
    power = check_real("exponent", exponent)
    curvatures = np.arange(1.0, count + 1.0) ** -power
    follow = check_real("noise_exponent", noise_exponent)
    variance = check_real("noise_std", noise_std) ** 2 / check_count("batch_size", batch_size)
    return NoisyQuadratic(
        curvatures,
        np.sqrt(variance * curvatures**follow),
        np.full(count, check_real("start", start, low=-np.inf)),
        name=f"{count}-dimensional quadratic",
    )


def simulate(
    problem: NoisyQuadratic, rates: np.ndarray, seeds: np.ndarray | Sequence[int]
) -> np.ndarray:
    """Run stochastic gradient descent, w_i <- w_i - η_t (h_i w_i + σ_i ξ_i), R times at once.

    A run's losses do not depend, to the bit, on which runs share the call.

    Args:
        problem: the quadratic.
        rates: learning rates η_t, shape (R, T), finite; a negative rate climbs.
        seeds: seed of each run's noise, shape (R,), whole numbers >= 0.

    Returns:
        L(w_t), shape (R, T + 1); NaN from the step at which a run's loss is not finite.

    Raises:
        ValueError, TypeError: rates or seeds are out of range, of the wrong shape or type.

    The mean over many seeds comes close to the expected loss:

    >>> problem, rates = power_law_quadratic(dimensions=4), np.full((1000, 20), 0.5)
    >>> round(float(simulate(problem, rates, seeds=range(1000))[:, -1].mean()), 2)
    0.32
    >>> from course_lib.theory import expected_losses
    >>> round(float(expected_losses(problem, rates[0])[-1]), 2)
    0.32
    """
    eta = np.asarray(rates, dtype=np.float64)
    if eta.ndim != 2 or not np.isfinite(eta).all():
        raise ValueError(f"rates must be finite and have shape (runs, steps), got {eta.shape}")
    runs, steps = eta.shape
    streams = [np.random.default_rng(seed) for seed in check_seeds(seeds, runs)]
    chunk = max(1, _NUMBERS_AT_ONCE // max(1, runs * len(problem)))
    w = np.tile(problem.start, (runs, 1))
    losses = np.empty((runs, steps + 1))
    with np.errstate(over="ignore", invalid="ignore"):
        losses[:, 0] = _loss(problem, w)
        for first in range(0, steps, chunk):
            shape = (min(chunk, steps - first), len(problem))
            noise = [problem.noise_std * stream.standard_normal(shape) for stream in streams]
            for t in range(shape[0]):
                gradient = problem.curvatures * w + np.stack([run[t] for run in noise])
                w = w - eta[:, first + t, None] * gradient
                losses[:, first + t + 1] = _loss(problem, w)
    # w may come back from where w² is beyond float64; the run still counts as diverged.
    losses[np.logical_or.accumulate(~np.isfinite(losses), axis=1)] = np.nan
    return losses


def _loss(problem: NoisyQuadratic, w: np.ndarray) -> np.ndarray:
    # Not a matrix product: BLAS sums in an order that depends on how many rows there are.
    return 0.5 * np.sum(problem.curvatures * w**2, axis=-1)
