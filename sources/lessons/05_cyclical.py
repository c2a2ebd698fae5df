# %% [markdown] tags=["title"]
# # Raise the rate again, and test the reasons
#
# **You will learn** to
#
# - write Smith's three triangles and match PyTorch's `CyclicLR`, its momentum included;
# - say what a cycle costs and what it gives, with the peak tuned and a score on held-out data;
# - measure sharpness, and test whether large rates find flatter minima, and whether these are
#   better;
# - build a snapshot ensemble from one run, and compare it with what the same budget buys otherwise.
#
# **Time:** about 60 minutes. **You need** lesson 1 (the limit of the rate), lesson 3 (restarts),
# and Python with NumPy and PyTorch.

# %% tags=["parameters"]
seeds = 8  # training runs to choose each peak
FAST = False  # True: fewer runs, for a quick check

# %%
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch.optim.lr_scheduler import CyclicLR

from course_lib import plots, problems, schedules, training
from course_lib.compare import Seeds, compare
from course_lib.intervals import mean_interval
from course_lib.libraries import Loop, simulate_loop
from course_lib.plots import lesson05 as figures

fresh = seeds if FAST else 2 * seeds  # runs that score: other seeds than those that choose
# Twice `seeds` choose a peak here: with fewer, two neighbouring peaks of one family are a draw.
split = Seeds(range(0, 4 * seeds, 2), range(1, 2 * fresh, 2))

# %% [markdown]
# ## Up and down
#
# All schedules so far came down, and at most began with a short rise. Smith (2015) proposed to go
# up again, and again: the rate climbs along a line from a **base** to a **maximum**, falls back
# along a line, and repeats. Half a cycle is the **step size** $s$. With $t$ updates done, the
# cycle is number $c = \lfloor t/2s \rfloor$, counted from zero, and the rate is
#
# $$\eta_t = \eta_\text{base} + (\eta_\text{max} - \eta_\text{base})\,
# \max\bigl(0,\; 1 - |t/s - 2c - 1|\bigr)\, h_t .$$
#
# The three forms differ in the height: $h_t = 1$ is **triangular**; $h_t = 2^{-c}$ halves every
# cycle, **triangular2**; $h_t = \gamma^t$ shrinks it with every update, **exp_range**.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Base 0.01, maximum 0.1, step size 10. What is the triangular rate
# > after 0, 5, 10 and 25 updates? And that of triangular2 after 25?


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
figure = plots.rate_lines(ours)
figure.axes[0].set_ylim(0, 0.125)
figure.axes[0].legend(loc="upper right", ncols=3)
plots.show(
    figure,
    alt="Three rates over 80 updates in four cycles. The triangular one goes from 0.01 to 0.1 and "
    "back four times. Triangular2 halves its height each time. exp_range shrinks smoothly and "
    "ends near the base.",
)

# %% [markdown]
# A cycle averages (base + maximum)/2, as a line or a cosine would between the same ends. Each
# cycle is a warmup and a decay; a run of three cycles is three short runs in a row that keep
# their weights.
#
# ### The same in epochs
#
# You will meet a shorter form that counts in epochs: `cyclical_lr(epoch, cycle_length, min, max)`.


# %% tags=["from-scratch"]
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

# %% [markdown]
# It is the same triangle, in another unit. Asked once an epoch it is a staircase, and with an odd
# cycle length it never reaches its maximum. Hand it a fraction of an epoch, or count in updates.
#
# How long should a cycle be? The advice of Smith (2015) is a step size of 2 to 10 epochs, so a
# cycle of 4 to 20 epochs. <!-- cited: 2, 10, 4, 20 --> For our data:

# %%
for epochs in (2, 10):
    print(f"step size of {epochs:2} epochs: {epochs * updates:3} updates", end=", ")
    print(f"a cycle of {2 * epochs * updates:3}")

# %% [markdown]
# ## The library and PyTorch
#
# `schedules.triangular` takes the whole period, twice the step size. PyTorch's `CyclicLR` takes
# `base_lr`, `max_lr` and `step_size_up`, in calls of `scheduler.step()`. The optimizer's own rate
# is overwritten: it does not matter that we build it with 0.5.


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
# The rates agree. The last line is a surprise: `simulate_loop` used plain SGD, **without
# momentum**. By default `CyclicLR` has `cycle_momentum=True`: it writes a momentum into the
# optimizer, 0.9 where the rate is lowest and 0.8 where it is highest. We come back to that under
# "What goes wrong".

