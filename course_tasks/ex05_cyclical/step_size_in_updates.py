"""Exercise 5, task 1: the step size in updates."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def step_size_in_updates(epochs: int, examples: int, batch_size: int, drop_last: bool) -> int:
    filled_up = 0 if drop_last else batch_size - 1
    return epochs * ((examples + filled_up) // batch_size)


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        (2, 900, 32, False),  # 4 examples are left over
        (2, 900, 32, True),
        (3, 960, 32, False),  # nothing left over
        (3, 960, 32, True),
        (1, 33, 32, False),
        (4, 33, 32, True),
        (5, 63, 32, False),
        (5, 63, 32, True),
        (1, 10, 64, False),  # one batch, not full
        (7, 50, 1, False),
    ]
    for k in range(8):
        batch_size = int(rng.integers(2, 129))
        examples = int(rng.integers(batch_size, 40 * batch_size))
        edges.append((int(rng.integers(2, 11)), examples, batch_size, k % 2 == 1))
    names = ("epochs", "examples", "batch_size", "drop_last")
    return [dict(zip(names, edge, strict=True)) for edge in edges]


TASK = Task(
    name="step_size_in_updates",
    number=1,
    section=Section("05_cyclical", "Further: cycles in epochs, and two units confused"),
    points=1,
    reference=step_size_in_updates,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "How many updates does *one* epoch make? Take 10 examples in batches of 4 and "
            "divide them up on paper, once with the last batch and once without it.",
        ),
        Hint(
            "I am right when all batches are full, and off by one or more otherwise",
            "Look at `drop_last`. It decides what happens to the examples that do not fill a "
            "batch, and it does so in *every* epoch.",
        ),
        Hint(
            "The values are right, but their type is not",
            "`/` gives a float even when the result is whole. A count is an int.",
        ),
    ),
    misconceptions=(
        Misconception(
            "always dropped",
            lambda epochs, examples, batch_size, drop_last: epochs * (examples // batch_size),
            "This leaves the incomplete batch out in every case. With drop_last=False it is a "
            "batch like the others, and makes an update.",
        ),
        Misconception(
            "never dropped",
            lambda epochs, examples, batch_size, drop_last: epochs * -(-examples // batch_size),
            "This keeps the incomplete batch in every case. drop_last is not used.",
        ),
        Misconception(
            "drop_last the other way round",
            lambda epochs, examples, batch_size, drop_last: step_size_in_updates(
                epochs, examples, batch_size, not drop_last
            ),
            "You use drop_last the wrong way round. With True the incomplete batch is left out.",
        ),
        Misconception(
            "a batch more in any case",
            lambda epochs, examples, batch_size, drop_last: (
                epochs * (examples // batch_size + (not drop_last))
            ),
            "With drop_last=False you always add a batch. If all batches are full, nothing is "
            "left over for another one.",
        ),
        Misconception(
            "a single epoch",
            lambda epochs, examples, batch_size, drop_last: step_size_in_updates(
                1, examples, batch_size, drop_last
            ),
            "These are the updates of one epoch. epochs is not used.",
        ),
        Misconception(
            "fractions of a batch",
            lambda epochs, examples, batch_size, drop_last: epochs * examples / batch_size,
            "This divides without rounding. An incomplete batch makes one whole update or none, "
            "depending on drop_last.",
        ),
        Misconception(
            "batches across epochs",
            lambda epochs, examples, batch_size, drop_last: (
                epochs * examples // batch_size
                if drop_last
                else -(-epochs * examples // batch_size)
            ),
            "This is what you get when batches run on from one epoch into the next. The loader "
            "starts afresh in every epoch, so you have to round in each epoch.",
        ),
        Misconception(
            "whole cycle",
            lambda epochs, examples, batch_size, drop_last: (
                2 * step_size_in_updates(epochs, examples, batch_size, drop_last)
            ),
            "This is the whole cycle. The step size is the length of the rise only.",
        ),
        Misconception(
            "examples for updates",
            lambda epochs, examples, batch_size, drop_last: epochs * examples,
            "This counts examples. A batch of them makes a single update.",
        ),
    ),
)
