# %% [markdown] tags=["title"]
# # Go up once, come down once, and test super-convergence
#
# **You will learn** to
#
# - write the 1-cycle policy with two and three phases, its momentum included, and match `OneCycleLR` exactly;
# - say what each argument of `OneCycleLR` does, and what its curve does at the very end;
# - test super-convergence: how many updates a 1-cycle saves once every rival is tuned as well;
# - find out which part of the cycle does the work: the rise, the fall, or the momentum.
#
# **Time:** about 60 minutes. **You need** lesson 4 (warmup), lesson 5 (cycles), and Python with NumPy
# and PyTorch.

# %% tags=["parameters"]
seeds = 8  # training runs to choose each peak
FAST = False  # True: fewer runs, for a quick check

# %%
from functools import partial

import numpy as np
import torch
from torch.optim.lr_scheduler import OneCycleLR

from course_lib import plots, problems, schedules, training
from course_lib.compare import Seeds, compare
from course_lib.intervals import Interval, mean_interval
from course_lib.libraries import Loop, Resume, from_library, simulate_loop
from course_lib.measured import show_table
from course_lib.plots import lesson06 as figures

# %% [markdown]
# ## One climb, one fall
#
# Lesson 5 went up and down several times, and the last fall counted most. The **1-cycle policy** keeps a single
# cycle, as long as the whole run (Smith, 2018; Smith and Topin, 2019). In its usual form it has **two phases**:
#
# 1. The rate rises from peak/div to the **peak**, over the first 30 % of the run. <!-- 0.3 = 0.3 -->
# 2. It falls over the rest, far below where it began, to peak/(div · final_div).
#
# With **three phases** the fall has a stop: back to peak/div in as many updates as the rise took, then down
# to the end. Each phase is half a cosine or a straight line. That is a long warmup and a decay. What sets it
# apart is a **momentum that runs the other way**, high where the rate is low, and a claim that comes
# with it: *super-convergence*, the same accuracy in a fraction of the updates.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** A call that you will find in many tutorials:
# > `OneCycleLR(optimizer, max_lr=0.1, total_steps=1000, pct_start=0.3, anneal_strategy='cos')`. What is the rate of the
# > first update, and of the last? At which $t$ (updates done) is the peak: 299 or 300?


# %% tags=["from-scratch"]
def through(levels, ends, t, anneal="cos"):
    """Values at updates t that lead from level to level, each reached at its end."""
    values = np.full(len(t), float(levels[-1]))
    for start, end, a, b in zip(ends, ends[1:], levels, levels[1:], strict=False):
        here = (t >= start) & (t <= end)
        share = (t[here] - start) / (end - start)
        if anneal == "cos":
            share = (1 - np.cos(np.pi * share)) / 2
        values[here] = a + (b - a) * share
    return values


def turning_points(total_steps, pct_start, three_phase, early):
    rise = pct_start * total_steps - early
    middle = [2 * rise] if three_phase else []
    return [0, rise, *middle, total_steps - early]


def one_cycle_rates(
    total_steps,
    peak,
    pct_start=0.3,
    div=25,
    final_div=1e4,
    three_phase=False,
    anneal="cos",
    early=0,
):
    ends = turning_points(total_steps, pct_start, three_phase, early)
    levels = [peak / div, peak, *([peak / div] if three_phase else []), peak / div / final_div]
    return through(levels, ends, np.arange(total_steps), anneal)


def one_cycle_momenta(
    total_steps, pct_start=0.3, base=0.85, highest=0.95, three_phase=False, anneal="cos", early=0
):
    ends = turning_points(total_steps, pct_start, three_phase, early)
    levels = [highest, base, highest, *([highest] if three_phase else [])]
    return through(levels, ends, np.arange(total_steps), anneal)


plain = one_cycle_rates(1000, 0.1)
as_torch = one_cycle_rates(1000, 0.1, early=1)
print("                         first    peak at t =    last")
for name, rates in (("the formula", plain), ("as torch counts", as_torch)):
    print(f"{name:22} {rates[0]:7.4f} {rates.argmax():14d}    {rates[-1]:.1e}")
print(f"0.1 / 25 = {0.1 / 25:g}, and / 10000 = {0.1 / 25 / 10_000:.0e}")

# %% [markdown]
# Two conventions, one update apart. This course, like fastai, lets a phase end at a number of updates *done*: the peak
# at 300 and the end value at 1000, which no update uses. PyTorch brings everything one update forward: the
# peak at 299, and the last update, $t = 999$, has the end value itself. Our argument `early` is that one.

