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
from collections.abc import Callable, Container, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from course_tools.grading.files import write_whole
from course_tools.grading.gradebook.discrimination import (
    FEWEST_OTHERS,
    FEWEST_STUDENTS,
)
from course_tools.grading.gradebook.similarity import INDEPENDENT_MOST, INDEPENDENT_PAIRS, SHARE
from course_tools.grading.pages import curve_svg
from course_tools.grading.pages.feedback_words import state_words, task_words
from course_tools.grading.pages.report_words import joined, note_words, reproduction_words
from course_tools.grading.pages.views import ClassView, MarkView
from course_tools.grading.report import Report
from course_tools.grading.visible_text import as_on_a_terminal, visible

MOST_ROWS = 1_000  # of a table: a browser opens a page of these at once
_MOST_SLUG = 40  # characters
_HASH = 16  # hexadecimal digits: nobody finds a second name with the same ones
_FOLDER = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_-]{0,99})?")
_PAGE = re.compile(r"[a-z0-9][a-z0-9-]{0,200}\.html")
_OURS = re.compile(rf"(?:[a-z0-9-]*-)?[0-9a-f]{{{_HASH}}}\.html")  # as `page_name` names them


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


def remove_other_pages(out: Path, names: Container[str]) -> None:
    """Remove the pages in a folder that are nobody's any more, as when somebody's name changed.

    Args:
        out: the folder.
        names: names of the pages that stay; files that are no pages stay as well.
    """
    for file in out.iterdir():
        if _OURS.fullmatch(file.name) and file.name not in names:
            file.unlink()


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
        joined=joined,
        note_words=note_words,
        page_name=page_name,
        reproduction_words=reproduction_words,
        state_words=state_words,
        task_words=task_words,
    )
    environment.filters.update(
        coded=_coded,
        emphasized=_emphasized,
        number=_number,
        seconds=_seconds,
        signed=_signed,
        terminal=as_on_a_terminal,
    )
    return environment


def _shown(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value


def _coded(text: str, plain: Callable[[str], Markup] = escape) -> Markup:
    """Return a text with what stands in backticks as code; all of it is escaped."""
    pieces = re.split("`([^`\n]+)`", visible(text))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if position % 2 else plain(piece)
        for position, piece in enumerate(pieces)
    )


def _emphasized(sentence: str) -> Markup:
    """Return a sentence of the course's own with what stands in asterisks emphasized, too.

    In a learner's, asterisks are what was typed.
    """
    return _coded(sentence, _with_emphasis)


def _with_emphasis(text: str) -> Markup:
    return Markup(re.sub(r"(?<![\w*])\*(\w[\w ]*)\*(?![\w*])", r"<em>\1</em>", str(escape(text))))


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
