"""Exercise 7, task 3: the average."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def debiased_average(losses: np.ndarray, beta: float) -> np.ndarray:
    average, averages = 0.0, []
    for t, loss in enumerate(losses):
        average = beta * average + (1 - beta) * loss
        averages.append(average / (1 - beta ** (t + 1)))
    return np.array(averages)


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        (np.full(8, 2.3), 0.98),  # a flat loss stays flat
        (np.array([4.0, 1.0, 2.0, 3.0, 0.5]), 0.5),
        (np.array([4.0, 1.0, 2.0, 3.0, 0.5]), 0.0),  # the losses themselves
        (np.array([1.5]), 0.9),
    ]
    for _ in range(8):
        losses = rng.uniform(0.2, 3.0, size=int(rng.integers(3, 60)))
        edges.append((losses, float(rng.uniform(0.3, 0.99))))
    return [{"losses": losses, "beta": beta} for losses, beta in edges]


def average_with(first, divided, own=lambda beta: beta):
    """Return a wrong average, by its first state, what it is divided by, and its weight."""

    def function(losses, beta):
        average, averages, keep = first(losses), [], own(beta)
        for t, loss in enumerate(losses):
            average = keep * average + (1 - keep) * loss
            averages.append(average / divided(keep, t))
        return np.array(averages)

    return function


def debiased_again(losses, beta):
    average, averages = 0.0, []
    for t, loss in enumerate(losses):
        average = (beta * average + (1 - beta) * loss) / (1 - beta ** (t + 1))
        averages.append(average)
    return np.array(averages)


TASK = Task(
    name="debiased_average",
    number=3,
    section=Section("07_range_test", "From scratch"),
    points=2,
    reference=debiased_average,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Keep one number, the average, and change it once for every loss. Write down a "
            "corrected *copy* each time.",
        ),
        Hint(
            "My average of a constant loss is not constant",
            "After one loss, the weight in the average is 1 - beta. What do the weights add up "
            "to after two losses, and after t + 1?",
        ),
        Hint(
            "I divide by zero, or my first value is infinite",
            "At t = 0, 1 - beta**t is 0. How many losses are in the average by then?",
        ),
        Hint(
            "Only the first value is right",
            "Perhaps you carry the corrected value on to the next step. Correct only the value "
            "that you return, and carry on the uncorrected average.",
        ),
    ),
    misconceptions=(
        Misconception(
            "not debiased",
            average_with(lambda losses: 0.0, lambda beta, t: 1.0),
            "The division is missing. This average begins at 0 and is too small at first.",
        ),
        Misconception(
            "begins at the first loss",
            average_with(lambda losses: losses[0], lambda beta, t: 1.0),
            "This average begins at the first loss. It needs no correction, but it is a "
            "different average, in which the first loss keeps far too large a weight.",
        ),
        Misconception(
            "one step off",
            average_with(lambda losses: 0.0, lambda beta, t: 1 - beta ** (t + 2)),
            "The correction is one step ahead, as it is in Lightning: your first value is smaller "
            "than the first loss.",
        ),
        Misconception(
            "the exponent is t",
            average_with(lambda losses: 0.0, lambda beta, t: 1 - beta**t),
            "1 - beta**t is 0 at t = 0. After L_t the average contains t + 1 losses, and their "
            "weights add up to 1 - beta**(t+1).",
        ),
        Misconception(
            "divided by the weight of one loss",
            average_with(lambda losses: 0.0, lambda beta, t: 1 - beta),
            "You divide by 1 - beta every time. That is the sum of the weights after one loss, "
            "and it grows with each further loss.",
        ),
        Misconception(
            "weights exchanged",
            average_with(
                lambda losses: 0.0, lambda keep, t: 1 - keep ** (t + 1), own=lambda beta: 1 - beta
            ),
            "beta and 1 - beta are swapped. beta is the weight of the *past*.",
        ),
        Misconception(
            "corrected again and again",
            debiased_again,
            "You carry the corrected value on to the next step, so it is corrected again. Carry "
            "on the uncorrected average, and correct a copy.",
        ),
    ),
)
