"""Exercise 8, solved in other ways."""

import numpy as np
from scipy import stats

from course_lib.compare import rank


def what_is_unfair(rows, least_seeds):
    faults = set()
    for row in rows:
        if row["report"] != "end":
            faults.add("best on the way")
        if len({*row["seeds"]}) < least_seeds:
            faults.add("few seeds")
        if row["peaks_tried"] == 1:
            faults.add("one peak")
        if row["data"] != "held-out":
            faults.add("training loss")
        if any(seed in row["tuned_on"] for seed in row["seeds"]):
            faults.add("tuning seeds")
        if row["updates"] != rows[0]["updates"]:
            faults.add("unequal lengths")
        if row["peaks_tried"] != rows[0]["peaks_tried"]:
            faults.add("unequal tuning")
    return sorted(faults)


def interval_of_mean(scores, level):
    mean = np.mean(scores)
    error = stats.sem(scores)
    if error == 0:
        return [mean, mean, mean]
    return [mean, *stats.t.interval(level, len(scores) - 1, loc=mean, scale=error)]


def paired_difference(first, second):
    seeds = [seed for seed in first if seed in second]
    a, b = [first[seed] for seed in seeds], [second[seed] for seed in seeds]
    gaps = np.subtract(a, b)
    if np.ptp(gaps) == 0:
        return np.full(3, gaps[0])
    test = stats.ttest_rel(a, b)
    interval = test.confidence_interval(0.95)
    return np.array([gaps.mean(), interval.low, interval.high])


def times_beaten(scores, level):
    return rank(scores, level).beaten_by


def tuned_scores(scores, tuning_seeds):
    answer = []
    for table in scores:
        best = min(range(len(table)), key=lambda p: sum(table[p][s] for s in tuning_seeds))
        rest = [x for seed, x in enumerate(table[best]) if seed not in tuning_seeds]
        answer.append(sum(rest) / len(rest))
    return answer


def chosen_by_halving(losses, budget):
    runs = {row: [] for row in range(len(losses))}
    for column in losses.T:
        if len(runs) == 1 or budget < len(runs):
            break
        for row in runs:
            runs[row].append(column[row])
        budget -= len(runs)
        ranked = sorted(runs, key=lambda row: sum(runs[row]) / len(runs[row]))
        runs = {row: runs[row] for row in ranked[: -(len(runs) // 2)]}
    return next(iter(runs))


OTHER = {
    f.__name__: f
    for f in (
        what_is_unfair,
        interval_of_mean,
        paired_difference,
        times_beaten,
        tuned_scores,
        chosen_by_halving,
    )
}
_CHOOSING = "`chosen = np.argmin(np.mean(table[:, :, tuning_seeds], axis=2), axis=1)`"
_TABLE = "`table = np.asarray(scores)`"
_ROUNDS = "`while seeds < losses.shape[1] and budget >= len(left):`"
_START = "`left = list(range(len(losses)))`"
_MEANS = "`means = losses[:, :seeds].mean(axis=1)`"
_NO_COLUMN = "a round without a new column orders by the same means: the first stays the first"
_SAME_ORDER = "it changes all means alike, and so not their order"
EQUIVALENT = {
    "chosen_by_halving": {
        f"Lt to LtE, column 6 of {_ROUNDS}": _NO_COLUMN,
        f"Lt to NotEq, column 6 of {_ROUNDS}": "the number of seeds grows by one to its limit",
        f"1 to 0, column 27 of {_ROUNDS}": "as many rounds as schedules leave one of them",
        f"call + 1, column 8 of {_MEANS}": _SAME_ORDER,
        f"call * 2, column 8 of {_MEANS}": _SAME_ORDER,
        f"losses Add 1, column 8 of {_MEANS}": _SAME_ORDER,
        f"losses Sub 1, column 8 of {_MEANS}": _SAME_ORDER,
        **{
            f"{change}, {place}": "only the shape of the losses is used here"
            for change in ("losses Add 1", "losses Sub 1", "minus losses")
            for place in (f"column 22 of {_START}", f"column 14 of {_ROUNDS}")
        },
    },
    "what_is_unfair": {
        'Gt to NotEq, column 19 of `"unequal lengths": len(set(lengths)) > 1,`': (
            "a table has a row, so there is at least one length"
        ),
        'Gt to NotEq, column 18 of `"unequal tuning": len(set(tried)) > 1,`': (
            "a table has a row, so there is at least one number"
        ),
    },
    "times_beaten": {
        f"call + 1, column 8 of {_TABLE}": "what is added to every loss drops out of the gaps",
        f"scores Add 1, column 19 of {_TABLE}": "as above",
        f"scores Sub 1, column 19 of {_TABLE}": "as above",
        f"call * 2, column 8 of {_TABLE}": "gaps and widths double alike",
    },
    "tuned_scores": {
        f"call * 2, column 19 of {_CHOOSING}": "the lowest of doubled means is the same one",
        f"call + 1, column 19 of {_CHOOSING}": "adding 1 to every mean keeps their order",
    },
}
