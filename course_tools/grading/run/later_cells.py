"""Finds the later cell after which a function no longer answers as it did."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

from course_tools.grading.box.client import Allowance
from course_tools.grading.box.kernels import KernelStartError, WarmKernels
from course_tools.grading.run import questions
from course_tools.grading.run.kernel_run import ASK, BOOT, CELL, GIVEN, Step, run_steps
from course_tools.grading.run.submission_execution import AT_THE_END, Asked, Ran, RunRequest, asked

_SECONDS = 30.0  # of the whole search; without a result, the page names no cell
_GIVEN_SECONDS = 60.0


def changed_by(
    task: str, good: Asked, bad: Asked, request: RunRequest, ran: Ran, warm: WarmKernels
) -> int | None:
    """Return the index of the learner's cell that changed a function; None if it is not found.

    Args:
        task: name of the function.
        good: its answers before.
        bad: its answers afterwards, as at the end of the notebook.
        request: the cells and the questions.
        ran: the outcome of running them.
        warm: source of a kernel.
    """
    end = len(request.cells) if bad.after == AT_THE_END else bad.after + 1
    later = [n for n in range(good.after + 1, end) if n not in ran.ended]
    if len(later) < 2:
        return later[0] if later else None
    number = _differing(good.encoded, bad.encoded)
    case = request.cases[task][number]
    nonce = secrets.token_hex(8)
    limits = request.limits
    probes = []
    steps = [Step(GIVEN, source, _GIVEN_SECONDS) for source in request.given]
    for n in range(end):
        if n in ran.ended:
            continue
        steps.append(Step(CELL, request.cells[n].source, limits.cell_seconds, n))
        if n > good.after:
            probes.append(questions.probe_cell(task, [case], nonce))
            steps.append(Step(ASK, probes[-1].source, limits.task_seconds, n, task))
    boot = questions.boot_cell(probes)
    steps.insert(0, Step(BOOT, boot.source, _GIVEN_SECONDS, kept=boot.kept))
    allowance = Allowance(time.monotonic() + _SECONDS, _SECONDS, limits.output_mb * 1_000_000)
    try:
        session = run_steps(steps, warm, limits, allowance)
    except KernelStartError:
        return None
    for done in session.done:
        if done.step.role == ASK:
            found = asked(done, nonce, 1)
            if found.encoded != good.encoded[number : number + 1]:
                return done.step.cell
    return None


def _differing(good: Sequence[str], bad: Sequence[str]) -> int:
    """Return the number of the first case with another answer."""
    pairs = enumerate(zip(good, bad, strict=False))
    return next((n for n, (one, other) in pairs if one != other), 0)
