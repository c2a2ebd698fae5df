# %% [markdown] tags=["title"]
# # Let the rate fall, and find out when it pays
#
# **You will learn** to
#
# - write down the classic decays, from step decay to linear decay, and tell them apart;
# - explain how a falling rate reaches a loss that no constant rate reaches, and compute it;
# - train with PyTorch's schedulers, and turn a recipe in epochs into updates;
# - measure what it costs to drop the rate too early, and compare decays that are tuned alike.
#
# **Time:** about 45 minutes, and 10 more for *Further*. **You need** lesson 1: the noise floor, and what one
# training step does.
#
# Every number below is computed in this notebook. To predict them honestly, begin with *Edit → Clear Outputs of
# All Cells*, then run cell by cell. Cells that only draw are folded.

# %% tags=["parameters"]
seeds = 8  # training runs that choose a peak; twice as many others score

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch.optim import lr_scheduler

from course_lib import compare, plots, problems, schedules, theory, training
from course_lib.experiments import lesson02_runs
from course_lib.experiments.exact import tune_exactly
from course_lib.intervals import mean_interval
from course_lib.libraries import Loop, from_library, simulate_loop
from course_lib.measured import show_table
from course_lib.outcomes import show_facts
from course_lib.plots.lesson02 import decay_families, loss_over_drop_time
from course_lib.schedules.recipes import RECIPES

# %% [markdown] tags=["surprise", "predict"]
# ## The last tenth of a run
#
# Lesson 1's network learns to tell three spirals apart. A fifth of the labels are wrong, an update sees 32
# points, and a run has 300 updates. The loss is measured on held-out points. No network can be expected to get
# below 0.64, because the held-out labels are noisy too. <!-- -(0.8*log(0.8) + 0.2*log(0.1)) = 0.64 -->
#
# > **Predict before you run.** Half of the runs keep a constant rate of 0.4 to the end. The other half divide
# > it by ten for the last 30 updates.<!-- 300 - 270 = 30 --> At that point nine tenths of the training is done. Does the held-out loss
# > at the end differ by 0.001, by 0.005 or by 0.03? In which direction?

# %% tags=["surprise"]
data = problems.noisy_spirals()
workload = training.Workload(data, training.Mlp(dtype="float32"), batch_size=32)
margin = compare.margin(workload)  # half a per cent of what guessing costs: less does not matter
fresh = np.arange(1, 4 * seeds, 2)  # seeds that choose nothing
rates = np.full((2, 300), 0.4)
rates[1, 270:] = 0.04
runs = training.train(
    workload, np.repeat(rates, len(fresh), axis=0), np.tile(fresh, 2), score_every=30
)
kept, dropped = runs.held_out_loss.reshape(2, len(fresh), -1)
found = compare.paired(
    "drop at 270", "no drop", dropped[:, -1], kept[:, -1], margin, peaks=(0.4, 0.4)
)
compare.show_verdicts([found], at="the surprise")

# %% jupyter={"source_hidden": true} tags=["surprise"]
figure, (axes,) = plots.panels(height=3.0, top=0.12)
plots.held_out_curves(
    runs.scored_at, {"no drop": kept, "drop at 270": dropped}, ax=axes, marks=(270,)
)
axes.set(xlim=(148, 302), ylim=(0.7, 0.84))
plots.show(
    figure,
    alt="Held-out loss over the second half of the run, median and quartiles of the runs. The two curves are "
    "the same up to update 270. From there to the end the curve of the dropped rate falls and its band becomes narrow; "
    "the other one stays where it was.",
)

# %% [markdown] tags=["surprise"]
# **Thirty updates at a tenth of the rate lower the loss by several times the
# margin.** <!-- holds: drop at 270 better_than no drop at the surprise --> What did the small rate do in so few
# updates? This lesson answers that, and asks how far one can get with it.
#
# ## Seven ways down
#
# A **schedule** is a function from the step to the rate. Throughout, $t$ counts the updates already done, so
# the first update has $t = 0$. The peak is $\eta_0$ and the run has $T$ updates.
#
# | decay | $\eta_t$ | you choose |
# |---|---|---|
# | step decay | $\eta_0\, d^{\lfloor t/s \rfloor}$ | factor $d$, updates $s$ between drops |
# | multi-step | $\eta_0\, d^{\,n}$ with $n$ milestones at or before $t$ | factor, a list of milestones |
# | exponential | $\eta_0\, \gamma^t$ | factor $\gamma$ of each update |
# | inverse square root | $\eta_0 \sqrt{W/t}$ after a rise over $W$ updates | time scale $W$ |
# | inverse time | $\eta_0 / (1 + k t)$ | speed $k$ |
# | polynomial | $\eta_0 (1 - t/T)^p$ | length $T$, power $p$ |
# | linear | $\eta_0 (1 - t/T)$ | length $T$ |
#
# The last two know when the run ends, and reach zero there. The first five do not: give the run more updates,
# and they continue by the same rule. Some texts write the exponential as $\eta_0\, e^{-kt}$, which is the same
# curve with $\gamma = e^{-k}$.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** All seven peak at 0.1, for 1000 updates: *step decay* halves every 200;
# > *multi-step* divides by 10 at 500 and 750; *exponential* has $\gamma = 0.995$; *inverse square root*
# > has $W = 100$; *inverse time* $k = 0.01$; the polynomial has $p = 2$.
# >
# > Which rate is the lowest just before half-time? Which is the highest at the last update? Write down one name
# > for each.


