"""Logs as tables in text: CSV with commas, semicolons or tabs, and columns between spaces."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest

from course_lib.diagnose.log_readers.log_columns import (
    ColumnTable,
    TableBuilder,
    is_counter,
    is_metric,
    is_rate,
)
from course_lib.diagnose.log_readers.log_errors import LogError, counted, listed

CHUNK = 50_000  # rows that are held as text at a time
_SAMPLE = 20
_DELIMITERS = (",", ";", "\t")
_COMMA_NUMBER = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
_STATEMENT = re.compile(r"[A-Za-z_]['\"]?\s*[:=]\s*['\"\[(]?[-+.\d]")  # "lr=0.1" in text, no name
_MOST_COLUMNS_WITHOUT_NAMES = 2


@dataclass(frozen=True)
class Layout:
    """The layout of a table in text.

    Attributes:
        delimiter: character between cells; " " for any run of spaces.
        names: names of the columns.
        header: whether the first line that is no comment has these names.
        decimal: "," where 0,5 is a half.

    >>> Layout(",", ("step", "lr"), header=True).delimiter
    ','
    """

    delimiter: str
    names: tuple[str, ...]
    header: bool
    decimal: str | None = None


def layout_of(lines: list[str], decimal: str | None = None) -> Layout | None:
    """Return how a table is written, None if the lines are no table.

    Args:
        lines: first lines of the file.
        decimal: "," to read 0,5 as a half; None: only where cells cannot be anything else.

    >>> layout_of(["epoch;lr", "0;0,1", "1;0,05"])
    Layout(delimiter=';', names=('epoch', 'lr'), header=True, decimal=',')
    """
    comments = [line for line in lines if line.startswith("#")]
    lines = [line for line in lines if line.strip() and not line.startswith("#")][:_SAMPLE]
    if not lines:
        return None
    for delimiter in (*_DELIMITERS, " "):
        rows = [*_cells(lines, delimiter)]
        width = len(rows[0])
        if width < 2 or any(len(row) > width for row in rows[:-1]):
            continue
        if any(map(_STATEMENT.search, rows[0])):
            continue
        if delimiter == " " and len(rows) == 1 and not all(map(_is_number, rows[0])):
            continue  # a line of words
        if delimiter == " " and not all(_is_number(cell) for row in rows[1:] for cell in row):
            continue
        if decimal is None and delimiter != ",":
            decimal = _decimal(rows[1:] or rows)
        if _is_table(rows, decimal):
            return _layout(rows, delimiter, decimal, comments)
    cells = [line.strip() for line in lines]
    if all(map(_is_number, cells[1:-1])) and _is_number(cells[min(1, len(cells) - 1)]):
        header = not _is_number(cells[0])
        return Layout(",", (cells[0],) if header else ("lr",), header, decimal)
    return None


def _cells(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    if delimiter == " ":
        return (line.split() for line in lines)
    return csv.reader(lines, delimiter=delimiter)


def _is_table(rows: list[list[str]], decimal: str | None) -> bool:
    """Tell whether half of all cells after the first row are numbers or empty."""
    header = {cell.strip() for cell in rows[0]}
    even = all(len(row) == len(rows[0]) for row in rows)
    if even and any(is_counter(name) for name in header) and any(map(is_rate, header)):
        return True
    if len(rows) == 1:
        return any(is_rate(name) or is_counter(name) for name in header) or all(
            map(_is_number, rows[0])
        )
    cells = [cell for row in rows[1:] for cell in row]
    numbers = [_is_number(c) or _comma(c, decimal) for c in map(str.strip, cells)]
    others = [not c or c.startswith("[") for c in map(str.strip, cells)]
    return 2 * (sum(numbers) + sum(others)) >= len(cells)


def _comma(cell: str, decimal: str | None) -> bool:
    return decimal == "," and bool(_COMMA_NUMBER.fullmatch(cell.strip()))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _decimal(rows: list[list[str]]) -> str | None:
    """Return "," where cells such as 0,05 stand in a table that no comma divides, and no point."""
    cells = [cell.strip() for row in rows for cell in row]
    points = any("." in cell and _is_number(cell) for cell in cells)
    return "," if any(map(_COMMA_NUMBER.fullmatch, cells)) and not points else None


def _layout(
    rows: list[list[str]], delimiter: str, decimal: str | None, comments: list[str]
) -> Layout:
    first = [cell.strip() for cell in rows[0]]
    if not all(_is_number(c) or _comma(c, decimal) for c in first):
        return Layout(delimiter, _different(first), True, decimal)
    for comment in reversed(comments):  # numpy.savetxt puts the names there
        named = comment.lstrip("# ").split(None if delimiter == " " else delimiter)
        if len(named) == len(first) and not any(map(_is_number, named)):
            return Layout(delimiter, _different([n.strip() for n in named]), False, decimal)
    return Layout(delimiter, tuple(f"column {k + 1}" for k in range(len(first))), False, decimal)


def _different(names: list[str]) -> tuple[str, ...]:
    """Return the names, those that come again with a number."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(found)


