"""Lesson 11's measurements of large rates: flat minima, the range test, the 1-cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from course_lib import compare, problems, range_test, schedules, training
from course_lib.compare.plan import Family
from course_lib.experiments.lesson11_arms import ARMS, trained
from course_lib.experiments.lesson11_claims import Case, by_loss, by_ratio
from course_lib.experiments.lesson11_starts import wider, width
from course_lib.experiments.plans import train_plans
from course_lib.theory import sharpness


@dataclass(frozen=True)
class ConstantEnds:
    """The ends of runs at a small and at a large constant rate, (2, seeds) each."""

    sharpness: np.ndarray
    loss: np.ndarray
    margin: float

    def flatter(self) -> Case:
        """Return the case of the large rate's end being the flatter one."""
        small, large = self.sharpness
        return by_ratio("rate 0.8", "rate 0.05", large, small)

    def better(self) -> Case:
        """Return the case of the flatter end having the lower held-out loss."""
        small, large = self.loss
        return by_loss("rate 0.8", "rate 0.05", large, small, self.margin)


def constant_ends(
    workload: training.Workload, seeds: Sequence[int], updates: int = 1200, cooldown: int = 300
) -> dict[str, ConstantEnds]:
    """Train at the constant rates 0.05 and 0.8; look at the ends, and again after a cooldown.

    A constant rate stops on the noise floor and not in a minimum. The cooldown, a linear decay to
    0, brings each run down to the minimum below it.

    Returns:
        "at the constant rate" and "after a cooldown" -> `ConstantEnds`.
    """
    fall = np.concatenate([np.ones(updates), 1 - np.arange(cooldown) / cooldown])
    plans = np.array([0.05, 0.8])[:, None] * fall
    at = (updates, updates + cooldown)
    runs = train_plans(workload, plans, seeds, score_every=cooldown, keep_at=at)
    losses_of = training.loss_function(workload)
    found = {}
    for i, name in enumerate(("at the constant rate", "after a cooldown")):
        curvature = sharpness(losses_of, runs.weights[:, i], tolerance=0.02).reshape(2, -1)
        column = list(runs.scored_at).index(at[i])
        loss = runs.held_out_loss[:, column].reshape(2, -1)
        found[name] = ConstantEnds(curvature, loss, compare.margin(workload))
    return found


@dataclass(frozen=True)
class Tested:
    """One range test a seed on one network, beside full runs of a cosine.

    Attributes:
        suggested: rate that the steepest slope suggests, (seeds,); NaN where there is none.
        edge: first unstable rate, of the median curve of every four tests, (seeds / 4,).
        best: best peak of the cosine, found by full runs on other seeds.
        at_edge: whether that is the lowest or highest that was tried.
    """

    suggested: np.ndarray
    edge: np.ndarray
    best: float
    at_edge: bool

    def within(self, values: np.ndarray, target: float, factor: float, names: tuple) -> Case:
        """Return the case of a rate being within a factor of another, both ways.

        Ours: the distance on a log scale; theirs: log factor.
        """
        off = np.abs(np.log(np.where(np.isfinite(values), values, 1e3) / target))
        limit = np.full(len(off), np.log(factor))
        return replace(by_loss(*names, off, limit, compare.RATIO_MARGIN), unit="log")


def range_tested(workload: training.Workload, seeds: Sequence[int], updates: int = 300) -> Tested:
    """Run a range test a seed, and full runs of a cosine whose peaks differ by factors of 2."""
    swept = range_test.sweep(workload, seeds)
    rule = "the article"
    suggested = range_test.suggestions(swept, {rule: range_test.RULES[rule]})[rule]
    groups = np.arange(len(seeds)).reshape(-1, 4)
    fours = [replace(swept, losses=swept.losses[g], seeds=swept.seeds[g]) for g in groups]
    edges = np.array([range_test.zones(one).unstable_from for one in fours])
    rates = 0.025 * 2.0 ** np.arange(9)
    others = [1000 + seed for seed in range(5)]
    fall = schedules.cosine(1.0, updates)(np.arange(updates))
    runs = train_plans(workload, rates[:, None] * fall, others)
    guess = np.log(workload.data.classes)
    means = np.nan_to_num(runs.held_out_loss[:, -1], nan=guess).reshape(len(rates), -1).mean(axis=1)
    best = int(means.argmin())
    return Tested(suggested, edges, float(rates[best]), best in (0, len(rates) - 1))


def one_cycle_sooner(
    workload: training.Workload, updates: int, share: float, seeds: compare.Seeds
) -> dict[str, Case]:
    """Return the cases of the 1-cycle in a share of the updates against longer falling schedules.

    The 1-cycle moves the momentum as the policy says, 0.95 to 0.85 and back; the others keep 0.9.
    """

    def cycle(peak: float, steps: int) -> tuple[schedules.Schedule, schedules.Schedule]:
        return schedules.one_cycle(peak, steps), schedules.one_cycle_momentum(steps)

    peaks = (0.04, 0.08, 0.16, 0.32)
    heavy = replace(workload, optimizer=training.Sgd(momentum=0.9))
    short = trained(heavy, {"1-cycle": cycle}, round(share * updates), seeds, peaks)
    others: Mapping[str, Family] = {name: ARMS[name] for name in ("cosine", "multi-step")}
    long = trained(heavy, others, updates, seeds, peaks)
    cases = {}
    for name in others:
        cases[name] = by_loss(
            *("1-cycle", name, short.scores["1-cycle"], long.scores[name]),
            compare.margin(workload),
            peaks=(short.peaks["1-cycle"], long.peaks[name]),
            at_edge=(short.at_edge["1-cycle"], long.at_edge[name]),
        )
    return cases


def potholes(cycle_peak: float, walks: Sequence[int]) -> dict[str, Case]:
    """Return the cases of a cycle against falling and small rates, from the shallow well.

    600 noisy steps on the landscape with three wells; three triangles against a small constant
    rate and against one cosine with the peak of the triangles.
    """
    wells, t = problems.SeveralMinima(), np.arange(600)
    _, _, pothole = wells.minima
    plans = {
        "cycles": schedules.triangular(cycle_peak, 0, 150)(t),
        "constant 0.02": np.full(600, 0.02),
        "cosine": schedules.cosine(cycle_peak, 600)(t),
    }
    ends = {
        name: wells.loss(
            problems.walk(wells, np.tile(rates, (len(walks), 1)), pothole, 1.0, walks)[:, -1]
        )
        for name, rates in plans.items()
    }
    return {
        name: by_ratio("cycles", name, ends["cycles"], ends[name])
        for name in ("constant 0.02", "cosine")
    }


def convnet_widths(
    workload: training.Workload, channels: Sequence[int], seeds: Sequence[int], updates: int = 30
) -> Case:
    """Return the case of a convnet having more usable rates with group normalisation.

    Rates by factors of 2 from 1/16 to 4; usable as in `lesson11_starts`.
    """
    grid = 2.0 ** np.arange(-4, 3)
    plans = np.tile(grid[:, None], (1, updates))
    widths = {}
    for norm in ("group", "none"):
        one = replace(workload, model=training.Convnet(tuple(channels), norm))
        runs = train_plans(one, plans, seeds)
        accuracy = np.nan_to_num(runs.held_out_accuracy[:, -1], nan=0.0).reshape(len(grid), -1)
        widths[norm] = width(accuracy)
    return wider("group norm", "plain", widths["group"], widths["none"])
