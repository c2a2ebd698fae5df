"""Reads a table that a person made, mostly in a spreadsheet: a roster, or marks by hand."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from course_tools.grading.files import read_at_most

_DELIMITERS = (",", ";", "\t")
#: Spreadsheets write and read it in front; it is no part of the table.
_EXCELS_LINE = re.compile(r'[\r\n]*"?sep=(.)"?[ ;,\t]*\r?\n')


@dataclass(frozen=True)
class TypedTable:
    """A table of texts.

    Attributes:
        rows: rows that hold anything, each with the number of the line in which it begins; cells
            that are empty to the end of a row are left out.
        delimiter: the sign between cells.
    """

    rows: tuple[tuple[int, list[str]], ...]
    delimiter: str


def read_typed_table(path: Path, most: int, name: str) -> TypedTable:
    """Return a table in CSV with commas, semicolons or tabs, in UTF-8 or UTF-16.

    Args:
        path: the file.
        most: most bytes that it may have.
        name: its name in errors.

    Raises:
        ValueError: it cannot be read, or a row has more cells than the first one, so that it is
            not certain which is which; the message names the line.
    """
    text = _text(read_at_most(path, most, name), name)
    begin = 1
    if told := _EXCELS_LINE.match(text):
        text, begin = text[told.end() :], 1 + told[0].count("\n")
    first = text.lstrip("\r\n").splitlines()[0] if text.strip() else ""
    delimiter = told[1] if told else max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, list[str]]] = []
    line, width = begin, 0
    try:
        for row in reader:
            cells = [value.strip() for value in row]
            # A column of the head may have no name.
            width = width if found else len(cells)
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                found.append((line, cells))
            if len(cells) > width:
                raise ValueError(
                    f"{name}, line {line}: {len(cells)} values for {width} columns; a value that "
                    "contains the separator needs quotes around it"
                )
            line = begin + reader.line_num
    except csv.Error as error:
        raise ValueError(f"{name}, line {line}: it is no row of CSV: {error}") from error
    return TypedTable(tuple(found), delimiter)


def _text(content: bytes, name: str) -> str:
    if content.startswith(b"PK\x03\x04"):
        raise ValueError(f"{name} is a spreadsheet or zip file: save it as CSV UTF-8")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        shown = content.split(b"\n")[line - 1].strip()[:80].decode("cp1252", "replace")
        raise ValueError(
            f"{name}, line {line}: it is not UTF-8. If this is right: {shown!r}, it is "
            f"Windows-1252: save it in a spreadsheet as CSV UTF-8, or convert it by "
            f"iconv -f CP1252 -t UTF-8"
        ) from error
