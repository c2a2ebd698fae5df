"""Says before anything is graded who handed in what, what is left out, and what may be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from course_tools.grading.intake.roster import Roster
from course_tools.grading.intake.roster_matching import Matching, Student
from course_tools.grading.intake.submissions import (
    BESIDE,
    COURSES_OWN,
    NOBODYS,
    TOOLS_OWN,
    Intake,
    Submission,
)
from course_tools.grading.late_days import LatePolicy, looks_packed
from course_tools.grading.settings import BEST, FIRST
from course_tools.grading.visible_text import visible

_MOST_NAMED = 5
_MOST_ASKED = 20
_WHY = {
    NOBODYS: "Left out because they belong to nobody",
    COURSES_OWN: "Left out because they are the course's own",
    BESIDE: "Left out beside a student's notebook",
    TOOLS_OWN: "Left out because a system or a tool made them",
}


@dataclass(frozen=True)
class Preflight:
    """The findings that an instructor reads before anything is graded.

    Attributes:
        lines: the findings.
        questions: decisions that somebody has to make, each with the way to make it.
    """

    lines: tuple[str, ...]
    questions: tuple[str, ...]


def preflight(
    found: Intake,
    attempts: str,
    late: LatePolicy | None = None,
    roster: Roster | None = None,
    matching: Matching | None = None,
) -> Preflight:
    """Return the lines and the questions for the instructor.

    Args:
        found: the files and their students.
        attempts: the attempt that counts, a policy of `settings`.
        late: the due dates.
        roster: the people of the class, None where there is no roster.
        matching: the people of the roster among those who handed in.
    """
    lines = [*_found(found), *_several(found, attempts)]
    questions = [*_doubtful_names(found, matching), *_ties(found, attempts)]
    if roster is not None and matching is not None:
        lines += _by_roster(found, roster, matching)
        questions += _doubtful_people(found, matching)
    if late is not None and late.due:
        lines += _lateness(found)
        moments = [m for one in found.submissions if (m := one.time.moment) is not None]
        if looks_packed(moments, late):
            questions.append(
                "All files are later than they were due, and of the same hour: these are rather "
                "the times of a download or a copy. Give the platform's own zip file, or a "
                "configuration without [late]; --yes takes the times as they are."
            )
    return Preflight(tuple(lines), tuple(questions))


def student_words(student: Student) -> str:
    """Return a student's name and number for a sentence."""
    name, user = student
    return visible(f"{name} ({user})" if user else name)


def _found(found: Intake) -> Iterator[str]:
    notebooks = _count(len({one.place for one in found.submissions}), "file")
    yield f"{_count(len(found.students), 'student')}, {notebooks}: {found.layout}."
    for why, words in _WHY.items():
        if files := found.left_out.get(why):
            yield f"{words}: {_some(files)}"
    if refused := [one.place for one in found.submissions if one.refused]:
        yield f"Not run, as it is the course's own: {_some(refused)}"
    if found.archives:
        yield f"Not opened, though there may be work in it: {_some(found.archives)}"
    for some in found.copies:
        yield f"Named as copies, taken as several people: {', '.join(map(_quoted, some))}"
    if found.merged:
        yield f"Written in two normal forms, taken as one person: {_some(found.merged)}"


def _several(found: Intake, attempts: str) -> Iterator[str]:
    several = [
        f"{student_words((student, user))}, {exercise}: {_choice(some, attempts)}"
        for (student, user, exercise), some in sorted(found.several.items())
    ]
    if several:
        yield "Several notebooks for one exercise:"
        yield from (f"  {one}" for one in several[:_MOST_NAMED])
        if len(several) > _MOST_NAMED:
            yield f"  and {len(several) - _MOST_NAMED} more, which class.html lists"


def _doubtful_names(found: Intake, matching: Matching | None) -> Iterator[str]:
    people = set() if matching is None else {name for name, _ in matching.people}
    for some in found.alike:
        if any(one not in people for one in some):
            yield (
                f"May be one person: {', '.join(map(_quoted, some))}. If so, put the files into "
                "one folder; --yes takes them as they are named."
            )
    if found.unclear:
        yield (
            f"The zip file does not say how names are encoded. {_readings(found.unclear)}: say "
            "--zip-names with the right one."
        )
    if found.garbled:
        yield (
            f"Names that look garbled: {_some(found.garbled)}. Rename them, or unpack the zip file "
            "again with another program; --yes takes them as they are."
        )


