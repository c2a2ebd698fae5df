# %% [markdown] tags=["title"]
# # Do without the end, and know what came after cosine
#
# **You will learn** to
#
# - get finished models for several budgets out of one run, by cooldowns or by averages of the weights;
# - write schedule-free SGD from scratch, and say what it buys and what it does not;
# - choose between decay to zero and decay to a tenth of the peak;
# - judge a run that has not cooled down yet.
#
# **Time:** about 40 minutes, and 10 more for *Further*.
# **You need** lessons 1 to 4, and Python with NumPy.

# %% tags=["parameters"]
seeds = 8  # training runs to choose each peak; eight times as many others score it
FAST = False  # True: fewer runs, for a quick check

# %%
import numpy as np

from course_lib import compare, plots, problems, schedules, theory, training
from course_lib.experiments import language_runs
from course_lib.experiments.lesson09_runs import (
    averaged_sgd,
    initial_weights,
    losses_on,
    tuned,
    valley_walks,
)
from course_lib.measured import show_table
from course_lib.outcomes import show_facts
from course_lib.plots.lesson09 import branch_figure, lines_over, peak_panels, valley_figure

# %% [markdown] tags=["surprise", "predict"]
# ## One constant rate against the best schedule there is
#
# Lesson 3 computed the best schedule for 1,000 updates on a noisy quadratic: a thousand rates, each
# optimised, and no schedule can end lower. Below, 100 runs train on the same quadratic at one constant
# rate, 1.2. For a constant rate this is far too large: the last weights are still being thrown about by
# the noise. Beside each run we keep the plain mean of all its weights so far.
#
# > **Predict before you run.** Three losses after 1,000 updates: the best schedule, the last weights of
# > the constant rate, and the mean of all its weights. Put them in order.

# %% tags=["surprise"]
bowl = problems.power_law_quadratic(noise_std=1.0)
best_loss = theory.expected_losses(bowl, theory.optimal_rates(bowl, 1000))[-1]
noise = np.random.default_rng(0)
w = mean = np.tile(bowl.start, (100, 1))  # 100 runs side by side
for t in range(1, 1001):
    gradient = bowl.curvatures * w + bowl.noise_std * noise.standard_normal(w.shape)
    w = w - 1.2 * gradient
    mean = mean + (w - mean) / t  # the mean of w after updates 1 to t
ends = {
    name: 0.5 * (bowl.curvatures * weights**2).sum(axis=1)
    for name, weights in (("last weights", w), ("mean of all weights", mean))
}
print(f"best schedule, exact: {best_loss:.3f}")
# Too small to matter: one per cent of the loss that the best schedule leaves.
too_small = compare.RATIO_MARGIN * best_loss
compare.show_verdicts(
    [
        compare.paired(name, "best schedule", losses, np.full(100, best_loss), too_small)
        for name, losses in ends.items()
    ],
    unit="loss",
)

# %% [markdown]
# The last weights end between forty and seventy times as high as the best schedule, and **the mean of the same weights ends
# below it**. <!-- holds: last weights worse_than best schedule; mean of all weights better_than best schedule -->
# This is no contradiction, because the schedule is the best for the *last* weights, and the mean is
# another estimate. What decay does to the noise, an average does as well, and it does not need to know
# when the run will end. This lesson compares both ways to do without a fixed end.

# %% [markdown]
# ## Warmup, stable, decay
#
# A cosine needs to know its end before its first update (lesson 3). **WSD** (Hu et al., 2024) does not:
# warm up, stay at the peak for as long as you like, and let the rate fall only when you want to stop. The
# fall is called the **cooldown** and often takes the last fifth of the run. It is linear, or follows
# $1-\sqrt{s}$, where $s$ is the share of the cooldown that is done (Hägele et al., 2024).
#
# The constant part does not depend on the budget. So keep the weights somewhere on the way, cool down from
# there, and go back: each **branch** is a finished model, and all branches share one trunk.

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
# The branches for 400 and 800 updates part at the first update of the shorter cooldown with a *smaller*
# rate. Until then they are the same run, which is paid for once. The saving grows with the number of
# budgets, and with how close they lie to each other.

# %% [markdown] tags=["predict"]
# ## Four branches against four cosines
#
# Each cosine gets the best peak for its budget; of several peaks within half the margin of the best it
# gets the largest, so that the choice is the same on every machine. The trunk has one peak for all
# four budgets. Both fall to zero, and each cooldown takes a fifth: these two shapes are not tuned.
#
# > **Predict before you run.** Where does WSD lose: nowhere, at the short budgets or at the long ones? Is its
# > best peak above or below the cosine's?

# %% tags=["experiment"]
choosing = seeds // 2 if FAST else seeds
split = compare.Seeds(range(0, 2 * choosing, 2), range(1, 16 * seeds, 2))  # to choose, to score
peaks = (0.4, 0.8, 1.6, 3.2)
margin = compare.margin(data)


def wsd(share, shape="linear"):
    return lambda peak, n: schedules.wsd(peak, 0, n, round(share * n), shape)


def held_out_ends(make, peak, numbers):
    """Held-out loss at the end of a run of each budget, shape (budgets, seeds)."""
    ends = []
    for b in budgets:
        rates = np.tile(make(peak, b)(np.arange(b)), (len(numbers), 1))
        ends.append(training.train(workload, rates, numbers).held_out_loss[:, -1])
    return np.array(ends)


# %% tags=["experiment", "conclusion"]
def by_peak(make):  # mean loss on the seeds that choose, (peaks, budgets)
    return np.array([held_out_ends(make, p, split.validation).mean(axis=1) for p in peaks])


