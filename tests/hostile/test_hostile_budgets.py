"""No way of copying, resetting or rebuilding gets more trainings than are allowed.

What a way got is compared with the losses of the hidden model, outside of the sandbox.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from course_lib.range_test.models import BUDGET, losses_of
from course_tasks import Raised, Stateful
from course_tools.grading import report
from course_tools.grading.box.kernels import WarmKernels
from course_tools.grading.intake.notebook import Cell
from course_tools.grading.run import submission_execution
from course_tools.grading.settings import Limits
from tests.hostile.budgets import BEFORE, HONEST, INSIDERS, WAYS, source

LIMITS = Limits(cell_seconds=60, task_seconds=60, submission_seconds=120)
SETTINGS = {"curvature": 2.7182817, "spread": 3.0, "noise": 0.3, "steps": 50}
RATES = np.geomspace(1e-3, 0.2, 40)
TRAIN = Stateful("range_test.models.Trainings", number=1, **SETTINGS)
IN_A_NOTEBOOK = """
import json, numpy as np
train, rates = Trainings(1, *{settings}), np.array({rates})
found = {{}}
for name in {names}:
    train = Trainings(1, *{settings})
    found[name] = len(globals()[name](train, rates))
print("found", json.dumps(found))
"""


def asked(cells, cases):
    warm = WarmKernels(LIMITS)
    request = submission_execution.RunRequest((), [Cell(one) for one in cells], cases, LIMITS)
    ran = submission_execution.run(request, warm)
    return {name: found[-1] for name, found in ran.asked.items()}


def real_losses(found):
    """The number of losses that are those of the hidden model; there are no others to get."""
    true = dict(zip(RATES, losses_of(**SETTINGS, peaks=RATES), strict=True))
    return sum(true.get(rate) == loss for rate, loss in found.items())


@pytest.fixture(scope="module")
def got(needs_sandbox):
    """The answers of all ways in the sandbox, by name."""
    names = [*HONEST, *WAYS, *INSIDERS]
    cells = [BEFORE, *map(source, names)]
    case = {"train": TRAIN, "rates": RATES}
    return asked(cells, {name: [case] for name in names})


def test_there_are_dozens_of_ways():
    assert len(WAYS) >= 12


def test_in_a_notebook_they_would_get_all_of_them():
    """So it is the grader that stops them."""
    code = "\n".join([BEFORE, *map(source, [*HONEST, *WAYS])]) + IN_A_NOTEBOOK.format(
        settings=tuple(SETTINGS.values()), rates=RATES.tolist(), names=[*HONEST, *WAYS]
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.rpartition("found ")[2])
    assert {name: found[name] for name in HONEST} == dict.fromkeys(HONEST, BUDGET)
    assert {name: found[name] for name in WAYS} == dict.fromkeys(WAYS, len(RATES))


@pytest.mark.parametrize("name", HONEST)
def test_who_only_calls_gets_the_whole_budget(name, got):
    (found,) = got[name].values
    assert real_losses(found) == len(found) == BUDGET


@pytest.mark.parametrize("name", [*WAYS, *INSIDERS])
def test_no_way_gets_more_than_the_budget(name, got):
    assert got[name].outcome == report.ANSWERED
    (found,) = got[name].values
    many = 0 if isinstance(found, Raised) else real_losses(found)
    assert many <= BUDGET, got[name].printed


SAVED = """
kept = []

def saves_up(train, rates):
    kept.append(train)
    if len(kept) == 1:
        return {}
    kept.reverse()
    return {k: v for one in kept for k, v in tried(lambda: one, rates[len(rates) // 2 :]).items()}

def saves_up_first(train, rates):
    kept.append(train)
    if len(kept) == 1:
        return {}
    half = len(rates) // 2
    return tried(lambda: kept[0], rates[:half]) | tried(lambda: train, rates[half:])
"""


@pytest.mark.parametrize("name", ["saves_up", "saves_up_first"])
def test_nothing_is_saved_up_for_a_later_call(name, needs_sandbox):
    found = asked([BEFORE, SAVED], {name: [{"train": TRAIN, "rates": RATES}] * 2})[name]
    assert real_losses(found.values[1]) == BUDGET
    assert "belongs to an earlier call, and is closed" in found.printed


AHEAD = """
import re

def goes_ahead(train, rates):
    mine = train._next._request["of"]
    names = re.findall(r"kept\\W+([0-9a-f]{32})", get_ipython().user_ns["In"][-1])
    if mine == names[0]:
        train._next._request["of"] = names[1]
        found = tried(lambda: train, rates[20:])
        train._next._request["of"] = mine
        return found | tried(lambda: train, rates[:20])
    return tried(lambda: train, rates)
"""


def test_who_takes_the_next_call_s_budget_has_lost_it_then(needs_sandbox):
    cases = [{"train": TRAIN, "rates": RATES}] * 2
    found = asked([BEFORE, AHEAD], {"goes_ahead": cases})["goes_ahead"]
    assert [real_losses(one) for one in found.values] == [BUDGET, 0], found.printed


REMEMBERING = """
known = {}

def remembers(train, rates):
    known.update(tried(lambda: train, [rate for rate in rates if float(rate) not in known]))
    return dict(known)
"""


def test_nothing_is_remembered_from_one_asking_to_the_next(needs_sandbox):
    cells = [Cell(BEFORE), Cell(REMEMBERING, asks=("remembers",)), Cell("pass")]
    cases = {"remembers": [{"train": TRAIN, "rates": RATES}]}
    request = submission_execution.RunRequest((), cells, cases, LIMITS)
    ran = submission_execution.run(request, WarmKernels(LIMITS))
    first, last = ran.asked["remembers"]
    assert (first.after, last.after) == (1, submission_execution.AT_THE_END)
    assert [real_losses(one.values[0]) for one in (first, last)] == [BUDGET, BUDGET]


def test_who_is_right_at_first_is_not_asked_again(needs_sandbox):
    cells = [Cell(BEFORE), Cell(REMEMBERING, asks=("remembers",)), Cell("del remembers")]
    cases = {"remembers": [{"train": TRAIN, "rates": RATES}]}
    request = submission_execution.RunRequest(
        (), cells, cases, LIMITS, share=lambda task, found: float(found.outcome == report.ANSWERED)
    )
    (found,) = submission_execution.run(request, WarmKernels(LIMITS)).asked["remembers"]
    assert found.outcome == report.ANSWERED