def wanted_names(names: Iterable[str], more: Iterable[str] = ()) -> list[str]:
    """Return the names of the columns to read: rates, counters, losses and metrics.

    >>> wanted_names(["epoch", "lr", "val_loss", "note"])
    ['epoch', 'lr', 'val_loss']
    """
    asked = set(more)
    return [n for n in names if n in asked or is_rate(n) or is_counter(n) or is_metric(n)]


def read_table(
    lines: Iterable[str], layout: Layout, source: str, more: Iterable[str] = ()
) -> ColumnTable:
    """Return the table that lines hold; they are read in chunks, so there may be millions.

    Args:
        lines: all lines of the file.
        layout: layout of the lines.
        source: name of the file, for messages.
        more: names of further columns to read.

    Raises:
        LogError: a line that is no CSV, or no column to take the rates from.

    >>> read_table(["lr,step", "0.1,1"], Layout(",", ("lr", "step"), True), "").columns["lr"]
    array([0.1])
    """
    names = layout.names
    wanted = wanted_names(names, more := [*more])
    unnamed = None  # the column that holds the rates though its name does not say so
    if not any(map(is_rate, names)) and not more:
        unnamed = _rates_without_name(names, source)
        wanted = [*dict.fromkeys([*wanted, *names])]
    rows = _cells((line for line in lines if line[:1] != "#"), layout.delimiter)
    if layout.header:
        rows = islice(rows, 1, None)
    places = {name: k for k, name in enumerate(names)}
    builder = TableBuilder(layout.decimal)
    short = again = 0
    try:
        while chunk := [*islice(rows, CHUNK)]:
            whole = [row for row in chunk if row]
            cells, fewer, heads = _columns(whole, names, layout.header)
            short += fewer
            again += heads
            count = len(whole) - heads
            read = {"lr" if name == unnamed else name: cells[places[name]] for name in wanted}
            builder.add(read, count)
    except csv.Error as error:
        raise LogError(f"{source}: a line is no CSV ({error})") from None
    table = builder.build(names)
    if unnamed:
        table.notes.append(f"the column {unnamed!r} was taken for the rates, without such a name")
    if short:
        table.notes.append(
            f"{counted(short, 'row')} with fewer cells than the header: the rest counts as empty"
        )
    if again:
        table.notes.append(
            f"the header comes again in {counted(again, 'row')}: several runs stand in one file"
        )
    return table


def _rates_without_name(names: tuple[str, ...], source: str) -> str:
    """Return the column of rates in a table that names none: the other one of two."""
    if {"Wall time", "Step", "Value"} <= set(names):
        return "Value"
    others = [name for name in names if not is_counter(name)]
    if len(names) > _MOST_COLUMNS_WITHOUT_NAMES or not others:
        raise LogError(
            f"{source}: no column is named like a rate (lr, learning_rate, …); columns: "
            f"{listed(names)}; rate_column= names the right one"
        )
    return others[-1]


def _columns(
    chunk: list[list[str]], names: tuple[str, ...], header: bool
) -> tuple[list[tuple[str, ...]], int, int]:
    """Return the cells by column, and how many rows are short or are the header again."""
    before = len(chunk)
    if header and (first := names[0]):
        chunk = [row for row in chunk if first not in row[0] or row[0].strip() != first]
    width = len(names)
    short = sum(len(row) < width for row in chunk)
    if not short and chunk:
        return [*islice(zip(*chunk, strict=False), width)], 0, before - len(chunk)
    if not chunk:
        return [() for _ in names], 0, before
    columns = [*islice(zip_longest(*chunk, fillvalue=""), width)]
    columns += [("",) * len(chunk)] * (width - len(columns))
    return columns, short, before - len(chunk)