trunk_peak = peaks[by_peak(wsd(0.2)).mean(axis=1).argmin()]
cosines = by_peak(schedules.cosine)
good = cosines <= cosines.min(axis=0) + margin / 2
cosine_peaks = [max(np.array(peaks)[row]) for row in good.T]
print("peaks of the cosines:", [float(p) for p in cosine_peaks], "· peak of the trunk:", trunk_peak)
branch = held_out_ends(wsd(0.2), trunk_peak, split.fresh)
cosine = np.array(
    [held_out_ends(schedules.cosine, p, split.fresh)[i] for i, p in enumerate(cosine_peaks)]
)


def contrasts(ours, losses, peak, edge=False):
    """One planned contrast with the cosine a budget; the four intervals hold at once, by Bonferroni."""
    level, found = 1 - 0.05 / len(budgets), []
    for i, b in enumerate(budgets):
        names = (f"{ours}, {b}", f"cosine, {b}")
        both = (losses[i], cosine[i, : losses.shape[1]])
        where = {"peaks": (peak, cosine_peaks[i]), "at_edge": (edge, False), "level": level}
        found.append(compare.paired(*names, *both, margin, **where))
    return found


compare.show_verdicts(contrasts("branch", branch, trunk_peak))
show_facts(
    {"the trunk's best peak is below the cosine's at every budget": trunk_peak < min(cosine_peaks)}
)

# %% tags=["experiment"]
as_cosine = held_out_ends(wsd(0.2), max(cosine_peaks), split.fresh)
compare.show_verdicts(
    [
        compare.paired(f"cosine's peak, {b}", f"own peak, {b}", as_cosine[i], branch[i], margin,
                       peaks=(max(cosine_peaks), trunk_peak), level=1 - 0.05 / len(budgets))
        for i, b in enumerate(budgets)
    ]
)  # fmt: skip
few = split.fresh[: 2 * seeds]
rounder = held_out_ends(wsd(0.2, "1-sqrt"), trunk_peak, few)
compare.show_verdicts(
    [
        compare.paired(f"1-sqrt, {b}", f"linear, {b}", rounder[i], branch[i, : len(few)], margin)
        for i, b in enumerate(budgets)
    ]
)

# %% jupyter={"source_hidden": true}
many = split.fresh[: 4 * seeds]
flat = training.train(workload, np.full((len(many), 800), trunk_peak), many, score_every=20)
plots.show(
    branch_figure(
        schedules.constant(trunk_peak),
        {b: wsd(0.2)(trunk_peak, b) for b in budgets},
        flat.scored_at,
        flat.held_out_loss.mean(axis=0),
        dict(zip(budgets, branch.mean(axis=1), strict=True)),
        dict(zip(budgets, cosine.mean(axis=1), strict=True)),
    ),
    alt="Left: a constant rate over 800 updates, and four linear cooldowns that leave it for zero at 100, "
    "200, 400 and 800. Right: held-out loss. The run without cooldown stays high and wavers; the ends of "
    "the cooldowns lie well below it, close to the ends of four cosines of those lengths.",
)

# %% [markdown]
# **From 200 updates on the branches are equal to the cosines**, at less than two thirds of the
# updates<!-- 940/1500 = 0.63 -->. At 100 updates the runs do not decide: the interval leaves the margin on both
# sides. <!-- holds: branch, 200 equal_to cosine, 200; branch, 400 equal_to cosine, 400; branch, 800 equal_to cosine, 800; branch, 100 open_against cosine, 100 -->
# The shape of the cooldown makes no difference that matters at any budget.
# Both are verdicts on this network. In the published runs of a language model ([lesson 12](12_language_models.ipynb)) a cooldown of a
# fifth is worse than a cosine, longer ones are open against it, and the shape 1-sqrt is better than the linear one. In short
# runs it is different again, as you will see below.
# <!-- holds in 12: WSD 20 % worse_than cosine at 50,000 updates; WSD 60 % open_against cosine at 50,000 updates; WSD 20 %, 1-sqrt, 50,000 better_than WSD 20 %, 50,000 -->
# <!-- holds: 1-sqrt, 100 equal_to linear, 100; 1-sqrt, 200 equal_to linear, 200; 1-sqrt, 400 equal_to linear, 400; 1-sqrt, 800 equal_to linear, 800 -->
#
# The trunk's peak is half the cosine's. With the cosine's peak instead, WSD is worse at 200 and 400 updates, by
# 0.008 and 0.004; at 100 the runs do not decide, and at 800 it is equal. WSD stays at its peak for four fifths
# of the run, while a cosine only passes through, so **a peak that was tuned for a cosine can be too large for
# WSD**.
# <!-- holds: the trunk's best peak is below the cosine's at every budget; cosine's peak, 100 open_against own peak, 100; cosine's peak, 200 worse_than own peak, 200; cosine's peak, 400 worse_than own peak, 400; cosine's peak, 800 equal_to own peak, 800 -->

# %% [markdown]
# ## Averages in place of decay
#
# Decay quiets the noise by small steps. An **average of the weights** of many steps quiets it as well, and
# needs no change of the rate: the mean of the weights (Polyak and Juditsky, 1992; SWA: Izmailov
# et al., 2018), or an exponential moving average (EMA), which forgets the early ones.
#
# **Schedule-free** training (Defazio et al., 2024) goes one step further. It keeps $z$, which makes the
# steps, and $x$, the average, and takes the gradient in between, at $y$:
#
# $$y_t = (1-\beta)\,z_t + \beta\,x_t,\qquad z_{t+1} = z_t - \gamma\,\nabla f(y_t),\qquad
# x_{t+1} = (1-c_{t+1})\,x_t + c_{t+1}\,z_{t+1},\quad c_t = 1/t.$$
#
# The model is $x$. $\beta = 0$ is plain SGD and the plain mean of all its weights, as in the surprise above;
# 0.9 is the usual value. No horizon appears anywhere.


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


