"""Grades one submission: bytes in, a report out."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import course_tasks
from course_tools.grading import report, report_json
from course_tools.grading.box.kernels import WarmKernels
from course_tools.grading.intake import reader
from course_tools.grading.intake.cell_code import only_defines, read_code
from course_tools.grading.intake.course_exercises import given_cells
from course_tools.grading.intake.notebook import Cell
from course_tools.grading.intake.places import UnreadableError
from course_tools.grading.intake.work import Work
from course_tools.grading.report import Note, Report, Suspicion, TaskReport
from course_tools.grading.run import submission_execution
from course_tools.grading.run.later_cells import Change, changed_by
from course_tools.grading.run.marking import (
    cases_of,
    mark,
    values_are_right,
    with_output,
    without_points,
)
from course_tools.grading.run.not_there import not_there
from course_tools.grading.run.reproduction import reproduction
from course_tools.grading.run.submission_execution import AT_THE_END, Asked, Ran, RunRequest
from course_tools.grading.run.suspicion import allowed_in, suspicions
from course_tools.grading.settings import IGNORE, ZERO, Policy, Settings

_MOST_KEPT = 4_000  # characters of what other cells printed
_MOST_SHOWN = 60  # characters of the first line of a cell
_SAID = (report.ANSWERED, report.MISSING, report.NOT_WRITTEN)


@dataclass(frozen=True)
class Exercise:
    """An exercise as it was handed out.

    Attributes:
        given: code of its cells that are neither a task's nor a check.
        imports: the given cells that hold nothing but definitions and imports.
    """

    given: tuple[str, ...]
    imports: frozenset[str]


@cache
def exercise_of(name: str) -> Exercise:
    """Return what an exercise came with, from the course's own notebooks.

    Raises:
        FileNotFoundError: the course's folder has no such notebook.
    """
    given = given_cells(name)
    return Exercise(given, frozenset(one for one in given if only_defines(read_code(one).body)))


def grade(
    content: bytes,
    settings: Settings,
    seed: int,
    warm: WarmKernels,
    *,
    exercise: str = "",
    unsafe: bool = False,
) -> Report:
    """Return what a submission is worth.

    Args:
        content: the file that was handed in.
        settings: limits and policies.
        seed: seed of the hidden cases.
        warm: source of the kernels.
        exercise: the exercise that is graded; by default the one that the notebook belongs to.
        unsafe: whether these kernels run without the sandbox; the report says so.

    Raises:
        KernelStartError: no kernel starts: the machine's fault, so that nothing is said about the
            submission.
    """
    start = time.monotonic()
    try:
        work = reader.read(content, exercise)
    except UnreadableError as error:
        note = Note(report.TOLD, told=_sentence(error))
        unread = Report("", report.UNREADABLE, notes=(note,), unsafe=unsafe)
        return report_json.storable(unread)
    handed_out = exercise_of(work.exercise)
    members = course_tasks.EXERCISES[work.exercise]
    given, cells = _in_order(work.cells, handed_out)
    marks = _Marks(members, seed)
    request = RunRequest(
        given,
        cells,
        {task.name: cases_of(task, seed) for task in members},
        settings.limits,
        marks.share,
    )
    ran = submission_execution.run(request, warm)
    work = dataclasses.replace(work, cells=tuple(cells))
    counted = {task.name: _best(task.name, marks, work, ran) for task in members}
    marked = [_mark(task.name, counted[task.name], marks, work, ran) for task in members]
    notes = [
        *work.notes,
        *_notes(work, ran),
        *not_there(ran.raised.values(), marked),
        *_moves(counted, marks, request, ran, warm),
    ]
    given_too = {source.strip() for source in handed_out.given}
    suspected = [one for task in marked for one in _suspicions(task, work, settings.policy)]
    if settings.policy.library_calls == ZERO:
        calling = {one.task for one in suspected if one.kind == report.CALLS_IMPLEMENTATION}
        marked = [without_points(one) if one.task in calling else one for one in marked]
    found = Report(
        work.exercise,
        _state(
            [one.outcome for one in marked] + [one.why for one in ran.ended.values()], suspected
        ),
        tuple(marked),
        tuple(notes),
        tuple(suspected),
        unsafe,
        reproduction=(
            reproduction(content, settings.limits, unsafe=unsafe)
            if settings.policy.reproduce
            else None
        ),
        printed=_other_cells(work, ran, given_too),
        seconds=round(time.monotonic() - start, 3),
        structure=work.structure,
    )
    return report_json.storable(found)


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _in_order(cells: Sequence[Cell], exercise: Exercise) -> tuple[list[str], list[Cell]]:
    """Return the exercise's code that runs first, and the cells that run after it.

    Its imports run before everything, as does what was deleted or merged into another cell, which
    may not come to its end; the rest of it runs where it stands, and once more where the learner's
    own cells stand before it: they may have removed what it defines.
    """
    there = {cell.source.strip() for cell in cells}
    first = [one for one in exercise.given if one in exercise.imports or one.strip() not in there]
    at_once = {one.strip() for one in first}
    kept = list(itertools.dropwhile(lambda cell: cell.source.strip() in at_once, cells))
    given = {one.strip() for one in exercise.given}
    return first, [
        dataclasses.replace(cell, is_own=False, is_given=True)
        if cell.source.strip() in given
        else cell
        for cell in kept
    ]


class _Marks:
    """Marks the answers of a submission, the same ones only once."""

    def __init__(self, members: Sequence[course_tasks.Task], seed: int) -> None:
        self._tasks = {task.name: task for task in members}
        self._seed = seed
        self._known: dict[tuple, TaskReport] = {}

    def of(self, task: str, asked: Asked) -> TaskReport:
        """Return the marks for answers to a task."""
        key = (task, asked.outcome, asked.encoded)
        if key not in self._known:
            self._known[key] = mark(self._tasks[task], self._seed, asked)
        return self._known[key]

    def share(self, task: str, asked: Asked) -> float:
        """Return the share of a task's points that answers earn, from 0 to 1."""
        found = self.of(task, asked)
        return 1.0 if found.is_right else found.reached / found.possible


