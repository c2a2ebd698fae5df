# %% [markdown] tags=["title"]
# # Raise the rate again, and test the reasons
#
# **You will learn** to
#
# - write Smith's three triangles and match PyTorch's `CyclicLR`, its momentum included;
# - say what a cycle costs, with the peak tuned and a score on held-out data;
# - measure sharpness along a run and compare it with the stability limit of its learning rate;
# - separate two claims that usually come together: that large rates end in flat minima, and that
#   flat minima are better.
#
# **Time:** about 35 minutes, and 10 more for *Further*. **You need** lesson 1 (the stability
# limit), lesson 3 (restarts), and Python with NumPy and PyTorch.

# %% tags=["parameters"]
seeds = 8  # sets the number of training runs; more runs, narrower intervals
FAST = False  # True: fewer runs, for a quick check

# %%
from functools import partial

import numpy as np
import torch
from torch.optim.lr_scheduler import CyclicLR

from course_lib import compare, plots, problems, schedules, theory, training
from course_lib.experiments import lesson05_runs as runs
from course_lib.intervals import mean_interval
from course_lib.libraries import Loop, simulate_loop
from course_lib.measured import show_table
from course_lib.outcomes import show_facts
from course_lib.plots import lesson05 as figures

# %% [markdown] tags=["surprise", "predict"]
# ## A surprise first
#
# Large learning rates are said to end in *flat* minima, and flat minima are said to do better on
# new data. The usual measure is the **sharpness**, the largest curvature of the training loss in
# any direction. A small sharpness means a flat minimum.
#
# We train the same network on the spirals with wrong labels from lesson 3, once with 300 points
# and once with 900, in small batches. Every run makes 800 updates at a constant rate, 0.05 or 0.6.
# Then all runs get the same anneal: 100 more updates, in which the rate decays linearly from 0.1 to
# 0.
#
# > **Predict before you run.** With which rate is the end flatter? With which rate is the held-out
# > loss lower, on 300 points and on 900?

