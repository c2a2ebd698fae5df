"""Runs all of `make test` with the oldest and with the newest versions: `make versions`.

Each set of versions gets a clone of the last commit in `.versions/`, with a `.venv` of its own.
There `make test` runs to its end, whatever fails on the way. A set whose result is already known,
for the same commit and the same versions, is not run again.
"""

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".versions"

# How uv chooses the versions of each set.
STRATEGIES = {"oldest": "lowest-direct", "newest": "highest"}
KEY_PACKAGES = ("numpy", "scipy", "torch", "matplotlib", "jupyterlab", "pytest")

# pip chooses CUDA's packages, which PyTorch's CPU build does without.
_CUDA = re.compile(r"(cuda-|nvidia-|triton)")
_STEP = re.compile(r"== (?P<step>.+)")
_CLOSING_LINE = re.compile(r"=+ (?P<counts>[^=]*) in [0-9.]+s[^=]*=+")
_COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)")
_FAILED = re.compile(r"(?:FAILED|ERROR) (?P<test>[^\s\[]+(?:::Cell \d+|\[.*?\])?)(?: - .*)?")
_STOPPED = re.compile(r"make(\[\d+\])?: (\*\*\* )?\[.*\] Error \d+( \(ignored\))?")


class SetUpError(Exception):
    """A set of versions could not be chosen or installed; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """What one run of `make test` said, in its own words.

    Args:
        passed, failed, skipped: numbers of tests; a test that ended in an error has failed.
        failures: the tests that failed.
        stopped_steps: the steps of `make test` that failed, tests or not.
        finished: whether the run came to its last step.
    """

    passed: int
    failed: int
    skipped: int
    failures: tuple[str, ...]
    stopped_steps: tuple[str, ...]
    finished: bool

    @property
    def verdict(self) -> str:
        """Say "all passed", or what did not."""
        if not self.finished:
            return "did not finish"
        if self.failed or self.stopped_steps:
            return f"failed in {', '.join(self.stopped_steps) or 'tests'}"
        return "all passed" if self.passed else "nothing ran"


@dataclass(frozen=True)
class Result:
    """One set of versions, tested.

    Args:
        name: "oldest" or "newest".
        python: version of Python, such as "3.10.13".
        versions: {package: version} of all that was installed.
        commit: hash of the commit that was tested.
        date: the day, in ISO format.
        outcome: what the tests said.
    """

    name: str
    python: str
    versions: dict[str, str]
    commit: str
    date: str
    outcome: Outcome


def read_outcome(log: str) -> Outcome:
    """Read the log of `make --ignore-errors test`."""
    counts, failures, stopped, step, last = Counter(), [], [], "", (0, 1)
    for line in log.splitlines():
        if match := _STEP.fullmatch(line):
            step = match["step"]
            if numbers := re.match(r"(\d+)/(\d+) ", step):
                last = int(numbers[1]), int(numbers[2])
        elif match := _CLOSING_LINE.fullmatch(line):
            for number, kind in _COUNT.findall(match["counts"]):
                counts[kind.removesuffix("s")] += int(number)
        elif match := _FAILED.fullmatch(line):
            failures.append(match["test"])
        elif _STOPPED.fullmatch(line) and step not in stopped:
            stopped.append(step)
    return Outcome(
        passed=counts["passed"],
        failed=counts["failed"] + counts["error"],
        skipped=counts["skipped"],
        failures=tuple(dict.fromkeys(failures)),
        stopped_steps=tuple(step.partition(":")[0] for step in stopped),
        finished=last[0] == last[1],
    )


def project() -> dict:
    """Read the table `project` of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def lowest_python(requires_python: str) -> str:
    """Return the Python that a range such as ">=3.10" begins with."""
    (lowest,) = [spec.version for spec in SpecifierSet(requires_python) if spec.operator == ">="]
    return lowest


def direct_requirements() -> list[Requirement]:
    """Return all that pyproject.toml itself asks for, but for what only `make versions` needs."""
    extras = project()["optional-dependencies"]
    lists = [project()["dependencies"], *(extras[name] for name in extras if name != "versions")]
    return [Requirement(line) for lines in lists for line in lines]


