"""Mistakes in the rates of a plan: scaled, without its floor, with another factor."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from course_lib.diagnose.mistakes.argument_names import (
    BASES,
    ArgumentPath,
    name_of,
)
from course_lib.diagnose.mistakes.argument_search import ArgumentSearch
from course_lib.diagnose.mistakes.planned import PlannedRates
from course_lib.diagnose.mistakes.suspects import (
    Suspect,
    apart,
    best_factor,
    common_value,
    multiplied,
    suspect,
)


class RateSearch(ArgumentSearch):
    """Tries other rates: the peak, the floor, the factor of each drop."""

    def scaled(self) -> Iterator[Suspect]:
        """Yield the factor that all rates have in common."""
        factor = best_factor(self.view, self.through(self.plan))
        if factor is not None and factor > 0 and factor != 1:
            yield scaled_by(factor, self.plan)

    def linear(
        self,
        code: str,
        paths: list[ArgumentPath],
        values: list[float],
        words: str,
        cost: float,
        fix: str,
    ) -> Iterator[Suspect]:
        """Yield the best value of an argument in which the rates are linear."""
        # Half and whole of what is there: a library may refuse more.
        first, second = ([value * share for value in values] for share in (0.5, 1.0))
        if not any(values):
            top = self.view.peak
            first, second = [0.0] * len(values), [1e-3 * top] * len(values)
        try:
            low, high = (
                self.view.predicted(
                    self.through(self.plan.changed(dict(zip(paths, at, strict=True))))
                )
                for at in (first, second)
            )
        except (ValueError, TypeError, ZeroDivisionError, OverflowError):
            return
        slope = high - low
        if first[0] == second[0]:
            return
        usable = np.isfinite(slope) & (np.abs(slope) > 1e-9 * np.abs(slope).max(initial=0))
        if not usable.any():
            return
        shares = (self.view.rates[usable] - low[usable]) / slope[usable]
        errors = self.view.tolerance[usable] / np.abs(slope[usable])
        width = second[0] - first[0]
        exact = common_value(first[0] + shares * width, errors * abs(width))
        share = (exact - first[0]) / width
        new = [exact, *(a + share * (b - a) for a, b in zip(first[1:], second[1:], strict=True))]
        old = values[0]
        if new[0] == old:
            return
        changes = dict(zip(paths, new, strict=True))
        planned, got = apart(old, new[0])
        yield from self.found(
            code,
            f"{words} was {got} in place of {planned}",
            changes,
            cost + cost_of_factor(new[0] / old if old else 0.0) - 2.0,
            fix,
            new=new[0],
            old=old,
        )

    def base(self, path: ArgumentPath, value: float) -> Iterator[Suspect]:
        """Yield another base rate."""
        fix = "Look for a rate that is scaled with the batch size, or replaced by a default."
        yield from self.linear("scaled", [path], [float(value)], name_of(path), 2.4, fix)

    def rates_together(self) -> Iterator[Suspect]:
        """Yield all base rates of a call times one factor, its floors kept."""
        paths = [
            (path, float(value))
            for path, value in self.plan.leaves()
            if path[-1] in BASES and not isinstance(value, list | str) and value
        ]
        if len(paths) > 1:
            fix = "Look for a rate that is scaled with the batch size, or replaced by a default."
            places, values = [path for path, _ in paths], [value for _, value in paths]
            yield from self.linear("scaled", places, values, "the base rate", 2.4, fix)

    def floor(self, path: ArgumentPath, value: float) -> Iterator[Suspect]:
        """Yield another floor, or none."""
        words, fix = name_of(path), "Check whether the library takes a rate or a share of the peak."
        if value:
            yield from self.found(
                "floor-missing", f"{words} was not applied", {path: 0.0}, 1.3, fix, old=value
            )
        base = _base_value(self.plan)
        if value and base:
            for new, what in ((value * base, "a share of the peak"), (value / base, "a rate")):
                text = f"{words} = {value:g} was taken as {what}: {new:g}"
                yield from self.found("floor-unit", text, {path: new}, 1.5, fix, new=new, old=value)
        yield from self.linear("other-floor", [path], [float(value)], words, 3.5, fix)

    def gamma(self, path: ArgumentPath, value: float) -> Iterator[Suspect]:
        """Yield another factor."""
        words, fix = name_of(path), "Step one scheduler, and read the factor from one place."
        yield from self.found(
            "gamma-twice",
            f"{words} was applied twice: {value**2:g}",
            {path: value**2},
            1.6,
            fix,
        )
        yield from self.found("gamma-missing", f"{words} was not applied", {path: 1.0}, 1.6, fix)
        grid = np.unique([value**power for power in np.geomspace(0.1, 8, 24)])
        scores = [self.misfit({path: float(new)}) for new in grid]
        best, width = float(grid[int(np.argmin(scores))]), abs(math.log(value or 0.5)) * 0.2
        for _ in range(40):
            near = [best * math.exp(width), best * math.exp(-width)]
            score, new = min((self.misfit({path: g}), g) for g in near)
            if score < self.misfit({path: best}):
                best = new
            else:
                width /= 2
        for digits in range(1, 7):
            new = float(f"{best:.{digits}g}")
            if new != value and self.misfit({path: new}) <= self.misfit({path: best}):
                best = new
                break
        if best != value:
            planned, got = apart(value, best)
            text = f"{words} was {got} in place of {planned}"
            yield from self.found("other-gamma", text, {path: best}, 4.5, fix, new=best, old=value)


def scaled_by(factor: float, plan: PlannedRates) -> Suspect:
    """Return the suspect that multiplies all rates of a plan by a factor."""
    return suspect(
        "scaled",
        f"all rates are {apart(1.0, factor)[1]} times the planned ones",
        multiplied(factor),
        plan,
        cost_of_factor(factor),
        "Look for a rate that is scaled with the batch size or the processes, or replaced by a "
        "default.",
        inner=True,
        factor=factor,
    )


def _base_value(plan: PlannedRates) -> float | None:
    values = [
        float(value)
        for path, value in plan.leaves()
        if path[-1] in BASES and not isinstance(value, list | str)
    ]
    return max(values, default=None)


def cost_of_factor(factor: float) -> float:
    """Return how surprising a factor of the rates is: one with many digits has been fitted."""
    if _is_neat(factor):
        return 2.0
    return 3.0 if abs(float(f"{factor:.3g}") - factor) <= 1e-6 * abs(factor) else 5.2


def _is_neat(factor: float) -> bool:
    """Return whether a factor is a small whole number, one over it, or a root of 2."""
    if factor <= 0:
        return False
    larger = max(factor, 1 / factor)
    near = abs(larger - round(larger)) <= 1e-3 * larger and larger <= 4096
    halves = 2 * math.log2(larger)
    return near or abs(halves - round(halves)) <= 1e-3
