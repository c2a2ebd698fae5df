# %% [markdown] tags=["title"]
# # Run a range test, and know how far to trust it
#
# **You will learn** to
#
# - write a learning-rate range test in a few lines, with a correct average and a stop that also
#   sees NaN;
# - say how eight rules turn the same curve into one rate, and score each against full runs;
# - predict how the answer moves with the length of the test, its first rate, the smoothing and
#   the seed;
# - use a range test for what it is good for: the start of a small grid of peaks.
#
# **Time:** about 60 minutes. **You need** lesson 1 (the cliff of a network) and lesson 4
# (warmup).

# %% tags=["parameters"]
seeds = 24  # full training runs for each constant rate
FAST = False  # True: fewer runs, for a quick check

# %%
import numpy as np
import torch
from IPython.display import Markdown, display

from course_lib import explorers, plots, problems, range_test, schedules, training
from course_lib.intervals import mean_interval, ratio_interval, share_interval
from course_lib.measured import show_table
from course_lib.plots.lesson07 import full_run_scores, lines_over_rate, suggestions_over
from course_lib.plots.range_test import range_test_figure
from course_lib.range_test import RULES
from course_lib.training import Convnet, Mlp, Workload

# %% [markdown]
# ## One short run instead of many
#
# Before any schedule you need a number: its peak. The **range test** (Smith, 2015) looks for it
# in one short run. Start with a rate so small that nothing happens. Multiply it by the same
# factor after every update. Record the loss of every batch, and stop when it explodes. Plotted
# over the rate, the loss should show three zones: **flat**, where the steps are too small;
# **descent**; and **divergence**.
#
# Smith raised the rate along a line; most tools raise it exponentially, so that every tenfold
# increase gets the same number of updates.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** 100 updates take the rate from $10^{-7}$ to 10. By what factor
# > does it grow at each update? How many of the 100 updates have a rate between 0.1 and 1?

# %%
rates = 1e-7 * (10 / 1e-7) ** (np.arange(100) / 99)
print(f"factor at each update: {rates[1] / rates[0]:.3f}")
print(f"updates with a rate from 0.1 to 1: {((rates >= 0.1) & (rates < 1)).sum()}")
print(f"updates with a rate below 0.001: {(rates < 0.001).sum()}")

# %% [markdown]
# Half of the test is spent where nothing can happen. The decade that matters for plain SGD gets a
# dozen updates. Keep that in mind: it is the reason for most of what follows.
#
# ## From scratch
#
# The network first, so that nothing is hidden: one call makes one update on all points and
# returns the loss *before* it.


