"""How runs are carried out: anywhere with the same bits, and with nothing lost."""

import os
import re
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import joblib
import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor

from course_lib import problems, training
from course_lib.training import Mlp, RunStore, Workload, engine, finished, run_execution
from course_lib.training.runs import RunBlock
from tests.lib.training.cached_runs import assert_same
from tests.lib.training.fake_training import (
    command,
    die_at,
    fail_at,
    fail_late,
    fail_then_wait,
    fake,
    last_block_first,
    never,
    note_seeds,
    read,
    run,
    sleep_a_step,
    some_runs,
    tell_here,
    tell_process,
    tell_thread,
)

pytestmark = pytest.mark.usefixtures("folder")
DATA = replace(problems.spirals(per_class=6), held_out=problems.spirals(per_class=4, seed=1))
WORK = Workload(DATA, Mlp(hidden=(5,)), batch_size=4)
RATES = np.linspace(0.05, 0.4, 11)[:, None] * np.linspace(1, 0.1, 9)
RATES[4] = 1e200  # diverges
SEEDS = list(range(20, 31))
OPTIONS = {"score_every": 4, "keep_at": (0, 5), "momenta": np.full(RATES.shape, 0.5)}


@pytest.fixture(scope="module", autouse=True)
def no_processes_left():
    yield
    get_reusable_executor().shutdown(wait=True, kill_workers=True)


@pytest.fixture
def threads():
    """Lends threads in the place of processes, which take a second to start."""
    started = []

    @contextmanager
    def pool(jobs):
        started.append(jobs)
        with ThreadPoolExecutor(jobs) as executor:
            yield executor

    pool.started = started
    return pool


# The same numbers --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def expected():
    scored_at = (4, 8, 9)
    block = RunBlock(WORK, RATES, OPTIONS["momenta"], tuple(SEEDS), scored_at, (0, 5))
    return engine.train_block(block)


@pytest.mark.parametrize("size", [1, 4, 20])
def test_blocks_in_this_process_give_the_same_bits(expected, monkeypatch, size):
    monkeypatch.setattr(engine, "block_size", lambda workload: size)
    runs = training.train(WORK, RATES, SEEDS, **OPTIONS, jobs=1)
    assert_same(runs, expected)
    assert runs.diverged.sum() == 1


def test_processes_give_the_same_bits(expected):
    assert_same(training.train(WORK, RATES, SEEDS, **OPTIONS, jobs=2), expected)


def test_train_takes_as_many_processes_as_it_is_told(monkeypatch, threads):
    monkeypatch.setattr(run_execution, "run", partial(run_execution.run, processes=threads))
    training.train(WORK, RATES, SEEDS, jobs=3)
    assert threads.started == [3]


def test_an_executor_of_threads_gives_the_same_bits(expected, monkeypatch):
    monkeypatch.setattr(engine, "block_size", lambda workload: 2)
    with ThreadPoolExecutor(3) as executor:
        assert_same(training.train(WORK, RATES, SEEDS, **OPTIONS, executor=executor), expected)


def test_runs_come_back_in_order_whichever_is_ready_first(tmp_path):
    with ThreadPoolExecutor(3) as executor:
        runs = run(partial(last_block_first, tmp_path), executor=executor)
    assert runs.final_loss.tolist() == list(range(6))


@pytest.mark.parametrize(
    ("number", "size", "jobs", "blocks"),
    [
        (8, 20, 2, [4, 4]),  # one block would leave a process idle
        (9, 4, 2, [3, 3, 3]),  # 4, 4, 1: two rounds too, but 3 need less memory
        (3, 1, 2, [1, 1, 1]),
        (60, 20, 2, [15, 15, 15, 15]),
        (2, 5, 8, [1, 1]),
    ],
)
def test_processes_get_even_shares(threads, tmp_path, number, size, jobs, blocks):
    log = tmp_path / "log"
    run(partial(note_seeds, log), number, size, jobs=jobs, cache=False, processes=threads)
    assert sorted(len(line.split()) for line in log.read_text().splitlines()) == blocks
    assert threads.started == [min(jobs, number)]


# Which process -----------------------------------------------------------------------------------


def test_processes_stay_for_the_next_call_and_use_one_thread_each():
    first, second = (run(tell_process, jobs=2, cache=False).losses for _ in range(2))
    workers = set(first[:, 0]) | set(second[:, 0])
    assert len(workers) <= 2
    assert os.getpid() not in workers
    assert (first[:, 1:4] == 1).all()


def test_one_job_is_this_process():
    assert set(run(tell_here, jobs=1).losses[:, 0]) == {os.getpid()}


def to_do(block, train_block):
    """Work of which nothing is done yet."""
    nothing = finished.Finished(block, RunStore(file=None))
    return run_execution._Work(block, train_block, nothing, None, run_execution.lend_processes)


