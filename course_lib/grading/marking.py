"""Turns a learner's answers into marks: the trusted half, which alone knows what is right."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from course_lib.grading import report
from course_lib.grading.execution import Asked
from course_lib.grading.report import Curve, Points, Shown, TaskReport
from course_lib.tasks import Case, Difference, Raised, Task, Verdict, as_numbers, built, judge
from course_lib.tasks.showing import answer_curve, same_rest, show, show_call

PUBLIC_SEED = 0  # of the cases that the notebook's own check tries first
_MOST_KEPT = 2_000  # characters of what a function or its cell printed
_MOST_STEPS = 400  # of a curve
_FEWEST_STEPS = 4

_WHY_NOT = {
    report.MISSING: "There is no function of this name after your cells have run.",
    report.TIMED_OUT: "It took too long and was stopped.",
    report.DIED: "The notebook's process ended, or could not answer any more.",
    report.OVER_LIMIT: "It used more memory than allowed, or printed or sent too much.",
    report.NOT_WRITTEN: "It is not written yet.",
}


def cases_of(task: Task, seed: int) -> list[Case]:
    """Return all cases that a function is asked: those of the secret seed, then the public ones."""
    hidden, public = _cases(task, seed)
    return [*hidden, *public]


@lru_cache(maxsize=200)  # of a whole class they are the same
def _cases(task: Task, seed: int) -> tuple[list[Case], list[Case]]:
    return task.cases(seed), task.cases(PUBLIC_SEED)


def mark(task: Task, seed: int, asked: Asked, printed: str = "") -> TaskReport:
    """Return what a learner's answers are worth.

    Points are given for the cases of the secret seed. The public ones show what is wrong without
    telling anything that the notebook's check does not tell.

    Args:
        task: the task.
        seed: the secret one.
        asked: what became of its function.
        printed: what its cell printed.
    """
    printed = report.cut(printed + asked.printed, _MOST_KEPT)
    hidden, public = _cases(task, seed)
    is_stub = bool(asked.values) and all(_is_stub(value) for value in asked.values)
    outcome = report.NOT_WRITTEN if is_stub else asked.outcome
    if outcome != report.ANSWERED:
        return TaskReport(task.name, outcome, _no_points(task), _WHY_NOT[outcome], printed=printed)
    values = asked.values
    verdict = judge(task, hidden, values[: len(hidden)])
    shown = judge(task, public, values[len(hidden) :])
    # Rather what the public cases tell: a cause may name the shape of a hidden answer.
    told = verdict if verdict.misconception or verdict.is_right or not shown.cause else shown
    return TaskReport(
        task.name,
        report.ANSWERED,
        tuple(Points(part.name, part.points, part.possible) for part in verdict.parts),
        sentence=" ".join(dict.fromkeys(score.sentence for score in shown.scores)),
        misconception=told.misconception,
        cause=told.cause,
        public=_shown(task, shown, len(public)),
        hidden=_shown(task, verdict, len(hidden)),
        curve=_curve(task, public, values[len(hidden) :], shown.difference),
        printed=printed,
        seconds=round(asked.seconds, 3),
    )


def without_points(found: TaskReport) -> TaskReport:
    """Return a report with all points taken away."""
    parts = tuple(Points(part.part, 0.0, part.possible) for part in found.parts)
    return dataclasses.replace(found, parts=parts)


def _is_stub(value: Any) -> bool:
    return isinstance(value, Raised) and value.kind == "NotImplementedError"


def _no_points(task: Task) -> tuple[Points, ...]:
    return (Points("values", 0.0, float(task.points)),)


def _shown(task: Task, verdict: Verdict, number: int) -> Shown | None:
    difference = verdict.difference
    if difference is None:
        return None
    got = difference.got
    if isinstance(got, Raised):
        text = f"raised {got.kind}: {got.message}" + (f", in your line {got.line}" * bool(got.line))
    else:
        text = show(got, difference.expected)
    return Shown(
        difference.number,
        number,
        show_call(task.name, difference.case),
        report.cut(text, _MOST_KEPT),
        show(difference.expected, got) if not verdict.scores else "",
    )


def _curve(
    task: Task, cases: Sequence[Case], values: Sequence[Any], difference: Difference | None
) -> Curve | None:
    """Return the answer and the expected one over the steps, where answers make a curve."""
    if difference is None or isinstance(difference.got, Raised) or task.score is not None:
        return None
    if task.curve is None:
        found = answer_curve(difference)
        return None if found is None else Curve(*(_finite(line) for line in found))
    points = {}
    for case, value in zip(cases, values, strict=True):
        if same_rest(case, difference.case, task.curve):
            got = as_numbers(value)
            want = np.ravel(task.reference(**built(case)))[0]
            points[float(case[task.curve])] = (
                float(got.ravel()[0]) if got is not None and got.size == 1 else np.nan,
                float(want),
            )
    if len(points) < _FEWEST_STEPS:
        return None
    steps = sorted(points)[:_MOST_STEPS]
    got, want = zip(*(points[step] for step in steps), strict=True)
    return Curve(tuple(steps), _finite(got), _finite(want))


def _finite(values: Sequence[float]) -> tuple[float | None, ...]:
    return tuple(
        float(value) if np.isfinite(value) else None for value in list(values)[:_MOST_STEPS]
    )
