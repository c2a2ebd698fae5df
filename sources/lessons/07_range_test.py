# %% [markdown] tags=["title"]
# # Run a range test, and know how far to trust it
#
# **You will learn** to
#
# - write a learning-rate range test in a few lines, with a correct average and a stop that also
#   sees NaN;
# - say how eight rules turn the same curve into one rate, and score each against full runs, with
#   SGD and with Adam;
# - predict how the answer moves with the length of the test, its first rate and the seed;
# - use a range test for what it is good for: the start of a small grid of peaks.
#
# **Time:** about 35 minutes, and 15 more for *Further*. **You need** lesson 1 (the cliff of a
# network), lesson 4 (warmup) and lesson 6 (the 1-cycle).

# %% tags=["parameters"]
seeds = 16  # full training runs for each constant rate
FAST = False  # True: fewer runs, for a quick check

# %%
import numpy as np
import torch
from IPython.display import Markdown, display

from course_lib import compare, explorers, outcomes, plots, problems, range_test, schedules
from course_lib.experiments import lesson07_runs as runs
from course_lib.intervals import mean_interval, ratio_interval, share_interval
from course_lib.measured import show_table
from course_lib.plots.lesson07 import lines_over_rate, suggestions_over
from course_lib.plots.range_test import range_test_figure
from course_lib.range_test import RULES
from course_lib.training import Adam, Convnet, Mlp, Sgd, Workload, train

# %% [markdown] tags=["surprise", "predict"]
# ## Eight rules, one curve
#
# Before any schedule you need a number, its peak. The **range test** (Smith, 2015) looks for it
# in one short run. It starts with a rate so small that nothing happens, and multiplies it by the
# same factor after every update until the loss explodes. Then a rule reads one rate from the
# curve of losses, and most tools have a rule of their own.
#
# > **Predict before you run.** Eight well-known rules read the same 64 curves: a small network,
# > handwritten digits, plain SGD, 100 updates. By what factor do the largest and the smallest of
# > their median suggestions differ: two, ten, a hundred, or more? And for one rule, how far apart
# > are the quartiles over the seeds?

# %% tags=["surprise"]
digits = problems.digits()
hidden = {"two layers": (64, 64), "four layers": (64, 64, 64, 64)}
workloads = {
    f"{name}, {layers}": Workload(digits, Mlp(sizes, dtype="float32"), optimizer, batch_size=32)
    for name, optimizer in (("SGD", Sgd()), ("Adam", Adam()))
    for layers, sizes in hidden.items()
}
sweep_seeds = np.arange(64)
sweeps = {name: range_test.sweep(work, sweep_seeds) for name, work in workloads.items()}
spread = range_test.summary(sweeps["SGD, two layers"])
display(Markdown(spread.as_markdown()))
medians = [row.median for row in spread.rows]
outcomes.show_facts(
    {
        "the largest median suggestion is over 10,000 times the smallest": max(medians)
        > 1e4 * min(medians)
    }
)

# %% jupyter={"source_hidden": true} tags=["surprise", "varies"]
plots.show(
    range_test_figure(sweeps["SGD, two layers"]),
    alt="Range test of the network with two layers on digits, 64 seeds. Above: the batch loss is "
    "flat near 2.5, falls from 0.01 on, and is unstable from 0.6. Below, the suggestions of "
    "eight rules. Lightning suggests about one hundred-thousandth; the valley 0.03; minimum "
    "and slide about 0.1; the article, steep, torch-lr-finder and ignite between 0.2 and 0.5, "
    "with long tails.",
)

# %% [markdown]
# The rules differ by more than four orders of magnitude. The quartiles of one rule lie close together,
# as for the minimum, or most of the axis apart, as for the article.
# <!-- holds: the largest median suggestion is over 10,000 times the smallest -->
# This lesson builds the test, and then holds each rule against full training runs.
#
# ## One short run instead of many
#
# Plotted over the rate, the loss should show three zones: **flat**, where the steps are too small;
# **descent**; and **divergence**. Smith raised the rate linearly; most tools raise it exponentially,
# so that every tenfold increase gets the same number of updates.

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
# `one_update` may be any training step: it makes one update at a rate and returns the loss
# *before* it. The test never looks inside.


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


# %%
spirals = problems.spirals()
ours = sweep_by_hand(runs.one_update_of(spirals, (64, 64), 0), 1e-4, 10, 400)
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
# average of the past shows now what happened some updates ago, at a smaller rate.
#
# ## The same from the library
#
# `range_test.sweep` runs one range test for each seed. It does not stop at a large loss, because
# each tool has its own limit. It stops a run whose loss is not finite.

