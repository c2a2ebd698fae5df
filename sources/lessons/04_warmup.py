# %% [markdown] tags=["title"]
# # Warm up, and measure what it buys
#
# **You will learn** to
#
# - say what is special about Adam's first steps, and test the reasons that are given for a warmup;
# - follow the curvature of the loss while the rate rises;
# - write warmup + cosine from scratch, and build the same in PyTorch and optax, off-by-ones included;
# - measure what a warmup buys, and how long it should be.
#
# **Time:** about 45 minutes, and 5 more for *Further*. **You need** lessons 1 to 3, and to have used
# Adam before.

# %% tags=["parameters"]
seeds = 8  # training runs for each choice; more runs, narrower intervals
FAST = False  # True: fewer peaks for the transformer, for a quick check

# %%
from dataclasses import replace

import numpy as np
import torch

from course_lib import compare, libraries, plots, problems, schedules, training
from course_lib.experiments import language_runs, lesson04_runs
from course_lib.experiments.plans import sharpness_along
from course_lib.intervals import mean_interval
from course_lib.libraries.conformance import recorded_rates
from course_lib.measured import show_table
from course_lib.outcomes import show_facts
from course_lib.plots.lesson04 import scores_over_peak, with_and_without
from course_lib.schedules.recipes import RECIPES

# %% [markdown] tags=["surprise", "predict"]
# ## A cure that should make warmup unnecessary
#
# A **warmup** starts a run with a small rate and raises it to the **peak**. Only then does the schedule
# proper begin. The usual reason is that Adam divides by running averages of its gradients. They are
# empty at the start, or *cold*, so its first steps cannot be trusted.
#
# If that is the reason, there is a cure without any warmup. Run Adam for some batches at rate 0: no weight
# moves, but the averages fill. Then start at the full peak.
#
# Below, every run makes 200 updates that move the weights, on spirals with wrong labels in one case out of
# five. The runs called "filled" see 10 or 100 batches at rate 0 before that.
#
# > **Predict before you run.** Compared with no warmup, does the held-out loss become better, worse or
# > equal when the averages were filled by 10 batches? By 100? And how does a plain warmup of 10 updates
# > compare with filling by 10?

# %% tags=["surprise"]
data = problems.noisy_spirals()
spirals = training.Workload(data, training.Mlp(dtype="float32"), training.Adam(), batch_size=64)
total, peak_lr = 200, 0.2
plain = schedules.cosine(peak_lr, total)(np.arange(total))
starts = {
    "no warmup": plain,
    "filled 10": np.concatenate([np.zeros(10), plain]),
    "filled 100": np.concatenate([np.zeros(100), plain]),
    "warmup 10": schedules.warmup_cosine(peak_lr, 10, total)(np.arange(total)),
}
scores = lesson04_runs.final_losses(spirals, starts, 4 * seeds)
margin = compare.margin(spirals)


def contrast(ours, theirs, scores=scores, peak=peak_lr):
    return compare.paired(ours, theirs, scores[ours], scores[theirs], margin, peaks=(peak, peak))


pairs = [(name, "no warmup") for name in list(starts)[1:]] + [("warmup 10", "filled 10")]
compare.show_verdicts([contrast(*pair) for pair in pairs], at="peak 0.2")

# %% [markdown]
# Filling by 10 batches helps. Filling by 100 makes the run worse than empty averages do. A warmup of 10
# updates is better than no warmup and than filling by 10. **Here cold averages are part of the reason for a warmup,
# and not the whole.**
# <!-- holds: filled 10 better_than no warmup at peak 0.2; filled 100 worse_than no warmup at peak 0.2; warmup 10 better_than no warmup at peak 0.2; warmup 10 better_than filled 10 at peak 0.2 -->
# We now take the first steps apart. After that we measure what a warmup buys.

# %% [markdown]
# ## Adam's first step
#
# Adam keeps two moving averages for every weight: $m$ of its gradients and $v$ of their squares. It
# moves the weight by $\eta\,\hat m/(\sqrt{\hat v}+\epsilon)$. Both averages begin at zero, so each is
# divided by the share of it that is filled, $1-\beta^t$. That is Adam's **bias correction**.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Three weights have the gradients 100, −1 and 0.00001 in Adam's very first
# > step. The rate is 0.001. How far does each of them move?


# %% tags=["from-scratch"]
def adam_moves(gradients, rate, beta1=0.9, beta2=0.999, eps=1e-8, correct=True):
    """Return what Adam adds to the weights at each step, for gradients of shape (steps, weights)."""
    m, v = np.zeros_like(gradients[0]), np.zeros_like(gradients[0])
    moves = []
    for t, gradient in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        filled1, filled2 = (1 - beta1**t, 1 - beta2**t) if correct else (1.0, 1.0)
        moves.append(-rate * (m / filled1) / (np.sqrt(v / filled2) + eps))
    return np.array(moves)


first = adam_moves(np.array([[100.0, -1.0, 0.00001]]), rate=0.001)[0]
print("moves of the three weights:", "  ".join(f"{move:+.4f}" for move in first))

# %% [markdown]
# Each moves by the rate, and only the sign of its gradient is left. With one gradient seen, $\hat m = g$
# and $\sqrt{\hat v} = |g|$. **The first update is the full rate for every weight, however little its
# gradient means.** <!-- derived: from m̂ and v̂ at t = 1 --> Now suppose that a gradient is nothing but
# batch noise. How long until Adam notices?

# %%
noise = np.random.default_rng(0).standard_normal((200, 20_000))  # 200 steps of 20 000 weights
shown = np.array([1, 2, 5, 10, 20, 50, 100])


def root_mean_square(moves):
    return np.sqrt((moves**2).mean(axis=1))


of_noise = adam_moves(noise, rate=1.0)
uncorrected = adam_moves(noise, rate=1.0, correct=False)
print("step                   ", "".join(f"{t:6d}" for t in shown))
for name, sizes in {
    "root mean square / rate": root_mean_square(of_noise),
    "  without correction   ": root_mean_square(uncorrected),
    "median / rate          ": np.median(np.abs(of_noise), axis=1),
}.items():
    print(name, "".join(f"{size:6.2f}" for size in sizes[shown - 1]))
print(f"sqrt((1 - beta1) / (1 + beta1)) = {np.sqrt(0.1 / 1.9):.2f}")

