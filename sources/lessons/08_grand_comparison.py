# %% [markdown] tags=["title"]
# # Compare every schedule, and choose one for your job
#
# **You will learn** to
#
# - take a published comparison apart, and say what it really measured;
# - set up one that is fair: every peak tuned, fresh seeds, held-out data, all pairs at once;
# - read its ties, and tell a difference from the luck of the best of twelve;
# - choose a schedule by the job, with a reason that was measured.
#
# **Time:** about 60 minutes. **You need** the schedules of lessons 1 to 5; the other lessons help.

# %% tags=["parameters"]
FAST = False  # True: fewer runs, for a quick check

# %%
import numpy as np

from course_lib import explorers, plots, problems, schedules, theory, training
from course_lib.compare import Seeds, compare, rank
from course_lib.plots.lesson08 import (
    loss_over_mean_rate,
    places_over_peak,
    regret_dots,
    settling_dots,
)

# %% [markdown]
# ## A table to begin with
#
# The article that this course grew from (*Learning Rate Schedules from Scratch*) ends in a "grand
# comparison": one network on the three spirals, 300 full-batch updates, one seed, six schedules.
# This is what it **prints**. The numbers in this cell are the article's claims, typed in, and
# nothing of ours:

# %%
claimed = {  # final loss, best loss, "converged at": the article's printed output
    "constant 0.01": (0.1842, 0.1842, 298),
    "step decay": (0.0891, 0.0891, 278),
    "exponential": (0.1047, 0.1047, 290),
    "cosine": (0.0724, 0.0724, 285),
    "warmup + cosine": (0.0542, 0.0542, 268),
    "cosine + restarts": (0.0681, 0.0581, 242),
}
print("the article's claim     final    best   converged at")
for name, (final, best, at) in claimed.items():
    print(f"{name:20}  {final:.4f}  {best:.4f}   {at:12d}")

# %% [markdown]
# From it the article draws that warmup + cosine is best, that "every" schedule crushes the constant
# rate, and its last word: any reasonable schedule beats a constant one. All six can be run again.
# Its cosine counts to `total - 1`, its floor is 0.0001, "converged" is the first loss within 5 % of
# the run's own best.
# <!-- 1.05 - 1 = 0.05 -->


# %%
def article_cosine(step, length, peak_lr=0.05, floor=0.0001):
    return floor + (peak_lr - floor) * (1 + np.cos(np.pi * step / (length - 1))) / 2


total, t = 300, np.arange(300)
arms = {
    "constant 0.01": np.full(total, 0.01),
    "step decay": schedules.step_decay(0.05, drop=0.5, every=100)(t),
    "exponential": schedules.exponential(0.05, gamma=0.99)(t),
    "cosine": article_cosine(t, total),
    "warmup + cosine": np.append(0.05 * (t[:30] + 1) / 30, article_cosine(t[:270], 270)),
    "cosine + restarts": np.append(article_cosine(t[:75], 75), article_cosine(t[:225], 150)[:225]),
}
arms["cosine + restarts"][225:] = article_cosine(t[:75], 300)  # cycles of 75, 150 and 300

# %% [markdown] tags=["predict"]
# > **Predict before you run.** The last cycle of its restarts is planned for 300 updates and gets
# > 75. Where does the rate stand at the end? And look at the peaks: five schedules peak at 0.05,
# > the constant is 0.01. Where would a constant **0.05** end up in this table? And a constant 0.1?

# %%
spirals = problems.spirals()
rates = arms | {"constant 0.05": np.full(total, 0.05), "constant 0.1": np.full(total, 0.1)}


def losses_of(order, rates):
    """Training loss before each update, seed 42, in float64 as in the article."""
    workload = training.Workload(spirals, training.Mlp(order=order))
    runs = training.train(workload, np.array(list(rates.values())), np.full(len(rates), 42))
    return dict(zip(rates, runs.losses, strict=True))


