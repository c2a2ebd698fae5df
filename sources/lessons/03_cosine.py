# %% [markdown] tags=["title"]
# # Anneal with a cosine, and know what it is worth
#
# **You will learn** to
#
# - write the half-cosine, say what its three properties are, and choose its floor;
# - plan its length, and say what it costs to stop early or to run on past the end;
# - read and write restarts ($T_0$, $T_\text{mult}$), and match PyTorch's two cosine classes exactly;
# - say where a cosine beats a straight line, where it loses, and where nobody can tell.
#
# **Time:** about 60 minutes. **You need** lesson 1 (the floor that noise leaves), and Python with NumPy
# and PyTorch.

# %% tags=["parameters"]
seeds = 8  # training runs to choose each peak; twice as many others score it

# %%
import numpy as np
from torch.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts

from course_lib import explorers, plots, problems, schedules, theory, training
from course_lib.compare import Seeds, compare
from course_lib.intervals import mean_interval
from course_lib.libraries import Loop, from_library, simulate_loop
from course_lib.plots.lesson03 import half_cosine

# %% [markdown]
# ## Half a cosine
#
# The cosine falls from 1 to −1 while its argument goes from 0 to $\pi$. Moved up and scaled, that half
# wave leads from a **peak** to a **floor** in $T$ updates:
#
# $$\eta_t = \eta_\text{floor} + \tfrac12\,(\eta_\text{peak} - \eta_\text{floor})\,
# \bigl(1 + \cos(\pi t/T)\bigr), \qquad t = 0, 1, \dots, T .$$
#
# $t$ counts the updates already done. The name *annealing* is taken from metal that is cooled slowly.
# PyTorch calls the floor `eta_min`, and $T$ is `T_max`.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Peak 0.1, floor 0, 100 updates. What is the rate after 10, 50 and 90
# > updates? Add up all 100 rates: is the sum larger or smaller than that of a straight line from 0.1 to 0?
# > And how much steeper than the line is the cosine where it is steepest?


# %% tags=["from-scratch"]
def half_cosine_rates(step, peak_lr, total_steps, floor=0.0):
    share = (1 + np.cos(np.pi * np.asarray(step) / total_steps)) / 2
    return floor + (peak_lr - floor) * share


total = 100
steps = np.arange(total)
curve = half_cosine_rates(np.arange(total + 1), 0.1, total)
line = 0.1 * (1 - np.arange(total + 1) / total)
print("step        10      50      90")
print("cosine  ", "  ".join(f"{curve[t]:.4f}" for t in (10, 50, 90)))
print("line    ", "  ".join(f"{line[t]:.4f}" for t in (10, 50, 90)))
print(f"sum of the rates: cosine {curve[:total].sum():.3f}, line {line[:total].sum():.3f}")
fall = -np.diff(curve)
print(f"steepest between steps {fall.argmax()} and {fall.argmax() + 1}", end=", ")
print(f"{fall.max() * total / 0.1:.3f} times as steep as the line; pi/2 = {np.pi / 2:.3f}")

# %% jupyter={"source_hidden": true}
plots.show(
    half_cosine(0.1, 0.01, total),
    alt="The half-cosine from 0.1 to a floor of 0.01 over 100 steps, and a straight line between the same "
    "ends. Both cross at half time, at the mean of peak and floor, where the cosine is steepest. The "
    "first and last tenth are shaded: there the cosine is almost level, above the line at the start "
    "and below it at the end.",
)

# %% [markdown]
# Three properties, and all of them follow from the formula:
#
# 1. **Flat start.** The slope at $t=0$ is zero, so the run stays near the peak for a while.
# 2. **Steepest at half time,** $\pi/2$ times as steep as the line, where the rate is exactly
#    the mean of peak and floor.
# 3. **Flat end.** Near $T$ the rate is almost the floor for a while.
#
# The flat start and the flat end mirror each other, so the **mean rate is (peak + floor)/2**, the same as
# the line's. At equal peaks the two spend the same total; they differ in *when* they spend it. You will
# read that the flat end lets a run "settle". It has a price, too: how long is it?

# %%
share = half_cosine_rates(np.arange(10_000), 1.0, 10_000)
print("share of the run with a rate below    10 %     1 %   of the peak")
for name, rates in (("cosine", share), ("line", 1 - np.arange(10_000) / 10_000)):
    parts = [(rates < limit).mean() for limit in (0.1, 0.01)]
    print(f"{name:34} {parts[0]:7.1%} {parts[1]:7.1%}")

