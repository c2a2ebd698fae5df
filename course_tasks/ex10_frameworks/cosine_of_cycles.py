"""Exercise 10, puzzle 11: one cycle, or half of one."""

from __future__ import annotations

import numpy as np

from course_tasks.ex10_frameworks.shared import half_cosine, named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def cosine_of_cycles(
    peak_lr: float, warmup_steps: int, total_steps: int, num_cycles: float, updates: int
) -> list[float]:
    rates = []
    for t in range(updates):
        done = (t - warmup_steps) / (total_steps - warmup_steps)
        wave = (1 + np.cos(2 * np.pi * num_cycles * done)) / 2
        rates.append(peak_lr * (t / warmup_steps if t < warmup_steps else wave))
    return rates


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        (0.1, 10, 100, 1, 100),
        (0.1, 10, 100, 0.5, 100),
        (0.5, 0, 9, 3, 9),
        (2.0, 4, 20, 0.5, 26),
        (1.0, 3, 24, 1.5, 30),
    ]
    for _ in range(8):
        warmup = int(rng.integers(2, 8))
        total = warmup + int(rng.integers(8, 25))
        cycles = float(rng.choice([1, 1.5, 2, 3]))
        updates = total + int(rng.integers(0, 6))
        edges.append((rate_between(rng), warmup, total, cycles, updates))
    return named("peak_lr warmup_steps total_steps num_cycles updates", edges)


def cycles_as(wave, rise=lambda t, warmup: t / warmup):
    """Return the task's function with another fall, wave(t, warmup, total, cycles), or rise."""

    def rates(peak_lr, warmup_steps, total_steps, num_cycles, updates):
        t = np.arange(updates)
        fall = wave(t, warmup_steps, total_steps, num_cycles)
        return peak_lr * np.where(t < warmup_steps, rise(t, max(warmup_steps, 1)), fall)

    return rates


def right(t, warmup, total, cycles):
    return half_cosine(2 * cycles * (t - warmup), total - warmup)


def restarted(t, warmup, total, cycles):
    return half_cosine(cycles * (t - warmup) / (total - warmup) % 1, 1)


TASK = Task(
    name="cosine_of_cycles",
    number=11,
    section=Section("10_frameworks", "One schedule, five libraries"),
    points=1,
    reference=cosine_of_cycles,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know what a cycle is here",
            "Look at where the two curves of the figure are at 0. How much of a whole wave, down "
            "*and* up, does the usual half-cosine make? Compare this with its `num_cycles`.",
        ),
        Hint(
            "I am right up to `total_steps`, and wrong after it",
            "Nothing stops this cosine. A wave that is at its lowest point at the end goes on.",
        ),
    ),
    misconceptions=(
        Misconception(
            "cycles ignored",
            cycles_as(lambda t, w, total, cycles: half_cosine(t - w, total - w)),
            "You make half a cosine whatever num_cycles is. Only 0.5, the default, gives half a "
            "cosine.",
        ),
        Misconception(
            "restarts",
            cycles_as(restarted),
            "Your rate jumps back to the peak after each cycle. That is the scheduler "
            '"cosine_with_restarts". With "cosine" the rate comes back up along the wave.',
        ),
        Misconception(
            "half waves",
            cycles_as(lambda t, w, total, cycles: half_cosine(cycles * (t - w), total - w)),
            "You count half waves. One cycle is a whole wave: down to 0 and back to the peak.",
        ),
        Misconception(
            "held at the end",
            cycles_as(lambda t, w, total, cycles: right(np.minimum(t, total), w, total, cycles)),
            "From total_steps on you hold the rate. This cosine goes on as a wave.",
        ),
        Misconception(
            "cosine over the whole run",
            cycles_as(lambda t, w, total, cycles: half_cosine(2 * cycles * (t - w), total)),
            "Your wave is stretched over total_steps updates. It has only those that are left "
            "after the warmup.",
        ),
        Misconception(
            "warmup one ahead",
            cycles_as(right, lambda t, warmup: (t + 1) / warmup),
            "Your warmup is one update ahead. Here it begins at 0, in update t = 0, and reaches "
            "the peak at t = warmup_steps.",
        ),
    ),
)
