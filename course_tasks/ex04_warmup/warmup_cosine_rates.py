"""Exercise 4, task 2: the same at many steps."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import half_wave, peak_of
from course_tasks.ex04_warmup.shared import fall
from course_tasks.task import Case, Hint, Misconception, Section, Task


def warmup_cosine_rates(
    steps: np.ndarray, peak_lr: float, warmup_steps: int, total_steps: int
) -> np.ndarray:
    t = steps.astype(float)
    done = np.minimum((t - warmup_steps) / (total_steps - warmup_steps), 1.0)
    rates = peak_lr * (1.0 + np.cos(np.pi * done)) / 2.0
    early = t < warmup_steps
    rates[early] = peak_lr * t[early] / warmup_steps
    return rates


def cases(rng: np.random.Generator) -> list[Case]:
    def case(steps, peak_lr, warmup_steps, total_steps):
        return {
            "steps": steps,
            "peak_lr": peak_lr,
            "warmup_steps": warmup_steps,
            "total_steps": total_steps,
        }

    edges = [
        case(np.arange(26), 0.1, 5, 20),
        case(np.array([0, 9, 10, 11, 55, 99, 100, 101, 190]), 2.0, 10, 100),
        case(np.array([0, 1, 4, 7, 8, 9, 15]), 1.0, 0, 8),
        case(np.array([[30, 0], [5, 12], [6, 40]]), 0.3, 6, 30),
        case(np.array([7]), 1.0, 1, 9),
        case(np.array([3, 0, 2, 1, 5, 4]), 0.5, 2, 4),
    ]
    for _ in range(8):
        warmup = int(rng.integers(1, 40))
        total = warmup + int(rng.integers(2, 150))
        steps = rng.integers(0, 3 * total // 2, size=rng.integers(5, 40))
        edges.append(case(np.sort(steps), float(rng.uniform(0.01, 2.0)), warmup, total))
    return edges


def many(one):
    """Return a schedule over an array from one over a step, as a share of the peak."""

    def rates(steps, peak_lr, warmup_steps, total_steps):
        shares = [one(t, warmup_steps, total_steps) for t in steps.ravel().tolist()]
        return peak_lr * np.array(shares, dtype=float).reshape(steps.shape)

    return rates


def rise(t, warmup, total):
    return t / warmup if t < warmup else fall(t, warmup, total)


TASK = Task(
    name="warmup_cosine_rates",
    number=2,
    section=Section("04_warmup", "The schedule from scratch"),
    points=2,
    reference=warmup_cosine_rates,
    make_cases=cases,
    scale=peak_of,
    hints=(
        Hint(
            "The truth value of an array is ambiguous",
            "An `if` needs a single yes or no, but a comparison of an array gives one for every "
            "element. Look up `np.where`, which chooses for every element.",
        ),
        Hint(
            "My rate is NaN or infinite where there is no warmup",
            "`np.where` computes both parts for every element and then chooses. So neither part "
            "may divide by 0, even where it is not chosen.",
        ),
        Hint(
            "My shape is wrong",
            "NumPy's arithmetic keeps shapes. Which line of yours flattens, or adds a dimension?",
        ),
    ),
    misconceptions=(
        Misconception(
            "minimum of both",
            many(
                lambda t, warmup, total: min(
                    t / warmup if warmup else 1.0, half_wave(min(t / total, 1))
                )
            ),
            "You take the smaller of a line and a cosine over the whole run. The two do not "
            "meet at the peak. The cosine has to begin where the warmup ends.",
        ),
        Misconception(
            "product",
            many(
                lambda t, warmup, total: (
                    (min(t / warmup, 1) if warmup else 1.0) * half_wave(min(t / total, 1))
                )
            ),
            "You multiply a warmup with a cosine over the whole run, as PyTorch's "
            "ChainedScheduler would. So the peak is never reached, because the cosine begins to "
            "fall before the warmup ends.",
        ),
        Misconception(
            "climbs past the end",
            many(
                lambda t, warmup, total: (
                    t / warmup if t < warmup else half_wave((t - warmup) / (total - warmup))
                )
            ),
            "Past total_steps your rates climb again. They should stay at 0.",
        ),
        Misconception(
            "first update moves",
            many(
                lambda t, warmup, total: (t + 1) / warmup if t < warmup else fall(t, warmup, total)
            ),
            "Your warmup is one update ahead: here the rate at step 0 is 0.",
        ),
        Misconception(
            "optax decay_steps",
            many(
                lambda t, warmup, total: (
                    t / warmup
                    if t < warmup
                    else half_wave(min((t - warmup) / max(total - 2 * warmup, 1e-9), 1))
                )
            ),
            "The warmup is subtracted twice, so the cosine ends warmup_steps updates too early. "
            "total_steps - warmup_steps updates are left after the warmup.",
        ),
        Misconception(
            "ends at the last update",
            many(lambda t, warmup, total: t / warmup if t < warmup else fall(t, warmup, total - 1)),
            "Your cosine reaches 0 at total_steps - 1, which is the last update. Here it should "
            "reach 0 at total_steps, one update later.",
        ),
        Misconception(
            "always from 0",
            many(lambda t, warmup, total: 0.0 if t == 0 else rise(t, warmup, total)),
            "Your rate at step 0 is always 0. With warmup_steps 0 there is no rise, and the first "
            "update has the peak.",
        ),
        Misconception(
            "whole numbers",
            lambda steps, peak_lr, warmup_steps, total_steps: warmup_cosine_rates(
                steps, peak_lr, warmup_steps, total_steps
            ).astype(int),
            "Your array holds whole numbers, so the fractions are cut off. An array made like "
            "`steps` has the type of `steps`.",
        ),
        Misconception(
            "flattened",
            lambda steps, peak_lr, warmup_steps, total_steps: warmup_cosine_rates(
                steps, peak_lr, warmup_steps, total_steps
            ).ravel(),
            "Every value is right, but the shape of `steps` is lost. You return the rates in "
            "one long row.",
        ),
        Misconception(
            "sorted",
            lambda steps, peak_lr, warmup_steps, total_steps: warmup_cosine_rates(
                np.arange(steps.size).reshape(steps.shape), peak_lr, warmup_steps, total_steps
            ),
            "You give the rates of the steps 0, 1, 2 and so on. The steps that the task asks "
            "for are in `steps`, in any order.",
        ),
    ),
)
