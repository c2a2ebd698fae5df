# %% [markdown] tags=["title"]
# # Exercise 10: repair ten training loops, and solve six puzzles
#
# Here are ten training loops with real schedulers of PyTorch. Each has one mistake. Nine of them run to their end, and one
# raises an error. After them come six puzzles: each shows a few lines for a library, which do not do what they seem to say.
# **Time:** about 70 minutes for the loops and 45 for the puzzles. The puzzles do not build on the loops, so you can take
# them on another day.
# **You need** [lesson 10](../notebooks/10_frameworks.ipynb), NumPy and PyTorch.
#
# Write your code in the cells that raise `NotImplementedError`, then run the check cell below each of them.
# The check compares your function with the right answer on several cases. If they differ, it shows the first
# such case and, where it can, names the likely cause. The hints are folded; open one only when you are stuck.
# Keep the names of the arguments. Your function may change its arguments in place, and warnings cost no points.
# You may add cells of your own.
#
# Each of the tasks 1 to 10 shows a function `broken_...`, the rates that it gives and the rates that it should give. Write the
# repaired function under its own name, with the same arguments. It returns the rate **of each update that is carried
# out**, in order, as a list of floats or an array. Keep torch's scheduler where you can. The check looks only at the
# rates.

# %% tags=["parameters"]
seed = 0  # seed of the random cases; another number gives other cases

# %%
import warnings

import numpy as np
import torch
from torch.optim import lr_scheduler as lrs

from course_lib import plots, schedules
from course_lib.checks import check, show_progress
from course_lib.libraries import from_library
from course_lib.libraries.conformance import recorded_rates


def make_sgd(rate):
    """A real optimizer with one dummy weight, whose gradient is always 1."""
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    weight.grad = torch.ones_like(weight)
    return torch.optim.SGD([weight], lr=rate)


def rate_of(optimizer):
    """The rate that the next update of this optimizer will use."""
    return optimizer.param_groups[0]["lr"]


def show(label, rates):
    print(f"{label:9}", " ".join(f"{float(rate) + 0.0:6.4f}" for rate in rates))


# %% [markdown] tags=["task"]
# ## 1. The order of two lines
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# The loop should make `step_size` updates at `base_lr`, then `step_size` updates at `gamma` times that rate, and so on.
# `repaired_order(base_lr, step_size, gamma, updates)` returns the rates of all updates. `updates` and `step_size` are
# ≥ 1, and 0 < `gamma` < 1.
#
# torch warns about this mistake. The warning is silenced below.


# %%
def broken_order(base_lr, step_size, gamma, updates):
    optimizer = make_sgd(base_lr)
    scheduler = lrs.StepLR(optimizer, step_size=step_size, gamma=gamma)
    lr_history = []
    for _update in range(updates):
        scheduler.step()
        lr_history.append(rate_of(optimizer))
        optimizer.step()
    return lr_history


with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    show("broken", broken_order(0.1, 3, 0.1, 7))
show("wanted", schedules.step_decay(0.1, drop=0.1, every=3)(np.arange(7)))


# %% task="repaired_order" tags=["solution"]
def repaired_order(base_lr, step_size, gamma, updates):
    """Return the rates of a run with StepLR."""
    sgd = make_sgd(base_lr)
    stairs = lrs.StepLR(sgd, step_size=step_size, gamma=gamma)
    used = []
    for _step in range(updates):
        used.append(rate_of(sgd))
        sgd.step()
        stairs.step()
    return used


# %% tags=["check"]
check(repaired_order, seed)

# %% [markdown] tags=["task"]
# ## 2. Updates that did not take place
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# In mixed precision an attempt whose gradients overflow changes no weight. `overflows` is a list that says for each
# attempt whether this happens, `True` or `False`. The rates should be `peak_lr` · (1 − $t$ / `total_steps`), where $t$
# counts only the updates that have been *carried out*. `repaired_skips(peak_lr, total_steps, overflows)` returns their
# rates, one for each attempt that did not overflow. There are at most `total_steps` attempts. If all of them overflow,
# the answer is empty.


# %%
def broken_skips(peak_lr, total_steps, overflows):
    optimizer = make_sgd(peak_lr)
    scheduler = lrs.LambdaLR(optimizer, lambda t: 1 - t / total_steps)
    lr_history = []
    for overflow in overflows:
        if not overflow:  # what the gradient scaler does
            lr_history.append(rate_of(optimizer))
            optimizer.step()
        scheduler.step()
    return lr_history


