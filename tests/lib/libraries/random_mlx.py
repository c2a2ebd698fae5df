"""Random schedules of MLX, and MLX itself."""

from __future__ import annotations

from tests.lib.libraries.random_draws import UPDATES, rate, share, short


def _length(random):
    return random.choice([short(random, 1), short(random, 1), short(random, 1) + 0.5])


SIMPLE = {
    "exponential_decay": lambda r: {"init": rate(r, 0.0), "decay_rate": share(r, 0.0, 1.0, 1.05)},
    "step_decay": lambda r: {
        "init": rate(r, 0.0),
        "decay_rate": share(r, 0.0, 1.0, 1.05),
        "step_size": short(r),
    },
    "cosine_decay": lambda r: {
        "init": rate(r, 0.0),
        "decay_steps": _length(r),
        "end": r.choice([0.0, rate(r)]),
    },
    "linear_schedule": lambda r: {
        "init": rate(r, 0.0, 0),
        "end": rate(r, 0.0),
        "steps": _length(r),
    },
}


def _part(random, depth):
    if random.random() < 0.2:
        return rate(random, 0.0)
    if depth and random.random() < 0.2:
        return ["mlx.join_schedules", _joined(random, depth - 1)]
    name = random.choice(list(SIMPLE))
    return [f"mlx.{name}", SIMPLE[name](random)]


def _joined(random, depth=1):
    parts = [_part(random, depth) for _ in range(random.randint(1, 4))]
    marks = sorted(short(random) for _ in parts[1:])
    return {"schedules": parts, "boundaries": marks}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    if random.random() < 0.5:
        return "mlx.join_schedules", _joined(random), random.choice(UPDATES)
    name = random.choice(list(SIMPLE))
    return f"mlx.{name}", SIMPLE[name](random), random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rates that the updates used."""
    from records.drivers.of_mlx import rates

    try:
        return rates(name.removeprefix("mlx."), arguments, updates)
    except AttributeError as error:  # a number where it wants an array
        raise ValueError(str(error)) from error


def close(arguments, updates):
    """Return the share of the largest rate by which float32 may change a rate."""
    return 2e-7
