# %% [markdown] tags=["title"]
# # Start here: read a schedule, and judge one fairly
#
# **You will learn** to
#
# - read a learning-rate schedule: step, peak, floor, horizon, warmup, phases;
# - count a run in updates, the unit that every schedule is written in;
# - recognise the schedules of this course by their shape;
# - see how one and the same schedule wins, loses and wins again, and which of the three counts.
#
# **Time:** about 25 minutes. **You need** Python with NumPy, and to have trained some network before.
#
# **How the lessons work.** *Predict, run, change.* A question comes before the cell that answers it: write
# your answer down, run the cell, then change a number and run it again. The results are stored with
# the notebook, so begin with *Edit → Clear Outputs of All Cells*. Cells that only draw are folded: click
# the bar beside one to see its code.

# %% tags=["parameters"]
seeds = 12  # of each kind: as many to tune the peaks, as many others to score

# %%
import numpy as np
from torch.optim.lr_scheduler import StepLR

from course_lib import explorers, plots, problems, schedules, training
from course_lib.checks import CheckFailed, check
from course_lib.compare import Seeds, compare
from course_lib.intervals import mean_interval
from course_lib.libraries import Loop, simulate_loop
from course_lib.lint import lint
from course_lib.measured import show_table
from course_lib.plots.lesson00 import gallery, loss_over_peak, schedule_parts

# %% [markdown]
# ## Where things are
#
# | place | what it holds |
# |---|---|
# | `notebooks/` | the lessons; you are in one |
# | `exercises/` | your work: short functions to write, each with a check below it |
# | `solutions/` | the same, solved; for afterwards |
# | `course_lib/` | the library behind it, to read and to use on your own runs |
# | `.cache/` | runs trained before, so that the second time is quick; delete it whenever you like |
#
# If a cell fails for no visible reason, run `lr-course doctor` in a terminal. It tests Python, the packages
# and the kernel, and says how to mend what is missing. Nothing printed here was typed in: every
# number comes from the cell above it, and an automatic check computes it again.
#
# In an exercise, `check` compares your function with the right answer and names the likely mistake.
# Here it meets a step of gradient descent that is wrong on purpose:


# %%
def gradient_step(w, gradient, rate):
    return w + rate * gradient


try:
    check(gradient_step)
except CheckFailed as failed:
    print(failed)

# %% [markdown]
# ## What a schedule is
#
# Training changes the weights in **updates**: $w \leftarrow w - \eta\, g$, with the gradient $g$ and the
# **learning rate** $\eta$. A **schedule** is a function from the step to the rate, $t \mapsto \eta(t)$.
# Throughout the course
#
# $$t = \text{the number of updates already done} = 0, 1, 2, \ldots$$
#
# so $\eta(0)$ is the rate of the first update. The other words:
#
# - the **peak** is the highest rate, the **floor** the one it falls to;
# - the **horizon** $T$ is the number of updates it is planned for;
# - a **warmup** is a rise at the beginning, here of $W$ updates;
# - a **phase** is a stretch with one formula. A phase holds from its first step up to, but not including, the
#   first of the next.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** A rate climbs from 0 to the peak 0.1 in a warmup of 4 updates, then falls
# > along half a cosine to the floor 0.01. The horizon is 20.
# >
# > Which rate does the first update use? Which update is the first at the peak? Which one uses the floor?


# %% tags=["from-scratch"]
def warmup_then_cosine(t, peak=0.1, floor=0.01, warmup_steps=4, horizon=20):
    if t < warmup_steps:
        return peak * t / warmup_steps
    done = min((t - warmup_steps) / (horizon - warmup_steps), 1.0)  # share of the decay
    return floor + (peak - floor) * (1 + np.cos(np.pi * done)) / 2


print(" t   update    rate")
for t in (0, 1, 3, 4, 12, 19, 20, 30):
    note = "   (after the run)" if t >= 20 else ""
    print(f"{t:2}   no. {t + 1:2}   {warmup_then_cosine(t):.4f}{note}")

# %% jupyter={"source_hidden": true}
plots.show(
    schedule_parts(peak_lr=0.1, floor=0.01, warmup_steps=4, total_steps=20),
    alt="Learning rate against the number of updates already done, one dot an update. It climbs from 0 "
    "in four steps of a shaded warmup to the peak, then falls along half a cosine. The horizon is a "
    "dotted line at t = 20; the dots there and after it are hollow and lie on the floor.",
)

# %% [markdown]
# The fifth update, $t = 4$, is the first at the peak. The floor is reached at $t = 20$, and a run of 20
# updates ends with $t = 19$: it never uses the floor. And the first update has rate 0.
#
# The library has all of this ready. First: is it the same?

