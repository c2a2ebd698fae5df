"""Converts `transformers.optimization` (read and run with transformers 5.23).

Each `get_*` function gives a torch LambdaLR: float64, one `scheduler.step()` an update, and
`base_lr` is the optimizer's lr. num_training_steps includes the warmup.
"""

from __future__ import annotations

import math

from course_lib.libraries.pieces import Phases, hold, ramp, stretch, until, wave, window
from course_lib.libraries.registry import check_choice, converter, refuse
from course_lib.schedules import Phase
from course_lib.schedules.shapes import Cosine, InverseTime, OneMinusSqrt, Polynomial, Shape
from course_lib.validation import check_count, check_real

refuse("transformers.get_adafactor_schedule", "Adafactor computes the rate from its own state")


def _base_and_warmup(base_lr: float, num_warmup_steps: int) -> tuple[float, int]:
    return check_real("base_lr", base_lr), check_count("num_warmup_steps", num_warmup_steps, low=0)


@converter("transformers.get_constant_schedule")
def get_constant_schedule(*, base_lr: float) -> Phases:
    """base_lr, for ever."""
    return hold(check_real("base_lr", base_lr))


@converter("transformers.get_constant_schedule_with_warmup")
def get_constant_schedule_with_warmup(*, base_lr: float, num_warmup_steps: int) -> Phases:
    """base_lr * t / num_warmup_steps, then base_lr for ever. The first update is at rate 0."""
    base, warmup = _base_and_warmup(base_lr, num_warmup_steps)
    return ramp(warmup, 0.0, base) + hold(base)


@converter("transformers.get_linear_schedule_with_warmup")
def get_linear_schedule_with_warmup(
    *, base_lr: float, num_warmup_steps: int, num_training_steps: int
) -> Phases:
    """A line from 0 to base_lr at t = warmup, one to 0 at t = num_training_steps, held there."""
    base, warmup = _base_and_warmup(base_lr, num_warmup_steps)
    total = check_count("num_training_steps", num_training_steps)
    return ramp(warmup, 0.0, base) + (ramp(total - warmup, base, 0.0) or hold(0.0))


@converter("transformers.get_cosine_schedule_with_warmup")
def get_cosine_schedule_with_warmup(
    *, base_lr: float, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 0.5
) -> Phases:
    """A line from 0 to base_lr, then base_lr * (1 + cos(2 pi num_cycles u)) / 2.

    u = (t - warmup) / (num_training_steps - warmup) and is not clamped: past the end the rate
    rises again. num_cycles = 0.5 is the half-cosine.
    """
    return _warmed_wave(base_lr, num_warmup_steps, num_training_steps, num_cycles, 0.0)


def _warmed_wave(
    base_lr: float, num_warmup_steps: int, num_training_steps: int, num_cycles: float, floor: float
) -> Phases:
    base, warmup = _base_and_warmup(base_lr, num_warmup_steps)
    half = _half_period(num_training_steps, warmup, num_cycles)
    return ramp(warmup, 0.0, base) + (hold(base) if half == math.inf else wave(base, floor, half))


def _half_period(num_training_steps: int, warmup: int, num_cycles: float) -> float:
    decay = max(1, check_count("num_training_steps", num_training_steps) - warmup)
    check_real("num_cycles", num_cycles)
    return decay / (2 * num_cycles) if num_cycles else math.inf


@converter("transformers.get_cosine_with_hard_restarts_schedule_with_warmup")
def get_cosine_with_hard_restarts_schedule_with_warmup(
    *, base_lr: float, num_warmup_steps: int, num_training_steps: int, num_cycles: float = 1
) -> Phases:
    """A line from 0 to base_lr, then num_cycles half-cosines from base_lr towards 0; then 0.

    transformers takes the remainder of a product in floating point. Where it comes out just below
    1, the restart is one update late and there is an update at a rate of about 0 before it. The
    cycles are found by the same product here, so the schedule has that update too.
    """
    base, warmup = _base_and_warmup(base_lr, num_warmup_steps)
    decay = max(1, check_count("num_training_steps", num_training_steps) - warmup)
    cycles = check_real("num_cycles", num_cycles, low_open=True)
    phases = ramp(warmup, 0.0, base)
    length = decay / cycles
    at = 0
    for cycle in range(math.ceil(cycles)):
        end = until(lambda t: cycles * (t / decay) >= cycle + 1, (cycle + 1) * length)  # noqa: B023
        end = min(end, decay)
        phases += stretch(end - at, base, 0.0, Cosine(), at - cycle * length, length)
        at = end
    return phases + hold(0.0)


@converter("transformers.get_polynomial_decay_schedule_with_warmup")
def get_polynomial_decay_schedule_with_warmup(
    *,
    base_lr: float,
    num_warmup_steps: int,
    num_training_steps: int,
    lr_end: float = 1e-7,
    power: float = 1.0,
) -> Phases:
    """A line from 0, then lr_end + (base_lr - lr_end) * (1 - u) ** power; lr_end is held."""
    base, warmup = _base_and_warmup(base_lr, num_warmup_steps)
    total = check_count("num_training_steps", num_training_steps)
    check_real("power", power, low_open=True)
    if not check_real("lr_end", lr_end) < base:
        raise ValueError(f"lr_end must be < base_lr = {base:g}, got {lr_end!r}")
    if total == warmup:
        raise ValueError(
            f"num_training_steps must not equal num_warmup_steps = {warmup}, which transformers "
            "divides by zero"
        )
    down = ramp(total - warmup, base, float(lr_end), Polynomial(power))
    return ramp(warmup, 0.0, base) + (down or hold(float(lr_end)))


