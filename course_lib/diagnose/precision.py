"""The precision of logged rates: floats of 64, 32 or 16 bits, or rounded to some digits."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

# Fewer different rates than these may have few digits by their nature: 0.1, 0.01, 0.001.
_LEAST_DIFFERENT = 5
_SAMPLE = 2000
_MOST_DIGITS = 7  # a printed float32 has up to 9 digits, a float64 up to 17
_EXACT = 1e-12  # two formulas of one curve in float64 differ by some units in the last place
_SUBNORMAL = 2.0**-24  # float16 has no finer steps, also between rates below 6e-5
_FEW_BITS_BELOW = 2.0**-17  # where bfloat16 has finer steps than float16
_MANTISSA_BITS = {"float32": 24, "float16": 11, "bfloat16": 8}


@dataclass(frozen=True)
class Precision:
    """Rounding of a column of rates when it was logged.

    Attributes:
        kind: "float64", "float32", "float16", "bfloat16", "significant" (digits printed in all)
            or "decimals" (digits printed after the point).
        digits: digits of the two printed kinds; 0 otherwise.

    >>> Precision("decimals", 5).half_width([1e-3, 0.0])
    array([5.e-06, 5.e-06])
    """

    kind: str
    digits: int = 0

    def half_width(self, rates: np.ndarray) -> np.ndarray:
        """Return how far the true rates may be from the logged ones (float64, shape of `rates`)."""
        rates = np.abs(np.asarray(rates, dtype=np.float64))
        if self.kind == "decimals":
            return np.full(rates.shape, 0.5 * 10.0**-self.digits)
        if self.kind == "significant":
            powers = np.floor(np.log10(rates, out=np.zeros_like(rates), where=rates > 0))
            return np.where(rates > 0, 0.5 * 10.0 ** (powers + 1 - self.digits), 0.0)
        if self.kind == "float64":
            return _EXACT * rates
        half = rates * 2.0 ** -_MANTISSA_BITS[self.kind]
        return np.maximum(half, _SUBNORMAL / 2) if self.kind == "float16" else half

    def __str__(self) -> str:
        """Say it in words."""
        more = "" if self.digits == 1 else "s"
        if self.kind == "decimals":
            return f"rounded to {self.digits} decimal{more}"
        if self.kind == "significant":
            return f"rounded to {self.digits} significant digit{more}"
        return self.kind


def precision_of(rates: np.ndarray) -> Precision:
    """Return how a column of rates was rounded, as far as the numbers themselves show it.

    Args:
        rates: rates as logged, any shape; nan and zeros are left out.

    >>> precision_of([1.95e-05, 1.9e-05, 1.82e-05, 1.72e-05, 1.61e-05])
    Precision(kind='significant', digits=3)
    """
    values = np.unique(np.abs(np.asarray(rates, dtype=np.float64)))
    values = values[np.isfinite(values) & (values > 0)]
    if values.size == 0:
        return Precision("float64")
    values = values[:: max(1, values.size // _SAMPLE)]  # of millions, some tell as much as all
    half = _of_16_bits(values)
    if half:
        return Precision(half)
    if values.size >= _LEAST_DIFFERENT:
        printed = [Decimal(repr(float(v))).normalize().as_tuple() for v in values]
        significant = max(len(p.digits) for p in printed)
        decimals = max(max(0, -p.exponent) for p in printed)
        if significant <= _MOST_DIGITS:
            # Rounded after the point, the large rates show all decimals and the small ones lose
            # digits; rounded to some digits, it is the other way round.
            upper = [
                -p.exponent for p, v in zip(printed, values, strict=True) if 2 * v >= values[-1]
            ]
            lower = [
                len(p.digits) for p, v in zip(printed, values, strict=True) if 10 * v < values[-1]
            ]
            if lower and max(upper) == decimals and max(lower) < significant:
                return Precision("decimals", decimals)
            return Precision("significant", significant)
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    wide = single.astype(np.float64)
    if np.any(np.abs(wide - values) > 2.0**-23 * values):
        return Precision("float64")
    # Loggers write a float32 either as the float64 of the same value or with its own few digits.
    short = _shortest(single)
    same = (wide == values) | (short == values)
    return Precision("float32" if np.all(same) and np.any(short != values) else "float64")


def _of_16_bits(values: np.ndarray) -> str:
    """Return the format of 16 bits in which all these rates (> 0, sorted) can be written, or ""."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
        half = values.astype(np.float16)
    # Few rates may lie on a coarse grid by their nature, 0.5 or 0.125, not with many digits.
    long = any(len(Decimal(repr(float(v))).as_tuple().digits) > _MOST_DIGITS for v in values[:99])
    if not long and values.size < _LEAST_DIFFERENT:
        return ""
    halves = np.all(half.astype(np.float64) == values)
    # Most rates of bfloat16 are rates of float16 too, which has more bits; but float16 has fewer
    # of them for small rates.
    if halves and values[0] < _FEW_BITS_BELOW:
        return "float16"
    brain = (
        np.all(single.astype(np.float64) == values) and not (single.view(np.uint32) & 0xFFFF).any()
    )
    return "bfloat16" if brain else "float16" if halves else ""


def _shortest(single: np.ndarray) -> np.ndarray:
    """Return the decimal numbers that NumPy prints for float32 values (float64)."""
    return np.array([float(str(value)) for value in single])
