"""The longer computations of lesson 8: exact regrets, verdicts counted, updates to convergence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from course_lib.compare import RATIO_MARGIN, Comparison, Verdict, verdict
from course_lib.compare.plan import Family
from course_lib.experiments.exact import tune_exactly
from course_lib.intervals import Interval
from course_lib.problems import NoisyQuadratic
from course_lib.theory import expected_losses, optimal_rates


@dataclass(frozen=True)
class BestShape:
    """The loss that a family leaves on a quadratic at its best shape and peak, computed exactly.

    Attributes:
        shape: name of the best shape; empty where there is one only.
        peak_lr: its best peak.
        excess: expected loss at the end above the least that any rates reach, as a share of it.
    """

    shape: str
    peak_lr: float
    excess: float


def tuned_exactly(
    problem: NoisyQuadratic, families: Mapping[str, Family], total_steps: int
) -> dict[str, BestShape]:
    """Return how close each family comes to the least expected loss, at its best shape and peak.

    Args:
        problem: the quadratic.
        families: name -> function (peak_lr, total_steps), or a mapping from shapes to such.
        total_steps: updates in the run.

    >>> from course_lib import problems, schedules
    >>> quadratic = problems.power_law_quadratic(4, noise_std=1.0)
    >>> powers = {f"power {p}": lambda peak, n, p=p: schedules.polynomial(peak, n, power=p)
    ...           for p in (1, 2)}
    >>> found = tuned_exactly(quadratic, {"polynomial": powers}, 30)
    >>> found["polynomial"].shape
    'power 1'
    """
    least = expected_losses(problem, optimal_rates(problem, total_steps))[-1]
    return {
        name: BestShape(found.shape, found.peak, float(found.loss / least - 1.0))
        for name, found in tune_exactly(problem, families, total_steps).items()
    }


def exact_verdicts(tuned: Mapping[str, BestShape], reference: str) -> dict[str, Verdict]:
    """Return how each family does against the reference by its exact loss; one per cent is equal.

    >>> found = {name: BestShape("", 0.1, share) for name, share in zip("abc", (0.2, 0.205, 0.4))}
    >>> [word.value for word in exact_verdicts(found, "a").values()]
    ['equal', 'worse']
    """
    theirs = np.log1p(tuned[reference].excess)
    ratios = {name: np.log1p(one.excess) - theirs for name, one in tuned.items()}
    return {
        name: verdict(Interval(ratio, ratio, ratio), RATIO_MARGIN)
        for name, ratio in ratios.items()
        if name != reference
    }


def verdict_counts(verdicts: Iterable[Verdict]) -> dict[Verdict, int]:
    """Return how many are better, worse, equal and open, in this order; none is 0.

    >>> [n for n in verdict_counts([Verdict.OPEN, Verdict.BETTER, Verdict.OPEN]).values()]
    [1, 0, 0, 2]
    """
    found = list(verdicts)
    return {word: found.count(word) for word in Verdict}


def median_updates(comparison: Comparison, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the updates to the threshold of a comparison, and to near each run's own best loss.

    Args:
        comparison: a comparison with a threshold, scored on the way.
        share: largest distance of a run from its own best loss, as a share of it.

    Returns:
        Two medians over the fresh seeds, (S,) each; of an even number of values the upper one of
        the middle two.
    """
    own_best = comparison.best[:, :, None]
    near = (comparison.history <= (1.0 + share) * own_best).argmax(axis=2)
    middle = len(comparison.seeds.fresh) // 2
    reached = np.sort(comparison.steps_to_reach, axis=1)[:, middle]
    return reached, np.sort(comparison.scored_at[near], axis=1)[:, middle]
