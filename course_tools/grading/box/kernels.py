"""Jupyter kernels in the sandbox: a provisioner for every Jupyter client, and a manager."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from nbclient.util import run_sync
from traitlets import Bool, Dict, Instance

from course_tools.grading.box import cgroups
from course_tools.grading.box.boxed_process import BoxedProcess, remove_folder
from course_tools.grading.box.fork_server import SHARED, ForkError, ForkServer
from course_tools.grading.settings import Limits

PROVISIONER = "lr-course-sandbox"  # its entry point, jupyter_client.kernel_provisioners
_LOOK_AGAIN = 0.005  # seconds after which a box is seen to have ended
_CONNECT_AGAIN = 10  # milliseconds after which a kernel is called again that did not listen yet


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel in the sandbox, and kills all of it from outside."""

    limits = Dict(help="of the submission, by name").tag(config=True)

    _box = Instance(BoxedProcess, allow_none=True)
    out_of_memory = Bool(False, help="whether one of its processes was killed for want of memory")

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Make the shared folder and the control group."""
        manager = self.parent
        self._box = BoxedProcess(Limits(**self.limits), getattr(manager, "fork_server", None))
        manager.transport, manager.ip = "ipc", str(self._box.shared / "kernel")
        manager.connection_file = str(self._box.shared / "connection.json")
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Launch the box, with the kernel in it."""
        self.process = self._box.start(cmd)
        self.pid = self.pgid = self.process.pid
        return self.connection_info

    async def poll(self) -> int | None:
        """Return the exit status, or None while the kernel runs."""
        return 0 if self.process is None else self._box.poll()

    @property
    def is_running(self) -> bool:
        """Whether the kernel has begun and not ended."""
        return self.process is not None and self._box is not None and self._box.poll() is None

    def get_shutdown_wait_time(self, recommended: float = 5.0) -> float:
        """Return how long a kernel may take to end by itself: nothing of it is worth waiting."""
        return 0.2

    async def wait(self) -> int | None:
        """Wait until the box has ended: Jupyter's own looks only ten times a second."""
        while await self.poll() is None:
            await asyncio.sleep(_LOOK_AGAIN)
        return await super().wait()

    def kill_now(self) -> None:
        """Kill all processes of the box; returns at once."""
        if self._box is not None:
            self._box.kill()

    def wait_until_safe(self) -> None:
        """Wait until a forked kernel has the same walls around it as one that was started.

        Raises:
            ForkError: it has not, and may not be used.
        """
        self._box.wait_until_safe()

    def last_words(self) -> str:
        """Return what the box has written to stderr: why it could not be made."""
        return "" if self._box is None else self._box.last_words()

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the control group, with all that is left in it, and the shared folder."""
        if self._box is not None:
            self._box.remove()
            self.out_of_memory = self._box.was_out_of_memory
            self._box = None
        await super().cleanup(restart=restart)


class SubmissionKernelManager(AsyncKernelManager):
    """Manages the kernel of one submission, whose messages may not be larger than a limit.

    Without the limit, one message could fill the grader's own memory.
    """

    message_bytes = 8_000_000
    fork_server: ForkServer | None = None  # of which the kernel becomes a fork

    def _context_default(self) -> zmq.asyncio.Context:
        self._created_context = True
        context = zmq.asyncio.Context()
        context.setsockopt(zmq.MAXMSGSIZE, self.message_bytes)
        context.setsockopt(zmq.RECONNECT_IVL, _CONNECT_AGAIN)
        return context

    def client(self, **kwargs: Any) -> AsyncKernelClient:
        """Return a client that shares the manager's context, and so its limit."""
        return super().client(context=self.context, **kwargs)

    def kill_now(self) -> None:
        """Kill the kernel and all it has started; returns at once."""
        if isinstance(self.provisioner, SandboxProvisioner):
            self.provisioner.kill_now()
        elif self.provisioner is not None and self.provisioner.process is not None:
            self.provisioner.process.kill()

    @property
    def has_process(self) -> bool:
        """Whether the kernel's process is there."""
        if isinstance(self.provisioner, SandboxProvisioner):
            return self.provisioner.is_running
        process = getattr(self.provisioner, "process", None)
        return process is not None and process.poll() is None

    def wait_until_safe(self) -> None:
        """Wait until a forked kernel has the same walls around it as one that was started.

        Raises:
            ForkError: it has not, and may not be used.
        """
        if isinstance(self.provisioner, SandboxProvisioner):
            self.provisioner.wait_until_safe()

    def last_words(self) -> str:
        """Return what the sandbox said when it could not be made."""
        told = getattr(self.provisioner, "last_words", None)
        return told() if told is not None else ""

    @property
    def was_out_of_memory(self) -> bool:
        """Whether a process of the kernel was killed for want of memory; known once it ended."""
        return bool(getattr(self.provisioner, "out_of_memory", False))

    def end(self) -> None:
        """Kill the kernel and remove all that was made for it."""
        run_sync(self._end)()

    async def _end(self) -> None:
        self.kill_now()
        if self.has_kernel:
            await self.provisioner.wait()
        self.cleanup_connection_file()
        await self._async_cleanup_resources()
        if self.transport == "ipc" and not isinstance(self.provisioner, SandboxProvisioner):
            remove_folder(Path(self.connection_file).parent)


