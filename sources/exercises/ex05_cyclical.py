# %% [markdown] tags=["title"]
# # Exercise 5: count a cycle, draw two triangles, choose the moments for snapshots
#
# You write four functions of a few lines each. **Time:** about 40 minutes.
# **You need** [lesson 5](../notebooks/05_cyclical.ipynb) and Python.
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

from course_lib import schedules
from course_lib.checks import check, show_progress

# %% [markdown] tags=["task"]
# ## 1. The step size in updates
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# The *step size* of a cycle is the length of its rise. Papers give it in epochs; `CyclicLR` takes it in updates.
# `step_size_in_updates(epochs, examples, batch_size, drop_last)` returns it in updates, as an int.
#
# - `epochs`: the step size in epochs, a whole number ≥ 1
# - `examples`: examples in one epoch, a whole number ≥ 1
# - `batch_size`: examples in one batch, a whole number ≥ 1
# - `drop_last`: `True` or `False`. When `examples` is not a multiple of `batch_size`, the last batch of
#   each epoch is not full. With `drop_last=True` it is left out; otherwise it is used like the others. (With `True`
#   there is always at least one full batch.)
#
# Every batch makes one update. Each epoch begins with a new batch: leftover examples are not carried into the next
# epoch.


# %% task="step_size_in_updates" tags=["solution"]
def step_size_in_updates(epochs, examples, batch_size, drop_last):
    """Return the number of updates in this many epochs, as an int."""
    full, rest = divmod(examples, batch_size)
    batches = full if drop_last or rest == 0 else full + 1
    return epochs * batches


# %% tags=["check"]
check(step_size_in_updates, seed)

# %% [markdown] tags=["task"]
# ## 2. The triangle
#
# *Difficulty* ●○○ · *about 10 minutes* · *2 points*
#
# The rate begins at `base_lr`, rises linearly to `max_lr` in `step_size` updates, and falls back linearly to
# `base_lr` in the same number of updates. This cycle repeats for ever.
# `triangular_lr(step, base_lr, max_lr, step_size)` returns the rate at one step, as a float.
#
# - `step`: updates already done, a whole number ≥ 0
# - `base_lr`: the rate at the foot, ≥ 0
# - `max_lr`: the rate at the top, ≥ `base_lr`
# - `step_size`: updates from foot to top, a whole number ≥ 1
#
# Here are some values of such a wave from `course_lib`. You can compare your own with them.

# %%
wave = schedules.triangular(peak_lr=0.1, floor=0.01, period=20)  # a period is two step sizes
steps = np.array([0, 5, 9, 10, 11, 20, 25, 30])
print("base_lr 0.01, max_lr 0.1, step_size 10")
print("step", "".join(f"{step:8d}" for step in steps))
print("rate", "".join(f"{rate:8.4f}" for rate in wave(steps)))


# %% task="triangular_lr" tags=["solution"]
def triangular_lr(step, base_lr, max_lr, step_size):
    """Return the rate of the triangular wave at this step."""
    in_cycle = step % (2 * step_size)
    from_top = abs(in_cycle - step_size)
    return max_lr - (max_lr - base_lr) * from_top / step_size


# %% tags=["check"]
check(triangular_lr, seed)

# %% [markdown] tags=["task"]
# ## 3. The triangle that halves
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# In the form *triangular2* the height of the wave above its foot is halved after every whole cycle. The
# foot stays at `base_lr`. In the first cycle the top is at `max_lr`, in the second it is half-way between `base_lr` and
# `max_lr`, and so on. `triangular2_lr(step, base_lr, max_lr, step_size)` returns the rate at one step, as a float. The
# arguments are those of task 2. Here are some values from `course_lib` again.

# %%
halving = schedules.triangular(peak_lr=0.1, floor=0.01, period=20, mode="triangular2")
print("base_lr 0.01, max_lr 0.1, step_size 10")
print("step", "".join(f"{step:8d}" for step in steps))
print("rate", "".join(f"{rate:8.4f}" for rate in halving(steps)))


# %% task="triangular2_lr" tags=["solution"]
def triangular2_lr(step, base_lr, max_lr, step_size):
    """Return the rate of the wave whose height halves with every cycle."""
    cycle, in_cycle = divmod(step, 2 * step_size)
    share = 1 - abs(in_cycle / step_size - 1)
    return base_lr + (max_lr - base_lr) * 0.5**cycle * share


# %% tags=["check"]
check(triangular2_lr, seed)

# %% [markdown] tags=["task"]
# ## 4. When to take a snapshot
#
# *Difficulty* ●●○ · *about 15 minutes* · *2 points*
#
# A snapshot is a copy of the weights at the end of a cycle, when the rate has come down to its foot. A run of
# `total_steps` updates follows the wave of task 2. `snapshot_steps(total_steps, step_size, count)` returns the steps at
# which a cycle ends, as a list of ints in rising order. It returns only the last `count` of them, or all if there are
# fewer.
#
# - `total_steps`: updates in the run, a whole number ≥ 2 · `step_size`, so that at least one cycle is complete
# - `step_size`: updates from foot to top, a whole number ≥ 1
# - `count`: largest number of snapshots, a whole number ≥ 1
#
# A cycle that ends together with the run counts. A cycle that the end of the run cuts short does not count, and step 0
# does not count either.


# %% task="snapshot_steps" tags=["solution"]
def snapshot_steps(total_steps, step_size, count):
    """Return the updates done at the ends of the last `count` cycles, a list of ints."""
    cycle = 2 * step_size
    ends = list(range(cycle, total_steps + 1, cycle))
    return ends[-count:]


# %% tags=["check"]
check(snapshot_steps, seed)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# You can now plan a cyclical run from the numbers in a paper. A question to think about: your budget is fixed and you
# want four snapshots. Which step size puts the last of them at the end of the run? What do you lose if the last cycle
# ends a few updates too late?
#
# Go back to [lesson 5](../notebooks/05_cyclical.ipynb), or on to a single cycle in
# [lesson 6](../notebooks/06_one_cycle.ipynb).
