"""Logs that were collected: one JSON object each, with its columns of rates and its counters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.diagnose.log_readers.log_building import build_log
from course_lib.diagnose.log_readers.log_columns import ColumnTable, TableBuilder
from course_lib.diagnose.log_readers.log_errors import LogError
from course_lib.diagnose.log_readers.log_kinds import ENVIRONMENT_COUNTERS, KINDS, kind_of_columns
from course_lib.diagnose.rate_log import RateLog

_PREFIXES = ("cfg_", "arg_", "hparam_")


def from_entry(entry: Mapping[str, Any]) -> RateLog:
    """Return the log that an entry of a collection holds, with the units and lags of its tool.

    Args:
        entry: object with "lr", name -> rates (None where a row has none), and as far as they are
            known "format" (a key of `KINDS`), "step", "epoch", "loss" (each a list or None),
            "columns" (names in the file), "other" (settings) and "id".

    Raises:
        LogError: the entry has no rates, or columns of different lengths.

    >>> rates = {"train_lr": [0.1, 0.2]}
    >>> log = from_entry({"format": "timm_summary", "epoch": [0, 1], "lr": rates})
    >>> log.unit, log.lags, log.rates.tolist()
    ('epoch', (0, -1), [[0.1, 0.2]])
    """
    name = str(entry.get("id") or entry.get("file_name") or "entry")
    rates = {str(n): values for n, values in (entry.get("lr") or {}).items() if values}
    if not rates:
        raise LogError(f"{name}: 'lr' must hold a column of rates, got {entry.get('lr')!r}")
    key = str(entry.get("format", ""))
    names = tuple(map(str, entry.get("columns") or ()))
    if key not in KINDS:
        key = kind_of_columns({*names, *rates}, "csv" if "csv" in key else "json")
    other = dict(entry.get("other") or {})
    length = len(next(iter(rates.values())))
    columns = {**{n: entry.get(n) for n in ("step", "epoch", "loss")}, **rates}
    columns |= {n: v for n, v in other.items() if isinstance(v, list) and len(v) == length}
    columns = {n: v for n, v in columns.items() if v}
    if odd := [n for n, v in columns.items() if len(v) != length]:
        raise LogError(f"{name}: {odd[0]!r} has {len(columns[odd[0]])} values for {length} rows")
    if key == "sb3_progress_csv" and "step" in columns:
        columns[ENVIRONMENT_COUNTERS[0]] = columns.pop("step")
    table = _table(columns, names, length, other)
    kept = [n for n in table.columns if _is_of(n, rates)]
    numbered = [n for n in kept if n.endswith("]")]
    return build_log(table, key, name, rate_column=numbered or kept)


def _is_of(name: str, rates: Mapping[str, Any]) -> bool:
    return name in rates or any(name.startswith(f"{rate}[") for rate in rates)


def _table(
    columns: Mapping[str, list], names: tuple[str, ...], length: int, other: Mapping[str, Any]
) -> ColumnTable:
    """Return the columns as numbers, and the settings without the collection's own prefixes."""
    builder = TableBuilder()
    expanded = {n for n in columns if f"{n}[0]" in columns}  # a list as text, and its parts
    builder.add({n: v for n, v in columns.items() if n not in expanded}, length)
    table = builder.build(names or columns)
    for name, value in other.items():
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
        if name == "iters_per_epoch_seen":
            name, value = "steps_per_epoch", value[0] if np.size(value) == 1 else None
        table.settings.setdefault(name, value)
    return table
