"""The runs of one call that are there already: found, or trained by now, and on their way to the
cache.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence

import numpy as np

from course_lib.training.cache import CacheError, RunStore, pack, unpack
from course_lib.training.keys import run_keys
from course_lib.training.runs import RunBlock, Runs


class Finished:
    """Collects runs; `missing` are the rows that nothing was found for."""

    def __init__(self, block: RunBlock, store: RunStore, use_file: bool = True) -> None:
        """Look up every run of `block`: in the memory of `store`, and in its file if it is used."""
        self._block, self._start = block, time.monotonic()
        self._store, self._has_file = store, use_file and store.file is not None
        self._keys = run_keys(block) if self._has_file or store.in_memory else []
        self._parts: list[tuple[Sequence[int], Runs]] = []
        self._unwritten: list[tuple[Sequence[int], Runs]] = []
        self._written = self._start
        remembered = self._take(store.take_from_memory(self._keys))
        self._unwritten += self._parts
        found = []
        if self._has_file:
            with self._file_may_fail():
                found = self._take(store.find(self._keys), but=remembered)
        there = {*remembered, *found}
        self.missing = [row for row in range(len(block.seeds)) if row not in there]

    def add(self, rows: Sequence[int], runs: Runs) -> None:
        """Take runs that were trained now, and write them to the cache unless it was just done."""
        self._parts.append((rows, runs))
        self._unwritten.append((rows, runs))
        if time.monotonic() - self._written > self._store.write_every:
            self._write()

    def all(self) -> Runs:
        """Return all runs in the order of the block; none is missing any more."""
        if time.monotonic() - self._start > self._store.worth_writing:
            self._write()
        order = np.concatenate([rows for rows, _ in self._parts])
        return Runs.join([runs for _, runs in self._parts]).select(np.argsort(order))

    def save(self) -> str:
        """Keep what is there for the next call, as this one fails; return how much, in words."""
        self._write()
        self._keys = self._keys or run_keys(self._block)
        homeless = self._unwritten if self._has_file else self._parts
        self._store.in_memory.update(self._values(homeless))
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
                runs = unpack(values, self._block.scored_at)
            except ValueError as error:
                message = f"{self._store.file} holds something else: {error}"
                raise CacheError(message) from error
            self._parts.append((rows, runs))
        return rows

    def _write(self) -> None:
        if self._has_file and self._unwritten:
            with self._file_may_fail():
                self._store.write(self._values(self._unwritten))
                self._unwritten = []
        self._written = time.monotonic()

    def _values(self, parts: Sequence[tuple[Sequence[int], Runs]]) -> dict[bytes, bytes]:
        return {
            self._keys[row]: value
            for rows, runs in parts
            for row, value in zip(rows, pack(runs), strict=True)
        }

    @contextlib.contextmanager
    def _file_may_fail(self) -> Iterator[None]:
        try:
            yield
        except CacheError as error:
            self._has_file = False
            self._store.warn_once(f"training goes on without its cache of finished runs: {error}")
