"""Rules that find where the rate leaves its curve from one update to the next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.lint.findings import FOOT, NOISE, Finding, Rule, Run

# A change that goes on at the pace of the one beside it is no jump, however large its factor: a
# linear decay to 0 ends in one.
_SAME_PACE = 2.0
# Within a curve a change is at most 2.4 times the next one (the square root of 1-sqrt, whose first
# step is its steepest); behind a resume or a badly joined phase it is some hundred times as large.
_APART = 5.0
# A resume with 11 % more updates left than before falls by some percent; a staircase has no such
# small steps in the middle of a curve.
_FALL, _RISE = 1.05, 1.2
# timm without warmup_prefix falls by 2.4 % where a warmup of a tenth of the run ends.
_WARMUP_FALL, _LARGEST_TO_A_LEVEL, _WARMUP_LEAST, _STAIRS = 1.03, 2.0, 3, 2
# The first of two updates of a restarted cosine is twice the second; an optimizer's own rate before
# a warmup is at least five times what follows.
_SPIKE, _SPIKE_LEVEL, _SPIKE_RUN, _REACHED_AGAIN = 2.5, 1.2, 10, 0.9
# At its foot a cosine makes a third of the change that it made in as many updates before.
_SLOWER = 0.75
# A resume to a higher stage of a staircase holds it for longer than a cycle holds its top.
_CYCLE_HOLDS = 0.1
# A first level that is held for longer is no warmup.
_LONGEST_LEVEL = 1 / 3


def _jump(run: Run) -> Iterator[Finding]:
    levels = run.levels
    down = levels[:-1] / levels[1:]
    # Upwards, only beyond what has been trained at before: a restart returns to a known rate.
    up = levels[1:] / np.maximum.accumulate(levels)[:-1]
    # Near 0 any factor may be the last step of a fall, or the first of a rise, at an even pace.
    change = run.changes
    down[1:][-change[1:] <= -_SAME_PACE * change[:-1]] = 1.0
    up[:-1][change[:-1] <= _SAME_PACE * change[1:]] = 1.0
    # A rise from the first level is a warmup: in one step, a step an epoch, or constant. A log with
    # few rows may have no more than one of a long warmup, and one of a cooldown.
    up[: 1 + _first_level(run)] = down[-1:] = 1.0
    factors = np.maximum(down, up)
    jumps = np.flatnonzero(factors > run.max_jump)
    if jumps.size:
        t = int(np.argmax(factors))
        others = f", the largest of {jumps.size} jumps" if jumps.size > 1 else ""
        yield Finding(
            "jump",
            t,
            t + 1,
            f"from step {t} to step {t + 1} the rate goes from {run.rates[t]:.4g} to "
            f"{run.rates[t + 1]:.4g}, more than a factor of {run.max_jump:g}{others}.",
            "Check that each phase starts at the rate where the one before it ends.",
        )


def _first_level(run: Run) -> int:
    """Return the steps for which the first rate is held; 0 where they are a third or more."""
    held = int(np.argmax(run.rates != run.rates[0]))
    return held - 1 if 1 <= held <= _LONGEST_LEVEL * run.rates.size else 0


def _drop_after_warmup(run: Run) -> Iterator[Finding]:
    rates, end = run.rates, run.warmup_steps
    if end < _WARMUP_LEAST or end + 2 >= rates.size:
        return
    drop, next_change = rates[end] - rates[end + 1], run.changes[end + 1]
    if not _WARMUP_FALL * rates[end + 1] <= rates[end] <= run.max_jump * run.levels[end + 1]:
        return
    if drop <= _APART * abs(next_change):
        return
    # A steep 1/t or exponential falls most in its first step, but by similar factors in the next.
    factors = run.levels[end : end + 2] / run.levels[end + 1 : end + 3]
    if np.log(factors[0]) <= _APART * abs(np.log(factors[1])):
        return
    # A staircase of equal steps falls as much again, and again.
    if np.count_nonzero(run.changes[end + 1 :] <= -(1 - FOOT) * drop) >= _STAIRS:
        return
    # A staircase may drop right after the warmup, to a level that is held.
    if rates[end] > _LARGEST_TO_A_LEVEL * rates[end + 1] and not _moves(run, end, +1):
        return
    yield Finding(
        "drop-after-warmup",
        end,
        end + 1,
        f"the warmup ends at {rates[end]:.4g} at step {end} and the next rate is "
        f"{rates[end + 1]:.4g}, {100 * drop / rates[end]:.0f} % lower.",
        "Begin the decay where the warmup ends: its progress counts from there, not from step 0 "
        "(timm: warmup_prefix=True).",
    )


def _spike(run: Run) -> Iterator[Finding]:
    levels = run.levels
    if levels.size < _SPIKE_RUN:
        return
    around = np.concatenate(([0.0], levels[:-1]))
    alone = np.flatnonzero(
        (levels[:-2] >= _SPIKE * np.maximum(around[:-2], levels[1:-1]))
        & (levels[1:-1] < _SPIKE_LEVEL * levels[2:])
    )
    if alone.size != 1:  # cycles of a few updates have many
        return
    step = int(alone[0])
    if step > 0 and run.rates[step + 1 :].max() > _REACHED_AGAIN * run.rates[step]:
        return
    yield Finding(
        "spike",
        step,
        step,
        f"the rate is {run.rates[step]:.4g} for one update, at step {step}, and "
        f"{run.rates[step + 1]:.4g} at the next.",
        "Set the scheduler's rate before that update: a new or restored optimizer has its own.",
    )


def _broken_curve(run: Run) -> Iterator[Finding]:
    breaks = [*_falls_off(run), *_climbs_off(run)]
    if not breaks:
        return
    step = max(breaks, key=lambda i: abs(run.changes[i]))
    before, after = run.rates[step], run.rates[step + 1]
    verb = "falls" if after < before else "rises"
    low = max(min(before, after), FOOT * run.top)
    others = f", the largest of {len(breaks)} breaks" if len(breaks) > 1 else ""
    yield Finding(
        "broken-curve",
        step,
        step + 1,
        f"from step {step} to step {step + 1} the rate {verb} from {before:.4g} to {after:.4g}, by "
        f"a factor of {max(before, after) / low:.3g}, and goes on from there{others}.",
        "If the run was resumed there, restore the scheduler's state after building it, and keep "
        "its length.",
    )


def _apart(run: Run) -> np.ndarray:
    """Return the steps (n,) after which the rate changes far more than before and after."""
    size = np.abs(run.changes)
    if size.size < 5:
        return np.array([], dtype=int)
    beside = np.maximum(size[1:-3], size[3:-1])
    found = 2 + np.flatnonzero(size[2:-2] > _APART * beside)
    return found[size[found] > NOISE * run.top]


def _falls_off(run: Run) -> list[int]:
    """Return the steps after which a curve goes on lower, in the middle of its way."""
    levels, found = run.levels, _apart(run)
    factors = levels[found] / levels[found + 1]
    fell = found[(factors > _FALL) & (factors <= run.max_jump) & (found != run.warmup_steps)]
    # A sawtooth falls again and again.
    if _is_periodic(fell, run.warmup_steps):
        return []
    return [
        i
        for i in fell.tolist()
        if _moves(run, i, -1) and _moves(run, i, +1) and not _starts_cycle(run, i)
    ]


def _climbs_off(run: Run) -> list[int]:
    """Return the steps after which the rate goes on higher, though no cycle begins."""
    levels, found = run.levels, _apart(run)
    before = np.maximum.accumulate(run.rates)[found]
    known = run.rates[found + 1] <= (1 + NOISE) * before
    rose = found[known & (levels[found + 1] > _RISE * levels[found])]
    if _is_periodic(rose, run.warmup_steps):
        return []
    return [i for i in rose.tolist() if not _starts_cycle(run, i)]


def _is_periodic(steps: np.ndarray, start: int) -> bool:
    """Return whether cycles of equal or geometrically growing lengths end at two steps or more."""
    if steps.size < 2:
        return False
    ends = np.concatenate(([start], steps + 1)).astype(float)
    lengths = np.diff(ends)
    ratios = lengths[1:] / lengths[:-1]
    return bool(np.all(np.abs(ratios - np.median(ratios)) <= 0.1 * ratios + 2 / lengths[:-1]))


def _moves(run: Run, step: int, side: int) -> bool:
    """Return whether the rate moves at most of the updates on one side; a staircase rests."""
    window = max(2, run.rates.size // 100)
    first = max(0, step - window) if side < 0 else step + 1
    changes = run.changes[first : step if side < 0 else step + 1 + window]
    resting = np.count_nonzero(np.abs(changes) <= 1e-15 * run.top)
    return bool(2 * resting < changes.size and abs(changes.sum()) > NOISE * run.top)


def _starts_cycle(run: Run, step: int) -> bool:
    """Return whether a curve has come to its foot at `step`, and a new cycle begins after it."""
    rates, changes = run.rates, run.changes
    at_foot = (
        rates[step] <= max(-1.5 * changes[step - 1], 2 * FOOT * run.top)
        or _slows_down(rates[: step + 1], 1)
        or _slows_down(rates[: step + 1], max(2, rates.size // 50))
    )
    ahead = rates[step + 1 : step + 2 + max(2, int(_CYCLE_HOLDS * rates.size))]
    if not at_foot or np.ptp(ahead) <= NOISE * run.top:
        return False
    after, after_next = changes[step + 1], changes[step + 2]
    at_peak = rates[step + 1] >= 0.95 * rates[: step + 1].max()
    return bool(after > 0 or at_peak or after_next < 2 * after < 0)


def _slows_down(rates: np.ndarray, steps: int) -> bool:
    """Return whether the last `steps` changes add up to far less than as many before them."""
    if rates.size <= 2 * steps:
        return False
    last, middle, first = rates[-1], rates[-1 - steps], rates[-1 - 2 * steps]
    return bool(abs(middle - last) <= _SLOWER * abs(first - middle))


RULES_OF_BREAKS: tuple[Rule, ...] = (_jump, _drop_after_warmup, _spike, _broken_curve)
