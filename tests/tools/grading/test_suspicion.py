"""Who calls the library's implementation is flagged, through helpers too; who plots it is not."""

import inspect
import json

import pytest

import course_tasks
from course_tools.grading.intake.course_exercises import given_cells, solved_cells
from course_tools.grading.intake.used_names import NotebookNames
from course_tools.grading.intake.work import work_in
from course_tools.grading.report import (
    CALLS_IMPLEMENTATION,
    REACHES_BEYOND,
    READS_PRIVATE,
)
from course_tools.grading.run.suspicion import allowed_in, suspicions
from tests.tasks.solved import SOLVED
from tests.tools.grading.cheating_ways import CHEATING, UNSEEN
from tests.tools.grading.handed_in import code_cell
from tests.tools.grading.honest_ways import HONEST

GIVEN = ("import math\nimport numpy as np\nfrom course_lib import plots, schedules\n",)
TASK = "cosine_rate"
OWN = f"def {TASK}(step, peak, total):\n    return peak * (1 + math.cos(step / total)) / 2\n"
MEMBERS = [(name, task.name) for name, group in course_tasks.EXERCISES.items() for task in group]
#: Other solutions of the tests that are themselves calls of an implementation.
BY_LIBRARY = {
    *("inverse_sqrt_rate", "polynomial_rates", "plateau_lr", "restart_rate", "lr_at_step"),
    *("with_warmup", "library_rates", "times_beaten", "branch_rates"),
    *("my_schedule_a", "my_schedule_b", "my_schedule_c"),
}


def used_by(task, cells, given=GIVEN):
    return NotebookNames(given, cells).used_by(task)


def found_in(*cells, allowed=frozenset()):
    return suspicions(TASK, used_by(TASK, cells), frozenset(allowed))


def found_in_exercise(exercise, task, *cells):
    used = used_by(task, cells, given_cells(exercise))
    return suspicions(task, used, allowed_in(exercise))


def kinds_in(*cells, **more):
    return [one.kind for one in found_in(*cells, **more)]


@pytest.mark.parametrize(("exercise", "task"), MEMBERS)
def test_no_shipped_solution_is_suspicious(exercise, task):
    given = given_cells(exercise)
    own = [source for source in solved_cells(exercise) if source not in given]
    assert found_in_exercise(exercise, task, *own) == []


@pytest.mark.parametrize(("exercise", "task"), MEMBERS)
def test_other_solutions_are_suspicious_only_where_they_call_an_implementation(exercise, task):
    found = found_in_exercise(exercise, task, inspect.getsource(SOLVED[exercise]))
    kinds = [one.kind for one in found]
    assert kinds == [CALLS_IMPLEMENTATION] * (task in BY_LIBRARY), found


CALLS = (
    "def TASK(step, peak, total):\n    return schedules.cosine(peak, total)(step)",
    "def TASK(step, peak, total):\n    from course_lib.schedules import cosine as mine\n"
    "    return mine(peak, total)(step)",
    "import course_lib.schedules as s\ndef TASK(step, *a):\n    return s.cosine(*a)(step)",
    "import course_lib\ndef TASK(step, *a):\n    return course_lib.schedules.cosine(*a)(step)",
    "TASK = lambda step, peak, total: schedules.cosine(peak, total)(step)",
    "cosine = schedules.cosine\ndef TASK(step, *a):\n    return cosine(*a)(step)",
    "cosine: object = schedules.cosine\ndef TASK(step, *a):\n    return cosine(*a)(step)",
    "def helper(*a):\n    return schedules.cosine(*a)\ndef other(*a):\n    return helper(*a)\n"
    "def TASK(step, *a):\n    return other(*a)(step)",
    "class Plan:\n    def at(self, step, *a):\n        return schedules.cosine(*a)(step)\n"
    "def TASK(step, *a):\n    return Plan().at(step, *a)",
    "plans = {'c': schedules.cosine}\ndef TASK(step, *a):\n    return plans['c'](*a)(step)",
    "def TASK(step, *a, make=schedules.cosine):\n    return make(*a)(step)",
    "import functools\n@functools.wraps(schedules.cosine)\ndef TASK(step, *a):\n    return 0",
    "def TASK(step, *a):\n    global cosine\n    cosine = cosine(*a)\n    return cosine(step)\n"
    "cosine = schedules.cosine",
    "if True:\n    def TASK(step, *a):\n        return schedules.cosine(*a)(step)",
    "%matplotlib inline\n!ls\ndef TASK(step, *a):\n    return schedules.cosine(*a)(step)",
    "import optax\ndef TASK(step, *a):\n    return optax.cosine_decay_schedule(*a)(step)",
)


