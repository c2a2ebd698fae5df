# %% [markdown] tags=["title"]
# # Go up once, come down once, and test super-convergence
#
# **You will learn** to
#
# - write the 1-cycle policy with two and three phases, its momentum included, and match `OneCycleLR` exactly;
# - say what each argument of `OneCycleLR` does, and what its curve does at the very end;
# - test super-convergence: what a 1-cycle saves once every rival is tuned as well, and how far such a test reaches;
# - find out which part of the cycle does the work: the rise, the fall, or the momentum.
#
# **Time:** about 35 minutes, and 15 more for *Further*. **You need** lesson 4 (warmup), lesson 5 (cycles), and Python
# with NumPy and PyTorch.

# %% tags=["parameters"]
seeds = 24  # training runs to choose each shape and peak
FAST = False  # True: fewer runs, for a quick check

# %%
from functools import partial

import numpy as np
import torch
from torch.optim.lr_scheduler import OneCycleLR

from course_lib import compare, outcomes, plots, problems, schedules, training
from course_lib.experiments import lesson06_runs as runs
from course_lib.experiments.lesson06_runs import by_torch
from course_lib.intervals import mean_interval
from course_lib.libraries import Loop, from_library, simulate_loop
from course_lib.measured import show_table
from course_lib.plots import lesson06 as figures

# %% [markdown] tags=["surprise", "predict"]
# ## Half the updates
#
# Handwritten digits, a small network, batches of 32. One run follows a **1-cycle** up to a rate of 0.2 and down again,
# in 160 updates. The other has twice as many updates, and a step decay that begins at 0.02. Both see the same
# batches and begin with the same weights, for 64 seeds. <!-- 2*160 = 320 -->
#
# > **Predict before you run.** Which of the two is more accurate in the end? Besides the length, the runs differ in four ways: the peak, the
# > shape of the fall, the slow rise at the start, and a momentum that moves along. Write down which of the four you
# > think matters most.

# %% tags=["surprise"]
data = problems.digits()
workload = training.Workload(
    data, training.Mlp(dtype="float32"), training.Sgd(momentum=0.9), batch_size=32
)
choosing, fresh = range(0, 2 * seeds, 2), range(1, 128, 2)  # other seeds score


def drops(share, *times):
    """Step decay: the rate is multiplied by `share` at each of the times, shares of the run."""
    return lambda peak, n: schedules.multi_step(peak, [int(time * n) for time in times], share)


def ends(maker, peak, total_steps):
    made, t = maker(peak, total_steps), np.arange(total_steps)
    rate, momentum = made if isinstance(made, tuple) else (made, schedules.constant(0.9))
    each = [np.tile(values(t), (len(fresh), 1)) for values in (rate, momentum)]
    return training.train(workload, each[0], fresh, momenta=each[1])


def cycle(rise):
    """Rate and momentum of a 1-cycle that rises for a share of the run."""
    return lambda peak, n: (
        schedules.one_cycle(peak, n, rise),
        schedules.one_cycle_momentum(n, rise),
    )


# %% tags=["surprise"]
cautious = drops(0.1, 0.5, 0.75)
short, long = ends(cycle(0.3), 0.2, 160), ends(cautious, 0.02, 320)
show_table(
    ["run", "held-out accuracy [95 %]", "held-out loss [95 %]"],
    [
        (name, mean_interval(run.held_out_accuracy[:, -1]), mean_interval(run.held_out_loss[:, -1]))
        for name, run in (("1-cycle to 0.2, 160", short), ("step decay from 0.02, 320", long))
    ],
)
margin = compare.margin(data)
names = "1-cycle, 160 updates", "step decay from 0.02, 320 updates"
losses = short.held_out_loss[:, -1], long.held_out_loss[:, -1]
compare.show_verdicts([compare.paired(*names, *losses, margin, peaks=(0.2, 0.02))])

# %% [markdown]
# Half the updates, and a better end. A result of this kind made the 1-cycle famous under the name
# *super-convergence*. In this lesson we build the schedule, and then take the result apart.
#
# ## One climb, one fall
#
# Lesson 5 went up and down several times. The **1-cycle policy** does so once in the whole run (Smith, 2018; Smith and
# Topin, 2019). In its usual form it has **two phases**:
#
# 1. The rate rises from peak/div to the **peak**, over the first 30 % of the run. <!-- 0.3 = 0.3 -->
# 2. It falls over the rest, far below where it began, to peak/(div · final_div).
#
# With **three phases** the fall has two parts: back to peak/div in as many updates as the rise took, then down
# to the end. Each phase is half a cosine or a linear ramp. So far this is a long warmup and a decay. What sets it apart is
# a **momentum** that runs the other way: high where the rate is low, low where it is high. In this lesson "1-cycle"
# always means both, the rate and its momentum.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** A call that you will find in many tutorials:
# > `OneCycleLR(optimizer, max_lr=0.1, total_steps=1000, pct_start=0.3, anneal_strategy='cos')`. What is the rate of the
# > first update, and of the last? At which $t$ (updates done) is the peak: 299 or 300?