plain = schedule_free(bowl, [1.2], beta=0, read_at=[1000])[0, :, 0]
print(
    "beta 0 is the surprise's mean of all weights:", np.allclose(plain, ends["mean of all weights"])
)

# %% [markdown] tags=["predict"]
# Now the network. `averaged_sgd` trains it with the course's batches and initial weights and keeps several
# averages on the way. One run of 800 updates at a constant rate is read at the four budgets.
#
# > **Predict before you run.** The last weights, an EMA, the plain mean, schedule-free: which of them are as
# > good as a cosine that was planned and tuned for each budget?

# %% tags=["experiment"]
sizes, t = (2, 64, 64, 3), np.arange(1, 801)
shares = {"last weights": np.ones(800), "mean of all": 1 / t}  # share of the newest weights
shares |= {f"EMA {decay}": np.maximum(1 - decay, 1 / t) for decay in (0.5, 0.9, 0.98)}


def read(kind, rate, numbers):
    """Held-out losses of the averages of one run at the budgets, {name: (budgets, seeds)}."""
    names = ["mean of all"] if kind == "schedule-free" else list(shares)
    how = {"mix": 0.9 if kind == "schedule-free" else 0.0, "keep_at": budgets}
    how["shares"] = [shares[name] for name in names]
    start, rates = initial_weights(sizes, numbers), np.full(800, rate)
    kept, _ = averaged_sgd(start, sizes, data, rates, numbers, 32, **how)
    return {
        name: np.array([losses_on(x[i], sizes, data.held_out) for x in kept])
        for i, name in enumerate(names)
    }


# %% tags=["experiment", "conclusion"]
tried = (0.8, 3.2) if FAST else (0.2, 0.8, 3.2, 12.8)
kinds = {"last weights": ["last weights"], "mean of all": ["mean of all"]}
kinds["EMA"] = [name for name in shares if name.startswith("EMA")]  # its decay is tuned, too
kinds["schedule-free"] = ["mean of all"]
runs = {}  # those that choose; all averages with mix 0 share theirs
for rate in tried:
    runs["SGD", rate] = read("SGD", rate, split.validation)
    runs["schedule-free", rate] = read("schedule-free", rate, split.validation)
chosen = {}
for kind, names in kinds.items():
    run = kind if kind == "schedule-free" else "SGD"
    options = [(run, rate, name) for rate in tried for name in names]
    chosen[kind] = min(options, key=lambda o: runs[o[:2]][o[2]].mean())
fresh_runs = {
    (run, rate): read(run, rate, split.fresh) for run, rate in {c[:2] for c in chosen.values()}
}
averages = {kind: fresh_runs[run, rate][name] for kind, (run, rate, name) in chosen.items()}
rate_of = {kind: rate for kind, (_, rate, _) in chosen.items()}
compare.show_verdicts(
    [one for kind, losses in averages.items() for one in contrasts(kind, losses, rate_of[kind])]
)

# %% tags=["experiment"]
print("the EMA that was chosen:", chosen["EMA"][2])
free = averages["schedule-free"]
compare.show_verdicts(
    [compare.paired("schedule-free after 800", "schedule-free after 400", free[3], free[2], margin)]
)

# %% jupyter={"source_hidden": true} tags=["varies"]
mean_ends = {"cosine, tuned for each": cosine.mean(axis=1)}
mean_ends["WSD branches"] = branch.mean(axis=1)
mean_ends |= {k: averages[k].mean(axis=1) for k in ("last weights", "EMA", "schedule-free")}
plots.show(
    lines_over(budgets, mean_ends, "updates", "held-out loss"),
    alt="Held-out loss after 100, 200, 400 and 800 updates. The last weights of the constant rate lie highest. "
    "Cosine, WSD branches and EMA lie on each other. Schedule-free lies below all of them at 100 and 200, "
    "a little below at 400, and level with them at 800.",
)

# %% [markdown]
# **An EMA does the work of decay from 200 updates on.** The last weights of a constant rate end 0.03 to 0.07 above the
# cosine. The EMA of the very same run is equal to the cosine from 200 updates on.
# <!-- holds: last weights, 100 worse_than cosine, 100; last weights, 800 worse_than cosine, 800; EMA, 200 equal_to cosine, 200; EMA, 400 equal_to cosine, 400; EMA, 800 equal_to cosine, 800; EMA, 100 open_against cosine, 100 -->
# So if you only want to *know* how good a constant-rate run is, score an average of its weights. The plain mean
# keeps its bad first weights, and is still worse after 800 updates, by 0.005: on the network it does not repeat
# what it did on the quadratic.
# <!-- holds: mean of all, 100 worse_than cosine, 100; mean of all, 800 worse_than cosine, 800 -->
#
# **Schedule-free is better than the cosine up to 400 updates and equal to it at 800**, with one rate
# and no plan. At 400 its lead of 0.004 is sure, but less than the margin. <!-- holds: schedule-free, 100 better_than cosine, 100; schedule-free, 200 better_than cosine, 200; schedule-free, 400 better_than cosine, 400; schedule-free, 800 equal_to cosine, 800 -->
# Its rate is four times that of the other averages. A likely reason is that its gradients are taken at $y$, near the
# average, where the noise of $z$ hardly reaches. But it is slightly worse at 800 updates than it was at 400: at so large a rate $z$ does not
# settle. <!-- holds: schedule-free after 800 worse_than schedule-free after 400 -->

