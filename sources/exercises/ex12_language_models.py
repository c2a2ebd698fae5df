# %% [markdown] tags=["title"]
# # Exercise 12: fit a law, predict a loss, choose where the cooldown starts
#
# You write five functions of two to eight lines each. **Time:** about 60 minutes.
# **You need** [lesson 12](../notebooks/12_language_models.ipynb) and NumPy.
#
# Write your code in the cells that raise `NotImplementedError`, then run the check cell below each of them.
# The check compares your function with the right answer on several cases. If they differ, it shows the first
# such case and, where it can, names the likely cause. The hints are folded; open one only when you are stuck.
# Keep the names of the arguments. Your function may change its arguments in place, and warnings cost no points.
# You may add cells of your own, and a function may call those that you wrote before it.
#
# A `step` counts the updates already done, from 0, so the first update has the rate of step 0. `rates[t]` is the rate at
# step $t$, written $\eta_t$.

# %% tags=["parameters"]
seed = 0  # seed of the random cases; another number gives other cases

# %%
import numpy as np

from course_lib import forecast, schedules
from course_lib.checks import check, show_progress

# %% [markdown] tags=["task"]
# ## 1. How much rate has been spent?
#
# *Difficulty* ●○○ · *about 8 minutes* · *1 point*
#
# The laws of this exercise do not count updates. They count the sum of the rates. A run that has done $n$ updates has
# spent, from step $s$ on,
#
# $$S_s(n) = \sum_{t=s}^{n-1} \eta_t .$$
#
# `sum_of_rates(rates, updates, start)` returns these sums as an array of floats, one for each number of updates.
#
# - `rates`: shape `(T,)`, the rate of every update, > 0
# - `updates`: shape `(K,)`, numbers $n$ of updates done, whole, from 0 to `T`, in any order
# - `start`: $s$, a step from 0 to `T - 1`; for numbers of updates up to `start` the sum is 0


# %% task="sum_of_rates" tags=["solution"]
def sum_of_rates(rates, updates, start):
    """Return the sum of the rates from step `start` on, after each number of updates."""
    totals = np.concatenate([[0.0], np.cumsum(rates)])
    return np.maximum(totals[updates] - totals[start], 0.0)


# %% tags=["check"]
check(sum_of_rates, seed)

# %% [markdown] tags=["task"]
# ## 2. Fit a power law
#
# *Difficulty* ●●○ · *about 12 minutes* · *2 points*
#
# At a constant rate, the loss of a language model comes down like a power of the sum of rates, towards a floor that it
# never reaches:
#
# $$L = L_0 + A\,S^{-\alpha} .$$
#
# `fit_power_law(sums, losses, floor_loss)` returns `[A, alpha]`, as an array or a list. They are the line of least squares in
# $\log(L - L_0)$ against $\log S$, in which every reading counts the same.
#
# - `sums`: $S$ at each reading, shape `(K,)`, > 0, at least two different ones
# - `losses`: $L$ at each reading, shape `(K,)`, all larger than `floor_loss`
# - `floor_loss`: $L_0$, which is known here
#
# `course_lib` fits the floor as well, and weighs the readings in another way. Without noise this makes no difference, so you
# can compare your result with this one.

# %%
some_sums = 0.01 * np.arange(1, 101)
some_losses = 2.5 + 0.6 * some_sums**-0.4
run = forecast.LossCurve(np.full(100, 0.01), np.arange(1, 101), some_losses, "made up")
for name, value in forecast.fit([run], law="power").parameters.items():
    print(f"{name:5} {value:.3f}")


# %% task="fit_power_law" tags=["solution"]
def fit_power_law(sums, losses, floor_loss):
    """Return A and alpha of the power law, by least squares of the logarithms."""
    x, y = np.log(sums), np.log(losses - floor_loss)
    slope = np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2)
    height = y.mean() - slope * x.mean()
    return np.array([np.exp(height), -slope])


# %% tags=["check"]
check(fit_power_law, seed)

# %% [markdown] tags=["task"]
# ## 3. What one fall of the rate is worth
#
# *Difficulty* ●●○ · *about 10 minutes* · *1 point*
#
# When the rate falls, the loss comes down by more than the power law says, but not at once. The multi-power law of Luo et
# al. (2025) gives the gain from one fall, from the rate $\eta_-$ to the rate $\eta$, after a further sum of rates $S$, as
#
# $$B\,(\eta_- - \eta)\,\Bigl(1 - \bigl(1 + C\,\eta^{-\gamma}\,S\bigr)^{-\beta}\Bigr).$$
#
# `gain_of_a_fall(before, after, span, parameters)` returns this gain as a float.
#
# - `before`, `after`: $\eta_-$ and $\eta$, > 0; where the rate rises, `after` is the larger one
# - `span`: $S$, the sum of the rates since the fall, ≥ 0
# - `parameters`: a dictionary with the keys `"L0"`, `"A"`, `"alpha"`, `"B"`, `"C"`, `"beta"` and `"gamma"`, all > 0; you need
#   four of them here
#
# The next cell holds the parameters that the authors give for their model of 100 million parameters. You may try your
# functions on them.
# <!-- cited: 2025, 100 -->

