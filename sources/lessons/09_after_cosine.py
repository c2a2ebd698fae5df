# %% [markdown] tags=["title"]
# # Do without the end, and know what came after cosine
#
# **You will learn** to
#
# - get finished models for several budgets out of one run, by cooldowns or by averages of the weights;
# - write schedule-free SGD from scratch, and say what it buys and what it does not;
# - carry a rate over to another run length, batch size or weight decay, and to a pretrained network;
# - tell which of the rules you read about show in a measurement, and which do not.
#
# **Time:** about 60 minutes; from "The length of the run" on, each section stands by itself and can wait.
# **You need** lessons 1 to 4, and Python with NumPy.

# %% tags=["parameters"]
seeds = 8  # training runs to choose each peak; twice as many others score it
FAST = False  # True: fewer runs, for a quick check

# %%
import numpy as np
from threadpoolctl import threadpool_limits

from course_lib import plots, problems, schedules, theory, training
from course_lib.compare import Seeds, compare
from course_lib.intervals import mean_interval
from course_lib.plots.lesson09 import branch_figure, lines_over, valley_figure
from course_lib.schedules.recipes import RECIPES, Recipe
from course_lib.training.batches import batch_table
from course_lib.training.network import Gradient, Networks, init_row, predict, with_ones

# %% [markdown]
# ## Warmup, stable, decay
#
# A cosine needs to know its end before its first update (lesson 3). **WSD** (Hu et al., 2024) does not:
# warm up, stay at the peak for as long as you like, and fall only when you want to stop. The fall is called
# the **cooldown** and often takes the last fifth of the run. Its shape is a line, or $1-\sqrt{s}$ with $s$
# the share of the cooldown that is done (Hägele et al., 2024).
#
# The constant part does not know the budget. So keep the weights somewhere on the way, cool down from
# there, and go back: each **branch** is a finished model, and all share one trunk.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** You want models for 100, 200, 400 and 800 updates. Four cosines take as many
# > updates as these add up to. How many does one trunk take, with cooldowns over the last fifth of each?


# %% tags=["from-scratch"]
def wsd_rates(peak_lr, total_steps, decay_steps, shape="linear"):
    t = np.arange(total_steps)
    done = np.clip((t - (total_steps - decay_steps)) / decay_steps, 0, 1)
    return peak_lr * (1 - (np.sqrt(done) if shape == "1-sqrt" else done))


