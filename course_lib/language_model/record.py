"""Record the language-model runs: `python -m course_lib.language_model.record`.

Every finished run is kept at once in a folder of its own. The command goes on where it was stopped,
and when all runs are there it writes `runs.json.gz`, which the lessons read.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
from tqdm import tqdm

from course_lib.language_model.grid import TEXTS, Job, PlannedRun, jobs
from course_lib.language_model.runs_file import RUNS, RecordedRun, write_runs

_DIGITS = 4  # after the point: 0.0001 nats, far below what seeds differ by
_LOOK_EVERY = 5.0  # seconds


def train_planned(plans: Sequence[PlannedRun]) -> Iterator[RecordedRun]:
    """Train runs that share text, warmup, peak and seed, and yield each when it is finished.

    The updates that a run has in common with a constant rate are made once: the constant run is
    trained, and copied where the others leave it. A run's numbers do not change by that.
    """
    from course_lib.language_model.language_training import SCORE_EVERY, LanguageTraining

    first = plans[0]
    longest = max(plan.total_steps for plan in plans)
    trunk = PlannedRun(
        first.text, "constant", first.warmup_steps, longest, first.peak_lr, first.seed
    ).rates()
    leaving: dict[int, list[PlannedRun]] = {}
    for plan in plans:
        rates = plan.rates()
        shared = int(np.cumprod(rates == trunk[: len(rates)]).sum())
        leaving.setdefault(shared // SCORE_EVERY * SCORE_EVERY, []).append(plan)
    training = LanguageTraining(TEXTS[first.text](), first.seed)
    for updates in sorted(leaving):
        start = time.perf_counter()
        training.advance(trunk[training.updates : updates])
        for plan in leaving[updates]:
            run = training.branch().advance(plan.rates()[updates:])
            final = run.final_score()
            batches = np.array(run.train_loss).reshape(-1, SCORE_EVERY)
            yield RecordedRun(
                plan,
                _rounded(final),
                tuple(map(_rounded, run.held_out_loss)),
                tuple(map(_rounded, batches.mean(axis=1))),
                round(time.perf_counter() - start, 2),
            )
            start = time.perf_counter()


def _rounded(loss: float) -> float | None:
    return round(float(loss), _DIGITS) if np.isfinite(loss) else None


def _record(job: Job, folder: Path) -> int:
    """Train the runs of a job that its file lacks, adding each to it; return how many."""
    file = folder / f"{job.name}.jsonl"
    ready = finished(file)
    done = {run.plan for run in ready}
    left = [plan for plan in job.plans if plan not in done]
    if not left:
        return 0
    whole = file.with_suffix(".part")  # without a line that was cut short
    whole.write_text("".join(map(_line, ready)), encoding="utf-8")
    whole.replace(file)
    with file.open("a", encoding="utf-8") as out:
        for run in train_planned(left):
            out.write(_line(run))
            out.flush()
            os.fsync(out.fileno())
    return len(left)


def _line(run: RecordedRun) -> str:
    return json.dumps(run.to_json()) + "\n"


def finished(file: Path) -> list[RecordedRun]:
    """Return the runs in the file of a job; a last line that was cut short is left out."""
    runs: list[RecordedRun] = []
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                runs.append(RecordedRun.from_json(json.loads(line)))
            except json.JSONDecodeError:
                break
    return runs


def main(arguments: Sequence[str] | None = None) -> int:
    """Record what is missing and write the file; return 0, or 130 where it was interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m course_lib.language_model.record", description=__doc__
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(".cache/language_model"),
        help="keeps finished runs until all are there (default: %(default)s)",
    )
    parser.add_argument(
        "--out", type=Path, default=RUNS, help="the file to write (default: the course's own)"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), help="processes (default: %(default)s)"
    )
    chosen = parser.parse_args(arguments)
    if chosen.jobs < 1:
        parser.error(f"--jobs must be >= 1, got {chosen.jobs}")
    chosen.folder.mkdir(parents=True, exist_ok=True)
    work = jobs()
    total = sum(len(job.plans) for job in work)
    if not _record_all(work, total, chosen.folder, chosen.jobs):
        ready = len(_all_finished(work, chosen.folder))
        print(
            f"Stopped: {ready} of {total} runs are kept in {chosen.folder}. "
            "The same command goes on from there.",
            file=sys.stderr,
        )
        return 130
    runs = _all_finished(work, chosen.folder)
    write_runs(_about(runs), runs, chosen.out)
    print(f"Wrote {chosen.out}: {len(runs)} runs, {chosen.out.stat().st_size} bytes.")
    return 0


def _record_all(work: Sequence[Job], total: int, folder: Path, processes: int) -> bool:
    """Record all jobs, with a bar that counts runs; return False where it was interrupted."""
    # Workers that are forked would share the threads of a library that is loaded here.
    pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
    tasks = {pool.submit(_record, job, folder) for job in work}
    try:
        with tqdm(total=total, unit="run", initial=len(_all_finished(work, folder))) as bar:
            while tasks:
                done, tasks = wait(tasks, timeout=_LOOK_EVERY, return_when=FIRST_COMPLETED)
                for task in done:
                    task.result()
                bar.update(len(_all_finished(work, folder)) - bar.n)
    except KeyboardInterrupt:
        return False
    finally:
        pool.shutdown(cancel_futures=True)
    return True


def _all_finished(work: Sequence[Job], folder: Path) -> list[RecordedRun]:
    return [run for job in work for run in finished(folder / f"{job.name}.jsonl")]


def _about(runs: Sequence[RecordedRun]) -> dict[str, object]:
    from course_lib.language_model.language_training import LanguageModel, LanguageTraining
    from course_lib.training.torch_models import count_numbers

    nets = LanguageTraining(TEXTS[runs[0].plan.text](), seed=0).nets
    return {
        "settings": asdict(LanguageModel()),
        "parameters": count_numbers(nets.parameters),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "torch")},
        "hours": round(sum(run.seconds for run in runs) / 3600, 2),
    }


if __name__ == "__main__":
    raise SystemExit(main())
