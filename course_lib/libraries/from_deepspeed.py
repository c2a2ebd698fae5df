"""Converts DeepSpeed's schedulers (read in its source and run, release 0.19.8).

Each has the arguments of the "params" in DeepSpeed's configuration. The engine calls `step()` after
each update of the optimizer, at the end of gradient accumulation, and not where fp16 overflowed.
The warmups count from one update later than torch: `step()` after the first update sets the rate
of their step 0 again. Configurations may name torch's schedulers too: those are under "torch.".
"""

from __future__ import annotations

import itertools
import math
from typing import Any

from course_lib.libraries.pieces import Phases, hold, ramp
from course_lib.libraries.registry import converter
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Logarithm, Part, Staircase
from course_lib.schedules.shapes import Cosine, InverseTime, Polynomial, Shape
from course_lib.validation import check_count, check_real


def _rate(name: str, value: Any) -> float:
    if value == "auto":
        raise ValueError(
            f"{name} must be a number: Transformers' Trainer and Accelerate put one in the place "
            "of 'auto', DeepSpeed itself takes none"
        )
    return check_real(name, value)


def _length(name: str, value: Any) -> int:
    return check_count(name, _rate(name, value) if value == "auto" else value)


def _warmup(low: float, high: float, steps: int, kind: str) -> Phases:
    """Return the updates until the warmup is over: `steps` of them, one more where it is linear.

    The log warmup is at `high` in the last of its steps, the linear one only after it.
    """
    if kind not in ("log", "linear"):
        raise ValueError(
            f"warmup_type must be 'log' or 'linear', got {kind!r}; DeepSpeed warns and uses 'log'"
        )
    if kind == "log":
        return hold(low, 1) + ramp(steps - 1, low, high, Logarithm()) + hold(high, 1)
    return hold(low, 1) + ramp(steps, low, high)


@converter("deepspeed.WarmupLR")
def warmup_lr(
    *,
    warmup_min_lr: float = 0.0,
    warmup_max_lr: float | None = None,
    warmup_num_steps: int = 1000,
    warmup_type: str = "log",
    base_lr: float | None = None,
) -> Phases:
    """warmup_min_lr in the updates t = 0 and 1, then up to warmup_max_lr, held for ever.

    "log" is min + (max - min) * log(t) / log(W), at its peak from t = W = warmup_num_steps on;
    "linear" has (t - 1) / W, at its peak from t = W + 1 on. W = 1 is raised to 2, so that two
    updates at the least have warmup_min_lr. warmup_max_lr is by default the optimizer's own rate,
    `base_lr`, which has no effect otherwise; until 0.17.1 it was 0.001, as WarmupDecayLR's still
    is. (Until 0.15.2 the first update, t = 0, was at the optimizer's own rate.)
    """
    if warmup_max_lr is None and base_lr is None:
        raise TypeError(
            "deepspeed.WarmupLR needs base_lr, the optimizer's rate, which warmup_max_lr is by "
            "default, or warmup_max_lr"
        )
    high = base_lr if warmup_max_lr is None else warmup_max_lr
    peak = _rate("base_lr" if warmup_max_lr is None else "warmup_max_lr", high)
    steps = max(2, _length("warmup_num_steps", warmup_num_steps))
    return _warmup(_rate("warmup_min_lr", warmup_min_lr), peak, steps, warmup_type) + hold(peak)


@converter("deepspeed.WarmupDecayLR")
def warmup_decay_lr(
    *,
    total_num_steps: int,
    warmup_min_lr: float = 0.0,
    warmup_max_lr: float = 0.001,
    warmup_num_steps: int = 1000,
    warmup_type: str = "log",
    base_lr: float | None = None,
) -> Phases:
    """WarmupLR's warmup, then a line that reaches warmup_min_lr at t = total_num_steps + 1, held.

    total_num_steps includes the warmup: max at t = W + 1, W = warmup_num_steps. The line ends at
    warmup_min_lr, the rate of the first update, and not at 0. The optimizer's rate, `base_lr`, has
    no effect: the peak is 0.001 unless it is given. (WarmupLR's default is the optimizer's rate.)
    """
    if base_lr is not None:
        _rate("base_lr", base_lr)
    low, peak = _rate("warmup_min_lr", warmup_min_lr), _rate("warmup_max_lr", warmup_max_lr)
    steps = max(2, _length("warmup_num_steps", warmup_num_steps))
    total = _length("total_num_steps", total_num_steps)
    up = _warmup(low, peak, steps, warmup_type)
    return up + (ramp(total - steps, peak, low) or hold(low))


