"""Reads reports from the gradebook, as many at one time as fit into memory."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from course_tools.grading.gradebook import tables
from course_tools.grading.gradebook.engine import damaged
from course_tools.grading.report import Report, outline
from course_tools.grading.report_json import from_json


def outlines(connection: Connection, ids: set[int], chunk: int) -> dict[int, Report]:
    """Return outlines of results by their numbers; `chunk` reports are in memory at one time."""
    return {number: outline(found) for number, found in reports_of(connection, ids, chunk)}


def reports_of(connection: Connection, ids: set[int], chunk: int) -> Iterator[tuple[int, Report]]:
    """Return numbers and reports of results, `chunk` of them at one time."""
    wanted = sorted(ids)
    columns = tables.results.c
    for start in range(0, len(wanted), chunk):
        some = columns.id.in_(wanted[start : start + chunk])
        for row in connection.execute(sa.select(columns.id, columns.report).where(some)):
            yield row.id, report_of(connection, row.id, row.report)


def report_of(connection: Connection, number: int, text: str) -> Report:
    """Return the report in a text of the gradebook.

    Raises:
        GradebookError: it is none; the message names the number of the result.
    """
    try:
        return from_json(text)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise damaged(connection.engine.url, f"result {number} is no report") from error
