# %% [markdown] tags=["title"]
# # Start here: read a schedule, and judge one fairly
#
# **You will learn** to
#
# - see one and the same schedule win, lose and win again, and say which of the three results counts;
# - read a learning-rate schedule: step, peak, floor, horizon, warmup, phases;
# - count a run in updates, the unit in which every schedule is written;
# - recognise the schedules of this course by their shapes.
#
# **Time:** about 25 minutes. **You need** Python with NumPy, and to have trained some network before.
#
# **How the lessons work.** *Predict, run, change.* A question comes before the cell that answers it. Write
# your answer down, run the cell, then change a number and run it again. The results are stored with
# the notebook, so begin with *Edit → Clear Outputs of All Cells*. Cells that only draw are folded: click
# the bar beside one to see its code.

# %% tags=["parameters"]
seeds = 12  # runs that tune each peak; as many others score

# %%
import numpy as np
from torch.optim.lr_scheduler import StepLR

from course_lib import compare, explorers, outcomes, plots, problems, schedules, training
from course_lib.checks import CheckFailed, check
from course_lib.libraries import Loop, simulate_loop
from course_lib.lint import lint
from course_lib.plots.lesson00 import gallery, loss_over_peak, schedule_parts

# %% [markdown] tags=["surprise", "predict"]
# ## Three contests
#
# The **learning rate** says how far a network moves in each training step. It can stay **constant**, or it can
# follow a **schedule**. A popular one is the **cosine**: it starts at its highest rate, the **peak**, and falls
# to 0 along half a cosine.
#
# Does the cosine train better than a constant? An article this course grew from (*Learning Rate Schedules from
# Scratch*) says yes. It compares schedules that peak at 0.05 with a constant rate of 0.01. We hold that contest,
# and two more, on a small network: three spiral arms, one label in five wrong on purpose, 450 updates on batches of
# 30. The score is the **held-out loss**, the loss on points that were not trained on.
#
# 1. *The article's*: constant 0.01 against a cosine from 0.05.
# 2. *Same peak*: constant 0.05 against a cosine from 0.05.
# 3. *Tuned peaks*: each at its own best peak among six.
#
# > **Predict before you run.** Who wins each contest: the constant, the cosine, or nobody? In the third, a cosine
# > with a warmup (a rise at the start) joins in. Does it beat the plain cosine?

# %% tags=["surprise"]
data = problems.noisy_spirals()
workload = training.Workload(data, training.Mlp(dtype="float32"), batch_size=30)
margin = compare.margin(workload)  # half a per cent of the loss of guessing
updates = 450


def held_out(schedule):
    rates = np.tile(schedule(np.arange(updates)), (seeds, 1))  # a row of rates for each seed
    return training.train(workload, rates, range(seeds)).held_out_loss[:, -1]


def constant(peak_lr, total_steps):
    return schedules.constant(peak_lr)