# %% tags=["surprise"]
few, data = problems.noisy_spirals(per_class=100), problems.noisy_spirals()
margin = compare.margin(data)  # 0.005 log(3): what is smaller does not matter
steps = 800
u = np.arange(steps)
plans = {f"rate {rate}": np.full(steps, rate) for rate in (0.05, 0.2, 0.6)}
plans |= {"cosine 0.6": schedules.cosine(0.6, steps)(u)}
plans |= {"triangular 0.6": schedules.triangular(0.6, 0, 200)(u)}
several = range(seeds if FAST else 3 * seeds // 2)

ends = {len(points): runs.annealed_ends(points, plans, several) for points in (few, data)}
rows, verdicts, flatter = [], [], []
for n, end in ends.items():
    low, high = end["rate 0.05"], end["rate 0.6"]
    rows.append([f"{n} points", mean_interval(low.sharpness), mean_interval(high.sharpness)])
    flatter.append(mean_interval(low.sharpness / high.sharpness).low > 4)
    names = [f"{name}, {n} points" for name in ("rate 0.6", "rate 0.05")]
    verdicts.append(compare.paired(*names, high.held_out_loss, low.held_out_loss, margin))
show_table(["data", "sharpness, rate 0.05", "sharpness, rate 0.6"], rows)
compare.show_verdicts(verdicts)

# %% tags=["surprise", "conclusion"]
show_facts({"on both data sets, rate 0.6 ends at least four times flatter": all(flatter)})

# %% [markdown]
# The larger rate ends far flatter on both data sets. <!-- holds: on both data sets, rate 0.6 ends
# at least four times flatter --> **On 900 points the flat end is better by about 0.04, and on 300
# points it is worse by about 0.03.** Both differences are several times the margin.
# <!-- holds: rate 0.6, 900 points better_than rate 0.05, 900 points;
# rate 0.6, 300 points worse_than rate 0.05, 300 points -->
#
# This matters here because flat minima are one of the reasons given for *cyclical* rates. We first
# build these schedules, then ask whether they train better, and then come back to this puzzle.

# %% [markdown]
# ## Up and down
#
# All schedules so far came down, at most after a short rise. Smith (2015) proposed to go up again,
# many times. The rate climbs linearly from a **base** to a **maximum**, falls back linearly, and
# repeats. Half a cycle is the **step size** $s$. With $t$ updates done, the cycle is number
# $c = \lfloor t/2s \rfloor$, counted from zero, and the rate is
#
# $$\eta_t = \eta_\text{base} + (\eta_\text{max} - \eta_\text{base})\,
# \max\bigl(0,\; 1 - |t/s - 2c - 1|\bigr)\, h_t .$$
#
# The three forms differ in their height: $h_t = 1$ is **triangular**; $h_t = 2^{-c}$ halves the
# height in every cycle, **triangular2**; $h_t = \gamma^t$ shrinks it with every update,
# **exp_range**.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The base is 0.01, the maximum 0.1 and the step size 10. What is the
# > triangular rate after 0, 5, 10 and 25 updates? And that of triangular2 after 25?


# %% tags=["from-scratch"]
def cyclic_rates(total_steps, base_lr, max_lr, step_size, mode="triangular", gamma=1.0):
    t = np.arange(total_steps)
    cycle = t // (2 * step_size)
    triangle = 1 - np.abs(t / step_size - 2 * cycle - 1)
    height = {"triangular": 1.0, "triangular2": 0.5**cycle, "exp_range": gamma**t}[mode]
    return base_lr + (max_lr - base_lr) * triangle * height


forms = {"triangular": 1.0, "triangular2": 1.0, "exp_range": 0.97}
ours = {mode: cyclic_rates(80, 0.01, 0.1, 10, mode, gamma) for mode, gamma in forms.items()}
print("updates done ", "".join(f"{t:8d}" for t in (0, 5, 10, 20, 25, 30)))
for mode, rates in ours.items():
    print(f"{mode:13}", "".join(f"{rates[t]:8.4f}" for t in (0, 5, 10, 20, 25, 30)))
print(f"mean rate of the triangle: {ours['triangular'].mean():.3f}")

# %% jupyter={"source_hidden": true}
figure = plots.rate_lines(ours, title="Three forms of a cycle")
figure.axes[0].set_ylim(0, 0.125)
figure.axes[0].legend(loc="upper right", ncols=3, frameon=False)
plots.show(
    figure,
    alt="Three rates over 80 updates in four cycles. The triangular rate goes from 0.01 to 0.1 and "
    "back four times. Triangular2 halves its height each time. exp_range shrinks smoothly and "
    "ends near the base.",
)

# %% [markdown]
# A triangular cycle averages (base + maximum)/2, as a linear decay between the same ends does. Each cycle is
# a warmup and a decay, so a run of three cycles is three short runs in a row that keep their
# weights.
#
# ## The library and PyTorch
#
# `schedules.triangular` takes the whole period, twice the step size. PyTorch's `CyclicLR` takes
# `base_lr`, `max_lr` and `step_size_up`, which counts calls of `scheduler.step()`. It overwrites
# the optimizer's own rate, so it does not matter that we build the optimizer with 0.5.


# %% tags=["library"]
def torch_cycle(optimizer, mode="triangular", gamma=1.0):
    return CyclicLR(optimizer, base_lr=0.01, max_lr=0.1, step_size_up=10, mode=mode, gamma=gamma)


t = np.arange(80)
for mode, gamma in forms.items():
    library = schedules.triangular(0.1, 0.01, 20, mode, gamma if mode == "exp_range" else None)
    by_torch = simulate_loop(
        partial(torch_cycle, mode=mode, gamma=gamma), Loop(updates=80), base_lr=0.5
    )
    equal = [bool(np.abs(ours[mode] - r).max() < 1e-12) for r in (library(t), by_torch.rates)]
    print(f"{mode:11}  ours = library: {equal[0]}, ours = torch: {equal[1]}")
plain = simulate_loop(torch_cycle, Loop(updates=80))
print("momentum after 0, 5, 10 updates:", plain.momentum[[0, 5, 10]].round(2).tolist())

# %% [markdown]
# The rates agree. The last line is unexpected, because `simulate_loop` used plain SGD **without
# momentum**. By default `CyclicLR` has `cycle_momentum=True`. It writes a momentum into the
# optimizer, 0.9 where the rate is lowest and 0.8 where it is highest. We come back to that under
# "What goes wrong".

# %% [markdown]
# ## Reason 1: cycles are said to train better
#
# A rising rate throws the loss up, and the fall has to make up for it. We test what this costs on
# the larger data set, in batches of 32, with 300 updates. The number of cycles is a setting like
# any other, so we try one, two and three. Their base is 0, because the cosine and the linear decay
# end at 0 too. One more has its base at a tenth of the maximum, which is closer to how `CyclicLR`
# is used, and one is triangular2 with three cycles. The last has a period of 120 updates, which
# does not fit into 300: the run stops in the middle of the third cycle, at the very top.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Each schedule gets its own best peak. Is one cycle better than
# > three, or worse? Is the run that stops at the top better or worse than a constant rate?


# %% tags=["experiment"]
def triangles(period, base=0.0, mode="triangular"):
    return lambda peak_lr, total_steps: schedules.triangular(peak_lr, base * peak_lr, period, mode)


workload = training.Workload(data, training.Mlp(dtype="float32"), batch_size=32)
fresh = seeds if FAST else 3 * seeds  # runs that score, none of which chose a peak
split = compare.Seeds(range(0, 4 * seeds, 2), range(1, 2 * fresh, 2))
result = compare.compare(
    workload,
    {
        "constant": lambda peak_lr, total_steps: schedules.constant(peak_lr),
        "linear": schedules.linear,
        "cosine": schedules.cosine,
        "1 triangle": triangles(300),
        "2 triangles": triangles(150),
        "3 triangles": triangles(100),
        "3 triangles, base 1/10": triangles(100, base=0.1),
        "triangular2, 3 cycles": triangles(100, mode="triangular2"),
        "cut at the top": triangles(120),
    },
    peaks=(0.2, 0.4, 1.6) if FAST else (0.2, 0.4, 0.8, 1.6, 3.2, 6.4),
    total_steps=300,
    seeds=split,
    reference="cosine",
)
base = result.contrast("3 triangles, base 1/10", "3 triangles", margin=margin)
compare.show_verdicts([*result.against(margin=margin), base])

# %% tags=["conclusion"]
scores = dict(zip(result.names, result.scores, strict=True))
pair = ("cut at the top", "constant")
compare.show_verdicts([compare.paired(*pair, *(scores[name] for name in pair), margin)])

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    plots.forest_plot(result, margin=margin),
    alt="Held-out loss of nine schedules with intervals, and the paired difference to the cosine. "
    "Linear, cosine and one triangle are lowest, then two triangles, triangular2 and three "
    "triangles. The constant rate is higher, and the cycles that are cut at the top are highest.",
)

