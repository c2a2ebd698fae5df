"""Exercise 7, task 1: the rates."""

from __future__ import annotations

import numpy as np

from course_tasks.ex07_range_test.shared import relative
from course_tasks.task import Case, Hint, Misconception, Section, Task


def range_test_rates(lowest_rate: float, highest_rate: float, steps: int) -> np.ndarray:
    share = np.arange(steps) / (steps - 1)
    return lowest_rate * (highest_rate / lowest_rate) ** share


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [(1e-7, 10.0, 100), (0.01, 1.0, 2), (0.5, 4.0, 4), (1e-3, 1e-2, 11), (1.0, 100.0, 3)]
    for _ in range(8):
        lowest = float(10 ** rng.uniform(-7, -1))
        highest = lowest * float(10 ** rng.uniform(0.5, 7))
        edges.append((lowest, highest, int(rng.integers(5, 200))))
    names = ("lowest_rate", "highest_rate", "steps")
    return [dict(zip(names, edge, strict=True)) for edge in edges]


TASK = Task(
    name="range_test_rates",
    number=1,
    section=Section("07_range_test", "One short run instead of many"),
    points=1,
    reference=range_test_rates,
    make_cases=cases,
    scale=relative,
    hints=(
        Hint(
            "I do not know how to begin",
            "Each rate is the previous one times a constant. By how much does the whole sweep "
            "multiply the first rate, and in how many multiplications?",
        ),
        Hint(
            "My last rate is a little too low, or too high",
            "A fence with n posts does not have n gaps.",
        ),
    ),
    misconceptions=(
        Misconception(
            "along a line",
            lambda lowest_rate, highest_rate, steps: np.linspace(lowest_rate, highest_rate, steps),
            "These rates rise linearly, by the same *difference* each time. The task asks for "
            "the same ratio.",
        ),
        Misconception(
            "short of the end",
            lambda lowest_rate, highest_rate, steps: (
                lowest_rate * (highest_rate / lowest_rate) ** (np.arange(steps) / steps)
            ),
            "The highest rate is never reached. There is one multiplication fewer than there "
            "are rates.",
        ),
        Misconception(
            "first rate left out",
            lambda lowest_rate, highest_rate, steps: (
                lowest_rate * (highest_rate / lowest_rate) ** (np.arange(1, steps + 1) / steps)
            ),
            "The lowest rate is missing. Your sweep begins one multiplication too late.",
        ),
        Misconception(
            "one rate too many",
            lambda lowest_rate, highest_rate, steps: np.geomspace(
                lowest_rate, highest_rate, steps + 1
            ),
            "This is one rate more than there are updates.",
        ),
    ),
)
