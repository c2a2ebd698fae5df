"""Compares the rates of a log with the plan, and names the mistake that explains a difference."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from course_lib.diagnose.mistakes.plan_units import Rescaled, in_unit_of
from course_lib.diagnose.mistakes.plan_verdict import Explanation, GroupComparison, PlanComparison
from course_lib.diagnose.mistakes.planned import PlannedRates, read_plan
from course_lib.diagnose.mistakes.ranking import EQUAL, SAME, ranked
from course_lib.diagnose.mistakes.roundings import (
    COARSEST,
    decimals_of,
    likely_precision,
    rounding_of,
)
from course_lib.diagnose.mistakes.suspects import RowsView, counted, rates_of
from course_lib.diagnose.rate_log import RateLog
from course_lib.validation import check_count


def compare_with_plan(
    log: RateLog,
    plan: Any,
    *,
    base_lr: float | Sequence[float] | None = None,
    unit: str | None = None,
    total_steps: int | None = None,
    steps_per_epoch: int | None = None,
    known: Mapping[str, int] | None = None,
) -> PlanComparison:
    """Return whether a log's rates are the planned ones, and if not, which mistakes explain it.

    A log is as planned if |rate - plan(at - lag)| is within the log's precision in every row, for
    one of the lags with which its tool is known to log.

    Args:
        log: the recorded rates.
        plan: the plan, in any form that `read_plan` takes; a list of plans is one for each group.
        base_lr: rate of the optimizer where the plan's call does not say it.
        unit: unit of the plan's lengths, "update" or "epoch"; None: the log's own.
        total_steps: length of the run in the plan's unit; None: as the plan says.
        steps_per_epoch: updates in an epoch; None: as the log's settings say.
        known: name -> whole number that may be a factor in the run: processes, accumulation steps,
            batches in an epoch.

    Raises:
        ValueError: as many plans as groups are needed and not given; a log in epochs and a plan in
            updates, or the reverse, without `steps_per_epoch`.
        TypeError: a log or a plan of another type.

    >>> log = RateLog(rates=[[0.1, 0.05, 0.0, 0.0]], at=range(4), lags=(0,))
    >>> print(compare_with_plan(log, "linear(0.1, total_steps=4)"))
    The rates depart from the plan at update 1 (row 1): planned 0.075, got 0.05.
    This log cannot distinguish 2 explanations:
    1. The scheduler was stepped 2 times for each planned step. Call scheduler.step() once for \
each unit in which the schedule's lengths are counted.
    2. `total_steps` was 2 in place of 4, divided by 2. Give the length in the unit in which \
