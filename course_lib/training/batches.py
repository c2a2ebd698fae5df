"""The order in which a run sees its examples."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np


@lru_cache(maxsize=64)  # a sweep has many runs of the same seed
def batch_rows(seed: int, examples: int, batch_size: int, steps: int) -> np.ndarray:
    """Return the examples of every batch of one run, shape (steps, batch_size), read-only.

    Shuffled epochs are laid end to end and cut into batches: every example comes once before any
    comes again. More steps extend the table, they do not change it.
    """
    rng = np.random.default_rng([seed, examples])
    epochs = -(-steps * batch_size // examples)
    rows = np.concatenate([rng.permutation(examples) for _ in range(epochs)])
    rows = rows[: steps * batch_size].reshape(steps, batch_size)
    rows.flags.writeable = False
    return rows


def batch_table(
    seeds: Sequence[int], examples: int, batch_size: int | None, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the batches of R runs, and which line of that table is whose, (R,).

    Runs of the same seed share a line: the table has shape (distinct seeds, steps, batch_size).
    Without a batch size it has one line, all examples at every step.
    """
    distinct, line = np.unique(seeds, return_inverse=True)
    if batch_size is None:
        return np.broadcast_to(np.arange(examples), (1, steps, examples)), 0 * line
    rows = [batch_rows(seed, examples, batch_size, steps) for seed in distinct.tolist()]
    return np.stack(rows), line
