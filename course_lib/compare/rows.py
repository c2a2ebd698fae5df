"""One schedule in the table of a comparison."""

from __future__ import annotations

from dataclasses import dataclass

from course_lib.compare.peaks import GoodRange
from course_lib.intervals import Interval


@dataclass(frozen=True)
class Row:
    """One schedule in the table of a comparison.

    Attributes:
        schedule: its name.
        shape: the chosen shape; empty if there was only one.
        beaten_by: number of schedules that are better.
        undecided_with: the schedules that it is neither better nor worse than.
        peak_lr: the chosen peak.
        at_edge: True where this is the lowest or the highest peak of the grid, so that a better one
            may lie outside it.
        good_range: the peaks that do nearly as well.
        score: mean over the fresh seeds, with its interval; inf where a run diverged.
        difference: mean paired difference to the reference, with an interval of its own; zero for
            the reference; NaN where either diverged.
        simultaneous: the same difference with an interval that holds along with those of all pairs.
        accuracy: mean share of right answers at the end, NaN where it is not measured.
        best: mean over the seeds of the lowest score on the way.
        steps_to_reach: median over the seeds of the first scored update with a score at or below
            the threshold; inf when half or more of the runs never get there; NaN without one.
        reached: runs that get there; 0 without a threshold.
        diverged: fresh runs that diverged.

    >>> from course_lib import compare, problems, schedules
    >>> kinds = {"linear": schedules.linear, "cosine": schedules.cosine}
    >>> quadratic = problems.power_law_quadratic(4)
    >>> found = compare.compare(quadratic, kinds, peaks=[0.3, 1.0], total_steps=50, seeds=4)
    >>> [(row.schedule, row.beaten_by) for row in found.as_table()]
    [('linear', 0), ('cosine', 0)]
    """

    schedule: str
    shape: str
    beaten_by: int
    undecided_with: tuple[str, ...]
    peak_lr: float
    at_edge: bool
    good_range: GoodRange
    score: Interval
    difference: Interval
    simultaneous: Interval
    accuracy: float
    best: float
    steps_to_reach: float
    reached: int
    diverged: int