@pytest.fixture
def takes(monkeypatch):
    """Make a function that trains and needs start + steps * step seconds, by its own clock."""
    now = [0.0]
    monkeypatch.setattr(run_execution.time, "perf_counter", lambda: now[0])

    def takes(start, step, once=5.0, trained=None):
        trained = [] if trained is None else trained

        def train_block(block):
            steps = block.rates.shape[1]
            now[0] += start + step * steps + (0 if trained else once)
            trained.append(steps)
            return fake(block)

        return train_block

    return takes


@pytest.mark.parametrize(("step", "jobs"), [(0.0066, 1), (0.0067, 3)])
def test_processes_are_started_only_where_it_takes_two_seconds(monkeypatch, takes, step, jobs):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 3)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    block = some_runs(600, steps=100)
    work = to_do(block, takes(0, step))
    assert run_execution._worthwhile_jobs(work, 200) == jobs  # 3 blocks of 100 steps


def test_one_run_is_trained_without_an_estimate(tmp_path):
    log = tmp_path / "log"
    run(partial(note_seeds, log), 1)
    assert log.read_text() == "0\n"


def test_automatic_choice_reaches_the_processes(monkeypatch, takes, threads):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 3)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    clock = takes(1.0, 0.0)

    def train_block(block):
        clock(block)
        return tell_thread(block)

    names = run(train_block, 6, size=2, processes=threads).losses[:, 0]
    assert threads.started == [3]
    assert threading.get_ident() % 2**40 not in names


def test_expected_time_is_that_of_all_blocks_and_all_steps(takes):
    def is_expected(seconds, size, steps):
        """Whether the estimate is `seconds`: no less, and no more."""
        work = to_do(replace(block, rates=block.rates[:, :steps]), takes(0.02, 0.002))
        limits = (seconds * (1 - 1e-6), seconds * (1 + 1e-6))
        return [run_execution._is_long(work, size, limit) for limit in limits] == [True, False]

    block = some_runs(10, steps=1000)
    assert is_expected(5 * 2.02, size=2, steps=1000)
    assert is_expected(2.5 * 2.02, size=4, steps=1000)
    for steps in (1, 2, 3, 60):
        assert is_expected(2 * (0.02 + 0.002 * steps), size=5, steps=steps)


def test_no_more_is_trained_than_tells_whether_it_is_long(takes):
    for start, step, once, expected in (
        (0, 1e-4, 0, (False, [1])),  # 5 blocks of 100 steps: 0.05 s
        (0, 1e-4, 5, (False, [1, 1])),  # the same, but the first call of all took 5 s
        (1, 1e-4, 5, (True, [1, 1])),  # 5 blocks of 1 s, whatever their steps take
        (0.1, 1e-4, 5, (False, [1, 1, 3])),  # 5 blocks of 0.1 s and their steps
        (0.1, 1e-2, 5, (True, [1, 1, 3])),
    ):
        block, trained = some_runs(10, steps=100), []
        train_block = takes(start, step, once, trained)
        work = to_do(block, train_block)
        assert (run_execution._is_long(work, 2), trained) == expected


def test_first_steps_are_a_block_that_can_be_trained():
    block = replace(
        some_runs(2),
        workload=WORK,
        rates=RATES[:2],
        momenta=OPTIONS["momenta"][:2],
        scored_at=(2, 4, 9),
        keep_at=(0, 3),
    )
    short = run_execution._first_steps(block, 2)
    assert (short.rates.shape, short.momenta.shape) == ((2, 2), (2, 2))
    assert (short.scored_at, short.keep_at) == ((2,), (0,))
    assert_same(
        engine.train_block(run_execution._first_steps(block, 4)).select([0]),
        engine.train_block(run_execution._first_steps(block.select([0]), 4)),
    )


def test_a_daemonic_process_starts_no_others(monkeypatch):
    work = to_do(some_runs(4), partial(sleep_a_step, 0.5))

    class Daemon:
        daemon = True

    monkeypatch.setattr(run_execution.multiprocessing, "current_process", Daemon)
    assert run_execution._worthwhile_jobs(work, 1) == 1


def test_a_script_without_a_main_guard_can_use_processes(tmp_path, folder):
    script = tmp_path / "script.py"
    script.write_text(
        "from tests.lib.training import fake_training as t\n"
        "print('once', len(t.run(t.fake, jobs=2).losses))\n"
    )
    process = command(script, folder)
    assert process.communicate(timeout=60) == ("once 6\n", "")
    assert process.returncode == 0


# What goes wrong ---------------------------------------------------------------------------------

# loky looks at the memory of a process at most once a second, after a job.
GROWING_SCRIPT = """
import time

import numpy as np

from course_lib.training import run_execution


def grow(megabytes):  # what hangs on a module stays for the next job
    np.kept = [*getattr(np, "kept", []), np.ones((megabytes, 2**17))]
    time.sleep(1.1)


with run_execution.lend_processes(1) as pool:
    for job in [pool.submit(grow, megabytes) for megabytes in (1, 1, 500, 1, 1)]:
        job.result()
"""


