"""Work of the learner's own, which no task needs, takes neither time nor memory from the tasks."""

import dataclasses

import pytest

from course_tools.grading import report
from course_tools.grading.settings import Limits, Settings
from tests.tools.grading.handed_in import (
    SHORT,
    CountedKernels,
    code_cell,
    grade_notebook,
    solved,
    with_task,
)

pytestmark = pytest.mark.usefixtures("needs_sandbox")
FIRST, SECOND = "gradient_step", "largest_stable_rate"
#: Work of the learner's own that uses up what a submission may use.
SMALL = Limits(cell_seconds=2, task_seconds=3, submission_seconds=16, memory_mb=400, output_mb=2)
SLEEPS = "import time\ntime.sleep({})"
PICTURE = (
    "from IPython.display import Image, display\nimport os\n"
    "display(Image(data=os.urandom({}), format='png'))"
)
GREEDY = {
    "cells that each take too long": [SLEEPS.format(30)] * 7,
    "cells that each keep their limit": [SLEEPS.format(1.5)] * 10,
    "cells that each end the process": ["import os\nos._exit(1)"] * 7,
    "large pictures": [PICTURE.format(300_000)] * 22,
    "pictures, and one that is too slow at the end": [
        *[PICTURE.format(1_500_000 // 6)] * 4,
        SLEEPS.format(30),
    ],
    "an end that comes later": [
        "import os, threading\nthreading.Timer(0.05, lambda: os._exit(1)).start()"
    ],
}


@pytest.mark.parametrize("place", ["first", "last"])
@pytest.mark.parametrize("name", GREEDY)
def test_own_work_uses_up_nothing_that_a_task_needs(name, place):
    nb = solved()
    cells = [code_cell(source) for source in GREEDY[name]]
    nb["cells"] = [*cells, *nb["cells"]] if place == "first" else [*nb["cells"], *cells]
    limits = SMALL
    if name == "an end that comes later":  # its kernels each take as long as the machine lets them
        limits = dataclasses.replace(SMALL, submission_seconds=90)
    found = grade_notebook(nb, Settings(limits))
    assert {task.task: task.outcome for task in found.tasks if not task.is_right} == {}


def test_memory_that_own_work_holds_costs_no_function_its_cell():
    nb = solved()
    function = "def largest_stable_rate(hessian):\n    return 2 / np.linalg.eigvalsh(hessian)[-1]"
    with_task(nb, SECOND, f"table = np.ones(25_000_000)\n{function}")
    nb["cells"].insert(0, code_cell("import numpy\nhoard = numpy.ones(30_000_000)"))
    found = grade_notebook(nb, Settings(dataclasses.replace(SHORT.limits, submission_seconds=60)))
    assert {task.task: task.outcome for task in found.tasks if not task.is_right} == {}
    assert found.notes == ()


#: Own cells that are all alike, the limits of their submission, the number of the first one that is
#: left out, why it is, and how many kernels there are: the last one answers for every task.
LEFT_OUT = {
    "time": (SLEEPS.format(3), {"submission_seconds": 10}, 2, report.TIMED_OUT, 2),
    "output": (PICTURE.format(800_000), {"output_mb": 2}, 2, report.OVER_LIMIT, 2),
    "ends": ("import os\nos._exit(1)", {}, 3, report.DIED, 7),
}


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_own_work_that_has_used_its_part_is_left_out_and_what_came_before_it_is_kept(kind):
    source, given, first_left_out, why, kernels = LEFT_OUT[kind]
    nb = solved()
    with_task(
        nb,
        FIRST,
        "def gradient_step(w, gradient, rate):\n    print('before' in globals())\n"
        "    return w - rate * gradient",
    )
    greedy = [code_cell(f"# {number}\n{source}") for number in range(5)]
    nb["cells"] = [code_cell("before = int(1)"), *greedy, *nb["cells"]]
    limits = Limits(cell_seconds=8, task_seconds=8, submission_seconds=60, memory_mb=400)
    settings = Settings(dataclasses.replace(limits, **given))
    warm = CountedKernels(settings.limits)
    found = grade_notebook(nb, settings, warm)
    assert {task.task: task.outcome for task in found.tasks if not task.is_right} == {}
    left_out = [note for note in found.notes if note.kind == report.LEFT_OUT]
    assert [(note.begins, note.why) for note in left_out] == [(f"# {first_left_out}", why)]
    stopped = [note.begins for note in found.notes if note.kind == report.CELL_STOPPED]
    assert stopped == [f"# {n}" for n in range(first_left_out) if kind == "ends" or n]
    assert set(found.tasks[0].printed.split()) == {"True"}
    assert warm.taken == kernels
