"""Two tasks of exercise 8: ranks with ties, and scores on seeds that did not choose the peak."""

from __future__ import annotations

import numpy as np

from course_tasks._quantiles import ndtri, stdtrit
from course_tasks.task import Case, Hint, Misconception, Task


def _ranks_with_ties(scores: np.ndarray, level: float) -> np.ndarray:
    table = np.asarray(scores)
    schedules, seeds = table.shape
    quantile = stdtrit(seeds - 1, 1 - (1 - level) / (schedules * (schedules - 1)))
    gaps = table[:, None] - table[None]
    half = quantile * np.std(gaps, axis=2, ddof=1) / np.sqrt(seeds)
    clearly_worse = np.mean(gaps, axis=2) > half
    return 1 + np.sum(clearly_worse, axis=1)


def _near_the_edge(
    rng: np.random.Generator, others: int, seeds: int, level: float, share: float
) -> np.ndarray:
    """Return scores: two whose gap is `share` of what tells them apart, and others behind."""
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


def _ranks_cases(rng: np.random.Generator) -> list[Case]:
    told_apart = np.array([[0.5, 0.6, 0.4, 0.52], [0.8, 0.91, 0.7, 0.83], [1.2, 1.3, 1.1, 1.25]])
    cases = [{"scores": told_apart, "level": 0.95}]
    for others, seeds, level in [(0, 8, 0.95), (1, 8, 0.95), (2, 16, 0.9), (3, 5, 0.95)]:
        for share in (0.997, 1.003):
            scores = _near_the_edge(rng, others, seeds, level, share)
            cases.append({"scores": scores, "level": level})
    # Between what a one-sided and what a normal quantile would tell apart; a low level.
    for share, seeds, level in [(0.87, 16, 0.95), (0.997, 8, 0.4), (1.003, 8, 0.4)]:
        cases.append({"scores": _near_the_edge(rng, 0, seeds, level, share), "level": level})
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


def _by_quantile(quantile_of, spread=None):
    def ranks(scores, level):
        schedules, seeds = scores.shape
        gaps = scores[:, None] - scores[None]
        error = gaps.std(axis=2, ddof=1) if spread is None else spread(scores)
        half = quantile_of(schedules, seeds, level) * error / np.sqrt(seeds)
        return 1 + (gaps.mean(axis=2) > half).sum(axis=1)

    return ranks


def _all_pairs(schedules, seeds, level):
    return stdtrit(seeds - 1, 1 - (1 - level) / (schedules * (schedules - 1)))


def _one_pair(schedules, seeds, level):
    return stdtrit(seeds - 1, (1 + level) / 2)


def _one_sided(schedules, seeds, level):
    return stdtrit(seeds - 1, 1 - 2 * (1 - level) / (schedules * (schedules - 1)))


def _normal(schedules, seeds, level):
    return ndtri(1 - (1 - level) / (schedules * (schedules - 1)))


def _unpaired_spread(scores):
    variances = scores.var(axis=1, ddof=1)
    return np.sqrt(variances[:, None] + variances[None])


def _every_pair_twice(schedules, seeds, level):
    return stdtrit(seeds - 1, 1 - (1 - level) / (2 * schedules * (schedules - 1)))


def _level_shared(schedules, seeds, level):
    return stdtrit(seeds - 1, 0.5 + level / (schedules * (schedules - 1)))


def _order_of_means(scores, level):
    return 1 + scores.mean(axis=1).argsort().argsort()


def _counts_those_behind(scores, level):
    return _ranks_with_ties(-scores, level)


def _from_zero(scores, level):
    return _ranks_with_ties(scores, level) - 1


def _own_intervals(scores, level):
    schedules, seeds = scores.shape
    half = _all_pairs(schedules, seeds, level) * scores.std(axis=1, ddof=1) / np.sqrt(seeds)
    low, high = scores.mean(axis=1) - half, scores.mean(axis=1) + half
    return 1 + (low[:, None] > high[None]).sum(axis=1)


def _against_the_winner(scores, level):
    best = scores.mean(axis=1).argmin()
    schedules, seeds = scores.shape
    gaps = scores - scores[best]
    half = _all_pairs(schedules, seeds, level) * gaps.std(axis=1, ddof=1) / np.sqrt(seeds)
    return np.where(gaps.mean(axis=1) > half, 2, 1)


def _tuned_scores(scores: np.ndarray, tuning_seeds: list[int]) -> np.ndarray:
    table = np.asarray(scores)
    schedules, _, seeds = table.shape
    fresh = np.setdiff1d(np.arange(seeds), tuning_seeds)
    chosen = np.argmin(np.mean(table[:, :, tuning_seeds], axis=2), axis=1)
    return np.mean(table[np.arange(schedules), chosen][:, fresh], axis=1)


