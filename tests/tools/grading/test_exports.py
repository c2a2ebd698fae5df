"""What is exported can be imported, and is the same bytes every time."""

import errno
import itertools
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from course_tools.grading import exports
from course_tools.grading.enrollment import Enrollment
from course_tools.grading.exports import left_out, write_exports
from course_tools.grading.gradebook.journal import Gradebook, Standing
from course_tools.grading.report import NOT_HANDED_IN
from tests.tools.grading.example_reports import (
    CLASS,
    by_hand,
    full_report,
    handed_in,
    key,
    report,
    standing,
    task_report,
    unreadable_report,
)
from tests.tools.grading.handed_in import table

ROOT = Path(__file__).parents[3]


def test_the_grades(tmp_path):
    files = write_exports(CLASS, tmp_path / "grades")
    assert [file.name for file in files] == [
        "grades.csv",
        "tasks.csv",
        "statistics.csv",
        "canvas.csv",
    ]
    head, ada, again, bob, zoe = table(tmp_path / "grades", "grades.csv")
    found = dict(zip(head, ada, strict=True))
    assert found == {
        "student": "ada",
        "user": "11",
        "exercise": "ex04_warmup",
        "state": "graded",
        "points": "1.75",
        "possible": "2",
        "percent": "87.5",
        "adjustment": "",
        "by hand": "",
        "points that count": "1.75",
        "suspicions": "lr_at_step calls optax.join_schedules, an existing implementation.",
        "notes": "lr_at_step occurs more than once; the best one counts.",
        "reproduction": "Run afresh, the notebook prints what was handed in "
        "(3 cells with outputs).",
        "file": "ada/a.ipynb",
        "unsafe": "yes",
        "page": "feedback/ada-11-3ddcc37ea1ae0194.html",
    }
    assert again[2:7] == ["ex05_cyclical", "graded", "1", "4", "25"]
    assert bob[:7] == ["bob", "", "", "unreadable", "", "", ""]
    assert bob[11] == "The file is no notebook: it is not JSON."
    assert zoe[4:7] == ["0.666667", "4", "16.67"]
    assert zoe[-2] == ""


def adjusted(one, *changes):
    """A standing of which somebody changed the mark by hand."""
    return replace(one, adjustments=tuple(changes))


MOMENT = datetime(2026, 1, 2, 23, 59, tzinfo=timezone.utc)
THREE = "set to 3 of 4 points: She explained it."
BONUS = "bonus of 1.5 points: She explained it."
NOBODYS = handed_in("nora", user="14", place="", content="")


def test_marks_by_hand_are_in_all_tables(tmp_path):
    class_of = (
        adjusted(standing("ada", "11"), by_hand("set", 3.0, at=MOMENT), by_hand("bonus", 1.5)),
        adjusted(standing("bob", "12"), by_hand("excuse", reason="=ill")),
        adjusted(
            standing("cyd", "13", replace(unreadable_report(), exercise="ex04_warmup")),
            by_hand("set", 1.0, graded=None),
        ),
        Standing(
            *("nora", "14", "ex04_warmup", NOBODYS),
            *(report(state=NOT_HANDED_IN, tasks=()), 0, 0),
            adjustments=(by_hand("set", 2.0),),
        ),
        standing("nora", "14", report("ex05_cyclical")),
    )
    write_exports(downloaded(class_of, CANVAS), tmp_path)
    head, *rows = table(tmp_path, "grades.csv")
    columns = [head.index(name) for name in ("state", "points", "adjustment")]
    columns += [head.index(name) for name in ("points that count", "by hand")]
    assert [[row[column] for column in columns] for row in rows[:4]] == [
        ["graded", "2", "2.5", "4.5", f"{THREE} (Eve, 2026-01-02). {BONUS} (Eve)."],
        ["graded", "2", "excused", "", "excused: =ill (Eve)."],
        ["unreadable", "", "1", "1", "set to 1 of 4 points: She explained it. (Eve)."],
        ["not handed in", "", "2", "2", "set to 2 of 4 points: She explained it. (Eve)."],
    ]
    assert [row[:2] + row[5:] for row in table(tmp_path, "canvas.csv")[2:]] == [
        ["ada", "11", "4.5", ""],
        ["bob", "12", "EX", ""],
        ["cyd", "13", "1", ""],
        ["nora", "14", "2", "2"],  # one row: the number is known from the other exercise
    ]
    write_exports(downloaded(class_of, MOODLE), tmp_path)
    assert [row[:4] for row in table(tmp_path, "moodle_ex04_warmup.csv")[1:]] == [
        ["Participant 11", "ada", "4", "4"],  # Moodle skips what is more than the maximum
        ["Participant 13", "cyd", "1", "4"],
    ]
    # Her number in this assignment is not known.
    assert left_out(downloaded(class_of, MOODLE), Enrollment()) == {
        "moodle_ex04_warmup.csv": ("nora",)
    }


