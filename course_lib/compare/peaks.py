"""The choice of a peak, and the range of peaks that do nearly as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.validation import check_count, check_real

_RESAMPLES = 200


@dataclass(frozen=True)
class GoodRange:
    """The peaks around the best one that do nearly as well.

    Attributes:
        low: lowest good peak.
        high: highest good peak.
        open_low: True where the lowest peak of the grid is still good, so the range may go on.
        open_high: True where the highest peak of the grid is still good.

    >>> found = GoodRange(low=0.1, high=0.4, open_low=False, open_high=False)
    >>> print(found)
    0.1 … 0.4 (×4)
    >>> found.factor
    4.0
    """

    low: float
    high: float
    open_low: bool
    open_high: bool

    @property
    def factor(self) -> float:
        """Ratio of the highest good peak to the lowest, >= 1."""
        return self.high / self.low

    def __str__(self) -> str:
        """Write `low … high (×factor)`, with ≤ and ≥ at an end that the grid cut off."""
        low, high = "≤ " * self.open_low, "≥ " * self.open_high
        beyond = "≥ " * (self.open_low or self.open_high)
        return f"{low}{self.low:.2g} … {high}{self.high:.2g} (×{beyond}{self.factor:.2g})"


def peak_means(scores: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis, inf where any score is not finite.

    A run that diverged has an infinite loss, and so does a mean that includes such a run. So a peak
    at which any validation run diverged cannot be chosen.
    """
    whole = np.isfinite(scores).all(axis=-1)
    return np.where(whole, np.where(np.isfinite(scores), scores, 0.0).mean(axis=-1), np.inf)


def resampled_seeds(count: int) -> np.ndarray:
    """Return 200 draws of seeds with replacement, the same draws at every call.

    Args:
        count: number of seeds, >= 1.

    Returns:
        Indices of seeds, (200, count).

    >>> resampled_seeds(3)[:2].tolist()
    [[2, 1, 1], [0, 0, 0]]
    """
    count = check_count("count", count)
    return np.random.default_rng(0).integers(count, size=(_RESAMPLES, count))


def may_be_chosen(scores: np.ndarray) -> np.ndarray:
    """Return which candidates have the lowest mean in one or more of 200 resamples of the seeds.

    A choice that other seeds would not have made is also the choice of another machine, whose
    rounding changes every score a little. Where there are several, none of them is the best one.

    Args:
        scores: (C, V), C candidates with the same V seeds; not finite where a run diverged.

    Returns:
        Indices of the candidates, rising; the chosen one is among them.

    >>> may_be_chosen([[1.0, 1.2, 1.1], [1.1, 1.0, 1.2], [3.0, 3.1, 3.2]]).tolist()
    [0, 1]
    """
    table = np.asarray(scores, dtype=np.float64)
    best = peak_means(table[:, resampled_seeds(table.shape[1])]).argmin(axis=0)
    return np.unique([peak_means(table).argmin(), *best])


def good_range(peaks: np.ndarray, means: np.ndarray, within: float = 0.1) -> GoodRange:
    """Return the range of peaks around the best one whose mean score is nearly as good.

    Nearly: mean <= best + within * |best|. Between two peaks of the grid the mean is taken to be
    linear in log(peak). The stretch holds the best peak and ends where the mean first leaves the
    limit on either side, or at the last good peak before one that diverged, or at the grid's end.
    Its ends are as noisy as the means. Between two peaks the mean is usually convex around the best
    one, so that the linear interpolation overstates it and the range comes out too narrow.

    Args:
        peaks: (K,), > 0, increasing.
        means: mean validation score at each, (K,), inf where a run diverged.
        within: share of the best mean that is still good, >= 0.

    Raises:
        ValueError, TypeError: no finite mean, shapes that do not fit, or `within` out of range.

    >>> print(good_range([0.01, 0.1, 1.0, 10.0], [2.0, 1.0, 1.05, 9.0]))
    0.079 … 1 (×13)
    >>> print(good_range([0.01, 0.1, 1.0], [2.0, 1.0, 1.05]))
    0.079 … ≥ 1 (×≥ 13)
    """
    grid, values = np.asarray(peaks, dtype=np.float64), np.asarray(means, dtype=np.float64)
    if grid.ndim != 1 or values.shape != grid.shape or not np.isfinite(values).any():
        raise ValueError(
            f"means must have one value a peak, some of them finite, got {values.tolist()} for "
            f"{grid.size} peaks"
        )
    best = int(values.argmin())
    limit = values[best] + check_real("within", within) * abs(values[best])
    low, open_low = _end(grid[best::-1], values[best::-1], limit)
    high, open_high = _end(grid[best:], values[best:], limit)
    return GoodRange(low, high, open_low, open_high)


def _end(peaks: np.ndarray, means: np.ndarray, limit: float) -> tuple[float, bool]:
    """Return the last good rate on the way from the best peak, and whether the grid ended first."""
    bad = np.flatnonzero(~(means <= limit))
    if not bad.size:
        return float(peaks[-1]), True
    last, first_bad = bad[0] - 1, bad[0]
    # Where a run diverged the mean is inf: the share is 0, and the last good peak is the end.
    share = (limit - means[last]) / (means[first_bad] - means[last])
    return float(peaks[last] * (peaks[first_bad] / peaks[last]) ** share), False
