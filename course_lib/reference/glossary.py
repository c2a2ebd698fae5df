"""The words of the course: their meaning, the lessons that explain them, the libraries' names."""

from __future__ import annotations

from course_lib.reference.term import Term
from course_lib.reference.terms_of_schedules import SCHEDULE_TERMS
from course_lib.reference.terms_of_training import TRAINING_TERMS

__all__ = ["LAST_LESSON", "TERMS", "Term"]

LAST_LESSON = 13

#: Every term, in the order of the alphabet.
TERMS = tuple(sorted((*SCHEDULE_TERMS, *TRAINING_TERMS), key=lambda term: term.name.lower()))
