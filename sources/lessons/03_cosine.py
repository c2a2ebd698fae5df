# %% [markdown] tags=["title"]
# # Anneal with a cosine, and know what it is worth
#
# **You will learn** to
#
# - write the half-cosine, explain its three properties, and choose its floor;
# - plan its length, and say what it costs to stop early or to run on past the end;
# - read and write restarts ($T_0$, $T_\text{mult}$), and match PyTorch's two cosine classes exactly;
# - say where a cosine is better than linear decay, where it is worse, and where the two are equal.
#
# **Time:** about 40 minutes, and 5 more for *Further*. **You need** lesson 1 (the noise floor) and lesson 2 (how
# schedules are compared).

# %% tags=["parameters"]
seeds = 8  # training runs that choose each peak; four times as many others score

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts

from course_lib import compare, explorers, plots, problems, schedules, theory, training
from course_lib.experiments import lesson03_runs
from course_lib.experiments.lesson03_runs import restarts, with_floor
from course_lib.libraries import Loop, from_library, simulate_loop
from course_lib.outcomes import show_facts
from course_lib.plots.lesson03 import half_cosine

# %% [markdown] tags=["surprise", "predict"]
# ## The most copied schedule against linear decay
#
# GPT-3, LLaMA and Qwen were trained with a cosine. It starts level, falls in the middle and ends level. Linear
# decay connects the same two ends with a straight line. We train lesson 2's network on spirals with wrong
# labels, 300 updates of 32 points. Each schedule gets its own best peak on one set of seeds, and is scored on
# another.
#
# > **Predict before you run.** Which of the two ends with the lower held-out loss? Or are they equal, which means
# > that the whole interval of the difference lies within half a per cent of what guessing costs?

# %% tags=["surprise"]
workload = training.Workload(problems.noisy_spirals(), training.Mlp(dtype="float32"), batch_size=32)
margin = compare.margin(workload)  # half a per cent of what guessing costs: less does not matter
fresh = np.arange(1, 8 * seeds, 2)  # seeds that choose nothing
split = compare.Seeds(range(0, 2 * seeds, 2), fresh)
shapes = {
    "constant": lesson03_runs.constant,
    "linear": schedules.linear,
    "cosine": schedules.cosine,
    "linear, floor 10 %": with_floor(schedules.linear, 0.1),
    "cosine, floor 10 %": with_floor(schedules.cosine, 0.1),
    "cosine restarts": {"2 cycles": restarts(2), "3 cycles": restarts(3)},
}
peaks = (0.2, 0.4, 0.8, 1.6, 3.2)
result = compare.compare(
    workload, shapes, peaks=peaks, total_steps=300, seeds=split, reference="cosine"
)
found = result.contrast("linear", "cosine", margin=margin)
compare.show_verdicts([found], at="the surprise")

# %% [markdown] tags=["surprise"]
# **On this problem linear decay and the cosine are
# equal.** <!-- holds: linear equal_to cosine at the surprise --> This is not "no difference seen". With 32
# seeds<!-- 4*8 = 32 --> the interval is short enough to say that any difference is too small to matter. So what
# is the cosine worth? We take it apart first, and then look where the two differ.
#
# ## Half a cosine
#
# The cosine falls from 1 to −1 while its argument goes from 0 to $\pi$. Moved up and scaled, that half wave
# leads from a **peak** to a **floor** in $T$ updates:
#
# $$\eta_t = \eta_\text{floor} + \tfrac12\,(\eta_\text{peak} - \eta_\text{floor})\,
# \bigl(1 + \cos(\pi t/T)\bigr), \qquad t = 0, 1, \dots, T .$$
#
# $t$ counts the updates already done. The name *annealing* comes from metal that is cooled slowly. PyTorch
# calls the floor `eta_min`, and $T$ is `T_max`.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Peak 0.1, floor 0, 100 updates. What is the rate after 10, 50 and 90
# > updates? Add up all 100 rates: is the sum larger or smaller than that of linear decay from 0.1 to 0?
# > And how much steeper than linear decay is the cosine where it is steepest?


# %% tags=["from-scratch"]
def half_cosine_rates(step, peak_lr, total_steps, floor=0.0):
    share = (1 + np.cos(np.pi * np.asarray(step) / total_steps)) / 2
    return floor + (peak_lr - floor) * share


total = 100
curve = half_cosine_rates(np.arange(total + 1), 0.1, total)
straight = 0.1 * (1 - np.arange(total + 1) / total)
print("updates     10      50      90")
print("cosine  ", "  ".join(f"{curve[t]:.4f}" for t in (10, 50, 90)))
print("linear  ", "  ".join(f"{straight[t]:.4f}" for t in (10, 50, 90)))
print(f"sum of the rates: cosine {curve[:total].sum():.3f}, linear {straight[:total].sum():.3f}")
fall = -np.diff(curve)
print(f"steepest between updates {fall.argmax()} and {fall.argmax() + 1}", end=", ")
print(f"{fall.max() * total / 0.1:.3f} times as steep as linear decay; pi/2 = {np.pi / 2:.3f}")

