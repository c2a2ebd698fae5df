"""Finds curves in rows whose lag grows: mixed precision skips an update, and with it the scheduler.

Rates of 64 bits fit a curve to the last digits or not at all, so each row tells its own lag.
"""

from __future__ import annotations

import numpy as np

from course_lib.diagnose.identifying.curve_solving import digits_of
from course_lib.diagnose.identifying.rate_curve import FROM_SHARE, FROM_ZERO, RateCurve
from course_lib.diagnose.identifying.rate_rows import RateRows

_MOST_LAG = 20
_LONGEST_SKIP = 64
_LARGEST_WARMUP = 200_000
_ROUND_DIGITS = 3
_FLOORS = (0.1, 0.05, 0.2, 0.01)  # of the peak


def row_lags(
    curve: RateCurve, at: np.ndarray, r: np.ndarray, slack: np.ndarray, first_lag: float
) -> tuple[tuple[int, float], ...] | None:
    """Return (row, lag) wherever the lag grows by whole updates, or None where that fits nothing.

    Args:
        curve: curve of t.
        at: (rows,), the log's counter.
        r: (rows,), rates.
        slack: (rows,), largest distance that counts as a fit.
        first_lag: lag of the first row.
    """
    grows: list[tuple[int, float]] = []
    lag, first = first_lag, 0
    skips = np.arange(1, _LONGEST_SKIP + 1)
    while True:
        off = np.abs(curve(at[first:] - lag) - r[first:]) > slack[first:]
        if not off.any():
            return tuple(grows)
        row = first + int(np.argmax(off))
        gap = at[row] - at[row - 1] if row else _MOST_LAG
        fits = np.abs(curve(at[row] - lag - skips) - r[row]) <= slack[row]
        fits &= skips <= gap  # no more updates are skipped than were made
        if not fits.any() or len(grows) > len(at) // 2 + 1:
            return None
        lag += int(skips[np.argmax(fits)])
        grows.append((row, lag))
        first = row


def search_with_skips(
    s: RateRows, at: np.ndarray, peaks: tuple[float, ...] = ()
) -> tuple[RateCurve, float, tuple[tuple[int, float], ...]] | None:
    """Return curve, first lag and (row, lag) wherever it grows, or None.

    The length of the run must be known. Where the rise is not seen, the peak is taken to be a
    number of few digits, or one of `peaks`.

    Args:
        s: rows, with `total_steps`; its t are not used.
        at: (rows,), the log's counter.
        peaks: peaks that other parts of the log have.
    """
    total = s.total_steps
    if total is None or len(at) < 2 or not s.peak > 0:
        return None
    top = int(np.argmax(s.r))
    after = int(len(s.r) - 1 - np.argmax(s.r[::-1]))
    slope = _usual_slope(at[:top], s.r[:top]) if top >= 3 else None
    starts = [0.0]
    if slope is not None:  # of the first row, at a lag of 0 or 1
        starts += [float(s.r[0] - slope * (at[0] - lag)) for lag in (1, 0)]
        starts = [start for start in starts if not 0 < abs(start) < 1e-9 * s.peak and start >= 0]
    anchors = [n for n in (after + 1, after + 2, len(at) - 1, after) if 0 <= n < len(at)]
    found = []
    for row in dict.fromkeys(anchors):
        if not 0 < s.r[row] < s.peak * (1.0 - 1e-12) and row != after:
            continue
        kinds = [(body, 0.0, start) for start in starts for body in ("linear", "cosine")]
        if s.r[-1] > 0.8 * _FLOORS[-1] * s.peak:
            kinds += [("cosine", share, 0.0) for share in _FLOORS]
        for body, share, start in kinds:
            if found and (share or start):
                break  # a floor is looked for where no fall to 0 fits
            for values, lag in _guesses(s, at, row, body, total, slope, peaks, top, share, start):
                kind = FROM_SHARE if start else FROM_ZERO
                curve = RateCurve(body, values, kind if values["warmup_steps"] else "")
                for first in range(int(lag) + 1):
                    near = abs(float(curve(at[:1] - first)[0]) - s.r[0]) <= s.slack[0]
                    grows = row_lags(curve, at, s.r, s.slack, first) if near else None
                    if grows is not None:
                        last = grows[-1][1] if grows else first
                        cost = digits_of(values["peak"]) + digits_of(values["warmup_steps"])
                        found.append(
                            (cost + 2 * len(grows) + 0.1 * last, len(found), curve, first, grows)
                        )
        if found:
            break
    if not found:
        return None
    _, _, curve, first, grows = min(found)
    return curve, float(first), grows


