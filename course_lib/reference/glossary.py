"""The words of the course: what each means, where it is explained, what the libraries call it."""

from __future__ import annotations

from dataclasses import dataclass

LAST_LESSON = 11


@dataclass(frozen=True)
class Term:
    """One word of the field.

    Attributes:
        name: the word as the lessons use it.
        meaning: one or two sentences.
        lessons: numbers of the lessons that explain or use it, the explaining one first.
        elsewhere: other names for it, in libraries and papers; empty: none.
        spelled: other spellings under which a lesson may have it.
    """

    name: str
    meaning: str
    lessons: tuple[int, ...]
    elsewhere: str = ""
    spelled: tuple[str, ...] = ()


_TERMS = (
    Term(
        "learning rate",
        "The factor η in w ← w − η g: how far an update moves along the gradient.",
        (1, 0),
        "lr, step size, learning_rate, η, α",
    ),
    Term(
        "update",
        "One change of the weights. t counts the updates already done, so the first has t = 0.",
        (0, 2),
        "step, iteration; count (optax)",
    ),
    Term(
        "schedule",
        "A function from the step to the learning rate.",
        (0, 2),
        "scheduler (torch), LearningRateSchedule (Keras)",
    ),
    Term(
        "epoch",
        "One pass over the data. Schedules count updates; an epoch is as many of them as it has "
        "batches, divided by the accumulation.",
        (0, 2),
    ),
    Term("peak", "The highest rate of a schedule.", (0, 4), "peak_lr, max_lr, peak_value; base_lr"),
    Term(
        "floor",
        "The rate that a schedule falls to; in this course absolute, in some libraries a share of "
        "the peak.",
        (0, 3),
        "eta_min, min_lr, end_value, end_learning_rate; alpha (a share of the peak)",
    ),
    Term(
        "horizon",
        "The number of updates that a schedule is planned for, T or total_steps. It includes the "
        "warmup.",
        (0, 3),
        "total_steps, T_max, num_training_steps; decay_steps (optax' warmup schedules include the "
        "warmup, Keras' CosineDecay does not)",
    ),
    Term(
        "phase",
        "A stretch of a schedule with one formula, from its first step up to, but not including, "
        "the first of the next.",
        (0,),
    ),
    Term(
        "mean rate",
        "All rates of a schedule added up, divided by the horizon: how much rate it hands out. For "
        "linear and cosine it is half the peak.",
        (0, 3),
    ),
    Term(
        "decay",
        "The fall of the rate. It pays where gradient noise limits the run.",
        (2, 3),
        "annealing",
    ),
    Term(
        "annealing",
        "Another word for decay, from metal that is cooled slowly; mostly said of the cosine.",
        (3,),
        "CosineAnnealingLR",
    ),
    Term(
        "milestone",
        "A step at which the rate drops. Libraries differ by one in which update has the new rate "
        "first.",
        (2,),
        "milestones (torch), boundaries (optax, Keras), decay_t (timm)",
    ),
    Term(
        "drop factor",
        "What the rate is multiplied by at a drop, or at every update of an exponential decay.",
        (2,),
        "gamma, decay_rate, drop, factor",
        ("factor", "gamma"),
    ),
    Term(
        "power",
        "Exponent of the polynomial decay: 1 is the straight line, larger ones fall earlier.",
        (2,),
    ),
    Term(
        "reach",
        "The sum of all rates of a decay that goes on for ever. An exponential's is finite, P / (1 "
        "− γ): training longer adds nothing.",
        (2,),
    ),
    Term(
        "plateau",
        "A stretch in which a metric does not improve. A plateau rule cuts the rate then; it "
        "depends on the run and is no function of the step.",
        (2,),
        "ReduceLROnPlateau",
    ),
    Term(
        "patience",
        "How many measurements without improvement a plateau rule bears; in torch and here the "
        "next one cuts, in Keras and optax the last of them.",
        (2,),
    ),
    Term(
        "inverse square root",
        "A decay that falls as 1 / √t, after a rise. It needs no horizon.",
        (2,),
        "Noam, rsqrt",
    ),
    Term(
        "half-cosine",
        "The stretch of the cosine from its top to its bottom, moved and scaled to lead from peak "
        "to floor: flat at both ends, steepest at half time.",
        (3,),
        "cosine decay, cosine annealing",
    ),
    Term(
        "restart",
        "A jump of the rate back up to the peak; warm, because the weights are kept.",
        (3, 0),
        "SGDR, CosineAnnealingWarmRestarts, hard restarts",
    ),
    Term(
        "cycle",
        "One turn of a schedule that repeats: from restart to restart, or from foot to foot.",
        (3, 5),
    ),
    Term(
        "period",
        "The updates in one cycle. Smith's step size, step_size_up in torch, is half of it.",
        (5,),
        "T_0, first_decay_steps, 2 · step_size_up",
    ),
    Term(
        "triangular",
        "Up along a line and down along a line, again and again; in triangular2 and exp_range the "
        "cycles get lower.",
        (5,),
        "CyclicLR, cyclical learning rate",
    ),
    Term(
        "snapshot ensemble",
        "The average of the predictions of several models, taken from one run at the ends of its "
        "cycles.",
        (5,),
    ),
    Term(
        "warmup",
        "A rise at the beginning, mostly along a line. It makes a larger peak usable.",
        (4, 0),
        "warmup_steps, num_warmup_steps, LinearLR (torch), warmup_t (timm)",
    ),
    Term(
        "bias correction",
        "Adam divides its moving averages by the share of them that is filled, because both begin "
        "at zero.",
        (4,),
    ),
    Term(
        "usable peak",
        "The highest peak with which a run still ends near its best; beyond it is the cliff.",
        (4,),
    ),
    Term(
        "1-cycle",
        "One rise and one fall over the whole run, to far below the first rate; the momentum goes "
        "the other way.",
        (6, 0),
        "OneCycleLR, cosine_onecycle_schedule",
    ),
    Term(
        "super-convergence",
        "Smith and Topin's name for short runs at very large rates that reach what long ones do.",
        (6,),
    ),
    Term(
        "range test",
        "A short run in which the rate rises from tiny to too large while the loss is recorded, to "
        "find a rate to begin with.",
        (7,),
        "learning-rate finder, lr_find",
    ),
    Term(
        "steepest",
        "A rule that reads a range test: the rate at which the loss falls fastest.",
        (7,),
        "steep (fastai); torch-lr-finder, Lightning and ignite each do it in a way of their own",
    ),
    Term(
        "valley",
        "A rule that reads a range test: a point part of the way down the longest stretch in which "
        "the loss falls.",
        (7,),
        "fastai's default",
    ),
    Term(
        "WSD",
        "Warmup, stable, decay: a rise, a long constant rate, a short fall that may begin whenever "
        "the run is to end.",
        (9, 0),
        "trapezoidal, constant with cooldown",
    ),
    Term("cooldown", "The short fall at the end of WSD.", (9,), "decay phase"),
    Term(
        "schedule-free",
        "An optimizer that averages weights in place of lowering the rate. The average is what one "
        "evaluates.",
        (9,),
    ),
    Term(
        "curvature",
        "How quickly the slope of the loss changes as one moves, λ; in many dimensions there is "
        "one for each direction.",
        (1, 2),
        "sharpness (the largest one), eigenvalue of the Hessian",
    ),
    Term(
        "sharpness",
        "The largest curvature in any direction, the largest eigenvalue of the Hessian.",
        (5,),
    ),
    Term(
        "flat minimum",
        "One of small sharpness, where large rates end. Whether it does better on new data has to "
        "be measured.",
        (5,),
        "",
        ("flat minima",),
    ),
    Term(
        "momentum",
        "The share of the last move that is kept in the next. CyclicLR and OneCycleLR of torch "
        "change it along with the rate unless told not to.",
        (5, 10),
        "betas[0] (Adam), cycle_momentum",
    ),
    Term(
        "stability limit",
        "The rate 2 / λ, above which gradient descent runs away from a minimum of curvature λ.",
        (1, 2),
    ),
    Term(
        "condition number",
        "The largest curvature divided by the smallest: the first sets the limit of the rate, the "
        "second the pace.",
        (1,),
    ),
    Term(
        "catapult",
        "A run that begins above the stability limit, whose loss first grows, and which lands "
        "where the curvature is smaller.",
        (1,),
    ),
    Term(
        "cliff",
        "The rate beyond which a run suddenly fails. The best constant rate stands right before "
        "it.",
        (1, 4),
    ),
    Term(
        "noise floor",
        "The loss at which a constant rate settles, because gradient noise kicks the weights "
        "about. For small rates it is proportional to the rate.",
        (1, 3),
    ),
    Term(
        "batch",
        "The examples whose gradients are averaged for one step; its number of examples is the "
        "batch size.",
        (1, 2),
        "minibatch, batch_size",
    ),
    Term(
        "gradient accumulation",
        "Adding up the gradients of several batches for one update. The schedule must count the "
        "updates, not the batches.",
        (0, 2, 10),
        "accumulate, gradient_accumulation_steps",
        ("accumulat",),
    ),
    Term(
        "held-out loss",
        "The loss on examples that were not trained on.",
        (0, 3),
        "validation loss",
    ),
    Term(
        "seed",
        "The number that fixes a run's initial weights and batches. One run is one draw; a "
        "comparison needs several.",
        (0, 1),
    ),
    Term(
        "interval",
        "The range in which a mean lies with the confidence stated, given how the seeds differ.",
        (2, 0),
        "confidence interval",
    ),
    Term(
        "paired difference",
        "The difference of two schedules taken seed by seed. It is known better than either mean.",
        (0, 2),
        "",
        ("difference on the same seeds", "difference", "seed by seed"),
    ),
    Term(
        "tie",
        "Two schedules of which neither is clearly better: the interval of their difference does "
        "not exclude zero, or less than the margin named.",
        (0, 2),
    ),
    Term(
        "rank",
        "1 plus the number of schedules that are clearly better.",
        (0, 2),
    ),
    Term(
        "Bonferroni",
        "Wider intervals, because all pairs are looked at together and not just one.",
        (3, 2),
        "simultaneous intervals",
        ("all pairs",),
    ),
    Term(
        "regret",
        "What a schedule leaves on top of the least loss that any rates could reach.",
        (3,),
    ),
)

#: Every term, in the order of the alphabet.
TERMS = tuple(sorted(_TERMS, key=lambda term: term.name.lower()))