# %% jupyter={"source_hidden": true}
figure, (axes,) = plots.panels(top=0.12)
half_cosine(0.1, 0.01, total, ax=axes)
plots.show(
    figure,
    alt="The half-cosine from 0.1 to a floor of 0.01 over 100 updates, and linear decay between the same "
    "ends. Both cross at half time, at the mean of peak and floor, where the cosine is steepest. The "
    "first and last tenth are shaded: there the cosine is almost level, above linear decay at the start "
    "and below it at the end.",
)

# %% [markdown]
# Three properties follow from the formula:
#
# 1. **Flat start.** The slope at $t=0$ is zero, so the run stays near the peak for a while.
# 2. **Steepest at half time.** There it is $\pi/2$ times as steep as linear decay, and the rate is exactly
#    the mean of peak and floor.
# 3. **Flat end.** Near $T$ the rate is almost the floor for a while.
#
# The flat start and the flat end mirror each other, so the **mean rate is (peak + floor)/2**, the same as for
# linear decay.<!-- derived: the cosine is odd about half time --> At equal peaks the rates add up to the same
# sum; they differ only in when they are high. You will read that the flat end lets a run "settle". How long is
# that end?

# %%
share = half_cosine_rates(np.arange(10_000), 1.0, 10_000)
print("share of the run with a rate below    10 %     1 %   of the peak")
for name, rates in (("cosine", share), ("linear", 1 - np.arange(10_000) / 10_000)):
    parts = [(rates < limit).mean() for limit in (0.1, 0.01)]
    print(f"{name:34} {parts[0]:7.1%} {parts[1]:7.1%}")

# %% [markdown]
# A cosine without a floor is below a tenth of its peak for a fifth of the run, twice as long as linear decay.
# Below, we compute what those updates still do.
#
# ## Restarts
#
# Loshchilov and Hutter (2016) proposed the half-cosine together with **warm restarts** (SGDR): at the floor,
# jump back to the peak and begin again. The first cycle takes $T_0$ updates, and each cycle is $T_\text{mult}$
# times as long as the one before. "Warm" means that the weights are kept; only the rate starts over.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** $T_0 = 10$ and $T_\text{mult} = 2$. After how many updates do the first four
# > cycles end? Your budget is 100 updates: where in its cycle is the rate when you stop?


# %% tags=["from-scratch"]
def restart_rates(total_steps, peak_lr, first, mult=1, floor=0.0):
    rates, length = [], first
    while len(rates) < total_steps:
        rates.extend(half_cosine_rates(np.arange(length), peak_lr, length, floor))
        length *= mult
    return np.array(rates[:total_steps])


def length_of(cycles, first, mult):
    return first * cycles if mult == 1 else first * (mult**cycles - 1) // (mult - 1)


print("cycles end after", [length_of(n, 10, 2) for n in (1, 2, 3, 4)], "updates")
sgdr = restart_rates(150, 0.1, first=10, mult=2)
print(f"rate of update 70 (t = 69): {sgdr[69]:.5f}, of the next: {sgdr[70]:.5f}")
print(f"rate of the last of 100 updates: {sgdr[99]:.3f}, and of the last of 150: {sgdr[149]:.5f}")

# %% [markdown]
# The total after $n$ cycles is $T_0\,(T_\text{mult}^n - 1)/(T_\text{mult} - 1)$, or $n\,T_0$ when
# $T_\text{mult} = 1$. A budget that is not on this list ends in mid-cycle: a run of 100
# stops after 30 of the 80 updates in the fourth cycle, at 71 % of the peak.<!-- 0.071/0.1 = 0.71 --> <!-- 0.71*100 = 71 --> So a restart schedule has to be
# planned backwards from the budget: two cycles with a factor of 2 need a $T_0$ of one third of it.
#
# ## The same in the library and in PyTorch
#
# `simulate_loop` runs a real optimizer and a real scheduler of PyTorch and records the rate of every update.

# %% tags=["library"]
floor, t = 0.001, np.arange(150)


def by_torch(scheduler, updates, **loop):
    return simulate_loop(scheduler, Loop(updates=updates, **loop), base_lr=0.1).rates


single = by_torch(lambda o: CosineAnnealingLR(o, T_max=150, eta_min=floor), 150)
repeated = by_torch(lambda o: CosineAnnealingWarmRestarts(o, 10, 2, eta_min=floor), 150)
ours = half_cosine_rates(t, 0.1, 150, floor), restart_rates(150, 0.1, 10, 2, floor)
library = (
    schedules.cosine(0.1, 150, floor)(t),
    schedules.cosine_restarts(0.1, 10, mult=2, floor=floor)(t),
)
for name, hand, course, real in zip(
    ("cosine", "restarts"), ours, library, (single, repeated), strict=True
):
    print(
        f"{name:9} ours and the library's equal to 1e-12: {np.abs(hand - course).max() < 1e-12}",
        end="",
    )
    print(f", the library's and PyTorch's: {np.abs(course - real).max() < 1e-12}")