def _readings(unclear: Sequence[Sequence[tuple[str, str]]]) -> str:
    """Return what a name is in the encodings that read it differently."""
    choices = max(unclear, key=lambda some: len({text for _, text in some}))
    by_text: dict[str, list[str]] = {}
    for encoding, text in choices:
        by_text.setdefault(text, []).append(encoding)
    some = list(by_text.items())[:_MOST_NAMED]
    return ", ".join(f"{encodings[0]} reads {_quoted(text)}" for text, encodings in some)


def _ties(found: Intake, attempts: str) -> Iterator[str]:
    """Yield the choices that nothing but the names of files would decide."""
    if attempts == BEST:
        return
    for (student, user, exercise), some in sorted(found.several.items()):
        ordered = _ordered(some)
        one, other = ordered[:2] if attempts == FIRST else ordered[-2:]
        if one.order == other.order:
            yield (
                f"{student_words((student, user))} handed in {exercise} several times, of the same "
                f"time: {_some([one.place for one in ordered])}. Remove all but one, or give the "
                "one that counts the latest time."
            )


def _by_roster(found: Intake, roster: Roster, matching: Matching) -> Iterator[str]:
    here = {one.id for one in matching.people.values()}
    missing = [one.name for one in roster.people if one.id not in here]
    yield (
        f"Roster: {_count(len(roster.people), 'student')}, of whom {len(here)} handed in."
        + (f" Not among these files: {_some(missing)}" if missing else "")
    )
    if roster.unused:
        yield f"Columns of the roster that are not used: {_some(roster.unused)}"
    for person, some in matching.together:
        names = ", ".join(map(student_words, some))
        yield f"One person by the roster, {visible(person.name)}: {names}"


def _doubtful_people(found: Intake, matching: Matching) -> Iterator[str]:
    for student, near in list(matching.unknown.items())[:_MOST_ASKED]:
        hint = f"; did they mean {_quoted(near)}?" if near else ""
        yield (
            f"Not in the roster: {student_words(student)}{hint} Correct the roster, such as its "
            "column login; --yes grades unknown people, too."
        ).replace("  ", " ")
    if len(matching.unknown) > _MOST_ASKED:
        yield f"and {len(matching.unknown) - _MOST_ASKED} more are not in the roster."
    for student, people in list(matching.ambiguous.items())[:_MOST_ASKED]:
        names = ", ".join(f"{visible(one.name)} ({one.id})" for one in people)
        yield (
            f"{student_words(student)} may be {names}. The platform's number or the login in the "
            "roster decides; with --yes it is nobody of the roster."
        )
    for person, some in matching.together:
        lists = [found.exercises.get(one, frozenset()) for one in some]
        if sum(map(len, lists)) > len(frozenset().union(*lists)):
            names = ", ".join(map(student_words, some))
            yield (
                f"{names} handed in the same exercise, and only {visible(person.name)} "
                f"({person.id}) in the roster fits. If they are two people, add the other one; "
                "--yes takes them as one."
            )


def _lateness(found: Intake) -> Iterator[str]:
    marked = [one.student for one in found.submissions if one.time.marked_late]
    if marked:
        yield (
            f"Late by {found.platform}, which does not say how late; no points are taken here: "
            f"{_some(marked)}"
        )


def _ordered(some: Iterable[Submission]) -> list[Submission]:
    return sorted(some, key=lambda one: (one.order, one.place))


def _choice(some: Sequence[Submission], attempts: str) -> str:
    names = [one.place for one in _ordered(some)]
    if attempts == BEST:
        return f"the best of {_some(names)} counts"
    chosen = names[0] if attempts == FIRST else names[-1]
    others = [one for one in names if one != chosen]
    return f"{visible(chosen)} counts, as the {attempts}, and not {_some(others)}"


def _quoted(name: str) -> str:
    return repr(visible(name))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(map(visible, names[:_MOST_NAMED])) + more


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