class _Specifications(KernelSpecManager):
    """Knows one kernel: this Python, in the sandbox or without."""

    limits: Limits
    unsafe = False

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(**specification(self.limits, unsafe=self.unsafe))


def specification(limits: Limits, *, unsafe: bool) -> dict[str, Any]:
    """Return what a kernel.json holds: this Python, in the sandbox unless `unsafe`."""
    kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    found: dict[str, Any] = {
        "argv": [*kernel, "--HistoryManager.enabled=False"],
        "display_name": "Submission",
        "language": "python",
        "interrupt_mode": "message",
        "metadata": {},
    }
    if not unsafe:
        config = {"limits": dataclasses.asdict(limits)}
        found["metadata"] = {
            "kernel_provisioner": {"provisioner_name": PROVISIONER, "config": config}
        }
    return found


def kernel_manager(limits: Limits, *, unsafe: bool = False) -> SubmissionKernelManager:
    """Return a manager whose kernel runs in the sandbox; it is not started yet.

    Args:
        limits: limits of the submission.
        unsafe: whether the kernel runs without the sandbox, with all rights of the grader.
    """
    specifications = _Specifications()
    specifications.limits, specifications.unsafe = limits, unsafe
    manager = SubmissionKernelManager(kernel_name="submission", kernel_spec_manager=specifications)
    manager.message_bytes = limits.message_mb * 1_000_000
    if unsafe:
        folder = tempfile.mkdtemp(prefix=cgroups.PREFIX)
        manager.transport, manager.ip = "ipc", f"{folder}/kernel"
        manager.connection_file = f"{folder}/connection.json"
    return manager


class KernelStartError(RuntimeError):
    """The kernel does not start: the machine's fault, not the learner's."""


class WarmKernels:
    """Gives out started kernels; ahead of need, if wanted, as starting one takes half a second."""

    def __init__(
        self,
        limits: Limits,
        *,
        unsafe: bool = False,
        ahead: bool = False,
        fork_server: ForkServer | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            limits: limits of every submission.
            unsafe: whether kernels run without the sandbox.
            ahead: whether the next one starts as soon as one is taken; `close` then ends it.
            fork_server: forks the kernels, as soon as it can; None to start each of them.
        """
        self._limits, self._unsafe, self._ahead = limits, unsafe, ahead
        self._fork_server = fork_server
        self._next: SubmissionKernelManager | None = None
        self._taken: SubmissionKernelManager | None = None
        self.is_stopped = False

    def take(self) -> SubmissionKernelManager:
        """Return a started kernel that nobody has used.

        Raises:
            KernelStartError: it cannot be started, or no more are wanted.
        """
        manager, self._next = self._next, None
        if manager is None or not self._is_fit(manager):
            manager = self._start()
            if not self._is_fit(manager):
                manager = self._start(is_forked=False)
        self._taken = manager
        if self._ahead:
            with suppress(KernelStartError):  # it is tried again when it is needed
                self._next = self._start()
        return manager

    def stop(self) -> None:
        """End the kernel that was taken, from any thread, and give out no more."""
        self.is_stopped = True
        if self._taken is not None:
            self._taken.kill_now()

    def close(self) -> None:
        """End the kernel that nobody took."""
        if self._next is not None:
            self._next.end()
            self._next = None

    def _is_fit(self, manager: SubmissionKernelManager) -> bool:
        """Return whether a kernel may be used; end it otherwise."""
        try:
            manager.wait_until_safe()
        except ForkError as error:
            self._fork_server.note(error)
        else:
            if manager.has_process:  # nobody has killed it
                return True
        manager.end()
        return False

    def _start(self, *, is_forked: bool = True) -> SubmissionKernelManager:
        if self.is_stopped:
            raise KernelStartError("no more kernels are wanted")
        manager = kernel_manager(self._limits, unsafe=self._unsafe)
        server = self._fork_server
        if is_forked and server is not None and server.is_ready():
            manager.fork_server = server
        try:
            # In the sandbox the folder is the box's own; without, at least not the grader's.
            folder = {"cwd": str(Path(manager.connection_file).parent)} if self._unsafe else {}
            run_sync(manager.start_kernel)(**folder)
        except Exception as error:
            manager.end()
            raise KernelStartError(f"no kernel can be started: {error}") from error
        return manager


def sweep() -> None:
    """Remove what graders that were killed have left: control groups and shared folders."""
    cgroups.sweep(cgroups.is_alive)
    for folder in SHARED.glob(f"{cgroups.PREFIX}*"):
        if not cgroups.is_alive(folder.name.removeprefix(cgroups.PREFIX)):
            remove_folder(folder)
