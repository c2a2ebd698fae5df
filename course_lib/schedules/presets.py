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

    >>> constant(0.1)([0, 1000])
    array([0.1, 0.1])
    """
    return Schedule((constant_phase(math.inf, check_real("peak_lr", peak_lr)),), name="constant")


def step_decay(peak_lr: float, drop: float = 0.5, every: int = 100) -> Schedule:
    """Return the staircase rate(t) = peak_lr * drop ** floor(t / every).

    Args:
        peak_lr: rate of the first `every` updates, >= 0.
        drop: factor at each drop, 0 < drop <= 1.
        every: updates between two drops, >= 1.

    >>> step_decay(0.1, drop=0.5, every=100)([0, 99, 100, 200])
    array([0.1  , 0.1  , 0.05 , 0.025])
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

    >>> multi_step(0.1, milestones=[30, 60])([0, 29, 30, 60]).round(4)
    array([0.1  , 0.1  , 0.01 , 0.001])
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

    This factor takes the rate to a hundredth in 90 updates:

    >>> exponential(0.1, gamma=0.01 ** (1 / 90))([0, 45, 90]).round(4)
    array([0.1  , 0.01 , 0.001])
    """
    rate, shape = check_real("peak_lr", peak_lr), Exponential(check_share("gamma", gamma))
    return Schedule((Phase(math.inf, rate, 0.0, shape),), name="exponential")


def inverse_time(peak_lr: float, rate: float) -> Schedule:
    """Return rate(t) = peak_lr / (1 + rate * t).

    Args:
        peak_lr: rate of the first update, >= 0.
        rate: speed of the fall, per update, >= 0; at t = 1 / rate the peak has halved.

    Source: Robbins & Monro (1951), whose conditions sum = inf, sum of squares < inf it meets.

    >>> inverse_time(0.1, rate=0.01)([0, 100, 300]).round(4)
    array([0.1  , 0.05 , 0.025])
    """
    phase = Phase(math.inf, check_real("peak_lr", peak_lr), 0.0, InverseTime(rate))
    return Schedule((phase,), name="inverse time")


def inverse_sqrt(peak_lr: float, warmup_steps: int) -> Schedule:
    """Return a linear warmup, then rate(t) = peak_lr * sqrt(warmup_steps / t).

    Args:
        peak_lr: rate at t = warmup_steps, >= 0.
        warmup_steps: updates of the warmup, >= 1; also the time scale of the decay.

    >>> inverse_sqrt(0.1, warmup_steps=100)([50, 100, 400]).round(4)
    array([0.0505, 0.1   , 0.05  ])
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
        factor: factor of every rate, >= 0.

    Source: Vaswani et al. (2017), arXiv:1706.03762, eq. 3.

    >>> base = transformer(d_model=512, warmup_steps=4000)
    >>> [f"{base(step):.1e}" for step in (0, 3999, 100_000)]
    ['1.7e-07', '7.0e-04', '1.4e-04']
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

    >>> linear(0.1, total_steps=100, floor=0.01)([0, 50, 100, 150]).round(3)
    array([0.1  , 0.055, 0.01 , 0.01 ])
    """
    return _decay(peak_lr, total_steps, floor, "linear")


def polynomial(
    peak_lr: float, total_steps: int, power: float = 2.0, floor: float = 0.0
) -> Schedule:
    """Return rate(t) = floor + (peak_lr - floor) * (1 - t / total_steps) ** power.

    Args:
        peak_lr: rate of the first update, >= 0.
        total_steps: updates in the run, >= 1.
        power: power of the decay, > 0; 1 is linear, a larger one falls earlier.
        floor: rate at t = total_steps and after, absolute, 0 <= floor <= peak_lr.

    >>> polynomial(0.1, total_steps=100, power=2.0)([0, 50, 90, 100]).round(3)
    array([0.1  , 0.025, 0.001, 0.   ])
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

    >>> cosine(0.1, total_steps=100)([0, 25, 50, 75, 100]).round(4)
    array([0.1   , 0.0854, 0.05  , 0.0146, 0.    ])
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
        schedule: schedule that follows the rise.
        warmup_steps: updates of the rise, >= 0; 0 returns the schedule as it is.
        start: rate of the first update, 0 <= start <= peak.

    >>> schedule = warmup(exponential(0.1, gamma=0.5), warmup_steps=5)
    >>> schedule(range(7)).round(3)
    array([0.02 , 0.036, 0.052, 0.068, 0.084, 0.1  , 0.05 ])
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
        total_steps: updates in the run, warmup included. (optax's `decay_steps` means this;
            Keras' `decay_steps` excludes the warmup.)
        floor: rate at t = total_steps and after, absolute, 0 <= floor <= peak_lr.

    >>> schedule = warmup_cosine(3e-4, warmup_steps=100, total_steps=1000, floor=3e-5)
    >>> [f"{schedule(step):.2e}" for step in (0, 50, 100, 550, 1000)]
    ['3.00e-06', '1.51e-04', '3.00e-04', '1.65e-04', '3.00e-05']
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

    >>> schedule = warmup_linear(3e-4, warmup_steps=100, total_steps=1000)
    >>> [f"{schedule(step):.2e}" for step in (0, 50, 100, 550, 1000)]
    ['3.00e-06', '1.51e-04', '3.00e-04', '1.50e-04', '0.00e+00']
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
        shape: curve of the fall: "linear", "1-sqrt", "cosine" or "exp" (which needs floor > 0).
        floor: rate at t = total_steps and after, absolute, 0 <= floor <= peak_lr.

    Source: Hu et al. (2024), MiniCPM, arXiv:2404.06395; Hägele et al. (2024), arXiv:2405.18392.

    >>> schedule = wsd(0.1, warmup_steps=10, total_steps=100, decay_steps=20)
    >>> schedule([0, 10, 80, 90, 100]).round(3)
    array([0.01, 0.1 , 0.1 , 0.05, 0.  ])
    >>> schedule.branch(at_step=40, decay_steps=10)([40, 45, 50]).round(3)
    array([0.1 , 0.05, 0.  ])
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
