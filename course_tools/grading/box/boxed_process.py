"""A process in the sandbox: started there, or forked by the fork server and joined to it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from course_tools.grading.box import cgroups, sandbox, seccomp
from course_tools.grading.box.fork_server import HOLDER, SHARED, ForkedKernel, ForkServer
from course_tools.grading.settings import Limits

_MOST_STDERR = 4096
_KILLED = -9  # as `subprocess` says it


class BoxedProcess:
    """One process, with its box, its control group and the folder that it shares with the grader.

    Attributes:
        shared: the folder; its path is the same in the box.
        process: process of bubblewrap, from outside the box; None before the start.
        was_out_of_memory: whether one in the box was killed for want of memory; known at the end.
    """

    def __init__(self, limits: Limits, server: ForkServer | None = None) -> None:
        """Make the folder and the group.

        Args:
            limits: limits of the box.
            server: fork server of which the process, a kernel, is a fork; None to start it.

        Raises:
            NoCgroupsError: there are no control groups.
        """
        name = cgroups.new_name()
        self.shared = SHARED / (cgroups.PREFIX + name) if server is None else server.new_folder()
        self.process: subprocess.Popen | None = None
        self.was_out_of_memory = False
        self._limits, self._server = limits, server
        self._fork: ForkedKernel | None = None
        self._told: int | None = None
        self._group: cgroups.Group | None = None
        self.shared.mkdir(mode=0o700, exist_ok=server is not None)
        self._group = cgroups.make(name, limits.memory_mb, limits.processes, limits.cores)

    def start(self, command: Sequence[str]) -> subprocess.Popen:
        """Start the process. Its output goes nowhere; what it says on stderr is kept for an error.

        Args:
            command: Python, with a kernel's module and its arguments after -m.
        """
        with ExitStack() as opened:
            # Nobody reads this pipe while the box runs: when it is full, the box waits.
            self._told, errors = os.pipe()
            opened.callback(os.close, errors)
            if self._server is None:
                self._launch(command, errors)
            else:
                self._launch_and_fork(self._server, command, errors, opened)
        return self.process

    def _launch(
        self,
        command: Sequence[str],
        errors: int,
        stdout: int = subprocess.DEVNULL,
        information: int | None = None,
        around: Sequence[str] = (),
    ) -> None:
        rules = seccomp.as_descriptor()
        box = sandbox.command(
            command,
            *(self.shared, self._group, self._limits, rules),
            information_fd=information,
            around=around,
        )
        try:
            self.process = subprocess.Popen(
                box,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=errors,
                pass_fds=(rules,) if information is None else (rules, information),
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")},
                start_new_session=True,
            )
        finally:
            os.close(rules)

    def _launch_and_fork(
        self, server: ForkServer, command: Sequence[str], errors: int, opened: ExitStack
    ) -> None:
        """Launch a box that only waits, and fork a kernel that joins it; waits for nothing."""
        pipes = [os.pipe() for _ in range(2)]
        rules = seccomp.as_descriptor()
        for one in (rules, *pipes[0], *pipes[1]):
            opened.callback(os.close, one)
        (informed, information), (is_made, made) = pipes
        self._launch(HOLDER, errors, made, information, server.around())
        entrances = [os.open(path, os.O_WRONLY) for path in self._group.entrances]
        for one in entrances:
            opened.callback(os.close, one)
        request = {
            "parent": self.process.pid,
            "limits": sandbox.resource_limits(self._limits),
            "folder": sandbox.HOME,
            "argv": list(command[command.index("-m") + 2 :]),
        }
        self._fork = server.fork(request, (informed, is_made, rules, errors, *entrances))

    def wait_until_safe(self) -> None:
        """Wait until a forked kernel has the same walls around it as one that was started.

        Raises:
            ForkError: it has not, and may not be used.
        """
        if self._fork is not None:
            self._fork.wait_until_safe()

    def poll(self) -> int | None:
        """Return the exit status, or None while the process runs."""
        status = None if self.process is None else self.process.poll()
        if status is None and self._fork is not None and self._fork.has_ended:
            self.kill()
            return _KILLED
        return status

    def kill(self) -> None:
        """Kill all processes of the box; returns at once."""
        # Once it has ended, its number may be another's.
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def last_words(self) -> str:
        """Return what the box has written to stderr: why it could not be made."""
        if self._told is None:
            return ""
        os.set_blocking(self._told, False)
        with suppress(BlockingIOError):
            return os.read(self._told, _MOST_STDERR).decode(errors="replace").strip()
        return ""

    def remove(self) -> None:
        """Kill it, and remove the control group, with all that is left in it, and the folder."""
        self.kill()
        if self._fork is not None:
            self._fork.close()
            self._fork = None
        if self._group is not None:
            self.was_out_of_memory = self._group.was_out_of_memory
            self._group.remove()
            self._group = None
        remove_folder(self.shared)
        if self._told is not None:
            os.close(self._told)
            self._told = None


def remove_folder(folder: Path) -> None:
    """Remove a folder in which a stranger has written, whatever it holds.

    Python's own `rmtree` ends at a thousand folders inside each other; those of this system do not.
    """
    with suppress(OSError):  # mostly there are a few files, and none of a stranger's
        for one in os.scandir(folder):
            os.unlink(one)
        os.rmdir(folder)
        return
    subprocess.run(["rm", "-rf", "--", folder], check=False, stderr=subprocess.DEVNULL)
    if folder.exists():  # folders that nobody may enter
        subprocess.run(["chmod", "-R", "u+rwX", "--", folder], check=False)
        subprocess.run(["rm", "-rf", "--", folder], check=False)
