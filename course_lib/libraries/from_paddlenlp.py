"""Converts PaddleNLP's schedulers (read and run with paddlenlp 2.8.1 on PaddlePaddle 3.3.1).

The classes of `paddlenlp.transformers` and the functions of `paddlenlp.trainer.trainer_utils`, of
which TrainingArguments.lr_scheduler_type chooses one. All are float64 and count calls of
`scheduler.step()`, one an update; every warmup begins at rate 0, and totals include it.
"""

from __future__ import annotations

import math
from typing import Any

from course_lib.libraries.paddle_resume import resumed
from course_lib.libraries.pieces import Phases, hold, ramp, stretch
from course_lib.libraries.registry import check_choice, convert, converter
from course_lib.schedules.shapes import Cosine, Polynomial, Shape
from course_lib.validation import check_count, check_real


@converter("paddlenlp.CosineAnnealingWithWarmupDecay")
def cosine_annealing_with_warmup(
    *, max_lr: float, min_lr: float, warmup_step: float, decay_step: float, last_epoch: int = -1
) -> Phases:
    """max_lr * t / warmup_step, a half-cosine to min_lr at t = decay_step, held.

    decay_step includes the warmup. Both may be fractions of a step, as shares of a length are.
    """
    return _annealed(max_lr, min_lr, warmup_step, decay_step, Cosine(), last_epoch)


@converter("paddlenlp.LinearAnnealingWithWarmupDecay")
def linear_annealing_with_warmup(
    *, max_lr: float, min_lr: float, warmup_step: float, decay_step: float, last_epoch: int = -1
) -> Phases:
    """max_lr * t / warmup_step, linear decay to min_lr at t = decay_step, held."""
    return _annealed(max_lr, min_lr, warmup_step, decay_step, Polynomial(), last_epoch)


def _annealed(
    max_lr: float, min_lr: float, warmup_step: float, decay_step: float, down: Shape, last: int
) -> Phases:
    peak, floor = check_real("max_lr", max_lr), check_real("min_lr", min_lr)
    warmup, end = check_real("warmup_step", warmup_step), check_real("decay_step", decay_step)
    if end == warmup == 0 and check_count("last_epoch", last, low=-1) == -1:
        raise ValueError("decay_step must be > 0, got 0: paddlenlp divides by it")
    first = math.ceil(warmup)
    phases = stretch(first, 0.0, peak, Polynomial(), 0, warmup)
    if end <= warmup:  # the update at the warmup's end comes first, and min_lr after it
        phases += hold(peak, 1 if first == warmup else 0)
    else:
        phases += stretch(math.ceil(end) - first, peak, floor, down, first - warmup, end - warmup)
    return resumed(phases + hold(floor), last)


@converter("paddlenlp.LinearDecayWithWarmup")
def linear_decay_with_warmup(
    *, learning_rate: float, total_steps: int, warmup: float, last_epoch: int = -1
) -> Phases:
    """A line from 0 to learning_rate, linear decay to 0 at t = total_steps, held.

    `warmup` is a number of steps where it is an int and a share of total_steps, rounded down, where
    it is a float: 10.0 makes the warmup ten times as long as the run.
    """
    total = check_count("total_steps", total_steps)
    arguments = {"num_warmup_steps": _warmup(warmup, total), "num_training_steps": total}
    return _as_in_transformers("linear_schedule_with_warmup", learning_rate, arguments, last_epoch)


@converter("paddlenlp.ConstScheduleWithWarmup")
def const_schedule_with_warmup(
    *, learning_rate: float, warmup: float, total_steps: int | None = None, last_epoch: int = -1
) -> Phases:
    """A line from 0 to learning_rate, then learning_rate for ever.

    total_steps is needed only where `warmup` is a share of it, a float.
    """
    if not isinstance(warmup, int) and total_steps is None:
        raise TypeError(f"total_steps must be given for a share, warmup = {warmup!r}")
    total = None if total_steps is None else check_count("total_steps", total_steps)
    arguments = {"num_warmup_steps": _warmup(warmup, total)}
    return _as_in_transformers(
        "constant_schedule_with_warmup", learning_rate, arguments, last_epoch
    )