# %% [markdown]
# ## Why raise the rate at all?
#
# A rising rate throws the loss up; the fall has to earn it back. Three reasons are given for
# doing it all the same. It is said to train better; to find *flatter* minima, which generalise
# better; and to escape from poor minima. We take them in turn.
#
# ### Reason 1: it trains better
#
# The spirals with wrong labels from lesson 3, batches of 32, 300 updates. Cycles of 100 updates
# end with the run, at the base. Cycles of 120 do not fit: the run stops in the middle of the
# third, at the very top.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Each schedule gets its own best peak. Which of the three cyclical
# > ones beats the cosine? Which one loses to a constant rate?

# %% tags=["experiment"]
data = problems.noisy_spirals()
workload = training.Workload(data, training.Mlp(dtype="float32"), batch_size=32)


def triangles(period, mode="triangular"):
    return lambda peak_lr, total_steps: schedules.triangular(peak_lr, peak_lr / 10, period, mode)


result = compare(
    workload,
    {
        "constant": lambda peak_lr, total_steps: schedules.constant(peak_lr),
        "linear": schedules.linear,
        "cosine": schedules.cosine,
        "triangular, 100": triangles(100),
        "triangular2, 100": triangles(100, "triangular2"),
        "triangular, 120, cut": triangles(120),
    },
    peaks=(0.2, 0.4, 1.6) if FAST else (0.1, 0.2, 0.4, 0.8, 1.6, 3.2),
    total_steps=300,
    seeds=split,
    reference="cosine",
)
rows = {row.schedule: row for row in result.as_table()}
print("schedule               best peak   held-out loss")
for name in result.names:
    print(f"{name:22} {rows[name].peak_lr:9.1f}   {rows[name].score.mean:13.2f}")


# %% tags=["conclusion"]
def verdict(difference, margin=0.01):
    """What an interval for a difference of losses says."""
    if difference.low > margin:
        return f"worse, by {margin} at least"
    return "better" if difference.high < 0 else "not better"


for name in result.names:
    if name != "cosine":
        print(f"{name:22} against the cosine: {verdict(rows[name].simultaneous)}")
constant, cut = (result.scores[result.names.index(k)] for k in ("constant", result.names[-1]))
print(f"{'cut at the top':22} against constant:   {verdict(mean_interval(cut - constant))}")

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    plots.forest_plot(result),
    alt="Held-out loss of six schedules with intervals and the paired difference to the cosine. "
    "Cosine and linear are lowest; the two triangular schedules that end at the base follow "
    "closely; the constant rate is worse, and the cycles that are cut at the top are the "
    "worst.",
)

# %% [markdown]
# **No.** No cyclical schedule beats the cosine or the line. Those that end at the base come
# close, but a little behind. The one that stops at the top is worse than no schedule at all: the
# end of the run is what counts most, and it spends it at the full rate. The first rule for
# cycles: **make the budget a whole number of them.**

# %% [markdown]
# ## Reason 2: large rates find flat minima, and flat minima generalise
#
# This is the reason most often given: a large rate cannot stay in a *sharp* minimum, so it ends
# in a *flat* one, and flat ones do better on new data (Hochreiter and Schmidhuber, 1997; Keskar
# et al., 2017). These are two claims. Both can be measured.
#
# **Sharpness** is the largest eigenvalue of the Hessian, the largest curvature in any direction.
# Lesson 1 gave the limit: gradient descent can rest at a point only if its sharpness is below
# $2/\eta$. To find it we need no Hessian: multiply a random direction by it again and again, and
# the sharpest direction wins (**power iteration**). The product of Hessian and vector is one more
# call of autograd.

# %%
sizes = (2, 64, 64, 3)


def unpack(rows):
    """W1, b1, W2, b2, W3, b3 of many networks, from one row of parameters each."""
    parts, at = [], 0
    for fan_in, fan_out in pairwise(sizes):
        for count in (fan_in, 1):
            parts.append(rows[:, at : at + count * fan_out].reshape(-1, count, fan_out))
            at += count * fan_out
    return parts


