"""The longer computations of lesson 5: where runs end, how they walk, what a budget buys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from course_lib import problems, schedules, theory, training
from course_lib.intervals import Interval, mean_interval
from course_lib.problems import Classification, SeveralMinima

MODEL = training.Mlp(dtype="float32")
BATCH = 32
_NEARLY_ALL = 0.98  # chaotic walks differ between processors by one or two in 200
_AT_REST = 1e-6  # differences of loss that nobody would call a change


@dataclass(frozen=True)
class Ends:
    """What was measured of R runs of one schedule, each of shape (R,).

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
    import torch

    workload = training.Workload(data, MODEL, batch_size=BATCH)
    loss = training.loss_function(workload)
    held_out = training.loss_function(training.Workload(data.held_out, MODEL))
    found, tail = {}, anneal_rates()
    for length in sorted({len(rates) for rates in plans.values()}):
        names = [name for name, rates in plans.items() if len(rates) == length]
        runs = training.train(
            workload,
            np.repeat([np.concatenate([plans[name], tail]) for name in names], len(seeds), axis=0),
            np.tile(seeds, len(names)),
            keep_at=(length, length + len(tail)),
        )
        tables = (
            held_out(torch.tensor(runs.weights[:, 0])).numpy(),
            runs.held_out_loss[:, -1],
            runs.final_loss,
            theory.sharpness(loss, runs.weights[:, 1]),
        )
        split = [np.split(table, len(names)) for table in tables]
        found |= {name: Ends(*parts) for name, *parts in zip(names, *split, strict=True)}
    return {name: found[name] for name in plans}


def stop_at_loss(
    data: Classification,
    rate: float,
    target: float,
    seeds: Sequence[int],
    stops: Sequence[int] = range(80, 151, 10),
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
    found = annealed_ends(data, {str(stop): np.full(stop, rate) for stop in stops}, seeds)
    nearest = min(found, key=lambda stop: abs(found[stop].training_loss.mean() - target))
    return int(nearest), found[nearest]


def sharpness_along(
    data: Classification,
    rates: Mapping[str, float],
    at: Sequence[int],
    seeds: Sequence[int],
    batch_size: int | None = BATCH,
) -> dict[str, np.ndarray]:
    """Return the sharpness after the updates `at` of runs at constant rates, (seeds, K) each."""
    workload = training.Workload(data, MODEL, batch_size=batch_size)
    table = np.repeat([np.full(at[-1], rate) for rate in rates.values()], len(seeds), axis=0)
    runs = training.train(workload, table, np.tile(seeds, len(rates)), keep_at=at)
    sharp = theory.sharpness(training.loss_function(workload), runs.weights)
    return dict(zip(rates, np.split(sharp, len(rates)), strict=True))


@dataclass(frozen=True)
class Departure:
    """Where walks from one well ended.

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
        landscape: what is walked over.
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
    """What the same number of updates buys.

    Attributes:
        losses: way -> held-out loss, (R,).
        accuracies: way -> share of right answers, (R,).
        restarts: held-out loss of the single run after every cycle, (R, cycles).
        cosine: held-out loss of the long cosine at the same updates and the same peak, (R, cycles).
        peaks: way -> the peak of its runs.
    """

    losses: dict[str, np.ndarray]
    accuracies: dict[str, np.ndarray]
    restarts: np.ndarray
    cosine: np.ndarray
    peaks: dict[str, float]


def tuned_ways(
    data: Classification,
    peaks: Sequence[float],
    choosing: Sequence[int],
    scoring: Sequence[int],
    total_steps: int,
    cycles: int,
) -> FourWays:
    """Return `four_ways`, each way at its own best peak, scored on seeds that did not choose.

    The restarts and the long cosine on the way have the best peak of the last snapshot.

    Args:
        data: examples, with held-out ones.
        peaks: the grid, the same for every way.
        choosing: seeds whose mean loss chooses the peaks.
        scoring: other seeds.
        total_steps: updates of each way.
        cycles: number of cycles, and of short runs.
    """
    tried = {peak: four_ways(data, peak, choosing, total_steps, cycles) for peak in peaks}
    ways = list(tried[peaks[0]].losses)
    best = {
        way: min(tried, key=lambda peak, way=way: tried[peak].losses[way].mean()) for way in ways
    }
    final = {
        peak: four_ways(data, peak, scoring, total_steps, cycles) for peak in set(best.values())
    }
    on_the_way = final[best["last snapshot"]]
    return FourWays(
        losses={way: final[best[way]].losses[way] for way in ways},
        accuracies={way: final[best[way]].accuracies[way] for way in ways},
        restarts=on_the_way.restarts,
        cosine=on_the_way.cosine,
        peaks=best,
    )


def four_ways(
    data: Classification, peak_lr: float, seeds: Sequence[int], total_steps: int, cycles: int
) -> FourWays:
    """Spend a budget in four ways: snapshots averaged, the last of them, one cosine, short runs.

    Args:
        data: examples, with held-out ones.
        peak_lr: peak of every cycle and of every cosine.
        seeds: seeds of the runs; the short runs take others besides.
        total_steps: updates of each way.
        cycles: number of cycles, and of short runs.
    """
    workload = training.Workload(data, MODEL, batch_size=BATCH)
    length, u = total_steps // cycles, np.arange(total_steps)
    marks = [length * (k + 1) for k in range(cycles)]
    one_run = (schedules.cosine_restarts(peak_lr, length), schedules.cosine(peak_lr, total_steps))
    long = training.train(
        workload,
        np.repeat([schedule(u) for schedule in one_run], len(seeds), axis=0),
        np.tile(seeds, 2),
        keep_at=marks,
        score_every=length,
    )
    short = training.train(
        workload,
        np.tile(schedules.cosine(peak_lr, length)(u[:length]), (cycles * len(seeds), 1)),
        np.concatenate([np.array(seeds) + 1000 * k for k in range(cycles)]),
        keep_at=(length,),
    )
    snapshots, cosine = np.split(_probabilities(workload, long.weights), 2)
    separate = _probabilities(workload, short.weights[:, 0])
    shares = {
        f"{cycles} snapshots": snapshots.mean(axis=1),
        "last snapshot": snapshots[:, -1],
        "one cosine": cosine[:, -1],
        f"{cycles} short runs": separate.reshape(cycles, len(seeds), *separate.shape[1:]).mean(0),
    }
    scores = {name: _score(p, data.held_out) for name, p in shares.items()}
    restarts, on_the_way = np.split(long.held_out_loss, 2)
    return FourWays(
        losses={name: loss for name, (loss, _) in scores.items()},
        accuracies={name: right for name, (_, right) in scores.items()},
        restarts=restarts,
        cosine=on_the_way,
        peaks=dict.fromkeys(scores, peak_lr),
    )


def _probabilities(workload: training.Workload, weights: np.ndarray) -> np.ndarray:
    """Return the held-out class probabilities of networks (..., P), (..., classes, examples)."""
    data = workload.data
    sizes = (data.inputs.shape[1], *workload.model.hidden, data.classes)
    rows = weights.reshape(-1, weights.shape[-1])
    p = training.predict(rows, data.held_out.inputs, sizes)
    return p.reshape(*weights.shape[:-1], *p.shape[1:])


def _score(p: np.ndarray, data: Classification) -> tuple[np.ndarray, np.ndarray]:
    """Return loss and accuracy of class probabilities (R, classes, examples), (R,) each."""
    right = p[:, data.labels, np.arange(len(data))]
    return -np.log(right).mean(axis=1), (p.argmax(axis=1) == data.labels).mean(axis=1)
