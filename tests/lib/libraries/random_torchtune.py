"""Random arguments of torchtune's schedule, and torchtune itself."""

from __future__ import annotations

from tests.lib.libraries.random_torch import UPDATES, rate, short


def draw(random):
    """Return a name, its arguments and a number of updates."""
    arguments = {
        "base_lr": rate(random, 0.0),
        "num_warmup_steps": short(random),
        "num_training_steps": short(random, 1),
        "num_cycles": random.choice([0.5, 1, 2, 3, 7, 0.25, 1.5, 0, 10]),
    }
    return "torchtune.get_cosine_schedule_with_warmup", arguments, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update."""
    from records.drivers.of_torchtune import rates

    return rates(name.removeprefix("torchtune."), dict(arguments), updates)


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
