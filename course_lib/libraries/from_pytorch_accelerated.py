"""Converts `pytorch_accelerated.schedulers` (read and run with pytorch-accelerated 0.1.61).

float64, one `step()` after each update, as its Trainer calls it; `base_lr` is the optimizer's rate.
A count begins with the first call, so update t + 1 has the rate that the formula gives for t - 1
updates, and the first update has a rate of its own.
"""

from __future__ import annotations

import math

from course_lib.libraries.pieces import Phases, hold, ramp, stretch, window
from course_lib.libraries.registry import converter
from course_lib.schedules import Phase
from course_lib.schedules.shapes import Cosine, InverseTime, OneMinusSqrt
from course_lib.validation import check_count, check_real


@converter("pytorch_accelerated.CosineLrScheduler")
def cosine_lr_scheduler(
    *,
    base_lr: float,
    total_num_epochs: int,
    num_update_steps_per_epoch: int,
    k_decay: float = 1.0,
    lr_min: float = 1e-6,
    min_lr_ratio: float | None = None,
    num_warmup_epochs: int = 0,
    warmup_starting_lr: float = 1e-6,
    warmup_starting_lr_ratio: float | None = None,
    num_cooldown_epochs: int = 0,
) -> Phases:
    """A line to base_lr at t = W + 1, then a cosine to lr_min that is cut off W updates early.

    lr_min + (base_lr - lr_min) * (1 + cos(pi v**k_decay)) / 2, v = (t - 1 - W) / D, with the warmup
    W and the cooldown C = epochs * num_update_steps_per_epoch and D = total - W - C. It is used
    while t - 1 < D, not while t - 1 - W < D: the rate drops to lr_min W updates before the cosine
    gets there, and lr_min is held for the rest. If W >= D there is no decay at all. The first
    update has warmup_starting_lr, or base_lr without a warmup.

    min_lr_ratio is a share of base_lr in the place of lr_min, and warmup_starting_lr_ratio one in
    the place of warmup_starting_lr, but not in the line's slope, (base_lr - warmup_starting_lr) /
    W, nor in the first update: the line then goes past base_lr.
    """
    base = check_real("base_lr", base_lr)
    per_epoch = check_count("num_update_steps_per_epoch", num_update_steps_per_epoch)
    total = per_epoch * check_count("total_num_epochs", total_num_epochs)
    warmup = per_epoch * check_count("num_warmup_epochs", num_warmup_epochs, low=0)
    cooldown = per_epoch * check_count("num_cooldown_epochs", num_cooldown_epochs, low=0)
    floor = check_real("lr_min", lr_min)
    if min_lr_ratio is not None:
        floor = check_real("min_lr_ratio", min_lr_ratio) * base
    first = start = check_real("warmup_starting_lr", warmup_starting_lr)
    if warmup_starting_lr_ratio is not None:
        start = check_real("warmup_starting_lr_ratio", warmup_starting_lr_ratio) * base
    shape = Cosine(warp=check_real("k_decay", k_decay, low_open=True))
    decay = total - warmup - cooldown
    phases = hold(first if warmup else base, 1) + ramp(warmup, start, start + base - first)
    return phases + stretch(decay - warmup, base, floor, shape, 0, decay) + hold(floor)


@converter("pytorch_accelerated.WSDLrScheduler")
def wsd_lr_scheduler(
    *,
    base_lr: float,
    num_epochs: int | None = None,
    num_update_steps_per_epoch: int | None = None,
    total_steps: int | None = None,
    num_warmup_steps: int | None = 0,
    decay_phase_ratio: float = 0.1,
    lr_min: float = 1e-6,
    warmup_starting_lr: float = 1e-6,
    use_inverse_sqrt_decay: bool = True,
    num_checkpoints: int = 1,
    is_continuation_from_checkpoint: bool = False,
) -> Phases:
    """base_lr, then a line to base_lr at t = W + 1, held, and a decay to the share lr_min of it.

    The first update has base_lr, with a warmup too, and the second warmup_starting_lr. The decay
    takes the last D = int(decay_phase_ratio * total) updates, at u = (t - 1 - (total - D)) / D:
    base_lr * (lr_min + (1 - lr_min) * (1 - sqrt(u))), or without use_inverse_sqrt_decay base_lr /
    (1 + u * (1 / lr_min - 1)). base_lr * lr_min is held from t = total + 1 on; where D is 0, the
    library divides by zero there.

    total is total_steps or num_epochs * num_update_steps_per_epoch, and num_warmup_steps=None is 1
    % of it. num_checkpoints > 1 makes periods that end at 1, 2, 4, … times total // 4, or at total,
    each with such a decay of its own length, and base_lr again after it. Two of them end in the
    middle, and lr_min is held for the other half of the run. is_continuation_from_checkpoint leaves
    out the warmup; but `load_state_dict` sets it to what the checkpoint has.
    """
    base = check_real("base_lr", base_lr)
    total = _total(num_epochs, num_update_steps_per_epoch, total_steps)
    share = check_real("decay_phase_ratio", decay_phase_ratio, high=1.0)
    low = check_real("lr_min", lr_min, low_open=not use_inverse_sqrt_decay, high=1.0)
    start = check_real("warmup_starting_lr", warmup_starting_lr, high=base)
    ends = _checkpoints(total, check_count("num_checkpoints", num_checkpoints), share)
    warmup = int(0.01 * total)
    if num_warmup_steps is not None:
        warmup = check_count("num_warmup_steps", num_warmup_steps, low=0)
    if is_continuation_from_checkpoint:
        warmup = 0
    body: Phases = ()
    for begin, end in zip([0, *ends], ends, strict=False):
        steps = int((end - begin) * share)
        body += hold(base, end - begin - steps)
        if use_inverse_sqrt_decay:
            body += ramp(steps, base, base * low, OneMinusSqrt())
        elif steps:
            body += (Phase(steps, base, 0.0, InverseTime((1 / low - 1) / steps)),)
    body += hold(base if int(ends[0] * share) == 0 else base * low)
    return hold(base, 1) + ramp(warmup, start, base) + window(body, warmup, math.inf)


def _total(epochs: int | None, per_epoch: int | None, total: int | None) -> int:
    if epochs is None or per_epoch is None:
        if total is None:
            raise TypeError(
                "pytorch_accelerated.WSDLrScheduler needs total_steps, or num_epochs and "
                "num_update_steps_per_epoch"
            )
        return check_count("total_steps", total)
    if total is not None:
        raise ValueError(
            f"total_steps must be left out with num_epochs and num_update_steps_per_epoch, got "
            f"{total!r}"
        )
    per_epoch = check_count("num_update_steps_per_epoch", per_epoch)
    return check_count("num_epochs", epochs) * per_epoch


def _checkpoints(total: int, number: int, share: float) -> list[int]:
    """Return the ends of the periods; past the last one the library asks the first period."""
    if number == 1:
        return [total]
    if share > 1 / 3:
        raise ValueError(
            f"decay_phase_ratio must be <= 1/3 with num_checkpoints > 1, got {share:g}"
        )
    if total < 4:
        raise ValueError(f"total_steps must be >= 4 with num_checkpoints > 1, got {total}")
    ends = [total // 4 * 2**i for i in range(number) if total // 4 * 2**i < total]
    if len(ends) < number:
        return [*ends, total]
    if int(ends[0] * share) == 0:
        raise ValueError(
            f"decay_phase_ratio must be >= 1 / (total_steps // 4) = {1 / ends[0]:g} with "
            f"num_checkpoints={number}, got {share:g}: the library divides by zero at t = "
            f"{ends[-1] + 1}, within the run"
        )
    return ends
