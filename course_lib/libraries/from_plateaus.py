"""Converts plateau rules, which follow a metric, into the curve that a given record of it makes.

None of them is a function of the step. With `metrics`, one number for each call of the rule, the
rates that it set are one: each rule below is the library's own, in its precision. A step here is a
call of the rule, which is often made once an epoch.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from course_lib.libraries.pieces import Phases, hold
from course_lib.libraries.registry import check_choice, follower
from course_lib.validation import check_count, check_real


def _recorded(rates: Iterable[float]) -> Phases:
    """Return the phases of rates, one an update, the last of them held."""
    phases: Phases = ()
    for rate, run in groupby(rates):
        phases += hold(float(rate), len(list(run)))
    return phases[:-1] + hold(phases[-1].start)


def _numbers(metrics: Any) -> list[float]:
    """Return the metrics as floats; NaN and infinities are allowed, as in the libraries."""
    try:
        found = list(metrics)
    except TypeError:
        found = [metrics]
        metrics = None
    if metrics is None or isinstance(metrics, str | bytes | dict):
        raise TypeError(f"metrics must be a list of numbers, got {metrics or found[0]!r}")
    for number, value in enumerate(found):
        if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
            raise TypeError(f"metrics must be a list of numbers, got {value!r} at {number}")
    return [float(value) for value in found]


@dataclass
class _TorchRule:
    """The state of torch's ReduceLROnPlateau."""

    mode: str
    factor: float
    patience: int
    threshold: float
    threshold_mode: str
    cooldown: int
    min_lr: float
    eps: float
    bad: int = 0
    waiting: int = 0

    def __post_init__(self) -> None:
        check_choice("mode", self.mode, ["min", "max"])
        check_choice("threshold_mode", self.threshold_mode, ["rel", "abs"])
        _check_factor(self.factor)
        check_count("patience", self.patience, low=0)
        check_count("cooldown", self.cooldown, low=0)
        for name in ("threshold", "min_lr", "eps"):
            check_real(name, getattr(self, name))
        self.best = math.inf if self.mode == "min" else -math.inf

    def improves(self, metric: float) -> bool:
        sign = -1.0 if self.mode == "min" else 1.0
        if self.threshold_mode == "rel":
            bound = self.best * (1.0 + sign * self.threshold)
        else:
            bound = self.best + sign * self.threshold
        return sign * metric > sign * bound

    def step(self, rate: float, metric: float) -> float:
        if self.improves(metric):
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.waiting > 0:
            self.waiting -= 1
            self.bad = 0
        if self.bad > self.patience:
            lower = max(rate * self.factor, self.min_lr)
            rate = lower if rate - lower > self.eps else rate
            self.waiting, self.bad = self.cooldown, 0
        return rate


def _check_factor(factor: float) -> float:
    if check_real("factor", factor) >= 1.0:
        raise ValueError(f"factor must be >= 0 and < 1, got {factor!r}")
    return float(factor)


@follower("torch.ReduceLROnPlateau")
@follower("transformers.get_reduce_on_plateau_schedule")  # returns torch's
def reduce_lr_on_plateau(
    *,
    base_lr: float,
    metrics: Sequence[float],
    mode: str = "min",
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    threshold_mode: str = "rel",
    cooldown: int = 0,
    min_lr: float = 0.0,
    eps: float = 1e-8,
) -> Phases:
    """base_lr, times factor after more than `patience` metrics in a row without improvement.

    metrics[t] is given to step() after update t + 1, so it acts on the next rate at the earliest.
    The relative threshold is a share of the best itself, not of its size: where a negative best
    stands still, "min" sees an improvement each time. A cut of at most eps is not made.
    """
    rule = _TorchRule(mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps)
    rates = [check_real("base_lr", base_lr)]
    for metric in _numbers(metrics):
        rates.append(rule.step(rates[-1], metric))
    return _recorded(rates)


