"""A loss curve by the multi-power law, against the formula written down in plain Python."""

from __future__ import annotations

import itertools

import numpy as np

from benchmarks.timing import Result, median_seconds
from course_lib import schedules
from course_lib.forecast.knots import Scale, pairs
from course_lib.forecast.laws import LAWS, in_units, losses

STEPS, WARMUP, PEAK, EVERY = 24_000, 2_000, 3e-4, 128
GROUPS = 256


def plain_formula(
    rates: list[float],
    updates: list[int],
    *,
    L0: float,
    A: float,
    alpha: float,
    B: float,
    C: float,
    beta: float,
    gamma: float,
) -> list[float]:
    """Return L0 + A·S^(-α) − B·Σ_k (η_{k-1} − η_k)·(1 − (1 + C·η_k^(-γ)·S_k)^(-β)), by loops.

    The sum begins after the warmup, which ends where the rate is first at its largest.
    """
    sums = [0.0, *itertools.accumulate(rates)]
    after_warmup = rates.index(max(rates)) + 1
    found = []
    for t in updates:
        gained = 0.0
        for k in range(after_warmup, t):
            fall = rates[k - 1] - rates[k]
            if fall:
                since = sums[t] - sums[k]
                gained += fall * (1 - (1 + C * rates[k] ** -gamma * since) ** -beta)
        found.append(L0 + A * sums[t] ** -alpha - B * gained)
    return found


def vs_plain_formula() -> Result:
    """Time the losses of a cosine of 24,000 updates, ours with the gradient that a fit needs."""
    rates = np.asarray(
        schedules.warmup_cosine(PEAK, WARMUP, STEPS, floor=PEAK / 10)(np.arange(STEPS))
    )
    updates = np.arange(WARMUP + EVERY, STEPS + 1, EVERY)
    scale = Scale(PEAK, float(rates.sum()), float(STEPS))
    law, theta = LAWS["multi-power"], np.log([2.5, 0.3, 0.45, 0.13, 40.0, 1.0, 0.5])
    parameters = in_units(law, theta, scale)
    points = pairs(rates, updates, scale, GROUPS)
    rates_list, updates_list = rates.tolist(), updates.tolist()

    def ours() -> np.ndarray:
        return losses(law, theta, points)[0]

    def peer() -> list[float]:
        return plain_formula(rates_list, updates_list, **parameters)

    ours()
    seconds, peer_seconds = median_seconds(ours, peer)
    apart = float(np.abs(ours() / np.array(peer()) - 1).max())
    notes = (
        f"{len(updates)} losses; ours with the gradient, on {GROUPS} groups of changes, made once "
        f"for a fit; the curves differ by {1e6 * apart:.0f} millionths at most",
    )
    return Result(1e3 * seconds, "ms a curve", "plain Python", peer_seconds / seconds, notes)
