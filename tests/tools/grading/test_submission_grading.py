"""Submissions are graded in real kernels: states, notes, policies, and what is put back."""

import copy
import dataclasses
import functools
from typing import get_args

import pytest

from course_tools.grading import report, report_json
from course_tools.grading.box.kernels import KernelStartError, WarmKernels, kernel_manager
from course_tools.grading.intake.course_exercises import given_cells
from course_tools.grading.report import Note, RaisedError, Suspicion
from course_tools.grading.run.submission_grading import grade
from course_tools.grading.settings import Limits, Policy, Settings
from tests.tools.grading.example_reports import OUTCOME_OF
from tests.tools.grading.handed_in import (
    EX01,
    SEED,
    SHORT,
    SLOW,
    WRONG,
    code_cell,
    grade_notebook,
    solved,
    with_task,
)

pytestmark = pytest.mark.usefixtures("needs_sandbox")
RESTARTS = """def restart_rate(step, peak_lr, first, mult, floor):
    return schedules.cosine_restarts(peak_lr, first, mult=mult, floor=floor)(step)
"""
FIRST, SECOND, THIRD = "gradient_step", "largest_stable_rate", "steady_state_loss"


def source_of(nb, task):
    return next(c["source"] for c in nb["cells"] if c["metadata"].get("task") == task)


@functools.cache
def graded_solution():
    return grade_notebook(solved())


def test_a_solution_gets_everything():
    found = graded_solution()
    assert (found.exercise, found.state, found.notes) == (EX01, report.GRADED, ())
    assert found.reached == found.possible > 0
    assert (found.suspicions, found.unsafe, found.reproduction) == ((), False, None)
    assert found.seconds > 0
    assert report_json.from_json(report_json.to_json(found)) == found


def test_the_same_submission_gets_the_same_report_and_another_seed_other_cases():
    nb = with_task(solved(), FIRST, WRONG)
    one, again = (dataclasses.replace(grade_notebook(nb), seconds=0) for _ in range(2))

    def timeless(found):
        return [dataclasses.replace(task, seconds=0) for task in found.tasks]

    assert timeless(one) == timeless(again)
    assert one.tasks[0].reached == 0
    assert one.tasks[1].is_right


@pytest.mark.parametrize("content", [b"", b"PK\x03", b"{}", b'{"nbformat": 4, "cells": []}'])
def test_what_is_no_notebook_is_unreadable_and_starts_nothing(content):
    found = grade(content, SHORT, SEED, None)
    assert (found.state, found.exercise, found.tasks) == (report.UNREADABLE, "", ())
    (note,) = found.notes
    assert note.told.endswith(".")
    assert note.told[0].isupper()


@functools.cache
def graded_mess():
    """One submission with much that is odd: a task twice, text instead of code, cells deleted."""
    nb = solved()
    cells = [c for c in nb["cells"] if c["cell_type"] != "code" or c["metadata"].get("task")]
    by_task = {c["metadata"]["task"]: c for c in cells if c["metadata"].get("task")}
    by_task[SECOND]["cell_type"] = "markdown"
    late = copy.deepcopy(by_task[FIRST])
    late["source"] = WRONG
    cells += [
        late,
        code_cell("print('hello', np.ones(2).sum())\n1 / 0\n"),
        code_cell("check(gradient_step)", tags=["check"]),
    ]
    return grade_notebook({**nb, "cells": cells})


def test_given_cells_that_were_deleted_are_put_back():
    nb = solved()
    given = given_cells(EX01)
    assert any("import numpy" in source for source in given)
    assert graded_mess().tasks[2].is_right, "its cell uses what the given cells import"
    assert any("np." in "".join(c["source"]) for c in nb["cells"] if c["metadata"].get("task"))


def test_what_is_there_twice_counts_as_best_written_and_is_said():
    found = graded_mess()
    assert found.tasks[0].is_right
    assert Note(report.TWICE, FIRST) in found.notes


