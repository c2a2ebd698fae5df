"""Exercise 9, task 3: the same examples in other batches."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def scaled_run(
    rate: float,
    updates: int,
    batch_size: int,
    new_batch_size: int,
    optimizer: str,
    rate_limit: float,
) -> np.ndarray:
    power = {"sgd": 1.0, "adam": 0.5}[optimizer]
    new_rate = rate * (new_batch_size / batch_size) ** power
    return np.array([min(new_rate, rate_limit), updates * batch_size // new_batch_size])


def cases(rng: np.random.Generator) -> list[Case]:
    names = ("rate", "updates", "batch_size", "new_batch_size", "optimizer", "rate_limit")
    edges = [
        (0.1, 1000, 32, 128, "sgd", 2.0),
        (0.001, 1000, 32, 128, "adam", 0.1),
        (0.1, 1000, 128, 32, "sgd", 2.0),
        (0.4, 1000, 32, 512, "sgd", 2.0),
        (0.02, 1000, 32, 512, "adam", 0.05),
        (0.1, 1000, 32, 32, "sgd", 2.0),
        (0.1, 1001, 32, 96, "sgd", 2.0),
        (0.3, 7, 3, 4, "adam", 2.0),
        (0.2, 10, 5, 8, "sgd", 1.0),
    ]
    for _ in range(8):
        batch_size, new_batch_size = (int(n) for n in rng.integers(8, 600, size=2))
        optimizer = str(rng.choice(["sgd", "adam"]))
        rate, updates = float(rng.uniform(0.01, 0.5)), int(rng.integers(100, 5000))
        edges.append((rate, updates, batch_size, new_batch_size, optimizer, 10 * rate))
    return [dict(zip(names, edge, strict=True)) for edge in edges]


def scaled_with(power, whole_batches=np.floor, keep_updates=False, limited=True):
    def scaled(rate, updates, batch_size, new_batch_size, optimizer, rate_limit):
        ratio = new_batch_size / batch_size
        new_rate = rate * ratio ** power[optimizer]
        count = updates if keep_updates else whole_batches(updates * batch_size / new_batch_size)
        return np.array([min(new_rate, rate_limit) if limited else new_rate, count])

    return scaled


def whole_ratio(rate, updates, batch_size, new_batch_size, optimizer, rate_limit):
    new_rate = rate * (new_batch_size // batch_size) ** RULES[optimizer]
    return np.array([min(new_rate, rate_limit), updates * batch_size // new_batch_size])


def divided_first(rate, updates, batch_size, new_batch_size, optimizer, rate_limit):
    new_rate = rate * (new_batch_size / batch_size) ** RULES[optimizer]
    return np.array([min(new_rate, rate_limit), updates * (batch_size // new_batch_size)])


RULES = {"sgd": 1.0, "adam": 0.5}


TASK = Task(
    name="scaled_run",
    number=3,
    section=Section("13_scale", "Which rate goes with the batch?"),
    points=2,
    reference=scaled_run,
    make_cases=cases,
    scale=lambda case, expected: case["rate"],
    hints=(
        Hint(
            "My rate is right for one optimizer only",
            "The gradient of a larger batch has less noise. SGD's step is proportional to the "
            "gradient. Adam divides by the size of the gradient, noise included, so its step "
            "depends on the standard deviation of the noise, not on the variance.",
        ),
        Hint(
            "My number of updates is off by one",
            "Leftover examples that do not fill a batch are not used. Count the examples first, "
            "then see how many *whole* batches they make.",
        ),
        Hint(
            "My rate is too large for large batches",
            "There is one more argument, and no batch size allows a rate above it.",
        ),
    ),
    misconceptions=(
        Misconception(
            "linear for Adam too",
            scaled_with({"sgd": 1.0, "adam": 1.0}),
            "The rate is scaled linearly for Adam as well. Adam divides by the gradient's size, "
            "so its rate is proportional to the square root of the batch size.",
        ),
        Misconception(
            "root for SGD too",
            scaled_with({"sgd": 0.5, "adam": 0.5}),
            "The rate is scaled by the square root for SGD as well. For the same number of "
            "examples, SGD's rate is proportional to the batch size.",
        ),
        Misconception(
            "rules swapped",
            scaled_with({"sgd": 0.5, "adam": 1.0}),
            "The two rules are swapped. The square root belongs to Adam.",
        ),
        Misconception(
            "updates kept",
            scaled_with(RULES, keep_updates=True),
            "You did not change the number of updates. With another batch size, the run then "
            "uses another number of examples.",
        ),
        Misconception(
            "rounded up",
            scaled_with(RULES, whole_batches=np.ceil),
            "The updates are rounded up. The last of them would need more examples than there are.",
        ),
        Misconception(
            "rounded",
            scaled_with(RULES, whole_batches=np.rint),
            "The updates are rounded to the nearest number. If that rounds up, the last update "
            "needs more examples than there are.",
        ),
        Misconception(
            "no limit",
            scaled_with(RULES, limited=False),
            "The limit is not used. The rules hold only while noise limits the rate. Beyond the "
            "stability limit, a larger batch does not allow a larger rate.",
        ),
        Misconception(
            "other way round",
            scaled_with({"sgd": -1.0, "adam": -0.5}),
            "Your rate falls when the batch grows. The gradient of a larger batch has less "
            "noise, so it allows a larger rate.",
        ),
        Misconception(
            "whole ratio",
            whole_ratio,
            "You cut the ratio of the batch sizes to a whole number, which is 0 for a smaller "
            "batch. The rate needs the exact ratio. Only the number of updates has to be whole.",
        ),
        Misconception(
            "divided first",
            divided_first,
            "You divide the batch sizes by each other first and lose the remainder. Count the "
            "examples first, and then divide once.",
        ),
        Misconception(
            "not whole",
            scaled_with(RULES, whole_batches=float),
            "Your number of updates has a fraction. There is no half update, so count whole "
            "batches.",
        ),
    ),
)
