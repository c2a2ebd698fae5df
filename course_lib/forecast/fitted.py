"""A fitted law: its parameters, its quality, and what it says about other schedules."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_lib.forecast.bands import Prediction, held_out_error, widths
from course_lib.forecast.best import BestSchedule, Frame, best_rates
from course_lib.forecast.estimating import Estimate
from course_lib.forecast.laws import LAWS, in_units
from course_lib.forecast.loss_curves import LossCurve, check_rates, check_updates
from course_lib.forecast.readings import after_warmup
from course_lib.schedules import Schedule
from course_lib.validation import check_count, check_floor, check_real

#: A prediction this many times beyond the longest fitted sum of rates gets a warning.
_FAR = 4.0
#: Updates at which `predict` computes losses where none are named.
_POINTS = 200


class BeyondTheFit(UserWarning):
    """A law is asked about a run much longer than those that it was fitted to.

    >>> issubclass(BeyondTheFit, UserWarning)
    True
    """


@dataclass(frozen=True)
class Quality:
    """The quality of predictions, each number the mean over runs.

    Attributes:
        r2: 1 − Σ (loss − predicted)² / Σ (loss − mean loss)², of each run.
        mae: mean absolute error, in units of the loss.
        rmse: root of the mean squared error.
        by_run: name of a run -> its own r2, mae and rmse.

    >>> Quality(0.99, 0.01, 0.02, {}).r2
    0.99
    """

    r2: float
    mae: float
    rmse: float
    by_run: dict[str, tuple[float, float, float]]


@dataclass(frozen=True, eq=False, repr=False)
class Forecast:
    """A law with fitted parameters: made by `fit`.

    Attributes:
        runs: runs that it was fitted to.
        estimate: the fit itself, in its own units.

    >>> from course_lib.forecast import LossCurve, fit
    >>> t = np.arange(1, 101)
    >>> law = fit([LossCurve(np.full(100, 0.1), t, 1 + (0.1 * t) ** -0.5)], law="power")
    >>> {name: round(value, 2) for name, value in law.parameters.items()}
    {'L0': 1.0, 'A': 1.0, 'alpha': 0.5}
    """

    runs: tuple[LossCurve, ...]
    estimate: Estimate

    def __repr__(self) -> str:
        """Write the law, its parameters and the runs; the estimate holds long arrays."""
        found = ", ".join(f"{name}={value:.4g}" for name, value in self.parameters.items())
        return f"Forecast({self.law!r}, {found}, {len(self.runs)} runs)"

    @property
    def law(self) -> str:
        """The name of the law."""
        return self.estimate.law

    @property
    def cautious(self) -> bool:
        """Whether B and γ were held because the runs do not determine them (see `fit`)."""
        return self.estimate.cautious

    @cached_property
    def parameters(self) -> dict[str, float]:
        """The parameters by name, in the units of the runs' rates and losses."""
        return in_units(LAWS[self.law], self.estimate.solution.theta, self.estimate.scale)

    @cached_property
    def residuals(self) -> tuple[np.ndarray, ...]:
        """Loss less law at the readings that were used, one array a run, in units of the loss."""
        pieces = zip(self.estimate.readings, self.estimate.solution.residuals, strict=True)
        return tuple(np.exp(one.logs) * -np.expm1(residual) for one, residual in pieces)

    def r2(self) -> float:
        """Return R² on the fitted runs, the mean over runs."""
        return self.score(self.runs).r2

    def mean_absolute_error(self) -> float:
        """Return the mean absolute error on the fitted runs, the mean over runs."""
        return self.score(self.runs).mae

    def losses(self, rates: np.ndarray, updates: np.ndarray) -> np.ndarray:
        """Return the law's losses of a run with these rates, without band or warning.

        Args:
            rates: rate of every update, shape (T,).
            updates: numbers of updates done, 1 … T, increasing, shape (K,).

        Raises:
            ValueError: an argument is out of its range, or the law gives a loss of 0 or less.
        """
        rates = check_rates("rates", rates)
        return self.estimate.at(rates, check_updates("updates", updates, rates))[0]

    def predict(
        self,
        schedule_or_rates: Schedule | Callable | np.ndarray,
        updates: np.ndarray | int | None = None,
        level: float = 0.9,
    ) -> Prediction:
        """Predict the loss curve of a schedule, with a band.

        Half the band's width, in the logarithm of the loss, is t·sqrt(e² + p(t)²). e is the error
        of predicting a run that the fit has not seen: every fitted run is left out in turn and
        predicted from the others. p(t) is the uncertainty of the parameters if blocks of residuals
        had other signs (wild bootstrap over five blocks a run, in closed form); t is Student's
        quantile with as many degrees of freedom as runs were left out.

        Args:
            schedule_or_rates: a `Schedule`, or the rate of every update, shape (T,).
            updates: numbers of updates done at which the loss is predicted, 1 … T, increasing;
                a single number n is a run of n updates, and an endless schedule needs one. None:
                200 numbers spread over the run.
            level: share of losses that the band is to cover, 0 < level < 1.

        Raises:
            ValueError, TypeError: an argument is out of its range.

        Warns:
            BeyondTheFit: the sum of rates is more than four times that of any fitted run.
        """
        level = check_real("level", level, low_open=True, high=1.0 - 1e-9)
        rates, updates = _asked(schedule_or_rates, updates)
        self._warn_if_far(rates[: updates[-1]])
        value, slopes = self.estimate.at(rates, updates)
        covariance = self.estimate.solution.covariance(self.estimate.readings)
        half = widths(slopes, covariance, self._unseen, level)
        return Prediction(updates, value, value * np.exp(-half), value * np.exp(half), level)

    def best_schedule(
        self, total_steps: int, peak_lr: float, warmup_steps: int = 0, floor: float = 0.0
    ) -> BestSchedule:
        """Return the schedule with the least loss at its end under this law.

        After a linear warmup the rate never rises. It is piecewise linear between knots, which lie
        closer towards the end, and its falls are found by L-BFGS-B with the analytic gradient, from
        three decays. The law knows nothing of the edge of stability: whether `peak_lr` can be
        trained with is not its business.

        Args:
            total_steps: number of updates, >= 2.
            peak_lr: rate after the warmup, > 0.
            warmup_steps: updates of the warmup, from 0 to total_steps - 2.
            floor: least rate, 0 <= floor <= peak_lr.

        Raises:
            ValueError, TypeError: an argument is out of its range, or the law gives a decay from
                `peak_lr` a loss of 0 or less.
        """
        total = check_count("total_steps", total_steps, low=2)
        peak = check_real("peak_lr", peak_lr, low_open=True)
        warmup = check_count("warmup_steps", warmup_steps, low=0)
        if warmup > total - 2:
            raise ValueError(f"warmup_steps must be <= total_steps - 2, got {warmup} of {total}")
        rates = best_rates(
            LAWS[self.law],
            self.estimate.solution.theta,
            self.estimate.scale,
            Frame(total, peak, warmup, check_floor(floor, peak)),
        )
        try:
            (loss,) = self.losses(rates, np.array([total]))
        except ValueError:  # its sentence is about rates, which the caller did not give
            raise ValueError(
                f"peak_lr must lie where the law is positive, got {peak:g}: the law gives a decay "
                f"from there a loss of 0 or less; the largest fitted rate is "
                f"{self.estimate.scale.rate:g}"
            ) from None
        self._warn_if_far(rates)
        return BestSchedule(rates, float(loss))

    def score(self, runs: Sequence[LossCurve]) -> Quality:
        """Return R², mean absolute error and RMSE on runs, each the mean over them.

        R² is that of each run alone, 1 − Σ (loss − predicted)² / Σ (loss − mean)², as Luo et al.
        2025 compute it. Readings in a run's warmup are left out.

        Args:
            runs: at least one run, with two readings or more after its warmup.

        Raises:
            ValueError: no run, or one with too few readings.
        """
        by_run = {}
        for number, run in enumerate([runs] if isinstance(runs, LossCurve) else runs):
            there = after_warmup(run)
            if there.sum() < 2:
                raise ValueError(f"runs[{number}] must have two losses or more after its warmup")
            real = run.losses[there]
            error = real - self.estimate.at(run.rates, run.updates[there])[0]
            squared = float(np.mean(error**2))
            name = run.name if run.name not in by_run else f"{run.name} ({number})"
            r2 = 1 - squared / float(np.var(real)) if np.ptp(real) else float("nan")
            by_run[name] = (r2, float(np.abs(error).mean()), squared**0.5)
        if not by_run:
            raise ValueError("runs must hold at least one LossCurve, got none")
        return Quality(*map(float, np.mean(list(by_run.values()), axis=0)), by_run)

    def _warn_if_far(self, rates: np.ndarray) -> None:
        times = float(rates.sum()) / self.estimate.scale.total
        if times > _FAR:
            warnings.warn(
                f"the sum of rates is {times:.1f} times that of the longest fitted run: beyond "
                f"{_FAR:g} times nothing was checked, so fit a longer run before you rely on it",
                BeyondTheFit,
                stacklevel=3,
            )

    @cached_property
    def _unseen(self) -> tuple[float, int]:
        return held_out_error(self.runs, self.estimate)


def _asked(
    schedule_or_rates: Schedule | Callable | np.ndarray, updates: np.ndarray | int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rates of a run and the numbers of updates that are asked for, checked."""
    total = None
    if updates is not None and np.ndim(updates) == 0:
        total, updates = check_count("updates", updates), None
    if callable(schedule_or_rates):
        known = getattr(schedule_or_rates, "total_steps", np.inf)
        steps = total or known
        if updates is not None:
            steps = np.max(np.nan_to_num(np.asarray(updates, dtype=float)), initial=1.0)
        if not np.isfinite(steps):
            raise ValueError(
                "updates must say for how long the schedule is to run, which has no end, "
                "got None: give a number of updates"
            )
        schedule_or_rates = np.asarray(schedule_or_rates(np.arange(int(steps))))
    rates = check_rates("schedule_or_rates", schedule_or_rates)
    if total is not None:
        if total > len(rates):
            raise ValueError(f"updates must be <= {len(rates)}, one rate each, got {total}")
        rates = rates[:total]
    if updates is None:
        first = int(np.argmax(rates > 0)) + 1
        updates = np.unique(np.linspace(first, len(rates), _POINTS).round())
    return rates, check_updates("updates", updates, rates)
