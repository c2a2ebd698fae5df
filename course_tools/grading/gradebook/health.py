"""Finds damage in the file of a gradebook before anything is graded into it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from course_tools.grading.gradebook import by_hand, tables
from course_tools.grading.gradebook.engine import damaged

_NO_REPORT = sa.select(tables.results.c.id).where(~sa.func.json_valid(tables.results.c.report))


def check(connection: Connection) -> None:
    """Refuse an SQLite file that is damaged.

    The database checks its pages and indexes but not what texts say, so reports, files
    handed in and marks by hand are looked at as well. A class of 20,000 takes half a second.

    Raises:
        GradebookError: something is not as it was written.
    """
    url = connection.engine.url
    found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    if found != "ok":
        raise damaged(url, str(found).removeprefix("*** in database main ***").strip())
    there = sa.inspect(connection)
    if there.has_table(tables.results.name):
        number = connection.scalar(_NO_REPORT.limit(1))
        if number is not None:
            raise damaged(url, f"result {number} is no report")
    if there.has_table(tables.handed_in.name):
        columns = tables.handed_in.c
        names = (columns.student, columns.user, columns.place, columns.sha256)
        for identity, number, *values in connection.execute(
            sa.select(columns.identity, columns.id, *names)
        ):
            if identity != tables.digest_of(*values):
                raise damaged(url, f"file {number} was handed in under other names")
    if there.has_table(tables.adjustments.name):
        by_hand.read(connection)
