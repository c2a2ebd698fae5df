"""Random schedules of lightly, and lightly itself."""

from __future__ import annotations

from tests.lib.libraries.random_torch import UPDATES, rate, share, short


def draw(random):
    """Return a name, its arguments and a number of updates."""
    arguments = {"base_lr": rate(random), "warmup_epochs": short(random)}
    arguments["max_epochs"] = max(arguments["warmup_epochs"] + random.randint(-1, 30), 1)
    for more in (
        {"start_value": share(random, 1.0, 3.0)},
        {"end_value": share(random, 0.0, 2.0)},
        {"period": random.choice([1, 2, 8, 13, 7.5])},
        {"warmup_start_value": share(random, 0.0, 2.0)},
        {"warmup_end_value": share(random, 0.0, 2.0)},
    ):
        arguments |= random.choice([{}, more])
    return "lightly.CosineWarmupScheduler", arguments, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update."""
    from records.drivers.driving import Raised
    from records.drivers.of_lightly import rates

    try:
        return rates(name.split(".")[1], dict(arguments), updates)
    except Raised as raised:
        return raised.rates


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