# %% [markdown]
# Once $m$ averages over about ten gradients, noise cancels itself. The root mean square of an update
# shrinks to the value in the last line: what is left of white noise in a moving average. **In the first
# step nothing has been averaged, so pure noise moves every weight by the full rate.**
# <!-- derived: from the table above and the formula in its last line -->
# The second row is why Adam has its correction: $v$ fills a hundred times more slowly than $m$, and
# without the correction the first steps are larger still.
#
# That was a model. In a network, gradients are signal and noise. After a check that our Adam is PyTorch's, here is
# the network of the first experiment at a small constant rate.

# %% tags=["library"]
weights = torch.zeros(3, dtype=torch.float64, requires_grad=True)
theirs, path = torch.optim.Adam([weights], lr=0.01), [np.zeros(3)]
for gradient in noise[:50, :3]:
    weights.grad = torch.tensor(gradient)
    theirs.step()
    path.append(weights.detach().numpy().copy())
same = np.allclose(np.diff(path, axis=0), adam_moves(noise[:50, :3], 0.01), atol=1e-12)
print("our Adam moves as torch.optim.Adam:", same)

# %%
watched = training.train(
    replace(spirals, model=training.Mlp()),
    rates=np.full((seeds, 100), 0.003),
    seeds=np.arange(seeds),
    keep_at=range(101),
)
moves = np.abs(np.diff(watched.weights, axis=1)) / 0.003  # runs, steps, weights
typical = np.median(moves, axis=2)
print("step                   ", "".join(f"{t:6d}" for t in shown))
print("median / rate          ", "".join(f"{m:6.1f}" for m in typical.mean(axis=0)[shown - 1]))

# %% jupyter={"source_hidden": true}
figure, (ax,) = plots.panels(height=3.1)
of_pure_noise = np.median(np.abs(of_noise), axis=1)[:100]
sizes = {"network": typical, "pure noise": of_pure_noise}
plots.loss_curves(sizes, ax=ax, ylabel="median size of an update / rate")
ax.set_title("Adam at a constant rate", loc="left", fontsize=10.5, fontweight="bold")
plots.show(
    figure,
    alt="Median size of Adam's updates divided by the rate over 100 steps, on a log scale. Both curves "
    "start at exactly 1. The one for pure noise falls within about 20 steps to 0.15 and stays. The "
    "network's falls more slowly, to about 0.1, and wavers there.",
)

# %% [markdown]
# At one and the same rate, the first update of the network is about ten times its later ones, and a single
# batch decides its direction. Filling the averages at rate 0 should end this. Does it? The next cell
# looks at the first updates that move a weight, at the peak of 0.2.

# %%
begun = lesson04_runs.first_updates(spirals, starts, 2 * seeds, updates=30)
print("            move / peak    training loss after …   distance from")
print("update         1      5       0      1     30      the start at 30")
for name, run in begun.items():
    sizes = "".join(f"{run.moves[t - 1]:7.1f}" for t in (1, 5))
    losses = "".join(f"{loss:7.1f}" for loss in run.losses)
    print(f"{name:10}{sizes} {losses}  {run.distance:7.1f}")
empty, short, full, ramped = begun.values()
jump = {name: run.losses[1] / run.losses[0] for name, run in begun.items()}
show_facts(
    {
        "filling shortens the first move": short.moves[0] < empty.moves[0],
        "the first update multiplies the loss by more than 3": jump["no warmup"] > 3,
        "so does the first update after filling": jump["filled 10"] > 3 and jump["filled 100"] > 3,
        "so does the first update of a warmup": jump["warmup 10"] > 3,
        "filled by 100, the weights are farther away after 30 updates": full.distance
        > 1.2 * empty.distance,
    }
)

# %% [markdown]
# (Without filling the first move is 0.9 of the peak and not 1, because some weights have no gradient at all.)
# Filling takes noise out of the first update, so that its size falls to 0.7. What
# remains is mostly the true gradient, and that does not help: a step of this size in the right direction
# overshoots, and the loss is several times what it was. **The first steps are too long for the place where
# they are made, whether the averages are filled or not.**
# <!-- holds: the first update multiplies the loss by more than 3; so does the first update after filling; so does the first update of a warmup is false -->
#
# Filling by 100 does harm of its own: after 30 updates the weights are 1.4 times as far from their start. A likely
# reason is $v$. It holds a hundred small gradients of the starting point, and follows too slowly when the jump makes
# the gradients large, so the moves stay long.
# <!-- holds: filled by 100, the weights are farther away after 30 updates -->
# Others found the same two sides. Liu et al. (2020) blame the variance of the cold averages and correct for
# it in RAdam. Ma and Yarats (2021) answer that the size of the updates explains more, and that a plain
# warmup does as well as RAdam. <!-- source: Liu et al. 2020; Ma and Yarats 2021 -->
#
# What is it about that place? Lesson 1 has a candidate.

# %% [markdown]
# ## Where the loss bends most: the same without Adam
#
# Gradient descent at rate $\eta$ can rest only where the largest curvature of the loss, its **sharpness**,
# is below $2/\eta$. Suppose that the sharpness is high at the start and falls during the first small
# steps. Then a warmup helps even without Adam and without noise.
#
# To see it we take plain SGD, all digits in one batch, and two versions of the same data. In the
# file the pixels go from 0 to 16. The course divides them by 16, as most people would.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Each schedule gets its own best peak. With which version of the pixels does
# > a warmup lower the loss: 0 to 16, 0 to 1, both or neither?


# %% tags=["experiment"]
def warmup_of(steps):
    return lambda peak_lr, total_steps: schedules.warmup_cosine(peak_lr, steps, total_steps)


by_length = {
    "no warmup": warmup_of(0),
    "warmup": {f"{steps} updates": warmup_of(steps) for steps in (10, 30)},
}
digits, network = problems.digits(), training.Mlp((32, 32), dtype="float32")
versions = {
    "pixels 0 to 16": (lesson04_runs.digits_as_stored(), [0.0075, 0.015, 0.03, 0.06, 0.12]),
    "pixels 0 to 1": (digits, [0.25, 0.5, 1.0]),
}
tuned = {}
for pixels, (images, peaks) in versions.items():
    found = tuned[pixels] = compare.compare(
        training.Workload(images, network),
        by_length,
        peaks=peaks,
        total_steps=60,
        seeds=seeds,
        reference="no warmup",
    )
    print(pixels)
    found.show(margin=compare.margin(digits), at=pixels)