# %% tags=["from-scratch"]
def step(t):
    return 0.1 * 0.5 ** (t // 200)


def multi_step(t):
    return 0.1 * 0.1 ** ((t >= 500) * 1.0 + (t >= 750))


def inverse_sqrt(t):
    rise = 0.1 * (1 + (100 - 1) * t / 100) / 100  # from 0.1 / 100 up to 0.1
    return np.where(t < 100, rise, 0.1 * np.sqrt(100 / np.maximum(t, 100)))


by_hand = {
    "step decay": step,
    "multi-step": multi_step,
    "exponential": lambda t: 0.1 * 0.995**t,
    "inverse sqrt": inverse_sqrt,
    "inverse time": lambda t: 0.1 / (1 + 0.01 * t),
    "polynomial": lambda t: 0.1 * (1 - t / 1000) ** 2,
    "linear": lambda t: 0.1 * (1 - t / 1000),
}
print("decay          t = 0    t = 250   t = 499   t = 999")
for name, rate in by_hand.items():
    print(f"{name:12}" + "".join(f"{float(rate(np.array(t))):10.4f}" for t in (0, 250, 499, 999)))

# %% [markdown]
# `course_lib.schedules` has them all, under the usual names. Are the rates the same?

# %% tags=["library"]
families = {
    "step decay": schedules.step_decay(0.1, drop=0.5, every=200),
    "multi-step": schedules.multi_step(0.1, milestones=[500, 750], drop=0.1),
    "exponential": schedules.exponential(0.1, gamma=0.995),
    "inverse sqrt": schedules.inverse_sqrt(0.1, warmup_steps=100),
    "inverse time": schedules.inverse_time(0.1, rate=0.01),
    "polynomial": schedules.polynomial(0.1, 1000, power=2),
    "linear": schedules.linear(0.1, 1000),
}
t = np.arange(1000)
for name, schedule in families.items():
    print(f"{name:12}  equal to 1e-12: {np.abs(schedule(t) - by_hand[name](t)).max() < 1e-12}")

# %% jupyter={"source_hidden": true}
plots.show(
    decay_families(families, 1000),
    alt="Seven decays with a peak of 0.1 over 1000 updates, on a linear and on a log axis. Linear decay stays "
    "above the polynomial one throughout; both fall to zero at the end. The exponential is a straight line on "
    "the log axis. Step decay and multi-step fall in jumps, multi-step to a hundredth of the peak. Inverse time "
    "falls fastest at first, and then hardly moves. The inverse square root rises for 100 updates and ends "
    "highest of all.",
)

# %% [markdown]
# The log axis shows what the linear one hides. A rate acts through factors such as $1-\eta\lambda$ and through
# floors proportional to $\eta$ (lesson 1). So it matters by how many times a schedule falls, and when. On the
# log axis there are three kinds: those that fall by the same factor again and again (step decay, multi-step,
# exponential), those that fall ever more slowly (inverse time, inverse square root), and those that stay high
# and then fall to zero (linear, polynomial).
#
# All three kinds are in use. The inverse square root is the Transformer's (Vaswani et al., 2017), BERT decays
# linearly after a warmup (Devlin et al., 2019), and ResNet uses multi-step (He et al., 2015).
#
# ## The same from PyTorch
#
# Five of them can be had from `torch.optim.lr_scheduler`. `simulate_loop` runs a real optimizer with a real scheduler
# and records the rate of every update. The order in the loop matters: first `optimizer.step()`, then
# `scheduler.step()`.


# %% tags=["library"]
theirs = {
    "step decay": lambda o: lr_scheduler.StepLR(o, step_size=200, gamma=0.5),
    "multi-step": lambda o: lr_scheduler.MultiStepLR(o, milestones=[500, 750], gamma=0.1),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, gamma=0.995),
    "polynomial": lambda o: lr_scheduler.PolynomialLR(o, total_iters=1000, power=2),
    "linear": lambda o: lr_scheduler.PolynomialLR(o, total_iters=1000, power=1),
}
for name, make in theirs.items():
    rates = simulate_loop(make, Loop(updates=1000), base_lr=0.1).rates
    print(f"{name:12} equal to 1e-12: {np.abs(rates - families[name](t)).max() < 1e-12}")

# %% [markdown]
# Despite its name, PyTorch's `LinearLR` is something else: by default it *rises*, from a third of the rate. A
# linear decay to zero is `PolynomialLR` with power 1.
#
# Here is a complete training loop with an exponential decay: the rate is multiplied by 0.8 after every epoch.
# Note the two places where a scheduler can be stepped.


# %% tags=["pytorch"]
x, y = torch.tensor(data.inputs, dtype=torch.float32), torch.tensor(data.labels)
test_x = torch.tensor(data.held_out.inputs, dtype=torch.float32)
test_y = torch.tensor(data.held_out.labels)


def train_in_torch(step_per, epochs=12):
    torch.manual_seed(0)
    sizes = [torch.nn.Linear(2, 64), torch.nn.Linear(64, 64), torch.nn.Linear(64, 3)]
    model = torch.nn.Sequential(sizes[0], torch.nn.ReLU(), sizes[1], torch.nn.ReLU(), sizes[2])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.8)
    scheduler = lr_scheduler.ExponentialLR(optimizer, gamma=0.8)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
            if step_per == "batch":
                scheduler.step()
        if step_per == "epoch":
            scheduler.step()
    return scheduler.get_last_lr()[0], F.cross_entropy(model(test_x), test_y).item()


rate, loss = train_in_torch("epoch")
print(f"scheduler.step() per epoch: rate at the end {rate:.3f}, held-out loss {loss:.1f}")

# %% [markdown]
# ## A recipe in epochs, a scheduler in updates
#
# A milestone counts calls of `scheduler.step()`. Papers count epochs, or iterations at their own batch size. To
# convert one into the other you need one number, the **updates per epoch**. The best-known multi-step recipe is
# ResNet's (He et al., 2015). On CIFAR-10 the paper gives it in iterations:

# %%
resnet = RECIPES["ResNet on CIFAR-10"]
for at in (0, 31_999, 32_000, 48_000, 63_999):
    print(f"update {at + 1:6,}: rate {resnet.schedule(at):.4f}")
for images in (45_000, 50_000):
    epoch = schedules.total_updates(epochs=1, examples=images, batch_size=128)
    marks = [round(n / epoch) for n in (32_000, 48_000, resnet.total_steps)]
    print(f"{images:,} images, {epoch} updates an epoch: drops after about ", end="")
    print(f"{marks[0]} and {marks[1]} epochs, ends at {marks[2]}")

# %% [markdown]
# On ImageNet the same paper says something else: the rate is divided by 10 *when the error plateaus*. The fixed
# epochs 30, 60 and 90, which an article that this course grew from attributes to that paper, are a later habit.
# (Goyal et al., 2017, did divide at fixed epochs: 30, 60 and 80.<!-- cited: 80 -->) How many updates are they?

# %% [markdown] tags=["predict"]
# > **Predict before you run.** ImageNet has 1,281,167 training images. You train with batches of 256, and want
# > to drop at epochs 30, 60 and 90. At which update is the first drop? Then you move to 8 processes with 64
# > images each, and add up the gradients of 2 batches for each update. Where is the first drop now?

