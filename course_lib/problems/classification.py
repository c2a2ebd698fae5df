"""Labelled points: spirals, with right labels and with noisy ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from course_lib.validation import check_count, check_real


@dataclass(frozen=True)
class Classification:
    """Labelled points.

    Attributes:
        inputs: float64, shape (examples, features).
        labels: int64, shape (examples,), values 0 … classes - 1.
        classes: number of classes.
        name: name in plots and tables.
        held_out: examples of the same kind that are never trained on, or None.
        error_floor: share of held-out examples that no classifier can be expected to get right,
            where it is known; else None.
        loss_floor: mean cross-entropy on held-out examples, in nats, that no classifier can be
            expected to go below, where it is known; else None. On a finite set of held-out
            examples a lucky classifier may do better than either floor.

    >>> points = np.array([[0.0, 0.0], [1.0, 1.0], [0.9, 1.2]])
    >>> data = Classification(points, labels=np.array([0, 1, 1]), classes=2, name="two groups")
    >>> len(data)
    3
    """

    inputs: np.ndarray
    labels: np.ndarray
    classes: int
    name: str
    held_out: Classification | None = None
    error_floor: float | None = None
    loss_floor: float | None = None

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

    >>> data = spirals(per_class=100)
    >>> data.inputs.shape, np.bincount(data.labels).tolist()
    ((300, 2), [100, 100, 100])
    """
    check_count("per_class", per_class)
    check_real("noise", noise)
    rng = np.random.RandomState(check_count("seed", seed, low=0))
    return _draw_spirals(rng, per_class, noise, "spirals")


def noisy_spirals(
    per_class: int = 300,
    noise: float = 0.25,
    label_noise: float = 0.2,
    held_out_per_class: int = 1000,
    seed: int = 0,
) -> Classification:
    """Return `spirals` with some labels wrong, and a held-out set drawn afresh from the same law.

    Each label is wrong with probability `label_noise`, independently of all else; a wrong label is
    one of the two others, with equal chances. The held-out labels are noisy too, so both floors
    are those of the law that the network is trained on. The training inputs are those of `spirals`
    with the same arguments.

    The floors. At radius r arm c has the angle 4c + 5 (r - 0.2) + noise * N(0, 1), modulo 2π: at
    every radius the centres are 1.72, 2.28 and 2.28 rad apart. With p_c the chance that a point is
    of arm c, given where it is, its label is c with the chance

        q_c = label_noise / 2 + (1 - 1.5 * label_noise) * p_c
        error_floor = E[1 - max q_c],  loss_floor = E[-Σ q_c log q_c]

    With the defaults that is 0.2001 and 0.6392 nats, nearly all of it from the labels: without
    wrong labels the overlap of the arms alone would give 0.0002 and 0.0006.

    Args:
        per_class: points of each arm to train on, >= 1.
        noise: standard deviation of the angle, in radians, 0 <= noise <= 2π.
        label_noise: chance that a label is wrong, 0 <= label_noise < 2/3; at 2/3 labels would say
            nothing.
        held_out_per_class: held-out points of each arm, >= 1.
        seed: seed of `numpy.random.RandomState`, whose stream NumPy promises never to change.

    Returns:
        inputs of shape (3 * per_class, 2), in blocks of `per_class` points an arm; labels 0, 1, 2,
        noisy; `held_out` the same with 3 * held_out_per_class points; both floors.

    Raises:
        ValueError, TypeError: an argument is out of its range or of the wrong type.

    >>> data = noisy_spirals(label_noise=0.2)
    >>> len(data), len(data.held_out)
    (900, 3000)
    >>> f"{data.error_floor:.4f}, {data.loss_floor:.4f}"
    '0.2001, 0.6392'
    """
    check_count("per_class", per_class)
    check_count("held_out_per_class", held_out_per_class)
    check_real("noise", noise, high=math.tau)
    if check_real("label_noise", label_noise) >= 2 / 3:
        raise ValueError(f"label_noise must be < 2/3, got {label_noise!r}")
    rng = np.random.RandomState(check_count("seed", seed, low=0))
    name = "spirals with noisy labels"
    train = _mislabel(rng, _draw_spirals(rng, per_class, noise, name), label_noise)
    held_out = _draw_spirals(rng, held_out_per_class, noise, f"{name}, held out")
    error_floor, loss_floor = _spiral_floors(noise, label_noise)
    return replace(
        train,
        held_out=_mislabel(rng, held_out, label_noise),
        error_floor=error_floor,
        loss_floor=loss_floor,
    )


def _draw_spirals(
    rng: np.random.RandomState, per_class: int, noise: float, name: str
) -> Classification:
    radius = np.linspace(0.2, 1.0, per_class)
    arms = []
    for arm in range(3):
        angle = np.linspace(4 * arm, 4 * arm + 4, per_class) + noise * rng.randn(per_class)
        arms.append(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    return Classification(np.vstack(arms), np.repeat(np.arange(3), per_class), 3, name)


def _mislabel(
    rng: np.random.RandomState, data: Classification, label_noise: float
) -> Classification:
    wrong = rng.random_sample(len(data)) < label_noise
    shift = np.where(wrong, rng.randint(1, data.classes, size=len(data)), 0)
    return replace(data, labels=(data.labels + shift) % data.classes)


def _spiral_floors(noise: float, label_noise: float) -> tuple[float, float]:
    """Return the least error and the least cross-entropy that can be expected, in nats.

    Both are averages over the arms and over z ~ N(0, 1), which is summed on a grid: what a point
    at the angle noise * z from its arm's centre says about its label.
    """
    noise = max(noise, 1e-9)  # without noise the chances would be 0 / 0; here they are 0 or 1
    z = np.linspace(-9.0, 9.0, 9001)
    weight = np.exp(-0.5 * z**2) / np.exp(-0.5 * z**2).sum()
    centres = 4.0 * np.arange(3)
    offset = noise * z[:, None, None] + centres[:, None] - centres  # (z, own arm, arm)
    laps = math.tau * np.arange(-(reach := math.ceil(9 * noise / math.tau) + 1), reach + 1)
    offset = np.mod(offset, math.tau)[..., None] + laps
    exponent = -0.5 * (offset / noise) ** 2
    chances = np.exp(exponent - exponent.max(axis=(-2, -1), keepdims=True)).sum(axis=-1)
    chances /= chances.sum(axis=-1, keepdims=True)
    chances = label_noise / 2 + (1 - 1.5 * label_noise) * chances
    surprise = -np.log(np.maximum(chances, np.finfo(float).tiny))  # 0 * log(0) counts as 0
    error, entropy = 1 - chances.max(axis=-1), (chances * surprise).sum(axis=-1)
    return float(weight @ error.mean(axis=-1)), float(weight @ entropy.mean(axis=-1))
