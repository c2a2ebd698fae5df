# %% [markdown] tags=["title"]
# # Put the claims to the test
#
# **You will learn** to
#
# - turn a sentence about schedules into an experiment that it could fail;
# - fix the cases, and a rule for the verdict, before the first run;
# - say what became of the claims in the three documents that this course grew from;
# - recognise how a claim that looks true is made, with one seed and one peak.
#
# **Time:** about 35 minutes, and 55 more for *Further*. **You need** lessons 1 to 5; each claim
# names the lesson that has more.

# %% tags=["parameters"]
FAST = False  # True: fewer runs, for a quick check

# %%
from dataclasses import replace

import numpy as np
import torch

from course_lib import (
    intervals,
    libraries,
    measured,
    outcomes,
    plots,
    problems,
    schedules,
    training,
)
from course_lib.compare import Seeds, show_verdicts
from course_lib.experiments import lesson11_arms as arms
from course_lib.experiments import lesson11_claims as claims
from course_lib.experiments import lesson11_language as language
from course_lib.experiments import lesson11_rates as rates
from course_lib.experiments import lesson11_runs as runs
from course_lib.experiments import lesson11_starts as starts
from course_lib.experiments.lesson11_claims import Claim, Docket, by_ratio
from course_lib.libraries.conformance import recorded_rates
from course_lib.plots.lesson11 import claims_forest
from course_lib.schedules.recipes import RECIPES

torch.set_num_threads(1)  # small matrices: more threads only wait for each other

# %% [markdown] tags=["surprise", "predict"]
# ## One seed, one peak, one proof
#
# A widely read article shows what warmup is good for. It trains a small network twice, at the same
# peak of 0.08, and prints a final loss of 0.0913 without warmup and of 0.0542 with it. It concludes
# that "the warmup version converges to a much better minimum". By these numbers the loss without
# warmup is 1.68 times the other. <!-- 0.0913 / 0.0542 = 1.68 -->
#
# > **Predict before you run.** We run the article's own code, with the article's own peak and
# > warmup, for eight seeds. By what factor is the loss without warmup the larger one?

# %% tags=["surprise"]
printed = 0.0913 / 0.0542
again = runs.article_warmup("layer_by_layer", None, range(8), peak=0.08).contrast.difference
factor = intervals.Interval(*np.exp([-again.mean, -again.high, -again.low]).tolist())
measured.show_table(["loss without / with warmup", "printed"], [[factor, f"{printed:.2f}"]])
outcomes.show_facts({"the article's warmup lowers the loss by 1 % or more": factor.high >= 1.01})

# %% [markdown]
# The printed gain does not come out of the code: the two losses agree to within one per cent.
# <!-- holds: the article's warmup lowers the loss by 1 % or more is false -->
# The sentence may still be true elsewhere. This lesson shows how to find out, for this sentence
# and for nearly fifty others.
#
# ## Three documents
#
# This course grew from three texts about learning-rate schedules:
#
# - **the article**, *Learning Rate Schedules from Scratch*, with code, printed results and advice;
# - **the guide**, *Learning Rate Scheduling*, an encyclopedia's entry with formulas and pitfalls;
# - **the exercise**, *NNX LR Schedule*, which explains one schedule of optax.
#
# They are good texts of their kind, and most of what is written about schedules repeats them. We
# quote each sentence in a few of its own words and test it on problems that train in seconds, and
# some of them on a small language model as well. Such a test cannot settle what happens in a large
# model. It can show that a sentence is no law, and which condition the sentence leaves out.
#
# ## The rule of judgement
#
# Before any run we fix, for every claim,
#
# - **the cases**: four experiments, on two problems under two conditions wherever that is
#   possible. A statement about a library or a paper is looked up and needs two;
# - **what is compared**: *ours* should come out lower than *theirs* if the claim is right. Both run
#   with the same seeds, at their own best peaks unless the claim is about one peak;
# - **the margin**: half a per cent of the loss of guessing for held-out losses, and one per cent
#   for ratios, as everywhere in this course. An interval has the level 99 %, because there are so
#   many cases.
#
# A case speaks *for* a claim where ours is better, and *against* it where ours is worse or equal.
# It stays *open* where the runs do not decide. If a claim says only that something is *enough*, an
# equal result speaks for it too. The rule then needs more than one case for any verdict:
#
# | verdict | what it takes |
# |---|---|
# | holds | more than half of the cases for, two at least, and none against |
# | fails | more than half against, two at least, and none for |
# | depends | two or more for, and two or more against |
# | open | anything else, such as a single exception |

# %% [markdown] tags=["predict"]
# > **Predict before you run.** Suppose forty claims were all empty: A and B are equally good. Each
# > is tested in four cases, with intervals of 99 %. How many of the forty get a verdict in their
# > favour by luck, if a single case "for" is enough? And if two cases are needed?


# %% tags=["from-scratch"]
def rule_by_hand(sides):
    """The verdict on a claim from a list of "for", "against" and "open"."""
    yes, no = sides.count("for"), sides.count("against")
    if yes >= 2 and no >= 2:
        return "depends"
    if yes >= 2 and yes > len(sides) / 2 and no == 0:
        return "holds"
    if no >= 2 and no > len(sides) / 2 and yes == 0:
        return "fails"
    return "open"


lucky = claims.lucky_verdicts(claims=40, cases=4, seeds=16)
for words, count in lucky.items():
    print(f"{words:20} {count:.2f} of 40 empty claims pass by luck ({claims.LEVEL:.0%} intervals)")
outcomes.show_facts(
    {"the rule lets fewer than one empty claim in forty pass": lucky["the rule"] < 1}
)

# %% [markdown]
# If a single case is enough, luck passes about two empty claims in every three such lists of forty.
# Under the rule it passes one claim in twenty lists. <!-- holds: the rule lets fewer than one empty
# claim in forty pass --> The cases of a claim share seeds, so the simulation lets them share half
# of their variance. The library has the same rule, and a `Docket` that prints each claim with its
# cases and keeps it.

# %% tags=["library"]
sides = ("for", "against", "open")
every = [[a, b, c, d] for a in sides for b in sides for c in sides for d in sides]
print("the library's rule is ours:", all(claims.rule(case) == rule_by_hand(case) for case in every))

docket = Docket()
judge = docket.judge
SMALL = "a hint"  # networks of a few thousand weights, trained for seconds
TOY = "nothing"  # a formula or a landscape that only shares a mechanism
SAME = "the same"  # what a library or a paper does, or arithmetic

# %% [markdown]
# These are the problems. The spirals have one wrong label in five and batches of 32;
# their noise limits every run. The digits have little noise. On the quadratic in 50 dimensions the
# expected loss is computed and not sampled. Every schedule is tuned alike: a grid of peaks, and two
# shapes for each family that has a shape of its own (drop, end, warmup). Even seeds choose, odd
# seeds score.

# %%
mlp = training.Mlp(dtype="float32")
noisy = training.Workload(problems.noisy_spirals(), mlp, batch_size=32)
clean = training.Workload(problems.spirals(), mlp)
digits = training.Workload(problems.digits(), mlp, batch_size=32)
noisy_adam, digits_adam = (replace(w, optimizer=training.Adam()) for w in (noisy, digits))
quadratic = problems.power_law_quadratic(dimensions=50)
seeds = Seeds(range(0, 12, 2), range(1, 40 if FAST else 48, 2))
sixteen, eight = (Seeds(range(0, n, 2), range(1, 2 * m, 2)) for n, m in ((12, 16), (8, 8)))

