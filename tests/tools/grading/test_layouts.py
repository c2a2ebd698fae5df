"""Every layout gives each student their own files, or the command stops and asks."""

import json
import random
import re
import unicodedata
import zipfile
from collections import defaultdict

import pytest

from course_tools.grading.intake.alike_names import alike_names
from course_tools.grading.intake.layouts import PLATFORMS, UnclearError, platform_of
from course_tools.grading.intake.plain_layouts import is_files_name
from course_tools.grading.intake.preflight import preflight
from course_tools.grading.intake.submissions import (
    COURSES_OWN,
    NOBODYS,
    TOOLS_OWN,
    submissions,
    take_in,
)
from course_tools.grading.sample_class.writing import _NAMES
from course_tools.grading.settings import LATEST
from tests.tools.grading.handed_in import ROOT
from tests.tools.grading.layout_exports import EXPORTS, Person, metadata, notebook, written

NAMES = [f"{given} {family}" for group in _NAMES for given in group[0] for family in group[1]]
#: File names that students choose: like another's export, like another platform's, like a person's.
FILES = (
    *(
        "ex01.ipynb",
        "homework_12_05_2024.ipynb",
        "ex_01_1_x.ipynb",
        "ada_1_2_x.ipynb",
        "my work.ipynb",
    ),
    *("Eve_66_assignsubmission_file_ex01.ipynb", "x_eve_attempt_2024-01-01-01-01-01_a.ipynb"),
    *("submission_7.ipynb", "1-2 - Eve - Mar 1, 2024 926 PM - a.ipynb", "BEN.IPYNB"),
)


def zip_of(path, *places):
    second = ("ex02_classic_decay", "step_decay")
    with zipfile.ZipFile(path, "w") as archive:
        for place in places:
            archive.writestr(place, notebook(place, *(second if "ex02" in place else ())))
    return path


def students(source, **options):
    found = defaultdict(list)
    for one in submissions(source, **options):
        found[one.student].append(one.place)
    return {student: sorted(places) for student, places in found.items()}


def a_class(rng):
    """People, no two with one login or number; some have the same name, some hand in twice."""
    number = rng.choice([3, 20, 300])
    letters = "abcdefghijklmnopqrstuvwxyz"
    logins = set()
    while len(logins) < number:
        login = "".join(rng.choices(letters, k=rng.randint(4, 6))) + rng.choice(["", "7", "1234"])
        if not is_files_name(login):  # as a student is called who is asked about
            logins.add(login)
    numbers = rng.sample(range(100, 10**7), number)
    return [
        Person(
            rng.choice(NAMES[:40]),
            login,
            number,
            (rng.choice(FILES), "ex01 final.ipynb")[: rng.randint(1, 2)],
        )
        for login, number in zip(sorted(logins), numbers, strict=True)
    ]


@pytest.mark.parametrize("export", sorted(EXPORTS))
@pytest.mark.parametrize("seed", range(6))
def test_every_file_of_a_person_is_that_persons(tmp_path, export, seed):
    rng = random.Random(f"{export} {seed}")
    people, outer = a_class(rng), ("", "submissions/", "Course 2025/Week 3/")[seed % 3]
    if export in ("flat_files", "outer_files", "folders", "outer_folders") and "Course" in outer:
        outer = ""  # asked about; see below
    source = written(tmp_path / "in.zip", export, people, outer)
    got = defaultdict(set)
    for one in submissions(source):
        (cell,) = json.loads(one.read(10**6))["cells"]
        _, login, place = cell["source"][0].strip().split(" ", 2)
        assert outer + place == one.place
        got[one.student, one.user].add(login)
    assert sorted(map(len, got.values())) == [1] * len(people), "a student is one person, and back"
    assert {login for some in got.values() for login in some} == {one.login for one in people}
    by_login = {login: who for who, (login,) in got.items()}
    for one in people:
        student, user = by_login[one.login]
        if user and export != "gradescope":
            assert user == str(one.number)
        if export.startswith(("moodle", "brightspace", "gradescope")):
            assert student == unicodedata.normalize("NFC", one.name)
        elif export in ("canvas", "blackboard", "github", "nbgrader", "folders", "flat_files"):
            assert student == one.login


def test_every_platform_is_among_the_exports():
    assert {one.lower() for one in PLATFORMS} <= set(EXPORTS)


