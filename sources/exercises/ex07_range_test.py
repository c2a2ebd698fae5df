# %% [markdown] tags=["title"]
# # Exercise 7: write a range test, read it by two rules, then choose a peak
#
# You write six functions of a few lines, and one that needs a plan. **Time:** about 90 minutes.
# **You need** [lesson 7](../notebooks/07_range_test.ipynb) and NumPy.
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

from course_lib.checks import check, show_progress
from course_lib.range_test.models import BUDGET, Minibatches, Trainings

# %% [markdown] tags=["task"]
# ## 1. The rates
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# `range_test_rates(lowest_rate, highest_rate, steps)` returns the rates of a range test, an array of shape `(steps,)`. The
# first is `lowest_rate`, the last is `highest_rate`, and each rate is the previous one times the same factor.
#
# - `lowest_rate`: > 0
# - `highest_rate`: > `lowest_rate`
# - `steps`: number of updates, a whole number ≥ 2


# %% task="range_test_rates" tags=["solution"]
def range_test_rates(lowest_rate, highest_rate, steps):
    """Return rates at equal ratios from the lowest to the highest, shape (steps,)."""
    return np.geomspace(lowest_rate, highest_rate, steps)


# %% tags=["check"]
check(range_test_rates, seed)

# %% [markdown] tags=["task"]
# ## 2. The losses
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# Now comes the test itself. `range_test_losses(loss_and_gradient, w, rates)` makes one update of plain gradient descent with
# each of the rates, in their order. It returns the loss of every batch *before* its update, an array of the same shape as
# `rates`.
#
# - `loss_and_gradient`: a function. `loss, gradient = loss_and_gradient(w)` takes the **next batch** and returns its loss
#   at `w`, a float, and its gradient there, an array of the same shape as `w`. Every call takes another batch, so call it
#   only once for each update.
# - `w`: the weights before the first update, an array of shape `(n,)`. You may change it in place.
# - `rates`: array of shape `(steps,)`
#
# There is no stop yet, and the losses stay finite. The next cell makes three calls of such a function at the same weights.

# %%
loss_and_gradient = Minibatches(curvatures=[2.0, 0.5], spread=0.5, seed=0)
w = np.array([1.0, -2.0])
for _ in range(3):
    loss, gradient = loss_and_gradient(w)
    print(f"at w = {w}: loss {loss:.3f}, gradient [{gradient[0]:.3f}, {gradient[1]:.3f}]")


# %% task="range_test_losses" tags=["solution"]
def range_test_losses(loss_and_gradient, w, rates):
    """Return the loss before the update with each rate, an array of the shape of rates."""
    losses = []
    for rate in rates:
        before, slope = loss_and_gradient(w)
        losses.append(before)
        w = w - rate * slope
    return np.array(losses)


# %% tags=["check"]
check(range_test_losses, seed)

# %% [markdown] tags=["task"]
# ## 3. The average
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# Losses of single batches are noisy. The exponential average $a$ starts from $a_{-1} = 0$ and adds one loss after another:
#
# $$a_t = \beta\, a_{t-1} + (1 - \beta)\, L_t .$$
#
# The weights of the losses up to $L_t$ add up to only $1 - \beta^{t+1}$, so the average is too small by this factor.
# `debiased_average(losses, beta)` returns the average divided by this factor for every $t$, an array of shape `(n,)`.
#
# - `losses`: $L_0, L_1, \dots$, array of shape `(n,)`, n ≥ 1, all finite
# - `beta`: β, with 0 ≤ β < 1
#
# The average of a constant loss has to be that constant. The next cell shows what happens without the division.

# %%
average = 0.0
for t in range(4):
    average = 0.9 * average + 0.1 * 2.0
    print(f"t = {t}: loss 2, average {average:.4f}, sum of the weights {1 - 0.9 ** (t + 1):.4f}")