# %% [markdown]
# With a floor of zero, a cosine spends a good part of the run at rates too small to do anything. Keep
# that in mind: it will explain most of what we measure.

# %% [markdown]
# ## Restarts
#
# Loshchilov and Hutter (2016) proposed the half-cosine together with **warm restarts** (SGDR): at the
# floor, jump back to the peak and begin again. The first cycle takes $T_0$ updates, and each cycle is
# $T_\text{mult}$ times as long as the one before. "Warm" means that the weights are kept; only the rate
# starts over.

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
# $T_\text{mult} = 1$. A budget that is not on this list ends in mid-cycle, at a high rate. So a
# restart schedule has to be planned backwards from the budget: two cycles with a factor of 2 need
# $T_0$ = a third of it.

# %% [markdown]
# ## The same in the library and in PyTorch
#
# `simulate_loop` runs a real optimizer and a real scheduler of PyTorch and records the rate of every update.

# %% tags=["library"]
floor, t = 0.001, np.arange(150)


def by_torch(scheduler, updates, **loop):
    return simulate_loop(scheduler, Loop(updates=updates, **loop), base_lr=0.1).rates


single = by_torch(lambda o: CosineAnnealingLR(o, T_max=150, eta_min=floor), 150)
repeated = by_torch(lambda o: CosineAnnealingWarmRestarts(o, 10, 2, eta_min=floor), 150)

# %% tags=["library"]
pairs = {
    "cosine: ours and the library's": (
        half_cosine_rates(t, 0.1, 150, floor),
        schedules.cosine(0.1, 150, floor)(t),
    ),
    "cosine: the library's and torch's": (schedules.cosine(0.1, 150, floor)(t), single),
    "restarts: ours and the library's": (
        restart_rates(150, 0.1, 10, 2, floor),
        schedules.cosine_restarts(0.1, 10, mult=2, floor=floor)(t),
    ),
    "restarts: the library's and torch's": (
        schedules.cosine_restarts(0.1, 10, mult=2, floor=floor)(t),
        repeated,
    ),
}
for name, (one, other) in pairs.items():
    print(f"{name:36} equal to 1e-12: {np.abs(one - other).max() < 1e-12}")

# %% jupyter={"source_hidden": true}
plots.show(
    plots.rate_lines({"CosineAnnealingLR": single, "CosineAnnealingWarmRestarts": repeated}),
    alt="Rates that PyTorch gives over 150 updates. CosineAnnealingLR falls once. "
    "CosineAnnealingWarmRestarts falls four times, in cycles of 10, 20, 40 and 80 updates, and jumps back "
    "to the peak after each.",
)

# %% [markdown]
# ## The horizon is a hyperparameter
#
# A cosine needs $T$ before the first update. That is not a formality: $T$ bends the whole curve. We
# train a network with two hidden layers on spirals whose labels are wrong in one case of five, in batches
# of 32, and score it on held-out points. `compare` chooses the best peak for each schedule on one set
# of seeds and scores it on another.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** You planned 600 updates and have to stop at 300. A second run was planned for
# > 300 from the start, a third for 400. Every run has done 300 updates; each had its own peak tuned.
# > What rate, as a share of its peak, has the 600 run when it stops? Which of the three is best, which worst?

# %%
workload = training.Workload(problems.noisy_spirals(), training.Mlp(dtype="float32"), batch_size=32)
split = Seeds(range(0, 2 * seeds, 2), range(1, 4 * seeds, 2))  # to choose, to score
stopped = compare(
    workload,
    {
        f"planned for {plan}": lambda peak, steps, plan=plan: schedules.cosine(peak, plan)
        for plan in (300, 400, 600)
    },
    peaks=(0.4, 0.8, 1.6),
    total_steps=300,
    seeds=split,
    reference="planned for 300",
)


# %%
def verdict(row, reference):
    low, high = row.simultaneous.low, row.simultaneous.high  # holds for all pairs at once
    if row.schedule == reference:
        return "the reference"
    if low > 0.005:
        return "worse, by 0.005 at least"
    return "less than 0.02 away" if low > -0.02 and high < 0.02 else "cannot be told"


