"""Finds the later cells after which functions no longer answer as they did."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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

_SECONDS = 30.0  # of the whole search; where it has no result, the page names no cell


@dataclass(frozen=True)
class Change:
    """The answers of a function in two places.

    Attributes:
        good: its answers before.
        bad: its answers afterwards, as at the end of the notebook.
    """

    good: Asked
    bad: Asked


def changed_by(
    changes: Mapping[str, Change], request: RunRequest, ran: Ran, warm: WarmKernels
) -> dict[str, int | None]:
    """Return the indices of the learner's cells that changed functions; None if it is not found.

    One kernel runs for all of them.

    Args:
        changes: task -> its answers before and afterwards.
        request: the cells and the questions.
        ran: the outcome of running them.
        warm: source of a kernel.
    """
    kept = [n for n in range(len(request.cells)) if n not in ran.ended]
    later = {
        task: [n for n in kept if one.good.after < n <= _last(one.bad, request)]
        for task, one in changes.items()
    }
    found: dict[str, int | None] = {
        task: numbers[0] if numbers else None for task, numbers in later.items() if len(numbers) < 2
    }
    searched = {task: one for task, one in changes.items() if task not in found}
    if not searched:
        return found
    differing = {
        task: _differing(one.good.encoded, one.bad.encoded) for task, one in searched.items()
    }
    cases = {task: [request.cases[task][number]] for task, number in differing.items()}
    places = {task: later[task] for task in searched}
    end = max(numbers[-1] for numbers in places.values())
    one_case = dataclasses.replace(request, cases=cases)
    steps, nonce = planned_steps(one_case, [n for n in kept if n <= end], places)
    output = request.limits.output_mb * 1_000_000
    allowance = Allowance(time.monotonic() + _SECONDS, _SECONDS, output)
    try:
        session = run_steps(steps, warm, request.limits, allowance)
    except KernelStartError:
        return found | dict.fromkeys(searched)
    for done in session.done:
        task = done.step.task
        if done.step.role == ASK and task not in found:
            number = differing[task]
            wanted = searched[task].good.encoded[number : number + 1]
            if asked(done, nonce, 1).encoded != wanted:
                found[task] = done.step.cell
    return dict.fromkeys(searched) | found


def _last(bad: Asked, request: RunRequest) -> int:
    """Return the index of the last cell that ran before answers."""
    return len(request.cells) - 1 if bad.after == AT_THE_END else bad.after


def _differing(good: Sequence[str], bad: Sequence[str]) -> int:
    """Return the number of the first case with another answer."""
    pairs = enumerate(zip(good, bad, strict=False))
    return next((n for n, (one, other) in pairs if one != other), 0)
