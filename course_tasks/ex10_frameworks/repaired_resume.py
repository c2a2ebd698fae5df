"""Exercise 10, task 7: stopped and resumed."""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import half_cosine, named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def repaired_resume(peak_lr: float, total_steps: int, stop: int) -> np.ndarray:
    done = np.arange(total_steps) / total_steps
    return peak_lr * (1 + np.cos(np.pi * done)) / 2


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 8, 3), (0.1, 8, 4), (2.0, 10, 1), (0.5, 6, 5)]
    for _ in range(8):
        total_steps = int(rng.integers(6, 25))
        edges.append((rate_between(rng), total_steps, int(rng.integers(2, total_steps - 2))))
    return named("peak_lr total_steps stop", edges)


def resumed_as(second_half):
    def rates(peak_lr, total_steps, stop):
        whole = half_cosine(np.arange(total_steps), total_steps)
        later = np.arange(total_steps - stop)  # steps since the restart
        return peak_lr * np.append(whole[:stop], second_half(later, total_steps, stop, whole))

    return rates


def skips_a_rate(later, total, stop, whole):
    return half_cosine(later + stop + 1, total)


def counter_one_too_many(later, total, stop, whole):
    # The first rate is the one in force; each later one is torch's ratio, taken one step ahead.
    ahead = half_cosine(later + stop + 1, total) / half_cosine(stop + 1, total)
    return whole[stop] * np.where(later > 0, ahead, 1.0)


TASK = Task(
    name="repaired_resume",
    number=7,
    section=Section("10_frameworks", "C. Resuming"),
    points=1,
    reference=repaired_resume,
    make_cases=cases,
    hints=(
        Hint(
            "The rate goes on where it was, but falls too slowly",
            "The rate itself is kept in the optimizer's state. Something else keeps the "
            "position in the schedule. Was that saved?",
        ),
        Hint(
            "The first rate after the restart is the peak",
            "Two things have to be restored. Which of them holds the current rate?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            resumed_as(lambda later, total, stop, whole: whole[stop] * half_cosine(later, total)),
            "These are still the rates of the broken loop. The optimizer's rate is restored, "
            "but the scheduler's counter begins at 0 again.",
        ),
        Misconception(
            "nothing restored",
            resumed_as(lambda later, total, stop, whole: half_cosine(later, total)),
            "After the restart the whole curve begins again at the peak. Neither state was "
            "loaded into the new objects.",
        ),
        Misconception(
            "scheduler only",
            resumed_as(lambda later, total, stop, whole: whole[later + stop] / whole[stop]),
            "The counter is restored, but the rate is not. torch's cosine computes each rate "
            "from the current one, so the rest of the curve starts from the peak.",
        ),
        Misconception(
            "one rate skipped",
            resumed_as(skips_a_rate),
            "One rate is skipped at the restart, because the scheduler steps once too often.",
        ),
        Misconception(
            "last_epoch one too many",
            resumed_as(counter_one_too_many),
            "The first rate after the restart is right, but then the curve falls too fast, "
            "because the counter is one too high. last_epoch is the number of updates done "
            "minus one.",
        ),
        Misconception(
            "a new cosine for the rest",
            resumed_as(
                lambda later, total, stop, whole: whole[stop] * half_cosine(later, total - stop)
            ),
            "After the restart a new cosine falls from the current rate to zero. The run should "
            "go on as if it had never stopped.",
        ),
    ),
)
