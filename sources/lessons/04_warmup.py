# %% [markdown] tags=["title"]
# # Warm up, and measure what it buys
#
# **You will learn** to
#
# - say what is wrong with Adam's first steps, and compute how wrong;
# - write warmup + cosine from scratch and see it agree with optax, off-by-ones included;
# - measure what a warmup buys: a larger usable peak, on two networks, and where it buys nothing;
# - recognise warmups that do not warm up.
#
# **Time:** about 60 minutes. **You need** lessons 1 to 3, and to have used Adam before.

# %% tags=["parameters"]
seeds = 8  # training runs for each choice; more runs, narrower intervals
FAST = False  # True: fewer transformers to choose the peak, for a quick check

# %%
import numpy as np
import torch

from course_lib import libraries, plots, problems, schedules, training
from course_lib.compare import Seeds, compare
from course_lib.intervals import mean_interval
from course_lib.libraries.conformance import recorded_rates
from course_lib.plots.lesson04 import scores_over_peak
from course_lib.schedules.recipes import RECIPES

# %% [markdown]
# ## What a warmup is for
#
# A **warmup** starts with a small rate and raises it, mostly along a line, to the **peak**; then the
# schedule proper begins. It looks backwards: at the start we are far from any minimum, and far is
# where large steps should be safe. So there must be something wrong with the first steps in particular.
# Adam is a good place to look.
#
# Adam keeps two moving averages for every weight: $m$ of its gradients and $v$ of their squares, and
# moves the weight by $\eta\,\hat m/(\sqrt{\hat v}+\epsilon)$. The hats divide each average by the share
# of it that is filled, $1-\beta^t$, because both begin at zero. That is Adam's **bias correction**.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Three weights have the gradients 100, −1 and 0.00001 in Adam's very first
# > step. The rate is 0.001. How far does each of them move?


# %% tags=["from-scratch"]
def adam_moves(gradients, rate, beta1=0.9, beta2=0.999, eps=1e-8, correct=True):
    """What Adam adds to the weights at each step, for gradients of shape (steps, weights)."""
    m, v = np.zeros_like(gradients[0]), np.zeros_like(gradients[0])
    moves = []
    for t, gradient in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        filled1, filled2 = (1 - beta1**t, 1 - beta2**t) if correct else (1.0, 1.0)
        moves.append(-rate * (m / filled1) / (np.sqrt(v / filled2) + eps))
    return np.array(moves)


first = adam_moves(np.array([[100.0, -1.0, 0.00001]]), rate=0.001)[0]
print("moves of the three weights:", "  ".join(f"{move:+.4f}" for move in first))

# %% [markdown]
# All by the rate; only the sign is left of the gradient. With one gradient seen, $\hat m = g$ and
# $\sqrt{\hat v} = |g|$. **The first update is the full rate for every weight, however little its
# gradient means.** Now suppose that a gradient is nothing but batch noise. How long until Adam notices?

# %%
noise = np.random.default_rng(0).standard_normal((200, 20_000))  # 200 steps of 20 000 weights
shown = np.array([1, 2, 5, 10, 20, 50, 200])


def root_mean_square(moves):
    return np.sqrt((moves**2).mean(axis=1))


corrected = root_mean_square(adam_moves(noise, rate=1.0))
uncorrected = root_mean_square(adam_moves(noise, rate=1.0, correct=False))
print("step                 ", "".join(f"{t:6d}" for t in shown))
print("size / rate          ", "".join(f"{size:6.2f}" for size in corrected[shown - 1]))
print("without correction   ", "".join(f"{size:6.2f}" for size in uncorrected[shown - 1]))
print(f"sqrt((1 - beta1) / (1 + beta1)) = {np.sqrt(0.1 / 1.9):.2f}")

# %% [markdown]
# Once $m$ averages over about ten gradients, noise cancels itself and the typical update shrinks to the value
# in the last line: what is left of white noise in a moving average. **In the first step nothing has been
# averaged, so pure noise moves every weight by the full rate**, over four times as far as it will
# later. The averages are *cold*. (The second row is why Adam has its correction: $v$ fills a
# hundred times more slowly than $m$, and without it the first steps are larger still.)
#
# That was a model. In a network gradients are signal and noise, so let us look at one: two hidden layers on
# spirals whose labels are wrong in one case out of five, batches of 64, a constant rate.