def run(*command: object, cwd: Path = ROOT) -> str:
    """Run a command and return what it printed; raise SetUpError with its last line if it fails."""
    try:
        done = subprocess.run(
            [str(part) for part in command], cwd=cwd, capture_output=True, text=True
        )
    except OSError as error:
        raise SetUpError(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise SetUpError(f"{' '.join(map(str, command))} failed: {said[-1]}")
    return done.stdout


def version_of(python: str) -> str:
    """Return the version of a Python, given as a command or a path."""
    return run(python, "-c", "import platform; print(platform.python_version())").strip()


def resolve(strategy: str, python: str, *options: str) -> list[str]:
    """Have uv choose a version of every package, extras included.

    Args:
        strategy: what uv calls a resolution, such as "lowest-direct".
        python: version of Python to choose for.
        options: more arguments for uv.
    """
    printed = run(
        *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--all-extras"),
        *("--resolution", strategy, "--python-version", python),
        *("--no-header", "--no-annotate", "--quiet"),
        *options,
    )
    return [line for line in printed.splitlines() if not _CUDA.match(line)]


def has_wheels(python: str) -> bool:
    """Whether every package has a wheel for this version of Python."""
    try:
        return bool(resolve("highest", python, "--only-binary", ":all:"))
    except SetUpError:
        return False


def write_if_new(path: Path, text: str) -> None:
    """Write a file only if that changes it: make sets up anew what is older than its list."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def check_out(folder: Path, commit: str) -> None:
    """Bring a clone of this repository to a commit; what git ignores there, it keeps."""
    if not folder.exists():
        run("git", "clone", "--quiet", "--no-checkout", ROOT, folder)
    run("git", "fetch", "--quiet", "origin", commit, cwd=folder)
    run("git", "checkout", "--quiet", "--force", "--detach", commit, cwd=folder)
    run("git", "clean", "--quiet", "-d", "--force", cwd=folder)


def make(folder: Path, log: Path, *arguments: str, mode: str) -> int:
    """Run make in a clone, its output to the screen and into a log; return its exit status."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    with (
        log.open(mode, encoding="utf-8") as file,
        subprocess.Popen(
            ["make", "--no-print-directory", *arguments],
            cwd=folder,
            env=inherited | {"LC_ALL": "C.UTF-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
        ) as process,
    ):
        for line in process.stdout:
            print(line, end="", flush=True)
            file.write(line)
    return process.returncode


def installed(folder: Path) -> dict[str, str]:
    """Return {package: version} of all that a clone's .venv holds."""
    python = folder / ".venv" / "bin" / "python"
    listed = json.loads(run(python, "-m", "pip", "list", "--format", "json"))
    return {package["name"].lower(): package["version"] for package in listed}


def run_set(name: str, python: str, commit: str, again: bool) -> Result:
    """Set up one set of versions, run `make test` with it, and record the result."""
    number = version_of(python)
    pins = "".join(f"{line}\n" for line in resolve(STRATEGIES[name], number))
    folder, listed = FOLDER / name, FOLDER / f"{name}.txt"
    known = FOLDER / f"{name}.json"
    if not again and known.exists():
        record = json.loads(known.read_text(encoding="utf-8"))
        if (record["commit"], record["pins"], record["python"]) == (commit, pins, number):
            print(f"{name}: known since {record['date']} (run it anew: ARGS=--again)")
            return as_result(record)
    print(f"{name}: Python {number}, in {folder.relative_to(ROOT)}", flush=True)
    check_out(folder, commit)
    write_if_new(listed, pins)
    with_set = (f"PYTHON={python}", f"CONSTRAINTS={listed}")
    log = FOLDER / f"{name}.log"
    if make(folder, log, "frameworks", *with_set, mode="w"):
        raise SetUpError(f"{name}: these versions cannot be installed together; see {log}")
    make(folder, log, "--ignore-errors", "test", *with_set, mode="a")
    outcome = read_outcome(log.read_text(encoding="utf-8"))
    today = datetime.date.today().isoformat()
    result = Result(name, number, installed(folder), commit, today, outcome)
    known.write_text(json.dumps(as_json(result, pins), indent=1), encoding="utf-8")
    return result


def as_json(result: Result, pins: str) -> dict:
    """Turn a result, and the list of versions it was asked for, into a record to keep."""
    return json.loads(json.dumps(asdict(result) | {"pins": pins}))


def as_result(record: dict) -> Result:
    """Rebuild a result from its record in a file."""
    fields = {name: record[name] for name in ("name", "python", "versions", "commit", "date")}
    outcome = {k: tuple(v) if isinstance(v, list) else v for k, v in record["outcome"].items()}
    return Result(**fields, outcome=Outcome(**outcome))


def table(head: list[str], rows: list[list[str]]) -> str:
    """Lay out a table in Markdown whose columns also line up in a terminal."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, ["-" * width for width in widths], *rows]
    padded = ([cell.ljust(w) for cell, w in zip(row, widths, strict=True)] for row in lines)
    return "".join(f"| {' | '.join(row)} |\n" for row in padded)


def summary(results: list[Result]) -> str:
    """Say in one table what was run and how it ended, and name below it the tests that failed."""
    head = ["set", "date", "Python", *KEY_PACKAGES, "passed", "failed", "skipped", "verdict"]
    rows = [
        [r.name, r.date, r.python]
        + [r.versions.get(package, "-") for package in KEY_PACKAGES]
        + [str(n) for n in (r.outcome.passed, r.outcome.failed, r.outcome.skipped)]
        + [r.outcome.verdict]
        for r in results
    ]
    failures = "".join(
        f"\n{r.name}: {len(r.outcome.failures)} failed\n\n"
        + "".join(f"- {test}\n" for test in r.outcome.failures)
        for r in results
        if r.outcome.failures
    )
    return table(head, rows) + failures


def all_versions(results: list[Result]) -> str:
    """List every package that pyproject.toml asks for, with its version in each set."""
    names = sorted({requirement.name for requirement in direct_requirements()})
    rows = [[name, *(r.versions.get(name, "-") for r in results)] for name in names]
    return table(["package", *(r.name for r in results)], rows)


def check_pythons(pythons: dict[str, str]) -> None:
    """Say it if the Pythons are not the oldest and the newest that could be taken."""
    lowest = lowest_python(project()["requires-python"])
    if "oldest" in pythons and not version_of(pythons["oldest"]).startswith(f"{lowest}."):
        raise SetUpError(
            f"pyproject.toml begins with Python {lowest}; OLDEST={pythons['oldest']} is "
            f"{version_of(pythons['oldest'])}. Name another: make versions OLDEST=python{lowest}"
        )
    if "newest" in pythons:
        minor = int(version_of(pythons["newest"]).split(".")[1])
        if has_wheels(f"3.{minor + 1}"):
            print(
                f"Every package has a wheel for Python 3.{minor + 1}, too; "
                f"to test with it: make versions NEWEST=python3.{minor + 1}"
            )


def main() -> int:
    """Test the sets that were asked for; return 0 if everything passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--oldest", metavar="PYTHON", help="Python for the oldest versions")
    parser.add_argument("--newest", metavar="PYTHON", help="Python for the newest versions")
    parser.add_argument("--again", action="store_true", help="also run what is known")
    options = parser.parse_args()
    pythons = {name: getattr(options, name) for name in STRATEGIES if getattr(options, name)}

    FOLDER.mkdir(exist_ok=True)
    commit = run("git", "rev-parse", "HEAD").strip()
    if run("git", "status", "--porcelain").strip():
        print("What is not committed is not tested.")
    results, problems = [], []
    try:
        check_pythons(pythons)
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 2
    for name, python in pythons.items():
        try:
            results.append(run_set(name, python, commit, options.again))
        except SetUpError as error:  # the other set may do better
            problems.append(str(error))
    text = f"{summary(results)}\n{all_versions(results)}"
    (FOLDER / "report.md").write_text(text, encoding="utf-8")
    print(f"\nCommit {commit[:12]}\n\n{text}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 0 if not problems and all(r.outcome.verdict == "all passed" for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
