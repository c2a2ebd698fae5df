"""One word of the glossary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """One word of the field.

    Attributes:
        name: the word as the lessons use it.
        meaning: one or two sentences.
        lessons: numbers of the lessons that explain or use it, the explaining one first.
        elsewhere: other names for it, in libraries and papers; empty where there is none.
        spelled: other spellings under which a lesson may have it.
        not_called: words that the course does not use for it, though others do.
    """

    name: str
    meaning: str
    lessons: tuple[int, ...]
    elsewhere: str = ""
    spelled: tuple[str, ...] = ()
    not_called: tuple[str, ...] = ()
