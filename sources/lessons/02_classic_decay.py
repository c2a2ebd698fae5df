# %% [markdown] tags=["title"]
# # Let the rate fall, and find out when it pays
#
# **You will learn** to
#
# - write down the classic decays, from the staircase to the straight line, and tell them apart;
# - say why a falling rate can do what no constant one can, and compute by how much;
# - turn a recipe given in epochs into updates, and check PyTorch's schedulers against your own;
# - measure what it costs to drop the rate too early, and compare schedules without fooling yourself.
#
# **Time:** about 60 minutes. **You need** lesson 1: the noise floor and what one training step does.
#
# Every number below is computed in this notebook. To predict them honestly, begin with *Edit → Clear
# Outputs of All Cells*, then run cell by cell. Cells that only draw are folded.

# %% tags=["parameters"]
seeds = 8  # training runs of each kind; more runs, narrower intervals

# %%
import numpy as np
import torch
from torch.optim import lr_scheduler

from course_lib import plots, problems, schedules, theory, training
from course_lib.compare import compare
from course_lib.intervals import mean_interval
from course_lib.libraries import Loop, from_library, simulate_loop
from course_lib.measured import show_table
from course_lib.plots.lesson02 import decay_families, loss_over_drop_time
from course_lib.schedules.recipes import RECIPES

# %% [markdown]
# ## Seven ways down
#
# A **schedule** is a function from the step to the rate. Throughout, $t$ counts the updates already done, so
# the first update has $t = 0$. The peak is $\eta_0$ and the run has $T$ updates.
#
# | decay | $\eta_t$ | you choose |
# |---|---|---|
# | step decay | $\eta_0\, d^{\lfloor t/s \rfloor}$ | factor $d$, updates $s$ between drops |
# | multi-step | $\eta_0\, d^{\,\text{milestones} \le t}$ | factor, a list of milestones |
# | exponential | $\eta_0\, \gamma^t$ | factor $\gamma$ of each update |
# | inverse square root | $\eta_0 \sqrt{W/t}$ after a rise over $W$ updates | time scale $W$ |
# | inverse time | $\eta_0 / (1 + k t)$ | speed $k$ |
# | polynomial | $\eta_0 (1 - t/T)^p$ | length $T$, power $p$ |
# | linear | $\eta_0 (1 - t/T)$ | length $T$ |
#
# The last two know when the run ends, and reach zero there. The first five do not: give the run more updates,
# and they go on as before. Some texts write the exponential as $\eta_0\, e^{-kt}$: the same curve, with
# $\gamma = e^{-k}$.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** All seven start from 0.1, for 1000 updates: *step decay* halves every 200;
# > *multi-step* divides by 10 at 500 and 750; *exponential* has $\gamma = 0.995$; *inverse square root*
# > has $W = 100$; *inverse time* $k = 0.01$; the polynomial is a square.
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
# `course_lib.schedules` has them all, by the names of the field. Same rates?

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
    alt="Seven decays from 0.1 over 1000 steps, on a linear and on a log axis. The linear decay stays "
    "above the polynomial one throughout; both plunge to zero at the end. The exponential is a "
    "straight line on the log axis. The staircases fall in jumps, the multi-step one to a hundredth. "
    "Inverse time drops fastest at first, and then hardly moves. The inverse square root rises for 100 "
    "steps and ends highest of all.",
)

# %% [markdown]
# The log axis shows what the linear one hides. A rate acts through factors such as $1-\eta\lambda$ and floors
# proportional to $\eta$ (lesson 1), so **what matters is by how many times a schedule falls, and when**. On
# that axis there are three kinds: those that fall by the same factor again and again (step decay, multi-step,
# exponential), those that fall ever more slowly (inverse time, inverse square root), and those that wait and
# then plunge (linear, polynomial).
#
# All are in use. The inverse square root is the Transformer's (Vaswani et al., 2017), the straight line after a
# warmup BERT's (Devlin et al., 2019), the staircase ResNet's, as you will see below.
#
# ## The same from PyTorch
#
# Four of them are in `torch.optim.lr_scheduler` as they stand. We run a real optimizer with each and read off
# the rate of every update. The order matters: first `optimizer.step()`, then `scheduler.step()`.


# %%
def torch_rates(make, updates=1000, metrics=None):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler, rates = make(optimizer), []
    for i in range(updates):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step() if metrics is None else scheduler.step(metrics[i])
    return np.array(rates)


