"""Plans and seeds: which run is whose."""

import numpy as np
import pytest

from course_lib import problems, training
from course_lib.experiments.plans import sharpness_along, train_plans


def test_every_plan_meets_every_seed_in_order():
    workload = training.Workload(problems.spirals(per_class=6), training.Mlp((5,)), batch_size=6)
    plans, seeds = [np.full(5, 0.1), np.full(5, 0.3)], [3, 1]
    found = train_plans(workload, plans, seeds, keep_at=[5])
    for i, plan in enumerate(plans):
        for j, seed in enumerate(seeds):
            alone = training.train(workload, plan[None], [seed], keep_at=[5])
            assert found.final_loss[2 * i + j] == alone.final_loss[0]
            np.testing.assert_array_equal(found.weights[2 * i + j], alone.weights[0])


def test_sharpness_is_measured_at_the_weights_of_the_run():
    work = training.Workload(problems.spirals(per_class=20), training.Mlp((8,)))
    found = sharpness_along(work, {"a": np.zeros(4), "b": np.ones(4)}, range(2), [0, 4])
    assert found["a"].shape == (2, 2)
    assert found["a"][:, 0] == pytest.approx(found["a"][:, 1])  # nothing moved
    assert found["a"][:, 0] == pytest.approx(found["b"][:, 0])
    assert (found["b"][:, 1] != found["b"][:, 0]).all()
