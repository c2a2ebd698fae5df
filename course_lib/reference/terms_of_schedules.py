"""The words of the glossary for schedules and their parts."""

from __future__ import annotations

from course_lib.reference.term import Term

SCHEDULE_TERMS = (
    Term(
        "learning rate",
        "The factor η in w ← w − η g: how far an update moves against the gradient.",
        (1, 0),
        elsewhere="lr, step size, learning_rate, η, α",
        not_called=("step size", "stepsize"),
    ),
    Term(
        "schedule",
        "A function from the step to the learning rate.",
        (0, 2),
        elsewhere="scheduler (torch), LearningRateSchedule (Keras)",
    ),
    Term(
        "peak",
        "The highest rate of a schedule.",
        (0, 4),
        elsewhere="peak_lr, max_lr, peak_value; base_lr",
        not_called=("maximum rate", "maximum learning rate"),
    ),
    Term(
        "floor",
        "The rate that a schedule falls to; in this course absolute, in some libraries a "
        "share of the peak.",
        (0, 3),
        elsewhere="eta_min, min_lr, end_value, end_learning_rate; alpha (a share of the peak)",
        not_called=("minimum rate", "minimum learning rate"),
    ),
    Term(
        "horizon",
        "The number of updates that a schedule is planned for, T or total_steps. It includes "
        "the warmup.",
        (0, 3),
        elsewhere="total_steps, T_max, num_training_steps; decay_steps (optax's warmup schedules "
        "include the warmup, Keras' CosineDecay does not)",
    ),
    Term(
        "phase",
        "A stretch of a schedule with one formula, from its first step up to, but not "
        "including, the first of the next.",
        (0,),
    ),
    Term(
        "mean rate",
        "All rates of a schedule added up, divided by the horizon. For linear decay and the "
        "cosine it is half the peak.",
        (0, 3),
    ),
    Term(
        "decay",
        "The fall of the rate. It pays where gradient noise limits the run.",
        (2, 3),
        elsewhere="annealing",
    ),
    Term(
        "annealing",
        "Another word for decay, from metal that is cooled slowly; mostly said of the cosine.",
        (3,),
        elsewhere="CosineAnnealingLR",
    ),
    Term(
        "milestone",
        "A step at which the rate drops. Libraries differ by one in which update has the new "
        "rate first.",
        (2,),
        elsewhere="milestones (torch), boundaries (optax, Keras), decay_t (timm)",
    ),
    Term(
        "drop factor",
        "What the rate is multiplied by at a drop, or at every update of an exponential decay.",
        (2,),
        elsewhere="gamma, decay_rate, drop, factor",
        spelled=("factor", "gamma"),
    ),
    Term(
        "power",
        "Exponent of the polynomial decay: 1 is linear decay, larger ones fall earlier.",
        (2,),
    ),
    Term(
        "reach",
        "The sum of all rates of a decay that goes on for ever. An exponential's is finite, P "
        "/ (1 − γ): training longer adds ever less.",
        (2,),
    ),
    Term(
        "plateau",
        "A stretch in which a metric does not improve. A plateau rule cuts the rate then; it "
        "depends on the run and is no function of the step.",
        (2,),
        elsewhere="ReduceLROnPlateau",
    ),
    Term(
        "patience",
        "The number of measurements without improvement that a plateau rule tolerates. In "
        "torch and in this course the next one cuts the rate, in Keras and optax the last of "
        "them does.",
        (2,),
    ),
    Term(
        "inverse square root",
        "A decay that falls as 1 / √t, after a rise. It needs no horizon.",
        (2,),
        elsewhere="Noam, rsqrt",
    ),
    Term(
        "half-cosine",
        "The stretch of the cosine from its top to its bottom, moved and scaled to lead from "
        "peak to floor: flat at both ends, steepest at half time.",
        (3,),
        elsewhere="cosine decay, cosine annealing",
    ),
    Term(
        "restart",
        "A jump of the rate back up to the peak; warm, because the weights are kept.",
        (3, 0),
        elsewhere="SGDR, CosineAnnealingWarmRestarts, hard restarts",
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
        elsewhere="T_0, first_decay_steps, 2 · step_size_up",
    ),
    Term(
        "triangular",
        "A rate that rises linearly and falls linearly, again and again; in triangular2 and "
        "exp_range the cycles get lower.",
        (5,),
        elsewhere="CyclicLR, cyclical learning rate",
    ),
    Term(
        "snapshot ensemble",
        "The average of the predictions of several models, taken from one run at the ends of "
        "its cycles.",
        (5,),
    ),
    Term(
        "warmup",
        "A rise at the beginning, mostly linear. It makes a larger peak usable.",
        (4, 0),
        elsewhere="warmup_steps, num_warmup_steps, LinearLR (torch), warmup_t (timm)",
        not_called=("warm-up",),
    ),
    Term(
        "1-cycle",
        "One rise and one fall over the whole run, to far below the first rate; the momentum "
        "goes the other way.",
        (6, 0),
        elsewhere="OneCycleLR, cosine_onecycle_schedule",
        not_called=("one-cycle", "onecycle"),
    ),
    Term(
        "super-convergence",
        "Smith and Topin's name for short runs at very large rates that reach what long ones do.",
        (6,),
    ),
    Term(
        "range test",
        "A short run in which the rate rises from tiny to too large while the loss is "
        "recorded, to find a rate to begin with.",
        (7,),
        elsewhere="learning-rate finder, lr_find",
        not_called=("LR finder", "learning-rate finder", "learning rate finder"),
    ),
    Term(
        "steepest",
        "A rule that reads a range test: the rate at which the loss falls fastest.",
        (7,),
        elsewhere="steep (fastai); torch-lr-finder, Lightning and ignite each do it in "
        "a way of their own",
    ),
    Term(
        "valley",
        "A rule that reads a range test: a point part of the way down the longest stretch in "
        "which the loss falls.",
        (7,),
        elsewhere="fastai's default",
    ),
    Term(
        "WSD",
        "Warmup, stable, decay: a rise, a long constant rate, a short fall that may begin "
        "whenever the run is to end.",
        (9, 0),
        elsewhere="trapezoidal, constant with cooldown",
        not_called=("trapezoidal schedule",),
    ),
    Term(
        "cooldown",
        "The short fall at the end of WSD. Any decay at the end of a run, such as a branch's, "
        "is called so too.",
        (9, 12),
        elsewhere="decay phase",
        not_called=("cool-down", "annealing phase"),
    ),
    Term(
        "schedule-free",
        "An optimizer that averages weights in place of lowering the rate. The average is "
        "what one evaluates.",
        (9,),
    ),
    Term(
        "linear decay",
        "A fall from the peak to the floor by the same amount at every update.",
        (2, 3),
        elsewhere="PolynomialLR(power=1), linear_schedule; linear",
        spelled=("linear",),
        not_called=("the straight line",),
    ),
    Term(
        "cosine",
        "Short for the half-cosine from peak to floor as a schedule.",
        (3, 0),
        elsewhere="CosineAnnealingLR, cosine_decay_schedule",
    ),
    Term(
        "branch",
        "A cooldown that starts from a stored point of a long run at constant rate, while the "
        "run itself goes on.",
        (9,),
    ),
)
