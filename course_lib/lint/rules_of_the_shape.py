"""Rules that look at the shape alone: the warmup, the fall after it, and cycles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.lint.findings import FOOT, NOISE, Finding, Rule, Run
from course_lib.lint.turning_points import rises_again

# Published warmups take 0.1 % to 10 % of a run, and one-cycle, which also rises, 25 to 30 %.
_WARMUP_SHARE = 1 / 3
# Where half of the run has gone by, no recipe is in its warmup. A log of a run that goes on shows
# such a warmup as well, and rates that are near the peak at its end.
_MOST, _COMES_DOWN = 0.5, 0.5
# Adam's first moment (beta 0.9) averages over 10 updates: a shorter warmup ends before it knows
# anything. A tenth of the run is in proportion, however short the run.
_WARMUP_LEAST, _WARMUP_FAIR_SHARE = 10, 0.1
# ResNet-50 first divides by 10 after a third of its run; a quarter is earlier than any recipe.
_EARLY_SHARE, _EARLY_LEFT = 0.25, 0.1
# 1/t, optimal on a noisy quadratic, loses 90 % early too, but only halves while t doubles; any
# exponential and any drop by 10 that do so fall by more than 3.
_STEEP = 3.0
# A cosine has made 15 % of its way after a quarter of the time (6 % where it is cut early), a
# triangle 25 %; and it starts from the foot with steps far smaller than its largest.
_FLAT_FOOT, _GENTLE = 0.2, 0.5
# Of three updates a half-cosine has 50 % of its way behind it after two, and so has a triangle.
_CURVE_LEAST = 4
# Rises that are meant to be are as long as the fall only by chance; the mirror image always is.
_MIRROR_SLACK = 0.1
# A few updates left over when a run is no whole number of cycles are not worth a word, nor are
# waves of a tenth of the peak.
_CUT_LEAST, _CUT_HEIGHT = 0.25, 0.1


def _warmup(run: Run) -> Iterator[Finding]:
    steps, updates = run.warmup_steps, max(run.rates.size, run.total_steps)
    if steps == 0:
        return
    rises_to_the_end = steps == run.rates.size - 1
    # An exponential warmup is near its end long before it is there.
    long = int(np.argmax(run.rates >= (1 - FOOT) * run.top)) if rises_to_the_end else steps
    if long > _WARMUP_SHARE * updates and not rises_again(run.rates, NOISE * run.top):
        comes_down = run.rates[-1] <= _COMES_DOWN * run.top
        most = long >= _MOST * updates and (rises_to_the_end or comes_down)
        yield Finding(
            "mostly-warmup" if most else "warmup-too-long",
            0,
            long,
            f"{_reached(run, long, updates)}, after {100 * long / updates:.0f} % of the run.",
            "Shorten the warmup to at most a tenth of the run, unless the rise is the purpose, as "
            "in a range test.",
        )
    # Warming up over W updates reaches the peak at step W - 1 or at step W.
    if steps + 1 < min(_WARMUP_LEAST, _WARMUP_FAIR_SHARE * updates):
        yield Finding(
            "warmup-too-short",
            0,
            steps,
            f"{_reached(run, steps, updates)}, which is too few updates for a warmup to do "
            "anything.",
            f"Give the warmup at least {_WARMUP_LEAST} updates, or leave it out.",
        )


def _reached(run: Run, step: int, updates: int) -> str:
    return f"the rate first reaches {run.rates[step]:.4g} at step {step} of {updates}"


def _early_drop(run: Run) -> Iterator[Finding]:
    quarter = int(_EARLY_SHARE * run.rates.size)
    peak = int(np.argmax(run.rates))
    dropped = int(np.flatnonzero(run.rates > _EARLY_LEFT * run.top * (1 + NOISE))[-1]) + 1
    if dropped >= quarter or not _falls_steeply(run.rates[peak : quarter + 1]):
        return
    yield Finding(
        "early-drop",
        dropped,
        run.rates.size - 1,
        f"from step {dropped} on, {100 * dropped / run.rates.size:.0f} % into the run, the rate "
        f"stays at or below {run.rates[dropped]:.4g}, a tenth of its peak of {run.top:.4g}.",
        "Decay later or less: multiply the decay steps, or the milestones, by updates per epoch "
        "if they were meant as epochs.",
    )


def _falls_steeply(rates: np.ndarray) -> bool:
    """Whether the rate falls by more than `_STEEP` while the time since the peak doubles."""
    t = np.arange(rates.size // 2)
    return bool((rates[t] > _STEEP * rates[2 * t + 1]).any())


def _climbs_back(run: Run) -> Iterator[Finding]:
    first = _first_wave(run)
    if first is None:
        return
    rates, turns = run.planned, run.turns
    foot, top = turns[first + 1], turns[first + 2]
    climbs = (len(turns) - first - 1) // 2
    others = f", the first of {climbs} climbs" if climbs > 1 else ""
    yield Finding(
        "climbs-back",
        foot,
        top,
        f"from {rates[foot]:.4g} at step {foot} the rate climbs back along the cosine that it came "
        f"down, to {rates[top]:.4g} at step {top}{others}.",
        "Make T_max the number of times that the scheduler steps in the run; for cycles on "
        "purpose, use restarts or triangles.",
    )


def _first_wave(run: Run) -> int | None:
    """Return which turn is the top of a fall whose mirror image follows; None without one."""
    rates, turns = run.planned, run.turns
    if len(turns) < 3:
        return None
    first = 0 if rates[turns[1]] < rates[turns[0]] else 1
    if len(turns) < first + 3 or not _is_mirrored(rates, *turns[first : first + 3]):
        return None
    rise, fall = turns[first], turns[first + 1] - turns[first]
    # A wave that begins at its foot is meant to climb: its first rise is the image of its falls.
    begins_at_foot = first == 1 and 0.8 * fall < rise < 1.25 * fall
    return None if begins_at_foot and _has_flat_foot(rates[: rise + 1]) else first


def _is_mirrored(rates: np.ndarray, start: int, foot: int, top: int) -> bool:
    """Return whether the rise from `foot` is the mirror image of a fall with a flat foot."""
    rise, fall = rates[foot : top + 1], rates[start : foot + 1][::-1]
    steps = len(rise) - 1
    if steps < _CURVE_LEAST:
        return top == len(rates) - 1 and _ends_past_foot(rise, fall)
    # The height just below the top, because a top may fall between two steps.
    high = rise[-1] - 0.02 * (rise[-1] - rise[0])
    there, back = np.flatnonzero(fall >= high), int(np.argmax(rise >= high))
    if not there.size or abs(int(there[0]) - back) > max(1.5, _MIRROR_SLACK * steps):
        return False
    return _has_flat_foot(rise)


def _ends_past_foot(rise: np.ndarray, fall: np.ndarray) -> bool:
    """Return whether a rise too short to have a shape goes back along a fall with a flat foot."""
    steps = len(rise) - 1
    if len(fall) <= max(_CURVE_LEAST, steps + 1) or not _has_flat_foot(fall):
        return False
    # The foot of the cosine may lie between two steps.
    images = (fall[1 + shift : 1 + shift + steps] for shift in (-1, 0, 1))
    slack = _MIRROR_SLACK * (rise[-1] - rise[0])
    return any(np.abs(rise[1:] - image).max() <= slack for image in images)


def _has_flat_foot(rise: np.ndarray) -> bool:
    height = rise[-1] - rise[0]
    quarter = rise[(len(rise) - 1) // 4] - rise[0]
    first, largest = rise[1] - rise[0], np.diff(rise).max()
    return bool(quarter < _FLAT_FOOT * height and first <= _GENTLE * largest)


def _cycle_cut(run: Run) -> Iterator[Finding]:
    rates, turns = run.planned, run.turns
    if len(turns) < 4 or rates[-1] <= rates[-2] or _first_wave(run) is not None:
        return
    foot, last = turns[-2], turns[-1]
    height = rates[turns[-3]] - rates[foot]
    if height < _CUT_HEIGHT * run.top:
        return
    if last - foot >= 2 and rates[last] - rates[foot] >= _CUT_LEAST * height:
        yield Finding(
            "cycle-cut",
            foot,
            last,
            f"the run ends while the rate rises, at {rates[last]:.4g}, {last - foot} updates after "
            f"the foot of {rates[foot]:.4g}.",
            "Make the run a whole number of cycles, so that it ends at a foot.",
        )


RULES_OF_THE_SHAPE: tuple[Rule, ...] = (_warmup, _early_drop, _climbs_back, _cycle_cut)
