"""Exercise 2, task 6: milestones in updates."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def milestones_in_updates(
    epochs: list[int], examples: int, batch_size: int, drop_last: bool
) -> list[int]:
    batches = examples / batch_size
    whole = int(np.floor(batches)) if drop_last else int(np.ceil(batches))
    return [epoch * whole for epoch in epochs]


def cases(rng: np.random.Generator) -> list[Case]:
    def case(epochs, examples, batch_size, drop_last):
        return {
            "epochs": epochs,
            "examples": examples,
            "batch_size": batch_size,
            "drop_last": drop_last,
        }

    edges = [
        case(epochs, examples, batch_size, drop_last)
        for drop_last in (False, True)
        for epochs, examples, batch_size in (
            ([30, 60, 90], 1_281_167, 256),
            ([30, 60, 80], 1_281_167, 8192),
            ([91, 137], 45_000, 128),
            ([1, 2], 100, 10),
            ([1, 3], 101, 10),
            ([2, 5], 109, 10),
            ([4], 10, 10),
            ([7], 5, 3),
        )
    ]
    for _ in range(10):
        batch = int(rng.integers(2, 200))
        examples = batch * int(rng.integers(1, 50)) + int(rng.integers(0, batch))
        epochs = np.sort(rng.choice(np.arange(1, 100), size=rng.integers(1, 4), replace=False))
        edges.append(case(epochs.tolist(), examples, batch, bool(rng.integers(2))))
    return edges


def whole_batches(batches, drop_last):
    return int(batches) if drop_last else int(np.ceil(batches))


TASK = Task(
    name="milestones_in_updates",
    number=6,
    section=Section("02_classic_decay", "A recipe in epochs, a scheduler in updates"),
    points=2,
    reference=milestones_in_updates,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Forget the milestones at first. How many updates does *one* epoch make? Work it "
            "out by hand for 10 examples in batches of 4, with the incomplete batch and without "
            "it.",
        ),
        Hint(
            "I am off by less than one update per epoch",
            "You may be rounding at the end. Every epoch has its own incomplete last batch, "
            "which is counted or left out once in each epoch.",
        ),
        Hint(
            "The check says that whole numbers are asked for",
            "A quotient in Python is a float, even if it is a whole number. A scheduler "
            "compares its counter with milestones, so they are counts.",
        ),
    ),
    misconceptions=(
        Misconception(
            "last batch never counts",
            lambda epochs, examples, batch_size, drop_last: [
                epoch * (examples // batch_size) for epoch in epochs
            ],
            "An epoch's incomplete last batch is never counted. Without drop_last it is an update "
            "like any other.",
        ),
        Misconception(
            "last batch always counts",
            lambda epochs, examples, batch_size, drop_last: [
                epoch * -(-examples // batch_size) for epoch in epochs
            ],
            "An epoch's incomplete last batch is always counted. With drop_last it is thrown away.",
        ),
        Misconception(
            "always one more",
            lambda epochs, examples, batch_size, drop_last: [
                epoch * (examples // batch_size + (not drop_last)) for epoch in epochs
            ],
            "Without drop_last you always add a batch. If all batches are full, there is no "
            "incomplete one, and you count one batch too many.",
        ),
        Misconception(
            "wrong way round",
            lambda epochs, examples, batch_size, drop_last: [
                epoch * whole_batches(examples / batch_size, not drop_last) for epoch in epochs
            ],
            "drop_last is read the wrong way round: True means that the incomplete batch is "
            "thrown away.",
        ),
        Misconception(
            "rounded at the end",
            lambda epochs, examples, batch_size, drop_last: [
                whole_batches(epoch * examples / batch_size, drop_last) for epoch in epochs
            ],
            "All epochs are taken as one long row of examples and rounded once. A batch never "
            "continues into the next epoch, so each epoch is rounded separately.",
        ),
        Misconception(
            "not rounded",
            lambda epochs, examples, batch_size, drop_last: [
                epoch * examples / batch_size for epoch in epochs
            ],
            "Nothing is rounded here. There are no fractions of an update. The incomplete batch "
            "counts as one update or none.",
        ),
        Misconception(
            "to the nearest",
            lambda epochs, examples, batch_size, drop_last: [
                epoch * int(examples / batch_size + 0.5) for epoch in epochs
            ],
            "The batches of an epoch are rounded to the nearest number. How full the last batch "
            "is does not matter, only whether it is dropped.",
        ),
        Misconception(
            "epochs from 1",
            lambda epochs, examples, batch_size, drop_last: [
                (epoch - 1) * whole_batches(examples / batch_size, drop_last) for epoch in epochs
            ],
            "These are the starts of the epochs as people number them, from 1. A milestone at 30 "
            "means that 30 epochs are done.",
        ),
        Misconception(
            "last update before",
            lambda epochs, examples, batch_size, drop_last: [
                epoch * whole_batches(examples / batch_size, drop_last) - 1 for epoch in epochs
            ],
            "You give the last update before the drop. A milestone is the number of updates "
            "done when the lower rate first applies.",
        ),
    ),
)
