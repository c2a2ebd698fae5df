"""Exercise 10, task 6: one cycle, counted."""

from __future__ import annotations

import math

import numpy as np

from course_tasks.ex10_frameworks.shared import named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def repaired_one_cycle(max_lr: float, epochs: int, examples: int, batch_size: int) -> np.ndarray:
    t = np.arange(epochs * math.ceil(examples / batch_size))
    knots = [t[0], 0.3 * len(t) - 1, len(t) - 1]
    return np.interp(t, knots, [max_lr / 10, max_lr, max_lr / 100])


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 2, 18, 4), (0.1, 3, 20, 4), (2.0, 1, 25, 4), (0.5, 4, 33, 8)]
    for _ in range(8):
        batch_size, batches = int(rng.integers(3, 9)), int(rng.integers(3, 7))
        examples = batch_size * batches + int(rng.integers(0, batch_size))
        edges.append((rate_between(rng), int(rng.integers(2, 6)), examples, batch_size))
    return named("max_lr epochs examples batch_size", edges)


def one_cycle(max_lr, total, t):
    """Return torch's one-cycle after t steps, its last line going on past the end."""
    up, end = 0.3 * total - 1, total - 1
    rise = max_lr / 10 + (max_lr - max_lr / 10) * t / up
    fall = max_lr + (max_lr / 100 - max_lr) * (t - up) / (end - up)
    return np.where(t <= up, rise, fall)


def stops_with_error(count):
    def rates(max_lr, epochs, examples, batch_size):
        updates = epochs * math.ceil(examples / batch_size)
        total = count(epochs, examples, batch_size)
        if updates > total:
            raise ValueError(f"Tried to step {total + 1} times")
        return one_cycle(max_lr, total, np.arange(updates))

    return rates


def one_cycle_guarded(max_lr, epochs, examples, batch_size):
    total = epochs * (examples // batch_size)
    t = np.arange(epochs * math.ceil(examples / batch_size))
    return one_cycle(max_lr, total, np.minimum(t, total))


def one_cycle_too_long(max_lr, epochs, examples, batch_size):
    updates = epochs * math.ceil(examples / batch_size)
    return one_cycle(max_lr, updates + 1, np.arange(updates))


def small_batches_dropped(max_lr, epochs, examples, batch_size):
    total = epochs * (examples // batch_size)
    return one_cycle(max_lr, total, np.arange(total))


def one_batch_more(max_lr, epochs, examples, batch_size):
    total = epochs * (examples // batch_size + 1)
    return one_cycle(max_lr, total, np.arange(epochs * math.ceil(examples / batch_size)))


TASK = Task(
    name="repaired_one_cycle",
    number=6,
    section=Section("10_frameworks", "B. The first update, and past the last"),
    points=1,
    reference=repaired_one_cycle,
    make_cases=cases,
    hints=(
        Hint(
            "It raises an error about too many steps",
            "Count the batches of one epoch by hand for 10 examples in batches of 4. The last "
            "one is small. Is it an update?",
        ),
        Hint(
            "It still raises for some numbers of epochs",
            "Every epoch has its own small batch. Round in each epoch, not once at the end.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            stops_with_error(lambda epochs, examples, size: epochs * (examples // size)),
            "The loop still makes more updates than the scheduler expects. The small batch at "
            "the end of each epoch is an update, too.",
        ),
        Misconception(
            "rounded once",
            stops_with_error(lambda epochs, examples, size: math.ceil(epochs * examples / size)),
            "You round the batches of the whole run up once. Each epoch has a small batch of "
            "its own, so there are more updates than that.",
        ),
        Misconception(
            "guarded",
            one_cycle_guarded,
            "The error is gone, but the count is still wrong. The cycle ends too early, and the "
            "remaining updates run past its end, below the last rate.",
        ),
        Misconception(
            "too long",
            one_cycle_too_long,
            "The cycle is one update longer than the run, so its last rate is never used.",
        ),
        Misconception(
            "small batches dropped",
            small_batches_dropped,
            "You leave the small batches out. They are part of the run, and each of them makes "
            "an update.",
        ),
        Misconception(
            "one batch more",
            one_batch_more,
            "You add a batch to every epoch, even if nothing is left over for it. In that case "
            "the cycle is longer than the run.",
        ),
    ),
)
