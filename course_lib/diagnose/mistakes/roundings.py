"""Roundings that a log's few rates do not show by themselves."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from course_lib.diagnose.precision import Precision
from course_lib.diagnose.rate_log import RateLog

_LEAST_DIGITS = 3  # fewer digits say too little to read a rounding off them
#: Half-width of a rounding after the point that may be assumed, as a share of the peak.
COARSEST = 0.005
_SAMPLED = 2000


def decimals_of(rates: np.ndarray) -> int:
    """Return the digits after the point of the rate that has most of them."""
    values = np.unique(rates)
    values = values[:: max(1, values.size // 2000)].tolist()
    return max(-min(0, int(Decimal(repr(v)).normalize().as_tuple().exponent)) for v in values)


def likely_precision(log: RateLog, rates: np.ndarray) -> Precision:
    """Return the log's precision; where too few rates differ to show it, that of their digits."""
    if log.precision.kind == "float16" and is_bfloat16(rates):
        return Precision("bfloat16")  # few small rates may be both, and this is the coarser one
    if log.precision.kind != "float64":
        return log.precision
    for digits in range(1, 8):
        if is_rounded(rates, digits, significant=True):
            return Precision("significant", digits) if digits >= _LEAST_DIGITS else log.precision
    return log.precision


def rounding_of(got: np.ndarray, planned: np.ndarray, peak: float) -> str:
    """Return the rounding under which all rates agree, where few different ones hide it."""
    for digits in range(_LEAST_DIGITS, 8):
        with np.errstate(all="ignore"):
            power = np.floor(np.log10(np.where(planned > 0, planned, 1.0)))
        half = np.where(planned > 0, 0.5 * 10.0 ** (power + 1 - digits), 0.0)
        if is_rounded(got, digits, significant=True) and np.all(
            np.abs(got - planned) <= half * (1 + 1e-6) + 1e-10 * peak
        ):
            return f"{digits} significant digits"
    for digits in range(1, 12):
        half_width = 0.5 * 10.0**-digits
        if half_width > COARSEST * peak or not is_rounded(got, digits, significant=False):
            continue
        if np.all(np.abs(got - planned) <= half_width * (1 + 1e-6) + 1e-10 * peak):
            return f"{digits} decimals"
    return ""


def is_bfloat16(rates: np.ndarray) -> bool:
    """Return whether all rates are numbers of bfloat16."""
    single = rates.astype(np.float32)
    bits = single.view(np.uint32)
    return bool(np.all(single == rates) and not np.any(bits & np.uint32(0xFFFF)))


def is_rounded(rates: np.ndarray, digits: int, *, significant: bool) -> bool:
    """Return whether all rates are told to some digits in all, or after the point."""
    values = rates[:: max(1, rates.size // _SAMPLED)].tolist()
    if significant:
        return all(float(f"{value:.{digits - 1}e}") == value for value in values)
    return all(round(value, digits) == value for value in values)