# %%
raw = dict(zip(by_length, tuned["pixels 0 to 16"].validation[:, 3], strict=True))
found = compare.paired(
    "warmup", "no warmup", raw["warmup"], raw["no warmup"], compare.margin(digits)
)
compare.show_verdicts([found], at="pixels 0 to 16, peak 0.06")

# %% [markdown]
# With the raw pixels the warmup lowers the loss by 0.54, although both peaks are tuned. With scaled
# pixels no gain is seen. <!-- holds: warmup better_than no warmup at pixels 0 to 16; warmup open_against no warmup at pixels 0 to 1 -->
# Next we compute the sharpness along runs at one peak of each version, with and without a warmup.

# %%
at, bent, rows = [0, 5, 15, 30, 60], {}, []
for pixels, peak in {"pixels 0 to 16": 0.06, "pixels 0 to 1": 0.5}.items():
    rates = {
        "no warmup": schedules.cosine(peak, 60)(np.arange(60)),
        "warmup 30": schedules.warmup_cosine(peak, 30, 60)(np.arange(60)),
    }
    work = training.Workload(versions[pixels][0], network)
    curves = sharpness_along(work, rates, range(seeds // 2), at)
    bent[pixels] = (curves, rates)
    begin, end = curves["warmup 30"][:, 0], curves["warmup 30"][:, at.index(30)]
    rows.append([pixels, f"{peak}", f"{2 / peak:.0f}", *map(mean_interval, (begin, end))])
    show_facts(
        {
            "every run starts above 2 / peak": (begin > 2 / peak).all(),
            "the sharpness falls below a third during the ramp": (end < begin / 3).all(),
            "every run ends the ramp above 3 / peak": (end > 3 / peak).all(),
        },
        at=pixels,
    )
show_table(["version", "peak", "2 / peak", "sharpness at the start", "after the ramp"], rows)

# %% jupyter={"source_hidden": true} tags=["varies"]
figure, axes = plots.panels(2, width=8.4, height=3.6)
for ax, (pixels, (curves, rates)) in zip(axes, bent.items(), strict=True):
    plots.sharpness_panel(at, curves, rates, ax=ax, title=pixels)
plots.show(
    figure,
    alt="Sharpness over 60 updates, and 2 / rate dashed, on log axes, for two versions of the digits. "
    "Pixels 0 to 16: the sharpness starts at several hundred. With a warmup it falls steadily behind "
    "the falling limit, and stays above it until the rate has come down; without one it drops within 5 "
    "updates. Pixels 0 to 1: it starts near 5, close to the limit, and stays in that region.",
)

# %% [markdown]
# With raw pixels a fresh network is ten times too sharp for the peak. During the ramp the limit $2/\eta_t$
# comes down and the sharpness follows it, without catching up: at the peak it is still twice the limit. **The small
# first steps lead to a much flatter place, where the large ones do less harm.** <!-- holds: every run starts above 2 / peak at pixels 0 to 16; the sharpness falls below a third during the ramp at pixels 0 to 16; every run ends the ramp above 3 / peak at pixels 0 to 16; warmup better_than no warmup at pixels 0 to 16, peak 0.06 --> <!-- 66/33 = 2 -->
# Without a ramp the sharpness falls as well, in the jump of the first updates, but the run does not recover
# from it in its 60 updates. <!-- holds: warmup better_than no warmup at pixels 0 to 16, peak 0.06 --> With scaled pixels there is little to reduce, and no
# gain is seen.
# <!-- holds: the sharpness falls below a third during the ramp is false at pixels 0 to 1; warmup open_against no warmup at pixels 0 to 1 -->
#
# Gilmer et al. (2021) measured this on many networks, and found that a warmup can stabilise training as much
# as normalisation layers do. Kalra and Barkeshli (2024) found for SGD and Adam that the main
# benefit of warmup is a larger peak that the network tolerates, and that its start decides how much there is
# to gain. <!-- source: Gilmer et al. 2021; Kalra and Barkeshli 2024 -->
# (For Adam the plain sharpness is the wrong number. What counts is the sharpness after Adam's own scaling
# of the weights, and its limit is 38/η (Cohen et al., 2022).)<!-- cited: 38 -->
#
# One more reason is often given. If you raise the rate with the batch, as is the custom, the peak of a
# **large batch** ends up close to the limit. Goyal et al. (2017) used a warmup for this. A large batch is a
# reason to *try* a warmup and no proof that you need one: both versions above use the largest batch there is,
# and only on one of them was a gain seen.

# %% [markdown]
# ## The schedule from scratch
#
# The rate rises linearly from 0 to the peak over `warmup_steps`. Then it falls along half a cosine to 0 at
# `total_steps`, and it stays at 0 after that. The function takes a step and gives an array of shape `(1,)`:
# the rates of single steps can then be joined to a curve, as `np.concatenate` does below.


# %% tags=["from-scratch"]
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    step, warmup_steps, total_steps = int(step), int(warmup_steps), int(total_steps)
    if step < warmup_steps:
        rate = peak_lr * step / warmup_steps
    else:
        done = min((step - warmup_steps) / (total_steps - warmup_steps), 1.0)
        rate = peak_lr * 0.5 * (1 + np.cos(np.pi * done))
    return np.array([rate])


ours = np.concatenate([lr_at_step(step, 1.0, 10, 100) for step in range(121)])
print("  step    rate")
for step in (0, 5, 10, 50, 95, 100, 120):
    print(f"{step:6d}  {ours[step]:6.4f}")

# %% [markdown]
# In JAX this is `optax.warmup_cosine_decay_schedule`. It has an argument `decay_steps`.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Peak 1, 10 steps of warmup, 100 steps in all. A tutorial says: "`decay_steps` is
# > the cosine part alone, so pass `total_steps - warmup_steps`", here 90. What is the rate at step 50, and
# > in the last ten steps, if `decay_steps` really **includes** the warmup?

# %% tags=["library"]
given = {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 10, "end_value": 0.0}
optax_name = "optax.warmup_cosine_decay_schedule"
right = libraries.from_library(optax_name, decay_steps=100, **given)
wrong = libraries.from_library(optax_name, decay_steps=90, **given)
print("step               ", "".join(f"{t:8d}" for t in (0, 10, 50, 90, 95, 100)))
for name, plan in (("decay_steps = 100", right), ("decay_steps = 90", wrong)):
    print(f"{name:19}", "".join(f"{plan(t):8.4f}" for t in (0, 10, 50, 90, 95, 100)))
show_facts(
    {
        "our schedule is optax with decay_steps = 100": np.allclose(ours, right(np.arange(121))),
        "decay_steps = 90 idles in the last ten updates": (wrong(np.arange(90, 100)) == 0).all(),
    }
)

# %% [markdown]
# **In optax `decay_steps` is the end of the schedule, warmup included.** <!-- holds: our schedule is optax with decay_steps = 100; decay_steps = 90 idles in the last ten updates -->
# Follow the tutorial and the last
# `warmup_steps` updates train at rate 0: computed, paid for, thrown away. The confusion has a cause:
# `optax.cosine_decay_schedule` and Keras' `CosineDecay` have a `decay_steps` too, and theirs counts the
# cosine alone.
#
# ### In PyTorch
#
# Two schedulers in sequence make the same curve. `LinearLR` multiplies the optimizer's rate by a factor that
# grows from `start_factor` to 1. This loop trains with them, and with the optimizer of most transformers.

# %% tags=["pytorch"]
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

torch.manual_seed(0)
points, labels = torch.tensor(data.inputs, dtype=torch.float32), torch.tensor(data.labels)
layers = [torch.nn.Linear(2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 3)]
model = torch.nn.Sequential(*layers)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.01)
ramp = LinearLR(optimizer, start_factor=1 / 20, total_iters=20)
fall = CosineAnnealingLR(optimizer, T_max=180)
scheduler = SequentialLR(optimizer, [ramp, fall], milestones=[20])
losses, used = [], []
for _ in range(200):
    batch = torch.randint(len(points), (64,))
    loss = torch.nn.functional.cross_entropy(model(points[batch]), labels[batch])
    optimizer.zero_grad()
    loss.backward()
    used.append(optimizer.param_groups[0]["lr"])
    optimizer.step()
    scheduler.step()
    losses.append(loss.item())
print(f"batch loss: first {losses[0]:.1f}, mean of the last 50 {np.mean(losses[-50:]):.1f}")
expected = schedules.warmup_cosine(0.1, 20, 200)(np.arange(200))
show_facts({"PyTorch's rates are those of warmup_cosine": np.allclose(used, expected)})

# %% [markdown]
# The course's `warmup` starts at peak/W, so that the first update moves, and reaches the peak at $t = W$.
# `LinearLR` does the same with `start_factor=1 / W`.
# <!-- holds: PyTorch's rates are those of warmup_cosine --> Its default, a third, would start much higher.
#
# ## What it buys, on a small network
#
# We return to the spirals and Adam, with 200 updates. Every schedule is tried at the same peaks, and the
# warmup also in three lengths. Peak and length are chosen on some seeds and scored on others, on held-out
# points.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Each schedule gets **its own best peak**. Does warmup win? And does the range
# > of good peaks change?

# %%
lengths = {f"{steps} updates": warmup_of(steps) for steps in (10, 20, 60)}
small = compare.compare(
    spirals,
    {"no warmup": warmup_of(0), "warmup": lengths},
    peaks=[0.03, 0.06, 0.1, 0.2, 0.4],
    total_steps=200,
    seeds=seeds,
    reference="no warmup",
)
small.show(margin=margin, at="spirals")
at_peak = dict(zip(small.names, small.validation[:, 3], strict=True))
compare.show_verdicts([contrast("warmup", "no warmup", at_peak)], at="spirals, peak 0.2")
usable = {
    name: peak_means[peak_means < 1.1 * peak_means.min()].size
    for name, peak_means in zip(small.names, small.validation_means, strict=True)
}
for name, count in usable.items():
    print(f"{name:10} largest peak within 10 % of its best: {small.peaks[count - 1]:g}")
show_facts({"warmup raises the usable peak": usable["warmup"] > usable["no warmup"]}, at="spirals")

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    scores_over_peak(small, title="spirals, Adam, 200 updates"),
    alt="Held-out loss against the peak rate, from 0.03 to 0.4, every run and the means of two schedules. "
    "Both have a flat bottom of the same depth from 0.03 to 0.1. Without warmup the loss rises at 0.2. "
    "With a warmup the bottom reaches to 0.2, and the loss rises at 0.4.",
)