@converter("deepspeed.WarmupCosineLR")
def warmup_cosine_lr(
    *,
    base_lr: float,
    total_num_steps: int,
    warmup_min_ratio: float = 0.0,
    warmup_num_steps: int = 1000,
    cos_min_ratio: float = 0.0001,
    warmup_type: str = "log",
) -> Phases:
    """0 in the first update, base_lr * warmup_min_ratio in the second, up, and down a half-cosine.

    Floors are ratios of base_lr, not rates. The warmup is WarmupLR's, from t = 1 on; the cosine
    (1 + cos(pi u)) / 2 has u = (t - W) / (total_num_steps - W) from t = W + 1 on, W =
    warmup_num_steps: with "linear", base_lr itself is no update's rate, with "log" that of t = W.
    total_num_steps includes the warmup; base_lr * cos_min_ratio is reached at t = total_num_steps
    and held (until 0.19.2 it rose again), or follows the warmup at once where that is no shorter
    than the run.
    """
    base = _rate("base_lr", base_lr)
    start = base * check_real("warmup_min_ratio", warmup_min_ratio)
    floor = base * check_real("cos_min_ratio", cos_min_ratio)
    steps = max(2, _length("warmup_num_steps", warmup_num_steps))
    total = _length("total_num_steps", total_num_steps)
    up = hold(0.0, 1) + _warmup(start, base, steps, warmup_type)[1:]
    decay = total - steps
    if decay <= 1:
        return up + hold(floor)
    cosine = Part(Cosine(), 1.0, float(decay))
    return (*up, Phase(decay - 1, base, floor, cosine), *hold(floor))


@converter("deepspeed.OneCycle")
def one_cycle(
    *,
    cycle_min_lr: float,
    cycle_max_lr: float,
    decay_lr_rate: float = 0.0,
    cycle_first_step_size: int = 2000,
    cycle_second_step_size: int | None = None,
    cycle_first_stair_count: int = 0,
    cycle_second_stair_count: int | None = None,
    decay_step_size: int = 0,
    cycle_momentum: bool = True,
    cycle_min_mom: float = 0.8,
    cycle_max_mom: float = 0.9,
    decay_mom_rate: float = 0.0,
    base_lr: float | None = None,
) -> Phases:
    """A line from cycle_min_lr at t = 0 to cycle_max_lr at t = first, one back, then a decay.

    first and second are cycle_first_step_size and cycle_second_step_size, by default the same.
    With n stairs a half holds floor(n * share) / n of its height (until 0.19.3, nothing came of the
    stair counts). From t = first + second on the
    rate is cycle_min_lr / (1 + decay_lr_rate * (t - first - second) / decay_step_size), for ever;
    decay_step_size is 0 by default, which leaves the rate at cycle_min_lr, whatever decay_lr_rate.
    The optimizer's rate, `base_lr`, and the momentum arguments do not change the rate.
    """
    if base_lr is not None:
        _rate("base_lr", base_lr)
    low, peak = _rate("cycle_min_lr", cycle_min_lr), _rate("cycle_max_lr", cycle_max_lr)
    first = check_count("cycle_first_step_size", cycle_first_step_size)
    second = first
    if cycle_second_step_size is not None:
        second = check_count("cycle_second_step_size", cycle_second_step_size, low=0)
    stairs = check_count("cycle_first_stair_count", cycle_first_stair_count, low=0)
    up = ramp(first, low, peak)
    if stairs:
        up = _stairs(range(first), first, low, peak, stairs)
    if cycle_second_stair_count is not None:
        stairs = check_count("cycle_second_stair_count", cycle_second_stair_count, low=0)
    down = ramp(second, peak, low)
    if stairs:
        down = _stairs(range(second, 0, -1), second, low, peak, stairs)
    decay = check_real("decay_lr_rate", decay_lr_rate)
    every = check_real("decay_step_size", decay_step_size)
    if not (decay and every):
        return up + down + hold(low)
    return (*up, *down, Phase(math.inf, low, 0.0, InverseTime(decay / every)))


def _stairs(offsets: range, steps: int, low: float, peak: float, count: int) -> Phases:
    """Return the updates at `offsets` from the foot of a half, its height cut into `count` stairs.

    Heights are rounded down, so the top is left after one update and the way down begins lower.
    """
    pieces: Phases = ()
    for height, group in itertools.groupby(offset * count // steps for offset in offsets):
        pieces += hold(low + (peak - low) * (height / count), len(list(group)))
    return pieces


@converter("deepspeed.LRRangeTest")
def lr_range_test(
    *,
    lr_range_test_min_lr: float = 0.001,
    lr_range_test_step_size: int = 2000,
    lr_range_test_step_rate: float = 1.0,
    lr_range_test_staircase: bool = False,
    base_lr: float | None = None,
) -> Phases:
    """min_lr * (1 + step_rate * t / step_size), a straight line for ever; no exponential sweep.

    As a staircase, floor(t / step_size) is in the place of the quotient. The first update has
    min_lr; the optimizer's rate, `base_lr`, has no effect.
    """
    if base_lr is not None:
        _rate("base_lr", base_lr)
    low = _rate("lr_range_test_min_lr", lr_range_test_min_lr)
    every = check_count("lr_range_test_step_size", lr_range_test_step_size)
    high = low * (1.0 + check_real("lr_range_test_step_rate", lr_range_test_step_rate))
    shape: Shape = Part(Polynomial(), length=float(every))
    if lr_range_test_staircase:
        shape = Staircase(shape, every)
    return (Phase(math.inf, low, high, shape),)
