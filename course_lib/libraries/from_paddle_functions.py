"""Converts the functions of `paddle.optimizer.lr`, as dynamic mode has them.

In dynamic mode, paddle's default, each returns one of the classes and drops some of its arguments
without a word. (In static mode, for which they were written, those named _decay raise a TypeError
in paddle 3.3.1: `findings/paddle_decay_steps_ignored.sh`.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from course_lib.libraries import from_paddle
from course_lib.libraries.pieces import Phases
from course_lib.libraries.registry import converter
from course_lib.validation import check_count, check_real


@converter("paddle.noam_decay")
def noam_decay(*, d_model: int, warmup_steps: int, learning_rate: float = 1.0) -> Phases:
    """The same as `paddle.NoamDecay`."""
    return from_paddle.noam(d_model=d_model, warmup_steps=warmup_steps, learning_rate=learning_rate)


@converter("paddle.exponential_decay")
def exponential_decay(
    *, learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Phases:
    """learning_rate * decay_rate ** t: decay_steps and staircase have no effect.

    Their documentation and Keras have decay_rate ** (t / decay_steps).
    """
    check_real("decay_steps", decay_steps)
    if not 0.0 < check_real("decay_rate", decay_rate) < 1.0:
        raise ValueError(f"decay_rate must be > 0 and < 1, got {decay_rate!r}")
    return from_paddle.exponential_by_gamma(learning_rate=learning_rate, gamma=decay_rate)


@converter("paddle.natural_exp_decay")
def natural_exp_decay(
    *, learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Phases:
    """learning_rate * exp(-decay_rate * t): decay_steps and staircase have no effect."""
    check_real("decay_steps", decay_steps)
    check_real("decay_rate", decay_rate, low_open=True)
    return from_paddle.natural_exp(learning_rate=learning_rate, gamma=decay_rate)


@converter("paddle.inverse_time_decay")
def inverse_time_decay(
    *, learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
) -> Phases:
    """learning_rate / (1 + decay_rate * t): decay_steps and staircase have no effect."""
    check_real("decay_steps", decay_steps)
    check_real("decay_rate", decay_rate)
    return from_paddle.inverse_time(learning_rate=learning_rate, gamma=decay_rate)


@converter("paddle.polynomial_decay")
def polynomial_decay(
    *,
    learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1.0,
    cycle: bool = False,
) -> Phases:
    """The same as `paddle.PolynomialDecay`, whose end_lr is called end_learning_rate here."""
    check_real("end_learning_rate", end_learning_rate)
    return from_paddle.polynomial(
        learning_rate=learning_rate,
        decay_steps=decay_steps,
        end_lr=end_learning_rate,
        power=power,
        cycle=cycle,
    )


@converter("paddle.piecewise_decay")
def piecewise_decay(*, boundaries: Sequence[float], values: Sequence[float]) -> Phases:
    """The same as `paddle.PiecewiseDecay`, with exactly one value more than boundaries."""
    phases = from_paddle.piecewise(boundaries=boundaries, values=values)
    if len(values) != len(boundaries) + 1:
        raise ValueError(f"values must be {len(boundaries) + 1} rates, got {len(values)}")
    return phases


@converter("paddle.cosine_decay")
def cosine_decay(*, learning_rate: float, step_each_epoch: int, epochs: int) -> Phases:
    """learning_rate * (1 + cos(pi t / epochs)) / 2, for ever: step_each_epoch has no effect.

    One step is an epoch, so a scheduler that is stepped at every update is at 0 after `epochs`
    updates and climbs again.
    """
    check_real("step_each_epoch", step_each_epoch)
    if not isinstance(learning_rate, float):
        raise TypeError(f"learning_rate must be a float, got {learning_rate!r}")
    half = check_count("epochs", epochs)
    return from_paddle.cosine_annealing(learning_rate=learning_rate, T_max=half)


@converter("paddle.linear_lr_warmup")
def linear_lr_warmup(
    *, learning_rate: Any, warmup_steps: int, start_lr: float, end_lr: float
) -> Phases:
    """The same as `paddle.LinearWarmup`."""
    return from_paddle.linear_warmup(
        learning_rate=learning_rate, warmup_steps=warmup_steps, start_lr=start_lr, end_lr=end_lr
    )