# %% [markdown]
# Tuned, no gain is seen here, and the interval leaves room for one of 0.01 at most.
# <!-- holds: warmup open_against no warmup at spirals --> At a peak of 0.2 the warmup gains 0.12. **What the warmup buys is a larger usable peak.**
# <!-- holds: warmup raises the usable peak at spirals; warmup better_than no warmup at spirals, peak 0.2 -->
# That is worth having when you cannot tune. It is worth more where the best peak lies *beyond the cliff*, the
# peak from which runs without a warmup fail, as with the raw pixels above.
#
# So the usual demonstration, one peak for both and the loss below it, proves whatever its author likes. Take a
# small peak and there is no difference. Take one past the cliff and warmup looks like a miracle.

# %% [markdown]
# ## What it buys, on a transformer
#
# Now the kind of network that made warmup famous. The task is *associative recall*: a sequence shows
# three keys, each with one of four values, and then asks for them again. To answer, two layers of attention
# have to learn to work together. Guessing has a loss of log 4, about 1.4.<!-- log(4) = 1.4 --> The network is
# **post-norm**, as in the original paper: it normalises after each addition. The optimizer is AdamW with
# $\beta_2 = 0.95$ and a weight decay of 0.1, as for LLaMA.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** There are 300 updates, and peaks from 0.003 to 0.03. At which of them will a
# > warmup over the first 100 make a clear difference?

# %%
recall = problems.associative_recall(keys=3, values=4, gap=2, held_out=256)
optimizer = training.AdamW(beta2=0.95, weight_decay=0.1)
arms = {"no warmup": warmup_of(0), "warmup 100": warmup_of(100)}


def transformer(norm):
    model = training.Transformer(width=16, norm=norm)
    return training.Workload(recall, model, optimizer, batch_size=32)


