"""The cache of finished runs: the same numbers, and never others."""

import os
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.training import Mlp, Runs, RunStore, cache
from course_lib.training.keys import run_keys
from tests.lib.training.cached_runs import DATA, RATES, SEEDS, WORK, assert_same, block

FOLDER = Path(cache.__file__).parent


# The second call ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"keep_at": ()},
        {"score_every": 1},
        {"workload": replace(WORK, model=Mlp(hidden=(5,), dtype="float32"))},
        {"workload": replace(WORK, data=DATA)},  # nothing held out: scores of length 0
        {"momenta": np.full((3, 3), 0.5)},
    ],
)
def test_second_call_trains_nothing_and_returns_the_same_bits(trained, options, train):
    first = train(**options)
    assert trained == SEEDS
    second = train(**options)
    assert trained == SEEDS
    assert_same(first, second)
    assert_same(first, train(**options, cache=False))
    assert first.diverged.tolist() == [False, False, True]
    second.losses[0, 0] = 7.0  # the caller's own, as the first were


def test_runs_are_found_whatever_shares_their_call(trained, train):
    everything = train()
    del trained[:]
    some = train(rates=RATES[[2, 0]], seeds=[5, 3])
    assert trained == []
    assert_same(some, everything.select([2, 0]))
    more = train(rates=RATES[[1, 0, 0, 2]], seeds=[4, 9, 3, 5])
    assert trained == [9]
    assert_same(more.select([0, 2, 3]), everything.select([1, 0, 2]))
    assert_same(more.select([1]), train(rates=RATES[[0]], seeds=[9], cache=False))


def test_cache_false_neither_reads_nor_writes(trained, folder, train):
    train(cache=False)
    assert not folder.exists()
    train()
    train(cache=False)
    assert trained == SEEDS * 3


def test_equal_runs_in_one_call_are_stored_once(trained, train):
    twice = train(rates=RATES[[0, 0]], seeds=[3, 3])
    assert_same(twice, train(rates=RATES[[0, 0]], seeds=[3, 3]))
    assert len(trained) == 2


def test_short_calls_are_not_written(train, store, folder):
    train(store=RunStore(store.file, worth_writing=1e9, write_every=1e9))
    assert not folder.exists()


# What is stored ----------------------------------------------------------------------------------


@given(
    st.integers(1, 4), st.integers(1, 5), st.integers(0, 2), st.integers(0, 2), st.integers(0, 3)
)
def test_packing_is_undone_to_the_bit(runs, steps, scores, kept, seed):
    rng = np.random.default_rng(seed)
    losses = rng.normal(size=(runs, steps))
    losses[0, -1] = np.nan
    whole = Runs(
        losses,
        rng.normal(size=runs),
        rng.integers(-1, steps, runs),
        np.arange(scores),
        rng.normal(size=(runs, scores)),
        rng.random((runs, scores)),
        rng.normal(size=(runs, kept, 7)).astype(np.float32),
    )
    assert_same(whole, cache.unpack(cache.pack(whole), range(scores)))


def npy(value):
    from io import BytesIO

    buffer = BytesIO()
    np.save(buffer, value, allow_pickle=True)
    return buffer.getvalue()


class Trap:
    def __reduce__(self):
        return os._exit, (3,)


@pytest.mark.parametrize(
    "value", [npy(np.array([Trap()], dtype=object)), npy(np.zeros(3)), b"", b"\x93NUMPY"]
)
def test_bytes_that_are_not_a_run_are_not_believed(store, trained, value, train):
    with pytest.raises(ValueError):  # noqa: PT011 - NumPy's words
        cache.unpack([value], ())
    expected = train(cache=False)
    key = run_keys(block())[0]
    store.write({key: value})
    with pytest.warns(RuntimeWarning, match="holds something else"):
        assert_same(train(), expected)


def test_a_changed_bit_is_noticed_and_mended(folder, trained, train):
    expected = train()
    del trained[:]
    with closing(sqlite3.connect(folder / "training.sqlite")) as connection, connection:
        value = bytearray(connection.execute("SELECT value FROM runs WHERE id = 2").fetchone()[0])
        value[-1] ^= 1
        connection.execute("UPDATE runs SET value = ? WHERE id = 2", [bytes(value)])
    assert_same(train(), expected)
    assert trained == SEEDS[1:2]
    assert_same(train(), expected)
    assert trained == SEEDS[1:2]


def test_the_oldest_runs_go_when_the_file_is_full(tmp_path):
    store = RunStore(tmp_path / "runs.sqlite", limit_bytes=200_000)
    for number in range(60):
        store.write({b"%d" % number: bytes(10_000)})
    there = [number for number in range(60) if store.find([b"%d" % number])]
    assert there == list(range(there[0], 60))
    assert 10 <= len(there) <= 20
    assert store.file.stat().st_size < 230_000
    with pytest.raises(cache.CacheError, match="cannot take 200,001 bytes at once"):
        store.write({b"x": bytes(200_000)})


def test_many_keys_are_found_in_one_call(store):
    values = {b"%d" % number: b"value %d" % number for number in range(1234)}
    store.write(values)
    assert store.find([*values, b"other"]) == values


def test_a_store_without_a_file_finds_nothing_and_cannot_be_written():
    store = RunStore(file=None)
    assert store.find([b"a"]) == {}
    with pytest.raises(cache.CacheError, match="without a file"):
        store.write({b"a": b"b"})


# Where it is -------------------------------------------------------------------------------------


def test_place_follows_the_variable_then_the_checkout_then_the_users_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LR_COURSE_CACHE", "~/somewhere")
    assert cache.place() == Path.home() / "somewhere" / "training.sqlite"
    monkeypatch.setenv("LR_COURSE_CACHE", "")
    assert cache.place() is None
    monkeypatch.delenv("LR_COURSE_CACHE")
    assert cache.place() == FOLDER.parents[1] / ".cache" / "training.sqlite"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    place = cache.place(above=tmp_path)
    assert "lr-course" in place.parts
    if sys.platform == "linux":
        assert place == tmp_path / "user" / "lr-course" / "training.sqlite"


def test_empty_variable_means_no_file(train, monkeypatch, trained):
    monkeypatch.setenv("LR_COURSE_CACHE", "")
    train(store=None)
    train(store=None)
    assert trained == SEEDS * 2


def test_default_store_is_one_for_a_place_and_follows_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("LR_COURSE_CACHE", str(tmp_path / "a"))
    first = cache.default_store()
    assert first.file == tmp_path / "a" / "training.sqlite"
    assert cache.default_store() is first
    monkeypatch.setenv("LR_COURSE_CACHE", str(tmp_path / "b"))
    assert cache.default_store().file == tmp_path / "b" / "training.sqlite"
