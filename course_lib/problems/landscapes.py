"""Losses of a few parameters, with their gradients and minima.

Every landscape has `loss(w)` and `gradient(w)` for w of shape (…, n), `start`, a point (n,) to
descend from, and `minimum_loss`; where the minimum is one point, `minimum` says which, (n,).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_lib.validation import check_real


@dataclass(frozen=True)
class Ravine:
    """A quadratic: L(w) = ½ Σ λ_i w_i², with the minimum 0 at the origin.

    Gradient descent needs a rate below 2 / max λ, and is slow along the smallest λ.

    Attributes:
        curvatures: curvature λ of each coordinate, all > 0; n of them, and w has shape (…, n).

    >>> ravine = Ravine(curvatures=(1.0, 20.0))
    >>> print(ravine.loss([1.0, 1.0]), ravine.gradient([1.0, 1.0]))
    10.5 [ 1. 20.]
    """

    curvatures: tuple[float, ...] = (1.0, 20.0)
    name = "ravine"
    minimum_loss = 0.0

    def __post_init__(self) -> None:
        """Check the curvatures; a list of them becomes a tuple."""
        checked = tuple(check_real("curvatures", c, low_open=True) for c in self.curvatures)
        if not checked:
            raise ValueError("curvatures must hold at least one number, got none")
        object.__setattr__(self, "curvatures", checked)

    @property
    def start(self) -> np.ndarray:
        """A point from which every coordinate has the loss ½."""
        return 1 / np.sqrt(self.curvatures)

    @property
    def minimum(self) -> np.ndarray:
        """The origin."""
        return np.zeros(len(self.curvatures))

    def loss(self, w: np.ndarray) -> np.ndarray:
        """Return the loss at w, shape (…)."""
        w = check_points(w, len(self.curvatures))
        return 0.5 * (np.array(self.curvatures) * w * w).sum(axis=-1)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the gradient at w, shape (…, n)."""
        return np.array(self.curvatures) * check_points(w, len(self.curvatures))


