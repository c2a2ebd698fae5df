"""The runs of lesson 7: full runs at constant rates, and what becomes of a rule's suggestion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib import range_test, schedules, training
from course_lib.compare import (
    Contrast,
    margin,
    may_be_chosen,
    paired,
    peak_text,
    resampled_seeds,
)
from course_lib.experiments.plans import train_plans
from course_lib.measured import Chosen
from course_lib.problems import Classification
from course_lib.range_test import RULES, Rule
from course_lib.training import Workload

#: A run has failed when it ends with a larger loss.
FAILED = 0.5
#: A rate is good when three runs of four end within this share of what they reach at the best.
WITHIN = 0.3
#: Half the distance of two rates on a grid of factors of two.
HALF_STEP = 2**0.5


@dataclass(frozen=True)
class Truth:
    """The results of full runs at constant rates.

    Attributes:
        rates: the grid, (K,), factors of two apart.
        losses: held-out loss at the end, (K, S), infinite where a run diverged.
        best: rate with the lowest median loss.
        good: first and last rate of the grid around the best at which three runs of four end
            within `WITHIN` of what they reach at the best.
        cliff: first rate above the best at which most runs fail; NaN if the grid ends before.

    >>> losses = [[0.2] * 4, [0.1] * 4, [0.12] * 4, [2.0] * 4]
    >>> found = truth_of([0.25, 0.5, 1, 2], losses)
    >>> found.best, found.good, found.cliff
    (0.5, (0.5, 1.0), 2.0)
    """

    rates: np.ndarray
    losses: np.ndarray
    best: float
    good: tuple[float, float]
    cliff: float


def truth_of(rates: Sequence[float], losses: np.ndarray) -> Truth:
    """Return best rate, good range and cliff of full runs.

    Args:
        rates: (K,), rising.
        losses: (K, S); not finite where a run diverged.
    """
    grid, table = np.asarray(rates, dtype=float), np.asarray(losses, dtype=float)
    table = np.where(np.isfinite(table), table, np.inf)
    upper = np.quantile(table, 0.75, axis=1, method="nearest")
    outside = np.flatnonzero(upper > (1 + WITHIN) * upper.min())
    lowest = upper.argmin()
    first = max(outside[outside < lowest], default=-1) + 1
    last = min(outside[outside > lowest], default=len(grid)) - 1
    best = grid[np.median(table, axis=1).argmin()]
    failing = grid[((table > FAILED).mean(axis=1) > 0.5) & (grid > best)]
    cliff = float(failing[0]) if len(failing) else np.nan
    return Truth(grid, table, float(best), (float(grid[first]), float(grid[last])), cliff)


def truth_cells(truth: Truth) -> list[Chosen]:
    """Return best rate, good range and cliff as a table shows them.

    Each is one of the grid's rates, chosen by a measurement. The seeds are resampled to see what
    else may be chosen, as for `course_lib.compare.may_be_chosen`.
    """
    drawn = resampled_seeds(truth.losses.shape[1])
    shown = _as_shown(truth)
    resampled = {_as_shown(truth_of(truth.rates, truth.losses[:, seeds])) for seeds in drawn}
    return [
        Chosen(text, tuple(sorted(others)))
        for text, others in zip(shown, map(set, zip(*resampled, strict=True)), strict=True)
    ]


def _as_shown(truth: Truth) -> tuple[str, str, str]:
    low, high = truth.good
    return f"{truth.best:.2g}", f"{low:.2g} to {high:.2g}", f"{truth.cliff:.2g}"


def held_out(workload: Workload, plans: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
    """Return the held-out loss at the end of every plan with every seed, (plans, seeds).

    Args:
        workload: data, model, optimizer and batch size.
        plans: rates, (plans, T).
        seeds: one run each.
    """
    runs = train_plans(workload, plans, seeds)
    losses = runs.held_out_loss[:, -1].reshape(len(plans), len(seeds))
    return np.where(np.isfinite(losses), losses, np.inf)


def full_runs(
    workload: Workload, rates: Sequence[float], seeds: Sequence[int], steps: int, every: int
) -> dict[int, Truth]:
    """Return updates done -> the truth at that length, from runs at constant rates.

    The beginning of a run at a constant rate is a shorter run at that rate.

    Args:
        workload: data, model, optimizer and batch size.
        rates: (K,), rising.
        seeds: one run each at every rate.
        steps: updates of the longest run.
        every: updates between two lengths.
    """
    plans = np.array(rates)[:, None] * np.ones((1, steps))
    runs = train_plans(workload, plans, seeds, score_every=every)
    losses = runs.held_out_loss.reshape(len(rates), len(seeds), -1)
    return {int(at): truth_of(rates, losses[..., i]) for i, at in enumerate(runs.scored_at) if at}


def below_range(found: np.ndarray, truth: Truth) -> np.ndarray:
    """Return which suggestions lie below the good range, by more than half a step of the grid."""
    return found < truth.good[0] / HALF_STEP


def past_cliff(found: np.ndarray, truth: Truth) -> np.ndarray:
    """Return which suggestions lie past the cliff, which is known to half a step of the grid."""
    return found >= truth.cliff / HALF_STEP


@dataclass(frozen=True)
class TunedPeak:
    """The peak of a grid with the lowest mean loss.

    Attributes:
        peak: the peak.
        others: peaks that may as well have been chosen, see `course_lib.compare.may_be_chosen`.

    >>> tuned_peak({0.1: [1.0, 1.2], 0.2: [1.1, 1.0], 0.4: [2.0, 3.0]})
    TunedPeak(peak=0.2, others=(0.1,))
    """

    peak: float
    others: tuple[float, ...]

    def over(self, unit: float) -> Chosen:
        """Return the peak over a rate, with two digits."""
        return Chosen(f"{self.peak / unit:.2g}", tuple(f"{one / unit:.2g}" for one in self.others))

    @property
    def other_texts(self) -> tuple[str, ...]:
        """The others as a table of verdicts shows them."""
        return tuple(map(peak_text, self.others))


def tuned_peak(losses: Mapping[float, Sequence[float]]) -> TunedPeak:
    """Return the best peak of a grid.

    Args:
        losses: peak -> one loss for each of the same seeds.
    """
    peaks = list(losses)
    table = np.array([losses[peak] for peak in peaks])
    best = float(peaks[table.mean(axis=1).argmin()])
    others = (float(peaks[i]) for i in may_be_chosen(table))
    return TunedPeak(best, tuple(peak for peak in others if peak != best))


def one_cycle_ends(
    workload: Workload, peaks: Sequence[float], seeds: Sequence[int], steps: int
) -> np.ndarray:
    """Return the held-out loss of 1-cycle runs, momentum cycle included, each with its own peak.

    Args:
        workload: data, model, optimizer and batch size.
        peaks: one a run.
        seeds: one a run.
        steps: updates of every run.
    """
    t = np.arange(steps)
    rates = np.array([schedules.one_cycle(peak, steps)(t) for peak in peaks])
    momenta = np.tile(schedules.one_cycle_momentum(steps)(t), (len(peaks), 1))
    return training.train(workload, rates, seeds, momenta=momenta).held_out_loss[:, -1]


def suggestions_as_peaks(
    workload: Workload,
    rules: Sequence[str],
    peaks: Sequence[float],
    tune: Sequence[int],
    fresh: Sequence[int],
    steps: int,
) -> list[Contrast]:
    """Return each rule against a tuned peak, both as the peak of a 1-cycle with its momentum.

    One range test a fresh seed suggests that seed's own peak.

    Args:
        workload: data, model, optimizer and batch size.
        rules: names of rules that suggest something for every seed.
        peaks: the grid for the tuned peak, increasing.
        tune: seeds that choose the tuned peak.
        fresh: seeds that score.
        steps: updates of every run.
    """
    tried = one_cycle_ends(workload, np.repeat(peaks, len(tune)), np.tile(tune, len(peaks)), steps)
    best = tuned_peak(dict(zip(peaks, tried.reshape(len(peaks), -1), strict=True)))
    edges = (peaks[0], peaks[-1])
    others = tuple(peak_text(peak, at_edge=peak in edges) for peak in best.others)
    tuned = one_cycle_ends(workload, [best.peak] * len(fresh), fresh, steps)
    swept = range_test.sweep(workload, fresh)
    found = range_test.suggestions(swept, {rule: RULES[rule] for rule in rules})
    return [
        paired(
            rule,
            "tuned peak",
            one_cycle_ends(workload, own, fresh, steps),
            tuned,
            margin(workload),
            peaks=(float(np.median(own)), best.peak),
            at_edge=(False, best.peak in edges),
            others=((), others),
        )
        for rule, own in found.items()
    ]


def valley_and_its_multiple(
    workload: Workload, factor: float, seeds: Sequence[int], steps: int
) -> Contrast:
    """Return fastai's valley against a multiple of it, both as the peak of a 1-cycle.

    Args:
        workload: data, model, optimizer and batch size.
        factor: factor of the valley's suggestion.
        seeds: one range test and two runs each.
        steps: updates of every run.
    """
    swept = range_test.sweep(workload, seeds)
    own = range_test.suggestions(swept, {"it": RULES["fastai valley"]})["it"]
    ends = [one_cycle_ends(workload, own * times, seeds, steps) for times in (1, factor)]
    names, middle = ("fastai valley", f"{factor:g} times the valley"), float(np.median(own))
    return paired(*names, *ends, margin(workload), peaks=(middle, factor * middle))


def small_grid(
    score: Callable[[Sequence[float]], Sequence[Sequence[float]]], edge: float
) -> dict[float, Sequence[float]]:
    """Return peak -> its losses, for the peaks around the edge of the unstable zone.

    A quarter, half, one and two times the edge; while the largest is the best, its double, and
    while the smallest is, its half.

    Args:
        score: function from peaks to their losses, one a seed.
        edge: first rate of the unstable zone.

    >>> list(small_grid(lambda peaks: [[abs(peak - 1.0)] for peak in peaks], edge=1.0))
    [0.25, 0.5, 1.0, 2.0]
    >>> list(small_grid(lambda peaks: [[abs(peak - 4.0)] for peak in peaks], edge=1.0))
    [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]
    """
    first = [edge * factor for factor in (0.25, 0.5, 1.0, 2.0)]
    losses = dict(zip(first, score(first), strict=True))
    while True:
        best = min(losses, key=lambda peak: np.mean(losses[peak]))
        beyond = 2 * best if best == max(losses) else best / 2 if best == min(losses) else None
        if beyond is None:
            return losses
        losses[beyond] = score([beyond])[0]


def one_update_of(
    data: Classification, hidden: Sequence[int], seed: int
) -> Callable[[float], float]:
    """Return a function that makes one full-batch update at a rate and returns the loss before it.

    Args:
        data: the examples.
        hidden: widths of the ReLU layers.
        seed: seed of the initial weights.
    """
    x, labels = data.inputs, data.labels
    weights = training.init_mlp([x.shape[1], *hidden, data.classes], seed)
    rows = np.arange(len(x))

    def one_update(rate: float) -> float:
        outputs = [x]
        for i in range(0, len(weights), 2):
            z = outputs[-1] @ weights[i] + weights[i + 1]
            outputs.append(np.maximum(z, 0))
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, labels] + 1e-12).mean()
        p[rows, labels] -= 1
        error, gradients = p / len(x), []
        for i in reversed(range(0, len(weights), 2)):
            gradients = [outputs[i // 2].T @ error, error.sum(axis=0), *gradients]
            error = (error @ weights[i].T) * (outputs[i // 2] > 0)
        for w, gradient in zip(weights, gradients, strict=True):
            w -= rate * gradient
        return float(loss)

    return one_update


def own_sweep(workload: Workload, seeds: Sequence[int], rule: str) -> np.ndarray:
    """Return a rule's suggestions, (S,), from the sweep that its own tool makes."""
    swept = range_test.sweep_at(workload, seeds, RULES[rule].rates())
    return range_test.suggestions(swept, {rule: RULES[rule]})[rule]


def lowest_averages(swept: range_test.Sweep, betas: Sequence[float]) -> Mapping[float, float]:
    """Return beta -> rate of the lowest debiased average, median over the seeds."""
    found = {}
    for beta in betas:
        powers = beta ** np.arange(len(swept.rates))
        averages = [np.convolve(losses, powers)[: len(powers)] for losses in swept.losses]
        debiased = np.array(averages) / np.cumsum(powers)
        found[beta] = float(np.median(swept.rates[debiased.argmin(axis=1)]))
    return found


def steepest(swept: range_test.Sweep, rule: Rule) -> dict[str, np.ndarray]:
    """Return the rates of the steepest slope of a rule's average, read over rate and logarithm."""
    read = {"over the rate": [], "over its logarithm": []}
    skip = rule.skip_start(len(swept.rates))
    for run in range(len(swept)):
        recorded = rule.recorded(swept.recorded(run))[skip : -rule.skip_end]
        at = swept.rates[skip : skip + len(recorded)]
        for name, axis in (("over the rate", at), ("over its logarithm", np.log(at))):
            read[name].append(at[np.gradient(recorded, axis).argmin()])
    return {name: np.array(rates) for name, rates in read.items()}
