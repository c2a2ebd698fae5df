"""How runs are carried out: anywhere with the same bits, stoppable, and with nothing lost."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import joblib
import nbformat
import numpy as np
import pytest
from conftest import notebook
from fake_training import (
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
    wait_for,
)
from joblib.externals.loky import get_reusable_executor
from nbclient import NotebookClient

from course_lib import problems, training
from course_lib.training import Mlp, Runs, Workload, cache, engine, execution, finished, progress
from course_lib.training.runs import RunBlock

ROOT = Path(__file__).parent.parent
DATA = replace(problems.spirals(per_class=6), held_out=problems.spirals(per_class=4, seed=1))
WORK = Workload(DATA, Mlp(hidden=(5,)), batch_size=4)
RATES = np.linspace(0.05, 0.4, 11)[:, None] * np.linspace(1, 0.1, 9)
RATES[4] = 1e200  # diverges
SEEDS = list(range(20, 31))
OPTIONS = {"score_every": 4, "keep_at": (0, 5), "momenta": np.full(RATES.shape, 0.5)}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LR_COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(finished, "_in_memory", {})
    return tmp_path / "cache"


@pytest.fixture(scope="module", autouse=True)
def no_processes_left():
    yield
    get_reusable_executor().shutdown(wait=True, kill_workers=True)


@pytest.fixture
def threads(monkeypatch):
    """Threads in the place of processes, which take a second to start."""

    started = []

    @contextmanager
    def pool(jobs):
        started.append(jobs)
        with ThreadPoolExecutor(jobs) as executor:
            yield executor

    monkeypatch.setattr(execution, "_processes", pool)
    return started


def assert_same(a, b):
    for field in fields(Runs):
        x, y = getattr(a, field.name), getattr(b, field.name)
        assert (x.dtype, x.shape, x.tobytes()) == (y.dtype, y.shape, y.tobytes()), field.name


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


def test_train_takes_as_many_processes_as_it_is_told(threads):
    training.train(WORK, RATES, SEEDS, jobs=3)
    assert threads == [3]


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
    run(partial(note_seeds, log), number, size, jobs=jobs, cache=False)
    assert sorted(len(line.split()) for line in log.read_text().splitlines()) == blocks
    assert threads == [min(jobs, number)]


# Which process -----------------------------------------------------------------------------------


def test_processes_stay_for_the_next_call_and_use_one_thread_each():
    first, second = (run(tell_process, jobs=2, cache=False).losses for _ in range(2))
    workers = set(first[:, 0]) | set(second[:, 0])
    assert len(workers) <= 2
    assert os.getpid() not in workers
    assert (first[:, 1:4] == 1).all()


def test_one_job_is_this_process():
    assert set(run(tell_here, jobs=1).losses[:, 0]) == {os.getpid()}


@pytest.fixture
def takes(monkeypatch):
    """Make a function that trains and needs start + steps * step seconds, by its own clock."""
    now = [0.0]
    monkeypatch.setattr(execution.time, "perf_counter", lambda: now[0])

    def takes(start, step):
        first = []

        def train_block(block):
            now[0] += start + step * block.rates.shape[1] + (0 if first else 5.0)
            first.append(block)
            return fake(block)

        return train_block

    return takes


@pytest.mark.parametrize(("step", "jobs"), [(0.0066, 1), (0.0067, 3)])
def test_processes_are_started_only_where_it_takes_two_seconds(monkeypatch, takes, step, jobs):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 3)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    block = some_runs(600, steps=100)
    work = execution._Work(block, takes(0, step), finished.Finished(block, False), None)
    assert execution._worthwhile_jobs(work, 200) == jobs  # 3 blocks of 100 steps


def test_one_run_is_trained_without_an_estimate(tmp_path):
    log = tmp_path / "log"
    run(partial(note_seeds, log), 1)
    assert log.read_text() == "0\n"


def test_automatic_choice_reaches_the_processes(monkeypatch, threads):
    seen = []
    monkeypatch.setattr(execution, "_worthwhile_jobs", lambda work, size: seen.append(size) or 3)
    names = run(tell_thread, 6, size=2).losses[:, 0]
    assert seen == [2]
    assert threading.get_ident() % 2**40 not in names


def test_expected_time_is_that_of_all_blocks_and_all_steps(takes):
    block = some_runs(10, steps=1000)
    work = execution._Work(block, takes(0.02, 0.002), finished.Finished(block, False), None)
    assert execution._expected_seconds(work, 2) == pytest.approx(5 * 2.02)
    assert execution._expected_seconds(work, 4) == pytest.approx(2.5 * 2.02)
    for steps in (1, 2, 3, 60):
        short = replace(work, block=replace(block, rates=block.rates[:, :steps]))
        assert execution._expected_seconds(short, 5) == pytest.approx(2 * (0.02 + 0.002 * steps))


def test_first_steps_are_a_block_that_can_be_trained():
    block = replace(
        some_runs(2),
        workload=WORK,
        rates=RATES[:2],
        momenta=OPTIONS["momenta"][:2],
        scored_at=(2, 4, 9),
        keep_at=(0, 3),
    )
    short = execution._first_steps(block, 2)
    assert (short.rates.shape, short.momenta.shape) == ((2, 2), (2, 2))
    assert (short.scored_at, short.keep_at) == ((2,), (0,))
    assert_same(
        engine.train_block(execution._first_steps(block, 4)).select([0]),
        engine.train_block(execution._first_steps(block.select([0]), 4)),
    )


def test_a_daemonic_process_starts_no_others(monkeypatch):
    ready = finished.Finished(some_runs(4), False)
    work = execution._Work(some_runs(4), partial(sleep_a_step, 0.5), ready, None)

    class Daemon:
        daemon = True

    monkeypatch.setattr(execution.multiprocessing, "current_process", Daemon)
    assert execution._worthwhile_jobs(work, 1) == 1


def command(code, folder, *arguments, **options):
    return subprocess.Popen(
        [sys.executable, code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT}/tests", "LR_COURSE_CACHE": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_a_script_without_a_main_guard_can_use_processes(tmp_path, folder):
    script = tmp_path / "script.py"
    script.write_text(
        "import fake_training as t\nprint('once', len(t.run(t.fake, jobs=2).losses))\n"
    )
    process = command(script, folder)
    assert process.communicate(timeout=60) == ("once 6\n", "")
    assert process.returncode == 0


# What goes wrong ---------------------------------------------------------------------------------


def test_an_error_in_a_worker_is_passed_on_and_what_was_ready_is_kept(threads, tmp_path):
    log, marker = tmp_path / "log", tmp_path / "failed"
    work = partial(fail_at, 4, marker, log)
    with pytest.raises(OSError, match="seed of trouble") as caught:
        run(work, size=1, jobs=2)
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
def test_what_is_ready_but_not_yet_collected_is_kept_too(tmp_path, use_cache):
    log, marker = tmp_path / "log", tmp_path / "failed"
    work = partial(fail_at, 7, marker, log)
    with pytest.raises(OSError, match="seed of trouble"):
        run(work, 40, size=1, executor=AtOnce(), cache=use_cache)
    assert read(log) == set(range(40)) - {7}
    log.unlink()
    assert run(work, 40, size=1, jobs=1, cache=use_cache).final_loss.tolist() == list(range(40))
    assert read(log) == {7}
    assert finished._in_memory == {}


def test_runs_that_are_in_memory_and_in_the_cache_come_once(tmp_path, monkeypatch):
    monkeypatch.setattr(finished, "_WORTH_WRITING", 0)
    run(fake, 4, jobs=1)
    with pytest.raises(AssertionError, match="nothing should be trained"):
        run(fail_late, size=1, jobs=1, cache=False)
    assert run(fake, 6, jobs=1).final_loss.tolist() == list(range(6))


def test_runs_that_had_no_place_but_memory_are_written_when_there_is_one(monkeypatch):
    monkeypatch.setattr(finished, "_WORTH_WRITING", 0)
    with pytest.raises(AssertionError, match="nothing should be trained"):
        run(fail_late, size=1, jobs=1, cache=False)
    run(fake, 6, jobs=1)
    assert run(never, 6).final_loss.tolist() == list(range(6))


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
    run(fake, jobs=2, cache=False)  # starts the workers, which have read the code
    monkeypatch.setattr(cache, "_CODE", b"edited meanwhile")
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
        ({"progress": 1}, TypeError, "progress must be True or False, got 1"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        training.train(WORK, RATES, SEEDS, **arguments)


# Ctrl-C ------------------------------------------------------------------------------------------

INTERRUPTED = """
import sys
from functools import partial
import fake_training as t
from course_lib.training import finished

