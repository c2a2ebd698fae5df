# %% [markdown] tags=["title"]
# # Exercise 9: fall to zero, branch off, change the batch, do without a schedule
#
# You write four functions of three to ten lines each. **Time:** about 55 minutes.
# **You need** [lesson 9](../notebooks/09_after_cosine.ipynb), for task 3
# [lesson 13](../notebooks/13_scale.ipynb), and NumPy.
#
# Write your code in the cells that raise `NotImplementedError`, then run the check cell below each of them.
# The check compares your function with the right answer on several cases. If they differ, it shows the first
# such case and, where it can, names the likely cause. The hints are folded; open one only when you are stuck.
# Keep the names of the arguments. Your function may change its arguments in place, and warnings cost no points.
# You may add cells of your own.
#
# A `step` counts the updates already done, from 0, so the first update has the rate of step 0.

# %% tags=["parameters"]
seed = 0  # seed of the random cases; another number gives other cases

# %%
import numpy as np

from course_lib import schedules
from course_lib.checks import check, show_progress

# %% [markdown] tags=["task"]
# ## 1. Straight to zero, after a warmup
#
# *Difficulty* ●○○ · *about 10 minutes* · *1 point*
#
# `straight_to_zero(step, peak_lr, warmup_steps, total_steps)` returns the rate at one step, as a float.
#
# - Before `warmup_steps`, the rate rises linearly from 0 at step 0 towards `peak_lr` at step `warmup_steps`.
# - From `warmup_steps` on, it falls linearly from `peak_lr` to 0, which it reaches at step `total_steps`.
# - From `total_steps` on, it is 0.
#
# The arguments:
#
# - `step`: updates already done, a whole number ≥ 0
# - `peak_lr`: the largest rate, > 0
# - `warmup_steps`: updates of the warmup, 0 ≤ `warmup_steps` < `total_steps`; with 0 the first update has the peak
# - `total_steps`: updates of the whole run, warmup included
#
# `course_lib` can make such a schedule, too. Here are some values to compare yours with.

# %%
plan = schedules.warmup(schedules.linear(0.1, 8), 2, start=0.0)
print("peak 0.1, warmup 2, total 10")
for some_step in (0, 1, 2, 6, 9, 10, 12):
    print(f"step {some_step:2d}: rate {plan(some_step):.4f}")


# %% task="straight_to_zero" tags=["solution"]
def straight_to_zero(step, peak_lr, warmup_steps, total_steps):
    """Return the rate at a step: a rise to the peak, then linear decay to zero at the end."""
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    done = (step - warmup_steps) / (total_steps - warmup_steps)
    return peak_lr * max(0.0, 1 - done)


# %% tags=["check"]
check(straight_to_zero, seed)

# %% [markdown] tags=["task"]
# ## 2. A branch of a long run
#
# *Difficulty* ●●○ · *about 15 minutes* · *2 points*
#
# A long run warms up and then stays at its peak. To get a finished model after some number of updates, you branch off at that
# point and cool down. `branch_rates(peak_lr, floor, warmup_steps, branch_step, decay_steps, power)` returns the rates of
# **all** updates of this model, from the first one on: an array of `branch_step + decay_steps` floats.
#
# - Warmup: before `warmup_steps` the rate rises linearly from 0 at step 0 towards the peak at `warmup_steps`.
# - Stable phase: the rate is the peak up to, but not including, step `branch_step`.
# - Cooldown: at step $t \ge$ `branch_step` the share $s=(t-\mathtt{branch\_step})/\mathtt{decay\_steps}$ of the cooldown is
#   done. With $p$ = `power` the rate is
#
# $$\mathtt{floor} + (\mathtt{peak\_lr} - \mathtt{floor})\,(1 - s^p).$$
#
# So the first update of the cooldown still has the peak. The floor itself would be the rate *after* the last update, so it
# is not in the array.
#
# - `peak_lr`: > 0
# - `floor`: a rate, 0 ≤ `floor` ≤ `peak_lr`, at which the cooldown ends; it does not clip the curve
# - `warmup_steps`: ≥ 0; with 0 the run starts at its peak
# - `branch_step`: updates before the cooldown, warmup included, ≥ `warmup_steps`
# - `decay_steps`: updates of the cooldown, ≥ 1
# - `power`: > 0; with 1 the cooldown is linear, with 0.5 it has the shape called 1-sqrt
#
# Here are the cooldowns of `course_lib` for these two powers.

