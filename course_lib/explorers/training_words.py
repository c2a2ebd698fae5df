"""The words of the training explorer on its forecast."""

from __future__ import annotations

from course_lib.explorers.training_forecast import Outlook
from course_lib.explorers.training_plan import TrainingOutcome, TrainingPlan
from course_lib.forecast import Prediction
from course_lib.intervals import Interval

#: A band whose ends differ by more than this factor says nothing.
_TOO_WIDE = 3.0


def outlook_words(outlook: Outlook, plan: TrainingPlan) -> str:
    """Return what the law expects of a plan, before anything is trained."""
    if not outlook.predictions:
        return _without(outlook)
    labels = {contender.slot: contender.label for contender in plan.contenders}
    ends = "; ".join(f"{labels[slot]} {_end(one)}" for slot, one in outlook.predictions)
    return (
        f"Forecast of the held-out loss at the end, with its 90 % band, by the {outlook.law} law "
        f"fitted to your {len(outlook.fitted)} runs: {ends}. The mean end of these runs, "
        f"{outlook.plain_guess:.3f}, is the simplest guess. Networks as small as these follow the "
        "law only roughly, and the band knows only the runs behind it: see which of the two "
        f"comes closer.{_also(outlook)}"
    )


def verdict_words(outlook: Outlook, outcome: TrainingOutcome) -> str:
    """Return how far off the forecast was, once the plan has been trained."""
    if not outlook.predictions:
        return _without(outlook)
    if outcome.state != "done":
        return "The training was stopped, so the forecast of its end is not tested."
    predictions, guess = dict(outlook.predictions), outlook.plain_guess
    parts = [
        _verdict(contender.label, predictions[contender.slot], interval, guess)
        for contender, interval in zip(outcome.plan.contenders, outcome.intervals(), strict=True)
        if contender.slot in predictions
    ]
    return f"The forecast from your {len(outlook.fitted)} runs: {'; '.join(parts)}."


def _verdict(label: str, one: Prediction, real: Interval | None, guess: float) -> str:
    if real is None:
        return f"{label} was to end at {one.final:.3f} and has diverged"
    inside = "inside" if one.low[-1] <= real.mean <= one.high[-1] else "outside"
    half = (real.high - real.low) / 2 / real.mean
    return (
        f"{label} was to end at {one.final:.3f} and came to {real.mean:.3f}, {inside} the band; "
        f"the forecast is {_off(one.final, real.mean)}, the simplest guess "
        f"{_off(guess, real.mean)}, and the seeds leave ± {100 * half:.1f} %"
    )


def _off(guess: float, real: float) -> str:
    """Return how far off a guess is: 2.0 % too high."""
    share = guess / real - 1
    return f"{100 * abs(share):.1f} % too {'high' if share > 0 else 'low'}"


def _end(one: Prediction) -> str:
    low, high = one.low[-1], one.high[-1]
    if high > _TOO_WIDE * low:
        return f"{one.final:.3f}, with a band so wide that these runs do not determine it"
    return f"{one.final:.3f} [{low:.3f}, {high:.3f}]"


def _without(outlook: Outlook) -> str:
    if outlook.trouble:
        return f"No forecast: {outlook.trouble}."
    return "No forecast: all of these schedules were trained already."


def _also(outlook: Outlook) -> str:
    trained = f" Trained already: {', '.join(outlook.trained)}." if outlook.trained else ""
    return f"{trained} Note: {outlook.trouble}." if outlook.trouble else trained
