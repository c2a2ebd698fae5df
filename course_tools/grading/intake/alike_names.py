"""Finds names of students that may be one person's."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from course_tools.grading.intake.places import stem_of, without_copy


def alike_names(students: Iterable[str]) -> tuple[list[list[str]], list[list[str]]]:
    """Return names that differ in case and blanks, and in a copy's number.

    Args:
        students: names that no platform's number tells apart.
    """
    whole: dict[str, list[str]] = defaultdict(list)
    without: dict[str, list[str]] = defaultdict(list)
    for student in sorted(set(students)):
        plain = " ".join(unicodedata.normalize("NFKC", student).casefold().split())
        whole[plain].append(student)
        without[without_copy(plain).strip()].append(student)
    alike = [some for some in whole.values() if len(some) > 1]
    return alike, [some for some in without.values() if len(some) > 1 and some not in alike]


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
