"""The table of lesson 12: what the course recommends, and what published runs say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.compare import Contrast, Verdict
from course_lib.measured import Cell, show_table
from course_lib.outcomes import Outcome


@dataclass(frozen=True)
class Advice:
    """A recommendation of an earlier lesson, and what the published runs say of it.

    Attributes:
        words: the recommendation, short.
        lesson: the lesson that gives it.
        found: the contrast that tests it, or whether a fact is as it says.
        wanted: verdicts on the contrast that confirm it.
    """

    words: str
    lesson: str
    found: Contrast | bool | np.bool_
    wanted: tuple[str, ...] = ("better",)

    @property
    def answer(self) -> str:
        """`confirmed`, `contradicted` or `open`.

        >>> Advice("a", "lesson 8", True).answer, Advice("b", "lesson 8", False).answer
        ('confirmed', 'contradicted')
        """
        if not isinstance(self.found, Contrast):
            return "confirmed" if self.found else "contradicted"
        if self.found.verdict.value in self.wanted:
            return "confirmed"
        return "open" if self.found.verdict is Verdict.OPEN else "contradicted"


def show_advice(rows: Sequence[Advice]) -> None:
    """Display what the published runs say of each recommendation, and record `… is confirmed`."""
    table: list[list[Cell]] = []
    for one in rows:
        if not isinstance(one.found, Contrast):
            said: list[Cell] = ["yes" if one.found else "no", "–"]
        else:
            said = [
                f"{one.found.ours} {one.found.verdict.value}, against {one.found.theirs}",
                one.found.difference,
            ]
        table.append([one.words, one.lesson, *said, one.answer])
    show_table(
        ["our advice", "lesson", "the published runs say", "difference of loss", "so it is"],
        table,
        [Outcome(f"{one.words} is {one.answer}", "is", "true") for one in rows],
    )
