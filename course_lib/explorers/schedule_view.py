"""The view of the schedule explorer: curves, walks, their losses, findings and code."""

from __future__ import annotations

import html
import itertools
from dataclasses import dataclass

import matplotlib
import numpy as np

from course_lib.explorers import places
from course_lib.explorers.chart import Axis, Chart, Level, Line, Mark, Points, Stretch
from course_lib.explorers.frame import View
from course_lib.libraries import CannotExpress, to_library
from course_lib.lint import lint
from course_lib.plots.base import BLUE, GREEN, INK, ORANGE, PINK, RED
from course_lib.schedules import Schedule
from course_lib.schedules.parameters import PRESETS
from course_lib.schedules.phases import Phase
from course_lib.schedules.shapes import Constant, Restarts, Triangle
from course_lib.validation import check_count

MOST_KEPT = 3

_LOOKS = ((BLUE, ()), (ORANGE, (5, 2)), (GREEN, (5, 2, 1, 2)), (PINK, (2, 2)))
_LOSSES = (1e-8, 1e3)  # above the minimum, as far as the chart shows them
_TIME_COLOURS, _PIECES = "plasma", 16
_SHADES = {"rise": ORANGE, "hold": "#9a9a94", "fall": BLUE, "cycles": PINK}


@dataclass(frozen=True)
class ChosenPreset:
    """A preset with its arguments: the one that the explorer shows, or one kept for comparison.

    Attributes:
        preset: a name of `schedules.parameters.PRESETS`.
        arguments: (name, value) of every argument.
    """

    preset: str
    arguments: tuple[tuple[str, object], ...]

    def schedule(self) -> Schedule:
        """Return the schedule.

        Raises:
            ValueError: the values do not go together.
        """
        return PRESETS[self.preset](**dict(self.arguments))

    def __str__(self) -> str:
        """Return the call in one line, without arguments that are 0 or off."""
        said = [f"{name} {value:g}" for name, value in self.arguments if _is_number(value)]
        return f"{self.preset} ({', '.join(said[:3])})"


def schedules_view(
    plan: ChosenPreset,
    kept: tuple[ChosenPreset, ...] = (),
    *,
    updates: int = 200,
    place: str = "ravine",
    optimizer: str = "SGD",
    noise_std: float = 1.0,
    start: tuple[float, float] = (-1.5, 1.5),
    shown: int = 100,
    library: str = "torch",
) -> View:
    """Return the charts, words, findings and code of one schedule, with up to three others.

    Args:
        plan: the schedule that is looked at.
        kept: others to compare it with, at most three.
        updates: updates of the run, >= 1; the schedule may be meant for another number.
        place: a landscape of `places.PLACES`.
        optimizer: one of `optimizers.OPTIMIZERS`.
        noise_std: standard deviation of the noise added to each coordinate of the gradient, >= 0.
        start: first point of the walks, (x, y).
        shown: share of the run that is drawn, in percent.
        library: library that the code is for, one of those of `to_library`.

    Raises:
        ValueError: the arguments of a schedule do not go together.
    """
    steps = np.arange(check_count("updates", updates))
    plans = (plan, *kept)
    made = [one.schedule() for one in plans]
    rates = np.array([schedule(steps) for schedule in made])
    found = places.walks(place, optimizer, noise_std, start, rates)
    names = [plan.preset, *(f"kept {i}: {one}" for i, one in enumerate(kept, start=1))]
    done = round(shown / 100 * updates)
    charts = (
        _curves(made[0], rates, names, done),
        _map(place, found.paths, done),
        _losses(found, done),
    )
    words = [_rate_words(plan, rates[0], updates), _walk_words(place, optimizer, start)]
    words.append(_end_words(found, names, updates))
    if done < updates:
        words.append(f"The charts show the first {done} of {updates} updates.")
    return View(charts, " ".join(words), _details(made[0], plan, updates, library))


def _curves(schedule: Schedule, rates: np.ndarray, names: list[str], done: int) -> Chart:
    updates = rates.shape[1]
    marks: list[Mark] = [*_phases(schedule, updates)]
    peak, floor = float(rates[0].max()), float(rates[0].min())
    marks.append(Level(peak, "y", f"peak {peak:.3g}"))
    if floor < peak:
        marks.append(Level(floor, "y", f"lowest {floor:.3g}"))
    steps = np.arange(updates)
    for row, name, (colour, dash) in _back_to_front(rates, names):
        # A rate holds from one update to the next, so the curve has steps; few enough to be seen.
        marks.append(Line(np.repeat(steps, 2)[1:], np.repeat(row, 2)[:-1], colour, name, dash))
    if done < updates:
        marks.append(Points(np.array([done]), rates[0, done : done + 1], RED, size=5))
    top = max(float(rates.max()), 1e-12)
    return Chart(
        "the learning rate",
        Axis("update", 0, max(updates - 1, 1)),
        Axis("learning rate", -0.12 * top, 1.14 * top),
        tuple(marks),
        wide=True,
    )


def _phases(schedule: Schedule, updates: int) -> list[Stretch]:
    """Return the stretches of the run in which the rate rises, holds, falls or cycles."""
    stretches: list[Stretch] = []
    first = 0.0
    for phase in schedule.phases:
        kind, end = _kind(phase), min(first + phase.steps, updates - 1)
        if stretches and stretches[-1].text == kind:
            stretches[-1] = Stretch(stretches[-1].start, end, _SHADES[kind], kind)
        elif end > first:
            stretches.append(Stretch(first, end, _SHADES[kind], kind))
        first += phase.steps
        if first >= updates:
            return stretches
    stretches.append(Stretch(first, updates - 1, _SHADES["hold"], "past the end"))
    return stretches


