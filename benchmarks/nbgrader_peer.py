"""nbgrader: an environment of its own, and the same class as one of its assignments.

The tests are what an instructor would write: one cell a task, the public cases for learners to see
and those of the secret seed hidden, with all numbers written out, so that no kernel of nbgrader's
imports anything of the course.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import nbformat
import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

import course_tasks
from benchmarks.timing import MissingPeer
from course_tasks import Case, Task

VERSION = "0.9.6"
EXERCISE = "ex01_constant_lr"
SOLVED = "### BEGIN SOLUTION\n{}\n### END SOLUTION"
_ROOT = Path(__file__).parents[1]
_ENVIRONMENT = _ROOT / ".cache" / "nbgrader"
_FONTS = _ENVIRONMENT / "matplotlib"
_CHECKS = "\n\nfrom course_lib.checks import check, show_progress"
# The next kernel need not wait until the one before has said goodbye; all else is as it comes.
_CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "course"
c.Execute.shutdown_kernel = "immediate"
"""


def environment(folder: Path = _ENVIRONMENT) -> Path:
    """Return the folder of nbgrader's commands; makes the environment, once.

    Args:
        folder: folder of the environment.

    Raises:
        MissingPeer: it cannot be installed; the message says why.
    """
    commands = folder / "bin"
    wanted = [f"nbgrader=={VERSION}", f"numpy=={np.__version__}"]
    wanted += [f"matplotlib=={matplotlib.__version__}", "ipykernel"]
    ready = folder / "ready"
    if ready.is_file() and ready.read_text(encoding="utf-8").split() == wanted:
        return commands
    print(f"installing nbgrader {VERSION} to {folder} …", file=sys.stderr, flush=True)
    venv.create(folder, clear=True, with_pip=True)
    command = [commands / "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
        raise MissingPeer(f"left out: nbgrader {VERSION} cannot be installed ({last})")
    # matplotlib's list of fonts takes seconds to make: once, as on the machine of a teacher.
    fonts = {**os.environ, "MPLCONFIGDIR": str(_FONTS)}
    command = [commands / "python", "-c", "import matplotlib.font_manager"]
    subprocess.run(command, env=fonts, check=True)
    ready.write_text("\n".join(wanted), encoding="utf-8")
    return commands


@dataclass(frozen=True)
class Course:
    """A course of nbgrader's, with submissions that wait.

    Attributes:
        folder: folder of the course.
        commands: folder of the environment's commands.
        students: names of nbgrader's for the files, in their order: s0000, s0001, …
    """

    folder: Path
    commands: Path
    students: tuple[str, ...]

    def autograde(self, *options: str) -> subprocess.Popen:
        """Start grading all submissions in one process."""
        with open(self.folder / "autograde.log", "ab") as log:  # the process has its own handle
            return self._start("autograde", EXERCISE, *options, stdout=log, stderr=log)

    def points(self) -> list[float]:
        """Return the points of every student, in their order.

        Raises:
            RuntimeError: somebody has none.
        """
        self._run("export")
        with open(self.folder / "grades.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        found = {row["student_id"]: row["score"] for row in rows}
        missing = [student for student in self.students if not found.get(student)]
        if missing:
            log = (self.folder / "autograde.log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"nbgrader has no points for {', '.join(missing)}: {log[-2000:]}")
        return [float(found[student]) for student in self.students]

    def _run(self, *arguments: str) -> None:
        process = self._start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"nbgrader {arguments[0]}: {said.decode(errors='replace')[-2000:]}")

    def _start(self, *arguments: str, **options: Any) -> subprocess.Popen:
        # As many threads as in the sandbox: with more, two processes would be slower.
        own = {"HOME": str(self.folder), "PATH": f"{self.commands}:{os.environ['PATH']}"}
        own["MPLCONFIGDIR"] = str(_FONTS)
        own |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        command = [self.commands / "nbgrader", *arguments]
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "JUPYTER"))}
        return subprocess.Popen(command, cwd=self.folder, env=kept | own, **options)