# %% tags=["from-scratch"]
def through(levels, ends, t, anneal):
    """Values at updates t that lead from level to level, each reached at its end."""
    values = np.full(len(t), float(levels[-1]))
    for start, end, a, b in zip(ends, ends[1:], levels, levels[1:], strict=False):
        here = (t >= start) & (t <= end)
        share = (t[here] - start) / (end - start)
        if anneal == "cos":
            share = (1 - np.cos(np.pi * share)) / 2
        values[here] = a + (b - a) * share
    return values


def one_cycle(total, peak, pct=0.3, div=25, final_div=1e4, three=False, anneal="cos", early=0):
    """Rates and momenta of a run of `total` updates."""
    rise, t = pct * total - early, np.arange(total)
    turns = [0, rise, *([2 * rise] if three else []), total - early]
    back = [peak / div] if three else []
    rates = [peak / div, peak, *back, peak / div / final_div]
    momenta = [0.95, 0.85, 0.95, *([0.95] if three else [])]
    return through(rates, turns, t, anneal), through(momenta, turns, t, anneal)


# %%
plain, as_torch = one_cycle(1000, 0.1)[0], one_cycle(1000, 0.1, early=1)[0]
print("                         first    peak at t =    last")
for name, rates in (("the formula", plain), ("as torch counts", as_torch)):
    print(f"{name:22} {rates[0]:7.4f} {rates.argmax():14d}    {rates[-1]:.1e}")
print(f"0.1 / 25 = {0.1 / 25:g}, and / 10000 = {0.1 / 25 / 10_000:.0e}")

# %% [markdown]
# These are two conventions, one update apart. This course, like fastai, lets a phase end at a number of updates *done*.
# The peak is at 300 and the end value at 1000, which no update uses. PyTorch brings everything one update forward. Its
# peak is at 299, and the last update, $t = 999$, has the end value itself. Our argument `early` switches between the two.

# %% [markdown]
# ## The same from PyTorch and fastai
#
# `schedules.one_cycle` and `schedules.one_cycle_momentum` are the formula. `by_torch` runs PyTorch's own SGD and
# `OneCycleLR` and writes down rate and momentum. fastai's `fit_one_cycle` is this course's reproduction, tested against
# recorded values. It has two cosine phases as well, a rise of 25 %, and an end at peak/100,000, not divided by `div`
# again. <!-- 25/100 = 0.25 -->

# %% tags=["library"]
t = np.arange(1000)
for three in (False, True):
    for anneal in ("cos", "linear"):
        real = by_torch(three_phase=three, anneal_strategy=anneal)
        ours = one_cycle(1000, 0.1, three=three, anneal=anneal)
        early = one_cycle(1000, 0.1, three=three, anneal=anneal, early=1)
        style = {"three_phase": three, "anneal": anneal}
        library = (
            schedules.one_cycle(0.1, 1000, **style)(t),
            schedules.one_cycle_momentum(1000, **style)(t),
        )
        same = np.allclose(ours, library, rtol=0, atol=1e-12)
        torch_too = np.allclose(early, (real.rates, real.momentum), rtol=0, atol=1e-12)
        print(f"{3 if three else 2} phases, {anneal:6}: ours = library {same}", end=", ")
        print(f"ours, one early = torch {torch_too}")
fastai = from_library("fastai.fit_one_cycle", n_batches=1000, lr_max=0.1)(t)
mine = one_cycle(1000, 0.1, pct=0.25, final_div=1e5 / 25)[0]
print("fit_one_cycle = ours with other arguments:", np.allclose(fastai, mine, rtol=0, atol=1e-7))
print("momentum at t = 0, 299, 999:", ", ".join(f"{real.momentum[i]:.2f}" for i in (0, 299, 999)))

# %% [markdown]
# ### Argument by argument
#
# `max_lr` and `total_steps` are needed; all others have defaults. The panels show what each argument does to a
# run of 100 updates, as PyTorch computes it.

# %% jupyter={"source_hidden": true}
grid = runs.argument_curves()
plots.show(
    figures.argument_grid(grid, log=("final_div_factor (log)",)),
    alt="Nine small panels, one for each argument of OneCycleLR. max_lr scales the curve; total_steps stretches it; "
    "pct_start moves the peak; anneal_strategy chooses half-cosines or linear ramps; div_factor lifts "
    "the start; final_div_factor lifts the end, seen on a log axis; three_phase makes the curve symmetric with a "
    "long tail near zero; the two momenta set the dip; last_epoch goes on after a stop, or starts over.",
)

# %% [markdown]
# | argument | what it does |
# |---|---|
# | `max_lr` | the peak; a list gives one for each parameter group |
# | `total_steps`, or `epochs` and `steps_per_epoch` | the length, in calls of `step()`; with `epochs` it is the product |
# | `pct_start` | the share of the run that rises; with three phases keep it below one half: above, the run ends before the fall does, and PyTorch raises no error |
# | `anneal_strategy` | half-cosines or linear ramps, for rate and momentum alike |
# | `div_factor` | the peak over the *first* rate |
# | `final_div_factor` | the first rate over the *last* one, so both factors lie between peak and end |
# | `three_phase` | the fall first goes back to the first rate, as fast as the rise, and then on to the last |
# | `cycle_momentum` | whether the momentum (Adam: `beta1`) is written too; `True` unless you say otherwise |
# | `base_momentum`, `max_momentum` | the momentum at the peak, and that at both ends |
# | `last_epoch` | updates done minus one, to go on from a checkpoint; load the optimizer's state first |

