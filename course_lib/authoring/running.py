"""Executes several notebooks, some of them at the same time, and says what fails."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joblib import cpu_count
from nbformat import NotebookNode
from tqdm import tqdm

from course_lib.authoring.comparing import failures
from course_lib.authoring.conclusions import differing_conclusions, fast_parameters
from course_lib.authoring.errors import CellFailure
from course_lib.authoring.execution import DEFAULT_TIMEOUT, execute, read_notebook

MOST_AT_ONCE = 4  # by default: a kernel that trains takes up to half a gigabyte

COMPARE: dict[str, Callable[[NotebookNode, NotebookNode], list[str]]] = {
    "outputs": failures,
    "conclusions": differing_conclusions,
}


@dataclass(frozen=True)
class Job:
    """One notebook to execute.

    Attributes:
        path: of the notebook, which stays as it is.
        parameters: values for the names in its cell tagged parameters.
        timeout: seconds that one cell may take.
        compare: what must be as stored: a key of COMPARE, or None.
        environment: variables that the kernel has besides those of this process.
    """

    path: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    timeout: int = DEFAULT_TIMEOUT
    compare: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """An executed notebook, the seconds it took, and what failed, in words."""

    job: Job
    notebook: NotebookNode
    seconds: float
    messages: tuple[str, ...]


def notebooks_at_once(jobs: int | None, notebooks: int) -> int:
    """Return how many notebooks to execute at the same time.

    Args:
        jobs: as many as the user asks for; None: one a core, MOST_AT_ONCE at most.
        notebooks: how many there are.
    """
    return max(1, min(jobs or min(cpu_count(), MOST_AT_ONCE), notebooks))


def run_all(jobs: Sequence[Job], at_once: int) -> Iterator[Done]:
    """Execute notebooks and yield them as they are done, those that take long first.

    Notebooks that are executed at the same time share the cores: each trains in as many processes
    as are left for it.
    """
    jobs = sorted(jobs, key=_is_quick)  # the sort is stable
    if at_once == 1:
        for job in jobs:
            yield run_one(job, {"desc": job.path.name, "file": sys.stderr})
        return
    share = {"LOKY_MAX_CPU_COUNT": str(max(1, cpu_count() // at_once))}
    jobs = [
        Job(j.path, j.parameters, j.timeout, j.compare, {**share, **j.environment}) for j in jobs
    ]
    context = multiprocessing.get_context("spawn")  # no fork of a process that has threads
    with ProcessPoolExecutor(at_once, mp_context=context) as pool:
        futures = [pool.submit(run_one, job) for job in jobs]
        try:
            with tqdm(total=len(futures), desc="run", unit="notebook") as bar:
                for future in as_completed(futures):
                    done = future.result()
                    bar.set_postfix_str(done.job.path.name)
                    bar.update()
                    yield done
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def run_one(job: Job, progress: Mapping[str, Any] | None = None) -> Done:
    """Execute one notebook; what fails is in the result's messages.

    Args:
        job: what to execute.
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


def _is_quick(job: Job) -> bool:
    # A lesson of more than twelve seconds has the parameter FAST.
    return not fast_parameters(read_notebook(job.path))
