"""The people of a roster and their marks: who is missing, who is unknown, how late they are."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from course_tools.grading.gradebook.adjustments import graded_points
from course_tools.grading.gradebook.journal import HandedIn, Standing, Student
from course_tools.grading.intake.layouts import NUMBERING, platform_of
from course_tools.grading.intake.roster import Roster, RosterPerson
from course_tools.grading.intake.roster_matching import Matching, Origin, match
from course_tools.grading.late_days import DatedWork, LatePolicy, lateness
from course_tools.grading.report import NOT_HANDED_IN


@dataclass(frozen=True)
class Missing:
    """A person of the roster without work.

    Attributes:
        person: the person.
        exercise: the exercise, "" for one who handed in nothing and has no mark at all.
        by_hand: the excuse or the mark that somebody gave by hand, None for none.
    """

    person: RosterPerson
    exercise: str
    by_hand: Standing | None = None


@dataclass(frozen=True)
class Enrollment:
    """The people of a class and those who handed in.

    Attributes:
        roster: the people; None: there is no roster, and everybody is who they say.
        people: student as the hand-ins give the name -> the person's name and id; and a person
            as earlier calls named them -> the same person's name now.
        persons: the person's name and id -> the person.
    """

    roster: Roster | None = None
    people: Mapping[Student, Student] = field(default_factory=dict)
    persons: Mapping[Student, RosterPerson] = field(default_factory=dict)

    def missing(self, standings: Sequence[Standing]) -> tuple[Missing, ...]:
        """Return who of the roster has no work: at all, or in one of the class's exercises.

        Whose file cannot be read has handed in something, nobody knows for which exercise.
        """
        if self.roster is None:
            return ()
        done: dict[Student, set[str]] = {}
        by_hand: dict[Student, dict[str, Standing]] = {}
        for one in standings:
            student = (one.student, one.user)
            if one.report.state == NOT_HANDED_IN:
                by_hand.setdefault(student, {})[one.exercise] = one
            else:
                done.setdefault(student, set()).add(one.exercise)
        exercises = set().union(*done.values()) - {""}
        found = []
        for student, person in self.persons.items():
            of_them, given = done.get(student, set()), by_hand.get(student, {})
            if not of_them and not given:
                found.append(Missing(person, ""))
            elif "" not in of_them:
                names = sorted((exercises | given.keys()) - of_them)
                found += [Missing(person, name, given.get(name)) for name in names]
        return tuple(found)

    def unknown(self, standings: Sequence[Standing]) -> tuple[Student, ...]:
        """Return the students whom the roster does not know."""
        if self.roster is None:
            return ()
        students = dict.fromkeys((one.student, one.user) for one in standings)
        return tuple(one for one in students if one not in self.persons)


def enrolled(roster: Roster | None, now: Matching, files: Iterable[HandedIn]) -> Enrollment:
    """Return a class by its roster.

    Args:
        roster: the people of the class, None for no roster.
        now: people who handed in what is graded now, as the instructor was asked.
        files: everything in the gradebook; who handed in earlier is found in the same way.
    """
    if roster is None:
        return Enrollment()
    asked = {*now.people, *now.unknown, *now.ambiguous}
    before: dict[Student, Origin] = {}
    for one in files:
        if (who := (one.student, one.user)) not in asked:
            exercises = before.get(who, Origin()).exercises | {one.exercise} - {""}
            before[who] = Origin(_platform(one), exercises)
    found = {**match(roster, before).people, **now.people}
    return enrollment({student: (one.name, one.id) for student, one in found.items()}, roster)


def _platform(one: HandedIn) -> str:
    """Return the platform that named somebody; other people's own names may look like it."""
    platform = platform_of(one.place)
    return platform if one.user or platform not in NUMBERING else ""


def enrollment(people: Mapping[Student, Student], roster: Roster) -> Enrollment:
    """Return a class of which it is known who is who.

    Args:
        people: student as the hand-ins give the name -> the person's name and id.
        roster: the people of the class.
    """
    return Enrollment(roster, people, {(one.name, one.id): one for one in roster.people})


def with_earlier_names(
    now: Enrollment, before: Enrollment, files: Iterable[HandedIn]
) -> Enrollment:
    """Return a class in which people are found by the names that they had in earlier calls.

    Marks by hand are kept under the name of that time. Where a roster has another name or id for
    the same work now, or there is no roster any more, they would be nobody's.

    Args:
        now: the class of this call.
        before: the class of the last call, with the names of the calls before it.
        files: everything in the gradebook.
    """
    own = {(one.student, one.user) for one in files}
    work: dict[Student, set[Student]] = {}
    were = {person: {person} for person in before.persons}  # now -> in the last call
    for student, person in before.people.items():
        same = now.people.get(student, student)
        if student in own:
            work.setdefault(person, set()).add(same)
        were.setdefault(same, set()).add(person)
    earlier = {*before.persons, *before.people, *before.people.values()}
    earlier -= {*own, *now.persons, *now.people}
    gone = {before.people.get(one, one) for one in earlier} - {*now.persons, *now.people}
    namesakes = Counter(name for name, _ in gone)

    def found(person: Student) -> Student:
        if person in now.persons or person in now.people:
            return now.people.get(person, person)
        # By their work, which is the same under any name; or else by the name, if it is one, and
        # that of nobody else: who was somebody in the last call was not renamed to this one.
        names = [
            one
            for one in now.persons
            if one[0] == person[0] and namesakes[one[0]] == 1 and were.get(one, set()) <= {person}
        ]
        for same in (work.get(person, ()), names):
            if len(same) == 1:
                (person,) = same
                break
        return person

    renamed = {one: found(before.people.get(one, one)) for one in sorted(earlier)}
    renamed = {one: person for one, person in renamed.items() if one != person}
    return dataclasses.replace(now, people={**renamed, **now.people})


def with_lateness(
    standings: Sequence[Standing], policy: LatePolicy, enrollment: Enrollment
) -> list[Standing]:
    """Return standings that say how late they are, where a due date is set.

    Args:
        standings: as `Gradebook.standings` returns them, sorted by student.
        policy: the due dates and what late days cost.
        enrollment: the people, some of whom have an extension.
    """
    return list(_with_lateness(standings, policy, enrollment)) if policy.due else list(standings)


def _with_lateness(
    standings: Sequence[Standing], policy: LatePolicy, enrollment: Enrollment
) -> Iterator[Standing]:
    for student, some in groupby(standings, lambda one: (one.student, one.user)):
        own = list(some)
        person = enrollment.persons.get(student)
        work = {
            one.exercise: DatedWork(one.handed_in.time, one.report.reached, one.report.possible)
            for one in own
            if graded_points(one.report) is not None
        }
        late = lateness(work, policy, person.extension if person else 0.0)
        for one in own:
            yield dataclasses.replace(one, late=late.get(one.exercise))