# %%
outcomes.show_facts(
    {
        "with last_epoch=49 the run goes on as without the stop": np.allclose(
            runs.resumed(50, 100, last_epoch=49), by_torch(100, total_steps=100).rates
        ),
        "without last_epoch the climb starts over": np.allclose(
            runs.resumed(50, 100)[50:], by_torch(100, total_steps=100).rates[:50]
        ),
        "epochs=20 with steps_per_epoch=5 is total_steps=100": np.array_equal(
            by_torch(100, total_steps=None, epochs=20, steps_per_epoch=5).rates,
            by_torch(100, total_steps=100).rates,
        ),
    }
)

# %% [markdown]
# Without `last_epoch` the new scheduler starts its climb again in the middle of the run.
# <!-- holds: without last_epoch the climb starts over --> Loading the scheduler's own `state_dict` is safer than counting.

# %% [markdown]
# ## A momentum that runs the other way
#
# With momentum $m$ every gradient is used again and again: in all it counts $\eta\,(1 + m + m^2 + \dots)$ times. So under
# equal gradients the weights move at the **effective rate** $\eta/(1-m)$. A momentum of 0.9 multiplies it by ten.
# <!-- 1/(1 - 0.9) = 10 -->

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The rate goes from 0.004 up to 0.1, a factor of 25, while the momentum goes from 0.95
# > down to 0.85. By what factor does the *effective* rate rise? Is its peak higher or lower than with a
# > momentum that stays at 0.9?

# %%
rates, momenta = one_cycle(1000, 0.1)
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
# "allows larger rates": **a factor of 1.5 is plain arithmetic** <!-- derived: (1 - 0.85)/(1 - 0.9), printed above -->,
# before anything is trained.

# %% [markdown]
# ## Super-convergence, tested
#
# Smith and Topin (2019) trained a ResNet-56 on CIFAR-10. After 10,000 updates with one cycle it was more accurate than
# after 80,000 with a piecewise constant rate, 92.4 % against 91.2 %. Before we test anything, here is what their Fig. 1a
# compared, and what we can compare on a laptop. The left column is from the paper and from the solver files and
# training logs that its first author published. <!-- source: Smith & Topin 2019; github.com/lnsmith54/super-convergence, 2017 -->
# <!-- cited: 56, 10, 10000, 80000, 0.924, 0.912 -->
#
# | | Fig. 1a | here |
# |---|---|---|
# | network | ResNet-56 with batch normalisation | two hidden layers, none |
# | data | CIFAR-10, 50,000 images, mirrored at random | 1,437 digits, as they are |
# | batch | 125 on each of 8 GPUs | 32 |
# | length | 10,000 updates against 80,000 | 40 to 160, the same for all |
# | the cycle | linear, 0.1 to 3 and back to 0.1, half of the run each | half-cosines, the rise tuned |
# | momentum | 0.9 on both sides, constant | cycled, as in `OneCycleLR` |
# | weight decay | 0.0001 on both sides | none |
# | the rival | from 0.35, a tenth after 50,000, again after 70,000 | every rival tuned |
#
# <!-- source: Smith & Topin 2019; Results/clr3SS5kFig1a and Results/lr35Fig1a in the author's repository, 2017 -->
# <!-- cited: 56, 10, 50000, 1437, 125, 8, 10000, 80000, 0.1, 3, 0.9, 0.0001, 0.35, 70000 -->
#
# Two things stand out. **The most famous figure of the 1-cycle has no momentum cycle.**
# <!-- source: Smith & Topin 2019; log of Fig. 1a, 2017 --> That came with Smith (2018). And the abstract names a condition:
# large rates regularise, so that one must *reduce all other forms of regularisation* to keep the balance.
# <!-- source: Smith & Topin 2019 --> Here there is no other regularisation, so nothing that could be reduced; whether
# such a balance exists is beyond this test. So are their length, their network, and their data. What we can test is the
# *form* of the comparison: which of the differences between the two runs makes the gap.
#
# "Updates needed" is a trap. Every schedule that comes down has to know its length, so a run planned for 160 says
# nothing about 80. We train each schedule at **three lengths**. Each chooses its peak on 24 seeds, and its shape with it
# where it has one: step decay two or three drops, the 1-cycle a rise of 10 % or of 30 %. <!-- 48/2 = 24 --> <!-- 10/100 = 0.1 -->
# <!-- 30/100 = 0.3 --> Linear decay and the cosine
# go to 0 and have nothing else to choose. Then 256 other seeds score the choice. <!-- 512/2 = 256 --> Two schedules are
# *equal* when the interval
# of their difference lies within a margin that is fixed beforehand for these data, half a per cent of the loss of
# guessing. <!-- 0.005*100 = 0.5 --> The intervals hold for all pairs of a table at once.