@follower("timm.PlateauLRScheduler")
def plateau_lr_scheduler(
    *,
    base_lr: float,
    metrics: Sequence[float],
    decay_rate: float = 0.1,
    patience_t: int = 10,
    threshold: float = 1e-4,
    cooldown_t: int = 0,
    warmup_t: int = 0,
    warmup_lr_init: float = 0.0,
    lr_min: float = 0.0,
    mode: str = "max",
    noise_range_t: None = None,
) -> Phases:
    """A line from warmup_lr_init to base_lr at t = warmup_t, then torch's rule, "max" by default.

    metrics[t] is given to step(t + 1), as timm's training script does. The metrics of the first
    warmup_t calls are not looked at.
    """
    if noise_range_t is not None:
        raise ValueError(
            f"noise_range_t must be None, got {noise_range_t!r}: with noise the rate is random"
        )
    _check_factor(decay_rate)
    rule = _TorchRule(mode, decay_rate, patience_t, threshold, "rel", cooldown_t, lr_min, 1e-8)
    base, steps = check_real("base_lr", base_lr), check_count("warmup_t", warmup_t, low=0)
    start = check_real("warmup_lr_init", warmup_lr_init)
    rates = [start if steps else base]
    for t, metric in enumerate(_numbers(metrics), 1):
        rates.append(
            start + t * ((base - start) / steps) if t <= steps else rule.step(rates[-1], metric)
        )
    return _recorded(rates)


@follower("keras.ReduceLROnPlateau")
def keras_reduce_lr_on_plateau(
    *,
    base_lr: float,
    metrics: Sequence[float],
    monitor: str = "val_loss",
    factor: float = 0.1,
    patience: int = 10,
    verbose: int = 0,
    mode: str = "auto",
    min_delta: float = 1e-4,
    cooldown: int = 0,
    min_lr: float = 0.0,
) -> Phases:
    """base_lr, times factor at the `patience`-th metric in a row without improvement.

    One metric earlier than torch's. metrics[t] is the value of `monitor` at the end of epoch t, so
    it acts on epoch t + 1 at the earliest. An improvement exceeds min_delta, which is absolute. The
    rate is a float32, and so are the metrics where they are compared.
    """
    _check_factor(factor)
    check_choice("mode", mode, ["auto", "min", "max"])
    if mode == "auto" and monitor.removeprefix("val_") != "loss":
        raise ValueError(f"mode must be 'min' or 'max' for the metric {monitor!r}, got 'auto'")
    sign = 1.0 if mode == "max" else -1.0
    delta, floor = (
        abs(check_real("min_delta", min_delta, low=-math.inf)),
        check_real("min_lr", min_lr),
    )
    check_count("patience", patience, low=0)
    check_count("cooldown", cooldown, low=0)
    rates = [float(np.float32(check_real("base_lr", base_lr)))]
    best: float | None = None
    waited = waiting = 0
    for metric in _numbers(metrics):
        rate = rates[-1]
        if waiting > 0:
            waiting -= 1
            waited = 0
        needed = metric - sign * delta
        if best is None or sign * np.float32(needed) > sign * np.float32(best):
            best, waited = metric, 0
        elif waiting == 0:
            waited += 1
            if waited >= patience and rate > np.float32(floor):
                rate = float(np.float32(max(rate * factor, floor)))
                waiting, waited = cooldown, 0
        rates.append(rate)
    return _recorded(rates)


