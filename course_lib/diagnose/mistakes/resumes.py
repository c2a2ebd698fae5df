"""Mistakes that begin at some row: a wrong resume, a second rule, a scheduler that stops."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from course_lib.diagnose.mistakes.arguments_changed import argument_suspects
from course_lib.diagnose.mistakes.counters import informative, solutions
from course_lib.diagnose.mistakes.planned import PlannedRates
from course_lib.diagnose.mistakes.rates_changed import cost_of_factor
from course_lib.diagnose.mistakes.suspects import (
    Change,
    RowsView,
    Suspect,
    best_factor,
    chained,
    clocked,
    counted,
    from_step,
    multiplied,
    rates_of,
    suspect,
    until_step,
)

_STATE = (
    "Save and load the state of the scheduler as well as that of the optimizer, and build first."
)
_LENGTH = "Build the scheduler of the resumed run with the length of the whole run."
_MOST_STARTS = 48
_SAME_SCALE = 1e-3  # a factor nearer to 1 says nothing beside another length
_FEW = 8  # a run that starts anew so early is more likely a few steps behind


def resume_suspects(
    view: RowsView, plan: PlannedRates, fresh: PlannedRates | None = None, *, brief: bool = False
) -> Iterator[Suspect]:
    """Yield the mistakes that begin, or end, at the row where the log leaves the plan.

    Args:
        view: rows to explain.
        plan: plan that the first rows follow.
        fresh: plan that a resumed run knows; None: the same.
        brief: whether to leave out the search for other arguments at another scale.
    """
    agrees = view.agrees(plan)
    if agrees.all():
        return
    first = int(agrees.argmin())
    if first > 0:
        begin = float(view.t[first])
        for found in _after(view, fresh or plan, first, brief):
            if fresh is None:
                yield found
            else:
                known = found.plan
                change = from_step(begin, lambda _, known=known: known)
                yield replace(found, plan=change(plan), change=change)
    last = agrees.size - int(agrees[::-1].argmin())
    if last < agrees.size and not brief:
        yield from _until(view.rows(slice(0, last)), plan, float(view.t[last]))


def _after(view: RowsView, plan: PlannedRates, first: int, brief: bool) -> Iterator[Suspect]:
    begin, before = float(view.t[first]), float(view.t[first - 1])
    late = view.rows(slice(first, None))
    yield from _anew(view, plan, begin, before)
    yield from _of_a_sequence(late, plan, begin, before)
    yield from _jumped(late, plan, begin)
    yield from _held(late, plan, begin, before)
    yield from _rescaled(late, plan, begin)
    if not brief:
        yield from _with_other_arguments(late, plan, begin)


def _starts(view: RowsView, plan: PlannedRates, begin: float, before: float) -> list[float]:
    """Return the steps at which the resumed run may have begun, the last one first."""
    steps = _steps_between(view, plan, before, begin)
    late = view.rows(view.t >= begin)
    votes: dict[int, int] = {}
    for row in informative(late, 6):
        for step in solutions(late, plan, row, 12):
            start = round(late.t[row] - step)
            if 0 < start <= begin:
                votes[start] = votes.get(start, 0) + 1
    voted = sorted(votes, key=lambda start: -votes[start])[:4]
    # A drop after the resume is one of the plan's own drops, counted from the start.
    own = np.arange(min(begin + 1, 4096.0))
    drops = np.flatnonzero(np.diff(rates_of(plan, own)) != 0) + 1
    drops = drops[:3] if drops.size < own.size / 2 else drops[:0]  # a smooth curve has none
    changed = np.flatnonzero(np.diff(late.rates) != 0)[:3]
    shifted = [
        start
        for row in changed
        for drop in drops
        for start in np.unique(
            np.linspace(late.t[row] - drop + 1, late.t[row + 1] - drop, 8).round()
        )
        if 0 < start <= begin
    ]
    return [start for start in dict.fromkeys([begin, *voted, *steps[::-1], *shifted]) if start > 0]


def _steps_between(view: RowsView, plan: PlannedRates, before: float, begin: float) -> np.ndarray:
    """Return the steps between two rows, in parts of the log's unit where the plan counts those."""
    parts = getattr(plan, "rate", 1.0) if view.finer else 1.0
    count = min(_MOST_STARTS, int((begin - before) * parts) + 1)
    return np.unique((np.linspace(before, begin, count) * parts).round() / parts)