# %%
for label, setup in {
    "1 process, batch 256": {"batch_size": 256},
    "8 processes, batch 64, 2 accumulated": {"batch_size": 64, "processes": 8, "accumulate": 2},
}.items():
    drops = [schedules.total_updates(epochs, 1_281_167, **setup) for epochs in (30, 60, 90)]
    print(f"{label:37} drops at {drops}")

# %% [markdown]
# An epoch's last, incomplete batch is an update too, and `total_updates` counts it. Write milestones in the
# code as *epochs times updates per epoch*, never as a number copied from a run with another batch size.
#
# ## Why decay pays at all
#
# Take lesson 1's noisy parabola, with curvature and noise 1 and $m_0 = E[w_0^2] = 1$. One step at rate $\eta$
# gives
#
# $$m_{t+1} = (1-\eta)^2 m_t + \eta^2 .$$
#
# At a constant rate, $m$ stops at a floor, which is proportional to the rate when the rate is small. But
# nothing forces us to use the same rate twice. Setting the derivative to zero gives the rate that makes
# $m_{t+1}$ smallest:
#
# $$\eta_t = \frac{m_t}{m_t + 1}, \qquad\text{and then}\qquad \frac1{m_{t+1}} = \frac1{m_t} + 1 .$$
#
# So $1/m$ grows by one in every step, $m_t = 1/(t+1)$, and the best rate is $\eta_t = 1/(t+2)$: inverse time
# decay, with peak ½ and $k = ½$. There is no floor any more.
#
# Robbins and Monro (1951) gave two conditions under which a falling rate finds the minimum in spite of the
# noise. The rates must add up to infinity, or the run stops somewhere on the way. Their squares must have a
# finite sum. $1/(t+2)$ meets both.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** $0.5/\sqrt{t+1}$ breaks the second condition: its squares add up to infinity.
# > $0.5/(t+1)^{1.5}$ breaks the first: its rates add up to 1.3. For each, does the loss keep falling, or stop
# > at a floor? Who leads after 100,000 updates: one of these two, a constant 0.025, or $1/(t+2)$?

# %%
parabola = problems.NoisyQuadratic([1.0], [1.0], [1.0])
moments = (100, 1_000, 10_000, 100_000)
updates = np.arange(100_000)
plans = {
    "constant 0.1": np.full(100_000, 0.1),
    "constant 0.025": np.full(100_000, 0.025),
    "0.5 / (t + 1)^1.5": 0.5 / (updates + 1) ** 1.5,
    "0.5 / sqrt(t + 1)": 0.5 / np.sqrt(updates + 1),
    "1 / (t + 2)": schedules.inverse_time(0.5, rate=0.5)(updates),
}
expected = dict(
    zip(plans, theory.expected_losses(parabola, np.array(list(plans.values()))), strict=True)
)

# %%
print("rate, and its loss after" + "".join(f"{n:>10,}" for n in moments), end="")
print("   sum of rates   of squares")
for name, losses in expected.items():
    print(f"{name:24}" + "".join(f"{losses[n]:10.5f}" for n in moments), end="")
    print(f"{plans[name].sum():15.1f} {(plans[name] ** 2).sum():12.2f}")
slow, short = expected["0.5 / sqrt(t + 1)"], expected["0.5 / (t + 1)^1.5"]
show_facts(
    {
        "1/(t+2) are the best 200 rates": np.allclose(
            theory.optimal_rates(parabola, 200), plans["1 / (t + 2)"][:200]
        ),
        "0.5/sqrt(t+1) falls to a third or less with every factor of ten": all(
            slow[10 * n] < slow[n] / 3 for n in moments[:-1]
        ),
        "0.5/(t+1)^1.5 still has half of its loss at 100 updates after 100,000": bool(
            short[100_000] > short[100] / 2
        ),
    }
)

# %% jupyter={"source_hidden": true}
figure, (axes,) = plots.panels(height=3.2, top=0.12)
drawn = ("constant 0.1", "constant 0.025", "0.5 / sqrt(t + 1)", "1 / (t + 2)")
plots.loss_curves(
    {name: expected[name][:2001] for name in drawn},
    [theory.noise_floor(rate, 1.0, 1.0) for rate in (0.1, 0.025)],
    ax=axes,
    ylabel="expected loss",
)
axes.set(xlabel="updates", ylim=(2e-4, 3))
axes.legend(loc="upper right", ncols=2, frameon=False)
plots.show(
    figure,
    alt="Expected loss over 2000 updates on a log axis. The constant rates 0.1 and 0.025 each fall to their own "
    "floor, dotted, and stay there; the smaller the rate, the later and the lower. The rate 1/(t+2) lies below "
    "both and keeps falling. The rate 0.5/sqrt(t+1) falls more slowly, but it too crosses both floors.",
)

# %% [markdown]
# That is why decay pays: **every constant rate has a floor, and a falling rate keeps lowering
# it.** <!-- derived: the formula of m above; at a constant rate its fixed point is rate / (2 - rate) --> The
# first condition is needed. A run whose rates have a finite sum gets
# stuck. <!-- holds: 0.5/(t+1)^1.5 still has half of its loss at 100 updates after 100,000 --> **Together the
# two conditions are sufficient, but the second is not
# necessary.** <!-- holds: 0.5/sqrt(t+1) falls to a third or less with every factor of ten --> With
# $0.5/\sqrt{t+1}$ the squares add up to infinity, and the loss goes to zero all the same, only more slowly. On
# this parabola it is enough that the rates fall to zero and add up to infinity: in every step $m$ moves towards
# a floor of about $\eta_t/2$<!-- 1/2 -->, and that floor itself falls to zero.
#
# Now take 50 directions instead of one, with curvatures from 1 down to 1/50. One rate has to serve them all, so
# $1/t$ is no longer best. The expected loss of every family is still exact. To be fair we tune all families
# alike: each has its own best peak, and each with a shape parameter has two or three shapes, of which the best
# counts. (Step decay drops after every sixth of the run, multi-step at 50 % and 75 % of it.<!-- 500/1000 = 50 % --><!-- 750/1000 = 75 % --> *To 3 %* ends at
# 3 %<!-- 3/100 = 3 % --> of the peak. The other letters are those of the table.)

# %%
makers = lesson02_runs.decay_families()
bowl = problems.power_law_quadratic()
exact = tune_exactly(bowl, makers, total_steps=1000)
lowest = theory.expected_losses(bowl, theory.optimal_rates(bowl, 1000))[-1]
print("family        best shape    peak     loss   loss of all its shapes")
for name, row in sorted(exact.items(), key=lambda item: item[1].loss):
    print(f"{name:13} {row.shape:11} {row.peak:6.2f} {row.loss:8.4f}   ", end="")
    print(", ".join(f"{shape} {loss:.4f}" for shape, loss in row.loss_of.items() if shape))
