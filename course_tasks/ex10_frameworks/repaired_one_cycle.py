"""Two tasks of exercise 10: schedulers that are shorter than the run."""

from __future__ import annotations

import math

import numpy as np

from course_tasks._ex10_counting import half_cosine, named, rate_between
from course_tasks.task import Case, Hint, Misconception, Task


def _repaired_end(peak_lr: float, floor: float, T_max: int, updates: int) -> np.ndarray:
    done = np.minimum(np.arange(updates), T_max) / T_max
    return floor + (peak_lr - floor) * (1 + np.cos(np.pi * done)) / 2


def _end_cases(rng: np.random.Generator) -> list[Case]:
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


def _end_as(done):
    def rates(peak_lr, floor, T_max, updates):
        return half_cosine(done(np.arange(updates), T_max), T_max, peak_lr, floor)

    return rates


def _stretched(peak_lr, floor, T_max, updates):
    return half_cosine(np.arange(updates), updates, peak_lr, floor)


def _run_cut_off(peak_lr, floor, T_max, updates):
    return half_cosine(np.arange(min(updates, T_max)), T_max, peak_lr, floor)


def _zero_past_the_end(peak_lr, floor, T_max, updates):
    t = np.arange(updates)
    return np.where(t < T_max, half_cosine(t, T_max, peak_lr, floor), 0.0)


def _repaired_one_cycle(max_lr: float, epochs: int, examples: int, batch_size: int) -> np.ndarray:
    t = np.arange(epochs * math.ceil(examples / batch_size))
    knots = [t[0], 0.3 * len(t) - 1, len(t) - 1]
    return np.interp(t, knots, [max_lr / 10, max_lr, max_lr / 100])


def _one_cycle_cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 2, 18, 4), (0.1, 3, 20, 4), (2.0, 1, 25, 4), (0.5, 4, 33, 8)]
    for _ in range(8):
        batch_size, batches = int(rng.integers(3, 9)), int(rng.integers(3, 7))
        examples = batch_size * batches + int(rng.integers(0, batch_size))
        edges.append((rate_between(rng), int(rng.integers(2, 6)), examples, batch_size))
    return named("max_lr epochs examples batch_size", edges)


def _one_cycle(max_lr, total, t):
    """Return torch's one-cycle after t steps, its last line going on past the end."""
    up, end = 0.3 * total - 1, total - 1
    rise = max_lr / 10 + (max_lr - max_lr / 10) * t / up
    fall = max_lr + (max_lr / 100 - max_lr) * (t - up) / (end - up)
    return np.where(t <= up, rise, fall)


def _stops_with_error(count):
    def rates(max_lr, epochs, examples, batch_size):
        updates = epochs * math.ceil(examples / batch_size)
        total = count(epochs, examples, batch_size)
        if updates > total:
            raise ValueError(f"Tried to step {total + 1} times")
        return _one_cycle(max_lr, total, np.arange(updates))

    return rates


def _one_cycle_guarded(max_lr, epochs, examples, batch_size):
    total = epochs * (examples // batch_size)
    t = np.arange(epochs * math.ceil(examples / batch_size))
    return _one_cycle(max_lr, total, np.minimum(t, total))


def _one_cycle_too_long(max_lr, epochs, examples, batch_size):
    updates = epochs * math.ceil(examples / batch_size)
    return _one_cycle(max_lr, updates + 1, np.arange(updates))


def _small_batches_dropped(max_lr, epochs, examples, batch_size):
    total = epochs * (examples // batch_size)
    return _one_cycle(max_lr, total, np.arange(total))


def _one_batch_more(max_lr, epochs, examples, batch_size):
    total = epochs * (examples // batch_size + 1)
    return _one_cycle(max_lr, total, np.arange(epochs * math.ceil(examples / batch_size)))


REPAIRED_END = Task(
    name="repaired_end",
    points=1,
    reference=_repaired_end,
    make_cases=_end_cases,
    hints=(
        Hint(
            "The rate climbs at the end",
            "torch's cosine is a formula that knows no end. Who has to know that it is over: what "
            "does a scheduler do that nobody steps?",
        ),
        Hint(
            "My curve is too slow",
            "T_max is meant. The run is longer than that on purpose; its end stays at the floor.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            _end_as(lambda t, T_max: t),
            "These are still the rates of the broken loop: past T_max the cosine climbs back.",
        ),
        Misconception(
            "stretched",
            _stretched,
            "The cosine is stretched over the whole run. It is to reach the floor after T_max "
            "updates and to stay there.",
        ),
        Misconception(
            "run cut off",
            _run_cut_off,
            "The run ends at T_max now. All its updates are wanted, the later ones at the floor.",
        ),
        Misconception(
            "zero past the end",
            _zero_past_the_end,
            "Past T_max the rate is 0 and not the floor.",
        ),
        Misconception(
            "held one early",
            _end_as(lambda t, T_max: np.minimum(t, T_max - 1)),
            "The rate is held one step too early: it stays a little above the floor.",
        ),
        Misconception(
            "restarted",
            _end_as(lambda t, T_max: t % T_max),
            "Past T_max the cosine starts again from the peak.",
        ),
        Misconception(
            "held one late",
            _end_as(lambda t, T_max: np.minimum(t, T_max + 1)),
            "The rate is held one step too late: it has reached the floor and climbed a little "
            "from it.",
        ),
    ),
)

REPAIRED_ONE_CYCLE = Task(
    name="repaired_one_cycle",
    points=1,
    reference=_repaired_one_cycle,
    make_cases=_one_cycle_cases,
    hints=(
        Hint(
            "It raises an error about too many steps",
            "Count the batches of one epoch by hand, for 10 examples in batches of 4. The last one "
            "is small. Is it an update?",
        ),
        Hint(
            "It still raises for some numbers of epochs",
            "Every epoch has its own small batch. Round in each epoch, and not once at the end.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            _stops_with_error(lambda epochs, examples, size: epochs * (examples // size)),
            "The loop still makes more updates than the scheduler was told of: the small batch at "
            "the end of each epoch is an update, too.",
        ),
        Misconception(
            "rounded once",
            _stops_with_error(lambda epochs, examples, size: math.ceil(epochs * examples / size)),
            "The batches of the whole run are rounded up once. Each epoch has a small batch of its "
            "own, so there are more updates than that.",
        ),
        Misconception(
            "guarded",
            _one_cycle_guarded,
            "The error is gone, and the count is still wrong: the cycle is over too early, and the "
            "updates that are left run past its end, below the last rate.",
        ),
        Misconception(
            "too long",
            _one_cycle_too_long,
            "The cycle is one update longer than the run, so its last rate is never used.",
        ),
        Misconception(
            "small batches dropped",
            _small_batches_dropped,
            "The small batches are left out now. They are part of the run: it has an update for "
            "each of them.",
        ),
        Misconception(
            "one batch more",
            _one_batch_more,
            "Every epoch is given one batch more, even where nothing is left over for it: there "
            "the cycle is longer than the run.",
        ),
    ),
)

TASKS = (REPAIRED_END, REPAIRED_ONE_CYCLE)
