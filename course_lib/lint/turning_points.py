"""Finds where a curve of rates turns from falling to rising and back."""

from __future__ import annotations

import numpy as np


def turning_points(rates: np.ndarray, noise: float) -> list[int]:
    """Return the steps of the tops and feet of a curve, with its first step and its last.

    A turn counts where the curve then moves by more than `noise`, in however many steps. Of a
    level top or foot, the first step is given.

    Args:
        rates: finite rates, (steps,), at least one.
        noise: largest change that is rounding, >= 0.

    >>> turning_points(np.array([0.1, 0.5, 0.3, 0.3, 0.4]), noise=0.0)
    [0, 1, 2, 4]
    """
    last = len(rates) - 1
    changes = np.diff(rates)
    moves = np.flatnonzero(changes)
    rising = changes[moves] > 0
    # Only where the direction changes can the curve turn; step i + 1 ends the move i.
    bends = moves[np.flatnonzero(rising[1:] != rising[:-1])] + 1
    turns = [0]
    extreme, direction = 0, 0  # the furthest point of the segment, +1 while it rises
    for step in (*bends.tolist(), last):
        rate, furthest = rates[step], rates[extreme]
        if direction == 0:
            if abs(rate - rates[0]) > noise:
                direction = 1 if rate > rates[0] else -1
                extreme = step
        elif (rate - furthest) * direction > 0:
            extreme = step
        elif (furthest - rate) * direction > noise:
            turns.append(extreme)
            extreme, direction = step, -direction
    if turns[-1] != last:
        turns.append(last)
    return turns


def rises_again(rates: np.ndarray, noise: float) -> bool:
    """Return whether the rates rise after they have fallen, as those of a cycle do.

    Args:
        rates: finite rates, (steps,).
        noise: largest change that is rounding, >= 0.

    >>> rises_again(np.array([0.1, 0.5, 0.3]), noise=0.0)
    False
    """
    if len(rates) < 3:
        return False
    turns = turning_points(rates, noise)
    levels = rates[turns]
    return bool(len(turns) > 3 or (len(turns) == 3 and levels[1] < levels[0] - noise < levels[2]))
