"""Families of schedules on noisy quadratics, each at its exact best shape and peak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from course_lib import theory
from course_lib.compare.plan import Family, shapes_of
from course_lib.problems import NoisyQuadratic


@dataclass(frozen=True)
class ExactFamily:
    """A family at the shape and the peak that leave the least expected loss.

    Attributes:
        shape: name of the best shape; empty where there is one only.
        peak: its best peak.
        rates: its rates at that peak, (T,).
        losses: its expected losses, (T + 1,).
        loss_of: shape -> expected loss after the last update at the shape's own best peak.
    """

    shape: str
    peak: float
    rates: np.ndarray
    losses: np.ndarray
    loss_of: Mapping[str, float]

    @property
    def loss(self) -> float:
        """Expected loss after the last update."""
        return float(self.losses[-1])


def at_best_peaks(problem: NoisyQuadratic, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the best peak of each shape, (F,), and the expected losses there, (F, T + 1).

    Args:
        problem: the quadratic.
        shapes: rates for a peak of 1, (F, T).
    """
    # The search moves its grid, so one order of magnitude is guess enough.
    peaks = theory.best_peaks(problem, shapes, np.full(len(shapes), 0.3))
    return peaks, theory.expected_losses(problem, peaks[:, None] * shapes)


def tune_exactly(
    problem: NoisyQuadratic, families: Mapping[str, Family], total_steps: int
) -> dict[str, ExactFamily]:
    """Return every family, its shape and peak chosen for the least expected loss.

    Args:
        problem: the quadratic.
        families: name -> function (peak_lr, total_steps) whose rates are proportional to the peak,
            or a mapping from names of shapes to such functions.
        total_steps: updates of the run, >= 1.

    >>> from course_lib import problems, schedules
    >>> found = tune_exactly(problems.power_law_quadratic(), {"linear": schedules.linear}, 300)
    >>> f"{found['linear'].peak:.2f} {found['linear'].loss:.3f}"
    '0.36 0.114'
    """
    t = np.arange(total_steps)
    members = [
        (name, shape, maker(1.0, total_steps)(t))
        for name, family in families.items()
        for shape, maker in shapes_of(name, family).items()
    ]
    plans = np.array([rates for _, _, rates in members])
    peaks, losses = at_best_peaks(problem, plans)
    found = {}
    for name in families:
        own = [i for i, member in enumerate(members) if member[0] == name]
        best = min(own, key=lambda i: losses[i, -1])
        found[name] = ExactFamily(
            shape=members[best][1],
            peak=float(peaks[best]),
            rates=peaks[best] * plans[best],
            losses=losses[best],
            loss_of={members[i][1]: float(losses[i, -1]) for i in own},
        )
    return found
