"""Shared by the tests: tools they ask for, a small course, and notebooks made on the spot."""

import os
import shutil
from pathlib import Path

import pytest

import course_tools.without_iri_grammar  # noqa: F401 - before nbformat
from tests import asking

# A test that trains must train: none may find its runs in a cache that an earlier one has filled.
os.environ["LR_COURSE_CACHE"] = ""
os.environ["LR_COURSE_PROGRESS"] = ""  # and none may touch the points of who runs the tests

FIXTURES = Path(__file__).parent / "fixtures"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


# Long files whose names come late: begun first, so that no worker is left with one at the end.
LONG_AND_LATE = ("test_tasks.py", "test_setup.py", "test_sample_class.py", "test_to_library.py")


def pytest_collection_modifyitems(items):
    """Put long files first; among these, and after them, the order of names stays."""
    items.sort(key=lambda item: item.path.name not in LONG_AND_LATE)


def pytest_configure(config):
    # Hooks of this file alone would not be called for fixtures that live as long as the session.
    config.pluginmanager.register(asking, "asking")


def notebook(*cells, kernel="python3"):
    """A notebook of code cells; a cell is its source, or (source, list of tags)."""
    from nbformat.v4 import new_code_cell, new_notebook

    nb = new_notebook(metadata={"kernelspec": KERNEL | {"name": kernel}})
    for cell in cells:
        source, tags = (cell, []) if isinstance(cell, str) else cell
        nb.cells.append(new_code_cell(source, metadata={"tags": tags} if tags else {}))
    return nb


def write_notebook(path, *cells, **options):
    import nbformat

    nbformat.write(notebook(*cells, **options), path)
    return path


@pytest.fixture(scope="session")
def _built_once(tmp_path_factory):
    from course_tools.authoring.build import build

    root = tmp_path_factory.mktemp("course") / "course"
    shutil.copytree(FIXTURES / "course", root)
    build(root)
    return root


@pytest.fixture
def course(_built_once, tmp_path):
    """A course of one lesson and one exercise, built, to be damaged by the test."""
    return Path(shutil.copytree(_built_once, tmp_path / "course"))


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


@pytest.fixture
def url(tmp_path):
    """Of a gradebook that is not there yet."""
    return f"sqlite:///{tmp_path / 'grades.sqlite'}"


@pytest.fixture
def book(url):
    """An empty gradebook."""
    from course_tools.grading.gradebook.journal import Gradebook

    with Gradebook(url) as opened:
        yield opened


def _read_only_for_root(folder, run):
    return run("bwrap", "--dev-bind", "/", "/", "--ro-bind", folder, folder, "--")


def _read_only_by_mode(folder, run):
    folder.chmod(0o555)
    try:
        return run()
    finally:
        folder.chmod(0o755)


if hasattr(os, "geteuid") and os.geteuid() == 0:  # root writes where the mode forbids it

    @pytest.fixture
    def read_only(needs_bubblewrap):
        """A function: of a folder, and of what to run while it is read-only.

        The arguments that it gives are to be put before the command that is started.
        """
        return _read_only_for_root

else:

    @pytest.fixture
    def read_only():
        """A function: of a folder, and of what to run while it is read-only.

        The arguments that it gives are to be put before the command that is started.
        """
        return _read_only_by_mode
