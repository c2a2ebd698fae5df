"""Curves that climb again: cosine restarts, triangles, and cosines that nobody stops."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from course_lib.diagnose.identifying.curve_search import FoundCurve, share_of_peak
from course_lib.diagnose.identifying.curve_solving import misfit, rounded, snap, solve, squeeze
from course_lib.diagnose.identifying.rate_curve import COSINE_RISE, FROM_ZERO, RateCurve
from course_lib.diagnose.identifying.rate_rows import RateRows

_MULTS = (1.0, 2.0, 3.0, 1.5)
_LEAST_LISTED, _MOST_LISTED = 3, 12  # two cosines are more likely two schedules
_MOST_LENGTHS = 200


def search_cycles(s: RateRows) -> FoundCurve | None:
    """Return the simplest curve with more than one rise that fits every row, or None."""
    for curve, free in _guesses(s):
        if len(free) + 1 >= len(s.t):
            continue
        solved = solve(curve, free, s.t, s.r, s.slack)
        if 1.0 < misfit(solved, s.t, s.r, s.slack) < 4.0:
            solved = squeeze(solved, free, s.t, s.r, s.slack)
        if misfit(solved, s.t, s.r, s.slack) <= 1.0:
            hints = (s.total_steps,) if s.total_steps is not None else ()
            snapped, _ = snap(solved, free, s.t, s.r, s.slack, s.whole, hints)
            if curve.body == "listed restarts":
                free = tuple(curve.values)  # lengths and weights have intervals too
            return FoundCurve(snapped, free, True, share_of_peak(snapped, s))
    return None


def _guesses(s: RateRows) -> list[tuple[RateCurve, tuple[str, ...]]]:
    r = s.r
    peak, low = s.peak, float(r.min())
    out: list[tuple[RateCurve, tuple[str, ...]]] = []
    foot = int(np.argmin(r))
    top = int(np.argmax(r))
    if 0 < foot < len(r) - 1 and top < foot:
        out += _waves(s, top, foot, peak, low)
    up = np.flatnonzero(np.diff(r) > 0.3 * (peak - low)) + 1
    if up.size:
        out += _restarts(s, up, peak, low)
        out += _shrinking(s, up, low)
    elif 0 < foot < len(r) - 1:
        later = np.flatnonzero(np.diff(r) > 0.1 * (peak - low)) + 1
        out += _shrinking(s, later, low)
    turns = [
        n
        for n in range(1, len(r) - 1)
        if r[n] >= r[n - 1] and r[n] >= r[n + 1] and r[n] > min(r[n - 1], r[n + 1])
    ]
    if turns and up.size == 0:
        out += _triangles(s, turns, peak, low)
    return out + _listed(s, low)


def _waves(
    s: RateRows, top: int, foot: int, peak: float, low: float
) -> list[tuple[RateCurve, tuple[str, ...]]]:
    out = []
    end = float(s.t[foot])
    known = {float(s.total_steps)} if s.total_steps is not None else set()
    for guess in (*known, end, end + 0.3, end - 0.3):
        for floor in ({}, {"floor": low}):
            values = {"peak": peak, "total_steps": guess, **floor}
            out.append((RateCurve("cosine wave", values), tuple(values)))
        if top > 0:
            rise = {"warmup_steps": float(s.t[top]), "warmup_start": float(s.r[0])}
            values = {"peak": peak, "total_steps": guess, "floor": low}
            both = {**values, **rise}
            out.append((RateCurve("cosine wave", both, COSINE_RISE), tuple(both)))
            both = {**values, "warmup_steps": float(s.t[top])}
            out.append((RateCurve("cosine wave", both, FROM_ZERO), tuple(both)))
    return out


def _restarts(
    s: RateRows, up: np.ndarray, peak: float, low: float
) -> list[tuple[RateCurve, tuple[str, ...]]]:
    out = []
    before, at = float(s.t[up[0] - 1]), float(s.t[up[0]])
    places = [at]
    if s.whole and at - before <= 400:
        places = [float(n) for n in range(math.floor(before) + 1, math.floor(at) + 1)]
        places.sort(key=lambda n: (len(str(int(n)).rstrip("0")), n))
    top = int(np.argmax(s.r))
    rising = s.r[:top]
    warm = 0.0
    if top > 1 and np.all(np.diff(rising) > 0):
        warm = _line_length(s, top)
    rise = {"warmup_steps": warm} if warm else {}
    kind = FROM_ZERO if warm else ""
    if s.total_steps is not None:
        for cycles in range(2, 13):
            total = float(s.total_steps)
            values = {"peak": peak, "period": (total - warm) / cycles, "total_steps": total, **rise}
            out.append((RateCurve("cosine restarts", values, kind), ("peak",)))
    for place in places[:60]:
        for mult in _MULTS if up.size > 1 else (1.0, 2.0):
            for floor in ({}, {"floor": low}):
                values = {"peak": peak, "period": place - warm, "factor": mult, **floor, **rise}
                free = tuple(name for name in ("peak", "floor") if name in values)
                if place > warm:
                    out.append((RateCurve("cosine restarts", values, kind), free))
    for share in (0.5, 0.1, 0.9):
        values = {"peak": peak, "period": before + share * (at - before) - warm, **rise}
        out.append((RateCurve("cosine restarts", values, kind), ("peak", "period")))
    return out


def _line_length(s: RateRows, top: int) -> float:
    slope = float((s.r[top - 1] - s.r[0]) / (s.t[top - 1] - s.t[0]))
    return float(round(s.peak / slope))


def _triangles(
    s: RateRows, turns: list[int], peak: float, low: float
) -> list[tuple[RateCurve, tuple[str, ...]]]:
    out = []
    first = float(s.t[turns[0]])
    periods = [2.0 * first]
    if len(turns) > 1:
        periods.insert(0, float(np.median(np.diff(s.t[turns]))))
    for period in periods:
        for scale in ({}, {"factor": 0.5}):
            values = {"peak": peak, "floor": low, "period": period, **scale}
            out.append((RateCurve("triangle", values), ("peak", "floor", "period")))
        if len(turns) > 1:
            heights = s.r[turns] - low
            gamma = float(heights[-1] / heights[0]) ** (1.0 / float(np.ptp(s.t[turns])))
            free = ("peak", "floor", "period", "gamma")
            top = low + float(heights[0]) * gamma ** -float(s.t[turns[0]])
            values = {"peak": top, "floor": low, "period": period, "gamma": gamma}
            if 0.0 < gamma < 1.0:
                out.append((RateCurve("triangle", values), free))
    return out


def _listed(s: RateRows, low: float) -> list[tuple[RateCurve, tuple[str, ...]]]:
    """Return restarts with a list of lengths and heights, as MMCV's CosineRestart takes them."""
    starts = np.flatnonzero(np.diff(s.r) > 0.02 * (s.peak - low)) + 1
    if not _LEAST_LISTED <= starts.size + 1 <= _MOST_LISTED:
        return []
    values, height, first = {"peak": 0.0, "floor": 0.0}, 0.0, 0.0
    for number, (row, end) in enumerate(pairwise((0, *starts.tolist(), len(s.t))), 1):
        t, r = s.t[row:end] - first, s.r[row:end]
        if end < len(s.t):
            lengths = _lengths(float(t[-1]), float(s.t[end]) - first)
        elif s.total_steps is not None:
            lengths = [s.total_steps - first]
        else:  # it may go on after the rows
            lengths = _lengths(float(t[-1]) - 1.0, 2.0 * float(t[-1]))
        floor = None if number == 1 else values["floor"]
        fits = [_fit_of_cycle(t, r, length, floor) for length in lengths if length > 0]
        if not fits:
            return []
        _, length, own, floor = min(fits)
        values[f"period_{number}"] = length
        if number == 1:
            values |= {"peak": floor + own, "floor": floor}
            height = own
        elif height > 0:
            values[f"weight_{number}"] = rounded(own / height, 3)
        first += length
    return [(RateCurve("listed restarts", values), ("peak", "floor"))]


