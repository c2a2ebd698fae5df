"""Every tool's rule for reading a range test: its rates, smoothing, stop, skipping and choice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from course_lib.range_test import readers, recording
from course_lib.validation import check_count, check_real


@dataclass(frozen=True)
class Suggestion:
    """A rule's learning rate, or NaN and the reason why there is none.

    Attributes:
        rate: the suggestion, NaN if there is none.
        reason: why there is none, "" if there is one.
        at_break: the suggestion marks where the run broke: it is the rate of the update after
            which the loss was no longer finite, or a larger one, and not a rate to train with.

    >>> Suggestion(rate=0.01).rate
    0.01
    >>> Suggestion(np.nan, "all 3 recorded points are skipped").reason
    'all 3 recorded points are skipped'
    """

    rate: float
    reason: str = ""
    at_break: bool = False


@dataclass(frozen=True)
class Rule:
    """One tool's range test.

    Attributes:
        name: name in tables and figures.
        tool: library and version.
        lowest_rate: first rate of the tool's own sweep; None: the optimizer's own.
        highest_rate: last rate of the tool's own sweep.
        steps: number of its steps; None: as long as training.
        grid: (lowest_rate, highest_rate, steps) -> the rates used, (T,).
        smooth: losses (n,) -> what the tool records, (n,).
        stop_factor: the tool stops at a loss > stop_factor * the best so far.
        stop_watches: the loss that is watched.
        skip_start: planned steps -> points dropped at the low end before reading.
        skip_end: points dropped at the high end.
        read: rates (n,), smoothed losses (n,) -> rate; raises `NoSuggestion`.
        source: class or function in which the tool defines it.

    >>> rule = RULES["fastai minimum"]
    >>> rates = np.geomspace(1e-4, 1.0, 50)
    >>> losses = np.concatenate([np.linspace(2.0, 1.0, 40), np.linspace(1.0, 3.0, 10)])
    >>> f"{rule.suggest(rates, losses).rate:.3f}"
    '0.022'
    """

    name: str
    tool: str
    lowest_rate: float | None
    highest_rate: float
    steps: int | None
    grid: Callable[[float, float, int], np.ndarray]
    smooth: Callable[[np.ndarray], np.ndarray]
    stop_factor: float
    stop_watches: Literal["smoothed loss", "raw loss"]
    skip_start: Callable[[int], int]
    skip_end: int
    read: Callable[[np.ndarray, np.ndarray], float]
    source: str

    def rates(
        self,
        lowest_rate: float | None = None,
        highest_rate: float | None = None,
        steps: int | None = None,
    ) -> np.ndarray:
        """Return the rates that the tool trains with, (T,), in its own sweep unless told.

        Raises:
            TypeError: the tool itself has no default for an argument that is not given.
            ValueError: not 0 < lowest_rate < highest_rate, or fewer than two steps.
        """
        low, high, count = (
            own if given is None else given
            for given, own in (
                (lowest_rate, self.lowest_rate),
                (highest_rate, self.highest_rate),
                (steps, self.steps),
            )
        )
        low = check_real("lowest_rate", low, low_open=True)
        high = check_real("highest_rate", high, low=low, low_open=True)
        return self.grid(low, high, check_count("steps", count, low=2))

    def recorded(self, losses: np.ndarray) -> np.ndarray:
        """Return the smoothed losses that the tool records until it stops, (m,), m <= n.

        Args:
            losses: loss before the update of each step that was run, (n,).
        """
        losses = np.asarray(losses, dtype=np.float64)
        smoothed = self.smooth(losses)
        watched = losses if self.stop_watches == "raw loss" else smoothed
        return smoothed[: recording.steps_until_stop(watched, self.stop_factor)]

    def suggest(self, rates: np.ndarray, losses: np.ndarray) -> Suggestion:
        """Return the suggestion that the tool would make from this sweep.

        Three rules, those of the article, of torch-lr-finder and of ignite, take NaN for the
        smallest number. From a run that ended in NaN they return the rate at which it broke, and
        `at_break` of the suggestion is set.

        Args:
            rates: the rates of the planned steps, (T,); `losses[t]` is the loss before the update
                with `rates[t]`. A tool that pairs them otherwise does so inside its rule.
            losses: (n,), n <= T: the steps that were run. NaN from where a run diverged.

        Raises:
            ValueError: the shapes do not fit, or the rates do not increase from above 0.
        """
        rates, losses = _check_curve(rates, losses)
        recorded = self.recorded(losses)
        kept = slice(self.skip_start(len(rates)), len(recorded) - self.skip_end)
        if kept.stop <= kept.start:
            reason = f"all {len(recorded)} recorded points are skipped"
            if recorded[-1] < 0:
                reason += ": the tool stops at the first loss below 0"
            return Suggestion(np.nan, reason)
        try:
            rate = self.read(rates[kept], recorded[kept])
        except readers.NoSuggestion as error:
            return Suggestion(np.nan, str(error))
        lost = np.flatnonzero(~np.isfinite(losses))
        at_break = len(lost) > 0 and rate >= rates[max(lost[0] - 1, 0)]
        return Suggestion(rate, at_break=bool(at_break))


def _check_curve(rates: np.ndarray, losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rates = np.asarray(rates, dtype=np.float64)
    losses = np.asarray(losses, dtype=np.float64)
    if rates.ndim != 1 or losses.ndim != 1 or not 0 < len(losses) <= len(rates):
        raise ValueError(
            "rates must have shape (T,) and losses (n,) with 1 <= n <= T, "
            f"got {rates.shape} and {losses.shape}"
        )
    if not (np.isfinite(rates).all() and rates[0] > 0 and (np.diff(rates) >= 0).all()):
        raise ValueError(f"rates must be > 0 and must not fall, got {rates.min()} … {rates.max()}")
    return rates, losses


def _none(steps: int) -> int:
    return 0


def _ten(steps: int) -> int:
    return 10


def _a_tenth(steps: int) -> int:
    return steps // 10


def _fastai(name: str, read: Callable[[np.ndarray, np.ndarray], float]) -> Rule:
    return Rule(
        name=f"fastai {name}",
        tool="fastai 2.8",
        lowest_rate=1e-7,
        highest_rate=10.0,
        steps=100,
        grid=recording.rates_short_of_the_end,
        smooth=recording.smooth_as_fastai,
        stop_factor=4.0,
        stop_watches="smoothed loss",
        skip_start=_a_tenth,
        skip_end=5,
        read=read,
        source=f"fastai.callback.schedule.{name}, Learner.lr_find",
    )


_ALL = (
    Rule(
        name="the article",
        tool="a hand-written loop",
        lowest_rate=1e-6,
        highest_rate=1.0,
        steps=200,
        grid=recording.rates_short_of_the_end,
        smooth=recording.smooth_as_article,
        stop_factor=4.0,
        stop_watches="raw loss",
        skip_start=_none,
        skip_end=0,
        read=readers.article_steepest,
        source="Learning rate schedules from scratch, sec. 6",
    ),
    _fastai("valley", readers.fastai_valley),
    _fastai("steep", readers.fastai_steep),
    _fastai("minimum", readers.fastai_minimum),
    _fastai("slide", readers.fastai_slide),
    Rule(
        name="torch-lr-finder",
        tool="torch-lr-finder 0.2.2",
        lowest_rate=None,
        highest_rate=10.0,
        steps=100,
        grid=recording.rates_to_the_end,
        smooth=recording.smooth_from_first,
        stop_factor=5.0,
        stop_watches="smoothed loss",
        skip_start=_ten,
        skip_end=5,
        read=readers.torch_lr_finder_steepest,
        source="torch_lr_finder.LRFinder.range_test, plot",
    ),
    Rule(
        name="Lightning",
        tool="Lightning 2.6",
        lowest_rate=1e-8,
        highest_rate=1.0,
        steps=100,
        grid=recording.rates_of_lightning,
        smooth=recording.smooth_as_lightning,
        stop_factor=4.0,
        stop_watches="smoothed loss",
        skip_start=_ten,
        skip_end=1,
        read=readers.lightning_steepest,
        source="lightning.pytorch.tuner.lr_finder",
    ),
    Rule(
        name="ignite",
        tool="ignite 0.5",
        lowest_rate=None,
        highest_rate=10.0,
        steps=None,
        grid=recording.rates_of_ignite,
        smooth=recording.smooth_from_first,
        stop_factor=5.0,
        stop_watches="smoothed loss",
        skip_start=_none,
        skip_end=0,
        read=readers.ignite_steepest,
        source="ignite.handlers.FastaiLRFinder",
    ),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.name: rule for rule in _ALL})
