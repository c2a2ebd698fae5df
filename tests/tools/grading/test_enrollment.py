"""The people of a roster in the gradebook: those asked about now, and those of earlier calls."""

import dataclasses

from course_tools.grading.enrollment import Enrollment, enrolled, with_earlier_names
from course_tools.grading.intake.roster import Roster, RosterPerson
from course_tools.grading.intake.roster_matching import Matching, Origin, match
from course_tools.grading.pages.by_hand_words import without_work_words
from course_tools.grading.report import NOT_HANDED_IN, Report
from tests.tools.grading.example_reports import by_hand, handed_in, standing, unreadable_report

ADA, BEN = RosterPerson("1", "Ada Lovelace"), RosterPerson("2", "Ben Öz", login="ben")
ROSTER = Roster((ADA, BEN))
MOODLE = "{}_{}_assignsubmission_file_/a.ipynb"


def moodle(student, user, **more):
    return handed_in(student, user=user, place=MOODLE.format(student, user), **more)


def test_who_handed_in_earlier_is_found_as_now():
    files = [moodle("Ada Lovelace", "11"), handed_in("ben"), handed_in("eve")]
    assert enrolled(ROSTER, Matching(), files).people == {
        ("Ada Lovelace", "11"): ("Ada Lovelace", "1"),
        ("ben", ""): ("Ben Öz", "2"),
    }
    assert enrolled(None, Matching(), files) == Enrollment()
    # Nobody's number: the name is a file's, which looks as Canvas gives them.
    flat = handed_in("ben_ex_1_2_x", place="ben_ex_1_2_x.ipynb")
    roster = Roster((RosterPerson("2", "Ben Öz", login="ben_ex_1_2_x"),))
    assert len(enrolled(roster, Matching(), [flat]).people) == 1


def test_whom_the_instructor_was_asked_about_is_not_found_behind_their_back():
    files = [moodle("Ada Lovelace", "11"), moodle("Ada Lovelace", "12")]
    origin = Origin("Moodle", frozenset({"ex04_warmup"}))
    now = match(ROSTER, dict.fromkeys([("Ada Lovelace", "11"), ("Ada Lovelace", "12")], origin))
    assert len(now.ambiguous) == 2
    assert enrolled(ROSTER, now, files).people == {}
    # As in another call, in which one of them was alone.
    now = match(ROSTER, {("Ada Lovelace", "12"): origin})
    assert set(enrolled(ROSTER, now, files[1:]).people) == {("Ada Lovelace", "12")}
    # Nobody knows which of two of an earlier call it was.
    assert enrolled(ROSTER, Matching(), files).people == {}


def test_who_is_missing_and_who_is_unknown():
    people = enrolled(ROSTER, Matching(), [])
    assert [one.person for one in people.missing([])] == [ADA, BEN]
    ben, eve = standing("Ben Öz", "2"), standing("eve", "")
    assert [(one.person, one.exercise) for one in people.missing([ben, eve])] == [(ADA, "")]
    assert people.unknown([ben, eve]) == (("eve", ""),)
    # Whoever has an excuse and no work is still missing, in that exercise; nobody else is there.
    excused = standing("Ada Lovelace", "1", Report("ex05_cyclical", NOT_HANDED_IN))
    excused = dataclasses.replace(excused, adjustments=(by_hand("excuse"),))
    found = people.missing([ben, excused])
    assert [(one.person, one.exercise, one.by_hand) for one in found] == [
        (ADA, "ex04_warmup", None),
        (ADA, "ex05_cyclical", excused),
    ]
    assert without_work_words(found[1].by_hand) == "excused"
    unreadable = standing("Ada Lovelace", "1", unreadable_report())
    assert people.missing([ben, unreadable]) == ()


def test_a_mark_by_hand_follows_its_person_through_every_roster():
    """As when a name in the roster is corrected, an id changes, or the roster is left out."""
    files = [handed_in("ben"), handed_in("eve")]
    last, names = Enrollment(), set()
    given = [
        RosterPerson("2", "Ben Oz", login="ben"),
        RosterPerson("2", "Ben Öz", login="ben"),
        RosterPerson("77", "Ben Öz", login="ben"),
        None,
        RosterPerson("78", "B. Öz", login="ben"),
    ]
    for person in given:
        roster = person and Roster((person, ADA))
        last = with_earlier_names(enrolled(roster, Matching(), files), last, files)
        now = (person.name, person.id) if person else ("ben", "")
        names.add(now)
        assert {last.people.get(name, name) for name in names} == {now}
        assert last.people.get(("eve", ""), ("eve", "")) == ("eve", "")


def test_no_mark_goes_to_somebody_else_who_got_an_id_or_a_login():
    files = [handed_in("ben"), handed_in("eve")]
    before = enrolled(Roster((BEN, ADA)), Matching(), files)
    other = Roster(
        (RosterPerson("2", "Cy", login="ben"), RosterPerson("5", "Ben Öz", login="x"), ADA)
    )
    now = with_earlier_names(enrolled(other, Matching(), files), before, files)
    # The work says that Ben is called Cy; but Ada, whose id Eve has now, handed in nothing.
    assert now.people["Ben Öz", "2"] == ("Cy", "2")
    later = Roster((RosterPerson("1", "Eve", login="eve"),))
    now = with_earlier_names(enrolled(later, Matching(), files), now, files)
    assert ("Ada Lovelace", "1") not in now.people


def test_no_mark_goes_to_a_namesake():
    """Whoever drops out of the roster was not renamed to somebody who was there all the time."""
    first, second = RosterPerson("17", "Li Wei"), RosterPerson("18", "Li Wei")

    def renamed(before, *people, files=()):
        now = enrolled(Roster(people), Matching(), files)
        return with_earlier_names(now, before, files).people

    both = enrolled(Roster((first, second)), Matching(), [])
    assert renamed(both, second) == {}
    one = enrolled(Roster((first, ADA)), Matching(), [])
    corrected = RosterPerson("170", "Li Wei")
    assert renamed(one, corrected, ADA) == {("Li Wei", "17"): ("Li Wei", "170")}
    # Of two who are gone, nobody knows whose id was corrected.
    assert renamed(both, corrected) == {}
    # Nor does a namesake get it who was called otherwise in the last call, as the work says, or
    # as an earlier call did.
    other = RosterPerson("18", "Li W.", login="liw")
    files = [handed_in("liw")]
    last = enrolled(Roster((first, other)), Matching(), files)
    now = renamed(last, RosterPerson("18", "Li Wei", login="liw"), files=files)
    assert now["Li W.", "18"] == ("Li Wei", "18")
    assert ("Li Wei", "17") not in now
    persons = {("Li Wei", "17"): first, ("Li W.", "18"): other}
    earlier = Enrollment(None, {("Li Wei", "18"): ("Li W.", "18")}, persons)
    assert ("Li Wei", "17") not in renamed(earlier, second)
