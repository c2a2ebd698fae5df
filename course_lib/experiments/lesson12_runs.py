"""Readings of published runs for lesson 12: best peaks, contrasts of single runs, the bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

from course_lib import theory
from course_lib.compare import Contrast, show_verdicts
from course_lib.intervals import Interval, Spread
from course_lib.schedules.published_runs import (
    names,
    published_plan,
    published_runs,
)

LENGTHS = (15_000, 25_000, 35_000, 50_000)
LONGEST = LENGTHS[-1]


@dataclass(frozen=True)
class AtPeak:
    """A published schedule at one length and one peak, by default its best.

    Attributes:
        schedule: its name.
        updates: length of the runs.
        peak_lr: the peak.
        losses: final losses of the runs with this peak, one or two.
        at_edge: whether the peak is the lowest or highest that was tried.
        curve: peak -> mean final loss, of all that were tried at this length.
    """

    schedule: str
    updates: int
    peak_lr: float
    losses: tuple[float, ...]
    at_edge: bool
    curve: Mapping[float, float]

    @property
    def loss(self) -> float:
        """Mean of the final losses."""
        return float(np.mean(self.losses))

    @property
    def peak_between(self) -> float:
        """The peak at the vertex of a parabola through the best three points, over log(peak).

        nan where the best peak is at the edge of the grid.

        >>> round(1000 * tuned("WSD 20 %").peak_between, 2)
        0.97
        """
        return parabola_peak(list(self.curve), list(self.curve.values()))


def tuned(schedule: str, updates: int = LONGEST, peak_lr: float | None = None) -> AtPeak:
    """Return a published schedule at its best peak, or at the one that is given.

    Args:
        schedule: name of the schedule.
        updates: length of the runs.
        peak_lr: peak to take; None takes the one with the lowest mean loss.

    Raises:
        ValueError: no run has this name, this length or this peak.

    >>> tuned("constant").peak_lr, tuned("cosine").peak_lr, tuned("cosine", 25_000).at_edge
    (0.0005, 0.002, True)
    """
    losses: dict[float, list[float]] = {}
    for run in published_runs(schedule, updates):
        losses.setdefault(run.peak_lr, []).append(run.final_loss)
    if not losses:
        raise ValueError(f"updates must be a length that {schedule!r} was run for, got {updates}")
    curve = {peak: float(np.mean(found)) for peak, found in sorted(losses.items())}
    chosen = min(curve, key=curve.__getitem__) if peak_lr is None else peak_lr
    if chosen not in curve:
        raise ValueError(f"peak_lr must be one of {list(curve)}, got {peak_lr!r}")
    edge = peak_lr is None and chosen in (min(curve), max(curve))
    return AtPeak(schedule, updates, chosen, tuple(losses[chosen]), edge, curve)


def parabola_peak(peaks: Sequence[float], losses: Sequence[float]) -> float:
    """Return where a parabola through the lowest loss and its neighbours is lowest, over log(peak).

    Args:
        peaks: increasing, > 0.
        losses: one finite loss a peak.

    Returns:
        The peak; nan where the lowest loss is the first or the last.

    >>> round(parabola_peak([1.0, 2.0, 4.0], [1.0, 0.0, 1.0]), 6)
    2.0
    """
    lowest = int(np.argmin(losses))
    if lowest in (0, len(losses) - 1):
        return float("nan")
    three = slice(lowest - 1, lowest + 2)
    square, slope, _ = np.polyfit(np.log(peaks[three]), losses[three], 2)
    return float(np.exp(-slope / (2 * square)))


def repeats() -> list[tuple[float, ...]]:
    """Return the final losses of the runs that were made twice, a pair a setting.

    >>> len(repeats())
    16
    """
    found = [
        tuned(name, updates, peak).losses
        for name in names()
        for updates in {run.updates for run in published_runs(name)}
        for peak in tuned(name, updates).curve
    ]
    return [losses for losses in found if len(losses) > 1]


def loss_per_log_updates(longer: int = LONGEST, shorter: int = 35_000) -> float:
    """Return by how much the loss falls when the updates grow by a factor of e.

    Median over the schedules that were run for both lengths, each at its best peak:
    (L_shorter - L_longer) / log(longer / shorter).

    >>> round(loss_per_log_updates(), 3)
    0.098
    """
    both = [
        name
        for name in names()
        if {shorter, longer} <= {run.updates for run in published_runs(name)}
        and not name.startswith("cosine")  # its short runs have two peaks only
    ]
    falls = [tuned(name, shorter).loss - tuned(name, longer).loss for name in both]
    return float(np.median(falls)) / float(np.log(longer / shorter))


@dataclass(frozen=True)
class Judge:
    """The rule of lesson 12 for a difference of published runs.

    Attributes:
        spread: standard deviation of one run.
        margin: difference too small to matter.
    """

    spread: Spread
    margin: float

    def contrast(
        self, ours: Sequence[AtPeak], theirs: Sequence[AtPeak], level: float, words: tuple[str, str]
    ) -> Contrast:
        """Return the contrast of the mean loss of some settings with that of others.

        Args:
            ours: settings on our side, at least one.
            theirs: settings on theirs, of the same lengths in the same order.
            level: confidence level.
            words: names of the two sides.
        """
        both = list(zip(ours, theirs, strict=True))
        mean = float(np.mean([a.loss - b.loss for a, b in both]))
        runs = sum(1 / len(a.losses) + 1 / len(b.losses) for a, b in both)
        edges = (any(one.at_edge for one in side) for side in (ours, theirs))
        return Contrast(
            *words,
            self.spread.around(mean, runs / len(both) ** 2, level),
            self.margin,
            seeds=1,
            peaks=(ours[0].peak_lr, theirs[0].peak_lr) if len(both) == 1 else None,
            at_edge=tuple(edges),
        )

    def contrasts(
        self,
        pairs: Sequence[tuple[AtPeak, AtPeak]],
        label: str = "{0.schedule}",
    ) -> list[Contrast]:
        """Return a contrast for each pair; their intervals hold all at once, by Bonferroni.

        Args:
            pairs: ours and theirs.
            label: format of a name, such as "{0.schedule}, {0.updates:,}".
        """
        level = 1 - 0.05 / len(pairs)
        return [
            self.contrast([a], [b], level, (label.format(a), label.format(b))) for a, b in pairs
        ]

    def show(
        self,
        pairs: Sequence[tuple[AtPeak, AtPeak]],
        at: str = "",
        label: str = "{0.schedule}",
    ) -> list[Contrast]:
        """Display the verdicts on pairs, record them, and return the contrasts."""
        found = self.contrasts(pairs, label)
        show_verdicts(found, at=at, unit="held-out loss")
        return found

    def show_over_lengths(
        self, ours: str, others: Sequence[str], lengths: Sequence[int] = LENGTHS
    ) -> list[Contrast]:
        """Display the verdicts on schedules against one, by the mean over lengths, and record them.

        Args:
            ours: name of the schedule that the others are held against.
            others: names of the others.
            lengths: lengths of the runs; each schedule has its best peak at each.
        """
        level = 1 - 0.05 / len(others)
        found = [
            self.contrast(
                *([tuned(name, n) for n in lengths] for name in (other, ours)),
                level,
                (other, ours),
            )
            for other in others
        ]
        show_verdicts(found, at="the mean of four lengths", unit="held-out loss")
        return found


@cache
def bound(schedule: str, updates: int = LONGEST) -> tuple[float, float]:
    """Return the convex bound of a published schedule at its best scale, and that scale.

    Distance and gradient norm are 1; the warmup is included.

    Source: `course_lib.theory.last_iterate_bound`.

    >>> value, scale = bound("linear", 50_000)
    >>> round(value * 50_000**0.5, 1), round(scale * 50_000**0.5, 1)
    (2.0, 1.0)
    """
    rates = published_plan(schedule, 1.0, updates)(np.arange(updates))
    scale = theory.best_scale(rates)
    return theory.last_iterate_bound(scale * rates), scale


def bound_at(schedule: str, peak_lr: float, unit: float, updates: int = LONGEST) -> float:
    """Return the convex bound of a published schedule at a peak.

    Args:
        schedule: name of the schedule.
        peak_lr: the peak.
        unit: peak of the runs that corresponds to a scale of 1 in the bound, that is D / G.
        updates: length of the run.

    >>> value, scale = bound("linear", 15_000)
    >>> round(bound_at("linear", scale, 1.0, 15_000) / value, 6)
    1.0
    """
    rates = published_plan(schedule, peak_lr / unit, updates)(np.arange(updates))
    return theory.last_iterate_bound(rates)


def order_agreement(judge: Judge, updates: int = LONGEST) -> tuple[int, int, int]:
    """Return how many pairs of schedules there are, are decided, and are so ordered by the bound.

    Each schedule has its best peak, and the intervals of all pairs hold at once. A pair is decided
    if its interval leaves out 0.
    """
    pairs = list(combinations([tuned(name, updates) for name in names()], 2))
    found = judge.contrasts(pairs)
    decided = [
        (pair, one.difference.mean)
        for pair, one in zip(pairs, found, strict=True)
        if one.difference.low * one.difference.high > 0
    ]
    agree = sum(
        (bound(a.schedule, updates)[0] - bound(b.schedule, updates)[0]) * mean > 0
        for (a, b), mean in decided
    )
    return len(pairs), len(decided), agree


def peak_exponent(schedule: str, spread: Spread, draws: int = 2000) -> Interval:
    """Return p in best peak ∝ updates^p over the four lengths, and its interval.

    The best peak is that of `parabola_peak`, and p the slope of a straight line through the logs.
    The interval is the middle 95 % when noise of the spread's size is added to every loss; draws
    with a best peak at an edge are left out.

    Args:
        schedule: name of a schedule with a best peak inside the grid at each length.
        spread: standard deviation of one run.
        draws: number of times that noise is added.

    >>> from course_lib.intervals import pooled_spread
    >>> spread = pooled_spread(repeats())
    >>> f"{peak_exponent('WSD 20 %', spread):.1f}"
    '-0.2 [-0.3, -0.1]'
    """
    noise = np.random.default_rng(0)
    found = [tuned(schedule, n) for n in LENGTHS]

    def slope(shifts: Sequence[np.ndarray]) -> float:
        peaks = [
            parabola_peak(list(one.curve), np.array(list(one.curve.values())) + shift)
            for one, shift in zip(found, shifts, strict=True)
        ]
        return float(np.polyfit(np.log(LENGTHS), np.log(peaks), 1)[0])

    sizes = [len(one.curve) for one in found]
    drawn = [slope([spread.std * noise.standard_normal(k) for k in sizes]) for _ in range(draws)]
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return Interval(slope([np.zeros(k) for k in sizes]), float(low), float(high))
