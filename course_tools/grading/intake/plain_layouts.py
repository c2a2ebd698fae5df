"""Finds a folder or a file for each student, and stops where that is not certain."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from course_tools.grading.intake.layouts import (
    STUDENT,
    FoundLayout,
    UnclearError,
    is_container,
    pattern_layout,
    shown,
)
from course_tools.grading.intake.person_words import (
    COURSE_FOLDERS,
    is_files_name,
    of_several_people,
    possible_names,
)
from course_tools.grading.intake.places import is_notebook, stem_of


def plain_layout(files: Sequence[str], exercises: Mapping[str, str], container: str) -> FoundLayout:
    """Return who the students are, by their folders or files.

    Args:
        files: paths of all files that people made.
        exercises: notebook -> its exercise, "" where it is not known; the course's own files are
            left out.
        container: name of the zip file without its ending, "" for a folder.

    Raises:
        UnclearError: it is not certain whether names are those of students.
    """
    notebooks = list(exercises)
    depth, base = 0, ""
    while folder := _only_folder(files, notebooks, base):
        if is_container(folder, container):
            depth, base = depth + 1, f"{base}{folder}/"
        elif _is_students(folder, notebooks, base):
            break
        else:
            raise UnclearError(_around(folder, files, notebooks, base))
    outer = "*/" * depth
    loose = [one for one in notebooks if one.startswith(base) and "/" not in one[len(base) :]]
    folders = {
        one[len(base) :].split("/")[0]
        for one in files
        if "/" in one[len(base) :] and one.startswith(base)
    }
    if not any(one.startswith(base) and "/" in one[len(base) :] for one in notebooks):
        unnamed = [one for one in loose if is_files_name(stem_of(one))]
        if unnamed:
            raise UnclearError(
                f"{shown(unnamed)}: no folder is around {'it' if len(unnamed) == 1 else 'them'}, "
                "and the name is an exercise's, not a student's. Put the notebooks of a student "
                f"into a folder with the student's name, or say --layout {outer}{STUDENT}.ipynb"
            )
        # The exercise as it was given out, beside the students' files, is nobody's.
        return pattern_layout(
            f"{outer}{STUDENT}.ipynb", [one for one in files if not is_files_name(stem_of(one))]
        )
    nobodys = sorted(name for name in folders if is_files_name(name))
    if nobodys:
        raise UnclearError(
            f"{shown(nobodys)}: such a name is not a student's. If the students are the folders "
            f"or files in it, say --layout '{outer}*/{STUDENT}' or '{outer}*/{STUDENT}.ipynb'; if "
            f"it is a student all the same, say --layout '{outer}{STUDENT}'"
        )
    _refuse_heaps(exercises, base, outer)
    found = pattern_layout(f"{outer}{STUDENT}", files)
    people = [one for one in loose if not is_files_name(stem_of(one))]
    if not people:
        return found
    both = pattern_layout(f"{outer}{STUDENT}.ipynb", people)
    return FoundLayout(f"{found.words}, and {both.words}", {**found.owners, **both.owners})


def _only_folder(files: Sequence[str], notebooks: Sequence[str], base: str) -> str:
    """Return the only folder below a base, "" where there are several, or notebooks beside it."""
    inside = [one[len(base) :] for one in files if one.startswith(base)]
    folders = {one.split("/")[0] for one in inside if "/" in one}
    loose = [one for one in notebooks if one.startswith(base) and "/" not in one[len(base) :]]
    return folders.pop() if len(folders) == 1 and not loose else ""


def _is_students(folder: str, notebooks: Sequence[str], base: str) -> bool:
    """Return whether the only folder is a student's: it holds exercises, or the whole course."""
    inside = [one.removeprefix(f"{base}{folder}/").split("/") for one in notebooks]
    direct = [parts[0] for parts in inside if len(parts) == 1]
    below = {parts[0].casefold() for parts in inside if len(parts) > 1}
    if direct:
        return all(is_files_name(stem_of(one)) for one in direct)
    return below <= COURSE_FOLDERS


def _around(folder: str, files: Sequence[str], notebooks: Sequence[str], base: str) -> str:
    outer, inner = "*/" * base.count("/"), f"{base}{folder}/"
    while (name := _only_folder(files, notebooks, inner)) and not _is_students(
        name, notebooks, inner
    ):
        inner += f"{name}/"
    inside = sorted({one.removeprefix(inner).split("/")[0] for one in notebooks})
    ending = ".ipynb" if all(map(is_notebook, inside)) else ""
    return (
        f"everything lies in the folder {inner!r}, in which there are {shown(inside)}: if those "
        f"are students, say --layout '{'*/' * inner.count('/')}{STUDENT}{ending}'; if {folder!r} "
        f"is a student, say --layout '{outer}{STUDENT}'"
    )


def _refuse_heaps(exercises: Mapping[str, str], base: str, outer: str) -> None:
    """Refuse folders that hold work under the names of several people, as sections do."""
    labels: dict[str, dict[str, str]] = defaultdict(dict)
    for one in exercises:
        folder, slash, rest = one[len(base) :].partition("/")
        if one.startswith(base) and slash:
            label = f"{rest.rpartition('/')[0]} {stem_of(rest)}"
            is_own = possible_names(label) & possible_names(folder)
            labels[folder][one] = folder if is_own else label
    # Students give a file its exercise's name here and there, and not the names of others.
    folders_of = Counter(
        label for some in labels.values() for label in {*map(possible_names, some.values())}
    )
    everywhere = all(folders_of)
    for folder, some in sorted(labels.items()):
        pair = of_several_people(some, exercises)
        if everywhere and not pair:
            own = {
                one: label for one, label in some.items() if folders_of[possible_names(label)] == 1
            }
            pair = of_several_people(own, dict.fromkeys(own, "any"))
        if pair:
            ending = "" if "/" in pair[0].removeprefix(f"{base}{folder}/") else ".ipynb"
            exercise = exercises[pair[0]] if exercises[pair[0]] == exercises[pair[1]] else ""
            what = f"holds {exercise} several times, under" if exercise else "holds work under"
            raise UnclearError(
                f"the folder {folder!r} {what} names that may be people's ({shown(pair)}): if "
                f"they are students, say --layout '{outer}*/{STUDENT}{ending}'; if {folder!r} is "
                f"a student, say --layout '{outer}{STUDENT}', and the attempt that counts is chosen"
            )
