"""Exercise 2, task 2: decay a little at every update."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import peak_of
from course_tasks.task import Case, Hint, Misconception, Section, Task


def exponential_rates(steps: np.ndarray, peak_lr: float, gamma: float, every: int) -> np.ndarray:
    return peak_lr * gamma ** (steps / every)


def cases(rng: np.random.Generator) -> list[Case]:
    def case(steps, peak_lr, gamma, every):
        return {"steps": steps, "peak_lr": peak_lr, "gamma": gamma, "every": every}

    edges = [
        case(np.arange(12), 0.1, 0.5, 4),
        case(np.array([0, 99, 100, 101, 200]), 2.0, 0.1, 100),
        case(np.array([0, 1, 2, 3]), 0.3, 0.9, 1),
        case(np.array([[0, 10], [20, 5]]), 1.0, 0.25, 10),
        case(np.array([0, 7, 70]), 0.5, 1.0, 7),
    ]
    for _ in range(8):
        steps = np.sort(rng.integers(0, 300, size=rng.integers(5, 30)))
        gamma, every = float(rng.uniform(0.3, 0.99)), int(rng.integers(1, 100))
        edges.append(case(steps, float(rng.uniform(0.01, 2.0)), gamma, every))
    return edges


TASK = Task(
    name="exponential_rates",
    number=2,
    section=Section(
        "02_classic_decay", "What goes wrong, 1: a factor per epoch, applied per batch"
    ),
    points=1,
    reference=exponential_rates,
    make_cases=cases,
    scale=peak_of,
    hints=(
        Hint(
            "My rates are practically zero after a few updates",
            "You apply gamma at every update. After how many of them should it have acted once?",
        ),
        Hint(
            "My curve has steps",
            "After half of `every` updates gamma has acted half a time. An exponent need not be a "
            "whole number.",
        ),
        Hint(
            "I do not know how to begin",
            "What is the rate after `every` updates, after twice and three times as many? Write "
            "each as the peak times a power of gamma. What is the exponent, in terms of the "
            "step?",
        ),
    ),
    misconceptions=(
        Misconception(
            "per update",
            lambda steps, peak_lr, gamma, every: peak_lr * gamma ** (1.0 * steps),
            "Gamma acts at every update here. It is the factor for `every` updates together. "
            "Lesson 2 shows what this mistake does to a run.",
        ),
        Misconception(
            "staircase",
            lambda steps, peak_lr, gamma, every: peak_lr * gamma ** (1.0 * (steps // every)),
            "This is the staircase: it jumps once in every `every` updates. The task asks "
            "for the smooth curve that passes through the tops of its stairs.",
        ),
        Misconception(
            "counts from 1",
            lambda steps, peak_lr, gamma, every: peak_lr * gamma ** ((steps + 1) / every),
            "Your curve is one update ahead: at step 0 nothing has decayed yet.",
        ),
        Misconception(
            "gamma divided",
            lambda steps, peak_lr, gamma, every: peak_lr * (gamma / every) ** (1.0 * steps),
            "Gamma is divided by `every`. To spread a factor over several updates, take a root "
            "of it, which is a division in the exponent.",
        ),
        Misconception(
            "euler",
            lambda steps, peak_lr, gamma, every: peak_lr * np.exp(-gamma * steps / every),
            "This is the form with e and a speed k. Here gamma is the factor itself, so it is "
            "the base of the power.",
        ),
        Misconception(
            "upside down",
            lambda steps, peak_lr, gamma, every: peak_lr * gamma ** (every / np.float64(steps)),
            "The exponent is upside down. It has to grow with the step.",
        ),
    ),
)
