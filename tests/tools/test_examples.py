"""The examples in docstrings of the tools run."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for folder in ("course_tools", "course_tasks")
    for path in (ROOT / folder).rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8") and path.name != "__init__.py"
)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_print_what_they_show(name):
    told = []
    runner = doctest.DocTestRunner(verbose=False)  # pytest's own -v would turn it on
    for example in doctest.DocTestFinder().find(import_module(name)):
        runner.run(example, out=told.append)  # which is told of failures alone
    assert not told, "".join(told)


def test_some_are_found():
    assert "course_tools.grading.intake.cell_code" in WITH_EXAMPLES
