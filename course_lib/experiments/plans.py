"""Several plans of rates, each trained with the same seeds, and the sharpness along their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.theory import sharpness
from course_lib.training import Runs, Workload, loss_function, train


def train_plans(
    workload: Workload, plans: Sequence[np.ndarray], seeds: Sequence[int], **how: Any
) -> Runs:
    """Train every plan with every seed: plan by plan, and within each in the order of the seeds.

    So the results of a run, of shape (plans * seeds, ...), become (plans, seeds, ...) by `reshape`.

    Args:
        workload: data, model, optimizer and batch size.
        plans: rates, (plans, T).
        seeds: one run each for every plan.
        **how: passed on to `training.train`.

    >>> from course_lib import problems, training
    >>> workload = training.Workload(problems.spirals(per_class=6), training.Mlp((5,)))
    >>> found = train_plans(workload, [np.full(4, 0.1), np.full(4, 0.3)], seeds=[0, 1, 2])
    >>> found.final_loss.reshape(2, 3).shape
    (2, 3)
    """
    rows = np.repeat(np.asarray(plans), len(seeds), axis=0)
    return train(workload, rows, np.tile(seeds, len(plans)), **how)


def sharpness_along(
    workload: Workload, plans: Mapping[str, np.ndarray], seeds: Sequence[int], at: Sequence[int]
) -> dict[str, np.ndarray]:
    """Return the sharpness of the training loss along the runs of several plans.

    Args:
        workload: data, model, optimizer and batch size; the loss is that of all examples.
        plans: name -> rates, (T,), as many for all.
        seeds: one run each for every plan.
        at: updates done where it is measured, increasing, 0 … T.

    Returns:
        name -> largest eigenvalue of the Hessian, (seeds, len(at)), to about one per cent.
    """
    kept = train_plans(workload, list(plans.values()), seeds, keep_at=at).weights
    found = sharpness(loss_function(workload), kept, tolerance=0.01)
    return dict(zip(plans, np.split(found, len(plans)), strict=True))
