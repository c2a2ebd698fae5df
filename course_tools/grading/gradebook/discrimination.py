"""Discrimination of a task: whether those who do well in the rest of an exercise do well in it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import scipy  # scipy.special is loaded by its first use, and is slow to load

FEWEST_STUDENTS = 10
#: As many must have other points than most have, in the task and in the rest of the exercise.
FEWEST_OTHERS = 5
_PERFECT = 1 - 1e-9  # a correlation above it has no interval: its z is infinite


@dataclass(frozen=True)
class Discrimination:
    """A corrected item-total correlation with its 95 % interval.

    Attributes:
        correlation: Pearson's, -1 to 1.
        low: lower end of the interval; None where the correlation is perfect.
        high: upper end of the interval; None where the correlation is perfect.
        students: number of students.
    """

    correlation: float
    low: float | None
    high: float | None
    students: int


def discrimination(points: np.ndarray, task: int) -> Discrimination | None:
    """Return how a task's points go with those of the other tasks; None where that is not known.

    It is the corrected item-total correlation, r(x, T - x): x are the points of the task, T those
    of the exercise. "Corrected" means that the task is no part of what it is compared with
    (S. Henrysson, "Correction of item-total correlations in item analysis", Psychometrika 28,
    1963, 211-218; L. Crocker and J. Algina, Introduction to Classical and Modern Test Theory, 1986,
    ch. 14).

    The interval is the jackknife's for z = atanh r: tanh(z ± t_{n-2} s), where t is Student's
    97.5 % quantile, s² = (n - 1)/n Σ (z_i - mean z)², and z_i leaves student i out (D. V. Hinkley,
    "Improving the jackknife with special reference to correlation estimation", Biometrika 65,
    1978, 13-21). Fisher's interval, z ± 1.96 / sqrt(n - 3), is for normal values; points are not.
    Measured coverage of the nominal 95 %, in 3000 simulated classes of 30 and of 60 students with
    five tasks, where the interval is shown:

        students with all points, true r     this one     Fisher's
        half, 0.12                           96, 95 %     95, 95 %
        half, 0.51                           95, 96 %     93, 94 %
        eight of ten, 0.46                   93, 94 %     86, 86 %
        nine of ten, 0.39                    90, 90 %     78, 73 %
        nine of ten, 0.07                    86, 87 %     92, 93 %

    The interval is about 0.9 long for 20 students, 0.75 for 30 and 0.5 for 60.

    Args:
        points: students × tasks of an exercise.
        task: column of the task.

    Returns:
        None where the exercise has no other task, or there are fewer than `FEWEST_STUDENTS`
        students, or fewer than `FEWEST_OTHERS` of them have other points than most: then a single
        student would decide.

    >>> scores = np.array([[0, 1], [0, 2], [0, 3], [0, 2], [0, 1], [2, 4], [2, 5], [2, 4], [2, 3],
    ...                    [2, 5]], dtype=float)
    >>> found = discrimination(scores, 0)
    >>> f"{found.correlation:.2f} from {found.low:.2f} to {found.high:.2f}"
    '0.85 from 0.47 to 0.96'
    """
    number, tasks = points.shape
    own = points[:, task]
    rest = points.sum(axis=1) - own
    others = min(_others(own), _others(rest))
    if tasks == 1 or number < FEWEST_STUDENTS or others < FEWEST_OTHERS:
        return None
    correlation = float(np.corrcoef(own, rest)[0, 1])
    found = min(1.0, max(-1.0, correlation))
    without = _without_each(own, rest)
    if max(abs(found), float(np.max(np.abs(without)))) >= _PERFECT:
        return Discrimination(found, None, None, number)
    z = np.arctanh(without)
    error = math.sqrt((number - 1) / number * float(np.sum((z - z.mean()) ** 2)))
    half = float(scipy.special.stdtrit(number - 2, 0.975)) * error
    middle = math.atanh(found)
    return Discrimination(found, math.tanh(middle - half), math.tanh(middle + half), number)


def _others(values: np.ndarray) -> int:
    """Return how many values differ from the most frequent one."""
    # Sums of the same points in another order may differ in the last digit.
    counts = Counter(np.round(values, 6).tolist())
    return len(values) - max(counts.values(), default=0)


def _without_each(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the correlations without one of the students, for each of them."""
    x, y = x - x.mean(), y - y.mean()
    rest = len(x) - 1
    sum_x, sum_y = -x, -y  # of the rest, as all together are 0
    covariance = x @ y - x * y - sum_x * sum_y / rest
    spread_x = x @ x - x * x - sum_x**2 / rest
    spread_y = y @ y - y * y - sum_y**2 / rest
    return covariance / np.sqrt(spread_x * spread_y)
