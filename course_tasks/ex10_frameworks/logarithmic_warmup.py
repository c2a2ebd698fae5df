"""Exercise 10, puzzle 12: a warmup that is no line."""

from __future__ import annotations

import math

import numpy as np

from course_tasks.ex10_frameworks.shared import named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def logarithmic_warmup(peak_lr: float, warmup_num_steps: int, updates: int) -> list[float]:
    whole = math.log(max(warmup_num_steps, 2))
    rates = []
    for t in range(updates):
        rates.append(peak_lr * min(math.log(max(t, 1)) / whole, 1.0))
    return rates


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 10, 12), (0.1, 1, 5), (0.5, 2, 4), (2.0, 3, 3), (0.1, 1000, 40)]
    for _ in range(8):
        warmup = int(rng.integers(4, 30))
        edges.append((rate_between(rng), warmup, warmup + int(rng.integers(2, 10))))
    return named("peak_lr warmup_num_steps updates", edges)


def warmup_as(share, least=2, highest=1.0):
    """Return the task's function with another share of the peak: share(t, W)."""

    def rates(peak_lr, warmup_num_steps, updates):
        t, steps = np.arange(updates), max(warmup_num_steps, least)
        return peak_lr * np.clip(share(t, steps), 0.0, highest)

    return rates


def log_late(t, steps):
    return np.log(np.maximum(t, 1)) / np.log(steps)


def not_raised(peak_lr, warmup_num_steps, updates):
    if warmup_num_steps > 1:
        return logarithmic_warmup(peak_lr, warmup_num_steps, updates)
    return [0.0] * min(updates, 1) + [peak_lr] * (updates - 1)


TASK = Task(
    name="logarithmic_warmup",
    number=12,
    section=Section("10_frameworks", "One schedule, five libraries"),
    points=1,
    reference=logarithmic_warmup,
    make_cases=cases,
    hints=(
        Hint(
            "I see no pattern in the rates",
            "Take the rates from the row with `warmup_num_steps` 10, as shares of the peak. At "
            "$t = 2, 4, 8$ the step doubles each time. By how much does the share grow each time?",
        ),
        Hint(
            "I get minus infinity, or a division by zero",
            "The logarithm of 0 has no value, and that of 1 is 0. What is the rate at $t = 0$? "
            "Look at the row with `warmup_num_steps` 1, too. For which other number would you "
            "expect the same row?",
        ),
    ),
    misconceptions=(
        Misconception(
            "a line",
            warmup_as(lambda t, steps: t / steps, least=1),
            'Your warmup is linear. DeepSpeed\'s default, warmup_type="log", is a logarithm.',
        ),
        Misconception(
            "DeepSpeed's own line",
            warmup_as(lambda t, steps: (t - 1) / steps),
            'This is what warmup_type="linear" gives. The default is "log".',
        ),
        Misconception(
            "one update early",
            warmup_as(lambda t, steps: np.log(t + 1) / np.log(steps)),
            "Your curve is one update early: log(t + 1) stands in DeepSpeed's code, but its step() "
            "after the first update sets the first rate again. Two updates are at 0.",
        ),
        Misconception(
            "one more in the logarithm",
            warmup_as(lambda t, steps: np.log(t + 1) / np.log(steps + 1)),
            "You add one to both numbers, so your curve begins one update early. Compare your "
            "rates at t = 1 and t = 2 with the printed rows.",
        ),
        Misconception(
            "never held",
            warmup_as(log_late, highest=np.inf),
            "Your rate goes on rising after the warmup. At the peak it stays.",
        ),
        Misconception(
            "no warmup for one",
            not_raised,
            "Where warmup_num_steps is 1 you are at the peak one update too soon. DeepSpeed raises "
            "this number to 2.",
        ),
    ),
)
