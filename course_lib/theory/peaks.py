"""The peak at which a schedule leaves the smallest expected loss, for one and for many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from course_lib.problems.quadratic import NoisyQuadratic
from course_lib.theory.expected import NUMBERS_A_CALL, expected_losses
from course_lib.validation import check_count

if TYPE_CHECKING:
    from course_lib.schedules import Schedule

_PEAKS = np.geomspace(1e-4, 1e3, 141)  # in units of the stability limit

# Ratio of neighbours on a grid, and points to either side of its middle. With little noise there
# are several minima, less than a factor of 1.2 apart: that is what the second grid is for.
_GRIDS = ((2.0**0.5, 2), (2.0**0.125, 3))
_MOST_MOVES = 60
_ROUNDS = 4
_GOLDEN = 0.381966


def best_peak(
    problem: NoisyQuadratic, schedule_at_peak: Callable[[float], Schedule], steps: int
) -> float:
    """Return the peak rate at which a schedule leaves the smallest E[L(w_T)].

    A grid of peaks, 10⁻⁴ … 10³ times the stability limit 2 / h_max and 20 a decade, then bounded
    scalar minimisation between the neighbours of its best point.

    Args:
        problem: the quadratic.
        schedule_at_peak: function from a peak to its schedule, for instance
            `lambda peak: schedules.cosine(peak, steps)`.
        steps: number of updates T >= 1.

    Raises:
        ValueError, TypeError: `steps` is out of its range or not a whole number; the rates of a
            schedule are not finite; the best peak lies at an end of the grid.

    >>> from course_lib.problems import power_law_quadratic
    >>> from course_lib.schedules import cosine
    >>> problem = power_law_quadratic()
    >>> round(best_peak(problem, lambda peak: cosine(peak, total_steps=300), steps=300), 3)
    0.365
    """
    from scipy.optimize import minimize_scalar  # slow to import, and only needed here

    t = np.arange(check_count("steps", steps))

    def final_losses(peaks: np.ndarray) -> np.ndarray:
        rates = np.array([schedule_at_peak(float(peak))(t) for peak in peaks])
        return expected_losses(problem, rates)[:, -1]

    peaks = _PEAKS * 2.0 / problem.curvatures.max()
    best = int(np.argmin(final_losses(peaks)))
    if best in (0, len(peaks) - 1):
        raise ValueError(
            f"schedule_at_peak must have its best peak between {peaks[0]:g} and {peaks[-1]:g}; "
            f"the best of these is {peaks[best]:g}"
        )
    found = minimize_scalar(
        lambda log_peak: final_losses(np.exp([log_peak]))[0],
        bounds=tuple(np.log(peaks[[best - 1, best + 1]])),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(np.exp(found.x))


def best_peaks(problem: NoisyQuadratic, shapes: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    """Return the factor by which each shape leaves the smallest E[L(w_T)].

    For rates proportional to their peak it gives the result of `best_peak`, for all shapes at once:
    a coarse grid about the guess and a fine one about its best point, each moved on while its best
    point is at an end, and then parabolas in log E[L(w_T)]. Seven shapes of 300 updates in 50
    dimensions take 10 ms (measured).

    Args:
        problem: the quadratic.
        shapes: rates for a peak of 1, shape (F, T), >= 0, finite, each with a rate > 0.
        guesses: factor to begin at for each shape, > 0, shape (F,).

    Raises:
        ValueError: shapes or guesses of another shape, or numbers out of their range.

    >>> from course_lib.problems import power_law_quadratic
    >>> from course_lib.schedules import cosine, linear
    >>> shapes = [schedule(1.0, total_steps=300)(range(300)) for schedule in (cosine, linear)]
    >>> best_peaks(power_law_quadratic(), shapes, guesses=[0.5, 0.5]).round(3)
    array([0.365, 0.361])
    """
    table, first = np.asarray(shapes, dtype=np.float64), np.asarray(guesses, dtype=np.float64)
    if table.ndim != 2 or not table.size or first.shape != (len(table),):
        raise ValueError(
            "shapes must have shape (schedules, steps) and guesses (schedules,), "
            f"got {table.shape} and {first.shape}"
        )
    if not np.isfinite(table).all() or (table < 0).any() or not (table > 0).any(axis=1).all():
        raise ValueError("shapes must be finite and >= 0, each with a rate > 0")
    if not np.isfinite(first).all() or (first <= 0).any():
        raise ValueError(f"guesses must be finite and > 0, got {first.tolist()}")
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        middles = np.log(first)
        for ratio, reach in _GRIDS:
            at, height = _bracket(problem, table, middles, np.log(ratio), reach)
            middles = at[:, 1]
        for _ in range(_ROUNDS):
            _narrow(problem, table, at, height)
    return np.exp(at[:, 1])


def _bracket(
    problem: NoisyQuadratic, shapes: np.ndarray, middles: np.ndarray, step: float, reach: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return three neighbouring log factors, the middle one the best, and their log losses."""
    rows, offsets = np.arange(len(shapes)), step * np.arange(-reach, reach + 1)
    for _ in range(_MOST_MOVES):
        grid = middles[:, None] + offsets
        heights = _log_losses(problem, shapes, grid)
        best = np.argmin(heights, axis=1)
        ends = (best == 0) | (best == len(offsets) - 1)
        if not ends.any():
            three = best[:, None] + np.array([-1, 0, 1])
            return grid[rows[:, None], three], heights[rows[:, None], three]
        middles = np.where(ends, grid[rows, best], middles)
    raise ValueError(f"guesses must be near a best factor that is > 0, got {np.exp(middles)}")


