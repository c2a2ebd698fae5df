"""What is exported is read back as each platform documents it: every mark is the right one."""

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_tools.grading import command
from course_tools.grading.enrollment import Enrollment
from course_tools.grading.exports import EUROPEAN, left_out, write_exports
from course_tools.grading.intake.roster import Roster, RosterPerson
from course_tools.grading.late_days import Lateness
from tests.tools.grading import importers
from tests.tools.grading.example_reports import report, standing, unreadable_report

EX04, EX05 = "ex04_warmup", "ex05_cyclical"
FILE, MOODLE_EX04 = "assignsubmission_file_", f"moodle_{EX04}.csv"
ADA = RosterPerson(
    *("7", "Lovelace, Ada"),
    canvas_id="11",
    sis_id="s7",
    sis_login="adal",
    blackboard="ada_bb",
    brightspace="ada.bs",
    org_defined_id="20067930",
    section="A; B",
)
ZOE = RosterPerson("8", 'Zoë "Z" Müller', sis_id="s8", org_defined_id="20067931", blackboard="z,m")
BEN = RosterPerson("9", "=Ben", sis_login="ben", brightspace="ben.bs")
EVE = RosterPerson("10", "Eve")


def enrolled(*people):
    persons = {(one.name, one.id): one for one in people}
    return Enrollment(Roster(people), {}, persons)


def marks(*people, late=0.0):
    """A mark of each person in two exercises: who they are is seen from it."""
    for n, one in enumerate(people, 1):
        for exercise in (EX04, EX05):
            reached = n / 8 + (1 if exercise == EX05 else 0)
            found = standing(one.name, one.id, report(exercise, reached), place=f"{n}/a.ipynb")
            yield replace(found, late=Lateness(1, 0, late, "2025-03-11 08:00:00") if late else None)


def wanted(*people):
    return {one.id: {EX04: n / 8, EX05: n / 8 + 1} for n, one in enumerate(people, 1)}


def files(tmp_path, standings, *people, **options):
    write_exports(list(standings), tmp_path, enrolled(*people), **options)
    return {file.name: file.read_bytes() for file in tmp_path.iterdir()}


@pytest.mark.parametrize("known", ["id", "sis_id", "sis_login", "name"])
def test_canvas_finds_people_by_each_of_its_names(tmp_path, known):
    columns = {"id": "canvas_id"}
    ids = {} if known == "name" else {columns.get(known, known): "x{}"}
    people = [
        RosterPerson(
            str(n),
            f"Wei Li {n}",
            **{key: form.format(n) if key != "canvas_id" else str(n) for key, form in ids.items()},
        )
        for n in range(5)
    ]
    course = {one.id: {known: getattr(one, columns.get(known, known))} for one in people}
    content = files(tmp_path, marks(*people), *people)["canvas.csv"]
    assert importers.canvas(content, course) == (wanted(*people), {EX04: 4, EX05: 4})


def test_every_platform_gets_the_marks_of_its_people(tmp_path):
    people = (ADA, ZOE, BEN, EVE)
    got = files(tmp_path, marks(*people), *people)
    course = {
        "7": {"id": "11", "name": "not she"},
        "8": {"sis_id": "s8"},
        "9": {"sis_login": "ben"},
        "10": {"name": "Eve"},
    }
    points = wanted(*people)
    assert importers.canvas(got["canvas.csv"], course)[0] == points
    for exercise in (EX04, EX05):
        found = importers.blackboard(got[f"blackboard_{exercise}.csv"], {"ada_bb": "7", "z,m": "8"})
        assert found == {who: {exercise: points[who][exercise]} for who in ("7", "8")}
        ids = {"20067930": "7", "ada.bs": "7", "20067931": "8"}
        found = importers.brightspace(got[f"brightspace_{exercise}.csv"], ids)
        assert found == {who: {exercise: points[who][exercise]} for who in ("7", "8")}
    assert left_out(list(marks(*people)), enrolled(*people))[f"brightspace_{EX04}.csv"] == (
        "=Ben",
        "Eve",
    )
    assert b'"Lovelace, Ada",11,s7,adal,A; B,' in got["canvas.csv"]
    assert b"'=Ben,,,ben,," in got["canvas.csv"]


