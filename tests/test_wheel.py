"""The wheel that the course is installed from: what is in it, and its size."""

import base64
import hashlib
import io
import sys
import zipfile
from pathlib import Path

import pytest

from course_lib.language_model import runs_file
from course_lib.problems import text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PACKAGES = ("course_lib", "course_tasks", "course_tools")
LARGEST = 1_600_000  # bytes; a seventh of it is the grader


def packaged():
    """Return the files that setuptools puts into a wheel, as pyproject.toml tells it to."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        data = tomllib.load(file)["tool"]["setuptools"]["package-data"]
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    for package, patterns in data.items():
        for pattern in patterns:
            there = sorted((ROOT / package).glob(pattern))
            assert there, f"package-data: no file is {package}/{pattern}"
            files += there
    return sorted({path.relative_to(ROOT).as_posix() for path in files})


def test_a_wheel_is_small():
    rows, wheel = [], io.BytesIO()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as out:
        for name in packaged():
            content = (ROOT / name).read_bytes()
            out.writestr(name, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
            rows.append(f"{name},sha256={digest},{len(content)}")
        out.writestr("lr_course.dist-info/RECORD", "\n".join(rows))
        out.write(ROOT / "README.md", "lr_course.dist-info/METADATA")
    assert wheel.tell() <= LARGEST


def test_a_wheel_holds_all_data_but_the_novel_and_the_recorded_runs():
    data = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert data - set(packaged()) == {
        "course_lib/problems/moby_dick.txt",
        "course_lib/language_model/runs.json.gz",
    }


def test_without_the_novel_an_error_says_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setattr(text, "_NOVEL", tmp_path / "moby_dick.txt")
    text.moby_dick.cache_clear()
    with pytest.raises(FileNotFoundError, match="is in a clone of the course, not in its wheel"):
        text.moby_dick()


def test_without_the_recorded_runs_an_error_says_where_they_are(monkeypatch, tmp_path):
    missing = tmp_path / "runs.json.gz"
    monkeypatch.setattr(runs_file, "RUNS", missing)
    with pytest.raises(FileNotFoundError, match="is in a clone of the course, not in its wheel"):
        runs_file.read_runs(missing)