def _best(task: str, marks: _Marks, work: Work, ran: Ran) -> Asked:
    """Return the answers that count: the best ones, and of these those that raise the least."""

    def rank(number: int, asked: Asked) -> tuple:
        raised = sum(isinstance(value, course_tasks.Raised) for value in asked.values)
        return marks.of(task, asked).reached, asked.outcome == report.ANSWERED, -raised, number

    _, best = max(enumerate(ran.asked[task]), key=lambda one: rank(*one))
    ended = [ran.ended[n] for n in _own_cells(task, work) if n in ran.ended]
    if best.outcome == report.MISSING and ended:  # its cell never came to its end
        return dataclasses.replace(best, outcome=ended[-1].why, limit=ended[-1].limit)
    return best


def _own_cells(task: str, work: Work) -> list[int]:
    return [n for n, cell in enumerate(work.cells) if task in cell.defines]


def _mark(task: str, asked: Asked, marks: _Marks, work: Work, ran: Ran) -> TaskReport:
    own = _own_cells(task, work)
    printed = "".join(ran.printed.get(n, "") for n in own if work.cells[n].task == task)
    found = with_output(marks.of(task, asked), asked, printed)
    raised = [ran.raised[n] for n in own if n in ran.raised]
    if found.outcome == report.MISSING and raised:
        return dataclasses.replace(found, raised=raised[-1])
    return found


def _moves(
    counted: dict[str, Asked], marks: _Marks, request: RunRequest, ran: Ran, warm: WarmKernels
) -> Iterator[Note]:
    """Yield what is to be said where a function earns more in one place than in another."""
    changes: dict[str, Change] = {}
    for task, best in counted.items():
        *_, last = ran.asked[task]
        if last.outcome in _SAID and marks.of(task, last).reached < marks.of(task, best).reached:
            changes[task] = Change(best, last)
    found = changed_by(changes, request, ran, warm)
    for task, best in counted.items():
        at_checks = [one for one in ran.asked[task] if one.after != AT_THE_END]
        points = marks.of(task, best).reached
        places = sum(task in cell.defines for cell in request.cells)
        if task in changes:
            number = found[task]
            begins = "" if number is None else _beginning(request.cells[number])
            yield Note(report.CHANGED_LATER, task, begins)
        elif places < 2 and at_checks and marks.of(task, at_checks[-1]).reached < points:
            yield Note(report.RIGHT_LATER, task)


def _suspicions(marked: TaskReport, work: Work, policy: Policy) -> list[Suspicion]:
    """Return what is suspicious about a task's function, and whether it costs the points."""
    if policy.library_calls == IGNORE or marked.outcome == report.MISSING:
        return []
    task = marked.task
    found = suspicions(task, work.used[task], allowed_in(work.exercise))
    calls = any(one.kind == report.CALLS_IMPLEMENTATION for one in found)
    if calls and policy.library_calls == ZERO and marked.outcome == report.ANSWERED:
        right = values_are_right(marked)
        kind = report.RIGHT_NO_POINTS if right else report.WRONG_NO_POINTS
        found.append(Suspicion(kind, task))
    return found


def _notes(work: Work, ran: Ran) -> list[Note]:
    """Return what a learner should know about cells that were stopped or written twice."""
    notes = []
    left_out = [n for n, ended in ran.ended.items() if ended.is_left_out]
    for number, ended in ran.ended.items():
        cell = work.cells[number]
        if not ended.is_left_out:
            kind = report.stopped_by(ended.why, ended.limit)
            said = (cell.task, _beginning(cell), ended.why)
            notes.append(Note(report.CELL_STOPPED, *said, stopped_by=kind))
        elif number == min(left_out):
            notes.append(Note(report.LEFT_OUT, begins=_beginning(cell), why=ended.why))
    names = [name for cell in work.cells for name in cell.defines if name in cell.asks]
    twice = sorted({name for name in names if names.count(name) > 1})
    return notes + [Note(report.TWICE, name) for name in twice]


def _beginning(cell: Cell) -> str:
    return cell.source.strip().partition("\n")[0][:_MOST_SHOWN]


def _state(outcomes: Sequence[str], suspected: Sequence[Suspicion]) -> str:
    for outcome, state in (
        (report.DIED, report.CRASHED),
        (report.OVER_LIMIT, report.OVER_A_LIMIT),
        (report.TIMED_OUT, report.PARTLY_GRADED),
    ):
        if outcome in outcomes:
            return state
    serious = any(one.kind not in report.MILD for one in suspected)
    return report.SUSPICIOUS if serious else report.GRADED


def _other_cells(work: Work, ran: Ran, given: Container[str]) -> str:
    text = "".join(
        printed
        for number, printed in sorted(ran.printed.items())
        if not work.cells[number].task and work.cells[number].source.strip() not in given
    )
    return report.cut(text, _MOST_KEPT)
