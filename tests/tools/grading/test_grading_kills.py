"""A batch that is killed at any moment, and begun again, ends with the same gradebook."""

import functools
import hashlib
import os
import random
import signal
import sqlite3
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from course_tools.grading import report
from course_tools.grading.run import grading_job
from tests.tools.grading import handed_in
from tests.tools.grading.processes import forked

_STUDENTS = 8
_KNOWN_KILLS = 50  # of graders that only have to look the marks up: the gradebook's moments
_SANDBOX_KILLS = 12  # of graders that run every submission


def _grade(source, out, known=None, jobs=2):
    """Grade in this process; where the reports are known, they take the place of the sandbox."""
    os.environ["PYTHONWARNINGS"] = "ignore"
    out.parent.mkdir(parents=True, exist_ok=True)
    # Left open: the traceback of an error is written when this function has long been left.
    sys.stdout = sys.stderr = open(f"{out}.log", "a", encoding="utf-8")  # noqa: SIM115
    if known is not None:
        grading_job.grade = functools.partial(_looked_up, known)
    sys.exit(handed_in.grade_folder(source, out, jobs=jobs))


def _looked_up(known, content, *_, **__):
    time.sleep(0.15)  # long enough for kills to find some results there and others not
    return report.from_json(known[hashlib.sha256(content).hexdigest()])


def _started(source, out, known=None, jobs=2):
    return forked(_grade, source, out, known, jobs)


@pytest.fixture(scope="module")
def undisturbed(needs_sandbox, tmp_path_factory):
    """A class, and the tables, pages and reports that an undisturbed grader makes of it."""
    folder = tmp_path_factory.mktemp("class")
    source = handed_in.hand_in_class(folder / "submissions", _STUDENTS)
    process = _started(source, folder / "grades")
    process.join(120)
    assert process.exitcode == 0, Path(f"{folder / 'grades'}.log").read_text()
    found = handed_in.tables(folder / "grades")
    assert found["grades.csv"].count(b"\n") == _STUDENTS + 1
    with closing(sqlite3.connect(folder / "grades" / "grades.sqlite")) as base:
        reports = dict(base.execute("select sha256, report from results"))
    return source, found, handed_in.pages(folder / "grades"), reports


def _results(out):
    """How often each file was graded, by its hash; nothing where there is no gradebook yet."""
    try:
        # Read-only: what a killed grader left unfinished, the next one is to undo.
        with closing(sqlite3.connect(f"file:{out / 'grades.sqlite'}?mode=ro", uri=True)) as base:
            return base.execute("select sha256, count(*) from results group by sha256").fetchall()
    except sqlite3.OperationalError:
        return []


def _left_by(process):
    """The folders and control groups of a grader."""
    places = [Path("/dev/shm"), *Path("/sys/fs/cgroup").glob("*/")]
    return [found for place in places for found in place.glob(f"lr-course-{process.pid}.*")]


def _wait_for_a_moment(process, out, chance, is_sandboxed):
    """Wait until any moment of a grader's start, or of what follows none to two new results."""
    if chance.random() < 0.2:
        process.join(chance.uniform(0, 0.5))
        return
    new, before = chance.choice((0, 1, 1, 2)), len(_results(out))
    while process.exitcode is None:
        has_begun = _left_by(process) if is_sandboxed else out.exists()
        if has_begun and len(_results(out)) - before >= new:
            process.join(chance.uniform(0, 0.4 if is_sandboxed else 0.2))
            return
        process.join(0.01)


@pytest.mark.parametrize(
    ("is_sandboxed", "number"), [(False, _KNOWN_KILLS), (True, _SANDBOX_KILLS)]
)
def test_killed_at_any_moment_the_gradebook_equals_an_undisturbed_one(
    undisturbed, tmp_path, is_sandboxed, number
):
    source, tables, pages, reports = undisturbed
    known = None if is_sandboxed else reports
    chance = random.Random(11)
    kills = batch = half_way = 0
    while kills < number:
        batch += 1
        out = tmp_path / f"grades{batch}"
        ended = False
        while not ended:
            process = _started(source, out, known)
            if kills < number:
                _wait_for_a_moment(process, out, chance, is_sandboxed)
            else:
                process.join(120)
            ended = process.exitcode is not None
            if ended:
                assert process.exitcode == 0, Path(f"{out}.log").read_text()
            else:
                process.kill()
                process.join()
                kills += 1
                half_way += 0 < len(_results(out)) < _STUDENTS
        assert handed_in.tables(out) == tables
        assert handed_in.pages(out) == pages
        results = _results(out)
        assert len(results) == _STUDENTS
        assert all(number == 1 for _, number in results), "graded twice"
    assert half_way > number / 4, "most kills missed the batch"


def test_sandboxes_that_somebody_kills_cost_nobody_a_point(undisturbed, tmp_path):
    source, tables, *_ = undisturbed
    out = tmp_path / "grades"
    kills = killed_at = 0
    # One submission after the other, and none is hit twice: a second time would look like its own.
    started = _started(source, out, jobs=1)
    while started.is_alive():
        graded = len(_results(out))
        if kills < 3 and (kills == 0 or graded > killed_at):
            kernel = _kernel_of(started)
            if kernel is not None and len(_results(out)) == graded:
                kernel.kill()
                kills, killed_at = kills + 1, graded
        time.sleep(0.02)
    assert started.exitcode == 0, Path(f"{out}.log").read_text()
    assert kills >= 2
    assert handed_in.tables(out) == tables


def _kernel_of(grader):
    """Return the sandbox in which a grader now runs a kernel, None where it runs none."""
    with suppress(psutil.NoSuchProcess):
        for one in psutil.Process(grader.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if one.name() == "bwrap" and "ipykernel_launcher" in one.cmdline():
                    return one
    return None


def test_what_a_killed_grader_left_is_swept_by_the_next(undisturbed, tmp_path):
    source, *_ = undisturbed
    first = _started(source, tmp_path / "grades")
    deadline = time.monotonic() + 30
    while not _left_by(first) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    # Before the kill: from then on any grader of this machine sweeps it, one of another test's too.
    assert _left_by(first), "nothing was there to be left"
    os.kill(first.pid, signal.SIGKILL)
    first.join()
    again = _started(source, tmp_path / "grades")
    again.join(120)
    assert again.exitcode == 0
    assert _left_by(first) == []
