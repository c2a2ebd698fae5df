"""A recorded schedule that is asked which of its arguments the peak and the end follow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_lib.libraries.probing import CLOSE, GivenNumber, Probe, end_at, highest, peak_at
from course_lib.libraries.recorded import Record

# Lengths of an epoch: a curve that one of them moves counts in epochs.
_EPOCHS = ("batches_per_epoch", "updates_per_epoch", "step_per_epoch", "step_each_epoch")
_EPOCHS += ("num_update_steps_per_epoch",)


@dataclass(frozen=True, eq=False)
class AskedSchedule:
    """A record and what its curve and its arguments tell.

    Attributes:
        record: the record.
    """

    record: Record

    @cached_property
    def rates(self) -> np.ndarray:
        """The recorded rates as far as the run went, shape (T,)."""
        return self.record.rates[np.isfinite(self.record.rates)]

    @cached_property
    def probe(self) -> Probe | None:
        """The call, twice as long as recorded; None where no converter takes it."""
        if self.record.phases is not None or self.record.uncovered is not None:
            return None
        return Probe(self.record.name, self.record.arguments, 2 * self.record.rates.size)

    @cached_property
    def counts(self) -> dict[GivenNumber, tuple[int, np.ndarray]]:
        """The whole numbers, each with how much it was raised by and the rates then."""
        found = {
            number: self.probe.counted(number, 3, 1) for number in self._numbers if number.is_count
        }
        return {number: step for number, step in found.items() if step is not None}

    @cached_property
    def nudges(self) -> dict[GivenNumber, tuple[float, np.ndarray]]:
        """The other numbers, each with how much it was changed by and the rates then."""
        found = {
            number: self.probe.nudged(number) for number in self._numbers if not number.is_count
        }
        return {number: nudge for number, nudge in found.items() if nudge is not None}

    @property
    def _numbers(self) -> tuple[GivenNumber, ...]:
        return self.probe.numbers if self.probe else ()

    @cached_property
    def own(self) -> GivenNumber | None:
        """The rate that only the first update has: the optimizer's, before the schedule acts."""
        for number, (_, rates) in self.nudges.items():
            if self.probe.moves(rates[:1]) and not self.probe.moves(rates, begin=1):
                return number
        return None

    @cached_property
    def top(self) -> float:
        """The largest rate that the schedule gives."""
        return float(self.rates[self.begin :].max())

    @cached_property
    def begin(self) -> int:
        """The first update that the schedule has a say in, or that its warmup has."""
        return 0 if self.own is None and not self.peaks_before_warmup else 1

    @cached_property
    def peaks_before_warmup(self) -> bool:
        """Whether the first update has the peak, and a warmup begins with the second."""
        first, second, third = self.rates[:3]
        return bool(first == self.rates.max() and second < third)

    @cached_property
    def at(self) -> int:
        """The first step with the largest rate."""
        return peak_at(self.probe.rates, self.begin)

    @cached_property
    def end(self) -> int | None:
        """The first step with the lowest rate after it."""
        return end_at(self.probe.rates, self.begin) if self.probe else None

    def peak_moved(self, rates: np.ndarray) -> int:
        """Return by how many steps the peak comes later in other rates."""
        return peak_at(rates, self.begin) - self.at

    def end_moved(self, rates: np.ndarray) -> int | None:
        """Return by how many steps the end comes later in other rates."""
        end = end_at(rates, self.begin)
        return None if end is None or self.end is None else end - self.end

    @cached_property
    def peaks(self) -> dict[GivenNumber, float]:
        """The numbers that the largest rate follows, each with its slope."""
        top = highest(self.probe.rates, self.begin) if self.probe else 0.0
        slopes = {
            number: (highest(rates, self.begin) - top) / more
            for number, (more, rates) in self.nudges.items()
        }
        return {
            number: slope for number, slope in slopes.items() if slope >= 0.5 and number != self.own
        }

    @cached_property
    def peak(self) -> GivenNumber | None:
        """The number that says how high the peak is."""
        return min(self.peaks, key=lambda number: abs(number.value - self.top), default=None)

    @cached_property
    def start(self) -> GivenNumber | None:
        """The number that the first rate follows, and neither the peak nor its place does."""
        for number, (_, rates) in self.nudges.items():
            beside = abs(highest(rates, self.begin) / self.top - 1.0) <= 10 * CLOSE
            lengthens = self.warmup is not None and number == self.warmup[0]
            if self.probe.moves(rates[:1]) and beside and not lengthens:
                return number
        return None

    @cached_property
    def epoch(self) -> int:
        """Updates in one epoch, where the arguments count in epochs; 1 where they do not."""
        for number, (_, rates) in self.counts.items():
            if number.key in _EPOCHS and self.probe.moves(rates):
                return int(number.value)
        return 1

    @cached_property
    def lengths(self) -> dict[GivenNumber, tuple[int, np.ndarray]]:
        """The counts, without the length of an epoch."""
        return {number: step for number, step in self.counts.items() if number.key not in _EPOCHS}

    @cached_property
    def warmup(self) -> tuple[GivenNumber, float] | None:
        """The number that the peak moves with, and the updates of the warmup that it makes."""
        for number, longer in self.lengths.items():
            for updates in {1, self.epoch}:
                if abs(self.at - self.begin - updates * number.value) > 2:
                    continue
                shorter = self.probe.counted(number, -3, -1)  # what follows may hide a longer one
                for more, rates in filter(None, (longer, shorter)):
                    if self.peak_moved(rates) == more * updates:
                        return number, updates * number.value
        return self._share_of_warmup()

    def _share_of_warmup(self) -> tuple[GivenNumber, float] | None:
        shares = [
            number for number in self.nudges if 0 < number.value < 0.9 and number not in self.peaks
        ]
        for number in shares:
            rates = self.probe.with_value(number, number.value + 0.1)
            for total in self.lengths if rates is not None else ():
                length = number.value * total.value
                moved = abs(self.peak_moved(rates) - 0.1 * total.value) <= 1
                if total.value >= 20 and moved and abs(self.at - length) < 2:
                    return number, length
        return None

    @cached_property
    def total(self) -> tuple[GivenNumber, float] | None:
        """The number that the end moves with, and the updates that it stands for."""
        if self.end is None:
            return None
        slack = 1 if self.probe.rates.min() < 0.0 else 0  # a line meets 0 between two updates
        rise = self.warmup[1] if self.warmup else 0
        for number, (more, rates) in self.lengths.items():
            moved = self.end_moved(rates)
            for updates in {1, self.epoch}:
                length = updates * number.value
                near = min(abs(self.end - length), abs(self.end - length - rise)) <= updates
                longer = moved is not None and abs(moved - more * updates) <= slack
                if near and longer and self.peak_moved(rates) < more * updates:
                    return number, length
        return None

    @property
    def never(self) -> bool:
        """Whether no update has the rate that the arguments say for the peak."""
        return self.too_low(self.probe.rates) if self.probe else False

    def too_low(self, rates: np.ndarray) -> bool:
        """Whether rates stay below the peak that the arguments say."""
        top = highest(rates, self.begin)
        return self.peak is not None and self.peak.value > top * (1.0 + 10 * CLOSE)
