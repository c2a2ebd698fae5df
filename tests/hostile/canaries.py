"""Things of the host that no submission may reach, and what shows that one did."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.hostile.making import Host

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SLEEPER = "import time; time.sleep(3600)"


@dataclass(frozen=True)
class Canaries:
    """What must stay as it is while submissions are graded.

    Attributes:
        host: where it is, as submissions know it.
        process: a process that only sleeps.
        servers: sockets that listen, and that nobody may connect to.
    """

    host: Host
    process: subprocess.Popen
    servers: tuple[socket.socket, ...]

    def harm(self) -> list[str]:
        """Return what became of them, in sentences; empty where nothing did."""
        found = []
        if Path(self.host.file).read_text(encoding="utf-8") != self.host.secret:
            found.append("the host's file was changed")
        if os.listdir(Path(self.host.file).parent) != [Path(self.host.file).name]:
            found.append("the host's folder was changed")
        if self.process.poll() is not None:
            found.append("the host's process was killed")
        elif psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED:
            found.append("the host's process was stopped")
        for server in self.servers:
            with contextlib.suppress(BlockingIOError):
                server.accept()
                found.append(f"somebody connected to {server.getsockname()!r}")
        return found


@contextlib.contextmanager
def canaries() -> Iterator[Canaries]:
    """Set them out, and take them away at the end."""
    secret, variable = f"canary-{secrets.token_hex(16)}", f"CANARY_{secrets.token_hex(4)}"
    with contextlib.ExitStack() as stack:
        file = Path(stack.enter_context(tempfile.TemporaryDirectory()), "gradebook.sqlite")
        file.write_text(secret, encoding="utf-8")
        # The path of a Unix socket is short, so it has a folder of its own.
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp"))
        servers = (
            _server(stack, socket.AF_INET, ("127.0.0.1", 0)),
            _server(stack, socket.AF_UNIX, f"{folder}/socket"),
            _server(stack, socket.AF_UNIX, f"\0{secret}"),
        )
        process = subprocess.Popen([sys.executable, "-c", _SLEEPER], start_new_session=True)
        stack.callback(process.wait)
        stack.callback(process.kill)
        os.environ[variable] = secret
        stack.callback(os.environ.pop, variable)
        host = Host(
            file=str(file),
            secret=secret,
            variable=variable,
            pid=process.pid,
            port=servers[0].getsockname()[1],
            socket=f"{folder}/socket",
            abstract=secret,
            namespace=os.readlink("/proc/self/ns/pid"),
            users=Path("/etc/passwd").read_text(encoding="utf-8"),
        )
        yield Canaries(host, process, servers)


def _server(stack: contextlib.ExitStack, kind: int, address: object) -> socket.socket:
    server = stack.enter_context(socket.socket(kind, socket.SOCK_STREAM))
    server.bind(address)
    server.listen()
    server.setblocking(False)
    return server


@dataclass
class Peak:
    """The most memory this process had."""

    bytes: int = 0


@contextlib.contextmanager
def peak_memory() -> Iterator[Peak]:
    """Measure how far this process grows while something runs, in bytes."""
    peak, before, is_over = Peak(), _resident(), threading.Event()

    def watch() -> None:
        while not is_over.wait(0.02):
            peak.bytes = max(peak.bytes, _resident() - before)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        is_over.set()
        thread.join()


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * _PAGE