show("broken", broken_skips(0.1, 8, [False, True, True, False, False, False]))
show("wanted", schedules.linear(0.1, 8)(np.arange(4)))


# %% task="repaired_skips" tags=["solution"]
def repaired_skips(peak_lr, total_steps, overflows):
    """Return the rates of the updates that were carried out."""
    sgd = make_sgd(peak_lr)
    line = lrs.LambdaLR(sgd, lambda done: 1 - done / total_steps)
    used = []
    for was_skipped in overflows:
        if was_skipped:
            continue
        used.append(rate_of(sgd))
        sgd.step()
        line.step()
    return used


# %% tags=["check"]
check(repaired_skips, seed)

# %% [markdown] tags=["task"]
# ## 3. Epochs and batches
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# The rates should follow half a cosine from `peak_lr` to 0 over the whole run, with a new rate at **every update**. Each
# batch is one update, and 0 would be the rate after the last one. `repaired_epochs(peak_lr, epochs, batches)` returns the
# rates of all `epochs * batches` updates; `epochs` and `batches` are ≥ 1.


# %%
def broken_epochs(peak_lr, epochs, batches):
    optimizer = make_sgd(peak_lr)
    scheduler = lrs.CosineAnnealingLR(optimizer, T_max=epochs)
    lr_history = []
    for _epoch in range(epochs):
        for _batch in range(batches):
            lr_history.append(rate_of(optimizer))
            optimizer.step()
            scheduler.step()
    return lr_history


show("broken", broken_epochs(0.1, 3, 3))
show("wanted", schedules.cosine(0.1, 9)(np.arange(9)))


# %% task="repaired_epochs" tags=["solution"]
def repaired_epochs(peak_lr, epochs, batches):
    """Return the rates of a half cosine over all updates of all epochs."""
    sgd = make_sgd(peak_lr)
    fall = lrs.CosineAnnealingLR(sgd, T_max=epochs * batches)
    used = []
    for _step in range(epochs * batches):
        used.append(rate_of(sgd))
        sgd.step()
        fall.step()
    return used


# %% tags=["check"]
check(repaired_epochs, seed)

# %% [markdown] tags=["task"]
# ## 4. Gradients of several batches
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# The gradients of `accumulate` batches are added up for one update. The batches left over at the end of the run, if any,
# make no update. The rates should follow half a cosine from `peak_lr` to 0 over the updates.
# `repaired_accumulation(peak_lr, batches, accumulate)` returns the rates of these updates. `batches` is the number of
# batches in the whole run, and `batches` ≥ `accumulate` ≥ 1.


