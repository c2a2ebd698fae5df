"""A suspected mistake: the plan as that mistake would have carried it out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from course_lib.diagnose.mistakes.planned import PlannedRates

Change = Callable[[PlannedRates], PlannedRates]


@dataclass(frozen=True, eq=False)
class RowsView:
    """Rows of one parameter group, with the step that each of them belongs to.

    Attributes:
        t: (rows,), counter less the lag, in the log's unit.
        rates: (rows,), rates as logged.
        tolerance: (rows,), distance at which a rate may be from the curve that made it.
        known: number -> the name that it has in the log or in the call, for factors.
        peak: largest rate of log and plan.
        finer: whether the plan counts in parts of the log's unit.
        unit: unit of the log's counter.
        lag: counter less t.
    """

    t: np.ndarray
    rates: np.ndarray
    tolerance: np.ndarray
    known: Mapping[int, str] = field(default_factory=dict)
    peak: float = 1.0
    finer: bool = False
    unit: str = "update"
    lag: float = 0.0

    def place(self, t: float) -> str:
        """Return a step as the log counts it, in words: "update 61"."""
        return f"{self.unit} {self.number(t)}"

    def number(self, t: float) -> str:
        """Return a step as the log's counter has it."""
        return counted(t + self.lag)

    def rows(self, kept: np.ndarray | slice) -> RowsView:
        """Return the view of some rows."""
        return replace(self, t=self.t[kept], rates=self.rates[kept], tolerance=self.tolerance[kept])

    def predicted(self, plan: PlannedRates) -> np.ndarray:
        """Return the plan's rate in each row; nan before its first step."""
        return rates_of(plan, self.t)

    def agrees(self, plan: PlannedRates) -> np.ndarray:
        """Return for each row whether the plan explains it."""
        difference = np.abs(self.predicted(plan) - self.rates)
        return difference <= self.tolerance

    def misfit(self, plan: PlannedRates) -> float:
        """Return the mean difference as a share of the peak, differences within tolerance as 0."""
        difference = np.abs(self.predicted(plan) - self.rates)
        excess = np.where(difference <= self.tolerance, 0.0, difference)
        excess = np.where(np.isfinite(excess), np.minimum(excess, 2 * self.peak), self.peak)
        return float(excess.mean() / self.peak) if excess.size else 0.0


def rates_of(plan: PlannedRates, t: np.ndarray) -> np.ndarray:
    """Return plan(t); a step before the first one has the rate of the first."""
    with np.errstate(all="ignore"):
        return np.asarray(plan.rate_at(np.maximum(t, 0.0)), dtype=np.float64)


def counted(number: float) -> str:
    """Return a counter's value in digits, also where it has more than six of them."""
    return f"{number:.0f}" if number == round(number) else f"{number:.6g}"


def apart(planned: float, got: float) -> tuple[str, str]:
    """Return two numbers with as many digits, six or more, as show that they differ."""
    for digits in range(6, 18):
        texts = f"{planned:.{digits}g}", f"{got:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def listed(items: Sequence[str], most: int = 5) -> str:
    """Return items with commas between them, and "…" where some were left out."""
    return ", ".join(items[:most]) + (", …" if len(items) > most else "")


@dataclass(frozen=True, eq=False)
class Suspect:
    """A mistake that may explain a log.

    Attributes:
        code: kind of the mistake, for a program.
        message: the event, as a clause without a capital and a full stop.
        plan: the plan as the mistake carries it out.
        change: function that makes the same mistake of another plan.
        cost: surprise, in bits: an unlikely kind and each fitted number cost.
        parameters: the numbers that were read off the log.
        fix: one sentence that says how to mend it.
        inner: whether it changed the plan's own arguments, before any clock that counts steps.
    """

    code: str
    message: str
    plan: PlannedRates
    change: Change
    cost: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fix: str = ""
    inner: bool = False


def suspect(
    code: str,
    message: str,
    change: Change,
    plan: PlannedRates,
    cost: float,
    fix: str = "",
    inner: bool = False,
    **parameters: Any,
) -> Suspect:
    """Return the suspect whose change is made of `plan`."""
    return Suspect(code, message, change(plan), change, cost, parameters, fix, inner)


def clocked(clock: Callable[[np.ndarray], np.ndarray]) -> Change:
    """Return the change that lets the scheduler's counter run as `clock` of t says."""

    def change(plan: PlannedRates) -> PlannedRates:
        return replace(plan, rate_at=lambda t: rates_of(plan, clock(np.asarray(t, dtype=float))))

    return change


def multiplied(factor: float, begin: float = -math.inf) -> Change:
    """Return the change that multiplies all rates from `begin` on."""

    def change(plan: PlannedRates) -> PlannedRates:
        return replace(
            plan,
            rate_at=lambda t: plan.rate_at(t) * np.where(np.asarray(t) >= begin, factor, 1.0),
        )

    return change


def from_step(begin: float, later: Change) -> Change:
    """Return the change that acts from the step `begin` on only."""

    def change(plan: PlannedRates) -> PlannedRates:
        after = later(plan)

        def rate_at(t: np.ndarray) -> np.ndarray:
            t = np.asarray(t, dtype=float)
            late = t >= begin
            rates = np.empty(t.shape)
            rates[~late] = rates_of(plan, t[~late])
            rates[late] = rates_of(after, t[late])
            return rates

        return replace(plan, rate_at=rate_at)

    return change


def until_step(end: float, earlier: Change) -> Change:
    """Return the change that acts before the step `end` only."""

    def change(plan: PlannedRates) -> PlannedRates:
        return from_step(end, lambda _: plan)(earlier(plan))

    return change


def chained(inner: Change, outer: Change) -> Change:
    """Return two changes, one after the other."""
    return lambda plan: outer(inner(plan))


def best_factor(view: RowsView, plan: PlannedRates) -> float | None:
    """Return the roundest c with rates = c * plan in all rows; the likeliest if there is none."""
    predicted = view.predicted(plan)
    usable = np.isfinite(predicted) & (np.abs(predicted) > 1e-12 * view.peak)
    if not (usable & (view.rates != 0)).any():
        return None
    return common_value(
        view.rates[usable] / predicted[usable],
        view.tolerance[usable] / np.abs(predicted[usable]),
    )


def common_value(values: np.ndarray, errors: np.ndarray) -> float:
    """Return the roundest number that is within all the errors, or a median of the surest."""
    low, high = float(np.max(values - errors)), float(np.min(values + errors))
    if low <= high:
        middle = (low + high) / 2
        return rounded(middle, (high - low) / 2 / max(abs(middle), 1e-300))
    sure = errors <= 3 * errors.min()
    middle = float(np.median(values[sure]))
    return rounded(middle, float(errors.min()) / max(abs(middle), 1e-300))


def rounded(value: float, error: float) -> float:
    """Return the roundest number within a relative error of a value."""
    if value == 0 or not math.isfinite(value):
        return value
    for digits in range(1, 8):
        near = float(f"{value:.{digits - 1}e}")
        if abs(near - value) <= abs(value) * max(error, 1e-12):
            return near
    for numerator in (1, 2, 3, 4, 5, 7, 10):
        denominator = round(numerator / value) if value < numerator else 0
        if denominator and abs(numerator / denominator - value) <= abs(value) * max(error, 1e-12):
            return numerator / denominator
    return value
