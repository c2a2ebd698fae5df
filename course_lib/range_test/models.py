"""Models to run a range test on, and models whose best peak has to be found in a few trainings.

The objects here change with every call. What a call needs of that state is in their method `_next`
alone, so that a grader can keep the state where the caller cannot reach it: it gives the caller an
object of the same class whose `_next` asks another process.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from course_lib import schedules
from course_lib.problems import NoisyQuadratic
from course_lib.theory import expected_losses
from course_lib.validation import check_real

#: Where the best peak of every hidden model lies.
LOWEST_PEAK, HIGHEST_PEAK = 1e-5, 1e2
#: Short trainings that may be made before a peak is chosen.
BUDGET = 14
_DIMENSIONS = 6
_DIVERGED = 1e4  # times the loss at the start


class Minibatches:
    """A loss and its gradient on one batch after the other.

    Batch k has the loss ½ Σ h_i (w_i - c_ki)²: its own minimum c_k, drawn about 0.
    """

    def __init__(self, curvatures: list[float], spread: float, seed: int) -> None:
        """Set up the batches.

        Args:
            curvatures: h, one a weight.
            spread: standard deviation of the batches' minima.
            seed: seed of the minima.
        """
        self._curvatures = np.array(curvatures, dtype=np.float64)
        self._spread = spread
        self._rng = np.random.default_rng(seed)

    def __call__(self, w: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the loss of the *next* batch at w, and its gradient there."""
        return self._next(w)

    def _next(self, w: np.ndarray) -> tuple[float, np.ndarray]:
        off = w - self._spread * self._rng.standard_normal(self._curvatures.shape)
        return float(0.5 * np.sum(self._curvatures * off**2)), self._curvatures * off


class Trainings:
    """Short trainings of one model, each with a linear decay from a peak to 0, up to a budget."""

    def __init__(self, number: int, curvature: float, spread: float, noise: float, steps: int):
        """Set up a noisy quadratic, of which the expected loss is known exactly.

        Args:
            number: number of the model.
            curvature: the largest, > 0; all peaks are in proportion to 1 / curvature.
            spread: ratio of the largest to the smallest curvature, >= 1.
            noise: standard deviation of a gradient over the square root of the largest
                curvature, >= 0.
            steps: updates of a training.
        """
        self.number = number
        self._settings = (curvature, spread, noise, steps)
        self._made = 0

    def __call__(self, rate: float) -> float:
        """Return the loss at the end of a training with this peak; inf if it diverges.

        Args:
            rate: the peak, > 0.

        Raises:
            RuntimeError: the budget is spent.
            ValueError, TypeError: the rate is not a number > 0.
        """
        return self._next(check_real("rate", rate, low_open=True))

    def _next(self, peak: float) -> float:
        self._made += 1
        if self._made > BUDGET:
            raise RuntimeError(f"train may be called {BUDGET} times; this call is one too many")
        return _final_loss(self._settings, peak)


def losses_of(
    curvature: float, spread: float, noise: float, steps: int, peaks: np.ndarray
) -> np.ndarray:
    """Return the final losses of trainings, shape (P,): inf where one diverges.

    Args:
        curvature, spread, noise, steps: settings of the model, as in `Trainings`.
        peaks: shape (P,), > 0.
    """
    curvatures = curvature * np.geomspace(1.0, 1.0 / spread, _DIMENSIONS)
    noise_std = np.full(_DIMENSIONS, noise * math.sqrt(curvature))
    problem = NoisyQuadratic(curvatures, noise_std, 1.0 / np.sqrt(curvatures))
    shape = schedules.linear(1.0, steps)(np.arange(steps))
    losses = expected_losses(problem, peaks[:, None] * shape)
    return np.where(losses.max(axis=1) < _DIVERGED * losses[:, 0], losses[:, -1], math.inf)


@lru_cache(maxsize=4096)
def _final_loss(settings: tuple[float, float, float, int], peak: float) -> float:
    return float(losses_of(*settings, np.array([peak]))[0])