# %% tags=["library"]
theirs = range_test.sweep(
    Workload(spirals, Mlp()), [0], lowest_rate=1e-4, highest_rate=10, steps=400
)
calm = theirs.rates < 0.3  # beyond, rounding errors grow
n = calm.sum()
print("same rates:", np.allclose(theirs.rates[: len(ours[0])], ours[0], rtol=1e-12))
print("same losses up to a rate of 0.3:", np.allclose(theirs.losses[0, :n], ours[1][:n], rtol=1e-6))
article = RULES["the article"]
print("same average:", np.allclose(article.smooth(theirs.losses[0, :n]), ours[2][:n], rtol=1e-6))

# %% [markdown]
# ### Eight rules
#
# - **The article** (*Learning Rate Schedules from Scratch*, from which this course grew) takes the
#   rate at which the slope of the average over the logarithm of the rate is steepest; $\beta =
#   0.9$, nothing skipped.
# - **fastai valley** takes a point in the middle of the longest falling stretch of the average,
#   $\beta = 0.98$.
# - **fastai steep** takes the steepest single step of the same average. All four fastai rules
#   skip the first tenth of the points and the last five.
# - **fastai minimum** takes the rate of the lowest average, divided by ten.
# - **fastai slide** slides a window down from the highest rate until the slopes per step
#   at its two ends agree, to within a fixed threshold.
# - **torch-lr-finder** takes the steepest slope of an average that is not debiased but
#   begins at the first loss.
# - **Lightning** takes the steepest slope over the rate *itself*, not over its logarithm.
# - **ignite** takes the steepest slope before the lowest point, and then the rate of the next
#   step.
#
# "Steepest" without skipping is fragile. The first values of a debiased average are almost single
# batches, and the difference between two batches can be the steepest slope of all. That is the
# article's long tail to the left: for some seeds it suggests the very first rates.

# %% [markdown]
# ## The truth, from full runs
#
# A rule is a forecast, and forecasts can be scored. We train two networks, with two and with four
# hidden layers, at constant rates a factor of two apart, with SGD and with Adam, and measure
# the loss on held-out digits. From these runs we take two facts:
#
# - the **good range**: the rates at which the upper quartile of the final losses is within 30 % of
#   the lowest one; <!-- 30/100 = 0.3 -->
# - the **cliff**: the first rate above the best at which most runs fail, that is, end with a loss
#   above 0.5.
#
# This truth has a length of 300 updates. The beginning of a run at a constant rate is a shorter
# run, so the same runs also tell the good range after 75 updates. <!-- 300/4 = 75 -->

# %% [markdown] tags=["predict"]
# > **Predict before you run.** With SGD the network with two layers is good at rates of some
# > tenths. Where is its good range with Adam? In a run of 300 updates, does the good range lie
# > higher or lower than in one of 75?

# %% tags=["experiment"]
total_steps = 300
grids = {"SGD": 2.0 ** np.arange(-5, 2), "Adam": 2.0 ** np.arange(-12, -2)}
by_length = {}
for name, work in workloads.items():
    optimizer = name.split(",")[0]
    full_seeds = 100 + np.arange(seeds if optimizer == "Adam" else 2 * seeds)
    by_length[name] = runs.full_runs(work, grids[optimizer], full_seeds, total_steps, every=75)
truth = {name: found[total_steps] for name, found in by_length.items()}
rows = [
    [name, *runs.truth_cells(found[300]), runs.truth_cells(found[75])[1]]
    for name, found in by_length.items()
]
show_table(["", "best", "good after 300", "cliff", "good after 75"], rows)

# %%
for name in ("Adam, two layers", "Adam, four layers"):
    found = by_length[name]
    begins = found[300].good[0] / found[75].good[0]
    fact = "after 300 updates the good range begins at half the rate or less of that after 75"
    outcomes.show_facts({fact: begins <= 0.5}, at=name)

# %% [markdown]
# The good range depends on the optimizer, on the depth and on the length. With SGD good rates are
# tenths, with Adam thousandths. With Adam the good range of 300 updates begins at half the rate of that of
# 75 updates, or lower. <!-- holds: after 300 updates the good range begins at half the rate or less of that after 75
# at Adam, two layers; after 300 updates the good range begins at half the rate or less of that after 75 at Adam, four
# layers --> With SGD the ends of the two ranges differ by one step of the grid at most, and these seeds do not
# decide whether they differ at all.
# Whatever is called too low or too high below is so for 300 updates at a constant rate, with
# plain SGD without momentum or with Adam at its usual settings.

# %% [markdown]
# ### The score
#
# For each rule we count the share of seeds whose suggestion is below the good range, and past the
# cliff; both limits are moved half a step of the grid down, since they are not known more closely. Lightning is scored twice: on the same sweep as the others, from $10^{-7}$ to 10, and on
# its own, from $10^{-8}$ to 1.

