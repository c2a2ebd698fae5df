"""Finds a folder or a file for each student, and stops where that is not certain."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

import course_tasks
from course_tools.grading.intake.layouts import (
    STUDENT,
    FoundLayout,
    UnclearError,
    is_container,
    pattern_layout,
    shown,
)
from course_tools.grading.intake.places import is_notebook, stem_of, without_copy

#: Folders of the course, of which a student may hand in all.
_COURSE = {"exercises", "solutions", "notebooks", "sources"}
#: Words in names of files and folders that are nobody's name.
_WORDS = {
    *(word for name in course_tasks.EXERCISES for word in name.split("_")),
    *_COURSE,
    *("exercise", "lesson", "lessons", "notebook", "untitled", "copy", "kopie", "of", "the", "my"),
    *("homework", "hw", "assignment", "task", "tasks", "sheet", "week", "day", "part", "problem"),
    *("submission", "submissions", "submit", "submitted", "handin", "upload", "attempt", "try"),
    *("final", "finished", "done", "complete", "completed", "new", "newer", "newest", "old"),
    *("last", "latest", "first", "second", "version", "update", "updated", "draft", "backup"),
    *("fixed", "corrected", "correct", "revised", "improved", "solution", "solved", "answer"),
    *("answers", "work", "code", "test", "tmp", "temp", "file", "files", "src", "home", "course"),
    *("alt", "neu", "abgabe", "aufgabe", "loesung", "lösung", "blatt", "übung", "uebung", "v"),
    *("entrega", "tarea", "devoir", "rendu"),
}


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


def is_files_name(stem: str) -> bool:
    """Return whether a name is a file's, such as `ex01 (1)` or `homework`, and not a person's."""
    words = _words(stem)
    return not _left(words) and not all(word.isdigit() for word in words)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", without_copy(text).casefold())


def _left(words: Sequence[str]) -> set[str]:
    """Return the words that can be somebody's name."""
    found = set()
    for word in words:
        stem = word.rstrip("0123456789")
        is_number = len(word) - len(stem) <= 2 and (not stem or stem in {*_WORDS, "ex", "copy"})
        if word not in _WORDS and not is_number:
            found.add(word)
    return found


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
    return below <= _COURSE


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
    """Refuse folders that hold one exercise under the names of several people, as sections do."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one, exercise in exercises.items():
        folder, slash, _ = one[len(base) :].partition("/")
        if one.startswith(base) and slash and exercise:
            groups[folder, exercise].append(one)
    for (folder, exercise), some in sorted(groups.items()):
        labels = [_left(_words(_label(one, base, folder))) for one in some]
        for (n, first), (m, second) in combinations(enumerate(labels[:50]), 2):
            if first - second and second - first:
                ending = "" if "/" in some[n].removeprefix(f"{base}{folder}/") else ".ipynb"
                raise UnclearError(
                    f"the folder {folder!r} holds {exercise} several times, under names that may "
                    f"be people's ({shown([some[n], some[m]])}): if they are students, say "
                    f"--layout '{outer}*/{STUDENT}{ending}'; if {folder!r} is a student, say "
                    f"--layout '{outer}{STUDENT}', and the attempt that counts is chosen"
                )


def _label(place: str, base: str, folder: str) -> str:
    rest = place.removeprefix(f"{base}{folder}/")
    return f"{rest.rpartition('/')[0]} {stem_of(rest)}"