# %% [markdown] tags=["predict"]
# ## Decay to zero, or to a tenth of the peak?
#
# Large runs often used a cosine to 10 % of the peak. Defazio et al. (2023) argue for linear decay to zero,
# and so do Bergsma et al. (2025) for language models, the more so the longer the training. Two things differ
# between the two: the shape and the floor. So we try all four combinations, on three noisy quadratics and
# for two lengths, each at its best peak. All losses are exact.
#
# > **Predict before you run.** Does a floor of a tenth help or hurt? Is the answer the same for linear decay
# > and for a cosine, and for little and much noise?

# %% tags=["experiment"]
quads = {
    "noise follows curvature, 1": problems.power_law_quadratic(noise_std=1.0),
    "noise follows curvature, 0.1": problems.power_law_quadratic(noise_std=0.1),
    "same noise everywhere, 0.3": problems.power_law_quadratic(noise_std=0.3, noise_exponent=0),
}


def at_floor(make, share):
    return lambda peak, n: make(peak, n, floor=share * peak)


lengths, floors = (100, 300, 1000), (0.0, 0.1)
makers = {"linear": schedules.linear, "cosine": schedules.cosine}
exact = {  # logs of the exact losses, each at its best peak
    (noise, n): {
        (shape, floor): np.log(tuned(quad, at_floor(make, floor), n)[1])
        for shape, make in makers.items()
        for floor in floors
    }
    for noise, quad in quads.items()
    for n in lengths
}


# %% tags=["experiment"]
def more(a, b):
    return f"{np.exp(a - b) - 1:+.1%}"


rows = []
for (noise, n), logs in exact.items():
    l0, l10, c0, c10 = logs.values()
    rows.append([noise, n, more(l10, l0), more(c10, c0), more(l0, c0), more(l10, c10)])
effects = ["linear: 10 % / 0", "cosine: 10 % / 0", "to 0: linear / cosine", "to 10 %: the same"]
show_table(["noise", "updates", *effects], rows)


# %% tags=["experiment", "conclusion"]
def always(noise, ours, theirs, lengths=lengths):
    """Whether one combination ends lower than another by more than one per cent, every time."""
    gaps = [exact[noise, n][theirs] - exact[noise, n][ours] for n in lengths]
    return min(gaps) > compare.RATIO_MARGIN


much, little, same_noise = quads
(l0, l10), (c0, c10) = ([(shape, floor) for floor in floors] for shape in makers)
show_facts(
    {
        "much noise: a tenth helps the cosine": always(much, c10, c0),
        "much noise: zero helps linear decay in 300 and 1,000 updates": always(
            much, l0, l10, (300, 1000)
        ),
        "little noise: zero helps both": always(little, l0, l10) and always(little, c0, c10),
        "same noise everywhere: a tenth helps both": (
            always(same_noise, l10, l0) and always(same_noise, c10, c0)
        ),
    }
)

# %% [markdown]
# A floor of a tenth is no single effect. With much noise it helps the cosine and mostly costs linear
# decay; with little noise it costs both; with the same noise everywhere it helps both. **No floor wins
# everywhere: it depends on the noise, and with much noise on the shape.** In the published runs of lesson 12 a cosine to
# zero is better than one to a tenth.
# <!-- holds in 12: cosine to a tenth worse_than cosine at 50,000 updates -->
# <!-- holds: much noise: a tenth helps the cosine; much noise: zero helps linear decay in 300 and 1,000 updates; little noise: zero helps both; same noise everywhere: a tenth helps both -->
#
# One reason: a cosine is below a tenth of its peak for its last fifth, where its steps are too small to do
# much, and a floor gives it some of that time back. Linear decay is below a tenth for only a tenth of the run, and
# has less to gain. So a comparison of "linear to zero" with "cosine to 10 %" mixes two
# questions. Change one of them at a time.

# %% [markdown] tags=["experiment", "predict"]
# ## The same on a language model
#
# The recorded language model of lesson 8 was trained for 320, 640 and 1,280 updates, with eight seeds and five peaks.
# Nothing is trained here. The margin is what five per cent more updates buy.
#
# > **Predict before you run.** In which of the three lengths is WSD better than the cosine? Does a floor of a tenth help linear
# > decay? And can one trunk, at one peak, serve all three lengths?

# %% tags=["experiment", "conclusion"]
wsds, model_lengths = ["WSD 20 %", "WSD 20 %, 1-sqrt", "WSD 50 %"], (320, 640, 1280)
planned = [(wsds[1], wsds[0]), (wsds[2], wsds[0]), ("linear to a tenth", "linear")]
at_1280 = language_runs.best_peak("WSD 20 %", 1280)
for n in model_lengths:
    worth, found = language_runs.margin(n), []
    for other in ("cosine", "linear"):
        found += language_runs.contrasts(wsds, other, n, worth)
    found += [language_runs.contrast(*pair, n, worth) for pair in planned]
    if n < 1280:
        found.append(language_runs.kept_peak("WSD 20 %", n, at_1280, worth))
    compare.show_verdicts(found, at=f"language model, {n:,} updates")

# %% tags=["experiment", "conclusion"]
best = {k: [language_runs.best_peak(k, n) for n in model_lengths] for k in ("WSD 20 %", "cosine")}
for name, row in best.items():
    print(f"{name:8} best peak after 320, 640 and 1,280 updates:", *row)
