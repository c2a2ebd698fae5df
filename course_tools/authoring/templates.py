"""The parts that a lesson and an exercise must have, checked on notebooks not yet executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path

from nbformat import NotebookNode

import course_tasks
from course_tools.authoring.sources import tags, text_of_task

LESSON_PARTS = (
    "title",
    "surprise",
    "predict",
    "from-scratch",
    "library",
    "experiment",
    "goes-wrong",
    "explorer",
    "quiz",
    "recap",
    "monday",
    "next",
)
PARTS_WITH_CODE = ("from-scratch", "library", "experiment", "explorer")
#: Numbers of the lessons that train in an ordinary loop of PyTorch, so that nobody takes a schedule
#: for a thing of this course.
WITH_PYTORCH_LOOP = ("01", "02", "03", "04")
#: Parts that may share their first cell with the part before: the surprise is a prediction.
MAY_SHARE = {"predict"}
PREDICTIONS = 3
QUESTIONS = 3
RECAP_LINES = 5
HINTS = 2
LIST_LINE = re.compile(r"^(\d+\.|-) ", re.M)
EXERCISE_LINK = re.compile(r"\]\((\.\./exercises/[^)#\s]+)")

Finding = tuple[str, str]  # rule, message


def lesson_findings(nb: NotebookNode, root: Path, number: str) -> Iterator[Finding]:
    """Parts of the template that a lesson lacks, as rule and message.

    Args:
        nb: the lesson, not executed.
        root: folder of the course, in which the linked exercise must exist.
        number: the two digits that its name begins with; the exercise of that number and the
            lesson of the next, where there are such, must be linked.
    """
    yield from title_findings(nb, ("You will learn", "minutes", "You need"))
    yield from _order(nb)
    yield from _predictions(nb)
    yield from _quiz(nb)
    yield from _pytorch_loop(nb, number)
    yield from _surprise(nb)
    lines = len(LIST_LINE.findall(_text(nb, "recap")))
    if lines != RECAP_LINES:
        yield "recap", f"the recap needs {RECAP_LINES} list lines (`1. ` or `- `), got {lines}"
    links = EXERCISE_LINK.findall(_text(nb, "next"))
    for own in sorted((root / "exercises").glob(f"ex{number}_*.ipynb")):
        if f"../exercises/{own.name}" not in links:
            yield "next", f"the cell tagged next needs a link: [...](../exercises/{own.name})"
    for following in sorted((root / "sources/lessons").glob(f"{int(number) + 1:02}_*.py")):
        if f"]({following.stem}.ipynb)" not in _text(nb, "next"):
            yield "next", f"the cell tagged next needs a link: [...]({following.stem}.ipynb)"
    for link in links:
        if not (root / link.removeprefix("../")).is_file():
            yield "next", f"the linked exercise {link} does not exist"


def exercise_findings(nb: NotebookNode) -> Iterator[Finding]:
    """Parts of the template that an exercise lacks, as rule and message."""
    yield from title_findings(nb, ("minutes",))
    solutions = [i for i, cell in enumerate(nb.cells) if "solution" in tags(cell)]
    if not solutions:
        yield "solution", "an exercise needs a code cell tagged solution"
    for index in solutions:
        task = nb.cells[index].metadata["task"]
        yield from _task(text_of_task(nb.cells[:index]), task)
        yield from _hints(nb.cells[:index], task)
        after = nb.cells[index + 1] if index + 1 < len(nb.cells) else None
        if not (_is(after, "code", "check") and "check(" in after.source):
            message = f"task {task}: the next cell must be code, tagged check, and call check(...)"
            yield "check", message


def _task(cell: NotebookNode | None, task: str) -> Iterator[Finding]:
    if not _is(cell, "markdown", "task"):
        yield "task", f"task {task}: the solution must follow a markdown cell tagged task"
        return
    words = ["Difficulty", "minutes"]
    if task in course_tasks.ALL:
        points = course_tasks.ALL[task].points
        words.append(f"*{points} point{'s' * (points != 1)}*")
    for word in words:
        if word.lower() not in cell.source.lower():
            yield "task", f"task {task}: its text does not say {word!r}"


def _hints(above: list[NotebookNode], task: str) -> Iterator[Finding]:
    text, hints = text_of_task(above), 0
    for cell in reversed(above):
        hints += cell.source.count("<details") if cell.cell_type == "markdown" else 0
        if cell is text:
            break
    if hints < HINTS:
        yield "hints", f"task {task}: {HINTS} folded <details> hints are needed, got {hints}"


def _is(cell: NotebookNode | None, kind: str, tag: str) -> bool:
    return cell is not None and cell.cell_type == kind and tag in tags(cell)


def _text(nb: NotebookNode, tag: str) -> str:
    return "\n".join(cell.source for cell in nb.cells if tag in tags(cell))


def title_findings(nb: NotebookNode, words: tuple[str, ...] = ()) -> Iterator[Finding]:
    """Faults of the first cell: it needs the tag title, a heading, and these words."""
    first = nb.cells[0] if nb.cells else None
    if not (_is(first, "markdown", "title") and first.source.startswith("# ")):
        yield "title", "the first cell must be markdown, tagged title, and begin with `# `"
        return
    for word in words:
        if word.lower() not in first.source.lower():
            yield "title", f"the first cell does not say {word!r}"


def _order(nb: NotebookNode) -> Iterator[Finding]:
    starts: dict[str, int] = {}
    for index, cell in enumerate(nb.cells):
        for tag in tags(cell):
            starts.setdefault(tag, index)
    for part in LESSON_PARTS:
        if part not in starts:
            yield part, f"no cell is tagged {part}"
    present = [part for part in LESSON_PARTS if part in starts]
    for before, after in pairwise(present):
        allowed = starts[after] + (after in MAY_SHARE)
        if allowed <= starts[before]:
            yield after, f"the part {after} must begin after the part {before}"
    ends = dict(zip(present, [starts[part] for part in present[1:]], strict=False))
    for part in PARTS_WITH_CODE:
        cells = nb.cells[starts[part] : ends.get(part)] if part in starts else []
        if cells and not any(cell.cell_type == "code" for cell in cells):
            yield part, f"the part {part} has no code cell"


def _surprise(nb: NotebookNode) -> Iterator[Finding]:
    """Only the title, the parameters and the imports stand before the surprise."""
    for cell in nb.cells[1:]:
        if "surprise" in tags(cell):
            return
        if cell.cell_type == "markdown":
            yield "surprise", "the surprise must be the first text after the title"
            return


def _pytorch_loop(nb: NotebookNode, number: str) -> Iterator[Finding]:
    loops = [cell.source for cell in nb.cells if _is(cell, "code", "pytorch")]
    if number in WITH_PYTORCH_LOOP:
        for call in ("optimizer.step()", "scheduler.step()", ".backward()"):
            if not any(call in loop for loop in loops):
                yield "pytorch", f"no cell tagged pytorch trains in a loop that calls {call}"


def _predictions(nb: NotebookNode) -> Iterator[Finding]:
    asked = [i for i, cell in enumerate(nb.cells) if "predict" in tags(cell)]
    if len(asked) < PREDICTIONS:
        yield "predict", f"{PREDICTIONS} cells tagged predict are needed, got {len(asked)}"
    for index in asked:
        followed = nb.cells[index + 1 : index + 2]
        if nb.cells[index].cell_type != "markdown":
            yield "predict", f"cell {index + 1} is tagged predict and must be markdown"
        if not followed or followed[0].cell_type != "code":
            yield "predict", f"cell {index + 1} asks for a prediction; code must follow at once"


def _quiz(nb: NotebookNode) -> Iterator[Finding]:
    groups = sum(is_quiz for is_quiz, _ in groupby(nb.cells, lambda cell: "quiz" in tags(cell)))
    if groups > 1:
        yield "quiz", f"the cells tagged quiz must stand together, got {groups} groups"
    questions = _text(nb, "quiz").count("<details")
    if questions != QUESTIONS:
        yield "quiz", f"the quiz needs {QUESTIONS} <details> blocks, got {questions}"
