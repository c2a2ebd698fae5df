"""Checks one answer of a learner in the notebook, and says in words what is wrong with it."""

from __future__ import annotations

import difflib
import inspect
import re
import textwrap
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import course_tasks
from course_lib import progress
from course_tasks.causes import Raised
from course_tasks.comparison import Difference, as_numbers
from course_tasks.judging import Judgement, judge
from course_tasks.showing import WIDTH, answer_curve, same_rest, show, show_call
from course_tasks.task import Case, Task, built

_BAR = 20  # characters
_SHORTEST_STRETCH, _MOST_STEPS = 20, 400  # drawn for a function of single steps

_BEGINNING = re.compile("where to begin|how to begin")  # useless once there is an answer


@dataclass
class Session:
    """The checks of one kernel: its tasks and their results.

    Attributes:
        exercises: tasks of every exercise, by its name.
        kept_in: file that keeps the best points; None takes the learner's, anew at every check.
        verdicts: verdicts of the checks that ran, by the name of the task.
    """

    exercises: Mapping[str, Sequence[Task]]
    kept_in: progress.ProgressFile | None = None
    verdicts: dict[str, Judgement] = field(default_factory=dict)

    @property
    def tasks(self) -> dict[str, Task]:
        """All tasks, by name."""
        return {task.name: task for members in self.exercises.values() for task in members}

    @property
    def file(self) -> progress.ProgressFile:
        """The file of progress that is used now."""
        return self.kept_in or progress.default_file()


THIS_KERNEL = Session(course_tasks.EXERCISES)


def _nothing_to_draw() -> None:
    """Draw nothing: an answer that is right, or that makes no curve."""


@dataclass(frozen=True)
class Checked:
    """The result of checking one function.

    Attributes:
        is_passed: whether it is right, or scored points where a task is scored.
        text: message for the learner.
        draw: shows the learner's curve and the right one, if there are curves.
    """

    is_passed: bool
    text: str
    draw: Callable[[], None] = _nothing_to_draw


def check(function: Callable[..., Any], seed: int = 0, session: Session = THIS_KERNEL) -> Checked:
    """Return what `course_lib.checks.check` prints or raises, and keep the learner's progress.

    Args:
        function: the learner's function; its name says which task it answers.
        seed: seed of the cases that are drawn at random.
        session: checks of this kernel so far; the verdict is added to it.

    Raises:
        NotImplementedError: the function is still the stub.
        ValueError: there is no task of this name.
    """
    task = _task_of(function, session.tasks)
    cases = task.cases(seed)
    told = _wrong_signature(task, function, cases[0])
    if told:
        session.file.keep(task.name, 0.0, task.points, told)
        return Checked(False, told)
    answers = [answer(function, case) for case in cases]
    verdict = judge(task, cases, answers)
    session.verdicts[task.name] = verdict
    lines = _describe(task, verdict, len(cases))
    note = session.file.keep(task.name, verdict.points, verdict.possible, "\n".join(lines))
    text = "\n".join([*lines, _bar(task, session), *([note] if note else [])])
    if verdict.is_right or (task.score is not None and verdict.points):
        return Checked(True, text)
    return Checked(False, text, lambda: _draw(task, function, cases, verdict.difference))


def answer(function: Callable[..., Any], case: Case) -> Any:
    """Return what a learner's function answers to a case; `Raised` where it raises an error.

    Raises:
        NotImplementedError: the function is still the stub.
    """
    try:
        return function(**built(case))
    except NotImplementedError as error:
        shown = f"NotImplementedError: {error or 'this function is not written yet'}"
        error._render_traceback_ = lambda: [shown]  # our frames would only bury it
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)[1:]
        code = getattr(inspect.unwrap(function), "__code__", None)  # np.vectorize has none
        own = [f for f in frames if code and f.filename == code.co_filename] or frames
        return Raised(type(error).__name__, str(error), (own[-1].line or "") if own else "")


def progress_text(session: Session = THIS_KERNEL) -> str:
    """Return the points of every exercise, one line each: the best ones on this machine."""
    best, note = session.file.best()
    reached = possible = 0.0
    lines = []
    for exercise, members in session.exercises.items():
        total = float(sum(task.points for task in members))
        points = sum(best[task.name].points for task in members if task.name in best)
        lines.append(f"{exercise:22} {_filled(points / total)} {points:5.4g} of {total:3g} points")
        reached, possible = reached + points, possible + total
    lines.append(f"{'all':22} {_filled(reached / possible)} {reached:5.4g} of {possible:3g} points")
    return "\n".join([*lines, *([note] if note else [])])


