"""Exercises as a learner and as nbval meet them: untouched, solved, and answered wrongly."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from course_tools.authoring.notebook_execution import execute

ROOT = Path(__file__).parents[2]
EXERCISES = sorted((ROOT / "exercises").glob("*.ipynb"))
WRONG_STEP = "def gradient_step(w, gradient, rate):\n    return w + rate * gradient\n"


def tagged(nb, tag):
    return [cell for cell in nb.cells if tag in cell.metadata.get("tags", [])]


def run_all(nb):
    """Execute every cell, errors included, and return those that raised with their errors."""
    NotebookClient(nb, allow_errors=True, timeout=120, resources={}).execute()
    return [
        (cell, output)
        for cell in nb.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]


def outputs(cell):
    return cell.get("outputs", []) if "check" in cell.metadata.get("tags", []) else []


def nbval(*arguments):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "nbval.plugin"]
    command += ["-p", "tests.lessons.nbval_sockets"]
    return subprocess.run(
        [*command, "--nbval-lax", "--nbval-current-env", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "120", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )


def test_there_are_exercises():
    assert EXERCISES


@pytest.mark.parametrize("name", ["ex04_warmup", "ex10_frameworks", "capstone"])
def test_an_untouched_exercise_fails_only_with_not_implemented(name):
    nb = nbformat.read(ROOT / "exercises" / f"{name}.ipynb", as_version=4)
    checks = tagged(nb, "check")
    assert len(checks) == len(tagged(nb, "solution")) > 0
    errors = run_all(nb)
    assert [cell for cell, _ in errors] == checks
    assert {error.ename for _, error in errors} == {"NotImplementedError"}


def test_nbval_fails_every_untouched_exercise_in_its_check_cells():
    untouched = nbval("-rf", *EXERCISES)
    assert untouched.returncode == 1
    for path in EXERCISES:
        checks = len(tagged(nbformat.read(path, as_version=4), "check"))
        failed = re.findall(rf"^FAILED \S*\b{path.stem}\.ipynb::", untouched.stdout, re.M)
        assert len(failed) == checks, untouched.stdout[-2000:]
    every = len(re.findall("^FAILED ", untouched.stdout, re.M))
    assert untouched.stdout.count("NotImplementedError: write ") >= every


@pytest.mark.parametrize("name", ["ex02_classic_decay", "ex04_warmup", "ex07_range_test"])
def test_papermill_runs_the_solution_with_other_cases(name):
    run = execute(ROOT / "solutions" / f"{name}.ipynb", parameters={"seed": 7})
    told = "".join(output.get("text", "") for c in run.notebook.cells for output in outputs(c))
    assert told.count("This notebook: ") == len(tagged(run.notebook, "solution"))
    assert "Likely cause" not in told


def test_a_wrong_answer_is_explained_without_our_own_code_in_the_traceback():
    nb = nbformat.read(ROOT / "exercises" / "ex01_constant_lr.ipynb", as_version=4)
    next(c for c in nb.cells if c.metadata.get("task") == "gradient_step").source = WRONG_STEP
    (_, error), *others = run_all(nb)
    assert error.ename == "CheckFailed"
    assert {other.ename for _, other in others} == {"NotImplementedError"}
    shown = "\n".join(error.traceback)
    assert "got       array([1.4, -2.1])" in shown
    assert "expected  array([0.6, -1.9])" in shown
    assert "Likely cause: This step goes uphill." in shown
    assert "course_lib" not in shown
