"""Exercise 3: a cosine with a floor, warm restarts, and a run that is resumed past its end."""

from __future__ import annotations

import numpy as np

from course_tasks._curves import half_wave, peak_of
from course_tasks._ex03_resumed import RESUMED_RATES, down
from course_tasks.task import Case, Hint, Misconception, Task


def _cosine_rate(step: int, peak_lr: float, total_steps: int, floor: float) -> float:
    done = min(step / total_steps, 1.0)
    return floor + (peak_lr - floor) * (1.0 + np.cos(np.pi * done)) / 2.0


def _cosine_cases(rng: np.random.Generator) -> list[Case]:
    def case(step, peak_lr, total_steps, floor):
        return {"step": step, "peak_lr": peak_lr, "total_steps": total_steps, "floor": floor}

    edges = [case(t, 0.1, 100, 0.01) for t in (0, 1, 25, 50, 75, 98, 99, 100, 101, 150, 200)]
    edges += [case(t, 2.0, 10, 0.0) for t in (0, 3, 5, 9, 10, 11, 17)]
    edges += [case(3, 0.2, 8, 0.2), case(0, 1.0, 1, 0.1), case(1, 1.0, 1, 0.1)]
    for _ in range(10):
        total, peak = int(rng.integers(2, 200)), float(rng.uniform(0.01, 2.0))
        step = int(rng.integers(0, 2 * total))
        edges.append(case(step, peak, total, float(rng.uniform(0.0, 0.5)) * peak))
    return edges


COSINE_RATE = Task(
    name="cosine_rate",
    points=2,
    reference=_cosine_rate,
    make_cases=_cosine_cases,
    scale=peak_of,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "Work out first which share of the run is done, as a number from 0 to 1. The rest is "
            "the formula with that share in it.",
        ),
        Hint(
            "My rate rises again past the end",
            "The cosine goes up again after half a wave. Which share of the run may be done, at "
            "most?",
        ),
        Hint(
            "My rates at the start or at the end are too high or too low",
            "At step 0 the bracket $(1+\\cos)$ is 2, at the end 0. What do you get for the rate "
            "in each of the two? It should be the peak and the floor.",
        ),
    ),
    misconceptions=(
        Misconception(
            "climbs past the end",
            lambda step, peak_lr, total_steps, floor: down(step / total_steps, peak_lr, floor),
            "Past total_steps your rate climbs back towards the peak, as PyTorch's "
            "CosineAnnealingLR does. Here it has to stay at the floor.",
        ),
        Misconception(
            "zero past the end",
            lambda step, peak_lr, total_steps, floor: (
                down(step / total_steps, peak_lr, floor) if step <= total_steps else 0.0
            ),
            "Past total_steps your rate is 0. The floor is held there.",
        ),
        Misconception(
            "zero from the end on",
            lambda step, peak_lr, total_steps, floor: (
                down(step / total_steps, peak_lr, floor) if step < total_steps else 0.0
            ),
            "From total_steps on your rate is 0. It is the floor that is reached there, and held.",
        ),
        Misconception(
            "ends one early",
            lambda step, peak_lr, total_steps, floor: down(
                min(step / (total_steps - 1), 1), peak_lr, floor
            ),
            "Your curve reaches the floor at total_steps - 1, which is the last update. Here it "
            "reaches it at total_steps, one update later.",
        ),
        Misconception(
            "whole wave",
            lambda step, peak_lr, total_steps, floor: down(
                2 * min(step / total_steps, 1), peak_lr, floor
            ),
            "This is a whole wave: it is at the floor in the middle of the run and at the peak "
            "again at its end. Half a wave is asked for.",
        ),
        Misconception(
            "floor cuts off",
            lambda step, peak_lr, total_steps, floor: max(
                floor, peak_lr * half_wave(min(step / total_steps, 1))
            ),
            "Your cosine heads for zero and is cut off at the floor, with a corner. It should "
            "come down to the floor at total_steps, and be flat there.",
        ),
        Misconception(
            "floor added",
            lambda step, peak_lr, total_steps, floor: (
                floor + peak_lr * half_wave(min(step / total_steps, 1))
            ),
            "The floor is added on top of the whole cosine, so the run starts above its peak. What "
            "the cosine scales is the distance from the peak to the floor.",
        ),
        Misconception(
            "floor as a share",
            lambda step, peak_lr, total_steps, floor: down(
                min(step / total_steps, 1), peak_lr, floor * peak_lr
            ),
            "The floor is taken as a share of the peak (as Keras' alpha is). Here it is a rate "
            "itself.",
        ),
        Misconception(
            "forgotten half",
            lambda step, peak_lr, total_steps, floor: (
                floor + (peak_lr - floor) * 2 * half_wave(min(step / total_steps, 1))
            ),
            "The ½ is missing: 1 + cos goes from 2 to 0, so your run starts at nearly twice its "
            "peak.",
        ),
        Misconception(
            "quarter wave",
            lambda step, peak_lr, total_steps, floor: (
                floor + (peak_lr - floor) * np.cos(np.pi / 2 * min(step / total_steps, 1))
            ),
            "This is a quarter of a wave, from 1 to 0: it ends at its steepest. Half a wave, from "
            "1 to −1, is moved up and scaled.",
        ),
        Misconception(
            "no pi",
            lambda step, peak_lr, total_steps, floor: (
                floor + (peak_lr - floor) * (1 + np.cos(min(step / total_steps, 1))) / 2
            ),
            "π is missing: the argument of the cosine goes to 1 only, so the rate stays far above "
            "the floor.",
        ),
        Misconception(
            "counts from 1",
            lambda step, peak_lr, total_steps, floor: down(
                min((step + 1) / total_steps, 1), peak_lr, floor
            ),
            "You count the steps from 1, so your curve is one update ahead: at step 0 nothing has "
            "been done yet and the rate is the peak.",
        ),
    ),
)


