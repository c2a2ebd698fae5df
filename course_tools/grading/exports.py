"""Writes the grades as tables: for people, and for the gradebooks of learning platforms."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path

from course_tools.grading.cells import cell
from course_tools.grading.enrollment import Enrollment
from course_tools.grading.files import write_whole
from course_tools.grading.gradebook.adjustments import graded_points
from course_tools.grading.gradebook.journal import Standing
from course_tools.grading.gradebook.summary import summary
from course_tools.grading.pages.by_hand_words import adjustment_words
from course_tools.grading.pages.class_pages import FOLDER, section_of
from course_tools.grading.pages.feedback import page_name
from course_tools.grading.pages.report_words import (
    joined,
    note_words,
    reproduction_words,
    suspicion_words,
)
from course_tools.grading.platform_exports import (
    Row,
    blackboard,
    brightspace,
    canvas,
    exercises_in,
    moodle,
)

STANDARD, EUROPEAN = "standard", "european"
MISSING = "missing"  # the state of a person of the roster who handed in nothing

_GRADES = (
    *("student", "user", "exercise", "state", "points", "possible", "percent"),
    *("adjustment", "by hand", "points that count"),
    *("suspicions", "notes", "reproduction", "file", "unsafe", "page"),
)
_LATE = ("handed in", "days late", "points lost")
_ROSTER = ("section", "roster")
_TASKS = (
    *("student", "user", "exercise", "task", "outcome", "points", "possible"),
    *("misconception", "cause", "stopped_by", "exception", "exception_text"),
)
#: Platforms with a table for each exercise.
BY_EXERCISE = {"moodle": moodle, "blackboard": blackboard, "brightspace": brightspace}
_STATISTICS = (
    *("exercise", "task", "students", "possible", "difficulty"),
    *("students_all_points", "students_no_points"),
    *("first_quartile", "median", "third_quartile"),
    *("discrimination", "discrimination_low", "discrimination_high", "discrimination_students"),
    *("median_seconds", "ninth_decile_seconds", "mistakes", "lesson", "section"),
)


def write_exports(
    standings: Sequence[Standing],
    folder: Path,
    enrollment: Enrollment | None = None,
    style: str = STANDARD,
) -> list[Path]:
    """Write all tables, each as a whole or not at all; return their files.

    The same standings give the same bytes. Tables for people begin with a byte order mark, without
    which Excel takes UTF-8 for another encoding; those for import have none, as it is no part of
    a column's name. Moodle, Blackboard and Brightspace have tables where anybody's number or name
    in them is known.

    Args:
        standings: as `Gradebook.standings` returns them.
        folder: folder of the files; it is made if need be.
        enrollment: the people of the class, with their names in the platforms.
        style: "standard", or "european" for semicolons and decimal commas in tables for people;
            platforms do not read these.

    Raises:
        ValueError: the name of an exercise cannot be part of a file's name, or there is no such
            style.
    """
    if style not in (STANDARD, EUROPEAN):
        raise ValueError(f"style must be {STANDARD} or {EUROPEAN}, got {style!r}")
    people = enrollment or Enrollment()
    tables = {
        "grades.csv": _for_people(grades(standings, people), style),
        "tasks.csv": _for_people(tasks(standings), style),
        "statistics.csv": _for_people(task_statistics(standings), style),
        "canvas.csv": _bytes(canvas(standings, people).rows),
    }
    for exercise in exercises_in(standings):
        if not re.fullmatch(r"\w+", exercise, re.ASCII):
            raise ValueError(
                f"exercise must be a name of letters, digits and underscores, got {exercise!r}"
            )
        for name, make in BY_EXERCISE.items():
            rows = make(standings, exercise, people).rows
            if len(rows) > 1:
                quoting = csv.QUOTE_ALL if make is blackboard else csv.QUOTE_MINIMAL
                tables[f"{name}_{exercise}.csv"] = _bytes(rows, quoting=quoting)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in tables.items():
        write_whole(folder / name, content, durable=True)
    return [folder / name for name in tables]


def left_out(standings: Sequence[Standing], enrollment: Enrollment) -> dict[str, tuple[str, ...]]:
    """Return the students who are in no table of a platform though others are: table -> names."""
    without = canvas(standings, enrollment).without
    found = {"canvas.csv": without} if without else {}
    for exercise in exercises_in(standings):
        for name, make in BY_EXERCISE.items():
            table = make(standings, exercise, enrollment)
            if len(table.rows) > 1 and table.without:
                found[f"{name}_{exercise}.csv"] = table.without
    return found


def grades(standings: Sequence[Standing], enrollment: Enrollment | None = None) -> Iterator[Row]:
    """Return the table of a row a student and exercise, its head first.

    With due dates it has columns for late days, with a roster for sections, and rows for the
    people who are missing.
    """
    people = enrollment or Enrollment()
    has_late = any(one.late is not None for one in standings)
    late, roster = _LATE if has_late else (), _ROSTER if people.roster else ()
    yield (*_GRADES, *late, *roster)
    rows = [(one.student, one.user, one.exercise, one) for one in standings]
    rows += [
        (who.person.name, who.person.id, who.exercise, None)
        for who in people.missing(standings)
        if who.by_hand is None  # the others have rows
    ]
    if people.roster:
        rows.sort(key=lambda row: row[:3])
    for student, user, exercise, one in rows:
        person = people.persons.get((student, user))
        known = ("" if person is None else person.section,)
        known += ("unknown" if person is None else MISSING if one is None else "known",)
        if one is None:
            blank = [None] * (len(_GRADES) - 4 + len(late))
            yield (student, user, exercise, MISSING, *blank, *known)
            continue
        report = one.report
        worth = (None,) * 3
        if graded_points(report) is not None:
            worth = _worth(report.reached, report.possible)
        yield (
            *(student, user, exercise, report.state, *worth, *_by_hand(one)),
            " ".join(map(suspicion_words, report.suspicions)),
            *(
                " ".join(map(note_words, joined(report.notes))),
                reproduction_words(report.reproduction),
            ),
            *(one.handed_in.place, report.unsafe, f"{FOLDER}/{page_name(student, user)}"),
            *(_late_cells(one) if has_late else ()),
            *(known if roster else ()),
        )


def tasks(standings: Iterable[Standing]) -> Iterator[Row]:
    """Return the table of a row a task, its head first."""
    yield _TASKS
    for one in standings:
        for task in one.report.tasks:
            raised = (task.raised.kind, task.raised.text) if task.raised else ("", "")
            yield (
                *(one.student, one.user, one.exercise, task.task, task.outcome),
                *(task.reached, task.possible, task.misconception, task.cause),
                *(task.stopped_by, *raised),
            )


def task_statistics(standings: Sequence[Standing]) -> Iterator[Row]:
    """Return the table of a row an exercise and a row each of its tasks, its head first.

    Difficulty is the mean share of the points; see `summary.TaskSummary` and `discrimination`.
    """
    yield _STATISTICS
    for exercise in summary(standings).exercises:
        points = (share * exercise.possible for share in exercise.quartiles)
        yield (
            *(exercise.exercise, "", exercise.number, exercise.possible, exercise.mean),
            *(exercise.right, exercise.nothing, *points, *[None] * 4, *[None] * 2, *[""] * 3),
        )
        for task in exercise.tasks:
            found = task.discrimination
            yield (
                *(exercise.exercise, task.task, task.number, task.possible, task.mean),
                *(task.right, task.nothing, *task.quartiles),
                *(astuple(found) if found else [None] * 4),
                *(task.seconds or [None] * 2),
                *(", ".join(f"{name}: {number}" for name, number in task.misconceptions),),
                *section_of(task.task),
            )


def _late_cells(one: Standing) -> Row:
    if one.late is None:
        return (None, None, None)
    days = "late" if one.late.days is None else one.late.days
    return (one.late.handed_in, days, one.late.lost)


def _by_hand(one: Standing) -> Row:
    """Return what was done by hand and why, and the points that count."""
    words = " ".join(f"{adjustment_words(each)}." for each in one.adjustments)
    if one.is_excused:
        return "excused", words, None
    lost = one.late.lost if one.late else 0.0
    graded = (graded_points(one.report) or 0.0) - lost
    return one.points - graded if one.adjustments else None, words, one.points


def _worth(reached: float, possible: float) -> tuple[float, float, float | None]:
    return reached, possible, round(100 * reached / possible, 2) if possible else None


def _for_people(table: Iterable[Row], style: str) -> bytes:
    return _bytes(table, mark=True, is_european=style == EUROPEAN)


def _bytes(
    table: Iterable[Row],
    *,
    mark: bool = False,
    is_european: bool = False,
    quoting: int = csv.QUOTE_MINIMAL,
) -> bytes:
    text = io.StringIO()
    delimiter = ";" if is_european else ","
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\r\n")
    writer.writerows([_cell(value, is_european) for value in row] for row in table)
    return text.getvalue().encode("utf-8-sig" if mark else "utf-8")


def _cell(value: str | float | bool | None, is_european: bool) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return cell(value).replace(".", ",") if is_european and is_number else cell(value)