# %% tags=["library"]
weights = torch.zeros(3, dtype=torch.float64, requires_grad=True)
theirs, path = torch.optim.Adam([weights], lr=0.01), [np.zeros(3)]
for gradient in noise[:50, :3]:
    weights.grad = torch.tensor(gradient)
    theirs.step()
    path.append(weights.detach().numpy().copy())
same = np.allclose(np.diff(path, axis=0), adam_moves(noise[:50, :3], 0.01), atol=1e-12)
print("our Adam moves as torch.optim.Adam:", same)

# %%
data = problems.noisy_spirals()
watched = training.train(
    training.Workload(data, training.Mlp(), training.Adam(), batch_size=64),
    rates=np.full((seeds, 100), 0.003),
    seeds=np.arange(seeds),
    keep_at=range(101),
)
moves = np.abs(np.diff(watched.weights, axis=1)) / 0.003  # runs, steps, weights
typical = np.median(moves, axis=2)
some = np.array([1, 2, 10, 20, 100])
print("step                       ", "".join(f"{t:5d}" for t in some))
print(
    "median move / rate         ", "".join(f"{m:5.1f}" for m in typical[:, some - 1].mean(axis=0))
)

# %% jupyter={"source_hidden": true}
plots.show(
    plots.loss_curves(
        {"network, median weight": typical, "pure noise, root mean square": corrected[:100]},
        ylabel="size of an update / rate",
    ),
    alt="Size of Adam's updates divided by the rate over 100 steps, on a log scale. Both curves "
    "start at exactly 1. The one for pure noise falls within about 20 steps to 0.23 and stays. The "
    "network's falls further, to about a tenth, and wavers there.",
)

# %% [markdown]
# At one and the same rate, the network's first update is several times its later ones, in a direction
# decided by a single batch. A warmup turns the rate down for just these steps. There are two more reasons to be
# given, which this course does not take on trust either:
#
# - **Curvature.** Lesson 1: the limit of the rate is set where the loss bends most, and a fresh network
#   may bend more than it will after some small steps. A warmup takes those small steps. This needs
#   no Adam and no noise.
# - **Large batches.** If you raise the rate with the batch, as is the custom, the peak ends up close to that
#   limit. Goyal et al. (2017) used a warmup for this. We try it below.

# %% [markdown]
# ## The schedule from scratch
#
# A line from 0 to the peak over `warmup_steps`, half a cosine to 0 at `total_steps`, 0 after that. The
# function takes a step and gives an array of shape `(1,)`.


# %% tags=["from-scratch"]
def lr_at_step(step, peak_lr, warmup_steps, total_steps):
    step, warmup_steps, total_steps = int(step), int(warmup_steps), int(total_steps)
    if step < warmup_steps:
        rate = peak_lr * step / warmup_steps
    else:
        done = min((step - warmup_steps) / (total_steps - warmup_steps), 1.0)
        rate = peak_lr * 0.5 * (1 + np.cos(np.pi * done))
    return np.array([rate])


print("  step    rate")
for step in (0, 5, 10, 50, 95, 100, 120):
    print(f"{step:6d}  {lr_at_step(step, 1.0, 10, 100)[0]:6.4f}")

# %% [markdown]
# In JAX this is `optax.warmup_cosine_decay_schedule`. It has an argument `decay_steps`.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Peak 1, 10 steps of warmup, 100 steps in all. A tutorial says: "`decay_steps` is
# > the cosine part alone, so pass `total_steps - warmup_steps`", here 90. What is the rate at step 50, and
# > in the last ten steps, if `decay_steps` really **includes** the warmup?