ratios = [ours / theirs for ours, theirs in zip(*best.values(), strict=True)]
halved = [row[-1] / row[0] == 0.5 for row in best.values()]
words = "WSD's best peak is half the cosine's at 640 updates and the same at 320 and 1,280"
facts = {words: ratios == [1, 0.5, 1]}
facts["both best peaks are half as large at 1,280 updates as at 320"] = all(halved)
show_facts(facts, at="language model")

# %% jupyter={"source_hidden": true}
curves = {
    f"{n:,} updates": {name: language_runs.mean_losses(name, n) for name in best}
    for n in model_lengths
}
plots.show(
    peak_panels(curves),
    alt="Held-out loss of the language model over the peak, WSD and cosine, a panel for each length. At 320 and 640 updates WSD lies "
    "well below the cosine; at 1,280 it does so at small peaks only, and above 0.004 the cosine is lower. The lowest points are at 0.008 "
    "after 320 updates and at 0.004 after 1,280; after 640 WSD's is at 0.004 and the cosine's at 0.008.",
)

# %% [markdown]
# **Here WSD is better than the cosine, the more so the shorter the run**: by 0.11 after 320 updates with a cooldown of a fifth, by 0.08 after 640,
# and after 1,280 by 0.01, just under the margin; with a cooldown of a half by 0.02.
# <!-- holds: WSD 20 % better_than cosine at language model, 320 updates; WSD 20 % better_than cosine at language model, 640 updates; WSD 20 % better_than cosine at language model, 1,280 updates; WSD 50 % better_than cosine at language model, 1,280 updates -->
# In the published runs of lesson 12, far longer, a cooldown of a fifth is worse than the cosine, and longer ones are open against it.
# <!-- holds in 12: WSD 20 % worse_than cosine at 50,000 updates; WSD 60 % open_against cosine at 50,000 updates -->
# Neither the length of the cooldown nor its shape makes a difference that matters here.
# <!-- holds: WSD 50 % equal_to WSD 20 % at language model, 320 updates; WSD 50 % equal_to WSD 20 % at language model, 640 updates; WSD 50 % equal_to WSD 20 % at language model, 1,280 updates; WSD 20 %, 1-sqrt equal_to WSD 20 % at language model, 320 updates; WSD 20 %, 1-sqrt equal_to WSD 20 % at language model, 640 updates; WSD 20 %, 1-sqrt equal_to WSD 20 % at language model, 1,280 updates -->
#
# The floor follows the length as well: a tenth is better for linear decay after 320 updates, by about the margin, and equal after that.
# <!-- holds: linear to a tenth better_than linear at language model, 320 updates; linear to a tenth equal_to linear at language model, 640 updates; linear to a tenth equal_to linear at language model, 1,280 updates -->
# So do the best peaks of WSD and of the cosine, which are half as large after 1,280 updates as after 320. A trunk at the peak of the longest run
# is worse after 320 updates, again by about the margin, and equal after 640. (Each half of the seeds chooses the peak for the other. Where the two
# differ, the table shows their geometric mean. The trunk's peak is chosen by all seeds.)
# <!-- holds: both best peaks are half as large at 1,280 updates as at 320 at language model; WSD 20 %, peak 0.004 worse_than WSD 20 %, own peak at language model, 320 updates; WSD 20 %, peak 0.004 equal_to WSD 20 %, own peak at language model, 640 updates -->
# On this grid WSD's best peak is half the cosine's at one length and the same at the other two.
# <!-- holds: WSD's best peak is half the cosine's at 640 updates and the same at 320 and 1,280 at language model -->

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 1: judging a WSD run before its cooldown
#
# Two runs of 800 updates, WSD and cosine, each at its best peak. You look in after 400.

# %% tags=["goes-wrong", "conclusion"]
rates = np.tile(schedules.cosine(cosine_peaks[-1], 800)(np.arange(800)), (len(many), 1))
long_cosine = training.train(workload, rates, many, score_every=20)
at_half = [runs.held_out_loss[:, list(runs.scored_at).index(400)] for runs in (flat, long_cosine)]
compare.show_verdicts(
    [
        compare.paired("WSD after 400", "cosine after 400", *at_half, margin),
        compare.paired("WSD after 800", "cosine after 800", branch[-1], cosine[-1], margin),
    ]
)

# %% [markdown]
# Half-way the WSD run is worse, and at the end it is equal.
# <!-- holds: WSD after 400 worse_than cosine after 400; WSD after 800 equal_to cosine after 800 -->
# Before its cooldown a WSD run carries the noise of its full rate; it has lost nothing. To know where it
# stands, branch off a short cooldown, or score an EMA of its weights. The same holds for two WSD
# runs at different peaks: before the cooldown, the larger peak carries more noise.
#
# ## What goes wrong, 2: scoring the wrong weights
#
# Schedule-free has three sets of weights. The model is $x$; the optimizer holds $y$ while it trains, and
# code that forgets to switch (`optimizer.eval()`) scores $y$:

# %% tags=["goes-wrong"]
start, rates = initial_weights(sizes, few), np.full(800, rate_of["schedule-free"])
kept, z = averaged_sgd(start, sizes, data, rates, few, 32, mix=0.9, shares=[1 / t])
x = kept[0, 0]
at_x, at_y, at_z = (
    losses_on(weights, sizes, data.held_out) for weights in (x, 0.1 * z + 0.9 * x, z)
)
compare.show_verdicts(
    [
        compare.paired("scored at y", "scored at x", at_y, at_x, margin),
        compare.paired("scored at z", "scored at x", at_z, at_x, margin),
    ]
)

