"""Runs a learner's cells in a kernel, and in another one where a cell has ended the first."""

from __future__ import annotations

import logging
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jupyter_client.kernelspec import NATIVE_KERNEL_NAME, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from papermill.exceptions import strip_color

from course_tools.authoring.errors import CourseError
from course_tools.authoring.kernel_output import MOST_BYTES, TooMuchOutput
from course_tools.authoring.kernel_sockets import with_own_sockets
from course_tools.authoring.notebook_execution import kernel_environment

# Nobody looks at figures here: a magic that asks for a window gets none. And `exit` says that it
# was called, but does not stop the kernel, which would run the next cells for another tenth of a
# second.
_PREPARE = """
get_ipython().unobserve_all("exit_now")
get_ipython().enable_gui = lambda gui=None: None
get_ipython().enable_matplotlib = (
    lambda gui=None, own=get_ipython().enable_matplotlib: own("inline")
)
__import__("course_tools.authoring.kernel_output", fromlist=["_"]).count_output(get_ipython())
"""
# Errors that are said in a sentence: their tracebacks lead into Jupyter and Python.
_IN_WORDS = {
    "StdinNotImplementedError": "It asks for input, which nobody gives it here. Write the answer "
    'into the cell, as in name = "Ada".',
    "SystemExit": "It calls sys.exit, which ends the cell with an error. The cells below it were "
    "run all the same.",
}
_TIMED_OUT = "CellTimeout"  # the name under which nbclient gives us an error that we asked for
_SECONDS_TO_STOP = 10  # from the interruption to the end of a cell, and for its last outputs

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # what goes wrong is in the result


@dataclass(frozen=True)
class CellError:
    """The reason why a cell failed, and the text about it for the learner."""

    kind: Literal["not written", "stopped", "ended", "error"]
    text: str


STOPPED = CellError("stopped", "It took too long and was stopped (see --timeout).")
PRINTED = CellError(
    "stopped",
    f"It printed or displayed more than {MOST_BYTES / 1e6:g} MB and was stopped; look for a loop "
    "that does not end.",
)
ENDED = CellError(
    "ended", "The kernel ended in this cell. It was left out, and the others were run without it."
)
_EXIT = CellError(
    "ended", "It ends the kernel (exit or quit). The other cells were run as if it did not."
)


def run_cells(
    sources: Sequence[str], folder: Path, timeout: int, environment: Mapping[str, str]
) -> dict[int, CellError]:
    """Run cells from the first to the last; return the errors, by number from 0.

    A cell that raises does not stop the others. A cell that ends its kernel, or that cannot be
    interrupted, is left out when all others are run again in a new one.

    Args:
        sources: code of each cell.
        folder: folder in which the kernel starts.
        timeout: seconds that one cell may take.
        environment: variables that the kernel has in addition to those of this process.

    Raises:
        CourseError: the kernel of this Python does not start.
    """
    left_out: dict[int, CellError] = {}
    while True:
        kernel = _Kernel(sources, timeout)
        with _started(kernel, folder, {**kernel_environment(), **environment}):
            ended = kernel.run(skipped=left_out)
        if ended is None:
            return dict(sorted({**kernel.errors, **left_out}.items()))
        left_out |= ended


@contextmanager
def _started(kernel: _Kernel, folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    with tempfile.TemporaryFile() as said, ExitStack() as stack:
        try:
            stack.enter_context(
                kernel.setup_kernel(
                    cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=said
                )
            )
        except (OSError, RuntimeError) as error:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
            reason = last or " ".join(str(error).split()) or type(error).__name__
            raise CourseError(
                f"the kernel did not start in {folder} ({reason}); see `lr-course doctor`"
            ) from error
        yield


class _Kernel(NotebookClient):
    """Runs the cells of one notebook and keeps why they failed."""

    def __init__(self, sources: Sequence[str], timeout: int) -> None:
        super().__init__(
            new_notebook(cells=[new_code_cell(source) for source in (_PREPARE, *sources)]),
            kernel_name=NATIVE_KERNEL_NAME,
            timeout=timeout,
            allow_errors=True,
            interrupt_on_timeout=True,
            error_on_timeout={"ename": _TIMED_OUT, "evalue": "", "traceback": []},
            iopub_timeout=_SECONDS_TO_STOP,
            raise_on_iopub_timeout=True,
            record_timing=False,
            shutdown_kernel="immediate",
            on_cell_executed=self._read_reply,
            log=_log,
        )
        self.errors: dict[int, CellError] = {}

    def create_kernel_manager(self) -> Any:
        manager = super().create_kernel_manager()
        # This Python, whatever the notebook asks for and whatever else is installed as python3.
        manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=[])
        return with_own_sockets(manager)

    def run(self, skipped: Mapping[int, CellError]) -> dict[int, CellError] | None:
        """Run the cells; return the one after which the kernel was of no more use, if any."""
        for index, cell in enumerate(self.nb.cells):
            if index - 1 in skipped:
                continue
            try:
                self.execute_cell(cell, index, store_history=index > 0)
            except DeadKernelError:
                return {index - 1: ENDED}
            except CellTimeoutError:
                return {index - 1: STOPPED}
        return None

    def process_message(self, msg: Mapping[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        # Outputs are not kept, however many there are. An error may be inside `with output:`, of
        # which the reply knows nothing.
        if msg["msg_type"] == "error":
            self.errors[cell_index - 1] = _error_of(msg["content"])
        return super().process_message(msg, cell, cell_index) if _ends_cell(msg) else None

    def _read_reply(self, cell_index: int, execute_reply: Mapping[str, Any], **_: Any) -> None:
        content, number = execute_reply["content"], cell_index - 1
        payload = content.get("payload", ())
        if content["status"] == "error" and content["ename"] == _TIMED_OUT:
            self.errors[number] = STOPPED
        elif content["status"] == "error":  # of a magic that is not there, only the reply knows
            self.errors.setdefault(number, _error_of({**content, "traceback": []}))
        elif any(item.get("source") == "ask_exit" for item in payload):
            self.errors.setdefault(number, _EXIT)


def _ends_cell(msg: Mapping[str, Any]) -> bool:
    return msg["msg_type"] == "status" and msg["content"]["execution_state"] == "idle"


def _error_of(content: Mapping[str, Any]) -> CellError:
    if content["ename"] == TooMuchOutput.__name__:
        return PRINTED
    if content["ename"] in _IN_WORDS:
        return CellError("error", _IN_WORDS[content["ename"]])
    kind = "not written" if content["ename"] == "NotImplementedError" else "error"
    lines = content["traceback"] or [f"{content['ename']}: {content['evalue']}"]
    return CellError(kind, strip_color("\n".join(lines)).strip())
