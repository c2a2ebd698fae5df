"""The schedules that fall, with and without a warmup, by their names in the field.

Every function returns a `Schedule` and raises ValueError or TypeError, naming the argument, its
value and what is allowed, when an argument is out of its range or of the wrong type. t counts the
updates already done, from 0; lengths are in updates, a floor is an absolute rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from course_lib.schedules.phases import Phase, Schedule, constant_phase, decay_phase
from course_lib.schedules.shapes import (
    Drops,
    Exponential,
    InverseTime,
    Polynomial,
)
from course_lib.validation import check_count, check_floor, check_real, check_share


def constant(peak_lr: float) -> Schedule:
    """Return rate(t) = peak_lr.

    Args:
        peak_lr: the learning rate, >= 0.
    """
    return Schedule((constant_phase(math.inf, check_real("peak_lr", peak_lr)),), name="constant")


def step_decay(peak_lr: float, drop: float = 0.5, every: int = 100) -> Schedule:
    """Return the staircase rate(t) = peak_lr * drop ** floor(t / every).

    Args:
        peak_lr: rate of the first `every` updates, >= 0.
        drop: factor at each drop, 0 < drop <= 1.
        every: updates between two drops, >= 1.
    """
    rate = check_real("peak_lr", peak_lr)
    shape = Drops(check_share("drop", drop), check_count("every", every))
    return Schedule((Phase(math.inf, rate, 0.0, shape),), name="step decay")


def multi_step(peak_lr: float, milestones: Sequence[int], drop: float = 0.1) -> Schedule:
    """Return rate(t) = peak_lr * drop ** (number of milestones <= t).

    The rate changes for the update at t = milestone, as in torch and optax; Keras'
    PiecewiseConstantDecay changes one update later, timm's MultiStepLRScheduler one earlier.

    Args:
        peak_lr: rate before the first milestone, >= 0.
        milestones: updates at which the rate drops, >= 1, strictly increasing.
        drop: factor at each milestone, 0 < drop <= 1.
    """
    rate, factor = check_real("peak_lr", peak_lr), check_share("drop", drop)
    steps = [check_count("milestones", milestone) for milestone in milestones]
    if not steps or any(b <= a for a, b in pairwise(steps)):
        raise ValueError(
            f"milestones must be strictly increasing, at least one, got {milestones!r}"
        )
    lengths = [b - a for a, b in pairwise([0, *steps])]
    phases = [constant_phase(n, rate * factor**i) for i, n in enumerate([*lengths, math.inf])]
    return Schedule(tuple(phases), name="multi-step")


def exponential(peak_lr: float, gamma: float) -> Schedule:
    """Return rate(t) = peak_lr * gamma ** t.

    Args:
        peak_lr: rate of the first update, >= 0.
        gamma: factor at each update, 0 < gamma <= 1.
    """
    rate, shape = check_real("peak_lr", peak_lr), Exponential(check_share("gamma", gamma))
    return Schedule((Phase(math.inf, rate, 0.0, shape),), name="exponential")


def inverse_time(peak_lr: float, rate: float) -> Schedule:
    """Return rate(t) = peak_lr / (1 + rate * t).

    Args:
        peak_lr: rate of the first update, >= 0.
        rate: how fast it falls, per update, >= 0; at t = 1 / rate the peak has halved.

    Source: Robbins & Monro (1951), whose conditions sum = inf, sum of squares < inf it meets.
    """
    phase = Phase(math.inf, check_real("peak_lr", peak_lr), 0.0, InverseTime(rate))
    return Schedule((phase,), name="inverse time")


def inverse_sqrt(peak_lr: float, warmup_steps: int) -> Schedule:
    """Return a linear warmup, then rate(t) = peak_lr * sqrt(warmup_steps / t).

    Args:
        peak_lr: rate at t = warmup_steps, >= 0.
        warmup_steps: updates of the warmup, >= 1; also the time scale of the decay.
    """
    steps = check_count("warmup_steps", warmup_steps)
    shape = InverseTime(1.0 / steps, power=0.5)
    decay = Schedule((Phase(math.inf, check_real("peak_lr", peak_lr), 0.0, shape),))
    return Schedule(warmup(decay, steps).phases, name="inverse sqrt")


def transformer(d_model: int, warmup_steps: int = 4000, factor: float = 1.0) -> Schedule:
    """Return the Transformer paper's rate.

    rate(t) = factor * d_model**-0.5 * min(n**-0.5, n * warmup_steps**-1.5), n = t + 1.

    Its peak, factor / sqrt(d_model * warmup_steps), is at n = warmup_steps.

    Args:
        d_model: width of the model, >= 1.
        warmup_steps: updates of the warmup, >= 1.
        factor: multiplies the rate, >= 0.

    Source: Vaswani et al. (2017), arXiv:1706.03762, eq. 3.
    """
    steps = check_count("warmup_steps", warmup_steps)
    width = check_count("d_model", d_model)
    peak = check_real("factor", factor) / math.sqrt(width * steps)
    decay = Phase(math.inf, peak, 0.0, InverseTime(1.0 / steps, power=0.5))
    rise = [Phase(steps - 1, peak / steps, peak, Polynomial())] if steps > 1 else []
    return Schedule((*rise, decay), name="transformer")


def linear(peak_lr: float, total_steps: int, floor: float = 0.0) -> Schedule:
    """Return rate(t) = floor + (peak_lr - floor) * (1 - t / total_steps).

    Args:
        peak_lr: rate of the first update, >= 0.
        total_steps: updates in the run, >= 1.
        floor: rate at t = total_steps and after, absolute, 0 <= floor <= peak_lr.
    """
    return _decay(peak_lr, total_steps, floor, "linear")


def polynomial(
    peak_lr: float, total_steps: int, power: float = 2.0, floor: float = 0.0
) -> Schedule:
    """Return rate(t) = floor + (peak_lr - floor) * (1 - t / total_steps) ** power.

    Args:
        peak_lr: rate of the first update, >= 0.
        total_steps: updates in the run, >= 1.
        power: > 0; 1 is linear, larger falls earlier.
        floor: rate at t = total_steps and after, absolute, 0 <= floor <= peak_lr.
    """
    rate = check_real("peak_lr", peak_lr)
    steps = check_count("total_steps", total_steps)
    phase = Phase(steps, rate, check_floor(floor, rate), Polynomial(power))
    return Schedule((phase,), name="polynomial")


def cosine(peak_lr: float, total_steps: int, floor: float = 0.0) -> Schedule:
    """Return rate(t) = floor + (peak_lr - floor) * (1 + cos(pi t / total_steps)) / 2.

    The floor is reached at t = total_steps and held; torch's CosineAnnealingLR climbs back.
    The last update of a run of `total_steps` is at t = total_steps - 1, a little above the floor.

    Args:
        peak_lr: rate of the first update, >= 0.
        total_steps: updates in the run, >= 1.
        floor: rate at the end, absolute, 0 <= floor <= peak_lr.

    Source: Loshchilov & Hutter (2017), SGDR, arXiv:1608.03983, eq. 5, without restarts.
    """
    return _decay(peak_lr, total_steps, floor, "cosine")


def warmup(schedule: Schedule, warmup_steps: int, start: float | None = None) -> Schedule:
    """Return a linear rise to the schedule's first rate, then the schedule.

    rate(t) = start + (peak - start) * t / warmup_steps for t < warmup_steps, with
    peak = schedule(0), which is reached at t = warmup_steps. The length becomes
    warmup_steps + schedule.total_steps.

    With the default, start = peak / warmup_steps, the first update moves. transformers and timm
    start at 0 and lose it, as do optax and Keras when told to begin at 0: `start=0` is theirs.
    torch's LinearLR starts at a third of the peak. A rise of peak * (t + 1) / warmup_steps, as in
    torchtitan, reaches the peak one update earlier.

    Args:
        schedule: what follows.
        warmup_steps: updates of the rise, >= 0; 0 returns the schedule as it is.
        start: rate of the first update, 0 <= start <= peak.
    """
    steps = check_count("warmup_steps", warmup_steps, low=0)
    if steps == 0:
        return schedule
    peak = schedule(0)
    first = peak / steps if start is None else check_real("start", start, high=peak)
    rise = Phase(steps, first, peak, Polynomial())
    return Schedule((rise, *schedule.phases), name=f"warmup + {schedule.name}")


def warmup_cosine(
    peak_lr: float, warmup_steps: int, total_steps: int, floor: float = 0.0
) -> Schedule:
    """Return `warmup`, then `cosine` over the remaining total_steps - warmup_steps updates.

    Args:
        peak_lr: rate at t = warmup_steps, >= 0.
        warmup_steps: updates of the rise, 0 <= warmup_steps < total_steps.
        total_steps: updates in the run, warmup included. (optax' `decay_steps` means this;
            Keras' `decay_steps` excludes the warmup.)
        floor: rate at t = total_steps and after, absolute, 0 <= floor <= peak_lr.
    """
    steps = _after_warmup(warmup_steps, total_steps)
    return warmup(cosine(peak_lr, steps, floor), warmup_steps)


def warmup_linear(
    peak_lr: float, warmup_steps: int, total_steps: int, floor: float = 0.0
) -> Schedule:
    """Return `warmup`, then `linear` over the remaining total_steps - warmup_steps updates.

    Args:
        peak_lr: rate at t = warmup_steps, >= 0.
        warmup_steps: updates of the rise, 0 <= warmup_steps < total_steps.
        total_steps: updates in the run, warmup included.
        floor: rate at t = total_steps and after, absolute, 0 <= floor <= peak_lr.
    """
    steps = _after_warmup(warmup_steps, total_steps)
    return warmup(linear(peak_lr, steps, floor), warmup_steps)


def wsd(
    peak_lr: float,
    warmup_steps: int,
    total_steps: int,
    decay_steps: int,
    shape: Literal["linear", "1-sqrt", "cosine", "exp"] = "linear",
    floor: float = 0.0,
) -> Schedule:
    """Return warmup, stable, decay: a rise, a long constant rate, a short fall.

    `wsd(...).branch(at_step, decay_steps)` decays from any point of the stable part, so that one
    long run serves many budgets.

    Args:
        peak_lr: the constant rate, >= 0.
        warmup_steps: updates of the rise, >= 0.
        total_steps: updates in the run, all included.
        decay_steps: updates of the fall, >= 1; warmup_steps + decay_steps < total_steps.
        shape: of the fall: "linear", "1-sqrt", "cosine" or "exp" (which needs floor > 0).
        floor: rate at t = total_steps and after, absolute, 0 <= floor <= peak_lr.

    Source: Hu et al. (2024), MiniCPM, arXiv:2404.06395; Hägele et al. (2024), arXiv:2405.18392.
    """
    rate = check_real("peak_lr", peak_lr)
    rise = check_count("warmup_steps", warmup_steps, low=0)
    fall = check_count("decay_steps", decay_steps)
    stable = check_count("total_steps", total_steps) - rise - fall
    if stable < 1:
        raise ValueError(
            f"warmup_steps + decay_steps must be < total_steps = {total_steps}, got {rise + fall}"
        )
    rest = (constant_phase(stable, rate), decay_phase(fall, rate, floor, shape))
    return Schedule(warmup(Schedule(rest), rise).phases, name="WSD")


def _decay(peak_lr: float, total_steps: int, floor: float, shape: str) -> Schedule:
    rate = check_real("peak_lr", peak_lr)
    steps = check_count("total_steps", total_steps)
    return Schedule((decay_phase(steps, rate, check_floor(floor, rate), shape),), name=shape)


def _after_warmup(warmup_steps: int, total_steps: int) -> int:
    total = check_count("total_steps", total_steps)
    if check_count("warmup_steps", warmup_steps, low=0) >= total:
        raise ValueError(f"warmup_steps must be < total_steps = {total}, got {warmup_steps!r}")
    return total - warmup_steps