def _tuned_cases(rng: np.random.Generator) -> list[Case]:
    two = np.array(
        [
            [[0.9, 0.8, 0.5, 0.7], [0.4, 0.5, 0.8, 0.6], [0.6, 0.7, 0.65, 0.6]],
            [[0.7, 0.6, 0.9, 0.8], [0.8, 0.75, 0.2, 0.3], [0.3, 0.9, 0.4, 0.4]],
        ]
    )
    lucky = np.array(
        [
            [[0.5, 0.5, 0.1, 0.6, 0.62], [0.45, 0.46, 0.9, 0.5, 0.4], [0.3, 0.31, 3.0, 0.4, 0.5]],
            [[0.6, 0.1, 0.6, 0.7, 0.7], [0.5, 0.52, 0.54, 0.7, 0.66], [0.8, 0.9, 0.8, 0.1, 0.1]],
        ]
    )
    diverged = lucky.copy()
    diverged[0, 2, :] = np.inf
    diverged[1, 1, 1] = np.inf
    # The peak with the lowest single loss is not the one with the lowest mean.
    one_lucky = np.array([[[0.4, 0.5, 0.7], [0.1, 0.9, 0.2]]])
    cases = [
        {"scores": two, "tuning_seeds": [0, 1]},
        {"scores": one_lucky, "tuning_seeds": [0, 1]},
        {"scores": two, "tuning_seeds": [1, 3]},
        {"scores": lucky, "tuning_seeds": [0, 1, 2]},
        {"scores": diverged, "tuning_seeds": [0, 1, 2]},
        {"scores": two[:1], "tuning_seeds": [3]},
        {"scores": two[:, :1], "tuning_seeds": [2, 0, 1]},
    ]
    for _ in range(8):
        schedules, peaks, seeds = (int(n) for n in rng.integers((2, 3, 6), (6, 6, 12)))
        scores = 0.5 + rng.exponential(0.3, size=(schedules, peaks, seeds))
        tuning = rng.permutation(seeds)[: int(rng.integers(2, seeds - 2))].tolist()
        cases.append({"scores": scores, "tuning_seeds": tuning})
    return cases


def _rest(scores, tuning_seeds):
    return np.setdiff1d(np.arange(scores.shape[2]), tuning_seeds)


def _score_at(scores, chosen, seeds):
    return scores[np.arange(len(scores)), chosen][:, seeds].mean(axis=1)


def _scored_where_tuned(scores, tuning_seeds):
    return scores[:, :, tuning_seeds].mean(axis=2).min(axis=1)


def _scored_on_all(scores, tuning_seeds):
    chosen = scores[:, :, tuning_seeds].mean(axis=2).argmin(axis=1)
    return _score_at(scores, chosen, np.arange(scores.shape[2]))


def _chosen_on_fresh(scores, tuning_seeds):
    return scores[:, :, _rest(scores, tuning_seeds)].mean(axis=2).min(axis=1)


def _chosen_on_all(scores, tuning_seeds):
    return _score_at(scores, scores.mean(axis=2).argmin(axis=1), _rest(scores, tuning_seeds))


def _one_peak_for_all(scores, tuning_seeds):
    shared = scores[:, :, tuning_seeds].mean(axis=(0, 2)).argmin()
    return scores[:, shared][:, _rest(scores, tuning_seeds)].mean(axis=1)


def _luckiest_run(scores, tuning_seeds):
    chosen = scores[:, :, tuning_seeds].min(axis=2).argmin(axis=1)
    return _score_at(scores, chosen, _rest(scores, tuning_seeds))


def _first_seeds(scores, tuning_seeds):
    seeds = np.arange(scores.shape[2])
    return _tuned_scores(scores, seeds[: len(tuning_seeds)].tolist())


def _scored_behind(scores, tuning_seeds):
    chosen = scores[:, :, tuning_seeds].mean(axis=2).argmin(axis=1)
    return _score_at(scores, chosen, np.arange(len(tuning_seeds), scores.shape[2]))


