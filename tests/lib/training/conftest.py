"""For the tests of training: a cache of their own, and what was really trained."""

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the runs of this test are kept: a cache of its own, empty as is the memory."""
    from course_lib.training import finished

    monkeypatch.setenv("LR_COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(finished, "_in_memory", {})
    monkeypatch.setattr(finished, "_warned", set())
    return tmp_path / "cache"


@pytest.fixture
def written_at_once(monkeypatch):
    """Have the cache written even by calls of a millisecond."""
    from course_lib.training import finished

    monkeypatch.setattr(finished, "_WORTH_WRITING", 0)
    monkeypatch.setattr(finished, "_WRITE_EVERY", 0)


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