def losses_of(rows, data):
    w1, b1, w2, b2, w3, b3 = unpack(rows)
    hidden = torch.relu(torch.tensor(data.inputs, dtype=rows.dtype) @ w1 + b1)
    scores = torch.relu(hidden @ w2 + b2) @ w3 + b3
    log_p = torch.log_softmax(scores, dim=2)
    return -log_p[:, torch.arange(len(data)), torch.tensor(data.labels)].mean(dim=1)


def sharpness(weights, data, iterations=8):
    """Largest curvature of the training loss at each row of `weights`."""
    rows = torch.tensor(weights, requires_grad=True)
    (slope,) = torch.autograd.grad(losses_of(rows, data).sum(), rows, create_graph=True)
    v = torch.tensor(np.random.default_rng(0).standard_normal(rows.shape), dtype=rows.dtype)
    for _ in range(iterations):
        v = v / v.norm(dim=1, keepdim=True)
        (product,) = torch.autograd.grad(slope, rows, v, retain_graph=True)
        curvature, v = (v * product).sum(dim=1), product
    return curvature.numpy()


quadratic = torch.tensor([[0.0, 0.0]], requires_grad=True)
(slope,) = torch.autograd.grad(
    (quadratic**2 @ torch.tensor([[1.5], [4.0]])).sum(), quadratic, create_graph=True
)
(product,) = torch.autograd.grad(slope, quadratic, torch.tensor([[0.0, 1.0]]))
print("Hessian of 1.5 x² + 4 y², times (0, 1):", product[0].tolist())

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Constant rates of 0.05, 0.2 and 0.6; cosines and triangles from
# > 0.2 and from 0.6; 800 updates each, on two data sets: 300 points, which a network can learn
# > by heart, and 900. Which ends are flattest? And does the flatter end have the lower held-out
# > loss, on both data sets?

# %%
steps = 800
u = np.arange(steps)
ends = {f"constant {rate}": schedules.constant(rate)(u) for rate in (0.05, 0.2, 0.6)}
ends |= {f"cosine {peak}": schedules.cosine(peak, steps)(u) for peak in (0.2, 0.6)}
ends |= {f"triangular {top}": schedules.triangular(top, 0, 200)(u) for top in (0.2, 0.6)}
few = problems.noisy_spirals(per_class=100)
measured = {}
for title, points in (("300 points", few), ("900 points", data)):
    runs = training.train(
        training.Workload(points, training.Mlp(dtype="float32"), batch_size=32),
        np.repeat(list(ends.values()), seeds, axis=0),
        np.tile(np.arange(seeds), len(ends)),
        keep_at=(steps,),
    )
    parts = np.split(runs.weights[:, 0], len(ends))
    sharp = np.array([sharpness(part, points) for part in parts])
    shape = (len(ends), seeds)
    measured[title] = (
        sharp,
        runs.held_out_loss[:, -1].reshape(shape),
        runs.final_loss.reshape(shape),
    )

print("                  300 points                     900 points")
print("                  sharpness  training  held out  sharpness  held out")
for i, name in enumerate(ends):
    sharp, held, training_loss = (table[i].mean() for table in measured["300 points"])
    print(f"{name:15} {sharp:11.0f} {training_loss:9.2f} {held:9.2f}", end=" ")
    sharp, held, _ = (table[i].mean() for table in measured["900 points"])
    print(f"{sharp:10.0f} {held:9.2f}")
for rate in (0.05, 0.2, 0.6):
    print(f"2 / {rate} = {2 / rate:.2g}")

# %% jupyter={"source_hidden": true} tags=["varies"]
panels = {
    title: {name: (sharp[i], held[i]) for i, name in enumerate(ends)}
    for title, (sharp, held, _) in measured.items()
}
plots.show(
    figures.sharpness_panels(panels),
    alt="Held-out loss of every run over its sharpness, one panel a data set. The larger the "
    "largest rate, the flatter the end, for every schedule. With 300 points the flat ends lie "
    "high and the sharp ends low. With 900 points most ends of constant rates lie above "
    "those of cosine and triangular.",
)


# %% tags=["conclusion"]
def rank_correlation(a, b):
    """Spearman's, over the schedules, one a seed."""
    ranks = [x.argsort(axis=0).argsort(axis=0) for x in (a, b)]
    return np.array([np.corrcoef(*pair)[0, 1] for pair in zip(*(r.T for r in ranks), strict=True)])


