"""Every recorded schedule of every library beside ours: the error, and the tail in words."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass

import numpy as np

from course_lib.libraries.recorded import Record, recorded, recorded_rates
from course_lib.schedules import Schedule
from course_lib.schedules.shapes import Constant

__all__ = [
    "Row",
    "Uncovered",
    "compare",
    "past_end",
    "recorded",
    "recorded_rates",
    "table",
    "table_text",
]

_WIDTH = 110
_LEGEND = (
    "error: largest difference as a share of the largest recorded rate.",
    "Allowed: 1e-12; where the library computes in float32 (optax, Keras, MindSpore, MLX, XGBoost,",
    "fastai's fit_*, SpeechBrain's LinearScheduler) 2e-07; and 4e-07 where Keras takes off cycles",
    "or MindSpore's CosineDecayLR adds half a turn in float32.",
)


@dataclass(frozen=True)
class Row:
    """One recorded schedule and how ours compares with it.

    Attributes:
        library: name of the library.
        schedule: name of the record.
        version: release or commit that was run.
        error: largest |recorded - ours| over the largest recorded rate.
        tolerance: largest `error` allowed.
        past_end: the library's behaviour after its end, in words.
    """

    library: str
    schedule: str
    version: str
    error: float
    tolerance: float
    past_end: str

    @property
    def within(self) -> bool:
        """Whether the error is within the tolerance (a NaN is not)."""
        return self.error <= self.tolerance


@dataclass(frozen=True)
class Uncovered:
    """A recorded schedule without a counterpart of ours, and why."""

    library: str
    schedule: str
    reason: str


def compare(record: Record, schedule: Schedule) -> Row:
    """Return the row of a record and of the schedule that should reproduce it."""
    applied = np.isfinite(record.rates)
    difference = np.abs(schedule(np.arange(record.rates.size)) - record.rates)[applied]
    return Row(
        library=record.library,
        schedule=record.schedule,
        version=record.version,
        error=float(difference.max() / np.abs(record.rates[applied]).max()),
        tolerance=record.tolerance,
        past_end=past_end(record.rates, record.error is not None, schedule),
    )


def past_end(rates: np.ndarray, raised: bool, schedule: Schedule) -> str:
    """Say what a library does past its end, from the recorded rates and where our phases end."""
    return "".join(tail(rates, raised, schedule))


def tail(rates: np.ndarray, raised: bool, schedule: Schedule) -> tuple[str, str]:
    """Return what a library does past its end, and with which rate or from which step on."""
    last = int(np.flatnonzero(np.isfinite(rates))[-1])
    if raised:
        return "raises", f" after t = {last} (rate {rates[last]:.2g})"
    if last < rates.size - 1:
        return "run over", f" after t = {last}"
    if rates.min() < 0.0:
        return "negative", f" from t = {int(np.flatnonzero(rates < 0.0)[0])}"
    settled = _settled(schedule)
    if settled >= rates.size:
        later = schedule(np.arange(rates.size, 10 * rates.size))
        if np.all(np.diff(rates) >= 0.0) and np.all(np.diff(later) >= 0.0):
            return "goes on rising", ""
        if np.any(np.diff(later) > 0.0):
            return "rises again", ""
        if settled < math.inf:
            return "held", f" at {later[-1]:.3g} from t = {settled}, unrecorded"
        return "goes on falling", ""
    rest = rates[settled:]
    held = np.ptp(rest) <= 1e-6 * rates.max()
    return ("held", f" at {rest[-1]:.3g}") if held else ("moves", "")


def _settled(schedule: Schedule) -> float:
    """Return the step from which a schedule holds its last rate; inf when it never does."""
    if schedule.total_steps < math.inf:
        return int(schedule.total_steps)
    if not isinstance(schedule.phases[-1].shape, Constant):
        return math.inf
    return int(sum(phase.steps for phase in schedule.phases[:-1]))


def table() -> tuple[list[Row], list[Uncovered]]:
    """Return a row for every covered record, and the uncovered ones with their reasons."""
    rows, uncovered = [], []
    for records in recorded().values():
        for record in records.values():
            if record.uncovered is None:
                rows.append(compare(record, record.ours()))
            else:
                uncovered.append(Uncovered(record.library, record.schedule, record.uncovered))
    return rows, uncovered


def table_text(rows: list[Row], uncovered: list[Uncovered]) -> str:
    """Return the table as aligned text, 110 columns wide."""
    lines = [f"{'library':<20}{'schedule':<42}{'error':>8}  past the end", "-" * _WIDTH]
    for row in rows:
        name = row.schedule if len(row.schedule) <= 41 else row.schedule[:40] + "…"
        mark = "" if row.within else "  OUT OF TOLERANCE"
        lines.append(f"{row.library:<20}{name:<42}{row.error:>8.1e}  {row.past_end}{mark}")
    lines += ["", f"{len(rows)} reproduced; {len(uncovered)} not covered:"]
    for item in uncovered:
        text = f"  {item.library} {item.schedule}: {item.reason}"
        lines += textwrap.wrap(text, _WIDTH, subsequent_indent="    ", drop_whitespace=True)
    return "\n".join([*lines, "", *_LEGEND])