# %% [markdown]
# **No cyclical schedule is better than the cosine, and three cycles are worse.** With three
# triangles the loss is higher by about 0.014, with two by about 0.007. With a single triangle the
# comparison stays open. <!-- holds: 3 triangles worse_than cosine; 2 triangles worse_than cosine;
# 1 triangle open_against cosine --> Three cycles of triangular2, each half as high as the one before,
# are worse by about 0.01. <!-- holds: triangular2, 3 cycles worse_than cosine -->
#
# **The run that stops at the top of a cycle is worse than a constant rate, by about 0.05.** Both do
# best at a peak of 0.4, and both end there or very close to it, with the noise floor of that rate
# (lesson 1). On the way the cycles average only half of it. The first rule for cycles follows: make
# the budget a whole number of cycles. <!-- holds: cut at the top worse_than constant -->
#
# A base of a tenth of the maximum, instead of 0, leaves the comparison open.
# <!-- holds: 3 triangles, base 1/10 open_against 3 triangles -->

# %% [markdown]
# ## Reason 2: large rates end in flat minima
#
# Two claims are joined here. A large rate cannot stay in a *sharp* minimum, so it ends in a *flat*
# one; and flat minima do better on new data (Hochreiter and Schmidhuber, 1997; Keskar et al., 2017).
# We measure the first one now.
#
# **Sharpness** is the largest eigenvalue of the Hessian. Lesson 1 gave the limit: gradient descent
# can settle in a minimum only if its sharpness is below $2/\eta$. To find it we never need the Hessian
# itself. Its product with a vector, $Hv = \nabla(v \cdot \nabla L)$, is one more call of autograd
# (Pearlmutter, 1994). Multiply a random vector by $H$ again and again, and the direction of largest
# curvature takes over. This is **power iteration**.


# %%
def power_iteration(losses_of, weights, iterations=60):
    w = torch.tensor(weights, requires_grad=True)
    (slope,) = torch.autograd.grad(losses_of(w).sum(), w, create_graph=True)
    v = torch.tensor(np.random.default_rng(0).standard_normal(w.shape), dtype=w.dtype)
    for _ in range(iterations):
        v = v / v.norm(dim=1, keepdim=True)
        (product,) = torch.autograd.grad(slope, w, v, retain_graph=True)  # H v
        curvature, v = (v * product).sum(dim=1), product
    return curvature.numpy()


def saddle(w):  # curvatures 3 and -8
    return 1.5 * w[:, 0] ** 2 - 4 * w[:, 1] ** 2


short = training.train(workload, np.full((4, 100), 0.2), np.arange(4), keep_at=(100,))
loss, weights = training.loss_function(workload), short.weights[:, 0]
agree = np.allclose(power_iteration(loss, weights), theory.sharpness(loss, weights), rtol=0.02)
show_facts({"on four networks, power iteration and the library agree within 2 %": agree})
for name, function in (("power iteration", power_iteration), ("the library", theory.sharpness)):
    print(f"on the saddle, {name} finds {function(saddle, np.ones((1, 2)))[0]:.2f}")

# %% [markdown]
# On the networks the two agree. <!-- holds: on four networks, power iteration and the library agree
# within 2 % --> On the saddle, power iteration finds the curvature of largest
# *magnitude*, which is negative. `theory.sharpness` uses Lanczos' method, which finds the largest
# curvature and checks that it has converged.
#
# Now we follow the sharpness along runs at constant rates on the 300 points, once with all points
# in every update and once with batches of 32.

# %%
rates = {f"rate {rate}": rate for rate in (0.05, 0.2, 0.6)}
at = (0, 10, 20, 40, *range(100, steps + 1, 100))
along = {
    "all 300 points": runs.sharpness_along(few, rates, at, range(3), batch_size=None),
    "batches of 32": runs.sharpness_along(few, rates, at, range(3)),
}
whole, batches = (
    {name: np.median(sharp[:, -3:]) * rates[name] / 2 for name, sharp in group.items()}
    for group in along.values()
)
show_facts(
    {
        "with all points, rates 0.2 and 0.6 end within 30 % of 2 / rate": all(
            abs(whole[name] - 1) < 0.3 for name in ("rate 0.2", "rate 0.6")
        ),
        "at rate 0.05 the sharpness stays below a third of 2 / rate": max(
            whole["rate 0.05"], batches["rate 0.05"]
        )
        < 1 / 3,
        "with batches of 32, every rate ends below 70 % of 2 / rate": max(batches.values()) < 0.7,
        "with all points, rate 0.2 ends sharper than rate 0.05": whole["rate 0.2"] / 0.2
        > whole["rate 0.05"] / 0.05,
    }
)

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    figures.edge_panels(at, along, rates),
    alt="Sharpness over 800 updates at three constant rates, and 2 / rate as dashed levels. With "
    "all 300 points, rate 0.05 climbs slowly and stays far below its limit of 40, rate 0.2 climbs "
    "to its limit of 10 and stays there, and rate 0.6 stays just above its limit of 3.3. With "
    "batches of 32 all curves lie lower: rate 0.05 climbs in the same way, rates 0.2 and 0.6 stay "
    "at about half of their limits.",
)

