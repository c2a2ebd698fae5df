"""The single charts of the training explorer."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib.colors import to_rgb

from course_lib.explorers.chart import Axis, Band, Chart, Field, Level, Line, Mark, Points, limits
from course_lib.explorers.training_forecast import SETTLED, Outlook
from course_lib.explorers.training_plan import (
    SLOTS,
    Contender,
    TrainingOutcome,
    TrainingPlan,
    examples,
)
from course_lib.plots.base import CARD, COLOURS, INK, RED, SKY
from course_lib.training import predict
from course_lib.training.mlp import layer_sizes

_DASHES = ((), (7, 3), (7, 2, 2, 2), (2, 2))
_SEED_GREY = "#77776f"
_CLASSES = (SKY, RED, INK)
_CLASS_MARKERS = ("o", "s", "^")
_POINTS_SHOWN = 80  # of each class: more would hide the boundary
_REACH = (1.75, 1.1)  # of the plane that is shown; about as wide as high on the page
_GRID = (72, 46)
_FAR_APART = 20
_PREDICTED = (6, 4)  # dashes of a forecast
_READINGS = ("o", "s", "^", "x")  # of a schedule's real losses, which a forecast's line would hide
_BAND_ROOM = 1.2  # a band is drawn up to so many times what the curves reach


def rates_chart(plan: TrainingPlan, updates: int | None = None) -> Chart:
    """Return the rates over the updates, with a mark where training is now."""
    rates, name = plan.rates(), "learning rate"
    peaks = rates.max(axis=1)
    far_apart = peaks.max() > _FAR_APART * peaks.min()  # the lower ones would lie on the axis
    axis = (
        _log_axis(name, peaks, 1e-3 * peaks) if far_apart else Axis(name, 0.0, 1.06 * peaks.max())
    )
    marks: list[Mark] = [
        Line(np.arange(plan.updates), row, label=_key(c), **_look(c))
        for c, row in zip(plan.contenders, rates, strict=True)
    ]
    if updates is not None and updates < plan.updates:
        marks.append(Level(updates, "x", "now"))
    return Chart("the rates", _updates(plan), axis, tuple(marks))


def loss_chart(outcome: TrainingOutcome) -> Chart:
    """Return the training loss of each contender: median over seeds, mean of recent updates."""
    plan = outcome.plan
    window = max(1, plan.updates // 20)
    losses = outcome.by_contender(outcome.runs.losses)[:, :, : outcome.updates]
    curves = [recent_median(rows, window) for rows in losses]
    marks: list[Mark] = [
        Line(np.arange(outcome.updates), curve, **_look(c))
        for c, curve in zip(plan.contenders, curves, strict=True)
    ]
    marks += [_crosses(c, at, curve) for c, at, curve in _diverged(outcome, curves)]
    axis = _log_axis(f"loss, mean of {window} updates", *curves)
    return Chart("training loss, median of the seeds", _updates(plan), axis, tuple(marks))


def scores_chart(outcome: TrainingOutcome) -> Chart:
    """Return the held-out losses: the mean with its interval, and beside it every seed."""
    data, scores, means = examples(outcome.plan.data), outcome.scores(), outcome.intervals()
    floor = [data.loss_floor] if data.loss_floor is not None else []
    known = np.append(scores[np.isfinite(scores)], [end for i in means if i for end in _ends(i)])
    # A floor far below all scores would press them together at the top.
    floor = [f for f in floor if known.size and f > 0.3 * known.min()]
    axis = _log_axis("held-out loss, nats", known, np.array(floor))
    ends = np.array([SLOTS[0] - 0.6, SLOTS[-1] + 0.6])
    marks: list[Mark] = [
        Line(ends, np.full(2, f), INK, "lowest loss to expect", (2, 3), 1.0) for f in floor
    ]
    for contender, row, interval in zip(outcome.plan.contenders, scores, means, strict=True):
        at, colour = contender.slot, _look(contender)["colour"]
        seeds = row[np.isfinite(row)]
        beside = np.full(len(seeds), at + 0.22)
        marks.append(Points(beside, seeds, _SEED_GREY, "single seeds", size=1.6))
        if interval:
            marks.append(_whisker(at, *_ends(interval), colour))
            marks.append(Points(np.array([at]), np.array([interval.mean]), colour, size=4.5))
        else:
            top = axis.low * (axis.high / axis.low) ** 0.95
            marks.append(Points(np.array([at]), np.array([top]), colour, "diverged", "x", 6))
    return Chart(
        f"held-out loss after {outcome.updates} updates",
        Axis("schedule, as numbered above", *ends),
        axis,
        tuple(marks),
    )


def wrong_chart(outcome: TrainingOutcome) -> Chart:
    """Return the share of held-out examples that are misclassified, mean over the seeds."""
    accuracy = outcome.by_contender(outcome.runs.held_out_accuracy)
    done = slice(outcome.stage + 1)
    curves = [100 * (1 - rows.mean(axis=0)[done]) for rows in accuracy]
    marks = tuple(
        Line(outcome.runs.scored_at[done], curve, **_look(c))
        for c, curve in zip(outcome.plan.contenders, curves, strict=True)
    )
    _, high = limits(*curves)
    y = Axis("wrong, % of held-out digits", 0.0, high)
    return Chart("share wrong, mean of the seeds", _updates(outcome.plan), y, marks)


def forecast_chart(
    plan: TrainingPlan, outlook: Outlook, outcome: TrainingOutcome | None = None
) -> Chart:
    """Return the predicted held-out losses, dashed, with their bands, and the real ones as points.

    Args:
        plan: schedules that are predicted.
        outlook: their forecast, with at least one prediction.
        outcome: their training so far, or None.
    """
    by_slot = {contender.slot: contender for contender in plan.contenders}
    past = [run.curve for run in outlook.fitted]
    asked = dict(outlook.predictions)
    real = [] if outcome is None else [one for one in _held_out(outcome) if one[0].slot in asked]
    lines = [one.losses for _, one in outlook.predictions]
    axis = _log_axis("held-out loss, nats", *lines, *(y for _, _, y in real))
    edges = np.array([end for _, one in outlook.predictions for end in (one.low, one.high)])
    # A wide band would press the curves together: it is cut off.
    low = min(axis.low, max(edges.min(), axis.low / _BAND_ROOM))
    high = max(axis.high, min(edges.max(), axis.high * _BAND_ROOM))
    marks: list[Mark] = [
        Line(curve.updates, curve.losses, _SEED_GREY, "your runs so far", width=1.0)
        for curve in past
    ]
    for slot, one in outlook.predictions:
        colour = _look(by_slot[slot])["colour"]
        ends = np.clip([one.low, one.high], low, high)
        marks.append(Band(one.updates, *ends, colour))
        label = f"{by_slot[slot].label}, predicted from your {len(past)} runs"
        marks.append(Line(one.updates, one.losses, colour, label, _PREDICTED))
    marks += [
        Points(x, y, _look(c)["colour"], f"{c.label}, real", _READINGS[c.slot - 1], 2.6)
        for c, x, y in real
    ]
    x_axis = Axis("update", SETTLED * plan.updates, plan.updates)
    y_axis = Axis(axis.label, low, high, log=True)
    return Chart("held-out loss: forecast", x_axis, y_axis, tuple(marks), wide=True)


def _held_out(outcome: TrainingOutcome) -> list[tuple[Contender, np.ndarray, np.ndarray]]:
    """Return each contender, the updates at which it was scored once settled, and its mean."""
    done = slice(outcome.stage + 1)
    updates = np.asarray(outcome.runs.scored_at)[done]
    there = updates > SETTLED * outcome.plan.updates
    losses = outcome.by_contender(outcome.runs.held_out_loss)[:, :, done].mean(axis=1)
    rows = zip(outcome.plan.contenders, losses, strict=True)
    return [(c, updates[there], row[there]) for c, row in rows]


def points_chart(plan: TrainingPlan) -> Chart:
    """Return some of the training examples in the plane."""
    return Chart("what is trained on", *_plane(), _examples(plan.data))


def boundary_chart(outcome: TrainingOutcome, row: int) -> Chart:
    """Return how the network of seed 0 classifies the plane, for one contender."""
    label = outcome.plan.contenders[row].label
    weights = outcome.by_contender(outcome.runs.weights)[row, :1, outcome.stage]
    if not np.isfinite(weights).all():
        return Chart(f"{label}, seed 0: diverged", *_plane(), _examples(outcome.plan.data))
    chances = predict(weights, _grid(), layer_sizes(outcome.plan.workload))[0]
    field = Field(_colours(chances).reshape(_GRID[1], _GRID[0], 3))
    return Chart(f"boundary of {label}, seed 0", *_plane(), (field, *_examples(outcome.plan.data)))


def recent_median(losses: np.ndarray, window: int) -> np.ndarray:
    """Return the median over seeds of each update, then the mean of the last `window` of those.

    A run that has diverged counts as infinite, so the curve ends where half of them have.

    Args:
        losses: (seeds, updates), NaN from where a run diverged.
        window: updates, >= 1; at the beginning fewer.
    """
    medians = np.median(np.where(np.isnan(losses), np.inf, losses), axis=0)
    curve = np.full(len(medians), np.nan)
    whole = medians[np.isfinite(medians)]
    sums = np.concatenate([[0.0], whole.cumsum()])
    last = np.arange(1, len(sums))
    first = np.maximum(last - window, 0)
    curve[: len(whole)] = (sums[last] - sums[first]) / (last - first)
    return curve


def _key(contender: Contender) -> str:
    return f"{contender.label}, peak {contender.peak_text}"


def _look(contender: Contender) -> dict:
    return {
        "colour": COLOURS[contender.slot - 1],
        "dash": _DASHES[contender.slot - 1],
    }


def _updates(plan: TrainingPlan) -> Axis:
    return Axis("update", 0, plan.updates)


def _log_axis(label: str, *values: np.ndarray) -> Axis:
    low, high = limits(*(np.log(np.maximum(v, 1e-6)) for v in values), margin=0.08)
    return Axis(label, float(np.exp(low)), float(np.exp(high)), log=True)


def _diverged(
    outcome: TrainingOutcome, curves: list[np.ndarray]
) -> list[tuple[Contender, np.ndarray, np.ndarray]]:
    """Return each contender with diverged runs, when they did, and its curve."""
    when = outcome.by_contender(outcome.runs.diverged_at)
    rows = zip(outcome.plan.contenders, when, curves, strict=True)
    return [(c, at[at >= 0], curve) for c, at, curve in rows if (at >= 0).any()]


def _crosses(contender: Contender, at: np.ndarray, curve: np.ndarray) -> Points:
    """Return a cross on the curve, or at its end, for every run that leaves."""
    end = max(int(np.isfinite(curve).sum()) - 1, 0)
    spots = np.minimum(at, end)
    return Points(spots, curve[spots], _look(contender)["colour"], "diverged", "x", 5)


def _ends(interval) -> tuple[float, float]:
    return interval.low, interval.high


def _whisker(x: float, low: float, high: float, colour: str) -> Line:
    """Return an upright line with a bar at each end; NaN lifts the pen."""
    left, right, nan = x - 0.1, x + 0.1, np.nan
    across = np.array([x, x, nan, left, right, nan, left, right])
    return Line(across, np.array([low, high, nan, low, low, nan, high, high]), colour)


def _plane() -> tuple[Axis, Axis]:
    return Axis("first input", -_REACH[0], _REACH[0]), Axis("second input", -_REACH[1], _REACH[1])


@lru_cache(maxsize=1)
def _grid() -> np.ndarray:
    """Return the middles of the squares of the plane, row by row from the top left."""
    columns, rows = _GRID
    x = _REACH[0] * ((2 * np.arange(columns) + 1) / columns - 1)
    y = -_REACH[1] * ((2 * np.arange(rows) + 1) / rows - 1)
    return np.column_stack([np.tile(x, rows), np.repeat(y, columns)])


def _colours(chances: np.ndarray) -> np.ndarray:
    """Return a colour of each point from the chances of the classes, (3, points): pale is unsure.

    The likeliest class sets the colour, so that the boundary is an edge.
    """
    card, classes = np.array(to_rgb(CARD)), np.array([to_rgb(name) for name in _CLASSES])
    sure = (chances.max(axis=0) - 1 / 3)[:, None] / (2 / 3)
    strength = 0.15 + 0.4 * sure
    mixed = (1 - strength) * card + strength * classes[chances.argmax(axis=0)]
    return (255 * mixed).round().astype(np.uint8)


@lru_cache(maxsize=2)
def _examples(data: str) -> tuple[Points, ...]:
    """Return the examples by their labels, evenly thinned; markers differ as the colours do."""
    found = examples(data)
    marks = []
    for label, (colour, marker) in enumerate(zip(_CLASSES, _CLASS_MARKERS, strict=True)):
        rows = np.flatnonzero(found.labels == label)
        rows = rows[:: max(1, len(rows) // _POINTS_SHOWN)]
        x, y = found.inputs[rows].T
        marks.append(Points(x, y, colour, f"label {label}", marker, 2.2))
    return tuple(marks)
