"""The training explorer's forecast: a law fitted to finished runs, and the planned runs by it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from course_lib import forecast
from course_lib.explorers.training_plan import Contender, TrainingOutcome, TrainingPlan
from course_lib.forecast import Forecast, LossCurve, Prediction

#: The newest runs that a law is fitted to. The band leaves out each in turn, and with one run more
#: the drawing would wait for half a second.
MOST_FITTED = 3
#: Readings before this share of a run are left out. These networks hardly move at first and then
#: learn at once, which no power law does: with them, forecasts were about twice as far off.
SETTLED = 1 / 3
_POINTS = 40  # of a predicted curve
_LEVEL = 0.9


@dataclass(frozen=True, eq=False)
class PastRun:
    """A schedule that the panel has trained to its end.

    Attributes:
        data, optimizer: names, as in its plan.
        curve: its rates and its held-out losses, mean of the seeds, once it has settled.
    """

    data: str
    optimizer: str
    curve: LossCurve

    @property
    def end(self) -> float:
        """Its held-out loss after the last update."""
        return float(self.curve.losses[-1])

    def is_of(self, plan: TrainingPlan) -> bool:
        """Return whether it was trained on the data and with the optimizer of a plan."""
        return (self.data, self.optimizer) == (plan.data, plan.optimizer)


@dataclass(frozen=True)
class Outlook:
    """The forecast of a plan.

    Attributes:
        fitted: runs that the law is fitted to, the newest first.
        law: name of the law; "" where there is none.
        predictions: slot of a schedule -> its predicted curve.
        trained: labels of schedules that need no forecast, because they were trained already.
        trouble: a sentence on what could not be predicted and why; "" if there is nothing.
    """

    fitted: tuple[PastRun, ...] = ()
    law: str = ""
    predictions: tuple[tuple[int, Prediction], ...] = ()
    trained: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def plain_guess(self) -> float:
        """The mean end of the fitted runs: what a forecast has to beat."""
        return float(np.mean([run.end for run in self.fitted]))


def past_runs(outcome: TrainingOutcome) -> tuple[PastRun, ...]:
    """Return the runs of a finished training that a law can be fitted to.

    Schedules of which a run has diverged, and trainings that were stopped, are left out.
    """
    if outcome.state != "done":
        return ()
    plan, runs = outcome.plan, outcome.runs
    updates = np.asarray(runs.scored_at)
    there = updates > SETTLED * plan.updates
    found = []
    for contender, rates, losses in zip(
        plan.contenders, plan.rates(), outcome.by_contender(runs.held_out_loss), strict=True
    ):
        mean = losses.mean(axis=0)[there]
        if np.isfinite(mean).all() and mean.min() > 0:
            curve = LossCurve(rates, updates[there], mean, _name(contender))
            found.append(PastRun(plan.data, plan.optimizer, curve))
    return tuple(found)


def outlook_of(plan: TrainingPlan, past: Sequence[PastRun]) -> Outlook:
    """Return the forecast of a plan from finished runs.

    The law is Tissue et al.'s, or a power law of the sum of rates if the rate of no run falls. The
    multi-power law takes seconds to fit and predicts these runs no better.

    Args:
        plan: schedules to predict.
        past: runs that have finished, the newest first; those on other data or with another
            optimizer are left out.
    """
    ours = _distinct([run for run in past if run.is_of(plan)])
    if len(ours) < 2:
        return Outlook(
            trouble=f"a forecast needs two finished runs with different schedules on {plan.data} "
            f"with {plan.optimizer}, and there {_are(len(ours))}"
        )
    fitted = ours[:MOST_FITTED]
    law = _fitted(fitted)
    if isinstance(law, str):
        return Outlook(fitted, trouble=f"these runs determine no law: {law}")
    predictions, trained, troubles = [], [], []
    for contender, rates in zip(plan.contenders, plan.rates(), strict=True):
        if any(np.array_equal(rates, run.curve.rates) for run in ours):
            trained.append(contender.label)
            continue
        try:
            predictions.append((contender.slot, _predicted(law, rates, troubles)))
        except ValueError as error:
            troubles.append(f"{contender.label} has no forecast: {error}")
    return Outlook(
        fitted, law.law, tuple(predictions), tuple(trained), "; ".join(dict.fromkeys(troubles))
    )


def _are(count: int) -> str:
    return "is 1" if count == 1 else "are none"


def _name(contender: Contender) -> str:
    return f"{contender.shape}, peak {contender.peak_text}"


def _distinct(runs: Sequence[PastRun]) -> tuple[PastRun, ...]:
    """Return the runs without those whose rates a newer one has."""
    found: list[PastRun] = []
    for run in runs:
        if not any(np.array_equal(run.curve.rates, other.curve.rates) for other in found):
            found.append(run)
    return tuple(found)


@lru_cache(maxsize=4)
def _fitted(runs: tuple[PastRun, ...]) -> Forecast | str:
    """Return the law of some runs, or the reason why there is none."""
    curves = [run.curve for run in runs]
    try:
        return forecast.fit(curves, "annealing" if any(c.decays() for c in curves) else "power")
    except ValueError as error:
        return str(error)


def _predicted(law: Forecast, rates: np.ndarray, troubles: list[str]) -> Prediction:
    """Return the predicted curve from where it has settled; warnings join the troubles."""
    settled = max(int(SETTLED * len(rates)), int(np.argmax(rates > 0))) + 1
    updates = np.unique(np.linspace(settled, len(rates), _POINTS).round())
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = law.predict(rates, updates, _LEVEL)
    troubles += [str(one.message) for one in told]
    return found
