"""A folder of submissions becomes a gradebook: what is new is graded, once, and nothing is lost."""

import json
import multiprocessing
import zipfile
from concurrent.futures import Executor, Future, ProcessPoolExecutor

import pytest

from course_tools.grading import report, report_json
from course_tools.grading.box.kernels import KernelStartError
from course_tools.grading.intake.submissions import submissions
from course_tools.grading.run import batch, version
from course_tools.grading.run.batch import Course, grade_all
from course_tools.grading.settings import LATEST, Limits, Settings
from tests.tools.grading.example_reports import told
from tests.tools.grading.handed_in import SHORT, SLOW, WRONG, hand_in, solved, with_task

pytestmark = pytest.mark.usefixtures("needs_sandbox")


class Counting(Executor):
    """Computes at once, in this thread; counts, and can fail as a machine does."""

    def __init__(self, fails=lambda number: False):
        self.number, self.fails = 0, fails

    def submit(self, function, job):
        self.number += 1
        future = Future()
        if self.fails(self.number):
            future.set_exception(KernelStartError("no memory"))
        else:
            note = told(str(len(job.content)))
            found = report.Report("ex01_constant_lr", report.GRADED, notes=(note,))
            future.set_result(report_json.to_json(found))
        return future


def course(**options):
    return Course(SHORT, 5, **options)


def marks(book):
    return {
        (one.student, one.exercise): (one.report.state, one.report.reached)
        for one in book.standings(LATEST)
    }


def test_a_folder_is_graded_and_the_second_time_nothing_is(tmp_path, book):
    folder = tmp_path / "class"
    hand_in(folder, "Ada")
    hand_in(folder, "Ben", with_task(solved(), "gradient_step", WRONG))
    hand_in(folder, "Cid", b"{")
    hand_in(folder, "Dee", with_task(solved(), "steady_state_loss", SLOW))
    told = []
    first = grade_all(submissions(folder), book, course(), jobs=2, told=told.append)
    assert (first.graded, first.known, first.failed) == (4, 0, [])
    assert sorted(one.student for one in told) == ["Ada", "Ben", "Cid", "Dee"]
    assert marks(book) == {
        ("Ada", "ex01_constant_lr"): ("graded", 6.0),
        ("Ben", "ex01_constant_lr"): ("graded", 5.0),
        ("Cid", ""): ("unreadable", 0.0),
        ("Dee", "ex01_constant_lr"): ("partly graded", 3.0),
    }
    none = Counting()
    second = grade_all(submissions(folder), book, course(), jobs=2, executor=none)
    assert (second.graded, second.known, none.number) == (0, 4, 0)


def test_only_what_is_new_is_graded_and_the_same_bytes_once(tmp_path, book):
    folder = tmp_path / "class"
    for student in ("Ada", "Ben", "Cid"):
        hand_in(folder, student)
    executor = Counting()
    first = grade_all(submissions(folder), book, course(), jobs=4, executor=executor)
    assert (first.graded, first.copies, first.known, executor.number) == (1, 2, 0, 1)
    hand_in(folder, "Dee", with_task(solved(), "gradient_step", WRONG))
    hand_in(folder, "Eve", with_task(solved(), "gradient_step", WRONG))
    second = grade_all(submissions(folder), book, course(), jobs=4, executor=executor)
    assert (second.graded, second.copies, second.known, executor.number) == (1, 1, 3, 2)
    assert second.done == 5
    assert len(marks(book)) == 5


@pytest.mark.parametrize("what", ["seed", "limits", "version", "unsafe", "bytes"])
def test_a_grade_is_made_anew_when_what_it_depends_on_changes(tmp_path, book, monkeypatch, what):
    file = hand_in(tmp_path / "class", "Ada")
    executor = Counting()
    found = submissions(tmp_path / "class")
    grade_all(found, book, course(), jobs=1, executor=executor)
    changed = course()
    if what == "seed":
        changed = Course(SHORT, 6)
    elif what == "limits":
        changed = Course(Settings(Limits(cell_seconds=5)), 5)
    elif what == "unsafe":
        changed = course(unsafe=True)
    elif what == "version":
        monkeypatch.setattr(batch, "version_of", lambda exercise: f"new {exercise}")
    else:
        file.write_bytes(json.dumps(solved(), indent=3).encode())
    grade_all(found, book, changed, jobs=1, executor=executor)
    assert executor.number == 2


def test_going_back_to_another_seed_brings_its_marks_back_without_grading(tmp_path, book):
    hand_in(tmp_path / "class", "Ada")
    found = submissions(tmp_path / "class")
    grade_all(found, book, course(), jobs=1)
    executor = Counting()
    grade_all(found, book, Course(SHORT, 6), jobs=1, executor=executor)
    assert [one.report.reached for one in book.standings(LATEST)] == [0.0]
    for _ in range(2):
        outcome = grade_all(found, book, course(), jobs=1, executor=executor)
        assert (outcome.known, executor.number) == (1, 1)
        assert [one.report.reached for one in book.standings(LATEST)] == [6.0]


def test_what_is_graded_again_is_a_new_result_and_the_difference_is_known(tmp_path, book):
    folder = tmp_path / "class"
    hand_in(folder, "Ada")
    hand_in(folder, "Ben", with_task(solved(), "gradient_step", WRONG))
    grade_all(submissions(folder), book, course(), jobs=2, executor=Counting())
    before = book.last_id()
    again = course(again=lambda one: one.student == "Ben")
    outcome = grade_all(submissions(folder), book, again, jobs=2)
    assert (outcome.graded, outcome.known) == (1, 1)
    (change,) = book.changes(before)
    assert (change.student, change.before, change.after) == ("Ben", 0.0, 5.0)


