"""Three small runs for the tests of the cache, and what trains and compares them."""

from dataclasses import fields, replace

import numpy as np

from course_lib import problems, training
from course_lib.training import Mlp, Runs, Workload
from course_lib.training.runs import RunBlock

DATA = problems.spirals(per_class=6)
TESTED = problems.spirals(per_class=6, seed=1)
WORK = Workload(replace(DATA, held_out=TESTED), Mlp(hidden=(5,)), batch_size=4)
RATES = np.array([[0.1, 0.2, 0.1], [0.3, 0.1, 0.2], [1e200, 1e200, 1e200]])  # the last diverges
SEEDS = [3, 4, 5]


def train(workload=WORK, rates=RATES, seeds=SEEDS, **options):
    return training.train(workload, rates, seeds, **{"jobs": 1, "keep_at": (0, 2)} | options)


def assert_same(a, b):
    for field in fields(Runs):
        x, y = getattr(a, field.name), getattr(b, field.name)
        assert (x.dtype, x.shape) == (y.dtype, y.shape), field.name
        assert x.tobytes() == y.tobytes(), field.name  # also the bits of NaN


def block(workload=WORK, rates=RATES, momenta=None, seeds=SEEDS, scored_at=(3,), keep_at=(0, 2)):
    return RunBlock(workload, np.asarray(rates), momenta, tuple(seeds), scored_at, keep_at)