# %% jupyter={"source_hidden": true}
figure, (axes,) = plots.panels(height=3.0, top=0.12)
plots.rate_lines({"CosineAnnealingLR": single, "CosineAnnealingWarmRestarts": repeated}, ax=axes)
axes.set(xlabel="updates", ylim=(0, 0.128))
axes.legend(loc="upper center", ncols=2)
plots.show(
    figure,
    alt="Rates that PyTorch gives over 150 updates. CosineAnnealingLR falls once. "
    "CosineAnnealingWarmRestarts falls four times, in cycles of 10, 20, 40 and 80 updates, and jumps back "
    "to the peak after each.",
)

# %% [markdown]
# ## The horizon is a hyperparameter
#
# A cosine needs $T$ before the first update. That is not a formality, because $T$ changes every rate.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** You planned 600 updates and have to stop at 300. A second run was planned for
# > 300 from the start, a third for 400. Every run has done 300 updates; each had its own peak tuned.
# > What rate, as a share of its peak, has the 600 run when it stops? Which of the three is best, which worst?

# %%
some = fresh[: 2 * seeds]
stopped = compare.compare(
    workload,
    {
        f"planned for {plan}": lambda peak, steps, plan=plan: schedules.cosine(peak, plan)
        for plan in (400, 600)
    },
    peaks=(0.4, 0.8, 1.6),
    total_steps=300,
    seeds=compare.Seeds(range(0, 2 * seeds, 2), some),
)
in_time = result.scores[result.names.index("cosine"), : len(some)]  # of the first comparison
shorter = []
for plan, name, losses, peak in zip(
    (400, 600), stopped.names, stopped.scores, stopped.chosen_peaks, strict=True
):
    left = schedules.cosine(1.0, plan)(300)
    print(f"{name}: rate at the stop {left:.0%} of its peak, held-out loss {losses.mean():.2f}")
    both = (float(peak), float(result.chosen_peaks[result.names.index("cosine")]))
    shorter.append(
        compare.paired(
            name, "planned for 300", losses, in_time, margin, peaks=both, level=1 - 0.05 / 2
        )
    )
compare.show_verdicts(shorter, at="the stop")

# %% [markdown]
# **Stopped half-way, a cosine is worse than one planned for the time it
# had.** <!-- holds: planned for 600 worse_than planned for 300 at the stop --> The rate is still at half its
# peak, so the run still carries the noise that lesson 1 measured. Even the plan for 400, stopped
# at 15 % of its peak, is worse by 0.01. <!-- holds: planned for 400 worse_than planned for 300 at the stop -->
# The peaks show that the tuning could not repair it: the longer plans chose lower peaks, and still lost.
# Hoffmann et al. (2022) found the same at scale: a cosine should be as long as the run. If you do not know how
# long the run will be, take another schedule; lesson 9 has one that can stop anywhere.
#
# ## Is it the best shape?
#
# Here is the whole comparison, of which the first section showed one row. Restarts could choose between two cycles
# (of 100 and 200 updates) and three. Linear decay and the cosine are shown with and without a floor of 10 % of
# the peak, so that floor and shape are not mixed up. <!-- 2*100 = 200 -->

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Does a floor of 10 % help on this network? Do the restarts end lower than the plain cosine? And
# > does any of the falling schedules lose to the constant rate?

# %% tags=["experiment"]
result.show(margin=margin, at="300 updates")

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    plots.forest_plot(result, margin=margin),
    alt="Held-out loss of the six schedules with intervals, and the paired difference to the cosine. Linear decay and "
    "the cosine lie together. The two with a floor of 10 % and the restarts lie half a hundredth to the right of them. "
    "The constant rate lies four hundredths to the right.",
)

# %% [markdown]
# **All falling schedules end below the constant rate, by 0.035 or
# more.** <!-- 0.751 - 0.716 = 0.035 --> <!-- holds: cosine better_than constant at 300 updates; linear better_than constant at 300 updates; cosine restarts better_than constant at 300 updates; linear, floor 10 % better_than constant at 300 updates; cosine, floor 10 % better_than constant at 300 updates -->
# Among them the differences are about 0.005, just below the margin. With 32 seeds some are decided:<!-- 4*8 = 32 -->
#
# - The shape makes no difference, with a floor or without. <!-- holds: linear equal_to cosine at 300 updates; linear, floor 10 % equal_to cosine, floor 10 % at 300 updates -->
# - A floor of 10 % costs a little with either shape. <!-- holds: linear, floor 10 % worse_than linear at 300 updates; cosine, floor 10 % worse_than cosine at 300 updates -->
# - Restarts are a little worse than the plain cosine. <!-- holds: cosine restarts worse_than cosine at 300 updates -->
#
# Look at the best peaks, too: every falling schedule starts four times as fast as the constant
# rate. <!-- 1.6/0.4 = 4 -->
#
# It is often said that a restart escapes a poor minimum. Here are the losses on the way.

