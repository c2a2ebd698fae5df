"""Answers what a recorded schedule means by its arguments, and when it acts.

The curves are the recorded ones. What an argument means is asked: it is changed, and what moves
in the curve tells whether a total includes the warmup or a floor is a share. The converters that
answer agree with every record (`course_lib.libraries.conformance`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from course_lib.libraries.asked_schedule import AskedSchedule
from course_lib.libraries.conformance import tail
from course_lib.libraries.groups import said_of_groups
from course_lib.libraries.probing import CLOSE, GivenNumber, changed
from course_lib.libraries.registry import signature

_EXACT = 1e-4  # of an exponent or a slope that is a whole number, or one divided by one


@dataclass(frozen=True)
class Answer:
    """The answer to one question about one schedule.

    Attributes:
        kind: the answer in words, which schedules have in common; {} stands for the last argument.
        keys: arguments that it is about.
    """

    kind: str
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the arguments and the answer."""
        keys = [f"`{key}`" for key in self.keys]
        kind = self.kind.format(keys.pop()) if "{}" in self.kind else self.kind
        return f"{', '.join(keys)}: {kind}" if keys else kind


def first_update(asked: AskedSchedule) -> Answer:
    """Return which rate the first update has, or what sets it."""
    if asked.own is not None:
        return Answer("the optimizer's own rate", (asked.own.key,))
    if asked.peaks_before_warmup:
        return Answer("the peak, before the warmup")
    first = asked.rates[0] / asked.top
    if first >= 1.0 - 10 * CLOSE:
        return Answer("below the peak" if asked.never else "the peak")
    if asked.start is not None and asked.at > 0:
        return Answer("sets it", (asked.start.key,))
    if abs(first) <= CLOSE:
        return Answer("0")
    if asked.warmup is not None:
        for more, words in ((0, "peak / W"), (1, "peak / (W + 1)")):
            if abs(first * (asked.warmup[1] + more) - 1.0) <= 10 * CLOSE:
                return Answer(words)
    return Answer("below the peak")


def peak_reached(asked: AskedSchedule) -> Answer | None:
    """Return the first step at the peak, counted from the end of the warmup, W."""
    if asked.never:
        if _reached_with(asked, 3):
            return None  # the run is shorter than its warmup
        return Answer("between two updates" if _reached_by_a_whole_warmup(asked) else "never")
    tops = np.flatnonzero(asked.rates[asked.begin :] >= asked.top * (1.0 - 10 * CLOSE))
    at = asked.begin + int(tops[0])
    if asked.warmup is not None and asked.warmup[1] > 0:
        low, high = math.floor(asked.warmup[1]), math.ceil(asked.warmup[1])  # a share is rounded
        late = min(at - low, 0) or max(at - high, 0)
        return Answer(f"W {'+' if late > 0 else '−'} {abs(late)}" if late else "W")
    return Answer("t = 0") if at == 0 else None


def _reached_with(asked: AskedSchedule, steps: int) -> bool:
    """Whether a warmup of so many steps reaches the peak that another one does not."""
    if asked.warmup is None or asked.warmup[0] not in asked.counts:
        return False
    rates = asked.probe.with_value(asked.warmup[0], steps)
    return rates is not None and not asked.too_low(rates)


def _reached_by_a_whole_warmup(asked: AskedSchedule) -> bool:
    """Whether a warmup that is a share of the run misses the peak by its fraction of an update."""
    if asked.warmup is None or asked.warmup[0] in asked.counts:
        return False
    share, length = asked.warmup
    rates = asked.probe.with_value(share, share.value * round(length) / length)
    return rates is not None and not asked.too_low(rates)


def total_counts(asked: AskedSchedule) -> Answer | None:
    """Return whether the number that sets the end includes the warmup."""
    if asked.total is None or asked.warmup is None:
        return None
    (total, length), (number, rise) = asked.total, asked.warmup
    if number not in asked.counts:
        return Answer("with the warmup, which is a share of it", (total.key,))
    more, rates = asked.counts[number]
    if more * (asked.end_moved(rates) or 0) < 0:  # a longer warmup, an earlier end
        return Answer("with the warmup, taken off twice", (total.key,))
    if len(number.place) > 1:  # one of several parts, which begin at milestones of their own
        without = abs(asked.end - length - rise) < abs(asked.end - length)
    else:
        without = asked.end_moved(rates) != 0
    if without:
        return Answer("without the warmup", (total.key,))
    covers = asked.too_low(rates) and not asked.probe.moves(rates, int(rise + more) + 1)
    words = "with the warmup, over the start of the decay" if covers else "with the warmup"
    return Answer(words, (total.key,))


def floor(asked: AskedSchedule) -> Answer | None:
    """Return which number sets the rate at the end, and in what it is measured."""
    if asked.end is None or factor(asked):
        return None
    end = asked.probe.rates[asked.end]
    if past_the_end(asked).kind == "holds" and abs(asked.rates[-1] - end) > 1e-6 * asked.top:
        return None
    others = [number for number in asked.nudges if number not in asked.peaks]
    found = [(number.key, _measured_in(asked, number)) for number in others]
    for kind in ("a rate", "a share of the peak", "divides the peak"):
        keys = tuple(key for key, said in found if said == kind)
        if keys:
            return Answer(kind, keys)
    fixed = not any(said for _, said in found) and abs(end) <= CLOSE * asked.top
    return Answer("0") if fixed else None