# %% tags=["library"]
given = {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 10, "end_value": 0.0}
optax_name = "optax.warmup_cosine_decay_schedule"
right = libraries.from_library(optax_name, decay_steps=100, **given)
wrong = libraries.from_library(optax_name, decay_steps=90, **given)
steps = np.arange(121)
ours = np.array([lr_at_step(step, 1.0, 10, 100)[0] for step in steps])
print("step               ", "".join(f"{t:8d}" for t in (0, 10, 50, 90, 95, 100)))
for name, plan in (("decay_steps = 100", right), ("decay_steps = 90", wrong)):
    print(f"{name:19}", "".join(f"{plan(t):8.4f}" for t in (0, 10, 50, 90, 95, 100)))
print("ours is decay_steps = 100:", np.allclose(ours, right(steps), atol=1e-12))

# %% [markdown]
# **In optax `decay_steps` is the end of the schedule, warmup included.** Follow the tutorial and the last
# `warmup_steps` updates train at rate 0: computed, paid for, thrown away. The confusion has a cause:
# `optax.cosine_decay_schedule` and Keras' `CosineDecay` have a `decay_steps` too, and theirs counts the
# cosine alone.
#
# `from_library` is this course's own account of optax. It is held against values recorded from optax
# itself, and against optax, if you have it:

# %%
told = {"peak_value": 0.1, "end_value": 0.001, "init_value": 0.0, "warmup_steps": 10}
for decay_steps, key in ((100, "decay_steps=total"), (90, "decay_steps=total-warmup, WRONG")):
    record = recorded_rates("optax", f"warmup_cosine_decay_schedule({key})")
    account = libraries.from_library(optax_name, decay_steps=decay_steps, **told)
    same = np.allclose(account(np.arange(len(record))), record, atol=1e-7)
    print(f"decay_steps = {decay_steps:3}: as recorded from optax: {same}")
try:
    import optax
except ImportError:
    pass  # not needed: the recorded values stand for it
else:
    real = optax.warmup_cosine_decay_schedule(decay_steps=100, **given)
    assert np.allclose(real(steps), ours, atol=1e-6)

# %% [markdown]
# A schedule is a plain function of the step, so no framework has a say in it. With `flax.nnx`
# you hand it to the optimizer in place of a number; the optimizer counts its own updates and asks:
#
# ```python
# schedule = optax.warmup_cosine_decay_schedule(
#     init_value=0.0, peak_value=1e-3, warmup_steps=100, decay_steps=total_steps
# )
# optimizer = nnx.Optimizer(model, optax.adam(schedule), wrt=nnx.Param)
# ```
#
# ### Two ways to be off by one
#
# Where does the line start? There are three answers, and you meet all of them.

# %%
peak, rise = 1.0, 5
t = np.arange(8)
ways = {
    "t / W": np.minimum(t / rise, 1),
    "(t + 1) / W": np.minimum((t + 1) / rise, 1),
    "this course": schedules.warmup(schedules.constant(peak), rise)(t),
}
print("updates done t ", "".join(f"{step:6d}" for step in t))
for name, rates in ways.items():
    print(f"{name:15}", "".join(f"{rate:6.2f}" for rate in rates))
idle = training.train(
    training.Workload(data), rates=ways["t / W"][None, :3], seeds=[0], keep_at=(0, 1, 2)
).weights[0]
print("t / W: first update changed a weight:", bool((idle[0] != idle[1]).any()))
print("t / W: second update changed a weight:", bool((idle[1] != idle[2]).any()))

# %% [markdown]
# `t / W` begins at 0, so **the first update does nothing** (optax from `init_value=0`, transformers and timm
# do this). With a thousand steps nobody notices; with a warmup of 5, or when you log "the first step" to see if
# training works, you do. `(t + 1) / W` moves at once and is at the peak an update earlier. The course's
# `warmup` starts at peak/W and reaches the peak at t = W. All are fine; mixing them up breaks a test
# or a resumed run.
#
# One thing warmup does *not* cost, to the first order:

# %%
total, warm = 300, 100
for name, plan in {
    "cosine": schedules.cosine(1.0, total),
    "warmup + cosine": schedules.warmup_cosine(1.0, warm, total),
    "warmup + linear": schedules.warmup_linear(1.0, warm, total),
}.items():
    print(f"{name:16} sum of all rates / (peak × steps): {plan(np.arange(total)).mean():.2f}")

