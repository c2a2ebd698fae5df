# %% [markdown] tags=["title"]
# # Run it in your framework, and check which rates you got
#
# **You will learn** to
#
# - write one schedule for PyTorch, Keras, optax, transformers and timm, and say where they differ;
# - write your own scheduler, and a loop that records the rates it used;
# - count updates under accumulation and several processes, and save and resume a run;
# - recognise fourteen mistakes by the rates that they leave behind, in your loop or in a log, know a fifteenth that
#   leaves none, and say what one of them costs.
#
# **Time:** about 45 minutes, and 15 more for *Further*.
# **You need** lessons 1 to 4, lesson 6 for the 1-cycle, and
# Python with NumPy and PyTorch. optax, Keras and transformers are run if you have them (`make frameworks` installs them),
# but nothing depends on it.

# %% tags=["parameters"]
seeds = 8  # training runs to choose each peak; twice as many others score it

# %%
import os
import textwrap
from functools import partial

import numpy as np
import torch
from torch.optim import lr_scheduler as lrs

from course_lib import compare, plots, problems, schedules, training
from course_lib.diagnose import compare_with_plan, diagnose, example_log, read_log
from course_lib.libraries import (
    Loop,
    Resume,
    as_torch_scheduler,
    from_library,
    simulate_loop,
    to_library,
)
from course_lib.libraries.conformance import recorded_rates
from course_lib.lint import lint
from course_lib.outcomes import show_facts
from course_lib.plots.diagnosis import comparison_figure

# %% [markdown] tags=["surprise", "predict"]
# ## A loop that runs without a warning
#
# The gradients of four batches are added up for one update, and the run makes 100 updates. So the scheduler is
# `CosineAnnealingLR(optimizer, T_max=100)`: half a cosine, from 0.1 to 0. `scheduler.step()` is the last line
# in the loop over the batches.
#
# > **Predict before you run.** Which rate does update 25 have? Update 50? The last one?

# %% tags=["surprise"]
half_cosine_of_100 = partial(lrs.CosineAnnealingLR, T_max=100)
planned, got = (
    simulate_loop(half_cosine_of_100, Loop(updates=100, accumulate=4, step_per=unit), base_lr=0.1)
    for unit in ("update", "batch")
)
for name, run in (("planned", planned), ("this loop", got)):
    print(f"{name:10}", "  ".join(f"update {t}: {run.rates[t]:.4f}" for t in (0, 25, 50, 75, 99)))
show_facts(
    {
        "the loop raises an error": got.error is not None,
        "its last rate is above nine tenths of the peak": got.rates[99] > 0.09,
        "its mean rate is that of the plan, to five per cent": bool(
            abs(got.rates.mean() / planned.rates.mean() - 1) < 0.05
        ),
    }
)

# %% [markdown]
# The rate goes down and up twice, and **the run ends near its peak, without an error**.
# <!-- holds: the loop raises an error is false; its last rate is above nine tenths of the peak -->
# Even the mean rate is right. <!-- holds: its mean rate is that of the plan, to five per cent --> Below we measure what such a loop costs, and catch it with one line.

# %% [markdown]
# ## What a scheduler is
#
# A schedule is a function from the updates done, $t$, to a rate. A PyTorch **scheduler** wraps it in state: a
# counter, and a reference to the optimizer. When it is built it writes the first rate into
# `param_groups`. Each `step()` adds one to the counter and writes the next rate. It does not know what an update, a
# batch or an epoch is: **it counts calls of `step()`, and nothing else.** <!-- source: PyTorch 2.13 (2026), torch.optim.lr_scheduler -->
# Many mistakes in this lesson follow from that sentence. (Two schedulers can be told more: mistakes 12 and 13.)

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The schedule is $0.1\,(1 - t/5)$, for five updates. Which five rates does the
# > optimizer use? Which ones, if `scheduler.step()` comes *before* `optimizer.step()`?


# %% tags=["from-scratch"]
class Scheduler:
    def __init__(self, optimizer, schedule):
        self.optimizer, self.schedule, self.t = optimizer, schedule, 0
        self.write()

    def write(self):
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule(self.t)

    def step(self):
        self.t += 1
        self.write()


# %% tags=["from-scratch"]
def train_with_schedule(inputs, targets, schedule, updates, scheduler_first=False):
    w = torch.zeros(inputs.shape[1], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1.0)  # this rate is overwritten at once
    scheduler, lr_history, losses = Scheduler(optimizer, schedule), [], []
    for _ in range(updates):
        optimizer.zero_grad()
        loss = ((inputs @ w - targets) ** 2).mean()
        loss.backward()
        if scheduler_first:
            scheduler.step()
        lr_history.append(optimizer.param_groups[0]["lr"])  # right before it is used
        optimizer.step()
        if not scheduler_first:
            scheduler.step()
        losses.append(loss.item())
    return losses, lr_history


# %% tags=["from-scratch"]
def row(label, rates, width=24):
    print(f"{label:{width}}", " ".join(f"{rate + 0.0:7.4f}" for rate in rates))


inputs = torch.tensor(np.random.default_rng(0).standard_normal((50, 3)))
targets = inputs @ torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
for first in (False, True):
    _, history = train_with_schedule(inputs, targets, lambda t: 0.1 * (1 - t / 5), 5, first)
    row("scheduler first" if first else "optimizer first", history)

# %% [markdown]
# In the wrong order the first rate is never used, and the last update has rate 0 and is wasted. The line to remember is
# `lr_history.append(...)`, **right before** `optimizer.step()`: it records what was used and not what was
# planned. The course's `simulate_loop` does the same. It runs a real optimizer and scheduler of PyTorch on a
# model of one number, and returns the rate of every update. `as_torch_scheduler` makes a real
# `LRScheduler` of a schedule, with groups, momentum and `state_dict`.


# %% tags=["library"]
def rates_of(make, updates, base_lr=0.1, **loop):
    return simulate_loop(make, Loop(updates=updates, **loop), base_lr=base_lr).rates


falling = schedules.linear(0.1, 5)
by_class = rates_of(lambda o: Scheduler(o, falling), 5)
by_course = rates_of(lambda o: as_torch_scheduler(o, falling), 5)
print("our class, the course's scheduler and the plan agree:", end=" ")
print(np.allclose(by_class, falling(np.arange(5))) and np.allclose(by_course, by_class))

# %% [markdown]
# ## One schedule, five libraries
#
# The plan has a peak of 0.1 and a warmup of 10 updates from 0, then half a cosine to 0.001 at update 100. `to_library`
# writes it for five libraries; the code needs nothing from this course.

# %% tags=["library"]
plan = schedules.warmup(schedules.cosine(0.1, 90, floor=0.001), 10, start=0.0)
code = {
    name: to_library(plan, name) for name in ("torch", "optax", "keras", "transformers", "timm")
}
for name, text in code.items():
    print(f"----- {name}\n{text}")

# %% [markdown]
# timm's `t_initial` is the cosine alone **if** `warmup_prefix=True`; more on that below.
#
# `to_library` also writes for `"lightning"`, `"diffusers"`, `"mmengine"`, `"deepspeed"` and `"paddle"`. Where a library
# has no exact words for a schedule, it raises `CannotExpress` and says why.
#
# `flax.nnx` has no schedules of its own; it takes an optimizer of optax, which takes optax's function in place of a
# number: `nnx.Optimizer(model, optax.sgd(schedule), wrt=nnx.Param)`.
#
# There are two families here. In **torch, transformers and timm** you call a scheduler, and it can be called at
# the wrong time. In **optax and Keras** the optimizer counts its own updates and asks the function. There is no call
# to forget, and the counter is saved with the optimizer's state. (Keras has an exception, which is puzzle 13 of the
# exercise.)

