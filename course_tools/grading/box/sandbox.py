"""The box a stranger's code runs in: what it sees of this machine, built by bubblewrap."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import course_lib
from course_tools.grading.box import cgroups, seccomp
from course_tools.grading.settings import Limits

#: Older ones lack options that are used here.
OLDEST_BUBBLEWRAP = (0, 8)
HOME = "/home/learner"
_LIBRARY = Path(course_lib.__file__).resolve().parent
#: What knows the answers, and the grader itself: never in the box, wherever they are installed.
OUTSIDE = ("course_tasks", "course_tools")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")

#: Makes matplotlib's list of fonts, if there is none, and prints its path.
_FIND_FONTS = """
import os, matplotlib
from matplotlib.font_manager import FontManager
print(os.path.join(matplotlib.get_cachedir(), f"fontlist-v{FontManager.__version__}.json"))
"""


class NoSandboxError(RuntimeError):
    """No sandbox can be made on this machine; the message says how to enable one."""


@cache
def check_sandbox() -> None:
    """Make sure that submissions can be run safely here.

    Raises:
        NoSandboxError: a part is missing; the message names it and what to do.
    """
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise NoSandboxError(
            "bubblewrap (bwrap) is not installed. On Debian and Ubuntu: apt-get install "
            "bubblewrap; it runs on Linux only."
        )
    told = subprocess.run([bubblewrap, "--version"], capture_output=True, text=True, check=False)
    version = tuple(int(part) for part in re.findall(r"\d+", told.stdout)[:2])
    if version < OLDEST_BUBBLEWRAP:
        raise NoSandboxError(
            f"bubblewrap 0.8 or newer is needed, this is {told.stdout.strip() or bubblewrap}."
        )
    try:
        seccomp.program()
        cgroups.make(cgroups.new_name(), 64, 8, 1.0).remove()
    except (seccomp.NoSeccompError, cgroups.NoCgroupsError) as error:
        raise NoSandboxError(str(error)) from error
    tried = subprocess.run(
        [*_namespaces(), "--ro-bind", "/", "/", "true"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        raise NoSandboxError(
            f"bubblewrap cannot make its namespaces: {tried.stderr.strip()}. User namespaces may "
            "be switched off: sysctl kernel.unprivileged_userns_clone=1 (Debian), "
            "user.max_user_namespaces=10000 (Red Hat), or an AppArmor profile for bwrap (Ubuntu "
            "24.04 and newer); in a container they have to be allowed from outside."
        )


def command(
    program: Sequence[str],
    shared: Path,
    group: cgroups.Group,
    limits: Limits,
    filter_fd: int,
    library: Path = _LIBRARY,
    *,
    information_fd: int | None = None,
    around: Sequence[str] = (),
) -> list[str]:
    """Return the command that runs a program in the box.

    Args:
        program: program with its arguments.
        shared: the one folder that box and grader share; its path is the same in both.
        group: control group that the box joins.
        limits: limits of the box.
        filter_fd: descriptor with the filter for system calls.
        library: folder of `course_lib`.
        information_fd: descriptor to which the number of the box's first process is written; the
            program is that process then, and not a child of bubblewrap's own.
        around: command that runs another one in the fork server's box, if this box is made in it.
    """
    # A shell joins the groups and lowers the limits of the process before it becomes bubblewrap:
    # nothing may run in between, and Python code between fork and exec is unsafe beside threads.
    script = [f'echo $$ > "{path}"' for path in group.entrances]
    kinds = {"RLIMIT_CORE": "-c", "RLIMIT_FSIZE": "-f", "RLIMIT_CPU": "-t", "RLIMIT_NOFILE": "-n"}
    for name, limit in resource_limits(limits).items():
        # The shell counts files in blocks of 512 bytes.
        script.append(f"ulimit {kinds[name]} {limit // 512 if name == 'RLIMIT_FSIZE' else limit}")
    script.append('exec "$@"')
    box = [*_namespaces(), "--seccomp", str(filter_fd)]
    if information_fd is not None:
        box += ["--info-fd", str(information_fd), "--as-pid-1"]
    if around:  # there a folder of PATH may be missing
        box[0] = os.path.realpath(shutil.which(box[0]) or box[0])
    box += [*_view(shared, limits, library, is_inside=bool(around)), *_read_only("/proc")]
    return ["/bin/sh", "-ec", "; ".join(script), "sh", *around, *box, "--", *program]


def fork_server_command(program: Path, shared: Path, library: Path = _LIBRARY) -> list[str]:
    """Return the command that runs the fork server, in a box of its own.

    It sees what other boxes see, and so do its forks until they join theirs; but it has all rights
    over the boxes that are made in its own, and sees the processes of the machine, as they do.

    Args:
        program: program for Python, in a file.
        shared: folder in which the other boxes' shared folders are made.
        library: folder of `course_lib`.
    """
    place = f"{HOME}/{program.name}"
    return [
        *("bwrap", "--unshare-user", "--unshare-ipc", "--unshare-net", "--unshare-uts"),
        *("--uid", "0", "--gid", "0", "--cap-add", "ALL"),
        *("--die-with-parent", "--new-session", "--clearenv", "--hostname", "box"),
        *_view(shared, Limits(), library, is_server=True),
        *("--ro-bind", str(program), place, *_read_only(), "--", sys.executable, place),
    ]


def resource_limits(limits: Limits) -> dict[str, int]:
    """Return the limits of a process by the names that the module `resource` has for them."""
    return {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": limits.disk_mb * 1_024_000,
        "RLIMIT_CPU": round(limits.submission_seconds * limits.cores) + 1,
        "RLIMIT_NOFILE": 512,
    }


def _namespaces() -> list[str]:
    return [
        *("bwrap", "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"),
        *("--new-session", "--clearenv", "--uid", "1000", "--gid", "1000", "--hostname", "box"),
    ]


def _view(
    shared: Path, limits: Limits, library: Path, *, is_inside: bool = False, is_server: bool = False
) -> Iterator[str]:
    for name, value in environment().items():
        yield from ("--setenv", name, value)
    # Linux lets a box have a new /proc only where one is seen that may be written.
    yield from ("--bind", "/proc", "/proc") if is_server else ("--proc", "/proc")
    yield from ("--dev", "/dev")
    disk = str(limits.disk_mb * 1_000_000)
    for place in ("/dev/shm", "/tmp", HOME):
        yield from ("--size", disk, "--perms", "0700", "--tmpfs", place)
    # What follows may lie below these: a course that somebody keeps in /tmp, say.
    for place in _SYSTEM:
        yield from _same(Path(place))
    for place in _SETTINGS:
        yield from ("--ro-bind-try", place, place)
    for place in _python():
        yield from ("--ro-bind", str(place), str(place))
    yield from ("--ro-bind", str(library), str(library))
    for place in (*covered(library.parent), *_debugger()):
        yield from ("--size", "4096", "--tmpfs", place, "--remount-ro", place)
    for source, place in _fonts():
        yield from ("--ro-bind", place if is_inside else source, place)
    yield from ("--bind", str(shared), str(shared), "--chdir", HOME)


def _read_only(*more: str) -> Iterator[str]:
    # Outside, the box's user is the grader's. When that is root, every file of root that can be
    # seen is open to it, whatever its capabilities: kernel settings in /proc/sys, above all. (The
    # modes of devices, which cannot be on a read-only mount, are guarded by the filter.)
    for place in (*more, "/dev", "/"):
        yield from ("--remount-ro", place)


def _python() -> list[Path]:
    """Return the folders of the interpreter and its packages that are no part of the system."""
    places = dict.fromkeys([Path(sys.base_prefix).resolve(), Path(sys.prefix)])
    return [place for place in places if not place.is_relative_to("/usr")]


def covered(packages: Path) -> list[str]:
    """Return the folders over which the box lays empty ones.

    A checkout's are not in the box at all. Those of an installed course would be, as they lie
    beside `course_lib` among the packages of an interpreter that is.

    Args:
        packages: the folder that holds `course_lib`.
    """
    seen = (*map(Path, _SYSTEM), *_python())
    inside = any(packages.is_relative_to(place) for place in seen)
    return [str(packages / name) for name in OUTSIDE] if inside else []


def environment() -> dict[str, str]:
    """Return the variables of the box; nothing of the grader's own goes in."""
    # Where the library is no installed package, Python in the box has to be told where it is.
    place = _LIBRARY.parent
    python = {} if place.name == "site-packages" else {"PYTHONPATH": str(place)}
    return python | {
        "PATH": "/usr/bin:/bin",
        "HOME": HOME,
        "USER": "learner",
        "LANG": "C.UTF-8",
        "LR_COURSE_CACHE": "",
        "LR_COURSE_PROGRESS": "",
        "MPLCONFIGDIR": f"{HOME}/.matplotlib",
        "IPYTHONDIR": f"{HOME}/.ipython",
        # More threads than cores only get in each other's way.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # pip would try for ten seconds to reach an index, of which there is none without a network.
        "PIP_NO_INDEX": "1",
    }


def _same(place: Path) -> list[str]:
    """Return options that make a place of the system look as it does outside."""
    if place.is_symlink():
        return ["--symlink", os.readlink(place), str(place)]
    return ["--ro-bind", str(place), str(place)] if place.is_dir() else []


@cache
def _debugger() -> tuple[str, ...]:
    """Return the folders of the debugger that ipykernel loads where it finds one.

    Nobody debugs in the box, and without it a kernel starts in four fifths of the time.
    """
    found = importlib.util.find_spec("debugpy")
    places = (found.submodule_search_locations or ()) if found is not None else ()
    return tuple(place for place in places if os.path.isdir(place))


@cache
def _fonts() -> tuple[tuple[str, str], ...]:
    """Return where matplotlib's list of fonts is, and in the box: making it anew takes seconds."""
    # In a process of its own, as matplotlib would stay in the grader's memory for good; and in a
    # session of its own, as Ctrl-C is for the grader.
    command = [sys.executable, "-c", _FIND_FONTS]
    said = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, start_new_session=True
    ).stdout
    found = Path(said.rstrip("\n").rpartition("\n")[2])
    return ((str(found), f"{HOME}/.matplotlib/{found.name}"),) if found.is_file() else ()