for title, (sharp, held, _) in measured.items():
    ratios = np.log([sharp[0] / sharp[1], sharp[1] / sharp[2]])
    flatter = all(mean_interval(ratio).low > 0 for ratio in ratios)
    link = mean_interval(rank_correlation(sharp, held))
    words = "flatter is better" if link.low > 0 else "flatter is WORSE" if link.high < 0 else "none"
    print(f"{title}: larger constant rates end flatter: {flatter};", end=" ")
    print(f"over the schedules: {words}")
    gap = held[list(ends).index("constant 0.6")] - held[list(ends).index("cosine 0.6")]
    ratio = sharp[list(ends).index("cosine 0.6")] / sharp[list(ends).index("constant 0.6")]
    flatter = mean_interval(np.log(ratio)).low > 0
    print(f"            constant 0.6 flatter than cosine 0.6: {flatter};", end=" ")
    print(f"its loss: {verdict(mean_interval(gap), 0.002)}")

# %% [markdown]
# **The first claim holds.** The larger the rate, the flatter the end, on both data sets and for
# all three schedules; and each constant rate ends below its limit $2/\eta$. Large rates do rule
# out sharp places.
#
# **The second does not.** With 300 points flatter ends are *worse* on new data, with 900 better.
# The sign changes with the data, because something else is at work: where points are few, a large
# rate also gets further in learning them by heart (look at the training losses), and where they
# are many, getting further is what is wanted. And from the same peak of 0.6, the constant rate
# ends flatter than the cosine on both data sets, with a higher loss. Flatness did not help it. The
# triangles end much like the cosines from the same peak.
#
# These are correlations over seven schedules, on one small network. They do not show that
# flatness never matters; they show that "large rate, flat minimum, better model" is not a law.
#
# ### The number can be changed without changing the network
#
# Dinh et al. (2017) raise a deeper doubt. A ReLU passes a positive factor through. Multiply the
# first layer by $\alpha$ and divide the weights of the second by $\alpha$: every output stays
# what it was.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** One trained network, rescaled with $\alpha$ = 2 and 4. What
# > happens to its held-out loss, and what to its sharpness?

# %%
trained = torch.tensor(parts[3][:1], dtype=torch.float64)  # one run of the cosine from 0.2


def rescaled(rows, alpha):
    w1, b1, w2, b2, w3, b3 = unpack(rows)
    moved = (alpha * w1, alpha * b1, w2 / alpha, b2, w3, b3)
    return torch.cat([part.reshape(len(rows), -1) for part in moved], dim=1)


before = losses_of(trained, data.held_out).item(), sharpness(trained.numpy(), data, 20)[0]
print("alpha   same held-out loss   sharpness, times")
for alpha in (2, 4):
    new = rescaled(trained, alpha)
    same = np.isclose(losses_of(new, data.held_out).item(), before[0], rtol=1e-9)
    print(f"{alpha:5}   {same!s:>18}   {sharpness(new.numpy(), data, 20)[0] / before[1]:16.0f}")

# %% [markdown]
# The same function, as sharp as you like. So sharpness alone cannot be what makes a network
# generalise. It may still go along with it among networks that were trained in the same way, and
# some of the literature finds that; whether it does on your problem has to be measured. On ours
# the sign depends on the data.

# %% [markdown]
# ## Reason 3: escaping from poor minima
#
# A landscape of two parameters shows what a large rate can do. `SeveralMinima` has three wells: a
# wide one, a narrow one that is the lowest, and a shallow one, the pothole. The gradient is
# noisy. We start once in the pothole and once in the lowest well.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Which schedules leave the pothole? Which leave the *lowest* well?
# > Is the loss at the end lower than at the start?

# %%
landscape = problems.SeveralMinima()
lowest, wide, pothole = landscape.minima
walks = 100 if FAST else 200
v = np.arange(600)
plans = {
    "constant 0.02": schedules.constant(0.02)(v),
    "cosine 0.3": schedules.cosine(0.3, 600)(v),
    "triangular 0.3": schedules.triangular(0.3, 0, 150)(v),
}
curvatures = [np.linalg.eigvalsh(landscape.hessian(w))[-1] for w in landscape.minima]
print("             lowest    wide  pothole")
print("loss       ", "".join(f"{landscape.loss(w):8.2f}" for w in landscape.minima))
print("sharpness  ", "".join(f"{c:8.1f}" for c in curvatures))
arrived = {}
for place, start in (("pothole", pothole), ("lowest", lowest)):
    for name, rates in plans.items():
        paths = problems.walk(landscape, np.tile(rates, (walks, 1)), start, 1.0, np.arange(walks))
        arrived[place, name] = paths[:, -1]

