"""A batch that is killed at any moment, and begun again, ends with the same gradebook.

Marks by hand are in it from the beginning, and commands that change some are killed as well.
"""

import functools
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from course_tools.grading.gradebook.journal import Gradebook
from course_tools.grading.mark_command import change_marks
from course_tools.grading.mark_requests import read_requests
from course_tools.grading.report_json import from_json
from course_tools.grading.run import grading_job
from tests.tools.grading import handed_in
from tests.tools.grading.example_reports import by_hand, key, report
from tests.tools.grading.gradebook.gradebooks import Forked
from tests.tools.grading.processes import forked

_STUDENTS = 8
_KNOWN_KILLS = 50  # of graders that only have to look the marks up: the gradebook's moments
_SANDBOX_KILLS = 12  # of graders that run every submission
_WRITER_KILLS = 50  # of processes that do nothing but write marks by hand and results
_MARK_KILLS = 8  # of commands that change marks, tables and pages included
_EXERCISE = "ex01_constant_lr"
_TABLE = 4  # changes that are written all or none


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
    return from_json(known[hashlib.sha256(content).hexdigest()])


def _started(source, out, known=None, jobs=2):
    return forked(_grade, source, out, known, jobs)


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """A gradebook with marks by hand and nothing else."""
    file = tmp_path_factory.mktemp("marked") / "grades.sqlite"
    with Gradebook(f"sqlite:///{file}") as book:
        changes = (("set", 2.5, "s000"), ("bonus", -1.0, "s001"), ("excuse", None, "s005"))
        book.adjust(*(_change(*one) for one in changes), _change("set", 1.0, "s003"))
    return file


def _change(action, points, student):
    return by_hand(action, points, student, exercise=_EXERCISE, possible=6.0, graded=None)


def _begun(folder, marked):
    """A folder of grades in which only marks by hand are."""
    folder.mkdir()
    shutil.copy(marked, folder / "grades.sqlite")
    return folder


@pytest.fixture(scope="module")
def undisturbed(needs_sandbox, marked, tmp_path_factory):
    """A class, and the tables, pages and reports that an undisturbed grader makes of it."""
    folder = tmp_path_factory.mktemp("class")
    source = handed_in.hand_in_class(folder / "submissions", _STUDENTS)
    process = _started(source, _begun(folder / "grades", marked))
    process.join(120)
    assert process.exitcode == 0, Path(f"{folder / 'grades'}.log").read_text()
    found = handed_in.tables(folder / "grades")
    assert found["grades.csv"].count(b"\n") == _STUDENTS + 2  # s003 has a mark, and a file
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


def _by_hand(file):
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as base:
        return base.execute("select * from adjustments order by id").fetchall()


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
        lock = out / "grades.sqlite-lock"
        has_begun = _left_by(process) if is_sandboxed else lock.exists()
        if has_begun and len(_results(out)) - before >= new:
            process.join(chance.uniform(0, 0.4 if is_sandboxed else 0.2))
            return
        process.join(0.01)


@pytest.mark.parametrize(
    ("is_sandboxed", "number"), [(False, _KNOWN_KILLS), (True, _SANDBOX_KILLS)]
)
def test_killed_at_any_moment_the_gradebook_equals_an_undisturbed_one(
    undisturbed, marked, tmp_path, is_sandboxed, number
):
    source, tables, pages, reports = undisturbed
    known = None if is_sandboxed else reports
    chance = random.Random(11)
    kills = batch = half_way = 0
    while kills < number:
        batch += 1
        out = _begun(tmp_path / f"grades{batch}", marked)
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
        assert _by_hand(out / "grades.sqlite") == _by_hand(marked)
    assert half_way > number / 4, "most kills missed the batch"


def _write_by_hand(told, url, first):
    """Write a result and a table of changes, one after the other; say the number of each."""
    with Gradebook(url) as book, book.held("lr-course mark"):
        told.send(first - 1)
        for number in range(first, 1_000_000):
            book.record(key(settings=str(number)), report(printed="x" * 5_000))
            values = {"points": number % 7 / 2, "reason": f"{number}!"}
            book.adjust(*(by_hand("set", student=f"s{n}", **values) for n in range(_TABLE)))
            told.send(number)


