"""Runs that were trained before, kept in one SQLite file under a hash of all that determines them.

What is kept of a run is a .npy file with one record: no pickle is written or read. The file can be
deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sqlite3
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from course_lib.training.runs import PER_RUN, Runs

PLACE = "LR_COURSE_CACHE"  # environment variable: the folder; empty for no file at all
_FILE = "training.sqlite"
_CONTEXTLIB = os.path.dirname(contextlib.__file__)
_ABOVE = Path(__file__).resolve().parents[2]
_AT_ONCE = 500  # SQLite before 3.32 takes 999 question marks in a statement
_TABLE = (
    "CREATE TABLE IF NOT EXISTS runs "
    "(id INTEGER PRIMARY KEY, key BLOB UNIQUE, digest BLOB NOT NULL, value BLOB NOT NULL)"
)


class CacheError(Exception):
    """The file cannot be read or written; the message names it and says why."""


def place(above: Path = _ABOVE) -> Path | None:
    """Return the file that holds the runs, or None where the user wants none.

    It lies in the folder that LR_COURSE_CACHE names, else in `.cache` of a checkout of the course,
    else in the user's folder for caches.

    Args:
        above: folder with `course_lib` in it; it is a checkout where it has a pyproject.toml too.
    """
    chosen = os.environ.get(PLACE)
    if chosen is not None:
        return Path(chosen).expanduser() / _FILE if chosen else None
    if (above / "pyproject.toml").is_file():
        return above / ".cache" / _FILE
    from platformdirs import user_cache_path  # comes with JupyterLab, through jupyter_core

    return user_cache_path("lr-course") / _FILE


def pack(runs: Runs) -> list[bytes]:
    """Return every run as the bytes of a .npy file with one record."""
    arrays = {name: getattr(runs, name) for name in PER_RUN}
    layout = [(name, array.dtype, array.shape[1:]) for name, array in arrays.items()]
    records = np.empty(len(runs.losses), layout)
    for name, array in arrays.items():
        records[name] = array
    first = io.BytesIO()
    np.save(first, records[0], allow_pickle=False)
    header = first.getvalue()[: -records.itemsize]
    return [header + records[row].tobytes() for row in range(len(records))]


def unpack(values: Sequence[bytes], scored_at: Sequence[int]) -> Runs:
    """Return the runs that `pack` made bytes of; all have the same steps and scores.

    Args:
        values: bytes of the runs, one item a run.
        scored_at: updates done at each score on the held-out examples.

    Raises:
        ValueError: the bytes are not those of runs of the same layout.
    """
    layout = np.lib.format.read_array(io.BytesIO(values[0]), allow_pickle=False).dtype
    if layout.names != PER_RUN:
        raise ValueError(f"these are not runs: {layout}")
    header = values[0][: -layout.itemsize]  # reading it once saves half a second on 1,728 runs
    size = len(values[0])
    if any(len(value) != size or not value.startswith(header) for value in values):
        raise ValueError("the runs have more than one layout")
    records = np.frombuffer(b"".join(value[len(header) :] for value in values), layout)
    arrays = {name: records[name].copy() for name in PER_RUN}
    return Runs(scored_at=np.array(scored_at, dtype=int), **arrays)


@dataclass
class RunStore:
    """Finished runs: in a file, and in memory those that a stopped call could not write there.

    Attributes:
        file: SQLite file that holds the runs; None keeps nothing but what is in memory.
        worth_writing: seconds that a whole call must take for its runs to be written.
        write_every: least seconds between two writes of one call.
        limit_bytes: size at which the oldest runs of the file are dropped.
        wait_seconds: seconds to wait for another process that is writing.
        in_memory: bytes of the runs of the last call that stopped, by key.
        warned: warnings that were given; each is given once.

    >>> store = RunStore(file=None)
    >>> store.find([b"a key"])
    {}
    """

    file: Path | None
    worth_writing: float = 0.05
    write_every: float = 0.5  # a write takes 5 ms or more, however little is written
    limit_bytes: int = 2**30
    wait_seconds: float = 10.0
    in_memory: dict[bytes, bytes] = field(default_factory=dict)
    warned: set[str] = field(default_factory=set)

    def find(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return key and bytes of those runs that the file holds; damaged ones are left out.

        Raises:
            CacheError: the file cannot be read.
        """
        found = {}
        try:
            if self.file is None or not self.file.exists():
                return {}
            with contextlib.closing(self._open()) as connection:
                if not connection.execute("PRAGMA page_count").fetchone()[0]:
                    return {}
                for first in range(0, len(keys), _AT_ONCE):
                    some = keys[first : first + _AT_ONCE]
                    marks = ",".join("?" * len(some))
                    for key, digest, value in connection.execute(
                        f"SELECT key, digest, value FROM runs WHERE key IN ({marks})", some
                    ):
                        if _digest(value) == digest:
                            found[key] = value
        except (sqlite3.Error, OSError) as error:
            raise CacheError(f"{self.file} cannot be read: {error}") from error
        return found

    def write(self, values: Mapping[bytes, bytes]) -> None:
        """Write runs, all or none of them; where the file gets too large, the oldest ones go.

        Args:
            values: bytes of the runs, by key.

        Raises:
            CacheError: there is no file, or it cannot be written.
        """
        if self.file is None:
            raise CacheError("a store without a file cannot be written")
        limit, new = self.limit_bytes, sum(len(key) + len(value) for key, value in values.items())
        if new > limit:
            raise CacheError(
                f"{self.file} cannot take {new:,} bytes at once, its limit is {limit:,}"
            )
        rows = [(key, _digest(value), value) for key, value in values.items()]
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(self._open()) as connection:
                connection.execute("BEGIN IMMEDIATE")  # closing without COMMIT takes all of it back
                connection.execute(_TABLE)
                while _used(connection) + new > limit and _drop_oldest(connection):
                    pass
                connection.executemany(
                    "INSERT OR REPLACE INTO runs (key, digest, value) VALUES (?, ?, ?)", rows
                )
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise CacheError(f"{self.file} cannot be written: {error}") from error

    def take_from_memory(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return those runs that are in memory, and forget all that are there."""
        found = {key: self.in_memory[key] for key in keys if key in self.in_memory}
        self.in_memory.clear()
        return found

    def warn_once(self, message: str) -> None:
        """Warn about the line that called the course, unless this was said before."""
        if message in self.warned:
            return
        self.warned.add(message)
        here, level, frame = os.path.dirname(__file__), 1, sys._getframe()
        while frame is not None and os.path.dirname(frame.f_code.co_filename) in (
            here,
            _CONTEXTLIB,
        ):
            frame, level = frame.f_back, level + 1
        warnings.warn(message, RuntimeWarning, stacklevel=level)

    def _open(self) -> sqlite3.Connection:
        # Opened anew every time, and no write-ahead log: then the file may vanish between two
        # uses, and it works on network drives.
        connection = sqlite3.connect(self.file, timeout=self.wait_seconds, isolation_level=None)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection


def default_store() -> RunStore:
    """Return the store at `place()`: for one place, every call of this process gets the same."""
    return _store_at(place())


@cache
def _store_at(file: Path | None) -> RunStore:
    return RunStore(file)


def _used(connection: sqlite3.Connection) -> int:
    """Return the bytes in use; those that deleted runs leave are used again, not given back."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _drop_oldest(connection: sqlite3.Connection) -> int:
    """Delete the oldest tenth of the runs, at least one; return how many."""
    return connection.execute(
        "DELETE FROM runs WHERE id IN "
        "(SELECT id FROM runs ORDER BY id LIMIT 1 + (SELECT COUNT(key) FROM runs) / 10)"
    ).rowcount


def _digest(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=16).digest()
