"""The file that `check` writes: the best points of every task, and its last message."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import platformdirs

_TABLE = """CREATE TABLE IF NOT EXISTS best (
  task TEXT PRIMARY KEY, points REAL NOT NULL, possible REAL NOT NULL, told TEXT NOT NULL)"""
_KEEP = """INSERT INTO best VALUES (:task, :points, :possible, :told) ON CONFLICT (task)
  DO UPDATE SET points = max(points, excluded.points), possible = excluded.possible,
  told = excluded.told"""
_FILE = "progress.sqlite"


@dataclass(frozen=True)
class Kept:
    """The points and the last message of a task.

    Attributes:
        points: best points so far.
        possible: points of the whole task.
        told: text of the last check.

    >>> Kept(points=1.5, possible=2.0, told="half right").points
    1.5
    """

    points: float
    possible: float
    told: str


@dataclass(frozen=True)
class ProgressFile:
    """The best points of every task, in a SQLite file.

    Attributes:
        file: file that keeps them; None keeps nothing.
        wait_seconds: seconds to wait for another notebook that writes at the same moment.

    >>> nowhere = ProgressFile(None)
    >>> nowhere.keep("line", points=1.0, possible=2.0, told="half right")
    ''
    >>> nowhere.best()
    ({}, 'Progress is not kept: LR_COURSE_PROGRESS is empty.')
    """

    file: Path | None
    wait_seconds: float = 2.0

    @staticmethod
    def within(folder: Path) -> ProgressFile:
        """Return the file of progress that lies in a folder."""
        return ProgressFile(folder / _FILE)

    def keep(self, task: str, points: float, possible: float, told: str) -> str:
        """Keep the points of a task if they are its best, and the message.

        A check must never fail because of this, so a full or read-only disk gives a sentence, not
        an error.

        Args:
            task: name of the task.
            points: points of this check.
            possible: points of the whole task.
            told: text of this check.

        Returns:
            Why they could not be kept, or "".
        """
        if self.file is None:
            return ""
        values = {"task": task, "points": points, "possible": possible, "told": told}
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.file, timeout=self.wait_seconds)) as base, base:
                base.execute(_TABLE)
                base.execute(_KEEP, values)
        except (OSError, sqlite3.Error) as error:
            return f"Your progress could not be kept in {self.file}: {error}."
        return ""

    def best(self) -> tuple[dict[str, Kept], str]:
        """Return what is kept, by task, and the reason if it cannot be read."""
        if self.file is None:
            return {}, "Progress is not kept: LR_COURSE_PROGRESS is empty."
        if not self.file.is_file():
            return {}, ""
        place = f"{self.file.as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(place, uri=True, timeout=self.wait_seconds)) as base:
                rows = base.execute("SELECT task, points, possible, told FROM best")
                return {task: Kept(*values) for task, *values in rows}, ""
        except (OSError, sqlite3.Error) as error:
            return {}, f"Your progress in {self.file} cannot be read: {error}."


def default_file(variables: Mapping[str, str] = os.environ) -> ProgressFile:
    """Return the learner's: in the folder LR_COURSE_PROGRESS, else in the user's data folder.

    Args:
        variables: environment variables. If LR_COURSE_PROGRESS is empty, nothing is kept.

    >>> default_file({"LR_COURSE_PROGRESS": "mine"}).file.as_posix()
    'mine/progress.sqlite'
    """
    folder = variables.get("LR_COURSE_PROGRESS")
    if folder == "":
        return ProgressFile(None)
    return ProgressFile.within(Path(folder or platformdirs.user_data_path("lr-course")))
