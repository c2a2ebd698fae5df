"""Converts the schedules of Stable-Baselines3's algorithms (read and run with 2.9.2).

A schedule is a function of the progress that remains, 1 - timesteps / total_timesteps, and is asked
once before the updates that follow a rollout: never at progress 1, and below 0 where the last
rollout passes total_timesteps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from course_lib.libraries.pieces import Phases, hold, until
from course_lib.libraries.registry import check_choice, check_pairs, converter
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Part, Staircase
from course_lib.schedules.shapes import Polynomial
from course_lib.validation import check_count, check_real

LearningRate = float | tuple[str, dict[str, Any]]
_ARGUMENTS = {
    "ConstantSchedule": ("val",),
    "LinearSchedule": ("start", "end", "end_fraction"),
    "get_linear_fn": ("start", "end", "end_fraction"),
    "linear_schedule": ("initial_value",),
}


@dataclass(frozen=True)
class _Clock:
    """The rollouts of a call of learn() that are followed by updates.

    Attributes:
        timesteps: timesteps of one rollout, of all environments together.
        total: timesteps at which the progress is 0.
        before: timesteps that are done when the first of these rollouts begins.
        rollouts: number of rollouts; inf where nothing ends them.
        updates: number of updates after each.
    """

    timesteps: int
    total: int
    before: int
    rollouts: float
    updates: int

    def remaining(self, rollout: int) -> float:
        """Return the progress that remains in the updates after a rollout, counted from 0."""
        return 1.0 - float(self.before + (rollout + 1) * self.timesteps) / float(self.total)


@converter("stable_baselines3.LinearSchedule")
def linear_schedule(
    *, start: float, end: float, end_fraction: float, total_timesteps: int
) -> Phases:
    """The schedule itself, at every timestep: a line from start to end at end_fraction, held.

    The line ends at t = end_fraction * total_timesteps. The algorithms ask it once a rollout, and
    never at t = 0: give it to them, as to `stable_baselines3.PPO`.
    """
    line = {"start": start, "end": end, "end_fraction": end_fraction}
    every = _Clock(1, check_count("total_timesteps", total_timesteps), -1, math.inf, 1)
    return _rates(("LinearSchedule", line), every)


@converter("stable_baselines3.get_linear_fn")
def get_linear_fn(*, start: float, end: float, end_fraction: float, total_timesteps: int) -> Phases:
    """The same as `stable_baselines3.LinearSchedule`, of which it is the deprecated form."""
    return linear_schedule(
        start=start, end=end, end_fraction=end_fraction, total_timesteps=total_timesteps
    )


@converter("stable_baselines3.ConstantSchedule")
def constant_schedule(*, val: float) -> Phases:
    """The value for ever."""
    return hold(check_real("val", val))


@converter("stable_baselines3.PPO")
def ppo(
    *,
    total_timesteps: int,
    learning_rate: LearningRate = 3e-4,
    n_steps: int = 2048,
    batch_size: int = 64,
    n_epochs: int = 10,
    n_envs: int = 1,
    num_timesteps: int = 0,
    target_kl: float | None = None,
) -> Phases:
    """n_epochs * ceil(n_steps * n_envs / batch_size) updates at each rate, after each rollout.

    Rollout r = 1, 2, … of n_steps * n_envs timesteps gives the rate at the progress 1 - r * n_steps
    * n_envs / total_timesteps, so the first rate is already below the start. The last rollout is
    the first that reaches total_timesteps, and may pass it. The last rate is held.

    learning_rate is a number or a pair of a name and arguments: ("LinearSchedule", {"start": …,
    "end": …, "end_fraction": …}), a line to `end` at the share end_fraction of the timesteps, which
    is held; "get_linear_fn", its deprecated form; ("ConstantSchedule", {"val": …}); and
    ("linear_schedule", {"initial_value": …}), the function of the documentation, progress times
    initial_value, which goes below 0 in a rollout that passes total_timesteps.

    num_timesteps are those of earlier calls of learn(), for reset_num_timesteps=False: they count
    for the progress, and the total is theirs and total_timesteps together. target_kl must be None:
    it breaks off the updates of a rollout by what they do.
    """
    if target_kl is not None:
        raise ValueError(f"target_kl must be None, got {target_kl!r}: updates are broken off by it")
    size = check_count("n_steps", n_steps) * check_count("n_envs", n_envs)
    per_epoch = math.ceil(size / check_count("batch_size", batch_size, low=2))
    updates = check_count("n_epochs", n_epochs) * per_epoch
    return _on_policy(learning_rate, total_timesteps, size, num_timesteps, updates)


@converter("stable_baselines3.A2C")
def a2c(
    *,
    total_timesteps: int,
    learning_rate: LearningRate = 7e-4,
    n_steps: int = 5,
    n_envs: int = 1,
    num_timesteps: int = 0,
) -> Phases:
    """One update after each rollout of n_steps * n_envs; rates as in `stable_baselines3.PPO`."""
    size = check_count("n_steps", n_steps) * check_count("n_envs", n_envs)
    return _on_policy(learning_rate, total_timesteps, size, num_timesteps, 1)


@converter("stable_baselines3.DQN")
def dqn(
    *,
    total_timesteps: int,
    learning_rate: LearningRate = 1e-4,
    learning_starts: int = 100,
    train_freq: int | Sequence[Any] = 4,
    gradient_steps: int = 1,
    n_envs: int = 1,
    num_timesteps: int = 0,
) -> Phases:
    """gradient_steps updates after every train_freq * n_envs timesteps, past learning_starts.

    The progress counts all timesteps, so that the first update is already learning_starts and more
    down the schedule. gradient_steps = -1 means as many updates as timesteps. train_freq is a
    number or (number, "step"); with "episode" the rates depend on the episodes. The forms of
    learning_rate, and num_timesteps, are those of `stable_baselines3.PPO`.
    """
    freq = _steps(train_freq)
    size = freq * check_count("n_envs", n_envs)
    total = check_count("total_timesteps", total_timesteps)
    before = check_count("num_timesteps", num_timesteps, low=0)
    starts = check_count("learning_starts", learning_starts, low=0)
    if gradient_steps != -1:
        check_count("gradient_steps (or -1)", gradient_steps)
    # A rollout is trained on when the timesteps after it are more than learning_starts.
    idle = max((starts - before) // size, 0)
    rollouts = math.ceil(total / size) - idle
    if rollouts < 1:
        raise ValueError(
            f"total_timesteps must be > learning_starts = {starts}, got {total}: there is no update"
        )
    updates = size if gradient_steps == -1 else gradient_steps
    clock = _Clock(size, before + total, before + idle * size, rollouts, updates)
    return _rates(learning_rate, clock)


def _off_policy(name: str, default: float) -> Callable[..., Phases]:
    """Register an algorithm that learns as DQN does, after every timestep by default."""

    def algorithm(
        *,
        total_timesteps: int,
        learning_rate: LearningRate = default,
        learning_starts: int = 100,
        train_freq: int | Sequence[Any] = 1,
        gradient_steps: int = 1,
        n_envs: int = 1,
        num_timesteps: int = 0,
    ) -> Phases:
        """The same as `stable_baselines3.DQN` with other defaults; the actor has the same rate."""
        return dqn(
            total_timesteps=total_timesteps,
            learning_rate=learning_rate,
            learning_starts=learning_starts,
            train_freq=train_freq,
            gradient_steps=gradient_steps,
            n_envs=n_envs,
            num_timesteps=num_timesteps,
        )

    return converter(f"stable_baselines3.{name}")(algorithm)


sac = _off_policy("SAC", 3e-4)
td3 = _off_policy("TD3", 1e-3)
ddpg = _off_policy("DDPG", 1e-3)


def _steps(train_freq: int | Sequence[Any]) -> int:
    if not isinstance(train_freq, list | tuple):
        return check_count("train_freq", train_freq)
    if len(train_freq) != 2 or train_freq[1] != "step":
        raise ValueError(
            f"train_freq must be a number or (number, 'step'), got {train_freq!r}: "
            "the length of an episode is not known before"
        )
    return check_count("train_freq", train_freq[0])


def _on_policy(rate: LearningRate, total: int, size: int, before: int, updates: int) -> Phases:
    rollouts = math.ceil(check_count("total_timesteps", total) / size)
    before = check_count("num_timesteps", before, low=0)
    return _rates(rate, _Clock(size, before + total, before, rollouts, updates))


def _rates(learning_rate: LearningRate, clock: _Clock) -> Phases:
    if not isinstance(learning_rate, list | tuple):
        if callable(learning_rate):
            raise ValueError(
                "learning_rate must be a number or a pair of a name and arguments, such as "
                "('linear_schedule', {'initial_value': 0.001}): a function has no closed form"
            )
        return hold(check_real("learning_rate", learning_rate))
    [(name, given)] = check_pairs("learning_rate", [learning_rate])
    check_choice("learning_rate's name", name, list(_ARGUMENTS))
    if set(given) != set(_ARGUMENTS[name]):
        raise TypeError(f"{name} takes the arguments {_ARGUMENTS[name]}, got {list(given)}")
    values = [check_real(key, given[key], low=-math.inf) for key in _ARGUMENTS[name]]
    if name == "ConstantSchedule":
        return hold(values[0])
    if name == "linear_schedule":
        return _line(clock, clock.rollouts, lambda r: clock.remaining(r) * values[0])
    start, end, share = values
    check_real("end_fraction", share, low_open=True)

    def over(rollout: int) -> bool:
        return 1 - clock.remaining(rollout) > share

    guess = (share * clock.total - clock.before) / clock.timesteps
    falling = int(min(until(over, guess), clock.rollouts))

    def rate(rollout: int) -> float:
        return start + (1 - clock.remaining(rollout)) * (end - start) / share

    down = _line(clock, falling, rate)
    return down if falling == clock.rollouts else down + hold(end)


def _line(clock: _Clock, rollouts: int, rate: Callable[[int], float]) -> Phases:
    """Return the updates after the first rollouts, whose rates are on a line."""
    if rollouts == 0:
        return ()
    last = hold(rate(rollouts - 1), clock.updates)
    if rollouts == 1:
        return last
    steps = (rollouts - 1) * clock.updates
    shape = Staircase(Part(Polynomial(), length=steps), clock.updates)
    return (Phase(steps, rate(0), last[0].start, shape), *last)
