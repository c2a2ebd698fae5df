"""Runners of problems: functions from rates, seeds and momenta to scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from course_lib.problems import NoisyQuadratic, simulate
from course_lib.training import Adam, Workload, train
from course_lib.validation import check_count


@dataclass(frozen=True)
class Trials:
    """The scores that a runner gives for R runs. Lower is better.

    Attributes:
        metric: name of the score, such as "held-out loss".
        scores: (R,) float64 at the end of the run; not finite where the run diverged.
        scored_at: (C,) int, updates done at each point of `history`, increasing; the last is the
            end.
        history: (R, C) float64, the score on the way; NaN from where the run diverged.
        accuracy: (R,) float64, share of right answers at the end; NaN where it is not measured.

    >>> scores, unknown = np.array([0.5, 0.4]), np.full(2, np.nan)
    >>> trials = Trials("final loss", scores, np.array([100]), scores[:, None], unknown)
    >>> trials.history.shape
    (2, 1)
    """

    metric: str
    scores: np.ndarray
    scored_at: np.ndarray
    history: np.ndarray
    accuracy: np.ndarray


#: rates (R, T), seeds (R,), momenta (R, T) with NaN rows for "the optimizer's own", or None
Runner: TypeAlias = Callable[[np.ndarray, np.ndarray, "np.ndarray | None"], Trials]


def runner_for(
    problem: Workload | NoisyQuadratic | Runner, score_every: int | None, how: dict[str, Any]
) -> Runner:
    """Return the function that runs a problem.

    Args:
        problem: a workload, a noisy quadratic, or your own runner.
        score_every: updates between two points of the history; None for the end only.
        how: further arguments of `training.train`; for a workload only.

    Raises:
        TypeError: it is something else, or it cannot use the arguments.
        ValueError: `score_every` for a workload without held-out examples.
    """
    if isinstance(problem, Workload):
        if score_every is not None and problem.data.held_out is None:
            raise ValueError(
                f"score_every needs held-out examples, and {problem.name!r} has none: got "
                f"{score_every!r}"
            )
        return partial(_train, problem, score_every, how)
    if how:
        raise TypeError(f"only a Workload can use {sorted(how)}, got a {type(problem).__name__}")
    if callable(problem):
        if score_every is not None:
            raise TypeError(
                "score_every cannot be given with your own runner, which decides when to score"
            )
        return problem
    if not isinstance(problem, NoisyQuadratic):
        raise TypeError(
            "problem must be a Workload, a NoisyQuadratic or a function (rates, seeds, momenta) "
            f"-> Trials, got {problem!r}"
        )
    return partial(_simulate, problem, score_every)


def _train(
    workload: Workload,
    score_every: int | None,
    how: dict[str, Any],
    rates: np.ndarray,
    seeds: np.ndarray,
    momenta: np.ndarray | None,
) -> Trials:
    if momenta is not None:
        optimizer = workload.optimizer
        own = optimizer.beta1 if isinstance(optimizer, Adam) else optimizer.momentum
        momenta = np.where(np.isnan(momenta), own, momenta)
    runs = train(workload, rates, seeds, momenta=momenta, score_every=score_every, **how)
    if workload.data.held_out is None:
        steps, unknown = rates.shape[1], np.full(len(rates), np.nan)
        loss = runs.final_loss
        return Trials("final training loss", loss, np.array([steps]), loss[:, None], unknown)
    return Trials(
        "held-out loss",
        runs.held_out_loss[:, -1],
        runs.scored_at,
        runs.held_out_loss,
        runs.held_out_accuracy[:, -1],
    )


def _simulate(
    problem: NoisyQuadratic,
    score_every: int | None,
    rates: np.ndarray,
    seeds: np.ndarray,
    momenta: np.ndarray | None,
) -> Trials:
    if momenta is not None:
        raise TypeError("a NoisyQuadratic has no momentum: leave schedules with momentum out")
    losses, steps = simulate(problem, rates, seeds), rates.shape[1]
    every = steps if score_every is None else check_count("score_every", score_every)
    at = np.array([*range(every, steps, every), steps])
    return Trials("final loss", losses[:, -1], at, losses[:, at], np.full(len(rates), np.nan))


def check_trials(trials: Trials, runs: int, steps: int) -> Trials:
    """Return the trials if their shapes fit; a user's own runner may get them wrong."""
    if not isinstance(trials, Trials):
        raise TypeError(f"a runner must return Trials, got {type(trials).__name__}")
    points = np.asarray(trials.scored_at)
    shapes = {"scores": (runs,), "accuracy": (runs,), "history": (runs, points.size)}
    for name, shape in shapes.items():
        if np.shape(getattr(trials, name)) != shape:
            got = np.shape(getattr(trials, name))
            raise ValueError(f"a runner's {name} must have shape {shape}, got {got}")
    if points.size == 0 or points[-1] != steps or (np.diff(points) <= 0).any():
        raise ValueError(
            f"a runner's scored_at must increase and end at {steps}, got {points.tolist()}"
        )
    return trials
