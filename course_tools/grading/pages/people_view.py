"""The people on the page of a class: missing, unknown and late ones, and choices made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from course_tools.grading.enrollment import Enrollment
from course_tools.grading.gradebook.journal import HandedIn, Standing, Student
from course_tools.grading.late_days import Lateness
from course_tools.grading.pages.by_hand_words import without_work_words

_SAME_PLACE = "an earlier version of it"


@dataclass(frozen=True)
class MissingView:
    """Somebody of the roster without work in an exercise, "" for any.

    Attributes:
        student: name of the person.
        user: id of the person.
        exercise: name of the exercise.
        by_hand: "excused", or the mark that was given by hand, in words; "" for neither.
    """

    student: str
    user: str
    exercise: str
    by_hand: str = ""


@dataclass(frozen=True)
class LateView:
    """A hand-in that is late; what it costs, in words."""

    student: str
    user: str
    exercise: str
    words: str


@dataclass(frozen=True)
class ChoiceView:
    """The choice among several notebooks of an exercise.

    Attributes:
        student: name of the student.
        user: the student's number, "" for none.
        exercise: name of the exercise.
        counts: the file that counts.
        others: the other ones.
    """

    student: str
    user: str
    exercise: str
    counts: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class PeopleView:
    """The people of a class, beside their points.

    Attributes:
        enrolled: number of people in the roster, None where there is none.
        missing: people of the roster without work.
        unknown: (student, user) of those whom the roster does not know.
        late: hand-ins after they were due.
        choices: choices among several notebooks of an exercise.
    """

    enrolled: int | None = None
    missing: tuple[MissingView, ...] = ()
    unknown: tuple[Student, ...] = ()
    late: tuple[LateView, ...] = ()
    choices: tuple[ChoiceView, ...] = ()


def people_view(
    standings: Sequence[Standing], enrollment: Enrollment, files: Iterable[HandedIn]
) -> PeopleView:
    """Return what the page of a class shows of its people.

    Args:
        standings: the attempts that count.
        enrollment: the roster, where there is one.
        files: all files in the gradebook.
    """
    roster = enrollment.roster
    return PeopleView(
        None if roster is None else len(roster.people),
        tuple(
            MissingView(
                one.person.name,
                one.person.id,
                one.exercise,
                without_work_words(one.by_hand),
            )
            for one in enrollment.missing(standings)
        ),
        enrollment.unknown(standings),
        tuple(_late(standings)),
        tuple(_choices(standings, enrollment, files)),
    )


def late_words(late: Lateness | None, points: float | None, possible: float) -> str:
    """Return how late a hand-in is and what that costs, "" for one that is not late.

    Args:
        late: its late days and their cost.
        points: points that count, None for no mark.
        possible: points that the exercise is worth.
    """
    if late is None or late.days == 0:
        return ""
    if late.days is None:
        return "Handed in late, the learning platform says. No points are taken off here."
    days = "1 day" if late.days == 1 else f"{late.days} days"
    free = ""
    if late.free:
        free = f" {late.free} of them {'is' if late.free == 1 else 'are'} free."
        free = " This day is free." if late.days == late.free == 1 else free
    if not late.lost:
        return f"Handed in {days} late ({late.handed_in}).{free} No points are taken off."
    counts = f" Points that count: {_number(points)} of {_number(possible)}."
    return (
        f"Handed in {days} late ({late.handed_in}).{free} Points taken off: {_number(late.lost)}."
        f"{'' if points is None else counts}"
    )


def _late(standings: Iterable[Standing]) -> Iterator[LateView]:
    for one in standings:
        if words := late_words(one.late, one.points, one.possible):
            yield LateView(one.student, one.user, one.exercise, words)


def _choices(
    standings: Iterable[Standing], enrollment: Enrollment, files: Iterable[HandedIn]
) -> Iterator[ChoiceView]:
    places: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    for file in files:
        who = (file.student, file.user)
        places[(*enrollment.people.get(who, who), file.exercise)].setdefault(file.place)
    for one in standings:
        if one.others and one.exercise:
            counts = one.handed_in.place
            others = [
                name for name in places[one.student, one.user, one.exercise] if name != counts
            ]
            others += [_SAME_PLACE] * (len(others) < one.others)
            yield ChoiceView(one.student, one.user, one.exercise, counts, tuple(others))


def _number(value: float) -> str:
    return f"{round(value, 2):.10g}"
