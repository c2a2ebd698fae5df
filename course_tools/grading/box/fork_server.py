"""Kernels whose imports are done before they start: forks of one process that join a box each."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import select
import shutil
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_tools.grading.box import cgroups, sandbox

#: The first process of a box that a fork joins: it says that the box is made, and then waits for
#: ever. Nobody in the box can kill a first process; nor does one that ignores ends leave zombies.
HOLDER = ("/bin/sh", "-c", "echo; exec env --ignore-signal=CHLD sleep infinity >/dev/null")
# Files there count as memory of the process that writes them, so no submission can fill a disk.
SHARED = Path("/dev/shm")
_PROGRAM = Path(__file__).with_name("forking.py")
_SECONDS = 60.0
_MOST_FAILURES = 3
_MOST = 4096  # bytes of what is said through a socket
#: Lines of /proc/self/status in which a kernel has to be as bubblewrap makes a program.
_STATUS = (
    *("Umask", "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs"),
    *("Seccomp", "Seccomp_filters", "Cpus_allowed", "Mems_allowed"),
)
_FILES = ("cgroup", "gid_map", "limits", "mountinfo", "oom_score_adj", "setgroups", "uid_map")

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())  # kernels are started then, so that nobody has to act


class ForkError(RuntimeError):
    """No kernel can be forked here, or not as safely as one is started."""


class ForkServer:
    """A process, in a box of its own, of which kernels are forks.

    It needs half a second, in which kernels are started without it.
    """

    def __init__(self, program: Path = _PROGRAM) -> None:
        """Start the process; `is_ready` tells when it can be used.

        Args:
            program: the file that it runs.

        Raises:
            ForkError: it cannot be started here.
        """
        self.folder = SHARED / (cgroups.PREFIX + cgroups.new_name())
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._failures = 0
        if shutil.which("nsenter") is None or not hasattr(os, "pidfd_open"):
            raise ForkError("there is no nsenter (util-linux), or no pidfd_open")
        command = sandbox.fork_server_command(program, self.folder)
        self.folder.mkdir(mode=0o700)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(_SECONDS)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin")},
                start_new_session=True,
            )
        except OSError as error:
            self._control.close()
            self.folder.rmdir()
            raise ForkError(f"bubblewrap cannot be started: {error}") from error
        finally:
            theirs.close()

    def is_ready(self, seconds: float = 0.0) -> bool:
        """Return whether kernels can be forked.

        Args:
            seconds: time to wait for it.
        """
        with self._lock:
            if self._pid is None and select.select([self._control], [], [], seconds)[0]:
                self._pid = int(self._control.recv(_MOST) or 0)  # 0: it has ended
        return bool(self._pid) and self._failures < _MOST_FAILURES

    def note(self, error: ForkError) -> None:
        """Note that a kernel could not be forked: after a few none are, and all are started."""
        self._failures += 1
        _log.warning("%s", error)

    def around(self) -> list[str]:
        """Return a command that runs another one in this process's box, with all its rights."""
        return ["nsenter", "-t", str(self._pid), "-U", "-m", "--preserve-credentials"]

    def new_folder(self) -> Path:
        """Return a new folder that a box and the grader may share."""
        folder = self.folder / secrets.token_hex(6)
        folder.mkdir(mode=0o700)
        return folder

    def fork(self, request: dict[str, Any], descriptors: Sequence[int]) -> ForkedKernel:
        """Fork a kernel; whether that succeeded is seen when it is waited for.

        Args:
            request: limits, argv, parent of the box and folder, as `forking` reads them.
            descriptors: descriptors of: the number of the box's first process, the pipe into which
                its holder writes, the filter, the errors, the files that lead into the groups.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, contextlib.suppress(OSError):  # the server has ended
            with self._lock:
                socket.send_fds(self._control, [b"f"], [theirs.fileno()])
            socket.send_fds(ours, [json.dumps(request).encode()], list(descriptors))
        return ForkedKernel(ours)

    def close(self) -> None:
        """End the process and remove its folder; boxes that were made in its own go on."""
        self._control.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, 9)
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class ForkedKernel:
    """A kernel that was forked: first it is on its way, then it is there, at last it has ended."""

    def __init__(self, channel: socket.socket) -> None:
        """Note the socket through which it says how far it is."""
        self._channel = channel
        self._process: int | None = None  # a descriptor

    def wait_until_safe(self) -> None:
        """Wait until the kernel has given up everything, and compare it with a program of the box.

        Raises:
            ForkError: it is not there, or has more rights than bubblewrap leaves a program.
        """
        try:
            kernel, first = self._wait()
        except (OSError, ValueError) as error:
            raise ForkError(f"no kernel was forked: {error}") from error
        finally:
            self._channel.close()
        try:
            differing = differences(first, kernel)
        except (OSError, ValueError) as error:
            raise ForkError(f"a forked kernel cannot be looked at: {error}") from error
        if self.has_ended:  # and what was looked at may be another's
            raise ForkError("the forked kernel has ended")
        if differing:
            raise ForkError(f"a forked kernel differs in {', '.join(differing)}")

    def _wait(self) -> tuple[int, int]:
        """Return its number, and that of the box's first process, as soon as it is there."""
        self._channel.settimeout(_SECONDS)
        numbers, is_ready = None, False
        while numbers is None or not is_ready:
            said, descriptors, _, _ = socket.recv_fds(self._channel, _MOST, 1)
            if descriptors:
                (self._process,) = descriptors
                numbers = said.split(b" ")
            elif said == b"ready":
                is_ready = True
            else:
                raise ForkError(f"no kernel was forked: {said.decode(errors='replace')}")
        kernel, first = map(int, numbers)
        return kernel, first

    @property
    def has_ended(self) -> bool:
        """Whether its process has ended."""
        if self._process is None:
            return False
        return bool(select.select([self._process], [], [], 0)[0])

    def close(self) -> None:
        """Close what is open of it."""
        self._channel.close()
        if self._process is not None:
            os.close(self._process)
            self._process = None


def differences(program: int, fork: int) -> list[str]:
    """Return in what a fork has not the same walls around it as a program of the same box.

    Args:
        program: number of the process that bubblewrap has started in the box.
        fork: number of the one that has joined it.
    """
    ours, theirs = (Path(f"/proc/{process}") for process in (fork, program))
    status, wanted = _status(ours), _status(theirs)
    found = [name for name in _STATUS if status.get(name) != wanted.get(name)]
    if int(status["CapBnd"], 16):  # bubblewrap leaves this set: nothing can be gained by it
        found.append("CapBnd")
    if len(status["NSpid"].split()) != len(wanted["NSpid"].split()):
        found.append("NSpid")
    found += [one for one in _FILES if (ours / one).read_bytes() != (theirs / one).read_bytes()]
    if _label(ours) != _label(theirs):
        found.append("attr/current")
    for kind in os.listdir(theirs / "ns"):
        if os.readlink(ours / "ns" / kind) != os.readlink(theirs / "ns" / kind):
            found.append(kind)
    return found


def _status(process: Path) -> dict[str, str]:
    text = (process / "status").read_text(encoding="utf-8", errors="replace")
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def _label(process: Path) -> bytes:
    """Return what AppArmor or SELinux calls a process; without them there is no such file."""
    with contextlib.suppress(OSError):
        return (process / "attr" / "current").read_bytes()
    return b""