@converter("transformers.get_inverse_sqrt_schedule")
def get_inverse_sqrt_schedule(
    *, base_lr: float, num_warmup_steps: int, timescale: int | None = None
) -> Phases:
    """A line from 0 to base_lr, then base_lr / sqrt(1 + (t - warmup) / timescale), for ever.

    timescale is num_warmup_steps by default, 10,000 without warmup.
    """
    base, warmup = _base_and_warmup(base_lr, num_warmup_steps)
    scale = check_count("timescale", (warmup or 10_000) if timescale is None else timescale)
    decay = Phase(math.inf, base, 0.0, InverseTime(1 / scale, 0.5))
    return (*ramp(warmup, 0.0, base), decay)


def _floor(base: float, min_lr: float | None, min_lr_rate: float | None) -> float:
    if (min_lr is None) == (min_lr_rate is None):
        raise ValueError(
            f"exactly one of min_lr and min_lr_rate must be given, got {min_lr!r} and "
            f"{min_lr_rate!r}"
        )
    if min_lr is not None:
        if base == 0.0:
            raise ValueError("base_lr must be > 0 with min_lr, got 0: transformers divides by it")
        return check_real("min_lr", min_lr)
    return base * check_real("min_lr_rate", min_lr_rate)


@converter("transformers.get_cosine_with_min_lr_schedule_with_warmup")
def get_cosine_with_min_lr_schedule_with_warmup(
    *,
    base_lr: float,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
) -> Phases:
    """`get_cosine_schedule_with_warmup` to min_lr (or min_lr_rate * base_lr); it rises again."""
    floor = _floor(check_real("base_lr", base_lr), min_lr, min_lr_rate)
    return _warmed_wave(base_lr, num_warmup_steps, num_training_steps, num_cycles, floor)


@converter("transformers.get_cosine_with_min_lr_schedule_with_warmup_lr_rate")
def get_cosine_with_min_lr_schedule_with_warmup_lr_rate(
    *,
    base_lr: float,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    warmup_lr_rate: float | None = None,
) -> Phases:
    """The same, one update early: the ramp is (t + 1) / warmup and u = (t - warmup + 1) / n.

    The peak is at t = warmup - 1 and min_lr at t = num_training_steps - 1, the last update; then
    the rate rises again. With warmup_lr_rate the ramp starts at that share of base_lr instead.
    """
    base, warmup = _base_and_warmup(base_lr, num_warmup_steps)
    floor = _floor(base, min_lr, min_lr_rate)
    half = _half_period(num_training_steps, warmup, num_cycles)
    start = base / max(1, warmup)
    if warmup_lr_rate is not None:
        start = base * check_real("warmup_lr_rate", warmup_lr_rate)
    if half == math.inf:
        return ramp(warmup - 1, start, base) + hold(start if warmup == 1 else base, 1) + hold(base)
    if warmup == 0 or (warmup == 1 and start != base):
        return hold(start, warmup) + wave(base, floor, half, offset=1)
    return ramp(warmup - 1, start, base) + wave(base, floor, half)


@converter("transformers.get_wsd_schedule")
def get_wsd_schedule(
    *,
    base_lr: float,
    num_warmup_steps: int,
    num_decay_steps: int,
    num_training_steps: int | None = None,
    num_stable_steps: int | None = None,
    warmup_type: str = "linear",
    decay_type: str = "cosine",
    min_lr_ratio: float = 0.0,
    num_cycles: float = 0.5,
) -> Phases:
    """Warmup from min_lr_ratio * base_lr (not from 0), base_lr, decay to the same floor, held.

    Without num_stable_steps the stable part is what warmup and decay leave of
    num_training_steps. Where they leave less than nothing, the decay begins inside the warmup and
    is joined part of the way down. A cosine decay with num_cycles other than 0.5 jumps to the floor
    at its end.
    """
    base, warmup = _base_and_warmup(base_lr, num_warmup_steps)
    check_choice("warmup_type", warmup_type, ["linear", "cosine", "1-sqrt"])
    check_choice("decay_type", decay_type, ["linear", "cosine", "1-sqrt"])
    decay = check_count("num_decay_steps", num_decay_steps, low=0)
    floor = base * check_real("min_lr_ratio", min_lr_ratio)
    if num_stable_steps is None:
        if num_training_steps is None:
            raise TypeError("get_wsd_schedule needs num_training_steps or num_stable_steps")
        stable = check_count("num_training_steps", num_training_steps) - warmup - decay
    else:
        stable = check_count("num_stable_steps", num_stable_steps, low=0)
    up: dict[str, Shape] = {"cosine": Cosine(), "1-sqrt": Polynomial(0.5)}
    phases = ramp(warmup, floor, base, up.get(warmup_type))
    check_real("num_cycles", num_cycles)
    if decay_type != "cosine" or num_cycles == 0.5:
        shapes: dict[str, Shape] = {"cosine": Cosine(), "1-sqrt": OneMinusSqrt()}
        down = ramp(decay, base, floor, shapes.get(decay_type))
    elif num_cycles == 0:
        down = hold(base, decay)
    else:
        down = window(wave(base, floor, max(decay, 1) / (2 * num_cycles)), 0, decay)
    rest = hold(base, stable) + down + hold(floor)
    return phases + window(rest, max(-stable, 0), math.inf)
