"""Exercise 10, task 10: a plateau below zero."""

from __future__ import annotations

import math

import numpy as np

from course_tasks.ex10_frameworks.shared import named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def repaired_plateau(
    base_lr: float, factor: float, patience: int, threshold: float, metrics: list[float]
) -> list[float]:
    rate, best, waited, rates = base_lr, math.inf, [], []
    for metric in metrics:
        rates.append(rate)
        if metric < best - threshold:
            best, waited = metric, []
        else:
            waited.append(metric)
        if len(waited) > patience:
            rate, waited = rate * factor, []
    return rates


def cases(rng: np.random.Generator) -> list[Case]:
    # Metrics and thresholds are multiples of 1/16: sums are exact, however they are written.
    edges = [
        (0.1, 0.1, 2, 0.125, [-1.0] * 9),
        (0.1, 0.5, 1, 0.125, [-1.0, -1.125, -1.1875, -1.25, -1.25, -1.5, -1.5, -1.5]),
        (2.0, 0.5, 0, 0.125, [1.0, 0.5, 0.5, -0.5, -0.5, -0.625, -1.0]),
        (0.5, 0.1, 2, 0.125, [-1.0, -0.9375, -0.9375, -0.9375, -0.9375, -0.9375, -0.9375]),
        (0.5, 0.1, 2, 0.125, [-4.0, -3.75, -3.5, -3.25, -3.0, -3.0, -3.0]),
        (0.1, 0.5, 1, 0.25, [-2.0, -2.125, -2.25, -2.375, -2.5, -2.625, -2.75, -2.875]),
        (0.1, 0.5, 1, 0.125, [-1.0, -2.0, -1.5, -1.75, -2.0, -3.0, -2.5, -2.75, -2.5]),
        (0.1, 0.5, 3, 0.125, [-1.0, -2.0]),
    ]
    for _ in range(8):
        sixteenths = np.cumsum(rng.choice([-6, -3, -2, -1, 0, 1, 3], size=14)) - 40
        metrics = (sixteenths / 16).tolist()
        edges.append((rate_between(rng), 0.5, int(rng.integers(0, 4)), 0.125, metrics))
    return named("base_lr factor patience threshold metrics", edges)


def plateau_as(is_better, waits=lambda bad, patience: bad > patience, start=math.inf):
    def rates(base_lr, factor, patience, threshold, metrics):
        rate, best, bad, used, last = base_lr, start, 0, [], start
        for metric in metrics:
            used.append(rate)
            better = is_better(metric, best, threshold, last)
            best, bad = (metric, 0) if better else (best, bad + 1)
            last = metric
            if waits(bad, patience):
                rate, bad = rate * factor, 0
        return used

    return rates


TASK = Task(
    name="repaired_plateau",
    number=10,
    section=Section("10_frameworks", "E. Hidden defaults"),
    points=1,
    reference=repaired_plateau,
    make_cases=cases,
    hints=(
        Hint(
            "The rate never falls",
            "Compute by hand what a metric has to beat when the best is -1. Is this easier or "
            "harder to reach than -1 itself? The scheduler has a second mode for its threshold.",
        ),
        Hint(
            "My rate falls one epoch too early or too late",
            "patience is the number of bad epochs that the rule tolerates. It cuts after the "
            "next one.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            plateau_as(lambda metric, best, threshold, last: metric < best * (1 - threshold)),
            "These are still the rates of the broken loop. Its threshold is a share of the best "
            "metric. If this is negative, the threshold lies on the wrong side, so an unchanged "
            "metric counts as better.",
        ),
        Misconception(
            "no threshold",
            plateau_as(lambda metric, best, threshold, last: metric < best),
            "Every improvement counts here, however small. It has to be larger than the threshold.",
        ),
        Misconception(
            "one epoch early",
            plateau_as(
                lambda metric, best, threshold, last: metric < best - threshold,
                lambda bad, patience: bad >= max(patience, 1),
            ),
            "The rate falls one epoch early, as in Keras. torch tolerates `patience` bad epochs "
            "and cuts after the next one.",
        ),
        Misconception(
            "larger is better",
            plateau_as(
                lambda metric, best, threshold, last: metric > best + threshold, start=-math.inf
            ),
            "Larger metrics count as better here. This metric should become smaller, that is, "
            "more negative.",
        ),
        Misconception(
            "against the last epoch",
            plateau_as(lambda metric, best, threshold, last: metric < last - threshold),
            "You compare each metric with the previous epoch. It has to beat the best so far.",
        ),
    ),
)
