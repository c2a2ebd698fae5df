"""A recorded run beside its plan: rates planned, rates logged, and the mistake between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_lib.diagnose import Identification, PlanComparison
from course_lib.plots.base import BLUE, GREEN, INK, RED, axes_or_new, styled

_MOST_POINTS = 2_000  # more cannot be seen on a figure of this size
_MARKED = 60  # rows up to which each has a marker


@styled
def rate_log_figure(
    at: np.ndarray,
    logged: np.ndarray,
    *,
    planned: np.ndarray | None = None,
    explained: np.ndarray | None = None,
    explained_by: str = "explained",
    marks: Sequence[float] = (),
    unit: str = "update",
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw the rates of a log over its counter, with the planned and the explained ones.

    Args:
        at: counter of each row, (rows,).
        logged: logged rates, (rows,); nan where a row has none.
        planned: rates that the plan has for these rows, (rows,); None: there is no plan.
        explained: rates that a mistake or an identified schedule predicts, (rows,).
        explained_by: label of `explained`.
        marks: places on the counter to mark, as where log and plan part.
        unit: unit of the counter, for the axis.
        title: title of the axes.
        ax: axes to draw in; None makes a figure.

    >>> steps = np.arange(10)
    >>> figure = rate_log_figure(steps, 0.1 - 0.01 * steps, planned=np.full(10, 0.1))
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['planned', 'logged']
    """
    ax = axes_or_new(ax, top=0.5)  # the power of ten stands above the axis
    at, logged = np.asarray(at, dtype=float), np.asarray(logged, dtype=float)
    shown = np.unique(np.linspace(0, at.size - 1, min(at.size, _MOST_POINTS)).round().astype(int))
    few = shown.size <= _MARKED
    if planned is not None:
        ax.plot(
            at[shown], np.asarray(planned)[shown], color=BLUE, ls=(0, (5, 1.5)), label="planned"
        )
    look = {"marker": "o", "ms": 3.5} if few else {}
    ax.plot(at[shown], logged[shown], color=RED, lw=2.4, label="logged", **look)
    if explained is not None:
        style = {"color": GREEN, "ls": (0, (1, 1.2)), "lw": 2.0, "zorder": 3}
        ax.plot(at[shown], np.asarray(explained)[shown], label=explained_by, **style)
    for mark in marks:
        ax.axvline(mark, color=INK, ls=":", lw=1.2)
    finite = logged[np.isfinite(logged)]
    lowest = 0.0 if finite.size == 0 or finite.min() >= 0 else None
    ax.set(xlabel=unit, ylabel="learning rate", title=title)
    ax.set_ylim(bottom=lowest)
    ax.ticklabel_format(axis="y", scilimits=(-2, 3))
    if few:
        ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    return ax.figure


def identification_figure(found: Identification) -> tuple[Figure, str]:
    """Return a log with the identified curve over it, and the figure in words.

    >>> from course_lib.diagnose import RateLog, diagnose
    >>> figure, alt = identification_figure(diagnose(RateLog([[0.1, 0.1, 0.1]], at=range(3))))
    >>> alt
    'Logged rates over 3 rows, from 0.1 to 0.1, with the identified curve: constant.'
    """
    log, rates = found.log, found.log.rates[found.group]
    families = ", then ".join(dict.fromkeys(part.family for part in found.parts))
    figure = rate_log_figure(
        log.at,
        rates,
        explained=found.predicted() if found.parts else None,
        explained_by=families,
        marks=[log.at[part.first] for part in found.parts[1:]],
        unit=log.unit,
        title=log.source,
    )
    curve = f"with the identified curve: {families}" if families else "with no identified curve"
    return figure, f"{_span(log.at, rates)}, {curve}."


def comparison_figure(comparison: PlanComparison) -> tuple[Figure, str]:
    """Return the first group that left its plan beside the plan, and the figure in words.

    >>> from course_lib.diagnose import RateLog, compare_with_plan
    >>> log = RateLog([[0.1, 0.05, 0.0, 0.0]], at=range(4), lags=(0,))
    >>> figure, alt = comparison_figure(compare_with_plan(log, "linear(0.1, total_steps=4)"))
    >>> alt.split(". ")[0]
    'Logged rates over 4 rows, from 0.1 to 0, and the planned ones, from 0.1 to 0.025'
    """
    group = comparison.worst
    best = group.explanations[0] if group.explanations else None
    figure = rate_log_figure(
        group.at,
        group.got,
        planned=group.planned,
        explained=None if best is None else best.predicted,
        explained_by="planned, with the mistake",
        marks=() if group.first is None else (group.at[group.first],),
        unit=group.unit,
        title=comparison.log.source,
    )
    first, last = group.planned[np.isfinite(group.planned)][[0, -1]]
    words = f"{_span(group.at, group.got)}, and the planned ones, from {first:.3g} to {last:.3g}. "
    return figure, words + " ".join(group.sentences()[:2])


def _span(at: np.ndarray, rates: np.ndarray) -> str:
    first, last = rates[np.isfinite(rates)][[0, -1]]
    return f"Logged rates over {at.size} rows, from {first:.3g} to {last:.3g}"
