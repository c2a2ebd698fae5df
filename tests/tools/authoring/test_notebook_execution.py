"""Execution through papermill: failures are named, parameters checked, outputs made stable."""

import json

import nbformat
import pytest

from course_tools.authoring.cleaning import clean
from course_tools.authoring.errors import CellFailure, CourseError
from course_tools.authoring.notebook_execution import execute
from course_tools.authoring.notebook_files import read_notebook
from course_tools.authoring.parameters import check_parameters, parameters_of, parse_value
from tests.tools.authoring.made_notebooks import notebook, write_notebook

SLIDER = """\
import ipywidgets as widgets
from IPython.display import display
slider, out = widgets.IntSlider(1), widgets.Output()
def show(change):
    {}
display(slider, out)
"""


def failure(*cells, timeout=20, **options):
    with pytest.raises(CellFailure) as caught:
        execute(notebook(*cells), timeout=timeout, **options)
    return caught.value


def test_executes_in_the_folder_of_the_notebook_and_leaves_the_file(tmp_path):
    path = write_notebook(tmp_path / "a.ipynb", "import os; print(os.getcwd())")
    before = path.read_bytes()
    execution = execute(path)
    assert execution.notebook.cells[0].outputs[0].text.strip() == str(tmp_path)
    assert execution.seconds > 0
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_kernel_does_not_take_us_for_a_session_of_jupyterlab(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    monkeypatch.setenv("LEFT_AS_IT_IS", "yes")
    code = "import os; print(os.environ.get('JPY_SESSION_NAME'), os.environ['LEFT_AS_IT_IS'])"
    assert execute(notebook(code)).notebook.cells[0].outputs[0].text == "None yes\n"


def test_failing_cell_is_named_with_source_and_error():
    found = failure("x = 1", "def f():\n    raise ValueError('lr is 3')\n\nf()", "print('no')")
    assert (found.number, found.error) == (2, "ValueError: lr is 3")
    report = found.report()
    assert "cell 2: ValueError: lr is 3" in report
    assert "    def f():" in report
    assert "\x1b" not in report
    assert len(report.splitlines()) < 30


def test_number_of_the_cell_does_not_count_the_one_papermill_adds():
    found = failure(("n = 1", ["parameters"]), "1 / (n - 5)", parameters={"n": 5})
    assert (found.number, found.source) == (2, "1 / (n - 5)")


def test_cell_over_its_time_is_named():
    found = failure("print('before')", "while True:\n    pass", timeout=3)
    assert found.number == 2
    assert found.error == "TimeoutError: the cell ran longer than 3 s"
    assert found.seconds >= 3
    assert found.executed.cells[0].outputs[0].text == "before\n"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import os; os._exit(3)", "DeadKernelError"),
        ("import sys; sys.exit(0)", "SystemExit: 0"),
        ("raise KeyError('tagged')", "KeyError: 'tagged'"),
    ],
)
def test_no_way_to_end_early_passes(code, error):
    assert failure((code, ["raises-exception"]), "1").error.startswith(error)


@pytest.mark.parametrize(
    ("code", "number"),
    [
        (SLIDER.format("1 / 0") + "slider.observe(show, 'value')", 2),
        (SLIDER.format("with out: 1 / 0") + "slider.observe(show, 'value')", 2),
        (SLIDER.format("1 / 0") + "slider.observe(out.capture()(show), 'value')", 2),
        ("import ipywidgets as w\nslider = w.IntSlider(1)\nw.interact(lambda x: 1 / 0, x=2);", 1),
    ],
    ids=["no Output", "Output", "capture", "interact"],
)
def test_widget_callback_that_raises_is_a_failure(code, number):
    found = failure(code, "slider.value = 3")
    assert (found.number, found.error) == (number, "ZeroDivisionError: division by zero")


def test_callback_of_a_message_in_the_last_cell_is_a_failure():
    # nbclient sends the Output's content back to the kernel when the cell has already ended.
    code = SLIDER.format("1 / 0") + "out.observe(show, 'outputs')\nwith out: print('hello')"
    assert failure(code).error == "ZeroDivisionError: division by zero"


def test_error_of_a_thread_is_a_failure():
    code = "import threading\nt = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()"
    assert failure(code).error == "printed to stderr: ZeroDivisionError: division by zero"


def test_a_cell_that_ends_the_kernel_with_exit_is_the_one_that_is_named():
    with pytest.raises(CellFailure, match="cell 2: exit: the cell ends the kernel") as failure:
        execute(notebook("1", "exit()", *["import time; time.sleep(0.1)"] * 5))
    assert failure.value.source == "exit()"


