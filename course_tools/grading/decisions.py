"""Decisions that somebody has to make before anything is graded, and those of earlier calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from course_tools.grading.gradebook.journal import Gradebook
from course_tools.grading.publishing import Publication, last_publication
from course_tools.grading.settings import Settings, differences

_NAME = "decided"  # among the texts that the gradebook keeps


@dataclass(frozen=True)
class Earlier:
    """The traces of earlier calls in the gradebook.

    Attributes:
        decided: questions that were answered with --yes.
        last: choices of the last call; None for a new gradebook.
    """

    decided: frozenset[str] = frozenset()
    last: Publication | None = None


@dataclass(frozen=True)
class Differences:
    """Settings that are not those of the last call.

    Attributes:
        told: the differences in words, "" where there are none.
        missing: options that the last call had, in words, "" where none is missing.
    """

    told: str = ""
    missing: str = ""


def earlier(book: Gradebook | None) -> Earlier:
    """Return what earlier calls left in a gradebook; nothing where there is none yet."""
    if book is None:
        return Earlier()
    return Earlier(frozenset(json.loads(book.kept(_NAME) or "[]")), last_publication(book))


def keep(book: Gradebook, before: Earlier, questions: Sequence[str]) -> None:
    """Keep that questions were answered with --yes, so that the next call does not ask again."""
    book.keep(**{_NAME: json.dumps(sorted(before.decided.union(questions)))})


def compared(
    last: Publication | None, settings: Settings, *, has_config: bool, has_roster: bool
) -> Differences:
    """Return how a call differs from the last one: a forgotten --config changes marks.

    Args:
        last: choices of the last call.
        settings: settings of this one.
        has_config: whether it has a --config.
        has_roster: whether it has a --roster.
    """
    if last is None:
        return Differences()
    try:
        changed = differences(last.settings, settings)
    except ValueError as error:  # of a version of the course that had other settings
        changed = [f"those of the last call cannot be read ({error})"]
    missing = "--config" if changed and not has_config else ""
    told = f"Settings differ from those of the last call: {', '.join(changed)}." if changed else ""
    if last.people.roster is not None and not has_roster:
        told = f"{told} The last call had a roster.".strip()
        missing = f"{missing} and --roster" if missing else "--roster"
    return Differences(told, missing)
