"""Takes a learner's code out of a notebook file that may hold anything."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nbformat

import course_tasks
from course_tools.grading.intake import cell_code
from course_tools.grading.intake.places import UnreadableError
from course_tools.grading.report import NOT_CODE, Note

_MOST_CELLS = 2_000
_OLDEST = 2  # nbformat's oldest form that can be brought up to date
_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")  # as Python counts lines: a form feed is none
_OURS = {"check", "progress"}  # cells that are left out: checks are the grader's


@dataclass(frozen=True)
class Cell:
    """A code cell of the learner.

    Attributes:
        source: its code.
        task: the task whose cell it is, or whose function it defines; "" for a cell of their own.
        asks: tasks whose function is asked once it has run: those that it defines or checks, and
            those whose check stands behind it.
        is_own: whether it is work of their own: it defines nothing that a task's cell reads, and
            does more than define.
        defines: tasks whose function it defines, or whose cell it is.
        file_cell: number of the cell in the file that it is, or is a part of.
        behind: tasks that are checked above it in the same cell of the file: a check that fails
            raises there, and the rest of its cell does not run.
        is_given: whether the exercise came with it, and it is as it was.
    """

    source: str
    task: str = ""
    asks: tuple[str, ...] = ()
    is_own: bool = False
    defines: tuple[str, ...] = ()
    file_cell: int = -1
    behind: tuple[str, ...] = ()
    is_given: bool = False


@dataclass(frozen=True)
class SubmittedNotebook:
    """The cells that a learner has written.

    Attributes:
        exercise: the exercise it belongs to, a name of `course_tasks.EXERCISES`.
        cells: code cells in their order, without checks.
        notes: oddities of the file.
        others: other exercises that are written in the same notebook.
    """

    exercise: str
    cells: tuple[Cell, ...]
    notes: tuple[Note, ...] = ()
    others: tuple[str, ...] = ()


def parse(content: bytes, exercise: str = "") -> SubmittedNotebook:
    """Return the work in a notebook file.

    Nothing of it is executed or imported. The exercise is the one whose functions are most of
    those that its cells define, else the one that the notebook's metadata name; the name of the
    file does not count.

    Args:
        content: the bytes of the file.
        exercise: the exercise whose work is wanted; by default the one that it belongs to.

    Raises:
        UnreadableError: it is no notebook, or holds no task of the course.
    """
    cells, metadata = _cells_and_metadata(document_of(content))
    if len(cells) > _MOST_CELLS:
        raise UnreadableError(f"{len(cells)} cells are more than the {_MOST_CELLS} allowed")
    read = [part for number, cell in enumerate(cells) for part in _read_parts(number, cell)]
    tasks = [name for cell in read for name in cell.tasks]
    main = exercise_named(metadata, tasks)
    exercise = exercise or main
    members = {task.name for task in course_tasks.EXERCISES[exercise]}
    own = _own(read)
    notes = []
    kept: list[Cell] = []
    for number, cell in enumerate(read):
        asks = [name for name in cell.asks if name in members]
        if not cell.is_code:
            if cell.task in members:
                notes.append(Note(NOT_CODE, cell.task))
        elif not cell.is_check:
            task = cell.task if cell.task in members else ""
            defines = tuple(name for name in cell.tasks if name in members)
            places = (cell.file_cell, tuple(name for name in cell.behind if name in members))
            kept.append(Cell(cell.source, task, tuple(asks), number in own, defines, *places))
        elif kept and asks:
            asks = list(dict.fromkeys([*kept[-1].asks, *asks]))
            kept[-1] = dataclasses.replace(kept[-1], asks=tuple(asks))
    others = tuple(name for name in _written(tasks) if name != main)
    return SubmittedNotebook(exercise, tuple(kept), tuple(notes), others)


def document_of(content: bytes) -> dict[str, Any]:
    """Return a notebook file's document in nbformat 4.

    Raises:
        UnreadableError: it is no notebook.
    """
    document = _document(content)
    version = document.get("nbformat")
    if not isinstance(version, int) or isinstance(version, bool) or version < _OLDEST:
        raise UnreadableError("it is JSON, but not a notebook: it names no nbformat")
    if version == 4:
        return document
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return nbformat.convert(nbformat.from_dict(document), 4)
    except Exception as error:  # the converters take well-formed files for granted
        raise UnreadableError(f"nbformat {version} cannot be read: {error}") from error


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)  # in UTF-8, UTF-16 or UTF-32, which Python tells apart
    except UnicodeDecodeError as error:
        raise UnreadableError("the file is not text, so it is not a notebook") from error
    except RecursionError as error:
        raise UnreadableError("its JSON is nested too deeply") from error
    except ValueError as error:
        raise UnreadableError(f"it is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise UnreadableError("it is JSON, but no notebook")
    return document


def _cells_and_metadata(document: dict[str, Any]) -> tuple[list[Mapping], Mapping]:
    cells, metadata = document.get("cells"), document.get("metadata")
    if not isinstance(cells, list) or not all(isinstance(cell, Mapping) for cell in cells):
        raise UnreadableError("it is a notebook without a list of cells")
    return cells, metadata if isinstance(metadata, Mapping) else {}


def _metadata(cell: Mapping) -> Mapping:
    metadata = cell.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _tags(cell: Mapping) -> list[str]:
    found = _metadata(cell).get("tags")
    return [tag for tag in found if isinstance(tag, str)] if isinstance(found, list) else []


def _source(cell: Mapping) -> str:
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    # Half of a surrogate pair, as a comment may hold, is no text that Python compiles.
    return source.encode("utf-8", "replace").decode().replace("\r\n", "\n")


@dataclass(frozen=True)
class _ReadCell:
    """A cell as it stands in the file.

    Attributes:
        is_code: whether it is a code cell.
        is_check: whether it is one of the exercise's checks, and nothing was written into it.
        source: its code.
        task: its task, of any exercise.
        tasks: tasks of any exercise that it defines, and its own.
        asks: tasks of any exercise that are asked behind it.
        only_defines: whether it holds nothing but definitions, imports and plain values.
        defines: names that it binds.
        reads: names that it reads from outside.
        checks: functions that it checks.
        file_cell: number of its cell in the file.
        behind: functions that are checked above it in the same cell.
    """

    is_code: bool
    is_check: bool
    source: str
    task: str
    tasks: tuple[str, ...]
    asks: tuple[str, ...]
    only_defines: bool
    defines: frozenset[str]
    reads: frozenset[str]
    checks: tuple[str, ...]
    file_cell: int = -1
    behind: tuple[str, ...] = ()


def _read_parts(number: int, cell: Mapping) -> Iterator[_ReadCell]:
    behind: tuple[str, ...] = ()
    for part in _parts(cell):
        found = dataclasses.replace(_read(part), file_cell=number, behind=behind)
        behind += found.checks
        yield found


def _read(cell: Mapping) -> _ReadCell:
    is_code, source = cell.get("cell_type") == "code", _source(cell)
    marked = _metadata(cell).get("task")
    marked = marked if isinstance(marked, str) and marked in course_tasks.ALL else ""
    code = cell_code.read_code(source) if is_code else cell_code.CellCode()
    names = cell_code.defined(code.body)
    if is_code and not code.body:  # it raises a SyntaxError, and the functions in it are missing
        names = cell_code.defined_in_text(source)
    defined = [name for name in names if name in course_tasks.ALL]
    # Another exercise may be written into the cells of a copy of this one.
    task = marked if marked in defined or not defined else defined[-1]
    tasks = tuple(dict.fromkeys([*defined, *([task] if task else [])]))
    checks = cell_code.checked(code.body)
    asks = [*tasks, *checks] if code.body else []
    return _ReadCell(
        is_code,
        is_code and _is_check(cell, code),
        source,
        task,
        tasks,
        tuple(dict.fromkeys(asks)),
        bool(code.body) and cell_code.only_defines(code.body),
        frozenset(names),
        code.reads,
        tuple(checks),
    )


def _parts(cell: Mapping) -> Iterator[Mapping]:
    """Yield a code cell in parts that end where it checks a function, as it may change it below."""
    source = _source(cell)
    ends = cell_code.ends_of_checks(source) if cell.get("cell_type") == "code" else []
    if not ends:
        yield cell
        return
    lines = _LINE_END.split(source)
    metadata = {**_metadata(cell)}
    for start, end in itertools.pairwise([0, *ends, len(lines)]):
        yield {**cell, "source": "".join(lines[start:end]), "metadata": metadata}
        metadata = {name: value for name, value in metadata.items() if name != "task"}


def _own(cells: Sequence[_ReadCell]) -> set[int]:
    """Return which cells are work of the learner's own, as `Cell.is_own` says."""
    serving = {n for n, cell in enumerate(cells) if cell.asks or cell.only_defines}
    rest = set(range(len(cells))) - serving
    while True:
        wanted = frozenset().union(*(cells[n].reads for n in serving))
        more = {n for n in rest if cells[n].defines & wanted}
        if not more:
            return rest
        serving |= more
        rest -= more


