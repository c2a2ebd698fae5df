"""Schedulers to simulate, and the rates of a loop that goes well."""

from functools import partial

import numpy as np
import pytest
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, StepLR

from course_lib.libraries.simulate import simulate_loop

STEP_3 = partial(StepLR, step_size=3)
COSINE_10 = partial(CosineAnnealingLR, T_max=10)
COSINE_100 = partial(CosineAnnealingLR, T_max=100)
LINEAR_10 = partial(LambdaLR, lr_lambda=lambda t: 1 - t / 10)
ORDER_WARNING = "Detected call of `lr_scheduler.step()` before `optimizer.step()`"


def cosine_of(t, total, peak=0.1):
    return peak * (1 + np.cos(np.pi * np.asarray(t) / total)) / 2


def rates(factory, loop, **options):
    """The rates of a loop that nothing went wrong in and nothing was warned of."""
    result = simulate_loop(factory, loop, **options)
    assert result.error is None, str(result.error)
    assert result.warnings == ()
    return result.rates


def near(values, tolerance=1e-12):
    return pytest.approx(values, abs=tolerance)
