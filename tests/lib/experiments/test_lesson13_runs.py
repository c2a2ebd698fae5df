"""Lesson 13's runs against what can be computed by hand."""

import numpy as np
import pytest

from course_lib import problems, schedules
from course_lib.experiments.lesson09_runs import initial_weights, tuned
from course_lib.experiments.lesson13_runs import (
    AdamSettings,
    FineTuning,
    GoingOn,
    adam_losses,
    batch_ramp,
    noise_scale,
    some_digits,
    tuned_batches,
    turned,
    updates_to_reach,
    with_replay,
)


def test_the_fewest_updates_reach_the_loss_and_one_less_does_not():
    problem = problems.power_law_quadratic(batch_size=16)
    n = updates_to_reach(problem, 0.1, high=100)
    assert tuned(problem, schedules.linear, n)[1] <= 0.1
    assert tuned(problem, schedules.linear, n - 1)[1] > 0.1


def test_a_loss_that_is_not_reached_is_said():
    with pytest.raises(ValueError, match="within 20 updates"):
        updates_to_reach(problems.power_law_quadratic(), 1e-6, high=20)


def test_adams_first_update_is_the_rate_in_every_coordinate():
    problem = problems.NoisyQuadratic(curvatures=[2.0], noise_std=[0.0], start=[1.0])
    (loss,) = adam_losses(problem, [0.1], 1, [0])[0]
    assert loss == pytest.approx(0.5 * 2.0 * 0.9**2)


def test_scaled_settings_average_over_as_many_examples():
    for factor in (0.25, 4):
        scaled = AdamSettings().scaled(factor)
        assert (1 - scaled.beta1) / factor == pytest.approx(0.1)
        assert (1 - scaled.beta2) / factor == pytest.approx(0.001)
        assert scaled.epsilon * factor**0.5 == pytest.approx(1e-8)


def test_equal_examples_have_no_gradient_noise():
    inputs, labels = np.ones((5, 2)), np.ones(5, dtype=int)
    same = problems.Classification(inputs, labels, 3, "five times the same")
    squares, variances = noise_scale(initial_weights((2, 8, 3), [0, 1]), (2, 8, 3), same)
    assert (squares > 0).all()
    assert np.allclose(variances, 0, atol=1e-12)


def test_fine_tuning_starts_from_what_was_learned():
    digits = problems.digits()
    task = FineTuning(
        some_digits(digits, last=200), some_digits(digits, first=200, last=260), digits
    )
    starts = task.starts([0, 1])
    rates = np.zeros(3)
    fresh, trained = (task.losses(starts[k], rates, [0, 1]) for k in ("fresh", "pretrained"))
    assert (trained < fresh).all()


def test_a_fixed_batch_is_tuned_as_the_exact_theory_tunes_it():
    for batch, updates in ((16, 100), (64, 40)):
        peak, loss = tuned(
            problems.power_law_quadratic(batch_size=batch), schedules.linear, updates
        )
        one = problems.power_law_quadratic(batch_size=1)
        found = tuned_batches(one, np.full(updates, batch))
        assert found == (pytest.approx(peak, rel=1e-2), pytest.approx(loss, rel=1e-5))


def test_a_ramps_loss_is_that_of_simulated_noise():
    one = problems.NoisyQuadratic(curvatures=[1.0], noise_std=[2.0], start=[3.0])
    batches = batch_ramp(40, [(2, 0.5), (10, 0.5)])
    peak, loss = tuned_batches(one, batches, power=0)
    draws, w = np.random.default_rng(0), np.full(200_000, 3.0)
    for batch in batches:
        w -= peak * (w + 2 / np.sqrt(batch) * draws.standard_normal(len(w)))
    assert 0.5 * (w**2).mean() == pytest.approx(loss, rel=0.02)


def test_a_ramps_stages_see_their_shares_of_the_examples():
    batches = batch_ramp(8192, [(64, 0.25), (128, 0.25), (256, 0.5)])
    assert batches.sum() == 8192
    assert [(batches == b).sum() * b for b in (64, 128, 256)] == [2048, 2048, 4096]
    with pytest.raises(ValueError, match=r"shares of stages must add up to 1, got 0\.75"):
        batch_ramp(100, [(4, 0.25), (8, 0.5)])


def test_four_quarter_turns_are_none():
    part = problems.digits().held_out
    once = turned(part)
    assert (turned(once).inputs != part.inputs).any()
    assert (turned(turned(turned(once))).inputs == part.inputs).all()
    assert (once.labels == part.labels).all()


def test_replay_adds_old_examples_and_keeps_all_new_ones():
    old = problems.digits().held_out
    new = turned(old)
    mixed = with_replay(new, old, 0.1)
    assert (mixed.inputs[: len(new)] == new.inputs).all()
    assert len(mixed) == 400
    assert all((old.inputs == row).all(axis=1).any() for row in mixed.inputs[len(new) :])
    assert len(with_replay(new, old, 0.0)) == len(new)


def test_a_second_run_starts_from_the_end_of_the_first():
    task = GoingOn(problems.digits())
    end = task.finished([0, 1])
    old, new = task.losses(end, np.zeros(3), [0, 1])
    assert (old < 0.3).all()
    assert (new > 2).all()  # digits on their side were never seen
    forgot, learned = task.losses(end, np.full(60, 0.1), [0, 1])
    assert (forgot > old).all()
    assert (learned < new).all()