# %% jupyter={"source_hidden": true}
t = np.arange(total + 1)
plots.show(
    plots.rate_lines(
        {
            "cosine": schedules.cosine(1.0, total)(t),
            "warmup + cosine": schedules.warmup_cosine(1.0, warm, total)(t),
            "warmup + linear": schedules.warmup_linear(1.0, warm, total)(t),
        }
    ),
    alt="Three rates over 300 updates. Cosine starts at the peak and falls to zero. The two others rise "
    "along a line to the peak at update 100; then one falls as half a cosine, the other along a line. "
    "All end at zero and enclose the same area.",
)

# %% [markdown]
# A ramp and half a cosine both average half the peak. So a warmup in front of a cosine or a line
# *moves* the area under the rate and does not shrink it. If it helps, it is not because the rates were
# smaller in sum.

# %% [markdown]
# ## What it buys, on a small network
#
# The spirals network with Adam, 200 updates. Three schedules, the same peaks for each; the best peak is
# chosen on some seeds and scored on others, on held-out points.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Each schedule gets **its own best peak**. Does warmup win? And at a peak of
# > 0.2, which is above the best one: how do they compare there?


# %% tags=["experiment"]
def warmup_of(steps):
    return lambda peak_lr, total_steps: schedules.warmup_cosine(peak_lr, steps, total_steps)


def verdict(without, with_warmup, margin=0.02):
    """Who has the lower loss, by more than a margin that the interval of the difference clears."""
    gain = mean_interval(without - with_warmup)
    return "warmup" if gain.low > margin else "no warmup" if gain.high < -margin else "tie"


small = compare(
    training.Workload(data, training.Mlp(dtype="float32"), training.Adam(), batch_size=64),
    {"no warmup": warmup_of(0), "warmup 20": warmup_of(20), "warmup 60": warmup_of(60)},
    peaks=[0.03, 0.06, 0.1, 0.2, 0.4],
    total_steps=200,
    seeds=seeds,
)
print("each at its own best peak, fresh seeds, lower held-out loss")
for name, scores in zip(small.names[1:], small.scores[1:], strict=True):
    print(f"no warmup or {name}: {verdict(small.scores[0], scores)}")
print("both at peak 0.2")
for name, runs in zip(small.names[1:], small.validation[1:], strict=True):
    print(f"no warmup or {name}: {verdict(small.validation[0, 3], runs[3])}")
print("highest peak of the grid that is within 10 % of the best")
for name, means in zip(small.names, small.validation_means, strict=True):
    print(f"{name:10} {small.peaks[means < 1.1 * means.min()].max():g}")

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    plots.peak_sensitivity(small),
    alt="Held-out loss against the peak rate, one panel a schedule. All three have a flat bottom of the "
    "same depth from 0.03 to 0.1. Without warmup the loss rises at 0.2, with either warmup the "
    "bottom reaches to 0.2 and the loss rises at 0.4.",
)

# %% [markdown]
# **A tie, and a wider valley.** With the peak tuned, nobody wins. What warmup buys is that a peak that was
# too large no longer is: the cliff has moved to the right. That is worth having when you cannot tune, and
# it would be worth more on a problem where the best peak lies *beyond* the cliff.
#
# So the usual demonstration, one peak for both and the loss below it, proves what its author likes: take a
# small peak and there is no difference; take one past the cliff and warmup is a miracle.
#
# ### Large batches
#
# Now plain SGD on handwritten digits, in batches of 512, so that there are only 42 updates:

# %%
digits = problems.digits()
large = compare(
    training.Workload(digits, training.Mlp((32, 32), dtype="float32"), batch_size=512),
    {"no warmup": warmup_of(0), "warmup 8": warmup_of(8)},
    peaks=[0.12, 0.25, 0.5, 1.0],
    total_steps=42,
    seeds=2 * seeds,
)
print(
    "best peak:", {name: float(p) for name, p in zip(large.names, large.chosen_peaks, strict=True)}
)
print("warmup clearly better at its best peak:", verdict(*large.scores) == "warmup")
print("warmup clearly better at peak 1:", verdict(*large.validation[:, -1]) == "warmup")