# %% jupyter={"source_hidden": true}
on_the_way = {}
for name in ("cosine", "cosine restarts", "constant"):
    maker = shapes[name] if name != "cosine restarts" else restarts(2)
    peak = result.chosen_peaks[result.names.index(name)]
    table = np.tile(maker(peak, 300)(np.arange(300)), (seeds, 1))
    runs = training.train(workload, table, fresh[:seeds], score_every=25)
    on_the_way[name] = runs.held_out_loss
figure, (axes,) = plots.panels(height=3.2, top=0.12)
plots.held_out_curves(runs.scored_at, on_the_way, ax=axes, marks=(100,), top=1.1)
plots.show(
    figure,
    alt="Held-out loss over 300 updates for cosine, restarts and constant rate, median and quartiles of the "
    "runs. At update 100, the end of their first cycle, the restarts are below the other two. Right after it "
    "they jump up, then fall again, and end close to the cosine, below the constant rate.",
)

# %%
at = {updates: k for k, updates in enumerate(runs.scored_at)}
compare.show_verdicts(
    [
        compare.paired(
            f"restarts after {updates}",
            f"constant after {updates}",
            on_the_way["cosine restarts"][:, at[updates]],
            on_the_way["constant"][:, at[updates]],
            margin,
            level=1 - 0.05 / 3,
        )
        for updates in (100, 125, 300)
    ],
    at="the way",
)

# %% [markdown]
# **At the end of a cycle the restarts have a finished
# model.** <!-- holds: restarts after 100 better_than constant after 100 at the way --> That is what they are
# good for: a usable model at several known times, which their authors call *anytime performance*. Then the
# restart raises the loss, and 25 updates later the restarts are
# behind the constant rate. <!-- holds: restarts after 125 worse_than constant after 125 at the way --> <!-- 125 - 100 = 25 --> An
# escape to something better does not show here: the restarts end a little above the plain
# cosine. <!-- holds: cosine restarts worse_than cosine at 300 updates -->
#
# ## Where the difference can be computed
#
# On a quadratic with noise the expected loss is exact, so no difference is left to chance.
# `power_law_quadratic` has fifty curvatures $1, 1/2, … 1/50$. `optimal_rates` finds the best possible rate for
# every single update. The **regret** is what a schedule leaves on top of that, at its own best peak, as a share
# of the least possible loss. Losses that differ by less than one per cent count as equal.

# %%
makers = {name: maker for name, maker in shapes.items() if callable(maker)}
makers["restarts"] = restarts(2)
exact = {
    noise: lesson03_runs.tuned(quadratic, makers, 300)
    for noise, quadratic in lesson03_runs.NOISES.items()
}
print(f"{'regret / least loss':30}" + "".join(f"{name:>20}" for name in makers))
for noise, found in exact.items():
    print(f"{noise:30}" + "".join(f"{found[name].regret:20.0%}" for name in makers))


def log_ratio(noise, ours, theirs):
    return np.log(exact[noise][ours].losses[-1] / exact[noise][theirs].losses[-1])


much, little, everywhere = exact
one = compare.RATIO_MARGIN
# %%
show_facts(
    {
        "linear decay leaves less than the cosine with noise 1 and with the same noise": bool(
            log_ratio(much, "linear", "cosine") < -one
            and log_ratio(everywhere, "linear", "cosine") < -one
        ),
        "the cosine leaves less than linear decay with noise 0.1": bool(
            log_ratio(little, "cosine", "linear") < -one
        ),
        "restarts leave more than cosine and linear decay in every row": all(
            log_ratio(noise, "restarts", other) > one
            for noise in exact
            for other in ("cosine", "linear")
        ),
    },
    at="the quadratics",
)

# %% [markdown]
# **Now there is an order, and it depends on the
# problem.** <!-- holds: linear decay leaves less than the cosine with noise 1 and with the same noise at the quadratics; the cosine leaves less than linear decay with noise 0.1 at the quadratics -->
# In the first row and the third linear decay leaves less than the cosine; with little noise (second row) the
# cosine leaves a little less. Restarts are behind both in each row, where there is nothing to escape from,
# because a quadratic has one
# minimum. <!-- holds: restarts leave more than cosine and linear decay in every row at the quadratics -->
#
# Is that because the cosine's flat end is wasted? Here is by how much the loss falls after the rate has dropped
# below 10 %, and below 1 %, of its peak.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** In the stretch below 10 % of the peak, a fifth of the run, does the cosine's loss still
# > fall by less than 1 %, by about 5 %, or by more than 10 %? And in the stretch below 1 %?

# %%
print("the loss falls by, once the rate is below      10 %      1 %   of the peak")
ends = {}
for noise, found in exact.items():
    for name in ("cosine", "linear"):
        ends[noise, name] = [found[name].fall_below(limit) for limit in (0.1, 0.01)]
        print(f"{noise:30} {name:9}", "".join(f"{part:9.1%}" for part in ends[noise, name]))
show_facts(
    {
        "below 10 % of the peak the cosine's loss still falls by more than 4 %": all(
            ends[noise, "cosine"][0] > 0.04 for noise in exact
        ),
        "below 1 % of the peak every loss falls by less than 2 %": all(
            last < 0.02 for _, last in ends.values()
        ),
    },
    at="the quadratics",
)

