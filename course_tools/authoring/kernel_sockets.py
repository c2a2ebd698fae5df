"""Sockets for kernels that start beside each other.

jupyter_client chooses free TCP ports and lets go of them; the kernel binds them a moment later.
When several processes start kernels, another one may have taken a port in between, and the kernel
dies before its first reply. Sockets in a folder of the kernel's own have no such moment.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TypeVar

from jupyter_client.manager import KernelManager

Manager = TypeVar("Manager", bound=KernelManager)

# The address of a Unix socket has 104 bytes on macOS and 108 on Linux, the end included.
_LONGEST = 103
_FILE = "kernel"


def with_own_sockets(manager: Manager) -> Manager:
    """Return the manager; its kernel, not yet started, will use sockets in a folder of its own.

    The folder goes when the manager does, at the latest when Python ends. Where the system has no
    Unix sockets (Windows), or the folder for temporary files has too long a name for them, the
    manager keeps its TCP ports.

    Example:
        >>> with_own_sockets(KernelManager()).transport
        'ipc'
    """
    if os.name != "posix":
        return manager
    folder = Path(tempfile.mkdtemp(prefix="lr-course-kernel-"))
    weakref.finalize(manager, shutil.rmtree, folder, ignore_errors=True)
    # jupyter_client adds a hyphen and a number.
    if len(os.fsencode(folder / _FILE)) + len("-5") > _LONGEST:
        return manager
    manager.transport, manager.ip = "ipc", str(folder / _FILE)
    manager.connection_file = str(folder / "connection.json")
    return manager
