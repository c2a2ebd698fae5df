"""The sentences that say what a log cannot tell."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from course_lib.diagnose.identification import FittedPart
from course_lib.diagnose.identifying.rate_curve import RateCurve
from course_lib.diagnose.identifying.rows_of_group import RowsOfGroup
from course_lib.diagnose.identifying.stretch_fit import Fit
from course_lib.diagnose.rate_log import RateLog

_FEW = 3


def limits_of(
    log: RateLog, rows: RowsOfGroup, fits: Sequence[Fit], parts: Sequence[FittedPart]
) -> tuple[str, ...]:
    """Return one sentence for each thing that the log leaves open.

    Args:
        log: the log.
        rows: its rows that have a rate.
        fits: fit of each part.
        parts: the parts as reported.
    """
    count = len(rows.r)
    if not fits:
        return (_nothing(rows),)
    out = []
    if count <= _FEW:
        out.append(f"The log has {_rows(count)} with a rate: other curves fit them as well.")
    left = int(np.count_nonzero(rows.index < parts[0].first))
    if left:
        out.append(f"The first {_rows(left).removeprefix('one ')} follow another curve, too few.")
    for fit, part in zip(fits, parts, strict=True):
        every = "Every row" + f" {_span(log, part)}" * (len(parts) > 1)
        for sentence in _of_part(fit, part, log, every):
            if sentence not in out:
                out.append(sentence)
    return tuple(out)


def _span(log: RateLog, part: FittedPart) -> str:
    first, last = log.at[part.first], log.at[part.end - 1]
    return f"from {log.unit} {first:,.10g} to {last:,.10g}"


def _rows(count: int) -> str:
    return "one row" if count == 1 else f"{count} rows"


def _nothing(rows: RowsOfGroup) -> str:
    count = len(rows.r)
    if count < _FEW:
        return f"The log has {_rows(count)} with a rate, so no curve can be told."
    if not np.max(rows.r) > 0:
        return "Every rate in the log is 0."
    return "No known curve comes within 1 % of the rates, so the schedule cannot be told."


def _of_part(fit: Fit, part: FittedPart, log: RateLog, every: str) -> list[str]:
    out = list(fit.notes)
    unit = log.unit
    if fit.only_rise and part.family == "one cycle":
        out.append(
            f"{every} is in the rise, so the fall is not seen; where it is given, it is that of "
            "OneCycleLR's defaults."
        )
    elif fit.only_rise and part.family == "exponential rise":
        out.append(f"{every} is in a rise by one factor, as in a range test.")
    elif fit.only_rise:
        out.append(
            f"{every} is in the warmup, so the decay is not seen; the peak and the warmup's "
            "length are the roundest that fit."
        )
    if fit.only_fall and "warmup_steps" in part.parameters:
        out.append(
            f"{every} is in the decay: a warmup may have gone before it, and only the slope and "
            "the end are sure."
        )
    elif fit.only_fall:
        out.append(
            f"{every} is in the decay, so the warmup's length cannot be told; of the peaks that "
            "fit, the roundest number is given."
        )
    if not fit.fits:
        out.append(
            f"No curve fits every row within the log's precision ({log.precision}); this one is "
            f"within {max(part.residual, 1e-6):.2g} of the peak."
        )
    curve = fit.curve
    if isinstance(curve, RateCurve):
        out += _open_values(part, unit)
        if part.family == "constant" and "keras" in log.format.lower():
            out.append("A plateau rule that never dropped the rate would look the same.")
        if part.family == "constant" and part.end - part.first > 0 and _one_epoch(log, part):
            out.append(
                "A schedule that steps once per epoch would look the same: the log covers one."
            )
        if part.family == "reduce on plateau" and math.isnan(curve.values.get("patience", 0.0)):
            out.append("The patience cannot be told: no logged metric explains the drops.")
    return out


def _one_epoch(log: RateLog, part: FittedPart) -> bool:
    if log.epochs is None:
        return False
    seen = np.asarray(log.epochs, dtype=np.float64)[part.first : part.end]
    seen = seen[np.isfinite(seen)]
    return bool(seen.size) and float(np.floor(seen.max()) - np.floor(seen.min())) == 0


def _open_values(part: FittedPart, unit: str) -> list[str]:
    out = []
    for name, value in part.parameters.items():
        if name.startswith("milestone") and value.high - value.low >= 1:
            out.append(
                f"Drop {name.removeprefix('milestone_')} lies between {value.low:g} and "
                f"{value.high:g}: the log has no row between."
            )
    return out