# %% [markdown]
# **Here rates below a tenth of the peak are still useful; those below a hundredth lower the loss
# by less than 2 %.** <!-- holds: below 10 % of the peak the cosine's loss still falls by more than 4 % at the quadratics; below 1 % of the peak every loss falls by less than 2 % at the quadratics -->
# A cosine without a floor has six per cent of its updates there, linear decay one. This explains no more than
# it measures: on the network, the two ended equal all the same. Compare both with the best rates there are.

# %% jupyter={"source_hidden": true}
best = theory.optimal_rates(lesson03_runs.NOISES[everywhere], 300)
shown = {"best possible": best}
shown |= {name: exact[everywhere][name].rates for name in ("linear", "cosine")}
figure, (left, right) = plots.panels(2, height=3.1)
plots.rate_lines(shown, ax=left, title="the whole run")
plots.rate_lines(shown, ax=right, title="the last fifth")
left.set_xlabel("updates")
right.set(xlabel="updates", xlim=(240, 302), ylim=(0, 0.1))
right.get_legend().remove()
plots.show(
    figure,
    alt="Best possible rates on the quadratic with the same noise everywhere, beside linear decay and the cosine at their "
    "best peaks. The best rates fall fast at first and then more slowly, and end clearly above zero. Right, "
    "the last fifth: the cosine lies below linear decay, and both lie below the best rates at the end.",
)

# %% [markdown]
# With the same noise everywhere, the best rates end well above zero. Linear decay ends too low, and the cosine
# is too low for longer. That suggests a floor.
#
# ## How high may the floor be?

# %%
floors = (0, 0.01, 0.03, 0.1, 0.3)
floored = {f"{floor:.0%}": with_floor(schedules.cosine, floor) for floor in floors}
print("regret of the cosine, floor / peak " + "".join(f"{name:>8}" for name in floored))
regrets = {}
for noise, quadratic in lesson03_runs.NOISES.items():
    found = lesson03_runs.tuned(quadratic, floored, 300)
    regrets[noise] = np.array([found[name].regret for name in floored])
    print(f"{noise:35}" + "".join(f"{regret:8.0%}" for regret in regrets[noise]))
show_facts(
    {
        "floors of 1 % and 3 % leave less than none on every quadratic": all(
            (np.log1p(values[1:3]) < np.log1p(values[0]) - compare.RATIO_MARGIN).all()
            for values in regrets.values()
        ),
        "a floor of 10 % leaves more than none with noise 0.1": bool(
            np.log1p(regrets[little][3]) > np.log1p(regrets[little][0]) + compare.RATIO_MARGIN
        ),
    },
    at="the quadratics",
)

# %%
low = [schedules.cosine(1.6, 300, floor=1.6 * floor)(np.arange(300)) for floor in (0.01, 0.03)]
runs = training.train(workload, np.repeat(low, len(some), axis=0), np.tile(some, 2))
none = result.scores[result.names.index("cosine"), : len(some)]  # the same peak and seeds
compare.show_verdicts(
    [
        compare.paired(
            f"floor {100 * floor:g} %", "no floor", losses, none, margin, level=1 - 0.05 / 2
        )
        for floor, losses in zip(
            (0.01, 0.03), runs.held_out_loss[:, -1].reshape(2, -1), strict=True
        )
    ],
    at="peak 1.6",
)

# %% [markdown]
# **A floor of 1 % to 3 % of the peak is a safe
# choice.** <!-- holds: floors of 1 % and 3 % leave less than none on every quadratic at the quadratics; floor 1 % equal_to no floor at peak 1.6; floor 3 % equal_to no floor at peak 1.6 -->
# It leaves less than no floor on all three quadratics, and on the network, at the cosine's best peak, it is
# equal. **A floor of 10 % is not always
# safe.** <!-- holds: a floor of 10 % leaves more than none with noise 0.1 at the quadratics; cosine, floor 10 % worse_than cosine at 300 updates -->
# It helps on two quadratics, costs on the one with little noise, and costs a little on the network. So if
# somebody says that cosine beats linear, or that a floor beats zero, ask for the problem.
#
# ## Who uses it
#
# GPT-3 decays along a cosine to 10 % of the peak, over 260 billion of its 300 billion
# tokens,<!-- cited: 260 --> and goes on at that 10 % (Brown et al., 2020). LLaMA goes down to 10 % as well
# (Touvron et al., 2023), and so does Qwen (Bai et al., 2023). SGDR was tested mostly on wide ResNets.
#
# Other names are added to this list by mistake. BERT decays **linearly** after its warmup (Devlin et
# al., 2018); the original Transformer and T5 fall as an **inverse square root** (Vaswani et al., 2017; Raffel
# et al., 2020); Stable Diffusion's first models rise to their rate and then **keep it** (their model card); and
# the paper of Mistral 7B states no schedule at all (Jiang et al., 2023).

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong: past the end
#
# A run planned for 300 updates goes well, so you leave it running for 300 more. What happens after `T_max`
# depends on the library. This is an ordinary PyTorch loop:


