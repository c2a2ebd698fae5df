"""Runs Stable-Baselines3's algorithms in a tiny world, and reads the rates they step with."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import stable_baselines3
import torch
from stable_baselines3.common import utils
from stable_baselines3.common.vec_env import DummyVecEnv

from records.drivers.driving import drive

PINS = ("stable-baselines3==2.9.2", "gymnasium==1.4.0", "torch==2.13.0", "numpy==2.4.6")


class World(gymnasium.Env):
    """A world in which nothing happens, and which ends every 7 steps."""

    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def __init__(self, discrete: bool) -> None:
        """Take the kind of actions."""
        box = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(2) if discrete else box
        self.steps = 0

    def reset(self, **options: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode."""
        self.steps = 0
        return np.zeros(1, np.float32), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Make a step."""
        self.steps += 1
        return np.zeros(1, np.float32), 0.0, self.steps >= 7, False, {}


def schedule(given: Any) -> Any:
    """Return the learning rate that an algorithm takes: a number, or a function by its name."""
    if isinstance(given, float | int):
        return given
    name, arguments = given
    if name == "linear_schedule":  # of the documentation, where it is a function to copy
        return lambda progress_remaining: progress_remaining * arguments["initial_value"]
    return getattr(utils, name)(**arguments)


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates at an algorithm's optimizer steps, of the critic where there are several.

    A schedule by itself is asked at every timestep.
    """
    total, worlds = arguments.pop("total_timesteps", 1), arguments.pop("n_envs", 1)
    if hasattr(utils, name):
        asked = getattr(utils, name)(**arguments)
        return [asked(1.0 - t / total) for t in range(updates)]
    before = arguments.pop("num_timesteps", 0)
    given = arguments.pop("learning_rate", None)
    if given is not None:
        arguments["learning_rate"] = schedule(given)
    if name not in ("PPO", "A2C"):
        arguments["buffer_size"] = 1000
        arguments.setdefault("batch_size", 2)
        freq = arguments.get("train_freq")
        arguments |= {"train_freq": tuple(freq)} if isinstance(freq, list) else {}
    world = DummyVecEnv([lambda: World(name in ("PPO", "A2C", "DQN"))] * worlds)
    policy = {"net_arch": [1]}
    kind = getattr(stable_baselines3, name)
    model = kind("MlpPolicy", world, device="cpu", policy_kwargs=policy, **arguments)
    critic = getattr(model, "critic", None) or model.policy
    seen: list[float] = []

    def note(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        seen.append(float(optimizer.param_groups[0]["lr"]))

    critic.optimizer.register_step_pre_hook(note)
    model.num_timesteps = before
    model.learn(total, reset_num_timesteps=before == 0)
    return seen[:updates]


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # that a minibatch is cut short, that a name is deprecated
    drive(rates, stable_baselines3.__version__)
