"""The words of the glossary for training, the loss, and what a comparison says."""

from __future__ import annotations

from course_lib.reference.term import Term

TRAINING_TERMS = (
    Term(
        "update",
        "One change of the weights. t counts the updates already done, so the first has t = 0.",
        (0, 2),
        elsewhere="step, iteration; count (optax)",
        not_called=("iteration",),
    ),
    Term(
        "epoch",
        "One pass over the data. Schedules count updates; an epoch is as many of them as it "
        "has batches, divided by the accumulation.",
        (0, 2),
    ),
    Term(
        "bias correction",
        "Adam divides its moving averages by the share of them that is filled, because both "
        "begin at zero.",
        (4,),
    ),
    Term(
        "usable peak",
        "The highest peak at which the runs still end below a limit that is named beforehand. "
        "The limit is the lesson's own: a tenth above the best in lesson 4, a loss in lesson "
        "6, a share of right answers in lesson 11.",
        (4, 6, 11),
        spelled=("usable",),
    ),
    Term(
        "curvature",
        "How quickly the slope of the loss changes along a direction, λ. In many dimensions "
        "there is one for each direction.",
        (1, 2),
        elsewhere="sharpness (the largest one), eigenvalue of the Hessian",
    ),
    Term(
        "sharpness",
        "The largest curvature in any direction, the largest eigenvalue of the Hessian. "
        "Gradient descent at rate η is stable while it is below 2 / η.",
        (5, 1, 4),
    ),
    Term(
        "flat minimum",
        "One of small sharpness, where large rates end. Whether it does better on new data "
        "has to be measured.",
        (5,),
        spelled=("flat minima",),
    ),
    Term(
        "momentum",
        "The share of the last move that is kept in the next. CyclicLR and OneCycleLR of "
        "torch change it along with the rate unless told not to.",
        (5, 10),
        elsewhere="betas[0] (Adam), cycle_momentum",
    ),
    Term(
        "stability limit",
        "The rate 2 / λ, above which gradient descent runs away from a minimum of curvature λ.",
        (1, 2),
    ),
    Term(
        "condition number",
        "The largest curvature divided by the smallest: the first sets the limit of the rate, "
        "the second the pace.",
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
        "The rate beyond which runs suddenly fail. The best constant rate lies below it, by a "
        "factor that differs from problem to problem, so only a grid finds it.",
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
        "The examples whose gradients are computed and averaged together; its number of examples "
        "is the batch size.",
        (1, 2),
        elsewhere="minibatch, batch_size",
        not_called=("minibatch", "mini-batch"),
    ),
    Term(
        "gradient accumulation",
        "Adding up the gradients of several batches for one update. The schedule must count "
        "the updates, not the batches.",
        (0, 2, 10),
        elsewhere="accumulate, gradient_accumulation_steps",
        spelled=("accumulat",),
    ),
    Term(
        "held-out loss",
        "The loss on examples that were not trained on.",
        (0, 3),
        elsewhere="validation loss",
        not_called=("validation loss", "test loss", "hold-out loss"),
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
        elsewhere="confidence interval",
        not_called=("confidence interval", "error bar"),
    ),
    Term(
        "paired difference",
        "The difference of two schedules taken seed by seed. Its interval is usually narrower "
        "than that of either mean.",
        (0, 2),
        spelled=("difference on the same seeds", "difference", "seed by seed"),
    ),
    Term(
        "Bonferroni",
        "Intervals that are wider because all pairs are looked at together and not just one.",
        (8, 2),
        elsewhere="simultaneous intervals",
        spelled=("all pairs",),
    ),
    Term(
        "regret",
        "The loss of a schedule above the least loss that any rates could reach.",
        (3,),
    ),
    Term(
        "weight averaging",
        "Evaluating an average of the weights along the run in place of the last ones. It "
        "removes noise, as a decay does.",
        (9,),
        elsewhere="EMA (exponential moving average), SWA (stochastic weight averaging), Polyak "
        "averaging",
        spelled=("average", "EMA"),
    ),
    Term(
        "gradient noise scale",
        "The variance of one example's gradient divided by the square of the mean gradient: the "
        "batch size at which noise and signal are equally large. It grows as a network learns.",
        (13,),
        elsewhere="simple noise scale",
        spelled=("noise scale",),
    ),
    Term(
        "critical batch size",
        "The fewest examples that reach a loss, divided by the fewest updates that do. Well "
        "below it a larger batch costs no examples, well above it it saves no updates.",
        (13,),
        spelled=("critical batch",),
    ),
    Term(
        "weight decay",
        "Shrinking the weights a little at every update. Decoupled (AdamW), the shrinking is "
        "the rate times λ, so a schedule decays it too.",
        (13, 9, 8),
        elsewhere="weight_decay, λ",
    ),
    Term(
        "timescale",
        "About 1 / (rate × λ) updates: the weights of AdamW are a moving average of its steps over "
        "so many. A schedule changes it as it changes the rate.",
        (13,),
        elsewhere="EMA timescale of AdamW",
    ),
    Term(
        "batch ramp",
        "A batch that grows during the run. It quiets the noise as a decay of the rate does.",
        (13,),
        elsewhere="batch size warmup, batch size schedule",
        spelled=("ramp",),
    ),
    Term(
        "muP",
        "A rule for rates and initial sizes, matrix by matrix, under which the best peak of a "
        "narrow network suits a wide one better.",
        (13,),
        elsewhere="maximal update parametrisation, μP, μTransfer",
    ),
    Term(
        "Muon",
        "An optimizer for matrices: it replaces the averaged gradient by the nearest matrix whose "
        "singular values are all 1. Its peak depends on how that step is scaled.",
        (13,),
        elsewhere="torch.optim.Muon",
    ),
    Term(
        "replay",
        "Old examples among the new ones, when a finished model goes on with new data.",
        (13,),
        elsewhere="experience replay",
    ),
    Term(
        "effective rate",
        "The rate that plain gradient descent would need to move as far. Momentum m "
        "multiplies the rate by up to 1 / (1 − m).",
        (6,),
    ),
    Term(
        "winner's curse",
        "The best of several noisy scores looks better than it is, because it was chosen "
        "partly for its luck.",
        (8,),
        elsewhere="selection bias",
    ),
    Term(
        "better",
        "One of the four verdicts: the whole interval of the difference, ours minus theirs, "
        "lies below 0 and not all of it inside the margin.",
        (0, 2, 8),
        not_called=("clearly better",),
    ),
    Term(
        "worse",
        "One of the four verdicts: the whole interval lies above 0 and not all of it inside "
        "the margin.",
        (2, 8),
        not_called=("clearly worse",),
    ),
    Term(
        "equal",
        "One of the four verdicts: the whole interval lies inside the margin, so whatever the "
        "difference is, it is too small to choose by.",
        (8,),
        elsewhere="equivalence test",
        not_called=("tie", "tied"),
    ),
    Term(
        "open",
        "One of the four verdicts: none of the others. The runs do not decide, and more seeds "
        "might. It is no weaker form of equal.",
        (8,),
        elsewhere="not significant",
        not_called=("told apart",),
    ),
    Term(
        "margin",
        "The difference too small to choose a schedule by, fixed before the runs: half a per "
        "cent of the loss of guessing; for a language model, what five per cent more updates buy.",
        (0, 2, 12),
        elsewhere="equivalence margin, smallest effect of interest",
    ),
    Term(
        "beaten by",
        "The number of schedules that are better, at intervals for all pairs.",
        (8,),
        elsewhere="rank minus 1",
        not_called=("rank", "ranked"),
    ),
    Term(
        "edge of stability",
        "The state in which the sharpness hovers about 2 / η while the loss goes on falling.",
        (1, 4),
    ),
)
