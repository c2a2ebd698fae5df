# %% [markdown] tags=["title"]
# # Exercise 8: find what is unfair, say how sure you are, choose without luck
#
# You write six functions that turn a table of runs into a fair result. **Time:** about 90 minutes.
# **You need** [lesson 8](../notebooks/08_grand_comparison.ipynb), NumPy and SciPy.
#
# Write your code in the cells that raise `NotImplementedError`, then run the check cell below each of them.
# The check compares your function with the right answer on several cases. If they differ, it shows the first
# such case and, where it can, names the likely cause. The hints are folded; open one only when you are stuck.
# Keep the names of the arguments. Your function may change its arguments in place, and warnings cost no points.
# You may add cells of your own.

# %% tags=["parameters"]
seed = 0  # seed of the random cases; another number gives other cases

# %%
import numpy as np
from scipy import stats

from course_lib.checks import check, show_progress

# %% [markdown]
# ## Three tables
#
# Each row says how one schedule was compared. It names the number of peaks that were tried, the seeds on which they were
# tried, the seeds over which the reported score is a mean, the updates of a run, and the data of the score. Its last entry
# says whether the score is the loss at the end or the best loss on the way. The first table follows the article that
# [lesson 8](../notebooks/08_grand_comparison.ipynb) examines. The other two are made up, but you will meet tables like them.

# %%
columns = ("schedule", "peaks_tried", "tuned_on", "seeds", "updates", "data", "report")
tables = {
    "an article": [
        ("constant", 1, [], [42], 300, "training", "end"),
        ("cosine", 1, [], [42], 300, "training", "end"),
        ("restarts", 1, [], [42], 300, "training", "end"),
    ],
    "a blog": [
        ("cosine", 3, [0, 1, 2], [0, 1, 2], 500, "held-out", "best"),
        ("our own", 12, [0, 1, 2], [0, 1, 2], 500, "held-out", "best"),
    ],
    "a colleague": [
        ("linear", 4, [0, 2, 4], [1, 3, 5, 7, 9, 11, 13, 15], 400, "held-out", "end"),
        ("WSD", 4, [0, 2, 4], [1, 3, 5, 7, 9, 11, 13, 15], 480, "held-out", "end"),
    ],
}
tables = {
    name: [dict(zip(columns, values, strict=True)) for values in rows]
    for name, rows in tables.items()
}
for name, rows in tables.items():
    print(name)
    for row in rows:
        tuned, scored = (",".join(map(str, row[key])) or "-" for key in ("tuned_on", "seeds"))
        print(
            f"  {row['schedule']:9} peaks {row['peaks_tried']:2d} on {tuned:6} "
            f"scored on {scored:20} {row['updates']} updates, {row['data']}, {row['report']}"
        )

# %% [markdown] tags=["task"]
# ## 1. What is unfair
#
# *Difficulty* ●○○ · *about 15 minutes* · *2 points*
#
# `what_is_unfair(rows, least_seeds)` returns the faults of a table: a list of these names, in alphabetical order,
# each at most once. For a fair table the list is empty.
#
# | Name | The fault is there if |
# |---|---|
# | `"best on the way"` | `report` is `"best"` in at least one row |
# | `"few seeds"` | at least one row has fewer than `least_seeds` *different* seeds in its `seeds` |
# | `"one peak"` | `peaks_tried` is 1 in at least one row |
# | `"training loss"` | `data` is `"training"` in at least one row |
# | `"tuning seeds"` | at least one row has a seed that occurs both in its own `tuned_on` and in its own `seeds` |
# | `"unequal lengths"` | `updates` is not the same number in all rows |
# | `"unequal tuning"` | `peaks_tried` is not the same number in all rows |
#
# - `rows`: a list of at least one dict with the keys `schedule`, `peaks_tried` (≥ 1), `tuned_on` (a list of
#   seeds, empty if nothing was tuned), `seeds` (a list of at least one seed, in which a seed may occur
#   twice), `updates`, `data` (`"training"` or `"held-out"`) and `report` (`"end"` or `"best"`)
# - `least_seeds`: a whole number ≥ 2
#
# When your function passes, try it on the three tables above, in a cell of your own.


# %% task="what_is_unfair" tags=["solution"]
def what_is_unfair(rows, least_seeds):
    """Return the names of a table's faults, in alphabetical order."""
    faults = []
    if any(line["report"] == "best" for line in rows):
        faults.append("best on the way")
    if any(len(set(line["seeds"])) < least_seeds for line in rows):
        faults.append("few seeds")
    if any(line["peaks_tried"] == 1 for line in rows):
        faults.append("one peak")
    if any(line["data"] == "training" for line in rows):
        faults.append("training loss")
    if any(set(line["seeds"]) & set(line["tuned_on"]) for line in rows):
        faults.append("tuning seeds")
    for name, key in (("unequal lengths", "updates"), ("unequal tuning", "peaks_tried")):
        if len({line[key] for line in rows}) > 1:
            faults.append(name)
    return faults


