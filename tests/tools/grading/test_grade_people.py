"""`lr-course grade` with a roster and due dates: who is missing, unknown, late, one person."""

import csv
import io
import json
import os
import zipfile

import pytest
from click.testing import CliRunner

from course_tools.cli import main
from course_tools.grading.intake.roster import RosterPerson
from course_tools.grading.mark_requests import ClassList
from tests.tools.grading.handed_in import WRONG, grade_folder, hand_in, pages, solved, with_task

ROSTER = (
    "id,name,login,canvas_id,extension\n1,Ada Lovelace,ada,11,\n2,Ben Öz,ben,12,1\n3,Cy Eld,,13,\n"
)
LATE = """[limits]
memory_mb = 400
[late]
due = "2025-03-10"
share_per_day = 0.1
"""
DUE = 1_741_651_199  # the last second of that day in UTC


def command(*arguments):
    return CliRunner().invoke(main, ["grade", *map(str, arguments)])


def grades(out):
    text = (out / "grades.csv").read_bytes().decode("utf-8-sig")
    return {(row["student"], row["exercise"]): row for row in csv.DictReader(io.StringIO(text))}


def roster(folder, text=ROSTER):
    file = folder / "class.csv"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def graded(needs_sandbox, tmp_path_factory):
    """A class of which one is in time, one late with an extension, one missing, one unknown."""
    folder = tmp_path_factory.mktemp("people")
    for student, seconds in (("ada", -10), ("ben", 86_400 + 10), ("mallory", 86_400 + 10)):
        file = hand_in(folder / "class", student, solved() | {"of": student})
        os.utime(file, (DUE + seconds,) * 2)
    (folder / "grading.toml").write_text(LATE)
    arguments = [folder / "class", "--out", folder / "grades", "--config", folder / "grading.toml"]
    arguments += ["--roster", roster(folder), "--jobs", "1"]
    return folder, arguments, command(*arguments, "--yes")


def test_what_somebody_must_decide_stops_before_anything_is_graded(graded, tmp_path):
    folder, arguments, _ = graded
    arguments = [tmp_path / "out" if one == folder / "grades" else one for one in arguments]
    done = command(*arguments)
    assert done.exit_code == 2
    assert "Roster: 3 students, of whom 2 handed in. Not among these files: Cy Eld" in done.output
    assert "To be decided:\n  Not in the roster: mallory" in done.output
    assert "nothing was graded, because somebody has to decide what stands above, and --yes" in (
        done.output
    )
    assert not (tmp_path / "out").exists()
    done = command(*arguments, "--preview")
    assert (done.exit_code, "Not in the roster" in done.output) == (0, True)


def test_who_is_missing_and_unknown_is_told(graded):
    folder, _, done = graded
    assert done.exit_code == 0, done.output
    assert "Roster: 3 students; handed in nothing: Cy Eld\n  not in the roster: mallory" in (
        done.output
    )
    rows = grades(folder / "grades")
    assert rows["Cy Eld", ""]["state"] == rows["Cy Eld", ""]["roster"] == "missing"
    assert rows["mallory", "ex01_constant_lr"]["roster"] == "unknown"
    page = (folder / "grades" / "class.html").read_text()
    assert "3 students in the roster." in page
    assert "Not in the roster:</b> <a" in page
    missing = page.partition('id="missing"')[2].partition("</section>")[0]
    assert "Cy Eld" in missing
    assert "everything" in missing
    table = (folder / "grades" / "canvas.csv").read_text()
    assert "Ada Lovelace,11,,,,6\n" in table.replace("\r", "")


