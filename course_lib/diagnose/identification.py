"""The result of an identification: families, their parameters, and everything odd in a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from course_lib.diagnose.rate_log import RateLog
from course_lib.schedules import Schedule


@dataclass(frozen=True)
class FittedParameter:
    """A parameter read off a log, with the interval of values that fit the log as well.

    Attributes:
        value: the likeliest value, the roundest one where several fit.
        low: smallest value that fits within the log's precision.
        high: largest; `math.inf` where nothing in the log limits it.

    >>> FittedParameter(value=100.0, low=99.5, high=100.4).value
    100.0
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class FittedPart:
    """One stretch of rows that follows one curve.

    Attributes:
        first: first row of the stretch.
        end: one past its last row.
        family: curve, in the words of `FAMILIES`.
        parameters: name -> `FittedParameter`: "peak", "warmup_steps", "total_steps", "floor", …
        lag: rate of a row = rate_at(at - lag) at the first row of the stretch.
        skipped: (row, lag) for each later row from which the lag is larger.
        rate_at: function from t, (rows,), float64, in the log's unit, to rates (rows,).
        schedule: the same as a `Schedule`; None where it cannot be written as one.
        residual: largest difference from the log, as a share of the part's peak.
        convention: the way it counts, in words: "warmup (t + 1) / W", …; "" for nothing of note.

    >>> from course_lib.diagnose import RateLog, identify
    >>> part = identify(RateLog([[0.1, 0.1, 0.1, 0.1]], at=range(4))).parts[0]
    >>> part.family, part.first, part.end, part.parameters["peak"].value
    ('constant', 0, 4, 0.1)
    """

    first: int
    end: int
    family: str
    parameters: Mapping[str, FittedParameter]
    lag: float
    rate_at: Callable[[np.ndarray], np.ndarray]
    skipped: tuple[tuple[int, float], ...] = ()
    schedule: Schedule | None = None
    residual: float = 0.0
    convention: str = ""


@dataclass(frozen=True)
class Oddity:
    """Something about a log that its owner would want to know.

    Attributes:
        code: kind, for a program: "skipped-updates", "stopped-early", ….
        message: one sentence with its numbers.
        first: first row that shows it.
        end: row after the last one that shows it.
        problem: whether it harms the run; otherwise it is worth knowing when one reads the log.

    >>> oddity = Oddity("stopped-early", "The run ends at update 50 of 100.", first=49, end=50)
    >>> oddity.code, oddity.problem
    ('stopped-early', False)
    """

    code: str
    message: str
    first: int
    end: int
    problem: bool = False


@dataclass(frozen=True, eq=False)
class Identification:
    """The schedule that a log follows.

    Attributes:
        log: the log.
        group: parameter group that was identified.
        parts: stretches of the log, in order; more than one where the run was resumed with
            another curve or the file holds several runs; none where it cannot be told.
        call: the library call that most likely made the curve, as code; "" if there is none.
        cannot_tell: one sentence for each thing that this log cannot tell.
        oddities: everything odd, in the order of the rows.

    >>> from course_lib.diagnose import RateLog, identify
    >>> found = identify(RateLog([[0.1, 0.1, 0.1, 0.1]], at=range(4)))
    >>> found.group, len(found.parts), found.residual
    (0, 1, 0.0)
    """

    log: RateLog
    group: int
    parts: tuple[FittedPart, ...]
    call: str = ""
    cannot_tell: tuple[str, ...] = ()
    oddities: tuple[Oddity, ...] = field(default=())

    @property
    def residual(self) -> float:
        """Largest difference between log and curve, as a share of the peak."""
        return max((part.residual for part in self.parts), default=float("nan"))

    def predicted(self) -> np.ndarray:
        """Return the rates of the identified curves, (rows,); nan in rows outside the parts.

        >>> from course_lib.diagnose import RateLog, identify
        >>> identify(RateLog([[0.1, 0.1, 0.1, 0.1]], at=range(4))).predicted()
        array([0.1, 0.1, 0.1, 0.1])
        """
        rates = np.full(self.log.size, np.nan)
        for part in self.parts:
            rows = np.arange(part.first, part.end)
            lags = np.full(rows.size, float(part.lag))
            for row, lag in part.skipped:
                lags[rows >= row] = lag
            rates[rows] = part.rate_at(self.log.at[rows] - lags)
        return rates
