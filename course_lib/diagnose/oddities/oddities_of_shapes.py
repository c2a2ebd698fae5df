"""Oddities of the decay, and of the way a run ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.diagnose.identification import Oddity
from course_lib.diagnose.oddities.evidence import SAME, Evidence

# A cosine to 0 is below a hundredth of its peak for 6 % of the run.
_USELESS, _USELESS_SHARE, _WASTED_SHARE = 0.01, 0.1, 0.25
_AT_FLOOR, _MOSTLY_AT_FLOOR = 0.3, 0.5
_EARLY, _DROP = 0.1, 1 / 3
_LEG = 0.4  # both legs of a triangle take at least this much of the run


def by_epoch(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if a log of updates has rates that change only between epochs."""
    epochs = case.log.epochs
    if case.log.unit != "update" or epochs is None or case.constant:
        return
    whole = np.floor(epochs[case.rows])
    changes = np.abs(np.diff(case.rates)) > case.tolerance
    new = np.diff(whole) != 0
    rows_in_epoch = case.rates.size / max(1, np.unique(whole).size)
    if rows_in_epoch < 3 or changes.sum() < 3 or (changes & ~new).any():
        return
    yield case.oddity(
        "by-epoch",
        f"The rate changes only between epochs, {int(changes.sum())} times in "
        f"{np.unique(whole).size} epochs: the scheduler is stepped once an epoch.",
    )


