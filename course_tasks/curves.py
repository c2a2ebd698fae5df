"""Parts shared by several exercises: the scale of a schedule, and parts of wrong curves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_tasks.task import Case


def peak_of(case: Case, expected: np.ndarray) -> float:
    """Return the peak of a case: the scale for the tolerance of a schedule's rates."""
    return case["peak_lr"]


def half_wave(done):
    """Return (1 + cos π done) / 2: 1 at the start of a cosine, 0 at its end."""
    return (1 + np.cos(np.pi * done)) / 2


def steps_near(turns: list[int], total: int, rng: np.random.Generator) -> list[int]:
    """Return the turning points and their neighbours, steps past the end and some at random."""
    steps = {turn + near for turn in [*turns, total] for near in (-1, 0, 1)}
    steps |= {total + 7, 2 * total, *rng.integers(0, total, size=3).tolist()}
    return sorted(int(step) for step in steps if step >= 0)


def through(step: float, ends: list[float], levels: list[float], linear: bool = False) -> float:
    """Return the value at a step of half-cosines (or lines) through levels reached at ends."""
    share = np.clip((step - np.array(ends[:-1])) / np.diff(ends), 0, 1)
    if not linear:
        share = (1 - np.cos(np.pi * share)) / 2
    return float(levels[0] + np.sum(np.diff(levels) * share))


def zero_past_the_end(rate: Callable[..., float]) -> Callable[..., float]:
    """Return a rate as it is up to total_steps, and 0 from there on."""
    return lambda step, total_steps, **others: (
        rate(step=step, total_steps=total_steps, **others) if step <= total_steps else 0.0
    )
