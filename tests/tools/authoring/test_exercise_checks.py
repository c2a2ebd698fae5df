"""`lr-course check` on exercises as learners leave them: edited, renamed, half done, broken."""

import codecs
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell

from course_tools.authoring.errors import CourseError
from course_tools.authoring.exercise_checks import check_notebook
from course_tools.cli import main

ROOT = Path(__file__).parents[3]
#: Seconds in which an honest cell ends on a busy machine, imports of NumPy and matplotlib included.
HONEST = 15
UPHILL = "def gradient_step(w, gradient, rate):\n    return w + rate * gradient\n"
HALF = "def largest_stable_rate(hessian):\n    return 1 / np.linalg.eigvalsh(hessian).max()\n"
COLUMN = "def largest_stable_rate(hessian):\n    return [2 / np.linalg.eigvalsh(hessian).max()]\n"


def solved():
    return nbformat.read(ROOT / "solutions" / "ex01_constant_lr.ipynb", as_version=4)


def untouched():
    return nbformat.read(ROOT / "exercises" / "ex01_constant_lr.ipynb", as_version=4)


def answer(nb, task, source):
    next(cell for cell in nb.cells if cell.metadata.get("task") == task).source = source


def checked(tmp_path, nb, name="my work.ipynb"):
    nbformat.write(nb, tmp_path / name)
    return check_notebook(tmp_path / name, timeout=60)


def states(found):
    return [(row.task, row.points, row.state) for row in found.tasks]


def test_a_solved_exercise_passes(tmp_path):
    found = checked(tmp_path, solved())
    assert found.passed
    assert found.messages == ()
    assert [row.state for row in found.tasks] == ["right"] * 3
    assert sum(row.points for row in found.tasks) == 6


def test_an_untouched_exercise_is_not_written_and_says_nothing_else(tmp_path):
    found = checked(tmp_path, untouched())
    assert not found.passed
    assert found.messages == ()
    assert {row.state for row in found.tasks} == {"not written"}


def test_each_task_has_its_own_state_and_its_message(tmp_path):
    nb = solved()
    answer(nb, "gradient_step", UPHILL)
    answer(nb, "largest_stable_rate", COLUMN)
    nb.cells = [cell for cell in nb.cells if "check(steady_state_loss" not in cell.source]
    found = checked(tmp_path, nb)
    assert not found.passed
    assert states(found) == [
        ("gradient_step", 0, "wrong"),
        ("largest_stable_rate", 1.75, "partly right"),
        ("steady_state_loss", 0, "not checked"),
    ]
    wrong, partly = found.messages
    assert wrong.startswith("gradient_step: not yet. First difference, in case 1:")
    assert "This notebook" not in wrong
    assert "Likely cause: This step goes uphill." in wrong
    assert "\x1b" not in wrong
    assert "an array of shape (1,); a single" in partly


def test_edits_outside_the_task_cells_change_nothing(tmp_path):
    nb = solved()
    nb.cells = [cell for cell in nb.cells if cell.cell_type == "code"]  # all prose deleted
    nb.cells.insert(0, new_markdown_cell("# My own title"))
    nb.cells.insert(3, new_code_cell("scratch = [i**2 for i in range(5)]\nscratch"))
    nb.cells.append(new_code_cell("print(gradient_step(1.0, 2.0, 0.1))"))
    del nb.metadata["course"]
    found = checked(tmp_path, nb, "Übung eins (final) 2.ipynb")
    assert found.passed
    assert [row.state for row in found.tasks] == ["right"] * 3


def test_a_cell_of_the_learners_own_that_fails_is_named(tmp_path):
    nb = solved()
    nb.cells.append(new_code_cell("undefined_name + 1"))
    found = checked(tmp_path, nb)
    assert not found.passed
    assert {row.state for row in found.tasks} == {"right"}
    (message,) = found.messages
    assert "`undefined_name + 1`" in message
    assert "NameError" in message


def test_a_cell_that_does_not_end_is_stopped_and_named(tmp_path):
    nb = solved()
    answer(nb, "gradient_step", "def gradient_step(w, gradient, rate):\n    while True: pass\n")
    answer(nb, "largest_stable_rate", HALF)
    nbformat.write(nb, tmp_path / "slow.ipynb")
    found = check_notebook(tmp_path / "slow.ipynb", timeout=HONEST)
    assert not found.passed
    first, second, _ = states(found)
    assert first == ("gradient_step", 0, "stopped")
    assert second == ("largest_stable_rate", 0, "wrong")
    later, stopped = found.messages
    assert "Likely cause: This is half of the limit" in later
    assert stopped.startswith("`check(gradient_step, seed)`\nIt took too long and was stopped")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "is not a notebook: it is not JSON"),
        ("[1, 2]", "is not a notebook: it is JSON, but names no nbformat"),
        ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "holds no task"),
    ],
)
def test_what_is_no_exercise_is_refused(tmp_path, text, words):
    file = tmp_path / "odd.ipynb"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=words):
        check_notebook(file, timeout=60)


