"""Random schedules of MONAI, and MONAI itself."""

from __future__ import annotations

from tests.lib.libraries.random_torch import UPDATES, rate, share, short

KINDS = {
    "LinearLR": lambda r: {"end_lr": rate(r, 0.0), "num_iter": short(r, 1)},
    "ExponentialLR": lambda r: {"end_lr": rate(r, 0.0), "num_iter": short(r, 1)},
    "WarmupCosineSchedule": lambda r: {
        "warmup_steps": short(r),
        "t_total": short(r, 1),
        "end_lr": rate(r, 0.0),
        "cycles": r.choice([0.5, 0.5, 1, 1.5, 0, 0.25, 7]),
        "warmup_multiplier": share(r, 0, 1.0),
    },
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice([*KINDS, "WarmupCosineSchedule"])
    arguments, updates = {"base_lr": rate(random), **KINDS[kind](random)}, random.choice(UPDATES)
    if kind == "ExponentialLR":  # which soon leaves what the optimizer can take
        updates = min(updates, 2 * arguments["num_iter"] + 2)
    return f"monai.{kind}", arguments, updates


def real(name, arguments, updates):
    """Return the rate of each update."""
    from records.drivers.driving import Raised
    from records.drivers.of_monai import rates

    try:
        return rates(name.removeprefix("monai."), dict(arguments), updates)
    except Raised as raised:
        return raised.rates


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
