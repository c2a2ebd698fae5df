"""Exercise 12, task 5: the start of the cooldown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from course_tasks.ex12_language_models.multi_power_loss import final_loss
from course_tasks.ex12_language_models.shared import PUBLISHED, drawn
from course_tasks.task import Case, Hint, Misconception, Section, Task

predicted = final_loss()


def cooldown_start(
    total_steps: int, peak_lr: float, parameters: Mapping[str, float], starts: np.ndarray
) -> np.ndarray:
    left = total_steps - np.arange(total_steps)
    best, lowest = 0, np.inf
    for start in starts:
        rates = peak_lr * np.minimum(left / (total_steps - start), 1.0)
        loss = predicted(rates, parameters)
        if loss < lowest:
            best, lowest = start, loss
    return np.array([best, lowest])


def cases(rng: np.random.Generator) -> list[Case]:
    names = ("total_steps", "peak_lr", "parameters", "starts")
    edges = [
        (1000, 3e-4, PUBLISHED, np.array([500, 600, 700, 800, 900, 990])),
        (1000, 3e-4, PUBLISHED, np.array([990, 400, 800])),
        (800, 1e-3, PUBLISHED, np.arange(0, 800, 50)),
        (80, 3e-4, PUBLISHED, np.array([0, 79])),
        (60, 3e-4, PUBLISHED, np.array([45])),
    ]
    for _ in range(7):
        total = int(rng.integers(300, 1000))
        peak = float(10 ** rng.uniform(-3.3, -2.5))
        starts = np.sort(rng.choice(total, size=int(rng.integers(5, 15)), replace=False))
        edges.append((total, peak, drawn(rng), starts))
    return [dict(zip(names, edge, strict=True)) for edge in edges]


def cooled(total_steps, peak_lr, start):
    left = total_steps - np.arange(total_steps)
    return peak_lr * np.minimum(left / (total_steps - start), 1.0)


def chosen(total_steps, peak_lr, parameters, starts, *, loss=predicted, rates=cooled, best=min):
    losses = {start: loss(rates(total_steps, peak_lr, start), parameters) for start in starts}
    start = best(losses, key=losses.get)
    return np.array([start, losses[start]])


def choosing(told=lambda start, total_steps: start, **parts):
    def choice(total_steps, peak_lr, parameters, starts):
        start, loss = chosen(total_steps, peak_lr, parameters, starts, **parts)
        return np.array([told(start, total_steps), loss])

    return choice


def decay_from_step_zero(total_steps, peak_lr, start):
    t = np.arange(total_steps)
    return peak_lr * np.where(t < start, 1.0, 1 - t / total_steps)


def start_as_length(total_steps, peak_lr, start):
    return cooled(total_steps, peak_lr, total_steps - max(start, 1))


def first_update_already_lower(total_steps, peak_lr, start):
    left = total_steps - np.arange(total_steps)
    return peak_lr * np.minimum(left / (total_steps - start + 1), 1.0)


def without_falls(rates, parameters):
    return parameters["L0"] + parameters["A"] * np.sum(rates) ** -parameters["alpha"]


def never_cooled(total_steps, peak_lr, start):
    return np.full(start, peak_lr) if start else np.full(1, peak_lr)


TASK = Task(
    name="cooldown_start",
    number=5,
    section=Section("12_language_models", "How long should the cooldown be?"),
    points=3,
    reference=cooldown_start,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Write the rates of one candidate first, as an array of `total_steps` rates, and print "
            "them for a run of 6 updates that cools down from step 4. Then predict its loss with "
            "`multi_power_loss`. The rest is a loop.",
        ),
        Hint(
            "I get NaN",
            "A rate of 0 has no power -gamma. The rate would reach 0 at step `total_steps`, after "
            "the last update, so no update has the rate 0. How long is your fall?",
        ),
        Hint(
            "The start is right but the loss is not",
            "Compare the rates of your best candidate with the formula at three places: the last "
            "step before the cooldown, its first step, and the last step of the run.",
        ),
        Hint(
            "I always choose the earliest or the latest start",
            "An early start has many small rates, so a smaller sum. A late one leaves the falls no "
            "time to act. If your loss sees only one of these two, an extreme start always wins.",
        ),
    ),
    misconceptions=(
        Misconception(
            "length of the cooldown",
            choosing(told=lambda start, total_steps: total_steps - start),
            "Your first number is the length of the best cooldown. The task asks for the step at "
            "which it starts.",
        ),
        Misconception(
            "share of the run",
            choosing(told=lambda start, total_steps: start / total_steps),
            "Your first number is the start as a share of the run. The task asks for the step.",
        ),
        Misconception(
            "highest loss",
            choosing(best=max),
            "You choose the start with the highest predicted loss.",
        ),
        Misconception(
            "falls ignored",
            choosing(loss=without_falls),
            "You compare the power law of the sum alone. It only sees that a cooldown has small "
            "rates, and therefore starts as late as it may. What the falls gain is missing.",
        ),
        Misconception(
            "decay counted from step 0",
            choosing(rates=decay_from_step_zero),
            "Your rate jumps at the start of the cooldown, because its decay counts from step 0. "
            "None of the cooldown is done at its first step, so the rate is still the peak there.",
        ),
        Misconception(
            "starts taken for lengths",
            choosing(rates=start_as_length),
            "You take the candidates for lengths of the cooldown. They are steps at which it "
            "starts.",
        ),
        Misconception(
            "first update already lower",
            choosing(rates=first_update_already_lower),
            "Your cooldown is one update ahead: its first update already has a smaller rate than "
            "the peak. At step start none of the cooldown is done.",
        ),
        Misconception(
            "loss before the cooldown",
            choosing(rates=never_cooled),
            "You predict the loss at the start of the cooldown. The loss that counts is the one "
            "at the end of the run.",
        ),
    ),
)