def _anew(view: RowsView, plan: PlannedRates, begin: float, before: float) -> Iterator[Suspect]:
    starts = _starts(view, plan, begin, before)
    for start in starts:
        # A scheduler that computes the rate from the step sets its second rate first.
        for delay in (0.0, 1.0):
            yield suspect(
                "started-anew",
                f"the curve started anew at {view.place(start)}, as after a resume",
                from_step(start + delay, clocked(lambda t, s=start: t - s)),
                plan,
                2.0 + 0.3 * delay + (2.5 if start <= _FEW else 0.0),
                _STATE,
                at=start,
            )
    scored = sorted(
        (late.misfit(_scaled_anew(late, plan, start)[0]), -start, start)
        for start in starts
        if (late := view.rows(view.t >= start)).t.size
    )
    for _, _, start in scored[:2]:
        late = view.rows(view.t >= start)
        _, factor = _scaled_anew(late, plan, start)
        if factor is None or factor == 1:
            continue
        yield suspect(
            "state-lost",
            f"the curve started anew at {view.place(start)}, after a resume, from the last rate: "
            f"{factor:.4g} times as high",
            from_step(start, chained(clocked(lambda t, s=start: t - s), multiplied(factor))),
            plan,
            3.2 if _is_last(plan, start, factor) else 5.7,
            _STATE,
            at=start,
            factor=factor,
        )
        clock = clocked(lambda t, s=start: t - s)
        for found in argument_suspects(late, plan, clock, only=("scaled",)):
            yield suspect(
                "state-lost",
                f"the curve started anew at {view.place(start)}, after a resume, from the last "
                f"rate, and {found.message}",
                from_step(start, chained(found.change, clock)),
                plan,
                3.4,
                _STATE,
                at=start,
            )
    warmup = _warmup_end(plan)
    for start in (begin, before + 1) if warmup else ():
        first = rates_of(plan, np.zeros(1))[0]
        if first == 0:
            break
        factor = float(rates_of(plan, np.array([start]))[0] / first)

        def change(other: PlannedRates, s: float = start, c: float = factor) -> PlannedRates:
            def rate_at(t: np.ndarray) -> np.ndarray:
                since = np.asarray(t, dtype=float) - s
                return rates_of(other, since) * np.where(since < warmup, c, 1.0)

            return replace(other, rate_at=rate_at)

        yield suspect(
            "state-lost",
            f"the warmup started anew at {view.place(start)}, after a resume, from the last rate: "
            f"{factor:.4g} times as high",
            from_step(start, change),
            plan,
            3.0,
            _STATE,
            at=start,
            factor=factor,
        )


def _is_last(plan: PlannedRates, start: float, factor: float) -> bool:
    """Return whether the first rate times the factor is the rate at which the run was stopped."""
    first, before, last = rates_of(plan, np.array([0.0, start - 1, start]))
    low, high = sorted((before, last))
    return low - 0.02 * abs(low) <= first * factor <= high + 0.02 * abs(high)


def _scaled_anew(
    late: RowsView, plan: PlannedRates, start: float
) -> tuple[PlannedRates, float | None]:
    again = clocked(lambda t: t - start)(plan)
    factor = best_factor(late, again)
    return (multiplied(factor)(again) if factor else again), factor


def _warmup_end(plan: PlannedRates) -> int | None:
    marks = plan.arguments.get("milestones")
    return int(marks[0]) if plan.call == "torch.SequentialLR" and marks else None


def _of_a_sequence(
    late: RowsView, plan: PlannedRates, begin: float, before: float
) -> Iterator[Suspect]:
    """Yield torch's `SequentialLR(last_epoch=…)`, built over parts that count from 0 again.

    It sets the first part's first rate; a later part then goes on from that rate. (torch 2.13)
    """
    if _warmup_end(plan) is None:
        return
    mark = float(plan.arguments["milestones"][-1])
    starts = _steps_between(late, plan, before, begin)
    for start in starts[::-1]:
        if start < mark:

            def restarted(t: np.ndarray, s: float = start) -> np.ndarray:
                return np.where((t >= s) & (t < mark), t - s, t)

            change = from_step(begin, clocked(restarted))
            factor = 1.0
        else:

            def anew(t: np.ndarray, s: float = start) -> np.ndarray:
                return np.where(t <= s, 0, mark + t - s - 1)

            again = clocked(anew)(plan)
            after = late.rows(late.t > start)
            factor = best_factor(after, again) if after.t.size else 1.0
            change = from_step(
                begin,
                chained(clocked(anew), multiplied(factor or 1.0, start + 0.5)),
            )
        yield suspect(
            "resumed-from-the-last-part",
            f"`SequentialLR(last_epoch={counted(start - 1)})` began its parts anew at "
            f"{late.place(start)}: the first rate of the first part, from which the last part "
            "goes on",
            change,
            plan,
            2.4,
            "Load the state of SequentialLR with load_state_dict; last_epoch does not reach its "
            "parts.",
            at=float(start),
            factor=factor,
        )


