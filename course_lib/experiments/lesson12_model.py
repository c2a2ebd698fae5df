"""The recorded language model in lesson 12: best peaks over lengths, and curves to forecast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib.experiments.lesson12_runs import parabola_peak
from course_lib.forecast import LossCurve
from course_lib.intervals import Interval
from course_lib.language_model import HORIZONS, WARMUP, PlannedRun, recorded_runs
from course_lib.language_model.recorded_runs import grid_of


def peaks_over_lengths(
    schedule: str, totals: Sequence[int] = HORIZONS, seeds: Sequence[int] | None = None
) -> np.ndarray:
    """Return the best peak at every length, between the peaks of the grid (`parabola_peak`).

    Args:
        schedule: name of a recorded schedule.
        totals: updates of the runs, (K,).
        seeds: seeds whose mean loss counts, repeated or not; None takes all.

    Returns:
        The peaks, (K,); nan where the lowest loss is at an edge of the grid.

    >>> peaks_over_lengths("constant").shape
    (3,)
    """
    chosen = slice(None) if seeds is None else list(seeds)
    return np.array(
        [
            parabola_peak(
                grid_of(schedule, total, text="grammar").peaks,
                recorded_runs().final(schedule, total)[:, chosen].mean(axis=1),
            )
            for total in totals
        ]
    )


def peak_exponent_over_seeds(schedule: str, draws: int = 400) -> Interval:
    """Return p in best peak ∝ updates^p over the three lengths, and its interval.

    p is the slope of a straight line through the logs. The interval is the middle 95 % over
    bootstrap samples of the seeds; samples with a best peak at an edge are left out.

    >>> peak_exponent_over_seeds("constant").high < 0
    True
    """
    draw = np.random.default_rng(0)
    seeds = recorded_runs().final(schedule, HORIZONS[0]).shape[1]

    def slope(sample: np.ndarray | None) -> float:
        peaks = peaks_over_lengths(schedule, seeds=sample)
        return float(np.polyfit(np.log(HORIZONS), np.log(peaks), 1)[0])

    with np.errstate(invalid="ignore"):
        drawn = [slope(draw.integers(0, seeds, seeds)) for _ in range(draws)]
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return Interval(slope(None), float(low), float(high))


def mean_curve(
    schedule: str,
    total_steps: int,
    peak_lr: float,
    *,
    after: int = 0,
    text: str = "grammar",
    warmup_steps: int = WARMUP,
) -> LossCurve:
    """Return a recorded run's rates and its held-out losses, the mean over the seeds.

    Args:
        schedule: name of a recorded schedule.
        total_steps: updates of the run.
        peak_lr: the peak.
        after: losses read before this many updates are left out.
        text: "grammar" or "Moby-Dick".
        warmup_steps: updates of the warmup.

    >>> mean_curve("linear", 1280, 0.004, after=320)
    LossCurve('linear', 1280 updates, 31 losses)
    """
    where = {"warmup_steps": warmup_steps, "text": text}
    losses = recorded_runs().curve(schedule, total_steps, peak_lr, **where).mean(axis=0)
    updates = np.linspace(0, total_steps, len(losses) + 1)[1:].astype(int)
    rates = PlannedRun(text, schedule, warmup_steps, total_steps, peak_lr, seed=0).rates()
    kept = updates >= after
    return LossCurve(rates, updates[kept], losses[kept], name=schedule)
