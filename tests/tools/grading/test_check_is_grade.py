"""Whatever a check gives in a notebook, the grader gives on the same cases, or the page says why.

2,000 notebooks with random edits run as a learner runs them, and in the grader's box. As that takes
half an hour, a plain run takes a few of them; LR_COURSE_THOROUGH=1 takes all.
"""

import contextlib
import json
import os

import pytest

from course_tools.grading import report
from course_tools.grading.box.fork_server import ForkError, ForkServer
from course_tools.grading.box.kernels import WarmKernels
from course_tools.grading.run.submission_grading import grade
from tests.tools.grading.handed_in import SHORT
from tests.tools.grading.notebook_checks import Checks
from tests.tools.grading.random_edits import edited

pytestmark = pytest.mark.usefixtures("needs_sandbox")
_ALL, _FEW = 2_000, 24
_TOGETHER = 100 if os.environ.get("LR_COURSE_THOROUGH") else 6
_NUMBERS = range(_ALL if os.environ.get("LR_COURSE_THOROUGH") else _FEW)
_SAYS_WHY = {report.RIGHT_LATER, report.CHANGED_LATER, report.TWICE}
_PUBLIC = 0  # the seed of a notebook's own check


@pytest.fixture(scope="module")
def checks():
    found = Checks()
    yield found
    found.close()


@pytest.fixture(scope="module")
def warm():
    with contextlib.ExitStack() as opened:
        server = None
        with contextlib.suppress(ForkError):  # then every kernel is started, which takes longer
            server = ForkServer()
            opened.callback(server.close)
        found = WarmKernels(SHORT.limits, ahead=True, fork_server=server)
        opened.callback(found.close)
        yield found


def disagreements(number, checks, warm):
    """The tasks of an edited notebook for which a check and the grader say something else."""
    exercise, nb = edited(number)
    found = grade(json.dumps(nb).encode(), SHORT, _PUBLIC, warm)
    graded = {task.task: task.reached for task in found.tasks}
    explained = {note.task for note in found.notes if note.kind in _SAYS_WHY}
    for task, points in checks.points(nb).items():
        marks = graded.get(task, 0.0)
        if marks < points - 1e-9 or (marks > points + 1e-9 and task not in explained):
            yield f"{number}, {exercise}, {task}: check {points}, grader {marks}"


@pytest.mark.parametrize("start", _NUMBERS[::_TOGETHER])
def test_a_check_and_the_grader_agree(start, checks, warm):
    numbers = range(start, start + _TOGETHER)
    assert [one for n in numbers for one in disagreements(n, checks, warm)] == []


def test_the_edits_change_marks(checks):
    """Otherwise nothing would be compared."""
    points = [sum(checks.points(edited(number)[1]).values()) for number in range(12)]
    assert len(set(points)) > 3
