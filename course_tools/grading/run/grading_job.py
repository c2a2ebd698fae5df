"""One submission as a job for a thread, a process or another machine."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass

from course_tools.grading import report_json
from course_tools.grading.box.fork_server import ForkError, ForkServer
from course_tools.grading.box.kernels import KernelStartError, WarmKernels
from course_tools.grading.run.submission_grading import grade
from course_tools.grading.settings import Settings

_ATTEMPTS = 5  # to start a kernel


@dataclass(frozen=True)
class GradingJob:
    """A submission to be graded; it can be pickled.

    Attributes:
        content: the file's bytes.
        settings: limits and policies.
        seed: seed of the hidden cases.
        unsafe: whether it runs without the sandbox.
        exercise: the exercise that is graded; by default the one that the notebook belongs to.
    """

    content: bytes
    settings: Settings
    seed: int
    unsafe: bool = False
    exercise: str = ""


class Worker:
    """Grades one job after the other, with a warm kernel for each thread that asks.

    A plain function would do but for the kernels, which have to be ended at the end.
    """

    def __init__(self) -> None:
        """Start nothing yet."""
        self._own = threading.local()
        self._all: list[WarmKernels] = []
        self._lock = threading.Lock()
        self._fork_server: ForkServer | None = None

    def __call__(self, job: GradingJob) -> str:
        """Return the report as JSON."""
        if not hasattr(self._own, "warm"):
            self._own.warm = self._new_kernels(job)
        return _graded(job, self._own.warm)

    def stop(self) -> None:
        """End the running submissions; their callers get an error."""
        for warm in self._all:
            warm.stop()

    def close(self) -> None:
        """End the kernels that nobody used, and what they were forked of."""
        for warm in self._all:
            warm.close()
        if self._fork_server is not None:
            self._fork_server.close()

    def _new_kernels(self, job: GradingJob) -> WarmKernels:
        with self._lock:
            if not self._all and not job.unsafe:
                with suppress(ForkError):  # then every kernel is started
                    self._fork_server = ForkServer()
            limits = job.settings.limits
            server = self._fork_server
            warm = WarmKernels(limits, unsafe=job.unsafe, ahead=True, fork_server=server)
            self._all.append(warm)
        return warm


def grade_job(job: GradingJob) -> str:
    """Return the report as JSON; leaves nothing behind, so that it suits any executor."""
    warm = WarmKernels(job.settings.limits, unsafe=job.unsafe)
    return _graded(job, warm)


def _graded(job: GradingJob, warm: WarmKernels) -> str:
    failures = 0
    while True:
        try:
            found = grade(
                job.content,
                job.settings,
                job.seed,
                warm,
                exercise=job.exercise,
                unsafe=job.unsafe,
            )
            return report_json.to_json(found)
        except KernelStartError:
            failures += 1
            if failures == _ATTEMPTS or warm.is_stopped:
                raise
