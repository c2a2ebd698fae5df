"""The band around a predicted loss curve: an allowance for all that the fit does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.forecast.estimating import Estimate, estimate
from course_lib.forecast.laws import LAWS
from course_lib.forecast.loss_curves import LossCurve
from course_lib.forecast.readings import after_warmup, read_elsewhere

#: A single run cannot be left out: its last readings are, from this share on.
_FIRST_PART = 0.6


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """A predicted loss curve.

    Attributes:
        updates: numbers of updates done, shape (K,).
        losses: predicted losses, shape (K,).
        low, high: ends of the band, shape (K,).
        level: share of losses that the band is to cover.

    >>> Prediction(np.array([1, 2]), np.array([2.0, 1.5]), np.zeros(2), np.ones(2), 0.9).final
    1.5
    """

    updates: np.ndarray
    losses: np.ndarray
    low: np.ndarray
    high: np.ndarray
    level: float

    def __repr__(self) -> str:
        """Write the number of losses and the last one; the arrays are long."""
        return (
            f"Prediction({len(self.losses)} losses, final={self.final:.4g}, level={self.level:g})"
        )

    @property
    def final(self) -> float:
        """The predicted loss at the last of the updates."""
        return float(self.losses[-1])


def widths(
    slopes: np.ndarray, covariance: np.ndarray, unseen: tuple[float, int], level: float
) -> np.ndarray:
    """Return half the band's width in the logarithm of the loss, shape (K,).

    t·sqrt(e² + g'Σg): e the error on unseen runs, g the slope of the logarithm along the
    parameters, Σ their covariance, t Student's quantile with one degree of freedom for every run
    that was left out.
    """
    import scipy  # scipy.special is loaded by its first use, and is slow to load

    error, left_out = unseen
    variance = np.einsum("kp,pq,kq->k", slopes, covariance, slopes)
    return scipy.special.stdtrit(left_out, 0.5 + level / 2) * np.sqrt(error**2 + variance)


def held_out_error(runs: Sequence[LossCurve], ours: Estimate) -> tuple[float, int]:
    """Return the error in log L on runs that a fit has not seen, and over how many runs.

    Every run is left out in turn, the law is fitted to the others and predicts it; the error is
    the root of the mean over runs of the mean square. A reading that a branch shares with another
    run is not unseen. Where the others do not determine the law, a run cannot be left out. If that
    is so for all, the last two fifths of the readings of every run are predicted from the first
    three.
    """
    tries = [(runs[:i] + runs[i + 1 :], run, run.updates[0]) for i, run in enumerate(runs)]
    squares = [_mean_square(*one, ours) for one in tries]
    if not np.isfinite(squares).any():
        long = [run for run in runs if len(run.updates) > 1]
        cuts = [run.updates[int(_FIRST_PART * len(run.updates))] for run in long]
        first = [_before(run, cut) for run, cut in zip(long, cuts, strict=True)]
        squares = [_mean_square(first, *one, ours) for one in zip(long, cuts, strict=True)]
    known = [square for square in squares if np.isfinite(square)]
    if not known:  # nothing can be left out: the fit's own residuals, as of a single run
        known = [float(np.mean(np.concatenate(ours.solution.residuals) ** 2))]
    return float(np.sqrt(np.mean(known))), len(known)


def _mean_square(runs: Sequence[LossCurve], run: LossCurve, since: int, ours: Estimate) -> float:
    """Return the mean square of log(law / loss) of a run from an update on; nan if undetermined."""
    there = after_warmup(run) & (run.updates >= since) & ~read_elsewhere(run, runs)
    try:
        determined = not LAWS[ours.law].response or any(one.decays() for one in runs)
        if not (determined and there.any()):
            return float("nan")
        made, _ = estimate(runs, ours.law, ours.cautious).at(run.rates, run.updates[there])
    except ValueError:  # too few readings are left, or the law of the others is negative here
        return float("nan")
    return float(np.mean(np.log(made / run.losses[there]) ** 2))


def _before(run: LossCurve, cut: int) -> LossCurve:
    early = run.updates < cut
    return LossCurve(run.rates, run.updates[early], run.losses[early], run.name)
