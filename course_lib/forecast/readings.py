"""The readings of the fitted runs: which count, how much, and how far they scatter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.forecast.loss_curves import LossCurve

#: Fewest readings of a fit.
FEWEST = 30
#: Readings of a run before this share of its sum of rates are left out: its first transient.
_TRANSIENT = 0.025
#: The warmup of a run is over at this share of its largest rate.
_WARM = 0.99
#: Least scatter of a logarithm of a loss that is believed.
_LEAST_NOISE = 1e-7


@dataclass(frozen=True, eq=False, repr=False)
class Readings:
    """The readings of one run that a fit uses.

    Attributes:
        run: the run.
        updates: numbers of updates done, shape (K,).
        logs: logarithms of the losses, shape (K,).
        weights: weight of each reading, shape (K,); over all runs their mean is 1.
    """

    run: LossCurve
    updates: np.ndarray
    logs: np.ndarray
    weights: np.ndarray


def used(runs: Sequence[LossCurve]) -> list[Readings]:
    """Return the readings of the runs that a fit uses, with their weights.

    The laws describe training after its warmup: the readings before are left out, and so are those
    in the first fortieth of a run's sum of rates. A reading that two runs share, because one
    branched off the other, counts once. Every run weighs the same. Within a run weights follow the
    logarithm of the sum of rates, in which a power law is even: otherwise the end of a run, where
    most readings lie, would decide alone.

    Raises:
        ValueError: fewer than 30 readings are left.
    """
    kept = [
        run.updates[_counts(run) & ~read_elsewhere(run, runs[:i])] for i, run in enumerate(runs)
    ]
    count = sum(map(len, kept))
    if count < FEWEST:
        given = sum(len(run.updates) for run in runs)
        raise ValueError(
            f"runs must hold at least {FEWEST} losses, read after the warmup and not shared, got "
            f"{count} (of {given} in all): read the loss more often, or add a run"
        )
    holding = sum(len(updates) > 0 for updates in kept)
    found = []
    for run, updates in zip(runs, kept, strict=True):
        if len(updates):
            logs = np.log(run.losses[np.isin(run.updates, updates)])
            measure = _measure(run, updates) * count / holding
            found.append(Readings(run, updates, logs, measure))
    return found


def after_warmup(run: LossCurve) -> np.ndarray:
    """Return which readings of a run come after its warmup, shape (K,), bool.

    The warmup is over with the first update at 99 % of the largest rate before the last reading.
    """
    read = run.rates[: run.updates[-1]]
    return run.updates > int(np.argmax(read >= _WARM * read.max()))


def noise(readings: Sequence[Readings]) -> float:
    """Return the scatter of a single reading, as a standard deviation of its logarithm.

    The median of absolute second differences, which a smooth curve leaves almost alone, over all
    runs: 1.4826 · median / sqrt(6).
    """
    seconds = [np.abs(np.diff(one.logs, 2)) for one in readings if len(one.logs) > 2]
    if not seconds:
        return _LEAST_NOISE
    return max(float(1.4826 * np.median(np.concatenate(seconds)) / 6**0.5), _LEAST_NOISE)


def _counts(run: LossCurve) -> np.ndarray:
    sums = np.cumsum(run.rates)[run.updates - 1]
    return after_warmup(run) & (sums >= _TRANSIENT * sums[-1])


def read_elsewhere(run: LossCurve, others: Sequence[LossCurve]) -> np.ndarray:
    """Return which readings another run holds too, from a common beginning, shape (K,), bool."""
    shared = np.zeros(len(run.updates), dtype=bool)
    for other in others:
        length = min(len(run.rates), len(other.rates))
        differs = run.rates[:length] != other.rates[:length]
        common = int(np.argmax(differs)) if differs.any() else length
        both, ours, theirs = np.intersect1d(run.updates, other.updates, return_indices=True)
        same = (run.losses[ours] == other.losses[theirs]) & (both <= common)
        shared[ours[same]] = True
    return shared


def _measure(run: LossCurve, updates: np.ndarray) -> np.ndarray:
    """Return the share of the run's range of log S that each reading stands for; the sum is 1."""
    if len(updates) < 2:
        return np.ones(len(updates))
    steps = np.gradient(np.log(np.cumsum(run.rates)[updates - 1]))
    # Where the rate is 0 the sum stands still; a reading there still counts a little.
    steps = np.maximum(steps, 1e-3 * steps.mean())
    return steps / steps.sum()
