# %% [markdown] tags=["title"]
# # Capstone: choose the schedule yourself, for three problems that nobody describes to you
#
# Three trainings, called a, b and c. You know how many updates each has, and that the rate may be anything.
# You have twenty trials for each. Then your schedule is run on seeds you have not seen, and scored by its
# **regret**: how far its final loss is above the best known. **Time:** about 60 minutes, or an evening.
# **You need** [lesson 8](../notebooks/08_grand_comparison.ipynb) and what came before it.

# %% tags=["parameters"]
seed = 0  # nothing is drawn at random here; kept so that all exercises run alike

# %%

from course_lib import schedules
from course_lib.capstone import PROBLEMS, Trials, leaderboard
from course_lib.checks import check, show_progress

for name, problem in PROBLEMS.items():
    print(f"problem {name}: {problem.total_steps} updates")

# %% [markdown]
# ## How to try something out
#
# `trial = Trials("a")` holds the trials of problem a, and `trial(schedule)` uses one up: it trains with your rates and
# returns the final loss. A schedule is a function of `step`, an array of all steps at once, 0, 1, 2, …; the presets
# of `course_lib.schedules` are such functions. A trial that cannot be run, say because a rate is
# negative, is not counted.
#
# For instance `schedules.linear(0.3, 400)(step)` are the rates of a linear decay from 0.3 to 0 in 400 updates.
#
# Plan before you spend: twenty are few. Which question should the first five answer? Make cells as you like.

# %%
trial_a, trial_b, trial_c = Trials("a"), Trials("b"), Trials("c")
for trial in (trial_a, trial_b, trial_c):
    loss = trial(schedules.constant(0.01))
    print(f"problem {trial.problem.name}, constant 0.01: loss {loss:.3f}; {trial.left} trials left")

# %% [markdown]
# ## How it is scored
#
# Regret 0 is the best schedule known; 1 is the best *constant* rate, as well as it can be tuned. A regret up to 0.05
# has all 5 points; from there they fall evenly to none at regret 2, so about half of them are yours with a well-tuned
# constant. Of problem a the best schedule is known exactly, and its losses are expected ones, without any luck of
# seeds. Those of b and c come from a search over curves: you may beat them.
#
# The score is computed from your rates alone, for b and c on seeds that no trial has seen. Check once, at the end: every look
# at the score tunes your schedule to its seeds.

# %% [markdown] tags=["task"]
# ## Problem a
#
# *Difficulty* ●●○ · *about 20 minutes* · *5 points*
#
# `my_schedule_a(step)` returns the rates of problem a.
#
# - `step`: array of whole numbers, all steps 0, 1, …, `total_steps` - 1 of the problem
#
# Returned is an array of the same shape: rates ≥ 0.


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
# Your three beside the course's own schedules, each with its peak tuned by dozens of runs, not twenty. Look when
# yours are written: the table tells which shapes do well.

# %%
leaderboard(a=my_schedule_a, b=my_schedule_b, c=my_schedule_c)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# Your answers to b and c were found on one set of seeds and scored on another. How much of what your trials
# promised was left? Which of your twenty told you least, and what would you have asked instead?
# Back to [lesson 8](../notebooks/08_grand_comparison.ipynb), or on to your own training.
