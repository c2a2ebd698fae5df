"""What notebook tools do with valid input and few would expect: docs/notebook_tools.md lists it.

Each test makes the tool's own mistake possible, and sees that it is caught.
"""

import configparser
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_output
from nbval.plugin import get_sanitize_patterns

from course_tools.authoring.build import write_notebook as write
from course_tools.authoring.errors import CellFailure, CourseError
from course_tools.authoring.exercise_checks import check_notebook
from course_tools.authoring.notebook_execution import execute
from course_tools.authoring.sources import complete_notebook
from course_tools.cli import main
from course_tools.grading.intake import comparable_outputs
from course_tools.grading.pages.report_words import reproduction_words
from course_tools.grading.report import NO_OUTPUTS, Reproduction
from course_tools.grading.run import reproduction
from tests.tools.authoring.made_notebooks import notebook, write_notebook
from tests.tools.authoring.small_course import BUILT_LESSON, edit_notebook, found

ROOT = Path(__file__).parents[3]
SOLVED = ROOT / "solutions" / "ex01_constant_lr.ipynb"


# jupytext 1.19.6


def test_a_comment_that_looks_like_a_magic_stays_a_comment(course):
    code = "x = 1\n# cp the weights\n# why?\n# %timeit x\n# !ls\n# ls -l"
    source = "sources/lessons/02_comments.py"
    (course / source).write_text(f"# %%\n{code}\n", encoding="utf-8")
    (cell,) = complete_notebook(course, source).cells
    assert cell.source == code


# nbval 0.11.0


def test_a_blank_cell_with_outputs_and_no_count_is_found(course):
    def add(nb):
        nb.cells[2].source = ""
        nb.cells[2].outputs = [new_output("stream", text="5\n")]
        nb.cells[2].execution_count = None

    edit_notebook(course / BUILT_LESSON, add)
    nb = nbformat.read(course / BUILT_LESSON, 4)
    code = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source]
    for number, cell in enumerate(code, start=1):
        cell.execution_count = number
    nbformat.write(nb, course / BUILT_LESSON)
    said = CliRunner().invoke(main, ["build", "--check", "--root", str(course)]).output
    assert "cell 3 has outputs and no execution count" in said


@pytest.mark.parametrize(
    "text", ["UsageError: Line magic function `%lr` not found.\n", "careful\nUsageError: two\n"]
)
def test_a_magic_that_failed_is_found_in_what_is_stored(course, text):
    def fail(nb):
        nb.cells[2].outputs = [new_output("stream", name="stderr", text=text)]

    edit_notebook(course / BUILT_LESSON, fail)
    assert (BUILT_LESSON, "error") in found(course)


@pytest.mark.parametrize("code", ["%no_such_magic", "%%no_such_magic\n1"])
def test_a_magic_that_fails_is_a_failure_with_its_message(code):
    with pytest.raises(CellFailure, match="UsageError: ") as failure:
        execute(notebook("1", code))
    assert failure.value.number == 2


def test_every_rule_that_sanitizes_is_one_that_nbval_reads():
    rules = configparser.ConfigParser(interpolation=None)
    rules.read_string(reproduction._ADDRESSES)
    assert rules.sections()
    wanted = [(rules[name]["regex"], rules[name]["replace"]) for name in rules.sections()]
    assert get_sanitize_patterns(reproduction._ADDRESSES) == wanted


@pytest.fixture
def shuffled(tmp_path, monkeypatch):
    """A plugin of the name of pytest-randomly is installed, which ends any run that loads it."""
    folder = tmp_path / "installed"
    about = folder / "pytest_randomly-5.1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: pytest-randomly\nVersion: 5.1.0\n"
    )
    (about / "entry_points.txt").write_text("[pytest11]\nrandomly = shuffling\n")
    (folder / "shuffling.py").write_text("raise SystemExit('cells are shuffled')\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def test_a_plugin_that_shuffles_is_not_loaded(shuffled, tmp_path):
    (tmp_path / "test_nothing.py").write_text("def test_nothing(): pass\n")
    command = [sys.executable, "-m", "pytest", "-q", str(tmp_path / "test_nothing.py")]
    run = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 60}
    loaded = subprocess.run(command, **run)
    assert "cells are shuffled" in loaded.stderr
    ours = subprocess.run([*command, "-c", str(ROOT / "pyproject.toml")], **run)
    assert ours.returncode == 0, ours.stdout + ours.stderr


