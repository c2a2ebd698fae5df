"""Tables of measured numbers: shown to the digits that their intervals support.

A run of training amplifies rounding, and processors round differently. A mean over seeds is
therefore the same on two machines only to within a part of its own interval. `show_table` rounds
to that part, and leaves the unrounded numbers in the output's data, where the check of a notebook
finds them: it allows a measured number to move by `SHARE` of the half-width of its interval, and
compares everything else exactly.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from course_lib import outcomes as records
from course_lib.intervals import Interval

#: Type of the part of an output that holds the table's cells unrounded.
MIME = "application/vnd.lr-course.table+json"

#: Part of the half-width of an interval by which its mean and ends may differ between machines. Of
#: a 95 % interval, half of the half-width is one standard error. When the lessons were executed as
#: five other processors, every number stayed within it, and a few would have left a quarter
#: (docs/portability.md).
SHARE = 0.5

MOST_DECIMALS = 6
#: Characters of the longest text that is kept on one line.
UNBROKEN = 24


@dataclass(frozen=True)
class Chosen:
    """A choice that the runs made, such as the best peak of a grid.

    Attributes:
        text: the choice, as it is shown.
        others: texts of the choices that the runs may as well have made: on another machine, two
            with nearly equal means change places. `text` may be among them, and one text twice.

    >>> print(Chosen("0.4", ("0.8",)))
    0.4
    """

    text: str
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the choice as it is shown."""
        return self.text


Cell = Interval | Chosen | str | int
_NUMBER = re.compile(r"[-+−]?[\d,.]+(e[-+]?\d+)?\s?%?|–|")


def tolerance(interval: Interval, share: float = SHARE) -> float:
    """Return by how much the mean and the ends may differ on another machine.

    tolerance = share * (high - low) / 2, in the unit of the interval; 0 for an interval of no
    width, nan where an end is missing.

    >>> tolerance(Interval(1.0, 0.8, 1.2))
    0.1
    """
    return round(share * (interval.high - interval.low) / 2, 15)


def decimals(interval: Interval) -> int:
    """Return the digits after the point that the interval supports, 0 or more.

    Rounding moves a number by up to half a unit of its last digit; the digits are as many as keep
    that within the tolerance. For an interval of no width the result is six. An interval that
    leaves out 0 gets as many more as show it: 0.02 [0.00, 0.03] would look as if it held 0.

    >>> decimals(Interval(0.528, 0.515, 0.541)), decimals(Interval(1.0, 0.8, 1.2))
    (2, 1)
    >>> text(Interval(0.0165, 0.003, 0.03))
    '0.017 [0.003, 0.030]'
    """
    allowed = tolerance(interval)
    if not math.isfinite(allowed) or allowed == 0:
        return MOST_DECIMALS
    digits = max(0, math.ceil(-math.log10(2 * allowed) - 1e-9))
    nearest = min(abs(interval.low), abs(interval.high))
    if interval.low * interval.high > 0:
        while digits < MOST_DECIMALS and round(nearest, digits) == 0:
            digits += 1
    return digits


def text(cell: Cell) -> str:
    """Return a cell as it is shown; an interval as `mean [low, high]`.

    >>> text(Interval(0.52834, 0.51533, 0.54135))
    '0.53 [0.52, 0.54]'
    """
    return f"{cell:.{decimals(cell)}f}" if isinstance(cell, Interval) else str(cell)


def show_table(
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    outcomes: Sequence[records.Outcome] = (),
) -> None:
    """Display a table in a notebook: HTML, the same as text, and its cells unrounded.

    Args:
        header: names of the columns, with their units.
        rows: the cells of each row, as many as there are columns: an `Interval` for what was
            measured, a `Chosen` for what was chosen by a measurement, a str or an int for what is
            the same on every machine.
        outcomes: outcomes that the table shows, recorded for the sentences that rest on it.

    Raises:
        TypeError: a cell is of another type. A float has no interval, so its accuracy is unknown:
            give its interval, or format it to digits that are the same on every machine.
        ValueError: a row has more or fewer cells than the header.

    >>> show_table(["loss"], [[Interval(0.528, 0.515, 0.541)]])  # doctest: +ELLIPSIS
    {...0.53 [0.52, 0.54]...}
    >>> show_table(["loss"], [[0.528]])
    Traceback (most recent call last):
    TypeError: rows[0], column 'loss' must be an Interval, a Chosen, a str or an int, got 0.528
    """
    from IPython.display import display  # only a notebook needs it

    for number, row in enumerate(rows):
        if len(row) != len(header):
            raise ValueError(
                f"rows[{number}] must have {len(header)} cells, one a column, got {len(row)}"
            )
        for name, cell in zip(header, row, strict=True):
            if isinstance(cell, bool) or not isinstance(cell, Cell):
                raise TypeError(
                    f"rows[{number}], column {name!r} must be an Interval, a Chosen, a str or an "
                    f"int, got {cell!r}"
                )
    shown = [[text(cell) for cell in row] for row in rows]
    numeric = [all(_is_number(row[column]) for row in rows) for column in range(len(header))]
    data = {
        "text/html": _html(header, shown, numeric),
        "text/plain": _plain(header, shown, numeric),
        MIME: {"header": list(header), "rows": [[_raw(cell) for cell in row] for row in rows]},
    }
    if outcomes:
        data[records.MIME] = records.as_data(outcomes)
    display(data, raw=True)


def _is_number(cell: Cell) -> bool:
    return not isinstance(cell, str | Chosen) or _NUMBER.fullmatch(str(cell)) is not None


def _raw(cell: Cell) -> str | int | list[float | None] | dict[str, str | list[str]]:
    if isinstance(cell, Chosen):
        others = [other for other in dict.fromkeys(cell.others) if other != cell.text]
        return {"chosen": cell.text, "others": others} if others else cell.text
    if not isinstance(cell, Interval):
        return cell
    ends = (float(cell.mean), float(cell.low), float(cell.high))
    return [end if math.isfinite(end) else None for end in ends]  # JSON has neither nan nor inf


def _plain(header: Sequence[str], shown: list[list[str]], numeric: Sequence[bool]) -> str:
    lines = [list(header), *shown]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]

    def written(line: list[str]) -> str:
        cells = zip(line, widths, numeric, strict=True)
        return "  ".join(c.rjust(w) if right else c.ljust(w) for c, w, right in cells).rstrip()

    return "\n".join([written(lines[0]), "  ".join("-" * w for w in widths), *map(written, shown)])


def _html(header: Sequence[str], shown: list[list[str]], numeric: Sequence[bool]) -> str:
    def written(tag: str, line: Sequence[str]) -> str:
        parts = []
        for cell, right in zip(line, numeric, strict=True):
            # An interval or a name is not broken over two lines; a header or a sentence may be.
            broken = tag == "th" or not (right or len(cell) <= UNBROKEN)
            style = f"text-align: {'right' if right else 'left'}" + "; white-space: normal" * broken
            parts.append(f'<{tag} style="{style}">{html.escape(cell)}</{tag}>')
        return "".join(parts)

    body = "".join(f"<tr>{written('td', line)}</tr>" for line in shown)
    head = f"<thead><tr>{written('th', header)}</tr></thead>"
    return f'<table style="white-space: nowrap">{head}<tbody>{body}</tbody></table>'