@converter("paddlenlp.CosineDecayWithWarmup")
def cosine_decay_with_warmup(
    *,
    learning_rate: float,
    total_steps: int,
    warmup: float,
    with_hard_restarts: bool = False,
    num_cycles: float | None = None,
    last_epoch: int = -1,
) -> Phases:
    """A line from 0 to learning_rate, then learning_rate * (1 + cos(2 pi num_cycles u)) / 2.

    num_cycles must be an int and is 1 by default: the rate is 0 half way and back at learning_rate
    at total_steps (transformers' default is 0.5). It goes on like that. With with_hard_restarts
    num_cycles must be a float and counts half-cosines; the default, 0.5, stops at half the rate,
    and past total_steps the rate is 0.
    """
    total = check_count("total_steps", total_steps)
    kind = float if with_hard_restarts else int
    if num_cycles is None:
        num_cycles = 0.5 if with_hard_restarts else 1
    if not isinstance(num_cycles, kind):
        state = "with" if with_hard_restarts else "without"
        words = "a float" if with_hard_restarts else "an int"
        raise TypeError(f"num_cycles must be {words} {state} with_hard_restarts, got {num_cycles}")
    check_real("num_cycles", num_cycles)
    steps = _warmup(warmup, total)
    if with_hard_restarts and num_cycles == 0.0:
        base = check_real("learning_rate", learning_rate)
        top = hold(base, max(1, total - steps))
        return resumed(ramp(steps, 0.0, base) + top + hold(0.0), last_epoch)
    arguments = {
        "num_warmup_steps": steps,
        "num_training_steps": total,
        "num_cycles": num_cycles,
    }
    middle = "with_hard_restarts_" if with_hard_restarts else ""
    name = f"cosine_{middle}schedule_with_warmup"
    return _as_in_transformers(name, learning_rate, arguments, last_epoch)


@converter("paddlenlp.PolyDecayWithWarmup")
def poly_decay_with_warmup(
    *,
    learning_rate: float,
    total_steps: int,
    warmup: float,
    lr_end: float = 1e-7,
    power: float = 1.0,
    last_epoch: int = -1,
) -> Phases:
    """A line from 0, then lr_end + (learning_rate - lr_end) * (1 - u) ** power; lr_end is held.

    u is the share of total_steps - warmup that is done.
    """
    total = check_count("total_steps", total_steps)
    steps = _warmup(warmup, total)
    return _polynomial(learning_rate, steps, total, lr_end, power, last_epoch)


def _warmup(warmup: float, total: int | None) -> int:
    if isinstance(warmup, int):
        return check_count("warmup", warmup, low=0)
    return math.floor(check_real("warmup", warmup) * total)


def _polynomial(
    learning_rate: float, warmup: int, total: int, lr_end: float, power: float, last: int
) -> Phases:
    base = check_real("learning_rate", learning_rate)
    if not check_real("lr_end", lr_end) < base:
        raise ValueError(f"lr_end must be < learning_rate = {base:g}, got {lr_end!r}")
    if warmup == total and check_count("last_epoch", last, low=-1) < warmup:
        raise ValueError(f"the warmup must not take all of {total} steps: paddlenlp divides by 0")
    if warmup == total:
        return hold(float(lr_end))
    arguments = {
        "num_warmup_steps": warmup,
        "num_training_steps": total,
        "lr_end": lr_end,
        "power": power,
    }
    return _as_in_transformers("polynomial_decay_schedule_with_warmup", base, arguments, last)


def _as_in_transformers(
    name: str, learning_rate: float, arguments: dict[str, Any], last_epoch: int
) -> Phases:
    """Return the phases of the schedule of transformers that this one is a copy of."""
    base = check_real("learning_rate", learning_rate)
    phases = convert(f"transformers.get_{name}", {"base_lr": base, **arguments})
    return resumed(phases, last_epoch)


@converter("paddlenlp.get_constant_schedule")
def get_constant_schedule(*, learning_rate: float, last_epoch: int = -1) -> Phases:
    """learning_rate, for ever."""
    return _as_in_transformers("constant_schedule", learning_rate, {}, last_epoch)


