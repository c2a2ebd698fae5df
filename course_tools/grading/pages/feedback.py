"""Feedback as static HTML pages, one a student and one for the class.

Names, answers, messages and outputs come from people nobody knows. Every text is made visible and
escaped on its way into a page, no page can run a script or load anything, and what is for the
instructor alone is not on a student's page.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from course_tools.grading.files import write_whole
from course_tools.grading.gradebook.discrimination import (
    FEWEST_OTHERS,
    FEWEST_STUDENTS,
    Discrimination,
)
from course_tools.grading.gradebook.similarity import INDEPENDENT_MOST, INDEPENDENT_PAIRS, SHARE
from course_tools.grading.pages import curve_svg
from course_tools.grading.pages.feedback_words import state_words, task_words
from course_tools.grading.pages.people_view import PeopleView
from course_tools.grading.pages.report_words import note_words, reproduction_words
from course_tools.grading.report import Report
from course_tools.grading.visible_text import as_on_a_terminal, visible

MOST_ROWS = 1_000  # of a table: a browser opens a page of these at once
_MOST_SLUG = 40  # characters
_HASH = 16  # hexadecimal digits: nobody finds a second name with the same ones
_FOLDER = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_-]{0,99})?")
_PAGE = re.compile(r"[a-z0-9][a-z0-9-]{0,200}\.html")


@dataclass(frozen=True)
class Bin:
    """Students with at least `low` and less than `high` points; the last bin holds `high`, too."""

    low: float
    high: float
    students: int


@dataclass(frozen=True)
class ExerciseView:
    """The results of a class in an exercise.

    Attributes:
        exercise: its name.
        students: number of students who handed it in.
        possible: points it is worth.
        mean: points on average.
        bins: bars from the fewest points to the most.
    """

    exercise: str
    students: int
    possible: float
    mean: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class TaskView:
    """The results of a class in a task.

    Attributes:
        exercise: the exercise.
        task: name of the task.
        students: number of students.
        right: share of them with all points.
        mean: mean share of the points.
        nothing: share of them without a point.
        discrimination: whether those who do well in the other tasks do well in it.
        seconds: time of all calls, in the middle and at the ninth decile.
    """

    exercise: str
    task: str
    students: int
    right: float
    mean: float
    nothing: float = 0.0
    discrimination: Discrimination | None = None
    seconds: tuple[float, float] | None = None


@dataclass(frozen=True)
class MistakeView:
    """A known mistake in a task.

    Attributes:
        misconception: its short name.
        task: in which it was made.
        students: number of students who made it.
        cause: the sentence that they read.
        who: some of them: (student, user) each.
        lesson: the lesson to read again, by name; "" where none is known.
        heading: heading of the part of it.
    """

    misconception: str
    task: str
    students: int
    cause: str = ""
    who: tuple[tuple[str, str], ...] = ()
    lesson: str = ""
    heading: str = ""


@dataclass(frozen=True)
class AttentionView:
    """A submission that somebody should look at.

    Attributes:
        student: name of the student who handed it in.
        user: the learning platform's number of the student, "" for none.
        exercise: its name, "" where the file cannot be read.
        file: its place among the submissions.
        state: one of `report.STATES`, or "nothing written".
        reasons: why, in sentences.
    """

    student: str
    user: str
    exercise: str
    file: str
    state: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class AlikeView:
    """Hand-ins whose code has the same structure.

    Attributes:
        exercise: its name.
        people: (student, user) each; one where it is the shipped solution that theirs is like.
        share: share of the structure that they have in common, 0 to 1.
    """

    exercise: str
    people: tuple[tuple[str, str], ...]
    share: float


@dataclass(frozen=True)
class StudentView:
    """A student's points, exercise by exercise or task by task; None: no mark.

    Attributes:
        student: name of the student.
        user: the platform's number of the student, "" for none.
        points: points, or "excused".
    """

    student: str
    user: str
    points: tuple[float | str | None, ...]


@dataclass(frozen=True)
class ByHandView:
    """A change of a mark by hand.

    Attributes:
        student: name of the student.
        user: the platform's number of the student, "" for none.
        exercise: name of the exercise.
        change: the change, such as "set to 4 of 6 points".
        reason: the reason given for it.
        who: name of the person who did it, and the day.
        graded: points of the grader now, in words.
        mark: mark that counts, in words.
    """

    student: str
    user: str
    exercise: str
    change: str
    reason: str
    who: str
    graded: str
    mark: str


@dataclass(frozen=True)
class MarkView:
    """A student's mark in an exercise.

    Attributes:
        points: points that count, None for no mark.
        possible: points that the exercise is worth.
        by_hand: changes by hand, in words.
        is_excused: whether no mark is expected.
    """

    points: float | None
    possible: float
    by_hand: tuple[str, ...] = ()
    is_excused: bool = False

    @property
    def counts(self) -> bool:
        """Whether the mark is part of the student's total."""
        return self.points is not None and self.possible > 0