four = {
    "quadratic, 300 updates": arms.computed(quadratic, arms.ARMS, 300),
    "quadratic, 30 updates": arms.computed(quadratic, arms.ARMS, 30),
    "spirals, 300 updates": arms.trained(noisy, arms.ARMS, 300, seeds, score_every=25),
    "spirals, 30 updates": arms.trained(noisy, arms.ARMS, 30, seeds, arms.SHORT_PEAKS),
}

# %% [markdown] tags=["experiment"]
# ## Does any schedule beat a constant rate?
#
# The article ends with this sentence. We take the *worst* of four falling schedules, chosen on the
# even seeds, and compare it with the constant rate. The cases are two problems, each with a long
# and a short run.

# %% tags=["experiment"]
FALLING = ("linear", "cosine", "multi-step", "exponential")
judge(
    Claim(
        "any schedule beats a constant",
        "any reasonable schedule beats constant LR",
        "article, 7",
        lesson="8",
        large=SMALL,
    ),
    {name: found.case(found.worst(*FALLING), "constant") for name, found in four.items()},
)

# %% [markdown] tags=["claim"]
# **With plain SGD and everybody's best peak, the claim holds here, in long runs and in short
# ones.** <!-- holds: any schedule beats a constant holds --> On the language model near the end of this lesson it does
# not. <!-- holds: any schedule beats a constant open at language model --> What the four cases have in common is
# gradient noise; *Further* looks at a drop without noise, and at Adam. At one shared peak the order
# can turn round, as in lesson 8.

# %% tags=["experiment"]
judge(
    Claim(
        "the shape matters less",
        "The specific shape matters less than the principle",
        "article, 7",
        lesson="8",
        large=SMALL,
    ),
    {name: arms.spread_against_gain(found, FALLING) for name, found in four.items()},
)

# %% [markdown] tags=["claim"]
# *Ours* is how far the worst falling shape is behind the best one. *Theirs* is how far the constant
# rate is behind the mean of the four. **The spread among the shapes is the smaller of the two in
# three cases, and the fourth is open.** <!-- holds: the shape matters less holds --> It is not
# zero: on the quadratic it is still a matter of several per cent.
#
# ## Is warmup a must?
#
# First the sentence from the beginning of this lesson, now in four cases: the article's loop, which
# updates each layer before the error has passed through it, and the true gradient; all points at
# once, and batches of 32. The peak is the article's, 0.08, so no peak is tuned.

# %% tags=["experiment"]
LOOPS = {"its loop": "layer_by_layer", "the gradient": "simultaneous"}
judge(
    Claim(
        "warmup lowers the loss at peak 0.08",
        "the warmup version converges to a much better minimum",
        "article, 4",
        lesson="4",
        large=SMALL,
    ),
    {
        f"{words}, {batch or 'all'} points": runs.article_warmup(order, batch, range(8))
        for words, order in LOOPS.items()
        for batch in (None, 32)
    },
)

# %% [markdown] tags=["claim"]
# **The claim fails: at this peak, warmup changes next to nothing.** <!-- holds: warmup lowers the
# loss at peak 0.08 fails --> A peak of 0.08 is far below the largest one that this network can
# train with, and there is nothing for a warmup to prevent.

# %% [markdown] tags=["predict"]
# > **Predict before you run.** A transformer with AdamW, with its layer norm after each addition
# > (post-norm) or before it (pre-norm). (a) At two and four times the best rate without warmup,
# > does it end no better than guessing? (b) If each is tuned, is the run with warmup ahead? And at
# > twice the best peak of the run without?

# %% tags=["experiment"]
recall = problems.associative_recall(keys=2, values=4, gap=1, held_out=256)
adamw, tuned, high = training.AdamW(weight_decay=0.1), {}, {}
for norm in ("post", "pre"):
    model = training.Transformer(width=16, norm=norm)
    attention = training.Workload(recall, model, adamw, batch_size=16)
    tuned[f"{norm}-norm, best peaks"], tuned[f"{norm}-norm, twice the best"] = runs.warmed(
        attention, 160, (0.25, 0.0), eight, peaks=(0.005, 0.01, 0.02, 0.04)
    )
    for peak in (0.02, 0.04):
        plan = schedules.cosine(peak, 160)(np.arange(160))
        high[f"{norm}-norm, peak {peak}"] = runs.against_guessing(attention, plan, eight.fresh)
judge(
    Claim(
        "a transformer without warmup ends at guessing",
        "it will almost certainly diverge",
        "article, 4",
        lesson="4",
        large=SMALL,
        needs="no worse",
    ),
    high,
)

# %% tags=["experiment"]
judge(
    Claim(
        "a transformer needs warmup",
        "For transformers, warmup is not optional",
        "article, 4",
        lesson="4",
        large=SMALL,
    ),
    tuned,
)

# %% [markdown] tags=["claim"]
# **The claim of divergence fails at two and four times the best rate: on average the runs do better
# than guessing.** <!-- holds: a transformer without warmup ends at guessing fails --> The article
# names no rate. Still higher ones are not in these cases.
#
# **The second claim stays open here.** <!-- holds: a transformer needs warmup open --> Tuned, the run with
# warmup takes twice the peak, and the seeds cannot tell which ends lower. At twice the peak that is
# best without it, warmup gains in the post-norm network. <!-- holds: a transformer needs warmup for
# at post-norm, twice the best -->
#
# On the language model near the end of this lesson, the tuned run with warmup does end lower in short runs. <!-- holds: a
# transformer needs warmup holds at language model --> The transformers of this section have two layers, the language model three. Deeper post-norm ones did fail without warmup
# (Xiong et al., 2020), and large runs use warmup nearly without exception. <!-- source: Xiong et
# al. 2020 --> So depth or size belongs to the claim. This is no advice to leave the warmup out.
#
# ## Do large rates lead to flat minima, and do those generalise?
#
# The article says both. We train at the constant rates 0.05 and 0.8 and measure the sharpness, the
# largest curvature of the training loss (lesson 5). A constant rate stops on its noise floor and in
# no minimum, so we look twice: at the end, and after a cooldown to zero. The data have 300 points,
# which the network can learn by heart, or 900.

# %% tags=["experiment"]
flatter, better = {}, {}
for per_class in (100, 300):
    workload = replace(noisy, data=problems.noisy_spirals(per_class))
    for place, ends in rates.constant_ends(workload, range(12)).items():
        flatter[f"{3 * per_class} points, {place}"] = ends.flatter()
        better[f"{3 * per_class} points, {place}"] = ends.better()
about = {"source": "article, 5", "lesson": "5", "large": SMALL}
judge(
    Claim("large rates end flat", "Large steps push the model toward flatter minima", **about),
    flatter,
)
judge(
    Claim("flat minima generalise better", "flatter minima that generalize better", **about),
    better,
)

# %% [markdown] tags=["claim"]
# **On these spirals, large rates do end in flatter places.** <!-- holds: large rates end flat holds
# --> The second half of the sentence is another matter: with 300 points the flatter end has the
# higher held-out loss, and with 900 points, after a cooldown, the lower one. <!-- holds: flat
# minima generalise better against at 300 points, after a cooldown; flat minima generalise better
# for at 900 points, after a cooldown --> That is one case for and two against, so by the rule the
# claim stays open. <!-- holds: flat minima generalise better open --> Flatness by itself does not
# decide.
#
# ## Do longer runs need a longer warmup?
#
# The article says that longer runs "benefit from extended warmup". A warmup of 10 updates is a
# tenth of a run of 100. In a run of 400 updates, is a tenth again, 40 updates, better than the 10?