def test_killed_writers_lose_and_double_no_mark_by_hand(tmp_path):
    url, chance, last = f"sqlite:///{tmp_path / 'grades.sqlite'}", random.Random(5), -1
    Gradebook(url).close()
    for _ in range(_WRITER_KILLS):
        # The next one begins with what is written already, as whoever gives a command again.
        writer = Forked(_write_by_hand, url, max(0, last))
        heard = [writer.says() for _ in range(chance.randrange(6))]  # its start, then its tables
        time.sleep(chance.uniform(0, 0.03))
        writer.kill()
        said = max([last, *heard, *writer.rest()])
        with Gradebook(url, create=False) as book:  # which looks for damage
            written = [(int(one.reason[:-1]), one.student) for one in book.adjustments()]
            last = len(written) // _TABLE - 1
            tables = [(n, f"s{student}") for n in range(last + 1) for student in range(_TABLE)]
            assert written == tables, "lost, doubled, or half of a table"
            assert last in (said, said + 1)
            assert sum(number for _, number in _results(tmp_path)) in (last + 1, last + 2)
            points = [one.points for one in book.standings()]
            assert points == [last % 7 / 2] * _TABLE * (last >= 0)
    assert last > _WRITER_KILLS / 4, "most kills came too early"


def _mark(out, table):
    sys.stdout = sys.stderr = open(f"{out}.log", "a", encoding="utf-8")  # noqa: SIM115
    change_marks(out, None, read_requests(table, "Eve"))


def test_a_command_for_marks_that_is_killed_goes_on_when_it_is_given_again(
    undisturbed, marked, tmp_path
):
    source, _, _, reports = undisturbed
    graded = _begun(tmp_path / "graded", marked)
    process = _started(source, graded, reports)
    process.join(120)
    assert process.exitcode == 0, Path(f"{graded}.log").read_text()
    rows = [f"s00{n},{_EXERCISE},set,{n / 2},Heard it." for n in range(_STUDENTS)]
    table = tmp_path / "marks.csv"
    table.write_text("\n".join(["student,exercise,action,points,reason", *rows]))
    chance, outs, kills = random.Random(3), [], 0
    while kills < _MARK_KILLS:
        outs.append(Path(shutil.copytree(graded, tmp_path / f"grades{len(outs)}")))
        while kills < _MARK_KILLS:
            process = forked(_mark, outs[-1], table)
            process.join(chance.uniform(0.05, 0.5))
            if process.exitcode is not None:
                break
            process.kill()
            process.join()
            kills += 1
            assert len(_by_hand(outs[-1] / "grades.sqlite")) in (4, 4 + _STUDENTS)
    outs.append(Path(shutil.copytree(graded, tmp_path / "alone")))
    for out in outs:
        process = forked(_mark, out, table)
        process.join(60)
        assert process.exitcode == 0, Path(f"{out}.log").read_text()
        assert len(_by_hand(out / "grades.sqlite")) == 4 + _STUDENTS
        assert handed_in.tables(out) == handed_in.tables(outs[0])
        assert handed_in.pages(out) == handed_in.pages(outs[0])
    rows = handed_in.tables(outs[-1])["canvas.csv"].decode().splitlines()[2:]
    assert [row.split(",")[-1] for row in rows] == [
        "0" if n == 1 else f"{n / 2:g}"  # the point taken off before still is
        for n in range(_STUDENTS)
    ]


def test_sandboxes_that_somebody_kills_cost_nobody_a_point(undisturbed, marked, tmp_path):
    source, tables, *_ = undisturbed
    out = _begun(tmp_path / "grades", marked)
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
                # The kernel is its program, or a fork that has joined it.
                words = set(one.cmdline())
                if one.name() == "bwrap" and words & {"ipykernel_launcher", "--as-pid-1"}:
                    return one
    return None


def test_what_a_killed_grader_left_is_swept_by_the_next(undisturbed, tmp_path):
    source, *_ = undisturbed
    out = tmp_path / "grades"
    first = _started(source, out, jobs=1)
    while not _results(out):  # it has begun, and is to grade others
        assert first.is_alive()
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGSTOP)
    # Before the kill: from then on any grader of this machine sweeps it, one of another test's too.
    assert _left_by(first), "nothing was there to be left"
    os.kill(first.pid, signal.SIGKILL)
    first.join()
    again = _started(source, out)
    again.join(120)
    assert again.exitcode == 0
    assert _left_by(first) == []
