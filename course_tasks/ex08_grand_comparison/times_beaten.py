"""Exercise 8, task 4: the number of schedules that beat each."""

from __future__ import annotations

import numpy as np

from course_tasks.quantiles import ndtri, stdtrit
from course_tasks.task import Case, Hint, Misconception, Section, Task


def times_beaten(scores: np.ndarray, level: float) -> np.ndarray:
    table = np.asarray(scores)
    schedules, seeds = table.shape
    quantile = stdtrit(seeds - 1, 1 - (1 - level) / (schedules * (schedules - 1)))
    gaps = table[:, None] - table[None]
    half = quantile * np.std(gaps, axis=2, ddof=1) / np.sqrt(seeds)
    worse = np.mean(gaps, axis=2) > half
    return np.sum(worse, axis=1)


def near_the_edge(
    rng: np.random.Generator, others: int, seeds: int, level: float, share: float
) -> np.ndarray:
    """Return scores: two whose gap is `share` of the least that decides, and others behind."""
    schedules = 2 + others
    quantile = stdtrit(seeds - 1, 1 - (1 - level) / (schedules * (schedules - 1)))
    wobble = rng.standard_normal(seeds)
    wobble = 0.01 * (wobble - wobble.mean()) / wobble.std(ddof=1)
    luck = 0.3 * rng.standard_normal(seeds)  # of a seed, the same for all schedules
    base = 1.0 + luck
    rows = [base + wobble + share * quantile * 0.01 / np.sqrt(seeds), base]
    rows += [
        base + 2.0 + k + 0.01 * np.roll(wobble, k + 1) + 0.01 * rng.standard_normal(seeds)
        for k in range(others)
    ]
    return np.array(rows)[rng.permutation(schedules)]


def cases(rng: np.random.Generator) -> list[Case]:
    decided = np.array([[0.5, 0.6, 0.4, 0.52], [0.8, 0.91, 0.7, 0.83], [1.2, 1.3, 1.1, 1.25]])
    cases = [{"scores": decided, "level": 0.95}]
    for others, seeds, level in [(0, 8, 0.95), (1, 8, 0.95), (2, 16, 0.9), (3, 5, 0.95)]:
        for share in (0.997, 1.003):
            scores = near_the_edge(rng, others, seeds, level, share)
            cases.append({"scores": scores, "level": level})
    # Between the gaps that a one-sided and that a normal quantile would decide; a low level.
    for share, seeds, level in [(0.87, 16, 0.95), (0.997, 8, 0.4), (1.003, 8, 0.4)]:
        cases.append({"scores": near_the_edge(rng, 0, seeds, level, share), "level": level})
    # The gaps of one seed stand out: the mean says nothing for sure, the median would.
    skewed = np.array([[1.0, 1.1, 0.9, 1.05, 0.97], [1.2, 1.31, 1.1, 1.24, 0.2]])
    cases.append({"scores": skewed, "level": 0.95})
    for _ in range(6):
        schedules, seeds = int(rng.integers(2, 7)), int(rng.integers(4, 17))
        means = rng.uniform(0.5, 0.9, size=(schedules, 1))
        luck = 0.1 * rng.standard_normal(seeds)
        scores = means + luck + 0.05 * rng.standard_normal((schedules, seeds))
        cases.append({"scores": scores, "level": float(rng.choice([0.9, 0.95, 0.99]))})
    return cases


def by_quantile(quantile_of, spread=None):
    def counts(scores, level):
        schedules, seeds = scores.shape
        gaps = scores[:, None] - scores[None]
        error = gaps.std(axis=2, ddof=1) if spread is None else spread(scores)
        half = quantile_of(schedules, seeds, level) * error / np.sqrt(seeds)
        return (gaps.mean(axis=2) > half).sum(axis=1)

    return counts


def all_pairs(schedules, seeds, level):
    return stdtrit(seeds - 1, 1 - (1 - level) / (schedules * (schedules - 1)))


def one_pair(schedules, seeds, level):
    return stdtrit(seeds - 1, (1 + level) / 2)


def one_sided(schedules, seeds, level):
    return stdtrit(seeds - 1, 1 - 2 * (1 - level) / (schedules * (schedules - 1)))


def normal(schedules, seeds, level):
    return ndtri(1 - (1 - level) / (schedules * (schedules - 1)))


