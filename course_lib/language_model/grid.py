"""The runs that were recorded: schedules × lengths × warmup × peaks × seeds, on two texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from course_lib import schedules
from course_lib.problems.grammar import grammar_text
from course_lib.problems.text import ByteText, moby_dick
from course_lib.schedules import Schedule
from course_lib.validation import check_count, check_real

TEXTS: dict[str, Callable[[], ByteText]] = {"grammar": grammar_text, "Moby-Dick": moby_dick}

WARMUP = 32  # updates; 0 in the runs without
SCORE_EVERY = 32  # updates from one point of a curve to the next
_DEEPSEEK = 10**-0.5  # a multi-step schedule falls to 31.6 % and to 10 %


def _with_warmup(schedule: Schedule, warmup_steps: int) -> Schedule:
    return schedules.warmup(schedule, warmup_steps) if warmup_steps else schedule


#: Schedules by name: functions of the peak, the updates of warmup and the updates of the run.
SCHEDULES: dict[str, Callable[[float, int, int], Schedule]] = {
    "constant": lambda peak, warmup, total: _with_warmup(schedules.constant(peak), warmup),
    "linear": schedules.warmup_linear,
    "linear to a tenth": lambda peak, warmup, total: schedules.warmup_linear(
        peak, warmup, total, floor=peak / 10
    ),
    "cosine": schedules.warmup_cosine,
    "WSD 20 %": lambda peak, warmup, total: schedules.wsd(peak, warmup, total, total // 5),
    "WSD 20 %, 1-sqrt": lambda peak, warmup, total: schedules.wsd(
        peak, warmup, total, total // 5, shape="1-sqrt"
    ),
    "WSD 50 %": lambda peak, warmup, total: schedules.wsd(peak, warmup, total, total // 2),
    "multi-step": lambda peak, warmup, total: _with_warmup(
        schedules.multi_step(
            peak, [total * tenths // 10 - warmup for tenths in (8, 9)], drop=_DEEPSEEK
        ),
        warmup,
    ),
    "1-cycle": lambda peak, warmup, total: schedules.one_cycle(peak, total),
}


@dataclass(frozen=True)
class PlannedRun:
    """One run: everything that determines it.

    Attributes:
        text: "grammar" or "Moby-Dick".
        schedule: name in `SCHEDULES`. 1-cycle has a rise of its own, 30 % of the run.
        warmup_steps: updates of the warmup: 32, or 0 for none.
        total_steps: updates of the run.
        peak_lr: the highest rate.
        seed: seed of the initial weights and of the batches.

    >>> PlannedRun("grammar", "linear", 32, 320, 0.004, seed=0).rates()[[0, 32, 176, 319]].round(5)
    array([1.2e-04, 4.0e-03, 2.0e-03, 1.0e-05])
    """

    text: str
    schedule: str
    warmup_steps: int
    total_steps: int
    peak_lr: float
    seed: int

    def __post_init__(self) -> None:
        """Check the fields."""
        for name, known in (("text", TEXTS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be one of {list(known)}, got {getattr(self, name)!r}"
                )
        check_count("warmup_steps", self.warmup_steps, low=0)
        check_count("seed", self.seed, low=0)
        check_real("peak_lr", self.peak_lr)
        if check_count("total_steps", self.total_steps) % SCORE_EVERY:
            raise ValueError(
                f"total_steps must be a multiple of {SCORE_EVERY}, got {self.total_steps}"
            )

    def rates(self) -> np.ndarray:
        """Return the rate of every update, (total_steps,)."""
        schedule = SCHEDULES[self.schedule](self.peak_lr, self.warmup_steps, self.total_steps)
        return schedule(np.arange(self.total_steps))


@dataclass(frozen=True)
class Grid:
    """A crossing of schedules, lengths and peaks on one text; every seed has all of it.

    Attributes:
        text: the text's name.
        schedules: names of schedules.
        warmup_steps: updates of the warmup.
        horizons: updates of a run, increasing.
        peaks: peaks, increasing.
        seeds: number of seeds; they are 0, 1, ….
    """

    text: str
    schedules: tuple[str, ...]
    warmup_steps: int
    horizons: tuple[int, ...]
    peaks: tuple[float, ...]
    seeds: int

    def plans(self, peak_lr: float, seed: int) -> Iterator[PlannedRun]:
        """Yield the runs of one peak and seed, constant rates first."""
        for name in self.schedules:
            for total in self.horizons:
                yield PlannedRun(self.text, name, self.warmup_steps, total, peak_lr, seed)


#: Updates of the runs on the grammar.
HORIZONS = (320, 640, 1280)
_PEAKS, _SEEDS = (0.001, 0.002, 0.004, 0.008, 0.016), 8

#: All that was recorded.
GRIDS = (
    Grid("grammar", tuple(SCHEDULES), WARMUP, HORIZONS, _PEAKS, _SEEDS),
    Grid("grammar", ("constant", "linear", "WSD 20 %"), 0, HORIZONS, _PEAKS, _SEEDS),
    Grid(
        "Moby-Dick",
        ("constant", "linear", "cosine", "WSD 20 %"),
        WARMUP,
        (2560,),
        _PEAKS,
        seeds=4,
    ),
)


@dataclass(frozen=True)
class Job:
    """Runs of one peak and seed: they share their first updates, so one process trains them."""

    plans: tuple[PlannedRun, ...]

    @property
    def name(self) -> str:
        """Name of the file that keeps its runs while others are trained."""
        plan = self.plans[0]
        return f"{plan.text}-w{plan.warmup_steps}-peak{plan.peak_lr}-seed{plan.seed}"


def jobs() -> list[Job]:
    """Return all jobs, seed by seed in each grid, so that an unfinished recording has whole seeds.

    >>> len(jobs()), sum(len(job.plans) for job in jobs())
    (100, 1520)
    """
    return [
        Job(tuple(grid.plans(peak, seed)))
        for grid in GRIDS
        for seed in range(grid.seeds)
        for peak in grid.peaks
    ]