# %% tags=["library"]
ours = schedules.warmup(schedules.cosine(0.1, total_steps=16, floor=0.01), 4, start=0.0)
by_hand = [warmup_then_cosine(t) for t in range(40)]
print(f"same at every step, past the end too: {np.allclose(ours(np.arange(40)), by_hand)}")
for phase in ours.phases:
    print(f"phase of {phase.steps} updates, from {phase.start} towards {phase.end}")

# %% [markdown]
# A rate of 0 means what it says. Here are the first updates of a network under a warmup from 0, and
# under one that starts at a quarter of the peak (the library does so unless told otherwise: it starts
# at peak / W):

# %%
spirals = training.Workload(problems.noisy_spirals())  # all points in every update
for start in (0.0, 0.025):
    rise = schedules.warmup(schedules.constant(0.1), warmup_steps=4, start=start)
    run = training.train(spirals, rates=rise(np.arange(4))[None, :], seeds=[0])
    print(f"from {start:5}   loss before update 1 … 4: {np.round(run.losses[0], 3)}")

# %% [markdown]
# From 0, the **first update does nothing**: a batch is loaded and a gradient computed for no change at all. One
# update in thousands is cheap, but whoever prints the loss after one step to see whether the loop works is
# misled. Several libraries start their warmup at 0; the lesson on warmup comes back to it.

# %% [markdown]
# ## Updates, not epochs
#
# An **epoch** is one pass over the data. A schedule knows nothing about data: it counts updates. So
# the first number you need for any schedule is how many updates the run will make.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** 1,000 examples, batches of 64, 10 epochs. How many updates? How many if
# > incomplete batches are dropped? How many if the gradients of 4 batches are added up for each
# > update (*gradient accumulation*)?

# %%
counted = 0
for _epoch in range(10):
    for _first_example in range(0, 1000, 64):
        counted += 1
run_of = {"examples": 1000, "batch_size": 64, "epochs": 10}
plain = schedules.total_updates(**run_of)
accumulated = schedules.total_updates(**run_of, accumulate=4)
print(f"counted in a loop       {counted}")
print(f"total_updates           {plain}")
print(f"  drop_last             {schedules.total_updates(**run_of, drop_last=True)}")
print(f"  accumulate=4          {accumulated}")
left = schedules.cosine(1.0, total_steps=plain)(accumulated - 1)
print(f"cosine planned for {plain}, run ends after {accumulated}: last rate {left:.0%} of the peak")

# %% [markdown]
# The last line is a common mistake: accumulation was switched on, the plan still counts batches, and the run
# ends before the cosine has properly begun to fall.

# %% [markdown]
# ## The gallery
#
# These are the schedules that the course treats, all with the same peak and horizon.

# %% jupyter={"source_hidden": true}
peak, horizon = 1.0, 300
shapes = {
    "constant": schedules.constant(peak),
    "step decay": schedules.step_decay(peak, drop=0.5, every=75),
    "exponential": schedules.exponential(peak, gamma=0.99),
    "inverse sqrt": schedules.inverse_sqrt(peak, warmup_steps=20),
    "linear": schedules.linear(peak, horizon),
    "polynomial": schedules.polynomial(peak, horizon, power=2.0),
    "cosine": schedules.cosine(peak, horizon),
    "warmup + cosine": schedules.warmup_cosine(peak, 30, horizon),
    "WSD": schedules.wsd(peak, warmup_steps=30, total_steps=horizon, decay_steps=60),
    "cosine restarts": schedules.cosine_restarts(peak, period=43, mult=2.0),
    "triangular": schedules.triangular(peak, floor=0.1, period=100),
    "1-cycle": schedules.one_cycle(peak, horizon),
}
plots.show(
    gallery(shapes, horizon),
    alt="Twelve small curves of the rate over the run. Constant: flat. Step decay: a staircase. "
    "Exponential: falls fast, then slowly. Inverse sqrt: short rise, long tail. Linear: a straight "
    "fall. Polynomial: a sagging fall. Cosine: slow, fast, slow. Warmup + cosine: a short rise first. "
    "WSD: rise, long plateau, short fall. Cosine restarts: three cosines, each longer. "
    "Triangular: three triangles. 1-cycle: one wide rise and a wider fall.",
)

# %% [markdown]
# *WSD* stands for warmup, stable, decay. A *restart* jumps back up to the peak. *1-cycle* is one rise and one
# fall over the whole run.
#
# Same peak does not mean same rate. The shaded area is how much rate a schedule hands out in
# all; divided by the horizon it is the **mean rate**.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The constant has a mean rate of 100 % of its peak. What is it for linear? For
# > cosine? Which of the twelve comes closest to the constant, which stays lowest?

# %%
means = {name: round(shape(np.arange(horizon)).mean(), 2) for name, shape in shapes.items()}
for name in sorted(means, key=means.get, reverse=True):
    print(f"{name:16} {means[name]:4.0%}")

