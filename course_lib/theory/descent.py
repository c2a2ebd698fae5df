"""Gradient descent at a constant rate on a quadratic: where it converges, and where noise holds it.

The problem is L(w) = ½ wᵀ H w with its minimum at 0. A noisy gradient is H w + σ ξ with
ξ ~ N(0, 1) drawn afresh for every step and coordinate.
"""

from __future__ import annotations

import numpy as np

from course_lib.validation import check_real


def stability_limit(hessian: np.ndarray | float) -> float:
    """Return 2 / λ_max, the rate from which gradient descent no longer converges.

    Noise that does not depend on w does not change the limit: the variance of w stays bounded
    for 0 < η < 2 / λ_max and grows without bound above.

    Args:
        hessian: symmetric matrix (n, n), or its largest eigenvalue; λ_max > 0. The unit of the
            limit is that of w² / L.

    Raises:
        ValueError: not square, not symmetric, not finite, or λ_max <= 0.

    >>> hessian = np.array([[4.0, 0.0], [0.0, 1.0]])
    >>> stability_limit(hessian)
    0.5
    """
    matrix = np.atleast_2d(np.asarray(hessian, dtype=np.float64))
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"hessian must be a square matrix, got shape {matrix.shape}")
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T):
        raise ValueError(f"hessian must be finite and symmetric, got {matrix.tolist()}")
    largest = np.linalg.eigvalsh(matrix)[-1]
    if largest <= 0:
        raise ValueError(f"hessian must have a positive eigenvalue, the largest is {largest:g}")
    return float(2.0 / largest)


def momentum_stability_limit(hessian: np.ndarray | float, momentum: float) -> float:
    """Return 2 (1 + μ) / λ_max, the limit for v <- μ v + H w, w <- w - η v.

    Momentum 0.9 nearly doubles the largest stable rate. (Nesterov's form has another limit.)

    Args:
        hessian: symmetric matrix or its largest eigenvalue, as for `stability_limit`.
        momentum: momentum μ, 0 <= μ < 1.

    Raises:
        ValueError, TypeError: as `stability_limit`; the momentum is out of its range.

    Source: Polyak (1964), Some methods of speeding up the convergence of iteration methods.

    >>> round(momentum_stability_limit(hessian=4.0, momentum=0.9), 3)
    0.95
    """
    return stability_limit(hessian) * (1.0 + check_momentum(momentum))


def check_momentum(momentum: float) -> float:
    """Return `momentum` as a float when 0 <= momentum < 1; raise as `check_real` does."""
    mu = check_real("momentum", momentum)
    if mu >= 1.0:
        raise ValueError(f"momentum must be < 1, got {momentum!r}")
    return mu


def descend(curvatures: np.ndarray, start: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Return the path of gradient descent without noise, in the eigenbasis of H.

    w[t + 1] = (1 - rates[t] * λ) * w[t], coordinate by coordinate.

    Args:
        curvatures: eigenvalues λ, shape (n,).
        start: starting point w[0], shape (n,).
        rates: learning rates, shape (T,).

    Returns:
        w, shape (T + 1, n).

    Raises:
        ValueError: the shapes do not fit.

    >>> descend(curvatures=[1.0, 4.0], start=[1.0, 1.0], rates=[0.25, 0.25])
    array([[1.    , 1.    ],
           [0.75  , 0.    ],
           [0.5625, 0.    ]])
    """
    lam, w0, eta = (np.asarray(a, dtype=np.float64) for a in (curvatures, start, rates))
    if lam.ndim != 1 or w0.shape != lam.shape or eta.ndim != 1:
        raise ValueError(
            "curvatures and start must have shape (n,) and rates shape (T,), "
            f"got {lam.shape}, {w0.shape}, {eta.shape}"
        )
    factors = 1.0 - eta[:, None] * lam
    return np.cumprod(np.vstack([w0, factors]), axis=0)


def noise_floor(rate: float, curvature: float, noise_std: float) -> float:
    """Return the expected loss at which a constant rate settles: η σ² / (2 (2 - η λ)).

    For η well below the stability limit this is η σ² / 4: proportional to the rate, and
    independent of the curvature. It is the fixed point of the recursion in `expected_loss`.

    Args:
        rate: learning rate η, 0 <= η < 2 / λ.
        curvature: curvature λ > 0.
        noise_std: standard deviation σ >= 0 of the gradient's noise.

    Raises:
        ValueError, TypeError: an argument is out of its range; at η >= 2 / λ there is no rest.

    Half the rate leaves less than half the loss:

    >>> [round(noise_floor(rate, curvature=1.0, noise_std=1.0), 4) for rate in (0.4, 0.2)]
    [0.125, 0.0556]
    """
    lam = check_real("curvature", curvature, low_open=True)
    sigma = check_real("noise_std", noise_std)
    eta = check_real("rate", rate)
    if eta >= 2.0 / lam:
        raise ValueError(f"rate must be < 2 / curvature = {2.0 / lam:g}, got {rate!r}")
    return eta * sigma**2 / (2.0 * (2.0 - eta * lam))
