"""Finds the people of a roster among those who handed in, and guesses nobody.

A platform's number or login decides first, then the e-mail address, then the whole name. Where
several people fit, none is taken.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from course_tools.grading.intake.layouts import (
    BLACKBOARD,
    BRIGHTSPACE,
    CANVAS,
    GITHUB,
    GRADESCOPE,
    ILIAS,
    MOODLE,
)
from course_tools.grading.intake.places import CANVAS_SHARD
from course_tools.grading.intake.roster import Roster, RosterPerson

#: Name and platform's number of a student, as the hand-ins give them.
Student = tuple[str, str]
#: The columns that hold a platform's own name for a person.
_OWN = {BLACKBOARD: ("blackboard",), GITHUB: ("github",)}
_PLAIN = ("id", "login", "canvas_id", "sis_id", "sis_login", "blackboard", "brightspace", "github")
#: Platforms whose names hold a number that is no column, or that differs between assignments.
_NAME_FIRST = {MOODLE: "moodle_id", BRIGHTSPACE: "org_defined_id"}


@dataclass(frozen=True)
class Origin:
    """The source of a student's name.

    Attributes:
        platform: the platform that gave it, one of `layouts.PLATFORMS`, "" for a folder or a file.
        exercises: the exercises that the student handed in.
    """

    platform: str = ""
    exercises: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Matching:
    """The people of the roster among those who handed in.

    Attributes:
        people: student -> the person.
        unknown: students whom nobody in the roster fits, each with a similar name, "" for none.
        ambiguous: student -> the people who fit, though several do or somebody else fits as well.
        together: students who are one person, where there are several.
    """

    people: Mapping[Student, RosterPerson] = field(default_factory=dict)
    unknown: Mapping[Student, str] = field(default_factory=dict)
    ambiguous: Mapping[Student, tuple[RosterPerson, ...]] = field(default_factory=dict)
    together: tuple[tuple[RosterPerson, tuple[Student, ...]], ...] = ()


def match(roster: Roster, students: Mapping[Student, Origin]) -> Matching:
    """Return who the students are.

    Two students of one platform who handed in the same exercise are two people, and so are two
    numbers in Canvas: where both could be one of the roster, the one whom the better kind of name
    names is, or else neither.

    Args:
        roster: the people of the class.
        students: student -> the source of the name.
    """
    index = _Index(roster, in_teams=_in_teams(students))
    ambiguous: dict[Student, tuple[RosterPerson, ...]] = {}
    unknown: dict[Student, str] = {}
    claims: dict[RosterPerson, list[tuple[int, Student]]] = defaultdict(list)
    for student, origin in sorted(students.items(), key=lambda item: item[0]):
        rank, fitting = index.fitting(student, origin.platform)
        if len(fitting) == 1 and is_somebody_elses(fitting[0], student[1], origin.platform):
            ambiguous[student] = fitting
        elif len(fitting) == 1:
            claims[fitting[0]].append((rank, student))
        elif fitting:
            ambiguous[student] = fitting
        else:
            unknown[student] = index.similar(student[0])
    people: dict[Student, RosterPerson] = {}
    for person, some in claims.items():
        for rank, student in some:
            if any(
                other != student and its_rank <= rank and _differ(students, student, other)
                for its_rank, other in some
            ):
                ambiguous[student] = (person,)
            else:
                people[student] = person
    by_person: dict[RosterPerson, list[Student]] = defaultdict(list)
    for student, person in people.items():
        by_person[person].append(student)
    together = [(one, tuple(some)) for one, some in by_person.items() if len(some) > 1]
    return Matching(people, unknown, ambiguous, tuple(together))


def _in_teams(students: Mapping[Student, Origin]) -> bool:
    """Return whether Moodle's teams handed in: then all names are like "Team 1-Ada Lovelace"."""
    names = [name for (name, _), origin in students.items() if origin.platform == MOODLE]
    return len(names) > 1 and all("-" in name for name in names)


def _differ(students: Mapping[Student, Origin], one: Student, other: Student) -> bool:
    """Return whether two names are those of two people.

    Each handed in the same exercise, or Canvas has two numbers for them.
    """
    origin, its = students[one], students[other]
    if origin.platform != its.platform:
        return False
    if origin.platform == CANVAS and not _same_in_canvas(one[1], other[1]):
        return True
    return bool(origin.exercises & its.exercises)


def plain_name(name: str) -> str:
    """Return a name without regard to case, blanks and the order "Lovelace, Ada"."""
    text = unicodedata.normalize("NFKC", name).casefold()
    family, comma, given = text.partition(",")
    if comma and "," not in given:
        text = f"{given} {family}"
    return " ".join(text.replace("_", " ").split())


