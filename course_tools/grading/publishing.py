"""Writes tables and pages from the gradebook, for all commands that change marks."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

from course_tools.grading import exports
from course_tools.grading.enrollment import Enrollment, enrollment, with_lateness
from course_tools.grading.gradebook.journal import Gradebook, Standing
from course_tools.grading.intake.roster import Roster, RosterPerson
from course_tools.grading.pages import class_pages, feedback_zips
from course_tools.grading.pages.people_view import people_view
from course_tools.grading.settings import Settings, parse_settings

_NAME = "publication"  # among the texts that the gradebook keeps


@dataclass(frozen=True)
class Publication:
    """The choices of the last call of `lr-course grade` about tables and pages.

    Attributes:
        config: text of its configuration, "" for the defaults.
        people: people of the class, as far as there is a roster.
        style: style of the tables for people.
        pending: files that it left without a result.
    """

    config: str = ""
    people: Enrollment = field(default_factory=Enrollment)
    style: str = exports.STANDARD
    pending: int = 0

    @property
    def settings(self) -> Settings:
        """Limits and policies.

        Raises:
            ValueError: another version of the course had other ones.
        """
        return parse_settings(self.config, "the --config of the last call")

    def keep(self, book: Gradebook) -> None:
        """Write it to the gradebook."""
        roster = self.people.roster
        values = {
            "config": self.config,
            "roster": None if roster is None else dataclasses.asdict(roster),
            "people": [[*student, *person] for student, person in self.people.people.items()],
            "style": self.style,
            "pending": self.pending,
        }
        book.keep(**{_NAME: json.dumps(values)})


def last_publication(book: Gradebook) -> Publication | None:
    """Return the choices of the last call of `lr-course grade`, None for a new gradebook."""
    text = book.kept(_NAME)
    if text is None:
        return None
    values = json.loads(text)
    students = {(a, b): (c, d) for a, b, c, d in values["people"]}
    people = Enrollment(people=students)
    if values["roster"] is not None:
        persons = tuple(RosterPerson(**one) for one in values["roster"]["people"])
        roster = Roster(persons, tuple(values["roster"]["unused"]))
        people = enrollment(students, roster)
    return Publication(values["config"], people, values["style"], values["pending"])


def standings_of(book: Gradebook, given: Publication) -> list[Standing]:
    """Return the marks that count, with late days."""
    settings = given.settings
    standings = book.standings(settings.policy.attempts, given.people.people)
    return with_lateness(standings, settings.late, given.people)


def publish(book: Gradebook, out: Path, given: Publication) -> list[Standing]:
    """Write all tables and pages; return the marks that count.

    Args:
        book: the gradebook.
        out: folder of the tables.
        given: choices of the last call of `lr-course grade`.

    Raises:
        ValueError: a file cannot be written; the gradebook has everything all the same.
    """
    try:
        return _published(book, out, given)
    except OSError as error:
        file = error.filename2 or error.filename or out
        raise ValueError(
            f"{file} cannot be written: {error.strerror}. All marks are in the gradebook; when it "
            "can be written, give the same command again for the tables and pages"
        ) from error


def _published(book: Gradebook, out: Path, given: Publication) -> list[Standing]:
    standings = standings_of(book, given)
    exports.write_exports(standings, out, given.people, given.style)
    class_pages.write(
        standings,
        book.whole(standings),
        out,
        given.settings,
        pending=max(given.pending, book.pending()),
        people=people_view(standings, given.people, book.files()),
    )
    feedback_zips.write_zips(standings, book.whole, out, given.settings.policy.show_hidden)
    return standings
