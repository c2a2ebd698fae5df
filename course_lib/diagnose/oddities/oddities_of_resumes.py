"""Oddities between rows: skipped updates, and the seams where a run was resumed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from course_lib.diagnose.identification import FittedPart, Oddity
from course_lib.diagnose.oddities.evidence import SAME, Evidence, count, plain

# A seam that changes the rate by less than this is a change of slope.
_JUMP = 0.02
_UNDONE = 1.5
_MOST_RESUMES = 3  # a curve in more parts than these is a schedule of phases
_HIGH, _NEAR = 0.1, 0.05  # shares of the highest rate
_ENOUGH_ROWS = 10


def skipped_updates(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the schedule falls behind the counter."""
    for part in case.found.parts:
        usual = case.log.lags[0] if case.log.lags and case.log.unit == "update" else 1.0
        before = part.lag - max(case.log.lags, default=0.0)
        grown = [lag for _, lag in part.skipped]
        later = (grown[-1] - part.lag) if grown else 0.0
        if case.log.unit == "environment step":
            if grown:
                yield _lag_changes(case, part)
            continue
        if later > 0:
            first = part.skipped[0][0]
            missing = later + max(before, 0.0)
            yield Oddity(
                "skipped-updates",
                f"{count(missing, 'step')} of the scheduler {'is' if missing == 1 else 'are'} "
                f"missing by the last row{_why(case)}: the schedule's lag grows from {part.lag:g} "
                f"to {grown[-1]:g}, first at {case.log.unit} {case.log.at[first]:g}.",
                first,
                part.end,
            )
        elif before > 0:
            yield Oddity(
                "skipped-updates",
                f"The schedule is {count(part.lag, 'step')} behind the counter from the first row "
                "on, more than the tool's own lag: mixed precision skipped the first updates, or "
                "the counter started before the scheduler.",
                part.first,
                part.end,
            )
        elif part.lag == 1 > usual or (part.lag == 1 and _either(case)):
            yield Oddity(
                "skipped-updates",
                f"The schedule is {count(part.lag, 'step')} behind the counter from the first row "
                "on: the tool logged before the scheduler's step, or the first update was skipped.",
                part.first,
                part.end,
            )


def _why(case: Evidence) -> str:
    return ", as where mixed precision skips an update" if case.log.unit == "update" else ""


def _either(case: Evidence) -> bool:
    """Whether both lags are as likely: LLaMA-Factory's log does not show the Trainer's version."""
    return "llama" in case.log.format.lower() and case.log.unit == "update"


def _lag_changes(case: Evidence, part: FittedPart) -> Oddity:
    first, lag = part.skipped[0]
    return Oddity(
        "lag-changes",
        f"The rate of a row belongs to an earlier count, by {plain(part.lag)} in the first rows "
        f"and by {plain(lag)} from {case.log.unit} {case.log.at[first]:g} on: rows of another "
        "callback repeat the last rate.",
        first,
        part.end,
    )


