"""Exercise 5: the step size in updates, two triangles, and when to take a snapshot."""

from __future__ import annotations

import math

import numpy as np

from course_lib.tasks.task import Case, Hint, Misconception, Task


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


def _triangular_lr(step: int, base_lr: float, max_lr: float, step_size: int) -> float:
    position = step % (2 * step_size)
    height = 1 - abs(position - step_size) / step_size
    return base_lr + (max_lr - base_lr) * height


def _triangular2_lr(step: int, base_lr: float, max_lr: float, step_size: int) -> float:
    cycle = step // (2 * step_size)
    height = 1 - abs(step / step_size - 2 * cycle - 1)
    return base_lr + (max_lr - base_lr) * height / 2**cycle


def _wave_cases(rng: np.random.Generator) -> list[Case]:
    settings = [(0.01, 0.1, 10), (0.0, 2.0, 4), (0.3, 0.5, 1), (0.05, 0.05, 3)]
    settings += [
        (base, base * float(rng.uniform(2, 20)), int(rng.integers(2, 60)))
        for base in rng.uniform(1e-4, 0.2, size=2).tolist()
    ]
    cases = []
    for base_lr, max_lr, s in settings:
        turns = {k * s + near for k in range(8) for near in (-1, 0, 1)}
        drawn = rng.integers(0, 9 * s, size=3).tolist()
        for step in sorted({*turns, *drawn} - {-1}):
            cases.append({"step": int(step), "base_lr": base_lr, "max_lr": max_lr, "step_size": s})
    return cases


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


def _triangle(t: float, s: float) -> float:
    return 1 - abs(t % (2 * s) - s) / s


def _spread(case: Case, expected: np.ndarray) -> float:
    return case["max_lr"]


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

TRIANGULAR_LR = Task(
    name="triangular_lr",
    points=2,
    reference=_triangular_lr,
    make_cases=_wave_cases,
    scale=_spread,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "First find where in its cycle the step is: a number from 0 up to, but not including, "
            "the cycle's length. Then forget the cycles before it.",
        ),
        Hint(
            "I need an `if` for up and one for down",
            "That is a right way. Or ask how far the step is from the *top*: the distance is the "
            "same on both sides, and `abs` knows it.",
        ),
        Hint(
            "My curve ends too high, or repeats twice as often",
            "`step_size` is the way from the foot to the top. How long is a cycle, then?",
        ),
        Hint(
            "The first cycle is right, the others are not",
            "The wave goes on for ever. Which operator gives what is left over by a division?",
        ),
    ),
    misconceptions=(
        Misconception(
            "step size is the cycle",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * _triangle(step, step_size / 2)
            ),
            "Your waves are half as long: this is what you get when step_size is the whole cycle. "
            "It is the length of the climb alone, half a cycle.",
        ),
        Misconception(
            "begins at the top",
            lambda step, base_lr, max_lr, step_size: (
                max_lr - (max_lr - base_lr) * _triangle(step, step_size)
            ),
            "This wave is upside down: it begins at the top. The first update uses base_lr.",
        ),
        Misconception(
            "sawtooth",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * (step % step_size) / step_size
            ),
            "This climbs, and then falls back at once: a sawtooth. The way down is as long as "
            "the way up.",
        ),
        Misconception(
            "base added to the whole height",
            lambda step, base_lr, max_lr, step_size: base_lr + max_lr * _triangle(step, step_size),
            "The top of this wave is base_lr + max_lr. What the triangle multiplies is the "
            "distance between the two rates.",
        ),
        Misconception(
            "foot at zero",
            lambda step, base_lr, max_lr, step_size: max_lr * _triangle(step, step_size),
            "The foot of this wave is 0: base_lr is not used.",
        ),
        Misconception(
            "counted from one",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * _triangle(step + 1, step_size)
            ),
            "This curve is one update early. `step` counts the updates already done, so the "
            "first update, step 0, is at the foot.",
        ),
        Misconception(
            "a single cycle",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * max(0.0, 1 - abs(step - step_size) / step_size)
            ),
            "After the first cycle the rate stays at the foot. The wave repeats for ever.",
        ),
        Misconception(
            "cosine wave",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * (1 - math.cos(math.pi * step / step_size)) / 2
            ),
            "This wave has the right turning points, and is round between them. Triangles are "
            "made of straight lines.",
        ),
    ),
)

TRIANGULAR2_LR = Task(
    name="triangular2_lr",
    points=2,
    reference=_triangular2_lr,
    make_cases=_wave_cases,
    scale=_spread,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "Begin with the plain triangle of the task before. All that is new is one factor, "
            "and it needs to know how many cycles are over.",
        ),
        Hint(
            "The first cycle is right, the others are too low or too high",
            "Write down the height of the tops *above the foot* for three cycles, and then the "
            "tops themselves. Which of the two lists is halved each time?",
        ),
        Hint(
            "My wave has a step in the middle of a cycle",
            "Your factor changes at the top. It has to change where the height is 0, so that "
            "nothing jumps.",
        ),
    ),
    misconceptions=(
        Misconception(
            "not halved",
            _triangular_lr,
            "This is the plain triangle: every cycle is as high as the first.",
        ),
        Misconception(
            "the top is halved",
            lambda step, base_lr, max_lr, step_size: (
                base_lr
                + (max_lr / 2 ** (step // (2 * step_size)) - base_lr) * _triangle(step, step_size)
            ),
            "This halves max_lr itself, so a late top falls below base_lr. What is halved is the "
            "height above the foot.",
        ),
        Misconception(
            "the foot is halved too",
            lambda step, base_lr, max_lr, step_size: (
                _triangular_lr(step, base_lr, max_lr, step_size) / 2 ** (step // (2 * step_size))
            ),
            "The whole rate is halved here, the foot with it, and that makes it jump between "
            "cycles. The foot stays at base_lr.",
        ),
        Misconception(
            "halved every half cycle",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * _triangle(step, step_size) / 2 ** (step // step_size)
            ),
            "The height is halved at every turn, the tops included: this counts in step_size. A "
            "cycle is twice as long.",
        ),
        Misconception(
            "halved from the first cycle on",
            lambda step, base_lr, max_lr, step_size: (
                base_lr
                + (max_lr - base_lr)
                * _triangle(step, step_size)
                / 2 ** (1 + step // (2 * step_size))
            ),
            "The first cycle is already halved here: its number is counted from 1. No cycle is "
            "over yet at step 0, and the first top is max_lr.",
        ),
        Misconception(
            "falls as one over the cycle",
            lambda step, base_lr, max_lr, step_size: (
                base_lr
                + (max_lr - base_lr) * _triangle(step, step_size) / (1 + step // (2 * step_size))
            ),
            "Your heights are a whole, a half, a third, … of the first. Halving gives a whole, a "
            "half, a quarter.",
        ),
        Misconception(
            "halved little by little",
            lambda step, base_lr, max_lr, step_size: (
                base_lr
                + (max_lr - base_lr) * _triangle(step, step_size) / 2 ** (step / (2 * step_size))
            ),
            "The factor shrinks with every update here, as in exp_range. In triangular2 it stays "
            "the same within a cycle.",
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

TASKS = (STEP_SIZE_IN_UPDATES, TRIANGULAR_LR, TRIANGULAR2_LR, SNAPSHOT_STEPS)
