"""`lr-course check` on exercises as learners leave them: edited, renamed, half done, broken."""

import sqlite3
import subprocess
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
    found = check_notebook(tmp_path / "slow.ipynb", timeout=3)
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
        ("not json", "cannot be read as a notebook"),
        ("[1, 2]", "cannot be read as a notebook"),
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


def test_a_report_that_is_cut_off_is_one_line(tmp_path, monkeypatch):
    def full(command, **_):
        (option,) = [part for part in command if part.startswith("--junitxml=")]
        Path(option.partition("=")[2]).touch()
        return subprocess.CompletedProcess(command, 3, "", "OSError: No space left on device")

    monkeypatch.setattr(subprocess, "run", full)
    nbformat.write(solved(), tmp_path / "a.ipynb")
    run = CliRunner().invoke(main, ["check", str(tmp_path / "a.ipynb")])
    assert run.exit_code == 2
    (line,) = run.output.splitlines()
    assert line.endswith("a.ipynb to its end: OSError: No space left on device")
