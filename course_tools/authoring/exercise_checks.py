"""Runs the checks of an exercise, for the shell: ``lr-course check``."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import course_tasks
from course_lib import progress
from course_tools.authoring.errors import CourseError
from course_tools.authoring.exercise_runs import CellError, run_cells
from course_tools.authoring.notebook_files import LearnersCell, read_code

_CHECK_CALL = re.compile(r"^\s*check\(\s*(\w+)", re.M)
_STATES = {"not written": "not written", "stopped": "stopped", "ended": "ended the kernel"}


@dataclass(frozen=True)
class TaskState:
    """The result of a check.

    Attributes:
        task: name of the task.
        points: points reached.
        possible: points that the task is worth.
        state: "right", "partly right", "wrong", "not written", "stopped" (it took too long, or
            printed too much), "ended the kernel" or "not checked" (no check of it ran).
    """

    task: str
    points: float
    possible: float
    state: str


@dataclass(frozen=True)
class CheckedNotebook:
    """The results of the checks of a notebook.

    Attributes:
        tasks: one row a task of the notebook.
        messages: messages of the checks that failed, and the errors of other cells.
        passed: whether every cell ran and every task is right.
    """

    tasks: tuple[TaskState, ...]
    messages: tuple[str, ...]
    passed: bool


def check_notebook(path: Path, timeout: int) -> CheckedNotebook:
    """Run all cells of an exercise in a fresh kernel and return what its checks found.

    The points go to the learner's progress as well.

    Args:
        path: the notebook, under any name; only its tasks count.
        timeout: seconds that one cell may take.

    Raises:
        CourseError: the file is no notebook, or holds no task of the course; or no kernel starts.
    """
    code = read_code(path)
    names = _tasks_in(code)
    if not names:
        raise CourseError(
            f"{path} holds no task of the course: no cell is a task and no cell calls check"
        )
    with tempfile.TemporaryDirectory(prefix="lr-course-check") as folder:
        failures = run_cells(
            [cell.source for cell in code],
            path.resolve().parent,
            timeout,
            {"LR_COURSE_PROGRESS": folder},
        )
        kept, problem = progress.ProgressFile.within(Path(folder)).best()
    if problem:
        raise CourseError(problem)
    failures = {n: error for n, error in failures.items() if not _is_meant(code[n], error)}
    for name, found in kept.items():
        progress.default_file().keep(name, found.points, found.possible, found.told)
    rows = tuple(
        _state(name, kept.get(name), next(_errors_of(name, code, failures), None)) for name in names
    )
    messages = [kept[row.task].told for row in rows if row.task in kept and row.state != "right"]
    for number, error in failures.items():
        if error.kind != "not written" and not any(told in error.text for told in messages):
            messages.append(f"`{_first_line(code[number].source)}`\n{error.text}")
    passed = not failures and all(row.state == "right" for row in rows)
    return CheckedNotebook(rows, tuple(messages), passed)


def _is_meant(cell: LearnersCell, error: CellError) -> bool:
    return cell.may_raise and error.kind == "error" and not _CHECK_CALL.search(cell.source)


def _errors_of(
    task: str, code: Sequence[LearnersCell], failures: Mapping[int, CellError]
) -> Iterator[CellError]:
    for number, error in failures.items():
        if task in _CHECK_CALL.findall(code[number].source):
            yield error


def _tasks_in(code: Sequence[LearnersCell]) -> list[str]:
    named: dict[str, None] = {}
    for cell in code:
        names = [cell.task, *_CHECK_CALL.findall(cell.source)]
        named |= dict.fromkeys(name for name in names if name in course_tasks.ALL)
    return list(named)


def _state(name: str, kept: progress.Kept | None, error: CellError | None) -> TaskState:
    possible = float(course_tasks.ALL[name].points)
    if kept is not None:
        state = "right" if kept.points == possible else "partly right" if kept.points else "wrong"
        return TaskState(name, kept.points, possible, state)
    state = _STATES.get(error.kind) if error is not None else None
    return TaskState(name, 0.0, possible, state or "not checked")


def _first_line(source: str) -> str:
    return (source.strip().splitlines() or [""])[0]
