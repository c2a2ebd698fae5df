# %% [markdown] tags=["title"]
# # Scale up: batches, longer runs, recipes
#
# **You will learn** to
#
# - carry a rate over to another run length, batch size or weight decay, and to a pretrained network;
# - tell which of the rules you read about show in a measurement, and which do not.
#
# **Time:** about 40 minutes.
# **You need** lessons 1 to 4 and 9, and Python with NumPy.

# %% tags=["parameters"]
seeds = 8  # training runs to choose each peak; twice as many others score it
FAST = False  # True: fewer runs, for a quick check

# %%
import numpy as np

from course_lib import plots, problems, schedules, theory, training
from course_lib.compare import Seeds, compare
from course_lib.intervals import mean_interval
from course_lib.plots.lesson09 import lines_over
from course_lib.schedules.recipes import RECIPES, Recipe

# %% [markdown]
# ## The length of the run
#
# Three rules are in circulation. *The schedule should be as long as the run* (Li et al., 2020; Hoffmann
# et al., 2022). *Shorter runs need faster decay. Longer runs need a longer warmup.* The first two can be
# computed, with the best peak for each line:

# %%
horizon = 300
print("linear, run of 300, planned for", end="")
for planned in (150, 225, 300, 450, 600):
    loss = tuned(noisy, lambda p, n, planned=planned: schedules.linear(p, planned), horizon)[1]
    print(f"  {planned}: {loss:.3f}", end="")
print("\n\nupdates   best exponential: falls in all to   per update   best peak of the line")
for n in (100, 300, 1000):
    falls = {f: tuned(noisy, lambda p, n, f=f: schedules.exponential(p, f ** (1 / n)), n)[1]
             for f in (0.3, 0.1, 0.03, 0.01)}  # fmt: skip
    fall = min(falls, key=falls.get)
    print(
        f"{n:7d} {fall:36.0%} {fall ** (1 / n):12.3f} {tuned(noisy, schedules.linear, n)[0]:14.2f}"
    )

# %% [markdown]
# The first rule holds, on both sides: too short costs as well as too long. The second holds *per update*:
# the shorter the run, the faster its best decay. But in all a longer run falls further. And its best peak
# is smaller: **a peak tuned on a short run is too large for a long one**, here.
#
# The third rule, with Adam on the spirals. Warmups of none, a tenth and two fifths of the run:

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Runs of 50, 200 and 800 updates, peaks tuned. Which of them gains most from
# > a warmup?

# %%
adam = training.Workload(data, training.Mlp(dtype="float32"), training.Adam(), batch_size=64)


def warmup_share(share):
    return lambda p, n: schedules.warmup_cosine(p, round(share * n), n)


ways = {"none": warmup_share(0), "tenth": warmup_share(0.1), "two fifths": warmup_share(0.4)}
rise = {}
print("held-out loss, each at its best peak     " + "".join(f"{way:>12}" for way in ways))
for n in (50, 200) if FAST else (50, 200, 800):
    rise[n] = compare(adam, ways, peaks=(0.03, 0.1, 0.3), total_steps=n, seeds=split).scores
    print(
        f"{n:4d} updates, warmup over this share{'':7}"
        + "".join(f"{m:12.2f}" for m in rise[n].mean(axis=1))
    )

# %% tags=["conclusion"]
for n in (50, 200):
    print(
        f"{n:3d} updates: warmup over two fifths against none: {verdict(rise[n][2] - rise[n][0])}"
    )

# %% [markdown]
# The third rule is not what we see. The shortest run gains from its warmup; with 200 updates there is nothing
# left to gain, and the table shows no gain at 800. What a warmup bridges is a fixed number of updates, while
# Adam's averages fill (lesson 4): a large share of a short run, and a small one of a long run. Whether very
# large models need more as they train for longer, this network cannot tell.

# %% [markdown]
# ## The size of the batch
#
# A batch of $k$ times the examples has gradients with $1/k$ of the variance, and for equal examples makes
# $1/k$ of the updates. The rules say: multiply the rate by $k$ with SGD (Goyal et al., 2017), by $\sqrt k$
# with Adam (Malladi et al., 2022).

# %% [markdown] tags=["predict"]
# > **Predict before you run.** On the quadratic, 8,192 examples in batches of 4, 16, 64, 256, a line to
# > zero. By what factor does the best peak grow with each step, for SGD and for Adam? And how much loss
# > does the larger batch cost?


