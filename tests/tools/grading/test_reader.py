"""Files are read in a process with limits: a slow one costs nobody else a point."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from course_tools.grading.gradebook.journal import Gradebook
from course_tools.grading.intake import reader
from course_tools.grading.intake.course_files import EXERCISE, SOLUTION, Glance, glance
from course_tools.grading.intake.places import UnreadableError
from course_tools.grading.intake.reader import Reader, ReaderStartError
from course_tools.grading.intake.work import work_in
from course_tools.grading.report import GRADED, UNREADABLE
from tests.tools.grading.handed_in import EX01, grade_folder, hand_in, shipped, solved, with_task


def as_bytes(nb):
    return json.dumps(nb).encode()


SOLVED = as_bytes(solved())


def with_code(source):
    return as_bytes(with_task(solved(), "gradient_step", source))


def slow():
    """A notebook for which a name is looked up in a table a billion times."""
    imports = "".join(f"    import m{n} as n{n}\n" for n in range(20_000))
    return with_code(f"def gradient_step(w):\n{imports}    return [{'lambda: 0, ' * 20_000}]")


def large():
    """A notebook whose code takes some hundred bytes for each of its letters."""
    return with_code(f"x = [{'1,' * 1_500_000}]")


@pytest.fixture
def small():
    made = Reader(seconds=1, memory_mb=300)
    yield made
    made.close()


@pytest.mark.parametrize("exercise", [EX01, "ex07_range_test", "capstone"])
def test_the_process_answers_as_the_functions_do(exercise):
    for folder, kind in (("solutions", SOLUTION), ("exercises", EXERCISE)):
        content = as_bytes(shipped(folder, exercise))
        assert reader.read(content) == work_in(content)
        assert reader.look(content) == glance(content) == Glance(exercise, kind)


def test_half_a_surrogate_pair_and_other_odd_texts_come_back_as_they_are():
    content = with_code('x = "\ud800 \0 \u2028"  # \udfff')
    assert reader.read(content) == work_in(content)


def test_what_is_no_notebook_is_refused_in_the_same_words():
    for content in (b"", b"[]", b"\xff", as_bytes({"nbformat": 4, "cells": []})):
        with pytest.raises(UnreadableError) as expected:
            work_in(content)
        with pytest.raises(UnreadableError) as found:
            reader.read(content)
        assert str(found.value) == str(expected.value)
    assert reader.look(b"[" * 100_000) == Glance()


@pytest.mark.skipif(sys.platform == "win32", reason="the limits are those of Unix")
@pytest.mark.parametrize(("made", "limit"), [(slow, "1 seconds"), (large, "300 MB of memory")])
def test_a_file_over_a_limit_is_unreadable_and_the_next_one_is_read(small, made, limit):
    content = made()
    assert len(content) < 5_000_000
    for _ in range(2):  # the second time, it is known
        with pytest.raises(UnreadableError, match=f"^reading it takes more than {limit}$"):
            small.ask("work_in", content)
    assert small.ask("work_in", SOLVED)["exercise"] == EX01


@pytest.mark.skipif(sys.platform == "win32", reason="the limits are those of Unix")
@pytest.mark.usefixtures("needs_sandbox")
def test_neighbors_keep_their_points_and_the_slow_file_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "_reader", Reader(seconds=1))
    source, out = tmp_path / "in", tmp_path / "out"
    for name in ("ada", "cem"):
        hand_in(source, name)
    hand_in(source, "ben", slow())
    assert grade_folder(source, out, jobs=2) == 0
    with Gradebook(f"sqlite:///{out / 'grades.sqlite'}") as book:
        found = {one.student: one.report for one in book.standings("latest")}
    assert {name: (one.state, one.reached) for name, one in found.items()} == {
        "ada": (GRADED, 6.0),
        "ben": (UNREADABLE, 0.0),
        "cem": (GRADED, 6.0),
    }
    (note,) = found["ben"].notes
    assert note.told == "Reading it takes more than 1 seconds."


def test_a_process_that_somebody_ended_is_started_again(small):
    small.ask("glance", SOLVED)
    os.kill(small._process.pid, signal.SIGTERM)
    assert small.ask("glance", SOLVED)["exercise"] == EX01


@pytest.mark.skipif(sys.platform == "win32", reason="the limits are those of Unix")
def test_a_process_that_does_not_start_is_no_files_fault(small, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ReaderStartError, match="does not start"):
        small.ask("glance", SOLVED)
    assert small._process is None


def test_modules_in_the_current_folder_are_not_imported(tmp_path, monkeypatch, small):
    for name in ("json", "nbformat", "course_tasks"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    assert small.ask("glance", SOLVED)["exercise"] == EX01


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="it asks for processes as Unix does")
def test_it_ends_with_the_process_that_asks_however_that_ends():
    code = """
        import os, signal
        from course_tools.grading.intake import reader
        reader.look(b"")
        print(reader._reader._process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout
    deadline = time.monotonic() + 60
    while is_running(int(told)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(int(told))


def test_after_close_there_is_no_process(small):
    small.ask("glance", SOLVED)
    process = small._process
    small.close()
    assert process.returncode is not None
    assert small._process is None
