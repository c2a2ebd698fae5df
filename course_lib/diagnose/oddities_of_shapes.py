"""Oddities of the curve: warmup, decay, and how the run ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.diagnose.evidence import SAME, Evidence, count
from course_lib.diagnose.identification import Oddity

# Published warmups take 0.1 % to 10 % of a run; one-cycle, which also rises, 25 to 30 %.
_LONG, _TOO_LONG = 1 / 3, 0.5
_ROWS_IN_WARMUP = 5
_STARTS_HIGH = 0.05
# A cosine to 0 is below a hundredth of its peak for 6 % of the run.
_USELESS, _USELESS_SHARE, _WASTED_SHARE = 0.01, 0.1, 0.25
_AT_FLOOR, _MOSTLY_AT_FLOOR = 0.3, 0.5
_EARLY, _DROP = 0.1, 1 / 3
_LEG = 0.4  # both legs of a triangle take at least this much of the run


def warmup_long(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the warmup takes much of the run, or more than that."""
    warmup, cycle = case.warmup, "cycle" in case.families
    if warmup <= 0 or case.constant:
        return
    rising = case.rise == case.rates[case.last_run].size - 1
    least = ""
    if rising and not case.warmup_is_told:
        if not case.is_checkpoint or case.end is None:
            return  # `ends_rising` says so, or the run may have just begun
        warmup, least = case.done, "at least "
    if rising and case.done < warmup and not case.is_checkpoint:
        share = 100 * case.rates[-1] / case.peak
        yield case.oddity(
            "run-shorter-than-warmup",
            f"The warmup takes {case.many(warmup)}, but the file ends after "
            f"{case.many(case.done)}, when the rate has reached {share:.3g} % of its peak.",
            problem=True,
        )
        return
    end = min((e for e in (case.run_end, case.schedule_end) if e), default=case.done)
    share = warmup / end
    if share > _LONG and not (cycle and share <= _TOO_LONG):
        yield case.oddity(
            "warmup-long",
            f"The warmup covers {least}{100 * min(share, 1):.3g} % of the run, {warmup:,.6g} of "
            f"{case.many(end)}.",
            case.starts[-1],
            case.starts[-1] + case.rise + 1,
            problem=share > _TOO_LONG,
        )


