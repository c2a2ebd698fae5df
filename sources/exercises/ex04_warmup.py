# %% [markdown] tags=["title"]
# # Exercise 4: warm up, for one step and for many, and match four libraries
#
# You write five functions. The first is the schedule of the lesson; take your time over its edge cases. **Time:** about
# 75 minutes. **You need** [lesson 4](../notebooks/04_warmup.ipynb) and NumPy.
#
# Write your code in the cells that raise `NotImplementedError`, then run the check cell below each of them.
# The check compares your function with the right answer on several cases. If they differ, it shows the first
# such case and, where it can, names the likely cause. The hints are folded; open one only when you are stuck.
# Keep the names of the arguments. Your function may change its arguments in place, and warnings cost no points.
# You may add cells of your own.
#
# As in the lessons, a **step** counts the updates already done, so the first update is step 0. `total_steps` is
# the length of the whole run, warmup included.

# %% tags=["parameters"]
seed = 0  # seed of the random cases; another number gives other cases

# %%
import numpy as np

from course_lib.checks import check, show_progress

# %% [markdown] tags=["task"]
# ## 1. Warmup and cosine, at one step
#
# *Difficulty* ●●○ · *about 20 minutes* · *5 points*
#
# `lr_at_step(step, peak_lr, warmup_steps, total_steps)` returns the rate of the update at this step. The rate
#
# - is 0 at step 0,
# - rises linearly and is `peak_lr` at `warmup_steps`,
# - falls from there along half a cosine and is 0 at `total_steps`,
# - stays 0 after that, however far the step lies past the end.
#
# Let $u$ be the share of the updates after the warmup that has been done: 0 at `warmup_steps` and 1 at `total_steps`.
# From the end of the warmup on, the rate is $\tfrac12\,\eta_\text{peak}\,(1+\cos \pi u)$.
#
# The task is worth five points because of its edge cases. The check tries each of them, and all have to be right.
#
# - `step`, `warmup_steps`, `total_steps`: numbers ≥ 0 that **may arrive as floats**. First turn all three into whole
#   numbers by cutting off the fraction, so that 12.7 counts as 12. After that, warmup_steps < total_steps.
# - `peak_lr`: > 0
#
# `warmup_steps` may be 0. Then there is no rise, and the rate is `peak_lr` at step 0.
#
# Return an **array of shape `(1,)`**, that is, an array that holds one number. A NumPy array, a JAX array and a list of one
# number are all accepted. You may use a library for this task if your instructor agrees (the grader reports it) and if
# you know exactly what its arguments mean.


# %% task="lr_at_step" tags=["solution"]
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    """Return the rate at `step` of a linear warmup and half a cosine: an array of shape (1,)."""
    step, warmup_steps, total_steps = int(step), int(warmup_steps), int(total_steps)
    if step >= total_steps:
        return np.array([0.0])
    if step < warmup_steps:
        return np.array([peak_lr * step / warmup_steps])
    u = (step - warmup_steps) / (total_steps - warmup_steps)
    return np.array([peak_lr * 0.5 * (1 + np.cos(np.pi * u))])


# %% tags=["check"]
check(lr_at_step, seed)

# %% [markdown] tags=["task"]
# ## 2. The same at many steps
#
# *Difficulty* ●●○ · *about 15 minutes* · *2 points*
#
# `warmup_cosine_rates(steps, peak_lr, warmup_steps, total_steps)` returns the rates of the same schedule at all `steps`
# at once: an array of floats with the **shape of `steps`**. (This time the shape is not `(1,)`, unless `steps` has that
# shape.)
#
# - `steps`: a NumPy array of whole numbers ≥ 0, of any shape and in any order; some may lie past the end
# - `peak_lr`: > 0
# - `warmup_steps`, `total_steps`: whole numbers, 0 ≤ warmup_steps < total_steps; without warmup the rate is `peak_lr`
#   at step 0


# %% task="warmup_cosine_rates" tags=["solution"]
def warmup_cosine_rates(steps, peak_lr, warmup_steps, total_steps):
    """Return the rates at `steps` of a linear warmup and half a cosine, in the shape of `steps`."""
    up = steps / max(warmup_steps, 1)
    u = np.clip((steps - warmup_steps) / (total_steps - warmup_steps), 0, 1)
    down = 0.5 * (1 + np.cos(np.pi * u))
    return peak_lr * np.where(steps < warmup_steps, up, down)


# %% tags=["check"]
check(warmup_cosine_rates, seed)

# %% [markdown] tags=["task"]
# ## 3. A warmup before any schedule
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# You already have a schedule: a function that takes a step and returns a rate. Put a warmup in front of it.
#
# - For steps before `warmup_steps` $=W$, the rate rises linearly from 0 at step 0 towards `schedule(0)`,
#   which it would reach at step $W$.
# - From step $W$ on, the schedule runs from its own beginning. At step $W$ the rate is `schedule(0)`, one update later
#   it is `schedule(1)`, and so on.
#
# `with_warmup(step, schedule, warmup_steps)` returns the rate at one step, as a float.
#
# - `step`: a whole number ≥ 0
# - `schedule`: a function of a **whole number** ≥ 0; it raises an error for any other argument
# - `warmup_steps`: a whole number ≥ 0; with 0 the schedule is not changed
#
# The next cell shows an example of such a function.

# %%
from course_lib import schedules

example = schedules.linear(peak_lr=0.1, total_steps=4)
print("a schedule at its steps 0 to 5:", [round(example(t), 4) for t in range(6)])