# %% tags=["conclusion"]
for (place, name), points in arrived.items():
    start = {"pothole": pothole, "lowest": lowest}[place]
    away = np.linalg.norm(points[:, None] - landscape.minima, axis=2).argmin(axis=1)
    share = (np.linalg.norm(landscape.minima[away] - start, axis=1) > 0).mean()
    change = mean_interval(landscape.loss(points) - landscape.loss(start))
    words = "most leave" if share > 0.6 else "none leaves" if share == 0 else "some leave"
    loss = "lower" if change.high < -0.1 else "higher" if change.low > 0.1 else "much the same"
    print(f"from the {place:7}, {name:15}: {words:11}, mean loss {loss}")

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    figures.wells(landscape, lowest, {name: arrived["lowest", name] for name in plans}),
    alt="Where walks from the lowest well end, over the contours of the landscape. With a small "
    "constant rate all stay in it. With the cosine and with the triangular rate, most have "
    "moved to the wide well at the left, and a few to the pothole.",
)

# %% [markdown]
# **A large rate does escape, and it does not ask from where.** From the pothole that is a gain;
# from the lowest well, a loss: it prefers wide wells to low ones. And the cosine does it as well
# as the cycles do. One large rate is enough to leave; what cycles add is leaving again and again.
# If a cycle escapes *from the pothole of your problem*, a larger peak will probably do the same.

# %% [markdown]
# ## Several models from one run
#
# At the end of each cycle the rate is low and the model finished. Huang et al. (2017) keep all of
# them and average their predicted probabilities: a **snapshot ensemble**, for the price of one
# run. Is it one? The same number of updates can buy other things:
#
# - the last snapshot alone, or one long cosine;
# - four separate networks, each with a cosine of a quarter of the updates, averaged likewise.
#
# Each of them gets its own best peak, from the same grid and on the same seeds, and is scored on
# others.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Rank the four on 900 points and on 300. How much is the averaging
# > worth?

# %%
cycles = 4
length = steps // cycles


def probabilities(weights, points):
    return training.predict(weights, points.held_out.inputs, sizes)


def score(p, points):
    """Held-out loss and accuracy of each run, (2, runs)."""
    chosen = p[:, points.held_out.labels, np.arange(len(points.held_out))]
    return np.array(
        [-np.log(chosen).mean(axis=1), (p.argmax(axis=1) == points.held_out.labels).mean(1)]
    )


def four_ways(points, peak_lr, numbers):
    """Scores of the four ways to spend the budget, and the losses of all snapshots."""
    work = training.Workload(points, training.Mlp(dtype="float32"), batch_size=32)
    count, marks = len(numbers), [length * (k + 1) for k in range(cycles)]
    long = [schedules.cosine_restarts(peak_lr, length)(u), schedules.cosine(peak_lr, steps)(u)]
    run = training.train(
        work, np.repeat(long, count, axis=0), np.tile(numbers, 2), keep_at=marks, score_every=length
    )
    short = training.train(
        work,
        np.tile(schedules.cosine(peak_lr, length)(u[:length]), (cycles * count, 1)),
        np.concatenate([np.array(numbers) + 1000 * k for k in range(cycles)]),
        keep_at=(length,),
    )
    snapshots = [probabilities(run.weights[:count, k], points) for k in range(cycles)]
    separate = [probabilities(w, points) for w in np.split(short.weights[:, 0], cycles)]
    scores = {
        "4 snapshots": score(sum(snapshots) / cycles, points),
        "last snapshot": score(snapshots[-1], points),
        "one cosine": score(probabilities(run.weights[count:, -1], points), points),
        "4 short runs": score(sum(separate) / cycles, points),
    }
    return scores, run.held_out_loss.reshape(2, count, cycles)


