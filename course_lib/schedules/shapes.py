"""The shapes of a phase: how much of the way from start to end is still to go after k steps.

A shape is called with `k`, the steps since the phase began (float64, any array shape), and
`steps`, the length of the phase. It returns s with s = 1 at k = 0; the phase's rate is

    rate = start * s + end * (1 - s)

which is exactly `start` at s = 1 and exactly `end` at s = 0. A *closing* shape has s = 0 at
k = steps and needs a finite length; an *open* one goes on for ever.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Constant:
    """s = 1."""

    closing = False

    def __call__(self, k: np.ndarray, steps: float) -> np.ndarray:
        """Return s after k of `steps` steps."""
        return np.ones_like(k)


@dataclass(frozen=True)
class Cosine:
    """s = (1 + cos(pi k / steps)) / 2 (Loshchilov & Hutter, 2017, eq. 5, one cycle)."""

    closing = True

    def __call__(self, k: np.ndarray, steps: float) -> np.ndarray:
        """Return s after k of `steps` steps."""
        return 0.5 * (1.0 + np.cos(np.pi * (k / steps)))


@dataclass(frozen=True)
class Drops:
    """s = drop ** floor(k / every): a staircase."""

    drop: float
    every: int
    closing = False

    def __call__(self, k: np.ndarray, steps: float) -> np.ndarray:
        """Return s after k steps; `steps` does not matter."""
        return self.drop ** np.floor(k / self.every)


Shape = Constant | Cosine | Drops
