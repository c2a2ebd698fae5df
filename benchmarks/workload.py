"""The work that the engine and its peers are timed on: a comparison of schedules, 1,728 runs."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np

from course_lib import problems, training
from course_lib.schedules import (
    Schedule,
    constant,
    cosine,
    cosine_restarts,
    exponential,
    inverse_sqrt,
    linear,
    one_cycle,
    polynomial,
    step_decay,
    triangular,
    warmup_cosine,
    wsd,
)

STEPS = 300
SEEDS = 16
PEAKS = np.geomspace(0.01, 0.2, 9)

WORKLOAD = training.Workload(problems.spirals(), training.Mlp(dtype="float32"), batch_size=32)

# Nothing is looked up, and no bar is drawn, while a clock runs.
train = partial(training.train, cache=False, progress=False)


def twelve_schedules(peak: float, steps: int = STEPS) -> list[Schedule]:
    """Return the schedules of the comparison, all with the same peak and length."""
    warmup = steps // 10
    return [
        constant(peak),
        step_decay(peak, every=steps // 3),
        exponential(peak, gamma=0.99),
        inverse_sqrt(peak, warmup),
        polynomial(peak, steps),
        linear(peak, steps),
        cosine(peak, steps),
        cosine_restarts(peak, period=steps // 4),
        warmup_cosine(peak, warmup, steps),
        triangular(peak, peak / 10, period=steps // 3),
        one_cycle(peak, steps),
        wsd(peak, warmup, steps, decay_steps=steps // 5),
    ]


def grand_comparison() -> tuple[np.ndarray, np.ndarray]:
    """Return rates, shape (1728, STEPS), and seeds, (1728,): 12 schedules × 9 peaks × 16 seeds.

    The seeds of one configuration follow each other.
    """
    steps = np.arange(STEPS)
    rates = np.stack([s(steps) for peak in PEAKS for s in twelve_schedules(peak)])
    return np.repeat(rates, SEEDS, axis=0), np.tile(np.arange(SEEDS), len(rates))


def sample(runs: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rates and seeds of `runs` runs, spread evenly over the comparison."""
    rates, seeds = grand_comparison()
    rows = np.linspace(0, len(seeds) - 1, runs).round().astype(int)
    return rates[rows], seeds[rows]


def product_flops() -> int:
    """Return the floating-point operations of the matrix products of one run and step.

    Forward, slope of the weights and error passed through: 2 · batch · fan_in · fan_out each, but
    no error passes through the first layer.
    """
    widths = [WORKLOAD.data.inputs.shape[1], *WORKLOAD.model.hidden, WORKLOAD.data.classes]
    sizes = [a * b for a, b in pairwise(widths)]
    return 2 * WORKLOAD.batch_size * (3 * sum(sizes) - sizes[0])
