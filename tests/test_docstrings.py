"""Docstrings read as sentences: none opens with What or How, no field starts in mid-air."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(
    path
    for folder in ("course_lib", "course_tasks", "course_tools", "records", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
OPENING = re.compile(r"(What|How|Which|Where|When|Who)\b")  # "Whether" begins a yes-or-no property
# "seed: of the hidden cases" leaves the reader to put the name in front of it.
MID_AIR = re.compile(
    r"(what|how|which|where|when|who|of|for|from|by|to|on|with|and|that|those|if|as many)\b"
)
FIELD = re.compile(r"    (\*{0,2}\w+): (.*)")


def fields(docstring):
    """Name and text of every argument and attribute, first lines only."""
    inside = False
    for line in docstring.splitlines():
        if line in ("Args:", "Attributes:"):
            inside = True
        elif line[:1].strip():
            inside = False
        match = FIELD.fullmatch(line)
        if inside and match:
            yield match[1], match[2]


def faults(source):
    tree = ast.parse(source)
    if OPENING.match(ast.get_docstring(tree) or ""):
        yield "the module", ast.get_docstring(tree).splitlines()[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            first = (ast.get_docstring(node) or "").partition("\n")[0]
            if OPENING.match(first) and not node.name.startswith("_"):
                yield node.name, first
            for name, text in fields(ast.get_docstring(node) or ""):
                if MID_AIR.match(text):
                    yield f"{node.name}, {name}", text


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_read_as_sentences(path):
    assert list(faults(path.read_text(encoding="utf-8"))) == []


def test_such_faults_are_found():
    source = '''"""What is drawn."""


class Runs:
    """What R runs gave."""


def f(seed, n):
    """Return x.

    Args:
        seed: of the hidden cases.
        n: number of cases, from 1
            to what is allowed.

    Raises:
        ValueError: of n.
    """
'''
    assert list(faults(source)) == [
        ("the module", "What is drawn."),
        ("Runs", "What R runs gave."),
        ("f, seed", "of the hidden cases."),
    ]
