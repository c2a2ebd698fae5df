# %% [markdown] tags=["title"]
# # Exercise 6: write one cycle and its momentum, then read its arguments back
#
# You write four functions of a few lines each. **Time:** about 55 minutes.
# **You need** [lesson 6](../notebooks/06_one_cycle.ipynb) and NumPy.
#
# Write your code in the cells that raise `NotImplementedError`, then run the check cell below each of them.
# The check compares your function with the right answer on several cases. If they differ, it shows the first
# such case and, where it can, names the likely cause. The hints are folded; open one only when you are stuck.
# Keep the names of the arguments. Your function may change its arguments in place, and warnings cost no points.
# You may add cells of your own.
#
# In all tasks a *step* is the number of updates already done, so the first update is step 0.

# %% tags=["parameters"]
seed = 0  # seed of the random cases; another number gives other cases

# %%
import numpy as np

from course_lib import plots, schedules
from course_lib.checks import check, show_progress
from course_lib.libraries import from_library

# %% [markdown] tags=["task"]
# ## 1. One cycle in two phases
#
# *Difficulty* ●●○ · *about 20 minutes* · *3 points*
#
# `one_cycle_lr(step, peak_lr, total_steps, pct_start, div, final_div)` returns the rate at one step, as a float. It
# begins at `peak_lr / div`. It reaches `peak_lr` at step $r$, where $r$ is `pct_start * total_steps`, rounded to the nearest
# whole number (here it is never half-way between two). It reaches its last value at step `total_steps` and stays there.
# This last value is the first rate divided by `final_div`. Each phase is half a cosine. When the share $u$ of a phase
# from a rate $a$ to a rate $b$ is over, the rate is
#
# $$\eta = a + (b - a)\,\frac{1 - \cos \pi u}{2} .$$
#
# - `step`: updates already done, a whole number ≥ 0; it may be past the end
# - `peak_lr`: the highest rate, > 0
# - `total_steps`: updates in the run, a whole number ≥ 2
# - `pct_start`: share of the run in which the rate rises, between 0 and 1, such that 1 ≤ $r$ < `total_steps`
# - `div`: the peak divided by the first rate, ≥ 1
# - `final_div`: the first rate divided by the last, ≥ 1
#
# Here are some values from `course_lib`. You can compare your own with them.

# %%
steps = np.array([0, 10, 15, 29, 30, 31, 65, 99, 100, 120])
usual = {"peak_lr": 0.1, "total_steps": 100, "pct_start": 0.3, "div": 25, "final_div": 10}
cycle = schedules.one_cycle(**usual)
print(usual)
print("step", "".join(f"{step:8d}" for step in steps))
print("rate", "".join(f"{rate:8.3g}" for rate in cycle(steps)))


# %% task="one_cycle_lr" tags=["solution"]
def one_cycle_lr(step, peak_lr, total_steps, pct_start, div, final_div):
    """Return the rate of a 1-cycle with two phases at this step."""
    rise = round(pct_start * total_steps)
    start, end = peak_lr / div, peak_lr / div / final_div
    if step < rise:
        a, b, u = start, peak_lr, step / rise
    else:
        a, b, u = peak_lr, end, min(1.0, (step - rise) / (total_steps - rise))
    return a + (b - a) * (1 - np.cos(np.pi * u)) / 2


# %% tags=["check"]
check(one_cycle_lr, seed)

# %% [markdown] tags=["task"]
# ## 2. One cycle in three phases
#
# *Difficulty* ●○○ · *about 10 minutes* · *2 points*
#
# Now the phases are linear, and there are two of them on the way down. The rate
#
# 1. rises from `peak_lr / div` to `peak_lr` in `rise_steps` updates,
# 2. falls back to `peak_lr / div` in the same number of updates,
# 3. and falls from there to `peak_lr / div / final_div`, which it reaches at step `total_steps` and then keeps.
#
# `three_phase_lr(step, peak_lr, total_steps, rise_steps, div, final_div)` returns the rate at one step, as a float.
#
# - `rise_steps`: updates of the first phase, a whole number ≥ 1, with 2 · `rise_steps` < `total_steps`
# - the others: as in task 1
#
# Here are some values of such a cycle.

# %%
lines = schedules.one_cycle(**usual, three_phase=True, anneal="linear")
steps = np.array([0, 15, 30, 31, 59, 60, 61, 99, 100, 120])
print("rise_steps: 30, the others as above")
print("step", "".join(f"{step:8d}" for step in steps))
print("rate", "".join(f"{rate:8.3g}" for rate in lines(steps)))


# %% task="three_phase_lr" tags=["solution"]
def three_phase_lr(step, peak_lr, total_steps, rise_steps, div, final_div):
    """Return the rate at this step of a 1-cycle with three linear phases."""
    start = peak_lr / div
    turns = np.array([0, 1, 2]) * rise_steps
    return np.interp(step, [*turns, total_steps], [start, peak_lr, start, start / final_div])