# %% tags=["experiment"]
suggested = {name: range_test.suggestions(swept) for name, swept in sweeps.items()}
for name, work in workloads.items():
    suggested[name]["Lightning, own sweep"] = runs.own_sweep(work, sweep_seeds, "Lightning")
for optimizer in grids:
    header, rows = [optimizer], {rule: [rule] for rule in suggested["SGD, two layers"]}
    for layers in hidden:
        name = f"{optimizer}, {layers}"
        header += [f"{layers}: share below [95 %]", "past the cliff"]
        for rule, found in suggested[name].items():
            t = truth[name]
            past = runs.past_cliff(found, t).mean()
            rows[rule] += [
                share_interval(runs.below_range(found, t)),
                "less than one in four" if past < 0.25 else "one in four or more",
            ]
    show_table(header, list(rows.values()))

# %% [markdown]
# Two words need a limit. A rule is *mostly below* the good range if more than half of its suggestions are,
# and *often past the cliff* if one in four or more is.

# %% tags=["conclusion"]
steepest = ("the article", "fastai steep", "torch-lr-finder", "ignite")
for name, t in truth.items():
    below = {
        rule: runs.below_range(found, t).mean() > 0.5 for rule, found in suggested[name].items()
    }
    past = {rule: runs.past_cliff(found, t).mean() for rule, found in suggested[name].items()}
    valley = suggested[name]["fastai valley"]
    inside = ~runs.below_range(valley, t) & (valley <= t.good[1])
    times = min(np.median(suggested[name][rule]) for rule in steepest) / np.median(valley)
    outcomes.show_facts(
        {
            "the valley is mostly below the good range": below["fastai valley"],
            "most of the valley's suggestions lie inside it": inside.mean() > 0.5,
            "ten times the valley is mostly past it": (10 * valley > t.good[1]).mean() > 0.5,
            "the steepest descent gives more than three times the valley": times > 3,
            "Lightning is mostly below it": below["Lightning"],
            "Lightning is mostly below it on its own sweep": below["Lightning, own sweep"],
            "a tenth of the minimum is mostly below it": below["fastai minimum"],
            "a tenth of the minimum is never past the cliff": past["fastai minimum"] == 0,
            "torch-lr-finder is often past the cliff": past["torch-lr-finder"] >= 0.25,
            "the slide is never past the cliff": past["fastai slide"] == 0,
            "the slide is often past the cliff": past["fastai slide"] >= 0.25,
        },
        at=name,
    )

# %% [markdown]
# Look at the two tables before you trust any of the eight. **The valley is mostly below the good range with SGD,
# and inside it with Adam.** <!-- holds: the valley is mostly below the good range at SGD, two layers;
# the valley is mostly below the good range at SGD, four layers; most of the valley's suggestions lie inside it at
# Adam, two layers; most of the valley's suggestions lie inside it at Adam, four layers -->
# The four rules that look for the steepest descent over the logarithm suggest more than three times what the valley does.
# <!-- holds: the steepest descent gives more than three times the valley at SGD, two layers; the steepest descent gives more
# than three times the valley at SGD, four layers; the steepest descent gives more than three times the valley at Adam, two
# layers; the steepest descent gives more than three times the valley at Adam, four layers --> torch-lr-finder is past the
# cliff for one seed in four or more in all four cases.
# <!-- holds: torch-lr-finder is often past the cliff at SGD, two layers; torch-lr-finder is often past the cliff at
# SGD, four layers; torch-lr-finder is often past the cliff at Adam, two layers; torch-lr-finder is often past the cliff at
# Adam, four layers --> One tenth of the minimum was never past the cliff, and nowhere mostly below the good range.
# <!-- holds: a tenth of the minimum is never past the cliff at SGD, two layers; a tenth of the minimum is never past the
# cliff at SGD, four layers; a tenth of the minimum is never past the cliff at Adam, two layers; a tenth of the minimum is
# never past the cliff at Adam, four layers; a tenth of the minimum is mostly below it is false at SGD, two layers; a tenth
# of the minimum is mostly below it is false at SGD, four layers; a tenth of the minimum is mostly below it is false at
# Adam, two layers; a tenth of the minimum is mostly below it is false at Adam, four layers --> The slide is never past the
# cliff with SGD, and often with Adam. <!-- holds: the slide is never past the cliff at SGD, two layers; the slide is never
# past the cliff at SGD, four layers; the slide is often past the cliff at Adam, two layers; the slide is often past the
# cliff at Adam, four layers --> Lightning is mostly below the good range in all four cases, and on its own sweep as well.
# <!-- holds: Lightning is mostly below it at SGD, two layers; Lightning is mostly below it at SGD, four layers; Lightning is
# mostly below it at Adam, two layers; Lightning is mostly below it at Adam, four layers; Lightning is mostly below it on its
# own sweep at SGD, two layers; Lightning is mostly below it on its own sweep at SGD, four layers; Lightning is mostly below
# it on its own sweep at Adam, two layers; Lightning is mostly below it on its own sweep at Adam, four layers -->

