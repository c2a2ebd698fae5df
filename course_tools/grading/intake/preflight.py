"""Says before anything is graded who handed in what, what is left out, and what may be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from course_tools.grading.intake.layouts import CANVAS
from course_tools.grading.intake.places import NOTEBOOK
from course_tools.grading.intake.roster import Roster
from course_tools.grading.intake.roster_matching import (
    Matching,
    Student,
    is_canvas_name,
    is_somebody_elses,
)
from course_tools.grading.intake.submissions import (
    BESIDE,
    COURSES_OWN,
    NOBODYS,
    TOOLS_OWN,
    Intake,
    Submission,
)
from course_tools.grading.late_days import LatePolicy, RecordedTime, looks_packed
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
    lines = [*_found(found), *_several(found, attempts), *_marked_late(found)]
    questions = [
        *_doubtful_names(found, matching),
        *_doubtful_files(found),
        *_ties(found, attempts),
    ]
    if roster is not None and matching is not None:
        lines += _by_roster(found, roster, matching)
        questions += _doubtful_people(found, matching)
    if late is not None and late.due:
        questions += _packed(found, late)
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
    if found.unread:
        yield f"Cannot be read: {_some(found.unread)}"
    if found.empty:
        yield f"Folders without any file: {_some(found.empty)}"
    if found.copies:
        groups = [", ".join(map(_quoted, some)) for some in found.copies[:_MOST_NAMED]]
        more = len(found.copies) - _MOST_NAMED
        groups += [f"and {more} more"] if more > 0 else []
        yield f"Named as copies, taken as several people: {'; '.join(groups)}"
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
    doubtful = [some for some in found.alike if any(one not in people for one in some)]
    if doubtful:
        groups = "; ".join(", ".join(map(_quoted, some)) for some in doubtful[:_MOST_ASKED])
        more = f"; and {len(doubtful) - _MOST_ASKED} more" if len(doubtful) > _MOST_ASKED else ""
        yield (
            f"May be one person: {groups}{more}. If so, put the files into one folder; --yes takes "
            "them as they are named."
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


def _doubtful_files(found: Intake) -> Iterator[str]:
    if found.unclaimed:
        yield (
            f"Belong to nobody, though there may be work in them: {_some(found.unclaimed)}. Put a "
            "notebook, or what is in an archive, into a folder with the student's name, put the "
            f"file itself in place of a link, and end the name of a notebook with {NOTEBOOK}; "
            "--yes leaves them out."
        )
    if found.hiding:
        yield (
            f"Several files in the zip file have one name: {_some(found.hiding)}. They may be two "
            "people's, and a program can read only one of them. Pack the files again; --yes takes "
            "the last."
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
    tied = []
    for (student, user, exercise), some in sorted(found.several.items()):
        ordered = _ordered(some)
        one, other = ordered[:2] if attempts == FIRST else ordered[-2:]
        # A file that Canvas gave to download twice is one file.
        if one.order == other.order and not one.upload:
            names = _some([one.place for one in ordered])
            tied.append(f"{student_words((student, user))}, {exercise}: {names}")
    if tied:
        more = f"; and {len(tied) - _MOST_NAMED} more" if len(tied) > _MOST_NAMED else ""
        yield (
            f"Several notebooks of the same time: {'; '.join(tied[:_MOST_NAMED])}{more}. Remove "
            "all but one, or change the times; --yes takes the last by its name."
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
    if others := _named_otherwise(found, matching):
        yield f"Named otherwise in the roster, as a group may be: {_some(others)}"
    for person, some in matching.together:
        names = ", ".join(map(student_words, some))
        yield f"One person by the roster, {visible(person.name)}: {names}"


def _doubtful_people(found: Intake, matching: Matching) -> Iterator[str]:
    if matching.unknown:
        names = [
            student_words(student) + (f" (similar: {visible(near)})" if near else "")
            for student, near in matching.unknown.items()
        ]
        yield (
            f"Not in the roster: {_some(names, _MOST_ASKED)}. Correct the roster, where the column "
            "login may hold the name of a folder or file; --yes grades people who are not in it, "
            "too."
        )
    for student, people in list(matching.ambiguous.items())[:_MOST_ASKED]:
        names = " or ".join(f"{visible(one.name)} ({one.id})" for one in people)
        why = ", and so may somebody else who handed in"
        if len(people) > 1:
            why = ""
        elif is_somebody_elses(people[0], student[1], found.platform):
            why = f", whose number in {found.platform} is another one"
        yield (
            f"{student_words(student)} may be {names}{why}. The platform's number or the login in "
            "the roster decides; with --yes it is nobody of the roster."
        )


def _marked_late(found: Intake) -> Iterator[str]:
    marked = [one.student for one in found.submissions if one.time.marked_late]
    if marked:
        yield (
            f"Late by {found.platform}, which does not say how late; no points are taken here: "
            f"{_some(marked)}"
        )


def _named_otherwise(found: Intake, matching: Matching) -> list[str]:
    """Return whom Canvas' number names, and the name does not: a group has one member's number."""
    if found.platform != CANVAS:
        return []
    return [
        f"{student_words(student)} is {visible(person.name)}"
        for student, person in matching.people.items()
        if not is_canvas_name(student[0], person.name)
    ]


def _packed(found: Intake, late: LatePolicy) -> Iterator[str]:
    timeless = [
        one.place
        for one in found.submissions
        if one.time.moment is None
        and found.platform != CANVAS
        and late.due_at(one.exercise) is not None
    ]
    if timeless:
        yield (
            f"No time is known, so that nobody is late with: {_some(timeless)}. Give the "
            "platform's own zip file; --yes takes them as in time."
        )
    moments: dict[str, list[RecordedTime]] = {}
    for one in found.submissions:
        if one.exercise and one.time.moment is not None:
            moments.setdefault(one.exercise, []).append(one.time.moment)
    for exercise, some in sorted(moments.items()):
        if looks_packed(exercise, some, late):
            yield (
                f"All files of {exercise} are later than it was due, and of the same hour, as "
                "after a download or a copy. Give the platform's own zip file; if that has no "
                "other times, take a configuration without a due date. --yes takes the times as "
                "they are."
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


def _some(names: Sequence[str], most: int = _MOST_NAMED) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(visible, names[:most])) + more


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
