"""The estimate behind a forecast: which parameters are fitted, which are held, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.forecast.knots import Scale, pairs
from course_lib.forecast.laws import INSTANT, LAWS, losses
from course_lib.forecast.loss_curves import LossCurve
from course_lib.forecast.readings import Readings, noise, used
from course_lib.forecast.solving import Solution, scale_of, solve

#: The response's γ of a cautious fit: halfway between 0, where the response counts the sum of
#: rates since the change, and 1, where it counts the updates.
MIDDLE_GAMMA = 0.5
#: A free fit is believed if it leaves no more than so many times the noise of a reading …
_FITS = 1.5
#: … and determines B to so small a part of itself, as a standard error.
_DETERMINED = 0.1
#: Groups in which changes of the rate are merged for a prediction.
_GROUPS = 1024


@dataclass(frozen=True, eq=False, repr=False)
class Estimate:
    """The fitted parameters of a law, with all that predictions need.

    Attributes:
        law: name of the law.
        cautious: whether B and γ were held.
        noise: standard deviation of the logarithm of a single reading.
        scale: units of the fit.
        readings: readings that were used.
        solution: parameters, residuals and gradients.
    """

    law: str
    cautious: bool
    noise: float
    scale: Scale
    readings: tuple[Readings, ...]
    solution: Solution

    def at(self, rates: np.ndarray, updates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the losses of a run, shape (K,), and the slopes of their logarithms, (K, P).

        Raises:
            ValueError: the law gives a loss of 0 or less.
        """
        points = pairs(rates, updates, self.scale, _GROUPS)
        value, slopes = losses(LAWS[self.law], self.solution.theta, points)
        if value.min() <= 0:
            least = self.scale.loss * value.min()
            raise ValueError(
                f"rates must lie where the law is positive; it gives the loss {least:.3g}: "
                f"the largest rate here is {rates.max():g}, that of the fit {self.scale.rate:g}"
            )
        return self.scale.loss * value, slopes / value[:, None]


def estimate(runs: Sequence[LossCurve], law: str, cautious: bool | None) -> Estimate:
    """Return the estimate that `fit` describes, from runs that determine it."""
    readings = used(runs)
    if law != "multi-power":
        cautious = False
    scatter, scale = noise(readings), scale_of(readings)
    if not cautious:
        found = solve(LAWS[law], readings, scale, scatter)
        if cautious is None:
            cautious = not _believed(found, scatter)
    if cautious:
        at_once = solve(INSTANT, readings, scale, scatter)
        held = {3: float(at_once.theta[3]), 6: float(np.log(MIDDLE_GAMMA))}
        found = solve(LAWS[law], readings, scale, scatter, held)
    return Estimate(law, cautious, scatter, scale, tuple(readings), found)


def _believed(found: Solution, scatter: float) -> bool:
    """Return whether a free fit leaves only noise, and determines B."""
    residuals, slopes = np.concatenate(found.residuals), np.concatenate(found.gradients)
    left = np.sqrt(np.mean(residuals**2))
    information = np.linalg.pinv(slopes.T @ slopes, rcond=1e-12, hermitian=True)
    return bool(left <= _FITS * scatter and left * np.sqrt(information[3, 3]) <= _DETERMINED)