peaks = (0.2, 0.4, 1.6) if FAST else (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # for each of the four ways
choosing = split.validation[: 4 if FAST else seeds]
outcome, best_peak, on_the_way = {}, {}, {}
for title, points in (("300 points", few), ("900 points", data)):
    tuned = {p: four_ways(points, p, choosing)[0] for p in peaks}
    names = list(tuned[peaks[0]])
    best = {k: min(tuned, key=lambda p, k=k: tuned[p][k][0].mean()) for k in names}
    finals = {p: four_ways(points, p, split.fresh) for p in set(best.values())}
    outcome[title] = {k: finals[best[k]][0][k] for k in names}
    best_peak[title] = best
    on_the_way[title] = finals[best["last snapshot"]][1]

print("                           best peak   accuracy")
for title, table in outcome.items():
    for name, (_, accuracy) in table.items():
        print(f"{title}, {name:14} {best_peak[title][name]:9}   {accuracy.mean():8.2f}")
chosen = {p for best in best_peak.values() for p in best.values()}
print("every choice inside the grid:", peaks[0] < min(chosen) and max(chosen) < peaks[-1])


# %% tags=["conclusion"]
def word_for(difference, margin):
    """What an interval for a difference of losses says, both ways."""
    if difference.high < -margin:
        return "better"
    return "worse" if difference.low > margin else "no clear difference"


print("loss of the 4 snapshots; less than 0.0015 counts as no difference")
for title, table in outcome.items():
    for other in ("last snapshot", "one cosine", "4 short runs"):
        difference = mean_interval(table["4 snapshots"][0] - table[other][0])
        print(f"{title}, against {other:13}: {word_for(difference, 0.0015)}")

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    figures.method_intervals(
        {
            title: {name: mean_interval(loss) for name, (loss, _) in table.items()}
            for title, table in outcome.items()
        }
    ),
    alt="Mean held-out loss with its interval for the four ways to spend the budget. With 300 "
    "points, four short runs and four snapshots are lowest, one cosine and the last snapshot "
    "higher. With 900 points the four short runs are highest, the other three close together.",
)

# %% [markdown]
# **Averaging pays where a single model overfits.** With 300 points the snapshots beat the last
# one and the long cosine in loss; their accuracy is the same: what improves is how sure they are
# when they are wrong. But four separate short runs cannot be told from them, for the same updates
# and without any cycle. With 900 points the average buys nothing: the last snapshot and the long
# cosine alone do as well. The short runs are a little behind there; each of them stops before it
# has learnt enough. Snapshots resemble each other, for they share their past. Their case is the
# one where *one* run is all you have.
#
# The best peaks differ widely. An average can afford members that a high rate has made different,
# and a short run needs a high rate to get anywhere. One peak for all four would have decided the
# comparison before it began.
#
# ### A model at any time
#
# One advantage remains. Compare the two long runs on the way:

# %% tags=["conclusion"]
print("loss of the restarts against one long cosine; less than 0.005 counts as no difference")
for title, (restarts, cosine) in on_the_way.items():
    for k, when in ((0, "after the first cycle"), (-1, "at the end")):
        difference = mean_interval(restarts[:, k] - cosine[:, k])
        print(f"{title}, {when:21}: {word_for(difference, 0.005)}")

# %% [markdown]
# Both runs have the same peak, the best one for the last snapshot. **The run with cycles is ahead
# only on 900 points after its first cycle,** when the long cosine is still near its peak. By the
# end the cosine has caught up. On 300 points the best peak is so small that noise hardly matters
# and distance does: the cosine, which has travelled further by then, is ahead. So "a finished
# model at any time" is worth something where a high rate keeps the loss up, early in the run, and
# nothing at the end.
#
# **When to use cycles:** the end of the run is not known, the peak is large, or you want several
# models out of one run. **When to avoid them:** you know the end and want the best model there.
# Then come down once.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 1: a momentum you never asked for
#
# You tuned plain SGD, without momentum, and put a `CyclicLR` on it. Everything else is left at its
# default. What do optimizers get?


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

asked = simulate_loop(default_cycle, Loop(updates=300))
table = np.tile(asked.rates, (seeds, 1))
without = training.train(workload, table, np.arange(seeds)).held_out_loss[:, -1]
momenta = np.tile(asked.momentum, (seeds, 1))
with_it = training.train(workload, table, np.arange(seeds), momenta=momenta).held_out_loss[:, -1]
print(f"held-out loss: as tuned {without.mean():.2f}, with the default {with_it.mean():.1f}")
print("the default is", verdict(mean_interval(with_it - without)))

