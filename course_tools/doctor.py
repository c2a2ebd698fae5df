"""Checks whether this machine can run the course: one line for each check, with a fix if it fails.

Only the standard library is imported at the top, because a missing package is what it reports.
"""

import importlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = "lr-course"
OLDEST_PYTHON = (3, 10)
KERNEL_SECONDS = 60
#: Beginnings of the names of variables that Python, Jupyter and Matplotlib read when they start.
KERNEL_VARIABLES = ("PYTHON", "IPYTHON", "JUPYTER", "MPL", "MATPLOTLIB", "LOKY")
CHROMIUM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
COURSE = Path(__file__).resolve().parents[1]
BWRAP_TRIAL = ("bwrap", "--ro-bind", "/", "/", "true")
TEMPORARY_MB = 500  # one run of all tests leaves 119 MB there, and pytest keeps three runs
INSTALL_ALL = "python -m pip install -c constraints.txt -e '.[staff]'"


@dataclass(frozen=True)
class Check:
    """The result of one check, and the fix if something is not in order."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    staff_only: bool = False

    def line(self) -> str:
        """Return the one line that is printed for this check."""
        state = "ok  " if self.ok else "----" if self.staff_only else "FAIL"
        staff = " (staff)" if self.staff_only else ""
        fix = "" if self.ok else f"; fix: {self.fix}"
        return f"{state}  {self.name}{staff}: {self.detail}{fix}"


def check_python(version: Sequence[int] = sys.version_info) -> Check:
    """Check that this Python is new enough for the course."""
    found = ".".join(str(part) for part in version[:3])
    oldest = ".".join(str(part) for part in OLDEST_PYTHON)
    return Check(
        "Python",
        tuple(version[:2]) >= OLDEST_PYTHON,
        f"{found}, needed >={oldest}",
        f"install Python {oldest} or newer, then make clean lab PYTHON=python{oldest}",
    )


def check_packages(requirements: Sequence[str] | None = None) -> list[Check]:
    """Check each requirement (default: those of the installed project), staff's included."""
    if requirements is None:
        try:
            requirements = importlib.metadata.requires(PROJECT) or []
        except importlib.metadata.PackageNotFoundError:
            return [Check(PROJECT, False, "not installed in this Python", INSTALL_ALL)]
    try:
        requirement_type = _requirement_type()
    except ImportError:
        fix = "python -m pip install packaging"
        return [Check("packaging", False, "missing, so no version can be compared", fix)]
    wanted = [requirement_type(line) for line in requirements]
    checks = [_check_package(requirement) for requirement in wanted if _applies(requirement)]
    return sorted(checks, key=lambda check: check.staff_only)


def _requirement_type() -> type:
    """Return the class that reads a requirement: packaging's, or pip's own copy of it."""
    try:
        return importlib.import_module("packaging.requirements").Requirement
    except ImportError:
        return importlib.import_module("pip._vendor.packaging.requirements").Requirement