# %% [markdown]
# ## The library, PyTorch and fastai
#
# `schedules.one_cycle` and `schedules.one_cycle_momentum` are the formula. For PyTorch, `simulate_loop` runs the real
# optimizer and scheduler. fastai's `fit_one_cycle` is this course's reproduction, tested against recorded values: two
# cosine phases as well, with a rise of 25 %, and an end at peak/100,000 (not divided by `div` again).
# <!-- 25/100 = 0.25 -->


# %% tags=["library"]
def by_torch(updates=1000, **arguments):
    arguments = {"max_lr": 0.1, "total_steps": 1000} | arguments
    return simulate_loop(
        lambda optimizer: OneCycleLR(optimizer, **arguments),
        Loop(updates),
        optimizer_factory=partial(torch.optim.SGD, momentum=0.9),
    )


t = np.arange(1000)
for three in (False, True):
    for anneal in ("cos", "linear"):
        style = {"three_phase": three, "anneal": anneal}
        real = by_torch(three_phase=three, anneal_strategy=anneal)
        pairs = (
            (one_cycle_rates(1000, 0.1, **style), schedules.one_cycle(0.1, 1000, **style)(t)),
            (one_cycle_momenta(1000, **style), schedules.one_cycle_momentum(1000, **style)(t)),
            (one_cycle_rates(1000, 0.1, early=1, **style), real.rates),
            (one_cycle_momenta(1000, early=1, **style), real.momentum),
        )
        same = [bool(np.abs(a - b).max() < 1e-12) for a, b in pairs]
        print(f"{3 if three else 2} phases, {anneal:6}: ours = library {same[:2]}", end=", ")
        print(f"ours, one early = torch {same[2:]}")
fastai = from_library("fastai.fit_one_cycle", n_batches=1000, lr_max=0.1)(t)
mine = one_cycle_rates(1000, 0.1, pct_start=0.25, final_div=1e5 / 25)
print("fit_one_cycle = ours with other arguments:", np.allclose(fastai, mine, rtol=0, atol=1e-7))
shown = [f"{real.momentum[i]:.2f}" for i in (0, 299, 999)]
print("momentum at the start, the peak, the end:", ", ".join(shown))

# %% [markdown]
# ### Argument by argument
#
# `max_lr` and `total_steps` are needed; all others have defaults. Here is what each does to the curve of a run of
# 100 updates, by PyTorch itself.

# %%
base = {"total_steps": 100}
values = {
    "max_lr": {"0.1": {}, "0.05": {"max_lr": 0.05}},
    "total_steps": {"100": {}, "60": {"total_steps": 60}},
    "pct_start": {"0.3": {}, "0.1": {"pct_start": 0.1}, "0.6": {"pct_start": 0.6}},
    "anneal_strategy": {"cos": {}, "linear": {"anneal_strategy": "linear"}},
    "div_factor": {"25": {}, "4": {"div_factor": 4}},
    "final_div_factor (log)": {"10000": {}, "10": {"final_div_factor": 10}},
    "three_phase": {"False": {}, "True": {"three_phase": True}},
}
grid = {
    name: {
        word: by_torch(**{"updates": (base | given)["total_steps"]} | base | given).rates
        for word, given in options.items()
    }
    for name, options in values.items()
}
grid["cycle_, base_, max_momentum"] = {
    ".85, .95": by_torch(100, **base).momentum,
    ".8, .9": by_torch(100, base_momentum=0.8, max_momentum=0.9, **base).momentum,
    "False": by_torch(100, cycle_momentum=False, **base).momentum,
}


def resumed(**arguments):
    """Rates of a run that stops after 50 updates, and goes on with a scheduler built anew."""
    make = partial(OneCycleLR, max_lr=0.1, **base)
    again = Resume(50, ("load_optimizer", "build"), lambda o: make(o, **arguments))
    return simulate_loop(make, Loop(100, resume=again)).rates


whole = by_torch(100, **base).rates
grid["last_epoch, after a stop at 50"] = {"49": resumed(last_epoch=49), "-1": resumed()}
print(
    "resumed with last_epoch=49: as without the stop:", np.allclose(resumed(last_epoch=49), whole)
)
by_epochs = by_torch(100, total_steps=None, epochs=20, steps_per_epoch=5).rates
print("epochs=20, steps_per_epoch=5 is total_steps=100:", bool((by_epochs == whole).all()))

# %% jupyter={"source_hidden": true}
plots.show(
    figures.argument_grid(grid, log=("final_div_factor (log)",)),
    alt="Nine small panels, one an argument of OneCycleLR. max_lr scales the curve; total_steps stretches it; "
    "pct_start moves the peak; anneal_strategy chooses half-cosines or straight lines; div_factor lifts "
    "the start; final_div_factor lifts the end, seen on a log axis; three_phase makes the curve symmetric with a "
    "long tail near zero; the two momenta set the dip; last_epoch goes on after a stop, or starts over.",
)

