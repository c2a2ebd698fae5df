"""The schedule that leaves the least loss under a law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib import schedules
from course_lib.forecast.knots import LEAST_RATE, Scale
from course_lib.forecast.laws import Law

#: Segments of the schedule after the warmup.
_SEGMENTS = 80
#: Knots lie at 1 − (1 − u)^_CROWDING of the way: closer to each other towards the end.
_CROWDING = 1.6
#: Largest logarithm of the ratio of neighbouring knots' rates.
_STEEPEST = 12.0


@dataclass(frozen=True, eq=False, repr=False)
class BestSchedule:
    """The rates of the best schedule, and the loss that the law predicts for it.

    Attributes:
        rates: rate of every update, shape (T,).
        loss: predicted loss after the last update.

    >>> BestSchedule(np.array([0.1, 0.05]), 1.5).loss
    1.5
    """

    rates: np.ndarray
    loss: float

    def __repr__(self) -> str:
        """Write the number of updates and the loss; the rates are long."""
        return f"BestSchedule({len(self.rates)} updates, loss={self.loss:.4g})"


@dataclass(frozen=True)
class Frame:
    """The frame of a schedule.

    Attributes:
        total: number of updates.
        peak: rate after the warmup.
        warmup: updates of the warmup.
        floor: least rate.
    """

    total: int
    peak: float
    warmup: int
    floor: float


class _FinalLoss:
    """The loss at the end as a function of the falls, with its gradient.

    The rates at the knots are floor + (peak − floor)·exp(−(q_1 + … + q_m)), q_m >= 0; everything
    the law needs is linear in them. Each segment is one group of changes, as in `knots`.
    """

    def __init__(self, law: Law, theta: np.ndarray, scale: Scale, frame: Frame) -> None:
        self._law, self._theta, self._frame = law, theta, frame
        self.knots = _knots(frame)
        lengths = np.diff(self.knots)
        count = len(lengths)
        first, second = np.eye(count, count + 1), np.eye(count, count + 1, 1)
        sums = lengths[:, None] * (first + second) / 2 / scale.total
        self._unit = 1 / scale.rate
        self._drops = (first - second) * self._unit
        self._middles = (first + second) / 2 * self._unit
        # Half of its own segment, and all later ones: the sum of rates since a segment's fall.
        self._spans = np.cumsum(sums[::-1], axis=0)[::-1] - sums / 2
        self._total = sums.sum(axis=0)
        self._steps = (frame.total - (self.knots[1:] + self.knots[:-1]) / 2) / scale.steps
        self._before = float(_warmup_rates(frame).sum()) / scale.total

    def rates(self, falls: np.ndarray) -> np.ndarray:
        """Return the rates at the knots, shape (M + 1,)."""
        frame = self._frame
        left = np.exp(-np.concatenate([[0.0], np.cumsum(falls)]))
        return frame.floor + (frame.peak - frame.floor) * left

    def falls(self, rates: np.ndarray) -> np.ndarray:
        """Return the falls of given rates at the knots, the other way round."""
        frame = self._frame
        share = (rates - frame.floor) / max(frame.peak - frame.floor, 1e-300)
        logs = np.log(np.maximum(share, np.exp(-_STEEPEST)))
        return np.clip(-np.diff(logs), 0.0, _STEEPEST)

    def __call__(self, falls: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss and its gradient along the falls."""
        at_knots = self.rates(falls)
        loss, along = self._along_rates(at_knots)
        moved = along * (at_knots - self._frame.floor)
        return loss, -np.cumsum(moved[:0:-1])[::-1]

    def _along_rates(self, at_knots: np.ndarray) -> tuple[float, np.ndarray]:
        floor, amplitude, alpha = np.exp(self._theta[:3])
        since = self._total @ at_knots
        power = amplitude * (self._before + since) ** -alpha
        loss, along = floor + power, -alpha * power / (self._before + since) * self._total
        if self._law.response is None:
            return float(loss), along
        strength = np.exp(self._theta[3])
        drops, middles = self._drops @ at_knots, self._middles @ at_knots
        gain, _, along_log, along_span = self._law.response(
            self._theta[4:],
            np.log(np.maximum(middles, LEAST_RATE)),
            self._spans @ at_knots,
            self._steps,
        )
        loss -= strength * (drops @ gain)
        of_rates = np.where(middles > LEAST_RATE, along_log, 0.0) / np.maximum(middles, LEAST_RATE)
        slope = (
            self._drops.T @ gain
            + self._middles.T @ (drops * of_rates)
            + self._spans.T @ (drops * along_span)
        )
        return float(loss), along - strength * slope


def best_rates(law: Law, theta: np.ndarray, scale: Scale, frame: Frame) -> np.ndarray:
    """Return the rates of the schedule with the least loss at its end, shape (T,).

    Args:
        law: the law.
        theta: logarithms of its parameters, in the units of the scale.
        scale: units of theta.
        frame: length, peak, warmup and floor.
    """
    from scipy.optimize import minimize  # slow to import, and only needed here

    final = _FinalLoss(law, theta, scale, frame)
    way = (final.knots - final.knots[0]) / (final.knots[-1] - final.knots[0])
    # Nearly constant, linear, and constant with a linear cooldown: the law may have several minima.
    shapes = (1 - 0.05 * way, 1 - way, np.minimum(1.0, (1 - way) / 0.3))
    found = [
        minimize(
            final,
            final.falls(frame.floor + (frame.peak - frame.floor) * shape),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, _STEEPEST)] * (len(final.knots) - 1),
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9},
        )
        for shape in shapes
    ]
    falls = min(found, key=lambda one: one.fun).x
    after = np.interp(np.arange(frame.warmup, frame.total), final.knots, final.rates(falls))
    return np.concatenate([_warmup_rates(frame), after])


def _warmup_rates(frame: Frame) -> np.ndarray:
    if not frame.warmup:
        return np.empty(0)
    rising = schedules.warmup(schedules.constant(frame.peak), frame.warmup)
    return np.asarray(rising(np.arange(frame.warmup)))


def _knots(frame: Frame) -> np.ndarray:
    """Return the numbers of updates at the knots, from the end of the warmup to the last update."""
    first, last = frame.warmup, frame.total - 1
    way = 1 - (1 - np.linspace(0, 1, _SEGMENTS + 1)) ** _CROWDING
    return np.unique((first + (last - first) * way).round()).astype(float)