# %% tags=["experiment"]
longer = {}
for name, workload in (("spirals", noisy_adam), ("digits", digits_adam)):
    longer[f"{name}, best peaks"], longer[f"{name}, twice the best"] = runs.warmed(
        workload, 400, (0.1, 1 / 40), sixteen, peaks=arms.WARM_PEAKS[name]
    )
judge(
    Claim(
        "longer runs need a longer warmup",
        "longer runs benefit from extended warmup",
        "article, 8",
        lesson="13",
        large=SMALL,
    ),
    longer,
)

# %% [markdown] tags=["claim"]
# **Nothing here speaks for a longer warmup in a longer run, and the claim stays open.** <!-- holds:
# longer runs need a longer warmup open --> Warmup is there for the start of a run, and the first
# updates are the same however many follow.
#
# ## Does `decay_steps` count the cosine alone?
#
# The exercise says so of optax' `warmup_cosine_decay_schedule`. Rates that optax itself gave are
# recorded in this course, for a warmup of 10 and `decay_steps=90`. If the sentence is right, the
# cosine runs from 10 to 100. It is then halfway down at 55 and still above its floor at 95.

# %% tags=["experiment"]
record = recorded_rates("optax", "warmup_cosine_decay_schedule(decay_steps=total-warmup, WRONG)")
peak, floor = 0.1, 0.001
judge(
    Claim(
        "optax counts the cosine alone",
        "the length of the cosine portion only",
        "exercise",
        lesson="4",
        large=SAME,
    ),
    {
        "halfway down at 55": bool(np.isclose(record[55], (peak + floor) / 2)),
        "still above its floor at 95": bool(record[95] > 1.01 * floor),
    },
)

# %% [markdown] tags=["claim"]
# **The claim fails: in optax, `decay_steps` includes the warmup.** <!-- holds: optax counts the
# cosine alone fails --> With these numbers, the exercise's own call
# trains its last ten updates at the floor.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: the rate itself
#
# The article prints the results of its code, calls a rate of 1 too high, and says that gradients
# are large early on.

# %% tags=["experiment"]
t = np.arange(300)
printed = {  # the article's results, typed in
    0.1842: np.full(300, 0.01),
    0.9103: np.full(300, 0.0001),
    0.0891: schedules.step_decay(0.05, drop=0.5, every=100)(t),
    0.1047: schedules.exponential(0.05, gamma=0.99)(t),
    0.0724: runs.article_schedule(0.05, 0),
    0.0913: runs.article_schedule(0.08, 0),
    0.0542: runs.article_schedule(0.08, 30),
}
its_code = training.Workload(problems.spirals(), training.Mlp(order="layer_by_layer"))
losses = training.train(its_code, np.array(list(printed.values())), [42] * 7).losses[:, -1]
close = np.abs(losses - list(printed)) < 0.01
judge(
    Claim(
        "the printed losses come from the code",
        "final loss = 0.0542",
        "article, 1-4",
        lesson="8",
        large=SAME,
    ),
    {"a constant, to 0.01": bool(close[:2].any()), "a schedule, to 0.01": bool(close[2:].any())},
)

# %% tags=["experiment"]
judge(
    Claim("rate 1 is too high", "too high", "article, 1", lesson="1", large=SMALL),
    {
        f"{words}, {batch or 'all'} points": runs.rate_one(order, batch, range(8))
        for words, order in LOOPS.items()
        for batch in (None, 32)
    },
)

# %% tags=["experiment"]
judge(
    Claim(
        "gradients shrink", "Early on, gradients are large", "article, 1", lesson="1", large=SMALL
    ),
    {
        f"{labels} labels, {batch or 'all'} points": runs.step_sizes(
            training.Workload(data, mlp, batch_size=batch), range(32 if batch else 8)
        )
        for labels, data in (("clean", clean.data), ("noisy", noisy.data))
        for batch in (None, 32)
    },
)

# %% [markdown] tags=["claim"]
# - None of these seven printed losses comes out of the code. <!-- holds: the printed losses come
#   from the code fails -->
# - A rate of 1 is too high for the article's loop, and far better than 0.01 for the gradient. <!--
#   holds: rate 1 is too high depends --> The sentence is true of a loop that is not gradient descent.
# - Gradients do shrink in all four cases. <!-- holds: gradients shrink holds --> With noisy labels
#   and batches of 32 they shrink by a tenth only, because what remains is noise.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: decay
#
# When not to bother, and what can go wrong: drops, drops that come too early, exponentials that are
# too steep, a rate of exactly zero at the end, too much decay for Adam. The steep exponential ends
# at $e^{-10}$ of its peak: the guide's default rate of decay, over its 100 epochs.

# %% tags=["experiment"]
epochs_5 = {
    "spirals, 5 epochs": arms.trained(noisy, arms.THREE, 141, seeds),
    "digits, 5 epochs": arms.trained(digits, arms.THREE, 225, seeds),
}
epoch_1 = {
    "spirals, 1 epoch": four["spirals, 30 updates"],
    "digits, 1 epoch": arms.trained(digits, arms.THREE, 45, seeds),
}
judge(
    Claim(
        "under ten epochs a constant is enough",
        "Very short training (<10 epochs) where fixed LR suffices",
        "guide, avoid",
        lesson="2",
        large=SMALL,
        needs="no worse",
    ),
    {name: found.case("constant", "linear") for name, found in (epochs_5 | epoch_1).items()},
)

# %% tags=["experiment"]
quiet = problems.power_law_quadratic(dimensions=50, noise_std=0.0)
judge(
    Claim(
        "a drop brings a sudden gain",
        "Each drop triggers a sudden improvement",
        "article, 2",
        lesson="2",
        large=SMALL,
    ),
    {
        "quadratic with noise": runs.drop_now(quadratic, 0.3),
        "quadratic without noise": runs.drop_now(quiet, 0.3),
        "spirals, batches of 32": runs.drop_now(noisy, 0.8, seeds.fresh),
        "clean spirals, all points": runs.drop_now(clean, 0.1, range(8)),
    },
)

# %% tags=["experiment"]
early = {}
for name, problem in (("quadratic", quadratic), ("spirals", noisy)):
    found = four[f"{name}, 300 updates"]
    early[f"{name}, best peaks"] = found.case("multi-step", "one early drop")
    early[f"{name}, one peak"] = runs.early_drop(problem, found, seeds.fresh)
about = {"source": "guide, pitfalls", "lesson": "2", "large": SMALL}
judge(Claim("an early drop costs", "Learning rate drops too early", **about), early)

# %% tags=["experiment"]
judge(
    Claim("a steep exponential costs", "aggressive exponential decay", **about),
    {name: found.case("cosine", "steep exponential") for name, found in four.items()},
)

# %% tags=["experiment"]
peak = four["quadratic, 300 updates"].peaks["cosine"]
at_end, later = runs.floor_on_quadratic(quadratic, peak, 300)
adam_at_end, adam_later = runs.floor_cases(noisy_adam, seeds.fresh, peak=0.032)
judge(
    Claim(
        "end at 1e-6 and not at zero",
        "a small non-zero value (1e-6 or 1e-7) to allow continued learning",
        "guide, pitfalls",
        lesson="3",
        large=SMALL,
    ),
    {
        "quadratic, at the end": at_end,
        "quadratic, 300 updates later": later,
        "spirals with Adam, at the end": adam_at_end,
        "spirals with Adam, 300 updates later": adam_later,
    },
)

