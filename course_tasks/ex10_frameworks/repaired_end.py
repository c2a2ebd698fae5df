"""Exercise 10, task 5: past the end."""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import half_cosine, named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def repaired_end(peak_lr: float, floor: float, T_max: int, updates: int) -> np.ndarray:
    done = np.minimum(np.arange(updates), T_max) / T_max
    return floor + (peak_lr - floor) * (1 + np.cos(np.pi * done)) / 2


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        (0.1, 0.0, 6, 10),
        (0.1, 0.01, 6, 10),
        (2.0, 0.5, 5, 6),
        (0.5, 0.05, 5, 5),
        (0.5, 0.05, 8, 4),
        (0.1, 0.02, 4, 17),
    ]
    for _ in range(8):
        peak, T_max = rate_between(rng), int(rng.integers(3, 12))
        floor = peak * float(rng.uniform(0.01, 0.3))
        edges.append((peak, floor, T_max, T_max + int(rng.integers(2, 12))))
    return named("peak_lr floor T_max updates", edges)


def end_as(done):
    def rates(peak_lr, floor, T_max, updates):
        return half_cosine(done(np.arange(updates), T_max), T_max, peak_lr, floor)

    return rates


def stretched(peak_lr, floor, T_max, updates):
    return half_cosine(np.arange(updates), updates, peak_lr, floor)


def run_cut_off(peak_lr, floor, T_max, updates):
    return half_cosine(np.arange(min(updates, T_max)), T_max, peak_lr, floor)


def zero_past_the_end(peak_lr, floor, T_max, updates):
    t = np.arange(updates)
    return np.where(t < T_max, half_cosine(t, T_max, peak_lr, floor), 0.0)


TASK = Task(
    name="repaired_end",
    number=5,
    section=Section("10_frameworks", "B. The first update, and past the last"),
    points=1,
    reference=repaired_end,
    make_cases=cases,
    hints=(
        Hint(
            "The rate climbs at the end",
            "The formula of torch's cosine does not stop at its end. What does a scheduler do "
            "if you no longer step it?",
        ),
        Hint(
            "My curve is too slow",
            "T_max is right as it is. The run is longer on purpose, and stays at the floor "
            "after T_max.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            end_as(lambda t, T_max: t),
            "These are still the rates of the broken loop: past T_max the cosine climbs back.",
        ),
        Misconception(
            "stretched",
            stretched,
            "The cosine is stretched over the whole run. It should reach the floor after T_max "
            "updates and stay there.",
        ),
        Misconception(
            "run cut off",
            run_cut_off,
            "Your run now ends at T_max. Return the rates of all updates; the later ones have "
            "the floor.",
        ),
        Misconception(
            "zero past the end",
            zero_past_the_end,
            "Past T_max your rate is 0. It should be the floor.",
        ),
        Misconception(
            "held one early",
            end_as(lambda t, T_max: np.minimum(t, T_max - 1)),
            "The rate is held one step too early, so it stays a little above the floor.",
        ),
        Misconception(
            "restarted",
            end_as(lambda t, T_max: t % T_max),
            "Past T_max the cosine starts again from the peak.",
        ),
        Misconception(
            "held one late",
            end_as(lambda t, T_max: np.minimum(t, T_max + 1)),
            "The rate is held one step too late. It has reached the floor and risen a little "
            "again.",
        ),
    ),
)
