# %% [markdown] tags=["title"]
# # Train at a constant rate, and find where it breaks
#
# **You will learn** to
#
# - say what one update does, and why the learning rate is the number in it that matters;
# - compute, for a bowl-shaped loss, how fast a rate is, where it breaks and what noise leaves behind;
# - measure the same on a network, and see it train at the edge of stability;
# - tell from a loss curve whether its rate is too small, good or too large;
# - check a printed result instead of believing it.
#
# **Time:** about 35 minutes, and 10 more for *Further*. **You need** Python with NumPy and PyTorch, and to have
# trained some network before.
#
# Every number below is computed in this notebook; change a cell and the numbers follow. The results are
# stored with it. To predict them honestly, begin with *Edit → Clear Outputs of All Cells*, then run cell by cell.
# Cells that only draw are folded: click the bar beside one to see its code.

# %% tags=["parameters"]
seeds = 8  # training runs at each rate; more of them give narrower intervals

# %%
import numpy as np
import torch
from torch import nn
from torch.optim.lr_scheduler import ConstantLR, LambdaLR

from course_lib import explorers, outcomes, plots, problems, schedules, theory, training
from course_lib.experiments import lesson01_runs
from course_lib.intervals import mean_interval
from course_lib.libraries import Loop, simulate_loop
from course_lib.measured import show_table
from course_lib.plots.lesson01 import catapult_panels, first_updates, unlabelled_curves

# %% [markdown] tags=["surprise", "predict"]
# ## Guess the best rate
#
# A small network with two hidden layers of ReLU units learns to separate three spiral arms of points. It makes
# 300 updates at a constant learning rate. Every update uses all points (*full batch*), and we look at the
# *training* loss. Guessing has a loss of $\log 3$, about 1.1.<!-- log(3) = 1.1 -->
#
# An article this course grew from (*Learning Rate Schedules from Scratch*) trains this network on these points. It
# calls a rate of 1 too high, and 0.01 "okay".
#
# > **Predict before you run.** Five rates: 0.01, 0.1, 1, 2 and 3. Rank them by the loss at the end. Which ones fail?

# %% tags=["surprise"]
data = problems.spirals(per_class=100)
network = training.Mlp(hidden=(64, 64), dtype="float32")
workload = training.Workload(data, network)  # no batch size: all points in every update
sweep_rates = [0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 1.5, 2.0, 2.5, 3.0, 6.0]
sweep = lesson01_runs.sweep_rates(workload, sweep_rates, seeds, steps=300)


def end_of(rate):  # from rate 2 on, the digits depend on the processor
    final = sweep.final_at(rate)
    return lesson01_runs.where_most_end(final) if 2 <= rate <= 3 else mean_interval(final)


show_table(
    ["constant rate", f"training loss after 300 updates, mean of {seeds} seeds [95 % interval]"],
    [(f"{rate:g}", end_of(rate)) for rate in (0.01, 0.1, 1.0, 2.0, 3.0)],
)
outcomes.show_facts(
    {
        "the median run at rate 2 ends below every run at rate 1": np.median(sweep.final_at(2.0))
        < sweep.final_at(1.0).min(),
        "at rate 3 more than half of the runs are lost": sweep.lost_at(3.0).mean() > 0.5,
    }
)

# %% [markdown]
# **The best of these rates, by its median run, is twice the one that was called too high, and half as much again
# loses most runs.** A run at a large rate counts as *lost* here if it ends above 0.4. The rest of this lesson looks
# into both halves of this result: why a larger rate is better for so long, and why it then fails so suddenly. <!-- holds: the median run at
# rate 2 ends below every run at rate 1; at rate 3 more than half of the runs are lost -->

# %% [markdown]
# ## What an update is
#
# Training moves the weights $w$ against the slope of the loss:
#
# $$w_{t+1} = w_t - \eta\, g_t ,$$
#
# where $g_t$ is the gradient at $w_t$ and $\eta$ the **learning rate**. The gradient says which way is
# up and how steep it is *here*. It does not say how far that slope continues. That judgement is
# the learning rate.
#
# Take the simplest loss with a minimum, the parabola $L(w) = \tfrac12 \lambda w^2$. Its slope is
# $\lambda w$, and $\lambda$ is its **curvature**: how quickly the slope changes as you move.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The curvature is 4 and we start at $w = 2$. We try the rates
# > 0.05, 0.25, 0.45 and 0.52.
# >
# > Which one needs a single step? Which one jumps back and forth and still arrives? Which one never
# > arrives? Write your three answers down, then run the cell.


# %% tags=["from-scratch"]
def descend_parabola(curvature, start, rate, steps):
    path = [start]
    for _ in range(steps):
        gradient = curvature * path[-1]
        path.append(path[-1] - rate * gradient)
    return np.array(path)


curvature = 4.0
rates = (0.05, 0.25, 0.45, 0.52)
paths = {rate: descend_parabola(curvature, 2.0, rate, steps=12) for rate in rates}
print("rate   w after 1 step   |w| after 12 steps")
for rate, path in paths.items():
    print(f"{rate:.2f}   {path[1]:+14.3f}   {abs(path[-1]):18.5f}")

# %% jupyter={"source_hidden": true}
plots.show(
    plots.descent_paths(curvature, {f"η = {rate}": path for rate, path in paths.items()}),
    alt="Four paths over the same parabola, all from w = 2. Rate 0.05 creeps down one side; 0.25 "
    "lands on the minimum in one step; 0.45 jumps from side to side and closes in; 0.52 jumps from "
    "side to side and climbs out.",
)