for row, plan in zip(
    sorted(stopped.as_table(), key=lambda r: r.schedule), (300, 400, 600), strict=True
):
    left = schedules.cosine(1.0, plan)(300)
    print(f"{row.schedule}, rate at the stop {left:4.0%} of its peak: ", end="")
    print(f"held-out loss {row.score.mean:.2f}, {verdict(row, 'planned for 300')}")

# %% [markdown]
# The verdicts rest on the interval of the difference, with all pairs of the table counted at once. Stopping
# half-way leaves the rate at half its peak, and the noise floor of lesson 1 has not been paid off.
# Hoffmann et al. (2022) found the same at scale: a cosine should be as long as the run. If you do not know
# how long the run will be, a cosine is the wrong tool; a later lesson has one that can stop anywhere.

# %% [markdown]
# ## Is it the best shape?
#
# Now the question that most texts answer before measuring: is the cosine better than a straight line?
# Five schedules, 300 updates, the peak tuned for each on the same grid. The restarts get cycles of 100
# and 200 updates, so that they end at a floor as well. <!-- 2*100 = 200 -->

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Rank them: constant, linear, cosine, cosine with a floor of 10 % of the peak,
# > cosine with restarts. Which of them can be told apart?

# %% tags=["experiment"]
five = {
    "constant": lambda peak, steps: schedules.constant(peak),
    "linear": schedules.linear,
    "cosine": schedules.cosine,
    "cosine, floor 10 %": lambda peak, steps: schedules.cosine(peak, steps, floor=0.1 * peak),
    "cosine restarts": lambda peak, steps: schedules.cosine_restarts(peak, steps // 3, mult=2),
}
result = compare(
    workload,
    five,
    peaks=(0.2, 0.4, 0.8, 1.6, 3.2),
    total_steps=300,
    seeds=split,
    reference="cosine",
    score_every=25,
)
rows = {row.schedule: row for row in result.as_table()}
print("schedule           best peak   held-out loss   against the cosine")
for name in five:
    row = rows[name]
    print(f"{name:18} {row.peak_lr:9.1f}   {row.score.mean:13.2f}   {verdict(row, 'cosine')}")

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    plots.forest_plot(result),
    alt="Held-out loss of the five schedules with intervals, and the paired difference to the cosine. "
    "Linear, cosine, cosine with floor and restarts lie within one hundredth of each other. The constant "
    "rate lies about four hundredths to the right, its interval clear of zero.",
)

# %% [markdown]
# **What comes down ends at the same loss, to within 0.02; the rate that never comes down loses.** On this
# problem the shape hardly matters. The ranks between first and last stand for differences smaller than
# that. Try other seeds (other ranges in `split`): on those we tried, the order of the lower ranks changes, the
# constant rate stays last, and neither the cosine nor the restarts ever come out clearly ahead of the
# straight line.
#
# Look at the best peaks, too: whatever comes down can start several times as fast.
#
# Two things are often said of restarts: that a restart escapes a poor minimum, and that the best loss comes
# on the way. Let us look on the way.

# %% jupyter={"source_hidden": true}
at = {
    name: result.history[result.names.index(name)]
    for name in ("cosine", "cosine restarts", "constant")
}
plots.show(
    plots.held_out_curves(result.scored_at, at, marks=(100,), top=1.1),
    alt="Held-out loss over 300 updates for cosine, restarts and constant rate, median and quartiles of the "
    "runs. At update 100, the end of their first cycle, the restarts are below the other two. Right after it "
    "they jump up, then fall again, and end level with the cosine, below the constant rate.",
)

# %%
when = list(result.scored_at)
print("runs in which the restarts have a lower held-out loss than the constant rate")
for u in (100, 125, 300):
    k = when.index(u)
    ahead = (at["cosine restarts"][:, k] < at["constant"][:, k]).sum()
    print(f"after {u} updates: {ahead:2d} of {2 * seeds}")

# %% [markdown]
# At the end of a cycle the restarts have a finished model: that is what they are good for, a usable
# model at several known times. Their authors' own word for it is *anytime performance*. Then the restart
# throws the loss up, and the next cycle has to earn it back. An escape to something better does not
# show here: the restarts end no lower than the plain cosine.