# %% tags=["check"]
check(three_phase_lr, seed)

# %% [markdown] tags=["task"]
# ## 3. The momentum that runs against it
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# The momentum of a 1-cycle with two phases begins at `max_momentum`. It falls to `base_momentum`, which it reaches when
# the rate is at its peak. It then returns to `max_momentum`, which it reaches at step `total_steps` and keeps. Both
# phases are half cosines, as in task 1.
# `cycled_momentum(step, total_steps, rise_steps, base_momentum, max_momentum)` returns the momentum at one step, as a
# float.
#
# - `step`: updates already done, a whole number ≥ 0; it may be past the end
# - `total_steps`: updates in the run, a whole number ≥ 2
# - `rise_steps`: the step at which the *rate* is at its peak, a whole number, 1 ≤ `rise_steps` < `total_steps`
# - `base_momentum`, `max_momentum`: 0 ≤ `base_momentum` ≤ `max_momentum` < 1
#
# Here are some values of such a momentum.

# %%
momentum = schedules.one_cycle_momentum(total_steps=100, pct_start=0.3, base=0.85, highest=0.95)
steps = np.array([0, 10, 15, 29, 30, 31, 65, 99, 100, 120])
print("total_steps 100, rise_steps 30, base_momentum 0.85, max_momentum 0.95")
print("step    ", "".join(f"{step:8d}" for step in steps))
print("momentum", "".join(f"{value:8.4f}" for value in momentum(steps)))


# %% task="cycled_momentum" tags=["solution"]
def cycled_momentum(step, total_steps, rise_steps, base_momentum, max_momentum):
    """Return the momentum of a 1-cycle with two phases at this step."""
    if step < rise_steps:
        to_go = 1 - step / rise_steps
    else:
        to_go = min(1.0, (step - rise_steps) / (total_steps - rise_steps))
    share = (1 - np.cos(np.pi * to_go)) / 2
    return base_momentum + (max_momentum - base_momentum) * share


# %% tags=["check"]
check(cycled_momentum, seed)

# %% [markdown] tags=["task"]
# ## 4. Read the arguments back
#
# *Difficulty* ●●○ · *about 15 minutes* · *3 points*
#
# A colleague sends you the rates of a run with PyTorch's `OneCycleLR`, one for each update, but no longer has the call
# that made them. The run was complete and had two phases. You do not know whether its phases are cosines or linear.
# PyTorch counts a little differently from task 1:
#
# | step | rate there |
# |---|---|
# | 0, the first update | `max_lr / div_factor` |
# | `pct_start * total_steps - 1` | `max_lr` |
# | `total_steps - 1`, the last update | `max_lr / div_factor / final_div_factor` |
#
# `one_cycle_arguments(rates)` returns an array of five floats:
# `[max_lr, total_steps, pct_start, div_factor, final_div_factor]`.
#
# - `rates`: array of shape `(total_steps,)`; `rates[t]` is the rate at step t. `pct_start * total_steps` is a whole
#   number ≥ 2, and `div_factor` is above 1, so there is one peak, and it is neither the first rate nor the last.
#
# Here are two such recordings with known arguments. The values are PyTorch's.

# %%
known = {"max_lr": 0.1, "total_steps": 50, "pct_start": 0.3, "div_factor": 5.0}
recordings = {
    anneal: from_library(
        "torch.OneCycleLR", **known, final_div_factor=20.0, anneal_strategy=anneal
    )(np.arange(50))
    for anneal in ("cos", "linear")
}
print(
    ", ".join(f"{name} {value:g}" for name, value in known.items()), "final_div_factor 20", sep=", "
)
shown = (0, 13, 14, 15, 48, 49)
print("step  ", "".join(f"{t:8d}" for t in shown))
for anneal, rates in recordings.items():
    print(f"{anneal:6}", "".join(f"{rate:8.3g}" for rate in rates[list(shown)]))

# %% jupyter={"source_hidden": true}
plots.show(
    plots.rate_lines(recordings),
    alt="Two recordings of 50 updates: both rise from 0.02 to 0.1 at step 14 and fall to 0.001, one "
    "along half-cosines, the other linearly.",
)


# %% task="one_cycle_arguments" tags=["solution"]
def one_cycle_arguments(rates):
    """Return max_lr, total_steps, pct_start, div_factor and final_div_factor, an array."""
    top = int(np.argmax(rates))
    updates = len(rates)
    div_factor = rates[top] / rates[0]
    final_div_factor = rates[0] / rates[updates - 1]
    return np.array([rates[top], updates, (top + 1) / updates, div_factor, final_div_factor])


# %% tags=["check"]
check(one_cycle_arguments, seed)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# A call of `OneCycleLR` can no longer surprise you. A question to think about: with three phases, could you still read
# all five arguments back from the rates? Which of them would you have to find in another way?
#
# Go back to [lesson 6](../notebooks/06_one_cycle.ipynb), or on to [lesson 7](../notebooks/07_range_test.ipynb), which
# asks where the peak comes from.
