"""The cache of finished runs: the same numbers, never others, and no harm when it breaks."""

import ast
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
from dataclasses import fields, make_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from conftest import require_tool
from hypothesis import example, given
from hypothesis import strategies as st

from course_lib import problems, training
from course_lib.problems import Classification
from course_lib.training import Adam, AdamW, Mlp, Runs, Sgd, Workload, cache, engine, finished
from course_lib.training.runs import RunBlock

DATA = problems.spirals(per_class=6)
TESTED = problems.spirals(per_class=6, seed=1)
WORK = Workload(replace(DATA, held_out=TESTED), Mlp(hidden=(5,)), batch_size=4)
RATES = np.array([[0.1, 0.2, 0.1], [0.3, 0.1, 0.2], [1e200, 1e200, 1e200]])  # the last diverges
SEEDS = [3, 4, 5]
FOLDER = Path(cache.__file__).parent


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A cache of the test's own, which is written even by calls of a millisecond."""
    monkeypatch.setenv("LR_COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(finished, "_WORTH_WRITING", 0)
    monkeypatch.setattr(finished, "_WRITE_EVERY", 0)
    monkeypatch.setattr(finished, "_warned", set())
    return tmp_path / "cache"


@pytest.fixture
def trained(monkeypatch):
    """The seeds that were really trained, in order."""
    seeds, really = [], engine.train_block

    def train_block(block):
        seeds.extend(block.seeds)
        return really(block)

    monkeypatch.setattr(engine, "train_block", train_block)
    monkeypatch.setattr(engine, "block_size", lambda workload: 2)
    return seeds


def train(workload=WORK, rates=RATES, seeds=SEEDS, **options):
    return training.train(workload, rates, seeds, **{"jobs": 1, "keep_at": (0, 2)} | options)


def assert_same(a, b):
    for field in fields(Runs):
        x, y = getattr(a, field.name), getattr(b, field.name)
        assert (x.dtype, x.shape) == (y.dtype, y.shape), field.name
        assert x.tobytes() == y.tobytes(), field.name  # also the bits of NaN


def block(workload=WORK, rates=RATES, momenta=None, seeds=SEEDS, scored_at=(3,), keep_at=(0, 2)):
    return RunBlock(workload, np.asarray(rates), momenta, tuple(seeds), scored_at, keep_at)


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
def test_second_call_trains_nothing_and_returns_the_same_bits(trained, options):
    first = train(**options)
    assert trained == SEEDS
    second = train(**options)
    assert trained == SEEDS
    assert_same(first, second)
    assert_same(first, train(**options, cache=False))
    assert first.diverged.tolist() == [False, False, True]
    second.losses[0, 0] = 7.0  # the caller's own, as the first were


def test_runs_are_found_whatever_shares_their_call(trained):
    everything = train()
    del trained[:]
    some = train(rates=RATES[[2, 0]], seeds=[5, 3])
    assert trained == []
    assert_same(some, everything.select([2, 0]))
    more = train(rates=RATES[[1, 0, 0, 2]], seeds=[4, 9, 3, 5])
    assert trained == [9]
    assert_same(more.select([0, 2, 3]), everything.select([1, 0, 2]))
    assert_same(more.select([1]), train(rates=RATES[[0]], seeds=[9], cache=False))


def test_cache_false_neither_reads_nor_writes(trained, folder):
    train(cache=False)
    assert not folder.exists()
    train()
    train(cache=False)
    assert trained == SEEDS * 3


def test_equal_runs_in_one_call_are_stored_once(trained):
    twice = train(rates=RATES[[0, 0]], seeds=[3, 3])
    assert_same(twice, train(rates=RATES[[0, 0]], seeds=[3, 3]))
    assert len(trained) == 2


def test_short_calls_are_not_written(monkeypatch, folder):
    monkeypatch.setattr(finished, "_WORTH_WRITING", 1e9)
    monkeypatch.setattr(finished, "_WRITE_EVERY", 1e9)
    train()
    assert not folder.exists()


# The key -----------------------------------------------------------------------------------------


def data(**changes):
    return replace(WORK, data=replace(WORK.data, **changes))


def nudged(array):
    array = array.copy()
    array.flat[-1] = np.nextafter(array.flat[-1], 9)
    return array


CHANGES = {
    "an input": {"workload": data(inputs=nudged(DATA.inputs))},
    "a label": {"workload": data(labels=np.roll(DATA.labels, 1))},
    "classes": {"workload": data(classes=4)},
    "held-out data": {"workload": data(held_out=replace(TESTED, inputs=nudged(TESTED.inputs)))},
    "nothing held out": {"workload": data(held_out=None)},
    "shape of the data": {"workload": data(inputs=DATA.inputs.reshape(18, 1, 2)[:, 0, ::-1])},
    "hidden": {"workload": replace(WORK, model=Mlp(hidden=(5, 5)))},
    "dtype": {"workload": replace(WORK, model=Mlp(hidden=(5,), dtype="float32"))},
    "order": {"workload": replace(WORK, model=Mlp(hidden=(5,), order="layer_by_layer"))},
    "momentum": {"workload": replace(WORK, optimizer=Sgd(momentum=0.9))},
    "nesterov": {"workload": replace(WORK, optimizer=Sgd(momentum=0.9, nesterov=True))},
    "weight decay": {"workload": replace(WORK, optimizer=Sgd(weight_decay=0.1))},
    "Adam": {"workload": replace(WORK, optimizer=Adam())},
    "AdamW": {"workload": replace(WORK, optimizer=AdamW(weight_decay=0.0))},
    "beta2": {"workload": replace(WORK, optimizer=Adam(beta2=np.nextafter(0.999, 1)))},
    "batch size": {"workload": replace(WORK, batch_size=5)},
    "no batches": {"workload": replace(WORK, batch_size=None)},
    "one rate, one ulp": {"rates": nudged(RATES)},
    "one step more": {"rates": np.hstack([RATES, RATES[:, -1:]])},
    "momenta": {"momenta": np.zeros((3, 3))},
    "other momenta": {"momenta": np.full((3, 3), 0.5)},
    "seed": {"seeds": [3, 4, 6]},
    "scores": {"scored_at": (1, 3)},
    "kept weights": {"keep_at": (0,)},
    "weights for scores": {"scored_at": (), "keep_at": (3, 0, 2)},
}


def test_whatever_determines_the_numbers_is_in_the_key(monkeypatch):
    keys = {"nothing": cache.run_keys(block())[-1]}
    keys |= {name: cache.run_keys(block(**change))[-1] for name, change in CHANGES.items()}
    with monkeypatch.context() as other:
        other.setattr(cache, "_CODE", b"other code")
        keys["code"] = cache.run_keys(block())[-1]
    with monkeypatch.context() as other:
        other.setattr(np, "__version__", "0.0")
        keys["NumPy"] = cache.run_keys(block())[-1]
    names = {}
    for name, key in keys.items():
        assert names.setdefault(key, name) == name
        assert len(key) == 32


def test_pytorchs_version_is_in_the_key_of_what_pytorch_trains(monkeypatch):
    images = Classification(np.zeros((2, 16)), np.array([0, 1]), 2, "blank")
    convnet = Workload(images, training.Convnet())
    keys = []
    for number in ("2.2", "2.3"):
        monkeypatch.setattr(cache, "version", {"torch": number}.__getitem__)
        keys.append([cache.run_keys(block(workload))[0] for workload in (convnet, WORK)])
    assert keys[0][0] != keys[1][0]
    assert keys[0][1] == keys[1][1]


def test_key_depends_on_the_run_alone_and_not_on_how_its_numbers_lie_in_memory():
    momenta = np.array([[0.1, 0.2, 0.3]] * 3)
    keys = cache.run_keys(block(momenta=momenta))
    assert len(set(keys)) == 3
    flipped = block(momenta=momenta).select([2, 0])
    assert cache.run_keys(flipped) == [keys[2], keys[0]]
    column_major = block(
        replace(WORK, data=replace(WORK.data, inputs=np.asfortranarray(DATA.inputs))),
        np.asfortranarray(RATES),
        np.broadcast_to(momenta[:1], (3, 3)),
    )
    assert cache.run_keys(column_major) == keys
    big_endian = block(data(inputs=DATA.inputs.astype(">f8")), momenta=momenta)
    assert cache.run_keys(big_endian) == keys


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 12)
    | st.sampled_from([0.0, -0.0, 1.0, 0.1, np.nextafter(0.1, 1), float("inf")])
    | st.text("a1;: ", max_size=3)
    | st.binary(max_size=3)
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)


