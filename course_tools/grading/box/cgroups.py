"""Control groups: limits on memory, processes and processor time of a tree of processes."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PREFIX = "lr-course-"
_CONTROLLERS = ("memory", "pids", "cpu")
_PERIOD = 100_000  # microseconds over which processor time is counted
_OURS_V2 = f"{PREFIX}grader"  # where the grader itself goes: a group with children has no processes
_PATIENCE = 5.0  # seconds until the kernel has let go of a killed process


def write(path: Path, value: object) -> None:
    """Write a value into a file of a control group."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(str(value))


@dataclass(frozen=True)
class System:
    """The control groups of a machine.

    Attributes:
        root: folder of all groups.
        own: file that names the groups of this process.
        write: function that writes a value into a file of a group.
        patience: seconds until the kernel has let go of a killed process.
    """

    root: Path = Path("/sys/fs/cgroup")
    own: Path = Path("/proc/self/cgroup")
    write: Callable[[Path, object], None] = write
    patience: float = _PATIENCE

    def own_groups(self) -> dict[str, str]:
        """Return this process's group by controller; that of version 2 has the name ""."""
        groups = {}
        with contextlib.suppress(FileNotFoundError):
            for line in self.own.read_text(encoding="utf-8").splitlines():
                _, controllers, path = line.split(":", 2)
                groups.update(dict.fromkeys(controllers.split(","), path))
        return groups


MACHINE = System()


class NoCgroupsError(RuntimeError):
    """Control groups cannot be made here; the message says what to do."""


@dataclass(frozen=True)
class Group:
    """A control group for one tree of processes.

    Attributes:
        folders: its folder in every hierarchy; of version 2 there is one.
        patience: seconds until the kernel has let go of a killed process.
    """

    folders: tuple[Path, ...]
    patience: float = _PATIENCE

    @property
    def entrances(self) -> tuple[Path, ...]:
        """Files into which a process writes its number to be limited from then on."""
        return tuple(folder / "cgroup.procs" for folder in self.folders)

    @property
    def was_out_of_memory(self) -> bool:
        """Whether the kernel killed a process of the tree for want of memory."""
        return any(
            _counted(folder / name, "oom_kill")
            for folder in self.folders
            for name in ("memory.oom_control", "memory.events")
        )

    @property
    def had_too_many_processes(self) -> bool:
        """Whether a process could not be started for the limit."""
        return any(_counted(folder / "pids.events", "max") for folder in self.folders)

    def remove(self) -> None:
        """Kill what is left of the tree and remove the group."""
        deadline = time.monotonic() + self.patience
        for folder in self.folders:
            while folder.exists():
                _kill_all(folder)
                try:
                    for child in _below(folder):  # a kernel that it started has groups of its own
                        child.rmdir()
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:  # still in use
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.005)


def new_name() -> str:
    """Return a name for what this process makes; `is_alive` tells whether that still runs."""
    return f"{_owner(os.getpid())}-{secrets.token_hex(6)}"


def is_alive(name: str) -> bool:
    """Return whether the process that a name of `new_name` belongs to still runs."""
    owner = name.partition("-")[0]
    pid = owner.partition(".")[0]
    if not pid.isdigit():
        return True  # not one of ours
    try:
        return _owner(int(pid)) == owner
    except (FileNotFoundError, ProcessLookupError):
        return False


