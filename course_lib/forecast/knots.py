"""The sum over all changes of the rate, on few knots: nearby changes are merged.

Each law has a term Σ_k (η_{k-1} − η_k) · G(what happened from update k to t). The changes until the
rate is first at its largest are the warmup and do not count: they enter the sum of rates only, and
the k of the sum begin after them. A decay over 70,000
updates changes the rate 70,000 times, and the sum is needed at every t where a loss was read. Here
the updates are cut into groups, and the changes of a group are replaced by one: their sum, at the
average rate and the average position of the changes. The average is weighted by the changes, so a
group with one change is exact, and the error of the others is of second order in the group's
length. `fitting` measures it against the full sum and cuts finer where it is too large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: A change of the rate by this share of the peak or more is never merged with others.
_LARGE = 0.02
#: Rates that differ by this share are the same: a cycle may not meet its peak to the last bit.
_ROUNDING = 1e-9
#: A rate of 0 enters a negative power: it counts as this share of the peak.
LEAST_RATE = 1e-6
#: Losses that were read more often than this are computed at so many updates and interpolated.
MOST_READINGS = 1024
#: So many more computed updates are even in the logarithm.
_EARLY = 128


@dataclass(frozen=True)
class Scale:
    """The units of a fit: the parameters are then near 1, whatever those of rates and losses are.

    Attributes:
        rate: largest rate of the runs.
        total: largest sum of rates of a run.
        steps: largest number of updates of a run.
        loss: a typical loss.
    """

    rate: float
    total: float
    steps: float
    loss: float = 1.0


@dataclass(frozen=True, eq=False, repr=False)
class Pairs:
    """Each reading with each change of the rate before it, in the units of a `Scale`.

    Attributes:
        sums: sum of the rates up to each reading, shape (K,).
        starts: position in the arrays below at which the pairs of each reading begin, shape (K,).
        drops: η_{k-1} − η_k of each pair, shape (N,).
        log_rates: logarithm of η_k, shape (N,).
        spans: sum of the rates from k up to the reading, shape (N,).
        steps: updates from k up to the reading, k included, shape (N,).
        below: index of the reading before each point that is asked for, shape (P,).
        share: distance of the point from there in the logarithm of the number of updates, as a
            share of the way to the next, shape (P,).
    """

    sums: np.ndarray
    starts: np.ndarray
    drops: np.ndarray
    log_rates: np.ndarray
    spans: np.ndarray
    steps: np.ndarray
    below: np.ndarray
    share: np.ndarray

    def summed(self, terms: np.ndarray) -> np.ndarray:
        """Return the sum of `terms`, shape (N,), for every reading, shape (K,)."""
        # An added 0 is the empty sum of a reading without pairs, which reduceat does not know.
        padded = np.append(terms, 0.0)
        sums = np.add.reduceat(padded, self.starts)
        return np.where(np.diff(self.starts, append=len(terms)) > 0, sums, 0.0)

    def at_points(self, values: np.ndarray) -> np.ndarray:
        """Return values at the readings, interpolated at the points that are asked for."""
        if len(values) == len(self.below) and not self.share.any():
            return values
        after = np.minimum(self.below + 1, len(values) - 1)
        return values[self.below] * (1 - self.share) + values[after] * self.share


def pairs(
    rates: np.ndarray,
    updates: np.ndarray,
    scale: Scale,
    groups: int | None,
    most: int = MOST_READINGS,
) -> Pairs:
    """Return the pairs of a run, with its changes merged.

    Args:
        rates: rate of every update, shape (T,); the changes until they are first at their largest
            do not count.
        updates: numbers of updates done at which the law is asked for, shape (P,), increasing.
        scale: units.
        groups: equally long groups in which changes are merged; each reading and each large
            change ends one too, of no more large changes than groups. None keeps every change.
        most: points above which the law is computed at about so many and interpolated.

    >>> made = pairs(np.array([1.0, 1.0, 0.5]), np.array([2, 3]), Scale(1.0, 1.0, 1.0), None)
    >>> made.sums.tolist(), made.drops.tolist(), made.spans.tolist(), made.steps.tolist()
    ([2.0, 2.5], [0.5], [0.5], [1.0])
    """
    readings, below, share = _readings(rates, updates, most)
    k, drops, etas, befores = _merged(rates, readings, scale, groups)
    sums = np.concatenate([[0.0], np.cumsum(rates)])[readings]
    # k is an average: the group's changes all lie before the readings that are at or behind it.
    counts = np.searchsorted(k, readings + 0.5, side="left")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    reading = np.repeat(np.arange(len(readings)), counts)
    knot = np.arange(len(reading)) - starts[reading]
    logs = np.log(np.maximum(etas / scale.rate, LEAST_RATE))
    return Pairs(
        sums=sums / scale.total,
        starts=starts,
        drops=drops[knot] / scale.rate,
        log_rates=logs[knot],
        spans=np.maximum(sums[reading] - befores[knot], 0.0) / scale.total,
        steps=(readings[reading] - k[knot] + 1.0) / scale.steps,
        below=below,
        share=share,
    )


def first_at_peak(rates: np.ndarray) -> int:
    """Return the index of the first update at the largest rate, but for rounding.

    >>> first_at_peak(np.array([0.1, 0.2, 0.2, 0.1]))
    1
    """
    return int(np.argmax(rates >= (1 - _ROUNDING) * rates.max()))


def _changes(rates: np.ndarray) -> np.ndarray:
    """Return η_{k-1} − η_k of every update, shape (T,), 0 for the changes that do not count."""
    changes = -np.diff(rates, prepend=rates[0])
    changes[: first_at_peak(rates) + 1] = 0.0
    return changes


def _merged(
    rates: np.ndarray, readings: np.ndarray, scale: Scale, groups: int | None
) -> tuple[np.ndarray, ...]:
    """Return position k, change, rate and sum of the rates before k of every merged change."""
    changes = _changes(rates)[: readings[-1]]
    rates = rates[: readings[-1]]
    k = np.flatnonzero(changes)  # index of the update that is the first at its rate: k of the law
    changes, etas = changes[k], rates[k]
    befores = (np.cumsum(rates) - rates)[k]
    if groups is None or not len(k):
        return k + 1.0, changes, etas, befores
    weights = np.abs(changes)
    large = k[weights >= _LARGE * scale.rate]
    if len(large) > groups:  # a rate that jumps all the time
        large = k[np.argpartition(weights, -groups)[-groups:]]
    even = np.linspace(0, len(rates), groups + 1).round().astype(int)
    edges = np.unique(np.concatenate([even, readings, large, large + 1]))
    # Rises and falls are merged apart: where they cancel, an average position means nothing.
    labels = 2 * np.searchsorted(edges, k, side="right") + (changes < 0)
    _, label = np.unique(labels, return_inverse=True)
    weight = np.bincount(label, weights)
    means = [np.bincount(label, weights * values) / weight for values in (k + 1.0, etas, befores)]
    total = np.bincount(label, changes)
    order = np.argsort(means[0], kind="stable")
    return means[0][order], total[order], means[1][order], means[2][order]


def _readings(rates: np.ndarray, updates: np.ndarray, most: int) -> tuple[np.ndarray, ...]:
    """Return the updates at which the law is computed, and where the points lie among them."""
    if len(updates) <= most:
        return updates, np.arange(len(updates)), np.zeros(len(updates))
    even = np.linspace(0, len(updates) - 1, most).round().astype(int)
    # After a large change the loss bends: readings lie close behind it, then ever farther apart.
    large = np.flatnonzero(np.abs(_changes(rates)) >= _LARGE * rates.max())[:16]
    behind = np.concatenate([[-1, 0], 2 ** np.arange(12)])
    near = np.searchsorted(updates, (large[:, None] + 1 + behind).ravel())
    # A power law is steep at its start and even in the logarithm.
    early = np.searchsorted(updates, np.geomspace(updates[0], updates[-1], _EARLY).round())
    near = np.concatenate([near, early])
    chosen = np.unique(np.concatenate([even, near[near < len(updates)]]))
    readings = updates[chosen]
    below = np.clip(np.searchsorted(readings, updates, side="right") - 1, 0, len(readings) - 2)
    logs, at = np.log(updates), np.log(readings)
    share = (logs - at[below]) / (at[below + 1] - at[below])
    return readings, below, share