# %% tags=["check"]
check(what_is_unfair, seed)

# %% [markdown] tags=["task"]
# ## 2. How sure a mean is
#
# *Difficulty* ●○○ · *about 10 minutes* · *1 point*
#
# `interval_of_mean(scores, level)` returns three numbers, `[mean, low, high]`: the mean of the scores and the ends of
# its interval by Student's t,
#
# $$\text{mean} \pm q\,\frac{s}{\sqrt n}.$$
#
# Here $s$ is the standard deviation of the sample (with $n-1$). The number $q$ is the point of Student's t with $n-1$
# degrees of freedom for which the share `level` of the distribution lies between $-q$ and $q$. `stats.t.ppf` computes such
# points.
#
# - `scores`: an array of shape `(n,)`, $n \ge 2$, one score for each seed; they may all be equal
# - `level`: above 0 and below 1, for instance 0.95

# %%
for degrees in (2, 7, 100):
    print(f"{degrees:3d} degrees of freedom: 90 % lie below {stats.t.ppf(0.9, degrees):.3f}")


# %% task="interval_of_mean" tags=["solution"]
def interval_of_mean(scores, level):
    """Return the mean of scores and the ends of its interval by Student's t."""
    mean, error = np.mean(scores), stats.sem(scores)
    reach = error * stats.t.ppf(0.5 + level / 2, df=len(scores) - 1)
    return np.array([mean, mean - reach, mean + reach])


# %% tags=["check"]
check(interval_of_mean, seed)

# %% [markdown] tags=["task"]
# ## 3. The difference of two schedules
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# Two schedules were run with the same seeds, and some seeds are hard for both. `paired_difference(first, second)` returns
# `[mean, low, high]` of the difference *first minus second*, taken seed by seed, with its 95 % interval from
# Student's t as in task 2.
#
# - `first`, `second`: dicts from seed to score. The order of the seeds may differ, and a run may be missing in either
#   dict. Use the seeds that both dicts have; there are at least two of them.
#
# The next cell shows on made-up scores what pairing is worth.

# %%
rng = np.random.default_rng(0)
luck = rng.normal(0.6, 0.1, size=8)  # the luck of each seed, the same for both schedules
plain = luck + rng.normal(0.02, 0.01, size=8)
better = luck + rng.normal(0.00, 0.01, size=8)
print(f"spread of the scores:              {plain.std(ddof=1):.3f} and {better.std(ddof=1):.3f}")
print(f"spread of the paired differences:  {(plain - better).std(ddof=1):.3f}")


# %% task="paired_difference" tags=["solution"]
def paired_difference(first, second):
    """Return the mean of first minus second, seed by seed, and the ends of its interval."""
    differences = [score - second[run] for run, score in first.items() if run in second]
    mean, error = np.mean(differences), stats.sem(differences)
    reach = error * stats.t.ppf(0.975, df=len(differences) - 1)
    return np.array([mean, mean - reach, mean + reach])


# %% tags=["check"]
check(paired_difference, seed)

# %% [markdown] tags=["task"]
# ## 4. Count the schedules that are better
#
# *Difficulty* ●●● · *about 20 minutes* · *3 points*
#
# `times_beaten(scores, level)` returns, for each schedule, the number of schedules that are *better*.
# The answer is an array of whole numbers, `int` and not `float`; the kind of number counts.
#
# Schedule $j$ is better than $i$ if the interval of the paired difference $i$ minus $j$ lies above 0, that is, if its
# lower end is > 0. The intervals are those of task 2 on the differences. They have to hold for **all pairs at once** with
# probability `level`. By Bonferroni's rule each single interval then has the level
#
# $$1-\frac{1-\mathtt{level}}{\text{number of pairs}},$$
#
# where $S$ schedules have $S(S-1)/2$ pairs. Several schedules may have the count 0.
# You may call your function from task 2.
#
# - `scores`: losses, lower is better; an array of shape `(S, n)`, $S \ge 2$ schedules on the same $n \ge 2$ seeds
# - `level`: above 0 and below 1

# %%
for schedules_compared in (2, 4, 13):
    pairs = schedules_compared * (schedules_compared - 1) // 2
    print(f"{schedules_compared:2d} schedules have {pairs:2d} pairs")