@pytest.mark.parametrize(
    ("places", "wanted"),
    [
        (("submissions/anna/ex01.ipynb", "submissions/ben/ex01.ipynb"), "anna ben"),
        (("hw1/anna.ipynb", "hw1/ben.ipynb", "hw1/cara.ipynb"), "anna ben cara"),
        (("in/anna/ex01.ipynb", "in/ben/ex01.ipynb"), "anna ben"),  # the zip is called so as well
        (("anna/ex01.ipynb", "anna/ex02.ipynb"), "anna"),
        (("anna/exercises/ex01.ipynb", "anna/solutions/ex01.ipynb"), "anna"),
        (("anna/hw1/ex01.ipynb", "ben/hw1/ex01.ipynb"), "anna ben"),
        (("anna/old/ex01.ipynb", "anna/new/ex01.ipynb", "ben/ex01.ipynb"), "anna ben"),
        (("anna/x_1_2_a.ipynb", "ben/y_3_4_b.ipynb", "cyd/z_5_6_c.ipynb"), "anna ben cyd"),
        (("01.ipynb", "02.ipynb", "1234.ipynb"), "01 02 1234"),
        # Names of groups and of earlier versions of Canvas.
        (("ada_l_1_11_x.ipynb", "ben_late_2_12_x.ipynb", "cy_3_13_x_1_2.ipynb"), "ada_l ben cy"),
        # One file of a group whose members get marks of their own.
        (("ada_1_11_x.ipynb", "ben_2_11_x.ipynb", "cy_3_12_x.ipynb"), "ada ben cy"),
        # A group's file has the number of one member, who handed in another exercise alone.
        (("ada_1_11_ex01.ipynb", "ben_2_12_ex01.ipynb", "team2_1_13_ex02.ipynb"), "ada ben team2"),
        # Somebody has another name since the first download.
        (
            (
                *("submissions/ada_1_11_x.ipynb", "submissions/ben_2_12_x.ipynb"),
                *("submissions (1)/adal_1_13_x.ipynb", "submissions (1)/ben_2_14_x.ipynb"),
            ),
            "ada adal ben",
        ),
        # A file that was downloaded twice.
        (("ada_1_11_x.ipynb", "ada_1_11_x (1).ipynb", "ben_2_12_x.ipynb"), "ada ben"),
        # nbgrader's assignments have the same names everywhere.
        (
            (
                *("submitted/ada/a/x.ipynb", "submitted/ada/b/ex02.ipynb"),
                *("submitted/ben/a/x.ipynb", "submitted/ben/b/ex02.ipynb"),
            ),
            "ada ben",
        ),
        (("ada/ada_a.ipynb", "ada/ada_b_ex02.ipynb", "ben/ben_a.ipynb"), "ada ben"),
        (("ada/ada_a.ipynb", "ada/ada_b.ipynb", "ben/ben/x.ipynb"), "ada ben"),
        (("ada/Desktop/ex01.ipynb", "ada/Downloads/ex02.ipynb", "ben/ex01.ipynb"), "ada ben"),
        (("Ada_11_assignsubmission_file_/H_eve_attempt_2024-01-01-01-01-01_a.ipynb",), "Ada"),
    ],
)
def test_who_the_students_are(tmp_path, places, wanted):
    assert sorted(students(zip_of(tmp_path / "in.zip", *places))) == wanted.split()


