"""Comparisons of three schedules whose true scores are known."""

import numpy as np

from course_lib import schedules
from course_lib.compare import Trials, compare

PEAKS = [0.01, 0.1, 1.0, 10.0]
STEPS = 20
BEST = {"constant": 0.1, "linear": 1.0, "cosine": 1.0}
SCHEDULES = {
    "constant": lambda peak, steps: schedules.constant(peak),
    "linear": schedules.linear,
    "cosine": schedules.cosine,
}


def kind(rates):
    """Which schedule a row of rates came from, by its rate at step 5: 1, 3/4, or in between."""
    return {1.0: "constant", 0.75: "linear"}.get(round(rates[5] / rates[0], 4), "cosine")


class Synthetic:
    """A runner whose scores are known: base + distance of log10(peak) from the best + noise."""

    name = "synthetic"

    def __init__(self, base, noise=0.01, lost=()):
        self.base, self.noise, self.lost, self.calls = base, noise, lost, []

    def __call__(self, rates, seeds, momenta):
        self.calls.append((rates, seeds, momenta))
        scores = []
        for row, seed in zip(rates, seeds.tolist(), strict=True):
            name, peak = kind(row), row.max()
            shared = np.random.default_rng(seed).normal()  # what the seed does to every schedule
            own = np.random.default_rng([seed, len(name)]).normal()
            score = self.base[name] + abs(np.log10(peak / BEST[name])) + shared + self.noise * own
            scores.append(np.nan if (name, peak, seed) in self.lost else score)
        scores = np.array(scores)
        history = np.stack([scores + 2, scores - 0.5, scores], axis=1)
        return Trials("score", scores, np.array([5, 10, STEPS]), history, np.full(len(scores), 0.5))


BASE = {"constant": 3.2, "linear": 3.0, "cosine": 3.1}


def run(base=BASE, noise=0.01, lost=(), chosen=SCHEDULES, **change):
    arguments = {"peaks": PEAKS, "total_steps": STEPS, "seeds": 8} | change
    return compare(Synthetic(base, noise, lost), chosen, **arguments)