def test_a_machine_that_fails_says_nothing_about_a_submission(tmp_path, book):
    folder = tmp_path / "class"
    for number in range(3):
        hand_in(folder, f"s{number}", json.dumps(solved(), indent=number + 1).encode())
    sometimes = Counting(fails=lambda number: number == 2)
    outcome = grade_all(submissions(folder), book, course(), jobs=1, executor=sometimes)
    assert outcome.graded == 2
    ((failed, why),) = outcome.failed
    assert "KernelStartError: no memory" in why
    assert (failed.student, "ex01_constant_lr") not in marks(book)
    assert book.pending() == 1
    rest = grade_all(submissions(folder), book, course(), jobs=1, executor=Counting())
    assert (rest.graded, rest.known, book.pending()) == (1, 2, 0)


def test_a_machine_that_fails_always_is_given_up(tmp_path, book):
    folder = tmp_path / "class"
    for number in range(9):
        hand_in(folder, f"s{number}", json.dumps(solved(), indent=number + 1).encode())
    never = Counting(fails=lambda number: True)
    with pytest.raises(batch.MachineError, match=r"5 submissions in a row .*no memory"):
        grade_all(submissions(folder), book, course(), jobs=1, executor=never)
    assert never.number < 9


def test_work_travels_to_other_processes(tmp_path, book):
    """Any executor will do: here processes, that know nothing but what they are sent."""
    folder = tmp_path / "class"
    hand_in(folder, "Ada")
    hand_in(folder, "Ben", with_task(solved(), "gradient_step", WRONG))
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        grade_all(submissions(folder), book, course(), jobs=2, executor=executor)
    assert [points for _, points in marks(book).values()] == [6.0, 5.0]


def test_who_handed_in_a_script_is_told_so_and_a_renamed_notebook_is_graded(tmp_path, book):
    folder = tmp_path / "class"
    hand_in(folder, "Ada")
    hand_in(folder, "Leo", b"print(1)", "ex01.py")
    hand_in(folder, "Uma", with_task(solved(), "gradient_step", WRONG), "ex01.ipynb.txt")
    grade_all(submissions(folder), book, course(), jobs=2)
    ada, leo, uma = sorted(book.standings(), key=lambda one: one.student)
    assert (leo.report.state, leo.exercise) == ("unreadable", "")
    assert leo.report.notes == (
        told("No notebook was handed in: the name of one ends with .ipynb."),
    )
    assert (ada.report.reached, uma.report.reached) == (6.0, 5.0)


def test_a_zip_from_canvas_with_two_attempts(tmp_path, book):
    archive = tmp_path / "submissions.zip"
    with zipfile.ZipFile(archive, "w") as file:
        wrong = with_task(solved(), "gradient_step", WRONG)
        file.writestr("lovelaceada_77_1001_ex01.ipynb", json.dumps(wrong))
        file.writestr("lovelaceada_77_1002_ex01-1.ipynb", json.dumps(solved()))
    grade_all(submissions(archive), book, course(), jobs=2)
    assert marks(book) == {("lovelaceada", "ex01_constant_lr"): ("graded", 6.0)}
    (first,) = book.standings("first")
    assert (first.user, first.report.reached, first.others) == ("77", 5.0, 1)


def test_a_file_that_is_too_large_is_not_read(tmp_path, book):
    folder = tmp_path / "class"
    file = hand_in(folder, "Ada")
    with open(file, "r+b") as large:
        large.truncate(100_000_000)
    grade_all(submissions(folder), book, course(), jobs=1, executor=Counting())
    (one,) = book.standings(LATEST)
    assert one.report.state == report.UNREADABLE
    assert "20000000 bytes" in one.report.notes[0].told


def test_versions_are_names(monkeypatch):
    names = {exercise: version.version_of(exercise) for exercise in ("ex01_constant_lr", "")}
    assert len(set(names.values())) == 2
    assert all(len(name) == 16 for name in names.values())


def test_two_exercises_in_one_notebook_count_and_functions_tell_the_exercise(tmp_path, book):
    both, copied, rewritten = solved(), solved("ex03_cosine"), solved()
    code = [cell for cell in copied["cells"] if cell["cell_type"] == "code"]
    both["cells"] += code
    copied["metadata"] = both["metadata"]
    places = [cell for cell in rewritten["cells"] if "task" in cell["metadata"]]
    for place, cell in zip(places, [c for c in code if "task" in c["metadata"]], strict=False):
        place["source"] = cell["source"]  # in the cells of another exercise, with their marks
    rewritten["cells"] += code
    for student, nb in (("ada", both), ("bob", copied), ("cyd", rewritten)):
        hand_in(tmp_path, student, nb)
    outcome = grade_all(submissions(tmp_path), book, course(), jobs=2)
    assert (outcome.graded, outcome.done) == (3, 3)
    found = {(one.student, one.exercise): one.report for one in book.standings()}
    ex01, ex03 = "ex01_constant_lr", "ex03_cosine"
    assert sorted(found) == [("ada", ex01), ("ada", ex03), ("bob", ex03), ("cyd", ex03)]
    assert all(one.reached == one.possible for one in found.values())
    again = grade_all(submissions(tmp_path), book, course(), jobs=2)
    assert (again.graded, again.known) == (0, 3)
