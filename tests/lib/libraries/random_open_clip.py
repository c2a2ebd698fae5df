"""Random schedules of open_clip's training script, and the script's functions themselves."""

from __future__ import annotations

UPDATES = (30, 90, 150)


def _common(random):
    steps = random.choice([1, 60, random.randint(1, 140)])
    return {
        "base_lr": random.choice([0.1, 1.0, 10 ** random.uniform(-4, 0)]),
        "warmup_length": random.choice([0, 1, 10, random.randint(0, steps), steps + 5]),
        "steps": steps,
    }


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(["const_lr", "const_lr_cooldown", "cosine_lr"])
    given = _common(random)
    if kind == "const_lr_cooldown":
        given["cooldown_steps"] = random.choice([0, 1, random.randint(0, given["steps"] + 5)])
        given["cooldown_power"] = random.choice([1.0, 2.0, 3.0, random.uniform(1.0, 3.0), 0.5])
        given["cooldown_end_lr"] = random.choice([0.0, given["base_lr"] * random.random()])
    return f"open_clip.{kind}", given, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update until the library raises."""
    from records.drivers.driving import Raised
    from records.drivers.of_open_clip import rates

    try:
        return rates(name.removeprefix("open_clip."), dict(arguments), updates)
    except Raised as raised:
        return raised.rates


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