@follower("optax.contrib.reduce_on_plateau")
def reduce_on_plateau(
    *,
    base_lr: float,
    metrics: Sequence[float],
    factor: float = 0.1,
    patience: int = 10,
    rtol: float = 1e-4,
    atol: float = 0.0,
    cooldown: int = 0,
    accumulation_size: int = 1,
    min_scale: float = 0.0,
) -> Phases:
    """base_lr times a scale that is cut at the `patience`-th value in a row without improvement.

    metrics[t] is the `value` given to update t + 1, and it acts on this very update: there is no
    rate before it. With accumulation_size the rule looks at means of that many values. float32.
    """
    base = check_real("base_lr", base_lr)
    if not 0.0 < check_real("factor", factor) < 1.0:
        raise ValueError(f"factor must be > 0 and < 1, got {factor!r}")
    check_real("rtol", rtol, high=1.0)
    if check_real("atol", atol) == 0.0 and rtol == 0.0:
        raise ValueError("atol must be > 0 where rtol is 0, got 0")
    check_real("min_scale", min_scale)
    counts = {"patience": patience, "cooldown": cooldown, "accumulation_size": accumulation_size}
    for name, count in counts.items():
        check_count(name, count, low=int(name == "accumulation_size"))
    values = _numbers(metrics)
    if not values:
        return hold(base)
    f32 = np.float32
    scale, best, mean = f32(1.0), f32(np.inf), f32(0.0)
    bad = waiting = count = 0
    rates = []
    for value in values:
        with np.errstate(all="ignore"):
            mean = f32((f32(count) * mean + f32(value)) / f32(count + 1))
            improves = mean < f32(1 - rtol) * best - f32(atol)
        count += 1
        if count == accumulation_size:
            best, bad = (mean, 0) if improves else (best, bad + 1)
            if waiting > 0:
                bad, waiting = 0, waiting - 1
            else:
                cut = bad == patience
                scale = max(f32(scale * f32(factor)) if cut else scale, f32(min_scale))
                bad, waiting = (0, cooldown) if cut else (bad, 0)
            mean, count = f32(0.0), 0
        rates.append(base * float(scale))
    return _recorded(rates)


@follower("transformers.get_greedy_schedule")
def get_greedy_schedule(
    *,
    base_lr: float,
    metrics: Sequence[float],
    mode: str = "min",
    factor: float = 0.95,
    patience: int = 10,
    threshold: float = 1e-6,
    threshold_mode: str = "abs",
    cooldown: int = 0,
    warmup: int = 0,
    min_lr: float = 1e-3,
    max_lr: float = 1.0,
    eps: float = 1e-8,
    verbose: bool = False,
    smooth: bool = False,
    window_size: int = 50,
    reset_start: int = 500,
) -> Phases:
    """base_lr, times factor where the metric stands still, divided by it where it improves.

    GreedyLR raises the rate after more than `patience` improvements in a row, up to max_lr, and
    begins anew after reset_start cuts at min_lr. Note the default min_lr = 0.001: a smaller base_lr
    never falls, and comes back to where it began. metrics[t] acts on update t + 2 at the earliest.

    Source: transformers 5.23; arXiv:2512.14527.
    """
    rule = _TorchRule(mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps)
    high, base = check_real("max_lr", max_lr), check_real("base_lr", base_lr)
    check_real("factor", factor, low_open=True)
    check_count("warmup", warmup, low=0)
    check_count("window_size", window_size)
    resets = check_count("reset_start", reset_start, low=-(2**62))
    values = _numbers(metrics)
    averages = _averages(values, window_size) if smooth else iter(values)
    rates = [base]
    good = warming = 0
    for t in range(len(values)):
        rate, metric = rates[-1], next(averages)
        if rule.waiting > 0 or warming > 0:
            rule.waiting, warming = (
                (rule.waiting - 1, warming) if rule.waiting else (0, warming - 1)
            )
            rule.bad = good = 0
            rates.append(rate)
            continue
        if rule.improves(metric):
            rule.best, rule.bad, good = metric, 0, good + 1
        else:
            rule.bad, good = rule.bad + 1, 0
        if good > patience:
            higher = min(rate / factor, high)
            rate = higher if higher - rate > eps else rate
            warming, good, resets = warmup, 0, reset_start
        elif rule.bad > patience:
            lower = max(rate * factor, min_lr)
            rate = lower if rate - lower > eps else rate
            rule.waiting = cooldown
            if rate <= min_lr:
                resets -= 1
                if resets <= 0:
                    rate, good, warming, resets = base, 0, 0, reset_start
                    rule.__post_init__()
                    rule.waiting = cooldown
                    averages = _averages(values[t + 1 :], window_size) if smooth else averages
            rule.bad = 0
        rates.append(rate)
    return _recorded(rates)


def _averages(values: list[float], size: int) -> Iterator[float]:
    """Yield the mean of the last `size` values at each, from a running sum as transformers does."""
    total = 0.0
    for number, value in enumerate(values):
        total += value
        if number >= size:
            total -= values[number - size]
        yield total / min(number + 1, size)
