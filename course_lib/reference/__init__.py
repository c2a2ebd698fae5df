"""Pages to look things up: a cheat sheet of all schedules and a glossary, both made from data."""

from course_lib.reference.cheat_sheet import ENTRIES, Entry
from course_lib.reference.glossary import TERMS, Term
from course_lib.reference.tables import cheat_sheet, glossary, page

__all__ = ["ENTRIES", "TERMS", "Entry", "Term", "cheat_sheet", "glossary", "page"]