# %% tags=["from-scratch"]
def network(sizes, seed, x, labels):
    """A ReLU network with a softmax; returns the function that makes one update."""
    weights = training.init_mlp(sizes, seed)
    rows = np.arange(len(x))

    def one_update(rate):
        outputs = [x]
        for i in range(0, len(weights), 2):
            z = outputs[-1] @ weights[i] + weights[i + 1]
            outputs.append(np.maximum(z, 0))
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, labels] + 1e-12).mean()
        p[rows, labels] -= 1
        error, gradients = p / len(x), []
        for i in reversed(range(0, len(weights), 2)):
            gradients = [outputs[i // 2].T @ error, error.sum(axis=0), *gradients]
            error = (error @ weights[i].T) * (outputs[i // 2] > 0)
        for w, gradient in zip(weights, gradients, strict=True):
            w -= rate * gradient
        return loss

    return one_update


# %% [markdown]
# Now the test. `one_update` may be any training step: it never looks inside.


# %% tags=["from-scratch"]
def sweep_by_hand(one_update, lowest_rate, highest_rate, steps, beta=0.9, stop_factor=4.0):
    growth = (highest_rate / lowest_rate) ** (1 / (steps - 1))
    rates, losses, smooth = [], [], []
    average, best = 0.0, np.inf
    for t in range(steps):
        rate = lowest_rate * growth**t
        loss = one_update(rate)
        average = beta * average + (1 - beta) * loss
        debiased = average / (1 - beta ** (t + 1))  # divided by the share that is filled
        rates.append(rate)
        losses.append(loss)
        smooth.append(debiased)
        if not np.isfinite(loss) or debiased > stop_factor * best:  # NaN > anything is False
            break
        best = min(best, debiased)
    return np.array(rates), np.array(losses), np.array(smooth)


spirals = problems.spirals()
ours = sweep_by_hand(network([2, 64, 64, 3], 0, spirals.inputs, spirals.labels), 1e-4, 10, 400)
print(f"start {ours[1][0]:.1f}, at a rate of 0.3 {np.interp(0.3, *ours[:2]):.1f}, ", end="")
print(f"stopped before the end: {len(ours[0]) < 400}")

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    lines_over_rate({"each update": ours[:2], "average, beta 0.9": (ours[0], ours[2])}, top=3),
    alt="Loss over the learning rate on a logarithmic axis, from one run of 400 updates on all "
    "points of the spirals. Flat at 1.1 up to about 0.003, a smooth fall, and jagged from a "
    "rate near 0.5 on. The average follows a little to the right of the losses.",
)

# %% [markdown]
# Three details are easy to get wrong. The first is the average. It begins at zero, so at first it
# is too small by the share that is not filled yet.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The loss is 2.3 at every step. What does a moving average with
# > $\beta = 0.98$ show after 1, 10 and 50 steps, with and without the division? What would a rule
# > that stops at four times the *best so far* do?

# %%
steps_done = np.array([1, 10, 50, 200])
filled = 1 - 0.98**steps_done
print("steps         ", "".join(f"{t:7d}" for t in steps_done))
print("not debiased  ", "".join(f"{2.3 * share:7.2f}" for share in filled))
print("debiased      ", "".join(f"{2.3 * share / share:7.2f}" for share in filled))
raw_average = 2.3 * (1 - 0.98 ** np.arange(1, 101))
first = np.flatnonzero(raw_average > 4 * raw_average[0])[0] + 1
print(f"without debiasing, 'four times the best' stops a flat loss at step {first}")

# %% [markdown]
# The second detail is the stop: `loss > 4 * best` is **false for NaN**. The third is the lag: an
# average of the past shows now what happened some steps ago, at a smaller rate.
#
# ## The same from the library
#
# `range_test.sweep` runs one range test for each seed. It does not stop at a large loss, because
# each tool has its own limit; it stops a run whose loss is not finite.

# %% tags=["library"]
full_batch = Workload(spirals, Mlp())
theirs = range_test.sweep(full_batch, [0], lowest_rate=1e-4, highest_rate=10, steps=400)
calm = theirs.rates < 0.3  # beyond, rounding errors grow
n = calm.sum()
print("same rates:", np.allclose(theirs.rates[: len(ours[0])], ours[0], rtol=1e-12))
print("same losses up to a rate of 0.3:", np.allclose(theirs.losses[0, :n], ours[1][:n], rtol=1e-6))
article = RULES["the article"]
print("same average:", np.allclose(article.smooth(theirs.losses[0, :n]), ours[2][:n], rtol=1e-6))

# %% [markdown]
# From here on we use handwritten digits, in batches of 32, and two networks: one with two hidden
# layers, and one with four. Both get 64 range tests of 100 updates, the default of most tools.

# %%
digits = problems.digits()
sweep_seeds = np.arange(64)
workloads = {
    "two layers": Workload(digits, Mlp((64, 64), dtype="float32"), batch_size=32),
    "four layers": Workload(digits, Mlp((64, 64, 64, 64), dtype="float32"), batch_size=32),
}
sweeps = {name: range_test.sweep(work, sweep_seeds, steps=100) for name, work in workloads.items()}
for name, swept in sweeps.items():
    zone = range_test.zones(swept)
    print(
        f"{name:12} flat to {zone.falls_from:.2g}, falling to {zone.unstable_from:.1g}, "
        "then unstable"
    )

# %% [markdown]
# `range_test.zones` takes the median over the seeds and smooths it with a *centred* running
# median, which does not lag. Here is the test of the first network, with what eight rules read
# from it.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Eight well-known rules read the same 64 curves. By what factor do
# > the largest and the smallest of their median suggestions differ: two, ten, a hundred, or more?
# > And for one rule, how far apart are the quartiles over the seeds?

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    range_test_figure(sweeps["two layers"]),
    alt="Range test of the network with two layers on digits, 64 seeds. Above: the batch loss is "
    "flat near 2.5, falls from 0.01 on, and is unstable from 0.6. Below, the suggestions of "
    "eight rules. Lightning suggests about one hundred-thousandth; the valley 0.03; minimum "
    "and slide about 0.1; the article, steep, torch-lr-finder and ignite between 0.2 and 0.5, "
    "with long tails.",
)

# %%
display(Markdown(range_test.summary(sweeps["two layers"]).as_markdown()))
medians = [row.median for row in range_test.summary(sweeps["two layers"]).rows]
print(f"largest over smallest median: more than 10,000: {max(medians) > 10_000 * min(medians)}")

# %% [markdown]
# Each rule in a sentence:
#
# - **The article** (*Learning Rate Schedules from Scratch*, from which this course grew): where
#   the slope of the average over the logarithm of the rate is steepest; $\beta = 0.9$, nothing
#   skipped.
# - **fastai valley**: a point in the middle of the longest falling stretch of the average,
#   $\beta = 0.98$.
# - **fastai steep**: the steepest single step of the same average; first tenth and last five
#   skipped.
# - **fastai minimum**: the rate of the lowest average, divided by ten.
# - **fastai slide**: slides a window down from the highest rate until the slopes per step
#   at its two ends agree, to within a fixed threshold.
# - **torch-lr-finder**: the steepest slope of an average that is not debiased but
#   begins at the first loss.
# - **Lightning**: the steepest slope over the rate *itself*, not over its logarithm.
# - **ignite**: the steepest slope before the lowest point, and then the rate of the next step.
#
# "Steepest" without skipping is fragile: the first values of a debiased average are almost single
# batches, and the difference between two batches can be the steepest slope of all. That is the
# article's long tail to the left: for some seeds it suggests the very first rates.

# %% [markdown]
# ### Your own model
#
# `range_test.range_test` takes a model, a loss function and a loader of PyTorch, and leaves all
# of them as they were: weights, buffers, optimizer, random numbers, the training mode of each
# module.

# %% tags=["library"]
torch.manual_seed(0)
images = torch.tensor(digits.inputs, dtype=torch.float32)
loader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(images, torch.tensor(digits.labels)), batch_size=32, shuffle=True
)
model = torch.nn.Sequential(
    torch.nn.Linear(64, 64), torch.nn.BatchNorm1d(64), torch.nn.ReLU(), torch.nn.Linear(64, 10)
).eval()
before = {name: value.clone() for name, value in model.state_dict().items()}
state = torch.get_rng_state()
mine = range_test.range_test(model, torch.nn.functional.cross_entropy, loader)
same = all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
print("weights and BatchNorm statistics as before:", same)
print("still in evaluation mode:", not model.training)
print("random numbers as before:", torch.equal(torch.get_rng_state(), state))
print("loss at the start over the lowest:", f"{mine.losses[0, 0] / np.nanmin(mine.losses):.0f}")

# %% [markdown]
# A hand-written test has to do this, too. If it trains the model that you are going to use, your
# run starts from a wreck: the last updates of a range test are meant to destroy it.

# %% [markdown]
# ## The truth, from full runs
#
# A rule is a forecast, and forecasts can be scored. We train both networks for 300 updates at
# constant rates a factor of two apart, and measure the loss on held-out digits. From these
# runs we take two facts:
#
# - the **good range**: where three runs of four end within half of what they reach at the best
#   rate;
# - the **cliff**: the first rate at which most runs fail, that is, end with a loss above 0.5.

# %% tags=["experiment"]
total_steps = 300
full_seeds = 100 + np.arange(32)
grid = 2.0 ** np.arange(-5, 2)


def held_out(work, plans, run_seeds):
    """Held-out loss at the end, (plans, runs); infinite where a run diverged."""
    rates = np.repeat(plans, len(run_seeds), axis=0)
    runs = training.train(work, rates, np.tile(run_seeds, len(plans)))
    losses = runs.held_out_loss[:, -1].reshape(len(plans), len(run_seeds))
    return np.where(np.isfinite(losses), losses, np.inf)


class Truth:
    def __init__(self, work):
        self.losses = held_out(work, [np.full(total_steps, rate) for rate in grid], full_seeds)
        upper = np.quantile(self.losses, 0.75, axis=1, method="nearest")
        inside = grid[upper <= 1.5 * upper.min()]
        self.good = inside[0], inside[-1]
        self.cliff = grid[((self.losses > 0.5).mean(axis=1) > 0.5).argmax()]


truth = {name: Truth(work) for name, work in workloads.items()}
for name, t in truth.items():
    print(f"{name:12} good {t.good[0]:.2f} to {t.good[1]:.2f}, cliff {t.cliff:.1f}", end=", ")
    print(f"cliff / top of the good range: {t.cliff / t.good[1]:.1f}")

# %% jupyter={"source_hidden": true} tags=["varies"]
figure, axes = plots.panels(2, height=3.4)
for ax, (name, t) in zip(axes, truth.items(), strict=True):
    full_run_scores(grid, t.losses, t.good, t.cliff, ax=ax, title=name)
axes[1].set_ylabel("")
axes[0].legend(loc="upper left")
plots.show(
    figure,
    alt="Held-out loss after 300 updates over the constant rate, for two and four layers. Both "
    "fall slowly, have a flat bottom, and then rise steeply within a factor of two or three. "
    "With four layers all of it lies further left, the cliff at 0.5 instead of 1.",
)

# %% [markdown]
# ### The score
#
# For each rule: the share of seeds whose suggestion is below the good range, and past the cliff.

# %% tags=["experiment"]
suggested = {name: range_test.suggestions(swept) for name, swept in sweeps.items()}
half_step = 2**0.5  # half the distance of two rates on the grid
for name, t in truth.items():
    rows = []
    for rule, found in suggested[name].items():
        below, past = found < t.good[0] / half_step, found >= t.cliff / half_step
        rows.append((rule, share_interval(below), share_interval(past)))
    show_table([name, "share below [95 %]", "share past the cliff"], rows)

# %% tags=["conclusion"]
for rule in RULES:
    words = []
    for name, t in truth.items():
        found, typical = suggested[name][rule], np.nanmedian(suggested[name][rule])
        past = (found >= t.cliff / half_step).mean()
        if typical < t.good[0] / 2:
            words.append("far too low")
        elif past > 0.025:  # more than one of 64
            words.append("past the cliff for some")
        else:
            words.append("usable")
    print(f"{rule:16} two layers: {words[0]:25} four layers: {words[1]}")

# %% [markdown]
# Read the table before you trust any of the eight. The rules that look for the steepest descent
# land in or near the good range for most seeds, ignite on four layers apart; but for some seeds
# they are past the cliff. They look for the place where the loss falls fastest, and that place is
# next to the drop. The valley is safe and wastes training. One tenth of the minimum and the slide
# were usable on both networks, with two layers on the low side.
#
# ## What else moves the answer
#
# The same network and the same data, with a longer test, or one that starts higher.

# %% tags=["experiment"]
lengths, starts = (50, 100, 200, 400), (1e-7, 1e-5, 1e-3)
work = workloads["two layers"]
half = sweep_seeds[:32]
by_length = [range_test.sweep(work, half, steps=count) for count in lengths]
by_start = [range_test.sweep(work, half, lowest_rate=start) for start in starts]
watched = ("fastai valley", "fastai minimum", "fastai slide", "ignite")


def table(values, swept, label):
    rows = []
    for value, one in zip(values, swept, strict=True):
        found = range_test.suggestions(one, {rule: RULES[rule] for rule in watched})
        means = [ratio_interval(np.log(each[np.isfinite(each)])) for each in found.values()]
        rows.append((f"{value:g}", *means, f"{range_test.zones(one).unstable_from:.1f}"))
    show_table([label, *watched, "unstable from"], rows)


table(lengths, by_length, "updates")
table(starts, by_start, "first rate")

# %% jupyter={"source_hidden": true} tags=["varies"]
figure, axes = plots.panels(2, height=3.5)
for ax, values, swept, label in (
    (axes[0], lengths, by_length, "updates of the test"),
    (axes[1], starts, by_start, "first rate"),
):
    each = [range_test.suggestions(one, {rule: RULES[rule] for rule in watched}) for one in swept]
    found = {rule: np.array([one[rule] for one in each]) for rule in watched}
    suggestions_over(values, found, label, truth["two layers"].good, ax=ax)
    ax.set_ylim(0.002, 12)
axes[1].set_ylabel("")
axes[1].legend(loc="lower left", ncol=2, fontsize=8, columnspacing=1)
plots.show(
    figure,
    alt="Suggested rate, median and quartiles over 32 seeds, for four rules. Left: from 50 to 400 "
    "updates minimum and ignite fall, the valley hardly moves, and slide climbs steeply from "
    "far below the shaded good range to far above it. Right: as the first rate rises from "
    "1e-7 to 1e-3, valley and slide rise, minimum and ignite fall a little.",
)

# %% [markdown]
# **The edge of the unstable zone comes earlier in a longer test,** and with it ignite's answer
# and the minimum: the network has learnt more by the time it reaches a given rate, and an
# instability that needs time to grow gets it. The slide goes the other way, from far below the
# good range to far past the cliff: its threshold is a slope *per update*, and a longer test has
# smaller ones. It was "usable" above only because the test had 100 updates. The valley is placed
# by counting updates, and moves with the first rate. So "the" suggestion of a rule does not exist
# without the length and the start of its test.
#
# The smoothing moves it, too. Here the lowest point of the average is read from the same
# curves.

# %%
swept = sweeps["two layers"]
print("beta        rate of the lowest average, median over seeds")
for beta in (0.5, 0.8, 0.9, 0.95, 0.98):
    powers = beta ** np.arange(len(swept.rates))
    filter_rows = [np.convolve(losses, powers)[: len(powers)] for losses in swept.losses]
    averages = np.array(filter_rows) / np.cumsum(powers)
    lowest = swept.rates[averages.argmin(axis=1)]
    print(f"{beta:.2f} {np.median(lowest):15.1f}")

# %% [markdown]
# The heavier the average, the later its minimum: at $\beta = 0.98$ it lies at the cliff, where
# the losses themselves have long been rising. This is why fastai divides the rate of the minimum
# by ten. The ten mends the lag of one $\beta$ at one test length; it is no law of training.
#
# ## Steepest, and past the cliff: an instability needs time
#
# Lesson 1 met the loop of the article, which updates each layer before the error has passed
# through it. In that loop a constant rate of 0.3 ends in NaN. Its range test, in the same loop,
# suggests more than that.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** How can a range test pass through 0.3 unharmed, and still be
# > falling at 0.4, when training at 0.3 ends in NaN? The test makes 200 updates from $10^{-6}$ to
# > 1. How many are between 0.3 and 0.6?

# %%
its_loop = Workload(spirals, Mlp(order="layer_by_layer"))
found = range_test.sweep_at(its_loop, [42], article.rates())
print(f"the article's suggestion with its own seed: {found.rates[0]:.0e} to 1, ", end="")
print(f"{article.suggest(found.rates, found.recorded(0)).rate:.3f}")
between = (found.rates >= 0.3) & (found.rates < 0.6)
print(f"updates with a rate from 0.3 to 0.6: {between.sum()}")
constant = (0.3, 0.4, 0.6)
many = np.arange(8)
wrecked = training.train(
    its_loop, np.repeat(constant, 8)[:, None] * np.ones((1, 150)), np.tile(many, 3)
)
for rate, at in zip(constant, wrecked.diverged_at.reshape(3, 8), strict=True):
    gone = at[at >= 0]
    print(
        f"constant {rate}: {len(gone)} of 8 runs diverge, "
        f"typically after {np.median(gone):.0f} updates"
    )

# %%
print("updates of the test    median suggestion of the article's rule, 8 seeds")
for count in (200, 400, 800):
    longer = range_test.sweep(its_loop, many, lowest_rate=1e-6, highest_rate=1.0, steps=count)
    print(f"{count:10d} {np.median(range_test.suggestions(longer, {'a': article})['a']):20.2f}")

# %% [markdown]
# At 0.3 the loop needs dozens of updates to blow up, and the test is through that stretch in ten.
# Give the test more updates, and its suggestion comes down. **A range test sees how far the first
# steps at a rate can go, not whether hundreds of them are stable.** The article
# prints a suggestion about ten times smaller; its code gives the value above.
#
# ## "Ten times below divergence"
#
# A rule of thumb says that the best peak is about ten times below the rate of divergence. We can
# test it twice: with the cliff of the full runs, and with the unstable zone of the range test.

# %%
for name, t in truth.items():
    edge = range_test.zones(sweeps[name]).unstable_from
    print(f"{name:12} cliff / top of the good range {t.cliff / t.good[1]:.1f}, ", end="")
    print(
        f"/ its lower end {t.cliff / t.good[0]:.1f}; unstable zone / its top {edge / t.good[1]:.1f}"
    )

# %% tags=["conclusion"]
for name, t in truth.items():
    print(f"{name}: a tenth of the cliff is below the good range: {t.cliff / 10 < t.good[0]}")

# %% [markdown]
# A tenth of the cliff lies below the good range on both networks, if not by much. The rule of
# thumb is on the safe side, and costs something here. It also depends on what you call
# divergence: the unstable zone of a range test begins within about a factor of two of the top of
# the good range, and a tenth of the *last* rate of a sweep is anything you like. And it was
# stated for the peak of a schedule: does a schedule change the answer?
#
# ## What a range test cannot see: the schedule
#
# It raises the rate once. It knows nothing about what the rate will do later. We train again,
# with a straight line from the peak to zero, and look at the peak where constant rates fell off
# the cliff. What share of the decaying runs fails there?

# %% tags=["experiment"]
line = [schedules.linear(peak, total_steps)(np.arange(total_steps)) for peak in grid]
few = 100 + np.arange(8 if FAST else 12)
for name, work in workloads.items():
    decayed = held_out(work, line, few)
    at_cliff = np.flatnonzero(grid == truth[name].cliff)[0]
    failed = [(losses[at_cliff] > 0.5).mean() for losses in (truth[name].losses, decayed)]
    print(
        f"{name:12} peak {grid[at_cliff]:.1f}: most constant runs fail: {failed[0] > 0.5}", end="; "
    )
    print(f"decaying runs: fewer than one in three: {failed[1] < 1 / 3}")

# %% [markdown]
# Where most constant runs fail, most decaying runs do not: the cliff moves up. A run that decays
# passes through the dangerous rates and leaves them again. Lesson 4 showed the same for a warmup,
# which lets Adam use a peak several times as large. One range test cannot tell two schedules
# apart, so it cannot give the peak of either to better than such a factor.

# %% [markdown]
# ## What moves the curve itself
#
# Sweeps are cheap enough to ask what makes a network want a smaller rate. As a reading we take
# one tenth of the minimum, in tests of 200 updates from `1e-4`, for 16 seeds: the factor to the
# first row, with a 95 % interval from the paired logarithms.


# %% tags=["experiment"]
def mlp(*hidden):
    return Workload(digits, Mlp(hidden, dtype="float32"), batch_size=32)


def on_spirals(label_noise):
    data = problems.noisy_spirals(label_noise=label_noise)
    return Workload(data, Mlp(dtype="float32"), batch_size=32)


groups = {
    "depth": {"2 layers": mlp(64, 64), "1 layer": mlp(64), "6 layers": mlp(*[64] * 6)},
    "width": {"64": mlp(64, 64), "16": mlp(16, 16), "256": mlp(256, 256)},
    "wrong labels, spirals": {"none": on_spirals(0.0), "40 %": on_spirals(0.4)},
    "convnet": {
        "plain": Workload(digits, Convnet(), batch_size=32),
        "group norm": Workload(digits, Convnet(normalisation="group"), batch_size=32),
    },
}
minimum = {"fastai minimum": RULES["fastai minimum"]}
moved, curves, rows = {}, {}, []
for group, variants in groups.items():
    base = None
    for label, work in variants.items():
        one = range_test.sweep(work, np.arange(16), lowest_rate=1e-4, steps=200)
        read = np.log(range_test.suggestions(one, minimum)["fastai minimum"])
        base = read if base is None else base
        curves[group, label] = one.rates, range_test.zones(one).curve
        if base is not read:
            moved[group, label] = mean_interval(read - base)
            if (
                group != "convnet"
            ):  # its curve has two valleys: a mean over both is a rate of neither
                rows.append((group, label, ratio_interval(read - base)))
show_table(["changed", "to", "reading, times"], rows)

# %% tags=["conclusion"]
for (group, label), interval in moved.items():
    word = "lower" if interval.high < 0 else "higher" if interval.low > 0 else "cannot be told"
    print(f"{group}, {label}: {word}")

# %% jupyter={"source_hidden": true} tags=["varies"]
figure, axes = plots.panels(2, height=3.3)
for ax, group, top in ((axes[0], "depth", 3.2), (axes[1], "convnet", 3.2)):
    picked = {label: curve for (g, label), curve in curves.items() if g == group}
    lines_over_rate(picked, ax=ax, title=group, ylabel="batch loss, median", top=top)
axes[1].set_ylabel("")
plots.show(
    figure,
    alt="Median batch loss over the rate in range tests of 200 updates. Left: with one layer the "
    "loss falls lowest and rises last, with six layers it turns up several times earlier. "
    "Right: the convnet; without normalisation there is one valley, with group normalisation "
    "two, with a hump near 0.2.",
)

# %% [markdown]
# Depth moves the curve clearly: the deeper network turns up earlier. Wrong labels do, too: there
# is less to fall, and the noise overtakes it at a lower rate. Width and normalisation do not move
# this reading by an amount that 16 seeds can tell. It is often said that
# normalisation allows larger rates; for this convnet the range test does not show it. Look at its
# curve, though: with group normalisation the loss turns up, and falls again at still larger
# rates. One number cannot describe such a curve.
#
# ## What to do with it
#
# Take the one reading that needs no tool's rule: the edge of the unstable zone of the median over
# eight seeds. Eight tests of 100 updates cost less than three runs here. <!-- 8*100/300 = 2.67 -->
# Try a quarter, half, one and two times that rate as the peak of the schedule you will use; while
# the best is the largest that was tried, double it. Is that as good as a wide grid? We test it with
# linear decay on three problems. Both grids choose on 8 seeds, and 16 others score the choice.

# %% tags=["experiment"]
tune = np.arange(200, 204 if FAST else 208)
fresh = np.arange(300, 308 if FAST else 316)
three = workloads | {"noisy spirals": on_spirals(0.2)}


def tuned(work, peaks):
    plans = [schedules.linear(p, total_steps)(np.arange(total_steps)) for p in peaks]
    return held_out(work, plans, tune).mean(axis=1)


wide, verdicts = 2.0 ** np.arange(-5, 3), {}
for name, work in three.items():
    edge = range_test.zones(range_test.sweep(work, np.arange(8))).unstable_from
    peaks = list(edge * np.array([0.25, 0.5, 1, 2]))
    scores = list(tuned(work, peaks))
    while np.argmin(scores) == len(scores) - 1:
        peaks.append(2 * peaks[-1])
        scores += list(tuned(work, peaks[-1:]))
    small_best, wide_best = peaks[np.argmin(scores)], wide[tuned(work, wide).argmin()]
    ends = [
        schedules.linear(p, total_steps)(np.arange(total_steps)) for p in (small_best, wide_best)
    ]
    small_loss, wide_loss = held_out(work, ends, fresh)
    verdicts[name] = mean_interval(small_loss / wide_loss - 1)
    print(f"{name:14} edge {edge:.1f}, {len(peaks)} peaks tried, wide grid {len(wide)} peaks")
    print(f"{'':14} best of the small grid over the edge: {small_best / edge:.2g}")
    near = abs(verdicts[name].mean) < 0.1, verdicts[name].high < 0.2
    print(f"{'':14} mean loss within 10 % of the wide grid's: {near[0]}", end="; ")
    print(f"the interval rules out 20 % worse: {near[1]}")

# %% tags=["conclusion"]
for name, interval in verdicts.items():
    print(f"{name}: the interval says more than 10 % worse: {interval.low > 0.1}")

# %% [markdown]
# Half as many peaks end close to the wide grid, though a few per cent could still be lost: the
# intervals are not narrow. So this is what the measurements here support: **a range test over a
# few seeds finds the right order of magnitude, for the price of a few runs. It does not replace
# the grid; it centres it.** And the best peak may lie on either side of the edge: below it for the
# digits, and at twice the edge, the last of the four, for the noisy spirals, which take longer
# than the test to learn. There the doubling makes sure that nothing better follows.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 1: NaN never stops
#
# Most runs of the network with four layers diverge in the test. What do the tools' own stopping
# rules make of that?

# %%
deep = sweeps["four layers"]
gone = deep.diverged_at >= 0
print(f"most of the 64 runs end in NaN: {gone.mean() > 0.5}")
for rule in ("fastai valley", "torch-lr-finder", "ignite"):
    stopped = [len(RULES[rule].recorded(run)) < len(deep.rates) for run in deep.losses[gone]]
    print(f"{rule:16} runs that went to NaN and were stopped: {sum(stopped)}")
losses = np.array([2.3, 1.9, 1.2, 1.5, np.nan, np.nan])
print("np.argmin with NaN:", np.argmin(losses), "  np.nanargmin:", np.nanargmin(losses))
past = suggested["four layers"]["ignite"] >= truth["four layers"].cliff
print(f"ignite: most suggestions lie past the cliff: {past.mean() > 0.5}")

# %% [markdown]
# The losses jump to NaN before the slow average has reached four times its best, and on NaN the
# comparison is false for ever. Worse, `np.argmin` counts NaN as the smallest number: "the
# minimum" is then the place of the wreck. That is where ignite's suggestions for four layers come
# from. Stop with `not np.isfinite(loss)`, and read only what came before.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 2: the slope over the rate itself
#
# Lightning's rule looks for the steepest slope of the loss, as others do, but over the rate and
# not its logarithm. Between two updates at $10^{-6}$ the rate hardly changes, so any wobble of
# the loss is an enormous slope. The same averages, read twice:

# %%
lightning = RULES["Lightning"]
two = {"over the rate": [], "over its logarithm": []}
for run in range(len(swept)):
    recorded = lightning.recorded(swept.recorded(run))[10:-1]
    at = swept.rates[10 : 10 + len(recorded)]
    two["over the rate"].append(at[np.gradient(recorded, at).argmin()])
    two["over its logarithm"].append(at[np.gradient(recorded, np.log(at)).argmin()])
for label, chosen in two.items():
    print(f"steepest {label:20} median {np.median(chosen):.0e}")

# %% [markdown]
# A suggestion of this size is not a careful choice; it is the noise of the batches. In the table
# above it moved with nothing but the first rate of the test. If a tool suggests a rate in the
# flat zone, look at the curve before you believe it.

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Press Play and watch the rate rise; the other controls run the tests again. Stop halfway: how many
# rules would already suggest a rate, and in which zone do these lie? Where does one seed alone put
# the edge of the unstable zone, and where do sixteen? Choose the digits: does momentum move that
# edge by a factor of ten, as its effective step would suggest?

# %% tags=["explorer"]
explorers.range_test()

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** Your test of 100 updates suggests 0.4, and training at a constant 0.4 collapses after 200
# updates. Was the test wrong?
#
# <details><summary>Answer</summary>
#
# It answered another question. It spent a handful of updates near 0.4, and an instability that
# needs more of them to grow was not seen. A longer test, or a smaller peak, or a schedule that
# leaves the peak soon, would each help.
#
# </details>
#
# ---
# **2.** A colleague's tool suggests 0.03 and yours 0.5, from the same kind of network. Who made a
# mistake?
#
# <details><summary>Answer</summary>
#
# Perhaps nobody: two rules that read the same curve differ by more than that. Ask for the rule,
# the length of the test, its first rate and the number of seeds, and compare the curves instead
# of the suggestions.
#
# </details>
#
# ---
# **3.** Your loop stops at `if loss > 4 * best: break`. The test ran to its end and suggests the
# rate of the last but one update. What do you check first?
#
# <details><summary>Answer</summary>
#
# Whether the losses hold NaN. The comparison with NaN is false, so the loop never stopped, and an
# argmin over an array with NaN returns the place of a NaN.
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. A range test raises the rate by a constant factor at every update; debias the average, stop
#    on NaN.
# 2. Tools read the same curve to rates that differ by orders of magnitude, and by seed; ask for
#    the spread.
# 3. "Steepest" lands near the good range, and past the cliff for some seeds; the valley is far
#    below.
# 4. Longer tests, other first rates and heavier averages move the answer; slow instabilities are
#    not seen.
# 5. Use the edge of the unstable zone over eight seeds to centre a small grid of peaks, with
#    your schedule.

# %% [markdown] tags=["next"]
# ## Now you
#
# [Exercise 7](../exercises/ex07_range_test.ipynb) has you write the sweep, the debiased average, a stop that sees NaN and two rules,
# and then choose a peak for a network you have not seen. If you have a model at hand, run
# `range_test.range_test` on it with three seeds before you look at any rule. Lesson 4, [Warm
# up](04_warmup.ipynb), is worth a second look now: a warmup changes which peaks are usable, and
# no range test will tell you. Now you have a way to choose a peak for each schedule;
# [lesson 8](08_grand_comparison.ipynb) compares them all.
#
# **References.** L. N. Smith (2015), *Cyclical learning rates for training neural networks*,
# arXiv:1506.01186. · L. N. Smith, N. Topin (2017), *Super-convergence: Very fast training of
# neural networks using large learning rates*, arXiv:1708.07120.
