# %% [markdown] tags=["title"]
# # Train at a constant rate, and find where it breaks
#
# **You will learn** to
#
# - say what one training step does, and why the learning rate is the number in it that matters;
# - compute, for a bowl-shaped loss, how fast a rate is, where it breaks and what noise leaves behind;
# - measure the same three things on a network, over several seeds, with intervals;
# - check a printed result instead of believing it.
#
# **Time:** about 50 minutes. **You need** Python with NumPy, and to have trained some network before.
#
# Every number below is computed in this notebook; change a cell and the numbers follow. The results are
# stored with it, so that it can be read anywhere. To predict them honestly, begin with *Edit → Clear
# Outputs of All Cells*, then run cell by cell. Cells that only draw are folded: click the bar beside
# one to see its code.

# %% tags=["parameters"]
seeds = 8  # training runs at each rate; more runs, narrower intervals

# %%
import numpy as np

from course_lib import explorers, plots, problems, schedules, theory, training
from course_lib.intervals import mean_interval
from course_lib.measured import show_table

# %% [markdown]
# ## What a step is
#
# Training moves the weights $w$ against the slope of the loss:
#
# $$w_{t+1} = w_t - \eta\, g_t ,$$
#
# where $g_t$ is the gradient at $w_t$ and $\eta$ the **learning rate**. The gradient says which way is
# up and how steep it is *here*. It says nothing about how far that slope goes on. That judgement is
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
# So the rate has a **speed**, $|1 - \eta\lambda|$ a step, and a **stability limit**, $\eta = 2/\lambda$.
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
# flat along. Each direction follows its own factor, but there is only one $\eta$.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The curvatures are 1 and 20. From which rate on does the descent run away?
# > And just below that rate: how much of the way along the flat direction does one step cover?

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
# moves along the flat direction by a small part of the way in each step. The ratio of the two curvatures is the
# *condition number*, and it is what makes a problem slow, whatever the rate.

