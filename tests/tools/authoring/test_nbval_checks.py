"""nbval with the course's comparison: measured numbers and pictures in one execution."""

import re
import subprocess
import sys

import nbformat
import pytest

from course_tools.authoring.notebook_execution import execute
from tests.tools.authoring.made_notebooks import notebook

SETUP = """\
from course_lib.intervals import Interval
from course_lib.measured import show_table
from course_lib import plots
def table(mean):
    show_table(["loss"], [(Interval(mean, 0.4, 0.6),)])
def picture(height):
    figure, (ax,) = plots.panels(1)
    ax.plot([0, 1, 2], [0, height, 1])
    plots.show(figure, "a curve")
"""
STORED = ("table(0.5)", "picture(1)", "print('text')")
NOW = {
    "a_quick_one": ("table(0.5)", "picture(1)", "print('text')"),
    "within": ("table(0.54)", "picture(1)", "print('text')"),
    "outside": ("table(0.56)", "picture(2)", "print('test')"),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What pytest says of both, in one run: the outputs are stored ones, the code is another."""
    folder = tmp_path_factory.mktemp("nbval")
    outputs = [cell.outputs for cell in execute(notebook(SETUP, *STORED)).notebook.cells]
    for name, cells in NOW.items():
        nb = notebook(SETUP, *cells)
        if name == "within":
            nb.cells[0] = notebook((f"FAST = False\n{SETUP}", ["parameters"])).cells[0]
        for number, (cell, stored) in enumerate(zip(nb.cells, outputs, strict=True), start=1):
            cell.update(execution_count=number, outputs=stored)
        nbformat.write(nb, folder / f"{name}.ipynb")
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "--color=no", "-rA"]
    plugins = ["-p", "course_tools.authoring.nbval_checks", "--nbval", "--nbval-current-env"]
    done = subprocess.run(
        [*command, *plugins, str(folder)], cwd=folder, capture_output=True, text=True, timeout=120
    )
    return done.stdout


def test_what_is_within_passes_and_what_is_outside_fails(report):
    assert re.findall(r"^PASSED within.ipynb::Cell (\d)", report, re.M) == ["0", "1", "2", "3"]
    assert re.findall(r"^FAILED outside.ipynb::Cell (\d)", report, re.M) == ["1", "2", "3"]


def test_what_takes_long_begins_first(report):
    order = re.findall(r"^(?:PASSED|FAILED) (\w+).ipynb::Cell 0", report, re.M)
    ran = re.findall(r"^(\w+)\.ipynb [.F]+", report, re.M)
    assert sorted(order) == sorted(NOW)
    assert ran[0] == "within"


def test_failures_say_what_differs(report):
    assert "row 1, loss: mean 0.56, stored is 0.5; they may differ by 0.05" in report
    assert "a picture differs from the stored one (root-mean-square difference" in report
