"""Grades one submission: bytes in, a report out."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat

import course_lib
import course_tasks
from course_tools.grading import report
from course_tools.grading.box.kernels import WarmKernels
from course_tools.grading.intake.notebook import SubmittedNotebook, parse
from course_tools.grading.intake.submissions import UnreadableError
from course_tools.grading.report import Report, TaskReport
from course_tools.grading.run import submission_execution
from course_tools.grading.run.marking import cases_of, mark, were_right, without_points
from course_tools.grading.run.reproduction import reproduction
from course_tools.grading.run.submission_execution import Ran, RunRequest
from course_tools.grading.run.suspicion import calls_library, suspicions, uses
from course_tools.grading.settings import IGNORE, ZERO, Settings

_COURSE = Path(course_lib.__file__).resolve().parent.parent
_OURS = {"check", "progress", "solution", "parameters"}
_MOST_KEPT = 4_000  # characters of what other cells printed


@dataclass(frozen=True)
class Exercise:
    """What an exercise came with.

    Attributes:
        given: code of its cells that are neither a task's nor a check.
        allowed: by task, what the shipped solution uses of libraries.
    """

    given: tuple[str, ...]
    allowed: dict[str, frozenset[str]]


@cache
def exercise_of(name: str) -> Exercise:
    """Return what an exercise came with, from the course's own notebooks.

    Raises:
        FileNotFoundError: the course's folder has no such notebook.
    """
    given = [c.source for c in _code_cells("exercises", name) if not _OURS & set(_tags(c))]
    solved = [c.source for c in _code_cells("solutions", name) if not {"check"} & set(_tags(c))]
    members = course_tasks.EXERCISES[name]
    return Exercise(tuple(given), {task.name: uses(task.name, solved) for task in members})


def _code_cells(folder: str, name: str) -> list[nbformat.NotebookNode]:
    nb = nbformat.read(_COURSE / folder / f"{name}.ipynb", 4)
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def _tags(cell: nbformat.NotebookNode) -> Sequence[str]:
    return cell.metadata.get("tags", [])


def grade(
    content: bytes, settings: Settings, seed: int, warm: WarmKernels, *, unsafe: bool = False
) -> Report:
    """Return what a submission is worth.

    Args:
        content: the file that was handed in.
        settings: limits and policies.
        seed: of the hidden cases.
        warm: where kernels come from.
        unsafe: whether these kernels run without the sandbox; the report says so.

    Raises:
        KernelStartError: no kernel starts: the machine's fault, so that nothing is said about the
            submission.
    """
    start = time.monotonic()
    try:
        work = parse(content)
    except UnreadableError as error:
        unread = Report("", report.UNREADABLE, notes=(_sentence(error),), unsafe=unsafe)
        return report.storable(unread)
    exercise = exercise_of(work.exercise)
    members = course_tasks.EXERCISES[work.exercise]
    cells = [cell for cell in work.cells if cell.source not in exercise.given]
    request = RunRequest(
        exercise.given,
        cells,
        {task.name: cases_of(task, seed) for task in members},
        settings.limits,
    )
    ran = submission_execution.run(request, warm)
    work = dataclasses.replace(work, cells=tuple(cells))
    marked = [_mark(task, seed, work, ran) for task in members]
    suspected = {
        task.name: suspicions(
            task.name, [c.source for c in cells], exercise.given, exercise.allowed[task.name]
        )
        for task in members
        if settings.policy.library_calls != IGNORE
    }
    if settings.policy.library_calls == ZERO:
        taken = [one for one in marked if calls_library(suspected[one.task])]
        for one in (one for one in taken if one.outcome == report.ANSWERED):
            suspected[one.task].append(f"So {one.task} got no points. {were_right(one)}")
        marked = [without_points(one) if one in taken else one for one in marked]
    told = tuple(sentence for sentences in suspected.values() for sentence in sentences)
    found = Report(
        work.exercise,
        _state([one.outcome for one in marked] + list(ran.ended.values()), told),
        tuple(marked),
        (*work.notes, *_notes(work, ran)),
        told,
        unsafe,
        reproduction=(
            reproduction(content, settings.limits, unsafe=unsafe)
            if settings.policy.reproduce
            else ""
        ),
        printed=_other_cells(work, ran),
        seconds=round(time.monotonic() - start, 3),
    )
    return report.storable(found)


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _mark(task: course_tasks.Task, seed: int, work: SubmittedNotebook, ran: Ran) -> TaskReport:
    asked = ran.asked[task.name]
    own = [n for n, cell in enumerate(work.cells) if cell.task == task.name]
    printed = "".join(ran.printed.get(n, "") for n in own)
    ended = [ran.ended[n] for n in own if n in ran.ended]
    if asked.outcome == report.MISSING and ended:
        asked = dataclasses.replace(asked, outcome=ended[-1])  # its cell never came to its end
    return mark(task, seed, asked, printed)


def _notes(work: SubmittedNotebook, ran: Ran) -> list[str]:
    """Return what a learner should know about cells that were stopped or written twice."""
    notes = []
    for number, why in ran.ended.items():
        cell = work.cells[number]
        whose = f"The cell of {cell.task}" if cell.task else "A cell of yours"
        first = cell.source.strip().partition("\n")[0][:60]
        notes.append(f"{whose}, which begins with “{first}”, was stopped: {why}.")
    names = [cell.task for cell in work.cells if cell.task]
    twice = sorted({name for name in names if names.count(name) > 1})
    notes += [f"{name} is there more than once; the last one counts." for name in twice]
    return notes


def _state(outcomes: Sequence[str], told: Sequence[str]) -> str:
    for outcome, state in (
        (report.DIED, report.CRASHED),
        (report.OVER_LIMIT, report.OVER_A_LIMIT),
        (report.TIMED_OUT, report.PARTLY_GRADED),
    ):
        if outcome in outcomes:
            return state
    return report.SUSPICIOUS if told else report.GRADED


def _other_cells(work: SubmittedNotebook, ran: Ran) -> str:
    text = "".join(
        printed for number, printed in sorted(ran.printed.items()) if not work.cells[number].task
    )
    return report.cut(text, _MOST_KEPT)