# %%
published = {  # Luo et al. 2025, arXiv:2503.12811, in the table beside their code
    "L0": 2.651,
    "A": 0.601,
    "alpha": 0.453,
    "B": 437.946,
    "C": 2.132,
    "beta": 0.598,
    "gamma": 0.655,
}


# %% task="gain_of_a_fall" tags=["solution"]
def gain_of_a_fall(before, after, span, parameters):
    """Return how far one fall of the rate has lowered the loss."""
    bracket = 1 + parameters["C"] * after ** -parameters["gamma"] * span
    response = 1 - bracket ** -parameters["beta"]
    return parameters["B"] * (before - after) * response


# %% tags=["check"]
check(gain_of_a_fall, seed)

# %% [markdown] tags=["task"]
# ## 4. The loss at the end of a run
#
# *Difficulty* ●●● · *about 15 minutes* · *3 points*
#
# The multi-power law adds up the gains of all changes of the rate. After all $T$ updates the loss is
#
# $$L = L_0 + A\,S_0^{-\alpha} - B \sum_{t=1}^{T-1} (\eta_{t-1} - \eta_t)\,
# \Bigl(1 - \bigl(1 + C\,\eta_t^{-\gamma}\,S_t\bigr)^{-\beta}\Bigr),
# \qquad S_t = \eta_t + \eta_{t+1} + \dots + \eta_{T-1} .$$
#
# So the sum after a change begins with the first update at the new rate. Where the rate rises, the term is negative, and
# the rise costs what a fall of the same size to the same rate would gain. (The changes of a warmup do not count; here the run begins after it.)
#
# `multi_power_loss(rates, parameters)` returns this loss as a float.
#
# - `rates`: shape `(T,)`, the rate of every update, > 0; `T` may be 1
# - `parameters`: the dictionary of task 3
#
# `course_lib.forecast` contains this law, too, in another form. Write it yourself: the grader points out a function that calls
# the library's.


# %% task="multi_power_loss" tags=["solution"]
def multi_power_loss(rates, parameters):
    """Return the loss of the multi-power law after the last update."""
    floor, amplitude, alpha, strength, pace, beta, gamma = (
        parameters[name] for name in ("L0", "A", "alpha", "B", "C", "beta", "gamma")
    )
    falls = rates[:-1] - rates[1:]
    spans = np.cumsum(rates[::-1])[::-1]  # from each step to the end
    response = 1 - (1 + pace * rates[1:] ** -gamma * spans[1:]) ** -beta
    return floor + amplitude * spans[0] ** -alpha - strength * np.sum(falls * response)


# %% tags=["check"]
check(multi_power_loss, seed)

# %% [markdown] tags=["task"]
# ## 5. Where should the cooldown start?
#
# *Difficulty* ●●● · *about 15 minutes* · *3 points*
#
# A run stays at its peak and then falls linearly to zero. If the fall starts early, much of the run has a small rate. If it
# starts late, its gain has no time to come. The law can weigh one against the other before anything is trained.
#
# `cooldown_start(total_steps, peak_lr, parameters, starts)` returns `[start, loss]`, as an array or a list: the candidate
# with the lowest predicted loss at the end of the run, and this loss.
#
# - `total_steps`: updates of the run, $T$
# - `peak_lr`: the rate before the cooldown, > 0
# - `parameters`: the dictionary of task 3
# - `starts`: shape `(K,)`, steps at which the cooldown may start, from 0 to `total_steps - 1`, all different
#
# A cooldown that starts at step $s$ has the rate $\mathtt{peak\_lr}\cdot(T - t)/(T - s)$ at every step $t \ge s$. So its first
# update still has the peak. Zero would be the rate at step $T$, after the last update. There is no warmup: the law describes
# what comes after it.
#
# These are the rates of such a run from `course_lib`.

# %%
plan = schedules.constant(1.0).branch(at_step=4, decay_steps=4)
print("peak 1, 8 updates, cooldown from step 4:", plan(np.arange(8)))


# %% task="cooldown_start" tags=["solution"]
def cooldown_start(total_steps, peak_lr, parameters, starts):
    """Return the start of the linear cooldown with the lowest predicted loss, and the loss."""
    step = np.arange(total_steps)
    losses = []
    for start in starts:
        falling = (total_steps - step) / (total_steps - start)
        rates = peak_lr * np.where(step < start, 1.0, falling)
        losses.append(multi_power_loss(rates, parameters))
    best = np.argmin(losses)
    return np.array([starts[best], losses[best]])


# %% tags=["check"]
check(cooldown_start, seed)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# Let `cooldown_start` choose for 8,000, 24,000 and 72,000 updates at a peak of 3e-4, with the parameters `published` and
# forty candidates. Does the best cooldown take a fixed share of the run, or a fixed number of updates? How much does the
# predicted loss change if you start 5 % of the run too early or too late, and could you measure that with two runs? The
# cooldowns of [lesson 12](../notebooks/12_language_models.ipynb) had to be longer. There, every share had a peak of its own;
# what does your function hold fixed?
# <!-- cited: 8,000, 24,000, 72,000, 3e-4 -->
#
# `forecast.fit` gets the parameters from your own runs, and `best_schedule` then looks for rates of any shape. A law fitted
# to three runs predicts what those runs can show. It knows nothing of the edge of stability, so it cannot choose the peak.