theirs = {
    "step decay": lambda o: lr_scheduler.StepLR(o, step_size=200, gamma=0.5),
    "multi-step": lambda o: lr_scheduler.MultiStepLR(o, milestones=[500, 750], gamma=0.1),
    "exponential": lambda o: lr_scheduler.ExponentialLR(o, gamma=0.995),
    "polynomial": lambda o: lr_scheduler.PolynomialLR(o, total_iters=1000, power=2),
    "linear": lambda o: lr_scheduler.PolynomialLR(o, total_iters=1000, power=1),
}
for name, make in theirs.items():
    gap = np.abs(torch_rates(make) - families[name](t)).max()
    print(f"{name:12} equal to 1e-12: {gap < 1e-12}")

# %% [markdown]
# (PyTorch's `LinearLR` is another thing: by default it *rises*, from a third of the rate. A linear decay to
# zero is `PolynomialLR` with power 1.)
#
# ## A recipe in epochs, a scheduler in updates
#
# A milestone counts calls of `scheduler.step()`. Papers count epochs, or iterations, at their own batch size.
# Between the two stands one number: **updates per epoch**.
#
# The best-known staircase is ResNet's (He et al., 2015). On CIFAR-10 the paper gives it in iterations:

# %%
resnet = RECIPES["ResNet on CIFAR-10"]
for at in (0, 31_999, 32_000, 48_000, 63_999):
    print(f"update {at + 1:6,}: rate {resnet.schedule(at):.4f}")
for images in (45_000, 50_000):
    epoch = schedules.total_updates(epochs=1, examples=images, batch_size=128)
    marks = [round(n / epoch) for n in (32_000, 48_000, resnet.total_steps)]
    print(
        f"{images:,} images, {epoch} updates an epoch: drops after about {marks[0]} and "
        f"{marks[1]} epochs, ends at {marks[2]}"
    )

# %% [markdown]
# On ImageNet the same paper says something else: the rate is divided by 10 **when the error plateaus**. The
# fixed epochs 30, 60 and 90, which an article this course grew from attributes to that paper, are a later
# habit. (Goyal et al., 2017, did divide at fixed epochs: 30, 60 and 80.<!-- cited: 80 -->) As a habit they are fine. How many
# updates are they?

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
    print(f"{'':37} rate at the first of them: {schedules.multi_step(0.1, drops)(drops[0]):.3f}")

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
# At a constant rate, $m$ stops at a floor, for small rates proportional to the rate. But nothing forces us
# to use the same rate twice. The rate that makes $m_{t+1}$ smallest is found by setting the derivative to zero:
#
# $$\eta_t = \frac{m_t}{m_t + 1}, \qquad\text{and then}\qquad \frac1{m_{t+1}} = \frac1{m_t} + 1 .$$
#
# So $1/m$ grows by one in every step, $m_t = 1/(t+1)$, and the best rate is $\eta_t = 1/(t+2)$: inverse time
# decay, with peak ½ and $k = ½$. There is no floor any more.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Constant rates 0.4, 0.1 and 0.025 against $1/(t+2)$. Who leads after 10, after
# > 100 and after 10,000 updates? By what factor does the loss of each fall between 1,000 and 10,000 updates?

# %%
parabola = problems.NoisyQuadratic([1.0], [1.0], [1.0])
moments = (10, 100, 1_000, 10_000)
falling = schedules.inverse_time(0.5, rate=0.5)
plans = {f"constant {rate}": schedules.constant(rate) for rate in (0.4, 0.1, 0.025)}
plans["1 / (t + 2)"] = falling
table = np.array([plan(np.arange(10_000)) for plan in plans.values()])
expected = theory.expected_losses(parabola, table)
print("expected loss after " + "".join(f"{n:>10,}" for n in moments))
for name, losses in zip(plans, expected, strict=True):
    print(f"{name:19} " + "".join(f"{losses[n]:10.5f}" for n in moments))
best = theory.optimal_rates(parabola, 200)
print(f"the best rates found by computer are 1/(t+2): {np.allclose(best, falling(np.arange(200)))}")
print(f"their loss is 1/(2(t+1)): {np.allclose(expected[-1], 1 / (2 * np.arange(1, 10_002)))}")

