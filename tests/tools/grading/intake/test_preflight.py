"""Before anything is graded, what somebody has to decide is asked; a clean class asks nothing."""

import os
import zipfile
from datetime import datetime

import pytest

from course_tools.grading.intake.preflight import preflight
from course_tools.grading.intake.roster import Roster, RosterPerson
from course_tools.grading.intake.roster_matching import match
from course_tools.grading.intake.submissions import take_in
from course_tools.grading.late_days import LatePolicy
from course_tools.grading.settings import BEST, FIRST, LATEST
from tests.tools.grading.handed_in import EX01, ROOT
from tests.tools.grading.layout_exports import EXPORTS, Person, notebook, written

PEOPLE = [Person("Ada Lovelace", "ada", 11), Person("Zoë Müller", "zoe", 12)]
LATE = LatePolicy(due=(("", datetime(2025, 3, 10, 23, 59, 59)),))


def folder_of(root, *places, times=()):
    for n, place in enumerate(places):
        file = root / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(notebook(place))
        if times:
            os.utime(file, (times[n],) * 2)
    return root


def questions(source, attempts=LATEST, roster=None, late=None, **options):
    found = take_in(source, **options)
    people = None if roster is None else Roster(tuple(roster))
    matching = None if people is None else match(people, found.origins)
    return preflight(found, attempts, late, people, matching).questions


@pytest.mark.parametrize("export", sorted(EXPORTS))
def test_a_clean_class_asks_nothing(tmp_path, export):
    assert questions(written(tmp_path / "in.zip", export, PEOPLE)) == ()


def lines(source, roster=None):
    found = take_in(source)
    people = None if roster is None else Roster(tuple(roster))
    matching = None if people is None else match(people, found.origins)
    return preflight(found, LATEST, None, people, matching).lines


@pytest.mark.parametrize(
    "names", [("ada", "Ada"), ("ada", "ada "), (" ada", "ada"), ("a  b", "A b"), ("a_b", "A b")]
)
def test_people_that_may_be_one(tmp_path, names):
    source = folder_of(tmp_path / "in", *(f"{one}/ex01.ipynb" for one in (*names, "ben")))
    (question,) = questions(source)
    assert question.startswith("May be one person: ")
    roster = [RosterPerson("1", names[0].strip()), RosterPerson("2", "ben")]
    first, *others = questions(source, roster=roster)
    assert first == question
    assert len(others) == 2
    assert all(" (1), and so may somebody else who handed in. " in one for one in others)
    folder_of(source, f"{names[0]}/ex02.ipynb")
    os.remove(source / names[0] / "ex01.ipynb")
    (source / names[0] / "ex02.ipynb").write_text(notebook("x", "ex02_classic_decay", "step_decay"))
    assert questions(source, roster=roster) == ()


@pytest.mark.parametrize(
    ("names", "asks"),
    [
        (("Ada Lovelace", "Lovelace, Ada"), True),
        (("ada", "ada\u200b"), True),
        (("Ada - ex01", "Ada - ex02"), True),
        (("ada_hw1", "ada_hw 2"), True),
        (("ada", "ada - Copy"), True),
        (("ada", "Copy of ada"), True),
        (("ex01_ada", "ex01_ada 1"), True),
        (("ada", "ada (1)"), True),
        (("ada", "ada-Copy1"), True),
        (("student 1", "student 2"), False),
        (("student-1", "student-2"), False),
        (("ex01_4711", "ex01_4712"), False),
        (("group 1", "group 2"), False),
        (("நிலா", "நீல"), False),  # letters are the same, and signs on them are not
        (("李雷", "李 雷蕾"), False),
        (("Peter Neu", "Anna Neu"), False),
    ],
)
def test_names_of_files_and_copies_may_be_one_persons(tmp_path, names, asks):
    source = folder_of(tmp_path / "in", *(f"{one}/x.ipynb" for one in (*names, "Ben")))
    found = questions(source)
    assert len(found) == asks
    assert all(one.startswith("May be one person: ") for one in found)


def test_what_may_be_work_and_is_nobodys_is_asked_about(tmp_path):
    students = ("ada/ex01.ipynb", "ben/ex01.ipynb")
    source = folder_of(tmp_path / "in", *students, "submissions.zip", "ada.zip", "a.pdf")
    assert questions(source) == ()
    folder_of(source, "ada/more.zip", "cy.zip")
    folder_of(tmp_path, "elsewhere/ex01.ipynb", "elsewhere/di.json")
    (source / "eve").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (question,) = questions(source)
    assert question.startswith("Belong to nobody, though there may be work in them: cy.zip, eve. ")
    beside = folder_of(tmp_path / "beside", *students, "ex01.ipynb")
    (question,) = questions(beside)
    assert question.startswith("Belong to nobody, though there may be work in them: ex01.ipynb. ")
    (beside / "ex01.ipynb").write_bytes((ROOT / "exercises" / f"{EX01}.ipynb").read_bytes())
    assert questions(beside) == ()
    flat = folder_of(tmp_path / "flat", "ada.ipynb", "ben.ipynb", "cy.json")
    assert "Belong to nobody, though there may be work in them: cy.json. " in questions(flat)[0]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_in_a_zip_are_asked_about(tmp_path):
    for name, texts in (("same", ("x", "x")), ("other", ("x", "y"))):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for text in texts:
                archive.writestr("Wei Li/ex01.ipynb", notebook(text))
            archive.writestr("Ada/ex01.ipynb", notebook("ada"))
    assert questions(tmp_path / "same.zip") == ()
    (question,) = questions(tmp_path / "other.zip")
    assert question.startswith("Several files in the zip file have one name: Wei Li/ex01.ipynb. ")