def test_a_task_whose_cell_is_text_is_missing_and_is_said():
    found = graded_mess()
    assert found.tasks[1].outcome == report.MISSING
    assert Note(report.NOT_CODE, SECOND) in found.notes


def test_what_other_cells_print_or_raise_is_kept_and_stops_nothing():
    found = graded_mess()
    assert found.printed == "hello 2.0\nZeroDivisionError: division by zero\n"
    assert found.state == report.GRADED


@functools.cache
def graded_trouble():
    """One submission whose kernel is ended twice, and started anew for the rest."""
    nb = with_task(solved(), FIRST, "def gradient_step(*a, **k):\n    import os\n    os._exit(3)\n")
    nb = with_task(nb, SECOND, "x = 1\nwhile True:\n    pass\n")
    limits = dataclasses.replace(SHORT.limits, cell_seconds=1.5, task_seconds=1.5)
    return grade_notebook(nb, dataclasses.replace(SHORT, limits=limits))


def test_kernels_are_started_again_for_what_is_left():
    first, second, *rest = graded_trouble().tasks
    assert (first.outcome, second.outcome) == (report.DIED, report.TIMED_OUT)
    assert all(task.is_right for task in rest)


def test_the_state_is_that_of_the_worst_task():
    assert graded_trouble().state == report.CRASHED


def test_a_stopped_cell_is_named_with_its_first_line():
    said = {"begins": "x = 1", "why": report.TIMED_OUT, "stopped_by": "cell_seconds"}
    assert Note(report.CELL_STOPPED, SECOND, **said) in graded_trouble().notes


def test_a_cell_of_ones_own_that_does_not_end_costs_no_points():
    nb = solved()
    nb["cells"].insert(0, code_cell(SLOW))
    limits = dataclasses.replace(SHORT.limits, cell_seconds=1.0)
    found = grade_notebook(nb, dataclasses.replace(SHORT, limits=limits))
    assert found.reached == found.possible
    assert found.state == report.PARTLY_GRADED
    assert found.notes[0].begins.startswith("import time")
    assert (found.notes[0].kind, found.notes[0].task) == (report.CELL_STOPPED, "")


def test_too_much_memory_is_over_a_limit():
    nb = with_task(
        solved(), FIRST, "def gradient_step(*a, **k):\n    return bytearray(10**9) * 2\n"
    )
    limits = dataclasses.replace(SHORT.limits, memory_mb=200)
    found = grade_notebook(nb, dataclasses.replace(SHORT, limits=limits))
    assert found.state == report.OVER_A_LIMIT
    assert found.tasks[0].outcome == report.OVER_LIMIT
    assert found.tasks[1].is_right


def test_a_limit_that_no_kernel_can_keep_is_named():
    settings = dataclasses.replace(SHORT, limits=dataclasses.replace(SHORT.limits, memory_mb=10))
    with pytest.raises(KernelStartError, match="does not start: it needs more than memory_mb = 10"):
        grade_notebook(solved(), settings)


def test_a_function_that_was_never_defined_because_its_cell_was_stopped_says_why():
    found = graded_trouble().tasks[1]
    assert (found.outcome, found.stopped_by) == (report.TIMED_OUT, "cell_seconds")


def test_a_function_that_was_never_defined_because_its_cell_raised_says_so():
    nb = with_task(solved(), FIRST, "def gradient_step(:\n    pass\n")
    nb = with_task(nb, SECOND, "raise KeyError('lost', 'a\\nb')\n")
    first, second, third = grade_notebook(nb).tasks
    assert [one.outcome for one in (first, second)] == [report.MISSING] * 2
    assert first.raised.kind == "SyntaxError"
    assert second.raised == RaisedError("KeyError", "('lost', 'a\\nb')")
    assert (third.is_right, third.raised) == (True, None)


