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
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import numpy as np
from tqdm import tqdm

from course_lib.language_model.grid import SCORE_EVERY, TEXTS, Job, PlannedRun, jobs
from course_lib.language_model.runs_file import RUNS, RecordedRun, write_runs

_DIGITS = 4  # after the point: 0.0001 nats, far below what seeds differ by
_LOOK_EVERY = 0.5  # seconds


def train_planned(plans: Sequence[PlannedRun]) -> Iterator[RecordedRun]:
    """Train runs that share text, warmup, peak and seed, and yield each when it is finished.

    The updates that a run has in common with a constant rate are made once: the constant run is
    trained, and copied where the others leave it. A run's numbers do not change by that.
    """
    from course_lib.language_model.language_training import LanguageTraining

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
            yield RecordedRun(
                plan,
                _rounded(final),
                tuple(map(_rounded, run.held_out_loss)),
                round(time.perf_counter() - start, 2),
            )
            start = time.perf_counter()


def _rounded(loss: float) -> float | None:
    return round(float(loss), _DIGITS) if np.isfinite(loss) else None


def record_job(job: Job, folder: Path, after_run: Callable[[], bool] = lambda: True) -> int:
    """Train the runs of a job that its file lacks, adding each to it at once; return how many.

    Args:
        job: the runs.
        folder: folder of the job's file.
        after_run: called after every run; where it returns False, the rest is left for another
            time.
    """
    file = folder / f"{job.name}.jsonl"
    ready = finished(job, folder)
    done = {run.plan for run in ready}
    left = [plan for plan in job.plans if plan not in done]
    if not left:
        return 0
    whole = file.with_suffix(".part")  # without a line that was cut short
    whole.write_text("".join(map(_line, ready)), encoding="utf-8")
    whole.replace(file)
    trained = 0
    with file.open("a", encoding="utf-8") as out:
        for run in train_planned(left):
            out.write(_line(run))
            out.flush()
            os.fsync(out.fileno())
            trained += 1
            if not after_run():
                break
    return trained


def _line(run: RecordedRun) -> str:
    return json.dumps(run.to_json()) + "\n"


def finished(job: Job, folder: Path) -> list[RecordedRun]:
    """Return the runs of a job that are in its file; a last line that was cut short is left out.

    Raises:
        ValueError: a line is no run of this job; the message names the file and the line.
    """
    file = folder / f"{job.name}.jsonl"
    if not file.exists():
        return []
    lines = file.read_bytes().splitlines()
    runs: dict[PlannedRun, RecordedRun] = {}
    for number, line in enumerate(lines, 1):
        try:
            run = RecordedRun.from_json(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError):
            run = None
        if run is not None and run.plan in job.plans:
            runs[run.plan] = run
        elif number < len(lines):
            raise ValueError(
                f"{file}, line {number}: every line must be a run of {job.name}. Delete the line, "
                "or the file, to train it again."
            )
    return list(runs.values())


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
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: %(default)s)"
    )
    chosen = parser.parse_args(arguments)
    if chosen.jobs < 1:
        parser.error(f"--jobs must be >= 1, got {chosen.jobs}")
    # Found out now, and not after hours of training.
    if chosen.out.is_dir() or not os.access(chosen.out.parent, os.W_OK):
        parser.error(f"--out must be a file in a folder that can be written to, got {chosen.out}")
    try:
        chosen.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--folder must be a folder that can be written to: {error}")
    return _main(chosen.folder, chosen.out, chosen.jobs)


def _main(folder: Path, out: Path, processes: int) -> int:
    from filelock import FileLock, Timeout  # comes with PyTorch

    work = jobs()
    try:
        with FileLock(folder / "lock", timeout=0):
            completed = _record_all(work, folder, processes)
    except Timeout:
        print(f"Another recording is at work in {folder}.", file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    runs = _all_finished(work, folder)
    total = sum(len(job.plans) for job in work)
    if len(runs) < total:
        print(
            f"{'Failed' if completed else 'Stopped'}: {len(runs)} of {total} runs are kept in "
            f"{folder}. The same command goes on from there.",
            file=sys.stderr,
        )
        return 1 if completed else 130
    write_runs(about(runs), runs, out)
    print(f"Wrote {out}: {len(runs)} runs, {out.stat().st_size} bytes.")
    return 0


def _record_all(work: Sequence[Job], folder: Path, processes: int) -> bool:
    """Record all jobs, with a bar that counts runs; return False where it was interrupted.

    An interruption kills the workers: what they have finished is on the disk.
    """
    total, ready = sum(len(job.plans) for job in work), len(_all_finished(work, folder))
    if ready == total:
        return True
    context = multiprocessing.get_context("spawn")
    next_job, trained = context.Value("i", 0), context.Value("i", 0)
    workers = [
        context.Process(target=_work, args=(list(work), folder, next_job, trained), daemon=True)
        for _ in range(processes)
    ]
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for worker in workers:
            worker.start()
        with tqdm(total=total, unit="run", initial=ready) as bar:
            while any(worker.is_alive() for worker in workers):
                time.sleep(_LOOK_EVERY)
                bar.update(ready + trained.value - bar.n)
    except KeyboardInterrupt:
        return False
    finally:
        for worker in workers:
            if worker.pid is not None:  # it was started
                worker.kill()
                worker.join()
        signal.signal(signal.SIGTERM, before)
    return True


def _work(work: Sequence[Job], folder: Path, next_job: Synchronized, trained: Synchronized) -> None:
    """Take jobs until there is none left, or the process that started this one is gone.

    Args:
        work: all jobs.
        folder: folder of their files.
        next_job: number of the next job to take, shared by all workers.
        trained: number of runs trained until now, shared by all workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interruption does
    parent = multiprocessing.parent_process()

    def after_run() -> bool:
        with trained.get_lock():
            trained.value += 1
        return parent.is_alive()

    while parent.is_alive():
        with next_job.get_lock():
            number = next_job.value
            next_job.value += 1
        if number >= len(work):
            return
        record_job(work[number], folder, after_run)


def _all_finished(work: Sequence[Job], folder: Path) -> list[RecordedRun]:
    """Return the finished runs, in the order of the grid."""
    runs = []
    for job in work:
        ready = {run.plan: run for run in finished(job, folder)}
        runs += [ready[plan] for plan in job.plans if plan in ready]
    return runs


def about(runs: Sequence[RecordedRun]) -> dict[str, object]:
    """Return what is written beside the runs: settings, versions, processor, hours."""
    import torch

    from course_lib.language_model.language_training import LanguageModel, LanguageTraining
    from course_lib.training.torch_models import count_numbers

    nets = LanguageTraining(TEXTS[runs[0].plan.text](), seed=0).nets
    return {
        "settings": asdict(LanguageModel()),
        "parameters": count_numbers(nets.parameters),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("numpy", "torch")},
        "processor": f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}",
        "hours": round(sum(run.seconds for run in runs) / 3600, 2),
    }


if __name__ == "__main__":
    raise SystemExit(main())