@pytest.mark.parametrize("cell", CALLS)
def test_a_call_of_an_implementation_is_flagged(cell):
    (found,) = found_in(cell.replace("TASK", TASK))
    assert (found.kind, found.task) == (CALLS_IMPLEMENTATION, TASK)
    assert any("cosine" in name for name in found.names)


def test_a_call_of_the_forecast_is_flagged():
    cell = f"from course_lib import forecast\ndef {TASK}(*a):\n    return forecast.fit(*a).losses"
    (found,) = found_in(cell)
    assert (found.kind, found.names) == (CALLS_IMPLEMENTATION, ("course_lib.forecast.fit",))


NO_CALLS = (
    "curve = schedules.cosine(0.1, 100)(np.arange(100))\nplots.show(curve)",
    "def draw(steps):\n    return schedules.cosine(0.1, 100)(steps)\ndraw(np.arange(9))",
    # Names of its own in a function are not those of another cell.
    "peak = schedules.cosine(0.1, 100)\nmine = [TASK(t, 0.1, 100) for t in range(100)]",
    "def compare():\n    math = schedules.cosine(0.1, 100)\n    return math",
    "assert np.allclose(TASK(3, 0.1, 100), schedules.cosine(0.1, 100)(3))",
    "class A:\n    math = schedules.cosine",
    "from torch.optim import SGD\nSGD",
    "def cosine_rate_twice(step):\n    return schedules.cosine(0.1, 9)(step) * TASK(step, 1, 2)",
)


@pytest.mark.parametrize("cell", NO_CALLS)
def test_looking_at_the_library_beside_ones_own_is_not_flagged(cell):
    assert found_in(OWN, cell.replace("TASK", TASK)) == []


LOCAL = (
    "def TASK(step, *a):\n    curve = [step]\n    return curve[0]",
    "def TASK(curve, *a):\n    return curve",
    "def TASK(step, *a):\n    return sum(curve for curve in (step,))",
    "TASK = lambda curve, *a: curve",
    "def TASK(step, *a):\n    def inner(curve):\n        return curve\n    return inner(step)",
    "def TASK(step, *a):\n    for curve in a:\n        step = curve\n    return step",
)


@pytest.mark.parametrize("cell", LOCAL)
def test_a_name_of_its_own_is_not_another_cells(cell):
    beside = "curve = schedules.cosine(0.1, 100)"
    assert found_in(cell.replace("TASK", TASK), beside) == []
    assert found_in(f"def {TASK}(step, *a):\n    return curve(step)", beside) != []


def test_a_name_of_another_functions_own_is_none_of_a_tasks():
    beside = "def draw():\n    curve = schedules.cosine(0.1, 100)\n    return curve"
    assert found_in(beside, f"def {TASK}(step, *a):\n    return curve(step)") == []


def test_a_local_name_of_an_inner_function_hides_no_outer_one():
    inner = f"def {TASK}(step, *a):\n    def g():\n        curve = 1\n    return curve(step)"
    assert kinds_in("curve = schedules.cosine(0.1, 100)", inner) == [CALLS_IMPLEMENTATION]