# %%
rivals = {
    "constant": lambda peak, n: schedules.constant(peak),
    "step decay": {"2 drops": drops(0.3, 0.5, 0.75), "3 drops": drops(0.3, 0.4, 0.6, 0.8)},
    "linear": schedules.linear,
    "cosine": schedules.cosine,
    "1-cycle": {f"rise {100 * rise:g} %": cycle(rise) for rise in (0.1, 0.3)},
}
budgets = (40, 80, 160)
print(f"an epoch is {schedules.total_updates(1, len(data), 32)} updates")

# %% [markdown] tags=["predict"]
# > **Predict before you run.** 40, 80 and 160 updates are one to four epochs: as short as training gets. At
# > which of these lengths does the 1-cycle beat linear decay? At which does it beat a step decay? By how much is its
# > best peak larger than that of linear decay?


# %% tags=["experiment"]
def at_length(total_steps, families, how=workload, peaks=(0.025, 0.05, 0.1, 0.2, 0.4), **by):
    return compare.compare(
        how,
        families,
        peaks=peaks,
        total_steps=total_steps,
        seeds=compare.Seeds(by.get("choosing", choosing[:12]), by.get("fresh", fresh)),
        reference="1-cycle",
    )


many = range(1, 256 if FAST else 512, 2)
results = {budget: at_length(budget, rivals, choosing=choosing, fresh=many) for budget in budgets}
for budget, result in results.items():
    result.show(margin=margin, at=f"{budget} updates")


# %% tags=["conclusion"]
ahead = [
    result.contrast("1-cycle", rival, margin=margin).verdict == compare.Verdict.BETTER
    for result in results.values()
    for rival in ("step decay", "linear", "cosine")
]
outcomes.show_facts(
    {"at some length the 1-cycle is better than step decay, linear decay or cosine": any(ahead)}
)

# %%
chosen = [dict(zip(r.names, r.chosen_peaks, strict=True)) for r in results.values()]
outcomes.show_facts(
    {
        "at every length the 1-cycle's peak is one to two times that of linear decay": all(
            1 <= peaks["1-cycle"] / peaks["linear"] <= 2 for peaks in chosen
        ),
        "at every length the 1-cycle chooses the shorter rise": all(
            r.shapes[r.names.index("1-cycle")] == "rise 10 %" for r in results.values()
        ),
    }
)

# %% [markdown]
# **At no length is the 1-cycle better than the schedules that only come down.**
# <!-- holds: at some length the 1-cycle is better than step decay, linear decay or cosine is false -->
# At 40 and 80 updates linear decay is better, by 0.04 and 0.015, and so is the cosine, by 0.02 and by 0.008, which is less
# than the margin. Against the step decay the question is open at 40 updates; at 80 it is equal to the
# 1-cycle, and at 160 all three are. <!-- holds: step decay open_against 1-cycle at 40 updates; linear better_than 1-cycle at 40 updates; linear better_than 1-cycle at
# 80 updates; cosine better_than 1-cycle at 40 updates; cosine better_than 1-cycle at 80 updates; step decay equal_to 1-cycle
# at 80 updates; step decay equal_to 1-cycle at 160 updates; linear equal_to 1-cycle at 160 updates; cosine equal_to 1-cycle
# at 160 updates --> A constant rate is worse than the 1-cycle at every length. <!-- holds: constant worse_than 1-cycle at 40
# updates; constant worse_than 1-cycle at 80 updates; constant worse_than 1-cycle at 160 updates -->
#
# The 1-cycle always chooses the shorter rise, 10 % of the run.
# <!-- holds: at every length the 1-cycle chooses the shorter rise --> <!-- 10/100 = 0.1 -->

# %% [markdown]
# ### Back to the first result
#
# The step decay of the beginning had a peak of 0.02, a tenth of the 1-cycle's. It was as cautious as the rival of Fig. 1a,
# whose 0.35 stands against 3 (Smith and Topin, 2019). <!-- cited: 0.35, 3 --> What does the same family do in *half* its updates when it may choose
# its own peak?

# %%
step = results[160].names.index("step decay")
tuned_step = results[160].scores[step][: len(fresh)]
compare.show_verdicts(
    [
        compare.paired(
            "tuned step decay, 160 updates",
            names[1],
            tuned_step,
            losses[1],
            margin,
            peaks=(results[160].chosen_peaks[step], 0.02),
        ),
        results[160].contrast("step decay", "1-cycle", margin=margin),
    ],
    at="back to the first result",
)

# %% [markdown]
# **There is the factor of two, without any cycle.**
# <!-- holds: tuned step decay, 160 updates better_than step decay from 0.02, 320 updates at back to the first result -->
# With a peak of 0.1, and drops to 30 % instead of 10 %, the step decay beats its cautious self in half the updates, by
# 0.03. The 1-cycle did so by 0.02. What looked like the work of the cycle can be had from a larger peak with milder
# drops. A comparison in which only one side may use a large rate measures the rate.
#
# This does not say that the result of the paper was wrong. On a deep network with batch normalisation a rate as large as
# theirs may be within reach of a cycle and out of reach of any step decay; nothing here has tested that. It says what to ask of any
# report of the kind: was the peak of the other side tuned?