# %%
def adam_losses(quad, peak_list, updates, numbers):
    """Losses after Adam with a line to zero, shape (peaks, seeds)."""
    rates = np.array([schedules.linear(p, updates)(np.arange(updates)) for p in peak_list])
    draws = [np.random.default_rng(n) for n in numbers]
    w = np.tile(quad.start, (len(peak_list), len(numbers), 1))
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in range(updates):
        noise = np.stack([draw.standard_normal(len(quad)) for draw in draws])
        gradient = quad.curvatures * w + quad.noise_std * noise
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        scaled = m / (1 - 0.9 ** (t + 1)) / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
        w = w - rates[:, t, None, None] * scaled
    return 0.5 * (quad.curvatures * w**2).sum(axis=-1)


examples, batches = 8192, (4, 16, 64, 256)
adam_grid = 0.01 * 2.0 ** np.arange(-1, 4.1, 1 / 3)
best_of = {"SGD": [], "Adam": []}
print("batch  updates   SGD: best peak, loss     Adam: best peak, loss")
for batch in batches:
    quad = problems.power_law_quadratic(batch_size=batch)
    peak, loss = tuned(quad, schedules.linear, examples // batch)
    scores = adam_losses(quad, adam_grid, examples // batch, range(2 * seeds)).mean(axis=1)
    best_of["SGD"].append(peak)
    best_of["Adam"].append(adam_grid[scores.argmin()])
    print(f"{batch:5d} {examples // batch:8d} {peak:14.3f} {loss:8.4f}", end="")
    print(f"{best_of['Adam'][-1]:20.3f} {scores.min():7.4f}")
print("factors, SGD: ", (np.array(best_of["SGD"][1:]) / best_of["SGD"][:-1]).round(1))
print("factors, Adam:", (np.array(best_of["Adam"][1:]) / best_of["Adam"][:-1]).round(1))

# %% [markdown]
# **Both rules hold, as long as noise is what limits the run.** SGD's best peak grows by four, and the loss
# stays the same for a quarter of the updates. Then the peak is past the stability limit of lesson 1, here 2,
# which a falling rate can exceed only for a while: at 256 it is smaller than the rule says, and the loss
# doubles. Adam's best peak doubles each time, which is the square root.
#
# On the network? The spirals with SGD, again a line to zero, and the same number of examples for each
# batch:

# %%
runs, peak_grid = 9600, (0.25, 0.5, 1.0, 2.0, 4.0)
print("spirals network, SGD: mean held-out loss at the peaks", peak_grid)
for batch in (8, 32, 128):
    n = runs // batch
    rates = [schedules.linear(p, n)(np.arange(n)) for p in peak_grid]
    bigger = training.Workload(data, training.Mlp(dtype="float32"), batch_size=batch)
    scored = training.train(
        bigger, np.repeat(rates, choosing, axis=0), np.tile(split.validation, 5)
    )
    means = scored.held_out_loss[:, -1].reshape(5, choosing).mean(axis=1)
    print(f"batch {batch:3d}:", "  ".join(f"{loss:.2f}" for loss in means))

# %% [markdown]
# The best peak moves up with the batch, but by less than four for each four times the batch, and the valley
# is so wide that most of the movement does not matter. From a peak of 2 or 4 on, the network's own limit
# stands in the way. The rules say where to look first. They do not replace the look.

# %% [markdown]
# ## Weight decay rides on the schedule
#
# AdamW (Loshchilov and Hutter, 2019) shrinks every weight by $1-\eta_t\lambda$ before its step, in PyTorch
# and most libraries. So **what decays the weights is the product of rate and $\lambda$**: if the schedule
# takes the rate to zero, it takes the decay with it. Weights pushed about at random settle where the pushes
# and the decay balance, at a root mean square near $\sqrt{\eta/(2\lambda)}$.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Rate 0.02 and decay 0.2, random steps of full size: where do weights settle?
# > Now the rate times 4 and the decay divided by 4: what changes, the speed or the size? And if the rate
# > falls to zero?


# %%
def shrink_and_push(rates, weight_decay, count=20_000):
    signs, w, size = np.random.default_rng(1), np.zeros(count), []
    for rate in rates:
        push = signs.integers(0, 2, count) * 2.0 - 1.0  # the sign of pure noise
        w = (1 - rate * weight_decay) * w - rate * push
        size.append(np.sqrt((w**2).mean()))
    return np.array(size)


print("rate  decay  schedule  rms at end  formula  sqrt(rate / (2 decay))  updates to half of it")
for rate, decay in ((0.02, 0.2), (0.08, 0.05), (0.08, 0.2)):
    size = shrink_and_push(np.full(1000, rate), decay)
    rest = theory.weight_decay_equilibrium(rate, decay)
    half = int(np.flatnonzero(size > rest / 2)[0]) + 1
    print(f"{rate:4.2f} {decay:6.2f}  constant {size[-1]:11.2f} {rest:8.2f}", end="")
    print(f"{np.sqrt(rate / (2 * decay)):24.2f} {half:22d}")
falling = schedules.cosine(0.02, 1000)(np.arange(1000))
print(f"0.02   0.20  cosine   {shrink_and_push(falling, 0.2)[-1]:11.2f}")
print("share of an idle weight that is left, decay 0.2: constant", end=" ")
print(f"{np.prod(1 - np.full(1000, 0.02) * 0.2):.3f}, cosine {np.prod(1 - falling * 0.2):.3f}")

# %% [markdown]
# The formula is right, and rate and decay do two different jobs. Their *product* sets the speed: the first
# two rows have the same and take as long. Their *ratio* sets the size: it is four times as large in the
# second. With a cosine the rate fades and the weights settle at less, but nowhere near zero, for the decay
# fades with it. If you change the peak or the shape of a schedule, you change the weight decay, too. An
# *idle* weight, one that gets no gradient, keeps several times more of itself under the cosine than under
# the constant rate.

# %% [markdown]
# ## Starting from a trained network
#
# *Fine-tune with a smaller rate and an aggressive decay, as the model starts near a good solution.* We try
# two cases, with a small network on handwritten digits. **Near:** all ten digits, trained on clean images,
# then 100 images<!-- 800 - 700 = 100 --> with noisy pixels. **Far:** trained on the digits 0 to 4, then the
# digits 5 to 9. Each is compared with fresh weights on the same task, over the same peaks.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** In which of the two is the best peak smaller than from scratch? Does
# > fine-tuning also end better in both? Does an aggressive decay (a cubic) beat a line?

# %%
digits = problems.digits()


def some(part, low=0, high=10, first=0, last=None, pixel_noise=0.0):
    """Images of the digits low … high - 1, labels from 0, some of them, with noise if asked."""
    rows = np.flatnonzero((part.labels >= low) & (part.labels < high))
    rows = np.random.default_rng(0).permutation(rows)[first:last]
    noise = np.random.default_rng(1).standard_normal((len(rows), 64))
    images = np.clip(part.inputs[rows] + pixel_noise * noise, 0, 1)
    return problems.Classification(images, part.labels[rows] - low, high - low, "digits")


tasks = {  # pretrain on, fine-tune on, score on
    "near": (
        some(digits, last=700),
        some(digits, first=700, last=800, pixel_noise=0.25),
        some(digits.held_out, pixel_noise=0.25),
    ),
    "far": (some(digits, 0, 5), some(digits, 5, 10), some(digits.held_out, 5, 10)),
}
tune_grid = 0.0125 * 2.0 ** np.arange(3 if FAST else 0, 7)
falls = {"line": 1, "cubic": 3}


def tune(task, start, numbers, power, peak, updates=60):
    _, new, test = tasks[task]
    widths = (64, 32, 32, new.classes)
    rates = schedules.polynomial(peak, updates, power=power)(np.arange(updates))
    x, _ = sgd(start, widths, new, rates, [n + 1000 for n in numbers], 25)
    return held_out(x, widths, test)


everyone = [*split.validation, *split.fresh]
chosen, curves = slice(0, choosing), {}
starts = {}
for task, (old, new, _) in tasks.items():
    widths, first = (64, 32, 32, new.classes), schedules.cosine(0.4, 400)(np.arange(400))
    scratch = fresh_weights(widths, everyone)
    starts[task] = {"scratch": scratch, "tuned": sgd(scratch, widths, old, first, everyone, 32)[0]}
    for kind, fall in (("scratch", "line"), ("tuned", "line"), ("tuned", "cubic")):
        rows = [tune(task, starts[task][kind], everyone, falls[fall], p) for p in tune_grid]
        curves[task, kind, fall] = np.array(rows)
print("task  start    decay   best peak, held-out loss")
for key, losses in curves.items():
    best_row = losses[:, chosen].mean(axis=1).argmin()
    print(f"{key[0]:5} {key[1]:8} {key[2]:6} {tune_grid[best_row]:9.3f}", end="")
    print(f"{losses[best_row, choosing:].mean():12.2f}")


# %% tags=["conclusion"]
def best_scores(key):
    return curves[key][curves[key][:, chosen].mean(axis=1).argmin(), choosing:]


def peak_interval(key, draws=300):
    """Best peak when the runs are drawn again, with replacement: the middle 95 %."""
    pick = np.random.default_rng(0).integers(0, len(everyone), (draws, len(everyone)))
    at = curves[key][:, pick].mean(axis=2).argmin(axis=0)
    return np.quantile(tune_grid[at], (0.025, 0.975))


for task in tasks:
    line_tuned, from_scratch = (
        peak_interval((task, kind, "line")) for kind in ("tuned", "scratch")
    )
    smaller = line_tuned[1] < from_scratch[0]
    print(f"{task}: best peak clearly smaller than from scratch: {smaller}; loss: ", end="")
    print(verdict(best_scores((task, "tuned", "line")) - best_scores((task, "scratch", "line"))))
    cubic = verdict(
        best_scores((task, "tuned", "cubic")) - best_scores((task, "tuned", "line")), 0.005
    )
    print(f"      cubic against line: {cubic}")

# %% jupyter={"source_hidden": true}
means = {
    task: {k: curves[task, k, "line"].mean(axis=1) for k in ("scratch", "tuned")} for task in tasks
}
figure, axes = plots.panels(2, height=3.2)
for ax, task in zip(axes, tasks, strict=True):
    lines_over(
        tune_grid, means[task], "peak learning rate", "held-out loss", ax=ax, title=task, top=2.5
    )
plots.show(
    figure,
    alt="Held-out loss over the peak, from scratch and fine-tuned, rings at the best. Left, near: fine-tuning "
    "is low and almost flat up to 0.2 and then rises steeply; from scratch falls to its best at 0.4, which is "
    "much higher. Right, far: fine-tuning has its best at 0.2, from scratch goes lower, at 0.4.",
)

# %% [markdown]
# **The best peak is smaller than from scratch in both cases, by one step of our grid, a factor of two.**
# Trained weights break earlier: at the largest peak fine-tuning is the worse of the two. Towards small
# peaks the curve of the near case is almost flat, so a small peak is the safe choice there. Devlin et al.
# (2019) fine-tuned BERT with rates from 2e-5 to 5e-5 after 1e-4 in pretraining, which is about this.
# <!-- cited: 2e-5, 5e-5, 1e-4 -->
#
# The rest of the rule does not show. The cubic ties with the line where the start is near, and loses where
# it is far. And in the far case the trained network is *worse* than fresh weights: it has five wrong
# answers to unlearn in 60 updates, and the two tasks share little. "Near a good solution" is something to
# measure.

# %% [markdown]
# ## What some papers did
#
# You may read that GANs and diffusion models live on cosines, and reinforcement learning on lines. Here is
# what four papers state, as schedules, with the rate in per cent of its peak:

# %%
cyclegan = Recipe(
    schedules.wsd(2e-4, 0, 200, 100),
    200,
    "Adam, batch 1",
    "Zhu, Park, Isola, Efros (2017), CycleGAN, arXiv:1703.10593, sec. 4",
    "Counted in epochs: 100 at the peak, then 100 along a line to 0.",
)
cited = {"CycleGAN, epochs": cyclegan}
cited |= {name: RECIPES[name] for name in ("PPO on Atari", "DDPM on CIFAR-10", "BERT")}
print("run                   peak   rate after 0 %, 25 %, 50 %, 75 % of the run, over its peak")
for name, recipe in cited.items():
    rates = recipe.schedule(np.linspace(0, recipe.total_steps, 201).astype(int))
    shares = "".join(f"{rate / rates.max():7.0%}" for rate in rates[:200:50])
    print(f"{name:17} {rates.max():9.1e} {shares}")
for name, recipe in cited.items():
    print(f"{name}: {recipe.source}")

# %% [markdown]
# None of the four is a cosine. PPO falls along a line to zero (Schulman et al., 2017); the GAN is a WSD,
# years before the name, with a cooldown over half the run; the diffusion model keeps one rate and relies on
# an average of its weights (Ho et al., 2020), as in the section above. These are records of what worked
# once, not comparisons.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 3: a larger batch, and a schedule in updates
#
# A recipe says 10,000 updates with 500 of warmup. You make the batch four times as large and the rate with
# it, and stop after the same number of examples. The numbers in the schedule stay as they were.

# %%
peak_lr, total_steps, warmup_steps = 0.1, 10_000, 500
kept_plan = schedules.warmup_cosine(4 * peak_lr, warmup_steps, total_steps)
scaled_plan = schedules.warmup_cosine(4 * peak_lr, warmup_steps // 4, total_steps // 4)
for name, plan in (("as it was", kept_plan), ("all lengths / 4", scaled_plan)):
    updates = total_steps // 4
    print(f"{name:16} warmup {plan.phases[0].steps / updates:4.0%} of the run, ", end="")
    print(f"rate at its end {plan(updates) / (4 * peak_lr):4.0%} of the peak")

# %% [markdown]
# The run ends in mid-schedule, near the peak: the cosine that was stopped early of lesson 3, on top of a
# warmup of four times the share. **Write lengths in examples, tokens or epochs, and compute the updates.**
