"""Refuses names that only look like those of a platform whose marks are weak."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from course_tools.grading.intake.layouts import CANVAS, STUDENT, Mark, UnclearError, shown
from course_tools.grading.intake.person_words import is_files_name, of_several_people
from course_tools.grading.intake.places import without_copy

_Person = tuple[str, str, str]


def refuse_accidents(
    platform: str, marks: Mapping[str, Mark], exercises: Mapping[str, str]
) -> None:
    """Refuse files whose names contradict what the platform's names mean.

    In Canvas a number is one person's in an assignment, and an upload is one file.
    `homework_12_05_ada.ipynb` would be an upload of somebody called homework, and a folder
    `Tutorial_Mo_10_1` somebody's in ILIAS.

    Args:
        platform: Canvas or ILIAS.
        marks: notebook -> the platform's mark in its name.
        exercises: notebook -> its exercise, "" where it is not known.

    Raises:
        UnclearError: they do.
    """
    why = next(_contradictions(platform, marks, exercises), "")
    if not why:
        return
    outer = "*/" * max(0, *(mark.depth for mark in marks.values()))
    own = (
        f"--layout '{outer}{STUDENT}.ipynb' takes a file for each student"
        if platform == CANVAS
        else f"if the students are the folders or files in those, say --layout "
        f"'{outer}*/{STUDENT}' or '{outer}*/{STUDENT}.ipynb'"
    )
    raise UnclearError(
        f"the names look like those that {platform} gives, but {why}. --layout "
        f"{platform.lower()} takes them so; {own}"
    )


def _contradictions(
    platform: str, marks: Mapping[str, Mark], exercises: Mapping[str, str]
) -> Iterator[str]:
    files: dict[_Person, dict[str, str]] = defaultdict(dict)
    for one, mark in marks.items():
        student, user = mark.match["student"], mark.match["user"]
        base = "" if platform == CANVAS else mark.base  # Canvas' number is one person's everywhere
        own = mark.match["rest"] if platform == CANVAS else one[len(mark.base) :]
        own = own.removeprefix("/").partition("/")[2] if platform != CANVAS else own
        files[base, student, user][one] = own
    if platform == CANVAS:
        yield from _of_canvas(marks, exercises)
        nobodys = [student for _, student, _ in files if is_files_name(student)]
        if 2 * len(nobodys) >= len(files):
            yield f"{shown(nobodys)} is no student's name"
    heaps = [pair for some in files.values() if (pair := of_several_people(some, exercises))]
    if heaps and 2 * len(heaps) >= len(files):
        yield f"one student would have handed in {shown(heaps[0])}, which may be several people's"


def _of_canvas(marks: Mapping[str, Mark], exercises: Mapping[str, str]) -> Iterator[str]:
    names: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    uploads: dict[str, set[str]] = defaultdict(set)
    for one, mark in marks.items():
        found = mark.match
        # A group has the number of a member, who may have done another exercise alone; and in
        # another download a person may have another name.
        names[mark.base, exercises[one], found["user"]].add(found["student"])
        # A group's file is of several people, and one may have been downloaded twice.
        uploads[found["submission"]].add(without_copy(found["rest"]))
    for (*_, number), some in names.items():
        if len(some) > 1:
            yield f"the number {number} stands for several people ({shown(sorted(some))})"
    for number, files in uploads.items():
        if len(files) > 1:
            yield f"the upload {number} stands for several files ({shown(sorted(files))})"
