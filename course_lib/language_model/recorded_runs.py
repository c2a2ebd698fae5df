"""The recorded runs as tables over peaks and seeds, and the best peaks chosen fairly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from course_lib.language_model.grid import GRIDS, WARMUP, Grid, PlannedRun
from course_lib.language_model.runs_file import RUNS, RecordedRun, read_runs


@dataclass(frozen=True, eq=False)
class CrossTuned:
    """One schedule at its best peaks.

    Attributes:
        scores: final held-out loss of every seed, (seeds,), at the peak that the other half of the
            seeds chose, so that no run is scored at a peak which it helped to choose.
        peaks: the peaks that the two halves, even seeds and odd seeds, chose.
        at_edge: whether one of them is the lowest or the highest peak of the grid.
    """

    scores: np.ndarray
    peaks: tuple[float, float]
    at_edge: bool

    @property
    def peak(self) -> float:
        """The geometric mean of the two peaks."""
        return float(np.sqrt(self.peaks[0] * self.peaks[1]))


@dataclass(frozen=True, eq=False)
class RecordedRuns:
    """All recorded runs.

    Attributes:
        about: settings, versions of Python, NumPy and PyTorch, the processor, and hours of
            processor time.
        runs: every run by its plan.
    """

    about: Mapping[str, Any]
    runs: Mapping[PlannedRun, RecordedRun]

    def final(
        self, schedule: str, total_steps: int, *, warmup_steps: int = WARMUP, text: str = "grammar"
    ) -> np.ndarray:
        """Return held-out losses after the last update, (peaks, seeds); NaN where a run diverged.

        Args:
            schedule: name in `SCHEDULES`.
            total_steps: updates of the run.
            warmup_steps: updates of the warmup.
            text: "grammar" or "Moby-Dick".

        Raises:
            ValueError: no such runs were recorded; the message says which were.

        >>> recorded_runs().final("linear", 1280).shape
        (5, 8)
        """
        grid = grid_of(schedule, total_steps, warmup_steps=warmup_steps, text=text)
        table = [
            [self.runs[plan].final for plan in _plans(grid, schedule, total_steps, peak)]
            for peak in grid.peaks
        ]
        return np.array(table, dtype=float)  # None becomes NaN

    def final_at(
        self,
        schedule: str,
        total_steps: int,
        peak_lr: float,
        *,
        warmup_steps: int = WARMUP,
        text: str = "grammar",
    ) -> np.ndarray:
        """Return held-out losses after the last update at one peak, (seeds,).

        Raises:
            ValueError: no such runs were recorded; the message says which were.

        >>> recorded_runs().final_at("linear", 1280, 0.004).shape
        (8,)
        """
        where = {"warmup_steps": warmup_steps, "text": text}
        row = _row_of(grid_of(schedule, total_steps, **where), peak_lr)
        return self.final(schedule, total_steps, **where)[row]

    def curve(
        self,
        schedule: str,
        total_steps: int,
        peak_lr: float,
        *,
        warmup_steps: int = WARMUP,
        text: str = "grammar",
    ) -> np.ndarray:
        """Return held-out losses after 32, 64, … updates; NaN from where a run diverged.

        In nats a byte, shape (seeds, total_steps / 32).

        Raises:
            ValueError: no such runs were recorded; the message says which were.

        >>> recorded_runs().curve("linear", 1280, 0.004).shape
        (8, 40)
        """
        grid = grid_of(schedule, total_steps, warmup_steps=warmup_steps, text=text)
        _row_of(grid, peak_lr)
        plans = _plans(grid, schedule, total_steps, peak_lr)
        return np.array([self.runs[plan].held_out for plan in plans], dtype=float)

    def tuned(
        self, schedule: str, total_steps: int, *, warmup_steps: int = WARMUP, text: str = "grammar"
    ) -> CrossTuned:
        """Return the schedule at its best peaks; each half of the seeds chooses for the other.

        Raises:
            ValueError: no such runs were recorded; the message says which were.

        >>> recorded_runs().tuned("linear", 1280).scores.shape
        (8,)
        """
        where = {"warmup_steps": warmup_steps, "text": text}
        final = self.final(schedule, total_steps, **where)
        peaks = grid_of(schedule, total_steps, **where).peaks
        means = [final[:, half::2].mean(axis=1) for half in (0, 1)]  # NaN where a run diverged
        best = [int(np.argmin(np.nan_to_num(mean, nan=np.inf))) for mean in means]
        seeds = np.arange(final.shape[1])
        scores = final[np.array(best)[1 - seeds % 2], seeds]
        edges = {0, len(peaks) - 1}
        return CrossTuned(scores, (peaks[best[0]], peaks[best[1]]), not edges.isdisjoint(best))


def grid_of(schedule: str, total_steps: int, *, warmup_steps: int = WARMUP, text: str) -> Grid:
    """Return the grid that has these runs.

    Raises:
        ValueError: there is none; the message says what there is.
    """
    for grid in GRIDS:
        if (
            (text, warmup_steps) == (grid.text, grid.warmup_steps)
            and schedule in grid.schedules
            and total_steps in grid.horizons
        ):
            return grid
    there = "; ".join(
        f"{g.text}, warmup_steps {g.warmup_steps}, total_steps {g.horizons}: "
        + ", ".join(g.schedules)
        for g in GRIDS
    )
    raise ValueError(
        f"no runs were recorded of schedule {schedule!r}, total_steps {total_steps!r}, "
        f"warmup_steps {warmup_steps!r}, text {text!r}. There are: {there}"
    )


@cache
def recorded_runs(file: Path = RUNS) -> RecordedRuns:
    """Return the runs that ship with the course.

    Raises:
        FileNotFoundError: the file is not there.

    >>> len(recorded_runs().runs)
    1520
    """
    about, runs = read_runs(file)
    return RecordedRuns(about, MappingProxyType({run.plan: run for run in runs}))


def rerun(plan: PlannedRun) -> RecordedRun:
    """Train one of the runs again, as it was recorded: some seconds.

    On the same processor and versions it gives the recorded numbers; on others single precision
    rounds differently, and the difference grows with the peak and the length of the run.
    """
    from course_lib.language_model.record import train_planned  # a command as well: see there

    (run,) = train_planned([plan])
    return run


def _row_of(grid: Grid, peak_lr: float) -> int:
    """Return the row of a peak in tables over the peaks; raises where it was not recorded."""
    if peak_lr not in grid.peaks:
        raise ValueError(f"peak_lr must be one of {grid.peaks}, got {peak_lr!r}")
    return grid.peaks.index(peak_lr)


def _plans(grid: Grid, schedule: str, total_steps: int, peak: float) -> list[PlannedRun]:
    return [
        PlannedRun(grid.text, schedule, grid.warmup_steps, total_steps, peak, seed)
        for seed in range(grid.seeds)
    ]
