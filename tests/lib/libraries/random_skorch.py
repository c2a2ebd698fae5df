"""Random callbacks of skorch, and nets that are trained with them."""

from __future__ import annotations

import copy

from tests.lib.libraries.random_torch import rate


def _restarts(random):
    return {
        "min_lr": random.choice([0.0, 1e-6, rate(random)]),
        "max_lr": rate(random),
        "base_period": random.randint(1, 20),
        "period_mult": random.choice([1, 1, 2, 3]),
    }


def _cycles(random):
    low = rate(random)
    up = {"max_lr": 10 * low, "step_size_up": random.randint(1, 30)}
    return {"base_lr": low, **up, "mode": random.choice(["triangular", "triangular2"])}


POLICIES = {
    "WarmRestartLR": _restarts,
    "StepLR": lambda r: {"step_size": r.randint(1, 20), "gamma": r.uniform(0.05, 1.1)},
    "MultiStepLR": lambda r: {"milestones": sorted(r.randint(0, 20) for _ in range(3))},
    "ExponentialLR": lambda r: {"gamma": r.uniform(0.8, 1.05)},
    "CosineAnnealingLR": lambda r: {"T_max": r.randint(1, 40)},
    "CyclicLR": _cycles,
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    if random.random() < 0.4:
        return "skorch.WarmRestartLR", _restarts(random), 130
    given = random.choice([{}, {"base_lr": rate(random)}])
    given |= random.choice([{"step_every": "batch"}, {"batches_per_epoch": random.randint(1, 9)}])
    name = random.choice(list(POLICIES))
    given |= random.choice([{}, {"policy": (name, POLICIES[name](random))}])
    return "skorch.LRScheduler", given, 60


def real(name, arguments, updates):
    """Return the rates of the optimizer's steps."""
    from records.drivers.of_skorch import rates

    return rates(name.split(".")[1], copy.deepcopy(arguments), updates)


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate.

    torch's cosine multiplies its way, and loses more near its minimum.
    """
    _, given = arguments.get("policy", ("", {}))
    return 1e-12 + 4e-16 * given.get("T_max", 0) ** 2