post = compare.compare(
    transformer("post"),
    arms,
    peaks=[0.01, 0.03] if FAST else [0.003, 0.01, 0.03],
    total_steps=300,
    seeds=seeds,
    reference="no warmup",
)
margin = compare.margin(recall)
for i, peak in enumerate(post.peaks[:-1]):
    at_peak = dict(zip(post.names, post.validation[:, i], strict=True))
    found = compare.paired(
        "warmup 100", "no warmup", at_peak["warmup 100"], at_peak["no warmup"], margin
    )
    compare.show_verdicts([found], at=f"recall, peak {peak:g}")

# %% tags=["conclusion", "varies"]
past = dict(zip(post.names, post.validation[:, -1], strict=True))
rates = np.tile(warmup_of(40)(0.03, 300)(np.arange(300)), (seeds, 1))
trained = training.train(transformer("post"), rates, post.seeds.validation)
past["warmup 40"] = trained.held_out_loss[:, -1]
pairs = [("warmup 100", "no warmup"), ("warmup 40", "no warmup"), ("warmup 100", "warmup 40")]
compare.show_verdicts(
    [compare.paired(a, b, past[a], past[b], margin, peaks=(0.03, 0.03)) for a, b in pairs],
    at="recall, peak 0.03",
)
post.show(margin=margin, at="recall, best peaks")

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    scores_over_peak(post, title="associative recall, AdamW, 300 updates"),
    alt="Held-out loss of the transformer against the peak rate on log axes, every run and the means of "
    "two schedules. At 0.003 they lie on each other. Without warmup the loss climbs by an order of "
    "magnitude at 0.03. With a warmup of 100 it stays low there for most runs.",
)

# %% [markdown]
# The picture is the same, in stronger colours. At the largest peak the plain cosine no longer solves the task
# within its 300 updates, and with a warmup of 100 most runs do: **the usable peak is larger with a warmup**.
# <!-- holds: warmup 100 better_than no warmup at recall, peak 0.03; warmup 100 better_than warmup 40 at recall, peak 0.03 -->
# At the best peaks the question stays open. The mean of the warmup is lower, but a run either finds the
# mechanism or stays on a plateau, and eight runs of that kind leave a wide interval.
# <!-- holds: warmup 100 open_against no warmup at recall, best peaks -->
#
# Do not read this as "warmup is optional". This network has two layers. Post-norm networks of ten and more
# layers often become unstable and end up useless (Takase et al., 2022). To do without a warmup, Xiong et al. (2020)
# moved the normalisation.<!-- source: Xiong et al. 2020; Takase et al. 2022 --> In
# transformers of growing size, Wortsman et al. (2023) found that a longer warmup makes the loss less
# sensitive to the peak.<!-- source: Wortsman et al. 2023 --> Gotmare et al. (2019) conclude that
# a warmup keeps the deeper layers from making the training unstable.<!-- source: Gotmare et al. 2019 -->

# %% [markdown]
# ## What it buys, on a language model
#
# The course has recorded a small language model, a pre-norm transformer that AdamW trains to predict the next byte of
# a made-up language, with a warmup of 32 updates and without ([lesson 12](12_language_models.ipynb) describes it).
# Nothing is trained here. Both sides have their own best peaks, and the margin is what 5 % more updates buy.

# %% tags=["conclusion"]
kinds = ("constant", "linear", "WSD 20 %")
for n in (320, 1280):
    found, where = language_runs.warmup_contrasts(kinds, n), f"language model, {n:,} updates"
    compare.show_verdicts(found, at=where)
    usable = lesson04_runs.usable_peaks(kinds, n)
    ends = [f"{k} {a:g} and {b:g}" for k, (a, b) in usable.items()]
    print("usable peak without a warmup and with one:", ", ".join(ends))
    facts = {f"a warmup raises the usable peak of {k}": b > a for k, (a, b) in usable.items()}
    show_facts(facts, at=where)

# %% jupyter={"source_hidden": true}
curves = {
    f"{n:,} updates": {
        kind: tuple(language_runs.mean_losses(kind, n, warmup_steps=w) for w in (0, 32))
        for kind in kinds
    }
    for n in (320, 1280)
}
plots.show(
    with_and_without(curves),
    alt="Held-out loss of the language model over the peak, after 320 and 1,280 updates: constant, linear "
    "decay and WSD, each with a warmup and without. Up to 0.002 a warmup changes little. Without it all "
    "three have risen at 0.008 and are far above all others at 0.016. With it linear decay and WSD rise late and little; the constant rises earlier and most.",
)

# %% [markdown]
# **Here, too, the warmup raises the usable peak** of linear decay and of WSD, to twice or at least four times. That of the constant rises in the
# short run only.
# <!-- holds: a warmup raises the usable peak of linear at language model, 320 updates; a warmup raises the usable peak of WSD 20 % at language model, 320 updates; a warmup raises the usable peak of linear at language model, 1,280 updates; a warmup raises the usable peak of WSD 20 % at language model, 1,280 updates -->
# In the short run it pays at the best peaks, too: linear decay gains 0.11 and WSD 0.04, and the constant is open. After 1,280 updates neither gain is shown. The
# best peaks are lower there, and can be used without one.
# <!-- holds: linear better_than linear, no warmup at language model, 320 updates; WSD 20 % better_than WSD 20 %, no warmup at language model, 320 updates; constant open_against constant, no warmup at language model, 320 updates; a warmup raises the usable peak of constant at language model, 320 updates; a warmup raises the usable peak of constant is false at language model, 1,280 updates; linear open_against linear, no warmup at language model, 1,280 updates; WSD 20 % open_against WSD 20 %, no warmup at language model, 1,280 updates -->

# %% [markdown]
# ## How long should it be?
#
# Ma and Yarats (2021) suggest $2/(1-\beta_2)$ updates as a default: the time in which $v$ fills.
# That is 40 for $\beta_2 = 0.95$, 200 for 0.99 and 2000 for 0.999.
# <!-- 2/(1-0.95) = 40 --><!-- 2/(1-0.99) = 200 --><!-- 2/(1-0.999) = 2000 -->
# We have already tested it once: the transformer above has $\beta_2 = 0.95$, and a warmup of 40 was worse
# than one of 100. Here are the spirals, with 400 updates at the peak of 0.2. The rule's length for the default
# $\beta_2$ is five times this run.<!-- 2000/400 = 5 -->

