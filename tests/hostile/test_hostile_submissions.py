"""Hostile, broken and odd submissions get what they deserve, and reach nothing but themselves."""

import ctypes
import dataclasses
import json
import os
import re
import tempfile
import time
from pathlib import Path

import psutil
import pytest

import course_tasks
from course_tools.grading import report, report_json
from course_tools.grading.box import fork_server, kernels, probe, wire
from course_tools.grading.intake import reader
from course_tools.grading.intake.submissions import UnreadableError, submissions
from course_tools.grading.run import marking, questions, submission_execution, submission_grading
from tests.hostile import SUBMISSIONS, THOROUGH, forgeries
from tests.hostile.canaries import canaries, peak_memory
from tests.hostile.making import EX01, LOSS, QUICK, WHOLE, Hostile, looting, notebook
from tests.machine import tools

_SEED = 20_260
_PATIENCE = 10.0  # seconds until what was killed is gone
_GROWTH = 150_000_000  # bytes that the grader may grow by, whatever a submission sends
_SUBREAPER = 36  # of prctl: orphans of ours become our children, and so are found


@pytest.fixture(scope="module")
def watched(needs_sandbox, tmp_path_factory):
    """The host's canaries; in the end, nothing that was begun here may be left."""
    assert ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0) == 0
    mounts = _mounts()
    with canaries() as found:
        before, tempfile.tempdir = tempfile.tempdir, str(tmp_path_factory.mktemp("temporary"))
        reader.look(b"")  # one process reads all files
        try:
            yield found
            left = os.listdir(tempfile.tempdir)
        finally:
            tempfile.tempdir = before
            reader.close()
        assert left == [], "temporary files are left"
        assert _mounts() <= mounts, "mounts are left"
        assert _gone(lambda: _left_of(found)), f"left: {_left_of(found)}"


@pytest.fixture
def host(watched):
    """The host that a submission would like to reach; it is the first to be blamed for harm."""
    before = set(_left_of(watched))
    yield watched.host
    assert watched.harm() == []
    assert _gone(lambda: set(_left_of(watched)) - before), f"left: {_left_of(watched)}"


def _mounts():
    return set(Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines())


def _ours():
    """Control groups and shared folders whose name says that they are of this process."""
    # `os.walk` takes no offence at folders that other tests remove meanwhile, as `glob` does.
    places = [("/dev/shm", os.listdir("/dev/shm"), []), *os.walk("/sys/fs/cgroup")]
    name = re.compile(rf"lr-course-{os.getpid()}[.-]")
    return sorted(
        f"{place}/{one}" for place, inside, _ in places for one in inside if name.match(one)
    )


def _left_of(watched):
    children = []
    for child in psutil.Process().children(recursive=True):
        if child.pid == watched.process.pid:
            continue
        try:
            if child.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(child.pid, os.WNOHANG)
            else:
                children.append(f"{child.pid} {' '.join(child.cmdline())[:100]}")
        except (psutil.NoSuchProcess, ChildProcessError):
            continue
    return _ours() + children


def _gone(left):
    deadline = time.monotonic() + _PATIENCE
    while left() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left()


@pytest.fixture(scope="module")
def forks(watched):
    """The server of which kernels are forks, as they are when a class is graded here."""
    if tools.lacking("fork_server"):
        yield None
        return
    server = fork_server.ForkServer()
    try:
        assert server.is_ready(60)
        yield server
        assert server.is_ready(), "some kernels were started, as they could not be forked"
        assert os.listdir(server.folder) == []
    finally:
        server.close()


def graded(one: Hostile, host, server=None):
    warm = kernels.WarmKernels(one.settings.limits, fork_server=server)
    try:
        return submission_grading.grade(one.content(host), one.settings, _SEED, warm)
    finally:
        warm.close()


def simple(content, **more):
    return Hostile("", content, "", frozenset(), **more)


def chosen():
    """All, or without slow ones and relatives of others: LR_COURSE_THOROUGH=1 runs all."""
    everything = os.environ.get("LR_COURSE_THOROUGH") == "1"
    return [one for one in SUBMISSIONS if everything or one.name not in THOROUGH]


@pytest.mark.parametrize("one", chosen(), ids=lambda one: one.name.replace(" ", "-"))
def test_a_submission_gets_what_it_deserves(one, forks, host):
    start = time.monotonic()
    with peak_memory() as peak:
        found = graded(one, host, forks)
    seconds = time.monotonic() - start
    expected = [task.name for task in course_tasks.EXERCISES[one.exercise]] if one.exercise else []
    assert (found.exercise, [task.task for task in found.tasks]) == (one.exercise, expected)
    wrong = [task for task in found.tasks if not _is_deserved(one, task)]
    assert not wrong, f"{one.why}; got {_told(found, wrong)}"
    assert found.state in one.states, _told(found, found.tasks)
    assert peak.bytes < _GROWTH, f"the grader grew by {peak.bytes / 1e6:.0f} MB"
    assert seconds < one.seconds
    assert report_json.from_json(report_json.to_json(found)) == found
    assert _odd_characters(dataclasses.asdict(found)) == [], "no database takes that"


def _is_deserved(one, task):
    least, most = one.points[task.task]
    outcomes = one.outcomes.get(task.task, {report.ANSWERED})
    return least <= task.reached <= most and task.outcome in outcomes