print(f"{'the best rates that we found':32} {lowest:8.4f}")

# %%
decays = {name: row for name, row in exact.items() if name != "constant"}
second = sorted(row.loss for row in decays.values())[1]
multi = exact["multi-step"].loss_of
last = max(row.loss for name, row in decays.items() if name != "multi-step")
show_facts(
    {
        "every decay leaves less than the constant rate": all(
            row.loss < exact["constant"].loss for row in decays.values()
        ),
        "every decay has a higher best peak than the constant rate": all(
            row.peak > exact["constant"].peak for row in decays.values()
        ),
        "the exponential decay leaves least, by one per cent or more": bool(
            exact["exponential"].loss * (1 + compare.RATIO_MARGIN) < second
        ),
        "with a drop of 0.1 multi-step would be the last decay": bool(multi["drop 0.1"] > last),
        "with a drop of 0.3 it is not": bool(multi["drop 0.3"] < last),
    },
    at="50 directions",
)

# %% [markdown]
# **Every decay leaves less than the best constant rate, by 28 % to
# 56 %.** <!-- holds: every decay leaves less than the constant rate at 50 directions --> <!-- 1 - 0.0580/0.0809 = 28 % --> <!-- 1 - 0.0355/0.0809 = 56 % -->
# The exponential decay comes closest to the best rates that a numerical search
# finds. <!-- holds: the exponential decay leaves least, by one per cent or more at 50 directions --> The
# last column is a warning about comparisons. With the customary drop by 10 the multi-step decay would come last
# of the seven decays. With drops to 0.3 at the same milestones it comes just behind inverse
# time. <!-- holds: with a drop of 0.1 multi-step would be the last decay at 50 directions; with a drop of 0.3 it is not at 50 directions -->
# So a shape that nobody tuned can decide a comparison, and so can a common peak, because the best peaks differ
# several times over.
#
# ## When to drop
#
# The simplest schedule with a decision in it has one drop, by 10. Before the drop the run covers distance;
# after it, the noise dies down. So there is a best time, and it depends on the peak.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The fifty directions, 1000 updates, one drop by 10. The peaks are 0.1, 0.3 and
# > 0.6. For which of them is the best drop the *latest*? And which is worse at peak 0.3: dropping at once, or
# > never?

# %%
times = np.arange(0, 1001, 10)
drop_losses, best_times = {}, []
print("           best drop at   loss there   drop at once   at 500   never")
for peak in (0.1, 0.3, 0.6):
    table = np.where(t < times[:, None], peak, peak / 10)
    losses = drop_losses[f"peak {peak}"] = theory.expected_losses(bowl, table)[:, -1]
    best_times.append(times[losses.argmin()])
    print(f"peak {peak}   {best_times[-1]:12} {losses.min():12.3f} {losses[0]:14.3f}", end="")
    print(f"{losses[50]:9.3f} {losses[-1]:7.3f}")
show_facts(
    {
        "the larger the peak, the earlier its best drop": bool((np.diff(best_times) < 0).all()),
        "at peak 0.3 never dropping leaves more than dropping at once": bool(
            drop_losses["peak 0.3"][-1] > drop_losses["peak 0.3"][0]
        ),
        "at peak 0.1 dropping at once leaves more than never dropping": bool(
            drop_losses["peak 0.1"][0] > drop_losses["peak 0.1"][-1]
        ),
    }
)

# %% [markdown]
# And the network of the first section? We judge every time against the drop at 270, with intervals that hold
# for all five of these differences at once.

# %% tags=["experiment"]
net_times = [30, 150, 210, 240]
table = np.where(np.arange(300) < np.array(net_times)[:, None], 0.4, 0.04)
runs = training.train(workload, np.repeat(table, len(fresh), axis=0), np.tile(fresh, len(table)))
ends = dict(zip(net_times, runs.held_out_loss[:, -1].reshape(len(table), -1), strict=True))
ends |= {270: dropped[:, -1], 300: kept[:, -1]}  # trained above; 300: never
ends = dict(sorted(ends.items()))
names = {at: f"drop at {at}" if at < 300 else "never dropped" for at in ends}
late = [
    compare.paired(
        names[at], names[270], ends[at], ends[270], margin, peaks=(0.4, 0.4), level=1 - 0.05 / 5
    )
    for at in ends
    if at != 270
]
early = compare.paired(names[30], names[300], ends[30], ends[300], margin, peaks=(0.4, 0.4))
compare.show_verdicts([*late, early], at="the network")

# %% jupyter={"source_hidden": true}
figure, (left, right) = plots.panels(2, height=3.5)
loss_over_drop_time(times, drop_losses, ax=left, title="50 directions, exact")
measured = {"peak 0.4": np.array(list(ends.values()))}
loss_over_drop_time(list(ends), measured, ax=right, title=f"network, {len(fresh)} seeds")
left.set(ylim=(0, 0.4))
plots.show(
    figure,
    alt="Loss at the end against the update of the drop. Left, exact: three U-shaped curves; the larger "
    "the peak, the earlier its best drop, marked by a ring. The curves of peaks 0.3 and 0.6 rise steeply for the "
    "latest drops. Right, the network: the loss is highest for the earliest drop, falls until about update 240, "
    "is level up to 270, and is higher again when the rate is never dropped.",
)

# %% [markdown]
# In the quadratic, the larger the peak, the earlier is its best
# drop. <!-- holds: the larger the peak, the earlier its best drop --> Which mistake costs more also depends on
# the peak. At peak 0.3 noise is the limit, and *never* dropping is the expensive
# mistake. <!-- holds: at peak 0.3 never dropping leaves more than dropping at once --> At peak 0.1 it is dropping at
# once. <!-- holds: at peak 0.1 dropping at once leaves more than never dropping --> The network at peak 0.4 is like
# that: **dropping at update 30 costs more than never dropping at
# all.** <!-- holds: drop at 30 worse_than never dropped at the network --> It has not arrived yet when an early
# drop slows it down tenfold, and that time does not come back.
#
# The panels agree that near the best time the exact time hardly matters. **In the network the last tenth of the
# run is as good as the last fifth.** <!-- holds: drop at 240 equal_to drop at 270 at the network --> So ask
# what limits your run. A run that rests on its floor should have dropped earlier; a run that still covers
# ground needs its rate.
#
# ## A fair comparison
#
# Which family is best on the network? The question only makes sense under rules. Each family gets its own best
# peak and shape, chosen on other seeds than those that judge. All runs have the same number of updates, and are
# scored by their held-out loss. Differences are taken seed by seed, because two runs with one seed share their
# initial weights and batches. `compare` does all this. The margin was fixed in the first cell, and the
# intervals hold for all pairs of schedules at once. (To save time, inverse time stays out. Powers other than 1
# are compared in *Further*.)

