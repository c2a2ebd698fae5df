"""Intervals over seeds: how far a mean can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from course_lib.validation import check_real


@dataclass(frozen=True)
class Interval:
    """A mean and the ends of its confidence interval."""

    mean: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        """Write `mean [low, high]`, each number in the format `spec` (default .3g)."""
        spec = spec or ".3g"
        return f"{self.mean:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"


def mean_interval(values: np.ndarray, level: float = 0.95) -> Interval:
    """Return the mean of `values` and its Student t interval.

    mean ± t_{n-1} * s / sqrt(n), with s the sample standard deviation: exact for normal values,
    and a fair guide for the mean of a handful of runs.

    Args:
        values: one finite number a seed, at least two.
        level: how often such an interval covers the true mean, 0 < level < 1.

    Raises:
        ValueError: fewer than two values, a value that is not finite, or a level out of range.
    """
    sample = np.asarray(values, dtype=np.float64).ravel()
    if len(sample) < 2 or not np.isfinite(sample).all():
        raise ValueError(f"values must be at least two finite numbers, got {sample.tolist()}")
    check_real("level", level, low_open=True, high=1.0)
    half = stdtrit(len(sample) - 1, 0.5 + level / 2) * sample.std(ddof=1) / np.sqrt(len(sample))
    mean = sample.mean()
    return Interval(float(mean), float(mean - half), float(mean + half))
