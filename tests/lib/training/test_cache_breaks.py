"""What can break the cache of finished runs, and that it costs none of them."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import closing
from dataclasses import replace

import pytest

from course_lib import training
from course_lib.training import Mlp, engine
from tests.lib.training.cached_runs import RATES, SEEDS, WORK, assert_same
from tests.lib.training.cached_runs import train as train_small


def garbage(store):
    store.file.parent.mkdir()
    store.file.write_bytes(b"no database " * 1000)


def is_a_file(store):
    store.file.parent.write_text("a file where the folder should be")


def is_a_folder(store):
    store.file.mkdir(parents=True)


def foreign(store):
    store.file.parent.mkdir()
    with closing(sqlite3.connect(store.file)) as connection, connection:
        connection.execute("CREATE TABLE runs (miles REAL)")


def torn(store):
    train_small(rates=RATES[[0]] * 2, seeds=[1], store=store)
    store.file.write_bytes(store.file.read_bytes()[:-5000] + bytes(100))


def locked(store):
    train_small(rates=RATES[[0]] * 2, seeds=[1], store=store)
    connection = sqlite3.connect(store.file, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    store.wait_seconds = 0.01
    return connection.close


@pytest.mark.parametrize("damage", [garbage, is_a_file, is_a_folder, foreign, torn, locked])
def test_without_a_usable_file_the_runs_are_trained_and_one_sentence_says_why(
    train, store, trained, damage
):
    undo = damage(store)
    del trained[:]
    try:
        with pytest.warns(RuntimeWarning) as caught:
            runs = train()
        assert_same(runs, train(cache=False))
        assert len(caught) == 1
        message = str(caught[0].message)
        assert message.startswith("training goes on without its cache of finished runs: ")
        assert str(store.file) in message
        assert "\n" not in message
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert_same(train(), runs)  # it has been said
        assert trained == SEEDS * 3
    finally:
        if undo:
            undo()


def test_the_warning_points_at_the_line_that_called_the_course(store):
    is_a_file(store)
    with pytest.warns(RuntimeWarning) as caught:
        training.train(WORK, RATES, SEEDS, jobs=1, store=store)
    assert caught[0].filename == __file__


def test_a_full_disk_costs_the_cache_and_not_the_runs(train, trained, monkeypatch):
    connect = sqlite3.connect

    def small(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.execute("PRAGMA max_page_count = 6")
        return connection

    train(rates=RATES[[0]] * 2, seeds=[1])
    monkeypatch.setattr(sqlite3, "connect", small)
    work = replace(WORK, model=Mlp(hidden=(400,)))
    with pytest.warns(RuntimeWarning, match="cannot be written: database or disk is full"):
        runs = train(work)
    assert_same(runs, train(work, cache=False))
    monkeypatch.setattr(sqlite3, "connect", connect)
    del trained[:]
    train(rates=RATES[[0]] * 2, seeds=[1])
    assert trained == []  # what was there before is there still


TRAIN_TWICE = """
import sys, warnings
import numpy as np
from course_lib import problems, training
workload = training.Workload(problems.spirals(), training.Mlp((400, 400)), batch_size=100)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(2):
        runs = training.train(
            workload, np.full((4, 30), 0.1), range(4), keep_at=(30,), jobs=1
        )
print(np.isfinite(runs.losses).all(), [str(warning.message) for warning in caught])
"""


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (("--ro-bind", "{folder}", "{folder}"), "readonly database|read-only|unable to open"),
        (("--size", "100000", "--tmpfs", "{folder}"), "database or disk is full"),
    ],
    ids=["read-only", "full"],
)
def test_a_real_folder_that_cannot_be_written_to(needs_bubblewrap, tmp_path, place, reason):
    # A file system of its own, because root may write where the mode forbids it.
    place = [part.format(folder=tmp_path) for part in place]
    done = subprocess.run(
        ["bwrap", "--dev-bind", "/", "/", *place, "--", sys.executable, "-c", TRAIN_TWICE],
        env={**os.environ, "LR_COURSE_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True ['training goes on without its cache")
    assert done.stdout.count("training goes on") == 1
    assert str(tmp_path) in done.stdout
    assert re.search(reason, done.stdout), done.stdout


def test_file_can_vanish_while_it_is_in_use(folder, trained, monkeypatch, train):
    counting = engine.train_block

    def train_block(some):
        shutil.rmtree(folder, ignore_errors=True)
        return counting(some)

    monkeypatch.setattr(engine, "train_block", train_block)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runs = train()
        assert_same(train(), runs)
    assert trained == [3, 4, 5, 3, 4]  # what was written after the file had gone is found


WRITER = """
import sys
from pathlib import Path
from course_lib.training import RunStore
name, batches, size = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
print("go", flush=True)
for batch in range(batches):
    values = {f"{name} {batch} {run}".encode(): bytes([run]) * size for run in range(5)}
    RunStore(Path(sys.argv[1])).write(values)
"""


def writer(file, name, batches, size):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(file), name, str(batches), str(size)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdout.readline()
    return process


def test_two_processes_can_write_at_the_same_time(store):
    both = [writer(store.file, name, 40, 3000) for name in "ab"]
    assert [process.communicate()[1] for process in both] == ["", ""]
    keys = [
        f"{name} {batch} {run}".encode() for name in "ab" for batch in range(40) for run in range(5)
    ]
    assert len(store.find(keys)) == 400


def test_a_writer_waits_for_another_and_does_not_stop_it(store):
    store.write({b"first": b"1"})
    with (
        closing(sqlite3.connect(store.file, timeout=5, isolation_level=None)) as other,
        ThreadPoolExecutor(1) as thread,
    ):
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO runs (key, digest, value) VALUES (x'00', x'00', x'00')")
        stored = thread.submit(store.write, {b"second": b"2"})
        with pytest.raises(FutureTimeoutError):
            stored.result(timeout=0.3)
        other.execute("COMMIT")  # a reader that wants to write would stand in its way
        stored.result(timeout=20)
    assert len(store.find([b"first", b"second"])) == 2


def test_a_killed_writer_leaves_whole_batches_and_a_usable_file(store):
    for attempt in range(3):
        process = writer(store.file, str(attempt), 10_000, 300_000)
        done = 0
        while done <= attempt:  # then it is in the middle of the next one
            done = len(store.find([f"{attempt} {batch} 0".encode() for batch in range(9)]))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    store.write({b"after": b"it"})
    with closing(sqlite3.connect(store.file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        keys = [key.decode() for (key,) in connection.execute("SELECT key FROM runs")]
    batches = {key.rpartition(" ")[0] for key in keys if key != "after"}
    assert len(batches) >= 6
    assert len(keys) == 5 * len(batches) + 1