# %% tags=["experiment"]
under_adam = {
    f"{name}, {updates} updates": arms.trained(
        workload, arms.THREE, updates, seeds, arms.ADAM_PEAKS
    )
    for name, workload, lengths in (
        ("spirals", noisy_adam, (300, 30)),
        ("digits", digits_adam, (225, 45)),
    )
    for updates in lengths
}
about = {"source": "guide, pitfalls", "lesson": "4", "large": SMALL}
judge(
    Claim("with Adam linear is enough", "Linear decay often sufficient", needs="no worse", **about),
    {name: found.case("linear", "cosine") for name, found in under_adam.items()},
)

# %% tags=["experiment"]
under_sgd = [
    *(four["spirals, 300 updates"], four["spirals, 30 updates"]),
    *(epochs_5["digits, 5 epochs"], epoch_1["digits, 1 epoch"]),
]
judge(
    Claim("Adam gains less from decay", "Adam typically needs less aggressive scheduling", **about),
    {
        name: arms.gains(found, sgd, ("gain with Adam", "gain with SGD"))
        for (name, found), sgd in zip(under_adam.items(), under_sgd, strict=True)
    },
)

# %% [markdown] tags=["claim"]
# - Even in a few epochs of plain SGD, decay pays in three of four cases; the fourth is open. <!--
#   holds: under ten epochs a constant is enough fails -->
# - A drop brings its sudden gain only where there is noise that it can average out; without noise
#   the run merely slows down. <!-- holds: a drop brings a sudden gain depends -->
# - A single drop after a tenth of the run costs, at one peak and at the best ones. <!-- holds: an
#   early drop costs holds -->
# - So does an exponential as steep as the guide's default. <!-- holds: a steep exponential costs
#   holds --> In the long run on the spirals its peak is at the edge of the grid, so it may be a
#   little underrated there.
# - A last rate of 1e-6 makes no difference: not at the end, and not in 300 more updates at that
#   rate. There is no continued learning to speak of. <!-- holds: end at 1e-6 and not at zero
#   fails -->
# - With Adam, linear decay does as well as a cosine. <!-- holds: with Adam linear is enough holds -->
# - Adam gains less from decay than plain SGD does in three of four cases; the fourth is open. <!--
#   holds: Adam gains less from decay holds -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: cosine and restarts
#
# The article places the cosine before every classic schedule, and restarts a little before the
# cosine. In its code the first cycle is a quarter of the run, so that the run ends within a cycle;
# we add a first cycle of a third, with which the last cycle ends when the run does. The lowest loss
# on the way is taken from the same runs, so at the peaks that are best for the end.

# %% tags=["experiment"]
classics = ("multi-step", "exponential", "inverse sqrt")
judge(
    Claim(
        "the cosine beats the classics",
        "Cosine annealing surpasses every classic schedule we’ve tried",
        "article, 3",
        lesson="3",
        large=SMALL,
    ),
    {name: found.case("cosine", found.best(*classics)) for name, found in four.items()},
)

# %% tags=["experiment"]
ends, on_the_way = {}, {}
for name in ("quadratic, 300 updates", "spirals, 300 updates"):
    for share in ("T/3", "T/4"):
        arm = f"restarts, T_0 = {share}"
        ends[f"{name}, {share}"] = four[name].case(arm, "cosine")
        on_the_way[f"{name}, {share}"] = four[name].case(arm, "cosine", lowest=True)
about = {"lesson": "3", "large": SMALL}
judge(
    Claim(
        "restarts gain at the end", "warm restarts squeeze out a bit more", "article, 3", **about
    ),
    ends,
)
quote = "cosine with restarts finds the best intermediate loss"
judge(Claim("restarts are best on the way", quote, "article, 7", **about), on_the_way)

# %% tags=["experiment"]
judge(
    Claim(
        "in short runs a constant is as good as a cosine",
        "Short training runs where cosine curve doesn’t fully develop",
        "guide, avoid",
        lesson="3",
        large=SMALL,
        needs="no worse",
    ),
    {
        name: found.case("constant", "cosine")
        for name, found in {
            "quadratic, 30 updates": four["quadratic, 30 updates"],
            "spirals, 30 updates": four["spirals, 30 updates"],
            "digits, 45 updates": epoch_1["digits, 1 epoch"],
            "spirals with Adam, 30 updates": under_adam["spirals, 30 updates"],
        }.items()
    },
)

# %% [markdown] tags=["claim"]
# - On the quadratic the exponential, at its best peak, is ahead of the cosine. On the spirals the
#   cosine is ahead in the long run, and the short one is open. So is the claim. <!-- holds: the
#   cosine beats the classics open; the cosine beats the classics against at quadratic, 300 updates;
#   the cosine beats the classics for at spirals, 300 updates -->
# - Restarts gain nothing, neither at the end nor on the way. <!-- holds: restarts gain at the end
#   fails; restarts are best on the way fails -->
# - In runs of 30 updates with plain SGD the cosine is ahead of the constant rate. <!-- holds: in short
#   runs a constant is as good as a cosine against at spirals, 30 updates; in short runs a constant
#   is as good as a cosine against at quadratic, 30 updates --> On the digits and with Adam it is
#   open.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: more about warmup

# %% [markdown] tags=["predict"]
# > **Predict before you run.** (a) Adam's scale is off by more than a quarter after 10 updates, and
# > after 200. (b) Adam's first update is larger than a later one. (c) So is the first update of
# > plain momentum. Which ones are true?

# %% tags=["experiment"]
white = [
    (np.random.default_rng(s).standard_normal((200, 4000)), np.ones((2, 4000))) for s in range(8)
]
trained = [starts.network_gradients(noisy.data, seed, at=(10, 200)) for seed in range(8)]
scale, first = {}, {}
for name, pairs in (("white noise", white), ("spirals", trained)):
    errors = np.array([starts.scale_errors(g, truth, at=(10, 200)) for g, truth in pairs])
    for column, updates in enumerate((10, 200)):
        scale[f"{name}, {updates} updates"] = by_ratio(
            "a quarter off", "the median weight", np.full(8, 0.25), errors[:, column]
        )
    for optimizer in ("Adam", "momentum"):
        sizes = np.array([starts.update_sizes(g, optimizer) for g, _ in pairs])
        first[f"{optimizer}, {name}"] = by_ratio(
            "updates 151-200", "first update", sizes[:, 150:].mean(axis=1), sizes[:, 0]
        )
quote = "the first few hundred estimates are wildly inaccurate"
about = {"lesson": "4", "large": SMALL}
judge(Claim("Adam's scale is off for hundreds of steps", quote, "article, 4", **about), scale)
quote = "when the optimizer’s momentum buffers are empty"
judge(Claim("empty buffers make the first step too large", quote, "exercise", **about), first)

# %% tags=["experiment"]
six = ("constant", "multi-step", "exponential", "cosine", "restarts, T_0 = T/3")
judge(
    Claim(
        "warmup + cosine is the best of all",
        "warmup + cosine achieves the best final loss",
        "article, 7",
        lesson="8",
        large=SMALL,
    ),
    {name: found.case("warmup + cosine", found.best(*six)) for name, found in four.items()},
)

