# %% [markdown] tags=["title"]
# # Exercise 7: write a range test, read it by two rules, then choose a peak
#
# Six functions of a few lines, and one with a plan. **Time:** about 90 minutes.
# **You need** [lesson 7](../notebooks/07_range_test.ipynb) and NumPy.
#
# Write your code in the cells that raise `NotImplementedError`, then run the cell below each. It compares
# your function with the right answer on several cases; when they differ it shows the first such
# case and, where it can, names the likely cause. Hints are folded: open one when you are stuck, and
# not before. Keep the names of the arguments; your function may change what is in them, and a
# warning costs nothing. You may add cells as you like.

# %% tags=["parameters"]
seed = 0  # of the cases that are drawn at random; another number, other cases

# %%
import numpy as np

from course_lib.checks import check, show_progress
from course_lib.range_test.models import BUDGET, Minibatches, Trainings

# %% [markdown] tags=["task"]
# ## 1. The rates
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# `range_test_rates(lowest_rate, highest_rate, steps)` returns the rates of a range test, an array of shape `(steps,)`. The first is
# `lowest_rate`, the last is `highest_rate`, and each is the one before times the same factor.
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
# Now the test itself. `range_test_losses(loss_and_gradient, w, rates)` makes one update of plain gradient descent with each rate, in
# their order, and returns the loss of every batch *before* its update, an array of the shape of `rates`.
#
# - `loss_and_gradient`: a function. `loss, gradient = loss_and_gradient(w)` takes the **next batch** and returns its loss at `w`, a
#   float, and its gradient there, an array of the shape of `w`. Every call is another batch, so call it once
#   for each update.
# - `w`: the weights before the first update, an array of shape `(n,)`. You may change it in place.
# - `rates`: array of shape `(steps,)`
#
# There is no stop yet, and the losses stay finite. Three calls of such a function, at the same weights:

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
# Losses of single batches are noisy. The exponential average $a$ starts from $a_{-1} = 0$ and takes in one loss after the other:
#
# $$a_t = \beta\, a_{t-1} + (1 - \beta)\, L_t .$$
#
# After $L_t$ it is filled to a share of $1 - \beta^{t+1}$ only, so it is too small by this factor. `debiased_average(losses, beta)` returns
# the average divided by this share, for every $t$, an array of shape `(n,)`.
#
# - `losses`: $L_0, L_1, \dots$, array of shape `(n,)`, n ≥ 1, all finite
# - `beta`: β, with 0 ≤ β < 1
#
# A flat loss has to stay flat. What happens without the division:

# %%
average = 0.0
for t in range(4):
    average = 0.9 * average + 0.1 * 2.0
    print(f"t = {t}: the loss is 2, the average {average:.4f}, filled to {1 - 0.9 ** (t + 1):.4f}")


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
# - the average `smoothed[t]` is greater than `stop_factor` times the best average before it, the lowest of
#   `smoothed[0]` … `smoothed[t - 1]`. At $t = 0$ there is none, so this cannot stop the test there. Exactly `stop_factor` times the
#   best does not stop it.
#
# `stop_index(losses, smoothed, stop_factor)` returns this $t$, as an int, or `len(losses)` when the test runs to its end. So
# `losses[:stop_index(...)]` are the losses that a rule may look at.
#
# - `losses`: loss of every batch, array of shape `(n,)`, n ≥ 1, each ≥ 0, infinite or NaN
# - `smoothed`: their average, array of shape `(n,)`; not finite from the first infinite or NaN loss on
# - `stop_factor`: > 1
#
# What a comparison makes of such numbers:

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
# The first rule leaves out `skip_start` values at the low end and `skip_end` at the high end, looks for the lowest average among the
# rest, and returns a tenth of the rate there. `tenth_of_minimum(rates, smoothed, skip_start, skip_end)` returns that number, a
# float. (fastai's *minimum* is this rule, with the first tenth and the last five left out.)
#
# - `rates`: the rates of the test up to its stop, rising, array of shape `(n,)`
# - `smoothed`: the average at each of them, finite, array of shape `(n,)`. Its lowest value occurs once.
# - `skip_start`, `skip_end`: whole numbers ≥ 0, with `skip_start + skip_end` < n; each may be 0


# %% task="tenth_of_minimum" tags=["solution"]
def tenth_of_minimum(rates, smoothed, skip_start, skip_end):
    """Return a tenth of the rate at the lowest average, of those that are not skipped."""
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
# It takes the step with the smallest slope, that is, the steepest fall, and returns the rate $\eta_k$ at which this step *begins*.
# When the average rises all the way, it is the step that rises least. `steepest_rate(rates, smoothed)` returns that rate, a float.
# (fastai's *steep* is this rule, with points left out as before.)
#
# - `rates`: η, rising, array of shape `(n,)`, n ≥ 2. They need not be at equal ratios.
# - `smoothed`: a, the average at each of them, finite, array of shape `(n,)`. One step is the steepest.
#
# The slopes of a short test:

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
# Rules are forecasts; short trainings are facts, but they cost. Here you have a few of them, for a model you have not seen.
# `choose_peak(train)` returns the peak you would use, a float.
#
# - `train`: a function. `train(rate)` makes a short training with a linear decay from the peak `rate`, a number > 0, to 0, and
#   returns the loss at its end; the lower the better. It returns `inf` when the training diverges. The same rate gives the same loss
#   again. You may call it **14 times**; one call more raises a `RuntimeError`.
#
# All that is known of the model is that its best peak lies between 0.00001 and 100. Over the logarithm of the rate the loss falls, has one
# lowest point, and rises, until `inf` begins.
#
# The check tries several models; their best peaks differ by orders of magnitude. An answer is worth all points when the loss it leads to is at
# most 1.05 times the lowest there is, and none from 1.5 times the lowest on. In between, points fall evenly with the
# logarithm of the loss. Your points are the mean over the models.
#
# Each `Trainings(...)` counts its calls; make a new one for every try. Its arguments are a number to call the model by,
# its largest curvature, how many times smaller the smallest is (`spread`), the noise of its gradients, and the updates of a training.
# One such model, to play with:

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

    best = min(range(-5, 3), key=loss_at)  # one a decade: 8 calls
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
# Then you can run a range test, and know what to do when you may spend a little more. One to think about: the batches of
# task 7 are noisy, but `train` returns the *expected* loss, which is exact. In practice you get a single draw, and two trainings at the
# same rate end differently. How would you spend the same number of calls then, and where would you stop refining? Back to [lesson 7](../notebooks/07_range_test.ipynb), or on to a comparison in which every schedule has its
# own peak, in [lesson 8](../notebooks/08_grand_comparison.ipynb).
