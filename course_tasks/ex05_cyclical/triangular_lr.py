"""Exercise 5: the step size in updates, two triangles, and when to take a snapshot."""

from __future__ import annotations

import math

import numpy as np

from course_tasks._ex05_counting import SNAPSHOT_STEPS, STEP_SIZE_IN_UPDATES
from course_tasks.task import Case, Hint, Misconception, Task


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


def _triangle(t: float, s: float) -> float:
    return 1 - abs(t % (2 * s) - s) / s


def _spread(case: Case, expected: np.ndarray) -> float:
    return case["max_lr"]


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
            "My top comes too early, or the wave repeats twice as often",
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
            "base not added",
            lambda step, base_lr, max_lr, step_size: (
                (max_lr - base_lr) * _triangle(step, step_size)
            ),
            "This is the height above the foot alone: base_lr has to be added to it.",
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
            "one update late",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * _triangle(step - 1, step_size)
            ),
            "This curve is one update late: you take 1 off the step, which is counted from 0 as "
            "it is.",
        ),
        Misconception(
            "rounded to foot or top",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * (step // step_size % 2)
            ),
            "This wave stays at the foot, then at the top: `//` rounds the share of the way down "
            "to a whole number. Only `/` keeps what lies between.",
        ),
        Misconception(
            "rounded to the top",
            lambda step, base_lr, max_lr, step_size: (
                base_lr
                + (max_lr - base_lr) * (1 - abs(step % (2 * step_size) - step_size) // step_size)
            ),
            "This wave is at the top but for one update a cycle: `//` rounds the distance from the "
            "top down to 0. Only `/` keeps what lies between.",
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
            "halved at the tops",
            lambda step, base_lr, max_lr, step_size: (
                base_lr
                + (max_lr - base_lr)
                * _triangle(step, step_size)
                / 2 ** ((step + step_size) // (2 * step_size))
            ),
            "Your factor changes at the top, where the rate then jumps. It has to change at the "
            "foot, between two cycles.",
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

TASKS = (STEP_SIZE_IN_UPDATES, TRIANGULAR_LR, TRIANGULAR2_LR, SNAPSHOT_STEPS)
