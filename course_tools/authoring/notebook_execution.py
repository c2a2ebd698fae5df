"""Executes a notebook through papermill and names the cell that failed."""

from __future__ import annotations

import logging
import os
import queue
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import papermill
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError, strip_color

from course_tools.authoring.errors import CellFailure, CourseError
from course_tools.authoring.kernel_sockets import with_own_sockets
from course_tools.authoring.notebook_files import read_notebook
from course_tools.authoring.parameters import check_parameters

DEFAULT_TIMEOUT = 300  # seconds a cell may take; a lesson's slowest takes a tenth of it
TRACEBACK_LINES = 12
ENGINE = "lr-course"
_WRONG = ("Traceback (most recent call last)", "UsageError: ")  # on stderr; the second of a magic

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # what fails is raised; nothing is printed twice


@dataclass(frozen=True)
class Execution:
    """An executed notebook and the seconds it took."""

    notebook: NotebookNode
    seconds: float


def execute(
    notebook: Path | NotebookNode,
    *,
    parameters: Mapping[str, Any] | None = None,
    timeout: int = DEFAULT_TIMEOUT,
    cwd: Path | None = None,
    progress: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Execution:
    """Executes a notebook from its first cell to its last; the file itself stays as it is.

    Args:
        notebook: path of the notebook, or the notebook.
        parameters: values for the names in its cell tagged ``parameters``.
        timeout: seconds that one cell may take.
        cwd: folder in which the kernel starts; by default the folder of the notebook.
        progress: arguments for papermill's tqdm bar; None shows no bar.
        environment: variables that the kernel has in addition to those of this process.

    Raises:
        CourseError: not a notebook, an unknown or ill-typed parameter, no such kernel; nothing
            has been executed then.
        CellFailure: a cell raised, ran longer than ``timeout``, lost its kernel, or made a
            widget callback, a thread or an asyncio task that raised.
    """
    nb = read_notebook(notebook) if isinstance(notebook, Path) else notebook
    name = notebook.name if isinstance(notebook, Path) else _name(nb)
    if cwd is None:
        cwd = notebook.resolve().parent if isinstance(notebook, Path) else Path.cwd()
    check_executable(nb, name, parameters or {})
    run = _Run()
    start = time.monotonic()
    try:
        papermill.execute_notebook(
            nb,
            None,
            parameters=dict(parameters or {}),
            engine_name=ENGINE,
            progress_bar=dict(progress) if progress is not None else False,
            cwd=cwd,
            execution_timeout=timeout,
            environment=dict(environment or {}),
            run=run,
        )
    except PapermillExecutionError as error:
        if not run.failures:
            run.record(error.ename, error.evalue, error.traceback)
    except CellTimeoutError:
        run.stop("TimeoutError", f"the cell ran longer than {timeout} s")
    except DeadKernelError:
        run.stop("DeadKernelError", "the kernel died, perhaps for want of memory")
    except (OSError, RuntimeError) as error:
        if run.cell_index is None:
            raise _start_error(name, error) from error
        run.stop(type(error).__name__, str(error))
    seconds = time.monotonic() - start
    if run.notebook is not None:  # papermill would keep a copy of the whole notebook here
        run.notebook.metadata.papermill["input_path"] = name
    if run.failures:
        first = run.failures[0]
        raise CellFailure(
            name, first.number, first.source, first.error, first.traceback, run.notebook, seconds
        )
    return Execution(run.notebook, seconds)


def kernel_environment() -> dict[str, str]:
    """Return the variables of this process that a kernel inherits, and where it draws figures."""
    # A cell of JupyterLab may have started us; nobody looks on in the kernels we start.
    inherited = {k: v for k, v in os.environ.items() if k != "JPY_SESSION_NAME"}
    # Another backend may be unknown, or open windows.
    return inherited | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}


def authors_cells(nb: NotebookNode) -> list[NotebookNode]:
    """The cells of an executed notebook without those that papermill put in."""
    papermills = {"injected-parameters", "papermill-error-cell-tag"}
    return [c for c in nb.cells if papermills.isdisjoint(c.metadata.get("tags", []))]


def check_executable(nb: NotebookNode, name: str, parameters: Mapping[str, Any]) -> None:
    """Refuses, before anything runs, a notebook whose kernel or parameters do not exist.

    Raises:
        CourseError: as said; the message names the notebook.
    """
    check_parameters(nb, parameters, name)
    kernel = nb.metadata.get("kernelspec", {}).get("name", "")
    try:
        KernelSpecManager().get_kernel_spec(kernel)
    except NoSuchKernel as error:
        raise CourseError(
            f"{name} asks for the kernel {kernel!r}, which is not installed; "
            "choose an installed one (`jupyter kernelspec list`), or see `lr-course doctor`"
        ) from error
    except OSError as error:  # a folder of Jupyter's or IPython's cannot be made, say
        raise _start_error(name, error) from error


