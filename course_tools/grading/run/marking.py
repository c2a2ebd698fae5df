"""Turns a learner's answers into marks: the trusted half, which alone knows what is right."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from course_tasks import Case, Difference, Judgement, Raised, Task, as_numbers, built, judge
from course_tasks.showing import answer_curve, same_rest, show, show_call
from course_tools.grading import report
from course_tools.grading.report import Curve, PartPoints, RaisedError, Shown, TaskReport
from course_tools.grading.run import questions
from course_tools.grading.run.submission_execution import Asked

PUBLIC_SEED = 0  # of the cases that the notebook's own check tries first
_MOST_KEPT = 2_000  # characters of what a function or its cell printed
_MOST_STEPS = 400  # of a curve
_FEWEST_STEPS = 4

_UNSTEADY = (
    "It was right in one call and wrong in another with the same arguments. Does it draw random "
    "numbers, or keep something from one call to the next?"
)


def cases_of(task: Task, seed: int) -> list[Case]:
    """Return all cases that a function is asked: those of the secret seed, then the public ones."""
    hidden, public, _ = _cases(task, seed)
    return [*hidden, *public]


@lru_cache(maxsize=200)  # of a whole class they are the same
def _cases(task: Task, seed: int) -> tuple[list[Case], list[Case], list[int]]:
    """Return hidden and public cases, and which of the hidden ones no public one is."""
    hidden, public = task.cases(seed), task.cases(PUBLIC_SEED)
    shown = {questions.as_text(case) for case in public}
    own = [n for n, case in enumerate(hidden) if questions.as_text(case) not in shown]
    return hidden, public, own


def mark(task: Task, seed: int, asked: Asked) -> TaskReport:
    """Return the marks for a learner's answers.

    Points are given for the cases of the secret seed. The public ones show what is wrong without
    telling anything that the notebook's check does not tell.

    Args:
        task: the task.
        seed: the secret one.
        asked: results of asking its function.
    """
    hidden, public, own = _cases(task, seed)
    is_stub = bool(asked.values) and all(_is_stub(value) for value in asked.values)
    outcome = report.NOT_WRITTEN if is_stub else asked.outcome
    if outcome != report.ANSWERED:
        return TaskReport(task.name, outcome, _no_points(task))
    values = asked.values
    verdict = judge(task, hidden, values[: len(hidden)])
    shown = judge(task, public, values[len(hidden) :])
    # Rather what the public cases tell: a cause may name the shape of a hidden answer.
    secret = _secret(task, hidden, values, own, verdict)
    sentence = " ".join(dict.fromkeys(score.sentence for score in shown.scores))
    if not verdict.is_right and secret is None and shown.is_right:
        sentence = _UNSTEADY
    told = verdict if verdict.misconception or verdict.is_right or not shown.cause else shown
    return TaskReport(
        task.name,
        report.ANSWERED,
        tuple(PartPoints(part.name, part.points, part.possible) for part in verdict.parts),
        sentence=sentence,
        misconception=told.misconception,
        cause=told.cause,
        public=_shown(task, shown, len(public)),
        hidden=secret,
        curve=_curve(task, public, values[len(hidden) :], shown.difference),
        raised=_raised([*values[len(hidden) :], *values[: len(hidden)]]),
    )


def _raised(values: Sequence[Any]) -> RaisedError | None:
    """Return the first exception among answers: that of a case that the notebook's check shows."""
    found = (value for value in values if isinstance(value, Raised))
    return next((report.raised_error(one.kind, one.message) for one in found), None)


def with_output(found: TaskReport, asked: Asked, printed: str) -> TaskReport:
    """Return marks with what belongs to one run: output, seconds and what stopped it.

    Args:
        found: the marks for the answers.
        asked: results of asking the function.
        printed: output of its cell.
    """
    printed = report.cut(printed + asked.printed, _MOST_KEPT)
    seconds = round(asked.seconds, 3)
    stopped_by = report.stopped_by(asked.outcome, asked.limit)
    return dataclasses.replace(found, printed=printed, seconds=seconds, stopped_by=stopped_by)


def without_points(found: TaskReport) -> TaskReport:
    """Return a report with all points taken away, for a function that calls an implementation."""
    parts = tuple(PartPoints(part.part, 0.0, part.possible) for part in found.parts)
    if found.outcome != report.ANSWERED:
        return dataclasses.replace(found, parts=parts)
    why = (
        f"{found.task} calls an existing implementation, which this course does not "
        f"count. Its values were {'right' if values_are_right(found) else 'not right'}."
    )
    return dataclasses.replace(found, parts=parts, sentence=f"{why} {found.sentence}".rstrip())


def values_are_right(found: TaskReport) -> bool:
    """Return whether a report has all points for values, or for the score."""
    return found.parts[0].reached >= found.parts[0].possible


def _secret(
    task: Task,
    hidden: Sequence[Case],
    values: Sequence[Any],
    own: Sequence[int],
    verdict: Judgement,
) -> Shown | None:
    """Return the first difference on a case that the notebook's check does not show."""
    if verdict.is_right or not own:
        return None
    if verdict.difference.number - 1 not in own:
        nameless = dataclasses.replace(task, misconceptions=())  # these are known by now
        some = judge(nameless, [hidden[n] for n in own], [values[n] for n in own])
        if some.is_right:
            return None
        number = own[some.difference.number - 1] + 1
        first = dataclasses.replace(some.difference, number=number)
        verdict = dataclasses.replace(some, difference=first)
    return _shown(task, verdict, len(hidden))


def _is_stub(value: Any) -> bool:
    return isinstance(value, Raised) and value.kind == "NotImplementedError"


def _no_points(task: Task) -> tuple[PartPoints, ...]:
    return (PartPoints("values", 0.0, float(task.points)),)


def _shown(task: Task, verdict: Judgement, number: int) -> Shown | None:
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
