"""Converts MMEngine's schedulers (read in its source and run, release 0.10.7).

`step()` is called after each update, or with by_epoch=True, the default, after each epoch, which
takes `batches_per_epoch` updates here. (An update is an iteration, without accumulative_counts.)
Arguments are in the scheduler's own unit, and count from `begin`. A scheduler acts from its begin
to its end, exclusive, on the rate that it finds, and leaves the rate where it is then. `end` is by
default 10**9 in the classes, and max_epochs or max_iters in the Runner: where it matters, it has to
be given. convert_to_iter_based multiplies lengths by the batches of an epoch and counts updates.
(In an IterBasedTrainLoop no epoch ends: there a scheduler with by_epoch=True never moves the rate.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from course_lib.libraries.legs import Scheduler, timeline
from course_lib.libraries.mmengine_legs import LEGS
from course_lib.libraries.pieces import Phases
from course_lib.libraries.registry import check_arguments, check_choice, converter, refuse
from course_lib.validation import check_count, check_real

refuse("mmengine.ReduceOnPlateauLR", "it follows a metric, so the rate depends on the training")

# Keywords of the converters that are none of a scheduler's own dictionary.
_OUTSIDE = ("base_lr", "batches_per_epoch")


def _alone(
    kind: str,
    base_lr: float,
    own: dict[str, Any],
    begin: float,
    end: float | None,
    by_epoch: bool,
    batches_per_epoch: int | None,
    convert_to_iter_based: bool,
) -> Phases:
    """Return the phases of one scheduler that is alone, by the arguments that are its own."""
    base = check_real("base_lr", base_lr)
    clock = {"begin": begin, "end": end, "by_epoch": by_epoch}
    clock["convert_to_iter_based"] = convert_to_iter_based
    return timeline(base, [_scheduler(kind, base, {**own, **clock}, batches_per_epoch)[0]])


def _scheduler(
    kind: str, base_lr: float, given: dict[str, Any], batches_per_epoch: int | None
) -> tuple[Scheduler, float]:
    """Return a scheduler of its dictionary, and the base rate that those after it find."""
    arguments = dict(given)
    by_epoch = arguments.pop("by_epoch", True)
    to_updates = arguments.pop("convert_to_iter_based", False)
    begin, end = arguments.pop("begin", 0), arguments.pop("end", None)
    unit = 1
    if by_epoch:
        if batches_per_epoch is None:
            raise TypeError(
                f"mmengine.{kind} needs batches_per_epoch: by_epoch is True by default, and its "
                "arguments are then in epochs; by_epoch=False counts updates"
            )
        unit = check_count("batches_per_epoch", batches_per_epoch)
    elif to_updates:
        raise ValueError("convert_to_iter_based needs by_epoch=True: only epochs are converted")
    factor = unit if to_updates else 1
    first = _place("begin", begin, factor)
    ticks = math.inf
    if end is not None:
        ticks = _place("end", end, factor) - first
        if ticks < 1:
            raise ValueError(f"end must be > begin = {begin}, got {end}")
    legs, base = LEGS[kind](base_lr, ticks, factor, arguments)
    cut = [replace(leg, stop=min(leg.stop, ticks)) for leg in legs]
    cut = [leg for leg in cut if leg.first < leg.stop]
    return Scheduler(cut, first, 1 if to_updates else unit, by_epoch and not to_updates), base


def _place(name: str, value: Any, factor: int) -> int:
    """Return begin or end in ticks; where epochs are converted they may have a fraction."""
    if factor == 1:
        return check_count(name, value, low=0)
    return int(check_real(name, value) * factor)


@converter("mmengine.ConstantLR")
def constant_lr(
    *,
    base_lr: float,
    factor: float = 1.0 / 3,
    begin: float = 0,
    end: float | None = None,
    by_epoch: bool = True,
    batches_per_epoch: int | None = None,
    convert_to_iter_based: bool = False,
) -> Phases:
    """base_lr * factor from begin on, and base_lr from end - 1 on.

    The last step before the end takes the factor back; with end = begin + 1 nothing does.
    """
    own = {"factor": factor}
    return _alone(
        "ConstantLR", base_lr, own, begin, end, by_epoch, batches_per_epoch, convert_to_iter_based
    )


@converter("mmengine.LinearLR")
def linear_lr(
    *,
    base_lr: float,
    start_factor: float = 1.0 / 3,
    end_factor: float = 1.0,
    begin: float = 0,
    end: float | None = None,
    by_epoch: bool = True,
    batches_per_epoch: int | None = None,
    convert_to_iter_based: bool = False,
) -> Phases:
    """A line from base_lr * start_factor at begin to base_lr * end_factor at end - 1, held.

    It takes end - begin - 1 steps, one fewer than its torch namesake with total_iters = end.
    """
    own = {"start_factor": start_factor, "end_factor": end_factor}
    return _alone(
        "LinearLR", base_lr, own, begin, end, by_epoch, batches_per_epoch, convert_to_iter_based
    )


@converter("mmengine.PolyLR")
def poly_lr(
    *,
    base_lr: float,
    eta_min: float = 0,
    power: float = 1.0,
    begin: float = 0,
    end: float | None = None,
    by_epoch: bool = True,
    batches_per_epoch: int | None = None,
    convert_to_iter_based: bool = False,
) -> Phases:
    """eta_min + (base_lr - eta_min) * (1 - k / (end - begin - 1)) ** power, then eta_min, held.

    k counts from begin. eta_min is reached at k = end - begin - 1, the last step before the end.
    """
    own = {"eta_min": eta_min, "power": power}
    return _alone(
        "PolyLR", base_lr, own, begin, end, by_epoch, batches_per_epoch, convert_to_iter_based
    )


@converter("mmengine.ExponentialLR")
def exponential_lr(
    *,
    base_lr: float,
    gamma: float,
    begin: float = 0,
    end: float | None = None,
    by_epoch: bool = True,
    batches_per_epoch: int | None = None,
    convert_to_iter_based: bool = False,
) -> Phases:
    """base_lr * gamma ** k, k counted from begin; held from the end on.

    convert_to_iter_based leaves gamma as it is: a factor meant for an epoch acts at every update.
    """
    own = {"gamma": gamma}
    return _alone(
        "ExponentialLR",
        base_lr,
        own,
        begin,
        end,
        by_epoch,
        batches_per_epoch,
        convert_to_iter_based,
    )


@converter("mmengine.StepLR")
def step_lr(
    *,
    base_lr: float,
    step_size: int,
    gamma: float = 0.1,
    begin: float = 0,
    end: float | None = None,
    by_epoch: bool = True,
    batches_per_epoch: int | None = None,
    convert_to_iter_based: bool = False,
) -> Phases:
    """base_lr * gamma ** floor(k / step_size), k counted from begin; held from the end on."""
    own = {"step_size": step_size, "gamma": gamma}
    return _alone(
        "StepLR", base_lr, own, begin, end, by_epoch, batches_per_epoch, convert_to_iter_based
    )


@converter("mmengine.MultiStepLR")
def multi_step_lr(
    *,
    base_lr: float,
    milestones: Sequence[int],
    gamma: float = 0.1,
    begin: float = 0,
    end: float | None = None,
    by_epoch: bool = True,
    batches_per_epoch: int | None = None,
    convert_to_iter_based: bool = False,
) -> Phases:
    """base_lr * gamma ** (number of milestones <= k), k counted from begin; held from the end on.

    With begin = 3 the milestone 6 acts at 9; one at or after end - begin does not act.
    """
    own = {"milestones": milestones, "gamma": gamma}
    return _alone(
        "MultiStepLR", base_lr, own, begin, end, by_epoch, batches_per_epoch, convert_to_iter_based
    )


@converter("mmengine.CosineAnnealingLR")
def cosine_annealing_lr(
    *,
    base_lr: float,
    T_max: int | None = None,
    eta_min: float | None = None,
    eta_min_ratio: float | None = None,
    begin: float = 0,
    end: float | None = None,
    by_epoch: bool = True,
    batches_per_epoch: int | None = None,
    convert_to_iter_based: bool = False,
) -> Phases:
    """A half-cosine from base_lr at begin towards eta_min at k = T_max, k counted from begin.

    T_max is end - begin by default. Then eta_min is not reached: the last step before the end is
    one short of it, and the rate there is held. With an end after T_max the rate rises again. The
    floor is a rate, eta_min (0 by default), or a ratio of base_lr, eta_min_ratio.
    """
    own = {"T_max": T_max, "eta_min": eta_min, "eta_min_ratio": eta_min_ratio}
    return _alone(
        "CosineAnnealingLR",
        base_lr,
        own,
        begin,
        end,
        by_epoch,
        batches_per_epoch,
        convert_to_iter_based,
    )


@converter("mmengine.CosineRestartLR")
def cosine_restart_lr(
    *,
    base_lr: float,
    periods: Sequence[int],
    restart_weights: Sequence[float] = (1,),
    eta_min: float | None = None,
    eta_min_ratio: float | None = None,
    begin: float = 0,
    end: float | None = None,
    by_epoch: bool = True,
    batches_per_epoch: int | None = None,
    convert_to_iter_based: bool = False,
) -> Phases:
    """Half-cosines over the periods, cycle i from base_lr * restart_weights[i] towards the floor.

    eta_min or eta_min_ratio must be given, as one restart weight a period. The last cycle's last
    rate, one step short of the floor, is held after the periods.
    """
    own = {
        "periods": periods,
        "restart_weights": restart_weights,
        "eta_min": eta_min,
        "eta_min_ratio": eta_min_ratio,
    }
    return _alone(
        "CosineRestartLR",
        base_lr,
        own,
        begin,
        end,
        by_epoch,
        batches_per_epoch,
        convert_to_iter_based,
    )


@converter("mmengine.OneCycleLR")
def one_cycle_lr(
    *,
    base_lr: float,
    eta_max: float = 0,
    total_steps: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
    begin: float = 0,
    end: float | None = None,
    by_epoch: bool = True,
    batches_per_epoch: int | None = None,
    convert_to_iter_based: bool = False,
) -> Phases:
    """torch's OneCycleLR from begin on, with eta_max for its max_lr.

    total_steps is end - begin by default, and the lowest rate is held from end - 1 on. base_lr is
    in force before begin and has no effect after it. With total_steps given and an end after it,
    one update is extrapolated beyond the cycle, and the step() after it raises ValueError, as
    torch's does: its rate is held here.
    """
    own = {
        "eta_max": eta_max,
        "total_steps": total_steps,
        "pct_start": pct_start,
        "anneal_strategy": anneal_strategy,
        "div_factor": div_factor,
        "final_div_factor": final_div_factor,
        "three_phase": three_phase,
    }
    return _alone(
        "OneCycleLR", base_lr, own, begin, end, by_epoch, batches_per_epoch, convert_to_iter_based
    )


@converter("mmengine.param_scheduler")
def param_scheduler(
    *,
    base_lr: float,
    param_scheduler: Sequence[dict[str, Any]] | dict[str, Any],
    batches_per_epoch: int | None = None,
    max_epochs: int | None = None,
    max_iters: int | None = None,
) -> Phases:
    """The rate under a Runner's param_scheduler: a dictionary, or a list of them, each with "type".

    Every scheduler acts on the rate that it finds, at t = 0 in the list's order, later those that
    count updates before those that count epochs. One after another, each goes on from the rate
    that was left. At once, factors multiply, and a cosine or polynomial is relative to its floor,
    so that the order matters. An end left out is max_epochs, or max_iters with by_epoch=False
    (max_epochs * batches_per_epoch by default). Momentum schedulers leave the rate alone.
    """
    base = check_real("base_lr", base_lr)
    given = [param_scheduler] if isinstance(param_scheduler, dict) else param_scheduler
    if not isinstance(given, list | tuple) or not given:
        raise TypeError(f"param_scheduler must be a list of dictionaries, got {param_scheduler!r}")
    if max_iters is None and max_epochs is not None and batches_per_epoch is not None:
        max_iters = check_count("max_epochs", max_epochs) * batches_per_epoch
    if [one.get("type") for one in given if isinstance(one, dict)].count("OneCycleLR") > 1:
        raise ValueError("param_scheduler must hold one OneCycleLR at most: the last sets them all")
    schedulers, initial = [], base
    for one in given:
        kind = _checked_kind(one)
        if kind.endswith("Momentum"):
            continue
        ends = max_epochs if one.get("by_epoch", True) else max_iters
        arguments = {key: value for key, value in one.items() if key != "type"}
        if ends is not None:
            arguments = {"end": ends, **arguments}
        scheduler, initial = _scheduler(kind, initial, arguments, batches_per_epoch)
        schedulers.append(scheduler)
    return timeline(base, schedulers)


def _checked_kind(given: Any) -> str:
    """Return the type of a scheduler's dictionary; raise where it has none or the wrong keys."""
    if not isinstance(given, dict) or "type" not in given:
        old = isinstance(given, dict) and "policy" in given
        hint = "; 'policy' belongs to lr_config, as MMCV has it before its release 2" if old else ""
        raise TypeError(f"param_scheduler: a dictionary with 'type' is needed, got {given!r}{hint}")
    kind = given["type"]
    if isinstance(kind, str) and kind.endswith("Momentum"):
        return kind
    check_choice("type", kind, list(LEGS))
    own = {key: value for key, value in given.items() if key != "type"}
    check_arguments(f"mmengine.{kind}", own, outside=_OUTSIDE)
    return kind
