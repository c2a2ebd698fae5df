"""The grader's benchmark: nbgrader gets the same work, and the numbers of its rows add up."""

import contextlib
import io
import os
from pathlib import Path

import nbformat
import numpy as np
import pytest

import course_tasks
from benchmarks import grade, grader, nbgrader_peer
from benchmarks.grader import Took
from benchmarks.timing import MissingPeer
from course_tools.grading.box import sandbox
from course_tools.grading.sample_class import writing as sample_class

EXERCISE = nbgrader_peer.EXERCISE
ROOT = Path(grader.__file__).parents[1]
MEMBERS = course_tasks.EXERCISES[EXERCISE]


def solution():
    return nbformat.read(ROOT / "solutions" / f"{EXERCISE}.ipynb", 4)


def passes(nb):
    """Run the cells as nbgrader does, going on after errors; return the tests that pass."""
    scope, passed = {}, set()
    for cell in nb.cells:
        if cell.cell_type != "code":
            continue
        with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
            exec(cell.source, scope)
            if cell.metadata.get("nbgrader", {}).get("grade"):
                passed.add(cell.metadata.nbgrader.grade_id.removeprefix("test-"))
    return passed


@pytest.fixture(scope="module")
def assignment():
    return nbgrader_peer.source(solution(), seed=5)


def test_nbgraders_assignment_holds_the_tasks_their_points_and_nothing_of_the_course(assignment):
    marked = [c.metadata.nbgrader for c in assignment.cells if "nbgrader" in c.metadata]
    assert [one.grade_id for one in marked if one.solution] == [task.name for task in MEMBERS]
    assert {one.grade_id: one.points for one in marked if one.grade} == {
        f"test-{task.name}": task.points for task in MEMBERS
    }
    code = "".join(c.source for c in assignment.cells)
    assert not any(name in code for name in ("course_lib", "show_progress", "check("))
    nbformat.validate(assignment)


def test_nbgraders_tests_are_as_many_as_our_cases_and_the_solution_passes(assignment):
    found = [c.source for c in assignment.cells if c.metadata.get("nbgrader", {}).get("grade")]
    for task, source in zip(MEMBERS, found, strict=True):
        assert source.count("assert_allclose") == len(task.cases(5)) + len(task.cases(0))
        public, hidden = source.split("### BEGIN HIDDEN TESTS")
        assert nbgrader_peer._asserts(task, 0) in public
        assert nbgrader_peer._asserts(task, 5) in hidden
    assert passes(assignment) == {task.name for task in MEMBERS}


def test_a_learners_notebook_keeps_its_cells_and_gets_the_tests(assignment, tmp_path):
    sample_class.ordinary(tmp_path, 12, seed=3)
    texts = sample_class._TEXTS[EXERCISE]
    kinds = set()
    for path in tmp_path.rglob("*.ipynb"):
        nb = nbgrader_peer.submission(nbformat.read(path, 4), assignment)
        theirs = [c.source for c in nbformat.read(path, 4).cells if c.id.startswith("own-")]
        assert [c.source for c in nb.cells if c.id.startswith("own-")] == theirs
        passed = passes(nb)
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if name in texts.RIGHT:
                right = [sample_class._pieces(text)[-1] for text in texts.RIGHT[name]]
                assert (name in passed) == (cell.source in right)
                kinds.add(cell.source in right)
    assert kinds == {True, False}


@pytest.fixture
def known(monkeypatch, tmp_path):
    """Let halves take known times and nbgrader agree; return the courses that were made."""
    courses = []

    class Fake:
        def __init__(self, files):
            self.files = files

        def points(self):
            return [3.0] * len(self.files)

    def make(folder, files, seed):
        courses.append(files)
        return Fake(files)

    times = iter([Took(70, 100), Took(32, 60)])
    halves = iter([(Took(20, 36), 100_000_000), (Took(40, 44), 160_000_000)])
    monkeypatch.setattr(grader, "_require_sandbox", lambda: None)
    monkeypatch.setattr(grader, "environment", lambda: None)
    monkeypatch.setattr(grader, "make_course", make)
    monkeypatch.setattr(grader, "_grade", lambda *_: next(halves))
    monkeypatch.setattr(grader, "_timed", lambda call: next(times))
    monkeypatch.setattr(grader, "_points", lambda out: dict.fromkeys(map(str, range(100)), 3.0))
    monkeypatch.setattr(
        grader, "_class_of", lambda *_, seed: [Path(str(n), "x.ipynb") for n in range(100)]
    )
    grader._measured.cache_clear()
    yield courses
    grader._measured.cache_clear()


