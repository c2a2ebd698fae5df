"""The plateau rule, which is not a schedule: its rate follows a metric, so it keeps state.

A `Schedule` is a function of the step. This one is not: what it does depends on what was measured.
So it is kept apart, and its state is a value: `update` returns the next state and changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from course_lib.validation import check_count, check_real


@dataclass(frozen=True)
class Plateau:
    """The state of a plateau rule; make one with `plateau`.

    Attributes:
        rate: the rate in force.
        factor: factor of each cut, made when the metric has not improved for too long.
        patience: measurements without improvement that are tolerated; the next one cuts the rate.
        threshold: an improvement has to exceed this share of the size of the best so far.
        mode: "min" when less is better, "max" when more is.
        floor: the rate is never reduced below this.
        best: the best measurement so far.
        waited: measurements since the last improvement or reduction.

    >>> from course_lib.schedules import plateau
    >>> state = plateau(0.1, factor=0.5, patience=1)
    >>> for loss in (1.0, 1.0, 1.0):
    ...     state = state.update(loss)
    >>> state.rate
    0.05
    """

    rate: float
    factor: float
    patience: int
    threshold: float
    mode: str
    floor: float
    best: float
    waited: int = 0

    def update(self, metric: float) -> Plateau:
        """Return the state after one more measurement; NaN counts as no improvement."""
        sign = 1.0 if self.mode == "min" else -1.0
        margin = self.threshold * abs(self.best) if math.isfinite(self.best) else 0.0
        if sign * (self.best - metric) > margin:
            return replace(self, best=float(metric), waited=0)
        if self.waited < self.patience:
            return replace(self, waited=self.waited + 1)
        return replace(self, rate=max(self.rate * self.factor, self.floor), waited=0)


def plateau(
    peak_lr: float,
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    mode: str = "min",
    floor: float = 0.0,
) -> Plateau:
    """Return the first state of a rule that cuts the rate when a metric stops improving.

    After `patience` measurements without improvement the next one reduces, as in torch's
    ReduceLROnPlateau; Keras' reduces one measurement earlier. An improvement exceeds
    threshold * |best|; torch takes the best itself, not its size, so that a negative metric which
    stands still counts as improving there and never reduces the rate. There is no cooldown.

    Args:
        peak_lr: rate at the beginning, >= 0.
        factor: factor of each cut, 0 < factor < 1.
        patience: measurements without improvement that are tolerated, >= 0 (a measurement is often
            made once an epoch, not once an update).
        threshold: share of |best| that an improvement has to exceed, >= 0.
        mode: "min" when less is better, "max" when more is.
        floor: lowest rate, absolute, 0 <= floor <= peak_lr.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.

    >>> from course_lib.schedules import plateau_rates
    >>> rule = plateau(0.1, factor=0.5, patience=1)
    >>> plateau_rates(rule, metrics=[1.0, 0.8, 0.8, 0.8, 0.7])
    array([0.1 , 0.1 , 0.1 , 0.05, 0.05])
    """
    rate = check_real("peak_lr", peak_lr)
    if not 0.0 < check_real("factor", factor) < 1.0:
        raise ValueError(f"factor must be > 0 and < 1, got {factor!r}")
    if mode not in ("min", "max"):
        raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
    return Plateau(
        rate=rate,
        factor=float(factor),
        patience=check_count("patience", patience, low=0),
        threshold=check_real("threshold", threshold),
        mode=mode,
        floor=check_real("floor", floor, high=rate),
        best=math.inf if mode == "min" else -math.inf,
    )


def plateau_rates(state: Plateau, metrics: Iterable[float]) -> np.ndarray:
    """Return the rate in force after each measurement, float64, one a metric.

    The rule tolerates one bad measurement and cuts the rate after the second:

    >>> rule = plateau(0.1, factor=0.1, patience=1)
    >>> plateau_rates(rule, metrics=[1.0, 1.1, 1.2, 0.9]).round(3)
    array([0.1 , 0.1 , 0.01, 0.01])
    """
    rates = []
    for metric in metrics:
        state = state.update(metric)
        rates.append(state.rate)
    return np.array(rates, dtype=np.float64)
