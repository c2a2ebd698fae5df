"""One recorded run: the rate of every update, and the losses that were read along the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.forecast.knots import first_at_peak


@dataclass(frozen=True, eq=False)
class LossCurve:
    """The rates of a run and its losses, checked.

    Attributes:
        rates: rate of every update, shape (T,), >= 0 and finite.
        updates: numbers of updates done when the losses were read, shape (K,): whole numbers from
            1 to T, strictly increasing.
        losses: losses that were read, shape (K,), > 0 and finite; the fit works with logarithms.
        name: name of the run in tables and errors.

    Raises:
        ValueError: an array has another shape, or a number is out of its range.

    >>> LossCurve(rates=[0.1, 0.1, 0.05], updates=[1, 3], losses=[2.0, 1.5], name="step")
    LossCurve('step', 3 updates, 2 losses)
    >>> LossCurve([0.1, -0.1], [1, 2], [2.0, 1.5])
    Traceback (most recent call last):
    ValueError: rates must be finite and >= 0, got -0.1 at index 1
    """

    rates: np.ndarray
    updates: np.ndarray
    losses: np.ndarray
    name: str = "run"

    def __post_init__(self) -> None:
        """Check the arrays, and keep copies that cannot be written to."""
        rates = check_rates("rates", self.rates)
        updates = check_updates("updates", self.updates, rates)
        losses = _check_vector("losses", self.losses)
        if len(losses) != len(updates):
            raise ValueError(
                f"losses must hold one loss for each of the updates: {len(updates)} expected, "
                f"got {len(losses)}"
            )
        _check_each("losses", losses, np.isfinite(losses) & (losses > 0), "finite and > 0")
        for name, array in (("rates", rates), ("updates", updates), ("losses", losses)):
            object.__setattr__(self, name, _frozen(array))

    def __repr__(self) -> str:
        """Write the name and the lengths; the arrays are long."""
        return f"LossCurve({self.name!r}, {len(self.rates)} updates, {len(self.losses)} losses)"

    def decays(self) -> bool:
        """Return whether the rate falls by 1 % of its peak or more before the last loss is read.

        Changes until the rate is first at its largest are the warmup and do not count.

        >>> LossCurve([0.1, 0.1, 0.05], [1, 3], [2.0, 1.5]).decays()
        True
        >>> LossCurve([0.05, 0.1, 0.1], [1, 3], [2.0, 1.5]).decays()
        False
        """
        peak = self.rates.max()
        after = self.rates[first_at_peak(self.rates) : self.updates[-1]]
        return bool((peak - after >= 0.01 * peak).any())


def check_rates(name: str, values: np.ndarray) -> np.ndarray:
    """Return the rates of a run as float64, shape (T,), when they are finite, >= 0 and not all 0.

    Raises:
        ValueError: another shape, or a rate out of its range.

    >>> check_rates("rates", [0.1, 0.2])
    array([0.1, 0.2])
    """
    rates = _check_vector(name, values)
    _check_each(name, rates, np.isfinite(rates) & (rates >= 0), "finite and >= 0")
    if not rates.any():
        raise ValueError(f"{name} must hold a rate > 0: all {len(rates)} are 0")
    return rates


def check_updates(name: str, values: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Return numbers of updates done as int64, shape (K,), when they suit the rates.

    Raises:
        ValueError: another shape; numbers that are not whole, do not increase or leave 1 … T; no
            rate > 0 up to the first of them, where the laws are infinite.

    >>> check_updates("updates", [1, 2], np.array([0.1, 0.2]))
    array([1, 2])
    """
    numbers = _check_vector(name, values)
    total = len(rates)
    whole = np.isfinite(numbers) & (numbers == np.floor(numbers))
    _check_each(name, numbers, whole, "whole numbers")
    inside = (numbers >= 1) & (numbers <= total)
    _check_each(name, numbers, inside, f"numbers of updates done, 1 to {total} (one rate each)")
    grows = np.diff(numbers, prepend=0) > 0
    _check_each(name, numbers, grows, "strictly increasing")
    updates = numbers.astype(np.int64)
    if not rates[: updates[0]].any():
        raise ValueError(
            f"{name} must begin after the first rate > 0, got {updates[0]}: the laws contain a "
            "power of the sum of rates, which is infinite at 0"
        )
    return updates


def _check_vector(name: str, values: np.ndarray) -> np.ndarray:
    try:
        vector = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of numbers, got {values!r:.60}") from None
    if vector.ndim != 1 or not len(vector):
        raise ValueError(f"{name} must have one axis and at least one entry, got {vector.shape}")
    return vector


def _check_each(name: str, values: np.ndarray, allowed: np.ndarray, words: str) -> None:
    if not allowed.all():
        first = int(np.argmin(allowed))
        raise ValueError(f"{name} must be {words}, got {values[first]:g} at index {first}")


def _frozen(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
