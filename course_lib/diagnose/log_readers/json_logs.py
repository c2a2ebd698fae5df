"""Logs in JSON: a line for each row, or one document, whole or cut off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from course_lib.diagnose.log_readers.csv_logs import CHUNK, wanted_names
from course_lib.diagnose.log_readers.log_columns import ColumnTable, TableBuilder, is_rate
from course_lib.diagnose.log_readers.log_errors import LogError, counted, listed

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]', re.S)
_CLOSERS = {"{": "}", "[": "]"}
_DEPTH = 4  # containers inside each other in which a log is looked for
_SETTINGS = ("config", "args", "hparams", "hyperparameters", "settings", "params")
_CUT_DEPTH = 3  # a row that is cut off lies this deep, and is left out whole
_LONGEST_NAMES = 400  # names of columns that are kept


def read_json_lines(
    lines: Iterable[str], source: str, more: Iterable[str] = ()
) -> tuple[ColumnTable, str]:
    """Return the table of a file with a JSON object a line, and its form "jsonl".

    Args:
        lines: all lines of the file, read in chunks: there may be millions.
        source: name of the file, for messages.
        more: names of further columns to read.

    Raises:
        LogError: most lines are no objects.

    >>> table, _ = read_json_lines(['{"iteration": 19, "lr": 0.1}'], "metrics.json")
    >>> table.columns["lr"]
    array([0.1])
    """
    builder = TableBuilder()
    names: dict[str, None] = {}
    more = (*more,)
    broken: list[int] = []
    settings: dict[str, Any] = {}
    last = 0
    numbered = ((k, line) for k, line in enumerate(lines, 1) if line.strip())
    while chunk := [*islice(numbered, CHUNK)]:
        rows = []
        for last, line in chunk:
            row = _object(line)
            if row is None:
                broken.append(last)
            elif "env_info" in row:  # MMCV's first line
                settings |= {k: v for k, v in row.items() if isinstance(v, str | int | float)}
            else:
                if "current_steps" in row and "total_steps" in row:  # LLaMA-Factory: in every row
                    settings["total_steps"] = row["total_steps"]
                rows.append(_flat(row))
        _add(builder, rows, names, more)
    if not builder.rows or len(broken) > builder.rows:
        raise LogError(
            f"{source}: {len(broken)} of {len(broken) + builder.rows} lines are no JSON objects; "
            "a log has one row a line"
        )
    table = builder.build(names)
    table.settings = settings
    if broken == [last]:
        table.cut_off = True
        table.notes.append(
            f"the last line is cut off: {counted(builder.rows, 'row')} read before it"
        )
    elif broken:
        table.notes.append(
            f"{counted(len(broken), 'line')} without a JSON object left out, first line {broken[0]}"
        )
    return table, "jsonl"


def _object(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with what is inside a rate's or a section's object beside the rest."""
    if dict not in map(type, row.values()):
        flat = row
    else:
        flat = {}
        for name, value in row.items():
            parts = value.items() if isinstance(value, dict) else ()
            flat |= {f"{name}/{part}": inner for part, inner in parts} or {name: value}
    if "mode" in flat:
        flat["mode=train"] = float(flat["mode"] == "train")
    return flat


def _add(
    builder: TableBuilder, rows: list[dict[str, Any]], names: dict[str, None], more: tuple[str, ...]
) -> None:
    """Add rows to a table: their names, and the cells of the columns that matter."""
    for row in rows:
        if row.keys() - names.keys() and len(names) < _LONGEST_NAMES:
            names.update(dict.fromkeys(row))
    wanted = wanted_names((n for n in names if n != "mode=train"), more)
    wanted += ["mode=train"] * ("mode=train" in names)
    builder.add({name: [row.get(name) for row in rows] for name in wanted}, len(rows))


def read_json(text: str, source: str, more: Iterable[str] = ()) -> tuple[ColumnTable, str]:
    """Return the table of one JSON document, and its form: "hf", "history" or "json".

    Where the document is cut off, as one that is still being written, it is used as far as it
    goes, and a note says so.

    Args:
        text: text of the file.
        source: name of the file, for messages.
        more: names of further columns to read.

    Raises:
        LogError: no JSON, or none that holds rows.

    >>> table, _ = read_json('{"log_history": [{"step": 1, "learning_rate": 0.1}, {"st', "s.json")
    >>> table.columns["step"], table.notes
    (array([1.]), ['the file is cut off: 1 row was read, and the end is missing'])
    """
    cut = False
    try:
        document = json.loads(text)
    except ValueError as error:
        document, cut = _as_far_as_it_goes(text), True
        if document is None:
            raise LogError(
                f"{source}: no JSON, or cut off before the end of its first row, at line "
                f"{error.lineno}, column {error.colno} ({error.msg})"
            ) from None
    if isinstance(document, dict) and isinstance(document.get("log_history"), list):
        found, form = document["log_history"], "hf"
    elif isinstance(document, dict) and any(_is_number_of_rate(*one) for one in document.items()):
        found, form = [document], "jsonl"
    else:
        found = _log_in(document)
        form = "history" if found is document and isinstance(found, dict) else "json"
    if not found:
        raise LogError(f"{source}: no rows in this JSON; {_described(document)}")
    table = _table_of(found, source, (*more,), cut)
    table.settings = _settings(document) if form != "jsonl" else {}
    if form == "hf" and "best_global_step" not in document:
        table.lags = (0, 1)  # written before transformers 4.50, so before the change of 4.51
    if cut:
        table.cut_off = True
        read = f"{counted(table.size, 'row')} {'was' if table.size == 1 else 'were'} read"
        table.notes.append(f"the file is cut off: {read}, and the end is missing")
    return table, form