def _measured_in(asked: AskedSchedule, number: GivenNumber) -> str:
    """Say in what a number is that the rate at the end follows; nothing where it does not."""
    more, rates = asked.nudges[number]
    old, new = asked.probe.rates[asked.end], rates[asked.end]
    if abs(new - old) <= 1e-12 * asked.top:
        return ""
    slope, twice = (new - old) / more, _slope_at_twice_the_peak(asked, number)
    # Restarts and lines past their end miss the floor by a little: hence the wide 0.05.
    if abs(slope - 1.0) <= 0.05 and (twice is None or abs(twice - slope) <= _EXACT):
        return "a rate"
    if twice is None or abs(twice - 2.0 * slope) > _EXACT * abs(slope):
        return "another way"
    if abs(slope / asked.peak.value - 1.0) <= 0.05:
        return "a share of the peak"
    divides = abs(new * (number.value + more) - old * number.value) <= CLOSE * abs(
        old * number.value
    )
    return "divides the peak" if divides else "another way"


def _slope_at_twice_the_peak(asked: AskedSchedule, number: GivenNumber) -> float | None:
    """Return how fast the rate at the end follows a number where the peak is twice as high."""
    if asked.peak is None:
        return None
    higher = changed(asked.record.arguments, asked.peak, 2.0 * asked.peak.value)
    probe = replace(asked.probe, arguments=higher)
    more, rates = probe.nudged(number) or (1.0, None)
    return None if rates is None else (rates[asked.end] - probe.rates[asked.end]) / more


def factor(asked: AskedSchedule) -> Answer | None:
    """Return which number is multiplied in again and again, and how often."""
    for number, (more, rates) in asked.nudges.items():
        if number in asked.peaks or number.value <= 0.0 or number == asked.own:
            continue
        answer = _applied(asked, number, math.log1p(more / number.value), rates)
        if answer:
            return answer
    return None


def _applied(
    asked: AskedSchedule, number: GivenNumber, log_ratio: float, rates: np.ndarray
) -> Answer | None:
    """Return at which steps the exponent of a number grows, from the rates with a changed one."""
    stride = asked.epoch if _once_an_epoch(asked) else 1
    old, new = asked.probe.rates[asked.at :: stride], rates[asked.at :: stride]
    low = np.flatnonzero((old <= CLOSE * asked.top) | (new <= CLOSE * asked.top))
    stop = int(low[0]) if low.size else old.size
    exponent = np.log(new[:stop] / old[:stop]) / log_ratio
    if stop < 4 or abs(exponent[0]) > _EXACT:
        return None
    grows = np.diff(exponent)
    falls = np.flatnonzero(grows < -_EXACT)
    grows = grows[: int(falls[0]) if falls.size else grows.size]  # then the rate is at its floor
    jumps = np.flatnonzero(grows > _EXACT)
    if jumps.size < 2:
        return None
    grows = grows[: jumps[-1] + 1]
    if np.abs(grows - np.round(grows)).max() <= _EXACT:
        gaps = np.diff(jumps)
        if np.all(gaps == 1):
            return Answer("every update" if stride == 1 else "every epoch", (number.key,))
        every = _named(asked, float(gaps[0]), stride) if np.ptp(gaps) == 0 else None
        kind = "every {}, in drops" if every else "at each drop"
        return Answer(kind, (number.key, every) if every else (number.key,))
    first = grows[: max(grows.size // 2, 3)]
    if first[0] <= _EXACT or np.ptp(first) > _EXACT * first[0]:
        return None
    every = _named(asked, 1.0 / first[0], stride)
    return Answer("every {}, smoothly", (number.key, every)) if every else None


def _named(asked: AskedSchedule, steps: float, stride: int) -> str | None:
    """Return the argument that says this number of steps, of updates or of epochs."""
    lengths = {1, asked.epoch} if stride == 1 else {1}
    for number in asked.probe.numbers:
        if any(abs(number.value * length - steps) <= 1e-3 * steps for length in lengths):
            return number.key
    return None


def counts_in(asked: AskedSchedule) -> Answer:
    """Return in what the arguments count, and how often the rate may change."""
    if asked.probe is None or asked.epoch == 1:
        return Answer("updates")
    how = "once an epoch" if _once_an_epoch(asked) else "at every update"
    return Answer(f"epochs; changes {how}")


def _once_an_epoch(asked: AskedSchedule) -> bool:
    moves = np.flatnonzero(np.abs(np.diff(asked.rates)) > CLOSE * asked.top) + 1
    return asked.epoch > 1 and bool(np.all(moves % asked.epoch == 0))


_TAILS = {
    "held": "holds",
    "raises": "raises an error",
    "run over": "the run is over",
    "negative": "goes below 0",
    "rises again": "climbs again",
    "goes on falling": "goes on falling",
    "goes on rising": "goes on rising",
}


def past_the_end(asked: AskedSchedule) -> Answer:
    """Return what comes past the end."""
    record = asked.record
    return Answer(_TAILS[tail(record.rates, record.error is not None, record.ours())[0]])


def after_a_resume(asked: AskedSchedule) -> Answer | None:
    """Return whether the library's argument for a resume leads to the rates of an unbroken run."""
    if asked.probe is None or "last_epoch" not in signature(asked.record.name).parameters:
        return None
    unbroken, half = asked.probe.rates, asked.probe.steps // 2
    same = True
    for done in (3, half // 3, half // 2):
        number = GivenNumber(("last_epoch",), -1)
        rates = asked.probe.with_value(number, done)
        same = same and rates is not None and not _differ(rates[:half], unbroken[done + 1 :][:half])
    return Answer("the unbroken run's rates" if same else "other rates", ("last_epoch",))


def _differ(first: np.ndarray, second: np.ndarray) -> bool:
    return not np.allclose(first, second, rtol=CLOSE, atol=CLOSE * np.abs(second).max())


def of_groups(asked: AskedSchedule) -> Answer | None:
    """Return what is known of parameter groups."""
    words = said_of_groups(asked.record.name)
    return Answer(words) if words else None
