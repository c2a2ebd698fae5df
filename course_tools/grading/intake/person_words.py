"""Tells names of people from names that files and folders have for their own sake."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations, zip_longest

import course_tasks
from course_tools.grading.intake.places import without_copy

#: Folders of the course, of which a student may hand in all.
COURSE_FOLDERS = {"exercises", "solutions", "notebooks", "sources"}
#: Words in names of files and folders that are nobody's name.
_WORDS = {
    *(word for name in course_tasks.EXERCISES for word in name.split("_")),
    *COURSE_FOLDERS,
    *("exercise", "lesson", "lessons", "notebook", "untitled", "copy", "kopie", "of", "the", "my"),
    *("homework", "hw", "assignment", "task", "tasks", "sheet", "week", "day", "part", "problem"),
    *("submission", "submissions", "submit", "submitted", "handin", "upload", "attempt", "try"),
    *("final", "finished", "done", "complete", "completed", "new", "newer", "newest", "old"),
    *("last", "latest", "first", "second", "version", "update", "updated", "draft", "backup"),
    *("fixed", "corrected", "correct", "revised", "improved", "solution", "solved", "answer"),
    *("answers", "work", "code", "test", "tmp", "temp", "file", "files", "src", "home", "course"),
    *("alt", "neu", "abgabe", "aufgabe", "loesung", "lösung", "blatt", "übung", "uebung", "v"),
    *("entrega", "tarea", "devoir", "rendu", "ps", "pset", "lab", "labs", "project", "projekt"),
    *("section", "sections", "tutorial", "seminar", "unit", "module", "serie", "series"),
    *("late", "resubmission", "resubmissions", "resubmitted"),
}
#: Some of them are names of people as well, unless a number stands with them.
_ALSO_NAMES = {"alt", "blatt", "day", "home", "my", "neu", "the", "v", "work"}
_MOST_COMPARED = 50  # files of one student


def is_files_name(stem: str) -> bool:
    """Return whether a name is a file's, such as `ex01 (1)` or `homework`, and not a person's."""
    words = _words(stem)
    return not _left(words) and not all(word.isdigit() for word in words)


def _words(text: str) -> list[str]:
    return _all_words(without_copy(text))


def _all_words(text: str) -> list[str]:
    kept = (
        one if one.isalnum() or unicodedata.category(one).startswith("M") else " "
        for one in text.casefold()
    )
    return "".join(kept).split()


def _left(words: Sequence[str]) -> set[str]:
    """Return the words that can be somebody's name."""
    found = set()
    for word in words:
        stem = word.rstrip("0123456789")
        is_number = len(word) - len(stem) <= 2 and (not stem or stem in {*_WORDS, "ex", "copy"})
        if word not in _WORDS and not is_number:
            found.add(word)
    return found


def possible_names(label: str) -> frozenset[str]:
    """Return the words of a name that can be somebody's."""
    return frozenset(_left(_words(label)))


def person_words(name: str) -> tuple[str, ...]:
    """Return the words of a name without those of files, and without the numbers behind these.

    >>> person_words("Ada Lovelace - ex01"), person_words("group 2"), person_words("hw 2")
    (('ada', 'lovelace'), ('group', '2'), ())
    >>> person_words("Doris Day"), person_words("Doris, day 2")
    (('doris', 'day'), ('doris',))
    """
    found: list[str] = []
    behind = False
    words = _all_words(name)
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        is_name = word in _ALSO_NAMES and not following.isdigit()
        is_files = not is_name and not _left([word]) and not word.isdigit()
        if not is_files and not (behind and word.isdigit()):
            found.append(word)
        behind = is_files
    return tuple(found)


def of_several_people(labels: Mapping[str, str], exercises: Mapping[str, str]) -> tuple[str, ...]:
    """Return two files of one exercise that may be two people's, () where there are none.

    Args:
        labels: file -> its name as its owner has chosen it.
        exercises: file -> its exercise, "" where it is not known.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for one in labels:
        if exercises[one]:
            groups[exercises[one]].append(one)
    for _, some in sorted(groups.items()):
        left = {one: possible_names(labels[one]) for one in some[:_MOST_COMPARED]}
        for one, other in combinations(left, 2):
            if left[one] - left[other] and left[other] - left[one]:
                return one, other
    return ()