def test_the_command_prints_points_and_fails_unless_all_is_right(tmp_path, monkeypatch):
    monkeypatch.setenv("LR_COURSE_PROGRESS", str(tmp_path / "kept"))
    nb = solved()
    answer(nb, "gradient_step", UPHILL)
    for name, notebook in (("right", solved()), ("wrong", nb)):
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    run = CliRunner().invoke(main, ["check", str(tmp_path / "right.ipynb")])
    assert (run.exit_code, run.output.count("right\n")) == (0, 3)
    run = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert run.exit_code == 1
    assert "gradient_step        0 of 1  wrong" in run.output
    assert "Likely cause: This step goes uphill." in run.output
    with closing(sqlite3.connect(tmp_path / "kept" / "progress.sqlite")) as base:
        assert dict(base.execute("SELECT task, points FROM best"))["gradient_step"] == 1


def test_a_missing_file_is_one_line_and_status_two():
    run = CliRunner().invoke(main, ["check", "nowhere.ipynb"])
    assert run.exit_code == 2
    assert run.output.count("\n") == 1


def test_a_file_that_cannot_be_checked_is_told_and_the_others_are_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nbformat.write(solved_task(), "last.ipynb")
    Path("a note.ipynb").write_text('{"cells": [], "nbformat": 4}', encoding="utf-8")
    Path("broken.ipynb").write_text("{", encoding="utf-8")
    run = CliRunner().invoke(main, ["check", "."])
    assert run.exit_code == 2
    assert "Error: a note.ipynb holds no task of the course" in run.stderr
    assert "Error: broken.ipynb is not a notebook" in run.stderr
    assert "gradient_step  1 of 1  right" in run.stdout


NAMES = ["ex01 [final].ipynb", "a::b.ipynb", "-t.ipynb", "two\nlines.ipynb", "Übung.IPYNB"]


def test_any_name_is_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nb = solved()
    nb.cells.append(new_code_cell(f"open({str(tmp_path / 'ran')!r}, 'a').write('x')"))
    for name in NAMES:
        nbformat.write(nb, tmp_path / name)
    run = CliRunner().invoke(main, ["check", *NAMES, "--timeout", "60"])
    assert run.exit_code == 0, run.output
    assert run.output.count("  right\n") == 3 * len(NAMES)
    assert (tmp_path / "ran").read_text() == "x" * len(NAMES)
    run = CliRunner().invoke(main, ["check", "--timeot", "60"])
    assert "No such option '--timeot'" in run.output


def test_a_file_in_another_form_is_checked(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(codecs.BOM_UTF8 + nbformat.writes(solved()).encode())
    assert check_notebook(tmp_path / "a.ipynb", timeout=60).passed


def test_a_notebook_in_a_read_only_folder_is_checked(read_only, tmp_path):
    nbformat.write(solved_task(), tmp_path / "a.ipynb")
    command = [sys.executable, "-m", "course_tools.cli", "check", str(tmp_path / "a.ipynb")]

    def check(*before):
        return subprocess.run([*before, *command], capture_output=True, text=True, timeout=120)

    run = read_only(tmp_path, check)
    assert (run.returncode, run.stderr) == (0, "")
    assert "gradient_step  1 of 1  right" in run.stdout


# Cells that end the kernel, magics, marks for tools


def solved_task():
    """A notebook with the first task alone, to be quick."""
    nb = solved()
    nb.cells = nb.cells[: next(i for i, c in enumerate(nb.cells) if "check(" in c.source) + 1]
    return nb


EXIT = "import os; os._exit(0)"
ENDS = {
    EXIT: "The kernel ended in this cell.",
    "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)": "The kernel ended in this cell.",
    "exit()": "It ends the kernel (exit or quit).",
    "quit()": "It ends the kernel (exit or quit).",
}


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("code", "place"),
    [*((code, "between tasks") for code in ENDS), (EXIT, "first"), (EXIT, "last")],
)
def test_a_cell_that_ends_the_kernel_is_named_and_the_tasks_are_checked(tmp_path, code, place):
    nb = solved()
    between = next(i for i, c in enumerate(nb.cells) if "check(gradient" in c.source) + 1
    at = {"first": 0, "between tasks": between, "last": len(nb.cells)}[place]
    nb.cells.insert(at, new_code_cell(code))
    nbformat.write(nb, tmp_path / "a.ipynb")
    # As long as a test may take: it is said at once, not after the limit.
    found = check_notebook(tmp_path / "a.ipynb", timeout=10_000)
    assert [row.state for row in found.tasks] == ["right"] * 3
    assert not found.passed
    (message,) = found.messages
    assert message.startswith(f"`{code.splitlines()[0]}`\n{ENDS[code]}")


