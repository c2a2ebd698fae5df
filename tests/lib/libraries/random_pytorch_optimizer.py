"""Random schedules of pytorch-optimizer, and pytorch-optimizer itself."""

from __future__ import annotations

from tests.lib.libraries.random_torch import UPDATES, rate, share, short


def _warmed(random):
    warmup = short(random)
    return {
        "t_max": random.choice([warmup + short(random, 1), short(random)]),
        "max_lr": rate(random),
        "min_lr": rate(random, 0.0),
        "init_lr": rate(random, 0.0),
        "warmup_steps": warmup,
    }


def _restarts(random):
    warmup = short(random)
    return {
        "first_cycle_steps": warmup + short(random),
        "cycle_mult": random.choice([1.0, 2.0, 1.5, 1.1, 0.5, 3.7, 0.0]),
        "max_lr": rate(random),
        "min_lr": rate(random, 0.0),
        "warmup_steps": warmup,
        "gamma": share(random, 1.0, 1.1),
    }


def _wsd(random):
    return {
        "base_lr": rate(random, 0.0),
        "num_warmup_steps": short(random),
        "num_stable_steps": short(random),
        "num_decay_steps": short(random),
        "min_lr_ratio": share(random, 0.0, 1.0),
        "num_cycles": random.choice([0.5, 0.5, 1, 0, 1.5]),
        "cooldown_type": random.choice(["cosine", "1-sqrt", "linear", "1-square"]),
    }


KINDS = {
    "LinearScheduler": _warmed,
    "CosineScheduler": _warmed,
    "PolyScheduler": lambda r: {**_warmed(r), "poly_order": r.choice([0.5, 1.0, 2.0, 0.3])},
    "REXScheduler": lambda r: {
        "total_steps": short(r, 1),
        "max_lr": rate(r),
        "min_lr": rate(r, 0.0),
    },
    "CosineAnnealingWarmupRestarts": _restarts,
    "get_chebyshev_schedule": lambda r: {
        "base_lr": rate(r),
        "num_epochs": short(r, 1),
        "is_warmup": r.random() < 0.1,
    },
    "get_wsd_schedule": _wsd,
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    return f"pytorch_optimizer.{kind}", KINDS[kind](random), random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update."""
    from records.drivers.driving import Raised
    from records.drivers.of_pytorch_optimizer import rates

    try:
        return rates(name.removeprefix("pytorch_optimizer."), dict(arguments), updates)
    except Raised as raised:
        return raised.rates


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
