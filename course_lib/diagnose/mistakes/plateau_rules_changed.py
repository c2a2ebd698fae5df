"""Mistakes in a rule that follows a metric: another patience, factor, floor or metric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from course_lib.diagnose.mistakes.argument_names import GAMMAS, name_of
from course_lib.diagnose.mistakes.argument_search import ArgumentSearch
from course_lib.diagnose.mistakes.planned import PlannedRates
from course_lib.diagnose.mistakes.suspects import RowsView, Suspect, chained, rounded, suspect
from course_lib.libraries.registry import signature

_COUNTS = ("patience", "patience_t", "cooldown", "cooldown_t", "warmup_t")
_FACTORS = {"factor", *GAMMAS}
_MANY = 3000  # calls of a rule, above which fewer counts are tried
_METRIC = "Pass the metric that the plan means to the rule, from the same evaluation."
_COUNT = "Compare it with the plan: keras cuts at the patience-th bad metric, torch at the next."
_FACTOR = "Read the factor of the cuts from one place."


def rule_suspects(view: RowsView, plan: PlannedRates) -> Iterator[Suspect]:
    """Yield changes of a plateau rule that may explain the rows.

    Args:
        view: rows to explain.
        plan: rule on the metric of the log; another plan has no suspects here.
    """
    if plan.follows is None:
        return
    search = ArgumentSearch(view, plan, lambda changed: changed)
    defaults = {key: one.default for key, one in signature(plan.call).parameters.items()}
    given = {**defaults, **plan.arguments}
    factors = _factors_of(view)
    yield from _all_counts(search, given)
    for name in given.keys() & _FACTORS:
        old = float(given[name])
        for new in factors:
            if new == old:
                continue
            text = f"{name_of((name,))} was {new:.6g} in place of {old:g}"
            changes = {(name,): new}
            yield from search.found("other-gamma", text, changes, 1.8, _FACTOR, new=new, old=old)
            rule = plan.changed(changes)
            for second in _all_counts(ArgumentSearch(view, rule, lambda one: one), given):
                yield suspect(
                    f"{second.code} + other-gamma",
                    f"{second.message}; and {text}",
                    chained(search.change(changes), second.change),
                    plan,
                    second.cost + 2.2,
                    f"{_COUNT} {_FACTOR}",
                    inner=True,
                    new=new,
                    old=old,
                )
    for other in plan.follows.others:
        yield suspect(
            "other-metric",
            f"the rule followed `{other.name}` in place of `{plan.follows.name}`",
            lambda rule, other=other: rule.following(other),
            plan,
            1.6,
            _METRIC,
            inner=True,
            new=other.name,
            old=plan.follows.name,
        )


def _all_counts(search: ArgumentSearch, given: Mapping[str, Any]) -> Iterator[Suspect]:
    for name in given.keys() & set(_COUNTS):
        yield from _counts(search, name, int(given[name]), search.plan.follows.values.size)


def _counts(search: ArgumentSearch, name: str, old: int, calls: int) -> Iterator[Suspect]:
    most = min(max(2 * old + 10, 30), calls)
    tried = range(max(0, old - 5), old + 6) if calls > _MANY else range(most + 1)
    scores = {new: search.misfit({(name,): new}) for new in tried if new != old}
    least = min(scores.values(), default=np.inf)
    nearest = sorted(scores, key=lambda new: abs(new - old))
    for new in [new for new in nearest if scores[new] <= least][:2]:
        yield from search.found(
            "other-patience",
            f"{name_of((name,))} was {new} in place of {old}",
            {(name,): new},
            1.4 if abs(new - old) == 1 else 1.8,
            _COUNT,
            new=new,
            old=old,
        )


def _factors_of(view: RowsView) -> list[float]:
    """Return the roundest factors of the first drops of the rate."""
    drops = np.flatnonzero(np.diff(view.rates) < 0)[:3]
    found = []
    for row in drops:
        before, after = view.rates[row], view.rates[row + 1]
        errors = view.tolerance[row : row + 2] / np.maximum(view.rates[row : row + 2], 1e-300)
        found.append(rounded(float(after / before), float(errors.sum()) + 1e-6))
    return [factor for factor in dict.fromkeys(found) if 0 < factor < 1]
