"""Runs on a cluster: a worker that is killed while it computes costs nothing but time."""

import os
import signal
import threading
import time
from functools import partial

import numpy as np
import pytest

from course_lib import problems, training
from course_lib.training import Mlp, RunStore, Workload, engine
from tests.lib.training.fake_training import wait_for

WORK = Workload(problems.spirals(per_class=6), Mlp(hidden=(5,)), batch_size=4)
RATES = np.linspace(0.05, 0.4, 8)[:, None] * np.linspace(1, 0.1, 20)
SEEDS = list(range(8))


def train_or_wait(folder, block):
    """Train a block; but the first attempt at the one with seed 3 waits until it is killed."""
    attempts = len(list(folder.glob("attempt-*")))
    if 3 in block.seeds:
        (folder / "half-written").write_text(str(os.getpid()))
        (folder / "half-written").rename(folder / f"attempt-{attempts}")
        if attempts == 0:
            time.sleep(600)
    runs = engine_train_block(block)
    (folder / f"done-{block.seeds[0]}-{os.getpid()}").touch()
    return runs


engine_train_block = engine.train_block  # as it is before a test replaces it


@pytest.fixture(scope="module")
def client(needs_dask):
    import distributed

    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            worker_dashboard_address=None,
            silence_logs="CRITICAL",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def train(**options):
    """Train with a store of its own: nothing is found, and nothing is kept."""
    return training.train(WORK, RATES, SEEDS, store=RunStore(file=None), **options)


def test_a_killed_worker_loses_no_run(client, tmp_path, monkeypatch):
    expected = train(keep_at=(20,), jobs=1)
    monkeypatch.setattr(engine, "train_block", partial(train_or_wait, tmp_path))
    monkeypatch.setattr(engine, "block_size", lambda workload: 1)
    killed = []

    def kill():
        wait_for(lambda: (tmp_path / "attempt-0").exists())
        killed.append(int((tmp_path / "attempt-0").read_text()))
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        runs = train(keep_at=(20,), executor=client.get_executor())
    finally:
        killer.join()
    for name in ("losses", "final_loss", "diverged_at", "weights"):
        assert getattr(runs, name).tobytes() == getattr(expected, name).tobytes(), name
    assert len(killed) == 1
    second = int((tmp_path / "attempt-1").read_text())
    assert second not in (killed[0], os.getpid())
    trained = {path.name.split("-")[1] for path in tmp_path.glob("done-*")}
    assert trained == {str(seed) for seed in SEEDS}


def test_an_error_on_the_cluster_comes_back_and_the_client_lives(client, monkeypatch):
    monkeypatch.setattr(engine, "train_block", fail)
    with pytest.raises(ZeroDivisionError):
        train(executor=client.get_executor())
    monkeypatch.setattr(engine, "train_block", engine_train_block)
    runs = train(executor=client.get_executor())
    assert np.isfinite(runs.final_loss).all()


def fail(block):
    return 1 / 0


def test_the_client_itself_is_refused_in_words(client):
    with pytest.raises(TypeError, match=r"of a dask client, pass client.get_executor\(\)"):
        train(executor=client)
