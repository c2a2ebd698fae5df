"""The result of a benchmark, and the clock that times both of its sides."""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True)
class Result:
    """One row of the table.

    Attributes:
        value: ours, in `unit`.
        unit: unit of `value`.
        peer: the code that ours is measured against.
        ratio: speed of ours over that of the peer; above 1 ours is ahead.
        notes: lines on how it was measured; printed below the table, not written to the results.
    """

    value: float
    unit: str
    peer: str
    ratio: float
    notes: tuple[str, ...] = ()


class MissingPeer(Exception):
    """A package that a benchmark needs is not installed."""


def require_peer(module: str, package: str) -> ModuleType:
    """Return the imported module of a peer.

    Raises:
        MissingPeer: `package` is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise MissingPeer(
            f"left out: {package} is not installed (pip install -e '.[bench]')"
        ) from None


def median_seconds(*calls: Callable[[], object], repeats: int = 3) -> tuple[float, ...]:
    """Return the median time of every call, in seconds.

    The calls take turns, first, second, …, first, second, …, so that a machine that slows down
    meanwhile slows all of them. What is slower the first time is called once before.
    """
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(repeats):
        for call, timings in zip(calls, seconds, strict=True):
            start = time.perf_counter()
            call()
            timings.append(time.perf_counter() - start)
    return tuple(statistics.median(timings) for timings in seconds)
