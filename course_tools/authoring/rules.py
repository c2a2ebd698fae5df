"""The check of a whole course without running anything: ``lr-course build --check``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from nbformat import NotebookNode

from course_lib.reference import ENTRIES
from course_tools.authoring.bindings import (
    Records,
    binding_findings,
    grounds_problems,
    recorded,
)
from course_tools.authoring.conclusions import fast_findings
from course_tools.authoring.errors import BrokenRule, CourseError
from course_tools.authoring.figures import README_PICTURE, readme_picture
from course_tools.authoring.notebook_files import read_notebook
from course_tools.authoring.outputs import REBUILD, output_findings
from course_tools.authoring.pages_of_docs import PAGES
from course_tools.authoring.prose import prose_findings
from course_tools.authoring.reading import reading_findings
from course_tools.authoring.solutions import contains, solution_lines
from course_tools.authoring.sources import GENERATED, Target, complete_notebook, tags, targets
from course_tools.authoring.templates import exercise_findings, lesson_findings, title_findings

LARGEST = 450_000  # bytes of a notebook; lesson 11 has nearly fifty claims
LESSONS = "sources/lessons/"
EXERCISES = "sources/exercises/"
CHEAT_SHEET = "sources/appendix/cheat_sheet.py"  # its rows are in course_lib.reference


def check(root: Path) -> list[BrokenRule]:
    """Return every broken rule of the course at ``root``, in the order of the files.

    Raises:
        CourseError: a source cannot be read or turned into a notebook.
    """
    found = list(targets(root))
    problems = [*_orphans(root, found), *_templates(root), *_leaks(root)]
    stored = {target.path: _read(root / target.path) for target in found}
    records = _records(found, stored)
    problems += _cheat_sheet(root, records)
    for target in found:
        problems += _stored(root, target, stored[target.path], records)
    return sorted(problems, key=lambda problem: problem.file)


def _read(path: Path) -> NotebookNode | str:
    """A stored notebook, or what is wrong with its file."""
    if not path.is_file():
        return "is missing"
    try:
        return read_notebook(path)
    except CourseError as error:
        return str(error)


def _records(found: list[Target], stored: Mapping[str, NotebookNode | str]) -> Records:
    """What the cells of every lesson recorded, by the number that its name begins with."""
    return {
        Path(target.source).name[:2]: recorded(nb)
        for target in found
        if target.source.startswith(LESSONS) and not isinstance(nb := stored[target.path], str)
    }


def _cheat_sheet(root: Path, records: Records) -> Iterator[BrokenRule]:
    """Rows of the cheat sheet that the lessons' records contradict."""
    if (root / CHEAT_SHEET).is_file():
        for entry in ENTRIES:
            for problem in grounds_problems(entry.rests_on, records):
                yield BrokenRule(CHEAT_SHEET, "holds", f"row {entry.name!r}: {problem}")


def _stored(
    root: Path, target: Target, nb: NotebookNode | str, records: Records
) -> Iterator[BrokenRule]:
    if isinstance(nb, str):
        yield BrokenRule(target.path, "stale", f"{nb}; {REBUILD}")
        return
    difference = _difference(target.make(root, target.source), nb)
    if difference:
        yield BrokenRule(target.path, "stale", f"{difference}: edit {target.source} and {REBUILD}")
    size_of_file = (root / target.path).stat().st_size
    if size_of_file > LARGEST:
        size = f"{size_of_file // 1000} KB, allowed {LARGEST // 1000}"
        yield BrokenRule(target.path, "size", f"is too large ({size}): make its pictures smaller")
    if target.executed:
        for rule, message in (*output_findings(nb), *fast_findings(nb)):
            yield BrokenRule(target.path, rule, message)
        if not target.source.startswith(EXERCISES):
            for rule, message in (*prose_findings(nb), *binding_findings(nb, records)):
                yield BrokenRule(target.source, rule, message)
        picture, file = readme_picture(nb), root / README_PICTURE
        if picture is not None and not (file.is_file() and file.read_bytes() == picture):
            yield BrokenRule(README_PICTURE, "stale", f"is not the one in {target.path}; {REBUILD}")
        if target.path in PAGES:
            page, text = PAGES[target.path]
            file = root / page
            if not (file.is_file() and file.read_text(encoding="utf-8") == text()):
                yield BrokenRule(page, "stale", f"differs from what it is made from; {REBUILD}")
    elif any(cell.get("outputs") or cell.get("execution_count") for cell in nb.cells):
        yield BrokenRule(target.path, "stale", f"an exercise is stored without outputs; {REBUILD}")


def _difference(fresh: NotebookNode, stored: NotebookNode) -> str:
    """Where a stored notebook is not what its source says; empty when it is."""
    if stored.metadata != fresh.metadata:
        return "its metadata differ from the source"
    if len(fresh.cells) != len(stored.cells):
        return f"it has {len(stored.cells)} cells, its source {len(fresh.cells)}"
    for number, (new, old) in enumerate(zip(fresh.cells, stored.cells, strict=True), start=1):
        for key in ("cell_type", "source", "metadata", "id"):
            if new[key] != old.get(key):
                return f"the {key} of cell {number} differs from the source"
    return ""


def _orphans(root: Path, found: list[Target]) -> Iterator[BrokenRule]:
    expected = {target.path for target in found}
    for folder in GENERATED:
        for path in sorted((root / folder).glob("*.ipynb")):
            name = f"{folder}/{path.name}"
            if name not in expected:
                yield BrokenRule(name, "stale", "has no source; write one in sources/ or remove it")


def _templates(root: Path) -> Iterator[BrokenRule]:
    for source in dict.fromkeys(target.source for target in targets(root)):
        nb = complete_notebook(root, source)
        if source.startswith(LESSONS):
            findings = (
                *lesson_findings(nb, root, Path(source).name[:2]),
                *reading_findings(nb),
            )
        elif source.startswith(EXERCISES):
            findings = exercise_findings(nb)
        else:
            findings = title_findings(nb)
        for rule, message in findings:
            yield BrokenRule(source, rule, message)


def _leaks(root: Path) -> Iterator[BrokenRule]:
    lines = _all_solution_lines(root)
    for path in sorted((root / "exercises").glob("*.ipynb")):
        name = f"exercises/{path.name}"
        try:
            cells = read_notebook(path).cells
        except CourseError as error:
            yield BrokenRule(name, "stale", f"{error}; {REBUILD}")
            continue
        for number, cell in enumerate(cells, start=1):
            for line, origin in lines.items():
                if contains(cell.source, line):
                    message = f"cell {number} shows a line of the solution of {origin}: `{line}`"
                    yield BrokenRule(name, "leak", message)


def _all_solution_lines(root: Path) -> dict[str, str]:
    """Every line of every solution, with the task it belongs to."""
    lines = {}
    for source in sorted({t.source for t in targets(root) if t.path.startswith("exercises/")}):
        for number, cell in enumerate(complete_notebook(root, source).cells, start=1):
            if "solution" in tags(cell):
                for line in solution_lines(cell.source, f"{source}, cell {number}"):
                    lines.setdefault(line, cell.metadata["task"])
    return lines
