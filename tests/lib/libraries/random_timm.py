"""Random schedules of timm, and timm itself, as its training script steps it."""

from __future__ import annotations

from tests.lib.libraries.random_torch import UPDATES, rate, share, short


def _warmup(random):
    warmup = random.choice([0, 0, short(random)])
    return {"warmup_t": warmup, "warmup_lr_init": random.choice([0.0, 1e-6, rate(random)])}


def _cycles(random):
    return {
        "t_initial": short(random, 1),
        "lr_min": random.choice([0.0, 1e-5, rate(random)]),
        "cycle_mul": random.choice([1.0, 1.0, 2.0, 1.5, 3.0]),
        "cycle_decay": random.choice([1.0, 0.5, 0.9]),
        "cycle_limit": random.choice([1, 1, 2, 3, 0, 9]),
        "warmup_prefix": random.random() < 0.5,
        **_warmup(random),
    }


def _wsd(random):
    steps = short(random, 1)
    return {
        "t_initial": steps,
        "decay_t": random.choice([steps, 1, random.randint(1, steps)]),
        "lr_min": random.choice([0.0, 1e-5, rate(random)]),
        "stable_fn": random.choice(["constant", "rsqrt", "power"]),
        "stable_timescale": random.choice([None, random.uniform(0.5, 30.0)]),
        "stable_power": random.choice([0.5, 1.0, 0.3]),
        "decay_fn": random.choice(["linear", "1-sqrt", "cosine", "power", "exp"]),
        "decay_power": random.choice([0.5, 2.0]),
        "decay_ratio": share(random),
        **_warmup(random),
    }


KINDS = {
    "CosineLRScheduler": lambda r: {**_cycles(r), "k_decay": r.choice([1.0, 1.0, 0.5, 2.0])},
    "PolyLRScheduler": lambda r: {
        **_cycles(r),
        "power": r.choice([0.5, 1.0, 2.0]),
        "k_decay": r.choice([1.0, 1.0, 0.5, 2.0]),
    },
    "TanhLRScheduler": lambda r: {**_cycles(r), "lb": r.choice([-7.0, -3.0]), "ub": 3.0},
    "StepLRScheduler": lambda r: {
        "decay_t": short(r, 1),
        "decay_rate": share(r, 1.0, 1.1),
        "warmup_prefix": r.random() < 0.5,
        **_warmup(r),
    },
    "MultiStepLRScheduler": lambda r: {
        "decay_t": sorted(short(r) for _ in range(r.randint(0, 4))),
        "decay_rate": share(r, 1.0),
        "warmup_prefix": r.random() < 0.5,
        **_warmup(r),
    },
    "WSDLRScheduler": _wsd,
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    return f"timm.{kind}", {"base_lr": rate(random), **KINDS[kind](random)}, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update; `step_update` is called after it, never before the first."""
    import timm.scheduler
    import torch

    given = dict(arguments)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=given.pop("base_lr"))
    kind = getattr(timm.scheduler, name.removeprefix("timm."))
    scheduler = kind(optimizer, t_in_epochs=False, **given)
    seen = []
    for t in range(updates):
        seen.append(optimizer.param_groups[0]["lr"])
        scheduler.step_update(num_updates=t + 1)
    return seen


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate.

    A place in cycles that grow is a difference of powers, which small powers of u make larger.
    """
    return (
        1e-12 if arguments.get("k_decay", 1.0) >= 1.0 and arguments.get("power", 1) >= 1 else 1e-7
    )
