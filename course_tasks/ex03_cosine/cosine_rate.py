"""Exercise 3, task 1: half a cosine, down to a floor."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import half_wave, peak_of
from course_tasks.ex03_cosine.shared import down
from course_tasks.task import Case, Hint, Misconception, Section, Task


def cosine_rate(step: int, peak_lr: float, total_steps: int, floor: float) -> float:
    done = min(step / total_steps, 1.0)
    return floor + (peak_lr - floor) * (1.0 + np.cos(np.pi * done)) / 2.0


def cases(rng: np.random.Generator) -> list[Case]:
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


TASK = Task(
    name="cosine_rate",
    number=1,
    section=Section("03_cosine", "Half a cosine"),
    points=2,
    reference=cosine_rate,
    make_cases=cases,
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
            "At step 0 the bracket $(1+\\cos)$ is 2, and at the end it is 0. Which rates do you "
            "get in these two cases? They should be the peak and the floor.",
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
            "Past total_steps your rate is 0. It should stay at the floor.",
        ),
        Misconception(
            "zero from the end on",
            lambda step, peak_lr, total_steps, floor: (
                down(step / total_steps, peak_lr, floor) if step < total_steps else 0.0
            ),
            "From total_steps on your rate is 0. It should reach the floor there and stay on it.",
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
            "This is a whole wave. It reaches the floor in the middle of the run and is back at "
            "the peak at its end. The task asks for half a wave.",
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
            "The floor is added on top of the whole cosine, so the run starts above its peak. "
            "The cosine scales the distance from the peak to the floor.",
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
            "This is a quarter of a wave, from 1 to 0, which is steepest at its end. The "
            "formula takes half a wave, from 1 to −1, and moves and scales it.",
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
            "You count the steps from 1, so your curve is one update ahead. At step 0 nothing "
            "has been done yet, and the rate is the peak.",
        ),
    ),
)
