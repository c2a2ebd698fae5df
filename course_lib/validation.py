"""Argument checks whose errors name the argument, the value and what is allowed."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence

import numpy as np


def check_real(
    name: str,
    value: float,
    *,
    low: float = 0.0,
    high: float = math.inf,
    low_open: bool = False,
) -> float:
    """Return `value` as a float when low <= value <= high and it is finite.

    With `low_open` the lower bound itself is not allowed. Raises TypeError when `value` is not a
    real number (a bool is not one here), ValueError when it is out of range, infinite or NaN.

    >>> check_real("peak_lr", 1)
    1.0
    >>> check_real("peak_lr", 0.0, low_open=True)
    Traceback (most recent call last):
    ValueError: peak_lr must be finite, > 0, got 0.0
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    number = float(value)
    too_low = number <= low if low_open else number < low
    if not math.isfinite(number) or too_low or number > high:
        lower = "" if low == -math.inf else f", {'>' if low_open else '>='} {low:g}"
        upper = "" if high == math.inf else f" and <= {high:g}"
        raise ValueError(f"{name} must be finite{lower}{upper}, got {value!r}")
    return number


def check_count(name: str, value: int, *, low: int = 1) -> int:
    """Return `value` as an int when it is a whole number >= low.

    Raises TypeError for anything but an int or a NumPy integer (a bool or 3.0 is refused),
    ValueError below `low`.

    >>> check_count("total_steps", 100)
    100
    >>> check_count("total_steps", 0)
    Traceback (most recent call last):
    ValueError: total_steps must be >= 1, got 0
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be >= {low}, got {value!r}")
    return int(value)


def check_floor(floor: float, peak_lr: float) -> float:
    """Return `floor` as a float when 0 <= floor <= peak_lr; raise as `check_real` does.

    >>> check_floor(0.01, peak_lr=0.1)
    0.01
    >>> check_floor(0.2, peak_lr=0.1)
    Traceback (most recent call last):
    ValueError: floor must be finite, >= 0 and <= 0.1, got 0.2
    """
    return check_real("floor", floor, low=0.0, high=peak_lr)


def check_share(name: str, value: float) -> float:
    """Return `value` as a float when 0 < value <= 1; raise as `check_real` does.

    >>> check_share("warmup_share", 0.1)
    0.1
    >>> check_share("warmup_share", 1.5)
    Traceback (most recent call last):
    ValueError: warmup_share must be finite, > 0 and <= 1, got 1.5
    """
    return check_real(name, value, low=0.0, low_open=True, high=1.0)


def check_table(name: str, values: np.ndarray) -> np.ndarray:
    """Return `values` as float64 when they are a table, runs × steps, finite and >= 0.

    >>> check_table("rates", [[0.1, 0.2]]).shape
    (1, 2)
    >>> check_table("rates", [0.1, 0.2])
    Traceback (most recent call last):
    ValueError: rates must have shape (runs, steps), got (2,)
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"{name} must have shape (runs, steps), got {table.shape}")
    if not np.isfinite(table).all() or table.min() < 0:
        raise ValueError(f"{name} must be finite and >= 0, got {table.min()} … {table.max()}")
    return table


def check_seeds(seeds: np.ndarray | Sequence[int], runs: int) -> tuple[int, ...]:
    """Return `seeds` as ints when they are whole numbers >= 0, one a run.

    >>> check_seeds(np.arange(3), runs=3)
    (0, 1, 2)
    >>> check_seeds([0, 1], runs=3)
    Traceback (most recent call last):
    ValueError: seeds must hold one seed a run: 3 expected, got 2
    """
    values = np.asarray(seeds).ravel().tolist()
    checked = tuple(check_count("seeds", seed, low=0) for seed in values)
    if len(checked) != runs:
        raise ValueError(f"seeds must hold one seed a run: {runs} expected, got {len(checked)}")
    return checked
