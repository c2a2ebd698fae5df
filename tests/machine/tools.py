"""Tools that some tests need beyond the course's own set-up: how each is found and installed.

A test asks for a tool with the fixture `needs_…`; `asking.py` makes one for every row here.
As a command, `python -m tests.machine.tools FILE` prints what the test runs noted in FILE lacked.
"""

from __future__ import annotations

import argparse
import glob
import importlib.util
import json
import os
import pwd
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from course_tools import doctor
from course_tools.grading.box import cgroups, filter_compiler, sandbox
from course_tools.grading.box.boxed_process import BoxedProcess
from course_tools.grading.box.fork_server import ForkError, ForkServer
from course_tools.grading.settings import Limits

#: Names of tools, separated by commas, that were hidden on purpose: tests without them are skipped
#: even where CI=true is set. `tests/machine/without.py` sets it.
HIDDEN_ON_PURPOSE = "LR_COURSE_WITHOUT"
#: A file to which each run of pytest adds what it lacked.
NOTES = "LR_COURSE_LACKS"
POSTGRESQL = "/usr/lib/postgresql/*/bin"  # where Debian keeps the server's programs


@dataclass(frozen=True)
class Tool:
    """A tool that a user's machine may lack.

    Attributes:
        name: what it is called in a table.
        install: the line that installs it.
        lack: returns what is missing, in words; "" where the tool is there.
        commands: its programs, as they are found on the PATH.
        modules: its top-level Python modules.
        files: patterns of other files by which it is found.
        parts: keys of tools that it is made of or cannot do without.
    """

    name: str
    install: str
    lack: Callable[[], str]
    commands: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


def _no_command(name: str) -> str:
    return "" if shutil.which(name) else f"there is no command {name}"


def _no_package(module: str) -> str:
    return "" if importlib.util.find_spec(module) else "it is not installed in this Python"


def _not_ok(check: Callable[[], doctor.Check]) -> str:
    found = check()
    return "" if found.ok else found.detail


def _refusal(use: Callable[[], object], error: type[Exception]) -> str:
    try:
        use()
    except error as refused:
        return str(refused)
    return ""


def _use_control_groups() -> None:
    cgroups.make(cgroups.new_name(), 64, 8, 1.0).remove()


def _fork_a_kernel() -> None:
    """Fork a kernel.

    Raises:
        ForkError: there is no sandbox, or none that a fork can join.
    """
    try:
        sandbox.check_sandbox()
    except sandbox.NoSandboxError as error:
        raise ForkError(f"there is no sandbox: {error}") from error
    server = ForkServer()
    try:
        if not server.is_ready(60):
            raise ForkError("the fork server does not start")
        box = BoxedProcess(Limits(), server)
        try:
            box.start(["python", "-m", "ipykernel_launcher"])
            box.wait_until_safe()
        finally:
            box.remove()
    finally:
        server.close()


def _no_postgresql() -> str:
    if postgresql_programs() is None:
        return "there is no server (initdb, postgres)"
    if postgresql_owner() is None:
        return "its server does not run as root, and there is no other user"
    return ""


def postgresql_programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs, which Debian keeps out of the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += map(Path, sorted(glob.glob(POSTGRESQL), reverse=True))
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    return None


