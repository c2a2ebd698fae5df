"""Converts Composer's schedulers (read in its source, run against records)."""

import math
import re
from collections.abc import Sequence

from course_lib.libraries.pieces import (
    Phases,
    exponential,
    hold,
    ramp,
    window,
)
from course_lib.libraries.registry import (
    check_whole,
    convert,
    converter,
)
from course_lib.schedules import Phase
from course_lib.schedules.shapes import (
    Cosine,
    Drops,
    Polynomial,
    Restarts,
    Shape,
)
from course_lib.validation import check_count, check_real

# Composer: times are "30ba" (batches, our updates), "1dur" (a share of max_duration, "100ba") or
# whole numbers of batches; epochs need the loader's length, so give them in batches. `ssr` is the
# trainer's scale_schedule_ratio, which shortens everything but warmups and "dur".


def _batches(name: str, time: str | int, max_duration: str | int | None, ssr: float = 1.0) -> int:
    check_real("ssr", ssr, low_open=True)
    if isinstance(time, str) and time.endswith("dur"):
        if max_duration is None:
            raise TypeError(f"max_duration must be given, e.g. '100ba', for {name}={time!r}")
        share = check_real(name, _number(name, time, "dur"))
        return int(share * _batches("max_duration", max_duration, None))
    if isinstance(time, str):
        time = int(_number(name, time, "ba"))
    return int(check_count(name, time, low=0) * ssr)


def _number(name: str, time: str, unit: str) -> float:
    match = re.fullmatch(rf"(\d+\.?\d*){unit}", time)
    if match is None:
        raise ValueError(f"{name} must be a time in batches like '30ba' or '0.5dur', got {time!r}")
    return float(match[1])


