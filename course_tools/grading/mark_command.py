"""The command `lr-course mark`: changes marks by hand, and writes tables and pages again."""

from __future__ import annotations

import getpass
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from course_tools.grading.gradebook.adjustments import (
    BONUS,
    EXCUSE,
    SET,
    UNDO,
    Adjustment,
    in_force,
)
from course_tools.grading.gradebook.by_hand import of_people
from course_tools.grading.gradebook.engine import NoGradebookError
from course_tools.grading.gradebook.journal import Gradebook, Standing
from course_tools.grading.mark_requests import ClassList, MarkRequest, adjustment_of
from course_tools.grading.pages.by_hand_words import (
    action_words,
    adjustment_words,
    mark_words,
    outdated_lines,
    who_words,
)
from course_tools.grading.publishing import (
    Publication,
    last_publication,
    publish,
    standings_of,
)
from course_tools.grading.visible_text import visible

_MOST_SHOWN = 20  # wrong lines of a file; the rest is counted


def change_marks(out: Path, gradebook: str | None, requests: Sequence[MarkRequest]) -> None:
    """Write changes of marks, all or none, then all tables and pages; print the marks.

    Args:
        out: folder that `lr-course grade` wrote.
        gradebook: URL of the gradebook, None for the one in the folder.
        requests: the changes.

    Raises:
        ValueError: one of them is not possible, or there is no gradebook; nothing was written.
    """
    with _opened(out, gradebook) as book, book.held("lr-course mark"):
        given = _last(book, out)
        standings, people = standings_of(book, given), given.people
        files = {(one.student, one.user) for one in book.files()}
        written = {(one.student, one.user) for one in book.adjustments()}
        students = {people.people.get(one, one) for one in files | written} | set(people.persons)
        others = {student: person.names for student, person in people.persons.items()}
        changes = list(_checked(requests, ClassList(standings, students, others)))
        new = book.adjust(*changes, people=people.people)
        marks = {_name(one): one for one in publish(book, out, given)}
    for change, is_new in zip(changes, new, strict=True):
        mark = marks.get(_name(change))
        words = mark_words(mark) if mark else "no mark"
        was = "" if is_new else ", as it was before"
        click.echo(f"{who_words(change)}: {words}{was}{_reason(change, mark)}")
    click.echo(f"Tables and pages: {out}")


def _reason(change: Adjustment, mark: Standing | None) -> str:
    """Return why a mark is not what the change says, "" where it is."""
    own = mark.adjustments if mark else ()
    if mark and mark.is_excused and change.action in (SET, BONUS):
        return ", because the student is excused from it; `undo` ends that"
    if change.task and any(one.action == SET and not one.task for one in own):
        return ", because the mark of the whole exercise was set by hand"
    bonus = [one for one in own if one.action == BONUS and not one.task]
    if change.action == SET and not change.task and bonus:
        return f", with what was given before: {action_words(bonus[0])}"
    return ""


def list_marks(out: Path, gradebook: str | None) -> None:
    """Print all changes of marks, the first one first, and whether they count.

    Args:
        out: folder that `lr-course grade` wrote.
        gradebook: URL of the gradebook, None for the one in the folder.

    Raises:
        ValueError: there is no gradebook.
    """
    with _opened(out, gradebook) as book:
        given = _last(book, out)
        written = list(of_people(book.adjustments(), given.people.people))
        standings = standings_of(book, given)
    counting = {each for own in in_force(written).values() for each in own}
    for one in written:
        ended = "" if one in counting or one.action == UNDO else " - no longer in force"
        click.echo(f"{who_words(one)}: {visible(adjustment_words(one))}{ended}")
    for line in outdated_lines(standings):
        click.echo(line)
    if not written:
        click.echo("No mark was changed by hand.")


def me() -> str:
    """Return the name of the person at this machine.

    Raises:
        ValueError: the system has none.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:
        raise ValueError("this system does not know who you are; give --by NAME") from error


def _opened(out: Path, gradebook: str | None) -> Gradebook:
    url = gradebook or f"sqlite:///{(out / 'grades.sqlite').resolve()}"
    try:
        return Gradebook(url, create=False)
    except NoGradebookError as error:
        raise ValueError(
            f"{error}; name the folder that `lr-course grade` wrote, or the gradebook with "
            "--gradebook"
        ) from error


def _last(book: Gradebook, out: Path) -> Publication:
    given = last_publication(book)
    if given is None or not out.is_dir():
        raise ValueError(
            f"{out} has no tables and pages of this gradebook yet; run `lr-course grade` first"
        )
    return given


def _checked(requests: Sequence[MarkRequest], known: ClassList) -> Iterator[Adjustment]:
    wrong, found = [], []
    seen: dict[tuple[str, ...], str] = {}
    for one in requests:
        try:
            change = adjustment_of(one, known)
        except ValueError as error:
            wrong.append(f"{one.where}{error}")
            continue
        found.append(change)
        # A mark and an excuse of one exercise take each other's place.
        kind = SET if change.action == EXCUSE else change.action
        slot = (*_name(change), change.task, kind)
        if (first := seen.setdefault(slot, one.where)) != one.where:
            wrong.append(f"{one.where}the same mark as in {first.rstrip(': ')}")
    if len(wrong) == 1:
        raise ValueError(f"{wrong[0]}; nothing was written")
    if wrong:
        more = [f"and {len(wrong) - _MOST_SHOWN} more"] if len(wrong) > _MOST_SHOWN else []
        told = "\n  ".join([*wrong[:_MOST_SHOWN], *more])
        raise ValueError(f"nothing was written, because of {len(wrong)} lines:\n  {told}")
    yield from found


def _name(one: Adjustment | Standing) -> tuple[str, str, str]:
    return one.student, one.user, one.exercise