# %%
margin = compare.margin(spirals)
for beta2, rule in {0.95: 40, 0.99: 200, 0.999: None}.items():
    tried = [0, 10] if rule is None else [0, 10, rule]
    rows = {f"warmup {w}": schedules.warmup_cosine(0.2, w, 400)(np.arange(400)) for w in tried}
    work = replace(spirals, optimizer=training.Adam(beta2=beta2))
    found = lesson04_runs.final_losses(work, rows, 4 * seeds)
    pairs = [("warmup 10", "warmup 0")]
    pairs += [] if rule is None else [(f"warmup {rule}", "warmup 10")]
    print(f"beta2 = {beta2}")
    compare.show_verdicts([contrast(a, b, found) for a, b in pairs], at=f"beta2 {beta2}")

# %% [markdown]
# The length that is needed does not follow $\beta_2$ here. On the spirals 10 updates do the work for all
# three, and the rule's much longer ramps show no gain over them.
# <!-- holds: warmup 10 better_than warmup 0 at beta2 0.95; warmup 10 better_than warmup 0 at beta2 0.99; warmup 10 better_than warmup 0 at beta2 0.999; warmup 40 open_against warmup 10 at beta2 0.95; warmup 200 open_against warmup 10 at beta2 0.99 -->
# **The rule $2/(1-\beta_2)$ was too short on the transformer, and not shown to beat 10 updates on the spirals.** <!-- holds: warmup 100 better_than warmup 40 at recall, peak 0.03; warmup 200 open_against warmup 10 at beta2 0.99 -->
# That fits the mechanism above: the length would depend on how far the network has to go before it tolerates the
# peak, more than on how long an average takes to fill. We have not tested it further.

# %% [markdown]
# ## What famous runs do
#
# From their papers. GPT-3's warmup is given in tokens, 375 million, while its batch grows linearly from 32 thousand
# to 3.2 million tokens over the first 4 to 12 billion (Brown et al., 2020).<!-- cited: 375, 32, 3.2, 4, 12 -->
# So its updates have to be derived.

# %%
print("run             peak    warmup                  share")
for name in ("BERT", "LLaMA 7B"):
    recipe = RECIPES[name]
    up = recipe.schedule.phases[0].steps
    share = up / recipe.total_steps
    print(
        f"{name:14}  {recipe.schedule(up):.0e}   {up:6,d} updates          {share:.1%} of the updates"
    )
low, high = (lesson04_runs.ramped_batch_updates(375e6, ramp) for ramp in (4e9, 12e9))
print(f"GPT-3 175B      6e-05   375M tokens             {375e6 / 300e9:.1%} of the tokens")
print(f"                        {low:,.0f} to {high:,.0f} updates")
for name in ("BERT", "GPT-3 175B", "LLaMA 7B"):
    print(f"{name}: {RECIPES[name].source}")

# %% [markdown]
# GPT-3's cosine ends at 260 of 300 billion tokens (Brown et al., 2020), <!-- cited: 260, 300 --> and
# the rate then stays at a tenth of the peak. LLaMA's cosine takes the whole run. BERT is often listed among the
# cosines, but its paper says linear. All three warm up over 2,000 to 10,000 updates: the lengths differ at most
# fivefold, the shares eightfold.<!-- 10000/2000 = 5 --><!-- 0.01/0.00125 = 8 --> There is no "right" share, and no "right" number of
# updates either. Our transformer took a third of a very short run.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: two ways to be off by one
#
# Where does the rise start? There are three answers, and you meet all of them.

# %%
peak, rise = 1.0, 5
t = np.arange(8)
ways = {
    "t / W": np.minimum(t / rise, 1),
    "(t + 1) / W": np.minimum((t + 1) / rise, 1),
    "this course": schedules.warmup(schedules.constant(peak), rise)(t),
}
print("updates done t ", "".join(f"{step:6d}" for step in t))
for name, rates in ways.items():
    print(f"{name:15}", "".join(f"{rate:6.2f}" for rate in rates))
idle = training.train(
    training.Workload(data), rates=ways["t / W"][None, :3], seeds=[0], keep_at=(0, 1, 2)
).weights[0]
show_facts(
    {
        "t / W: the first update changes a weight": (idle[0] != idle[1]).any(),
        "t / W: the second update changes a weight": (idle[1] != idle[2]).any(),
    }
)

# %% [markdown]
# `t / W` begins at 0, so **the first update moves no weight** (optax from `init_value=0`, transformers and timm
# do this). <!-- holds: t / W: the first update changes a weight is false -->
# With a thousand steps nobody notices. With a warmup of 5, or when you log "the first step" to see if
# training works, you do. `(t + 1) / W` moves at once and is at the peak an update earlier. The course's
# `warmup` starts at peak/W and reaches the peak at t = W. All are fine, but mixing them up breaks a test
# or a resumed run.
#
# Note also what a warmup does *not* change. A linear ramp and half a cosine both average half the peak, so a
# warmup in front of a cosine moves the area under the rate and does not shrink it.
# <!-- derived: both means are 1/2 -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: optax and flax themselves
#
# `from_library` is this course's own account of optax. It is held against values recorded from optax
# itself, and against optax, if you have it.

# %%
told = {"peak_value": 0.1, "end_value": 0.001, "init_value": 0.0, "warmup_steps": 10}
for decay_steps, key in ((100, "decay_steps=total"), (90, "decay_steps=total-warmup, WRONG")):
    record = recorded_rates("optax", f"warmup_cosine_decay_schedule({key})")
    account = libraries.from_library(optax_name, decay_steps=decay_steps, **told)
    same = np.allclose(account(np.arange(len(record))), record, atol=1e-7)
    print(f"decay_steps = {decay_steps:3}: as recorded from optax: {same}")
try:
    import optax
except ImportError:
    pass  # not needed: the recorded values stand for it
else:
    real = optax.warmup_cosine_decay_schedule(decay_steps=100, **given)
    assert np.allclose(real(np.arange(121)), ours, atol=1e-6)

# %% [markdown]
# A schedule is a plain function of the step, so no framework has a say in it. With `flax.nnx`
# you hand it to the optimizer in place of a number; the optimizer counts its own updates and asks:
#
# ```python
# schedule = optax.warmup_cosine_decay_schedule(
#     init_value=0.0, peak_value=1e-3, warmup_steps=100, decay_steps=total_steps
# )
# optimizer = nnx.Optimizer(model, optax.adam(schedule), wrt=nnx.Param)
# ```

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: a warmup in Keras that is flat
#
# From a widely copied snippet for Keras, under the comment "Warmup + Cosine":
# `CosineDecay(initial_learning_rate=0.1, decay_steps=1000, warmup_target=0.1, warmup_steps=100)`.

