"""Runs steps, one after the other, in one kernel: what they showed, and which of them ended it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from course_tools.grading import report
from course_tools.grading.box import broker, client
from course_tools.grading.box.kernels import KernelStartError, WarmKernels
from course_tools.grading.report import RaisedError
from course_tools.grading.settings import Limits

_MOST_KEPT = 20_000  # characters of what a step shows

Role = Literal["boot", "given", "cell", "ask"]
BOOT: Role = "boot"  # prepares the kernel
GIVEN: Role = "given"  # code that the exercise came with
CELL: Role = "cell"  # of the learner
ASK: Role = "ask"  # asks a function


@dataclass(frozen=True)
class Step:
    """A piece of code that a kernel runs.

    Attributes:
        role: whose it is.
        source: its code.
        seconds: time that it may take.
        cell: index of the learner's cell; of an ask, the one that it follows.
        task: name of the task that an ask is for.
        is_own: whether it is work of the learner's own, which no task needs as far as one can see.
        kept: content of the file that the broker takes, for nobody else in the box; "" for none.
    """

    role: Role
    source: str
    seconds: float
    cell: int = -1
    task: str = ""
    is_own: bool = False
    kept: str = ""


@dataclass(frozen=True)
class StepDone:
    """A step that was run.

    Attributes:
        step: the step.
        outputs: outputs as nbformat has them, made by a stranger.
        is_whole: whether it came to its end.
        seconds: time that it took.
        size: bytes that it sent.
    """

    step: Step
    outputs: Sequence[NotebookNode]
    is_whole: bool
    seconds: float
    size: int

    @property
    def text(self) -> str:
        """Text that it printed, showed or raised, cut off."""
        pieces = []
        for output in self.outputs:
            if output.output_type == "stream":
                pieces.append(str(output.text))
            elif output.output_type == "error":
                pieces.append(report.without_file(f"{output.ename}: {output.evalue}\n"))
            elif "text/plain" in shown(output):
                pieces.append(f"{shown(output)['text/plain']}\n")
        return report.cut("".join(pieces), _MOST_KEPT)

    @property
    def raised(self) -> RaisedError | None:
        """The exception that ended it, if any."""
        for output in reversed(self.outputs):
            if output.output_type == "error":
                return report.raised_error(str(output.ename), str(output.evalue))
        return None


@dataclass(frozen=True)
class KernelRun:
    """The outcome of running steps in one kernel.

    Attributes:
        done: steps that were run.
        ended_by: the step that ended the kernel; None where all came to their end.
        why: one of `report.OUTCOMES`, how it did that.
        limit: the limit that it exceeded, by its name in the settings; "" for none.
    """

    done: tuple[StepDone, ...]
    ended_by: Step | None = None
    why: str = ""
    limit: str = ""


def shown(output: NotebookNode) -> Mapping[str, Any]:
    """Return what is displayed, by kind; a kernel may send something else in its place."""
    data = output.get("data")
    return data if isinstance(data, Mapping) else {}


def run_steps(
    steps: Sequence[Step], warm: WarmKernels, limits: Limits, allowance: client.Allowance
) -> KernelRun:
    """Run steps in a new kernel; one that raises does not stop the others.

    Args:
        steps: the steps.
        warm: source of the kernel.
        limits: limits of the submission.
        allowance: time and output that are left to it; those used here are taken off.

    Raises:
        KernelStartError: no kernel starts, or the exercise's own code cannot be run.
    """
    nb = new_notebook(cells=[_cell(number, step) for number, step in enumerate(steps)])
    began = time.monotonic()
    manager = warm.take()
    allowance.deadline += time.monotonic() - began
    watch = client.Watch(manager, allowance, limits.output_mb * 1_000_000)
    why = limit = trouble = ""
    try:
        for step in steps:
            _leave_file(step.kept, Path(manager.connection_file))
        client.execute(nb, manager, watch)
    except client.OverLimitError as error:
        why, limit = report.OVER_LIMIT, error.limit
    except CellTimeoutError:
        why, limit = report.TIMED_OUT, watch.limit_of_time
    except DeadKernelError:
        why = report.DIED
    except Exception as error:  # messages that are not Jupyter's, from a broken kernel
        why, trouble = report.DIED, repr(error)
    finally:
        told = manager.last_words()
        manager.end()
    if watch.current is None:
        because = told or trouble or why
        if manager.was_out_of_memory:
            because = f"it needs more than memory_mb = {limits.memory_mb}"
        raise KernelStartError(f"the kernel does not start: {because}")
    if why == report.DIED and manager.was_out_of_memory:
        why, limit = report.OVER_LIMIT, "memory_mb"
    done = tuple(_done(watch.notebook, steps))
    ended_by = steps[watch.current.metadata.step] if why else None
    _check_own_code(done, ended_by, why)
    return KernelRun(done, ended_by, why, limit)


def _leave_file(kept: str, connection_file: Path) -> None:
    """Write what a step keeps beside a connection file, in whose folder nobody has written yet."""
    if kept:
        with connection_file.with_name(broker.FILE).open("x", encoding="utf-8") as file:
            file.write(kept)


def _cell(number: int, step: Step) -> NotebookNode:
    metadata = {
        "step": number,
        "seconds": step.seconds,
        "is_own": step.is_own,
        "limit": {CELL: "cell_seconds", ASK: "task_seconds"}.get(step.role, ""),
    }
    return new_code_cell(step.source, metadata=metadata)


def _done(nb: NotebookNode, steps: Sequence[Step]) -> Iterator[StepDone]:
    for cell in nb.cells:
        found = cell.metadata
        if "used" in found:
            yield StepDone(
                steps[found.step], cell.outputs, found.get("done", False), found.took, found.used
            )


def _check_own_code(done: Sequence[StepDone], ended_by: Step | None, why: str) -> None:
    """Make sure that the exercise's own code could be run: else no mark may come of it."""
    for one in done:
        is_error = any(output.output_type == "error" for output in one.outputs)
        if one.step.role == BOOT and is_error:
            raise KernelStartError(f"the course cannot be used in a kernel: {one.text}")
    if ended_by is not None and ended_by.role in (BOOT, GIVEN):
        raise KernelStartError(f"the exercise's own code cannot be run: {why}")
