"""Shapes that only other libraries' schedules need: parts of shapes, products and unusual curves.

The convention is that of `course_lib.schedules.shapes`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from course_lib.schedules.shapes import Shape, shape_from_dict
from course_lib.validation import check_count, check_real


@dataclass(frozen=True)
class WarpedPolynomial(Shape):
    """s = (1 - u**warp) ** power: fastai's polynomial (power 1), timm's with k_decay as warp."""

    power: float = 1.0
    warp: float = 1.0
    closing: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_real("power", self.power, low_open=True)
        check_real("warp", self.warp, low_open=True)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k of `length` steps."""
        return (1.0 - (k / length) ** self.warp) ** self.power


@dataclass(frozen=True)
class Logarithm(Shape):
    """s = 1 - log(1 + k) / log(1 + length): steep at first, DeepSpeed's usual warmup."""

    closing: ClassVar[bool] = True

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k of `length` steps."""
        return 1.0 - np.log1p(k) / np.log1p(length)


@dataclass(frozen=True)
class StretchedPolynomial(Shape):
    """s = (1 - k / (period * n)) ** power for ever, n = max(1, ceil(k / period)).

    Keras' PolynomialDecay(cycle=True): every `period` steps the end is moved on by a period.
    """

    period: float
    power: float = 1.0

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_real("period", self.period, low_open=True)
        check_real("power", self.power, low_open=True)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        periods = np.maximum(np.ceil(k / self.period), 1.0)
        return (1.0 - k / (self.period * periods)) ** self.power


@dataclass(frozen=True)
class Staircase(Shape):
    """Another shape, looked at only every `every` steps: s = shape(every * floor(k / every))."""

    shape: Shape
    every: int

    def __post_init__(self) -> None:
        """Check the parameters; a nested shape may be given as its dictionary."""
        object.__setattr__(self, "shape", _nested(self.shape))
        check_count("every", self.every)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        return self.shape(self.every * np.floor(k / self.every), length)

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as its name and parameters, ready for JSON."""
        return {"name": "Staircase", "shape": self.shape.to_dict(), "every": self.every}


@dataclass(frozen=True)
class Part(Shape):
    """A stretch of another shape: s = low + (1 - low) * shape(k + offset, length), for ever.

    With an offset s is not 1 at k = 0: the phase's `start` is where the whole shape began. It
    never closes, so that a line may run on below its end as some libraries let it.
    """

    shape: Shape
    offset: float = 0.0
    length: float | None = None
    low: float = 0.0

    def __post_init__(self) -> None:
        """Check the parameters; a nested shape may be given as its dictionary."""
        object.__setattr__(self, "shape", _nested(self.shape))
        check_real("offset", self.offset, low=-math.inf)
        check_real("low", self.low, low=-math.inf)
        if self.shape.closing and not self.length:
            raise ValueError(f"length must be given for the shape {self.shape!r}")

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        s = self.shape(k + self.offset, self.length or length)
        return self.low + (1.0 - self.low) * s

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as its name and parameters, ready for JSON."""
        own = {"offset": self.offset, "length": self.length, "low": self.low}
        return {"name": "Part", "shape": self.shape.to_dict(), **own}


@dataclass(frozen=True)
class Product(Shape):
    """s = the product of several open shapes: what chained schedulers and damped decays give."""

    parts: tuple[Shape, ...]

    def __post_init__(self) -> None:
        """Check the parameters; nested shapes may be given as their dictionaries."""
        object.__setattr__(self, "parts", tuple(_nested(part) for part in self.parts))
        if not self.parts or any(part.closing for part in self.parts):
            raise ValueError(f"parts must be open shapes, at least one, got {self.parts!r}")

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        s = np.ones_like(k)
        for part in self.parts:
            s = s * part(k, length)
        return s

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as its name and parameters, ready for JSON."""
        return {"name": "Product", "parts": [part.to_dict() for part in self.parts]}


def _nested(shape: Shape | dict[str, Any]) -> Shape:
    """Return the shape itself, or the one that a dictionary describes.

    Raises:
        TypeError: neither a shape nor a dictionary.
    """
    if isinstance(shape, dict):
        return shape_from_dict(shape)
    if not isinstance(shape, Shape):
        raise TypeError(f"shape must be a Shape, got {shape!r}")
    return shape
