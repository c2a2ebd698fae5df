"""The charts of the range-test explorer: losses over the rate, and a row for each rule."""

from __future__ import annotations

import html
from collections.abc import Mapping

import numpy as np

from course_lib.explorers.chart import MUTED, Axis, Band, Chart, Level, Line, Mark, Points, Stretch
from course_lib.plots.base import BLUE, INK, ORANGE, RED
from course_lib.plots.range_test import zone_ends
from course_lib.range_test import RuleSpread, Summary, Sweep, Zones

QUARTILES, RANGE, SINGLE = "quartiles", "lowest to highest", "single lines"
SPREADS = (QUARTILES, RANGE, SINGLE)

_MARGIN = 84  # pixels: both charts leave room for the names of the rules, so their rates line up
_NAME = 0.08  # of the width: a zone's name needs as much
_ROOM = 10.0  # the axis begins so much below the first rate: one rule divides by ten


def loss_chart(sweep: Sweep, zones: Zones | None, step: int, spread: str) -> Chart:
    """Return the losses of the first updates over the rate, median and spread over the seeds.

    Args:
        sweep: the whole test.
        zones: zones of the whole test; None where it has none.
        step: updates shown, >= 1.
        spread: one of `SPREADS`.

    Raises:
        ValueError: `spread` is not one of them.
    """
    if spread not in SPREADS:
        raise ValueError(f"spread must be one of {list(SPREADS)}, got {spread!r}")
    rates, x = sweep.rates[:step], _rate_axis(sweep)
    bottom, top = _loss_limits(sweep, zones)
    # NaN is a run that has left the chart for good; its line goes straight up.
    losses = np.minimum(np.where(np.isnan(sweep.losses), np.inf, sweep.losses), 10 * top)[:, :step]
    median = np.median(losses, axis=0)
    # The zones lie on top of the single lines, which would hide their names.
    marks = [*_spread(rates, losses, spread), *_shaded(sweep, zones, step, x, named=True)]
    marks.append(Line(rates, median, BLUE, "median loss of a batch"))
    if zones is not None:
        smooth = np.minimum(zones.curve[:step], 10 * top)
        marks.append(Line(rates, smooth, INK, "the same, smoothed (zones)", (5, 3), 1.1))
    gone = sweep.diverged_at[(sweep.diverged_at >= 0) & (sweep.diverged_at < step)]
    if len(gone):
        height = np.full(len(gone), top - 0.14 * (top - bottom))  # below the names of the zones
        marks.append(Points(sweep.rates[gone], height, RED, "a run ends in NaN", "x", 4))
    if step < len(sweep.rates):
        rate = sweep.rates[step - 1]
        marks.append(Level(rate, "x", f"update {step}: η = {rate:.2g}"))
        marks.append(Points(rates[-1:], median[-1:], BLUE, size=4))
    title = f"batch loss of {counted(len(sweep), 'seed')}, {counted(step, 'update')}"
    return Chart(title, x, Axis("batch loss, nats", bottom, top), tuple(marks), True, _MARGIN)


def rules_chart(sweep: Sweep, zones: Zones | None, step: int, table: Summary) -> Chart:
    """Return one row a rule: the spread of its suggestions over the seeds.

    Args:
        sweep: the whole test.
        zones: zones of the whole test; None where it has none.
        step: updates shown, >= 1.
        table: suggestions of the rules for these updates.
    """
    x, last = _rate_axis(sweep), len(table.rows) - 1
    rows = [(row, last - number) for number, row in enumerate(table.rows) if row.found]
    ends, quartiles = (
        _strokes([(getattr(row, low), getattr(row, high), y) for row, y in rows])
        for low, high in (("lowest", "highest"), ("lower_quartile", "upper_quartile"))
    )
    medians = np.array([(row.median, y) for row, y in rows], dtype=np.float64).reshape(-1, 2)
    marks: list[Mark] = [
        *_shaded(sweep, zones, step, x, named=False),
        Line(*ends, INK, "all suggestions", width=1.0),
        Line(*quartiles, ORANGE, "quartiles of the suggestions", width=7),
        Points(medians[:, 0], medians[:, 1], INK, "their median", size=3.6),
    ]
    title = "what each rule suggests"
    if step < len(sweep.rates):
        marks.append(Level(sweep.rates[step - 1], "x"))
        title = "what each rule would suggest if the test were stopped here"
    names = tuple(_name(row) for row in reversed(table.rows))
    y = Axis("", -0.6, last + 0.6, names=names)
    return Chart(title, x, y, tuple(marks), True, _MARGIN)