def warmed_up(peak_lr, total_steps):
    return schedules.warmup_cosine(peak_lr, total_steps // 10, total_steps)


# %% tags=["surprise"]
cosine_loss = held_out(schedules.cosine(0.05, updates))
for name, rate in (("the article's", 0.01), ("same peak", 0.05)):
    rival = held_out(schedules.constant(rate))
    found = compare.paired("cosine", "constant", cosine_loss, rival, margin, peaks=(0.05, rate))
    print(f"{name}:")
    compare.show_verdicts([found], at=name)

entrants = {"constant": constant, "cosine": schedules.cosine, "warmed up": warmed_up}
peaks = [0.01, 0.05, 0.1, 0.3, 1.0, 3.0]
tuned = compare.compare(workload, entrants, peaks=peaks, total_steps=updates, seeds=seeds)
print("tuned peaks:")
compare.show_verdicts(tuned.against("cosine", margin=margin), at="tuned peaks")

# %% [markdown]
# **The same cosine wins, loses and wins again.** Its shape never changed; the peaks of the two did. The rest of
# this lesson gives you the words for what happened. Then it looks behind the third contest.
# <!-- holds: cosine better_than constant at the article's; cosine worse_than constant at same peak;
# cosine better_than constant at tuned peaks -->
#
# Every comparison in this course is shown in such a table. All schedules are trained with the same **seeds**, which
# fix the initial weights and the batches, so losses are subtracted seed by seed, the first schedule's minus the
# second's. The **difference** is the mean of the results, with an interval that contains the true mean in nineteen
# of twenty such experiments. The **margin** is the
# size below which a difference does not matter, and it is fixed before the runs. The verdict is the first of these
# four that fits:
#
# | verdict | the interval of the difference |
# |---|---|
# | equal | lies between −margin and +margin |
# | better | lies below 0 (a lower loss) |
# | worse | lies above 0 |
# | open | contains 0 and reaches beyond the margin, so more seeds are needed |
#
# *Open* is not *equal*. The warmup comes out equal here, so at its best peak it neither helps nor harms this network.
# <!-- holds: warmed up equal_to cosine at tuned peaks -->

# %% [markdown]
# ## The idea behind a schedule
#
# Think of walking down into a valley in fog. While the bottom is far away, long strides get you there sooner. Close
# to it, a long stride carries you across the bottom and up the other slope, so you shorten your steps. A schedule
# decides in advance when to stride and when to brake, and a warmup adds a few careful steps at the start.

# %% [markdown]
# ## Where things are
#
# | place | what it holds |
# |---|---|
# | `notebooks/` | the lessons; you are in one |
# | `exercises/` | your work: short functions to write, each with a check below it |
# | `solutions/` | the same, solved; for afterwards |
# | `course_lib/` | the library behind the lessons, to read and to use on your own runs |
# | `.cache/` | runs trained before, so that the second time is quick; delete it whenever you like |
#
# If a cell fails for no visible reason, run `lr-course doctor` in a terminal. It tests Python, the packages
# and the kernel, and says how to repair what is missing. Every measured number in a lesson is computed in the cell
# above it, and an automatic check computes it again.
#
# In an exercise, `check` compares your function with the right answer, names the likely mistake and counts your points.
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
#   first step of the next.

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
# updates ends with $t = 19$, so it never uses the floor. The first update has rate 0.
#
# The library has all of this ready. Is it the same?

# %% tags=["library"]
ours = schedules.warmup(schedules.cosine(0.1, total_steps=16, floor=0.01), 4, start=0.0)
by_hand = [warmup_then_cosine(t) for t in range(40)]
print(f"same at every step, past the end too: {np.allclose(ours(np.arange(40)), by_hand)}")
for phase in ours.phases:
    print(f"phase of {phase.steps} updates, from {phase.start} towards {phase.end}")

# %% [markdown]
# A rate of 0 means what it says. Here are the first updates of a network under a warmup from 0, and
# under one that starts at a quarter of the peak. (Unless told otherwise, the library starts at peak / W.)

# %%
all_points = training.Workload(data)  # all points in every update
first_losses = {}
for start in (0.0, 0.025):
    rise = schedules.warmup(schedules.constant(0.1), warmup_steps=4, start=start)
    run = training.train(all_points, rates=rise(np.arange(4))[None, :], seeds=[0])
    first_losses[start] = run.losses[0]
    print(f"from {start:5}   loss before update 1 … 4: {np.round(run.losses[0], 3)}")
unchanged = {start: losses[1] == losses[0] for start, losses in first_losses.items()}
outcomes.show_facts(
    {
        "a warmup from 0 makes a first update that changes nothing": bool(unchanged[0.0]),
        "a warmup from peak / W makes a first update that changes nothing": bool(unchanged[0.025]),
    }
)

# %% [markdown]
# From 0, the **first update does nothing**. A batch is loaded and a gradient computed, and no weight moves. One
# update in thousands is cheap, but if you print the loss after one step to see whether your loop works, you are
# misled. Several libraries start their warmup at 0; the lesson on warmup comes back to it.
# <!-- holds: a warmup from 0 makes a first update that changes nothing -->

# %% [markdown]
# ## Updates, not epochs
#
# An **epoch** is one pass over the data. A schedule is a function of updates and takes no account of the data. So
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
# The last line shows a common mistake. Accumulation was switched on, but the plan still counts batches, and the run
# ends before the cosine has fallen far.

# %% [markdown]
# ## The gallery
#
# These are the best-known schedules of the course, all with the same peak and horizon.

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
# Two schedules with the same peak can differ in their mean rate. The shaded area is the sum of all rates of a
# schedule; divided by the horizon it is the **mean rate**.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The constant has a mean rate of 100 % of its peak. What is the mean rate of linear
# > decay? Of the cosine? Which of the twelve comes closest to the constant, and which has the lowest?

# %%
means = {name: round(shape(np.arange(horizon)).mean(), 2) for name, shape in shapes.items()}
for name in sorted(means, key=means.get, reverse=True):
    print(f"{name:16} {means[name]:4.0%}")

# %% [markdown]
# Linear decay and the cosine have the same mean rate, half of the constant's. Keep that half in mind. (For some of
# the twelve the number depends on a setting of their own, such as the factor of the exponential.)

# %% [markdown]
# ## An experiment: what the three contests measured
#
# In the third contest each schedule was trained at six peaks with twelve seeds, and the peak with the lowest mean
# loss was scored on twelve *other* seeds. The first twelve are in the figure below. A cosine from 0.1 has the same
# mean rate as a constant 0.05.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** At the peaks 0.01, 0.05 and 0.1, which is lower, the constant or the cosine? What is
# > the verdict on the cosine from 0.1 against the constant 0.05?

# %% tags=["experiment"]
losses = dict(zip(tuned.names, tuned.validation, strict=True))  # each: peaks × seeds
cosine_tenth, constant_tenth = losses["cosine"][2], losses["constant"][2]
pairs = {
    ("cosine 0.1", "constant 0.1"): (cosine_tenth, constant_tenth),
    ("cosine 0.1", "constant 0.05"): (cosine_tenth, losses["constant"][1]),
}
found = [compare.paired(*names, *scores, margin) for names, scores in pairs.items()]
compare.show_verdicts(found)
means = dict(zip(tuned.names, tuned.validation_means, strict=True))
by_peak = means["constant"][0] - means["constant"].min()
by_shape = means["constant"].min() - means["cosine"].min()
largest = max(abs(found[1].difference.low), abs(found[1].difference.high))
outcomes.show_facts(
    {
        "up to a peak of 0.1 the constant has the lower loss": all(
            means["constant"][:3] < means["cosine"][:3]
        ),
        "at the same mean rate less than a quarter of the difference is left": largest
        < found[0].difference.mean / 4,
        "a constant three times above its best rate costs less than a tenth": means["constant"][4]
        < 1.1 * means["constant"].min(),
        "tuning the peak gains over three times what the shape gains": by_peak > 3 * by_shape,
    }
)

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    loss_over_peak(tuned, ["constant", "cosine"]),
    alt="Held-out loss against the peak rate, constant and cosine, with intervals. Both fall from the "
    "left. Up to a peak of 0.1 the constant is lower; the curves meet around 0.3. The cosine reaches the "
    "lower minimum, at 1. At 3 both are worse, and the constant is back near the loss of guessing.",
)

