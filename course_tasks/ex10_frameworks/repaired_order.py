"""Exercise 10, task 1: the order of two lines."""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def repaired_order(base_lr: float, step_size: int, gamma: float, updates: int) -> list[float]:
    return [base_lr * gamma ** (t // step_size) for t in range(updates)]


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 3, 0.1, 7), (0.5, 1, 0.5, 4), (2.0, 4, 0.5, 12), (0.1, 5, 0.1, 3)]
    edges += [
        (rate_between(rng), int(rng.integers(2, 6)), float(rng.uniform(0.2, 0.8)), 14)
        for _ in range(8)
    ]
    return named("base_lr step_size gamma updates", edges)


def shifted_steps(shift):
    def rates(base_lr, step_size, gamma, updates):
        t = np.maximum(np.arange(updates) + shift, 0)
        return base_lr * gamma ** (t // step_size)

    return rates


TASK = Task(
    name="repaired_order",
    number=1,
    section=Section("10_frameworks", "A. Order and counting"),
    points=1,
    reference=repaired_order,
    make_cases=cases,
    hints=(
        Hint(
            "I see no mistake",
            "Print the rate right before each of the first three updates. How often has the "
            "scheduler stepped before the first update?",
        ),
        Hint(
            "My first rate now lasts one update too long",
            "Every update is followed by one step of the scheduler, including the first update.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            shifted_steps(1),
            "These are still the rates of the broken loop. The scheduler steps before the first "
            "update, so its first rate lasts one update less.",
        ),
        Misconception(
            "first step left out",
            shifted_steps(-1),
            "The first rate now lasts one update too long. Somewhere a step of the scheduler is "
            "missing.",
        ),
        Misconception(
            "never stepped",
            lambda base_lr, step_size, gamma, updates: [base_lr] * updates,
            "The rate never falls, because the scheduler is never stepped.",
        ),
        Misconception(
            "every update",
            lambda base_lr, step_size, gamma, updates: base_lr * gamma ** np.arange(updates),
            "The rate falls at every update. It should stay the same for step_size updates.",
        ),
    ),
)
