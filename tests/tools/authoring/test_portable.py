"""Notebooks as other processors compute them: the switches work, and what changes is told apart."""

import dataclasses

import nbformat
import pytest

from course_tools.authoring import portable
from course_tools.authoring.errors import CourseError
from course_tools.authoring.notebook_execution import execute
from tests.tools.authoring.made_notebooks import notebook
from tests.tools.calling import assert_one_line_error, lr_course

# The processor's own doing is at the end: a conclusion hangs on it, a number within its interval.
CELLS = (
    """\
import os
from course_lib.intervals import Interval
from course_lib.measured import show_table
here = os.environ.get("ATEN_CPU_CAPABILITY", "none")
assert here == "none" or os.path.isdir(os.environ["LR_COURSE_CACHE"]), "runs of another processor"
print("the same everywhere")""",
    "show_table(['loss'], [(Interval(0.56 if here == 'default' else 0.53, 0.43, 0.63),)])",
    ("print('better' if here == 'default' else 'open')", ["conclusion"]),
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("portable") / "lesson.ipynb"
    nbformat.write(execute(notebook(*CELLS)).notebook, path)
    return path


@pytest.fixture(scope="module")
def sse():
    try:
        return portable.find_processors(["sse"])
    except CourseError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def found(stored, sse):
    return next(portable.survey([stored], sse, at_once=1))


def test_every_change_is_told_by_its_kind(found, stored):
    assert [(c.cell, c.kind) for c in found.changed[stored]] == [(2, "rounded"), (3, "conclusion")]
    assert not found.passed
    assert [found.count(kind) for kind in portable.KINDS] == [1, 0, 0, 0, 1]


def test_what_is_within_its_tolerance_passes(found, stored):
    (rounded, _) = found.changed[stored]
    assert dataclasses.replace(found, changed={stored: [rounded]}).passed
    assert not dataclasses.replace(found, changed={}, failed=["lesson.ipynb: no"]).passed


def test_the_table_has_a_line_a_processor(found):
    lines = portable.table([found, found]).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| sse | Nehalem, 2008 | `")
    assert lines[2].endswith("` | 1 | 0 | 0 | 0 | 1 | 0 |")


def test_the_command_fails_where_a_conclusion_changes(stored, sse):
    result = lr_course("portable", stored, "--processor", "sse")
    assert result.exit_code == 1
    assert "lesson.ipynb, cell 3, conclusion: 'better', stored is 'open'" in result.stdout
    assert "| sse |" in result.stdout


def test_the_switches_change_what_is_computed(sse):
    first, *_, last = portable.find_processors([])
    assert portable.fingerprint(portable.environment(first)) != portable.fingerprint(
        portable.environment(last)
    )


def test_numpy_is_told_only_of_features_that_it_knows(monkeypatch):
    known = {"has": ["SSE42"], "may be without": ["AVX2", "AVX512_SKX"]}
    monkeypatch.setattr(portable, "_numpy_features", lambda: known)
    (sse,) = portable.find_processors(["sse"])
    named = portable.environment(sse)["NPY_DISABLE_CPU_FEATURES"].split()
    assert sorted(named) == ["AVX2", "AVX512_SKX"]


def test_an_unknown_processor_is_named(stored):
    assert_one_line_error(lr_course("portable", stored, "--processor", "z80"), "'z80'", "avx2")


def test_a_processor_that_this_machine_cannot_be_is_refused():
    with pytest.raises(CourseError, match="'avx512': it lacks AVX512_SKX"):
        portable.find_processors(["avx512"], has=["SSE42"])
    assert [p.name for p in portable.find_processors([], has=["SSE42"])] == ["sse"]
    with pytest.raises(CourseError, match="not x86-64"):
        portable.find_processors([], has=["NEON"])