budgets = (100, 200, 400, 800)
cooldowns = [budget // 5 for budget in budgets]
trunk = max(budgets) - max(cooldowns)
print("four cosines:        ", sum(budgets), "updates")
print("trunk and cooldowns: ", trunk, "+", sum(cooldowns), "=", trunk + sum(cooldowns), "updates")
print("rates of the last 5 of 20 updates, cooldown 4:", wsd_rates(1.0, 20, 4)[-5:])
print("the same with 1-sqrt:", wsd_rates(1.0, 20, 4, "1-sqrt")[-5:].round(2))

# %% tags=["library"]
long = schedules.wsd(peak_lr=0.8, warmup_steps=0, total_steps=800, decay_steps=160)
branches = {b: long.branch(at_step=b - b // 5, decay_steps=b // 5) for b in budgets}
print("ours is the library's:", np.allclose(long(np.arange(800)), wsd_rates(0.8, 800, 160)))
same = [np.allclose(branches[b](np.arange(b)), wsd_rates(0.8, b, b // 5)) for b in budgets]
print("a branch is the WSD of that budget:", all(same))
data = problems.noisy_spirals()
workload = training.Workload(data, training.Mlp(dtype="float32"), batch_size=32)
short, full = (
    training.train(workload, [branches[b](np.arange(b))], [0]).losses[0] for b in (400, 800)
)
apart = int(np.flatnonzero(short != full[:400])[0])
print("two runs of the same seed first differ in the loss of step", apart)

# %% [markdown]
# The two runs differ first in the step after the cooldown's first *smaller* rate: until then they are one
# run, and you pay for it once. The saving grows with the number of budgets, and with how close they lie to
# each other.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Each cosine gets its own best peak. The trunk has one peak for all four
# > budgets. Where does WSD lose: nowhere, at the short budgets or at the long ones? Is its best peak above
# > or below the cosine's?

# %% tags=["experiment"]
choosing = seeds // 2 if FAST else seeds
split = Seeds(range(0, 2 * choosing, 2), range(1, 4 * seeds, 2))  # to choose, to score
peaks = (0.8, 1.6) if FAST else (0.2, 0.4, 0.8, 1.6)
arms = {
    "cosine": schedules.cosine,
    "WSD, linear": lambda p, n: schedules.wsd(p, 0, n, n // 5),
    "WSD, 1-sqrt": lambda p, n: schedules.wsd(p, 0, n, n // 5, "1-sqrt"),
}
found = {
    b: compare(
        workload,
        arms,
        peaks=peaks,
        total_steps=b,
        seeds=split,
        reference="cosine",
        score_every=b // 20,
    )
    for b in budgets
}
ends = {b: dict(zip(arms, found[b].scores, strict=True)) for b in budgets}
one_peak = peaks[np.mean([found[b].validation_means[1] for b in budgets], axis=0).argmin()]
print(f"best peaks at     {'  '.join(f'{b:5d}' for b in budgets[:3])}  updates")
for i, name in enumerate(arms):
    print(f"{name:16}  " + "  ".join(f"{found[b].chosen_peaks[i]:5.1f}" for b in budgets[:3]))
print("best single peak for all four WSD branches:", one_peak)


# %% tags=["conclusion"]
def verdict(difference, margin=0.0):
    """What a paired difference in loss says, allowing for the four budgets that are looked at."""
    interval = mean_interval(difference, level=1 - 0.05 / 4)
    return "better" if interval.high < -margin else "worse" if interval.low > margin else "tie"


def last_scores(make, budget):
    rates = np.tile(make(one_peak, budget)(np.arange(budget)), (len(split.fresh), 1))
    return training.train(workload, rates, split.fresh).held_out_loss[:, -1]


branch_ends = {b: last_scores(arms["WSD, linear"], b) for b in budgets}
print("held-out loss against a cosine of that length with its own best peak")
for b in budgets:
    print(
        f"{b:4d} updates: WSD branch, one peak for all: {verdict(branch_ends[b] - ends[b]['cosine'])}"
    )
shapes = [verdict(ends[b]["WSD, 1-sqrt"] - ends[b]["WSD, linear"]) for b in budgets]
print("cooldown 1-sqrt against linear:", ", ".join(shapes))

# %% jupyter={"source_hidden": true}
flat = training.train(
    workload, np.full((len(split.fresh), 800), one_peak), split.fresh, score_every=20
)
plots.show(
    branch_figure(
        schedules.constant(one_peak),
        {b: schedules.wsd(one_peak, 0, b, b // 5) for b in budgets},
        flat.scored_at,
        flat.held_out_loss.mean(axis=0),
        {b: branch_ends[b].mean() for b in budgets},
        {b: ends[b]["cosine"].mean() for b in budgets},
    ),
    alt="Left: a constant rate over 800 updates, and four linear cooldowns that leave it for zero at 100, "
    "200, 400 and 800. Right: held-out loss. The run without cooldown stays high and wavers; the ends of "
    "the cooldowns lie well below it, and on the ends of four cosines of those lengths.",
)

# %% [markdown]
# **Four ends as good as four cosines, at less than two thirds of the updates**<!-- 940/1500 = 0.63 -->, and
# the shape of the cooldown makes no difference that we can show. WSD's best peak is lower than the
# cosine's: WSD stays at its peak, while a cosine only passes through. (At 800 updates, two
# neighbouring peaks are too close for these seeds to choose between, so the table leaves them out.)

# %% [markdown]
# ## Why a short fall is enough
#
# **The bound.** Lesson 3 used a worst-case bound for the last weights on any convex loss (Defazio
# et al., 2023); Schaipp et al. (2025) found it to look much like the loss of real WSD runs. Here it is at
# each schedule's best peak, times $\sqrt T$, lower is better:

# %%
u, T = np.arange(4000), 4000
shapes = {
    "linear": schedules.linear(1.0, T),
    "cosine": schedules.cosine(1.0, T),
    "cosine to 10 %": schedules.cosine(1.0, T, floor=0.1),
    "WSD, 1-sqrt": schedules.wsd(1.0, 0, T, T // 5, "1-sqrt"),
    "WSD, linear": schedules.wsd(1.0, 0, T, T // 5),
    "constant": schedules.constant(1.0),
}
scale = {name: theory.best_scale(plan(u)) for name, plan in shapes.items()}
print("schedule            bound    best peak / cosine's")
for name, plan in shapes.items():
    value = theory.last_iterate_bound(scale[name] * plan(u)) * np.sqrt(T)
    print(f"{name:18} {value:6.3f}    {scale[name] / scale['cosine']:.2f}")

# %% [markdown]
# A fifth of the run is enough to get most of what decay can give, and **WSD's best peak is about half the
# cosine's**. If you move from cosine to WSD and keep the peak, you handicap WSD.
#
# **The picture.** Wen et al. (2024) think of a river in a steep valley. Noise throws you up the walls, and
# the more so the larger the rate; but along the river a large rate goes faster. A cooldown drops you onto
# the river. `RiverValley` is such a landscape: loss = height above the river + loss of the river.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Constant, cosine and WSD, all at the peak 0.04, with much noise: which ends
# > lowest, and which gets furthest down the river? Does the order survive if each has its best peak?

# %%
valley, steps, walkers = problems.RiverValley(), 1000, 64
grid = np.array([0.02, 0.028, 0.04, 0.057, 0.08, 0.113, 0.16])
plans = {
    "constant": lambda p: schedules.constant(p),
    "cosine": lambda p: schedules.cosine(p, steps),
    "WSD": lambda p: schedules.wsd(p, 0, steps, steps // 5),
}


def walks(make, peak_list, numbers):
    rates = np.repeat([make(p)(np.arange(steps)) for p in peak_list], len(numbers), axis=0)
    paths = problems.walk(valley, rates, valley.start, 3.0, np.tile(numbers, len(peak_list)))
    return paths.reshape(len(peak_list), len(numbers), steps + 1, 2)


tuning = {k: valley.loss(walks(make, grid, np.arange(32))[:, :, -1]) for k, make in plans.items()}
best = {k: grid[np.nan_to_num(v, nan=np.inf).mean(axis=1).argmin()] for k, v in tuning.items()}
fresh = np.arange(100, 100 + walkers)
at_same = {k: walks(make, [0.04], fresh)[0] for k, make in plans.items()}
at_best = {k: valley.loss(walks(make, [best[k]], fresh)[0, :, -1]) for k, make in plans.items()}
print("           peak 0.04: loss = river + walls      best peak: loss")
for k, paths in at_same.items():
    total, river = valley.loss(paths[:, -1]).mean(), valley.river_loss(paths[:, -1]).mean()
    print(
        f"{k:9} {total:16.2f} = {river:5.2f} + {total - river:.2f} {best[k]:16.3f}: {at_best[k].mean():.2f}"
    )

# %% tags=["conclusion"]
last = {k: valley.loss(paths[:, -1]) for k, paths in at_same.items()}
print("peak 0.04: WSD against cosine:  ", verdict(last["WSD"] - last["cosine"]))
print("peak 0.04: WSD against constant:", verdict(last["WSD"] - last["constant"]))
print("best peaks: WSD against cosine:  ", verdict(at_best["WSD"] - at_best["cosine"]))
print("best peaks: WSD against constant:", verdict(at_best["WSD"] - at_best["constant"]))

# %% jupyter={"source_hidden": true}
plots.show(
    valley_figure(
        {k: plans[k](0.04)(np.arange(steps)) for k in plans},
        {k: valley.loss(paths).mean(axis=0) for k, paths in at_same.items()},
        {k: valley.river_loss(paths).mean(axis=0) for k, paths in at_same.items()},
    ),
    alt="Left: three rates at the peak 0.04. Right: their mean loss, and dotted the loss of the river below. "
    "Constant and WSD run high above the river, which falls fastest for them. In its cooldown WSD drops "
    "onto the river. The cosine is close to its river at the end, but less far down.",
)

# %% [markdown]
# At one and the same peak the picture holds: WSD goes as far down as the constant rate, comes down from the
# walls as the cosine does, and beats both. **With the peak tuned for each, WSD and cosine tie again.** The
# cosine just wanted a larger peak. What WSD buys is not a better end but an end that you may choose later.

# %% [markdown]
# ## Straight to zero, or cosine to 10 %?
#
# Large runs often used a cosine to 10 % of the peak. Defazio et al. (2023) argue for a line to zero, and so
# do Bergsma et al. (2025) for language models, the more so the longer the training. The bound above agrees.
# Three noisy quadratics, computed exactly, each schedule at its best peak:

# %%
quads = {
    "noise follows curvature, 1": problems.power_law_quadratic(noise_std=1.0),
    "noise follows curvature, 0.1": problems.power_law_quadratic(noise_std=0.1),
    "same noise everywhere, 0.3": problems.power_law_quadratic(noise_std=0.3, noise_exponent=0),
}


def tuned(quad, make, n):
    """Best peak of a schedule on a quadratic, and the expected loss at the end."""
    peak = theory.best_peak(quad, lambda p: make(p, n), n)
    return peak, theory.expected_losses(quad, make(peak, n)(np.arange(n)))[-1]


def to_ten_percent(peak_lr, n):
    return schedules.cosine(peak_lr, n, floor=0.1 * peak_lr)


print("loss of linear / loss of cosine to 10 %    100    1000 updates")
for name, quad in quads.items():
    ratios = [
        tuned(quad, schedules.linear, n)[1] / tuned(quad, to_ten_percent, n)[1] for n in (100, 1000)
    ]
    print(f"{name:40}" + "".join(f"{ratio:7.2f}" for ratio in ratios))

# %% [markdown]
# A few per cent, and either may win: the line where there is little noise, the floor where there is much.
# "Zero is best" is a finding about certain problems, not a law of schedules.

# %% [markdown]
# ## Averages in place of decay
#
# Decay quiets the noise by small steps. An **average of the weights** of many steps quiets it, too, and
# needs no change of the rate: the mean of the last weights (Polyak and Juditsky, 1992; SWA: Izmailov
# et al., 2018), or an exponential moving average (EMA).
#
# **Schedule-free** training (Defazio et al., 2024) goes one step further. It keeps $z$, which does the
# steps, and $x$, the average, and takes the gradient in between, at $y$:
#
# $$y_t = (1-\beta)\,z_t + \beta\,x_t,\qquad z_{t+1} = z_t - \gamma\,\nabla f(y_t),\qquad
# x_{t+1} = (1-c_{t+1})\,x_t + c_{t+1}\,z_{t+1},\quad c_t = 1/t.$$
#
# $\beta = 0$ is plain SGD and the plain average of all its weights; 0.9 is the usual value. No horizon
# appears anywhere. The model is $x$.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** On the noisy quadratic of lesson 3, 1,000 updates: put the tuned constant
# > rate, the tuned cosine, the best possible schedule, the plain average and schedule-free in order.


# %% tags=["from-scratch"]
def schedule_free(quad, rates, beta, read_at, runs=100):
    """Losses at x, shape (rates, runs, reads), for constant rates; all rates meet the same noise."""
    noise = np.random.default_rng(0)
    gamma = np.asarray(rates)[:, None, None]
    z = x = np.tile(quad.start, (len(rates), runs, 1))
    seen = []
    for t in range(1, max(read_at) + 1):
        y = (1 - beta) * z + beta * x
        gradient = quad.curvatures * y + quad.noise_std * noise.standard_normal(x.shape[1:])
        z = z - gamma * gradient
        x = x + (z - x) / t
        if t in read_at:
            seen.append(0.5 * (quad.curvatures * x**2).sum(axis=-1))
    return np.stack(seen, axis=-1)


noisy, reads = quads["noise follows curvature, 1"], (100, 300, 1000)
gammas = np.array([0.1, 0.2, 0.4, 0.8, 1.2])
table = {f"{name}, tuned": [tuned(noisy, make, n)[1] for n in reads] for name, make in (
    ("constant", lambda p, n: schedules.constant(p)), ("cosine", schedules.cosine))}  # fmt: skip
optimal = theory.optimal_rates(noisy, 1000)
averaged = {beta: schedule_free(noisy, gammas, beta, reads) for beta in (0.9, 0.5, 0.0)}
print("expected loss after              100    300   1000 updates")
for name, losses in table.items():
    print(f"{name + ' for each':29}" + "".join(f"{loss:7.3f}" for loss in losses))
print(f"best schedule for 1000 {theory.expected_losses(noisy, optimal)[-1]:27.3f}")
for beta, losses in averaged.items():
    for k in sorted({int(losses[:, :, i].mean(axis=1).argmin()) for i in (0, 2)}):
        means = "".join(f"{loss:7.3f}" for loss in losses[k].mean(axis=0))
        print(f"one run, beta {beta}, rate {gammas[k]:3.1f}    {means}")

# %% tags=["conclusion"]
cosine_1000 = table["cosine, tuned"][-1]
for beta in (0.9, 0.0):
    k = averaged[beta][:, :, -1].mean(axis=1).argmin()
    print(f"beta {beta}, best rate for 1000, against the tuned cosine: ", end="")
    print(verdict(averaged[beta][k, :, -1] - cosine_1000))
k = averaged[0.0][:, :, -1].mean(axis=1).argmin()
least = theory.expected_losses(noisy, optimal)[-1]
print(
    "beta 0 against the best schedule that SGD can have:", verdict(averaged[0.0][k, :, -1] - least)
)

# %% [markdown]
# The plain average beats even the *best possible schedule*, because that is the best for the last weights,
# and an average is not the last weights. It does so from one run, at a large constant rate, at every
# budget. Schedule-free with $\beta = 0.9$ loses to the tuned cosine here, and its best rate depends on when
# you read it: **it needs no horizon, but its rate is not free of one.**
#
# A quadratic is the home ground of averages, for all weights lie in one bowl. Now the network. A small
# loop, checked against the course's engine: `mix` is $\beta$, and `share` is $c_t$.


# %%
def sgd(start, sizes, data, rates, numbers, batch_size, mix=0.0, share=None, keep_at=()):
    """SGD on networks with rows of weights `start`; x after the updates `keep_at`, and z at last."""
    z, x, kept = start.copy(), start.copy(), []
    rows, line = batch_table(numbers, len(data), batch_size, len(rates))
    inputs = with_ones(data.inputs, start.dtype)
    one_hot = np.eye(data.classes, dtype=start.dtype)
    share = np.ones(len(rates)) if share is None else share
    net = Networks(start.copy(), sizes, batch_size)
    gradient = Gradient(net)
    with threadpool_limits(1, user_api="blas"), np.errstate(over="ignore", invalid="ignore"):
        for t, rate in enumerate(rates.astype(start.dtype)):
            net.weights[:] = (1 - mix) * z + mix * x  # y
            batch = rows[line, t]
            seen = inputs[batch].swapaxes(1, 2)
            error = net.forward(seen)
            error -= np.moveaxis(one_hot[data.labels[batch]], 2, 0)
            error /= batch_size
            gradient.backward(seen, error)
            z -= rate * gradient.rows
            x += start.dtype.type(share[t]) * (z - x)
            if t + 1 in keep_at:
                kept.append(x.copy())
    return kept or x, z


def held_out(weights, sizes, data):
    with threadpool_limits(1, user_api="blas"):
        chances = predict(weights, data.inputs, sizes)[:, data.labels, np.arange(len(data))]
    return np.nan_to_num(-np.log(chances + 1e-12).mean(axis=1), nan=np.inf)


def fresh_weights(sizes, numbers):
    return np.stack([init_row(sizes, n) for n in numbers]).astype(np.float32)


sizes, few = (2, 64, 64, 3), np.arange(4)
plan = schedules.cosine(0.8, 100)(np.arange(100))
ours, _ = sgd(fresh_weights(sizes, few), sizes, data, plan, few, 32)
engine = training.train(workload, np.tile(plan, (4, 1)), few).held_out_loss[:, -1]
print(
    "the loop does what the engine does:",
    np.allclose(held_out(ours, sizes, data.held_out), engine, 1e-4),
)

# %% [markdown] tags=["predict"]
# > **Predict before you run.** One run of 800 updates at a constant rate, read at the four budgets: the
# > last weights, an EMA, the plain average, schedule-free. Which are as good as a cosine that was planned
# > and tuned for each budget?

# %%
t = np.arange(1, 801)
one_run = {  # mix, share of the newest weights
    "last weights": (0.0, np.ones(800)),
    "EMA 0.95": (0.0, np.maximum(0.05, 1 / t)),
    "average of all": (0.0, 1 / t),
    "schedule-free": (0.9, 1 / t),
}


def read_run(name, rate, numbers):
    mix, share = one_run[name]
    start, rates = fresh_weights(sizes, numbers), np.full(800, rate)
    kept, z = sgd(start, sizes, data, rates, numbers, 32, mix, share, keep_at=budgets)
    return np.array([held_out(x, sizes, data.held_out) for x in kept]), kept[-1], z


tried = (0.8, 3.2) if FAST else (0.4, 0.8, 1.6, 3.2)
free = {}
for name in one_run:
    rate = min(tried, key=lambda r, name=name: read_run(name, r, split.validation)[0].mean())
    free[name] = read_run(name, rate, split.fresh)
    print(f"{name:15} best single rate for all four budgets: {rate}")

# %% tags=["conclusion"]
print("against the cosine tuned for each budget, by more than 0.005:")
for name, (losses, _, _) in free.items():
    words = [
        verdict(row - ends[b]["cosine"], 0.005) for b, row in zip(budgets, losses, strict=True)
    ]
    print(f"{name:15}", ", ".join(words))

free_ends = free["schedule-free"][0]
print(
    "after 800 updates against itself after 400: schedule-free",
    verdict(free_ends[3] - free_ends[2]),
)

# %% jupyter={"source_hidden": true} tags=["varies"]
mean_ends = {"cosine, tuned for each": [ends[b]["cosine"].mean() for b in budgets]}
mean_ends["WSD branches"] = [branch_ends[b].mean() for b in budgets]
mean_ends |= {k: free[k][0].mean(axis=1) for k in ("last weights", "EMA 0.95", "schedule-free")}
plots.show(
    lines_over(budgets, mean_ends, "updates", "held-out loss"),
    alt="Held-out loss after 100, 200, 400 and 800 updates. The last weights of the constant rate lie highest. "
    "Cosine and WSD lie on each other. The EMA lies above them at 100 and on them from 200. Schedule-free lies "
    "below all at 100 and 200, level with the cosine at 400, and a little above it at 800.",
)

# %% [markdown]
# **The averages do the work of decay.** The last weights of a constant rate lose everywhere. The EMA of the
# very same run ties with the cosine from 200 updates on. So if you only want to *know* how good a
# constant-rate run is, score an average of its weights. The plain average drags its bad first weights
# along, and catches up only at the end: the network is no quadratic.
#
# Schedule-free is ahead of the cosine at 100 updates and cannot be told from it afterwards, with one rate
# and no plan. It takes a larger rate than any of the others, since its gradients are taken at $y$, near the
# average, where the noise of $z$ hardly reaches. But it is better at 400 updates than at its own end: at so
# large a rate, $z$ does not settle.

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
# ## What goes wrong, 1: judging a WSD run before its cooldown
#
# Two runs of 800 updates, WSD and cosine, each at its best peak. You look in after 640.

# %% tags=["goes-wrong", "conclusion"]
seen = list(found[800].scored_at)
history = dict(zip(arms, found[800].history, strict=True))
for moment in (640, 800):
    apart = history["WSD, linear"][:, seen.index(moment)] - history["cosine"][:, seen.index(moment)]
    print(f"after {moment} updates, WSD against cosine: {verdict(apart)}")

# %% [markdown]
# Before its cooldown a WSD run is still up on the walls, and has not lost anything. To know where it
# stands, branch off a short cooldown, or score an average of its last weights. The same holds for comparing
# *two* WSD runs at different peaks: the larger one always looks worse.
#
# ## What goes wrong, 2: scoring the wrong weights
#
# Schedule-free has three sets of weights. The model is $x$; the optimizer holds $y$ while it trains, and
# code that forgets to switch (`optimizer.eval()`) scores $y$:

# %%
_, x, z = free["schedule-free"]
at_x, at_y, at_z = (
    held_out(weights, sizes, data.held_out) for weights in (x, 0.1 * z + 0.9 * x, z)
)
print(f"held-out loss at x: {at_x.mean():.2f}, at y: {at_y.mean():.2f}")
print(
    "y against x:",
    verdict(at_y - at_x),
    "and z has more than twice the loss:",
    at_z.mean() > 2 * at_x.mean(),
)

# %% [markdown]
# About a hundredth, so nobody notices, and lesson 10 shows more of it. Scoring $z$ would have been noticed.
#
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

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Change the values and run the cell. Does a cooldown of a tenth do? Of a half? Is there a noise at which
# `beta = 0.9` overtakes the tuned cosine, and a `beta` that always does? What does twice the rate do?

# %% tags=["explorer"]
noise_std, updates, cooldown, rate, beta = 1.0, 1000, 0.2, 0.2, 0.9

quad = problems.power_law_quadratic(noise_std=noise_std)
shown = {
    "cosine": schedules.cosine,
    "WSD": lambda p, n: schedules.wsd(p, 0, n, round(cooldown * n)),
}
lines = {}
for name, make in shown.items():
    peak, _ = tuned(quad, make, updates)
    lines[name] = theory.expected_losses(quad, make(peak, updates)(np.arange(updates)))
reads = tuple(range(10, updates + 1, 10))
free_loss = schedule_free(quad, [rate], beta, reads, runs=50)[0].mean(axis=0)
lines["schedule-free"] = np.interp(
    np.arange(updates + 1), (0, *reads), (lines["WSD"][0], *free_loss)
)
words = ", ".join(f"{name} {values[-1]:.3f}" for name, values in lines.items())
plots.show(
    plots.loss_curves(lines, ylabel="expected loss"),
    alt=f"Expected loss over the run; at the end: {words}.",
)
print(f"expected loss at the end: {words}")

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** You move a run from cosine to WSD, keep the peak, and WSD ends slightly worse. What do you try
# first?
#
# <details><summary>Answer</summary>
#
# A lower peak. WSD stays at its peak for most of the run; in the convex bound its best peak is about half
# the cosine's, and on the network it was lower, too. Only a comparison at the best peak of each says
# anything about the shapes.
#
# </details>
#
# ---
# **2.** A team trains schedule-free for a week, then for one more, without changing anything. Is there
# really nothing that depends on the length of the run?
#
# <details><summary>Answer</summary>
#
# No schedule does, and the model can be read at any time. But the best constant rate is larger for short
# runs and smaller for long ones: on the quadratic you saw two different best rates, and on the network the
# run was at its best before its end.
#
# </details>
#
# ---
# **3.** You halve the peak of an AdamW run and leave `weight_decay` as it is. What else have you changed?
#
# <details><summary>Answer</summary>
#
# The decay per update, which is their product, is halved, too. The size at which weights settle, near
# $\sqrt{\eta/(2\lambda)}$, falls by $\sqrt2$, and they take twice as long to get there. To keep the decay,
# double `weight_decay`; then the size is halved instead.
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. WSD gives a model at any budget from one trunk; at tuned peaks it ties with cosine, its own peak being lower.
# 2. Averages of weights do the work of decay; schedule-free needs no horizon, but its best rate depends on one.
# 3. Plan to the end of the run; longer runs want smaller peaks; here only the shortest runs gained from warmup.
# 4. Equal examples: SGD's best rate grows with the batch, Adam's with its root, until a limit; scale lengths, too.
# 5. Decoupled decay is rate times $\lambda$; fine-tuning wanted half the peak that fresh weights did, near or far.

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 9](../exercises/ex09_after_cosine.ipynb): a branch off a stable phase, rates and lengths for another
# batch size, and a straight line to zero. Then take a run of yours that ends with a cosine. Keep its weights at four fifths of a constant-rate run,
# branch off a cooldown, and compare at the best peak of each. [Lesson 10](10_frameworks.ipynb) runs all
# this in your framework, and checks the rates that you really got.
#
# **References.** S. Hu et al. (2024), *MiniCPM*, arXiv:2404.06395. · A. Hägele et al. (2024), *Scaling laws
# and compute-optimal training beyond fixed training durations*, arXiv:2405.18392. · A. Defazio, A.
# Cutkosky, H. Mehta, K. Mishchenko (2023), *Optimal linear decay learning rate schedules and further
# refinements*, arXiv:2310.07831. · F. Schaipp et al. (2025), *The surprising agreement between convex
# optimization theory and learning-rate scheduling for large model training*, arXiv:2501.18965. · K. Wen et
# al. (2024), *Understanding warmup-stable-decay learning rates: a river valley loss landscape perspective*,
# arXiv:2410.05192. · S. Bergsma et al. (2025), *Straight to zero*, arXiv:2502.15938. · B. Polyak, A.
# Juditsky (1992), *Acceleration of stochastic approximation by averaging*. · P. Izmailov et al. (2018),
# *Averaging weights leads to wider optima and better generalization*, arXiv:1803.05407. · A. Defazio et al.
# (2024), *The road less scheduled*, arXiv:2405.15682. · M. Li, E. Yumer, D. Ramanan (2020), *Budgeted
# training*, arXiv:1905.04753. · J. Hoffmann et al. (2022), *Training compute-optimal large language
# models*, arXiv:2203.15556. · P. Goyal et al. (2017), *Accurate, large minibatch SGD*, arXiv:1706.02677. ·
# S. Malladi et al. (2022), *On the SDEs and scaling rules for adaptive gradient algorithms*,
# arXiv:2205.10287. · I. Loshchilov, F. Hutter (2019), *Decoupled weight decay regularization*,
# arXiv:1711.05101. · J. Devlin et al. (2019), *BERT*, arXiv:1810.04805. · J. Schulman et al. (2017),
# *Proximal policy optimization algorithms*, arXiv:1707.06347. · J.-Y. Zhu et al. (2017), *CycleGAN*,
# arXiv:1703.10593. · J. Ho, A. Jain, P. Abbeel (2020), *Denoising diffusion probabilistic models*,
# arXiv:2006.11239.
