# %% [markdown] tags=["title"]
# # Scale up: batches, longer runs, recipes
#
# **You will learn** to
#
# - say how far a batch may grow before it costs examples, and estimate that size from gradients;
# - carry a rate, a warmup and Adam's averages over to another batch size, run length or width;
# - read a published recipe, and know what it does and does not show;
# - account for weight decay, for a growing batch, for Muon, and for a start from trained weights.
#
# **Time:** about 45 minutes, and 30 more for *Further*.
# **You need** lessons 1 to 4 and 9, and Python with NumPy.

# %% tags=["parameters"]
seeds = 8  # training runs to choose each peak; twice as many others score it
FAST = False  # True: fewer runs, for a quick check

# %%
import numpy as np

from course_lib import compare, plots, problems, schedules, theory, training
from course_lib.experiments import lesson13_layers as layers
from course_lib.experiments.lesson09_runs import averaged_sgd, initial_weights, tuned
from course_lib.experiments.lesson13_runs import (
    AdamSettings,
    FineTuning,
    GoingOn,
    adam_losses,
    batch_ramp,
    noise_scale,
    some_digits,
    tuned_batches,
    updates_to_reach,
)
from course_lib.intervals import mean_interval, ratio_interval
from course_lib.measured import show_table
from course_lib.outcomes import show_facts
from course_lib.plots.lesson09 import lines_over
from course_lib.plots.lesson13 import tradeoff_figure
from course_lib.schedules.recipes import RECIPES

# %% [markdown] tags=["surprise", "predict"]
# ## The same examples in fewer updates
#
# A noisy quadratic, 8,192 examples, linear decay to zero. With batches of 4 that makes 2,048 updates; with
# batches of 64 only 128, a sixteenth. <!-- 2048/128 = 16 --> Each batch size gets its own best peak, and all losses are exact.
#
# > **Predict before you run.** By how much does the final loss grow from batch 4 to batch 64? And from 64 to
# > 256?