# %% task="with_warmup" tags=["solution"]
def with_warmup(step, schedule, warmup_steps):
    """Return the rate at `step` of a linear warmup that `schedule` follows."""
    own_step = max(step - warmup_steps, 0)
    share = 1.0 if step >= warmup_steps else step / warmup_steps
    return share * schedule(own_step)


# %% tags=["check"]
check(with_warmup, seed)

# %% [markdown] tags=["task"]
# ## 4. Adam's first updates
#
# *Difficulty* ●●○ · *about 15 minutes* · *3 points*
#
# For every weight, Adam keeps two averages, both 0 at the beginning. The $n$-th gradient $g$, with $n = 1, 2, \dots$, changes them to
#
# $$m \leftarrow \beta_1 m + (1-\beta_1)\,g, \qquad v \leftarrow \beta_2 v + (1-\beta_2)\,g^2 ,$$
#
# and then $-\eta\,\hat m/(\sqrt{\hat v}+\epsilon)$ is **added** to the weight, where $\hat m = m/(1-\beta_1^n)$ and $\hat v =
# v/(1-\beta_2^n)$.
#
# `adam_update(gradients, rate, beta1, beta2, eps)` returns the update after the **last** of these gradients (not
# the sum of all updates), as an array with one number per weight.
#
# - `gradients`: an array of shape `(n, weights)`, one row per update, in order; at least one row
# - `rate`: η, the same for all updates
# - `beta1`, `beta2`: 0 ≤ β < 1
# - `eps`: ε > 0, added to the square root; it is not always tiny
#
# When your function passes, try a single row of your own. How does the very first update depend on the size of the
# gradient?


# %% task="adam_update" tags=["solution"]
def adam_update(gradients, rate, beta1, beta2, eps):
    """Return Adam's update of the weights after the last of `gradients`."""
    m = v = np.zeros(gradients.shape[1])
    for g in gradients:
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    seen = len(gradients)
    m_hat, v_hat = m / (1 - beta1**seen), v / (1 - beta2**seen)
    return -rate * m_hat / (np.sqrt(v_hat) + eps)


# %% tags=["check"]
check(adam_update, seed)

# %% [markdown] tags=["task"]
# ## 5. Match four libraries
#
# *Difficulty* ●●● · *about 15 minutes* · *3 points*
#
# Four libraries are asked for the same schedule: a warmup of $W$ updates and a cosine to a floor. From $t = W$ on they
# agree:
#
# $$\eta_t = \eta_\text{floor} + \tfrac12\,(\eta_\text{peak}-\eta_\text{floor})\,\Bigl(1+\cos \pi\,\frac{t-W}{T-W}\Bigr),
# \qquad W \le t < T .$$
#
# For $t < W$ each of them rises linearly, but no two of them do it in the same way. The next cell prints rates that were
# recorded from the libraries themselves. Work out the four rises from this table. Three facts will help you:
#
# - The rise always leads to the peak, at $t = W-1$ or at $t = W$, and never starts from the floor.
# - If the first rate is not 0, it is the peak divided by a number that grows with $W$. For another $W$ it is therefore
#   another share of the peak.
# - `torch` is a `SequentialLR` that consists of a `LinearLR` and then a `CosineAnnealingLR`.
#
# `library_rates(library, peak_lr, warmup_steps, total_steps, floor)` returns the rates of all updates of a run, at
# $t = 0, 1, \dots, T-1$: an array of shape `(total_steps,)`.
#
# - `library`: `"transformers"`, `"torchtitan"`, `"nanogpt"` or `"torch"`
# - `peak_lr`: > 0
# - `warmup_steps`, `total_steps`: $W$ and $T$, whole numbers, 1 ≤ W < T
# - `floor`: a rate, 0 ≤ floor ≤ peak

# %%
from course_lib.libraries.conformance import recorded_rates

records = {
    "transformers": recorded_rates("transformers", "cosine_with_min_lr"),
    "torchtitan": recorded_rates("torchtitan", "cosine"),
    "nanogpt": recorded_rates("nanogpt", "get_lr"),
    "torch": recorded_rates("torch", "SequentialLR_LinearLR0.1+Cosine"),
}
columns = (0, 1, 2, 5, 8, 9, 10, 11, 99)
print("peak 0.1, warmup_steps 10, total_steps 100, floor 0.001")
print(f"{'t':13}" + "".join(f"{t:8}" for t in columns))
for name, record in records.items():
    print(f"{name:13}" + "".join(f"{record[t]:8.5f}" for t in columns))


# %% task="library_rates" tags=["solution"]
def library_rates(library, peak_lr, warmup_steps, total_steps, floor):
    """Return the rates of a whole run with the warmup of `library` and a cosine."""
    begins, reached = {
        "transformers": (0, warmup_steps),
        "torchtitan": (peak_lr / warmup_steps, warmup_steps - 1),
        "nanogpt": (peak_lr / (warmup_steps + 1), warmup_steps),
        "torch": (peak_lr / warmup_steps, warmup_steps),
    }[library]
    warm = np.arange(warmup_steps)
    ramp = begins + (peak_lr - begins) * warm / max(reached, 1)
    cool = np.arange(total_steps - warmup_steps) / (total_steps - warmup_steps)
    return np.r_[ramp, floor + (peak_lr - floor) * (1 + np.cos(np.pi * cool)) / 2]


# %% tags=["check"]
check(library_rates, seed)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# You can now say what the rate is at any update, in any of these libraries. One more question: your run is interrupted
# in the middle of the warmup and resumes in another library. Between which two of the four does the rate jump most?
#
# Go back to [lesson 4](../notebooks/04_warmup.ipynb), or on to [lesson 5](../notebooks/05_cyclical.ipynb).
