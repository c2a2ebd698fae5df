"""Changes of marks by hand: what they are, which are in force, and the mark that they make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from course_tools.grading.gradebook.tables import digest_of
from course_tools.grading.report import NOT_HANDED_IN, UNREADABLE, Report

SET = "set"  # a mark in place of the grader's
BONUS = "bonus"  # points in addition to it; fewer than 0 are taken off
EXCUSE = "excuse"  # no mark is expected
UNDO = "undo"  # back to the grader's mark
ACTIONS = (SET, BONUS, EXCUSE, UNDO)
_TINY = 1e-9  # points; sums in another order differ by less


@dataclass(frozen=True)
class Adjustment:
    """A change of a mark by hand.

    Attributes:
        student: name of the student.
        user: the learning platform's number of the student, "" if there is none.
        exercise: name of the exercise.
        task: name of the task, "" for the exercise as a whole.
        action: one of `ACTIONS`.
        points: points that are set, or the bonus; None for the other two.
        reason: the reason given for it.
        by: name of the person who did it.
        graded: points of the grader for the exercise or the task at that time, None for none.
        possible: points that the exercise or the task was worth at that time.
        at: time at which it was written, in UTC; None before.
    """

    student: str
    user: str
    exercise: str
    task: str
    action: str
    points: float | None
    reason: str
    by: str
    graded: float | None
    possible: float
    at: datetime | None = None

    @property
    def identity(self) -> str:
        """A hash of everything but the time, by which damage is found."""
        return digest_of(*self.content)

    @property
    def content(self) -> tuple[str | float | None, ...]:
        """Everything but the time."""
        names = (self.student, self.user, self.exercise, self.task, self.action)
        return (*names, self.points, self.reason, self.by, self.graded, self.possible)


def in_force(
    written: Iterable[Adjustment],
) -> dict[tuple[str, str, str], tuple[Adjustment, ...]]:
    """Return the adjustments that count, by student, user and exercise.

    Of marks and excuses of an exercise the last one counts, and of bonuses the last one, and the
    same for each task. An undo ends those before it of the same exercise or task. The exercise
    comes before its tasks, which are sorted by name.

    Args:
        written: all adjustments in the order in which they were written.
    """
    found: dict[tuple[str, str, str], dict[tuple[str, bool], Adjustment]] = {}
    for one in written:
        own = found.setdefault((one.student, one.user, one.exercise), {})
        if one.action == UNDO:
            own.pop((one.task, False), None)
            own.pop((one.task, True), None)
        else:
            own[one.task, one.action == BONUS] = one
    return {
        name: tuple(one for _, one in sorted(own.items(), key=lambda item: item[0]))
        for name, own in found.items()
        if own
    }


def points_that_count(
    report: Report, adjustments: Sequence[Adjustment], lost: float = 0.0
) -> float | None:
    """Return the mark: the grader's points with what was changed by hand.

    A mark of the whole exercise counts instead of those of its tasks, and late days take nothing
    from it. No bonus makes a mark less than 0; it may be more than the exercise is worth.

    Args:
        report: the result of the grader.
        adjustments: adjustments in force.
        lost: points that late days cost.

    Returns:
        The points, None where there is no mark: excused, or not readable.
    """
    if any(one.action == EXCUSE for one in adjustments):
        return None
    if not adjustments:
        graded = graded_points(report)
        return None if graded is None else graded - lost
    tasks = {task.task: task.reached for task in report.tasks}
    tasks |= {one.task: one.points for one in adjustments if one.task and one.action == SET}
    for one in adjustments:
        if one.task and one.action == BONUS:
            tasks[one.task] = max(0.0, tasks.get(one.task, 0.0) + one.points)
    whole = [one for one in adjustments if not one.task]
    graded = max(0.0, sum(tasks.values()) - lost)
    total = next((one.points for one in whole if one.action == SET), graded)
    return max(0.0, total + sum(one.points for one in whole if one.action == BONUS))


def graded_points(report: Report, task: str = "") -> float | None:
    """Return the points of the grader for an exercise or one of its tasks, None for none."""
    if task:
        return next((one.reached for one in report.tasks if one.task == task), None)
    is_graded = report.exercise and report.state not in (UNREADABLE, NOT_HANDED_IN)
    return report.reached if is_graded else None


def outdated(report: Report, adjustments: Iterable[Adjustment]) -> Iterator[Adjustment]:
    """Return marks and bonuses that were given when the grader's points were others."""
    for one in adjustments:
        now = graded_points(report, one.task)
        if one.action == EXCUSE or now == one.graded:
            continue
        if now is None or one.graded is None or abs(now - one.graded) > _TINY:
            yield one
