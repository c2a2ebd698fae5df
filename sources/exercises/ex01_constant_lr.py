# %% [markdown] tags=["title"]
# # Exercise 1: take a step, find the limit, compute the floor
#
# You write three functions, each of one or two lines once you see how. **Time:** about 30 minutes.
# **You need** [lesson 1](../notebooks/01_constant_lr.ipynb) and NumPy.
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

# %% [markdown] tags=["task"]
# ## 1. One step of gradient descent
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# `gradient_step(w, gradient, rate)` returns the weights after one step.
#
# - `w`: the weights, a NumPy array of any shape
# - `gradient`: the slope of the loss at `w`, an array of the same shape
# - `rate`: the learning rate, a number ≥ 0


# %% task="gradient_step" tags=["solution"]
def gradient_step(w, gradient, rate):
    """Return the weights after one step of gradient descent."""
    return w - rate * gradient


# %% tags=["check"]
check(gradient_step, seed)

# %% [markdown] tags=["task"]
# ## 2. The largest stable rate
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# A loss is $L(w)=\tfrac12 w^\top H w$ with a symmetric matrix $H$, its **Hessian**, all of whose curvatures are
# positive. `largest_stable_rate(hessian)` returns the rate from which gradient descent on this quadratic no longer
# converges, as a float.
#
# - `hessian`: symmetric, shape `(n, n)`
#
# The curvatures are the eigenvalues of $H$. Do not assume that $H$ is diagonal.


# %% task="largest_stable_rate" tags=["solution"]
def largest_stable_rate(hessian):
    """Return the rate from which gradient descent on a quadratic no longer converges."""
    curvatures = np.linalg.eigvalsh(hessian)
    return 2 / curvatures.max()


# %% tags=["check"]
check(largest_stable_rate, seed)

# %% [markdown] tags=["task"]
# ## 3. The loss that noise leaves behind
#
# *Difficulty* ●●○ · *about 15 minutes* · *3 points*
#
# The loss is $\tfrac12\lambda w^2$ and every gradient carries fresh noise $\sigma\xi$, where $\xi$ has mean 0
# and variance 1:
#
# $$w \leftarrow w - \eta\,(\lambda w + \sigma\xi) .$$
#
# After many steps the *expected* loss no longer changes. `steady_state_loss(rate, curvature, noise_std)` returns this
# level exactly, as a float, for any rate below the stability limit. Lesson 1 states the result; here you derive it from
# the step.
#
# - `rate`: η, with 0 < η < 2/λ
# - `curvature`: λ > 0
# - `noise_std`: σ ≥ 0
#
# The next cell measures such a level by brute force. You can compare your result with it.

# %%
rng = np.random.default_rng(1)
w = np.zeros(20_000)
for _ in range(200):
    w = w - 0.5 * (2.0 * w + 1.0 * rng.standard_normal(w.size))
print(f"rate 0.5, curvature 2, noise 1: the mean loss settles near {np.mean(0.5 * 2.0 * w**2):.2f}")


# %% task="steady_state_loss" tags=["solution"]
def steady_state_loss(rate, curvature, noise_std):
    """Return the expected loss at which noisy gradient descent settles."""
    shrink = (1 - rate * curvature) ** 2
    mean_square = (rate * noise_std) ** 2 / (1 - shrink)
    return 0.5 * curvature * mean_square


# %% tags=["check"]
check(steady_state_loss, seed)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# You can now say before a run at which rate it becomes unstable, and what loss the noise leaves behind. Try your
# functions on a matrix of your own. What happens to the limit when you scale one weight by ten (its row and its
# column of $H$)?
#
# Go back to [lesson 1](../notebooks/01_constant_lr.ipynb).