@pytest.mark.parametrize(
    ("places", "layout", "wanted"),
    [
        # An outer folder, or a student?
        (("a1/anna/ex01.ipynb", "a1/ben/ex01.ipynb"), "*/STUDENT", "anna ben"),
        (("a1/anna.ipynb", "a1/ben.ipynb"), "*/STUDENT.ipynb", "anna ben"),
        (("a1/anna.ipynb", "a1/ben.ipynb"), "STUDENT", "a1"),
        (("a1/b/anna/ex01.ipynb", "a1/b/ben/ex01.ipynb"), "*/*/STUDENT", "anna ben"),
        # Sections or homework, or students?
        (("s1/anna.ipynb", "s1/ben.ipynb", "s2/cara.ipynb"), "*/STUDENT.ipynb", "anna ben cara"),
        (("s1/anna/ex01.ipynb", "s1/ben/ex01.ipynb", "s2/c/ex01.ipynb"), "*/STUDENT", "anna ben c"),
        (("hw1/anna_ex01.ipynb", "hw1/ben_ex01.ipynb", "hw2/x.ipynb"), "STUDENT", "hw1 hw2"),
        (("hw1/anna/ex01.ipynb", "hw2/ben/ex02.ipynb"), "*/STUDENT", "anna ben"),
        # The names are those of files.
        (("ex01.ipynb", "ex02_classic_decay.ipynb"), "STUDENT.ipynb", "ex01 ex02_classic_decay"),
        (("anna.ipynb", "homework (1).ipynb"), "STUDENT.ipynb", "anna|homework (1)"),
        (("exercises/ex01.ipynb", "solutions/ex01.ipynb"), "STUDENT", "exercises solutions"),
        # A part of a platform's export.
        (("A B_11_assignsubmission_file_/a.ipynb", "anna/a.ipynb"), "moodle", "A B"),
        (
            ("lovelace_11_12_a.ipynb", "turing_12_13_a.ipynb", "x.ipynb"),
            "canvas",
            "lovelace turing",
        ),
        (("a_1_2_x_b_attempt_2024-01-01-01-01-01_a.ipynb",), "canvas", "a"),
        # Names that only look like Canvas', or like folders of ILIAS.
        (
            ("hw_12_05_ada.ipynb", "hw_12_05_ben.ipynb"),
            "STUDENT.ipynb",
            "hw_12_05_ada hw_12_05_ben",
        ),
        (("ex_01_1_ada.ipynb", "ex_01_2_ben.ipynb"), "STUDENT.ipynb", "ex_01_1_ada ex_01_2_ben"),
        (("lr_01_1_ada.ipynb", "lr_01_2_ben.ipynb"), "STUDENT.ipynb", "lr_01_1_ada lr_01_2_ben"),
        (
            ("in/a_2025_03_x.ipynb", "in/b_2025_03_x.ipynb"),
            "*/STUDENT.ipynb",
            "a_2025_03_x b_2025_03_x",
        ),
        (("a_2025_03_x.ipynb", "b_2025_03_x.ipynb", "c_1_2_x.ipynb"), "canvas", "a b c"),
        (("A_WS_25_1/ada/x.ipynb", "A_WS_25_1/ben/x.ipynb"), "*/STUDENT", "ada ben"),
        (("A_WS_25_1/ada.ipynb", "A_WS_25_1/ben.ipynb"), "*/STUDENT.ipynb", "ada ben"),
        (
            ("x/a_1_11_x.ipynb", "x/b_2_12_x.ipynb", "x/c_3_13_x.ipynb", "y/d_4_14_x.ipynb"),
            *("canvas", "a b c d"),
        ),
        (("ada/ada.ipynb", "ada/ben.ipynb", "cy/x.ipynb"), "STUDENT", "ada cy"),
        (("late/ada/x.ipynb", "in time/ben/x.ipynb"), "*/STUDENT", "ada ben"),
        # Sections in which people handed in different exercises.
        (("s1/ada/ex01.ipynb", "s1/ben/ex02.ipynb", "s2/cy/ex01.ipynb"), "*/STUDENT", "ada ben cy"),
        (
            ("s1/ada.ipynb", "s1/ben-ex02.ipynb", "s2/cy.ipynb"),
            "*/STUDENT.ipynb",
            "ada ben-ex02 cy",
        ),
        # Gradescope's list of names is missing.
        (
            ("submission_1/ex01.ipynb", "submission_2/ex01.ipynb"),
            "STUDENT",
            "submission_1 submission_2",
        ),
    ],
)
def test_what_is_not_certain_is_asked(tmp_path, places, layout, wanted):
    source = zip_of(tmp_path / "in.zip", *places)
    with pytest.raises(UnclearError, match=f"nothing was graded.*--layout.*{re.escape(layout)}"):
        submissions(source)
    got = students(source, layout=layout)
    assert sorted(got) == (
        wanted.split("|") if "|" in wanted else [wanted] if wanted == "A B" else wanted.split()
    )