RANKS_WITH_TIES = Task(
    name="ranks_with_ties",
    points=3,
    reference=_ranks_with_ties,
    make_cases=_ranks_cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Take two schedules and find the low end of the interval of their difference, as in "
            "tasks 2 and 3, at a level of its own. Then go through all *i* and *j* and count.",
        ),
        Hint(
            "Too few ties",
            "Is your level still that of a single interval? With many schedules there are many "
            "pairs, and all their intervals are to hold at once.",
        ),
        Hint(
            "Too many ties",
            "A lucky seed is lucky for all schedules. Does that luck cancel in your differences, "
            "or does it stand in your widths? And how many pairs do you count for two schedules?",
        ),
    ),
    misconceptions=(
        Misconception(
            "one interval's level",
            _by_quantile(_one_pair),
            "Each interval has the given level by itself. With many pairs some would declare a "
            "difference by luck; the error has to be shared among all pairs.",
        ),
        Misconception(
            "unpaired",
            _by_quantile(_all_pairs, _unpaired_spread),
            "The widths come from the spread of each schedule's scores. The seeds are the same "
            "for all, so the spread that counts is that of the differences, seed by seed.",
        ),
        Misconception(
            "one-sided",
            _by_quantile(_one_sided),
            "The whole error of a pair lies on one side here. An interval has two ends, and each "
            "gets half of it.",
        ),
        Misconception(
            "normal quantile",
            _by_quantile(_normal),
            "The widths use the normal distribution. With few seeds the spread itself is "
            "uncertain, and Student's t is wider for that reason.",
        ),
        Misconception(
            "order of the means",
            _order_of_means,
            "These are the places by the mean alone. Two schedules that cannot be told apart "
            "share a rank.",
        ),
        Misconception(
            "counts those behind",
            _counts_those_behind,
            "You count the schedules that are clearly worse. Scores are losses: rank 1 belongs to "
            "those that nobody is clearly better than.",
        ),
        Misconception(
            "against the winner only",
            _against_the_winner,
            "Each schedule is compared with the one of the lowest mean alone, so there are only "
            "the ranks 1 and 2. All those that are clearly better count.",
        ),
        Misconception(
            "pairs counted twice",
            _by_quantile(_every_pair_twice),
            "Each pair is counted twice, as i and j and as j and i, so the intervals are too "
            "wide. Two schedules are one pair.",
        ),
        Misconception(
            "level shared",
            _by_quantile(_level_shared),
            "The level is divided by the number of pairs. What is shared among them is the error, "
            "the rest up to 1.",
        ),
        Misconception(
            "ranks from 0",
            _from_zero,
            "Your ranks begin at 0. The rank of the best is 1.",
        ),
        Misconception(
            "own intervals",
            _own_intervals,
            "Each schedule has an interval of its own here, and those that do not overlap are told "
            "apart. Asked for is the interval of the difference, seed by seed.",
        ),
    ),
)

TUNED_SCORES = Task(
    name="tuned_scores",
    points=2,
    reference=_tuned_scores,
    make_cases=_tuned_cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Look at one schedule first: a table of peaks by seeds. Split its columns in two "
            "groups. One group is for choosing a row, the other for reading that row.",
        ),
        Hint(
            "My scores are too good",
            "Which seeds chose the peak, and which seeds is it scored on? A peak that won on some "
            "seeds won partly by their luck.",
        ),
        Hint(
            "The shapes do not fit",
            "Each schedule has a peak of its own, so you need one row from each table. A loop over "
            "the schedules is fine.",
        ),
    ),
    misconceptions=(
        Misconception(
            "scored where tuned",
            _scored_where_tuned,
            "These are the scores on the seeds that chose the peaks. They are too good: each peak "
            "was chosen partly for the luck of just these seeds.",
        ),
        Misconception(
            "scored on all",
            _scored_on_all,
            "The tuning seeds are counted in the score. A peak is chosen partly for its luck on "
            "them, so they have to stay out.",
        ),
        Misconception(
            "chosen on the fresh seeds",
            _chosen_on_fresh,
            "The peak was chosen on the seeds that score it; the tuning seeds were not used at "
            "all. Fresh seeds must have no say in the choice.",
        ),
        Misconception(
            "chosen on all",
            _chosen_on_all,
            "All seeds had a say in the choice of the peak, the fresh ones too. What scores a "
            "choice must not have made it.",
        ),
        Misconception(
            "one peak for all",
            _one_peak_for_all,
            "One peak was chosen for all schedules together. It suits some and not others; each "
            "schedule is to have its own best.",
        ),
        Misconception(
            "luckiest run",
            _luckiest_run,
            "The peak is chosen by its single best run. What counts is the mean over the tuning "
            "seeds, bad runs included.",
        ),
        Misconception(
            "the first seeds",
            _first_seeds,
            "You took the first seeds of the table for tuning, as many as there are. tuning_seeds "
            "says which ones, by their place along the last axis.",
        ),
        Misconception(
            "scored on the last seeds",
            _scored_behind,
            "The peaks are right, and they are scored on the last seeds of the table. "
            "tuning_seeds are places, not always the first ones; the others are all that are not "
            "among them.",
        ),
    ),
)