def logged_ahead(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if a row shows the rate that is used only after it."""
    if case.part is None or case.constant or case.log.unit == "environment step":
        return
    ahead = (1.0 if case.from_one else 0.0) - case.part.lag
    if ahead >= 1 and case.log.unit in ("epoch", "row"):
        yield case.oddity(
            "logged-ahead",
            f"A row shows the rate of the next {case.log.unit}: it was logged after the "
            "scheduler's step.",
        )


def lag_of_rollouts(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if the rates of environment steps belong to the rollout before."""
    if case.log.unit != "environment step" or case.constant or case.part is None:
        return
    if case.part.lag > 0:
        yield case.oddity(
            "rollout-lag",
            f"The rate of a row belongs to the count {plain(case.part.lag)} environment steps "
            "earlier, the end of the rollout before.",
        )


def uneven_rows(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity if some rows of environment steps lie off the grid of the others."""
    if case.log.unit != "environment step" or case.constant:
        return
    rollout = max(case.log.lags, default=0.0) or case.interval
    odd = np.flatnonzero(case.at % rollout)
    if 0 < odd.size < case.at.size / 3:
        yield case.oddity(
            "lag-changes",
            f"{count(odd.size, 'row')}, the first at {case.where(int(odd[0]))}, "
            f"{'lies' if odd.size == 1 else 'lie'} off the grid of {rollout:g} of the other "
            "rows, so the lag of the rate changes by row.",
            int(odd[0]),
            int(odd[-1]) + 1,
        )


def seams(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity for each seam of two parts within one run."""
    restarts = {int(case.rows[start]) for start in case.starts}
    rates = case.log.rates[case.found.group]
    pairs = [
        (left, right)
        for left, right in zip(case.found.parts, case.found.parts[1:], strict=False)
        if right.first not in restarts and np.isfinite(rates[[left.end - 1, right.first]]).all()
    ]
    for left, right in pairs:
        yield _seam(case, rates, left, right, alone=len(pairs) <= _MOST_RESUMES)


def _seam(
    case: Evidence, rates: np.ndarray, left: FittedPart, right: FittedPart, alone: bool
) -> Oddity:
    before, after = float(rates[left.end - 1]), float(rates[right.first])
    where = f"{case.log.unit} {case.log.at[right.first]:g}"
    length = _length(case, left, right)
    earlier = rates[left.first : left.end]
    if after > _UNDONE * before > 0 and (np.abs(earlier - after) < 1e-3 * case.top).sum() > 1:
        return Oddity(
            "drop-undone",
            f"At {where} the rate returns from {before:.4g} to {after:.4g}, the level before the "
            "drop: a resume with other milestones undid it.",
            right.first,
            right.end,
            problem=True,
        )
    if not _jumps(case, rates, left, right):
        return Oddity(
            "resumed",
            f"At {where} another curve begins without a jump{length}: another phase, or a resume.",
            right.first,
            right.end,
        )
    factor = f"{after / before:.3g} times" if before > 0 else f"{after / case.peak:.3g} of the peak"
    t = float(case.log.at[right.first]) - right.lag
    anew = t <= case.interval
    fell = left.end - left.first > 1 and before < earlier[-2]
    # A restart begins at its own peak, and a decay may be cut short on purpose; a second warmup or
    # a decay that goes on from elsewhere is nobody's plan.
    meant = after >= (1 - _NEAR) * np.nanmax(rates[right.first : right.end])
    meant &= 0 < _value(right, "peak") <= after * (1 + _NEAR) and t >= _value(right, "warmup_steps")
    why = f"the run was resumed with another schedule{length}"
    if anew and not meant:
        why = "the run was resumed without its scheduler's state, so that the curve begins anew"
    elif meant or not fell or not alone:
        why = "another phase, or a resume with another schedule"
    return Oddity(
        "resumed-jump",
        f"At {where} the rate jumps from {before:.4g} to {after:.4g}, {factor}: {why}.",
        right.first,
        right.end,
        problem=alone and fell and not meant,
    )


def _jumps(case: Evidence, rates: np.ndarray, left: FittedPart, right: FittedPart) -> bool:
    """Whether the step at a seam is larger than those beside it, for their distance."""
    at = case.log.at
    rows = np.arange(max(left.first, left.end - 3), min(right.end, right.first + 3))
    way = np.maximum(np.abs(np.diff(at[rows])), 1e-12)
    slopes = np.abs(np.diff(rates[rows])) / way
    seam = int(np.searchsorted(rows, right.first)) - 1
    usual = np.delete(slopes, seam).max(initial=0.0)
    step = abs(float(rates[right.first] - rates[left.end - 1]))
    least = _JUMP * max(abs(float(rates[left.end - 1])), 0.05 * case.peak)
    return step > 3 * usual * way[seam] + least


def _length(case: Evidence, left: FittedPart, right: FittedPart) -> str:
    old, new = _end(left), _end(right)
    if old is None or new is None or abs(new - old) <= 0.01 * old:
        return ""
    way = "longer" if new > old else "shorter"
    return f", of {plain(new)} {case.log.unit}s, {way} than the {plain(old)} before"


def _value(part: FittedPart, name: str) -> float:
    known = part.parameters.get(name)
    return known.value if known and np.isfinite(known.value) else 0.0


def _end(part: FittedPart) -> float | None:
    known = part.parameters.get("total_steps")
    return known.value if known and np.isfinite(known.value) else None


def unexplained_jump(case: Evidence) -> Iterator[Oddity]:
    """Yield an oddity for jumps up in the middle of a decay that no part explains."""
    rates, top = case.rates, case.top
    if case.found.parts or rates.size < 4 or top <= 0:
        return
    step = np.diff(rates) / top
    # Before and after a jump the rate falls or stays; the climb of a cycle takes several rows.
    jumps = 1 + np.flatnonzero((step[1:-1] > _HIGH) & (step[:-2] <= SAME) & (step[2:] <= SAME))
    jumps = np.setdiff1d(jumps, np.array(case.starts) - 1)
    jumps = jumps[np.maximum.accumulate(rates)[jumps] > rates[jumps] + case.tolerance]
    if not jumps.size:
        return
    i = int(jumps[0])
    back = rates[i + 1] > (1 - _NEAR) * top
    why = "as after a resume with another schedule"
    if back or jumps.size > 1:
        why = "as at a warm restart, or after a resume that began anew"
    more = f", the first of {jumps.size} jumps" if jumps.size > 1 else ""
    yield case.oddity(
        "resumed-jump",
        f"At {case.where(i + 1)} the rate jumps from {rates[i]:.4g} to {rates[i + 1]:.4g}{more}, "
        f"{why}.",
        i + 1,
        problem=not back and jumps.size == 1 and rates.size > _ENOUGH_ROWS,
    )


RULES_OF_RESUMES = (
    skipped_updates,
    logged_ahead,
    lag_of_rollouts,
    uneven_rows,
    seams,
    unexplained_jump,
)
