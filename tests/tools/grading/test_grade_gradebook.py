"""`lr-course grade` where the gradebook is lost, damaged, or in use by another grader."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from course_tools.grading.gradebook import health
from course_tools.grading.gradebook.journal import Gradebook
from tests.tools.calling import lr_course
from tests.tools.grading.gradebook.gradebooks import Forked, hold
from tests.tools.grading.handed_in import grade_folder, hand_in, pages, tables


@pytest.fixture(scope="module")
def graded(needs_sandbox, tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    hand_in(folder / "class", "Ada")
    assert grade_folder(folder / "class", folder / "grades", jobs=1) == 0
    return folder


@pytest.fixture
def copied(graded, tmp_path):
    """A class, and a folder of its grades that a test may damage."""
    return graded / "class", shutil.copytree(graded / "grades", tmp_path / "grades")


def contents_of(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def refused(source, out, *words):
    before = contents_of(out)
    result = lr_course("grade", source, "--out", out)
    last = result.output.strip().splitlines()[-1]
    assert result.exit_code == 2, result.output
    assert last.startswith("Error: ")
    for word in words:
        assert word in last
    assert contents_of(out) == before
    return last


def test_a_gradebook_that_is_missing_is_not_begun_anew(copied):
    source, out = copied
    (out / "grades.sqlite").unlink()
    refused(source, out, f"{out} holds the tables of an earlier call, but there is no gradebook")
    (out / "class.html").unlink()
    refused(source, out, "Put a copy from a backup in its place, name the gradebook with --gradeb")


@pytest.mark.parametrize("left", [0, 1000, 20_000])
def test_a_gradebook_that_is_cut_off_is_not_begun_anew(copied, left):
    source, out = copied
    os.truncate(out / "grades.sqlite", left)
    words = "is empty; a new one would draw other hidden cases" if not left else "it is damaged"
    refused(source, out, words)


def test_a_gradebook_that_is_damaged_in_the_middle(copied):
    source, out = copied
    file = out / "grades.sqlite"
    content = file.read_bytes()
    middle = len(content) // 2
    file.write_bytes(content[:middle] + b"\xff" * 4096 + content[middle + 4096 :])
    assert "Traceback" not in refused(source, out, "grades.sqlite cannot be used: ")


def test_a_gradebook_of_a_newer_version(copied):
    source, out = copied
    with closing(sqlite3.connect(out / "grades.sqlite")) as base, base:
        base.execute("update settings set value = '99' where name = 'schema'")
    refused(source, out, "was written by a newer version of the course", "update the course")


def test_an_empty_file_without_tables_is_what_a_kill_may_leave(needs_sandbox, graded, tmp_path):
    (tmp_path / "grades").mkdir()
    (tmp_path / "grades" / "grades.sqlite").touch()
    assert grade_folder(graded / "class", tmp_path / "grades", jobs=1) == 0
    assert tables(tmp_path / "grades") == tables(graded / "grades")


def test_two_graders_on_one_folder_say_so_at_once(copied):
    source, out = copied
    first = Forked(hold, f"sqlite:///{out / 'grades.sqlite'}")
    assert first.says() == "held"
    refused(source, out, f"is in use by lr-course grade, process {first.pid} on ", ", since 20")
    first.kill()
    assert first.rest() == []
    assert grade_folder(source, out, jobs=1) == 0
    assert sorted(file.name for file in out.iterdir() if file.suffix != ".csv") == [
        *("class-report.html", "class.html", "feedback", "grades.sqlite")
    ]
    assert len(pages(out)) == 3


def test_the_gradebook_is_looked_through_for_damage_once(copied, monkeypatch):
    source, out = copied
    seen = []
    monkeypatch.setattr(health, "check", seen.append)
    assert grade_folder(source, out, jobs=1) == 0
    assert len(seen) == 1


def test_while_one_grades_another_looks_at_what_was_handed_in(copied):
    source, out = copied
    with Gradebook(f"sqlite:///{out / 'grades.sqlite'}") as book, book.held("lr-course grade"):
        result = lr_course("grade", source, "--out", out, "--preview")
    assert (result.exit_code, "1 student, 1 file" in result.output) == (0, True)