def test_the_tasks(tmp_path):
    write_exports(CLASS, tmp_path)
    head, *rows = table(tmp_path, "tasks.csv")
    assert head == list(exports._TASKS)
    cause = "The warmup is not counted."
    ada = ["ada", "11", "ex04_warmup", "lr_at_step", "answered", "1.75", "2", "whole run", cause]
    assert rows[0] == [*ada, "task_seconds", "ValueError", "'=1 is no rate"]
    assert [row[3] for row in rows] == ["lr_at_step", *["lr_at_step", "with_warmup"] * 2]
    assert rows[2][4:] == ["not written", "0", "2", "", "", "", "", ""]


def test_the_statistics(tmp_path):
    points = [(n % 3, n % 4) for n in range(24)]
    class_ = [
        standing(
            str(n),
            "",
            report(
                tasks=(
                    task_report("lr_at_step", float(first), misconception="late" * (first == 0)),
                    task_report("with_warmup", float(second), 3.0, seconds=n / 10),
                )
            ),
        )
        for n, (first, second) in enumerate(points)
    ]
    write_exports(class_, tmp_path)
    head, *rows = table(tmp_path, "statistics.csv")
    whole, first, second = (dict(zip(head, row, strict=True)) for row in rows)
    assert head == list(exports._STATISTICS)
    assert (whole["exercise"], whole["task"], whole["possible"]) == ("ex04_warmup", "", "5")
    assert (whole["difficulty"], whole["median"], whole["discrimination"]) == ("0.5", "2.5", "")
    assert first["difficulty"] == second["difficulty"] == "0.5"
    assert (first["students_all_points"], first["students_no_points"]) == ("8", "8")
    assert (second["first_quartile"], second["third_quartile"]) == ("0.75", "2.25")
    r = np.corrcoef(np.array(points, dtype=float).T)[0, 1]
    assert float(first["discrimination"]) == pytest.approx(r, abs=1e-6)
    assert float(first["discrimination_low"]) < r < float(first["discrimination_high"])
    assert first["discrimination_students"] == "24"
    assert (second["median_seconds"], second["ninth_decile_seconds"]) == ("1.15", "2.07")
    assert first["mistakes"] == "late: 8"
    assert (first["lesson"], first["section"]) == ("04_warmup", "The schedule from scratch")


CANVAS = "name_{user}_7_ex.ipynb"
MOODLE = "name_{user}_assignsubmission_file_/ex.ipynb"


def downloaded(standings, pattern):
    """Standings of files that are named as a platform does."""
    return [
        replace(one, handed_in=replace(one.handed_in, place=pattern.format(user=one.user)))
        if one.handed_in.place
        else one
        for one in standings
    ]


def test_what_canvas_imports(tmp_path):
    write_exports(downloaded(CLASS, CANVAS), tmp_path)
    assert table(tmp_path, "canvas.csv") == [
        [
            *("Student", "ID", "SIS User ID", "SIS Login ID", "Section"),
            *("ex04_warmup", "ex05_cyclical"),
        ],
        ["Points Possible", "", "", "", "", "4", "4"],
        ["Zoë", "12", "", "", "", "0.666667", ""],
        ["ada", "11", "", "", "", "1.75", "1"],
        ["bob", "", "", "", "", "", ""],  # empty: Canvas leaves the grade as it is
    ]


def test_canvas_gets_no_anonymous_number(tmp_path):
    file = replace(standing().handed_in, user="x1Y2z", place="anon_x1Y2z_7_ex.ipynb")
    write_exports([replace(standing("anon", "x1Y2z"), handed_in=file)], tmp_path)
    assert table(tmp_path, "canvas.csv")[2][:2] == ["anon", ""]


@pytest.mark.parametrize("name", ["Points Possible", "x Points \u202ePossible", "Points\nPossible"])
def test_no_students_name_sets_canvas_points(tmp_path, name):
    write_exports([standing(name)], tmp_path)
    rows = table(tmp_path, "canvas.csv")
    assert [number for number, row in enumerate(rows) if "Points Possible" in row[0]] == [1]


def test_what_moodle_imports(tmp_path):
    nobody = standing("nobody", "", report(reached=2.0))
    write_exports([*downloaded(CLASS, MOODLE), nobody], tmp_path)
    assert table(tmp_path, "moodle_ex04_warmup.csv") == [
        [
            *("Identifier", "Full name", "Grade", "Maximum Grade", "Grade can be changed"),
            "Last modified (grade)",
        ],
        ["Participant 11", "ada", "1.75", "4", "Yes", ""],
        ["Participant 12", "Zoë", "0.666667", "4", "Yes", ""],
    ]
    assert [row[1] for row in table(tmp_path, "moodle_ex05_cyclical.csv")[1:]] == ["ada"]


