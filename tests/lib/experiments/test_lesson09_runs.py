"""Lesson 9's own loop against the engine, and its average against the mean of the weights."""

import numpy as np

from course_lib import problems, schedules, training
from course_lib.experiments.lesson09_runs import (
    averaged_sgd,
    initial_weights,
    losses_on,
    valley_walks,
)

DATA, SIZES = problems.noisy_spirals(), (2, 64, 64, 3)


def test_without_an_average_the_loop_is_the_engine():
    rates, seeds = schedules.cosine(0.8, 30)(np.arange(30)), [3, 4]
    workload = training.Workload(DATA, training.Mlp(dtype="float32"), batch_size=32)
    engine = training.train(workload, np.tile(rates, (2, 1)), seeds).held_out_loss[:, -1]
    ((x,),), z = averaged_sgd(initial_weights(SIZES, seeds), SIZES, DATA, rates, seeds, 32)
    assert np.array_equal(x, z)
    assert np.allclose(losses_on(x, SIZES, DATA.held_out), engine, rtol=1e-4)


def test_shares_of_one_over_t_are_the_mean_of_all_weights():
    start, rates = initial_weights(SIZES, [0]), np.full(6, 0.5)
    every = range(1, 7)
    shares = [np.ones(6), 1 / np.arange(1, 7)]
    kept, z = averaged_sgd(start, SIZES, DATA, rates, [0], 16, shares=shares, keep_at=every)
    assert kept.shape[:3] == (6, 2, 1)
    assert np.array_equal(kept[-1, 0], z)
    assert np.allclose(kept[-1, 1], kept[:, 0].mean(axis=0), atol=1e-6)


def test_schedule_free_takes_its_gradients_near_the_average():
    start, rates = initial_weights(SIZES, [0]), np.full(6, 0.5)
    share = [1 / np.arange(1, 7)]
    runs = [
        averaged_sgd(start, SIZES, DATA, rates, [0], 16, mix=mix, shares=share)[1]
        for mix in (0.0, 0.9)
    ]
    assert not np.array_equal(*runs)


def test_a_diverged_network_has_an_infinite_loss():
    assert losses_on(np.full((1, 27), np.nan), (2, 4, 3), DATA)[0] == np.inf


def test_walks_have_a_row_for_each_plan_and_seed():
    valley = problems.RiverValley()
    paths = valley_walks(valley, np.full((2, 5), 0.01), [0, 1, 2], 1.0)
    assert paths.shape == (2, 3, 6, 2)
    assert np.array_equal(paths[0], paths[1])
