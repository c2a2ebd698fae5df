"""Exercise 10, puzzle 15: milestones from where?"""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def counted_from_begin(
    base_lr: float,
    start_factor: float,
    begin: int,
    milestones: list[int],
    gamma: float,
    epochs: int,
) -> list[float]:
    rates = []
    for epoch in range(epochs):
        rise = start_factor + (1 - start_factor) * min(epoch / (begin - 1), 1)
        drops = sum(begin + mark <= epoch for mark in milestones)
        rates.append(base_lr * rise * gamma**drops)
    return rates


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        (0.1, 0.1, 3, [8, 11], 0.1, 12),
        (0.1, 0.1, 3, [5, 8], 0.1, 12),
        (0.5, 0.5, 2, [1, 2], 0.5, 8),
        (2.0, 0.01, 5, [3, 4, 9], 0.3, 20),
        (1.0, 0.2, 4, [2], 0.1, 3),
    ]
    for _ in range(8):
        begin = int(rng.integers(3, 7))
        marks = sorted(rng.choice(np.arange(begin + 1, 12), 2, replace=False).tolist())
        factor, gamma = float(rng.uniform(0.05, 0.4)), float(rng.uniform(0.1, 0.5))
        edges.append((rate_between(rng), factor, begin, marks, gamma, 12 + begin))
    return named("base_lr start_factor begin milestones gamma epochs", edges)


def begun_as(mark_at, whole=lambda begin: begin - 1, first=0):
    """Return the task's function with other milestones, or another length of the rise.

    Args:
        mark_at: milestone and begin -> epoch of the drop.
        whole: begin -> number of steps that the rise takes.
        first: steps of the rise that are done in epoch 0.
    """

    def rates(base_lr, start_factor, begin, milestones, gamma, epochs):
        epoch = np.arange(epochs)
        share = np.minimum((epoch + first) / whole(begin), 1)
        drops = sum((epoch >= mark_at(mark, begin)).astype(int) for mark in milestones)
        return base_lr * (start_factor + (1 - start_factor) * share) * gamma**drops

    return rates


TASK = Task(
    name="counted_from_begin",
    number=15,
    section=Section("10_frameworks", "One schedule, five libraries"),
    points=1,
    reference=counted_from_begin,
    make_cases=cases,
    hints=(
        Hint(
            "The second drop is missing",
            "In which epoch does the first drop come, and which milestone does it belong to? Where "
            "would the second one be? How many epochs does the run have?",
        ),
        Hint(
            "My warmup is too low in every epoch but the first",
            "In which epoch is the recorded rate at 0.1 for the first time? How many steps has it "
            "made from epoch 0 to there?",
        ),
    ),
    misconceptions=(
        Misconception(
            "milestones from the start",
            begun_as(lambda mark, begin: mark),
            "You count the milestones from the first epoch of the run. MMEngine counts them from "
            "begin.",
        ),
        Misconception(
            "torch's warmup",
            begun_as(lambda mark, begin: mark + begin, whole=lambda begin: begin),
            "Your warmup reaches base_lr in the epoch `begin`, as torch's LinearLR does. In "
            "MMEngine the last epoch of the warmup is already at base_lr.",
        ),
        Misconception(
            "both as in torch",
            begun_as(lambda mark, begin: mark, whole=lambda begin: begin),
            "Two things are as in torch: the warmup is one epoch too long, and the milestones are "
            "counted from the first epoch of the run.",
        ),
        Misconception(
            "one epoch late",
            begun_as(lambda mark, begin: mark + begin + 1),
            "Your drops come one epoch late. The epoch begin + milestone, counted from 0, already "
            "has the lower rate.",
        ),
        Misconception(
            "from the last epoch of the warmup",
            begun_as(lambda mark, begin: mark + begin - 1),
            "Your drops come one epoch early. The milestones are counted from begin, which is the "
            "first epoch after the warmup.",
        ),
        Misconception(
            "warmup one ahead",
            begun_as(lambda mark, begin: mark + begin, whole=lambda begin: begin, first=1),
            "Your warmup is one epoch ahead in its beginning. In epoch 0 the rate is start_factor "
            "times base_lr.",
        ),
    ),
)
