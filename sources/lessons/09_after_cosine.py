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