def _lengths(low: float, high: float) -> list[float]:
    """Return the whole numbers above `low` and up to `high`, the round ones if they are many."""
    step = 10.0 ** max(0, math.ceil(math.log10(max(high - low, 1.0) / _MOST_LENGTHS)))
    return [step * n for n in range(math.floor(low / step) + 1, math.floor(high / step) + 1)]


def _fit_of_cycle(
    t: np.ndarray, r: np.ndarray, length: float, floor: float | None
) -> tuple[float, float, float, float]:
    """Return the misfit of a half-cosine of this length, the length, its height and its floor."""
    left = 0.5 * (1.0 + np.cos(np.pi * np.minimum(t / length, 1.0)))
    if floor is None:
        matrix = np.stack([left, np.ones_like(left)], axis=1)
        height, floor = map(float, np.linalg.lstsq(matrix, r, rcond=None)[0])
    else:
        height = float(left @ (r - floor)) / (float(left @ left) or 1.0)
    return float(np.abs(floor + height * left - r).max()), length, height, floor


def _shrinking(s: RateRows, up: np.ndarray, low: float) -> list[tuple[RateCurve, tuple[str, ...]]]:
    """Return restarts each of which begins lower than the one before, as timm's cycle_decay."""
    out = []
    if not up.size or int(np.argmax(s.r)) != 0:
        return out
    peak, place, second = s.peak, float(s.t[up[0]]), float(s.r[up[0]])
    for shrink in dict.fromkeys((0.5, round(second / peak, 1), round(second / peak, 2))):
        for mult in _MULTS:
            for floor in ({}, {"floor": low}):
                values = {"peak": peak, "period": place, "factor": mult, "shrink": shrink, **floor}
                free = ("peak", *floor)
                if 0.0 < shrink < 1.0 and place > 0:
                    out.append((RateCurve("cosine restarts", values), free))
    return out