# %% [markdown]
# ## Why: one factor decides everything
#
# Put the slope into the step:
#
# $$w_{t+1} = w_t - \eta\lambda w_t = (1 - \eta\lambda)\, w_t .$$
#
# Every step multiplies the distance to the minimum by the same factor $1 - \eta\lambda$.
#
# | $\eta\lambda$ | factor | what you see |
# |---|---|---|
# | between 0 and 1 | positive, below 1 | approaches from one side |
# | exactly 1 | zero | one step, done |
# | between 1 and 2 | negative, above −1 | jumps across, closes in |
# | 2 or more | −1 or beyond | never closes in, or runs away |
#
# So the rate sets the **speed**, because each step leaves the share $|1 - \eta\lambda|$ of the distance. And it has
# a **stability limit**, $\eta = 2/\lambda$.
# The library has both in closed form. The loop above must agree with it.

# %% tags=["library"]
print(f"stability limit for curvature {curvature}: {theory.stability_limit(curvature)}")
print("rate   eta*lambda   factor   largest difference between loop and formula")
for rate, path in paths.items():
    formula = theory.descend([curvature], [2.0], np.full(12, rate))[:, 0]
    print(
        f"{rate:.2f}   {rate * curvature:10.2f}   {1 - rate * curvature:+6.2f}   "
        f"{'below 1e-12' if np.abs(path - formula).max() < 1e-12 else 'THEY DISAGREE'}"
    )

# %% [markdown]
# ## Two directions, one rate
#
# A network has many weights, and the loss bends differently along each direction of weight space. In
# the simplest such case there are two curvatures, and the contours are a **ravine**: steep across,
# flat along. Each direction has its own factor, but there is only one $\eta$.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The curvatures are 1 and 20. From which rate on does the descent run away?
# > And just below that rate, how much of the way along the flat direction does one step cover?

# %%
steep, flat = 20.0, 1.0
limit = theory.stability_limit(np.diag([flat, steep]))
best = 2 / (flat + steep)  # the rate at which both factors have the same size
ravine = {
    rate: theory.descend([flat, steep], [2.0, 1.0], np.full(25, rate))
    for rate in (0.02, best, 0.98 * limit)
}
print(f"stability limit: {limit:.3f}, set by the steep direction")
print("rate     factor, flat   factor, steep   distance to the minimum after 25 steps")
for rate, path in ravine.items():
    left = np.linalg.norm(path[-1])
    print(f"{rate:.3f}   {1 - rate * flat:+12.3f}   {1 - rate * steep:+13.3f}   {left:10.3f}")
plots.show(
    plots.ravine_paths((flat, steep), {f"η = {rate:.3f}": path for rate, path in ravine.items()}),
    alt="Three paths in a ravine that is steep vertically and flat horizontally. The small rate drops "
    "to the valley floor and then creeps along it. The best rate zigzags with shrinking swings and "
    "comes nearest to the minimum. The rate just below the limit swings on, at the end still "
    "more than a third as widely as at the start.",
)

# %% [markdown]
# **The steepest direction sets the limit; the flattest sets the pace.** Even the best constant rate
# covers only a small part of the way along the flat direction in each step. The ratio of the two curvatures is the
# *condition number*. It makes a problem slow at every constant rate.
# <!-- derived: from the factors 1 − ηλ of the two directions, computed above -->

# %% [markdown]
# ## Noise, and the floor it leaves
#
# In practice the gradient comes from a batch, so it is the true slope plus noise. Near the minimum the
# slope vanishes and the noise does not, so every update still kicks the weights. They settle at a level where
# the pull back and the kicks balance.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The curvature is 1, the noise has standard deviation 1, and we start at
# > $w = 10$ with the rates 0.4, 0.1 and 0.025: each a quarter of the one before. What happens to the
# > level at which the loss settles? And to the time until it gets there?

# %%
noise_rates = (0.4, 0.1, 0.025)
particles, noise_steps = 4000, 400
rng = np.random.default_rng(0)
measured = {}
for rate in noise_rates:
    w = np.full(particles, 10.0)
    losses = [0.5 * w**2]
    for _ in range(noise_steps):
        w = w - rate * (w + rng.standard_normal(particles))
        losses.append(0.5 * w**2)
    measured[rate] = np.array(losses)  # steps + 1, particles

floors = [theory.noise_floor(rate, curvature=1.0, noise_std=1.0) for rate in noise_rates]
rows = []
for rate, floor in zip(noise_rates, floors, strict=True):
    expected = theory.expected_loss(np.full(noise_steps, rate), 1.0, 1.0, 10.0)
    arrival = int(np.argmax(expected < 1.1 * floor))
    last = mean_interval(measured[rate][-1])
    rows.append((f"{rate}", last, f"{rate / 4:.4f}", f"{floor:.4f}", arrival))
show_table(
    ["rate", "settles at, measured", "eta/4", "exact", "first step within 10 % of the floor"], rows
)

# %% jupyter={"source_hidden": true}
figure, (ax,) = plots.panels(1, height=3.0, top=0.12)
plots.loss_curves(
    {f"η = {rate}": losses.mean(axis=1) for rate, losses in measured.items()},
    floors,
    ax=ax,
    ylabel="mean loss of 4000 runs",
)
plots.show(
    figure,
    alt="Mean loss over steps on a log scale for three rates. The largest rate falls within a few steps "
    "and stays on a high floor. Each smaller rate takes about five times as long and ends on a floor "
    "about four times lower. Dotted lines mark the floors from the formula; the curves end on them.",
)

