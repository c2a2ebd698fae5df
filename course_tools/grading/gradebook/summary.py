"""Sums up a class for the page and the console, from the attempts that count."""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from course_tools.grading.gradebook.adjustments import graded_points
from course_tools.grading.gradebook.discrimination import Discrimination, discrimination
from course_tools.grading.gradebook.journal import Standing
from course_tools.grading.report import ANSWERED, OUTCOMES, STATES, Report, TaskReport

#: Parts of equal width that the distribution has, from 0 to all points.
BINS = 10


@dataclass(frozen=True)
class TaskSummary:
    """The results of a task.

    Attributes:
        task: its name.
        number: number of students it was graded for.
        possible: points that it is worth.
        right: number of those who reached all its points.
        nothing: number of those who reached none of them.
        mean: share of its points that they reached, 0 to 1: the item's difficulty, which is high
            for an easy task (Lord and Novick, Statistical Theories of Mental Test Scores, 1968,
            ch. 15).
        quartiles: a quarter, half and three quarters of the students reached at most these points.
        outcomes: number of times that each outcome came up, those that did, in the order of
            `OUTCOMES`.
        misconceptions: name and number of each known mistake, the most frequent first.
        seconds: time that all calls took, in the middle and at the ninth decile of those that gave
            answers; None where none did.
        discrimination: whether those who do well in the other tasks do well in it.
    """

    task: str
    number: int
    possible: float
    right: int
    nothing: int
    mean: float
    quartiles: tuple[float, float, float]
    outcomes: tuple[tuple[str, int], ...]
    misconceptions: tuple[tuple[str, int], ...]
    seconds: tuple[float, float] | None = None
    discrimination: Discrimination | None = None

    @property
    def success_rate(self) -> float:
        """Share of students who reached all points."""
        return self.right / self.number


@dataclass(frozen=True)
class ExerciseSummary:
    """The results of an exercise; shares are of the points possible, 0 to 1.

    Marks count with what was changed by hand; tasks and mistakes are the grader's.

    Attributes:
        exercise: its name.
        number: number of students who have a mark.
        possible: points that it is worth.
        right: number of students who reached all points.
        nothing: number of students who reached none.
        mean: mean of the shares.
        quartiles: a quarter, half and three quarters of the students reached at most these shares.
        distribution: number of students by share, in `BINS` parts; the last one includes all
            points.
        states: number of times that each state came up, those that did, in the order of `STATES`.
        tasks: task by task, in the order of the exercise.
        misconceptions: task, name and number of each known mistake, the most frequent first.
    """

    exercise: str
    number: int
    possible: float
    right: int
    nothing: int
    mean: float
    quartiles: tuple[float, float, float]
    distribution: tuple[int, ...]
    states: tuple[tuple[str, int], ...]
    tasks: tuple[TaskSummary, ...]
    misconceptions: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class ClassSummary:
    """The results of a class.

    Attributes:
        students: number of students who handed in anything or have a mark by hand.
        states: number of times that each state came up, those that did, in the order of `STATES`.
        suspicious: number of files that somebody should look at.
        unsafe: number of files that ran without a sandbox.
        exercises: exercise by exercise, by name; files that cannot be read are in none.
    """

    students: int
    states: tuple[tuple[str, int], ...]
    suspicious: int
    unsafe: int
    exercises: tuple[ExerciseSummary, ...]


def summary(standings: Sequence[Standing]) -> ClassSummary:
    """Return what the class reached.

    Args:
        standings: as `Gradebook.standings` returns them.
    """
    by_exercise: dict[str, list[Standing]] = {}
    for one in standings:
        if one.points is not None:
            by_exercise.setdefault(one.exercise, []).append(one)
    return ClassSummary(
        len({(one.student, one.user) for one in standings}),
        _counts((one.report.state for one in standings), STATES),
        sum(bool(one.report.suspicions) for one in standings),
        sum(one.report.unsafe for one in standings),
        tuple(_exercise(name, by_exercise[name]) for name in sorted(by_exercise)),
    )


def _exercise(name: str, standings: Sequence[Standing]) -> ExerciseSummary:
    reports = [one.report for one in standings if graded_points(one.report) is not None]
    shares = [_share(one.points, one.possible) for one in standings]
    by_task: dict[str, list[TaskReport]] = {}
    # The longest report first: one that has lost tasks must not change their order.
    for report in sorted(reports, key=lambda report: -len(report.tasks)):
        for task in report.tasks:
            by_task.setdefault(task.task, []).append(task)
    separating = _discriminations(reports, tuple(by_task))
    tasks = tuple(
        dataclasses.replace(_task(task, found), discrimination=separating.get(task))
        for task, found in by_task.items()
    )
    mistakes = [(one.task, *found) for one in tasks for found in one.misconceptions]
    return ExerciseSummary(
        name,
        len(standings),
        max(one.possible for one in standings),
        sum(share >= 1 for share in shares),
        sum(share <= 0 for share in shares),
        statistics.fmean(shares),
        _quartiles(shares),
        _distribution(shares),
        _counts((report.state for report in reports), STATES),
        tasks,
        tuple(sorted(mistakes, key=lambda found: -found[2])),
    )


def _task(name: str, reports: Sequence[TaskReport]) -> TaskSummary:
    mistakes = Counter(report.misconception for report in reports if report.misconception)
    return TaskSummary(
        name,
        len(reports),
        max(report.possible for report in reports),
        sum(report.is_right for report in reports),
        sum(report.reached <= 0 for report in reports),
        statistics.fmean(_share(report.reached, report.possible) for report in reports),
        _quartiles([report.reached for report in reports]),
        _counts((report.outcome for report in reports), OUTCOMES),
        tuple(sorted(mistakes.items(), key=lambda found: (-found[1], found[0]))),
        _seconds([report.seconds for report in reports if report.outcome == ANSWERED]),
    )


def _seconds(found: Sequence[float]) -> tuple[float, float] | None:
    if not found:
        return None
    middle, ninth = np.quantile(found, [0.5, 0.9]).tolist()
    return middle, ninth


def _discriminations(
    reports: Sequence[Report], tasks: Sequence[str]
) -> dict[str, Discrimination | None]:
    """Return the discrimination of every task, among those who wrote something."""
    points = [
        [task.reached for task in report.tasks]
        for report in reports
        if tuple(task.task for task in report.tasks) == tasks and not report.is_unwritten
    ]
    if not points:
        return {}
    table = np.array(points)
    return {task: discrimination(table, n) for n, task in enumerate(tasks)}


def _share(reached: float, possible: float) -> float:
    return reached / possible if possible else 0.0


def _quartiles(shares: Sequence[float]) -> tuple[float, float, float]:
    if len(shares) == 1:
        return (shares[0],) * 3
    first, second, third = statistics.quantiles(shares, n=4, method="inclusive")
    return first, second, third


def _distribution(shares: Iterable[float]) -> tuple[int, ...]:
    # 0.3 * 10 is 3.0 for one way to reach it and 2.9999999999999996 for another.
    found = Counter(max(0, min(int(share * BINS + 1e-9), BINS - 1)) for share in shares)
    return tuple(found[number] for number in range(BINS))


def _counts(found: Iterable[str], order: Sequence[str]) -> tuple[tuple[str, int], ...]:
    counts = Counter(found)
    return tuple((name, counts[name]) for name in order if counts[name])
