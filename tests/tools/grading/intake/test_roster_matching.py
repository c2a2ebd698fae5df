"""People of a roster are found by what is certain, and nobody is guessed."""

import pytest

from course_tools.grading.intake.layouts import (
    BLACKBOARD,
    BRIGHTSPACE,
    CANVAS,
    GITHUB,
    GRADESCOPE,
    ILIAS,
    MOODLE,
)
from course_tools.grading.intake.roster import Roster, RosterPerson
from course_tools.grading.intake.roster_matching import Origin, match

ADA = RosterPerson(
    *("7", "Ada Lovelace", "ada@x.edu", "lovelace"),
    canvas_id="11",
    sis_id="s7",
    sis_login="adal",
    moodle_id="70",
    blackboard="ada_bb",
    github="ada-codes",
)
ZOE = RosterPerson("8", "Müller, Zoë", canvas_id="12")
MARIA = RosterPerson("9", "María del Mar García Núñez", login="mar")
TWO = (RosterPerson("20", "Wei Li", login="wli"), RosterPerson("21", "Wei Li", moodle_id="210"))
ROSTER = Roster((ADA, ZOE, MARIA, *TWO, RosterPerson("30", "wli")))


@pytest.mark.parametrize(
    ("name", "user", "platform", "person"),
    [
        ("lovelaceada", "11", CANVAS, ADA),
        ("somebody", "11", CANVAS, ADA),
        ("müllerzoë", "10000000000012", CANVAS, ZOE),  # as another shard of Canvas writes it
        ("müllerzoë", "", CANVAS, ZOE),
        ("garcíanúñezmaríadelmar", "99", CANVAS, MARIA),
        ("Ada Lovelace", "70", MOODLE, ADA),
        ("Ada Lovelace", "4711", MOODLE, ADA),  # in another assignment
        ("Zoë Müller", "1", MOODLE, ZOE),
        ("mar", "1", MOODLE, MARIA),
        ("Wei Li", "210", MOODLE, TWO[1]),
        ("ada_bb", "", BLACKBOARD, ADA),
        ("lovelace", "", BLACKBOARD, ADA),
        ("zoë  MÜLLER", "397063", BRIGHTSPACE, ZOE),
        ("A. L.", "s7", GRADESCOPE, ADA),
        ("A. L.", "ADA@x.edu", GRADESCOPE, ADA),
        ("Ada Lovelace", "", GRADESCOPE, ADA),
        ("Lovelace_Ada_lovelace", "321", ILIAS, ADA),
        ("Müller_Zoë_zm1", "321", ILIAS, ZOE),
        ("ada-codes", "", GITHUB, ADA),
        ("7", "", "", ADA),
        ("ADAL", "", "", ADA),
        ("ada@x.edu", "", "", ADA),
        ("Lovelace, Ada", "", "", ADA),
        ("ada_lovelace", "", "", ADA),
        (" Zoë Müller ", "", "", ZOE),
    ],
)
def test_who_is_found(name, user, platform, person):
    found = match(ROSTER, {(name, user): Origin(platform)})
    assert found.people == {(name, user): person}
    assert not found.unknown
    assert not found.ambiguous


@pytest.mark.parametrize(
    ("name", "user", "platform", "people"),
    [
        ("Wei Li", "999", MOODLE, TWO),
        ("liwei", "999", CANVAS, TWO),
        ("Wei Li", "", "", TWO),
        ("müllerzoë", "99", CANVAS, (ZOE,)),  # somebody else of her name
        # The number is one person's and the name another's, as after sorting one column alone.
        ("müllerzoë", "11", CANVAS, (ADA, ZOE)),
        ("Zoë Müller", "7", GRADESCOPE, (ADA, ZOE)),
        ("Zoë Müller", "ada@x.edu", GRADESCOPE, (ADA, ZOE)),
        ("Müller_Zoë_lovelace", "321", ILIAS, (ADA, ZOE)),
    ],
)
def test_who_may_be_several_is_nobody(name, user, platform, people):
    found = match(ROSTER, {(name, user): Origin(platform)})
    assert found.ambiguous == {(name, user): people}
    assert not found.people