def _told(found, wrong):
    lines = [f"{found.state} {found.notes} {found.suspicions} {found.printed[:300]}"]
    for task in wrong:
        shown = task.hidden.got[:200] if task.hidden else ""
        lines.append(
            f"{task.task}: {task.outcome}, {task.reached:g} of {task.possible:g}; {shown} "
            f"{task.sentence} {task.printed[:300]}"
        )
    return "\n".join(lines)


def _odd_characters(data):
    """Texts of a report that PostgreSQL or UTF-8 cannot hold."""
    if isinstance(data, str):
        is_odd = "\0" in data or any("\ud800" <= character <= "\udfff" for character in data)
        return [data] if is_odd else []
    inside = data.values() if isinstance(data, dict) else data if isinstance(data, tuple) else ()
    return [text for one in inside for text in _odd_characters(one)]


def points_of(found):
    return {task.task: task.reached for task in found.tasks}


def test_there_are_enough_of_them_and_each_has_a_name_of_its_own():
    assert len(SUBMISSIONS) > 200
    assert len({one.name for one in SUBMISSIONS}) == len(SUBMISSIONS)
    assert {one.name for one in SUBMISSIONS} >= THOROUGH
    assert len(chosen()) >= len(SUBMISSIONS) - len(THOROUGH)
    assert all(set(one.outcomes) <= set(one.points) for one in SUBMISSIONS)


@pytest.mark.parametrize(
    ("body", "points"), [("return True", 3), ("return False", 0), ("raise OSError", 0)]
)
def test_looting_that_succeeds_would_be_seen(body, points, host):
    found = graded(simple(notebook(steady_state_loss=looting(body))), host)
    assert points_of(found) == WHOLE | {LOSS: points}


def test_bombs_do_not_go_off_outside_of_a_sandbox(host):
    cells = json.loads(notebook()(host))["cells"]
    names = {}
    exec(cells[0]["source"], names)
    with pytest.raises(RuntimeError, match="no sandbox"):
        names["guarded"]()


def test_the_forgeries_are_in_the_form_of_the_grader(host):
    """Forged answers that are right are believed: so the others fail for what they hold."""
    assert (probe.__name__, probe.MIME) == (forgeries.PROBE, forgeries.MIME)
    forged = """
import json, sys
from IPython.display import publish_display_data

def report(name, questions, nonce):
    answers = []
    for question in questions:
        given = {key: value["v"] for key, value in question}
        if name != "steady_state_loss":
            answers.append({"t": "plain", "v": None})
            continue
        right = given["rate"] * given["noise_std"] ** 2
        right /= 4 - 2 * given["rate"] * given["curvature"]
        answers.append({"t": "float", "v": right})
    said = {"nonce": nonce, "seconds": 0.1, "answers": answers}
    publish_display_data({MIME: json.dumps(said)})

sys.modules[PROBE].report = report
"""
    forged = forged.replace("MIME", repr(probe.MIME)).replace("PROBE", repr(probe.__name__))
    found = graded(simple(notebook(first=forged)), host)
    assert points_of(found) == {**dict.fromkeys(WHOLE, 0.0), LOSS: 3.0}


@pytest.mark.parametrize("value", forgeries.ODD_VALUES, ids=range(len(forgeries.ODD_VALUES)))
@pytest.mark.parametrize("form", ["answer", "seconds"])
def test_values_that_no_answer_has_are_refused(value, form):
    """Without a kernel: what is read is refused as what it is, or worth nothing and kept."""
    task = course_tasks.ALL[LOSS]
    number = len(marking.cases_of(task, _SEED))
    right = '{"t": "float", "v": 1.0}'
    answers = ", ".join([value if form == "answer" else right] * number)
    seconds = "0.1" if form == "answer" else value.removeprefix('{"t": "float", "v": ')[:-1]
    text = f'{{"nonce": "n", "seconds": {seconds}, "answers": [{answers}]}}'
    try:
        said = questions.read_answers(text, "n", number)
    except wire.WireError:
        return
    asked = submission_execution.Asked(report.ANSWERED, said.values, said.seconds)
    marked = marking.mark(task, _SEED, asked)
    found = report_json.storable(report.Report(EX01, report.GRADED, (marked,)))
    assert found.reached == 0
    assert report_json.from_json(report_json.to_json(found)) == found
    assert _odd_characters(dataclasses.asdict(found)) == []


def test_the_grader_is_seen_to_have_groups_and_folders_while_it_grades(host):
    """Otherwise it would prove nothing that none are left."""
    warm = kernels.WarmKernels(QUICK.limits)
    manager = warm.take()
    try:
        assert any(one.startswith("/dev/shm") for one in _ours())
        assert any(one.startswith("/sys/fs/cgroup") for one in _ours())
    finally:
        manager.end()
        warm.close()


def test_a_file_of_100_mb_is_not_read(tmp_path):
    path = tmp_path / "eve.ipynb"
    path.touch()
    os.truncate(path, 100_000_000)  # sparse: it takes no room
    with pytest.raises(UnreadableError, match="larger"), peak_memory() as peak:
        submissions(tmp_path)[0].read(QUICK.limits.file_mb * 1_000_000)
    assert peak.bytes < 2 * QUICK.limits.file_mb * 1_000_000