# %% [markdown]
# With all points in every update, the sharpness of the two larger rates settles close to $2/\eta$.
# This is the **edge of stability** (Cohen et al., 2021): training raises the sharpness until the
# limit stops it. Rate 0.6 comes down to its limit instead, because the initial weights are already
# sharper. The limit does nothing to the smallest rate, whose sharpness never comes near it.
# <!-- holds: with all points, rates 0.2 and 0.6 end within 30 % of 2 / rate; at rate 0.05 the
# sharpness stays below a third of 2 / rate -->
#
# So a larger rate is not flatter by itself. With all points, rate 0.2 ends *sharper* than 0.05,
# because it gets further in the same number of updates. <!-- holds: with all points, rate 0.2 ends
# sharper than rate 0.05 -->
#
# With batches of 32 the two larger rates stay well below $2/\eta$. The noise of the batches keeps
# them out of sharp regions before the limit does. Jastrzębski et al. (2020) describe this effect of
# SGD in larger networks. It is why the runs at rate 0.6 ended so flat at the start of this lesson.
# <!-- holds: with batches of 32, every rate ends below 70 % of 2 / rate -->
#
# ## Is a flatter minimum a better one?
#
# Now the second claim. There is a trap in it. The end of a run at a constant rate is not a
# minimum: the weights still move, and the held-out loss contains the noise floor from lesson 1.
# That is why all runs above were annealed. The next cell shows what the anneal changes.

# %%
verdicts = []
for n, end in ends.items():
    high, low = end["rate 0.6"], end["cosine 0.6"]
    for when in ("before the anneal", "annealed"):
        names = [f"{name}, {n} points, {when}" for name in ("rate 0.6", "cosine 0.6")]
        scores = [e.before if when != "annealed" else e.held_out_loss for e in (high, low)]
        verdicts.append(compare.paired(*names, *scores, margin))
compare.show_verdicts(verdicts)

# %% jupyter={"source_hidden": true} tags=["varies"]
panels = {
    f"{n} points": {name: (end.sharpness, end.held_out_loss) for name, end in group.items()}
    for n, group in ends.items()
}
plots.show(
    figures.sharpness_panels(panels),
    alt="Held-out loss of every annealed run over its sharpness, one panel a data set. On both, "
    "the larger the rate, the flatter the end. With 300 points the flattest ends, those of rate "
    "0.6, have the highest loss. With 900 points the sharpest ends, those of rate 0.05, have the "
    "highest loss, and the others decrease towards the flat side.",
)

# %% [markdown]
# Before the anneal, the constant rate was worse than the cosine with the same peak on both data
# sets. On 900 points all of that was noise: after the anneal the two are equal. On 300 points
# nearly half of the difference remains. <!-- holds: rate 0.6, 300 points, before the anneal
# worse_than cosine 0.6, 300 points, before the anneal; rate 0.6, 900 points, before the anneal
# worse_than cosine 0.6, 900 points, before the anneal; rate 0.6, 900 points, annealed equal_to
# cosine 0.6, 900 points, annealed; rate 0.6, 300 points, annealed worse_than cosine 0.6, 300
# points, annealed -->
#
# The puzzle is still there. Flat is better on 900 points and worse on 300. A second quantity
# differs between the runs: in the same number of updates, a large rate gets *further*. To separate
# the two, we stop the runs at rate 0.6 early, where their training loss after the anneal equals
# that of rate 0.05 after 800 updates.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** At equal training loss the runs at rate 0.6 are still several times
# > flatter. How large is the difference in held-out loss now, on 300 points and on 900?

# %%
rows, facts = [], {}
for points in (few, data):
    n, slow = len(points), ends[len(points)]["rate 0.05"]
    stop, fast = runs.stop_at_loss(points, 0.6, slow.training_loss.mean(), several)
    full = mean_interval(ends[n]["rate 0.6"].held_out_loss - slow.held_out_loss)
    matched = mean_interval(fast.held_out_loss - slow.held_out_loss)
    times = mean_interval(slow.sharpness / fast.sharpness)
    rows.append([f"{n} points", full, stop, matched, times])
    words = f"on {n} points, at equal training loss"
    facts[f"{words}, rate 0.6 is still at least twice as flat"] = times.low > 2
    facts[f"{words}, less than a third of the difference is left"] = (
        abs(matched.mean) < abs(full.mean) / 3
    )
header = [
    "data",
    "difference after 800 updates",
    "stopped after",
    "difference then",
    "times flatter",
]
show_table(header, rows)
show_facts(facts)

# %% [markdown]
# **At equal training loss, most of the difference is gone, although the ends are still several
# times flatter.** How far the training went explains most of both differences. With 900 points,
# going further lowers the held-out loss; with 300 points it overfits. Sharpness went along with it,
# and at equal training loss a large difference in sharpness changed little.
# <!-- holds: on 300 points, at equal training loss, less than a third of the difference is left;
# on 900 points, at equal training loss, less than a third of the difference is left; on 300 points,
# at equal training loss, rate 0.6 is still at least twice as flat; on 900 points, at equal training
# loss, rate 0.6 is still at least twice as flat -->
#
# These are a few schedules on one small network. They do not show that flatness never matters. A
# study of large networks came to a similar result (Andriushchenko et al., 2023): sharpness follows
# the learning rate, whose link with generalisation is positive or negative depending on the setting.
# <!-- source: Andriushchenko et al. 2023 -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: the sharpness can change while the network does not
#
# Dinh et al. (2017) raised a deeper doubt. A ReLU passes a positive factor through. Multiply the
# first layer by $\alpha$ and divide the weights of the second by $\alpha$: every output stays what
# it was.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** We rescale one trained network with $\alpha$ = 2 and 4. What
# > happens to its held-out loss, and what to its sharpness?

# %%
trained = short.weights[:1, 0].astype(np.float64)
first, second = 2 * 64 + 64, 64 * 64  # parameters of layer 1, weights of layer 2
held_out = training.loss_function(training.Workload(data.held_out, workload.model))
print("alpha   same held-out loss   sharpness, times")
for alpha in (2, 4):
    new = trained.copy()
    new[:, :first] *= alpha
    new[:, first : first + second] /= alpha
    same = np.allclose(held_out(torch.tensor(new)), held_out(torch.tensor(trained)), rtol=1e-9)
    times = theory.sharpness(loss, new)[0] / theory.sharpness(loss, trained)[0]
    print(f"{alpha:5}   {same!s:>18}   {times:16.0f}")

