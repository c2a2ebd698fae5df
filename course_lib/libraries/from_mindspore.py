"""Converts the schedules of `mindspore.nn` (read and run with MindSpore 2.10.0; float32).

Two kinds: cells (`nn.CosineDecayLR`), which the optimizer calls with the updates done, and
functions (`nn.cosine_decay_lr`), which return a list with the rate of every update. A list has one
rate an epoch; past its end the optimizer raises RuntimeError, and the schedules here hold the last
rate. Rates must be floats: an int is refused, as MindSpore does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from course_lib.libraries.pieces import Phases, exponential, hold, ramp, window
from course_lib.libraries.registry import converter
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.library_shapes import Part, Staircase, StretchedPolynomial
from course_lib.schedules.shapes import (
    Cosine,
    Drops,
    Exponential,
    InverseTime,
    Polynomial,
    Shape,
)
from course_lib.validation import check_count, check_real


def _rate(name: str, value: float, *, positive: bool = True) -> float:
    if not isinstance(value, float):
        raise TypeError(f"{name} must be a float, got {value!r}")
    return check_real(name, value, low_open=positive)


def _cosine_ends(min_lr: float, max_lr: float) -> tuple[float, float]:
    floor, peak = _rate("min_lr", min_lr, positive=False), _rate("max_lr", max_lr)
    if floor >= peak:
        raise ValueError(f"min_lr must be < max_lr = {peak:g}, got {min_lr!r}")
    return floor, peak


@converter("mindspore.ExponentialDecayLR")
def exponential_decay(
    *, learning_rate: float, decay_rate: float, decay_steps: int, is_stair: bool = False
) -> Phases:
    """learning_rate * decay_rate ** (t / decay_steps), the exponent floored with is_stair.

    decay_rate is rounded to float32, an error that would grow with t.
    """
    base, rate = _rate("learning_rate", learning_rate), _rate("decay_rate", decay_rate)
    rate, steps = float(np.float32(rate)), check_count("decay_steps", decay_steps)
    if is_stair:
        return (Phase(math.inf, base, 0.0, Drops(rate, steps)),)
    return exponential(base, rate ** (1 / steps))


@converter("mindspore.NaturalExpDecayLR")
def natural_exp_decay(
    *, learning_rate: float, decay_rate: float, decay_steps: int, is_stair: bool = False
) -> Phases:
    """learning_rate * exp(-decay_rate * t), for ever: decay_steps has no effect.

    With is_stair t is floored to a multiple of decay_steps. (TensorFlow's function of this name
    divides by decay_steps.)
    """
    base, rate = _rate("learning_rate", learning_rate), _rate("decay_rate", decay_rate)
    return _natural(base, rate, 1, check_count("decay_steps", decay_steps) if is_stair else 1)


def _natural(base: float, rate: float, epoch: int, every: int) -> Phases:
    """Return base * exp(-rate * epochs), looked at only every `every` epochs of `epoch` steps."""
    drop = math.exp(-rate * every)
    if drop == 0.0:
        return hold(base, epoch * every) + hold(0.0)
    return (Phase(math.inf, base, 0.0, Drops(drop, epoch * every)),)


@converter("mindspore.InverseDecayLR")
def inverse_decay(
    *, learning_rate: float, decay_rate: float, decay_steps: int, is_stair: bool = False
) -> Phases:
    """learning_rate / (1 + decay_rate * t / decay_steps), t / decay_steps floored with is_stair."""
    base, rate = _rate("learning_rate", learning_rate), _rate("decay_rate", decay_rate)
    steps = check_count("decay_steps", decay_steps)
    shape = InverseTime(rate / steps)
    return (Phase(math.inf, base, 0.0, Staircase(shape, steps) if is_stair else shape),)


@converter("mindspore.CosineDecayLR")
def cosine_decay(*, min_lr: float, max_lr: float, decay_steps: int) -> Phases:
    """A half-cosine from max_lr to min_lr at t = decay_steps, held. min_lr comes first."""
    floor, peak = _cosine_ends(min_lr, max_lr)
    return ramp(check_count("decay_steps", decay_steps), peak, floor, Cosine())


@converter("mindspore.PolynomialDecayLR")
def polynomial_decay(
    *,
    learning_rate: float,
    end_learning_rate: float,
    decay_steps: int,
    power: float,
    update_decay_steps: bool = False,
) -> Phases:
    """end + (learning_rate - end) * (1 - t / decay_steps) ** power, the end held.

    With update_decay_steps decay_steps is multiplied by ceil(t / decay_steps), so the rate jumps up
    right after every multiple of decay_steps: Keras' and Paddle's `cycle`.
    """
    base = _rate("learning_rate", learning_rate)
    end = _rate("end_learning_rate", end_learning_rate, positive=False)
    steps, exponent = check_count("decay_steps", decay_steps), _rate("power", power)
    if update_decay_steps:
        return (Phase(math.inf, base, end, StretchedPolynomial(steps, exponent)),)
    return ramp(steps, base, end, Polynomial(exponent))


@converter("mindspore.WarmUpLR")
def warm_up(*, learning_rate: float, warmup_steps: int) -> Phases:
    """learning_rate * t / warmup_steps, then learning_rate for ever; the first update is at 0."""
    rate = _rate("learning_rate", learning_rate, positive=False)
    return ramp(check_count("warmup_steps", warmup_steps), 0.0, rate) + hold(rate)


# The functions: epochs of step_per_epoch updates, the rate constant within one.


def _stairs(shape: Shape, start: float, end: float, epoch: int, epochs: int) -> Phases:
    """Return a closing shape over `epochs` epochs, looked at only at the beginning of each."""
    steps = epoch * epochs
    return (Phase(steps, start, end, Part(Staircase(shape, epoch), 0.0, float(steps))),)


def _listed(phases: Phases, total_step: int) -> Phases:
    total = check_count("total_step", total_step)
    return window(phases, 0, total) + hold(float(Schedule(phases)(total - 1)))


@converter("mindspore.piecewise_constant_lr")
def piecewise_constant_list(*, milestone: Sequence[int], learning_rates: Sequence[float]) -> Phases:
    """learning_rates[i] for milestone[i - 1] <= t < milestone[i]; the list ends at the last one."""
    if not isinstance(milestone, list | tuple) or not isinstance(learning_rates, list | tuple):
        raise TypeError(
            f"milestone and learning_rates must be lists, got {milestone!r} and {learning_rates!r}"
        )
    if len(milestone) != len(learning_rates) or not milestone:
        raise ValueError(
            "milestone must have at least one entry and learning_rates as many, "
            f"got {milestone!r} and {learning_rates!r}"
        )
    phases: Phases = ()
    at = 0
    for mark, value in zip(milestone, learning_rates, strict=True):
        if not isinstance(value, float):
            raise TypeError(f"learning_rates must be floats, got {value!r}")
        steps = check_count("milestone", mark, low=max(at, 1)) - at
        phases += hold(check_real("learning_rates", value), steps)
        at = mark
    return phases


@converter("mindspore.exponential_decay_lr")
def exponential_decay_list(
    *,
    learning_rate: float,
    decay_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    is_stair: bool = False,
) -> Phases:
    """learning_rate * decay_rate ** (e / decay_epoch), e = floor(t / step_per_epoch).

    With is_stair the exponent is floored.
    """
    base, rate = _rate("learning_rate", learning_rate), _rate("decay_rate", decay_rate)
    epoch, every = (
        check_count("step_per_epoch", step_per_epoch),
        check_count("decay_epoch", decay_epoch),
    )
    shape: Shape = Drops(rate, epoch * every)
    if not is_stair:
        shape = Staircase(Exponential(rate ** (1 / (epoch * every))), epoch)
    return _listed((Phase(math.inf, base, 0.0, shape),), total_step)


@converter("mindspore.natural_exp_decay_lr")
def natural_exp_decay_list(
    *,
    learning_rate: float,
    decay_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    is_stair: bool = False,
) -> Phases:
    """learning_rate * exp(-decay_rate * e), e = floor(t / step_per_epoch).

    decay_epoch has no effect unless is_stair, which floors e to a multiple of it.
    """
    base, rate = _rate("learning_rate", learning_rate), _rate("decay_rate", decay_rate)
    epoch, every = (
        check_count("step_per_epoch", step_per_epoch),
        check_count("decay_epoch", decay_epoch),
    )
    return _listed(_natural(base, rate, epoch, every if is_stair else 1), total_step)


@converter("mindspore.inverse_decay_lr")
def inverse_decay_list(
    *,
    learning_rate: float,
    decay_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    is_stair: bool = False,
) -> Phases:
    """learning_rate / (1 + decay_rate * e / decay_epoch), e = floor(t / step_per_epoch).

    With is_stair e / decay_epoch is floored.
    """
    base, rate = _rate("learning_rate", learning_rate), _rate("decay_rate", decay_rate)
    epoch, every = (
        check_count("step_per_epoch", step_per_epoch),
        check_count("decay_epoch", decay_epoch),
    )
    shape = Staircase(InverseTime(rate / (epoch * every)), epoch * every if is_stair else epoch)
    return _listed((Phase(math.inf, base, 0.0, shape),), total_step)


@converter("mindspore.cosine_decay_lr")
def cosine_decay_list(
    *, min_lr: float, max_lr: float, total_step: int, step_per_epoch: int, decay_epoch: int
) -> Phases:
    """A half-cosine over e / decay_epoch, e = floor(t / step_per_epoch), from max_lr to min_lr.

    min_lr is the rate of epoch decay_epoch, so it is never reached by a list of decay_epoch epochs.
    """
    floor, peak = _cosine_ends(min_lr, max_lr)
    epoch, epochs = (
        check_count("step_per_epoch", step_per_epoch),
        check_count("decay_epoch", decay_epoch),
    )
    return _listed(_stairs(Cosine(), peak, floor, epoch, epochs) + hold(floor), total_step)


@converter("mindspore.polynomial_decay_lr")
def polynomial_decay_list(
    *,
    learning_rate: float,
    end_learning_rate: float,
    total_step: int,
    step_per_epoch: int,
    decay_epoch: int,
    power: float,
    update_decay_epoch: bool = False,
) -> Phases:
    """end + (learning_rate - end) * (1 - e / decay_epoch) ** power, e = floor(t / step_per_epoch).

    The end is the rate from epoch decay_epoch on; with update_decay_epoch decay_epoch is multiplied
    by ceil(e / decay_epoch) instead.
    """
    base = _rate("learning_rate", learning_rate)
    end = _rate("end_learning_rate", end_learning_rate, positive=False)
    exponent = _rate("power", power)
    epoch, epochs = (
        check_count("step_per_epoch", step_per_epoch),
        check_count("decay_epoch", decay_epoch),
    )
    phases = _stairs(Polynomial(exponent), base, end, epoch, epochs) + hold(end)
    if update_decay_epoch:
        shape = Staircase(StretchedPolynomial(epoch * epochs, exponent), epoch)
        phases = (Phase(math.inf, base, end, shape),)
    return _listed(phases, total_step)


@converter("mindspore.warmup_lr")
def warmup_list(
    *, learning_rate: float, total_step: int, step_per_epoch: int, warmup_epoch: int
) -> Phases:
    """learning_rate * e / warmup_epoch, e = floor(t / step_per_epoch), then learning_rate.

    The whole first epoch is at rate 0.
    """
    rate = _rate("learning_rate", learning_rate, positive=False)
    epoch, epochs = (
        check_count("step_per_epoch", step_per_epoch),
        check_count("warmup_epoch", warmup_epoch),
    )
    return _listed(_stairs(Polynomial(), 0.0, rate, epoch, epochs) + hold(rate), total_step)
