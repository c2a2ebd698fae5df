"""Cells that print or display without end, or raise a very long text, in `lr-course check`."""

import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_tools.authoring.exercise_checks import check_notebook
from course_tools.authoring.exercise_runs import PRINTED
from course_tools.authoring.kernel_output import MOST_BYTES
from course_tools.grading.settings import Limits

LOOP = "while True:\n    "
ENDLESS = (
    LOOP + "print('x' * 1_000_000)",
    "import sys\n" + LOOP + "sys.stderr.writelines(['x' * 1_000_000])",
    "from IPython.display import display\n"
    + LOOP
    + "display({'image/png': 'x' * 10**6}, raw=True)",
    "print('x' * 9_000_000)",
    "'x' * 9_000_000",
)
IMPORT = "from course_lib.checks import check"
STEP = "def gradient_step(w, gradient, rate):\n    return w - rate * gradient"
CHECK = "check(gradient_step)"


def checked(folder, *cells):
    """The result of a notebook whose last cells are a right answer and its check."""
    nb = new_notebook(cells=[new_code_cell(cell) for cell in (IMPORT, *cells)])
    nbformat.write(nb, folder / "a.ipynb")
    return check_notebook(folder / "a.ipynb", timeout=10_000)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc says how much memory a process took")
def test_a_cell_that_prints_without_end_is_ended_and_takes_no_memory(tmp_path):
    peak = tmp_path / "peak"
    written = "from pathlib import Path\ntext = Path('/proc/self/status').read_text()\n"
    written += f"Path({str(peak)!r}).write_text(text.split('VmHWM:')[1].split()[0])"
    found = checked(tmp_path, *ENDLESS, STEP, CHECK, written)
    assert found.messages == tuple(f"`{code.splitlines()[0]}`\n{PRINTED.text}" for code in ENDLESS)
    assert [row.state for row in found.tasks] == ["right"]
    assert not found.passed
    assert int(peak.read_text()) < 150_000  # kB; 2 GB where the text goes through the kernel


def test_a_function_that_prints_without_end_is_stopped_in_its_check(tmp_path):
    endless = f"def gradient_step(w, gradient, rate):\n    {LOOP}    print('x' * 1000)"
    found = checked(tmp_path, endless, CHECK)
    assert found.messages == (f"`{CHECK}`\n{PRINTED.text}",)
    assert [row.state for row in found.tasks] == ["stopped"]


def test_what_a_thread_prints_stops_no_cell_and_what_a_cell_reads_is_whole(tmp_path):
    thread = f"import threading\ndef chatter():\n    {LOOP}    print('x' * 10_000)\n"
    thread += "threading.Thread(None, chatter, daemon=True).start()"
    captured = "%%capture found\nprint('a' * 9_000_000)"
    read = "import sys\nassert len(found.stdout) == 9_000_001\nassert sys.stdout.write('abc') == 3"
    found = checked(tmp_path, captured, read, thread, STEP, CHECK)
    assert found.messages == ()
    assert found.passed


def test_the_middle_of_a_very_long_error_is_left_out(tmp_path):
    long = "raise ValueError('first' + 'x' * 10**7 + 'last')"
    many = r"raise ValueError('first' + '\nx' * 10**6 + 'last')"
    found = checked(tmp_path, long, many, STEP, CHECK)
    assert len(found.messages) == 2
    for message in found.messages:
        assert "ValueError: first" in message
        assert message.endswith("last")
        assert len(message) < 11_000
        assert message.count("\n") < 110


def test_a_cell_may_print_as_much_as_in_the_grader():
    assert Limits().output_mb * 1_000_000 == MOST_BYTES
