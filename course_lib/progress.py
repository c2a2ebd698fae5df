"""What `check` has seen on this machine: the best points of every task, and what it said last."""

from __future__ import annotations

import os
import sqlite3
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
_WAIT = 2.0  # seconds for another notebook that writes at the same moment


def store() -> Path | None:
    """Return the file: in the folder that LR_COURSE_PROGRESS names, else in the user's data folder.

    None where LR_COURSE_PROGRESS is empty: nothing is kept then.
    """
    folder = os.environ.get("LR_COURSE_PROGRESS")
    if folder == "":
        return None
    return Path(folder or platformdirs.user_data_path("lr-course")) / _FILE


@dataclass(frozen=True)
class Kept:
    """What is kept of a task.

    Attributes:
        points: the best so far.
        possible: of so many.
        told: what the last check said.
    """

    points: float
    possible: float
    told: str


def keep(task: str, points: float, possible: float, told: str) -> str:
    """Keep the points of a task where they are its best, and what was said; return why not, or "".

    A check must never fail for this: a full or read-only disk is a sentence, not an error.
    """
    file = store()
    values = {"task": task, "points": points, "possible": possible, "told": told}
    if file is None:
        return ""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file, timeout=_WAIT)) as base, base:
            base.execute(_TABLE)
            base.execute(_KEEP, values)
    except (OSError, sqlite3.Error) as error:
        return f"Your progress could not be kept in {file}: {error}."
    return ""


def best(folder: Path | None = None) -> tuple[dict[str, Kept], str]:
    """Return what is kept by task, and why there is nothing where it cannot be read.

    Args:
        folder: where they are kept; None: where `store` says.
    """
    file = store() if folder is None else folder / _FILE
    if file is None:
        return {}, "Progress is not kept: LR_COURSE_PROGRESS is empty."
    if not file.is_file():
        return {}, ""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=_WAIT)) as base:
            rows = base.execute("SELECT task, points, possible, told FROM best")
            return {task: Kept(*values) for task, *values in rows}, ""
    except (OSError, sqlite3.Error) as error:
        return {}, f"Your progress in {file} cannot be read: {error}."