# %% [markdown]
# ## Where the difference can be computed
#
# A tie may mean that there is no difference, or that our runs do not show it. On a quadratic with noise
# the expected loss is exact, so nothing is left to chance. `power_law_quadratic` has fifty curvatures $1, 1/2, …
# 1/50$. `optimal_rates` finds the best possible rate for every single update. The **regret** is what a
# schedule leaves on top of that, at its own best peak.

# %%
horizon = 300
settings = {
    "noise follows curvature, 1": problems.power_law_quadratic(noise_std=1.0),
    "noise follows curvature, 0.1": problems.power_law_quadratic(noise_std=0.1),
    "same noise everywhere, 0.3": problems.power_law_quadratic(noise_std=0.3, noise_exponent=0),
}
best_rates = {name: theory.optimal_rates(quad, horizon) for name, quad in settings.items()}
least = {k: theory.expected_losses(settings[k], best_rates[k])[-1] for k in settings}


def excess(setting, maker):
    """Regret of a schedule at its best peak, as a share of the least possible loss."""
    peak = theory.best_peak(settings[setting], lambda p: maker(p, horizon), horizon)
    loss = theory.expected_losses(settings[setting], maker(peak, horizon)(np.arange(horizon)))
    return loss[-1] / least[setting] - 1


print(f"{'regret / least loss':30}" + "".join(f"{name.split(', ')[-1]:>16}" for name in five))
for setting in settings:
    print(f"{setting:30}" + "".join(f"{excess(setting, five[n]):16.0%}" for n in five))

# %% [markdown]
# Now there is an order, and it depends on the problem. With much noise the straight line beats the
# cosine; with little noise (second row) the cosine beats the line, by a little. Restarts are behind both in
# each row, for here there is nothing to escape from: a quadratic has one minimum. Why does the line win
# where noise matters? Compare both with the best rates there are.

# %% jupyter={"source_hidden": true}
noisy = "same noise everywhere, 0.3"
shown = {"best possible": best_rates[noisy]}
for name in ("linear", "cosine"):
    maker = five[name]
    top = theory.best_peak(settings[noisy], lambda p, maker=maker: maker(p, horizon), horizon)
    shown[name] = maker(top, horizon)(np.arange(horizon))
figure, (left, right) = plots.panels(2, height=3.1)
plots.rate_lines(shown, ax=left, title="the whole run")
plots.rate_lines(shown, ax=right, title="the last fifth")
right.set(xlim=(240, 302), ylim=(0, 0.1))
right.get_legend().remove()
plots.show(
    figure,
    alt="Best possible rates on the noisy quadratic, beside the linear and the cosine schedule at their "
    "best peaks. The best rates fall fast at first and then more slowly, and end clearly above zero. Right, "
    "the last fifth: the cosine lies below the line, and both lie below the best rates at the end.",
)

# %% [markdown]
# Here the best rates end well above zero: a small step still does some good. The line ends too low, and
# the cosine, with its flat end, is too low for much longer. That suggests a cure: a floor.
#
# ## "A small floor beats zero": does it?
#
# Beside the three quadratics we ask a fourth judge: a **worst-case bound** for the last weights on any
# convex loss with bounded gradients (Defazio et al., 2023), over 4,000 updates, at the best peak, times
# $\sqrt T$. Lower is better everywhere.


# %%
def bound(rates):
    return theory.last_iterate_bound(theory.best_scale(rates) * rates) * np.sqrt(len(rates))


u = np.arange(4000)
for name, plan in (
    ("linear", schedules.linear(1.0, 4000)),
    ("cosine", schedules.cosine(1.0, 4000)),
):
    print(f"bound for {name}: {bound(plan(u)):.3f}")
print(f"bound for constant: {bound(np.ones(4000)):.3f}\n")
print("cosine, floor / peak            " + "".join(f"{c:>9.0%}" for c in (0, 0.01, 0.03, 0.1, 0.3)))
for setting in settings:
    line = f"{setting:32}"
    for c in (0, 0.01, 0.03, 0.1, 0.3):
        line += f"{excess(setting, lambda p, n, c=c: schedules.cosine(p, n, floor=c * p)):9.0%}"
    print(line)
floors = [schedules.cosine(1.0, 4000, floor=c)(u) for c in (0, 0.01, 0.03, 0.1, 0.3)]
print(f"{'convex bound':32}" + "".join(f"{bound(rates):9.3f}" for rates in floors))