# %% [markdown]
# | argument | what it does |
# |---|---|
# | `max_lr` | the peak; a list gives one for each parameter group |
# | `total_steps`, or `epochs` and `steps_per_epoch` | the length, in calls of `step()`; with `epochs` it is the product |
# | `pct_start` | the share of the run that rises; with three phases it must stay below one half |
# | `anneal_strategy` | half-cosines or lines, for rate and momentum alike |
# | `div_factor` | the peak over the *first* rate |
# | `final_div_factor` | the first rate over the *last* one, so both factors lie between peak and end |
# | `three_phase` | the fall stops at the first rate on its way |
# | `cycle_momentum` | whether the momentum (Adam: `beta1`) is written too; `True` unless you say otherwise |
# | `base_momentum`, `max_momentum` | the momentum at the peak, and that at both ends |
# | `last_epoch` | updates done minus one, to go on from a checkpoint; load the optimizer's state first |
#
# The last panel: without `last_epoch` the new scheduler starts its climb again in the middle of the run. Loading
# the scheduler's own `state_dict` is safer than counting.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** You may have read of three phases like these: up from max/div in the first 30 % of the
# > run, back to max/div in the next 70 %, and "in the last few per cent" on to max/(div × 100). What do
# > those shares add up to? And with `three_phase=True` and the default `pct_start`, what share of
# > PyTorch's run lies *below* the first rate? <!-- 30/100 = 0.3 -->

# %%
two, three = by_torch().rates, by_torch(three_phase=True).rates
tuned_tail = by_torch(three_phase=True, pct_start=0.45, final_div_factor=100).rates
print("                             back at max/div   below max/div   max / last rate")
for name, rates in (
    ("torch, two phases", two),
    ("torch, three_phase=True", three),
    ("torch, pct_start=0.45, 100", tuned_tail),
):
    back = np.flatnonzero(rates > rates[0] * 1.0001)[-1] + 1
    below = (rates < rates[0] * 0.9999).mean()
    print(f"{name:28} {back / 1000:15.0%} {below:15.0%} {rates.max() / rates[-1]:17,.0f}")
print(f"as the text has it: 30 % + 70 % + a few %; max / last rate = 25 * 100 = {25 * 100:,}")

# %% [markdown]
# The shares of that description add up to more than a whole run, and no setting of PyTorch gives that curve. With two
# phases there is no stop at max/div: the curve passes through it, and ends 250,000 times below the peak, not 2,500.
# With three phases the fall takes exactly as long as the rise, and **what is left goes to the tail**: at the default
# `pct_start` that is 40 % of the run at rates that do next to nothing. For a short tail the rise has to
# be longer, as in the last row. Smith's own rule is of this kind: a cycle a little shorter than the run, and the
# remainder far below.

# %% [markdown]
# ## A momentum that runs the other way
#
# With momentum $m$ every gradient is used again and again, in all $\eta\,(1 + m + m^2 + \dots)$ times. So what a
# long run of equal gradients moves is the **effective rate** $\eta/(1-m)$. A momentum of 0.9 makes ten of one.
# <!-- 1/(1 - 0.9) = 10 -->

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The rate goes from 0.004 up to 0.1, a factor of 25, while the momentum goes from 0.95
# > down to 0.85. By what factor does the *effective* rate rise? Is its peak higher or lower than with a
# > momentum that stays at 0.9?

# %%
rates, momenta = plain, one_cycle_momenta(1000)
effective = rates / (1 - momenta)
fixed = rates / (1 - 0.9)
print("                        first    peak    factor")
for name, curve in (("rate", rates), ("effective, cycled", effective), ("effective, 0.9", fixed)):
    print(f"{name:20} {curve[0]:8.3f} {curve.max():7.2f} {curve.max() / curve[0]:9.1f}")
print(f"peak with 0.9 over peak with the cycle: {fixed.max() / effective.max():.1f}")

# %% jupyter={"source_hidden": true}
plots.show(
    figures.opposite_cycles(rates, momenta, 0.9),
    alt="Three panels over 1000 updates. The rate rises to 0.1 and falls to zero. The momentum does the opposite, "
    "from 0.95 to 0.85 and back, beside a dashed line at 0.9. Their effective rate has the same shape "
    "as with a momentum of 0.9, with a lower peak.",
)

# %% [markdown]
# The two cycles work against each other: the effective rate rises 8.3 times instead of 25. At the same
# `max_lr` the cycled momentum has a peak 1.5 times lower. Keep that in mind for any claim that the 1-cycle
# "allows larger rates": **a factor of 1.5 is arithmetic**, before anything is trained.

