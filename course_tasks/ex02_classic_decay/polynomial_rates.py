"""Exercise 2, task 4: a polynomial, down to a floor."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import peak_of
from course_tasks.task import Case, Hint, Misconception, Section, Task


def polynomial_rates(
    steps: np.ndarray, peak_lr: float, total_steps: int, power: float, floor: float
) -> np.ndarray:
    left = 1.0 - np.minimum(steps / total_steps, 1.0)
    return floor + (peak_lr - floor) * left**power


def cases(rng: np.random.Generator) -> list[Case]:
    def case(steps, peak_lr, total_steps, power, floor):
        return {
            "steps": steps,
            "peak_lr": peak_lr,
            "total_steps": total_steps,
            "power": power,
            "floor": floor,
        }

    edges = [
        case(np.arange(14), 0.1, 10, 2.0, 0.01),
        case(np.array([0, 99, 100, 101, 200]), 2.0, 100, 1.0, 0.0),
        case(np.array([0, 5, 9, 10, 11, 30]), 1.0, 10, 0.5, 0.3),
        case(np.array([[0, 20], [40, 60]]), 0.5, 40, 3.0, 0.1),
        case(np.array([0, 3, 8]), 0.2, 8, 1.0, 0.2),
    ]
    for _ in range(8):
        total, peak = int(rng.integers(5, 100)), float(rng.uniform(0.01, 2.0))
        steps = np.sort(rng.integers(0, 3 * total // 2, size=rng.integers(5, 30)))
        floor = float(rng.uniform(0.0, 0.5)) * peak
        edges.append(case(steps, peak, total, float(rng.choice([0.5, 1.0, 1.5, 3.0])), floor))
    return edges


def share_left(steps, total_steps):
    return np.maximum(1 - steps / total_steps, 0)


TASK = Task(
    name="polynomial_rates",
    number=4,
    section=Section("02_classic_decay", "Seven ways down"),
    points=1,
    reference=polynomial_rates,
    make_cases=cases,
    scale=peak_of,
    hints=(
        Hint(
            "Past the end my rates rise again, or turn negative or NaN",
            "A negative number to the power of 2 is positive, and to the power of ½ it is not a "
            "number. The share of the run that is left never falls below 0.",
        ),
        Hint(
            "My curve starts too high, or has a corner before its end",
            "The floor is where the curve *ends*. The distance that shrinks is the one from the "
            "peak to the floor, not the one from the peak to zero.",
        ),
    ),
    misconceptions=(
        Misconception(
            "not held",
            lambda steps, peak_lr, total_steps, power, floor: (
                floor + (peak_lr - floor) * (1 - steps / total_steps) ** power
            ),
            "Past total_steps your formula goes on. The share that is left turns negative, and "
            "so its power is wrong or not a number. From total_steps on the rate has to stay at "
            "the floor.",
        ),
        Misconception(
            "floor cuts off",
            lambda steps, peak_lr, total_steps, power, floor: np.maximum(
                floor, peak_lr * share_left(steps, total_steps) ** power
            ),
            "Your curve heads for zero and is cut off at the floor. It should come down to the "
            "floor exactly at total_steps, not before.",
        ),
        Misconception(
            "floor added",
            lambda steps, peak_lr, total_steps, power, floor: (
                floor + peak_lr * share_left(steps, total_steps) ** power
            ),
            "The floor is added on top, so the run starts above its peak. The distance that "
            "shrinks is the one from the peak to the floor.",
        ),
        Misconception(
            "zero past the end",
            lambda steps, peak_lr, total_steps, power, floor: np.where(
                steps <= total_steps,
                floor + (peak_lr - floor) * share_left(steps, total_steps) ** power,
                0.0,
            ),
            "Past total_steps your rate is 0. It should stay at the floor.",
        ),
        Misconception(
            "power of the share done",
            lambda steps, peak_lr, total_steps, power, floor: (
                floor + (peak_lr - floor) * (1 - np.minimum(steps / total_steps, 1) ** power)
            ),
            "You take the power of the share that is done. It has to be the power of the share "
            "that is left. With power 1 there is no difference, but with power 2 your curve "
            "starts flat instead of steep.",
        ),
        Misconception(
            "whole power",
            lambda steps, peak_lr, total_steps, power, floor: (
                floor + (peak_lr - floor) * share_left(steps, total_steps) ** int(power)
            ),
            "The power is cut off to a whole number, so 0.5 becomes 0 and the rate never falls. "
            "Any power above 0 is allowed.",
        ),
        Misconception(
            "ends one early",
            lambda steps, peak_lr, total_steps, power, floor: (
                floor + (peak_lr - floor) * share_left(steps, total_steps - 1) ** power
            ),
            "Your curve reaches the floor at total_steps - 1, which is the last update. Here it "
            "reaches it at total_steps, one update later.",
        ),
        Misconception(
            "floor as a share",
            lambda steps, peak_lr, total_steps, power, floor: (
                peak_lr * (floor + (1 - floor) * share_left(steps, total_steps) ** power)
            ),
            "The floor is taken as a share of the peak here. It is a rate itself.",
        ),
    ),
)
