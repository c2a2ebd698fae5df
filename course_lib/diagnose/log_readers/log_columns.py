"""Columns of a log: cells of any kind to float64, chunk by chunk, and names that matter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib.diagnose.log_readers.log_kinds import (
    CALL_COUNTERS,
    ENVIRONMENT_COUNTERS,
    EPOCH_COUNTERS,
    UPDATE_COUNTERS,
)

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NUMBER = re.compile(rf"{NUMBER}|\bnan\b|\binf\b", re.I)
_ALONE = re.compile(rf"(?:tensor|array|float\w*|np\.float\w*)\(\s*\[?\s*({NUMBER})\s*\]?\s*[,)].*")
_OUT_OF = re.compile(r"\s*(\d+)\s*/\s*\d+\s*")  # "3/20"
_GROUPED = re.compile(r"\s*\d{1,3}(?:,\d{3})+\s*")  # "12,000"
_DECIMAL_COMMA = re.compile(r"\s*([-+]?\d*),(\d+(?:[eE][-+]?\d+)?)\s*")
_NOTHING = {"", "none", "null", "n/a", "na", "-", "nil"}

_RATE = re.compile(r"(?<![a-z])(?:lrs?|learning[_ \-]?rates?)(?![a-z])", re.I)
_NO_RATE = re.compile(
    r"momentum|decay|mult|scale|ratio|factor|noise|beta|warmup|initial|min_lr|max_lr|schedul"
    r"|__(?:min|max)$|eps|loss",
    re.I,
)
_METRIC = re.compile(
    r"loss|acc|val|eval|test|metric|reward|score|map\b|map50|miou|auc|f1|ppl|perplexity|psnr|bleu",
    re.I,
)
_COUNTERS = {*UPDATE_COUNTERS, *ENVIRONMENT_COUNTERS, *EPOCH_COUNTERS, *CALL_COUNTERS}


def is_rate(name: str) -> bool:
    """Tell whether a column's name says that it holds rates.

    >>> [is_rate(name) for name in ("lr-Adam/pg1", "train/learning_rate", "lr-SGD-momentum")]
    [True, True, False]
    """
    last = name.split(" - ")[-1]
    return bool(_RATE.search(last)) and not _NO_RATE.search(last)


def is_counter(name: str) -> bool:
    """Tell whether a column's name says that it counts updates, epochs or environment steps.

    >>> is_counter("trainer/global_step"), is_counter("time")
    (True, False)
    """
    return name in _COUNTERS


def is_metric(name: str) -> bool:
    """Tell whether a column may hold a loss, or a metric that a plateau rule watches.

    >>> is_metric("val_loss"), is_metric("elapsed_time")
    (True, False)
    """
    return bool(_METRIC.search(name))


@dataclass
class ColumnTable:
    """The columns of a log that matter, as numbers.

    Attributes:
        columns: name -> (rows,), float64; nan where a cell holds no number.
        names: names of all columns of the file, read or not.
        size: number of rows.
        settings: settings of the run that the file holds.
        notes: one sentence for each thing that was left out or assumed.
        unreadable: name -> (number of cells that hold something else, one of them).
        lags: lags that this file shows, the likeliest first; empty: those of its kind.
        cut_off: whether the file ends in the middle of a row or document.

    >>> ColumnTable({"lr": np.array([0.1])}, ("lr",), 1).notes
    []
    """

    columns: dict[str, np.ndarray]
    names: tuple[str, ...]
    size: int
    settings: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unreadable: dict[str, tuple[int, str]] = field(default_factory=dict)
    lags: tuple[float, ...] = ()
    cut_off: bool = False


class TableBuilder:
    """Collects the cells of chunks of rows into a `ColumnTable`.

    >>> builder = TableBuilder()
    >>> builder.add({"lr": ["0.1", "[0.2, 0.3]"]}, rows=2)
    >>> sorted(builder.build(["lr"]).columns)
    ['lr', 'lr[0]', 'lr[1]']
    """

    def __init__(self, decimal: str | None = None) -> None:
        """Start an empty table; `decimal` "," reads 0,5 as a half."""
        self.rows = 0
        self.decimal = decimal
        self._parts: dict[str, list[tuple[int, np.ndarray]]] = {}
        self._unreadable: dict[str, tuple[int, str]] = {}

    def add(self, chunk: Mapping[str, Sequence[Any]], rows: int) -> None:
        """Add `rows` rows: name -> cells, (rows,)."""
        for name, cells in chunk.items():
            for part, values in self._numbers(name, cells).items():
                self._parts.setdefault(part, []).append((self.rows, values))
        self.rows += rows

    def build(self, names: Iterable[str]) -> ColumnTable:
        """Return the table of everything added; `names`: names of all the file's columns."""
        columns = {}
        for name in [*self._parts]:
            column = np.full(self.rows, np.nan)
            for start, values in self._parts.pop(name):  # not two whole tables at a time
                column[start : start + values.size] = values
            columns[name] = column
        return ColumnTable(columns, tuple(names), self.rows, unreadable=dict(self._unreadable))

    def _numbers(self, name: str, cells: Sequence[Any]) -> dict[str, np.ndarray]:
        try:
            return {name: np.array([*map(float, cells)])}
        except (TypeError, ValueError):
            pass  # some cells are empty or no plain numbers: these two ways are slower
        nothing = ("", None)
        try:
            return {name: np.array([np.nan if c in nothing else float(c) for c in cells])}
        except (TypeError, ValueError):
            return self._odd_numbers(name, cells)

    def _odd_numbers(self, name: str, cells: Sequence[Any]) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        for row, cell in enumerate(cells):
            value = _value_of(cell, self.decimal)
            if value is None:
                count = self._unreadable.get(name, (0, ""))[0]
                self._unreadable[name] = (count + 1, str(cell).strip()[:40])
                continue
            parts = {name: value}
            if isinstance(value, list):
                parts = {f"{name}[{k}]": part for k, part in enumerate(value)}
            for part, number in parts.items():
                if part not in found:
                    found[part] = np.full(len(cells), np.nan)
                found[part][row] = number
        return found


def _value_of(cell: Any, decimal: str | None) -> float | list[float] | None:
    """Return the number or the numbers of a cell, nan for an empty one, None for other text."""
    if cell is None:
        return np.nan
    if isinstance(cell, list | tuple | np.ndarray):
        parts = [_value_of(part, decimal) for part in cell]
        return None if any(p is None or isinstance(p, list) for p in parts) else parts
    text = str(cell).strip().strip("'\"")
    if text.lower() in _NOTHING:
        return np.nan
    if decimal == "," and (comma := _DECIMAL_COMMA.fullmatch(text)):
        text = f"{comma[1]}.{comma[2]}"
    try:
        return float(text)
    except ValueError:
        pass  # a list as text, a tensor's repr, "3/20" or "12,000"
    if text[:1] in "[(" and text[-1:] in "])":
        return [float(part) for part in _NUMBER.findall(text)] or None
    if alone := _ALONE.fullmatch(text):
        return float(alone[1])
    if part := _OUT_OF.fullmatch(text):
        return float(part[1])
    return float(text.replace(",", "")) if _GROUPED.fullmatch(text) else None