# %% [markdown]
# ## Which part does the work?
#
# The cycle has a rise, a fall and a momentum. We take it apart at a rise of 30 %: the fall alone is a cosine from the peak;
# the rate cycle alone keeps its momentum at 0.9, or at 0.85, where the cycle has it at the peak; and the momentum
# cycle alone goes with a constant rate. Each of the six chooses its own peak again, on a dozen seeds, and 64 score.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** What does the momentum cycle add to the rate cycle? And what does it do alone, with
# > a constant rate? (Think of the effective rate at the end.)


# %%
def one_rate(peak, n):
    return schedules.one_cycle(peak, n)


parts = {
    "1-cycle": cycle(0.3),
    "rate cycle, momentum 0.9": one_rate,
    "rate cycle, momentum 0.85": lambda p, n: (one_rate(p, n), schedules.constant(0.85)),
    "fall only": schedules.cosine,
    "constant": rivals["constant"],
    "momentum cycle only": lambda p, n: (schedules.constant(p), schedules.one_cycle_momentum(n)),
}
pairs = (
    ("rate cycle, momentum 0.9", "1-cycle"),
    ("rate cycle, momentum 0.85", "1-cycle"),
    ("fall only", "rate cycle, momentum 0.9"),
    ("momentum cycle only", "constant"),
)
for budget in (40, 160):
    taken_apart = at_length(budget, parts, peaks=(0.0125, 0.025, 0.05, 0.1, 0.2, 0.4))
    compare.show_verdicts(
        [taken_apart.contrast(*pair, margin=margin) for pair in pairs],
        at=f"{budget} updates, in parts",
    )

# %% [markdown]
# **A constant momentum of 0.85 does better than the momentum cycle.** <!-- holds: rate cycle, momentum 0.85 better_than 1-cycle at 40
# updates, in parts; rate cycle, momentum 0.85 better_than 1-cycle at 160 updates, in parts --> The same rate cycle with a
# momentum that stays at 0.85 is better by 0.04 at 40 updates and by 0.01 at 160. With a momentum of 0.9 the question is open at 40, and at
# 160 the two are equal. <!-- holds: rate cycle, momentum 0.9 open_against 1-cycle at 40 updates, in parts; rate cycle, momentum 0.9 equal_to 1-cycle at 160 updates, in parts --> A likely reason is the end of the run.
# There the momentum goes back to 0.95, and an optimizer that remembers some 20 gradients is slow to settle.
# <!-- 1 - 0.05 = 0.95 --> <!-- 1/0.05 = 20 --> Alone the momentum cycle does harm: with a constant rate
# it *raises* the effective rate threefold from the middle to the end, just where the rate ought to fall.
# <!-- holds: momentum cycle only worse_than constant at 40 updates, in parts; momentum cycle only worse_than constant at
# 160 updates, in parts --> <!-- 0.15/0.05 = 3 -->
#
# **The fall does the work, and at 40 updates a rise costs.** <!-- holds: fall only better_than rate cycle, momentum 0.9 at 40
# updates, in parts; fall only equal_to rate cycle, momentum 0.9 at 160 updates, in parts; cosine better_than constant at 40
# updates; cosine better_than constant at 160 updates --> At 40 updates a rise of 30 %
# takes 12 of them, and the cosine without it is better by 0.07. <!-- 0.3*40 = 12 --> At 160 the two are equal. On this
# network the start is not delicate, so the rise has nothing to give. *Further* has a network where it has.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong: one step too many
#
# A cosine that is stepped past its end climbs again. `OneCycleLR` raises an error, but one update later than you
# might think. Here it is planned for 10 updates, and the loop makes 12:

# %%
for anneal in ("linear", "cos"):
    run = by_torch(12, total_steps=10, anneal_strategy=anneal)
    print(f"{anneal:6} updates 9 to 11:", "  ".join(f"{rate:+.4f}" for rate in run.rates[8:]))
    print(f"       momentum of update 11: {run.momentum[-1]:.3f}")
print(run.error.exception)
outcomes.show_facts({"one update outside the plan happens before the error": len(run.rates) == 11})

# %% [markdown]
# Update 11 still happens, outside the plan. <!-- holds: one update outside the plan happens before the error --> With linear
# ramps its rate is **negative**, −0.0143: it walks uphill. With cosines it climbs again. Then the error comes, in the call
# of `step()`, often at the very end of a long run, before the weights were saved. Usual causes are a last batch that is
# not full and was not counted, and a resumed run that counts twice. Compute `total_steps` as epochs times the length of
# the data loader.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: the shares of three phases

# %% [markdown] tags=["predict"]
# > **Predict before you run.** You may have read of three phases like these: up from max/div in the first 30 % of the
# > run, back to max/div in the next 70 %, and "in the last few per cent" on to max/(div × 100). What do
# > those shares add up to? And with `three_phase=True` and the default `pct_start`, what share of
# > PyTorch's run lies *below* the first rate? <!-- 30/100 = 0.3 -->