def test_a_slow_machine_stops_no_cell_that_the_exercise_came_with():
    nb = solved()
    slow = "import time\n_rng = np.random.default_rng\nnp.random.default_rng = lambda seed: "
    with_task(nb, SECOND, f"{slow}time.sleep(3) or _rng(seed)\n{source_of(nb, SECOND)}")
    limits = dataclasses.replace(SHORT.limits, cell_seconds=2.0)
    found = grade_notebook(nb, Settings(limits))
    assert (found.reached, found.notes) == (found.possible, ())


def in_one_cell(nb, above):
    """A notebook with one cell, which holds all code but the checks, and nothing else."""
    own = [c for c in nb["cells"] if c["cell_type"] == "code" and "check(" not in str(c["source"])]
    whole = "\n\n".join("".join(cell["source"]) for cell in own[:-1])
    return {**nb, "cells": [code_cell(f"{above}\n{whole}")], "metadata": {}}


@pytest.mark.parametrize(
    ("above", "outcome", "stopped_by", "raised"),
    [
        ("x = 2 3", report.MISSING, "", "SyntaxError"),
        ("undefined", report.MISSING, "", "NameError"),
        ("while True: pass", report.TIMED_OUT, "cell_seconds", None),
    ],
)
def test_every_function_of_a_cell_that_failed_says_why(above, outcome, stopped_by, raised):
    limits = dataclasses.replace(SHORT.limits, cell_seconds=2.0)
    found = grade_notebook(in_one_cell(solved(), above), Settings(limits))
    assert [task.outcome for task in found.tasks] == [outcome] * 3
    assert {task.stopped_by for task in found.tasks} == {stopped_by}
    assert {task.raised and task.raised.kind for task in found.tasks} == {raised}


@pytest.mark.parametrize("above", ["undefined", "while True: pass"])
def test_what_was_merged_into_a_cell_that_does_not_end_is_there_for_the_others(above):
    nb = solved()
    (given,) = [cell for cell in nb["cells"] if "\nw = np.zeros" in "".join(cell["source"])]
    given["source"] = f"{above}\n" + "".join(given["source"])
    nb["cells"].append(code_cell("print(w)"))
    limits = dataclasses.replace(SHORT.limits, cell_seconds=2.0)
    found = grade_notebook(nb, Settings(limits))
    assert "NameError: name 'w'" not in found.printed
    assert found.reached == found.possible


def test_modules_and_files_that_were_beside_the_notebook_are_named():
    nb = solved()
    step = "def gradient_step(w, gradient, rate):\n    {}\n    return w - rate * gradient"
    with_task(nb, FIRST, step.format("from tools.steps import better"))
    with_task(nb, SECOND, f"from helper import top\n{source_of(nb, SECOND)}")
    with_task(nb, THIRD, f"%run side.py\n{source_of(nb, THIRD)}")
    for source in ("np.loadtxt('rates.csv')", "open('data/rates.csv')", "import numpy.nothing"):
        nb["cells"].insert(0, code_cell(f"import numpy as np\n{source}"))
    found = grade_notebook(nb)
    assert {(note.kind, note.name) for note in found.notes} == {
        (report.MODULE_NOT_THERE, "tools"),
        (report.MODULE_NOT_THERE, "helper"),
        (report.FILE_NOT_THERE, "side.py"),
        (report.FILE_NOT_THERE, "rates.csv"),
        (report.FILE_NOT_THERE, "data/rates.csv"),
    }
    assert found.reached == 0


def test_words_of_an_error_that_is_none_of_a_file_name_no_file():
    nb = solved()
    for source in (
        "raise ValueError('Milestone not found.')",
        "raise KeyError(\"No such file or directory: 'rates.csv'\")",
    ):
        nb["cells"].insert(0, code_cell(source))
    with_task(nb, FIRST, "pass")
    found = grade_notebook(nb)
    assert report.FILE_NOT_THERE not in {note.kind for note in found.notes}
    assert found.tasks[0].outcome == report.MISSING


def test_nothing_is_said_of_a_module_that_no_function_needs():
    nb = solved()
    nb["cells"].insert(0, code_cell("from google.colab import drive"))
    found = grade_notebook(nb)
    assert (found.reached, found.notes) == (found.possible, ())
    assert "No module named 'google" in found.printed  # protobuf brings a module google