# %% [markdown]
# Here it buys nothing that we can show. A large batch is a reason to *try* a warmup and no proof that you need
# one: this network is shallow and well initialised, and its cliff is not at the start.

# %% [markdown]
# ## What it buys, on a transformer
#
# Now the kind of network that made warmup famous. The task is *associative recall*: a sequence shows
# three keys, each with one of four values, and then asks for them again. To answer, two layers of attention
# have to learn to work together. Guessing has a loss of log 4, about 1.4.<!-- log(4) = 1.4 --> The network is
# **post-norm**, as in the original paper: it normalises after each addition.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Adam, 300 updates, peaks 0.003, 0.01 and 0.03. At which of them will a
# > warmup over the first 100 make a clear difference? And at the best peak of each?

# %%
recall = problems.associative_recall(keys=3, values=4, gap=2, held_out=256)
arms = {"no warmup": warmup_of(0), "warmup 100": warmup_of(100)}


def transformer(norm):
    model = training.Transformer(width=16, norm=norm)
    return training.Workload(recall, model, training.Adam(), batch_size=32)


peaks = [0.01, 0.03] if FAST else [0.003, 0.01, 0.03]
choosing = range(0, seeds if FAST else 2 * seeds, 2)  # seeds that choose; odd ones score
split = Seeds(choosing, range(1, 2 * seeds, 2))
post = compare(transformer("post"), arms, peaks=peaks, total_steps=300, seeds=split)
print("peak    lower held-out loss, same seeds")
for i, peak_lr in enumerate(post.peaks):
    print(f"{peak_lr:<5g}   {verdict(*post.validation[:, i])}")

# %% tags=["conclusion"]
print("lower loss at the largest peak:", verdict(*post.validation[:, -1]))
print("each at its own best peak, fresh seeds:", verdict(*post.scores))

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    scores_over_peak(post),
    alt="Held-out loss of the transformer against the peak rate on log axes, every run and the means. "
    "At 0.003 the two schedules lie on each other. Without warmup the loss is low at 0.01 and then climbs "
    "by an order of magnitude at 0.03. With a warmup of 100 it stays low there for most runs.",
)

# %% [markdown]
# The same picture, in stronger colours. At the two smaller peaks we cannot tell the two apart. At the
# largest the plain cosine no longer learns the task within its 300 updates, and with warmup most
# runs do: **the usable peak is larger**. Tuned, the two tie again.
#
# Every run is shown because its mean hides what happens: a run either finds the mechanism or stays
# on a plateau. Such an outcome hangs on a hair, which is why the cell prints verdicts with a margin
# and not digits.
#
# Is that because of the post-norm? A **pre-norm** network normalises before each branch instead, and is said to
# need no warmup (Xiong et al., 2020). One peak, past the cliff of the other:

# %% tags=["conclusion"]
past = post.peaks[-1]
table = [plan(past, 300)(np.arange(300)) for plan in arms.values()]
pre = training.train(
    transformer("pre"), rates=np.repeat(table, seeds, axis=0), seeds=np.tile(np.arange(seeds), 2)
)
print(f"pre-norm, peak {past}: lower loss:", verdict(*pre.held_out_loss[:, -1].reshape(2, seeds)))

# %% [markdown]
# Pre-norm gains from it too, here. (The softmax of attention is often named as what makes the first steps
# delicate. We tested the consequence, not the mechanism.) "Needs no warmup" is true of it at a peak chosen for it; so it is of
# post-norm, in this small setting. Deep post-norm networks may differ: two layers are all we measured.

# %% [markdown]
# ## What famous runs do
#
# From their papers; lengths in updates, where the paper counts tokens divided by its batch.