# %% [markdown]
# - **On the left, the rate is too small** for 450 updates, and a higher mean rate gives a lower loss. At the same
#   peak the cosine is worse. At the same mean rate less than a quarter of that difference is left, and whether
#   there is any is open. So the second contest mostly measured the mean rate, and the first the article's choice of
#   0.05 against 0.01. <!-- holds: up to a peak of 0.1 the constant has the lower loss; cosine 0.1 worse_than constant
#   0.1; at the same mean rate less than a quarter of the difference is left; cosine 0.1 open_against constant 0.05
#   -->
# - **On the right, the noise of the batches limits the run.** A rate that is good at the beginning is too rough for
#   the end. There it pays to begin high and end low, and the shape matters. The curve of the constant is a round
#   valley, so about three times its best rate costs less than a tenth of the loss.
#   <!-- holds: cosine better_than constant at tuned peaks;
#   a constant three times above its best rate costs less than a tenth -->
#
# Only the third contest is about the schedule. That is the rule of this course:
#
# > Judge a schedule **with its peak tuned, on held-out data, over several seeds.**
# > <!-- derived: the third contest is the only one in which each schedule has its own best peak -->
#
# Here, tuning the article's constant of 0.01 gains over three times what the shape then adds. The contest leaves two
# things out: neither the floor of the cosine nor the length of its warmup was tuned, and this is one problem. Later
# lessons tune them, and use more problems. <!-- holds:
# tuning the peak gains over three times what the shape gains -->

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong: epochs written, batches counted
#
# PyTorch's `StepLR(step_size=5, gamma=0.1)` divides the rate by 10 at every fifth call of `scheduler.step()`.
# The author meant epochs, but the call slipped one level in, into the loop over batches. We run both loops
# with PyTorch's own scheduler, and train on the rates that come out: 15 epochs of 30 batches.
# <!-- 450/30 = 15 -->


