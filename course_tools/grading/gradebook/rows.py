"""The data that goes into the gradebook and comes out of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from course_tools.grading.gradebook.adjustments import EXCUSE, Adjustment, points_that_count
from course_tools.grading.gradebook.tables import digest_of
from course_tools.grading.late_days import HandInTime, Lateness, RecordedTime
from course_tools.grading.report import Report

#: Name of a student and the platform's number, "" if there is none.
Student = tuple[str, str]


@dataclass(frozen=True)
class Key:
    """Everything that a grade depends on.

    Attributes:
        sha256: hash of the submission's bytes, in hexadecimal.
        exercise_version: version of the exercise's tasks and cases.
        seed: seed of the hidden cases.
        settings: name of all settings that can change a report, `Settings.digest`.
    """

    sha256: str
    exercise_version: str
    seed: int
    settings: str


@dataclass(frozen=True)
class HandedIn:
    """That a student handed in a file.

    Attributes:
        student: name of the student who handed it in.
        user: the learning platform's number of the student, "" if there is none.
        place: the file's path inside the folder or zip file.
        attempt: 0; older versions of the course kept the number at the end of Canvas' names here.
        order: a finite number by which attempts are ordered in time; kept as a float.
        sha256: hash of its bytes, in hexadecimal.
        exercise: the exercise it seems to be for, "" where it cannot be read.
        time: the time of handing in, as far as it is known.
    """

    student: str
    user: str
    place: str
    attempt: int
    order: float
    sha256: str
    exercise: str
    time: HandInTime = field(default_factory=HandInTime)

    @property
    def identity(self) -> str:
        """A hash of who handed in what and where: of names of any length, and of nothing else."""
        return digest_of(self.student, self.user, self.place, self.sha256)


@dataclass(frozen=True)
class Standing:
    """The attempt that counts for a student's exercise.

    Attributes:
        student: name of the student.
        user: the platform's number of the student, "" if there is none.
        exercise: as its report says; "" for a file that cannot be read.
        handed_in: the file that counts.
        report: outline of the report, or from `Gradebook.whole` all of it.
        others: number of other attempts of the same student at the exercise.
        result: number of the result in the journal, 0 where nothing was handed in.
        late: its late days and their cost, None where it has no due date.
        adjustments: changes of the mark by hand that are in force.
    """

    student: str
    user: str
    exercise: str
    handed_in: HandedIn
    report: Report
    others: int
    result: int
    late: Lateness | None = None
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def points(self) -> float | None:
        """Points that count, with late days and changes by hand; None for no mark."""
        lost = self.late.lost if self.late else 0.0
        return points_that_count(self.report, self.adjustments, lost)

    @property
    def possible(self) -> float:
        """Points that the exercise is worth."""
        by_hand = (one.possible for one in self.adjustments if not one.task)
        return self.report.possible or max(by_hand, default=0.0)

    @property
    def is_excused(self) -> bool:
        """Whether no mark is expected."""
        return any(one.action == EXCUSE for one in self.adjustments)


@dataclass(frozen=True)
class TaskChange:
    """A task whose points or outcome another grading changed; None where it was not there."""

    task: str
    before: float | None
    after: float | None
    outcome_before: str | None
    outcome_after: str | None


@dataclass(frozen=True)
class GradeChange:
    """A file that another grading found to be worth something else.

    Attributes:
        student: name of the student who handed it in.
        user: the platform's number of the student, "" if there is none.
        place: the file.
        exercise: as the new report says.
        before: points reached before.
        after: points reached now.
        possible: points that the exercise is worth now.
        state_before: state of the report before.
        state_after: state of the report now.
        tasks: the tasks that differ, in the order of the exercise.
    """

    student: str
    user: str
    place: str
    exercise: str
    before: float
    after: float
    possible: float
    state_before: str
    state_after: str
    tasks: tuple[TaskChange, ...]


def time_of(row: Any) -> HandInTime:
    """Return the time in a row of the database, where there is one."""
    if row.seconds is None:
        return HandInTime(None, bool(row.marked_late))
    return HandInTime(RecordedTime(row.seconds, bool(row.is_local)), bool(row.marked_late))


def is_superseded(place: str, order: float, others: Iterable[tuple[str, float]]) -> bool:
    """Return whether a file that cannot be read gave way to one of the same name that can.

    Args:
        place: path of the file.
        order: its place in time.
        others: path and place in time of the files of the same student that can be read.
    """
    name = _plain(place)
    return any(later >= order and _plain(other) == name for other, later in others)


def _plain(place: str) -> str:
    """Return the name of a file without what a platform puts before it and a copy's number."""
    stem = re.sub(r"\.ipynb(?:\.txt|\.json)?$", "", PurePosixPath(place).name, flags=re.I)
    stem = re.sub(r"^[^_]+_(?:LATE_)?\d+_(?:\d+|assignsubmission_file)_", "", stem)
    return re.sub(r"(?:-Copy\d*|-\d{1,3}| ?\(\d{1,3}\))+$", "", stem).casefold()


def change_of(
    student: str, user: str, place: str, before: Report, after: Report
) -> GradeChange | None:
    """Return what another grading changed about a file, None for nothing."""
    tasks = tuple(_task_changes(before, after))
    same = (before.exercise, before.state, before.reached, before.possible) == (
        after.exercise,
        after.state,
        after.reached,
        after.possible,
    )
    if same and not tasks:
        return None
    return GradeChange(
        student,
        user,
        place,
        after.exercise,
        before.reached,
        after.reached,
        after.possible,
        before.state,
        after.state,
        tasks,
    )


def _task_changes(before: Report, after: Report) -> Iterator[TaskChange]:
    old = {one.task: (one.reached, one.outcome) for one in before.tasks}
    new = {one.task: (one.reached, one.outcome) for one in after.tasks}
    nothing = (None, None)
    for task in (*new, *(name for name in old if name not in new)):
        was, now = old.get(task, nothing), new.get(task, nothing)
        if was != now:
            yield TaskChange(task, was[0], now[0], was[1], now[1])
