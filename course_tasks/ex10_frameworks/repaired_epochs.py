"""Exercise 10, task 3: epochs and batches."""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import half_cosine, named, rate_between
from course_tasks.task import Case, Hint, Misconception, Task


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
    points=1,
    reference=repaired_epochs,
    make_cases=cases,
    hints=(
        Hint(
            "The rate goes up and down",
            "T_max has a unit: that of a call of the scheduler's step. Which unit has it here, and "
            "how often is the step called?",
        ),
        Hint(
            "My rate goes down in stairs",
            "That repairs it too, but the task asks for something else: every update has a rate of "
            "its own. So which of the two numbers has to change?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            epochs_as(lambda t, batches: t, lambda epochs, batches: epochs),
            "These are still the rates of the broken loop: T_max is in epochs, and the scheduler "
            "is stepped once a batch, so the cosine is through after a few batches.",
        ),
        Misconception(
            "stairs",
            epochs_as(lambda t, batches: t // batches, lambda epochs, batches: epochs),
            "The rate falls once an epoch, in stairs. Here it is to fall at every update.",
        ),
        Misconception(
            "updates, stepped per epoch",
            epochs_as(lambda t, batches: t // batches, lambda epochs, batches: epochs * batches),
            "Two things were changed at once: T_max is in updates now, and the scheduler is "
            "stepped once an epoch. The rate hardly falls.",
        ),
        Misconception(
            "length of one epoch",
            epochs_as(lambda t, batches: t, lambda epochs, batches: batches),
            "T_max is the length of one epoch here: the rate falls in the first epoch and climbs "
            "in the second.",
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