# %% [markdown]
# A momentum $m$ multiplies the step by up to $1/(1-m)$: five times at the top, ten at the base. A
# peak that was tuned without it is far too large. In Adam, `beta1` is moved without a word; an
# optimizer with neither raises an error. Write `cycle_momentum=False`, unless you tuned with it.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 2: a step size in batches, a scheduler stepped by the epoch
#
# `step_size_up` counts calls of `scheduler.step()`. Here it is 50, meant in batches; but the loop
# calls the scheduler once an epoch, as one does with `StepLR`.

# %%
slow = simulate_loop(
    lambda o: CyclicLR(o, 0.08, 0.8, step_size_up=50, cycle_momentum=False),
    Loop(updates=300, step_per="epoch", batches_per_epoch=updates),
)
print("update            0     50    100    299")
for name, rates in (("as planned", asked.rates), ("per epoch", slow.rates)):
    print(f"{name:11}", "".join(f"{rates[t]:7.2f}" for t in (0, 50, 100, 299)))
stuck = training.train(workload, np.tile(slow.rates, (seeds, 1)), np.arange(seeds))
print("per epoch is", verdict(mean_interval(stuck.held_out_loss[:, -1] - without)))

# %% [markdown]
# The first climb would take 50 epochs. The run ends with a fifth of the way done, and never comes
# down. The other way round, a step size in epochs and a step per batch, the rate flickers so fast
# that it acts like a constant. Print the rates of the whole run before you start it.
# <!-- 10/50 = 0.2 -->

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
plots.rate_lines(curves, ax=left)
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
# A cycle is 20 batches, so the run holds two and a half: it ends at the maximum. Use 40 or 60
# batches, or another step size. And the momentum is cycled unless you say `cycle_momentum=False`.
# <!-- 2*10 = 20 --> <!-- 2*20 = 40 --> <!-- 3*20 = 60 -->
#
# </details>
#
# ---
# **2.** "We used a larger rate, the minimum is flatter, so the model generalises better." Which
# part would you believe, and what would you ask for?
#
# <details><summary>Answer</summary>
#
# That a larger rate ends flatter: yes, it cannot rest where the curvature exceeds $2/\eta$. That
# flatter is better: ask for the held-out loss. Above, the sign of that link depended on the data,
# and rescaling a network changes its sharpness and nothing else.
#
# </details>
#
# ---
# **3.** You may train for an unknown time and will be stopped without notice. Cycles or one cosine?
#
# <details><summary>Answer</summary>
#
# Cycles, if the peak is large: keep the weights at each end, and there is a finished model at
# most one cycle old. A cosine is only finished at its planned end. At a small peak there
# is nothing to gain, as you saw.
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. A triangle climbs from base to maximum and back; triangular2 halves its height, exp_range
#    shrinks it by $\gamma^t$.
# 2. With the peak tuned no cycle beat a cosine here; a run cut at the top was worse than a
#    constant rate.
# 3. Large rates do end flatter, below $2/\eta$; that flatter is better held on one data set and
#    failed on the other.
# 4. Snapshots beat a single model that overfits, but there separate short runs of the same budget
#    did as well.
# 5. `CyclicLR` counts calls of `step()`, and turns a momentum on unless `cycle_momentum=False`.

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 5](../exercises/ex05_cyclical.ipynb): triangular waves, and how long a cycle is in updates.
# Then take a schedule of yours, add one more cycle to it, and write down before the run what you
# expect at the end of each. Then compare on held-out data, over several seeds. The next lesson
# keeps a single cycle and goes up with it further than one would think: [lesson
# 6](06_one_cycle.ipynb).
#
# **References.** L. N. Smith (2015), *Cyclical learning rates for training neural networks*,
# arXiv:1506.01186. · S. Hochreiter, J. Schmidhuber (1997), *Flat minima*, Neural Computation 9. ·
# N. S. Keskar et al. (2017), *On large-batch training for deep learning: generalization gap and
# sharp minima*, arXiv:1609.04836. · L. Dinh, R. Pascanu, S. Bengio, Y. Bengio (2017), *Sharp
# minima can generalize for deep nets*, arXiv:1703.04933. · G. Huang et al. (2017), *Snapshot
# ensembles: train 1, get M for free*, arXiv:1704.00109. · I. Loshchilov, F. Hutter (2016), *SGDR:
# Stochastic gradient descent with warm restarts*, arXiv:1608.03983.
