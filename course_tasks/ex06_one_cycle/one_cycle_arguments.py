"""Exercise 6, task 4: read the arguments back."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def one_cycle_arguments(rates: np.ndarray) -> np.ndarray:
    total_steps = len(rates)
    peak = np.argmax(rates)
    max_lr, first, last = rates[peak], rates[0], rates[-1]
    return np.array([max_lr, total_steps, (peak + 1) / total_steps, max_lr / first, first / last])


def recorded(
    max_lr: float, total: int, top: int, div: float, final_div: float, anneal: str
) -> np.ndarray:
    """Return the rates that torch's OneCycleLR writes: the peak at `top`, the end at total - 1."""
    t = np.arange(total)
    up, down = np.minimum(t / top, 1), np.maximum(t - top, 0) / (total - 1 - top)
    if anneal == "cos":
        up, down = ((1 - np.cos(np.pi * share)) / 2 for share in (up, down))
    first = max_lr / div
    return np.where(
        t <= top, first + (max_lr - first) * up, max_lr + (first / final_div - max_lr) * down
    )


def cases(rng: np.random.Generator) -> list[Case]:
    settings = [
        (0.1, 100, 29, 25.0, 1e4, "cos"),
        (0.1, 100, 29, 25.0, 1e4, "linear"),
        (2.0, 10, 1, 4.0, 10.0, "linear"),
        (0.5, 20, 17, 10.0, 1.0, "cos"),
        (1.0, 5, 2, 3.0, 7.0, "linear"),
    ]
    for k in range(8):
        total = int(rng.integers(10, 400))
        top = int(rng.integers(1, total - 2))
        numbers = rng.uniform(0.01, 3.0), rng.uniform(2, 30), 10 ** rng.uniform(0.2, 4)
        peak, div, final_div = (float(number) for number in numbers)
        settings.append((peak, total, top, div, final_div, ("cos", "linear")[k % 2]))
    return [{"rates": recorded(*setting)} for setting in settings]


def read(change):
    """Return a wrong reading of the arguments: the right one, changed."""
    return lambda rates: np.array(change(list(one_cycle_arguments(rates)), rates))


TASK = Task(
    name="one_cycle_arguments",
    number=4,
    section=Section("06_one_cycle", "Argument by argument"),
    points=3,
    reference=one_cycle_arguments,
    make_cases=cases,
    scale=lambda case, expected: 0.0,  # five numbers of very different size
    hints=(
        Hint(
            "I do not know how to begin",
            "You only need three rates of the curve and two positions. For which rates does the "
            "table above give a formula?",
        ),
        Hint(
            "pct_start is a little too small",
            "`argmax` counts from 0, and PyTorch's peak is one update early. Put the number it "
            "returns into the table's formula and solve for pct_start.",
        ),
        Hint(
            "The last number is too large by a constant factor",
            "There are *two* divisions between the peak and the last rate. Which of them has "
            "already happened at the first rate?",
        ),
    ),
    misconceptions=(
        Misconception(
            "peak counted as in the course",
            read(lambda a, rates: [a[0], a[1], a[2] - 1 / a[1], a[3], a[4]]),
            "Your pct_start is the position of the peak divided by total_steps. PyTorch's peak "
            "comes one update before pct_start * total_steps.",
        ),
        Misconception(
            "peak over the last step",
            read(lambda a, rates: [a[0], a[1], (a[1] * a[2] - 1) / (a[1] - 1), a[3], a[4]]),
            "Your pct_start is the share of the way from the first to the last update. PyTorch "
            "multiplies pct_start by total_steps and subtracts one.",
        ),
        Misconception(
            "one update too few",
            read(lambda a, rates: [a[0], a[1] - 1, a[2], a[3], a[4]]),
            "Your total_steps is the number of the last update, counted from 0. It should be "
            "the number of updates.",
        ),
        Misconception(
            "both factors in one",
            read(lambda a, rates: [a[0], a[1], a[2], a[3], a[3] * a[4]]),
            "Your final_div_factor is the peak divided by the last rate. It should be the first "
            "rate divided by the last.",
        ),
        Misconception(
            "factors upside down",
            read(lambda a, rates: [a[0], a[1], a[2], 1 / a[3], 1 / a[4]]),
            "Your two factors are upside down. They divide, so they are 1 or more.",
        ),
        Misconception(
            "factors exchanged",
            read(lambda a, rates: [a[0], a[1], a[2], a[4], a[3]]),
            "Your last two numbers are swapped. div_factor comes first.",
        ),
        Misconception(
            "a length for a share",
            read(lambda a, rates: [a[0], a[1], a[1] * a[2], a[3], a[4]]),
            "Your third number counts updates. pct_start is a share of the run, between 0 and 1.",
        ),
    ),
)
