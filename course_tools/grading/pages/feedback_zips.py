"""Feedback pages as the zip files that Moodle and Canvas take, one a platform and exercise.

Both platforms find the student by numbers in the name that their own download had.

Moodle ("Upload multiple feedback files in a zip") takes `full name_number_assignsubmission_file_/`
and what is in it. The number is the participant's in this one assignment; the name may hold no
underscore. Source: Moodle's `mod/assign/feedback/file/importziplib.php`.

Canvas ("Upload Submissions") takes, of the pieces between underscores, the first two that are
digits alone: the user's number, and that of the file that was handed in, which has to be part of
the student's submission to this assignment. A last piece that begins with "link" is ignored.
Source: `infer_comment_context_from_filename` in Canvas' `app/models/abstract_assignment.rb`.

Either ignores pages of other assignments. So the page of a file that cannot be read, of which
nobody knows the exercise, is in every zip file of its platform.
"""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

from course_tools.grading.cells import line_of
from course_tools.grading.files import whole_file
from course_tools.grading.gradebook.journal import Standing
from course_tools.grading.intake.layouts import CANVAS, MOODLE, marks_of, platform_of
from course_tools.grading.intake.places import stem_of
from course_tools.grading.pages.class_pages import feedback_page

_PLATFORMS = (MOODLE, CANVAS)
#: What no system can have in a file's name, as it separates folders, or stands for something.
_UNFIT = str.maketrans(dict.fromkeys('/\\:*?"<>|', " "))
_MOST_OF_NAME = 60  # characters of a name that somebody chose


def zip_name(platform: str, exercise: str) -> str:
    """Return the name of the zip file for an exercise's assignment in a platform."""
    return f"{platform.lower()}_{exercise}_feedback.zip"


def write_zips(
    standings: Sequence[Standing],
    whole: Callable[[Sequence[Standing]], Iterable[Standing]],
    out: Path,
    show_hidden: bool,
) -> list[Path]:
    """Write the zip files of the platforms from which files came; return their paths.

    Args:
        standings: as `Gradebook.standings` returns them.
        whole: returns standings with all of their reports.
        out: the folder, which is there.
        show_hidden: whether students see arguments and expected values of hidden cases.
    """
    written = []
    for platform in _PLATFORMS:
        own = [one for one in standings if _is_from(platform, one)]
        exercises = sorted({one.exercise for one in own if one.exercise})
        paths = {name: out / zip_name(platform, name) for name in exercises}
        if paths:
            _write(paths, _pages(platform, whole(own), show_hidden))
            written += paths.values()
    return written


def _is_from(platform: str, one: Standing) -> bool:
    # Somebody may have called a file in their own folder as another platform does.
    return bool(one.handed_in.user) and platform_of(one.handed_in.place) == platform


def _write(paths: dict[str, Path], pages: Iterable[tuple[str, str, str]]) -> None:
    with ExitStack() as stack:
        files = {}
        for exercise, path in paths.items():
            file = stack.enter_context(whole_file(path, durable=True))
            files[exercise] = stack.enter_context(zipfile.ZipFile(file, "w"))
        for exercise, name, html in pages:
            for archive in [files[exercise]] if exercise else files.values():
                archive.writestr(_info(name), html.encode("utf-8"))


def _info(name: str) -> zipfile.ZipInfo:
    """Return what a zip file says of a page: of 1980, so that the same pages give the same file."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system, info.external_attr = 3, 0o100644 << 16  # the same on any machine
    return info


def _pages(
    platform: str, standings: Iterable[Standing], show_hidden: bool
) -> Iterator[tuple[str, str, str]]:
    """Yield exercise, name and HTML of every page; the exercise "" stands for all of them."""
    for _, some in groupby(standings, lambda one: (one.student, one.user)):
        # In Moodle, what a number handed in belongs to one assignment; in Canvas, each file does.
        parts: dict[tuple[str, str], list[Standing]] = defaultdict(list)
        own = list(some)
        for one in own:
            parts[one.exercise, _name(platform, one)].append(one)
        readable = {name for exercise, name in parts if exercise}
        for (exercise, name), members in parts.items():
            if not exercise and name in readable:
                continue
            unread = parts.get(("", name), []) if exercise else []
            yield exercise, name, feedback_page([*members, *unread], show_hidden)


def _name(platform: str, one: Standing) -> str:
    """Return the name of a student's page, by which the platform finds the student."""
    found = marks_of(platform, one.handed_in.place).match
    if platform == MOODLE:
        name = _fit(one.student).replace("_", " ")
        return f"{name}_{found['user']}_assignsubmission_file_/feedback.html"
    stem = stem_of(one.handed_in.place)
    ends = found.end("student"), found.end("submission")
    return f"{_fit(stem[: ends[0]])}{stem[slice(*ends)]}{_fit(stem[ends[1] :])}_feedback.html"


def _fit(text: str) -> str:
    return line_of(text).translate(_UNFIT)[:_MOST_OF_NAME]
