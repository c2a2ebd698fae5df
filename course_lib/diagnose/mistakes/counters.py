"""Mistakes of the scheduler's counter: too many steps, too few, too early, lost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from course_lib.diagnose.mistakes.planned import PlannedRates
from course_lib.diagnose.mistakes.suspects import (
    RowsView,
    Suspect,
    clocked,
    counted,
    listed,
    rates_of,
    suspect,
)

_ORDER = "Call scheduler.step() after optimizer.step(), once for each update."
_ONCE = "Call scheduler.step() once for each unit in which the schedule's lengths are counted."
_MOST_STEPS = 64
_TABLE = 200_000
_MOST_SKIPPED = 32  # between two rows; a larger lag is a resume from an older checkpoint


def counter_suspects(
    view: RowsView, plan: PlannedRates, *, brief: bool = False
) -> Iterator[Suspect]:
    """Yield the mistakes of the counter that may explain the rows, the numbers read off them.

    Args:
        view: rows to explain.
        plan: plan that the counter carries out.
        brief: whether to look for the usual factors only, as beside another mistake.
    """
    yield from _never(view, plan)
    yield from _shifts(view, plan)
    if view.finer:
        yield from _shifts_within(plan, getattr(plan, "rate", 1.0))
    yield from _factors(view, plan, brief)
    yield from _past_the_end(view, plan)


def _never(view: RowsView, plan: PlannedRates) -> Iterator[Suspect]:
    yield suspect(
        "never-stepped",
        "the scheduler was never stepped, so the first rate was kept",
        clocked(np.zeros_like),
        plan,
        1.0,
        "Call scheduler.step() after every optimizer.step().",
    )
    base = base_rate(plan)
    if base is not None and base != rates_of(plan, np.zeros(1))[0]:

        def held(other: PlannedRates) -> PlannedRates:
            rate = base_rate(other)
            return replace(other, rate_at=lambda t: np.full(np.shape(t), rate))

        yield suspect(
            "never-stepped",
            "the scheduler never acted: the optimizer kept its own rate",
            held,
            plan,
            1.5,
            "Build the scheduler with the optimizer that is stepped, and step it.",
        )


def base_rate(plan: PlannedRates) -> float | None:
    """Return the rate of the optimizer, or the peak, that the plan's call says, if it does."""
    for name in ("base_lr", "peak_lr", "lr", "learning_rate"):
        value = plan.arguments.get(name)
        if value is not None:
            return float(value)
    return None


def _shifts(view: RowsView, plan: PlannedRates) -> Iterator[Suspect]:
    for shift in sorted({*range(-8, 0), 1, 2, *shifts_of(view, plan)}, key=abs):
        if shift == 0:
            continue
        count = "one step" if abs(shift) == 1 else f"{abs(shift)} steps"
        cost = 1.0 if abs(shift) == 1 else 3.0 + math.log2(abs(shift))
        if shift > 0:
            yield suspect(
                "ahead",
                f"the scheduler is {count} ahead of the updates"
                + (", as it is when it is stepped before the optimizer" if shift == 1 else ""),
                clocked(lambda t, n=shift: t + n),
                plan,
                cost,
                _ORDER,
                steps=shift,
            )
        else:
            yield suspect(
                "behind",
                f"the scheduler is {count} behind the updates from the first row on",
                clocked(lambda t, n=shift: t + n),
                plan,
                cost + 0.5,
                "Look for updates at which the scheduler was not stepped (mixed precision skips "
                "the first ones), or for a log that is written before the step.",
                steps=-shift,
            )


def _shifts_within(plan: PlannedRates, parts: float) -> Iterator[Suspect]:
    """Yield shifts by a few of the plan's steps, where the log has one row for many of them."""
    for steps in (1, -1, 2, -2, -3, -4):
        count = "one update" if abs(steps) == 1 else f"{abs(steps)} updates"
        ahead = steps > 0
        yield suspect(
            "ahead" if ahead else "behind",
            f"the scheduler is {count} {'ahead' if ahead else 'behind'} in every row",
            clocked(lambda t, by=steps / parts: t + by),
            plan,
            (1.5 if ahead else 2.0) + math.log2(abs(steps)),
            _ORDER,
            steps=abs(steps),
        )