def add(self, rows, runs, add=finished.Finished.add):
    add(self, rows, runs)
    with open(log + " collected", "a") as file:
        file.write(str(rows[0]))

finished.Finished.add = add
log, options = sys.argv[1], eval(sys.argv[2])
work = partial(t.slow_after_two, log)
try:
    t.run(work, size=1, **options)
except KeyboardInterrupt as error:
    print(*getattr(error, "__notes__", []))
    open(log + " go", "w").close()
    before = t.read(log)
    open(log, "w").close()
    runs = t.run(work, size=1, **options)
    print(runs.final_loss.tolist(), len(before), sorted(open(log).read().split()))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals to a process group")
@pytest.mark.parametrize("options", [{"jobs": 1}, {"jobs": 2}, {"jobs": 1, "cache": False}])
def test_ctrl_c_stops_soon_and_loses_nothing(tmp_path, folder, options):
    script, log = tmp_path / "script.py", str(tmp_path / "log")
    script.write_text(INTERRUPTED)
    process = command(script, folder, log, options, start_new_session=True)
    collected = Path(log + " collected")
    wait_for(lambda: os.path.exists(log + " waits") and collected.exists())
    wait_for(lambda: sorted(collected.read_text()) == ["0", "1"])
    start = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal and as Jupyter do
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - start < 20  # the blocks would wait for 30
    assert err == ""
    place = "in memory" if options.get("cache") is False else "in the cache"
    note, result = out.splitlines() if sys.version_info >= (3, 11) else ["", out.splitlines()[-1]]
    if note:
        assert f"2 of 6 runs are kept {place}; the same call again trains the rest" in note
    assert result == "[0.0, 1.0, 2.0, 3.0, 4.0, 5.0] 2 ['2', '3', '4', '5']"