# %% [markdown]
# The network computes the same function, and its sharpness can be made as large as you like.
# Sharpness alone therefore cannot be what makes a network generalise. It may still go along with
# it among networks that were trained in the same way.

# %% [markdown]
# ## Reason 3: cycles are said to escape from poor minima
#
# A landscape of two parameters shows what a large rate can do. `SeveralMinima` has three wells: a
# wide one, a narrow one that is the lowest, and a shallow one, the pothole. We start close to the
# bottom of a well and ask three things: where the walk ends, how far it strays on the way, and how
# the loss changes. The noise of the gradient is switched on or off.

# %%
landscape = problems.SeveralMinima()
lowest, wide, pothole = landscape.minima
curvatures = [np.linalg.eigvalsh(landscape.hessian(w))[-1] for w in landscape.minima]
print("             lowest    wide  pothole")
print("loss       ", "".join(f"{landscape.loss(w):8.2f}" for w in landscape.minima))
print("sharpness  ", "".join(f"{c:8.1f}" for c in curvatures))
print("2/sharpness", "".join(f"{theory.stability_limit(c):8.2f}" for c in curvatures))

# %% [markdown] tags=["predict"]
# > **Predict before you run.** A cosine starts in the lowest well with a peak of 0.1 or 0.3. The
# > first is below the well's stability limit, the second is above. Which of them leaves the well
# > without noise? Which leaves it with noise?

# %%
v = np.arange(600)
peaks = {f"cosine {peak}": schedules.cosine(peak, 600)(v) for peak in (0.1, 0.3, 0.5)}
peaks["triangular 0.3"] = schedules.triangular(0.3, 0, 150)(v)
cases = [("lowest", lowest, noise, plan) for noise in (0.0, 1.0) for plan in peaks]
cases += [("pothole", pothole, 1.0, plan) for plan in peaks]
walks, rows = {}, []
for place, well, noise, plan in cases:
    walk = runs.depart(landscape, well, peaks[plan], noise, walks=100 if FAST else 200)
    walks[place, noise, plan] = walk
    rows.append([place, f"{noise:g}", plan, walk.share, f"{walk.farthest:.1f}", walk.change])
show_table(["start", "noise", "schedule", "share that leaves", "strays", "change of loss"], rows)


# %% tags=["conclusion"]
def left(place, noise, *names):
    return [walks[place, noise, plan].left for plan in names]


large = ("cosine 0.3", "triangular 0.3")
strays = {plan: walks["lowest", 0.0, plan].farthest for plan in peaks}
facts = {
    "no noise: peaks 0.1 and 0.3 stay in the lowest well": not any(
        left("lowest", 0.0, "cosine 0.1", *large)
    ),
    "no noise: peak 0.3 strays five times as far as 0.1": strays["cosine 0.3"]
    > 5 * strays["cosine 0.1"],
    "no noise: at peak 0.5 most leave the lowest well": min(left("lowest", 0.0, "cosine 0.5"))
    > 0.9,
    "noise: peak 0.1 stays in the lowest well": left("lowest", 1.0, "cosine 0.1") == [0],
    "noise: at peak 0.3 most leave the lowest well": min(left("lowest", 1.0, *large)) > 0.7,
    "noise: at peak 0.3 most leave the pothole": min(left("pothole", 1.0, *large)) > 0.7,
    "noise: leaving the lowest well costs loss": walks["lowest", 1.0, "cosine 0.3"].change.low > 0,
    "noise: leaving the pothole lowers it": walks["pothole", 1.0, "cosine 0.3"].change.high < 0,
}
show_facts(facts)

# %% jupyter={"source_hidden": true} tags=["varies"]
drawn = ("cosine 0.1", "cosine 0.3", "triangular 0.3")
plots.show(
    figures.wells(
        landscape, lowest, {plan: walks["lowest", 1.0, plan].positions for plan in drawn}
    ),
    alt="Where walks with noise from the lowest well end, over the contours of the landscape. With "
    "the cosine of peak 0.1 all stay in it. With the cosine and the triangular rate of peak 0.3, "
    "most have moved to the wide well at the left, and a few to the pothole.",
)

# %% [markdown]
# At peak 0.1, below the stability limit of the lowest well, every walk stays in it, with and
# without noise. <!-- holds: noise: peak 0.1 stays in the lowest well; no noise: peaks 0.1 and 0.3
# stay in the lowest well -->
#
# Above the limit, at peak 0.3, the bottom of the well is *unstable*, and that needs no noise. The
# walk is thrown from side to side and strays several times as far. It does not get out, though,
# because the walls of the well are high enough. When the rate falls below the limit, the walk
# settles at the same minimum again. Of our three peaks only 0.5 gets out without noise. <!-- holds: no
# noise: peaks 0.1 and 0.3 stay in the lowest well; no noise: peak 0.3 strays five times as far as
# 0.1; no noise: at peak 0.5 most leave the lowest well -->
#
# With noise, most walks leave at peak 0.3. Most of them end in the wide well, so the loss is higher
# than at the start. Most leave the pothole too, although 0.3 is well below its limit of 0.81. There
# it is the noise that carries them out. <!-- holds: noise: at peak 0.3 most leave the lowest well; noise: leaving
# the lowest well costs loss; noise: at peak 0.3 most leave the pothole -->
#
# **A large rate leaves good minima as well as poor ones.** From the pothole this is a gain, from the
# lowest well a loss. The cosine leaves at least as often as the cycles do, so one stretch at a large
# rate is enough. Before you use cycles to get out of a poor minimum, try a cosine with a larger peak.
# <!-- holds: noise: at peak 0.3 most leave the pothole; noise: at peak 0.3 most leave the lowest
# well; noise: leaving the pothole lowers it; noise: leaving the lowest well costs loss -->
#
# **When to use cycles:** perhaps if the end of the run is not known, or if you want several models
# from one run. *Further* tests both, and the answers depend on the data.
# **When to avoid them:** you know the end and want the best model there. Then come down once.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: several models from one run
#
# At the end of each cycle of a cosine with restarts (lesson 3) the rate is low and the model is
# finished. Huang et al. (2017) keep all of these models and average their predicted probabilities. Such a **snapshot ensemble** costs one
# run. The same number of updates can buy other things:
#
# - the last snapshot alone, or one long cosine;
# - four separate networks, each with a cosine of a quarter of the updates, averaged in the same way.
#
# Each way gets its own best peak, from the same grid and on the same seeds, and is scored on other
# seeds. The intervals are widened so that all six comparisons hold at once.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Order the four ways on 900 points and on 300. How much is the
# > averaging worth?

