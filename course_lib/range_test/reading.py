"""Sums up a sweep: each rule's suggestion with its spread over seeds, and the three zones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from course_lib.range_test.rules import RULES, Rule, Suggestion
from course_lib.range_test.sweeps import Sweep
from course_lib.validation import check_count, check_share

_AT_BREAK = (
    "Where it broke: the suggestion is not below the rate of the update after which the loss was "
    "no longer finite. It marks the end of the run, and is no rate to train with."
)
_WINDOW = 7  # steps: enough to hide the noise of batches, and no lag as an average of the past has


def suggestions(sweep: Sweep, rules: Mapping[str, Rule] = RULES) -> dict[str, np.ndarray]:
    """Return what each rule suggests for each seed: rule name -> rates, (S,), NaN for none.

    >>> from course_lib import problems, training
    >>> from course_lib.range_test import sweep
    >>> workload = training.Workload(problems.spirals(), training.Mlp((16,)))
    >>> found = sweep(workload, seeds=[0, 1], lowest_rate=1e-3, cache=False)
    >>> suggestions(found)["fastai valley"].shape
    (2,)
    """
    return {
        name: np.array([found.rate for found in _read(sweep, rule)]) for name, rule in rules.items()
    }


def reasons(sweep: Sweep, rules: Mapping[str, Rule] = RULES) -> dict[str, list[str]]:
    """Return why a rule suggests nothing: rule name -> one text a seed, "" where it does.

    >>> from course_lib import problems, training
    >>> from course_lib.range_test import sweep
    >>> workload = training.Workload(problems.spirals(), training.Mlp((16,)))
    >>> found = sweep(workload, seeds=[0, 1], lowest_rate=1e-3, cache=False)
    >>> reasons(found)["fastai valley"]
    ['', '']
    """
    return {name: [found.reason for found in _read(sweep, rule)] for name, rule in rules.items()}


def _read(sweep: Sweep, rule: Rule) -> list[Suggestion]:
    return [rule.suggest(sweep.rates, sweep.recorded(run)) for run in range(len(sweep))]


@dataclass(frozen=True)
class RuleSpread:
    """A rule's suggestions over seeds: rates, NaN where no seed has one.

    Attributes:
        rule: its name.
        median: median over the seeds for which there is a suggestion.
        lower_quartile: a quarter of the suggestions are below.
        upper_quartile: a quarter of the suggestions are above.
        lowest: lowest suggestion.
        highest: highest suggestion.
        found: number of seeds with a suggestion.
        seeds: number of seeds.
        at_break: number of suggestions that mark where the run broke, see `Suggestion.at_break`.

    >>> RuleSpread("steepest", 0.02, 0.01, 0.04, 0.005, 0.1, found=7, seeds=8).as_cells()
    ('steepest', '0.02', '0.01 … 0.04', '0.005 … 0.1', '7 of 8')
    >>> RuleSpread("ignite", 5.2, 3.1, 6.9, 0.2, 10, found=8, seeds=8, at_break=6).as_cells()[-1]
    '8 of 8 (6 where it broke)'
    """

    rule: str
    median: float
    lower_quartile: float
    upper_quartile: float
    lowest: float
    highest: float
    found: int
    seeds: int
    at_break: int = 0

    def as_cells(self) -> tuple[str, str, str, str, str]:
        """Return rule, median, quartiles, range and seeds as text; "–" where it says nothing."""
        numbers = ("–", "–", "–")
        if self.found:
            numbers = (
                f"{self.median:.2g}",
                f"{self.lower_quartile:.2g} … {self.upper_quartile:.2g}",
                f"{self.lowest:.2g} … {self.highest:.2g}",
            )
        broke = f" ({self.at_break} where it broke)" if self.at_break else ""
        return (self.rule, *numbers, f"{self.found} of {self.seeds}{broke}")


@dataclass(frozen=True)
class Summary:
    """The spread of every rule, in the order of the rules.

    >>> spread = RuleSpread("steepest", 0.02, 0.01, 0.04, 0.005, 0.1, found=7, seeds=8)
    >>> print(Summary((spread,)).as_markdown())
    | rule | median | quartiles | lowest … highest | seeds |
    |---|---|---|---|---|
    | steepest | 0.02 | 0.01 … 0.04 | 0.005 … 0.1 | 7 of 8 |
    """

    rows: tuple[RuleSpread, ...]

    def as_markdown(self) -> str:
        """Return a table: one row a rule; "–" where a rule suggests nothing.

        Where suggestions mark the place at which a run broke, a sentence below the table says so.
        """
        lines = [
            "| rule | median | quartiles | lowest … highest | seeds |",
            "|---|---|---|---|---|",
        ]
        lines += [f"| {' | '.join(row.as_cells())} |" for row in self.rows]
        if any(row.at_break for row in self.rows):
            lines += ["", _AT_BREAK]
        return "\n".join(lines)


def summary(sweep: Sweep, rules: Mapping[str, Rule] = RULES) -> Summary:
    """Return each rule's median suggestion and its spread over the seeds of a sweep.

    >>> from course_lib import problems, training
    >>> from course_lib.range_test import sweep
    >>> workload = training.Workload(problems.spirals(), training.Mlp((16,)))
    >>> found = sweep(workload, seeds=[0, 1], lowest_rate=1e-3, cache=False)
    >>> summary(found).rows[1].rule, summary(found).rows[1].found
    ('fastai valley', 2)
    """
    rows = []
    for name, rule in rules.items():
        read = _read(sweep, rule)
        rates = np.array([one.rate for one in read])
        found = rates[np.isfinite(rates)]
        broke = sum(one.at_break for one in read)
        points = np.full(5, np.nan)
        if len(found):
            points = np.quantile(found, (0.5, 0.25, 0.75, 0.0, 1.0))
        rows.append(RuleSpread(name, *map(float, points), len(found), len(rates), broke))
    return Summary(tuple(rows))


@dataclass(frozen=True)
class Zones:
    """The rates at which a range test falls and becomes unstable.

    Attributes:
        falls_from: first rate of the falling zone; NaN where the loss never falls clearly.
        unstable_from: first rate of the unstable zone; NaN where the sweep does not reach it.
        start_loss: the loss while the rate is too low to matter.
        best_loss: the lowest loss.
        curve: median loss over seeds, smoothed, (T,); infinite where most runs have diverged.

    >>> from course_lib import problems, training
    >>> from course_lib.range_test import sweep
    >>> workload = training.Workload(problems.spirals(), training.Mlp((16,)))
    >>> found = sweep(workload, seeds=[0, 1], lowest_rate=1e-3, cache=False)
    >>> split = zones(found)
    >>> split.best_loss < split.start_loss
    True
    """

    falls_from: float
    unstable_from: float
    start_loss: float
    best_loss: float
    curve: np.ndarray


def zones(sweep: Sweep, share: float = 0.1) -> Zones:
    """Split a sweep's rates into too low, falling and unstable.

    Of the median loss over seeds, with a running median over 7 steps (centred, so it does not lag;
    NaN counts as infinite), let `start` be the median of the first tenth, `best` the lowest value,
    and margin = share * (start - best), or if larger the spread of the first tenth.

    - too low: below the first rate from which the loss stays under start - margin until `best`.
    - falling: from there on.
    - unstable: from the first rate after `best` at which the loss is over best + margin.

    Where start - best is not larger than margin there is no falling zone, and unstable begins
    where the loss is first over start + the spread of the first tenth.

    Args:
        sweep: sweep of at least 20 steps.
        share: share of the whole fall that makes the margin, 0 < share <= 1.

    Raises:
        ValueError: the sweep is shorter, share is out of range, or most runs diverged or were
            stopped in the first tenth.

    >>> from course_lib import problems, training
    >>> from course_lib.range_test import sweep
    >>> workload = training.Workload(problems.spirals(), training.Mlp((16,)))
    >>> found = sweep(workload, seeds=[0, 1], lowest_rate=1e-3, cache=False)
    >>> split = zones(found)
    >>> split.falls_from < split.unstable_from
    True
    """
    check_share("share", share)
    check_count("steps of the sweep", len(sweep.rates), low=20)
    losses = np.where(np.isfinite(sweep.losses), sweep.losses, np.inf)
    curve = median_filter(np.median(losses, axis=0), _WINDOW, mode="nearest")
    tenth = curve[: len(curve) // 10]
    if not np.isfinite(tenth).all():
        stopped = (sweep.diverged_at < 0) & (sweep.steps_run < len(tenth))
        if stopped.any():
            raise ValueError(
                "sweep must not stop in its first tenth: raise the stop_factor of the range test, "
                "or lower its lowest rate"
            )
        raise ValueError("sweep must not diverge in its first tenth: lower its lowest rate")
    start, spread = float(np.median(tenth)), float(np.ptp(tenth))
    lowest = int(np.argmin(curve))
    best = float(curve[lowest])
    margin = max(share * (start - best), spread)
    falls = start - best > margin
    falls_from = np.nan
    if falls:
        above = np.flatnonzero(curve[:lowest] > start - margin)
        falls_from = sweep.rates[above[-1] + 1 if len(above) else 0]
    after, limit = (lowest, best + margin) if falls else (0, start + spread)
    over = after + np.flatnonzero(curve[after:] > limit)
    unstable_from = sweep.rates[over[0]] if len(over) else np.nan
    return Zones(float(falls_from), float(unstable_from), start, best, curve)