# %% [markdown]
# ## Super-convergence, tested
#
# Smith and Topin (2019) report a ResNet-56 on CIFAR-10 that reached a higher accuracy in 10,000 updates, with
# one cycle up to a rate of 3, than in 80,000 with a piecewise constant rate that began at 0.35.
# <!-- cited: 10000, 3, 80000, 0.35, 56, 10 --> Their title calls it "very fast training using large learning rates".
# Note what changes at once: the shape, the peak, the momentum and the length. We take them apart.
#
# "Updates needed" is a trap. Every schedule that comes down has to know its length, so a run planned for 320 says
# nothing about 80. We train each schedule at **four lengths**, with its own best peak at each. The problem:
# handwritten digits, batches of 32, SGD with momentum 0.9 (except where a schedule brings its own).

# %%
data = problems.digits()
workload = training.Workload(
    data, training.Mlp(dtype="float32"), training.Sgd(momentum=0.9), batch_size=32
)
budgets = (40, 80, 160, 320)


def cycle(peak_lr, total_steps):
    return schedules.one_cycle(peak_lr, total_steps), schedules.one_cycle_momentum(total_steps)


def step_decay(peak_lr, total_steps):
    return schedules.multi_step(peak_lr, [total_steps // 2, 3 * total_steps // 4])


rivals = {
    "constant": lambda peak_lr, total_steps: schedules.constant(peak_lr),
    "step decay": step_decay,
    "linear": schedules.linear,
    "cosine": schedules.cosine,
    "1-cycle": cycle,
}
parts = {
    "rate only, 0.9": lambda p, n: schedules.one_cycle(p, n),
    "momentum only": lambda p, n: (schedules.constant(p), schedules.one_cycle_momentum(n)),
    "rate only, 0.85": lambda p, n: (schedules.one_cycle(p, n), schedules.constant(0.85)),
}
print(f"an epoch is {schedules.total_updates(1, len(data), 32)} updates")

# %% [markdown] tags=["predict"]
# > **Predict before you run.** 40, 80, 160 and 320 updates are one to seven epochs: as short as training gets. At
# > which of these lengths does the 1-cycle beat the best of the others? By how much is its best peak
# > larger than that of a constant rate, and than that of a straight line?

# %% tags=["experiment"]
few = seeds // 2 if FAST else seeds


def numbers(choosing, scoring):
    return Seeds(range(0, 2 * choosing, 2), range(1, 2 * scoring, 2))


results = {
    budget: compare(
        workload,
        rivals | parts,
        peaks=(0.025, 0.05, 0.1, 0.2, 0.4)[: None if budget == 80 or not FAST else 4],
        total_steps=budget,
        seeds=numbers(seeds if budget == 80 else few, 3 * seeds if FAST else 4 * seeds),
        reference="1-cycle",
    )
    for budget in budgets
}
names = results[40].names
print("held-out loss (best peak)" + "".join(f"{budget:14d}" for budget in budgets))
for s, name in enumerate(names):
    shown = list(results.values())[: 4 if name in rivals else 3]  # the parts: where they differ
    cells = [f"{r.scores[s].mean():.2f} ({r.chosen_peaks[s]:g})" for r in shown]
    print(f"{name:25}" + "".join(f"{cell:>14}" for cell in cells))


# %%
one = names.index("1-cycle")


def verdict(ours, theirs, margin=0.03):
    """Whether our losses are lower than theirs, seed by seed, by a share of `margin` at least."""
    ratio = mean_interval(np.log(ours / theirs))
    word = "better" if ratio.high < -margin else "worse" if ratio.low > margin else "tie"
    return f"{word:>7}"


# %% tags=["conclusion"]
print("1-cycle, updates          " + "".join(f"{budget:7d}" for budget in budgets))
for name in ("constant", "linear", "cosine"):
    words = [verdict(r.scores[one], r.scores[names.index(name)]) for r in results.values()]
    print(f"  against {name:16}" + "".join(words))
for budget in budgets[:2]:
    ahead = [
        name
        for name, high in zip(names, results[budget].ranking.high[:, one], strict=True)
        if high < 0
    ]
    print(f"{budget} updates, better than the 1-cycle with all pairs at once: {'; '.join(ahead)}")

# %% [markdown]
# A word other than "tie" stands for a difference of 3 % at least, by the 95 % interval of the paired ratio over 32
# fresh seeds. <!-- 4*8 = 32 --> These are twelve words, each for itself; the last two lines allow for all 28 pairs of the
# table at once. <!-- 3*4 = 12 --> <!-- 8*7/2 = 28 -->
#
# **The 1-cycle beats a constant rate, and nothing that simply comes down.** At the shortest budgets it is clearly *behind*
# the straight line and the cosine: of a run of 40 updates it spends 12 on the way up. <!-- 0.3*40 = 12 --> The longer
# the run, the less the rise costs; at 320 updates whatever comes down has the same loss. There is no budget here at which
# it wins.
#
# ### Updates needed, and where a large factor comes from
#
# Now the question in its usual form: how long must a run be planned to reach a held-out accuracy of 94 %? We read it
# off between the four lengths. And one more rival: the same step decay, *not* tuned, at a tenth of the
# 1-cycle's best peak, as cautious as the rival of the paper was.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The untuned step decay needs how many times as many updates as the 1-cycle? And
# > the tuned one?

# %%
target = 0.94
fresh = results[40].seeds.fresh
accuracy = {name: [r.accuracy[s] for r in results.values()] for s, name in enumerate(names)}
longer = (80, 160, 320, 640)
cautious = [
    training.train(
        workload, np.tile(step_decay(0.02, n)(np.arange(n)), (len(fresh), 1)), fresh
    ).held_out_accuracy[:, -1]
    for n in longer
]
tables = {name: (budgets, np.array(accuracy[name])) for name in rivals}
tables["step decay, 0.02"] = (longer, np.array(cautious))


def updates_needed(lengths, table):
    return np.exp(np.interp(target, table.mean(axis=1), np.log(lengths)))


draws = np.random.default_rng(0).integers(0, len(fresh), (2000, len(fresh)))
needed = {
    name: np.array([updates_needed(lengths, table[:, d]) for d in draws])
    for name, (lengths, table) in tables.items()
}


def interval_99(values):
    low, middle, high = np.quantile(values, (0.005, 0.5, 0.995))
    return Interval(middle, low, high)


ratios = {name: interval_99(values / needed["1-cycle"]) for name, values in needed.items()}
show_table(
    ["", "updates needed for 94 % [99 % interval]", "times the 1-cycle's"],
    [
        (name, interval_99(v), ratios[name] if name != "1-cycle" else 1)
        for name, v in needed.items()
    ],
)

# %% jupyter={"source_hidden": true}
plots.show(
    figures.over_budget(
        (*budgets, 640),
        {name: table for name, (_, table) in tables.items()},
        target,
        {name: lengths for name, (lengths, _) in tables.items()},
    ),
    alt="Held-out accuracy over the length that the run was planned for, 40 to 640 updates. Line and cosine are "
    "highest at 40 and 80, the 1-cycle and the tuned step decay a little lower, the constant rate lower still; "
    "the untuned step decay is far below all of them. From 160 updates on all but the constant rate and the "
    "untuned step decay lie together.",
)

# %% tags=["conclusion"]
for name, ratio in ratios.items():
    if name != "1-cycle":
        word = (
            "more than" if ratio.low > 1 else "fewer than" if ratio.high < 1 else "about as many as"
        )
        print(f"{name:17} needs {word} the 1-cycle")
print(f"a factor of at least 1.5: {[name for name in ratios if ratios[name].low > 1.5]}")

# %% [markdown]
# **There is your super-convergence:** against a cautious step decay the 1-cycle needs less than half of the updates. Give
# that same step decay its own best peak, and the factor is gone. The straight line and the cosine even need fewer
# updates than the 1-cycle. What looked like the cycle was the *peak*: a comparison in which only one
# side may use a large rate measures the rate.
#
# This does not say that the paper's runs were wrong. It says that digits in a small network show no such
# effect of the shape, and what to ask of any report of it: was the other side tuned?

# %% [markdown]
# ## Which part does the work?
#
# The cycle has two halves: the rate and the momentum. The table above also holds each of them alone, and the rate
# cycle with a momentum that stays at 0.85.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** What does the momentum cycle add to the rate cycle? And what does it do alone, with
# > a constant rate? (Think of the effective rate at the end.)

# %% tags=["conclusion"]
shorter = [results[budget] for budget in budgets[:3]]
print(" " * 30 + "".join(f"{budget:7d}" for budget in budgets[:3]))
for title, name, other in (
    ("both, to rate only, 0.9", "1-cycle", "rate only, 0.9"),
    ("both, to rate only, 0.85", "1-cycle", "rate only, 0.85"),
    ("momentum only, to constant", "momentum only", "constant"),
):
    pairs = [(r.scores[names.index(name)], r.scores[names.index(other)]) for r in shorter]
    print(f"{title:30}" + "".join(verdict(*pair) for pair in pairs))

# %% [markdown]
# **The rate cycle is all there is.** Cycling the momentum changes nothing that 32 seeds can show, against a momentum
# of 0.9. Against one that stays at 0.85 it loses. A likely reason: at the end of the run it goes
# back to 0.95, and an optimizer that remembers some 20 gradients is slow to settle. <!-- 1 - 0.05 = 0.95 --> <!-- 1/0.05 = 20 -->
# Alone it is harmful: with a constant rate a growing momentum *raises* the effective rate at
# the end, threefold, just where it ought to fall. <!-- 0.15/0.05 = 3 -->

# %% [markdown]
# ## The main claim: convnets, and larger peaks
#
# The claim was made for convolutional networks. Here are two small ones on the same digits, one of them
# with group normalisation. For each schedule we look at the whole range of peaks: the **usable** ones are those with a
# mean held-out loss of 0.4 at most.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** 80 updates, momentum 0.9. On which of the three networks (the one above, the convnet, the
# > normalised convnet) can the 1-cycle use a larger peak than a constant rate? And than a straight line?


# %%
def on_convnet(normalisation, total_steps, peaks, schedule_names):
    some = {"warmup + linear": lambda p, n: schedules.warmup_linear(p, n // 8, n)} | rivals
    return compare(
        training.Workload(
            data,
            training.Convnet(normalisation=normalisation),
            training.Sgd(momentum=0.9),
            batch_size=32,
        ),
        {name: some[name] for name in schedule_names},
        peaks=peaks,
        total_steps=total_steps,
        seeds=numbers(seeds // 2, seeds if FAST else 2 * seeds),
        reference="1-cycle",
    )


three_ways = ("constant", "linear", "1-cycle")
all_peaks = (0.025, 0.05, 0.1, 0.2, 0.4)
short_peaks = all_peaks[1:4] if FAST else all_peaks[:4]
convnets = {
    ("plain", 40): on_convnet("none", 40, all_peaks[1:], three_ways),
    ("plain", 80): on_convnet("none", 80, all_peaks, three_ways),
    ("group norm", 40): on_convnet("group", 40, short_peaks, three_ways),
    ("group norm", 80): on_convnet("group", 80, all_peaks, (*three_ways, "warmup + linear")),
}
print("convnet      updates   schedule         best peak   held-out loss")
for (title, budget), r in convnets.items():
    for row in r.as_table():
        left = f"{title:12} {budget:7d}   {row.schedule:16}"
        print(f"{left} {row.peak_lr:9}   {row.score.mean:13.2f}")

# %% jupyter={"source_hidden": true} tags=["varies"]
at_80 = {
    "fully connected": results[80],
    "convnet": convnets["plain", 80],
    "convnet, group norm": convnets["group norm", 80],
}
plots.show(
    figures.peaks_side_by_side(at_80, (*three_ways, "warmup + linear")),
    alt="Held-out loss over the peak after 80 updates, for three networks. Fully connected and plain convnet: the "
    "1-cycle's curve lies close to that of the line; the constant rate's turns up much earlier. With group "
    "normalisation, constant and line turn up after 0.1, while the 1-cycle and the warmed-up "
    "line stay low far beyond.",
)


# %% tags=["conclusion"]
def usable_peak(comparison, name, limit=0.4):
    return max(comparison.peaks[comparison.validation_means[comparison.names.index(name)] < limit])


def size(ours, theirs):
    return "larger" if ours > 1.01 * theirs else "smaller" if ours < 0.99 * theirs else "the same"


print("usable peak of the 1-cycle:   than constant   than linear")
for title, r in at_80.items():
    peak = usable_peak(r, "1-cycle")
    words = [size(peak, usable_peak(r, name)) for name in ("constant", "linear")]
    print(f"{title:29} {words[0]:>14} {words[1]:>13}")
print("\nscore of the 1-cycle against:       constant        linear")
for (title, budget), r in convnets.items():
    rows = {row.schedule: row.simultaneous for row in r.as_table()}
    words = []
    for name in ("constant", "linear"):  # rows hold theirs minus ours
        low, high = rows[name].low, rows[name].high
        words.append("better" if low > 0.01 else "worse" if high < -0.01 else "not clear")
    print(f"{title:12} {budget:3d} updates {words[0]:>20} {words[1]:>13}")
print("\n40 updates of the 1-cycle against 80 of the other:")
for title in ("plain", "group norm"):
    short, long = convnets[title, 40], convnets[title, 80]
    for name in ("constant", "linear"):
        ours = short.scores[short.names.index("1-cycle")]
        print(f"{title:12} {name:10}", verdict(ours, long.scores[long.names.index(name)]))

# %%
best = convnets["group norm", 80]
show_table(
    ["peak (group norm, 80 updates)", *best.names],
    [
        (f"{peak:g}", *(mean_interval(runs) for runs in best.validation[:, i]))
        for i, peak in enumerate(best.peaks)
        if peak >= 0.1
    ],
)

# %% [markdown]
# **The larger peak is real, where the start is the problem.** With group normalisation a constant rate and a line fall
# apart beyond a peak of 0.1, while the 1-cycle still trains at 0.4. The line that is warmed up for 10 updates stays
# usable as well: it is the **rise** that does it, as in lesson 4, not the cycle. <!-- 80/8 = 10 --> In the other two
# networks the 1-cycle can use a larger peak than a constant rate. So can the line, without any rise.
#
# **A larger peak is not yet a better end.** In none of the four settings is the 1-cycle clearly ahead of the line
# at its own, smaller peak. Runs of 40 and 80 updates scatter a lot on these networks, so 16 seeds do not exclude a
# difference either way. <!-- 2*8 = 16 --> What they do exclude is a factor of two: 40 updates of the 1-cycle are clearly
# worse than 80 of the line, or even of a constant rate.

# %% [markdown]
# ## When to use it, and when not
#
# **Use it** when the length is fixed, you want one tool with warmup and decay in it, and the peak is hard to guess:
# where the start is delicate, a long rise forgives a peak that is too large.
#
# **Avoid it** when you may go on longer or stop early (there is no finished model before the end); when the run
# is very short, for then the rise costs too much; and in front of or behind other schedulers. Try `pct_start=0.1`
# before you believe in the default, and `cycle_momentum=False` if your momentum was tuned.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 1: one step too many
#
# A cosine that is stepped past its end climbs again. `OneCycleLR` raises an error, but one update later than you
# might think. Planned for 10 updates; the loop makes 12:

# %%
for anneal in ("linear", "cos"):
    run = by_torch(12, total_steps=10, anneal_strategy=anneal)
    print(f"{anneal:6} updates 9 to 11:", "  ".join(f"{rate:+.4f}" for rate in run.rates[8:]))
    print(f"       momentum of update 11: {run.momentum[-1]:.3f}")
print(run.error.exception)

# %% [markdown]
# Update 11 still happens, outside the plan. With straight lines its rate is **negative**, −0.0143: it walks uphill. With
# cosines it climbs again. Then the error comes, in the call of `step()`, often at the very end of a long run, before
# the weights were saved. Usual causes: a last batch that is not full and was not counted, or a resumed run that
# counts twice. Ask for `total_steps` as epochs times the length of the data loader.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 2: your own settings are overwritten

# %%
mine = partial(torch.optim.SGD, momentum=0.99)
for words in ({}, {"cycle_momentum": False}):
    run = simulate_loop(
        lambda o, words=words: OneCycleLR(o, max_lr=0.1, total_steps=100, **words),
        Loop(100),
        base_lr=0.5,
        optimizer_factory=mine,
    )
    print(f"SGD(lr=0.5, momentum=0.99), {words or 'defaults'}: ", end="")
    print(f"first update {run.rates[0]:g} and {run.momentum[0]:.2f}")
adam = simulate_loop(
    lambda o: OneCycleLR(o, max_lr=0.001, total_steps=100),
    Loop(100),
    optimizer_factory=torch.optim.Adam,
)
print(f"Adam, beta1 = 0.9 asked for: from {adam.momentum[0]:.2f} to {adam.momentum.min():.2f}")
short = by_torch(3, total_steps=3, pct_start=1 / 3)
print(f"total_steps=3, pct_start=1/3: {type(short.error.exception).__name__}")

# %% [markdown]
# The rate you gave the optimizer is never used, and so is its momentum unless `cycle_momentum=False`. In Adam,
# `beta1` moves without a word. (Put behind a warmup in `SequentialLR`, it also overwrites the rate that the warmup
# starts from: lesson 4 showed it.) The last line is PyTorch's early peak at its extreme: a rise of one update has
# length 1 − 1 = 0, and it divides by that.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 3: stepped once an epoch
#
# `total_steps` is in updates, the loop calls `scheduler.step()` once an epoch. Nothing raises.

# %%
planned = by_torch(160, max_lr=0.2, total_steps=160).rates
per_epoch = simulate_loop(
    lambda o: OneCycleLR(o, max_lr=0.2, total_steps=160),
    Loop(160, step_per="epoch", batches_per_epoch=45),
).rates
print("update           0     47    100    159")
for name, rates in (("every update", planned), ("every epoch", per_epoch)):
    print(f"{name:13}", "".join(f"{rates[t]:7.3f}" for t in (0, 47, 100, 159)))
runs = training.train(
    workload,
    np.repeat([planned, per_epoch], seeds, axis=0),
    np.tile(np.arange(seeds), 2),
)
ends = runs.held_out_loss[:, -1].reshape(2, seeds).mean(axis=1)
print(f"held-out loss: every update {ends[0]:.1f}, every epoch {ends[1]:.1f}")

# %% [markdown]
# After 160 updates the climb has hardly begun. Print the rates of the whole run before you start it.

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Change the values and run the cell. At 40 updates, which `pct_start` brings the 1-cycle level with the line? Is there a
# peak at which the line fails and the cycle does not? Set both momenta to 0.85: does the end get better?

# %% tags=["explorer"]
peak_lr, updates, pct_start, base_momentum, max_momentum = 0.2, 40, 0.3, 0.85, 0.95

u = np.arange(updates)
curves = {
    "1-cycle": schedules.one_cycle(peak_lr, updates, pct_start)(u),
    "linear": schedules.linear(peak_lr, updates)(u),
}
with_it = schedules.one_cycle_momentum(updates, pct_start, base_momentum, max_momentum)(u)
tried = training.train(
    workload,
    np.repeat(list(curves.values()), seeds, axis=0),
    np.tile(np.arange(seeds), 2),
    momenta=np.repeat([with_it, np.full(updates, 0.9)], seeds, axis=0),
    score_every=5,
)
held = dict(zip(curves, tried.held_out_loss.reshape(2, seeds, -1), strict=True))
figure, (left, right) = plots.panels(2, height=3.1)
plots.rate_lines(curves, ax=left)
left.get_legend().remove()
plots.held_out_curves(tried.scored_at, held, ax=right)
words = ", ".join(f"{name} {losses[:, -1].mean():.2f}" for name, losses in held.items())
plots.show(figure, alt=f"The rates, and the held-out loss on the way. At the end: {words}.")
print(f"held-out loss at the end: {words}")

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** `OneCycleLR(optimizer, max_lr=0.1, total_steps=1000)`, everything else at its default. What is the rate of
# the last update, and which argument would you change to end at 0.0004?
#
# <details><summary>Answer</summary>
#
# 0.1/25/10,000, or 0.0000004: `final_div_factor` divides the *first* rate, not the peak. For 0.0004 set it to
# 10. <!-- 0.1/25/10000 = 0.0000004 --> <!-- 0.1/25/10 = 0.0004 -->
#
# </details>
#
# ---
# **2.** A report: "With the 1-cycle at a peak of 1 we need a fifth of the updates of our step decay at 0.1." What do you
# ask first?
#
# <details><summary>Answer</summary>
#
# What the step decay does at a peak of its own choosing, and what a straight line does. Above, an untuned step
# decay needed more than twice the updates of the 1-cycle, the tuned one about as many, and the line fewer.
#
# </details>
#
# ---
# **3.** A run at a peak of 0.4 diverges with a linear decay and trains with the 1-cycle. Which part of the cycle would you
# keep, and how would you check?
#
# <details><summary>Answer</summary>
#
# The rise. Put a short warmup in front of the line and run it at the same peak: if it trains, the rise was what was
# missing. And compare with the line at a smaller peak: that it *can* use a larger one does not make its end better.
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. The 1-cycle is a long warmup and a decay; the peak over `div_factor` is first, that over both factors is last.
# 2. `OneCycleLR` peaks at $t = $ `pct_start` $\cdot T - 1$, writes rate *and* momentum, and allows one update too many.
# 3. With every peak tuned it beat a constant rate and no decay; at the shortest budgets its rise cost too much.
# 4. The large factor came from a rival at a small peak; the momentum cycle added nothing, and alone did harm.
# 5. A larger usable peak is real where the start is delicate, and a short warmup gives it too.

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 6](../exercises/ex06_one_cycle.ipynb): the 1-cycle in two phases and in three, its momentum, and
# torch's arguments read back from a curve. Then take a run of yours with a decay, and write down its best peak. Predict what a 1-cycle of the same length can do: a larger
# peak, a better end, both, or neither? Then measure, with both peaks tuned. To find where to look for a peak, one short
# run is often used; how far it can be trusted is the next lesson:
# [lesson 7](07_range_test.ipynb).
#
# **References.** L. N. Smith, N. Topin (2019), *Super-convergence: very fast training of neural networks using large
# learning rates*, arXiv:1708.07120. · L. N. Smith (2018), *A disciplined approach to neural network
# hyper-parameters: part 1*, arXiv:1803.09820. · Y. Wu, K. He (2018), *Group normalization*, arXiv:1803.08494.
