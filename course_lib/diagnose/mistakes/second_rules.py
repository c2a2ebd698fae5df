"""A second rule that multiplies the rate in mid-run, as a plateau rule does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from course_lib.diagnose.mistakes.planned import PlannedRates
from course_lib.diagnose.mistakes.suspects import (
    RowsView,
    Suspect,
    listed,
    rates_of,
    rounded,
    suspect,
)

_MOST_CUTS = 16
_LEAST_CUT = 0.995  # a smaller cut is rounding
_MANY, _SOME = 4096, 512  # rows, and those that are looked at first


def plateau_cuts(view: RowsView, plan: PlannedRates) -> Suspect | None:
    """Return the explanation by a rule that multiplied the rate at some rows, as a plateau's.

    Args:
        view: all rows, in the order of the run.
        plan: the plan.
    """
    if view.t.size > _MANY:
        # Cuts that explain every row explain some of them.
        some = view.rows(slice(None, None, view.t.size // _SOME))
        agrees = some.agrees(plan)
        if not agrees.all() and plateau_cuts(some, plan) is None and agrees[0]:
            return None
    predicted = view.predicted(plan)
    told = np.isfinite(predicted) & np.isfinite(view.rates)
    usable = np.flatnonzero(told & (predicted > 1e-12 * view.peak))
    if usable.size < 2:
        return None
    with np.errstate(over="ignore"):
        low = (view.rates[usable] - view.tolerance[usable]) / predicted[usable]
        high = (view.rates[usable] + view.tolerance[usable]) / predicted[usable]
    factors, starts, row, factor = [1.0], [], 0, 1.0
    while True:
        wrong = (factor < low[row:]) | (factor > high[row:])
        if not wrong.any():
            break
        row += int(wrong.argmax())
        floor = np.maximum.accumulate(low[row:])
        ceiling = np.minimum.accumulate(high[row:])
        together = floor <= ceiling
        end = row + (together.size if together.all() else int(together.argmin()))
        if end == row or len(starts) == _MOST_CUTS:
            return None
        down, up = floor[end - row - 1], ceiling[end - row - 1]
        middle = (down + up) / 2
        new = rounded(middle, abs(up - down) / 2 / max(abs(middle), 1e-300))
        if not 0 < new < _LEAST_CUT * factor:
            return None
        factor = new
        factors.append(new)
        starts.append(float(view.t[usable[row]]))
    if not starts or starts[0] <= view.t[usable[0]]:
        return None  # no cut, or all rates are scaled
    steps, values = np.array(starts), np.array(factors)
    drops = values[1:] / values[:-1]

    def change(other: PlannedRates) -> PlannedRates:
        def rate_at(t: np.ndarray) -> np.ndarray:
            t = np.asarray(t, dtype=float)
            return rates_of(other, t) * values[np.searchsorted(steps, t, "right")]

        return replace(other, rate_at=rate_at)

    same = np.allclose(drops, drops[0], rtol=1e-2)
    by = f"{drops[0]:.4g}" if same else listed([f"{drop:.3g}" for drop in drops])
    where = listed([view.number(step) for step in starts])
    return suspect(
        "plateau-fired",
        f"another rule multiplied the rate by {by} at {view.unit} {where}, as a plateau rule does",
        change,
        plan,
        2.8 + (0.6 if same else 3.0) * (len(starts) - 1) + (0.0 if _is_round(drops) else 2.5),
        "Let one rule decide the rate.",
        at=tuple(starts),
        factors=tuple(float(drop) for drop in drops),
    )


def _is_round(drops: np.ndarray) -> bool:
    """Return whether a rule's factors have two digits, as those that people write."""
    near = np.array([float(f"{drop:.2g}") for drop in drops])
    return bool(np.all(np.abs(near - drops) <= 5e-3 * drops) and np.all(drops <= 0.95))