# %%
grid = (0.2, 0.4, 1.6) if FAST else (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # for each of the four ways
ways = {
    f"{len(points)} points": runs.four_ways(
        points, grid, split.validation[:seeds], split.fresh, steps, cycles=4
    )
    for points in (few, data)
}
for title, found in ways.items():
    print(title)
    against = [
        compare.paired(
            "4 snapshots",
            other,
            found.losses["4 snapshots"],
            found.losses[other],
            margin,
            peaks=(found.peaks["4 snapshots"], found.peaks[other]),
            level=1 - 0.05 / 6,
        )
        for other in ("last snapshot", "one cosine", "4 short runs")
    ]
    compare.show_verdicts(against, at=title)
inside = [grid[0] < peak < grid[-1] for found in ways.values() for peak in found.peaks.values()]
print("every peak inside the grid:", all(inside))

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    figures.method_intervals(
        {
            title: {way: mean_interval(loss) for way, loss in found.losses.items()}
            for title, found in ways.items()
        }
    ),
    alt="Mean held-out loss with its interval for the four ways to spend the budget, on one scale. "
    "With 300 points the four short runs are lowest, then the four snapshots, then the last "
    "snapshot and the one cosine. With 900 points the four short runs are highest and the other "
    "three close together.",
)

# %% [markdown]
# **With 300 points the snapshots are better than a single model, and separate short runs are better
# still.** The second difference is small, about 0.005, just under the margin. The short runs cost
# the same and need no cycles. Snapshots share their past, so we expect them to resemble each other
# and an average to gain less. <!-- holds: 4 snapshots better_than last snapshot
# at 300 points; 4 snapshots better_than one cosine at 300 points; 4 snapshots worse_than 4 short
# runs at 300 points -->
#
# **With 900 points the average buys nothing, and the short runs are slightly worse.** The
# difference is again just under the margin. The snapshots equal the last of them and the long cosine. <!-- holds: 4 snapshots equal_to last snapshot at 900 points;
# 4 snapshots equal_to one cosine at 900 points; 4 snapshots better_than 4 short runs at 900
# points -->
#
# The table shows how widely the best peaks differ. With one peak for all four, the choice of that
# peak could have decided the comparison.
#
# ### A model at any time
#
# One advantage remains. We compare the run with restarts and the long cosine on the way. Both have
# the same peak, the best one for the last snapshot.

# %%
verdicts = []
for title, found in ways.items():
    for k, when in ((0, "after cycle 1"), (-1, "at the end")):
        names = [f"{name}, {title}, {when}" for name in ("restarts", "long cosine")]
        pair = (found.restarts[:, k], found.cosine[:, k])
        verdicts.append(compare.paired(*names, *pair, margin))
compare.show_verdicts(verdicts)

# %% [markdown]
# **Of these four comparisons the restarts win only one, on 900 points after the first cycle,** when the long cosine
# is still near its peak. <!-- holds: restarts, 900 points, after cycle 1 better_than long cosine, 900
# points, after cycle 1 --> On 300 points it is behind at that time. The best peak is small there,
# and the cosine has travelled further by then. At the end the two are equal on both data sets.
# <!-- holds: restarts, 300 points, after cycle 1 worse_than long cosine, 300 points, after cycle 1;
# restarts, 900 points, at the end equal_to long cosine, 900 points, at the end; restarts, 300 points,
# at the end equal_to long cosine, 300 points, at the end -->

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong: a momentum you never asked for
#
# You train with plain SGD, without momentum, and put a `CyclicLR` with a maximum of 0.8 on it.
# Everything else is left at its default. What do the optimizers get?


# %%
def default_cycle(optimizer):
    return CyclicLR(optimizer, base_lr=0.08, max_lr=0.8, step_size_up=50)


print("update                0     25     50")
for factory in (torch.optim.SGD, torch.optim.Adam):
    run = simulate_loop(default_cycle, Loop(updates=300), optimizer_factory=factory)
    word = "momentum" if factory is torch.optim.SGD else "beta1"
    print(f"{factory.__name__:5} {word:9}", "".join(f"{run.momentum[t]:7.2f}" for t in (0, 25, 50)))
try:
    default_cycle(torch.optim.Adagrad([torch.zeros(1, requires_grad=True)]))
except ValueError as error:
    print("Adagrad:", error)