@dataclass(frozen=True)
class TaskTable:
    """Every student's points in every task of an exercise.

    Attributes:
        exercise: its name.
        tasks: its tasks, by name.
        rows: one for each student who handed it in; None: the report has no such task.
    """

    exercise: str
    tasks: tuple[str, ...]
    rows: tuple[StudentView, ...]


@dataclass(frozen=True)
class SettingView:
    """A setting by its name in the configuration, with its value and the value by default."""

    name: str
    value: str
    default: str

    @property
    def is_default(self) -> bool:
        """Whether the value is the default."""
        return self.value == self.default


@dataclass(frozen=True)
class ClassView:
    """The data of the class page.

    Attributes:
        students: number of students who handed something in.
        states: (state, hand-ins that count in it), in the order in which they are shown.
        exercises: in the order of the course.
        tasks: in the order of the course.
        mistakes: the most frequent first.
        attention: submissions to look at, the most urgent first.
        rows: all students, in the order in which they are shown.
        unsafe: submissions that ran without a sandbox.
        tables: points of every task, exercise by exercise.
        alike: hand-ins whose code has the same structure, the most alike first.
        people: people who are missing, unknown or late, and the notebooks that were chosen.
        settings: the settings in force.
        by_hand: changes of marks by hand that are in force.
    """

    students: int
    states: tuple[tuple[str, int], ...]
    exercises: tuple[ExerciseView, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    mistakes: tuple[MistakeView, ...] = ()
    attention: tuple[AttentionView, ...] = ()
    rows: tuple[StudentView, ...] = ()
    unsafe: int = 0
    tables: tuple[TaskTable, ...] = ()
    alike: tuple[AlikeView, ...] = ()
    people: PeopleView = field(default_factory=PeopleView)
    settings: tuple[SettingView, ...] = ()
    by_hand: tuple[ByHandView, ...] = ()


def student_page(
    student: str,
    reports: Sequence[Report],
    show_hidden: bool,
    files: Sequence[str] = (),
    late: Sequence[str] = (),
    marks: Sequence[MarkView] = (),
) -> str:
    """Return the page of a student.

    Suspicions are never on it.

    Args:
        student: name of the student.
        reports: one an exercise, in the order in which they are shown.
        show_hidden: whether it shows arguments and expected values of hidden cases.
        files: the reports' files, by name; empty where they are not known.
        late: a sentence for each on its late days, "" for one in time; empty where no exercise has
            a due date.
        marks: the reports' marks; empty: those of the grader.
    """
    return _rendered(
        "student.html",
        student=student,
        reports=reports,
        show_hidden=show_hidden,
        files=files or [""] * len(reports),
        late=late,
        marks=marks or [MarkView(one.reached, one.possible) for one in reports],
    )


def class_page(view: ClassView, folder: str = "", *, pending: int = 0) -> str:
    """Return the page of a class, which is for its instructors.

    Its tables list `MOST_ROWS` at most and say so: with 20,000 students, too, a browser opens it.

    Args:
        view: the data of the page.
        folder: folder of the students' pages, beside this page; "": they are beside it.
        pending: files that have no result yet.

    Raises:
        ValueError: a student's points are not one an exercise, or the folder is no plain name.
    """
    if not _FOLDER.fullmatch(folder):
        raise ValueError(f"folder must be a name of letters, digits, - and _, got {folder!r}")
    _check_points(view)
    return _rendered("class.html", view=view, most=MOST_ROWS, folder=folder, pending=pending)


def report_page(view: ClassView, *, pending: int = 0) -> str:
    """Return the page of a class with the points of every task, as one file to keep or to print.

    It links to no other file. Its tables list `MOST_ROWS` at most, and say so.

    Args:
        view: the data of the page.
        pending: files that have no result yet.

    Raises:
        ValueError: a student's points are not one an exercise.
    """
    _check_points(view)
    return _rendered("class-report.html", view=view, most=MOST_ROWS, folder=None, pending=pending)


def _check_points(view: ClassView) -> None:
    for row in view.rows:
        if len(row.points) != len(view.exercises):
            raise ValueError(
                f"points of {row.student!r} must be one an exercise, {len(view.exercises)}, "
                f"got {len(row.points)}"
            )


def page_name(student: str, user: str) -> str:
    """Return the file name of a student's page.

    It is readable as far as names are: letters and digits of ASCII in lower case, shortened. A hash
    keeps apart what that makes equal, on every file system.

    Args:
        student: name of the student.
        user: the learning platform's number of the student, "" for none.
    """
    identity = f"{len(student)} {student}{user}".encode("utf-8", "surrogatepass")
    parts = [_slug(student) or "student", _slug(user)[:20]]
    parts.append(hashlib.sha256(identity).hexdigest()[:_HASH])
    return "-".join(part for part in parts if part) + ".html"


def write_pages(out: Path, pages: Iterable[tuple[str, str]]) -> list[str]:
    """Write pages, each in one step, and only where they differ from what is there.

    Args:
        out: the folder, made where it does not exist.
        pages: names, as `page_name` gives them, and HTML.

    Returns:
        The names of the pages that were written.

    Raises:
        ValueError: a name is no page's, or comes twice.
        OSError: the folder cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    written = []
    for name, html in pages:
        if not _PAGE.fullmatch(name):
            raise ValueError(f"a page must be named as page_name does, got {name!r}")
        if name in seen:
            raise ValueError(f"a page must be given once, got {name!r} twice")
        seen.add(name)
        if _write(out / name, html.encode("utf-8")):
            written.append(name)
    return written


def _write(path: Path, content: bytes) -> bool:
    if path.is_file() and path.read_bytes() == content:
        return False
    write_whole(path, content)
    return True


def _slug(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name[:400]).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "-", ascii_only.lower())[:_MOST_SLUG].strip("-")


def _rendered(name: str, **values: Any) -> str:
    return _environment().get_template(name).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("course_tools.grading.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,  # of every text on its way into a page, before it is escaped
        trim_blocks=True,
        lstrip_blocks=True,
    )
    source, _, _ = environment.loader.get_source(environment, "style.css.html")
    style = source.replace("\r\n", "\n")  # a browser takes the hash of it as it is read
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment.globals.update(
        style=Markup(style),
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'",
        bars=curve_svg.bars,
        bars_size=(curve_svg.BARS_WIDTH, curve_svg.BARS_HEIGHT),
        drawing=curve_svg.drawing,
        drawing_size=(curve_svg.WIDTH, curve_svg.HEIGHT),
        exercise_title=_exercise_title,
        fewest=(FEWEST_STUDENTS, FEWEST_OTHERS),
        alike_from=SHARE,
        independent_pairs=INDEPENDENT_PAIRS,
        independent_most=INDEPENDENT_MOST,
        note_words=note_words,
        page_name=page_name,
        reproduction_words=reproduction_words,
        state_words=state_words,
        task_words=task_words,
    )
    environment.filters.update(
        coded=_coded, number=_number, seconds=_seconds, signed=_signed, terminal=as_on_a_terminal
    )
    return environment


def _shown(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


def _coded(text: str) -> Markup:
    """Return a text with what stands in backticks as code; all of it is escaped."""
    pieces = re.split("`([^`\n]+)`", visible(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if position % 2 else escape(piece)
        for position, piece in enumerate(pieces)
    )


def _number(value: float) -> str:
    """Return points, at most two digits after the point."""
    return f"{round(float(value), 2) + 0.0:.10g}"


def _signed(value: float) -> str:
    """Return a correlation, with a minus sign as wide as its digits."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "\u2212")


def _seconds(value: float) -> str:
    return "< 0.1 s" if value < 0.1 else f"{value:.1f} s"


def _exercise_title(exercise: str) -> str:
    if not exercise:
        return "A file that could not be read"
    if match := re.fullmatch(r"ex(\d{1,3})_([a-z_]+)", exercise):
        return f"Exercise {int(match[1])}: {match[2].replace('_', ' ')}"
    return exercise.replace("_", " ").capitalize()
