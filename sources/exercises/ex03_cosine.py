# %% [markdown] tags=["title"]
# # Exercise 3: bend a cosine, restart it, resume it
#
# You write three functions. The last one repairs a class that is wrong in three ways. **Time:** about 45 minutes.
# **You need** [lesson 3](../notebooks/03_cosine.ipynb) and NumPy.
#
# Write your code in the cells that raise `NotImplementedError`, then run the check cell below each of them.
# The check compares your function with the right answer on several cases. If they differ, it shows the first
# such case and, where it can, names the likely cause. The hints are folded; open one only when you are stuck.
# Keep the names of the arguments. Your function may change its arguments in place, and warnings cost no points.
# You may add cells of your own.
#
# As in the lessons, a **step** $t$ counts the updates already done: the first update has $t=0$.

# %% tags=["parameters"]
seed = 0  # seed of the random cases; another number gives other cases

# %%
import numpy as np

from course_lib.checks import check, show_progress

# %% [markdown] tags=["task"]
# ## 1. Half a cosine, down to a floor
#
# *Difficulty* ●○○ · *about 10 minutes* · *2 points*
#
# $$\eta_t = \eta_\text{floor} + \tfrac12\,(\eta_\text{peak} - \eta_\text{floor})\,
# \bigl(1 + \cos(\pi t/T)\bigr) \quad (t \le T),$$
#
# and after $T$ the rate stays at the floor.
#
# `cosine_rate(step, peak_lr, total_steps, floor)` returns the rate at one step, as a float.
#
# - `step`: $t$, a whole number ≥ 0; it may lie far past `total_steps`
# - `peak_lr`: the rate at step 0, > 0
# - `total_steps`: $T$, a whole number ≥ 1, the first step at which the floor is reached
# - `floor`: the rate from then on, 0 ≤ floor ≤ peak; a rate, not a share of the peak


# %% task="cosine_rate" tags=["solution"]
def cosine_rate(step, peak_lr, total_steps, floor):
    """Return the rate at `step` of half a cosine that is held at its floor."""
    if step > total_steps:
        step = total_steps
    wave = np.cos(np.pi * step / total_steps)
    return floor + 0.5 * (peak_lr - floor) * (1 + wave)


# %% tags=["check"]
check(cosine_rate, seed)

# %% [markdown] tags=["task"]
# ## 2. Warm restarts
#
# *Difficulty* ●●● · *about 20 minutes* · *3 points*
#
# The first cycle lasts `first` updates ($T_0$), and each cycle is `mult` times as long as the one before it
# ($T_\text{mult}$). In a cycle of $n$ updates, the update at position $i = 0, 1, \dots, n-1$ has the rate
#
# $$\eta_\text{floor} + \tfrac12\,(\eta_\text{peak} - \eta_\text{floor})\,\bigl(1 + \cos(\pi i/n)\bigr) .$$
#
# So every cycle begins at the peak. No update has the floor itself, because the next cycle begins where the curve
# would reach it. The cycles go on for ever.
#
# `restart_rate(step, peak_lr, first, mult, floor)` returns the rate at one step, as a float.
#
# - `step`: updates done since the start of the whole run, a whole number ≥ 0
# - `peak_lr`: the rate at the start of every cycle, > 0
# - `first`: $T_0$, a whole number ≥ 1
# - `mult`: $T_\text{mult}$, a whole number ≥ 1; with 1 all cycles are equally long
# - `floor`: 0 ≤ floor ≤ peak
#
# If the check does not finish, one of your loops does not end. In that case, interrupt the kernel.
#
# The next cell prints PyTorch's rates for one setting. You can compare your own with them.

# %%
import torch
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=3, T_mult=2, eta_min=0.2)
print("peak 1, first 3, mult 2, floor 0.2")
for t in range(12):
    print(f"t = {t:2}: {optimizer.param_groups[0]['lr']:.4f}")
    optimizer.step()
    scheduler.step()


# %% task="restart_rate" tags=["solution"]
def restart_rate(step, peak_lr, first, mult, floor):
    """Return the rate at `step` of cosine cycles that begin again at the peak."""
    begin, cycle = 0, first
    while begin + cycle <= step:
        begin += cycle
        cycle *= mult
    position = (step - begin) / cycle
    return floor + (peak_lr - floor) / 2 * (1 + np.cos(np.pi * position))


# %% tags=["check"]
check(restart_rate, seed)

# %% [markdown] tags=["task"]
# ## 3. Repair a schedule that forgets where it was
#
# *Difficulty* ●●○ · *about 15 minutes* · *2 points*
#
# The class in the next cell should follow the cosine of task 1. Its user builds it once, trains, and asks it for a
# rate before every update. Then the run is interrupted. The user builds the class again and goes on, and the run lasts
# longer than planned.
#
# The class has three faults. Find them in the output of the cell. The rates *should* start at the peak, reach the floor
# at `total_steps`, stay there, and go on after the break as if there had been none.
#
# `resumed_rates(done, updates, peak_lr, total_steps, floor)` returns the right rates of the next updates after a break,
# an array of shape `(updates,)`.
#
# - `done`: updates of the run before the break, a whole number ≥ 0; it may be larger than `total_steps`
# - `updates`: number of updates that follow, ≥ 1
# - `peak_lr`, `total_steps`, `floor`: those of the whole run, as in task 1


# %%
class BrokenCosine:
    """A cosine that is asked for a rate before every update, and gets it wrong."""

    def __init__(self, peak_lr, total_steps, floor):
        """Start a run."""
        self.peak_lr, self.total_steps, self.floor = peak_lr, total_steps, floor
        self.t = 0

    def next_rate(self):
        """Return the rate of the next update."""
        self.t += 1
        swing = (self.peak_lr - self.floor) / 2
        return self.floor + swing + swing * np.cos(np.pi * self.t / self.total_steps)


planned = BrokenCosine(peak_lr=1.0, total_steps=4, floor=0.2)
print("7 updates in one go:   ", [f"{planned.next_rate():.2f}" for _ in range(7)])
resumed = BrokenCosine(peak_lr=1.0, total_steps=4, floor=0.2)
print("resumed after 2 of them:", [f"{resumed.next_rate():.2f}" for _ in range(5)])


# %% task="resumed_rates" tags=["solution"]
def resumed_rates(done, updates, peak_lr, total_steps, floor):
    """Return the rates of the next `updates` updates of a cosine run that has made `done`."""
    places = np.arange(done, done + updates)
    share_done = np.clip(places / total_steps, 0, 1)
    return floor + (peak_lr - floor) * 0.5 * (1 + np.cos(np.pi * share_done))


# %% tags=["check"]
check(resumed_rates, seed)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# A cosine can no longer surprise you past its end. Here are two more questions. For a budget of $N$ updates with
# `mult = 2`, which `first` makes the third cycle end exactly at $N$? And which of your three functions would you like
# a library to have?
#
# Go back to [lesson 3](../notebooks/03_cosine.ipynb), or on to [lesson 4](../notebooks/04_warmup.ipynb).