# %%
asked = simulate_loop(default_cycle, Loop(updates=300))
table, momenta = np.tile(asked.rates, (seeds, 1)), np.tile(asked.momentum, (seeds, 1))
no_momentum = training.train(workload, table, np.arange(seeds))
default = training.train(workload, table, np.arange(seeds), momenta=momenta)
scores = [run.held_out_loss[:, -1] for run in (default, no_momentum)]
names = ("cycle_momentum left on", "cycle_momentum=False")
compare.show_verdicts([compare.paired(*names, *scores, margin)])

# %% [markdown]
# A momentum $m$ multiplies the step by up to $1/(1-m)$: five times at the top, ten at the base. A
# peak that suits plain SGD can be far too large with it. Here the momentum raises the held-out loss
# by about 0.07. In Adam, `beta1` is moved without
# a word; an optimizer with neither raises an error. Write `cycle_momentum=False`, unless you tuned
# with it. <!-- holds: cycle_momentum left on worse_than cycle_momentum=False -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: cycles in epochs, and two units confused
#
# You will meet a shorter form that counts in epochs: `cyclical_lr(epoch, cycle_length, min, max)`.


# %%
def cyclical_lr(epoch, cycle_length, min_lr, max_lr):
    position = epoch % cycle_length
    return min_lr + (max_lr - min_lr) * (1 - abs(2 * position / cycle_length - 1))


per_epoch = [cyclical_lr(epoch, 5, 0.01, 0.1) for epoch in range(6)]
print("cycle of 5 epochs:", "  ".join(f"{rate:.3f}" for rate in per_epoch))
updates = schedules.total_updates(1, examples=900, batch_size=32)  # in one epoch
whole = [cyclical_lr(t / updates, 5, 0.01, 0.1) for t in range(5 * updates)]
same = np.allclose(whole, cyclic_rates(5 * updates, 0.01, 0.1, 5 * updates / 2))
print(f"{updates} updates an epoch; asked for every update, the same triangle: {same}")
print(f"largest rate: asked once an epoch {max(per_epoch):.3f}, every update {max(whole):.3f}")
for epochs in (2, 10):
    print(f"step size of {epochs:2} epochs: {epochs * updates:3} updates", end=", ")
    print(f"a cycle of {2 * epochs * updates:3}")

# %% [markdown]
# It is the same triangle in another unit. Asked once an epoch it is a staircase, and with an odd
# cycle length it never reaches its maximum. Pass it a fraction of an epoch, or count in updates.
# Smith (2015) advises a step size of 2 to 10 epochs, so a cycle of 4 to 20 epochs.
# <!-- cited: 2, 10, 4, 20 -->
#
# `step_size_up` of `CyclicLR` counts calls of `scheduler.step()`. Here it is 50, and 50 *batches*
# are meant, but the loop calls the scheduler once an epoch, as one does with `StepLR`.

# %%
slow = simulate_loop(
    lambda o: CyclicLR(o, 0.08, 0.8, step_size_up=50, cycle_momentum=False),
    Loop(updates=300, step_per="epoch", batches_per_epoch=updates),
)
print("update            0     50    100    299")
for name, rates_of in (("as planned", asked.rates), ("per epoch", slow.rates)):
    print(f"{name:11}", "".join(f"{rates_of[t]:7.2f}" for t in (0, 50, 100, 299)))
stuck = training.train(workload, np.tile(slow.rates, (seeds, 1)), np.arange(seeds))
scores = [run.held_out_loss[:, -1] for run in (stuck, no_momentum)]
compare.show_verdicts([compare.paired("stepped by the epoch", "by the batch", *scores, margin)])

# %% [markdown]
# The first climb would take 50 epochs. The run ends with a fifth of the way done, and its rate
# never comes down. <!-- 10/50 = 0.2 --> In the opposite case, a step size in epochs and a call every
# batch, the rate goes up and down so quickly that it acts like a constant. Print the rates of the
# whole run before you start it. <!-- holds: stepped by the epoch worse_than by the batch -->

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Change the four values. Find a period at which the run ends at the top, and one at which it ends
# at the base. Does a higher base help? What does `"triangular2"` do to a run that ends at the
# top?

# %% tags=["explorer"]
max_lr, base_lr, period, mode = 0.8, 0.08, 100, "triangular"