def test_late_days_are_told_and_raw_points_are_kept(graded):
    folder, _, done = graded
    rows = grades(folder / "grades")
    told = {
        who: [row[name] for name in ("points", "days late", "points lost", "points that count")]
        for (who, exercise), row in rows.items()
        if exercise
    }
    assert told == {
        "Ada Lovelace": ["6", "0", "0", "6"],
        "Ben Öz": ["6", "1", "0.6", "5.4"],  # a day and ten seconds, of which one day is his
        "mallory": ["6", "2", "1.2", "4.8"],
    }
    assert "Late: 2 hand-ins, 1.8 points taken off" in done.output
    found = pages(folder / "grades")
    (ben,) = (page.decode() for name, page in found.items() if "ben-oz-2" in name)
    assert "Handed in 1 day late (2025-03-12 00:00:09)." in ben
    assert "Points taken off: 0.6. Points that count: 5.4 of 6." in ben
    assert not any(
        "Handed in" in page.decode() for name, page in found.items() if "ada-lovelace-1" in name
    )
    late = found["class.html"].decode().partition('id="late"')[2].partition("</section>")[0]
    assert late.count("Points taken off") == 2
    assert b"Ben \xc3\x96z,12,,,,5.4" in (folder / "grades" / "canvas.csv").read_bytes()


def test_what_was_decided_once_is_not_asked_again_and_something_new_is(graded):
    folder, arguments, _ = graded
    done = command(*arguments)
    assert done.exit_code == 0
    assert "Decided before:\n  Not in the roster: mallory" in done.output
    new = hand_in(folder / "class", "trudy", solved() | {"of": "trudy"})
    done = command(*arguments)
    new.unlink()
    assert done.exit_code == 2
    assert "To be decided:\n  Not in the roster: mallory, trudy" in done.output


def test_a_mark_by_hand_finds_a_person_by_any_name_of_the_roster():
    known = RosterPerson("7", "Ada Byron", email="ada@x.org", sis_login="byron01")
    found = ClassList((), [("Ada Byron", "7")], {("Ada Byron", "7"): known.names})
    for name in ("Ada Byron", "7", "ADA@x.org", "byron01"):
        assert found.find(name) == ("Ada Byron", "7")
    with pytest.raises(ValueError, match="no student is called 'byron02'"):
        found.find("byron02")


def test_a_person_is_graded_again_by_the_rosters_name_or_id(graded):
    _, arguments, _ = graded
    for who in ("Ben Öz", "2", "ben"):
        done = command(*arguments, "--yes", "--regrade", who)
        assert "1 graded now, 2 graded before" in done.output


def test_without_a_roster_names_are_as_they_were(graded, tmp_path):
    folder, _, _ = graded
    book = f"sqlite:///{folder / 'grades' / 'grades.sqlite'}"
    done = command(
        folder / "class",
        "--out",
        tmp_path / "out",
        "--gradebook",
        book,
        "--config",
        folder / "grading.toml",
        "--changed-settings",
    )
    assert "The last call had a roster." in done.output
    assert "0 graded now, 3 graded before" in done.output
    assert {who for who, _ in grades(tmp_path / "out")} == {"ada", "ben", "mallory"}
    assert "Roster" not in done.output
    assert 'id="roster"' not in (tmp_path / "out" / "class.html").read_text()


def test_the_same_person_in_two_platforms_is_one(needs_sandbox, tmp_path):
    wrong = json.dumps(with_task(solved(), "gradient_step", WRONG))
    right = json.dumps(solved())
    with zipfile.ZipFile(tmp_path / "moodle.zip", "w") as archive:
        archive.writestr("Ada Lovelace_77_assignsubmission_file_/ex01.ipynb", wrong)
    with zipfile.ZipFile(tmp_path / "canvas.zip", "w") as archive:
        archive.writestr("lovelaceada_11_900_ex01.ipynb", right)
    people = roster(tmp_path)
    for name in ("moodle.zip", "canvas.zip"):
        assert grade_folder(tmp_path / name, tmp_path / "out", roster=people) == 0
    rows = grades(tmp_path / "out")
    assert rows["Ada Lovelace", "ex01_constant_lr"]["points"] == "6"
    assert [row["user"] for row in rows.values() if row["state"] != "missing"] == ["1"]
    page = (tmp_path / "out" / "class.html").read_text()
    choices = page.partition('id="choices"')[2].partition("</section>")[0]
    assert "lovelaceada_11_900_ex01.ipynb" in choices
    assert "Ada Lovelace_77_assignsubmission_file_/ex01.ipynb" in choices
    with zipfile.ZipFile(tmp_path / "out" / "canvas_ex01_constant_lr_feedback.zip") as archive:
        assert archive.namelist() == ["lovelaceada_11_900_ex01_feedback.html"]


