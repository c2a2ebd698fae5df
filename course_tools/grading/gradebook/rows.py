"""The data that goes into the gradebook and comes out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from course_tools.grading.report import Report


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
        attempt: as the platform counts them.
        order: a finite number by which attempts are ordered in time; kept as a float.
        sha256: hash of its bytes, in hexadecimal.
        exercise: the exercise it seems to be for, "" where it cannot be read.
    """

    student: str
    user: str
    place: str
    attempt: int
    order: float
    sha256: str
    exercise: str


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
        result: number of the result in the journal.
    """

    student: str
    user: str
    exercise: str
    handed_in: HandedIn
    report: Report
    others: int
    result: int


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
