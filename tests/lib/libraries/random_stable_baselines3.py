"""Random runs of Stable-Baselines3's algorithms, and the algorithms themselves."""

from __future__ import annotations

from tests.lib.libraries.random_torch import rate


def _line(random):
    start = rate(random)
    share = random.choice([1.0, 0.5, 0.1, 0.37, 0.9, 1.5, random.uniform(0.01, 1)])
    ends = {"start": start, "end": random.choice([0.0, start / 10, start * 2])}
    return random.choice(["LinearSchedule", "get_linear_fn"]), {**ends, "end_fraction": share}


def _learning_rate(random):
    start = rate(random)
    line = ("linear_schedule", {"initial_value": start})
    return random.choice([start, line, _line(random), ("ConstantSchedule", {"val": start})])


def _on_policy(random, name):
    if name == "A2C":
        return {"total_timesteps": random.randint(1, 200), "n_steps": random.randint(2, 12)}
    return {
        "total_timesteps": random.randint(1, 300),
        "n_steps": random.randint(2, 40),
        "batch_size": random.randint(2, 50),
        "n_epochs": random.randint(1, 6),
    }


def _off_policy(random, name):
    return {
        "total_timesteps": random.randint(20, 220 if name == "DQN" else 90),
        "learning_starts": random.choice([0, 5, 10, 17, 50]),
        "train_freq": random.choice([1, 2, 3, 4, 7, (5, "step")]),
        "gradient_steps": random.choice([1, 2, 3, -1]),
    }


def draw(random):
    """Return a name, its arguments and a number of updates."""
    if random.random() < 0.2:
        kind, given = random.choice([_line(random), ("ConstantSchedule", {"val": rate(random)})])
        timed = {} if kind == "ConstantSchedule" else {"total_timesteps": random.randint(1, 120)}
        return f"stable_baselines3.{kind}", {**given, **timed}, 130
    name = random.choice(["PPO", "PPO", "A2C", "A2C", "DQN", "DQN", "SAC", "TD3", "DDPG"])
    given = {"n_envs": random.choice([1, 1, 2, 3]), "learning_rate": _learning_rate(random)}
    given["num_timesteps"] = random.choice([0, 0, random.randint(1, 200)])
    given |= (_on_policy if name in ("PPO", "A2C") else _off_policy)(random, name)
    return f"stable_baselines3.{name}", given, 90


def real(name, arguments, updates):
    """Return the rates of the optimizer's steps."""
    from records.drivers.of_stable_baselines3 import rates

    found = rates(name.split(".")[1], dict(arguments), updates)
    if not found:
        raise ValueError("there is no update")
    return found


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
