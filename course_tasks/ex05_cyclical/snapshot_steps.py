"""Exercise 5, task 4: when to take a snapshot."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def snapshot_steps(total_steps: int, step_size: int, count: int) -> list[int]:
    cycles = total_steps // (2 * step_size)
    first = max(cycles - count, 0) + 1
    return [2 * step_size * cycle for cycle in range(first, cycles + 1)]


def cases(rng: np.random.Generator) -> list[Case]:
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


TASK = Task(
    name="snapshot_steps",
    number=4,
    section=Section("05_cyclical", "Further: several models from one run"),
    points=2,
    reference=snapshot_steps,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "How many cycles are *complete* when the run is over? Where does the first one end, "
            "and where the second?",
        ),
        Hint(
            "The last one is missing when the cycles fill the run exactly",
            "`range` excludes its end. A cycle that ends exactly at total_steps is complete, so "
            "it counts as well.",
        ),
        Hint(
            "I return too many",
            "There are two common reasons. At step 0 nothing has been trained, so it does not "
            "count. And the task asks only for the last `count`.",
        ),
    ),
    misconceptions=(
        Misconception(
            "at the tops too",
            lambda total_steps, step_size, count: list(
                range(step_size, total_steps + 1, step_size)
            )[-count:],
            "Every second one of these is at a top, where the rate is highest. A cycle is two "
            "step sizes long.",
        ),
        Misconception(
            "at the tops",
            lambda total_steps, step_size, count: list(
                range(step_size, total_steps + 1, 2 * step_size)
            )[-count:],
            "These are the tops, where the rate is highest. A snapshot is taken at the foot.",
        ),
        Misconception(
            "the untrained model",
            lambda total_steps, step_size, count: list(range(0, total_steps + 1, 2 * step_size))[
                -count:
            ],
            "You include step 0. The rate is at its foot there, but nothing has been trained.",
        ),
        Misconception(
            "last cycle forgotten",
            lambda total_steps, step_size, count: list(
                range(2 * step_size, total_steps, 2 * step_size)
            )[-count:],
            "The end of the run is missing in cases where a cycle ends with it. `range` "
            "excludes its end.",
        ),
        Misconception(
            "the first ones",
            lambda total_steps, step_size, count: list(
                range(2 * step_size, total_steps + 1, 2 * step_size)
            )[:count],
            "These are the first `count` ends of cycles. The task asks for the last ones, which "
            "have been trained longest.",
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
            lambda total_steps, step_size, count: snapshot_steps(total_steps, step_size, count)[
                ::-1
            ],
            "These are the right steps, but with the latest first. The task asks for rising order.",
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
                for end in snapshot_steps(total_steps, step_size, count)
            ],
            "These lie whole cycles before the end of the run. If the last cycle is cut short, "
            "the rate is not at its foot there. Count from step 0.",
        ),
        Misconception(
            "number of the last update",
            lambda total_steps, step_size, count: [
                end - 1 for end in snapshot_steps(total_steps, step_size, count)
            ],
            "Each of these is one too small, because it is the number of the last update, "
            "counted from 0. The task asks for the number of updates done.",
        ),
        Misconception(
            "the end of the run in any case",
            lambda total_steps, step_size, count: sorted(
                {*range(2 * step_size, total_steps + 1, 2 * step_size), total_steps}
            )[-count:],
            "You always include the end of the run. If the last cycle is cut short, the rate is "
            "not at its foot there.",
        ),
    ),
)
