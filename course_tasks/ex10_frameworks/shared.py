"""Parts shared by the tasks of this exercise."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case


def half_cosine(t, total, peak=1.0, floor=0.0):
    """Return torch's cosine after t steps; past its end it goes on as a wave."""
    return floor + (peak - floor) * (1 + np.cos(np.pi * np.asarray(t) / total)) / 2


def named(names: str, edges: list[tuple]) -> list[Case]:
    """Return cases from tuples of arguments, in the order of `names`."""
    return [dict(zip(names.split(), edge, strict=True)) for edge in edges]


def rate_between(rng: np.random.Generator) -> float:
    """Return a rate from 0.001 to 1, drawn evenly in its logarithm."""
    return float(10.0 ** rng.uniform(-3, 0))
