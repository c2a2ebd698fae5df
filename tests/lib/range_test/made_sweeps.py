"""Range tests with losses made by hand."""

import numpy as np

from course_lib.range_test import Sweep

STEPS = np.arange(100)


def made_sweep(losses, steps_run=None, rates=None):
    losses = np.atleast_2d(np.asarray(losses, dtype=float))
    runs, steps = losses.shape
    return Sweep(
        name="made",
        rates=np.geomspace(1e-5, 10, steps) if rates is None else rates,
        losses=losses,
        diverged_at=np.full(runs, -1),
        steps_run=np.full(runs, steps) if steps_run is None else np.array(steps_run),
        seeds=np.arange(runs),
    )


U = np.concatenate([np.ones(50), np.linspace(1, 0.2, 31), 0.2 * 1.4 ** np.arange(19)])