def _narrow(
    problem: NoisyQuadratic, shapes: np.ndarray, at: np.ndarray, height: np.ndarray
) -> None:
    """Try the lowest point of the parabola through the three, and keep the best and neighbours."""
    (a, b, c), (fa, fb, fc) = at.T, height.T
    left, right = (b - a) * (fb - fc), (b - c) * (fb - fa)
    with np.errstate(divide="ignore", invalid="ignore"):
        new = b - 0.5 * ((b - a) * left - (b - c) * right) / (left - right)
    larger = np.where(c - b > b - a, b + _GOLDEN * (c - b), b - _GOLDEN * (b - a))
    # A parabola that fails to bend, or that falls on a point at hand, would not narrow anything.
    usable = (new > a) & (new < c) & (np.abs(new - b) > 1e-7)
    new = np.where(usable, new, larger)
    found = _log_losses(problem, shapes, new[:, None])[:, 0]
    lower, right_of = found < fb, new > b
    at[:] = np.where(
        lower[:, None],
        np.where(right_of[:, None], np.stack([b, new, c], 1), np.stack([a, new, b], 1)),
        np.where(right_of[:, None], np.stack([a, b, new], 1), np.stack([new, b, c], 1)),
    )
    height[:] = np.where(
        lower[:, None],
        np.where(right_of[:, None], np.stack([fb, found, fc], 1), np.stack([fa, found, fb], 1)),
        np.where(right_of[:, None], np.stack([fa, fb, found], 1), np.stack([found, fb, fc], 1)),
    )


def _log_losses(problem: NoisyQuadratic, shapes: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Return log E[L(w_T)] for factors exp(logs), shape (F, P); very large where beyond float64."""
    h = problem.curvatures
    noise, u0 = 0.5 * h * problem.noise_std**2, 0.5 * h * problem.start**2
    steps = shapes.shape[1]
    rates = (np.exp(logs)[:, :, None] * shapes[:, None]).reshape(-1, steps)
    losses = np.empty(len(rates))
    rows = max(1, 40 * NUMBERS_A_CALL // (len(h) * steps))
    for first in range(0, len(rates), rows):
        losses[first : first + rows] = _final_losses(h, noise, u0, rates[first : first + rows])
    return np.log(np.where(np.isfinite(losses), losses, 1e300)).reshape(logs.shape)


def _final_losses(
    h: np.ndarray, noise: np.ndarray, u0: np.ndarray, rates: np.ndarray
) -> np.ndarray:
    """Return E[L(w_T)] = Σ_i (p_0 u_0 + Σ_t η_t² p_{t+1} ½ h σ²), rates of shape (R, T)."""
    factors = 1.0 - rates[:, ::-1, None] * h
    factors *= factors
    np.cumprod(factors, axis=1, out=factors)
    squares = rates[:, ::-1] ** 2
    added = (squares[:, None, 1:] @ factors[:, :-1])[:, 0] + squares[:, :1]
    return factors[:, -1] @ u0 + added @ noise
