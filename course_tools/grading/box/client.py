"""papermill's client and engine for kernels that nobody trusts: errors go on, limits end them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty
from typing import Any

import papermill
import zmq
from nbclient.exceptions import CellControlSignal
from nbclient.util import run_sync
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets import Any as AnyTrait
from zmq.utils.monitor import recv_monitor_message

from course_tools.grading.box.kernels import SubmissionKernelManager

ENGINE = "lr-course-submission"
_START_SECONDS = 60
_BYTES_A_MESSAGE = 200  # that a message costs in addition to its content
_PUBLISHED = 0.2  # seconds after a reply in which a kernel says that it is idle
_LOOK_AGAIN = 0.1  # seconds after which a kernel is seen to have ended
_TRIED_AGAIN = 0.3  # seconds in which ZeroMQ says that it tries to connect again

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # what goes wrong with a submission stands in its report


class OverLimitError(Exception):
    """A kernel printed or sent more than it may, and was ended.

    Attributes:
        limit: the limit, by its name in the settings.
    """

    def __init__(self, limit: str) -> None:
        """Keep the limit's name."""
        super().__init__(f"the kernel sent more than {limit} allows")
        self.limit = limit


@dataclass
class Allowance:
    """The time, output and restarts that are left to a submission, in all its kernels.

    Attributes:
        deadline: time at which everything must have ended, on the clock of `time.monotonic`.
        own_seconds: seconds that are left for work of the learner's own.
        own_bytes: bytes that such work may still send.
        own_stops: times that such work may still end a kernel.
    """

    deadline: float
    own_seconds: float
    own_bytes: int
    own_stops: int = 3

    @property
    def own_is_over(self) -> bool:
        """Whether the learner's own work has used up its part, so that tasks have theirs."""
        return self.own_seconds <= 0 or self.own_bytes <= 0 or self.own_stops <= 0


class Watch:
    """Watches what a kernel uses, and ends it when that is too much.

    Until the learner's first cell, the submission's time does not run: how long a kernel takes to
    start depends on what else the machine does.

    Attributes:
        notebook: the notebook that is executed.
        current: the cell that runs; None before the first.
        limit_of_time: the limit of time that the current cell has to keep, by its name.
        over_limit: the limit that was exceeded, by its name; "" for none.
    """

    def __init__(
        self, manager: SubmissionKernelManager, allowance: Allowance, output_bytes: int
    ) -> None:
        """Begin.

        Args:
            manager: manager of the kernel.
            allowance: time and output that are left to the submission.
            output_bytes: most that this kernel may send outside of the learner's own work.
        """
        self.notebook: NotebookNode | None = None
        self.current: NotebookNode | None = None
        self.limit_of_time = ""
        self.over_limit = ""
        self._manager, self._allowance, self._left = manager, allowance, output_bytes
        self._began = time.monotonic()
        self._used = 0

    def leaves_out(self, cell: NotebookNode) -> bool:
        """Return whether a cell is not run, because others of its kind have used too much."""
        return cell.metadata.is_own and self._allowance.own_is_over

    def begin(self, cell: NotebookNode) -> None:
        """Note that a cell begins."""
        now = time.monotonic()
        if self.current is None:
            self._allowance.deadline += now - self._began
        self.current, self._began, self._used = cell, now, 0

    def finish(self, cell: NotebookNode) -> None:
        """Note that a cell has ended, in whatever way."""
        took = time.monotonic() - self._began
        cell.metadata.update(took=took, used=self._used)
        if not cell.metadata.limit:
            self._allowance.deadline += took
        if cell.metadata.is_own:
            self._allowance.own_seconds -= took

    def seconds_for(self, cell: NotebookNode) -> float:
        """Return how long a cell may take: its own limit, or what is left of the whole."""
        if not cell.metadata.limit:
            return cell.metadata.seconds
        left = self._allowance.deadline - time.monotonic()
        if cell.metadata.is_own:
            left = min(left, self._allowance.own_seconds)
        is_whole = left < cell.metadata.seconds
        self.limit_of_time = "submission_seconds" if is_whole else cell.metadata.limit
        return max(0.1, min(cell.metadata.seconds, left))

    def count(self, message: Mapping[str, Any]) -> None:
        """Count a message, and end its kernel when there were too many."""
        size = _BYTES_A_MESSAGE + _size(message.get("content"))
        self._used += size
        if self.current is not None and self.current.metadata.is_own:
            self._allowance.own_bytes -= size
            left = self._allowance.own_bytes
        else:
            self._left -= size
            left = self._left
        if left < 0:
            self.end("output_mb")

    def end(self, limit: str) -> None:
        """End a kernel that is over a limit."""
        self.over_limit = self.over_limit or limit
        self._manager.kill_now()


