"""Pages to look things up: a cheat sheet, a glossary, what each library means, made from data."""

from course_lib.reference.cheat_sheet import ENTRIES, Entry
from course_lib.reference.glossary import TERMS, Term
from course_lib.reference.tables import (
    cheat_sheet,
    conventions,
    glossary,
    known_of_libraries,
    page,
    same_plan,
)

__all__ = [
    "ENTRIES",
    "TERMS",
    "Entry",
    "Term",
    "cheat_sheet",
    "conventions",
    "glossary",
    "known_of_libraries",
    "page",
    "same_plan",
]
