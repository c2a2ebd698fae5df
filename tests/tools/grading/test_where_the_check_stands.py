"""A function has the marks that its check gives where it stands, whatever stands behind it."""

import dataclasses
import functools

import pytest

from course_tools.grading import report
from course_tools.grading.pages.report_words import note_words
from course_tools.grading.settings import Settings
from tests.tools.grading.handed_in import (
    SHORT,
    CountedKernels,
    code_cell,
    grade_notebook,
    shipped,
    solved,
    with_task,
)

pytestmark = pytest.mark.usefixtures("needs_sandbox")
FIRST, SECOND, THIRD = "gradient_step", "largest_stable_rate", "steady_state_loss"
FLOOR = "def steady_state_loss(rate, curvature, noise_std):\n"


def last(source):
    def edit(nb):
        nb["cells"].append(code_cell(source))

    return edit


def first(source):
    def edit(nb):
        nb["cells"].insert(0, code_cell(source))

    return edit


def position(nb, task):
    return next(n for n, c in enumerate(nb["cells"]) if c["metadata"].get("task") == task)


def before(task, source):
    def edit(nb):
        nb["cells"].insert(position(nb, task), code_cell(source))

    return edit


def on_top_of_check(source, task, body):
    """Type into the check's cell, and let the function of a task need it."""

    def edit(nb):
        with_task(nb, task, body)
        cell = nb["cells"][position(nb, task) + 1]
        assert "check" in cell["metadata"]["tags"]
        cell["source"] = source + "\n" + "".join(cell["source"])

    return edit


def in_cell(task, body):
    return lambda nb: with_task(nb, task, body)


EIGEN = "def largest_stable_rate(hessian):\n    return 2 / max({}eigvalsh(hessian))"
TWO = "def largest_stable_rate(hessian):\n    return {} / np.linalg.eigvalsh(hessian)[-1]"
_CHECKED = "check({}largest_stable_rate, seed)"


def typed_into_check(source, body):
    """Change the call in the check's cell of the second task, and the task's own cell."""

    def edit(nb):
        with_task(nb, SECOND, body)
        nb["cells"][position(nb, SECOND) + 1]["source"] = source

    return edit


def inside(head, source):
    return head + "".join(f"\n    {line}" for line in source.splitlines())