# %%
compared = [name for name in makers if name not in ("polynomial", "inverse time")]
result = compare.compare(
    workload,
    {name: makers[name] for name in compared},
    peaks=[0.2, 0.4, 0.8, 1.6, 3.2],
    total_steps=300,
    seeds=compare.Seeds(range(0, 2 * seeds, 2), fresh),
    reference="linear",
)
against_linear = result.against(margin=margin)
between = result.contrast("step decay", "exponential", margin=margin)
compare.show_verdicts([*against_linear, between], at="300 updates")
constant_peak = result.chosen_peaks[result.names.index("constant")]
show_facts(
    {
        "every decay chose a higher peak than the constant rate": bool(
            (result.chosen_peaks > constant_peak).sum() == len(result.names) - 1
        ),
        "no chosen peak lies at the edge of the grid": not result.at_edge.any(),
        "no problem chose the drop 0.1": "drop 0.1"
        not in (exact["multi-step"].shape, result.shapes[result.names.index("multi-step")]),
    },
    at="300 updates",
)

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    plots.forest_plot(result, margin=margin),
    alt="Forest plot of six schedules. Left, held-out losses: linear decay lowest, then exponential, step decay "
    "and multi-step, then inverse square root, and the constant rate highest with the widest "
    "interval. Right, differences to linear decay: every interval lies to the right of zero.",
)

# %% [markdown]
# **Here linear decay ends lower than every other schedule of the
# table.** <!-- holds: linear better_than constant at 300 updates; linear better_than step decay at 300 updates; linear better_than multi-step at 300 updates; linear better_than exponential at 300 updates; linear better_than inverse sqrt at 300 updates -->
# What limits these runs is noise, from batches and from wrong labels, and a constant rate cannot get rid of it.
# Linear decay gains 0.04 on it. That is about one and a half times what the single late drop
# gained. <!-- 0.043/0.028 = 1.5 --> Three warnings belong to the table.
#
# - *Open* is not *equal*. Step decay against exponential decay is open: sixteen seeds do not decide. <!-- holds: step decay open_against exponential at 300 updates -->
# - The order on the network is not the order on the quadratic. There the exponential decay left less than linear
#   decay; here it is worse. <!-- holds: exponential worse_than linear at 300 updates; the exponential decay leaves least, by one per cent or more at 50 directions -->
#   No family is best everywhere.
# - The verdicts are about these shapes and peaks. Multi-step, exponential and inverse square root decay chose their mildest
#   shape, and the milestones were fixed at 50 % and 75 % of the run.<!-- 150/300 = 50 % --><!-- 225/300 = 75 % --> A family searched more widely may do better.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 1: a factor per epoch, applied per batch
#
# $\gamma = 0.8$ is a sensible factor *per epoch*. Our data make 29 batches an epoch.<!-- (900 + 28)/32 = 29 -->
# Move `scheduler.step()` into the inner loop, where other schedulers need it, and $\gamma$ acts 29 times as
# often.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The peak is 0.8 and the run has 300 updates, a little over ten epochs. What is
# > the rate at the last update, with $\gamma = 0.8$ per epoch, and per batch? Where does the run with the
# > mistake end: above or below a constant rate that never falls? (Guessing has a loss of $\log 3$, about 1.1.<!-- log(3) = 1.1 -->)

# %%
rate, loss = train_in_torch("batch")
print(f"scheduler.step() per batch: rate at the end {rate:.0e}, held-out loss {loss:.1f}")
per_epoch = schedules.total_updates(epochs=1, examples=len(data), batch_size=32)


def gamma_loop(step_per):
    loop = Loop(300, step_per=step_per, batches_per_epoch=per_epoch)
    return simulate_loop(lambda o: lr_scheduler.ExponentialLR(o, 0.8), loop, base_lr=0.8).rates


tables = {
    "per epoch": gamma_loop("epoch"),
    "per batch": gamma_loop("batch"),
    "constant 0.8": np.full(300, 0.8),
}
stepped = np.repeat(list(tables.values()), seeds, axis=0)
runs = training.train(workload, stepped, np.tile(fresh[:seeds], len(tables)))
ends = dict(zip(tables, runs.held_out_loss[:, -1].reshape(len(tables), -1), strict=True))
for name, rates in tables.items():
    print(f"{name:13} last rate {rates[-1]:.0e}, all rates added up {rates.sum():4.0f}")
pairs = [("per epoch", "constant 0.8"), ("per batch", "constant 0.8")]
compare.show_verdicts(
    [compare.paired(a, b, ends[a], ends[b], margin, peaks=(0.8, 0.8)) for a, b in pairs],
    at="gamma 0.8",
)

# %% [markdown]
# **Stepped per batch, the decay is worse than no decay at
# all.** <!-- holds: per batch worse_than constant 0.8 at gamma 0.8; per epoch better_than constant 0.8 at gamma 0.8 -->
# PyTorch does not warn: the loss falls for a few updates and then looks "converged". The sums explain it. An
# exponential decay has a finite *reach*: all its rates together add up to $\eta_0/(1-\gamma)$, however long you
# train, which breaks Robbins and Monro's first condition. Here that is 0.8 / 0.2 = 4, used up after some twenty
# batches. So it does not suit data that never end, because sooner or later such a run
# stops learning.
#
# A good habit is to **print the rate of the first, the middle and the last update** of every new
# run. <!-- derived: the table above; the mistake is visible in the last rate --> The course's checker looks at
# recorded rates in the same way:

# %%
from course_lib.lint import lint

for name, rates in tables.items():
    found = lint(rates, total_steps=300)
    print(f"{name}: {len(found)} finding{'s' * (len(found) != 1)}")
    for finding in found:
        print("   ", finding)

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 2: the peak decided the winner
#
# An article that this course grew from writes that step, exponential and inverse square root decay "beat the
# constant baseline". Its decays begin at 0.05, its constant is 0.01. Here is its setting (all 300 points in
# every update, its single seed, 300 updates), trained by gradient descent, with one row added:

