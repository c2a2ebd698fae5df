"""Exercise 5, task 3: the triangle that halves."""

from __future__ import annotations

from course_tasks.ex05_cyclical.shared import spread, triangle, wave_cases
from course_tasks.ex05_cyclical.triangular_lr import triangular_lr
from course_tasks.task import Hint, Misconception, Section, Task


def triangular2_lr(step: int, base_lr: float, max_lr: float, step_size: int) -> float:
    cycle = step // (2 * step_size)
    height = 1 - abs(step / step_size - 2 * cycle - 1)
    return base_lr + (max_lr - base_lr) * height / 2**cycle


TASK = Task(
    name="triangular2_lr",
    number=3,
    section=Section("05_cyclical", "Up and down"),
    points=2,
    reference=triangular2_lr,
    make_cases=wave_cases,
    scale=spread,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "Begin with the plain triangle of the previous task. Only one factor is new, and it "
            "depends on the number of cycles that are over.",
        ),
        Hint(
            "The first cycle is right, but the others are too low or too high",
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
            triangular_lr,
            "This is the plain triangle, in which every cycle is as high as the first.",
        ),
        Misconception(
            "the top is halved",
            lambda step, base_lr, max_lr, step_size: (
                base_lr
                + (max_lr / 2 ** (step // (2 * step_size)) - base_lr) * triangle(step, step_size)
            ),
            "This halves max_lr itself, so a late top falls below base_lr. You should halve the "
            "height above the foot.",
        ),
        Misconception(
            "the foot is halved too",
            lambda step, base_lr, max_lr, step_size: (
                triangular_lr(step, base_lr, max_lr, step_size) / 2 ** (step // (2 * step_size))
            ),
            "You halve the whole rate, including the foot, so the rate jumps between cycles. "
            "The foot stays at base_lr.",
        ),
        Misconception(
            "halved every half cycle",
            lambda step, base_lr, max_lr, step_size: (
                base_lr + (max_lr - base_lr) * triangle(step, step_size) / 2 ** (step // step_size)
            ),
            "You halve the height after every step_size updates, so at the tops as well. A "
            "cycle is twice as long.",
        ),
        Misconception(
            "halved at the tops",
            lambda step, base_lr, max_lr, step_size: (
                base_lr
                + (max_lr - base_lr)
                * triangle(step, step_size)
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
                * triangle(step, step_size)
                / 2 ** (1 + step // (2 * step_size))
            ),
            "Your first cycle is already halved, because you count the cycles from 1. At step 0 "
            "no cycle is over yet, and the first top is max_lr.",
        ),
        Misconception(
            "falls as one over the cycle",
            lambda step, base_lr, max_lr, step_size: (
                base_lr
                + (max_lr - base_lr) * triangle(step, step_size) / (1 + step // (2 * step_size))
            ),
            "Your heights are a whole, a half, a third, … of the first. Halving gives a whole, a "
            "half, a quarter.",
        ),
        Misconception(
            "halved little by little",
            lambda step, base_lr, max_lr, step_size: (
                base_lr
                + (max_lr - base_lr) * triangle(step, step_size) / 2 ** (step / (2 * step_size))
            ),
            "The factor shrinks with every update here, as in exp_range. In triangular2 it stays "
            "the same within a cycle.",
        ),
    ),
)