def _is_number_of_rate(name: str, value: Any) -> bool:
    return is_rate(name) and isinstance(value, int | float) and not isinstance(value, bool)


def _described(document: Any) -> str:
    """Say what a document holds instead of rows."""
    if isinstance(document, dict):
        return f"it holds {listed([*document])}; a log has a list of objects or lists of numbers"
    return f"it is a {type(document).__name__}; a log has a list of objects or lists of numbers"


def _as_far_as_it_goes(text: str) -> Any:
    """Return what can be read of a document that is cut off: up to its last whole element."""
    open_ones: list[str] = []
    best: tuple[int, str] | None = None
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in _CLOSERS:
            open_ones.append(mark)
        elif mark in ("}", "]"):
            if not open_ones:
                return None
            open_ones.pop()
            best = (token.end(), "".join(_CLOSERS[one] for one in reversed(open_ones)))
        elif open_ones and (len(open_ones) < _CUT_DEPTH or open_ones[-1] == "["):
            best = (token.start(), "".join(_CLOSERS[one] for one in reversed(open_ones)))
    if best is None:
        return None
    try:
        return json.loads(text[: best[0]] + best[1]) or None
    except ValueError:
        return None


def _log_in(document: Any, depth: int = 0) -> Any:
    """Return the list of rows, or the object of columns, in a document; one with rates first."""
    candidates = [*_candidates(document, depth)]
    with_rates = [one for one in candidates if any(map(is_rate, _names_of(one)))]
    return next(iter(with_rates or candidates), None)


def _candidates(part: Any, depth: int) -> Iterator[Any]:
    if depth > _DEPTH:
        return
    if isinstance(part, list):
        if part and all(isinstance(one, dict | list | int | float) for one in part[:20]):
            yield part
    elif isinstance(part, dict):
        if _columns_of(part):
            yield part
        for value in part.values():
            yield from _candidates(value, depth + 1)


def _columns_of(part: Mapping[str, Any]) -> dict[str, list]:
    """Return the columns of an object of lists, or of objects by row as pandas writes them."""
    columns = {n: v for n, v in part.items() if isinstance(v, list)}
    for name, value in part.items():
        if isinstance(value, dict) and value and all(str(row).isdigit() for row in value):
            columns[name] = [*value.values()]
    return {n: v for n, v in columns.items() if v and not isinstance(v[0], dict)}


def _names_of(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [*_columns_of(part)]
    return [name for row in part[:20] if isinstance(row, dict) for name in _flat(row)]


def _table_of(found: Any, source: str, more: tuple[str, ...], cut: bool) -> ColumnTable:
    """Return a table of rows, of columns, or of a bare list of numbers."""
    builder = TableBuilder()
    names: dict[str, None] = {}
    if isinstance(found, dict):
        columns = _columns_of(found)
        length = max(map(len, columns.values()))
        kept = {n: v for n, v in columns.items() if len(v) == length}
        rates = [v for n, v in columns.items() if is_rate(n)]
        if rates and len(rates[0]) != length:  # metrics of another rhythm beside the rates
            length = len(rates[0])
            fits = range(length, length + 1) if not cut else range(length, 10**12)
            kept = {n: v[:length] for n, v in columns.items() if len(v) in fits}
        builder.add({n: kept[n] for n in wanted_names(kept, more)}, length)
        table = builder.build(columns)
        if left := [n for n in columns if n not in kept]:
            table.notes.append(f"{listed(left)} have other lengths than the rates; left out")
        return table
    if isinstance(found[0], dict):
        rows = [_flat(row) for row in found if isinstance(row, dict)]
        for first in range(0, len(rows), CHUNK):
            _add(builder, rows[first : first + CHUNK], names, more)
        return builder.build(names)
    if isinstance(found[0], list):
        return _table_of_lists(found, source)
    builder.add({"lr": found}, len(found))
    return builder.build(["lr"])


def _table_of_lists(found: list, source: str) -> ColumnTable:
    """Return the table of [step, rate] pairs, or of TensorBoard's [time, step, value]."""
    width = len(found[0])
    if width not in (2, 3) or any(not isinstance(r, list) or len(r) != width for r in found):
        raise LogError(
            f"{source}: rows must be objects, [step, rate] or [time, step, rate]; got {found[0]!r}"
        )
    builder = TableBuilder()
    builder.add({"step": [r[-2] for r in found], "lr": [r[-1] for r in found]}, len(found))
    return builder.build(["step", "lr"])


def _settings(document: Any) -> dict[str, Any]:
    """Return the numbers and words beside the rows, and those of a configuration beside them."""
    if not isinstance(document, dict):
        return {}
    plain = {n: v for n, v in document.items() if isinstance(v, str | int | float)}
    for name in _SETTINGS:
        if isinstance(document.get(name), dict):
            plain |= {n: v for n, v in document[name].items() if isinstance(v, str | int | float)}
    return plain