def test_a_learners_check_takes_what_other_tools_have_left(shuffled, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")
    nb = nbformat.read(SOLVED, as_version=4)
    for number, cell in enumerate(nb.cells):
        # nbstripout 0.9.1 and nb-clean 5.0.0, as a hook of git: no tags, no names of tasks.
        cell.id, cell.metadata = str(number), nbformat.NotebookNode()
        if cell.cell_type == "code":  # with outputs and no count nbval fails it, also --nbval-lax
            cell.execution_count, cell.outputs = None, [new_output("stream", text="of old\n")]
    nbformat.write(nb, tmp_path / "mine.ipynb")
    checked = check_notebook(tmp_path / "mine.ipynb", timeout=60)
    assert checked.messages == ()
    assert checked.passed


def test_marks_that_hide_cells_from_nbval_are_told():
    def cell(source, tags=()):
        return new_code_cell(
            source, metadata={"tags": list(tags)}, outputs=[new_output("stream", text="1\n")]
        )

    nb = nbformat.v4.new_notebook(
        cells=[
            cell("print(1)", ["nbval-skip"]),
            cell("print(1)", ["nbval-ignore-output", "mine"]),
            cell("print(1)\n# NBVAL_IGNORE_OUTPUT"),
            cell('print("""\n# NBVAL_SKIP\n""")'),
            cell("print(1)\n# NBVAL_CHECK_OUTPUT"),
        ]
    )
    assert comparable_outputs._prepare(nb) == (3, 2)
    assert [cell.metadata.tags for cell in nb.cells] == [[], ["mine"], [], [], []]
    found = Reproduction(NO_OUTPUTS, left_out=2)
    assert found.is_other
    told = "Marks in the notebook tell nbval to leave out 2 cells with outputs."
    assert reproduction_words(found) == told


@pytest.mark.parametrize(
    "code",
    [
        "%run fails.py",
        "import ipywidgets\nwith ipywidgets.Output():\n    raise ValueError('the script')",
        "%no_such_magic the script",
    ],
)
def test_an_error_that_a_tool_passes_over_is_one_for_us(tmp_path, code):
    (tmp_path / "fails.py").write_text("raise ValueError('the script')", encoding="utf-8")
    nb = nbformat.read(SOLVED, as_version=4)
    nb.cells.append(new_code_cell(code))
    nbformat.write(nb, tmp_path / "a.ipynb")
    checked = check_notebook(tmp_path / "a.ipynb", timeout=60)
    assert not checked.passed
    (message,) = checked.messages
    assert message.startswith(f"`{code.splitlines()[0]}`\n")
    run = CliRunner().invoke(main, ["run", str(tmp_path / "a.ipynb")])
    assert run.exit_code == 1
    assert f"a.ipynb, cell {len(nb.cells)}: " in run.stderr


def test_cells_are_run_with_history(tmp_path):
    nb = nbformat.read(SOLVED, as_version=4)
    nb.cells[:0] = [new_code_cell("1 + 1"), new_code_cell("assert Out[1] == 2 and len(In) == 3")]
    nbformat.write(nb, tmp_path / "a.ipynb")
    assert check_notebook(tmp_path / "a.ipynb", timeout=60).passed


# papermill 2.7.0


@pytest.mark.parametrize("code", ["while True: pass", "import os; os._exit(3)"])
def test_what_never_ran_is_not_stored_as_completed(tmp_path, code):
    path = write_notebook(tmp_path / "a.ipynb", "1", code, "2")
    out = tmp_path / "out"
    CliRunner().invoke(main, ["run", str(path), "--timeout", "2", "--out", str(out)])
    kept = nbformat.read(out / "a.ipynb", 4)
    states = [
        (cell.metadata.papermill.status, cell.metadata.papermill.exception) for cell in kept.cells
    ]
    assert states == [("completed", False), ("failed", True), ("pending", None)]
    assert kept.metadata.papermill.exception is True


@pytest.mark.parametrize("value", ["nan", "inf", "-Infinity"])
def test_a_parameter_is_finite(tmp_path, value):
    path = write_notebook(tmp_path / "a.ipynb", ("lr = 0.1", ["parameters"]))
    run = CliRunner().invoke(main, ["run", str(path), "-p", "lr", value])
    assert run.exit_code == 2
    assert "a.ipynb: parameter 'lr' must be finite, got " in run.stderr


def test_a_number_inside_a_parameter_is_finite():
    nb = notebook(("rates = {}", ["parameters"]))
    with pytest.raises(CourseError, match="parameter 'rates' must be finite"):
        execute(nb, parameters={"rates": {"low": [0.1, float("inf")]}})


def test_what_was_run_with_other_values_takes_no_new_ones(tmp_path):
    nb = notebook(("n = 1\nm = 2", ["parameters"]), "print(n, m)")
    executed = execute(nb, parameters={"n": 5}).notebook
    nbformat.write(executed, tmp_path / "ran.ipynb")
    run = CliRunner().invoke(main, ["run", str(tmp_path / "ran.ipynb"), "-p", "m", "7"])
    assert run.exit_code == 2
    assert "ran.ipynb was executed with other values" in run.stderr
    again = execute(tmp_path / "ran.ipynb").notebook
    assert again.cells[-1].outputs[0].text == "5 2\n"


def test_a_cell_that_papermill_leaves_out_is_stale(course):
    source = course / "sources/lessons/01_decay.py"
    text = source.read_text(encoding="utf-8") + '\n# %% tags=["skip-execution"]\nprint(1)\n'
    source.write_text(text, encoding="utf-8")
    CliRunner().invoke(main, ["build", "01_decay", "--root", str(course)])
    assert (BUILT_LESSON, "stale") in found(course)


# nbformat, jupyter_client


@pytest.mark.parametrize("value", [float("nan"), [1, float("-inf")]])
def test_a_notebook_that_jupyterlab_would_not_open_is_not_written(tmp_path, value):
    nb = notebook("1", "2")
    nb.cells[1].outputs = [new_output("display_data", {"application/json": {"loss": value}})]
    with pytest.raises(CourseError, match=r"cell 2 of a\.ipynb shows data with a nan"):
        write(nb, tmp_path / "a.ipynb")
    assert os.listdir(tmp_path) == []
