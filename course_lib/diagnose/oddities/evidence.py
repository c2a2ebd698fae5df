"""One group of a log with its identification: the view that every rule about oddities looks at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from course_lib.diagnose.identification import FittedParameter, FittedPart, Identification, Oddity
from course_lib.diagnose.rate_log import RateLog

# Two rates this close are one level: float32 differs by 6e-8, a mean over an epoch by less.
SAME = 1e-6
ONE_CYCLE_RISE = 0.3  # the default of torch's OneCycleLR, pct_start
_PREFIX = re.compile(r"^(arg|args|cfg|config|hparam|hparams|opt)[_./]", re.IGNORECASE)
# Names under which tools write down how long a run is to be, after the known keys.
_ENDS = {
    "update": ("total_steps", "max_steps", "max_iters", "max_iters_from_text_log", "max_iter"),
    "epoch": ("epochs", "max_epochs", "max_epoch", "num_epochs", "num_train_epochs"),
    "environment step": ("total_timesteps", "total_steps"),
    "row": ("epochs", "num_epochs"),
}


@dataclass(frozen=True, eq=False)
class Evidence:
    """A log, what it was identified as, and the quantities that several rules need.

    Rows without a finite rate of the group are left out of `rates` and `at`; `rows` says which are
    left.

    Attributes:
        log: the log.
        found: its identification; its parts may be empty.
    """

    log: RateLog
    found: Identification

    @cached_property
    def rows(self) -> np.ndarray:
        """Rows of the log that have a finite rate, (n,), int."""
        return np.flatnonzero(np.isfinite(self.log.rates[self.found.group]))

    @cached_property
    def rates(self) -> np.ndarray:
        """Finite rates of the group, (n,), float64."""
        return self.log.rates[self.found.group][self.rows]

    @cached_property
    def at(self) -> np.ndarray:
        """Counter of those rows, (n,), float64."""
        return self.log.at[self.rows]

    @cached_property
    def starts(self) -> list[int]:
        """Indices at which a run begins: 0, and each where the counter returns to its start."""
        back = np.flatnonzero(self._not_on & (self.at[1:] <= self.at[0] + self.interval)) + 1
        return [0, *back.tolist()]

    @cached_property
    def repeats(self) -> np.ndarray:
        """Indices at which the counter goes back, but not to its start."""
        back = np.flatnonzero(self._not_on) + 1
        return np.setdiff1d(back, self.starts)

    @property
    def _not_on(self) -> np.ndarray:
        # Tools that write several rows for an update are no runs of one row each.
        change = np.diff(self.at)
        return change <= 0 if self.log.unit == "epoch" else change < 0

    @cached_property
    def last_run(self) -> slice:
        """The last run of the file."""
        return slice(self.starts[-1], self.rates.size)

    @cached_property
    def interval(self) -> float:
        """Typical distance of two rows, in the log's unit; 1 where there is one row."""
        ahead = np.diff(self.at)
        ahead = ahead[ahead > 0]
        return float(np.median(ahead)) if ahead.size else 1.0

    @cached_property
    def part(self) -> FittedPart | None:
        """The last part of the identification; None where it has none."""
        return self.found.parts[-1] if self.found.parts else None

    @cached_property
    def families(self) -> str:
        """The families of all parts in one lower-case string."""
        return " ".join(part.family.lower() for part in self.found.parts)

    def parameter(self, name: str) -> FittedParameter | None:
        """Return a parameter of the last part if it has a finite value."""
        if self.part is None or name not in self.part.parameters:
            return None
        known = self.part.parameters[name]
        return known if np.isfinite(known.value) else None

    def length(self, name: str) -> FittedParameter | None:
        """Return a length of the last part in the log's unit; a one-cycle may count epochs."""
        known, every = self.parameter(name), self.parameter("steps_per_epoch")
        if known is None or every is None or not self.cycles_by_epoch:
            return known
        size = every.value
        return FittedParameter(known.value * size, known.low * size, known.high * size)

    @property
    def cycles_by_epoch(self) -> bool:
        """Whether the last part is a one-cycle whose lengths count epochs."""
        is_cycle = self.part is not None and self.part.family == "one cycle"
        return is_cycle and self.parameter("steps_per_epoch") is not None

    def setting(self, *names: str) -> Any:
        """Return the first of these settings that the file has, whatever its prefix, or None."""
        for name in names:
            value = self._settings.get(name.lower())
            if value not in (None, "", "null", "None", "''"):
                return value
        return None

    def number(self, *names: str) -> float | None:
        """Return the first of these settings that is a finite number, or None."""
        for name in names:
            try:
                value = float(self.setting(name))
            except (TypeError, ValueError):
                continue
            if np.isfinite(value):
                return value
        return None

    @cached_property
    def _settings(self) -> dict[str, Any]:
        plain = {_PREFIX.sub("", key).lower(): value for key, value in self.log.settings.items()}
        return plain | {key.lower(): value for key, value in self.log.settings.items()}

    @cached_property
    def top(self) -> float:
        """Highest rate of the rows."""
        return float(self.rates.max())

    @cached_property
    def peak(self) -> float:
        """Peak of the curve, also where no row shows it; the highest rate if it is not known."""
        known = [p.parameters["peak"].value for p in self.found.parts if "peak" in p.parameters]
        known = [value for value in known if np.isfinite(value)]
        return max([*known, self.top])

    @cached_property
    def from_one(self) -> bool:
        """Whether the counter counts the update or epoch that is over: 1 is the first."""
        first = self.at[0]
        if self.log.unit in ("epoch", "row"):
            return first == 1 and "timm" not in self.log.format.lower()
        if max(self.log.lags, default=1) <= 0:
            return False
        if min(self.log.lags, default=0) >= 1 or self.is_checkpoint:
            return True
        ahead = np.diff(self.at)
        least = ahead[ahead > 0].min(initial=np.inf)
        return first > 0 and (first % least == 0 if np.isfinite(least) else True)

    @cached_property
    def done(self) -> float:
        """Length of the run up to its last row, in the log's unit."""
        done = float(self.at[-1]) + (not self.from_one and self.log.unit != "environment step")
        return max(done, self.number("global_step") or 0.0) if self.log.unit == "update" else done

    @cached_property
    def run_end(self) -> float | None:
        """Length of the run by its settings, in the log's unit; None where they do not say."""
        end = self.number(*_ENDS[self.log.unit])
        per_epoch = self.number("steps_per_epoch")
        if end is None and self.log.unit == "update" and per_epoch:
            epochs = self.number(*_ENDS["epoch"])
            end = epochs * per_epoch if epochs else None
        return end if end and end > 0 else None

    @cached_property
    def schedule_end(self) -> float | None:
        """Length of the schedule by its curve, in the log's unit; None where it shows none."""
        known = self.length("total_steps")
        if known is None and self.end_is_assumed:
            return (self.warmup + 1) / ONE_CYCLE_RISE
        return known.value if known and known.value > 0 else None

    @cached_property
    def end_is_assumed(self) -> bool:
        """Whether only the rise of a one-cycle is known, whose usual share tells the rest."""
        is_cycle = self.part is not None and "one cycle" in self.part.family.lower()
        return is_cycle and self.parameter("total_steps") is None and self.warmup > 0

    @cached_property
    def end(self) -> float | None:
        """The end to compare with: that of the run, else that of the schedule."""
        return self.run_end or self.schedule_end

    @cached_property
    def complete(self) -> bool | None:
        """Whether the last row is the last that the tool would log; None: the end is unknown."""
        # The head of a file that is cut off may count further than its rows.
        if self.end is None or self.log.cut_off:
            return None
        if self.log.unit == "update" and self.number("global_step") is not None:
            return self.done >= self.end
        # A thinned file has wider gaps than the tool's; the last is the one that counts here.
        last = float(self.at[-1] - self.at[-2]) if self.at.size > 1 else self.interval
        return self.done + (last if last > 0 else self.interval) * (1 - SAME) > self.end

    @cached_property
    def is_checkpoint(self) -> bool:
        """Whether the file was saved with a checkpoint, so that it need not be the whole run."""
        return "trainer_state" in f"{self.log.format} {self.log.source}".lower()

    @cached_property
    def constant(self) -> bool:
        """Whether all rates are one value (two rows or more)."""
        return self.rates.size > 1 and np.ptp(self.rates) <= self.tolerance

    @cached_property
    def tolerance(self) -> float:
        """Difference of rates that means nothing."""
        # Rounding keeps the order of rates, so printed rates that differ are different.
        return float(SAME * abs(self.top))

    @cached_property
    def rise(self) -> int:
        """Rows of the last run before its first highest one, if the run starts with a rise."""
        rates = self.rates[self.last_run]
        summit = int(np.argmax(rates >= rates.max() - self.tolerance))
        climbs = (np.diff(rates[: summit + 1]) >= -self.tolerance).all()
        return summit if climbs else 0

    @property
    def is_whole(self) -> bool:
        """Whether each run of the file is at most one part."""
        return len(self.found.parts) <= len(self.starts)

    @cached_property
    def warmup(self) -> float:
        """Length of the warmup in the log's unit: of the curve if known, else as the rows rise."""
        known = self.length("warmup_steps")
        if known is not None and self.is_whole:
            return max(known.value, 0.0)
        if self.rise == 0:
            return 0.0
        return float(self.at[self.last_run][self.rise]) + (not self.from_one)

    @cached_property
    def warmup_is_told(self) -> bool:
        """Whether the curve fixes the length of the warmup, roughly at least."""
        known = self.parameter("warmup_steps")
        return known is not None and known.high <= 2 * known.value

    @cached_property
    def smooth(self) -> bool:
        """Whether the rates change in most rows after their peak, as no step schedule does."""
        rates = self.rates[self.last_run][self.rise :]
        fall = rates[: int(np.argmin(rates)) + 1]
        moves = np.abs(np.diff(fall)) > SAME * self.top
        return moves.size >= 3 and bool(moves.mean() > 0.5)

    def share(self, first: int, end: int) -> float:
        """Return the share of the counter's way that the rows first … end - 1 stand for."""
        way = self.at[self.last_run]
        whole = float(way[-1] - way[0]) + self.interval
        return (float(self.at[end - 1] - self.at[first]) + self.interval) / whole

    def where(self, index: int) -> str:
        """Return the counter at an index in words, as "update 500"."""
        return f"{self.log.unit} {self.at[index]:g}"

    def many(self, number: float) -> str:
        """Return a number of the log's unit in words, as "500 updates"."""
        return count(number, self.log.unit)

    def oddity(
        self, code: str, message: str, first: int = 0, end: int | None = None, problem: bool = False
    ) -> Oddity:
        """Return an oddity of the indices first … end - 1 of `rates` (by default, to the last)."""
        last = self.rates.size if end is None else end
        return Oddity(code, message, int(self.rows[first]), int(self.rows[last - 1]) + 1, problem)


def count(number: float, noun: str) -> str:
    """Return a number with its noun, as "1 row" or "2 rows".

    >>> count(2, "row"), count(1, "row")
    ('2 rows', '1 row')
    """
    return f"{plain(number)} {noun}{'' if number == 1 else 's'}"


def plain(number: float) -> str:
    """Return a count as people write it; one that a fit left uneven has no needless digits.

    >>> plain(12000.0), plain(3750.00526), plain(3.3333)
    ('12,000', '3,750', '3.33')
    """
    if number == round(number) or abs(number) >= 100:
        return f"{round(number):,}"
    return f"{number:.3g}"


def runs_of(true: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield (first, end) of every stretch of true values.

    >>> import numpy as np
    >>> list(runs_of(np.array([True, True, False, True])))
    [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], true.astype(int), [0]])))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
