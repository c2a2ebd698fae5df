"""Exercise 8: what makes a comparison unfair, intervals, ties, and fresh seeds for the score."""

from __future__ import annotations

import numpy as np

from course_tasks._ex08_budget import CHOSEN_BY_HALVING
from course_tasks._ex08_ranking import RANKS_WITH_TIES, TUNED_SCORES
from course_tasks._ex08_unfair import WHAT_IS_UNFAIR
from course_tasks._quantiles import ndtri, stdtrit
from course_tasks.task import Case, Hint, Misconception, Task


def _interval_of_mean(scores: np.ndarray, level: float) -> np.ndarray:
    values = np.asarray(scores)
    n = len(values)
    half = stdtrit(n - 1, (1 + level) / 2) * np.std(values, ddof=1) / np.sqrt(n)
    return np.array([np.mean(values), np.mean(values) - half, np.mean(values) + half])


def _interval_cases(rng: np.random.Generator) -> list[Case]:
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


def _interval_with(quantile=None, ddof=1, root=np.sqrt, width=1.0, middle=np.mean):
    def interval(scores, level):
        n = len(scores)
        q = stdtrit(n - 1, (1 + level) / 2) if quantile is None else quantile(n, level)
        half = width * q * np.std(scores, ddof=ddof) / root(n)
        return middle(scores) + half * np.array([0.0, -1.0, 1.0])

    return interval


def _mean_in_the_middle(scores, level):
    return _interval_of_mean(scores, level)[[1, 0, 2]]


def _paired_difference(first: dict[int, float], second: dict[int, float]) -> np.ndarray:
    shared = sorted(set(first) & set(second))
    gaps = np.array([first[seed] - second[seed] for seed in shared])
    n = len(shared)
    half = stdtrit(n - 1, 0.975) * np.std(gaps, ddof=1) / np.sqrt(n)
    return np.array([np.mean(gaps), np.mean(gaps) - half, np.mean(gaps) + half])


def _paired_cases(rng: np.random.Generator) -> list[Case]:
    edges = [
        ({1: 0.62, 3: 0.7, 5: 0.55}, {1: 0.6, 3: 0.65, 5: 0.54}),
        ({1: 0.62, 3: 0.7, 5: 0.55}, {5: 0.54, 1: 0.6, 3: 0.65}),
        ({1: 0.62, 3: 0.7, 5: 0.55, 9: 3.0}, {7: 0.1, 3: 0.65, 1: 0.6, 5: 0.5}),
        ({2: 1.0, 4: 3.0}, {4: 1.5, 2: 1.0}),
        ({2: 1.0, 4: 1.0, 6: 1.0}, {4: 1.5, 2: 1.5, 8: 0.3, 6: 1.5}),
    ]
    for _ in range(8):
        seeds = rng.permutation(30)[: rng.integers(4, 14)].tolist()
        luck = dict(zip(seeds, rng.normal(1.0, 0.3, size=len(seeds)), strict=True))
        runs = []
        for shift in rng.uniform(0.0, 0.1, size=2):
            kept = rng.permutation(seeds)[rng.integers(0, 2) :].tolist()
            runs.append({k: float(luck[k] + shift + rng.exponential(0.05)) for k in kept})
        edges.append(tuple(runs))
    return [{"first": first, "second": second} for first, second in edges]


def _around(mean, half):
    return mean + half * np.array([0.0, -1.0, 1.0])


def _half_width(gaps):
    n = len(gaps)
    return stdtrit(n - 1, 0.975) * np.std(gaps, ddof=1) / np.sqrt(n)


def _shared(first, second):
    seeds = sorted(set(first) & set(second))
    return np.array([first[s] for s in seeds]), np.array([second[s] for s in seeds])


def _other_sign(first, second):
    return _paired_difference(second, first)


def _unpaired(first, second):
    a, b = _shared(first, second)
    n = len(a)
    error = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / n)
    return _around(a.mean() - b.mean(), stdtrit(2 * n - 2, 0.975) * error)


def _unpaired_all(first, second):
    a, b = np.array(list(first.values())), np.array(list(second.values()))
    error = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    return _around(a.mean() - b.mean(), stdtrit(len(a) + len(b) - 2, 0.975) * error)


def _by_position(first, second):
    n = min(len(first), len(second))
    gaps = np.array(list(first.values())[:n]) - np.array(list(second.values())[:n])
    return _around(gaps.mean(), _half_width(gaps))


def _ends_subtracted(first, second):
    a, b = _shared(first, second)
    return _around(a.mean() - b.mean(), _half_width(a) - _half_width(b))


def _widths_added(first, second):
    a, b = _shared(first, second)
    return _around(a.mean() - b.mean(), _half_width(a) + _half_width(b))


