"""Shared by the tests: tools they need, a small course, and notebooks made on the spot."""

import importlib
import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

# A test that trains must train: none may find its runs in a cache that an earlier one has filled.
os.environ["LR_COURSE_CACHE"] = ""

FIXTURES = Path(__file__).parent / "fixtures"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def require_tool(name: str) -> str:
    """The path of a command; without it the test is skipped, but fails where CI=true is set."""
    path = shutil.which(name)
    if path is None:
        _missing(f"{name} is not installed")
    return path


def require_package(name: str):
    """An imported package; without it the test is skipped, but fails where CI=true is set."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        _missing(f"{name} is not installed (make frameworks)")


def _missing(reason: str):
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI must run every test", pytrace=False)
    pytest.skip(reason)


def notebook(*cells, kernel="python3"):
    """A notebook of code cells; a cell is its source, or (source, list of tags)."""
    nb = new_notebook(metadata={"kernelspec": KERNEL | {"name": kernel}})
    for cell in cells:
        source, tags = (cell, []) if isinstance(cell, str) else cell
        nb.cells.append(new_code_cell(source, metadata={"tags": tags} if tags else {}))
    return nb


def write_notebook(path, *cells, **options):
    nbformat.write(notebook(*cells, **options), path)
    return path


@pytest.fixture(scope="session")
def _built_once(tmp_path_factory):
    from course_lib.authoring.build import build

    root = tmp_path_factory.mktemp("course") / "course"
    shutil.copytree(FIXTURES / "course", root)
    build(root)
    return root


@pytest.fixture
def course(_built_once, tmp_path):
    """A course of one lesson and one exercise, built, to be damaged by the test."""
    return Path(shutil.copytree(_built_once, tmp_path / "course"))
