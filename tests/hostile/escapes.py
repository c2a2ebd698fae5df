"""Submissions that ask the kernel for more than a learner needs: refused, so they stay wrong."""

from typing import Any

from tests.hostile.making import ANY_END, Hostile, attack, looting, notebook, wrong_loss

_LIBC = "import ctypes, os\nguarded()\nlibc = ctypes.CDLL(None, use_errno=True)\n"
_NEW_USER, _NEW_MOUNTS, _NEW_PIDS, _NEW_NET = 0x10000000, 0x00020000, 0x20000000, 0x40000000


def _asks(name: str, body: str, why: str, **more: Any) -> Hostile:
    return attack(name, notebook(steady_state_loss=looting(_LIBC + body)), why, **more)


SUBMISSIONS = (
    *(
        _asks(
            f"unshare, a new namespace of {name}",
            f"return libc.unshare({flag}) == 0",
            "inside of a new namespace it would have rights that open holes",
        )
        for name, flag in (("users", _NEW_USER), ("mounts", _NEW_MOUNTS), ("networks", _NEW_NET))
    ),
    _asks(
        "clone, a child in a new namespace",
        f"""
found = False
for flags in ({_NEW_USER}, {_NEW_USER | _NEW_PIDS}, {_NEW_MOUNTS}):
    child = libc.syscall(56, flags | 17, 0, 0, 0, 0)  # clone, on x86-64
    if child == 0:
        os._exit(0)
    if child > 0:
        os.waitpid(child, 0)
        found = True
return found
""",
        "as unshare, by another way",
    ),
    _asks(
        "clone3, whose flags no filter sees",
        f"""
arguments = (ctypes.c_uint64 * 11)({_NEW_USER}, 0, 0, 0, 17)
child = libc.syscall(435, ctypes.byref(arguments), 88)
if child == 0:
    os._exit(0)
return child > 0
""",
        "as unshare, by another way",
    ),
    _asks(
        "a tool that makes namespaces",
        """
import subprocess
for command in (["unshare", "-Ur", "true"], ["bwrap", "--ro-bind", "/", "/", "true"],
                ["nsenter", "-t", "1", "-m", "true"], ["su", "-c", "true"], ["sudo", "-n", "true"]):
    try:
        if subprocess.run(command, capture_output=True, timeout=1).returncode == 0:
            return True
    except (OSError, subprocess.TimeoutExpired):
        continue
return False
""",
        "as unshare, by another way",
    ),
    _asks(
        "setns into the namespaces of process 1",
        """
for name in os.listdir("/proc/1/ns"):
    descriptor = os.open(f"/proc/1/ns/{name}", os.O_RDONLY)
    if libc.setns(descriptor, 0) == 0:
        return True
return False
""",
        "it stays where it is",
    ),
    _asks(
        "ptrace and the memory of other processes",
        """
for pid in {1, os.getppid()}:
    if libc.ptrace(16, pid, 0, 0) == 0:
        return True
    try:
        with open(f"/proc/{pid}/mem", "r+b"):
            return pid != 1
    except OSError:
        continue
return False
""",
        "no process looks into another",
    ),
    _asks(
        "mount, umount, pivot_root and chroot",
        """
os.makedirs("/tmp/m", exist_ok=True)
return (libc.mount(b"none", b"/tmp/m", b"tmpfs", 0, None) == 0
        or libc.mount(b"/", b"/tmp/m", None, 4096, None) == 0
        or libc.mount(b"proc", b"/tmp/m", b"proc", 0, None) == 0
        or libc.mount(None, b"/", None, 4096 | 32, None) == 0
        or libc.umount2(b"/proc", 2) == 0
        or libc.syscall(155, b"/tmp/m", b"/tmp/m") == 0
        or libc.chroot(b"/tmp/m") == 0)
""",
        "what it sees stays what it sees",
    ),
    _asks(
        "devices of the host",
        """
import stat
for folder, _, files in os.walk("/dev"):
    for name in files:
        if stat.S_ISBLK(os.lstat(f"{folder}/{name}").st_mode) or name in ("mem", "kmem", "kvm"):
            return True
try:
    os.mknod("/tmp/disk", 0o600 | stat.S_IFBLK, os.makedev(8, 0))
    return os.open("/tmp/disk", os.O_RDONLY) >= 0
except OSError:
    return False
""",
        "there are no disks, no memory and no machines to be opened",
    ),
    _asks(
        "other rights: users, groups, capabilities",
        """
with open("/proc/self/status") as file:
    status = dict(line.rstrip().split(":\\t", 1) for line in file if ":\\t" in line)
if int(status["CapEff"], 16) or int(status["CapPrm"], 16) or status["NoNewPrivs"] != "1":
    return True
for change in (lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.seteuid(0),
               lambda: os.nice(-5)):
    try:
        if os.getuid() != 0:
            change()
            return True
    except OSError:
        continue
return False
""",
        "it has no rights to give itself",
    ),
    _asks(
        "keys, programs in the kernel and its log",
        """
return any(libc.syscall(*call) >= 0 for call in (
    (250, 0, -4, 0),  # keyctl: the keyring of its user
    (248, b"user", b"x", b"y", 1, -4),  # add_key
    (321, 5, 0, 0),  # bpf
    (298, 0, 0, -1, -1, 0),  # perf_event_open
    (425, 8, ctypes.byref(ctypes.create_string_buffer(120))),  # io_uring_setup
    (323, 0),  # userfaultfd
    (103, 10, 0, 0),  # syslog
    (304, 0, 0, 0),  # open_by_handle_at
))
""",
        "no exercise needs them, and they have a long record of holes",
    ),
    _asks(
        "settings of the kernel",
        """
places = ["/proc/sysrq-trigger", "/proc/mtrr", "/proc/irq/default_smp_affinity"]
for folder, _, files in os.walk("/proc/sys"):
    places += [f"{folder}/{file}" for file in files]
for place in places:
    try:
        os.close(os.open(place, os.O_WRONLY))  # nothing is written: they are the whole machine's
        print("could write", place)
        return True
    except OSError:
        continue
return False
""",
        "core_pattern alone would run a program outside of any sandbox",
    ),
    _asks(
        "higher limits for itself",
        """
import resource
for which in (resource.RLIMIT_NOFILE, resource.RLIMIT_CORE):
    soft, hard = resource.getrlimit(which)
    try:
        if hard != resource.RLIM_INFINITY:
            resource.setrlimit(which, (hard + 1, hard + 1))
            return True
    except (ValueError, OSError):
        continue
return False
""",
        "limits go down only",
    ),
    _asks(
        "typing into the grader's terminal",
        """
import fcntl
for path in ("/dev/tty", "/dev/console", "/dev/pts/0", "/proc/1/fd/0", "/proc/self/fd/0"):
    try:
        with open(path, "r+b", buffering=0) as terminal:
            for letter in b"touch owned\\n":
                fcntl.ioctl(terminal, 0x5412, bytes([letter]))
            return True
    except (OSError, ValueError):
        continue
return False
""",
        "it has no terminal",
    ),
    attack(
        "a message to every process it can see",
        notebook(
            steady_state_loss=wrong_loss(
                """
                guarded()
                import os, signal
                for pid in range(1, 5_000):
                    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGCONT):
                        try:
                            os.kill(pid, number)
                        except OSError:
                            break
                """
            )
        ),
        "it sees its own processes only",
        outcomes=ANY_END,
    ),
)