def unpaired_spread(scores):
    variances = scores.var(axis=1, ddof=1)
    return np.sqrt(variances[:, None] + variances[None])


def every_pair_twice(schedules, seeds, level):
    return stdtrit(seeds - 1, 1 - (1 - level) / (2 * schedules * (schedules - 1)))


def level_shared(schedules, seeds, level):
    return stdtrit(seeds - 1, 0.5 + level / (schedules * (schedules - 1)))


def order_of_means(scores, level):
    return scores.mean(axis=1).argsort().argsort()


def counts_those_behind(scores, level):
    return times_beaten(-scores, level)


def from_one(scores, level):
    return times_beaten(scores, level) + 1


def own_intervals(scores, level):
    schedules, seeds = scores.shape
    half = all_pairs(schedules, seeds, level) * scores.std(axis=1, ddof=1) / np.sqrt(seeds)
    low, high = scores.mean(axis=1) - half, scores.mean(axis=1) + half
    return (low[:, None] > high[None]).sum(axis=1)


def against_the_winner(scores, level):
    best = scores.mean(axis=1).argmin()
    schedules, seeds = scores.shape
    gaps = scores - scores[best]
    half = all_pairs(schedules, seeds, level) * gaps.std(axis=1, ddof=1) / np.sqrt(seeds)
    return np.where(gaps.mean(axis=1) > half, 1, 0)


TASK = Task(
    name="times_beaten",
    number=4,
    section=Section("08_grand_comparison", "The count"),
    points=3,
    reference=times_beaten,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Take two schedules and find the lower end of the interval of their difference, as "
            "in tasks 2 and 3, at the level of a single interval. Then go through all *i* and "
            "*j* and count.",
        ),
        Hint(
            "My counts are too high",
            "Is your level still that of a single interval? With many schedules there are many "
            "pairs, and all their intervals have to hold at once.",
        ),
        Hint(
            "My counts are too low",
            "A lucky seed is lucky for all schedules. Does this luck cancel in your "
            "differences, or does it widen your intervals? And how many pairs do you count for "
            "two schedules?",
        ),
    ),
    misconceptions=(
        Misconception(
            "one interval's level",
            by_quantile(one_pair),
            "Each interval has the given level by itself. With many pairs, some would show a "
            "difference by luck. The error has to be divided among all pairs.",
        ),
        Misconception(
            "unpaired",
            by_quantile(all_pairs, unpaired_spread),
            "The widths come from the spread of each schedule's scores. All schedules share "
            "their seeds, so you need the spread of the differences, seed by seed.",
        ),
        Misconception(
            "one-sided",
            by_quantile(one_sided),
            "The whole error of a pair lies on one side here. An interval has two ends, and each "
            "gets half of it.",
        ),
        Misconception(
            "normal quantile",
            by_quantile(normal),
            "The widths use the normal distribution. With few seeds the spread itself is "
            "uncertain, so Student's t is wider.",
        ),
        Misconception(
            "order of the means",
            order_of_means,
            "You compare only the means. A schedule with a lower mean is better only if the "
            "interval of the difference does not contain 0.",
        ),
        Misconception(
            "counts those behind",
            counts_those_behind,
            "You count the schedules that are worse. The scores are losses, so count the "
            "schedules with a lower score.",
        ),
        Misconception(
            "against the winner only",
            against_the_winner,
            "Each schedule is compared only with the one that has the lowest mean, so no count "
            "exceeds 1. Count every schedule that is better.",
        ),
        Misconception(
            "pairs counted twice",
            by_quantile(every_pair_twice),
            "Each pair is counted twice, as i and j and as j and i, so the intervals are too "
            "wide. Two schedules are one pair.",
        ),
        Misconception(
            "level shared",
            by_quantile(level_shared),
            "You divide the level by the number of pairs. You should divide the error, which is "
            "1 minus the level.",
        ),
        Misconception(
            "counts from 1",
            from_one,
            "Your counts begin at 1. A schedule that no other beats has the count 0.",
        ),
        Misconception(
            "own intervals",
            own_intervals,
            "You give each schedule an interval of its own and ask whether two of them overlap. "
            "Take the interval of the difference, seed by seed.",
        ),
    ),
)