# %% tags=["experiment"]
small = {}
for name, workload, updates in (("spirals", noisy_adam, 300), ("digits", digits_adam, 225)):
    small[f"{name}, best peaks"], small[f"{name}, twice the best"] = runs.warmed(
        workload, updates, (0.0, 0.05), sixteen, peaks=arms.WARM_PEAKS[name]
    )
judge(
    Claim(
        "small models need no warmup",
        "Small models … (unnecessary overhead)",
        "guide, avoid",
        lesson="4",
        large="not about them",
        needs="no worse",
    ),
    small,
)

# %% tags=["experiment"]
many, narrow = {}, training.Mlp((32, 32), dtype="float32")
for name, data, batch in (("spirals", noisy.data, 450), ("digits", digits.data, 512)):
    many[f"{name}, best peaks"], many[f"{name}, twice the best"] = runs.warmed(
        training.Workload(data, narrow, batch_size=batch),
        *(42, (0.1, 0.0), sixteen, arms.SHORT_PEAKS),
    )
judge(
    Claim(
        "large batches need warmup",
        "large batch sizes that amplify early gradient noise",
        "guide, when to use",
        lesson="4",
        large=SMALL,
    ),
    many,
)

# %% tags=["experiment"]
judge(
    Claim(
        "a bad start is never made good",
        "destructive steps in the first few epochs and never fully recovers",
        "article, 4",
        lesson="4",
        large=SMALL,
    ),
    {
        "two layers, start at 3 / curvature": not runs.product_recovers(3.0, range(16)),
        "two layers, start at 4.5 / curvature": not runs.product_recovers(4.5, range(16)),
        "spirals, 3 updates at rate 2": runs.bad_start(noisy, 2.0, seeds.fresh),
        "spirals, 3 updates at rate 6": runs.bad_start(noisy, 6.0, seeds.fresh),
    },
)

# %% tags=["experiment"]
judge(
    Claim(
        "one to five per cent of warmup is usual",
        "use warmup for 1–5% of total training steps",
        "article, 4",
        lesson="4",
        large=SAME,
    ),
    {
        f"{name}, as published": bool(
            0.01 <= RECIPES[name].schedule.phases[0].steps / RECIPES[name].total_steps <= 0.05
        )
        for name in ("Transformer base", "BERT", "GPT-3 175B", "LLaMA 7B")
    },
)

# %% [markdown] tags=["claim"]
# - On white noise Adam's scale is right to a quarter within ten updates. On the network it is off by
#   more after ten updates, and about a quarter after 200, because the gradients themselves change.
#   The claim stays open. <!-- holds: Adam's scale is off for hundreds of steps open -->
# - Adam's first update is larger than later ones, since its average has nothing to average yet. In
#   plain momentum the empty buffer is a warmup of its own. <!-- holds: empty buffers make the first
#   step too large depends -->
# - Warmup and cosine together beat the best of the other five, as the even seeds chose it, in one
#   case, and are behind an exponential in two. Where it wins, the cosine alone beats the same rival.
#   <!-- holds: warmup + cosine is the best of all for at spirals, 300 updates; warmup + cosine is
#   the best of all against at quadratic, 300 updates; the cosine beats the classics for at spirals,
#   300 updates -->
# - Whether small models can do without is open, and so is what large batches gain. <!-- holds: small
#   models need no warmup open; large batches need warmup open -->
# - After a moderate bad start, runs recover. After a worse one they do not. <!-- holds: a bad start
#   is never made good depends -->
# - Of four published runs two have a warmup of one to five per cent, and two a shorter one. <!--
#   holds: one to five per cent of warmup is usual depends -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: cycles, the 1-cycle and the range test
#
# For the 1-cycle we take a convnet, as the article does, and give the 1-cycle three quarters of the
# updates. It moves the momentum too. For the range test we compare what it reads with the best peak
# of a cosine, from full runs.

# %% tags=["experiment"]
judge(
    Claim("cycles leave potholes", "escape local potholes", "guide, intuition", "5", TOY),
    {
        f"peak {peak}, against {name}": case
        for peak in (0.1, 0.3)
        for name, case in rates.potholes(peak, np.arange(200)).items()
    },
)
judge(
    Claim(
        "one fall ends lower than cycles",
        "Production training where you want convergence",
        *("guide, avoid", "5", SMALL),
    ),
    {name: found.case("cosine", "triangular") for name, found in four.items()},
)

# %% tags=["experiment"]
cycle = {}
for norm in ("none", "group"):
    convnet = replace(digits, model=training.Convnet((8,), norm))
    for name, case in rates.one_cycle_sooner(convnet, 90, 0.75, eight).items():
        cycle[f"normalisation {norm}, against {name}"] = case
judge(
    Claim(
        "1-cycle is better in fewer epochs",
        "can achieve … better accuracy in fewer epochs",
        "article, 5",
        lesson="6",
        large=SMALL,
    ),
    cycle,
)

# %% tags=["experiment"]
ballpark, tenth = {}, {}
for name, workload in (("spirals", noisy), ("digits", digits)):
    for depth in (2, 4):
        model = training.Mlp((64,) * depth, dtype="float32")
        found = rates.range_tested(replace(workload, model=model), range(32))
        ballpark[f"{name}, {depth} layers"] = found.within(
            found.suggested, found.best, 3.0, ("steepest slope is off by", "a factor of 3")
        )
        tenth[f"{name}, {depth} layers"] = found.within(
            found.edge, 10 * found.best, 2.0, ("edge / 10 is off by", "a factor of 2")
        )
about = {"source": "article, 6", "lesson": "7", "large": SMALL}
quote = "the right ballpark for your peak learning rate"
judge(Claim("one range test finds the ballpark", quote, **about), ballpark)
quote = "roughly 10× before the point of divergence"
judge(Claim("the best peak is a tenth of the edge", quote, **about), tenth)

# %% [markdown] tags=["claim"]
# - A cycle leaves the pothole where its peak is large enough, and a cosine with that peak leaves it
#   as well. <!-- holds: cycles leave potholes against at peak 0.3, against cosine; cycles leave
#   potholes for at peak 0.3, against constant 0.02 -->
# - At the end of a run, one fall is lower than cycles. <!-- holds: one fall ends lower than cycles
#   holds -->
# - The 1-cycle's held-out loss is not below that of longer conventional runs in any case. The
#   article speaks of accuracy, and says only that it can be better. <!-- holds: 1-cycle is better
#   in fewer epochs fails -->
# - The steepest slope of a single test, which the article reads, misses the best peak by more than
#   a factor of 3. <!-- holds: one range test finds the ballpark fails -->
# - A tenth of the edge misses the best peak by more than a factor of 2. <!-- holds: the best peak is
#   a tenth of the edge fails -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: what surrounds the schedule
#
# Initialisation, normalisation and loss. We train networks of two or four hidden layers of 32 on the
# spirals, at rates that differ by factors of 2. A rate is **usable** for a seed when the network
# gets more than 55 % of the held-out points right; guessing gets a third. The tables compare
# logarithms, and the wider range counts as the lower number.

# %% tags=["experiment"]
print(f"a rate is usable from an accuracy of {starts.USABLE:.0%} on")
kinds = {
    "He": {},
    "0.4 x He": {"scale": 0.4},
    "2 x He": {"scale": 2.0},
    "normalised": {"normalise": True},
    "squared error": {"squared": True},
}
found = {
    (name, depth): starts.accuracies(noisy.data, starts.Start(depth=depth, **how), range(12))
    for name, how in kinds.items()
    for depth in (2, 4)
}
width = {key: starts.width(table) for key, table in found.items()}
quote = "Good initialization (He/Xavier) widens the usable LR range"
judge(
    Claim("He's start widens the range", quote, "article, 8", large=SMALL),
    {
        f"{depth} layers, against {name}": starts.wider(
            "He", name, width["He", depth], width[name, depth]
        )
        for depth in (2, 4)
        for name in ("0.4 x He", "2 x He")
    },
)

