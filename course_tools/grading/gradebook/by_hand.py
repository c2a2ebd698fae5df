"""Reads and writes the changes of marks by hand: rows are added, none is ever changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from course_tools.grading.gradebook import tables
from course_tools.grading.gradebook.adjustments import UNDO, Adjustment, in_force
from course_tools.grading.gradebook.engine import damaged
from course_tools.grading.gradebook.rows import HandedIn, Standing, Student
from course_tools.grading.report import NOT_HANDED_IN, Report

_CONTENT = ("student", "user", "exercise", "task", "action", "points", "reason", "by", "graded")


def read(connection: Connection) -> list[Adjustment]:
    """Return all adjustments in the order in which they were written.

    Raises:
        GradebookError: one is not as it was written.
    """
    columns = tables.adjustments.c
    names = [columns[name] for name in (*_CONTENT, "possible", "recorded_at", "identity", "id")]
    found = []
    for *values, identity, number in connection.execute(sa.select(*names).order_by(columns.id)):
        found.append(Adjustment(*values))
        if found[-1].identity != identity:
            raise damaged(connection.engine.url, f"adjustment {number} is not as it was written")
    return found


def add(
    connection: Connection,
    new: Iterable[Adjustment],
    now: datetime,
    people: Mapping[Student, Student],
) -> list[bool]:
    """Write adjustments; return of each whether it was new.

    What is in force already is not written once more, so that a command that was killed can be
    given again.

    Args:
        connection: connection that writes.
        new: the adjustments.
        now: the time, in UTC.
        people: people under names that older adjustments may have -> their names in the new ones.
    """
    written = list(of_people(read(connection), people))
    added = []
    for one in new:
        counts = in_force(written).get((one.student, one.user, one.exercise), ())
        same = [other for other in counts if other.task == one.task]
        if one.action == UNDO:
            added.append(bool(same))
        else:
            added.append(one.content not in [other.content for other in same])
        if added[-1]:
            written.append(one)
            values = dict(zip((*_CONTENT, "possible"), one.content, strict=True))
            values |= {"identity": one.identity, "recorded_at": now}
            connection.execute(tables.adjustments.insert().values(**values))
    return added


def of_people(
    written: Iterable[Adjustment], people: Mapping[Student, Student]
) -> Iterator[Adjustment]:
    """Yield adjustments under the names of a roster, where it says who somebody is."""
    for one in written:
        student, user = people.get((one.student, one.user), (one.student, one.user))
        yield dataclasses.replace(one, student=student, user=user)


def with_adjustments(
    standings: Sequence[Standing], found: Mapping[tuple[str, str, str], tuple[Adjustment, ...]]
) -> list[Standing]:
    """Return standings with the adjustments in force, and those that have nothing else.

    Args:
        standings: standings by student, user and exercise, sorted.
        found: adjustments as `in_force` returns them.
    """
    left = dict(found)
    every = []
    for one in standings:
        own = left.pop((one.student, one.user, one.exercise), ())
        every.append(dataclasses.replace(one, adjustments=own) if own else one)
    for (student, user, exercise), own in left.items():
        nothing = HandedIn(student, user, "", 0, 0.0, "", exercise)
        report = Report(exercise, NOT_HANDED_IN)
        every.append(Standing(student, user, exercise, nothing, report, 0, 0, adjustments=own))
    # The sort keeps the order of a student's files that cannot be read.
    return sorted(every, key=lambda one: (one.student, one.user, one.exercise))