def triangle(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if rise and fall both take much of the run."""
    size = case.rates[case.last_run].size
    if case.rise < 2 or size < 6 or not case.smooth:
        return
    first = case.starts[-1]
    up, down = case.rise / (size - 1), 1 - case.rise / (size - 1)
    still = case.rates[first + case.rise] > 1.5 * case.rates[-1]
    if min(up, down) >= _LEG and still and case.share(first, first + case.rise) >= _LEG:
        yield case.oddity(
            "triangle",
            f"The rate rises for {100 * up:.0f} % of the rows and falls for {100 * down:.0f} %, so "
            "the curve looks like a triangle or a one-cycle.",
            first,
        )


def useless_tail(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the last part of the run is below a hundredth of the highest rate."""
    low = case.rates < _USELESS * case.top * (1 - SAME)
    if not low[-1] or case.rates[-1] <= 0:
        return
    first = int(np.flatnonzero(~low)[-1]) + 1
    share = case.share(first, case.rates.size)
    if share >= _USELESS_SHARE:
        plateau = " by a plateau rule without min_lr" if "plateau" in case.families else ""
        yield case.oddity(
            "useless-tail",
            f"The last {case.rates.size - first} of {case.rates.size} rows are below 1 % of the "
            f"highest rate, down to {case.rates[-1]:.3g}{plateau}: they change almost nothing.",
            first,
            problem=share >= _WASTED_SHARE,
        )


def long_floor(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the run stays at its lowest rate after a smooth decay."""
    if case.constant or not case.smooth:
        return
    start = case.starts[-1] + case.rise  # a warmup may well begin below the floor
    falling = case.rates[start:]
    at_floor = falling <= falling.min() + 1e-4 * SAME * case.top
    moved = np.flatnonzero(~at_floor)
    first = start + (int(moved[-1]) + 1 if moved.size else 0)
    rows = case.rates.size - first
    if rows < 2 or case.rates[-1] <= 0:
        return
    share = case.share(first, case.rates.size)
    cooldown = case.number("cooldown_epochs")
    if share < _AT_FLOOR:
        asked = f" (the settings ask for {cooldown:g} of cooldown)" if cooldown else ""
        yield case.oddity(
            "cooldown-tail",
            f"The last {rows} rows stay at the floor of {case.rates[-1]:.4g}{asked}.",
            first,
        )
    else:
        yield case.oddity(
            "long-floor",
            f"The last {rows} of {case.rates.size} rows, {100 * share:.3g} % of the run, stay at "
            f"the floor of {case.rates[-1]:.4g}, {100 * case.rates[-1] / case.peak:.3g} % of the "
            "peak.",
            first,
            problem=share >= _MOSTLY_AT_FLOOR,
        )


def early_drop(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the last drop of a step schedule comes very early."""
    if case.constant or case.smooth or case.rise or len(case.starts) > 1:
        return
    drops = np.flatnonzero(np.diff(case.rates) < -case.tolerance) + 1
    if not drops.size or (np.diff(case.rates) > case.tolerance).any():
        return
    last = int(drops[-1])
    left = case.rates[-1] / case.top
    share = case.share(last, case.rates.size)
    if share >= 1 - _EARLY and left <= _DROP and case.rates.size - last > 5:
        yield case.oddity(
            "early-drop",
            f"The {'only drop is' if drops.size == 1 else 'last drop is'} at {case.where(last)}: "
            f"{case.rates.size - last} of {case.rates.size} rows "
            f"({100 * share:.3g} % of the run) are at {case.rates[-1]:.4g}, "
            f"{100 * left:.3g} % of the first rate.",
            last,
            problem=True,
        )


def last_rate(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity that says where a complete decay ends."""
    rates = case.rates[case.last_run]
    if case.constant or rates.size < 2 or rates[-1] >= rates.max() - case.tolerance:
        return
    if not case.smooth and rates.size > 4:
        return
    if not (case.complete or (case.complete is None and rates[-1] == 0)):
        return
    if case.run_end and case.schedule_end and case.schedule_end > 1.02 * case.run_end:
        return
    share = rates[-1] / case.peak
    left = 0.0 if case.end is None else max(0.0, case.end - float(case.at[-1]))
    if rates[-1] == 0:
        where = "exactly 0"
    elif (floor := case.parameter("floor")) and rates[-1] <= floor.value * (1 + 1e-4):
        where = f"{share:.2g} of the peak, the floor"
    elif left <= 1 and case.log.unit != "environment step":
        where = f"{share:.2g} of the peak, one {case.log.unit} before the end"
    else:
        where = f"{share:.2g} of the peak, at the last row that the tool logged"
    yield case.oddity(
        "last-rate",
        f"The schedule is complete; the last logged rate is {rates[-1]:.4g} ({where}).",
        case.rates.size - 1,
    )


def rises_at_the_end(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if a smooth decay turns and climbs in the last rows."""
    if any(word in case.families for word in ("cycl", "restart", "triang")):
        return
    rates = case.rates[case.last_run]
    if not case.smooth or rates.size < 5:
        return
    low = int(np.flatnonzero(rates <= rates[case.rise :].min() + 1e-9 * case.top)[-1])
    after = rates[low:]
    # A rise within one rounding step is the log's, and a jump up is a resume's.
    rounding = 2 * case.log.precision.half_width(rates[-1:])[0]
    steps = np.diff(after)
    if after.size < 2 or low < case.rise or (steps <= 0).any():
        return
    climbed = (np.diff(rates[case.rise : low + 1]) > case.tolerance).any()
    if climbed and "climbs again" not in case.families:
        return  # a cycle
    if after[-1] - after[0] <= max(rounding, SAME * case.top) or steps.max() > 0.3 * case.top:
        return
    rows, first = after.size - 1, case.starts[-1] + low + 1
    mirrored = rows == 1 and abs(rates[-1] / rates[-3] - 1) < 0.02
    why = "the curve is past its end"
    if mirrored:
        why = "the scheduler is one step ahead, stepped once before the first row"
    yield case.oddity(
        "one-step-ahead" if mirrored else "rises-at-the-end",
        f"The minimum of {rates[low]:.3g} is at {case.where(first - 1)}, and the last "
        f"{'row rises' if rows == 1 else f'{rows} rows rise'} again to {rates[-1]:.3g}: {why}.",
        first,
        problem=True,
    )


def plateau(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity that says that the drops are those of a plateau rule."""
    if "plateau" not in case.families or case.constant:
        return
    drops = np.flatnonzero(np.diff(case.rates) < -SAME * np.abs(case.rates[:-1])) + 1
    if not drops.size:
        return
    factor = case.rates[drops[0]] / case.rates[drops[0] - 1]
    patience = case.parameter("patience")
    waits = f" and a patience of {patience.value:g}" if patience else ""
    yield case.oddity(
        "plateau",
        f"{'The only drop' if drops.size == 1 else f'All {drops.size} drops'}, by a factor of "
        f"{factor:.3g}, the first at {case.where(int(drops[0]))}, agree"
        f"{'s' * (drops.size == 1)} with a plateau rule{waits}.",
        int(drops[0]),
    )


RULES_OF_SHAPES = (
    by_epoch,
    triangle,
    useless_tail,
    long_floor,
    early_drop,
    last_rate,
    rises_at_the_end,
    plateau,
)