scheduler.step() is called.
    """
    if not isinstance(log, RateLog):
        raise TypeError(f"log must be a RateLog, got {type(log).__name__}")
    steps = steps_per_epoch or _whole(log.settings.get("steps_per_epoch"))
    read = read_plan(
        plan, base_lr=base_lr, unit=unit, steps_per_epoch=steps, total_steps=total_steps, log=log
    )
    groups = len(log.group_names)
    plans = read if isinstance(read, tuple) else (read,) * groups
    if len(plans) != groups:
        raise ValueError(f"plan must hold {groups} plans, one a group, got {len(plans)}")
    factors = _factors(log, steps, known)
    plans = tuple(in_unit_of(log, one) for one in plans)
    found: list[GroupComparison] = []
    for number, name in enumerate(log.group_names):
        others = [(log.group_names[i], one) for i, one in enumerate(plans) if i != number]
        found.append(_compare_group(log, number, name, plans[number], factors, others))
    return PlanComparison(log, plans, tuple(found))


def assert_as_planned(
    recorded: RateLog | Sequence[float] | np.ndarray, plan: Any, **options: Any
) -> None:
    """Raise AssertionError in words unless recorded rates are as planned: for tests of one's loop.

    Args:
        recorded: a log, or the rate of every update in order (or (groups, updates) of them).
        plan: the plan, in any form that `read_plan` takes.
        **options: further arguments of `compare_with_plan`.

    Raises:
        AssertionError: the rates depart from the plan; the message names the likeliest mistake.
        ValueError: `recorded` is empty or of another shape.
        TypeError: `recorded` holds something else than numbers.

    >>> assert_as_planned([0.1, 0.075, 0.05, 0.025], "linear(0.1, total_steps=4)")
    """
    if not isinstance(recorded, RateLog):
        rates = _numbers(recorded)
        recorded = RateLog(rates=rates, at=np.arange(rates.shape[1]), lags=(0,))
    comparison = compare_with_plan(recorded, plan, **options)
    if not comparison.as_planned:
        raise AssertionError(str(comparison))


def _numbers(recorded: Any) -> np.ndarray:
    try:
        rates = np.atleast_2d(np.asarray(recorded, dtype=np.float64))
    except (TypeError, ValueError):
        raise TypeError(
            f"recorded must hold numbers, the rate of every update, got {reprlib.repr(recorded)}"
        ) from None
    if rates.ndim != 2 or rates.size == 0:
        raise ValueError(
            "recorded must have the shape (updates,) or (groups, updates), with an update or more, "
            f"got {np.shape(recorded)}"
        )
    return rates


def _whole(value: Any) -> int | None:
    try:
        whole = int(value)
    except (TypeError, ValueError):
        return None
    return whole if whole >= 1 and whole == float(value) else None


_FACTOR_NAMES = ("steps_per_epoch", "accumulate", "processes", "num_processes", "world_size")


def _factors(log: RateLog, steps: int | None, known: Mapping[str, int] | None) -> dict[int, str]:
    """Return number -> name for every number that may be a factor in the run."""
    named = {name: _whole(log.settings.get(name)) for name in _FACTOR_NAMES}
    named |= {name: check_count(name, value) for name, value in (known or {}).items()}
    named["steps_per_epoch"] = steps
    return {value: name for name, value in reversed(named.items()) if value and value > 1}


def _compare_group(
    log: RateLog,
    number: int,
    name: str,
    plan: PlannedRates,
    factors: Mapping[int, str],
    others: Sequence[tuple[str, PlannedRates]],
) -> GroupComparison:
    column = log.rates[number]
    kept = np.flatnonzero(np.isfinite(column))
    views = [_view(log, number, kept, plan, lag, factors) for lag in _lags(log, plan)]
    agreeing = [view.agrees(plan) for view in views]
    best = max(range(len(views)), key=lambda i: (_prefix(agreeing[i]), agreeing[i].sum(), -i))
    view, agrees = views[best], agreeing[best]
    planned = np.full(column.shape, np.nan)
    planned[kept] = view.predicted(plan)
    tolerance = np.full(column.shape, np.nan)
    tolerance[kept] = view.tolerance
    remarks = [*_metric_remarks(plan), *_length_remarks(log, view, plan)]
    common = (name, log.at, log.unit, column, planned, tolerance, _lags(log, plan)[best])
    if agrees.all():
        remarks = [*_precision_remarks(log, number), *remarks]
        return GroupComparison(*common, True, None, remarks=tuple(remarks))
    rounding = rounding_of(column[kept], planned[kept], view.peak)
    if rounding:
        note = f"The log rounds its rates ({rounding}), and the plan agrees within that."
        return GroupComparison(*common, True, None, remarks=(note, *remarks))
    first = int(kept[int(agrees.argmin())])
    explanations, equal = _explained(log, kept, views, plan, others)
    return GroupComparison(
        *common, False, first, tuple(explanations), equal, remarks=tuple(remarks)
    )


def _lags(log: RateLog, plan: PlannedRates) -> list[float]:
    lags = list(log.lags) or [0]
    if isinstance(plan, Rescaled) and plan.rate > 1:
        # The last update of an epoch may be logged, or the one after it.
        lags += [lag + 1 / plan.rate for lag in lags]
        if log.at[0] == 0:
            lags.append(-1 + 1 / plan.rate)
    return list(dict.fromkeys(float(lag) for lag in lags))


def _view(
    log: RateLog,
    number: int,
    kept: np.ndarray,
    plan: PlannedRates,
    lag: float,
    factors: Mapping[int, str],
) -> RowsView:
    rates = log.rates[number][kept]
    t = log.at[kept] - lag
    peak = max(float(np.abs(rates).max()), float(np.abs(rates_of(plan, t)).max()), 1e-300)
    precision = likely_precision(log, rates)
    half = precision.half_width(rates) * (1 + 1e-6)
    if precision.kind == "significant":
        # Where rounding was after the point, the small rates have fewer digits.
        half = np.maximum(half, 0.5 * 10.0 ** -decimals_of(rates))
    finer = isinstance(plan, Rescaled) and plan.rate > 1
    return RowsView(t, rates, half + plan.slack * peak, factors, peak, finer, log.unit, float(lag))


def _prefix(agrees: np.ndarray) -> int:
    return agrees.size if agrees.all() else int(agrees.argmin())


def _explained(
    log: RateLog,
    kept: np.ndarray,
    views: Sequence[RowsView],
    plan: PlannedRates,
    others: Sequence[tuple[str, PlannedRates]],
) -> tuple[list[Explanation], int]:
    """Return the explanations, the likeliest first, and how many of them rank equal."""
    found = []
    for view in views:
        for group, other in others:
            if view.agrees(other).all():
                words = f"the group has the planned curve of the group {group}"
                fix = "Compare the order of the groups with the order of their rates."
                found.append((True, 1.0, 0.0, "other-group", words, view.predicted(other), {}, fix))
    for order, one, exact, misfit in _ranked(log, views, plan):
        rates = views[order].predicted(one.plan)
        cost = one.cost + 0.2 * order
        found.append((exact, cost, misfit, one.code, one.message, rates, one.parameters, one.fix))
    found.sort(key=lambda one: (not one[0], one[1] if one[0] else one[2]))
    explanations: list[Explanation] = []
    messages: list[str] = []
    least = found[0][1] if found else math.inf
    equal = 0
    for exact, cost, misfit, code, message, rates, parameters, fix in found:
        # "X from update 9 on" says no more than X where both explain every row.
        if any(message.startswith(known) for known in messages):
            continue
        messages.append(message)
        predicted = np.full(log.size, np.nan)
        predicted[kept] = rates
        explanations.append(
            Explanation(code, message, predicted, misfit, exact, dict(parameters), fix)
        )
        same = exact and _same(rates, found[0][5])
        equal += exact and (cost < least + EQUAL or (same and cost < least + SAME))
    return explanations, equal


def _ranked(log: RateLog, views: Sequence[RowsView], plan: PlannedRates) -> list:
    """Return what `ranked` does; few different rates may be rounded although it does not show."""
    if log.precision.kind == "float64":
        half = 0.5 * 10.0 ** -decimals_of(views[0].rates)
        few = np.unique(views[0].rates).size < 8
        if few and half <= COARSEST * views[0].peak:
            strict = ranked(views, plan, pairs=False)
            if strict and strict[0][2]:
                return strict
            loose = [replace(v, tolerance=np.maximum(v.tolerance, half)) for v in views]
            found = ranked(loose, plan, pairs=False)
            if found and found[0][2]:
                return found
    return ranked(views, plan)


def _same(rates: np.ndarray, first: np.ndarray) -> bool:
    """Return whether two predictions are one curve, and not only within the log's precision."""
    return bool(np.abs(rates - first).max() <= 1e-9 * np.abs(first).max())


def _precision_remarks(log: RateLog, number: int) -> list[str]:
    if log.precision.kind == "float64":
        return []
    words = str(log.precision)
    kind = words if words.startswith("rounded") else f"in {words}"
    return [f"The log's rates are {kind}; smaller differences cannot be seen."]


def _metric_remarks(plan: PlannedRates) -> list[str]:
    if plan.follows is None:
        return []
    return [
        f"{plan.call} was taken to follow the log's column `{plan.follows.name}` "
        f"({plan.follows.values.size} values)."
    ]


def _length_remarks(log: RateLog, view: RowsView, plan: PlannedRates) -> list[str]:
    end, last = plan.total_steps, float(view.t.max())
    if not math.isfinite(end):
        return []
    spacing = float(np.median(np.diff(np.unique(view.t)))) if view.t.size > 1 else 1.0
    if last > end + spacing:
        return [f"The log goes on past the plan's end at {counted(end)}."]
    if last < end - 1 - spacing:
        reached = counted(log.at.max())
        return [f"The log ends at {reached}, before the plan's end at {counted(end)}."]
    return []
