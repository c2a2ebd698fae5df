"""For the tests of training: a cache of their own, and what was really trained."""

from functools import partial

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the runs of this test are kept: a folder of its own, which is not there yet."""
    monkeypatch.setenv("LR_COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def store(folder):
    """The store in that folder, written even by calls of a millisecond."""
    from course_lib.training import RunStore

    return RunStore(folder / "training.sqlite", worth_writing=0, write_every=0)


@pytest.fixture
def train(store):
    """Train three small runs, which are kept in the store."""
    from tests.lib.training import cached_runs

    return partial(cached_runs.train, store=store)


@pytest.fixture
def trained(monkeypatch):
    """The seeds that were really trained, in order."""
    from course_lib.training import engine

    seeds, really = [], engine.train_block

    def train_block(block):
        seeds.extend(block.seeds)
        return really(block)

    monkeypatch.setattr(engine, "train_block", train_block)
    monkeypatch.setattr(engine, "block_size", lambda workload: 2)
    return seeds