def _restart_rate(step: int, peak_lr: float, first: int, mult: int, floor: float) -> float:
    since, length = float(step), float(first)
    for _ in range(step):  # there are never more cycles than updates
        if since >= length:
            since, length = since - length, length * mult
    return floor + (peak_lr - floor) * (1.0 + np.cos(np.pi * since / length)) / 2.0


def _restart_cases(rng: np.random.Generator) -> list[Case]:
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


def _longer(length, number, first, mult):
    return length * mult


def _cycles(
    next_length=_longer,
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


def _bounds_multiplied(step, peak_lr, first, mult, floor):
    start, end = 0, first
    while step >= end:
        start, end = end, (end * mult if mult > 1 else end + first)
    return down((step - start) / (end - start), peak_lr, floor)


RESTART_RATE = Task(
    name="restart_rate",
    points=3,
    reference=_restart_rate,
    make_cases=_restart_cases,
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
            "Each cycle is `mult` times as long as the one *before it*, and it begins where that "
            "one ended: after the sum of all lengths so far.",
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
            _cycles(lambda length, number, first, mult: length),
            "All your cycles have the same length; mult is not used.",
        ),
        Misconception(
            "floor at the boundary",
            _cycles(restarts=lambda since, length: since > length),
            "Your restarts come one update late: a cycle of `first` updates has the positions 0 to "
            "first - 1, and at step = first the next one has begun, at the peak.",
        ),
        Misconception(
            "lengths added",
            _cycles(lambda length, number, first, mult: length + first * (mult - 1)),
            "Your cycles grow by the same amount each time. They should grow by the same factor.",
        ),
        Misconception(
            "multiples of the first",
            _cycles(lambda length, number, first, mult: first * mult),
            "From the second cycle on yours stop growing. Each is mult times as long as the one "
            "before, not as the first.",
        ),
        Misconception(
            "ends multiplied",
            _bounds_multiplied,
            "You multiply the steps at which cycles end. It is the lengths that are multiplied; "
            "the ends are their sums.",
        ),
        Misconception(
            "shape of the first",
            _cycles(share=lambda since, length, first: since / first),
            "Your restarts are in the right places, but the position is divided by the length of "
            "the first cycle in all of them. Each cycle is half a wave over its own length.",
        ),
        Misconception(
            "floor at the last position",
            _cycles(share=lambda since, length, first: since / (length - 1)),
            "Your cycles reach the floor at their last position, n - 1. In the formula the "
            "position is divided by n, so the floor is where the next cycle begins.",
        ),
        Misconception(
            "no restart",
            lambda step, peak_lr, first, mult, floor: down(step / first, peak_lr, floor),
            "This wave goes up as slowly as it came down. A restart jumps: each cycle is half a "
            "wave and the next begins at the peak.",
        ),
        Misconception(
            "one cycle",
            lambda step, peak_lr, first, mult, floor: down(min(step / first, 1), peak_lr, floor),
            "Your rate stays at the floor after the first cycle. There it has to start again.",
        ),
        Misconception(
            "floor ignored",
            lambda step, peak_lr, first, mult, floor: _restart_rate(step, peak_lr, first, mult, 0),
            "Your cycles go down to zero: the floor is not used.",
        ),
    ),
)


TASKS = (COSINE_RATE, RESTART_RATE, RESUMED_RATES)