@pytest.mark.parametrize(
    ("layout", "told"),
    [
        ("student", "--layout must be one of gradescope, moodle"),
        ("*/*/STUDENT", "fits no file"),
        ("canvas", "no file has a name as this platform gives them"),
    ],
)
def test_a_layout_that_does_not_fit_is_refused(tmp_path, layout, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        submissions(zip_of(tmp_path / "in.zip", "ada/ex01.ipynb"), layout=layout)


def test_a_name_that_a_student_chose_makes_nobody_else(tmp_path):
    places = (
        "Bob_12_assignsubmission_file_Ada_11_assignsubmission_file_ex01.ipynb",
        "Ada_11_assignsubmission_file_ex01.ipynb",
    )
    assert students(zip_of(tmp_path / "in.zip", *places)) == {
        "Bob": [places[0]],
        "Ada": [places[1]],
    }
    inside = "assignment_1_export/submission_5/ada_1_2_x.ipynb"
    assert [platform_of(one) for one in (*places, inside)] == ["Moodle", "Moodle", "Gradescope"]


def test_a_group_shares_what_it_handed_in(tmp_path):
    both = metadata([Person("Ada Lovelace", "ada", 5)]).replace(
        "  - :email",
        "  - :email: alan@x\n    :name: Alan Turing\n    :sid: alan\n  - :email",
    )
    both += "  :history: !ruby/object:Attempt {}\n"  # what else is there is not read
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("assignment_1_export/submission_5/ex01.ipynb", notebook("both"))
        archive.writestr("assignment_1_export/submission_metadata.yml", both)
    found = submissions(tmp_path / "in.zip")
    assert [(one.student, one.user) for one in found] == [
        ("Ada Lovelace", "ada"),
        ("Alan Turing", "alan"),
    ]
    assert len({one.place for one in found}) == 1


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (
            "HW_ada_attempt_2025-03-09-09-26-05_a.ipynb",
            "HW_ada_attempt_2025-03-10-09-26-05_a.ipynb",
        ),
        ("5-7 - Ada L - Mar 9, 2025 926 PM/a.ipynb", "5-7 - Ada L - Mar 10, 2025 926 AM/a.ipynb"),
        ("5-7 - Ada L- Mar 9, 2025 926 AM - a.ipynb", "5-7 - Ada L- Mar 9, 2025 1026 AM - a.ipynb"),
        ("Ada L+a+2025-03-09 09:26:05 CET+x/a.ipynb", "Ada L+a+2025-03-09 09:26:06 CET/a.ipynb"),
    ],
)
def test_the_platforms_time_says_which_attempt_is_later(tmp_path, earlier, later):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for day, place in ((2, earlier), (1, later)):  # as another program packed them again
            archive.writestr(zipfile.ZipInfo(place, (2026, 1, day, 0, 0, 0)), notebook("x"))
    first, last = sorted(submissions(tmp_path / "in.zip"), key=lambda one: one.order)
    assert (first.place, last.place) == (earlier, later)
    assert first.student == last.student == ("ada" if "attempt" in earlier else "Ada L")


def blackboard_zip(path, *attempts):
    """A download of Blackboard: title, user, exercise and the name that a text beside it gives."""
    with zipfile.ZipFile(path, "w") as archive:
        for title, user, exercise, told in attempts:
            begins = f"{title}_{user}_attempt_2025-03-10-09-26-05"
            archive.writestr(f"{begins}_{exercise}.ipynb", notebook(begins))
            if told is not None:
                archive.writestr(f"{begins}.txt", told)
    return path


def test_the_text_beside_an_attempt_says_who_the_user_of_blackboard_is(tmp_path):
    told = "Name: Zoë (Z.) Müller ({})\r\nAssignment: Rates_1 (ben)\r\n".encode("cp1252")
    attempts = [("Rates_1", "s_ada", "a"), ("Rates_1", "s_ben", "a"), ("Decay", "s_ada", "b")]
    named = [(*one, told.replace(b"{}", one[1].encode())) for one in attempts]
    found = students(blackboard_zip(tmp_path / "in.zip", *named))
    assert {who: len(files) for who, files in found.items()} == {"s_ada": 2, "s_ben": 1}
    # Of one title, one text says where it ends.
    one_told = [named[0], (*attempts[1], None)]
    assert set(students(blackboard_zip(tmp_path / "a.zip", *one_told))) == {"s_ada", "s_ben"}
    # Without it, nobody knows where the user begins, and several titles say nothing.
    nameless = [(*one, None) for one in attempts]
    assert set(students(blackboard_zip(tmp_path / "one.zip", *nameless[:2]))) == {"ada", "ben"}
    with pytest.raises(UnclearError, match="those of several assignments in Blackboard"):
        students(blackboard_zip(tmp_path / "two.zip", *nameless))


def test_a_time_of_nbgraders_exchange_has_its_zone(tmp_path):
    places = ("ada+a+2025-03-09 09:26:05.5 UTC+x/a.ipynb", "ben+a+2025-03-09 09:26:05 CET/a.ipynb")
    ada, ben = submissions(zip_of(tmp_path / "in.zip", *places))
    assert (ada.time.moment.is_local, ben.time.moment.is_local) == (False, True)
    assert ada.time.moment.seconds == ben.time.moment.seconds == 1_741_512_365


