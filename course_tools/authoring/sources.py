"""Reads the text sources and makes from them the notebooks that have not been executed yet."""

from __future__ import annotations

import hashlib
import html
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

import course_tasks
from course_tools.authoring.errors import CourseError
from course_tools.authoring.solutions import emptied

GENERATED = ("notebooks", "exercises", "solutions")
SOURCE_ONLY_METADATA = ("lines_to_next_cell", "lines_to_end_of_cell_marker", "cell_marker")
# Else jupytext takes a comment such as `# cp the weights` for a magic and uncomments it.
SOURCE_FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
# After a row of a table, which ends with |, the comment would be one more cell.
_COMMENT_IN_PARAGRAPH = re.compile(r"(?<=[^\n|])\n<!--")
TASK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,57}")  # with "hints-" a valid cell id


@dataclass(frozen=True)
class Target:
    """A notebook to generate.

    Attributes:
        path: path of the notebook, relative to the course, with forward slashes.
        source: path of its source, likewise.
        make: makes the unexecuted notebook from the root of the course and the source.
        executed: whether the notebook is stored with its outputs.
    """

    path: str
    source: str
    make: Callable[[Path, str], NotebookNode]
    executed: bool


def targets(root: Path) -> list[Target]:
    """Every notebook of the course at ``root``: lessons, appendix, exercises, each by name."""
    found = []
    for source in (*_sources(root, "lessons"), *_sources(root, "appendix")):
        stem = Path(source).stem
        found.append(Target(f"notebooks/{stem}.ipynb", source, complete_notebook, True))
    for source in _sources(root, "exercises"):
        stem = Path(source).stem
        found.append(Target(f"exercises/{stem}.ipynb", source, exercise_notebook, False))
        found.append(Target(f"solutions/{stem}.ipynb", source, complete_notebook, True))
    return found


def _sources(root: Path, kind: str) -> list[str]:
    folder = root / "sources" / kind
    return [f"sources/{kind}/{path.name}" for path in sorted(folder.glob("*.py"))]


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", []))


def complete_notebook(root: Path, source: str) -> NotebookNode:
    """The notebook with everything its source holds, an exercise with its solutions.

    Args:
        root: folder of the course.
        source: path of the py:percent source, relative to ``root``.

    Raises:
        CourseError: the file cannot be read, or a solution cell has no task of its own.
    """
    try:
        text = (root / source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{source} cannot be read: {error}") from error
    nb = jupytext.reads(text, fmt=SOURCE_FORMAT)
    seen: Counter[str] = Counter()
    cells = []
    for number, cell in enumerate(nb.cells, start=1):
        for key in SOURCE_ONLY_METADATA:
            cell.metadata.pop(key, None)
        if "solution" in tags(cell):
            _check_task(cell, f"{source}, cell {number}", seen)
            cells += _hints(cell.metadata["task"])
        cell.id = _cell_id(cell, seen)
        if cell.cell_type == "markdown":
            cell.source = comments_within_lines(cell.source)
        cells.append(cell)
    nb.cells = cells
    nb.metadata = nbformat.from_dict(
        {
            "course": {"source": source},
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        }
    )
    nb.nbformat, nb.nbformat_minor = 4, 5
    return nb


def comments_within_lines(markdown: str) -> str:
    """Markdown in which no comment begins a line of a paragraph; it stands at the end of the last.

    To Markdown, a line that begins with a comment ends the paragraph, and what follows the comment
    on its last line is no text any more but HTML. In a source, comments may begin lines.
    """
    return _COMMENT_IN_PARAGRAPH.sub(" <!--", markdown)


def exercise_notebook(root: Path, source: str) -> NotebookNode:
    """As `complete_notebook`, each solution cell emptied to functions that are not written yet."""
    nb = complete_notebook(root, source)
    for number, cell in enumerate(nb.cells, start=1):
        if "solution" in tags(cell):
            cell.source = emptied(cell.source, f"{source}, cell {number}")
    return nb


def text_of_task(above: list[NotebookNode]) -> NotebookNode | None:
    """The last cell above a solution, passing over hints and code that is given to the learner."""
    for cell in reversed(above):
        is_given = cell.cell_type == "code" and not {"solution", "check"} & set(tags(cell))
        if not is_given and "hints" not in tags(cell):
            return cell
    return None


def _hints(task: str) -> list[NotebookNode]:
    """The cell of folded hints that stands above a solution: those of course_tasks."""
    if task not in course_tasks.ALL:
        return []
    blocks = [
        f"<details><summary>{_as_html(hint.symptom)}</summary>\n\n{hint.text}\n\n</details>"
        for hint in course_tasks.ALL[task].hints
    ]
    cell = new_markdown_cell("\n\n".join(blocks), metadata={"tags": ["hints"]})
    cell.id = f"hints-{task}"
    return [cell]


def _as_html(text: str) -> str:
    """Text with `code` and *stress* as HTML: in a <summary> Markdown stays as it is."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)


def _check_task(cell: NotebookNode, where: str, seen: Counter[str]) -> None:
    task = cell.metadata.get("task")
    if cell.cell_type != "code" or not isinstance(task, str) or not TASK_NAME.fullmatch(task):
        raise CourseError(
            f"{where}: a solution is a code cell with a task name of letters, digits, _ and -, "
            f'as in `# %% task="gradient_step" tags=["solution"]`; got task={task!r}'
        )
    if seen[f"task-{task}"]:
        raise CourseError(f"{where}: task={task!r} is the name of an earlier cell; choose another")


def _cell_id(cell: NotebookNode, seen: Counter[str]) -> str:
    # From the source alone, so that an edit in one cell leaves the ids of all others as they are.
    if "solution" in tags(cell):
        base = f"task-{cell.metadata['task']}"
    else:
        content = f"{cell.cell_type}\n{cell.source}"
        base = hashlib.sha256(content.encode()).hexdigest()[:12]
    seen[base] += 1
    return base if seen[base] == 1 else f"{base}-{seen[base]}"
