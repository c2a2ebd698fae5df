"""The results of training, and the work that is handed to a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from course_lib.training.settings import Workload


@dataclass(frozen=True)
class Runs:
    """The results of R runs of T steps.

    Attributes:
        losses: (R, T) float64, loss of the batch at step t *before* the update of step t; NaN
            from the step at which a run diverged.
        final_loss: (R,) float64, loss on all training examples after the last update; NaN where
            the run diverged.
        diverged_at: (R,) int, first step whose loss is not finite; -1 where there is none.
        scored_at: (K,) int, updates done at each score on the held-out examples; K = 0 where the
            data has none.
        held_out_loss: (R, K) float64, NaN from where the run diverged.
        held_out_accuracy: (R, K) float64, share of right answers, NaN from where it diverged.
        weights: (R, S, P), all parameters in one row, at the S steps that were asked for; NaN
            where the run had diverged by then.

    >>> from course_lib import problems
    >>> from course_lib.training import Mlp, train
    >>> workload = Workload(problems.spirals(per_class=6), Mlp((5,)))
    >>> runs = train(workload, [[0.1] * 3, [1e200] * 3], seeds=[0, 0], cache=False)
    >>> runs.losses.shape, runs.diverged.tolist()
    ((2, 3), [False, True])
    """

    losses: np.ndarray
    final_loss: np.ndarray
    diverged_at: np.ndarray
    scored_at: np.ndarray
    held_out_loss: np.ndarray
    held_out_accuracy: np.ndarray
    weights: np.ndarray

    @property
    def diverged(self) -> np.ndarray:
        """The runs that diverged, (R,) bool."""
        return self.diverged_at >= 0

    def select(self, rows: np.ndarray | slice) -> Runs:
        """Return some of the runs, in the order of `rows`."""
        return replace(self, **{name: getattr(self, name)[rows] for name in PER_RUN})

    @staticmethod
    def join(parts: Sequence[Runs]) -> Runs:
        """Return the runs of `parts` end to end; all of them have the same steps and scores."""
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in PER_RUN}
        return replace(parts[0], **arrays)


#: Fields of `Runs` whose first axis is the run.
PER_RUN = tuple(field.name for field in fields(Runs) if field.name != "scored_at")


@dataclass(frozen=True)
class RunBlock:
    """Runs that are trained together: all that a worker needs, checked.

    Attributes:
        workload: data, model, optimizer and batch size.
        rates: learning rates, (R, T) float64.
        momenta: (R, T) float64, or None where the optimizer's own momentum holds throughout.
        seeds: one a run.
        scored_at: updates done when the held-out examples are scored, increasing; () for never.
        keep_at: updates done when the weights are kept, increasing.
    """

    workload: Workload
    rates: np.ndarray
    momenta: np.ndarray | None
    seeds: tuple[int, ...]
    scored_at: tuple[int, ...]
    keep_at: tuple[int, ...]

    def select(self, rows: Sequence[int]) -> RunBlock:
        """Return the same work for some of the runs only."""
        rows = list(rows)
        momenta = None if self.momenta is None else self.momenta[rows]
        seeds = tuple(self.seeds[row] for row in rows)
        return replace(self, rates=self.rates[rows], momenta=momenta, seeds=seeds)


def empty_runs(block: RunBlock, parameters: int, dtype: np.dtype | type) -> Runs:
    """Return the arrays that a block's results go to: NaN everywhere, nothing diverged."""
    runs, scores = len(block.seeds), (len(block.seeds), len(block.scored_at))
    return Runs(
        losses=np.full(block.rates.shape, np.nan),
        final_loss=np.full(runs, np.nan),
        diverged_at=np.full(runs, -1),
        scored_at=np.array(block.scored_at, dtype=int),
        held_out_loss=np.full(scores, np.nan),
        held_out_accuracy=np.full(scores, np.nan),
        weights=np.full((runs, len(block.keep_at), parameters), np.nan, dtype),
    )