def _owner(pid: int) -> str:
    """Return a name for a process that no later process has: its number and when it began."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        began = file.read().rpartition(")")[2].split()[19]
    return f"{pid}.{began}"


def make(
    name: str, memory_mb: int, processes: int, cores: float, system: System = MACHINE
) -> Group:
    """Return a new group with its limits set.

    Args:
        name: unique name; `PREFIX` is put before it.
        memory_mb: memory of all processes and of files in memory together, in MB.
        processes: number of processes and threads.
        cores: processor seconds a second.
        system: control groups of the machine.

    Raises:
        NoCgroupsError: they are not available, or this user may not make them.
    """
    parents = _parents(system)
    folders = dict.fromkeys(parent / (PREFIX + name) for parent in parents.values())
    group = Group(tuple(folders), system.patience)
    memory = memory_mb * 1_000_000
    try:
        for folder in group.folders:
            folder.mkdir()
        for controller, parent in parents.items():
            folder = parent / (PREFIX + name)
            if controller == "pids":
                system.write(folder / "pids.max", processes)
            elif controller == "cpu":
                _limit_cpu(system, folder, cores)
            else:
                _limit_memory(system, folder, memory)
    except OSError as error:
        with contextlib.suppress(OSError):
            group.remove()
        raise NoCgroupsError(
            f"no control group can be made ({error.strerror}: {error.filename}). {_ADVICE}"
        ) from error
    return group


def sweep(is_alive: Callable[[str], bool], system: System = MACHINE) -> None:
    """Remove groups whose grader is gone.

    Args:
        is_alive: function that takes a group's name without `PREFIX` and returns whether its
            grader still runs.
        system: control groups of the machine.
    """
    try:
        parents = _parents(system)
    except NoCgroupsError:
        return
    for parent in dict.fromkeys(parents.values()):
        for folder in parent.glob(f"{PREFIX}*"):
            name = folder.name.removeprefix(PREFIX)
            if folder.name != _OURS_V2 and not is_alive(name):
                with contextlib.suppress(OSError):  # another grader may be sweeping as well
                    Group((folder,), system.patience).remove()


_ADVICE = (
    "The grader needs control groups of its own: as root it has them; a user starts it with "
    "`systemd-run --user --scope -p Delegate=yes lr-course grade …`."
)


def _parents(system: System) -> dict[str, Path]:
    """Return the folder below which groups are made, for every controller that is needed."""
    own = system.own_groups()
    if "memory" in own:  # version 1: a hierarchy a controller
        if missing := [name for name in _CONTROLLERS if name not in own]:
            raise NoCgroupsError(f"this system has no control groups for {', '.join(missing)}.")
        return {name: _hierarchy(system.root / name, own[name]) for name in _CONTROLLERS}
    if "" not in own:
        raise NoCgroupsError(f"this system has no control groups. {_ADVICE}")
    parent = system.root / own[""].lstrip("/")
    if parent.name == _OURS_V2:
        parent = parent.parent
    else:
        _delegate(system, parent)
    return dict.fromkeys(_CONTROLLERS, parent)


def _hierarchy(top: Path, own: str) -> Path:
    """Return where groups of version 1 are made: at the top, or where this user was given room."""
    given = top / own.lstrip("/")
    return top if os.access(top, os.W_OK) or not given.is_dir() else given


def _delegate(system: System, parent: Path) -> None:
    """Let children of a version 2 group be limited: its own processes move into a child first."""
    with contextlib.suppress(FileNotFoundError):
        given = (parent / "cgroup.controllers").read_text(encoding="utf-8").split()
        if missing := [name for name in _CONTROLLERS if name not in given]:
            raise NoCgroupsError(
                f"the control group {parent} may not limit {', '.join(missing)}. {_ADVICE} "
                "Root leaves out --user. Before systemd 250 users are not given cpu: an "
                "administrator writes "
                "`[Service]` and `Delegate=cpu memory pids` on two lines into "
                "/etc/systemd/system/user@.service.d/delegate.conf, runs "
                "`systemctl daemon-reload`, and the user logs in again."
            )
    try:
        (parent / _OURS_V2).mkdir(exist_ok=True)
        for process in (parent / "cgroup.procs").read_text(encoding="utf-8").split():
            with contextlib.suppress(ProcessLookupError):
                system.write(parent / _OURS_V2 / "cgroup.procs", process)
        system.write(parent / "cgroup.subtree_control", "+memory +pids +cpu")
    except OSError as error:
        raise NoCgroupsError(
            f"the control group {parent} cannot be divided by this user ({error.strerror}). "
            f"{_ADVICE}"
        ) from error


def _limit_memory(system: System, folder: Path, limit: int) -> None:
    if (folder / "memory.max").exists():  # version 2
        system.write(folder / "memory.max", limit)
        if (folder / "memory.swap.max").exists():
            system.write(folder / "memory.swap.max", 0)
        return
    system.write(folder / "memory.limit_in_bytes", limit)
    if (folder / "memory.memsw.limit_in_bytes").exists():
        system.write(folder / "memory.memsw.limit_in_bytes", limit)


def _limit_cpu(system: System, folder: Path, cores: float) -> None:
    if (folder / "cpu.max").exists():
        system.write(folder / "cpu.max", f"{round(cores * _PERIOD)} {_PERIOD}")
        return
    system.write(folder / "cpu.cfs_period_us", _PERIOD)
    system.write(folder / "cpu.cfs_quota_us", round(cores * _PERIOD))


def _counted(path: Path, name: str) -> bool:
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value) > 0
    return False


def _below(folder: Path) -> list[Path]:
    """Return the groups below one, the deepest first."""
    return [Path(path) for path, *_ in os.walk(folder, topdown=False) if Path(path) != folder]


def _kill_all(folder: Path) -> None:
    for group in (*_below(folder), folder):
        with contextlib.suppress(OSError):
            for process in (group / "cgroup.procs").read_text(encoding="utf-8").split():
                # 0 is a process that this one cannot see, and to `kill` all of this one's own.
                with contextlib.suppress(ProcessLookupError):
                    if int(process):
                        os.kill(int(process), signal.SIGKILL)
