"""Labelled points: spirals."""

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
        held_out: examples of the same kind that are never trained on, or None.
        error_floor: share of held-out examples that no classifier can be expected to get right,
            where it is known; else None.
    """

    inputs: np.ndarray
    labels: np.ndarray
    classes: int
    name: str
    held_out: Classification | None = None
    error_floor: float | None = None

    def __post_init__(self) -> None:
        """Check that inputs and labels fit together."""
        classes = check_count("classes", self.classes, low=2)
        if self.inputs.ndim != 2 or self.labels.shape != self.inputs.shape[:1] or len(self) == 0:
            raise ValueError(
                "inputs must have shape (examples, features) and labels (examples,), got "
                f"{self.inputs.shape} and {self.labels.shape}"
            )
        if not np.isfinite(self.inputs).all():
            raise ValueError("inputs must be finite, got NaN or infinity among them")
        if not np.issubdtype(self.labels.dtype, np.integer):
            raise TypeError(f"labels must be whole numbers, got {self.labels.dtype}")
        if self.labels.min() < 0 or self.labels.max() >= classes:
            raise ValueError(
                f"labels must be 0 … {classes - 1} for {classes} classes, got "
                f"{self.labels.min()} … {self.labels.max()}"
            )

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.labels)


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
