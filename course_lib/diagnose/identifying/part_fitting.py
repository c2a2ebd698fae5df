"""Fits one stretch of a log: which curve, at which lag, and how far its values are determined."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from course_lib.diagnose.identifying.curve_search import FoundCurve, search
from course_lib.diagnose.identifying.curve_solving import misfit, shortest, solve
from course_lib.diagnose.identifying.cycles import search_cycles
from course_lib.diagnose.identifying.early_steps import steps_under_warmup
from course_lib.diagnose.identifying.environment_falls import straight_by_environment_steps
from course_lib.diagnose.identifying.epoch_clock import in_epochs
from course_lib.diagnose.identifying.epoch_steps import search_by_epoch
from course_lib.diagnose.identifying.half_seen import finish_cycle, finish_rise
from course_lib.diagnose.identifying.rate_curve import COSINE_RISE, FROM_ZERO, RateCurve
from course_lib.diagnose.identifying.rate_rows import RateRows
from course_lib.diagnose.identifying.rows_of_group import RowsOfGroup
from course_lib.diagnose.identifying.skipped_updates import (
    rise_with_skips,
    row_lags,
    search_with_skips,
)
from course_lib.diagnose.identifying.staircases import fits_plateau, staircase_curve, stairs
from course_lib.diagnose.identifying.stretch_fit import Fit, Spans, finished
from course_lib.diagnose.identifying.yolo import is_yolo, search_yolo
from course_lib.diagnose.precision import Precision
from course_lib.diagnose.rate_log import RateLog

_FEW_DIGITS = 4
_MOST_STOPS = 20
_MIDDLE = -0.5  # lag of a mean over an epoch
_MEANS = 3e-3  # share of the peak by which such a mean may be off
_BENDING = ("polynomial", "cosine of a power", "tanh")  # they come near to too many curves
_NEAR = 1e-2  # share of the peak by which a curve may miss a row and still be named


def fit_rows(rows: RowsOfGroup, peaks: tuple[float, ...] = ()) -> Fit | None:
    """Return the simplest fit of rows whose counter goes forward, the nearest one, or None.

    Args:
        rows: rows.
        peaks: peaks of other parts of the log.
    """
    if len(rows.r) == 0 or not np.max(rows.r) > 0:
        return None
    if len(rows.r) == 1 and not is_yolo(rows.log.format, rows.log.settings):
        return None
    lag = float(rows.log.lags[0])
    if np.ptp(rows.r) <= 1e-9 * rows.r.max():
        return _constant(rows, lag)
    if not rows.exact and rows.log.precision.digits <= _FEW_DIGITS and _mostly_straight(rows):
        # Round numbers may be exact numbers: printed digits count only where these do not fit.
        tight = replace(rows, slack=np.full(rows.r.shape, 1e-12 * float(rows.r.max())))
        found = _fit(tight, peaks)
        if found is not None and found.fits:
            return found
    if np.ptp(rows.r) <= 2.0 * min(float(rows.slack.max()), _NEAR * float(rows.r.max())):
        return _constant(rows, lag)
    if not rows.exact and rows.log.precision == Precision("significant", 1):
        return None  # one digit fits too many curves
    return _fit(rows, peaks)


def _mostly_straight(rows: RowsOfGroup) -> bool:
    """Return whether most changes share a slope: of printed numbers only lines are exact."""
    with np.errstate(all="ignore"):
        slopes = np.diff(rows.r) / np.diff(rows.at)
    if np.count_nonzero(np.diff(slopes == 0.0)) > _MOST_STOPS:
        return False  # rates that stand still and move by turns have lost digits
    moving = slopes[slopes != 0.0]
    same = np.abs(np.diff(moving)) <= 1e-6 * np.abs(moving[:-1])
    return len(moving) < 3 or bool(np.mean(same) >= 0.5)


def _constant(rows: RowsOfGroup, lag: float) -> Fit:
    value = float(np.median(rows.r))
    low, high = float((rows.r - rows.slack).max()), float((rows.r + rows.slack).min())
    short = shortest(value, low, high)
    curve = RateCurve("constant", {"peak": short})
    far = float(np.abs(rows.r - short).max()) / value
    return Fit(curve, lag, far, spans={"peak": (min(low, short), max(high, short))})


def _fit(rows: RowsOfGroup, peaks: tuple[float, ...]) -> Fit | None:
    near: Fit | None = None
    first = (_skipping,) if _rises_with_stops(rows) else ()
    for attempt in (*first, *_ATTEMPTS):
        for found in attempt(rows, peaks):
            if found.fits:
                return found
            if found.residual <= _NEAR and (near is None or found.residual < near.residual):
                near = found
    return near


def _rises_with_stops(rows: RowsOfGroup) -> bool:
    """Return whether most of a rise has one slope and some of it none, as where updates skip."""
    top = int(np.argmax(rows.r))
    if rows.log.unit != "update" or rows.log.precision.kind != "float64" or top < 5:
        return False
    slopes = np.diff(rows.r[:top]) / np.maximum(np.diff(rows.at[:top]), 1e-9)
    usual = float(np.median(slopes))
    same = np.abs(slopes - usual) <= 1e-9 * abs(usual)
    return usual > 0 and 0.5 <= same.mean() < 1.0 and bool(np.all(slopes <= usual * (1 + 1e-9)))


def _yolo(rows: RowsOfGroup, peaks: tuple[float, ...]) -> Iterator[Fit]:
    log = rows.log
    if log.unit != "epoch" or not is_yolo(log.format, log.settings):
        return
    old = "yolov" in log.format.lower()
    origin = 0.0 if old else float(log.lags[0])
    late = (1, 0) if old else (0, 1)
    found = search_yolo(rows.at - origin, rows.r, rows.slack, log.settings, late)
    if found is None:
        return
    curve, spans = found
    far = float(np.abs(curve(rows.at - origin) - rows.r).max() / rows.r.max())
    yield Fit(curve, origin, far, spans=spans)


def _by_epoch(rows: RowsOfGroup, peaks: tuple[float, ...]) -> Iterator[Fit]:
    found = search_by_epoch(rows)
    if found is None:
        return
    fitted, lag, length = found
    curve, rise = fitted.curve, False
    if curve.warmup == COSINE_RISE and curve.body == "constant":
        rise = True
        curve = replace(finish_cycle(curve)[0], every=length)
        fitted = replace(fitted, curve=curve)
    far = float(np.abs(fitted.curve(rows.at - lag) - rows.r).max() / rows.r.max())
    spans = {name: (value, value) for name, value in fitted.curve.values.items()}
    spans["steps_per_epoch"] = (length, length)
    yield Fit(fitted.curve, lag, far, spans=spans, fits=far <= _NEAR, only_rise=rise)


def _staircase(rows: RowsOfGroup, peaks: tuple[float, ...]) -> Iterator[Fit]:
    top = int(np.argmax(rows.r >= rows.r.max() * (1.0 - 1e-9)))
    slack = rows.slack[top:]
    if rows.exact:  # a level is as exact as its own digits, however far below the peak
        slack = float(slack[0]) * rows.r[top:] / float(rows.r[top])
    found = stairs(rows.r[top:], slack)
    if found is None or (top > 0 and np.any(np.diff(rows.r[: top + 1]) <= 0)):
        return
    if math.isnan(found.factor) and len(found.rows) > 3:
        smooth = next(_by_epoch(rows, peaks), None)
        if smooth is not None and smooth.fits:
            yield smooth
            return
    log, lag = rows.log, float(rows.log.lags[0])
    metrics = _metrics(log, rows) if top == 0 else {}
    keras = "keras" in log.format.lower()
    rules = ("keras", "torch") if keras else ("torch", "keras")
    if math.isnan(found.factor) and metrics and not math.isnan(found.factor_to_floor):
        floored = found.ending_at_floor()
        if fits_plateau(floored, metrics, rows.r, rules) is not None:
            found = floored
    rise = None
    if top > 0:
        fast = steps_under_warmup(found, rows, top)
        if fast is not None:
            yield fast
            return
        rise = next(_smooth(rows.part(slice(0, top + found.rows[1])), peaks), None)
        if rise is None or not rise.fits or not isinstance(rise.curve, RateCurve):
            return
        lag = rise.lag
    every = log.settings.get("steps_per_epoch") if log.unit != "epoch" else None
    t = rows.at[top:] - lag
    curve, spans = staircase_curve(found, t, True, every, rows.total_steps())
    if rise is None:
        width = float(rows.slack[top])
        spans["peak"] = (found.levels[0] - width, found.levels[0] + width)
    if rise is not None:
        values = {**rise.curve.values, **curve.values, "peak": rise.curve.values["peak"]}
        curve = replace(curve, values=values, warmup=rise.curve.warmup)
        spans |= {k: v for k, v in rise.spans.items() if k not in spans}
    even = None
    for other in dict.fromkeys((lag, *map(float, log.lags))) if rise is None else (lag,):
        even = _even_distance(found.rows, rows.at[top:] - other)
        if even is not None and len(found.rows) > 4 and not math.isnan(found.factor):
            if other != lag:
                lag = other
                curve, spans = staircase_curve(found, rows.at - lag, True, every, None)
            curve, spans = _as_steps(curve, spans, *even)
            curve = replace(curve, title="step decay with warmup" if rise else "step decay")
            break
    if rise is None and not math.isnan(found.factor):
        rule = fits_plateau(found, metrics, rows.r, rules)
        irregular = even is None and (keras or (len(found.rows) > 4 and bool(metrics)))
        if rule is not None or irregular:
            curve, spans = _as_plateau(curve, spans, rule)
            low = found.levels[-1]
            if low > found.factor * found.levels[-2] * (1.0 + 1e-5):
                curve, spans["floor"] = curve.having(floor=low), (low, low)
    far = float(np.abs(curve(rows.at - lag) - rows.r).max() / rows.r.max())
    yield Fit(curve, lag, far, spans=spans, fits=far <= _NEAR)


def _metrics(log: RateLog, rows: RowsOfGroup) -> dict[str, np.ndarray]:
    metrics = {name: np.asarray(column)[rows.index] for name, column in log.metrics.items()}
    if log.unit != "epoch":
        return {k: v for k, v in metrics.items() if k.lower().startswith(("val", "eval"))}
    if log.losses is not None:
        metrics["loss"] = np.asarray(log.losses)[rows.index]
    return metrics


def _as_plateau(
    curve: RateCurve, spans: Spans, rule: tuple[str, str, int, int] | None
) -> tuple[RateCurve, Spans]:
    values = dict(curve.values)
    if rule is not None:
        _, _, low, high = rule
        usual = [n for n in (3, 5, 10, 2, 4, 1) if low <= n <= high]
        values["patience"] = float(usual[0] if usual and low != high else low)
        spans = {**spans, "patience": (float(low), float(high))}
    else:
        values["patience"] = math.nan
        spans = {**spans, "patience": (0.0, math.inf)}
    return replace(curve, values=values, title="reduce on plateau"), spans


def _as_steps(curve: RateCurve, spans: Spans, low: float, high: float) -> tuple[RateCurve, Spans]:
    """Return a staircase of equal steps with their size in the place of its milestones."""
    size = shortest(high, math.floor(low) + 1.0, high)
    values = {k: v for k, v in curve.values.items() if not k.startswith("milestone_")}
    spans = {k: v for k, v in spans.items() if not k.startswith("milestone_")}
    spans["step_size"] = (math.floor(low) + 1.0, float(math.floor(high)))
    return replace(curve, values={**values, "step_size": size}), spans


def _even_distance(firsts: tuple[int, ...], t: np.ndarray) -> tuple[float, float] | None:
    """Return the bounds of a distance at which all drops may follow one another, or None."""
    low = max(float(t[row - 1]) / n for n, row in enumerate(firsts[1:], 1))
    high = min(float(t[row]) / n for n, row in enumerate(firsts[1:], 1))
    return (low, high) if math.floor(high) > low else None


def _lags(rows: RowsOfGroup) -> list[float]:
    lags = [float(lag) for lag in rows.log.lags if lag != _MIDDLE]
    if rows.log.unit == "epoch" or rows.log.format.lower() in ("list", "text"):
        lags += [lag for lag in (0.0, 1.0, -1.0) if lag not in lags]
    if rows.log.unit == "update" and np.all(np.diff(rows.r[:3]) > 0) and len(rows.r) > 3:
        # A straight rise of t / W says itself where t = 0 was.
        slope = (rows.r[1] - rows.r[0]) / (rows.at[1] - rows.at[0])
        zero = float(rows.at[0] - rows.r[0] / slope)
        if abs(zero - round(zero)) < 1e-6 and 1 < round(zero) <= max(64.0, rows.at[0]):
            lags.append(float(round(zero)))
    return lags


def _smooth(rows: RowsOfGroup, peaks: tuple[float, ...]) -> Iterator[Fit]:
    if len(rows.r) < 3:
        return
    best: tuple[float, FoundCurve, RateRows, float] | None = None
    near: tuple[FoundCurve, RateRows, float] | None = None
    hugging = 0.0 in rows.log.lags and "trainer" in rows.log.format.lower()
    for order, lag in enumerate(_lags(rows)):
        if best is not None and order >= len(rows.log.lags):
            break
        s = rows.stretch(lag)
        found = search(s)
        if found is None:
            continue
        if found.fits and misfit(found.curve, s.t, s.r, s.slack) > 1.0:
            found = _again(found, s)
        if not found.fits:
            if near is None or found.error < near[0].error:
                near = found, s, lag
            continue
        cost = found.weight + 0.5 * order
        total, curve = s.total_steps, found.curve
        if total is not None and "total_steps" in curve.values:
            cost += 0.0 if curve.values["total_steps"] == total else 12.0
        if hugging and curve.warmup not in ("", FROM_ZERO):
            cost += 6.0
        if best is None or cost < best[0]:
            best = cost, found, s, lag
    if best is not None:
        yield in_epochs(finished(*best[1:], rows.exact), rows)
    elif near is not None and near[0].curve.body not in _BENDING:
        yield replace(finished(*near, rows.exact), fits=False)


def _means(rows: RowsOfGroup, peaks: tuple[float, ...]) -> Iterator[Fit]:
    """Yield a fit of means over epochs: each is near the rate in the middle of its epoch."""
    if _MIDDLE not in rows.log.lags or len(rows.r) < 4:
        return
    wide = np.maximum(rows.slack, _MEANS * float(rows.r.max()))
    s = replace(rows, slack=wide).stretch(_MIDDLE)
    found = search(s)
    if found is not None and found.fits:
        yield finished(found, s, _MIDDLE, False)


def _again(found: FoundCurve, s: RateRows) -> FoundCurve:
    """Return a fit of thinned rows, fitted to all of them."""
    curve = solve(found.curve, found.free, s.t, s.r, s.slack, rounds=10)
    fits = misfit(curve, s.t, s.r, s.slack) <= 1.0
    far = float(np.abs(curve(s.t) - s.r).max()) / s.peak
    return replace(found, curve=curve, fits=fits, error=far)


def _skipping(rows: RowsOfGroup, peaks: tuple[float, ...]) -> Iterator[Fit]:
    if rows.log.unit != "update" or rows.log.precision.kind != "float64":
        return
    rise = rise_with_skips(rows.stretch(0.0), rows.at)
    if rise is not None:
        curve, lag, grows = rise
        lags = np.full(rows.at.shape, lag)
        for row, later in grows:
            lags[row:] = later
        s = replace(rows.stretch(lag), t=rows.at - lags)
        curve, spans = finish_rise(curve, s)
        yield Fit(curve, lag, 0.0, grows, spans, only_rise=True)
        return
    found = search_with_skips(rows.stretch(0.0), rows.at, peaks)
    if found is None:
        return
    curve, lag, grows = found
    spans = {name: (value, value) for name, value in curve.values.items()}
    yield Fit(curve, lag, 0.0, grows, spans)


def _cycling(rows: RowsOfGroup, peaks: tuple[float, ...]) -> Iterator[Fit]:
    if len(rows.r) < 4:
        return
    for lag in _lags(rows):
        s = rows.stretch(lag)
        found = search_cycles(s.thinned(400))
        if found is not None:
            if misfit(found.curve, s.t, s.r, s.slack) > 1.0:
                found = _again(found, s)
            if found.fits:
                yield finished(found, s, lag, rows.exact)


_ATTEMPTS: tuple[Callable[[RowsOfGroup, tuple[float, ...]], Iterator[Fit]], ...] = (
    _yolo,
    _staircase,
    _by_epoch,
    straight_by_environment_steps,
    _smooth,
    _means,
    _skipping,
    _cycling,
)


def over_all(fits: Iterable[Fit], rows: RowsOfGroup) -> Fit | None:
    """Return the curve of one of several parts if it explains all rows, with growing lags."""
    if rows.log.unit != "update" or rows.log.precision.kind != "float64":
        return None
    for fit in fits:
        if not isinstance(fit.curve, RateCurve) or np.any(np.diff(rows.at) < 0):
            continue
        for lag in dict.fromkeys((fit.lag, *(float(n) for n in rows.log.lags), fit.lag - 1.0)):
            grows = row_lags(fit.curve, rows.at, rows.r, rows.slack, lag)
            if grows is not None and len(grows) <= max(3, len(rows.r) // 10):
                return replace(fit, lag=lag, skipped=grows, only_rise=False, only_fall=False)
    return None


def lags_again(fit: Fit, rows: RowsOfGroup) -> Fit | None:
    """Return the fit of other rows by the same curve, at its lag or at a growing one, or None."""
    if not isinstance(fit.curve, RateCurve):
        same = np.abs(fit.curve(rows.at - fit.lag) - rows.r) <= rows.slack
        return replace(fit, skipped=()) if same.all() else None
    lag = fit.skipped[-1][1] if fit.skipped else fit.lag
    if rows.log.unit != "update" or rows.log.precision.kind != "float64":
        same = np.abs(fit.curve(rows.at - lag) - rows.r) <= rows.slack
        return replace(fit, lag=lag, skipped=()) if same.all() else None
    grows = row_lags(fit.curve, rows.at, rows.r, rows.slack, lag)
    return None if grows is None else replace(fit, lag=lag, skipped=grows)
