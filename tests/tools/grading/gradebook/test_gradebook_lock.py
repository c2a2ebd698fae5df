"""One command at a time writes to a gradebook; the others are told at once who does."""

import fcntl
import os
import re
import socket

import pytest

from course_tools.grading.gradebook.engine import GradebookError
from course_tools.grading.gradebook.journal import Gradebook
from tests.tools.grading.example_reports import handed_in, key, report
from tests.tools.grading.gradebook.gradebooks import Forked, hold


def test_the_second_is_told_at_once_who_has_the_gradebook(book, url):
    first = Forked(hold, url)
    assert first.says() == "held"
    with pytest.raises(GradebookError) as found, book.held("lr-course mark"):
        pass
    assert re.search(
        rf"is in use by lr-course grade, process {first.pid} on {socket.gethostname()[:20]}.*, "
        r"since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d \S*; wait until that command has ended",
        str(found.value),
    )
    first.kill()
    first.rest()


def test_reading_goes_on_and_the_holder_writes(book, url):
    with book.held("lr-course grade"), Gradebook(url) as reader:
        book.hand_in(handed_in())
        book.record(key(), report())
        assert len(reader.standings()) == 1


def test_a_kill_ends_it(book, url):
    for _ in range(3):
        first = Forked(hold, url)
        assert first.says() == "held"
        first.kill()
        assert first.rest() == []
        with book.held("lr-course mark"):
            pass


def test_its_end_leaves_no_file(tmp_path):
    with Gradebook(f"sqlite:///{tmp_path / 'grades.sqlite'}") as book:
        for _ in range(2):
            with book.held("lr-course grade"):
                assert {file.name for file in tmp_path.iterdir()} == {
                    "grades.sqlite",
                    "grades.sqlite-lock",
                }
            assert [file.name for file in tmp_path.iterdir()] == ["grades.sqlite"]


def test_of_many_that_take_turns_no_two_have_it(url, book, tmp_path):
    there = tmp_path / "there"
    workers = [Forked(take_turns, url, there) for _ in range(4)]
    said = [one.rest() for one in workers]
    assert all(set(words) <= {"mine", "in use"} for words in said), said
    assert sum(words.count("mine") for words in said) >= 4


def take_turns(told, url, there):
    """Take the gradebook again and again, and see that nobody else has it meanwhile."""
    with Gradebook(url) as book:
        turns = 0
        while turns < 15:
            try:
                with book.held("lr-course grade"):
                    os.close(os.open(there, os.O_CREAT | os.O_EXCL))
                    there.unlink()
                    turns += 1
                    told.send("mine")
            except GradebookError as error:
                told.send("in use" if "is in use by" in str(error) else str(error))


def test_a_file_that_its_holder_has_just_removed_is_no_lock(tmp_path, monkeypatch):
    file, really, calls = tmp_path / "grades.sqlite-lock", fcntl.flock, []

    def removed_meanwhile(descriptor, operation):
        if not calls:
            file.unlink()
        calls.append(really(descriptor, operation))

    monkeypatch.setattr(fcntl, "flock", removed_meanwhile)
    with Gradebook(f"sqlite:///{tmp_path / 'grades.sqlite'}") as book, book.held("lr-course mark"):
        assert file.read_text().startswith("lr-course mark, process ")
        with pytest.raises(GradebookError, match="is in use by lr-course mark, process"):
            book.held("lr-course grade").__enter__()


def test_a_folder_in_which_nothing_can_be_locked(tmp_path):
    (tmp_path / "grades.sqlite-lock").mkdir()
    with (
        Gradebook(f"sqlite:///{tmp_path / 'grades.sqlite'}") as book,
        pytest.raises(GradebookError, match=r"cannot be locked: .*grades.sqlite-lock: Is a direc"),
        book.held("lr-course grade"),
    ):
        pass
