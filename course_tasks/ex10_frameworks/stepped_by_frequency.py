"""Exercise 10, puzzle 14: every third what?"""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def stepped_by_frequency(
    base_lr: float, gamma: float, epochs: int, batches: int, accumulate: int, frequency: int
) -> list[float]:
    ends = [min(end, batches) for end in range(accumulate, batches + accumulate, accumulate)]
    fits = [not end % frequency for end in ends] * epochs
    return [base_lr * gamma ** sum(fits[:update]) for update in range(len(fits))]


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        (0.1, 0.98, 3, 10, 4, 3),
        (0.1, 0.98, 3, 10, 4, 5),
        (0.5, 0.5, 1, 16, 2, 2),
        (2.0, 0.9, 3, 7, 1, 3),
        (0.1, 0.9, 2, 5, 1, 7),
        (0.1, 0.9, 3, 9, 2, 3),
        (0.1, 0.8, 2, 4, 6, 2),
    ]
    for _ in range(8):
        batches, accumulate = int(rng.integers(7, 15)), int(rng.integers(1, 5))
        edge = (int(rng.integers(2, 5)), batches, accumulate, int(rng.integers(2, 6)))
        edges.append((rate_between(rng), float(rng.uniform(0.6, 0.95)), *edge))
    return named("base_lr gamma epochs batches accumulate frequency", edges)


def stepped_as(is_step, leftover=True, at_any_batch=False):
    """Return the task's function with another rule for the scheduler.

    Args:
        is_step: batch of the epoch, of the run; update of the epoch, of the run (all from 1), and
            frequency -> whether the scheduler steps.
        leftover: whether the last batch of an epoch makes an update of its own.
        at_any_batch: whether batches that make no update are asked, too.
    """

    def rates(base_lr, gamma, epochs, batches, accumulate, frequency):
        found, steps, made = [], 0, 0
        for epoch in range(epochs):
            in_epoch = 0
            for batch in range(1, batches + 1):
                updates = batch % accumulate == 0 or (leftover and batch == batches)
                if updates:
                    found.append(base_lr * gamma**steps)
                    in_epoch, made = in_epoch + 1, made + 1
                if updates or at_any_batch:
                    asked = (batch, epoch * batches + batch, in_epoch, made, frequency)
                    steps += bool(is_step(*asked))
        return found

    return rates


TASK = Task(
    name="stepped_by_frequency",
    number=14,
    section=Section("10_frameworks", "Who calls `step()` for you?"),
    points=1,
    reference=stepped_by_frequency,
    make_cases=cases,
    hints=(
        Hint(
            "The rate never moves in one of the rows",
            "The batches 4, 8 and 10 make an update. Which of these numbers can be divided by 3? "
            "Which of them by 5?",
        ),
        Hint(
            "I am right in the first epoch and wrong in the second",
            "Lightning numbers the batches of each epoch anew.",
        ),
    ),
    misconceptions=(
        Misconception(
            "counts updates",
            stepped_as(lambda batch, run, in_epoch, made, f: made % f == 0),
            "You step at every frequency-th update. Lightning looks at the number of the batch.",
        ),
        Misconception(
            "counts updates of the epoch",
            stepped_as(lambda batch, run, in_epoch, made, f: in_epoch % f == 0),
            "You count the updates of an epoch. Lightning looks at the number of the batch.",
        ),
        Misconception(
            "batches of the whole run",
            stepped_as(lambda batch, run, in_epoch, made, f: run % f == 0),
            "You number the batches over the whole run. Lightning begins at 1 again in each epoch.",
        ),
        Misconception(
            "frequency ignored",
            stepped_as(lambda batch, run, in_epoch, made, f: True),
            "Your scheduler steps at every update. It does so only where the number of the batch "
            "can be divided by the frequency.",
        ),
        Misconception(
            "batches without an update",
            stepped_as(lambda batch, run, in_epoch, made, f: batch % f == 0, at_any_batch=True),
            "Your scheduler also steps at batches that make no update. Lightning waits for the "
            "accumulated gradients, and asks only then whether the batch's number fits.",
        ),
        Misconception(
            "leftover batches make no update",
            stepped_as(lambda batch, run, in_epoch, made, f: batch % f == 0, leftover=False),
            "The batches left over at the end of an epoch make an update in Lightning, even if "
            "they are fewer than accumulate.",
        ),
    ),
)
