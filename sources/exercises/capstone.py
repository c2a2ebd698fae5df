# %% [markdown] tags=["title"]
# # Capstone: choose the schedule yourself, for three problems that nobody describes to you
#
# There are three problems, called a, b and c. You know how many updates a run of each has, and that any rate ≥ 0 is
# allowed. You have twenty trials for each problem. Then your schedule is run on seeds that you have not seen and scored by
# its **regret**: the distance of its final loss from the best one known. **Time:** about 60 minutes, or an evening.
# **You need** [lesson 8](../notebooks/08_grand_comparison.ipynb) and the lessons before it.

# %% tags=["parameters"]
seed = 0  # nothing is random here; it is kept so that all exercises run alike

# %%

from course_lib import schedules
from course_lib.capstone import PROBLEMS, Trials, leaderboard
from course_lib.checks import check, show_progress

for name, problem in PROBLEMS.items():
    print(f"problem {name}: {problem.total_steps} updates")

# %% [markdown]
# ## How to try something out
#
# `trial = Trials("a")` holds the trials of problem a. A call `trial(schedule)` uses one of them up: it trains with your
# rates and returns the final loss. A schedule is a function of `step`, an array of all steps 0, 1, 2, … at once. The presets
# of `course_lib.schedules` are such functions. A trial that cannot be run, for example because a rate is
# negative, is not counted.
#
# For instance, `schedules.linear(0.3, 400)(step)` gives the rates of a linear decay from 0.3 to 0 in 400 updates.
#
# Make a plan first, because twenty trials are not many. Which question should the first five answer? You may add cells of
# your own.

# %%
trial_a, trial_b, trial_c = Trials("a"), Trials("b"), Trials("c")
for trial in (trial_a, trial_b, trial_c):
    loss = trial(schedules.constant(0.01))
    print(f"problem {trial.problem.name}, constant 0.01: loss {loss:.3f}; {trial.left} trials left")

# %% [markdown]
# ## How it is scored
#
# The best schedule known has regret 0, and the best-tuned *constant* rate has regret 1. A regret of up to 0.05 earns all 5
# points. From there the points fall evenly to none at regret 2, so a well-tuned constant earns about half of them. For
# problem a the best schedule is known exactly, and its losses are expected losses, which do not depend on a seed. The best
# schedules for b and c come from a search over curves, and you may beat them.
#
# The score depends only on your rates. For b and c it is computed on seeds that no trial has used. Check only once, at the
# end, because every look at the score tunes your schedule to its seeds.

# %% [markdown] tags=["task"]
# ## Problem a
#
# *Difficulty* ●●○ · *about 20 minutes* · *5 points*
#
# `my_schedule_a(step)` returns the rates of problem a.
#
# - `step`: array of whole numbers, all steps 0, 1, …, `total_steps` - 1 of the problem
#
# It returns an array of the same shape, with rates ≥ 0.


# %% task="my_schedule_a" tags=["solution"]
def my_schedule_a(step):
    """Return the rates of problem a."""
    return schedules.exponential(1.5, gamma=0.01 ** (1 / 400))(step)


# %% tags=["check"]
check(my_schedule_a, seed)

# %% [markdown] tags=["task"]
# ## Problem b
#
# *Difficulty* ●●● · *about 20 minutes* · *5 points*
#
# `my_schedule_b(step)` returns the rates of problem b; `step` and the answer are as in problem a.


# %% task="my_schedule_b" tags=["solution"]
def my_schedule_b(step):
    """Return the rates of problem b."""
    return schedules.cosine(0.15, 300)(step)


# %% tags=["check"]
check(my_schedule_b, seed)

# %% [markdown] tags=["task"]
# ## Problem c
#
# *Difficulty* ●●● · *about 20 minutes* · *5 points*
#
# `my_schedule_c(step)` returns the rates of problem c; `step` and the answer are as in problem a.


# %% task="my_schedule_c" tags=["solution"]
def my_schedule_c(step):
    """Return the rates of problem c."""
    return schedules.wsd(0.15, 6, 600, 40)(step)


# %% tags=["check"]
check(my_schedule_c, seed)

# %% [markdown]
# ## Where you stand
#
# The next cell shows your three schedules beside the course's own, whose peaks were each tuned with dozens of runs instead of
# twenty. Run it only when yours are written, because the table shows which shapes do well.

# %%
leaderboard(a=my_schedule_a, b=my_schedule_b, c=my_schedule_c)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# You found your answers to b and c on one set of seeds, and they were scored on another. How much of the gain in your
# trials remained? Which of your twenty trials told you least, and what would you have asked instead?
#
# Go back to [lesson 8](../notebooks/08_grand_comparison.ipynb), or on to your own training.