# %% tags=["pytorch"]
data = workload.data
x, y = torch.tensor(data.inputs, dtype=torch.float32), torch.tensor(data.labels)
test_x = torch.tensor(data.held_out.inputs, dtype=torch.float32)
test_y = torch.tensor(data.held_out.labels)


def train_in_torch(seed, updates=600, T_max=300):
    torch.manual_seed(seed)
    a, b, c = torch.nn.Linear(2, 64), torch.nn.Linear(64, 64), torch.nn.Linear(64, 3)
    model = torch.nn.Sequential(a, torch.nn.ReLU(), b, torch.nn.ReLU(), c)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler = CosineAnnealingLR(optimizer, T_max=T_max)
    rates, losses = [], []
    for update in range(1, updates + 1):
        rates.append(scheduler.get_last_lr()[0])
        rows = torch.randint(len(x), (32,))
        optimizer.zero_grad()
        F.cross_entropy(model(x[rows]), y[rows]).backward()
        optimizer.step()
        scheduler.step()
        if update in (T_max, updates):
            losses.append(F.cross_entropy(model(test_x), test_y).item())
    return np.array(rates), losses


# %%
rates, losses = zip(*(train_in_torch(seed) for seed in range(2)), strict=True)
losses = np.array(losses)
print("rates of the updates 1, 150, 300, 450 and 600:", rates[0][[0, 149, 299, 449, 599]].round(3))
show_facts(
    {
        "both runs end higher after 600 updates than after 300": bool(
            (losses[:, 1] > losses[:, 0]).all()
        )
    },
    at="the PyTorch loop",
)

# %% [markdown]
# PyTorch follows the cosine, and a cosine goes up again. Other libraries stay at the floor. (PyTorch was run;
# the others are this course's reproductions, tested against recorded values of each library.)

# %%
others = {
    "optax.cosine_decay_schedule": {"init_value": 1.0, "decay_steps": 300},
    "keras.CosineDecay": {"initial_learning_rate": 1.0, "decay_steps": 300},
    "timm.CosineLRScheduler": {"base_lr": 1.0, "t_initial": 300},
}
print("rate at t =                        0     150     300     450     599")
table = {"torch CosineAnnealingLR, run": rates[0]}
table |= {name: from_library(name, **given)(np.arange(600)) for name, given in others.items()}
for name, values in table.items():
    print(f"{name:30}", "  ".join(f"{values[u]:6.3f}" for u in (0, 150, 300, 450, 599)))

# %% [markdown]
# What does the climb cost, measured over seeds? All runs have a peak of 1 and 600 updates.

# %%
u = np.arange(600)
longer = {
    "planned for 600": schedules.cosine(1.0, 600)(u),
    "held at the floor": schedules.cosine(1.0, 300)(u),
    "torch goes on": from_library("torch.CosineAnnealingLR", base_lr=1.0, T_max=300)(u),
}
runs = training.train(
    workload,
    np.repeat(list(longer.values()), seeds, axis=0),
    np.tile(fresh[:seeds], 3),
    score_every=50,
)
past = dict(zip(longer, runs.held_out_loss.reshape(3, seeds, -1), strict=True))
end = {name: losses[:, -1] for name, losses in past.items()}
pairs = [("torch goes on", "held at the floor"), ("held at the floor", "planned for 600")]
compare.show_verdicts(
    [compare.paired(a, b, end[a], end[b], margin, peaks=(1.0, 1.0)) for a, b in pairs],
    at="600 updates",
)

# %% jupyter={"source_hidden": true}
figure, (left, right) = plots.panels(2, height=3.2, top=0.12)
plots.rate_lines(longer, ax=left, marks=(300,))
left.set_xlabel("updates")
left.get_legend().remove()
plots.held_out_curves(runs.scored_at, past, ax=right, marks=(300,), top=1.0)
plots.show(
    figure,
    alt="Left: three rates over 600 updates. One falls to zero at 600; one falls to zero at 300 and stays; "
    "one falls to zero at 300 and climbs back to the peak by 600. Right: held-out loss. The first two end "
    "low and close together; the third climbs with its rate after update 300.",
)

# %% [markdown]
# **The climb gives back part of what had been
# reached.** <!-- holds: torch goes on worse_than held at the floor at 600 updates; both runs end higher after 600 updates than after 300 at the PyTorch loop -->
# The run held at the floor loses nothing, and learns nothing either: all its further updates are wasted, and
# the run planned for 600 ends
# lower. <!-- holds: held at the floor worse_than planned for 600 at 600 updates --> The usual way into this
# trap is `T_max` in epochs with `scheduler.step()` called for every batch. The rate then goes up and down the
# whole time. Set `T_max` to the number of times that `scheduler.step()` will be called.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: what a worst-case bound says
#
# "Cosine is backed by theory" is often said, and means bounds of this kind. Defazio et al. (2023) bound the
# loss of the last weights on any convex loss with bounded gradients. The bound depends on the shape of the
# schedule. We compute it for 4,000 updates, at the best peak, times $\sqrt T$; lower is better.

