"""Curves that stand still and drop: multi-step, step decay, and the plateau rule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from course_lib.diagnose.identifying.curve_solving import digits_of, rounded, shortest
from course_lib.diagnose.identifying.rate_curve import RateCurve

_SAME = 1e-6
_LEAST_DROP = 0.95
_MOST_LEVELS = 300
_MOST_PATIENCE = 50
_COOLDOWNS = (0, 1, 2, 3, 5, 10)
_UNSEEN = 1e-8  # torch leaves a rate as it is where the drop would be smaller


@dataclass(frozen=True, eq=False)
class Stairs:
    """Levels of a staircase.

    Attributes:
        rows: first row of each level.
        levels: rates, each the most frequent of its level.
        factor: ratio of every level to the one before; nan where they differ.
        factor_to_floor: the same without the last level, where that is higher, as a lowest rate
            makes it; nan otherwise.
    """

    rows: tuple[int, ...]
    levels: tuple[float, ...]
    factor: float
    factor_to_floor: float = math.nan

    def ending_at_floor(self) -> Stairs:
        """Return the same levels, the last of which is a floor that no factor led to."""
        return replace(self, factor=self.factor_to_floor)


def stairs(r: np.ndarray, slack: np.ndarray) -> Stairs | None:
    """Return the levels of a column of rates, or None where it is no staircase.

    Args:
        r: (rows,), rates.
        slack: (rows,), largest distance of the true rates from them.
    """
    if len(r) < 3:
        return None
    change = np.abs(np.diff(r)) > _SAME * np.maximum(r[1:], r[:-1])
    firsts = [0, *(np.flatnonzero(change) + 1).tolist()]
    if not 2 <= len(firsts) <= min(0.6 * len(r), _MOST_LEVELS):
        return None
    ends = [*firsts[1:], len(r)]
    long = [b - a > 1 for a, b in zip(firsts[1:-1], ends[1:-1], strict=True)]
    if sum(long) < 0.5 * len(long):
        return None
    levels = []
    for a, b in zip(firsts, ends, strict=True):
        level, width = float(r[(a + b) // 2]), float(slack[a])
        levels.append(shortest(level, level - width, level + width))
    if any(b >= a for a, b in pairwise(levels)):
        return None
    factor = _factor(levels)
    to_floor = math.nan
    if math.isnan(factor) and len(levels) > 2 and levels[-1] > 0:
        first = _factor(levels[:-1])
        to_floor = first if levels[-1] > first * levels[-2] else math.nan
    same = factor < 1.0 or to_floor < 1.0
    if max(b / a for a, b in pairwise(levels)) > _LEAST_DROP and not (same and len(levels) > 3):
        return None  # the last printed digit of a smooth curve
    return Stairs(tuple(firsts), tuple(levels), factor, to_floor)


def _factor(levels: list[float]) -> float:
    """Return the common ratio of the levels; a last zero may be a rounded one."""
    seen = levels[:-1] if levels[-1] == 0 and len(levels) > 2 else levels
    if min(seen) <= 0:
        return math.nan
    ratios = [b / a for a, b in pairwise(seen)]
    first = ratios[0]
    if any(abs(ratio - first) > 1e-5 * first for ratio in ratios):
        return math.nan
    return next(
        (rounded(first, d) for d in (1, 2, 3) if abs(rounded(first, d) - first) < 1e-5 * first),
        first,
    )


def milestone(
    before: float, at: float, whole: bool, every: float | None, total: float | None
) -> float:
    """Return the likeliest t of a drop that lies after `before` and at `at` or earlier.

    Args:
        before: t of the last row before the drop.
        at: t of the first row after it.
        whole: whether it is a whole number.
        every: updates in an epoch, if known.
        total: length of the run, if known.
    """
    if not whole or at - before <= 1.0:
        return at
    low, high = math.floor(before) + 1, math.floor(at)
    unit = every if every and every > 1 else None
    if unit:
        epoch = math.floor(high / unit) * unit
        if epoch >= low:
            return float(epoch)
    best = float(high)
    for digits in (1, 2, 3, 4, 5):
        step = 10.0 ** max(0, math.floor(math.log10(high)) + 1 - digits)
        near = math.floor(high / step) * step
        if near >= low:
            best = float(near)
            break
    if total:
        for share in (0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 2 / 3, 8 / 12, 11 / 12, 8 / 9):
            if low <= int(total * share) <= high and digits_of(best) > 2:
                return float(int(total * share))
    return best


def staircase_curve(
    found: Stairs, t: np.ndarray, whole: bool, every: float | None, total: float | None
) -> tuple[RateCurve, dict[str, tuple[float, float]]]:
    """Return the staircase as a curve, and the interval of each milestone and level.

    Args:
        found: its levels.
        t: (rows,), counter minus lag.
        whole: whether milestones are whole numbers.
        every: updates in an epoch, if known.
        total: length of the run, if known.
    """
    values: dict[str, float] = {"peak": found.levels[0]}
    spans: dict[str, tuple[float, float]] = {}
    if not math.isnan(found.factor):
        values["factor"] = found.factor
        spans["factor"] = (found.factor, found.factor)
    drops = []
    rate = found.levels[0]
    for number, (row, level) in enumerate(zip(found.rows[1:], found.levels[1:], strict=True), 1):
        before, at = float(t[row - 1]), float(t[row])
        place = milestone(before, at, whole, every, total)
        low = math.floor(before) + 1.0 if whole else before
        name = f"milestone_{number}"
        values[name], spans[name] = place, (min(low, place), max(at, place))
        rate = rate * found.factor if not math.isnan(found.factor) else level
        if math.isnan(found.factor):
            values[f"rate_{number}"] = level
        drops.append((place, rate if level == 0 else level))
    return RateCurve("constant", values, drops=tuple(drops)), spans


def fits_plateau(
    found: Stairs,
    metrics: Mapping[str, np.ndarray],
    rates: np.ndarray,
    rules: tuple[str, ...] = ("torch", "keras"),
) -> tuple[str, str, int, int] | None:
    """Return (metric, rule, least and largest patience) of a plateau rule that drops just there.

    The rules are torch's (threshold 1e-4 of the best) and Keras' (min_delta 1e-4); a row's metric
    decides the rate of the next row.

    Args:
        found: levels of the rates.
        metrics: name -> (rows,), what the rule may have watched.
        rates: (rows,), rates as logged.
        rules: the rules to try, the likeliest first.
    """
    wanted = set(found.rows[1:])
    last = max(wanted) if _stays(found) else len(rates)
    order = sorted(metrics, key=lambda name: (not name.startswith(("val", "eval")), name))
    for name in order:
        column = np.asarray(metrics[name], dtype=np.float64)
        if len(column) != len(rates) or np.isnan(column).any():
            continue
        high_is_good = any(word in name.lower() for word in ("acc", "map", "auc", "f1", "reward"))
        series = -column if high_is_good else column
        for rule in rules:
            for cooldown in _COOLDOWNS:
                fits = [
                    n
                    for n in range(min(_MOST_PATIENCE, len(rates)))
                    if {d for d in _drops(series, rule, n, cooldown) if d <= last} == wanted
                ]
                if fits:
                    return name, rule, min(fits), max(fits)
    return None


def _stays(found: Stairs) -> bool:
    """Return whether later drops would not be seen: a floor, or rates too low to be lowered."""
    factor, low = found.factor, found.levels[-1]
    at_floor = math.isnan(factor) or low > factor * found.levels[-2] * (1.0 + _SAME)
    return at_floor or low * (1.0 - factor) <= _UNSEEN


def _drops(series: np.ndarray, rule: str, patience: int, cooldown: int) -> set[int]:
    """Return the rows whose rate is the first after a drop, for a metric that should fall."""
    best, waited, resting, rows = math.inf, 0, 0, set()
    for row, value in enumerate(series.tolist()):
        if rule == "keras" and resting:
            resting, waited = resting - 1, 0
        if rule == "keras":
            better = value < best - 1e-4
        else:
            margin = 1e-4 * abs(best) if math.isfinite(best) else 0.0
            better = value < best - margin
        if better:
            best, waited = value, 0
        elif rule == "torch" or not resting:
            waited += 1
        if rule == "torch" and resting:
            resting, waited = resting - 1, 0
        over = waited > patience or (waited >= patience and rule == "keras")
        if over and not better:
            waited, resting = 0, cooldown
            if row + 1 < len(series):
                rows.add(row + 1)
    return rows
