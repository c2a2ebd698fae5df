"""For the tests of what staff run: a small course, an empty gradebook."""

import shutil
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent / "authoring" / "fixtures"


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
def url(tmp_path):
    """Of a gradebook that is not there yet."""
    return f"sqlite:///{tmp_path / 'grades.sqlite'}"


@pytest.fixture
def book(url):
    """An empty gradebook."""
    from course_tools.grading.gradebook.journal import Gradebook

    with Gradebook(url) as opened:
        yield opened