# %%
print("                             back at max/div   below max/div   max / last rate")
for name, words in (
    ("torch, two phases", {}),
    ("torch, three_phase=True", {"three_phase": True}),
    (
        "torch, pct_start=0.45, 100",
        {"three_phase": True, "pct_start": 0.45, "final_div_factor": 100},
    ),
):
    rates = by_torch(**words).rates
    back = np.flatnonzero(rates > rates[0] * 1.0001)[-1] + 1
    below = (rates < rates[0] * 0.9999).mean()
    print(f"{name:28} {back / 1000:15.0%} {below:15.0%} {rates.max() / rates[-1]:17,.0f}")
print(f"as the text has it: 30 % + 70 % + a few %; max / last rate = 25 * 100 = {25 * 100:,}")

# %% [markdown]
# The shares of that description add up to more than a whole run, and no setting of PyTorch gives that curve. With two
# phases the fall does not turn at max/div: the curve passes through it, and ends 250,000 times below the peak, not 2,500.
# With three phases the way back to max/div takes exactly as long as the rise, and what is left goes to the tail. At the default
# `pct_start` that is 40 % of the run, at rates below a twenty-fifth of the peak. <!-- 1/25 = 0.04 --> For a short tail the
# rise has to be longer, as in the last row. Smith's own rule is of this kind: a cycle a little shorter than the run, and
# the remainder far below.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: updates needed
#
# The usual form of the question is how long a run must be planned to reach a held-out accuracy of 94 %. We read it
# off between the three lengths, and for the step decay from 0.02 between 80 and 320, all with 64 seeds.

# %%
accuracy = {
    name: (budgets, np.array([r.accuracy[s, : len(fresh)] for r in results.values()]))
    for s, name in enumerate(results[40].names)
}
longer = (80, 160, 320)
slow = [ends(cautious, 0.02, n).held_out_accuracy[:, -1] for n in longer]
accuracy["step decay, 0.02"] = longer, np.array(slow)
needed = runs.updates_needed(accuracy, 0.94, "1-cycle")
show_table(
    ["", "updates needed for 94 % [99 % interval]", "times the 1-cycle's"],
    [(name, own, ratio if name != "1-cycle" else 1) for name, (own, ratio) in needed.items()],
)

# %% jupyter={"source_hidden": true}
plots.show(
    figures.over_budget(
        (*budgets, 320),
        {name: table for name, (_, table) in accuracy.items()},
        0.94,
        {name: lengths for name, (lengths, _) in accuracy.items()},
    ),
    alt="Held-out accuracy over the length that the run was planned for, 40 to 320 updates. Linear decay and cosine are "
    "highest at 40 and 80, the tuned step decay and the 1-cycle a little lower, the constant rate lower still; "
    "the step decay from 0.02 is far below all of them. At 160 updates all but the constant rate and the "
    "step decay from 0.02 lie close together.",
)

# %%
outcomes.show_facts(
    {
        "step decay from 0.02 needs more than twice the updates of the 1-cycle": needed[
            "step decay, 0.02"
        ][1].low
        > 2,
        "linear needs fewer updates than the 1-cycle": needed["linear"][1].high < 1,
    }
)

# %% [markdown]
# Against the cautious step decay the 1-cycle needs less than half of the updates.
# <!-- holds: step decay from 0.02 needs more than twice the updates of the 1-cycle --> Against the tuned one no saving is seen,
# and linear decay needs fewer updates than the 1-cycle. <!-- holds: linear needs fewer updates than the 1-cycle -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: convnets, and larger peaks
#
# The claim was made for convolutional networks. Here are two small ones on the same digits, one of them
# with group normalisation (Wu and He, 2018). For each schedule we look at the whole range of peaks. A peak is **usable** if
# the mean held-out loss there is at most 0.4, about a sixth of the loss of guessing; that limit was set before the
# runs. <!-- 2.3026/0.4 = 5.8 --> Here only the peaks are tuned: the 1-cycle rises for its usual 30 %, the warmup for 10
# updates.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** 80 updates, momentum 0.9. On which of the three networks (the one above, the convnet, the
# > normalised convnet) can the 1-cycle use a larger peak than a constant rate? And a larger one than linear decay?


# %%
of_convnets = {
    "constant": rivals["constant"],
    "linear": schedules.linear,
    "warmup + linear": lambda p, n: schedules.warmup_linear(p, 10, n),
    "1-cycle": cycle(0.3),
}
networks = {"fully connected": results[80]}
for title, norm in (("convnet", "none"), ("convnet, group norm", "group")):
    convnet = training.Workload(
        data, training.Convnet(normalisation=norm), training.Sgd(momentum=0.9), batch_size=32
    )
    few = compare.Seeds(choosing[:4], fresh[: 8 if FAST else 16])
    networks[title] = compare.compare(
        convnet,
        of_convnets,
        peaks=(0.025, 0.05, 0.1, 0.2, 0.4),
        total_steps=80,
        seeds=few,
        reference="1-cycle",
    )
    networks[title].show(margin=margin, at=title)

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    figures.peaks_side_by_side(networks, ("constant", "linear", "1-cycle", "warmup + linear")),
    alt="Held-out loss over the peak after 80 updates, for three networks. Fully connected and plain convnet: the "
    "1-cycle's curve lies close to that of linear decay; that of the constant rate turns up much earlier. With group "
    "normalisation, constant rate and linear decay turn up after 0.1, while the 1-cycle and the warmed-up "
    "linear decay stay low far beyond.",
)

