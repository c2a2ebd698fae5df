"""A filter for system calls that no exercise needs and that widen what a process can attack."""

from __future__ import annotations

import errno
import os
import tempfile
from functools import cache
from typing import Any

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
_NEW_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000)
_NEW_NAMESPACES += (0x40000000, 0x00000080)
#: Numbers, the same on every architecture, of calls that an older libseccomp does not know by name.
_NUMBERS = {"mount_setattr": 442, "quotactl_fd": 443, "fchmodat2": 452}
_UNKNOWN = range(463, 512)  # setxattrat and what came after it
_TERMINAL_INPUT = 0x5412  # TIOCSTI: types into the terminal from which the process was started


_NEEDED = ("mount", "unshare", "clone", "clone3", "ptrace", "fchmod")


class NoSeccompError(RuntimeError):
    """The filter cannot be made here; the message says what to do."""


@cache
def program() -> bytes:
    """Return the filter as bubblewrap reads it.

    Refused calls fail with EPERM; ignored ones do nothing. `clone3`, whose flags no filter can
    see, does not exist, so that the C library takes `clone`; nor do calls newer than this list.

    Raises:
        NoSeccompError: libseccomp or its Python binding is missing.
    """
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as error:
        raise NoSeccompError(
            f"the filter for system calls needs libseccomp: {error}. On Debian and Ubuntu: "
            "apt-get install libseccomp2; and pip install pyseccomp."
        ) from error
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for name in REFUSED:
        _add(rules, refuse, name)
    for name in IGNORED:
        _add(rules, pyseccomp.ERRNO(0), name)
    for flag in _NEW_NAMESPACES:
        _add(rules, refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag))
    _add(rules, refuse, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, _TERMINAL_INPUT))
    for call in ("clone3", *_UNKNOWN):
        _add(rules, pyseccomp.ERRNO(errno.ENOSYS), call)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def as_descriptor() -> int:
    """Return a new file descriptor from which the filter can be read once."""
    descriptor = os.memfd_create("seccomp")
    os.write(descriptor, program())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _add(rules: Any, action: int, call: str | int, *arguments: Any) -> None:
    for one in (call, _NUMBERS.get(call, call)):
        try:
            rules.add_rule(action, one, *arguments)
        except (OSError, ValueError) as error:  # unknown to this libseccomp or this architecture
            failure = error
        else:
            return
    if call in _NEEDED:
        raise NoSeccompError(f"libseccomp cannot filter {call}: {failure}") from failure