# %% jupyter={"source_hidden": true}
figure = plots.loss_curves(
    {name: losses[:1001] for name, losses in zip(plans, expected, strict=True)},
    [theory.noise_floor(rate, 1.0, 1.0) for rate in (0.4, 0.1, 0.025)],
    ylabel="expected loss",
)
figure.axes[0].set_ylim(4e-4, 3)
figure.axes[0].legend(loc="upper right", ncols=2, frameon=False)
plots.show(
    figure,
    alt="Expected loss over 1000 steps on a log axis. The constant rates 0.4, 0.1 and 0.025 each fall "
    "to their own floor, dotted, and stay there; the smaller the rate, the later and the lower. The "
    "rate 1/(t+2) lies below all three and keeps falling.",
)

# %% [markdown]
# That is why decay pays: **every constant rate has a floor, and a falling rate keeps lowering it**. Two
# conditions go with it (Robbins & Monro, 1951). The rates must add up to infinity, or the run stops somewhere
# on the way; their squares must not, or the noise never averages out. Inverse time meets both.
#
# Now 50 directions instead of one, curvatures from 1 down to 1/50. With one rate for all, $1/t$ is no longer
# best. Theory gives the expected loss of every family exactly, each at its own best peak:

# %%
makers = {
    "constant": lambda peak, total: schedules.constant(peak),
    "step decay": lambda peak, total: schedules.step_decay(peak, 0.5, total // 6),
    "multi-step": lambda peak, total: schedules.multi_step(peak, [total // 2, 3 * total // 4]),
    "exponential": lambda peak, total: schedules.exponential(peak, 0.02 ** (1 / total)),
    "inverse sqrt": lambda peak, total: schedules.inverse_sqrt(peak, total // 10),
    "inverse time": lambda peak, total: schedules.inverse_time(peak, 10 / total),
    "polynomial": lambda peak, total: schedules.polynomial(peak, total, 2),
    "linear": lambda peak, total: schedules.linear(peak, total),
}
bowl = problems.power_law_quadratic()
print("family         best peak   expected loss after 1000 updates")
for name, make in makers.items():
    peak = theory.best_peak(bowl, lambda rate, make=make: make(rate, 1000), 1000)
    loss = theory.expected_losses(bowl, make(peak, 1000)(t))[-1]
    print(f"{name:12} {peak:11.2f} {loss:12.4f}")
lowest = theory.expected_losses(bowl, theory.optimal_rates(bowl, 1000))[-1]
print(f"the best that any rates can do {lowest:.4f}")

# %% [markdown]
# Every decay beats the constant here; the exponential and the staircase of halvings come closest to the best
# possible, and the multi-step one, with its two cuts by ten, gains least of all. Note the column of peaks too:
# they differ several times over. Whoever compares families *at one common peak* compares peaks.
#
# ## When to drop
#
# One drop, by 10, is the simplest schedule with a decision in it. Before the drop the run covers distance;
# after it, the noise dies down. So there is a best time, and it depends on the peak.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** In the fifty directions, 1000 updates, one drop by 10. The peaks are 0.1, 0.3 and
# > 0.6. Which of them wants the *latest* drop? And which is worse at peak 0.3: dropping at once, or never?

# %%
times = np.arange(0, 1001, 10)
drop_losses = {}
for peak in (0.1, 0.3, 0.6):
    table = np.where(t < times[:, None], peak, peak / 10)
    drop_losses[f"peak {peak}"] = theory.expected_losses(bowl, table)[:, -1]
print("           best drop at   loss there   drop at once   at 500   never")
for name, losses in drop_losses.items():
    at = losses.argmin()
    print(
        f"{name}   {times[at]:12} {losses[at]:12.3f} {losses[0]:14.3f} {losses[50]:8.3f} {losses[-1]:7.3f}"
    )

# %% [markdown]
# Now a network: lesson 1's, on spirals a fifth of whose labels are wrong, in batches of 32, for 300 updates.
# The loss is measured on held-out points. It cannot be expected to go below 0.64, because their labels are
# noisy too. <!-- -(0.8*log(0.8) + 0.2*log(0.1)) = 0.64 -->

# %% tags=["experiment"]
data = problems.noisy_spirals()
workload = training.Workload(data, training.Mlp(dtype="float32"), batch_size=32)
net_times = np.array([30, 60, 90, 150, 210, 270, 300])  # 300: never
table = np.where(np.arange(300) < net_times[:, None], 0.4, 0.04)
runs = training.train(
    workload,
    rates=np.repeat(table, seeds, axis=0),
    seeds=np.tile(np.arange(seeds), len(net_times)),
)
net_losses = runs.held_out_loss[:, -1].reshape(len(net_times), seeds)
print(f"drop after   held-out loss, mean of {seeds} seeds")
for at, row in zip(net_times, net_losses, strict=True):
    print(f"{at if at < 300 else 'never':>10}   {row.mean():.2f}")

# %% jupyter={"source_hidden": true}
figure, (left, right) = plots.panels(2, height=3.5)
loss_over_drop_time(times, drop_losses, ax=left, title="50 directions, exact")
loss_over_drop_time(net_times, {"peak 0.4": net_losses}, ax=right, title=f"network, {seeds} seeds")
left.set(ylim=(0, 0.4))
plots.show(
    figure,
    alt="Loss at the end against the step of the drop. Left, exact: three U-shaped curves; the smaller "
    "the peak, the later its best drop, marked by a ring. The curve of peak 0.6 leaves the frame for "
    "the latest drops. Right, the network: the loss is highest for "
    "the earliest drop, falls until about half-time, is nearly flat up to 270 of 300, and rises a "
    "little when the rate is never dropped.",
)

# %% [markdown]
# The two panels disagree on one point, and it is worth knowing why. The bowl is limited by noise, so at the
# larger peaks *never* dropping is the expensive mistake. The network at this peak is limited by distance: it
# has not arrived yet when an early drop slows it down tenfold, and that time does not come back.
#
# Both agree that the valley is wide: near the best time, the time hardly matters. So ask what limits your run. One
# that rests on its floor has waited too long; one that is still covering ground wants a late drop. In the
# network, **the last tenth of the run is enough to cash in the lower floor**.
#
# ## A schedule that watches
#
# If the best time is unknown, why not drop when the loss stops falling? That is what "when the error plateaus"
# means: keep the best value so far; after `patience` measurements without improvement, the next one cuts the
# rate. By hand:


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


def plateau_lr(optimizer):
    return lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=2)


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
    real = torch_rates(plateau_lr, len(metrics), metrics)
    same = np.allclose(hand[1:], ours) and np.allclose(hand, real)
    cut = np.flatnonzero(hand < 0.1)
    print(
        f"{name:18} first cut by measurement {cut[0] if len(cut) else '–':>2}   all three equal: {same}"
    )

# %% [markdown]
# The first measurement always counts as an improvement, then two are borne, then one cuts. (Keras cuts one
# measurement earlier with the same patience.)
#
# Three stories, three curves: **a plateau rule is no function of the step**. You cannot draw it before the run,
# two seeds get two different schedules, and a resumed run needs its saved state. Nor does it know a plateau
# from noise. On the fifty directions, 40 epochs of 25 updates, with the mean loss of an epoch as its metric:


# %%
def watched_run(patience, seed, epochs=40, every=25):
    rng = np.random.default_rng(seed)
    state, w, first_cut = schedules.plateau(0.3, patience=patience), bowl.start.copy(), None
    for epoch in range(epochs):
        seen = []
        for noise in rng.standard_normal((every, len(bowl))):
            seen.append(0.5 * (bowl.curvatures * w**2).sum())
            w = w - state.rate * (bowl.curvatures * w + bowl.noise_std * noise)
        state = state.update(np.mean(seen))
        if first_cut is None and state.rate < 0.3:
            first_cut = epoch + 1
    return 0.5 * (bowl.curvatures * w**2).sum(), first_cut


rows = []
for patience in (0, 4):
    ends, cuts = zip(*(watched_run(patience, seed) for seed in range(2 * seeds)), strict=True)
    rows.append((patience, mean_interval(np.array(ends)), " ".join(map(str, sorted(cuts)))))
show_table(
    ["patience", f"loss at the end, {2 * seeds} seeds", "epochs of the first cut, all seeds"], rows
)

# %% [markdown]
# The impatient rule takes the first unlucky epoch for a plateau, and in almost every run it cuts too early.
# Some patience costs little, because the valley of the drop time is wide. A fixed drop at its best time (in
# the table further up) does about as well as the patient rule and needs no metric; but it had to be told the
# time.
#
# ## A fair comparison
#
# Which family is best? The question only makes sense under rules: each family at *its own* best peak, chosen on
# other seeds than those that judge; equal updates; held-out loss; differences taken seed by seed, since two
# runs with one seed share their initial weights and batches. `compare` does that. The families are the `makers`
# from above, and the reference is the constant rate. We call a family *lower* if the 95 % interval of its
# difference lies below −0.005 altogether, and else a *tie*: less than that is not worth a name.

# %%
result = compare(
    workload,
    makers,
    peaks=[0.2, 0.4, 0.8, 1.6, 3.2],
    total_steps=300,
    seeds=seeds,
    reference="constant",
)
rows = {row.schedule: row for row in result.as_table()}
at_its_peak = result.validation_means[:, result.chosen[0]]  # of the constant, the first
print("family         peak   held-out loss   against the constant   at the constant's peak")
for name, loss in zip(makers, at_its_peak, strict=True):
    row, gap = rows[name], loss - at_its_peak[0]
    own = "lower" if row.difference.high < -0.005 else "tie"
    common = "worse" if gap > 0.01 else "better" if gap < -0.01 else "about equal"
    words = ("", "") if name == "constant" else (own, common)
    print(
        f"{name:12} {row.peak_lr:6.1f} {row.score.mean:13.2f}      {words[0]:20}   {words[1]}".rstrip()
    )

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    plots.forest_plot(result),
    alt="Forest plot of eight schedules. Left, held-out losses: linear and polynomial decay lowest, then "
    "step decay and exponential, then inverse time and multi-step, then inverse square root, and the constant rate "
    "highest with the widest interval. Right, differences to the constant: all means are below zero, and many of "
    "the thin lines, which hold for all pairs at once, reach zero.",
)

# %% [markdown]
# Read it with care:
#
# - **Decay pays**: what limits these runs is noise, from batches and from wrong labels, and the constant rate
#   cannot get rid of it.
# - It pays *at its own peak*. Every family chose a higher peak than the constant. The last column shows what
#   happens to them at the constant's: those that fall early lose, because they have lost distance and gained
#   little.
# - The order of the means is not the order on the bowl. There the exponential came close to the best; here the
#   lowest mean is the straight line's. No family is best everywhere.
# - Between neighbours, with eight seeds, there is mostly a **tie**. The table takes one difference at a time;
#   the ranks in the figure allow for having looked at all pairs, and far fewer differences survive.
#
# Why does the straight line do so well? It keeps its rate up for longer than the decays that fall early, and it
# ends near zero: distance first, the floor last. That fits what we measured with a single drop; it is no proof.
# Lesson 3 looks at the best-known schedule that does the same.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 1: a factor per epoch, applied per batch
#
# $\gamma = 0.8$ is a sensible factor *per epoch*. Our data make 29 batches an epoch. Move `scheduler.step()`
# into the inner loop, as other schedulers need it, and $\gamma$ acts 29 times as often.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The network from above, peak 0.8, 300 updates, a little over ten epochs. What is
# > the rate at the last update, with $\gamma = 0.8$ per epoch, and per batch? Where does the run with the
# > mistake end: above or below a constant rate that never falls? (Guessing has a loss of $\log 3$, about 1.1.<!-- log(3) = 1.1 -->)

# %%
per_epoch = schedules.total_updates(epochs=1, examples=len(data), batch_size=32)


def exponential_lr(optimizer):
    return lr_scheduler.ExponentialLR(optimizer, gamma=0.8)


def gamma_loop(step_per):
    loop = Loop(300, step_per=step_per, batches_per_epoch=per_epoch)
    return simulate_loop(exponential_lr, loop, base_lr=0.8).rates


tables = {
    "per epoch, as meant": gamma_loop("epoch"),
    "per batch, by mistake": gamma_loop("batch"),
    "constant": np.full(300, 0.8),
}
runs = training.train(
    workload,
    rates=np.repeat(list(tables.values()), seeds, axis=0),
    seeds=np.tile(np.arange(seeds), len(tables)),
)
ends = runs.held_out_loss[:, -1].reshape(len(tables), seeds)
print("scheduler.step()        last rate   all rates added up   held-out loss")
for (name, rates), row in zip(tables.items(), ends, strict=True):
    print(f"{name:22} {rates[-1]:10.1e} {rates.sum():16.0f} {row.mean():19.2f}")

# %% [markdown]
# PyTorch does not warn: the loss falls for a few steps and then looks "converged". The column in the middle
# tells what happened. An exponential decay has a finite **reach**: all its rates together add up to
# $\eta_0/(1-\gamma)$, however long you train (Robbins and Monro's first condition, broken). Here that is 0.8 /
# 0.2 = 4, used up after some twenty batches. So it does not suit data that never end, for which it is often
# advised: sooner or later such a run stops learning.
#
# The habit: **print the rate of the first, the middle and the last update** of every new run. The course's
# checker looks at recorded rates in the same way:

# %%
from course_lib.lint import lint

for name, rates in tables.items():
    found = lint(rates, total_steps=300)
    print(f"{name}: {len(found)} finding{'s' * (len(found) != 1)}")
    for finding in found:
        print("   ", finding)

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 2: the same milestone in another library
#
# "Divide by 10 at 30." At which $t$ is the new rate in force for the first time? PyTorch is run here; the
# others are as recorded by the course from the libraries themselves.

# %%
at_30 = {
    "torch MultiStepLR": torch_rates(lambda o: lr_scheduler.MultiStepLR(o, [30]), 40),
    "ours, multi_step": schedules.multi_step(0.1, [30])(np.arange(40)),
    "timm MultiStepLRScheduler": from_library(
        "timm.MultiStepLRScheduler", base_lr=0.1, decay_t=[30], decay_rate=0.1
    )(np.arange(40)),
    "Keras PiecewiseConstantDecay": from_library(
        "keras.PiecewiseConstantDecay", boundaries=[30], values=[0.1, 0.01]
    )(np.arange(40)),
}
print("rate at t =                      28      29      30      31")
for name, rates in at_30.items():
    print(f"{name:28}" + "".join(f"{rate:8.2f}" for rate in rates[28:32]))

# %% [markdown]
# One count earlier in timm, one later in Keras. If it counts updates, nobody will notice. If it counts epochs,
# as timm's does by default, it is a whole epoch; and a "reproduction" that compares curves point by point will
# not match. Neither is wrong; the convention is simply not part of the recipe, so write it down.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 3: a plateau nobody sees
#
# Some metrics are negative: a log-likelihood with its sign turned, a reward to be minimised as $-r$.
# `ReduceLROnPlateau` asks by default for an improvement *relative* to the best value (`threshold_mode="rel"`).
# Patience 2; the metric stands still for twenty measurements:

# %%
negative = {
    "stands still at +1": np.full(20, 1.0),
    "stands still at -1": np.full(20, -1.0),
    "gets worse, -1 to -0.5": np.linspace(-1, -0.5, 20),
}
print("metric                    last rate: torch, rel   torch, abs   ours")
for name, metrics in negative.items():
    last = [
        torch_rates(
            lambda o, mode=mode: lr_scheduler.ReduceLROnPlateau(o, patience=2, threshold_mode=mode),
            len(metrics),
            metrics,
        )[-1]
        for mode in ("rel", "abs")
    ]
    ours = schedules.plateau_rates(schedules.plateau(0.1, patience=2), metrics)[-2]
    print(f"{name:25} {last[0]:21.0e} {last[1]:12.0e} {ours:6.0e}")

# %% [markdown]
# A metric must be below `best * (1 - threshold)`. With a best of 1 that is 0.9999<!-- 1 - 1e-4 = 0.9999 -->, better than the best. With a
# best of −1 it is −0.9999, which is *worse* than the best: standing still counts as improving, every time, and
# the rate is never cut. A metric that clearly worsens is still noticed. The remedy is `threshold_mode="abs"`
# with a threshold in the metric's own unit. (`schedules.plateau` takes the size of the best, so it has no such
# gap.)

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 4: the winner was decided by the peak
#
# An article this course grew from writes that step, exponential and inverse square root decay "beat the
# constant baseline". Its decays begin at 0.05, its constant is 0.01. Here is its setting (all 300 points in
# every step, its seed, 300 steps), trained by gradient descent, with one row added:

# %%
steps = np.arange(300)
claimed = {
    "constant 0.01 (its baseline)": np.full(300, 0.01),
    "constant 0.05 (added here)": np.full(300, 0.05),
    "step decay, from 0.05": schedules.step_decay(0.05, 0.5, every=100)(steps),
    "exponential, from 0.05": schedules.exponential(0.05, 0.99)(steps),
    "inverse sqrt, from 0.05": 0.05 / np.sqrt(np.maximum(steps, 1)),
}
full_batch = training.Workload(problems.spirals())
article = training.train(full_batch, np.array(list(claimed.values())), seeds=[42] * len(claimed))
for (name, rates), loss in zip(claimed.items(), article.losses[:, -1], strict=True):
    print(f"{name:30} all rates added up {rates.sum():5.1f}   training loss {loss:.2f}")

# %% [markdown]
# The constant at the decays' own peak beats them all, and the order of the losses is the order of the sums.
# With all points in every step there is no gradient noise, so there is no floor to lower: a decay mostly loses
# distance. And the inverse square root with $W = 1$ falls to a tenth within a hundred updates, which is why it
# ends even behind the small constant. **Without noise there is little for a decay to gain.** Lesson 8 takes the
# whole article apart.

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Change the numbers below and run the cell again. More noise: does the best drop come earlier or later? A run
# four times as long? A milder drop, by 3 instead of 10? Can you find a setting where dropping does not pay at
# all?

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
plots.show(
    loss_over_drop_time(when, {f"peak {peak_lr:g}, noise {noise_std:g}": ends}),
    alt="Expected loss at the end against the step of a single drop, with a ring at the best one.",
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
# itself, the rates would add up to $\eta_0 / 0.06$, less than 17 updates' worth at the peak.<!-- 1/(1-0.94) = 17 --> (The staircase
# version, one jump every 1000 updates, is `step_decay(peak, 0.94, every=1000)`.)
#
# </details>
#
# ---
# **2.** After a drop by 10 your loss falls sharply within a few steps and then hardly moves. A colleague
# concludes that you should have dropped much earlier. What do you answer?
#
# <details><summary>Answer</summary>
#
# The sharp fall is the noise floor going down, and it would have come after a later drop too. What the large
# rate did *before* is distance, and after the drop you cover that ten times more slowly: "hardly moves" is the
# price. Compare the losses at the end of the run, over several drop times, not the slope right after the drop.
#
# </details>
#
# ---
# **3.** You minimise a negative metric with `ReduceLROnPlateau` in its default settings, and the rate has not
# changed for a hundred epochs although the metric stands still. Is the patience too large?
#
# <details><summary>Answer</summary>
#
# No patience would help. In relative mode the bar for "improved" lies at `best * (1 - 1e-4)`, which for a
# negative best is slightly *worse* than the best, so every measurement resets the count. Use
# `threshold_mode="abs"`.
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. A schedule is a function of the updates done; a plateau rule is none, for it needs the metric and keeps a
#    state.
# 2. Decay pays where gradient noise leaves a floor; without noise it mostly costs distance.
# 3. On the simplest noisy problem the best rate is $1/(t+2)$ exactly; in many directions no family is best
#    everywhere.
# 4. Dropping too early costs distance that does not come back; the valley of good drop times is wide.
# 5. Convert epochs to updates, print the first, middle and last rate, and compare schedules only with their
#    peaks tuned.

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 2](../exercises/ex02_classic_decay.ipynb): four decays from their formulas, a plateau rule to
# mend, and ResNet's milestones in updates. Then
# take a training script of your own and write down, before you run it, its rate at the first, the middle and
# the last update. Then print them. [Lesson 3](03_cosine.ipynb) takes up the cosine: the schedule that stays high, ends at zero,
# and is copied most.
#
# **References.** H. Robbins, S. Monro (1951), *A stochastic approximation method*, Annals of Mathematical
# Statistics 22. · K. He, X. Zhang, S. Ren, J. Sun (2015), *Deep residual learning for image recognition*,
# arXiv:1512.03385. · P. Goyal et al. (2017), *Accurate, large minibatch SGD: training ImageNet in 1 hour*,
# arXiv:1706.02677. · T. Schaul, S. Zhang, Y. LeCun (2013), *No more pesky learning rates*, arXiv:1206.1106. ·
# G. Zhang et al. (2019), *Which algorithmic choices matter at which batch sizes?*, arXiv:1907.04164 (the 50
# directions). · A. Vaswani et al. (2017), *Attention is all you need*, arXiv:1706.03762 (inverse
# square root). · J. Devlin et al. (2019), *BERT*, arXiv:1810.04805 (linear decay).
