"""Reads what somebody wants a mark to be, and says what is wrong with it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import course_tasks
from course_tools.grading.gradebook.adjustments import (
    ACTIONS,
    BONUS,
    EXCUSE,
    SET,
    Adjustment,
    graded_points,
)
from course_tools.grading.gradebook.journal import Standing, Student
from course_tools.grading.intake.typed_tables import read_typed_table
from course_tools.grading.visible_text import visible

_MOST_BYTES = 10_000_000
_LONGEST_REASON = 1_000  # characters
_LONGEST_NAME = 200
_NEEDED = ("student", "exercise", "action", "points", "reason")
_ALSO = ("task", "user", "by")
COLUMNS = (*_NEEDED, *_ALSO)
#: What is one number for everybody: neither 1e1 nor 1_0, which is often a slip for 1.0.
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")


@dataclass(frozen=True)
class MarkRequest:
    """A change of a mark, as somebody typed it.

    Attributes:
        student: name or number of the student.
        exercise: name of the exercise.
        action: "set", "bonus", "excuse" or "undo".
        points: the mark or the bonus, "" for the other two.
        reason: the reason for it.
        by: name of the person who asks for it.
        task: name of the task, "" for the whole exercise.
        user: number of the student, where several have one name.
        is_new: whether nobody of this name has handed in anything.
        where: beginning of messages, such as "line 3: ".
    """

    student: str
    exercise: str
    action: str
    points: str
    reason: str
    by: str
    task: str = ""
    user: str = ""
    is_new: bool = False
    where: str = ""


class ClassList:
    """The students of a class and their marks."""

    def __init__(
        self,
        standings: Sequence[Standing],
        students: Iterable[Student],
        others: Mapping[Student, Sequence[str]] | None = None,
    ) -> None:
        """Take the class.

        Args:
            standings: the marks that count.
            students: students, also those who have no mark.
            others: other names of students, such as logins.
        """
        self._others = others or {}
        self.standings = {(one.student, one.user, one.exercise): one for one in standings}
        self.students = sorted({*students, *((one.student, one.user) for one in standings)})

    def find(self, student: str, user: str = "") -> Student:
        """Return the student of a name or number.

        Raises:
            ValueError: there is none, or there are several.
        """
        wanted = _normal(student)
        found = [
            one
            for one in self.students
            if wanted and {wanted, wanted.casefold()} & self._names(one)
        ]
        if user:
            found = [one for one in found if _normal(one[1]) == _normal(user)]
        if not found:
            with_number = f" with the number {user!r}" if user else ""
            names = [name for one in self.students for name in one if name]
            raise ValueError(
                f"no student is called {visible(student)!r}{with_number}{_near(student, names)}"
            )
        if len(found) > 1:
            numbers = ", ".join(repr(visible(one[1])) for one in found)
            raise ValueError(
                f"several students are called {visible(student)!r}; give one of their numbers with "
                f"--user: {numbers}"
            )
        return found[0]

    def _names(self, student: Student) -> set[str]:
        others = {_normal(name).casefold() for name in self._others.get(student, ())}
        return {*map(_normal, student), *others}

    def possible(self, exercise: str) -> float:
        """Return the points that an exercise is worth for somebody who has no result."""
        if exercise in course_tasks.EXERCISES:
            return float(sum(task.points for task in course_tasks.EXERCISES[exercise]))
        return max(one.possible for name, one in self.standings.items() if name[2] == exercise)

    def exercises(self) -> list[str]:
        """Return the names of the course's exercises, and of those in the gradebook."""
        found = {exercise for *_, exercise in self.standings if exercise}
        return [*course_tasks.EXERCISES, *sorted(found - course_tasks.EXERCISES.keys())]


def adjustment_of(request: MarkRequest, known: ClassList) -> Adjustment:
    """Return the change of a mark.

    Args:
        request: the change, as somebody typed it.
        known: the class.

    Raises:
        ValueError: it is not possible; the message says what is wrong, and names what is near.
    """
    if request.action not in ACTIONS:
        raise ValueError(f"action must be {', '.join(ACTIONS)}, got {visible(request.action)!r}")
    student, user = (
        _new_student(request, known)
        if request.is_new
        else known.find(request.student, request.user)
    )
    change = _adjustment(request, known, student, user)
    if request.is_new and (student, user) in known.students:
        mark = known.standings.get((student, user, request.exercise))
        # A command that was killed can be given again.
        if mark is None or change.content not in [one.content for one in mark.adjustments]:
            raise ValueError(f"there is a student {visible(student)!r} already; leave out --new")
    return change


