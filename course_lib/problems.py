"""Seeded data to train on: nothing is downloaded, the same seed gives the same numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.validation import check_count, check_real


@dataclass(frozen=True)
class Classification:
    """Labelled points.

    Attributes:
        inputs: float64, shape (examples, features).
        labels: int64, shape (examples,), values 0 … classes - 1.
        classes: number of classes.
        name: what plots and tables call it.
    """

    inputs: np.ndarray
    labels: np.ndarray
    classes: int
    name: str


def spirals(per_class: int = 100, noise: float = 0.25, seed: int = 0) -> Classification:
    """Return three noisy spiral arms in the plane, one class an arm.

    Arm c has the angles linspace(4c, 4c + 4) + noise * N(0, 1), in radians, and the radii
    linspace(0.2, 1). The arms do not overlap in radius at the same angle except through the
    noise, so a small network can separate the default data.

    Args:
        per_class: points of each class, >= 1.
        noise: standard deviation of the angle, in radians, >= 0.
        seed: seed of `numpy.random.RandomState`, whose stream NumPy promises never to change.

    Returns:
        inputs of shape (3 * per_class, 2), labels 0, 1, 2 in blocks of `per_class`.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.
    """
    check_count("per_class", per_class)
    check_real("noise", noise)
    rng = np.random.RandomState(check_count("seed", seed, low=0))
    radius = np.linspace(0.2, 1.0, per_class)
    arms = []
    for arm in range(3):
        angle = np.linspace(4 * arm, 4 * arm + 4, per_class) + noise * rng.randn(per_class)
        arms.append(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    labels = np.repeat(np.arange(3), per_class)
    return Classification(np.vstack(arms), labels, classes=3, name="spirals")
