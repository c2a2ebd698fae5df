"""Runs a learner's cells and asks their functions, in as many kernels as that takes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from course_tasks import Case
from course_tools.grading import report
from course_tools.grading.box import client, wire
from course_tools.grading.box.kernels import KernelStartError, WarmKernels
from course_tools.grading.box.probe import MIME
from course_tools.grading.intake.notebook import Cell
from course_tools.grading.run import questions
from course_tools.grading.settings import Limits

_MOST_STARTS = 12  # of a kernel; every one but the first follows a cell that ended the one before
_OWN_SECONDS = 60.0
_MOST_KEPT = 20_000  # characters of what a cell prints
_BOOT, _GIVEN, _LEARNER, _PROBE = "boot", "given", "learner", "probe"


@dataclass(frozen=True)
class Asked:
    """The outcome of asking a task's function.

    Attributes:
        outcome: `report.ANSWERED`, `report.MISSING`, or why there are no answers.
        values: the answers, one a case; empty if there are none.
        seconds: seconds that the calls took.
        printed: its output meanwhile, cut off.
    """

    outcome: str
    values: tuple[Any, ...] = ()
    seconds: float = 0.0
    printed: str = ""


@dataclass(frozen=True)
class Ran:
    """The outcome of running a submission.

    Attributes:
        asked: answers by task.
        printed: index of a learner's cell -> its output and errors, cut off.
        ended: index of a learner's cell -> the reason why it was stopped.
    """

    asked: dict[str, Asked] = field(default_factory=dict)
    printed: dict[int, str] = field(default_factory=dict)
    ended: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRequest:
    """The cells and the questions of a run.

    Attributes:
        given: code that the exercise came with, run before the learner's.
        cells: the learner's.
        cases: cases of every task.
        limits: limits of the submission.
    """

    given: Sequence[str]
    cells: Sequence[Cell]
    cases: Mapping[str, Sequence[Case]]
    limits: Limits


def run(request: RunRequest, warm: WarmKernels) -> Ran:
    """Run a learner's cells and ask the function of every task for its answers.

    A cell that raises does not stop the others. One that takes too long, ends its kernel or
    exceeds a limit is left out when the kernel is started anew for the rest; that a kernel ended
    by itself is believed when it happens twice, as somebody else may have killed it.

    Args:
        request: the cells to run and the questions to ask.
        warm: source of the kernels.

    Raises:
        KernelStartError: no kernel starts.
    """
    ran = Ran()
    died: set[tuple[str, str]] = set()
    used = 0
    deadline = time.monotonic() + request.limits.submission_seconds
    for _ in range(_MOST_STARTS):
        if set(request.cases) <= set(ran.asked) or time.monotonic() >= deadline:
            break
        used = _one_kernel(request, warm, ran, died, deadline, used)
    for task in request.cases:
        ran.asked.setdefault(task, Asked(report.TIMED_OUT))
    return ran


def _one_kernel(
    request: RunRequest,
    warm: WarmKernels,
    ran: Ran,
    died: set[tuple[str, str]],
    deadline: float,
    used: int,
) -> int:
    """Run what is left in one kernel; return the bytes it has sent, with those before."""
    nonce = secrets.token_hex(8)
    nb = new_notebook(cells=_plan(request, ran, nonce))
    manager = warm.take()
    watch = client.Watch(manager, request.limits.output_mb * 1_000_000, deadline, used)
    trouble = ""
    try:
        stopped = None
        client.execute(nb, manager, watch)
    except client.OverLimitError:
        stopped = report.OVER_LIMIT
    except CellTimeoutError:
        stopped = report.TIMED_OUT
    except DeadKernelError:
        stopped = report.DIED
    except Exception as error:  # messages that are not Jupyter's, from a broken kernel
        stopped, trouble = report.DIED, repr(error)
    finally:
        told = manager.last_words()
        manager.end()
    if watch.current is None:
        why = told or trouble or stopped
        if manager.was_out_of_memory:
            why = f"it needs more than memory_mb = {request.limits.memory_mb}"
        raise KernelStartError(f"the kernel does not start: {why}")
    if stopped == report.DIED and manager.was_out_of_memory:
        stopped = report.OVER_LIMIT
    _collect(watch.notebook, request, nonce, ran)
    if stopped is not None:
        _blame(watch.current, stopped, ran, died)
    return watch.used if stopped != report.OVER_LIMIT else 0


def _plan(request: RunRequest, ran: Ran, nonce: str) -> list[NotebookNode]:
    # The exercise's own code: when the machine is busy, that must not be the learner's limit.
    cells = [_cell(questions.boot_cell(), _BOOT, "", _OWN_SECONDS)]
    cells += [_cell(code, _GIVEN, "", _OWN_SECONDS) for code in request.given]
    seconds = request.limits.cell_seconds
    cells += [
        _cell(cell.source, _LEARNER, str(n), seconds)
        for n, cell in enumerate(request.cells)
        if n not in ran.ended
    ]
    seconds = request.limits.task_seconds
    cells += [
        _cell(questions.probe_cell(task, cases, nonce), _PROBE, task, seconds)
        for task, cases in request.cases.items()
        if task not in ran.asked
    ]
    return cells


def _cell(source: str, role: str, name: str, seconds: float) -> NotebookNode:
    return new_code_cell(source, metadata={"role": role, "of": name, "seconds": seconds})


def _blame(cell: NotebookNode, stopped: str, ran: Ran, died: set[tuple[str, str]]) -> None:
    """Note that a cell ended its kernel, so that it does not run again."""
    role, name = cell.metadata.role, cell.metadata["of"]
    if stopped == report.DIED and (role, name) not in died:
        died.add((role, name))
    elif role == _PROBE:
        ran.asked[name] = Asked(stopped, printed=_text_of(cell))
    elif role == _LEARNER:
        ran.ended[int(name)] = stopped
    else:
        raise KernelStartError(f"the exercise's own code cannot be run: {stopped}")


def _collect(nb: NotebookNode, request: RunRequest, nonce: str, ran: Ran) -> None:
    """Keep what the executed cells printed and answered."""
    for cell in nb.cells:
        role, name = cell.metadata.get("role"), cell.metadata.get("of")
        if role == _BOOT and any(output.output_type == "error" for output in cell.outputs):
            raise KernelStartError(f"the course cannot be used in a kernel: {_text_of(cell)}")
        if role == _LEARNER and (text := _text_of(cell)):
            ran.printed[int(name)] = text
        elif role == _PROBE and cell.metadata.get("done"):
            ran.asked[name] = _asked(cell, nonce, len(request.cases[name]))


def _asked(cell: NotebookNode, nonce: str, number: int) -> Asked:
    """Return what a probe's cell says; whatever it holds was made beside the learner's code."""
    printed = _text_of(cell)
    for output in cell.outputs:
        found = _shown(output).get(MIME)
        if found is None:
            continue
        try:
            answers = questions.read_answers(found, nonce, number)
        except wire.WireError:
            return Asked(report.DIED, printed=printed)
        if answers.values is None:
            return Asked(report.MISSING)
        return Asked(report.ANSWERED, answers.values, answers.seconds, printed)
    return Asked(report.DIED, printed=printed)


def _shown(output: NotebookNode) -> Mapping[str, Any]:
    """Return what is displayed, by kind; a kernel may send something else in its place."""
    data = output.get("data")
    return data if isinstance(data, Mapping) else {}


def _text_of(cell: NotebookNode) -> str:
    """Return what a cell printed, showed as text or raised."""
    pieces = []
    for output in cell.outputs:
        if output.output_type == "stream":
            pieces.append(str(output.text))
        elif output.output_type == "error":
            pieces.append(f"{output.ename}: {output.evalue}\n")
        elif "text/plain" in _shown(output):
            pieces.append(f"{_shown(output)['text/plain']}\n")
    return report.cut("".join(pieces), _MOST_KEPT)