def _applies(requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": "staff"})


def _check_package(requirement) -> Check:
    """Check one parsed requirement; those that only an extra asks for are staff's."""
    staff_only = requirement.marker is not None and not requirement.marker.evaluate({"extra": ""})
    needed = f"needed {requirement.specifier}" if str(requirement.specifier) else "any version"
    fix = f"python -m pip install -c constraints.txt '{requirement.name}{requirement.specifier}'"
    try:
        found = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Check(requirement.name, False, f"not installed, {needed}", fix, staff_only)
    in_range = requirement.specifier.contains(found, prereleases=True)
    return Check(requirement.name, in_range, f"{found}, {needed}", fix, staff_only)


def check_kernel(kernel_name: str = "python3") -> Check:
    """Start the kernel a notebook would get, and import the course in it."""
    name = f"kernel {kernel_name}"
    started = time.perf_counter()
    error = _kernel_error(kernel_name)
    if error and error.died:  # once proves nothing: another program may have taken one of its ports
        error = _kernel_error(kernel_name)
    if error:
        detail = textwrap.shorten(f"{error.name}: {error.message}", 200, placeholder=" …")
        return Check(name, False, detail, _fix_of_kernel(kernel_name, error))
    seconds = time.perf_counter() - started
    return Check(name, True, f"starts and imports course_lib in {seconds:.1f} s")


@dataclass(frozen=True)
class _KernelError:
    """The error that a kernel gave or caused, and whether the kernel died of itself."""

    name: str
    message: str
    died: bool = False


def _fix_of_kernel(kernel_name: str, error: _KernelError) -> str:
    variable = _variable_in_the_way(kernel_name)
    if variable:
        return f"unset the variable {variable}, which is {os.environ[variable]!r}, or correct it"
    fix = f"{sys.executable} -m ipykernel install --sys-prefix --name {kernel_name}"
    if error.name in ("ModuleNotFoundError", "ImportError"):
        return f"{INSTALL_ALL}, and if that was done: {fix}"
    return fix


def _variable_in_the_way(kernel_name: str) -> str | None:
    """Return the environment variable without which the kernel works, if there is one."""
    found = [name for name in os.environ if name.startswith(KERNEL_VARIABLES)]
    if not found or _kernel_works(kernel_name, ()) or not _kernel_works(kernel_name, found):
        return None
    return next((name for name in found if _kernel_works(kernel_name, [name])), None)


def _kernel_works(kernel_name: str, unset: Sequence[str]) -> bool:
    """Return whether a kernel works that is started by a Python without some variables."""
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    code = "import sys; from course_tools import doctor; sys.exit(doctor.kernel_trial(sys.argv[1]))"
    command = [sys.executable, "-c", code, kernel_name]
    return subprocess.run(command, env=environment, capture_output=True).returncode == 0


def kernel_trial(kernel_name: str) -> int:
    """Return 0 if a kernel starts and imports what a lesson needs, else 1."""
    return 1 if _kernel_error(kernel_name) else 0


def _error_of(error: Exception, died: bool = False) -> _KernelError:
    return _KernelError(type(error).__name__, (str(error).splitlines() or [""])[0], died)


def _kernel_error(kernel_name: str) -> _KernelError | None:
    """Return the error that `import course_lib` gave in a fresh kernel, None where it works."""
    try:
        from jupyter_client.manager import KernelManager

        manager = KernelManager(kernel_name=kernel_name)
        # In another folder, because in this one the import works even if nothing is installed.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            manager.start_kernel(cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                return _import_in(manager.client())
            except RuntimeError as error:  # it does not answer
                return _error_of(error, died=not manager.is_alive())
            finally:
                manager.shutdown_kernel(now=True)
    except Exception as error:  # whatever a broken kernel raises is the finding, not a traceback
        return _error_of(error)


def _import_in(client) -> _KernelError | None:
    try:
        client.start_channels()
        client.wait_for_ready(timeout=KERNEL_SECONDS)
        reply = client.execute_interactive(
            "import course_lib, ipywidgets, joblib, matplotlib.pyplot, numpy; joblib.cpu_count()",
            timeout=KERNEL_SECONDS,
            output_hook=lambda message: None,  # the error is in the reply as well
        )["content"]
    finally:
        client.stop_channels()
    return None if reply["status"] == "ok" else _KernelError(reply["ename"], reply["evalue"])


def find_chromium(names: Sequence[str] = CHROMIUM_NAMES) -> str | None:
    """Return the path of the browser that the browser tests drive, or None."""
    return next((path for path in map(shutil.which, names) if path), None)


def check_chromium(names: Sequence[str] = CHROMIUM_NAMES) -> Check:
    """Check that there is a Chromium or Chrome that reports its version."""
    fix = "apt-get install chromium, or install Chrome (browser tests are skipped until then)"
    path = find_chromium(names)
    if path is None:
        return Check("Chromium", False, "not found", fix, staff_only=True)
    ok, said = _try_command([path, "--version"])
    return Check("Chromium", ok, f"{said} ({path})", fix, staff_only=True)


def check_bubblewrap(trial: Sequence[str] = BWRAP_TRIAL) -> Check:
    """Check that bubblewrap (Linux only) can make a sandbox, which grading needs."""
    if shutil.which(trial[0]) is None:
        fix = "apt-get install bubblewrap (Linux only; elsewhere grade in WSL or a Linux container)"
        return Check("bubblewrap", False, f"no {trial[0]} command", fix, staff_only=True)
    ok, said = _try_command(trial)
    fix = "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, or your system's way"
    return Check("bubblewrap", ok, "makes a sandbox" if ok else said, fix, staff_only=True)


def check_course_folder(folder: Path = COURSE) -> Check:
    """Check that files can be written in the folder of the course."""
    ok = os.access(folder, os.W_OK)
    detail = f"{folder} {'can be written' if ok else 'is read-only'}"
    return Check("course folder", ok, detail, "copy the course to a folder of your own")


def check_temporary_folder(folder: str | None = None, needed: int = TEMPORARY_MB) -> Check:
    """Check that there is room for the temporary files of `make test`.

    Args:
        folder: folder of the temporary files; by default the folder that TMPDIR names, else /tmp.
            Python would look for another one that has room, but the browser and other programs do
            not.
        needed: free space that is needed, in MB.
    """
    folder = folder or os.environ.get("TMPDIR") or "/tmp"
    fix = "make room there, or set TMPDIR to a folder that has room"
    try:
        free = shutil.disk_usage(folder).free // 1_000_000
    except OSError as error:
        return Check("temporary files", False, f"{folder}: {error.strerror}", fix)
    return Check(
        "temporary files", free >= needed, f"{free} MB free in {folder}, needed {needed}", fix
    )


def folders_main() -> int:
    """Print what is wrong with the folders that tests write to; return the exit status."""
    failed = [c for c in (check_course_folder(), check_temporary_folder()) if not c.ok]
    for check in failed:
        print(check.line(), file=sys.stderr)
    return 2 if failed else 0


def _try_command(command: Sequence[str]) -> tuple[bool, str]:
    """Run a command; return whether it succeeded, and the last line of what it said."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)
    said = run.stdout.strip() or run.stderr.strip() or f"exit status {run.returncode}"
    return run.returncode == 0, said.splitlines()[-1]


def all_checks() -> list[Check]:
    """Run every check, in the order they are printed."""
    return [
        check_python(),
        *check_packages(),
        check_kernel(),
        check_chromium(),
        check_bubblewrap(),
    ]


def report(checks: Sequence[Check]) -> int:
    """Print the checks and the verdict; return 0 if the course can run, else 1."""
    for check in checks:
        print(check.line())
    failed = [check.name for check in checks if not check.ok and not check.staff_only]
    missing = [check.name for check in checks if not check.ok and check.staff_only]
    if missing:
        print(f"Staff tools not in order: {', '.join(missing)}. Learners do not need them.")
    if failed:
        print(f"The course cannot run yet. Please fix: {', '.join(failed)}.")
        return 1
    print("The course can run.")
    return 0


def main() -> int:
    """Check this machine and return the exit status of `lr-course doctor`."""
    return report(all_checks())


if __name__ == "__main__":
    raise SystemExit(main())