@example(((1,), 2), ((1, 2),))
@example(("a", "b"), ("ab",))
@example("1", b"1")
@given(VALUES, VALUES)
def test_different_values_have_different_bytes(a, b):
    # repr tells 1 from 1.0 and True, and -0.0 from 0.0
    same = b"".join(cache._pieces(a)) == b"".join(cache._pieces(b))
    assert same == (repr(a) == repr(b))


def test_settings_with_the_same_fields_are_told_apart():
    pieces = [list(cache._pieces(make_dataclass(name, [])())) for name in ("Mlp", "Convnet")]
    assert pieces[0] != pieces[1]


def test_arrays_have_the_bytes_of_their_shape_and_type():
    zeros = [np.zeros((2, 3)), np.zeros((3, 2)), np.zeros(6), np.zeros(6, "f4"), np.zeros(3)]
    zeros += [np.zeros(6, int), np.zeros(()), np.float64(0), 0.0]
    seen = [b"".join(cache._pieces(value)) for value in zeros]
    assert len(set(seen)) == len(zeros) - 1  # a NumPy number and an array without axes are equal
    with pytest.raises(TypeError, match="no key for a ndarray"):
        list(cache._pieces(np.array([object()])))
    with pytest.raises(TypeError, match="no key for a dict"):
        list(cache._pieces({}))


