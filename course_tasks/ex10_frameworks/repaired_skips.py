"""Exercise 10, task 2: updates that did not take place."""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def repaired_skips(peak_lr: float, total_steps: int, overflows: list[bool]) -> list[float]:
    made = overflows.count(False)
    return [peak_lr * (total_steps - t) / total_steps for t in range(made)]


def cases(rng: np.random.Generator) -> list[Case]:
    yes, no = True, False
    edges = [
        (0.1, 6, [no, yes, no, no, no, no]),
        (0.1, 4, [no, no, no, no]),
        (2.0, 10, [yes, yes, no, no, yes, no, no]),
        (0.5, 8, [no, no, no, no, no, no, yes]),
        (0.3, 3, [yes, yes]),
    ]
    for _ in range(8):
        overflows = [bool(x) for x in rng.random(int(rng.integers(6, 15))) < 0.3]
        edges.append((rate_between(rng), len(overflows) + int(rng.integers(0, 5)), overflows))
    return named("peak_lr total_steps overflows", edges)


def line(peak_lr, total_steps, t):
    return [peak_lr * (total_steps - done) / total_steps for done in t]


def attempts_counted(peak_lr, total_steps, overflows):
    return line(peak_lr, total_steps, [i for i, bad in enumerate(overflows) if not bad])


def attempts_listed(peak_lr, total_steps, overflows):
    return line(peak_lr, total_steps, range(len(overflows)))


def skipped_listed(peak_lr, total_steps, overflows):
    done = [overflows[:i].count(False) for i in range(len(overflows))]
    return line(peak_lr, total_steps, done)


def steps_when_skipped(peak_lr, total_steps, overflows):
    done = [overflows[:i].count(True) for i, bad in enumerate(overflows) if not bad]
    return line(peak_lr, total_steps, done)


def line_over_those_made(peak_lr, total_steps, overflows):
    made = overflows.count(False)
    return line(peak_lr, made, range(made))


TASK = Task(
    name="repaired_skips",
    number=2,
    section=Section("10_frameworks", "A. Order and counting"),
    points=1,
    reference=repaired_skips,
    make_cases=cases,
    hints=(
        Hint(
            "A rate is missing",
            "The schedule is a function of the updates *done*. Does an attempt that overflows "
            "make an update?",
        ),
        Hint(
            "I have too many rates",
            "Return one rate for each update that was carried out. A skipped attempt uses no rate.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            attempts_counted,
            "These are still the rates of the broken loop. The scheduler counts attempts. A "
            "skipped attempt changes no weight, so it must not use up a rate.",
        ),
        Misconception(
            "attempts listed",
            attempts_listed,
            "You return a rate for every attempt, and the scheduler steps at each of them. A "
            "skipped attempt should do neither.",
        ),
        Misconception(
            "skipped ones listed",
            skipped_listed,
            "The scheduler now waits, but you also return the rates of skipped attempts. They "
            "were never used.",
        ),
        Misconception(
            "condition turned round",
            steps_when_skipped,
            "The scheduler steps when an attempt is skipped and not when an update is made. "
            "Your condition is the wrong way round.",
        ),
        Misconception(
            "line over those made",
            line_over_those_made,
            "Your rate falls to zero over the updates that were carried out. During a run "
            "nobody knows how many there will be, so it has to fall over total_steps.",
        ),
    ),
)
