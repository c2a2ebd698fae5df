"""Converts timm's factory of schedulers (read and run with timm 1.0.31).

Its defaults are others than those of the classes in `from_timm.py`, and it counts in epochs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from course_lib.libraries.pieces import Phases, by_epoch, hold, ramp
from course_lib.libraries.registry import check_choice, convert, converter
from course_lib.validation import check_count, check_real

_CYCLES = {"cosine": "Cosine", "tanh": "Tanh", "poly": "Poly"}
_PARTS = ("wsd", "rsqrt")
_KINDS = (*_CYCLES, "step", "multistep", "constant", *_PARTS, "none", "plateau")


@converter("timm.create_scheduler_v2")
def create_scheduler_v2(
    *,
    base_lr: float,
    sched: str = "cosine",
    num_epochs: int = 300,
    decay_epochs: float | None = None,
    decay_milestones: Sequence[int] = (90, 180, 270),
    cooldown_epochs: int = 0,
    decay_rate: float = 0.1,
    min_lr: float = 0.0,
    warmup_lr: float = 1e-5,
    warmup_epochs: int = 0,
    warmup_prefix: bool = False,
    noise: None = None,
    cycle_mul: float = 1.0,
    cycle_decay: float = 0.1,
    cycle_limit: int = 1,
    k_decay: float = 1.0,
    decay_fn: str | None = None,
    stable_timescale: float | None = None,
    step_on_epochs: bool = True,
    updates_per_epoch: int = 0,
) -> Phases:
    """The class of timm that `sched` names, with lengths in epochs of updates_per_epoch updates.

    By default (step_on_epochs=True) the rate changes once an epoch, so updates_per_epoch has to be
    given here although timm does not ask for it; with step_on_epochs=False it changes at every
    update. What differs from the classes: cycle_decay is 0.1 and not 1, so every cycle has a tenth
    of the peak; the power of "poly" is decay_rate, 0.1 and not 0.5; a step's factor is 0.1 and not
    1; warmup_prefix is False for "step" and "multistep" too, where the classes have True, and so a
    drop counts from t = 0; the warmup begins at 1e-5 and not at 0.

    "constant" is the warmup and then base_lr; "none" is base_lr from the start. "wsd" and "rsqrt"
    fit warmup, stable part and decay into num_epochs unless warmup_prefix is True; decay_epochs is
    a share below 1 (0.2 by default), or a number of epochs (90 for "step"). The last rate is held:
    cooldown_epochs only lengthen the training, and only where there are cycles or a stable part.
    "plateau" and noise are refused.
    """
    check_choice("sched", sched, _KINDS)
    base = check_real("base_lr", base_lr)
    if sched == "plateau":
        raise ValueError("sched must not be 'plateau': it follows a metric")
    if noise is not None:
        raise ValueError(f"noise must be None, got {noise!r}: with noise the rate is random")
    if sched == "none":
        return hold(base)
    if updates_per_epoch == 0 or isinstance(updates_per_epoch, bool):
        raise TypeError("updates_per_epoch must be given: the lengths are in epochs")
    per_epoch = check_count("updates_per_epoch", updates_per_epoch)
    check_count("cooldown_epochs", cooldown_epochs, low=0)
    unit = 1 if step_on_epochs else per_epoch
    warmup = check_count("warmup_epochs", warmup_epochs, low=0) * unit
    warmed = {"warmup_t": warmup, "warmup_lr_init": warmup_lr}
    length = check_count("num_epochs", num_epochs) * unit
    given: dict[str, Any]
    if sched in _CYCLES:
        name = _CYCLES[sched]
        given = {"t_initial": length, "lr_min": min_lr, "warmup_prefix": warmup_prefix}
        given |= {"cycle_mul": cycle_mul, "cycle_decay": cycle_decay, "cycle_limit": cycle_limit}
        given |= {} if sched == "tanh" else {"k_decay": k_decay}
        given |= {"power": decay_rate} if sched == "poly" else {}
    elif sched in _PARTS:
        name = "WSD"
        total = length if warmup_prefix else length - warmup
        given = {"t_initial": total, "decay_t": _decay(decay_epochs, unit, total, sched)}
        given |= {"lr_min": min_lr, "stable_fn": "rsqrt" if sched == "rsqrt" else "constant"}
        given["decay_fn"] = decay_fn or ("linear" if sched == "rsqrt" else "1-sqrt")
        if stable_timescale is not None:
            given["stable_timescale"] = stable_timescale * unit
    elif sched == "multistep":
        name = "MultiStep"
        marks = [mark * unit for mark in decay_milestones]
        given = {"decay_t": marks, "decay_rate": decay_rate, "warmup_prefix": warmup_prefix}
    elif sched == "step":
        name = "Step"
        every = _whole(90 if decay_epochs is None else decay_epochs) * unit
        given = {"decay_t": every, "decay_rate": decay_rate, "warmup_prefix": warmup_prefix}
    else:
        phases = ramp(warmup, check_real("warmup_lr", warmup_lr), base) + hold(base)
        return by_epoch(phases, per_epoch) if step_on_epochs else phases
    phases = convert(f"timm.{name}LRScheduler", {"base_lr": base, **given, **warmed})
    return by_epoch(phases, per_epoch) if step_on_epochs else phases


def _decay(decay_epochs: float | None, unit: int, total: int, sched: str) -> int:
    """Return the length of the decay in steps of the scheduler, out of `total`."""
    epochs = check_real("decay_epochs", 0.2 if decay_epochs is None else decay_epochs)
    steps = round(epochs * total if 0 < epochs < 1 else epochs * unit)
    if not 0 < steps <= total:
        raise ValueError(
            f"decay_epochs must be > 0 and fit into num_epochs without the warmup for {sched!r}, "
            f"got {steps} steps of decay in {total}"
        )
    return steps


def _whole(decay_epochs: float) -> int:
    epochs = check_real("decay_epochs", decay_epochs, low_open=True)
    if epochs != math.floor(epochs):
        raise ValueError(f"decay_epochs must be a whole number for 'step', got {decay_epochs!r}")
    return int(epochs)
