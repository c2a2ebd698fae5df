"""Converts detectron2's schedulers (read in its source and run, commit 02b5c4e295).

`LRMultiplier` multiplies the optimizer's rates by a scheduler of fvcore that is asked at
where = t / max_iter. The trainer steps it after each update, so that the last call asks where = 1.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from course_lib.libraries.from_fvcore import curve_of
from course_lib.libraries.pieces import Phases, hold, ramp, wave, window
from course_lib.libraries.registry import check_choice, check_pairs, check_steps, converter
from course_lib.libraries.share_curves import CompositeCurve, ShareCurve, SmoothCurve, StepCurve
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Part, Product
from course_lib.schedules.shapes import CosineWave, Polynomial
from course_lib.validation import check_count, check_real

_WARMUP = "detectron2.WarmupParamScheduler"
_METHODS = ["linear", "constant"]


def _warmed(
    scheduler: ShareCurve,
    warmup_factor: float,
    warmup_length: float,
    warmup_method: str = "linear",
    rescale_interval: bool = False,
) -> ShareCurve:
    """Return a curve with a warmup before it, or over the first part of it."""
    length = check_real("warmup_length", warmup_length, high=1.0)
    check_choice("warmup_method", warmup_method, _METHODS)
    end = scheduler.value(0.0 if rescale_interval else length)
    start = check_real("warmup_factor", warmup_factor) * scheduler.value(0.0)
    up: ShareCurve = SmoothCurve(start, end, Polynomial())
    if warmup_method == "constant":
        up = StepCurve((start,), lambda where: 0)
    return CompositeCurve((up, scheduler), (length, 1.0 - length), (True, bool(rescale_interval)))


def _times(factor: float, phases: Phases) -> Phases:
    return tuple(replace(one, start=factor * one.start, end=factor * one.end) for one in phases)


@converter("detectron2.LRMultiplier")
def lr_multiplier(*, base_lr: float, multiplier: Any, max_iter: int) -> Phases:
    """base_lr times a scheduler of fvcore at t / max_iter.

    `multiplier` is a pair of a name, of fvcore's or "detectron2.WarmupParamScheduler", and its
    arguments. The latter's are scheduler (a pair again), warmup_factor, warmup_length (a share of
    the run), warmup_method and rescale_interval.
    """
    base = check_real("base_lr", base_lr)
    [(name, arguments)] = check_pairs("multiplier", [multiplier])
    if name != _WARMUP:
        return _times(base, curve_of(name, arguments).phases(max_iter))
    known = {"scheduler", "warmup_factor", "warmup_length", "warmup_method", "rescale_interval"}
    missing = {"scheduler", "warmup_factor", "warmup_length"} - arguments.keys()
    if missing or not arguments.keys() <= known:
        raise TypeError(f"{_WARMUP} takes the arguments {sorted(known)}, got {sorted(arguments)}")
    [inner] = check_pairs("scheduler", [arguments.pop("scheduler")])
    return _times(base, _warmed(curve_of(*inner), **arguments).phases(max_iter))


@converter("detectron2.build_lr_scheduler")
def build_lr_scheduler(
    *,
    LR_SCHEDULER_NAME: str = "WarmupMultiStepLR",
    MAX_ITER: int = 40000,
    BASE_LR: float = 0.001,
    BASE_LR_END: float = 0.0,
    GAMMA: float = 0.1,
    STEPS: Sequence[int] = (30000,),
    NUM_DECAYS: int = 3,
    WARMUP_FACTOR: float = 1.0 / 1000,
    WARMUP_ITERS: int = 1000,
    WARMUP_METHOD: str = "linear",
    RESCALE_INTERVAL: bool = False,
) -> Phases:
    """The rate under a configuration's SOLVER: a warmup over one of three schedules.

    "WarmupMultiStepLR" has BASE_LR * GAMMA ** (number of STEPS <= t); "WarmupCosineLR" a
    half-cosine from BASE_LR to BASE_LR_END, both rates, at t = MAX_ITER;
    "WarmupStepWithFixedGammaLR" NUM_DECAYS drops by GAMMA in equal parts of the run. MAX_ITER
    includes the warmup: BASE_LR * WARMUP_FACTOR at t = 0, and at t = WARMUP_ITERS what the schedule
    has there, so that a cosine's peak is below BASE_LR; with RESCALE_INTERVAL it starts there.
    STEPS beyond MAX_ITER are dropped. After the last update MultiStep holds and the cosine rises
    again; "WarmupStepWithFixedGammaLR" raises IndexError in the trainer's last step().
    """
    base, total = check_real("BASE_LR", BASE_LR, low_open=True), check_count("MAX_ITER", MAX_ITER)
    name, names = LR_SCHEDULER_NAME, ["WarmupMultiStepLR", "WarmupCosineLR"]
    check_choice("LR_SCHEDULER_NAME", name, [*names, "WarmupStepWithFixedGammaLR"])
    if name == names[0]:
        steps = [step for step in check_steps("STEPS", STEPS) if step <= total]
        values = [GAMMA**number for number in range(len(steps) + 1)]
        kind = "MultiStepParamScheduler"
        given = {"values": values, "milestones": steps, "num_updates": total}
    elif name == names[1]:
        floor = check_real("BASE_LR_END", BASE_LR_END, high=base)
        kind, given = "CosineParamScheduler", {"start_value": 1.0, "end_value": floor / base}
    else:
        kind = "StepWithFixedGammaParamScheduler"
        given = {"base_value": 1.0, "num_decays": NUM_DECAYS, "gamma": GAMMA, "num_updates": total}
    warmup = check_count("WARMUP_ITERS", WARMUP_ITERS, low=0)
    curve = _warmed(
        curve_of(f"fvcore.{kind}", given),
        WARMUP_FACTOR,
        min(warmup / total, 1.0),
        WARMUP_METHOD,
        RESCALE_INTERVAL,
    )
    return _times(base, curve.phases(total))


@converter("detectron2.WarmupMultiStepLR")
def warmup_multi_step_lr(
    *,
    base_lr: float,
    milestones: Sequence[int],
    gamma: float = 0.1,
    warmup_factor: float = 0.001,
    warmup_iters: int = 1000,
    warmup_method: str = "linear",
) -> Phases:
    """The deprecated class: base_lr * gamma ** (number of milestones <= t), times the warmup.

    The warmup is warmup_factor at t = 0 and 1 at t = warmup_iters; as "constant" it is
    warmup_factor until then. (The configuration's name of the same spelling is
    `detectron2.build_lr_scheduler`, whose warmup ends at the schedule's own rate.)
    """
    base, warmup = check_real("base_lr", base_lr), check_count("warmup_iters", warmup_iters, low=0)
    factor = check_real("warmup_factor", warmup_factor)
    check_choice("warmup_method", warmup_method, _METHODS)
    up = ramp(warmup, base * factor, base)
    if warmup_method == "constant":
        up = hold(base * factor, warmup)
    edges = [0, *check_steps("milestones", milestones), math.inf]
    phases: Phases = ()
    for drops, (begin, end) in enumerate(itertools.pairwise(edges)):
        share = check_real("gamma", gamma, low_open=True) ** drops
        phases += _times(share, window(up + hold(base), int(begin), end - begin))
    return phases


@converter("detectron2.WarmupCosineLR")
def warmup_cosine_lr(
    *,
    base_lr: float,
    max_iters: int,
    warmup_factor: float = 0.001,
    warmup_iters: int = 1000,
    warmup_method: str = "linear",
) -> Phases:
    """The deprecated class: base_lr * (1 + cos(pi t / max_iters)) / 2, times the warmup.

    The cosine begins at t = 0, so that base_lr is not reached; past max_iters it rises again. There
    is no floor: BASE_LR_END is the configuration's, see `detectron2.build_lr_scheduler`.
    """
    base, warmup = check_real("base_lr", base_lr), check_count("warmup_iters", warmup_iters, low=0)
    half, factor = check_count("max_iters", max_iters), check_real("warmup_factor", warmup_factor)
    check_choice("warmup_method", warmup_method, _METHODS)
    down = window(wave(base, 0.0, half), warmup, math.inf)
    if warmup == 0:
        return down
    if warmup_method == "constant":
        return window(wave(base * factor, 0.0, half), 0, warmup) + down
    # The line is factor + (1 - factor) * t / warmup; as a shape it is 1 at t = 0, except from 0 up.
    line = Part(Polynomial(), 0.0, float(warmup), low=1.0 / factor if factor else 0.0)
    start = base * factor
    if factor == 0.0:
        line, start = Part(Polynomial(), float(warmup), float(warmup)), -base
    return (Phase(warmup, start, 0.0, Product((line, CosineWave(half)))), *down)