# %% tags=["surprise", "conclusion"]
examples, best = 8192, {}
print("batch  updates  best peak    loss  loss / that of batch 4")
for batch in (4, 16, 64, 128, 256, 512):
    bowl = problems.power_law_quadratic(batch_size=batch)
    best[batch] = tuned(bowl, schedules.linear, examples // batch)
    peak, loss = best[batch]
    ratio = loss / best[4][1]
    print(f"{batch:5d} {examples // batch:8d} {peak:10.2f} {loss:7.4f} {ratio:10.3f}")
cost = {batch: np.log(loss / best[4][1]) for batch, (_, loss) in best.items()}
show_facts(
    {
        "batch 64 costs less than one per cent": cost[64] < compare.RATIO_MARGIN,
        "batch 256 at least doubles the loss": cost[256] > np.log(2),
        "up to batch 64 the best peak grows in proportion to the batch": bool(
            abs(best[64][0] / best[4][0] / 16 - 1) < 0.05
        ),
    }
)

# %% [markdown]
# **Sixteen times fewer updates cost less than one per cent, and four times fewer still double the
# loss.** <!-- holds: batch 64 costs less than one per cent; batch 256 at least doubles the loss -->
# Up to batch 64 the best peak grows with the batch, as the *linear scaling rule* says (Goyal et al., 2017).
# <!-- holds: up to batch 64 the best peak grows in proportion to the batch -->
# Beyond that the rule fails. This lesson asks what it is, how to see it coming, and what else has to change when a run
# is scaled up.

# %% [markdown]
# ## How much noise is in a gradient?
#
# The gradient of a batch of $B$ examples is the mean of $B$ gradients. Call the gradient of all examples $G$,
# and the total variance of one example's gradient $\operatorname{tr}\Sigma$. Then
#
# $$\mathbb E\,|g_B|^2 = |G|^2 + \frac{\operatorname{tr}\Sigma}{B}.$$
#
# At $B = \operatorname{tr}\Sigma/|G|^2$ signal and noise are equally large. This is the **gradient noise scale**
# (McCandlish et al., 2018): far below it, doubling the batch halves the noise and lets you make larger steps;
# far above it, it removes noise that was small already. Two batch sizes suffice to estimate it, because
# they give two equations for the two unknowns.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** A network starts to learn, and later is nearly done. At which of the two moments
# > is the noise scale larger?


# %% tags=["from-scratch"]
def estimate(small, big, square_small, square_big):
    """|G|^2 and tr Sigma from the mean squared norms of gradients of two batch sizes."""
    signal = (big * square_big - small * square_small) / (big - small)
    noise = (square_small - square_big) / (1 / small - 1 / big)
    return signal, noise


def squared_norm(batch, draws=20_000):
    """Mean squared norm of gradients of the quadratic at its start."""
    bowl = problems.power_law_quadratic(batch_size=batch)
    noise = np.random.default_rng(batch).standard_normal((draws, len(bowl)))
    return ((bowl.curvatures * bowl.start + bowl.noise_std * noise) ** 2).sum(axis=1).mean()


one = problems.power_law_quadratic(batch_size=1)
signal, noise = ((one.curvatures * one.start) ** 2).sum(), (one.noise_std**2).sum()
estimated = estimate(4, 64, squared_norm(4), squared_norm(64))
print(
    f"estimated: {estimated[1] / estimated[0]:.1f} examples · exact: {noise / signal:.1f} examples"
)

# %% tags=["library"]
data, sizes = problems.noisy_spirals(), (2, 64, 64, 3)
runs_seeds = range(1, 4 * seeds, 2)
moments = (1, 100, 200, 300)
rates = schedules.linear(1.0, 300)(np.arange(300))
start = initial_weights(sizes, runs_seeds)
kept, _ = averaged_sgd(start, sizes, data, rates, runs_seeds, 32, keep_at=moments)
signal, noise, scales = {}, {}, {}
for moment, (weights,) in zip(moments, kept, strict=True):
    signal[moment], noise[moment] = noise_scale(
        weights, sizes, data
    )  # from every example's gradient
    scales[moment] = noise[moment] / signal[moment]


# %% tags=["library"]
def typical(values):
    return ratio_interval(np.log(values))


show_table(
    ["updates", "1000 |G|²", "tr Σ", "noise scale, examples"],
    [[m, typical(1000 * signal[m]), typical(noise[m]), typical(scales[m])] for m in moments],
)
growth = mean_interval(np.log(scales[300] / scales[100]))
falls = [mean_interval(np.log(part[1] / part[300])) for part in (signal, noise)]
show_facts(
    {
        "the noise scale is below 128 after 1 update": typical(scales[1]).high < 128,
        "the noise scale grows tenfold from 100 to 300 updates": growth.low > np.log(10),
        "from 1 to 300 updates the square of the gradient falls more than the variance": (
            falls[0].low > falls[1].high
        ),
    }
)

# %% [markdown]
# **The noise scale is not a constant of the problem: it grows during the run**, from about ten examples to
# thousands. Most of the growth comes in the last third, while the rate falls to zero, so this table cannot separate learning from decay. The gradient of all examples shrinks far more than the variance between examples.
# <!-- holds: the noise scale is below 128 after 1 update; the noise scale grows tenfold from 100 to 300 updates; from 1 to 300 updates the square of the gradient falls more than the variance -->
# A batch that is wasteful at the start may be too small at the end. The quadratic starts at 2.8 examples, and yet a batch of
# 64 cost next to nothing over the whole run: measure more than once. Several of the large runs below
# let their batch grow.

# %% [markdown] tags=["predict"]
# ## The critical batch size
#
# Ask for a loss, and count what it takes to get there: updates $S$ and examples $E = SB$. McCandlish et al. (2018)
# found, for many tasks, close to
#
# $$\Big(\frac{S}{S_{\min}} - 1\Big)\Big(\frac{E}{E_{\min}} - 1\Big) = 1 .$$
#
# A tiny batch needs the fewest examples, $E_{\min}$, a huge one the fewest updates, $S_{\min}$. Between them lies
# the **critical batch size** $E_{\min}/S_{\min}$, where by this formula both are twice their minimum.
#
# > **Predict before you run.** The same quadratic, two targets: a loss of 0.05, which is soon reached, and of
# > 0.01. Which has the larger critical batch?

# %% tags=["experiment", "conclusion"]
batches, targets = (4, 16, 64, 256, 1024), (0.05, 0.01)
needed, critical = {}, {}
for target in targets:
    counts = []
    for batch in batches:
        bowl = problems.power_law_quadratic(batch_size=batch)
        counts.append(updates_to_reach(bowl, target, high=max(8000 // batch, 200)))
    needed[f"loss {target}"] = counts
    critical[f"loss {target}"] = counts[0] * batches[0] / counts[-1]
print("updates (examples, times the fewest) to reach a loss")
for label, counts in needed.items():
    fewest = counts[0] * batches[0]
    cells = [f"{s} ({s * b / fewest:.1f})" for s, b in zip(counts, batches, strict=True)]
    print(f"{label}: " + ", ".join(f"B {b}: {c}" for b, c in zip(batches, cells, strict=True)))
    print(f"{'':10} critical batch {critical[label]:.0f}")
low, high = critical.values()
show_facts({"the lower loss has the larger critical batch": high > low})

# %% jupyter={"source_hidden": true}
plots.show(
    tradeoff_figure(batches, needed, critical),
    alt="Left: updates to reach a loss over the batch size, on two logarithmic axes. For small batches they fall in "
    "proportion, then level off. Right: the examples are level for small batches and rise for large ones. "
    "For the lower loss both bends come at a larger batch; vertical lines mark the critical batch sizes.",
)

# %% [markdown]
# Up to a point, four times the batch takes a quarter of the updates and no more examples. Beyond it the updates
# hardly fall, and nearly all further examples are wasted. **The lower the loss that is asked for, the larger the
# critical batch**, <!-- holds: the lower loss has the larger critical batch --> as the noise scale suggests. Our quadratic bends more sharply than the formula, which has its bend spread over several sizes. In the first section batch 256 failed for the same reason. Noise alone
# would have let its best peak double again. But above the stability limit of lesson 1, here 2, the steepest direction grows, and a falling rate can
# stay there only for a while.

# %% [markdown] tags=["predict"]
# ## Which rate goes with the batch?
#
# The network on the spirals, SGD with linear decay to zero, and 9,600 examples in batches of 8, 32 or 128. At
# batch 32 we take the best of three peaks, a factor of four apart. For the other two there are three candidates: leave it, multiply it by the ratio of the
# batches (*linear rule*), or by the root of the ratio (*root rule*).
#
# > **Predict before you run.** Which candidate is best at batch 8, and which at 128? And how much loss does the larger
# > batch cost, at equal examples?

# %% tags=["experiment"]
choosing = seeds // 2 if FAST else seeds
split = compare.Seeds(range(0, 2 * choosing, 2), range(1, 4 * seeds, 2))  # to choose, to score
margin, total = compare.margin(data), 9600


def ends(batch, peak, numbers):
    """Held-out loss of runs of 9,600 examples, shape (seeds,)."""
    n = total // batch
    workload = training.Workload(data, training.Mlp(dtype="float32"), batch_size=batch)
    rates = np.tile(schedules.linear(peak, n)(np.arange(n)), (len(numbers), 1))
    return training.train(workload, rates, numbers).held_out_loss[:, -1]


base = min((0.25, 1.0, 4.0), key=lambda peak: ends(32, peak, split.validation).mean())
rules = {"unchanged": 0.0, "root rule": 0.5, "linear rule": 1.0}
peak_at = {(b, rule): base * (b / 32) ** p for b in (8, 128) for rule, p in rules.items()}
scores = {key: ends(key[0], peak, split.fresh) for key, peak in peak_at.items()}
reference = ends(32, base, split.fresh)

# %% tags=["experiment"]
contrasts = []
for batch in (8, 128):
    for ours, theirs in (
        ("root rule", "unchanged"),
        ("linear rule", "unchanged"),
        ("root rule", "linear rule"),
    ):
        pair = (scores[batch, ours], scores[batch, theirs], margin)
        both = (peak_at[batch, ours], peak_at[batch, theirs])
        contrasts.append(
            compare.paired(f"{ours}, batch {batch}", f"{theirs}, batch {batch}", *pair, peaks=both)
        )
compare.show_verdicts(contrasts)
compare.show_verdicts(
    [
        compare.paired(
            f"batch {batch}", "batch 32", scores[batch, "root rule"], reference, margin,
            peaks=(peak_at[batch, "root rule"], base),
        )
        for batch in (8, 128)
    ],
    at="root rule",
)  # fmt: skip

# %% tags=["experiment"]
finer = 0.25 * 2.0 ** np.arange(0, 4.1, 0.5)  # a search at either batch
highest, lowest = (
    finer[np.argmin([ends(batch, peak, split.validation).mean() for peak in finer])]
    for batch in (128, 8)
)
grows_less = bool(highest / lowest <= 8)
show_facts({"from batch 8 to 128 the best peak grows at most eightfold": grows_less})

# %% [markdown]
# **From a peak of 1 at batch 32, the root rule is better at 128 than the linear rule, and than no change.** At 8 the linear
# rule is worse than no change, by 0.006, and the root rule makes no difference that matters.
# <!-- holds: root rule, batch 128 better_than linear rule, batch 128; root rule, batch 128 better_than unchanged, batch 128; linear rule, batch 8 worse_than unchanged, batch 8; root rule, batch 8 equal_to unchanged, batch 8 -->
# Those three peaks are coarse. A search at each batch, in steps of $\sqrt2$, agrees that the linear rule asks for too much:
# from 8 to 128, sixteen times<!-- 128/8 = 16 --> the batch, the best peak grows at most eightfold. <!-- holds: from batch 8 to 128 the best peak grows at most eightfold -->
# The linear rule held on the quadratic as long as noise was the limit. Here the other limit, stability, may be close.
#
# At equal examples the batch of 128 costs 0.03 and the batch of 8 gains 0.01, each with the root rule.
# <!-- holds: batch 128 worse_than batch 32 at root rule; batch 8 better_than batch 32 at root rule -->
# Early in training the noise scale is below 128, which may be why. We tested neither. The rules
# tell you where to look first; they do not replace looking.

# %% [markdown] tags=["predict"]
# ## Adam: scale the averages as well
#
# Adam divides by the size of the gradient, so its step does not shrink when a larger batch has less noise. Malladi et al. (2022) derive
# its rule: for $k$ times the batch multiply the rate by $\sqrt k$, multiply $1-\beta_1$ and $1-\beta_2$ by $k$,
# and divide $\epsilon$ by $\sqrt k$. The averages then reach back over as many examples as before.
# Most people scale the rate only. We do both, on the quadratic of the first section, for the same examples; the
# settings $\beta_1 = 0.9$, $\beta_2 = 0.999$ belong to batch 64.
#
# > **Predict before you run.** By which factor does the best peak grow from one batch to the next, four times as large?
# > Does the loss grow with the batch, stay, or fall?

# %% tags=["experiment", "conclusion"]
around = 2.0 ** np.arange(-1, 1.6, 0.5)  # peaks tried, as multiples of the root rule's
chosen_by, scored_by, base_adam = range(0, 64, 2), range(1, 257, 2), AdamSettings()
adam, rows, scaled_peak = {}, [], {}
for kind in ("betas fixed", "betas scaled"):
    for batch in (4, 16, 64, 256):
        settings = base_adam if kind == "betas fixed" else base_adam.scaled(batch / 64)
        bowl = problems.power_law_quadratic(batch_size=batch)
        n, grid = examples // batch, 0.04 * (batch / 64) ** 0.5 * around
        peak = grid[adam_losses(bowl, grid, n, chosen_by, settings).mean(axis=1).argmin()]
        scaled_peak[batch] = peak  # in the end with betas scaled
        adam[kind, batch] = adam_losses(bowl, [peak], n, scored_by, settings)[0]
        loss = mean_interval(adam[kind, batch])
        rows.append([kind, batch, f"{settings.beta1:.3g}", f"{peak:.3f}", loss])
show_table(["Adam with", "batch", "beta1", "best peak", "loss"], rows)

# %% tags=["experiment", "conclusion"]
# Too small to matter: one per cent of the exact loss of SGD at batch 4.
small = compare.RATIO_MARGIN * best[4][1]
compare.show_verdicts(
    [
        compare.paired(f"{k}, batch 256", f"{k}, batch 4", adam[k, 256], adam[k, 4], small)
        for k in ("betas fixed", "betas scaled")
    ],
    unit="loss",
)
gain = {k: adam[k, 4].mean() - adam[k, 256].mean() for k in ("betas fixed", "betas scaled")}
show_facts(
    {
        "with scaled betas the gain is at most two thirds as large": bool(
            gain["betas scaled"] < 2 / 3 * gain["betas fixed"]
        )
    }
)

# %% tags=["experiment", "conclusion"]
contrasts = []
for batch in (4, 256):  # no search: the peak of batch 64 times the root of the ratio
    bowl, settings = problems.power_law_quadratic(batch_size=batch), base_adam.scaled(batch / 64)
    peak = scaled_peak[64] * (batch / 64) ** 0.5
    (moved,) = adam_losses(bowl, [peak], examples // batch, scored_by, settings)
    pair = (moved, adam["betas scaled", batch], small)
    both = (peak, scaled_peak[batch])
    contrasts.append(
        compare.paired(f"rule to batch {batch}", f"tuned, batch {batch}", *pair, peaks=both)
    )
compare.show_verdicts(contrasts, unit="loss")

# %% [markdown]
# With $\beta$ fixed the best peak doubles each time, which is the root rule. And
# **batch 256 is better than batch 4, at equal examples**. <!-- holds: betas fixed, batch 256 better_than betas fixed, batch 4 -->
# Part of that does not come from the batch. With fixed $\beta$ the averages of batch 256 reach back over 64 times as many
# examples as those of batch 4<!-- 256/4 = 64 -->, so it is another optimizer. With $\beta$ scaled the gain is about half as
# large; it does not vanish, and we do not know what the rest is.
# <!-- holds: betas scaled, batch 256 better_than betas scaled, batch 4; with scaled betas the gain is at most two thirds as large -->
#
# Scaling the averages does not spare the search, though. The rule's peak for batch 256 is one step of our grid too small,
# and that costs 0.029. For batch 4 the difference from its own best peak is open and small. <!-- holds: rule to batch 256 worse_than tuned, batch 256; rule to batch 4 open_against tuned, batch 4 -->
# The rule is derived for many small steps in noise. That 32<!-- 8192/256 = 32 --> updates are few cannot be all: with $\beta$ fixed the same peak did well in as many.

# %% [markdown]
# ## The length of the run
#
# Three rules are in circulation. *The schedule should be as long as the run* (Li et al., 2020; Hoffmann
# et al., 2022). *Shorter runs need faster decay. Longer runs need a longer warmup.* The first two can be
# computed, with the best peak for each schedule:

# %% tags=["conclusion"]
noisy, horizon = problems.power_law_quadratic(noise_std=1.0), 300
losses = {
    planned: tuned(noisy, lambda p, n, planned=planned: schedules.linear(p, planned), horizon)[1]
    for planned in (150, 225, 300, 450, 600)
}
print("linear decay in a run of 300, planned for", end="")
print("".join(f"  {planned}: {loss:.3f}" for planned, loss in losses.items()))
print("\nupdates   best exponential falls in all to   per update   best peak of linear decay")
shares, falls, peak_for = (0.3, 0.1, 0.03, 0.01), {}, {}
for n in (100, 300, 1000):
    ways = [lambda p, n, f=f: schedules.exponential(p, f ** (1 / n)) for f in shares]
    falls[n] = shares[np.argmin([tuned(noisy, way, n)[1] for way in ways])]
    peak_for[n] = tuned(noisy, schedules.linear, n)[0]
    print(f"{n:7d} {falls[n]:35.0%} {falls[n] ** (1 / n):12.3f} {peak_for[n]:14.2f}")
show_facts(
    {
        "the best plan is as long as the run": min(losses, key=losses.get) == horizon,
        "a shorter run falls faster per update": falls[100] ** (1 / 100)
        < falls[1000] ** (1 / 1000),
        "a shorter run falls less in all": falls[100] > falls[1000],
        "a longer run has the smaller best peak": peak_for[100] > peak_for[300] > peak_for[1000],
    }
)

# %% [markdown]
# **The schedule should be as long as the run**: too short costs as well as too long. A shorter run
# has the faster decay *per update*, but falls less in all. And **the longer the run, the smaller its best
# peak**: a peak tuned on a short run is too large for a long one, here.
# <!-- holds: the best plan is as long as the run; a shorter run falls faster per update; a shorter run falls less in all; a longer run has the smaller best peak -->
# Bjorck et al. (2024) found the same for language models, even with the parametrisation of the next section; [lesson 12](12_language_models.ipynb)
# measures it on recorded runs. If you do not know the length, lesson 9 has what you need: cooldowns from one long run, averages, and
# schedule-free, which was equal to a tuned cosine on the network at 800 updates. <!-- holds in 09: schedule-free, 800 equal_to cosine, 800 -->
#
# The third rule is about warmup. We train the network with Adam for 50, 200 and 800 updates, with warmups of
# a fixed number of updates and a cosine after them, at two peaks: 0.1, and three times that.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** At which of the lengths does a warmup of 20 updates help? Does the run of 800 need
# > a warmup of 80?

# %% tags=["experiment"]
adam_work = training.Workload(data, training.Mlp(dtype="float32"), training.Adam(), batch_size=64)
lengths = (50, 200) if FAST else (50, 200, 800)


def warm_ends(peak, n, warmup):
    rates = schedules.warmup_cosine(peak, warmup, n)(np.arange(n))
    runs = training.train(adam_work, np.tile(rates, (len(split.fresh), 1)), split.fresh)
    return runs.held_out_loss[:, -1]


longer = {}  # their digits differ between processors: near the limit training is chaotic
for peak in (0.1, 0.3):
    found = []
    for n in lengths:
        none, short = (warm_ends(peak, n, warmup) for warmup in (0, 20))
        names = (f"warmup 20 in {n}", f"warmup 0 in {n}")
        found.append(compare.paired(*names, short, none, margin, peaks=(peak, peak)))
        if peak == 0.3 and n > 50:
            one = compare.paired("80", "20", warm_ends(peak, n, 80), short, margin)
            better = one.verdict is compare.Verdict.BETTER
            longer[f"a warmup of 80 is better than one of 20 in {n}"] = better
    compare.show_verdicts(found, at=f"peak {peak}")
show_facts(longer, at="peak 0.3")

# %% [markdown]
# At the smaller peak, 0.1, only the run of 50 updates gains; at 200 and 800 the difference is open and small.
# <!-- holds: warmup 20 in 50 better_than warmup 0 in 50 at peak 0.1; warmup 20 in 200 open_against warmup 0 in 200 at peak 0.1; warmup 20 in 800 open_against warmup 0 in 800 at peak 0.1 -->
# At three times that peak **a warmup of 20 updates helps at every length, and 80 are not shown to be better
# than 20**. <!-- holds: warmup 20 in 50 better_than warmup 0 in 50 at peak 0.3; warmup 20 in 200 better_than warmup 0 in 200 at peak 0.3; warmup 20 in 800 better_than warmup 0 in 800 at peak 0.3; a warmup of 80 is better than one of 20 in 200 is false at peak 0.3; a warmup of 80 is better than one of 20 in 800 is false at peak 0.3 -->
# So the peak matters (lesson 4), and at the smaller peak the length does too. There is no sign here that a longer run needs a longer
# warmup: at the large peak the gain of 20 updates is much the same in 200 updates and in 800. Whether very large models need more as they train
# for longer, this network cannot tell.

# %% [markdown] tags=["predict"]
# ## A wider network
#
# The model grows as well. Adam moves every weight by about the rate, so the sum over a unit's $n$ inputs
# can change by up to $n$ times as much: in a wider network the same rate is a larger change. **muP**, the maximal update
# parametrisation (Yang et al., 2022), corrects for this. Tune at one width, the *base*. At $m$ times that width, with Adam,
#
# - the first layer and all biases keep their rate;
# - every other matrix has its rate divided by $m$;
# - the output matrix starts smaller, by $\sqrt m$.
#
# We tune networks with four hidden layers at width 64, on the digits, and then train them at 256.
#
# > **Predict before you run.** By how much does the best peak fall from 64 to 256 in the usual, *standard* parametrisation, and in muP? What
# > does it cost to keep the peak of 64?

# %% tags=["experiment"]
images, base_width = problems.digits(), 64
peaks_tried, parametrisations = 0.002 * 2.0 ** np.arange(5), {"standard": None, "muP": base_width}
by_width, best_at = {}, {}
print("best peak at width  " + "".join(f"{width:8d}" for width in (16, 64, 256)))
for name, base in parametrisations.items():
    for width in (16, 64, 256):
        tried = layers.width_losses(
            images, width, peaks_tried, split.validation, mup_base=base, updates=60
        )
        by_width[name, width] = tried.mean(axis=1)
        best_at[name, width] = float(peaks_tried[by_width[name, width].argmin()])
    print(f"{name:20}" + "".join(f"{best_at[name, width]:8.3f}" for width in (16, 64, 256)))
kept_peak = best_at["standard", 64]  # at the base width the two parametrisations are one
searched, width_margin = best_at["standard", 256], compare.margin(images)

# %% tags=["experiment", "conclusion"]
kept, found = layers.width_losses(images, 256, [kept_peak, searched], split.fresh, updates=60)
(with_mup,) = layers.width_losses(
    images, 256, [kept_peak], split.fresh, mup_base=base_width, updates=60
)
pairs = (
    ("standard, peak of 64", "standard, peak searched", kept, found, (kept_peak, searched)),
    ("muP, peak of 64", "standard, peak of 64", with_mup, kept, (kept_peak, kept_peak)),
)
compare.show_verdicts(
    [compare.paired(a, b, x, y, width_margin, peaks=both) for a, b, x, y, both in pairs],
    at="width 256",
)
saved = (kept.mean() - with_mup.mean()) / (kept.mean() - found.mean())
show_facts(
    {
        "standard: the best peak at 256 is at most half of that at 64": 2 * searched <= kept_peak,
        "muP: the best peaks at 64 and 256 differ at most by a factor of two": bool(
            0.5 <= best_at["muP", 256] / best_at["muP", 64] <= 2
        ),
        "muP saves more than half of what the kept peak costs": bool(saved > 0.5),
        "the search ends lower than muP": bool(found.mean() < with_mup.mean()),
    }
)

# %% jupyter={"source_hidden": true}
figure, axes = plots.panels(2, width=8.4, height=3.2, gap=0.9)
for ax, name in zip(axes, parametrisations, strict=True):
    means = {f"width {width}": by_width[name, width] for width in (16, 64, 256)}
    lines_over(peaks_tried, means, "peak learning rate", "held-out loss", ax=ax, title=name, top=2)
    ax.set(yscale="log", ylim=(0.03, 5))
    ax.set_yticks([0.05, 0.2, 1], ["0.05", "0.2", "1"])
    ax.minorticks_off()
    ax.legend(loc="upper center", ncols=3, fontsize=7.5)
plots.show(
    figure,
    alt="Held-out loss over the peak at widths 16, 64 and 256, on two logarithmic axes, rings at the best. Left, standard: "
    "wider networks lie lower; the lowest points of 16 and 64 are at 0.016, that of 256 at 0.004, and from there it rises "
    "until it is above 64. Right, muP: the lowest points lie within a factor of two, and 256 is below 64 everywhere.",
)

# %% [markdown]
# **In the standard parametrisation width 256 has a smaller best peak than width 64, and keeping that of 64 is worse.** Widths 16 and 64 share theirs. In muP it stays within a
# factor of two, and the peak of 64, kept at 256, costs less than half as much.
# <!-- holds: standard: the best peak at 256 is at most half of that at 64; standard, peak of 64 worse_than standard, peak searched at width 256; muP, peak of 64 better_than standard, peak of 64 at width 256; muP: the best peaks at 64 and 256 differ at most by a factor of two; muP saves more than half of what the kept peak costs -->
#
# A search at 256 in the standard parametrisation still ended lower on average, by less than our margin. <!-- holds: the search ends lower than muP -->

# %% [markdown]
# ## What published runs did
#
# Thirteen runs from nine years, as their papers, code or model cards state them, with the rate in per cent of its peak:

# %%
shown = [
    "Transformer base", "BERT", "PPO on Atari", "CycleGAN, in epochs", "GPT-3 175B", "DDPM on CIFAR-10",
    "Stable Diffusion v1", "Whisper large", "Llama 3 405B", "DeepSeek-V3", "OLMo 2 7B", "SmolLM3 3B",
    "Kimi K2",
]  # fmt: skip
print(
    "run                      peak   warmup   rate after 10 %, 25 %, 50 %, 75 %, 100 % of the run"
)
for name in shown:
    recipe = RECIPES[name]
    end = recipe.total_steps
    rates = recipe.schedule(np.linspace(0, end, 2001).astype(int))
    at = recipe.schedule(
        np.array([0.1 * end, 0.25 * end, 0.5 * end, 0.75 * end, end - 1]).astype(int)
    )
    warm = np.argmax(rates >= 0.999 * rates.max()) / 2000
    print(
        f"{name:20} {rates.max():9.2e} {warm:7.1%} "
        + "".join(f"{r / rates.max():7.0%}" for r in at)
    )
for name in shown:
    print(f"{name}: {RECIPES[name].source}")

# %% [markdown]
# You may read that large language models, GANs and diffusion models all use a cosine. Of these thirteen, three do all the way:
# GPT-3, Llama 3 and OLMo 2, which stops its cosine early and goes to zero in a straight line. BERT, PPO and Whisper decay linearly to zero. The GAN and DeepSeek-V3 hold their peak for half of the run or more and
# then let it fall, and so do SmolLM3 and Kimi K2. DeepSeek-V3 and Kimi K2 fall along part of a cosine. The first Transformer falls as $1/\sqrt t$. The two diffusion models keep one rate, after a warmup; DDPM then uses an average
# of its weights, as in lesson 9. <!-- source: the papers and configs listed above, 2017 to 2025 -->
#
# DDPM shows why code should be read as well. The paper (Ho et al., 2020) gives a constant rate; the released code has a
# warmup of 5,000 updates. <!-- cited: 5,000 --> <!-- source: Ho et al. 2020, scripts/run_cifar.py -->
#
# These are records of what worked once. Few papers show the runs that would tell whether another schedule, tuned as
# carefully, would have done as well.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong: a larger batch, and a schedule in updates
#
# A recipe says 10,000 updates with 500 of warmup. You make the batch four times as large and the rate with
# it, and stop after the same number of examples. The numbers in the schedule stay as they were.

# %% tags=["goes-wrong", "conclusion"]
peak_lr, total_steps, warmup_steps = 0.1, 10_000, 500
kept_plan = schedules.warmup_cosine(4 * peak_lr, warmup_steps, total_steps)
scaled_plan = schedules.warmup_cosine(4 * peak_lr, warmup_steps // 4, total_steps // 4)
updates = total_steps // 4
for name, plan in (("as it was", kept_plan), ("all lengths / 4", scaled_plan)):
    print(f"{name:16} warmup {plan.phases[0].steps / updates:4.0%} of the run, ", end="")
    print(f"rate at its end {plan(updates) / (4 * peak_lr):4.0%} of the peak")
show_facts({"the unchanged schedule ends above half its peak": kept_plan(updates) > 2 * peak_lr})

# %% [markdown]
# The run ends after a quarter of its schedule, near the peak. It is the cosine that was stopped early in lesson 3, on
# top of a warmup of four times the share. **Write lengths in examples, tokens or epochs, and compute the updates from them.**
# <!-- holds: the unchanged schedule ends above half its peak -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: weight decay follows the schedule
#
# AdamW (Loshchilov and Hutter, 2019) multiplies every weight by $1-\eta_t\lambda$ before its step, in PyTorch
# and most libraries. So **what decays the weights is the product of rate and $\lambda$**: if the schedule
# takes the rate to zero, it takes the decay with it. <!-- derived: the factor above --> Weights pushed about at random settle where the pushes
# and the decay balance, at a root mean square near $\sqrt{\eta/(2\lambda)}$.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Rate 0.02 and decay 0.2, random steps of full size: where do weights settle?
# > Now the rate times 4 and the decay divided by 4: what changes, the speed or the size? And if the rate
# > falls to zero?


# %% tags=["conclusion"]
def shrink_and_push(rates, weight_decay, count=20_000):
    signs, w, size = np.random.default_rng(1), np.zeros(count), []
    for rate in rates:
        push = signs.integers(0, 2, count) * 2.0 - 1.0  # the sign of pure noise
        w = (1 - rate * weight_decay) * w - rate * push
        size.append(np.sqrt((w**2).mean()))
    return np.array(size)


print("rate  decay  schedule  rms at end  formula  sqrt(rate / (2 decay))  updates to half of it")
halves = {}
for rate, decay in ((0.02, 0.2), (0.08, 0.05), (0.08, 0.2)):
    size = shrink_and_push(np.full(1000, rate), decay)
    rest = theory.weight_decay_equilibrium(rate, decay)
    halves[rate, decay] = int(np.flatnonzero(size > rest / 2)[0]) + 1
    print(f"{rate:4.2f} {decay:6.2f}  constant {size[-1]:11.2f} {rest:8.2f}", end="")
    print(f"{np.sqrt(rate / (2 * decay)):24.2f} {halves[rate, decay]:22d}")
falling = schedules.cosine(0.02, 1000)(np.arange(1000))
print(f"0.02   0.20  cosine   {shrink_and_push(falling, 0.2)[-1]:11.2f}")
left = [np.prod(1 - rates * 0.2) for rates in (np.full(1000, 0.02), falling)]
print(
    f"share of an idle weight that is left, decay 0.2: constant {left[0]:.3f}, cosine {left[1]:.3f}"
)
show_facts({"equal products take equally long": halves[0.02, 0.2] == halves[0.08, 0.05]})

# %% [markdown]
# The formula is right, and rate and decay do two different jobs. **Their product sets the speed and their
# ratio the size**: the first two rows have the same product and take as long, and the second settles at four
# times the size. <!-- holds: equal products take equally long --> With a cosine the rate fades and the weights settle lower, but nowhere near zero, because the
# decay fades with it. If you change the peak or the shape of a schedule, you change the weight decay as well. An
# *idle* weight, one that gets no gradient, keeps several times more of itself under the cosine than under
# the constant rate.
#
# So AdamW's weights are a moving average of its steps, over about $\tau = 1/(\eta\lambda)$ updates. Wang and Aitchison (2024) take
# this **timescale** for the quantity to carry over: when the rate is multiplied, divide $\lambda$ by as much. We
# try that on the spirals. The run has 2,000 updates, the peak grows fourfold, and the decay is 0.2 at the small peak.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** At four times the peak, which decay is better, 0.2 or 0.05? Is the answer the same for a constant rate and for
# > linear decay to zero?

# %% tags=["varies"]
plans = {"constant": lambda p, n: schedules.constant(p), "linear": schedules.linear}
decay_loss, per_epoch = {}, len(data) / 32
for shape, make in plans.items():
    for peak in (0.008, 0.032):
        for decay in (0.0, 0.05, 0.2):
            optimizer = training.AdamW(weight_decay=decay)
            work = training.Workload(data, training.Mlp(dtype="float32"), optimizer, batch_size=32)
            rates = np.tile(make(peak, 2000)(np.arange(2000)), (len(split.fresh), 1))
            runs = training.train(work, rates, split.fresh).held_out_loss[:, -1]
            decay_loss[shape, peak, decay] = runs
rows = []
for peak in (0.008, 0.032):
    for decay in (0.0, 0.05, 0.2):
        span = 1 / (peak * decay) if decay else np.inf
        losses_of = [mean_interval(decay_loss[shape, peak, decay]) for shape in plans]
        rows.append([f"{peak}", f"{decay}", f"{span:.0f}", f"{span / per_epoch:.0f}", *losses_of])
show_table(["peak", "decay", "1/(peak decay), updates", "epochs", *plans], rows)

# %% tags=["conclusion", "varies"]
for shape in plans:
    pairs = (
        ("decay 0.2 at 0.008", "decay 0 at 0.008", (0.008, 0.2), (0.008, 0.0)),
        ("decay 0.05 at 0.032", "decay 0.2 at 0.032", (0.032, 0.05), (0.032, 0.2)),
    )
    contrasts = []
    for ours, theirs, (peak, decay), (other_peak, other_decay) in pairs:
        two = decay_loss[shape, peak, decay], decay_loss[shape, other_peak, other_decay]
        contrasts.append(compare.paired(ours, theirs, *two, margin))
    compare.show_verdicts(contrasts, at=shape)
lower_rows = [
    decay_loss["linear", peak, decay].mean() < decay_loss["constant", peak, decay].mean()
    for peak in (0.008, 0.032)
    for decay in (0.0, 0.05, 0.2)
]
show_facts({"linear decay ends lower than the constant rate in every row": all(lower_rows)})

# %% [markdown]
# At a constant rate the timescale points the right way: **with four times the peak, a quarter of the decay is better than the same decay**, by 0.04.
# <!-- holds: decay 0.05 at 0.032 better_than decay 0.2 at 0.032 at constant -->
# With linear decay to zero the two are equal. <!-- holds: decay 0.05 at 0.032 equal_to decay 0.2 at 0.032 at linear -->
# A likely reason is that the timescale then grows anyway as the rate falls.
# Some decay is better than none at the small peak, with either schedule, and in every row linear decay ends lower. <!-- holds: decay 0.2 at 0.008 better_than decay 0 at 0.008 at constant; decay 0.2 at 0.008 better_than decay 0 at 0.008 at linear; linear decay ends lower than the constant rate in every row -->
#
# Wang and Aitchison suggest a timescale between one epoch and the whole run, here 71 epochs. <!-- source: Wang and Aitchison 2024 --> <!-- 2000*32/900 = 71.1 -->
# That is a wide guide: both the best and the worst of our constant runs are within it.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: a batch that grows
#
# The noise scale is small at first and large at the end, so a batch could be as well. GPT-3 and DeepSeek-V3
# grow theirs in the first part of the run, and Merrill et al. (2025) trained a language model of a billion parameters with 43 % fewer updates that way. <!-- source: Merrill et al. 2025 --> <!-- cited: 43 % -->
# On the quadratic of the first section everything is exact. All runs see 8,192 examples<!-- 64*128 = 8192 -->; those of the first three
# rows make 64 updates.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Batches of 64, 128 and 256, one after the other, or 128 all the time: which ends lower? And in the
# > opposite order? What if the rate stays constant?

# %% tags=["conclusion"]
alone, thirds = problems.power_law_quadratic(batch_size=1), 1 / 3
ramps = {
    "128 all the time": [(128, 1.0)],
    "64, 128, 256": [(64, 0.25), (128, 0.25), (256, 0.5)],
    "256, 128, 64": [(256, 0.5), (128, 0.25), (64, 0.25)],
    "64 all the time": [(64, 1.0)],
    "4, 16, 64, 256": [(4, 0.25), (16, 0.25), (64, 0.25), (256, 0.25)],
}
powers, ramp_loss = {"constant": 0, "linear": 1, "power 1.5": 1.5, "power 2": 2}, {}
print("batch             updates" + "".join(f"{name:>11}" for name in powers))
for name, stages in ramps.items():
    sizes_of = batch_ramp(examples, stages)
    for plan, power in powers.items():
        ramp_loss[name, plan] = tuned_batches(alone, sizes_of, power)[1]
    print(f"{name:17}{len(sizes_of):8d}" + "".join(f"{ramp_loss[name, p]:11.4f}" for p in powers))


# %% tags=["conclusion"]
def lower(ours, theirs):
    """Whether a loss is lower by more than one per cent."""
    return np.log(theirs / ours) > compare.RATIO_MARGIN


steady = [ramp_loss["128 all the time", plan] for plan in powers]
show_facts(
    {
        "the growing batch ends lower than 128 all the time with any decay": lower(
            ramp_loss["64, 128, 256", "linear"], min(steady)
        ),
        "the shrinking batch ends higher than 128 all the time": lower(
            min(steady), min(ramp_loss["256, 128, 64", plan] for plan in powers)
        ),
        "at a constant rate a growing batch ends lower than 64 all the time with linear decay": lower(
            ramp_loss["4, 16, 64, 256", "constant"], ramp_loss["64 all the time", "linear"]
        ),
        "with the steepest ramp every decay of the rate ends higher": all(
            lower(ramp_loss["4, 16, 64, 256", "constant"], ramp_loss["4, 16, 64, 256", plan])
            for plan in ("linear", "power 1.5", "power 2")
        ),
    }
)

# %% [markdown]
# **At equal examples and equal updates, each with its best decay, the growing batch is better than the fixed one.** With the steeper decays the fixed one is better.
# The same batches in the opposite order are the worst of the three. <!-- holds: the growing batch ends lower than 128 all the time with any decay; the shrinking batch ends higher than 128 all the time -->
# The last row shows why: with a constant rate, a batch that grows 64-fold <!-- 256/4 = 64 --> ends lower than a fixed batch of 64 with linear decay, though not with a steeper one, and after
# more updates. To grow
# the batch *is* to decay the noise (Smith et al., 2018). <!-- holds: at a constant rate a growing batch ends lower than 64 all the time with linear decay -->
# If you add a ramp, let the rate fall less: with the last ramp every decay makes it worse. <!-- holds: with the steepest ramp every decay of the rate ends higher -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: Muon, and an update of the right size
#
# Muon (Jordan et al., 2024) replaces the step of a matrix by the nearest one whose singular values are all 1, so no
# direction dominates. A few multiplications come close:


# %%
def all_ones(matrix, steps=5):
    """Push the singular values of a matrix towards 1 (Newton-Schulz, quintic)."""
    x = matrix / np.linalg.norm(matrix)
    for _ in range(steps):
        square = x @ x.T
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x


slope = np.random.default_rng(0).standard_normal((64, 64)) @ np.diag(np.linspace(0.2, 2, 64))
before, after = (np.linalg.svd(m)[1] for m in (slope, all_ones(slope)))
print(
    f"singular values: before {before[-1]:.2f} to {before[0]:.1f}, after {after[-1]:.2f} to "
    f"{after[0]:.1f}, median {np.median(after):.1f}"
)
print(f"as course_lib: {np.allclose(all_ones(slope), layers.newton_schulz(slope))}")
print("width   root mean square of such a step   1/sqrt(width)")
for n in (16, 64, 256):
    step = all_ones(np.random.default_rng(n).standard_normal((n, n)))
    print(f"{n:5d} {np.sqrt((step**2).mean()):20.2f} {1 / np.sqrt(n):26.2f}")

# %%
chosen_peaks, by_size = (
    0.004 * 2.0 ** np.arange(5),
    {None: "Adam", 0.2: "Muon, 0.2", 1 / 64: "Muon, 1/64"},
)
tuned_size = {}
for size, name in by_size.items():
    tried = layers.muon_losses(images, chosen_peaks, split.validation, size).mean(axis=1)
    tuned_size[name] = float(chosen_peaks[tried.argmin()])
adam_size = layers.adam_step_rms(images, tuned_size["Adam"], split.fresh)
average = mean_interval(np.sqrt((adam_size**2).mean(axis=0)))
show_table(["root mean square of Adam's steps over the rate, whole run"], [[average]])

# %% [markdown]
# A step with singular values of 1 has a root mean square of $1/\sqrt n$ in a square matrix of width $n$: small, and smaller the wider it is. Adam's
# steps have about 0.2. Liu et al. (2025) therefore multiply Muon's by $0.2\sqrt{\max(\text{rows}, \text{columns})}$, and
# keep Adam's rate and schedule for everything. In PyTorch that is
# `torch.optim.Muon(matrices, lr=peak, adjust_lr_fn="match_rms_adamw")`; embeddings, biases and the output stay with AdamW.
#
# We train with Muon in the two hidden matrices: once matched, and once with steps of 1/64, as a matrix of width
# 4,096 has them without the factor. <!-- 64*64 = 4096 -->

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Does Adam's best peak suit the matched steps? And the small ones?

# %% tags=["conclusion"]
at_adams = {
    name: layers.muon_losses(images, [tuned_size["Adam"]], split.fresh, size)[0]
    for size, name in by_size.items()
}
own = {
    name: layers.muon_losses(images, [tuned_size[name]], split.fresh, size)[0]
    for size, name in by_size.items()
}
compare.show_verdicts(
    [
        compare.paired("matched Muon", "Adam", at_adams["Muon, 0.2"], own["Adam"], width_margin),
        compare.paired("small Muon", "Adam", at_adams["Muon, 1/64"], own["Adam"], width_margin),
        compare.paired(
            "small Muon", "small Muon at its own peak", at_adams["Muon, 1/64"], own["Muon, 1/64"],
            width_margin, peaks=(tuned_size["Adam"], tuned_size["Muon, 1/64"]),
        ),
    ],
    at="Adam's peak",
)  # fmt: skip

# %% tags=["conclusion"]
show_facts(
    {
        "Adam's steps have a root mean square between 0.15 and 0.3": bool(
            average.low > 0.15 and average.high < 0.3
        ),
        "matched Muon has Adam's best peak, or one step of the grid beside it": bool(
            0.5 <= tuned_size["Muon, 0.2"] / tuned_size["Adam"] <= 2
        ),
        "small Muon has a larger best peak than Adam": tuned_size["Muon, 1/64"]
        > tuned_size["Adam"],
    }
)

# %% [markdown]
# **With matched steps Muon's best peak is within a factor of two of Adam's, and at Adam's peak Muon is better.** Unmatched, the same peak is worse, and Muon needs
# a larger one. <!-- holds: Adam's steps have a root mean square between 0.15 and 0.3; matched Muon has Adam's best peak, or one step of the grid beside it; matched Muon better_than Adam at Adam's peak; small Muon worse_than Adam at Adam's peak; small Muon worse_than small Muon at its own peak at Adam's peak; small Muon has a larger best peak than Adam -->
# So a peak for Muon says nothing without its scaling: at width 4,096 the two scalings differ by a factor of 12.8. <!-- 64*64 = 4096 --> <!-- 0.2*64 = 12.8 --> One small
# network does not show that Muon is the better optimizer, only that the comparison has to be made at matched steps.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: going on from a finished run
#
# A run has ended at a tenth of its peak, and then new data arrive. Ibrahim et al. (2024) warm the rate up again to the old
# peak, decay it again, and mix some old data into the new, called *replay*. Our first run learned upright digits; the new ones lie on their side. We go on for 200 updates.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Compared with going on at the final rate: does warming up again help on the new digits? What does it do to the old
# > ones? Can replay change that?

# %%
second, length = GoingOn(images), 200
finished, low_rate = second.finished(split.fresh), second.peak / 10
rise = schedules.warmup_cosine(second.peak, 10, length, floor=low_rate)
jump = schedules.cosine(second.peak, length, floor=low_rate)
second_plans = {
    "final rate": np.full(length, low_rate),
    "warmed up again": rise(np.arange(length)),
    "no warmup": jump(np.arange(length)),
}
went, rows = {}, []
for replay in (0.0, 0.25):
    for name, plan in second_plans.items():
        old, new = second.losses(finished, plan, split.fresh, replay)
        went[replay, name] = {"old digits": old, "new digits": new}
        rows.append([f"{replay:.0%}", name, mean_interval(old), mean_interval(new)])
show_table(["replay", "second run", "loss on old digits", "on new digits"], rows)

# %% tags=["conclusion"]
for replay, where in ((0.0, "no replay"), (0.25, "a quarter replay")):
    for part in ("old digits", "new digits"):
        again, steady, cold = (
            went[replay, name][part] for name in ("warmed up again", "final rate", "no warmup")
        )
        compare.show_verdicts(
            [
                compare.paired("warmed up again", "final rate", again, steady, width_margin),
                compare.paired("warmed up again", "no warmup", again, cold, width_margin),
            ],
            at=f"{part}, {where}",
        )

# %% [markdown]
# **Warming up again is better on the new digits and worse on the old ones.** What it learns faster it pays for in
# forgetting. <!-- holds: warmed up again better_than final rate at new digits, no replay; warmed up again worse_than final rate at old digits, no replay -->
# With a quarter of old digits in the mix it is better on both. <!-- holds: warmed up again better_than final rate at new digits, a quarter replay; warmed up again better_than final rate at old digits, a quarter replay -->
# And the warmup itself matters: a jump straight to the peak is worse on both, with replay and without.
# <!-- holds: warmed up again better_than no warmup at new digits, no replay; warmed up again better_than no warmup at old digits, no replay; warmed up again better_than no warmup at new digits, a quarter replay; warmed up again better_than no warmup at old digits, a quarter replay -->
# A checkpoint from before the cooldown is still at its peak rate: lesson 9 branches from one, though on the same data.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: starting from a trained network
#
# *Fine-tune with a smaller rate and an aggressive decay, as the model starts near a good solution.* We try
# two cases, with a small network on handwritten digits. **Near:** all ten digits, trained on clean images,
# then 100 images<!-- 800 - 700 = 100 --> with noisy pixels. **Far:** trained on the digits 0 to 4, then on the
# digits 5 to 9. <!-- 5-1 = 4 --> <!-- 10-1 = 9 --> Each is compared with fresh weights on the same task, over the same peaks.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** In which of the two is the best peak smaller than from fresh weights? Does
# > fine-tuning also end lower in both? Does an aggressive decay (power 3) beat linear decay?

# %%
digits = problems.digits()
noisy_new = some_digits(digits, first=700, last=800, pixel_noise=0.25)
noisy_test = some_digits(digits.held_out, pixel_noise=0.25)
low, high, high_test = (some_digits(part, *r) for part, r in (
    (digits, (0, 5)), (digits, (5, 10)), (digits.held_out, (5, 10))))  # fmt: skip
tasks = {
    "near": FineTuning(some_digits(digits, last=700), noisy_new, noisy_test),
    "far": FineTuning(low, high, high_test),
}
tune_grid = 0.0125 * 2.0 ** np.arange(3 if FAST else 0, 7)
everyone, curves = [*split.validation, *split.fresh], {}  # losses, (peaks, seeds)
ways = {
    "fresh": ("fresh", 1),
    "pretrained": ("pretrained", 1),
    "pretrained, power 3": ("pretrained", 3),
}
for task, tuning in tasks.items():
    starts = tuning.starts(everyone)
    for way, (start, power) in ways.items():
        plans = [schedules.polynomial(p, 60, power=power)(np.arange(60)) for p in tune_grid]
        curves[task, way] = np.array(
            [tuning.losses(starts[start], plan, everyone) for plan in plans]
        )


# %% tags=["conclusion"]
def chosen_row(key):
    return curves[key][:, :choosing].mean(axis=1).argmin()


def peak_range(key, draws=300):
    """Best peak when the runs are drawn again, with replacement: the middle 95 %."""
    pick = np.random.default_rng(0).integers(0, len(everyone), (draws, len(everyone)))
    at = curves[key][:, pick].mean(axis=2).argmin(axis=0)
    return np.quantile(tune_grid[at], (0.025, 0.975))


for task, tuning in tasks.items():
    found = []
    for ours, theirs in (("pretrained", "fresh"), ("pretrained, power 3", "pretrained")):
        at = [chosen_row((task, way)) for way in (ours, theirs)]
        ends_of = [
            curves[task, way][i, choosing:] for way, i in zip((ours, theirs), at, strict=True)
        ]
        both = {
            "peaks": tuple(tune_grid[at]),
            "at_edge": tuple(bool(i + 1 == len(tune_grid)) for i in at),
        }
        found.append(compare.paired(ours, theirs, *ends_of, compare.margin(tuning.new), **both))
    compare.show_verdicts(found, at=task)
    smaller = peak_range((task, "pretrained"))[1] < peak_range((task, "fresh"))[0]
    show_facts({"the best peak is smaller than from fresh weights": bool(smaller)}, at=task)

# %% jupyter={"source_hidden": true}
figure, axes = plots.panels(2, height=3.2)
for ax, task in zip(axes, tasks, strict=True):
    means = {way: curves[task, way].mean(axis=1) for way in ("fresh", "pretrained")}
    lines_over(tune_grid, means, "peak learning rate", "held-out loss", ax=ax, title=task, top=2.5)
plots.show(
    figure,
    alt="Held-out loss over the peak, from fresh and from pretrained weights, rings at the best. Left, near: "
    "fine-tuning is low and almost flat up to 0.2 and then rises steeply; from fresh weights the best is at 0.4, "
    "and much higher. Right, far: fine-tuning has its best at 0.2, fresh weights go lower, at 0.4.",
)

# %% [markdown]
# **The best peak is smaller than from fresh weights in both cases, by one step of our grid, a factor of two.**
# <!-- holds: the best peak is smaller than from fresh weights at near; the best peak is smaller than from fresh weights at far -->
# Towards small peaks the curve of the near case is almost flat, so a small peak is the safe choice there. Devlin et al.
# (2019) fine-tuned BERT with rates from 2e-5 to 5e-5 after 1e-4 in pretraining: two to five times smaller.
# <!-- cited: 2e-5, 5e-5, 1e-4 --> <!-- 1e-4/5e-5 = 2 --> <!-- 1e-4/2e-5 = 5 -->
#
# We see no support for the rest of the rule. Where the start is near, the aggressive decay makes no difference that matters;
# where it is far, it is worse.
# <!-- holds: pretrained, power 3 equal_to pretrained at near; pretrained, power 3 worse_than pretrained at far -->
# And **in the far case the pretrained network, at its best peak, is worse than fresh weights at theirs**, by about 0.12. At small peaks it is
# ahead, but fresh weights can use a larger one. We did not test why. <!-- holds: pretrained worse_than fresh at far; pretrained better_than fresh at near -->
# Whether a start is near a good solution is something to measure.

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Change the values and run the cell. Where does `batch_size` begin to cost? Does it begin later with more examples, or
# with more noise? With `noise_exponent = 0` every direction has the same noise: is the batch at the bend larger or smaller?

# %% tags=["explorer"]
total_examples, noise_std, noise_exponent = 8192, 1.0, 1.0

sizes_tried = [4**k for k in range(1, 6) if total_examples // 4**k >= 8]
line = {}
for size in sizes_tried:
    bowl = problems.power_law_quadratic(
        noise_std=noise_std, noise_exponent=noise_exponent, batch_size=size
    )
    line[size] = tuned(bowl, schedules.linear, total_examples // size)
words = ", ".join(
    f"batch {size}: peak {peak:.2f}, loss {loss:.4f}" for size, (peak, loss) in line.items()
)
losses_of = np.array([loss for _, loss in line.values()])
plots.show(
    lines_over(sizes_tried, {"linear decay, best peak": losses_of}, "batch size", "expected loss"),
    alt=f"Expected loss over the batch size, for equal examples: {words}.",
)
print(words.replace(", batch", "\nbatch"))

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** A gradient of batch 16 has a mean squared norm of 5, one of batch 64 of 2. What is the noise scale? Would you double a
# batch of 16? One of 256?
#
# <details><summary>Answer</summary>
#
# $\operatorname{tr}\Sigma = (5-2)/(1/16-1/64) = 64$ and $|G|^2 = 5 - 64/16 = 1$, so it is 64 examples. At 16 noise
# dominates, and doubling pays; at 256 it is four times the noise scale, and doubling mostly costs
# examples. <!-- derived: the two equations of `estimate` --> <!-- (5-2)/(1/16-1/64) = 64 --> <!-- 5-64/16 = 1 --> <!-- 256/64 = 4 -->
#
# </details>
#
# ---
# **2.** You go from one GPU to four, with four times the batch, and multiply Adam's rate by two. The run ends *lower* at equal
# examples. What else have you changed?
#
# <details><summary>Answer</summary>
#
# With $\beta_1$ and $\beta_2$ left alone, the averages now reach back over four times as many examples. On the
# quadratic, from batch 4 to 256, that was about half of the gain.
# <!-- holds: betas fixed, batch 256 better_than betas fixed, batch 4; with scaled betas the gain is at most two thirds as large -->
#
# </details>
#
# ---
# **3.** You halve the peak of an AdamW run and leave `weight_decay` as it is. What else have you changed?
#
# <details><summary>Answer</summary>
#
# The decay per update, which is their product, is halved as well. The size at which weights settle, near
# $\sqrt{\eta/(2\lambda)}$, falls by $\sqrt2$, and they take twice as long to get there. To keep the decay,
# double `weight_decay`; then the size is halved instead. <!-- derived: the formula for the size at rest -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. Well below the critical batch size a larger batch costs next to nothing, well above it examples are wasted; the noise scale at the start can be far below that size, and it grows. <!-- holds: batch 64 costs less than one per cent; batch 256 at least doubles the loss; the noise scale grows tenfold from 100 to 300 updates; the lower loss has the larger critical batch -->
# 2. On the quadratic SGD's linear rule holds while noise is the limit; on the network the root rule was better at 128. <!-- holds: up to batch 64 the best peak grows in proportion to the batch; root rule, batch 128 better_than linear rule, batch 128 -->
# 3. Adam with fixed averages is another optimizer at another batch, and part of the larger batch's gain is that. <!-- holds: betas fixed, batch 256 better_than betas fixed, batch 4; with scaled betas the gain is at most two thirds as large -->
# 4. Plan to the end of the run, try a smaller peak for a longer one, and do not lengthen a warmup only because the run is longer. <!-- holds: the best plan is as long as the run; a longer run has the smaller best peak; a warmup of 80 is better than one of 20 in 800 is false at peak 0.3 -->
# 5. With Adam the network of width 256 needed a smaller peak than that of 64, and muP made up for most of what keeping it cost. <!-- holds: standard: the best peak at 256 is at most half of that at 64; standard, peak of 64 worse_than standard, peak searched at width 256; muP saves more than half of what the kept peak costs -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# | do | start with | evidence |
# |---|---|---|
# | choose a batch | the noise scale at several moments of a run, not only at its start | on the network a batch above the early values cost loss; on the quadratic a batch far above the first value cost next to nothing <!-- holds: the noise scale is below 128 after 1 update; batch 128 worse_than batch 32 at root rule; batch 64 costs less than one per cent --> |
# | SGD, batch times $k$ | rate times $\sqrt k$, then a search on both sides of it | root rule better than linear rule on the network, linear rule right on the quadratic up to batch 64 <!-- holds: root rule, batch 128 better_than linear rule, batch 128; up to batch 64 the best peak grows in proportion to the batch --> |
# | Adam, batch times $k$ | rate times $\sqrt k$; where batches are compared, $1-\beta_1$ and $1-\beta_2$ times $k$, and a new search | fixed averages favour the larger batch; the rule alone gave too small a peak <!-- holds: betas fixed, batch 256 better_than betas fixed, batch 4; with scaled betas the gain is at most two thirds as large; rule to batch 256 worse_than tuned, batch 256 --> |
# | a longer run | the same shape stretched to the new end; try half the peak | shorter and longer plans end higher; the best peak falls with the length <!-- holds: the best plan is as long as the run; a longer run has the smaller best peak --> |
# | a wider model, Adam | muP, with the width that you tuned at as its base; otherwise a search at smaller peaks | keeping the peak was worse; muP saved most of what that cost <!-- holds: standard, peak of 64 worse_than standard, peak searched at width 256; muP saves more than half of what the kept peak costs --> |
# | AdamW, rate times $k$ | weight decay divided by $k$ | for $k = 4$ better at a constant rate, equal with linear decay to zero <!-- holds: decay 0.05 at 0.032 better_than decay 0.2 at 0.032 at constant; decay 0.05 at 0.032 equal_to decay 0.2 at 0.032 at linear --> |
# | from AdamW to Muon | AdamW's peak and schedule, with matched steps: `adjust_lr_fn="match_rms_adamw"` | better than Adam at Adam's peak; unmatched worse <!-- holds: matched Muon better_than Adam at Adam's peak; small Muon worse_than Adam at Adam's peak --> |
# | warmup, Adam | the number of updates that the short run needed, not its share | at a large peak the same short warmup helps at every length <!-- holds: warmup 20 in 50 better_than warmup 0 in 50 at peak 0.3; a warmup of 80 is better than one of 20 in 200 is false at peak 0.3 --> |
# | fine-tuning | half the best peak of fresh weights; linear decay, none steeper | best peak smaller, near and far <!-- holds: the best peak is smaller than from fresh weights at near; the best peak is smaller than from fresh weights at far; pretrained, power 3 worse_than pretrained at far --> |
# | new data for a finished model | warm up to the old peak, decay again, with old data among the new | better on new and old digits with a quarter of replay; without replay worse on the old <!-- holds: warmed up again better_than final rate at new digits, a quarter replay; warmed up again better_than final rate at old digits, a quarter replay; warmed up again worse_than final rate at old digits, no replay --> |
# | a schedule in code | lengths in examples or tokens | a schedule left in updates ends near its peak <!-- holds: the unchanged schedule ends above half its peak --> |

# %% [markdown] tags=["next"]
# ## Now you
#
# Task 3 of [exercise 9](../exercises/ex09_after_cosine.ipynb) carries a run over to another batch size. Then take a run of
# yours, and estimate its noise scale from the gradients of two batch sizes, once early and once late. The
# [cheat sheet](cheat_sheet.ipynb) has the formulas of the whole course, and the
# [capstone](../exercises/capstone.ipynb) three unknown problems.
#
# **References.** S. McCandlish, J. Kaplan, D. Amodei et al. (2018), *An empirical model of large-batch training*,
# arXiv:1812.06162. · P. Goyal et al. (2017), *Accurate, large minibatch SGD*, arXiv:1706.02677. ·
# S. Malladi et al. (2022), *On the SDEs and scaling rules for adaptive gradient algorithms*,
# arXiv:2205.10287. · M. Li, E. Yumer, D. Ramanan (2020), *Budgeted
# training*, arXiv:1905.04753. · J. Hoffmann et al. (2022), *Training compute-optimal large language
# models*, arXiv:2203.15556. · I. Loshchilov, F. Hutter (2019), *Decoupled weight decay regularization*,
# arXiv:1711.05101. · J. Devlin et al. (2019), *BERT*, arXiv:1810.04805. · G. Yang, E. Hu et al. (2022), *Tensor
# programs V*, arXiv:2203.03466. · J. Bjorck et al. (2024), *Scaling optimal LR across token horizons*, arXiv:2409.19913. ·
# X. Wang, L. Aitchison (2024), *How to set AdamW's weight decay as you scale model and dataset size*, arXiv:2405.13698. ·
# S. Smith et al. (2018), *Don't decay the learning rate, increase the batch size*, arXiv:1711.00489. · W. Merrill et al. (2025), *Critical
# batch size revisited*, arXiv:2505.23971. · K. Jordan et al. (2024), *Muon*, kellerjordan.github.io/posts/muon. · J. Liu et al.
# (2025), *Muon is scalable for LLM training*, arXiv:2502.16982. · A. Ibrahim et al. (2024), *Simple and scalable strategies to
# continually pre-train large language models*, arXiv:2403.08763. · The recipes' own papers are listed with them.