# %% [markdown] tags=["predict"]
# > **Predict before you run.** All of them are asked for the same curve. Do they agree up to update 100? The
# > loop runs on to update 105: which of them stay at 0.001, and which do not?

# %% tags=["library"]
keys = {
    "optax": "warmup_cosine_decay_schedule(decay_steps=total)",
    "keras": "CosineDecay_warmup(decay_steps=total-warmup)",
    "timm": "CosineLRScheduler_prefix",
    "transformers": "cosine_with_min_lr",
}
curves = {name: recorded_rates(name, key) for name, key in keys.items()}  # 106 updates each


def torch_code(optimizer):  # runs the text above
    made = {"optimizer": optimizer}
    exec(code["torch"], made)
    return made["scheduler"]


def two_parts(optimizer):  # what most people write with torch's own parts
    rise = lrs.LinearLR(optimizer, start_factor=0.1, total_iters=10)
    fall = lrs.CosineAnnealingLR(optimizer, T_max=90, eta_min=0.001)
    return lrs.SequentialLR(optimizer, [rise, fall], milestones=[10])


curves["torch, code above"] = rates_of(torch_code, 106)
curves["torch, SequentialLR"] = rates_of(two_parts, 106)
some = [0, 1, 5, 10, 55, 99, 100, 105]
print(f"{'t':24}", " ".join(f"{t:7d}" for t in some))
for name, rates in curves.items():
    row(name, rates[some])

# %% tags=["library"]
show_facts(
    {
        "all but SequentialLR agree up to update 100": all(
            np.allclose(rates[:101], curves["optax"][:101], atol=1e-7)
            for name, rates in curves.items()
            if name != "torch, SequentialLR"
        ),
        "optax, Keras and timm clamp, transformers and SequentialLR climb": all(
            (rates[105] > 0.0011) == (name in ("transformers", "torch, SequentialLR"))
            for name, rates in curves.items()
        ),
    }
)

# %% jupyter={"source_hidden": true}
figure, (left, right) = plots.panels(2, height=3.3)
together = {
    "code above, optax, keras, timm": curves["optax"],
    "transformers": curves["transformers"],
    "SequentialLR": curves["torch, SequentialLR"],
}
plots.rate_lines(together, ax=left, marks=(100,), title="the run, and 5 updates more")
plots.rate_lines(together, ax=right, title="the end")
left.get_legend().remove()
right.set(xlim=(88, 106), ylim=(0, 0.006))
plots.show(
    figure,
    alt="Left: three rates over 106 updates. All rise to 0.1 at update 10 and fall along a cosine; one of them "
    "begins at 0.01 and not at 0. Right, the end: all reach 0.001 at update 100. There one stays, and those of "
    "transformers and torch's SequentialLR turn and climb.",
)

# %% [markdown]
# Up to the end all of them give one curve, except the pair with torch's `LinearLR`, whose `start_factor` has to be above 0.
# Past the end there are two camps: optax, Keras and timm clamp, transformers and torch's cosine climb back. (To *clamp* is
# to hold the floor.) <!-- holds: all but SequentialLR agree up to update 100; optax, Keras and timm clamp, transformers and
# SequentialLR climb --> The code that `to_library` writes for torch holds the floor. Note the names of the floor: `eta_min`
# and `lr_min` are rates; Keras' and optax's `alpha` is a **share** of the peak.
# [Libraries](libraries.ipynb) has a plan like this one in the words of many libraries, and such answers for every schedule
# that was recorded.
#
# torch was run just now. The other rows were recorded from the libraries. If you have optax, Keras or transformers, the
# next cell runs the code printed above for real. What it prints depends on what you have.

# %% jupyter={"source_hidden": true} tags=["nbval-ignore-output"]
os.environ.setdefault("KERAS_BACKEND", "torch")
probe = [0, 1, 5, 9, 10, 11, 55, 99, 100]


def run_code(name):
    def make(optimizer):
        made = {"optimizer": optimizer}
        exec(code[name], made)
        return made["scheduler"]

    if name == "transformers":
        got = simulate_loop(make, Loop(updates=101), base_lr=0.1)
        if got.error:
            raise got.error.exception
        return got.rates[probe]
    made = {}
    exec(code[name], made)
    return np.array([float(made["schedule"](t)) for t in probe])


