"""Exercise 3, task 2: warm restarts."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import peak_of
from course_tasks.ex03_cosine.shared import down
from course_tasks.task import Case, Hint, Misconception, Section, Task


def restart_rate(step: int, peak_lr: float, first: int, mult: int, floor: float) -> float:
    since, length = float(step), float(first)
    for _ in range(step):  # there are never more cycles than updates
        if since >= length:
            since, length = since - length, length * mult
    return floor + (peak_lr - floor) * (1.0 + np.cos(np.pi * since / length)) / 2.0


def cases(rng: np.random.Generator) -> list[Case]:
    def case(step, peak_lr, first, mult, floor):
        return {"step": step, "peak_lr": peak_lr, "first": first, "mult": mult, "floor": floor}

    doubled = (0, 1, 9, 10, 11, 20, 25, 29, 30, 31, 69, 70, 71, 100, 149, 150)
    edges = [case(t, 0.1, 10, 2, 0.01) for t in doubled]
    edges += [case(t, 2.0, 5, 1, 0.0) for t in (0, 2, 4, 5, 6, 9, 10, 23, 50)]
    edges += [case(t, 1.0, 2, 3, 0.1) for t in (1, 2, 5, 7, 8, 25, 26)]
    edges += [case(t, 0.5, 1, 1, 0.2) for t in (0, 1, 5)]
    for _ in range(10):
        first, mult = int(rng.integers(1, 20)), int(rng.integers(1, 4))
        peak = float(rng.uniform(0.01, 2.0))
        floor = float(rng.uniform(0.0, 0.5)) * peak
        edges.append(case(int(rng.integers(0, 200)), peak, first, mult, floor))
    return edges


def longer(length, number, first, mult):
    return length * mult


def cycles(
    next_length=longer,
    restarts=lambda since, length: since >= length,
    share=lambda since, length, first: since / length,
):
    """Return a restart schedule with another length of the next cycle, restart or share done."""

    def rate(step, peak_lr, first, mult, floor):
        since, length, number = step, first, 1
        while restarts(since, length):
            since, number = since - length, number + 1
            length = next_length(length, number, first, mult)
        return down(share(since, length, first), peak_lr, floor)

    return rate


def bounds_multiplied(step, peak_lr, first, mult, floor):
    start, end = 0, first
    while step >= end:
        start, end = end, (end * mult if mult > 1 else end + first)
    return down((step - start) / (end - start), peak_lr, floor)


TASK = Task(
    name="restart_rate",
    number=2,
    section=Section("03_cosine", "Restarts"),
    points=3,
    reference=restart_rate,
    make_cases=cases,
    scale=peak_of,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "With `first = 10` and `mult = 2`, take step 37 by hand. How many updates does the "
            "first cycle use up, and how many the second? How many are left, and how long is the "
            "cycle they lie in? You need those two numbers and the cosine from task 1.",
        ),
        Hint(
            "The first two cycles are right, the later ones are not",
            "Each cycle is `mult` times as long as the one *before it*. It begins where that "
            "one ended, which is after the sum of all lengths so far.",
        ),
        Hint(
            "I am wrong right where a cycle begins",
            "A cycle of 10 updates has the positions 0 to 9. To which cycle does step 10 belong, "
            "and what is its position there?",
        ),
    ),
    misconceptions=(
        Misconception(
            "all cycles equal",
            cycles(lambda length, number, first, mult: length),
            "All your cycles have the same length; mult is not used.",
        ),
        Misconception(
            "floor at the boundary",
            cycles(restarts=lambda since, length: since > length),
            "Your restarts come one update late. A cycle of `first` updates has the positions 0 "
            "to first - 1, so the next one begins at step = first, at the peak.",
        ),
        Misconception(
            "lengths added",
            cycles(lambda length, number, first, mult: length + first * (mult - 1)),
            "Your cycles grow by the same amount each time. They should grow by the same factor.",
        ),
        Misconception(
            "multiples of the first",
            cycles(lambda length, number, first, mult: first * mult),
            "From the second one on, your cycles no longer grow. Each cycle is mult times as "
            "long as the one before it, not as the first.",
        ),
        Misconception(
            "ends multiplied",
            bounds_multiplied,
            "You multiply the steps at which cycles end. Multiply the lengths of the cycles "
            "instead; the ends are their sums.",
        ),
        Misconception(
            "shape of the first",
            cycles(share=lambda since, length, first: since / first),
            "Your restarts are in the right places, but the position is divided by the length of "
            "the first cycle in all of them. Each cycle is half a wave over its own length.",
        ),
        Misconception(
            "floor at the last position",
            cycles(share=lambda since, length, first: since / (length - 1)),
            "Your cycles reach the floor at their last position, n - 1. In the formula the "
            "position is divided by n, so the floor is where the next cycle begins.",
        ),
        Misconception(
            "no restart",
            lambda step, peak_lr, first, mult, floor: down(step / first, peak_lr, floor),
            "This wave goes up as slowly as it came down. A restart is a jump: each cycle is "
            "half a wave, and the next one begins at the peak.",
        ),
        Misconception(
            "one cycle",
            lambda step, peak_lr, first, mult, floor: down(min(step / first, 1), peak_lr, floor),
            "Your rate stays at the floor after the first cycle. It should start again at the "
            "peak there.",
        ),
        Misconception(
            "floor ignored",
            lambda step, peak_lr, first, mult, floor: restart_rate(step, peak_lr, first, mult, 0),
            "Your cycles go down to zero: the floor is not used.",
        ),
    ),
)