# %%
u = np.arange(4000)
bounds = {
    "linear": lesson03_runs.scaled_bound(schedules.linear(1.0, 4000)(u)),
    "cosine": lesson03_runs.scaled_bound(schedules.cosine(1.0, 4000)(u)),
    "cosine, floor 1 %": lesson03_runs.scaled_bound(schedules.cosine(1.0, 4000, floor=0.01)(u)),
    "cosine, floor 10 %": lesson03_runs.scaled_bound(schedules.cosine(1.0, 4000, floor=0.1)(u)),
    "constant": lesson03_runs.scaled_bound(np.ones(4000)),
}
for name, value in bounds.items():
    print(f"{name:20} {value:.2f}")
print(f"constant, exact rate at most {np.sqrt(1 + np.log(4000) / 4):.2f}; best of any method 1.00")

# %% [markdown]
# The bound prefers linear decay to the cosine, and both to a constant rate. How much does that prove? Zamani
# and Glineur (2023) computed worst cases exactly. In these units a constant rate at its best ends at most at
# the value in the last row, and no method can guarantee less than 1, which a linearly falling rate reaches. **So
# the bound is about twice too loose, and 2.00 against 2.06 proves
# little.** <!-- source: Zamani and Glineur 2023, the exact rate of the last iterate; the sum for the constant rate is printed above -->
# An upper limit that is lower is no evidence that the loss is lower.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: fractional epochs lag by one update
#
# `CosineAnnealingWarmRestarts` may be told the time as a fraction of an epoch. The example in PyTorch's own
# docstring calls `scheduler.step(epoch + i / iters)` after batch `i`. Called *after* `optimizer.step()`, as a
# scheduler should be, it names the time of the update just done, not of the next one.

# %% tags=["goes-wrong"]
iters, cycle = 4, 8  # 4 batches an epoch, T_0 = 2 epochs


def fractional(shift):
    times = [(batch + shift) / iters for batch in range(17)]
    make = lambda o: CosineAnnealingWarmRestarts(o, T_0=2)  # noqa: E731
    return by_torch(make, 17, step_arguments=times)


wanted = schedules.cosine_restarts(0.1, cycle)(np.arange(17))
for label, got in (("epoch + i/iters", fractional(0)), ("epoch + (i+1)/iters", fractional(1))):
    print(f"step({label + ')':21} ", " ".join(f"{rate:.3f}" for rate in got[:10]))
    one_late = np.allclose(got[1:], wanted[:-1]) and got[0] == wanted[0]
    print(f"  as planned: {np.allclose(got, wanted)}, one update late: {one_late}")

# %% [markdown]
# One update is nothing in a long run. With restarts of a few updates, or when two frameworks are compared
# update by update, it is the reason why they disagree. Write `(i + 1)`.

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Seven schedules on a noisy quadratic of your choice, each at its own best peak, beside the best rates that
# exist; every number is exact. The curvatures $\lambda_i$ are those of lesson 1. The gradient of one example
# has noise $\sigma$, so the mean over a batch of $B$ examples has the variance $\sigma^2/B$.
#
# Which floor is best for the cosine here, and which in the shortest run? From which exponent of the curvatures
# on does the cosine beat linear decay? What does it cost the restarts to end in mid-cycle, and is there any
# noise at which they come out first?

