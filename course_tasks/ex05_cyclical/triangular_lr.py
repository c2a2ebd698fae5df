"""Exercise 5, task 2: the triangle."""

from __future__ import annotations

import math

from course_tasks.ex05_cyclical.shared import spread, triangle, wave_cases
from course_tasks.task import Hint, Misconception, Section, Task


def triangular_lr(step: int, base_lr: float, max_lr: float, step_size: int) -> float:
    position = step % (2 * step_size)
    height = 1 - abs(position - step_size) / step_size
    return base_lr + (max_lr - base_lr) * height


TASK = Task(
    name="triangular_lr",
    number=2,
    section=Section("05_cyclical", "Up and down"),
    points=2,
    reference=triangular_lr,
    make_cases=wave_cases,
    scale=spread,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "First find the position of the step in its cycle, a number from 0 up to, but not "
            "including, the cycle's length. After that you can forget the earlier cycles.",
        ),
        Hint(
            "I need one `if` for the rise and one for the fall",
            "That works. You can also ask how far the step is from the *top*. The distance is "
            "the same on both sides, and `abs` gives it.",
        ),
        Hint(
            "My top comes too early, or the wave repeats twice as often",
            "`step_size` is the number of updates from the foot to the top. How long is a "
            "cycle, then?",
        ),
        Hint(
            "The first cycle is right, but the others are not",
            "The wave goes on for ever. Which operator gives the remainder of a division?",
        ),
    ),
    misconceptions=(
        Misconception(
            "step size is the cycle",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * triangle(step, step_size / 2)
            ),
            "Your waves are half as long as they should be, because you take step_size as the "
            "whole cycle. It is the length of the rise, half a cycle.",
        ),
        Misconception(
            "begins at the top",
            lambda step, base_lr, max_lr, step_size: (
                max_lr - (max_lr - base_lr) * triangle(step, step_size)
            ),
            "This wave is upside down. It begins at the top. The first update uses base_lr.",
        ),
        Misconception(
            "sawtooth",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * (step % step_size) / step_size
            ),
            "This rate rises and then drops back at once, like a sawtooth. The fall should be "
            "as long as the rise.",
        ),
        Misconception(
            "base added to the whole height",
            lambda step, base_lr, max_lr, step_size: base_lr + max_lr * triangle(step, step_size),
            "The top of this wave is base_lr + max_lr. The triangle should multiply the "
            "distance between the two rates.",
        ),
        Misconception(
            "base not added",
            lambda step, base_lr, max_lr, step_size: (max_lr - base_lr) * triangle(step, step_size),
            "This is only the height above the foot. You have to add base_lr to it.",
        ),
        Misconception(
            "foot at zero",
            lambda step, base_lr, max_lr, step_size: max_lr * triangle(step, step_size),
            "The foot of this wave is 0. base_lr is not used.",
        ),
        Misconception(
            "counted from one",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * triangle(step + 1, step_size)
            ),
            "This curve is one update early. `step` counts the updates already done, so the "
            "first update, step 0, is at the foot.",
        ),
        Misconception(
            "one update late",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * triangle(step - 1, step_size)
            ),
            "This curve is one update late. You subtract 1 from the step, which is already "
            "counted from 0.",
        ),
        Misconception(
            "rounded to foot or top",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * (step // step_size % 2)
            ),
            "This wave stays at the foot and then at the top, because `//` rounds the share "
            "down to a whole number. `/` keeps the fraction.",
        ),
        Misconception(
            "rounded to the top",
            lambda step, base_lr, max_lr, step_size: (
                base_lr
                + (max_lr - base_lr) * (1 - abs(step % (2 * step_size) - step_size) // step_size)
            ),
            "This wave is at the top except for one update per cycle, because `//` rounds the "
            "distance from the top down to 0. `/` keeps the fraction.",
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
            "This wave has the right turning points, but it is curved between them. A triangle "
            "consists of linear pieces.",
        ),
    ),
)