# %% [markdown]
# Linear and cosine spread the same total differently: half the constant's. Keep that half in mind. (For some of the
# twelve the figure depends on numbers of their own, such as the factor of the exponential.)

# %% [markdown]
# ## An experiment: who wins?
#
# An article this course grew from (*Learning Rate Schedules from Scratch*) trains a small network under
# schedules that peak at 0.05, and once at a constant rate of 0.01. It concludes that any reasonable schedule
# beats a constant. We make that comparison on a problem with noise: three spiral arms, one label in five wrong
# on purpose, 450 updates on batches of 30. We judge by the **held-out loss**: the loss on points that were not
# trained on. A **seed** fixes the initial weights and the batches; each setting runs with several.
#
# Three comparisons, with one thing changed from each to the next:
#
# 1. as in the article: constant 0.01 against a cosine from 0.05;
# 2. the same peak: constant 0.05 against a cosine from 0.05;
# 3. each schedule at its own best peak, chosen among six.


# %%
def warmed_up(peak_lr, total_steps):
    return schedules.warmup_cosine(peak_lr, total_steps // 10, total_steps)


def against_cosine(peaks, scored_on, **others):
    return compare(
        training.Workload(problems.noisy_spirals(), training.Mlp(dtype="float32"), batch_size=30),
        {"cosine": schedules.cosine, **others},
        peaks=peaks,
        total_steps=450,
        seeds=scored_on,
        reference="cosine",
    )


def constant(peak_lr, total_steps):
    return schedules.constant(peak_lr)


def constant_at_a_fifth(peak_lr, total_steps):
    return schedules.constant(peak_lr / 5)


# %% [markdown] tags=["predict"]
# > **Predict before you run.** Who wins each of the three: constant, cosine, or nobody clearly? In the
# > third, a cosine with a warmup joins in. Does it beat the plain cosine?


# %% tags=["experiment"]
both = Seeds.numbered(seeds)
untuned = Seeds(both.validation[:1], both.fresh)  # one peak: nothing to choose
article = against_cosine([0.05], untuned, constant=constant_at_a_fifth)
same = against_cosine([0.05], untuned, constant=constant)
tuned = against_cosine(
    [0.01, 0.05, 0.1, 0.3, 1.0, 3.0], both, constant=constant, warmed_up=warmed_up
)
questions = {"1. as in the article": article, "2. same peak": same, "3. peaks tuned": tuned}
for question, found in questions.items():
    print(f"{question}: held-out loss, mean of {seeds} seeds [95 % interval]")
    for row in sorted(found.as_table(), key=lambda row: (row.rank, row.schedule)):
        against = f"minus cosine {row.simultaneous:+.3f}" if row.schedule != "cosine" else ""
        against = f"tie with {', '.join(row.tied_with)}" if row.tied_with else against
        print(f"   rank {row.rank}   {row.schedule:10} {row.score:.2f}   {against}".rstrip())

# %% [markdown]
# *Minus cosine* is the difference on the same seeds, one by one, which is known better than either mean. A **rank** is
# 1 plus the number of schedules that are *clearly* better: the interval of that difference leaves out zero. Where neither
# of two is clearly better we say **tie**.
#
# Cosine wins, loses and wins again, and its shape never changed. The peaks did. Here is the whole picture behind the
# third comparison:

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    loss_over_peak(tuned, ["constant", "cosine"]),
    alt="Held-out loss against the peak rate, constant and cosine, with intervals. Both fall from the "
    "left. Up to a peak of 0.1 the constant is lower; the curves meet around 0.3. Cosine reaches the "
    "lower minimum, at 1. At 3 both are worse and the constant is back near chance.",
)

# %%
for name in ("constant", "cosine"):
    s = tuned.names.index(name)
    row = "  ".join(f"{mean:.2f}" for mean in tuned.validation_means[s][:3])
    print(f"{name:9} at the peaks 0.01, 0.05, 0.1:  {row}")

# %% [markdown]
# - **On the left the rate is too small** for 450 updates, and whoever hands out more of it wins. Cosine hands out
#   half: compare its loss at 0.1 with the constant's at 0.05. They are nearly the same. Question 2 measured the mean
#   rate, and question 1 the article's choice of 0.05 against 0.01.
# - **On the right the noise of the batches limits the run.** A rate that is good at the beginning is too rough for
#   the end. Now it pays to begin high and end low: the shape has something to show.
#
# Only the third comparison is about the schedule. The warmup could not be told from none: a tie, *on this
# problem*. That is the rule of the course, and its thesis:
#
# > Judge a schedule **with its peak tuned, on held-out data, over several seeds.**
#
# And keep the sizes in view: the gap between the two lowest points of the figure is small beside the fall of either
# curve from the left. Here the right peak is worth far more than the right shape.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong: epochs written, batches counted
#
# PyTorch's `StepLR(step_size=5, gamma=0.1)` divides the rate by 10 at every fifth call of `scheduler.step()`.
# Meant are epochs. But the call slipped one level in, into the loop over batches. We run both loops
# with PyTorch's own scheduler, and train on the rates that come out; 15 epochs of 30 batches.
# <!-- 450/30 = 15 -->


