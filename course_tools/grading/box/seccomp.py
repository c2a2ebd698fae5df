"""A filter for system calls that no exercise needs and that widen what a process can attack.

`filter_compiler` makes the files in `filters` of the lists below: whoever changes one runs it.
"""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path

#: As Flatpak's and Docker's lists: other namespaces and mounts, other processes, kernel keys,
#: programs inside the kernel, and calls with a long record of holes.
_REFUSED = """
    acct add_key bpf chroot clock_adjtime clock_settime create_module delete_module fanotify_init
    finit_module fsconfig fsmount fsopen fspick get_mempolicy init_module io_uring_enter
    io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl
    lookup_dcookie mbind migrate_pages mount mount_setattr move_mount move_pages name_to_handle_at
    nfsservctl open_by_handle_at open_tree perf_event_open pidfd_getfd pivot_root process_madvise
    process_vm_readv process_vm_writev ptrace quotactl quotactl_fd reboot request_key set_mempolicy
    setdomainname sethostname setns settimeofday swapoff swapon syslog umount umount2 unshare uselib
    userfaultfd ustat vhangup
"""
REFUSED = tuple(_REFUSED.split())
#: Calls that change a file's mode, owner or times: they do nothing and say that it went well. The
#: box shares /dev/null and its like with the host, and root's sandbox is their owner.
_IGNORED = """
    chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes futimesat utimensat
"""
IGNORED = tuple(_IGNORED.split())
#: Flags of `clone` for a new namespace: mount, cgroup, UTS, IPC, user, PID, network, time.
NEW_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000)
NEW_NAMESPACES += (0x40000000, 0x00000080)
TERMINAL_INPUT = 0x5412  # TIOCSTI: types into the terminal from which the process was started
#: The number of the oldest call that nobody has judged, which is setxattrat.
FIRST_UNKNOWN = 463

#: Machines, as `uname` calls them, for which a filter can be compiled: on all of them `clone` takes
#: its flags first, TIOCSTI has that number, and calls since pidfd_send_signal, 424, have the same.
MACHINES = ("aarch64", "riscv64", "x86_64")
COMPILER = "python -m course_tools.grading.box.filter_compiler"
FILTERS = Path(__file__).with_name("filters")


class NoSeccompError(RuntimeError):
    """There is no filter for this machine; the message says what to do."""


@cache
def program() -> bytes:
    """Return the filter as bubblewrap reads it.

    Refused calls fail with EPERM; ignored ones do nothing. `clone3`, whose flags no filter can
    see, does not exist, so that the C library takes `clone`; nor do calls newer than this list.

    Raises:
        NoSeccompError: there is none for this machine.
    """
    machine = platform.machine()
    file = FILTERS / f"{machine}.bpf"
    if sys.maxsize < 2**32:
        raise NoSeccompError(f"the filters for system calls are for Python of 64 bits on {machine}")
    if not file.is_file():
        have = " and ".join(sorted(path.stem for path in FILTERS.glob("*.bpf")))
        raise NoSeccompError(
            f"there are filters for system calls on {have}, and this machine is {machine}. "
            f"{_how_to_compile(machine)}"
        )
    return file.read_bytes()


def as_descriptor() -> int:
    """Return a new file descriptor from which the filter can be read once."""
    descriptor = os.memfd_create("seccomp")
    os.write(descriptor, program())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _how_to_compile(machine: str) -> str:
    if machine in MACHINES:
        return (
            f"Where libseccomp and pyseccomp are installed, this compiles one: {COMPILER} {machine}"
        )
    return f"None can be compiled for it: `{COMPILER} MACHINE` knows {', '.join(MACHINES)}."
