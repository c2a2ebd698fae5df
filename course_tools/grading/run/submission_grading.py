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
from course_tools.grading.intake.places import UnreadableError
from course_tools.grading.report import Note, Report, Suspicion, TaskReport
from course_tools.grading.run import submission_execution
from course_tools.grading.run.marking import cases_of, mark, values_are_right, without_points
from course_tools.grading.run.reproduction import reproduction
from course_tools.grading.run.submission_execution import Ran, RunRequest
from course_tools.grading.run.suspicion import suspicions, uses
from course_tools.grading.settings import IGNORE, ZERO, Policy, Settings

_COURSE = Path(course_lib.__file__).resolve().parent.parent
_OURS = {"check", "progress", "solution", "parameters"}
_MOST_KEPT = 4_000  # characters of what other cells printed
_MOST_SHOWN = 60  # characters of the first line of a cell


@dataclass(frozen=True)
class Exercise:
    """An exercise as it was handed out.

    Attributes:
        given: code of its cells that are neither a task's nor a check.
        allowed: task -> names of libraries that the shipped solution uses.
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
        seed: seed of the hidden cases.
        warm: source of the kernels.
        unsafe: whether these kernels run without the sandbox; the report says so.

    Raises:
        KernelStartError: no kernel starts: the machine's fault, so that nothing is said about the
            submission.
    """
    start = time.monotonic()
    try:
        work = parse(content)
    except UnreadableError as error:
        note = Note(report.TOLD, told=_sentence(error))
        unread = Report("", report.UNREADABLE, notes=(note,), unsafe=unsafe)
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
    sources = [cell.source for cell in cells]
    suspected = [
        one for task in marked for one in _suspicions(task, sources, exercise, settings.policy)
    ]
    if settings.policy.library_calls == ZERO:
        calling = {one.task for one in suspected if one.kind == report.CALLS_IMPLEMENTATION}
        marked = [without_points(one) if one.task in calling else one for one in marked]
    found = Report(
        work.exercise,
        _state([one.outcome for one in marked] + list(ran.ended.values()), suspected),
        tuple(marked),
        (*work.notes, *_notes(work, ran)),
        tuple(suspected),
        unsafe,
        reproduction=(
            reproduction(content, settings.limits, unsafe=unsafe)
            if settings.policy.reproduce
            else None
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


def _suspicions(
    marked: TaskReport, cells: Sequence[str], exercise: Exercise, policy: Policy
) -> list[Suspicion]:
    """Return what is suspicious about a task's function, and whether it costs the points."""
    if policy.library_calls == IGNORE:
        return []
    task = marked.task
    found = suspicions(task, cells, exercise.given, exercise.allowed[task])
    calls = any(one.kind == report.CALLS_IMPLEMENTATION for one in found)
    if calls and policy.library_calls == ZERO and marked.outcome == report.ANSWERED:
        right = values_are_right(marked)
        kind = report.RIGHT_NO_POINTS if right else report.WRONG_NO_POINTS
        found.append(Suspicion(kind, task))
    return found


def _notes(work: SubmittedNotebook, ran: Ran) -> list[Note]:
    """Return what a learner should know about cells that were stopped or written twice."""
    notes = []
    for number, why in ran.ended.items():
        cell = work.cells[number]
        begins = cell.source.strip().partition("\n")[0][:_MOST_SHOWN]
        notes.append(Note(report.CELL_STOPPED, cell.task, begins, why))
    names = [cell.task for cell in work.cells if cell.task]
    twice = sorted({name for name in names if names.count(name) > 1})
    return notes + [Note(report.TWICE, name) for name in twice]


def _state(outcomes: Sequence[str], suspected: Sequence[Suspicion]) -> str:
    for outcome, state in (
        (report.DIED, report.CRASHED),
        (report.OVER_LIMIT, report.OVER_A_LIMIT),
        (report.TIMED_OUT, report.PARTLY_GRADED),
    ):
        if outcome in outcomes:
            return state
    return report.SUSPICIOUS if suspected else report.GRADED


def _other_cells(work: SubmittedNotebook, ran: Ran) -> str:
    text = "".join(
        printed for number, printed in sorted(ran.printed.items()) if not work.cells[number].task
    )
    return report.cut(text, _MOST_KEPT)