# %%
for title, network in networks.items():
    usable = {name: runs.usable_peak(network, name, 0.4) for name in network.names}
    words = {
        f"1-cycle has a larger usable peak than {name}": usable["1-cycle"] > usable[name]
        for name in ("constant", "linear", "warmup + linear")
        if name in usable
    }
    outcomes.show_facts(words, at=title)

# %% [markdown]
# **The larger peak is real where the start is delicate.** <!-- holds: 1-cycle has a larger usable peak than constant at
# convnet, group norm; 1-cycle has a larger usable peak than linear at convnet, group norm --> With group normalisation a
# constant rate and linear decay fall apart beyond a peak of 0.1, while the 1-cycle still trains at 0.4. Linear decay
# behind a warmup of 10 updates stays usable as well. So the *rise* does it, as in lesson 4, and not the cycle.
# <!-- holds: 1-cycle has a larger usable peak than warmup + linear is false at convnet, group norm --> In the other two
# networks the 1-cycle can use a larger peak than a constant rate, but not a larger one than linear decay, which has no rise.
# <!-- holds: 1-cycle has a larger usable peak than linear is false at convnet; 1-cycle has a larger usable peak than linear
# is false at fully connected -->
#
# A larger peak is not yet a better end. Runs of 80 updates scatter a lot on these networks, and on both of them the
# difference between the 1-cycle and linear decay is open after 16 seeds.
# <!-- holds: linear open_against 1-cycle at convnet; linear open_against 1-cycle at convnet, group norm -->
# On the plain one, linear decay behind a warmup was better than the 1-cycle.
# <!-- holds: warmup + linear better_than 1-cycle at convnet -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: with AdamW
#
# fastai runs its `fit_one_cycle` with Adam. Here are three of the families over 160 updates, with AdamW at its usual
# settings. The 1-cycle moves `beta1` from 0.95 to 0.85 and back.

# %%
adamw = training.Workload(data, training.Mlp(dtype="float32"), training.AdamW(), batch_size=32)
three = {name: rivals[name] for name in ("constant", "linear", "1-cycle")}
with_adamw = at_length(160, three, how=adamw, peaks=(0.002, 0.004, 0.008, 0.016, 0.032, 0.064))
with_adamw.show(margin=margin, at="AdamW")

# %% [markdown]
# With AdamW the 1-cycle and linear decay are equal, and both are better than a constant rate.
# <!-- holds: linear equal_to 1-cycle at AdamW; constant worse_than 1-cycle at AdamW; constant worse_than linear at AdamW -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: your own settings are overwritten

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
tiny = by_torch(3, total_steps=3, pct_start=1 / 3)
print(f"total_steps=3, pct_start=1/3: {type(tiny.error.exception).__name__}")

# %% [markdown]
# The rate that you gave the optimizer is never used, and neither is its momentum unless `cycle_momentum=False`. In Adam,
# `beta1` moves without a warning. (Put behind a warmup in `SequentialLR`, `OneCycleLR` also overwrites the rate that the
# warmup starts from, as lesson 4 showed.) The last line shows PyTorch's early peak at its extreme: a rise of one update
# has length 1 − 1 = 0, and PyTorch divides by that.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: stepped once an epoch
#
# `total_steps` is in updates, but the loop calls `scheduler.step()` once an epoch. No error is raised.

# %%
planned = by_torch(160, max_lr=0.2, total_steps=160).rates
per_epoch = simulate_loop(
    lambda o: OneCycleLR(o, max_lr=0.2, total_steps=160),
    Loop(160, step_per="epoch", batches_per_epoch=45),
).rates
print("update           0     47    100    159")
for name, rates in (("every update", planned), ("every epoch", per_epoch)):
    print(f"{name:13}", "".join(f"{rates[t]:7.3f}" for t in (0, 47, 100, 159)))
scored = [
    training.train(workload, np.tile(rates, (seeds, 1)), choosing).held_out_loss[:, -1]
    for rates in (planned, per_epoch)
]
compare.show_verdicts(
    [compare.paired("stepped every epoch", "stepped every update", scored[1], scored[0], margin)]
)