def test_one_person_is_one_student_in_every_normal_form(tmp_path):
    nfd = unicodedata.normalize("NFD", "Jürgen")
    source = zip_of(tmp_path / "in.zip", "Jürgen/ex01.ipynb", f"{nfd}/ex02.ipynb", "ada/ex01.ipynb")
    assert {who: len(some) for who, some in students(source).items()} == {"Jürgen": 2, "ada": 1}
    found = preflight(take_in(source), LATEST)
    assert "Written in two normal forms, taken as one person: Jürgen" in found.lines
    assert not any("one person" in question for question in found.questions)


def test_names_that_may_be_one_persons_are_said(tmp_path):
    source = zip_of(
        tmp_path / "in.zip",
        *(f"{who}/ex01.ipynb" for who in ("ada", "Ada ", "ada (1)", "bo-1", "bo-2")),
    )
    found = preflight(take_in(source), LATEST)
    assert "Named as copies, taken as several people: 'bo-1', 'bo-2'" in found.lines
    assert len(found.questions) == 1
    assert found.questions[0].startswith("May be one person: 'Ada ', 'ada', 'ada (1)'. If so, put")


def test_surnames_that_are_words_of_files_as_well_tell_people_apart():
    people = ["Anna", "Anna Day", "Anna Home", "Peter Alt", "Peter Neu", "Anna V", "Tran My"]
    assert alike_names([*people, "Peter", "Tran", "Peter Alt ex01"]) == (
        [["Peter Alt", "Peter Alt ex01"]],
        [],
    )
    # Beside a number they are words of files, and others are so everywhere.
    for one in ("anna day 2", "anna day2", "anna v2", "anna homework", "anna ex01_constant_lr"):
        assert alike_names(["anna", one]) == ([["anna", one]], []), one


def test_other_endings_are_notebooks_too(tmp_path):
    names = ("BEN.IPYNB", "cara.ipynb.txt", "ada.ipynb", "di.ipynb.txt.txt", "eve.ipynb.download")
    source = zip_of(
        tmp_path / "in.zip", *names, "flo.ipynb (1)", "gus.ipynb - Kopie (2)", "hal.ipynb "
    )
    found = ["BEN", "ada", "cara", "di", "eve", "flo (1)", "gus - Kopie (2)", "hal"]
    assert sorted(students(source)) == found


def test_files_of_systems_and_tools_are_nobodys(tmp_path):
    own = (".Trash-0/files/ex01.ipynb", "ada/._ex01.ipynb", "ada/.virtual_documents/ex01.ipynb")
    own = (*own, "__MACOSX/ada/ex01.ipynb", "ada/.ipynb_checkpoints/ex01-checkpoint.ipynb")
    own = (*own, "$RECYCLE.BIN/S-1-5/ex01.ipynb", "System Volume Information/x.ipynb")
    own = (*own, "ada/~$ex01.ipynb", "@eaDir/ada.ipynb", "ben/venv/lib/site-packages/a/x.ipynb")
    found = take_in(zip_of(tmp_path / "in.zip", "ada/ex01.ipynb", "ben/ex01.ipynb", *own))
    assert {one.place for one in found.submissions} == {"ada/ex01.ipynb", "ben/ex01.ipynb"}
    assert sorted(found.left_out[TOOLS_OWN]) == sorted(own)


def test_names_in_a_zip_of_windows(tmp_path):
    source = tmp_path / "in.zip"
    zip_of(source, "ada\\ex01.ipynb", "ben\\ex01.ipynb")
    assert sorted(students(source)) == ["ada", "ben"]


def test_the_exercise_beside_the_students_files_is_nobodys(tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("ada.ipynb", notebook("x"))
        archive.writestr("roster.csv", "ada")
        archive.write(ROOT / "exercises" / "ex01_constant_lr.ipynb", "ex01_constant_lr.ipynb")
    found = take_in(tmp_path / "in.zip")
    assert [one.student for one in found.submissions] == ["ada"]
    assert found.left_out == {NOBODYS: ["roster.csv"], COURSES_OWN: ["ex01_constant_lr.ipynb"]}


def test_a_loose_exercise_beside_students_is_nobodys(tmp_path):
    source = zip_of(
        tmp_path / "in.zip", "ada/ex01.ipynb", "ben/ex01.ipynb", "ex01.ipynb", "Cy D.ipynb"
    )
    found = take_in(source)
    assert sorted(one.student for one in found.submissions) == ["Cy D", "ada", "ben"]
    assert found.left_out[NOBODYS] == ["ex01.ipynb"]