def test_code_that_computes_is_in_the_key_and_other_code_is_not(tmp_path, monkeypatch):
    copy = Path(shutil.copytree(FOLDER, tmp_path / "training"))
    monkeypatch.setattr(cache, "__file__", str(copy / "cache.py"))
    assert cache._read_code() == cache._CODE
    for name in ("progress.py", "execution.py", "engine.py", "finished.py", "cache.py"):
        (copy / name).write_text("# changed")
        assert cache._read_code() == cache._CODE, name
    seen = {cache._CODE}
    for name in ("mlp.py", "network.py", "optimizers.py", "batches.py", "a_new_one.py"):
        (copy / name).write_text("# changed")
        seen.add(cache._read_code())
    assert len(seen) == 6


def test_code_that_computes_uses_no_other_code_of_the_course():
    allowed = ("course_lib.problems", "course_lib.validation", "course_lib.training")
    for file in FOLDER.glob("*.py"):
        if file.stem in cache._NO_NUMBERS:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("course_lib"):
                assert node.module.startswith(allowed), (file.name, node.module)
                last = node.module.rpartition(".")[2]
                assert last not in cache._NO_NUMBERS, (file.name, node.module)


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
def test_bytes_that_are_not_a_run_are_not_believed(folder, trained, value):
    with pytest.raises(ValueError):  # noqa: PT011 - NumPy's words
        cache.unpack([value], ())
    expected = train(cache=False)
    key = cache.run_keys(block())[0]
    cache.store(folder / "training.sqlite", {key: value})
    with pytest.warns(RuntimeWarning, match="holds something else"):
        assert_same(train(), expected)


def test_a_changed_bit_is_noticed_and_mended(folder, trained):
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


def test_the_oldest_runs_go_when_the_file_is_full(folder, monkeypatch):
    monkeypatch.setattr(cache, "_LIMIT_BYTES", 200_000)
    file = folder / "training.sqlite"
    for number in range(60):
        cache.store(file, {b"%d" % number: bytes(10_000)})
    there = [number for number in range(60) if cache.find(file, [b"%d" % number])]
    assert there == list(range(there[0], 60))
    assert 10 <= len(there) <= 20
    assert file.stat().st_size < 230_000
    with pytest.raises(cache.CacheError, match="cannot take 200,001 bytes at once"):
        cache.store(file, {b"x": bytes(200_000)})


def test_many_keys_are_found_in_one_call(folder):
    values = {b"%d" % number: b"value %d" % number for number in range(1234)}
    cache.store(folder / "training.sqlite", values)
    assert cache.find(folder / "training.sqlite", [*values, b"other"]) == values


# Where it is -------------------------------------------------------------------------------------


def test_place_follows_the_variable_then_the_checkout_then_the_users_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LR_COURSE_CACHE", "~/somewhere")
    assert cache.place() == Path.home() / "somewhere" / "training.sqlite"
    monkeypatch.setenv("LR_COURSE_CACHE", "")
    assert cache.place() is None
    monkeypatch.delenv("LR_COURSE_CACHE")
    assert cache.place() == FOLDER.parents[1] / ".cache" / "training.sqlite"
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "course_lib" / "training" / "cache.py"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    place = cache.place()
    assert "lr-course" in place.parts
    if sys.platform == "linux":
        assert place == tmp_path / "user" / "lr-course" / "training.sqlite"


def test_empty_variable_means_no_file(monkeypatch, trained):
    monkeypatch.setenv("LR_COURSE_CACHE", "")
    train()
    train()
    assert trained == SEEDS * 2


# What can break ----------------------------------------------------------------------------------


def garbage(folder):
    folder.mkdir()
    (folder / "training.sqlite").write_bytes(b"no database " * 1000)


def is_a_file(folder):
    folder.write_text("a file where the folder should be")


def is_a_folder(folder):
    (folder / "training.sqlite").mkdir(parents=True)