# %% [markdown]
# After 160 updates the climb has hardly begun. <!-- holds: stepped every epoch worse_than stepped every update --> Print the
# rates of the whole run before you start it.

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Change the values and run the cell. At 40 updates, which `pct_start` brings the 1-cycle level with linear decay? Is there
# a peak at which linear decay fails and the cycle does not? Set both momenta to 0.85: does the end get better?

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
left.set_xlabel("updates")
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
# 10. <!-- derived: the two factors lie between peak and end, see the table of arguments -->
# <!-- 0.1/25/10000 = 0.0000004 --> <!-- 0.1/25/10 = 0.0004 -->
#
# </details>
#
# ---
# **2.** A run with `OneCycleLR` stopped at update 600 of 1000. You load the weights and the optimizer's state, and build the
# scheduler anew with the same arguments. The loss jumps soon after. Why, and what was missing?
#
# <details><summary>Answer</summary>
#
# The new scheduler began a new cycle, and climbed to the full peak again with weights that had left it long ago.
# <!-- holds: without last_epoch the climb starts over --> The scheduler's own `state_dict` was missing; `last_epoch=599`
# would also have gone on at the right place. <!-- 600 - 1 = 599 -->
#
# </details>
#
# ---
# **3.** You train with a constant momentum of 0.9 and a peak of 0.1, and switch to `OneCycleLR(max_lr=0.1)`. A colleague
# says that the peak is unchanged. In which sense is it not?
#
# <details><summary>Answer</summary>
#
# At the peak the momentum is now 0.85, so the effective rate there is 0.1/0.15, about 0.67, instead of 1. The same
# `max_lr` takes smaller effective steps there, by a factor of 1.5. <!-- derived: rate/(1 - momentum) -->
# <!-- 0.1/0.15 = 0.67 --> <!-- 0.15/0.1 = 1.5 --> <!-- 1 - 0.85 = 0.15 -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. The 1-cycle is a long warmup and a decay: it begins at the peak over `div_factor` and ends at the peak over both
#    factors. <!-- derived: the formula, equal to schedules.one_cycle above -->
# 2. `OneCycleLR` peaks at $t = $ `pct_start` $\cdot\, T - 1$, writes rate *and* momentum, and allows one update too many.
#    <!-- holds: one update outside the plan happens before the error -->
# 3. With peaks and shapes tuned it beat a constant rate at every length and no decay at any; at 40 and 80 updates
#    linear decay was better. <!-- holds: at some length the 1-cycle is better than step decay, linear decay or cosine is
#    false; linear better_than 1-cycle at 40 updates; linear better_than 1-cycle at 80 updates;
#    constant worse_than 1-cycle at 160 updates -->
# 4. The large factor came from a rival with a small peak and steep drops: tuned, the same family did it in half its updates. <!-- holds: tuned
#    step decay, 160 updates better_than step decay from 0.02, 320 updates at back to the first result -->
# 5. The fall does the work; the momentum cycle was behind a constant 0.85, and alone it did harm. <!-- holds: cosine
#    better_than constant at 160 updates; fall only equal_to rate cycle, momentum 0.9 at 160 updates, in parts; rate cycle, momentum 0.85
#    better_than 1-cycle at 160 updates, in parts; momentum cycle only worse_than constant at 160 updates, in parts -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# For SGD with momentum and runs of a few epochs, as measured here:
#
# | do | start with | evidence |
# |---|---|---|
# | choose a schedule of fixed length | linear decay, with a short warmup if the start is delicate | better than the 1-cycle at the two shortest lengths; the 1-cycle never better <!-- holds: linear better_than 1-cycle at 40 updates; at some length the 1-cycle is better than step decay, linear decay or cosine is false --> |
# | set `max_lr` | a grid of one, two and four times the best peak of your decay | its best peak was one to two times that of linear decay <!-- holds: at every length the 1-cycle's peak is one to two times that of linear decay --> |
# | set `pct_start` | 0.1 rather than 0.3 in a short run | the shorter rise was chosen at every length <!-- holds: at every length the 1-cycle chooses the shorter rise --> |
# | set the momentum | `cycle_momentum=False` and a constant 0.85 to 0.9 | 0.85 was better than the cycle; 0.9 open at 40 updates, equal at 160 <!-- holds: rate cycle, momentum 0.9 open_against 1-cycle at 40 updates, in parts; rate cycle, momentum 0.85 better_than 1-cycle at 160 updates, in parts; rate cycle, momentum 0.9 equal_to 1-cycle at 160 updates, in parts --> |
# | set `total_steps` | epochs times `len(loader)`, and save before the last `step()` | one update too many happens, then an error <!-- holds: one update outside the plan happens before the error --> |
# | stop and resume | load the scheduler's `state_dict` | without it the climb starts over <!-- holds: without last_epoch the climb starts over --> |

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 6](../exercises/ex06_one_cycle.ipynb): the 1-cycle in two phases and in three, its momentum, and
# torch's arguments read back from a curve. Then take a run of yours with a decay, and write down its best peak. Predict
# what a 1-cycle of the same length can do: a larger peak, a better end, both, or neither? Then measure, with both peaks
# tuned. One short run is often used to find where to look for a peak. How far it can be trusted is the next lesson:
# [lesson 7](07_range_test.ipynb).
#
# **References.** L. N. Smith, N. Topin (2019), *Super-convergence: very fast training of neural networks using large
# learning rates*, arXiv:1708.07120; solver files and logs: github.com/lnsmith54/super-convergence. · L. N. Smith (2018),
# *A disciplined approach to neural network hyper-parameters: part 1*, arXiv:1803.09820. · Y. Wu, K. He (2018), *Group
# normalization*, arXiv:1803.08494.