class _Index:
    """The people of a roster by everything that may name them."""

    def __init__(self, roster: Roster, *, in_teams: bool) -> None:
        self._people = roster.people
        self._in_teams = in_teams
        self._by_column: dict[str, dict[str, list[RosterPerson]]] = {}
        self._names = self._keyed(lambda one: {plain_name(one.name)})
        self._squeezed = self._keyed(lambda one: _squeezed_names(one.name))

    def fitting(self, student: Student, platform: str) -> tuple[int, tuple[RosterPerson, ...]]:
        """Return the people whom the first kind of name fits that fits anybody, and which it is."""
        name, user = student
        if platform == CANVAS:
            named = self._squeezed.get(_squeezed(name), [])
            possible = [one for one in named if not is_somebody_elses(one, user, platform)]
            numbered = self._by("canvas_id", user)
            return self._first(_unless_another(numbered, named), possible, named)
        if platform in _NAME_FIRST:
            named = self._names.get(plain_name(name), [])
            if platform == MOODLE and self._in_teams and not named:
                named = self._without_group(name)
            numbered = [one for one in named if getattr(one, _NAME_FIRST[platform]) == user]
            return self._first(numbered, named, self._by("login", name))
        if platform == GRADESCOPE:
            mail = self._by("email", user) if "@" in user else []
            ids = [one for column in ("id", "sis_id") for one in self._by(column, user)]
            named = self._names.get(plain_name(name), [])
            return self._first(*(_unless_another(some, named) for some in (ids, mail)), named)
        if platform == ILIAS:
            named, logins = self._in_ilias(name)
            return self._first(_unless_another(logins, named), named)
        own = [one for column in _OWN.get(platform, ()) for one in self._by(column, name)]
        columns = ("login",) if platform in _OWN else _PLAIN
        logins = [one for column in columns for one in self._by(column, name)]
        mail = self._by("email", name)
        return self._first(own, logins, mail, self._names.get(plain_name(name), ()))

    def _without_group(self, name: str) -> list[RosterPerson]:
        """Return the people whom a name fits behind a team's."""
        while "-" in name:
            name = name.partition("-")[2]
            if found := self._names.get(plain_name(name)):
                return found
        return []

    def _in_ilias(self, name: str) -> tuple[list[RosterPerson], list[RosterPerson]]:
        """Return the people whom a name of ILIAS' fits, and those of the login behind it.

        Logins hold the sign that is between the two as well: in `Smith_Ada_ada_smith` the login is
        not that of somebody called `smith`. The longest one that is known counts.
        """
        words = name.split("_")
        splits = [("".join(words[:n]), "_".join(words[n:])) for n in range(2, len(words))]
        named = [one for text, _ in splits for one in self._squeezed.get(_squeezed(text), [])]
        logins = (self._by("login", login) for _, login in splits)
        return named, next(filter(None, logins), [])

    def similar(self, name: str) -> str:
        """Return the name in the roster that is most like another, "" for none."""
        by_name = {plain_name(one.name): one.name for one in self._people}
        near = get_close_matches(plain_name(name), by_name, 1, 0.75)
        return by_name[near[0]] if near else ""

    def _by(self, column: str, value: str) -> list[RosterPerson]:
        if column not in self._by_column:
            self._by_column[column] = self._keyed(lambda one: {getattr(one, column).casefold()})
        plain = " ".join(unicodedata.normalize("NFC", value).casefold().split())
        return self._by_column[column].get(plain, []) if plain else []

    def _keyed(
        self, keys: Callable[[RosterPerson], Iterable[str]]
    ) -> dict[str, list[RosterPerson]]:
        found: dict[str, list[RosterPerson]] = defaultdict(list)
        for one in self._people:
            for key in keys(one):
                found[key].append(one)
        return dict(found)

    def _first(self, *kinds: Iterable[RosterPerson]) -> tuple[int, tuple[RosterPerson, ...]]:
        for rank, kind in enumerate(kinds):
            if found := tuple(dict.fromkeys(kind)):
                return rank, found
        return len(kinds), ()


def _unless_another(
    found: Sequence[RosterPerson], named: Sequence[RosterPerson]
) -> Sequence[RosterPerson]:
    """Return the people of a number; where the name is another's, those of both: who is it?"""
    return found if not found or not named or set(found) & set(named) else [*found, *named]


def is_somebody_elses(person: RosterPerson, user: str, platform: str) -> bool:
    """Return whether a number is another person's, as Canvas gives everybody one for good.

    Args:
        person: somebody in the roster.
        user: the platform's number of a student.
        platform: the platform, one of `layouts.PLATFORMS`.
    """
    return platform == CANVAS and not _same_in_canvas(person.canvas_id, user)


def _same_in_canvas(user: str, other: str) -> bool:
    """Return whether two numbers may be one person's; another shard writes a longer one."""
    if not (user.isdecimal() and other.isdecimal()):
        return True
    return int(user) % CANVAS_SHARD == int(other) % CANVAS_SHARD


def is_canvas_name(name: str, full_name: str) -> bool:
    """Return whether a name in Canvas' files can be that of a person, whose full name is known."""
    return _squeezed(name) in _squeezed_names(full_name)


def _squeezed(name: str) -> str:
    """Return the letters and digits of a name, as Canvas and ILIAS write names."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).casefold())


def _squeezed_names(name: str) -> set[str]:
    """Return a name with the family name first; where that begins, nobody knows."""
    words = plain_name(name).split(" ")
    return {_squeezed("".join(words[n:] + words[:n])) for n in range(len(words))}