# %% tags=["experiment"]
essential = {}
for scale in (0.4, 2.0):
    start = starts.Start(scale=scale, warmup=40)
    warm = starts.accuracies(noisy.data, start, range(12))
    for rate in ("best", "past the edge"):
        essential[f"{scale:g} x He, {rate}"] = starts.fewer_errors(
            "warmup 40", "no warmup", warm, found[f"{scale:g} x He", 4], rate
        )
quote = "not just helpful but essential"
judge(Claim("a bad start makes warmup essential", quote, "article, 8", large=SMALL), essential)

# %% tags=["experiment"]
layers = {
    f"{depth} layers, layer norm": starts.wider(
        "normalised", "plain", width["normalised", depth], width["He", depth]
    )
    for depth in (2, 4)
}
convnets = {
    f"convnet, {channels[0]} channels, group norm": rates.convnet_widths(digits, channels, range(8))
    for channels in ((8,), (16,))
}
quote = "LayerNorm and BatchNorm reduce sensitivity to the learning rate"
judge(
    Claim("normalisation widens the range", quote, "article, 8", lesson="7", large=SMALL),
    layers | convnets,
)

# %% tags=["experiment", "varies"]
judge(
    Claim(
        "squared error has another range",
        "the optimal LR range differs per loss function",
        "article, 8",
        large=SMALL,
        needs="different",
    ),
    {
        f"{depth} layers, {words} usable rate": by_ratio(
            *("squared error", "cross-entropy"),
            *(end(found[name, depth]) for name in ("squared error", "He")),
        )
        for depth in (2, 4)
        for words, end in (("highest", starts.highest), ("lowest", starts.lowest))
    },
)

# %% [markdown] tags=["claim"]
# - Weights that begin too small leave fewer usable rates. Weights that begin twice too large leave
#   more in two layers; in four it is open. <!-- holds: He's start widens the range for at 4 layers,
#   against 0.4 x He; He's start widens the range against at 2 layers, against 2 x He; He's start
#   widens the range open -->
# - After a bad start, warmup helps at a rate past the edge, if the weights began too large. At the
#   best rates nothing is decided. <!-- holds: a bad start makes warmup essential for at 2 x He, past
#   the edge; a bad start makes warmup essential open -->
# - Layer norm widens the range of the network with two layers. Group norm, which stands in for
#   batch norm, does not widen that of the convnet with 16 channels. The other two cases are open.
#   <!-- holds: normalisation widens the range for at 2 layers, layer norm; normalisation widens the
#   range against at convnet, 16 channels, group norm --> The claim stays open.
# - The squared error has another range of rates. <!-- holds: squared error has another range
#   holds -->

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: batch, length, fine-tuning, games
#
# All of this is computed: quadratics with two spectra, and a game of two players. One of them lowers
# $xy$ and the other raises it, which is the smallest stand-in for the two networks of a GAN. In the
# damped game each is also drawn to the balance by itself.

# %% tags=["experiment"]
spectra = (1.0, 0.5)
about = {"source": "guide, pitfalls", "lesson": "13", "large": TOY}
judge(
    Claim(
        "four times the batch, four times the rate",
        "linear scaling rules apply",
        needs="no worse",
        **about,
    ),
    {
        f"curvatures i^-{s}, batch {batch} to {4 * batch}": runs.batch_scaling(s, batch)
        for s in spectra
        for batch in (1, 64)
    },
)
judge(
    Claim("scale the length with the batch", "Scale schedule length with batch size", **about),
    {
        f"curvatures i^-{s}, batch times {factor}": runs.length_scaling(s, factor)
        for s in spectra
        for factor in (4, 16)
    },
)

# %% tags=["experiment"]
judge(
    Claim(
        "fine-tuning takes a smaller rate",
        "often uses smaller initial LR",
        *("guide, use cases", "13", TOY),
    ),
    {
        f"curvatures i^-{s}, noise times {noise}": runs.fine_tuning(s, noise)
        for s in spectra
        for noise in (1.0, 0.1)
    },
)
quote = "cosine annealing helps stabilize the adversarial training process"
judge(
    Claim("a cosine steadies a GAN", quote, "guide, use cases", large=TOY),
    {
        f"{words}, {updates} updates": starts.game(updates, damping)
        for words, damping in (("circling", 0.0), ("damped", 0.1))
        for updates in (300, 3000)
    },
)

# %% tags=["experiment"]
falls = {}
for name in ("DDPM on CIFAR-10", "Stable Diffusion v1", "CycleGAN, in epochs"):
    recipe = RECIPES[name]
    used = recipe.schedule(np.linspace(0, recipe.total_steps - 1, 100).astype(int))
    falls[f"{name}: ends below its peak"] = bool(used[-1] < used.max())
quote = "Training GANs or diffusion models uses carefully tuned schedules"
judge(
    Claim("GANs and diffusion models decay", quote, "guide, use cases", lesson="13", large=SAME),
    falls,
)

# %% [markdown] tags=["claim"]
# - The rate follows the batch until it comes to the limit of stability. <!-- holds: four times the
#   batch, four times the rate depends -->
# - The length of a schedule should follow the batch, or the run ends in mid-fall. <!-- holds: scale
#   the length with the batch holds -->
# - A smaller rate for fine-tuning is a matter of noise: with noise in proportion, the problem is the
#   same on a smaller scale. <!-- holds: fine-tuning takes a smaller rate depends -->
# - In the game the cosine helps in one case of four: with damping, and in a long run. Without
#   damping no rate leads to the balance. <!-- holds: a cosine steadies a GAN for at damped, 3000
#   updates; a cosine steadies a GAN open --> No GAN is trained here.
# - Two well-known diffusion models held their rate after a warmup, and a GAN let it fall to zero over
#   the second half of its run. <!-- holds: GANs and diffusion models decay against at DDPM on
#   CIFAR-10: ends below its peak; GANs and diffusion models decay for at CycleGAN, in epochs: ends
#   below its peak --> Whether their rates were "carefully tuned" cannot be seen from a schedule.

# %% [markdown] jp-MarkdownHeadingCollapsed=true
# ## Further: libraries and papers
#
# What a library or a paper does is looked up. "Close" to a cosine means here that the rate after the
# warmup is never further from a cosine with the same ends than an eighth of the peak. That
# definition is ours; a linear decay is 0.105 of the peak away. <!-- derived: the largest gap between
# (1 + cos πx)/2 and 1 − x is 0.105 -->

# %% tags=["experiment"]
gaps = {name: runs.gap_to_cosine(plan) for name, plan in runs.published_decays().items()}
print("largest gap to a cosine:", {name: round(gap, 3) for name, gap in gaps.items()})
right = recorded_rates("optax", "warmup_cosine_decay_schedule(decay_steps=total)")
judge(
    Claim("optax begins at 0 and holds its end", "LR clamps at end_value", "exercise", "4", SAME),
    {
        "0 at step 0, the peak at 10": bool(right[0] < 1e-9 and np.isclose(right[10], 0.1)),
        "the end value from 100 on": bool(np.allclose(right[100:], 0.001)),
    },
)
keras = libraries.from_library(
    "keras.CosineDecay",
    **{"initial_learning_rate": 0.1, "decay_steps": 1000},
    **{"warmup_target": 0.1, "warmup_steps": 100},
)
judge(
    Claim("the guide's Keras schedule warms up", "Warmup + Cosine", "guide, code", "4", SAME),
    {f"rate at {step} below the one at 100": bool(keras(step) < keras(100)) for step in (0, 50)},
)

