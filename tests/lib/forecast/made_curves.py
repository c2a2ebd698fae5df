"""Made-up loss curves that follow a law exactly, by plain loops over the updates."""

import math

import numpy as np

from course_lib import schedules
from course_lib.forecast import LossCurve

STEPS, WARMUP = 1200, 60
PEAK = 0.02
UPDATES = np.arange(20, STEPS + 1, 10)
#: Runs that determine the law: a constant rate, a smooth fall and a sudden one.
THREE = ("constant", "cosine", "step")
#: L0, A, alpha, B, C, beta, gamma of the multi-power law.
KNOWN = {"L0": 2.0, "A": 3.0, "alpha": 0.5, "B": 12.0, "C": 2.0, "beta": 0.6, "gamma": 0.6}


def multi_power_loss(rates, t, L0, A, alpha, B, C, beta, gamma):
    """The multi-power law after t updates, as it is written; its sum begins after the warmup."""
    total = sum(rates[:t])
    gained = 0.0
    for k in range(rates.index(max(rates)) + 1, t):
        fall = rates[k - 1] - rates[k]
        if fall and rates[k] > 0:
            since = sum(rates[k:t])
            gained += fall * (1 - (1 + C * rates[k] ** -gamma * since) ** -beta)
    return L0 + A * total**-alpha - B * gained


def annealing_loss(rates, t, L0, A, alpha, C, lam):
    """Tissue et al.'s law after t updates: S2 adds up the falls, each remembered by lam^n."""
    area = momentum = 0.0
    for k in range(rates.index(max(rates)) + 1, t):
        momentum = lam * momentum + (rates[k - 1] - rates[k])
        area += momentum
    return L0 + A * sum(rates[:t]) ** -alpha - C * area


def multi_power_losses(rates, updates, **parameters):
    """The same law at many updates, by array operations of another form than the library's."""
    p = {**KNOWN, **parameters}
    sums = np.concatenate([[0.0], np.cumsum(rates)])
    falls = np.concatenate([[0.0], rates[:-1] - rates[1:]])
    falls[: np.argmax(rates) + 1] = 0  # the warmup
    changed = np.flatnonzero((falls != 0) & (rates > 0))
    losses = []
    for t in updates:
        k = changed[changed < t]
        x = p["C"] * rates[k] ** -p["gamma"] * (sums[t] - sums[k])
        gained = math.fsum(falls[k] * (1 - (1 + x) ** -p["beta"]))
        losses.append(p["L0"] + p["A"] * sums[t] ** -p["alpha"] - p["B"] * gained)
    return np.array(losses)


def rates_of(name, steps=STEPS, peak=PEAK):
    """The rates of a schedule with a warmup."""
    t = np.arange(steps)
    constant = np.asarray(schedules.warmup(schedules.constant(peak), WARMUP)(t))
    if name == "constant":
        return constant
    if name == "cosine":
        return np.asarray(schedules.warmup_cosine(peak, WARMUP, steps, floor=peak / 10)(t))
    if name == "step":
        return np.where(t < 0.4 * steps, constant, 0.3 * peak)
    if name == "cooldown":
        return constant * np.clip((steps - t) / (0.2 * steps), 0, 1)
    raise KeyError(name)


def made_run(name, noise=0.0, seed=0, law=multi_power_losses, **parameters):
    """A run whose losses follow the law, times exp(noise · normal)."""
    rates = rates_of(name)
    scatter = np.random.default_rng(seed).standard_normal(len(UPDATES))
    losses = law(rates, UPDATES, **parameters) * np.exp(noise * scatter)
    return LossCurve(rates, UPDATES, losses, name)
