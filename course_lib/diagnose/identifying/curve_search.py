"""Searches the smooth curve that rows follow: the simplest that fits them all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from course_lib.diagnose.identifying.curve_solving import (
    digits_of,
    misfit,
    reach,
    snap,
    solve,
    squeeze,
)
from course_lib.diagnose.identifying.first_guesses import (
    Outline,
    Rise,
    Spec,
    bodies_of,
    guesses_of,
    outline_of,
    rises_of,
)
from course_lib.diagnose.identifying.rate_curve import EXPONENTIAL_TIMES, TO_DECAY, RateCurve
from course_lib.diagnose.identifying.rate_rows import RateRows


@dataclass(frozen=True, eq=False)
class FoundCurve:
    """A curve that fits a stretch.

    Attributes:
        curve: curve, its values as round as the rows allow.
        free: names of the values that were fitted.
        fits: whether every row is within its slack.
        error: largest difference, as a share of the peak.
        others: other bodies of as few values that fit as well.
    """

    curve: RateCurve
    free: tuple[str, ...]
    fits: bool
    error: float
    others: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """Length of the description: digits of all values, and one more for each value."""
        values = self.curve.values
        lengths = (values.get(name, 0.0) for name in ("warmup_steps", "decay_from", "total_steps"))
        broken = sum(length != round(length) for length in lengths)
        return 4.0 * broken + sum(
            1.0 + _digits(name, value, values) for name, value in values.items()
        )


def _digits(name: str, value: float, values: Mapping[str, float]) -> int:
    if name in ("floor", "warmup_start") and value and values["peak"]:
        return min(digits_of(value), digits_of(value / values["peak"]))
    return digits_of(value)


# Warmups that are told from others only where the decay counts from t = 0.
_OF_DECAY = (TO_DECAY, EXPONENTIAL_TIMES)
_WAVE = 0.02  # no smooth curve comes within 1 % of rows that turn back by this share of the peak
_FURTHEST = 1000.0  # an end that lies so many times further than the rows is not seen in them


def search(s: RateRows) -> FoundCurve | None:
    """Return the simplest smooth curve that fits every row, or the nearest one, or None."""
    thin = s.thinned()
    shape = outline_of(thin)
    rises = rises_of(thin, shape)
    if not rises or _wavers(thin, shape):
        return None
    near: FoundCurve | None = None
    open_ended: list[FoundCurve] = []
    if shape.last_top == len(thin.r) - 1:
        levels: Iterator[list[Spec]] = iter([[("constant", "tied", "none", {})]])
    else:
        levels = bodies_of(thin, shape, bool(shape.top))
    for level in levels:
        fitting = []
        for spec in level:
            for rise in rises:
                if rise[0] in _OF_DECAY and spec[1] != "zero":
                    continue
                found = _attempt(thin, shape, rise, spec)
                if found is None:
                    continue
                if found.fits:
                    fitting.append(found)
                elif near is None or found.error < near.error:
                    near = found
        settled = [found for found in fitting if _settled(found, thin, shape)]
        if settled:
            return _lightest(settled)
        open_ended += fitting
    return _lightest(open_ended) if open_ended else near


def _wavers(s: RateRows, shape: Outline) -> bool:
    """Return whether rows turn by too much for a curve with one rise and one fall to come near."""
    course = np.where(np.arange(1, len(s.r)) <= shape.top, 1.0, -1.0)
    back = -(np.diff(s.r) * course)
    return bool(np.any(back > np.maximum(4.0 * s.slack[1:], _WAVE * s.peak)))


def _lightest(fitting: list[FoundCurve]) -> FoundCurve:
    """Return the curve with the shortest description, and the bodies of the others."""
    best = min(fitting, key=lambda found: found.weight)
    bodies = dict.fromkeys(found.curve.body for found in fitting)
    return replace(best, others=tuple(body for body in bodies if body != best.curve.body))


def _settled(found: FoundCurve, s: RateRows, shape: Outline) -> bool:
    """Return whether nothing speaks for another body: whole lengths, and rows enough after the top.

    A body that has to bend to fit ends at no whole number; one row after the top fits every body.
    """
    v = found.curve.values
    falling = len(s.r) - 1 - shape.last_top
    known = s.total_steps is not None and v.get("total_steps") == s.total_steps
    if found.curve.body != "constant" and falling < 2 and not known:
        return False
    if found.curve.body == "linear" and _is_exact(s):
        return True
    lengths = [v[name] for name in ("warmup_steps", "decay_from", "total_steps") if name in v]
    return not s.whole or all(length == round(length) for length in lengths)


def _is_exact(s: RateRows) -> bool:
    return float(s.slack.max()) < 1e-8 * s.peak


def _attempt(s: RateRows, shape: Outline, rise: Rise, spec: Spec) -> FoundCurve | None:
    warmup, early = rise
    body, _, floor, fixed = spec
    best: tuple[float, RateCurve, tuple[str, ...]] | None = None
    guesses = [(guess, False) for guess in guesses_of(s, shape, early, spec)]
    known = s.total_steps
    if known is not None and not _is_exact(s) and known >= s.t[-1]:
        # Printed digits bound the end loosely: the planned one is tried before any other.
        planned = [g for g, _ in guesses[:1] if "total_steps" in g]
        guesses = [({**g, "total_steps": float(known)}, True) for g in planned] + guesses
    for guess, as_planned in guesses:
        values = {**guess, **early} if body == "constant" else {**early, **guess}
        held = set(fixed) - {"timescale"}
        if as_planned:
            held.add("total_steps")
        if floor == "given":
            held.add("floor")
        if spec[1] == "zero":
            held.add("decay_from")
        free = tuple(name for name in values if name not in held)
        if len(free) + (0 if _is_exact(s) else 1) >= len(s.t):
            continue
        curve = solve(RateCurve(body, values, warmup), free, s.t, s.r, s.slack)
        worst = misfit(curve, s.t, s.r, s.slack)
        if 1.0 < worst < 4.0:
            curve = squeeze(curve, free, s.t, s.r, s.slack)
            worst = misfit(curve, s.t, s.r, s.slack)
        if best is None or worst < best[0]:
            best = worst, curve, free
        if worst <= 1.0:
            break
    if best is None or not math.isfinite(best[0]):
        return None
    worst, curve, free = best
    error = share_of_peak(curve, s)
    if worst > 1.0 and error < 1e-2:
        curve, free, worst = _with_whole_times(s, curve, free, worst)
        error = share_of_peak(curve, s)
    if worst > 1.0:
        return FoundCurve(curve, free, False, error)
    if curve.values.get("total_steps", 0.0) > _FURTHEST * max(1.0, float(s.t[-1])):
        return None
    fitted = free
    hints = tuple(float(x) for x in (s.total_steps,) if x is not None)
    curve, _ = snap(curve, free, s.t, s.r, s.slack, s.whole, hints)
    if spec[1] == "free" and curve.values["decay_from"] > 0:
        curve = replace(curve, title="linear decay" if body == "linear" else body)
    return FoundCurve(curve, fitted, True, share_of_peak(curve, s))


def _with_whole_times(
    s: RateRows, curve: RateCurve, free: tuple[str, ...], worst: float
) -> tuple[RateCurve, tuple[str, ...], float]:
    """Return the curve at the nearest whole lengths, if it fits there."""
    times = [n for n in ("warmup_steps", "decay_from", "total_steps") if n in free]
    if not s.whole or not times:
        return curve, free, worst
    far = reach(curve, free, s.t, s.slack)
    options = [
        {round(curve.values[n] + k) for k in ((-1, 0, 1) if far[n] > 0.05 else (0,))} for n in times
    ]
    held = [dict(zip(times, pick, strict=True)) for pick in _product(options)]
    for values in held:
        rest = tuple(n for n in free if n not in values)
        tried = curve.having(**{k: float(v) for k, v in values.items()})
        tried = solve(tried, rest, s.t, s.r, s.slack, rounds=8)
        now = misfit(tried, s.t, s.r, s.slack)
        if now < worst:
            worst, best = now, tried
            if worst <= 1.0:
                return best, free, worst
    return curve, free, misfit(curve, s.t, s.r, s.slack)


def _product(options: list[set[int]]) -> list[tuple[int, ...]]:
    picks: list[tuple[int, ...]] = [()]
    for option in options:
        picks = [(*pick, value) for pick in picks for value in sorted(option)]
    return picks


def share_of_peak(curve: RateCurve, s: RateRows) -> float:
    """Return the largest difference between curve and rows, as a share of their peak."""
    with np.errstate(all="ignore"):
        far = float(np.abs(curve(s.t) - s.r).max()) / (s.peak or 1.0)
    return far if math.isfinite(far) else math.inf