# %% [markdown]
# The mistake costs about a hundredth, which nobody would notice; lesson 10 shows more of it. Scoring $z$ would be
# noticed. <!-- holds: scored at y worse_than scored at x; scored at z worse_than scored at x -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: why a short cooldown is enough
#
# **The bound.** Lesson 3 used a worst-case bound for the last weights on any convex loss (Defazio
# et al., 2023); Schaipp et al. (2025) found it to look much like the loss of real WSD runs (lesson 12 has the numbers). Here it is at
# each schedule's best peak, times $\sqrt T$; lower is better:

# %%
u, T = np.arange(4000), 4000
plans = {
    "linear": schedules.linear(1.0, T),
    "cosine": schedules.cosine(1.0, T),
    "cosine to 10 %": schedules.cosine(1.0, T, floor=0.1),
    "WSD, 1-sqrt, a fifth": wsd(0.2, "1-sqrt")(1.0, T),
    "WSD, linear, a fifth": wsd(0.2)(1.0, T),
    "WSD, linear, two fifths": wsd(0.4)(1.0, T),
    "constant": schedules.constant(1.0),
}
scale = {name: theory.best_scale(plan(u)) for name, plan in plans.items()}
print("schedule                 bound    best peak / cosine's")
for name, plan in plans.items():
    value = theory.last_iterate_bound(scale[name] * plan(u)) * np.sqrt(T)
    print(f"{name:23} {value:6.3f}    {scale[name] / scale['cosine']:.2f}")

# %% [markdown]
# A cooldown over a fifth gets most of what decay can give, one over two fifths all that the cosine gives, and in the
# bound, too, **WSD's best peak is little more than half the cosine's**. <!-- derived: the table of the bound above, which is computed, not measured -->
# If you move from a cosine to WSD and keep the peak, you put WSD at a disadvantage.
#
# **The picture.** Wen et al. (2024) think of a river in a steep valley. Noise throws you up the walls,
# higher at a larger rate; but along the river a larger rate goes faster. A cooldown drops you onto
# the river. `RiverValley` is such a landscape: loss = height above the river + loss of the river.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Constant, cosine and WSD, all at the peak 0.04, with much noise: which ends
# > lowest, and which gets furthest down the river? Does the order survive if each has its best peak?

# %%
valley, steps, walkers = problems.RiverValley(), 1000, range(100, 164)
grid = np.array([0.02, 0.028, 0.04, 0.057, 0.08, 0.113, 0.16])
plans = {  # one shape each: neither the cooldown's length nor the cosine's floor is tuned
    "constant": lambda p, n: schedules.constant(p),
    "cosine": schedules.cosine,
    "WSD": wsd(0.2),
}


def walks(name, peak_list, numbers, noise_std=3.0):
    rates = [plans[name](p, steps)(np.arange(steps)) for p in peak_list]
    return valley_walks(valley, rates, numbers, noise_std)


tuning = {k: valley.loss(walks(k, grid, range(32))[:, :, -1]).mean(axis=1) for k in plans}
best = {k: grid[np.nan_to_num(losses, nan=np.inf).argmin()] for k, losses in tuning.items()}
at_same = {k: walks(k, [0.04], walkers)[0] for k in plans}
last = {k: valley.loss(paths[:, -1]) for k, paths in at_same.items()}
at_best = {k: valley.loss(walks(k, [best[k]], walkers)[0, :, -1]) for k in plans}
print("           peak 0.04: loss = river + walls")
for k, paths in at_same.items():
    total, river = last[k].mean(), valley.river_loss(paths[:, -1]).mean()
    print(f"{k:9} {total:16.2f} = {river:5.2f} + {total - river:.2f}")

# %%
# Too small to matter: half a per cent of the loss at the start, as for the networks.
valley_margin = 0.005 * float(valley.loss(valley.start))
same_peak = {"peaks": (0.04, 0.04)}
compare.show_verdicts(
    [
        compare.paired("WSD", other, last["WSD"], last[other], valley_margin, **same_peak)
        for other in ("cosine", "constant")
    ],
    at="peak 0.04",
    unit="loss",
)
compare.show_verdicts(
    [
        compare.paired(
            "WSD", k, at_best["WSD"], at_best[k], valley_margin, peaks=(best["WSD"], best[k])
        )
        for k in ("cosine", "constant")
    ],
    at="its best peak",
    unit="loss",
)

# %% jupyter={"source_hidden": true}
plots.show(
    valley_figure(
        {k: plans[k](0.04, steps)(np.arange(steps)) for k in plans},
        {k: valley.loss(paths).mean(axis=0) for k, paths in at_same.items()},
        {k: valley.river_loss(paths).mean(axis=0) for k, paths in at_same.items()},
    ),
    alt="Left: three rates at the peak 0.04. Right: their mean loss, and dotted the loss of the river below. "
    "Constant and WSD run high above the river, which falls fastest for them. In its cooldown WSD drops "
    "onto the river. The cosine is close to its river at the end, but less far down.",
)

# %% [markdown]
# At the same peak the picture holds: WSD goes nearly as far down the river as the constant rate, comes down from the
# walls as the cosine does, and is better than both.
# <!-- holds: WSD better_than cosine at peak 0.04; WSD better_than constant at peak 0.04 -->
# **With the peak tuned for each, WSD against the cosine is open**: the difference is −0.03, with an interval from
# −0.08 to 0.02. <!-- holds: WSD open_against cosine at its best peak; WSD better_than constant at its best peak -->
# The cosine only needed a larger peak. What WSD surely buys is an end that you may choose later.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: averages on the quadratic, at three lengths
#
# On a quadratic all weights lie in one bowl, which suits an average. Each of the lower rows is one run at one rate,
# read three times (the mean of 100 runs); the schedules are tuned for each length.

