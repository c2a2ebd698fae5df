"""The grades as tables: for people, and for the gradebooks of Canvas and Moodle.

`canvas.csv` is what Canvas' "Import" in its gradebook reads: the columns Student, ID, SIS User ID,
SIS Login ID and Section, then one an assignment; a row "Points Possible" before the students. Only
one of the four columns that identify a student has to be filled in; ID is Canvas' own number. An
assignment is found by its title, so it has to be called as the exercise is, or a new one is
offered. An empty cell leaves the grade as it is. Sources: Ohio State University, "Import a CSV
File to Carmen Grades", https://teaching.resources.osu.edu/toolsets/carmencanvas/guides/
calculating-final-grades/import-csv-file-carmen-grades, and Canvas' `lib/gradebook_importer.rb`.

`moodle_<exercise>.csv` is what an assignment's "Upload grading worksheet" reads, one file an
exercise, as Moodle's participants have another number in every assignment. It looks for the
columns Identifier ("Participant" and the number that is in the names of the files it gives to
download), Grade and "Last modified (grade)", in the language of the site, here English; the
latter says nothing here, so a grade that is there already is replaced only if "Allow updating
records that have been modified more recently" is ticked. There is no column for comments: an
empty one would delete those of the teacher. Sources: Moodle's `mod/assign/gradingtable.php` and
`mod/assign/feedback/offline/importgradeslib.php`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path

from course_tools.grading.cells import cell, line_of
from course_tools.grading.files import write_whole
from course_tools.grading.gradebook.journal import Standing
from course_tools.grading.gradebook.summary import summary
from course_tools.grading.intake.layouts import CANVAS, MOODLE, platform_of
from course_tools.grading.pages.class_pages import FOLDER, section_of
from course_tools.grading.pages.feedback import page_name
from course_tools.grading.pages.report_words import note_words, reproduction_words, suspicion_words
from course_tools.grading.report import UNREADABLE

Row = Sequence[str | float | bool | None]

_GRADES = (
    *("student", "user", "exercise", "state", "points", "possible", "percent"),
    *("suspicions", "notes", "reproduction", "file", "attempt", "unsafe", "page"),
)
_TASKS = (
    *("student", "user", "exercise", "task", "outcome", "points", "possible"),
    *("misconception", "cause", "stopped_by", "exception", "exception_text"),
)
_STATISTICS = (
    *("exercise", "task", "students", "possible", "difficulty"),
    *("students_all_points", "students_no_points"),
    *("first_quartile", "median", "third_quartile"),
    *("discrimination", "discrimination_low", "discrimination_high", "discrimination_students"),
    *("median_seconds", "ninth_decile_seconds", "mistakes", "lesson", "section"),
)
_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_MOODLE = (
    *("Identifier", "Full name", "Grade", "Maximum Grade", "Grade can be changed"),
    "Last modified (grade)",
)
#: Canvas takes any row for this one whose first cell holds these words.
_POINTS_POSSIBLE = "Points Possible"


def write_exports(standings: Sequence[Standing], folder: Path) -> list[Path]:
    """Write all tables, each as a whole or not at all; return their files.

    The same standings give the same bytes. Tables for people begin with a byte order mark, without
    which Excel takes UTF-8 for another encoding; the two for import have none, as it is no part of
    a column's name.

    Args:
        standings: as `Gradebook.standings` returns them.
        folder: folder of the files; it is made if need be.

    Raises:
        ValueError: the name of an exercise cannot be part of a file's name.
    """
    tables = {
        "grades.csv": _bytes(grades(standings), mark=True),
        "tasks.csv": _bytes(tasks(standings), mark=True),
        "statistics.csv": _bytes(task_statistics(standings), mark=True),
        "canvas.csv": _bytes(canvas(standings)),
    }
    for exercise in _exercises(standings):
        if not re.fullmatch(r"\w+", exercise, re.ASCII):
            raise ValueError(
                f"exercise must be a name of letters, digits and underscores, got {exercise!r}"
            )
        tables[f"moodle_{exercise}.csv"] = _bytes(moodle(standings, exercise))
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in tables.items():
        write_whole(folder / name, content, durable=True)
    return [folder / name for name in tables]


def grades(standings: Iterable[Standing]) -> Iterator[Row]:
    """Return the table of a row a student and exercise, its head first."""
    yield _GRADES
    for one in standings:
        report = one.report
        worth = _worth(report.reached, report.possible) if _has_grade(one) else (None,) * 3
        yield (
            *(one.student, one.user, one.exercise, report.state, *worth),
            " ".join(map(suspicion_words, report.suspicions)),
            *(" ".join(map(note_words, report.notes)), reproduction_words(report.reproduction)),
            *(one.handed_in.place, one.handed_in.attempt, report.unsafe),
            f"{FOLDER}/{page_name(one.student, one.user)}",
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


def canvas(standings: Sequence[Standing]) -> Iterator[Row]:
    """Return the table that Canvas imports: a row a student, a column an exercise."""
    exercises = _exercises(standings)
    yield (*_CANVAS, *exercises)
    yield (_POINTS_POSSIBLE, *[""] * 4, *(_most_points(standings, name) for name in exercises))
    points: dict[tuple[str, str], dict[str, float]] = {}
    for one in standings:
        row = points.setdefault((one.student, _number_in(CANVAS, one)), {})
        if _has_grade(one):
            row[one.exercise] = one.report.reached
    for (student, user), reached in sorted(points.items()):
        name = line_of(student).replace(_POINTS_POSSIBLE, "Points possible")
        yield (name, user, *[""] * 3, *(reached.get(exercise) for exercise in exercises))


def moodle(standings: Sequence[Standing], exercise: str) -> Iterator[Row]:
    """Return the worksheet of an assignment in Moodle: a row a student."""
    yield _MOODLE
    most = _most_points(standings, exercise)
    for one in standings:
        if one.exercise == exercise and _has_grade(one):
            number = _number_in(MOODLE, one)
            identifier = f"Participant {number}" if number else ""
            yield (identifier, one.student, one.report.reached, most, "Yes", "")


def _number_in(platform: str, one: Standing) -> str:
    """Return a student's number in a platform; another platform's would be somebody else's."""
    return one.user if platform_of(one.handed_in.place) == platform else ""


def _has_grade(one: Standing) -> bool:
    return bool(one.exercise) and one.report.state != UNREADABLE


def _exercises(standings: Iterable[Standing]) -> list[str]:
    return sorted({one.exercise for one in standings if _has_grade(one)})


def _most_points(standings: Iterable[Standing], exercise: str) -> float:
    found = [one.report.possible for one in standings if one.exercise == exercise]
    return max(found)


def _worth(reached: float, possible: float) -> tuple[float, float, float | None]:
    return reached, possible, round(100 * reached / possible, 2) if possible else None


def _bytes(table: Iterable[Row], mark: bool = False) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerows([cell(value) for value in row] for row in table)
    return text.getvalue().encode("utf-8-sig" if mark else "utf-8")
