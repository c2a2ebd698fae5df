"""The longer computations of lesson 5: where runs end, how they walk, what a budget buys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib import problems, schedules, theory, training
from course_lib.experiments.plans import sharpness_along as plans_along
from course_lib.experiments.plans import train_plans
from course_lib.intervals import Interval, mean_interval
from course_lib.problems import Classification, SeveralMinima

MODEL = training.Mlp(dtype="float32")
BATCH = 32
TOLERANCE = 0.01  # of the largest curvature; seeds differ far more
_NEARLY_ALL = 0.98  # chaotic walks differ between processors by one or two in 200
_AT_REST = 1e-6  # differences of loss that nobody would call a change


@dataclass(frozen=True)
class Ends:
    """Measurements of R runs of one schedule, each of shape (R,).

    All but `before` is measured after the anneal.

    Attributes:
        before: held-out loss at the end of the schedule, before the anneal.
        held_out_loss: loss on the held-out examples.
        training_loss: loss on all training examples.
        sharpness: largest curvature of the training loss.
    """

    before: np.ndarray
    held_out_loss: np.ndarray
    training_loss: np.ndarray
    sharpness: np.ndarray


def anneal_rates(start: float = 0.1, updates: int = 100) -> np.ndarray:
    """Return the rates of a linear decay from `start` to 0, shape (updates,).

    It is the same whatever came before it, so that all runs come to rest in the same way.

    >>> anneal_rates(updates=4).round(3).tolist()
    [0.1, 0.075, 0.05, 0.025]
    """
    return schedules.linear(start, updates)(np.arange(updates))


def annealed_ends(
    data: Classification, plans: Mapping[str, np.ndarray], seeds: Sequence[int]
) -> dict[str, Ends]:
    """Train every plan with every seed in batches of 32, anneal alike, and measure where runs end.

    Args:
        data: examples, with held-out ones.
        plans: name -> rates, shape (T,), without the anneal.
        seeds: seeds of the runs.
    """
    return {name: _measure(data, runs) for name, runs in _annealed(data, plans, seeds).items()}


def _annealed(
    data: Classification, plans: Mapping[str, np.ndarray], seeds: Sequence[int]
) -> dict[str, training.Runs]:
    """Train every plan with every seed; weights are kept before and after the anneal."""
    found, tail = {}, anneal_rates()
    for length in sorted({len(rates) for rates in plans.values()}):
        names = [name for name, rates in plans.items() if len(rates) == length]
        runs = train_plans(
            training.Workload(data, MODEL, batch_size=BATCH),
            [np.concatenate([plans[name], tail]) for name in names],
            seeds,
            keep_at=(length, length + len(tail)),
        )
        rows = np.split(np.arange(len(runs.final_loss)), len(names))
        found |= {name: runs.select(own) for name, own in zip(names, rows, strict=True)}
    return {name: found[name] for name in plans}


def _measure(data: Classification, runs: training.Runs) -> Ends:
    import torch

    loss, held_out = (
        training.loss_function(training.Workload(points, MODEL)) for points in (data, data.held_out)
    )
    return Ends(
        before=held_out(torch.tensor(runs.weights[:, 0])).numpy(),
        held_out_loss=runs.held_out_loss[:, -1],
        training_loss=runs.final_loss,
        sharpness=theory.sharpness(loss, runs.weights[:, 1], tolerance=TOLERANCE),
    )


def stop_at_loss(
    data: Classification,
    rate: float,
    target: float,
    seeds: Sequence[int],
    stops: Sequence[int] = range(90, 141, 10),
) -> tuple[int, Ends]:
    """Return where a constant rate must stop to have, annealed, a given training loss.

    Args:
        data: examples, with held-out ones.
        rate: constant rate before the anneal.
        target: mean training loss after the anneal.
        seeds: seeds of the runs.
        stops: updates at the constant rate, to choose from.

    Returns:
        The number of updates whose mean training loss is nearest to the target, and its ends.
    """
    found = _annealed(data, {str(stop): np.full(stop, rate) for stop in stops}, seeds)
    nearest = min(found, key=lambda stop: abs(found[stop].final_loss.mean() - target))
    return int(nearest), _measure(data, found[nearest])


def sharpness_along(
    data: Classification,
    rates: Mapping[str, float],
    at: Sequence[int],
    seeds: Sequence[int],
    batch_size: int | None = BATCH,
) -> dict[str, np.ndarray]:
    """Return the sharpness after the updates `at` of runs at constant rates, (seeds, K) each."""
    workload = training.Workload(data, MODEL, batch_size=batch_size)
    plans = {name: np.full(at[-1], rate) for name, rate in rates.items()}
    return plans_along(workload, plans, seeds, at)


@dataclass(frozen=True)
class Departure:
    """The places where walks from one well ended.

    Attributes:
        left: share of the walks that ended in another well.
        farthest: mean over the walks of their largest distance from the start.
        change: loss at the end minus loss at the bottom of the well, with its interval; "0" where
            all walks came to rest there.
        positions: positions at the end, (R, 2).
    """

    left: float
    farthest: float
    change: Interval | str
    positions: np.ndarray

    @property
    def share(self) -> Interval | str:
        """`left` with its interval, for a table; in words where it is 0 or close to 1."""
        if self.left == 0:
            return "none"
        if self.left > _NEARLY_ALL:
            return "nearly all"
        walks = len(self.positions)
        return mean_interval(np.arange(walks) < round(self.left * walks))


def depart(
    landscape: SeveralMinima,
    well: np.ndarray,
    rates: np.ndarray,
    noise_std: float,
    walks: int,
    nudge: float = 0.05,
) -> Departure:
    """Walk from one well of a landscape, starting a small random step beside its lowest point.

    Exactly at the lowest point the gradient is zero, and without noise no rate would move a walk.

    Args:
        landscape: the landscape that is walked over.
        well: one of its minima, (2,).
        rates: rates of every walk, (T,).
        noise_std: standard deviation of the gradient's noise.
        walks: number of walks.
        nudge: standard deviation of the step aside.
    """
    start = well + nudge * np.random.default_rng(0).standard_normal((walks, 2))
    table = np.tile(rates, (walks, 1))
    paths = problems.walk(landscape, table, start, noise_std, np.arange(walks))
    last = paths[:, -1]
    nearest = np.linalg.norm(last[:, None] - landscape.minima, axis=2).argmin(axis=1)
    change = landscape.loss(last) - landscape.loss(well)
    gone = np.linalg.norm(landscape.minima[nearest] - well, axis=1) > 0
    return Departure(
        left=float(gone.mean()),
        farthest=float(np.linalg.norm(paths - well, axis=2).max(axis=1).mean()),
        change="0" if np.abs(change).max() < _AT_REST else mean_interval(change),
        positions=last,
    )


@dataclass(frozen=True)
class FourWays:
    """Four ways to spend the same number of updates, each at its own best peak.

    Attributes:
        losses: way -> held-out loss, (R,).
        peaks: way -> the peak of its runs.
        restarts: held-out loss of the single run after every cycle, (R, cycles).
        cosine: held-out loss of the long cosine at the same updates and the same peak, (R, cycles).
    """

    losses: dict[str, np.ndarray]
    peaks: dict[str, float]
    restarts: np.ndarray
    cosine: np.ndarray


def four_ways(
    data: Classification,
    peaks: Sequence[float],
    choosing: Sequence[int],
    scoring: Sequence[int],
    total_steps: int,
    cycles: int,
) -> FourWays:
    """Spend a budget in four ways: snapshots averaged, the last of them, one cosine, short runs.

    Each way has its own best peak, and is scored on seeds that did not choose it. The restarts and
    the long cosine on the way have the best peak of the last snapshot.

    Args:
        data: examples, with held-out ones.
        peaks: the grid, the same for every way.
        choosing: seeds whose mean loss chooses the peaks.
        scoring: other seeds; the short runs take still others besides.
        total_steps: updates of each way.
        cycles: number of cycles, and of short runs.
    """
    budget = _Budget(data, total_steps, cycles)
    ways = {
        f"{cycles} snapshots": lambda peak, seeds: budget.average(budget.restarts(peak, seeds)),
        "last snapshot": lambda peak, seeds: budget.each(budget.restarts(peak, seeds))[:, -1],
        "one cosine": lambda peak, seeds: budget.each(budget.cosine(peak, seeds))[:, -1],
        f"{cycles} short runs": lambda peak, seeds: budget.average(budget.short(peak, seeds)),
    }
    best = {
        way: min(peaks, key=lambda peak, loss=loss: loss(peak, choosing).mean())
        for way, loss in ways.items()
    }
    on_the_way = best["last snapshot"]
    return FourWays(
        losses={way: loss(best[way], scoring) for way, loss in ways.items()},
        peaks=best,
        restarts=budget.each(budget.restarts(on_the_way, scoring)),
        cosine=budget.each(budget.cosine(on_the_way, scoring)),
    )


class _Budget:
    """Runs of one length, and the held-out probabilities that they end with.

    A kind of run at one peak is asked for by several ways, and is trained once.
    """

    def __init__(self, data: Classification, total_steps: int, cycles: int) -> None:
        self.data, self.cycles = data, cycles
        self.length, self.steps = total_steps // cycles, np.arange(total_steps)
        self.marks = [self.length * (k + 1) for k in range(cycles)]
        self._known: dict[tuple, np.ndarray] = {}

    def restarts(self, peak: float, seeds: Sequence[int]) -> np.ndarray:
        """Return the probabilities after every cycle of one run, (R, cycles, classes, examples)."""
        rates = schedules.cosine_restarts(peak, self.length)(self.steps)
        return self._kept(("restarts", peak), rates, seeds, self.marks)

    def cosine(self, peak: float, seeds: Sequence[int]) -> np.ndarray:
        """Return those of one long cosine after the same updates."""
        rates = schedules.cosine(peak, len(self.steps))(self.steps)
        return self._kept(("cosine", peak), rates, seeds, self.marks)

    def short(self, peak: float, seeds: Sequence[int]) -> np.ndarray:
        """Return those of separate short runs at their ends."""
        rates = schedules.cosine(peak, self.length)(self.steps[: self.length])
        every = [seed + 1000 * k for seed in seeds for k in range(self.cycles)]
        ends = self._kept(("short", peak), rates, every, [self.length])
        return ends.reshape(len(seeds), self.cycles, *ends.shape[2:])

    def each(self, p: np.ndarray) -> np.ndarray:
        """Return the held-out loss of every network, (R, cycles)."""
        right = p[..., self.data.held_out.labels, np.arange(len(self.data.held_out))]
        return -np.log(right).mean(axis=-1)

    def average(self, p: np.ndarray) -> np.ndarray:
        """Return the held-out loss of the mean of every run's probabilities, (R,)."""
        return self.each(p.mean(axis=1))

    def _kept(
        self, name: tuple, rates: np.ndarray, seeds: Sequence[int], keep_at: Sequence[int]
    ) -> np.ndarray:
        key = (*name, tuple(seeds))
        if key not in self._known:
            workload = training.Workload(self.data, MODEL, batch_size=BATCH)
            table = np.tile(rates, (len(seeds), 1))
            weights = training.train(workload, table, seeds, keep_at=keep_at).weights
            sizes = (self.data.inputs.shape[1], *MODEL.hidden, self.data.classes)
            rows = weights.reshape(-1, weights.shape[-1])
            p = training.predict(rows, self.data.held_out.inputs, sizes)
            self._known[key] = p.reshape(*weights.shape[:2], *p.shape[1:])
        return self._known[key]