def rules_table(table: Summary, reasons: Mapping[str, str]) -> str:
    """Return the rows of the rules as an HTML table; "–" where a rule suggests nothing.

    Args:
        table: suggestions of the rules.
        reasons: rule -> why it has no suggestion for some seed.
    """
    heads = ("rule", "median η", "quartiles", "lowest … highest", "seeds", "why not all seeds")
    rows = []
    for row in table.rows:
        cells = (*row.as_cells(), reasons.get(row.rule, ""))
        first, *middle, last = map(html.escape, cells)
        texts = "".join(f'<td style="{_CELL}">{text}</td>' for text in middle)
        texts += f'<td style="{_LAST}">{last}</td>'
        rows.append(f'<tr><th scope="row" style="{_CELL}">{first}</th>{texts}</tr>')
    head = "".join(f'<th scope="col" style="{_CELL}">{html.escape(text)}</th>' for text in heads)
    return (
        # Not folded, because it would fold again at every move.
        '<div tabindex="0" style="overflow-x:auto"><table style="line-height:1.4">'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def zones_over(sweep: Sweep, zones: Zones) -> list[tuple[str, str, float, float]]:
    """Return (name, colour, first rate, last rate) of the zones of a sweep."""
    ends = zone_ends(zones, (sweep.rates[0], sweep.rates[-1]))
    if np.isnan(zones.falls_from):  # then nothing shows that the first rates are too low
        ends = [("no clear fall" if name == "too low" else name, *rest) for name, *rest in ends]
    return ends


def counted(number: int, name: str) -> str:
    """Return "1 seed", "2 seeds"."""
    return f"{number} {name}" + ("" if number == 1 else "s")


_CELL = "text-align:left;padding:0 12px 0 0;font-weight:normal;white-space:nowrap"
_LAST = "text-align:left;line-height:1.2"


def _rate_axis(sweep: Sweep) -> Axis:
    return Axis("learning rate η", sweep.rates[0] / _ROOM, sweep.rates[-1] * 1.3, log=True)


def _loss_limits(sweep: Sweep, zones: Zones | None) -> tuple[float, float]:
    """Return limits that show the fall and the beginning of the rise, and nothing later."""
    first = float(np.median(sweep.losses[:, 0]))
    if zones is None:
        medians = np.median(sweep.losses, axis=0)
        return 0.0, 1.1 * max(2.0 * first, float(np.nanmax(medians)))
    start = max(first, zones.start_loss)  # a test that begins too high falls before its zones do
    fall = max(start - zones.best_loss, 0.1 * start)
    return max(0.0, zones.best_loss - 0.6 * fall), start + 1.2 * fall


def _shaded(
    sweep: Sweep, zones: Zones | None, step: int, x: Axis, *, named: bool
) -> tuple[Stretch, ...]:
    """Return the zones as far as the test has come."""
    if zones is None:
        return ()
    found, reached = [], sweep.rates[step - 1]
    for name, colour, start, end in zones_over(sweep, zones):
        end = min(end, reached)
        if start < end:
            shares = x.share(np.array([start, end]))
            wide = named and shares[1] - shares[0] >= _NAME
            found.append(Stretch(start, end, colour, name if wide else ""))
    return tuple(found)


def _spread(rates: np.ndarray, losses: np.ndarray, spread: str) -> list[Mark]:
    if spread == SINGLE:
        label = ("one seed",) + ("",) * (len(losses) - 1)
        return [
            Line(rates, one, MUTED, text, width=0.8)
            for one, text in zip(losses, label, strict=True)
        ]
    ends = (0.25, 0.75) if spread == QUARTILES else (0.0, 1.0)
    low, high = np.quantile(losses, ends, axis=0)
    return [Band(rates, low, high, BLUE, f"{spread}, over the seeds")]


def _strokes(ends: list[tuple[float, float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of strokes from low to high at y, a gap after each."""
    gap = np.nan
    x = [value for low, high, _ in ends for value in (low, high, gap)]
    y = [value for _, _, at in ends for value in (at, at, gap)]
    return np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)


def _name(row: RuleSpread) -> str:
    return row.rule if row.found == row.seeds else f"{row.rule} {row.found}/{row.seeds}"