# %% task="times_beaten" tags=["solution"]
def times_beaten(scores, level):
    """Return the number of better schedules, for each schedule."""
    count, runs = np.shape(scores)
    tail = (1 - level) / (count * (count - 1) / 2) / 2
    wide = stats.t.ppf(1 - tail, df=runs - 1)
    beaten = np.zeros(count, dtype=int)
    for i in range(count):
        for j in range(count):
            gap = scores[i] - scores[j]
            beaten[i] += gap.mean() - wide * stats.sem(gap) > 0
    return beaten


# %% tags=["check"]
check(times_beaten, seed)

# %% [markdown] tags=["task"]
# ## 5. Choose on some seeds, score on the others
#
# *Difficulty* ●●○ · *about 15 minutes* · *2 points*
#
# `tuned_scores(scores, tuning_seeds)` returns a score for each schedule, an array of floats of shape `(S,)`. Do the following
# for each schedule separately:
#
# 1. choose the peak with the lowest *mean* score over the tuning seeds;
# 2. return the mean score of that peak over all the *other* seeds.
#
# The arguments:
#
# - `scores`: losses of shape `(S, P, n)`: schedules, peaks, seeds. A run that diverged has the loss `np.inf`. The chosen
#   peak has no such run, so every answer is finite.
# - `tuning_seeds`: a list of different indices (from 0) along the last axis, in any order. It has at least one index, and
#   leaves at least one other seed.
#
# Two peaks never share the lowest mean here.


# %% task="tuned_scores" tags=["solution"]
def tuned_scores(scores, tuning_seeds):
    """Return each schedule's mean over the fresh seeds, at the peak that the tuning seeds chose."""
    is_fresh = np.ones(np.shape(scores)[2], dtype=bool)
    is_fresh[tuning_seeds] = False
    answer = []
    for by_peak in scores:
        best = by_peak[:, ~is_fresh].mean(axis=1).argmin()
        answer.append(by_peak[best, is_fresh].mean())
    return np.array(answer)


# %% tags=["check"]
check(tuned_scores, seed)

# %% [markdown] tags=["task"]
# ## 6. Choose, with a budget
#
# *Difficulty* ●●● · *about 20 minutes* · *3 points*
#
# A run of one schedule on one seed costs 1 of the `budget`. You do not run all schedules on all seeds. Instead, you drop half
# of the schedules in each round. At first all of them remain. In each round 1, 2, 3, …
#
# 1. each remaining schedule is run on one more seed; in round $k$ its loss is in column $k-1$ of `losses`;
# 2. the remaining schedules are ordered by the mean of their losses over **all** seeds so far;
# 3. the better half stays and the others are dropped. If their number is odd, one more stays than is dropped: the best 3
#    of 5, the best 2 of 3.
#
# The procedure ends when one schedule remains, when all columns are used, or when the rest of the budget does not pay for one
# run of each remaining schedule. `chosen_by_halving(losses, budget)` returns the schedule with the lowest mean in the last
# round that was made: its row in `losses`, an int counted from 0.
#
# - `losses`: lower is better; shape `(S, n)`, $S \ge 1$ schedules, $n \ge 1$ seeds. No two means are equal.
# - `budget`: a whole number ≥ S, so that there is always a first round
#
# The next cell shows the rounds for four schedules and a budget of 7.

# %%
losses = np.array([[0.52, 0.61, 0.40], [0.49, 0.70, 0.45], [0.66, 0.30, 0.31], [0.58, 0.55, 0.60]])
print("round 1, schedules 0 to 3, losses:", losses[:, 0], " cost 4, 3 are left")
print(
    "round 2, schedules 0 and 1, means: ",
    losses[:2, :2].mean(axis=1).round(3),
    " cost 2, 1 is left",
)
print("schedule 0 is chosen")


# %% task="chosen_by_halving" tags=["solution"]
def chosen_by_halving(losses, budget):
    """Return the row of the schedule that successive halving chooses."""
    running = np.arange(len(losses))
    for done in range(1, losses.shape[1] + 1):
        if len(running) == 1 or len(running) > budget:
            break
        budget -= len(running)
        so_far = losses[running, :done].mean(axis=1)
        running = running[np.argsort(so_far)][: -(-len(running) // 2)]
    return int(running[0])


# %% tags=["check"]
check(chosen_by_halving, seed)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# You now have the tools of the grand comparison. Draw 12 rows of scores from one and the same distribution, and do this a
# thousand times. How often is any row beaten? How often is one beaten if you leave out Bonferroni's rule?
#
# Go back to [lesson 8](../notebooks/08_grand_comparison.ipynb).