def _task_of(function: Callable[..., Any], tasks: Mapping[str, Task]) -> Task:
    name = getattr(function, "__name__", None)
    if name is None:
        raise ValueError(
            "function must be written with def and named as its task, "
            f"got {type(function).__name__}"
        )
    if name not in tasks:
        names = list(tasks)
        close = difflib.get_close_matches(name, names) or [*names[:3], "…"]
        raise ValueError(f"function must be named as its task ({', '.join(close)}), got {name}")
    return tasks[name]


def _wrong_signature(task: Task, function: Callable[..., Any], case: Case) -> str:
    """Return the message about a function that cannot be called as its task says; "" if it can."""
    try:
        inspect.signature(function).bind(**case)
    except TypeError:
        return (
            f"{task.name}: it must be callable as {task.signature}, with these names;\n"
            f"  it is defined as {task.name}{inspect.signature(function)}."
        )
    return ""


def _describe(task: Task, verdict: Judgement, cases: int) -> list[str]:
    points = f"{verdict.points:.3g} of {verdict.possible:g} point{'s' * (verdict.possible != 1)}"
    if verdict.scores:
        return [
            f"{task.name}: {points}.",
            *_counted([score.sentence for score in verdict.scores]),
            *([_wrapped(f"Likely cause: {verdict.cause}")] if verdict.cause else []),
        ]
    if verdict.is_right:
        return [f"{task.name}: right in all {cases} cases tried here; {points}."]
    difference = verdict.difference
    start = "not yet" if not verdict.points else f"the values are right; {points}"
    first = "error" if isinstance(difference.got, Raised) else "difference"
    lines = [
        f"{task.name}: {start}. First {first}, in case {difference.number}:",
        f"  {show_call(task.name, difference.case)}",
    ]
    if isinstance(difference.got, Raised):
        raised = difference.got
        lines.append(f"  raised    {raised.kind}: {raised.message}")
        lines += [f"  in your line  {raised.line}"] if raised.line else []
    else:
        lines.append(f"  got       {show(difference.got, difference.expected)}")
        lines.append(f"  expected  {show(difference.expected, difference.got)}")
    if verdict.cause:
        lines.append(_wrapped(f"Likely cause: {verdict.cause}"))
    elif task.hints:
        symptoms = [hint.symptom for hint in task.hints if not _BEGINNING.search(hint.symptom)]
        if symptoms:
            shown = "; ".join(f"“{re.sub('[`*]', '', symptom)}”" for symptom in symptoms)
            lines.append(_wrapped(f"Perhaps a hint in the notebook helps: {shown}."))
    return lines


def _counted(sentences: list[str]) -> list[str]:
    """Return each sentence once, with its number of times where that is more than one."""
    times = Counter(sentences)
    return [f"  {text}{f' ({n} times)' if n > 1 else ''}" for text, n in times.items()]


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _bar(task: Task, session: Session) -> str:
    """Return the notebook's points by this kernel's checks, so that a rerun prints the same."""
    members = next(group for group in session.exercises.values() if task in group)
    total = sum(member.points for member in members)
    seen = session.verdicts
    points = sum(seen[member.name].points for member in members if member.name in seen)
    return f"This notebook: {_filled(points / total)} {points:.3g} of {total:g} points"


def _filled(share: float) -> str:
    full = int(_BAR * share + 1e-9)
    return "█" * full + "░" * (_BAR - full)


def _draw(
    task: Task, function: Callable[..., Any], cases: Sequence[Case], difference: Difference
) -> None:
    """Show the learner's curve and the right one, if the answers make curves."""
    from course_lib import plots
    from course_lib.plots.check import answer_and_reference

    curves = _curves(task, function, cases, difference)
    if curves is not None:
        t, got, want = curves
        label = task.curve or "index"
        figure = answer_and_reference(t, got, want, label)
        plots.show(
            figure,
            alt=f"{task.name} in case {difference.number}, over {label} {t[0]:g} to {t[-1]:g}: "
            "your answer, and the expected one",
        )


def _curves(
    task: Task, function: Callable[..., Any], cases: Sequence[Case], difference: Difference
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    case = difference.case
    if task.curve is None:
        return answer_curve(difference)
    last = max(one[task.curve] for one in cases if same_rest(one, case, task.curve))
    end = max(int(last), _SHORTEST_STRETCH)
    t = np.unique(np.linspace(0, end, min(end, _MOST_STEPS) + 1).astype(int))
    asked = [dict(case) | {task.curve: type(case[task.curve])(value)} for value in t]
    got = [as_numbers(answer(function, one)) for one in asked]
    wanted = [float(np.ravel(task.reference(**built(one)))[0]) for one in asked]
    single = [g.ravel()[0] if g is not None and g.size == 1 else np.nan for g in got]
    return t, np.array(single), np.array(wanted)