def postgresql_owner() -> pwd.struct_passwd | None:
    """Return the user that PostgreSQL's server can run as: it refuses root."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid())
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _package(name: str, *modules: str, parts: tuple[str, ...] = ()) -> Tool:
    return Tool(name, "make frameworks", partial(_no_package, modules[0]), (), modules, (), parts)


#: By the end of the name of its fixture.
TOOLS = {
    "make": Tool("make", "apt-get install make", partial(_no_command, "make"), ("make",)),
    "git": Tool("git", "apt-get install git", partial(_no_command, "git"), ("git",)),
    "bubblewrap": Tool(
        "bubblewrap",
        "apt-get install bubblewrap",
        partial(_not_ok, doctor.check_bubblewrap),
        ("bwrap",),
    ),
    "libseccomp": Tool(
        "libseccomp",
        "apt-get install libseccomp2; make frameworks",
        partial(_refusal, filter_compiler.binding, filter_compiler.CompilerError),
        modules=("pyseccomp",),
        files=tuple(
            f"{place}/lib*/{below}libseccomp.so*"
            for place in ("", "/usr", "/usr/local")
            for below in ("", "*/")
        ),
    ),
    "control_groups": Tool(
        "control groups",
        "as root, or: systemd-run --user --scope -p Delegate=yes make test",
        partial(_refusal, _use_control_groups, cgroups.NoCgroupsError),
    ),
    "sandbox": Tool(
        "sandbox",
        "lr-course grade says what its sandbox lacks",
        partial(_refusal, sandbox.check_sandbox, sandbox.NoSandboxError),
        parts=("bubblewrap", "control_groups"),
    ),
    "fork_server": Tool(
        "fork server",
        "Linux 5.8, util-linux, and user namespaces inside each other",
        partial(_refusal, _fork_a_kernel, ForkError),
        parts=("bubblewrap", "control_groups"),
    ),
    "chromium": Tool(
        "Chromium",
        "apt-get install chromium",
        partial(_not_ok, doctor.check_chromium),
        (*doctor.CHROMIUM_NAMES,),
    ),
    "postgresql": Tool(
        "PostgreSQL",
        "apt-get install postgresql",
        _no_postgresql,
        ("initdb", "postgres"),
        files=(f"{POSTGRESQL}/initdb", f"{POSTGRESQL}/postgres"),
    ),
    "psycopg": _package("psycopg", "psycopg", "psycopg_binary"),
    "jax": _package("JAX", "jax", "jaxlib"),
    "optax": _package("optax", "optax", parts=("jax",)),
    "keras": _package("Keras", "keras"),
    "transformers": _package("transformers", "transformers"),
    "dask": _package("dask", "distributed", "dask"),
    "torch_lr_finder": _package("torch-lr-finder", "torch_lr_finder"),
    "tensorboard": _package("TensorBoard", "tensorboard"),
}


def with_parts(keys: Iterable[str]) -> frozenset[str]:
    """Return the keys of tools together with those of all their parts."""
    return frozenset(part for key in keys for part in (key, *TOOLS[key].parts))


@cache
def lacking(key: str) -> dict[str, str]:
    """Return what keeps a tool from being used here: the lack, in words, by the part's key.

    It is looked for once, so the tool has to be within reach at that time.
    """
    tool = TOOLS[key]
    found = {part: TOOLS[part].lack() for part in tool.parts}
    if tool.modules or not any(found.values()):  # what is but its parts has no lack of its own
        found[key] = tool.lack()
    return {part: words for part, words in found.items() if words}


def hidden_on_purpose() -> set[str]:
    """Return the keys of the tools that this view of the machine is meant to lack."""
    keys = set(filter(None, os.environ.get(HIDDEN_ON_PURPOSE, "").split(",")))
    if unknown := keys - set(TOOLS):
        raise ValueError(
            f"{HIDDEN_ON_PURPOSE} must name tools of {', '.join(TOOLS)}; got {sorted(unknown)}"
        )
    return keys


def note(counts: Mapping[str, int], file: Path) -> None:
    """Add to a file how many tests were skipped for want of each tool."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "a", encoding="utf-8") as opened:
        opened.write(json.dumps(dict(counts)) + "\n")


def noted(file: Path) -> Counter[str]:
    """Return how many tests all runs noted in a file skipped, by the tool's key."""
    total: Counter[str] = Counter()
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            total.update(json.loads(line))
    return total


def table(counts: Mapping[str, int]) -> str:
    """Return the table of tools that were missing; a test that lacked two is counted for both."""
    if not counts:
        return "Every tool is here: no test was skipped for want of one."
    head = ("tool", "tests skipped", "to install it")
    rows = [
        (TOOLS[key].name, str(counts[key]), TOOLS[key].install) for key in TOOLS if counts.get(key)
    ]
    width = [max(len(row[column]) for row in (head, *rows)) for column in range(2)]
    lines = [f"{a:<{width[0]}}  {b:>{width[1]}}  {c}" for a, b, c in (head, *rows)]
    return "\n".join(["Tests were skipped because this machine lacks a tool:", *lines])


def main() -> None:
    """Print the table of all that was noted in a file, or which tools this machine lacks."""
    parser = argparse.ArgumentParser(description="Print which tools the tests lacked.")
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument("file", type=Path, nargs="?", help="what the runs of pytest noted")
    one.add_argument("--lacking", action="store_true", help="look; print the reasons as JSON")
    given = parser.parse_args()
    if given.lacking:
        print(json.dumps({key: words for key in TOOLS if (words := TOOLS[key].lack())}))
    else:
        print(table(noted(given.file)))


if __name__ == "__main__":
    main()