# %%
def every_five(optimizer):
    return StepLR(optimizer, step_size=5, gamma=0.1)  # 5 what?


workload = training.Workload(problems.noisy_spirals(), training.Mlp(dtype="float32"), batch_size=30)
rows = []
for per in ("epoch", "batch"):
    loop = Loop(updates=450, step_per=per, batches_per_epoch=30)
    result = simulate_loop(every_five, loop, base_lr=0.3)
    runs = training.train(workload, np.tile(result.rates, (seeds, 1)), range(seeds))
    score = mean_interval(runs.held_out_loss[:, -1])
    rates = [f"{result.rates[t]:.0e}" for t in (0, 4, 5, 20, 449)]
    rows.append((per, *rates, score, len(result.warnings)))
times = ["rate at t = 0", "4", "5", "20", "449"]
show_table(["stepped every", *times, "held-out loss", "warnings"], rows)

# %% [markdown]
# In the second row the rate is gone before the first epoch is over, and with it the training: guessing has a loss of
# about 1.1.<!-- log(3) = 1.1 --> No error, no warning, only a loss that "does not want to come down". The cure takes one line: record the rate
# of every update and look at it. `lint` looks for you. Here it reads the rates of the wrong loop:

# %%
for finding in lint(result.rates, total_steps=450, peak_lr=0.3):
    print(finding)

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Pick any schedule of this course and move its parameters; below is a descent with it. `run length` is
# the number of updates that the loop really makes. Shorten it to a quarter of `total_steps`: what rate does the last
# update get, and what does the linter say? Make it longer than `total_steps`: what happens past the end?
# Press *keep* and choose `constant`: which of the two comes to rest closer to the minimum? Play shows how.

# %% tags=["explorer"]
explorers.schedules()

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** A cosine is planned for $T = 100$ with floor 0. Which rate does the last of 100 updates use: exactly
# 0, or a little more?
#
# <details><summary>Answer</summary>
#
# A little more. The last update has $t = 99$, because $t$ counts the updates already done. The floor is
# reached at $t = 100$, when there is nothing left to do.
#
# </details>
#
# ---
# **2.** "We replaced our constant rate of 0.01 by a cosine from 0.1, and the loss fell. Schedules work!" What
# do you ask?
#
# <details><summary>Answer</summary>
#
# What a constant 0.05 gives, and a constant 0.1. The cosine from 0.1 has a mean rate of 0.05: five
# times the old one. Before the shape can be credited, both need their best peak; then held-out data and several seeds.
#
# </details>
#
# ---
# **3.** You double the batch size and keep the number of epochs. What must change in a schedule that you had
# planned for 20,000 updates?
#
# <details><summary>Answer</summary>
#
# Its horizon: there are now about 10,000 updates. Left as it is, the run would end in the middle of the
# decay. A warmup counted in updates now covers twice as many examples. (Whether the peak
# should change too is another question.) <!-- 20000/2 = 10000 -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. A schedule is a function from $t$, the updates already done, to the rate; $\eta(0)$ is the first update's.
# 2. Peak, floor, horizon, warmup: four numbers and a shape say it all. From 0, the first update does nothing.
# 3. Count in updates: epochs × batches an epoch, divided by the accumulation.
# 4. At equal peaks schedules hand out different totals, so equal peaks are not a fair comparison.
# 5. Judge a schedule with its peak tuned, on held-out data, over several seeds; else say "tie" or nothing.

# %% [markdown] tags=["next"]
# ## Now you
#
# [Lesson 1](01_constant_lr.ipynb) takes the simplest schedule of all, the constant, and finds out what limits
# it: how fast it is, where it breaks, what noise leaves behind. Its
# [exercise](../exercises/ex01_constant_lr.ipynb) begins with the function that failed its check above.
#
# To run this lesson again with more seeds: `lr-course run notebooks/00_start_here.ipynb -p seeds 24 --out my_runs`.
#
# **References.** I. Loshchilov, F. Hutter (2017), *SGDR: stochastic gradient descent with warm restarts*,
# arXiv:1608.03983 (the cosine). · L. N. Smith (2017), *Cyclical learning rates for training neural networks*,
# arXiv:1506.01186 (the triangle). · S. Hu et al. (2024), *MiniCPM*, arXiv:2404.06395 (WSD).