#: A notebook in which every check passes, and what is done to it; the kinds of what is said.
LATER = {report.CHANGED_LATER}
KEPT = {
    "np = 3": (last("np = 3"), LATER),
    "a loop over a global": (
        lambda nb: (
            with_task(
                nb, THIRD, f"k = 4\n{FLOOR}    return rate*noise_std**2/(k-2*rate*curvature)"
            ),
            last("for k in range(3): pass")(nb),
        ),
        LATER,
    ),
    "a function called by its own name": (
        last("steady_state_loss = steady_state_loss(0.1, 1.0, 1.0)"),
        {report.CHANGED_LATER, report.TWICE},
    ),
    "%reset -f": (last("%reset -f"), LATER),
    "an import on top of a check": (
        on_top_of_check("from numpy import linalg as LA", SECOND, EIGEN.format("LA.")),
        set(),
    ),
    "a helper defined below, and an import typed into the check": (
        lambda nb: (
            on_top_of_check("import math", SECOND, TWO.format("below"))(nb),
            last("below = 2")(nb),
        ),
        {report.RIGHT_LATER},
    ),
    "the function changed below its check, in one cell": (
        in_cell(
            SECOND,
            TWO.format(2) + "\ncheck(largest_stable_rate)\nlargest_stable_rate = None\n",
        ),
        {report.CHANGED_LATER, report.TWICE},
    ),
    "an annotated constant": (
        on_top_of_check("TWO: float = 2.0", SECOND, TWO.format("TWO")),
        set(),
    ),
    "a definition in an if": (
        on_top_of_check("if True:\n    def two(): return 2", SECOND, TWO.format("two()")),
        set(),
    ),
    "try around an import": (
        on_top_of_check(
            "try:\n    from scipy.linalg import eigvalsh\nexcept ImportError:\n    pass",
            SECOND,
            EIGEN.format(""),
        ),
        set(),
    ),
    "a loop that fills a table": (
        on_top_of_check(
            "table = {}\nfor n in range(3):\n    table[n] = n", SECOND, TWO.format("table[2]")
        ),
        set(),
    ),
    "with": (
        on_top_of_check("with np.errstate(all='ignore') as _:\n    t = 2", SECOND, TWO.format("t")),
        set(),
    ),
    "the function below %%time in the check's cell": (
        lambda nb: (
            with_task(nb, SECOND, "# below"),
            on_top_of_check("%%time\n" + TWO.format("2"), SECOND, "# below")(nb),
        ),
        set(),
    ),
    "the stub pasted again": (
        lambda nb: nb["cells"].append(
            shipped("exercises")["cells"][position(shipped("exercises"), FIRST)]
        ),
        {report.CHANGED_LATER, report.TWICE},
    ),
    "%%time above a function": (in_cell(SECOND, "%%time\n" + TWO.format("2")), set()),
    "%matplotlib tk above a function": (
        in_cell(SECOND, "%matplotlib tk\n" + TWO.format("2")),
        set(),
    ),
    "%reset -f first": (first("%reset -f"), set()),
    "%reset -f in a cell of a function": (
        in_cell(
            SECOND,
            "get_ipython().run_line_magic('reset', '-f')\nimport numpy as np\n" + TWO.format(2),
        ),
        None,
    ),
    "everything deleted by hand over globals()": (
        before(
            THIRD,
            "for name in list(globals()):\n    if not name.startswith('_'):\n"
            "        del globals()[name]\nimport numpy as np",
        ),
        LATER,
    ),
    "a copy of a check's cell, pasted with imports": (
        before(
            THIRD, "import numpy as np\nfrom course_lib.checks import check\ncheck(gradient_step)"
        ),
        set(),
    ),
    "%%time above each function, in a file that Colab saved": (
        lambda nb: (
            nb.update(metadata={"colab": {"provenance": []}, "kernelspec": {"name": "python3"}}),
            [
                cell.update(source="%%time\n" + cell["source"], metadata={"id": "x"})
                for cell in nb["cells"]
                if "task" in cell["metadata"]
            ],
        ),
        set(),
    ),
    "%reset -f and the imports copied below it": (
        before(THIRD, "%reset -f\nimport numpy as np\nfrom course_lib.checks import check"),
        LATER,
    ),
    "exit() at the end": (last("exit()"), set()),
    "quit() near the beginning": (before(FIRST, "quit()"), set()),
    "the runtime restarted after an installation": (
        first("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
        {report.CELL_STOPPED},
    ),
    "the process ended in the last cell": (last("import os\nos._exit(0)"), None),
    "a method": (
        typed_into_check(
            _CHECKED.format("Mine()."),
            inside("class Mine:", TWO.format(2).replace("(hessian):", "(self, hessian):")),
        ),
        None,
    ),
    "a static method, and a later cell that spoils it": (
        lambda nb: (
            typed_into_check(
                _CHECKED.format("Mine."), inside("class Mine:\n    @staticmethod", TWO.format(2))
            )(nb),
            last("np = 3")(nb),
        ),
        None,
    ),
    "a function within the one that checks it": (
        typed_into_check(
            "# below", inside("def main():", f"{TWO.format(2)}\n{_CHECKED.format('')}") + "\nmain()"
        ),
        None,
    ),
    "half of a surrogate pair in a comment": (in_cell(SECOND, "# \ud800\n" + TWO.format(2)), None),
    "cells in another order": (lambda nb: nb["cells"].reverse(), None),
}


@functools.cache
def possible():
    return grade_notebook(solved()).possible


@pytest.mark.parametrize("name", KEPT)
def test_all_points_are_kept_and_what_happened_is_said(name):
    edit, kinds = KEPT[name]
    nb = solved()
    edit(nb)
    found = grade_notebook(nb)
    assert {task.task: task.reached for task in found.tasks if not task.is_right} == {}
    if kinds is not None:
        assert {note.kind for note in found.notes} == kinds


#: Code that a notebook does not reach, as the cell ends above it with an exception.
NOT_REACHED = {
    "below a check that fails": "check({wrong})\nprint(1)\ndel np",
    "below a check that is not reached": "1 / 0\ncheck({wrong})\nnp = 3",
    "below the second of two checks": "check({right})\nx = 1\ncheck({wrong})\n%reset -f",
    "below the first of two checks": "check({wrong})\nx = 1\ncheck({right})\ndel np",
}


@pytest.mark.parametrize("name", NOT_REACHED)
def test_what_the_notebook_does_not_reach_takes_no_points(name):
    nb = solved()
    with_task(nb, FIRST, f"def {FIRST}(*given):\n    return None")
    floor = "    return np.float64(rate * noise_std**2 / (4 - 2 * rate * curvature))"
    with_task(nb, THIRD, FLOOR + floor)
    source = NOT_REACHED[name].format(wrong=FIRST, right=SECOND)
    nb["cells"].insert(position(nb, THIRD), code_cell(source))
    found = {task.task: task for task in grade_notebook(nb).tasks}
    assert (found[FIRST].reached, found[SECOND].is_right, found[THIRD].is_right) == (0, True, True)


def test_what_a_failed_check_keeps_from_running_still_helps():
    """A helper typed below a check that fails is there, as it was when the cell ran alone."""
    nb = solved()
    with_task(nb, FIRST, f"def {FIRST}(*given):\n    return None")
    with_task(nb, SECOND, TWO.format("below"))
    nb["cells"].insert(position(nb, SECOND), code_cell(f"check({FIRST})\nbelow = 2"))
    cell = nb["cells"][position(nb, SECOND)]
    cell["source"] = "print(below)\n" + cell["source"]
    found = {task.task: task for task in grade_notebook(nb).tasks}
    assert (found[SECOND].is_right, found[SECOND].raised) == (True, None)


def test_what_is_wrong_either_way_is_told_as_it_ran_first():
    nb = solved()
    with_task(nb, FIRST, f"def {FIRST}(*given):\n    return None")
    with_task(nb, SECOND, "print(below)\n" + TWO.format("3"))
    nb["cells"].insert(position(nb, SECOND), code_cell(f"check({FIRST})\nbelow = 'twice'"))
    found = {task.task: task for task in grade_notebook(nb).tasks}
    assert (found[SECOND].outcome, found[SECOND].printed) == (report.ANSWERED, "twice\n")


@pytest.mark.parametrize("many", [0, 3])
def test_the_later_cell_is_named(many):
    nb = solved()
    for number in range(many):
        nb["cells"].append(code_cell(f"x{number} = {number}"))
    nb["cells"] += [code_cell("np = 3  # oh"), *(code_cell(f"y{n} = {n}") for n in range(many))]
    notes = [note for note in grade_notebook(nb).notes if note.task == SECOND]
    assert [(note.kind, note.begins) for note in notes] == [(report.CHANGED_LATER, "np = 3  # oh")]
    assert "the later cell that begins with “np = 3  # oh”" in note_words(notes[0])


def test_one_more_kernel_finds_the_later_cells_of_all_functions():
    nb = solved()
    for number, task in enumerate((FIRST, SECOND, THIRD)):
        nb["cells"] += [code_cell(f"x = {number}"), code_cell(f"{task} = None  # {number}")]
    warm = CountedKernels(SHORT.limits)
    found = grade_notebook(nb, SHORT, warm)
    assert found.reached == found.possible
    assert [(n.task, n.begins) for n in found.notes if n.kind == report.CHANGED_LATER] == [
        (task, f"{task} = None  # {number}") for number, task in enumerate((FIRST, SECOND, THIRD))
    ]
    assert warm.taken == 2


@pytest.mark.parametrize("shown", ["", "\n    plt.show()"])
def test_a_plot_left_in_a_function_costs_neither_time_nor_points(shown):
    nb = solved("ex04_warmup")
    cell = nb["cells"][position(nb, "lr_at_step")]
    cell["source"] += (
        "\nimport matplotlib.pyplot as plt\n_rate = lr_at_step\n"
        "def lr_at_step(*given, **named):\n    plt.figure(figsize=(9, 9))\n"
        f"    plt.imshow(np.zeros((99, 99))){shown}\n    return _rate(*given, **named)"
    )
    found = grade_notebook(nb, Settings(dataclasses.replace(SHORT.limits, task_seconds=20)))
    assert {task.task: task.reached for task in found.tasks if not task.is_right} == {}
    task = next(task for task in found.tasks if task.task == "lr_at_step")
    assert ("<Figure size" in task.printed) == bool(shown)
