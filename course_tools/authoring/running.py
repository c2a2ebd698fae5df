"""Executes several notebooks, some of them at the same time, and says what fails."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import joblib
from nbformat import NotebookNode
from tqdm import tqdm

from course_tools.authoring.comparing import failures
from course_tools.authoring.conclusions import differing_conclusions, fast_parameters
from course_tools.authoring.errors import CellFailure, CourseError
from course_tools.authoring.notebook_execution import DEFAULT_TIMEOUT, execute
from course_tools.authoring.notebook_files import read_notebook

T = TypeVar("T")
Result = TypeVar("Result")

MOST_AT_ONCE = 4  # by default: a kernel that trains takes up to half a gigabyte

COMPARE: dict[str, Callable[[NotebookNode, NotebookNode], list[str]]] = {
    "outputs": failures,
    "conclusions": differing_conclusions,
}


@dataclass(frozen=True)
class NotebookJob:
    """One notebook to execute.

    Attributes:
        path: path of the notebook, which stays as it is.
        parameters: values for the names in its cell tagged parameters.
        timeout: seconds that one cell may take.
        compare: the parts that must be as stored: a key of COMPARE, or None.
        environment: variables that the kernel has in addition to those of this process.
    """

    path: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    timeout: int = DEFAULT_TIMEOUT
    compare: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """An executed notebook, the seconds it took, and what failed, in words."""

    job: NotebookJob
    notebook: NotebookNode
    seconds: float
    messages: tuple[str, ...]


def notebooks_at_once(jobs: int | None, notebooks: int) -> int:
    """Return how many notebooks to execute at the same time.

    Args:
        jobs: the number that the user asks for; None: one a core, MOST_AT_ONCE at most, and no more
            than one for every two notebooks, as another process takes as long as a short one.
        notebooks: number of notebooks.
    """
    if jobs is None:
        jobs = min(cpu_count(), MOST_AT_ONCE, notebooks // 2)
    return max(1, min(jobs, notebooks))


def run_all(jobs: Sequence[NotebookJob], at_once: int) -> Iterator[Done]:
    """Execute notebooks and yield them as they are done, those that take long first."""
    jobs = sorted(jobs, key=lambda job: not takes_long(read_notebook(job.path)))  # stable
    if at_once == 1:
        for job in jobs:
            yield run_one(job, {"desc": job.path.name, "file": sys.stderr})
        return
    share = environment_of(at_once)
    jobs = [replace(job, environment={**share, **job.environment}) for job in jobs]
    with tqdm(total=len(jobs), desc="run", unit="notebook") as bar:
        for done in in_processes(run_one, jobs, at_once):
            bar.set_postfix_str(done.job.path.name)
            bar.update()
            yield done


def in_processes(
    function: Callable[[T], Result], tasks: Sequence[T], at_once: int
) -> Iterator[Result]:
    """Yield what a function returns for each task, in the order in which they are done.

    One at a time needs no other process. Where it raises, what has not begun does not begin.
    """
    if at_once == 1:
        yield from map(function, tasks)
        return
    context = multiprocessing.get_context("spawn")  # no fork of a process that has threads
    with ProcessPoolExecutor(at_once, mp_context=context) as pool:
        try:
            for future in as_completed([pool.submit(function, task) for task in tasks]):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def cpu_count() -> int:
    """Return the number of cores that the notebooks share.

    Raises:
        CourseError: the variable that may limit it is no number.
    """
    try:
        return joblib.cpu_count()
    except ValueError as error:
        variable = "LOKY_MAX_CPU_COUNT"
        raise CourseError(
            f"{variable} must be a whole number, got {os.environ.get(variable)!r}"
        ) from error


def environment_of(at_once: int) -> dict[str, str]:
    """Return the variables with which a kernel takes its share of the cores when it trains."""
    return {"LOKY_MAX_CPU_COUNT": str(max(1, cpu_count() // at_once))} if at_once > 1 else {}


def takes_long(nb: NotebookNode) -> bool:
    """Whether a notebook is a lesson of more than twelve seconds: it has the parameter FAST."""
    return bool(fast_parameters(nb))


def run_one(job: NotebookJob, progress: Mapping[str, Any] | None = None) -> Done:
    """Execute one notebook; what fails is in the result's messages.

    Args:
        job: the notebook to execute, and how.
        progress: arguments for a tqdm bar over its cells; None shows no bar.
    """
    try:
        execution = execute(
            job.path,
            parameters=job.parameters,
            timeout=job.timeout,
            progress=progress,
            environment=job.environment,
        )
        executed, seconds, messages = execution.notebook, execution.seconds, []
    except CellFailure as failure:
        executed, seconds, messages = failure.executed, failure.seconds, [failure.report()]
    if job.compare is not None and not messages:
        stored = read_notebook(job.path)  # the execution may have changed what it was given
        messages = [f"{job.path.name}: {m}" for m in COMPARE[job.compare](stored, executed)]
    return Done(job, executed, seconds, tuple(messages))
