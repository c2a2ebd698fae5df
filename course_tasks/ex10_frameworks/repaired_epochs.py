"""Exercise 10, task 3: epochs and batches."""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import half_cosine, named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def repaired_epochs(peak_lr: float, epochs: int, batches: int) -> np.ndarray:
    total = epochs * batches
    return peak_lr * (1 + np.cos(np.pi * np.arange(total) / total)) / 2


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 3, 4), (2.0, 1, 5), (0.5, 6, 1), (0.1, 2, 2)]
    edges += [
        (rate_between(rng), int(rng.integers(2, 7)), int(rng.integers(2, 9))) for _ in range(8)
    ]
    return named("peak_lr epochs batches", edges)


def epochs_as(done, length):
    def rates(peak_lr, epochs, batches):
        t = np.arange(epochs * batches)
        return half_cosine(done(t, batches), length(epochs, batches), peak_lr)

    return rates


TASK = Task(
    name="repaired_epochs",
    number=3,
    section=Section("10_frameworks", "A. Order and counting"),
    points=1,
    reference=repaired_epochs,
    make_cases=cases,
    hints=(
        Hint(
            "The rate goes up and down",
            "T_max counts the calls of the scheduler's step. What does it count here, and how "
            "often is step called?",
        ),
        Hint(
            "My rate goes down in stairs",
            "That is another way to repair it, but the task asks for a new rate at every "
            "update. So which of the two numbers has to change?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            epochs_as(lambda t, batches: t, lambda epochs, batches: epochs),
            "These are still the rates of the broken loop. T_max is in epochs, but the "
            "scheduler is stepped once per batch, so the cosine is over after a few batches.",
        ),
        Misconception(
            "stairs",
            epochs_as(lambda t, batches: t // batches, lambda epochs, batches: epochs),
            "The rate falls only once per epoch. It should fall at every update.",
        ),
        Misconception(
            "updates, stepped per epoch",
            epochs_as(lambda t, batches: t // batches, lambda epochs, batches: epochs * batches),
            "You changed two things at once. T_max is now in updates, but the scheduler is "
            "stepped once per epoch, so the rate hardly falls.",
        ),
        Misconception(
            "length of one epoch",
            epochs_as(lambda t, batches: t, lambda epochs, batches: batches),
            "Your T_max is the length of one epoch, so the rate falls in the first epoch and "
            "rises in the second.",
        ),
        Misconception(
            "one update short",
            epochs_as(
                lambda t, batches: t,
                lambda epochs, batches: np.float64(epochs * batches - 1),
            ),
            "The cosine is one update too short, so the last update runs at rate 0 and is wasted. "
            "The end of the schedule belongs after the last update.",
        ),
    ),
)