# %%
print("run                 peak     warmup   share    then     to       end / peak")
for name, shape in (("BERT", "linear"), ("GPT-3 175B", "cosine"), ("LLaMA 7B", "cosine")):
    recipe = RECIPES[name]
    up, down = (phase.steps for phase in recipe.schedule.phases[:2])
    top, end = recipe.schedule(up), recipe.schedule(up + down)
    print(
        f"{name:18}  {top:.0e}  {up:6d}   {up / recipe.total_steps:6.2%}   {shape}   "
        f"{up + down:7d}  {end / top:.0%}"
    )
for name in ("BERT", "GPT-3 175B", "LLaMA 7B"):
    print(f"{name}: {RECIPES[name].source}")

# %% [markdown]
# GPT-3's warmup is 375 million tokens, and its cosine ends at 260 of 300 billion (Brown et al., 2020);
# <!-- cited: 375, 260 --> the rate then stays at a tenth. LLaMA's cosine takes the whole run. BERT is often listed among the cosines; its paper says linear.
# The shares differ by an order of magnitude: there is no "right" share, and a length in updates
# carries over better than a percentage (our transformer took a third of a very short run).

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 1: a warmup that is flat
#
# From a widely copied snippet for Keras, under the comment "Warmup + Cosine":
# `CosineDecay(initial_learning_rate=0.1, decay_steps=1000, warmup_target=0.1, warmup_steps=100)`.

# %%
asked = {"decay_steps": 1000, "alpha": 0.0, "warmup_target": 0.1, "warmup_steps": 100}
copied = libraries.from_library("keras.CosineDecay", initial_learning_rate=0.1, **asked)
mended = libraries.from_library("keras.CosineDecay", initial_learning_rate=0.0, **asked)
print("step      ", "".join(f"{t:8d}" for t in (0, 50, 100, 600, 1000, 1100)))
for name, plan in (("copied", copied), ("mended", mended)):
    print(f"{name:10}", "".join(f"{plan(t):8.4f}" for t in (0, 50, 100, 600, 1000, 1100)))

# %% [markdown]
# The line goes from `initial_learning_rate` to `warmup_target`. With both equal it is a line all right: flat.
# The initial rate must be lower than the target. And see where it ends: at 1100, for here `decay_steps`
# excludes the warmup. A run of 1000 updates never gets to the end.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 2: a warmup to the wrong rate
#
# In PyTorch schedulers can be put in sequence. Someone puts a warmup in front of `OneCycleLR`. The
# optimizer is built with a rate of 0.1, the cycle has `max_lr=0.1`.

# %%
from torch.optim import lr_scheduler as torch_lr


def in_sequence(optimizer, follower):
    rise = torch_lr.LinearLR(optimizer, start_factor=0.1, total_iters=10)
    return torch_lr.SequentialLR(optimizer, [rise, follower(optimizer)], milestones=[10])


followers = {
    "cosine": lambda optimizer: torch_lr.CosineAnnealingLR(optimizer, T_max=90),
    "one cycle": lambda optimizer: torch_lr.OneCycleLR(optimizer, max_lr=0.1, total_steps=91),
}
print("update            ", "".join(f"{t:8d}" for t in (0, 5, 9, 10, 20, 37)))
for name, follower in followers.items():
    run = libraries.simulate_loop(
        lambda optimizer, follower=follower: in_sequence(optimizer, follower),
        libraries.Loop(updates=100),
        base_lr=0.1,
    )
    print(f"warmup, {name:10}", "".join(f"{run.rates[t]:8.4f}" for t in (0, 5, 9, 10, 20, 37)))

# %% [markdown]
# With the one-cycle behind it, the warmup climbs to 0.004: 25 times too low.<!-- 0.1/0.004 = 25 --> `OneCycleLR` writes its own starting
# rate, `max_lr / 25`, into the optimizer when it is *built*, and the warmup scales whatever it finds there.
# It has a warmup of its own (that is the climb after update 10), so the first ten updates are
# nearly lost. The habit that catches every mistake on this page: **print or plot the rates of the whole run
# before you start it.**

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Change the four values. Find a peak at which only the longer warmup survives. Is there one that no
# warmup rescues? What does a warmup of nearly the whole run cost, at a small peak and at a large one?

