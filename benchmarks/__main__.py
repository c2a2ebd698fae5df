"""Time the course's own code against named peers, each pair in this run: `make bench`.

Prints a table and writes `benchmarks/results.json`, a list of {name, value, unit, peer, ratio};
a ratio above 1 means that ours is faster. Each side is the median of several timings, which take
turns. With names, only those rows are run and printed, and the file stays as it is.

The rows of the whole course take half an hour and run only by name; they are written to the file.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import engine, explorers, forecasts, grader, machine, scaling, torch_tools, whole
from benchmarks.timing import MissingPeer, Result

RESULTS = Path(__file__).with_name("results.json")
ROWS: dict[str, Callable[[], Result]] = {
    "engine vs plain loop": engine.vs_plain_loop,
    "engine vs seed loop": engine.vs_seed_loop,
    "engine, one process": engine.one_process_vs_seed_loop,
    "engine vs torch loop": engine.vs_torch_loop,
    "engine vs JAX": engine.vs_jax,
    "engine vs JAX, sharded": engine.vs_sharded_jax,
    "engine, share of sgemm peak": engine.share_of_peak,
    "engine, 10,000 runs vs 10": scaling.many_vs_few,
    "schedule vs torch scheduler": torch_tools.vs_torch_scheduler,
    "range test vs torch-lr-finder": torch_tools.vs_torch_lr_finder,
    "forecast vs plain formula": forecasts.vs_plain_formula,
    "slider to frame, median": explorers.median,
    "slider to frame, p95": explorers.p95,
    "explorers, play": explorers.frames_a_second,
    "grader vs nbgrader": grader.vs_nbgrader,
    "grader vs two nbgraders": grader.vs_two_nbgraders,
    "grader's memory, 200 vs 20": grader.memory,
}
#: Rows that run only by name.
WHOLE: dict[str, Callable[[], Result]] = {
    "whole test run": whole.test_run,
    "whole course, cold": whole.course,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmarks that the command line names, print the table, write the results."""
    names = _parse(arguments)
    start = time.perf_counter()
    print(machine.describe(), end="\n\n")
    print(f"{'':30}{'ours':>9} {'unit':18}{'ratio':>8}  peer")
    results = {}
    for name in names:
        try:
            results[name] = (ROWS | WHOLE)[name]()
        except MissingPeer as missing:
            print(f"{name:30}{missing}", flush=True)
        else:
            _print(name, results[name])
    print(f"\nA ratio above 1: ours is faster. {time.perf_counter() - start:.0f} s in all.")
    if names == list(ROWS):  # what could not be measured has no row
        _write(as_records(results), keep=WHOLE)
    elif set(names) <= set(WHOLE):
        _write(as_records(results), keep=ROWS | WHOLE)


def _write(records: list[dict], keep: Mapping[str, object]) -> None:
    """Write records to the file, with those of the rows in `keep` that are there already."""
    there = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else []
    new = {record["name"] for record in records}
    kept = [one for one in there if one["name"] in keep and one["name"] not in new]
    together = sorted(kept + records, key=lambda one: one["name"] in WHOLE)
    RESULTS.write_text(json.dumps(together, indent=2) + "\n", encoding="utf-8")


def as_records(results: dict[str, Result]) -> list[dict]:
    """Return what is written to the file: all of a result but its notes."""
    return [
        {"name": name, "value": r.value, "unit": r.unit, "peer": r.peer, "ratio": r.ratio}
        for name, r in results.items()
    ]


def _print(name: str, result: Result) -> None:
    ours = f"{result.value:9.3g} {result.unit:18}"
    print(f"{name:30}{ours}{result.ratio:7.3g}×  {result.peer}", flush=True)
    for note in result.notes:
        print(f"    {note}", flush=True)


def _parse(arguments: Sequence[str] | None) -> list[str]:
    """Return the names of the rows to run, in the order of the table."""
    rows = "\n".join(f"  {name}" for name in ROWS | WHOLE)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=f"rows:\n{rows}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="*", help="part of the names of the rows to run; none: all")
    parts = parser.parse_args(arguments).name
    for part in parts:
        if not any(part.lower() in name.lower() for name in ROWS | WHOLE):
            parser.error(f"no row has {part!r} in its name; the rows are\n{rows}")
    if not parts:
        return list(ROWS)
    return [n for n in ROWS | WHOLE if any(part.lower() in n.lower() for part in parts)]


if __name__ == "__main__":
    main()
