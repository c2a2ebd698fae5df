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


@pytest.mark.parametrize(
    "names", [("ada", "Ada"), ("ada", "ada "), (" ada", "ada"), ("a  b", "A b")]
)
def test_people_that_may_be_one(tmp_path, names):
    source = folder_of(tmp_path / "in", *(f"{one}/ex01.ipynb" for one in (*names, "ben")))
    (question,) = questions(source)
    assert question.startswith("May be one person: ")
    roster = [RosterPerson("1", names[0].strip()), RosterPerson("2", "ben")]
    first, *others = questions(source, roster=roster)
    assert first == question
    assert len(others) == 2
    assert all(" (1), and so may somebody else who handed in the same" in one for one in others)
    folder_of(source, f"{names[0]}/ex02.ipynb")
    os.remove(source / names[0] / "ex01.ipynb")
    (source / names[0] / "ex02.ipynb").write_text(notebook("x", "ex02_classic_decay", "step_decay"))
    assert questions(source, roster=roster) == ()


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