def _kind(phase: Phase) -> str:
    if isinstance(phase.shape, Restarts | Triangle):
        return "cycles"
    if isinstance(phase.shape, Constant) or phase.start == phase.end:
        return "hold"
    return "rise" if phase.end > phase.start else "fall"


def _map(place: str, paths: np.ndarray, done: int) -> Chart:
    marks: list[Mark] = [places.contours(place)]
    seen = paths[:, : done + 1]
    for path, _, (colour, _dash) in _back_to_front(seen, [""] * len(paths))[:-1]:
        marks.append(Line(*path.T, colour, width=1.2))
        marks.append(Points(*_last(path).T, colour))
    marks += _coloured_by_time(seen[0], paths.shape[1])
    marks.append(Points(*seen[0, :1].T, INK, "start", "ring", 4.5))
    marks.append(Points(*_last(seen[0]).T, BLUE, size=4.5))
    return Chart(f"the path over the {place}, dark to light", *places.axes(), tuple(marks))


def _coloured_by_time(path: np.ndarray, length: int) -> list[Line]:
    colours = matplotlib.colormaps[_TIME_COLOURS]
    edges = np.linspace(0, length - 1, _PIECES + 1).astype(int)
    pieces = []
    for i, (a, b) in enumerate(itertools.pairwise(edges)):
        if a < len(path) - 1 and b > a:
            colour = matplotlib.colors.to_hex(colours(0.85 * i / (_PIECES - 1)))
            pieces.append(Line(*path[a : b + 1].T, colour, width=2.2))
    return pieces


def _losses(found: places.Walks, done: int) -> Chart:
    runs, length = found.above.shape
    marks: list[Mark] = []
    for row, _, (colour, dash) in _back_to_front(found.above, [""] * runs):
        seen = np.clip(row[: done + 1], _LOSSES[0], None)
        marks.append(Line(np.arange(len(seen)), seen, colour, "", dash))
        lost = np.flatnonzero(~np.isfinite(seen))
        if len(lost):
            at = np.array([max(int(lost[0]) - 1, 0)])
            top = np.array([0.5 * _LOSSES[1]])
            marks.append(Points(at, top, RED, "loss no longer finite", "x", 6))
    return Chart(
        "the loss above the minimum",
        Axis("updates done", 0, length - 1),
        Axis("loss - minimum", *_LOSSES, log=True),
        tuple(marks),
    )


def _back_to_front(rows: np.ndarray, names: list[str]) -> list[tuple]:
    """Return (row, name, look) of every schedule, that which is looked at last."""
    return [*zip(rows, names, _LOOKS, strict=False)][::-1]


def _last(path: np.ndarray) -> np.ndarray:
    """Return the last point that is finite, shape (1, 2)."""
    seen = np.flatnonzero(np.isfinite(path).all(axis=-1))
    return path[seen[-1:]]


def _rate_words(plan: ChosenPreset, rates: np.ndarray, updates: int) -> str:
    top = int(rates.argmax())
    return (
        f"{plan}: rate {rates[0]:.3g} at the first update, the highest {rates[top]:.3g} at "
        f"update {top}, {rates[-1]:.3g} at the last of {updates}."
    )


def _walk_words(place: str, optimizer: str, start: tuple[float, float]) -> str:
    return f"{optimizer} over the {place} from ({start[0]:g}, {start[1]:g}):"


def _end_words(found: places.Walks, names: list[str], updates: int) -> str:
    said = []
    for run, name in enumerate(names):
        lost, whose = found.diverged_at(run), "" if run == 0 else f" ({name.split(':')[0]})"
        if lost is not None:
            said.append(f"it diverges at update {lost}{whose}")
        else:
            first, last = found.above[run, 0], found.above[run, -1]
            said.append(f"loss {first:.3g} above the minimum at first, {last:.3g} at last{whose}")
    return "; ".join(said) + "."


def _details(schedule: Schedule, plan: ChosenPreset, updates: int, library: str) -> str:
    finite = np.isfinite(schedule.total_steps)
    total = int(schedule.total_steps) if finite else updates
    findings = lint(schedule, total, loop_steps=updates, floor=dict(plan.arguments).get("floor"))
    said = "".join(f"<li>{html.escape(str(finding))}</li>" for finding in findings)
    said = f"<ul>{said}</ul>" if said else "<p>No findings.</p>"
    try:
        code = to_library(schedule, library)
    except CannotExpress as error:
        code = f"# {error}"
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:16px">'
        f'<div style="flex:1 1 28%;min-width:240px"><b>What the linter says</b>{said}</div>'
        f'<div style="flex:1 1 60%;min-width:300px"><b>The same in {library}</b> {_COPY}'
        f'<pre style="{_CODE}">{html.escape(code)}</pre>'
        "</div></div>"
    )


# Lab breaks long lines anywhere, which would be copied so by hand.
_CODE = "overflow-x:auto;white-space:pre;word-break:normal;font-size:12px;line-height:1.35"
_COPY = (
    '<button class="jupyter-button" style="width:auto" onclick="navigator.clipboard.writeText('
    "this.parentElement.querySelector('pre').innerText).then("
    "() => { this.innerText = 'copied'; })\">copy</button>"
)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value != 0