# %% [markdown]
# **It does, within limits.** A floor of 1 to 3 % of the peak beats zero in all three quadratics; 10 % is
# better still in the two with more noise, and worse than zero in the one with little; 30 % can be far too
# much. The bound likes 1 % a little, and nothing larger. On the network, the table above has 10 %
# and zero as good as equal. So: a small floor is a safe habit with small returns, and no law.
#
# The bound prefers the straight line to the cosine, as two of the three quadratics do, and both to a constant
# rate. Who says that cosine "beats" linear should name the problem.

# %% [markdown]
# ## Who uses it
#
# GPT-3 decays along a cosine to 10 % of the peak, over 260 billion of its 300 billion tokens,<!-- cited: 260 --> and goes on at
# that 10 % (Brown et al., 2020). LLaMA goes down to 10 % as well (Touvron et al., 2023), and so does Qwen (Bai
# et al., 2023). SGDR's own experiments are wide ResNets.
#
# Other names are added to this list by mistake. BERT decays **linearly** after its warmup (Devlin et al., 2018);
# the original Transformer and T5 fall as an **inverse square root** (Vaswani et al., 2017; Raffel et al., 2020);
# Stable Diffusion's first models rise to their rate and then **keep it** (their model card); and the
# paper of Mistral 7B states no schedule at all (Jiang et al., 2023).

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 1: past the end
#
# A run planned for 300 updates goes well, so you leave it running. What happens after `T_max`? That
# depends on the library. Here PyTorch is run for real; the others are this course's reproductions, tested
# against recorded values of each library.

# %%
climb = by_torch(lambda o: CosineAnnealingLR(o, T_max=300), 601)
others = {
    "optax.cosine_decay_schedule": {"init_value": 0.1, "decay_steps": 300},
    "keras.CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 300},
    "timm.CosineLRScheduler": {"base_lr": 0.1, "t_initial": 300},
}
print("rate at t =                        0     150     300     450     600")
table = {"torch CosineAnnealingLR, run": climb}
table |= {k: from_library(k, **v)(np.arange(601)) for k, v in others.items()}
for name, rates in table.items():
    print(f"{name:30}", "  ".join(f"{rates[u]:6.3f}" for u in (0, 150, 300, 450, 600)))

# %% [markdown]
# Three libraries stay at the floor. PyTorch follows the cosine, and a cosine goes up again. What does this do
# to a network? We keep the peak of 1, and give all runs 600 updates.

# %%
u = np.arange(600)
longer = {
    "planned for 600": schedules.cosine(1.0, 600)(u),
    "300, held at the floor": schedules.cosine(1.0, 300)(u),
    "300, torch goes on": from_library("torch.CosineAnnealingLR", base_lr=1.0, T_max=300)(u),
}
runs = training.train(
    workload,
    np.repeat(list(longer.values()), seeds, axis=0),
    np.tile(np.arange(seeds), 3),
    score_every=50,
)
past = dict(zip(longer, runs.held_out_loss.reshape(3, seeds, -1), strict=True))
print("held-out loss after        300    600 updates")
for name, losses in past.items():
    print(f"{name:24} {losses[:, 5].mean():6.2f} {losses[:, -1].mean():6.2f}")
end = {name: losses[:, -1] for name, losses in past.items()}
climbing = mean_interval(end["300, torch goes on"] - end["300, held at the floor"])
waiting = mean_interval(end["300, held at the floor"] - end["planned for 600"])
print(f"by 95 % intervals: the climb costs more than 0.01: {climbing.low > 0.01}")
print(f"                   held at the floor is worse than planned for 600: {waiting.low > 0}")

# %% jupyter={"source_hidden": true}
figure, (left, right) = plots.panels(2, height=3.2)
plots.rate_lines(longer, ax=left, marks=(300,))
left.get_legend().remove()
plots.held_out_curves(runs.scored_at, past, ax=right, marks=(300,), top=1.0)
plots.show(
    figure,
    alt="Left: three rates over 600 updates. One falls to zero at 600; one falls to zero at 300 and stays; "
    "one falls to zero at 300 and climbs back to the peak by 600. Right: held-out loss. The first two end "
    "low and close together; the third climbs with its rate after update 300.",
)