def test_the_last_upload_to_canvas_counts_and_the_trash_does_not(needs_sandbox, tmp_path):
    wrong = json.dumps(with_task(solved(), "gradient_step", WRONG)).encode()
    files = (
        ("ada_11_101_ex01-2.ipynb", wrong, 1_900_000_000),
        ("ada_11_102_ex01-2-1.ipynb", json.dumps(solved()).encode(), 1_000_000_000),
        ("ben_12_103_ex01.ipynb", wrong, 1_900_000_000),
        (".Trash-0/files/ex01.ipynb", wrong, 1_900_000_001),
        (".Trash-0/files/ada_11_999_ex01-2-2.ipynb", wrong, 1_900_000_001),
    )
    for place, content, seconds in files:
        file = tmp_path / "in" / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (seconds,) * 2)
    assert grade_folder(tmp_path / "in", tmp_path / "out", layout="canvas") == 0
    points = {who: row["points"] for (who, _), row in grades(tmp_path / "out").items()}
    assert points == {"ada": "6", "ben": "5"}


def test_a_corrected_file_with_an_older_date_counts(needs_sandbox, tmp_path):
    file = hand_in(tmp_path / "in", "ada", with_task(solved(), "gradient_step", WRONG))
    hand_in(tmp_path / "in", "ben")
    os.utime(file, (2_000_000_000,) * 2)
    for nb, points in ((None, "5"), (solved(), "6"), (None, "6")):
        if nb is not None:
            hand_in(tmp_path / "in", "ada", nb)
            os.utime(file, (1_000_000_000,) * 2)
        assert grade_folder(tmp_path / "in", tmp_path / "out") == 0
        assert grades(tmp_path / "out")["ada", "ex01_constant_lr"]["points"] == points
    hand_in(tmp_path / "in", "ada", with_task(solved(), "gradient_step", WRONG))
    os.utime(file, (1_500_000_000,) * 2)
    assert grade_folder(tmp_path / "in", tmp_path / "out") == 0
    assert grades(tmp_path / "out")["ada", "ex01_constant_lr"]["points"] == "5"


def test_a_file_that_cannot_be_read_goes_away_when_a_good_one_takes_its_place(
    needs_sandbox, tmp_path
):
    for name in ("ex01.ipynb", "other.ipynb"):
        hand_in(tmp_path / "in", "ada", b"{", name)
        os.utime(tmp_path / "in" / "ada" / name, (1_000_000_000,) * 2)
    assert grade_folder(tmp_path / "in", tmp_path / "out", layout="STUDENT") == 0
    assert [row["state"] for row in grades(tmp_path / "out").values()] == ["unreadable"]
    hand_in(tmp_path / "in", "ada", solved(), "ex01 (1).ipynb")
    assert grade_folder(tmp_path / "in", tmp_path / "out", layout="STUDENT") == 0
    text = (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["state"], row["file"]) for row in rows] == [
        ("unreadable", "ada/other.ipynb"),
        ("graded", "ada/ex01 (1).ipynb"),
    ]


def test_a_wrong_roster_is_refused_in_words(tmp_path):
    hand_in(tmp_path / "class", "ada")
    arguments = (tmp_path / "class", "--out", tmp_path / "out", "--roster")
    done = command(*arguments, roster(tmp_path, "id,name\n1,Ada\n1,Ben\n"))
    assert (done.exit_code, "line 3: the id '1' is that of line 2" in done.output) == (2, True)
    done = command(*arguments, tmp_path / "none.csv")
    assert "none.csv cannot be read: No such file or directory" in done.output