@pytest.mark.skipif(os.name != "posix", reason="signals to a process group")
def test_ctrl_c_while_processes_start_prints_nothing_of_theirs(tmp_path, folder):
    script = tmp_path / "script.py"
    script.write_text(
        "import fake_training as t\n"
        "try:\n    t.run(t.fake, jobs=2)\n"
        "except KeyboardInterrupt:\n    print('stopped')\n"
    )
    process = command(script, folder, start_new_session=True)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        process.communicate()
        pytest.skip("no /proc")
    wait_for(lambda: process.poll() is not None or len(children.read_text().split()) >= 3)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (out, err) == ("stopped\n", "")


# The bar -----------------------------------------------------------------------------------------


class Terminal:
    """A screen of one line."""

    def __init__(self):
        self.line, self.shown = "", []

    def write(self, text):
        for part in re.split("(\r)", text):
            if part == "\r":
                self.column = 0
            elif part:
                column = getattr(self, "column", len(self.line))
                self.line = self.line[:column] + part + self.line[column + len(part) :]
                self.column = column + len(part)
                self.shown.append(self.line)

    def flush(self):
        pass

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=screen, modules=sys.modules))
    return screen


def test_bar_counts_runs_and_leaves_nothing(terminal, monkeypatch):
    monkeypatch.setattr(progress, "SHOWN_FROM", 0)
    run(fake, number=2, jobs=1)
    monkeypatch.setattr(finished, "_WORTH_WRITING", 0)
    run(fake, number=4, size=1, jobs=1)
    assert any("2/4" in line for line in terminal.shown)
    assert any("4/4" in line and "run" in line for line in terminal.shown)
    assert not any("4/2" in line for line in terminal.shown)
    assert terminal.line.strip() == ""
    terminal.shown.clear()
    run(never, number=4)
    assert terminal.shown == []


def test_runs_of_the_cache_are_counted_from_the_start(terminal, monkeypatch):
    monkeypatch.setattr(finished, "_WORTH_WRITING", 0)
    run(fake, number=3)
    monkeypatch.setattr(progress, "SHOWN_FROM", 0)
    run(fake, number=5, size=1, jobs=1)
    counts = re.findall(r"(\d)/5", "".join(terminal.shown))
    assert counts[0] in "34"
    assert counts[-1] == "5"