def _name(nb: NotebookNode) -> str:
    return nb.metadata.get("course", {}).get("source", "notebook")


def _start_error(name: str, error: Exception) -> CourseError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return CourseError(f"{name}: its kernel did not start ({reason}); see `lr-course doctor`")


@dataclass(frozen=True)
class _Failure:
    number: int
    source: str
    error: str
    traceback: str


@dataclass
class _Run:
    """What the engine notes of one execution: papermill hands nothing back when a cell fails."""

    notebook: NotebookNode | None = None
    cell_index: int | None = None  # none before the kernel has started
    failures: list[_Failure] = field(default_factory=list)

    def record(self, ename: str, evalue: str, traceback: list[str] | None = None) -> None:
        # Papermill's own cell with the values is not in the author's file: do not count it.
        before = self.notebook.cells[: self.cell_index + 1]
        number = sum("injected-parameters" not in c.metadata.get("tags", []) for c in before)
        lines = strip_color("\n".join(traceback or [])).splitlines()[-TRACEBACK_LINES:]
        source = self.notebook.cells[self.cell_index].source
        self.failures.append(_Failure(number, source, f"{ename}: {evalue}", "\n".join(lines)))

    def stop(self, ename: str, evalue: str) -> None:
        """Note why the current cell was the last one.

        Papermill itself stores this cell and those after it, which never ran, as completed.
        """
        self.record(ename, evalue)
        self.notebook.metadata.papermill["exception"] = True
        for index, cell in enumerate(self.notebook.cells[self.cell_index :]):
            state = {"status": "pending", "exception": None}
            if index == 0:
                state = {"status": "failed", "exception": True}
            cell.metadata.papermill.update(state)


class _Client(PapermillNotebookClient):
    """Also hears the errors that nbclient drops or hides.

    An error in a callback is not an error of the cell: one inside an Output widget becomes that
    widget's content, one in a message handler has no cell as its parent and is dropped, and
    those of threads and tasks are text on stderr. All pass here on the kernel's public channel.
    """

    def __init__(self, nb_man: Any, run: _Run, **kwargs: Any) -> None:
        super().__init__(nb_man, on_cell_executed=self._look_for_exit, **kwargs)
        self.run = run

    def create_kernel_manager(self) -> Any:
        return with_own_sockets(super().create_kernel_manager())

    def start_new_kernel_client(self) -> Any:
        client = super().start_new_kernel_client()
        receive = client.iopub_channel.get_msg

        async def get_msg(*args: Any, **kwargs: Any) -> dict[str, Any]:
            message = await receive(*args, **kwargs)
            self._listen(message["msg_type"], message["content"])
            return message

        client.iopub_channel.get_msg = get_msg
        return client

    def execute_cell(self, cell: NotebookNode, cell_index: int, **kwargs: Any) -> NotebookNode:
        self.run.cell_index = cell_index
        return super().execute_cell(cell, cell_index, **kwargs)

    def _look_for_exit(self, execute_reply: Mapping[str, Any], **_: Any) -> None:
        # The kernel ends a tenth of a second after `exit()`, in whichever cell then runs.
        payload = execute_reply["content"].get("payload", ())
        if any(item.get("source") == "ask_exit" for item in payload):
            self.run.record("exit", "the cell ends the kernel")

    def set_widgets_metadata(self) -> None:
        # The last step before the kernel ends: take what callbacks of the last cell have sent.
        try:
            while True:
                run_sync(self.kc.iopub_channel.get_msg)(timeout=0.1)
        except queue.Empty:
            super().set_widgets_metadata()

    def _listen(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "error":
            self.run.record(content["ename"], content["evalue"], content["traceback"])
        elif kind == "stream" and content["name"] == "stderr":
            lines = strip_color(content["text"]).rstrip().splitlines()
            if any(line.startswith(_WRONG) for line in lines):
                self.run.record("printed to stderr", lines[-1], lines)


class _Engine(NBClientEngine):
    """Papermill's own engine, with a client that hears every error."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        run: _Run,
        execution_timeout: int,
        environment: dict[str, str],
        start_timeout: int = 60,
        **_unused: Any,
    ) -> None:
        run.notebook = nb_man.nb
        inherited = kernel_environment()
        inherited.setdefault("LR_COURSE_PROGRESS", "")  # solving a solution is no progress
        _Client(
            nb_man,
            run,
            kernel_name=kernel_name,
            timeout=execution_timeout,
            startup_timeout=start_timeout,
            log=_log,
            shutdown_kernel="immediate",  # a graceful end stalls 4 s now and then
            extra_arguments=["--log-level=ERROR"],  # or each kernel warns about TCP on stderr
        ).execute(env=inherited | environment)


papermill_engines.register(ENGINE, _Engine)
