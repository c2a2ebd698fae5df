"""The sweep of lesson 1: its shapes, its runs, and how it names runs that are lost."""

import numpy as np
import pytest

from course_lib import problems, training
from course_lib.experiments.lesson01_runs import RateSweep, sweep_rates, where_most_end

WORKLOAD = training.Workload(problems.spirals(per_class=6), training.Mlp((5,)))


def test_a_row_of_the_sweep_is_what_train_gives():
    sweep = sweep_rates(WORKLOAD, [0.01, 0.1], seeds=2, steps=5)
    alone = training.train(WORKLOAD, np.full((1, 5), 0.1), seeds=[1])
    assert sweep.losses_at(0.1)[1].tolist() == alone.losses[0].tolist()
    assert sweep.final_at(0.1)[1] == alone.final_loss[0]


def test_nan_and_a_high_loss_are_lost_and_a_rise_is_one_above_the_first_loss():
    losses = np.array([[[1.0, 1.2, 0.5], [1.0, 0.9, 0.8], [1.0, np.nan, np.nan]]])
    sweep = RateSweep(np.array([0.1]), losses, np.array([[0.1, 0.5, np.nan]]))
    assert sweep.lost_at(0.1).tolist() == [False, True, True]
    assert sweep.rose_at(0.1).tolist() == [True, False, True]


def test_where_most_end_counts_nan_as_high_and_names_no_half():
    assert where_most_end(np.array([np.nan, 0.5, 0.001])) == "more than half of 3 runs above 0.4"
    assert where_most_end(np.array([0.1, 0.5, 0.001, 0.6])).startswith("fewer than half of 4 runs")


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="rates must have shape"):
        sweep_rates(WORKLOAD, [], seeds=1, steps=2)
    with pytest.raises(ValueError, match=r"rate must be one of \[0.1\], got 0.2"):
        sweep_rates(WORKLOAD, [0.1], seeds=1, steps=2).final_at(0.2)
