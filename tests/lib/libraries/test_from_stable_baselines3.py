"""Stable-Baselines3's clock: rollouts, updates and the progress that remains."""

import numpy as np
import pytest

from course_lib.libraries import from_library

LINE = ("linear_schedule", {"initial_value": 1e-3})


def ppo(total, steps, **given):
    plain = {"n_steps": 64, "batch_size": 64, "n_epochs": 1, "learning_rate": LINE}
    found = from_library("stable_baselines3.PPO", total_timesteps=total, **{**plain, **given})
    return found(np.asarray(steps))


def test_the_line_never_begins_at_its_start_and_may_end_below_0():
    np.testing.assert_allclose(ppo(200, range(5)), [68e-5, 36e-5, 4e-5, -28e-5, -28e-5])
    np.testing.assert_allclose(ppo(256, range(5)), [75e-5, 50e-5, 25e-5, 0, 0], atol=1e-18)


def test_a_call_that_goes_on_counts_on_the_whole():
    assert ppo(256, [0], num_timesteps=256) == pytest.approx(0.375e-3)


def test_a_rollout_has_many_updates():
    seen = ppo(640, range(100), n_steps=32, n_envs=2, batch_size=20, n_epochs=3)
    assert [len(set(part)) for part in seen[:96].reshape(8, 12)] == [1] * 8
    assert len(set(seen)) == 9


def test_learning_starts_down_the_schedule():
    found = from_library("stable_baselines3.DQN", total_timesteps=1000, learning_rate=LINE)
    assert found(0) == pytest.approx(1e-3 * (1 - 104 / 1000))


@pytest.mark.parametrize(
    ("name", "given", "error", "said"),
    [
        ("PPO", {"target_kl": 0.01}, ValueError, "target_kl must be None"),
        ("PPO", {"learning_rate": abs}, ValueError, "a function has no closed form"),
        ("PPO", {"learning_rate": ("cosine", {})}, ValueError, "name must be one of"),
        ("PPO", {"learning_rate": ("LinearSchedule", {})}, TypeError, "end_fraction"),
        ("PPO", {"batch_size": 1}, ValueError, "batch_size must be >= 2"),
        ("DQN", {"train_freq": (1, "episode")}, ValueError, "length of an episode"),
        ("SAC", {"learning_starts": 100}, ValueError, "there is no update"),
    ],
)
def test_bad_arguments_are_named(name, given, error, said):
    with pytest.raises(error, match=said):
        from_library(f"stable_baselines3.{name}", **{"total_timesteps": 100, **given})
