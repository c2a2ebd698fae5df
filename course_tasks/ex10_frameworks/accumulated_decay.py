"""Exercise 10, puzzle 13: a schedule that counts batches."""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import half_cosine, named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def accumulated_decay(
    peak_lr: float, decay_steps: int, accumulate: int, updates: int
) -> np.ndarray:
    batch = accumulate * np.arange(updates) + accumulate - 1
    done = np.minimum(batch, decay_steps) / decay_steps
    return peak_lr * (1 + np.cos(np.pi * done)) / 2


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 100, 4, 30), (0.5, 10, 1, 12), (2.0, 7, 3, 4), (0.1, 5, 8, 2)]
    for _ in range(8):
        accumulate, updates = int(rng.integers(2, 6)), int(rng.integers(6, 14))
        decay_steps = accumulate * updates - int(rng.integers(0, 3 * accumulate))
        edges.append((rate_between(rng), decay_steps, accumulate, updates))
    return named("peak_lr decay_steps accumulate updates", edges)


def decay_as(position):
    """Return the task's function with the cosine at position(update, accumulate)."""

    def rates(peak_lr, decay_steps, accumulate, updates):
        at = position(np.arange(updates), accumulate)
        return half_cosine(np.minimum(at, decay_steps), decay_steps, peak_lr)

    return rates


def climbs_again(peak_lr, decay_steps, accumulate, updates):
    return half_cosine(np.arange(1, updates + 1) * accumulate - 1, decay_steps, peak_lr)


def a_rate_a_batch(peak_lr, decay_steps, accumulate, updates):
    at = np.minimum(np.arange(updates * accumulate), decay_steps)
    return half_cosine(at, decay_steps, peak_lr)


def mean_of_group(peak_lr, decay_steps, accumulate, updates):
    of_batches = a_rate_a_batch(peak_lr, decay_steps, accumulate, updates)
    return of_batches.reshape(updates, accumulate).mean(axis=1)


TASK = Task(
    name="accumulated_decay",
    number=13,
    section=Section("10_frameworks", "Count first"),
    points=1,
    reference=accumulated_decay,
    make_cases=cases,
    hints=(
        Hint(
            "The rate comes down too slowly",
            "At which update is the recorded rate 0? How many batches have been read by then?",
        ),
        Hint(
            "The first rate is not the peak, and I do not see why",
            "No weight moves before all the batches of a group are there. At which batch, counted "
            "from 0, does the first update happen?",
        ),
    ),
    misconceptions=(
        Misconception(
            "counts updates",
            decay_as(lambda k, a: k),
            "These are the rates of the plan. Keras counts the batches for its schedule, although "
            "the weights move only once for each group of them.",
        ),
        Misconception(
            "first batch of the group",
            decay_as(lambda k, a: k * a),
            "You take the rate at the first batch of each group. The update happens at the last "
            "one, with the rate that is in force then.",
        ),
        Misconception(
            "one batch ahead",
            decay_as(lambda k, a: (k + 1) * a),
            "You are one batch ahead. The batches are counted from 0, so the last batch of the "
            "first group has the number accumulate - 1.",
        ),
        Misconception(
            "climbs again",
            climbs_again,
            "After decay_steps batches your rate climbs again, as torch's cosine does. Keras holds "
            "its last value.",
        ),
        Misconception(
            "mean of the group",
            mean_of_group,
            "You take the mean rate of each group. The gradients are averaged; the rate is not.",
        ),
        Misconception(
            "a rate a batch",
            a_rate_a_batch,
            "You return a rate for every batch. Only the last batch of a group makes an update.",
        ),
    ),
)