# %%
def every_five(optimizer):
    return StepLR(optimizer, step_size=5, gamma=0.1)  # 5 what?


stepped = {}
for per in ("epoch", "batch"):
    loop = Loop(updates=450, step_per=per, batches_per_epoch=30)
    result = simulate_loop(every_five, loop, base_lr=0.3)
    stepped[f"per {per}"] = held_out(lambda t, rates=result.rates: rates[t])
    seen = "  ".join(f"{result.rates[t]:.0e}" for t in (0, 4, 5, 20, 449))
    print(f"per {per}: rate at t = 0, 4, 5, 20, 449: {seen}   warnings: {len(result.warnings)}")
    print(f"           held-out loss {stepped[f'per {per}'].mean():.1f}")
names = ("per batch", "per epoch")
compare.show_verdicts([compare.paired(*names, *(stepped[name] for name in names), margin)])

# %% [markdown]
# Stepped per batch, the rate is gone before the first epoch is over, and the training with it. The loss ends at
# 1.0, not far below that of guessing, which is about 1.1.<!-- log(3) = 1.1 --> There is no error and no warning, only a loss
# that does not come down. The cure takes one line: record the rate of every update and look at it. `lint` looks for
# you. Here it reads the rates of the wrong loop:

# %%
for finding in lint(result.rates, total_steps=450, peak_lr=0.3):
    print(finding)

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Pick any schedule of this course and move its parameters; below is a descent with it. `run length` is the number
# of updates that the loop really makes. Shorten it to a quarter of `total_steps`. Which rate does the last update
# get, and what does the linter say? Make it longer than `total_steps`. What happens past the end? Press *keep* and
# choose `constant`. Which of the two comes to rest closer to the minimum? *Play* shows the descent.