def execute(nb: NotebookNode, manager: SubmissionKernelManager, watch: Watch) -> None:
    """Execute a notebook, cell after cell, in a started kernel; a cell that raises stops nothing.

    Outputs stand in `watch.notebook`; a cell that was run has `metadata.took` and `metadata.used`,
    seconds and bytes, and one that came to its end `metadata.done`.

    Args:
        nb: cells with `metadata.seconds`, how long each may take, `metadata.limit`, the name of
            that limit ("" where the submission's time does not run), and `metadata.is_own`.
        manager: manager of the kernel.
        watch: is told what happens.

    Raises:
        CellTimeoutError: a cell took too long.
        DeadKernelError: the kernel ended by itself.
        OverLimitError: it was ended for what it sent.
    """
    try:
        papermill.execute_notebook(
            nb,
            None,
            kernel_name="submission",
            engine_name=ENGINE,
            progress_bar=False,
            manager=manager,
            watch=watch,
        )
    except PapermillExecutionError:  # some cell raised, which its outputs show
        return
    except Exception as error:
        if watch.over_limit:
            raise OverLimitError(watch.over_limit) from error
        raise


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(str(key)) + _size(one) for key, one in value.items())
    if isinstance(value, list):
        return sum(map(_size, value)) + len(value)
    return 8


class _Client(PapermillNotebookClient):
    watch = AnyTrait()
    _monitors: tuple[asyncio.Future, ...] = ()

    def execute(self, **_: Any) -> NotebookNode:
        # papermill's own asks the kernel for its language once more at the end, and would wait for
        # ever when that does not answer.
        self.reset_execution_trackers()
        run_sync(self._async_meet)()
        try:
            for index, cell in enumerate(self.nb.cells):
                if self.watch.leaves_out(cell):
                    continue
                self.watch.begin(cell)
                try:
                    self.execute_cell(cell, index)
                    cell.metadata.done = True
                finally:
                    self.watch.finish(cell)
        finally:
            run_sync(self._async_leave)()
        return self.nb

    async def _async_meet(self) -> None:
        self.kc = self.km.client()
        # No heartbeat: whether the kernel lives is seen from its process.
        self.kc.start_channels(stdin=False, hb=False)
        deadline = time.monotonic() + self.startup_timeout
        while not await self._has_answered(self.kc.kernel_info()):
            if not await self.km.is_alive():
                raise RuntimeError("the kernel ended before it was ready")
            if time.monotonic() > deadline:
                raise RuntimeError(f"the kernel is not ready after {self.startup_timeout} s")

    async def _has_answered(self, asked: str) -> bool:
        """Return whether a request was answered, and what the kernel publishes arrives as well.

        The last that it publishes about a request says that it is idle: nothing else is under way.
        Jupyter's own `wait_for_ready` waits a fifth of a second to see that.
        """
        with suppress(Empty):
            while (await self.kc.get_shell_msg(timeout=1))["parent_header"].get("msg_id") != asked:
                pass
            while True:
                said = await self.kc.get_iopub_msg(timeout=_PUBLISHED)
                is_idle = said["content"].get("execution_state") == "idle"
                if is_idle and said["parent_header"].get("msg_id") == asked:
                    return True
        return False

    async def async_execute_cell(self, cell: NotebookNode, *args: Any, **kwargs: Any) -> Any:
        if not self._monitors:
            channels = (self.kc.iopub_channel, self.kc.shell_channel)
            self._monitors = tuple(asyncio.ensure_future(self._see(c.socket)) for c in channels)
        return await super().async_execute_cell(cell, *args, **kwargs)

    execute_cell = run_sync(async_execute_cell)

    async def _async_poll_kernel_alive(self) -> None:
        # As nbclient's own, which looks once a second: a cell that ends its kernel runs twice.
        while await self.km.is_alive():
            await asyncio.sleep(_LOOK_AGAIN)
        self.task_poll_for_reply.cancel()

    async def _see(self, socket: zmq.Socket) -> None:
        """End a kernel that sent too large a message: ZeroMQ cuts that connection for good.

        One that the kernel cut, since it is ending, ZeroMQ tries to make again at once. How long
        the kernel then takes to end says nothing: that depends on what else the machine does.
        """
        monitor = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED | zmq.EVENT_CONNECT_RETRIED)
        try:
            while True:
                if (await recv_monitor_message(monitor))["event"] != zmq.EVENT_DISCONNECTED:
                    continue
                # Not `asyncio.wait_for`: before Python 3.12 it may lose the cancellation.
                if not await monitor.poll(_TRIED_AGAIN * 1000):
                    self.watch.end("message_mb")
                    return
        finally:
            socket.disable_monitor()

    async def _async_leave(self) -> None:
        for monitor in self._monitors:
            monitor.cancel()
        await asyncio.gather(*self._monitors, return_exceptions=True)
        self.kc.stop_channels()

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> Any:
        self.watch.count(msg)
        if self.watch.over_limit:
            return None
        try:
            return super().process_message(msg, cell, cell_index)
        except CellControlSignal:
            raise
        except Exception:  # the kernel can send anything, of any form
            _log.info("a kernel sent a message that cannot be read", exc_info=True)
            return None


class SubmissionEngine(Engine):
    """papermill's engine for submissions."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        *,
        manager: SubmissionKernelManager,
        watch: Watch,
        **_: Any,
    ) -> None:
        """Execute the cells in a kernel that has been started."""
        watch.notebook = nb_man.nb
        _Client(
            nb_man,
            km=manager,
            watch=watch,
            kernel_name=kernel_name,
            startup_timeout=_START_SECONDS,
            timeout_func=watch.seconds_for,
            allow_errors=True,
            store_widget_state=False,
            log=_log,
        ).execute()


papermill_engines.register(ENGINE, SubmissionEngine)