# %%
asked = {"decay_steps": 1000, "alpha": 0.0, "warmup_target": 0.1, "warmup_steps": 100}
copied = libraries.from_library("keras.CosineDecay", initial_learning_rate=0.1, **asked)
repaired = libraries.from_library("keras.CosineDecay", initial_learning_rate=0.0, **asked)
print("step      ", "".join(f"{t:8d}" for t in (0, 50, 100, 600, 1000, 1100)))
for name, plan in (("copied", copied), ("repaired", repaired)):
    print(f"{name:10}", "".join(f"{plan(t):8.4f}" for t in (0, 50, 100, 600, 1000, 1100)))

# %% [markdown]
# The rate goes linearly from `initial_learning_rate` to `warmup_target`. Where both are equal, it is constant.
# The initial rate must be lower than the target. And see where it ends: at 1100, because here `decay_steps`
# excludes the warmup. A run of 1000 updates never gets to the end.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: a pre-norm transformer
#
# A **pre-norm** network normalises before each branch instead, and is said to need no
# warmup (Xiong et al., 2020). Here is one peak, past the cliff of the post-norm network.

# %% tags=["conclusion"]
plans = [plan(0.03, 300)(np.arange(300)) for plan in (arms["no warmup"], arms["warmup 100"])]
pre = (
    training.train(
        transformer("pre"),
        rates=np.repeat(plans, seeds, axis=0),
        seeds=np.tile(np.arange(seeds), 2),
    )
    .held_out_loss[:, -1]
    .reshape(2, seeds)
)
found = compare.paired(
    "warmup 100", "no warmup", pre[1], pre[0], compare.margin(recall), peaks=(0.03, 0.03)
)
compare.show_verdicts([found], at="pre-norm, peak 0.03")

# %% [markdown]
# Pre-norm gains from it too, at this peak. <!-- holds: warmup 100 better_than no warmup at pre-norm, peak 0.03 -->
# (The softmax of attention is often named as what makes the first steps delicate. We tested the consequence
# and not this mechanism.) "Needs no warmup" says little unless it names the peak.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong: a warmup to the wrong rate
#
# In PyTorch, schedulers can be put in sequence. Someone puts a warmup in front of `OneCycleLR`. The
# optimizer is built with a rate of 0.1, and the cycle has `max_lr=0.1`.

# %%
from torch.optim import lr_scheduler as torch_lr


def in_sequence(optimizer, follower):
    rise = torch_lr.LinearLR(optimizer, start_factor=0.1, total_iters=10)
    return torch_lr.SequentialLR(optimizer, [rise, follower(optimizer)], milestones=[10])


followers = {
    "cosine": lambda optimizer: torch_lr.CosineAnnealingLR(optimizer, T_max=90),
    "one cycle": lambda optimizer: torch_lr.OneCycleLR(optimizer, max_lr=0.1, total_steps=91),
}
print("update            ", "".join(f"{t:8d}" for t in (0, 5, 9, 10, 20, 37)))
runs = {}
for name, follower in followers.items():
    runs[name] = libraries.simulate_loop(
        lambda optimizer, follower=follower: in_sequence(optimizer, follower),
        libraries.Loop(updates=100),
        base_lr=0.1,
    ).rates
    print(f"warmup, {name:10}", "".join(f"{runs[name][t]:8.4f}" for t in (0, 5, 9, 10, 20, 37)))
ratio = runs["cosine"][9] / runs["one cycle"][9]
show_facts({"in front of OneCycleLR the warmup is 25 times too low": round(ratio) == 25})

# %% [markdown]
# With the 1-cycle behind it, the warmup climbs to 0.004: 25 times too low.<!-- 0.1/0.004 = 25 --> `OneCycleLR` writes its own starting
# rate, `max_lr / 25`, into the optimizer when it is *built*, and the warmup scales whatever it finds there.
# It has a warmup of its own (that is the climb after update 10), so the first ten updates are
# nearly lost. One habit catches every wrong schedule on this page: **print or plot the rates of the whole run
# before you start it.** <!-- holds: in front of OneCycleLR the warmup is 25 times too low; decay_steps = 90 idles in the last ten updates -->

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Change the four values. Find a peak at which only the run with a warmup survives. Is there one that no
# warmup rescues? What does a warmup of nearly the whole run cost, at a small peak and at a large one?

# %% tags=["explorer"]
peak_lr, warmup_steps, total_steps, batch_size = 0.3, 40, 200, 64

