"""The arguments of every task reach a learner's function as they are, and its answers come back."""

import json

import pytest
from nbformat import NotebookNode

import course_tasks
from course_tasks import Given, Raised, built
from course_tools.grading import report
from course_tools.grading.box import probe, wire
from course_tools.grading.box.kernels import WarmKernels
from course_tools.grading.intake.notebook import Cell
from course_tools.grading.run import kernel_run, questions, submission_execution
from course_tools.grading.settings import Limits
from tests.tools.grading.box.alike import same

TASKS = list(course_tasks.ALL.values())
LIMITS = Limits(cell_seconds=10, task_seconds=10, submission_seconds=60)
FIRST = TASKS[0].name
ECHO = "def {name}(**given): return list(given.items())"
CASES = [{"x": x} for x in range(3)]


def travelled(case):
    """The arguments that a function gets, in the sandbox, for a case."""
    return probe.arguments(json.loads(json.dumps(questions._as_data(case), allow_nan=False)))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_arguments_arrive_in_type_and_value(task):
    for seed in (0, 3, 4):
        for case in task.cases(seed):
            found, wanted = travelled(case), built(case)
            assert list(found) == list(wanted)
            for name, value in case.items():
                if isinstance(value, Given):
                    assert type(found[name]) is type(wanted[name])
                    assert same(dict(value.arguments), travelled(value.arguments))
                else:
                    assert same(found[name], wanted[name]), name


def test_every_call_has_arguments_of_its_own():
    question = questions._as_data({"x": [1.0, 2.0]})
    probe.arguments(question)["x"].append("spoilt")
    assert probe.arguments(question) == {"x": [1.0, 2.0]}


def run(cells, cases, limits=LIMITS):
    warm = WarmKernels(limits)
    request = submission_execution.RunRequest((), [Cell(c) for c in cells], cases, limits)
    ran = submission_execution.run(request, warm)
    return {name: found[-1] for name, found in ran.asked.items()}


def test_a_real_kernel_gets_the_arguments_of_every_task(needs_sandbox):
    cases = {
        task.name: [c for c in task.cases(3) if not any(isinstance(v, Given) for v in c.values())]
        for task in TASKS
    }
    cases = {name: found for name, found in cases.items() if found}
    assert len(cases) > 40
    asked_of = run(["\n".join(ECHO.format(name=name) for name in cases)], cases)
    for name, asked in asked_of.items():
        assert asked.outcome == report.ANSWERED, (name, asked)
        for case, answer in zip(cases[name], asked.values, strict=True):
            assert same(answer, list(case.items())), name


ODD = """
import os, sys, numpy as np

class Lies:
    @property
    def dtype(self):
        raise OSError("none")

def lies(x):
    return Lies() if x == 1 else x

def leaves(x):
    if x == 1:
        raise SystemExit(3)
    return x

def masked(x):
    return np.ma.masked if x == 1 else x

def prints(x):
    print("called with", x)
    return x

def stops(x):
    raise KeyboardInterrupt

def changes_the_given(x):
    globals()["seen"] = globals().get("seen", 0) + 1
    return seen

def is_keyed_by_tuples(x):
    return {(x, x): x}

not_a_function = 3
"""


def test_odd_functions_in_one_kernel_spoil_nothing_else(needs_sandbox):
    names = ("lies", "leaves", "masked", "prints", "stops", "changes_the_given")
    names += ("is_keyed_by_tuples", "not_a_function", "nobody_wrote_it")
    asked = run([ODD], dict.fromkeys(names, CASES))
    assert asked.pop("nobody_wrote_it").outcome == report.MISSING
    assert {one.outcome for one in asked.values()} == {report.ANSWERED}
    assert asked["lies"].values[1].kind == "OSError"
    assert asked["leaves"].values == (0, Raised("SystemExit", "3", "raise SystemExit(3)"), 2)
    assert repr(asked["masked"].values[1]) == "<MaskedConstant>"
    assert asked["prints"].printed == "called with 0\ncalled with 1\ncalled with 2\n"
    assert [one.kind for one in asked["stops"].values] == ["KeyboardInterrupt"] * 3
    assert asked["changes_the_given"].values == (1, 2, 3)
    assert repr(asked["is_keyed_by_tuples"].values) == "(<dict>, <dict>, <dict>)"
    assert {one.kind for one in asked["not_a_function"].values} == {"TypeError"}


FORGERIES = (
    '{"nonce": "?", "answers": null, "seconds": 0}',  # of another nonce
    '{"nonce": NONCE, "answers": [], "seconds": 0}',
    '{"nonce": NONCE, "answers": null, "seconds": 1e999}',
    '{"nonce": NONCE, "answers": [{"t": "float", "v": 1%s}], "seconds": 0}' % ("0" * 400),
    ["no text"],
)


@pytest.mark.parametrize("forged", FORGERIES)
def test_a_forged_answer_is_a_process_gone_astray_and_no_error_of_the_grader(forged):
    if isinstance(forged, str):
        forged = forged.replace("NONCE", '"n"')
    done = shown([_output(data={probe.MIME: forged})])
    assert submission_execution.asked(done, "n", 1).outcome == report.DIED


@pytest.mark.parametrize(
    "data", [None, "text", ["a"], 3, {}, {"text/plain": ["a"]}, {"image/png": 1}]
)
def test_displays_of_any_form_are_passed_over(data):
    said = wire.dumps({"nonce": "n", "answers": [wire.encode(0.5)], "seconds": 0.1})
    done = shown([_output(data=data), _output(data={probe.MIME: said})])
    assert submission_execution.asked(done, "n", 1).values == (0.5,)


def shown(outputs):
    step = kernel_run.Step(kernel_run.ASK, "", 1.0, task=FIRST)
    return kernel_run.StepDone(step, outputs, True, 0.1, 100)


def _output(**fields):
    return NotebookNode(output_type="display_data", metadata={}, **fields)
