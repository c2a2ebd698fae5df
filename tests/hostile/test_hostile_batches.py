"""A folder of hostile submissions, graded at once: honest ones among them keep every point."""

import os

import pytest

from course_tools.grading import report
from course_tools.grading.gradebook.journal import Gradebook
from course_tools.grading.intake.submissions import submissions
from course_tools.grading.run import batch
from tests.hostile import SUBMISSIONS, as_bytes, solved
from tests.hostile.canaries import canaries
from tests.hostile.making import LOSS, QUICK, WHOLE, notebook, wrong_loss

_SEED = 20_260
#: What tries to take others with it.
_AMONG_THEM = (
    "endings: endless loop that ignores interrupts",
    "endings: kills every process",
    "endings: a daemon that outlives its parents",
    "resources: memory bomb in many child processes",
    "resources: fork bomb",
    "resources: thread bomb",
    "resources: fills the folder of its connection file",
    "resources: one message of 300 MB",
    "resources: prints 50 MB",
    "forgeries: links to the host's files where the grader writes",
    "forgeries: frames that are no messages",
    "files: truncated JSON",
)
#: Names of students, as far as a file can be called so.
_NAMES = (
    "<script>alert(1)<∕script>",
    '=HYPERLINK("http:⁄⁄x")',
    "new\nline",
    "‮txt.exe",
    "..",
    "...",
    "-rf",
    "a" * 200,
    "%s%n$(touch owned)`touch owned`",
    "Zoë 李 🎓",
    "'; DROP TABLE results; --",
    b"no UTF-8 \xff".decode("utf-8", "surrogateescape"),
)


@pytest.fixture(scope="module")
def host(needs_sandbox):
    with canaries() as found:
        yield found.host
        assert found.harm() == []


def hand_in(folder, student, content):
    path = folder / f"{student}.ipynb"
    path.write_bytes(content)
    return path


def marks(folder, host, book, jobs=2):
    with Gradebook(f"sqlite:///{book}") as gradebook:
        course = batch.Course(QUICK, _SEED)
        outcome = batch.grade_all(submissions(folder), gradebook, course, jobs=jobs)
        assert outcome.failed == []
        return {one.student: one.report for one in gradebook.standings()}


def points_of(found):
    return {task.task: task.reached for task in found.tasks}


def test_honest_submissions_among_hostile_ones_keep_their_marks(host, tmp_path):
    folder = tmp_path / "handed in"
    folder.mkdir()
    by_name = {one.name: one for one in SUBMISSIONS}
    for number, name in enumerate(_AMONG_THEM):
        hand_in(folder, f"{number:02} hostile", by_name[name].content(host))
        honest = solved()
        honest["metadata"]["of"] = number  # the same bytes twice would be graded once
        hand_in(folder, f"{number:02} right", as_bytes(honest))
    hand_in(folder, "half right", notebook(steady_state_loss=wrong_loss("pass"))(host))
    found = marks(folder, host, tmp_path / "book.sqlite")
    for student, one in found.items():
        if student.endswith(" right") and student != "half right":
            assert (one.state, points_of(one)) == (report.GRADED, WHOLE), student
    assert points_of(found["half right"]) == WHOLE | {LOSS: 0.0}
    for number, name in enumerate(_AMONG_THEM):
        one = found[f"{number:02} hostile"]
        for task, (least, most) in by_name[name].points.items():
            assert least <= points_of(one)[task] <= most, name
    assert os.listdir(tmp_path / "handed in")  # nothing was eaten


def test_hostile_names_of_students_are_only_names(host, tmp_path):
    folder = tmp_path / "handed in"
    folder.mkdir()
    for name in _NAMES:
        hand_in(folder, name, as_bytes(solved()))
    before = sorted(os.listdir(folder))
    found = marks(folder, host, tmp_path / "book.sqlite")
    assert len(found) == len(_NAMES)
    assert {one.state for one in found.values()} == {report.GRADED}
    assert {one.reached for one in found.values()} == {6.0}
    assert sorted(os.listdir(folder)) == before
    assert not (tmp_path / "owned").exists()


def test_links_sizes_other_names_and_several_notebooks(host, tmp_path):
    folder = tmp_path / "handed in"
    for student in ("ada", "bob", "eve", "mallory", "zoe"):
        (folder / student).mkdir(parents=True)
    right, wrong = as_bytes(solved()), notebook(steady_state_loss=wrong_loss("pass"))(host)
    (folder / "ada" / "my homework (final) (2).ipynb").write_bytes(right)
    (folder / "bob" / "ex01.ipynb").symlink_to(folder / "ada" / "my homework (final) (2).ipynb")
    (folder / "bob2").symlink_to(folder / "ada", target_is_directory=True)
    (folder / "eve" / "large.ipynb").touch()
    os.truncate(folder / "eve" / "large.ipynb", 100_000_000)
    os.mkfifo(folder / "mallory" / "pipe.ipynb")
    (folder / "zoe" / "a.ipynb").write_bytes(wrong)
    (folder / "zoe" / "b.ipynb").write_bytes(as_bytes(solved("ex04_warmup")))
    os.utime(folder / "zoe" / "a.ipynb", (1e9, 1e9))
    with Gradebook(f"sqlite:///{tmp_path / 'book.sqlite'}") as gradebook:
        course = batch.Course(QUICK, _SEED)
        outcome = batch.grade_all(submissions(folder), gradebook, course, jobs=2)
        found = {(one.student, one.exercise): one.report for one in gradebook.standings()}
    assert outcome.failed == []
    worth = {key: (one.state, one.reached) for key, one in found.items()}
    assert worth == {
        ("ada", "ex01_constant_lr"): (report.GRADED, 6.0),
        ("bob", ""): (report.UNREADABLE, 0),
        ("eve", ""): (report.UNREADABLE, 0),
        ("mallory", ""): (report.UNREADABLE, 0),
        ("zoe", "ex01_constant_lr"): (report.GRADED, 3.0),
        ("zoe", "ex04_warmup"): (report.GRADED, found["zoe", "ex04_warmup"].possible),
    }
