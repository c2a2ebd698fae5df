"""The least robust distance between a law and the readings: its parameters by Gauss and Newton."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from course_lib.forecast.knots import Pairs, Scale, pairs
from course_lib.forecast.laws import Law, losses, terms
from course_lib.forecast.readings import Readings

#: Huber's threshold in standard deviations of a reading: 95 % efficient where they are normal.
HUBER = 1.345
#: A fit approaches its threshold from above: far from the solution every residual is an outlier.
_THRESHOLDS = (1e-2, 1e-3)
_STARTS = 3
#: Steps of every start before the best of them goes on.
_FIRST_STEPS = 40
#: The way from the starts needs no more computed readings than this.
_FEW = 256
_GROUPS = (256, 512, 1024, 2048)
#: Merging is checked at so many readings, or at fewer with at most so many pairs.
_CHECKED, _CHECKED_PAIRS = 32, 3_000_000
#: Merging may err by this share of the noise of a reading, or of the law's own error.
_MERGING = 0.2
#: Merging may err by so much in any case.
_MERGED_WELL = 1e-4
_SMALLEST = 1e-9
_BLOCKS = 5


@dataclass(frozen=True, eq=False, repr=False)
class Solution:
    """Parameters of a law, and what a forecast needs to know about the fit.

    Attributes:
        theta: logarithms of the parameters in the units of the scale, shape (P,).
        cost: the robust distance at theta.
        free: mask of the parameters that were fitted, shape (P,).
        threshold: Huber's threshold.
        residuals: log of the law less log of the reading, one array a run.
        gradients: slopes of the residuals along theta, one array (K, P) a run.
        groups: groups in which changes of the rate were merged.
        merging_error: largest error that merging makes, in the logarithm, among checked readings.
    """

    theta: np.ndarray
    cost: float
    free: np.ndarray
    threshold: float
    residuals: tuple[np.ndarray, ...]
    gradients: tuple[np.ndarray, ...]
    groups: int
    merging_error: float

    def covariance(self, readings: Sequence[Readings]) -> np.ndarray:
        """Return the covariance of theta, shape (P, P), if blocks of residuals had other signs.

        H⁻¹·(Σ_b g_b g_b')·H⁻¹: g_b is the slope of the distance over the readings of block b, five
        blocks a run, and H its second derivative. A wild bootstrap that gives each block a random
        sign and takes one step of Gauss and Newton has this covariance. Residuals of neighbours
        are alike, because no law is exact, so single readings are no independent evidence.
        """
        size = int(self.free.sum())
        curvature, spread = np.zeros((size, size)), np.zeros((size, size))
        for one, residual, slopes in zip(readings, self.residuals, self.gradients, strict=True):
            root = np.sqrt(one.weights)
            rows, scaled = root[:, None] * slopes[:, self.free], root * residual
            robust = np.minimum(1.0, self.threshold / np.maximum(np.abs(scaled), 1e-300))
            curvature += rows.T @ (robust[:, None] * rows)
            scores = rows * (robust * scaled)[:, None]
            for block in np.array_split(scores, min(_BLOCKS, len(scores))):
                spread += np.outer(block.sum(axis=0), block.sum(axis=0))
        inverse = np.linalg.pinv(curvature, rcond=1e-10, hermitian=True)
        whole = np.zeros((len(self.free), len(self.free)))
        whole[np.ix_(self.free, self.free)] = inverse @ spread @ inverse
        return whole


def scale_of(readings: Sequence[Readings]) -> Scale:
    """Return the units of a fit: largest rate, sum of rates and number of updates, median loss."""
    read = [one.run.rates[: one.updates[-1]] for one in readings]
    return Scale(
        rate=float(max(rates.max() for rates in read)),
        total=float(max(rates.sum() for rates in read)),
        steps=float(max(map(len, read))),
        loss=float(np.exp(np.median(np.concatenate([one.logs for one in readings])))),
    )


def solve(
    law: Law,
    readings: Sequence[Readings],
    scale: Scale,
    noise: float,
    held: dict[int, float] | None = None,
) -> Solution:
    """Return the parameters with the least Huber distance in the logarithm of the loss.

    Σ_i huber(sqrt(w_i)·(log L(t_i) − log loss_i)), over all readings, by scipy's trust-region
    least squares with the analytic gradient, from the best three points of a grid. Changes of the
    rate are merged into groups, ever more of them until merging errs by less than a fifth of the
    noise of a reading or of the law's own error, or by less than 1e-4; 2,048 groups are the most.

    Args:
        law: the law.
        readings: result of `readings.used`.
        scale: units of the parameters.
        noise: standard deviation of the logarithm of a reading; the threshold is 1.345 of it.
        held: position in theta -> value that is not fitted.
    """
    held = held or {}
    readings = [replace(one, logs=one.logs - np.log(scale.loss)) for one in readings]
    free = np.array([i not in held for i in range(len(law.low) + 2)])
    few = [pairs(one.run.rates, one.updates, scale, _GROUPS[0], _FEW) for one in readings]
    starts = _starts(law, readings, few, held)
    theta = _descend_from_best(
        [_Distance(law, readings, few, one, free) for one in starts], law, noise
    )
    for groups in _GROUPS:
        points = [pairs(one.run.rates, one.updates, scale, groups) for one in readings]
        distance = _Distance(law, readings, points, theta, free)
        cost = _descend(distance, law, HUBER * noise)
        theta = distance.theta.copy()
        error = max(_merging_error(law, theta, one, scale, groups) for one in readings)
        made = [losses(law, theta, one) for one in points]
        residuals = tuple(np.log(v) - one.logs for (v, _), one in zip(made, readings, strict=True))
        # Where the law itself is off by more than the noise, that is the measure.
        off = float(np.median(np.abs(np.concatenate(residuals))))
        if error < max(_MERGING * noise, _MERGING * off, _MERGED_WELL):
            break
    gradients = tuple(slopes / value[:, None] for value, slopes in made)
    return Solution(theta, cost, free, HUBER * noise, residuals, gradients, groups, error)


def _bounds(law: Law) -> tuple[np.ndarray, np.ndarray]:
    low, high = (1e-5, 1e-6, *law.low), (1e6, 1e5, *law.high)
    return np.log(low), np.log(high)


def _starts(
    law: Law, readings: Sequence[Readings], points: Sequence[Pairs], held: dict[int, float]
) -> list[np.ndarray]:
    """Return the best points of the grid, each with its best L0, A and B: a linear problem."""
    from scipy.optimize import nnls  # slow to import, and only a fit needs it

    low, high = _bounds(law)
    weights = np.sqrt(np.concatenate([one.weights for one in readings]))
    targets = np.exp(np.concatenate([one.logs for one in readings]))
    found = []
    for values in itertools.product(*law.grid):
        theta = np.zeros(len(low))
        theta[[2, *range(4, len(low))]] = np.log(values)
        for position, value in held.items():
            theta[position] = value
        rows = [_at_readings(law, theta, one) for one in points]
        linear = [0, 1] + [3] * (law.response is not None and 3 not in held)
        columns = np.concatenate([row[linear] for row in rows], axis=1).T
        target = targets
        if law.response:
            gains = np.concatenate([row[3] for row in rows])
            if 3 in held:
                target = targets + gains
            else:
                columns[:, 2] = -gains
        share = weights / targets
        amounts, distance = nnls(columns * share[:, None], target * share)
        theta[linear] += np.log(np.maximum(amounts, 1e-4))
        found.append((distance, np.clip(theta, low + 1e-6, high - 1e-6)))
    found.sort(key=lambda one: one[0])
    return [theta for _, theta in found[:_STARTS]]


def _at_readings(law: Law, theta: np.ndarray, points: Pairs) -> np.ndarray:
    """Return the law's terms at all readings, between those at which they are computed too."""
    return np.stack([points.at_points(row) for row in terms(law, theta, points)])


class _Distance:
    """The weighted residuals of all readings and their slopes, computed together, asked for apart.

    Attributes:
        theta: all parameters, those that are held among them.
        free: mask of those that move.
    """

    def __init__(
        self,
        law: Law,
        readings: Sequence[Readings],
        points: Sequence[Pairs],
        start: np.ndarray,
        free: np.ndarray,
    ) -> None:
        self.theta, self.free = start.copy(), free
        self._law, self._points = law, points
        self._logs = np.concatenate([one.logs for one in readings])
        self._roots = np.sqrt(np.concatenate([one.weights for one in readings]))
        self._moved = np.empty(0)

    def residuals(self, moved: np.ndarray) -> np.ndarray:
        """Return sqrt(w_i)·(log L(t_i) − log loss_i) at the free parameters, shape (N,)."""
        self._move(moved)
        return self._residuals

    def slopes(self, moved: np.ndarray) -> np.ndarray:
        """Return the slopes of the residuals along the free parameters, shape (N, free)."""
        self._move(moved)
        return self._slopes

    def _move(self, moved: np.ndarray) -> None:
        if np.array_equal(self._moved, moved):
            return
        self._moved = moved.copy()
        self.theta[self.free] = moved
        made = [losses(self._law, self.theta, one) for one in self._points]
        values, slopes = (np.concatenate(parts) for parts in zip(*made, strict=True))
        # A law below 0 has no logarithm: it counts as far away, with a slope that leads back.
        values = np.maximum(values, _SMALLEST)
        self._residuals = self._roots * (np.log(values) - self._logs)
        self._slopes = (self._roots / values)[:, None] * slopes[:, self.free]


def _descend_from_best(distances: Sequence[_Distance], law: Law, noise: float) -> np.ndarray:
    """Return the parameters at the least distance.

    Of several starts the best one goes on, once all have gone a part of the way down at the largest
    threshold.
    """
    thresholds = [*(one for one in _THRESHOLDS if one > 2 * noise), HUBER * noise]
    if len(distances) > 1:
        costs = [_descend(one, law, thresholds[0], _FIRST_STEPS) for one in distances]
        distances = [distances[int(np.argmin(costs))]]
    for threshold in thresholds:
        _descend(distances[0], law, threshold)
    return distances[0].theta.copy()


def _descend(distance: _Distance, law: Law, threshold: float, most: int = 200) -> float:
    """Move the parameters to the least distance from where they stand, and return it."""
    from scipy.optimize import least_squares  # slow to import, and only a fit needs it

    low, high = _bounds(law)
    free = distance.free
    found = least_squares(
        distance.residuals,
        distance.theta[free],
        distance.slopes,
        bounds=(low[free], high[free]),
        loss="huber",
        f_scale=threshold,
        x_scale="jac",
        max_nfev=most,
    )
    distance.residuals(found.x)  # leaves theta where the last step went
    return float(found.cost)


def _merging_error(law: Law, theta: np.ndarray, one: Readings, scale: Scale, groups: int) -> float:
    """Return the largest error of merging, in log L, among some readings spread over the run."""
    if law.response is None:
        return 0.0
    count = int(np.clip(_CHECKED_PAIRS // one.updates[-1], 2, _CHECKED))
    chosen = np.unique(np.linspace(0, len(one.updates) - 1, count).round().astype(int))
    merged, _ = losses(law, theta, pairs(one.run.rates, one.updates, scale, groups))
    full, _ = losses(law, theta, pairs(one.run.rates, one.updates[chosen], scale, None))
    return float(np.abs(np.log(merged[chosen] / full)).max())