def test_missing_kernel_is_said_before_anything_runs():
    with pytest.raises(CourseError, match="'fortran', which is not installed"):
        execute(notebook("1", kernel="fortran"))


def test_kernel_that_cannot_start_is_said(tmp_path, monkeypatch):
    folder = tmp_path / "kernels/gone"
    folder.mkdir(parents=True)
    spec = {"argv": ["/no/such/python"], "display_name": "Gone", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with pytest.raises(CourseError, match=r"kernel did not start .*lr-course doctor"):
        execute(notebook("1", kernel="gone"))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}'])
def test_file_that_is_not_a_notebook(tmp_path, text):
    (tmp_path / "a.ipynb").write_text(text)
    with pytest.raises(CourseError, match=r"a\.ipynb is not a notebook"):
        read_notebook(tmp_path / "a.ipynb")


# Parameters

PARAMETERS = """\
steps = 100  # updates, as in total=100
peak_lr = 0.1
label = "a"
fast = False
seeds = [1, 2]
budget = 10 * steps
floor: float | None = None
anything = None
"""


def test_parameters_are_read_with_their_types():
    found = parameters_of(notebook("x = 1", (PARAMETERS, ["parameters"])))
    assert {name: sorted(parameter.types) for name, parameter in found.items()} == {
        "steps": ["int"],
        "peak_lr": ["float"],
        "label": ["str"],
        "fast": ["bool"],
        "seeds": ["list"],
        "budget": [],
        "floor": ["None", "float"],
        "anything": [],
    }


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("steps", 3, True),
        ("steps", 3.0, False),
        ("steps", True, False),
        ("steps", "3", False),
        ("peak_lr", 1, True),
        ("peak_lr", 0.5, True),
        ("peak_lr", False, False),
        ("fast", True, True),
        ("fast", 1, False),
        ("label", "b", True),
        ("label", 3, False),
        ("floor", None, True),
        ("floor", 0.1, True),
        ("floor", "low", False),
        ("seeds", 3, False),
        ("budget", "any", True),
        ("anything", "any", True),
    ],
)
def test_value_must_fit_its_parameter(name, value, fits):
    nb = notebook((PARAMETERS, ["parameters"]))
    if fits:
        check_parameters(nb, {name: value}, "a.ipynb")
    else:
        with pytest.raises(CourseError, match=f"a.ipynb: parameter '{name}' must be .*, got"):
            check_parameters(nb, {name: value}, "a.ipynb")


def test_unknown_parameter_names_the_known_ones():
    with pytest.raises(CourseError, match=r"no parameter 'lr'; its parameters: a, b"):
        check_parameters(notebook(("b = 1\na = 2", ["parameters"])), {"lr": 1}, "x.ipynb")
    with pytest.raises(CourseError, match=r"its parameters: none"):
        check_parameters(notebook("b = 1"), {"b": 1}, "x.ipynb")


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3), ("1e-3", 0.001), ("True", True), ("None", None), ("cosine", "cosine")],
)
def test_parse_value(text, value):
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


def test_parameters_reach_the_cells():
    nb = notebook(("steps = 1", ["parameters"]), "print(steps)")
    executed = execute(nb, parameters={"steps": 7}).notebook
    assert executed.cells[-1].outputs[0].text == "7\n"


# Clean


def test_two_executions_are_the_same_once_clean():
    code = (
        "import ipywidgets as w, sys\n"
        "box = w.VBox([w.IntSlider(1), w.Output()])\n"
        "with box.children[1]: print('kept')\n"
        "print('a'); sys.stdout.flush(); print('b')\n"
        "display(box._repr_mimebundle_() | {'text/html': '<p>box</p>'}, raw=True)"
    )
    # An Output widget now and then makes nbclient wait out a cell's limit: keep it short.
    first, second = (execute(notebook(code), timeout=20).notebook for _ in range(2))
    first.cells[0].id = second.cells[0].id
    assert first != second
    assert clean(first) == clean(second)
    cleaned = clean(first)
    assert "widgets" not in cleaned.metadata
    assert cleaned.cells[0].outputs[-1].data.keys() == {"text/html", "text/plain"}
    assert cleaned.metadata.language_info == {"name": "python"}
    assert "papermill" not in json.dumps(cleaned)
    nbformat.validate(cleaned)


def test_neighbouring_streams_become_one():
    nb = notebook("1")
    make = nbformat.v4.new_output
    nb.cells[0].outputs = [
        make("stream", name=name, text=text)
        for name, text in [("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")]
    ]
    streams = [(output.name, output.text) for output in clean(nb).cells[0].outputs]
    assert streams == [("stdout", "ab"), ("stderr", "c"), ("stdout", "d")]