def foreign(folder):
    folder.mkdir()
    with closing(sqlite3.connect(folder / "training.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE runs (miles REAL)")


def torn(folder):
    train(rates=RATES[[0]] * 2, seeds=[1])
    file = folder / "training.sqlite"
    file.write_bytes(file.read_bytes()[:-5000] + bytes(100))


def locked(folder):
    cache._WAIT_SECONDS, before = 0.01, cache._WAIT_SECONDS
    train(rates=RATES[[0]] * 2, seeds=[1])
    connection = sqlite3.connect(folder / "training.sqlite", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")

    def free():
        cache._WAIT_SECONDS = before
        connection.close()

    return free


@pytest.mark.parametrize("damage", [garbage, is_a_file, is_a_folder, foreign, torn, locked])
def test_without_a_usable_file_the_runs_are_trained_and_one_sentence_says_why(
    folder, trained, damage
):
    undo = damage(folder)
    del trained[:]
    try:
        with pytest.warns(RuntimeWarning) as caught:
            runs = train()
        assert_same(runs, train(cache=False))
        assert len(caught) == 1
        message = str(caught[0].message)
        assert message.startswith("training goes on without its cache of finished runs: ")
        assert str(folder / "training.sqlite") in message
        assert "\n" not in message
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert_same(train(), runs)  # it has been said
        assert trained == SEEDS * 3
    finally:
        if undo:
            undo()


def test_the_warning_points_at_the_line_that_called_the_course(folder):
    is_a_file(folder)
    with pytest.warns(RuntimeWarning) as caught:
        train()
    assert caught[0].filename == __file__


def test_a_full_disk_costs_the_cache_and_not_the_runs(folder, trained, monkeypatch):
    opened = cache._open

    def small(file):
        connection = opened(file)
        connection.execute("PRAGMA max_page_count = 6")
        return connection

    train(rates=RATES[[0]] * 2, seeds=[1])
    monkeypatch.setattr(cache, "_open", small)
    work = replace(WORK, model=Mlp(hidden=(400,)))
    with pytest.warns(RuntimeWarning, match="cannot be written: database or disk is full"):
        runs = train(work)
    assert_same(runs, train(work, cache=False))
    monkeypatch.setattr(cache, "_open", opened)
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
def test_a_real_folder_that_cannot_be_written_to(tmp_path, place, reason):
    # A file system of its own, because root may write where the mode forbids it.
    bwrap = require_tool("bwrap")
    place = [part.format(folder=tmp_path) for part in place]
    done = subprocess.run(
        [bwrap, "--dev-bind", "/", "/", *place, "--", sys.executable, "-c", TRAIN_TWICE],
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


def test_file_can_vanish_while_it_is_in_use(folder, trained, monkeypatch):
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
from course_lib.training import cache
name, batches, size = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
print("go", flush=True)
for batch in range(batches):
    values = {f"{name} {batch} {run}".encode(): bytes([run]) * size for run in range(5)}
    cache.store(Path(sys.argv[1]), values)
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


def test_two_processes_can_write_at_the_same_time(folder):
    file = folder / "training.sqlite"
    both = [writer(file, name, 40, 3000) for name in "ab"]
    assert [process.communicate()[1] for process in both] == ["", ""]
    keys = [
        f"{name} {batch} {run}".encode() for name in "ab" for batch in range(40) for run in range(5)
    ]
    assert len(cache.find(file, keys)) == 400


def test_a_writer_waits_for_another_and_does_not_stop_it(folder):
    file = folder / "training.sqlite"
    cache.store(file, {b"first": b"1"})
    with (
        closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as other,
        ThreadPoolExecutor(1) as thread,
    ):
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO runs (key, digest, value) VALUES (x'00', x'00', x'00')")
        stored = thread.submit(cache.store, file, {b"second": b"2"})
        with pytest.raises(FutureTimeoutError):
            stored.result(timeout=0.3)
        other.execute("COMMIT")  # a reader that wants to write would stand in its way
        stored.result(timeout=20)
    assert len(cache.find(file, [b"first", b"second"])) == 2


def test_a_killed_writer_leaves_whole_batches_and_a_usable_file(folder):
    file = folder / "training.sqlite"
    for attempt in range(3):
        process = writer(file, str(attempt), 10_000, 300_000)
        done = 0
        while done <= attempt:  # then it is in the middle of the next one
            done = len(cache.find(file, [f"{attempt} {batch} 0".encode() for batch in range(9)]))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    cache.store(file, {b"after": b"it"})
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        keys = [key.decode() for (key,) in connection.execute("SELECT key FROM runs")]
    batches = {key.rpartition(" ")[0] for key in keys if key != "after"}
    assert len(batches) >= 6
    assert len(keys) == 5 * len(batches) + 1