def make_course(folder: Path, submissions: Sequence[Path], seed: int) -> Course:
    """Make a course with one assignment and these submissions, ready to be graded.

    Args:
        folder: a new one.
        submissions: notebooks of ours.
        seed: seed of the hidden cases.
    """
    names = tuple(f"s{number:04}" for number in range(len(submissions)))
    course = Course(folder, environment(), names)
    folder.mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(_CONFIG, encoding="utf-8")
    solution = nbformat.read(_ROOT / "solutions" / f"{EXERCISE}.ipynb", 4)
    _write(folder / "source" / EXERCISE, source(solution, seed))
    course._run("generate_assignment", EXERCISE)
    released = nbformat.read(folder / "release" / EXERCISE / f"{EXERCISE}.ipynb", 4)
    for name, path in zip(names, submissions, strict=True):
        nb = submission(nbformat.read(path, 4), released)
        _write(folder / "submitted" / name / EXERCISE, nb)
    return course


def _write(folder: Path, nb: NotebookNode) -> None:
    folder.mkdir(parents=True)
    nbformat.write(nb, folder / f"{EXERCISE}.ipynb")


def source(solution: NotebookNode, seed: int) -> NotebookNode:
    """Return a solution of ours as the instructor's version of nbgrader's assignment."""
    members = {task.name: task for task in course_tasks.EXERCISES[EXERCISE]}

    def changed(cell: NotebookNode, task: str) -> NotebookNode:
        if "check" in cell.metadata.get("tags", ()):
            return _test(members[task], seed)
        cell.source = SOLVED.format(cell.source)
        cell.metadata = {"nbgrader": _metadata(task, solution=True)}
        return cell

    return _with(solution, changed)


def submission(nb: NotebookNode, released: NotebookNode) -> NotebookNode:
    """Return a learner's notebook of ours as one that was made from a released assignment."""
    theirs = {cell.metadata.nbgrader.grade_id: cell for cell in released.cells if _is_theirs(cell)}

    def changed(cell: NotebookNode, task: str) -> NotebookNode:
        if "check" in cell.metadata.get("tags", ()):
            return theirs[f"test-{task}"]
        cell.metadata = theirs[task].metadata
        return cell

    return _with(nb, changed)


def _is_theirs(cell: NotebookNode) -> bool:
    return "nbgrader" in cell.metadata


def _with(nb: NotebookNode, changed: Any) -> NotebookNode:
    """Change the cells of the tasks and their checks; leave out all else that is the course's."""
    cells, task = [], ""
    for cell in nb.cells:
        tags = cell.metadata.get("tags", ())
        task = cell.metadata.get("task", task)
        if "progress" in tags:
            continue
        if "task" in cell.metadata or "check" in tags:
            cell = changed(cell, task)
        elif cell.cell_type == "code":
            cell.source = cell.source.replace(_CHECKS, "")
        cells.append(cell)
    nb.cells = cells
    return nb


def _metadata(name: str, *, solution: bool = False, points: int = 0) -> Mapping[str, Any]:
    found = {"grade_id": name, "grade": bool(points), "solution": solution, "locked": bool(points)}
    return found | {"schema_version": 3, "task": False} | ({"points": points} if points else {})


def _test(task: Task, seed: int) -> NotebookNode:
    hidden = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"
    text = f"{_asserts(task, 0)}\n{hidden.format(_asserts(task, seed))}"
    name = f"test-{task.name}"
    return new_code_cell(text, id=name, metadata={"nbgrader": _metadata(name, points=task.points)})


def _asserts(task: Task, seed: int) -> str:
    return "\n".join(_assert(task, case) for case in task.cases(seed))


def _assert(task: Task, case: Case) -> str:
    arguments = ", ".join(f"{name}={_literal(value)}" for name, value in case.items())
    expected = _literal(task.reference(**case))
    tolerance = f"rtol={task.rtol}, atol={task.rtol / 10}"
    return f"np.testing.assert_allclose({task.name}({arguments}), {expected}, {tolerance})"


def _literal(value: Any) -> str:
    return f"np.array({value.tolist()})" if isinstance(value, np.ndarray) else repr(float(value))