# %% [markdown]
# ### What becomes of a suggestion
#
# The truth above is for constant rates. fastai's valley is meant for something else: it feeds a
# 1-cycle with Adam. So we do just that. For each of 24 seeds one range test suggests a rate, and
# a 1-cycle with Adam, its momentum cycle included, takes it as its peak. The rival is a 1-cycle
# whose peak was tuned on 8 other seeds. <!-- 324 - 300 = 24 --> <!-- 208 - 200 = 8 --> Then the
# valley meets four times itself, in runs of 300 updates and of 1,200.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Is the valley's suggestion, as the peak of a 1-cycle, as good as a
# > tuned peak in a run of 300 updates? And does a larger peak still help in one of 1,200?

# %%
tune, fresh = np.arange(200, 208), np.arange(300, 316 if FAST else 324)
peaks = 2.0 ** np.arange(-8, -3)
for name in ("Adam, two layers", "Adam, four layers"):
    found = runs.suggestions_as_peaks(
        workloads[name], ("fastai valley", "fastai minimum"), peaks, tune, fresh, total_steps
    )
    compare.show_verdicts(found, at=name)
short, long = (
    runs.valley_and_its_multiple(workloads["Adam, two layers"], 4, fresh, steps)
    for steps in (300, 1200)
)
compare.show_verdicts([short], at="300 updates")
less = long.difference.mean < short.difference.mean / 3
fact = "in 1,200 updates four times the valley gains less than a third of what it gains in 300"
outcomes.show_facts({fact: less})

# %% [markdown]
# **In 300 updates the valley's suggestion is worse than a tuned peak for a 1-cycle with Adam,** by 0.10 with two layers
# and by 0.06 with four, although it lies inside the good range for constant rates.
# <!-- holds: fastai valley worse_than tuned peak at Adam, two layers; fastai valley worse_than tuned peak at Adam, four
# layers; fastai valley worse_than 4 times the valley at 300 updates --> A 1-cycle is at its peak for a moment only, so its
# peak may be larger than a constant rate. In 1,200 updates four times the valley gains less than a third of
# what it gains in 300. <!-- holds: in 1,200 updates four times the valley gains less than a third of what it gains in 300 --> So what a cautious
# peak costs depends on the length of the run, which the test does not know. One tenth of the minimum was equal to the tuned peak on both networks.
# <!-- holds: fastai minimum equal_to tuned peak at Adam, two layers; fastai minimum equal_to tuned peak at Adam, four
# layers -->

# %% [markdown]
# ## What else moves the answer
#
# Here are the same network and the same data, with a longer test, or one that starts higher.

# %% tags=["experiment"]
lengths, starts = (50, 100, 200, 400), (1e-7, 1e-5, 1e-3)
work, half = workloads["SGD, two layers"], sweep_seeds[:32]
at_lengths = [range_test.sweep(work, half, steps=count) for count in lengths]
at_starts = [range_test.sweep(work, half, lowest_rate=start) for start in starts]
watched = ("fastai valley", "fastai minimum", "fastai slide", "ignite", "Lightning")


def table(values, swept, label):
    rows = []
    for value, one in zip(values, swept, strict=True):
        found = range_test.suggestions(one, {rule: RULES[rule] for rule in watched})
        means = [ratio_interval(np.log(each[np.isfinite(each)])) for each in found.values()]
        rows.append((f"{value:g}", *means, f"{range_test.zones(one).unstable_from:.1f}"))
    show_table([label, *watched, "unstable from"], rows)


table(lengths, at_lengths, "updates")
table(starts, at_starts, "first rate")

# %% jupyter={"source_hidden": true} tags=["varies"]
figure, axes = plots.panels(2, height=3.5)
drawn = watched[:4]
for ax, values, swept, label in (
    (axes[0], lengths, at_lengths, "updates of the test"),
    (axes[1], starts, at_starts, "first rate"),
):
    each = [range_test.suggestions(one, {rule: RULES[rule] for rule in drawn}) for one in swept]
    found = {rule: np.array([one[rule] for one in each]) for rule in drawn}
    suggestions_over(values, found, label, truth["SGD, two layers"].good, ax=ax)
    ax.set_ylim(0.002, 12)
axes[1].set_ylabel("")
axes[1].legend(loc="lower left", ncol=2, fontsize=8, columnspacing=1)
plots.show(
    figure,
    alt="Suggested rate, median and quartiles over 32 seeds, for four rules. Left: from 50 to 400 "
    "updates ignite falls, and from 100 on the minimum; the valley hardly moves, and slide climbs steeply from "
    "far below the shaded good range to far above it. Right: as the first rate rises from "
    "1e-7 to 1e-3, valley and slide rise, minimum and ignite fall a little.",
)