# %% task="debiased_average" tags=["solution"]
def debiased_average(losses, beta):
    """Return the exponential average of the losses, corrected for its start at 0, shape (n,)."""
    state = 0.0
    corrected = np.empty(len(losses))
    for t in range(len(losses)):
        state = beta * state + (1 - beta) * losses[t]
        corrected[t] = state / (1 - beta ** (t + 1))
    return corrected


# %% tags=["check"]
check(debiased_average, seed)

# %% [markdown] tags=["task"]
# ## 4. The stop
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# A range test stops at the first update $t$ for which one of these is true:
#
# - the loss `losses[t]` is not finite: NaN or infinite;
# - the average `smoothed[t]` is greater than `stop_factor` times the best average before it, that is, the lowest of
#   `smoothed[0]` … `smoothed[t - 1]`. At $t = 0$ there is no earlier average, so this condition cannot stop the test there.
#   An average of exactly `stop_factor` times the best does not stop it either.
#
# `stop_index(losses, smoothed, stop_factor)` returns this $t$ as an int, or `len(losses)` if the test runs to its end. So
# `losses[:stop_index(...)]` are the losses that a rule may use.
#
# - `losses`: loss of every batch, array of shape `(n,)`, n ≥ 1, each ≥ 0, infinite or NaN
# - `smoothed`: their average, array of shape `(n,)`; not finite from the first infinite or NaN loss on
# - `stop_factor`: > 1
#
# The next cell shows how such numbers compare.

# %%
print("nan > 4 * 0.5:", np.nan > 4 * 0.5, "    inf > 4 * 0.5:", np.inf > 4 * 0.5)


# %% task="stop_index" tags=["solution"]
def stop_index(losses, smoothed, stop_factor):
    """Return the index of the loss at which the range test stops, or the number of losses."""
    lowest = np.inf
    for t in range(len(losses)):
        too_large = smoothed[t] > stop_factor * lowest
        if too_large or not np.isfinite(losses[t]):
            return t
        lowest = min(lowest, smoothed[t])
    return len(losses)


# %% tags=["check"]
check(stop_index, seed)

# %% [markdown] tags=["task"]
# ## 5. A tenth of the minimum
#
# *Difficulty* ●○○ · *about 10 minutes* · *2 points*
#
# The first rule leaves out `skip_start` values at the low end and `skip_end` values at the high end. It looks for the lowest
# average among the rest, and suggests a tenth of the rate there.
# `tenth_of_minimum(rates, smoothed, skip_start, skip_end)` returns that suggestion, a float. (fastai's *minimum* is this
# rule; it leaves out the first tenth of the values and the last five.)
#
# - `rates`: the rates of the test up to its stop, rising, array of shape `(n,)`
# - `smoothed`: the average at each of them, finite, array of shape `(n,)`. Its lowest value occurs only once.
# - `skip_start`, `skip_end`: whole numbers ≥ 0, with `skip_start + skip_end` < n; each may be 0


# %% task="tenth_of_minimum" tags=["solution"]
def tenth_of_minimum(rates, smoothed, skip_start, skip_end):
    """Return a tenth of the rate at the lowest average among those that are not skipped."""
    end = len(smoothed) - skip_end
    place = skip_start + np.argmin(smoothed[skip_start:end])
    return rates[place] / 10


# %% tags=["check"]
check(tenth_of_minimum, seed)

# %% [markdown] tags=["task"]
# ## 6. The steepest step
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# The second rule looks at the steps between neighbouring points. The slope of the step from $k$ to $k+1$ is
#
# $$s_k = \frac{a_{k+1} - a_k}{\ln \eta_{k+1} - \ln \eta_k} .$$
#
# The rule takes the step with the smallest slope, that is, the steepest fall, and suggests the rate $\eta_k$ at which this
# step *begins*. If the average rises all the way, it takes the step that rises least. `steepest_rate(rates, smoothed)`
# returns that rate, a float. (fastai's *steep* is this rule; it leaves out the same points as before.)
#
# - `rates`: η, rising, array of shape `(n,)`, n ≥ 2. Their ratios need not be equal.
# - `smoothed`: a, the average at each of them, finite, array of shape `(n,)`. Only one step is the steepest.
#
# The next cell computes the slopes of a short test.

