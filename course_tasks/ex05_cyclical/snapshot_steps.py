"""Exercise 5, its counting: the step size in updates, and when to take a snapshot."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Task


def _step_size_in_updates(epochs: int, examples: int, batch_size: int, drop_last: bool) -> int:
    filled_up = 0 if drop_last else batch_size - 1
    return epochs * ((examples + filled_up) // batch_size)


def _step_size_cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        (2, 900, 32, False),  # a rest of 4
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


def _snapshot_steps(total_steps: int, step_size: int, count: int) -> list[int]:
    cycles = total_steps // (2 * step_size)
    first = max(cycles - count, 0) + 1
    return [2 * step_size * cycle for cycle in range(first, cycles + 1)]


def _snapshot_cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        (80, 10, 4),  # the run ends with the last cycle
        (80, 10, 2),
        (79, 10, 4),
        (81, 10, 4),
        (95, 10, 1),
        (20, 10, 1),
        (20, 10, 5),
        (13, 1, 3),
        (300, 25, 100),
    ]
    for _ in range(9):
        step_size = int(rng.integers(1, 200))
        total = int(rng.integers(2 * step_size, 24 * step_size + 1))
        edges.append((total, step_size, int(rng.integers(1, 8))))
    names = ("total_steps", "step_size", "count")
    return [dict(zip(names, edge, strict=True)) for edge in edges]


STEP_SIZE_IN_UPDATES = Task(
    name="step_size_in_updates",
    points=1,
    reference=_step_size_in_updates,
    make_cases=_step_size_cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "How many updates does *one* epoch make? Take 10 examples in batches of 4, and deal "
            "them out on paper: once with the last batch kept, once without.",
        ),
        Hint(
            "I am right where the batches come out even, and one or more off elsewhere",
            "Look at `drop_last`. It decides what becomes of the examples that do not fill a "
            "batch, and it decides in *every* epoch.",
        ),
        Hint(
            "The values are right, but their type is not",
            "`/` gives a float even where the result is whole. A count is an int.",
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
            "This keeps the incomplete batch in every case: drop_last is not used.",
        ),
        Misconception(
            "drop_last the other way round",
            lambda epochs, examples, batch_size, drop_last: _step_size_in_updates(
                epochs, examples, batch_size, not drop_last
            ),
            "drop_last works the other way round here: with True the incomplete batch is left out.",
        ),
        Misconception(
            "a batch more in any case",
            lambda epochs, examples, batch_size, drop_last: (
                epochs * (examples // batch_size + (not drop_last))
            ),
            "With drop_last=False you always add a batch. Where the batches come out even, "
            "nothing is left over for it.",
        ),
        Misconception(
            "a single epoch",
            lambda epochs, examples, batch_size, drop_last: _step_size_in_updates(
                1, examples, batch_size, drop_last
            ),
            "These are the updates of one epoch: epochs is not used.",
        ),
        Misconception(
            "fractions of a batch",
            lambda epochs, examples, batch_size, drop_last: epochs * examples / batch_size,
            "This divides without rounding. An incomplete batch makes a whole update or none, as "
            "drop_last says.",
        ),
        Misconception(
            "batches across epochs",
            lambda epochs, examples, batch_size, drop_last: (
                epochs * examples // batch_size
                if drop_last
                else -(-epochs * examples // batch_size)
            ),
            "This is what you get when batches run on from one epoch into the next. The loader "
            "starts afresh in every epoch, so the rounding happens once an epoch.",
        ),
        Misconception(
            "whole cycle",
            lambda epochs, examples, batch_size, drop_last: (
                2 * _step_size_in_updates(epochs, examples, batch_size, drop_last)
            ),
            "This is the whole cycle. The step size is the length of the climb alone.",
        ),
        Misconception(
            "examples for updates",
            lambda epochs, examples, batch_size, drop_last: epochs * examples,
            "This counts examples. A batch of them makes a single update.",
        ),
    ),
)

SNAPSHOT_STEPS = Task(
    name="snapshot_steps",
    points=2,
    reference=_snapshot_steps,
    make_cases=_snapshot_cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "How many cycles are *complete* when the run is over? Where does the first of them "
            "end, where the second?",
        ),
        Hint(
            "The last one is missing when the cycles fill the run exactly",
            "`range` leaves its end out. All updates are done when total_steps are done, and "
            "that is a good moment too.",
        ),
        Hint(
            "I return too many",
            "Two reasons are common. A snapshot before the first update is no model yet. And "
            "only the last `count` are wanted.",
        ),
    ),
    misconceptions=(
        Misconception(
            "at the tops too",
            lambda total_steps, step_size, count: list(
                range(step_size, total_steps + 1, step_size)
            )[-count:],
            "Every second of these is at a top, where the rate is highest and the model least "
            "finished. A cycle is two step sizes long.",
        ),
        Misconception(
            "at the tops",
            lambda total_steps, step_size, count: list(
                range(step_size, total_steps + 1, 2 * step_size)
            )[-count:],
            "These are the tops, where the rate is highest and the model least finished.",
        ),
        Misconception(
            "the untrained model",
            lambda total_steps, step_size, count: list(range(0, total_steps + 1, 2 * step_size))[
                -count:
            ],
            "Step 0 is among them where there is room for it. The rate is at its foot there, but "
            "nothing has been trained.",
        ),
        Misconception(
            "last cycle forgotten",
            lambda total_steps, step_size, count: list(
                range(2 * step_size, total_steps, 2 * step_size)
            )[-count:],
            "The end of the run itself is missing where a cycle ends with it. `range` leaves its "
            "end out.",
        ),
        Misconception(
            "the first ones",
            lambda total_steps, step_size, count: list(
                range(2 * step_size, total_steps + 1, 2 * step_size)
            )[:count],
            "These are the first `count` ends of cycles. The last ones are wanted: they are "
            "trained longest.",
        ),
        Misconception(
            "all of them",
            lambda total_steps, step_size, count: list(
                range(2 * step_size, total_steps + 1, 2 * step_size)
            ),
            "These are the ends of all cycles: count is not used.",
        ),
        Misconception(
            "falling order",
            lambda total_steps, step_size, count: _snapshot_steps(total_steps, step_size, count)[
                ::-1
            ],
            "These are the right moments, the latest first. They are asked for in rising order.",
        ),
        Misconception(
            "counted back from the end of the run",
            lambda total_steps, step_size, count: list(range(total_steps, 0, -2 * step_size))[
                :count
            ][::-1],
            "You count back from the end of the run. Cycles begin at step 0, and the last one may "
            "be cut short.",
        ),
        Misconception(
            "as many cycles, counted back from the end of the run",
            lambda total_steps, step_size, count: [
                end + total_steps % (2 * step_size)
                for end in _snapshot_steps(total_steps, step_size, count)
            ],
            "These lie whole cycles before the end of the run. Where a cycle is cut short, the "
            "rate is not at its foot there: count from step 0.",
        ),
        Misconception(
            "number of the last update",
            lambda total_steps, step_size, count: [
                end - 1 for end in _snapshot_steps(total_steps, step_size, count)
            ],
            "Each of these is one too small: you count the last update of a cycle from 0. Asked "
            "for is how many updates are done.",
        ),
        Misconception(
            "the end of the run in any case",
            lambda total_steps, step_size, count: sorted(
                {*range(2 * step_size, total_steps + 1, 2 * step_size), total_steps}
            )[-count:],
            "The end of the run is always among these. Where a cycle is cut short, the rate is "
            "not at its foot there.",
        ),
    ),
)
