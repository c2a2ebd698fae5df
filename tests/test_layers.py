"""The rooms of course_lib use only rooms below them, and the core stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "course_lib"
CORE = (
    "schedules",
    "lint",
    "libraries",
    "problems",
    "training",
    "theory",
    "range_test",
    "compare",
    "intervals",
    "tasks",
    "validation",
)
LEARNING = (*CORE, "plots", "explorers", "checks")
HEAVY = ("torch", "matplotlib", "ipywidgets", "papermill", "jupytext")


def imports(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(names):
    for name in names:
        room = ROOT / name
        yield from room.rglob("*.py") if room.is_dir() else [room.with_suffix(".py")]


@pytest.mark.parametrize("file", list(modules(LEARNING)), ids=lambda f: f.stem)
def test_learning_never_imports_grading_or_authoring(file):
    for name in imports(file):
        assert not name.startswith(
            (
                "course_tools.grading",
                "course_tools.authoring",
                "course_tools.cli",
                "course_tools.doctor",
            )
        )


def test_the_core_loads_none_of_the_heavy_packages():
    code = "import sys\n" + "\n".join(f"import course_lib.{name}" for name in CORE)
    code += f"\nprint([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
