"""Rates with a mistake in them, as people write them, and the codes that lint finds."""

import math

from course_lib.lint import lint
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.shapes import Cosine, Polynomial


def codes(*args, **options):
    return [finding.code for finding in lint(*args, **options)]


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


def unclamped_linear(step):
    return 0.1 * (1 - step / 100)


def clobbered_warmup(factor):
    """A warmup that ends `factor` times below the phase that follows, as behind OneCycleLR."""
    low = 0.1 / factor
    rise = Phase(100, low / 100, low, Polynomial())
    return Schedule((rise, Phase(900, 0.1, 0.0, Cosine())))
