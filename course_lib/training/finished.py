"""The runs of one call that are there already: found, or trained by now, and on their way to the
cache.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import warnings
from collections.abc import Iterator, Sequence

import numpy as np

from course_lib.training import cache
from course_lib.training.keys import run_keys
from course_lib.training.runs import RunBlock, Runs

_WRITE_EVERY = 0.5  # seconds: a write takes 5 ms or more, however little is written
_WORTH_WRITING = 0.05  # seconds that a whole call takes

_in_memory: dict[bytes, bytes] = {}  # what a call had that stopped and could not write it
_warned: set[str] = set()


class Finished:
    """Collects runs; `missing` are the rows that nothing was found for."""

    def __init__(self, block: RunBlock, use_cache: bool) -> None:
        """Look up every run of `block`."""
        self._block, self._start = block, time.monotonic()
        self._file = cache.place() if use_cache else None
        self._keys = run_keys(block) if self._file or _in_memory else []
        self._parts: list[tuple[Sequence[int], Runs]] = []
        self._unwritten: list[tuple[Sequence[int], Runs]] = []
        self._written = self._start
        remembered = self._take({key: _in_memory[key] for key in self._keys if key in _in_memory})
        self._unwritten += self._parts
        _in_memory.clear()
        found = []
        if self._file:
            with self._file_may_fail():
                found = self._take(cache.find(self._file, self._keys), but=remembered)
        there = {*remembered, *found}
        self.missing = [row for row in range(len(block.seeds)) if row not in there]

    def add(self, rows: Sequence[int], runs: Runs) -> None:
        """Take runs that were trained now, and write them to the cache unless it was just done."""
        self._parts.append((rows, runs))
        self._unwritten.append((rows, runs))
        if time.monotonic() - self._written > _WRITE_EVERY:
            self._write()

    def all(self) -> Runs:
        """Return all runs in the order of the block; none is missing any more."""
        if time.monotonic() - self._start > _WORTH_WRITING:
            self._write()
        order = np.concatenate([rows for rows, _ in self._parts])
        return Runs.join([runs for _, runs in self._parts]).select(np.argsort(order))

    def save(self) -> str:
        """Keep what is there for the next call, as this one fails; return how much, in words."""
        self._write()
        self._keys = self._keys or run_keys(self._block)
        homeless = self._unwritten if self._file else self._parts
        _in_memory.update(self._values(homeless))
        count = len({row for rows, _ in self._parts for row in rows})
        return (
            f"{count} of {len(self._block.seeds)} runs are kept "
            f"{'in memory' if homeless else 'in the cache'}; the same call again trains the rest"
        )

    def _take(self, found: dict[bytes, bytes], but: Sequence[int] = ()) -> list[int]:
        rows = [row for row, key in enumerate(self._keys) if key in found and row not in but]
        if rows:
            values = [found[self._keys[row]] for row in rows]
            try:
                runs = cache.unpack(values, self._block.scored_at)
            except ValueError as error:
                raise cache.CacheError(f"{self._file} holds something else: {error}") from error
            self._parts.append((rows, runs))
        return rows

    def _write(self) -> None:
        if self._file and self._unwritten:
            with self._file_may_fail():
                cache.store(self._file, self._values(self._unwritten))
                self._unwritten = []
        self._written = time.monotonic()

    def _values(self, parts: Sequence[tuple[Sequence[int], Runs]]) -> dict[bytes, bytes]:
        return {
            self._keys[row]: value
            for rows, runs in parts
            for row, value in zip(rows, cache.pack(runs), strict=True)
        }

    @contextlib.contextmanager
    def _file_may_fail(self) -> Iterator[None]:
        try:
            yield
        except cache.CacheError as error:
            self._file = None
            _warn_once(f"training goes on without its cache of finished runs: {error}")


def _warn_once(message: str) -> None:
    """Warn about the line that called the course; a process says the same thing only once."""
    if message in _warned:
        return
    _warned.add(message)
    here, level, frame = os.path.dirname(__file__), 1, sys._getframe()
    while frame is not None and os.path.dirname(frame.f_code.co_filename) in (here, _CONTEXTLIB):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, RuntimeWarning, stacklevel=level)


_CONTEXTLIB = os.path.dirname(contextlib.__file__)
