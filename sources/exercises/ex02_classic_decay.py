# %% [markdown] tags=["title"]
# # Exercise 2: write the classic decays, repair a plateau rule, count in updates
#
# You write six functions: four formulas, a loop, and the conversion from epochs to updates that every recipe in
# epochs needs. **Time:** about 60 minutes. **You need** [lesson 2](../notebooks/02_classic_decay.ipynb) and NumPy.
#
# Write your code in the cells that raise `NotImplementedError`, then run the check cell below each of them.
# The check compares your function with the right answer on several cases. If they differ, it shows the first
# such case and, where it can, names the likely cause. The hints are folded; open one only when you are stuck.
# Keep the names of the arguments. Your function may change its arguments in place, and warnings cost no points.
# You may add cells of your own.
#
# As in the lessons, a **step** $t$ counts the updates already done: the first update has $t=0$. The symbol
# $\eta_0$ is the peak.

# %% tags=["parameters"]
seed = 0  # seed of the random cases; another number gives other cases

# %%
import numpy as np

from course_lib.checks import check, show_progress

# %% [markdown] tags=["task"]
# ## 1. Drop at milestones
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# $$\eta_t = \eta_0\, d^{\,n(t)}, \qquad n(t) = \text{the number of milestones} \le t .$$
#
# `multi_step_rate(step, peak_lr, milestones, drop)` returns the rate at one step, as a float.
#
# - `step`: $t$, a whole number ≥ 0
# - `peak_lr`: $\eta_0$, the rate before the first milestone, > 0
# - `milestones`: a list of steps ≥ 1 in rising order; if it is empty, the rate never drops
# - `drop`: the factor $d$ of each drop, 0 < d < 1
#
# When `step` equals a milestone, the lower rate already applies.


# %% task="multi_step_rate" tags=["solution"]
def multi_step_rate(step, peak_lr, milestones, drop):
    """Return the rate at `step` of a schedule that drops at every milestone."""
    behind = np.array(milestones) <= step
    return peak_lr * drop ** behind.sum()


# %% tags=["check"]
check(multi_step_rate, seed)

# %% [markdown] tags=["task"]
# ## 2. Decay a little at every update
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# A recipe gives one factor for a whole epoch, or for many updates. You want the smooth curve instead. The rate is
# multiplied by the same factor at every update, and over `every` updates these factors multiply to $\gamma$.
#
# `exponential_rates(steps, peak_lr, gamma, every)` returns the rates at many steps, an array of the same shape as
# `steps`. With `every = 1` this is $\eta_0\,\gamma^t$ from lesson 2.
#
# - `steps`: a NumPy array of whole numbers ≥ 0, of any shape
# - `peak_lr`: $\eta_0$, the rate at step 0, > 0
# - `gamma`: the factor for `every` updates together, 0 < γ ≤ 1
# - `every`: a whole number ≥ 1


# %% task="exponential_rates" tags=["solution"]
def exponential_rates(steps, peak_lr, gamma, every):
    """Return the rates at `steps` of an exponential decay by `gamma` in `every` updates."""
    gamma_of_one_update = gamma ** (1 / every)
    return peak_lr * gamma_of_one_update**steps


# %% tags=["check"]
check(exponential_rates, seed)

# %% [markdown] tags=["task"]
# ## 3. The inverse square root, with its rise
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# For the first $W$ updates the rate rises linearly, from $\eta_0/W$ at $t=0$ to $\eta_0$ at $t=W$:
#
# $$\eta_t = \frac{\eta_0}{W} + \Bigl(\eta_0 - \frac{\eta_0}{W}\Bigr)\,\frac tW \quad (t < W), \qquad
# \eta_t = \eta_0\sqrt{W/t} \quad (t \ge W) .$$
#
# `inverse_sqrt_rate(step, peak_lr, warmup_steps)` returns the rate at one step, as a float.
#
# - `step`: $t$, a whole number ≥ 0
# - `peak_lr`: $\eta_0$, the rate at $t = W$, > 0
# - `warmup_steps`: $W$, a whole number ≥ 1; with $W=1$ the first update already has the peak
#
# This schedule has no end: it keeps falling, more and more slowly.


# %% task="inverse_sqrt_rate" tags=["solution"]
def inverse_sqrt_rate(step, peak_lr, warmup_steps):
    """Return the rate at `step`: a linear rise, then a fall with the root of the step."""
    if step >= warmup_steps:
        return peak_lr * np.sqrt(warmup_steps / step)
    lowest = peak_lr / warmup_steps
    return lowest + (peak_lr - lowest) * step / warmup_steps


# %% tags=["check"]
check(inverse_sqrt_rate, seed)

# %% [markdown] tags=["task"]
# ## 4. A polynomial, down to a floor
#
# *Difficulty* ●○○ · *about 10 minutes* · *1 point*
#
# $$\eta_t = \eta_\text{floor} + (\eta_0 - \eta_\text{floor})\,(1 - t/T)^p \quad (t \le T) ,$$
#
# and after $T$ the rate stays at the floor.
#
# `polynomial_rates(steps, peak_lr, total_steps, power, floor)` returns the rates at many steps, an array of the same
# shape as `steps`.
#
# - `steps`: a NumPy array of whole numbers ≥ 0, of any shape; some may lie past `total_steps`
# - `peak_lr`: $\eta_0$, the rate at step 0, > 0
# - `total_steps`: $T$, a whole number ≥ 1, the first step at which the floor is reached
# - `power`: $p$ > 0, not always a whole number
# - `floor`: the rate at the end, 0 ≤ floor ≤ peak; a rate, not a share of the peak


