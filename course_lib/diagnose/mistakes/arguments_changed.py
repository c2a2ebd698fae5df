"""Mistakes in a plan's own arguments: another length, warmup, floor, base rate or factor."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from course_lib.diagnose.mistakes.argument_names import (
    BASES,
    FLOORS,
    GAMMAS,
    LENGTHS,
    LISTS,
    WARMUPS,
)
from course_lib.diagnose.mistakes.lengths_changed import LengthSearch
from course_lib.diagnose.mistakes.planned import PlannedRates
from course_lib.diagnose.mistakes.rates_changed import RateSearch
from course_lib.diagnose.mistakes.suspects import (
    RowsView,
    Suspect,
)


def argument_suspects(
    view: RowsView,
    plan: PlannedRates,
    through: Callable[[PlannedRates], PlannedRates] | None = None,
    only: tuple[str, ...] = (),
) -> Iterator[Suspect]:
    """Yield changes of a plan's arguments that may explain the rows.

    Args:
        view: rows to explain.
        plan: plan whose call is changed.
        through: mistake of the counter that acts on the changed plan as well.
        only: codes to look for; all of them if empty.
    """
    through = through or (lambda changed: changed)
    lengths, rates = LengthSearch(view, plan, through), RateSearch(view, plan, through)
    all_lengths = not only or "other-length" in only
    if not only:
        yield from rates.scaled()
    for path, value in plan.leaves():
        name = path[-1] if isinstance(path[-1], str) else path[-2]
        if isinstance(value, list):
            if name in LISTS and all_lengths:
                yield from lengths.marks(path, value)
            continue
        if name in WARMUPS and not only:
            yield from lengths.warmup(path, value)
        elif name in LENGTHS and all_lengths:
            yield from lengths.length(path, value)
        elif name in FLOORS and not only:
            yield from rates.floor(path, value)
        elif name in GAMMAS and not only:
            yield from rates.gamma(path, value)
        if name in BASES and "other-length" not in only:
            yield from rates.base(path, value)
    if all_lengths:
        yield from lengths.lengths_together()
    if "other-length" not in only:
        yield from rates.rates_together()