@pytest.mark.parametrize(
    ("name", "user", "platform", "near"),
    [
        ("Zoe Müller", "", "", "Müller, Zoë"),  # similar, and not the same
        ("Ada Lovelase", "70", MOODLE, "Ada Lovelace"),  # the number alone proves nothing there
        ("Eve", "", "", ""),
        ("11", "", GITHUB, ""),
        ("eve", "7", CANVAS, ""),  # a number of another platform
        ("", "", "", ""),
        ("Jean-Zoë Müller", "1", MOODLE, "Müller, Zoë"),  # no team: others have none
    ],
)
def test_who_is_unknown_is_said_with_a_similar_name(name, user, platform, near):
    assert match(ROSTER, {(name, user): Origin(platform)}).unknown == {(name, user): near}


def test_behind_a_team_of_moodle_stands_the_name():
    names = ("Team 1-Ada Lovelace", "Team 1-Zoë Müller", "Default group-Anna-Lena Meyer-Lee")
    anna = RosterPerson("40", "Anna-Lena Meyer-Lee")
    roster = Roster((*ROSTER.people, anna, RosterPerson("41", "Lee")))
    students = {(name, str(n)): Origin(MOODLE) for n, name in enumerate(names)}
    found = match(roster, students)
    assert list(found.people.values()) == [anna, ADA, ZOE]
    alone = match(roster, {**students, ("Ada Lovelace", "9"): Origin(MOODLE)})
    assert set(alone.people.values()) == {ADA}
    assert len(alone.unknown) == len(names)


def test_a_login_counts_before_a_name():
    assert match(ROSTER, {("wli", ""): Origin()}).people == {("wli", ""): TWO[0]}


def test_several_students_who_are_one_person_are_said():
    students = {
        ("Ada Lovelace", "1"): Origin(MOODLE, frozenset({"ex01"})),
        ("Ada Lovelace", "2"): Origin(MOODLE, frozenset({"ex02"})),
        ("lovelaceada", "11"): Origin(CANVAS, frozenset({"ex01"})),
    }
    assert match(ROSTER, students).together == ((ADA, tuple(sorted(students))),)


def test_the_login_of_another_is_no_end_of_a_login_in_ilias():
    bob = RosterPerson("1", "Bob Smith", login="smith")
    ada = RosterPerson("2", "Ada Smith", login="ada_smith")
    student = ("Smith_Ada_ada_smith", "321")
    for here, person in ((ada, ada), (RosterPerson("2", "Smith, Ada"), None)):
        found = match(Roster((bob, here)), {student: Origin(ILIAS)})
        assert found.people == ({student: person} if person else {})
        assert found.ambiguous == ({} if person else {student: (bob, here)})
    # Somebody has another name since the roster was made, and the old login.
    found = match(Roster((bob, ada)), {("Jones_Ada_ada_smith", "321"): Origin(ILIAS)})
    assert list(found.people.values()) == [ada]


def test_two_numbers_of_canvas_are_two_people_of_one_name():
    students = {
        ("lovelaceada", number): Origin(CANVAS, frozenset({exercise}))
        for number, exercise in (("51", "ex01"), ("52", "ex02"))
    }
    unnumbered = RosterPerson("1", "Ada Lovelace")
    found = match(Roster((unnumbered,)), students)
    assert found.ambiguous == dict.fromkeys(students, (unnumbered,))
    numbered = RosterPerson("1", "Ada Lovelace", canvas_id="51")
    found = match(Roster((numbered,)), students)
    assert found.people == {("lovelaceada", "51"): numbered}
    assert found.ambiguous == {("lovelaceada", "52"): (numbered,)}
    # Another shard writes the same number longer.
    long = {("lovelaceada", "10000000000051"): Origin(CANVAS, frozenset({"ex03"}))}
    some = {student: students[student] for student in [("lovelaceada", "51")]}
    assert len(match(Roster((unnumbered,)), {**some, **long}).people) == 2


@pytest.mark.parametrize(
    ("numbers", "known"), [(("70", "71"), "70"), (("71", "72"), ""), (("71", "70"), "70")]
)
def test_of_two_with_one_name_and_one_exercise_the_number_tells_or_nothing(numbers, known):
    students = {
        ("Ada Lovelace", number): Origin(MOODLE, frozenset({"ex01", number})) for number in numbers
    }
    found = match(ROSTER, students)
    assert found.people == ({("Ada Lovelace", known): ADA} if known else {})
    assert set(found.ambiguous) == set(students) - set(found.people)
    assert set(found.ambiguous.values()) == {(ADA,)}
