"""The plan of the training explorer, and its results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal

import numpy as np

from course_lib import problems
from course_lib.explorers.optimizers import OPTIMIZERS
from course_lib.intervals import Interval, bootstrap_interval
from course_lib.schedules.catalogue import FAMILIES
from course_lib.training import Mlp, Runs, Workload, stages
from course_lib.validation import check_count, check_real

NOISY, CLEAN, DIGITS = "spirals, 20 % of labels wrong", "spirals, all labels right", "digits"
DATA = {
    NOISY: problems.noisy_spirals,
    CLEAN: partial(problems.noisy_spirals, label_noise=0.0),
    DIGITS: problems.digits,
}

SLOTS = (1, 2, 3, 4)
BATCH = 32
MOST_SEEDS, LEAST_UPDATES, MOST_UPDATES = 12, 60, 600
_STAGES = 30  # stages of a run: each is drawn, and is short enough for Stop to work
_SHORTEST_STAGE = 10  # updates: scoring the held-out examples takes as long


@dataclass(frozen=True)
class Contender:
    """One schedule of a comparison; `slot` is the number that it has in the controls."""

    slot: int
    shape: str
    peak: float

    @property
    def label(self) -> str:
        """Its number and name."""
        return f"{self.slot} {self.shape}"

    @property
    def peak_text(self) -> str:
        """Its peak in few digits."""
        return short(self.peak)


@dataclass(frozen=True)
class TrainingPlan:
    """A comparison: every contender is trained on the seeds 0 … seeds - 1.

    Attributes:
        contenders: one to four schedules, each with its peak.
        data: a name in `DATA`.
        optimizer: a name in `optimizers.OPTIMIZERS`.
        seeds: number of seeds, 2 … 12.
        updates: updates in every run, 60 … 600.

    Raises:
        ValueError, TypeError: a name that is not known, or a number out of its range.
    """

    contenders: tuple[Contender, ...]
    data: str
    optimizer: str
    seeds: int
    updates: int

    def __post_init__(self) -> None:
        """Check names and numbers."""
        if not self.contenders:
            raise ValueError("a comparison needs at least one schedule, got none")
        for contender in self.contenders:
            _check_name("schedule", contender.shape, FAMILIES)
            check_real("peak", contender.peak, low_open=True)
        _check_name("data", self.data, DATA)
        _check_name("optimizer", self.optimizer, OPTIMIZERS)
        _check_between("seeds", self.seeds, 2, MOST_SEEDS)
        _check_between("updates", self.updates, LEAST_UPDATES, MOST_UPDATES)

    @property
    def is_flat(self) -> bool:
        """Whether the examples are points in the plane, so that a boundary can be drawn."""
        return self.data != DIGITS

    @property
    def score_every(self) -> int:
        """Updates from stage to stage."""
        return max(_SHORTEST_STAGE, -(-self.updates // _STAGES))

    @property
    def workload(self) -> Workload:
        """The workload: a network of 64 and 64 hidden units in batches of 32."""
        model = Mlp(dtype="float32")
        return Workload(examples(self.data), model, OPTIMIZERS[self.optimizer], BATCH)

    def rates(self) -> np.ndarray:
        """Return the rates, (contenders, updates)."""
        steps = np.arange(self.updates)
        return np.array([FAMILIES[c.shape](c.peak, self.updates)(steps) for c in self.contenders])

    def stages(self, every: int | None = None) -> Iterator[TrainingOutcome]:
        """Train, and yield the results after each stage.

        Args:
            every: updates from stage to stage; None takes `score_every`.
        """
        every, last = every or self.score_every, self.updates
        seeds = np.tile(np.arange(self.seeds), len(self.contenders))
        found = stages(
            self.workload,
            np.repeat(self.rates(), self.seeds, axis=0),
            seeds,
            score_every=every,
            keep_at=(*range(every, last, every), last) if self.is_flat else (),
        )
        for done, runs in found:
            yield TrainingOutcome(self, done, runs, "done" if done == last else "running")


@dataclass(frozen=True, eq=False)
class TrainingOutcome:
    """The results of a plan so far.

    Attributes:
        plan: the plan that is carried out.
        updates: number of updates done.
        runs: all runs, contender by contender and within it seed by seed.
        state: "running", "done", or "stopped" before the end.
    """

    plan: TrainingPlan
    updates: int
    runs: Runs
    state: Literal["running", "done", "stopped"]

    @property
    def stage(self) -> int:
        """Index of the last score that is there."""
        return int(np.searchsorted(self.runs.scored_at, self.updates))

    def by_contender(self, values: np.ndarray) -> np.ndarray:
        """Return an array over the runs with the axes contender and seed in front."""
        return values.reshape(len(self.plan.contenders), self.plan.seeds, *values.shape[1:])

    def scores(self) -> np.ndarray:
        """Return the last held-out losses, (contenders, seeds), inf where a run has diverged."""
        losses = self.by_contender(self.runs.held_out_loss[:, self.stage])
        return np.where(np.isfinite(losses), losses, np.inf)

    def intervals(self) -> list[Interval | None]:
        """Return the mean score of each contender with its interval; None where a run diverged."""
        return [_interval(tuple(row.tolist())) for row in self.scores()]


def plan_of(
    data: str, optimizer: str, seeds: int, updates: int, **slots: str | float
) -> TrainingPlan:
    """Return the plan that the explorer's controls describe.

    Args:
        data: a name in `DATA`.
        optimizer: a name in `optimizers.OPTIMIZERS`.
        seeds: number of seeds.
        updates: updates in every run.
        **slots: schedule_1 … schedule_4, names in `FAMILIES` or "" for none, and peak_1 … peak_4.
    """
    chosen = [
        Contender(slot, shape, slots[f"peak_{slot}"])
        for slot in SLOTS
        if (shape := slots[f"schedule_{slot}"])
    ]
    return TrainingPlan(tuple(chosen), data, optimizer, seeds, updates)


@lru_cache(maxsize=len(DATA))
def examples(data: str) -> problems.Classification:
    """Return the examples of a name in `DATA`."""
    return DATA[data]()


@lru_cache(maxsize=64)
def _interval(scores: tuple[float, ...]) -> Interval | None:
    return bootstrap_interval(np.array(scores)) if np.isfinite(scores).all() else None


def short(rate: float) -> str:
    """Return a rate in three digits: 1000, not 1e+03."""
    return f"{float(f'{rate:.3g}'):g}"


def _check_name(what: str, name: str, known: dict[str, object]) -> None:
    if name not in known:
        raise ValueError(f"{what} must be one of {list(known)}, got {name!r}")


def _check_between(name: str, value: int, low: int, high: int) -> None:
    if check_count(name, value, low=low) > high:
        raise ValueError(f"{name} must be <= {high}, got {value}")