def rise_with_skips(
    s: RateRows, at: np.ndarray
) -> tuple[RateCurve, float, tuple[tuple[int, float], ...]] | None:
    """Return a straight rise from 0 of any length, first lag and (row, lag), or None.

    Args:
        s: rows of which the last is the highest; its t are not used.
        at: (rows,), the log's counter.
    """
    if len(at) < 4 or int(np.argmax(s.r)) != len(at) - 1:
        return None
    slope = _usual_slope(at, s.r)
    if slope is None:
        return None
    lag = float(at[0] - s.r[0] / slope)
    if abs(lag - round(lag)) > 1e-6 or not 0 <= round(lag) <= _MOST_LAG:
        return None
    steps = float(at[-1])
    curve = RateCurve("constant", {"peak": slope * steps, "warmup_steps": steps}, FROM_ZERO)
    grows = row_lags(curve, at, s.r, s.slack, round(lag))
    return None if grows is None else (curve, float(round(lag)), grows)


def _usual_slope(at: np.ndarray, r: np.ndarray) -> float | None:
    """Return the slope that most neighbours share, or None where few do."""
    slopes = np.diff(r) / np.diff(at)
    middle = float(np.median(slopes))
    same = np.abs(slopes - middle) <= 1e-9 * abs(middle)
    return float(slopes[same].mean()) if middle > 0 and same.mean() >= 0.3 else None


def _guesses(
    s: RateRows,
    at: np.ndarray,
    row: int,
    body: str,
    total: float,
    slope: float | None,
    peaks: tuple[float, ...],
    top: int,
    share: float = 0.0,
    start: float = 0.0,
) -> list[tuple[dict[str, float], int]]:
    """Return (values, lag at `row`) for every warmup and lag at which this row's peak is likely."""
    lags = np.arange(_MOST_LAG + 1)
    least = max(0, int(at[top - 1]) - _MOST_LAG) if top else 0
    most = int(min(at[row], total - 1, least + _LARGEST_WARMUP))
    warmups = np.arange(least, most + 1, dtype=np.float64)
    t = at[row] - lags[:, None]
    with np.errstate(all="ignore"):
        done = (t - warmups) / (total - warmups)
        left = 1.0 - done if body == "linear" else 0.5 * (1.0 + np.cos(np.pi * done))
        peak = s.r[row] / (share + (1.0 - share) * left)
    valid = (t >= warmups) & (done < 1.0) & (left > 1e-9) & (peak < 1e3 * s.peak)
    peak = np.where(valid, peak, 1.0)
    if slope is not None:
        likely = np.abs(peak - start - slope * warmups) <= 1e-9 * peak
    else:
        unit = 10.0 ** (np.floor(np.log10(peak)) + 1 - _ROUND_DIGITS)
        ratio = peak / unit
        likely = np.abs(ratio - np.round(ratio)) <= 1e-9
        for known in peaks:
            likely |= np.abs(peak - known) <= 1e-10 * known
    hits = np.argwhere(valid & likely)
    out = []
    for lag, column in hits[:200]:
        value = float(peak[lag, column])
        value = float(f"{value:.10g}")
        values = {"peak": value, "warmup_steps": float(warmups[column]), "total_steps": total}
        if start:
            values["warmup_start"] = float(f"{start:.8g}")
        if share:
            values["floor"] = float(f"{share * value:.10g}")
        out.append((values, int(lags[lag])))
    out.sort(key=lambda item: (digits_of(item[0]["peak"]), item[1]))
    return out[:30]
