"""Everything that can go wrong between a source and its notebook, as exceptions and as findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class CourseError(Exception):
    """Something the caller can put right; the message is one line that says how."""


@dataclass(frozen=True)
class BrokenRule:
    """A rule that a file breaks: the file (relative to the course), the rule, what to change."""

    file: str
    rule: str
    message: str

    def __str__(self) -> str:
        """One line: ``file: [rule] message``."""
        return f"{self.file}: [{self.rule}] {self.message}"


class CellFailure(Exception):
    """A cell that did not run to its end, or raised later in a callback.

    Attributes:
        notebook: the name of the notebook.
        number: position of the cell in the notebook, the first cell being 1.
        source: the source of the cell.
        error: name and message of the error, such as ``ValueError: lr is negative``.
        traceback: the last lines of the traceback, without terminal colours; may be empty.
        executed: the notebook as far as it was executed (a NotebookNode), or None.
        seconds: seconds that the notebook had been running.
    """

    def __init__(
        self,
        notebook: str,
        number: int,
        source: str,
        error: str,
        traceback: str = "",
        executed: Any = None,
        seconds: float = 0.0,
    ) -> None:
        """Keep what is needed to find the cell and to read its error."""
        super().__init__(f"{notebook}, cell {number}: {error}")
        self.notebook = notebook
        self.number = number
        self.source = source
        self.error = error
        self.traceback = traceback
        self.executed = executed
        self.seconds = seconds

    def __reduce__(self) -> tuple:
        """Travel from the process that executed the notebook to the one that asked for it."""
        parts = (self.notebook, self.number, self.source, self.error, self.traceback)
        return CellFailure, (*parts, self.executed, self.seconds)

    def report(self) -> str:
        """The failure in full: where, the source of the cell, the end of the traceback."""
        parts = [str(self), "", _indented(self.source)]
        if self.traceback:
            parts += ["", _indented(self.traceback)]
        return "\n".join(parts)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())
