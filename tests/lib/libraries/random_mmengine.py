"""Random schedulers of MMEngine, alone and in lists, and MMEngine's own hook that steps them."""

from __future__ import annotations

UPDATES = (30, 90, 150)
# Past its T_max the recursion of a cosine goes on from a small difference of large numbers.
RECURSION = 1e-10


def _rate(random):
    return random.choice([0.1, 1.0, 10 ** random.uniform(-5, 0)])


def _share(random, low=0.01):
    return random.choice([1.0, 0.1, random.uniform(low, 1.0)])


def _floor(random, needed):
    kind = random.choice(["rate", "ratio"] if needed else ["rate", "ratio", "none"])
    if kind == "none":
        return {}
    if kind == "rate":
        return {"eta_min": random.choice([0.0, 1e-5, _rate(random)])}
    return {"eta_min_ratio": random.choice([0.0, 0.01, random.random()])}


def _restarts(random, most):
    periods = [random.randint(1, most) for _ in range(random.randint(1, 4))]
    weights = [random.choice([1, 0.5, random.random()]) for _ in periods]
    return {"periods": periods, "restart_weights": weights, **_floor(random, True)}


def _one_cycle(random, most):
    steps = random.randint(3, most)
    return {
        "eta_max": _rate(random),
        "total_steps": random.choice([None, steps, steps]),
        "pct_start": random.choice([0.3, random.uniform(0.05, 0.95)]),
        "anneal_strategy": random.choice(["cos", "linear"]),
        "three_phase": random.random() < 0.3,
        "div_factor": random.choice([25.0, random.uniform(1.0, 50.0)]),
    }


def _own(random, kind, most):
    """Return the arguments of a kind, lengths up to `most` in its own unit."""
    return {
        "ConstantLR": lambda: {"factor": _share(random)},
        "LinearLR": lambda: {
            "start_factor": _share(random),
            "end_factor": random.choice([1.0, 0.0, random.random()]),
        },
        "PolyLR": lambda: {
            "eta_min": random.choice([0.0, 1e-5, _rate(random)]),
            "power": random.choice([1.0, 2.0, 0.9, random.uniform(1.0, 3.0)]),
        },
        "ExponentialLR": lambda: {"gamma": random.uniform(0.8, 1.02)},
        "StepLR": lambda: {"step_size": random.randint(1, most), "gamma": _share(random, 0.1)},
        "MultiStepLR": lambda: {
            "milestones": sorted(random.randint(0, most) for _ in range(random.randint(0, 4))),
            "gamma": _share(random, 0.1),
        },
        "CosineAnnealingLR": lambda: {
            "T_max": random.choice([None, None, random.randint(1, most)]),
            **_floor(random, False),
        },
        "CosineRestartLR": lambda: _restarts(random, most),
        "OneCycleLR": lambda: _one_cycle(random, most),
    }[kind]()


KINDS = [
    "ConstantLR",
    "LinearLR",
    "PolyLR",
    "ExponentialLR",
    "StepLR",
    "MultiStepLR",
    "CosineAnnealingLR",
    "CosineRestartLR",
    "OneCycleLR",
]


def _scheduler(random, kind, batches, after=0):
    by_epoch = random.random() < 0.5
    most = max(120 // batches if by_epoch else 120, 4)
    begin = random.choice([0, 0, random.randint(0, most // 3)]) + after
    least = 3 if kind == "OneCycleLR" else 1  # a cycle of one update has no peak to compare with
    given = {"by_epoch": by_epoch, "begin": begin, "end": begin + random.randint(least, most)}
    if by_epoch and random.random() < 0.3:
        given["convert_to_iter_based"] = True
    return {**_own(random, kind, most), **given}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    batches = random.choice([1, 3, 7, 20])
    around = {"base_lr": _rate(random), "batches_per_epoch": batches}
    if random.random() < 0.5:
        kind = random.choice(KINDS)
        given = {**_scheduler(random, kind, batches), **around}
        return f"mmengine.{kind}", given, random.choice(UPDATES)
    kinds = [random.choice(KINDS) for _ in range(random.randint(1, 3))]
    if kinds.count("OneCycleLR") > 1:
        kinds = ["LinearLR", "CosineAnnealingLR"]
    listed = [{"type": kind, **_scheduler(random, kind, batches)} for kind in kinds]
    if random.random() < 0.5:
        around["max_epochs"] = random.randint(1, 120 // batches)
        for given in listed:
            if random.random() < 0.5:
                del given["end"]
                given["begin"] = 0
    return "mmengine.param_scheduler", {"param_scheduler": listed, **around}, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update until the library raises."""
    from records.drivers.driving import Raised
    from records.drivers.of_mmengine import rates

    try:
        return rates(name.removeprefix("mmengine."), dict(arguments), updates)
    except Raised as raised:
        return raised.rates


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    listed = arguments.get("param_scheduler", [arguments])
    return RECURSION if any(given.get("T_max") for given in listed) else 1e-12
