"""The shapes of a phase: how much of the way from start to end is still to go after k steps.

A shape is called with `k`, the steps since the phase began (float64, any array shape), and
`length`, the steps it takes to run its course. It returns s with s = 1 at k = 0; the rate is

    rate = start * s + end * (1 - s)

which is exactly `start` at s = 1 and exactly `end` at s = 0. A *closing* shape reaches s = 0 at
k = length and needs a finite length; an *open* one has a scale of its own and goes on for ever.
u stands for k / length.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import numpy as np

from course_lib.validation import check_count, check_real


@dataclass(frozen=True)
class Shape:
    """Base of all shapes: a check of every parameter, and JSON there and back."""

    closing: ClassVar[bool] = False

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps of a shape that takes `length`."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Return the shape as its name and parameters, ready for JSON."""
        return {"name": type(self).__name__, **asdict(self)}


@dataclass(frozen=True)
class Constant(Shape):
    """s = 1."""

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        return np.ones_like(k)


@dataclass(frozen=True)
class Polynomial(Shape):
    """s = (1 - u) ** power; power = 1 is a straight line."""

    power: float = 1.0
    closing: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_real("power", self.power, low_open=True)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k of `length` steps."""
        return (1.0 - k / length) ** self.power


@dataclass(frozen=True)
class Cosine(Shape):
    """s = ((1 + cos(pi u**warp)) / 2) ** exponent.

    With both 1 the half-cosine of Loshchilov & Hutter (2017, eq. 5); `exponent` is optax's,
    `warp` is timm's k_decay.
    """

    exponent: float = 1.0
    warp: float = 1.0
    closing: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_real("exponent", self.exponent, low_open=True)
        check_real("warp", self.warp, low_open=True)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k of `length` steps."""
        return (0.5 * (1.0 + np.cos(np.pi * (k / length) ** self.warp))) ** self.exponent


@dataclass(frozen=True)
class OneMinusSqrt(Shape):
    """s = 1 - sqrt(u): falls steeply at once, then ever more slowly (Hägele et al., 2024)."""

    closing: ClassVar[bool] = True

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k of `length` steps."""
        return 1.0 - np.sqrt(k / length)


@dataclass(frozen=True)
class Geometric(Shape):
    """The rate falls by the same factor at every step, from start to end = ratio * start.

    s = (ratio**u - ratio) / (1 - ratio), 0 < ratio < 1.
    """

    ratio: float
    closing: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the parameters."""
        if not 0.0 < check_real("ratio", self.ratio) < 1.0:
            raise ValueError(f"ratio must be > 0 and < 1, got {self.ratio!r}")

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k of `length` steps."""
        return (self.ratio ** (k / length) - self.ratio) / (1.0 - self.ratio)


@dataclass(frozen=True)
class Tanh(Shape):
    """s = (1 - tanh(low * (1 - u) + high * u)) / 2, timm's; it ends near 0, not at it."""

    low: float = -7.0
    high: float = 3.0
    closing: ClassVar[bool] = True

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k of `length` steps."""
        u = k / length
        return 0.5 * (1.0 - np.tanh(self.low * (1.0 - u) + self.high * u))


@dataclass(frozen=True)
class Drops(Shape):
    """s = drop ** floor(k / every): a staircase."""

    drop: float
    every: int

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_real("drop", self.drop, low_open=True)
        check_count("every", self.every)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        return self.drop ** np.floor(k / self.every)


@dataclass(frozen=True)
class Exponential(Shape):
    """s = gamma ** k."""

    gamma: float

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_real("gamma", self.gamma, low_open=True)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        return self.gamma**k


@dataclass(frozen=True)
class InverseTime(Shape):
    """s = (1 + rate * k) ** -power; power = 1/2 is the inverse square root."""

    rate: float
    power: float = 1.0

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_real("rate", self.rate)
        check_real("power", self.power, low_open=True)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        return (1.0 + self.rate * k) ** -self.power


@dataclass(frozen=True)
class CosineWave(Shape):
    """s = (1 + cos(pi k / half_period)) / 2 for ever: what a cosine does that nobody stops."""

    half_period: float

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_real("half_period", self.half_period, low_open=True)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        return 0.5 * (1.0 + np.cos(np.pi * (k / self.half_period)))


@dataclass(frozen=True)
class Restarts(Shape):
    """Half-cosines for ever, cycle i of length period * mult**i and height scale**i.

    s = scale**i * (1 + cos(pi * v)) / 2 with v the share of cycle i that is done.

    Source: Loshchilov & Hutter (2017), SGDR, arXiv:1608.03983.
    """

    period: float
    mult: float = 1.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_real("period", self.period, low_open=True)
        check_real("mult", self.mult, low=1.0)
        check_real("scale", self.scale, low_open=True)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        cycle, done = _cycle(k / self.period, self.mult)
        return self.scale**cycle * 0.5 * (1.0 + np.cos(np.pi * done))


@dataclass(frozen=True)
class Triangle(Shape):
    """Straight up and down for ever: s = 1 at the foot (start), 0 at the top (end).

    s = 1 - scale**i * gamma**k * h, where h climbs from 0 to 1 over the share `rise` of cycle i
    and falls back over the rest.

    Source: Smith (2017), Cyclical learning rates, arXiv:1506.01186.
    """

    period: float
    rise: float = 0.5
    scale: float = 1.0
    gamma: float = 1.0

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_real("period", self.period, low_open=True)
        if not 0.0 < check_real("rise", self.rise) < 1.0:
            raise ValueError(f"rise must be > 0 and < 1, got {self.rise!r}")
        check_real("scale", self.scale, low_open=True)
        check_real("gamma", self.gamma, low_open=True)

    def __call__(self, k: np.ndarray, length: float) -> np.ndarray:
        """Return s after k steps."""
        cycle, done = _cycle(k / self.period, mult=1.0)
        height = np.where(done < self.rise, done / self.rise, (1.0 - done) / (1.0 - self.rise))
        return 1.0 - self.scale**cycle * self.gamma**k * height


def _cycle(periods: np.ndarray, mult: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of the cycle and the share of it that is done.

    `periods` is the time in units of the first cycle; cycle i begins at (mult**i - 1)/(mult - 1).
    """
    if mult == 1.0:
        cycle = np.floor(periods)
        return cycle, periods - cycle
    cycle = np.floor(np.log1p(periods * (mult - 1.0)) / math.log(mult))
    # The logarithm may miss a boundary by one rounding: put the cycle right by its first step.
    with np.errstate(over="ignore"):
        cycle += periods >= (mult ** (cycle + 1) - 1.0) / (mult - 1.0)
    cycle -= periods < (mult**cycle - 1.0) / (mult - 1.0)
    begin = (mult**cycle - 1.0) / (mult - 1.0)
    return cycle, (periods - begin) / mult**cycle


def shape_from_dict(data: dict[str, Any]) -> Shape:
    """Return the shape that `Shape.to_dict` described.

    Raises:
        ValueError: an unknown name, or parameters that the shape does not have.
    """
    known = {cls.__name__: cls for cls in Shape.__subclasses__()}
    parameters = {key: value for key, value in data.items() if key != "name"}
    if data.get("name") not in known:
        raise ValueError(f"shape must be one of {sorted(known)}, got {data.get('name')!r}")
    cls = known[data["name"]]
    allowed = [field.name for field in fields(cls)]
    if not set(parameters) <= set(allowed):
        raise ValueError(f"{cls.__name__} takes the parameters {allowed}, got {list(parameters)}")
    return cls(**parameters)