def test_brightspace_gets_both_names_where_all_have_both(tmp_path):
    both = replace(ZOE, brightspace="zoe.bs")
    got = files(tmp_path, marks(ADA, both), ADA, both)[f"brightspace_{EX04}.csv"]
    assert got.splitlines()[0] == (
        b"OrgDefinedId,Username,ex04_warmup Points Grade,End-of-Line Indicator"
    )
    ids = {"20067930": "7", "ada.bs": "7", "20067931": "8", "zoe.bs": "8"}
    assert set(importers.brightspace(got, ids)) == {"7", "8"}


def test_moodle_gets_the_number_of_the_file_or_of_the_only_assignment(tmp_path):
    ada = replace(ADA, moodle_id="70")
    (own, _) = marks(ada)
    raw = replace(own.handed_in, user="55", place="Ada_55_assignsubmission_file_/a.ipynb")
    got = files(tmp_path, [replace(own, handed_in=raw)], ada)[f"moodle_{EX04}.csv"]
    assert importers.moodle(got, {"55": "7", "70": "somebody"}) == {"7": 1 / 8}
    got = files(tmp_path, [own], ada)[f"moodle_{EX04}.csv"]
    assert importers.moodle(got, {"70": "7"}) == {"7": 1 / 8}
    # In which of the two is she number 70?
    assert f"moodle_{EX04}.csv" not in files(tmp_path / "two", marks(ada), ada)


def test_a_number_under_two_names_has_one_row(tmp_path):
    """Somebody has another name since the first download, which is in the gradebook."""
    for place, name in (("{}_11_{}_x.ipynb", "canvas.csv"), (f"{{}}_11_{FILE}/{{}}", MOODLE_EX04)):
        attempts = [
            standing(who, "11", report(exercise, points), place=place.format(who, n), order=n)
            for n, (who, exercise, points) in enumerate(
                (("lovelace", EX04, 1), ("lovelace", EX05, 3), ("byron", EX04, 2)), 1
            )
        ]
        content = files(tmp_path / name, sorted(attempts, key=lambda one: one.student))[name]
        if name == "canvas.csv":
            assert importers.canvas(content, {"7": {"id": "11"}})[0] == {"7": {EX04: 2, EX05: 3}}
        else:
            assert content.count(b"Participant 11,") == 1
            assert importers.moodle(content, {"11": "7"}) == {"7": 2}


def test_canvas_gets_no_mark_that_only_a_name_of_two_people_says_whose_it_is(tmp_path):
    twins = (RosterPerson("1", "Wei Li"), RosterPerson("2", "Li, Wei"), RosterPerson("3", "Eve"))
    got = files(tmp_path / "no", marks(*twins), *twins)["canvas.csv"]
    course = {"1": {"name": "Wei Li"}, "3": {"name": "Eve"}}
    assert importers.canvas(got, course)[0] == {"3": wanted(*twins)["3"]}
    assert left_out(list(marks(*twins)), enrolled(*twins)) == {"canvas.csv": ("Li, Wei", "Wei Li")}
    twins = tuple(replace(one, sis_id=f"s{one.id}") for one in twins)
    got = files(tmp_path / "sis", marks(*twins), *twins)["canvas.csv"]
    course = {one.id: {"sis_id": one.sis_id} for one in twins}
    assert importers.canvas(got, course)[0] == wanted(*twins)


def test_who_is_in_no_table_of_a_platform_is_told(tmp_path):
    ada, *others = marks(ADA, replace(ZOE, moodle_id="80"))
    raw = replace(ada.handed_in, user="55", place="Ada_55_assignsubmission_file_/a.ipynb")
    people = enrolled(ADA, replace(ZOE, moodle_id="80"))
    told = list(command._of_people([replace(ada, handed_in=raw), *others], people))
    assert f"Not in moodle_{EX04}.csv, as no number or name for it is known: {ZOE.name}" in told