def step_decay(epoch, lr):
    return (0.1, 0.01, 0.001)[min(epoch // 30, 2)]


def keras_callbacks():
    import keras

    model = keras.Sequential([keras.layers.Dense(1)])
    model.build((None, 1))
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    scheduler = keras.callbacks.LearningRateScheduler(step_decay)
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=2)
    for callback in (scheduler, plateau):
        callback.set_model(model)
    plateau.on_train_begin()
    seen, calls = [], []
    for epoch in (0, 29, 30, 60):
        scheduler.on_epoch_begin(epoch)
        seen.append(float(model.optimizer.learning_rate))
    model.optimizer.learning_rate = 0.1
    for epoch in range(4):
        plateau.on_epoch_end(epoch, {"loss": 1.0})
        calls.append(float(model.optimizer.learning_rate))
    return np.allclose(seen, [0.1, 0.1, 0.01, 0.001]) and np.allclose(calls, [0.1, 0.1, 0.01, 0.01])


def optax_past_its_end():
    import jax
    import optax

    fall = optax.polynomial_schedule(0.1, 0.0, power=0.5, transition_steps=10)
    return f"{float(fall(15)):.0f} outside jax.jit, {float(jax.jit(fall)(15))} inside"


def optax_changed_by_hand(learning_rate):
    """Whether a rate set by hand before the fourth update is still there in the sixth."""
    import jax.numpy as jnp
    import optax

    optimizer = optax.inject_hyperparams(optax.sgd)(learning_rate=learning_rate)
    weights, got = jnp.zeros(1), []
    state = optimizer.init(weights)
    for t in range(6):
        if t == 3:
            state.hyperparams["learning_rate"] = jnp.asarray(0.01)
        update, state = optimizer.update(jnp.ones(1), state, weights)
        got.append(-float(update[0]))
    return "kept" if np.isclose(got[-1], 0.01) else "written over"


def trainer_warmups():
    from types import SimpleNamespace

    from transformers import TrainingArguments

    def updates_of(value):
        return TrainingArguments.get_warmup_steps(SimpleNamespace(warmup_steps=value), 100)

    return [updates_of(value) for value in (0.1, 0.99, 1.0, 20)] == [10, 99, 1, 20]


for name in ("optax", "keras", "transformers"):
    try:
        same = np.allclose(run_code(name), plan(np.array(probe)), atol=1e-7)
        print(f"{name}: run here,", "agrees" if same else "DIFFERS: a newer version?")
        if name == "keras":
            print("keras: the two callbacks do what is said of them below:", keras_callbacks())
        if name == "optax":
            words = optax_past_its_end().replace("0 ", "the end value ")
            print("optax: polynomial_schedule with a power of one half, past its end:", words)
            import optax

            fall = optax.linear_schedule(0.1, 0.0, transition_steps=10)
            for kind, given in (("a number", 0.1), ("a schedule", fall)):
                rates = optax_changed_by_hand(given)
                print(f"optax: inject_hyperparams with {kind}; a rate set by hand is", rates)
        if name == "transformers":
            print("transformers: warmup_steps means what is said of it below:", trainer_warmups())
    except ImportError:
        print(f"{name}: not installed, the recorded values stand for it")

# %% [markdown]
# If you use optax: for many lengths, 10 among them, `polynomial_schedule` with a fractional power gives `nan` past its
# end under `jax.jit`, and the right value outside. One update too many, and the weights are nan. A power of 1 or 2 is safe.

# %% [markdown] tags=["guide"]
# ## Who calls `step()` for you?
#
# A trainer calls the scheduler, so its default decides in what unit you must count.
#
# | tool | who steps, and when | what to write for one step an update |
# |---|---|---|
# | PyTorch, also with DDP | you; in DDP each process steps its own copy, once an update | `scheduler.step()` after `optimizer.step()` <!-- source: PyTorch 2.13 (2026), documentation of DistributedDataParallel --> |
# | Lightning 2 | Lightning; `interval` is `"epoch"` by default, so a `T_max` in updates is never reached | `return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}`, with `interval` in the *inner* dictionary; the length is `self.trainer.estimated_stepping_batches` <!-- source: Lightning-AI/pytorch-lightning, LRSchedulerConfig (2022 to 2025); issues 6948 (2021) and 9300 (2021) --> |
# | Hugging Face Trainer | the Trainer, once an update; an update that fp16 skips counts as well, because the default optimizer is fused and hides the skip | `lr_scheduler_type`, by default `"linear"`: to 0 at the end of the run; `warmup_steps`, by default 0. Below 1 it is a *share* of the run, and 1.0 is one update. `warmup_ratio` of version 4 is gone; a floor goes into `lr_scheduler_kwargs` <!-- source: transformers 5.23 (2026), TrainingArguments; huggingface/accelerate, issue 4242 (2026) --> |
# | Accelerate | a prepared scheduler steps N times an update in N processes, on purpose, unless `split_batches=True` | make it N times as long, or do not prepare it and step it yourself <!-- source: huggingface/accelerate, AcceleratedScheduler (2022 to 2025) --> |
# | optax | nobody: the optimizer counts. `optax.inject_hyperparams(optax.sgd)(learning_rate=...)` keeps the rate in the state | read `state.hyperparams["learning_rate"]`; set it by hand only if a *number* was given, because a schedule writes over it at the next update <!-- source: optax 0.2.8 (2026), inject_hyperparams --> |
#
# The arguments are those of transformers 5.23 (Hugging Face, 2026) and optax 0.2.8 (DeepMind, 2026).
# <!-- cited: 5.23, 0.2.8 -->
# With `interval="step"` Lightning waits for the accumulated batches, as you would want. Its `frequency` counts batches
# within an epoch, though: with a frequency larger than the number of batches in an epoch it never steps, which is a known
# issue.
# <!-- source: Lightning-AI/pytorch-lightning, training_epoch_loop.py and issue 17544 (2023) -->
# `simulate_loop` runs these loops too: `lightning_loop`, `accelerate_loop`, `transformers_loop`, `keras_loop` and
# `optax_loop` of `course_lib.libraries` take the tools' own arguments.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: Keras in its own words
#
# Keras has two ways, and they exclude each other (the callback raises a `TypeError` if the optimizer
# holds a schedule object):
#
# ```python
# def step_decay(epoch, lr):            # epoch counts from 0; lr is the rate now in force
#     return (0.1, 0.01, 0.001)[min(epoch // 30, 2)]
#
# model.fit(..., callbacks=[keras.callbacks.LearningRateScheduler(step_decay)])     # per epoch
#
# rate = keras.optimizers.schedules.ExponentialDecay(0.1, 1000, 0.96, staircase=True)
# model.compile(optimizer=keras.optimizers.SGD(rate))                               # per batch
# ```
#
# With `gradient_accumulation_steps=4` the schedule object still counts batches, so a decay whose length is the number
# of updates is over after a quarter of them. <!-- source: Keras 3.15 (2026), BaseOptimizer -->
# The callback's function returns an absolute rate. If it uses `lr`, it compounds: `return 0.96 * lr` cuts the
# rate in every epoch, and a run that resumes without its old `lr` starts from the wrong place.

# %%
stairs = {"initial_learning_rate": 0.1, "decay_steps": 1000, "decay_rate": 0.96}
staircase = from_library("keras.ExponentialDecay", **stairs, staircase=True)
smooth = from_library("keras.ExponentialDecay", **stairs)
print(f"{'t':24}", " ".join(f"{t:7d}" for t in (0, 500, 999, 1000, 2000)))
for name, schedule in (("staircase=True", staircase), ("staircase=False", smooth)):
    row(name, schedule(np.array([0, 500, 999, 1000, 2000])))
half = from_library("keras.CosineDecay", initial_learning_rate=0.1, decay_steps=1000, alpha=0.1)
row("CosineDecay, alpha=0.1", half(np.array([0, 500, 999, 1000, 2000])))

# %% [markdown]
# (Two more facts of this kind were in lesson 4: Keras' `CosineDecay` stays flat if `warmup_target` equals the
# initial rate, and optax's `decay_steps` includes the warmup where Keras' excludes it.)

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: PyTorch's parts
#
# `LambdaLR` is the general tool: you return a **factor** of the optimizer's own rate. Most of the others are
# special cases, joined by `SequentialLR`. `OneCycleLR` and `CyclicLR` differ from these: they ignore the optimizer's rate.
# One more difference shows with two **parameter groups**, which are weights with a rate of their own, say a pretrained
# body at 0.01 and a new head at 0.1:


# %%
def warm_then_fall(t):  # ten updates of warmup, then 5 % less with each
    return t / 10 if t < 10 else 0.95 ** (t - 10)


def group_rates(make, at=(0, 5, 50, 90)):
    body, head = (torch.nn.Parameter(torch.zeros(1)) for _ in range(2))
    optimizer = torch.optim.SGD([{"params": [body], "lr": 0.01}, {"params": [head], "lr": 0.1}])
    scheduler, seen = make(optimizer), {}
    for t in range(max(at) + 1):
        seen[t] = [group["lr"] for group in optimizer.param_groups]
        optimizer.step()
        scheduler.step()
    return "   ".join(f"{seen[t][0]:.4f} {seen[t][1]:.4f}" for t in at)


print(f"{'body, head at t =':28} 0               5               50              90")
for name, make in {
    "LambdaLR": lambda o: lrs.LambdaLR(o, warm_then_fall),
    "LambdaLR, a list": lambda o: lrs.LambdaLR(o, [lambda t: 1 - t / 100, lambda t: 1.0]),
    "CosineAnnealingLR": lambda o: lrs.CosineAnnealingLR(o, 100),
    "… with eta_min=0.005": lambda o: lrs.CosineAnnealingLR(o, 100, eta_min=0.005),
    "OneCycleLR": lambda o: lrs.OneCycleLR(o, max_lr=0.1, total_steps=100),
    "as_torch_scheduler, a list": lambda o: as_torch_scheduler(
        o, [schedules.cosine(0.01, 100), schedules.cosine(0.1, 100)]
    ),
}.items():
    print(f"{name:28} {group_rates(make)}")

# %% [markdown]
# A factor keeps the ratio of the groups. An absolute number does not: `eta_min` is the same for both, so they
# approach each other, and `OneCycleLR` with a single `max_lr` makes them equal from the start (it takes
# a list).

# %% [markdown]
# ## Count first
#
# Every schedule with a horizon needs the number of **updates**. The batches left over at the end of an epoch make an
# update as well, so you round up in each epoch, and not once for the whole run.

# %% tags=["library"]
job = {"epochs": 10, "examples": 1000, "batch_size": 32}
print("10 * 1000 / 32, rounded down:      ", 10 * 1000 // 32)
print("10 epochs of 1000, batches of 32:  ", schedules.total_updates(**job))
print("… the last small batch dropped:    ", schedules.total_updates(**job, drop_last=True))
print("… gradients of 4 batches added up: ", schedules.total_updates(**job, accumulate=4))
print("… and 2 processes:                 ", end=" ")
print(schedules.total_updates(**job, accumulate=4, processes=2))

# %% [markdown]
# ## What does one mistake cost?
#
# We take a tuned run and three loops that count wrongly. The network has
# two hidden layers and learns spirals whose labels are wrong in one case of five. The run has 300 updates, and the loops
# take 30 of them for an epoch. In each loop the scheduler is torch's `CosineAnnealingLR`:
#
# - **right**: `T_max=300`, stepped once an update;
# - **four steps an update**: `T_max=300`, stepped four times for each update, as Accelerate does on purpose with a
#   prepared scheduler in 4 processes (plain DDP steps once). A loop that adds up the gradients of 4 batches and steps after
#   each batch has almost the same rates;
# - **epochs, stepped per batch**: `T_max=10`, and `step()` in the inner loop;
# - **updates, stepped per epoch**: `T_max=300`, and `step()` in the outer loop.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Sketch the four curves. Which of the wrong ones have the same mean rate as the right
# > one? Which are worse at the peak that is best for the right loop? And if somebody who does
# > not know of the mistake tunes the peak: does the best peak move, and is the loss recovered?

# %% tags=["experiment"]
updates, batches = 300, 30
loops = {
    "right": (300, {}),
    "four steps an update": (300, {"processes": 4}),
    "epochs, per batch": (10, {"step_per": "batch"}),
    "updates, per epoch": (300, {"step_per": "epoch", "batches_per_epoch": batches}),
}
real = {
    name: rates_of(partial(lrs.CosineAnnealingLR, T_max=T), updates, 1.0, **how)
    for name, (T, how) in loops.items()
}
constant = schedules.constant


def wave(peak, half):  # torch's cosine, up and down for ever
    return from_library("torch.CosineAnnealingLR", base_lr=peak, T_max=half)


def stairs_of(peak, steps):  # a level for each epoch
    levels = schedules.cosine(peak, steps)(np.arange(steps // batches))
    return schedules.join(*(constant(level).take(batches) for level in levels))


# %% tags=["experiment"]
makers = {
    "right": schedules.cosine,
    "four steps an update": lambda peak, steps: wave(peak, steps // 4),
    "epochs, per batch": lambda peak, steps: wave(peak, steps // batches),
    "updates, per epoch": stairs_of,
}
for name, rates in real.items():
    same = np.allclose(makers[name](1.0, updates)(np.arange(updates)), rates)
    print(f"{name:22} mean rate / peak {rates.mean():.2f}, last {rates[-1]:.2f}, as run: {same}")

# %% tags=["experiment"]
workload = training.Workload(problems.noisy_spirals(), training.Mlp(dtype="float32"), batch_size=32)
split = compare.Seeds(range(0, 2 * seeds, 2), range(1, 4 * seeds, 2))  # to choose, to score
peaks = (0.2, 0.4, 0.8, 1.6, 3.2)
result = compare.compare(
    workload, makers, peaks=peaks, total_steps=updates, seeds=split, reference="right"
)
best = result.chosen_peaks[0]
at_best = training.train(
    workload,
    np.repeat(best * np.array(list(real.values())), 2 * seeds, axis=0),
    np.tile(split.fresh, len(real)),
    score_every=10,
)
losses = dict(zip(real, at_best.held_out_loss.reshape(len(real), 2 * seeds, -1), strict=True))

# %% tags=["experiment"]
margin, right = compare.margin(workload), losses["right"][:, -1]
wrong = [name for name in real if name != "right"]
compare.show_verdicts(
    [
        compare.paired(name, "right", losses[name][:, -1], right, margin, peaks=(best, best))
        for name in wrong
    ],
    at="the right loop's peak",
)
compare.show_verdicts(result.against("right", margin=margin), at="its own best peak")
show_facts({"every wrong loop has a lower best peak": bool((result.chosen_peaks[1:] < best).all())})

# %% jupyter={"source_hidden": true} tags=["varies"]
figure, (left, right) = plots.panels(2, width=8.4, height=3.6)
plots.rate_lines({name: best * rates for name, rates in real.items()}, ax=left)
left.get_legend().remove()
left.set_xlabel("updates")
plots.held_out_curves(at_best.scored_at, losses, ax=right, top=1.25)
plots.show(
    figure,
    alt="Left: rates of four loops over 300 updates. One falls from 1.6 to zero; one goes down and up twice; "
    "one goes up and down fifteen times; one stays at 1.6. Right: held-out loss. The right loop ends lowest; the "
    "other three end well above it, those with waves going up and down with their rate.",
)

# %% [markdown]
# **All three loops are worse, by 0.09 to 0.14 at the same peak, and by 0.04 to 0.09 at their own best peak.** Nothing crashed.
# <!-- holds: four steps an update worse_than right at the right loop's peak; epochs, per batch worse_than right at the right loop's peak; updates, per epoch worse_than right at the right loop's peak; four steps an update worse_than right at its own best peak; epochs, per batch worse_than right at its own best peak; updates, per epoch worse_than right at its own best peak -->
# Two of them have the mean rate of the right loop, so their steps were not larger in sum. All three **end** at a high
# rate, where the noise floor of lesson 1 is high as well. Where a wave is low its loss is lower too, so
# the moment at which you stop decides what you get. Tuning hides the mistake and does not repair it: it picks a lower peak,
# and the loss stays worse. <!-- holds: every wrong loop has a lower best peak --> A best peak that is oddly low is a reason to look at `lr_history`.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong: fifteen loops
#
# Read each fragment, say which rates it gives, then run the cell below it. The optimizer has a rate of
# 0.1 where nothing else is said. There are five groups; three are here, and two are under *Further*.

# %% [markdown] tags=["goes-wrong", "predict"]
# ### A. Order and counting
#
# **1.** `StepLR(optimizer, step_size=3)`: three updates at a rate, then a tenth of it.
# ```python
# scheduler.step()
# optimizer.step()
# ```
# **2.** The same scheduler in mixed precision. In the second update a gradient overflows, and the scaler
# skips it.
# ```python
# scaler.step(optimizer)
# scaler.update()
# scheduler.step()
# ```
# **3.** Ten epochs of four batches, `CosineAnnealingLR(optimizer, T_max=10)`, with `scheduler.step()` after every
# batch. And the reverse: `T_max=40`, stepped after each epoch.
#
# **4.** `T_max=100` for 100 updates, and an update every 4 batches.
# ```python
# loss.backward()
# if (i + 1) % 4 == 0:
#     optimizer.step()
#     optimizer.zero_grad()
# scheduler.step()
# ```

# %% tags=["goes-wrong"]
three = partial(lrs.StepLR, step_size=3)
row("planned", rates_of(three, 6))
row("1. scheduler first", rates_of(three, 6, scheduler_first=True))
skipping = simulate_loop(three, Loop(updates=6, skipped=[1]), base_lr=0.1)
used = dict(zip(skipping.attempts.tolist(), skipping.rates, strict=True))
cells = [f"{used[u]:7.4f}" if u in used else "skipped" for u in range(6)]
print(f"{'2. one update skipped':24}", " ".join(cells))
print(f"\n{'update':24}", " ".join(f"{t:7d}" for t in (0, 5, 10, 15, 20, 30, 39)))
batchwise = rates_of(partial(lrs.CosineAnnealingLR, T_max=10), 40, step_per="batch")
per_epoch = {"step_per": "epoch", "batches_per_epoch": 4}
epochwise = rates_of(partial(lrs.CosineAnnealingLR, T_max=40), 40, **per_epoch)
row("3. epochs, per batch", batchwise[[0, 5, 10, 15, 20, 30, 39]])
row("   updates, per epoch", epochwise[[0, 5, 10, 15, 20, 30, 39]])
hundred = partial(lrs.CosineAnnealingLR, T_max=100)
print(f"\n{'update':24}", " ".join(f"{t:7d}" for t in (0, 25, 50, 75)))
added = rates_of(hundred, 100, accumulate=4, step_per="batch")
row("4. stepped every batch", added[[0, 25, 50, 75]])
row("   Accelerate, 4 proc.", rates_of(hundred, 100, processes=4)[[0, 25, 50, 75]])

# %% [markdown] tags=["goes-wrong"]
# **Repairs.** 1: call `optimizer.step()` first (torch warns, once). 2: step only if the update took place, that is if
# `scaler.get_scale()` has not become smaller. A few skips shift a long schedule by a few updates only; but a skip of
# the very *first* update makes torch warn of a wrong order although the order is right. 3: choose a unit, and write it into
# the name: `T_max=total_updates`, stepped per update. 4: put `scheduler.step()` under the `if`.
# A scheduler prepared by Accelerate steps once for each process on purpose; there `T_max` is N times the updates.

# %% [markdown] tags=["goes-wrong", "predict"]
# ### B. The first update, and past the last
#
# **5.** `CosineAnnealingLR(optimizer, T_max=10)`, and the loop makes 15 updates.
#
# **6.** An optimizer with rate 0.03 and momentum 0.5, and
# `OneCycleLR(optimizer, max_lr=0.1, total_steps=10, anneal_strategy="linear")` in a loop of 12 updates. Which is
# the first rate? What happens after update 9? And what does `total_steps=3, pct_start=1/3` do?
#
# **7.** `LambdaLR(optimizer, lambda t: min(1, t / 4))`, and a colleague looks at the first update to see
# whether the model learns.

# %% tags=["goes-wrong"]
row("5. T_max=10, from t = 9", rates_of(partial(lrs.CosineAnnealingLR, T_max=10), 15)[9:])
cycle = simulate_loop(
    lambda o: lrs.OneCycleLR(o, max_lr=0.1, total_steps=10, anneal_strategy="linear"),
    Loop(updates=12),
    base_lr=0.03,
    optimizer_factory=partial(torch.optim.SGD, momentum=0.5),
)
some_of_11 = [0, 1, 2, 3, 8, 9, 10]
row("6. rates, t = 0-3, 8-10", cycle.rates[some_of_11])
row("   momentum", cycle.momentum[some_of_11])
print("  ", cycle.error)
short = partial(lrs.OneCycleLR, max_lr=0.1, total_steps=3, pct_start=1 / 3)
print("  ", simulate_loop(short, Loop(updates=3)).error)
row("7. warmup from zero", rates_of(lambda o: lrs.LambdaLR(o, lambda t: min(1, t / 4)), 6))

# %% [markdown] tags=["goes-wrong"]
# **Repairs.** 5: stop at `T_max`, or clamp, as the code of `to_library` does. 6: with linear phases one update too many runs at a
# **negative** rate, and only the next call raises: count the updates first. `OneCycleLR` replaces rate
# *and* momentum, so tune `max_lr`, or pass `cycle_momentum=False`. With a first phase of length zero it cannot even
# be built. 7: the first update multiplies its step by 0; with a warmup of $W$ updates, start at $1/W$.

# %% [markdown] tags=["goes-wrong", "predict"]
# ### C. Resuming
#
# **8.** A run of 10 updates (once with `CosineAnnealingLR`, once with a `LambdaLR` that is linear decay) stops after 5.
# The new process builds optimizer and scheduler anew, and loads some of what was saved. Which rates do updates 5,
# 6 and 7 get, if it loads
#
# - everything, in the order *build both, load the optimizer, load the scheduler*; or with the scheduler built
#   only after the optimizer's state was loaded;
# - the optimizer's state only; nothing at all; the scheduler's state only?
#
# And for more training: the new scheduler has `T_max=20`, and then the old state is loaded. What is `T_max`?
# Last, without any scheduler state: `last_epoch=4`, or `last_epoch=5`?


# %% tags=["goes-wrong"]
def cosine_lr(total, last_epoch=-1):
    return partial(lrs.CosineAnnealingLR, T_max=total, last_epoch=last_epoch)


def lambda_lr(total, last_epoch=-1):
    return lambda o: lrs.LambdaLR(o, lambda t: 1 - t / total, last_epoch=last_epoch)


def resumed(first, then, *restore, updates=8):
    again = Resume(5, restore, scheduler_factory=then)
    return rates_of(first, updates, resume=again)[5:]


# %% tags=["goes-wrong"]
optimizer_, scheduler_ = "load_optimizer", "load_scheduler"
print(f"{'updates 5, 6, 7':26}{'CosineAnnealingLR':24}LambdaLR, linear")
for name, restore in {
    "all, in this order": ("build", optimizer_, scheduler_),
    "optimizer only": ("build", optimizer_),
    "all, built after loading": (optimizer_, "build", scheduler_),
    "nothing": ("build",),
    "scheduler only": ("build", scheduler_),
}.items():
    got = [resumed(kind(10), kind(10), *restore) for kind in (cosine_lr, lambda_lr)]
    row(name, np.concatenate(got))
for last in (4, 5):
    got = [
        resumed(kind(10), kind(10, last), optimizer_, "build") for kind in (cosine_lr, lambda_lr)
    ]
    row(f"last_epoch={last}", np.concatenate(got))

# %% tags=["goes-wrong"]
unbroken = [rates_of(kind(10), 8)[5:] for kind in (cosine_lr, lambda_lr)]
orders = (("build", optimizer_, scheduler_), (optimizer_, "build", scheduler_))
in_order, built_late = (
    [resumed(kind(10), kind(10), *order) for kind in (cosine_lr, lambda_lr)] for order in orders
)
show_facts(
    {
        "build, optimizer, scheduler: as if never stopped": np.allclose(in_order, unbroken),
        "built after loading, LambdaLR has another rate": not np.allclose(built_late, unbroken),
    }
)

# %% tags=["goes-wrong"]
print(f"{'update':24}", " ".join(f"{t:7d}" for t in (5, 10, 15, 19)))
kept = resumed(cosine_lr(10), cosine_lr(20), "build", optimizer_, scheduler_, updates=20)
row("T_max=20, state loaded", kept[[0, 5, 10, 14]])
moved = resumed(cosine_lr(10), cosine_lr(20, 4), optimizer_, "build", updates=20)
row("T_max=20, last_epoch=4", moved[[0, 5, 10, 14]])
show_facts(
    {
        "loading the old state brings the old T_max back": bool(kept[14] > 0.09),
        "a new T_max with last_epoch = updates done - 1 reaches the new end": bool(
            moved[14] < 0.001
        ),
    }
)
old, new = (partial(as_torch_scheduler, schedule=schedules.cosine(0.1, n)) for n in (10, 20))
refused = Loop(updates=20, resume=Resume(5, scheduler_factory=new))
print("as_torch_scheduler:", str(simulate_loop(old, refused).error).split(": at step")[0])

# %% [markdown] tags=["goes-wrong"]
# **Repairs.** Save model, optimizer and scheduler together, and restore all, in this order:
#
# ```python
# optimizer, scheduler = build(model)
# optimizer.load_state_dict(saved["optimizer"])   # the rate now in force is in here
# scheduler.load_state_dict(saved["scheduler"])   # the counter, and T_max, are in here
# ```
#
# A scheduler that is not restored starts its curve over from the peak; `CosineAnnealingLR` does so from the rate in
# force, if the optimizer was restored. One that is built after loading writes its first rate over the one loaded, for one update,
# unless it computes from the rate in force, as the cosine does. Loading the old state brings the **old `T_max`**
# back, and the rate climbs after it. For a longer run build with the new `T_max` and `last_epoch` = updates
# done − 1, and load no scheduler state: then torch goes on from the rate in force to zero at the new end. One
# more, and `LambdaLR` skips a rate. `LambdaLR` saves its counter, but not your function: a changed function is
# accepted without a warning. `as_torch_scheduler` refuses a schedule whose past differs.

# %% [markdown] tags=["goes-wrong"] jp-MarkdownHeadingCollapsed=true
# ## Further: absolute or relative

# %% [markdown] tags=["goes-wrong", "predict"]
# ### D. Absolute or relative
#
# **9.** The optimizer has a rate of 0.1. You want 0.1, falling by 5 % an update. <!-- 1 - 0.95 = 0.05 -->
# ```python
# scheduler = LambdaLR(optimizer, lambda t: 0.1 * 0.95**t)
# ```
# **10.** At update 4 of 10 you set the rate by hand to a tenth of the peak, once under `CosineAnnealingLR` and
# once under `LambdaLR`, both with half a cosine.
# ```python
# for group in optimizer.param_groups:
#     group["lr"] = 0.01
# ```
# **11.** A warmup in front of a 1-cycle:
# ```python
# rise = LinearLR(optimizer, start_factor=0.1, total_iters=10)
# cycle = OneCycleLR(optimizer, max_lr=0.1, total_steps=91)
# scheduler = SequentialLR(optimizer, [rise, cycle], milestones=[10])
# ```

# %% tags=["goes-wrong"]
row("9. an absolute lambda", rates_of(lambda o: lrs.LambdaLR(o, lambda t: 0.1 * 0.95**t), 5))
row("   as meant", rates_of(lambda o: lrs.LambdaLR(o, lambda t: 0.95**t), 5))


def half_cosine(o):
    return lrs.LambdaLR(o, lambda t: 0.5 * (1 + np.cos(np.pi * t / 10)))


row("10. CosineAnnealingLR", rates_of(cosine_lr(10), 8, lr_overrides={4: 0.01}))
row("    LambdaLR", rates_of(half_cosine, 8, lr_overrides={4: 0.01}))


def warmup_then(follower):
    def make(o):
        rise = lrs.LinearLR(o, start_factor=0.1, total_iters=10)
        return lrs.SequentialLR(o, [rise, follower(o)], milestones=[10])

    return make


one_cycle = partial(lrs.OneCycleLR, max_lr=0.1, total_steps=91)
row("11. before OneCycleLR", rates_of(warmup_then(one_cycle), 11)[[0, 3, 6, 9, 10]])
row("    before a cosine", rates_of(warmup_then(cosine_lr(90)), 11)[[0, 3, 6, 9, 10]])

# %% [markdown] tags=["goes-wrong"]
# **Repairs.** 9: return a factor, or use `as_torch_scheduler`, which takes rates. 10: `CosineAnnealingLR` computes
# each rate from the one before and keeps your change to the end; `LambdaLR` computes from the base rate and
# forgets it at once. Neither is wrong; do not rely on either, and change the schedule instead. 11: building
# `OneCycleLR` overwrites `initial_lr` with `max_lr / 25`, which the warmup then scales (lesson 4). It has
# a warmup of its own: leave the other out.

# %% [markdown] tags=["goes-wrong"] jp-MarkdownHeadingCollapsed=true
# ## Further: hidden defaults

# %% [markdown] tags=["goes-wrong", "predict"]
# ### E. Hidden defaults
#
# **12.** `CosineAnnealingWarmRestarts(optimizer, T_0=2)` with 4 batches an epoch, and after batch `i`
# `scheduler.step(epoch + i / 4)`.
#
# **13.** `ReduceLROnPlateau(patience=2)` on a metric that stands still at 1: at which call does it reduce, in torch
# and in Keras? And in torch, on a log-likelihood bound that stands still at −1?
#
# **14.** timm: `CosineLRScheduler(optimizer, t_initial=100, warmup_t=10, ...)` with nothing said of
# `warmup_prefix`. What is the highest rate?
#
# **15.** A schedule-free optimizer (Defazio et al., 2024) has no schedule: it moves $z$, averages it into $x$, and
# takes gradients at $y = 0.1\,z + 0.9\,x$. In training mode the model's weights are $y$. You validate
# without calling `optimizer.eval()`. Which weights do you measure?


# %% tags=["goes-wrong"]
def restarts(arguments):
    make = partial(lrs.CosineAnnealingWarmRestarts, T_0=2)
    return rates_of(make, 9, step_arguments=arguments)[1:]


row("12. epoch + i/4, t = 1-8", restarts([i / 4 for i in range(9)]))
row("    epoch + (i+1)/4", restarts([(i + 1) / 4 for i in range(9)]))


def first_cut(metric, calls=20, **options):
    make = partial(lrs.ReduceLROnPlateau, patience=2, **options)
    rates = rates_of(make, calls + 1, step_arguments=[metric] * (calls + 1))
    cuts = np.flatnonzero(np.diff(rates) < 0)
    return f"call {cuts[0] + 1}" if cuts.size else f"never in {calls} calls"


def keras_first_cut(patience, calls=20):
    given = {"base_lr": 0.1, "metrics": [1.0] * calls, "patience": patience}
    rates = from_library("keras.ReduceLROnPlateau", **given)(np.arange(calls + 1))
    return f"call {np.flatnonzero(np.diff(rates) < 0)[0] + 1}"


print("13. stands still at 1:  torch", first_cut(1.0), "and Keras", keras_first_cut(2))
print("    stands still at -1: torch", first_cut(-1.0), end=", ")
print("with threshold_mode='abs'", first_cut(-1.0, threshold_mode="abs"))
show_facts(
    {
        "torch cuts one call later than Keras": first_cut(1.0)[-1] == "4"
        and keras_first_cut(2)[-1] == "3"
    }
)

# %% tags=["goes-wrong"]
prefix = {k: recorded_rates("timm", f"CosineLRScheduler_{k}") for k in ("noprefix", "prefix")}
row("14. t = 9, 10, 11", prefix["noprefix"][9:12])
row("    warmup_prefix=True", prefix["prefix"][9:12])


# %% tags=["goes-wrong"]
def schedule_free(updates, rate=0.5, beta=0.9, weights=2000):
    """Loss at the training point y and at the average x; loss w^2 / 2, noisy gradients."""
    rng = np.random.default_rng(0)
    x = z = np.full(weights, 3.0)
    for t in range(updates):
        y = (1 - beta) * z + beta * x
        z = z - rate * (y + rng.standard_normal(weights))
        x = x + (z - x) / (t + 1)
    y = (1 - beta) * z + beta * x
    return [(point**2).mean() / 2 for point in (y, x)]


for updates_done in (100, 400, 1600):
    at_y, at_x = schedule_free(updates_done)
    print(f"15. after {updates_done:4d} updates: loss at y {at_y:.3f}, at x {at_x:.3f}")

# %% [markdown] tags=["goes-wrong"]
# **Repairs.** 12: write `(i + 1)`, since the update is done (lesson 3). 13: torch tolerates `patience` bad calls and
# reduces at the next; Keras reduces one call earlier. In torch's default mode the threshold is the best times
# $1 \pm 10^{-4}$, and for a negative metric that threshold is on the wrong side: standing still counts as progress. 14:
# the cosine has been running since $t=0$, and the warmup ends when it is part of the way down; say `warmup_prefix=True` and
# shorten `t_initial`. 15: you measured $y$, which is noisier than the average $x$ you wanted, and the ratio
# of the two losses grows as training goes on, at least in this small example. Call `optimizer.eval()` before you validate or save, and
# `optimizer.train()` after.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: can a program see them?
#
# `course_lib.lint` looks at the rates of a run and says what is suspicious. It knows nothing of your code. A finding
# is a problem, or advice (in brackets below) where many healthy runs do the same. The table has every mistake again,
# in a run of 100 updates, beside a simpler check: are the rates those that were planned?

# %% jupyter={"source_hidden": true} tags=["goes-wrong"]
T = 100
flat_cosine, steps_done = schedules.cosine(0.1, T), np.arange(T)
smoothly, warm10 = flat_cosine(steps_done), lambda t: min(1, t / 10)
cos100 = cosine_lr(T)
linear_cycle = partial(lrs.OneCycleLR, max_lr=0.1, total_steps=T, anneal_strategy="linear")
cycle_plan = from_library("torch.OneCycleLR", max_lr=0.1, total_steps=T, anneal_strategy="linear")(
    steps_done
)
stalls = partial(lrs.ReduceLROnPlateau, patience=10)
cycles = partial(lrs.CosineAnnealingWarmRestarts, T_0=2)
cycles_plan = schedules.cosine_restarts(0.1, 50)(steps_done)
cut = rates_of(partial(stalls, threshold_mode="abs"), T, step_arguments=[-1.0] * T)
right_rise = 0.1 * np.minimum(1, (steps_done + 1) / 10)
sequence_plan = rates_of(warmup_then(cosine_lr(90)), T)
falls95 = 0.1 * 0.95**steps_done
prefixed, joined = (prefix[k][:T] for k in ("prefix", "noprefix"))
table = {  # name: (planned rates, rates of the wrong loop, meant floor)
    "1 scheduler first": (smoothly, rates_of(cos100, T, scheduler_first=True), 0),
    "2 skipped updates": (smoothly, rates_of(cos100, T, skipped=[1, 2, 3]), 0),
    "3 epochs, per batch": (smoothly, rates_of(cosine_lr(10), T), 0),
    "3 updates, per epoch": (smoothly, rates_of(cos100, T, **per_epoch), 0),
    "4 four steps an update": (smoothly, rates_of(cos100, T, processes=4), 0),
    "5 past the end": (smoothly, rates_of(cos100, T + 20), 0),
    "6 1-cycle, one too many": (cycle_plan, rates_of(linear_cycle, T + 1), 0),
    "7 first update at 0": (right_rise, rates_of(lambda o: lrs.LambdaLR(o, warm10), T), None),
    "8 resumed with nothing": (smoothly, rates_of(cos100, T, resume=Resume(50, ("build",))), 0),
    "9 absolute lambda": (falls95, 0.1 * falls95, None),
    "10 changed by hand": (smoothly, rates_of(cos100, T, lr_overrides={40: 0.01}), 0),
    "11 warmup + 1-cycle": (sequence_plan, rates_of(warmup_then(one_cycle), T), 0),
    "12 fractional epochs": (
        cycles_plan,
        rates_of(cycles, T, step_arguments=[i / 25 for i in range(T)]),
        0,
    ),
    "13 plateau below 0": (cut, rates_of(stalls, T, step_arguments=[-1.0] * T), 0),
    "14 timm, no prefix": (prefixed, joined, 0.001),
    "15 no eval()": (np.full(T, 0.1), np.full(T, 0.1), None),
}


# %% tags=["goes-wrong", "conclusion"]
def words(found):
    return ", ".join(f.code if f.severity == "problem" else f"({f.code})" for f in found) or "-"


print(f"{'the right cosine':27} {words(lint(smoothly, T, peak_lr=0.1, floor=0))}")
print(f"\n{'mistake':27} {'compared with the plan':24} linter")
caught = {"linter": 0, "comparison": 0}
for name, (meant, got, floor) in table.items():
    found = lint(got, T, peak_lr=0.1, floor=floor, loop_steps=max(T, len(got)))
    same = len(got) == len(meant) and np.allclose(got, meant, atol=1e-9)
    caught["linter"] += any(f.severity == "problem" for f in found)
    caught["comparison"] += not same
    print(f"{name:27} {'same' if same else 'differs':24} {words(found)}")
print("rows caught:", ", ".join(f"{who} {n} of {len(table)}" for who, n in caught.items()))
show_facts(
    {"the comparison misses only number 15": caught["comparison"] == len(table) - 1 and same}
)

# %% [markdown]
# The linter sees what no sensible schedule would do: negative rates, a climb back along the cosine, a jump in the
# middle of a curve, a peak or a floor that is never reached, updates that are missing. It cannot see a curve that
# would be fine if you had meant it: one update early or late, or restarts that you never asked for. (The advice for
# row 7 is right; that for row 11 is about something else, the 1-cycle's own long rise. For row 13 the plan is the cut
# that the metric calls for.)
# **The comparison with the plan sees all but the last**
# <!-- holds: the comparison misses only number 15 -->, and it is one line at
# the end of a dry run with the real optimizer, scheduler and loop and a model of one weight. The dry run has to
# contain what the real run contains, such as a skipped update or a restart:
#
# ```python
# assert np.allclose(lr_history, plan(np.arange(len(lr_history))))
# ```
#
# `course_lib.diagnose.assert_as_planned(lr_history, plan)` is that line, and its error names the likeliest mistake.
# Nothing that looks at rates can see number 15: the rates are right, and the wrong weights are measured.

# %% [markdown] tags=["predict"]
# ## A log that you already have
#
# You cannot run last month's training again, but you still have its log. `course_lib.diagnose` reads the logs that
# trainers write. Three trainers wrote these for the course, each in a run with a mistake that people make:
#
# - **Hugging Face's Trainer** ran for 3 epochs of 20 updates, with a short warmup and then linear decay from 0.0002. It was
#   resumed with `num_train_epochs=8`.
# - **Lightning** ran for 20 epochs of 20 batches. `configure_optimizers` returns
#   `OneCycleLR(max_lr=0.001, total_steps=400)` and does not mention an interval.
# - **Keras** ran for 60 epochs with `ReduceLROnPlateau(factor=0.2, patience=3)`, from 0.1.
#
# > **Predict before you run.** Which rate does the first run have just after the resume? How high does the rate of
# > the second run get? Where does the third end?

# %%
logs = {
    "Hugging Face": read_log(example_log("trainer_state.json")),
    "Lightning": read_log(example_log("metrics.csv")),
    "Keras": read_log(example_log("training_log.csv")),
}
for name, log in logs.items():
    rates = log.rates[0]
    print(f"{name:13} {log.size} rows, {log.unit}s {log.at[0]:g} to {log.at[-1]:g}")
    print(f"{'':13} first {rates[0]:.3g}, highest {rates.max():.3g}, last {rates[-1]:.3g}")
resumed = dict(zip(logs["Hugging Face"].at, logs["Hugging Face"].rates[0], strict=True))
print("Hugging Face at updates 60 and 62:", f"{resumed[60]:.3g}, {resumed[62]:.3g}")

# %% [markdown]
# `diagnose` identifies the schedule, with an interval for what the log leaves open, and lists everything odd.
# Here are only the curves and the problems; `lr-course diagnose trainer_state.json` in a terminal prints the rest.

# %%
for name, log in logs.items():
    found = diagnose(log)
    print(f"{name}: {', then '.join(part.family for part in found.parts)}")
    for oddity in found.oddities:
        if oddity.problem:
            print(textwrap.fill(oddity.message, 100, initial_indent="  ", subsequent_indent="  "))

# %% [markdown]
# If you still know the plan, the question is sharper: did the run follow it, and if not, why? Write the plan as the
# library's own call. This plan counts updates, and an epoch has 20 of them.

# %% tags=["conclusion"]
plan = "torch.OneCycleLR(max_lr=0.001, total_steps=400)"
comparison = compare_with_plan(logs["Lightning"], plan, unit="update", steps_per_epoch=20)
print(textwrap.fill(str(comparison), 100))
figure, alt = comparison_figure(comparison)
plots.show(figure, alt=alt)
best = comparison.explanations[0]
facts = {"the mistake is one step an epoch": best.code == "stepped-every-epoch" and best.exact}
show_facts(facts, at="the Lightning log")

# %% [markdown]
# **The scheduler was stepped once an epoch, so the rate never came near its peak.**
# <!-- holds: the mistake is one step an epoch at the Lightning log -->
# In Lightning the interval is `"epoch"` unless you return `{"scheduler": scheduler, "interval": "step"}`.
# `assert_as_planned` makes the same comparison in a test of your own loop. `check_resume` stops your loop, saves,
# restores, and compares it update by update with a run that was never stopped. The page `docs/diagnose.md` lists the
# logs that can be read and the mistakes that are known.

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Change the values and run the cell. Find an `accumulate` for which the wrong loop happens to *end* at the floor.
# Does the linter complain? Which `T_max` repairs a loop that steps every batch, to within one update? Set `stop_at` to an update, and let the
# new process restore only a part.

# %% tags=["explorer"]
T_max, total_updates, accumulate, step_per = 100, 100, 4, "batch"  # or "update", or "epoch"
batches_per_epoch, stop_at, restore = 20, None, ("build", "load_optimizer", "load_scheduler")

loop = Loop(
    updates=total_updates,
    accumulate=accumulate,
    step_per=step_per,
    batches_per_epoch=batches_per_epoch,
    resume=None if stop_at is None else Resume(stop_at, restore),
)
got = simulate_loop(partial(lrs.CosineAnnealingLR, T_max=T_max), loop, base_lr=0.1).rates
wanted = schedules.cosine(0.1, total_updates)(np.arange(total_updates))
plots.show(
    plots.rate_lines({"planned": wanted, "this loop": got}),
    alt="The planned half-cosine and the rates that the loop really gives, over its updates. As set, the loop "
    "steps its scheduler in each of four batches an update, and its rate goes down and up again twice.",
)
for finding in lint(got, total_updates, peak_lr=0.1, floor=0):
    print(finding.code, "-", finding.message)
print("the rates are those planned:", len(got) == len(wanted) and np.allclose(got, wanted))

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** A run with gradients of `8` batches added up calls `scheduler.step()` in every batch, with `T_max` equal to
# the number of updates. Name two ways to repair it that keep the intended rates, to within one update.
#
# <details><summary>Answer</summary>
#
# Step only when an update was made, under the same `if` as `optimizer.step()`. Or count in batches: `T_max` = updates
# × `8`, and go on stepping every batch. The first is better: the scheduler then also stays in step with the updates
# when the number of batches is not a multiple of `8`. <!-- derived: a scheduler counts calls of step() -->
#
# </details>
#
# ---
# **2.** You resume a finished cosine to train for as long again. You build `CosineAnnealingLR` with twice the
# `T_max`, and load optimizer and scheduler. What does the rate do, and which of your lines had no effect?
#
# <details><summary>Answer</summary>
#
# It climbs from the floor back to the peak. The scheduler's state holds the old `T_max`, so the new one was
# overwritten. With the new one in force you would gain nothing: torch's cosine computes each rate from the one
# before, and from a floor of 0 it stays at 0. To train on, plan a new schedule: the branch of a WSD run in lesson 9 is made for it. <!-- holds: loading the old state brings the old T_max back -->
#
# </details>
#
# ---
# **3.** A colleague moves a run from Keras to torch. Both use a plateau rule with `patience=2`, and the curves come
# apart at the first cut. Then she moves a `LambdaLR` that returns rates to a `LearningRateScheduler`. What changes?
#
# <details><summary>Answer</summary>
#
# torch cuts one call later than Keras. And `LambdaLR` multiplies what it is given by the optimizer's own rate, while
# Keras' callback takes it as the rate itself. With 0.1 in the optimizer the new rates are ten times the old ones.
# <!-- holds: torch cuts one call later than Keras -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. A torch scheduler counts calls of `step()`. optax counts the optimizer's updates itself, and so does Keras as long as it does not accumulate gradients. <!-- source: PyTorch 2.13, optax 0.2.8 and Keras 3.15 (2026) -->
# 2. The same schedule can be written in each library; they differ past the end, and in what `alpha` and `eta_min` mean. <!-- holds: all but SequentialLR agree up to update 100; optax, Keras and timm clamp, transformers and SequentialLR climb -->
# 3. Count updates, not batches or epochs: three loops that miscounted were worse, even with the peak tuned. <!-- holds: four steps an update worse_than right at its own best peak; epochs, per batch worse_than right at its own best peak; updates, per epoch worse_than right at its own best peak -->
# 4. Restore model, optimizer and scheduler, in this order; loading a scheduler's state brings its old length back. <!-- holds: build, optimizer, scheduler: as if never stopped; loading the old state brings the old T_max back -->
# 5. Record the rate right before each update and compare it with the plan, which sees all but one of fifteen mistakes. <!-- holds: the comparison misses only number 15 -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# | do | start with | evidence |
# |---|---|---|
# | a new training loop | a dry run with a model of one weight, and `assert np.allclose(lr_history, plan(np.arange(len(lr_history))))` | sees fourteen of fifteen mistakes <!-- holds: the comparison misses only number 15 --> |
# | gradients added up | `scheduler.step()` under the same `if` as `optimizer.step()` | four steps an update are worse, even tuned <!-- holds: four steps an update worse_than right at its own best peak --> |
# | Lightning | `"interval": "step"` in the inner dictionary, whenever the length is in updates | a schedule in updates that is stepped per epoch is worse <!-- holds: updates, per epoch worse_than right at its own best peak --> |
# | resume | build, load the optimizer, load the scheduler, in this order | the rates of a run that was never stopped; in another order `LambdaLR` had another rate <!-- holds: build, optimizer, scheduler: as if never stopped; built after loading, LambdaLR has another rate --> |
# | lengthen a cosine before its end | a new `T_max`, `last_epoch` = updates done − 1, no scheduler state | reaches zero at the new end <!-- holds: a new T_max with last_epoch = updates done - 1 reaches the new end --> |

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 10](../exercises/ex10_frameworks.ipynb): ten broken training loops to repair, and six puzzles
# about lines of real libraries. Then
# take the loop you use most. Replace the model by one weight, run it for a twentieth of its updates with all
# its machinery (accumulation, mixed precision, a stop and a restart), and compare the recorded rates with your plan.
# [Lesson 11](11_claims.ipynb) puts what is said about schedules to the test, claim by claim.
#
# **References.** A. Defazio, X. Yang, H. Mehta, K. Mishchenko, A. Khaled, A. Cutkosky (2024), *The road less
# scheduled*, arXiv:2405.15682. · I. Loshchilov, F. Hutter (2016), *SGDR: Stochastic gradient descent with warm
# restarts*, arXiv:1608.03983. · L. N. Smith, N. Topin (2019), *Super-convergence: very fast training of neural
# networks using large learning rates*, arXiv:1708.07120.