# %%
steps = np.arange(300)
claimed = {
    "constant 0.01 (its baseline)": np.full(300, 0.01),
    "constant 0.05 (added here)": np.full(300, 0.05),
    "step decay, from 0.05": schedules.step_decay(0.05, 0.5, every=100)(steps),
    "exponential, from 0.05": schedules.exponential(0.05, 0.99)(steps),
    "inverse sqrt, from 0.05": 0.05 / np.sqrt(np.maximum(steps, 1)),
}
full_batch = training.Workload(problems.spirals(), training.Mlp(dtype="float32"))
article = training.train(full_batch, np.array(list(claimed.values())), seeds=[42] * len(claimed))
ends, sums = article.losses[:, -1], [rates.sum() for rates in claimed.values()]
for name, total, loss in zip(claimed, sums, ends, strict=True):
    print(f"{name:30} all rates added up {total:5.1f}   training loss {loss:.2f}")
show_facts(
    {
        "the constant at the decays' peak ends lowest": int(ends.argmin()) == 1,
        "the larger the sum of the rates, the lower the loss": bool(
            (np.argsort(ends) == np.argsort(sums)[::-1]).all()
        ),
    },
    at="the article",
)

# %% [markdown]
# The constant at the decays' own peak beats them all, and the order of the losses is the order of the
# sums. <!-- holds: the constant at the decays' peak ends lowest at the article; the larger the sum of the rates, the lower the loss at the article -->
# But this peak is far too small, and at such a peak a decay loses even where there is
# noise. <!-- holds in 00: up to a peak of 0.1 the constant has the lower loss --> So here is linear decay from larger
# peaks, against a constant of 1.5:

# %%
starts = [0.3, 1.0, 1.5, 2.0, 2.5]
tried = np.array([np.full(300, 1.5), *(schedules.linear(peak, 300)(steps) for peak in starts)])
runs = training.train(
    full_batch, np.repeat(tried, seeds, axis=0), np.tile(fresh[:seeds], len(tried))
)
held, *fell = np.median(runs.losses[:, -1].reshape(len(tried), -1), axis=1)
print(f"median training loss: constant {held:.3f}, linear decay from its best peak {min(fell):.3f}")
show_facts(
    {"a constant 1.5 ends lower than linear decay from each of five peaks": bool(held < min(fell))},
    at="all points",
)

# %% [markdown]
# With all points in every update there is no gradient noise, so there is no floor to lower, and a decay mostly
# loses distance. **Without noise there is little for a decay to
# gain.** <!-- holds: a constant 1.5 ends lower than linear decay from each of five peaks at all points -->
# Lesson 8 takes the whole article apart.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: why is linear decay hard to beat?
#
# It is tempting to say that it keeps its rate up for longer than the decays that fall early. Polynomial decay
# can test that, because its power moves the fall: a power below 1 stays high for longer, a power above 1 falls
# earlier. All powers have the peak that the comparison chose for linear decay.

# %%
powers = (0.5, 1.5, 2)
table = np.array([schedules.polynomial(1.6, 300, power)(steps) for power in powers])
runs = training.train(workload, np.repeat(table, len(fresh), axis=0), np.tile(fresh, 3))
ends = dict(zip(powers, runs.held_out_loss[:, -1].reshape(3, -1), strict=True))
linear_at = result.names.index("linear")  # power 1, scored above on the same seeds
second_half = {1: schedules.linear(1, 300)(steps)[150:].mean()}
second_half |= {p: rates[150:].mean() / 1.6 for p, rates in zip(powers, table, strict=True)}
for power in sorted(second_half):
    print(f"power {power:3g}: mean rate of the second half {second_half[power]:.2f} of the peak")
compare.show_verdicts(
    [
        compare.paired(
            f"power {power}", "linear", loss, result.scores[linear_at], margin, level=1 - 0.05 / 3
        )
        for power, loss in ends.items()
    ],
    at="peak 1.6",
)

# %% [markdown]
# Power 1.5 has little more than half of linear decay's mean rate in the second half of the run, and ends level
# with it. <!-- holds: power 1.5 equal_to linear at peak 1.6 --> <!-- 0.14/0.25 = 0.56 --> Power 0.5 has nearly
# twice as much, and is not shown to be better. <!-- holds: power 0.5 open_against linear at peak 1.6 --> Only
# power 2, which has a third of it, is
# worse. <!-- holds: power 2 worse_than linear at peak 1.6 --> <!-- 0.08/0.25 = 0.3 --> So a rate that stays
# high for longer is not the explanation. Falling too early costs something. Beyond that, we leave the reason
# open. Lesson 3 looks at the best-known schedule that also falls to zero.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: a rule that watches
#
# If the best time is unknown, why not drop when the loss stops falling? That is what "when the error plateaus"
# means. The rule keeps the best value so far; after `patience` measurements without improvement, the next one
# cuts the rate. By hand:


# %%
def plateau_by_hand(metrics, factor=0.1, patience=2, rate=0.1):
    best, waited, rates = np.inf, 0, []
    for metric in metrics:
        rates.append(rate)  # in force before this measurement
        if metric < best * (1 - 1e-4):  # better by more than 0.01 %
            best, waited = metric, 0
        else:
            waited += 1
        if waited > patience:
            rate, waited = rate * factor, 0
    return np.array(rates)


def plateau_in_torch(metrics, mode="rel"):
    make = lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=2, threshold_mode=mode)  # noqa: E731
    loop = Loop(updates=len(metrics), step_arguments=metrics)
    return simulate_loop(make, loop, base_lr=0.1).rates


# %% [markdown] tags=["predict"]
# > **Predict before you run.** Patience is 2 and the metric stands still from the start: 1, 1, 1, 1, … At which
# > measurement is the rate first cut: the second, third, fourth? And if it falls for ten measurements before it
# > stands still?

# %%
stories = {
    "stands still": np.ones(20),
    "falls, then still": np.r_[np.linspace(1, 0.5, 10), np.full(10, 0.5)],
    "falls throughout": np.linspace(1, 0.5, 20),
}
for name, metrics in stories.items():
    hand = plateau_by_hand(metrics)
    ours = schedules.plateau_rates(schedules.plateau(0.1, patience=2), metrics)[:-1]
    same = np.allclose(hand[1:], ours) and np.allclose(hand, plateau_in_torch(metrics))
    cut = np.flatnonzero(hand < 0.1)
    print(f"{name:18} first cut by measurement {cut[0] if len(cut) else '–':>2}", end="")
    print(f"   all three equal: {same}")

