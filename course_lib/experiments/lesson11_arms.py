"""Lesson 11's schedules, each tuned on one problem: by training on seeds, or exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from course_lib import compare, problems, schedules, theory, training
from course_lib.compare.plan import Family, Maker
from course_lib.compare.verdicts import MARGIN_SHARE
from course_lib.experiments.exact import tune_exactly
from course_lib.experiments.lesson11_claims import Case, by_loss, by_ratio, exactly
from course_lib.experiments.plans import train_plans
from course_lib.intervals import Interval
from course_lib.schedules import Schedule

#: Rates tried for stochastic gradient descent and for Adam; the best ones lie inside.
SGD_PEAKS = (0.2, 0.4, 0.8, 1.6, 3.2)
SHORT_PEAKS = (*SGD_PEAKS, 6.4)  # a short run takes a larger rate
ADAM_PEAKS = (0.004, 0.008, 0.016, 0.032, 0.064, 0.128)
#: For Adam with two warmups: coarse, so that no two peaks do equally well.
WARM_PEAKS = {"spirals": (0.015, 0.045, 0.135), "digits": (0.01, 0.03, 0.1)}


def _constant(peak: float, steps: int) -> Schedule:
    return schedules.constant(peak)


def _drops(share: float | tuple[float, ...]) -> dict[str, Maker]:
    shares = share if isinstance(share, tuple) else (share,)

    def maker(drop: float) -> Maker:
        return lambda p, n: schedules.multi_step(p, [round(s * n) for s in shares], drop)

    return {f"drop {drop}": maker(drop) for drop in (0.1, 0.3)}


def exponential_to(share: float) -> Maker:
    """Return the maker of an exponential decay that ends at a share of its peak."""
    return lambda p, n: schedules.exponential(p, share ** (1 / n))


def warm(share: float) -> Maker:
    """Return the maker of a warmup over a share of the run, then a cosine; 0 has no warmup."""
    return lambda p, n: schedules.warmup_cosine(p, round(share * n), n)


#: Every schedule of the claims on decay. A family with a shape of its own comes in two shapes; the
#: cosine, the line down and the constant rate have none.
ARMS: dict[str, Family] = {
    "constant": _constant,
    "linear": schedules.linear,
    "cosine": schedules.cosine,
    "multi-step": _drops((0.5, 0.75)),
    "one early drop": _drops(0.1),
    "exponential": {"to 1 %": exponential_to(0.01), "to 10 %": exponential_to(0.1)},
    "steep exponential": exponential_to(float(np.exp(-10))),
    "inverse sqrt": {
        "warmup 10 %": lambda p, n: schedules.inverse_sqrt(p, max(1, n // 10)),
        "warmup 3 %": lambda p, n: schedules.inverse_sqrt(p, max(1, n // 30)),
    },
    "warmup + cosine": {"3 %": warm(1 / 30), "25 %": warm(0.25)},
    "triangular": lambda p, n: schedules.triangular(p, p / 25, n // 3),
    "restarts, T_0 = T/3": lambda p, n: schedules.cosine_restarts(p, n // 3, 2),
    "restarts, T_0 = T/4": lambda p, n: schedules.cosine_restarts(p, n // 4, 2),
}
THREE = {name: ARMS[name] for name in ("constant", "linear", "cosine")}


@dataclass(frozen=True)
class TunedArms:
    """Schedules on one problem, each at its best peak and in its best shape.

    Attributes:
        scores: schedule -> its losses on fresh seeds, or one expected loss that was computed.
        lowest: the same for the lowest loss on the way.
        choosing: schedule -> mean loss on the seeds that chose the peak: what "best" and "worst" go
            by, so that the fresh seeds have no part in it.
        peaks: schedule -> chosen peak.
        at_edge: schedule -> whether that is at an edge of the grid.
        shapes: schedule -> chosen shape, or empty.
        margin: difference of losses too small to matter; None for computed losses, whose
            logarithms are compared.
    """

    scores: Mapping[str, np.ndarray]
    lowest: Mapping[str, np.ndarray]
    choosing: Mapping[str, float]
    peaks: Mapping[str, float]
    at_edge: Mapping[str, bool]
    shapes: Mapping[str, str]
    margin: float | None

    def best(self, *names: str) -> str:
        """Return the best of some schedules, by the seeds that chose the peaks."""
        return min(names, key=self.choosing.__getitem__)

    def worst(self, *names: str) -> str:
        """Return the worst of some schedules, by the seeds that chose the peaks."""
        return max(names, key=self.choosing.__getitem__)

    def case(self, ours: str, theirs: str, *, lowest: bool = False) -> Case:
        """Return the case of one schedule against another."""
        values = self.lowest if lowest else self.scores
        about = {
            "peaks": (self.peaks[ours], self.peaks[theirs]),
            "at_edge": (self.at_edge[ours], self.at_edge[theirs]),
        }
        if self.margin is None:
            case = exactly(
                ours, theirs, *(float(values[name][0]) for name in (ours, theirs)), **about
            )
        else:
            case = by_loss(ours, theirs, values[ours], values[theirs], self.margin, **about)
        shapes = (self.shapes[ours], self.shapes[theirs])
        return replace(case, contrast=replace(case.contrast, shapes=shapes))

    def loss(self, name: str) -> np.ndarray:
        """Return losses, or logarithms of computed ones: what differences are taken of."""
        return np.log(self.scores[name]) if self.margin is None else self.scores[name]


def trained(
    workload: training.Workload,
    arms: Mapping[str, Family],
    steps: int,
    seeds: compare.Seeds,
    peaks: Sequence[float] = SGD_PEAKS,
    score_every: int | None = None,
) -> TunedArms:
    """Train schedules, each tuned on the validation seeds and scored on the fresh ones."""
    found = compare.compare(
        workload, arms, peaks=peaks, total_steps=steps, seeds=seeds, score_every=score_every
    )
    names = found.names
    choosing = found.validation_means.min(axis=1)
    return TunedArms(
        scores=dict(zip(names, found.scores, strict=True)),
        lowest=dict(zip(names, found.best, strict=True)),
        choosing=dict(zip(names, choosing.tolist(), strict=True)),
        peaks=dict(zip(names, found.chosen_peaks.tolist(), strict=True)),
        at_edge=dict(zip(names, found.at_edge.tolist(), strict=True)),
        shapes=dict(zip(names, found.shapes, strict=True)),
        margin=compare.margin(workload),
    )


def computed(problem: problems.NoisyQuadratic, arms: Mapping[str, Family], steps: int) -> TunedArms:
    """Compute the expected losses of schedules on a quadratic, each at its exact best peak."""
    found = tune_exactly(problem, arms, steps)
    return TunedArms(
        scores={name: one.losses[-1:] for name, one in found.items()},
        lowest={name: np.array([one.losses.min()]) for name, one in found.items()},
        choosing={name: one.loss for name, one in found.items()},
        peaks={name: one.peak for name, one in found.items()},
        at_edge=dict.fromkeys(found, False),
        shapes={name: one.shape for name, one in found.items()},
        margin=None,
    )


def at_one_peak(
    problem: training.Workload | problems.NoisyQuadratic,
    ours: tuple[str, np.ndarray],
    theirs: tuple[str, np.ndarray],
    seeds: Sequence[int] = (),
) -> Case:
    """Return the case of two rates, taken as they are: no peak is tuned.

    Args:
        problem: a workload, which is trained, or a quadratic, whose losses are computed.
        ours: name, and the rates of all updates, (T,).
        theirs: the same.
        seeds: seeds of the runs.
    """
    (our_name, our_rates), (their_name, their_rates) = ours, theirs
    if isinstance(problem, problems.NoisyQuadratic):
        ends = [theory.expected_losses(problem, rates)[-1] for rates in (our_rates, their_rates)]
        return exactly(our_name, their_name, *map(float, ends))
    scores = ends_of(problem, [our_rates, their_rates], seeds)
    if problem.data.held_out is None:  # a training loss can be close to 0: compare logarithms
        return by_ratio(our_name, their_name, *scores)
    return by_loss(our_name, their_name, *scores, compare.margin(problem))


def ends_of(
    workload: training.Workload, plans: Sequence[np.ndarray], seeds: Sequence[int]
) -> np.ndarray:
    """Return the final losses of each plan with each seed, (plans, seeds).

    The loss is held-out where the data has held-out examples. A run that diverged, or is worse than
    guessing, counts as guessing.
    """
    runs = train_plans(workload, plans, seeds)
    scored = runs.held_out_loss.shape[1] > 0
    losses = runs.held_out_loss[:, -1] if scored else runs.final_loss
    guess = compare.margin(workload) / MARGIN_SHARE
    return np.nan_to_num(losses, nan=guess).clip(max=guess).reshape(len(plans), -1)


def spread_against_gain(tuned: TunedArms, falling: Sequence[str]) -> Case:
    """Return the case of "the shape matters less than falling at all".

    Ours: by how much the worst of the falling schedules is behind the best. Theirs: by how much the
    constant rate is behind their mean.
    """
    losses = {name: tuned.loss(name) for name in (*falling, "constant")}
    spread = losses[tuned.worst(*falling)] - losses[tuned.best(*falling)]
    gain = losses["constant"] - np.mean([losses[name] for name in falling], axis=0)
    return _difference("worst − best shape", "constant − mean shape", spread, gain, tuned.margin)


def gains(ours: TunedArms, theirs: TunedArms, names: tuple[str, str]) -> Case:
    """Return the case of a smaller gain from decay: constant - linear, ours against theirs."""
    each = [t.scores["constant"] - t.scores["linear"] for t in (ours, theirs)]
    return _difference(*names, *each, ours.margin)


def _difference(ours: str, theirs: str, a: np.ndarray, b: np.ndarray, margin: float | None) -> Case:
    if margin is not None:
        return by_loss(ours, theirs, a, b, margin)
    d = float((a - b)[0])
    contrast = compare.Contrast(ours, theirs, Interval(d, d, d), compare.RATIO_MARGIN, seeds=0)
    return Case(contrast, "log")