def test_folders_and_files_without_anything_are_said(tmp_path):
    source = folder_of(tmp_path / "in", "ada/ex01.ipynb", "ben/ex01.ipynb")
    (source / "cy" / "deep").mkdir(parents=True)
    (source / "ada" / ".git").mkdir()
    (source / "ben" / "ex01.ipynb").write_bytes(b"")
    told = lines(source)
    assert "Folders without any file: cy" in told
    assert "Cannot be read: ben/ex01.ipynb (the file is empty)" in told
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("ada/ex01.ipynb", notebook("ada"))
        archive.writestr("ada/", "")
        archive.writestr("ben/", "")
        archive.writestr("ben/deep/", "")
    assert "Folders without any file: ben" in lines(tmp_path / "in.zip")


def test_whom_canvas_calls_otherwise_may_be_a_group(tmp_path):
    names = ("team_one_11_101_x.ipynb", "mullerzoe_12_102_x.ipynb", "roeben_13_103_x.ipynb")
    roster = [
        RosterPerson("1", "Ada Lovelace", canvas_id="11"),
        RosterPerson("2", "Zoe Muller", canvas_id="12"),
        RosterPerson("3", "Roe, Ben", canvas_id="10000000000013"),
    ]
    told = lines(folder_of(tmp_path / "in", *names), roster)
    assert told[-1] == (
        "Named otherwise in the roster, as a group may be: team_one (11) is Ada Lovelace"
    )


def test_somebody_elses_number_is_asked_about(tmp_path):
    source = folder_of(tmp_path / "in", "roeben_13_103_x.ipynb", "lovelaceada_11_101_x.ipynb")
    roster = [RosterPerson("1", "Ada Lovelace", canvas_id="99"), RosterPerson("2", "Ben Roe")]
    (question,) = questions(source, roster=roster)
    assert question.startswith(
        "lovelaceada (11) may be Ada Lovelace (1), whose number in Canvas is another one. The"
    )


def test_several_notebooks_of_one_time(tmp_path):
    places = ("ada/ex01.ipynb", "ada/my work.ipynb", "ben/ex01.ipynb")
    source = folder_of(tmp_path / "in", *places, times=(50, 50, 50))
    (question,) = questions(source)
    assert question.startswith("Several notebooks of the same time: ada, ex01_constant_lr: ada/")
    assert len(questions(source, FIRST)) == 1
    assert questions(source, BEST) == ()
    assert questions(folder_of(source, *places, times=(50, 51, 50))) == ()
    copies = folder_of(tmp_path / "c", "ada/ex01.ipynb", "ada/ex01 (1).ipynb", times=(50, 50))
    assert questions(copies) == ()


def test_names_that_the_roster_does_not_know(tmp_path):
    source = folder_of(tmp_path / "in", "Ada Lovelace/ex01.ipynb", "Zoe Müller/ex01.ipynb")
    roster = [RosterPerson("1", "Ada Lovelace"), RosterPerson("2", "Zoë Müller")]
    (question,) = questions(source, roster=roster)
    assert question.startswith("Not in the roster: Zoe Müller (similar: Zoë Müller). Correct")
    roster[1] = RosterPerson("2", "Zoë Müller", login="Zoe Müller")
    assert questions(source, roster=roster) == ()
    (question,) = questions(source, roster=[*roster, RosterPerson("3", "Ada Lovelace")])
    assert question.startswith("Ada Lovelace may be Ada Lovelace (1) or Ada Lovelace (3). The")


def test_many_unknown_names_are_counted(tmp_path):
    source = folder_of(tmp_path / "in", *(f"student {n}x/ex01.ipynb" for n in range(30)))
    (question,) = questions(source, roster=[RosterPerson("1", "Somebody Else")])
    assert question.count("student ") == 20
    assert " and 10 more. Correct the roster" in question


def test_the_time_of_a_download_is_asked_about(tmp_path):
    due = 1_741_650_000  # about midnight of the day
    students = ("ada/a.ipynb", "ben/a.ipynb", "cy/a.ipynb")
    late = folder_of(tmp_path / "a", *students, times=(due + 90_000, due + 90_001, due + 90_002))
    (question,) = questions(late, late=LATE)
    assert question.startswith("All files of ex01_constant_lr are later than it was due, and of")
    assert questions(late) == ()
    spread = folder_of(tmp_path / "b", *students, times=(due - 90_000, due + 90_001, due + 90_002))
    assert questions(spread, late=LATE) == ()


def test_a_file_without_a_time_is_asked_about(tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("ada/ex01.ipynb"), notebook("ada"))
        archive.writestr(zipfile.ZipInfo("ben/ex01.ipynb", (2025, 1, 1, 8, 0, 0)), notebook("b"))
    (question,) = questions(tmp_path / "in.zip", late=LATE)
    assert question.startswith("No time is known, so that nobody is late with: ada/ex01.ipynb. ")
    assert questions(tmp_path / "in.zip") == ()


def test_one_upload_in_two_downloads_is_one_file(tmp_path):
    names = ("ada_1_11_a.ipynb", "ben_2_12_a.ipynb", "cy_3_13_a.ipynb")
    both = [f"{day}/{name}" for day in ("monday", "friday") for name in names]
    source = folder_of(tmp_path / "in", *both)
    assert questions(source) == ()
    assert len(take_in(source).students) == 3


def test_canvas_says_who_is_late_and_not_how_late(tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for name in ("ada_LATE_1_11_a.ipynb", "ben_2_12_a.ipynb", "cy_3_13_a.ipynb"):
            archive.writestr(name, notebook(name))
    found = take_in(tmp_path / "in.zip")
    checked = preflight(found, LATEST, LATE)
    assert checked.questions == ()  # the time of the download is nobody's
    assert checked.lines[-1] == (
        "Late by Canvas, which does not say how late; no points are taken here: ada"
    )
