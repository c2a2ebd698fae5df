"""Runs the checks of an exercise through nbval, for the shell: ``lr-course check``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import nbformat

import course_tasks
from course_lib import progress
from course_tools.authoring.errors import CourseError

_TERMINAL_COLOURS = re.compile(r"(?:\x1b|#x1B)\[[0-9;]*m")  # the report spells them out
_CHECK_CALL = re.compile(r"^\s*check\(\s*(\w+)", re.M)
_CELL = re.compile(r"Cell (\d+)$")
_STOPPED = "It took too long and was stopped (see --timeout)."
_BEFORE_ERROR = "Traceback:"  # what nbval writes between a cell's code and its error
_PYTEST = "import sys, course_tools.without_iri_grammar, pytest; sys.exit(pytest.main())"


@dataclass(frozen=True)
class _CellError:
    """The reason why a cell failed, and the text about it for the learner."""

    kind: Literal["not written", "stopped", "error"]
    text: str


@dataclass(frozen=True)
class TaskState:
    """The result of a check.

    Attributes:
        task: name of the task.
        points: points reached.
        possible: points that the task is worth.
        state: "right", "partly right", "wrong", "not written", "stopped" (it took too long) or
            "not checked" (no check of it ran).
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
        CourseError: the file is no notebook, or holds no task of the course.
    """
    code = _code_cells(path)
    names = _tasks_in(code)
    if not names:
        raise CourseError(
            f"{path} holds no task of the course: no cell is a task and no cell calls check"
        )
    with tempfile.TemporaryDirectory(prefix="lr-course-check") as folder:
        failures, status = _run_nbval(path.resolve(), Path(folder), timeout)
        kept, problem = progress.ProgressFile.within(Path(folder)).best()
    if problem:
        raise CourseError(problem)
    for name, found in kept.items():
        progress.default_file().keep(name, found.points, found.possible, found.told)
    rows = tuple(
        _state(name, kept.get(name), next(_errors_of(name, code, failures), None)) for name in names
    )
    messages = [kept[row.task].told for row in rows if row.task in kept and row.state != "right"]
    for number, error in failures.items():
        source = code[number].source
        checked = _CHECK_CALL.findall(source)
        if not (set(checked) & set(kept) or error.kind == "not written"):
            messages.append(f"`{_first_line(source)}`\n{error.text}")
    passed = status == 0 and all(row.state == "right" for row in rows)
    return CheckedNotebook(rows, tuple(messages), passed)


def _errors_of(
    task: str, code: list[nbformat.NotebookNode], failures: dict[int, _CellError]
) -> Iterator[_CellError]:
    for number, error in failures.items():
        if task in _CHECK_CALL.findall(code[number].source):
            yield error


def _code_cells(path: Path) -> list[nbformat.NotebookNode]:
    try:
        nb = nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)
        return [cell for cell in nb.cells if cell.cell_type == "code"]
    except (OSError, ValueError, AttributeError, KeyError, nbformat.ValidationError) as error:
        raise CourseError(f"{path} cannot be read as a notebook: {error}") from error


def _tasks_in(code: list[nbformat.NotebookNode]) -> list[str]:
    named: dict[str, None] = {}
    for cell in code:
        names = [cell.metadata.get("task"), *_CHECK_CALL.findall(cell.source)]
        named |= dict.fromkeys(name for name in names if name in course_tasks.ALL)
    return list(named)


def _run_nbval(path: Path, folder: Path, timeout: int) -> tuple[dict[int, _CellError], int]:
    """Return the error of every failed code cell, by its number from 0, and the exit status."""
    report, settings = folder / "report.xml", folder / "pytest.ini"
    settings.write_text("[pytest]\n", encoding="utf-8")  # no settings of the folder it stands in
    options = ["-p", "no:cacheprovider", "-c", str(settings)]
    plugins = ["-p", "nbval.plugin", "-p", "course_tools.authoring.without_outputs"]
    nbval = ["--nbval-lax", "--nbval-current-env", f"--nbval-cell-timeout={timeout}"]
    # Other plugins that the learner has may run cells in another order, or some of them only.
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-c", _PYTEST, *options, *plugins, *nbval]
    run = subprocess.run(
        [*command, f"--junitxml={report}", str(path)],
        env=environment | {"LR_COURSE_PROGRESS": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:  # it was stopped, or the disk is full
        told = (run.stdout + run.stderr).strip()[-500:]
        raise CourseError(f"nbval could not run {path} to its end: {told}") from error
    failures = {}
    for case in cases:
        wrong = case.find("failure") if case.find("failure") is not None else case.find("error")
        if wrong is not None:
            number = _CELL.search(case.get("name", ""))
            failures[int(number[1]) if number else 0] = _cell_error(wrong.text or "")
    return failures, run.returncode


def _cell_error(report: str) -> _CellError:
    """Return why a cell failed; nbval says it in text alone."""
    head, _, error = _TERMINAL_COLOURS.sub("", report).partition(_BEFORE_ERROR)
    if "Timeout of" in head:
        return _CellError("stopped", _STOPPED)
    text = (error or head).strip()
    return _CellError("not written" if text.startswith("NotImplementedError") else "error", text)


def _state(name: str, kept: progress.Kept | None, error: _CellError | None) -> TaskState:
    possible = float(course_tasks.ALL[name].points)
    if kept is not None:
        state = "right" if kept.points == possible else "partly right" if kept.points else "wrong"
        return TaskState(name, kept.points, possible, state)
    state = error.kind if error is not None and error.kind != "error" else "not checked"
    return TaskState(name, 0.0, possible, state)


def _first_line(source: str) -> str:
    return (source.strip().splitlines() or [""])[0]
