"""Newton's method for the rates that minimise the expected loss of a noisy quadratic."""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from course_lib.theory.expected import NUMBERS_A_CALL

_MOST_STEPS = 60
_LEVEL = 1e-9  # largest |∂ log E[L_T] / ∂ log η_t| that ends the search
_LONGEST = 2.0  # a rate changes by at most e² in a step
_DAMPING, _MOST_DAMPING = 0.1, 1e9


class Terms(NamedTuple):
    """All that the expected loss of a quadratic depends on, each of shape (n,).

    Attributes:
        h: curvatures.
        noise: ½ h σ², what a squared rate adds to u.
        u: u_0 = ½ h w_0².
    """

    h: np.ndarray
    noise: np.ndarray
    u: np.ndarray


class Found(NamedTuple):
    """The end of a search.

    Attributes:
        rates: learning rates, shape (T,).
        loss: expected loss E[L(w_T)] with them.
        slope: largest |∂ log E[L(w_T)] / ∂ log η_t|; 0 at a minimum, NaN where there is no loss.
    """

    rates: np.ndarray
    loss: float
    slope: float


class _Path(NamedTuple):
    """What a run at given rates goes through: factors 1 - η_t h, their squares, and u_t."""

    factors: np.ndarray
    squares: np.ndarray
    u: np.ndarray
    loss: float


def newton(terms: Terms, rates: np.ndarray, most_steps: int = _MOST_STEPS) -> Found:
    """Return a minimum of E[L(w_T)] near `rates`, or the lowest point met on the way to one.

    With p_{t+1} = Π_{s>t} (1 - η_s h)², derivatives of E[L(w_T)] = Σ_i u_{T,i} are

        ∂/∂η_t        = Σ_i 2 p_{t+1} (η_t n - (1 - η_t h) h u_t),            n = ½ h σ²
        ∂²/∂η_t²      = Σ_i 2 p_{t+1} (h² u_t + n)
        ∂²/∂η_s ∂η_t  = Σ_i -2 h / (1 - η_t h) * 2 p_{s+1} (η_s n - (1 - η_s h) h u_s),   s < t,

    so that all T² of them are one product of matrices (T, n) and (n, T). Steps are taken in log η,
    without the term of the slope that goes to 0 at the minimum, and are damped by a share of the
    diagonal, as Levenberg and Marquardt do, where they would not lower the loss.

    50 dimensions take 2 ms for 60 updates and 30 ms for 500, from `greedy_rates` (measured).

    Args:
        terms: terms of the quadratic.
        rates: learning rates η_t > 0 to begin at, shape (T,).
        most_steps: number of steps after which the search ends in any case, >= 1.
    """
    # Two threads take ten times as long as one for such small matrices when both cores are busy.
    with _blas().limit(limits=1, user_api="blas"):
        path, damping = _path(terms, rates), _DAMPING
        for _ in range(most_steps):
            slope, bend, hessian = _derivatives(terms, rates, path)
            steepest = float(np.abs(slope).max() / path.loss)
            if not steepest > _LEVEL:
                break
            moved, damping = _lower(terms, rates, path, slope, bend, hessian, damping)
            if moved is None:
                break
            rates, path = moved
    return Found(rates, path.loss, steepest)


def _lower(
    terms: Terms,
    rates: np.ndarray,
    path: _Path,
    slope: np.ndarray,
    bend: np.ndarray,
    hessian: np.ndarray,
    damping: float,
) -> tuple[tuple[np.ndarray, _Path] | None, float]:
    """Return rates a step away that do not raise the loss, if there are, and the next damping."""
    from scipy.linalg.lapack import dposv  # slow to import, and only needed here

    while damping < _MOST_DAMPING:
        matrix = hessian.copy()
        matrix.flat[:: len(rates) + 1] = bend * (1.0 + damping)
        # LAPACK takes the transposed view as it is, and reads its upper half only.
        _, step, failed = dposv(matrix.T, -slope, lower=0, overwrite_a=1)
        if not failed:
            step *= min(1.0, _LONGEST / np.abs(step).max())
            new_rates = rates * np.exp(step)
            new_path = _path(terms, new_rates)
            if new_path.loss <= path.loss * (1.0 + 1e-14):
                return (new_rates, new_path), damping / 8.0 if damping > 0.02 else 0.0
        damping = max(4.0 * damping, 0.05)
    return None, damping


def _path(terms: Terms, rates: np.ndarray) -> _Path:
    """Return the states u_t that the rates lead through, and the loss after the last.

    As in `expected`, the steps are cut into stretches that are worked on side by side.
    """
    (steps,), n = rates.shape, len(terms.h)
    stretches = max(1, min(NUMBERS_A_CALL // n, math.isqrt(steps)))
    length = -(-steps // stretches)
    padded = np.zeros((stretches * length, 1))  # a rate of 0 changes nothing
    padded[:steps, 0] = rates
    factors = 1.0 - padded * terms.h
    squares = factors * factors
    keep = squares.reshape(stretches, length, n)
    add = (padded * padded * terms.noise).reshape(keep.shape)
    u = np.empty((stretches, length + 1, n))
    u[0, 0] = terms.u
    if stretches > 1:
        kept, added = keep.prod(axis=1), np.zeros((stretches, n))
        for k in range(length):
            added = keep[:, k] * added + add[:, k]
        for k in range(stretches - 1):
            u[k + 1, 0] = kept[k] * u[k, 0] + added[k]
    for k in range(length):
        u[:, k + 1] = keep[:, k] * u[:, k] + add[:, k]
    before = u[:, :-1].reshape(-1, n)[:steps]
    return _Path(factors[:steps], squares[:steps], before, float(u[-1, -1].sum()))


def _derivatives(
    terms: Terms, rates: np.ndarray, path: _Path
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, by log η: the slope (T,), the diagonal (T,), and the mixed ones below it (T, T)."""
    h, noise, _ = terms
    p = np.ones_like(path.u)  # p[t] is what is left of u after update t
    np.cumprod(path.squares[:0:-1], axis=0, out=p[-2::-1])
    column = rates[:, None]
    pulls = 2.0 * column * p * (column * noise - path.factors * h * path.u)
    # A factor of exactly 0 makes p 0 as well: what it would divide is not there.
    shares = np.divide(
        -2.0 * column * h, path.factors, out=np.zeros_like(p), where=path.factors != 0.0
    )
    bend = 2.0 * rates**2 * ((p * path.u) @ (h * h) + p @ noise)
    return pulls.sum(axis=1), bend, (shares @ pulls.T) * _below(len(rates))


@lru_cache(maxsize=4)
def _below(steps: int) -> np.ndarray:
    """Return a matrix of ones below the diagonal."""
    return np.tri(steps, k=-1)


@cache
def _blas() -> ThreadpoolController:
    """Return what limits the threads of BLAS; to look for its libraries takes some time."""
    return ThreadpoolController()
