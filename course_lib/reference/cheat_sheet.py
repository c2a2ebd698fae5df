"""The schedules of the course in one list: formula, code for three libraries, and when to take it.

Every plan has a peak of 0.1, 100 updates in all and, where it warms up, 10 updates of warmup. The
code gives the same rates at t = 0 to 99; a test runs it with the real libraries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib import schedules
from course_lib.schedules import Schedule, multi_step

PEAK_LR, WARMUP_STEPS, TOTAL_STEPS = 0.1, 10, 100
IMPORTS = {
    "torch": "from torch.optim import lr_scheduler as lrs",
    "optax": "import optax",
    "jax": "from jax import numpy as jnp",
    "keras": "import keras; from keras.optimizers import schedules as ks",
}
NO_KERAS = 'to_library(plan, "keras")'

#: The metric of the plateau example: it falls for 30 measurements, then stands still.
PLATEAU_METRICS = np.maximum(1.0 - np.arange(TOTAL_STEPS) / 30, 0.0) + 0.5


@dataclass(frozen=True)
class Entry:
    """One schedule on the cheat sheet.

    Attributes:
        name: as the lessons call it.
        plan: code that makes it with `course_lib.schedules`.
        schedule: its rates; for the plateau rule, those of one example.
        formula: the rate at t, as HTML with <sup> and <sub>; P is the peak, T total_steps and
            W warmup_steps.
        torch: code for PyTorch, with an `optimizer` whose lr is the peak.
        optax: code for optax, or for a plain function of the step, which optax takes as well.
        keras: code for Keras; `NO_KERAS` where it has no schedule of the kind.
        when: one or two sentences; `code` in backticks.
        rests_on: the records that `when` rests on, `in 02: …` as in a comment `holds in 02: …`
            (`course_lib.outcomes`), or `source: Smith 2017`. `build --check` holds it to them.
        lessons: numbers of the lessons that treat it or that `when` rests on.
    """

    name: str
    plan: str
    schedule: Schedule
    formula: str
    torch: str
    optax: str
    keras: str
    when: str
    rests_on: tuple[str, ...]
    lessons: tuple[int, ...]

    @property
    def preset(self) -> str:
        """The function of `course_lib.schedules` that the plan begins with."""
        return self.plan.split("(")[0]


def _entry(name: str, plan: str, *, schedule: Schedule | None = None, **others: object) -> Entry:
    made = schedule or eval(plan, {**vars(schedules)})
    return Entry(name=name, plan=plan, schedule=made, **others)


def _plateau_example() -> Schedule:
    """The rates that the example's metric leads to, written down as drops at fixed steps."""
    rule = schedules.plateau(PEAK_LR, factor=0.1, patience=10)
    rates = schedules.plateau_rates(rule, PLATEAU_METRICS)  # after a measurement: for the next
    cuts = [int(i) + 1 for i in np.flatnonzero(np.diff([PEAK_LR, *rates])) if i + 1 < TOTAL_STEPS]
    return multi_step(PEAK_LR, cuts, drop=0.1)


