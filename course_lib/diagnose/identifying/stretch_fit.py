"""The fit of one stretch of a log, with the bounds of its values and what its rows leave open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from course_lib.diagnose.identifying.curve_search import FoundCurve
from course_lib.diagnose.identifying.curve_solving import bounds
from course_lib.diagnose.identifying.half_seen import (
    finish_cycle,
    finish_end,
    finish_fall,
    finish_parabola,
    finish_rise,
)
from course_lib.diagnose.identifying.rate_curve import COSINE_RISE, PARABOLA, RateCurve
from course_lib.diagnose.identifying.rate_rows import RateRows
from course_lib.diagnose.identifying.yolo import YoloCurve

Spans = dict[str, tuple[float, float]]
_NO_END = (
    "The rows stop before the end of the decay: where it ends, and at which rate, are the roundest "
    "that fit."
)


@dataclass(frozen=True, eq=False)
class Fit:
    """A curve that fits a stretch.

    Attributes:
        curve: function from t to rates.
        lag: lag of the first row.
        residual: largest difference, as a share of the peak.
        skipped: (row within the stretch, lag) wherever the lag grows.
        spans: interval of each value.
        fits: whether every row is within the log's precision.
        only_rise: whether the rows end before the peak is surely reached.
        only_fall: whether the rows begin after a straight fall has begun.
        notes: sentences about what the rows leave open.
    """

    curve: RateCurve | YoloCurve
    lag: float
    residual: float
    skipped: tuple[tuple[int, float], ...] = ()
    spans: Spans = field(default_factory=dict)
    fits: bool = True
    only_rise: bool = False
    only_fall: bool = False
    notes: tuple[str, ...] = ()


def finished(found: FoundCurve, s: RateRows, lag: float, exact: bool) -> Fit:
    """Return a fit with the bounds of its values, and the likeliest of those that are open."""
    curve = found.curve
    thin = s.thinned()
    spans = bounds(curve, found.free, thin.t, thin.r, thin.slack, exact, s.whole)
    top = len(s.r) - 1 == int(np.argmax(s.r))
    only_rise = top and bool(curve.warmup) and curve.body == "constant"
    only_fall = False
    if only_rise and curve.warmup == PARABOLA:
        curve, more = finish_parabola(curve, s)
        spans = {**{k: (v, v) for k, v in curve.values.items()}, **more}
    elif only_rise and curve.warmup != COSINE_RISE:
        curve, more = finish_rise(curve, s)
        spans = {**{k: (v, v) for k, v in curve.values.items()}, **more}
    elif only_rise:
        curve, more = finish_cycle(curve)
        spans |= more
    elif _straight_from_zero(curve) and s.t[0] > 0 and s.r[0] > s.r[1]:
        only_fall = True
        curve, more = finish_fall(curve, s)
        spans = {**spans, **more}
        if "decay_from" in curve.values:
            curve = replace(curve, title="WSD, linear decay")
    notes: tuple[str, ...] = ()
    if found.others:
        names = " or ".join(found.others)
        notes = (f"Within the log's precision the body {curve.body} may be {names} as well.",)
    if _falls(curve, s):
        curve, more = finish_end(curve, s)
        spans |= more
        if more and "floor" in curve.values:
            notes = (*notes, _NO_END)
    with np.errstate(all="ignore"):
        far = float(np.abs(curve(s.t) - s.r).max()) / s.peak
    return Fit(curve, lag, far, (), spans, True, only_rise, only_fall, notes)


def _falls(curve: RateCurve, s: RateRows) -> bool:
    """Return whether rows that are going down follow a curve that says no end of its own."""
    if len(s.r) < 3 or not s.r[-1] < s.r[-2]:
        return False
    falling = curve.body == "exponential" and curve.values["gamma"] < 1.0
    return (falling and "decay_from" in curve.values) or curve.body == "linear"


def _straight_from_zero(curve: RateCurve) -> bool:
    return curve.body == "linear" and not curve.warmup and "decay_from" not in curve.values