def test_a_process_that_grows_by_loading_pytorch_is_not_taken_for_a_leak(tmp_path, folder):
    script = tmp_path / "growing.py"
    script.write_text(GROWING_SCRIPT, encoding="utf-8")
    process = command(script, folder)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 0


def test_an_error_in_a_worker_is_passed_on_and_what_was_ready_is_kept(threads, tmp_path):
    log, marker = tmp_path / "log", tmp_path / "failed"
    work = partial(fail_at, 4, marker, log)
    with pytest.raises(OSError, match="seed of trouble") as caught:
        run(work, size=1, jobs=2, processes=threads)
    if sys.version_info >= (3, 11):
        assert re.search(r"[2-5] of 6 runs are kept in the cache", caught.value.__notes__[0])
    assert {0, 1} <= read(log)
    first = log.read_text()
    runs = run(work, size=1, jobs=1)
    assert runs.final_loss.tolist() == list(range(6))
    again = log.read_text()[len(first) :].split()
    assert {"0", "1"}.isdisjoint(again)


class AtOnce:
    """An executor that is done with everything when it is asked."""

    def submit(self, function, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except OSError as error:
            future.set_exception(error)
        return future


@pytest.mark.parametrize("use_cache", [True, False])
def test_what_is_ready_but_not_yet_collected_is_kept_too(tmp_path, store, use_cache):
    log, marker = tmp_path / "log", tmp_path / "failed"
    go = partial(run, partial(fail_at, 7, marker, log), 40, size=1, cache=use_cache, store=store)
    with pytest.raises(OSError, match="seed of trouble"):
        go(executor=AtOnce())
    assert read(log) == set(range(40)) - {7}
    log.unlink()
    assert go(jobs=1).final_loss.tolist() == list(range(40))
    assert read(log) == {7}
    assert store.in_memory == {}


def test_runs_that_are_in_memory_and_in_the_cache_come_once(store):
    run(fake, 4, jobs=1, store=store)
    with pytest.raises(AssertionError, match="nothing should be trained"):
        run(fail_late, size=1, jobs=1, cache=False, store=store)
    assert run(fake, 6, jobs=1, store=store).final_loss.tolist() == list(range(6))


def test_runs_that_had_no_place_but_memory_are_written_when_there_is_one(store):
    with pytest.raises(AssertionError, match="nothing should be trained"):
        run(fail_late, size=1, jobs=1, cache=False, store=store)
    run(fake, 6, jobs=1, store=store)
    assert run(never, 6, store=store).final_loss.tolist() == list(range(6))


def test_what_waits_is_cancelled_when_something_goes_wrong(tmp_path):
    log, over = tmp_path / "log", tmp_path / "over"
    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(OSError, match="at seed 1"):
            run(partial(fail_then_wait, over, log), size=1, executor=executor)
        over.touch()
    assert read(log) <= {0, 2}


def test_a_dead_worker_is_reported_and_the_next_call_goes_on(tmp_path):
    log, marker = tmp_path / "log", tmp_path / "died"
    work = partial(die_at, 4, marker, log)
    with pytest.raises(RuntimeError, match=r"a worker process died.* of 6 runs are kept") as caught:
        run(work, size=1, jobs=2)
    assert isinstance(caught.value.__cause__, BrokenProcessPool)
    kept = int(re.search(r"(\d) of 6", str(caught.value)).group(1))
    first = log.read_text()
    assert run(work, size=1, jobs=2).final_loss.tolist() == list(range(6))
    again = log.read_text()[len(first) :].split()
    assert len(again) == 6 - kept


def test_a_worker_with_other_code_is_refused(monkeypatch):
    run(fake, jobs=2, cache=False)  # starts the workers, which have loaded what is installed
    monkeypatch.setattr(np, "__version__", "0.0")
    with pytest.raises(RuntimeError, match="another version of course_lib"):
        run(fake, jobs=2, cache=False)


class OwnFutures:
    def submit(self, *_):
        return "a future of another kind"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"jobs": 0}, ValueError, "jobs must be >= 1, got 0"),
        ({"jobs": 2.5}, TypeError, "jobs must be a whole number, got 2.5"),
        ({"jobs": True}, TypeError, "jobs must be a whole number, got True"),
        ({"executor": 4}, TypeError, "executor must be a concurrent.futures.Executor, .*got 4"),
        ({"executor": ThreadPoolExecutor}, TypeError, "executor must be a .*got <class"),
        ({"executor": OwnFutures()}, TypeError, "futures of concurrent.futures, got str"),
        ({"executor": OwnFutures(), "jobs": 2}, ValueError, "jobs must be None where executor"),
        ({"cache": "here"}, TypeError, "cache must be True or False, got 'here'"),
        ({"store": "here"}, TypeError, "store must be a RunStore or None, got 'here'"),
        ({"progress": 1}, TypeError, "progress must be True or False, got 1"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        training.train(WORK, RATES, SEEDS, **arguments)
