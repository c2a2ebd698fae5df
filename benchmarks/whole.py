"""Times all of `make test` and all of `make run`, beside an earlier commit of the course.

Both commits are cloned and set up as README says; only then a clock runs. They are timed one after
the other on the same machine, which should have nothing else to do. A step that fails does not
stop the others, as it would cut the time short; it is noted.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from benchmarks.timing import Result
from tests.machine.versions import read_outcome

EARLIER = "b0db6f9"  # the commit that the goal of six minutes was set against
ROOT = Path(__file__).parent.parent


def test_run() -> Result:
    """Time `make test` with all tools, nothing trained before."""
    return _beside_earlier("test")


def course() -> Result:
    """Time `make run`: every lesson and solution, nothing trained before."""
    return _beside_earlier("run")


def _beside_earlier(target: str) -> Result:
    with _clone(EARLIER) as earlier, _clone("HEAD") as here:
        peer_seconds, peer_failed = _make(earlier, target)
        seconds, failed = _make(here, target)
    notes = [f"make {target}: {seconds:.0f} s, commit {EARLIER} {peer_seconds:.0f} s"]
    notes += [f"failed: {line}" for line in failed]
    notes += [f"failed at {EARLIER}: {line}" for line in peer_failed]
    return Result(seconds, "s", f"commit {EARLIER}", peer_seconds / seconds, tuple(notes))


@contextmanager
def _clone(commit: str):
    """Yield a folder with a commit of the course, set up with all that its tests can use."""
    wanted = subprocess.check_output(["git", "rev-parse", commit], cwd=ROOT, text=True).strip()
    folder = Path(tempfile.mkdtemp(prefix="lr-course-whole-"))
    try:
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", ROOT, folder], check=True)
        subprocess.run(["git", "checkout", "--quiet", wanted], cwd=folder, check=True)
        subprocess.run(["make", "frameworks"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        yield folder
    finally:
        shutil.rmtree(folder)


def _make(folder: Path, target: str) -> tuple[float, list[str]]:
    """Return the seconds that a target takes, and what failed."""
    start = time.perf_counter()
    done = subprocess.run(
        ["make", "--ignore-errors", target], cwd=folder, capture_output=True, text=True
    )
    seconds = time.perf_counter() - start
    outcome = read_outcome(done.stdout + done.stderr)
    return seconds, [*outcome.failures, *(step or target for step in outcome.stopped_steps)]