def ends_rising(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the run ends while the rate still rises and nothing tells the warmup."""
    if case.warmup_is_told or case.is_checkpoint or case.rates.size < 2:
        return
    rates = case.rates[case.last_run]
    if rates.size > 1 and (np.diff(rates) > case.tolerance).all():
        planned = case.number("warmup_epochs", "warmup_steps", "warmup_iters")
        of = f" (its settings say {case.many(planned)})" if planned else ""
        yield case.oddity(
            "run-shorter-than-warmup",
            f"All {rates.size} rows rise, so the file ends in the warmup{of}, at a rate of "
            f"{rates[-1]:.4g}.",
            case.starts[-1],
            problem=True,
        )


def decay_not_seen(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if no row shows a decay after the warmup."""
    rates = case.rates[case.last_run]
    if rates.size < 2 or case.constant or rates[-1] < rates.max() - case.tolerance:
        return
    if case.rise == 0 or (np.diff(rates) < -case.tolerance).any():
        return
    stays = rates.size - 1 - case.rise
    rest = f"the last {count(stays, 'row')} stay there" if stays else "the file ends there"
    yield case.oddity(
        "decay-not-seen",
        f"No row shows a decay: the rate rises to {rates[-1]:.4g} at "
        f"{case.where(case.starts[-1] + case.rise)}, and {rest}, so whether it was to fall later, "
        "and how, cannot be told.",
        case.starts[-1],
    )


def warmup_not_told(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if every row is in the decay of a line, so that its warmup is free."""
    known = case.parameter("warmup_steps")
    if case.constant or case.rise or len(case.found.parts) != 1 or "linear" not in case.families:
        return
    if case.log.unit == "environment step" or case.at[0] > 2.5 * case.interval + 1:
        return  # a file that begins in mid-run has an oddity of its own
    open_ended = known is not None and known.high > known.low
    none = known is None or known.value == 0
    if (open_ended or none) and case.rates[0] < case.peak * (1 - SAME):
        yield case.oddity(
            "warmup-not-told",
            "Every row is in the linear decay, so only its slope and its end are fixed: a warmup "
            f"of up to {case.many(max(0.0, float(case.at[0]) - 1))} to a higher peak would look "
            "the same.",
        )


def warmup_in_few_rows(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if only some rows show the warmup."""
    if case.warmup <= 1 or case.log.unit == "epoch" or case.rates[case.last_run].size < 2:
        return
    interval = float(np.diff(case.at[case.last_run][:2])[0])
    if interval < 2:
        return
    rows = int(np.count_nonzero(case.at[case.last_run] <= case.warmup))
    if rows <= _ROWS_IN_WARMUP and case.at[0] < case.warmup:
        yield case.oddity(
            "warmup-in-few-rows",
            f"{count(rows, 'row')} {'shows' if rows == 1 else 'show'} the warmup, one every "
            f"{case.many(interval)}: a staircase with steps of that length would look the "
            "same.",
            case.starts[-1],
            case.starts[-1] + max(rows, 1),
        )


def warmup_start(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the warmup does not begin at 0 or at peak / warmup."""
    if case.rise == 0 or case.at[0] > 1 or case.warmup <= 0 or case.part is None:
        return
    t, first = float(case.at[0] - case.part.lag), float(case.rates[0])
    share = first / case.peak
    if first == 0 or (case.log.unit == "epoch" and (t != 0 or share < _STARTS_HIGH)):
        return  # the row is for the whole epoch, or its start is low enough to be called 0
    usual = [(t + k) / case.warmup for k in (0, 1)]
    if any(abs(share - value) <= 1e-6 + 1e-4 * value for value in usual):
        return
    inverse = 1 / share if share > 0 else 0.0
    told = f"{100 * share:.3g} % of the peak"
    if inverse > 2 and abs(inverse - round(inverse)) < 1e-6 * inverse:
        told = f"1/{round(inverse)} of the peak"
    yield case.oddity(
        "warmup-start",
        f"The warmup starts at {first:.4g}, {told}, neither at 0 nor at 1/{case.warmup:.6g}.",
        0,
        1,
    )


def warmup_cosine(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the rise is half a cosine, not a line."""
    if case.rise < 4:
        return
    first = case.starts[-1]
    t, rates = case.at[first : first + case.rise + 1], case.rates[first : first + case.rise + 1]
    line = np.abs(np.polyval(np.polyfit(t, rates, 1), t) - rates).max()
    if line < 0.02 * case.top:
        return
    best = np.inf
    # The top of the cosine may lie between the last two rows of the rise, or after them.
    for end in np.linspace(t[-2], t[-1] + 2 * case.interval, 61):
        bend = np.cos(np.pi * np.minimum(t / end, 1.0))
        fit = np.polyval(np.polyfit(bend, rates, 1), bend)
        best = min(best, float(np.abs(fit - rates).max()))
    if best < 0.1 * line:
        yield case.oddity(
            "warmup-cosine",
            f"The rise over {count(rates.size, 'row')} is half a cosine from {rates[0]:.3g} to "
            f"{rates[-1]:.3g}, not a line (a line misses by {100 * line / case.top:.2g} %).",
            first,
            first + case.rise + 1,
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
    if (np.diff(rates[case.rise : low + 1]) > case.tolerance).any():
        return  # it has climbed before: a cycle
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
    drops = np.flatnonzero(np.diff(case.rates) < -case.tolerance) + 1
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
    warmup_long,
    ends_rising,
    decay_not_seen,
    warmup_not_told,
    warmup_in_few_rows,
    warmup_start,
    warmup_cosine,
    triangle,
    useless_tail,
    long_floor,
    early_drop,
    last_rate,
    rises_at_the_end,
    plateau,
)
