"""Oddities of the warmup: its length, its start, its shape, and rises that nothing follows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.diagnose.identification import Oddity
from course_lib.diagnose.oddities.evidence import SAME, Evidence, count, plain

# Published warmups take 0.1 % to 10 % of a run; one-cycle, which also rises, 25 to 30 %.
_LONG, _TOO_LONG = 1 / 3, 0.5
_ROWS_IN_WARMUP = 5
_LEAST_RISE = 3  # rows that rise before they are called a warmup where no curve says so
_STARTS_AT_ZERO, _STARTS_HIGH = 1e-3, 0.05


def warmup_long(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the warmup takes much of the run, or more than that."""
    warmup, cycle = case.warmup, "cycle" in case.families
    if warmup <= 0 or case.constant:
        return
    if case.parameter("warmup_steps") is None and case.rise < _LEAST_RISE:
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
    # Of a schedule in several parts, the last one's end is not the run's.
    ends = (case.run_end, case.schedule_end if case.is_whole else None)
    end = min((e for e in ends if e), default=case.done)
    share = warmup / end
    if share > _LONG and not (cycle and share <= _TOO_LONG):
        yield case.oddity(
            "warmup-long",
            f"The warmup covers {least}{100 * min(share, 1):.3g} % of the run, {plain(warmup)} of "
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
    if share < _STARTS_AT_ZERO or "yolo" in case.families:
        return
    if case.log.unit == "epoch" and (t != 0 or share < _STARTS_HIGH):
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


def warmup_curved(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the rise is half a cosine or a parabola, not a line."""
    if case.rise < 4:
        return
    first = case.starts[-1]
    t, rates = case.at[first : first + case.rise + 1], case.rates[first : first + case.rise + 1]
    line = _miss(t, rates)
    if line < 0.02 * case.top:
        return
    # The top of the cosine may lie between the last two rows of the rise, or after them.
    ends = np.linspace(t[-2], t[-1] + 2 * case.interval, 61)
    cosine = min(_miss(np.cos(np.pi * np.minimum(t / end, 1.0)), rates) for end in ends)
    # The last row of the rise may be the first of the decay.
    cycle = "one cycle" in case.families
    square = np.inf if case.rise <= 4 or cycle else _miss_of_parabola(t[:-1], rates[:-1])
    best = min(cosine, square)
    if best < 0.1 * line:
        shape = "half a cosine" if cosine <= square else "a parabola, (t / W)**2"
        yield case.oddity(
            "warmup-cosine" if cosine <= square else "warmup-quadratic",
            f"The rise over {count(rates.size, 'row')} is {shape}, from {rates[0]:.3g} to "
            f"{rates[-1]:.3g}, not a line (a line misses by {100 * line / case.top:.2g} %).",
            first,
            first + case.rise + 1,
        )


def _miss(t: np.ndarray, rates: np.ndarray) -> float:
    """Return the largest difference of rates from the best a + b t."""
    return float(np.abs(np.polyval(np.polyfit(t, rates, 1), t) - rates).max())


def _miss_of_parabola(t: np.ndarray, rates: np.ndarray) -> float:
    """Return the same for a parabola that is flat where the rise begins; inf for any other."""
    bend, slope, start = np.polyfit(t, rates, 2)
    if bend <= 0 or abs(-slope / (2 * bend) - t[0]) > 2.5 * (t[1] - t[0]):
        return np.inf
    return float(np.abs(np.polyval((bend, slope, start), t) - rates).max())


RULES_OF_WARMUPS = (
    warmup_long,
    ends_rising,
    decay_not_seen,
    warmup_not_told,
    warmup_in_few_rows,
    warmup_start,
    warmup_curved,
)
