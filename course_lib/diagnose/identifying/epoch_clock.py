"""One-cycle schedules that were made for updates and advanced once per epoch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from course_lib.diagnose.identifying.curve_solving import digits_of
from course_lib.diagnose.identifying.half_seen import finish_cycle
from course_lib.diagnose.identifying.rate_curve import COSINE_RISE, RateCurve
from course_lib.diagnose.identifying.rows_of_group import RowsOfGroup
from course_lib.diagnose.identifying.stretch_fit import Fit

_CLOSE = 1e-6
_LENGTHS = ("warmup_steps", "total_steps")


def in_epochs(fit: Fit, rows: RowsOfGroup) -> Fit:
    """Return the fit of a cycle with its lengths in epochs, if they are rounder so; else itself.

    Rows at one distance are a row an epoch or a row every few updates: OneCycleLR's total_steps,
    one more than the place of its end, is the rounder number in the unit that its owner counted in.

    Args:
        fit: fit of rows that count updates.
        rows: the rows.
    """
    curve, length = fit.curve, _distance(rows)
    if not isinstance(curve, RateCurve) or curve.warmup != COSINE_RISE or curve.every != 1:
        return fit
    if length is None or fit.skipped or abs((rows.at[0] - fit.lag) % length) > _CLOSE:
        return fit
    values = dict(curve.values)
    if fit.only_rise and values.get("total_steps") is not None:
        values = {k: v for k, v in values.items() if k not in ("total_steps", "floor")}
    values |= {name: values[name] / length for name in _LENGTHS if name in values}
    counted = RateCurve("cosine" if "total_steps" in values else "constant", values, curve.warmup)
    spans = {
        k: (low / length, high / length) if k in _LENGTHS else (low, high)
        for k, (low, high) in fit.spans.items()
    }
    if fit.only_rise:
        counted, more = finish_cycle(counted)
        spans |= more
    total = counted.values.get("total_steps")
    if total is None or abs(total - round(total)) > _CLOSE * total:
        return fit
    known = curve.values.get("total_steps")
    in_updates = known is not None and abs(known - round(known)) <= _CLOSE * known
    if in_updates and digits_of(round(total) + 1.0) >= digits_of(round(known) + 1.0):
        return fit
    whole = {"total_steps": float(round(total))}
    if abs(counted.values["warmup_steps"] - round(counted.values["warmup_steps"])) <= _CLOSE:
        whole["warmup_steps"] = float(round(counted.values["warmup_steps"]))
    counted = replace(counted.having(**whole), every=length)
    far = float(np.abs(counted(rows.at - fit.lag) - rows.r).max()) / float(rows.r.max())
    return replace(fit, curve=counted, spans=spans, residual=far) if far <= _CLOSE else fit


def _distance(rows: RowsOfGroup) -> float | None:
    """Return the number of updates between any two neighbours, None where it is 1 or varies."""
    if rows.log.unit != "update" or len(rows.at) < 4:
        return None
    gaps = np.diff(rows.at)
    return float(gaps[0]) if gaps[0] > 1 and np.all(gaps == gaps[0]) else None
