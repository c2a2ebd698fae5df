"""The longer computations of lesson 3: exact losses of cosine, linear decay and restarts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from course_lib import schedules, theory
from course_lib.compare.plan import Maker
from course_lib.experiments.exact import tune_exactly
from course_lib.problems import NoisyQuadratic, power_law_quadratic
from course_lib.schedules import Schedule

#: Where the tables of lesson 3 compute: fifty curvatures, and three kinds of noise.
NOISES: Mapping[str, NoisyQuadratic] = {
    "noise follows curvature, 1": power_law_quadratic(noise_std=1.0),
    "noise follows curvature, 0.1": power_law_quadratic(noise_std=0.1),
    "same noise everywhere, 0.3": power_law_quadratic(noise_std=0.3, noise_exponent=0),
}


def constant(peak_lr: float, total_steps: int) -> Schedule:
    """Return the constant rate, as a function of the two arguments that every maker has."""
    return schedules.constant(peak_lr)


def with_floor(maker: Callable[..., Schedule], share: float) -> Maker:
    """Return the maker of a schedule whose floor is a share of its peak.

    Args:
        maker: `schedules.cosine` or `schedules.linear`.
        share: floor over peak, 0 <= share <= 1.

    >>> with_floor(schedules.cosine, 0.1)(0.5, 100)(100)
    0.05
    """
    return lambda peak, total: maker(peak, total, floor=share * peak)


def restarts(cycles: int) -> Maker:
    """Return the maker of cosine restarts with whole cycles, each twice as long as the one before.

    The first cycle takes the run's updates over 2^cycles - 1, rounded up.

    >>> rates = restarts(2)(1.0, 300)(range(300))
    >>> [int(t) for t in range(300) if rates[t] == 1.0]
    [0, 100]
    """
    parts = 2**cycles - 1
    return lambda peak, total: schedules.cosine_restarts(peak, -(-total // parts), mult=2)


@dataclass(frozen=True)
class AtBestPeak:
    """A schedule at its best peak on a noisy quadratic.

    Attributes:
        rates: η_t, shape (T,).
        losses: expected losses, shape (T + 1,).
        regret: last loss over the least possible one, minus 1.
    """

    rates: np.ndarray
    losses: np.ndarray
    regret: float

    def fall_below(self, share: float) -> float:
        """Return the part of the loss that is lost from the first rate below share * peak on.

        0 where no rate is that low.
        """
        low = np.flatnonzero(self.rates < share * self.rates.max())
        return float(1 - self.losses[-1] / self.losses[low[0]]) if low.size else 0.0


def tuned(
    problem: NoisyQuadratic, makers: Mapping[str, Maker], total_steps: int
) -> dict[str, AtBestPeak]:
    """Return every schedule at the peak that leaves the least expected loss.

    Args:
        problem: the quadratic.
        makers: name -> maker whose rates are proportional to the peak.
        total_steps: updates of the run, >= 1.

    >>> found = tuned(NOISES["noise follows curvature, 1"], {"cosine": schedules.cosine}, 300)
    >>> f"{found['cosine'].rates[0]:.2f} {found['cosine'].losses[-1]:.3f}"
    '0.37 0.120'
    """
    least = theory.expected_losses(problem, theory.optimal_rates(problem, total_steps))[-1]
    return {
        name: AtBestPeak(found.rates, found.losses, found.loss / float(least) - 1)
        for name, found in tune_exactly(problem, makers, total_steps).items()
    }


def scaled_bound(rates: np.ndarray) -> float:
    """Return the worst-case bound for the last weights at the best peak, times sqrt(T).

    Args:
        rates: the shape of the rates, (T,); their scale does not matter.

    >>> round(scaled_bound(1 - np.arange(400) / 400), 2)
    2.01
    """
    best = theory.best_scale(rates) * np.asarray(rates)
    return float(theory.last_iterate_bound(best) * np.sqrt(len(best)))