# %%
rates, smoothed = np.array([0.001, 0.01, 0.02, 0.2]), np.array([2.0, 1.5, 1.3, 1.0])
for k in range(3):
    change, width = smoothed[k + 1] - smoothed[k], np.log(rates[k + 1] / rates[k])
    print(
        f"from {rates[k]:g} to {rates[k + 1]:g}: "
        f"s_{k} is {change:.1f} / {width:.2f} = {change / width:.2f}"
    )


# %% task="steepest_rate" tags=["solution"]
def steepest_rate(rates, smoothed):
    """Return the rate at the beginning of the steepest fall over the logarithm of the rate."""
    width = np.log(rates[1:] / rates[:-1])
    slope = (smoothed[1:] - smoothed[:-1]) / width
    return rates[slope.argmin()]


# %% tags=["check"]
check(steepest_rate, seed)

# %% [markdown] tags=["task"]
# ## 7. Choose a peak
#
# *Difficulty* ●●● · *about 35 minutes* · *4 points*
#
# A rule only forecasts a good peak. A short training measures one, but it costs updates. Here you may make a few short
# trainings of a model that you have not seen. `choose_peak(train)` returns the peak that you would use, a float.
#
# - `train`: a function. `train(rate)` makes a short training with linear decay from the peak `rate`, a number > 0, to 0. It
#   returns the loss at the end, or `inf` if the training diverges; lower is better. The same rate always gives the same
#   loss. You may call the function **14 times**; one call more raises a `RuntimeError`.
#
# You know only that the best peak of the model lies between 0.00001 and 100. Over the logarithm of the rate the loss falls,
# has one lowest point, and rises until it is `inf`.
#
# The check tries several models, whose best peaks differ by orders of magnitude. An answer earns all points if its loss is at
# most 1.05 times the lowest possible one, and no points if it is 1.5 times the lowest or more. In between, the points fall
# evenly with the logarithm of the loss. Your points are the mean over the models.
#
# Each `Trainings(...)` counts its calls, so make a new one for every try. Its arguments are a number that names the model,
# its largest curvature, the ratio of its largest to its smallest curvature (`spread`), the noise of its gradients, and the
# number of updates in a training. The next cell makes one such model for you to try out.

# %%
train = Trainings(number=0, curvature=5.0, spread=3.0, noise=0.3, steps=50)
for rate in (0.0001, 0.1, 10.0):
    print(f"train({rate:g}) is {train(rate):.3g}")
print(f"calls allowed: {BUDGET}")


# %% task="choose_peak" tags=["solution"]
def choose_peak(train):
    """Return a good peak for a model, in at most 14 calls of train."""
    tried = {}

    def loss_at(x):
        if x not in tried:
            tried[x] = train(10.0**x)
        return tried[x]

    best = min(range(-5, 3), key=loss_at)  # one rate in each decade: 8 calls
    for width in (0.5, 0.25, 0.125):  # in powers of ten, 2 calls each
        best = min((best, best - width, best + width), key=loss_at)
    return 10.0**best


# %% tags=["check"]
check(choose_peak, seed)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# You can now run a range test, and you know what to do when you can afford a little more. A question to think about: the
# batches of task 7 are noisy, but `train` returns the *expected* loss, which is exact. In practice you get a single draw,
# and two trainings at the same rate end differently. How would you spend the same number of calls then, and where would you
# stop refining?
#
# Go back to [lesson 7](../notebooks/07_range_test.ipynb), or on to [lesson 8](../notebooks/08_grand_comparison.ipynb), which
# compares schedules that each have their own peak.