def _normal_pairs(first, second):
    a, b = _shared(first, second)
    return _around((a - b).mean(), ndtri(0.975) * (a - b).std(ddof=1) / np.sqrt(len(a)))


INTERVAL_OF_MEAN = Task(
    name="interval_of_mean",
    points=1,
    reference=_interval_of_mean,
    make_cases=_interval_cases,
    hints=(
        Hint(
            "My interval is a little too short",
            "Two things do that with few seeds: the spread divided by n instead of n - 1, and a "
            "quantile that does not know how few there are.",
        ),
        Hint(
            "I have the level, and which quantile is it?",
            "What lies outside of the interval is shared by two tails. How much of the "
            "distribution lies below the upper end?",
        ),
        Hint(
            "My interval does not get shorter with more seeds",
            "The spread of the scores stays what it is. The spread of their *mean* does not.",
        ),
    ),
    misconceptions=(
        Misconception(
            "normal quantile",
            _interval_with(quantile=lambda n, level: ndtri((1 + level) / 2)),
            "This uses the normal distribution, as if the spread were known. It is estimated from "
            "a few scores; Student's t pays for that with a wider interval.",
        ),
        Misconception(
            "population spread",
            _interval_with(ddof=0),
            "The standard deviation is divided by n. The scores are closer to their own mean than "
            "to the true one; n - 1 makes up for it (NumPy's default is n).",
        ),
        Misconception(
            "spread of the scores",
            _interval_with(root=lambda n: 1.0),
            "This is how far single runs spread. The mean of n runs is steadier by the root of n.",
        ),
        Misconception(
            "divided by n",
            _interval_with(root=lambda n: n),
            "The spread is divided by n. The standard error of a mean falls with the root of n.",
        ),
        Misconception(
            "one-sided quantile",
            _interval_with(quantile=lambda n, level: stdtrit(n - 1, level)),
            "The level itself was taken as the quantile. That leaves the whole error on each side, "
            "and the interval is too short: each tail gets half.",
        ),
        Misconception(
            "degrees of freedom n",
            _interval_with(quantile=lambda n, level: stdtrit(n, (1 + level) / 2)),
            "Student's t was taken with n degrees of freedom. One is used up by the mean.",
        ),
        Misconception(
            "around the median",
            _interval_with(middle=np.median),
            "Your interval lies around the median. This one belongs to the mean.",
        ),
        Misconception(
            "mean in the middle",
            _mean_in_the_middle,
            "The three numbers are right, and their order is not: it is mean, low, high.",
        ),
    ),
)

PAIRED_DIFFERENCE = Task(
    name="paired_difference",
    points=2,
    reference=_paired_difference,
    make_cases=_paired_cases,
    hints=(
        Hint(
            "My interval is far too wide",
            "A hard seed is hard for both. Which list of numbers is free of that, and has one "
            "number for each seed?",
        ),
        Hint(
            "I pass the first case and fail the second",
            "The two dicts need not have their seeds in the same order, nor the same seeds. What "
            "do both have?",
        ),
        Hint(
            "I do not know how to begin",
            "Once you have one difference a seed, this is the task before.",
        ),
    ),
    misconceptions=(
        Misconception(
            "other sign",
            _other_sign,
            "The difference is the other way round: asked for is the first minus the second.",
        ),
        Misconception(
            "unpaired",
            _unpaired,
            "This treats the two as unrelated samples. The seeds are shared: take the difference "
            "seed by seed, and the luck of a seed drops out.",
        ),
        Misconception(
            "by position",
            _by_position,
            "The scores are paired by their place in the dicts. A pair is two runs with the same "
            "seed, wherever they stand.",
        ),
        Misconception(
            "ends subtracted",
            _ends_subtracted,
            "The half widths of two intervals are subtracted here. The uncertainty of a difference "
            "is not the difference of the uncertainties.",
        ),
        Misconception(
            "widths added",
            _widths_added,
            "The half widths of two intervals are added here, which is far too wide: the luck "
            "that both share is counted twice instead of dropping out.",
        ),
        Misconception(
            "normal quantile",
            _normal_pairs,
            "This uses the normal distribution. The spread is estimated from a few differences; "
            "Student's t has the wider interval that this needs.",
        ),
        Misconception(
            "unpaired, all runs",
            _unpaired_all,
            "These are two unrelated samples, with runs that only one of the two has. Keep the "
            "seeds that both have, and take the difference seed by seed.",
        ),
    ),
)

TASKS = (
    WHAT_IS_UNFAIR,
    INTERVAL_OF_MEAN,
    PAIRED_DIFFERENCE,
    RANKS_WITH_TIES,
    TUNED_SCORES,
    CHOSEN_BY_HALVING,
)