# %%
reads, gammas = (100, 300, 1000), np.array([0.1, 0.2, 0.4, 0.8, 1.2])
planned = {"constant": lambda p, n: schedules.constant(p), "cosine": schedules.cosine}
print("expected loss after              100    300   1000 updates")
for name, make in planned.items():
    losses = [tuned(bowl, make, n)[1] for n in reads]
    print(f"{name + ', tuned for each':29}" + "".join(f"{loss:7.3f}" for loss in losses))
print(f"best schedule for 1000 {best_loss:27.3f}")
averaged = {beta: schedule_free(bowl, gammas, beta, reads) for beta in (0.9, 0.5, 0.0)}
for beta, losses in averaged.items():
    for k in sorted({int(losses[:, :, i].mean(axis=1).argmin()) for i in (0, 2)}):
        means = "".join(f"{loss:7.3f}" for loss in losses[k].mean(axis=0))
        print(f"one run, beta {beta}, rate {gammas[k]:3.1f}    {means}")

# %%
cosine_1000 = tuned(bowl, schedules.cosine, 1000)[1]
best_of = {beta: int(losses[:, :, -1].mean(axis=1).argmin()) for beta, losses in averaged.items()}
compare.show_verdicts(
    [
        compare.paired(
            f"beta {beta}", "tuned cosine", averaged[beta][k, :, -1], np.full(100, cosine_1000),
            compare.RATIO_MARGIN * cosine_1000,
        )
        for beta, k in best_of.items()
    ],
    at="1000 updates",
    unit="loss",
)  # fmt: skip
rates_at = {i: int(averaged[0.9][:, :, i].mean(axis=1).argmin()) for i in (0, 2)}
show_facts(
    {"beta 0.9 has a larger best rate for 100 updates than for 1,000": rates_at[0] > rates_at[2]}
)

# %% [markdown]
# The plain mean ($\beta = 0$) is better than the tuned cosine, from one run, at one large rate. With
# $\beta = 0.9$ the order is reversed here. <!-- holds: beta 0.0 better_than tuned cosine at 1000 updates; beta 0.9 worse_than tuned cosine at 1000 updates -->
# And its best rate depends on when you read it: **schedule-free needs no horizon, but its best rate does
# depend on one**. <!-- holds: beta 0.9 has a larger best rate for 100 updates than for 1,000 -->

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Change the values and run the cell. Is a cooldown of a tenth enough? Is a half better? Is there a noise at
# which `beta = 0.9` ends below the tuned cosine, and a `beta` that always does? What does twice the rate do?

# %% tags=["explorer"]
noise_std, updates, cooldown, rate, beta = 1.0, 1000, 0.2, 0.2, 0.9

