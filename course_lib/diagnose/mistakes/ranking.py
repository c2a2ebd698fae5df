"""Ranks the mistakes that may explain a log: exact before near, simple before contrived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from course_lib.diagnose.mistakes.arguments_changed import argument_suspects
from course_lib.diagnose.mistakes.counters import counter_suspects, skipped_updates
from course_lib.diagnose.mistakes.planned import PlannedRates
from course_lib.diagnose.mistakes.plateau_rules_changed import rule_suspects
from course_lib.diagnose.mistakes.rates_changed import scaled_by
from course_lib.diagnose.mistakes.resumes import resume_suspects
from course_lib.diagnose.mistakes.second_rules import plateau_cuts
from course_lib.diagnose.mistakes.suspects import RowsView, Suspect, best_factor, chained

_THIN = 160  # rows that the search looks at; the winners are verified on all
_PAIRED = 5  # single mistakes that a second one is tried with
_MANY = 20_000  # rows above which fewer of them are paired, for speed
_PAIRED_OF_MANY = 5
_KEPT = 12
_NEAR = 5  # explanations that are kept where none explains every row
_SPREAD = 4096  # rows that the misfit of those is taken over
# A single mistake that costs more is compared with pairs of simple ones.
_CONTRIVED = 4.5
# Mistakes that happen once: after a later resume nothing is left of them.
_LOCAL = ("skipped-updates", "counter-jumped", "plateau-fired", "optimizer-state-lost")
# Explanations whose costs differ by less than this are ranked equal.
EQUAL = 1.0
# The same for explanations that predict the very same rates.
SAME = 4.5


def thinned(view: RowsView, plan: PlannedRates) -> RowsView:
    """Return some rows: spread out, around the first difference, around the largest changes."""
    rows = view.t.size
    if rows <= _THIN:
        return view
    spread = np.linspace(0, rows - 1, _THIN // 2).astype(int)
    steps = np.abs(np.diff(view.rates, prepend=view.rates[0]))
    bend = np.abs(np.diff(steps, prepend=steps[0]))
    sharp = np.argsort(bend)[-_THIN // 8 :]
    wrong = np.flatnonzero(~view.agrees(plan))
    edge = [wrong[0], wrong[-1]] if wrong.size else []
    near = [row + by for row in (*sharp, *edge) for by in (-1, 0, 1)]
    early = np.geomspace(1, rows, 16).astype(int) - 1
    kept = np.unique(np.clip([*spread, *near, *early], 0, rows - 1))
    return view.rows(kept)


def ranked(
    views: Sequence[RowsView], plan: PlannedRates, *, pairs: bool = True
) -> list[tuple[int, Suspect, bool, float]]:
    """Return (view, suspect, whether it explains every row, misfit), the likeliest first.

    Args:
        views: all rows of a group, once for each lag that the log may have.
        plan: the plan, in the log's unit; it does not explain all rows in any view.
        pairs: whether to look for two mistakes at once where one is not enough.
    """
    thins = [thinned(view, plan) for view in views]
    singles = [
        _judged(_singles(view, thin, plan), thin) for view, thin in zip(views, thins, strict=True)
    ]
    exact = _exact(views, singles)
    if pairs and (not exact or _is_contrived(exact[0][1])):
        # Two mistakes at once are looked for at the likeliest lag only.
        best = max(range(len(views)), key=lambda i: (_longest(thins[i], singles[i]), -i))
        alone = [found for found, _ in singles[best]]
        both = _judged(_pairs(views[best], thins[best], plan, alone), thins[best])
        exact += _exact(views[best : best + 1], [both], best)
        exact.sort(key=lambda one: (one[1].cost + 0.2 * one[0], one[0]))
        singles[best] = sorted(singles[best] + both, key=_order)
    if exact:
        return [(order, found, True, 0.0) for order, found in exact]
    spread = [view.rows(slice(None, None, 1 + view.t.size // _SPREAD)) for view in views]
    near = [
        (order, found, False, spread[order].misfit(found.plan))
        for order, judged in enumerate(singles)
        for found in _different([found for found, _ in judged[:40]])[:_KEPT]
    ]
    return sorted(near, key=lambda one: _order((one[1], one[3])))[:_NEAR]


def _is_contrived(found: Suspect) -> bool:
    """Return whether two simple mistakes may be a better explanation than this one."""
    # Single updates that were skipped here and there are no coincidence, however many they are.
    return found.cost > _CONTRIVED and not found.parameters.get("singly", False)


def _longest(view: RowsView, singles: Sequence[tuple[Suspect, float]]) -> tuple[int, float]:
    """Return (rows that a simple mistake explains before the first it does not, - misfit)."""
    simple = [_explained(view, found.plan) for found, _ in singles if found.cost <= 3.0]
    return max(simple, default=0), -singles[0][1]


def _exact(
    views: Sequence[RowsView], judged: Sequence[list[tuple[Suspect, float]]], first: int = 0
) -> list[tuple[int, Suspect]]:
    found = []
    for order, (view, suspects) in enumerate(zip(views, judged, strict=True), first):
        good = _verified([one for one in suspects if one[1] == 0.0], view)
        found += [(order, one) for one in _different(good)[:_KEPT]]
    return sorted(found, key=lambda one: (one[1].cost + 0.2 * one[0], one[0]))


def _singles(view: RowsView, thin: RowsView, plan: PlannedRates) -> Iterator[Suspect]:
    yield from counter_suspects(thin, plan)
    yield from argument_suspects(thin, plan)
    yield from rule_suspects(thin, plan)
    yield from resume_suspects(thin, plan)
    yield from _paths(view, plan)


def _paths(view: RowsView, plan: PlannedRates) -> Iterator[Suspect]:
    for search in (skipped_updates, plateau_cuts):
        found = search(view, plan)
        if found is not None:
            yield found


def _judged(suspects: Iterable[Suspect], thin: RowsView) -> list[tuple[Suspect, float]]:
    return sorted(((found, thin.misfit(found.plan)) for found in suspects), key=_order)


def _order(one: tuple[Suspect, float]) -> tuple[float, float]:
    found, misfit = one
    return (0.0, found.cost) if misfit == 0.0 else (misfit * (1 + 0.1 * found.cost), found.cost)


def _verified(candidates: list[tuple[Suspect, float]], view: RowsView) -> list[Suspect]:
    good = []
    for found, _ in candidates[:40]:
        if view.agrees(found.plan).all():
            good.append(found)
    return good


def _different(suspects: list[Suspect]) -> list[Suspect]:
    """Return the suspects without those that say the same in a costlier way."""
    kept: list[Suspect] = []
    seen: dict[str, int] = {}
    for found in suspects:
        seen[found.code] = seen.get(found.code, 0) + 1
        # One length may be wrong in several arguments; a rate is scaled in one way only.
        most = 1 if found.code == "scaled" else 2
        if seen[found.code] <= most and all(found.message != other.message for other in kept):
            kept.append(found)
    return kept


def _pairs(
    view: RowsView, thin: RowsView, plan: PlannedRates, singles: list[Suspect]
) -> Iterator[Suspect]:
    """Yield pairs of mistakes: the best single ones, each with a second on top of it or within."""
    for first in singles:
        factor = best_factor(thin, first.plan)
        if not first.inner and factor and factor != 1:
            second = scaled_by(factor, first.plan)
            yield _both(second, first, chained(first.change, second.change), plan)
    used: dict[str, int] = {}
    firsts = []
    for found in singles:
        used[found.code] = used.get(found.code, 0) + 1
        if used[found.code] == 1:
            firsts.append(found)
    longest = sorted(singles, key=lambda one: (-_explained(thin, one.plan), one.cost))
    prefix = list({found.code: found for found in reversed(longest[:12])}.values())
    tried = list(dict.fromkeys([*firsts[:_PAIRED], *prefix]))
    for first in tried if view.t.size <= _MANY else tried[:_PAIRED_OF_MANY]:
        seconds: list[Suspect] = list(counter_suspects(thin, first.plan, brief=True))
        seconds += resume_suspects(thin, first.plan, brief=True)
        if first.code in _LOCAL:
            seconds += resume_suspects(thin, first.plan, fresh=plan, brief=True)
        seconds += _paths(view, first.plan)
        for second in seconds:
            yield _both(first, second, chained(first.change, second.change), plan)
        if first.inner:
            more = [*argument_suspects(thin, first.plan), *rule_suspects(thin, first.plan)]
            for second in more:
                yield _both(first, second, chained(first.change, second.change), plan)
        else:
            for second in argument_suspects(thin, plan, first.change):
                yield _both(second, first, chained(second.change, first.change), plan)


def _explained(view: RowsView, plan: PlannedRates) -> int:
    """Return how many rows a plan explains before the first that it does not."""
    agrees = view.agrees(plan)
    return agrees.size if agrees.all() else int(agrees.argmin())


def _both(first: Suspect, second: Suspect, change: partial, plan: PlannedRates) -> Suspect:
    return replace(
        first,
        code=f"{first.code} + {second.code}",
        message=f"{first.message}; and {second.message}",
        plan=change(plan),
        change=change,
        cost=first.cost + second.cost + 2.5,
        parameters={**first.parameters, **second.parameters},
        fix=first.fix if first.fix == second.fix else f"{first.fix} {second.fix}",
        inner=first.inner and second.inner,
    )
