"""Carries out runs: those in the cache are not trained again, the others are trained by this
process, by processes beside it, or by an executor.

Runs travel in blocks. A run's numbers do not depend on its block, nor on where it is trained.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from threadpoolctl import threadpool_limits

from course_lib.training.cache import RunStore, default_store
from course_lib.training.finished import Finished
from course_lib.training.keys import identity
from course_lib.training.progress_bar import SHOWN_FROM, Progress
from course_lib.training.runs import RunBlock, Runs
from course_lib.training.settings import Workload

TrainBlock = Callable[[RunBlock], Runs]
Rows = Sequence[int]

_WORTH_PROCESSES = 2.0  # seconds in this process; starting others takes one to two
_LOOK_EVERY = 0.25  # seconds between two looks at the clock while others work
_IDLE_SECONDS = 120  # after which the processes end; until then the next call finds them ready
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# The C library of Linux gives large arrays back at once, and the next ones cost page faults again:
# a sixth of a convnet's training. Elsewhere these names mean nothing.
_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TRIM_THRESHOLD_": str(2**28)}


def run(
    block: RunBlock,
    train_block: TrainBlock,
    block_size: Callable[[Workload], int],
    *,
    jobs: int | None = None,
    executor: Executor | None = None,
    store: RunStore | None = None,
    cache: bool = True,
    progress: bool = True,
    shown_from: float = SHOWN_FROM,
    processes: Callable[[int], AbstractContextManager[Executor]] | None = None,
) -> Runs:
    """Return all runs of `block`, in its order.

    Args:
        block: runs to train, checked.
        train_block: function that trains some of them; other processes must be able to import it.
        block_size: function that returns how many runs of a workload are best trained together.
        jobs: number of processes; 1 is this one alone. None takes one a core if this one alone
            would need more than two seconds.
        executor: executor that trains instead; its futures are those of `concurrent.futures`.
        store: store of finished runs; None takes `default_store()`.
        cache: whether finished runs are looked up and kept in the file of the store.
        progress: whether a bar may be shown.
        shown_from: seconds that the whole must be expected to take for a bar to be shown.
        processes: function that lends an executor with so many workers; None takes processes.

    Raises:
        RuntimeError: A worker process died, or has other code than this one.
    """
    finished = Finished(block, store or default_store(), use_file=cache)
    if finished.missing:
        ready = len(block.seeds) - len(finished.missing)
        try:
            with Progress(len(block.seeds), ready, progress, shown_from) as bar:
                work = _Work(block, train_block, finished, bar, processes or lend_processes)
                _train(work, block_size(block.workload), jobs, executor)
        except BrokenExecutor as error:
            raise RuntimeError(
                "a worker process died, as it does where memory runs out (fewer `jobs` need "
                f"less): {finished.save()}"
            ) from error
        except BaseException as error:
            kept = finished.save()
            if hasattr(error, "add_note"):  # Python 3.11
                error.add_note(f"Training stopped: {kept}.")
            raise
    return finished.all()


@dataclass
class _Work:
    """What is to be trained, by which function, and where the runs go."""

    block: RunBlock
    train_block: TrainBlock
    finished: Finished
    bar: Progress
    processes: Callable[[int], AbstractContextManager[Executor]]

    def collect(self, rows: Rows, runs: Runs) -> None:
        self.finished.add(rows, runs)
        self.bar.add(len(rows))

    def packages(self, size: int) -> list[Rows]:
        rows = self.finished.missing
        return [rows[first : first + size] for first in range(0, len(rows), size)]


def _train(work: _Work, size: int, jobs: int | None, executor: Executor | None) -> None:
    if executor is not None:
        # Held for all threads of an executor: the first of them to end a block would otherwise
        # give BLAS its threads back while the others go on.
        with threadpool_limits(1, user_api="blas"):
            _train_there(work, executor, size)
        return
    missing = len(work.finished.missing)
    jobs = min(_worthwhile_jobs(work, size) if jobs is None else jobs, missing)
    if jobs > 1:
        rounds = -(-missing // (jobs * size))
        with work.processes(jobs) as pool:
            _train_there(work, pool, -(-missing // (jobs * rounds)))
    else:
        for rows in work.packages(size):
            work.collect(rows, work.train_block(work.block.select(rows)))


def _train_there(work: _Work, executor: Executor, size: int) -> None:
    """Train with an executor; what is ready when something goes wrong is not lost."""
    here = identity(work.block.workload)
    waiting: dict[Future, Rows] = {}
    try:
        for rows in work.packages(size):
            block = work.block.select(rows)
            with _interrupts_held():  # loky may start a process again that was idle for too long
                future = executor.submit(_train_package, work.train_block, block, here)
            if not isinstance(future, Future):
                raise TypeError(
                    "executor must return futures of concurrent.futures, got "
                    f"{type(future).__name__}; of a dask client, pass client.get_executor()"
                )
            waiting[future] = rows
        while waiting:
            ready, _ = wait(waiting, timeout=_LOOK_EVERY, return_when=FIRST_COMPLETED)
            for future in ready:
                work.collect(waiting[future], future.result())
                del waiting[future]
            work.bar.add()
    except BaseException:
        for future in waiting:
            future.cancel()
        for future, rows in waiting.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                work.finished.add(rows, future.result())
        raise


def _train_package(train_block: TrainBlock, block: RunBlock, asked_by: tuple) -> Runs:
    """Train a block in a worker, which must compute as the process that asks does."""
    here = identity(block.workload)
    if here != asked_by:
        raise RuntimeError(
            "a worker has another version of course_lib.training, NumPy or PyTorch than the "
            "process that asks it to train: give both the same, and restart both"
        )
    return train_block(block)


@contextlib.contextmanager
def lend_processes(jobs: int) -> Iterator[Executor]:
    """Lend processes that stay for the next call; after an error they are stopped at once.

    loky starts them with neither a fork nor another import of the main script, so a kernel with
    threads and a script without a main guard can both have them.
    """
    from joblib.externals.loky import get_reusable_executor  # 0.2 s, and seldom needed

    pool = get_reusable_executor(
        max_workers=jobs,
        timeout=_IDLE_SECONDS,
        initializer=_begin_process,
        env=dict.fromkeys(_THREADS, "1") | _KEEP_MEMORY,
    )
    try:
        if os.name == "posix":
            # Where loky's first process starts Python's own tracker of resources, that lets Ctrl-C
            # through again (Python 3.11), also to the processes.
            from multiprocessing import resource_tracker

            resource_tracker.ensure_running()
        with _interrupts_held():
            pool.submit(_ignore_interrupts)  # the first task starts all processes
        yield pool
    except BaseException:
        # As if they had died, which loky cleans up well after. Its shutdown(kill_workers=True)
        # does not (joblib 1.6): a cancelled task stops it with an error, before it has killed any.
        for process in list(pool._processes.values()):
            process.terminate()
        pool.shutdown(wait=True)
        raise


def _begin_process() -> None:
    _ignore_interrupts()
    from joblib.externals.loky import process_executor

    # A process that trained with NumPy and then loads PyTorch grows by 300 MB. loky takes that for
    # a leak, replaces the process, which loads it all again, and warns. The name is loky's own;
    # where it is gone, loky's limit holds.
    process_executor._MAX_MEMORY_LEAK_SIZE = 2**32


def _ignore_interrupts() -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the one that gave the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back: a process that is started meanwhile never sees it, not even at once.

    The mask is for the processes, which inherit it. The handler is for this one: another thread,
    whose mask is its own, may take the signal, and Python then interrupts the main thread.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    came: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    ours = handler is not None and threading.current_thread() is threading.main_thread()
    if ours:
        signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if ours:
            signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


def _worthwhile_jobs(work: _Work, size: int) -> int:
    """Return one process a usable core, or 1 where this process will be done soon."""
    missing = len(work.finished.missing)
    alone = missing == 1 or os.cpu_count() == 1
    # A daemonic process, as dask's workers are, may not start others.
    if alone or multiprocessing.current_process().daemon:
        return 1
    if not _is_long(work, size):
        return 1
    from joblib import cpu_count

    return cpu_count()


def _is_long(work: _Work, size: int, limit: float = _WORTH_PROCESSES) -> bool:
    """Return whether this process would need more than `limit` seconds, from steps of a block.

    It is trained for 1 step; with the score at its end that takes no less than a step of many.
    Where it cannot tell, it is trained for n: what a block needs besides its steps cancels out.
    """
    rows, steps = work.finished.missing[:size], work.block.rates.shape[1]
    blocks = len(work.finished.missing) / len(rows)
    first = work.block.select(rows)

    def seconds(number: int) -> float:
        short = _first_steps(first, number)
        start = time.perf_counter()
        work.train_block(short)
        return time.perf_counter() - start

    for _ in range(2):  # what comes only once is in the first
        one = seconds(1)
        if blocks * steps * one < limit:
            return False
    if blocks * one >= limit:
        return True
    few = min(steps, 1 + max(2, steps // 50))
    a_step = max(0.0, seconds(few) - one) / (few - 1)
    return blocks * (one + (steps - 1) * a_step) >= limit


def _first_steps(block: RunBlock, steps: int) -> RunBlock:
    return replace(
        block,
        rates=block.rates[:, :steps],
        momenta=None if block.momenta is None else block.momenta[:, :steps],
        scored_at=tuple(step for step in block.scored_at if step <= steps),
        keep_at=tuple(step for step in block.keep_at if step <= steps),
    )
