"""Says whose file is whose: which layout a folder has, and what each layout says of a file.

Platforms are recognised by the marks that they leave in every name, at any depth. Everything else
is a folder or a file for each student. Where that is not certain, nobody is guessed.

Sources of the platforms' names: Canvas' `lib/content_zipper.rb`, which puts the number of the
student and that of the uploaded file behind the name; for Moodle see `platform_exports`;
Blackboard's "Assignment File Download", `assignment_user_attempt_date_file`; Brightspace's
"Download", folders `number-number - name - date`; Gradescope's "Export Submissions", folders
`submission_number` and `submission_metadata.yml`; ILIAS, folders `last_first_login_number`, in
those of teams where there are teams; `gh classroom clone student-repos`, folders
`assignment-submissions/assignment-user`; nbgrader's exchange, folders `user+assignment+time+random`
(its tree `submitted/user/assignment` is a folder for each student).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course_tools.grading.intake.places import is_notebook, stem_of
from course_tools.grading.late_days import RecordedTime

CANVAS, MOODLE = "Canvas", "Moodle"
BLACKBOARD, BRIGHTSPACE, GITHUB = "Blackboard", "Brightspace", "GitHub"
GRADESCOPE, ILIAS, NBGRADER = "Gradescope", "ILIAS", "nbgrader"
#: The word that stands for a student in an instructor's own layout.
STUDENT = "STUDENT"
_MOST_SHOWN = 3

#: `lastfirst_LATE_123`, then `_456_my notebook-2`; with anonymous grading `LATE_anon_x1y2z`. A
#: group's name may hold signs of its own, but no number between two of them.
_IN_CANVAS = (
    r"(?P<anonymous_late>LATE_(?=anon_))?(?P<student>[^/]+?)_(?P<late>(?:LATE|late)_)?"
    r"(?P<user>\d+|(?<=anon_)[A-Za-z0-9]+)"
)
#: Each is searched where a folder or the file begins. `student` and `user` are who handed it in.
_MARKS = {
    GRADESCOPE: r"submission_(?P<submission>\d+)/.+",
    # Names of files are chosen by students: the first mark counts, not one further behind.
    MOODLE: r"(?P<student>[^/]+?)_(?P<user>\d+)_assignsubmission_(?:file|onlinetext)_?/?.+",
    BRIGHTSPACE: r"(?P<user>\d+)-\d+ - ?(?P<student>[^/]+?) ?- (?P<when>[^/-]*\b\d{4}\b[^/-]*?)"
    r"(?:/| - ?).+",
    BLACKBOARD: r"(?P<head>[^/]+?)_attempt_(?P<when>\d{4}(?:-\d\d){5})[_.][^/]+",
    GITHUB: r"(?P<slug>[^/]+)-submissions/(?P=slug)-(?P<student>[^/]+)/.+",
    ILIAS: r"(?P<student>[^/]+_[^/]+_[^/_]+)_(?P<user>\d+)/.+",
    NBGRADER: r"(?P<student>[^/+]+)\+[^/+]+\+(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? "
    r"(?P<zone>[^/+]+)(?:\+[^/+]+)?/.+",
    CANVAS: rf"{_IN_CANVAS}_(?P<submission>\d+)_(?P<rest>[^/]+)",
}
PLATFORMS = {name: re.compile(mark, re.S) for name, mark in _MARKS.items()}
#: What was typed or linked in Canvas instead of a file: it has no upload's number.
_CANVAS_TEXT = re.compile(rf"{_IN_CANVAS}(?P<submission>)_(?P<rest>text|link)\.html", re.S)
#: Their marks are what a student's own name for a file or a folder may look like.
WEAK = (ILIAS, CANVAS)
#: They give everybody a number.
NUMBERING = (BRIGHTSPACE, CANVAS, ILIAS, MOODLE)
_CONTAINER = re.compile(
    r"(?:submissions?|submitted|hand(?:ed)?[-_ ]?ins?|abgaben?|entregas?|rendus?|assignments?|"
    r"home[-_ ]?works?|hw|classe?|course|kurs|students?|exercises?|export|assignment_\d+_export|"
    r"teams?|week|woche)[-_ ]?\d*(?: ?\(\d+\))?",
    re.I,
)


class UnclearError(ValueError):
    """It is not certain who the students are; the message says which option decides."""


@dataclass(frozen=True)
class Owner:
    """The student who handed in a file, and the time.

    Attributes:
        student: name of the student.
        user: the platform's number of the student, "" if there is none.
        upload: Canvas' number of the uploaded file, 0 for none.
        moment: the time of handing in, where the platform tells it.
        marked_late: whether the platform says that it is late, and not since when.
        has_no_time: whether the file's own time is that of the download.
    """

    student: str
    user: str = ""
    upload: int = 0
    moment: RecordedTime | None = None
    marked_late: bool = False
    has_no_time: bool = False


@dataclass(frozen=True)
class FoundLayout:
    """The owners of the files.

    Attributes:
        words: the name of the layout, for the instructor.
        owners: file -> those who handed it in, several people in a group; a file of nobody is
            not there.
        platform: the platform, one of `PLATFORMS`, "" for folders and files.
    """

    words: str
    owners: Mapping[str, tuple[Owner, ...]]
    platform: str = ""


@dataclass(frozen=True)
class Mark:
    """A platform's mark in the path of a file: what is before it, and what it says.

    Attributes:
        base: the folders around it.
        match: the mark.
        depth: number of folders around it; -1 where the outermost folder is a part of the mark.
    """

    base: str
    match: re.Match[str]
    depth: int


def marks_of(platform: str, place: str, container: str = "") -> Mark | None:
    """Return a platform's mark in a file's path, None where there is none.

    Args:
        platform: one of `PLATFORMS`.
        place: the path.
        container: name of the folder or zip file, which is a mark of GitHub's.
    """
    pattern = PLATFORMS[platform]
    if platform == CANVAS:
        base, _, name = place.rpartition("/")
        match = pattern.fullmatch(stem_of(name)) or _CANVAS_TEXT.fullmatch(name)
        return Mark(base, match, place.count("/")) if match else None
    parts = place.split("/")
    above = 1 if platform == GITHUB else 0
    parts = [container] * above + parts
    for start in range(len(parts)):
        if match := pattern.fullmatch("/".join(parts[start:])):
            return Mark("/".join(parts[above:start]), match, start - above)
    return None


def platform_of(place: str) -> str:
    """Return the platform whose names a file has, one of `PLATFORMS`, or "" for none."""
    return next((name for name in PLATFORMS if marks_of(name, place)), "")


def is_container(name: str, container: str = "") -> bool:
    """Return whether a folder's name is that of a heap of hand-ins: `submissions`, `hw1`.

    Args:
        name: name of the folder.
        container: name of the zip file without its ending, which its folder often has too.
    """
    return bool(_CONTAINER.fullmatch(name)) or (bool(container) and name == container)


def pattern_layout(wanted: str, files: Sequence[str]) -> FoundLayout:
    """Return the owners of files by an instructor's own layout.

    Args:
        wanted: `STUDENT` for a folder for each student, `STUDENT.ipynb` for a file for each; with
            `*/` in front for every folder around them.
        files: paths of all files.

    Raises:
        ValueError: wanted is no such layout, or fits no file.
    """
    match = re.fullmatch(rf"(?P<outer>(?:\*/)*){STUDENT}(?P<file>\.ipynb)?/?", wanted)
    if match is None:
        names = ", ".join(one.lower() for one in PLATFORMS)
        raise ValueError(
            f"--layout must be one of {names}, or {STUDENT} (a folder for each), {STUDENT}.ipynb "
            f"(a file for each), with */ in front for each outer folder, got {wanted!r}"
        )
    depth = match["outer"].count("/")
    owners = {}
    for one in files:
        parts = one.split("/")
        if match["file"] and len(parts) == depth + 1 and is_notebook(one):
            owners[one] = (named(stem_of(one)),)
        elif not match["file"] and len(parts) > depth + 1:
            owners[one] = (named(parts[depth]),)
    if not owners:
        raise ValueError(f"--layout {wanted} fits no file, such as {shown(files)}")
    kind = "a file" if match["file"] else "a folder"
    return FoundLayout(f"{kind} for each student ({wanted})", owners)


def named(student: str) -> Owner:
    """Return the owner of a name, in one normal form: systems write an é in two ways."""
    return Owner(unicodedata.normalize("NFC", student))


def shown(names: Sequence[str]) -> str:
    """Return some names for a sentence."""
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(repr(one) for one in names[:_MOST_SHOWN]) + more