def is_check(cell: Mapping) -> bool:
    """Return whether a cell is one of the exercise's checks, and nothing was written into it."""
    return _is_check(cell, cell_code.read_code(_source(cell)))


def _is_check(cell: Mapping, code: cell_code.CellCode) -> bool:
    if not _OURS & set(_tags(cell)):
        return False
    return cell_code.only_checks(code.body) if code.body else not _has_code(_source(cell))


def _has_code(source: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in source.splitlines())


def _written(tasks: Sequence[str]) -> list[str]:
    """Return the exercises of which at least half of the tasks are among some, most first."""
    counts = _counts(tasks)
    found = [name for name, n in counts.items() if 2 * n >= len(course_tasks.EXERCISES[name])]
    return sorted(found, key=lambda name: -counts[name])


def _counts(tasks: Sequence[str]) -> dict[str, int]:
    return {
        name: len({member.name for member in members} & set(tasks))
        for name, members in course_tasks.EXERCISES.items()
    }


def exercise_named(metadata: Mapping, found: Sequence[str]) -> str:
    """Return the exercise that a notebook belongs to.

    Args:
        metadata: the notebook's metadata, which count where its cells leave it open.
        found: the tasks of its cells.

    Raises:
        UnreadableError: there is no task of the course.
    """
    course = metadata.get("course")
    source = course.get("source") if isinstance(course, Mapping) else None
    stem = source.rpartition("/")[2].removesuffix(".py") if isinstance(source, str) else ""
    counts = _counts(found)
    most = max(counts.values())
    if stem in counts and counts[stem] == most:
        return stem
    if not most:
        raise UnreadableError("it holds no task of the course")
    return max(counts, key=counts.__getitem__)