@dataclass(frozen=True)
class Rosenbrock:
    """Rosenbrock's banana: L(x, y) = (1 - x)² + steepness * (y - x²)², minimum 0 at (1, 1).

    Attributes:
        steepness: factor of the second term, > 0; it sets how steep the valley's walls are.

    Source: Rosenbrock (1960), doi:10.1093/comjnl/3.3.175.

    >>> valley = Rosenbrock()
    >>> valley.loss([valley.start, valley.minimum]).round(2)
    array([24.2,  0. ])
    """

    steepness: float = 100.0
    name = "Rosenbrock's valley"
    minimum_loss = 0.0

    def __post_init__(self) -> None:
        """Check the field."""
        check_real("steepness", self.steepness, low_open=True)

    @property
    def start(self) -> np.ndarray:
        """Rosenbrock's own starting point."""
        return np.array([-1.2, 1.0])

    @property
    def minimum(self) -> np.ndarray:
        """The point (1, 1)."""
        return np.ones(2)

    def loss(self, w: np.ndarray) -> np.ndarray:
        """Return the loss at w of shape (…, 2), shape (…)."""
        x, y = _xy(w)
        return (1 - x) * (1 - x) + self.steepness * (y - x * x) * (y - x * x)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the gradient at w, shape (…, 2)."""
        x, y = _xy(w)
        off = 2 * self.steepness * (y - x * x)
        return np.stack([2 * (x - 1) - 2 * x * off, off], axis=-1)


@dataclass(frozen=True)
class RiverValley:
    """A steep valley with a river that winds and slowly falls along its bottom.

    L(x, y) = ½ wall * (y - bend * sin x)² + descent * (x / length - 1)²

    The first term is the height above the river, the second that of the river itself, from
    `descent` at x = 0 down to 0 at the river's mouth, x = length. Noise keeps a large rate high
    above the river, but a large rate also moves faster along it.

    Attributes:
        wall: curvature across the valley, > 0.
        descent: loss of the river at x = 0, > 0.
        bend: largest distance of the river to each side, >= 0.
        length: distance from the start to the mouth along x, > 0.

    Source: the picture of Wen et al. (2024), arXiv:2410.05192; the formula is this course's.

    Halfway to the mouth, a point beside the river has a higher loss than one on it:

    >>> valley = RiverValley(bend=0.0)
    >>> valley.loss([[5.0, 0.0], [5.0, 0.3]]).round(2)
    array([0.25, 0.7 ])
    """

    wall: float = 10.0
    descent: float = 1.0
    bend: float = 0.5
    length: float = 10.0
    name = "river valley"
    minimum_loss = 0.0

    def __post_init__(self) -> None:
        """Check the fields."""
        for field in ("wall", "descent", "length"):
            check_real(field, getattr(self, field), low_open=True)
        check_real("bend", self.bend)

    @property
    def start(self) -> np.ndarray:
        """The origin, on the river: the loss is `descent` there."""
        return np.zeros(2)

    @property
    def minimum(self) -> np.ndarray:
        """The river's mouth."""
        return np.array([self.length, self.bend * np.sin(self.length)])

    def river_loss(self, w: np.ndarray) -> np.ndarray:
        """Return the loss of the river at the same x, shape (…): what is left without the walls."""
        x, _ = _xy(w)
        return self.descent * (x / self.length - 1) * (x / self.length - 1)

    def loss(self, w: np.ndarray) -> np.ndarray:
        """Return the loss at w of shape (…, 2), shape (…)."""
        x, y = _xy(w)
        height = y - self.bend * np.sin(x)
        return 0.5 * self.wall * height * height + self.river_loss(w)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the gradient at w, shape (…, 2)."""
        x, y = _xy(w)
        across = self.wall * (y - self.bend * np.sin(x))
        along = 2 * self.descent / self.length * (x / self.length - 1)
        return np.stack([along - across * self.bend * np.cos(x), across], axis=-1)


@dataclass(frozen=True)
class SeveralMinima:
    """A shallow bowl with wells, some deeper and some sharper than others.

    L(w) = ½ bowl * |w|² + Σ_i depth_i * (1 - exp(-|w - centre_i|² / (2 width_i²)))

    The default wells: a wide one at the left, a deeper and much sharper one at the top right, and
    a shallow one at the bottom right. The sharp one is the lowest, by a little.

    Attributes:
        wells: x, y, depth and width of each well; depth and width > 0.
        bowl: curvature far from the wells, > 0.

    The lowest minimum is also the sharpest:

    >>> wells = SeveralMinima()
    >>> wells.loss(wells.minima).round(3)
    array([1.719, 1.906, 2.314])
    >>> np.linalg.eigvalsh(wells.hessian(wells.minima))[:, -1].round(1)
    array([13.4,  1.7,  2.5])
    """

    wells: tuple[tuple[float, float, float, float], ...] = (
        (-1.5, 0.0, 1.0, 0.8),
        (1.2, 1.0, 1.2, 0.3),
        (1.0, -1.2, 0.6, 0.5),
    )
    bowl: float = 0.1
    name = "several minima"

    def __post_init__(self) -> None:
        """Check the fields."""
        check_real("bowl", self.bowl, low_open=True)
        if np.ndim(self.wells) != 2 or np.shape(self.wells)[1] != 4:
            raise ValueError(f"wells must be rows of x, y, depth, width, got {self.wells!r}")
        for x, y, depth, width in self.wells:
            for value in (x, y):
                check_real("wells' x and y", value, low=-np.inf)
            for value in (depth, width):
                check_real("wells' depth and width", value, low_open=True)

    @property
    def start(self) -> np.ndarray:
        """A point on the slope between the default wells."""
        return np.array([0.3, 2.0])

    @cached_property
    def minima(self) -> np.ndarray:
        """The minimum in each well, lowest first, shape (wells, 2), by Newton's method.

        The bowl and the other wells' tails pull it away from the centre.

        Raises:
            ValueError: a well is not a minimum, because the bowl or another well is too strong.
        """
        w = np.array(self.wells)[:, :2]
        with np.errstate(all="ignore"):
            for _ in range(50):
                w = w - (np.linalg.pinv(self.hessian(w)) @ self.gradient(w)[..., None])[..., 0]
        wells = np.array(self.wells)
        strayed = np.linalg.norm(w - wells[:, :2], axis=-1) > wells[:, 3]
        distinct = len(np.unique(w.round(6), axis=0)) == len(w)
        if strayed.any() or not distinct or np.linalg.eigvalsh(self.hessian(w)).min() <= 0:
            raise ValueError(f"wells must each keep a minimum of their own, got {self.wells!r}")
        return w[np.argsort(self.loss(w))]

    @property
    def minimum(self) -> np.ndarray:
        """The lowest minimum."""
        return self.minima[0]

    @property
    def minimum_loss(self) -> float:
        """The loss at the lowest minimum."""
        return float(self.loss(self.minima[0]))

    def loss(self, w: np.ndarray) -> np.ndarray:
        """Return the loss at w of shape (…, 2), shape (…)."""
        total = 0.5 * self.bowl * square(check_points(w, 2))
        for _offset, depth, _width, shade in self._wells_at(w):
            total = total + depth * (1 - shade)
        return total

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the gradient at w, shape (…, 2)."""
        slope = self.bowl * check_points(w, 2)
        for offset, depth, width, shade in self._wells_at(w):
            slope = slope + (depth / width**2 * shade)[..., None] * offset
        return slope

    def hessian(self, w: np.ndarray) -> np.ndarray:
        """Return the second derivatives at w of shape (…, 2), shape (…, 2, 2).

        Its largest eigenvalue at a minimum is how sharp that minimum is.
        """
        matrix = self.bowl * np.eye(2)
        for offset, depth, width, shade in self._wells_at(w):
            outer = offset[..., :, None] * offset[..., None, :]
            scale = (depth / width**2 * shade)[..., None, None]
            matrix = matrix + scale * (np.eye(2) - outer / width**2)
        return matrix

    def _wells_at(self, w: np.ndarray) -> Iterator[tuple[np.ndarray, float, float, np.ndarray]]:
        for x, y, depth, width in self.wells:
            offset = check_points(w, 2) - (x, y)
            yield offset, depth, width, np.exp(-square(offset) / (2 * width**2))


def check_points(w: np.ndarray, size: int) -> np.ndarray:
    """Return `w` as float64 when its shape is (…, size); raise ValueError otherwise."""
    points = np.asarray(w, dtype=np.float64)
    if points.ndim == 0 or points.shape[-1] != size:
        raise ValueError(f"w must have shape (…, {size}), got {points.shape}")
    return points


def _xy(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points = check_points(w, 2)
    return points[..., 0], points[..., 1]


def square(w: np.ndarray) -> np.ndarray:
    """Return |w|² of vectors along the last axis."""
    return (w * w).sum(axis=-1)
