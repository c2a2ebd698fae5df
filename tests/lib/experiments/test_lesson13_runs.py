"""Lesson 13's runs against what can be computed by hand."""

import numpy as np
import pytest

from course_lib import problems, schedules
from course_lib.experiments.lesson09_runs import initial_weights, tuned
from course_lib.experiments.lesson13_runs import (
    AdamSettings,
    FineTuning,
    adam_losses,
    noise_scale,
    some_digits,
    updates_to_reach,
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