# %%
edges = [range_test.zones(one).unstable_from for one in at_lengths]
of_lightning = [
    np.median(range_test.suggestions(one, {"Lightning": RULES["Lightning"]})["Lightning"])
    for one in at_starts
]
outcomes.show_facts(
    {
        "the unstable zone begins earlier in every longer test": all(np.diff(edges) < 0),
        "Lightning's median follows the first rate": of_lightning[2] > 100 * of_lightning[0],
    }
)

# %% [markdown]
# **The edge of the unstable zone comes earlier in a longer test,**
# <!-- holds: the unstable zone begins earlier in every longer test -->
# and with it ignite's answer and, from 100 updates on, the minimum. (In the figure the shaded band is the good range.) In a
# longer test the network has learnt more by the time it reaches a given rate, and an instability has more time to grow. The slide goes the other way, from
# far below the good range to far past the cliff. Its threshold is a slope *per update*, and a longer
# test has smaller ones. The valley is placed by counting updates, and moves with the first rate.
# Lightning's suggestion moves with it most of all.
# <!-- holds: Lightning's median follows the first rate -->
# So a rule has no suggestion of its own; it has one for each length and start of the test.
#
# ## What to do with it
#
# Take the one reading that needs no tool's rule, the edge of the unstable zone: the first rate at which the
# median over eight seeds has risen again by about a tenth of its fall. `range_test.zones` smooths it with a
# *centred* running median, which does not lag. Eight tests of 100 updates cost less than three runs here. <!-- 8*100/300 = 2.67 -->
# Try a quarter, half, one and two times that rate as the peak of the schedule you will use; while
# the best is the largest that was tried, double it, and while it is the smallest, halve it. Is that as good as a wide grid? We test it with
# linear decay on five problems. Both grids choose on 8 seeds, and 64 others score the choice.
# <!-- 364 - 300 = 64 -->


# %% tags=["experiment"]
def on_spirals(label_noise):
    data = problems.noisy_spirals(label_noise=label_noise)
    return Workload(data, Mlp(dtype="float32"), batch_size=32)


def decay(peak):
    return schedules.linear(peak, total_steps)(np.arange(total_steps))


ratios, wide = [], {"SGD": 2.0 ** np.arange(-5, 3), "Adam": 2.0 ** np.arange(-10, -2)}
tried, found, scored = {}, {}, np.arange(300, 316 if FAST else 364)
for name, work in (workloads | {"SGD, noisy spirals": on_spirals(0.2)}).items():

    def score(peaks, work=work):
        return runs.held_out(work, [decay(peak) for peak in peaks], tune)

    edge = range_test.zones(range_test.sweep(work, np.arange(8))).unstable_from
    around, usual = runs.small_grid(score, edge), wide[name.split(",")[0]]
    small = runs.tuned_peak(around)
    best = runs.tuned_peak(dict(zip(usual, score(usual), strict=True)))
    tried[name] = len(around), small.over(edge)
    ratios.append(small.peak / best.peak)
    ends = runs.held_out(work, [decay(one.peak) for one in (small, best)], scored)
    found[name] = compare.paired(
        *("small grid", "wide grid", *ends, compare.margin(work)),
        peaks=(small.peak, best.peak),
        others=(small.other_texts, best.other_texts),
    )
show_table(["", "peaks tried", "best / edge"], [[name, *cells] for name, cells in tried.items()])
for name, one in found.items():
    compare.show_verdicts([one], at=name)

# %%
outcomes.show_facts(
    {
        "the best peak of the small grid is within a factor of three of the wide grid's": max(
            max(ratios), 1 / min(ratios)
        )
        < 3,
        "no small grid needed more than six peaks": max(n for n, _ in tried.values()) <= 6,
    }
)

# %% [markdown]
# On all five problems the best peak of the small grid lies within a factor of three of the wide grid's, and no search
# needed more than six peaks. <!-- holds: the best peak of the small grid is within a factor of three of the wide grid's; no
# small grid needed more than six peaks --> The ends are equal on all five. <!-- holds: small grid
# equal_to wide grid at SGD, two layers; small grid equal_to wide grid at SGD, four layers; small grid equal_to wide grid at
# Adam, two layers; small grid equal_to wide grid at Adam, four layers; small grid equal_to wide grid at SGD, noisy spirals -->
# **So on these problems a range test over a few seeds found the right order of magnitude, for the price of a few runs. It
# does not replace the grid; it centres it.** The best peak may lie on either
# side of the edge: below it for the digits, and at twice the edge for the noisy spirals. There the search doubled the
# peak once more, and that was no better.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 1: NaN never stops
#
# Most runs of the network with four layers and SGD diverge in the test. What do the tools' own
# stopping rules make of that?