# %% [markdown]
# The floor can be derived in three lines. Let $m = E[w^2]$. A step multiplies the old distance by
# $1-\eta\lambda$ and adds an independent kick of variance $\eta^2\sigma^2$, so at rest
#
# $$m = (1-\eta\lambda)^2 m + \eta^2\sigma^2
# \quad\Rightarrow\quad
# E[L] = \tfrac12\lambda m = \frac{\eta\,\sigma^2}{2\,(2-\eta\lambda)} \approx \frac{\eta\,\sigma^2}{4} .$$
#
# For small rates the floor is **proportional to the rate**, and so is the speed towards it. A smaller rate takes
# longer for two reasons: it moves more slowly, and it has further to go down. So a large rate is fast and rough, a
# small one slow and fine, and **no constant rate is both**. That trade-off is behind every schedule in this course,
# because a rate that changes can be both. Here the fast rate is dropped to the fine one after 60 steps: <!--
# derived: the formula for the floor, and the factor 1 − ηλ for the speed -->

# %%
drop = schedules.step_decay(0.4, drop=0.025 / 0.4, every=60)
plans = {"constant 0.4": schedules.constant(0.4), "constant 0.025": schedules.constant(0.025)}
plans["0.4, then 0.025"] = drop
horizon, at_the_end = 120, {}
for name, plan in plans.items():
    at_the_end[name] = theory.expected_loss(plan(np.arange(horizon)), 1.0, 1.0, 10.0)[-1]
    print(f"{name:16}  expected loss after {horizon} steps: {at_the_end[name]:.4f}")
dropped = at_the_end.pop("0.4, then 0.025")
best_constant = min(at_the_end.values())
outcomes.show_facts(
    {"the drop ends nine times lower than either rate": 9 * dropped < best_constant}
)

# %% [markdown]
# ## A network
#
# Now the network from the beginning. These are its points:

# %% jupyter={"source_hidden": true}
plots.show(
    plots.labelled_points(data),
    alt="300 points in the plane in three noisy spiral arms of 100 points, one class each. The arms "
    "wind around the centre, so no straight line separates them.",
)

# %% [markdown]
# All of training fits in two functions of NumPy. One runs the layers forward; the other passes the error back and
# moves every layer on the way.


# %% tags=["from-scratch"]
one_hot = np.eye(3)[data.labels]


def forward(weights):
    """The input of every layer, and the probabilities at the end."""
    inputs = [data.inputs]
    for matrix, bias in weights[:-1]:
        inputs.append(np.maximum(inputs[-1] @ matrix + bias, 0))
    scores = inputs[-1] @ weights[-1][0] + weights[-1][1]
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    return inputs, p / p.sum(axis=1, keepdims=True)


def step(weights, rate):
    inputs, p = forward(weights)
    error = (p - one_hot) / len(one_hot)
    for (matrix, bias), layer_input in zip(weights[::-1], inputs[::-1], strict=True):
        error_below = error @ matrix.T * (layer_input > 0)
        matrix -= rate * layer_input.T @ error
        bias -= rate * error.sum(axis=0)
        error = error_below


# %% tags=["from-scratch"]
def loss_of(weights):
    return -np.log((forward(weights)[1] * one_hot).sum(axis=1) + 1e-12).mean()


def fresh_weights(seed):
    arrays = training.init_mlp([2, 64, 64, 3], seed)
    return list(zip(arrays[::2], arrays[1::2], strict=True))


weights, by_hand = fresh_weights(seed=0), []
for _ in range(300):
    by_hand.append(loss_of(weights))
    step(weights, rate=0.1)
print(f"loss before the first update {by_hand[0]:.4f}, before the last {by_hand[-1]:.4f}")

# %% [markdown]
# `course_lib.training` does the same for many runs at once. Its input is a table of rates, one row a
# run and one column an update, so it can carry every schedule of this course. Is it the same?

# %% tags=["library"]
one = training.train(training.Workload(data), rates=np.full((1, 300), 0.1), seeds=[0])
difference = np.abs(one.losses[0] - np.array(by_hand)).max()
print(f"largest difference over 300 updates below 1e-10: {difference < 1e-10}")

# %% [markdown]
# ## The same in PyTorch
#
# In PyTorch a *scheduler* sets the rate of the optimizer. A constant rate needs none, but we include one now, since
# the later lessons change only that line. `LambdaLR` multiplies the rate of the optimizer by a function of the
# step.

# %% tags=["pytorch"]
net = nn.Sequential(
    nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)
).double()
start = training.init_mlp([2, 64, 64, 3], seed=0)  # as our loop
with torch.no_grad():
    for parameter, array in zip(net.parameters(), start, strict=True):
        parameter.copy_(torch.from_numpy(array.T))  # PyTorch stores matrices transposed
inputs, labels = torch.from_numpy(data.inputs), torch.from_numpy(data.labels)

optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
scheduler = LambdaLR(optimizer, lambda t: 1.0)  # the schedule: constant
in_torch = []
for _ in range(300):
    loss = nn.functional.cross_entropy(net(inputs), labels)
    in_torch.append(loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()  # the update, at the rate of step t
    scheduler.step()  # sets the rate of step t + 1; once per update, after it
difference = np.abs(np.array(in_torch) - by_hand).max()
outcomes.show_facts({"PyTorch and our loop agree to 1e-9 at every update": difference < 1e-9})

# %% [markdown]
# Choose the scheduler by its rates, not by its name. PyTorch also has a `ConstantLR`. With its defaults it
# multiplies the first five rates by a third:

# %%
for name, make in (("LambdaLR", lambda o: LambdaLR(o, lambda t: 1.0)), ("ConstantLR", ConstantLR)):
    rates = simulate_loop(make, Loop(updates=7), base_lr=0.1).rates
    print(f"{name:10}", *(f"{rate:.4f}" for rate in rates))

# %% [markdown]
# ## An experiment: one network, eleven rates

# %% [markdown] tags=["predict"]
# > **Predict before you run.** At rate 2 the network trains. What happens at 2.5? How large is the gain from rate
# > 0.03 to rate 1: a third, ten times, a hundred times?

# %% tags=["experiment"]
show_table(
    ["constant rate", f"training loss after 300 updates, mean of {seeds} seeds [95 % interval]"],
    [(f"{rate:g}", end_of(rate)) for rate in sweep_rates],
)
means = {rate: sweep.final_at(rate).mean() for rate in (0.001, 0.03, 0.3, 1.0, 6.0)}
outcomes.show_facts(
    {
        "at rate 2 at most a quarter of the runs are lost": sweep.lost_at(2.0).mean() <= 0.25,
        "at rate 2.5 more than half of the runs are lost": sweep.lost_at(2.5).mean() > 0.5,
        "rate 1 ends over a hundred times lower than rate 0.03": means[0.03] > 100 * means[1.0],
        "a third of rate 1 costs a factor of less than ten": means[0.3] < 10 * means[1.0],
        "from best to worst the rates are 1, 0.3, 0.03, 0.001, 6": sorted(means, key=means.get)
        == [1.0, 0.3, 0.03, 0.001, 6.0],
    }
)

# %% jupyter={"source_hidden": true} tags=["varies"]
figure, (left, right) = plots.panels(2, height=3.4, top=0.12)
plots.loss_curves({f"η = {r:g}": sweep.losses_at(r) for r in (0.001, 0.03, 1.0, 6.0)}, ax=left)
left.set(xlabel="updates done", ylabel="training loss")
plots.rate_sweep({"gradient descent": (sweep.rates, sweep.final)}, np.log(3), ax=right)
plots.show(
    figure,
    alt="Left: training loss over 300 updates for four rates, median and range of the seeds. 0.001 barely "
    "moves, 0.03 comes down slowly, 1 ends far below the others, with spikes in some of its runs in the "
    "first hundred updates, and 6 jumps up and then stays at chance. Right: final loss against the rate on log axes. "
    "It falls steadily up to rate 1.5. Between 2 and 2.5 it jumps almost to chance, like a cliff.",
)

# %% [markdown]
# - On the left side of the right-hand panel, a larger rate is better, and by a lot. A rate that is merely *safe*
#   wastes most of the run. <!-- holds: rate 1 ends over a hundred times lower than rate 0.03 -->
# - Then comes a **cliff**. Here it lies in the gap between 2 and 2.5. At 2 at least three runs in four train, at 2.5
#   most are lost. <!-- holds: at rate 2 at most a quarter of the runs are lost; at rate 2.5 more than half of the runs are
#   lost -->
# - So the two errors do not cost the same. A third of rate 1 costs a factor of less than ten in the loss. A
#   quarter more than rate 2 loses most runs. <!-- holds: a third of rate 1 costs a factor of less than ten; at
#   rate 2.5 more than half of the runs are lost -->
#
# **A best rate right at the cliff is not the rule.** In lesson 0, with small batches and held-out points, the best
# constant rate lies in a round valley, well below its cliff: about three times that rate costs less than a tenth.
# <!-- holds in 00: a constant three times above its best rate costs less than a tenth -->
#
# Near the cliff a run amplifies the last bit of its arithmetic, so single outcomes differ from one processor to
# the next. That is why the table says in words where most runs end at 2, 2.5 and 3, and prints no digits there.

# %% [markdown]
# ### Which rate made this curve?
#
# Five runs of one seed, at the rates 0.001, 0.03, 0.3, 1 and 6, in another order. Assign the rates to the letters
# before you open the answer. The dotted line is the loss of guessing.

# %% jupyter={"source_hidden": true}
rising = int(np.flatnonzero(sweep.rose_at(1.0))[0])
plots.show(
    unlabelled_curves(
        [sweep.losses_at(r)[rising] for r in (0.3, 6.0, 0.001, 1.0, 0.03)], np.log(3)
    ),
    alt="Five training losses on one log scale. A falls, with hardly a kink, and ends at a few hundredths. B jumps far "
    "above the loss of guessing within a few updates, then stays flat on it. C is almost flat and ends "
    "just below it. D rises at first, is jagged, then falls lowest. E falls slowly, without a kink, to about 0.6.",
)

# %% [markdown] tags=["quiz-question"]
# <details><summary>Answer</summary>
#
# C is 0.001 and E is 0.03. Both are smooth and still falling at the end, the sign of a rate that is too small. A is
# 0.3, almost smooth and far lower. D is 1. It is restless at first and ends lowest. B is 6. A flat curve at
# the loss of guessing means that the network gives one answer to every input. <!-- holds: from best to worst the
# rates are 1, 0.3, 0.03, 0.001, 6 -->
#
# </details>

# %% [markdown]
# ## The edge of stability
#
# For a parabola the limit is $\eta = 2/\lambda$. A network has a curvature too: the largest eigenvalue of the
# Hessian of its loss, called its **sharpness**. It changes as the weights move. Does the rule still predict where
# the network breaks?

# %% [markdown] tags=["predict"]
# > **Predict before you run.** At the start the sharpness of our network is between 4 and 8, depending on the seed.
# > Which rates does $2/\lambda$ allow? We train at 0.1, 0.3 and 1. Will the sharpness rise, fall or stay?

# %%
sharp_rates = (0.1, 0.3, 1.0)
at = [0, 1, 2, 5, 10, 20, 30, 40, 50, 60, 80, 100, 150, 300]
loss_function = training.loss_function(workload)
eta_lambda = {}  # rate -> seeds × times
for rate in sharp_rates:
    rates = np.full((seeds, 300), rate)
    kept = training.train(workload, rates, range(seeds), keep_at=at).weights
    eta_lambda[rate] = rate * theory.sharpness(loss_function, kept)
early = [at.index(t) for t in (10, 20, 30, 40)]
rows = [
    (f"{rate:g}", *(mean_interval(x) for x in (v[:, 0], v[:, early].mean(1), v.max(1), v[:, -1])))
    for rate, v in eta_lambda.items()
]
print(f"ηλ, mean of {seeds} seeds [95 % interval]")
show_table(["rate", "at the start", "mean of updates 10 to 40", "highest", "at the end"], rows)

# %%
starts, middle = eta_lambda[1.0][:, 0], eta_lambda[1.0][:, early].mean(axis=1)
print("rate 1, ηλ at the start, seed by seed:", *(f"{x:.1f}" for x in starts))
outcomes.show_facts(
    {
        "at rate 1 most runs start above 4, and none is lost": (starts > 4).mean() > 0.5
        and not sweep.lost_at(1.0).any(),
        "at rate 1 the mean over updates 10 to 40 lies between 2 and 3.5": 2 < middle.mean() < 3.5,
        "at rate 0.3 most runs start below 2, and all exceed it after update 10": (
            (eta_lambda[0.3][:, 0] < 2).mean() > 0.5
            and (eta_lambda[0.3][:, at.index(20) :].max(axis=1) > 2).all()
        ),
        "at rate 1 the mean falls by a third within 5 updates": eta_lambda[1.0][
            :, at.index(5)
        ].mean()
        < 2 / 3 * starts.mean(),
        "at rate 0.1 no run reaches 2": eta_lambda[0.1].max() < 2,
        "at the end every run is below 2": all(v[:, -1].max() < 2 for v in eta_lambda.values()),
    }
)

# %% jupyter={"source_hidden": true} tags=["varies"]
figure, (ax,) = plots.panels(1, height=3.6, top=0.12, right=1.1)
labels = {f"rate {rate:g}": rate for rate in sharp_rates}
plots.sharpness_panel(at, {name: eta_lambda[r] / r for name, r in labels.items()}, labels, ax=ax)
ax.get_legend().set_loc("upper left")
ax.get_legend().set_bbox_to_anchor((1, 1))
plots.show(
    figure,
    alt="Sharpness over 300 updates on a log scale at three rates, median and range of the seeds, each with its "
    "limit 2 divided by the rate as a dashed line. At rate 0.1 it rises slowly and stays below its limit of 20. At 0.3 "
    "it rises from about 5, crosses its limit of 6.7 before update 50 and then falls. At rate 1 it starts far above its "
    "limit of 2, drops within 5 updates, hovers just above it until about update 50 and ends near 1.",
)

# %% [markdown]
# Three things happen:
#
# - At 0.1 and 0.3 the sharpness **rises** during training. This is *progressive sharpening*. At 0.1 it never
#   reaches the limit; at 0.3 it does. <!-- holds: at rate 0.1 no run reaches 2; at rate 0.3 most runs start below
#   2, and all exceed it after update 10 -->
# - **Near the limit the descent does not blow up; it hovers there.** Once $\eta\lambda$ is above 2, the weights
#   oscillate along the sharpest direction, and this oscillation lowers the sharpness until the descent is stable
#   again. Cohen et al. call it the *edge of stability*. At rate 1 the sharpness soon stays above $2/\eta$,
#   on average by less than a factor of two, until about update 40. The later spikes of the loss in the sweep belong
#   to this edge. <!-- holds: at rate
#   1 the mean over updates 10 to 40 lies between 2 and 3.5 --> <!-- source: Cohen et al. 2021 -->
# - Late in the runs at 0.3 and 1 the sharpness falls, as it does with this loss once most points are fitted.
#   <!-- holds: at the end every run is below 2 --> <!-- source: Cohen et al. 2021 -->
#
# So $2/\lambda$ at the start is no limit for a network. **At rate 1 most runs start at more than twice the limit of
# the parabola, and all of them train.** The sharpness adapts to the rate, up to a point: at 2.5 most runs are lost.
# <!-- holds: at rate 1 most runs start above 4, and none is lost; at rate 2.5 more than half of the runs are lost
# -->

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong: a good run is stopped because its loss rises
#
# On a parabola, a loss that rises once rises forever. On a network it may rise at first and end lowest. We count
# how many runs rise within 20 updates, and look at one seed up close.

# %% tags=["goes-wrong"]
print("rate   runs whose loss rises within 20 updates")
for rate in (0.1, 0.3, 1.0, 2.0, 6.0):
    print(f"{rate:<4}   {sweep.rose_at(rate).sum()} of {seeds}")
lost = sweep.final_at(2.5)[sweep.lost_at(2.5)]
ahead = {r: (sweep.losses_at(r)[:, 60] < sweep.losses_at(0.3)[:, 60]).mean() for r in (2.0, 2.5)}
behind = (sweep.losses_at(2.0)[:, 50] > sweep.losses_at(1.0)[:, 50]).mean()
at_neither = np.abs(lost - np.log(3)) > 0.01  # False for nan
outcomes.show_facts(
    {
        "most runs at rate 1 rise within 20 updates": sweep.rose_at(1.0).mean() > 0.5,
        "all runs at rate 2 rise within 20 updates": sweep.rose_at(2.0).all(),
        "most lost runs at rate 2.5 end at neither nan nor chance": at_neither.mean() > 0.5,
        "after 60 updates most runs at rate 2 are below those at 0.3": ahead[2.0] > 0.5,
        "after 60 updates most runs at rate 2.5 are not below those at 0.3": ahead[2.5] < 0.5,
        "after 50 updates most runs at rate 2 are above those at 1": behind > 0.5,
    }
)

# %% jupyter={"source_hidden": true}
plots.show(
    first_updates({f"rate {r:g}": sweep.losses_at(r)[rising, :31] for r in (0.3, 1.0, 2.0)}),
    alt="Training loss of one seed over the first 30 updates at three rates. At 0.3 it falls smoothly. At 1 it "
    "falls once, climbs above its first value within five updates, then falls below the curve of 0.3. At 2 "
    "it climbs higher and returns more slowly, with several later bumps.",
)

# %% [markdown]
# **A loss that rises in the first updates is no proof that the rate is too large.** All runs at rate 2 rise, and
# most of them end below those at rate 1. Wait a few dozen updates, then compare with a *much* lower rate after the
# same number of updates. After 60 updates most runs at rate 2 are below those at 0.3, and most at 2.5 are not. Rate 1
# would be the wrong rival, because after 50 updates most runs at rate 2 are still above it. Do not wait for nan. Of
# the lost runs at rate 2.5, most end neither at nan nor at chance. <!-- holds: all
# runs at rate 2 rise within 20 updates; the median run at rate 2 ends below every run at rate 1; after 60 updates
# most runs at rate 2 are below those at 0.3; after 60 updates most runs at rate 2.5 are not below those at 0.3; after
# 50 updates most runs at rate 2 are above those at 1; most lost runs at rate 2.5 end at neither nan nor chance -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: the catapult, a rise that can be computed
#
# The smallest model with such a rise multiplies two layers, $f = u\cdot v/\sqrt n$, with the loss $f^2/2$. Its
# curvature is $\lambda = (|u|^2+|v|^2)/n$.


# %%
def two_layers(start_product, steps=40, n=512):
    rng = np.random.default_rng(0)
    u, v = rng.standard_normal(n), rng.standard_normal(n)
    rate = start_product / ((u @ u + v @ v) / n)
    losses, products = [], []
    for _ in range(steps):
        f = u @ v / np.sqrt(n)
        losses.append(f**2 / 2)
        products.append(rate * (u @ u + v @ v) / n)
        if losses[-1] > 1e12:
            break
        u, v = u - rate * f * v / np.sqrt(n), v - rate * f * u / np.sqrt(n)
    return np.array(losses), np.array(products)


print("eta*lambda, start   largest loss / first   eta*lambda, end   outcome")
catapult = {}
for start_product in (1.5, 3.0, 4.5):
    losses, products = catapult[start_product] = two_layers(start_product)
    outcome = "diverges" if losses[-1] > 1e12 else "converges"
    growth = "" if outcome == "diverges" else f"{losses.max() / losses[0]:.1f}"
    end = "" if outcome == "diverges" else f"{products[-1]:.2f}"
    print(f"{start_product:17}   {growth:>20}   {end:>15}   {outcome}")

# %% jupyter={"source_hidden": true}
plots.show(
    catapult_panels({f"ηλ = {k} at first": run for k, run in catapult.items()}),
    alt="Left: loss of the two-layer product over 40 updates. Started at eta lambda 1.5 it falls at once; at "
    "3.0 it first climbs by two orders of magnitude and then falls; at 4.5 it climbs off the chart. "
    "Right: eta lambda over the updates. From 3.0 it drops below the limit 2 while the loss is high, "
    "and stays there. From 1.5 it hardly changes.",
)

# %% [markdown]
# This is the **catapult** (Lewkowycz et al., 2020). Started above the limit of 2, the loss grows. The large updates
# lower the curvature, and once $\eta\lambda$ is below 2 the descent converges, into a flatter place than the one it
# began in. Started above 4, this model diverges.<!-- cited: 4 --> The limit of 4 belongs to *this* model, with
# target 0. Most of our runs at rate 1 started above 4, and trained. <!-- holds: at rate 1 most runs start above 4, and
# none is lost --> <!-- source: Lewkowycz et al. 2020 -->
#
# In the network, only the first few updates at a large rate look like a catapult. There the sharpness falls
# from far above $2/\eta$ while the loss is high. <!-- holds: at rate 1 the mean falls by a third within 5 updates;
# most runs at rate 1 rise within 20 updates --> The later spikes belong to the edge of stability: the
# sharpness has come back to the limit, and hovers.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: a run that sits at chance
#
# What happens far beyond the cliff? Let us look inside one run at rate 6.

# %%
fallen = fresh_weights(seed=0)
for _ in range(300):
    step(fallen, rate=6.0)
for name, weights in (("before training", fresh_weights(seed=0)), ("after 300 updates", fallen)):
    alive = [(layer > 0).any(axis=0).sum() for layer in forward(weights)[0][1:]]
    print(f"{name:18}  units that respond to any point: {alive[0]} and {alive[1]} of 64")

# %% [markdown]
# Nothing has overflowed. The jumps were so wide that units ended up on the flat side of their ReLU for
# every input, and such a unit gets no gradient. Once a whole layer is gone, nothing below it learns
# any more, whatever the rate. The network gives one answer to every input, and its loss stays at
# $\log(\text{classes})$. That is curve B of the exercise above.
#
# At rates in between, the outcome depends on the arithmetic. Here are rates 1 and 3 in single and in double
# precision:

# %%
for rate in (1.0, 3.0):
    pair = [
        training.train(
            training.Workload(data, training.Mlp(dtype=dtype)), np.full((1, 150), rate), seeds=[0]
        ).losses
        for dtype in ("float32", "float64")
    ]
    gap = np.abs(pair[0] / pair[1] - 1).max()
    size = "below 1 %" if gap < 0.01 else "above 50 %" if gap > 0.5 else f"{gap:.0%}"
    print(f"rate {rate}: largest gap between the two on the way: {size}")

# %% [markdown] jp-MarkdownHeadingCollapsed=true tags=["goes-wrong"]
# ## Further: a printed result that nobody ran
#
# The article prints three results of constant rates for seed 42. Its training loop has one line in another place
# than ours. It updates each layer **before** it passes the error back through that layer. We run three things: what
# it prints, what its loop gives, and what the gradient gives.

# %%
printed = {1.0: 1.0986, 0.0001: 0.9103, 0.01: 0.1842}


def last_loss(rate, order):
    workload = training.Workload(data, training.Mlp(order=order))
    run = training.train(workload, np.full((1, 300), rate), seeds=[42])
    return run.losses[0, -1]


print("  rate   printed   its loop   gradient descent")
for rate, claim in printed.items():
    its_loop, right_way = last_loss(rate, "layer_by_layer"), last_loss(rate, "simultaneous")
    print(f"{rate:6}   {claim:7.4f}   {its_loop:8.4f}   {right_way:16.4f}")

# %% [markdown]
# None of the printed numbers comes out. The tidy story told with them ("1.0 is too high, 0.01 is
# okay") fails too: rate 1 breaks *its loop*, not gradient descent.
#
# A training step written by hand should be checked. Here is a check that needs no understanding of
# the step at all. It sees how far the step moved a weight, divides by the rate, and compares that with how
# the loss really changes when this one weight is nudged.


# %%
def worst_mismatch(step, rate, picks=5):
    """Largest gap between a step's slope and a nudge of ±1e-5, relative to the matrix."""
    before, after = fresh_weights(seed=0), fresh_weights(seed=0)
    step(after, rate)
    gaps = []
    for (matrix, _), (moved, _) in zip(before, after, strict=True):
        implied = (matrix - moved) / rate
        for place in np.random.default_rng(0).choice(matrix.size, size=picks):
            where = np.unravel_index(place, matrix.shape)
            middle, ends = matrix[where], []
            for nudge in (1e-5, -1e-5):
                matrix[where] = middle + nudge
                ends.append(loss_of(before))
            matrix[where] = middle
            slope = (ends[0] - ends[1]) / 2e-5
            gaps.append(abs(slope - implied[where]) / abs(implied).max())
    return max(gaps)


gap = worst_mismatch(step, rate=0.3)
print(f"our step follows the slope to 1 part in 100 000: {gap < 1e-5}")

# %% [markdown]
# Here is the article's order of work, under the same check:


# %%
def misplaced_step(weights, rate):
    inputs, p = forward(weights)
    error = (p - one_hot) / len(one_hot)
    for (matrix, bias), layer_input in zip(weights[::-1], inputs[::-1], strict=True):
        matrix -= rate * layer_input.T @ error
        bias -= rate * error.sum(axis=0)
        error = error @ matrix.T * (layer_input > 0)  # through weights that have just moved


gaps = {}
print("rate    gap to the true slope: our step   misplaced line")
for rate in (0.01, 0.1, 1.0):
    ours, gaps[rate] = (worst_mismatch(f, rate) for f in (step, misplaced_step))
    print(f"{rate:<5}   {'below 0.001 %' if ours < 1e-5 else ours:>30}   {gaps[rate]:14.1%}")
outcomes.show_facts(
    {
        "the misplaced line is within one per cent of the slope at rate 0.01": gaps[0.01] < 0.01,
        "the misplaced line is within one per cent of the slope at rate 1": gaps[1.0] < 0.01,
    }
)

# %% [markdown]
# The gap shrinks with the rate, which is why such a loop looks fine in a quick try at a small rate. At the rates
# that matter it is not gradient descent. How much did that one line cost?

# %%
loop_rates = [0.03, 0.1, 0.3, 1.0]
misplaced = training.Workload(data, training.Mlp(dtype="float32", order="layer_by_layer"))
loop = lesson01_runs.sweep_rates(misplaced, loop_rates, seeds, steps=300)
rows = []
for rate in loop_rates:
    final, lost = loop.final_at(rate), np.isnan(loop.final_at(rate)).sum()
    cell = f"{lost} of {seeds} runs end in nan" if lost else mean_interval(final)
    rows.append((f"{rate:g}", cell, mean_interval(sweep.final_at(rate))))
show_table(["rate", "loss of the misplaced step", "loss of gradient descent"], rows)

# %% tags=["readme-picture", "varies"] jupyter={"source_hidden": true}
plots.show(
    plots.rate_sweep(
        {
            "gradient descent": (sweep.rates, sweep.final),
            "one line misplaced": (loop.rates, loop.final),
        },
        np.log(3),
    ),
    alt="Final loss against the rate on log axes, for gradient descent and for the misplaced line. Up "
    "to rate 0.1 the two curves lie on each other. The misplaced line ends in nan from 0.3 on. "
    "Gradient descent goes on falling up to rate 1.5; its cliff lies between 2 and 2.5.",
)

# %% [markdown]
# Up to 0.1 the two agree. Then the misplaced line falls off a cliff of its own, far below the
# real one. If you measured "the largest usable rate" with that loop, you measured a bug.
#
# Three habits follow from this, and the course keeps them throughout:
#
# 1. **Run what you print.** Every number here comes from the cell above it, and is computed again by
#    an automatic check.
# 2. **Check the gradient** of anything written by hand, at the rate you mean to use.
# 3. **Compare like with like.** The same article goes on to compare schedules with a constant rate at a
#    fifth of their peak. Lesson 0 showed what that does to the result.

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Move the rate, the curvature and the noise. Try to answer with the sliders: at which rate does the
# path stop jumping across? Can you find a rate that is above the limit for one curvature and fine for
# another? With noise on, what does halving the rate do to the end of the loss curve?

# %% tags=["explorer"]
explorers.constant_rate()

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** A loss has curvatures 0.5 and 50. You rescale one input, and the steep one becomes 5. What does that do to
# the largest usable rate, and to the number of steps along the flat direction?
#
# <details><summary>Answer</summary>
#
# <!-- 2/50 = 0.04 --> <!-- 2/5 = 0.4 --> <!-- 0.4*0.5 = 20 % -->
# The limit rises from 2/50 = 0.04 to 2/5 = 0.4. Along the flat direction, a step near the limit covered
# 0.04 · 0.5 = 2 % of the way and now covers 20 %. So the rate can be ten times larger, and hundreds of steps become
# dozens. The condition number has fallen from 100 to 10.<!-- 50/0.5 = 100 --><!-- 5/0.5 = 10 -->
# <!-- derived: the limit 2/λ and the factor 1 − ηλ -->
#
# </details>
#
# ---
# **2.** Your training loss has been flat for a while, jittering around a level well above zero. You
# halve the rate and the loss drops within a few updates. What was the level?
#
# <details><summary>Answer</summary>
#
# The noise floor of the old rate. Pull and kicks were in balance, and the smaller rate has a floor about
# half as high above the lowest loss. If the level had been the best the model can do, nothing would have moved.
# <!-- derived: the floor η σ² / 4 -->
#
# </details>
#
# ---
# **3.** A run starts with a loss of 1.1, shows 3.6 at step 4 and 0.7 at step 30. A colleague wants to stop it
# because "the rate is unstable". Do you?
#
# <details><summary>Answer</summary>
#
# Not yet. In our sweep every run at rate 2 rises at first, and most end below all runs at rate 1. Wait for a few
# dozen updates more, and compare with a run at a much lower rate after the same number of updates. If this run is
# behind even that one, stop it. Do not wait for nan, or for a loss exactly at chance, because most of the lost runs at
# 2.5 show neither. <!-- holds: all
# runs at rate 2 rise within 20 updates; the median run at rate 2 ends below every run at rate 1; after 60 updates
# most runs at rate 2 are below those at 0.3; after 60 updates most runs at rate 2.5 are not below those at 0.3; most
# lost runs at rate 2.5 end at neither nan nor chance -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. On a parabola every step multiplies the distance by $1-\eta\lambda$; it converges for $\eta < 2/\lambda$.
#    <!-- derived: the factor 1 − ηλ lies between −1 and 1 -->
# 2. With many directions the steepest sets the limit and the flattest sets the pace.
#    <!-- derived: each direction has its own factor 1 − ηλ -->
# 3. Gradient noise leaves a floor proportional to the rate. A rate that drops is both fast and fine.
#    <!-- holds: the drop ends nine times lower than either rate -->
# 4. On this network, full batch, a larger rate lowers the training loss up to 1.5, and a cliff lies between 2 and 2.5.
#    <!-- holds: rate 1 ends over a hundred times lower than rate 0.03;
#    the median run at rate 2 ends below every run at rate 1; at rate 2.5 more than half of the runs are lost -->
# 5. The sharpness of this network adapts to a large rate: at rate 1 it starts far above $2/\eta$, and soon hovers
#    near it.
#    <!-- holds: at rate 1 most runs start above 4, and none is lost;
#    at rate 1 the mean over updates 10 to 40 lies between 2 and 3.5 -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# | do | start with | evidence |
# |---|---|---|
# | search the rate upwards, not only downwards | steps of three times, until runs are lost | here a rate thirty times larger ends over a hundred times lower <!-- holds: rate 1 ends over a hundred times lower than rate 0.03 --> |
# | keep a distance from the cliff | a third to a half of the largest rate that trains | at 1, half of rate 2, no run is lost; a quarter above rate 2 most are <!-- holds: at rate 1 most runs start above 4, and none is lost; at rate 2.5 more than half of the runs are lost --> |
# | let a run that rises at first go on for a few dozen updates | compare it with a much lower rate at the same update | all runs at rate 2 rise; most are ahead of 0.3 after 60 updates, and end below rate 1 <!-- holds: all runs at rate 2 rise within 20 updates; after 60 updates most runs at rate 2 are below those at 0.3; the median run at rate 2 ends below every run at rate 1 --> |
# | drop the rate when a noisy loss is flat | a tenth or less of the old rate, for the rest of the run | on the noisy parabola, nine times lower than either rate <!-- holds: the drop ends nine times lower than either rate --> |
# | check a step written by hand at the rate you will use | a nudge of a few weights | a misplaced line is hardly visible at a small rate <!-- holds: the misplaced line is within one per cent of the slope at rate 0.01; the misplaced line is within one per cent of the slope at rate 1 is false --> |

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 1](../exercises/ex01_constant_lr.ipynb): a step, a limit and a floor, each checked on the
# spot. [Lesson 2](02_classic_decay.ipynb) then lets the rate fall, and asks when it pays.
#
# **References.** J. M. Cohen, S. Kaur, Y. Li, J. Z. Kolter, A. Talwalkar (2021), *Gradient descent on neural networks
# typically occurs at the edge of stability*, arXiv:2103.00065. · A. Lewkowycz, Y. Bahri, E. Dyer,
# J. Sohl-Dickstein, G. Gur-Ari (2020), *The large learning rate phase of deep learning: the catapult mechanism*,
# arXiv:2003.02218. · T. Schaul, S. Zhang, Y. LeCun (2013), *No more pesky learning rates*, arXiv:1206.1106 (the noisy
# quadratic). · K. He, X. Zhang, S. Ren, J. Sun (2015), *Delving deep into rectifiers*, arXiv:1502.01852 (the
# initialisation).