# %% tags=["explorer"]
explorers.noisy_quadratic()

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** Your run of 90 epochs with 500 batches each uses `CosineAnnealingLR(optimizer, T_max=90)`, and
# calls `scheduler.step()` after every batch. What does the rate do?
#
# <details><summary>Answer</summary>
#
# It reaches the floor after 90 batches, climbs back to the peak by batch 180, and goes on like this: 250 full
# waves in the run. `T_max` counts calls of `step()`; it should be
# 45,000. <!-- 2*90 = 180 --> <!-- 90*500 = 45000 --> <!-- 90*500/180 = 250 --> <!-- derived: the period of the cosine is 2 T_max calls; the loop above climbs in the same way -->
#
# </details>
#
# ---
# **2.** A team stops its 600-update cosine run at 300, because the budget is cut. "At half time a cosine is at half
# its peak, exactly like linear decay. So stopping costs nothing special, and we would have seen the same with a run
# planned for 300." What is right in this, and what is wrong?
#
# <details><summary>Answer</summary>
#
# The rate at half time is right. It is also the problem: a run planned for 300 would have come down to zero by
# then. Stopped at half its peak, the run still carries its noise, and its loss is higher by about 0.03. A
# cooldown over the last updates of the budget is the usual repair
# (lesson 9). <!-- holds: planned for 600 worse_than planned for 300 at the stop --> <!-- 0.739 - 0.711 = 0.03 -->
#
# </details>
#
# ---
# **3.** You want a usable model after 1,000, 3,000 and 7,000 updates, in one run, without choosing between
# them now. Which restarts do that, and what is the rate right after 3,000?
#
# <details><summary>Answer</summary>
#
# $T_0 = 1000$ and $T_\text{mult} = 2$: cycles of 1,000, 2,000<!-- 2*1000 = 2000 --> and 4,000 end at 1,000,
# 3,000 and 7,000. Right after 3,000 the rate is back at the peak, so keep the weights from *before* that
# update. <!-- derived: the total after n cycles, from the formula above -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. A half-cosine starts flat, is steepest at half time and ends flat; its mean rate is (peak + floor)/2. <!-- derived: the formula of the half-cosine -->
# 2. On the noisy spirals cosine and linear decay were equal; computed exactly, each is better on some quadratic. <!-- holds: linear equal_to cosine at 300 updates; linear decay leaves less than the cosine with noise 1 and with the same noise at the quadratics; the cosine leaves less than linear decay with noise 0.1 at the quadratics -->
# 3. The horizon must be known: stopped half-way, a cosine was worse than one planned for the time it had. <!-- holds: planned for 600 worse_than planned for 300 at the stop -->
# 4. Floors of 1 % to 3 % were safe everywhere; 10 % helped on two quadratics, cost on the third, and a little on the network. <!-- holds: floors of 1 % and 3 % leave less than none on every quadratic at the quadratics; a floor of 10 % leaves more than none with noise 0.1 at the quadratics; floor 3 % equal_to no floor at peak 1.6; cosine, floor 10 % worse_than cosine at 300 updates -->
# 5. Past `T_max` PyTorch climbs back to the peak, and the loss with it; optax, Keras and timm stay at the floor. <!-- holds: torch goes on worse_than held at the floor at 600 updates -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# | do | start with | evidence |
# |---|---|---|
# | choose between cosine and linear decay | either one; spend the runs on its peak | equal on the network; each better on some quadratic <!-- holds: linear equal_to cosine at 300 updates; linear decay leaves less than the cosine with noise 1 and with the same noise at the quadratics; the cosine leaves less than linear decay with noise 0.1 at the quadratics --> |
# | set the length | `T_max` = the number of calls of `scheduler.step()` in the run | stopped half-way: worse by 0.03 <!-- 0.739 - 0.711 = 0.03 --> <!-- holds: planned for 600 worse_than planned for 300 at the stop --> |
# | set the floor | 1 % of the peak; 10 % only if you measured it | better or equal in four tests of four <!-- 3 + 1 = 4 --> <!-- holds: floors of 1 % and 3 % leave less than none on every quadratic at the quadratics; floor 1 % equal_to no floor at peak 1.6 --> |
# | set the peak | tune it again; here 4 times the best constant rate <!-- 1.6/0.4 = 4 --> | better than the constant rate by 0.04 <!-- 0.751 - 0.711 = 0.04 --> <!-- holds: cosine better_than constant at 300 updates --> |
# | need models at several known times | restarts with $T_\text{mult} = 2$, planned backwards from the budget | finished at the end of a cycle, but a little worse than one cosine at the end <!-- holds: restarts after 100 better_than constant after 100 at the way; cosine restarts worse_than cosine at 300 updates --> |
# | train longer than planned | start a new schedule; never let PyTorch's cosine run on | the climb costs 0.05 <!-- 0.76 - 0.71 = 0.05 --> <!-- holds: torch goes on worse_than held at the floor at 600 updates --> |

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 3](../exercises/ex03_cosine.ipynb): a cosine with a floor, restarts, and a schedule that rises
# again after its end. Then take a schedule from your own code, and print its rate at the first, middle and last
# update, and one after the last. [Lesson 4](04_warmup.ipynb) turns to the other end of the run: warmup, and
# what it buys.
#
# **References.** I. Loshchilov, F. Hutter (2016), *SGDR: Stochastic gradient descent with warm restarts*,
# arXiv:1608.03983. · J. Hoffmann et al. (2022), *Training compute-optimal large language models*,
# arXiv:2203.15556. · A. Defazio, A. Cutkosky, H. Mehta, K. Mishchenko (2023), *Optimal linear decay learning
# rate schedules and further refinements*, arXiv:2310.07831. · M. Zamani, F. Glineur (2023), *Exact convergence
# rate of the last iterate in subgradient methods*, arXiv:2307.11134. · T. Brown et al. (2020), *Language models
# are few-shot learners*, arXiv:2005.14165. · H. Touvron et al. (2023), *LLaMA: open and efficient foundation
# language models*, arXiv:2302.13971. · J. Devlin, M.-W. Chang, K. Lee, K. Toutanova (2018), *BERT: pre-training
# of deep bidirectional transformers for language understanding*, arXiv:1810.04805. · A. Vaswani et al. (2017),
# *Attention is all you need*, arXiv:1706.03762. · C. Raffel et al. (2020), *Exploring the limits of transfer
# learning with a unified text-to-text transformer*, arXiv:1910.10683. · J. Bai et al. (2023), *Qwen technical
# report*, arXiv:2309.16609. · A. Q. Jiang et al. (2023), *Mistral 7B*, arXiv:2310.06825.