its_code, descent = losses_of("layer_by_layer", rates), losses_of("simultaneous", rates)
print("                     claimed |  its code: final   best   converged | gradient descent")
for name, losses in its_code.items():
    best = losses.min()
    converged = int(np.argmax(losses < 1.05 * best))
    claim = f"{claimed[name][0]:.4f}" if name in claimed else "     –"
    print(
        f"{name:18}    {claim}  | {losses[-1]:15.4f} {best:.4f} {converged:11d}  | "
        f"{descent[name][-1]:12.4f}"
    )
print(f"rate at the end of the restarts: {arms['cosine + restarts'][-1]:.3f}")

# %% [markdown]
# None of the printed losses comes out of the printed code. (Its loop updates a layer before it
# passes the error through; lesson 1. At these rates that hardly matters, as the last column shows.)
# What does come out tells another story: warmup and no warmup are alike, the restarts lead because
# their rate is still high at the end, and **a constant rate with the same peak beats them all**. A
# constant 0.1 beats that.
#
# So what was measured? Here is the final loss over the *mean rate* of each run.

# %%
means = {name: values.mean() for name, values in rates.items()}
constants = {r: np.full(total, r) for r in (0.01, 0.015, 0.02, 0.03, 0.04, 0.05)}
grid = {r: losses[-1] for r, losses in losses_of("simultaneous", constants).items()}
lines = {name: (means[name], descent[name][-1]) for name in list(arms)[1:]}
between = {
    name: np.interp(mean, list(grid), list(grid.values())) for name, (mean, _) in lines.items()
}
apart = max(abs(lines[name][1] - between[name]) for name in lines)
print("schedule             mean rate   final loss   a constant at that mean rate")
for name, (mean, loss) in lines.items():
    print(f"{name:18} {mean:11.3f} {loss:12.2f} {between[name]:16.2f}")
print("largest distance between the last two columns below 0.005:", apart < 0.005)

# %% jupyter={"source_hidden": true}
plots.show(
    loss_over_mean_rate(grid, lines, peak_lr=0.05),
    alt="Final training loss over the mean rate of the run. Constant rates form a falling line. "
    "The five schedules with peak 0.05 lie on that line, in the order of their mean rates: "
    "exponential, cosine and warmup + cosine, step decay, restarts.",
)

# %% [markdown]
# They lie on one line. **The table measured how much rate each run spent, and nothing about its
# shape.** With steps as small as these, descent follows one and the same path down, and the rates
# only say how far along it a run gets: as far as their sum. The points can be separated, every
# update uses all of them, the loss is that of training, and 300 updates are too few. Then more rate
# is better, and every decay is a way of spending less. Look at the column "converged", too: the
# exponential "converges" first of all, at 117, because that is when it all but stops learning.
#
# Four things have to change: a peak tuned for each schedule, held-out data, more than one seed, and
# a problem on which something limits the large rate. The rest of the lesson does that, on four
# problems.
#
# ## Every schedule of this course
#
# All as functions of the peak and the number of updates. What else they need is fixed in advance,
# at customary values, and not tuned.