REACHES = (
    (
        "import importlib\ndef TASK(x):\n    return importlib.import_module('a')",
        "importlib.import_module",
    ),
    ("def TASK(x):\n    import subprocess\n    subprocess.run(['ls'])", "subprocess.run"),
    ("def TASK(x):\n    return __import__('course_lib')", "__import__"),
    ("def TASK(x):\n    return eval('schedules')", "eval"),
    ("def TASK(x):\n    exec('1')", "exec"),
    ("def TASK(schedule):\n    return schedule._peak", "._peak"),
)


@pytest.mark.parametrize(("cell", "name"), REACHES)
def test_reaching_beyond_is_flagged_but_is_no_library_call(cell, name):
    (found,) = found_in(cell.replace("TASK", TASK))
    assert found.names == (name,)
    assert found.kind == (READS_PRIVATE if name == "._peak" else REACHES_BEYOND)


@pytest.mark.parametrize(
    "line", ["self._x = 1", "return x.__class__", "import re; re.compile('a')"]
)
def test_ordinary_code_is_not_flagged(line):
    assert found_in(f"def {TASK}(self, x):\n    {line}") == []


def test_what_the_solution_uses_is_allowed_and_so_is_the_rest_of_its_module():
    call = f"def {TASK}(step, *a):\n    return schedules.wsd(*a)(step)"
    solution = f"def {TASK}(step, *a):\n    return schedules.cosine(*a)(step)"
    allowed = frozenset(used_by(TASK, [solution]))
    assert found_in(call, allowed=allowed) == []
    other = f"from course_lib import theory\ndef {TASK}(x):\n    return theory.optimal_rates(x)"
    assert kinds_in(other, allowed=allowed) == [CALLS_IMPLEMENTATION]
    assert found_in(call, allowed={"course_lib.schedules.cosine"}) != []


@pytest.mark.parametrize(
    "code",
    [
        f"def {TASK}(x:\n",
        "\0",
        "x = " + "(" * 5000,
        f"def {TASK}(x):\n return " + "1+" * 900 + "1",
        f"def {TASK}(x):\n return x" + ".a" * 1500,
        "x = " + "-" * 30_000 + "1",
        "%%bash\nls",
        f"{TASK} = {TASK}",
        "x = y\ny = x\n" + f"def {TASK}(z):\n return x",
    ],
    ids=range(9),
)
def test_code_of_any_form_is_read_to_its_end(code):
    assert found_in(code) == []


@pytest.mark.parametrize("name", [*HONEST, *CHEATING, *UNSEEN])
def test_honest_work_is_not_suspected_and_what_is_not_harmless_is_found(name):
    exercise, task, kind, *cells = (HONEST | CHEATING | UNSEEN)[name]
    found = found_in_exercise(exercise, task, *cells)
    assert [one.kind for one in found] == [kind] * bool(kind), found


_TURNS = (
    "from course_lib import schedules\nturn = schedules.cosine",
    "def turn(peak_lr, total_steps, floor):\n    return lambda step: peak_lr",
)
_TURNED = (
    "def cosine_rate(step, peak_lr, total_steps, floor):\n"
    "    return turn(peak_lr, total_steps, floor)(step)"
)
#: Cells in which the function calls the library only for some of the time.
SOMETIMES = {
    "while a cell checks it": [_TURNS[1], _TURNED, _TURNS[0], "check(cosine_rate)", _TURNS[1]],
    "before it is written again and again": [
        _TURNS[0],
        _TURNED,
        *[_TURNED.replace("turn(", "max(")] * 3,
    ],
}


@pytest.mark.parametrize("name", SOMETIMES)
def test_what_a_function_uses_is_read_wherever_the_grader_calls_it(name):
    cells = [code_cell(source) for source in SOMETIMES[name]]
    work = work_in(json.dumps({"nbformat": 4, "cells": cells, "metadata": {}}).encode())
    found = suspicions("cosine_rate", work.used["cosine_rate"], allowed_in(work.exercise))
    assert [one.kind for one in found] == [CALLS_IMPLEMENTATION]