def shifts_of(view: RowsView, plan: PlannedRates) -> list[int]:
    """Return constant shifts that bring the plan onto the rows, the most supported first."""
    votes: dict[int, int] = {}
    rows = informative(view, 8)
    for row in rows:
        for step in solutions(view, plan, row):
            shift = round(step - view.t[row])
            votes[shift] = votes.get(shift, 0) + 1
    ranked = sorted(votes, key=lambda shift: (-votes[shift], abs(shift)))
    return [shift for shift in ranked[:4] if votes[shift] >= 0.5 * len(rows)]


def informative(view: RowsView, most: int) -> np.ndarray:
    """Return rows spread over the view, without rates that many rows share."""
    _, first, counts = np.unique(view.rates, return_index=True, return_counts=True)
    rows = np.sort(first[counts <= max(1, counts.min())])
    return rows[np.unique(np.linspace(0, rows.size - 1, most).astype(int))]


def solutions(view: RowsView, plan: PlannedRates, row: int, most: int = 40) -> np.ndarray:
    """Return whole steps at which the plan has the rate of a row; none where very many have it."""
    table, order, ranked = _table(view, plan)
    low = np.searchsorted(ranked, view.rates[row] - view.tolerance[row] * 1.000001, "left")
    high = np.searchsorted(ranked, view.rates[row] + view.tolerance[row] * 1.000001, "right")
    if high - low > most or high == low:
        return np.zeros(0)
    return table[order[low:high]]


_TABLES: dict[tuple[int, int], tuple] = {}


