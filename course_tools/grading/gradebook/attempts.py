"""Chooses, of several attempts of a student at an exercise, the one that counts."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from course_tools.grading.gradebook.rows import HandedIn, Student, is_superseded, time_of
from course_tools.grading.report import UNREADABLE
from course_tools.grading.settings import BEST, FIRST


def attempts_that_count(
    rows: Iterable[sa.Row], attempts: str, people: Mapping[Student, Student]
) -> dict[tuple, tuple[sa.Row, int]]:
    """Return by student, user and exercise the attempt that counts, and the number of all.

    Files that cannot be read have their place and hash in addition: each stands for itself.

    Args:
        rows: rows for which `tables.counting` asks.
        attempts: the attempt that counts: "latest", "first" or "best" (the latest of those).
        people: student -> the person, name and number, where a roster says who it is.
    """
    chosen: dict[tuple, tuple] = {}  # the rank and row of the attempt that counts
    number: dict[tuple, int] = {}
    readable: dict[Student, list[tuple]] = {}
    is_better = operator.lt if attempts == FIRST else operator.gt
    for row in rows:
        who = (row.student, row.user)
        group = (*people.get(who, who), row.result_exercise)
        if row.state != UNREADABLE:
            readable.setdefault(group[:2], []).append((row.place, row.last_order))
        if not row.result_exercise:  # every file of its own: which task it is, who knows
            group = (*group, row.place, row.sha256)
        number[group] = number.get(group, 0) + 1
        candidate = (_rank(row, attempts), row)
        if group not in chosen or is_better(candidate[0], chosen[group][0]):
            chosen[group] = candidate
    return {
        group: (row, number[group])
        for group, (_, row) in chosen.items()
        if row.state != UNREADABLE
        or not is_superseded(row.place, row.last_order, readable.get(group[:2], ()))
    }


def file_of(row: sa.Row, attempts: str) -> HandedIn:
    """Return the file of an attempt, with the moment by which it was chosen."""
    order = row.first_order if attempts == FIRST else row.last_order
    names = (row.student, row.user, row.place, row.attempt, order, row.sha256)
    return HandedIn(*names, row.handed_in_exercise, time_of(row))


def _rank(row: sa.Row, attempts: str) -> tuple:
    """Return what is greatest for the attempt that counts, least for the first."""
    name = (row.attempt, row.place, row.sha256)  # ties: no two files have the same
    unreadable = row.state == UNREADABLE
    if attempts == FIRST:
        return (unreadable, row.first_order, *name)
    if attempts == BEST:
        return (not unreadable, row.reached, row.last_order, *name)
    return (not unreadable, row.last_order, *name)
