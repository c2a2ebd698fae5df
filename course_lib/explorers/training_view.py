"""The charts and words of the training explorer."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from course_lib.compare import rank
from course_lib.explorers.chart import Chart
from course_lib.explorers.frame import View
from course_lib.explorers.training_charts import (
    boundary_chart,
    forecast_chart,
    loss_chart,
    points_chart,
    rates_chart,
    scores_chart,
    wrong_chart,
)
from course_lib.explorers.training_forecast import PastRun, outlook_of
from course_lib.explorers.training_plan import (
    BATCH,
    Contender,
    TrainingOutcome,
    TrainingPlan,
    examples,
    plan_of,
    short,
)
from course_lib.explorers.training_words import outlook_words, verdict_words


def training_view(
    shown: int,
    outcome: TrainingOutcome | None = None,
    *,
    forecast: bool = False,
    past: Sequence[PastRun] = (),
    past_at_go: Sequence[PastRun] = (),
    **settings: str | float,
) -> View:
    """Return the chosen rates or, once they were trained, their results.

    Args:
        shown: number of the schedule whose boundary is drawn.
        outcome: outcome of the last runs, or None. It is shown while it runs, and after that as
            long as the settings are those that it was trained with.
        forecast: whether the held-out losses are predicted from earlier runs.
        past: runs that have finished, the newest first.
        past_at_go: the part of them that had finished before the outcome's own runs began.
        **settings: as `plan_of` takes them.
    """
    if outcome is not None and outcome.state == "running":
        return _outcome_view(outcome, shown, past_at_go if forecast else None)
    plan = plan_of(**settings)
    if outcome is not None and outcome.plan == plan:
        return _outcome_view(outcome, shown, past_at_go if forecast else None)
    if plan.is_flat:
        _row_of(plan, shown)
    charts = (rates_chart(plan), *([points_chart(plan)] if plan.is_flat else []))
    if not forecast:
        return View(charts, _plan_words(plan))
    outlook = outlook_of(plan, past)
    charts += (forecast_chart(plan, outlook),) if outlook.predictions else ()
    return View(charts, f"{_plan_words(plan)} {outlook_words(outlook, plan)}")


def _outcome_view(
    outcome: TrainingOutcome, shown: int, past: Sequence[PastRun] | None = None
) -> View:
    """Return the results; with the forecast from past runs, unless these are None."""
    plan = outcome.plan
    row = _row_of(plan, shown) if plan.is_flat else None
    last: Chart = wrong_chart(outcome) if row is None else boundary_chart(outcome, row)
    charts = (rates_chart(plan, outcome.updates), loss_chart(outcome), scores_chart(outcome), last)
    outlook = None if past is None else outlook_of(plan, past)
    if outlook is not None and outlook.predictions:
        charts += (forecast_chart(plan, outlook, outcome),)
    if outcome.state == "running":
        # The same words at every stage: a screen reader would read out each new sentence.
        return View(charts, f"Training {_size(plan)}. The scores follow at the end.")
    parts = [_score_words(outcome), _order_words(outcome), _trouble_words(outcome)]
    if row is not None:
        parts.append(_boundary_words(outcome, row))
    if outlook is not None:
        parts.append(verdict_words(outlook, outcome))
    return View(charts, " ".join(part for part in parts if part))


def _row_of(plan: TrainingPlan, slot: int) -> int:
    slots = [contender.slot for contender in plan.contenders]
    if slot not in slots:
        raise ValueError(
            f"the boundary of schedule {slot} is asked for, but there is no such schedule"
        )
    return slots.index(slot)


def _size(plan: TrainingPlan) -> str:
    count = len(plan.contenders)
    return (
        f"{plan.seeds} seeds of {count} schedule{'s' if count > 1 else ''}, "
        f"{plan.updates} updates each"
    )


def _plan_words(plan: TrainingPlan) -> str:
    chosen = "; ".join(
        f"{contender.label}, {_way(rates)}"
        for contender, rates in zip(plan.contenders, plan.rates(), strict=True)
    )
    return (
        f"The chosen rates: {chosen}. Press Go to train {_size(plan)}, with {plan.optimizer} in "
        f"batches of {BATCH}, on {plan.data}."
    )


def _way(rates: np.ndarray) -> str:
    """Return where rates begin, where they are highest and where they end."""
    peak = int(rates.argmax())
    if rates.min() == rates.max():
        return f"{short(rates[0])} throughout"
    top = f"up to {short(rates[peak])} at update {peak}, " if peak else ""
    return f"{short(rates[0])} at first, {top}{short(rates[-1])} at the last update"


def _score_words(outcome: TrainingOutcome) -> str:
    plan, data = outcome.plan, examples(outcome.plan.data)
    early = f"Stopped after {outcome.updates} of {plan.updates} updates. "
    scores = "; ".join(
        f"{contender.label} (peak {contender.peak_text}) "
        + (f"{interval:.2f}" if interval else "diverged")
        for contender, interval in zip(plan.contenders, outcome.intervals(), strict=True)
    )
    # Below that a lucky draw of the held-out examples says more than the floor does.
    floor = f"{data.loss_floor:.2f} is the lowest loss to expect, " if _has_floor(data) else ""
    return (
        f"{early if outcome.state == 'stopped' else ''}Held-out loss after {outcome.updates} "
        f"updates, mean of {plan.seeds} seeds with its 95 % interval: {scores}; {floor}guessing "
        f"costs {np.log(data.classes):.2f}."
    )


def _has_floor(data: object) -> bool:
    return data.loss_floor is not None and data.loss_floor > 0.01


def _order_words(outcome: TrainingOutcome) -> str:
    contenders, scores = outcome.plan.contenders, outcome.scores()
    if len(contenders) < 2 or not np.isfinite(scores).all(axis=1).any():
        return ""
    ranking, best = rank(scores), int(scores.mean(axis=1).argmin())
    worse = _names(contenders, ranking.worse[:, best])
    undecided = ranking.undecided[best].copy()
    undecided[best] = False
    parts = [f"Lowest is {contenders[best].label}"]
    if worse:
        parts.append(f"worse: {worse}")
    if undecided.any():
        parts.append(f"neither better nor worse than it: {_names(contenders, undecided)}")
    return f"{'; '.join(parts)} (paired by seed, intervals for all pairs at once)."


def _trouble_words(outcome: TrainingOutcome) -> str:
    """Return a sentence on the runs that diverged and on schedules no better than guessing."""
    data, sentences = examples(outcome.plan.data), []
    for contender, at, interval in zip(
        outcome.plan.contenders,
        outcome.by_contender(outcome.runs.diverged_at),
        outcome.intervals(),
        strict=True,
    ):
        gone = at[at >= 0]
        if len(gone):
            sentences.append(
                f"{contender.label}: {len(gone)} of {len(at)} runs diverged, the first at update "
                f"{gone.min()}"
            )
        elif interval and interval.mean > np.log(data.classes) - 0.01:
            sentences.append(f"{contender.label} is no better than guessing")
    return f"{'; '.join(sentences)}." if sentences else ""


def _boundary_words(outcome: TrainingOutcome, row: int) -> str:
    right = outcome.by_contender(outcome.runs.held_out_accuracy[:, outcome.stage])[row, 0]
    label = outcome.plan.contenders[row].label
    if not np.isfinite(right):
        return f"The run of {label} with seed 0 has diverged and has no boundary."
    return f"The boundary drawn, of {label} with seed 0, gets {right:.0%} of held-out points right."


def _names(contenders: Sequence[Contender], which: np.ndarray) -> str:
    return ", ".join(c.label for c, wanted in zip(contenders, which, strict=True) if wanted)


def result_row(outcome: TrainingOutcome) -> str:
    """Return a row of the table of results: how it was trained, and every score."""
    plan = outcome.plan
    how = f"{plan.data}; {plan.optimizer}; {plan.seeds} seeds, {outcome.updates} updates"
    if outcome.state == "stopped":
        how += f" of {plan.updates}, stopped"
    scores = "<br>".join(
        html.escape(f"{c.shape}, peak {c.peak_text}: ") + (f"{i:.3f}" if i else "diverged")
        for c, i in zip(plan.contenders, outcome.intervals(), strict=True)
    )
    return f"<tr><td>{html.escape(how)}</td><td>{scores}</td></tr>"


def training_table(rows: Sequence[str]) -> str:
    """Return a table of `result_row`s, the latest first; nothing if there are none."""
    if not rows:
        return ""
    return (
        '<table style="margin:6px 0;text-align:left;line-height:1.4"><caption '
        'style="text-align:left">Results of this panel, the latest first</caption>'
        "<tr><th>trained</th><th>held-out loss, mean [95 % interval]</th></tr>"
        f"{''.join(rows)}</table>"
    )