ENTRIES = (
    _entry(
        "constant",
        "constant(0.1)",
        formula="P",
        torch="lrs.ConstantLR(optimizer, factor=1)",
        optax="optax.constant_schedule(0.1)",
        keras="0.1",
        when="The baseline: find its best rate first. Where gradients are noisy it leaves a floor "
        "that a falling rate gets below.",
        rests_on=(
            "in 01: the drop ends nine times lower than either rate",
            "in 08: constant worse_than cosine at noisy spirals",
        ),
        lessons=(1, 2, 8),
    ),
    _entry(
        "step decay",
        "step_decay(0.1, drop=0.5, every=20)",
        formula="P · drop<sup>⌊t / every⌋</sup>",
        torch="lrs.StepLR(optimizer, step_size=20, gamma=0.5)",
        optax="optax.exponential_decay(0.1, 20, 0.5, staircase=True)",
        keras="ks.ExponentialDecay(0.1, 20, 0.5, staircase=True)",
        when="To repeat a recipe with known drop times; with a tuned drop factor still worse than "
        "linear decay on the noisy spirals.",
        rests_on=("in 02: step decay worse_than linear at 300 updates",),
        lessons=(2,),
    ),
    _entry(
        "multi-step",
        "multi_step(0.1, [50, 75], drop=0.1)",
        formula="P · drop<sup>milestones ≤ t</sup>",
        torch="lrs.MultiStepLR(optimizer, milestones=[50, 75], gamma=0.1)",
        optax="optax.piecewise_constant_schedule(0.1, {50: 0.1, 75: 0.1})",
        keras="ks.PiecewiseConstantDecay([49, 74], [0.1, 0.01, 0.001])",
        when="To repeat a recipe such as ResNet's (He et al., 2015); worse than linear decay on "
        "the noisy spirals and on a convnet. Keras drops one update later, hence its "
        "boundaries.",
        rests_on=(
            "in 02: multi-step worse_than linear at 300 updates",
            "in 08: multi-step worse_than linear at convnet",
        ),
        lessons=(2, 8),
    ),
    _entry(
        "exponential",
        "exponential(0.1, gamma=0.96)",
        formula="P · γ<sup>t</sup>",
        torch="lrs.ExponentialLR(optimizer, gamma=0.96)",
        optax="optax.exponential_decay(0.1, 1, 0.96)",
        keras="ks.ExponentialDecay(0.1, 1, 0.96)",
        when="Leaves the least on the noisy quadratic, and is worse than linear decay on the "
        "noisy spirals; all its rates add up to at most P / (1 − γ), however long the run, so mind "
        "per batch or per epoch.",
        rests_on=(
            "in 02: the exponential decay leaves least, by one per cent or more at 50 directions",
            "in 02: exponential worse_than linear at 300 updates",
        ),
        lessons=(2,),
    ),
    _entry(
        "inverse time",
        "inverse_time(0.1, rate=0.05)",
        formula="P / (1 + k t)",
        torch="lrs.LambdaLR(optimizer, lambda t: 1 / (1 + 0.05 * t))",
        optax="lambda t: 0.1 / (1 + 0.05 * t)",
        keras="ks.InverseTimeDecay(0.1, 1, 0.05)",
        when="Gives the best rates there are on one noisy parabola, and needs no horizon (Robbins "
        "& Monro, 1951); worse than the cosine on the noisy spirals.",
        rests_on=(
            "in 02: 1/(t+2) are the best 200 rates",
            "in 08: inverse time worse_than cosine at noisy spirals",
        ),
        lessons=(2, 8),
    ),
    _entry(
        "inverse sqrt",
        "inverse_sqrt(0.1, warmup_steps=10)",
        formula="rise over W, then P √(W / t)",
        torch="lrs.LambdaLR(optimizer, lambda t: min(0.1 + 0.09 * t, (10 / max(t, 1)) ** 0.5))",
        optax="lambda t: 0.1 * jnp.minimum(0.1 + 0.09 * t, (10 / jnp.maximum(t, 1)) ** 0.5)",
        keras=NO_KERAS,
        when="The Transformer's (Vaswani et al., 2017; `transformer(512, 4000)`), and needs no "
        "horizon; on the noisy spirals better than a constant and worse than linear decay.",
        rests_on=(
            "in 02: inverse sqrt worse_than linear at 300 updates",
            "in 08: inverse sqrt better_than constant at noisy spirals",
        ),
        lessons=(2, 8),
    ),
    _entry(
        "polynomial",
        "polynomial(0.1, 100, power=2)",
        formula="floor + (P − floor)(1 − t / T)<sup>power</sup>",
        torch="lrs.PolynomialLR(optimizer, total_iters=100, power=2)",
        optax="optax.polynomial_schedule(0.1, 0, power=2, transition_steps=100)",
        keras="ks.PolynomialDecay(0.1, 100, 0, power=2)",
        when="Power 1 is linear decay. At one peak on the noisy spirals, power 1.5 was equal to "
        "it and power 2 worse.",
        rests_on=(
            "in 02: power 1.5 equal_to linear at peak 1.6",
            "in 02: power 2 worse_than linear at peak 1.6",
        ),
        lessons=(2,),
    ),
    _entry(
        "linear",
        "linear(0.1, 100)",
        formula="floor + (P − floor)(1 − t / T)",
        torch="lrs.PolynomialLR(optimizer, total_iters=100)",
        optax="optax.linear_schedule(0.1, 0, 100)",
        keras="ks.PolynomialDecay(0.1, 100, 0)",
        when="A good first choice if you know the horizon: equal to the cosine on the noisy "
        "spirals, better in the shortest runs on digits and of a language model, open in long "
        "ones.",
        rests_on=(
            "in 03: linear equal_to cosine at 300 updates",
            "in 06: linear better_than cosine at 40 updates",
            "in 08: cosine worse_than linear at language model, 320 updates",
            "in 12: linear open_against cosine at 50,000 updates",
        ),
        lessons=(2, 3, 6, 12),
    ),
    _entry(
        "cosine",
        "cosine(0.1, 100)",
        formula="P (1 + cos(π t / T)) / 2",
        torch="lrs.CosineAnnealingLR(optimizer, T_max=100)",
        optax="optax.cosine_decay_schedule(0.1, 100)",
        keras="ks.CosineDecay(0.1, 100)",
        when="Equal to linear decay on the noisy spirals, worse in the shortest runs on digits; "
        "the horizon must be right, and past it torch climbs back to the peak.",
        rests_on=(
            "in 03: linear equal_to cosine at 300 updates",
            "in 03: torch goes on worse_than held at the floor at 600 updates",
            "in 06: linear better_than cosine at 40 updates",
        ),
        lessons=(3, 6),
    ),
    _entry(
        "cosine with a floor",
        "cosine(0.1, 100, floor=0.01)",
        formula="floor + (P − floor)(1 + cos(π t / T)) / 2",
        torch="lrs.CosineAnnealingLR(optimizer, T_max=100, eta_min=0.01)",
        optax="optax.cosine_decay_schedule(0.1, 100, alpha=0.1)",
        keras="ks.CosineDecay(0.1, 100, alpha=0.1)",
        when="A floor of a tenth was worse than none on the noisy spirals and on a language "
        "model, one of 3 % equal on the spirals; GPT-3 and LLaMA fall to a tenth (Brown et al., "
        "2020; Touvron et al., 2023).",
        rests_on=(
            "in 03: cosine better_than cosine, floor 10 % at 300 updates",
            "in 03: floor 3 % equal_to no floor at peak 1.6",
            "in 12: cosine to a tenth worse_than cosine at 50,000 updates",
        ),
        lessons=(3, 12),
    ),
    _entry(
        "cosine restarts",
        "cosine_restarts(0.1, period=25)",
        formula="P (1 + cos(π (t mod period) / period)) / 2",
        torch="lrs.CosineAnnealingWarmRestarts(optimizer, T_0=25)",
        optax="optax.join_schedules([optax.cosine_decay_schedule(0.1, 25)] * 4, [25, 50, 75])",
        keras="ks.CosineDecayRestarts(0.1, 25, t_mul=1)",
        when="For a finished model at several known times; at the end worse than one cosine on "
        "the noisy spirals.",
        rests_on=("in 03: cosine better_than cosine restarts at 300 updates",),
        lessons=(3,),
    ),
    _entry(
        "warmup, then any",
        "warmup(constant(0.1), 10)",
        formula="start + (P − start) t / W, then the rest from its t = 0",
        torch="lrs.SequentialLR(optimizer, [lrs.LinearLR(optimizer, 0.1, total_iters=10), rest], "
        "[10])",
        optax="optax.join_schedules([optax.linear_schedule(0.01, 0.1, 10), rest], [10])",
        keras=NO_KERAS,
        when="Raises the usable peak. With tuned peaks it was better where the start is too sharp "
        "for the peak, and open on the spirals. (`rest`: any schedule; OneCycleLR spoils the rise "
        "before it.)",
        rests_on=(
            "in 04: warmup raises the usable peak at spirals",
            "in 04: no warmup worse_than warmup at pixels 0 to 16",
            "in 04: no warmup open_against warmup at spirals",
        ),
        lessons=(4,),
    ),
    _entry(
        "warmup + cosine",
        "warmup_cosine(0.1, 10, 100)",
        formula="rise over W, then cosine over T − W",
        torch="lrs.SequentialLR(optimizer, [lrs.LinearLR(optimizer, 0.1, total_iters=10), "
        "lrs.CosineAnnealingLR(optimizer, 90)], [10])",
        optax="optax.warmup_cosine_decay_schedule(0.01, 0.1, 10, 100)",
        keras="ks.CosineDecay(0.01, 90, warmup_target=0.1, warmup_steps=10)",
        when="Where the peak you want fails at the start; with tuned peaks equal to the plain "
        "cosine on the noisy spirals. decay_steps: all updates in optax, those after the "
        "warmup in Keras.",
        rests_on=("in 08: warmup + cosine equal_to cosine at noisy spirals",),
        lessons=(0, 4, 8),
    ),
    _entry(
        "warmup + linear",
        "warmup_linear(0.1, 10, 100)",
        formula="rise over W, then linear over T − W",
        torch="lrs.SequentialLR(optimizer, [lrs.LinearLR(optimizer, 0.1, total_iters=10), "
        "lrs.PolynomialLR(optimizer, 90)], [10])",
        optax="optax.join_schedules([optax.linear_schedule(0.01, 0.1, 10), "
        "optax.linear_schedule(0.1, 0, 90)], [10])",
        keras=NO_KERAS,
        when="BERT's (Devlin et al., 2019), often taken for a cosine; better than linear decay "
        "alone on a convnet with group norm.",
        rests_on=(
            "source: Devlin et al. 2019",
            "in 06: linear worse_than warmup + linear at convnet, group norm",
        ),
        lessons=(4, 6),
    ),
    _entry(
        "triangular",
        "triangular(0.1, floor=0.01, period=50)",
        formula="floor to P and back in every period",
        torch="lrs.CyclicLR(optimizer, 0.01, 0.1, step_size_up=25, cycle_momentum=False)",
        optax="lambda t: 0.1 - 0.09 * abs(t % 50 / 25 - 1)",
        keras=NO_KERAS,
        when="Proposed in place of a search for the best rate (Smith, 2017); three triangles were "
        "worse than one cosine, and a run cut at the top of a cycle was worse than a "
        "constant.",
        rests_on=(
            "in 05: 3 triangles worse_than cosine",
            "in 05: cut at the top worse_than constant",
        ),
        lessons=(5,),
    ),
    _entry(
        "triangular2",
        'triangular(0.1, 0.01, 50, "triangular2")',
        formula="the same, half as high in each next cycle",
        torch='lrs.CyclicLR(optimizer, 0.01, 0.1, 25, mode="triangular2", cycle_momentum=False)',
        optax="lambda t: 0.01 + 0.09 * (1 - abs(t % 50 / 25 - 1)) / 2 ** (t // 50)",
        keras=NO_KERAS,
        when="Cycles that die down as a step decay does (Smith, 2017); worse than one cosine.",
        rests_on=("in 05: triangular2, 3 cycles worse_than cosine",),
        lessons=(5,),
    ),
    _entry(
        "exp_range",
        'triangular(0.1, 0.01, 50, "exp_range", gamma=0.98)',
        formula="the same, height times γ<sup>t</sup>",
        torch='lrs.CyclicLR(optimizer, 0.01, 0.1, 25, mode="exp_range", gamma=0.98, '
        "cycle_momentum=False)",
        optax="lambda t: 0.01 + 0.09 * 0.98**t * (1 - abs(t % 50 / 25 - 1))",
        keras=NO_KERAS,
        when="Cycles that die down as an exponential decay does (Smith, 2017).",
        rests_on=("source: Smith 2017",),
        lessons=(5,),
    ),
    _entry(
        "1-cycle",
        "one_cycle(0.1, 100)",
        formula="P / div to P to P / div / final_div, half-cosines",
        torch="lrs.OneCycleLR(optimizer, 0.1, total_steps=101, pct_start=31 / 101)",
        optax="optax.cosine_onecycle_schedule(100, 0.1)",
        keras=NO_KERAS,
        when="Meant for short runs at large rates (Smith & Topin, 2019); worse than linear decay "
        "in 40 and 80 updates on digits, equal in 160. torch ends one update early, hence "
        "101, and cycles the momentum, too (here: `one_cycle_momentum`).",
        rests_on=(
            "in 06: linear better_than 1-cycle at 40 updates",
            "in 06: linear better_than 1-cycle at 80 updates",
            "in 06: linear equal_to 1-cycle at 160 updates",
        ),
        lessons=(6, 8),
    ),
    _entry(
        "1-cycle, 3 phases",
        'one_cycle(0.1, 100, three_phase=True, anneal="linear")',
        formula="P / div to P to P / div, then to P / div / final_div",
        torch="lrs.OneCycleLR(optimizer, 0.1, total_steps=101, pct_start=31 / 101, "
        'three_phase=True, anneal_strategy="linear")',
        optax="optax.linear_onecycle_schedule(100, 0.1, pct_final=0.6)",
        keras=NO_KERAS,
        when="The policy as first published (Smith & Topin, 2019): linear phases, and a last "
        "stretch far below the first rate.",
        rests_on=("source: Smith and Topin 2019",),
        lessons=(6,),
    ),
    _entry(
        "WSD",
        "wsd(0.1, 10, 100, decay_steps=20)",
        formula="rise over W, P, then down in decay_steps",
        torch="lrs.LambdaLR(optimizer, lambda t: min(0.1 + 0.09 * t, 1, max(0, 100 - t) / 20))",
        optax="optax.join_schedules([optax.linear_schedule(0.01, 0.1, 10), "
        "optax.linear_schedule(0.1, 0, 20, 70)], [10])",
        keras=NO_KERAS,
        when="When the length of the run is open: the cooldown may begin at any time (Hägele et "
        "al., 2024). Equal to a cosine on the spirals, better on a convnet and in short runs of a "
        "language model; in long ones worse with a fifth as cooldown, open with 60 %.",
        rests_on=(
            "in 09: branch, 400 equal_to cosine, 400",
            "in 08: cosine worse_than WSD at convnet",
            "in 09: WSD 20 % better_than cosine at language model, 1,280 updates",
            "in 12: WSD 20 % worse_than cosine at 50,000 updates",
            "in 12: WSD 60 % open_against cosine at 50,000 updates",
        ),
        lessons=(8, 9, 12),
    ),
    _entry(
        "plateau",
        "plateau(0.1, factor=0.1, patience=10)",
        schedule=_plateau_example(),
        formula="waits for a metric: no function of t (the curve is one example)",
        torch="lrs.ReduceLROnPlateau(optimizer, factor=0.1, patience=10)",
        optax="optax.contrib.reduce_on_plateau(factor=0.1, patience=11)",
        keras='keras.callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=11)',
        when="When no time for a drop is known. Without patience it took noise for a plateau and "
        "was worse than a fixed drop; with patience the difference is open.",
        rests_on=(
            "in 02: patience 0 worse_than fixed drop at 50 directions",
            "in 02: patience 4 open_against fixed drop at 50 directions",
        ),
        lessons=(2,),
    ),
)
