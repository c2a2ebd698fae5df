"""Exercise 8, task 2: how sure a mean is."""

from __future__ import annotations

import numpy as np

from course_tasks.quantiles import ndtri, stdtrit
from course_tasks.task import Case, Hint, Misconception, Section, Task


def interval_of_mean(scores: np.ndarray, level: float) -> np.ndarray:
    values = np.asarray(scores)
    n = len(values)
    half = stdtrit(n - 1, (1 + level) / 2) * np.std(values, ddof=1) / np.sqrt(n)
    return np.array([np.mean(values), np.mean(values) - half, np.mean(values) + half])


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        ([0.61, 0.58, 0.66, 0.6, 0.63, 0.57, 0.64, 0.71], 0.95),
        ([1.0, 2.0], 0.95),
        ([1.0, 2.0, 6.0], 0.5),
        ([-3.0, -3.5, -1.0, -2.0], 0.99),
        ([0.4, 0.4, 0.4], 0.9),
    ]
    for _ in range(8):
        scores = rng.uniform(0.1, 3) + rng.uniform(0.01, 1) * rng.exponential(
            size=rng.integers(2, 20)
        )
        edges.append((scores, float(rng.choice([0.8, 0.9, 0.95, 0.99]))))
    return [{"scores": np.array(scores), "level": level} for scores, level in edges]


def interval_with(quantile=None, ddof=1, root=np.sqrt, width=1.0, middle=np.mean):
    def interval(scores, level):
        n = len(scores)
        q = stdtrit(n - 1, (1 + level) / 2) if quantile is None else quantile(n, level)
        half = width * q * np.std(scores, ddof=ddof) / root(n)
        return middle(scores) + half * np.array([0.0, -1.0, 1.0])

    return interval


def mean_in_the_middle(scores, level):
    return interval_of_mean(scores, level)[[1, 0, 2]]


TASK = Task(
    name="interval_of_mean",
    number=2,
    section=Section("08_grand_comparison", "First problem: a network with noisy labels"),
    points=1,
    reference=interval_of_mean,
    make_cases=cases,
    hints=(
        Hint(
            "My interval is a little too short",
            "With few seeds there are two common reasons: a spread that is divided by n instead "
            "of n - 1, and a quantile that does not depend on the number of seeds.",
        ),
        Hint(
            "I have the level. Which quantile do I need?",
            "The part of the distribution outside the interval is split between two tails. How "
            "much of the distribution lies below the upper end?",
        ),
        Hint(
            "My interval does not get shorter with more seeds",
            "The spread of the scores does not shrink with more seeds. The spread of their "
            "*mean* does.",
        ),
    ),
    misconceptions=(
        Misconception(
            "normal quantile",
            interval_with(quantile=lambda n, level: ndtri((1 + level) / 2)),
            "This uses the normal distribution, as if the spread were known. It is estimated "
            "from a few scores, and Student's t takes this into account with a wider interval.",
        ),
        Misconception(
            "population spread",
            interval_with(ddof=0),
            "The standard deviation is divided by n. The scores are closer to their own mean "
            "than to the true one, and n - 1 corrects for this. (NumPy's default is n.)",
        ),
        Misconception(
            "spread of the scores",
            interval_with(root=lambda n: 1.0),
            "This is the spread of single runs. The spread of the mean of n runs is smaller by "
            "a factor of the square root of n.",
        ),
        Misconception(
            "divided by n",
            interval_with(root=lambda n: n),
            "The spread is divided by n. The standard error of a mean is the spread divided by "
            "the square root of n.",
        ),
        Misconception(
            "one-sided quantile",
            interval_with(quantile=lambda n, level: stdtrit(n - 1, level)),
            "The level itself was taken as the quantile. That puts the whole error on each "
            "side, so the interval is too short. Each tail gets half of it.",
        ),
        Misconception(
            "degrees of freedom n",
            interval_with(quantile=lambda n, level: stdtrit(n, (1 + level) / 2)),
            "You use Student's t with n degrees of freedom. The mean uses up one of them.",
        ),
        Misconception(
            "around the median",
            interval_with(middle=np.median),
            "Your interval lies around the median. This one belongs to the mean.",
        ),
        Misconception(
            "mean in the middle",
            mean_in_the_middle,
            "The three numbers are right, but their order is not. It should be mean, low, high.",
        ),
    ),
)
