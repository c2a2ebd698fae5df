"""Exercise 12, task 1: the sum of the rates."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def sum_of_rates(rates: np.ndarray, updates: np.ndarray, start: int) -> np.ndarray:
    totals = np.append(0.0, np.cumsum(rates))
    return np.maximum(totals[updates] - totals[start], 0.0)


def cases(rng: np.random.Generator) -> list[Case]:
    short = np.array([0.1, 0.2, 0.4, 0.3])
    edges = [
        {"rates": short, "updates": np.array([0, 1, 2, 3, 4]), "start": 0},
        {"rates": short, "updates": np.array([0, 1, 2, 3, 4]), "start": 2},
        {"rates": short, "updates": np.array([4, 2, 4]), "start": 1},
        {"rates": np.array([0.5]), "updates": np.array([1]), "start": 0},
    ]
    for _ in range(6):
        total = int(rng.integers(5, 60))
        edges.append(
            {
                "rates": rng.uniform(0.001, 0.5, size=total),
                "updates": np.sort(rng.integers(0, total + 1, size=int(rng.integers(2, 7)))),
                "start": int(rng.integers(1, total)),
            }
        )
    return edges


def updates_counted(rates, updates, start):
    return np.maximum(updates - start, 0).astype(float)


def mean_rate_times_updates(rates, updates, start):
    return np.mean(rates) * np.maximum(updates - start, 0)


def rate_of_the_next_update_too(rates, updates, start):
    last = np.minimum(updates, len(rates) - 1)
    sums = np.cumsum(rates)[last] - np.append(0.0, np.cumsum(rates))[start]
    return np.maximum(sums, 0.0)


def rate_of_the_start_left_out(rates, updates, start):
    return sum_of_rates(rates, updates, min(start + 1, len(rates)))


def start_ignored(rates, updates, start):
    return sum_of_rates(rates, updates, 0)


def negative_before_the_start(rates, updates, start):
    totals = np.append(0.0, np.cumsum(rates))
    return totals[updates] - totals[start]


TASK = Task(
    name="sum_of_rates",
    number=1,
    section=Section("12_language_models", "Predict a run before you pay for it"),
    points=1,
    reference=sum_of_rates,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "After 3 updates the rates of the steps 0, 1 and 2 were used. Write down the sums "
            "after 0, 1, 2 and 3 updates of such a run. How many sums are there, and how many "
            "rates?",
        ),
        Hint(
            "My sums are too large or too small by one rate",
            "`np.cumsum(rates)[n]` holds the rates of the steps 0 to `n`. How many rates are that? "
            "How many were used after `n` updates?",
        ),
        Hint(
            "I get negative sums",
            "A reading from before `start` has seen none of these rates. What is the sum of no "
            "rates?",
        ),
    ),
    misconceptions=(
        Misconception(
            "updates counted",
            updates_counted,
            "You count updates. The law counts rates: an update at a small rate moves the weights "
            "less, so it adds less to the sum.",
        ),
        Misconception(
            "mean rate times updates",
            mean_rate_times_updates,
            "You multiply the number of updates by the mean rate of the whole run. That is right "
            "for a constant rate only. Early and late updates have different rates.",
        ),
        Misconception(
            "next update included",
            rate_of_the_next_update_too,
            "Your sums include one rate too many, that of the next update. After n updates the "
            "rates of the steps 0 to n - 1 were used.",
        ),
        Misconception(
            "start left out",
            rate_of_the_start_left_out,
            "Your sums begin one step too late. The update at step start belongs to the sum.",
        ),
        Misconception(
            "start ignored",
            start_ignored,
            "Your sums begin at step 0. They should begin at step start.",
        ),
        Misconception(
            "negative before the start",
            negative_before_the_start,
            "Your sums are negative for readings from before start. Nothing was summed then, so "
            "the sum is 0.",
        ),
    ),
)