# %%
deep = sweeps["SGD, four layers"]
gone = deep.diverged_at >= 0
stopped = {
    rule: sum(len(RULES[rule].recorded(run)) < len(deep.rates) for run in deep.losses[gone])
    for rule in ("fastai valley", "torch-lr-finder", "Lightning", "ignite")
}
print(f"runs that went to NaN and were stopped: {stopped}")
losses = np.array([2.3, 1.9, 1.2, 1.5, np.nan, np.nan])
print("np.argmin with NaN:", np.argmin(losses), "  np.nanargmin:", np.nanargmin(losses))
past = suggested["SGD, four layers"]["ignite"] >= truth["SGD, four layers"].cliff
outcomes.show_facts(
    {
        "most of the 64 runs end in NaN": gone.mean() > 0.5,
        "fastai, torch-lr-finder and ignite stop no run that went to NaN": not any(
            count for rule, count in stopped.items() if rule != "Lightning"
        ),
        "Lightning stops fewer than half of them": stopped["Lightning"] < gone.sum() / 2,
        "most of ignite's suggestions for four layers lie past the cliff": past.mean() > 0.5,
    }
)

# %% [markdown]
# In most runs the losses jump to NaN before the slow average has risen to the multiple of its best at which the tool
# stops, and every comparison with NaN is false. Only Lightning stops some of the runs. <!-- holds: fastai, torch-lr-finder and ignite stop no run that went to NaN;
# Lightning stops fewer than half of them --> Worse,
# `np.argmin` counts NaN as the smallest number, so "the minimum" is then the place of the wreck.
# That is where most of ignite's suggestions for four layers come from.
# <!-- holds: most of ignite's suggestions for four layers lie past the cliff -->
# Stop with `not np.isfinite(loss)`, and read only what came before.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 2: the slope over the rate itself
#
# Lightning's rule looks for the steepest slope of the loss, as others do, but over the rate and
# not its logarithm. Between two updates at $10^{-6}$ the rate hardly changes, so any wobble of
# the loss is an enormous slope. Here the same averages are read in both ways.

# %%
for label, chosen in runs.steepest(sweeps["SGD, two layers"], RULES["Lightning"]).items():
    print(f"steepest {label:20} median {np.median(chosen):.0e}")

# %% [markdown]
# A suggestion of this size is not a careful choice; it is the noise of the batches. In the table of
# first rates above it moved with where the test began, although the network stayed the same.
# <!-- holds: Lightning's median follows the first rate --> If a tool suggests a rate in the flat zone,
# look at the curve before you believe it.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: your own model
#
# `range_test.range_test` takes a model, a loss function and a loader of PyTorch, and leaves all
# of them as they were: weights, buffers, optimizer, random numbers, the training mode of each
# module.

# %%
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

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: the smoothing
#
# The smoothing moves the answer, too. Here the lowest point of the average is read from the same
# curves.

# %%
lowest = runs.lowest_averages(sweeps["SGD, two layers"], (0.5, 0.8, 0.9, 0.95, 0.98))
print("beta        rate of the lowest average, median over seeds")
for beta, rate in lowest.items():
    print(f"{beta:.2f} {rate:15.1f}")

# %% [markdown]
# The heavier the average, the later its minimum. At $\beta = 0.98$ it lies at the cliff, where
# the losses themselves have long been rising. That is a reason to divide the rate of
# the minimum by ten, as fastai does. But the ten fits one $\beta$ and one test length. It is no law of training.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: past the cliff, because an instability needs time
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
constant, many = (0.3, 0.4, 0.6), np.arange(8)
wrecked = train(its_loop, np.repeat(constant, 8)[:, None] * np.ones((1, 150)), np.tile(many, 3))
for rate, at in zip(constant, wrecked.diverged_at.reshape(3, 8), strict=True):
    gone = at[at >= 0]
    print(
        f"constant {rate}: {len(gone)} of 8 runs diverge, typically after {np.median(gone):.0f} updates"
    )
typical = {}
for count in (200, 400, 800):
    longer = range_test.sweep(its_loop, many, lowest_rate=1e-6, highest_rate=1.0, steps=count)
    typical[count] = np.median(range_test.suggestions(longer, {"a": article})["a"])
    print(f"{count} updates: the article's rule suggests {typical[count]:.2f}, median of 8 seeds")

# %%
outcomes.show_facts(
    {
        "the article's suggestion lies above a rate at which all 8 runs diverge": typical[200] > 0.3
        and (wrecked.diverged_at.reshape(3, 8)[0] >= 0).all(),
        "a longer test suggests less": typical[200] > typical[400] > typical[800],
    }
)