# %% tags=["explorer"]
explorers.schedules()

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** A cosine is planned for $T = 100$ with floor 0. Your log shows a rate of exactly 0 for the last of 100
# updates, and no update at the peak. What is wrong?
#
# <details><summary>Answer</summary>
#
# The log is one step ahead: it shows $\eta(t + 1)$ for the update at $t$. Either the rate is read after the
# scheduler has moved on, or the scheduler is called before the update. In the second case the run itself is wrong.
# It skips the peak, and its last update does nothing. <!-- derived: t counts updates already done, from 0 -->
#
# </details>
#
# ---
# **2.** Two schedules, twelve seeds, margin 0.005. The difference is −0.004 [−0.009, +0.001]. A colleague reports
# "no difference". Another reports "better, but not significantly". What is your verdict?
#
# <details><summary>Answer</summary>
#
# Open. The interval contains 0, so it is not *better*. It also reaches beyond −0.005, so a difference larger than
# the margin is still possible, and it is not *equal*. Four times as many seeds would halve the interval.
# <!-- derived: the four verdicts defined above; the width of an interval is proportional to 1/√seeds -->
#
# </details>
#
# ---
# **3.** You double the batch size and keep the number of epochs. What must change in a schedule that you had
# planned for 20,000 updates?
#
# <details><summary>Answer</summary>
#
# Its horizon, because there are now about 10,000 updates. With the old horizon, the run would end in the middle of
# the decay. A warmup counted in updates now covers twice as many examples. (Whether the peak should change too is
# another question.) <!-- 20000/2 = 10000 --> <!-- derived: updates = epochs × examples / batch size -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. A schedule is a function from $t$, the updates already done, to the rate; $\eta(0)$ is the rate of the first
#    update. <!-- derived: the definition of t -->
# 2. A schedule is a shape with a peak, a floor, a horizon and a warmup. A warmup from 0 wastes the first
#    update. <!-- holds: a warmup from 0 makes a first update that changes nothing -->
# 3. Count in updates: epochs times batches per epoch, divided by the accumulation.
#    <!-- derived: the definition of an update -->
# 4. Equal peaks are not a fair comparison, because the mean rates differ. Here, at small
#    peaks, a cosine loses to a constant with the same peak; at the same mean rate, less than a quarter of the
#    difference is left. <!-- holds: up to a peak of 0.1 the constant has the lower loss;
#    cosine worse_than constant at same peak; at the same mean rate less than a quarter of the difference is left
#    -->
# 5. With both peaks tuned, on held-out data and over twelve seeds, the cosine beats the constant. That is the
#    result that counts. <!-- holds: cosine better_than constant at tuned peaks -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# | do | start with | evidence |
# |---|---|---|
# | compute the horizon before you plan | epochs × batches per epoch / accumulation | with accumulation over four batches, the cosine above stops close to its peak <!-- derived: the cosine at a quarter of its horizon, computed above --> |
# | record the rate of every update, and plot it once | `optimizer.param_groups[0]["lr"]` in the loop | a scheduler stepped per batch instead of per epoch ruins the run without a warning <!-- holds: per batch worse_than per epoch --> |
# | sweep the peak of *each* schedule you compare | six peaks, each about three times the one before, until the best is inside the grid | the winner changes with the peaks <!-- holds: cosine worse_than constant at same peak; cosine better_than constant at tuned peaks --> |
# | tune the peak before the shape | the constant you have, at several rates | from the article's 0.01, the best peak gains over three times what the shape adds <!-- holds: tuning the peak gains over three times what the shape gains --> |
# | say *equal* only with a margin | 0.5 % of the loss of guessing, eight seeds or more, paired | an interval that contains 0 may still contain a large difference <!-- derived: the four verdicts defined above --> |

# %% [markdown] tags=["next"]
# ## Now you
#
# [Lesson 1](01_constant_lr.ipynb) takes the simplest schedule of all, the constant, and finds out what limits
# it: how fast it is, where it breaks, and what noise leaves behind. Its
# [exercise](../exercises/ex01_constant_lr.ipynb) begins with the function that failed its check above.
#
# To run this lesson again with more seeds: `lr-course run notebooks/00_start_here.ipynb -p seeds 24 --out my_runs`.
#
# **References.** I. Loshchilov, F. Hutter (2017), *SGDR: stochastic gradient descent with warm restarts*,
# arXiv:1608.03983 (the cosine). · L. N. Smith (2017), *Cyclical learning rates for training neural networks*,
# arXiv:1506.01186 (the triangle). · S. Hu et al. (2024), *MiniCPM*, arXiv:2404.06395 (WSD).