# %%
every_schedule = {
    "constant": lambda peak, n: schedules.constant(peak),
    "multi-step": lambda peak, n: schedules.multi_step(peak, [n // 2, 3 * n // 4], drop=0.1),
    "exponential": lambda peak, n: schedules.exponential(peak, gamma=0.01 ** (1 / n)),
    "inverse sqrt": lambda peak, n: schedules.inverse_sqrt(peak, n // 10),
    "inverse time": lambda peak, n: schedules.inverse_time(peak, rate=10 / n),
    "polynomial": lambda peak, n: schedules.polynomial(peak, n, power=2),
    "linear": lambda peak, n: schedules.linear(peak, n),
    "cosine": lambda peak, n: schedules.cosine(peak, n),
    "cosine restarts": lambda peak, n: schedules.cosine_restarts(peak, n // 3, mult=2),
    "warmup + cosine": lambda peak, n: schedules.warmup_cosine(peak, n // 10, n),
    "triangular": lambda peak, n: schedules.triangular(peak, peak / 25, n // 3),
    "1-cycle": lambda peak, n: schedules.one_cycle(peak, n),
    "WSD": lambda peak, n: schedules.wsd(peak, n // 10, n, n // 5),
}
print(f"{len(every_schedule)} schedules, {len(every_schedule) - 1} of them not constant")

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Before the machinery, the principle, on a quadratic with noise and
# > four schedules. We try five peaks on eight seeds, take each schedule's best, and score it on
# > eight *other* seeds. Why other ones? In which direction would the score be wrong on the same
# > seeds?


# %% tags=["from-scratch"]
def tune_then_score(run, plans, peaks, steps, choose_on, score_on):
    """run(rates, seeds) gives one score a seed; lower is better."""
    chosen, scores = {}, {}
    for name, plan in plans.items():
        tried = [run(plan(peak, steps)(np.arange(steps)), choose_on).mean() for peak in peaks]
        chosen[name] = peaks[int(np.argmin(tried))]
        scores[name] = run(plan(chosen[name], steps)(np.arange(steps)), score_on)
    return chosen, scores


quadratic = problems.power_law_quadratic(dimensions=50, noise_std=1.0)


def run_quadratic(rates, seeds):
    return problems.simulate(quadratic, np.tile(rates, (len(seeds), 1)), seeds)[:, -1]


four = {name: every_schedule[name] for name in ("constant", "linear", "cosine", "multi-step")}
peaks, even, odd = (0.05, 0.1, 0.2, 0.4, 0.8), range(0, 16, 2), range(1, 16, 2)
chosen, scores = tune_then_score(run_quadratic, four, peaks, 300, even, odd)
for name in four:
    print(f"{name:10} best peak {chosen[name]:.2f}, loss on fresh seeds {scores[name].mean():.3f}")

# %% [markdown]
# On the seeds that chose it, a peak looks better than it is: it was chosen partly for their luck.
# That is all there is to fairness, in eight lines. The library does the same, and adds intervals,
# ranks and all pairs:

# %% tags=["library"]
same = compare(quadratic, four, peaks=peaks, total_steps=300, seeds=Seeds(even, odd))
print("same peaks:", all(same.chosen_peaks == list(chosen.values())))
print("same scores:", np.allclose(same.scores, list(scores.values())))

# %% [markdown]
# ## First problem: where it can be computed
#
# On the quadratic (50 directions, noise in each) the expected loss needs no runs at all, and
# neither does the best possible sequence of rates. The **regret** is what a schedule at its own
# best peak leaves above that. We take three horizons, because a short run and a long one are
# different jobs.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Which schedule comes closest at 300 updates? Which one is last? And
# > is there a horizon at which a schedule, at its best peak, is *worse* than a constant rate?

# %%
horizons = (30, 300, 900)
excess = {}
for n in horizons:
    least = theory.expected_losses(quadratic, theory.optimal_rates(quadratic, n))[-1]
    tops = {
        name: theory.best_peak(quadratic, lambda p, maker=maker, n=n: maker(p, n), n)
        for name, maker in every_schedule.items()
    }
    table = np.array([every_schedule[k](top, n)(np.arange(n)) for k, top in tops.items()])
    excess[n] = dict(zip(tops, theory.regret(quadratic, table) / least, strict=True))
by_300 = sorted(every_schedule, key=excess[300].get)
print("regret as a share of the least loss")
print("updates          " + "".join(f"{n:8d}" for n in horizons))
for name in by_300:
    print(f"{name:17}" + "".join(f"{excess[n][name]:8.0%}" for n in horizons))

# %% jupyter={"source_hidden": true}
plots.show(
    regret_dots(by_300, {n: [excess[n][name] for name in by_300] for n in horizons}),
    alt="Regret of the 13 schedules on a log axis at 30, 300, 900 updates. Linear is best at 30, "
    "the exponential at 300 and 900. Constant, triangular and multi-step are at the "
    "far end; at 30 updates multi-step and triangular lie beyond the constant rate.",
)

# %% tags=["conclusion"]
for n in horizons:
    ahead = [name for name in every_schedule if excess[n][name] < excess[n]["constant"]]
    behind = [name for name in every_schedule if excess[n][name] > excess[n]["constant"]]
    print(
        f"{n:4d} updates: best {min(excess[n], key=excess[n].get)}; better than the constant: "
        f"{len(ahead)} of {len(every_schedule) - 1}; worse: {', '.join(behind) or 'none'}"
    )

# %% [markdown]
# With exact numbers there are no ties, and three lessons. The order depends on the horizon: linear
# is nearest in the short run, the exponential in the long ones. A schedule *can* be worse than a
# constant: with 30 updates there is hardly time to get anywhere, and whoever drops early stays
# where he is. And the longer the run, the more a falling rate is worth.

# %% [markdown] tags=["experiment"]
# ## Second problem: a network with noisy labels
#
# Spirals of which one label in five is wrong, batches of 32, 300 updates, held-out loss. Eight
# seeds choose the peak, sixteen others score it; the intervals hold for all pairs at once. We also
# keep two other things that people report: the best loss on the way, and the number of updates to
# "convergence".

# %%
split = Seeds(range(0, 16, 2), range(1, 32, 2))  # even ones choose, odd ones score
spiral_task = training.Workload(
    problems.noisy_spirals(), training.Mlp(dtype="float32"), batch_size=32
)
noisy = compare(
    spiral_task,
    every_schedule,
    peaks=(0.4, 0.8, 1.6) if FAST else (0.2, 0.4, 0.8, 1.6, 3.2),
    total_steps=300,
    seeds=split,
    reference="cosine",
    score_every=15,
    threshold=0.75,
)
own_best = noisy.best[:, :, None]
settled = noisy.scored_at[(noisy.history <= 1.05 * own_best).argmax(axis=2)]
reached = np.sort(noisy.steps_to_reach, axis=1)[:, len(split.fresh) // 2]  # medians over seeds
middle = np.sort(settled, axis=1)[:, len(split.fresh) // 2]
rows = {row.schedule: row for row in noisy.as_table()}
print("                 rank   final loss   best on the way")
for name in every_schedule:
    row = rows[name]
    print(f"{name:16} {row.rank:4d}   {row.score.mean:10.2f}   {row.best:15.2f}")

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    plots.forest_plot(noisy),
    alt="Held-out loss of 13 schedules with intervals, and differences to the cosine. Linear, "
    "warmup + cosine, cosine, 1-cycle, WSD, polynomial, cosine restarts are filled: not told apart "
    "from the cosine. Triangular, exponential, multi-step, inverse time follow; the constant is last.",
)

# %% tags=["conclusion"]
first = sorted(row.schedule for row in noisy.as_table() if row.rank == 1)
print(f"tied in first place, {len(first)} of {len(noisy.names)}:", ", ".join(first))
a, b = noisy.names.index("constant"), noisy.names.index("cosine")
print("constant clearly worse than the cosine:", noisy.ranking.worse[a, b])

# %% [markdown]
# **Seven shapes share the first place.** Whatever falls smoothly to zero at the end, or falls at
# the end alone as WSD does, is as good as anything else here. Behind them are those that come down
# in jumps (multi-step), or too early (exponential, inverse time), climb again until shortly before the
# end (triangular), do not come down far (inverse sqrt), or not at all. Note the exponential: first
# on the quadratic, not here.
#
# Now for "convergence". To ask for the updates **to one loss, the same for all**, is a fair
# question, though its answer favours early decays: it says who is quick to 0.75, and not who ends
# up best. To ask for updates to *one's own best*, as the article does, is no question at all: the
# worse the best, the sooner it is reached. A run that learns nothing has converged at once.

# %%
print("median updates     to loss 0.75   to 5 % above the run's own best")
for name in ("exponential", "WSD", "constant"):
    s = noisy.names.index(name)
    print(f"{name:12} {reached[s]:18.0f} {middle[s]:33d}   rank {noisy.ranking.ranks[s]}")
print("first of all at its own best:", noisy.names[middle.argmin()])

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    settling_dots(noisy.names, {"to loss 0.75": reached, "to its own best": middle}),
    alt="Median updates to loss 0.75 (rings) and to 5 % above the own best (dots). Exponential, "
    "polynomial and inverse time are first by both. WSD and 1-cycle are late by both. The constant "
    "is among the last to 0.75, and well before that at its own best.",
)

# %% [markdown]
# The first to "converge" is not among the best, while WSD, which is late by either rule, is: it
# keeps its rate up until shortly before the end, and that is its plan. The constant is "at
# its best" before it is at 0.75: its best is so poor that 5 % above it is more than 0.75.
# <!-- 0.73 * 1.05 = 0.77 -->

# %% [markdown] tags=["experiment"]
# ## Third problem: a convnet
#
# Two convolutions with group normalisation on handwritten digits, batches of 32, 300 updates: a
# short run. The article's guide says 1-cycle or step decay here. Such runs cost far more, so there
# are six schedules and three seeds to choose the peak: that is little, and the choice carries their
# luck.

# %%
convnet_task = training.Workload(
    problems.digits(), training.Convnet((8, 16), "group"), batch_size=32
)
six = ("constant", "multi-step", "cosine", "warmup + cosine", "1-cycle", "WSD")
convnet = compare(
    convnet_task,
    {name: every_schedule[name] for name in six},
    peaks=(0.2, 0.4) if FAST else (0.1, 0.2, 0.4, 0.8),
    total_steps=300,
    seeds=Seeds(range(0, 4, 2), range(1, 16, 2)) if FAST else Seeds(range(0, 6, 2), split.fresh),
    reference="WSD",
)

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    plots.forest_plot(convnet),
    alt="Held-out loss of six schedules on the convnet with intervals, and paired differences "
    "to WSD. WSD and 1-cycle are lowest, warmup + cosine follows, then cosine and multi-step; the "
    "constant is highest, with the widest interval.",
)

# %%
behind = convnet.ranking.worse[:, convnet.names.index("WSD")]
for name in ("cosine", "multi-step"):
    print(f"{name} clearly worse than WSD: {behind[convnet.names.index(name)]}")

# %% [markdown]
# Unlike on the spirals, WSD is ahead of the plain cosine: a short run is short of rate, and WSD
# keeps it up the longest of those that come down. The constant has the highest mean and the widest
# interval: whether a run ends well depends on where its last updates happen to leave it. And
# multi-step decay, the kind that the article's guide recommends for convnets, is clearly behind.

# %% [markdown] tags=["experiment"]
# ## Fourth problem: a transformer
#
# Lesson 4's associative recall in its smallest form: a sequence shows two keys with a value each,
# then asks for both. Adam, batches of 16, 200 updates, four schedules. Guessing has
# a loss of $\log 4$. Eight seeds choose the peak again: with few, it may fall on a large one, at
# which those few were lucky.

# %%
recall = problems.associative_recall(keys=2, values=4, gap=1, held_out=256)
transformer_task = training.Workload(
    recall, training.Transformer(width=16), training.Adam(), batch_size=16
)
transformer = compare(
    transformer_task,
    {name: every_schedule[name] for name in ("constant", "linear", "warmup + cosine", "WSD")},
    peaks=(0.005,) if FAST else (0.0025, 0.005, 0.01),
    total_steps=200,
    seeds=Seeds(range(0, 4, 2), range(1, 16, 2)) if FAST else split,
    reference="warmup + cosine",
)

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    plots.forest_plot(transformer),
    alt="Held-out loss of four schedules on the transformer, all small beside that of guessing, "
    "and their paired differences to warmup + cosine. The intervals are wide for their size.",
)

# %% [markdown]
# The intervals are wide for a reason that lesson 4 has shown: a run finds the mechanism sooner or
# later, and the few late ones decide the mean. Sixteen runs of that kind do not tell these
# schedules from the constant. It even has the lowest mean: these data are clean, as the article's
# were, and a rate that stays up gets further.
#
# ## The count
#
# Against the constant rate, each at its own best peak. *Better* means: by more than a half per cent
# of what guessing costs, with an interval for all pairs at once. Where that is not shown, it may
# still be so: it means that these runs do not show it.


# %% tags=["conclusion"]
def count(comparison, classes):
    margin, c = 0.005 * np.log(classes), comparison.names.index("constant")
    better = comparison.ranking.high[:, c] < -margin
    return int(better.sum()), len(better) - 1


exact = sum(excess[300][name] < excess[300]["constant"] for name in every_schedule)
counts = {
    "quadratic, 300 updates, exact": (exact, len(every_schedule) - 1),
    "noisy spirals": count(noisy, 3),
    "convnet": count(convnet, 10),
    "transformer": count(transformer, 4),
}
print("schedules that are better than a constant rate")
for name, (better, of) in counts.items():
    print(f"{name:30} better {better:2d}   not shown {of - better:2d}")
better, of = np.sum(list(counts.values()), axis=0)
print(f"{'together':30} better {better:2d}   not shown {of - better:2d}")

# %% [markdown]
# So "any reasonable schedule beats constant" does not survive as it stands. What does survive:
#
# - **Where gradient noise limits the run, a rate that comes down is worth its while** (quadratic,
#   noisy spirals), and on the quadratic the longer the run, the more.
# - **It has to come down all the way, and at the end.** Among those that do, the shape hardly
#   matters.
# - **Where noise is not the limit**, as in the article's own setting, a constant rate at a good
#   peak is better; and in short runs (the shortest quadratic, convnet, transformer) a gain was not
#   always there, or too small to show.
# - **The peak matters more than the shape.** That is what the article's table measured without
#   meaning to.
#
# ## Choose by the job
#
# "Numbers" counts what you have to set beside the peak and the length of the run.
#
# | Your job | Take | Numbers | Ease | Because |
# |---|---|---|---|---|
# | See if it learns at all; short or noise-free run | constant | none | trivial | article's table run again; count: no gain shown on convnet and transformer |
# | Length known, noise, nothing else known | linear or cosine to zero | none | easy | noisy spirals: tied first; quadratic; Defazio et al. (2023) |
# | Transformer, Adam, or the largest peak you can get | warmup + linear or cosine | one: warmup | easy | lesson 4: wider usable peak; transformer here: no gain once tuned; Devlin et al. (2018), Brown et al. (2020) |
# | Length open, or several lengths from one run | WSD | two: warmup, decay | easy | noisy spirals: tied first; convnet: none better; Hu et al. (2024), Hägele et al. (2024) |
# | Convnet, short run | 1-cycle or WSD | two: start, share of the rise | moderate | convnet figure: lowest means; Smith and Topin (2019) |
# | Noisy, and close to a quadratic | exponential | one: end share | easy | quadratic: best in the two longer runs; but noisy spirals: behind |
# | Finished models at several known times | cosine restarts | two: first cycle, factor | moderate | noisy spirals: tied first; quadratic: behind cosine; lesson 3 |
# | No end in sight, no decay possible | inverse square root | one: time scale | easy | quadratic, short: ahead of constant; noisy spirals: not clearly; Vaswani et al. (2017) |
# | Repeat an older result | multi-step | two: when, how far | easy | quadratic and noisy spirals: behind cosine; He et al. (2016) |
# | None that we found | triangular | two: period, foot | moderate | quadratic and noisy spirals: behind cosine; Smith (2017) |
# | Not even the order of the peak is known | range test first | – | easy | lesson 7 |
#
# Where two lines fit, take the one with fewer numbers to set, and spend what you saved on the peak.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 1: one peak for all
#
# The commonest comparison sets one peak and runs every schedule with it. The tuning runs above hold
# that experiment for each peak. Watch the places.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Of 13 schedules, at which place is the constant rate at the lowest
# > shared peak? At the highest? And inverse time, which comes down fastest at first?

# %%
places = 1 + noisy.validation_means.argsort(axis=0).argsort(axis=0)
print(f"shared peak        {noisy.peaks[0]:5g}   {noisy.peaks[-1]:5g}")
for name in ("constant", "inverse time"):
    row = places[noisy.names.index(name)]
    print(f"{name:14}     {row[0]:5d}   {row[-1]:5d}")

# %% jupyter={"source_hidden": true} tags=["varies"]
plots.show(
    places_over_peak(noisy, ("constant", "WSD", "exponential", "inverse time", "cosine")),
    alt="Place of each schedule, 1 the best, over the shared peak. The constant and WSD begin at "
    "the top at the lowest peak and fall to the bottom at the highest. Exponential and inverse "
    "time begin at the bottom and end at the top. The cosine stays in the middle.",
)

# %% [markdown]
# The ranking turns over. A small peak favours those that keep it up; a large one favours those that
# come down at once. **Choose the peak, and you have chosen the winner.** No result at one shared
# peak says anything about shapes, in whichever direction. The article's was a case of it with an
# extra twist: the baseline had not even the same peak.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 2: the best of twelve
#
# Suppose all schedules were equally good. You run twelve, see who is lowest, and test the others
# against the winner with the usual 95 % intervals. To see what happens, we take twelve copies of
# *one* schedule that differ in nothing but their seeds, deal real runs out to them at random, and
# do that a thousand times.

# %%
copies, runs_each = 12, 8 if FAST else 16
plan = schedules.cosine(0.8, 300)(np.arange(300))
pool = training.train(
    spiral_task, np.tile(plan, (copies * runs_each, 1)), 1000 + np.arange(copies * runs_each)
).held_out_loss[:, -1]
rng = np.random.default_rng(0)
plain = simultaneous = 0
for _ in range(1000):
    dealt = rng.permutation(pool).reshape(copies, runs_each)
    winner = dealt.mean(axis=1).argmin()
    one_by_one = [rank(dealt[[winner, i]]).worse.any() for i in range(copies) if i != winner]
    plain += any(one_by_one)
    simultaneous += rank(dealt).worse.any()
print(f"a difference declared among {copies} identical schedules, in 1000 comparisons")
print(f"plain 95 % intervals, against the winner: in more than 60 %: {plain > 600}")
print(f"intervals for all pairs at once:          in less than 5 %:  {simultaneous < 50}")

# %% [markdown]
# In most comparisons **the usual test finds a difference where there is none**. The winner was
# picked by the scores that it is tested with, and twelve give luck many chances. The remedy is the
# one this course uses: intervals wide enough for all pairs together (here by Bonferroni's rule, the
# level divided by the number of pairs), or new seeds for the winner, or a comparison announced
# before you look.

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong, 3: the best on the way
#
# Many logs report the lowest held-out loss of a run. It looks harmless. Go back to the table of the
# noisy spirals:

# %%
final, best = noisy.scores.mean(axis=1), noisy.best.mean(axis=1)
gap_final = final - final[noisy.names.index("cosine")]
gap_best = best - best[noisy.names.index("cosine")]
print("behind the cosine     by final loss   by best on the way")
for name in ("constant", "inverse sqrt", "inverse time"):
    s = noisy.names.index(name)
    print(f"{name:20} {gap_final[s]:14.2f} {gap_best[s]:20.2f}")

# %% [markdown]
# The best on the way flatters the schedules that end noisily: among many noisy values, the lowest
# is low. That is the winner's curse again, within one run, and the loss so reported is never that
# of the weights you keep, unless you kept them, chosen on other data than you report. Report the
# end.

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Choose schedules and peaks and press **Go**: the runs are real, on the spirals of the second
# problem or on digits, with the same seeds for all. At equal peaks the exponential is clearly worse
# than WSD: raise its peak alone. From where on can the two no longer be told apart? Now set all
# four peaks to about 3: who leads? With all labels right, is the constant still clearly behind WSD?
# And with how few seeds can nothing be told from anything?

# %% tags=["explorer"]
explorers.training()

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** A paper compares ten schedules at the peak that was tuned for the cosine. The cosine wins.
# What do you conclude about the other nine?
#
# <details><summary>Answer</summary>
#
# Nothing. The places at one shared peak turn over with that peak, and here it was tuned for one of
# the contenders. The same runs at a lower peak might have favoured the constant rate, at a higher
# one the exponential.
#
# </details>
#
# ---
# **2.** A schedule "converges after 117 of 300 updates", by the rule "close to its best loss". Good
# news?
#
# <details><summary>Answer</summary>
#
# It says that the loss hardly changed after that. It may have found the optimum, or the rate may
# have died away with the work half done, as with the exponential in the first table. Ask for the
# updates to a loss that is the same for all, and for the loss at the end.
#
# </details>
#
# ---
# **3.** In your comparison the intervals of all differences between linear, cosine and WSD hold
# zero. Your colleague wants "a winner". What do you say?
#
# <details><summary>Answer</summary>
#
# That a tie is a result: with so many runs they cannot be told apart, so choose by what else
# matters. WSD if the length is open, linear or cosine if it is known and you want nothing to set.
# More seeds would find a smaller difference, and a smaller one matters less.
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. The article's table measured the mean rate: a constant rate at the same peak beats all its
#    schedules.
# 2. Fair means: each peak tuned, fresh seeds, held-out loss at the end, intervals for all pairs at
#    once.
# 3. With noise, what comes down all the way at the end ties for first; constant is last. Elsewhere
#    it may tie.
# 4. One shared peak chooses the winner; the best of twelve wins by luck; the best on the way
#    flatters noise.
# 5. Choose by the job, with few numbers to set, and spend your effort on the peak.

# %% [markdown] tags=["next"]
# ## Now you
#
# Do [exercise 8](../exercises/ex08_grand_comparison.ipynb): find what is unfair in three tables, put an interval
# on a difference, and choose with a budget. Then
# take a comparison of schedules from a paper or a blog that you trust. Look for five things: the
# peak of each, the seeds, the data of the score, end or best, and the number of contenders. Then
# write down what it shows. [Lesson 9](09_after_cosine.ipynb) has the schedules that came after the
# cosine, and what else has to change when the length or the batch does.
#
# **References.** T. Brown et al. (2020), *Language models are few-shot learners*, arXiv:2005.14165.
# · A. Defazio, A. Cutkosky, H. Mehta, K. Mishchenko (2023), *Optimal linear decay learning rate
# schedules and further refinements*, arXiv:2310.07831. · J. Devlin, M.-W. Chang, K. Lee, K.
# Toutanova (2018), *BERT: pre-training of deep bidirectional transformers for language
# understanding*, arXiv:1810.04805. · A. Hägele et al. (2024), *Scaling laws and compute-optimal
# training beyond fixed training durations*, arXiv:2405.18392. · K. He, X. Zhang, S. Ren, J. Sun
# (2016), *Deep residual learning for image recognition*, arXiv:1512.03385. · S. Hu et al. (2024),
# *MiniCPM*, arXiv:2404.06395. · L. N. Smith (2017), *Cyclical learning rates for training neural
# networks*, arXiv:1506.01186. · L. N. Smith, N. Topin (2019), *Super-convergence*,
# arXiv:1708.07120. · A. Vaswani et al. (2017), *Attention is all you need*, arXiv:1706.03762.