def _jumped(late: RowsView, plan: PlannedRates, begin: float) -> Iterator[Suspect]:
    twice = round(begin)  # a resume that counts the updates again
    votes: dict[int, int] = {1: 0, -1: 0, twice: 0}
    rows = informative(late, 8)
    for row in rows:
        for step in solutions(late, plan, row):
            shift = round(step - late.t[row])
            votes[shift] = votes.get(shift, 0) + 1
    likely = sorted(votes, key=lambda shift: (-votes[shift], abs(shift)))[:5]
    for shift in dict.fromkeys([*likely, twice]):
        if shift == 0:
            continue
        again = shift > 2 and abs(shift - begin) <= 1
        count = f"{abs(shift)} step{'s' if abs(shift) > 1 else ''}"
        yield suspect(
            "counter-jumped",
            f"from {late.place(begin)} on the scheduler is {count} "
            + ("ahead" if shift > 0 else "behind")
            + (", as when a resume counts the updates before it twice" if again else ""),
            from_step(begin, clocked(lambda t, n=shift: t + n)),
            plan,
            # A small step back is better explained by skipped updates.
            2.8 if again else (4.5 if shift > 0 else 6.0) + 0.5 * math.log2(abs(shift)),
            "Save the scheduler's state with the checkpoint, and step it once for each update.",
            at=begin,
            steps=shift,
        )


def _held(late: RowsView, plan: PlannedRates, begin: float, before: float) -> Iterator[Suspect]:
    steps = [begin - 1, before]
    if np.ptp(late.rates) <= 2 * late.tolerance.max():
        steps += _steps_between(late, plan, before, begin)[::-1].tolist()
    for step in dict.fromkeys(steps):
        yield suspect(
            "stopped-stepping",
            f"from {late.place(begin)} on the rate was held: the scheduler was stepped no more",
            from_step(begin, clocked(lambda t, s=step: np.full_like(t, s))),
            plan,
            2.6,
            "Step the scheduler in the resumed run as well.",
            at=begin,
        )


def _rescaled(late: RowsView, plan: PlannedRates, begin: float) -> Iterator[Suspect]:
    factor = best_factor(late, plan)
    if factor is None or factor == 1 or factor <= 0:
        return
    first = rates_of(plan, np.array([0.0, begin]))
    lost = first[1] and abs(factor - first[0] / first[1]) <= 1e-6 * factor
    if lost or factor > 1:
        yield suspect(
            "optimizer-state-lost",
            f"from {late.place(begin)} on all rates are {factor:.4g} times the planned ones, as "
            "when the scheduler's state is loaded without that of the optimizer",
            from_step(begin, multiplied(factor)),
            plan,
            2.6 if lost else 5.0,
            _STATE,
            at=begin,
            factor=factor,
        )
    for found in argument_suspects(late, plan, only=("scaled",)):
        raised = (found.parameters.get("new") or 0) > (found.parameters.get("old") or 0)
        yield suspect(
            "optimizer-state-lost" if raised else "plateau-fired",
            f"{found.message} from {late.place(begin)} on",
            from_step(begin, found.change),
            plan,
            5.0,
            _STATE if raised else "Let one rule decide the rate.",
            at=begin,
        )


_RENAMED = {
    "other-length": "resumed-with-another-length",
    "wrong-unit": "resumed-with-another-length",
    "decay-and-warmup": "resumed-with-another-length",
}


def _with_other_arguments(late: RowsView, plan: PlannedRates, begin: float) -> Iterator[Suspect]:
    def rescaled(changed: PlannedRates) -> PlannedRates:
        factor = best_factor(late, changed)
        return multiplied(factor)(changed) if factor else changed

    for scale, through in ((False, None), (True, rescaled)):
        only = tuple(_RENAMED) if scale else ()
        factor = None
        for found in argument_suspects(late, plan, through, only=only):
            if found.code == "scaled":
                continue
            later: Change = found.change
            if scale:
                factor = best_factor(late, found.plan)
                if not factor or abs(factor - 1) < _SAME_SCALE:
                    continue
                later = chained(found.change, multiplied(factor))
            yield suspect(
                _RENAMED.get(found.code, found.code),
                f"{found.message} from {late.place(begin)} on"
                + (f", at {factor:.4g} times the rate" if scale else ""),
                from_step(begin, later),
                plan,
                0.6 * found.cost + (_scale_cost(factor) if scale else 2.5),
                _LENGTH,
                at=begin,
                **found.parameters,
            )


def _scale_cost(factor: float) -> float:
    """Return the cost of a factor beside another length; one of many digits is a fit, no event."""
    return 4.2 + 2 * max(0.0, cost_of_factor(factor) - 3.0)


def _until(early: RowsView, plan: PlannedRates, end: float) -> Iterator[Suspect]:
    for found in argument_suspects(early, plan):
        yield suspect(
            _RENAMED.get(found.code, found.code),
            f"{found.message} before {early.place(end)}",
            until_step(end, found.change),
            plan,
            found.cost + 1.5,
            "Give the first part of the run the length of the whole run as well.",
            until=end,
            **found.parameters,
        )
