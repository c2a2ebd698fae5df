"""The house stands as it is drawn: one table of rooms, one name each, a core that loads quickly.

Who may import whom is said in pyproject.toml; `lint-imports`, a step of `make test`, holds it.
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import course_lib

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
LIGHT = (
    *("schedules", "lint", "libraries", "problems", "training", "theory", "range_test"),
    *("compare", "forecast", "intervals", "validation"),
)
HEAVY = ("torch", "matplotlib", "ipywidgets", "papermill", "jupytext")

PACKAGES = ("course_lib", "course_tasks", "course_tools")
_SHOWS = "a figure or a panel is named after the room that it shows"
#: Names that modules of a package may share, and why.
SAME_MODULES = {
    "__main__": "Python asks for this name to run a package",
    "shared": "it holds what the tasks of an exercise share; the folder names the exercise",
    **dict.fromkeys(("compare", "range_test", "schedules", "training"), _SHOWS),
    "descent": "problems walks on landscapes, theory computes expected losses of such walks",
    "peaks": "compare finds the best peak by training, theory computes it",
}
#: Names that public classes may share, and why.
SAME_CLASSES = {
    "Trials": "exercises import capstone.Trials; whoever writes a runner imports compare.Trials",
    "Row": "compare.Row is public; conformance.Row is a row of that module's own table",
}


def floors(container):
    with open(ROOT / "pyproject.toml", "rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    (found,) = [one["layers"] for one in contracts if one.get("containers") == [container]]
    return [floor.split(" | ") for floor in found]


def test_every_room_stands_in_both_tables_in_the_order_of_the_floors():
    drawn = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = drawn.partition("## course_lib\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d) \| ([a-z_, ]+) \| (.+) \|$", section, re.M)
    page = [(rooms, words) for _, rooms, words in rows]
    doc = re.findall(r"^([a-z_, ]+?)  +(\S.*)$", course_lib.__doc__, re.M)[1:]
    assert page == doc
    rooms = [room for names, _ in page for room in names.split(", ")]
    there = {p.stem for p in (ROOT / "course_lib").iterdir() if p.suffix in (".py", "")}
    assert set(rooms) == there - {"__init__", "__pycache__"}
    lowest_first = enumerate(reversed(floors("course_lib")))
    height = {room: floor for floor, there in lowest_first for room in there}
    assert [int(floor) for floor, *_ in rows] == sorted(map(int, next(zip(*rows, strict=True))))[
        ::-1
    ]
    assert {room: int(h) for h, names, _ in rows for room in names.split(", ")} == height


def test_every_path_in_the_walks_is_there():
    drawn = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    below = [ROOT, *(ROOT / p for p in ("course_lib", "course_tasks", "course_tools"))]
    below += [ROOT / "course_tools" / room for room in ("authoring", "grading")]
    paths = re.findall(r"`([a-z_0-9]+(?:/[a-z_0-9]+)*(?:\.py|/))`", drawn)
    assert len(paths) > 20
    for path in paths:
        assert any((place / path).exists() for place in below), path


def test_the_core_loads_none_of_the_heavy_packages():
    code = "import sys\n" + "\n".join(f"import course_lib.{name}" for name in LIGHT)
    code += "\nimport course_tasks"
    code += f"\nprint([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def shared_names(named):
    found = defaultdict(list)
    for name, where in named:
        found[name].append(where)
    return {name: places for name, places in found.items() if len(places) > 1}


def modules_of(package):
    for path in sorted((ROOT / package).rglob("*.py")):
        name = path.parent.name if path.stem == "__init__" else path.stem
        yield name, path.relative_to(ROOT).as_posix()


def public_classes():
    for path in (ROOT / where for package in PACKAGES for _, where in modules_of(package)):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, path.relative_to(ROOT).as_posix()


def test_no_two_modules_of_a_package_share_a_name():
    same = {}
    for package in PACKAGES:
        same |= shared_names(modules_of(package))
    assert {name: where for name, where in same.items() if name not in SAME_MODULES} == {}
    assert SAME_MODULES.keys() <= same.keys()  # no entry outlives its reason


def test_no_two_public_classes_share_a_name():
    same = shared_names(public_classes())
    assert {name: where for name, where in same.items() if name not in SAME_CLASSES} == {}
    assert SAME_CLASSES.keys() <= same.keys()