def test_what_late_days_take_off_is_taken_off_everywhere_and_raw_points_stay(tmp_path):
    got = files(tmp_path, marks(ADA, late=0.125), ADA)
    assert importers.canvas(got["canvas.csv"], {"7": {"id": "11"}})[0] == {"7": {EX04: 0, EX05: 1}}
    assert importers.blackboard(got[f"blackboard_{EX05}.csv"], {"ada_bb": "7"}) == {"7": {EX05: 1}}
    row, _ = csv.DictReader(io.StringIO(got["grades.csv"].decode("utf-8-sig")))
    assert (row["points"], row["days late"], row["points lost"]) == ("0.125", "1", "0.125")
    assert (row["points that count"], row["handed in"]) == ("0", "2025-03-11 08:00:00")


def test_the_roster_is_in_the_table_for_people(tmp_path):
    eve = standing("mallory", "")
    nothing = standing(ZOE.name, ZOE.id, unreadable_report())
    got = files(tmp_path, [*list(marks(ADA))[:1], eve, nothing], ADA, ZOE, BEN)["grades.csv"]
    rows = list(csv.DictReader(io.StringIO(got.decode("utf-8-sig"))))
    assert [(row["student"], row["exercise"], row["state"], row["roster"]) for row in rows] == [
        ("'=Ben", "", "missing", "missing"),
        ("Lovelace, Ada", EX04, "graded", "known"),
        ('Zoë "Z" Müller', "", "unreadable", "known"),
        ("mallory", EX04, "graded", "unknown"),
    ]
    assert [row["section"] for row in rows] == ["", "A; B", "", ""]


def test_who_handed_in_one_of_two_exercises_is_missing_in_the_other(tmp_path):
    class_of_two = [*marks(ADA), *list(marks(ADA, ZOE))[2:3]]
    (missing,) = enrolled(ADA, ZOE).missing(class_of_two)
    assert (missing.person, missing.exercise) == (ZOE, EX05)
    assert enrolled(ADA, ZOE).missing([]) != ()
    assert Enrollment().missing(class_of_two) == Enrollment().unknown(class_of_two) == ()


def test_a_european_spreadsheet_gets_semicolons_and_decimal_commas(tmp_path):
    people = (ADA, ZOE)
    standard = files(tmp_path, marks(*people, late=0.125), *people)
    european = files(tmp_path, marks(*people, late=0.125), *people, style=EUROPEAN)
    for name in ("grades.csv", "tasks.csv", "statistics.csv"):
        ours = csv.reader(io.StringIO(standard[name].decode("utf-8-sig"), newline=""))
        theirs = csv.reader(
            io.StringIO(european[name].decode("utf-8-sig"), newline=""), delimiter=";"
        )
        for row, other in zip(ours, theirs, strict=True):
            for value, text in zip(row, other, strict=True):
                try:
                    number = float(value)
                except ValueError:
                    assert text == value
                else:
                    assert float(text.replace(",", ".")) == number
                    assert "." not in text
    assert {name for name in standard if standard[name] != european[name]} == {
        "grades.csv",
        "statistics.csv",
        "tasks.csv",
    }
    with pytest.raises(ValueError, match="style must be standard or european, got 'excel'"):
        write_exports([], tmp_path, style="excel")


NAMES = st.text(st.sampled_from("=+-@,;\"'\t\n .ab1é\u202e"), min_size=1, max_size=9)


@settings(deadline=None, max_examples=60)
@given(st.lists(NAMES, min_size=1, max_size=5))
def test_no_name_moves_a_mark(tmp_path_factory, names):
    people = [
        RosterPerson(str(n), name, canvas_id=str(100 + n), blackboard=f"u{n}", brightspace=f"u{n}")
        for n, name in enumerate(names)
    ]
    folder = tmp_path_factory.mktemp("out")
    got = files(folder, marks(*people), *people)
    course = {one.id: {"id": one.canvas_id} for one in people}
    users = {one.blackboard: one.id for one in people}
    points = wanted(*people)
    assert importers.canvas(got["canvas.csv"], course)[0] == points
    found = importers.blackboard(got[f"blackboard_{EX04}.csv"], users)
    assert found == {who: {EX04: some[EX04]} for who, some in points.items()}
    found = importers.brightspace(got[f"brightspace_{EX05}.csv"], users)
    assert found == {who: {EX05: some[EX05]} for who, some in points.items()}