# %% [markdown]
# The climb gives back part of what had been reached. The run held at the floor loses
# nothing, and learns nothing either: all its further updates are wasted. The classic way into
# this trap is `T_max` in epochs with `scheduler.step()` called for every batch: the rate then goes up and
# down the whole time. Set `T_max` to the number of times that `scheduler.step()` will be called.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 2: fractional epochs lag by one update
#
# `CosineAnnealingWarmRestarts` may be told the time as a fraction: `scheduler.step(epoch + i / iters)`
# after batch `i`. Called *after* `optimizer.step()`, as a scheduler should be, it names the time of the
# update just done, not of the next one.

# %%
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
# Seven schedules on a noisy quadratic of your choice, each at its own best peak, beside the best rates
# there are; every number is exact. Which floor is best for the cosine here, and which in the shortest run?
# From which exponent of the curvatures on does the cosine beat the straight line? What does it cost the
# restarts to end in mid-cycle, and is there any noise at which they come out first?

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
# It reaches the floor after 90 batches, climbs back to the peak by batch 180, and goes on like this: 250
# full waves in the run. `T_max` counts calls of `step()`; it should be 45,000.
# <!-- 2*90 = 180 --> <!-- 90*500 = 45000 --> <!-- 90*500/180 = 250 -->
#
# </details>
#
# ---
# **2.** A colleague shows that cosine beats a constant rate, both at 0.1, and concludes that cosine is the
# best schedule. Which two things are missing?
#
# <details><summary>Answer</summary>
#
# The peak was not tuned for each: the cosine's mean rate is half of the constant's, so a lower
# constant may do as well. And the other falling schedules are missing: beating a constant
# rate is what they all do when noise limits the run. It says nothing for the cosine in particular.
#
# </details>
#
# ---
# **3.** You want a usable model after 1,000, 3,000 and 7,000 updates, in one run, without choosing between
# them now. Which restarts do that, and what is the rate right after 3,000?
#
# <details><summary>Answer</summary>
#
# $T_0 = 1000$ and $T_\text{mult} = 2$: cycles of 1,000, 2,000<!-- 2*1000 = 2000 --> and 4,000 end at 1,000, 3,000 and 7,000.
# Right after 3,000 the rate is back at the peak, so keep the weights from *before* that update.
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. A half-cosine starts flat, is steepest at half time, ends flat; its mean rate is (peak + floor)/2.
# 2. The horizon must be known: stopped half-way, a cosine is worse than one planned for the time it had.
# 3. Restarts give finished models at known times; $n$ cycles take $T_0(T_\text{mult}^n-1)/(T_\text{mult}-1)$.
# 4. The network hardly tells cosine from linear; computed exactly, either wins somewhere; small floors are safe.
# 5. Past `T_max` torch climbs back to the peak; optax, Keras and timm stay at the floor.

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 3](../exercises/ex03_cosine.ipynb): a cosine with a floor, restarts, and a schedule that rises
# again after its end. Then
# take a schedule from your own code, and print its rate at the first, middle and last update, and one
# after the last. [Lesson 4](04_warmup.ipynb) turns to the other end of the run: warmup, and what it buys.
#
# **References.** I. Loshchilov, F. Hutter (2016), *SGDR: Stochastic gradient descent with warm restarts*,
# arXiv:1608.03983. · J. Hoffmann et al. (2022), *Training compute-optimal large language models*,
# arXiv:2203.15556. · A. Defazio, A. Cutkosky, H. Mehta, K. Mishchenko (2023), *Optimal linear decay
# learning rate schedules and further refinements*, arXiv:2310.07831. · T. Brown et al. (2020), *Language
# models are few-shot learners*, arXiv:2005.14165. · H. Touvron et al. (2023), *LLaMA: open and efficient
# foundation language models*, arXiv:2302.13971. · J. Devlin, M.-W. Chang, K. Lee, K. Toutanova (2018),
# *BERT: pre-training of deep bidirectional transformers for language understanding*, arXiv:1810.04805. · A.
# Vaswani et al. (2017), *Attention is all you need*, arXiv:1706.03762. · C. Raffel et al. (2020), *Exploring
# the limits of transfer learning with a unified text-to-text transformer*, arXiv:1910.10683. · J. Bai et al.
# (2023), *Qwen technical report*, arXiv:2309.16609. · A. Q. Jiang et al. (2023), *Mistral 7B*, arXiv:2310.06825.