def _table(view: RowsView, plan: PlannedRates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    end = plan.total_steps if math.isfinite(plan.total_steps) else view.t.max() + 1
    length = int(min(max(end, view.t.max() + 1) + 1, _TABLE))
    key = (id(plan), length)
    if key not in _TABLES:
        steps = np.arange(length, dtype=float)
        rates = rates_of(plan, steps)
        order = np.argsort(rates, kind="stable")
        if len(_TABLES) > 8:
            _TABLES.clear()
        # The plan is kept with its table, so that no other one gets its id meanwhile.
        _TABLES[key] = (steps, order, rates[order], plan)
    return _TABLES[key][:3]


def _factors(view: RowsView, plan: PlannedRates, brief: bool) -> Iterator[Suspect]:
    for factor in _candidates(view, plan, brief):
        named = view.known.get(factor)
        cost = 1.0 if named else 2.0 + 0.5 * math.log2(factor)
        for ahead in (0,) if brief else sorted({0, 1, factor - 1}):
            yield _fast(plan, factor, ahead, named, cost)
            yield _slow(view, plan, factor, ahead, named, cost)


def _candidates(view: RowsView, plan: PlannedRates, brief: bool) -> list[int]:
    usual = range(2, 10) if brief else (*range(2, 17), 24, 48)
    found = {*usual, 16, 32, _MOST_STEPS, *(n for n in view.known if n > 1)}
    for row in informative(view, 6):
        at = view.t[row]
        if at < 1:
            continue
        for step in solutions(view, plan, row, 8):
            for ratio in (step / at, at / step if step else 0):
                found |= {n for n in (round(ratio), math.floor(ratio)) if n > 1}
    # A rate that changes at every n-th row only gives the number as well.
    changes = np.flatnonzero(np.diff(view.rates))
    if changes.size > 1:
        gaps = np.diff(view.t[changes + 1])
        found |= {round(gap) for gap in (np.median(gaps), gaps.min()) if gap > 1.5}
    return sorted(found)


def _fast(plan: PlannedRates, factor: int, ahead: int, named: str | None, cost: float) -> Suspect:
    what = f"the scheduler was stepped {factor} times for each planned step"
    code = "steps-per-update"
    fix = _ONCE
    if named == "steps_per_epoch":
        code = "stepped-every-update"
        what = (
            f"the scheduler was stepped after every update ({factor} in an epoch), although the "
            "plan counts epochs"
        )
        fix = "Call scheduler.step() once at the end of each epoch, or plan in updates."
    elif named:
        what += f" ({named} = {factor})"
    if ahead:
        what += f", {ahead} of them before the first"
    return suspect(
        code,
        what,
        clocked(lambda t: t * factor + ahead),
        plan,
        cost + (0.7 if ahead else 0),
        fix,
        factor=factor,
        ahead=ahead,
    )


def _slow(
    view: RowsView, plan: PlannedRates, factor: int, ahead: int, named: str | None, cost: float
) -> Suspect:
    what = f"the scheduler was stepped once for every {factor} planned steps"
    code, fix = "updates-per-step", _ONCE
    if named == "steps_per_epoch":
        code = "stepped-every-epoch"
        what = (
            f"the scheduler was stepped once an epoch (every {factor} updates), although the plan "
            "counts updates"
        )
        fix = "Call scheduler.step() after every update, or plan in epochs."
    elif named:
        what += f" ({named} = {factor})"

    def clock(t: np.ndarray) -> np.ndarray:
        return (t + ahead) / factor if view.finer else np.floor((t + ahead) / factor + 1e-6)

    return suspect(
        code,
        what,
        clocked(clock),
        plan,
        cost + (0.7 if ahead else 0),
        fix,
        factor=factor,
        ahead=ahead,
    )


def _past_the_end(view: RowsView, plan: PlannedRates) -> Iterator[Suspect]:
    end = plan.total_steps
    if not math.isfinite(end) or view.t.max() <= end:
        return
    yield suspect(
        "climbed-again",
        f"the run went past the plan's end at {counted(end)}, and the rate climbed back the way "
        "it came",
        clocked(lambda t: np.where(t > end, np.abs((t - end) % (2 * end) - end), t)),
        plan,
        2.0,
        "Make the schedule as long as the run.",
        end=end,
    )
    for last in (end, end - 1):
        yield suspect(
            "held-at-the-end",
            f"from the plan's end at {counted(end)} on its last rate was held",
            clocked(lambda t, last=last: np.minimum(t, last)),
            plan,
            2.0 + (end - last) * 0.5,
            "Make the schedule as long as the run.",
            end=end,
        )


def skipped_updates(view: RowsView, plan: PlannedRates, most: int = 40) -> Suspect | None:
    """Return the explanation by a lag that grows at some rows, as skipped updates make it.

    The smallest lag that explains a row is taken, so the lag grows no earlier than it must.

    Args:
        view: all rows, in the order of the run.
        plan: the plan.
        most: most rows at which the lag may grow.
    """
    rows, lag, row = view.t.size, 0, 0
    jumps: list[tuple[int, int]] = []
    while row < rows:
        end = min(rows, row + 4096)
        part = view.rows(slice(row, end))
        wrong = np.flatnonzero(
            ~(np.abs(rates_of(plan, part.t - lag) - part.rates) <= part.tolerance)
        )
        if wrong.size == 0:
            row = end
            continue
        row += int(wrong[0])
        lags = np.arange(lag + 1, lag + 1 + _MOST_SKIPPED)
        fits = np.abs(rates_of(plan, view.t[row] - lags) - view.rates[row]) <= view.tolerance[row]
        if not fits.any() or len(jumps) == most:
            return None
        lag = int(lags[fits.argmax()])
        jumps.append((row, lag))
    if not jumps:
        return None
    at = np.array([view.t[row] for row, _ in jumps])
    lags = np.array([0, *(lag for _, lag in jumps)])
    what = f"{lag} {'steps' if lag > 1 else 'step'} of the scheduler"
    where = listed([view.number(t) for t in at])
    return suspect(
        "skipped-updates",
        f"{what} did not happen, as when mixed precision skips updates; the lag grew at "
        f"{view.unit} {where}",
        clocked(lambda t: t - lags[np.searchsorted(at, t, "right")]),
        plan,
        3.0 + 2.5 * len(jumps) + float(np.log2(np.diff(lags)).sum()),
        "Skipped updates are normal in mixed precision; count the schedule's length without them.",
        lag=lag,
        singly=bool(np.all(np.diff(lags) == 1)) and len(jumps) < view.t.size / 20,
        rows=tuple(row for row, _ in jumps),
    )
