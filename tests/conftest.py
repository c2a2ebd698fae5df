"""Shared by all tests: the tools they ask for, their order, a folder that is read-only."""

import logging
import os

import numpy as np
import pytest

import course_tools.without_iri_grammar  # noqa: F401 - before nbformat
from tests.machine import asking

# Helpers say, as tests do, which values an assert compared.
pytest.register_assert_rewrite("tests.lib")

# A test that trains must train: none may find its runs in a cache that an earlier one has filled.
os.environ["LR_COURSE_CACHE"] = ""
os.environ["LR_COURSE_PROGRESS"] = ""  # and none may touch the points of who runs the tests

# Long files whose names come late: begun first, so that no worker is left with one at the end.
LONG_AND_LATE = ("test_tasks.py", "test_setup.py", "test_sample_class.py", "test_to_library.py")


def pytest_collection_modifyitems(items):
    """Put long files first; among these, and after them, the order of names stays."""
    items.sort(key=lambda item: item.path.name not in LONG_AND_LATE)


def _of_the_process():
    """Return what all code of a process shares, and one test may change for the next."""
    return {
        **{f"the variable {name}": value for name, value in os.environ.items()},
        "the level up to which loggers are disabled": logging.root.manager.disable,
        "the folder": os.getcwd(),
        "NumPy's errors": np.geterr(),
    }


@pytest.fixture(autouse=True)
def _leaves_the_process_as_it_was():
    before = _of_the_process()
    yield
    after = _of_the_process()
    # PyTorch and others add variables of their own when they are imported; pytest's names the test.
    changed = {name for name, value in before.items() if after.get(name) != value}
    assert changed <= {"the variable PYTEST_CURRENT_TEST"}


def pytest_configure(config):
    # Hooks of this file alone would not be called for fixtures that live as long as the session.
    config.pluginmanager.register(asking, "asking")


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