# %% [markdown]
# The first measurement always counts as an improvement. The rule then tolerates two measurements without one,
# and cuts the rate after the third. (Keras cuts one measurement earlier with the same patience.)
#
# Three stories give three curves, so **a plateau rule is not a function of the
# step**. <!-- derived: the three stories above have the same rule and three different sequences of rates -->
# You cannot draw it before the run, two seeds get two different schedules, and a resumed run needs its saved
# state. Nor can the rule tell a plateau from noise. Here it runs on the fifty directions, for 40 epochs of 25
# updates,<!-- 1000/40 = 25 --> with the mean loss of an epoch as its metric, beside the best fixed drop from
# above on the same noise. A difference of one per cent of what that drop leaves counts as equal, as for exact
# losses.

# %%
fixed_drop = schedules.multi_step(0.3, [int(best_times[1])], 0.1)
fixed = lesson02_runs.scheduled_runs(bowl, fixed_drop, seeds=2 * seeds)
watched = {p: lesson02_runs.watched_runs(bowl, 0.3, p, seeds=2 * seeds) for p in (0, 4)}
show_table(
    ["patience", f"loss at the end, {2 * seeds} seeds", "epochs of the first cut, all seeds"],
    [
        (p, mean_interval(end), " ".join(map(str, sorted(cuts))))
        for p, (end, cuts) in watched.items()
    ],
)
one_per_cent = compare.RATIO_MARGIN * drop_losses["peak 0.3"].min()
compare.show_verdicts(
    [
        compare.paired(f"patience {p}", "fixed drop", end, fixed, one_per_cent, level=1 - 0.05 / 2)
        for p, (end, _) in watched.items()
    ],
    at="50 directions",
)

# %% [markdown]
# **Without patience the rule is worse than the fixed
# drop.** <!-- holds: patience 0 worse_than fixed drop at 50 directions --> It takes the first unlucky epoch for
# a plateau, and in most runs it cuts after three to seven epochs, where the best fixed drop comes after
# 8.8.<!-- 220/25 = 8.8 --> With patience 4 the comparison is
# open. <!-- holds: patience 4 open_against fixed drop at 50 directions --> The fixed drop needs no metric, but
# somebody had to tell it the time.
#
# ### A plateau that nobody sees
#
# Some metrics are negative: a log-likelihood with its sign turned, or a reward to be minimised as $-r$.
# `ReduceLROnPlateau` asks by default for an improvement *relative* to the best value (`threshold_mode="rel"`).
# Patience is 2, and the metric stands still for twenty measurements:

# %% tags=["goes-wrong"]
negative = {
    "stands still at +1": np.full(20, 1.0),
    "stands still at -1": np.full(20, -1.0),
    "gets worse, -1 to -0.5": np.linspace(-1, -0.5, 20),
}
print("metric                    last rate: torch, rel   torch, abs   ours")
for name, metrics in negative.items():
    rel, absolute = (plateau_in_torch(metrics, mode)[-1] for mode in ("rel", "abs"))
    ours = schedules.plateau_rates(schedules.plateau(0.1, patience=2), metrics)[-2]
    print(f"{name:25} {rel:21.0e} {absolute:12.0e} {ours:6.0e}")

# %% [markdown]
# A metric must be below `best * (1 - threshold)`. With a best of 1 that is 0.9999<!-- 1 - 1e-4 = 0.9999 -->,
# better than the best. With a best of −1 it is −0.9999, which is *worse* than the best. Standing still then
# counts as improving, every time, and the rate is never cut. A metric that clearly worsens is still noticed.
# The remedy is `threshold_mode="abs"` with a threshold in the metric's own unit. (`schedules.plateau` takes the
# size of the best, so it has no such gap.)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: the same milestone in another library
#
# "Divide by 10 at 30." At which $t$ is the new rate in force for the first time? PyTorch is run here; the
# others are as recorded by the course from the libraries themselves.

# %% tags=["goes-wrong"]
torch_at_30 = lambda o: lr_scheduler.MultiStepLR(o, [30])  # noqa: E731
timm_at_30 = {"base_lr": 0.1, "decay_t": [30], "decay_rate": 0.1}
keras_at_30 = {"boundaries": [30], "values": [0.1, 0.01]}
t40 = np.arange(40)
at_30 = {
    "torch MultiStepLR": simulate_loop(torch_at_30, Loop(updates=40), base_lr=0.1).rates,
    "ours, multi_step": schedules.multi_step(0.1, [30])(t40),
    "timm MultiStepLRScheduler": from_library("timm.MultiStepLRScheduler", **timm_at_30)(t40),
    "Keras PiecewiseConstantDecay": from_library("keras.PiecewiseConstantDecay", **keras_at_30)(
        t40
    ),
}
print("rate at t =                      28      29      30      31")
for name, rates in at_30.items():
    print(f"{name:28}" + "".join(f"{rate:8.2f}" for rate in rates[28:32]))

# %% [markdown]
# The drop comes one count earlier in timm and one later in Keras. If the count is in updates, nobody will
# notice. If it is in epochs, as timm's is by default, the difference is a whole epoch, and a reproduction that
# compares curves point by point will not match. Neither library is wrong. The convention is not part of the
# recipe, so write it down.

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Change the numbers below and run the cell again. With more noise, does the best drop come earlier or later?
# What about a run four times as long, or a milder drop, to a half? Can you find a setting where dropping does
# not pay at all?

# %% tags=["explorer"]
noise_std = 1.0  # try 0.1 or 3
peak_lr = 0.3  # below 2, the stability limit
drop = 0.1  # factor at the drop
total_steps = 1000