# %% tags=["experiment"]
from_torch = recorded_rates("torch", "CosineAnnealingLR")
formula = schedules.cosine(0.1, 100, floor=0.001)(np.arange(101))
judge(
    Claim("CosineAnnealingLR is the formula", "over T steps", "guide, formula", "3", SAME),
    {
        "steps 0 to 99": bool(np.allclose(from_torch[:100], formula[:100], rtol=0, atol=1e-12)),
        "the end at 100": bool(np.isclose(from_torch[100], formula[100])),
    },
)
quote = "GPT-3, LLaMA, BERT — all of them use cosine or a close variant"
judge(
    Claim("large models use a cosine or a close variant", quote, "article, 3", "3", SAME),
    {name: gaps[name] < 0.125 for name in ("GPT-3", "LLaMA", "BERT")},
)
quote = "the standard for training large language models (BERT, GPT-3, T5, LLaMA, Qwen)"
judge(
    Claim("warmup and cosine are the standard", quote, "exercise", "3", SAME),
    {f"{name} uses a cosine": gap < 0.01 for name, gap in gaps.items()},
)

# %% [markdown] tags=["claim"]
# - optax begins at 0 and holds its end. <!-- holds: optax begins at 0 and holds its end holds -->
# - The guide's call of Keras starts where its warmup should end. <!-- holds: the guide's Keras
#   schedule warms up fails -->
# - Torch's cosine is the formula up to `T_max`; what it does after that is in lesson 3. <!-- holds:
#   CosineAnnealingLR is the formula holds -->
# - "A cosine or a close variant" holds of the three models named, if a linear decay is close. <!--
#   holds: large models use a cosine or a close variant holds -->
# - "Warmup and cosine" is true of GPT-3 and LLaMA, and not of BERT and T5. <!-- holds: warmup and
#   cosine are the standard depends --> Qwen's report gives too few numbers to compute its curve.
#
# Three claims are not tested here: that PPO often uses linear decay to zero, that runs of weeks
# combine warmup, decay and restarts, and that warmup helps while large batches are not yet
# representative.

# %% [markdown]
# ## All claims on one page
#
# First a picture. Each mark is a case with its interval, in units of its margin: within the grey
# band ours and theirs are equal. To the right, ours is better. Where a claim says only that two
# things differ, both sides speak for it. Claims that were only computed or looked up are in the
# table alone.

# %% jupyter={"source_hidden": true} tags=["varies"]
groups = [
    (word, [(one.name, one.drawn) for one in docket.claims if one.verdict == word and one.sampled])
    for word in claims.VERDICTS
]
plots.show(
    claims_forest(groups),
    alt="Effects of all claims in margins, by verdict, around a grey band in which both are equal. "
    "Most claims that hold lie to the right of it; those that fail lie within it or to the left; "
    "those that depend lie on both sides; open ones have wide intervals or a single exception.",
)

# %% tags=["conclusion"]
docket.show()

# %% [markdown]
# The last column says what the outcome tells about a **large** model. Where it says *a hint*, small
# networks were trained: a claim that fails there is no law, and its reason, as given, is not the
# whole reason. *Nothing* stands for formulas and landscapes that share a mechanism and no more. How
# many claims hold or fail depends on how many cases each was given, so we do not count them.
#
# The conditions that decide are few, and you have met them all. Is there gradient noise? Is the peak
# the best one, or past the cliff? How long is the run? Which optimizer is it, and is it gradient
# descent at all?

# %% [markdown] tags=["experiment", "predict"]
# ## And on a language model?
#
# The course has recorded a small language model with nine schedules (lesson 8). Thirteen of the claims can be held against
# its runs, each with a case at every length (1-cycle in half the updates at two of them), the same rule and the same level. The margin is what five per cent more
# updates buy. It is one problem at three lengths, so a verdict here is one about this model.
#
# > **Predict before you run.** Which of these verdicts change: any schedule beats a constant, a transformer needs
# > warmup, the cosine beats the classics, a drop brings a sudden gain?

# %% tags=["experiment", "conclusion"]
language.show_beside(docket.claims, language.on_language_model(docket.claims))

# %% [markdown] tags=["claim"]
# - "Any schedule beats a constant" and "the shape matters less" held on the small problems and are open here, because
#   they depend on the length: after 320 updates the worst of three decays is behind the constant, after 1,280 ahead of it.
#   <!-- holds: any schedule beats a constant holds; the shape matters less holds; any schedule beats a constant open at language model; the shape matters less open at language model; any schedule beats a constant against at language model, 320 updates; any schedule beats a constant for at language model, 1,280 updates -->
# - Warmup was open. Here linear decay with a warmup is ahead after 320 and 640 updates, so a small model gains from it; after
#   1,280 it is open. A bad start at a large rate is not made good. <!-- holds: a transformer needs warmup open; a transformer needs warmup holds at language model; small models need no warmup fails at language model; a transformer needs warmup for at language model, 320 updates; a bad start is never made good holds at language model -->
#   Without a warmup linear decay at the largest peak still ends below guessing, as on the small problems.
#   <!-- holds: a transformer without warmup ends at guessing fails; a transformer without warmup ends at guessing fails at language model -->
# - The cosine is behind linear decay and behind multi-step decay, the only classic that was recorded, at every length. <!-- holds: the cosine beats the classics fails at language model; warmup + cosine is the best of all fails at language model; with Adam linear is enough holds at language model -->
# - A drop brings its sudden gain, as in the small cases with noise. <!-- holds: a drop brings a sudden gain holds at language model -->
# - After 320 updates a constant rate is no worse than linear decay and the cosine; after 1,280 it is worse than both. <!-- holds: under ten epochs a
#   constant is enough for at language model, 320 updates; under ten epochs a constant is enough against at language model, 1,280 updates;
#   in short runs a constant is as good as a cosine for at language model, 320 updates; in short runs a constant is as good as a cosine
#   against at language model, 1,280 updates -->
# - The 1-cycle in half the updates is worse than linear decay in all of them. On the small problems it lost, too. <!-- holds: 1-cycle is better in fewer epochs fails; 1-cycle is better in fewer epochs fails at language model -->

# %% [markdown] tags=["goes-wrong"]
# ## What goes wrong: how a claim that looks true is made
#
# Take the article's demonstration once more: one network, one seed, one peak, two final losses. We
# repeat it with single runs, with Adam, at six peaks and with sixteen seeds. Each pair of runs is
# a possible demonstration. A gain of five per cent would look good in print.

# %%
tops = (0.03, 0.06, 0.1, 0.2, 0.3, 0.4)
plans = [arms.warm(share)(peak, 200)(np.arange(200)) for peak in tops for share in (0.0, 0.05)]
pairs = arms.ends_of(replace(noisy_adam, batch_size=64), plans, range(16))
gains = (pairs[0::2] / pairs[1::2]).reshape(len(tops), -1)
shown = {"warmup wins": gains > 1.05, "no warmup wins": gains < 1 / 1.05}
measured.show_table(
    ["peak", *(f"share of pairs in which {words}" for words in shown)],
    [
        [f"{peak:g}", *(intervals.share_interval(won[i]) for won in shown.values())]
        for i, peak in enumerate(tops)
    ],
)
outcomes.show_facts(
    {
        "at some peak most pairs show a gain from warmup": (gains > 1.05).mean(axis=1).max() > 0.5,
        "at peak 0.03 no pair shows one": not (gains[0] > 1.05).any(),
        "some pair shows that warmup hurts": (gains < 1 / 1.05).any(),
    }
)

