"""The warmup, hold and floor that NeMo's schedules share, as phases."""

from __future__ import annotations

import math

from course_lib.libraries.pieces import Phases, hold, ramp, window
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Floored, Part
from course_lib.schedules.shapes import Shape
from course_lib.validation import check_count, check_real


def base_and_floor(base_lr: float, min_lr: float) -> tuple[float, float]:
    """Return the two rates, checked; the floor may lie above the base."""
    return check_real("base_lr", base_lr, low_open=True), check_real("min_lr", min_lr)


def counted(name: str, steps: int | None, ratio: float | None, max_steps: int | None) -> int | None:
    """Return a number of steps, given as itself or as a share of max_steps; None if neither."""
    if steps is not None and ratio is not None:
        raise ValueError(f"{name}_steps and {name}_ratio must not both be given")
    if steps is not None:
        return check_count(f"{name}_steps", steps, low=0)
    if ratio is None:
        return None
    share = check_real(f"{name}_ratio", ratio)
    if max_steps is None:
        raise ValueError(f"max_steps must be given beside {name}_ratio = {ratio!r}")
    return int(share * check_count("max_steps", max_steps))


def warmed(base: float, warmup: int) -> Phases:
    """Return the line to base_lr at t = warmup, that update included; no phase without warmup."""
    return ramp(warmup, base / (warmup + 1), base) + (hold(base, 1) if warmup else ())


def joined(up: Phases, rest: Phases, max_steps: int, floor: float) -> Phases:
    """Return `up`, then `rest`, whose t = 0 is the run's, up to t = max_steps, then the floor."""
    done = int(sum(phase.steps for phase in up))
    return up + window(rest, done, max_steps + 1 - done) + hold(floor)


def policy(
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None,
    warmup_ratio: float | None,
    min_lr: float,
) -> tuple[float, float, int, int]:
    """Return base, floor, total and warmup, each checked."""
    base, floor = base_and_floor(base_lr, min_lr)
    total = check_count("max_steps", max_steps)
    return base, floor, total, counted("warmup", warmup_steps, warmup_ratio, total) or 0


def hold_policy(
    base_lr: float,
    max_steps: int,
    warmup_steps: int | None,
    warmup_ratio: float | None,
    hold_steps: int | None,
    hold_ratio: float | None,
    min_lr: float,
) -> tuple[float, float, int, int, int, Phases]:
    """Return base, floor, total, warmup, the hold's end (0 without one), and warmup and hold."""
    base, floor, total, warmup = policy(base_lr, max_steps, warmup_steps, warmup_ratio, min_lr)
    held = counted("hold", hold_steps, hold_ratio, total)
    end = 0 if held is None else warmup + held
    up = warmed(base, warmup)
    return base, floor, total, warmup, end, up + hold(base, end - sum(p.steps for p in up))


def no_division_by_zero(first: int, end: int, total: int) -> None:
    """Raise where the formula would divide by total - end = 0, at t = total."""
    if end == total >= first:
        raise ValueError(
            f"the hold must not end at max_steps = {total} exactly: NeMo divides by zero there"
        )


def first_after(up: Phases) -> int:
    """Return the step after these phases."""
    return int(sum(phase.steps for phase in up))


def cut_off(base: float, floor: float, shape: Shape, begin: int, end: int, up: Phases) -> Phases:
    """Return max(floor, base * shape) from `begin` to `end`, as if from t = 0."""
    first = first_after(up)
    no_division_by_zero(first, begin, end)
    if first > end or floor >= base:
        return hold(floor)
    part = Part(shape, float(first - begin), float(end - begin))
    return (*hold(base, first), Phase(math.inf, base, 0.0, Floored(part, floor / base)))
