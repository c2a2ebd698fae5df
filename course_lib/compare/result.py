"""The result of a comparison: scores, everything that follows from them, and tables of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_lib.compare.peaks import GoodRange, peak_means
from course_lib.compare.plan import Seeds
from course_lib.compare.ranks import Ranking
from course_lib.compare.rows import Row
from course_lib.compare.table import ends_text, interval_text, number, table_lines
from course_lib.compare.verdicts import Contrast, Verdict, peak_text
from course_lib.intervals import Interval, bootstrap_interval
from course_lib.measured import Cell, Chosen, show_table
from course_lib.outcomes import BEATEN_BY, Outcome


@dataclass(frozen=True)
class Comparison:
    """S schedules, each tuned over K peaks on V validation seeds and scored on F fresh ones.

    Lower scores are better; they are NaN where a run diverged.

    Attributes:
        problem: name of what was trained.
        metric: name of the score, such as "held-out loss".
        names: names of the schedules, in the order they were given.
        peaks: the grid, (K,).
        total_steps: updates in every run.
        seeds: validation and fresh.
        level: confidence level of the intervals.
        within: share of the best mean up to which a peak is good.
        threshold: score at or below which a run has converged, or None.
        reference: the schedule that differences are taken to.
        shapes: the chosen shape of each schedule, (S,); empty where there was one only.
        shapes_tried: number of shapes of each schedule, (S,).
        validation: scores of the tuning runs in the chosen shape, (S, K, V).
        chosen: index of the chosen peak, (S,).
        may_be_chosen: the shapes, each with the index of a peak, that resampled validation seeds
            choose, S tuples; see `course_lib.compare.may_be_chosen`.
        good_ranges: one a schedule.
        scores: scores of the fresh runs, (S, F).
        accuracy: share of right answers of the fresh runs, (S, F), NaN where not measured.
        scored_at: updates done at each point of the history, (C,).
        history: scores of the fresh runs on the way, (S, F, C).
        ranking: all pairs and the ranks.

    >>> from course_lib import compare, problems, schedules
    >>> kinds = {"linear": schedules.linear, "cosine": schedules.cosine}
    >>> quadratic = problems.power_law_quadratic(4)
    >>> found = compare.compare(quadratic, kinds, peaks=[0.3, 1.0], total_steps=50, seeds=4)
    >>> found.tuning_updates, found.scoring_updates
    (800, 400)
    """

    problem: str
    metric: str
    names: tuple[str, ...]
    peaks: np.ndarray
    total_steps: int
    seeds: Seeds
    level: float
    within: float
    threshold: float | None
    reference: str
    shapes: tuple[str, ...]
    shapes_tried: np.ndarray
    validation: np.ndarray
    chosen: np.ndarray
    may_be_chosen: tuple[tuple[tuple[str, int], ...], ...]
    good_ranges: tuple[GoodRange, ...]
    scores: np.ndarray
    accuracy: np.ndarray
    scored_at: np.ndarray
    history: np.ndarray
    ranking: Ranking

    @property
    def chosen_peaks(self) -> np.ndarray:
        """The peak that each schedule was scored at, (S,)."""
        return self.peaks[self.chosen]

    @property
    def at_edge(self) -> np.ndarray:
        """Whether each chosen peak is at an edge of the grid, (S,) bool; widen the grid there.

        A single peak was not chosen, so it has no edge.
        """
        return self._is_edge(self.chosen)

    @property
    def tuning_updates(self) -> int:
        """Updates spent on the choice: shapes of all schedules × peaks × seeds × steps."""
        each = self.validation[0].size * self.total_steps
        return int(self.shapes_tried.sum()) * each

    @property
    def scoring_updates(self) -> int:
        """Updates spent on the scores: schedules × fresh seeds × steps."""
        return self.scores.size * self.total_steps

    @property
    def validation_means(self) -> np.ndarray:
        """Mean validation score of every schedule at every peak, (S, K); inf where one diverged."""
        return peak_means(self.validation)

    @cached_property
    def validation_intervals(self) -> tuple[tuple[Interval, ...], ...]:
        """The same with their bootstrap intervals, K a schedule; needs two validation seeds."""
        return tuple(tuple(self._interval(runs) for runs in rows) for rows in self.validation)

    @cached_property
    def score_intervals(self) -> tuple[Interval, ...]:
        """Mean score on the fresh seeds with its bootstrap interval, one a schedule."""
        return tuple(self._interval(runs) for runs in self.scores)

    @cached_property
    def differences(self) -> tuple[Interval, ...]:
        """Mean paired difference to the reference with its bootstrap interval, one a schedule."""
        own = self.scores[self.names.index(self.reference)]
        return tuple(self._interval(runs - own, mean=np.nan) for runs in self.scores)

    @cached_property
    def best(self) -> np.ndarray:
        """Lowest score on the way of every fresh run, (S, F); NaN where it never had one."""
        lowest = np.where(np.isfinite(self.history), self.history, np.inf).min(axis=2)
        return np.where(np.isfinite(lowest), lowest, np.nan)

    @cached_property
    def steps_to_reach(self) -> np.ndarray:
        """First scored update with a score at or below the threshold, (S, F).

        inf where a run never gets there; NaN without a threshold. Nothing is known between two
        scored updates, and the score may rise above the threshold again.
        """
        if self.threshold is None:
            return np.full(self.scores.shape, np.nan)
        there = self.history <= self.threshold  # False for NaN
        return np.where(there.any(axis=2), self.scored_at[there.argmax(axis=2)], np.inf)

    def as_table(self) -> list[Row]:
        """Return one row for each schedule, in the order of the mean scores.

        A schedule with very uneven scores may come last and be beaten by none.
        """
        order = np.argsort(peak_means(self.scores), kind="stable")
        return [self._row(int(s)) for s in order]

    def as_markdown(self) -> str:
        """Return the table in Markdown, with a note on how it was made."""
        return _markdown(self)

    def contrast(self, ours: str, theirs: str, *, margin: float) -> Contrast:
        """Return one schedule against another, with the interval that holds for all pairs at once.

        Args:
            ours: name of the schedule that is judged.
            theirs: name of the one that it is judged against.
            margin: difference too small to matter, see `course_lib.compare.margin`.

        Raises:
            ValueError: there is no such schedule.
        """
        for name, value in (("ours", ours), ("theirs", theirs)):
            if value not in self.names:
                raise ValueError(f"{name} must be one of {list(self.names)}, got {value!r}")
        i, j = self.names.index(ours), self.names.index(theirs)
        ranking = self.ranking
        found = [float(table[i, j]) for table in (ranking.mean, ranking.low, ranking.high)]
        if ranking.worse[i, j] and not np.isfinite(found[0]):
            found = [np.inf] * 3  # a run of ours diverged and none of theirs
        elif ranking.worse[j, i] and not np.isfinite(found[0]):
            found = [-np.inf] * 3
        return Contrast(
            ours,
            theirs,
            Interval(*found),
            margin,
            len(self.seeds.fresh),
            peaks=(float(self.chosen_peaks[i]), float(self.chosen_peaks[j])),
            at_edge=(bool(self.at_edge[i]), bool(self.at_edge[j])),
            shapes=(self.shapes[i], self.shapes[j]),
            others=(self._others(i), self._others(j)),
        )

    def _is_edge(self, k: np.ndarray) -> np.ndarray:
        return np.isin(k, (0, len(self.peaks) - 1)) & (len(self.peaks) > 1)

    def _peak_text(self, k: int, shape: str = "") -> str:
        return peak_text(self.peaks[k], shape, at_edge=self._is_edge(k))

    def _others(self, s: int) -> tuple[str, ...]:
        own = (self.shapes[s], int(self.chosen[s]))
        ways = self.may_be_chosen[s]
        return tuple(self._peak_text(k, shape) for shape, k in ways if (shape, k) != own)

    def against(self, reference: str | None = None, *, margin: float) -> list[Contrast]:
        """Return every other schedule against the reference, lowest mean first.

        Args:
            reference: name of a schedule; None takes the reference of the comparison.
            margin: difference too small to matter, see `course_lib.compare.margin`.
        """
        theirs = reference or self.reference
        others = [row.schedule for row in self.as_table() if row.schedule != theirs]
        return [self.contrast(name, theirs, margin=margin) for name in others]

    def show(self, *, margin: float, at: str = "") -> None:
        """Display the table of `against`, and record all pairs and by how many each is beaten.

        Args:
            margin: difference too small to matter, see `course_lib.compare.margin`.
            at: the condition, such as `40 updates`; part of the record.
        """
        pairs = self._pairs(margin)
        beaten = _beaten(self.names, pairs)
        counts = [Outcome(name, BEATEN_BY, str(count), at) for name, count in beaten.items()]
        outcomes = [*(pair.outcome(at) for pair in pairs), *counts]
        show_table(*self._verdict_table(margin, beaten), outcomes)

    def beaten_by(self, margin: float) -> dict[str, int]:
        """Return for each schedule the number of those that are better by the verdict.

        Args:
            margin: difference too small to matter, see `course_lib.compare.margin`: a schedule that
                is equal within it beats nobody.
        """
        return _beaten(self.names, self._pairs(margin))

    def _pairs(self, margin: float) -> list[Contrast]:
        return [
            self.contrast(ours, theirs, margin=margin)
            for i, ours in enumerate(self.names)
            for theirs in self.names[i + 1 :]
        ]

    def _verdict_table(
        self, margin: float, beaten: Mapping[str, int]
    ) -> tuple[list[str], list[list[Cell]]]:
        """Return header and rows: how each schedule did, also against the reference."""
        with_shapes = any(self.shapes)
        header = ["schedule", *["shape"] * with_shapes, "peak", self.metric]
        header += [f"minus {self.reference}", f"verdict (margin {margin:.2g})", "beaten by"]
        rows: list[list[Cell]] = []
        for row in self.as_table():
            ways = self.may_be_chosen[self.names.index(row.schedule)]
            shape = [Chosen(row.shape, tuple(name for name, _ in ways))] * with_shapes
            peaks = tuple(self._peak_text(k) for _, k in ways)
            peak = Chosen(peak_text(row.peak_lr, at_edge=row.at_edge), peaks)
            against: list[Cell] = ["", "reference"]
            if row.schedule != self.reference:
                found = self.contrast(row.schedule, self.reference, margin=margin)
                against = [found.difference, found.verdict.value]
            rows.append([row.schedule, *shape, peak, row.score, *against, beaten[row.schedule]])
        return header, rows

    def _row(self, s: int) -> Row:
        ranking, pair = self.ranking, (s, self.names.index(self.reference))
        steps = self.steps_to_reach[s]
        return Row(
            schedule=self.names[s],
            shape=self.shapes[s],
            beaten_by=int(ranking.beaten_by[s]),
            undecided_with=tuple(
                name for t, name in enumerate(self.names) if ranking.undecided[s, t] and t != s
            ),
            peak_lr=float(self.chosen_peaks[s]),
            at_edge=bool(self.at_edge[s]),
            good_range=self.good_ranges[s],
            score=self.score_intervals[s],
            difference=self.differences[s],
            simultaneous=Interval(
                float(ranking.mean[pair]), float(ranking.low[pair]), float(ranking.high[pair])
            ),
            accuracy=float(self.accuracy[s].mean()),
            best=float(self.best[s].mean()),
            steps_to_reach=float(np.nan if self.threshold is None else _upper_median(steps)),
            reached=int(np.isfinite(steps).sum()),
            diverged=int((~np.isfinite(self.scores[s])).sum()),
        )

    def _interval(self, values: np.ndarray, mean: float = np.inf) -> Interval:
        if not np.isfinite(values).all():
            return Interval(mean, np.nan, np.nan)
        return bootstrap_interval(values, self.level)


def _beaten(names: Sequence[str], pairs: Sequence[Contrast]) -> dict[str, int]:
    beaten = dict.fromkeys(names, 0)
    for pair in pairs:
        if pair.verdict is Verdict.WORSE:
            beaten[pair.ours] += 1
        elif pair.verdict is Verdict.BETTER:
            beaten[pair.theirs] += 1
    return beaten


def _upper_median(steps: np.ndarray) -> float:
    """Return the median; of an even number of values the upper of the middle two, so inf counts."""
    return float(np.sort(steps)[len(steps) // 2])


def _markdown(comparison: Comparison) -> str:
    """Return the table, lowest mean first, in aligned Markdown, with a note on how it was made."""
    rows = comparison.as_table()
    columns = {
        "schedule": [row.schedule for row in rows],
        "beaten by": [str(row.beaten_by) for row in rows],
        **({"shape": [row.shape for row in rows]} if any(comparison.shapes) else {}),
        "peak": [f"{row.peak_lr:.2g}" + " (edge)" * row.at_edge for row in rows],
        "good peaks": [str(row.good_range) for row in rows],
        comparison.metric: [interval_text(row.score) for row in rows],
        f"minus {comparison.reference}": [_difference(row, comparison) for row in rows],
        "all pairs at once": [
            "" if row.schedule == comparison.reference else ends_text(row.simultaneous)
            for row in rows
        ],
    }
    if np.isfinite(comparison.accuracy).any():
        columns["accuracy"] = [f"{row.accuracy:.1%}" for row in rows]
    if len(comparison.scored_at) > 1:
        columns["best on the way"] = [number(row.best) for row in rows]
    if comparison.threshold is not None:
        columns[f"updates to {number(comparison.threshold)}"] = [
            f"{row.steps_to_reach:.0f} ({row.reached}/{len(comparison.seeds.fresh)})"
            if np.isfinite(row.steps_to_reach)
            else f"– ({row.reached}/{len(comparison.seeds.fresh)})"
            for row in rows
        ]
    if any(row.diverged for row in rows):
        columns["diverged"] = [f"{row.diverged}/{len(comparison.seeds.fresh)}" for row in rows]
    return "\n".join([*table_lines(columns), "", *_notes(comparison)])


def _difference(row: Row, comparison: Comparison) -> str:
    return "" if row.schedule == comparison.reference else interval_text(row.difference)


def _notes(comparison: Comparison) -> list[str]:
    seeds = comparison.seeds
    tuning, scoring = comparison.tuning_updates, comparison.scoring_updates
    pairs = len(comparison.names) * (len(comparison.names) - 1) // 2
    percent = f"{100 * comparison.level:.4g} %"
    steps, level = f"{comparison.total_steps:,} updates", f"{comparison.ranking.pair_level:.3%}"
    most, fewest = comparison.shapes_tried.max(), comparison.shapes_tried.min()
    choice, tried = "Peak", str(len(comparison.peaks))
    if most > 1:
        choice, tried = "Shape and peak", f"{fewest} to {most} shapes × {tried} peaks"
    lines = [
        f"{comparison.problem}, {comparison.metric} after {steps}, lower is better: mean over "
        f"{len(seeds.fresh)} fresh seeds with a {percent} bootstrap interval.",
        f"{choice}: chosen for each schedule among {tried} on {len(seeds.validation)} "
        f"other seeds; good peaks have a mean there within {comparison.within:.0%} of the best.",
        f"Beaten by: the number of schedules that are better, by paired t intervals, "
        f"{percent} for all {pairs} pairs at once ({level} each).",
        f"Cost: {tuning:,} updates to tune, {scoring:,} to score.",
    ]
    edge = [name for name, at in zip(comparison.names, comparison.at_edge, strict=True) if at]
    if edge:
        lines.append(
            f"At the edge of the grid, so a better peak may lie outside: {', '.join(edge)}."
        )
    return lines
