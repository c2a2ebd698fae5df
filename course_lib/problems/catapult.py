"""Two layers and one example: the smallest network that a large rate can catapult."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.problems.landscapes import check_points, square
from course_lib.validation import check_count, check_real


@dataclass(frozen=True)
class TwoLayerProduct:
    """Two linear layers of width n and one example: L(u, v) = ½ (u·v / sqrt(n) - target)².

    w holds u, then v, shape (…, 2n). The loss is 0 wherever u·v = sqrt(n) * target, so the minimum
    is not a single point. The important quantity is the curvature λ = (|u|² + |v|²) / n, the
    squared gradient of the output; where the loss is 0, it is the Hessian's only eigenvalue that is
    not 0.

    With the target 0 and f = u·v / sqrt(n), one step of gradient descent at the rate η gives

        f <- f * (1 - η λ + η² f² / n),    λ <- λ + η f² / n * (η λ - 4)

    While f² is small against n: below η λ = 2 f shrinks; between 2 and 4 it first grows, which
    lowers λ until f can shrink (the catapult); above 4 both grow without end. With another target
    the edge at 4 is lower: for the target 3 and n = 100, η λ = 3.9 at the start diverges too.

    Attributes:
        width: width n of the layers, >= 1.
        target: output that has the loss 0.

    Source: Lewkowycz et al. (2020), The large learning rate phase of deep learning: the catapult
    mechanism, arXiv:2003.02218, sec. 2.

    A rate between 2 and 4 over the curvature catapults the weights to a flatter minimum:

    >>> from course_lib.problems import descend
    >>> model = TwoLayerProduct(width=100)
    >>> rate = 3 / model.curvature(model.start)
    >>> path = descend(model, np.full((1, 100), rate), model.start)[0]
    >>> model.loss(path[[0, 5, -1]]).round(3), model.curvature(path[[0, -1]]).round(2)
    (array([0.11 , 8.264, 0.   ]), array([1.85, 0.14]))
    """

    width: int = 100
    target: float = 0.0
    name = "two-layer product"
    minimum_loss = 0.0

    def __post_init__(self) -> None:
        """Check the fields."""
        check_count("width", self.width)
        check_real("target", self.target, low=-np.inf)

    @property
    def start(self) -> np.ndarray:
        """The start of seed 0."""
        return self.start_of(0)

    def start_of(self, seed: int) -> np.ndarray:
        """Return 2n draws of N(0, 1), so that f is of order 1 and λ close to 2; shape (2n,)."""
        rng = np.random.default_rng(check_count("seed", seed, low=0))
        return rng.standard_normal(2 * self.width)

    def output(self, w: np.ndarray) -> np.ndarray:
        """Return f = u·v / sqrt(n) at w of shape (…, 2n), shape (…)."""
        w = check_points(w, 2 * self.width)
        return (w[..., : self.width] * w[..., self.width :]).sum(axis=-1) / np.sqrt(self.width)

    def curvature(self, w: np.ndarray) -> np.ndarray:
        """Return λ = (|u|² + |v|²) / n at w of shape (…, 2n), shape (…)."""
        return square(check_points(w, 2 * self.width)) / self.width

    def loss(self, w: np.ndarray) -> np.ndarray:
        """Return the loss at w of shape (…, 2n), shape (…)."""
        error = self.output(w) - self.target
        return 0.5 * error * error

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the gradient at w, shape (…, 2n)."""
        error = (self.output(w) - self.target)[..., None] / np.sqrt(self.width)
        return error * np.roll(check_points(w, 2 * self.width), self.width, axis=-1)