def _adjustment(request: MarkRequest, known: ClassList, student: str, user: str) -> Adjustment:
    exercises = known.exercises()
    if request.exercise not in exercises:
        raise ValueError(
            f"no exercise is called {visible(request.exercise)!r}"
            f"{_near(request.exercise, exercises)}"
        )
    mark = known.standings.get((student, user, request.exercise))
    has_result = mark is not None and bool(mark.report.tasks)
    possible = mark.report.possible if has_result else known.possible(request.exercise)
    graded = graded_points(mark.report) if mark is not None else None
    if request.task:
        if request.action == EXCUSE:
            raise ValueError("a student is excused from a whole exercise; leave out the task")
        if not has_result:
            raise ValueError(
                f"{visible(student)} has no result in {request.exercise}, so its tasks have no "
                "marks; leave out the task"
            )
        tasks = {one.task: one for one in mark.report.tasks}
        if request.task not in tasks:
            raise ValueError(
                f"{request.exercise} has no task {visible(request.task)!r}"
                f"{_near(request.task, list(tasks))}"
            )
        graded, possible = tasks[request.task].reached, tasks[request.task].possible
    return Adjustment(
        *(student, user, request.exercise, request.task, request.action),
        _points(request, possible),
        _text("reason", request.reason, _LONGEST_REASON),
        _text("by", request.by, _LONGEST_NAME),
        graded,
        possible,
    )


def read_requests(path: Path, by: str) -> list[MarkRequest]:
    """Return the changes in a CSV file, one a line below a head with the names of columns.

    With semicolons or tabs between the columns, points may have a decimal comma.

    Args:
        path: the file.
        by: name of the person, for lines that do not say.

    Raises:
        ValueError: it cannot be read, or has other columns.
    """
    table = read_typed_table(path, _MOST_BYTES, str(path))
    rows, is_european = table.rows, table.delimiter != ","
    columns = [name.lower() for name in rows[0][1]] if rows else []
    wrong = [name for name in columns if name not in COLUMNS]
    missing = [name for name in _NEEDED if name not in columns]
    if wrong or missing or len(set(columns)) < len(columns):
        raise ValueError(
            f"{path} must have the columns {', '.join(_NEEDED)} and may have "
            f"{', '.join(_ALSO)}; got {visible(', '.join(columns)) or 'nothing'}"
        )
    if len(rows) < 2:
        raise ValueError(f"{path} has a head and no changes")
    for line, row in rows[1:]:
        if len(row) > len(columns):
            raise ValueError(
                f"{path}, line {line}: {visible(row[-1])!r} stands in a column without a name; a "
                "value that contains the separator needs quotes around it"
            )
    named = [(line, dict(zip(columns, row, strict=False))) for line, row in rows[1:]]
    return [_request(values, line, by, is_european) for line, values in named]


def _request(values: dict[str, str], line: int, by: str, is_european: bool) -> MarkRequest:
    points = values.get("points", "")
    return MarkRequest(
        values.get("student", ""),
        values.get("exercise", ""),
        values.get("action", "").lower(),
        points.replace(",", ".") if is_european else points,
        values.get("reason", ""),
        values.get("by") or by,
        values.get("task", ""),
        values.get("user", ""),
        where=f"line {line}: ",
    )


def _new_student(request: MarkRequest, known: ClassList) -> Student:
    name = unicodedata.normalize("NFC", _text("student", request.student, _LONGEST_NAME))
    user = _normal(request.user)
    same = [
        one
        for one in known.students
        if _normal(name) in map(_normal, one) and user in ("", _normal(one[1]))
    ]
    return same[0] if same else (name, request.user)


def _points(request: MarkRequest, possible: float) -> float | None:
    if request.action not in (SET, BONUS):
        if request.points:
            raise ValueError(f"{request.action} takes no points, got {visible(request.points)!r}")
        return None
    least = 0.0 if request.action == SET else -possible
    text = request.points.strip()
    points = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not least <= points <= possible or (request.action == BONUS and points == 0):
        what = "points" if request.action == SET else "a bonus"
        but = " but not 0" if request.action == BONUS else ""
        with_point = text.replace(",", ".", 1)
        is_comma = with_point != text and _NUMBER.fullmatch(with_point)
        raise ValueError(
            f"{what} must be a number from {least:g} to {possible:g}{but}, got "
            f"{visible(request.points)!r}" + (f"; write {with_point!r}" if is_comma else "")
        )
    return points + 0.0


def _text(name: str, text: str, longest: int) -> str:
    line = " ".join(text.split())
    if not any(character.isalnum() for character in line):
        raise ValueError(f"{name} must have a letter or a digit, got {visible(line)!r}")
    if len(line) > longest:
        raise ValueError(f"{name} must have at most {longest} characters, got {len(line)}")
    return line


def _near(name: str, names: Sequence[str]) -> str:
    by_normal = {_normal(one).casefold(): one for one in names}
    wanted = _normal(name).casefold()
    begun = [one for one in by_normal if wanted and one.startswith(wanted)]
    near = begun or get_close_matches(wanted, list(by_normal), 1)
    return f"; did you mean {visible(by_normal[near[0]])!r}?" if near else ""


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split()))
