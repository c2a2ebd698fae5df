"""Identifies the schedule that a log follows: splits it into parts, and fits each."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from course_lib.diagnose.identification import FittedParameter, FittedPart, Identification
from course_lib.diagnose.identifying.families import family_of, schedule_of
from course_lib.diagnose.identifying.library_calls import call_of
from course_lib.diagnose.identifying.log_limits import limits_of
from course_lib.diagnose.identifying.part_fitting import fit_rows, lags_again, over_all
from course_lib.diagnose.identifying.rate_curve import RateCurve
from course_lib.diagnose.identifying.rows_of_group import RowsOfGroup
from course_lib.diagnose.identifying.stretch_fit import Fit
from course_lib.diagnose.identifying.yolo import YoloCurve
from course_lib.diagnose.rate_log import RateLog
from course_lib.validation import check_count

_MOST_PARTS = 6
_FEWEST = 3  # fewer rows before a seam tell no curve
_MOST_FITS = 24  # splits tried in all, so that rows that no curve fits end some time
_PLACES = 4  # likeliest places of a seam that are tried


def identify(log: RateLog, *, group: int = 0) -> Identification:
    """Return the schedule that a log follows, as far as its rows tell it.

    Args:
        log: rates as logged.
        group: parameter group, from 0.

    Returns:
        Parts with family, parameters and their intervals; the likeliest library call; and what the
        log cannot tell. No part where nothing fits within 1 % of the peak.

    Raises:
        ValueError, TypeError: a group that the log does not have.

    >>> rates = [0.02, 0.04, 0.06, 0.08, 0.1, 0.08, 0.06, 0.04, 0.02, 0.0]
    >>> found = identify(RateLog(rates=[rates], at=range(1, 11), lags=(0,)))
    >>> part = found.parts[0]
    >>> part.family, {name: p.value for name, p in part.parameters.items()}
    ('linear decay with warmup', {'warmup_steps': 5.0, 'peak': 0.1, 'total_steps': 10.0})
    """
    if check_count("group", group, low=0) >= len(log.rates):
        raise ValueError(f"group must be < {len(log.rates)}, the log's groups, got {group!r}")
    rows = RowsOfGroup.of(log, group)
    fits = _parts(rows)
    parts = tuple(_as_part(fit, own, log) for own, fit in fits)
    call = call_of(fits[0][1].curve, parts[0].family, log) if fits else ""
    return Identification(
        log=log,
        group=group,
        parts=parts,
        call=call,
        cannot_tell=limits_of(log, rows, [fit for _, fit in fits], parts),
    )


def _parts(rows: RowsOfGroup) -> list[tuple[RowsOfGroup, Fit]]:
    """Return the parts of a log in order, none where one of them cannot be told."""
    out: list[tuple[RowsOfGroup, Fit]] = []
    for run in _runs(rows):
        found = _explain(run, out, _MOST_PARTS, [_MOST_FITS])
        if found is None:
            return []
        out += found
    return out


def _runs(rows: RowsOfGroup) -> list[RowsOfGroup]:
    """Split where the counter starts anew: at or before the first row of the run."""
    starts = [0]
    for row in np.flatnonzero(np.diff(rows.at) < 0) + 1:
        if rows.at[row] <= rows.at[starts[-1]]:
            starts.append(int(row))
    ends = [*starts[1:], len(rows.at)]
    return [rows.part(slice(a, b)) for a, b in zip(starts, ends, strict=True) if b > a]


def _explain(
    rows: RowsOfGroup, before: list[tuple[RowsOfGroup, Fit]], most: int, budget: list[int]
) -> list[tuple[RowsOfGroup, Fit]] | None:
    """Return the rows as one part or as several, or None.

    Args:
        rows: rows.
        before: the parts before them.
        most: number of parts that they may be split into.
        budget: number of stretches that may still be fitted, lowered by each.
    """
    for _, earlier in before:
        again = lags_again(earlier, rows)
        if again is not None:
            return [(rows, again)]
    peaks = tuple(
        dict.fromkeys(
            fit.curve.values["peak"] for _, fit in before if isinstance(fit.curve, RateCurve)
        )
    )
    back = np.flatnonzero(np.diff(rows.at) < 0) + 1
    whole = _in_order(rows, peaks) if back.size else fit_rows(rows, peaks)
    if whole is not None and whole.fits:
        return [(rows, whole)]
    if most > 1 and len(rows.r) >= 4:
        for place in (int(n) for n in (back if back.size else _seams(rows))):
            left, right = rows.part(slice(0, place)), rows.part(slice(place, None))
            budget[0] -= 1
            if budget[0] < 0:
                break
            if place < _FEWEST and not back.size:
                alone = fit_rows(right, peaks)
                if alone is not None and alone.fits:
                    return [(right, alone)]
                continue
            first = (
                _explain(left, before, most - 1, budget)
                if back.size
                else _alone(left, before, peaks)
            )
            if first is None or not all(fit.fits for _, fit in first):
                continue
            rest = _explain(right, [*before, *first], most - 1, budget)
            if rest is not None and all(fit.fits for _, fit in rest):
                one = over_all([fit for _, fit in (*rest, *first)], rows)
                return [*first, *rest] if one is None else [(rows, one)]
    return None if whole is None else [(rows, whole)]


def _alone(
    rows: RowsOfGroup, before: list[tuple[RowsOfGroup, Fit]], peaks: tuple[float, ...]
) -> list[tuple[RowsOfGroup, Fit]] | None:
    fit = fit_rows(rows, peaks)
    return None if fit is None else [(rows, fit)]


def _in_order(rows: RowsOfGroup, peaks: tuple[float, ...]) -> Fit | None:
    """Return one curve for rows of which some were logged twice after a resume, or None."""
    order = np.argsort(rows.at, kind="stable")
    kept = order[np.concatenate([[True], np.diff(rows.at[order]) > 0])]
    fit = fit_rows(rows.part(np.sort(kept) if np.all(np.diff(kept) > 0) else kept), peaks)
    if fit is None or not fit.fits or fit.skipped:
        return None
    off = np.abs(fit.curve(rows.at - fit.lag) - rows.r) > rows.slack
    return None if off.any() else fit


def _seams(rows: RowsOfGroup) -> list[int]:
    """Return the likeliest first rows of a new part: where the rate leaves its own course most."""
    steps = np.diff(rows.r)
    if len(steps) < 3:
        return []
    spans = np.maximum(np.diff(rows.at), 1e-9)
    slope = steps / spans
    before = np.concatenate([[math.inf], np.abs(np.diff(slope))])
    after = np.concatenate([np.abs(np.diff(slope)), [math.inf]])
    jump = np.minimum(before, after) * spans
    # A fall after a flat stretch is a course of its own: an upward jump is the surer seam.
    jump = np.where(steps > 0, 1.5, 1.0) * jump
    order = np.argsort(-jump, kind="stable")
    floor = max(1e-6 * float(rows.r.max()), 2.0 * float(rows.slack.max()))
    return [int(n) + 1 for n in order[:_PLACES] if jump[n] > floor]


def _as_part(fit: Fit, rows: RowsOfGroup, log: RateLog) -> FittedPart:
    curve = fit.curve
    if isinstance(curve, YoloCurve):
        family = "YOLO cosine" if curve.cosine else "YOLO linear decay"
        values = _yolo_values(curve)
        convention = "warmup by iteration, decay by epoch"
    else:
        family = family_of(curve, fit.only_rise)
        values = {k: v for k, v in curve.values.items() if k != "decay_from" or v > 0}
        convention = _convention(curve)
        if family == "one cycle":
            fit, values = _as_one_cycle(fit, values)
            convention = "the peak at warmup_steps - 1, the end at total_steps - 1, as in torch"
            if curve.every != 1:
                values["steps_per_epoch"] = curve.every
                convention += f"; both count epochs of {curve.every:g} updates"
        elif curve.every != 1:
            fit, values = _in_updates(fit, values, curve)
    parameters = {}
    for name, value in values.items():
        low, high = fit.spans.get(name, (value, value))
        parameters[name] = FittedParameter(float(value), float(low), float(high))
    return FittedPart(
        first=int(rows.index[0]),
        end=int(rows.index[-1]) + 1,
        family=family,
        parameters=parameters,
        lag=fit.lag,
        rate_at=_rates(curve),
        skipped=tuple((int(rows.index[row]), lag) for row, lag in fit.skipped),
        schedule=schedule_of(curve) if isinstance(curve, RateCurve) else None,
        residual=_residual(fit, rows),
        convention=convention,
    )


def _in_updates(
    fit: Fit, values: dict[str, float], curve: RateCurve
) -> tuple[Fit, dict[str, float]]:
    """Return lengths in updates of a curve whose own count is in epochs."""
    values, spans, every = dict(values), dict(fit.spans), curve.every
    lengths = ("decay_from", "total_steps", "period", "timescale")
    for name in lengths if curve.rise_by_update else ("warmup_steps", *lengths):
        if name in values:
            low, high = spans.get(name, (values[name], values[name]))
            values[name] *= every
            spans[name] = (low * every, high * every)
    values["steps_per_epoch"] = every
    return replace(fit, spans=spans), values


def _as_one_cycle(fit: Fit, values: dict[str, float]) -> tuple[Fit, dict[str, float]]:
    """Return the lengths as OneCycleLR counts them."""
    values, spans = dict(values), dict(fit.spans)
    for name in ("warmup_steps", "total_steps"):
        if name in values:
            low, high = spans.get(name, (values[name], values[name]))
            values[name] += 1.0
            spans[name] = (low + 1.0, high + 1.0)
    return replace(fit, spans=spans), values


def _rates(curve: RateCurve | YoloCurve) -> Callable[[np.ndarray], np.ndarray]:
    return curve


def _residual(fit: Fit, rows: RowsOfGroup) -> float:
    lags = np.full(rows.at.shape, fit.lag)
    for row, lag in fit.skipped:
        lags[row:] = lag
    far = np.abs(fit.curve(rows.at - lags) - rows.r)
    return float(far.max()) / (float(rows.r.max()) or 1.0)


def _yolo_values(curve: YoloCurve) -> dict[str, float]:
    values = {
        "peak": curve.peak,
        "floor": curve.peak * curve.end,
        "total_steps": curve.epochs,
    }
    if curve.batches:
        values["warmup_steps"] = curve.warmup_iterations / curve.batches
        values["warmup_start"] = curve.warmup_start
        values["batches"] = curve.batches
    return values


def _convention(curve: RateCurve) -> str:
    words = []
    if curve.warmup:
        words.append(f"warmup {curve.warmup}")
        if curve.values.get("decay_from") == 0.0:
            words.append("the decay counts from t = 0, not from the end of the warmup")
    if curve.every > 1:
        words.append(f"stepped once per epoch of {curve.every:g} updates")
    if curve.body == "cosine wave" and not math.isnan(curve.values["total_steps"]):
        words.append("climbs again after its lowest point")
    return "; ".join(words)
