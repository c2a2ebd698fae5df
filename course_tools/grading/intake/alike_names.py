"""Finds names of students that may be one person's."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from course_tools.grading.intake.person_words import person_words
from course_tools.grading.intake.places import stem_of, without_copy
from course_tools.grading.intake.roster_matching import plain_name


def alike_names(students: Iterable[str]) -> tuple[list[list[str]], list[list[str]]]:
    """Return names that may be one person's, and those that differ in a number alone.

    May be one person's: what differs in case, blanks and signs that nobody sees, in the order
    "Lovelace, Ada", in words of files ("ada ex01", "ada hw2"), and a copy beside its original
    ("ada (1)", "ada - Copy"). "student-1" and "student-2" may well be two people.

    Args:
        students: names that no platform's number tells apart.
    """
    plain = {student: _plain(student) for student in sorted(set(students))}
    there = set(plain.values())
    whole: dict[str, list[str]] = defaultdict(list)
    without: dict[str, list[str]] = defaultdict(list)
    for student, name in plain.items():
        original = without_copy(name).strip()
        without[original].append(student)
        originals = {original, _without_number(name)} & (there - {name})
        name = min(originals, default=name)
        whole[" ".join(person_words(name)) or name].append(student)
    alike = [some for some in whole.values() if len(some) > 1]
    told = {student for some in alike for student in some}
    return alike, [some for some in without.values() if len(some) > 1 and not told.issuperset(some)]


def merged_names(students: Iterable[str], files: Iterable[str]) -> list[str]:
    """Return students whose name occurs in the files in two normal forms.

    Args:
        students: their names.
        files: paths of all files.
    """
    parts = {part for name in files if not name.isascii() for part in name.split("/")}
    forms: dict[str, set[bool]] = defaultdict(set)
    for part in parts:
        plain = unicodedata.normalize("NFC", part)
        forms[plain if "." not in plain else stem_of(plain)].add(plain == part)
    return sorted({student for student in students if len(forms.get(student, ())) > 1})


def _plain(student: str) -> str:
    return plain_name("".join(one for one in student if unicodedata.category(one) != "Cf"))


def _without_number(name: str) -> str:
    """Return a name without the number that Microsoft Forms gives to a second file."""
    before, _, number = name.rpartition(" ")
    return before if number.isdigit() else name