def test_a_function_that_ends_the_kernel_is_the_only_one_without_a_result(tmp_path):
    nb = solved()
    answer(nb, "gradient_step", "def gradient_step(w, gradient, rate):\n    import os; os._exit(1)")
    found = checked(tmp_path, nb)
    assert [row.state for row in found.tasks] == ["ended the kernel", "right", "right"]
    (message,) = found.messages
    assert message.startswith("`check(gradient_step, seed)`\nThe kernel ended in this cell.")


def test_a_restart_of_the_kernel_by_code_changes_nothing(tmp_path):
    nb = solved()
    nb.cells.insert(4, new_code_cell("get_ipython().kernel.do_shutdown(True);"))
    assert checked(tmp_path, nb).passed


def test_a_cell_that_cannot_be_interrupted_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("course_tools.authoring.exercise_runs._SECONDS_TO_STOP", 5)
    nb = solved_task()
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    nb.cells.insert(0, new_code_cell(stubborn))
    nbformat.write(nb, tmp_path / "a.ipynb")
    found = check_notebook(tmp_path / "a.ipynb", timeout=HONEST)
    assert states(found) == [("gradient_step", 1, "right")]
    assert found.messages == ("`import signal`\nIt took too long and was stopped (see --timeout).",)


@pytest.mark.parametrize("magic", ["%%time", "%%capture", "%matplotlib tk", "%gui tk"])
def test_a_magic_above_the_function_changes_nothing(tmp_path, monkeypatch, magic):
    monkeypatch.delenv("DISPLAY", raising=False)
    nb = solved_task()
    answer(nb, "gradient_step", f"{magic}\n{UPHILL.replace('+', '-')}")
    found = checked(tmp_path, nb)
    assert states(found) == [("gradient_step", 1, "right")]
    assert found.passed


def test_what_nobody_can_answer_and_an_exit_are_said_in_a_sentence(tmp_path):
    nb = solved_task()
    for code in ("name = input()", "import getpass\ngetpass.getpass()", "import sys\nsys.exit(3)"):
        nb.cells.insert(1, new_code_cell(code))
    found = checked(tmp_path, nb)
    assert states(found) == [("gradient_step", 1, "right")]
    ended, *asked = found.messages
    assert ended.startswith("`import sys`\nIt calls sys.exit, which ends the cell with an error.")
    assert [text.count("\n") for text in asked] == [1, 1]
    assert all("It asks for input, which nobody gives it here." in text for text in asked)


def test_an_unknown_magic_is_an_error_as_it_is_in_the_notebook(tmp_path):
    nb = solved_task()
    nb.cells.append(new_code_cell("%no_such_magic"))
    found = checked(tmp_path, nb)
    assert not found.passed
    assert found.messages == (
        "`%no_such_magic`\nUsageError: Line magic function `%no_such_magic` not found.",
    )


def test_marks_for_tools_hide_no_cell(tmp_path):
    nb = solved_task()
    for cell in nb.cells:
        cell.metadata.tags = ["nbval-skip", "skip-execution", "remove_cell"]
        if cell.metadata.get("task"):
            cell.source += '\n"""\n# NBVAL_SKIP\n"""'
    assert checked(tmp_path, nb).passed


def test_a_cell_that_is_meant_to_raise_may_but_no_check_may(tmp_path):
    nb = solved_task()
    nb.cells.append(new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}))
    assert checked(tmp_path, nb).passed
    answer(nb, "gradient_step", UPHILL)
    for cell in nb.cells:
        cell.metadata.tags = ["raises-exception"]
    found = checked(tmp_path, nb)
    assert states(found) == [("gradient_step", 0, "wrong")]
    assert not found.passed


def test_what_fails_after_a_check_in_its_cell_is_said(tmp_path):
    nb = solved_task()
    nb.cells[-1].source += "\n1 / 0"
    found = checked(tmp_path, nb)
    assert states(found) == [("gradient_step", 1, "right")]
    assert not found.passed
    (message,) = found.messages
    assert message.endswith("ZeroDivisionError: division by zero")


def test_a_kernel_that_does_not_start_is_one_line_with_its_reason(tmp_path, monkeypatch):
    (tmp_path / "ipykernel_launcher.py").write_text("raise ImportError('rubbish')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    nbformat.write(solved_task(), tmp_path / "a.ipynb")
    run = CliRunner().invoke(main, ["check", str(tmp_path / "a.ipynb")])
    assert run.exit_code == 2
    (line,) = run.output.splitlines()
    assert f"the kernel did not start in {tmp_path} (ImportError: rubbish)" in line


def test_a_kernel_installed_under_the_same_name_is_not_taken(tmp_path, monkeypatch):
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    other = {"argv": ["no-such-python"], "display_name": "Python 3", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(other), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert checked(tmp_path, solved_task()).passed
