"""The largest curvature of a loss, without its Hessian: sharpness by Lanczos' method.

The products of Hessian and vector are PyTorch's, which is imported late: the rest of theory needs
NumPy alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from course_lib.validation import check_count, check_real

if TYPE_CHECKING:
    import torch

    LossOfRows = Callable[[torch.Tensor], torch.Tensor]


def sharpness(
    losses_of: LossOfRows,
    weights: np.ndarray,
    *,
    preconditioner: np.ndarray | None = None,
    tolerance: float = 1e-3,
    most_products: int = 200,
    at_once: int = 8,
) -> np.ndarray:
    """Return the largest eigenvalue λ of the Hessian of a loss, at every row of `weights`.

    Gradient descent at rate η can rest at a point only where λ <= 2 / η. No Hessian is formed. Its
    product with a vector is H v = ∇(v · ∇L), one more pass backward (Pearlmutter 1994), and
    Lanczos' method finds the largest λ from few products. Power iteration, its simplest relative,
    finds the eigenvalue of largest *magnitude*, which may be negative; this one does not.

    Lanczos' method gives a pair λ, v for which some eigenvalue lies within |H v − λ v| of λ. It
    stops where this bound is at most `tolerance` times the largest curvature in magnitude. The
    actual error is usually far smaller, about the square of the bound over the gap to the next
    eigenvalue.

    Args:
        losses_of: the losses, shape (R,), of weights of shape (R, P), as tensors. Row i of the
            losses may depend on row i of the weights only. `training.loss_function` makes one.
        weights: rows of all parameters, shape (..., P), floats, as in `Runs.weights`. Products
            are computed in their precision.
        preconditioner: P > 0, the diagonal of a matrix, shape (P,) or that of `weights`; then the
            result is the largest eigenvalue of P⁻¹ H. With P = sqrt(v̂) + eps, Adam's divisor, it
            is the preconditioned sharpness, whose limit is (2 + 2 β₁) / ((1 − β₁) η) = 38 / η for
            β₁ = 0.9 (Cohen et al. 2022; their P has the factor 1 − β₁ᵗ of m̂ in it as well).
        tolerance: 0 < tolerance < 1. Float32 supports about 1e-5.
        most_products: products after which it gives up, >= 1.
        at_once: rows whose products are computed together, >= 1; memory grows with it.

    Returns:
        λ in float64, shape (...). NaN where weights or loss are not finite: a run that diverged.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong shape or type.
        RuntimeError: a row has not converged after `most_products`.

    Source: Pearlmutter (1994), Fast exact multiplication by the Hessian; Cohen et al. (2021),
    arXiv:2103.00065; Cohen et al. (2022), arXiv:2207.14484, for Adam.

    >>> def saddle(w):  # 1.5 x² − 4 y²: curvatures 3 and −8
    ...     return 1.5 * w[:, 0] ** 2 - 4 * w[:, 1] ** 2
    >>> sharpness(saddle, np.array([[1.0, 2.0], [0.0, 0.0]])).round(6).tolist()
    [3.0, 3.0]
    """
    import torch

    if check_real("tolerance", tolerance, low_open=True) >= 1.0:
        raise ValueError(f"tolerance must be < 1, got {tolerance!r}")
    check_count("most_products", most_products)
    check_count("at_once", at_once)
    rows = _check_weights(weights)
    result = np.full(rows.shape[:-1], np.nan)
    scale = None if preconditioner is None else _scale(preconditioner, rows)
    flat = rows.reshape(-1, rows.shape[-1])
    values = result.reshape(-1)  # a view
    finite = np.flatnonzero(np.isfinite(flat).all(axis=1))
    with torch.enable_grad():
        for first in range(0, len(finite), at_once):
            some = finite[first : first + at_once]
            factor = None if scale is None else torch.tensor(scale[some])
            values[some] = _of_some(
                losses_of, torch.tensor(flat[some]), factor, tolerance, most_products
            )
    return result


def _check_weights(weights: np.ndarray) -> np.ndarray:
    rows = np.asarray(weights)
    if rows.dtype not in (np.float32, np.float64):
        raise TypeError(f"weights must be float32 or float64, got {rows.dtype}")
    if rows.ndim < 2 or 0 in rows.shape:
        raise ValueError(
            f"weights must have shape (..., parameters), two axes or more: got {rows.shape}"
        )
    return rows


def _scale(preconditioner: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return P^(-1/2) for every flat row: P⁻¹ H has the eigenvalues of P^(-1/2) H P^(-1/2)."""
    diagonal = np.asarray(preconditioner, dtype=np.float64)
    if diagonal.shape not in (rows.shape[-1:], rows.shape):
        raise ValueError(
            f"preconditioner must have shape {rows.shape[-1:]} or {rows.shape}, got "
            f"{diagonal.shape}"
        )
    per_row = np.broadcast_to(diagonal, rows.shape).reshape(-1, rows.shape[-1])
    of_finite = per_row[np.isfinite(rows.reshape(per_row.shape)).all(axis=1)]
    if not (np.isfinite(of_finite).all() and (of_finite > 0).all()):
        raise ValueError("preconditioner must be finite and > 0 wherever the weights are finite")
    with np.errstate(invalid="ignore"):  # rows of runs that diverged are never read
        return (per_row**-0.5).astype(rows.dtype)