# %% [markdown]
# An author who believes in warmup takes a large peak, and most pairs agree. <!-- holds: at some peak
# most pairs show a gain from warmup --> An author who does not takes a small one, and no pair
# objects. <!-- holds: at peak 0.03 no pair shows one --> A patient author finds a seed with which
# warmup *hurts*. <!-- holds: some pair shows that warmup hurts --> Nobody has to cheat. It is enough
# to stop at the first result that makes sense. Three habits prevent it: **tune the peak for each
# side, use fresh seeds, and write down before the run what would count against you.** <!-- derived:
# the rule of judgement above -->

# %% [markdown] tags=["explorer"]
# ## Explore
#
# Test a claim of your own. Choose two schedules, an optimizer and a length; both get the same peaks
# and seeds. Does a longer run turn an open result into a decided one? Try `"restarts, T_0 = T/3"`,
# or `training.Adam()` with `arms.ADAM_PEAKS`.

# %% tags=["explorer"]
ours, theirs, updates, optimizer = "linear", "constant", 300, training.Sgd()
mine = arms.trained(
    replace(noisy, optimizer=optimizer),
    {name: arms.ARMS[name] for name in (ours, theirs)},
    *(updates, Seeds(range(0, 12, 2), range(1, 32, 2)), arms.SGD_PEAKS),
)
show_verdicts([mine.case(ours, theirs).contrast], at="your own claim")

# %% [markdown] tags=["quiz"]
# ## Three questions
#
# **1.** A post says: "We removed the warmup and the loss exploded, so warmup is essential." Which
# two cases would you want beside this one?
#
# <details><summary>Answer</summary>
#
# The same run without warmup at a lower peak, and the best peak of each. An explosion shows that
# this peak was past the cliff. Whether warmup is essential depends on the best run without it. <!--
# derived: the cases of the transformer above -->
#
# </details>
#
# ---
# **2.** A claim has three cases against and one for. The rule says *open*. Which experiment would
# you add?
#
# <details><summary>Answer</summary>
#
# One that shares the condition of the exception but not its problem. If it also speaks for the
# claim, the verdict becomes *depends*, and the condition has a name. If not, the claim stays
# *open*, and the exception may belong to that one problem. <!-- derived: the table of the rule
# above -->
#
# </details>
#
# ---
# **3.** "Each drop triggers a sudden improvement" came out as *depends*. What do the two sides tell
# you about the reason?
#
# <details><summary>Answer</summary>
#
# The cases for it have gradient noise, and the cases against it have none. The gain is noise that
# is averaged out. Without noise, a smaller rate only slows the run down. <!-- holds: a drop brings a
# sudden gain for at quadratic with noise; a drop brings a sudden gain against at quadratic without
# noise -->
#
# </details>

# %% [markdown] tags=["recap"]
# ## In five lines
#
# 1. A claim can be tested once you can say which number would count against it. <!-- derived: the
#    rule of judgement -->
# 2. Fix the cases, the margin and the rule before the first run, and let no single case decide. <!--
#    holds: the rule lets fewer than one empty claim in forty pass -->
# 3. With plain SGD, falling schedules beat a constant rate where there is noise, and their shape matters less. <!--
#    holds: any schedule beats a constant holds; the shape matters less holds -->
# 4. Many sentences are true under a condition that they leave out: a drop, for example, needs noise.
#    <!-- holds: a drop brings a sudden gain depends -->
# 5. One seed and one shared peak can demonstrate nearly anything. <!-- holds: at some peak most pairs
#    show a gain from warmup; at peak 0.03 no pair shows one -->

# %% [markdown] tags=["monday"]
# ## On Monday
#
# | do | start with | evidence |
# |---|---|---|
# | let the rate fall | linear or cosine, to zero at the end of the run | with plain SGD and noise, the worst of four beats the tuned constant; on a language model not after 320 updates, but after 1,280, and in the long runs of lesson 12 <!-- holds: any schedule beats a constant against at language model, 320 updates; any schedule beats a constant for at language model, 1,280 updates --> <!-- holds: any schedule beats a constant holds --> <!-- holds in 12: every decay ends at least 0.1 below the constant --> |
# | under Adam | linear decay | as good as a cosine or better on small networks and on the recorded language model; open in the published runs, where it is close <!-- holds: with Adam linear is enough holds; with Adam linear is enough holds at language model --> <!-- holds in 12: linear open_against cosine at 50,000 updates --> |
# | floor | 0; a millionth changes nothing | equal at the end and 300 updates later; a tenth of the peak is worse in the published runs of lesson 12 <!-- holds: end at 1e-6 and not at zero fails --> <!-- holds in 12: cosine to a tenth worse_than cosine at 50,000 updates --> |
# | drops | not before half of the run | one drop after a tenth is worse than drops at a half and three quarters <!-- holds: an early drop costs holds --> |
# | restarts | none, unless you need a model at the end of each cycle | worse at the end and on the way <!-- holds: restarts gain at the end fails; restarts are best on the way fails --> |
# | larger batch | as many epochs, so fewer updates, in the length of the schedule | the unscaled cosine is worse <!-- holds: scale the length with the batch holds --> |
# | optax | `decay_steps` is the whole run, warmup included | as recorded from optax <!-- holds: optax counts the cosine alone fails --> |
# | a result that you read | ask for tuned peaks on both sides, eight seeds, an interval | single pairs show whatever one likes <!-- holds: at some peak most pairs show a gain from warmup; at peak 0.03 no pair shows one --> |

# %% [markdown] tags=["next"]
# ## Now you
#
# Take one claim you believe in, write down the rule, and run it. Everything you need is one
# function: give `course_lib.compare.compare` your workload, or any function from rates and seeds to
# scores, two schedules and a handful of peaks. The [cheat sheet](cheat_sheet.ipynb) has the choices
# of the whole course, and the [glossary](glossary.ipynb) its words. The
# [capstone](../exercises/capstone.ipynb) puts what you have learned to the test: three unknown
# problems, one schedule each. [Lesson 12](12_language_models.ipynb) checks what the lessons recommend against
# a language model, and [lesson 13](13_scale.ipynb) goes on to larger batches and longer runs.
#
# **References.** The claims' own sources are named in the lessons that the table points to. · P.
# Goyal et al. (2017), *Accurate, large minibatch SGD: training ImageNet in 1 hour*,
# arXiv:1706.02677. · A. Lewkowycz et al. (2020), *The large learning rate phase of deep learning:
# the catapult mechanism*, arXiv:2003.02218. · G. Zhang et al. (2019), *Which algorithmic choices
# matter at which batch sizes? Insights from a noisy quadratic model*, arXiv:1907.04164. · R. Xiong
# et al. (2020), *On layer normalization in the transformer architecture*, arXiv:2002.04745. · C.
# Raffel et al. (2020), *Exploring the limits of transfer learning with a unified text-to-text
# transformer*, arXiv:1910.10683. · J. Ho, A. Jain, P. Abbeel (2020), *Denoising diffusion
# probabilistic models*, arXiv:2006.11239.
