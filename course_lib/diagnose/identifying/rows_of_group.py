"""The rows of one parameter group that have a rate, and how near a curve must come to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from course_lib.diagnose.identifying.rate_rows import RateRows
from course_lib.diagnose.rate_log import RateLog

_FEW = 8
_NEIGHBOURS = 0.9
_FLOAT_NOISE = {"float64": 1e-12, "float32": 1.2e-7, "float16": 1e-3, "bfloat16": 8e-3}


@dataclass(frozen=True, eq=False)
class RowsOfGroup:
    """The rows of one group that have a rate, and the log.

    Attributes:
        log: the log.
        index: (rows,), their rows in the log.
        at: (rows,), counter.
        r: (rows,), rates.
        slack: (rows,), largest distance that counts as a fit.
    """

    log: RateLog
    index: np.ndarray
    at: np.ndarray
    r: np.ndarray
    slack: np.ndarray

    @staticmethod
    def of(log: RateLog, group: int) -> RowsOfGroup:
        """Return the rows of a group."""
        column = log.rates[group]
        index = np.flatnonzero(np.isfinite(column) & np.isfinite(log.at))
        r, width = column[index], log.half_width(group)[index]
        slack = np.maximum(slack_of(log, r, width), _last_digit(r))
        return RowsOfGroup(log, index, log.at[index], r, slack)

    def part(self, kept: slice | np.ndarray) -> RowsOfGroup:
        """Return some of the rows."""
        return replace(
            self,
            index=self.index[kept],
            at=self.at[kept],
            r=self.r[kept],
            slack=self.slack[kept],
        )

    @property
    def exact(self) -> bool:
        """Whether the rates are floats, not printed digits."""
        return self.log.precision.kind in _FLOAT_NOISE

    def total_steps(self) -> float | None:
        """Return the length of the run in the counter's unit, where the file says it."""
        name = "epochs" if self.log.unit == "epoch" else "total_steps"
        value = self.log.settings.get(name)
        return float(value) if isinstance(value, int | float) and value > 0 else None

    def stretch(self, lag: float, whole: bool = True) -> RateRows:
        """Return the rows at a lag."""
        return RateRows(
            self.at - lag, self.r, self.slack, whole, self.log.settings, self.total_steps()
        )


def _last_digit(r: np.ndarray) -> float:
    """Return half a unit of the last digit of a few short numbers that are neighbours, or 0.

    Few different rates of few digits may be what they are (0.1, 0.01), or a smooth curve of which
    only the last printed digit changes: 0.000300, 0.000299, 0.000298.
    """
    values = np.unique(r[: 10 * _FEW * _FEW]) if len(r) > 10_000 else np.unique(r)
    if not 2 <= values.size <= _FEW or values[0] < _NEIGHBOURS * values[-1]:
        return 0.0
    exponents = [Decimal(repr(float(v))).normalize().as_tuple() for v in values]
    if max(len(e.digits) for e in exponents) > 4:
        return 0.0
    unit = 10.0 ** min(e.exponent for e in exponents)
    return 0.51 * unit if np.diff(values).max() <= 1.5 * unit else 0.0


def slack_of(log: RateLog, r: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Return the largest distance from each rate that counts as a fit, (rows,)."""
    peak = float(np.max(np.abs(r), initial=0.0)) or 1.0
    noise = _FLOAT_NOISE.get(log.precision.kind)
    if noise is None:
        return 1.02 * width + 1e-12 * peak
    return 4.0 * width + noise * peak
