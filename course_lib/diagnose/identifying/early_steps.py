"""Step decays of which the first drops lie in the warmup: the peak itself is in no row."""

from __future__ import annotations

import math

import numpy as np

from course_lib.diagnose.identifying.curve_solving import digits_of
from course_lib.diagnose.identifying.rate_curve import FROM_SHARE, FROM_ZERO, RateCurve
from course_lib.diagnose.identifying.rows_of_group import RowsOfGroup
from course_lib.diagnose.identifying.staircases import Stairs
from course_lib.diagnose.identifying.stretch_fit import Fit

_MOST_HIDDEN = 10
_FEWEST = 5  # levels, so that one step size explains what few would explain by chance
_CLOSE = 1e-6


def steps_under_warmup(found: Stairs, rows: RowsOfGroup, top: int) -> Fit | None:
    """Return a step decay that the warmup covers at first, or None where it is none.

    timm drops from epoch 0 on, and its warmup rises to the peak of the whole schedule.

    Args:
        found: levels from the highest row on.
        rows: rows that count epochs.
        top: the highest row, after two that rise or more.
    """
    if rows.log.unit != "epoch" or top < 2 or len(found.rows) < _FEWEST:
        return None
    if math.isnan(found.factor):
        return None
    t = rows.at - float(rows.log.lags[0])
    slope = (rows.r[top - 1] - rows.r[0]) / (t[top - 1] - t[0])
    start = float(rows.r[0] - slope * t[0])
    if slope <= 0 or np.any(np.abs(start + slope * t[:top] - rows.r[:top]) > rows.slack[:top]):
        return None
    for hidden in range(1, _MOST_HIDDEN + 1):
        size = _size(found, t[top:], hidden, rows)
        peak = found.levels[0] / found.factor**hidden
        warmup = (peak - start) / slope
        if size is None or abs(warmup - round(warmup)) > _CLOSE * warmup:
            continue
        peak = float(f"{peak:.8g}")
        values = {"peak": peak, "factor": found.factor, "step_size": size}
        values |= {"warmup_steps": float(round(warmup))}
        if start > _CLOSE * peak:
            values["warmup_start"] = float(f"{start:.6g}")
        drops = [(size * n, peak * found.factor**n) for n in range(1, hidden + len(found.rows))]
        kind = FROM_SHARE if "warmup_start" in values else FROM_ZERO
        title = "step decay with warmup"
        curve = RateCurve("constant", values, kind, tuple(drops), title=title)
        far = float(np.abs(curve(t) - rows.r).max()) / float(rows.r.max())
        if far <= 1e-5:
            return Fit(curve, float(rows.log.lags[0]), far)
    return None


def _size(found: Stairs, t: np.ndarray, hidden: int, rows: RowsOfGroup) -> float | None:
    """Return the roundest distance of drops, of which `hidden` come before the rows, or None."""
    numbered = list(enumerate(found.rows[1:], hidden + 1))
    low = max(float(t[row - 1]) / n for n, row in numbered)
    high = min(float(t[row]) / n for n, row in numbered)
    said = rows.log.settings.get("decay_epochs")
    if isinstance(said, int | float) and low < said <= high:
        return float(said)
    tenths = range(math.floor(10.0 * low) + 1, math.floor(10.0 * high + _CLOSE) + 1)
    return min((n / 10.0 for n in tenths), key=digits_of, default=None)