# %% [markdown]
# At 0.3 the loop needs dozens of updates to blow up, and the test is through that stretch in ten.
# Give the test more updates, and its suggestion comes down. <!-- holds: a longer test suggests less -->
# **A range test sees how far the first steps at a rate can go, not whether hundreds of them are
# stable.** <!-- holds: the article's suggestion lies above a rate at which all 8 runs diverge --> The
# article prints a suggestion about ten times smaller; its code gives the value above.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: "ten times below divergence"
#
# A rule of thumb says that the best peak is about ten times below the rate of divergence. We can
# test it twice: with the cliff of the full runs, and with the unstable zone of the range test.

# %%
for name, t in truth.items():
    edge = range_test.zones(sweeps[name]).unstable_from
    outcomes.show_facts(
        {
            "the cliff is less than ten times the best rate": t.cliff < 10 * t.best,
            "the unstable zone begins below the cliff": edge < t.cliff,
        },
        at=name,
    )

# %% [markdown]
# With SGD the cliff is less than ten times the best constant rate, with Adam more than ten times.
# <!-- holds: the cliff is less than ten times the best rate at SGD, two layers; the cliff is less than ten times the best
# rate at SGD, four layers; the cliff is less than ten times the best rate is false at Adam, two layers; the cliff is less
# than ten times the best rate is false at Adam, four layers --> So the ten of the rule of thumb is neither safe nor exact. It
# also depends on what you call divergence: the unstable zone of the range test begins below the cliff,
# <!-- holds: the unstable zone begins below the cliff at SGD, two layers; the unstable zone begins below the cliff at SGD,
# four layers; the unstable zone begins below the cliff at Adam, two layers; the unstable zone begins below the cliff at
# Adam, four layers --> and a tenth of the *last* rate of a sweep is anything you like. And it was stated for the peak of a schedule, which changes the answer once more.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: what a range test cannot see, the schedule
#
# A range test raises the rate once. It knows nothing about what the rate will do later. We train
# again, with linear decay from the peak to zero, and look at the peak where constant rates fell off
# the cliff. What share of the decaying runs fails there?

# %%
for name in ("SGD, two layers", "SGD, four layers"):
    t, at = truth[name], np.flatnonzero(truth[name].rates == truth[name].cliff)[0]
    line = schedules.linear(t.cliff, total_steps)(np.arange(total_steps))
    decayed = runs.held_out(workloads[name], [line], full_seeds)[0]
    shares = [(losses > runs.FAILED).mean() for losses in (t.losses[at], decayed)]
    outcomes.show_facts(
        {
            "most constant runs fail at the cliff": shares[0] > 0.5,
            "fewer than one decaying run in three fails there": shares[1] < 1 / 3,
        },
        at=name,
    )

# %% [markdown]
# Where most constant runs fail, most decaying runs do not, so the cliff moves up.
# <!-- holds: most constant runs fail at the cliff at SGD, two layers; fewer than one decaying run in three fails there at
# SGD, two layers; most constant runs fail at the cliff at SGD, four layers; fewer than one decaying run in three fails
# there at SGD, four layers --> A run that decays passes through the dangerous rates and leaves them again. A warmup,
# too, lets Adam use a larger peak (lesson 4). <!-- holds in 04: warmup raises the usable peak at spirals -->
# One range test knows neither schedule, so it cannot tell how much larger the peak may be.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: what moves the curve itself
#
# Sweeps are cheap enough to ask which networks need a smaller rate. As a reading we take
# one tenth of the minimum, in tests of 200 updates from `1e-4`, for 16 seeds (8 for the convnet). The table shows the
# factor to the first row, with a 95 % interval from the paired logarithms.


# %%
def mlp(*widths):
    return Workload(digits, Mlp(widths, dtype="float32"), batch_size=32)


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
read, curves = {}, {}
for group, variants in groups.items():
    for label, work in variants.items():
        some = np.arange(8 if group == "convnet" else 16)
        one = range_test.sweep(work, some, lowest_rate=1e-4, steps=200)
        read[group, label] = np.log(range_test.suggestions(one, minimum)["fastai minimum"])
        curves[group, label] = one.rates, range_test.zones(one).curve

# %%
rows, facts = [], {}
for group, variants in groups.items():
    if group == "convnet":  # its curve has two valleys: a mean over both is a rate of neither
        continue
    first, *others = variants
    for label in others:
        difference = read[group, label] - read[group, first]
        interval = mean_interval(difference)
        rows.append((group, f"{first} to {label}", ratio_interval(difference)))
        facts[f"{group}, {label}: lower reading"] = interval.high < 0
        facts[f"{group}, {label}: higher reading"] = interval.low > 0