def _of_some(
    losses_of: LossOfRows,
    rows: torch.Tensor,
    factor: torch.Tensor | None,
    tolerance: float,
    most_products: int,
) -> np.ndarray:
    """Return λ of rows whose weights are finite, (R,)."""
    import torch

    rows.requires_grad_()
    losses = losses_of(rows)
    if not isinstance(losses, torch.Tensor) or losses.shape != rows.shape[:1]:
        got = tuple(losses.shape) if isinstance(losses, torch.Tensor) else type(losses).__name__
        raise ValueError(
            f"losses_of must return a tensor of one loss a row, shape ({len(rows)},), got {got}"
        )
    (slope,) = torch.autograd.grad(losses.sum(), rows, create_graph=True)
    finite = (torch.isfinite(losses) & torch.isfinite(slope).all(dim=1)).numpy(force=True)
    if not slope.requires_grad:  # linear in the weights
        return np.where(finite, 0.0, np.nan)

    def product(v: torch.Tensor) -> torch.Tensor:
        v = v if factor is None else factor * v
        (hv,) = torch.autograd.grad(slope, rows, v, retain_graph=True, materialize_grads=True)
        return hv if factor is None else factor * hv

    values, bounds = _lanczos(product, rows.detach(), finite, tolerance, most_products)
    late = np.isnan(values) & finite
    if late.any():
        raise RuntimeError(
            f"sharpness has not converged for {late.sum()} of {len(rows)} rows after "
            f"{most_products} products: |Hv − λv| is {bounds[late].max():.2g} of the largest "
            f"curvature, {tolerance:g} was asked for; raise most_products or tolerance"
        )
    return values


def _lanczos(
    product: Callable[[torch.Tensor], torch.Tensor],
    rows: torch.Tensor,
    finite: np.ndarray,
    tolerance: float,
    most_products: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest eigenvalues, (R,), NaN where one has not converged, and the last bounds.

    Every new vector is made orthogonal to all before it, twice: rounding spoils Lanczos' method
    otherwise. A row's value is fixed when it has converged, whatever the rows beside it need.
    """
    import torch

    # One start for all rows, so that a row's result does not depend on its place. It has a part in
    # every direction, hence in that of the largest eigenvalue.
    start = np.random.default_rng(0).standard_normal(rows.shape[1])
    v = torch.tensor(start / np.linalg.norm(start), dtype=rows.dtype).expand_as(rows)
    mask = torch.tensor(finite)[:, None]
    values, bounds = np.full(len(rows), np.nan), np.full(len(rows), np.inf)
    basis, alphas, betas = [v], [], []
    for _ in range(most_products):
        w = torch.where(mask, product(basis[-1]), 0.0)
        alphas.append((w * basis[-1]).sum(dim=1).numpy(force=True).astype(np.float64))
        before = torch.stack(basis)
        for _ in range(2):
            w = w - torch.einsum("kr,krp->rp", torch.einsum("krp,rp->kr", before, w), before)
        length = w.norm(dim=1)
        betas.append(length.numpy(force=True).astype(np.float64))
        ritz, last = _eigenvalues(alphas, betas[:-1])
        size = np.abs(ritz).max(axis=1)
        error = betas[-1] * np.abs(last)
        done = finite & (error <= tolerance * size)
        values = np.where(done & np.isnan(values), ritz[:, -1], values)
        bounds = np.divide(error, size, out=np.zeros_like(error), where=size > 0)
        if (~finite | ~np.isnan(values)).all():
            break
        basis.append(w / length.clamp(min=torch.finfo(w.dtype).tiny)[:, None])
    return values, bounds


def _eigenvalues(
    alphas: list[np.ndarray], betas: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the eigenvalues of the tridiagonal matrices, (R, k), and the last entry of the
    eigenvector of the largest, (R,).
    """
    k = len(alphas)
    matrices = np.zeros((len(alphas[0]), k, k))
    on = np.arange(k)
    matrices[:, on, on] = np.transpose(alphas)
    if betas:
        off = np.transpose(betas)
        matrices[:, on[1:], on[:-1]] = matrices[:, on[:-1], on[1:]] = off
    values, vectors = np.linalg.eigh(matrices)
    return values, vectors[:, -1, -1]
