"""The legs of MMEngine's schedulers: what each does to the rate that it finds, tick by tick.

Every function here takes the base rate, the number of ticks (math.inf where the end is not given),
the ticks that a unit of the arguments is, and the arguments of the dictionary. It returns the legs
and the base rate that the schedulers after it in a list find, which OneCycleLR changes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from course_lib.libraries.legs import Leg, point
from course_lib.libraries.pieces import Phases, endless, exponential, hold, stretch, wave, window
from course_lib.libraries.registry import convert
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.library_shapes import Part
from course_lib.schedules.shapes import Cosine, Drops, Polynomial
from course_lib.validation import check_count, check_real

Legs = tuple[Sequence[Leg], float]


def _last_tick(kind: str, ticks: float) -> int:
    if ticks == math.inf:
        raise TypeError(
            f"mmengine.{kind} needs end: the class's default is 10**9, the Runner's is its "
            "max_epochs or max_iters"
        )
    return int(ticks) - 1


def _constant(base: float, ticks: float, unit: int, given: dict[str, Any]) -> Legs:
    factor = check_real("factor", given.get("factor", 1.0 / 3), high=1.0)
    last = _last_tick("ConstantLR", ticks)
    legs = [point(0, lambda rate: rate * factor)]
    if last and factor == 0.0:
        raise ValueError("factor must be > 0, got 0: MMEngine divides by it at end - 1")
    if last:
        legs.append(point(last, lambda rate: rate * (1.0 / factor)))
    return legs, base


def _linear(base: float, ticks: float, unit: int, given: dict[str, Any]) -> Legs:
    start = check_real("start_factor", given.get("start_factor", 1.0 / 3), high=1.0)
    end = check_real("end_factor", given.get("end_factor", 1.0), high=1.0)
    last = _last_tick("LinearLR", ticks)
    if last and start == 0.0:
        raise ValueError("start_factor must be > 0, got 0: MMEngine divides by it")

    def change(k: int, rate: float) -> float:
        if k == 0:
            return rate * start
        return rate * (1.0 + (end - start) / (last * start + (k - 1) * (end - start)))

    def curve(k: int, rate: float) -> Phases:
        if k == last or start == end:
            return hold(rate)
        full = rate / (start + (end - start) * k / last)
        return stretch(last - k, full * start, full * end, Polynomial(), k, last)

    return [Leg(0, last, change, curve), point(last, lambda rate: change(last, rate))], base


def _poly(base: float, ticks: float, unit: int, given: dict[str, Any]) -> Legs:
    floor = check_real("eta_min", given.get("eta_min", 0))
    power = check_real("power", given.get("power", 1.0), low_open=True)
    last = _last_tick("PolyLR", ticks)

    def change(k: int, rate: float) -> float:
        if k == 0:
            return rate
        return (rate - floor) * (1.0 - 1.0 / (last - k + 1)) ** power + floor

    def curve(k: int, rate: float) -> Phases:
        if k == last:
            return hold(rate)
        top = floor + (rate - floor) / (1.0 - k / last) ** power
        return stretch(last - k, top, floor, Polynomial(power), k, last)

    return [Leg(0, last, change, curve), point(last, lambda rate: change(last, rate))], base


def _exponential(base: float, ticks: float, unit: int, given: dict[str, Any]) -> Legs:
    gamma = check_real("gamma", given["gamma"], low_open=True)

    def change(k: int, rate: float) -> float:
        return rate if k == 0 else rate * gamma

    return [Leg(0, math.inf, change, lambda k, rate: exponential(rate, gamma))], base


def _step(base: float, ticks: float, unit: int, given: dict[str, Any]) -> Legs:
    size = check_count("step_size", given["step_size"]) * unit
    gamma = check_real("gamma", given.get("gamma", 0.1), low_open=True)

    def change(k: int, rate: float) -> float:
        return rate if k == 0 or k % size else rate * gamma

    def curve(k: int, rate: float) -> Phases:
        return (Phase(math.inf, rate, 0.0, Part(Drops(gamma, size), float(k % size))),)

    return [Leg(0, math.inf, change, curve)], base


def _multi_step(base: float, ticks: float, unit: int, given: dict[str, Any]) -> Legs:
    if not isinstance(given["milestones"], list | tuple):
        raise TypeError(f"milestones must be a list of whole numbers, got {given['milestones']!r}")
    marks = Counter(check_count("milestones", mark, low=0) * unit for mark in given["milestones"])
    gamma = check_real("gamma", given.get("gamma", 0.1), low_open=True)

    def drop(times: int) -> Callable[[float], float]:
        return lambda rate: rate * gamma**times

    return [point(mark, drop(marks[mark])) for mark in sorted(marks)], base


def _floor(base: float, given: dict[str, Any], default: float | None) -> float:
    """Return the floor, given as a rate or as a ratio of the base rate."""
    rate, ratio = given.get("eta_min"), given.get("eta_min_ratio")
    if rate is None and ratio is None:
        rate = default
    if (rate is None) == (ratio is None):
        raise TypeError("eta_min or eta_min_ratio must be given, one of them")
    if rate is not None:
        return check_real("eta_min", rate)
    return base * check_real("eta_min_ratio", ratio)


def _height(k: int, half: int) -> float:
    return (1.0 + math.cos(math.pi * k / half)) / 2.0


def _falls(floor: float, half: int, first: int) -> Callable[[int, float], float]:
    """Return the change of a cosine that began at tick `first`."""

    def change(k: int, rate: float) -> float:
        share = _height(k - first, half) / _height(k - 1 - first, half)
        return floor + (rate - floor) * share

    return change


def _cosine(base: float, ticks: float, unit: int, given: dict[str, Any]) -> Legs:
    floor = _floor(base, given, default=0.0)
    half = given.get("T_max")
    if half is None:
        half = _last_tick("CosineAnnealingLR", ticks) + 1
    else:
        half = check_count("T_max", half) * unit
    fall = _falls(floor, half, 0)

    def change(k: int, rate: float) -> float:
        if k == 0:
            return rate
        if (k - 1) % (2 * half) == half:
            return rate + (base - floor) * _height(half - 1, half)
        return fall(k, rate)

    def curve(k: int, rate: float) -> Phases:
        return wave(floor + (rate - floor) / _height(k, half), floor, half, offset=k)

    def again(k: int, rate: float) -> Phases | None:
        if abs(rate - floor - (base - floor) * _height(k, half)) > 1e-9 * max(base, floor):
            return (
                None  # another scheduler changed the rate, and from the next bottom on it is base
            )
        return wave(base, floor, half, offset=k)

    bottom = point(half, lambda rate: floor)
    return [Leg(0, half, change, curve), bottom, Leg(half + 1, math.inf, change, again)], base


def _restarts(base: float, ticks: float, unit: int, given: dict[str, Any]) -> Legs:
    floor = _floor(base, given, default=None)
    periods, weights = given["periods"], given.get("restart_weights", (1,))
    if not isinstance(periods, list | tuple) or not isinstance(weights, list | tuple):
        raise TypeError(f"periods and restart_weights must be lists, got {periods!r}, {weights!r}")
    if len(periods) != len(weights):
        raise ValueError(
            "restart_weights must have one weight a period (by default it is (1,)), got "
            f"{len(weights)} for {len(periods)} periods"
        )
    legs, first = [], 0
    for period, weight in zip(periods, weights, strict=True):
        half = check_count("periods", period) * unit
        legs.append(_cycle(base * check_real("restart_weights", weight), floor, half, first))
        first += half
    return legs, base


def _cycle(top: float, floor: float, half: int, first: int) -> Leg:
    fall = _falls(floor, half, first)

    def change(k: int, rate: float) -> float:
        return top if k == first else fall(k, rate)

    def curve(k: int, rate: float) -> Phases:
        high = floor + (rate - floor) / _height(k - first, half)
        return stretch(first + half - k, high, floor, Cosine(), k - first, half)

    return Leg(first, first + half, change, curve)


def _one_cycle(base: float, ticks: float, unit: int, given: dict[str, Any]) -> Legs:
    arguments = dict(given)
    total = arguments.pop("total_steps", None)
    if total is None:
        total = _last_tick("OneCycleLR", ticks) + 1
    else:
        total = check_count("total_steps", total) * unit
    peak = check_real("eta_max", arguments.pop("eta_max", 0))
    arguments |= {"max_lr": peak, "total_steps": total}
    phases = endless(convert("torch.OneCycleLR", arguments))
    schedule = Schedule(phases)

    def curve(k: int, rate: float) -> Phases:
        return window(phases, k, math.inf)

    leg = Leg(0, math.inf, lambda k, rate: float(schedule(k)), curve)
    return [leg], peak / arguments.get("div_factor", 25.0)


LEGS: dict[str, Callable[[float, float, int, dict[str, Any]], Legs]] = {
    "ConstantLR": _constant,
    "LinearLR": _linear,
    "PolyLR": _poly,
    "ExponentialLR": _exponential,
    "StepLR": _step,
    "MultiStepLR": _multi_step,
    "CosineAnnealingLR": _cosine,
    "CosineRestartLR": _restarts,
    "OneCycleLR": _one_cycle,
}
