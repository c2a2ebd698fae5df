"""Exercise 10, task 9: restarts that come late."""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import half_cosine, named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def repaired_restarts(peak_lr: float, T_0: int, epochs: int, batches: int) -> np.ndarray:
    done = np.arange(epochs * batches) / batches % T_0 / T_0
    return peak_lr * (1 + np.cos(np.pi * done)) / 2


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 2, 4, 4), (0.1, 1, 3, 5), (2.0, 3, 7, 2), (0.5, 4, 3, 3), (0.1, 2, 5, 1)]
    for _ in range(8):
        T_0, batches = int(rng.integers(2, 5)), int(rng.integers(2, 8))
        edges.append((rate_between(rng), T_0, T_0 + int(rng.integers(1, 6)), batches))
    return named("peak_lr T_0 epochs batches", edges)


def restarts_as(epochs_done):
    def rates(peak_lr, T_0, epochs, batches):
        t = np.arange(epochs * batches)
        return half_cosine(epochs_done(t, batches) % T_0, T_0, peak_lr)

    return rates


TASK = Task(
    name="repaired_restarts",
    number=9,
    section=Section("10_frameworks", "E. Hidden defaults"),
    points=1,
    reference=repaired_restarts,
    make_cases=cases,
    hints=(
        Hint(
            "The first two rates are equal",
            "The step comes *after* the update. How many batches of this epoch are done when "
            "the step is called for the first time?",
        ),
        Hint(
            "My restarts come one update too late",
            "At the last batch of an epoch the argument should be a whole number. Which one?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            restarts_as(lambda t, batches: np.maximum(t - 1, 0) / batches),
            "These are still the rates of the broken loop. Each of them is one update late, and "
            "the peak is used twice at the start.",
        ),
        Misconception(
            "no argument",
            restarts_as(lambda t, batches: t),
            "You count T_0 in batches. The scheduler is stepped with whole batches, or without "
            "an argument. The restarts come much too often.",
        ),
        Misconception(
            "once an epoch",
            restarts_as(lambda t, batches: t // batches),
            "The rate changes only once per epoch. It should fall within the epochs, too.",
        ),
        Misconception(
            "one epoch ahead",
            restarts_as(lambda t, batches: np.where(t > 0, (t - 1) / batches + 1, 0)),
            "You count the epochs from 1. After an update, one more batch is done, not one more "
            "epoch.",
        ),
        Misconception(
            "one ahead",
            restarts_as(lambda t, batches: np.where(t > 0, (t + 1) / batches, 0)),
            "From the second update on, each rate is one update ahead, because you add one too "
            "many.",
        ),
    ),
)
