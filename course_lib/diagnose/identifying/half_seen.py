"""Curves of which a log shows a part only: the values that its rows leave open, and their bounds.

A rise says how steep it is, not where it ends; a straight fall says where it would reach 0, not
where it began. Among the values that fit, the settings' own are taken, then the roundest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.diagnose.identifying.curve_solving import digits_of, rounded, shortest
from course_lib.diagnose.identifying.rate_curve import (
    FROM_SHARE,
    FROM_ZERO,
    NEXT,
    PAST_NEXT,
    TO_LAST,
    RateCurve,
)
from course_lib.diagnose.identifying.rate_rows import RateRows

Spans = dict[str, tuple[float, float]]
_FURTHEST = 1e4  # a rise that ends later than this many times the rows' last t is not looked for
_CLOSE = 1e-7
_MOST_COST = 6.5  # a longer description of the end of a rise is no better than the last row


def _number(settings: Mapping[str, Any], name: str) -> float | None:
    value = settings.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return None
    return float(value)


def finish_rise(curve: RateCurve, s: RateRows) -> tuple[RateCurve, Spans]:
    """Return a straight rise with its likeliest end, and the bounds of peak and warmup.

    Args:
        curve: the rise as fitted, with any end.
        s: rows.
    """
    v = curve.values
    last, top = float(s.t[-1]), float(s.r[-1])
    at_zero = float(curve(np.array([0.0]))[0])
    length = v["warmup_steps"] - (1.0 if curve.warmup in (NEXT, TO_LAST) else 0.0)
    if curve.warmup == PAST_NEXT:
        at_zero = v["peak"] / (v["warmup_steps"] + 1.0)
    slope = (v["peak"] - at_zero) / length if length > 0 else math.inf
    spans = {"peak": (top, math.inf), "warmup_steps": (math.floor(last), math.inf)}
    if not math.isfinite(slope) or slope <= 0:
        return curve, spans
    starts = abs(at_zero) > _CLOSE * top
    choices = []
    for peak in _likely_peaks(top, at_zero if starts else 0.0, s.settings):
        steps = (peak - at_zero) / slope
        for kind in _kinds(curve, at_zero, slope, top, s):
            long = steps + (1.0 if kind in (NEXT, TO_LAST) else 0.0)
            if kind == PAST_NEXT:
                long = peak / slope - 1.0
            near = round(long)
            room = max(_CLOSE * long, 2.0 * float(s.slack.max()) / slope)
            if abs(long - near) > room or not last <= near <= _FURTHEST * max(1.0, last):
                continue
            values = {"peak": peak, "warmup_steps": float(near)}
            if kind in (FROM_SHARE, TO_LAST):
                values["warmup_start"] = v.get("warmup_start", at_zero)
            tried = RateCurve("constant", values, kind)
            if np.all(np.abs(tried(s.t) - s.r) <= 2.0 * s.slack):
                choices.append((_rise_cost(values, s), len(choices), tried))
    if choices and min(choices)[0] <= _MOST_COST:
        curve = min(choices)[2]
    return curve, spans


def finish_parabola(curve: RateCurve, s: RateRows) -> tuple[RateCurve, Spans]:
    """Return a rise of (t / W)**2 with the length that the settings give it, else as the rows end.

    Args:
        curve: the rise as fitted, with any end.
        s: rows.
    """
    v, last = curve.values, float(s.t[-1])
    bend = v["peak"] / v["warmup_steps"] ** 2
    epochs, length = _number(s.settings, "warmup_epochs"), _number(s.settings, "steps_per_epoch")
    steps = epochs * length if epochs and length else _number(s.settings, "warmup_steps")
    if steps is None or steps < last:
        steps = last
    peak = shortest(bend * steps**2, bend * steps**2 * 0.9999, bend * steps**2 * 1.0001)
    spans = {"peak": (float(s.r[-1]), math.inf), "warmup_steps": (last, math.inf)}
    return curve.having(peak=peak, warmup_steps=float(steps)), spans


def _kinds(
    curve: RateCurve, at_zero: float, slope: float, top: float, s: RateRows
) -> tuple[str, ...]:
    if curve.warmup in (FROM_ZERO, NEXT, PAST_NEXT):
        return (curve.warmup,)
    return (FROM_SHARE, TO_LAST) if s.whole else (FROM_SHARE,)


def _likely_peaks(top: float, start: float, settings: Mapping[str, Any]) -> list[float]:
    known = _number(settings, "peak_lr")
    peaks = [known] if known is not None and known >= top * (1.0 - _CLOSE) else []
    low = math.floor(math.log10(top))
    for power in range(low, low + 4):
        peaks += [float(f"{digit}e{power - 1}") for digit in range(10, 100)]
    if start > 0:
        peaks += [start * 10.0**n for n in range(1, 7)]
    return [p for p in dict.fromkeys(peaks) if p >= top * (1.0 - _CLOSE)]


def _rise_cost(values: Mapping[str, float], s: RateRows) -> float:
    cost = float(digits_of(values["peak"]) + digits_of(values["warmup_steps"]))
    start = values.get("warmup_start", 0.0)
    if start > 0:
        cost += digits_of(start / values["peak"])
    if values["peak"] == _number(s.settings, "peak_lr"):
        cost -= 3.0
    if values["warmup_steps"] in (
        _number(s.settings, "warmup_steps"),
        _number(s.settings, "warmup_epochs"),
    ):
        cost -= 3.0
    if s.total_steps is not None and values["warmup_steps"] > s.total_steps:
        cost += 6.0
    return cost + math.log10(max(1.0, values["warmup_steps"] / max(1.0, float(s.t[-1]))))


def finish_fall(curve: RateCurve, s: RateRows) -> tuple[RateCurve, Spans]:
    """Return a straight fall with its likeliest beginning, and the bounds of where it began.

    Args:
        curve: the fall as fitted, as if it had begun at t = 0.
        s: rows.
    """
    v = curve.values
    first, floor = float(s.t[0]), v.get("floor", 0.0)
    peak, total = v["peak"], v["total_steps"]
    slope = (peak - floor) / total
    spans = {"peak": (float(s.r[0]), peak), "warmup_steps": (0.0, max(0.0, math.floor(first)))}
    if first <= 0:
        return curve, {}
    known = _number(s.settings, "peak_lr")
    if known is not None and float(s.r[0]) * (1 - _CLOSE) <= known < peak * (1.0 - 1e-6):
        begin = total - (known - floor) / slope
        near = float(round(begin)) if s.whole else begin
        if abs(begin - near) <= max(1e-6 * total, 2.0 * float(s.slack.max()) / slope):
            late = near > 0.5 * total
            name = "decay_from" if late else "warmup_steps"
            spans = {"peak": spans["peak"], name: spans["warmup_steps"]}
            values = {**v, "peak": known, name: near}
            return RateCurve(curve.body, values, "" if late else FROM_ZERO), spans
    return _rounder_beginning(curve, s, slope), spans


def _rounder_beginning(curve: RateCurve, s: RateRows, slope: float) -> RateCurve:
    """Return the fall with the warmup that makes its peak a rounder number, if one does."""
    v = curve.values
    if digits_of(v["peak"]) <= 3 or not s.whole:
        return curve
    total, first = v["total_steps"], float(s.t[0])
    warmups = np.arange(1.0, min(first, 100_000.0) + 1.0)
    peaks = v.get("floor", 0.0) + slope * (total - warmups)
    unit = 10.0 ** (np.floor(np.log10(peaks)) - 1.0)
    hits = np.flatnonzero(np.abs(peaks / unit - np.round(peaks / unit)) <= 1e-7 * peaks / unit)
    best = None
    for n in hits[:500]:
        peak = float(f"{peaks[n]:.1e}")
        share = warmups[n] / total
        plain = min(abs(share - x) for x in (0.01, 0.02, 0.03, 0.05, 0.06, 0.1)) * total < 1.0
        cost = digits_of(peak) + min(digits_of(warmups[n]), 1 if plain else 9)
        if best is None or cost < best[0]:
            best = cost, peak, float(warmups[n])
    if best is None:
        return curve
    return RateCurve(curve.body, {**v, "peak": best[1], "warmup_steps": best[2]}, FROM_ZERO)


def finish_cycle(curve: RateCurve) -> tuple[RateCurve, Spans]:
    """Return the rise of a cycle with the fall that OneCycleLR's defaults give it, if they fit.

    The defaults are a rise from peak / 25 over 30 % of the run, and an end at peak / 25 / 10000.

    Args:
        curve: the rise.
    """
    v = curve.values
    total = (v["warmup_steps"] + 1.0) / 0.3
    usual = abs(v["warmup_start"] * 25.0 - v["peak"]) <= 1e-6 * v["peak"]
    if not usual or abs(total - round(total)) > 1e-6 * total:
        return curve, {}
    values = {**v, "total_steps": float(round(total)) - 1.0, "floor": v["warmup_start"] / 1e4}
    spans = {"total_steps": (v["warmup_steps"], math.inf), "floor": (0.0, v["peak"])}
    return RateCurve("cosine", values, curve.warmup), spans


_END_SHARES = (0.1, 0.01, 0.2, 0.05, 0.001)  # of the peak, at the ends of schedules that people run


def finish_end(curve: RateCurve, s: RateRows) -> tuple[RateCurve, Spans]:
    """Return a straight or exponential fall with its likeliest end, where the rows stop before it.

    Both go on as they are until they are stopped, so the rows say the slope and not the end: a
    share of the peak that is reached at a rounder place than the fitted end is taken.

    Args:
        curve: the fall as fitted.
        s: rows.
    """
    v = curve.values
    last, floor = float(s.t[-1]), v.get("floor", 0.0)
    if float(s.r[-1]) <= floor * (1.0 + _CLOSE) or not s.whole:
        return curve, {}
    fitted = v.get("total_steps")
    if fitted is not None and (fitted <= last or floor > 0 or fitted == s.total_steps):
        return curve, {}
    if fitted is not None and abs(fitted - round(fitted)) <= 1e-9 * fitted:
        return curve, {"total_steps": (last, fitted), "floor": (0.0, float(s.r[-1]))}
    begin = v.get("decay_from", v.get("warmup_steps", 0.0))
    if curve.body == "linear" and s.total_steps is not None and last <= s.total_steps < fitted:
        low = v["peak"] * (fitted - s.total_steps) / (fitted - begin)
        low = float(f"{low:.6g}")
        ended = curve.having(total_steps=float(s.total_steps), floor=low)
        if np.all(np.abs(ended(s.t) - s.r) <= s.slack):
            return ended, {"total_steps": (last, fitted), "floor": (0.0, float(s.r[-1]))}
    for end in (math.floor(fitted or 0.0) - n for n in range(4)):
        if curve.body != "linear" or end < max(last, begin + 1.0):
            break
        low = v["peak"] * (fitted - end) / (fitted - begin)
        if low < 0.01 * v["peak"] and abs(low - rounded(low, 2)) <= 1e-6 * low:
            ended = curve.having(total_steps=float(end), floor=rounded(low, 2))
            return ended, {"total_steps": (last, fitted), "floor": (0.0, float(s.r[-1]))}
    known = _number(s.settings, "floor")
    shares = [known / v["peak"]] if known is not None else []
    best = None
    for share in (*shares, *_END_SHARES):
        if not 0.0 < share < 1.0:
            continue
        if curve.body == "linear":
            end = begin + (v["total_steps"] - begin) * (1.0 - share)
        else:
            end = begin + math.log(share) / math.log(v["gamma"])
        near = float(round(end))
        if near < last or abs(end - near) > max(1e-6, 1e-9 * end):
            continue
        said = near == s.total_steps or share in shares
        cost = digits_of(near) - (4 if said else 0)
        if best is None or cost < best[0]:
            best = cost, near, float(f"{share * v['peak']:.12g}")
    if best is None:
        return curve, {}
    spans = {"total_steps": (last, fitted or math.inf), "floor": (0.0, float(s.r[-1]))}
    return curve.having(total_steps=best[1], floor=best[2]), spans