def test_a_number_of_one_platform_is_not_given_to_the_other(tmp_path):
    write_exports(downloaded(CLASS, MOODLE), tmp_path)
    assert {row[1] for row in table(tmp_path, "canvas.csv")[2:]} == {""}
    files = write_exports(downloaded(CLASS, CANVAS), tmp_path / "canvas")
    assert not [file for file in files if file.name.startswith("moodle")]


def test_what_cannot_be_read_gets_no_points(tmp_path):
    named = replace(unreadable_report(), exercise="ex04_warmup")
    both = [standing("eve", "1", named), standing("fay", "2")]
    write_exports(downloaded(both, CANVAS), tmp_path)
    assert table(tmp_path, "grades.csv")[1][4:7] == ["", "", ""]
    assert table(tmp_path, "canvas.csv")[2] == ["eve", "1", "", "", "", ""]
    write_exports(downloaded(both, MOODLE), tmp_path)
    assert len(table(tmp_path, "moodle_ex04_warmup.csv")) == 2


def test_no_standings(tmp_path):
    write_exports([], tmp_path)
    for name in ("grades.csv", "tasks.csv", "statistics.csv"):
        assert len(table(tmp_path, name)) == 1
    assert len(table(tmp_path, "canvas.csv")) == 2


def test_people_open_it_in_excel_and_programs_import_it(tmp_path):
    for file in write_exports(CLASS, tmp_path):
        marked = file.name in ("grades.csv", "tasks.csv", "statistics.csv")
        assert file.read_bytes().startswith(b"\xef\xbb\xbf") == marked
        assert b"\xef\xbb\xbf" not in file.read_bytes()[3:]


@pytest.mark.parametrize("exercise", ["../x", "a/b", "ex 1", "é", "=1"])
def test_an_exercise_that_is_no_name_of_a_file_is_refused(tmp_path, exercise):
    with pytest.raises(
        ValueError, match="exercise must be a name of letters, digits and underscor"
    ):
        write_exports([standing(worth=report(exercise))], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_disk_leaves_the_old_file(tmp_path, monkeypatch):
    old = {file: file.read_bytes() for file in write_exports(CLASS, tmp_path)}

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left .*grades\.csv'"):
        write_exports(CLASS[:1], tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == old


def test_a_new_file_replaces_the_old_one_at_once(tmp_path, monkeypatch):
    write_exports(CLASS, tmp_path)
    old, really, seen = (tmp_path / "grades.csv").read_bytes(), os.replace, []

    def watched(source, target):
        seen.append((target.name, target.read_bytes(), source.parent == target.parent))
        really(source, target)

    monkeypatch.setattr(os, "replace", watched)
    write_exports(CLASS[:1], tmp_path)
    assert seen[0] == ("grades.csv", old, True)
    assert (tmp_path / "grades.csv").read_bytes() != old
    assert all(same for _, _, same in seen)


def test_the_order_of_events_leaves_no_trace(tmp_path):
    files = [
        handed_in(student, content, user=user, order=order)
        for (student, user), (content, order) in itertools.product(
            (("ada", "2"), ("Ada", "1"), ("é", ""), ("eve", "30")), (("a", 1), ("b", 2))
        )
    ]
    results = [("a", full_report()), ("b", report(reached=0.1 + 0.2))]
    found = set()
    for run in range(6):
        chance, folder = random.Random(run), tmp_path / str(run)
        folder.mkdir()
        with Gradebook(f"sqlite:///{folder / 'grades.sqlite'}") as book:
            for file in chance.sample(files, len(files)):
                book.hand_in(file)
            for content, worth in chance.sample(results, 2):
                book.record(key(content), replace(worth, seconds=chance.random()))
            written = write_exports(book.standings(), folder)
        found.add(tuple(file.read_bytes() for file in written))
    assert len(found) == 1


def test_other_processes_write_the_same_bytes(tmp_path):
    code = """
import sys
from pathlib import Path
from course_tools.grading.exports import write_exports
from tests.tools.grading.example_reports import CLASS
write_exports(CLASS, Path(sys.argv[1]))
"""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    written = []
    for seed, locale, zone in (("0", "C", "UTC"), ("1", "C.UTF-8", "Asia/Kolkata")):
        folder = tmp_path / seed
        environment = {"PYTHONPATH": path, "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone}
        command = [sys.executable, "-c", code, str(folder)]
        subprocess.run(command, env=os.environ | environment, check=True)
        written.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert written[0] == written[1]
    assert len(written[0]) == 4
