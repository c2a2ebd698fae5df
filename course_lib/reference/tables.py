"""The reference pages as HTML tables, on a light card as the course's figures are."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Sequence

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from course_lib.libraries.conventions_page import FEW, HEADINGS, RECORDS, cells_of
from course_lib.libraries.conventions_table import known_of_few, table
from course_lib.libraries.warmup_cosine_calls import CALLS, STARTS, alike
from course_lib.plots.base import BLUE, CARD, INK
from course_lib.reference.cheat_sheet import (
    ENTRIES,
    IMPORTS,
    PEAK_LR,
    TOTAL_STEPS,
    WARMUP_STEPS,
    Entry,
)
from course_lib.reference.glossary import TERMS
from course_lib.schedules import Schedule
from course_lib.svg import Area, points

WIDTH, HEIGHT = 100, 40  # of a curve, in its own units
AREA = Area(3, 3, WIDTH - 3, HEIGHT - 3)
JUMP = 0.12  # share of the peak: more in one update is drawn upright
ALT_AT = (0, 10, 25, 50, 75, 99)


def _breakable(code: str) -> str:
    """Code that may go on in the next line after an opening bracket; copied, it is the same."""
    return re.sub(r"[(\[{](?=[^\])}]{6})", r"\g<0><wbr>", html.escape(code))


def _breakable_name(name: str) -> str:
    """A name that may go on in the next line between its words; copied, it is the same."""
    return re.sub(
        r"(?<=[_,=])|(?<=\.)(?=[A-Za-z])|(?<=[a-z])(?=[A-Z])",
        "<wbr>",
        html.escape(name, quote=False),
    )


_TEMPLATES = Environment(
    loader=PackageLoader("course_lib.reference"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(code=_breakable, name=_breakable_name)


def cheat_sheet() -> str:
    """Return the table of all schedules, as HTML that fits one sheet of A4, landscape."""
    return _rendered(
        "cheat_sheet.html",
        entries=ENTRIES,
        imports=IMPORTS,
        peak=PEAK_LR,
        total=TOTAL_STEPS,
        warmup=WARMUP_STEPS,
    )


def glossary() -> str:
    """Return the table of all terms, as HTML."""
    return _rendered("glossary.html", terms=TERMS)


def conventions() -> str:
    """Return the table of what every library's schedules mean, as HTML.

    A script lets its rows be sorted and searched; without it, it is a plain table.
    """
    rows = [
        (f"../{RECORDS}/{row.source}", (f"{row.library} {row.version}", *cells_of(row)))
        for row in table()
    ]
    widths = (11, 19, *[70 / 6] * 6)
    body = _rendered("rows.html", headings=HEADINGS, rows=rows, widths=widths, sortable=True)
    script = _TEMPLATES.get_template("sortable.js").render()
    return f"{body}\n<script>\n{script}</script>"


def same_plan() -> str:
    """Return the table of one plan in the words of every library, as HTML."""
    rows = [
        (call.label, ", ".join(f"{rate:.3g}" for rate in call.rates[:3]), call.peak, call.code)
        for group in alike(CALLS, STARTS)
        for call in group
    ]
    headings = ("library", "first three rates", "at the peak", "the call")
    return _rendered("rows.html", headings=headings, rows=_plain(rows), widths=(16, 16, 10, 58))


def known_of_libraries() -> str:
    """Return the table of what is known of resumes and parameter groups, as HTML."""
    return _rendered(
        "rows.html", headings=FEW, rows=_plain(known_of_few()), widths=(12, 38, 12, 38)
    )


def _plain(rows: Iterable[Sequence[str]]) -> list[tuple[None, Sequence[str]]]:
    return [(None, row) for row in rows]


def page(body: str) -> str:
    """Return a table as a page of its own, to open in a browser and print."""
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Learning-rate schedules'
        f'</title>\n<body style="margin: 0">\n{body}\n</body></html>\n'
    )


def curve(schedule: Schedule) -> bytes:
    """Return the rates at t = 0 to 99 as an SVG picture; its height is 0 to the peak of 0.1."""
    t = np.arange(TOTAL_STEPS)
    rates = schedule(t) / PEAK_LR
    jumps = np.flatnonzero(np.abs(np.diff(rates)) > JUMP) + 1
    t = np.insert(t, jumps, t[jumps])  # upright: the old rate and the new one at the same place
    rates = np.insert(rates, jumps, rates[jumps - 1])
    corners = " ".join(points(AREA.x(t / TOTAL_STEPS), AREA.y(rates)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}"><rect width="{WIDTH}" height="{HEIGHT}" fill="{CARD}"/>'
        f'<path d="{AREA.axes()}" fill="none" '
        f'stroke="#b9b9b2"/><polyline points="{corners}" fill="none" stroke="{BLUE}" '
        'stroke-width="2" stroke-linejoin="round"/></svg>'
    ).encode()


def _picture(entry: Entry) -> str:
    data = base64.b64encode(curve(entry.schedule)).decode()
    rates = ", ".join(f"{entry.schedule(t) / PEAK_LR:.0%} at {t}" for t in ALT_AT)
    alt = html.escape(f"{entry.name}: share of the peak {rates}")
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{alt}" width="{WIDTH}">'


def _rendered(name: str, **values: object) -> str:
    shared = {"card": CARD, "ink": INK, "sortable": False} | values
    return _TEMPLATES.get_template(name).render(**shared, picture=_picture)