def test_pip_says_at_once_that_it_reaches_no_index():
    nb = solved()
    nb["cells"].insert(0, code_cell("%pip install of-nobody"))
    found = grade_notebook(nb)
    assert (found.reached, found.notes) == (found.possible, ())
    assert "No matching distribution found for of-nobody" in found.printed
    assert "Retrying" not in found.printed


ALL_TIME = {"submission_seconds": 4.0, "task_seconds": 60.0}
#: What stops a function, where its code stands, and the limits that are set for it.
STOPPED = {
    "cell_seconds": ("while True: pass", "", {"cell_seconds": 1.0}),
    "task_seconds": ("", "while True: pass", {"task_seconds": 1.0}),
    "submission_seconds": ("", "while True: pass", ALL_TIME),
    "memory_mb": ("", "return bytearray(10**9) * 2", {"memory_mb": 200}),
    "output_mb": ("", "print('x' * 300_000)", {"output_mb": 1}),
    "message_mb": ("", "print('x' * 3_000_000, flush=True)", {"message_mb": 1}),
    report.PROCESS_ENDED: ("", "import os; os._exit(3)", {}),
}


@pytest.mark.parametrize("kind", STOPPED)
def test_the_limit_that_stopped_a_task_is_named(kind):
    above, inside, given = STOPPED[kind]
    code = f"{above}\ndef gradient_step(*a, **k):\n    {inside or 'pass'}\n"
    limits = dataclasses.replace(SHORT.limits, **given)
    settings = dataclasses.replace(SHORT, limits=limits)
    found = grade_notebook(with_task(solved(), FIRST, code), settings)
    assert (found.tasks[0].outcome, found.tasks[0].stopped_by) == (OUTCOME_OF[kind], kind)


def test_every_limit_is_tried():
    assert set(STOPPED) == set(OUTCOME_OF) == set(get_args(report.StopKind))


@pytest.mark.parametrize(
    ("policy", "state", "share"),
    [("flag", report.SUSPICIOUS, 1), ("zero", report.SUSPICIOUS, 0), ("ignore", report.GRADED, 1)],
)
def test_library_calls_are_flagged_worth_nothing_or_ignored(policy, state, share):
    source = f"from course_lib import schedules\n\n{RESTARTS}"
    settings = Settings(policy=Policy(library_calls=policy))  # PyTorch needs its room and time
    found = grade_notebook(with_task(solved("ex03_cosine"), "restart_rate", source), settings)
    tasks = {task.task: task for task in found.tasks}
    assert found.state == state
    assert bool(found.suspicions) == (policy != "ignore")
    assert tasks["restart_rate"].reached == share * tasks["restart_rate"].possible
    assert tasks["cosine_rate"].is_right
    taken = Suspicion(report.RIGHT_NO_POINTS, "restart_rate")
    assert (taken in found.suspicions) == (policy == "zero")
    assert ("does not count" in tasks["restart_rate"].sentence) == (policy == "zero")


def test_without_a_sandbox_the_report_says_so():
    found = grade_notebook(solved(), unsafe=True)
    assert found.unsafe
    assert found.reached == found.possible
    assert not graded_solution().unsafe


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_kernel_that_cannot_start_is_no_fault_of_the_learner():
    settings = dataclasses.replace(SHORT, limits=dataclasses.replace(SHORT.limits, processes=1))
    with pytest.raises(KernelStartError):
        grade_notebook(solved(), settings)


def test_stopped_kernels_start_no_more():
    warm = WarmKernels(Limits())
    warm.stop()
    with pytest.raises(KernelStartError, match="no more kernels are wanted"):
        warm.take()
    assert kernel_manager(Limits()).message_bytes == 8_000_000


def test_an_exercise_that_the_course_does_not_have_is_an_error():
    with pytest.raises(FileNotFoundError):
        given_cells("ex99_none")
