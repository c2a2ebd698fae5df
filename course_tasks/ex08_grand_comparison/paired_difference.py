"""Exercise 8, task 3: the difference of two schedules."""

from __future__ import annotations

import numpy as np

from course_tasks.quantiles import ndtri, stdtrit
from course_tasks.task import Case, Hint, Misconception, Section, Task


def paired_difference(first: dict[int, float], second: dict[int, float]) -> np.ndarray:
    shared = sorted(set(first) & set(second))
    gaps = np.array([first[seed] - second[seed] for seed in shared])
    n = len(shared)
    half = stdtrit(n - 1, 0.975) * np.std(gaps, ddof=1) / np.sqrt(n)
    return np.array([np.mean(gaps), np.mean(gaps) - half, np.mean(gaps) + half])


def cases(rng: np.random.Generator) -> list[Case]:
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


def around(mean, half):
    return mean + half * np.array([0.0, -1.0, 1.0])


def half_width(gaps):
    n = len(gaps)
    return stdtrit(n - 1, 0.975) * np.std(gaps, ddof=1) / np.sqrt(n)


def on_shared_seeds(first, second):
    seeds = sorted(set(first) & set(second))
    return np.array([first[s] for s in seeds]), np.array([second[s] for s in seeds])


def other_sign(first, second):
    return paired_difference(second, first)


def unpaired(first, second):
    a, b = on_shared_seeds(first, second)
    n = len(a)
    error = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / n)
    return around(a.mean() - b.mean(), stdtrit(2 * n - 2, 0.975) * error)


def unpaired_all(first, second):
    a, b = np.array(list(first.values())), np.array(list(second.values()))
    error = np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    return around(a.mean() - b.mean(), stdtrit(len(a) + len(b) - 2, 0.975) * error)


def by_position(first, second):
    n = min(len(first), len(second))
    gaps = np.array(list(first.values())[:n]) - np.array(list(second.values())[:n])
    return around(gaps.mean(), half_width(gaps))


def ends_subtracted(first, second):
    a, b = on_shared_seeds(first, second)
    return around(a.mean() - b.mean(), half_width(a) - half_width(b))


def widths_added(first, second):
    a, b = on_shared_seeds(first, second)
    return around(a.mean() - b.mean(), half_width(a) + half_width(b))


def normal_pairs(first, second):
    a, b = on_shared_seeds(first, second)
    return around((a - b).mean(), ndtri(0.975) * (a - b).std(ddof=1) / np.sqrt(len(a)))


TASK = Task(
    name="paired_difference",
    number=3,
    section=Section("08_grand_comparison", "Further: the momentum of the 1-cycle"),
    points=2,
    reference=paired_difference,
    make_cases=cases,
    hints=(
        Hint(
            "My interval is far too wide",
            "A hard seed is hard for both. Which list of numbers, with one for each seed, does "
            "not contain this effect?",
        ),
        Hint(
            "I pass the first case but fail the second",
            "The two dicts need not have their seeds in the same order, nor the same seeds. What "
            "do both have?",
        ),
        Hint(
            "I do not know how to begin",
            "Once you have one difference for each seed, this is the previous task.",
        ),
    ),
    misconceptions=(
        Misconception(
            "other sign",
            other_sign,
            "Your difference has the wrong sign. The task asks for the first minus the second.",
        ),
        Misconception(
            "unpaired",
            unpaired,
            "This treats the two as unrelated samples. The seeds are shared. If you take the "
            "difference seed by seed, the luck of each seed cancels.",
        ),
        Misconception(
            "by position",
            by_position,
            "You pair the scores by their position in the dicts. A pair is two runs with the "
            "same seed, wherever they are.",
        ),
        Misconception(
            "ends subtracted",
            ends_subtracted,
            "The half widths of two intervals are subtracted here. The uncertainty of a difference "
            "is not the difference of the uncertainties.",
        ),
        Misconception(
            "widths added",
            widths_added,
            "You add the half widths of two intervals, which is far too wide. The luck that "
            "both schedules share is counted twice instead of cancelling.",
        ),
        Misconception(
            "normal quantile",
            normal_pairs,
            "This uses the normal distribution. The spread is estimated from a few differences, "
            "so you need the wider interval of Student's t.",
        ),
        Misconception(
            "unpaired, all runs",
            unpaired_all,
            "These are two unrelated samples, with runs that only one of the two has. Keep only "
            "the seeds that both have, and take the difference seed by seed.",
        ),
    ),
)
