"""Exercise 10, puzzle 16: below zero."""

from __future__ import annotations

import math

import numpy as np

from course_tasks.ex10_frameworks.shared import named, rate_between
from course_tasks.task import Case, Hint, Misconception, Section, Task


def rates_of_rollouts(
    initial_lr: float, total_timesteps: int, n_steps: int, n_envs: int
) -> list[float]:
    rollouts = math.ceil(total_timesteps / (n_steps * n_envs))
    rates = []
    for rollout in range(1, rollouts + 1):
        remaining = 1 - rollout * n_steps * n_envs / total_timesteps
        rates.append(initial_lr * remaining)
    return rates


def cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.001, 200, 64, 1), (0.001, 256, 64, 1), (0.1, 100, 32, 4), (0.5, 1000, 16, 4)]
    for _ in range(8):
        steps, worlds = int(rng.integers(8, 65)), int(rng.integers(2, 6))
        total = steps * worlds * int(rng.integers(2, 8)) + int(rng.integers(1, steps))
        edges.append((rate_between(rng), total, steps, worlds))
    return named("initial_lr total_timesteps n_steps n_envs", edges)


def rollouts_as(remaining, count=lambda total, size: math.ceil(total / size)):
    """Return the task's function with another progress: remaining(rollout from 1, total, size)."""

    def rates(initial_lr, total_timesteps, n_steps, n_envs):
        size = n_steps * n_envs
        rollout = np.arange(1, count(total_timesteps, size) + 1)
        return initial_lr * remaining(rollout, total_timesteps, size)

    return rates


def after(rollout, total, size):
    return 1 - rollout * size / total


def one_world(initial_lr, total_timesteps, n_steps, n_envs):
    return rates_of_rollouts(initial_lr, total_timesteps, n_steps, 1)


TASK = Task(
    name="rates_of_rollouts",
    number=16,
    section=Section("10_frameworks", "Count first"),
    points=1,
    reference=rates_of_rollouts,
    make_cases=cases,
    hints=(
        Hint(
            "My rates are all too high by the same amount",
            "When is the schedule asked: before a rollout, or after it? How many of the 200 "
            "timesteps are done by then?",
        ),
        Hint(
            "One rate is missing",
            "A rollout is never cut short. When does learning stop, and how many timesteps have "
            "been made by then?",
        ),
    ),
    misconceptions=(
        Misconception(
            "before the rollout",
            rollouts_as(lambda r, total, size: 1 - (r - 1) * size / total),
            "You ask the schedule before each rollout. It is asked after it, when the timesteps of "
            "the rollout are done, so no update has the full rate.",
        ),
        Misconception(
            "stops at zero",
            rollouts_as(lambda r, total, size: np.maximum(after(r, total, size), 0)),
            "Your rate stops at 0. Nobody stops it: after a rollout that passes total_timesteps, "
            "the progress that remains is negative, and so is the rate.",
        ),
        Misconception(
            "whole rollouts only",
            rollouts_as(after, lambda total, size: max(total // size, 1)),
            "The last rollout is missing. Learning goes on until total_timesteps are reached, and "
            "the rollout that passes them is made in full.",
        ),
        Misconception(
            "one environment",
            one_world,
            "You count the timesteps of one environment. A rollout takes n_steps in each of the "
            "n_envs environments, and all of them count.",
        ),
        Misconception(
            "spread over the rollouts",
            rollouts_as(lambda r, total, size: 1 - r / math.ceil(total / size)),
            "Your line ends at 0 after the last rollout. It would end there only if the rollouts "
            "filled total_timesteps exactly.",
        ),
    ),
)