def test_rows_share_a_run_in_which_each_peer_gets_half_of_the_class(known):
    row, two = grader.vs_nbgrader(), grader.vs_two_nbgraders()
    assert row.value == two.value == pytest.approx((20 + 40) / 200)
    assert row.ratio == pytest.approx((70 / 100) / (60 / 200))
    assert two.ratio == pytest.approx((32 / 100) / (60 / 200))
    assert row.unit == "s a submission"
    assert ("its command" in row.peer, "2 of them" in two.peer) == (True, True)
    assert "ours 0.40, nbgrader's 1.00 (the whole machine's); nbgrader 0.70 s" in row.notes[0]
    assert "ours 0.40, nbgrader's 0.60 (the whole machine's); nbgrader 0.32 s" in two.notes[0]
    assert "process 160 MB" in row.notes[1]
    assert [len(files) for files in known] == [100, 50, 50]
    assert len({*known[1], *known[2]}) == 100


def test_a_mark_on_which_they_differ_is_named(known, monkeypatch):
    monkeypatch.setattr(
        grader, "_points", lambda out: dict.fromkeys(map(str, range(100)), 3.0) | {"7": 2.0}
    )
    with pytest.raises(RuntimeError, match="7 has 2 points here, and 3 from nbgrader"):
        grader.vs_nbgrader()


def test_row_of_memory(monkeypatch):
    monkeypatch.setattr(grader, "_require_sandbox", lambda: None)
    monkeypatch.setattr(grader, "memory_of", {20: 150e6, 200: 300e6}.get)
    row = grader.memory()
    assert (row.value, row.unit, row.ratio) == (300, "MB", 0.5)


def test_row_is_left_out_where_there_is_no_sandbox(monkeypatch):
    def fails():
        raise sandbox.NoSandboxError("bubblewrap is not installed")

    def must_not_run(*_):
        pytest.fail("the row began all the same")

    monkeypatch.setattr(sandbox, "check_sandbox", fails)
    monkeypatch.setattr(grader, "environment", must_not_run)
    monkeypatch.setattr(grader, "memory_of", must_not_run)
    for row in (grader.vs_nbgrader, grader.vs_two_nbgraders, grader.memory):
        with pytest.raises(MissingPeer, match="left out: bubblewrap is not installed"):
            row()


def test_row_is_left_out_where_nbgrader_cannot_be_installed(monkeypatch, tmp_path):
    class Failed:
        returncode, stdout, stderr = 1, "", "tried\nno package index answers\n"

    monkeypatch.setattr(nbgrader_peer.venv, "create", lambda *_, **__: None)
    monkeypatch.setattr(nbgrader_peer.subprocess, "run", lambda *_, **__: Failed)
    with pytest.raises(MissingPeer, match=r"cannot be installed \(no package index answers\)"):
        nbgrader_peer.environment(tmp_path / "env")
    assert not (tmp_path / "env" / "ready").exists()


def test_everything_started_meanwhile_has_two_cores(monkeypatch):
    given = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 2, 5, 7}, raising=False)
    monkeypatch.setattr(
        os, "sched_setaffinity", lambda pid, cores: given.append(set(cores)), raising=False
    )
    with grader._two_cores():
        assert given == [{0, 2}]
    assert given == [{0, 2}, {0, 2, 5, 7}]


def test_busy_seconds_are_those_of_the_processors():
    def work():
        x = np.ones((600, 600))
        for _ in range(20):
            x = x @ x * 1e-3

    took = grader._timed(lambda: [work() for _ in range(5)])
    assert took.seconds > 0
    assert 0.3 * took.seconds < took.busy + 0.1
    assert took.busy < (took.seconds + 0.1) * os.cpu_count()


def test_memory_is_the_peak_of_the_process():
    ballast = np.ones(10_000_000)
    assert grade.peak_memory() > ballast.nbytes


def test_a_class_is_graded_by_the_command_with_its_points_and_its_memory(needs_sandbox, tmp_path):
    files = grader._class_of(tmp_path / "class", 2, seed=1)
    took, peak = grader._grade(tmp_path / "class", tmp_path / "out")
    assert took.seconds > 0
    assert 3e7 < peak < 1e9
    points = grader._points(tmp_path / "out")
    assert set(points) == {path.parent.name for path in files}
    assert max(points.values()) <= 6
