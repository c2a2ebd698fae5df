"""Finds the later cell after which a function no longer answers as it did."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

from course_tools.grading.box.client import Allowance
from course_tools.grading.box.kernels import KernelStartError, WarmKernels
from course_tools.grading.run.kernel_run import ASK, run_steps
from course_tools.grading.run.submission_execution import (
    AT_THE_END,
    Asked,
    Ran,
    RunRequest,
    asked,
    planned_steps,
)

_SECONDS = 30.0  # of the whole search; without a result, the page names no cell


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
    one_case = dataclasses.replace(request, cases={task: [request.cases[task][number]]})
    numbers = [n for n in range(end) if n not in ran.ended]
    steps, nonce = planned_steps(one_case, numbers, {task: later})
    output = request.limits.output_mb * 1_000_000
    allowance = Allowance(time.monotonic() + _SECONDS, _SECONDS, output)
    try:
        session = run_steps(steps, warm, request.limits, allowance)
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