quad = problems.power_law_quadratic(noise_std=noise_std)
lines = {}
for name, make in {"cosine": schedules.cosine, "WSD": wsd(cooldown)}.items():
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
# **1.** You want models for 1,000, 1,100 and 1,200 updates. What does a trunk with cooldowns over a fifth cost, against
# three separate runs? And for 100, 1,000 and 10,000 updates?
#
# <details><summary>Answer</summary>
#
# The trunk needs 1,200 − 240 = 960 updates and the cooldowns 200 + 220 + 240, together 1,620 instead of 3,300:
# half. For 100, 1,000 and 10,000 it is 8,000 + 2,220 = 10,220 instead of 11,100: 8 % less. The closer
# the budgets, the more is shared. <!-- derived: the sum of the trunk and the cooldowns, as in the first cell on WSD -->
# <!-- 1200/5 = 240 --> <!-- 1200-240 = 960 --> <!-- 1100/5 = 220 --> <!-- 960+200+220+240 = 1620 --> <!-- 1000+1100+1200 = 3300 -->
# <!-- 10000-2000 = 8000 --> <!-- 20+200+2000 = 2220 --> <!-- 8000+2220 = 10220 --> <!-- 100+1000+10000 = 11100 -->
#
# </details>
#
# ---
# **2.** A team trains schedule-free for a week, then for one more, without changing anything. Is there
# really nothing that depends on the length of the run?
#
# <details><summary>Answer</summary>
#
# No schedule does, and the model can be read at any time. But the best constant rate does: on the quadratic it is
# larger for 100 updates than for 1,000, and the network was better after 400 updates than at its
# end. <!-- holds: beta 0.9 has a larger best rate for 100 updates than for 1,000; schedule-free after 800 worse_than schedule-free after 400 -->
#
# </details>
#
# ---
# **3.** A paper finds that linear decay to zero beats a cosine to 10 %. Which two runs are missing before you may say
# that zero is the better floor?
#
# <details><summary>Answer</summary>
#
# Linear decay to 10 % and a cosine to zero. With much noise on our quadratic, zero is better for linear decay and
# worse for the cosine, so the effect of the floor depends on the shape.
# <!-- holds: much noise: a tenth helps the cosine; much noise: zero helps linear decay in 300 and 1,000 updates -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. WSD gives a model at any budget from one trunk; on the network its branches are equal to tuned cosines from 200 updates on; on a small language model they are better; on the larger one of lesson 12, in longer runs, a cooldown of a fifth is worse. <!-- holds: WSD 20 % better_than cosine at language model, 320 updates --> <!-- holds in 12: WSD 20 % worse_than cosine at 50,000 updates --> <!-- holds: branch, 200 equal_to cosine, 200; branch, 400 equal_to cosine, 400; branch, 800 equal_to cosine, 800 -->
# 2. WSD stays at its peak for longer: its own was half the cosine's, and with the cosine's it was worse at 200 and 400 updates. <!-- holds: the trunk's best peak is below the cosine's at every budget; cosine's peak, 200 worse_than own peak, 200; cosine's peak, 400 worse_than own peak, 400 -->
# 3. An EMA of a constant-rate run is equal to a tuned cosine from 200 updates on; the last weights are worse. <!-- holds: EMA, 200 equal_to cosine, 200; EMA, 800 equal_to cosine, 800; last weights, 800 worse_than cosine, 800 -->
# 4. Schedule-free needs no horizon and is better than the cosine or equal to it on the network, worse on the quadratic with $\beta = 0.9$; its best rate depends on the length. <!-- holds: schedule-free, 100 better_than cosine, 100; schedule-free, 200 better_than cosine, 200; schedule-free, 400 better_than cosine, 400; schedule-free, 800 equal_to cosine, 800; beta 0.9 worse_than tuned cosine at 1000 updates; beta 0.9 has a larger best rate for 100 updates than for 1,000 -->
# 5. The better floor depends on the noise and the shape: on the quadratic much noise favours zero for linear decay in the longer runs, and a tenth for the cosine; on a small language model a tenth is better for linear decay after 320 updates; on the larger one of lesson 12 it is worse for the cosine. <!-- holds: linear to a tenth better_than linear at language model, 320 updates; linear to a tenth equal_to linear at language model, 1,280 updates --> <!-- holds in 12: cosine to a tenth worse_than cosine at 50,000 updates --> <!-- holds: much noise: a tenth helps the cosine; much noise: zero helps linear decay in 300 and 1,000 updates -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# | do | start with | evidence |
# |---|---|---|
# | the budget is open: train with WSD | a cooldown over the last fifth, linear or 1-sqrt; keep the weights where it begins | equal to tuned cosines, except for the shortest run, which is open; short runs of a language model: better than a cosine; published long ones: 1-sqrt is better than linear, both are worse than a cosine, and longer cooldowns are open against it (lesson 12) <!-- holds: WSD 20 % better_than cosine at language model, 320 updates; WSD 20 % better_than cosine at language model, 1,280 updates --> <!-- holds in 12: WSD 20 %, 1-sqrt, 50,000 better_than WSD 20 %, 50,000; WSD 20 %, 1-sqrt worse_than cosine at 50,000 updates; WSD 20 % worse_than cosine at 50,000 updates; WSD 60 % open_against cosine at 50,000 updates --> <!-- holds: branch, 200 equal_to cosine, 200; branch, 400 equal_to cosine, 400; branch, 800 equal_to cosine, 800 --> |
# | move from a cosine to WSD | half the cosine's peak, then its neighbours | half on the network, where the cosine's peak was worse at 200 and 400 updates; little more than half in the bound; half in the published runs (lesson 12); in short runs of a language model half of it or all of it <!-- holds: WSD's best peak is half the cosine's at 640 updates and the same at 320 and 1,280 at language model --> <!-- holds in 12: half the cosine's peak for that WSD is confirmed; a cosine's peak is too large for WSD 20 % is confirmed --> <!-- holds: the trunk's best peak is below the cosine's at every budget; cosine's peak, 200 worse_than own peak, 200; cosine's peak, 400 worse_than own peak, 400 --> |
# | look in before the cooldown | an EMA of the weights over the last 10 updates or so | equal to a tuned cosine, where the last weights are worse <!-- holds: EMA, 400 equal_to cosine, 400; last weights, 400 worse_than cosine, 400 --> |
# | no schedule at all | schedule-free, $\beta = 0.9$, four times the best constant rate; call `optimizer.eval()` before you score | better than or equal to the cosine on the network, worse on the quadratic <!-- holds: schedule-free, 100 better_than cosine, 100; schedule-free, 200 better_than cosine, 200; schedule-free, 400 better_than cosine, 400; schedule-free, 800 equal_to cosine, 800; beta 0.9 worse_than tuned cosine at 1000 updates; scored at y worse_than scored at x --> |
# | choose a floor | 0 and a tenth, each at its own peak; for linear decay and for long runs of language models 0 first | published runs of a language model: a tenth is worse for the cosine (lesson 12) <!-- holds in 12: cosine to a tenth worse_than cosine at 50,000 updates -->; small model, linear decay: better after 320 updates, equal after that <!-- holds: linear to a tenth better_than linear at language model, 320 updates; linear to a tenth equal_to linear at language model, 1,280 updates -->; on the quadratics a tenth helped the cosine under much noise, and both under the same noise everywhere; zero elsewhere, except for one case that is equal <!-- holds: much noise: a tenth helps the cosine; much noise: zero helps linear decay in 300 and 1,000 updates; little noise: zero helps both; same noise everywhere: a tenth helps both --> |

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 9](../exercises/ex09_after_cosine.ipynb): linear decay to zero, a branch off a stable phase, another
# batch size, and schedule-free. Then take a run of yours that ends with a cosine. Keep its weights at four
# fifths of a constant-rate run, branch off a cooldown, and compare at the best peak of each.
# [Lesson 10](10_frameworks.ipynb) runs all this in your framework, and checks the rates that you really got.
# [Lesson 12](12_language_models.ipynb) shows what of this holds for a language model.
# What changes with the batch, the length of the run and the weight decay is in [lesson 13](13_scale.ipynb).
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
# (2024), *The road less scheduled*, arXiv:2405.15682.
