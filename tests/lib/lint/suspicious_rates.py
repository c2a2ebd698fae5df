"""Rates with a mistake in them, as people write them, and the codes that lint finds."""

import math

import numpy as np

from course_lib.lint import lint
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.shapes import Cosine, CosineWave, Polynomial


def codes(*args, **options):
    return [finding.code for finding in lint(*args, **options)]


def problems(*args, **options):
    return [finding.code for finding in lint(*args, **options) if finding.severity == "problem"]


def printed(schedule, total, decimals):
    """The rates of a schedule as a log with that many decimals has them."""
    return [float(f"{rate:.{decimals}f}") for rate in schedule(np.arange(total))]


def optax_rate(peak, warmup_steps, decay_steps):
    """optax.warmup_cosine_decay_schedule(0, peak, warmup_steps, decay_steps)."""

    def rate(step):
        if step < warmup_steps:
            return peak * step / warmup_steps
        done = min(1.0, (step - warmup_steps) / (decay_steps - warmup_steps))
        return peak * 0.5 * (1.0 + math.cos(math.pi * done))

    return rate


def torch_cosine(step):
    return 0.1 * 0.5 * (1.0 + math.cos(math.pi * step / 100))


def timm_rate(step, prefix):
    """CosineLRScheduler(t_initial=100, warmup_t=10): without prefix the cosine starts early."""
    if step < 10:
        return 0.1 * (step + 1) / 11
    done = (step - 10) / 90 if prefix else step / 100
    return 0.05 * (1.0 + math.cos(math.pi * min(1.0, done)))


def wave(half_period):
    """torch.optim.lr_scheduler.CosineAnnealingLR(T_max=half_period), which nobody stops."""
    return Schedule((Phase(math.inf, 0.1, 0.0, CosineWave(half_period)),))


def joined_late(warmup_steps, total):
    """A warmup that reaches the peak, and a cosine that counts its progress from step 0."""
    t = np.arange(total)
    rise = 0.1 * (t + 1) / warmup_steps
    return np.where(t < warmup_steps, rise, 0.05 * (1 + np.cos(np.pi * t / total)))


def changed(rates, first, end, rate):
    """The same rates, but `rate` from step `first` up to `end`."""
    rates = np.array(rates)
    rates[first:end] = rate
    return rates


def scaled_from(step, factor, schedule):
    """The rates of a schedule, `factor` times as large from a step on."""
    rates = schedule(np.arange(int(min(schedule.total_steps, 10_000))))
    rates[step:] *= factor
    return rates


def unclamped_linear(step):
    return 0.1 * (1 - step / 100)


def clobbered_warmup(factor):
    """A warmup that ends `factor` times below the phase that follows, as behind OneCycleLR."""
    low = 0.1 / factor
    rise = Phase(100, low / 100, low, Polynomial())
    return Schedule((rise, Phase(900, 0.1, 0.0, Cosine())))