show_table(["changed", "from, to", "reading, times"], rows)
outcomes.show_facts(facts)

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
# Depth moves the curve clearly: the deeper network turns up earlier. <!-- holds: depth, 6 layers: lower reading --> Wrong
# labels do, too: the loss has less far to fall, and the noise overtakes it at a lower rate. <!-- holds: wrong labels, spirals, 40
# %: lower reading --> Whether the width matters, sixteen seeds do not decide. <!-- holds: width, 16: lower reading is false;
# width, 16: higher reading is false; width, 256: lower reading is
# false; width, 256: higher reading is false --> It is often said that
# normalisation allows larger rates; for this convnet the range test does not show it. Look at its
# curve, though: with group normalisation the loss turns up, and falls again at still larger
# rates. One number cannot describe such a curve.

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
# needs more of them to grow was not seen. <!-- holds: the unstable zone begins earlier in every
# longer test; a longer test suggests less --> A longer test, or a smaller peak, or a schedule that
# leaves the peak soon, would each help.
#
# </details>
#
# ---
# **2.** You switch from SGD to Adam, still at a constant rate, and keep the rule, the network and the data. A
# colleague says that the valley was "far too low" last time, so you should multiply its suggestion by ten again.
# Should you?
#
# <details><summary>Answer</summary>
#
# No. With SGD the valley lay below the good range for most seeds. With Adam, on the same network, it lay inside, and ten times as
# much would have been past its upper end. <!-- holds: the valley is mostly below the good range at SGD, two layers; most of
# the valley's suggestions lie inside it at Adam, two layers; ten times the valley is mostly past it at Adam, two layers --> How far a rule misses has to be measured again for
# every optimizer, with a few full runs.
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
# argmin over an array with NaN returns the place of a NaN. <!-- holds: fastai, torch-lr-finder and ignite stop no run that went to NaN -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. A range test raises the rate by a constant factor at every update; debias the average, and stop on NaN yourself.
#    <!-- holds: fastai, torch-lr-finder and ignite stop no run that went to NaN -->
# 2. From the same curve eight rules read rates more than four orders of magnitude apart. <!-- holds: the largest median
#    suggestion is over 10,000 times the smallest -->
# 3. The valley is mostly below the good range with SGD and inside it with Adam; a tenth of the minimum was never past
#    the cliff. <!-- holds: the valley is mostly below the good range at SGD, two layers; most of the valley's
#    suggestions lie inside it at Adam, two layers; a tenth of the minimum is never past the cliff at SGD, four layers; a tenth of the
#    minimum is never past the cliff at Adam, four layers -->
# 4. Longer tests and other first rates move the answer, and with Adam the length of the run moves the truth. <!-- holds: the
#    unstable zone begins earlier in every longer test; after 300 updates the good range begins at half the rate or
#    less of that after 75 at Adam, two layers; after 300 updates the good range begins at half the rate or less of that after
#    75 at Adam, four layers -->
# 5. Use the edge of the unstable zone over eight seeds to centre a small grid of peaks, with your schedule. <!-- holds: the
#    best peak of the small grid is within a factor of three of the wide grid's -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# | do | start with | evidence |
# |---|---|---|
# | run the test | eight seeds, 100 updates each, from $10^{-7}$ to 10 | together they cost less than three of our full runs <!-- derived: 8 times 100 over 300 --> |
# | read it | the edge of the unstable zone of the median curve | a grid around it led to within a factor of three of a wide grid's best peak <!-- holds: the best peak of the small grid is within a factor of three of the wide grid's --> |
# | choose the peaks to try | a quarter, half, one and two times the edge; go on while the best is the first or the last | six peaks were enough on all five problems <!-- holds: no small grid needed more than six peaks --> |
# | use a tool's number with Adam | a tenth of the minimum, as the peak of a 1-cycle | equal to a tuned peak on both networks <!-- holds: fastai minimum equal_to tuned peak at Adam, two layers; fastai minimum equal_to tuned peak at Adam, four layers --> |
# | use fastai's valley | as the lowest peak of a grid in a short run | four times as much was better in the short run, and gained less than a third of that in a run of fourfold length <!-- holds: fastai valley worse_than 4 times the valley at 300 updates; in 1,200 updates four times the valley gains less than a third of what it gains in 300 --> |
# | see a suggestion in the flat zone | look at the curve, and start over | Lightning was mostly below the good range, even on its own sweep <!-- holds: Lightning is mostly below it on its own sweep at SGD, two layers; Lightning is mostly below it on its own sweep at SGD, four layers; Lightning is mostly below it on its own sweep at Adam, two layers; Lightning is mostly below it on its own sweep at Adam, four layers --> |
# | stop the loop | `if not np.isfinite(loss): break` | three of four tools stopped no run that went to NaN <!-- holds: fastai, torch-lr-finder and ignite stop no run that went to NaN --> |

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
# arXiv:1506.01186. · L. N. Smith, N. Topin (2019), *Super-convergence: very fast training of
# neural networks using large learning rates*, arXiv:1708.07120.
