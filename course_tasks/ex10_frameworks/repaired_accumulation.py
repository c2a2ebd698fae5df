"""Exercise 10, task 4: gradients of several batches."""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import half_cosine, named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def repaired_accumulation(peak_lr: float, batches: int, accumulate: int) -> np.ndarray:
    updates = batches // accumulate
    return peak_lr * (1 + np.cos(np.pi * np.arange(updates) / updates)) / 2


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 24, 4), (0.5, 10, 1), (2.0, 22, 4), (0.1, 23, 3), (0.1, 2, 2)]
    for _ in range(8):
        accumulate = int(rng.integers(2, 6))
        batches = accumulate * int(rng.integers(3, 9)) + int(rng.integers(0, accumulate))
        edges.append((rate_between(rng), batches, accumulate))
    return named("peak_lr batches accumulate", edges)


def accumulation_as(done, length):
    def rates(peak_lr, batches, accumulate):
        k = np.arange(batches // accumulate)
        return half_cosine(done(k, accumulate), length(batches, accumulate), peak_lr)

    return rates


def a_rate_a_batch(peak_lr, batches, accumulate):
    i = np.arange(batches)
    return half_cosine(i // accumulate, batches // accumulate, peak_lr)


def leftover_is_an_update(peak_lr, batches, accumulate):
    updates = -(-batches // accumulate)
    return half_cosine(np.arange(updates), updates, peak_lr)


TASK = Task(
    name="repaired_accumulation",
    number=4,
    section=Section("10_frameworks", "A. Order and counting"),
    points=1,
    reference=repaired_accumulation,
    make_cases=cases,
    hints=(
        Hint(
            "The rate jumps up and down",
            "Count for 8 batches, with 4 of them in each update. How many updates and how many "
            "scheduler steps are there? Which two counts have to agree?",
        ),
        Hint(
            "I fail only where batches are left over",
            "A group that is not full makes no update here. How many updates are there?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            accumulation_as(lambda k, a: k * a + a - 1, lambda b, a: b // a),
            "These are still the rates of the broken loop: the scheduler is stepped in every "
            "batch, but T_max counts updates.",
        ),
        Misconception(
            "batches, stepped per update",
            accumulation_as(lambda k, a: k, lambda b, a: b),
            "The scheduler is stepped once per update, but T_max counts batches, so the rate "
            "ends far above zero.",
        ),
        Misconception(
            "all in batches",
            accumulation_as(lambda k, a: k * a + a - 1, lambda b, a: b),
            "The scheduler and T_max now both count batches. That is close, but the first "
            "update comes after some steps of the scheduler, below the peak. Count updates in "
            "both.",
        ),
        Misconception(
            "a rate a batch",
            a_rate_a_batch,
            "You return a rate for every batch. Only the last batch of a group makes an update.",
        ),
        Misconception(
            "leftover batches counted",
            leftover_is_an_update,
            "You count the batches left over at the end as an update. They make no update.",
        ),
    ),
)
