"""Converts skorch's callback and its scheduler (read and run with skorch 1.4.0 and torch 2.13).

The callback steps a scheduler of torch once an epoch, or with step_every="batch" after each update.
`base_lr` is the net's lr.
"""

from __future__ import annotations

import math
from typing import Any

from course_lib.libraries.pieces import Phases, by_epoch
from course_lib.libraries.registry import check_choice, check_pairs, check_whole, convert, converter
from course_lib.libraries.registry import signature as arguments_of
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Clocked, Part
from course_lib.schedules.shapes import Cosine
from course_lib.validation import check_count, check_real

_CYCLES = 64  # their lengths are multiplied by 2 or more: nobody counts so many updates


@converter("skorch.WarmRestartLR")
def warm_restart_lr(
    *,
    min_lr: float = 1e-6,
    max_lr: float = 0.05,
    base_period: int = 10,
    period_mult: int = 2,
) -> Phases:
    """Half-cosines from max_lr to min_lr, both used, of length base_period * period_mult**i.

    A period of p takes p + 1 steps, since its last step has min_lr and the next begins at max_lr:
    with 10 and 2, max_lr is at t = 0, 11, 32, …. The optimizer's own rate is not used. (torch's
    CosineAnnealingWarmRestarts takes p steps and never reaches its minimum.)
    """
    low, high = check_real("min_lr", min_lr), check_real("max_lr", max_lr)
    period, mult = check_count("base_period", base_period), check_whole("period_mult", period_mult)
    if mult == 1:
        shape = Clocked(Part(Cosine(), length=period), 1, period + 1)
        return (Phase(math.inf, high, low, shape),)
    lengths = (period * mult**i for i in range(_CYCLES))
    return tuple(Phase(n + 1, high, low, Part(Cosine(), length=n)) for n in lengths)


@converter("skorch.LRScheduler")
def lr_scheduler(
    *,
    base_lr: float = 0.01,
    policy: str | tuple[str, dict[str, Any]] = "WarmRestartLR",
    step_every: str = "epoch",
    batches_per_epoch: int | None = None,
) -> Phases:
    """The policy's rates, each for an epoch of batches_per_epoch updates (or for one update).

    The policy is a name, or a pair of a name and arguments: ("StepLR", {"step_size": 30}), a
    scheduler of torch. The default, WarmRestartLR with its own max_lr = 0.05, does not use the
    net's lr. step_every="batch" steps after every update and needs no batches_per_epoch.

    A new call of `fit` begins again. One of `partial_fit` goes on from the number of *epochs* done,
    also with step_every="batch", so most of the schedule is then run again:
    `skorch_loop` simulates it.
    """
    check_choice("step_every", step_every, ["epoch", "batch"])
    [(name, given)] = check_pairs("policy", [(policy, {}) if isinstance(policy, str) else policy])
    name = name.removeprefix("torch.")
    base = check_real("base_lr", base_lr)
    full = "skorch.WarmRestartLR" if name == "WarmRestartLR" else f"torch.{name}"
    if name == "ReduceLROnPlateau":
        raise ValueError("policy must not be ReduceLROnPlateau: it follows the loss")
    if "base_lr" in arguments_of(full).parameters and name != "CyclicLR":
        given = {"base_lr": base, **given}
    phases = convert(full, given)
    if step_every == "batch":
        return phases
    if batches_per_epoch is None:
        raise TypeError("batches_per_epoch must be given with step_every='epoch', the default")
    return by_epoch(phases, check_count("batches_per_epoch", batches_per_epoch))
