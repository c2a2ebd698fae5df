"""The grader against nbgrader on one class, and the memory it needs for classes of any size.

Both grade the same files from scratch, on two cores, in turns; start-up, gradebook and tables are
part of it, and so are our pages for the learners. Kernels of ours are in a sandbox, nbgrader's in
none. nbgrader's command grades one notebook after the other: the first row is against that. Whoever
splits the class by hand can run two, each with a course and a database of its own, so that no lock
is in their way: the second row.

    python -m benchmarks.grader 20 200 2000

prints the peak memory of the grader's own process for classes of these sizes. 2,000 take a quarter
of an hour.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.nbgrader_peer import VERSION, Course, environment, make_course
from benchmarks.timing import MissingPeer, Result

CORES = 2
HALF = 100  # submissions of half the class
SIZES = (20, 200)  # of classes, for memory
_SEED = 5  # of the hidden cases
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Took:
    """Time and memory of one grading.

    Attributes:
        seconds: seconds on the clock.
        busy: seconds of all processors meanwhile, used by any process.
    """

    seconds: float
    busy: float

    def __add__(self, other: Took) -> Took:
        """Return what both took, one after the other."""
        return Took(self.seconds + other.seconds, self.busy + other.busy)

    def each(self, number: int) -> Took:
        """Return what one of a number took."""
        return Took(self.seconds / number, self.busy / number)


def vs_nbgrader() -> Result:
    """Compare with nbgrader's command, which grades one notebook after the other."""
    measured = _measured()
    return _row(measured, measured.alone, "its command")


def vs_two_nbgraders() -> Result:
    """Compare with two nbgraders beside each other, a core and half of the class each."""
    measured = _measured()
    return _row(measured, measured.two, f"{CORES} of them")


@dataclass(frozen=True)
class _Measured:
    """Seconds a submission: ours, nbgrader's, that of two nbgraders; and our peak memory."""

    ours: Took
    alone: Took
    two: Took
    peak: int


def _row(measured: _Measured, peer: Took, how: str) -> Result:
    ours = measured.ours
    notes = (
        f"{2 * HALF} submissions, {CORES} cores; processor seconds each: ours {ours.busy:.2f}, "
        f"nbgrader's {peer.busy:.2f} (the whole machine's); nbgrader {peer.seconds:.2f} s each",
        f"points agree; peak memory of the grader's own process {1e-6 * measured.peak:.0f} MB",
    )
    ratio = peer.seconds / ours.seconds
    return Result(ours.seconds, "s a submission", f"nbgrader {VERSION}, {how}", ratio, notes)


@cache
def _measured() -> _Measured:
    """Grade a class of 200 that hands in exercise 1, in halves: ours both, nbgrader's one each.

    Raises:
        MissingPeer: there is no nbgrader, or no sandbox.
        RuntimeError: the two disagree on a mark.
    """
    _require_sandbox()
    environment()
    ours, peers, peaks = Took(0, 0), [], []
    with tempfile.TemporaryDirectory() as folder, _two_cores():
        for half, processes in enumerate((1, CORES)):
            room = Path(folder) / str(half)
            files = _class_of(room / "class", HALF, seed=half)
            parts = [files[n::processes] for n in range(processes)]
            courses = [make_course(room / str(n), part, _SEED) for n, part in enumerate(parts)]
            took, peak = _grade(room / "class", room / "out")
            ours, peaks = ours + took, [*peaks, peak]
            peers.append(_timed(lambda courses=courses: _autograde(courses)).each(HALF))
            for course, part in zip(courses, parts, strict=True):
                compare(part, _points(room / "out"), course.points())
    return _Measured(ours.each(2 * HALF), *peers, max(peaks))


def memory() -> Result:
    """Measure the grader's own memory for a class of 200 against one of 20."""
    _require_sandbox()
    few, many = (memory_of(size) for size in SIZES)
    return Result(
        1e-6 * many,
        "MB",
        f"the same, {SIZES[0]} submissions",
        few / many,
        (f"{SIZES[1]} submissions; peak of the trusted process, without the kernels",),
    )


def memory_of(size: int) -> int:
    """Return the peak memory, in bytes, of the process that grades a class of this size."""
    with tempfile.TemporaryDirectory() as folder:
        _class_of(Path(folder) / "class", size, seed=0)
        return _grade(Path(folder) / "class", Path(folder) / "out")[1]


def compare(files: Sequence[Path], ours: dict[str, float], theirs: Sequence[float]) -> None:
    """Compare the points of both.

    Raises:
        RuntimeError: they differ, so that the two have not done the same.
    """
    for path, points in zip(files, theirs, strict=True):
        student = path.parent.name
        if abs(ours[student] - points) > 1e-6:
            raise RuntimeError(
                f"{student} has {ours[student]:g} points here, and {points:g} from nbgrader"
            )


def _require_sandbox() -> None:
    from course_tools.grading.box.sandbox import NoSandboxError, check_sandbox

    try:
        check_sandbox()
    except NoSandboxError as error:
        raise MissingPeer(f"left out: {error}") from error


def _class_of(folder: Path, size: int, seed: int) -> list[Path]:
    from course_tools.grading.sample_class.writing import ordinary

    ordinary(folder, size, seed)
    return sorted(folder.rglob("*.ipynb"))


def _grade(submissions: Path, out: Path) -> tuple[Took, int]:
    """Grade a folder from scratch; return what that took, and the peak memory in bytes."""
    said: list[str] = []

    def run() -> None:
        command = [sys.executable, "-m", "benchmarks.grade", submissions, out, str(CORES)]
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"lr-course grade: {done.stderr[-2000:]}")
        said.extend(done.stdout.split("\n"))

    took = _timed(run)
    return took, int([line for line in said if line][-1])


def _points(out: Path) -> dict[str, float]:
    with open(out / "grades.csv", encoding="utf-8-sig", newline="") as file:
        return {row["student"]: float(row["points"]) for row in csv.DictReader(file)}


def _autograde(courses: Sequence[Course]) -> None:
    processes = [course.autograde() for course in courses]
    for process in processes:
        process.wait()


def _timed(call: Callable[[], object]) -> Took:
    busy, start = _busy_seconds(), time.perf_counter()
    call()
    return Took(time.perf_counter() - start, _busy_seconds() - busy)


def _busy_seconds() -> float:
    """Return for how long this machine's processors have worked, together.

    A sandbox's processes are nobody's children, so no process can be asked for their time.
    """
    with open("/proc/stat", encoding="utf-8") as file:
        user, nice, system, _, _, irq, softirq = map(int, file.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _two_cores() -> Iterator[None]:
    """Let all that is started meanwhile run on two cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:CORES])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the peak memory for classes of the sizes that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.grader",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("size", nargs="+", type=int, help="number of submissions")
    for size in parser.parse_args(arguments).size:
        start = time.perf_counter()
        peak = 1e-6 * memory_of(size)
        seconds = (time.perf_counter() - start) / size
        print(f"{size:6,} submissions: {peak:5.0f} MB, {seconds:.2f} s each", flush=True)


if __name__ == "__main__":
    main()
