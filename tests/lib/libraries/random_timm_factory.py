"""Random schedulers of timm's factory, and the factory itself."""

from __future__ import annotations

from tests.lib.libraries.random_torch import rate

_KINDS = ("cosine", "tanh", "poly", "step", "multistep", "constant", "wsd", "rsqrt", "none")


def _own(random, kind):
    own = {}
    if kind in ("cosine", "tanh", "poly"):
        own["cycle_limit"], own["cycle_mul"] = random.choice([(1, 1.0), (2, 2.0), (3, 1.5)])
        own |= random.choice([{}, {"cycle_decay": random.choice([0.5, 1.0])}])
    if kind in ("cosine", "poly"):
        own["k_decay"] = random.choice([0.5, 1.0, 1.0, 2.0])
    if kind in ("poly", "step", "multistep"):
        own["decay_rate"] = random.choice([0.1, 0.5, 1.0])
    if kind == "step":
        own["decay_epochs"] = random.randint(1, 9)
    if kind == "multistep":
        own["decay_milestones"] = sorted(random.randint(0, 20) for _ in range(3))
    if kind in ("wsd", "rsqrt"):
        own |= random.choice([{}, {"decay_epochs": random.choice([0.1, 0.3, 0.5, 1, 2, 5])}])
        own |= random.choice([{}, {"decay_fn": random.choice(["linear", "cosine", "1-sqrt"])}])
    if kind == "rsqrt":
        own |= random.choice([{}, {"stable_timescale": random.uniform(0.5, 10)}])
    return own


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(_KINDS)
    given = {
        "base_lr": rate(random),
        "sched": kind,
        "num_epochs": random.randint(1, 25),
        "updates_per_epoch": random.randint(1, 8),
        "step_on_epochs": random.random() < 0.5,
        "warmup_epochs": random.choice([0, random.randint(0, 6)]),
        "warmup_lr": random.choice([1e-5, 0.0, rate(random)]),
        "warmup_prefix": random.random() < 0.4,
        "min_lr": random.choice([0.0, 1e-5, rate(random)]),
        **_own(random, kind),
    }
    return "timm.create_scheduler_v2", given, 90


def real(name, arguments, updates):
    """Return the rates of what the factory makes, stepped as timm's training script does."""
    from records.drivers.of_timm import rates

    return rates("create_scheduler_v2", dict(arguments), updates)


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate.

    A place in cycles that grow is a difference of powers, which small powers of u make larger.
    """
    steep = arguments["sched"] == "poly" and arguments["decay_rate"] < 1
    return 1e-7 if steep or arguments.get("k_decay", 1.0) < 1 else 1e-12