tried = {"no warmup": 0, f"warmup {warmup_steps}": warmup_steps}
plans = [schedules.warmup_cosine(peak_lr, w, total_steps) for w in tried.values()]
rows = np.array([plan(np.arange(total_steps)) for plan in plans])
explored = training.train(
    replace(spirals, batch_size=batch_size),
    rates=np.repeat(rows, seeds, axis=0),
    seeds=np.tile(np.arange(seeds), 2),
).losses.reshape(2, seeds, total_steps)
figure, (left, right) = plots.panels(2, height=3.1)
plots.rate_lines(dict(zip(tried, rows, strict=True)), ax=left)
plots.loss_curves(dict(zip(tried, explored, strict=True)), ax=right, ylabel="batch loss")
plots.show(
    figure,
    alt="Left: the rates without and with warmup. Right: loss of the batches over the steps, median and "
    "range of the seeds. At the setting given, the runs without warmup jump up at the start and stay "
    "above those with warmup.",
)

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** To avoid very small numbers, a colleague multiplies the loss by 1,000 and keeps the rate. What does
# that do to Adam's first update, and what to that of plain SGD?
#
# <details><summary>Answer</summary>
#
# Adam's stays the same: $\hat m$ and $\sqrt{\hat v}$ both grow 1,000-fold, and the sign is left. SGD's becomes
# 1,000 times longer, as if the rate were. <!-- derived: from m̂ and v̂ at t = 1 -->
#
# </details>
#
# ---
# **2.** A run of 10 000 steps uses
# `optax.warmup_cosine_decay_schedule(0.0, 1e-3, warmup_steps=500, decay_steps=9500)`.
# What happens in its last 500 steps?
#
# <details><summary>Answer</summary>
#
# The rate is 0 and nothing is learned. In optax `decay_steps` includes the warmup, so the cosine is over
# at step 9500. It should be 10 000. (For Keras' `CosineDecay`, 9500 would be right.)
# <!-- holds: decay_steps = 90 idles in the last ten updates -->
#
# </details>
#
# ---
# **3.** Plain gradient descent starts where the sharpness is 500, and a ramp brings it down to 50. Which
# constant rate is stable at the start, and which peak is stable after the ramp? What choices has a run
# without a warmup?
#
# <details><summary>Answer</summary>
#
# The limits are 2/500 = 0.004 and 2/50 = 0.04.<!-- 2/500 = 0.004 --><!-- 2/50 = 0.04 --> Without a ramp the run can keep to
# a peak that is ten times lower, or it can start at the higher one and has to survive a jump of the loss.
# <!-- derived: from the limit 2 / rate of lesson 1 -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. Adam's first update is the rate times a sign, but filling its averages did not replace a warmup: ten batches helped, a hundred hurt. <!-- holds: filled 10 better_than no warmup at peak 0.2; filled 100 worse_than no warmup at peak 0.2; warmup 10 better_than filled 10 at peak 0.2 -->
# 2. A fresh network can be too sharp for the peak; during a ramp the sharpness follows the limit down, with plain SGD too. <!-- holds: every run starts above 2 / peak at pixels 0 to 16; the sharpness falls below a third during the ramp at pixels 0 to 16; warmup better_than no warmup at pixels 0 to 16 -->
# 3. What a warmup buys is a larger usable peak, on a language model too; where the start is flat or the peak small, no gain was seen. <!-- holds: a warmup raises the usable peak of linear at language model, 320 updates; a warmup raises the usable peak of linear at language model, 1,280 updates; warmup raises the usable peak at spirals; warmup 100 better_than no warmup at recall, peak 0.03; warmup open_against no warmup at pixels 0 to 1 -->
# 4. The length has to be tried: $2/(1-\beta_2)$ showed no gain over 10 updates on the spirals and was too short on the transformer. <!-- holds: warmup 10 better_than warmup 0 at beta2 0.99; warmup 200 open_against warmup 10 at beta2 0.99; warmup 100 better_than warmup 40 at recall, peak 0.03 -->
# 5. optax's `decay_steps` includes the warmup, Keras's excludes it: look at the rates of the whole run before you start it. <!-- holds: decay_steps = 90 idles in the last ten updates -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# | do | start with | evidence |
# |---|---|---|
# | warm up linearly, unless the peak was tuned without it | from peak/W, not from 0 | the usable peak rose on both networks and, with linear decay and WSD, on the language model <!-- holds: a warmup raises the usable peak of linear at language model, 320 updates; a warmup raises the usable peak of linear at language model, 1,280 updates; warmup raises the usable peak at spirals; warmup 100 better_than no warmup at recall, peak 0.03 --> |
# | length for a small network | 10 to 20 updates, about 5 % of the run; more if the loss jumps | 10 were enough on the spirals past the cliff; the raw pixels chose 30 <!-- holds: warmup 10 better_than no warmup at peak 0.2; warmup 10 better_than warmup 0 at beta2 0.999; warmup better_than no warmup at pixels 0 to 16 --> |
# | length for a transformer | 100 updates in a short run, 2,000 in a long one; double it if the loss jumps | 100 was better than 40 here; LLaMA took 2,000 (Touvron et al., 2023), BERT 10,000 (Devlin et al., 2019) <!-- cited: 2000, 10000 --> <!-- holds: warmup 100 better_than warmup 40 at recall, peak 0.03 --> |
# | scale the inputs before you tune a warmup | mean 0 and variance 1, or 0 to 1 | raw pixels made the start too sharp <!-- holds: every run starts above 2 / peak at pixels 0 to 16; warmup better_than no warmup at pixels 0 to 16 --> |
# | print the rates of the whole run | the first 20, the peak, the last 20 | `decay_steps`, OneCycleLR <!-- holds: decay_steps = 90 idles in the last ten updates; in front of OneCycleLR the warmup is 25 times too low --> |

# %% [markdown] tags=["next"]
# ## What comes next
#
# Do [exercise 4](../exercises/ex04_warmup.ipynb): a warmup and a cosine, exactly; a warmup around any schedule;
# Adam's first update; a library's off-by-one.
#
# Here the rate rose once, at the start. [Lesson 5](05_cyclical.ipynb) goes on from there: what if it rises again, in
# cycles?
#
# **References.** D. P. Kingma, J. Ba (2015), *Adam: a method for stochastic optimization*, arXiv:1412.6980. ·
# I. Loshchilov, F. Hutter (2019), *Decoupled weight decay regularization*, arXiv:1711.05101. ·
# P. Goyal et al. (2017), *Accurate, large minibatch SGD: training ImageNet in 1 hour*, arXiv:1706.02677. ·
# A. Gotmare, N. S. Keskar, C. Xiong, R. Socher (2019), *A closer look at deep learning heuristics: learning
# rate restarts, warmup and distillation*, arXiv:1810.13243. · L. Liu et al. (2020), *On the variance of the
# adaptive learning rate and beyond*, arXiv:1908.03265. · J. Ma, D. Yarats (2021), *On the adequacy of untuned
# warmup for adaptive optimization*, arXiv:1910.04209. · R. Xiong et al. (2020), *On layer normalization in the
# transformer architecture*, arXiv:2002.04745. · S. Takase et al. (2022), *On layer normalizations and residual
# connections in transformers*, arXiv:2206.00330. · J. Gilmer et al. (2021), *A loss curvature perspective on
# training instability in deep learning*, arXiv:2110.04369. · J. M. Cohen et al. (2021), *Gradient descent on
# neural networks typically occurs at the edge of stability*, arXiv:2103.00065; (2022), *Adaptive gradient methods
# at the edge of stability*, arXiv:2207.14484. · M. Wortsman et al. (2023), *Small-scale proxies for large-scale
# transformer training instabilities*, arXiv:2309.14322. · D. S. Kalra, M. Barkeshli (2024), *Why warmup the
# learning rate?*, arXiv:2406.09405. · A. Vaswani et al. (2017), *Attention is all you need*, arXiv:1706.03762. ·
# J. Devlin et al. (2019), *BERT*, arXiv:1810.04805. · T. Brown et al. (2020), *Language models are few-shot
# learners*, arXiv:2005.14165. · H. Touvron et al. (2023), *LLaMA*, arXiv:2302.13971.