@converter("paddlenlp.get_constant_schedule_with_warmup")
def get_constant_schedule_with_warmup(
    *, learning_rate: float, num_warmup_steps: int, last_epoch: int = -1
) -> Phases:
    """learning_rate * t / num_warmup_steps, then learning_rate for ever."""
    arguments = {"num_warmup_steps": num_warmup_steps}
    return _as_in_transformers(
        "constant_schedule_with_warmup", learning_rate, arguments, last_epoch
    )


@converter("paddlenlp.get_linear_schedule_with_warmup")
def get_linear_schedule_with_warmup(
    *, learning_rate: float, num_warmup_steps: int, num_training_steps: int, last_epoch: int = -1
) -> Phases:
    """A line from 0 to learning_rate, linear decay to 0 at num_training_steps, held."""
    arguments = {"num_warmup_steps": num_warmup_steps, "num_training_steps": num_training_steps}
    return _as_in_transformers("linear_schedule_with_warmup", learning_rate, arguments, last_epoch)


@converter("paddlenlp.get_cosine_schedule_with_warmup")
def get_cosine_schedule_with_warmup(
    *,
    learning_rate: float,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
) -> Phases:
    """A line from 0, then learning_rate * (1 + cos(2 pi num_cycles u)) / 2: 0 at the end.

    It rises again past num_training_steps. The class CosineDecayWithWarmup has another default.
    """
    arguments = {
        "num_warmup_steps": num_warmup_steps,
        "num_training_steps": num_training_steps,
        "num_cycles": num_cycles,
    }
    return _as_in_transformers("cosine_schedule_with_warmup", learning_rate, arguments, last_epoch)


@converter("paddlenlp.get_polynomial_decay_schedule_with_warmup")
def get_polynomial_decay_schedule_with_warmup(
    *,
    learning_rate: float,
    num_warmup_steps: int,
    num_training_steps: int,
    lr_end: float = 1e-7,
    power: float = 1.0,
    last_epoch: int = -1,
) -> Phases:
    """A line from 0, then lr_end + (learning_rate - lr_end) * (1 - u) ** power; lr_end is held."""
    total = check_count("num_training_steps", num_training_steps)
    warmup = check_count("num_warmup_steps", num_warmup_steps, low=0)
    return _polynomial(learning_rate, warmup, total, lr_end, power, last_epoch)


_SCHEDULERS = {
    "linear": (get_linear_schedule_with_warmup, ("num_warmup_steps", "num_training_steps")),
    "cosine": (
        get_cosine_schedule_with_warmup,
        ("num_warmup_steps", "num_training_steps", "num_cycles"),
    ),
    "constant": (get_constant_schedule, ()),
    "constant_with_warmup": (get_constant_schedule_with_warmup, ("num_warmup_steps",)),
    "polynomial": (
        get_polynomial_decay_schedule_with_warmup,
        ("num_warmup_steps", "num_training_steps", "lr_end", "power"),
    ),
}


@converter("paddlenlp.get_scheduler")
def get_scheduler(
    *,
    name: str,
    learning_rate: float,
    num_warmup_steps: int | None = None,
    num_training_steps: int | None = None,
    num_cycles: float = 0.5,
    lr_end: float = 1e-7,
    power: float = 1.0,
) -> Phases:
    """The function that TrainingArguments.lr_scheduler_type, here `name`, stands for.

    "linear", "cosine", "constant", "constant_with_warmup" or "polynomial". Arguments that the one
    chosen does not take have no effect.
    """
    check_choice("name", name, list(_SCHEDULERS))
    function, takes = _SCHEDULERS[name]
    given = {
        "num_warmup_steps": num_warmup_steps,
        "num_training_steps": num_training_steps,
        "num_cycles": num_cycles,
        "lr_end": lr_end,
        "power": power,
    }
    for key in takes:
        if given[key] is None:
            raise TypeError(f"{key} must be given for the name {name!r}")
    return function(learning_rate=learning_rate, **{key: given[key] for key in takes})
