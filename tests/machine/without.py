"""Run a command where tools cannot be found, however they were installed on this machine.

    .venv/bin/python -m tests.machine.without optax chromium -- make test
    .venv/bin/python -m tests.machine.without bare -- make test

`bare` is a fresh Debian with Python and make: no other tool of `tools.py`, on the PATH only
what Debian calls essential or required, and an empty home. Tools are removed from a view of the
file system (a mount namespace with overlays) that ends with the command; the machine keeps them.
It takes root, on Linux.
"""

from __future__ import annotations

import argparse
import glob
import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.machine.tools import HIDDEN_ON_PURPOSE, TOOLS

BARE = "bare"
#: Root's control groups cannot be taken away; a sandbox is hidden with its parts.
_HIDEABLE = tuple(key for key in TOOLS if key not in ("control_groups", "sandbox", "fork_server"))
_PROGRAMS = ("/usr/bin", "/bin", "/usr/sbin", "/sbin")
#: Variables that lead to what lies elsewhere.
_LEADS = ("LD_LIBRARY_PATH", "PLAYWRIGHT_BROWSERS_PATH", "PYTHONPATH", "VIRTUAL_ENV")
_LIBRARIES = "/etc/ld.so.cache"


class View:
    """A view of the file system in which things can be removed.

    Args:
        scratch: an empty folder in memory.
    """

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self._opened: list[Path] = []

    def remove(self, path: Path) -> None:
        """Remove a file, a link or a folder from the view."""
        place = path.parent.resolve() / path.name
        if not any(place.is_relative_to(folder) for folder in self._opened):
            self._open(place.parent)
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)

    def replace(self, path: str, by: Path) -> None:
        """Put another file in the place of one."""
        subprocess.run(["mount", "--bind", by, path], check=True)

    def _open(self, folder: Path) -> None:
        upper, work = (self.scratch / f"{kind}{len(self._opened)}" for kind in ("upper", "work"))
        upper.mkdir()
        work.mkdir()
        options = f"lowerdir={folder},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, folder], check=True)
        self._opened.append(folder)


def places(key: str, path: str) -> Iterator[Path]:
    """Yield all by which a tool is found: programs on a PATH, files, packages of this Python."""
    tool = TOOLS[key]
    for folder in path.split(os.pathsep):
        yield from (Path(folder, name) for name in tool.commands)
    for pattern in tool.files:
        yield from map(Path, glob.glob(pattern))
    distributions = importlib.metadata.packages_distributions()
    for module in tool.modules:
        if spec := importlib.util.find_spec(module):
            yield from map(Path, spec.submodule_search_locations or [spec.origin])
        for name in distributions.get(module, ()):
            files = importlib.metadata.files(name) or ()
            yield from (Path(one.locate()).parent for one in files if one.name == "METADATA")


def hide(keys: list[str], view: View) -> None:
    """Remove tools from the view."""
    path = os.environ.get("PATH", os.defpath)
    for place in [place for key in keys for place in places(key, path)]:
        if os.path.lexists(place):
            view.remove(place)
    if any("lib" in pattern for key in keys for pattern in TOOLS[key].files):
        libraries = view.scratch / "ld.so.cache"
        subprocess.run(["/sbin/ldconfig", "-C", libraries], check=True)
        view.replace(_LIBRARIES, libraries)


def bare_path(folder: Path) -> str:
    """Fill a folder with links to what a fresh Debian has, Python and make; return the PATH."""
    told = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${Essential} ${Priority}\n"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    fields = (line.split() for line in told.splitlines())
    packages = [name for name, *rest in fields if rest[0] == "yes" or rest[-1] == "required"]
    listed = subprocess.run(
        ["dpkg-query", "-L", *packages, "make"], capture_output=True, text=True, check=True
    ).stdout
    files = {os.path.realpath(line) for line in listed.splitlines()}
    folder.mkdir()
    for place in _PROGRAMS:
        for program in Path(place).iterdir():
            link = folder / program.name
            if os.path.realpath(program) in files and not link.is_symlink():
                link.symlink_to(program)
    python = folder / "python3"
    python.unlink(missing_ok=True)
    python.symlink_to(os.path.realpath(sys.executable))
    return str(folder)


def environment(keys: list[str], bare: bool, scratch: Path) -> dict[str, str]:
    """Return the variables with which a command runs in the view."""
    found = {name: value for name, value in os.environ.items() if name not in _LEADS}
    found[HIDDEN_ON_PURPOSE] = ",".join(keys)
    if bare:
        home = scratch / "home"
        home.mkdir()
        found |= {"PATH": bare_path(scratch / "bin"), "HOME": str(home)}
    return found


def run_inside(keys: list[str], bare: bool, scratch: Path, command: list[str]) -> int:
    """Make the view in this process's own mount namespace, check it, and run a command there."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", scratch], check=True)
    hide(keys, View(scratch))
    variables = environment(keys, bare, scratch)
    asked = [sys.executable, "-m", "tests.machine.tools", "--lacking"]
    told = subprocess.run(asked, env=variables, stdout=subprocess.PIPE, text=True, check=True)
    if found := [TOOLS[key].name for key in keys if key not in json.loads(told.stdout)]:
        print(f"Still found, so this is no view without it: {', '.join(found)}.", file=sys.stderr)
        return 2
    names = ", ".join(TOOLS[key].name for key in keys)
    print(f"Without {names}: {' '.join(command)}", flush=True)
    return subprocess.run(command, env=variables).returncode


def main(arguments: list[str]) -> int:
    """Run what the command line says; return the command's status, or 2 where there is no view."""
    parser = argparse.ArgumentParser(
        usage="python -m tests.machine.without TOOL... -- COMMAND...", description=__doc__
    )
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("tools", nargs="+", choices=[BARE, *_HIDEABLE], metavar="TOOL")
    at = arguments.index("--") if "--" in arguments else len(arguments)
    given, command = parser.parse_args(arguments[:at]), arguments[at + 1 :]
    if not command:
        parser.error("no command: it stands behind --")
    bare = BARE in given.tools
    keys = [key for key in _HIDEABLE if key in given.tools or (bare and key != "make")]
    if given.inside:
        return run_inside(keys, bare, given.inside, command)
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or sys.platform != "linux":
        parser.error("a view of the file system takes root, on Linux")
    scratch = tempfile.mkdtemp(prefix="lr-course-without-")
    try:
        again = [sys.executable, "-m", "tests.machine.without", "--inside", scratch, *arguments]
        return subprocess.run(["unshare", "--mount", "--propagation", "private", *again]).returncode
    finally:
        os.rmdir(scratch)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
