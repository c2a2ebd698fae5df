"""The longer computations of lesson 2: decays in several shapes, and a rule that watches."""

from __future__ import annotations

import numpy as np

from course_lib import schedules
from course_lib.compare.plan import Family, Maker
from course_lib.problems import NoisyQuadratic
from course_lib.schedules import Schedule

_EPOCHS, _EVERY = 40, 25  # epochs of a watched run, and updates in each


def decay_families() -> dict[str, Family]:
    """Return the constant rate and seven decays, those with a shape parameter in several shapes.

    Every maker takes the peak and the number of updates. Lengths grow with the number of updates,
    so that a shape is the same share of every run.

    >>> families = decay_families()
    >>> list(families["multi-step"])
    ['drop 0.1', 'drop 0.3', 'drop 0.5']
    """
    return {
        "constant": lambda peak, total: schedules.constant(peak),
        "step decay": {f"drop {drop}": _step_decay(drop) for drop in (0.3, 0.5, 0.8)},
        "multi-step": {f"drop {drop}": _multi_step(drop) for drop in (0.1, 0.3, 0.5)},
        "exponential": {f"to {100 * end:g} %": _exponential(end) for end in (0.1, 0.03)},
        "inverse sqrt": {f"W = T/{part}": _inverse_sqrt(part) for part in (10, 30)},
        "inverse time": {f"kT = {speed}": _inverse_time(speed) for speed in (10, 30)},
        "polynomial": {f"power {power}": polynomial(power) for power in (0.5, 1.5, 3)},
        "linear": schedules.linear,
    }


def _step_decay(drop: float) -> Maker:
    return lambda peak, total: schedules.step_decay(peak, drop, every=total // 6)


def _multi_step(drop: float) -> Maker:
    return lambda peak, total: schedules.multi_step(peak, [total // 2, 3 * total // 4], drop)


def _exponential(end: float) -> Maker:
    return lambda peak, total: schedules.exponential(peak, gamma=end ** (1 / total))


def _inverse_sqrt(part: int) -> Maker:
    return lambda peak, total: schedules.inverse_sqrt(peak, warmup_steps=max(1, total // part))


def _inverse_time(speed: float) -> Maker:
    return lambda peak, total: schedules.inverse_time(peak, rate=speed / total)


def polynomial(power: float) -> Maker:
    """Return the maker of polynomial decay with this power.

    >>> polynomial(2)(1.0, 100)(50)
    0.25
    """
    return lambda peak, total: schedules.polynomial(peak, total, power)


def watched_runs(
    problem: NoisyQuadratic, peak_lr: float, patience: int, seeds: int
) -> tuple[np.ndarray, list[int]]:
    """Return what runs under a plateau rule leave, and the epochs of their first cuts.

    The metric is the mean loss of an epoch of 25 updates; there are 40 epochs. Runs with the same
    seed meet the same noise.

    Args:
        problem: the quadratic.
        peak_lr: rate before the first cut.
        patience: epochs without improvement that the rule accepts, >= 0.
        seeds: number of runs, seeds 0, 1, ….

    Returns:
        Losses at the end, (seeds,), and the epoch after which each run was first cut, counted
        from 1; a run that is never cut has none.
    """
    ends, cuts = [], []
    for seed in range(seeds):
        state, first_cut = schedules.plateau(peak_lr, patience=patience), None
        w = problem.start.copy()
        for epoch, noise in enumerate(_noise(problem, seed)):
            seen = []
            for step in noise:
                seen.append(_loss(problem, w))
                w = w - state.rate * (problem.curvatures * w + problem.noise_std * step)
            state = state.update(float(np.mean(seen)))
            if first_cut is None and state.rate < peak_lr:
                first_cut = epoch + 1
        ends.append(_loss(problem, w))
        cuts += [first_cut] * (first_cut is not None)
    return np.array(ends), cuts


def scheduled_runs(problem: NoisyQuadratic, schedule: Schedule, seeds: int) -> np.ndarray:
    """Return what runs with a schedule leave on the noise of `watched_runs`, shape (seeds,)."""
    rates = schedule(np.arange(_EPOCHS * _EVERY))
    ends = []
    for seed in range(seeds):
        w = problem.start.copy()
        for rate, step in zip(rates, np.concatenate(_noise(problem, seed)), strict=True):
            w = w - rate * (problem.curvatures * w + problem.noise_std * step)
        ends.append(_loss(problem, w))
    return np.array(ends)


def _noise(problem: NoisyQuadratic, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((_EVERY, len(problem))) for _ in range(_EPOCHS)]


def _loss(problem: NoisyQuadratic, w: np.ndarray) -> float:
    return float(0.5 * (problem.curvatures * w**2).sum())
