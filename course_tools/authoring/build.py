"""Makes every generated notebook from the sources, all of them or none."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from course_tools.authoring.cleaning import clean
from course_tools.authoring.errors import CourseError
from course_tools.authoring.figures import README_PICTURE, readme_picture
from course_tools.authoring.notebook_execution import DEFAULT_TIMEOUT, execute
from course_tools.authoring.notebook_files import read_notebook
from course_tools.authoring.pages_of_docs import PAGES
from course_tools.authoring.running import (
    environment_of,
    in_processes,
    notebooks_at_once,
    takes_long,
)
from course_tools.authoring.sources import GENERATED, Target, targets


@dataclass(frozen=True)
class Built:
    """The notebooks of a build, by path relative to the course."""

    written: list[str]
    unchanged: list[str]
    removed: list[str]


def build(
    root: Path,
    names: Sequence[str] | None = None,
    *,
    timeout: int = DEFAULT_TIMEOUT,
) -> Built:
    """Writes ``notebooks/``, ``exercises/`` and ``solutions/`` from ``sources/``.

    Everything is made in a temporary folder first; when all of it has succeeded, each file
    that differs takes its place in one step. A notebook made from a source that no longer
    exists is removed, unless only some names are built.

    Args:
        root: folder of the course.
        names: names of the sources to build, such as ``01_constant_lr``; all when empty.
        timeout: seconds that one cell may take.

    Raises:
        CourseError: an unknown name, a source that breaks a rule, a folder that cannot be
            written; CellFailure: a cell failed. No generated file has changed then.
    """
    chosen = _chosen(targets(root), names or [])
    _check_writable(root)
    with _writing(root), tempfile.TemporaryDirectory(prefix=".build-", dir=root) as folder:
        made = {}
        for path, nb in _make_all(root, chosen, timeout):
            made[path] = Path(folder) / path.replace("/", "-")
            write_notebook(nb, made[path])
            picture = readme_picture(nb)
            if picture is not None:
                made[README_PICTURE] = Path(folder) / "picture.png"
                made[README_PICTURE].write_bytes(picture)
            if path in PAGES:
                page, text = PAGES[path]
                made[page] = Path(folder) / page.replace("/", "-")
                made[page].write_text(text(), encoding="utf-8", newline="\n")
        written = [path for path, new in made.items() if _replaces(new, root / path)]
        removed = [] if names else _remove_orphans(root)
    unchanged = [path for path in made if path not in written]
    return Built(written, unchanged, removed)


def write_notebook(nb: NotebookNode, path: Path) -> None:
    """Writes a valid notebook, in one step: the file is the old one or the new one, never half.

    Raises:
        OSError: the folder cannot be written.
        CourseError: an output holds a number that JSON has no word for; JupyterLab would not open
            the file.
    """
    nbformat.validate(nb)
    for number, cell in enumerate(nb.cells, start=1):
        try:
            json.dumps(cell, allow_nan=False)
        except ValueError as error:
            raise CourseError(
                f"cell {number} of {path.name} shows data with a nan or an infinity, which a "
                "notebook cannot hold: show them as text"
            ) from error
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(nbformat.writes(nb) + "\n", encoding="utf-8", newline="\n")
    os.replace(temporary, path)


def _chosen(found: list[Target], names: Sequence[str]) -> list[Target]:
    known = sorted({Path(target.source).stem for target in found})
    for name in names:
        if name not in known:
            raise CourseError(f"there is no source {name!r} in sources/; there are: {known}")
    return [target for target in found if not names or Path(target.source).stem in names]


@dataclass(frozen=True)
class _Task:
    """A notebook to execute, made from its source."""

    path: str
    notebook: NotebookNode
    folder: Path
    timeout: int
    environment: dict[str, str]


def _make_all(
    root: Path, chosen: Sequence[Target], timeout: int
) -> Iterator[tuple[str, NotebookNode]]:
    """Yield path and notebook of every target: first what is not executed, then as it is done."""
    made = [(target, target.make(root, target.source)) for target in chosen]
    executed = [(target, nb) for target, nb in made if target.executed]
    executed.sort(key=lambda pair: not takes_long(pair[1]))
    at_once = notebooks_at_once(None, len(executed))
    tasks = [
        _Task(t.path, nb, root / Path(t.path).parent, timeout, environment_of(at_once))
        for t, nb in executed
    ]
    with tqdm(total=len(made), desc="build", unit="notebook") as bar:
        for target, nb in made:
            if not target.executed:
                bar.update()
                yield target.path, nb
        for result in in_processes(_make, tasks, at_once):
            bar.update()
            yield result


def _make(task: _Task) -> tuple[str, NotebookNode]:
    task.folder.mkdir(exist_ok=True)  # the kernel starts there, as a reader's does
    execution = execute(
        task.notebook, timeout=task.timeout, cwd=task.folder, environment=task.environment
    )
    return task.path, clean(execution.notebook)


def _replaces(new: Path, path: Path) -> bool:
    """Moves a made file to its place, unless the same bytes stand there."""
    if path.is_file() and path.read_bytes() == new.read_bytes():
        return False
    path.parent.mkdir(exist_ok=True)
    os.replace(new, path)
    return True


def _remove_orphans(root: Path) -> list[str]:
    """Removes notebooks made from a source that is gone; a reader's own notebooks stay."""
    expected = {target.path for target in targets(root)}
    removed = []
    for folder in GENERATED:
        for path in sorted((root / folder).glob("*.ipynb")):
            name = f"{folder}/{path.name}"
            if name not in expected and _is_generated(path):
                path.unlink()
                removed.append(name)
    return removed


def _is_generated(path: Path) -> bool:
    try:
        return "source" in read_notebook(path).metadata.get("course", {})
    except CourseError:  # not a notebook, so not one of ours
        return False


def _check_writable(root: Path) -> None:
    # Before anything runs: a folder refused at the end would leave half of the files replaced.
    for folder in (root, *(root / name for name in GENERATED)):
        if folder.exists() and not os.access(folder, os.W_OK):
            raise _unwritable(folder, "it is read-only")


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(error.filename or root, error.strerror) from error


def _unwritable(place: object, reason: str | None) -> CourseError:
    return CourseError(
        f"cannot write {place} ({reason}); make the course folder writable and give it room, or "
        "copy the course to a folder that is"
    )
