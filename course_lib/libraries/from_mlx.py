"""Converts the schedules of `mlx.optimizers` (read and run with MLX 0.32.4; float32).

A schedule is a function of the updates done, which the optimizer calls: no base_lr. It gets them as
an unsigned 64-bit array, so `100 - step` in a function of your own wraps to 2**64 - 1 at step 101.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course_lib.libraries.pieces import (
    Phases,
    exponential,
    hold,
    one_after_another,
    stretch,
)
from course_lib.libraries.registry import check_pairs, check_steps, convert, converter
from course_lib.schedules import Phase
from course_lib.schedules.shapes import Cosine, Drops, Polynomial, Shape
from course_lib.validation import check_count, check_real


def _factor(decay_rate: float) -> float:
    """Return the factor as float32 has it: the same error at every step would add up."""
    return float(np.float32(check_real("decay_rate", decay_rate)))


@converter("mlx.exponential_decay")
def exponential_decay(*, init: float, decay_rate: float) -> Phases:
    """init * decay_rate ** t, for ever: decay_rate is a step's."""
    start, factor = check_real("init", init), _factor(decay_rate)
    return exponential(start, factor) if factor else hold(start, 1) + hold(0.0)


@converter("mlx.step_decay")
def step_decay(*, init: float, decay_rate: float, step_size: int) -> Phases:
    """init * decay_rate ** floor(t / step_size), for ever."""
    start, factor = check_real("init", init), _factor(decay_rate)
    every = check_count("step_size", step_size)
    if factor == 0.0:
        return hold(start, every) + hold(0.0)
    return (Phase(math.inf, start, 0.0, Drops(factor, every)),)


@converter("mlx.cosine_decay")
def cosine_decay(*, init: float, decay_steps: float, end: float = 0.0) -> Phases:
    """A half-cosine from init to `end`, a rate, at t = decay_steps, held."""
    return _down("decay_steps", decay_steps, init, end, Cosine())


@converter("mlx.linear_schedule")
def linear_schedule(*, init: float, end: float, steps: float) -> Phases:
    """init + (end - init) * t / steps, then `end`, held; up or down."""
    return _down("steps", steps, init, end, Polynomial())


def _down(name: str, steps: float, init: float, end: float, shape: Shape) -> Phases:
    length = check_real(name, steps, low=1.0)
    start, last = check_real("init", init), check_real("end", end)
    return stretch(math.ceil(length), start, last, shape, 0, length) + hold(last)


@converter("mlx.join_schedules")
def join_schedules(*, schedules: Any, boundaries: list[int]) -> Phases:
    """Schedule i from boundaries[i - 1] to boundaries[i], each counting from 0 at its turn.

    `schedules` is a list of (name, arguments) pairs; a number stands for a function that always
    returns it, between others. The last one runs on.
    """
    if not isinstance(schedules, list | tuple):
        raise TypeError(f"schedules must be a list of (name, arguments) pairs, got {schedules!r}")
    if len(schedules) == 1 and isinstance(schedules[0], int | float):
        raise ValueError(
            f"schedules must not be {schedules!r} alone: mlx raises AttributeError for a function "
            "that returns a number and no array"
        )
    parts = [_joined(part) for part in schedules]
    marks = check_steps("boundaries", boundaries)
    if len(marks) != len(parts) - 1:
        raise ValueError(
            "boundaries must have one entry fewer than schedules, "
            f"got {len(marks)} and {len(parts)}"
        )
    return one_after_another(parts, marks)


def _joined(part: Any) -> Phases:
    if isinstance(part, int | float):
        return hold(check_real("schedules", part))
    [(name, arguments)] = check_pairs("schedules", [part])
    return convert(name, arguments)
