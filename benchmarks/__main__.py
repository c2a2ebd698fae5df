"""Time the course's own code against a named peer, both in this run: `make bench`.

Prints a table and writes `benchmarks/results.json`, a list of {name, value, unit, peer, ratio};
a ratio above 1 means that ours is faster. Each side is the median of several runs.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.plain_loop import train_one
from course_lib import problems, schedules, training

RESULTS = Path(__file__).with_name("results.json")
REPEATS = 5


@dataclass(frozen=True)
class Result:
    """One row: ours takes `value` `unit`, the peer `ratio` times as long."""

    name: str
    value: float
    unit: str
    peer: str
    ratio: float


def median_seconds(call: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median of `repeats` timings, after one call that is not counted."""
    call()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def engine_vs_plain_loop() -> Result:
    """Lesson 1's sweep, per run: 8 runs of 100 full-batch steps at once, or one after another."""
    data = problems.spirals()
    rates, seeds = np.full((8, 100), 0.3), np.arange(8)
    workload = training.Workload(data, training.Mlp(dtype="float32"))
    ours = median_seconds(lambda: training.train(workload, rates, seeds)) / 8
    peer = median_seconds(lambda: [train_one(data, rates[0], seed) for seed in range(8)]) / 8
    return Result(
        "engine vs plain loop", 1e3 * ours, "ms a run", "NumPy loop, float64", peer / ours
    )


def schedule_vs_torch_scheduler() -> Result:
    """The rates of a million steps of a cosine, as an array or by stepping torch's scheduler."""
    steps = 1_000_000

    def step_torch() -> list[float]:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
        optimizer.step()
        rates = []
        for _ in range(steps):
            rates.append(scheduler.get_last_lr()[0])
            scheduler.step()
        return rates

    ours = median_seconds(lambda: schedules.cosine(0.1, steps)(np.arange(steps)))
    peer = median_seconds(step_torch, repeats=1)
    return Result(
        "schedule vs torch scheduler", 1e3 * ours, "ms", "torch CosineAnnealingLR", peer / ours
    )


def main() -> None:
    """Run every benchmark, print the table, write the results."""
    results = [engine_vs_plain_loop(), schedule_vs_torch_scheduler()]
    print(f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}")
    print(f"{'name':30} {'value':>10} {'unit':9} {'ratio':>8}  peer")
    for r in results:
        print(f"{r.name:30} {r.value:10.3g} {r.unit:9} {r.ratio:7.3g}×  {r.peer}")
    RESULTS.write_text(json.dumps([asdict(r) for r in results], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