@converter("composer.ConstantScheduler")
def composer_constant(
    *,
    base_lr: float,
    alpha: float = 1.0,
    t_max: str | int = "1dur",
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """base_lr * alpha for t < t_max, then base_lr, held. (alpha = 1 needs no durations.)"""
    base = check_real("base_lr", base_lr)
    if check_real("alpha", alpha) == 1.0:
        return hold(base)
    return hold(base * alpha, _batches("t_max", t_max, max_duration, ssr)) + hold(base)


@converter("composer.StepScheduler")
def composer_step(
    *,
    base_lr: float,
    step_size: str | int,
    gamma: float = 0.1,
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """base_lr * gamma ** floor(t / step_size), for ever."""
    base = check_real("base_lr", base_lr)
    every = check_count("step_size", _batches("step_size", step_size, max_duration, ssr))
    drops = Drops(check_real("gamma", gamma, low_open=True), every)
    return (Phase(math.inf, base, 0.0, drops),)


@converter("composer.MultiStepScheduler")
def composer_multi_step(
    *,
    base_lr: float,
    milestones: Sequence[str | int],
    gamma: float = 0.1,
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """base_lr * gamma ** (number of milestones <= t); the last rate is held."""
    marks = sorted(_batches("milestones", mark, max_duration, ssr) for mark in milestones)
    return convert("torch.MultiStepLR", {"base_lr": base_lr, "milestones": marks, "gamma": gamma})


@converter("composer.LinearScheduler")
def composer_linear(
    *,
    base_lr: float,
    alpha_i: float = 1.0,
    alpha_f: float = 0.0,
    t_max: str | int = "1dur",
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """A line from base_lr * alpha_i to base_lr * alpha_f at t_max, held."""
    check_real("alpha_i", alpha_i)
    return _plain_decay(base_lr, alpha_i, alpha_f, t_max, max_duration, ssr, Polynomial())


@converter("composer.ExponentialScheduler")
def composer_exponential(
    *,
    base_lr: float,
    gamma: float,
    decay_period: str | int,
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """base_lr * gamma ** (t / decay_period), for ever. (The library's own default is an epoch.)"""
    base = check_real("base_lr", base_lr)
    check_real("gamma", gamma, low_open=True)
    period = check_count("decay_period", _batches("decay_period", decay_period, max_duration, ssr))
    return exponential(base, gamma ** (1 / period))


@converter("composer.CosineAnnealingScheduler")
def composer_cosine(
    *,
    base_lr: float,
    t_max: str | int = "1dur",
    alpha_f: float = 0.0,
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """A half-cosine from base_lr to base_lr * alpha_f at t_max, held."""
    return _plain_decay(base_lr, 1.0, alpha_f, t_max, max_duration, ssr, Cosine())


@converter("composer.CosineAnnealingWarmRestartsScheduler")
def composer_restarts(
    *,
    base_lr: float,
    t_0: str | int,
    t_mult: float = 1.0,
    alpha_f: float = 0.0,
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """Half-cosines of length t_0 * t_mult**i from base_lr towards base_lr * alpha_f, for ever.

    The library rounds every length down to whole batches, so only whole t_mult are converted.
    """
    base = check_real("base_lr", base_lr)
    period = check_count("t_0", _batches("t_0", t_0, max_duration, ssr))
    shape = Restarts(period, check_whole("t_mult", t_mult))
    return (Phase(math.inf, base, base * check_real("alpha_f", alpha_f), shape),)


@converter("composer.PolynomialScheduler")
def composer_polynomial(
    *,
    base_lr: float,
    power: float,
    t_max: str | int = "1dur",
    alpha_f: float = 0.0,
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """base_lr * (alpha_f + (1 - alpha_f) * (1 - t / t_max) ** power), held from t_max on."""
    shape = Polynomial(check_real("power", power, low_open=True))
    return _plain_decay(base_lr, 1.0, alpha_f, t_max, max_duration, ssr, shape)


@converter("composer.MultiStepWithWarmupScheduler")
def composer_multi_step_with_warmup(
    *,
    base_lr: float,
    t_warmup: str | int,
    milestones: Sequence[str | int],
    gamma: float = 0.1,
    scale_warmup: bool = False,
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """A line from 0 to base_lr over t_warmup, then MultiStepScheduler, its steps counted from 0.

    The milestones include the warmup.
    """
    warmup = _batches("t_warmup", t_warmup, max_duration)
    steps = composer_multi_step(
        base_lr=base_lr, milestones=milestones, gamma=gamma, max_duration=max_duration, ssr=ssr
    )
    up = _composer_warmup(base_lr, warmup, t_warmup, max_duration, ssr, scale_warmup)
    return up + window(steps, warmup, math.inf)


@converter("composer.ConstantWithWarmupScheduler")
def composer_constant_with_warmup(
    *,
    base_lr: float,
    t_warmup: str | int,
    alpha: float = 1.0,
    t_max: str | int = "1dur",
    scale_warmup: bool = False,
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """A line from 0 to base_lr * alpha over t_warmup, then held."""
    _lasts_the_run(_batches("t_max", t_max, max_duration, ssr), max_duration)
    warmup = _batches("t_warmup", t_warmup, max_duration)
    rate = check_real("base_lr", base_lr) * check_real("alpha", alpha)
    return _composer_warmup(rate, warmup, t_warmup, max_duration, ssr, scale_warmup) + hold(rate)


@converter("composer.LinearWithWarmupScheduler")
def composer_linear_with_warmup(
    *,
    base_lr: float,
    t_warmup: str | int,
    alpha_i: float = 1.0,
    alpha_f: float = 0.0,
    t_max: str | int = "1dur",
    scale_warmup: bool = False,
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """A line from 0 to base_lr * alpha_i over t_warmup, one to base_lr * alpha_f at t_max, held."""
    check_real("alpha_i", alpha_i)
    return _composer_decay(
        base_lr, t_warmup, alpha_i, alpha_f, t_max, max_duration, ssr, scale_warmup, Polynomial()
    )


@converter("composer.CosineAnnealingWithWarmupScheduler")
def composer_cosine_with_warmup(
    *,
    base_lr: float,
    t_warmup: str | int,
    t_max: str | int = "1dur",
    alpha_f: float = 0.0,
    scale_warmup: bool = False,
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """A line from 0 to base_lr over t_warmup, a half-cosine to base_lr * alpha_f at t_max, held.

    t_max includes the warmup. (The library's docstring divides by t_max; its code by t_max -
    t_warmup.)
    """
    return _composer_decay(
        base_lr, t_warmup, 1.0, alpha_f, t_max, max_duration, ssr, scale_warmup, Cosine()
    )


@converter("composer.PolynomialWithWarmupScheduler")
def composer_polynomial_with_warmup(
    *,
    base_lr: float,
    t_warmup: str | int,
    power: float = 2.0,
    t_max: str | int = "1dur",
    alpha_f: float = 0.0,
    scale_warmup: bool = False,
    max_duration: str | int | None = None,
    ssr: float = 1.0,
) -> Phases:
    """A line from 0 to base_lr over t_warmup, a polynomial to base_lr * alpha_f at t_max, held."""
    shape = Polynomial(check_real("power", power, low_open=True))
    return _composer_decay(
        base_lr, t_warmup, 1.0, alpha_f, t_max, max_duration, ssr, scale_warmup, shape
    )


def _composer_decay(
    base_lr: float,
    t_warmup: str | int,
    alpha_i: float,
    alpha_f: float,
    t_max: str | int,
    max_duration: str | int | None,
    ssr: float,
    scale_warmup: bool,
    shape: Shape,
) -> Phases:
    base = check_real("base_lr", base_lr)
    warmup = _batches("t_warmup", t_warmup, max_duration)
    end_step = _batches("t_max", t_max, max_duration, ssr)
    _lasts_the_run(end_step, max_duration)
    decay = end_step - warmup
    peak, end = base * alpha_i, base * check_real("alpha_f", alpha_f)
    up = _composer_warmup(peak, warmup, t_warmup, max_duration, ssr, scale_warmup)
    return up + (ramp(decay, peak, end, shape) or hold(peak))


def _plain_decay(
    base_lr: float,
    alpha_i: float,
    alpha_f: float,
    t_max: str | int,
    max_duration: str | int | None,
    ssr: float,
    shape: Shape,
) -> Phases:
    base = check_real("base_lr", base_lr)
    steps = check_count("t_max in batches", _batches("t_max", t_max, max_duration, ssr))
    return ramp(steps, base * alpha_i, base * check_real("alpha_f", alpha_f), shape)


def _lasts_the_run(end_step: int, max_duration: str | int | None) -> None:
    """Raise ValueError where Composer does: a schedule with a warmup must last the whole run."""
    if max_duration is not None and end_step < _batches("max_duration", max_duration, None):
        raise ValueError(
            f"t_max must be at least max_duration = {max_duration} with a warmup, got {end_step} "
            "batches after ssr; Composer raises then"
        )


def _composer_warmup(
    rate: float,
    warmup: int,
    t_warmup: str | int,
    max_duration: str | int | None,
    ssr: float,
    scale_warmup: bool,
) -> Phases:
    """Return the line to `rate`: with scale_warmup it is over early and then waits, or jumps."""
    length = _batches("t_warmup", t_warmup, max_duration, ssr if scale_warmup else 1.0)
    if length == 0 and warmup > 0:
        raise ValueError(
            f"t_warmup must be at least 1 batch after ssr = {ssr:g}, got {t_warmup!r}: Composer "
            "divides by it"
        )
    return window(ramp(length, 0.0, rate) or hold(rate), 0, warmup)
