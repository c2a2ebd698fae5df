"""The comparison itself: tune every schedule's peak, then score it on fresh seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.compare.peaks import good_range, may_be_chosen, peak_means
from course_lib.compare.plan import Family, Plan, Seeds, make_plan
from course_lib.compare.ranks import rank
from course_lib.compare.result import Comparison
from course_lib.compare.runners import Runner, Trials, check_trials, runner_for
from course_lib.problems import NoisyQuadratic
from course_lib.training import Workload
from course_lib.validation import check_real


def compare(
    problem: Workload | NoisyQuadratic | Runner,
    schedules: Mapping[str, Family],
    *,
    peaks: Sequence[float],
    total_steps: int,
    seeds: int | Seeds = 8,
    reference: str | None = None,
    level: float = 0.95,
    within: float = 0.1,
    score_every: int | None = None,
    threshold: float | None = None,
    **how: Any,
) -> Comparison:
    """Compare schedules, each at its own best peak, with equal budgets and on fresh seeds.

    1. Tuning: every schedule, in every shape that is given for it, at every peak with every
       validation seed, in one call of the engine. The shape and the peak with the lowest mean score
       are chosen together for each schedule; of two equal ones the first is taken. A peak at which
       any run of a shape diverged is out for that shape.
    2. Scoring: every schedule at its chosen peak with every fresh seed, in one more call. All
       schedules share the seeds, and so the initial weights and batches: scores are paired.
    3. Differences to the reference get bootstrap intervals, one at a time; the counts of better
       schedules rest on simultaneous intervals for all pairs, see `course_lib.compare.rank`.

    The score is the loss on the held-out examples at the end. If the data has none, it is the final
    training loss; for a quadratic it is the final loss. A schedule with a diverged fresh run has an
    infinite mean score and is worse than every schedule that has none.

    All schedules get the same steps, peaks and seeds. A schedule that is given in several shapes is
    tuned more than one that is given in a single shape. Give every family with a shape parameter
    the same number of shapes, or say that they were not tuned alike. A schedule with a momentum is
    trained with it at every step, the others with the optimizer's own; momentum m multiplies the
    effective rate by up to 1 / (1 - m), which moves the best peak.

    Args:
        problem: a workload, a noisy quadratic, or a function (rates, seeds, momenta) -> `Trials`.
        schedules: name -> function (peak_lr, total_steps) that returns the rate as a `Schedule`,
            or a pair of them, rate and momentum; or name -> a mapping from names of shapes, such as
            "drop 0.3", to such functions.
        peaks: the grid of peak rates, (K,), > 0 and increasing; the same for all schedules.
        total_steps: updates in every run, >= 1.
        seeds: number of seeds of each kind, >= 2 (even numbers choose the peak, odd ones score), or
            `Seeds` with explicit lists.
        reference: the schedule that differences are taken to; None takes the lowest mean score.
            It is then chosen by the same scores that it is compared by. The intervals of single
            differences do not allow for this; the simultaneous ones do.
        level: confidence level of all intervals, 0 < level < 1.
        within: a peak is good when its mean validation score exceeds the best one's by at most
            this share, see `course_lib.compare.good_range`.
        score_every: fresh runs are also scored after every so many updates.
        threshold: score at or below which a run counts as converged; needs `score_every` unless
            the problem is a function.
        **how: passed on to `training.train`, for a workload only.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type; a schedule
            does not give rates; a schedule diverged at every peak.

    >>> from course_lib import problems, schedules
    >>> constant = lambda peak, steps: schedules.constant(peak)
    >>> kinds = {"constant": constant, "linear": schedules.linear}
    >>> quadratic = problems.power_law_quadratic(4, noise_std=1.0)
    >>> found = compare(quadratic, kinds, peaks=[0.01, 0.1, 1.0], total_steps=50, seeds=8)
    >>> dict(zip(found.names, found.chosen_peaks.tolist()))
    {'constant': 0.1, 'linear': 1.0}
    """
    chosen_seeds = seeds if isinstance(seeds, Seeds) else Seeds.numbered(seeds)
    plan = make_plan(schedules, peaks, total_steps)
    if reference is not None and reference not in plan.names:
        raise ValueError(f"reference must be one of {list(plan.names)}, got {reference!r}")
    if check_real("level", level, low_open=True) >= 1.0:
        raise ValueError(f"level must be < 1, got {level!r}")
    check_real("within", within)
    if threshold is not None:
        check_real("threshold", threshold, low=-np.inf)
        if score_every is None and (isinstance(problem, Workload) or not callable(problem)):
            raise ValueError(f"threshold needs score_every, got threshold = {threshold!r} alone")
    tuner, scorer = (runner_for(problem, every, how) for every in (None, score_every))

    size = (len(plan.rates), len(plan.peaks), len(chosen_seeds.validation))
    tuned = _run(tuner, plan.rates, plan.momenta, chosen_seeds.validation)
    tried = _finite_or_nan(tuned.scores).reshape(size)
    members = _best_members(plan, peak_means(tried))
    validation = tried[members]
    means = peak_means(validation)
    lost = [name for name, row in zip(plan.names, means, strict=True) if np.isinf(row).all()]
    if lost:
        raise ValueError(
            f"peaks: {lost} diverged on some seed at every peak, {plan.peaks[0]:g} … "
            f"{plan.peaks[-1]:g}: add lower ones"
        )
    chosen = means.argmin(axis=1)
    trials = _run(scorer, *_chosen(plan, members, chosen), chosen_seeds.fresh)
    scores, accuracy = (
        values.reshape(len(chosen), -1)
        for values in (_finite_or_nan(trials.scores), trials.accuracy)
    )
    return Comparison(
        problem=str(getattr(problem, "name", type(problem).__name__)),
        metric=trials.metric,
        names=plan.names,
        peaks=plan.peaks,
        total_steps=plan.rates.shape[2],
        seeds=chosen_seeds,
        level=level,
        within=within,
        threshold=threshold,
        reference=reference or plan.names[int(peak_means(scores).argmin())],
        shapes=tuple(plan.shapes[m] for m in members),
        shapes_tried=np.bincount(plan.families),
        validation=validation,
        chosen=chosen,
        may_be_chosen=_may_be_chosen(plan, tried),
        good_ranges=tuple(good_range(plan.peaks, row, within) for row in means),
        scores=scores,
        accuracy=accuracy,
        scored_at=np.asarray(trials.scored_at),
        history=np.asarray(trials.history, dtype=np.float64).reshape(*scores.shape, -1),
        ranking=rank(scores, level),
    )


def _run(
    runner: Runner, rates: np.ndarray, momenta: np.ndarray | None, seeds: Sequence[int]
) -> Trials:
    """Run rates (…, T) with all seeds; the seed is the last and fastest axis of the results."""
    steps = rates.shape[-1]
    rows = np.repeat(rates.reshape(-1, steps), len(seeds), axis=0)
    if momenta is not None:
        momenta = np.repeat(momenta.reshape(-1, steps), len(seeds), axis=0)
    trials = runner(rows, np.tile(seeds, len(rows) // len(seeds)), momenta)
    return check_trials(trials, len(rows), steps)


def _best_members(plan: Plan, means: np.ndarray) -> np.ndarray:
    """Return the member of every schedule whose best peak has the lowest mean, (S,)."""
    lowest = means.min(axis=1)
    of = [np.flatnonzero(plan.families == s) for s in range(len(plan.names))]
    return np.array([own[lowest[own].argmin()] for own in of])


def _may_be_chosen(plan: Plan, tried: np.ndarray) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Return the shapes, with the index of the peak, that may as well be chosen for a schedule."""
    found = []
    for s in range(len(plan.names)):
        own = np.flatnonzero(plan.families == s)
        flat = may_be_chosen(tried[own].reshape(-1, tried.shape[2]))
        members, peaks = np.unravel_index(flat, (len(own), len(plan.peaks)))
        shapes = [plan.shapes[member] for member in own[members]]
        found.append(tuple(zip(shapes, peaks.tolist(), strict=True)))
    return tuple(found)


def _chosen(
    plan: Plan, members: np.ndarray, chosen: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the rates and momenta, (S, T), of every schedule in its shape, at its peak."""
    momenta = None if plan.momenta is None else plan.momenta[members, chosen]
    return plan.rates[members, chosen], momenta


def _finite_or_nan(scores: np.ndarray) -> np.ndarray:
    values = np.asarray(scores, dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)