# %% tags=["explorer"]
peak_lr, warmup_steps, total_steps, batch_size = 0.3, 40, 200, 64

tried = {"no warmup": 0, f"warmup {warmup_steps}": warmup_steps}
plans = [schedules.warmup_cosine(peak_lr, w, total_steps) for w in tried.values()]
rows = np.array([plan(np.arange(total_steps)) for plan in plans])
explored = training.train(
    training.Workload(data, training.Mlp(dtype="float32"), training.Adam(), batch_size),
    rates=np.repeat(rows, seeds, axis=0),
    seeds=np.tile(np.arange(seeds), 2),
).losses.reshape(2, seeds, total_steps)
figure, (left, right) = plots.panels(2, height=3.1)
plots.rate_lines(dict(zip(tried, rows, strict=True)), ax=left)
plots.loss_curves(dict(zip(tried, explored, strict=True)), ax=right, ylabel="batch loss")
plots.show(
    figure,
    alt="Left: the rates without and with warmup. Right: loss of the batches over the steps, median and "
    "range of the seeds. At the setting given, the runs without warmup jump up at the start and stay "
    "above those with warmup.",
)

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** Adam's first update with a rate of 0.001: two weights have gradients that differ by a factor of a
# million. By what factor do their moves differ?
#
# <details><summary>Answer</summary>
#
# By none: both move by 0.001. One gradient divided by the root of its own square is a sign. Later, weights
# whose gradients keep changing sign move less.
#
# </details>
#
# ---
# **2.** A run of 10 000 steps uses
# `optax.warmup_cosine_decay_schedule(0.0, 1e-3, warmup_steps=500, decay_steps=9500)`.
# What happens in its last 500 steps?
#
# <details><summary>Answer</summary>
#
# The rate is 0 and nothing is learned: in optax `decay_steps` includes the warmup, so the cosine is over
# at step 9500. It should be 10 000. (Keras' `CosineDecay` would want 9500.)
#
# </details>
#
# ---
# **3.** A colleague trains with cosine at some peak, adds a warmup, and the loss halves. "Warmup
# halves the loss." What do you ask for?
#
# <details><summary>Answer</summary>
#
# For the same comparison with the peak tuned for each, over several seeds. The peak was probably past
# the cliff for the plain cosine. Then warmup made that peak usable; a lower peak without warmup may do
# as well, as it did for both networks above.
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. Adam's first update is the rate times a sign: full size, whatever the gradient is worth.
# 2. What a warmup buys is a larger usable peak; with the peak tuned for each, our networks tied.
# 3. It is not bought everywhere: small peaks gained nothing, nor did plain SGD on digits in large batches.
# 4. optax' `decay_steps` includes the warmup, Keras' excludes it; a ramp from 0 idles for one update.
# 5. Look at the rates of the whole run before you start it: most broken warmups are visible.

# %% [markdown] tags=["next"]
# ## What comes next
#
# Do [exercise 4](../exercises/ex04_warmup.ipynb): a warmup and a cosine, exactly; a warmup around any schedule;
# Adam's first update; a library's off-by-one.
#
# Here the rate rose once, at the start. [Lesson 5](05_cyclical.ipynb) goes on from there: what if it rises again, in
# cycles?
#
# **References.** D. P. Kingma, J. Ba (2015), *Adam: a method for stochastic optimization*, arXiv:1412.6980. ·
# P. Goyal et al. (2017), *Accurate, large minibatch SGD: training ImageNet in 1 hour*, arXiv:1706.02677. ·
# A. Gotmare, N. S. Keskar, C. Xiong, R. Socher (2019), *A closer look at deep learning heuristics: learning
# rate restarts, warmup and distillation*, arXiv:1810.13243. · L. Liu et al. (2020), *On the variance of the
# adaptive learning rate and beyond*, arXiv:1908.03265. · R. Xiong et al. (2020), *On layer normalization in the
# transformer architecture*, arXiv:2002.04745. · A. Vaswani et al. (2017), *Attention is all you need*,
# arXiv:1706.03762.