# %% task="polynomial_rates" tags=["solution"]
def polynomial_rates(steps, peak_lr, total_steps, power, floor):
    """Return the rates at `steps` of a polynomial decay that is held at its floor."""
    to_do = np.clip(1 - steps / total_steps, 0, 1)
    return floor + (peak_lr - floor) * to_do**power


# %% tags=["check"]
check(polynomial_rates, seed)

# %% [markdown] tags=["task"]
# ## 5. Repair a plateau rule
#
# *Difficulty* ●●● · *about 20 minutes* · *3 points*
#
# The rule has four parts:
#
# 1. The first loss is the **best** so far, and a count of bad losses starts at 0.
# 2. A later loss is an **improvement** if it is below the best by *more than* `threshold` times the absolute value
#    of the best. It then becomes the best, and the count goes back to 0.
# 3. Any other loss adds 1 to the count.
# 4. When the count exceeds `patience`, the rate is multiplied by `factor` at once and the count goes
#    back to 0. The best does not change.
#
# `plateau_lr(losses, peak_lr, factor, patience, threshold)` returns a list of rates, one for each loss: the rate
# that applies *after* that loss has been seen. The first one is `peak_lr`.
#
# - `losses`: held-out losses, a list of one or more numbers; some may be negative or 0
# - `peak_lr`: the rate at the beginning, > 0
# - `factor`: factor by which a cut multiplies the rate, 0 < factor < 1
# - `patience`: number of losses in a row without improvement that the rule tolerates, a whole number ≥ 0
# - `threshold`: a share ≥ 0
#
# The next cell contains a loop that somebody wrote for this purpose. It runs and it lowers the rate, but it does not
# follow the rule. It has four faults. First work through its two examples by hand. In each of them, after which
# losses should the rule cut the rate? Then write a loop that does so.


# %%
def broken_plateau(losses, peak_lr, factor, patience, threshold):
    lr, before, bad = peak_lr, losses[0], 0
    out = [lr]
    for value in losses[1:]:
        if value < before:
            bad = 0
        else:
            bad += 1
            if bad >= patience:
                lr = lr * factor
        before = value
        out.append(lr)
    return out


print("the broken loop, patience 2, factor 0.5, threshold 0.01")
for example in ([1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 0.8, 0.9, 0.85, 0.9, 0.85]):
    print("losses", example)
    print("rates ", broken_plateau(example, 0.1, 0.5, 2, 0.01))


# %% task="plateau_lr" tags=["solution"]
def plateau_lr(losses, peak_lr, factor, patience, threshold):
    """Return the rate after each loss, cut by `factor` when the loss stops improving."""
    best_loss, waiting = losses[0], 0
    after = [peak_lr]
    for new_loss in losses[1:]:
        if new_loss < best_loss - threshold * abs(best_loss):
            best_loss, waiting = new_loss, 0
        else:
            waiting += 1
        if waiting > patience:
            after.append(after[-1] * factor)
            waiting = 0
        else:
            after.append(after[-1])
    return after


# %% tags=["check"]
check(plateau_lr, seed)

# %% [markdown] tags=["task"]
# ## 6. Milestones in updates
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# A recipe says "divide the rate by 10 after 30, 60 and 90 epochs". Your scheduler counts updates.
#
# `milestones_in_updates(epochs, examples, batch_size, drop_last)` returns a list of whole numbers. For each entry of
# `epochs`, it holds the number of updates that have been done when that many epochs are over.
#
# - `epochs`: a list of at least one whole number ≥ 1
# - `examples`: training examples in one epoch
# - `batch_size`: examples in one update, a whole number from 1 to `examples`
# - `drop_last`: True or False. The last batch of an epoch may be incomplete. With False it is an update like any
#   other; with True it is thrown away. If the last batch is complete, `drop_last` changes nothing.
#
# Every epoch begins with a new batch. There is only one process, and gradients are not accumulated.
#
# The next cell shows ResNet's schedule for CIFAR-10, which its paper gives in updates. Convert its drops to epochs
# by hand. Your function converts in the other direction.

# %%
from course_lib.schedules.recipes import RECIPES

resnet = RECIPES["ResNet on CIFAR-10"]
whole_run = resnet.schedule(np.arange(resnet.total_steps))
drops = [int(t) for t in np.flatnonzero(np.diff(whole_run) < 0) + 1]
print(f"the rate drops at t = {drops}; the run has {resnet.total_steps} updates")
print("an update takes 128 images, and the training set has 45,000")


# %% task="milestones_in_updates" tags=["solution"]
def milestones_in_updates(epochs, examples, batch_size, drop_last):
    """Return the number of updates done after each of these numbers of epochs."""
    per_epoch, left_over = divmod(examples, batch_size)
    if left_over and not drop_last:
        per_epoch += 1
    return [n * per_epoch for n in epochs]


# %% tags=["check"]
check(milestones_in_updates, seed)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# You can now read a recipe and say what the rate is at any update. Try it on ImageNet, which has 1,281,167 images,
# with batches of 256 and drops after 30, 60 and 90 epochs. Then double the batch size. Which arguments of your
# `multi_step_rate` change, and which should?
#
# Go back to [lesson 2](../notebooks/02_classic_decay.ipynb), or on to [lesson 3](../notebooks/03_cosine.ipynb).