# %%
long = schedules.constant(1.0)
for shape in ("linear", "1-sqrt"):
    tail = long.branch(at_step=3, decay_steps=4, shape=shape)(np.arange(3, 7))
    print(f"peak 1, floor 0, cooldown of 4 updates, {shape:6}:", tail.round(3))


# %% task="branch_rates" tags=["solution"]
def branch_rates(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    """Return the rates of a run that leaves the stable phase at a step and cools down."""
    rates = np.full(branch_step + decay_steps, float(peak_lr))
    rates[:warmup_steps] *= np.arange(warmup_steps) / max(warmup_steps, 1)
    share = np.arange(decay_steps) / decay_steps
    rates[branch_step:] = floor + (peak_lr - floor) * (1 - share**power)
    return rates


# %% tags=["check"]
check(branch_rates, seed)

# %% [markdown] tags=["task"]
# ## 3. The same examples in other batches
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# The rules of this task are in [lesson 13](../notebooks/13_scale.ipynb).
# A run was tuned for one batch size. Now you change the batch size but keep the number of examples.
# `scaled_run(rate, updates, batch_size, new_batch_size, optimizer, rate_limit)` returns the two numbers to start
# from, `[new rate, new number of updates]`, as an array or a list.
#
# - With SGD the rate is proportional to the batch size; with Adam it is proportional to its square root. Both rules apply
#   to larger and to smaller batches.
# - The new rate is never larger than `rate_limit`.
# - The new number of updates is the number of *whole* batches that `updates * batch_size` examples make.
#   Leftover examples are not used.
#
# The arguments:
#
# - `rate`: the rate that was tuned for `batch_size`, > 0 and at most `rate_limit`
# - `updates`: updates of the run that was tuned, ≥ 1
# - `batch_size`, `new_batch_size`: examples in an update, ≥ 1; the examples make at least one new batch
# - `optimizer`: the string `"sgd"` or `"adam"`
# - `rate_limit`: the largest rate that is stable on this problem


# %% task="scaled_run" tags=["solution"]
def scaled_run(rate, updates, batch_size, new_batch_size, optimizer, rate_limit):
    """Return the rate and the number of updates for another batch size."""
    growth = new_batch_size / batch_size
    if optimizer == "adam":
        growth = np.sqrt(growth)
    examples = updates * batch_size
    return [min(rate_limit, rate * growth), examples // new_batch_size]


# %% tags=["check"]
check(scaled_run, seed)

# %% [markdown] tags=["task"]
# ## 4. Without a schedule
#
# *Difficulty* ●●● · *about 20 minutes* · *3 points*
#
# Schedule-free SGD keeps two sets of weights, $z$ and $x$, which both begin at `start`. Update number
# $t = 1, 2, 3, \dots$ is
#
# $$y = (1-\beta)\,z + \beta\,x,\qquad z \leftarrow z - \gamma\,g(y),\qquad
# x \leftarrow \text{the mean of the } z \text{ after updates } 1 \text{ to } t .$$
#
# The loss is $\tfrac12\sum_i\lambda_i w_i^2$, and its gradient carries noise:
# $g(y)_i=\lambda_i y_i+\xi_{t,i}$.
# `schedule_free_weights(start, curvatures, noise, rate, beta)` returns the weights of the *model*, $x$, after all
# updates: an array of shape `(n,)`.
#
# - `start`: shape `(n,)`; it is not itself part of the mean
# - `curvatures`: the $\lambda_i$, shape `(n,)`
# - `noise`: the $\xi$, shape `(updates, n)`, one row for each update; if it has no rows, return `start`
# - `rate`: $\gamma$ ≥ 0
# - `beta`: $\beta$, from 0 to 1
#
# You do not need to keep every $z$, because you can update a mean as each new value comes in.


# %% task="schedule_free_weights" tags=["solution"]
def schedule_free_weights(start, curvatures, noise, rate, beta):
    """Return the average x of schedule-free SGD on a noisy quadratic."""
    fast = average = np.asarray(start, dtype=float)
    for count, disturbance in enumerate(noise, start=1):
        between = (1 - beta) * fast + beta * average
        fast = fast - rate * (curvatures * between + disturbance)
        average = average * (1 - 1 / count) + fast / count
    return average


# %% tags=["check"]
check(schedule_free_weights, seed)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# You can now end a run at any update, and you have a first guess of its rate for another batch size. For a run with noise,
# print `schedule_free_weights` and the last $z$ after more and more updates. Which of the two settles? And what would a
# cooldown of $z$ have cost you?
#
# Go back to [lesson 9](../notebooks/09_after_cosine.ipynb).