curves = {mode: schedules.triangular(max_lr, base_lr, period, mode)(np.arange(300))}
curves["cosine"] = schedules.cosine(max_lr, 300)(np.arange(300))
tried = training.train(
    workload,
    np.repeat(list(curves.values()), seeds, axis=0),
    np.tile(np.arange(seeds), 2),
    score_every=20,
)
held = dict(zip(curves, tried.held_out_loss.reshape(2, seeds, -1), strict=True))
figure, (left, right) = plots.panels(2, height=3.1)
plots.rate_lines(curves, ax=left, title="learning rate")
left.get_legend().remove()
plots.held_out_curves(tried.scored_at, held, ax=right, top=1.1)
words = ", ".join(f"{name} {losses[:, -1].mean():.2f}" for name, losses in held.items())
plots.show(figure, alt=f"The rates, and the held-out loss on the way. At the end: {words}.")
print(f"held-out loss at the end: {words}")

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** `CyclicLR(optimizer, 0.01, 0.1, step_size_up=10)`, stepped every batch, in a run of 50
# batches. What is wrong with it?
#
# <details><summary>Answer</summary>
#
# A cycle is 20 batches, so the run holds two and a half: it ends close to the maximum. Use 40 or 60
# batches, or another step size. Besides, the momentum is cycled unless you write
# `cycle_momentum=False`. <!-- 2*10 = 20 --> <!-- 2*20 = 40 --> <!-- 3*20 = 60 -->
# <!-- holds: cut at the top worse_than constant; cycle_momentum left on worse_than
# cycle_momentum=False -->
#
# </details>
#
# ---
# **2.** A colleague reports: at rate 0.02 the sharpness at the end is 12, so the stability limit
# kept the run out of sharp minima. What do you reply?
#
# <details><summary>Answer</summary>
#
# The limit is 2 / 0.02 = 100, far above 12. It did not act. Something else set the sharpness, such
# as how far the training got or the noise of the batches. <!-- 2/0.02 = 100 -->
# <!-- holds: at rate 0.05 the sharpness stays below a third of 2 / rate -->
#
# </details>
#
# ---
# **3.** "Model B is flatter than model A and has the lower held-out loss, so flatness helped." Both
# were trained for the same number of updates, B at a larger rate. Which one run would you ask for?
#
# <details><summary>Answer</summary>
#
# B stopped earlier, and annealed, where its training loss equals that of A. If the difference in
# held-out loss disappears while B is still flatter, B was only further trained. On our 900 points
# that is what happened. <!-- holds: on 900 points, at equal training loss, less than a third of the
# difference is left; on 900 points, at equal training loss, rate 0.6 is still at least
# twice as flat -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. A triangle climbs from base to maximum and back; triangular2 halves its height in every cycle,
#    exp_range shrinks it by $\gamma^t$. <!-- derived: the formula of the rate, matched with PyTorch -->
# 2. With the peak tuned, no cyclical schedule was better than a cosine, three cycles were worse, and
#    a run cut at the top was worse than a constant rate. <!-- holds: 3 triangles worse_than cosine; 1 triangle
#    open_against cosine; 2 triangles worse_than cosine; triangular2, 3 cycles worse_than cosine;
#    3 triangles, base 1/10 worse_than cosine; cut at the top worse_than constant -->
# 3. With all points in every update, the two larger rates end at the edge of stability, near
#    $2/\eta$; with batches, the noise keeps them below it. <!-- holds: with all points, rates 0.2 and 0.6 end within
#    30 % of 2 / rate; with batches of 32, every rate ends below 70 % of 2 / rate -->
# 4. Flat ends were better on 900 points and worse on 300; at equal training loss most of the
#    difference was gone. <!-- holds: rate 0.6, 900 points better_than rate 0.05, 900 points; rate 0.6,
#    300 points worse_than rate 0.05, 300 points; on 900 points, at equal training loss, less than a
#    third of the difference is left; on 300 points, at equal training loss, less than a third of the
#    difference is left -->
# 5. `CyclicLR` counts calls of `step()` and turns a momentum on unless `cycle_momentum=False`.
#    <!-- holds: stepped by the epoch worse_than by the batch; cycle_momentum left on worse_than
#    cycle_momentum=False -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# | do | start with | evidence |
# |---|---|---|
# | number of cycles | none: come down once to 0, by linear decay or a cosine | three triangles worse than a cosine by about 0.014, two by about half of that <!-- holds: 3 triangles worse_than cosine; 2 triangles worse_than cosine --> |
# | length of a run with cycles | a whole number of cycles | cut at the top it was worse than a constant rate <!-- holds: cut at the top worse_than constant --> |
# | `CyclicLR` | `cycle_momentum=False` unless momentum was tuned with it | left on, the held-out loss was higher by about 0.07 <!-- holds: cycle_momentum left on worse_than cycle_momentum=False --> |
# | the end is not known and the peak is large | restarts, and keep the weights at each end | ahead of the long cosine after the first cycle on 900 points, behind on 300, where the peak was small <!-- holds: restarts, 900 points, after cycle 1 better_than long cosine, 900 points, after cycle 1; restarts, 300 points, after cycle 1 worse_than long cosine, 300 points, after cycle 1 --> |
# | choosing between runs | held-out loss after an anneal, not sharpness | flat ends better on 900 points, worse on 300 <!-- holds: rate 0.6, 900 points better_than rate 0.05, 900 points; rate 0.6, 300 points worse_than rate 0.05, 300 points --> |

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 5](../exercises/ex05_cyclical.ipynb): triangular waves, and how long a cycle is in
# updates. Then take a schedule of yours, add one more cycle to it, and write down before the run
# what you expect at the end of each cycle. Compare on held-out data, over several seeds. The next
# lesson keeps a single cycle and takes it much higher: [lesson 6](06_one_cycle.ipynb).
#
# **References.** L. N. Smith (2015), *Cyclical learning rates for training neural networks*,
# arXiv:1506.01186. · S. Hochreiter, J. Schmidhuber (1997), *Flat minima*, Neural Computation 9. ·
# N. S. Keskar et al. (2017), *On large-batch training for deep learning: generalization gap and
# sharp minima*, arXiv:1609.04836. · B. A. Pearlmutter (1994), *Fast exact multiplication by the
# Hessian*, Neural Computation 6. · J. Cohen et al. (2021), *Gradient descent on neural networks
# typically occurs at the edge of stability*, arXiv:2103.00065. · S. Jastrzębski et al. (2020), *The
# break-even point on optimization trajectories of deep neural networks*, arXiv:2002.09572. ·
# M. Andriushchenko et al. (2023), *A modern look at the relationship between sharpness and
# generalization*, arXiv:2302.07011. · L. Dinh, R. Pascanu, S. Bengio, Y. Bengio (2017), *Sharp
# minima can generalize for deep nets*, arXiv:1703.04933. · G. Huang et al. (2017), *Snapshot
# ensembles: train 1, get M for free*, arXiv:1704.00109. · I. Loshchilov, F. Hutter (2016), *SGDR:
# Stochastic gradient descent with warm restarts*, arXiv:1608.03983.
