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


@dataclass(frozen=True)
class Floored(Shape):
    """Another, open shape that stops at a floor: s = max(low, shape(k)), MONAI's and NeMo's."""

    shape: Shape
    low: float

    def __post_init__(self) -> None:
        """Check the parameters; a nested shape may be given as its dictionary."""
        object.__setattr__(self, "shape", _nested(self.shape))
        check_real("low", self.low)
        if self.shape.closing:
            raise ValueError(f"shape must be an open shape, got {self.shape!r}")

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        return np.maximum(self.low, self.shape(k, length))

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as its name and parameters, ready for JSON."""
        return {"name": "Floored", "shape": self.shape.to_dict(), "low": self.low}


@dataclass(frozen=True)
class Rex(Shape):
    """s = (1 - u) / (1 - u / 2): slow at first, then ever steeper.

    Source: Chen et al. (2022), REX, arXiv:2107.04197.
    """

    closing: ClassVar[bool] = True

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k of `length` steps."""
        u = k / length
        return (1.0 - u) / (1.0 - u / 2.0)


@dataclass(frozen=True)
class WarmedCycles(Shape):
    """Cycles for ever, each of `warmup` steps of a line and a half-cosine; pytorch-optimizer's.

    s = foot * (1 - f) + gamma**i * f in cycle i, where f climbs from 0 to 1 in the warmup and falls
    back along the cosine: so the foot stays and the peak shrinks. The cosine of a cycle takes mult
    times as long as the one before, cut off to whole steps, and at least one step.
    """

    steps: int
    warmup: int = 0
    mult: float = 1.0
    gamma: float = 1.0
    foot: float = 0.0

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_count("warmup", self.warmup, low=0)
        check_count("steps", self.steps, low=self.warmup + 1)
        check_real("mult", self.mult)
        check_real("gamma", self.gamma)
        check_real("foot", self.foot)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        begins, lengths = self._cycles(float(np.max(k, initial=0.0)))
        cycle = np.searchsorted(begins, k, side="right") - 1
        # The last cycle in the list is as long as all after it.
        more = np.floor((k - begins[cycle]) / lengths[cycle])
        inside = k - begins[cycle] - more * lengths[cycle]
        down = lengths[cycle] - self.warmup
        fall = 0.5 * (1.0 + np.cos(np.pi * (inside - self.warmup) / down))
        share = np.where(inside < self.warmup, inside / max(self.warmup, 1), fall)
        return self.foot * (1.0 - share) + self.gamma ** (cycle + more) * share

    def _cycles(self, last: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the first steps and the lengths of the cycles up to `last`, or to the settled."""
        begins, lengths = [0.0], [float(self.steps)]
        while begins[-1] + lengths[-1] <= last:
            following = max(1.0, float(int((lengths[-1] - self.warmup) * self.mult))) + self.warmup
            if following == lengths[-1]:
                break
            begins.append(begins[-1] + lengths[-1])
            lengths.append(following)
        return np.array(begins), np.array(lengths)


@dataclass(frozen=True)
class Rectified(Shape):
    """RAdam's rectification, s = r(k) / r(0), which approaches 1 / r(0).

    r(k) = sqrt((rho - 4) (rho - 2) R / ((R - 4) (R - 2) rho)) with R = 2 / (1 - beta2) - 1,
    rho = R - 2 n beta2**n / (1 - beta2**n) and n = k + first, the first n with rho > 4.

    Source: Liu et al. (2020), On the variance of the adaptive learning rate, arXiv:1908.03265.
    """

    beta2: float

    def __post_init__(self) -> None:
        """Check the parameters."""
        if not 0.6 < check_real("beta2", self.beta2) < 1.0:
            raise ValueError(f"beta2 must be > 0.6 and < 1, got {self.beta2!r}")

    @property
    def first(self) -> int:
        """Return the first n for which the rectification is defined."""
        n = 1
        while self._rho(n) <= 4.0:
            n += 1
        return n

    def rectification(self, n: float) -> float:
        """Return r at n, which counts from 1."""
        limit, rho = 2.0 / (1.0 - self.beta2) - 1.0, self._rho(n)
        above = (rho - 4.0) * (rho - 2.0) * limit
        return math.sqrt(above / ((limit - 4.0) * (limit - 2.0) * rho))

    def _rho(self, n: float) -> float:
        limit, power = 2.0 / (1.0 - self.beta2) - 1.0, self.beta2**n
        return limit - 2.0 * n * power / (1.0 - power)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        first = self.first
        # One by one: NumPy's powers round differently, and rho - 4 magnifies that.
        values = [self.rectification(n) for n in (np.ravel(k) + first).tolist()]
        return np.reshape(values, np.shape(k)) / self.rectification(first)


@dataclass(frozen=True)
class Clocked(Shape):
    """Another shape on a clock that ticks once in `every` steps, and starts again.

    s = shape(floor(k / every) mod period): schedules that count epochs, and cycles of a whole
    number of ticks. Without a period the clock runs for ever.
    """

    shape: Shape
    every: int = 1
    period: int | None = None

    def __post_init__(self) -> None:
        """Check the parameters; a nested shape may be given as its dictionary."""
        object.__setattr__(self, "shape", _nested(self.shape))
        if self.shape.closing:
            raise ValueError(f"shape must be an open shape, got {self.shape!r}")
        check_count("every", self.every)
        if self.period is not None:
            check_count("period", self.period)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        ticks = np.floor(k / self.every)
        return self.shape(ticks if self.period is None else ticks % self.period, length)

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as its name and parameters, ready for JSON."""
        own = {"every": self.every, "period": self.period}
        return {"name": "Clocked", "shape": self.shape.to_dict(), **own}


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
