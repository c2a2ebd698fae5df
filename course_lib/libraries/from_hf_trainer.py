"""Converts the arguments of transformers' Trainer (read and run with 4.57.6 and 5.23.0)."""

from __future__ import annotations

import math
from typing import Any

from course_lib.libraries.pieces import Phases
from course_lib.libraries.registry import check_choice, convert, converter
from course_lib.validation import check_count, check_real

_SCHEDULES = {
    "linear": "get_linear_schedule_with_warmup",
    "cosine": "get_cosine_schedule_with_warmup",
    "cosine_with_restarts": "get_cosine_with_hard_restarts_schedule_with_warmup",
    "polynomial": "get_polynomial_decay_schedule_with_warmup",
    "constant": "get_constant_schedule",
    "constant_with_warmup": "get_constant_schedule_with_warmup",
    "inverse_sqrt": "get_inverse_sqrt_schedule",
    "cosine_with_min_lr": "get_cosine_with_min_lr_schedule_with_warmup",
    "cosine_warmup_with_min_lr": "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "warmup_stable_decay": "get_wsd_schedule",
}
_FEEDBACK = ("reduce_lr_on_plateau", "greedy")
_OWN = ("optimizer", "num_warmup_steps", "num_training_steps")


@converter("transformers.TrainingArguments")
def training_arguments(
    *,
    learning_rate: float = 5e-5,
    lr_scheduler_type: str = "linear",
    lr_scheduler_kwargs: dict[str, Any] | None = None,
    warmup_steps: float = 0,
    warmup_ratio: float | None = None,
    max_steps: int = -1,
    num_train_epochs: float = 3.0,
    gradient_accumulation_steps: int = 1,
    batches_per_epoch: int | None = None,
    release: int = 5,
) -> Phases:
    """The rates of a Trainer: `get_NAME_schedule…` over N updates, of which W are the warmup.

    N = max_steps where that is > 0, or else ceil(num_train_epochs * ceil(batches_per_epoch /
    gradient_accumulation_steps)); it includes the warmup. batches_per_epoch is the length of the
    training DataLoader of one process, which is no argument of the library.

    The two releases differ in W and in what reaches the schedule:

    - release 5 (5.23): W = int(warmup_steps) where that is >= 1, else ceil(N * warmup_steps): 0.99
      is nearly all of the run, and 1.0 one update. There is no warmup_ratio.
    - release 4 (4.57): W = warmup_steps, a whole number, where that is > 0, else
      ceil(N * warmup_ratio).
    - "constant" ignores the warmup and lr_scheduler_kwargs, and "constant_with_warmup" ignores
      lr_scheduler_kwargs; in release 4, "inverse_sqrt" does so too, so that a timescale has no
      effect.

    With a warmup the first update is at rate 0 (except with "warmup_stable_decay" and a floor, and
    with "cosine_warmup_with_min_lr"). The run is over after N updates; the schedule goes on as its
    `get_…` function does.
    """
    if release not in (4, 5):
        raise ValueError(f"release must be 4 or 5, got {release!r}")
    known = list(_SCHEDULES)
    if lr_scheduler_type == "greedy" and release == 4:
        raise ValueError("lr_scheduler_type 'greedy' is not in release 4: it came with release 5")
    if lr_scheduler_type in _FEEDBACK:
        raise ValueError(
            f"lr_scheduler_type {lr_scheduler_type!r} is not a function of the step alone: it "
            "follows a metric, so the rate depends on the training"
        )
    check_choice("lr_scheduler_type", lr_scheduler_type, known)
    base = check_real("learning_rate", learning_rate)
    total = _updates(max_steps, num_train_epochs, gradient_accumulation_steps, batches_per_epoch)
    warmup = _warmup(total, warmup_steps, warmup_ratio, release)
    given = _given(lr_scheduler_type, lr_scheduler_kwargs, release)
    if lr_scheduler_type != "constant":
        given["num_warmup_steps"] = warmup
    if lr_scheduler_type not in ("constant", "constant_with_warmup", "inverse_sqrt"):
        given["num_training_steps"] = total
    name = f"transformers.{_SCHEDULES[lr_scheduler_type]}"
    return convert(name, {"base_lr": base, **given})


def _updates(max_steps: int, epochs: float, accumulate: int, batches: int | None) -> int:
    if check_count("max_steps", max_steps, low=-1) > 0:
        return max_steps
    if max_steps == 0:
        raise ValueError("max_steps must be >= 1, or -1 to count by num_train_epochs, got 0")
    if batches is None:
        raise TypeError(
            "transformers.TrainingArguments needs max_steps, or batches_per_epoch (the length of "
            "the training DataLoader) to count the updates of num_train_epochs"
        )
    accumulated = check_count("gradient_accumulation_steps", accumulate)
    an_epoch = -(-check_count("batches_per_epoch", batches) // accumulated)
    return math.ceil(check_real("num_train_epochs", epochs, low_open=True) * an_epoch)


def _warmup(total: int, steps: float, ratio: float | None, release: int) -> int:
    if release == 4:
        if isinstance(steps, float):
            raise ValueError(
                f"warmup_steps must be a whole number in release 4, got {steps!r}: a share of the "
                "run is warmup_ratio there"
            )
        share = 0.0 if ratio is None else check_real("warmup_ratio", ratio, high=1.0)
        return check_count("warmup_steps", steps, low=0) or math.ceil(total * share)
    if ratio is not None:
        raise ValueError(
            f"warmup_ratio is not in release 5 of transformers, got {ratio!r}: there a share of "
            "the run is given as warmup_steps < 1, and release=4 takes warmup_ratio"
        )
    steps = check_real("warmup_steps", steps)
    return int(steps) if steps >= 1 else math.ceil(total * steps)


def _given(kind: str, kwargs: dict[str, Any] | None, release: int) -> dict[str, Any]:
    """Return the arguments that reach the schedule's function."""
    if kwargs is not None and not isinstance(kwargs, dict):
        raise TypeError(f"lr_scheduler_kwargs must be a dictionary or None, got {kwargs!r}")
    if kind in ("constant", "constant_with_warmup") or (kind == "inverse_sqrt" and release == 4):
        return {}
    for name in _OWN:
        if name in (kwargs or {}):
            raise TypeError(f"lr_scheduler_kwargs must not hold {name!r}: the Trainer gives it")
    if "base_lr" in (kwargs or {}):
        raise TypeError("lr_scheduler_kwargs must not hold 'base_lr': give learning_rate")
    return dict(kwargs or {})
