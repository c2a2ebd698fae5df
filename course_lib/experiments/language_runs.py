"""Schedules compared on the recorded language model: one margin and one way to tune."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from course_lib.compare import Contrast, paired
from course_lib.language_model import GRIDS, WARMUP, CrossTuned, recorded_runs
from course_lib.language_model.recorded_runs import grid_of

#: A difference matters if more than this share of further updates would make up for it.
UPDATES_SHARE = 0.05


def price(total_steps: int, *, warmup_steps: int = WARMUP) -> float:
    """Return the loss that a factor of e in updates buys near a length, in nats a byte.

    It is (loss at n - loss at 2n) / log 2, the mean over all schedules that decay, each at its best
    peaks; n is half the length, or the shortest recorded length.

    Args:
        total_steps: updates of the run.
        warmup_steps: updates of the warmup.

    >>> price(1280) < price(640)
    True
    """
    grid = next(g for g in GRIDS if (g.text, g.warmup_steps) == ("grammar", warmup_steps))
    first = max(total_steps // 2, grid.horizons[0])
    record = recorded_runs()
    falls = [
        record.tuned(name, first, warmup_steps=warmup_steps).scores.mean()
        - record.tuned(name, 2 * first, warmup_steps=warmup_steps).scores.mean()
        for name in grid.schedules
        if name != "constant"
    ]
    return float(np.mean(falls)) / math.log(2)


def margin(total_steps: int) -> float:
    """Return the difference of losses that 5 % more updates would make up for, in nats a byte.

    `compare.margin` measures against guessing, which a language model leaves behind in its first
    few hundred updates. What the rest of a run is worth is said by the price of updates.

    >>> 0.005 < margin(1280) < margin(320)
    True
    """
    return price(total_steps) * math.log1p(UPDATES_SHARE)


def in_updates(difference: float, total_steps: int) -> float:
    """Return the share of further updates that makes up for a difference of losses.

    The share is exp(difference / price) - 1, so `margin` is worth 5 %.

    Args:
        difference: difference of losses, in nats a byte.
        total_steps: updates of the run.

    >>> round(in_updates(margin(640), 640), 3)
    0.05
    """
    return math.expm1(difference / price(total_steps))


def named(schedule: str, warmup_steps: int) -> str:
    """Return the name of a schedule in tables.

    >>> named("linear", 0)
    'linear, no warmup'
    """
    return schedule if warmup_steps else f"{schedule}, no warmup"


def contrast(
    ours: str | tuple[str, int],
    theirs: str | tuple[str, int],
    total_steps: int,
    margin: float,
    *,
    text: str = "grammar",
    level: float = 0.95,
) -> Contrast:
    """Return the contrast of two recorded schedules, each at its best peaks (`CrossTuned`).

    Args:
        ours: name of the schedule that is judged, or (name, updates of warmup).
        theirs: the other, in the same form.
        total_steps: updates of the runs.
        margin: difference too small to matter: `margin(total_steps)` for the grammar, for the
            novel `compare.margin` of its text, because it was recorded at one length only.
        text: "grammar" or "Moby-Dick".
        level: confidence level of the interval.

    Raises:
        ValueError: such runs were not recorded.

    >>> contrast("constant", "linear", 1280, margin(1280)).verdict.value
    'worse'
    """
    pair = [(one, WARMUP) if isinstance(one, str) else one for one in (ours, theirs)]
    tuned: list[CrossTuned] = [
        recorded_runs().tuned(name, total_steps, warmup_steps=warmup, text=text)
        for name, warmup in pair
    ]
    return paired(
        *(named(*one) for one in pair),
        *(one.scores for one in tuned),
        margin,
        peaks=(tuned[0].peak, tuned[1].peak),
        at_edge=(tuned[0].at_edge, tuned[1].at_edge),
        level=level,
    )


def contrasts(
    ours: Sequence[str | tuple[str, int]],
    theirs: str | tuple[str, int],
    total_steps: int,
    margin: float,
    *,
    text: str = "grammar",
) -> list[Contrast]:
    """Return contrasts of several schedules with one, whose intervals hold all at once.

    The level of each is 1 - 0.05 / k for k contrasts (Bonferroni).

    >>> [c.ours for c in contrasts(["constant", "cosine"], "linear", 1280, margin(1280))]
    ['constant', 'cosine']
    """
    level = 1 - 0.05 / len(ours)
    return [contrast(one, theirs, total_steps, margin, text=text, level=level) for one in ours]


def warmup_contrasts(schedules: Sequence[str], total_steps: int) -> list[Contrast]:
    """Return contrasts of schedules with themselves without warmup; the intervals hold at once.

    Each side is at its own best peaks, and the margin is `margin(total_steps)`.

    >>> [one.theirs for one in warmup_contrasts(["constant", "linear"], 320)]
    ['constant, no warmup', 'linear, no warmup']
    """
    level = 1 - 0.05 / len(schedules)
    allowed = margin(total_steps)
    return [contrast(one, (one, 0), total_steps, allowed, level=level) for one in schedules]


def mean_losses(
    schedule: str, total_steps: int, *, warmup_steps: int = WARMUP, text: str = "grammar"
) -> dict[float, float]:
    """Return {peak: mean final loss over the seeds}; NaN where a run diverged.

    Raises:
        ValueError: such runs were not recorded.

    >>> list(mean_losses("linear", 320))
    [0.001, 0.002, 0.004, 0.008, 0.016]
    """
    where = {"warmup_steps": warmup_steps, "text": text}
    means = recorded_runs().final(schedule, total_steps, **where).mean(axis=1)
    return dict(zip(grid_of(schedule, total_steps, **where).peaks, means.tolist(), strict=True))


def best_peak(
    schedule: str, total_steps: int, *, warmup_steps: int = WARMUP, text: str = "grammar"
) -> float:
    """Return the peak whose mean loss over all seeds is the lowest.

    For a comparison take `contrast`, which scores no seed at a peak that it helped to choose.

    >>> best_peak("constant", 1280) < best_peak("linear", 320)
    True
    """
    means = mean_losses(schedule, total_steps, warmup_steps=warmup_steps, text=text)
    return min(means, key=lambda peak: np.nan_to_num(means[peak], nan=np.inf))


def usable_peak(
    schedule: str, total_steps: int, *, warmup_steps: int = WARMUP, within: float = 0.1
) -> float:
    """Return the largest peak whose mean loss is within a share of the schedule's lowest.

    Args:
        schedule: name in `SCHEDULES`.
        total_steps: updates of the run.
        warmup_steps: updates of the warmup.
        within: share, >= 0; lesson 4 takes a tenth.

    >>> usable_peak("linear", 320, warmup_steps=0) < usable_peak("linear", 320)
    True
    """
    means = mean_losses(schedule, total_steps, warmup_steps=warmup_steps)
    allowed = (1 + within) * means[best_peak(schedule, total_steps, warmup_steps=warmup_steps)]
    return max(peak for peak, loss in means.items() if loss <= allowed)


def kept_peak(schedule: str, total_steps: int, peak_lr: float, margin: float) -> Contrast:
    """Return the contrast of a schedule at a given peak with itself at its best peaks.

    Raises:
        ValueError: no runs were recorded at this peak.

    >>> kept_peak("constant", 1280, 0.016, margin(1280)).verdict.value
    'worse'
    """
    scores = recorded_runs().final_at(schedule, total_steps, peak_lr)
    own = recorded_runs().tuned(schedule, total_steps)
    return paired(
        f"{schedule}, peak {peak_lr:g}",
        f"{schedule}, own peak",
        scores,
        own.scores,
        margin,
        peaks=(peak_lr, own.peak),
        at_edge=(False, own.at_edge),
    )
