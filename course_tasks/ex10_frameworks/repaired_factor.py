"""Exercise 10, task 8: a factor or a rate."""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def repaired_factor(base_lr: float, gamma: float, floor: float, updates: int) -> list[float]:
    return [max(base_lr * gamma**t, floor) for t in range(updates)]


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        (0.1, 0.5, 0.01, 7),
        (0.1, 0.9, 0.0, 6),
        (2.0, 0.5, 0.3, 6),
        (1.0, 0.5, 0.1, 5),
        (0.5, 0.8, 0.5, 3),
    ]
    for _ in range(8):
        base = rate_between(rng)
        floor = base * float(rng.uniform(0.05, 0.3))
        edges.append((base, float(rng.uniform(0.5, 0.9)), floor, int(rng.integers(8, 16))))
    return named("base_lr gamma floor updates", edges)


def factor_as(rate_at):
    def rates(base_lr, gamma, floor, updates):
        return np.array([rate_at(base_lr, gamma, floor, t) for t in range(updates)])

    return rates


def factors_multiplied_up(base_lr, gamma, floor, updates):
    factors = np.maximum(gamma ** np.arange(updates), floor / base_lr)  # the first one is 1
    return base_lr * np.cumprod(factors)


TASK = Task(
    name="repaired_factor",
    number=8,
    section=Section("10_frameworks", "D. Absolute or relative"),
    points=1,
    reference=repaired_factor,
    make_cases=cases,
    hints=(
        Hint(
            "All rates are too small by the same factor",
            "What does LambdaLR do with the number that your function returns?",
        ),
        Hint(
            "Only the floor is wrong now",
            "The floor is a rate, but your function returns a factor. How do you express the "
            "floor as a factor?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            factor_as(lambda base, gamma, floor, t: base * max(base * gamma**t, floor)),
            "These are still the rates of the broken loop. LambdaLR multiplies the value of "
            "your function by the optimizer's own rate.",
        ),
        Misconception(
            "floor as a factor",
            factor_as(lambda base, gamma, floor, t: base * max(gamma**t, floor)),
            "The falling part is right. You still give the floor as a rate, but LambdaLR "
            "expects a factor, so the floor is too low or too high.",
        ),
        Misconception(
            "no floor",
            factor_as(lambda base, gamma, floor, t: base * gamma**t),
            "The floor is missing. It is given as a rate. What is it as a factor?",
        ),
        Misconception(
            "factors multiplied up",
            factors_multiplied_up,
            "You multiply the factors of all steps, so the rate falls faster and faster. "
            "LambdaLR applies one factor to the base rate; MultiplicativeLR compounds them.",
        ),
        Misconception(
            "added",
            factor_as(lambda base, gamma, floor, t: floor + (base - floor) * gamma**t),
            "Your rate approaches the floor slowly. It should fall as it would without a floor, "
            "and stop at the floor.",
        ),
    ),
)