# %%
def broken_accumulation(peak_lr, batches, accumulate):
    optimizer = make_sgd(peak_lr)
    scheduler = lrs.CosineAnnealingLR(optimizer, T_max=batches // accumulate)
    lr_history = []
    for batch in range(batches):
        if (batch + 1) % accumulate == 0:
            lr_history.append(rate_of(optimizer))
            optimizer.step()
        scheduler.step()
    return lr_history


with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # about the order, as in task 1
    show("broken", broken_accumulation(0.1, 25, 4))
show("wanted", schedules.cosine(0.1, 6)(np.arange(6)))


# %% task="repaired_accumulation" tags=["solution"]
def repaired_accumulation(peak_lr, batches, accumulate):
    """Return the rates of a half cosine over the updates."""
    sgd = make_sgd(peak_lr)
    fall = lrs.CosineAnnealingLR(sgd, T_max=batches // accumulate)
    used = []
    for number in range(1, batches + 1):
        if number % accumulate == 0:
            used.append(rate_of(sgd))
            sgd.step()
            fall.step()
    return used


# %% tags=["check"]
check(repaired_accumulation, seed)

# %% [markdown] tags=["task"]
# ## 5. Past the end
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# The rates should follow half a cosine from `peak_lr` that reaches `floor` after `T_max` updates, and then stay at the floor
# for the rest of the run. `repaired_end(peak_lr, floor, T_max, updates)` returns the rates of all updates. `updates` may be
# larger than `T_max`, equal to it or smaller. Both are ≥ 1, and 0 ≤ `floor` ≤ `peak_lr`.


# %%
def broken_end(peak_lr, floor, T_max, updates):
    optimizer = make_sgd(peak_lr)
    scheduler = lrs.CosineAnnealingLR(optimizer, T_max=T_max, eta_min=floor)
    lr_history = []
    for _update in range(updates):
        lr_history.append(rate_of(optimizer))
        optimizer.step()
        scheduler.step()
    return lr_history


show("broken", broken_end(0.1, 0.01, 6, 10))
show("wanted", schedules.cosine(0.1, 6, floor=0.01)(np.arange(10)))


# %% task="repaired_end" tags=["solution"]
def repaired_end(peak_lr, floor, T_max, updates):
    """Return the rates of a half cosine that holds its floor."""
    sgd = make_sgd(peak_lr)
    fall = lrs.CosineAnnealingLR(sgd, T_max=T_max, eta_min=floor)
    used = []
    for _step in range(updates):
        used.append(rate_of(sgd))
        sgd.step()
        if fall.last_epoch < T_max:
            fall.step()
    return used


# %% tags=["check"]
check(repaired_end, seed)

# %% [markdown] tags=["task"]
# ## 6. One cycle, counted
#
# *Difficulty* ●●○ · *about 10 minutes* · *1 point*
#
# Every epoch goes through all `examples` in batches of `batch_size`. The last batch of an epoch may be smaller, but it is
# an update all the same. The rates should make one cycle over all these updates, with the settings below. They rise
# linearly from a tenth of `max_lr` to `max_lr`, then fall linearly to a hundredth of `max_lr`, which is the rate of the last
# update. With $N$ updates, counted from 0, the peak is at $0.3N-1$ (`pct_start`), which may lie between two updates.
# `repaired_one_cycle(max_lr, epochs, examples, batch_size)` returns the rates. There are at least 4 updates.


# %%
def broken_one_cycle(max_lr, epochs, examples, batch_size):
    optimizer = make_sgd(max_lr)
    scheduler = lrs.OneCycleLR(
        optimizer,
        max_lr=max_lr,
        epochs=epochs,
        steps_per_epoch=examples // batch_size,
        pct_start=0.3,
        anneal_strategy="linear",
        div_factor=10,
        final_div_factor=10,
        cycle_momentum=False,
    )
    lr_history = []
    for _epoch in range(epochs):
        for _first in range(0, examples, batch_size):
            lr_history.append(rate_of(optimizer))
            optimizer.step()
            scheduler.step()
    return lr_history


try:
    broken_one_cycle(0.1, 2, 18, 4)
except ValueError as error:
    print("broken   ", error)
show("wanted", np.interp(np.arange(10), [0, 2, 9], [0.01, 0.1, 0.001]))


# %% task="repaired_one_cycle" tags=["solution"]
def repaired_one_cycle(max_lr, epochs, examples, batch_size):
    """Return the rates of one cycle over all updates of all epochs."""
    sgd = make_sgd(max_lr)
    total = epochs * len(range(0, examples, batch_size))
    cycle = lrs.OneCycleLR(
        sgd,
        max_lr,
        total_steps=total,
        anneal_strategy="linear",
        div_factor=10,
        final_div_factor=10,
        cycle_momentum=False,
    )
    used = []
    for _step in range(total):
        used.append(rate_of(sgd))
        sgd.step()
        cycle.step()
    return used


# %% tags=["check"]
check(repaired_one_cycle, seed)

# %% [markdown] tags=["task"]
# ## 7. Stopped and resumed
#
# *Difficulty* ●●○ · *about 10 minutes* · *1 point*
#
# A run of `total_steps` updates is stopped after `stop` of them, and a new process resumes it. The rates should be those of a
# run that was never stopped: half a cosine from `peak_lr` to 0 over `total_steps`. `repaired_resume(peak_lr, total_steps, stop)`
# returns the rates of both processes, one after the other; 1 ≤ `stop` < `total_steps`. The dict `saved` stands for a file:
# it has to contain everything that the new process knows about the old one.


# %%
def run_updates(optimizer, scheduler, count):
    lr_history = []
    for _update in range(count):
        lr_history.append(rate_of(optimizer))
        optimizer.step()
        scheduler.step()
    return lr_history


def broken_resume(peak_lr, total_steps, stop):
    optimizer = make_sgd(peak_lr)
    scheduler = lrs.CosineAnnealingLR(optimizer, T_max=total_steps)
    lr_history = run_updates(optimizer, scheduler, stop)
    saved = {"optimizer": optimizer.state_dict()}

    optimizer = make_sgd(peak_lr)  # the new process begins here
    scheduler = lrs.CosineAnnealingLR(optimizer, T_max=total_steps)
    optimizer.load_state_dict(saved["optimizer"])
    return lr_history + run_updates(optimizer, scheduler, total_steps - stop)


show("broken", broken_resume(0.1, 8, 3))
show("wanted", schedules.cosine(0.1, 8)(np.arange(8)))


# %% task="repaired_resume" tags=["solution"]
def repaired_resume(peak_lr, total_steps, stop):
    """Return the rates of a run that is stopped once and resumed."""
    sgd = make_sgd(peak_lr)
    fall = lrs.CosineAnnealingLR(sgd, T_max=total_steps)
    used = run_updates(sgd, fall, stop)
    kept = [part.state_dict() for part in (sgd, fall)]
    sgd = make_sgd(peak_lr)
    fall = lrs.CosineAnnealingLR(sgd, T_max=total_steps)
    for part, state in zip((sgd, fall), kept, strict=True):
        part.load_state_dict(state)
    return used + run_updates(sgd, fall, total_steps - stop)


# %% tags=["check"]
check(repaired_resume, seed)

# %% [markdown] tags=["task"]
# ## 8. A factor or a rate
#
# *Difficulty* ●○○ · *about 5 minutes* · *1 point*
#
# The rate at step $t = 0, 1, \dots$ should be `base_lr` times `gamma` to the power $t$, but never less than the rate
# `floor`. `repaired_factor(base_lr, gamma, floor, updates)` returns the rates of all updates; 0 < `gamma` < 1 and
# 0 ≤ `floor` ≤ `base_lr`. The loop uses `run_updates` from task 7, so run that cell first.


# %%
def broken_factor(base_lr, gamma, floor, updates):
    optimizer = make_sgd(base_lr)
    scheduler = lrs.LambdaLR(optimizer, lambda t: max(base_lr * gamma**t, floor))
    return run_updates(optimizer, scheduler, updates)


show("broken", broken_factor(0.1, 0.5, 0.01, 7))
show("wanted", np.maximum(0.1 * 0.5 ** np.arange(7), 0.01))


# %% task="repaired_factor" tags=["solution"]
def repaired_factor(base_lr, gamma, floor, updates):
    """Return the rates of an exponential decay that stops at a floor."""
    sgd = make_sgd(base_lr)
    fall = lrs.LambdaLR(sgd, lambda step: max(gamma**step, floor / base_lr))
    return run_updates(sgd, fall, updates)


# %% tags=["check"]
check(repaired_factor, seed)

# %% [markdown] tags=["task"]
# ## 9. Restarts that come late
#
# *Difficulty* ●●○ · *about 10 minutes* · *1 point*
#
# The rates should follow half a cosine from `peak_lr` towards 0 over `T_0` epochs and fall at every update. At the first
# update of epoch `T_0`, 2 · `T_0`, … (counted from 0) the rate is back at the peak.
# `repaired_restarts(peak_lr, T_0, epochs, batches)` returns the rates of all `epochs * batches` updates. All arguments except
# the rate are whole numbers ≥ 1.


# %%
def broken_restarts(peak_lr, T_0, epochs, batches):
    optimizer = make_sgd(peak_lr)
    scheduler = lrs.CosineAnnealingWarmRestarts(optimizer, T_0=T_0)
    lr_history = []
    for epoch in range(epochs):
        for batch in range(batches):
            lr_history.append(rate_of(optimizer))
            optimizer.step()
            scheduler.step(epoch + batch / batches)
    return lr_history


show("broken", broken_restarts(0.1, 2, 3, 3))
show("wanted", schedules.cosine_restarts(0.1, 6)(np.arange(9)))


# %% task="repaired_restarts" tags=["solution"]
def repaired_restarts(peak_lr, T_0, epochs, batches):
    """Return the rates of a cosine with restarts, told of fractions of an epoch."""
    sgd = make_sgd(peak_lr)
    waves = lrs.CosineAnnealingWarmRestarts(sgd, T_0=T_0)
    used = []
    for number in range(epochs * batches):
        used.append(rate_of(sgd))
        sgd.step()
        waves.step((number + 1) / batches)
    return used


# %% tags=["check"]
check(repaired_restarts, seed)

# %% [markdown] tags=["task"]
# ## 10. A plateau below zero
#
# *Difficulty* ●●○ · *about 10 minutes* · *1 point*
#
# The metric is the negative log-likelihood of a density. It can be negative, and lower is better. The rule is this:
#
# - A metric is *better* if it is below the best so far by **more** than `threshold`, an absolute amount > 0, or if it is
#   the first. An epoch whose metric is not better is a *bad* epoch.
# - When there have been more than `patience` bad epochs since the last better one or the last cut, the rate is
#   cut: it is multiplied by `factor` from the next epoch on.
#
# `repaired_plateau(base_lr, factor, patience, threshold, metrics)` returns the rate of each epoch. Here one epoch is one
# update, and its metric is known at its end.
#
# - `factor`: above 0 and below 1
# - `patience`: a whole number ≥ 0
# - `metrics`: a list of floats, one for each epoch


# %%
def broken_plateau(base_lr, factor, patience, threshold, metrics):
    optimizer = make_sgd(base_lr)
    scheduler = lrs.ReduceLROnPlateau(
        optimizer, factor=factor, patience=patience, threshold=threshold
    )
    lr_history = []
    for metric in metrics:
        lr_history.append(rate_of(optimizer))
        optimizer.step()
        scheduler.step(metric)
    return lr_history


standing_still = [-1.0] * 8
show("broken", broken_plateau(0.1, 0.5, 2, 0.1, standing_still))
cuts = np.maximum(np.arange(8) - 1, 0) // 3  # the first bad epoch is the second one
show("wanted", 0.1 * 0.5**cuts)


# %% task="repaired_plateau" tags=["solution"]
def repaired_plateau(base_lr, factor, patience, threshold, metrics):
    """Return the rates of a plateau rule with an absolute threshold."""
    sgd = make_sgd(base_lr)
    plateau = lrs.ReduceLROnPlateau(
        sgd, factor=factor, patience=patience, threshold=threshold, threshold_mode="abs"
    )
    used = []
    for value in metrics:
        used.append(rate_of(sgd))
        sgd.step()
        plateau.step(value)
    return used


# %% tags=["check"]
check(repaired_plateau, seed)

# %% [markdown] tags=["section"]
# # Six puzzles
#
# A library does not always do what its lines seem to say. Each puzzle shows a few such lines. Predict the rates first,
# and write your prediction down. Then run the cell below, which shows the rates that the library gave when it was run, in
# the version that the puzzle names. Last, write a function that gives the library's rates for other arguments as well.
#
# You need none of these libraries. `course_lib` can convert most of their schedules, but the point is to find the rule, so
# write your functions without it; the grader points out those that call it. All six together take about 45 minutes.

# %% [markdown] tags=["predict"]
# ## 11. One cycle
#
# With transformers 5.23, you set up a run of 100 updates. The first ten are a warmup, and then comes *one* cosine.
#
# ```python
# TrainingArguments(
#     learning_rate=0.1, max_steps=100, warmup_steps=10,
#     lr_scheduler_type="cosine", lr_scheduler_kwargs={"num_cycles": 1},
# )
# ```
#
# > **Predict before you run.** Which rate does update $t = 55$ have, in the middle of the cosine? Which has $t = 99$, the last
# > one?

# %%
set_to_1 = recorded_rates("transformers", "cosine_num_cycles_1")
left_out = recorded_rates("transformers", "cosine")  # the same lines without num_cycles
print("t                 ", "".join(f"{t:8d}" for t in (10, 55, 99, 105)))
for label, rates in (("num_cycles=1", set_to_1), ("num_cycles left out", left_out)):
    print(f"{label:19}", "".join(f"{rates[t] + 0.0:8.4f}" for t in (10, 55, 99, 105)))

# %% jupyter={"source_hidden": true}
plots.show(
    plots.rate_lines({"num_cycles=1": set_to_1, "num_cycles left out": left_out}, marks=(100,)),
    alt="Two rates over 106 updates. Both rise to 0.1 at update 10. Without num_cycles the rate falls to 0 at update "
    "100, marked by a dotted line. With num_cycles=1 it is at 0 at update 55 already, and back at 0.1 at update 100.",
)

# %% [markdown] tags=["task"]
# *Difficulty* ●○○ · *about 6 minutes* · *1 point*
#
# This run ends close to its peak, and nothing warns you. (The scheduler `"cosine_with_restarts"` takes a `num_cycles` too, and
# there 1 is the plain fall to 0.)
#
# `cosine_of_cycles(peak_lr, warmup_steps, total_steps, num_cycles, updates)` returns the rates of the updates
# $t = 0, 1, \dots,$ `updates` − 1 under `"cosine"`.
#
# - `warmup_steps`: the rate rises linearly from 0 at $t = 0$ to `peak_lr` at $t =$ `warmup_steps`, which may be 0
# - `total_steps`: more than `warmup_steps`; the warmup is a part of it
# - `num_cycles`: above 0, not always a whole number; transformers' default is the number that gives the other curve
# - `updates`: it may be larger than `total_steps`


# %% task="cosine_of_cycles" tags=["solution"]
def cosine_of_cycles(peak_lr, warmup_steps, total_steps, num_cycles, updates):
    """Return the rates of transformers' cosine with this number of cycles."""
    t = np.arange(updates)
    turns = num_cycles * (t - warmup_steps) / (total_steps - warmup_steps)
    fall = 0.5 + 0.5 * np.cos(2 * np.pi * turns)
    return peak_lr * np.where(t < warmup_steps, t / max(warmup_steps, 1), fall)


# %% tags=["check"]
check(cosine_of_cycles, seed)

# %% [markdown] tags=["predict"]
# ## 12. A warmup of a thousand updates
#
# In the configuration of DeepSpeed 0.19, the warmup gets a length, and nothing else.
#
# ```json
# "optimizer": {"type": "AdamW", "params": {"lr": 0.1}},
# "scheduler": {"type": "WarmupLR", "params": {"warmup_num_steps": 1000}}
# ```
#
# > **Predict before you run.** After how many updates has the rate reached half the peak? Which rates do the first two
# > updates have?

# %%
# DeepSpeed's schedule as course_lib converts it; the rows below were recorded from DeepSpeed.
warmup = from_library("deepspeed.WarmupLR", base_lr=0.1, warmup_num_steps=1000)(np.arange(1101))
print("half the peak: first at t =", np.argmax(warmup >= 0.05))
print("updates of the warmup with half the peak or more:", np.sum(warmup[:1000] >= 0.05))
print("\nrecorded         t =", "".join(f"{t:7d}" for t in range(12)))
for steps, name in ((10, "WarmupLR_log"), (1, "WarmupLR_W1")):
    rates = recorded_rates("deepspeed", name)[:12]
    print(f"warmup_num_steps {steps:3d}", "".join(f"{rate:7.4f}" for rate in rates))

# %% jupyter={"source_hidden": true}
plots.show(
    plots.rate_lines(
        {"WarmupLR": warmup, "a linear warmup": np.minimum(np.arange(1101) / 1000, 1) * 0.1}
    ),
    alt="Two warmups to 0.1 over 1,000 updates. The linear one is at half the peak after 500 updates. DeepSpeed's goes up "
    "steeply at once, is at half the peak after 32 updates, and creeps up to the peak from there.",
)

# %% [markdown] tags=["task"]
# *Difficulty* ●●○ · *about 8 minutes* · *1 point*
#
# The default of `warmup_type` is `"log"`, and nearly all updates of this warmup have at least half the peak. If you took
# its length from a recipe with a linear warmup, say `"warmup_type": "linear"`.
#
# `logarithmic_warmup(peak_lr, warmup_num_steps, updates)` returns the rates of the first `updates` updates under these
# lines. `warmup_num_steps` ≥ 1, and `updates` may be larger or smaller than that.


# %% task="logarithmic_warmup" tags=["solution"]
def logarithmic_warmup(peak_lr, warmup_num_steps, updates):
    """Return the rates of DeepSpeed's WarmupLR with its default type."""
    done = np.clip(np.arange(updates), 1, max(warmup_num_steps, 2))
    return peak_lr * np.log(done) / np.log(max(warmup_num_steps, 2))


# %% tags=["check"]
check(logarithmic_warmup, seed)

# %% [markdown] tags=["predict"]
# ## 13. Four batches, one update
#
# Keras 3.15 can accumulate gradients by itself. This run reads 400 batches, so it makes 100 updates.
#
# ```python
# rate = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=100)
# optimizer = keras.optimizers.SGD(rate, gradient_accumulation_steps=4)
# ```
#
# > **Predict before you run.** Which rates do the updates $t = 0$, 12, 25 and 99 have? (The first is not quite 0.1.)

# %%
planned = schedules.cosine(0.1, 100)(np.arange(100))
accumulated = recorded_rates("keras", "SGD_gradient_accumulation_steps_4")[:100]
print("t           ", "".join(f"{t:9d}" for t in (0, 1, 12, 24, 25, 99)))
for label, rates in (("planned", planned), ("recorded", accumulated)):
    print(f"{label:12}", "".join(f"{rates[t]:9.5f}" for t in (0, 1, 12, 24, 25, 99)))

# %% jupyter={"source_hidden": true}
plots.show(
    plots.rate_lines({"planned": planned, "recorded": accumulated}),
    alt="The planned half-cosine falls from 0.1 to 0 over 100 updates. The recorded rate falls to 0 within 25 updates and "
    "stays there.",
)

# %% [markdown] tags=["task"]
# *Difficulty* ●○○ · *about 6 minutes* · *1 point*
#
# Three quarters of these updates have rate 0 and change nothing. Without accumulation Keras counts updates, as lesson 10 says. What does
# it count here?
#
# `accumulated_decay(peak_lr, decay_steps, accumulate, updates)` returns the rates of the first `updates` updates. All but
# the rate are whole numbers ≥ 1.


# %% task="accumulated_decay" tags=["solution"]
def accumulated_decay(peak_lr, decay_steps, accumulate, updates):
    """Return the rates of Keras' cosine when gradients are accumulated."""
    of_batches = []
    for batch in range(accumulate * updates):
        angle = np.pi * min(batch / decay_steps, 1)
        of_batches.append(peak_lr / 2 + peak_lr / 2 * np.cos(angle))
    return of_batches[accumulate - 1 :: accumulate]


# %% tags=["check"]
check(accumulated_decay, seed)

# %% [markdown] tags=["predict"]
# ## 14. Every third step
#
# In Lightning 2.6, a run of 3 epochs has 10 batches in each. Gradients of 4 batches are accumulated. The 2 batches that are
# left over make an update as well, so an epoch has 3 updates, after its batches 4, 8 and 10. The scheduler is
# `ExponentialLR(optimizer, gamma=0.98)`, from a rate of 0.1.
#
# ```python
# Trainer(max_epochs=3, accumulate_grad_batches=4)
#
# def configure_optimizers(self):
#     ...
#     return {
#         "optimizer": optimizer,
#         "lr_scheduler": {"scheduler": scheduler, "interval": "step", "frequency": 3},
#     }
# ```
#
# > **Predict before you run.** How often does the scheduler step in this run? How often with `"frequency": 5`?

# %%
print("nine updates, batches    4      8     10 |   4      8     10 |   4      8     10")
for frequency in (3, 5):
    rates = recorded_rates("lightning", f"frequency_{frequency}_accumulate_4")[:9]
    print(f"frequency {frequency}      ", "".join(f"{rate:7.4f}" for rate in rates))

# %% [markdown] tags=["task"]
# *Difficulty* ●●○ · *about 8 minutes* · *1 point*
#
# One of the two runs has no schedule at all, and no warning tells you.
#
# `stepped_by_frequency(base_lr, gamma, epochs, batches, accumulate, frequency)` returns the rates of all updates of the run.
# `batches` is the number of batches in an epoch. All but `base_lr` and `gamma` are whole numbers ≥ 1, and 0 < `gamma` < 1. An
# `accumulate` larger than `batches` makes one update in each epoch.


# %% task="stepped_by_frequency" tags=["solution"]
def stepped_by_frequency(base_lr, gamma, epochs, batches, accumulate, frequency):
    """Return the rates under Lightning's interval "step" with this frequency."""
    rates, rate = [], base_lr
    for number in [*range(1, batches + 1)] * epochs:
        if number == batches or number % accumulate == 0:
            rates.append(rate)
            rate *= 1 if number % frequency else gamma
    return rates


# %% tags=["check"]
check(stepped_by_frequency, seed)

# %% [markdown] tags=["predict"]
# ## 15. A warmup comes first
#
# A recipe for MMEngine 0.10 trains for 12 epochs, numbered from 0, and drops the rate at the milestones 8 and 11. You give
# its first three epochs to a warmup, and let the rule for the drops begin after it.
#
# ```python
# train_cfg = dict(by_epoch=True, max_epochs=12)
# param_scheduler = [
#     dict(type="LinearLR", start_factor=0.1, begin=0, end=3),
#     dict(type="MultiStepLR", milestones=[8, 11], gamma=0.1, begin=3),
# ]
# ```
#
# > **Predict before you run.** The optimizer's rate is 0.1. Which is the first epoch that runs at this rate? At which epochs
# > does the rate drop?

# %%
epochs = recorded_rates("mmengine", "warmup_then_MultiStepLR_begin")[: 12 * 8 : 8]  # 8 batches
print("epoch", "".join(f"{epoch:7d}" for epoch in range(12)))
print("rate ", "".join(f"{rate:7.3f}" for rate in epochs))

# %% [markdown] tags=["task"]
# *Difficulty* ●●○ · *about 8 minutes* · *1 point*
#
# The first drop comes three epochs late. The second would come after the end, so no epoch has the lowest rate.
#
# `counted_from_begin(base_lr, start_factor, begin, milestones, gamma, epochs)` returns the rate of each epoch.
#
# - `begin`: the `end` of the warmup and the `begin` of the drops, which are the same number ≥ 2 (3 above)
# - `start_factor`, `gamma`: above 0 and below 1
# - `milestones`: whole numbers ≥ 1, in rising order
# - `epochs`: the number of epochs; milestones may lie beyond it


# %% task="counted_from_begin" tags=["solution"]
def counted_from_begin(base_lr, start_factor, begin, milestones, gamma, epochs):
    """Return the rate of each epoch under MMEngine's warmup and milestones."""
    epoch = np.arange(epochs)
    rise = np.interp(epoch, [0, begin - 1], [start_factor, 1.0])
    passed = np.searchsorted(milestones, epoch - begin, side="right")
    return base_lr * rise * gamma**passed


# %% tags=["check"]
check(counted_from_begin, seed)

# %% [markdown] tags=["predict"]
# ## 16. Linear to zero
#
# Stable-Baselines3 2.9 knows how long a run is, and tells the schedule how much of it remains: 1 at the start, 0 at the end.
# Its documentation has this linear schedule. PPO collects experience in rollouts of `n_steps` timesteps, and makes updates
# after each of them.
#
# ```python
# def linear_schedule(initial_value):
#     return lambda progress_remaining: progress_remaining * initial_value
#
# model = PPO("MlpPolicy", env, learning_rate=linear_schedule(0.001), n_steps=64)
# model.learn(total_timesteps=200)
# ```
#
# > **Predict before you run.** How many rollouts are made? Which rate do the updates after the first rollout have? Which have
# > those after the last?

# %%
ppo = recorded_rates("stable_baselines3", "PPO_linear_schedule_negative")
print("rollout", "".join(f"{rollout:10d}" for rollout in (1, 2, 3, 4)))
print(
    "rate   ", "".join(f"{rate:10.5f}" for rate in ppo[::28])
)  # this run made 28 updates a rollout

# %% jupyter={"source_hidden": true}
figure = plots.rate_lines({"PPO": 1000 * ppo})
figure.axes[0].axhline(0, color="black", lw=1)
figure.axes[0].set(xlabel="update", ylabel="learning rate × 1000", ylim=(-0.4, 1.1))
plots.show(
    figure,
    alt="The rate of PPO over its updates: four stairs, at 0.00068, 0.00036, 0.00004 and, below the line at zero, "
    "at minus 0.00028.",
)

# %% [markdown] tags=["task"]
# *Difficulty* ●○○ · *about 6 minutes* · *1 point*
#
# At a negative rate an optimizer goes uphill: the updates after the last rollout step in the wrong direction.
#
# `rates_of_rollouts(initial_lr, total_timesteps, n_steps, n_envs)` returns one rate for each rollout. With `n_envs`
# environments at once, a rollout takes `n_steps` steps in every one of them, and all these timesteps count. All but the
# rate are whole numbers ≥ 1.


# %% task="rates_of_rollouts" tags=["solution"]
def rates_of_rollouts(initial_lr, total_timesteps, n_steps, n_envs):
    """Return the rate of the updates after each rollout of PPO."""
    done, rates = 0, []
    while done < total_timesteps:
        done += n_steps * n_envs
        rates.append(initial_lr * (total_timesteps - done) / total_timesteps)
    return rates


# %% tags=["check"]
check(rates_of_rollouts, seed)

# %% tags=["progress", "nbval-ignore-output"]
show_progress()

# %% [markdown] tags=["next"]
# ## Done?
#
# You have repaired ten loops. Only one of them raised an error; the other nine ran to their end at the wrong rates. Which
# of these would you have noticed from the loss alone? In the six puzzles no library raised an error. Most of the puzzles
# come down to one question: *what is counted, and from where?* Take a loop of your own, record the rate right before each
# update, and compare these rates with your plan.
#
# Go back to [lesson 10](../notebooks/10_frameworks.ipynb).
