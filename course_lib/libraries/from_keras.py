"""Converts `keras.optimizers.schedules` (read and run with Keras 3.15; float32).

A Keras schedule is a function of `optimizer.iterations`, the updates done: no base_lr.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from course_lib.libraries.pieces import Phases, exponential, hold, ramp
from course_lib.libraries.registry import check_steps, converter
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Staircase, StretchedPolynomial
from course_lib.schedules.shapes import Cosine, Drops, InverseTime, Polynomial, Restarts
from course_lib.validation import check_count, check_real


@converter("keras.ExponentialDecay")
def exponential_decay(
    *,
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
    name: str = "ExponentialDecay",
) -> Phases:
    """initial * decay_rate ** (t / decay_steps), the exponent floored with `staircase`."""
    init = check_real("initial_learning_rate", initial_learning_rate)
    rate = check_real("decay_rate", decay_rate, low_open=True)
    steps = check_count("decay_steps", decay_steps)
    if staircase:
        return (Phase(math.inf, init, 0.0, Drops(rate, steps)),)
    return exponential(init, rate ** (1 / steps))


@converter("keras.PiecewiseConstantDecay")
def piecewise_constant_decay(
    *, boundaries: Sequence[int], values: Sequence[float], name: str = "PiecewiseConstant"
) -> Phases:
    """values[i] for boundaries[i - 1] < t <= boundaries[i]; the last value is held.

    A boundary belongs to the value before it: a drop at 30 first acts at t = 31, one update later
    than in torch and optax.
    """
    marks = check_steps("boundaries", boundaries)
    if not marks or not isinstance(values, list | tuple) or len(values) != len(marks) + 1:
        raise ValueError(
            "boundaries must have at least one entry and values one more, "
            f"got {boundaries!r} and {values!r}"
        )
    phases: Phases = ()
    at = 0
    for mark, value in zip(marks, values, strict=False):
        phases += hold(check_real("values", value), mark + 1 - at)
        at = mark + 1
    return phases + hold(check_real("values", values[-1]))


@converter("keras.PolynomialDecay")
def polynomial_decay(
    *,
    initial_learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
    name: str = "PolynomialDecay",
) -> Phases:
    """end + (initial - end) * (1 - t / decay_steps) ** power, the end held.

    With `cycle` the end moves on instead: decay_steps is multiplied by ceil(t / decay_steps), so
    the rate jumps up right after every multiple of decay_steps, each time less high.
    (Keras 3.15 on JAX multiplies by 1 / decay_steps in a compiled training step. Where that rounds
    up, as 21 * (1 / 7) does in float32, the jump is one update early; not here.)
    """
    init = check_real("initial_learning_rate", initial_learning_rate)
    end = check_real("end_learning_rate", end_learning_rate)
    steps = check_count("decay_steps", decay_steps)
    check_real("power", power, low_open=True)
    if cycle:
        return (Phase(math.inf, init, end, StretchedPolynomial(steps, power)),)
    return ramp(steps, init, end, Polynomial(power))


@converter("keras.InverseTimeDecay")
def inverse_time_decay(
    *,
    initial_learning_rate: float,
    decay_steps: int,
    decay_rate: float,
    staircase: bool = False,
    name: str = "InverseTimeDecay",
) -> Phases:
    """initial / (1 + decay_rate * t / decay_steps), t / decay_steps floored with `staircase`."""
    init = check_real("initial_learning_rate", initial_learning_rate)
    steps = check_count("decay_steps", decay_steps)
    shape = InverseTime(check_real("decay_rate", decay_rate) / steps)
    return (Phase(math.inf, init, 0.0, Staircase(shape, steps) if staircase else shape),)


@converter("keras.CosineDecay")
def cosine_decay(
    *,
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0.0,
    name: str = "CosineDecay",
    warmup_target: float | None = None,
    warmup_steps: int = 0,
) -> Phases:
    """A line from initial to warmup_target over warmup_steps, then a cosine of decay_steps, held.

    The end is alpha times the rate that the cosine starts from. decay_steps EXCLUDES the warmup:
    the end is reached at t = warmup_steps + decay_steps (optax's warmup schedule counts the other
    way). Without warmup_target there is no warmup, whatever warmup_steps says; with a target equal
    to the initial rate the warmup is flat.
    """
    init = check_real("initial_learning_rate", initial_learning_rate)
    steps = check_count("decay_steps", decay_steps)
    warmup = check_count("warmup_steps", warmup_steps, low=0)
    check_real("alpha", alpha)
    if warmup_target is None:
        return ramp(steps, init, alpha * init, Cosine())
    peak = check_real("warmup_target", warmup_target)
    return ramp(warmup, init, peak) + ramp(steps, peak, alpha * peak, Cosine())


@converter("keras.CosineDecayRestarts")
def cosine_decay_restarts(
    *,
    initial_learning_rate: float,
    first_decay_steps: int,
    t_mul: float = 2.0,
    m_mul: float = 1.0,
    alpha: float = 0.0,
    name: str = "SGDRDecay",
) -> Phases:
    """Half-cosines of length first_decay_steps * t_mul**i and height m_mul**i above the end.

    rate = initial * (alpha + (1 - alpha) * m_mul**i * (1 + cos(pi v)) / 2), v the share of cycle i
    that is done; for ever.
    """
    init = check_real("initial_learning_rate", initial_learning_rate)
    shape = Restarts(
        check_count("first_decay_steps", first_decay_steps),
        check_real("t_mul", t_mul, low=1.0),
        check_real("m_mul", m_mul, low_open=True),
    )
    return (Phase(math.inf, init, check_real("alpha", alpha) * init, shape),)
