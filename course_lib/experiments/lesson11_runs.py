"""The runs behind lesson 11's claims about decay, restarts, warmup and cycles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_lib import compare, problems, schedules, theory, training
from course_lib.compare.verdicts import MARGIN_SHARE
from course_lib.experiments.exact import at_best_peaks
from course_lib.experiments.lesson11_arms import TunedArms, at_one_peak, ends_of, trained, warm
from course_lib.experiments.lesson11_claims import Case, by_loss, by_ratio, exactly
from course_lib.experiments.plans import train_plans
from course_lib.schedules.recipes import RECIPES


def drop_now(
    problem: training.Workload | problems.NoisyQuadratic, rate: float, seeds: Sequence[int] = ()
) -> Case:
    """Return the case of a drop by ten that came 20 updates ago, after 150 at one rate."""
    kept, dropped = np.full((2, 170), rate)
    dropped[150:] /= 10
    return at_one_peak(problem, ("dropped", dropped), ("kept", kept), seeds)


def warmed(
    workload: training.Workload,
    steps: int,
    shares: tuple[float, float],
    seeds: compare.Seeds,
    peaks: Sequence[float],
) -> tuple[Case, Case]:
    """Return the cases of two warmups: each at its best peak, and both at twice a best peak.

    The second peak is twice the best one of the run with less warmup: too large for it.

    Args:
        workload: data, model, optimizer and batch size.
        steps: updates in a run.
        shares: warmup of ours and of theirs, as shares of the run.
        seeds: seeds that choose the peaks, and seeds that score.
        peaks: the grid.
    """
    names = [f"warmup {round(share * steps)}" for share in shares]
    makers = [warm(share) for share in shares]
    tuned = trained(workload, dict(zip(names, makers, strict=True)), steps, seeds, peaks)
    large = 2 * tuned.peaks[names[int(np.argmin(shares))]]
    plans = [maker(large, steps)(np.arange(steps)) for maker in makers]
    labels = [f"{name}, peak {large:.2g}" for name in names]
    shared = at_one_peak(*(workload, (labels[0], plans[0]), (labels[1], plans[1]), seeds.fresh))
    return tuned.case(*names), shared


def rate_one(order: str, batch_size: int | None, seeds: Sequence[int]) -> Case:
    """Return the case of rate 0.01 against rate 1 on the article's spirals, 300 updates.

    Args:
        order: "layer_by_layer", as the article's code updates, or "simultaneous", the gradient.
        batch_size: examples in a batch; None takes all.
        seeds: one run each.
    """
    workload = training.Workload(
        problems.spirals(), training.Mlp(order=order), batch_size=batch_size
    )
    plans = [(f"rate {rate:g}", np.full(300, rate)) for rate in (0.01, 1.0)]
    return at_one_peak(workload, *plans, seeds)


def article_schedule(peak: float, warmup: int, steps: int = 300) -> np.ndarray:
    """Return the rates of the article's warmup and cosine, with its own off-by-ones, (T,).

    >>> article_schedule(0.08, 30)[[0, 29, 30]].round(4).tolist()
    [0.0027, 0.08, 0.08]
    """
    rest = np.arange(steps - warmup)
    fall = 0.0001 + 0.5 * (peak - 0.0001) * (1 + np.cos(np.pi * rest / (steps - warmup - 1)))
    return np.append(peak * (np.arange(warmup) + 1) / max(warmup, 1), fall)


def article_warmup(
    order: str, batch_size: int | None, seeds: Sequence[int], peak: float = 0.08
) -> Case:
    """Return the case of the article's warmup against its plain cosine, at its own peak.

    Args:
        order: as in `rate_one`.
        batch_size: as there.
        seeds: one run each.
        peak: the peak of both.
    """
    workload = training.Workload(
        problems.spirals(), training.Mlp(order=order), batch_size=batch_size
    )
    plans = [("warmup 30", article_schedule(peak, 30)), ("no warmup", article_schedule(peak, 0))]
    return at_one_peak(workload, *plans, seeds)


def step_sizes(
    workload: training.Workload, seeds: Sequence[int], rate: float = 0.1, steps: int = 300
) -> Case:
    """Return the case of the last ten updates being smaller than the first ten, at one rate."""
    at = [*range(11), *range(steps - 10, steps + 1)]
    plans = np.full((len(seeds), steps), rate)
    weights = training.train(workload, plans, seeds, keep_at=at).weights
    sizes = np.linalg.norm(np.diff(weights, axis=1), axis=2)
    first, last = sizes[:, :10].mean(axis=1), sizes[:, 11:].mean(axis=1)
    return by_ratio("last 10 updates", "first 10 updates", last, first)


def floor_cases(
    workload: training.Workload, seeds: Sequence[int], peak: float, steps: int = 300
) -> tuple[Case, Case]:
    """Return the cases of a cosine to 1e-6 against one to 0: at its end, and 300 updates later.

    The later 300 updates are made at the last rate: what is left of learning after the schedule.
    """
    t = np.arange(2 * steps)  # a schedule holds its end value
    plans = [schedules.cosine(peak, steps, floor=floor)(t) for floor in (1e-6, 0.0)]
    names = ("to 1e-6", "to 0")
    runs = train_plans(workload, plans, seeds, score_every=steps)
    cases = []
    for column in (0, 1):
        ours, theirs = runs.held_out_loss[:, column].reshape(2, -1)
        cases.append(by_loss(*names, ours, theirs, compare.margin(workload)))
    return tuple(cases)


def floor_on_quadratic(problem: problems.NoisyQuadratic, peak: float, steps: int) -> tuple:
    """Return the same two cases on a quadratic, computed."""
    t = np.arange(2 * steps)
    ours, theirs = (
        theory.expected_losses(problem, schedules.cosine(peak, steps, floor=floor)(t))
        for floor in (1e-6, 0.0)
    )
    return tuple(
        exactly("to 1e-6", "to 0", float(ours[i]), float(theirs[i])) for i in (steps, 2 * steps)
    )


def bad_start(workload: training.Workload, rate: float, seeds: Sequence[int]) -> Case:
    """Return the case of a cosine against the same cosine after three updates at a large rate."""
    good = schedules.cosine(0.8, 300)(np.arange(300))
    harmed = np.where(np.arange(300) < 3, rate, good)
    return at_one_peak(*(workload, ("good start", good), (f"3 updates at {rate:g}", harmed), seeds))


def product_recovers(times: float, seeds: Sequence[int]) -> bool:
    """Return whether the two-layer product ends at loss 0 from every start, at times / curvature.

    At a rate above 2 / curvature its loss grows first.
    """
    walk = problems.TwoLayerProduct()
    ends = []
    for seed in seeds:
        w = walk.start_of(seed)
        with np.errstate(over="ignore", invalid="ignore"):
            path = problems.descend(walk, np.full((1, 300), times / walk.curvature(w)), w)[0]
            ends.append(float(walk.loss(path[-1])) if np.isfinite(path[-1]).all() else np.inf)
    return bool(np.nanmax(ends) < 1e-9)


def against_guessing(workload: training.Workload, rates: np.ndarray, seeds: Sequence[int]) -> Case:
    """Return the case of guessing against training at given rates: for one that says "diverges"."""
    (ends,) = ends_of(workload, [rates], seeds)
    margin = compare.margin(workload)
    guess = np.full(len(ends), margin / MARGIN_SHARE)
    return by_loss("guessing", "trained", guess, ends, margin)


def early_drop(
    problem: training.Workload | problems.NoisyQuadratic, tuned: TunedArms, seeds: Sequence[int]
) -> Case:
    """Return the case of drops at a half and three quarters against one at a tenth, at one peak.

    The peak is the best one of the late drops, and all drops are to 0.3.
    """
    peak, t = tuned.peaks["multi-step"], np.arange(300)
    late = schedules.multi_step(peak, [150, 225], 0.3)(t)
    early = schedules.multi_step(peak, [30], 0.3)(t)
    names = (f"late drops, peak {peak:.2g}", f"one early drop, peak {peak:.2g}")
    return at_one_peak(problem, (names[0], late), (names[1], early), seeds)


def _best(problem: problems.NoisyQuadratic, shape: np.ndarray) -> tuple[float, float]:
    """Return the best peak of a shape, (T,), and the expected loss there."""
    (peak,), (losses,) = at_best_peaks(problem, shape[None])
    return float(peak), float(losses[-1])


def batch_scaling(exponent: float, batch_size: int, examples: int = 4096) -> Case:
    """Return the case of the best constant rate growing as the batch does, at equal examples.

    Ours is how far the factor of the rate is from 4, as a ratio; theirs allows for 10 %.
    """
    peaks = [
        _best(
            problems.power_law_quadratic(50, exponent, batch_size=batch), np.ones(examples // batch)
        )[0]
        for batch in (batch_size, 4 * batch_size)
    ]
    off = float(np.exp(abs(np.log(peaks[1] / peaks[0] / 4))))
    return exactly(f"rate x {peaks[1] / peaks[0]:.1f}: off by", "10 % off", off, 1.1)


def length_scaling(exponent: float, factor: int, examples: int = 4800) -> Case:
    """Return the case of a cosine as long as the run against one planned for batches of 1.

    Both have a batch of `factor`, and so examples / factor / 4 updates; each has its best peak.
    """
    problem = problems.power_law_quadratic(50, exponent, batch_size=factor)
    steps = examples // 4 // factor
    t = np.arange(steps)
    scaled, kept = (_best(problem, schedules.cosine(1.0, n)(t)) for n in (steps, factor * steps))
    names = ("scaled with the batch", "left as it was")
    return exactly(*names, scaled[1], kept[1], peaks=(scaled[0], kept[0]))


def fine_tuning(exponent: float, noise: float, steps: int = 300) -> Case:
    """Return the case of the best rate being smaller from a tenth of the distance.

    Args:
        exponent: exponent of the curvatures.
        noise: gradient noise on the fine-tuned task over that of the first one.
        steps: updates of both.
    """
    far = problems.power_law_quadratic(50, exponent)
    near = problems.power_law_quadratic(50, exponent, start=0.1, noise_std=noise)
    rates = [_best(problem, np.ones(steps))[0] for problem in (near, far)]
    return exactly(f"from near, rate {rates[0]:.2g}", f"from afar, rate {rates[1]:.2g}", *rates)


def published_decays() -> dict[str, np.ndarray]:
    """Return the rates of four language models after their warmup, at 1001 even points, (1001,).

    GPT-3's is cut where its cosine ends. T5 was pretrained for 2^19 updates at 1 / sqrt(max(n,
    10^4)), Raffel et al. (2020), arXiv:1910.10683, section 3.1.2.

    >>> list(published_decays())
    ['BERT', 'GPT-3', 'T5', 'LLaMA']
    """
    plans = {}
    for name, full in (("BERT", "BERT"), ("GPT-3", "GPT-3 175B"), ("LLaMA", "LLaMA 7B")):
        schedule = RECIPES[full].schedule
        up, down = (phase.steps for phase in schedule.phases[:2])
        plans[name] = schedule(np.linspace(up, up + down, 1001).astype(np.int64))
    t5 = 1 / np.sqrt(np.linspace(10_000, 2**19, 1001))
    return {"BERT": plans["BERT"], "GPT-3": plans["GPT-3"], "T5": t5, "LLaMA": plans["LLaMA"]}


def gap_to_cosine(rates: np.ndarray) -> float:
    """Return the largest distance from the cosine with the same ends, as a share of the peak.

    >>> round(gap_to_cosine(np.linspace(1.0, 0.0, 1001)), 3)
    0.105
    """
    x = np.linspace(0.0, 1.0, len(rates))
    cosine = rates[-1] + (rates[0] - rates[-1]) * (1 + np.cos(np.pi * x)) / 2
    return float(np.abs(rates - cosine).max() / rates.max())
