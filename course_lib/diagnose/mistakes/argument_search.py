"""A search for the arguments with which a plan's call explains a log."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from course_lib.diagnose.mistakes.argument_names import ArgumentPath
from course_lib.diagnose.mistakes.planned import PlannedRates
from course_lib.diagnose.mistakes.suspects import RowsView, Suspect, suspect


class ArgumentSearch:
    """Tries other arguments in the call of one plan, and measures the misfit on one view.

    Args:
        view: rows to explain.
        plan: plan whose call is changed.
        through: mistake of the counter that acts on the changed plan as well.
    """

    def __init__(self, view: RowsView, plan: PlannedRates, through: Callable) -> None:
        """Keep the view and the plan."""
        self.view, self.plan, self.through = view, plan, through
        self.tried: dict[str, float] = {}

    def change(self, changes: dict[ArgumentPath, Any]) -> Callable[[PlannedRates], PlannedRates]:
        """Return the change that puts other values into the call."""
        return lambda plan: plan.changed(changes)

    def misfit(self, changes: dict[ArgumentPath, Any]) -> float:
        """Return the misfit of the plan with other values; inf where the library refuses one."""
        key = repr(changes)
        if key not in self.tried:
            try:
                self.tried[key] = self.view.misfit(self.through(self.plan.changed(changes)))
            except (ValueError, TypeError, ZeroDivisionError, OverflowError):
                self.tried[key] = math.inf  # the library refuses such a value
        return self.tried[key]

    def found(
        self,
        code: str,
        message: str,
        changes: dict[ArgumentPath, Any],
        cost: float,
        fix: str,
        **numbers,
    ) -> Iterator[Suspect]:
        """Yield the suspect with other values in the call, unless the library refuses them."""
        if math.isfinite(self.misfit(changes)):
            yield suspect(
                code, message, self.change(changes), self.plan, cost, fix, inner=True, **numbers
            )

    def factors(self, old: int) -> Iterator[tuple[int, float, str]]:
        """Yield new lengths that another unit makes of an old one."""
        seen = set()
        for factor in sorted({*self.view.known, *range(2, 9), 16, 32, 64}):
            name = self.view.known.get(factor)
            why = f"{name} = {factor}" if name else f"{factor}"
            cost = 1.2 if name else 2.2 + 0.5 * math.log2(factor)
            for new in (old * factor, old // factor, math.ceil(old / factor)):
                if new >= 1 and new != old and new not in seen:
                    seen.add(new)
                    times = f"{why} times as long" if new > old else f"divided by {why}"
                    yield new, cost, times

    def best_counts(self, changes: Callable[[int], dict], old: int, low: int = 1) -> list[int]:
        """Return the whole numbers that fit best: a coarse grid, then ever finer steps."""
        far = max(8 * old, 4 * float(self.view.t.max()), 16)
        grid = np.unique(np.geomspace(max(low, 1), far, 48).astype(int))
        grid = np.unique([*grid, low, old - 1, old + 1])
        grid = grid[grid >= low]
        scores = np.array([self.misfit(changes(int(count))) for count in grid])
        best = []
        for start in np.argsort(scores, kind="stable")[:3]:
            bounds = grid[max(start - 1, 0)], grid[min(start + 1, grid.size - 1)]
            best.append(self.descended(changes, int(grid[start]), scores[start], bounds))
        least = min(best)[0]
        # A log may leave a range of lengths open; the roundest of those is the likeliest.
        return list(
            dict.fromkeys(count for score, count in sorted(best) if score <= least and count != old)
        )[:2]

    def descended(
        self, changes: Callable[[int], dict], count: int, score: float, bounds: Sequence[int]
    ) -> tuple[float, int]:
        """Return (misfit, number) of the best whole number that is found from `count` on."""
        step = max(1, int(bounds[1] - bounds[0]) // 4)
        while step and 0 < score < math.inf:
            near = [n for n in (count - step, count + step) if bounds[0] <= n <= bounds[1]]
            tried = [(self.misfit(changes(n)), n) for n in near]
            if tried and min(tried)[0] < score:
                score, count = min(tried)
            else:
                step //= 2
        return score, count
