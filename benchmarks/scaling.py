"""Measures time and memory over the number of runs; as a script, the peak memory of one number."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np

from benchmarks.timing import Result, median_seconds
from benchmarks.workload import WORKLOAD, train
from course_lib.training import Runs

RUNS = (10, 100, 1_000, 10_000)
STEPS = 20


def many_vs_few() -> Result:
    """Time a run among 10,000 against one among 10; memory beside the results, for both."""
    rng = np.random.default_rng(0)

    def repeat(runs: int) -> int:
        return max(1, 500 // runs)

    def call(runs: int) -> None:
        for _ in range(repeat(runs)):
            train_short(runs, rng.integers(2**31, size=runs))  # new seeds: nothing is remembered

    call(RUNS[0])
    seconds = median_seconds(*(lambda runs=runs: call(runs) for runs in RUNS))
    per_run = [s / runs / repeat(runs) for s, runs in zip(seconds, RUNS, strict=True)]
    notes = [f"one process, {STEPS} steps; peak memory of that process without the results:"]
    for runs, time in zip(RUNS, per_run, strict=True):
        peak, results = measure_memory(runs)
        notes.append(
            f"{runs:6,} runs: {1e3 * time:6.3f} ms a run, {1e-6 * (peak - results):5.0f} MB "
            f"beside {1e-6 * results:4.1f} MB of results"
        )
    return Result(
        1e3 * per_run[-1], "ms a run", "the same, among 10", per_run[0] / per_run[-1], tuple(notes)
    )


def train_short(runs: int, seeds: np.ndarray) -> Runs:
    """Train `runs` runs of the comparison's network for a few steps, in this process."""
    return train(WORKLOAD, np.full((runs, STEPS), 0.05), seeds, jobs=1)


def measure_memory(runs: int) -> tuple[int, int]:
    """Return the peak memory of a new process that trains, and the size of its results, bytes."""
    command = [sys.executable, "-m", "benchmarks.scaling", str(runs)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    peak, results = json.loads(done.stdout)
    return peak, results


def peak_memory() -> int:
    """Return the most memory that this process has held, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would, on Linux, include the process that started this one
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(runs: int) -> None:
    """Print peak memory and size of the results, as JSON."""
    results = train_short(runs, np.arange(runs))
    size = sum(getattr(results, field.name).nbytes for field in fields(results))
    print(json.dumps([peak_memory(), size]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
