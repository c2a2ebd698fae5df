"""Converts `mindspore.experimental.optim.lr_scheduler` (read and run with MindSpore 2.10.0).

Copies of torch's schedulers, in float32: `base_lr` is the optimizer's rate, and they count calls
of `scheduler.step()`. Most multiply the rate that they find, so their roundings add up. A factor is
rounded to float32 here too, because it is the same error at every step; the other roundings are
not followed. Past T_max CosineAnnealingLR loses most: 1 - cos(pi / T_max) has few digits left in
float32, and the rate is off by about T_max**2 * 1e-8 of what it has climbed. CyclicLR divides its
place in the cycle, known to 1e-7, by the share of the cycle that the way up takes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from course_lib.libraries import from_torch
from course_lib.libraries.pieces import Phases, exponential, hold, one_after_another
from course_lib.libraries.registry import check_pairs, check_steps, convert, converter, refuse
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.shapes import Drops
from course_lib.validation import check_count, check_real

_NAME = "mindspore.experimental."
_FUNCTION = (
    "it takes a function of the step and may do anything; give lr_lambda as a number for a "
    "constant factor, or build the schedule from phases"
)
refuse(f"{_NAME}ReduceLROnPlateau", "it follows a metric, so the rate depends on the training")


def _single(name: str, value: float) -> float:
    """Return a factor > 0 as float32 has it."""
    if not isinstance(value, float):
        raise TypeError(f"{name} must be a float, got {value!r}")
    return float(np.float32(check_real(name, value, low_open=True)))


@converter(f"{_NAME}StepLR")
def step_lr(*, base_lr: float, step_size: int, gamma: float = 0.1) -> Phases:
    """base_lr * gamma ** floor(t / step_size), for ever."""
    drops = Drops(_single("gamma", gamma), check_count("step_size", step_size))
    return (Phase(math.inf, check_real("base_lr", base_lr), 0.0, drops),)


@converter(f"{_NAME}MultiStepLR")
def multi_step_lr(*, base_lr: float, milestones: Sequence[int], gamma: float = 0.1) -> Phases:
    """base_lr * gamma ** (number of milestones <= t); the last rate is held.

    A milestone listed twice counts twice, and the order does not matter.
    """
    return from_torch.multi_step_lr(base_lr=base_lr, milestones=milestones, gamma=gamma)


@converter(f"{_NAME}ExponentialLR")
def exponential_lr(*, base_lr: float, gamma: float) -> Phases:
    """base_lr * gamma ** t, for ever."""
    return exponential(check_real("base_lr", base_lr), _single("gamma", gamma))


@converter(f"{_NAME}MultiplicativeLR")
def multiplicative_lr(*, base_lr: float, lr_lambda: float) -> Phases:
    """base_lr * lr_lambda ** t for a constant factor, given as a number; for ever."""
    if callable(lr_lambda):
        raise ValueError(f"{_NAME}MultiplicativeLR has no closed form: {_FUNCTION}")
    return exponential(check_real("base_lr", base_lr), _single("lr_lambda", lr_lambda))


@converter(f"{_NAME}LambdaLR")
def lambda_lr(*, base_lr: float, lr_lambda: float) -> Phases:
    """base_lr * lr_lambda for a constant factor, given as a number; held for ever."""
    if callable(lr_lambda):
        raise ValueError(f"{_NAME}LambdaLR has no closed form: {_FUNCTION}")
    return hold(check_real("base_lr", base_lr) * check_real("lr_lambda", lr_lambda))


@converter(f"{_NAME}ConstantLR")
def constant_lr(*, base_lr: float, factor: float = 1.0 / 3, total_iters: int = 5) -> Phases:
    """base_lr * factor for t < total_iters, then base_lr, held.

    With total_iters = 0 the factor is never taken back, as in torch.
    """
    if check_real("factor", factor, high=1.0) == 0.0 and total_iters:
        raise ValueError("factor must be > 0, got 0: mindspore divides by it after total_iters")
    return from_torch.constant_lr(base_lr=base_lr, factor=factor, total_iters=total_iters)


@converter(f"{_NAME}LinearLR")
def linear_lr(
    *, base_lr: float, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5
) -> Phases:
    """base_lr * (start + (end - start) * t / total_iters), then base_lr * end_factor, held."""
    return from_torch.linear_lr(
        base_lr=base_lr, start_factor=start_factor, end_factor=end_factor, total_iters=total_iters
    )


@converter(f"{_NAME}PolynomialLR")
def polynomial_lr(*, base_lr: float, total_iters: int = 5, power: float = 1.0) -> Phases:
    """base_lr * (1 - t / total_iters) ** power, then 0, held.

    With power = 0 or total_iters = 0 it never decays.
    """
    if not isinstance(power, float):
        raise TypeError(f"power must be a float, got {power!r}")
    if check_real("power", power) == 0.0:
        return hold(check_real("base_lr", base_lr))
    return from_torch.polynomial_lr(base_lr=base_lr, total_iters=total_iters, power=power)


@converter(f"{_NAME}CosineAnnealingLR")
def cosine_annealing_lr(*, base_lr: float, T_max: int, eta_min: float = 0.0) -> Phases:
    """eta_min + (base_lr - eta_min) * (1 + cos(pi t / T_max)) / 2, for ever: it rises again."""
    return from_torch.cosine_annealing_lr(base_lr=base_lr, T_max=T_max, eta_min=eta_min)


@converter(f"{_NAME}CosineAnnealingWarmRestarts")
def cosine_annealing_warm_restarts(
    *, base_lr: float, T_0: int, T_mult: int = 1, eta_min: float = 0.0
) -> Phases:
    """The half-cosine over cycles of length T_0 * T_mult**i, starting over at base_lr, for ever."""
    return from_torch.cosine_annealing_warm_restarts(
        base_lr=base_lr, T_0=T_0, T_mult=T_mult, eta_min=eta_min
    )


@converter(f"{_NAME}CyclicLR")
def cyclic_lr(
    *,
    base_lr: float,
    max_lr: float,
    step_size_up: float = 2000,
    step_size_down: float | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
    scale_fn: None = None,
    scale_mode: str = "cycle",
) -> Phases:
    """Straight up from base_lr to max_lr, straight down, and so on for ever, as in torch.

    `base_lr` is the scheduler's own argument: the optimizer's rate is overwritten.
    """
    if scale_fn is not None:
        raise ValueError(f"{_NAME}CyclicLR with scale_fn has no closed form: {_FUNCTION}")
    return from_torch.cyclic_lr(
        base_lr=base_lr,
        max_lr=max_lr,
        step_size_up=step_size_up,
        step_size_down=step_size_down,
        mode=mode,
        gamma=gamma,
    )


@converter(f"{_NAME}SequentialLR")
def sequential_lr(*, base_lr: float, schedulers: Any, milestones: Sequence[int]) -> Phases:
    """Scheduler i from milestones[i - 1] to milestones[i], each counting from 0 at its turn.

    `schedulers` is a list of (name, arguments) pairs without base_lr, in the order in which they
    are constructed. All start from base_lr, except that a CyclicLR constructed first overwrites it
    and that a MultiplicativeLR after the first goes on from the rate it finds. A MultiStepLR after
    the first raises AttributeError in MindSpore at its milestone; it is refused here.
    """
    base = check_real("base_lr", base_lr)
    pairs = check_pairs("schedulers", schedulers)
    marks = check_steps("milestones", milestones)
    if len(marks) != len(pairs) - 1:
        raise ValueError(
            "milestones must have one entry fewer than schedulers, "
            f"got {len(marks)} and {len(pairs)}"
        )
    if 0 in marks:
        raise ValueError("milestones must be >= 1, got 0: mindspore is past it at its first step")
    base = pairs[0][1].get("base_lr", base)
    parts = [_part(*pairs[0], base)]
    for number, (name, arguments) in enumerate(pairs[1:]):
        _refuse_later(name, arguments)
        found = base
        if name == f"{_NAME}MultiplicativeLR":
            so_far = Schedule(one_after_another(parts, marks[:number]))
            found = so_far(marks[number] - 1)
        if name == f"{_NAME}ConstantLR" and arguments.get("total_iters") == 0:
            # Entered by its closed form, where the factor ends at once, not by the recursion.
            parts.append(hold(base))
        else:
            parts.append(_part(name, arguments, found))
    return one_after_another(parts, marks)


def _part(name: str, arguments: dict[str, Any], base: float) -> Phases:
    if not name.startswith(_NAME) or name == f"{_NAME}SequentialLR":
        raise ValueError(f"schedulers must be among {_NAME}*, without SequentialLR, got {name!r}")
    if name != f"{_NAME}CyclicLR":
        arguments = {**arguments, "base_lr": base}
    return convert(name, arguments)


def _refuse_later(name: str, arguments: dict[str, Any]) -> None:
    if name == f"{_NAME}MultiStepLR":
        raise ValueError(
            "schedulers must not have a MultiStepLR after the first: mindspore 2.10 raises "
            "AttributeError at its milestone"
        )
    if name in (f"{_NAME}LinearLR", f"{_NAME}PolynomialLR") and arguments.get("total_iters") == 0:
        raise ValueError(f"total_iters must be >= 1 for a {name} after the first, got 0")
