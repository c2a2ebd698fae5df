"""Straight falls over environment steps, of which every row lags by another number."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from course_lib.diagnose.identifying.curve_solving import digits_of
from course_lib.diagnose.identifying.rate_curve import RateCurve
from course_lib.diagnose.identifying.rows_of_group import RowsOfGroup
from course_lib.diagnose.identifying.stretch_fit import Fit

NEAR = 1e-2  # share of the peak by which a curve may miss a row and still be named


def straight_by_environment_steps(rows: RowsOfGroup, peaks: tuple[float, ...]) -> Iterator[Fit]:
    """Yield a straight fall whose rows lag by different numbers of environment steps.

    Args:
        rows: rows.
        peaks: peaks of other parts of the log; not used.
    """
    if rows.log.unit != "environment step" or len(rows.r) < 4:
        return
    with np.errstate(all="ignore"):
        slopes = np.diff(rows.r) / np.diff(rows.at)
    slope = float(np.median(slopes[np.isfinite(slopes)]))
    if not slope < 0:
        return
    zero = rows.r - slope * rows.at  # rate at counter 0 of a line through each row
    choices = []
    for digits in (1, 2, 3):
        power = 10.0 ** (math.floor(math.log10(zero.max())) + 1 - digits)
        choices.append(math.floor(float(zero.min()) / power + 1e-9) * power)
    peak = next(
        (c for c in choices if (zero.min() - c) / -slope <= 0.05 * rows.at[-1]), choices[-1]
    )
    peak = float(f"{peak:.6g}")
    lag = float(round(float(np.median((zero - peak) / -slope))))
    last = float(rows.at[-1])
    total = rows.total_steps()
    if total is None and digits_of(last) <= 2 and digits_of(peak + slope * last) <= 2:
        total = last
    total = total or float(round(peak / -slope))
    low = float(f"{max(0.0, peak + slope * total):.6g}")
    values = {"peak": peak, "total_steps": total, **({"floor": low} if low > 1e-9 * peak else {})}
    curve = RateCurve("linear", values)
    far = float(np.abs(curve(rows.at - lag) - rows.r).max()) / float(rows.r.max())
    spans = {name: (value, value) for name, value in values.items()}
    spans["total_steps"] = (last, max(last, float(round(peak / -slope))))
    spans["floor"] = (0.0, max(0.0, float(rows.r[-1])))
    yield Fit(curve, lag, far, spans=spans, fits=far <= NEAR)