# %% [markdown]
# ## Noise, and the floor it leaves
#
# In practice the gradient comes from a batch, so it is the true slope plus noise. Near the minimum the
# slope vanishes and the noise does not: the weights keep being kicked. They settle at a level where
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
plots.show(
    plots.loss_curves(
        {f"η = {rate}": losses.mean(axis=1) for rate, losses in measured.items()},
        floors,
        ylabel="mean loss of 4000 runs",
    ),
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
# For small rates the floor is **proportional to the rate**, and so is the speed towards it (a smaller
# rate takes longer twice over: it moves more slowly, and it has further to go down). That is the bargain behind every schedule in this course: a large rate is
# fast and rough, a small one slow and fine, and **no constant rate is both**. A rate that
# changes can be. Here the fast rate is dropped to the fine one after 60 steps:

# %%
drop = schedules.step_decay(0.4, drop=0.025 / 0.4, every=60)
plans = {"constant 0.4": schedules.constant(0.4), "constant 0.025": schedules.constant(0.025)}
plans["0.4, then 0.025"] = drop
horizon = 120
for name, plan in plans.items():
    expected = theory.expected_loss(plan(np.arange(horizon)), 1.0, 1.0, 10.0)
    print(f"{name:16}  expected loss after {horizon} steps: {expected[-1]:.4f}")

# %% [markdown]
# ## A network
#
# Now the real thing, small enough to run many times: two hidden layers of 64 ReLU units that learn to
# tell three spiral arms apart.

# %%
data = problems.spirals()
plots.show(
    plots.labelled_points(data),
    alt="300 points in the plane in three noisy spiral arms of 100 points, one class each. The arms "
    "wind around the centre, so no straight line separates them.",
)

# %% [markdown]
# All of training fits in two functions of NumPy: run the layers forward; pass the error back and
# move every layer on the way.


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


def loss_of(weights):
    return -np.log((forward(weights)[1] * one_hot).sum(axis=1) + 1e-12).mean()


def step(weights, rate):
    inputs, p = forward(weights)
    error = (p - one_hot) / len(one_hot)
    for (matrix, bias), layer_input in zip(weights[::-1], inputs[::-1], strict=True):
        error_below = error @ matrix.T * (layer_input > 0)
        matrix -= rate * layer_input.T @ error
        bias -= rate * error.sum(axis=0)
        error = error_below


def fresh_weights(seed):
    arrays = training.init_mlp([2, 64, 64, 3], seed)
    return list(zip(arrays[::2], arrays[1::2], strict=True))


weights, by_hand = fresh_weights(seed=0), []
for _ in range(300):
    by_hand.append(loss_of(weights))
    step(weights, rate=0.1)
print(f"loss before the first update {by_hand[0]:.4f}, before the last {by_hand[-1]:.4f}")

# %% [markdown]
# A training step written by hand should be checked. Here is a check that needs no understanding of
# the step at all: see how far it moved a weight, divide by the rate, and compare that with how
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
# `course_lib.training` does the same for many runs at once. Its input is a table of rates, one row a
# run and one column a step, so it will carry every schedule of this course. First: is it the same?

# %% tags=["library"]
one = training.train(training.Workload(data), rates=np.full((1, 300), 0.1), seeds=[0])
difference = np.abs(one.losses[0] - np.array(by_hand)).max()
print(f"largest difference over 300 steps below 1e-10: {difference < 1e-10}")

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Four constant rates for 300 steps, all 300 points in every step:
# > 0.001, 0.03, 1 and 6. Guessing has a loss of $\log 3$, about 1.1. Which rates end above 1? Which one is
# > best? Rank them. (Many people place 1 among the failures.)

# %% tags=["experiment"]
sweep_rates = np.array([0.001, 0.03, 0.1, 0.3, 1.0, 6.0])
table = np.repeat(sweep_rates, seeds)  # one run for each rate and seed
single = training.Mlp(dtype="float32")  # single precision: half the time
runs = training.train(
    training.Workload(data, single),
    rates=np.repeat(table[:, None], 300, axis=1),
    seeds=np.tile(np.arange(seeds), len(sweep_rates)),
)
final = runs.final_loss.reshape(len(sweep_rates), seeds)
curves = runs.losses.reshape(len(sweep_rates), seeds, 300)
chance = np.log(3)
show_table(
    ["constant rate", f"final loss, mean of {seeds} seeds [95 % interval]"],
    [(f"{rate:g}", mean_interval(row)) for rate, row in zip(sweep_rates, final, strict=True)],
)

# %% jupyter={"source_hidden": true}
four = [list(sweep_rates).index(rate) for rate in (0.001, 0.03, 1.0, 6.0)]
figure, (left, right) = plots.panels(2, height=3.6)
plots.loss_curves({f"η = {sweep_rates[i]:g}": curves[i] for i in four}, ax=left)
plots.rate_sweep({"gradient descent": (sweep_rates, final)}, chance, ax=right)
plots.show(
    figure,
    alt="Left: training loss over 300 steps for four rates, median and range of the seeds. 0.001 barely "
    "moves, 0.03 comes down slowly, 1 spikes in the first steps and then falls far below the others, "
    "6 jumps up and then stays at chance. Right: final loss against the rate on log axes. It falls "
    "steadily to a minimum at rate 1; at rate 6, the next one tried, it is back at chance: a cliff.",
)

# %% [markdown]
# Read the right-hand panel twice, because you will meet this shape everywhere:
#
# - On the left, more is better, by a lot. A rate that is merely *safe* wastes most of the run.
# - Then comes a **cliff**. The best rate sits right before it.
# - So the two errors do not cost the same. Too small: slow. A little too large: nothing at all.
#
# That is why people look for a large rate and then look for ways to survive it.
#
# Between the last two rates a run is chaotic: it amplifies the last bit of its arithmetic until nothing
# else is left of it, so the outcome differs from one processor to the next. No digit from there is
# worth printing, and the grid steps over it. You can see it by training in single and in double
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

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 1: a printed result that nobody ran
#
# An article this course grew from (*Learning Rate Schedules from Scratch*) trains this very network on
# these very points and prints three results for seed 42. Its training loop has one line in another place than
# ours: it updates each layer **before** it passes the error back through that layer. We run three
# things: what it prints, what its loop gives, and what the gradient gives.

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
# None of the printed numbers comes out, and the tidy story told with them ("1.0 is too high, 0.01 is
# okay") does not survive either: rate 1 breaks *its loop*, not gradient descent. Here is its order of
# work, and the check from above:


# %%
def misplaced_step(weights, rate):
    inputs, p = forward(weights)
    error = (p - one_hot) / len(one_hot)
    for (matrix, bias), layer_input in zip(weights[::-1], inputs[::-1], strict=True):
        matrix -= rate * layer_input.T @ error
        bias -= rate * error.sum(axis=0)
        error = error @ matrix.T * (layer_input > 0)  # through weights that have just moved


print("rate    gap to the true slope: our step   misplaced line")
for rate in (0.01, 0.1, 1.0):
    gaps = [worst_mismatch(f, rate) for f in (step, misplaced_step)]
    print(f"{rate:<5}   {'below 0.001 %' if gaps[0] < 1e-5 else gaps[0]:>30}   {gaps[1]:14.1%}")

# %% [markdown]
# The gap shrinks with the rate, which is why such a loop looks fine in a quick try: at small rates it
# almost is gradient descent. At the rates that matter it is something else. How much did that one
# line cost?

# %%
loop_rates = np.array([0.03, 0.1, 0.3, 1.0])
loop_table = np.repeat(loop_rates, seeds)
loop_runs = training.train(
    training.Workload(data, training.Mlp(dtype="float32", order="layer_by_layer")),
    rates=np.repeat(loop_table[:, None], 300, axis=1),
    seeds=np.tile(np.arange(seeds), len(loop_rates)),
)
loop_final = loop_runs.final_loss.reshape(len(loop_rates), seeds)
rows = []
for rate, row in zip(loop_rates, loop_final, strict=True):
    lost = np.isnan(row).sum()
    misplaced = f"{lost} of {seeds} runs end in nan" if lost else mean_interval(row)
    rows.append((f"{rate:g}", misplaced, mean_interval(final[list(sweep_rates).index(rate)])))
show_table(["rate", "loss of the misplaced step", "loss of gradient descent"], rows)

# %% tags=["readme-picture"] jupyter={"source_hidden": true}
plots.show(
    plots.rate_sweep(
        {
            "gradient descent": (sweep_rates, final),
            "one line misplaced": (loop_rates, loop_final),
        },
        chance,
    ),
    alt="Final loss against the rate on log axes, for gradient descent and for the misplaced line. Up "
    "to rate 0.1 the two curves lie on each other. The misplaced line ends in nan from 0.3 on, about "
    "ten times below the cliff of gradient descent.",
)

# %% [markdown]
# Up to there the two agree; then the misplaced line falls off a cliff of its own, far below the
# real one. Whoever measured "the largest usable rate" with that loop measured a slip of the pen.
#
# Three habits come out of this, and the course keeps them throughout:
#
# 1. **Run what you print.** Every number here comes from the cell above it, and is computed again by
#    an automatic check.
# 2. **Check the gradient** of anything written by hand, at the rate you mean to use.
# 3. **Compare like with like.** The same article goes on to compare schedules with a constant rate at a
#    fifth of their peak. Lesson 8 takes that up; you can already see from the sweep what five times the rate is worth.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 2: the loss explodes, and then it does not
#
# In the left-hand figure above, rate 1 *rises* at first and then wins. On a parabola that cannot
# happen: what rises once rises for ever. A network is not a parabola: its curvature changes as it moves.
# The smallest model that shows it multiplies two layers, $f = u\cdot v/\sqrt n$ with the loss $f^2/2$. Its
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
figure, (left, right) = plots.panels(2, height=3.2)
plots.loss_curves({f"ηλ = {k} at first": loss for k, (loss, _) in catapult.items()}, ax=left)
for i, (_, products) in enumerate(catapult.values()):
    right.plot(products[:40], color=plots.COLOURS[i], linestyle=plots.DASHES[i])
for level in (2, 4):
    right.axhline(level, color=plots.INK, linestyle=":", linewidth=1.2)
right.set(xlabel="step", ylabel="ηλ", ylim=(0, 5))
left.set(ylim=(1e-10, 1e6))
plots.show(
    figure,
    alt="Left: loss of the two-layer product over 40 steps. Started at eta lambda 1.5 it falls at once; at "
    "3.0 it first climbs by two orders of magnitude and then falls; at 4.5 it climbs off the chart. "
    "Right: eta lambda over the steps. From 3.0 it drops below the limit 2 while the loss is high, "
    "and stays there. From 1.5 it hardly changes.",
)

# %% [markdown]
# This is the **catapult** (Lewkowycz et al., 2020). Started above the limit of 2, the loss grows; the
# large updates lower the curvature; and once $\eta\lambda$ is below 2 the descent converges, into
# a flatter place than it began in. Started above 4, nothing catches it.
#
# So "the loss went up in the first steps" is no proof that a rate is too high, and the limit you compute
# at the start is not the limit later on. The network does the same: at the rate where it ends up best,
# the loss rises first in most runs.

# %%
print("rate   runs whose loss rises in the first 20 steps   and which end above 0.4")
for rate in (0.1, 0.3, 1.0, 6.0):
    i = list(sweep_rates).index(rate)
    rose = (curves[i, :, 1:20].max(axis=1) > curves[i, :, 0]).sum()
    print(f"{rate:<4}   {rose:8} of {seeds} {(final[i] > 0.4).sum():30} of {seeds}")

# %% [markdown]
# What happens beyond the cliff? Let us look inside one run at rate 6.

# %%
fallen = fresh_weights(seed=0)
for _ in range(300):
    step(fallen, rate=6.0)
inputs, p = forward(fallen)
fresh_inputs, _ = forward(fresh_weights(seed=0))
for name, layers in (("before training", fresh_inputs), ("after 300 steps at rate 6", inputs)):
    alive = [(layer > 0).any(axis=0).sum() for layer in layers[1:]]
    print(f"{name:26}  units that answer to any point: {alive[0]} and {alive[1]} of 64")

# %% [markdown]
# Nothing has overflowed. The jumps were so wide that units ended up on the flat side of their ReLU for
# every input, and a unit like that gets no gradient. With a whole layer gone, nothing below it learns
# any more, at whatever rate: the network gives one answer to every input, and its loss stays at
# $\log(\text{classes})$. A run that sits exactly there is worth knowing by sight.

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
# **1.** A loss has curvatures 0.5 and 50. From which constant rate on does gradient descent run away,
# and which direction is still far from done just below it?
#
# <details><summary>Answer</summary>
#
# <!-- 2/50 = 0.04 -->
# From 2/50 = 0.04. Along the flat direction one step then covers 0.04 · 0.5 = 2 % of the way, so that
# direction needs hundreds of steps. The steepest direction sets the limit, the flattest the pace.
#
# </details>
#
# ---
# **2.** Your training loss has been flat for a while, jittering around a level well above zero. You
# halve the rate and the loss drops within a few steps. What was the level?
#
# <details><summary>Answer</summary>
#
# The noise floor of the old rate. Pull and kicks were in balance; the smaller rate has a floor about
# half as high. If the level had been the best the model can do, nothing would have moved.
#
# </details>
#
# ---
# **3.** A run starts with a loss of 1.1, shows 3.6 at step 4 and 0.7 at step 30. A colleague wants to stop it
# because "the rate is unstable". Do you?
#
# <details><summary>Answer</summary>
#
# No. The rate was above the limit *where the run began*; the run then moved to a place where the limit
# is higher (the catapult). Stop it when it is at nan, or sits exactly at chance.
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. On a parabola every step multiplies the distance by $1-\eta\lambda$; it converges for $\eta < 2/\lambda$.
# 2. With many directions the steepest sets the limit and the flattest sets the pace.
# 3. Gradient noise leaves a floor proportional to the rate: fast and fine exclude each other.
# 4. On a network, more is better up to a cliff; the best constant rate stands right before it.
# 5. Printed results are claims. Run them, and check the gradient of whatever you wrote by hand.

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 1](../exercises/ex01_constant_lr.ipynb): a step, a limit and a floor, each checked on the
# spot. [Lesson 2](02_classic_decay.ipynb) then lets the rate fall, and asks when it pays.
#
# **References.** A. Lewkowycz, Y. Bahri, E. Dyer, J. Sohl-Dickstein, G. Gur-Ari (2020), *The large learning
# rate phase of deep learning: the catapult mechanism*, arXiv:2003.02218. · T. Schaul, S. Zhang, Y. LeCun
# (2013), *No more pesky learning rates*, arXiv:1206.1106 (the noisy quadratic). · K. He, X. Zhang, S. Ren,
# J. Sun (2015), *Delving deep into rectifiers*, arXiv:1502.01852 (the initialisation).