problem = problems.power_law_quadratic(noise_std=noise_std)
when = np.linspace(0, total_steps, 101).astype(int)
table = np.where(np.arange(total_steps) < when[:, None], peak_lr, peak_lr * drop)
ends = theory.expected_losses(problem, table)[:, -1]
print(
    f"best drop at {when[ends.argmin()]} of {total_steps}: {ends.min():.3f}; never: {ends[-1]:.3f}"
)
figure, (axes,) = plots.panels(top=0.12)
loss_over_drop_time(when, {f"peak {peak_lr:g}, noise {noise_std:g}": ends}, ax=axes)
plots.show(
    figure,
    alt="Expected loss at the end against the update of a single drop, with a ring at the best one.",
)

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** A recipe says "exponential decay, $\gamma = 0.94$ every 2 epochs". Your scheduler is stepped after
# every update, and an epoch has 500 updates. Which $\gamma$ do you give it?
#
# <details><summary>Answer</summary>
#
# $0.94^{1/1000} \approx 0.99994$: the thousandth root, because 1000 updates together must give 0.94. With 0.94
# itself, the rates would add up to $\eta_0 / 0.06$, less than 17 updates' worth at the
# peak.<!-- 1/(1-0.94) = 17 --> (The version with one jump every 1000 updates is
# `step_decay(peak, 0.94, every=1000)`.) <!-- derived: the formula of exponential decay and the sum of a geometric series -->
#
# </details>
#
# ---
# **2.** After a drop by 10 your loss falls sharply within a few updates and then hardly moves. A colleague
# concludes that you should have dropped much earlier. What do you answer?
#
# <details><summary>Answer</summary>
#
# The sharp fall is the noise floor going down, and it would have come after a later drop too. What the large
# rate did *before* is distance, and after the drop you cover distance ten times more slowly. Compare the losses
# at the end of the run, over several drop times, not the slope right after the drop. In the network a drop at
# half-time ended higher than one at nine
# tenths. <!-- holds: drop at 150 worse_than drop at 270 at the network -->
#
# </details>
#
# ---
# **3.** Your data never end, and neither does the training. Which of the seven decays of the first table stop
# learning sooner or later, which one rests on a noise floor, and which keep lowering the loss?
#
# <details><summary>Answer</summary>
#
# Step decay and the exponential stop, because their rates have a finite sum. Linear and polynomial decay stop too,
# because their rate is 0 from $T$ on. Multi-step rests on the floor of its last rate. Inverse time and inverse
# square root fall to zero and add up to infinity, so they keep lowering the loss. (The squares of the inverse
# square root add up to infinity as well; on the noisy parabola that did no
# harm.) <!-- derived: sums of geometric and of power series --> <!-- holds: 0.5/sqrt(t+1) falls to a third or less with every factor of ten; 0.5/(t+1)^1.5 still has half of its loss at 100 updates after 100,000 -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. Every constant rate has a noise floor, and a falling rate keeps lowering it; on the simplest noisy problem $1/(t+2)$ is best. <!-- holds: 1/(t+2) are the best 200 rates -->
# 2. In a run without end, the rates must add up to infinity; their squares need not have a finite sum. <!-- holds: 0.5/(t+1)^1.5 still has half of its loss at 100 updates after 100,000; 0.5/sqrt(t+1) falls to a third or less with every factor of ten -->
# 3. On noisy labels linear decay beat the five other schedules; in 50 directions the exponential decay left least. <!-- holds: linear better_than constant at 300 updates; linear better_than step decay at 300 updates; linear better_than multi-step at 300 updates; linear better_than exponential at 300 updates; linear better_than inverse sqrt at 300 updates; the exponential decay leaves least, by one per cent or more at 50 directions -->
# 4. On the network, dropping far too early cost more than never dropping; near the best time, the time hardly mattered. <!-- holds: drop at 30 worse_than never dropped at the network; drop at 240 equal_to drop at 270 at the network -->
# 5. Without gradient noise a decay mostly costs distance: there a constant ended lower than linear decay from each of five peaks. <!-- holds: a constant 1.5 ends lower than linear decay from each of five peaks at all points -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# | do | start with | evidence |
# |---|---|---|
# | choose a decay when you know the length of the run | linear decay to zero over the whole run | better than a constant rate by 0.04 on the network <!-- 0.753 - 0.710 = 0.04 --> <!-- holds: linear better_than constant at 300 updates --> |
# | tune the peak again after choosing the decay | 2 to 4 times the best constant rate <!-- 0.8/0.4 = 2 --> <!-- 1.6/0.4 = 4 --> | every decay chose a higher peak <!-- holds: every decay chose a higher peak than the constant rate at 300 updates --> |
# | lower a constant rate at the end | a tenth of the rate for the last 10 % of the updates | better than no drop by 0.03 <!-- 0.753 - 0.725 = 0.03 --> <!-- holds: drop at 270 better_than never dropped at the network --> |
# | place a single drop | in the last fifth at the best constant rate, earlier with a larger peak | on the network a drop at half-time is worse by 0.016 <!-- 0.741 - 0.725 = 0.016 --> <!-- holds: drop at 150 worse_than drop at 270 at the network; the larger the peak, the earlier its best drop --> |
# | keep a multi-step recipe | try drops of 0.3 and 0.5 beside 0.1 <!-- 3/10 = 0.3 --> <!-- 1/2 = 0.5 --> | 0.1 was best on neither problem <!-- holds: no problem chose the drop 0.1 at 300 updates --> |
# | set an exponential decay | $\gamma$ = (end ratio)$^{1/T}$, with an end ratio of 10 % or 3 % <!-- 3/100 = 3 % --> | $\gamma$ per epoch applied per batch is worse than no decay <!-- holds: per batch worse_than constant 0.8 at gamma 0.8 --> |

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 2](../exercises/ex02_classic_decay.ipynb): four decays from their formulas, a plateau rule to
# repair, and ResNet's milestones in updates. Then take a training script of your own and write down, before you
# run it, its rate at the first, the middle and the last update. Then print them. [Lesson 3](03_cosine.ipynb)
# takes up the cosine, the schedule that is copied most: it stays high for a while and ends at zero.
#
# **References.** H. Robbins, S. Monro (1951), *A stochastic approximation method*, Annals of Mathematical
# Statistics 22. · K. He, X. Zhang, S. Ren, J. Sun (2015), *Deep residual learning for image recognition*,
# arXiv:1512.03385. · P. Goyal et al. (2017), *Accurate, large minibatch SGD: training ImageNet in 1 hour*,
# arXiv:1706.02677. · T. Schaul, S. Zhang, Y. LeCun (2013), *No more pesky learning rates*, arXiv:1206.1106. ·
# G. Zhang et al. (2019), *Which algorithmic choices matter at which batch sizes?*, arXiv:1907.04164 (the 50
# directions). · A. Vaswani et al. (2017), *Attention is all you need*, arXiv:1706.03762 (inverse square root).
# · J. Devlin et al. (2019), *BERT*, arXiv:1810.04805 (linear decay).
