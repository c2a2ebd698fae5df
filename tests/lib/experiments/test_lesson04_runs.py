"""Lesson 4's runs: what they return is what the engine trained, and the formula is the integral."""

import numpy as np
import pytest

from course_lib import problems, training
from course_lib.experiments import lesson04_runs

WORK = training.Workload(
    problems.noisy_spirals(), training.Mlp((8,)), training.Adam(), batch_size=64
)


def test_every_schedule_is_trained_with_the_same_seeds():
    rates = {"short": np.full(4, 0.1), "long": np.full(7, 0.1)}
    found = lesson04_runs.final_losses(WORK, rates, runs=3)
    alone = training.train(WORK, np.full((3, 7), 0.1), [0, 1, 2]).held_out_loss[:, -1]
    assert found["long"].tolist() == alone.tolist()
    assert found["short"].shape == (3,)


def test_updates_at_rate_0_fill_the_averages_and_are_not_counted_as_moves():
    plain = np.full(5, 0.1)
    found = lesson04_runs.first_updates(
        WORK, {"plain": plain, "filled": np.concatenate([np.zeros(9), plain])}, 2, updates=3
    )
    assert found["plain"].moves[0] == pytest.approx(1.0, abs=0.2)  # a sign times the rate
    assert found["filled"].moves[0] < 0.9 * found["plain"].moves[0]
    # Filling leaves the weights where they are.
    assert found["filled"].losses[0] == found["plain"].losses[0]
    assert found["filled"].distance > 0
    assert found["filled"].moves.shape == (3,)


def test_the_digits_differ_from_the_scaled_ones_by_their_factor_alone():
    stored, scaled = lesson04_runs.digits_as_stored(), problems.digits()
    assert (stored.inputs == 16 * scaled.inputs).all()
    assert (stored.held_out.inputs == 16 * scaled.held_out.inputs).all()
    assert (stored.labels == scaled.labels).all()


def test_the_updates_of_a_growing_batch_are_those_of_a_loop_over_batches():
    read, updates = 0.0, 0
    while read < 375e6:
        read += 32e3 + (3.2e6 - 32e3) * read / 4e9
        updates += 1
    assert lesson04_runs.ramped_batch_updates(375e6, 4e9) == pytest.approx(updates, rel=0.01)
