# %% [markdown] tags=["title"]
# # Exercise 1: take a step, find the limit, compute the floor
#
# Three functions, each a line or two once you see it. **Time:** about 30 minutes.
# **You need** [lesson 1](../notebooks/01_constant_lr.ipynb) and NumPy.
#
# Write your code in the cells that raise `NotImplementedError`, then run the cell below each. It compares
# your function with the right answer on several cases; when they differ it shows the first such
# case and, where it can, names the likely cause. Hints are folded: open one when you are stuck, and
# not before. You may add cells as you like.

# %%
import numpy as np

from course_lib.checks import check

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
#
# <details><summary>The check says that I go uphill</summary>
#
# The gradient points to where the loss *grows* fastest. Training wants the opposite.
#
# </details>
# <details><summary>The values are small and do not look like weights</summary>
#
# Perhaps you return how far to move. Asked for is where you are *after* the move.
#
# </details>
# <details><summary>I do not know how to begin</summary>
#
# Do it for one number first. The weight is 1, the slope there is 4, the rate 0.1: the move is 0.4 long,
# downhill. Where are you now? Arrays need no loop: NumPy does this for all weights at once.
#
# </details>


# %% task="gradient_step" tags=["solution"]
def gradient_step(w, gradient, rate):
    """Return the weights after one step of gradient descent."""
    return w - rate * gradient


# %% tags=["check"]
check(gradient_step)

# %% [markdown] tags=["task"]
# ## 2. The largest stable rate
#
# *Difficulty* ●●○ · *about 10 minutes* · *2 points*
#
# A loss is $L(w)=\tfrac12 w^\top H w$ with a symmetric matrix $H$, its **Hessian**, all of whose curvatures are
# positive. `largest_stable_rate(hessian)` returns the rate below which gradient descent converges from every start, and from
# which on it does not, as a float.
#
# - `hessian`: symmetric, shape `(n, n)`
#
# The curvatures are the eigenvalues of $H$. Do not assume that $H$ is diagonal.
#
# <details><summary>I pass with diagonal matrices and fail with the others</summary>
#
# You may be reading the curvatures off the diagonal. Off it, the directions mix. NumPy finds the
# curvatures of a symmetric matrix: look for `eigvalsh` in `np.linalg`.
#
# </details>
# <details><summary>My answer is too small by a factor of two</summary>
#
# Which rate did you solve for: the one that makes the factor of the steepest direction 0, or the one that
# makes its *size* 1?
#
# </details>
# <details><summary>My answer is far too large</summary>
#
# Every direction has a limit of its own. All of them have to be respected by one rate.
#
# </details>


# %% task="largest_stable_rate" tags=["solution"]
def largest_stable_rate(hessian):
    """Return the rate from which gradient descent on a quadratic no longer converges."""
    curvatures = np.linalg.eigvalsh(hessian)
    return 2 / curvatures.max()


# %% tags=["check"]
check(largest_stable_rate)

# %% [markdown] tags=["task"]
# ## 3. The loss that noise leaves over
#
# *Difficulty* ●●● · *about 15 minutes* · *3 points*
#
# The loss is $\tfrac12\lambda w^2$ and every gradient carries fresh noise $\sigma\xi$, where $\xi$ has mean 0
# and variance 1:
#
# $$w \leftarrow w - \eta\,(\lambda w + \sigma\xi) .$$
#
# After many steps the *expected* loss stands still. `steady_state_loss(rate, curvature, noise_std)` returns that level, exactly, as
# a float, for any rate below the stability limit.
#
# - `rate`: η, with 0 < η < 2/λ
# - `curvature`: λ > 0
# - `noise_std`: σ ≥ 0
#
# <details><summary>I do not know how to begin</summary>
#
# Write the step as "(something) times $w$, plus noise". Square it and take the mean: what happens to the
# cross term, when the noise knows nothing of $w$? You have $E[w^2]$ after the step in terms of $E[w^2]$ before.
#
# </details>
# <details><summary>I have that equation, and now?</summary>
#
# "Stands still" means that the value after the step equals the value before. Call it $m$ and solve for it.
#
# </details>
# <details><summary>I am right for small rates and wrong for large ones</summary>
#
# Somewhere $(\eta\lambda)^2$ got lost. It is small when $\eta\lambda$ is, and only then.
#
# </details>
# <details><summary>I am off by a factor that depends on the curvature</summary>
#
# You may have computed the mean of $w^2$. The loss is not $w^2$.
#
# </details>
#
# The next cell measures such a level by brute force, for you to compare with.

# %%
rng = np.random.default_rng(1)
w = np.zeros(20_000)
for _ in range(200):
    w = w - 0.5 * (2.0 * w + 1.0 * rng.standard_normal(w.size))
print(f"rate 0.5, curvature 2, noise 1: the mean loss settles near {np.mean(0.5 * 2.0 * w**2):.2f}")


# %% task="steady_state_loss" tags=["solution"]
def steady_state_loss(rate, curvature, noise_std):
    """Return the expected loss at which noisy gradient descent comes to rest."""
    shrink = (1 - rate * curvature) ** 2
    mean_square = (rate * noise_std) ** 2 / (1 - shrink)
    return 0.5 * curvature * mean_square


# %% tags=["check"]
check(steady_state_loss)

# %% [markdown] tags=["next"]
# ## Done?
#
# Then you can say, before a run, where a rate breaks and what it leaves over. Try your functions on a
# matrix of your own: what happens to the limit when you scale one weight by ten?
# Back to [lesson 1](../notebooks/01_constant_lr.ipynb).
