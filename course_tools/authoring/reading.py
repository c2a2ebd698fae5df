"""Counts the minutes that a lesson takes, and finds cells that are too long.

A minute for every 200 words, and one for every 10 lines of visible code. Sections whose heading
begins with ``Further`` are for a second reading: JupyterLab folds them, and they count apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from course_tools.authoring.sources import tags
from course_tools.authoring.templates import Finding

WORDS_A_MINUTE = 200
LINES_A_MINUTE = 10
LONGEST_CORE = 45  # minutes
LONGEST_CELL = 25  # lines that are not blank
FOLDED = "jp-MarkdownHeadingCollapsed"  # JupyterLab's own name for it
HEADING = re.compile(r"^## +(?P<words>.*)$", re.M)
STATED = re.compile(
    r"\*\*Time:\*\* about (?P<core>\d+) minutes(, and (?P<further>\d+) more for \*Further\*)?"
)


@dataclass(frozen=True)
class Minutes:
    """The minutes that a lesson takes.

    Attributes:
        core: all that is not marked *Further*.
        further: the rest.
    """

    core: float
    further: float

    def rounded(self) -> tuple[int, int]:
        """Both to the nearest five minutes; five at least where there is anything."""
        core, further = (
            max(5, 5 * round(value / 5)) if value else 0 for value in (self.core, self.further)
        )
        return core, further


def minutes(nb: NotebookNode) -> Minutes:
    """The minutes that a lesson takes to read."""
    spent = {False: 0.0, True: 0.0}
    for cell, further in _with_place(nb):
        spent[further] += _words(cell) / WORDS_A_MINUTE + _lines(cell) / LINES_A_MINUTE
    return Minutes(core=spent[False], further=spent[True])


def reading_findings(nb: NotebookNode) -> Iterator[Finding]:
    """Places where a lesson is longer than it says, or hard to read, as rule and message."""
    core, further = minutes(nb).rounded()
    right = f"about {core} minutes" + (f", and {further} more for *Further*" if further else "")
    stated = STATED.search(nb.cells[0].source) if nb.cells else None
    if stated is None or (int(stated["core"]), int(stated["further"] or 0)) != (core, further):
        yield "minutes", f"the title must say `**Time:** {right}`: that many are counted"
    if core > LONGEST_CORE:
        yield "minutes", f"the core path takes {core} minutes, allowed {LONGEST_CORE}"
    for number, (cell, _) in enumerate(_with_place(nb), start=1):
        lines = len([line for line in cell.source.splitlines() if line.strip()])
        if cell.cell_type == "code" and not _is_hidden(cell) and lines > LONGEST_CELL:
            yield "long", f"cell {number} shows {lines} lines, allowed {LONGEST_CELL}"
        headings = _headings(cell)
        folded = bool(cell.metadata.get(FOLDED))
        if folded != any(_is_further(words) for words in headings):
            why = f"a heading is folded ({FOLDED}=true) if it begins with `## Further`"
            yield "further", f"cell {number}: {why}, and no other is"
        if folded and not cell.source.startswith("## "):
            yield "further", f"cell {number} is folded and must begin with its heading"


def _with_place(nb: NotebookNode) -> Iterator[tuple[NotebookNode, bool]]:
    further = False
    for cell in nb.cells:
        headings = _headings(cell)
        if headings:
            further = _is_further(headings[-1])
        yield cell, further


def _headings(cell: NotebookNode) -> list[str]:
    return HEADING.findall(cell.source) if cell.cell_type == "markdown" else []


def _is_further(words: str) -> bool:
    return words.startswith("Further")


def _is_hidden(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


def _words(cell: NotebookNode) -> int:
    if cell.cell_type != "markdown" or "hints" in tags(cell):
        return 0
    text = re.sub(r"<!--.*?-->|```.*?```|\$\$.*?\$\$", " ", cell.source, flags=re.S)
    text = re.sub(r"\]\([^)\s]*\)|<[^<>]*>", " ", text)
    return len(re.findall(r"[^\W_]+(?:['’.-][^\W_]+)*", text))


def _lines(cell: NotebookNode) -> int:
    if cell.cell_type == "markdown":
        blocks = re.findall(r"```.*?\n(.*?)```", cell.source, re.S)
    else:
        blocks = [] if _is_hidden(cell) else [cell.source]
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return len([line for line in lines if line and not line.startswith("#")])