def test_no_bar_where_it_is_not_wanted_or_not_needed(terminal, monkeypatch):
    run(fake, jobs=1)
    monkeypatch.setattr(progress, "SHOWN_FROM", 0)
    run(fake, jobs=1, progress=False, cache=False)
    assert terminal.shown == []
    monkeypatch.setattr(terminal, "isatty", lambda: False)
    run(fake, jobs=1, cache=False)
    assert terminal.shown == []


def test_bar_appears_when_the_whole_will_take_two_seconds(terminal, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.Progress(total=30, ready=10) as bar:
        now[0] += 0.9
        bar.add(10)  # 1.8 s for 20
        assert terminal.shown == []
        now[0] += 0.6
        bar.add(4)  # 1.5 s for 14: 2.14 s
        assert "24/30" in terminal.shown[-1]
        now[0] += 0.2
        bar.add(6)
        assert "30/30" in terminal.shown[-1]
    with progress.Progress(total=3, ready=0) as bar:
        now[0] += 1.9
        bar.add()
        terminal.shown.clear()
        now[0] += 0.2
        bar.add()  # nothing is ready, but somebody waits
        assert "0/3" in terminal.shown[-1]


def test_bar_appears_while_the_first_blocks_are_still_trained(terminal, monkeypatch):
    monkeypatch.setattr(progress, "SHOWN_FROM", 0)

    def train_block(block):
        wait_for(lambda: terminal.shown)
        return fake(block)

    with ThreadPoolExecutor(2) as executor:
        run(train_block, executor=executor)
    assert "0/6" in terminal.shown[0]


def test_bar_goes_when_the_call_fails(terminal, monkeypatch):
    monkeypatch.setattr(progress, "SHOWN_FROM", 0)
    with pytest.raises(AssertionError, match="nothing should be trained"):
        run(fail_late, size=1, jobs=1)
    assert terminal.shown
    assert terminal.line.strip() == ""


CELL = """
import sys
sys.path[:0] = {path!r}
import fake_training as t
from course_lib.training import finished, progress
progress.SHOWN_FROM, finished._WORTH_WRITING = 0, 0
print("before")
t.run(t.fake, 11, jobs={jobs}).final_loss.sum()
"""


def execute(folder, monkeypatch, jobs=1, session=None):
    """Outputs of a cell that trains, and the kinds of all messages that came from it."""
    monkeypatch.setenv("LR_COURSE_CACHE", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"))
    if session:
        monkeypatch.setenv("JPY_SESSION_NAME", session)
    else:
        monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    messages = []

    class Client(NotebookClient):
        def process_message(self, message, *arguments):
            messages.append(message)
            return super().process_message(message, *arguments)

    nb = notebook(CELL.format(path=[str(ROOT), str(ROOT / "tests")], jobs=jobs))
    Client(nb, timeout=60).execute()
    return nb.cells[0].outputs, messages


def test_executed_notebook_has_no_trace_of_a_bar_nor_of_the_cache(folder, monkeypatch):
    first, messages = execute(folder, monkeypatch, jobs=2)
    assert (folder / "training.sqlite").exists()
    second, _ = execute(folder, monkeypatch)
    assert [output.output_type for output in first] == ["stream", "execute_result"]
    assert nbformat.from_dict(first) == nbformat.from_dict(second)
    assert json.dumps(first) == json.dumps(second)
    assert {"display_data", "update_display_data"}.isdisjoint(m["msg_type"] for m in messages)


def test_watched_notebook_shows_a_bar_that_is_empty_at_the_end(folder, monkeypatch):
    outputs, messages = execute(folder, monkeypatch, session="lesson.ipynb")
    shown = [
        message["content"]["data"]["text/plain"]
        for message in messages
        if message["msg_type"] in ("display_data", "update_display_data")
    ]
    assert any("11/11" in text for text in shown)
    assert shown[-1] == ""
    assert [output.output_type for output in outputs] == [
        "stream",
        "display_data",
        "execute_result",
    ]
    assert outputs[1].data == {"text/plain": ""}
    again, _ = execute(folder, monkeypatch, session="lesson.ipynb")
    assert [output.output_type for output in again] == ["stream", "execute_result"]
